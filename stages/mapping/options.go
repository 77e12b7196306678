package mapping

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// choice is one enum or set field under way, with the values counted in the data.
type choice struct {
	field Field
	value mapped.Value
	uses  map[string]int64
}

// options proposes the options of every enum and set field: the declared ones
// first, then what the data has besides.
func (m *builder) options() error {
	var all []Option
	for _, o := range objects {
		choices, err := m.choices(o)
		if err != nil {
			return err
		}
		if err := m.countChoices(o, choices); err != nil {
			return fmt.Errorf("count values of %s: %w", o.view, err)
		}
		for _, c := range choices {
			rows, err := m.optionsOf(o, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.field.MapKey, err)
			}
			all = append(all, rows...)
		}
	}
	var err error
	m.optionRows, err = finish(m, "map_option", all, nil)
	return err
}

func (m *builder) choices(o object) ([]choice, error) {
	var all []choice
	for _, f := range m.fieldRows {
		if !o.has(f) || !isChoiceField(f) {
			continue
		}
		valueType, err := m.valueType(f)
		if err != nil {
			return nil, err
		}
		all = append(all, choice{f, valueOf(candidate{Field: f, profile: profile{valueType: valueType}}), map[string]int64{}})
	}
	return all, nil
}

// isChoiceField tells that a field's values are options, or labels of leads.
func isChoiceField(f Field) bool {
	if f.SourceField == leadStatus && f.Action == "native" {
		return true
	}
	return f.Action == "custom" && (*f.TargetType == "enum" || *f.TargetType == "set") && !mapped.IsTagField(f.SourceField)
}

// countChoices counts the values of all choices in one sweep. The counting is
// done here, not in SQL: grouping would sort all records once a field.
func (m *builder) countChoices(o object, choices []choice) error {
	if len(choices) == 0 {
		return nil
	}
	terms := make([]string, len(choices))
	cells := make([]sql.RawBytes, len(choices))
	targets := make([]any, len(choices))
	for i, c := range choices {
		terms[i], targets[i] = c.value.Text, &cells[i]
		if c.isSet() {
			terms[i] = c.value.Array
		}
	}
	rows, err := m.tx.QueryContext(m.ctx, "SELECT "+strings.Join(terms, ",\n")+" FROM "+m.from(o))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, cell := range cells {
			if cell != nil {
				choices[i].uses[string(cell)]++
			}
		}
	}
	for i := range choices {
		if err := choices[i].takeApart(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *choice) isSet() bool {
	return c.field.TargetType != nil && *c.field.TargetType == "set" && c.value.Array != ""
}

// takeApart turns counts of combinations into counts of their members.
func (c *choice) takeApart() error {
	if !c.isSet() {
		return nil
	}
	members := map[string]int64{}
	for combination, n := range c.uses {
		var list []string
		if !strings.HasPrefix(combination, "[") {
			combination = "[" + combination + "]"
		}
		if err := json.Unmarshal([]byte(combination), &list); err != nil {
			return fmt.Errorf("%s: read options %s: %w", c.field.MapKey, combination, err)
		}
		for _, v := range list {
			members[v] += n
		}
	}
	c.uses = members
	return nil
}

// optionsOf puts the declared options in their order before the others, which
// go by use.
func (m *builder) optionsOf(o object, c choice) ([]Option, error) {
	declared, err := m.declaredOptions(o, c.field.SourceField)
	if err != nil {
		return nil, err
	}
	l := optionList{field: c.field, skipUnknown: m.setting["unknown_option"] == "skip", byFold: map[string]string{}}
	for _, v := range declared {
		l.add(v, c.uses[v], true)
		delete(c.uses, v)
	}
	found := slices.Collect(maps.Keys(c.uses))
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(c.uses[b], c.uses[a]), cmp.Compare(a, b)) })
	for _, v := range found {
		l.add(v, c.uses[v], false)
	}
	return l.rows, nil
}

// declaredOptions are the choices that the source knows, used or not.
func (m *builder) declaredOptions(o object, source string) ([]string, error) {
	query, args := "SELECT title FROM clean_list ORDER BY row_id IS NULL, row_id, title", []any{}
	if source != "lists" {
		slug, _ := mapped.Slug(source)
		query, args = `SELECT j.value FROM clean_custom_field AS d, json_each(d.options) AS j
			WHERE d.object = ? AND d.slug = ? AND d.options IS NOT NULL GROUP BY j.value ORDER BY min(j.key)`, []any{o.name, slug}
	}
	rows, err := m.tx.QueryContext(m.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return texts(rows)
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
