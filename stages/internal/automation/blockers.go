package automation

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of one automation that hold on every plan of Pipedrive.
const (
	maxActions = 10
	maxDelay   = 90 * 1440 // minutes, all delays together
)

// Blockers are the reasons why an automation cannot be rebuilt one to one, as
// stable codes, sorted: unsupported_trigger:K, unknown_trigger:NAME,
// unsupported_step:K, unknown_step:NAME, webhook_get, wait_until_date,
// wait_by_field, dangling_parent, total_delay_over_90d, actions_over_10,
// no_trigger.
func (a Automation) Blockers() []string {
	all := []string{}
	for _, t := range a.Triggers {
		switch {
		case t.Kind == Unknown:
			all = append(all, "unknown_trigger:"+t.RawName)
		case EquivalentTrigger(t).Support == No:
			all = append(all, "unsupported_trigger:"+t.Kind)
		}
	}
	if len(a.Triggers) == 0 {
		all = append(all, "no_trigger")
	}
	for _, s := range a.Steps {
		all = append(all, stepBlockers(s)...)
	}
	if slices.ContainsFunc(a.Jumps, func(j Jump) bool { return j.Missing != "" }) {
		all = append(all, "dangling_parent")
	}
	if a.FixedDelay() > maxDelay {
		all = append(all, "total_delay_over_90d")
	}
	if a.Actions() > maxActions {
		all = append(all, "actions_over_10")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func stepBlockers(s Step) (all []string) {
	if s.Dangling {
		all = append(all, "dangling_parent")
	}
	switch {
	case s.Kind == Unknown:
		return append(all, "unknown_step:"+s.RawName)
	case s.Kind == "webhook" && isGet(s):
		return append(all, "webhook_get")
	case s.Wait.Mode == Date:
		return append(all, "wait_until_date")
	case s.Wait.Mode == ByField:
		return append(all, "wait_by_field")
	case EquivalentStep(s).Support == No:
		return append(all, "unsupported_step:"+s.Kind)
	}
	return all
}

var explanations = map[string]string{
	"unsupported_trigger":  "Pipedrive cannot be set off by this.",
	"unknown_trigger":      "Nobody knows this trigger; it belongs to another add-on.",
	"no_trigger":           "Nothing sets it off.",
	"unsupported_step":     "Pipedrive has no step for this.",
	"unknown_step":         "Nobody knows this step; it belongs to another add-on.",
	"webhook_get":          "Pipedrive's webhooks send POST, PUT or DELETE, not GET.",
	"wait_until_date":      "A delay cannot last until a day in the calendar.",
	"wait_by_field":        "A delay cannot last until a date of the person.",
	"dangling_parent":      "A step hangs on one that is not in the export.",
	"total_delay_over_90d": "All delays together may last 90 days.",
	"actions_over_10":      "An automation takes 10 actions: make it two, where the first one sets a field that starts the second.",
	"active_automations":   "More automations are active than the plan allows.",
	"no_automations":       "The plan has no automations.",
	"delays":               "The automation has more delays than the plan allows.",
	"if_else":              "The automation has more if/else conditions than the plan allows.",
	"no_sequences":         "The plan has no sequences.",
}

// Explain says in one sentence what a blocker or a finding of CheckPlan means;
// "" for an unknown code.
func Explain(code string) string {
	head, _, _ := strings.Cut(code, ":")
	return explanations[head]
}

// Codes are the heads of all codes that Blockers gives, sorted.
func Codes() []string {
	return []string{"actions_over_10", "dangling_parent", "no_trigger", "total_delay_over_90d", "unknown_step", "unknown_trigger",
		"unsupported_step", "unsupported_trigger", "wait_by_field", "wait_until_date", "webhook_get"}
}

// Plan is what a plan of Pipedrive allows. Unstated stands where its pages give
// no number.
type Plan struct {
	Name   string
	Active int // automations of a company
	Delays int // in one automation
	Waits  int // "wait for condition" in one automation
	IfElse int // in one automation
	// NoSequences says that the plan has no e-mail sequences.
	NoSequences bool
}

// Unstated marks a limit that is not documented.
const Unstated = -1

// Plans are those of the limits page of April 2026; the older plans still name
// their number of if/else conditions there.
var Plans = []Plan{
	{"Lite", 0, 0, 0, 0, true},
	{"Growth", 50, 3, 3, Unstated, false},
	{"Premium", 150, 10, 10, Unstated, false},
	{"Ultimate", 250, 10, 10, Unstated, false},
	{"Advanced", Unstated, Unstated, Unstated, 1, false},
	{"Professional", Unstated, Unstated, Unstated, 5, false},
	{"Power", Unstated, Unstated, Unstated, 10, false},
	{"Enterprise", Unstated, Unstated, Unstated, 20, false},
}

// FindPlan finds a plan by its name without case.
func FindPlan(name string) (Plan, bool) {
	for _, p := range Plans {
		if strings.EqualFold(p.Name, strings.TrimSpace(name)) {
			return p, true
		}
	}
	return Plan{}, false
}

// Finding is a limit of the plan that is exceeded. Automation is an id, "" for
// the company as a whole; Code reads "delays:4>3".
type Finding struct{ Automation, Code string }

// CheckPlan compares all automations and sequences with a plan.
func CheckPlan(p Plan, all []Automation, sequences []Sequence) (findings []Finding) {
	active := 0
	for _, a := range all {
		if a.Active {
			active++
		}
		delays := a.count(func(s Step) bool { return s.Wait.Mode == Fixed || s.Wait.Mode == Weekday })
		ifElse := a.count(func(s Step) bool { return s.Kind == "condition" })
		findings = append(findings, over(a.ID, "delays", delays, p.Delays)...)
		findings = append(findings, over(a.ID, "if_else", ifElse, p.IfElse)...)
	}
	if p.Active == 0 && len(all) > 0 {
		findings = []Finding{{"", "no_automations:" + p.Name}}
	} else {
		findings = append(findings, over("", "active_automations", active, p.Active)...)
	}
	if p.NoSequences && len(sequences) > 0 {
		findings = append(findings, Finding{"", "no_sequences:" + p.Name})
	}
	return findings
}

func over(id, code string, have, limit int) []Finding {
	if limit == Unstated || have <= limit {
		return nil
	}
	return []Finding{{id, fmt.Sprintf("%s:%d>%d", code, have, limit)}}
}
