package normal

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
)

// TestBodiesComeBackAsTheyWereSent lets a sanitising account keep them: a text
// that changes there would be a difference for ever.
func TestBodiesComeBackAsTheyWereSent(t *testing.T) {
	a, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	org, err := a.Create("organizations", map[string]any{"name": "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range []string{
		"<p>Hello <b>world</b></p><script>alert(1)</script>",
		`<p title="x onclick=evil()" onmouseover='evil()'>a</p><style>p{}</style>`,
		`plain < text & "quotes" onload = "x" <script>`,
		`<a href="https://x.example/?a=1&b=2 onclick=evil()">link</a> on a=b`,
		`<p>x<img src="https://x.example/a.png?x=1" onerror="evil()"></p>`,
		`<svg onload=evil()><p>a</p></svg><iframe src="https://x.example">inside</iframe>after`,
		"<p>žluťoučký 🏗 &nbsp; &lt;tag&gt; &amp;amp;</p>\n<pre>a\n  b</pre>",
		"<table><tr><td>1<td>2</table><ul><li>a<li>b</ul>",
		"Jan <jan@example.com> wrote: <object>",
	} {
		sent := BodyHTML(cell)
		if got := post(t, a, url, map[string]any{"content": sent, "org_id": org}); got != sent {
			t.Errorf("%q\nsent %q\nkept %q", cell, sent, got)
		}
	}
}

// post makes a note and returns the content that the account keeps.
func post(t *testing.T, a *sandbox.Account, url string, note map[string]any) string {
	t.Helper()
	body, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(url, "/")+"/v1/notes", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-token", a.Token())
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Success bool
		Error   string
		Data    struct{ Content string }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || !answer.Success {
		t.Fatalf("%s: %s %v", body, answer.Error, err)
	}
	return answer.Data.Content
}
