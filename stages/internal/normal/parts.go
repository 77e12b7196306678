package normal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"
)

// Parts cuts balanced markup, as [BodyHTML] makes it, into pieces of at most
// limit bytes that are balanced themselves: between paragraphs if one ends in
// the second half of a piece, else between words, never inside a character, a
// reference or a tag. Tags that are open at a cut are closed and opened again;
// the text of the pieces in a row is the text of the whole.
func Parts(s string, limit int) []string {
	if len(s) <= limit {
		return []string{s}
	}
	c := cutter{limit: limit}
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return c.finish()
		case nethtml.TextToken:
			c.text(string(z.Raw()))
		case nethtml.StartTagToken:
			raw := string(z.Raw())
			name, _ := z.TagName()
			c.open(string(name), raw)
		case nethtml.SelfClosingTagToken:
			c.empty(string(z.Raw()))
		case nethtml.EndTagToken:
			c.end(string(z.Raw()))
		}
	}
}

// tag is an open element with the text that opens it.
type tag struct{ name, raw string }

// cutter fills one piece after the other.
type cutter struct {
	limit  int
	done   []string
	now    strings.Builder
	stack  []tag
	mark   int   // end of the last paragraph in now; 0: none
	marked []tag // what was open there
}

func openers(stack []tag) (s string) {
	for _, t := range stack {
		s += t.raw
	}
	return s
}

func closers(stack []tag) (s string) {
	for _, t := range slices.Backward(stack) {
		s += "</" + t.name + ">"
	}
	return s
}

// room is how many bytes the piece can still take.
func (c *cutter) room() int { return c.limit - c.now.Len() - len(closers(c.stack)) }

// cut ends the piece, at the last paragraph if that leaves it half full.
func (c *cutter) cut() {
	s, at, open := c.now.String(), c.now.Len(), c.stack
	if c.mark > c.limit/2 {
		at, open = c.mark, c.marked
	}
	c.done = append(c.done, s[:at]+closers(open))
	c.now.Reset()
	c.now.WriteString(openers(open) + s[at:])
	c.mark = 0
}

// markHere notes a place between paragraphs.
func (c *cutter) markHere() { c.mark, c.marked = c.now.Len(), slices.Clone(c.stack) }

var voidTags = []string{"br", "hr", "img"}

func (c *cutter) open(name, raw string) {
	if slices.Contains(voidTags, name) {
		c.empty(raw)
		return
	}
	if len(raw) > c.limit/8 {
		raw = "<" + name + ">" // an address longer than a page leads nowhere
	}
	if c.room() < len(raw)+len(name)+len("</>") {
		c.cut()
	}
	c.now.WriteString(raw)
	c.stack = append(c.stack, tag{name, raw})
}

func (c *cutter) empty(raw string) {
	if len(raw) > c.limit/8 {
		return
	}
	if c.room() < len(raw) {
		c.cut()
	}
	c.now.WriteString(raw)
	if hasBlocks(raw) {
		c.markHere()
	}
}

func (c *cutter) end(raw string) {
	if len(c.stack) == 0 {
		return
	}
	c.stack = c.stack[:len(c.stack)-1] // the markup is balanced
	c.now.WriteString(raw)
	if hasBlocks("<" + strings.TrimPrefix(raw, "</")) {
		c.markHere()
	}
}

// text writes words as long as they fit. A cut at a paragraph may make room
// for the rest; where it does not, the next one is between words, and only a
// word that is longer than a piece is cut itself.
func (c *cutter) text(raw string) {
	for len(raw) > c.room() {
		n, whole := wordsWithin(raw, c.room())
		isFresh := c.now.Len() == len(openers(c.stack))
		if c.mark > c.limit/2 || !whole && !isFresh {
			c.cut()
			continue
		}
		if n == 0 {
			n = characterLen(raw) // tags leave no room at all: the limit has to give way
		}
		c.now.WriteString(raw[:n])
		raw = raw[n:]
		c.cut()
	}
	c.now.WriteString(raw)
}

// wordsWithin is the length of the longest start of escaped text within room,
// up to and with a blank; of a single endless word as many characters as fit.
func wordsWithin(s string, room int) (n int, whole bool) {
	words := 0
	for n < len(s) {
		next := n + characterLen(s[n:])
		if next > room {
			break
		}
		if r, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsSpace(r) {
			words = next
		}
		n = next
	}
	if words > 0 {
		return words, true
	}
	return n, false
}

// characterLen is the length of the character or reference at the start.
func characterLen(s string) int {
	if s[0] == '&' {
		return referenceLen(s)
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func (c *cutter) finish() []string {
	if rest := c.now.String(); rest != openers(c.stack) {
		c.done = append(c.done, rest+closers(c.stack))
	}
	return c.done
}
