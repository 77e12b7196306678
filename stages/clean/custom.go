package clean

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/normal"
)

// rawSuffix marks a custom value that could not be read as its field's type:
// the text stands under '<slug> (raw)', so that nothing is lost.
const rawSuffix = " (raw)"

// fieldSet is how the custom values of one object are to be read. SQL hands it
// over as JSON: {"fields":[{"slug","type","options","order","mark","zone"}],"users":{"id":"e-mail"}}.
type fieldSet struct {
	fields    map[string]field
	users     map[string]string
	separator string
	currency  string
	err       error
}

// field is one custom field, with the reading that its profile decided.
type field struct {
	Slug    string
	Type    string
	Options []string
	Order   string
	Mark    string
	Zone    string
	titles  normal.Titles
}

func parseFieldSet(source string) fieldSet {
	var in struct {
		Fields    []field
		Users     map[string]string
		Separator string
		Currency  string
	}
	if err := json.Unmarshal([]byte(source), &in); err != nil {
		return fieldSet{err: fmt.Errorf("read field set: %w", err)}
	}
	set := fieldSet{fields: map[string]field{}, users: in.Users, separator: in.Separator, currency: in.Currency}
	for _, f := range in.Fields {
		f.titles = normal.NewTitles(f.Options)
		set.fields[f.Slug] = f
	}
	return set
}

// clean reads the custom values of one record and writes them as a JSON object
// of cleaned ones. Null values are left out.
func (set fieldSet) clean(object string) driver.Value {
	b := append(make([]byte, 0, len(object)+64), '{')
	eachPair(object, func(key, raw string) {
		b = set.append(b, key, raw)
	})
	if len(b) == 1 {
		return "{}"
	}
	b[len(b)-1] = '}'
	return string(b)
}

// append writes one value, or the raw text when it cannot be read.
func (set fieldSet) append(b []byte, key, raw string) []byte {
	f := set.fields[key]
	text := unquote(raw)
	if text == "" || f.Type != "text" && f.Type != "long_text" && normal.IsNull(text) {
		return b
	}
	value := set.value(f, raw, text)
	if value == nil {
		key, value = key+rawSuffix, appendQuoted(nil, text)
	}
	if len(value) == 0 {
		return b
	}
	b = append(appendQuoted(b, key), ':')
	b = append(append(b, value...), ',')
	if f.Type == "money" {
		return set.appendCurrency(b, key, text)
	}
	return b
}

// value is the JSON of a cleaned value; nil when the text is not of the type,
// empty when there is no value.
func (set fieldSet) value(f field, raw, text string) []byte {
	switch f.Type {
	case "option", "options":
		return set.choices(f, text)
	case "json":
		return appendQuoted(nil, text)
	case "user":
		if email := set.users[sourceID(text)]; email != "" {
			text = email
		}
		return quoted(normal.Value(text))
	case "boolean":
		return booleanJSON(text)
	case "number", "money", "date", "stamp":
		return f.scalar(text)
	}
	if raw[0] == '[' || raw[0] == '{' {
		return appendQuoted(nil, listText(raw))
	}
	value := normal.Value(text)
	if value == text && raw[0] == '"' && !strings.Contains(raw, `\u`) {
		return []byte(raw) // already as it shall be, quotes included
	}
	return quoted(value)
}

// scalar reads numbers exactly and days and stamps as ISO.
func (f field) scalar(text string) []byte {
	var s string
	switch f.Type {
	case "number":
		s, _ = normal.Number(text, f.mark())
	case "money":
		s = normal.Money(text, f.mark()).Value
	case "date":
		s, _ = normal.Date(text, zone(f.Zone), f.Order)
	case "stamp":
		s, _ = normal.Stamp(text, zone(f.Zone), f.Order)
	}
	if s == "" {
		return f.nothing(text)
	}
	return appendQuoted(nil, s)
}

// nothing tells an empty value from an unreadable one: a zero date is none.
func (f field) nothing(text string) []byte {
	if strings.HasPrefix(text, "0000-00-00") {
		return []byte{}
	}
	return nil
}

func (f field) mark() byte {
	if f.Mark == "" {
		return 0
	}
	return f.Mark[0]
}

// choices reads options by the longest declared label; an undeclared one is kept.
func (set fieldSet) choices(f field, text string) []byte {
	list := choices(f.Type, text, f.titles, set.separator)
	if len(list) == 0 {
		return []byte{}
	}
	if f.Type == "option" {
		return appendQuoted(nil, list[0])
	}
	return []byte(jsonOf(list))
}

// choices takes the cell of an option field apart: one choice is never cut.
func choices(valueType, text string, known normal.Titles, separator string) []string {
	switch {
	case valueType == "option":
		separator = "\x00"
	case strings.Contains(text, "||"):
		separator = "||"
	}
	return normal.List(text, known, separator)
}

// undeclared lists what of a cleaned option value is not among the options:
// the value (a label, or a JSON array of them), then the options.
func undeclared(a arguments) driver.Value {
	known := map[string]bool{}
	for _, option := range stringsOf(a.text(1)) {
		known[normal.Fold(option)] = true
	}
	values := []string{a.text(0)}
	if list := stringsOf(a.text(0)); list != nil {
		values = list
	}
	var odd []string
	for _, v := range values {
		if v != "" && !known[normal.Fold(v)] {
			odd = append(odd, v)
		}
	}
	return orNull(strings.Join(odd, ", "))
}

// appendCurrency keeps a currency that the amount names and that is not the
// site's own.
func (set fieldSet) appendCurrency(b []byte, key, text string) []byte {
	code := normal.Money(text, '.').Currency
	if code == "" || code == set.currency {
		return b
	}
	b = append(appendQuoted(b, key+" (currency)"), ':')
	return append(appendQuoted(b, code), ',')
}

// booleanJSON keeps yes and no as JSON's own words, which SQL sees as 1 and 0.
func booleanJSON(text string) []byte {
	value, ok := normal.Bool(text)
	switch {
	case !ok:
		return nil
	case value:
		return []byte("true")
	}
	return []byte("false")
}

// listText shows an array of texts as one line, anything else as it stands.
func listText(raw string) string {
	var list []string
	if json.Unmarshal([]byte(raw), &list) != nil {
		return raw
	}
	kept := list[:0]
	for _, s := range list {
		if s = normal.Value(s); s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " | ")
}

// quoted is a JSON string, or empty for no text: then the key is left out.
func quoted(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return appendQuoted(nil, s)
}
