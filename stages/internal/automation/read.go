package automation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nextpipe/stages/internal/loose"
	"nextpipe/stages/internal/segment"
)

// ErrShape says that a document is no automation of a shape that is known. It
// is kept and listed like any other; only its steps cannot be read.
var ErrShape = errors.New("not an automation of a known shape")

// Read reads one automation of an export. On ErrShape the result still holds
// the id, the title and the raw document.
func Read(raw []byte) (Automation, error) {
	o := loose.Parse(raw)
	data := o.Object("data")
	a := Automation{ID: o.Text("id", "ID"), Title: o.Text("title", "name"), Status: o.Text("status", "active"), Raw: slices.Clone(raw)}
	switch {
	case o == nil:
		return a, fmt.Errorf("read automation: %w: not an object", ErrShape)
	case o.Has("sequences"):
		a.fluent(o)
	case o.Has("initial_step"):
		a.jetpack(o)
	case loose.List(o["steps"]) != nil:
		a.Title, a.Status = firstText(data.Text("title"), a.Title), firstText(data.Text("status"), a.Status)
		a.groundhogg(o)
	case loose.Parse(o["steps"]) != nil:
		a.mailpoet(o)
	default:
		return a, fmt.Errorf("read automation %q: %w; it has no steps that can be told", a.Title, ErrShape)
	}
	a.markLoops()
	a.Active = isActive(a.Status)
	return a, nil
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func isActive(status string) bool {
	switch strings.ToLower(status) {
	case "published", "active", "publish", "deactivating": // who is inside still runs through
		return true
	}
	return loose.Yes(status)
}

// fluent reads FluentCRM: a list of steps that name their parent and branch.
func (a *Automation) fluent(o loose.Object) {
	a.Shape = FluentCRM
	if name := o.Text("trigger_name"); name != "" {
		a.Triggers = []Trigger{newTrigger(name, o.Object("settings"))}
	}
	a.About = factsOf(o.Object("conditions"))
	known := map[string]bool{"": true, "0": true}
	type numbered struct {
		Step
		sequence int
	}
	var steps []numbered
	for i, item := range o.List("sequences") {
		s := loose.Parse(item)
		step := newStep(s.Text("id"), s.Text("action_name"), s.Text("title"), s["settings"])
		step.Parent, step.Branch = s.Text("parent_id"), s.Text("condition_type")
		known[step.ID] = true
		if s.Text("type") == "benchmark" {
			step.Kind = "goal"
		}
		n, err := strconv.Atoi(s.Text("sequence"))
		if err != nil {
			n = i
		}
		steps = append(steps, numbered{step, n})
	}
	slices.SortStableFunc(steps, func(x, y numbered) int { return cmp.Compare(x.sequence, y.sequence) })
	for _, s := range steps {
		s.Dangling = !known[s.Parent] || s.Parent == s.ID
		if s.Parent == "0" {
			s.Parent = ""
		}
		a.add(s.Step)
	}
}

// add appends a step as the next one. A step without an id, or with that of
// another, gets its number for one, so that it is nobody's parent.
func (a *Automation) add(s Step) {
	s.Order = len(a.Steps) + 1
	if s.ID == "" || slices.ContainsFunc(a.Steps, func(other Step) bool { return other.ID == s.ID }) {
		s.ID = fmt.Sprintf("#%d", s.Order)
	}
	a.Steps = append(a.Steps, s)
}

// markLoops finds steps that are, over some others, their own parents: nothing
// leads to them.
func (a *Automation) markLoops() {
	parent := map[string]string{}
	for _, s := range a.Steps {
		parent[s.ID] = s.Parent
	}
	for i := range a.Steps {
		at := a.Steps[i].Parent
		for range a.Steps {
			at = parent[at] // "" for good once the main path is reached
		}
		a.Steps[i].Dangling = a.Steps[i].Dangling || at != ""
	}
}

// groundhogg reads Groundhogg: steps in an order, with branches by name. The
// benchmarks in front are triggers, those further down goals.
func (a *Automation) groundhogg(o loose.Object) {
	a.Shape = Groundhogg
	items := o.List("steps")
	slices.SortStableFunc(items, func(x, y json.RawMessage) int { return cmp.Compare(stepOrder(x), stepOrder(y)) })
	ids := map[string]bool{}
	for _, item := range items {
		ids[loose.Parse(item).Text("ID", "id")] = true
	}
	for _, item := range items {
		s := loose.Parse(item)
		data, meta := s.Object("data"), s.Object("meta")
		name, benchmark := data.Text("step_type"), data.Text("step_group") == "benchmark"
		if benchmark && (len(a.Steps) == 0 || loose.Yes(s.Text("is_starting"))) {
			a.Triggers = append(a.Triggers, newTrigger(name, meta))
			continue
		}
		step := newStep(s.Text("ID", "id"), name, data.Text("step_title", "title"), s["meta"])
		step.Facts = append(step.Facts, factsOf(s.Object("export"))...)
		if step.Kind == "wait" {
			step.Wait = groundhoggWait(name, meta)
		}
		if benchmark {
			step.Kind = "goal"
		}
		step.branchOf(data.Text("branch"), ids)
		a.add(step)
	}
}

func stepOrder(raw json.RawMessage) int {
	n, err := strconv.Atoi(loose.Parse(raw).Object("data").Text("step_order"))
	if err != nil {
		return 1 << 30
	}
	return n
}

// branchOf reads "<id>-yes"; "main" and nothing are the main path.
func (s *Step) branchOf(branch string, ids map[string]bool) {
	if branch == "" || branch == "main" {
		return
	}
	s.Parent, s.Branch, _ = strings.Cut(branch, "-")
	s.Dangling = !ids[s.Parent] || s.Parent == s.ID
}

func newTrigger(name string, settings loose.Object) Trigger {
	t := Trigger{Kind: kindOf(triggerKinds, name), RawName: name, Facts: factsOf(settings)}
	if f, ok := conditionOf("only if", settings); ok {
		t.Facts = append(t.Facts, f)
	}
	return t
}

// newStep reads what the steps of all plugins have in common.
func newStep(id, name, title string, settings json.RawMessage) Step {
	o := loose.Parse(settings)
	s := Step{ID: id, Kind: kindOf(stepKinds, name), RawName: name, Title: title, Settings: settings, Facts: factsOf(o)}
	if name == "jpcrm/add_remove_contact_tag" {
		s.Kind = "add_tag"
		if strings.HasPrefix(o.Text("mode", "action"), "remove") {
			s.Kind = "remove_tag"
		}
	}
	if s.Kind == "send_email" && o.Text("send_email_to_type") == "custom" {
		s.Kind = "notify"
	}
	switch s.Kind {
	case "wait":
		s.Wait = fluentWait(o)
	case "condition":
		if f, ok := conditionOf("if", o); ok {
			s.Facts = append([]Fact{f}, s.Facts...)
		}
	}
	return s
}

// conditionOf reads the conditions of a trigger or step; ok is false for none.
func conditionOf(name string, o loose.Object) (f Fact, ok bool) {
	for _, key := range []string{"conditions", "filters", "include_filters"} {
		if rules := segment.ReadGroups(o[key]); len(rules) > 0 {
			return Fact{Name: name, Rules: rules}, true
		}
	}
	text := peerCondition(o)
	return Fact{Name: name, Value: text}, text != ""
}
