package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Kept is a file in the store.
type Kept struct {
	SHA256 string // hex
	Size   int64  // bytes
}

// Path is where the file is below the store's folder.
func (k Kept) Path() string { return path.Join(k.SHA256[:2], k.SHA256) }

// ErrTooLarge means that a file has more than Limit bytes.
var ErrTooLarge = errors.New("file is too large")

// errDisk means that the store itself cannot be written.
var errDisk = errors.New("cannot keep files")

// Folder is the store's place for a warehouse file.
func Folder(warehouse string) string { return warehouse + ".files" }

// Store is a content-addressed folder: equal files are kept once.
type Store struct {
	root *os.Root
}

const unfinished = ".part-"

// OpenStore makes the folder, readable by its owner only, and removes what an
// interrupted run has left unfinished. Only one run at a time may have it open.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", errDisk, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDisk, err)
	}
	old, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
	for _, f := range old {
		err = errors.Join(err, root.Remove(filepath.Base(f)))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: remove unfinished files: %w", errDisk, err), root.Close())
	}
	return &Store{root: root}, nil
}

// Close frees the folder.
func (s *Store) Close() error { return s.root.Close() }

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Has tells whether the content with a hash is kept. It reads the whole file:
// a damaged one is not there, so that it is fetched again.
func (s *Store) Has(ctx context.Context, sum string) (Kept, bool) {
	sum = strings.ToLower(sum)
	if !hexSum.MatchString(sum) {
		return Kept{}, false
	}
	f, err := s.root.Open(Kept{SHA256: sum}.Path())
	if err != nil {
		return Kept{}, false
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, stoppable{ctx, f})
	if err != nil || hex.EncodeToString(hash.Sum(nil)) != sum {
		return Kept{}, false
	}
	return Kept{SHA256: sum, Size: size}, true
}

// Put keeps what r gives. The file gets its name when all of it is on the disk,
// so a crash leaves nothing that looks whole. An empty file is not kept.
func (s *Store) Put(ctx context.Context, r io.Reader) (Kept, error) {
	const part = unfinished + "1"
	f, err := s.root.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return Kept{}, fmt.Errorf("%w: %w", errDisk, err)
	}
	kept, err := write(ctx, f, r)
	if err == nil && kept.Size > 0 {
		err = s.settle(part, kept)
	} else {
		err = errors.Join(err, s.root.Remove(part))
	}
	return kept, err
}

func write(ctx context.Context, f *os.File, r io.Reader) (Kept, error) {
	hash, disk := sha256.New(), &diskWriter{File: f}
	size, err := io.Copy(io.MultiWriter(hash, disk), io.LimitReader(stoppable{ctx, r}, Limit+1))
	if disk.err != nil {
		err = fmt.Errorf("%w: %w", errDisk, disk.err)
	}
	if err == nil && size > Limit {
		err = ErrTooLarge
	}
	if err == nil {
		if synced := f.Sync(); synced != nil {
			err = fmt.Errorf("%w: %w", errDisk, synced)
		}
	}
	return Kept{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size}, errors.Join(err, f.Close())
}

// settle gives a finished file its name; one that is there already was damaged
// or is the same.
func (s *Store) settle(part string, kept Kept) error {
	if err := s.root.MkdirAll(kept.SHA256[:2], 0o700); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	if err := s.root.Rename(part, kept.Path()); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	return nil
}

// diskWriter remembers that it was the disk that failed, not the origin.
type diskWriter struct {
	*os.File
	err error
}

func (w *diskWriter) Write(p []byte) (n int, err error) {
	n, w.err = w.File.Write(p)
	return n, w.err
}

// stoppable ends a long copy when the run is interrupted.
type stoppable struct {
	ctx context.Context
	io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}
