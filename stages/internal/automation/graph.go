package automation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/loose"
)

// graph is an automation that says of every step what comes next.
type graph struct {
	a     *Automation
	steps loose.Object
	seen  map[string]bool
	// next gives the ways out of a step, each with the branch it opens; to is ""
	// where the automation ends.
	next func(loose.Object) []way
	read func(id string, o loose.Object) Step
}

type way struct{ branch, to string }

// walk lays a path out as steps: the first way to a step makes it part of its
// path, every further one is a jump, so that circles end.
func (g graph) walk(from, parent, branch, id string) {
	via := branch // the way out of the step before, if that was a fork
	for id != "" {
		raw, there := g.steps[id]
		switch {
		case !there:
			g.a.Jumps = append(g.a.Jumps, Jump{From: from, Branch: via, Missing: id})
			return
		case g.seen[id]:
			g.a.Jumps = append(g.a.Jumps, Jump{From: from, Branch: via, To: id})
			return
		}
		g.seen[id] = true
		o := loose.Parse(raw)
		step := g.read(id, o)
		step.Parent, step.Branch = parent, branch
		g.a.add(step)
		ways := g.next(o)
		if len(ways) == 1 && ways[0].branch == "" {
			from, via, id = id, "", ways[0].to
			continue
		}
		for _, w := range ways {
			g.walk(id, id, w.branch, w.to)
		}
		return
	}
}

// rest lists the steps to which nothing leads.
func (g graph) rest() {
	for _, id := range sortedKeys(g.steps) {
		if !g.seen[id] {
			step := g.read(id, loose.Parse(g.steps[id]))
			step.Dangling = true
			g.a.add(step)
		}
	}
}

// jetpack reads Jetpack CRM: a map of steps with a next step for true and one
// for false.
func (a *Automation) jetpack(o loose.Object) {
	a.Shape = JetpackCRM
	for _, name := range o.Texts("triggers") {
		a.Triggers = append(a.Triggers, newTrigger(name, nil))
	}
	g := graph{a: a, steps: keyed(o["steps"]), seen: map[string]bool{}}
	g.read = func(id string, o loose.Object) Step {
		return newStep(id, o.Text("slug"), o.Text("title"), firstRaw(o["attributes"], o["settings"]))
	}
	g.next = func(o loose.Object) []way {
		yes, no := o.Text("next_step_true"), o.Text("next_step_false")
		if kindOf(stepKinds, o.Text("slug")) == "condition" || no != "" {
			return []way{{"yes", yes}, {"no", no}}
		}
		return []way{{"", yes}}
	}
	g.walk("", "", "", o.Text("initial_step"))
	g.rest()
}

func firstRaw(all ...json.RawMessage) json.RawMessage {
	for _, raw := range all {
		if len(raw) > 0 {
			return raw
		}
	}
	return nil
}

// keyed makes a map of a map, or of the list that PHP makes of one whose keys
// are 0, 1, 2.
func keyed(raw json.RawMessage) loose.Object {
	if o := loose.Parse(raw); o != nil {
		return o
	}
	o := loose.Object{}
	for i, item := range loose.List(raw) {
		o[fmt.Sprint(i)] = item
	}
	return o
}

// mailpoet reads MailPoet: a map of steps from a root over triggers to actions.
func (a *Automation) mailpoet(o loose.Object) {
	a.Shape = MailPoet
	a.About = factsOf(o.Object("meta"))
	g := graph{a: a, steps: keyed(o["steps"]), seen: map[string]bool{}}
	g.read = mailpoetStep
	g.next = mailpoetWays
	var starts []string
	for _, id := range sortedKeys(g.steps) {
		s := g.steps.Object(id)
		switch s.Text("type") {
		case "trigger":
			t := newTrigger(s.Text("key"), s.Object("args"))
			if f, ok := conditionOf("only if", filtersOf(s)); ok {
				t.Facts = append(t.Facts, f)
			}
			a.Triggers = append(a.Triggers, t)
			for _, w := range mailpoetWays(s) {
				starts = append(starts, w.to)
			}
			g.seen[id] = true
		case "root":
			g.seen[id] = true
		}
	}
	slices.Sort(starts)
	for _, id := range slices.Compact(starts) {
		g.walk("", "", "", id)
	}
	g.rest()
}

// filtersOf leaves a step's own keys out of what is read as a condition.
func filtersOf(o loose.Object) loose.Object { return loose.Object{"filters": o["filters"]} }

func mailpoetStep(id string, o loose.Object) Step {
	s := newStep(id, o.Text("key"), o.Text("name"), o["args"])
	switch args := o.Object("args"); s.Kind {
	case "wait":
		s.Wait = fixedWait(args.Text("delay"), args.Text("delay_type"))
	case "condition":
		if f, ok := conditionOf("if", filtersOf(o)); ok {
			s.Facts = append([]Fact{f}, s.Facts...)
		}
	}
	return s
}

func mailpoetWays(o loose.Object) (ways []way) {
	fork := kindOf(stepKinds, o.Text("key")) == "condition"
	names := []string{"yes", "no"}
	for i, next := range o.List("next_steps") {
		w := way{to: loose.Parse(next).Text("id")}
		switch {
		case fork && i < len(names):
			w.branch = names[i]
		case i > 0 || len(o.List("next_steps")) > 1:
			w.branch = fmt.Sprintf("path %d", i+1)
		}
		ways = append(ways, w)
	}
	return ways
}

// peerCondition says conditions in words that are not in FluentCRM's grammar:
// MailPoet's {operator, groups: [{operator, filters}]}, Groundhogg's lists of
// lists and flat lists of {type|field, operator, value}.
func peerCondition(o loose.Object) string {
	if filters := o.Object("filters"); filters.Has("groups") {
		return joinConditions(filters)
	}
	for _, key := range []string{"include_filters", "filters", "conditions"} {
		var groups []string
		for _, group := range o.List(key) {
			if text := oneCondition(group); text != "" {
				groups = append(groups, text)
			}
		}
		if len(groups) > 0 {
			return strings.Join(groups, " or ")
		}
	}
	return flatCondition(o)
}

func joinConditions(o loose.Object) string {
	var all []string
	for _, item := range append(o.List("groups"), o.List("filters")...) {
		inner := loose.Parse(item)
		text := flatCondition(inner)
		if inner.Has("filters") {
			text = joinConditions(inner)
		}
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " "+firstText(strings.ToLower(o.Text("operator")), "and")+" ")
}

// oneCondition says one rule, or a group of rules that all must hold.
func oneCondition(raw json.RawMessage) string {
	if list := loose.List(raw); list != nil {
		var all []string
		for _, item := range list {
			if text := oneCondition(item); text != "" {
				all = append(all, text)
			}
		}
		return strings.Join(all, " and ")
	}
	return flatCondition(loose.Parse(raw))
}

// flatCondition says one rule by the names that its parts have here and there.
func flatCondition(o loose.Object) string {
	subject := o.Text("field_key", "field", "type", "property", "data_key")
	verb := o.Text("condition", "compare", "operator", "data_operator")
	value := firstText(strings.Join(o.Object("args").Texts("value"), ", "), strings.Join(o.Texts("value", "tags", "lists", "data_value"), ", "))
	if subject == "" && verb == "" {
		return ""
	}
	return strings.Join(strings.Fields(strings.Join([]string{subject, strings.ReplaceAll(verb, "_", " "), value}, " ")), " ")
}
