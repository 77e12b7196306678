package dedupe

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/block"
	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
	"nextpipe/stages/internal/warehouse"
)

// batchPairs is how many pairs are compared at a time: their records are loaded together.
const batchPairs = 1024

// search is the work on one object.
type search[T any] struct {
	object[T]
	ctx     context.Context
	read    *sql.DB // sees the clean tables, and the crosswalk of the run before
	tx      *sql.Tx
	finder  *block.Finder
	rulings rulings
	said    told
	heirs   heirs
	links   []link
	pairs   *warehouse.Inserter
	out     outcome
}

// link is two records, by row, that are one by evidence, identity or decision.
type link struct {
	a, b int64
	hard bool
}

// find fills the dup_ tables of one object.
func find[T any](ctx context.Context, db *warehouse.DB, tx *sql.Tx, o object[T]) (outcome, error) {
	s := &search[T]{object: o, ctx: ctx, read: db.Read(), tx: tx, finder: block.NewFinder()}
	if o.isParent {
		s.out.finalKeys = map[string]string{}
	}
	err := s.run()
	if cerr := s.finder.Close(); err == nil {
		err = cerr
	}
	return s.out, err
}

func (s *search[T]) run() error {
	var err error
	if s.rulings, s.out.moot, err = decisions(s.ctx, s.read, s.name, s.entity); err != nil {
		return err
	}
	if s.heirs, err = findHeirs(s.ctx, s.read, s.name, s.entity); err != nil {
		return err
	}
	if s.said, err = whatTheSourceSays(s.ctx, s.read, s.told); err != nil {
		return err
	}
	for _, p := range s.said.pairs {
		s.finder.AddPair(p[0], p[1])
	}
	for _, r := range s.rulings.list {
		s.finder.AddPair(r.aRow, r.bRow)
	}
	if err := s.block(); err != nil {
		return fmt.Errorf("collect blocking keys: %w", err)
	}
	if err := s.comparePairs(); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	return s.cluster()
}

// rowBatch is how many rows travel from the reader to the key maker at a time.
const rowBatch = 256

// block streams all records and collects their keys.
func (s *search[T]) block() error {
	return sideBySide(s.stream, func(batch []numbered[T]) error {
		for _, r := range batch {
			if err := s.finder.Add(r.id, s.keys(r.record)); err != nil {
				return err
			}
		}
		return nil
	})
}

// numbered is a record with its row.
type numbered[T any] struct {
	id     int64
	record T
}

func (s *search[T]) stream(send func([]numbered[T]) error) error {
	rows, err := s.read.QueryContext(s.ctx, s.selectRows(""))
	if err != nil {
		return err
	}
	batch := make([]numbered[T], 0, rowBatch)
	err = matchrow.Each(rows, matchrow.Index(s.columns), func(r matchrow.Row) error {
		record, err := s.object.read(r)
		if err != nil {
			return err
		}
		if batch = append(batch, numbered[T]{r.ID(), record}); len(batch) < rowBatch {
			return nil
		}
		full := batch
		batch = make([]numbered[T], 0, rowBatch)
		return send(full)
	})
	if err != nil {
		return err
	}
	return send(batch)
}

func (s *search[T]) selectRows(where string) string {
	return "SELECT " + strings.Join(s.columns, ", ") + " FROM " + s.clean() + " " + where
}

// comparePairs compares every pair that shares a key, stores what is not
// distinct, and keeps the links.
func (s *search[T]) comparePairs() error {
	var err error
	s.pairs, err = warehouse.NewInserter(s.tx, "dup_"+s.name+"_pair", "a_key", "b_key", "decision", "rule", "confidence", "why")
	if err != nil {
		return err
	}
	skipped, err := s.compareAll()
	if err != nil {
		return err
	}
	if err := s.pairs.Close(); err != nil {
		return err
	}
	s.out.rows += s.pairs.Count()
	return s.storeSkipped(skipped)
}

