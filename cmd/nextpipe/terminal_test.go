package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile is text that would take over a terminal: it sets the title, clears the
// screen, in seven bits and in eight, turns what follows around, and forges a line.
const hostile = "Eve\x1b]0;pwned\x07\x1b[2J\u009b31m\u202egnp.exe\u2066\u200f\u2028\x7f\n✓ verify     all is well"

// hostileExport is the small export with hostile text in every column of text.
func hostileExport(t *testing.T) string {
	t.Helper()
	dir := writeExport(t)
	cell := `"` + hostile + `"`
	for name, text := range map[string]string{
		"companies.csv": "id,name,website\n1," + cell + ",https://alpha.example\n",
		"contacts.csv":  "id,email,first_name,last_name,company,tags," + cell + "\n1,ana@alpha.example," + cell + ",Kask," + cell + "," + cell + "," + cell + "\n",
		"deals.csv":     "id,title,contact_email,company,pipeline,stage,status,value,currency\n1," + cell + ",ana@alpha.example," + cell + "," + cell + "," + cell + ",open,x" + cell + ",EUR\n",
		"notes.csv":     "id,contact_email,content,created_at\n1,ana@alpha.example," + cell + ",2024-05-01 10:00:00\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func harmfulIn(text string) bool { return strings.ContainsFunc(text, harmful) }

func TestOutput_TextOfOthersCannotActOnTheTerminal(t *testing.T) {
	db := filepath.Join(t.TempDir(), "np.db")
	source := hostileExport(t)
	var all string
	say := func(args ...string) string {
		t.Helper()
		_, out, errOut := nextpipe(t, nil, append(args, "--db", db)...)
		if text := out + errOut; harmfulIn(text) || strings.Contains(text, "\n✓ verify     all") {
			t.Errorf("nextpipe %q prints %q", args, text)
		}
		all += out + errOut
		return out + errOut
	}
	say("run", "--source", source, "--target", "sandbox", "--yes")
	if text := say("trace", "--record", "1"); !strings.Contains(text, "Eve�]0;pwned") || !strings.Contains(text, "�gnp.exe") {
		t.Errorf("trace shows nothing of the name: %s", text)
	}
	for _, args := range [][]string{{"status"}, {"report"}, {"doctor", "--target", "sandbox"}, {"trace", "--record", "1", "--json"}, {"report", "--json"},
		{"trace", "--record", hostile}, {"explain", "--what", hostile}, {hostile}, {"run", "--from", hostile}, {"status", "--" + hostile},
		{"extract", "--source", filepath.Join(source, hostile)}, {"map", "--export", t.TempDir()}} {
		say(args...)
	}
	if n := strings.Count(all, "�gnp.exe"); n < 12 {
		t.Errorf("the hostile text was shown %d times: the test looks at too little", n)
	}
}

// What is made harmless in JSON means the same as before.
func TestOutput_JSONKeepsHostileTextAsItIs(t *testing.T) {
	want := map[string]string{hostile: hostile}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	text := escaped(data)
	var got map[string]string
	if err := json.Unmarshal([]byte(text), &got); err != nil || got[hostile] != hostile || harmfulIn(text) {
		t.Errorf("%v: %q", err, text)
	}
}

func TestToken_FromAFileThatOthersMayReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(mode os.FileMode, text string) string {
		file := filepath.Join(dir, "token")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620} {
		file := write(mode, "s3cret")
		code, _, errOut := nextpipe(t, nil, "scope", "--target", "https://acme.pipedrive.com", "--token-file", file)
		if code != 2 || !strings.Contains(errOut, "chmod 600 "+file) || strings.Contains(errOut, "s3cret") {
			t.Errorf("mode %o: exit %d, %s", mode, code, errOut)
		}
	}
	for text, want := range map[string]string{"tok": "tok", "\ufeff tok\r\n": "tok", "tok\n\n": "tok"} {
		if got, err := token(write(0o400, text)); err != nil || got != want {
			t.Errorf("%q gives %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "\ufeff\n"} {
		if _, err := token(write(0o600, text)); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestRow_ATextOfSeveralLinesForgesNone(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	newPrinter(out, out).row("%s", hostile+"\r\nmore\rand more")
	data, err := os.ReadFile(out.Name())
	if err != nil || strings.Count(string(data), "\n") != 1 || harmfulIn(string(data)) {
		t.Errorf("%q, %v", data, err)
	}
}

func TestToken_MayComeThroughAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("tok\n"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if err := r.Chmod(0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := token(fmt.Sprintf("/dev/fd/%d", r.Fd())); err != nil || got != "tok" {
		t.Errorf("got %q, %v", got, err)
	}
}
