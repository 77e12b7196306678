package automation

import (
	"cmp"
	"fmt"
	"slices"
)

// node is a step in its place: with its number for people and its branches.
type node struct {
	step     Step
	number   string
	branches []branch
	// goesOn says where the path goes from here when that is not the next
	// step: "continues at step 2".
	goesOn string
}

// branch is one way out of a fork.
type branch struct {
	name   string
	number string // "3a"
	nodes  []node
	goesOn string
}

// tree puts the steps of an automation into their places. loose are those that
// hang on nothing; starts say where triggers lead that do not begin the path.
func (a Automation) tree() (main, loose []node, starts []string) {
	b := treeBuilder{a: a, children: map[string][]Step{}, numbers: map[string]string{}}
	var dangling []Step
	for _, s := range a.Steps {
		if s.Dangling {
			dangling = append(dangling, s)
			continue
		}
		b.children[s.Parent] = append(b.children[s.Parent], s)
	}
	main = b.path(b.children[""], "")
	for i, s := range dangling {
		loose = append(loose, node{step: s, number: fmt.Sprintf("x%d", i+1)})
		b.numbers[s.ID] = loose[i].number
	}
	b.jump(main)
	for _, j := range a.Jumps {
		if j.From == "" {
			starts = append(starts, b.target(j))
		}
	}
	return main, loose, starts
}

type treeBuilder struct {
	a        Automation
	children map[string][]Step
	numbers  map[string]string // by step id
}

func (b *treeBuilder) path(steps []Step, prefix string) (nodes []node) {
	for i, s := range steps {
		n := node{step: s, number: fmt.Sprintf("%s%d", prefix, i+1)}
		b.numbers[s.ID] = n.number
		n.branches = b.fork(s, n.number)
		nodes = append(nodes, n)
	}
	return nodes
}

// fork sorts the children of a step by branch. A condition always has both of
// its ways, even when one of them is empty.
func (b *treeBuilder) fork(s Step, number string) (branches []branch) {
	var names []string
	if s.Kind == "condition" {
		names = []string{"yes", "no"}
	}
	for _, child := range b.children[s.ID] {
		if !slices.Contains(names, child.Branch) {
			names = append(names, child.Branch)
		}
	}
	for _, j := range b.a.Jumps {
		if j.From == s.ID && j.Branch != "" && !slices.Contains(names, j.Branch) {
			names = append(names, j.Branch)
		}
	}
	if s.Kind == "split" {
		slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(branchName(s, x), branchName(s, y)) })
	}
	for i, name := range names {
		var steps []Step
		for _, child := range b.children[s.ID] {
			if child.Branch == name {
				steps = append(steps, child)
			}
		}
		sub := fmt.Sprintf("%s%s", number, letters(i))
		branches = append(branches, branch{name: branchName(s, name), number: sub, nodes: b.path(steps, sub+".")})
	}
	return branches
}

// letters counts a, b, … z, aa.
func letters(i int) string {
	text := ""
	for i++; i > 0; i = (i - 1) / 26 {
		text = string(rune('a'+(i-1)%26)) + text
	}
	return text
}

// jump marks every path that goes on somewhere else.
func (b *treeBuilder) jump(nodes []node) {
	for i := range nodes {
		n := &nodes[i]
		for _, j := range b.a.Jumps {
			if j.From != n.step.ID {
				continue
			}
			if at := n.branchNamed(j.Branch); at != nil {
				at.goesOn = b.target(j)
			} else {
				n.goesOn = b.target(j)
			}
		}
		for k := range n.branches {
			b.jump(n.branches[k].nodes)
		}
	}
}

func (n *node) branchNamed(name string) *branch {
	for i := range n.branches {
		if name != "" && n.branches[i].name == branchName(n.step, name) && len(n.branches[i].nodes) == 0 {
			return &n.branches[i]
		}
	}
	return nil
}

func (b *treeBuilder) target(j Jump) string {
	if j.Missing != "" {
		return "goes to step " + j.Missing + ", which is not in the export"
	}
	return "continues at step " + b.numbers[j.To]
}
