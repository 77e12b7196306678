package match

import (
	"cmp"
	"fmt"
	"slices"
)

// MaxCluster is the largest cluster that rules alone may merge. Nine records of
// one person are more often nine people behind one mailbox.
const MaxCluster = 8

// Cluster is a group of records that evidence links. Each of its Parts becomes
// one record: a merged cluster has one part, a held one as many as there are
// records that neither a person nor their identity puts together.
type Cluster struct {
	Members []string   // sorted
	Parts   [][]string // sorted, each sorted
	Held    bool       // goes to review; Reason says why
	Reason  string
	Ruled   bool // a person's decision took part
}

// RulingKind is what a person decided about two records.
type RulingKind string

// A person's two decisions. To accept a held cluster, join its members one after
// the other; to divide one, join what belongs together and split the two halves.
const (
	Join  RulingKind = "join"  // one record, whatever the rules say
	Split RulingKind = "split" // two records, whatever the rules say
)

// Ruling is a person's decision about two records; it wins over every rule.
type Ruling struct {
	Kind RulingKind
	A, B string
}

// Graph collects merges and rulings and turns them into clusters. It holds the
// linked records only, under a hundred bytes each. The zero value is not usable;
// call [NewGraph].
type Graph struct {
	index map[string]int32
	names []string
	links [][2]int32 // merges by evidence
	hard  [][2]int32 // joins, and merges by identity
	joins map[int32]bool
	split [][2]int32
}

// NewGraph returns a graph that obeys the rulings.
func NewGraph(rulings []Ruling) (*Graph, error) {
	g := &Graph{index: map[string]int32{}, joins: map[int32]bool{}}
	for _, r := range rulings {
		edge := [2]int32{g.node(r.A), g.node(r.B)}
		switch {
		case r.A == r.B || r.A == "" || r.B == "":
			return nil, fmt.Errorf("decision %s of %q and %q: name two different records", r.Kind, r.A, r.B)
		case r.Kind == Join:
			g.hard = append(g.hard, edge)
			g.joins[edge[0]], g.joins[edge[1]] = true, true
		case r.Kind == Split:
			g.split = append(g.split, edge)
		default:
			return nil, fmt.Errorf("decision %q of %q and %q: use join or split", r.Kind, r.A, r.B)
		}
	}
	return g, nil
}

// Add takes the verdict on two records. Only merges link; the rest is ignored,
// and so is a pair that was added before.
func (g *Graph) Add(a, b string, v Verdict) {
	if v.Decision != Merge || a == b {
		return
	}
	edge := [2]int32{g.node(a), g.node(b)}
	if v.Identity {
		g.hard = append(g.hard, edge)
	} else {
		g.links = append(g.links, edge)
	}
}

func (g *Graph) node(name string) int32 {
	if i, ok := g.index[name]; ok {
		return i
	}
	i := int32(len(g.names))
	g.index[name] = i
	g.names = append(g.names, name)
	return i
}

// Clusters groups what was added, ordered by first member. compare gives the
// verdict on any two members: a cluster is merged only if no two of its members
// contradict each other, whether or not they shared a blocking key. Records that
// nothing links are in no cluster.
//
// Order of power: a person's split, a person's join and the plugin edition's
// identity, vetoes and size, evidence. Rulings that contradict each other hold
// the cluster and keep its members apart.
func (g *Graph) Clusters(compare func(a, b string) (Verdict, error)) ([]Cluster, error) {
	solid := newForest(len(g.names))
	solid.unite(g.hard)
	broken := g.broken(solid)
	loose := newForest(len(g.names))
	loose.unite(g.hard)
	loose.unite(g.allowed(solid))

	var out []Cluster
	for _, members := range loose.groups() {
		if len(members) < 2 {
			continue
		}
		c, err := g.cluster(members, solid, broken, compare)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cluster) int { return cmp.Compare(a.Members[0], b.Members[0]) })
	return out, nil
}