// loaded is a batch of pairs with their records.
type loaded[T any] struct {
	pairs   []block.Pair
	records map[int64]T
}

// compareAll loads batches of pairs and compares them.
func (s *search[T]) compareAll() (skipped []block.Skipped, err error) {
	err = sideBySide(func(send func(loaded[T]) error) error {
		var err error
		skipped, err = s.finder.Pairs(s.ctx, batchPairs, func(pairs []block.Pair) error {
			records, err := s.loadPairs(pairs)
			if err != nil {
				return err
			}
			return send(loaded[T]{slices.Clone(pairs), records})
		})
		return err
	}, s.compareBatch)
	return skipped, err
}

func (s *search[T]) loadPairs(pairs []block.Pair) (map[int64]T, error) {
	ids := make([]int64, 0, 2*len(pairs))
	for _, p := range pairs {
		ids = append(ids, p.A, p.B)
	}
	slices.Sort(ids)
	return s.load(slices.Compact(ids))
}

func (s *search[T]) compareBatch(batch loaded[T]) error {
	for _, p := range batch.pairs {
		a, b := batch.records[p.A], batch.records[p.B]
		v := s.verdict(a, b)
		if v.Decision == match.Merge {
			s.links = append(s.links, link{p.A, p.B, v.Identity})
		}
		if err := s.storePair(s.keyOf(a), s.keyOf(b), v); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the rules' word, unless a person or else the source has spoken.
func (s *search[T]) verdict(a, b T) match.Verdict {
	if v, ok := s.rulings.verdict(s.keyOf(a), s.keyOf(b)); ok {
		return v
	}
	if v, ok := s.said.verdict(s.keyOf(a), s.keyOf(b)); ok {
		return v
	}
	return s.said.weigh(s.keyOf(a), s.keyOf(b), s.compare(a, b))
}

func (s *search[T]) storePair(a, b string, v match.Verdict) error {
	if v.Decision == match.Distinct && v.Rule != ruleSplit {
		return nil
	}
	if v.Decision == match.Review {
		s.out.toReview++
	}
	return s.pairs.Add(min(a, b), max(a, b), string(v.Decision), v.Rule, v.Confidence, v.Why)
}

// load reads the records of the given rows.
func (s *search[T]) load(ids []int64) (map[int64]T, error) {
	rows, err := s.read.QueryContext(s.ctx, s.selectRows("WHERE row_id IN (SELECT value FROM json_each(?))"), idList(ids))
	if err != nil {
		return nil, err
	}
	records := make(map[int64]T, len(ids))
	err = matchrow.Each(rows, matchrow.Index(s.columns), func(r matchrow.Row) error {
		record, err := s.object.read(r)
		records[r.ID()] = record
		return err
	})
	return records, err
}

// idList is a list of rows as a JSON array: one parameter, however many.
func idList(ids []int64) string {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, id)
	}
	return string(append(b, ']'))
}

// storeSkipped names the blocks that were not compared, so that nobody takes
// their records for searched.
func (s *search[T]) storeSkipped(list []block.Skipped) error {
	in, err := warehouse.NewInserter(s.tx, "dup_block_skipped", "object", "block_key", "members")
	if err != nil {
		return err
	}
	for len(list) > 0 {
		n := min(len(list), batchPairs)
		if err := s.storeSkippedBatch(in, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	s.out.skipped = in.Count()
	s.out.rows += in.Count()
	return in.Close()
}

func (s *search[T]) storeSkippedBatch(in *warehouse.Inserter, list []block.Skipped) error {
	ids := make([]int64, len(list))
	for i, b := range list {
		ids[i] = b.Member
	}
	records, err := s.load(ids)
	if err != nil {
		return err
	}
	for _, b := range list {
		if err := in.Add(s.name, s.finder.KeyOf(b, s.keys(records[b.Member])), b.Members); err != nil {
			return err
		}
	}
	return nil
}
