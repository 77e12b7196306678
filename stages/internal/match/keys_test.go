package match

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func allPairs(t *testing.T, object string) []labelled {
	return append(readPairs(t, object+".csv"), readPairs(t, "holdout_"+object+".csv")...)
}

// agree demands one verdict in both directions and, unless it says distinct, a
// shared blocking key.
func agree(t *testing.T, l labelled, there, back Verdict, keysA, keysB []string) {
	t.Helper()
	if there.Rule != back.Rule || there.Decision != back.Decision {
		t.Errorf("%s (%s): %s one way, %s the other", l["kind"], l["note"], there.Rule, back.Rule)
	}
	if there.Decision != Distinct && firstShared(keysA, keysB) == "" {
		t.Errorf("%s (%s): %s by %s, but no key is shared by %q and %q",
			l["kind"], l["note"], there.Decision, there.Rule, keysA, keysB)
	}
}

func TestVerdictsAreSymmetricAndReachableThroughAKey(t *testing.T) {
	for _, l := range allPairs(t, "contacts") {
		a, b := l.contact("a"), l.contact("b")
		agree(t, l, ComparePersons(a, b), ComparePersons(b, a), ContactKeys(a), ContactKeys(b))
	}
	for _, l := range allPairs(t, "accounts") {
		a, b := l.account("a"), l.account("b")
		agree(t, l, CompareAccounts(a, b), CompareAccounts(b, a), AccountKeys(a), AccountKeys(b))
	}
}

// Every two contacts of the pairs files are compared, not only those of one
// pair: nothing that two strangers share may be missed by the keys, and hardly
// anything should merge.
func TestNoPairOfStrangersNeedsAKeyItDoesNotHave(t *testing.T) {
	var contacts []Contact
	for _, l := range allPairs(t, "contacts") {
		contacts = append(contacts, l.contact("a"), l.contact("b"))
	}
	for i, a := range contacts {
		for _, b := range contacts[i+1:] {
			v := ComparePersons(a, b)
			if v.Decision != Distinct && firstShared(ContactKeys(a), ContactKeys(b)) == "" {
				t.Errorf("%s without a shared key: %+v and %+v", v.Rule, a, b)
			}
		}
	}
}

func TestNoPairOfForeignAccountsNeedsAKeyItDoesNotHave(t *testing.T) {
	var accounts []Account
	for _, l := range allPairs(t, "accounts") {
		accounts = append(accounts, l.account("a"), l.account("b"))
	}
	for i, a := range accounts {
		for _, b := range accounts[i+1:] {
			v := CompareAccounts(a, b)
			if v.Decision != Distinct && firstShared(AccountKeys(a), AccountKeys(b)) == "" {
				t.Errorf("%s without a shared key: %+v and %+v", v.Rule, a, b)
			}
		}
	}
}

func TestCompatibleNamesInOneAccountShareAKey(t *testing.T) {
	persons, _ := TruthTable()
	for _, c := range persons {
		a, b := personNamed(c.A), personNamed(c.B)
		a.AccountKey, b.AccountKey = "acme", "acme"
		if c.Want >= Compatible && firstShared(ContactKeys(a), ContactKeys(b)) == "" {
			t.Errorf("%q and %q share no key: %q and %q", c.A, c.B, ContactKeys(a), ContactKeys(b))
		}
	}
}

// keyRows yields one row per member and key, in order.
func keyRows(rows ...KeyRow) iter.Seq2[KeyRow, error] {
	return func(yield func(KeyRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// run collects what Candidates reports.
func run(rows iter.Seq2[KeyRow, error]) (pairs []string, large []Block, err error) {
	err = Candidates(rows,
		func(a, b string) error { pairs = append(pairs, a+b); return nil },
		func(b Block) error { large = append(large, b); return nil })
	return pairs, large, err
}

func blockOf(key string, n int) []KeyRow {
	var rows []KeyRow
	for i := range n {
		rows = append(rows, KeyRow{key, fmt.Sprintf("%03d", i)})
	}
	return rows
}

func TestCandidatesArePairedWithinTheirBlockOnly(t *testing.T) {
	pairs, large, err := run(keyRows(KeyRow{"e:x", "a"}, KeyRow{"e:x", "b"}, KeyRow{"e:x", "c"}, KeyRow{"e:y", "d"}, KeyRow{"p:z", "a"}, KeyRow{"p:z", "d"}))
	if diff := cmp.Diff([]string{"ab", "ac", "bc", "ad"}, pairs); diff != "" || large != nil || err != nil {
		t.Errorf("pairs (-want +got):\n%s large %v, error %v", diff, large, err)
	}
}

func TestALargeBlockIsReportedAndNotCompared(t *testing.T) {
	rows := append(blockOf("e:info@x.example", MaxBlock+1), KeyRow{"p:1", "a"}, KeyRow{"p:1", "b"})
	pairs, large, err := run(keyRows(rows...))
	if diff := cmp.Diff([]string{"ab"}, pairs); diff != "" || err != nil {
		t.Errorf("pairs (-want +got):\n%s error %v", diff, err)
	}
	if diff := cmp.Diff([]Block{{"e:info@x.example", MaxBlock + 1}}, large); diff != "" {
		t.Errorf("large blocks (-want +got):\n%s", diff)
	}
	if pairs, _, _ = run(keyRows(blockOf("e:full", MaxBlock)...)); len(pairs) != MaxBlock*(MaxBlock-1)/2 {
		t.Errorf("a block of the largest size gave %d pairs", len(pairs))
	}
}

func TestAnIdentityBlockIsNeverTooLarge(t *testing.T) {
	pairs, large, err := run(keyRows(blockOf("i:x@x.example", 200)...))
	if len(pairs) != 199 || large != nil || err != nil {
		t.Errorf("want 199 pairs with the first member, got %d, large %v, error %v", len(pairs), large, err)
	}
	if slices.ContainsFunc(pairs, func(p string) bool { return p[:3] != "000" }) {
		t.Errorf("a pair without the first member: %v", pairs)
	}
}

func TestCandidatesStopAtTheFirstError(t *testing.T) {
	broken := fmt.Errorf("disk")
	rows := func(yield func(KeyRow, error) bool) {
		_ = yield(KeyRow{"e:x", "a"}, nil) && yield(KeyRow{}, broken) && yield(KeyRow{"e:x", "b"}, nil)
	}
	if pairs, _, err := run(rows); err != broken || pairs != nil {
		t.Errorf("want the error of the rows and no pair, got %v and %v", err, pairs)
	}
	compare := func(string, string) error { return broken }
	if err := Candidates(keyRows(blockOf("e:x", 3)...), compare, nil); err != broken {
		t.Errorf("want the error of compare, got %v", err)
	}
}
