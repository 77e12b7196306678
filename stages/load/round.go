package load

import (
	"context"
	"errors"
	"fmt"

	"nextpipe/stages/internal/journal"
)

// pageRows is how many records a list page holds.
const pageRows = 500

// lookEvery is after how many sendings open doubts are looked up: while they
// are among the newest records, one list page answers for all of them.
const lookEvery = pageRows - 4*journal.BatchSize

// crew is how many are under way with all tokens. What is composed ahead bounds it.
func (l *loader) crew() int { return min(journal.Workers*l.Client.Tokens(), journal.BatchSize) }

// round is one pass over everything of an entity that is pending.
type round struct {
	*loader
	entity      string
	total, sent int64
	lastSeq     int64
	doubtful    int // operations ended since something came into doubt
	inARow      int // doubts since the last clear answer
}

// round sends everything that is pending, without a pause as long as answers are
// clear. What is in doubt is looked up when it might leave the newest page.
func (l *loader) round(ctx context.Context, entity string) error {
	total, err := l.pendingCount(ctx, entity, attempts)
	if err != nil {
		return err
	}
	r := &round{loader: l, entity: entity, total: total}
	for {
		before := r.lastSeq
		if err := l.j.Stream(ctx, l.crew(), journal.BatchSize, r.next, r.ended(ctx)); err != nil {
			return err
		}
		if r.lastSeq == before {
			return nil
		}
		if r.doubtful >= lookEvery {
			open, err := l.j.LookOnce(ctx, entity)
			if err != nil {
				return err
			}
			r.doubtful = min(1, len(open))
		}
	}
}

// next composes the creates of the next batch that has any. Updates are read and
// sent on the way: between the two nothing may come in.
func (r *round) next(ctx context.Context) ([]*journal.Op, error) {
	for r.doubtful < lookEvery {
		batch, err := r.pending(ctx, r.entity, r.lastSeq)
		if err != nil || len(batch) == 0 {
			return nil, err
		}
		r.lastSeq = batch[len(batch)-1].seq
		creates, updates, err := r.compose(ctx, batch)
		if err != nil {
			return nil, err
		}
		changed, err := r.updates(ctx, updates)
		r.sent += int64(len(batch) - len(creates))
		if err := errors.Join(err, r.note(changed)); err != nil {
			return nil, err
		}
		if len(creates) > 0 {
			return creates, nil
		}
	}
	return nil, nil
}

// ended takes note of what became of creates.
func (r *round) ended(ctx context.Context) func([]*journal.Op) error {
	return func(ops []*journal.Op) error {
		r.sent += int64(len(ops))
		err := errors.Join(r.already(ctx, ops), r.note(ops))
		for _, op := range ops {
			switch op.State {
			case "done":
				r.hiID[op.Entity] = higher(r.hiID[op.Entity], op.PipedriveID)
			case "blocked":
				r.noteFull(op)
			}
		}
		return err
	}
}

// note counts doubts. As many in a row as a batch holds are no accident.
func (r *round) note(ops []*journal.Op) error {
	for _, op := range ops {
		r.inARow++
		if op.State != "in_doubt" {
			r.inARow = 0
		}
		if op.State == "in_doubt" || r.doubtful > 0 {
			r.doubtful++
		}
	}
	r.Report("load", r.entity, r.sent, r.total)
	if r.inARow >= journal.BatchSize {
		return fmt.Errorf("%w: the last %d sendings are all in doubt; run again later, it looks for them first", ErrUnfinished, r.inARow)
	}
	return nil
}
