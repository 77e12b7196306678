package load

import (
	"maps"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
)

// noteFull remembers where this run met a cap, so that not each of a thousand
// notes of one deal costs tokens to be told the same.
func (l *loader) noteFull(op *journal.Op) {
	if op.Code == journal.Capped {
		l.full[parentsOf(op)] = op.Message
	}
}

// parentsOf names the kind of a create and what it hangs on: in which list it
// stands, or else everything it refers to, since the account does not tell
// which of these is full.
func parentsOf(op *journal.Op) string {
	e, _ := entity.Of(op.Entity)
	keys := []string{e.Under}
	if e.Under == "" {
		keys = slices.Sorted(maps.Keys(e.Refers))
	}
	all := []string{e.Name}
	for _, key := range keys {
		all = append(all, key+"="+journal.TextAt(op.Body, key))
	}
	return strings.Join(all, " ")
}
