package load

import (
	"context"
	"fmt"
)

// pageRows is how many records a list page holds.
const pageRows = 500

// lookEvery is after how many sendings open doubts are looked up: while they
// are among the newest records, one list page answers for all of them.
const lookEvery = pageRows - 2*batchSize

// batchSize is how many intents are committed at once. It is what a killed run
// leaves in doubt at most, and enough to keep every worker busy.
const batchSize = 4 * workers

// workers is how many requests are under way at once: with answers of 150 ms
// they fill the greatest burst window there is, 60 requests a second.
const workers = 12

// round sends everything that is pending.
func (l *loader) round(ctx context.Context, entity string) error {
	total, err := l.pendingCount(ctx, entity, attempts)
	if err != nil {
		return err
	}
	doubtfulFor := 0 // sendings since something came into doubt
	for sent, lastSeq := 0, int64(0); ; {
		batch, err := l.pending(ctx, entity, lastSeq)
		if err != nil || len(batch) == 0 {
			return err
		}
		lastSeq = batch[len(batch)-1].seq
		doubts, err := l.sendBatch(ctx, batch)
		if err != nil {
			return err
		}
		if doubts == batchSize {
			return fmt.Errorf("%w: the last %d sendings are all in doubt; run again later, it looks for them first", ErrUnfinished, doubts)
		}
		sent += len(batch)
		if doubts > 0 || doubtfulFor > 0 {
			doubtfulFor += len(batch)
		}
		if doubtfulFor >= lookEvery {
			open, err := l.j.LookOnce(ctx, entity)
			if err != nil {
				return err
			}
			doubtfulFor = min(1, len(open))
		}
		l.Report("load", entity, int64(sent), total)
	}
}
