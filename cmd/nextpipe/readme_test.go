package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

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
	exits.WriteString("| exit | meaning | do |\n|---|---|---|\n| 0 | ok | |\n| 1 | unexpected | read the message; run again |\n")
	for _, e := range stages.Exits {
		fmt.Fprintf(&exits, "| %d | %s | %s |\n", e.Code, e.Meaning, e.Do)
	}
	return map[string]string{"stages": list.String(), "exits": exits.String(), "truth": stages.TruthTables()}
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
