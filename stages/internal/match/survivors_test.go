package match

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTheSurvivorIsLinkedThenCompleteThenOldest(t *testing.T) {
	for name, c := range map[string]struct {
		records []Record
		want    Ranking
	}{
		"linked wins over complete": {
			[]Record{{Key: "a", Filled: 9}, {Key: "b", Linked: true, Filled: 1}},
			Ranking{Keys: []string{"b", "a"}, Why: "its key is already linked to Pipedrive"}},
		"complete wins over old": {
			[]Record{{Key: "a", Filled: 2, Created: "2019-01-01"}, {Key: "b", Filled: 3, Created: "2024-01-01"}},
			Ranking{Keys: []string{"b", "a"}, Why: "it holds the most fields"}},
		"old wins over young and unknown": {
			[]Record{{Key: "a"}, {Key: "b", Created: "2024-01-01"}, {Key: "c", Created: "2019-01-01"}},
			Ranking{Keys: []string{"c", "b", "a"}, Why: "it is the oldest"}},
		"the lowest key breaks the tie": {
			[]Record{{Key: "b"}, {Key: "a"}},
			Ranking{Keys: []string{"a", "b"}, Why: "its key is the lowest"}},
		"a second linked key is a late duplicate": {
			[]Record{{Key: "a", Linked: true}, {Key: "b"}, {Key: "c", Linked: true, Filled: 1}},
			Ranking{Keys: []string{"c", "a", "b"}, Why: "it holds the most fields", Late: []string{"a"}}},
		"one record": {[]Record{{Key: "a"}}, Ranking{Keys: []string{"a"}, Why: "it is the only record"}},
	} {
		t.Run(name, func(t *testing.T) {
			slices.Reverse(c.records)
			if diff := cmp.Diff(c.want, RankByEvidence(c.records)); diff != "" {
				t.Errorf("ranking (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInThePluginEditionTheFirstRowIsTheBase(t *testing.T) {
	got := RankByOrder([]Record{{Key: "c", Order: 3, Linked: true}, {Key: "b", Order: 2, Filled: 9}, {Key: "a", Order: 1}})
	want := Ranking{Keys: []string{"c", "a", "b"}, Why: "its key is already linked to Pipedrive"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ranking (-want +got):\n%s", diff)
	}
	got = RankByOrder([]Record{{Key: "a", Order: 10, Filled: 9}, {Key: "b", Order: 9}})
	if diff := cmp.Diff(Ranking{Keys: []string{"b", "a"}, Why: "it is the first row"}, got); diff != "" {
		t.Errorf("ranking (-want +got):\n%s", diff)
	}
}

func TestFieldsMergeByTheirRuleAndNothingIsLostInSilence(t *testing.T) {
	of := func(key string, items ...string) FieldValue { return FieldValue{key, items} }
	for name, c := range map[string]struct {
		rule   FieldRule
		ranked []FieldValue
		want   MergedField
	}{
		"the survivor's scalar stays, others are kept in writing": {Scalar,
			[]FieldValue{of("a", "CEO"), of("b"), of("c", "CTO"), of("d", "CEO")},
			MergedField{Items: []string{"CEO"}, From: []string{"a"}, Lost: []FieldValue{of("c", "CTO")}}},
		"a blank is filled in rank order": {Scalar,
			[]FieldValue{of("a"), of("b", "CTO"), of("c", "CFO")},
			MergedField{Items: []string{"CTO"}, From: []string{"b"}, Lost: []FieldValue{of("c", "CFO")}}},
		"nothing stays nothing": {Scalar, []FieldValue{of("a"), of("b")}, MergedField{}},
		"lists are united, case does not tell apart": {Union,
			[]FieldValue{of("a", "VIP", "Berlin"), of("b", "vip", "Trial"), of("c")},
			MergedField{Items: []string{"VIP", "Berlin", "Trial"}, From: []string{"a", "a", "b"}}},
		"a complaint wins over a subscription": {Consent,
			[]FieldValue{of("a", "subscribed"), of("b", "Complained"), of("c", "bounced"), of("d")},
			MergedField{Items: []string{"Complained"}, From: []string{"b"}, Lost: []FieldValue{of("a", "subscribed"), of("c", "bounced")}}},
		"pending wins over subscribed": {Consent,
			[]FieldValue{of("a", "subscribed"), of("b", "pending")},
			MergedField{Items: []string{"pending"}, From: []string{"b"}, Lost: []FieldValue{of("a", "subscribed")}}},
		"an unknown status permits nothing": {Consent,
			[]FieldValue{of("a", "subscribed"), of("b", "transactional")},
			MergedField{Items: []string{"transactional"}, From: []string{"b"}, Lost: []FieldValue{of("a", "subscribed")}}},
		"an unknown status takes back no refusal": {Consent,
			[]FieldValue{of("a", "transactional"), of("b", "unsubscribed")},
			MergedField{Items: []string{"unsubscribed"}, From: []string{"b"}, Lost: []FieldValue{of("a", "transactional")}}},
		"no status": {Consent, []FieldValue{of("a"), of("b")}, MergedField{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := MergeField(c.rule, c.ranked)
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(MergedField{}, "Why")); diff != "" {
				t.Errorf("field (-want +got):\n%s", diff)
			}
			if got.Why == "" {
				t.Error("the choice is not explained")
			}
		})
	}
}
