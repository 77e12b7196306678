package nextcrm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// attachment is one file of a documents folder.
type attachment struct {
	folder  string // name of its folder below the export, with slashes
	name    string // place below its folder, with slashes
	refusal string // state of an entry that is not read, "" for a plain file
	open    func() (io.ReadCloser, error)
}

// attachments are the files of all documents folders.
type attachments struct {
	files   []attachment
	folders []Item
	notes   []Note // from the last full pass
	at      map[string]int
}

// addDocuments lists a documents folder in any depth. A link in its place is
// not followed, because it may lead out of the export.
func (f *found) addDocuments(full, name string, mode fs.FileMode) error {
	if mode&fs.ModeSymlink != 0 {
		f.others = append(f.others, Item{Table: name + "/", Kind: "file", Rows: -1, Status: statusUnknown,
			Reason: "a symbolic link is not followed; put the folder itself in its place"})
		return nil
	}
	f.documents = append(f.documents, documentsItem(name))
	err := filepath.WalkDir(full, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		below, err := filepath.Rel(full, at)
		if err != nil {
			return err
		}
		f.attach(name, attachment{name: filepath.ToSlash(below), refusal: refusalOf(d.Type(), below), open: rootOpener(full, below)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the folder %s: %w", name, err)
	}
	return nil
}

func refusalOf(mode fs.FileMode, name string) string {
	switch {
	case !mode.IsRegular():
		return fileLink
	case !filepath.IsLocal(name):
		return fileRefused
	}
	return ""
}

func (f *found) attach(folder string, a attachment) {
	a.folder = folder
	if !slices.ContainsFunc(f.documents, func(i Item) bool { return i.Table == folder+"/" }) {
		f.documents = append(f.documents, documentsItem(folder))
	}
	f.attached = append(f.attached, a)
}

func documentsItem(folder string) Item {
	return Item{Table: folder + "/", Kind: "file", Object: "document_file", Rows: -1, Status: statusExtracted}
}

// rootOpener opens a file below a folder and nothing outside it, whatever was
// put in its place since the folder was listed.
func rootOpener(folder, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return os.OpenInRoot(folder, name) }
}

// Words of document_file's column state.
const (
	fileOK       = "ok"
	fileEmpty    = "empty"
	fileUnlisted = "unlisted"
	fileMissing  = "missing"
	fileRefused  = "refused"
	fileLink     = "link"
	fileRemote   = "remote"
)

// fileNotes words what is said of a state; %d counts, %s names the first.
var fileNotes = []struct{ state, severity, code, message, hint string }{
	{fileEmpty, "warning", "document_empty", "%d listed files are empty: %s", "see whether the originals are, too"},
	{fileUnlisted, "warning", "document_unlisted", "%d files are in no list of documents, so nothing says to whom they belong: %s", "add them to documents.csv or leave them out"},
	{fileMissing, "warning", "document_missing", "%d listed files are not in the folder: %s", "put them there and extract again"},
	{fileRefused, "warning", "document_refused", "%d listed places lead out of the folder and are not read: %s", "name files by their place below the folder"},
	{fileLink, "warning", "document_link", "%d entries are links or devices and are not read: %s", "put the files themselves there"},
	{fileRemote, "info", "document_remote", "%d listed files are addresses: %s", "they are fetched from the hosts that --allow-host names"},
}

// listed is a file that a list of documents names.
type listed struct {
	table  string
	number int64
	name   string
}

// attachedRows gives the files that the lists name, in the lists' order, then
// those that no list names.
func (e *export) attachedRows(ctx context.Context, yield func(*Row) error) error {
	list, err := e.listedFiles(ctx)
	if err != nil {
		return err
	}
	w := &fileWriter{yield: yield, counts: map[string]int{}, names: map[string][]string{}, rows: map[string]int64{}}
	at, used := e.attached.index(), map[int]bool{}
	for _, l := range list {
		i, state := resolve(at, l.name)
		if i >= 0 {
			used[i] = true
			err = w.file(ctx, &e.attached.files[i], l.name, fileOK)
		} else {
			err = w.row(l.table, l.number, state, l.name, "", nil)
		}
		if err != nil {
			return err
		}
	}
	for i := range e.attached.files {
		if a := &e.attached.files[i]; !used[i] {
			if err := w.file(ctx, a, a.name, fileUnlisted); err != nil {
				return err
			}
		}
	}
	e.attached.settle(w)
	return nil
}

// listedFiles reads the lists; a name that stands in them twice counts once.
func (e *export) listedFiles(ctx context.Context) (list []listed, err error) {
	o, _ := Lookup("document")
	column, seen := target(o, "file"), map[string]bool{}
	err = e.Rows(ctx, o.Name, func(r *Row) error {
		if name := string(r.Values[column]); name != "" && !seen[name] {
			seen[name] = true
			list = append(list, listed{r.Table, r.Number, name})
		}
		return nil
	})
	return list, err
}

var (
	address    = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]+://`)
	driveOrNUL = regexp.MustCompile(`^[A-Za-z]:|\x00`)
)

