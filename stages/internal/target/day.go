package target

import "time"

// Day is what is known of the account's tokens in its current day.
type Day struct {
	Budget  int64     // of the whole company
	Granted int64     // what we may take of it
	Ours    int64     // what we have taken
	Others  int64     // what others have; -1 when no answer told
	Next    time.Time // when the next one begins, most likely
}

// Ahead is what a whole day will bring us when others go on taking as large a
// part of what is spent as today. Where answers tell nothing, it is what this one
// brought until it was spent.
func (d Day) Ahead() int64 {
	switch {
	case d.Ours <= 0 || d.Others == 0:
		return d.Granted
	case d.Others < 0:
		return min(d.Granted, d.Ours)
	}
	return min(d.Granted, d.Budget*d.Ours/(d.Ours+d.Others))
}

// Pace is how long that many requests take at the burst limit.
func (s *Session) Pace(requests int64) time.Duration {
	return time.Duration(float64(requests) / s.Client.Rate() * float64(time.Second))
}

// Day tells where the account's day of tokens stands.
func (s *Session) Day() Day {
	a := s.may
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	a.ledger.forget(now.Add(-budgetDay))
	d := Day{Budget: int64(a.budget()), Granted: a.granted(), Ours: a.ledger.sum(), Others: -1, Next: a.resume(now)}
	if a.left >= 0 {
		d.Others = max(0, int64(a.daily-a.left)-d.Ours)
	}
	return d
}
