package main

import (
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

var update = flag.Bool("update", false, "renew the generated blocks of README.md")

const readme = "../../README.md"

// blocks are the parts of the README that the code knows better.
func blocks() map[string]string {
	var list, exits strings.Builder
	list.WriteString("| stage | does | reads | writes |\n|---|---|---|---|\n")
	for _, s := range stages.All {
		name := s.Name
		if s.Apart {
			name += " (apart)"
		}
		fmt.Fprintf(&list, "| %s | %s | %s | %s |\n", name, s.About, s.Reads, s.Writes)
	}
	exits.WriteString("| exit | meaning | do |\n|---|---|---|\n")
	for _, e := range stages.Exits {
		fmt.Fprintf(&exits, "| %d | %s | %s |\n", e.Code, e.Meaning, cmp.Or(e.Do, "what the message says"))
	}
	return map[string]string{"stages": list.String(), "exits": exits.String(), "truth": stages.TruthTables(), "flags": flags(),
		"coverage": stages.CoverageTable()}
}

// flags lists every flag but help: those that all commands share, then each command's own.
func flags() string {
	var b strings.Builder
	b.WriteString("| flag | of | means |\n|---|---|---|\n")
	common := map[string]bool{}
	for _, f := range shared() {
		common[f.Names()[0]] = true
		flagLine(&b, "every command", f)
	}
	for _, c := range newApp(newPrinter(os.Stdout, os.Stderr)).Commands {
		for _, f := range c.Flags {
			if !common[f.Names()[0]] {
				flagLine(&b, c.Name, f)
			}
		}
	}
	return b.String()
}

// flagLine is one row of the table of flags: name, environment, purpose, default.
func flagLine(b *strings.Builder, of string, f cli.Flag) {
	doc := f.(cli.DocGenerationFlag)
	name := "`--" + f.Names()[0] + "`"
	for _, short := range f.Names()[1:] {
		name += " `-" + short + "`"
	}
	means := strings.ReplaceAll(doc.GetUsage(), "`", "")
	if doc.GetDefaultText() != "" && doc.TakesValue() {
		means += "; default " + strings.Trim(doc.GetDefaultText(), `"`)
	}
	if env := doc.GetEnvVars(); len(env) > 0 {
		means += " (" + strings.Join(env, ", ") + ")"
	}
	fmt.Fprintf(b, "| %s | %s | %s |\n", name, of, means)
}

func TestREADME_GeneratedBlocksAgreeWithTheCode(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, want := range blocks() {
		begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
		head, rest, ok := strings.Cut(text, begin)
		got, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("README.md lacks the block %s", name)
		}
		if got != want && !*update {
			t.Errorf("block %s of README.md is not what the code says; renew it with `just docs`", name)
		}
		text = head + begin + want + end + tail
	}
	if *update {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestREADME_NamesEveryCommandThatChangesSomething(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range newApp(newPrinter(os.Stdout, os.Stderr)).Commands {
		if !strings.Contains(string(data), c.Name) {
			t.Errorf("README.md does not mention %s", c.Name)
		}
	}
}

// query is a query of the README with the output that it shows.
var query = regexp.MustCompile("(?m)^(sqlite3 -box nextpipe-demo\\.db .*)\n((?:[^`\n].*\n)*)```")

func TestREADME_QueriesGiveWhatItShows(t *testing.T) {
	dir := t.TempDir()
	demo := exec.Command(binary, "demo", "--quiet")
	demo.Dir = dir
	if out, err := demo.CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	renewed := query.ReplaceAllStringFunc(string(data), func(block string) string {
		part := query.FindStringSubmatch(block)
		shell := exec.Command("sh", "-c", part[1])
		shell.Dir = dir
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", part[1], err, out)
		}
		if diff := gocmp.Diff(part[2], string(out)); diff != "" && !*update {
			t.Errorf("%s (-README +demo):\n%s", part[1], diff)
		}
		return part[1] + "\n" + string(out) + "```"
	})
	if *update && !t.Failed() {
		if err := os.WriteFile(readme, []byte(renewed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A row of the table of faults names tests that exist.
func TestREADME_TheTableOfFaultsNamesRealTests(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(data), -1)
	if len(named) < 30 {
		t.Errorf("only %d tests are named", len(named))
	}
	all := testNames(t)
	for _, m := range named {
		if !all[m[1]] {
			t.Errorf("README.md names %s, which does not exist", m[1])
		}
	}
}

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(data), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
