package segment

import (
	"encoding/json"
	"slices"
	"testing"
)

// Whatever stands in an export, reading, translating and counting it ends
// without a panic, and a filter is never larger than Pipedrive takes.
func FuzzAnyDocumentIsReadAndTranslated(f *testing.F) {
	for _, seed := range []string{
		`{"title":"B","filters":[[{"source":["segment","tags"],"operator":"in","value":["3","9"]}],[{"source":["subscriber","created_at"],"operator":"days_within","value":"x"}]]}`,
		`{"filters":[[{"type":"birthday","date_range":"between"}]],"exclude_filters":[[{"type":"tags"}],[{"type":"a"},{"type":"b"}]]}`,
		`{"filters_connect":"or","filters":[{"segmentType":"userRole","action":"subscribedDate","operator":"on","value":""}]}`,
		`{"conditions":[{"type":"x","operator":"intrange","value":"1","value2":"2"}]}`,
	} {
		f.Add([]byte(seed))
	}
	people := []Contact{{"a", map[string][]string{"tags": {"VIP"}, "created_at": {"2024-01-01T00:00:00Z"}}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Read(raw)
		if err != nil {
			return
		}
		translation := Translate(s, known, newYear)
		if (translation.Filter == nil) != (translation.Outcome == None) || len(translation.Rules) != s.Rules() {
			t.Errorf("%+v", translation)
		}
		if translation.Filter != nil && len(translation.Filter.And)+len(translation.Filter.Or) > MaxConditions {
			t.Error("the filter is too large")
		}
		if _, err := json.Marshal(translation); err != nil {
			t.Error(err)
		}
		Members(s, known, slices.Values(people), newYear)
		_ = s.Describe(known)
	})
}
