package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// csvFile writes one CSV file. Cells that a spreadsheet would take for a
// formula are guarded by an apostrophe: the values come from outside.
type csvFile struct {
	file *os.File
	csv  *csv.Writer
}

func createCSV(name string, columns []string) (*csvFile, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	out := &csvFile{f, csv.NewWriter(f)}
	if err := out.add(columns); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return out, nil
}

func (f *csvFile) add(row []string) error {
	guarded := make([]string, len(row))
	for i, cell := range row {
		guarded[i] = guard(cell)
	}
	return f.csv.Write(guarded)
}

func (f *csvFile) close() error {
	f.csv.Flush()
	return errors.Join(f.csv.Error(), f.file.Close())
}

// number is an amount: it computes nothing, and an accounting program could not
// read it behind an apostrophe.
var number = regexp.MustCompile(`^-[0-9]+(\.[0-9]+)?$`)

// guard keeps a spreadsheet from running a cell. Telephone numbers in
// international form and negative numbers stay as they are.
func guard(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || number.MatchString(cell) {
		return cell
	}
	if cell[0] == '+' && strings.Trim(cell[1:], "0123456789 ()/.-") == "" && strings.Count(cell, "-") == 0 {
		return cell
	}
	return "'" + cell
}

// maxFiles bounds the files of one SELECT; rows of further values share one more.
const maxFiles = 50

// otherWord names the file of values that give no name of their own.
const otherWord = "other"

// splitCSV writes rows into one file, or into one file a value of the column
// that stands in braces in its name.
type splitCSV struct {
	dir, pattern string
	columns      []string
	by           int // column in the name; -1: one file
	files        map[string]*csvFile
	names        []string
	err          error
}

// newSplitCSV makes the file, or waits for the values that name several.
func newSplitCSV(dir, pattern string, columns []string) *splitCSV {
	s := &splitCSV{dir: dir, pattern: pattern, columns: columns, by: -1, files: map[string]*csvFile{}}
	m := exportColumn.FindStringSubmatch(pattern)
	if m == nil {
		_, s.err = s.file("")
		return s
	}
	if s.by = slices.Index(columns, m[1]); s.by < 0 {
		s.err = fmt.Errorf("file name %s: the SELECT has no column %s", pattern, m[1])
	}
	return s
}

func (s *splitCSV) add(row []string) error {
	if s.err != nil {
		return s.err
	}
	word := ""
	if s.by >= 0 {
		word = fileWord(row[s.by])
	}
	if s.files[word] == nil && len(s.files) >= maxFiles {
		word = otherWord
	}
	f, err := s.file(word)
	if err != nil {
		return err
	}
	return f.add(row)
}

// file is the file of a word, made when it is first asked for.
func (s *splitCSV) file(word string) (*csvFile, error) {
	if f := s.files[word]; f != nil {
		return f, nil
	}
	name := filepath.Join(s.dir, filepath.FromSlash(exportColumn.ReplaceAllLiteralString(s.pattern, word)))
	f, err := createCSV(name, s.columns)
	if err != nil {
		return nil, err
	}
	s.files[word] = f
	s.names = append(s.names, name)
	return f, nil
}

// close ends all files; err is what ended the writing, nil when all is written.
func (s *splitCSV) close(err error) ([]string, error) {
	err = errors.Join(err, s.err)
	for _, f := range s.files {
		err = errors.Join(err, f.close())
	}
	return s.names, err
}
