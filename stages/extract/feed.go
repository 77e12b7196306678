package extract

import (
	"errors"

	"nextpipe/stages/internal/warehouse"
)

// feed inserts groups of rows in a goroutine of its own, so that the source is
// read while SQLite works. A few groups circulate; a slow side waits for the other.
type feed struct {
	in         *warehouse.Inserter
	group      int
	full, free chan []any
	failed     chan struct{} // closed when an insertion has failed
	done       chan error
}

// groupsUnderWay is how many groups wait at most between the two sides.
const groupsUnderWay = 4

func newFeed(in *warehouse.Inserter) *feed {
	f := &feed{in: in, group: in.Group(), full: make(chan []any, groupsUnderWay), free: make(chan []any, groupsUnderWay+2),
		failed: make(chan struct{}), done: make(chan error, 1)}
	go f.run()
	return f
}

// run inserts until full is closed. After an error it only empties the channel,
// so that the other side never waits for it.
func (f *feed) run() {
	var failed error
	for values := range f.full {
		if failed == nil {
			if failed = f.in.AddGroup(values); failed != nil {
				close(f.failed)
			}
		}
		clear(values)
		f.free <- values[:0]
	}
	f.done <- errors.Join(failed, f.in.Close())
}

// empty gives a slice to fill.
func (f *feed) empty() []any {
	select {
	case values := <-f.free:
		return values
	default:
		return make([]any, 0, 2000)
	}
}

// errStopped ends the reading of the source; finish tells what went wrong.
var errStopped = errors.New("rows can no longer be stored")

// put hands a filled group over.
func (f *feed) put(values []any) error {
	select {
	case f.full <- values:
		return nil
	case <-f.failed:
		return errStopped
	}
}

// finish hands over the last rows, waits for all, and returns the first error.
func (f *feed) finish(values []any) error {
	if len(values) > 0 {
		f.full <- values
	}
	close(f.full)
	return <-f.done
}
