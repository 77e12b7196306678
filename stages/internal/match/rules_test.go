package match

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// mailbox gives a contact one address, its own mailbox and a name.
func mailbox(email, name string) Contact {
	c := personNamed(name)
	c.Emails, c.EmailKeys = []string{email}, []string{email}
	return c
}

// Rules that the labelled pairs do not reach.
func rareVerdicts() []Verdict {
	return []Verdict{
		CompareAccounts(Account{Domain: "x.example"}, Account{LooseKey: "acme", Domain: "x.example"}),
		CompareAccounts(Account{}, Account{LooseKey: "acme"}),
		ComparePersons(mailbox("a@x.example", "Ann | Berg"), mailbox("b@x.example", "Ann | Berg")),
	}
}

func TestEveryRuleIsReachedAndEveryCodeIsInTheBook(t *testing.T) {
	book := map[string]bool{}
	for _, r := range Rules() {
		if book[r.Code] || r.Says == "" || r.Confidence <= 0 || r.Confidence > 1 || r.Decision == Merge && r.Contradicts {
			t.Errorf("rule %+v is repeated or malformed", r)
		}
		book[r.Code] = true
	}
	hit := map[string]bool{}
	for _, v := range reached(t) {
		hit[v.Rule] = true
	}
	for _, code := range codesInSource(t) {
		if !book[code] {
			t.Errorf("the code uses rule %q, which is not in the book", code)
		}
	}
	for code := range book {
		if !hit[code] {
			t.Errorf("no pair reaches rule %s", code)
		}
	}
}

func reached(t *testing.T) []Verdict {
	list := rareVerdicts()
	for _, l := range allPairs(t, "contacts") {
		list = append(list, ComparePersons(l.contact("a"), l.contact("b")))
	}
	for _, l := range allPairs(t, "accounts") {
		list = append(list, CompareAccounts(l.account("a"), l.account("b")))
	}
	return list
}

// codesInSource finds the codes that the package hands to verdict.
func codesInSource(t *testing.T) (codes []string) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source files: %v", err)
	}
	call := regexp.MustCompile(`verdict\("([^"]+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			codes = append(codes, m[1])
		}
	}
	return codes
}
