// Package block finds the pairs of records that share a blocking key, among
// more records than memory should hold.
//
//	reads   ids and blocking keys, as its caller adds them
//	does    brings equal keys together in a temporary file, pairs the records of each block
//	writes  nothing that outlives it
//
// Memory stays within a few megabytes whatever the number of records; only a
// key that very many of them share costs more. Keys are held as 63-bit hashes:
// two keys that fall together cost a comparison, never a merge.
package block

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"nextpipe/stages/internal/match"
)

// Pair is two records that share a blocking key, by id; A < B within one
// table. Between two tables A is of the first and B of the second.
type Pair struct{ A, B int64 }

// Skipped is a block that was too large to compare.
type Skipped struct {
	Member  int64 // one of its records: its keys tell what they share
	Members int
	hash    uint64
}

// Finder collects blocking keys and then gives the pairs. Call Close at the end.
type Finder struct {
	seed    maphash.Seed
	keys    spill
	pairs   spill
	named   []Pair // pairs to give whatever their keys say
	maxID   int64
	two     bool // pairs between two tables only
	skipped []Skipped
}

// NewFinder finds pairs within one table. Identity keys ("i:") are never too
// many: see [match.Candidates].
func NewFinder() *Finder { return &Finder{seed: maphash.MakeSeed()} }

// NewFinderBetween finds pairs between two tables, whose records are added with
// [Finder.Add] and [Finder.AddOther].
func NewFinderBetween() *Finder { return &Finder{seed: maphash.MakeSeed(), two: true} }

// Add takes a record's id (0 or more) and its blocking keys.
func (f *Finder) Add(id int64, keys []string) error { return f.add(id, 0, keys) }

// AddOther is Add for a record of the second table.
func (f *Finder) AddOther(id int64, keys []string) error { return f.add(id, 1, keys) }

// AddPair asks for a pair whether or not its records share a key.
func (f *Finder) AddPair(a, b int64) { f.named = append(f.named, ordered(a, b)) }

func (f *Finder) add(id int64, side uint64, keys []string) error {
	if id < 0 {
		return fmt.Errorf("block record %d: ids start at 0", id)
	}
	f.maxID = max(f.maxID, id)
	for _, key := range keys {
		h := f.hash(key)
		if err := f.keys.add(h>>1%partitions, entry{h, uint64(id)<<1 | side}); err != nil {
			return err
		}
	}
	return nil
}

// hash keeps in its lowest bit whether the key is an identity.
func (f *Finder) hash(key string) uint64 {
	h := maphash.String(f.seed, key) &^ 1
	if strings.HasPrefix(key, "i:") {
		h |= 1
	}
	return h
}

// KeyOf names the key of a skipped block, given the keys of its Member.
func (f *Finder) KeyOf(s Skipped, keys []string) string {
	for _, key := range keys {
		if f.hash(key) == s.hash {
			return key
		}
	}
	return ""
}

// Pairs hands every pair once to fn, in batches of at most batch pairs ordered
// by A, and returns the blocks that were too large. Nothing may be added later.
func (f *Finder) Pairs(ctx context.Context, batch int, fn func([]Pair) error) ([]Skipped, error) {
	for _, p := range f.named {
		f.maxID = max(f.maxID, p.B)
	}
	if err := f.keys.each(f.pairUp); err != nil {
		return nil, err
	}
	for _, p := range f.named {
		if err := f.addPair(p); err != nil {
			return nil, err
		}
	}
	out := make([]Pair, 0, batch)
	err := f.pairs.each(func(list []entry) error {
		for len(list) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(batch, len(list))
			out = out[:0]
			for _, e := range list[:n] {
				out = append(out, Pair{int64(e.x), int64(e.y)})
			}
			if err := fn(out); err != nil {
				return err
			}
			list = list[n:]
		}
		return nil
	})
	return f.skipped, err
}

// pairUp pairs the records of one partition's blocks.
func (f *Finder) pairUp(list []entry) error {
	if f.two {
		return eachBlock(list, f.pairSides)
	}
	compare := func(a, b string) error { return f.addPair(ordered(idOf(a), idOf(b))) }
	tooLarge := func(b match.Block) error {
		hash := number(b.Key[2:])
		at, _ := slices.BinarySearchFunc(list, hash, func(e entry, h uint64) int { return cmp.Compare(e.x, h) })
		f.skipped = append(f.skipped, Skipped{Member: int64(list[at].y >> 1), Members: b.Members, hash: hash})
		return nil
	}
	return match.Candidates(keyRows(list), compare, tooLarge)
}

// pairSides pairs the records of one table with those of the other; ids of the
// first table are even.
func (f *Finder) pairSides(block []entry) error {
	var sides [2][]int64
	for _, e := range block {
		sides[e.y&1] = append(sides[e.y&1], int64(e.y>>1))
	}
	if len(sides[0])*len(sides[1]) > match.MaxBlock*match.MaxBlock {
		f.skipped = append(f.skipped, Skipped{Member: sides[0][0], Members: len(block), hash: block[0].x})
		return nil
	}
	for _, a := range sides[0] {
		for _, b := range sides[1] {
			if err := f.addPair(Pair{a, b}); err != nil {
				return err
			}
		}
	}
	return nil
}

// addPair keeps pairs in order of their first record, so that whoever loads the
// records reads them as they lie in the table.
func (f *Finder) addPair(p Pair) error {
	return f.pairs.add(uint64(p.A)*partitions/uint64(f.maxID+1), entry{uint64(p.A), uint64(p.B)})
}

// Close frees the temporary files.
func (f *Finder) Close() error { return errors.Join(f.keys.close(), f.pairs.close()) }

// keyRows presents blocks of more than one record in the form that
// match.Candidates reads.
func keyRows(list []entry) iter.Seq2[match.KeyRow, error] {
	return func(yield func(match.KeyRow, error) bool) {
		for i, e := range list {
			alone := (i == 0 || list[i-1].x != e.x) && (i == len(list)-1 || list[i+1].x != e.x)
			if !alone && !yield(match.KeyRow{Key: keyText(e.x), Member: text(e.y >> 1)}, nil) {
				return
			}
		}
	}
}

func keyText(hash uint64) string {
	if hash&1 == 1 {
		return "i:" + text(hash)
	}
	return "k:" + text(hash)
}

// text and number carry numbers through the strings that match works on.
func text(n uint64) string   { return string(binary.BigEndian.AppendUint64(nil, n)) }
func number(s string) uint64 { return binary.BigEndian.Uint64([]byte(s)) }
func idOf(s string) int64    { return int64(number(s)) }

func ordered(a, b int64) Pair { return Pair{min(a, b), max(a, b)} }

// eachBlock cuts a sorted list into runs of equal keys.
func eachBlock(list []entry, fn func([]entry) error) error {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].x == list[0].x {
			n++
		}
		if err := fn(list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}
