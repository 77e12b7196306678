// Package automation reads the automations and e-mail sequences of the plugin
// edition and writes the one thing that Pipedrive lets a migration do with them:
// an inventory from which people rebuild them.
//
//	reads   automation and sequence JSON in the shapes of four plugins; the
//	        open-source edition's funnel and report settings as plain structs
//	does    brings all of them to one model, finds what stands in the way of a
//	        rebuild, names Pipedrive's counterpart for every trigger and step
//	writes  nothing itself; gives Markdown and a self-contained HTML page
//
// Pipedrive's API has no endpoint for automations or sequences, in v1 or v2, so
// nothing here is ever loaded. Whatever is not understood is shown as it stands,
// and the raw JSON stays with every item.
package automation

import (
	"encoding/json"

	"nextpipe/stages/internal/segment"
)

// Shape names the plugin in whose JSON an automation is written.
type Shape string

// The shapes that are understood, and NextCRM's own rules in code.
const (
	FluentCRM  Shape = "fluentcrm"
	MailPoet   Shape = "mailpoet"
	Groundhogg Shape = "groundhogg"
	JetpackCRM Shape = "jetpack-crm"
	BuiltIn    Shape = "nextcrm"
)

// Automation is a workflow: what sets it off and what it does then.
type Automation struct {
	ID, Title string
	Shape     Shape
	// Status is as written; Active says that it runs today.
	Status string
	Active bool
	// About holds settings of the whole, such as whether it may run twice.
	About    []Fact
	Triggers []Trigger
	// Steps come in the order in which they run among their siblings.
	Steps []Step
	Jumps []Jump
	// Raw is the document as it came.
	Raw json.RawMessage
}

// Trigger sets an automation off.
type Trigger struct {
	Kind    string // "tag_added"; Unknown when nobody knows the name
	RawName string
	Facts   []Fact
}

// Step is one thing that an automation does.
type Step struct {
	ID      string
	Kind    string // "send_email"; Unknown when nobody knows the name
	RawName string
	Title   string
	// Settings are the step's own, as written.
	Settings json.RawMessage
	// Parent is the id of the condition or split in whose Branch the step
	// stands, "" on the main path.
	Parent, Branch string
	// Order counts from 1 through the whole automation.
	Order int
	// Dangling says that the parent is not in the export, or that nothing leads
	// to the step: it is listed apart from the flow.
	Dangling bool
	Wait     Wait
	Facts    []Fact
}

// Jump is a way from one step to another that is not its neighbour, which only
// automations drawn as graphs have. To is "" when the target is missing.
type Jump struct{ From, Branch, To, Missing string }

// Fact is one readable setting.
type Fact struct {
	Name  string
	Value string
	// Object says that the value is an id: of a "tag", "list", "sequence" or
	// "automation".
	Object string
	// Rules are the value of conditions in the grammar of segments, which speak
	// in ids.
	Rules [][]segment.Rule
}

// WaitMode is how a waiting step ends.
type WaitMode string

// The ways to wait.
const (
	Fixed   WaitMode = "fixed"   // some minutes, hours or days
	Weekday WaitMode = "weekday" // until one of some days of the week
	Date    WaitMode = "date"    // until one day in the calendar
	ByField WaitMode = "field"   // until a date of the contact
)

// Wait is what a waiting step waits for; zero for all other steps.
type Wait struct {
	Mode    WaitMode
	Minutes int64 // of a fixed wait
	Text    string
}

// Unknown is the kind of triggers and steps whose name is not known.
const Unknown = "unknown"

// Branches reports whether the automation parts into several paths.
func (a Automation) Branches() bool { return a.count(isFork) > 0 }

// Actions counts the steps that do something: all but waits, conditions,
// splits, goals and ends. Pipedrive takes ten of them.
func (a Automation) Actions() int {
	return a.count(func(s Step) bool { return !isFork(s) && s.Kind != "wait" && s.Kind != "goal" && s.Kind != "end" })
}

// FixedDelay is the sum of all fixed waits over all paths, in minutes.
func (a Automation) FixedDelay() (minutes int64) {
	for _, s := range a.Steps {
		minutes += s.Wait.Minutes
	}
	return minutes
}

// ByKind counts the steps of every kind.
func (a Automation) ByKind() map[string]int {
	all := map[string]int{}
	for _, s := range a.Steps {
		all[s.Kind]++
	}
	return all
}

func isFork(s Step) bool { return s.Kind == "condition" || s.Kind == "split" }

func (a Automation) count(is func(Step) bool) (n int) {
	for _, s := range a.Steps {
		if is(s) {
			n++
		}
	}
	return n
}

// fact is the first value of that name, "" for none.
func fact(facts []Fact, name string) string {
	for _, f := range facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}
