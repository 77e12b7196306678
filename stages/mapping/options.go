package mapping

import (
	"fmt"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// options proposes the options of every enum and set field: the declared ones
// first, then what the data has besides.
func (m *builder) options() error {
	var all []Option
	for _, o := range objects {
		for _, f := range m.fieldRows {
			if f.Object != o.name || f.Action != "custom" || (*f.TargetType != "enum" && *f.TargetType != "set") || f.SourceField == "tag_options" {
				continue
			}
			list, err := m.optionsOf(o, f)
			if err != nil {
				return fmt.Errorf("%s: %w", f.MapKey, err)
			}
			all = append(all, list...)
		}
	}
	_, err := finish(m, "map_option", all, nil)
	return err
}

func (m *builder) optionsOf(o object, f Field) ([]Option, error) {
	valueType, err := m.valueType(f)
	if err != nil {
		return nil, err
	}
	v := valueOf(candidate{Field: f, profile: profile{valueType: valueType}})
	source := fmt.Sprintf("SELECT %s AS v, count(*) AS n FROM %s GROUP BY 1", v.Text, m.from(o))
	if v.Array != "" && *f.TargetType == "set" {
		// Records share few combinations: each is taken apart once.
		source = fmt.Sprintf("SELECT j.value AS v, sum(a.n) AS n FROM (SELECT %s AS v, count(*) AS n FROM %s GROUP BY 1) AS a, json_each(a.v) AS j GROUP BY 1", v.Array, m.from(o))
	}
	slug, _ := mapped.Slug(f.SourceField)
	rows, err := m.tx.QueryContext(m.ctx, `WITH
		declared AS (SELECT j.value AS v, j.key AS place FROM clean_custom_field AS d, json_each(d.options) AS j
			WHERE d.object = ? AND d.slug = ? AND d.options IS NOT NULL),
		found AS (`+source+`)
		SELECT v, coalesce((SELECT n FROM found WHERE found.v = a.v), 0), a.place < 100000
		FROM (SELECT v, min(place) AS place FROM (SELECT v, place FROM declared UNION ALL SELECT v, 100000 FROM found WHERE v IS NOT NULL) GROUP BY v) AS a
		ORDER BY a.place, 2 DESC, v`, o.name, slug)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	l := optionList{field: f, skipUnknown: m.setting["unknown_option"] == "skip", byFold: map[string]string{}}
	for rows.Next() {
		var v string
		var uses int64
		var declared bool
		if err := rows.Scan(&v, &uses, &declared); err != nil {
			return nil, err
		}
		l.add(v, uses, declared)
	}
	return l.rows, rows.Err()
}

// optionList collects one field's options. Spellings that differ in case or
// blanks only are one option, because Pipedrive's users would not tell them apart.
type optionList struct {
	field       Field
	skipUnknown bool
	hasDeclared bool
	byFold      map[string]string
	rows        []Option
}

func (l *optionList) add(v string, uses int64, declared bool) {
	l.hasDeclared = l.hasDeclared || declared
	o := Option{MapKey: l.field.MapKey + "=" + v, Object: l.field.Object, SourceField: l.field.SourceField, SourceValue: v,
		Position: int64(len(l.rows) + 1), Uses: uses, Confidence: 0.95, Evidence: fmt.Sprintf("%d records", uses)}
	label := shortLabel(v)
	fold := strings.ToLower(strings.Join(strings.Fields(label), " "))
	if other, ok := l.byFold[fold]; ok {
		label = other
		o.Evidence += fmt.Sprintf("; another spelling of %q", other)
	}
	l.byFold[fold] = label
	o.Label = &label
	if l.hasDeclared && !declared {
		o.Evidence, o.Confidence = o.Evidence+"; not among the declared options", 0.7
		if l.skipUnknown {
			o.Label = nil
		}
	}
	l.rows = append(l.rows, o)
}

// shortLabel keeps an option within Pipedrive's 255 characters.
func shortLabel(v string) string {
	runes := []rune(strings.TrimSpace(v))
	if len(runes) > maxVarchar {
		return string(runes[:maxVarchar-1]) + "…"
	}
	return string(runes)
}
