package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// mostOptions is how many options a field may have (pipedrive-api.md, section 6).
const mostOptions = 10_000

// labels says under which code each kind of record keeps its labels, and what
// stands in the way of those to be added.
func labels(_ context.Context, x *examination) error {
	wanted, missing, codes := map[string]int64{}, int64(0), []string{}
	for _, l := range x.needs.labels {
		wanted[l.entity]++
		if f, ok := x.account.labelField(l.entity); ok && !f.has(l.label) {
			missing++
		}
	}
	for _, entity := range []string{"organization", "person", "deal"} {
		f, ok := x.account.labelField(entity)
		if ok {
			codes = append(codes, entity+" "+f.code)
			continue
		}
		x.must(wanted[entity], "label_field_missing", entity, "neither label_ids nor label is a field of %ss", entity)
	}
	x.find(Info, "label_fields", "labels", "%s", orNothing(codes))
	if x.denied("can_modify_labels") {
		x.must(missing, "cannot_modify_labels", "can_modify_labels", "%s lacks can_modify_labels", x.Me.Email)
	}
	return nil
}

// has tells that a field has an option of this label, compared as provision does.
func (f field) has(label string) bool {
	for _, o := range f.Options {
		if fold(o.Label) == fold(label) {
			return true
		}
	}
	return false
}

// fieldNames looks for names that are taken twice, or by fields of another type.
func fieldNames(_ context.Context, x *examination) error {
	for _, entity := range []string{"organization", "person", "deal", "product"} {
		same := map[string][]field{}
		for _, f := range x.account.fields[entity] {
			if f.Custom {
				same[fold(f.Name)] = append(same[fold(f.Name)], f)
			}
		}
		for name, all := range same {
			if len(all) < 2 {
				continue
			}
			severity := Warning
			if name == fold(markerField) { // what carries the other one would not be recognised
				severity = Error
			}
			x.find(severity, "duplicate_field", entity+"."+all[0].Name, "%d custom fields of %ss have this name: %s", len(all), entity, kinds(all))
		}
	}
	for _, f := range x.needs.fields {
		there := x.account.custom(f.entity, f.name)
		if len(there) > 0 && !slices.ContainsFunc(there, func(have field) bool { return have.Type == f.kind }) {
			x.find(Warning, "field_type_differs", f.entity+"."+f.name, "the account's is of type %s, ours is %s", kinds(there), f.kind)
		}
	}
	return nil
}

func kinds(all []field) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Type)
	}
	return strings.Join(out, ", ")
}

// options counts what fields and label fields would hold.
func options(_ context.Context, x *examination) error {
	added := int64(0)
	for _, f := range x.needs.fields {
		there := x.account.custom(f.entity, f.name)
		i := slices.IndexFunc(there, func(have field) bool { return have.Type == f.kind })
		if i < 0 {
			x.tooMany(f.entity+"."+f.name, len(f.options))
			continue
		}
		missing := 0
		for _, label := range f.options {
			if !there[i].has(label) {
				missing++
			}
		}
		added += int64(missing)
		x.tooMany(f.entity+"."+f.name, len(there[i].Options)+missing)
	}
	if x.denied("can_edit_custom_fields") {
		x.must(added, "cannot_edit_fields", "can_edit_custom_fields", "%s lacks can_edit_custom_fields, so fields of the account get no more options", x.Me.Email)
	}
	return x.labelOptions()
}

func (x *examination) labelOptions() error {
	sums := map[string]int{}
	for _, l := range x.needs.labels {
		f, _ := x.account.labelField(l.entity)
		if sums[l.entity] == 0 {
			sums[l.entity] = len(f.Options)
		}
		if !f.has(l.label) {
			sums[l.entity]++
		}
	}
	for entity, n := range sums {
		x.tooMany("labels of "+entity, n)
	}
	return nil
}

func (x *examination) tooMany(what string, n int) {
	if n > mostOptions {
		x.find(Error, "too_many_options", what, "it would have %d options, %d is the most", n, mostOptions)
	}
}

// priorities are options of a built-in field of activities; the API makes none.
func priorities(ctx context.Context, x *examination) error {
	var have field
	for _, f := range x.account.fields["activity"] {
		if f.code == "priority" {
			have = f
		}
	}
	var there []string
	for _, o := range have.Options {
		there = append(there, o.Label)
	}
	x.find(Info, "priorities_seen", "priorities", "%s", orNothing(there))
	words, err := x.words(ctx, "SELECT DISTINCT substr(payload ->> '$.priority.@ref', 10) FROM final_activity WHERE payload ->> '$.priority.@ref' IS NOT NULL")
	for _, word := range words {
		if !have.has(word) {
			x.find(Warning, "priority_missing", word, "activities have it, the account's field priority does not")
		}
	}
	return err
}

// words reads a column of texts.
func (x *examination) words(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := x.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
