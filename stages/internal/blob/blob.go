// Package blob fetches the bytes of documents and keeps them in a folder beside
// the warehouse.
//
//	reads   a folder, a bucket (S3, MinIO), allowed https hosts
//	does    asks one origin after the other; streams and hashes; never leaves a folder, never follows to a foreign host
//	writes  <warehouse>.files/ab/abcd…: one file per content, named by its SHA-256
//
// A file is never held in memory, and what is kept already is not fetched again.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"time"
)

// Limit is the largest file that is fetched, in bytes. Pipedrive documents no
// limit for uploads; 50 MB is what its users report.
const Limit = 50 << 20

// States of a file that was looked for. A state that begins with Failure holds
// the reason behind it.
const (
	Present   = "present"
	Missing   = "missing"            // no origin has it
	Refused   = "refused"            // its place leads out of the folder, or to where nothing is fetched
	TooLarge  = "too_large"          // above Limit
	Empty     = "empty"              // it is there and has no bytes
	NotRemote = "remote_not_allowed" // nobody has allowed its host, or given a bucket or folder
	Failure   = "error: "
)

// Want is a file that a record of the source names. Empty fields are not known.
type Want struct {
	Key    string // of an object in a bucket
	URL    string // address
	Name   string // place in an export
	MIME   string // media type as recorded
	SHA256 string // of the content, hex, when the source knows it
}

// Finding is what became of a Want.
type Finding struct {
	State  string
	Origin string // export, folder, bucket, web or kept; "" when it is nowhere
	Kept
	Hint string // what to do, "" when there is nothing
}

// Origin is a place where files come from. Open gives fs.ErrNotExist for a file
// that it does not have, ErrElsewhere for one that cannot be there, a *Refusal
// for one that it must not give, and any other error when asking again may help.
type Origin interface {
	Name() string
	Open(ctx context.Context, w Want) (io.ReadCloser, error)
}

// ErrElsewhere means that a file cannot be in an origin.
var ErrElsewhere = errors.New("not a place of this kind")

// Refusal is why an origin does not give a file, however often it is asked.
type Refusal struct {
	State string // Refused, NotRemote, TooLarge or Failure with its reason
	Hint  string
}

// Error returns the state and the hint.
func (r *Refusal) Error() string { return r.State + "; " + r.Hint }

// Fatal is an error that every further file would meet, too.
type Fatal struct{ Err error }

// Error returns the cause's text.
func (f *Fatal) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Fatal) Unwrap() error { return f.Err }

// Fetcher asks its origins in order and keeps what they give.
type Fetcher struct {
	Store   *Store
	Origins []Origin
	// Sleep makes the pauses between tries. Default: the system's clock.
	Sleep func(context.Context, time.Duration) error

	failed map[string]int // files in a row for which an origin's host has failed
}

const (
	maxTries  = 3 // of one file, when a failure may pass
	maxFailed = 3 // files in a row, before a host is not asked any more
	// patience is how long one file may take: Limit at 170 kB a second.
	patience = 5 * time.Minute
)

// Fetch looks for one file. Its error is fatal: the context has ended, the disk
// is full or an origin refuses everything. Anything else is a finding.
func (f *Fetcher) Fetch(ctx context.Context, w Want) (Finding, error) {
	if w.SHA256 != "" {
		if kept, ok := f.Store.Has(ctx, w.SHA256); ok {
			return Finding{State: Present, Origin: "kept", Kept: kept}, nil
		}
	}
	best := Finding{State: NotRemote, Hint: "give --documents, or --s3-endpoint and --s3-bucket"}
	for _, o := range f.Origins {
		found, err := f.from(ctx, o, w)
		if err != nil {
			return Finding{}, err
		}
		if found.State == Present || found.State == Empty {
			return found, nil
		}
		if weight(found.State) > weight(best.State) {
			best.State = found.State
		}
		if found.Hint != "" {
			best.Hint = found.Hint
		}
	}
	return best, nil
}

// weight orders the answers of several origins: the one to act on wins.
func weight(state string) int {
	switch state {
	case "", NotRemote:
		return 0
	case Missing:
		return 1
	case Refused:
		return 2
	case TooLarge:
		return 3
	}
	return 4
}

// from asks one origin, and again when a failure may pass. A host that fails
// again and again is left alone: thousands of files would each wait for it.
func (f *Fetcher) from(ctx context.Context, o Origin, w Want) (Finding, error) {
	host := o.Name() + " " + hostIn(w.URL)
	for try := 1; f.failed[host] < maxFailed; try++ {
		kept, err := f.take(ctx, o, w)
		found, ok, err := understand(o, kept, err)
		switch {
		case ok:
			delete(f.failed, host)
			return found, nil
		case ctx.Err() != nil || isFatal(err):
			return Finding{}, fmt.Errorf("fetch %s: %w", w, err)
		case try == maxTries:
			f.fail(host)
			return Finding{State: Failure + err.Error(), Hint: "extract again"}, nil
		}
		if err := f.pause(ctx, time.Second<<(2*(try-1))); err != nil {
			return Finding{}, err
		}
	}
	return Finding{State: Failure + "its host does not answer", Hint: "extract again when it does"}, nil
}

func (f *Fetcher) pause(ctx context.Context, d time.Duration) error {
	if f.Sleep != nil {
		return f.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Fetcher) fail(host string) {
	if f.failed == nil {
		f.failed = map[string]int{}
	}
	f.failed[host]++
}

func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// take fetches a file once.
func (f *Fetcher) take(ctx context.Context, o Origin, w Want) (kept Kept, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := o.Open(ctx, w)
	if err != nil {
		return Kept{}, err
	}
	kept, err = f.Store.Put(ctx, r)
	return kept, errors.Join(err, r.Close())
}

// understand turns what an origin says into a finding; not ok is a failure that
// may pass, or a fatal one.
func understand(o Origin, kept Kept, err error) (found Finding, ok bool, failure error) {
	var refusal *Refusal
	switch {
	case err == nil && kept.Size == 0:
		return Finding{State: Empty, Origin: o.Name(), Kept: kept}, true, nil
	case err == nil:
		return Finding{State: Present, Origin: o.Name(), Kept: kept}, true, nil
	case errors.Is(err, ErrElsewhere):
		return Finding{}, true, nil
	case errors.Is(err, fs.ErrNotExist):
		return Finding{State: Missing, Hint: "put it where it was looked for, the " + o.Name() + ", and extract again"}, true, nil
	case errors.Is(err, ErrTooLarge):
		return Finding{State: TooLarge, Hint: fmt.Sprintf("files of more than %d MB cannot be uploaded; keep it elsewhere", Limit>>20)}, true, nil
	case errors.As(err, &refusal):
		return Finding{State: refusal.State, Hint: refusal.Hint}, true, nil
	}
	return Finding{}, false, err
}

func isFatal(err error) bool {
	var fatal *Fatal
	return errors.As(err, &fatal) || errors.Is(err, errDisk)
}

// String names the file for people.
func (w Want) String() string {
	for _, name := range []string{w.Name, w.Key, w.URL} {
		if name != "" {
			return name
		}
	}
	return w.SHA256
}
