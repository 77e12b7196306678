package dedupe

import (
	"cmp"
	"errors"
	"slices"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
)

// chunkRecords is how many linked records are held in full at a time.
const chunkRecords = 1000

// cluster turns the links into clusters, some components at a time.
func (s *search[T]) cluster() error {
	w, err := s.newWriter()
	if err != nil {
		return err
	}
	for _, row := range s.heirs.rows {
		s.links = append(s.links, link{a: row, b: row})
	}
	list := components(s.links)
	s.links = nil
	err = sideBySide(func(send func(output) error) error {
		for len(list) > 0 {
			n := chunkEnd(list)
			out, err := s.clusterChunk(list[:n], w)
			if err == nil {
				err = send(out)
			}
			if err != nil {
				return err
			}
			list = list[n:]
		}
		return nil
	}, w.write)
	return errors.Join(err, w.close())
}

// component is a link with the lowest row that its records are connected to.
type component struct {
	root int64
	link
}

// components orders the links by connected component.
func components(links []link) []component {
	parent := make(map[int64]int64, len(links))
	root := func(x int64) int64 {
		for {
			p, ok := parent[x]
			if !ok || p == x {
				return x
			}
			if g, ok := parent[p]; ok {
				parent[x] = g
			}
			x = p
		}
	}
	for _, l := range links {
		if a, b := root(l.a), root(l.b); a != b {
			parent[max(a, b)] = min(a, b)
		}
	}
	out := make([]component, len(links))
	for i, l := range links {
		out[i] = component{root(l.a), l}
	}
	slices.SortFunc(out, func(a, b component) int {
		return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
	})
	return out
}

// chunkEnd cuts after a whole component.
func chunkEnd(list []component) int {
	n := min(len(list), chunkRecords)
	for n < len(list) && list[n].root == list[n-1].root {
		n++
	}
	return n
}

// member is one record of a cluster, in full.
type member[T any] struct {
	key    string
	record T
	row    matchrow.Row
	linked string // the final key that an account knows it by, or ""
}

// chunk is the members of some components and what was found out about them.
type chunk[T any] struct {
	*search[T]
	byKey    map[string]*member[T]
	verdicts map[[2]string]match.Verdict
	output   output
}

func (s *search[T]) clusterChunk(list []component, w *writer) (output, error) {
	c, keyOfRow, err := s.loadChunk(list, w.columns)
	if err != nil {
		return output{}, err
	}
	present := make(map[string]bool, len(c.byKey))
	for key := range c.byKey {
		present[key] = true
	}
	graph, err := match.NewGraph(s.rulings.among(present))
	if err != nil {
		return output{}, err
	}
	for _, l := range list {
		graph.Add(keyOfRow[l.a], keyOfRow[l.b], match.Verdict{Decision: match.Merge, Identity: l.hard})
	}
	clusters, err := graph.Clusters(func(a, b string) (match.Verdict, error) { return c.verdict(a, b), nil })
	if err != nil {
		return output{}, err
	}
	for _, cl := range append(clusters, c.lonelyHeirs(clusters)...) {
		settled, err := c.settle(cl)
		if err == nil {
			err = c.store(settled, w)
		}
		if err != nil {
			return output{}, err
		}
	}
	return c.output, nil
}

// loadChunk reads the members in full.
func (s *search[T]) loadChunk(list []component, columns []string) (*chunk[T], map[int64]string, error) {
	ids := make([]int64, 0, 2*len(list))
	for _, l := range list {
		ids = append(ids, l.a, l.b)
	}
	slices.Sort(ids)
	c := &chunk[T]{search: s, byKey: map[string]*member[T]{}, verdicts: map[[2]string]match.Verdict{}}
	keyOfRow := make(map[int64]string, len(ids))
	rows, err := s.read.QueryContext(s.ctx, "SELECT "+quoteAll(columns)+" FROM "+s.clean()+
		" WHERE row_id IN (SELECT value FROM json_each(?))", idList(slices.Compact(ids)))
	if err != nil {
		return nil, nil, err
	}
	err = matchrow.Each(rows, matchrow.Index(columns), func(r matchrow.Row) error {
		r.Values = slices.Clone(r.Values)
		record, err := s.object.read(r)
		m := &member[T]{key: s.keyOf(record), record: record, row: r}
		c.byKey[m.key], keyOfRow[r.ID()] = m, m.key
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return c, keyOfRow, c.markLinked()
}

func (c *chunk[T]) markLinked() error {
	keys := make([]string, 0, len(c.byKey))
	for key := range c.byKey {
		keys = append(keys, key)
	}
	linked, err := linkedAmong(c.ctx, c.search.read, c.entity, keys)
	if err != nil {
		return err
	}
	for key, m := range c.byKey {
		if linked[key] {
			m.linked = key
		} else {
			m.linked = c.heirs.keys[key]
		}
	}
	return nil
}

// verdict compares two members once.
func (c *chunk[T]) verdict(a, b string) match.Verdict {
	pair := [2]string{min(a, b), max(a, b)}
	v, ok := c.verdicts[pair]
	if !ok {
		v = c.search.verdict(c.byKey[a].record, c.byKey[b].record)
		c.verdicts[pair] = v
	}
	return v
}

// lonelyHeirs are clusters of one: records that nothing links today, but which
// carry on a linked key.
func (c *chunk[T]) lonelyHeirs(clusters []match.Cluster) []match.Cluster {
	taken := map[string]bool{}
	for _, cl := range clusters {
		for _, key := range cl.Members {
			taken[key] = true
		}
	}
	var out []match.Cluster
	for key := range c.heirs.keys {
		if c.byKey[key] != nil && !taken[key] {
			out = append(out, match.Cluster{Members: []string{key}, Parts: [][]string{{key}}})
		}
	}
	slices.SortFunc(out, func(a, b match.Cluster) int { return cmp.Compare(a.Members[0], b.Members[0]) })
	return out
}
