// Package mapped says how the source fields that the map speaks of read in
// SQL. The mapping stage profiles them with these expressions and the build
// stage sends them with the same ones, so that what was proposed on evidence is
// what is sent. Every expression runs in the sqlite3 shell as it stands and
// calls the record c.
package mapped

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Value is how one source field reads in SQL. Every expression is NULL where a
// record has no value.
type Value struct {
	// Text is the value as people read it: arrays joined, booleans Yes or No,
	// numbers digit by digit as they stand in the source, never through a float.
	Text string
	// Array is a JSON array of texts, or one text alone, for fields with several values; "" otherwise.
	Array string
	// Currency is the ISO code that came with a money value; "" when there is none.
	Currency string
}

// currencySuffix names the member that holds a money value's own currency when
// it is not the site's.
const currencySuffix = " (currency)"

// customPrefix marks source fields that live in the column "custom".
const customPrefix = "custom:"

// Slug gives the custom field's key when a source field is one.
func Slug(sourceField string) (slug string, isCustom bool) {
	return strings.CutPrefix(sourceField, customPrefix)
}

// CustomField is the source field of a custom field's key.
func CustomField(slug string) string { return customPrefix + slug }

// separators joins the columns that hold JSON arrays of texts for reading.
var separators = map[string]string{
	"tags": ", ", "lists": ", ", "participants": ", ", "invalid_emails": ", ",
	"notes": "\n\n",
}

// timePrefix marks the time of day of a field that holds a date with a time.
const timePrefix = "time:"

// TimeOf is the source field for the time of day that belongs to another one.
func TimeOf(sourceField string) string { return timePrefix + sourceField }

// Of gives the value of a source field as the map writes it: a column, a
// custom field of the given value type, or the time of day of either.
func Of(sourceField, valueType string) Value {
	if base, ok := strings.CutPrefix(sourceField, timePrefix); ok {
		stamp := Of(base, valueType).Text
		return Value{Text: "nullif(substr(" + stamp + ", 12, 8), '')"}
	}
	if slug, ok := Slug(sourceField); ok {
		return Custom(slug, valueType)
	}
	return Column(sourceField)
}

// Base is the field itself when sourceField is the time of day of one.
func Base(sourceField string) string { return strings.TrimPrefix(sourceField, timePrefix) }

// Column is a plain column of a clean table, or "address" for its parts together.
func Column(name string) Value {
	column := "c." + name
	if sep, ok := separators[name]; ok {
		array := "nullif(" + column + ", '[]')"
		return Value{Array: array, Text: joined(array, sep)}
	}
	if name == "address" {
		return Value{Text: address}
	}
	if name == "segments" {
		return Value{Array: segments, Text: joined(segments, ", ")}
	}
	if name == "emails" || name == "phones" {
		return Value{Text: "nullif(" + column + ", '[]')"}
	}
	if name == "is_active" {
		return Value{Text: "CASE " + column + " WHEN 1 THEN 'Yes' WHEN 0 THEN 'No' END"}
	}
	return Value{Text: column}
}

// tagOptions is the source field of the tags that the map makes options; more
// fields of tags have their key behind it.
const tagOptions = "tag_options"

// TagField is the source field for the tags that go to the field of a key.
func TagField(key string) string {
	if key == "nextcrm_tags" {
		return tagOptions
	}
	return tagOptions + ":" + key
}

// IsTagField says that a source field holds tags as options.
func IsTagField(sourceField string) bool {
	return sourceField == tagOptions || strings.HasPrefix(sourceField, tagOptions+":")
}

// segments are the names of the frozen segments to which a contact belongs.
const segments = "nullif((SELECT json_group_array(j.name) FROM (SELECT m.name FROM map_segment_member AS m" +
	" WHERE m.contact_key = c.contact_key ORDER BY m.segment_key) AS j), '[]')"

// address is a record's address as one line, made of its parts.
const address = "nullif(ltrim(ifnull(', ' || c.street, '') || ifnull(', ' || nullif(ltrim(ifnull(' ' || c.postal_code, '')" +
	" || ifnull(' ' || c.city, ''), ' '), ''), '') || ifnull(', ' || c.state, '') || ifnull(', ' || c.country, ''), ', '), '')"

// joined lists the members of a JSON array as one text; NULL for none.
func joined(array, sep string) string {
	return "(SELECT group_concat(j.value, " + Literal(sep) + ") FROM json_each(" + array + ") AS j)"
}

// Custom is a member of the column "custom", cleaned to one of the value types
// of clean_custom_field.
func Custom(slug, valueType string) Value {
	raw, text := member(slug)
	switch valueType {
	case "number":
		return Value{Text: "trim(" + raw + ", '\"')"}
	case "money":
		_, currency := member(slug + currencySuffix)
		return Value{Text: "trim(" + raw + ", '\"')", Currency: currency}
	case "boolean":
		return Value{Text: "CASE WHEN " + raw + ` IN ('true', '1', '"true"', '"1"', '"Yes"', '"yes"') THEN 'Yes' WHEN ` +
			raw + ` IN ('false', '0', '"false"', '"0"', '"No"', '"no"') THEN 'No' ELSE ` + text + " END"}
	case "options":
		// A lone text is as good as an array of one: json_each reads both.
		array := "nullif(" + raw + ", '[]')"
		return Value{Array: array, Text: joined(array, ", ")}
	}
	return Value{Text: text}
}

// member gives the JSON text and the plain text of one member of c.custom.
// SQLite 3.40 compares keys of a path byte by byte with the key as written, so
// a key that JSON may write in another way is looked up through json_each.
func member(slug string) (raw, text string) {
	if isPlain(slug) {
		path := Literal(`$."` + slug + `"`)
		return "nullif(c.custom -> " + path + ", 'null')", "(c.custom ->> " + path + ")"
	}
	from := " FROM json_each(c.custom) AS j WHERE j.key = " + Literal(slug) + " AND j.type <> 'null')"
	return "(SELECT CASE j.type WHEN 'text' THEN json_quote(j.value) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' " +
		"ELSE j.value END" + from, "(SELECT j.value" + from
}

// isPlain says that every writer of JSON writes the key the same way.
func isPlain(slug string) bool {
	for _, r := range slug {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\<>&'`, r) {
			return false
		}
	}
	return slug != ""
}

// Literal makes an SQL text literal of any text.
func Literal(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	// The tokenizer stops at a NUL byte wherever it stands.
	return strings.ReplaceAll(quoted, "\x00", "' || char(0) || '")
}

// JSONString makes a JSON string of any text, escaping no more than JSON asks for.
func JSONString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// Encoding a string cannot fail; bytes that are not UTF-8 become U+FFFD.
	_ = enc.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

// BaseOfCurrency gives the money field whose currency a custom field holds.
func BaseOfCurrency(slug string) (base string, ok bool) {
	return strings.CutSuffix(slug, currencySuffix)
}
