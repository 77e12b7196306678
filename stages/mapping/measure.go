package mapping

import (
	"database/sql"
	"fmt"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// from is the SQL that yields an object's records as c.
func (m *builder) from(o object) string {
	if o.view == deals.view {
		return mapped.Deals(m.rules) + " AS c"
	}
	return o.view + " AS c"
}

// valueOf is how a candidate's source field reads.
func valueOf(c candidate) mapped.Value {
	if c.Object == "deal" {
		return mapped.DealField(c.SourceField, c.profile.valueType)
	}
	return mapped.Of(c.SourceField, c.profile.valueType)
}

// measure fills the profiles of an object's candidates: one sweep for all
// counts and lengths, then the number of different texts where it matters.
func (m *builder) measure(o object, all []candidate) error {
	var swept []*candidate
	for i := range all {
		c := &all[i]
		known, err := m.measureComputed(o, c)
		if err != nil {
			return err
		}
		if !known {
			swept = append(swept, c)
		}
	}
	if err := m.sweep(o, swept); err != nil {
		return err
	}
	for _, c := range swept {
		if err := m.countDistinct(o, c); err != nil {
			return err
		}
	}
	return nil
}

// measureComputed counts the fields that nextpipe adds by itself.
func (m *builder) measureComputed(o object, c *candidate) (known bool, err error) {
	p := &c.profile
	switch c.SourceField {
	case "marker":
		err = m.scan("SELECT count(*), 40 FROM "+o.view, &p.count, &p.longest)
	case "original_owner":
		err = m.scan(`SELECT coalesce(sum(n), 0), coalesce(max(length(email)), 0)
			FROM (SELECT owner_email AS email, count(*) AS n FROM `+o.view+` WHERE owner_email IS NOT NULL GROUP BY 1) AS o
			LEFT JOIN map_user AS u ON u.map_key = o.email WHERE `+m.keptOwners(), &p.count, &p.longest)
	case "won_at", "lost_at":
		err = m.measureClosed(c)
	case "marketing_status":
		if m.setting["marketing_status"] == "native" {
			err = m.scan("SELECT count(consent), 12 FROM "+o.view+" WHERE email IS NOT NULL", &p.count, &p.longest)
		}
	default:
		if !mapped.IsTagField(c.SourceField) {
			return false, nil
		}
		p.count = m.tagsInField(o.entity, c.SourceField)
	}
	return true, err
}

// measureClosed counts the deals that need a time of their outcome, and says
// where those take it from that have none of their own.
func (m *builder) measureClosed(c *candidate) error {
	status, _, _ := strings.Cut(c.SourceField, "_")
	var own int64
	err := m.scan("SELECT count(*), count("+c.SourceField+") FROM "+mapped.Deals(m.rules)+" WHERE final_status = '"+status+"'", &c.profile.count, &own)
	if missing := c.profile.count - own; missing > 0 {
		c.rule.why += fmt.Sprintf("; %d have no such time: they take the expected close date if the last change is not before it, "+
			"else the last change, else creation", missing)
	}
	return err
}

func (m *builder) keptOwners() string {
	switch m.setting["keep_source_owner"] {
	case "always":
		return "1"
	case "never":
		return "0"
	}
	return "u.target_email IS NULL"
}

// sweep reads the records once: values, longest text, misfits and times of
// day, each only where a proposal depends on it. Custom fields come counted.
func (m *builder) sweep(o object, all []*candidate) error {
	var terms []string
	var targets []any
	want := func(term string, target *int64) {
		terms, targets = append(terms, term), append(targets, target)
	}
	for _, c := range all {
		v, p := valueOf(*c), &c.profile
		counted := firstOf(v.Array, v.Text)
		if !isDeclared(*c) {
			want("count("+counted+")", &p.count)
			if c.rule.action == "custom" && c.rule.kind != "date" {
				want("coalesce(max(length("+counted+")), 0)", &p.longest)
			}
		}
		if condition := misfits(*c, v.Text); condition != "" {
			want("coalesce(sum("+condition+"), 0)", &p.misfits)
		}
		if p.valueType == "stamp" {
			want("coalesce(sum(substr("+v.Text+", 12, 8) NOT IN ('', '00:00:00')), 0)", &p.withTime)
		}
	}
	return m.scan("SELECT "+strings.Join(terms, ",\n")+" FROM "+m.from(o), targets...)
}

// misfits is true for values that the type planned for a field cannot hold.
// Long texts are told by their length, which is measured anyway.
func misfits(c candidate, text string) string {
	kind := firstOf(c.rule.kind, plainTypes[c.profile.valueType])
	switch {
	case c.rule.target == "employee_count" || c.rule.target == "annual_revenue":
		kind = "integer"
	case kind == "varchar" || kind == "phone":
		return ""
	}
	return misfit(kind, text)
}

// countDistinct counts the texts of a column that might be a list of choices;
// custom fields come counted.
func (m *builder) countDistinct(o object, c *candidate) error {
	if isDeclared(*c) || c.rule.action != "custom" || c.rule.kind != "" || c.profile.count == 0 || c.profile.longest > maxVarchar {
		return nil
	}
	v := valueOf(*c)
	if v.Array != "" {
		return nil
	}
	return m.scan(fmt.Sprintf("SELECT count(*) FROM (SELECT DISTINCT %s AS v FROM %s WHERE v IS NOT NULL LIMIT %d)",
		v.Text, m.from(o), distinctCap), &c.profile.distinct)
}

// texts reads a query's only column.
func texts(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

func (m *builder) scan(query string, targets ...any) error {
	if err := m.tx.QueryRowContext(m.ctx, query).Scan(targets...); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}

// refuseNarrow refuses a decided type that some values do not fit: they would
// be refused by Pipedrive, and cutting them is not ours to do.
func (m *builder) refuseNarrow() error {
	for _, o := range objects {
		for _, f := range m.fieldRows {
			if !o.has(f) || f.DecidedBy == nil || f.Action != "custom" {
				continue
			}
			if err := m.refuseMisfits(o, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *builder) refuseMisfits(o object, f Field) error {
	valueType, err := m.valueType(f)
	if err != nil {
		return err
	}
	c := candidate{Field: f, profile: profile{valueType: valueType}}
	if known, err := m.measureComputed(o, &c); known || err != nil {
		return err
	}
	text := valueOf(c).Text
	condition := misfit(*f.TargetType, text)
	if condition == "" {
		return nil
	}
	var n int64
	var example sql.NullString
	err = m.scan("SELECT count(*), max("+text+") FROM "+m.from(o)+" WHERE "+condition, &n, &example)
	if err == nil && n > 0 {
		shown := []rune(example.String)
		err = fmt.Errorf("%w: map_field %q: %d values do not fit type %s, for example %q; choose text or varchar, or correct them with fix_value",
			ErrDecision, f.MapKey, n, *f.TargetType, string(shown[:min(len(shown), 60)]))
	}
	return err
}

func (m *builder) valueType(f Field) (string, error) {
	slug, ok := mapped.Slug(mapped.Base(f.SourceField))
	if !ok {
		return "text", nil
	}
	var valueType string
	err := m.scan("SELECT coalesce((SELECT value_type FROM clean_custom_field WHERE object = "+mapped.Literal(f.Object)+" AND slug = "+mapped.Literal(slug)+"), 'text')", &valueType)
	return valueType, err
}
