package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// segmentField is the source field in which frozen segments stand; its set is
// one field for all of them.
const segmentField = "segments"

// segmentKey is its row of map_field.
const segmentKey = "contact." + segmentField

// holdBack keeps the decisions on the field of the segments for when it is proposed.
func (m *builder) holdBack() {
	m.later = map[string][]decision{}
	for table, all := range m.decisions {
		isLater := func(d decision) bool { return d.key == segmentKey || strings.HasPrefix(d.key, segmentKey+"=") }
		for _, d := range all {
			if isLater(d) {
				m.later[table] = append(m.later[table], d)
			}
		}
		m.decisions[table] = slices.DeleteFunc(all, isLater)
	}
}

// segmentField proposes the field of the frozen segments and its options.
func (m *builder) segmentField(rows []Segment, persons int64) error {
	var frozen []Segment
	for _, r := range rows {
		if r.Action == "frozen" {
			frozen = append(frozen, r)
		}
	}
	f := Field{MapKey: segmentKey, Object: "contact", SourceField: segmentField, Entity: "person", Action: "custom", ValueCount: persons,
		Evidence: fmt.Sprintf("%d segments that are no filters; %d people belong to one", len(frozen), persons), Confidence: 0.9}
	spare := Field{TargetField: text("nextcrm_segments"), TargetName: text(m.freeName("NextCRM segments")), TargetType: text("set")}
	if len(frozen) == 0 {
		f.Action, f.Evidence = "skip", "every segment is a filter or left out"
	}
	for _, other := range m.fieldRows {
		f.Position = max(f.Position, other.Position+1)
	}
	completeField(&f, spare)
	fields := []Field{f}
	if err := decide("map_field", fields, m.later["map_field"], func(f *Field) { completeField(f, spare) }); err != nil {
		return err
	}
	if err := store(m, "map_field", fields); err != nil {
		return err
	}
	m.fieldRows = append(m.fieldRows, fields...)
	return m.segmentOptions(fields[0], frozen)
}

// freeName keeps the field apart from one of the source with the same name.
func (m *builder) freeName(name string) string {
	for _, f := range m.fieldRows {
		if f.Entity == "person" && f.Action == "custom" && strings.EqualFold(value(f.TargetName), name) {
			return m.freeName(name + " (2)")
		}
	}
	return name
}

// segmentOptions gives every frozen segment an option, the ones without people too.
func (m *builder) segmentOptions(f Field, frozen []Segment) error {
	if f.Action != "custom" {
		frozen = nil
	}
	var options []Option
	for i, s := range frozen {
		options = append(options, Option{MapKey: segmentKey + "=" + s.Name, Object: "contact", SourceField: segmentField, SourceValue: s.Name,
			Label: text(shortLabel("Segment: " + s.Name)), Position: int64(i + 1), Uses: s.Members, Confidence: 0.9,
			Evidence: fmt.Sprintf("%d people on %s", s.Members, s.AsOf)})
	}
	if err := decide("map_option", options, m.later["map_option"], nil); err != nil {
		return err
	}
	m.optionRows = append(m.optionRows, options...)
	return store(m, "map_option", options)
}
