package blob_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"nextpipe/stages/internal/blob"
)

func TestStore_KeepsEqualFilesOnceForTheirOwnerOnly(t *testing.T) {
	s, dir := store(t)
	for range 2 {
		kept, err := s.Put(t.Context(), strings.NewReader("hello"))
		if err != nil || kept.SHA256 != sum("hello") || kept.Size != 5 {
			t.Fatalf("got %+v, %v", kept, err)
		}
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		names = append(names, e.Name())
		return err
	})
	if err != nil || len(names) != 1 || names[0] != sum("hello") {
		t.Errorf("the store holds %v, %v", names, err)
	}
}

func TestStore_ABrokenStreamLeavesNothing(t *testing.T) {
	s, dir := store(t)
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("cut")))
	if _, err := s.Put(t.Context(), broken); err == nil {
		t.Error("a broken stream was kept")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStore_RemovesWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{".part-1": "half of a file"})
	s, err := blob.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStore_ADamagedFileIsNotThere(t *testing.T) {
	s, dir := store(t)
	kept, err := s.Put(t.Context(), strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Has(t.Context(), kept.SHA256); !ok {
		t.Error("a kept file is not found")
	}
	write(t, dir, map[string]string{kept.Path(): "hullo"})
	if _, ok := s.Has(t.Context(), kept.SHA256); ok {
		t.Error("a damaged file counts as kept")
	}
	for _, odd := range []string{"", "../../etc/passwd", strings.Repeat("g", 64)} {
		if _, ok := s.Has(t.Context(), odd); ok {
			t.Errorf("%q is no hash", odd)
		}
	}
}

func TestStore_StopsAtTheLimit(t *testing.T) {
	s, dir := store(t)
	endless := iotest.DataErrReader(zeros{})
	if _, err := s.Put(t.Context(), endless); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("got %v, want too large", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
