package segment

import (
	"fmt"
	"testing"
)

// A company with a million contacts and dozens of segments asks tens of
// millions of times.
func BenchmarkAsk(b *testing.B) {
	s := Segment{Any: [][]Rule{{rule("last_name", EndsWith, "7"), rule("city", Equal, "Bonn")}, {rule("tags", AnyOf, "3"), rule("created_at", WithinDays, "30")}}}
	roll := NewRoll(s, known, newYear)
	var people []Contact
	for i := range 1000 {
		people = append(people, Contact{fmt.Sprint(i), map[string][]string{"last_name": {fmt.Sprint("Name", i)}, "city": {"Köln"},
			"tags": {"Partner", "VIP"}, "created_at": {"2024-12-31T23:30:00Z"}}})
	}
	for i := 0; b.Loop(); i++ {
		roll.Ask(people[i%len(people)])
	}
}
