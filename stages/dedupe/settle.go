package dedupe

import (
	"slices"
	"strings"

	"nextpipe/stages/internal/match"
)

// settled is a cluster with the final records it becomes: one, or several when
// it is held for review.
type settled[T any] struct {
	finals []finalRecord[T]
	reason string
	late   bool
}

// finalRecord is what goes on as one record.
type finalRecord[T any] struct {
	key     string
	members []*member[T] // ranked, the survivor first
	why     string       // why the survivor is first
}

// merged reports whether the record differs from a clean row as it stands.
func (f finalRecord[T]) merged() bool { return len(f.members) > 1 || f.key != f.members[0].key }

func (c *chunk[T]) settle(cl match.Cluster) (settled[T], error) {
	out := settled[T]{reason: cl.Reason}
	for _, part := range cl.Parts {
		members := make([]*member[T], len(part))
		for i, key := range part {
			members[i] = c.byKey[key]
		}
		groups, late, err := c.divide(members)
		if err != nil {
			return out, err
		}
		if late != "" {
			out.late, out.reason = true, late
		}
		for _, g := range groups {
			out.finals = append(out.finals, c.finalOf(g))
		}
	}
	return out, nil
}

// divide keeps two linked keys apart, whatever makes their records one: their
// merge in the account could not be undone. The others stay with the record
// they went into before, or else with the first that they surely match, so
// that no third record appears in the account.
func (c *chunk[T]) divide(members []*member[T]) (groups [][]*member[T], late string, err error) {
	var keys []string
	for _, m := range members {
		if m.linked != "" && !slices.Contains(keys, m.linked) {
			keys = append(keys, m.linked)
		}
	}
	if len(keys) < 2 {
		return [][]*member[T]{members}, "", nil
	}
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.key
	}
	home, err := homes(c.ctx, c.search.read, c.name, names)
	if err != nil {
		return nil, "", err
	}
	for _, key := range keys {
		groups = append(groups, nil)
		at := len(groups) - 1
		for _, m := range members {
			if m.linked == key {
				groups[at] = append(groups[at], m)
			}
		}
	}
	for _, m := range members {
		if m.linked == "" {
			groups = c.place(groups, len(keys), keys, m, home[m.key])
		}
	}
	return groups, "late duplicate: " + strings.Join(keys, " and ") + " are already records in Pipedrive; merge them there by hand, or split them by decision", nil
}

// place finds the group for a record that is not linked itself.
func (c *chunk[T]) place(groups [][]*member[T], linked int, keys []string, m *member[T], home string) [][]*member[T] {
	at := slices.Index(keys, home)
	for i := 0; at < 0 && i < linked; i++ {
		if c.verdict(groups[i][0].key, m.key).Decision == match.Merge {
			at = i
		}
	}
	if at < 0 {
		return append(groups, []*member[T]{m})
	}
	groups[at] = append(groups[at], m)
	return groups
}

// finalOf ranks the members of one final record and gives it its key.
func (c *chunk[T]) finalOf(members []*member[T]) finalRecord[T] {
	records := make([]match.Record, len(members))
	for i, m := range members {
		records[i] = match.Record{Key: m.key, Linked: m.linked != "", Lesser: !strings.HasPrefix(m.key, c.name+":"), Filled: filled(m.row), Created: m.row.Text("created_at"), Order: m.row.ID()}
	}
	ranking := c.rank(records)
	f := finalRecord[T]{why: ranking.Why}
	for _, key := range ranking.Keys {
		f.members = append(f.members, c.byKey[key])
	}
	f.key = f.members[0].key
	if linked := f.members[0].linked; linked != "" {
		f.key = linked
	}
	if f.key != f.members[0].key {
		f.why = "it carries on the linked key of a record that is gone from the source"
	}
	return f
}

// evidence is why a member was merged into its record: its verdict with the
// best ranked member that it matches by itself.
func (c *chunk[T]) evidence(f finalRecord[T], m *member[T]) (rule, why string) {
	for _, other := range f.members {
		if other == m {
			continue
		}
		if v := c.verdict(other.key, m.key); v.Decision == match.Merge {
			return v.Rule, v.Why
		}
	}
	return ruleJoin, "joined with the others of its cluster by decision"
}
