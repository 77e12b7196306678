package target

import "time"

// ledger is what we spent in which second, oldest first, and what the account
// said was left then.
type ledger []portion

type portion struct {
	at     time.Time
	tokens int64
	left   int // of the company's day; -1 when no answer told
}

// at finds the portion of a moment, or begins it. A clock that was set back
// begins none.
func (l *ledger) at(when time.Time) *portion {
	when = when.UTC().Truncate(time.Second)
	if n := len(*l); n == 0 || when.After((*l)[n-1].at) {
		*l = append(*l, portion{at: when, left: -1})
	}
	return &(*l)[len(*l)-1]
}

func (l *ledger) forget(before time.Time) {
	for len(*l) > 0 && (*l)[0].at.Before(before) {
		*l = (*l)[1:]
	}
}

// turn drops what was spent before the account's day began: when more is left
// than was told before the given moment, it has begun since. It tells whether.
func (l *ledger) turn(left int, before time.Time) bool {
	for i := len(*l) - 1; i >= 0; i-- {
		if p := (*l)[i]; p.at.Before(before) && p.left >= 0 && p.left < left {
			*l = (*l)[i+1:]
			return true
		}
	}
	return false
}

func (l ledger) sum() (tokens int64) {
	for _, p := range l {
		tokens += p.tokens
	}
	return tokens
}
