package clean

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// eachPair calls fn with every key and raw value of a JSON object, without
// building a tree: extra holds one flat object a record, and there may be a
// million of them. It stops at the first syntax error and reports it by false;
// extract writes the objects, so that does not happen to a sound warehouse.
func eachPair(object string, fn func(key, raw string)) bool {
	s := strings.TrimLeft(object, " \n\t\r")
	if s == "" {
		return true
	}
	if s[0] != '{' {
		return false
	}
	s = skipBlank(s[1:])
	for s != "" && s[0] != '}' {
		key, rest := cutValue(s)
		if key == "" || key[0] != '"' || !strings.HasPrefix(rest, ":") {
			return false
		}
		raw, rest := cutValue(skipBlank(rest[1:]))
		if raw == "" {
			return false
		}
		fn(unquote(key), raw)
		s = rest
		if strings.HasPrefix(s, ",") {
			s = skipBlank(s[1:])
		}
	}
	return s != ""
}

func skipBlank(s string) string { return strings.TrimLeft(s, " \n\t\r") }

// cutValue cuts one JSON value off the front and skips blanks behind it.
func cutValue(s string) (value, rest string) {
	end := 0
	switch {
	case s == "":
		return "", ""
	case s[0] == '"':
		end = stringEnd(s)
	case s[0] == '{' || s[0] == '[':
		end = nestedEnd(s)
	default:
		if end = strings.IndexAny(s, ",}] \n\t\r"); end < 0 {
			end = len(s)
		}
	}
	return s[:end], skipBlank(s[end:])
}

// stringEnd is the length of the quoted string at the start of s.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// nestedEnd is the length of the object or array at the start of s.
func nestedEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// unquote is the text of a raw value: of a string without its quotes, of
// anything else as it stands; null is "".
func unquote(raw string) string {
	if raw == "null" {
		return ""
	}
	if len(raw) < 2 || raw[0] != '"' {
		return raw
	}
	if inner := raw[1 : len(raw)-1]; strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unescape(raw)
}

// unescape reads a JSON string with escapes. Those of export files are quotes,
// backslashes and line breaks; anything else is left to encoding/json.
func unescape(raw string) string {
	b := make([]byte, 0, len(raw))
	for i := 1; i < len(raw)-1; i++ {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			continue
		}
		i++
		k := strings.IndexByte(`"\/ntr`, raw[i])
		if k < 0 {
			var s string
			if json.Unmarshal([]byte(raw), &s) != nil {
				return raw
			}
			return s
		}
		b = append(b, "\"\\/\n\t\r"[k])
	}
	return string(b)
}

// jsonOf writes a list of texts as a JSON array.
func jsonOf(list []string) string {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, s)
	}
	return string(append(b, ']'))
}

// jsonOrNull is jsonOf, NULL for an empty list.
func jsonOrNull(list []string) driver.Value {
	if len(list) == 0 {
		return nil
	}
	return jsonOf(list)
}

// quoteJSON writes a text as a JSON string, escaping no more than JSON demands.
func quoteJSON(s string) string { return string(appendQuoted(nil, s)) }

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}
