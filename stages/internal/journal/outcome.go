package journal

import (
	"context"
	"errors"
	"sync"

	"nextpipe/stages/internal/pipedrive"
)

// outcome is how one request ended, and what follows from it.
type outcome struct {
	op   *Op
	rec  pipedrive.Record
	err  error  // as the client gave it
	stop error  // set when nothing more may be sent
	how  string // what made sure that it was done
	hint string // what a person can do about a refusal
}

// errNotTried marks operations that were not sent because the run was stopping.
var errNotTried = errors.New("not sent: the run stopped before its turn")

// requestAll sends operations from several goroutines and hands out each
// outcome as it comes. After one that stops the run no further request starts;
// those under way are waited for, since their outcome must be known.
func (j *Journal) requestAll(ctx context.Context, ops []*Op, workers int) <-chan outcome {
	out := make(chan outcome, len(ops))
	turns := make(chan *Op, len(ops))
	for _, op := range ops {
		turns <- op
	}
	close(turns)
	stopping, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range min(workers, len(ops)) {
		wg.Go(func() {
			for op := range turns {
				o := outcome{op: op, err: errNotTried}
				if stopping.Err() == nil {
					// An interrupt lets it come to its answer: the client's timeout bounds
					// it, and an answer is cheaper than a look-up.
					o.rec, o.err = j.request(context.WithoutCancel(ctx), op)
				}
				if stops(o.err) {
					stop()
				}
				out <- o
			}
		})
	}
	go func() { wg.Wait(); stop() }()
	return out
}

// drain waits for one outcome and takes along what else is there.
func drain(outcomes <-chan outcome) []outcome {
	batch := []outcome{<-outcomes}
	for {
		select {
		case o := <-outcomes:
			batch = append(batch, o)
		default:
			return batch
		}
	}
}

// stops tells whether an error ends the run: everything but a refusal of this
// one request and an unknown outcome, which is settled later.
func stops(err error) bool {
	var refused *pipedrive.Error
	return err != nil && !errors.Is(err, pipedrive.ErrUnknownOutcome) &&
		!(errors.As(err, &refused) && refused.Kind == pipedrive.Refused)
}

// judge sets the operation's state from what the client said.
func (o *outcome) judge() {
	op := o.op
	var refused *pipedrive.Error
	var unknown *pipedrive.UnknownError
	switch {
	case o.err == nil:
		op.State, o.how = "done", "answer"
	case errors.As(o.err, &unknown):
		op.State, op.Status, op.Code, op.Message = "in_doubt", unknown.Status, unknown.Code, unknown.Message
	case errors.As(o.err, &refused):
		op.State, op.Status, op.Code, op.Message = "not_sent", refused.Status, refused.Code, refused.Message
		if refused.Kind == pipedrive.Refused {
			op.State, o.hint = "refused", hint(refused)
		}
	default:
		op.State, op.Message = "not_sent", o.err.Error()
	}
	if stops(o.err) && !errors.Is(o.err, errNotTried) {
		o.stop = o.err
	}
}
