package automation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const hostile = "</title></style></svg><script>alert(1)</script><img src=x onerror=alert(2)>\"'`|![x](javascript:alert(3)) <b>**bold**</b> \u202egnp.exe\x00\x1b[31m\n# head\nhttps://evil.example/"

// hostileInventory has the hostile text wherever a source can put one.
func hostileInventory(t *testing.T) Inventory {
	t.Helper()
	q, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(`{"id":@,"title":@,"status":@,"trigger_name":@,"settings":{"x":@,@:"y"},"conditions":{"run_multiple":@},"sequences":[
		{"id":"1","parent_id":"0","action_name":"funnel_ab_testing","sequence":"1","settings":{"path_a":@}},
		{"id":"2","parent_id":"1","action_name":@,"condition_type":@,"sequence":"2","settings":{"a":@}},
		{"id":"3","parent_id":"0","action_name":"send_custom_email","title":@,"sequence":"3","settings":{"campaign":{"email_subject":@,"email_body":@}}},
		{"id":"4","parent_id":@,"action_name":"add_contact_to_tag","sequence":"4","settings":{"tags":[@]}},
		{"id":"5","parent_id":"0","action_name":"funnel_condition","sequence":"5","settings":{"conditions":[[{"source":["subscriber",@],"operator":@,"value":@}]]}},
		{"id":"6","parent_id":"0","action_name":"fluentcrm_wait_times","sequence":"6","settings":{"wait_type":"to_day","to_day":[@]}},
		{"id":"7","parent_id":"0","action_name":"http_send_data","sequence":"7","settings":{"remote_url":@,"sending_method":@}}]}`, "@", string(q))
	a, err := Read([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	s := Sequence{ID: hostile, Title: hostile, Status: hostile, Emails: []Email{{Subject: hostile, Preview: hostile, Body: hostile, Window: hostile, Status: hostile}}}
	f := Funnel{Stages: []Stage{{hostile, "qualified"}}, Reports: []Report{{hostile, hostile, hostile, true, []Schedule{{hostile, []string{hostile}, hostile, true}}}}}
	return Inventory{Company: hostile, Date: hostile, Automations: []Automation{a}, Sequences: []Sequence{s}, Funnel: &f, Unread: []string{hostile}, Plan: "Lite"}
}

func TestTextOfTheSourceNeverBecomesMarkupOfThePage(t *testing.T) {
	inv := hostileInventory(t)
	page, err := inv.HTML()
	if err != nil {
		t.Fatal(err)
	}
	allowed := regexp.MustCompile(`^(html|head|meta|title|style|body|header|main|h[1-4]|p|dl|dt|dd|div|span|section|table|thead|tbody|tr|th|td|ul|ol|li|code|bdi|article|a|b|progress|svg|path|circle|g|rect|text)$`)
	attributes := regexp.MustCompile(`^(lang|charset|http-equiv|content|name|class|scope|href|id|role|aria-label|width|height|viewBox|viewbox|d|cx|cy|r|x|y|rx|max|value)$`)
	z := html.NewTokenizer(strings.NewReader(string(page)))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		if !allowed.MatchString(token.Data) {
			t.Errorf("the page has an element %s", token.Data)
		}
		for _, a := range token.Attr {
			if !attributes.MatchString(a.Key) || a.Key == "href" && !regexp.MustCompile(`^#[ans]\d+$`).MatchString(a.Val) {
				t.Errorf("element %s has %s=%q", token.Data, a.Key, a.Val)
			}
		}
	}
	if strings.ContainsAny(string(page), "\x00\x1b\u202e") {
		t.Error("the page holds control characters")
	}
	if !strings.Contains(string(page), "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the text itself should still be readable")
	}
}

func TestThePageForbidsItselfToFetchOrRunAnything(t *testing.T) {
	page, err := hostileInventory(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	policy := regexp.MustCompile(`Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-[^&]+(&#43;[^&]*)*&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`)
	if !policy.Match(page) {
		t.Error("the policy is missing or another one")
	}
	if regexp.MustCompile(`url\(|@import|<link|<script|src=`).MatchString(stylesheet) {
		t.Error("the stylesheet fetches something")
	}
}

func TestTextOfTheSourceNeverBecomesMarkdown(t *testing.T) {
	md := hostileInventory(t).Markdown()
	for _, bad := range []string{"<script", "<img", "**bold**", "[x](", "\n# head", "https://evil", "\u202e", "\x00", "\x1b"} {
		if strings.Contains(withoutCode(md), bad) {
			t.Errorf("the document holds %q", bad)
		}
	}
	if strings.Count(md, "\n# ") != 0 || !strings.HasPrefix(md, "# ") {
		t.Error("there should be one heading of the first level")
	}
}

// withoutCode drops escaped backticks, which begin no code, and then inline
// code, in which nothing is markup.
func withoutCode(md string) string {
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(strings.ReplaceAll(md, "\\`", ""), "")
}

func TestSecretsOfWebhooksAreKeptBack(t *testing.T) {
	a, err := Read([]byte(`{"id":1,"title":"W","trigger_name":"contact_created","status":"published","sequences":[{"id":1,"parent_id":0,"action_name":"http_send_data","settings":{
		"sending_method":"POST","remote_url":"https://bob:hunter2@erp.example/in?api_key=s3cret&list=7","api_secret":"hunter3","header_data":[{"data_key":"X-Own","data_value":"hunter4"}],"headers":{"Authorization":"Bearer hunter5"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	inv := Inventory{Automations: []Automation{a}}
	page, err := inv.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{"page": string(page), "markdown": inv.Markdown()} {
		if found := regexp.MustCompile(`hunter\d|s3cret`).FindString(document); found != "" {
			t.Errorf("the %s tells %s", name, found)
		}
		if !strings.Contains(document, "erp.example/in") || !strings.Contains(document, "X-Own") {
			t.Errorf("the %s should still name the webhook and its headers", name)
		}
	}
}

func TestAVeryDeepAutomationIsDrawnInsideItsFrame(t *testing.T) {
	var steps []string
	for i := range 60 {
		steps = append(steps, fmt.Sprintf(`{"id":%d,"parent_id":%d,"action_name":"funnel_condition","condition_type":"yes","sequence":%d,"settings":{}}`, i+1, i, i))
	}
	a, err := Read([]byte(`{"title":"Deep","trigger_name":"contact_created","sequences":[` + strings.Join(steps, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	main, _, _ := a.tree()
	d := Names{}.draw(a, main)
	if len(d.Boxes) != 61 {
		t.Fatalf("%d boxes for 60 steps and a trigger", len(d.Boxes))
	}
	for i, b := range d.Boxes {
		if b.X < 0 || b.Y < 0 || b.X+b.W > d.Width || b.Y+b.H > d.Height {
			t.Fatalf("a box lies outside: %+v", b)
		}
		for _, other := range d.Boxes[:i] {
			if b.X < other.X+other.W && other.X < b.X+b.W && b.Y < other.Y+other.H && other.Y < b.Y+b.H {
				t.Fatalf("%+v covers %+v", b, other)
			}
		}
	}
}

func TestLongTextsAreBrokenAndCut(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"short":                     "short",
		"one two three four":        "one two/three four",
		"abcdefghijklmnop":          "abcdefghij/klmnop",
		"日本語日本語日本語":                 "日本語日本/語日本語",
		strings.Repeat("word ", 40): "word word/word word…",
	} {
		if got := strings.Join(wrap(text, 10, 2), "/"); got != want {
			t.Errorf("wrap(%q) = %q, want %q", text, got, want)
		}
	}
}
