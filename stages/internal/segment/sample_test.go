package segment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/segment"
)

// expected is what the sample's manifest says about its segments.
type expected struct {
	Records     int
	Members     map[string]int
	Translation map[string]segment.Outcome
	Reasons     map[string][]string
	Conditions  map[string]int
}

func TestSampleSegmentsMeetTheManifest(t *testing.T) {
	var manifest struct{ Expected struct{ Segments expected } }
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil || json.Unmarshal(raw, &manifest) != nil {
		t.Fatal("the sample's manifest cannot be read:", err)
	}
	want, got := manifest.Expected.Segments, expected{
		Members: map[string]int{}, Translation: map[string]segment.Outcome{}, Reasons: map[string][]string{}, Conditions: map[string]int{}}
	export := openSample(t)
	catalog, now := export.catalog(t), day("2025-02-01")
	contacts := export.contacts(t)
	export.each(t, "segment", func(r row) {
		s, err := segment.Read([]byte(r.values["json"]))
		if err != nil {
			t.Fatal(err)
		}
		translation := segment.Translate(s, catalog, now)
		got.Records++
		got.Conditions[s.ID], got.Translation[s.ID] = s.Rules(), translation.Outcome
		if len(translation.Reasons) > 0 {
			got.Reasons[s.ID] = translation.Reasons
		}
		if _, ok := want.Members[s.ID]; ok {
			got.Members[s.ID] = len(segment.Members(s, catalog, slices.Values(contacts), now).Members)
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// row is one record of the export.
type row struct {
	id     string
	values map[string]string
}

type export struct{ nextcrm.Source }

func openSample(t *testing.T) export {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(context.Background(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return export{src}
}

func (e export) each(t *testing.T, object string, do func(row)) {
	t.Helper()
	o, _ := nextcrm.Lookup(object)
	err := e.Rows(context.Background(), object, func(r *nextcrm.Row) error {
		values := map[string]string{}
		for i, v := range r.Values {
			values[o.Columns[i]] = string(v)
		}
		var extra map[string]any
		if len(r.Extra) > 0 {
			if err := json.Unmarshal(r.Extra, &extra); err != nil {
				return err
			}
		}
		for name, v := range extra {
			values["custom:"+strings.ReplaceAll(strings.ToLower(name), " ", "_")] = fmt.Sprint(v)
		}
		do(row{string(r.ID), values})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (e export) catalog(t *testing.T) segment.Catalog {
	c := segment.Catalog{Fields: map[string]segment.Field{}, Tags: map[string]segment.Choice{}, Lists: map[string]segment.Choice{}}
	e.each(t, "tag", func(r row) { c.Tags[r.id] = segment.Choice{Title: r.values["title"]} })
	e.each(t, "list", func(r row) { c.Lists[r.id] = segment.Choice{Title: r.values["title"]} })
	types := map[string]string{"select-one": "enum", "radio": "enum", "select-multi": "set", "checkbox": "set", "price": "monetary",
		"number": "double", "date": "date", "date_time": "date", "text": "varchar", "textarea": "text", "url": "varchar", "tel": "phone"}
	e.each(t, "custom_field", func(r row) {
		c.Fields["custom:"+r.values["slug"]] = segment.Field{Label: r.values["label"], Entity: "person", Key: r.values["slug"], Type: types[r.values["type"]]}
	})
	return c
}

// contacts are the people of the sample: records with the same first valid
// address are one, and the first value that is there stands.
func (e export) contacts(t *testing.T) []segment.Contact {
	var all []segment.Contact
	at := map[string]int{}
	e.each(t, "contact", func(r row) {
		key := fmt.Sprint("record ", len(all))
		if a := normal.Email(r.values["email"]); len(a) > 0 && a[0].Valid {
			key = a[0].Address
		}
		i, ok := at[key]
		if !ok {
			i, at[key] = len(all), len(all)
			all = append(all, segment.Contact{Key: key, Values: map[string][]string{}})
		}
		for name, value := range r.values {
			if name == "custom:annual_budget" {
				value = normal.Money(value, '.').Value
			}
			if value = normal.Value(value); value != "" && all[i].Values[name] == nil {
				all[i].Values[name] = []string{value}
			}
		}
	})
	return all
}

func day(s string) time.Time {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		panic(err)
	}
	return at
}
