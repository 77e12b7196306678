package mapping

import (
	"fmt"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// candidate is a proposal under way: the row, and what it would take as a
// custom field, so that a decision that only says "custom" is complete.
type candidate struct {
	Field
	rule    rule
	profile profile
	spare   Field // target field, name and type as a custom field
	// isReused: the account has the field already, so it costs nothing.
	isReused bool
}

// fields proposes where every field with data goes.
func (m *builder) fields() error {
	dest, err := m.destFields()
	if err != nil {
		return err
	}
	made, err := m.madeFields()
	if err != nil {
		return err
	}
	var kept int
	if err := m.scan(`SELECT (SELECT count(*) FROM clean_segment WHERE shape IS NOT NULL), EXISTS (SELECT 1 FROM clean_list)`, &kept, &m.hasLists); err != nil {
		return err
	}
	var all []candidate
	taken := map[string]map[string]bool{}
	for _, o := range objects {
		list, err := m.candidates(o)
		if err != nil {
			return fmt.Errorf("profile %s: %w", o.view, err)
		}
		if taken[o.entity] == nil {
			taken[o.entity] = map[string]bool{"nextcrm_details": true, "name nextcrm details": true}
		}
		settleNames(list, taken[o.entity])
		for i := range list {
			list[i].stay(made)
			list[i].reuse(dest)
		}
		all = append(all, list...)
	}
	products, err := m.productFields()
	if err != nil {
		return err
	}
	// One field is kept for segments that turn out to be no filters.
	spend(all, m.budget()-dest.custom-min(kept, 1)-products, m.setting["custom_field_budget"] != "")
	spare := map[string]Field{}
	rows := make([]Field, len(all))
	for i := range all {
		rows[i], spare[all[i].MapKey] = all[i].Field, all[i].spare
		rows[i].Position = int64(i + 1)
	}
	m.fieldRows, err = finish(m, "map_field", rows, func(f *Field) { completeField(f, spare[f.MapKey]) })
	if err != nil {
		return err
	}
	return m.refuseNarrow()
}

// completeField makes a decided row whole: the schema wants a target where the
// action needs one, and none where it does not.
func completeField(f *Field, spare Field) {
	switch f.Action {
	case "custom":
		for column, proposed := range map[**string]*string{&f.TargetField: spare.TargetField, &f.TargetName: spare.TargetName, &f.TargetType: spare.TargetType} {
			if *column == nil {
				*column = proposed
			}
		}
	case "native":
		f.TargetType = nil
		if f.TargetField == nil {
			f.TargetField = spare.TargetField
		}
	case "details":
		f.TargetField, f.TargetType = nil, nil
		if f.TargetName == nil {
			f.TargetName = spare.TargetName
		}
	case "skip":
		f.TargetField, f.TargetType = nil, nil
	}
}

// candidates profiles the fields of one object and proposes an action for each
// that has data.
func (m *builder) candidates(o object) ([]candidate, error) {
	all := make([]candidate, 0, len(o.rules))
	for _, r := range o.rules {
		all = append(all, m.candidate(o, r.source, r, profile{valueType: "text"}))
	}
	for _, r := range m.tagRules(o.entity) {
		all = append(all, m.candidate(o, r.source, r, profile{valueType: "text"}))
	}
	if o.view != leads.view {
		custom, err := m.customCandidates(o)
		if err != nil {
			return nil, err
		}
		all = append(all, custom...)
	}
	if err := m.measure(o, all); err != nil {
		return nil, err
	}
	for _, c := range all {
		m.hasReasons = m.hasReasons || c.MapKey == "deal.lost_reason" && c.profile.count > 0
	}
	kept := all[:0]
	for i := range all {
		c := all[i]
		if c.profile.count == 0 && !isDeclared(c) && !m.isNeeded(c) {
			continue
		}
		m.propose(&c)
		kept = append(kept, c)
	}
	return withTimes(kept), nil
}

// isDeclared keeps a row for a custom field that the source declares and nobody fills.
func isDeclared(c candidate) bool {
	_, custom := mapped.Slug(c.SourceField)
	return custom
}

// isNeeded keeps what Pipedrive would fill in its own way if we left it out:
// the owner of every record, the stage of every deal. A list is one even when
// nobody is on it.
func (m *builder) isNeeded(c candidate) bool {
	return c.rule.target == "owner_id" || c.rule.target == "stage_id" || c.MapKey == "contact.lists" && m.hasLists
}

func (m *builder) candidate(o object, source string, r rule, p profile) candidate {
	p.currency = m.site.currency
	if c := m.setting["default_currency"]; c != "" {
		p.currency = c
	}
	return candidate{rule: r, profile: p, Field: Field{MapKey: o.name + "." + source, Object: o.name, SourceField: source, Entity: o.entity}}
}

func (m *builder) customCandidates(o object) ([]candidate, error) {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT slug, label, value_type, declared AND value_type = 'text', value_count, distinct_count, max_length
		FROM clean_custom_field WHERE object = ? ORDER BY declared DESC, value_count DESC, slug`, o.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []candidate
	for rows.Next() {
		var slug, label string
		var p profile
		if err := rows.Scan(&slug, &label, &p.valueType, &p.isFree, &p.count, &p.distinct, &p.longest); err != nil {
			return nil, err
		}
		r := rule{source: mapped.CustomField(slug), action: "custom", target: fieldKey(slug), name: shortName(label)}
		if base, ok := mapped.BaseOfCurrency(slug); ok {
			r.action, r.why = "skip", "sent with "+base
		}
		if strings.HasSuffix(slug, " (raw)") {
			r.action, r.why = "details", "values that do not read as the field's type"
		}
		all = append(all, m.candidate(o, r.source, r, p))
	}
	return all, rows.Err()
}

// shortName keeps a field's name within Pipedrive's 255 characters.
func shortName(label string) string {
	runes := []rune(strings.TrimSpace(label))
	return string(runes[:min(len(runes), 200)])
}

// propose turns rule and profile into the row's action, target and evidence.
func (m *builder) propose(c *candidate) {
	c.Action, c.ValueCount, c.Confidence = c.rule.action, c.profile.count, 0.95
	kind, why, confidence := inferType(c.profile)
	if c.rule.kind != "" {
		kind, why, confidence = fit(c.rule.kind, c.profile, firstOf(c.rule.why, "the field is one of NextCRM's own"))
	}
	c.spare.TargetField, c.spare.TargetName, c.spare.TargetType = text(firstOf(c.rule.target, fieldKey(c.rule.source))),
		text(firstOf(c.rule.name, c.rule.source)), text(kind)
	switch {
	case c.profile.count == 0 && !m.isNeeded(*c):
		c.Action, why = "skip", "no record has a value"
	case c.Action == "native" && c.profile.misfits > 0:
		c.Action, why, confidence = "custom", fmt.Sprintf("%d of %d values are not what Pipedrive's own field takes", c.profile.misfits, c.profile.count), 0.8
		c.spare.TargetType = text(widest(c.profile))
	case c.Action != "custom":
		why, confidence = firstOf(c.rule.why, why), 0.95
	}
	m.refine(c, &why)
	c.Evidence, c.Confidence = fmt.Sprintf("%d values; %s", c.profile.count, why), confidence
	if c.Action == "custom" || c.Action == "native" {
		c.TargetField = c.spare.TargetField
	}
	if c.Action == "custom" {
		c.TargetName, c.TargetType = c.spare.TargetName, c.spare.TargetType
	}
	if c.Action == "details" {
		c.TargetName = c.spare.TargetName
	}
}

// refine knows the cases in which the data makes a field pointless.
func (m *builder) refine(c *candidate, why *string) {
	switch c.SourceField {
	case "outcome_hint":
		switch {
		case m.edition == "plugin":
			c.Action, *why = "skip", "the export's own word for status"
		case !m.hasReasons:
			// Open-source NextCRM has no reason but that of its kill rule.
			c.Action, c.spare.TargetField, *why = "native", text("lost_reason"), "the reason in the audit log; sent with status lost"
		}
	}
}

func widest(p profile) string {
	if p.longest > maxVarchar {
		return "text"
	}
	return "varchar"
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// withTimes adds the time of day beside every custom stamp that has one:
// Pipedrive has no field for a date with a time.
func withTimes(all []candidate) []candidate {
	out := make([]candidate, 0, len(all))
	for _, c := range all {
		out = append(out, c)
		if c.Action != "custom" || c.profile.valueType != "stamp" || *c.TargetType != "date" || c.profile.withTime == 0 {
			continue
		}
		t := c
		t.SourceField = mapped.TimeOf(c.SourceField)
		t.MapKey = c.Object + "." + t.SourceField
		t.TargetField, t.TargetName, t.TargetType = text(*c.TargetField+"_time"), text(*c.TargetName+" (time)"), text("time")
		t.spare, t.ValueCount = t.Field, c.profile.withTime
		t.Evidence = fmt.Sprintf("%d values have a time of day, in UTC like their date", c.profile.withTime)
		out = append(out, t)
	}
	return out
}

// settleNames makes keys and names unique within an entity: provisioning finds
// fields by name. seen are those that are taken.
func settleNames(all []candidate, seen map[string]bool) {
	for i := range all {
		c := &all[i]
		key, name := *c.spare.TargetField, *c.spare.TargetName
		for n := 2; seen[key] || seen["name "+strings.ToLower(name)]; n++ {
			key, name = fmt.Sprintf("%s_%d", *c.spare.TargetField, n), fmt.Sprintf("%s (%d)", *c.spare.TargetName, n)
		}
		if c.Action != "custom" && c.Action != "details" {
			continue
		}
		seen[key], seen["name "+strings.ToLower(name)] = true, true
		c.spare.TargetField, c.spare.TargetName = &key, &name
		if c.Action == "custom" {
			c.TargetField = &key
		}
		c.TargetName = &name
	}
}
