package match

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	benchFirst = strings.Fields("Anna Ben Clara David Elena Felix Greta Hugo Ines Jonas Klara Robert Kateřina Alexander Johannes Maria Paul Petra Oskar Lena Michael Thomas Susan Karin Jürgen Olga Ivan Pavel Zdeněk Łukasz")
	benchLast  = strings.Fields("Adler Hansen Olsen Vogel Novák Jørgensen Řezník Smith Singh Fischer Müller Bauer Keller Weber Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler Maier")
)

// benchContact is contact i of n. Every tenth repeats another one: same e-mail
// with a nickname's initial, or no e-mail and the same phone.
func benchContact(i, n int) Contact {
	c := Contact{Key: fmt.Sprintf("%09d", i), AccountKey: fmt.Sprintf("acc%07d", i%(n/12+1))}
	of := i
	if i%10 == 9 {
		of = (i * 7919) % n
		of -= of % 10
	}
	c.First, c.Last = benchFirst[of%len(benchFirst)], fmt.Sprintf("%s%c", benchLast[of/31%len(benchLast)], 'a'+of%26)
	mail := fmt.Sprintf("user%d@host%d.example", of, of%5000)
	c.Emails, c.EmailKeys = []string{mail}, []string{mail}
	c.Phones = []string{fmt.Sprintf("+49%010d", of)}
	switch {
	case i%20 == 19:
		c.First = c.First[:1]
	case i%10 == 9:
		c.Emails, c.EmailKeys, c.AccountKey = nil, nil, ""
	}
	return c
}

// BenchmarkMillionContacts runs keys, blocks, comparison and clustering over a
// million contacts, a tenth of them duplicates. Making the contacts is part of
// the times. Callers sort the keys in the warehouse; here they are sorted in
// memory, shown apart as sort-s and keys-MB.
func BenchmarkMillionContacts(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		start := time.Now()
		rows := benchRows(n)
		b.ReportMetric(time.Since(start).Seconds(), "keys-s")
		start = time.Now()
		slices.SortFunc(rows, byKeyThenMember)
		b.ReportMetric(time.Since(start).Seconds(), "sort-s")
		b.ReportMetric(float64(len(rows)), "keys")
		b.ReportMetric(heapMB(), "keys-MB")

		start = time.Now()
		g, err := NewGraph(nil)
		if err != nil {
			b.Fatal(err)
		}
		pairs, large := comparePairs(b, g, rows, n)
		b.ReportMetric(time.Since(start).Seconds(), "compare-s")
		b.ReportMetric(float64(pairs), "pairs")
		b.ReportMetric(float64(large), "large-blocks")
		rows = nil
		b.ReportMetric(heapMB(), "graph-MB")

		start = time.Now()
		clusters, err := g.Clusters(func(x, y string) (Verdict, error) {
			return ComparePersons(benchContact(number(x), n), benchContact(number(y), n)), nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "cluster-s")
		b.ReportMetric(float64(len(clusters)), "clusters")
	}
}

func benchRows(n int) []KeyRow {
	var rows []KeyRow
	for i := range n {
		c := benchContact(i, n)
		for _, key := range ContactKeys(c) {
			rows = append(rows, KeyRow{key, c.Key})
		}
	}
	return rows
}

func byKeyThenMember(a, b KeyRow) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return strings.Compare(a.Member, b.Member)
}

func comparePairs(b *testing.B, g *Graph, rows []KeyRow, n int) (pairs, large int) {
	err := Candidates(keyRows(rows...), func(x, y string) error {
		pairs++
		g.Add(x, y, ComparePersons(benchContact(number(x), n), benchContact(number(y), n)))
		return nil
	}, func(Block) error { large++; return nil })
	if err != nil {
		b.Fatal(err)
	}
	return pairs, large
}

func number(key string) (i int) {
	fmt.Sscanf(key, "%d", &i)
	return i
}

func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

func BenchmarkComparePersons(b *testing.B) {
	x, y := mailbox("a@x.example", "Kateřina | Nováková"), mailbox("a@x.example", "Katka | Novakova")
	for b.Loop() {
		ComparePersons(x, y)
	}
}

func BenchmarkCompareAccounts(b *testing.B) {
	x, y := companyNamed("Bäckerei Höfer GmbH"), companyNamed("Baeckerei Hoefer")
	for b.Loop() {
		CompareAccounts(x, y)
	}
}

func BenchmarkContactKeys(b *testing.B) {
	c := benchContact(5, 1000)
	for b.Loop() {
		ContactKeys(c)
	}
}
