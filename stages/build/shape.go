package build

import (
	"fmt"
	"regexp"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// Every expression here yields JSON text, or NULL when the record has no
// value: a NULL drops its key from the payload. json_quote gives 'null' for
// NULL and never for a text, so nullif tells them apart. Payloads are joined
// from such texts rather than made by json_object: that is a third faster than
// json_patch over json_object to drop the NULLs, and a number keeps its digits.

// quoted is a text as a JSON string.
func quoted(text string) string {
	if column.MatchString(text) {
		return "CASE WHEN " + text + " IS NOT NULL THEN json_quote(" + text + ") END"
	}
	return "nullif(json_quote(" + text + "), 'null')"
}

// column is a name alone: asking it whether it is NULL costs next to nothing.
var column = regexp.MustCompile(`^[a-z]\w*\.\w+$`)

// reference is a symbolic reference: prefix is option:person.plan_tier: and so
// on, symbol an expression for the rest.
func reference(prefix, symbol string) string {
	text := mapped.Literal(prefix) + " || " + symbol
	if column.MatchString(symbol) {
		return "CASE WHEN " + symbol + ` IS NOT NULL THEN '{"@ref":' || json_quote(` + text + ") || '}' END"
	}
	return `'{"@ref":' || ` + quoted(text) + " || '}'"
}

// references is an array of references, one for each member of a JSON array of
// texts. symbol reads the member j.value; members whose symbol is NULL are left out.
func references(prefix, array, symbol string) string {
	return "'[' || (SELECT group_concat(DISTINCT " + reference(prefix, symbol) + ") FROM json_each(" + array + ") AS j) || ']'"
}

// stamp is a time as Pipedrive takes it: UTC, whole seconds.
func stamp(text string) string { return quoted("substr(" + text + ", 1, 19) || 'Z'") }

// pair makes an object of two texts: a range of dates or times.
func pair(text string, size int, rest string) string {
	return fmt.Sprintf(`'{"value":' || %s || ',"until":' || %s || '%s}'`, quoted(fmt.Sprintf("substr(%s, 1, %d)", text, size)),
		quoted(fmt.Sprintf("substr(%s, -%d)", text, size)), rest)
}

// custom is the value of a custom field in the shape of its Pipedrive type
// (pipedrive-api.md 4.3).
func (m *theMap) custom(f mapField, v mapped.Value) (string, error) {
	if mapped.IsTagField(f.source) {
		return "tag.options_" + m.tagColumn(f), nil
	}
	switch f.kind {
	case "varchar", "varchar_auto", "phone":
		return quoted(v.Text), nil
	case "text":
		return m.fitting(f, v), nil
	case "double":
		return v.Text, nil
	case "monetary":
		return m.monetary(f, v), nil
	case "date":
		return quoted("substr(" + v.Text + ", 1, 10)"), nil
	case "daterange":
		return pair(v.Text, 10, ""), nil
	case "time":
		return m.time(f, v), nil
	case "timerange":
		return pair(v.Text, 8, `,"timezone_name":`+inLiteral(mapped.JSONString(m.timezone))), nil
	case "enum":
		return reference(optionPrefix(f), m.option(f, v.Text)), nil
	case "set":
		return m.set(f, v), nil
	case "address":
		return address(f, v), nil
	}
	return record(f, v)
}

// set is an array of options, looked up by combination where that is possible.
func (m *theMap) set(f mapField, v mapped.Value) string {
	for i, s := range m.sets(entity{name: f.entity}) {
		if s.key == f.key {
			return fmt.Sprintf("set_%d.refs", i+1)
		}
	}
	return references(optionPrefix(f), arrayOf(v), m.option(f, "j.value"))
}

// record is a field that points at another record or user. What resolves to
// nothing stays in the payload as it is, so that it blocks instead of vanishing.
func record(f mapField, v mapped.Value) (string, error) {
	lookup := func(entity, object string) string {
		key := "iif(" + v.Text + " LIKE '" + object + ":%', " + v.Text + ", '" + object + ":' || " + v.Text + ")"
		return reference(entity+":", "coalesce((SELECT min(x.final_key) FROM xw_"+object+" AS x WHERE x."+object+"_key = "+key+"), "+key+")")
	}
	switch f.kind {
	case "user":
		return reference("user:", "coalesce((SELECT w.target_email FROM map_user AS w WHERE w.map_key = lower("+v.Text+")), lower("+v.Text+"))"), nil
	case "org":
		return lookup("organization", "account"), nil
	case "people":
		return lookup("person", "contact"), nil
	}
	return "", fmt.Errorf("map_field %q: there is no Pipedrive type %q", f.key, f.kind)
}

// monetary needs amount and currency together.
func (m *theMap) monetary(f mapField, v mapped.Value) string {
	currency := "NULL"
	if m.setting["default_currency"] != "" {
		currency = mapped.Literal(m.setting["default_currency"])
	}
	if v.Currency != "" {
		currency = "coalesce(" + v.Currency + ", " + currency + ")"
	}
	if f.source == "expected_revenue" {
		currency = "coalesce(c.currency, " + currency + ")"
	}
	return `'{"value":' || ` + v.Text + ` || ',"currency":' || ` + quoted(currency) + " || '}'"
}

// time is a time of day in its zone; times split off a stamp are UTC as the stamp is.
func (m *theMap) time(f mapField, v mapped.Value) string {
	zone := m.timezone
	if mapped.Base(f.source) != f.source {
		zone = "Etc/UTC"
	}
	return `'{"value":' || ` + quoted("substr("+v.Text+" || ':00', 1, 8)") + ` || ',"timezone_name":` + inLiteral(mapped.JSONString(zone)) + "}'"
}

// optionPrefix is what stands before an option's label in its reference.
func optionPrefix(f mapField) string { return "option:" + f.entity + "." + f.target + ":" }

// option is the label of a source value.
func (m *theMap) option(f mapField, value string) string {
	renamed := m.renamed[f.object+"."+f.source]
	if len(renamed) == 0 {
		return value
	}
	var b strings.Builder
	for _, o := range renamed {
		label := "NULL"
		if o.label != nil {
			label = mapped.Literal(*o.label)
		}
		b.WriteString(" WHEN " + mapped.Literal(o.value) + " THEN " + label)
	}
	return "CASE " + value + b.String() + " ELSE " + value + " END"
}

// arrayOf is a value as a JSON array, also when it is a single text.
func arrayOf(v mapped.Value) string {
	if v.Array != "" {
		return v.Array
	}
	return "'[' || " + quoted(v.Text) + " || ']'"
}

// address sends the parts that the record has besides the whole line: parts
// that are not sent are null in Pipedrive.
func address(f mapField, v mapped.Value) string {
	parts := ""
	if f.source == "address" {
		for _, p := range [][2]string{{"route", "street"}, {"locality", "city"}, {"admin_area_level_1", "state"},
			{"postal_code", "postal_code"}, {"country", "country"}} {
			parts += " || ifnull(',\"" + p[0] + "\":' || " + quoted("c."+p[1]) + ", '')"
		}
	}
	return `'{"value":' || ` + quoted(v.Text) + parts + " || '}'"
}

// inLiteral makes a text safe inside an SQL literal that is being put together.
func inLiteral(s string) string { return strings.ReplaceAll(s, "'", "''") }
