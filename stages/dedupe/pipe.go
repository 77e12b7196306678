package dedupe

import (
	"cmp"
	"errors"
)

var errStopped = errors.New("stopped")

// sideBySide runs a producer and a consumer at the same time: while one batch
// is consumed the next is made. The consumer runs on the caller's goroutine.
// The first error of either ends both.
func sideBySide[B any](produce func(send func(B) error) error, consume func(B) error) error {
	batches, stop, failed := make(chan B, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(batches)
		failed <- produce(func(b B) error {
			select {
			case batches <- b:
				return nil
			case <-stop:
				return errStopped
			}
		})
	}()
	var err error
	for b := range batches {
		if err != nil {
			continue
		}
		if err = consume(b); err != nil {
			close(stop)
		}
	}
	return cmp.Or(err, <-failed)
}
