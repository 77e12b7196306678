package entity

import (
	"testing"

	"nextpipe/stages/internal/pipedrive"
)

func TestMarkersAreReadWhereEachKindCarriesThem(t *testing.T) {
	tests := []struct{ name, entity, record, want string }{
		{"a custom field", "person", `{"custom_fields":{"abc":"t/contact:1"}}`, "t/contact:1"},
		{"a field of another type", "person", `{"custom_fields":{"abc":7}}`, ""},
		{"no field", "deal", `{"custom_fields":{}}`, ""},
		{"the origin of a lead", "lead", `{"origin_id":"t/lead:1"}`, "t/lead:1"},
		{"the last line of a note", "note", `{"content":"<p>Hi</p><p><small>[NextCRM t/note:1]</small></p>"}`, "t/note:1"},
		{"escaped as HTML", "note", `{"content":"<p>[NextCRM t/note:a&amp;b]</p>"}`, "t/note:a&b"},
		{"the comment of a line", "deal_product", `{"comments":"Blue [NextCRM t/deal_line:3]"}`, "t/deal_line:3"},
		{"what a user wrote below it", "note", `{"content":"<p>[NextCRM t/note:1]</p><p>called again</p>"}`, "t/note:1"},
		{"a quotation above it", "note", `{"content":"<p>[NextCRM t/note:2]</p><p>so he said</p><p>[NextCRM t/note:1]</p>"}`, "t/note:1"},
		{"no text at all", "activity", `{"note":null}`, ""},
		{"what has no marker", "participant", `{"person_id":1}`, ""},
	}
	for _, tt := range tests {
		e, ok := Of(tt.entity)
		if !ok {
			t.Fatalf("%s is not known", tt.entity)
		}
		got := ""
		if m := e.Marker([]byte(tt.record), "abc"); m != nil {
			got = *m
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestEveryKindCanBeSentAndStandsBehindWhatItRefersTo(t *testing.T) {
	before := map[string]bool{}
	for _, e := range All {
		for property, parent := range e.Refers {
			if !before[parent] {
				t.Errorf("%s.%s refers to %s, which comes later", e.Name, property, parent)
			}
		}
		for _, v := range []pipedrive.Verb{pipedrive.Create, pipedrive.List, pipedrive.Delete} {
			if pipedrive.Cost(e.Name, v) == 0 {
				t.Errorf("the client cannot %s a %s", v, e.Name)
			}
		}
		if e.Query == "" && e.Under != pipedrive.ParentOf(e.Name) {
			t.Errorf("%s is found under %q, the client says %q", e.Name, e.Under, pipedrive.ParentOf(e.Name))
		}
		before[e.Name] = true
	}
}
