package normal

import (
	"html"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
)

// notePolicy keeps ordinary formatting, links, lists, tables and images, and
// drops scripts, styles, forms, frames, event handlers and comments (such as
// those of WordPress's block editor).
var notePolicy = sync.OnceValue(bluemonday.UGCPolicy)

// SanitizeHTML returns markup that is safe to send and to show. Plain text comes
// back escaped; see [TextHTML] to keep its line breaks.
func SanitizeHTML(s string) string {
	return notePolicy().Sanitize(cleanMarkup(s))
}

// IsHTML reports whether a text holds at least one tag or comment.
func IsHTML(s string) bool {
	if !strings.Contains(s, "<") {
		return false
	}
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return false
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken, nethtml.CommentToken:
			return true
		}
	}
}

// TextHTML turns a note body into safe HTML, whichever it is: markup is
// sanitised, plain text is escaped with its line breaks as <br>.
func TextHTML(s string) string {
	if IsHTML(s) {
		return SanitizeHTML(s)
	}
	return strings.ReplaceAll(html.EscapeString(Text(s)), "\n", "<br>")
}

// HTMLText returns the readable text of markup: entities decoded once, blocks
// and <br> as line breaks, list items behind "- ", scripts and styles dropped.
// Text without markup comes back as [Text] of its decoded form.
func HTMLText(s string) string {
	if !IsHTML(s) {
		return Text(Entities(s))
	}
	z := nethtml.NewTokenizer(strings.NewReader(cleanMarkup(s)))
	var w plainWriter
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return Text(w.b.String())
		case nethtml.TextToken:
			w.text(string(z.Text()))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			w.start(string(name))
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
}

// cleanMarkup is Text without trimming or decoding.
func cleanMarkup(s string) string {
	return strings.Map(displayRune, strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"))
}

// plainWriter lays text out the way a browser would show it.
type plainWriter struct {
	b      strings.Builder
	hidden int // depth inside script, style ...
	gap    bool
	breaks int // line breaks at the end of b
}

var blockTags = map[string]bool{
	"p": true, "div": true, "li": true, "ul": true, "ol": true, "tr": true, "table": true, "blockquote": true, "pre": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "section": true, "article": true, "hr": true,
}

func isHidden(tag string) bool {
	return tag == "script" || tag == "style" || tag == "head" || tag == "template" || tag == "noscript"
}

func (w *plainWriter) text(s string) {
	if w.hidden > 0 || s == "" {
		return
	}
	const blanks = " \n\t"
	w.gap = w.gap || strings.ContainsRune(blanks, rune(s[0]))
	for _, f := range strings.Fields(s) {
		if w.gap && w.breaks == 0 && w.b.Len() > 0 {
			w.b.WriteByte(' ')
		}
		w.b.WriteString(f)
		w.gap, w.breaks = true, 0
	}
	w.gap = strings.ContainsRune(blanks, rune(s[len(s)-1]))
}

func (w *plainWriter) line() {
	if w.hidden == 0 && w.b.Len() > 0 {
		w.b.WriteByte('\n')
		w.breaks++
	}
	w.gap = false
}

func (w *plainWriter) start(tag string) {
	switch {
	case isHidden(tag):
		w.hidden++
	case tag == "br":
		w.line()
	case tag == "td" || tag == "th":
		w.gap = true
	case blockTags[tag] && w.breaks == 0:
		w.line()
	}
	if tag == "li" && w.hidden == 0 {
		w.b.WriteString("- ")
		w.breaks = 1 // the text follows without a further blank
	}
}

func (w *plainWriter) end(tag string) {
	switch {
	case isHidden(tag):
		w.hidden = max(0, w.hidden-1)
	case blockTags[tag] && w.breaks == 0:
		w.line()
	}
}
