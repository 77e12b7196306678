package mapping

import "testing"

func TestScoresAndStepsOfTheLifeCycleAreProposedAsFields(t *testing.T) {
	for title, want := range map[string]string{
		"Lead score: 80": "field", "score_80": "field", "Tier A": "field", "85 points": "field", "engagement=7": "field", "5 stars": "field",
		"Hot": "field", "cold lead": "field", "Customer": "field", "former customer": "field", "MQL": "field", "Leads": "field",
		"stage: trial": "field", "lifecycle/lead": "field", "Trial": "field", "Opportunities": "field",
		"Lead Magnet": "label", "Customer day": "label", "Webinar 2024": "label", "black-friday-2023": "label", "VIP": "label",
		"Hotel": "label", "Scorecard": "label", "Stagecoach": "label", "Trade show, Berlin": "label", "日本語": "label",
	} {
		if got, why, _ := proposeLabel(Label{Title: title, Uses: 3}, "by tag"); got != want {
			t.Errorf("%q: %s (%s), want %s", title, got, why, want)
		}
	}
	for mode, want := range map[string]string{"label": "label", "field": "field", "skip": "skip"} {
		if got, _, _ := proposeLabel(Label{Title: "Trial", Uses: 3}, mode); got != want {
			t.Errorf("mode %s: %s", mode, got)
		}
	}
	if got, _, _ := proposeLabel(Label{Title: "Trial"}, "by tag"); got != "skip" {
		t.Errorf("a tag that nobody has: %s", got)
	}
}
