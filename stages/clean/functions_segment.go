package clean

import (
	"database/sql/driver"

	"nextpipe/stages/internal/segment"
)

// segmentFunctions look into the JSON of a segment, whose rules the map reads,
// and tell to what a custom field belongs.
func segmentFunctions() []function {
	return []function{
		{"np_segment_title", 1, func(a arguments) driver.Value {
			s, _ := segment.Read([]byte(a.text(0))) // a document of no known shape has a title all the same
			return orNull(s.Title)
		}},
		{"np_segment_shape", 1, func(a arguments) driver.Value {
			s, err := segment.Read([]byte(a.text(0)))
			if err != nil {
				return nil
			}
			return string(s.Shape)
		}},
		{"np_segment_rules", 1, func(a arguments) driver.Value {
			s, _ := segment.Read([]byte(a.text(0)))
			return int64(s.Rules())
		}},
		{"np_custom_object", 1, func(a arguments) driver.Value { return orNull(objectOf(a.text(0))) }},
	}
}
