package automation

import (
	"fmt"
	"strings"
	"unicode"

	"nextpipe/stages/internal/normal"
)

// Inventory is everything that the written inventory speaks of.
type Inventory struct {
	// Company and Date head the document; Date is written as it is.
	Company, Date string
	Automations   []Automation
	Sequences     []Sequence
	// Funnel is nil for the plugin edition.
	Funnel *Funnel
	// Unread are documents whose shape nobody knows, by title or id.
	Unread []string
	Names  Names
	// Plan names Pipedrive's plan, "" when it is not known.
	Plan string
}

// view is the inventory as both documents show it: texts only, no decisions.
type view struct {
	Title, Date string
	Totals      []pair
	Groups      []group
	Sequences   []sequenceView
	Stages      []pair // with their kinds
	Reports     []pair
	Unread      []string
	PlanName    string
	Plan        []pair // limits
	Findings    []pair // of the company as a whole
}

type group struct {
	Title, About string
	Cards        []card
}

// pair is a name or code with a text.
type pair struct{ Name, Text string }

// card is one automation.
type card struct {
	Anchor, ID, Title, Status string
	Active                    bool
	Verdict                   Support
	Totals                    []pair
	About                     []pair
	Triggers, Lines, Loose    []line
	Blockers, Findings        []pair
	Flow                      drawing
}

// line is one line of the outline: a trigger, a step, or the head of a branch.
type line struct {
	Depth          int
	Number, Branch string
	Text, Raw      string
	GoesOn         string
	Support        Support
	Equivalent     string
	Details        []pair
}

type sequenceView struct {
	Anchor, ID, Title, Status string
	Active                    bool
	Totals                    []pair
	Emails                    []emailView
}

type emailView struct {
	When, Subject, Preview, Body, Tags, Status string
	Share                                      int // of the whole time, in per cent
}

func (inv Inventory) view() view {
	v := view{Title: "Automations and sequences", Date: show(inv.Date), PlanName: "not known"}
	if inv.Company != "" {
		v.Title += " of " + show(inv.Company)
	}
	for _, name := range inv.Unread {
		v.Unread = append(v.Unread, showTitle(name))
	}
	var builtIn []Automation
	if inv.Funnel != nil {
		builtIn = inv.Funnel.Automations()
		v.Stages, v.Reports = stageKinds(*inv.Funnel), reports(*inv.Funnel)
	}
	findings := inv.plan(&v)
	if len(inv.Automations) > 0 {
		v.Groups = append(v.Groups, inv.group("Automations", "Workflows of the plugin.", "a", inv.Automations, findings))
	}
	if len(builtIn) > 0 {
		v.Groups = append(v.Groups, inv.group("Built-in rules and report schedules", inv.Funnel.about(), "n", builtIn, findings))
	}
	for i, s := range inv.Sequences {
		v.Sequences = append(v.Sequences, sequence(i, s))
	}
	v.Totals = totals(v)
	return v
}

// plan compares with the plan and gives what it finds by automation.
func (inv Inventory) plan(v *view) map[string][]pair {
	byID := map[string][]pair{}
	p, ok := FindPlan(inv.Plan)
	if !ok {
		return byID
	}
	v.PlanName = p.Name
	for _, limit := range []struct {
		name  string
		value int
	}{{"active automations", p.Active}, {"delays in one automation", p.Delays}, {"waits for a condition in one automation", p.Waits}, {"if/else in one automation", p.IfElse}} {
		text := fmt.Sprint(limit.value)
		if limit.value == Unstated {
			text = "not documented"
		}
		v.Plan = append(v.Plan, pair{limit.name, text})
	}
	for _, f := range CheckPlan(p, inv.Automations, inv.Sequences) {
		if f.Automation == "" {
			v.Findings = append(v.Findings, pair{f.Code, Explain(f.Code)})
			continue
		}
		byID[f.Automation] = append(byID[f.Automation], pair{f.Code, Explain(f.Code)})
	}
	return byID
}

func (inv Inventory) group(title, about, anchor string, all []Automation, findings map[string][]pair) group {
	g := group{Title: title, About: about}
	for i, a := range all {
		c := inv.card(a)
		c.Anchor = fmt.Sprintf("%s%d", anchor, i+1)
		if anchor == "a" {
			c.Findings = findings[a.ID]
		}
		g.Cards = append(g.Cards, c)
	}
	return g
}

