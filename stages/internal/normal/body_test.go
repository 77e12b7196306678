package normal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestBodiesAreSafeMarkupThatLosesNoText(t *testing.T) {
	for _, tc := range []struct{ about, cell, want string }{
		{"plain text keeps its lines", "one\r\ntwo", "one<br>two"},
		{"signs of markup in plain text", `1 < 2 & "3" > 2`, "1 &lt; 2 &amp; &#34;3&#34; &gt; 2"},
		{"an address in angle brackets is no tag", "Jan <jan@example.com> wrote <soon>", "Jan &lt;jan@example.com&gt; wrote &lt;soon&gt;"},
		{"nor is it within markup", "<p>Jan <jan@example.com> and <http://x.example/a></p>", "<p>Jan &lt;jan@example.com&gt; and &lt;http://x.example/a&gt;</p>"},
		{"escaped entities are read once", "R&amp;D", "R&amp;D"},
		{"scripts go with what they hold", "<p>Hello <b>world</b></p><script>alert(1)</script>", "<p>Hello <b>world</b></p>"},
		{"handlers go, links stay", `<a href="https://x.example/" onclick="evil()">x</a>`, `<a href="https://x.example/" rel="nofollow">x</a>`},
		{"no script behind a link", `<p><a href="javascript:evil()">x</a></p>`, "<p>x</p>"},
		{"what is open is closed", "<p>a <b>b<p>c", "<p>a <b>b</b></p><p><b>c</b></p>"},
		{"lines of markup without blocks", "Ask for Jana\n<b>about the roof</b>", "Ask for Jana<br><b>about the roof</b>"},
		{"a tag that never ends", "<p>a</p> b <c", "<p>a</p> b &lt;c"},
		{"block editor comments go", "<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", "<p>a</p>"},
		{"office prefixes go, their text stays", "<p>a<o:p>b</o:p></p>", "<p>ab</p>"},
		{"unknown layout elements leave their text", `<center><font color="red">a</font></center>`, "a"},
		{"control characters go", "tab\there, vtab\vhere", "tab\there, vtabhere"},
		{"a guard goes", "'=cmd|' /C calc'!A0", "=cmd|&#39; /C calc&#39;!A0"},
		{"nothing to see", "<p> </p>", ""},
		{"null", "NULL", ""},
		{"a picture is something to see", `<img src="https://x.example/a.png">`, `<img src="https://x.example/a.png"/>`},
	} {
		if diff := cmp.Diff(tc.want, BodyHTML(tc.cell)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.about, diff)
		}
	}
}

func TestDeepMarkupKeepsItsText(t *testing.T) {
	got := BodyHTML(strings.Repeat("<div>", 2000) + "deep" + strings.Repeat("</div>", 2000))
	if HTMLText(got) != "deep" {
		t.Errorf("got %.100s", got)
	}
}

// sameText compares pieces with their whole, and holds each to the limit.
func sameText(t *testing.T, whole string, limit int) []string {
	t.Helper()
	pieces := Parts(whole, limit)
	var text strings.Builder
	for i, p := range pieces {
		if len(p) > limit {
			t.Errorf("piece %d has %d bytes, the limit is %d", i, len(p), limit)
		}
		if !utf8.ValidString(p) {
			t.Errorf("piece %d cuts a character", i)
		}
		if balanced(p) != p {
			t.Errorf("piece %d is not balanced: %.80q … %.80q", i, p, balanced(p))
		}
		text.WriteString(onlyText(p))
	}
	if text.String() != onlyText(whole) {
		t.Errorf("the text of %d pieces is not the text of the whole", len(pieces))
	}
	return pieces
}

// onlyText drops the tags and nothing else.
func onlyText(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i+strings.IndexByte(s[i:], '>')+1:]
	}
	return b.String() + s
}

func TestPartsTogetherAreTheWhole(t *testing.T) {
	for about, s := range map[string]string{
		"words":              strings.Repeat("the quick brown fox ", 500),
		"paragraphs":         strings.Repeat("<p>Smlouva č. 7 ✉ &amp; více</p>", 300),
		"one endless word":   strings.Repeat("ž🏗&amp;", 1500),
		"lists and tables":   "<ul>" + strings.Repeat("<li>one <b>two <i>three</i></b></li>", 200) + "</ul><table><tbody>" + strings.Repeat("<tr><td>x</td></tr>", 200) + "</tbody></table>",
		"one long paragraph": "<div><p>" + strings.Repeat("word &lt;b&gt; ", 800) + "</p></div>",
		"lines":              strings.Repeat("line of text<br>", 400),
		"pictures":           strings.Repeat(`<p><img src="https://x.example/a.png"/> text</p>`, 100),
	} {
		s = balanced(s)
		t.Run(about, func(t *testing.T) {
			for _, limit := range []int{300, 1000, 4096} {
				if pieces := sameText(t, s, limit); len(pieces) > 3*len(s)/limit+1 {
					t.Errorf("%d pieces of at most %d bytes for %d bytes", len(pieces), limit, len(s))
				}
			}
		})
	}
}

func TestPartsEndWithParagraphsAndWords(t *testing.T) {
	for _, p := range Parts(balanced(strings.Repeat("<p>a paragraph of its own</p>", 40)), 300) {
		if !strings.HasPrefix(p, "<p>a paragraph") || !strings.HasSuffix(p, "its own</p>") {
			t.Errorf("cut within a paragraph: %q", p)
		}
	}
	for _, p := range Parts(strings.Repeat("unbroken ", 100), 100) {
		if !strings.HasSuffix(p, "unbroken ") {
			t.Errorf("cut within a word: %q", p)
		}
	}
}

func FuzzPartsLoseNothing(f *testing.F) {
	f.Add("<p>a <b>b</b></p>\n<ul><li>c &amp; d</li></ul>", 120)
	f.Add(strings.Repeat("ž&lt; ", 60), 90)
	f.Fuzz(func(t *testing.T, cell string, limit int) {
		if limit < 80 || limit > 1000 {
			return
		}
		s := BodyHTML(cell)
		var text strings.Builder
		for _, p := range Parts(s, limit) {
			text.WriteString(onlyText(p))
		}
		if text.String() != onlyText(s) {
			t.Errorf("%q in pieces of %d: %q", s, limit, text.String())
		}
		if again := BodyHTML(s); s != "" && HTMLText(again) != HTMLText(s) {
			t.Errorf("%q sanitised again: %q", s, again)
		}
	})
}
