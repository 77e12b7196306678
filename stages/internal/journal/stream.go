package journal

import (
	"context"
	"errors"
	"fmt"
)

// Workers is how many requests are under way at once with one token: with answers
// of 150 ms they fill the greatest burst window there is, 60 requests a second.
const Workers = 12

// BatchSize is how many operations are read and how many intents committed at
// once. What is in doubt after a kill is twice that at most.
const BatchSize = 4 * Workers

// Feed brings the next operations to send, none when there are no more. They
// must not depend on each other, nor on any that were brought before.
type Feed func(ctx context.Context) ([]*Op, error)

// Stream sends what feed brings, several at once, and asks it for more while
// some are still under way, so that no worker ever waits for the slowest of a
// batch. Of each lot all intents are committed before the first byte of any is
// sent; outcomes are committed as they come, as many as there are in one commit,
// and then told to ended. Both are called from the caller's goroutine.
//
// most is how many operations feed brings at once, at most; so up to twice as
// many are in doubt after a kill.
func (j *Journal) Stream(ctx context.Context, workers, most int, feed Feed, ended func([]*Op) error) error {
	s := j.start(ctx, workers, 2*most)
	defer close(s.turns)
	defer s.halt()
	var stop error
	for hasMore := true; ; {
		for hasMore && stop == nil && s.open <= most/2 {
			hasMore, stop = s.refill(ctx, feed)
		}
		if stop != nil {
			s.halt()
		}
		if s.open == 0 {
			return stop
		}
		// What was sent must be recorded even when the run is told to end.
		ops, err := s.settle(context.WithoutCancel(ctx))
		stop = errors.Join(stop, err)
		if ops == nil {
			return stop // the warehouse takes nothing any more
		}
		stop = errors.Join(stop, ended(ops))
	}
}

// stream is a crew of workers with the operations that they have.
type stream struct {
	j        *Journal
	turns    chan []*Op
	outcomes chan outcome
	halt     context.CancelFunc // what waits for its turn is not sent any more
	open     int                // handed out, not settled
}

// start lets workers wait for operations, of which there are never more than
// room. After an outcome that stops the run no further request starts; those
// under way are waited for, since their outcome must be known.
func (j *Journal) start(ctx context.Context, workers, room int) *stream {
	stopping, halt := context.WithCancel(ctx)
	s := &stream{j: j, turns: make(chan []*Op, room), outcomes: make(chan outcome, room), halt: halt}
	for range workers {
		go func() {
			for group := range s.turns {
				// An interrupt lets it come to its answer: the client's timeout bounds
				// it, and an answer is cheaper than a look-up.
				for _, o := range j.requestGroup(context.WithoutCancel(ctx), stopping, group) {
					if o.stops() {
						halt()
					}
					s.outcomes <- o
				}
			}
		}()
	}
	return s
}

// refill takes the next operations in; false when there are no more.
func (s *stream) refill(ctx context.Context, feed Feed) (bool, error) {
	ops, err := feed(ctx)
	if err != nil || len(ops) == 0 {
		return false, err
	}
	if err := s.j.intend(ctx, ops); err != nil {
		return false, fmt.Errorf("record intent for %s %s: %w", ops[0].Entity, ops[0].FinalKey, err)
	}
	s.open += len(ops)
	for _, group := range grouped(ops) {
		s.turns <- group
	}
	return true, nil
}

// settle waits for outcomes and records them. Its error stops the run; without
// operations nothing could be recorded.
func (s *stream) settle(ctx context.Context) (ops []*Op, stop error) {
	batch := drain(s.outcomes)
	s.open -= len(batch)
	for i := range batch {
		batch[i].judge()
		stop = errors.Join(stop, batch[i].stop)
		ops = append(ops, batch[i].op)
	}
	if err := s.j.record(ctx, batch); err != nil {
		return nil, errors.Join(stop, err)
	}
	return ops, stop
}
