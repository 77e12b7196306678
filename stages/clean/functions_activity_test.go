package clean

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// callFunction calls one SQL function with these arguments.
func callFunction(t *testing.T, name string, args ...driver.Value) driver.Value {
	t.Helper()
	for _, f := range activityFunctions() {
		if f.name == name {
			return f.call(args)
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

func TestWhatPipedriveDoesNotTakeIsLaidOutAsAFooter(t *testing.T) {
	object := `{"calendarSource":"google","nested":{"a":1},"empty":"","disposition":"left <voicemail>"}`
	lines := callFunction(t, "np_facts", "Outcome", "reached", "Status", nil, "Blank", " ", "Created", "2024-01-08T07:30:00Z", "Plan", "plan Z", "{}", object, "[]", `[["Attendee","a@example.com"]]`)
	want := `[["Outcome","reached"],["Created","2024-01-08 07:30:00 UTC"],["Plan","plan Z"],["calendarSource","google"],["Nested","{\"a\":1}"],["Disposition","left <voicemail>"],["Attendee","a@example.com"]]`
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	html := callFunction(t, "np_footer", `[["A & B","one\ntwo"]]`, nil, `[["Tag","<vip>"]]`)
	if diff := cmp.Diff("<p><i>From NextCRM</i><br>A &amp; B: one<br>two<br>Tag: &lt;vip&gt;</p>", html); diff != "" {
		t.Errorf("footer (-want +got):\n%s", diff)
	}
	if got := callFunction(t, "np_footer", nil, "[]"); got != nil {
		t.Errorf("a footer without facts: %v", got)
	}
	if got := callFunction(t, "np_facts", "{}", `["a", 2]`); got != `[["Data","[\"a\", 2]"]]` {
		t.Errorf("JSON that is no object: %v", got)
	}
}

func TestMailsAreKnownByTheirMessageID(t *testing.T) {
	long := strings.Repeat("x", 200) + "@mail.example"
	for _, tc := range []struct{ id, row, want string }{
		{"<1@mail.example>", "7", "1@mail.example"},
		{"1@mail.example", "8", "1@mail.example"},
		{"", "7", "7"},
		{"17-header@local", "9", "9"}, // made up of the mailbox's own numbers: the same in two mailboxes by chance
		{"a]b@mail.example", "7", callFunction(t, "np_mail_key", "a]b@mail.example", "1").(string)},
		{long, "7", callFunction(t, "np_mail_key", long, "2").(string)},
	} {
		got := callFunction(t, "np_mail_key", tc.id, tc.row)
		if got != tc.want || strings.ContainsAny(got.(string), "]\n") || len(got.(string)) > longestKey {
			t.Errorf("%q: %v, want %s", tc.id, got, tc.want)
		}
	}
}

func TestRecipientsReadLikeAMail(t *testing.T) {
	for list, want := range map[string]string{
		`[{"name": "Jana", "email": "jana@example.com"}, {"email": "x@y.example"}]`: "Jana <jana@example.com>, x@y.example",
		`["a@example.com","b@example.com"]`:                                         "a@example.com, b@example.com",
		`[]`:                                                                        "", `a@example.com; b`: "a@example.com; b",
	} {
		if got, _ := callFunction(t, "np_people", list).(string); got != want {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

func TestTheOldestTextsKeepNotesOfTheirOwn(t *testing.T) {
	for _, tc := range []struct {
		about, sizes string
		limit, bytes int64
		want         string
	}{
		{"as many as may be", "[1,1,1]", 3, 10, "[0,1,2]"},
		{"the newest share one", "[1,1,1,1,1]", 3, 10, "[0,1,2,2,2]"},
		{"a full note begins another", "[1,1,6,6,6]", 3, 10, "[0,0,0,3,4]"},
		{"none alone", "[4,4,4,4]", 2, 8, "[0,0,2,2]"},
		{"more text than the notes of a deal hold", "[9,9,9]", 2, 10, "[0,1,2]"},
		{"nothing", "[]", 3, 10, "null"},
	} {
		if got := callFunction(t, "np_packs", tc.sizes, tc.limit, tc.bytes); got != tc.want {
			t.Errorf("%s: %v, want %s", tc.about, got, tc.want)
		}
	}
}

func TestPicturesThatABodyLosesAreCounted(t *testing.T) {
	raw := `<p>a<img src="data:image/png;base64,AAAA"><img src="cid:1"><img src="https://x.example/a.png"></p>`
	if got := callFunction(t, "np_images", raw, callFunction(t, "np_body", raw)); got != int64(2) {
		t.Errorf("%v pictures lost of %v", got, callFunction(t, "np_body", raw))
	}
}
