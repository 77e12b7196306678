package clean

import (
	"database/sql/driver"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"nextpipe/stages/internal/normal"
)

// documentFunctions read what documents are called.
func documentFunctions() []function {
	return []function{{"np_file_name", -1, fileName}}
}

// longestFileName is what Pipedrive takes of a name (pipedrive-api.md, 4.10), in bytes.
const longestFileName = 255

// fileName is the first of its arguments that names a file, fit for an upload:
// no folder, one line, nothing that a form's header would have to escape. It
// takes the ending of a later one when it has none itself.
func fileName(a arguments) driver.Value {
	name, ending := "", ""
	for i := range a {
		base := baseName(normal.Value(a.text(i)))
		if name == "" {
			name = base
		}
		if ending == "" {
			ending = endingOf(base)
		}
	}
	if name == "" {
		name = "document"
	}
	if endingOf(name) == "" {
		name += ending
	}
	return shortName(name)
}

// baseName is the last part of a path or an address.
func baseName(place string) string {
	if u, err := url.Parse(place); err == nil && u.Scheme != "" && u.Host != "" {
		place = u.Path
	}
	name := path.Base("/" + strings.ReplaceAll(place, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case unicode.IsControl(r), r == '/', r == utf8.RuneError:
			return ' '
		}
		return r
	}, norm.NFC.String(name))
	return strings.Join(strings.Fields(name), " ")
}

// endingOf is ".pdf" of a name, "" when what stands behind its last dot is none.
func endingOf(name string) string {
	ext := path.Ext(name)
	if len(ext) < 2 || len(ext) > 10 || ext == name || strings.ContainsRune(ext, ' ') {
		return ""
	}
	return ext
}

// shortName cuts a name in front of its ending.
func shortName(name string) string {
	if len(name) <= longestFileName {
		return name
	}
	ending := endingOf(name)
	return strings.ToValidUTF8(name[:longestFileName-len(ending)], "") + ending
}