// index finds attached files by their place below their folder, with the
// folder's name before it or without. Some systems store names with decomposed
// accents, whatever the list says, so composed ones are compared.
func (a attachments) index() map[string]int {
	at := map[string]int{}
	for i, f := range a.files {
		for _, place := range []string{f.name, path.Join(path.Base(f.folder), f.name)} {
			if place = norm.NFC.String(place); !has(at, place) {
				at[place] = i
			}
		}
	}
	return at
}

func has(at map[string]int, place string) bool { _, ok := at[place]; return ok }

// resolve finds the file that a list means, or says why there is none.
func resolve(at map[string]int, name string) (i int, state string) {
	if address.MatchString(name) {
		return -1, fileRemote
	}
	place := strings.ReplaceAll(name, `\`, "/")
	if driveOrNUL.MatchString(place) || !filepath.IsLocal(place) || slices.Contains(strings.Split(place, "/"), "..") {
		return -1, fileRefused
	}
	if i, ok := at[norm.NFC.String(path.Clean(place))]; ok {
		return i, ""
	}
	return -1, fileMissing
}

// settle keeps counts and findings of a full pass.
func (a *attachments) settle(w *fileWriter) {
	for i := range a.folders {
		a.folders[i].Rows = w.rows[a.folders[i].Table]
	}
	a.notes = nil
	for _, n := range fileNotes {
		if count := w.counts[n.state]; count > 0 {
			names := w.names[n.state]
			if count > len(names) {
				names = append(names, "…")
			}
			a.notes = append(a.notes, Note{Severity: n.severity, Code: n.code, Table: "documents/", Field: "file",
				Message: fmt.Sprintf(n.message, count, strings.Join(names, ", ")), Hint: n.hint})
		}
	}
}

// fileWriter gives rows of document_file and counts them.
type fileWriter struct {
	yield  func(*Row) error
	counts map[string]int
	names  map[string][]string
	rows   map[string]int64 // by table
}

// file hashes an attached file without holding it in memory.
func (w *fileWriter) file(ctx context.Context, a *attachment, name, state string) error {
	table, at := a.folder+"/", path.Join(a.folder, a.name)
	if a.refusal != "" {
		return w.row(table, 0, a.refusal, name, at, nil)
	}
	hash := sha256.New()
	size, err := hashFile(ctx, a.open, hash)
	if err != nil {
		return fmt.Errorf("read %s: %w", at, err)
	}
	if size == 0 && state == fileOK {
		state = fileEmpty
	}
	return w.row(table, 0, state, name, at, []string{strconv.FormatInt(size, 10), hex.EncodeToString(hash.Sum(nil))})
}

func hashFile(ctx context.Context, open func() (io.ReadCloser, error), hash io.Writer) (size int64, err error) {
	f, err := open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.Copy(hash, stoppable{ctx, f})
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

// row gives one row of file, path, size, sha256 and state; content is size and
// hash, or nothing.
func (w *fileWriter) row(table string, number int64, state, name, at string, content []string) error {
	w.counts[state]++
	w.rows[table]++
	if len(w.names[state]) < talliedRows {
		w.names[state] = append(w.names[state], name)
	}
	values := [][]byte{[]byte(name), nil, nil, nil, []byte(state)}
	if at != "" {
		values[1] = []byte(at)
	}
	for i, text := range content {
		values[2+i] = []byte(text)
	}
	return w.yield(&Row{Table: table, Number: number, Values: values})
}
