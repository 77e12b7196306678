package nextcrm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// jsonObjects are the objects whose records are JSON files. Each record is kept
// whole, byte for byte but for secrets, because only its rebuilding knows what
// matters in it.
var jsonObjects = []string{"automation", "sequence", "segment", "campaign_template"}

// jsonKinds are the shapes that automations, sequences and segments have in the
// plugins of this family: the keys that are there, and for some the value of
// the first one.
var jsonKinds = []struct {
	kind, value string
	keys        []string
}{
	{"campaign_template", `"yes"`, []string{"is_fc_template"}},
	{"segment", `"custom_segment"`, []string{"object_type"}},
	{"automation", `"funnels"`, []string{"type"}},
	{"automation", "", []string{"trigger_name", "sequences"}},
	{"sequence", "", []string{"sequence", "emails"}},
	{"automation", "", []string{"steps"}},
	{"automation", "", []string{"initial_step"}},
	{"setting", "", []string{"site_url"}},
	{"setting", "", []string{"timezone"}},
}

func kindOfJSON(first map[string]json.RawMessage) string {
	for _, k := range jsonKinds {
		missing := slices.ContainsFunc(k.keys, func(key string) bool { _, ok := first[key]; return !ok })
		if !missing && (k.value == "" || k.value == string(first[k.keys[0]])) {
			return k.kind
		}
	}
	return ""
}

// jsonRows gives the entries of a JSON file, with the words that name them.
func (f *exportFile) jsonRows(ctx context.Context, yield func(*Row) error) error {
	o, _ := Lookup(f.kind)
	at := func(column string) int { return slices.Index(o.Columns, column) }
	title, status, whole := at("title"), at("status"), at("json")
	row := Row{Table: f.name, Values: make([][]byte, len(o.Columns))}
	err := f.eachJSON(func(raw json.RawMessage) error {
		row.Number++
		labels := labelsOf(raw)
		row.ID = labels.find("id", "ID")
		row.Values[title] = labels.find("title", "name", "post_title")
		row.Values[status] = labels.find("status", "active", "post_status")
		row.Values[whole] = hideSecrets(raw)
		if err := yield(&row); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("read %s, record %d: %w", f.name, row.Number+1, err)
	}
	f.item.Rows = row.Number
	return nil
}

// labels are an entry's own keys, then those of the objects in which some
// plugins wrap them.
type labels []map[string]json.RawMessage

func labelsOf(raw json.RawMessage) labels {
	var top map[string]json.RawMessage
	if json.Unmarshal(raw, &top) != nil {
		return nil // not an object: kept whole, without a name
	}
	all := labels{top}
	for _, wrapper := range []string{"sequence", "data", "value"} {
		var inner map[string]json.RawMessage
		if json.Unmarshal(top[wrapper], &inner) == nil && inner != nil {
			all = append(all, inner)
		}
	}
	return all
}

// find gives the first scalar under one of the keys as text, nil for none.
func (l labels) find(keys ...string) []byte {
	for _, object := range l {
		for _, key := range keys {
			if value := bytes.TrimSpace(object[key]); len(value) > 0 && !bytes.ContainsAny(value[:1], "{[n") {
				return scalarText(value)
			}
		}
	}
	return nil
}

// scalarText is a string without its quotes; numbers and booleans stay as they are.
func scalarText(value []byte) []byte {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return []byte(text)
	}
	return bytes.Clone(value)
}
