package automation

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
)

// manifest is what the sample says about its automations and sequences.
type manifest struct {
	Expected struct {
		Automations struct {
			Records, Active, Steps int
			Items                  []automationItem
		}
		Sequences struct {
			Records, Emails int
			Items           []sequenceItem
		}
	}
}

type automationItem struct {
	ID                string         `json:"id"`
	Title             string         `json:"title"`
	Active            bool           `json:"active"`
	Trigger           string         `json:"trigger"`
	Steps             int            `json:"steps"`
	StepsByKind       map[string]int `json:"steps_by_kind"`
	Actions           int            `json:"actions"`
	FixedDelayMinutes int64          `json:"fixed_delay_minutes"`
	Branching         bool           `json:"branching"`
	Blockers          []string       `json:"blockers"`
}

type sequenceItem struct {
	ID               string `json:"id"`
	Title            string `json:"title"`
	Emails           int    `json:"emails"`
	LastDelayMinutes int64  `json:"last_delay_minutes"`
}

func TestSampleAutomationsMeetTheManifest(t *testing.T) {
	var want manifest
	sampleJSON(t, "manifest.json", &want)
	got := want
	got.Expected.Automations.Records, got.Expected.Automations.Active, got.Expected.Automations.Steps = 0, 0, 0
	got.Expected.Automations.Items = nil
	for _, a := range sampleAutomations(t) {
		all := &got.Expected.Automations
		all.Records++
		all.Steps += len(a.Steps)
		if a.Active {
			all.Active++
		}
		all.Items = append(all.Items, automationItem{a.ID, a.Title, a.Active, a.Triggers[0].Kind, len(a.Steps), a.ByKind(), a.Actions(), a.FixedDelay(), a.Branches(), a.Blockers()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSampleSequencesMeetTheManifest(t *testing.T) {
	var want manifest
	sampleJSON(t, "manifest.json", &want)
	got := want
	got.Expected.Sequences.Records, got.Expected.Sequences.Emails, got.Expected.Sequences.Items = 0, 0, nil
	for _, s := range sampleSequences(t) {
		all := &got.Expected.Sequences
		all.Records++
		all.Emails += len(s.Emails)
		all.Items = append(all.Items, sequenceItem{s.ID, s.Title, len(s.Emails), s.LastDelay()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func sampleJSON(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), name)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sampleAutomations(t *testing.T) (all []Automation) {
	t.Helper()
	var items []json.RawMessage
	sampleJSON(t, "automations.json", &items)
	for _, raw := range items {
		a, err := Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func sampleSequences(t *testing.T) (all []Sequence) {
	t.Helper()
	var items []json.RawMessage
	sampleJSON(t, "sequences.json", &items)
	for _, raw := range items {
		s, err := ReadSequence(raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}
