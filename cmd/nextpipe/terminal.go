package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// calm is a writer to what may be a terminal. Names and texts come from other
// people's systems: an escape sequence among them could retitle the window,
// forge lines or hide them, and a bidirectional override makes a text read as
// another one. Whatever is printed goes through here.
type calm struct{ to io.Writer }

// Write shows harmful characters as �.
func (c calm) Write(p []byte) (int, error) {
	text := strings.Map(func(r rune) rune {
		if harmful(r) {
			return utf8.RuneError
		}
		return r
	}, string(p))
	if _, err := io.WriteString(c.to, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// harmful characters move the cursor, start a sequence or turn text around.
// Lines and columns of our own need two of them.
func harmful(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// inOneLine keeps text of others from looking like lines of ours.
func inOneLine(text string) string {
	return strings.NewReplacer("\r\n", "⏎", "\n", "⏎", "\r", "⏎").Replace(text)
}

// escaped is JSON in which harmful characters are written by number: they can
// only stand inside its strings, and mean the same there.
func escaped(json []byte) string {
	var b strings.Builder
	for _, r := range string(json) {
		if harmful(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
