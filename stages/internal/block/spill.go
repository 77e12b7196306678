package block

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
)

// entry is a pair of numbers to be brought together by x.
type entry struct{ x, y uint64 }

const (
	partitions = 64
	entrySize  = 16
	// chunkSize bounds what a partition keeps in memory: 64 × 512 entries are 512 kB.
	chunkSize = 512
)

// spill sorts more entries than memory should hold: each goes to the partition
// that its x names, full chunks go to a file, and every partition is read back
// and sorted on its own. Few entries never reach the file.
type spill struct {
	open   [partitions][]entry
	chunks [partitions][]int64 // offsets of full chunks
	file   *os.File
	size   int64
	buf    []byte
}

// add stores an entry in partition p.
func (s *spill) add(p uint64, e entry) error {
	s.open[p] = append(s.open[p], e)
	if len(s.open[p]) < chunkSize {
		return nil
	}
	return s.flush(p)
}

func (s *spill) flush(p uint64) error {
	if err := s.create(); err != nil {
		return err
	}
	s.buf = s.buf[:0]
	for _, e := range s.open[p] {
		s.buf = binary.LittleEndian.AppendUint64(s.buf, e.x)
		s.buf = binary.LittleEndian.AppendUint64(s.buf, e.y)
	}
	if _, err := s.file.WriteAt(s.buf, s.size); err != nil {
		return fmt.Errorf("write temporary file: %w", err)
	}
	s.chunks[p] = append(s.chunks[p], s.size)
	s.size += int64(len(s.buf))
	s.open[p] = s.open[p][:0]
	return nil
}

// create makes the file without a name, so that a killed process leaves nothing behind.
func (s *spill) create() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp("", "nextpipe-sort-*")
	if err != nil {
		return fmt.Errorf("create temporary file: %w", err)
	}
	s.file = f
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("unname temporary file: %w", err)
	}
	return nil
}

// each hands every partition's entries, sorted and each once, to fn. The slice
// is valid until fn returns.
func (s *spill) each(fn func([]entry) error) error {
	var part []entry
	for p := range s.open {
		var err error
		if part, err = s.load(part[:0], p); err != nil {
			return err
		}
		slices.SortFunc(part, func(a, b entry) int {
			if a.x != b.x {
				return cmp.Compare(a.x, b.x)
			}
			return cmp.Compare(a.y, b.y)
		})
		part = slices.Compact(part)
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

func (s *spill) load(into []entry, p int) ([]entry, error) {
	into = append(into, s.open[p]...)
	buf := make([]byte, chunkSize*entrySize)
	for _, at := range s.chunks[p] {
		if _, err := s.file.ReadAt(buf, at); err != nil {
			return into, fmt.Errorf("read temporary file: %w", err)
		}
		for b := buf; len(b) > 0; b = b[entrySize:] {
			into = append(into, entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])})
		}
	}
	return into, nil
}

// close frees the file.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
