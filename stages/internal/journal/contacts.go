package journal

import (
	"maps"
	"slices"
	"strings"
)

// mergeContacts merges e-mails or telephones, which are told apart by their
// value. A label or the primary mark follows NextCRM only where people left it.
func mergeContacts(kind string, theirs, agreed, ours []any) []any {
	m := contacts{kind: kind, agreed: agreed, ours: ours}
	out := []any{}
	for _, t := range theirs {
		if entry, stays := m.theirs(t); stays {
			out = append(out, entry)
		}
	}
	for _, o := range ours {
		if m.find(agreed, o) == nil && m.find(out, o) == nil {
			out = append(out, maps.Clone(entryOf(o)))
		}
	}
	return m.markPrimary(out, theirs)
}

type contacts struct {
	kind         string
	agreed, ours []any
}

// theirs is what becomes of an entry that the record holds. One that NextCRM
// removed goes, unless people gave it another label: then it is theirs.
func (m contacts) theirs(t any) (map[string]any, bool) {
	entry := maps.Clone(entryOf(t))
	before, now := m.find(m.agreed, t), m.find(m.ours, t)
	if before == nil {
		return entry, true
	}
	relabelled := !IsBlank(before["label"]) && entry["label"] != before["label"]
	if now == nil {
		return entry, relabelled
	}
	if valueOf(t) == valueOf(before) {
		entry["value"] = valueOf(now) // another writing, and people left ours
	}
	if !relabelled && !IsBlank(now["label"]) {
		entry["label"] = now["label"]
	}
	return entry, true
}

// markPrimary marks exactly one entry: people's choice, or NextCRM's when only
// NextCRM changed it or people's is gone.
func (m contacts) markPrimary(out, theirs []any) []any {
	was, is, want := primaryOf(m.agreed), primaryOf(theirs), primaryOf(m.ours)
	if m.fold(was) == m.fold(is) && want != "" || m.find(out, map[string]any{"value": is}) == nil {
		is = want
	}
	chosen := slices.IndexFunc(out, func(v any) bool { return m.fold(valueOf(v)) == m.fold(is) })
	for i, v := range out {
		entryOf(v)["primary"] = i == max(chosen, 0)
	}
	return out
}

func (m contacts) find(entries []any, like any) map[string]any {
	i := slices.IndexFunc(entries, func(v any) bool { return m.fold(valueOf(v)) == m.fold(valueOf(like)) })
	if i < 0 {
		return nil
	}
	return entryOf(entries[i])
}

// fold makes one writing of a value of all: telephones without their blanks and
// signs, e-mails without case.
func (m contacts) fold(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if m.kind == "phones" {
		value = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "").Replace(value)
	}
	return value
}

func entryOf(v any) map[string]any {
	entry, _ := v.(map[string]any)
	return entry
}

func valueOf(v any) string {
	text, _ := entryOf(v)["value"].(string)
	return text
}

func primaryOf(entries []any) string {
	for _, v := range entries {
		if entryOf(v)["primary"] == true {
			return valueOf(v)
		}
	}
	return ""
}
