package loose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextGivesScalarsAsPeopleWriteThem(t *testing.T) {
	for raw, want := range map[string]string{
		`"a\u00e9"`: "aé", `12`: "12", `1.50`: "1.50", `true`: "true", `12345678901234567890`: "12345678901234567890",
		`null`: "", `[1]`: "", `{"a":1}`: "", ``: "", ` "x" `: "x",
	} {
		if got := Text([]byte(raw)); got != want {
			t.Errorf("Text(%s) = %q, want %q", raw, got, want)
		}
	}
}

func TestListsSurvivePHP(t *testing.T) {
	for raw, want := range map[string][]string{
		`["a",2,null,""]`:            {"a", "2"},
		`{"2":"c","10":"d","0":"a"}`: {"a", "c", "d"},
		`"[\"x\",\"y\"]"`:            {"x", "y"},
		`"alone"`:                    {"alone"},
		`7`:                          {"7"},
		`{"a":"b"}`:                  nil,
		`[]`:                         nil,
	} {
		if diff := cmp.Diff(want, Texts([]byte(raw))); diff != "" {
			t.Errorf("Texts(%s): %s", raw, diff)
		}
	}
}

func TestADocumentInsideATextIsRead(t *testing.T) {
	o := Parse([]byte(`{"value":"{\"title\":\"T\",\"list\":{\"1\":5}}","empty":[]}`))
	if got := o.Object("value").Text("name", "title"); got != "T" {
		t.Errorf("title inside a text is %q", got)
	}
	if got := len(o.Object("value").List("list")); got != 1 {
		t.Errorf("list inside a text has %d members", got)
	}
	if o.Object("empty") != nil || !o.Has("empty") || o.Has("none") {
		t.Error("an empty list is no object, yet it is there")
	}
}

func TestYesReadsTheWordsOfSettings(t *testing.T) {
	for _, word := range []string{"yes", "1", "TRUE", " on ", "2"} {
		if !Yes(word) {
			t.Errorf("%q should mean yes", word)
		}
	}
	for _, word := range []string{"no", "0", "", "off", "maybe"} {
		if Yes(word) {
			t.Errorf("%q should not mean yes", word)
		}
	}
}
