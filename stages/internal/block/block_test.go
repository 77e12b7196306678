package block

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pairsOf collects all pairs.
func pairsOf(t *testing.T, f *Finder) ([]Pair, []Skipped) {
	t.Helper()
	var all []Pair
	skipped, err := f.Pairs(context.Background(), 3, func(batch []Pair) error {
		if len(batch) > 3 {
			t.Errorf("a batch of %d pairs, want at most 3", len(batch))
		}
		all = append(all, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return all, skipped
}

func add(t *testing.T, add func(int64, []string) error, id int64, keys ...string) {
	t.Helper()
	if err := add(id, keys); err != nil {
		t.Fatal(err)
	}
}

func TestRecordsThatShareAKeyArePairedOnce(t *testing.T) {
	f := NewFinder()
	add(t, f.Add, 5, "e:a", "p:1")
	add(t, f.Add, 2, "e:a", "p:1")
	add(t, f.Add, 9, "p:1", "x:y")
	add(t, f.Add, 7, "z:1")
	f.AddPair(9, 7)
	got, _ := pairsOf(t, f)
	if diff := cmp.Diff([]Pair{{2, 5}, {2, 9}, {5, 9}, {7, 9}}, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestMorePairsThanMemoryHoldsComeBackFromTheFile(t *testing.T) {
	f := NewFinder()
	const n = 60000
	for i := range int64(n) {
		add(t, f.Add, i, fmt.Sprint("k:", i/2), fmt.Sprint("other:", i))
	}
	if f.keys.file == nil {
		t.Fatal("nothing was written to the file")
	}
	got, _ := pairsOf(t, f)
	if len(got) != n/2 || !slices.IsSortedFunc(got, func(a, b Pair) int { return int(a.A - b.A) }) {
		t.Errorf("%d pairs, want %d in order", len(got), n/2)
	}
	for _, p := range got {
		if p.A%2 != 0 || p.B != p.A+1 {
			t.Fatalf("pair %v shares no key", p)
		}
	}
}

func TestALargeBlockIsNamedAndNotCompared(t *testing.T) {
	f := NewFinder()
	for i := range int64(100) {
		add(t, f.Add, i, "e:info@a.example", "only:"+fmt.Sprint(i))
	}
	got, skipped := pairsOf(t, f)
	if len(got) != 0 || len(skipped) != 1 || skipped[0].Members != 100 {
		t.Fatalf("pairs %v, skipped %v", got, skipped)
	}
	if key := f.KeyOf(skipped[0], []string{"only:0", "e:info@a.example"}); key != "e:info@a.example" {
		t.Errorf("key = %q", key)
	}
}

func TestAnIdentityIsNeverTooLarge(t *testing.T) {
	f := NewFinder()
	for i := range int64(100) {
		add(t, f.Add, i, "i:a@a.example")
	}
	got, skipped := pairsOf(t, f)
	if len(got) != 99 || len(skipped) != 0 {
		t.Errorf("%d pairs, %d skipped; want each of 99 with the first", len(got), len(skipped))
	}
}

func TestBetweenTwoTablesOnlyRecordsOfBothArePaired(t *testing.T) {
	f := NewFinderBetween()
	add(t, f.Add, 3, "k")
	add(t, f.Add, 4, "k")
	add(t, f.AddOther, 0, "k", "l")
	add(t, f.AddOther, 8, "l")
	got, _ := pairsOf(t, f)
	if diff := cmp.Diff([]Pair{{3, 0}, {4, 0}}, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestAnErrorEndsThePairing(t *testing.T) {
	f := NewFinder()
	defer f.Close()
	add(t, f.Add, 1, "k")
	add(t, f.Add, 2, "k")
	stop := errors.New("stop")
	if _, err := f.Pairs(context.Background(), 1, func([]Pair) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error = %v, want %v", err, stop)
	}
	if err := f.Add(-1, nil); err == nil {
		t.Error("a negative id was taken")
	}
}
