package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

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
	return map[string]string{"stages": list.String(), "exits": exits.String(), "truth": stages.TruthTables(), "flags": flags()}
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
