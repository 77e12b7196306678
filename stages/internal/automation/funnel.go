package automation

import (
	"fmt"
	"strings"
)

// Funnel is what the open-source edition does by itself. Its rules are in its
// code; only these numbers and rows are settings.
type Funnel struct {
	Stages []Stage
	// Timing is nil when the database has no row of funnel settings: the
	// defaults of the code hold then.
	Timing  *Timing
	Reports []Report
	// WithoutRules says that the version is older than the rules (0.14), which
	// brought the table of their settings along.
	WithoutRules bool
}

// Stage is a sales stage with the kind that sets rules off: pre_sale,
// qualified, purchase_order, delivery, care, or "" for none.
type Stage struct{ Name, Kind string }

// Timing are the intervals of the rules, in days.
type Timing struct {
	KillAfter, RecycleAfter int
	// Touch1 counts business days; the others are offsets in days.
	Touch1BusinessDays, Touch2, Touch3, Touch4, Touch5 int
	CareCheckIn, CareReferral, CareInterval, CareCount int
	RenewalWindow                                      int
}

// DefaultTiming are the intervals in the code of the open-source edition.
var DefaultTiming = Timing{KillAfter: 45, RecycleAfter: 90, Touch1BusinessDays: 3, Touch2: 7, Touch3: 10, Touch4: 15, Touch5: 45,
	CareCheckIn: 30, CareReferral: 90, CareInterval: 90, CareCount: 8, RenewalWindow: 30}

// Report is a saved report with its schedules.
type Report struct {
	Title, Category string
	// Filters are the report's own JSON.
	Filters   string
	Shared    bool
	Schedules []Schedule
}

// Schedule sends a report by mail.
type Schedule struct {
	Cron       string
	Recipients []string
	Format     string
	Active     bool
}

// Automations describes the built-in rules and the report schedules in the
// model of the plugins, so that one inventory shows both. A rule that waits for
// a kind of stage is active only if some stage has the kind.
func (f Funnel) Automations() []Automation {
	t := DefaultTiming
	if f.Timing != nil {
		t = *f.Timing
	}
	var all []Automation
	if !f.WithoutRules {
		all = append(all, f.approval(), f.cadence(t), f.care(t), kill(t), recycle(t), renewal(t))
	}
	for i, r := range f.Reports {
		for j, s := range r.Schedules {
			all = append(all, r.schedule(fmt.Sprintf("report-%d-%d", i+1, j+1), s))
		}
	}
	return all
}

// about says where the rules come from.
func (f Funnel) about() string {
	switch {
	case f.WithoutRules:
		return "This version of NextCRM has no rules in its code; it mails reports by schedule."
	case f.Timing == nil:
		return "Rules that are in NextCRM's own code. The company has no settings of its own, so the code's intervals hold."
	}
	return "Rules that are in NextCRM's own code, with the intervals of this company's settings."
}

// builtIn numbers the steps of a rule on its main path.
func builtIn(id, title string, active bool, t Trigger, steps ...Step) Automation {
	a := Automation{ID: id, Title: title, Shape: BuiltIn, Active: active, Status: "in code", Triggers: []Trigger{t}}
	for i, s := range steps {
		s.ID = fmt.Sprintf("%s-%d", id, i+1)
		a.add(s)
	}
	return a
}

func (f Funnel) stagesOf(kind string) (names []string) {
	for _, s := range f.Stages {
		if s.Kind == kind {
			names = append(names, s.Name)
		}
	}
	return names
}

// entering is a deal's coming into a stage of a kind.
func (f Funnel) entering(kind string) (t Trigger, active bool) {
	stages := f.stagesOf(kind)
	t = Trigger{Kind: "deal_stage", RawName: "stage kind " + kind}
	for _, name := range stages {
		t.Facts = append(t.Facts, Fact{Name: "stage", Value: name})
	}
	if len(stages) == 0 {
		t.Facts = []Fact{{Name: "stage", Value: "none has the kind " + kind + ", so the rule never runs"}}
	}
	return t, len(stages) > 0
}

func task(title, due string) Step {
	return Step{Kind: "create_task", RawName: "task", Facts: []Fact{{Name: "title", Value: title}, {Name: "due", Value: due}}}
}

func (f Funnel) approval() Automation {
	t, active := f.entering("qualified")
	return builtIn("approval", "Approval gate", active, t,
		Step{Kind: "gate", RawName: "approval", Facts: []Fact{{Name: "text", Value: "the deal's approval is APPROVED"}}})
}

func (f Funnel) cadence(t Timing) Automation {
	trigger, active := f.entering("qualified")
	steps := []Step{task("Cadence 1/5", fmt.Sprintf("%d business days after the stage was entered", t.Touch1BusinessDays))}
	for i, days := range []int{t.Touch2, t.Touch3, t.Touch4, t.Touch5} {
		steps = append(steps, task(fmt.Sprintf("Cadence %d/5", i+2), fmt.Sprintf("at an offset of %d days", days)))
	}
	return builtIn("cadence", "Follow-up cadence", active, trigger, steps...)
}

func (f Funnel) care(t Timing) Automation {
	trigger, active := f.entering("care")
	return builtIn("care", "Customer care", active, trigger,
		task("Care: check-in", fmt.Sprintf("after %d days", t.CareCheckIn)),
		task("Care: referral", fmt.Sprintf("after %d days", t.CareReferral)),
		task("Care: quarterly touch", fmt.Sprintf("%d times, every %d days", t.CareCount, t.CareInterval)))
}

func kill(t Timing) Automation {
	return builtIn("kill", "Kill rule", true,
		Trigger{Kind: "deal_age", RawName: "daily job", Facts: []Fact{{Name: "after", Value: fmt.Sprintf("%d days", t.KillAfter)}}},
		Step{Kind: "update_deal", RawName: "close", Facts: []Fact{{Name: "set status", Value: "lost, with the reason of the kill rule"}}})
}

func recycle(t Timing) Automation {
	return builtIn("recycle", "Target recycling", true,
		Trigger{Kind: "target_age", RawName: "daily job", Facts: []Fact{{Name: "after", Value: fmt.Sprintf("%d days", t.RecycleAfter)}}},
		Step{Kind: "add_list", RawName: "recycle", Facts: []Fact{{Name: "list", Value: "Recycled"}}})
}

func renewal(t Timing) Automation {
	return builtIn("renewal", "Renewal reminder", true,
		Trigger{Kind: "renewal_due", RawName: "daily job", Facts: []Fact{{Name: "before", Value: fmt.Sprintf("%d days", t.RenewalWindow)}}},
		task("Renewal <date>", fmt.Sprintf("%d days before the renewal", t.RenewalWindow)))
}

// schedule describes the mailing of a report.
func (r Report) schedule(id string, s Schedule) Automation {
	facts := []Fact{{Name: "category", Value: r.Category}, {Name: "format", Value: s.Format}, {Name: "to", Value: strings.Join(s.Recipients, ", ")}}
	if r.Filters != "" && r.Filters != "{}" {
		facts = append(facts, Fact{Name: "filters", Value: r.Filters})
	}
	return builtIn(id, "Report: "+r.Title, s.Active,
		Trigger{Kind: "schedule", RawName: "cron", Facts: []Fact{{Name: "cron", Value: s.Cron}}},
		Step{Kind: "send_report", RawName: "report", Facts: facts})
}
