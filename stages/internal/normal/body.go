package normal

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// bodyTags are the elements a text keeps. Attributes with free text are not
// among them: every sanitiser has an opinion of its own on those, and what is
// read back has to be what was sent.
var bodyTags = strings.Fields(`p br b strong i em u s strike del ins sub sup ul ol li blockquote pre code
	h1 h2 h3 h4 h5 h6 hr table thead tbody tfoot tr td th div span a img small dl dt dd`)

// droppedTags are elements that are known, but of which at most the content is kept.
var droppedTags = strings.Fields(`html head body title meta link base style script noscript template font center big tt cite q
	abbr acronym address article aside section header footer main nav figure figcaption caption col colgroup form input button
	select option textarea label fieldset legend iframe object embed param audio video source canvas svg path map area mark time
	var kbd samp dfn bdo bdi wbr nobr details summary picture`)

var bodyPolicy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(bodyTags...)
	p.AllowStandardURLs()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	return p
})

// BodyHTML turns a body into markup that is safe, balanced and comes back from a
// sanitiser as it was sent; "" when it shows nothing. Plain text is escaped
// with its line breaks as <br>. In markup, what only looks like a tag (the
// address in "Jan <jan@example.com>") stays as text.
func BodyHTML(cell string) string {
	s := Guard(cell)
	if IsNull(s) {
		return ""
	}
	marked, isMarkup := keepAngles(cleanMarkup(s))
	if !isMarkup {
		return breaks(html.EscapeString(Text(Entities(s))))
	}
	s = strings.TrimSpace(bodyPolicy().Sanitize(marked))
	if !hasBlocks(s) {
		s = breaks(s)
	}
	s = strings.TrimSpace(balanced(s))
	if HTMLText(s) == "" && !strings.Contains(s, "<img") {
		return ""
	}
	return s
}

func breaks(s string) string { return strings.ReplaceAll(s, "\n", "<br>") }

var blocks = regexp.MustCompile(`<(p|br|div|li|tr|h[1-6]|pre|blockquote|dt|dd|hr)\b`)

// hasBlocks reports markup that breaks its lines itself.
func hasBlocks(s string) bool { return blocks.MatchString(s) }

var angles = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// keepAngles escapes every tag that HTML does not know, and reports whether
// any known one is left.
func keepAngles(s string) (kept string, isMarkup bool) {
	z := nethtml.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case nethtml.ErrorToken:
			b.WriteString(html.EscapeString(raw)) // a tag that never ends
			return b.String(), isMarkup
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			if isTag(string(name)) {
				isMarkup = true
				b.WriteString(raw)
			} else {
				b.WriteString(html.EscapeString(raw))
			}
		case nethtml.TextToken:
			b.WriteString(angles.Replace(raw))
		default:
			isMarkup = isMarkup || kind == nethtml.CommentToken && strings.HasPrefix(raw, "<!--")
			b.WriteString(raw)
		}
	}
}

// isTag knows HTML's elements and the names with a prefix that office programs
// put into mails; "http:" and "mailto:jan@example.com" are none.
func isTag(name string) bool {
	prefix, rest, _ := strings.Cut(name, ":")
	return slices.Contains(bodyTags, name) || slices.Contains(droppedTags, name) || prefix != "" && rest != "" && !strings.ContainsAny(name, "@./")
}

// balanced closes what is open. Markup nested beyond what a parser takes gives
// its text.
func balanced(s string) string {
	nodes, err := nethtml.ParseFragment(strings.NewReader(s), &nethtml.Node{Type: nethtml.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return breaks(html.EscapeString(HTMLText(s)))
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := nethtml.Render(&b, n); err != nil {
			return breaks(html.EscapeString(HTMLText(s)))
		}
	}
	// The renderer writes XML's form, which sanitisers do not give back.
	return strings.NewReplacer("<br/>", "<br>", "<hr/>", "<hr>").Replace(b.String())
}

// Images counts the pictures of a body.
func Images(s string) int { return strings.Count(strings.ToLower(s), "<img") }
