package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Dir is a folder in which somebody has put the files of a bucket or a host.
type Dir struct {
	root *os.Root
	dir  string
	used map[string]bool
}

// OpenDir opens a folder of files.
func OpenDir(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of documents: %w", err)
	}
	return &Dir{root: root, dir: dir, used: map[string]bool{}}, nil
}

// Name returns "folder".
func (d *Dir) Name() string { return "folder" }

// Close frees the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Open finds a file by its place in an export, by its object key or by the path
// of its address: whole, then without the first part, which is the bucket or
// the route of a host. Neither ".." nor a link leads out of the folder.
func (d *Dir) Open(_ context.Context, w Want) (io.ReadCloser, error) {
	names, err := places(w)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		f, err := d.open(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, fs.ErrNotExist
}

func (d *Dir) open(name string) (io.ReadCloser, error) {
	f, err := d.root.Open(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, &Refusal{State: Failure + "no permission to read " + name, Hint: "make it readable and extract again"}
	case err != nil && strings.Contains(err.Error(), "escapes"): // os.Root's word; it exports no error for it
		return nil, &Refusal{State: Refused, Hint: "it is a link that leads out of the folder of documents; put the file itself there"}
	case err != nil:
		return nil, fs.ErrNotExist
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrNotExist, f.Close())
	}
	d.used[name] = true
	return f, nil
}

// places are the names to try, in composed and decomposed spelling: some
// systems store accents apart from their letters.
func places(w Want) (names []string, err error) {
	add := func(name string) {
		for _, form := range []string{name, norm.NFC.String(name), norm.NFD.String(name)} {
			if name != "" && !slices.Contains(names, form) {
				names = append(names, form)
			}
		}
	}
	for _, raw := range []string{w.Name, w.Key, urlPath(w.URL)} {
		name := strings.ReplaceAll(raw, `\`, "/")
		if name == "" {
			continue
		}
		if !filepath.IsLocal(name) || slices.Contains(strings.Split(name, "/"), "..") || strings.ContainsRune(name, 0) {
			return nil, &Refusal{State: Refused, Hint: "its place leads out of the folder of documents; correct it in the source"}
		}
		add(path.Clean(name))
	}
	if _, rest, found := strings.Cut(urlPath(w.URL), "/"); found {
		add(path.Clean(rest))
	}
	if len(names) == 0 {
		return nil, ErrElsewhere
	}
	return names, nil
}

// urlPath is the path of an address without the leading slash, "" for none.
func urlPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimLeft(u.Path, "/")
}

// Unused lists the files below the folder that nobody has asked for, by place.
func (d *Dir) Unused() (names []string, err error) {
	err = fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !d.used[name] {
			names = append(names, name)
		}
		return err
	})
	return names, err
}
