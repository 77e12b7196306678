package dedupe

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/match"
)

// union joins JSON arrays of texts: each text once, in rank order.
func (m *merger) union(c string) error {
	values := make([]match.FieldValue, len(m.rows))
	for i, r := range m.rows {
		values[i].Key = m.keys[i]
		if text := r.Text(c); text != "" {
			if err := json.Unmarshal([]byte(text), &values[i].Items); err != nil {
				return fmt.Errorf("%s: column %s: %w", m.keys[i], c, err)
			}
		}
	}
	f := match.MergeField(match.Union, values)
	if len(f.Items) > len(values[0].Items) {
		m.setUnion(c, marshal(f.Items), f.Why)
	}
	return nil
}

func (m *merger) setUnion(c, value, why string) {
	m.out[m.index[c]] = sql.NullString{String: value, Valid: true}
	m.notes = append(m.notes, note{c, m.out[m.index[c]], fromUnion, why, nil})
}

// labelledItem is an entry of emails or phones.
type labelledItem struct {
	Value   string `json:"value"`
	Label   string `json:"label"`
	Primary bool   `json:"primary"`
	E164    string `json:"e164,omitempty"`
}

// same tells entries apart by what can be dialled or written to.
func (l labelledItem) same(o labelledItem) bool {
	if l.E164 != "" || o.E164 != "" {
		return l.E164 == o.E164
	}
	return strings.EqualFold(l.Value, o.Value)
}

// labelled joins addresses or numbers: each once, in rank order, and exactly one
// primary, which is the one that the column primary names, else the first.
func (m *merger) labelled(c, primary string) error {
	var list []labelledItem
	for i, r := range m.rows {
		var items []labelledItem
		if err := json.Unmarshal([]byte(r.Text(c)), &items); err != nil {
			return fmt.Errorf("%s: column %s: %w", m.keys[i], c, err)
		}
		for _, item := range items {
			if !slices.ContainsFunc(list, item.same) {
				list = append(list, item)
			}
		}
	}
	choosePrimary(list, m.out[m.index[primary]].String)
	if text := marshal(list); text != m.rows[0].Text(c) {
		m.setUnion(c, text, "all in rank order, each once; the primary one is that of the record that gave "+primary)
	}
	return nil
}

// choosePrimary leaves one entry primary and puts it first.
func choosePrimary(list []labelledItem, named string) {
	at := slices.IndexFunc(list, func(l labelledItem) bool {
		return named != "" && (l.Value == named || l.E164 == named)
	})
	at = max(at, 0)
	for i := range list {
		list[i].Primary = i == at
	}
	if len(list) > 0 {
		chosen := list[at]
		copy(list[1:at+1], list[:at])
		list[0] = chosen
	}
}

// companions are custom values that mean nothing without another: the
// currency of an amount comes from the record that gave the amount.
const companion = " (currency)"

// custom merges the JSON object key by key, each as a scalar.
func (m *merger) custom() error {
	objects := make([]map[string]json.RawMessage, len(m.rows))
	for i, r := range m.rows {
		if err := json.Unmarshal([]byte(r.Text("custom")), &objects[i]); err != nil {
			return fmt.Errorf("%s: column custom: %w", m.keys[i], err)
		}
	}
	merged, changed := map[string]json.RawMessage{}, false
	for _, slug := range slugs(objects) {
		donor, lost := m.customField(objects, slug)
		if donor < 0 {
			continue
		}
		merged[slug] = objects[donor][slug]
		changed = changed || donor > 0
		m.noteCustom(slug, merged[slug], donor, lost)
	}
	if changed {
		m.out[m.index["custom"]] = sql.NullString{String: marshal(merged), Valid: true}
	}
	return nil
}

// slugs are the keys of all objects, sorted: an amount comes before its currency.
func slugs(objects []map[string]json.RawMessage) []string {
	var out []string
	for _, o := range objects {
		for slug := range o {
			out = append(out, slug)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// customField finds who gives a custom value, and which other values lose.
func (m *merger) customField(objects []map[string]json.RawMessage, slug string) (donor int, lost []match.FieldValue) {
	donor = -1
	if base, ok := strings.CutSuffix(slug, companion); ok {
		donor = slices.IndexFunc(objects, func(o map[string]json.RawMessage) bool { return o[base] != nil })
		if donor >= 0 {
			if objects[donor][slug] == nil {
				donor = -1
			}
			return donor, nil
		}
	}
	for i, o := range objects {
		switch v := o[slug]; {
		case v == nil:
		case donor < 0:
			donor = i
		case !bytes.Equal(v, objects[donor][slug]):
			lost = append(lost, match.FieldValue{Key: m.keys[i], Items: []string{plain(v)}})
		}
	}
	return donor, lost
}

func (m *merger) noteCustom(slug string, value json.RawMessage, donor int, lost []match.FieldValue) {
	if donor == 0 && len(lost) == 0 {
		return
	}
	why := "the survivor's value"
	if donor > 0 {
		why = "the survivor has none; first value in rank order"
	}
	m.notes = append(m.notes, note{"custom:" + slug, sql.NullString{String: plain(value), Valid: true}, m.keys[donor], why, lost})
}

// plain is a JSON text without its quotes, anything else as it stands.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// marshal writes JSON as the clean stage does: without escaping markup.
func marshal(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts, booleans and raw JSON always marshal
	return strings.TrimSuffix(b.String(), "\n")
}