// broken returns the solid groups that a person both joined and split.
func (g *Graph) broken(solid *forest) map[int32]bool {
	out := map[int32]bool{}
	for _, e := range g.split {
		if solid.root(e[0]) == solid.root(e[1]) {
			out[solid.root(e[0])] = true
		}
	}
	return out
}

// allowed returns the links by evidence between solid groups no person split.
func (g *Graph) allowed(solid *forest) [][2]int32 {
	apart := map[[2]int32]bool{}
	for _, e := range g.split {
		a, b := solid.root(e[0]), solid.root(e[1])
		apart[[2]int32{a, b}], apart[[2]int32{b, a}] = true, true
	}
	var out [][2]int32
	for _, e := range g.links {
		if !apart[[2]int32{solid.root(e[0]), solid.root(e[1])}] {
			out = append(out, e)
		}
	}
	return out
}

// cluster judges one connected component.
func (g *Graph) cluster(members []int32, solid *forest, broken map[int32]bool, compare func(a, b string) (Verdict, error)) (Cluster, error) {
	parts := g.parts(members, solid, broken)
	c := Cluster{Members: slices.Sorted(slices.Values(slices.Concat(parts...))), Parts: parts, Ruled: g.ruled(members)}
	reason, err := g.objection(members, solid, broken, len(parts), compare)
	if err != nil {
		return c, err
	}
	c.Held, c.Reason = reason != "", reason
	if !c.Held {
		c.Parts = [][]string{c.Members}
	}
	return c, nil
}

func (g *Graph) ruled(members []int32) bool {
	return slices.ContainsFunc(members, func(m int32) bool { return g.joins[m] })
}

// parts returns what stays together if the cluster is held.
func (g *Graph) parts(members []int32, solid *forest, broken map[int32]bool) [][]string {
	byRoot := map[int32][]string{}
	var parts [][]string
	for _, m := range members {
		if root := solid.root(m); broken[root] {
			parts = append(parts, []string{g.names[m]})
		} else {
			byRoot[root] = append(byRoot[root], g.names[m])
		}
	}
	for _, p := range byRoot {
		slices.Sort(p)
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return parts
}

// objection says why a component may not merge, or "".
func (g *Graph) objection(members []int32, solid *forest, broken map[int32]bool, parts int, compare func(a, b string) (Verdict, error)) (string, error) {
	for _, m := range members {
		if broken[solid.root(m)] {
			return "a decision splits what another decision or the same identity holds together", nil
		}
	}
	switch {
	case parts == 1:
		return "", nil
	case len(members) > MaxCluster:
		return fmt.Sprintf("%d records are more than the %d that rules may merge", len(members), MaxCluster), nil
	}
	if a, b, found := g.splitWithin(members); found {
		return fmt.Sprintf("%s and %s were split by decision, but others link them", a, b), nil
	}
	return g.veto(members, solid, compare)
}

// splitWithin finds a split whose two records the component still links.
func (g *Graph) splitWithin(members []int32) (a, b string, found bool) {
	for _, e := range g.split {
		if slices.Contains(members, e[0]) && slices.Contains(members, e[1]) {
			return g.names[e[0]], g.names[e[1]], true
		}
	}
	return "", "", false
}

// veto compares all members of different parts and reports the first
// contradiction in member order.
func (g *Graph) veto(members []int32, solid *forest, compare func(a, b string) (Verdict, error)) (string, error) {
	sorted := slices.SortedFunc(slices.Values(members), func(a, b int32) int { return cmp.Compare(g.names[a], g.names[b]) })
	for i, a := range sorted {
		for _, b := range sorted[i+1:] {
			if solid.root(a) == solid.root(b) {
				continue
			}
			v, err := compare(g.names[a], g.names[b])
			if err != nil {
				return "", fmt.Errorf("compare %s with %s: %w", g.names[a], g.names[b], err)
			}
			if v.Contradicts {
				return fmt.Sprintf("%s and %s contradict each other (%s): %s", g.names[a], g.names[b], v.Rule, v.Why), nil
			}
		}
	}
	return "", nil
}
