package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is what an update would send and what it is judged by, all bound.
type Change struct {
	Record []byte // as the account holds it now
	Base   []byte // as the account answered when we last wrote it
	Agreed []byte // what NextCRM said then, of the keys that are sent now
	Ours   []byte // what NextCRM says now: the keys to send
}

// Merged is a change after what people did meanwhile.
type Merged struct {
	Send      []byte // keys to send
	Held      []byte // keys that the record holds already, as it does
	Conflicts []Conflict
}

// Conflict is a field that people and NextCRM changed to different values.
type Conflict struct {
	Field              string // custom fields as custom_fields.<code>
	Base, Theirs, Ours any
}

// Companions are keys that Pipedrive reads together: a value without its
// currency, or a status without its time, would be completed by the account; a
// day and a time are one instant; a filter is changed as a whole.
var Companions = [][]string{{"value", "currency"}, {"status", "won_time", "lost_time", "lost_reason"}, {"due_date", "due_time"},
	{"name", "conditions"}}

// Merge decides three ways about each field of a change: what only NextCRM
// changed is sent, what holds already is not, and what people changed to
// something else is left as they have it and given as a conflict. Companions
// are judged as one. Sets (labels, options, e-mails, telephones) have no
// conflicts: what NextCRM added and removed since is done to the set as people
// have it, so it is the source's earlier word that they are judged by.
func Merge(c Change) (Merged, error) {
	var m merger
	for _, part := range []struct {
		data []byte
		into *map[string]any
	}{{c.Record, &m.theirs}, {c.Base, &m.base}, {c.Agreed, &m.agreed}, {c.Ours, &m.ours}} {
		props, err := Decode(part.data)
		if err != nil {
			return Merged{}, fmt.Errorf("read what is merged: %w", err)
		}
		*part.into = flatten(props)
	}
	m.send, m.held = map[string]any{}, map[string]any{}
	for _, group := range groupsOf(m.ours) {
		m.judge(group)
	}
	send, err := json.Marshal(nest(m.send))
	if err != nil {
		return Merged{}, err
	}
	held, err := json.Marshal(nest(m.held))
	return Merged{Send: send, Held: held, Conflicts: m.conflicts}, err
}

// custom leads the name of a custom field where all fields stand side by side.
const custom = "custom_fields."

// flatten puts custom fields beside the others.
func flatten(props map[string]any) map[string]any {
	out := maps.Clone(props)
	inner, ok := props["custom_fields"].(map[string]any)
	if !ok {
		return out
	}
	delete(out, "custom_fields")
	for code, v := range inner {
		out[custom+code] = v
	}
	return out
}

func nest(fields map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range fields {
		code, isCustom := strings.CutPrefix(name, custom)
		if !isCustom {
			out[name] = v
			continue
		}
		inner, ok := out["custom_fields"].(map[string]any)
		if !ok {
			inner = map[string]any{}
			out["custom_fields"] = inner
		}
		inner[code] = v
	}
	return out
}

// groupsOf lists the fields of a change, companions together.
func groupsOf(fields map[string]any) [][]string {
	var out [][]string
	taken := map[string]bool{}
	for _, companions := range Companions {
		var group []string
		for _, name := range companions {
			if _, in := fields[name]; in {
				group, taken[name] = append(group, name), true
			}
		}
		if len(group) > 0 {
			out = append(out, group)
		}
	}
	for _, name := range sortedKeys(fields) {
		if !taken[name] {
			out = append(out, []string{name})
		}
	}
	return out
}

type merger struct {
	theirs, base, agreed, ours map[string]any
	send, held                 map[string]any
	conflicts                  []Conflict
}

func (m *merger) judge(group []string) {
	moved, wrong := false, false
	for _, name := range group {
		now := Answered(m.theirs, name)
		moved = moved || !holds(name, now, Answered(m.base, name))
		wrong = wrong || !holds(name, now, m.ours[name])
	}
	switch {
	case !wrong:
		m.keep(m.held, group)
	case len(group) == 1 && m.mergeSet(group[0]):
	case moved:
		m.refuse(group)
	default:
		m.keep(m.send, group)
	}
}

// holds tells that a value is as it is wanted, custom fields by their own key.
func holds(name string, got, want any) bool { return same(strings.TrimPrefix(name, custom), got, want) }

func (m *merger) keep(into map[string]any, group []string) {
	for _, name := range group {
		into[name] = m.ours[name]
	}
}

// refuse leaves a group as people have it and lists those of it that differ.
func (m *merger) refuse(group []string) {
	for _, name := range group {
		now := Answered(m.theirs, name)
		if !holds(name, now, m.ours[name]) {
			m.conflicts = append(m.conflicts, Conflict{Field: name, Base: Answered(m.base, name), Theirs: now, Ours: m.ours[name]})
		}
	}
}

// mergeSet sends a set as people have it, less what NextCRM removed and with
// what it added; false when the field is no set or its earlier word not known.
func (m *merger) mergeSet(name string) bool {
	before, known := m.agreed[name]
	theirs, okT := list(m.theirs[name])
	agreed, okA := list(before)
	ours, okO := list(m.ours[name])
	if !known || !okT || !okA || !okO {
		return false
	}
	var merged []any
	switch {
	case name == "emails" || name == "phones":
		merged = mergeContacts(name, theirs, agreed, ours)
	case isPlain(theirs) && isPlain(agreed) && isPlain(ours):
		merged = mergePlain(name, theirs, agreed, ours)
	default:
		return false
	}
	into := m.send
	if sameList(name, theirs, merged) {
		into = m.held
	}
	into[name] = merged
	if len(merged) == 0 && strings.HasPrefix(name, custom) {
		into[name] = nil // the API clears a set option field with null, and refuses []
	}
	return true
}

// list is a value as a list; what is blank is an empty one.
func list(v any) ([]any, bool) {
	l, ok := v.([]any)
	return l, ok || v == nil
}

// isPlain tells that a list holds ids or texts, which say nothing but themselves.
func isPlain(values []any) bool {
	return !slices.ContainsFunc(values, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

func mergePlain(name string, theirs, agreed, ours []any) []any {
	has := func(values []any, v any) bool {
		return slices.ContainsFunc(values, func(x any) bool { return same(name, x, v) })
	}
	out := []any{}
	for _, v := range theirs {
		if !has(agreed, v) || has(ours, v) {
			out = append(out, v)
		}
	}
	for _, v := range ours {
		if !has(agreed, v) && !has(out, v) {
			out = append(out, v)
		}
	}
	return out
}
