package segment

import (
	"fmt"
	"slices"
)

// fit puts an OR of ANDs into the two groups of a filter, or says why it cannot.
//
// What all groups share is taken out in front of the OR: (a and b) or (a and c)
// is a and (b or c). It fits when what remains of each group is one alternative.
func fit(groups [][]clause) (f Filter, misfit []string) {
	if len(groups) == 0 {
		return f, []string{"no_rules"}
	}
	groups = absorb(groups)
	common, rests := factor(groups)
	var or []Condition
	alternatives := 0
	for _, c := range common {
		if c.or {
			or = c.conditions
			alternatives++
			continue
		}
		f.And = append(f.And, c.conditions...)
	}
	if rest, single := alternative(rests); !single {
		misfit = append(misfit, "or_of_and_groups")
	} else if len(rest) > 0 {
		or = rest
		alternatives++
	}
	if alternatives > 1 {
		misfit = append(misfit, "two_or_groups")
	}
	if f.Or = unique(or); len(f.Or) == 1 {
		f.And, f.Or = append(f.And, f.Or...), nil
	}
	if f.And = unique(f.And); len(f.And)+len(f.Or) > MaxConditions {
		misfit = append(misfit, "too_many_conditions")
	}
	return f, misfit
}

func unique(all []Condition) (kept []Condition) {
	for _, c := range all {
		if !slices.Contains(kept, c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// absorb drops every group that asks for more than another one: a or (a and b)
// is a. Of equal groups the first stays.
func absorb(groups [][]clause) (kept [][]clause) {
	for i, g := range groups {
		needless := slices.ContainsFunc(groups[:i], func(other []clause) bool { return includes(g, other) }) ||
			slices.ContainsFunc(groups[i+1:], func(other []clause) bool { return includes(g, other) && !includes(other, g) })
		if !needless {
			kept = append(kept, g)
		}
	}
	return kept
}

// includes reports whether every clause of part is in whole.
func includes(whole, part []clause) bool {
	for _, c := range part {
		if !holds(whole, c) {
			return false
		}
	}
	return true
}

func holds(all []clause, c clause) bool {
	return slices.ContainsFunc(all, func(other clause) bool { return other.key() == c.key() })
}

// key tells equal clauses: the order of conditions does not matter.
func (c clause) key() string {
	parts := make([]string, len(c.conditions))
	for i, cond := range c.conditions {
		parts[i] = fmt.Sprintf("%#v", cond)
	}
	slices.Sort(parts)
	return fmt.Sprint(c.or, parts)
}

// factor parts the clauses that all groups share from the rest of each group.
// AND clauses of several conditions are taken apart first, so that a shared
// half is found.
func factor(groups [][]clause) (common []clause, rests [][]clause) {
	split := make([][]clause, len(groups))
	for i, g := range groups {
		split[i] = apart(g)
	}
	for _, c := range split[0] {
		everywhere := !slices.ContainsFunc(split, func(g []clause) bool { return !holds(g, c) })
		if everywhere && !holds(common, c) {
			common = append(common, c)
		}
	}
	for _, g := range split {
		rests = append(rests, slices.DeleteFunc(g, func(c clause) bool { return holds(common, c) }))
	}
	return common, rests
}

func apart(group []clause) (single []clause) {
	for _, c := range group {
		if c.or {
			single = append(single, c)
			continue
		}
		for _, cond := range c.conditions {
			single = append(single, clause{conditions: []Condition{cond}})
		}
	}
	return single
}

// alternative joins what remains of each group into one OR; single is false
// when a rest asks for two things at once. A group without a rest is met by
// whoever has what is common, so the OR is empty.
func alternative(rests [][]clause) (or []Condition, single bool) {
	for _, rest := range rests {
		switch len(rest) {
		case 0:
			return nil, true
		case 1:
			or = append(or, rest[0].conditions...)
		default:
			return nil, false
		}
	}
	return or, true
}
