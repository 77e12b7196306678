package match

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"nextpipe/stages/internal/normal"
)

const pairsDir = "../../../fixtures/nextcrm/pairs/"

// labelled is one row of a pairs file, by column name.
type labelled map[string]string

func readPairs(t testing.TB, file string) []labelled {
	t.Helper()
	f, err := os.Open(pairsDir + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []labelled
	for _, row := range rows[1:] {
		pair := labelled{}
		for i, name := range rows[0] {
			pair[name] = row[i]
		}
		list = append(list, pair)
	}
	return list
}

// contact builds one side of a pair through the clean stage's own functions.
func (l labelled) contact(side string) Contact {
	c := Contact{
		Key: side, First: normal.NameValue(l[side+"_first"]), Last: normal.NameValue(l[side+"_last"]),
		AccountKey: l[side+"_account"], Birthday: l[side+"_birthday"], Edition: l["edition"],
		Phones: strings.Fields(l[side+"_phones"]),
	}
	for _, a := range normal.Email(l[side+"_emails"]) {
		c.Emails, c.EmailKeys = append(c.Emails, a.ASCII), append(c.EmailKeys, a.Mailbox)
	}
	return c
}

func (l labelled) account(side string) Account {
	name := normal.CompanyName(l[side+"_name"])
	return Account{
		Key: side, Name: name.Name, StrictKey: name.Strict, LooseKey: name.Loose, LegalForm: name.Form,
		Domain: l[side+"_domain"], RegNo: l[side+"_reg_no"], VAT: l[side+"_vat"],
		Country: l[side+"_country"], City: l[side+"_city"], Phones: strings.Fields(l[side+"_phones"]),
	}
}

// score counts decisions by label.
type score struct {
	count  map[[2]Decision]int
	misses []string
}

func (s *score) add(kind string, l labelled, v Verdict) {
	label := Decision(l["label"])
	s.count[[2]Decision{label, v.Decision}]++
	if v.Decision != label {
		s.misses = append(s.misses, fmt.Sprintf("%s: want %s, got %s by %s [%s: %s] %s",
			kind, label, v.Decision, v.Rule, l["kind"], l["note"], v.Why))
	}
}

// figures returns precision and recall of "merge".
func (s *score) figures() (precision, recall float64) {
	right := s.count[[2]Decision{Merge, Merge}]
	found, wanted := 0, 0
	for _, d := range []Decision{Merge, Review, Distinct} {
		found += s.count[[2]Decision{d, Merge}]
		wanted += s.count[[2]Decision{Merge, d}]
	}
	return float64(right) / float64(found), float64(right) / float64(wanted)
}

func (s *score) String() string {
	var b strings.Builder
	all := []Decision{Merge, Review, Distinct}
	fmt.Fprintf(&b, "\n%-16s%8s%8s%9s\n", "label \\ decided", all[0], all[1], all[2])
	for _, label := range all {
		fmt.Fprintf(&b, "%-16s", label)
		for _, got := range all {
			fmt.Fprintf(&b, "%8d", s.count[[2]Decision{label, got}])
		}
		b.WriteString("\n")
	}
	precision, recall := s.figures()
	fmt.Fprintf(&b, "merge: precision %.3f, recall %.3f\n%s", precision, recall, strings.Join(s.misses, "\n"))
	return b.String()
}

func scorePairs(t testing.TB, prefix string) *score {
	s := &score{count: map[[2]Decision]int{}}
	for _, l := range readPairs(t, prefix+"contacts.csv") {
		s.add("contact", l, ComparePersons(l.contact("a"), l.contact("b")))
	}
	for _, l := range readPairs(t, prefix+"accounts.csv") {
		s.add("account", l, CompareAccounts(l.account("a"), l.account("b")))
	}
	return s
}

// The held-out pairs were written before the rules; both sets must meet the same
// figures.
func TestMergesAreRightAndFoundOnLabelledPairs(t *testing.T) {
	for name, prefix := range map[string]string{"labelled": "", "held out": "holdout_"} {
		t.Run(name, func(t *testing.T) {
			s := scorePairs(t, prefix)
			t.Log(s)
			if precision, recall := s.figures(); precision < 0.99 || recall < 0.9 {
				t.Errorf("merge precision %.3f, recall %.3f; want at least 0.99 and 0.90", precision, recall)
			}
		})
	}
}
