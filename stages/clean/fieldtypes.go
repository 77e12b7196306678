package clean

import "strings"

// valueTypes maps the types that plugins of this family declare.
var valueTypes = map[string]string{
	"text": "text", "textarea": "long_text", "html": "long_text", "url": "url", "custom_email": "email", "email": "email",
	"number": "number", "numberint": "number", "numberfloat": "number", "rating": "number", "price": "money", "money": "money",
	"currency": "money", "select-one": "option", "select": "option", "dropdown": "option", "radio": "option",
	"select-multi": "options", "multiselect": "options", "checkboxes": "options", "checkbox": "options",
	"date": "date", "date_time": "stamp", "datetime": "stamp", "time": "time", "tel": "phone", "phone": "phone",
	"autonumber": "text", "encrypted": "text", "boolean": "boolean", "user": "user",
}

// columnTypes maps PostgreSQL types by how their names begin.
var columnTypes = []struct{ prefix, valueType string }{
	{"numeric", "number"}, {"decimal", "number"}, {"int", "number"}, {"smallint", "number"}, {"bigint", "number"},
	{"real", "number"}, {"double", "number"}, {"float", "number"}, {"money", "money"}, {"bool", "boolean"},
	{"timestamp", "stamp"}, {"date", "date"}, {"time", "time"}, {"json", "json"}, {"enum", "option"},
}

// valueType is how values of a declared type are read; an unknown type is text.
// A check box without options is one box: yes or no.
func valueType(declared string, options int) string {
	declared = strings.ToLower(strings.TrimSpace(declared))
	if name, found := strings.CutPrefix(declared, "pg:"); found {
		return columnType(name)
	}
	t := valueTypes[declared]
	switch {
	case t == "":
		return "text"
	case declared == "checkbox" && options == 0:
		return "boolean"
	}
	return t
}

// columnType reads the forms "numeric(12,2)", "text[]", "enum[]" and
// "uuid->Users". Another table's id stays a text.
func columnType(name string) string {
	base, references, _ := strings.Cut(name, "->")
	switch {
	case references == "users":
		return "user"
	case references != "":
		return "text"
	case strings.HasSuffix(base, "[]"):
		return "options"
	}
	for _, t := range columnTypes {
		if strings.HasPrefix(base, t.prefix) {
			return t.valueType
		}
	}
	return "text"
}
