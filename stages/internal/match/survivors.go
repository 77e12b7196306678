package match

import (
	"cmp"
	"slices"
	"strings"
)

// Record is what ranks a record within its cluster.
type Record struct {
	Key     string
	Linked  bool   // its final key is already a record in Pipedrive
	Lesser  bool   // a lead or target: nobody has kept it as carefully as a contact
	Filled  int    // fields that hold a value
	Created string // ISO 8601 in UTC, "" unknown
	Order   int64  // place in the source: file order, else any stable number
}

// Ranking is the order of a cluster's records: the first survives.
type Ranking struct {
	Keys []string
	Why  string   // what made the first one first
	Late []string // further linked keys: a late duplicate, reported and never merged
}

// RankByEvidence ranks by: a linked final key first, then contacts before leads
// and targets, then the most complete, then the oldest (unknown last), then the lowest key. Final keys are immortal
// once linked, so no later run can make another record the survivor.
func RankByEvidence(list []Record) Ranking {
	return rank(list, []step{linkedFirst,
		{"it is a contact, not a lead or target", func(a, b Record) int { return order(a.Lesser, b.Lesser) }},
		{"it holds the most fields", func(a, b Record) int { return cmp.Compare(b.Filled, a.Filled) }},
		{"it is the oldest", oldestFirst},
		{"its key is the lowest", func(a, b Record) int { return cmp.Compare(a.Key, b.Key) }},
	})
}

// RankByOrder is the plugin edition's rule: a linked final key first, then the
// first row in file order is the base.
func RankByOrder(list []Record) Ranking {
	return rank(list, []step{linkedFirst,
		{"it is the first row", func(a, b Record) int { return cmp.Compare(a.Order, b.Order) }},
		{"its key is the lowest", func(a, b Record) int { return cmp.Compare(a.Key, b.Key) }},
	})
}

// step is one criterion and how to say that it decided.
type step struct {
	why     string
	compare func(a, b Record) int
}

var linkedFirst = step{"its key is already linked to Pipedrive", func(a, b Record) int { return order(b.Linked, a.Linked) }}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func oldestFirst(a, b Record) int {
	switch {
	case a.Created == b.Created:
		return 0
	case a.Created == "":
		return 1
	case b.Created == "":
		return -1
	}
	return cmp.Compare(a.Created, b.Created)
}

func rank(list []Record, steps []step) Ranking {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b Record) int {
		for _, s := range steps {
			if c := s.compare(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	r := Ranking{Why: "it is the only record"}
	for i, c := range sorted {
		r.Keys = append(r.Keys, c.Key)
		if i > 0 && c.Linked {
			r.Late = append(r.Late, c.Key)
		}
	}
	if len(sorted) > 1 {
		r.Why = deciding(steps, sorted[0], sorted[1])
	}
	return r
}

// deciding names the step that put a before b.
func deciding(steps []step, a, b Record) string {
	for _, s := range steps {
		if s.compare(a, b) != 0 {
			return s.why
		}
	}
	return "the records rank equal"
}

// FieldRule says how a field of several records becomes one.
type FieldRule string

// The three ways. Money, dates and texts are scalars; e-mails, phones, tags and
// lists are unions; the marketing status is consent.
const (
	Scalar  FieldRule = "scalar"
	Union   FieldRule = "union"
	Consent FieldRule = "consent"
)

// FieldValue is one record's value of a field: no items mean null, a scalar has
// one.
type FieldValue struct {
	Key   string
	Items []string
}

// MergedField is a field of the merged record.
type MergedField struct {
	Items []string
	From  []string     // key each item came from, as long as Items
	Lost  []FieldValue // values that differ and did not win: they must be kept in writing
	Why   string
}

// MergeField merges one field of a cluster; ranked holds the values in the order
// of [Ranking].Keys.
func MergeField(rule FieldRule, ranked []FieldValue) MergedField {
	switch rule {
	case Union:
		return mergeUnion(ranked)
	case Consent:
		return mergeConsent(ranked)
	}
	return mergeScalar(ranked)
}

// mergeScalar keeps the survivor's value, else the first that is not null.
func mergeScalar(ranked []FieldValue) MergedField {
	m := MergedField{Why: "no record has a value"}
	for i, v := range ranked {
		switch {
		case len(v.Items) == 0:
		case m.Items == nil && i == 0:
			m.Items, m.From, m.Why = v.Items[:1], []string{v.Key}, "the survivor's value"
		case m.Items == nil:
			m.Items, m.From, m.Why = v.Items[:1], []string{v.Key}, "the survivor has none; first value in rank order"
		case v.Items[0] != m.Items[0]:
			m.Lost = append(m.Lost, v)
		}
	}
	return m
}

// mergeUnion keeps every item once, in rank order; case does not tell apart.
func mergeUnion(ranked []FieldValue) MergedField {
	m := MergedField{Why: "all values in rank order, each once"}
	seen := map[string]bool{}
	for _, v := range ranked {
		for _, item := range v.Items {
			if folded := strings.ToLower(item); !seen[folded] {
				seen[folded] = true
				m.Items, m.From = append(m.Items, item), append(m.From, v.Key)
			}
		}
	}
	return m
}

// consentOrder is the export contract's: what forbids most wins, so that a merge
// never turns a no into a yes.
var consentOrder = []string{"complained", "bounced", "unsubscribed", "pending", "subscribed"}

func mergeConsent(ranked []FieldValue) MergedField {
	var best FieldValue
	for _, v := range ranked {
		if len(v.Items) > 0 && (best.Items == nil || consentRank(v) < consentRank(best)) {
			best = v
		}
	}
	if best.Items == nil {
		return MergedField{Why: "no record has a value"}
	}
	m := MergedField{Items: best.Items[:1], From: []string{best.Key}, Why: "strictest of " + strings.Join(consentOrder, " > ")}
	for _, v := range ranked {
		if len(v.Items) > 0 && v.Items[0] != best.Items[0] {
			m.Lost = append(m.Lost, v)
		}
	}
	return m
}

// consentRank puts an unknown status between a no and a yes: it permits nothing,
// and it takes back nothing.
func consentRank(v FieldValue) int {
	if i := slices.Index(consentOrder, strings.ToLower(strings.TrimSpace(v.Items[0]))); i >= 0 {
		return 2 * i
	}
	return 2*slices.Index(consentOrder, "unsubscribed") + 1
}
