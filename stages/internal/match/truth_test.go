package match

import (
	"os"
	"strings"
	"testing"

	"nextpipe/stages/internal/normal"
)

func personNamed(name string) Contact {
	given, family, _ := strings.Cut(name, "|")
	return Contact{First: strings.TrimSpace(given), Last: strings.TrimSpace(family)}
}

func companyNamed(name string) Account {
	c := normal.CompanyName(name)
	return Account{Name: c.Name, StrictKey: c.Strict, LooseKey: c.Loose, LegalForm: c.Form}
}

func TestEveryRowOfTheTruthTablesHoldsInBothDirections(t *testing.T) {
	persons, companies := TruthTable()
	check := func(c NameCase, got Likened) {
		t.Helper()
		if got.Likeness != c.Want {
			t.Errorf("%q and %q (%s): want %s, got %s (%s)", c.A, c.B, c.Says, c.Want, got.Likeness, got.Reason)
		}
	}
	for _, c := range persons {
		check(c, NamesCompatible(personNamed(c.A), personNamed(c.B)))
		check(c, NamesCompatible(personNamed(c.B), personNamed(c.A)))
	}
	for _, c := range companies {
		check(c, NamesSimilar(companyNamed(c.A), companyNamed(c.B)))
		check(c, NamesSimilar(companyNamed(c.B), companyNamed(c.A)))
	}
}

func TestFoldedNamesCompareLikeRawOnes(t *testing.T) {
	persons, _ := TruthTable()
	fold := func(c Contact) Contact {
		return Contact{First: normal.Fold(c.First), Last: normal.Fold(c.Last)}
	}
	for _, c := range persons {
		raw := NamesCompatible(personNamed(c.A), personNamed(c.B))
		folded := NamesCompatible(fold(personNamed(c.A)), fold(personNamed(c.B)))
		if raw != folded {
			t.Errorf("%q and %q: raw %v, folded %v", c.A, c.B, raw, folded)
		}
	}
}

func TestThePairsReadmeHoldsTheTruthTables(t *testing.T) {
	text, err := os.ReadFile(pairsDir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := TruthTableMarkdown(); !strings.Contains(string(text), want) {
		t.Errorf("%sREADME.md is out of step; replace its tables by:\n%s", pairsDir, want)
	}
}
