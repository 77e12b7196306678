package mapping

import (
	"cmp"
	"testing"
)

func TestScoresAndStepsOfTheLifeCycleAreProposedAsFields(t *testing.T) {
	for title, want := range map[string]string{
		"Lead score: 80": scoreField, "score_80": scoreField, "Tier A": scoreField, "85 points": scoreField, "engagement=7": scoreField, "5 stars": scoreField,
		"Hot": scoreField, "cold lead": scoreField, "Customer": cycleField, "former customer": cycleField, "MQL": cycleField, "Leads": cycleField,
		"stage: trial": cycleField, "lifecycle/lead": cycleField, "Trial": cycleField, "Opportunities": cycleField,
		"Lead Magnet": "label", "Customer day": "label", "Webinar 2024": "label", "black-friday-2023": "label", "VIP": "label",
		"Hotel": "label", "Newsletter": "label", "R&D": "label", "Churned": cycleField, "score:80": scoreField, "Lead score 5": scoreField, "Scorecard": "label", "Stagecoach": "label", "Trade show, Berlin": "label", "日本語": "label",
	} {
		l := Label{Title: title, Uses: 3}
		l.propose("by tag")
		if got := cmp.Or(value(l.Field), l.Action); got != want {
			t.Errorf("%q: %s (%s), want %s", title, got, l.Evidence, want)
		}
	}
	for mode, want := range map[string]string{"label": "label", "field": "field", "skip": "skip"} {
		l := Label{Title: "Trial", Uses: 3}
		l.propose(mode)
		if l.Action != want {
			t.Errorf("mode %s: %s", mode, l.Action)
		}
	}
	l := Label{Title: "Trial"}
	if l.propose("by tag"); l.Action != "skip" {
		t.Errorf("a tag that nobody has: %s", l.Action)
	}
}
