package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// known is what the accounts have by way of fields.
type known struct {
	fields []destField
	custom int // the most custom fields that one account has
}

type destField struct{ entity, name, kind string }

// foreignFields are the custom fields of the accounts that we did not make:
// ours must not change the next proposal, or no second run would be like the first.
const foreignFields = ` FROM dest_field AS d WHERE d.is_custom = 1 AND NOT EXISTS (SELECT 1 FROM provisioned AS p
	WHERE p.target_id = d.target_id AND p.kind = 'field' AND p.pipedrive_id = d.field_code AND p.removed_at IS NULL)`

func (m *builder) destFields() (known, error) {
	var k known
	if err := m.scan("SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n"+foreignFields+" GROUP BY d.target_id)", &k.custom); err != nil {
		return k, err
	}
	rows, err := m.tx.QueryContext(m.ctx, "SELECT DISTINCT d.entity, d.name, d.field_type"+foreignFields+" ORDER BY 1, 2, 3")
	if err != nil {
		return k, err
	}
	defer rows.Close()
	for rows.Next() {
		var f destField
		if err := rows.Scan(&f.entity, &f.name, &f.kind); err != nil {
			return k, err
		}
		k.fields = append(k.fields, f)
	}
	return k, rows.Err()
}

// nearName is how alike two names must be before an existing field is proposed.
const nearName = 0.94

// reuse proposes a field that the account has under the same or nearly the
// same name, if it is of the type that the values need.
func (c *candidate) reuse(dest known) {
	if c.Action != "custom" || c.SourceField == "marker" {
		return
	}
	best, score := destField{}, 0.0
	for _, f := range dest.fields {
		if f.entity != c.Entity || f.kind != *c.TargetType || digits(f.name) != digits(*c.TargetName) {
			continue
		}
		if s := similarity(f.name, *c.TargetName); s > score {
			best, score = f, s
		}
	}
	if score < nearName {
		return
	}
	c.Evidence += fmt.Sprintf("; the account has a field %q of this type", best.name)
	c.TargetName, c.Confidence, c.isReused = &best.name, min(c.Confidence, score), true
}

// madeFields are the types of the fields that stand for ours in the accounts, by
// entity and key: Pipedrive never changes the type of a field.
func (m *builder) madeFields() (map[string]string, error) {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT b.symbol, min(d.field_type) FROM bind AS b
		JOIN dest_field AS d ON d.target_id = b.target_id AND d.field_code = b.pipedrive_id AND b.symbol LIKE d.entity || '.%'
		WHERE b.kind = 'field' GROUP BY b.symbol`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	made := map[string]string{}
	for rows.Next() {
		var symbol, kind string
		if err := rows.Scan(&symbol, &kind); err != nil {
			return nil, err
		}
		made[symbol] = kind
	}
	return made, rows.Err()
}

// textTypes are the types that hold the same texts; which of them is proposed hangs
// on how often these repeat, and that changes with every few records.
var textTypes = []string{"enum", "varchar", "text"}

// stay keeps the type of a field that an account has from us, as long as the
// values fit it.
func (c *candidate) stay(made map[string]string) {
	if c.Action != "custom" {
		return
	}
	was := made[c.Entity+"."+*c.TargetField]
	if was == *c.TargetType || !slices.Contains(textTypes, was) || !slices.Contains(textTypes, *c.TargetType) {
		return
	}
	if was != "text" && c.profile.longest > maxVarchar {
		return
	}
	c.TargetType = &was
	c.Evidence += "; the account has this field as " + was
}

// digits tells "Phone 1" from "Phone 2", which are all but the same to any measure of likeness.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// spend gives custom fields to the fields with most values, within what the
// account's plan allows; the others become lines of the field "NextCRM details".
func spend(all []candidate, free int, isSet bool) {
	var custom []*candidate
	details := map[string]bool{}
	for i := range all {
		c := &all[i]
		switch {
		case c.isReused:
		case c.Action == "custom" && c.SourceField != "marker":
			custom = append(custom, c)
		case c.Action == "custom":
			free--
		case c.Action == "details":
			details[c.Entity] = true
		}
	}
	slices.SortStableFunc(custom, func(a, b *candidate) int { return cmp.Compare(b.ValueCount, a.ValueCount) })
	free -= len(details)
	if len(custom) > free {
		// The fields "NextCRM details" that the overflow itself needs.
		free -= 3 - len(details)
	}
	for i, c := range custom {
		if i < free {
			continue
		}
		c.Action, c.TargetField, c.TargetType = "details", nil, nil
		c.Evidence += "; " + overBudget(isSet)
	}
}

func overBudget(isSet bool) string {
	if isSet {
		return "over the setting custom_field_budget"
	}
	return "over the custom fields of the account's plan, see map_setting plan"
}