func (inv Inventory) card(a Automation) card {
	main, loose, starts := a.tree()
	c := card{ID: show(a.ID), Title: showTitle(a.Title), Status: show(a.Status), Active: a.Active, Verdict: verdict(a), About: inv.pairs(a.About, "")}
	c.Totals = []pair{{"steps", fmt.Sprint(len(a.Steps))}, {"actions", fmt.Sprint(a.Actions())}, {"fixed delays", delayWords(a)}}
	for _, start := range starts {
		c.About = append(c.About, pair{"a trigger", show(start)})
	}
	for _, t := range a.Triggers {
		e := EquivalentTrigger(t)
		c.Triggers = append(c.Triggers, line{Text: show(inv.Names.DescribeTrigger(t)), Raw: show(t.RawName), Support: e.Support, Equivalent: e.Text, Details: inv.pairs(t.Facts, t.Kind)})
	}
	for _, code := range a.Blockers() {
		c.Blockers = append(c.Blockers, pair{show(code), Explain(code)})
	}
	c.Lines, c.Loose = inv.lines(main, 0), inv.lines(loose, 0)
	c.Flow = inv.Names.draw(a, main)
	return c
}

func delayWords(a Automation) string {
	if a.FixedDelay() == 0 {
		return "none"
	}
	return readable(a.FixedDelay())
}

// verdict is the least support of all parts of an automation.
func verdict(a Automation) Support {
	if len(a.Blockers()) > 0 {
		return No
	}
	all := Yes
	for _, t := range a.Triggers {
		if EquivalentTrigger(t).Support != Yes {
			all = Partly
		}
	}
	for _, s := range a.Steps {
		if EquivalentStep(s).Support != Yes {
			all = Partly
		}
	}
	return all
}

func (inv Inventory) lines(nodes []node, depth int) (all []line) {
	for _, n := range nodes {
		e := EquivalentStep(n.step)
		l := line{Depth: depth, Number: n.number, Text: show(inv.Names.DescribeStep(n.step)), Raw: show(n.step.RawName), GoesOn: show(n.goesOn),
			Support: e.Support, Equivalent: e.Text, Details: inv.pairs(n.step.Facts, n.step.Kind)}
		if n.step.Dangling && n.step.Parent != "" {
			l.Details = append(l.Details, pair{"belongs to", show("step " + n.step.Parent + " " + n.step.Branch)})
		}
		all = append(all, l)
		for _, b := range n.branches {
			head := line{Depth: depth + 1, Number: b.number, Branch: show(firstText(b.name, "then")), GoesOn: show(b.goesOn)}
			if len(b.nodes) == 0 && b.goesOn == "" {
				head.GoesOn = "nothing"
			}
			all = append(append(all, head), inv.lines(b.nodes, depth+1)...)
		}
	}
	return all
}

// pairs lists the facts that the line itself does not say already.
func (inv Inventory) pairs(facts []Fact, kind string) (all []pair) {
	subject := fact(facts, "subject")
	for _, f := range facts {
		if isSaid(f, kind) || f.Name == "title" && f.Value == subject {
			continue
		}
		text := inv.Names.say(f)
		if f.Name == "body" || normal.IsHTML(text) {
			if tags := mergeTags(text); tags != "" {
				all = append(all, pair{"placeholders", show(tags)})
			}
			text = plain(text)
		}
		if text = show(text); text != "" {
			all = append(all, pair{show(f.Name), text})
		}
	}
	return all
}

// isSaid reports whether a fact is part of the phrase for its kind.
func isSaid(f Fact, kind string) bool {
	switch kind {
	case "update_field", "update_deal", "change_status":
		return strings.HasPrefix(f.Name, "set ")
	case "split":
		return strings.HasSuffix(f.Name, ", %")
	}
	return len(subjects[kind]) > 0 && f.Name == subjects[kind][0]
}

// show makes any text fit for one line of a document: no control characters,
// and none that turn the direction of what follows.
func show(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Bidi_Control) {
			return -1
		}
		return r
	}, s)
}

func showTitle(s string) string { return firstText(show(s), "(without a title)") }
