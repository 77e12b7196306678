package nextcrm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// examine settles what a file is and how its bytes become cells.
func (f *exportFile) examine(ctx context.Context, h headings, forced charset) error {
	f.item = unknownItem(f.name, "neither its name nor its headings say what it holds")
	f.kind, f.fixed = kindOfStem(f.stem()), fixedByName(f.stem())
	if f.isJSON() {
		return f.examineJSON()
	}
	if err := f.takeSurvey(forced); err != nil {
		return err
	}
	if err := f.detect(h); err != nil {
		return err
	}
	if f.item.Status != statusUnknown {
		f.noteFormat()
	}
	return ctx.Err()
}

// detect finds dialect, headings and kind of a delimited file.
func (f *exportFile) detect(h headings) error {
	sample, whole, err := f.sample()
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(sample)) == 0 {
		f.item.Reason = "the file is empty"
		return nil
	}
	f.shape = h.detect(sample, whole)
	if f.kind == "" || f.kind == "setting" { // settings are JSON only
		f.kind = h.kindOfHeadings(f.shape.headings)
	}
	f.item.Columns = f.shape.headings
	if err := f.classify(h, sample); err != nil {
		return err
	}
	if f.survey.backslashQuote && !whole {
		f.shape.quotes, err = compareQuotes(f.shape.delimiter, len(f.shape.headings), f.text)
	}
	return err
}

// classify sets the file's status from its kind.
func (f *exportFile) classify(h headings, sample []byte) error {
	if _, ok := Lookup(f.kind); !ok || f.kind == "setting" {
		f.kind = ""
		return nil
	}
	if isServerError(bytes.TrimSpace(sample)) {
		return errors.New("the file holds an error page of the site instead of an export; export it again")
	}
	if !h.enough(f.kind, f.shape.headings) {
		return fmt.Errorf("none of the first %d lines holds the headings of a file of kind %s "+
			"(contacts need an e-mail or a name); the first line must hold the headings", headerRecords, f.kind)
	}
	f.item.Object, f.item.Status, f.item.Reason = f.kind, statusExtracted, ""
	return nil
}

func (f *exportFile) takeSurvey(forced charset) (err error) {
	if f.survey, err = takeSurvey(f.open, forced); err != nil || f.survey.charset == utf8Text {
		return err
	}
	text, err := f.text()
	if err != nil {
		return err
	}
	defer text.Close()
	f.survey.undecodable, err = countUndecodable(text)
	return err
}

// text opens the file as UTF-8 without a byte order mark.
func (f *exportFile) text() (io.ReadCloser, error) {
	raw, err := f.open()
	if err != nil {
		return nil, err
	}
	r, err := decode(raw, f.survey.charset, f.survey.bom)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return nested{r, raw, io.NopCloser(nil)}, nil
}

// sample reads the start of the text; whole says that there is no more.
func (f *exportFile) sample() (sample []byte, whole bool, err error) {
	r, err := f.text()
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	sample = make([]byte, sampleSize)
	n, err := io.ReadFull(r, sample)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return sample[:n], true, nil
	}
	return sample[:n], false, err
}

// arrange gives every column its place.
func (f *exportFile) arrange(h headings, fields []customField) {
	o, _ := Lookup(f.kind)
	f.layout = h.arrange(o, f.shape.headings, fields)
	f.notes = slices.DeleteFunc(f.notes, func(n Note) bool {
		return n.Code == "repeated_column" || n.Code == "unknown_heading" || n.Code == "secret-column"
	})
	for _, head := range f.layout.repeated {
		f.note(Note{Severity: "warning", Code: "repeated_column", Field: head,
			Message: fmt.Sprintf("heading %q stands in the file more than once", head),
			Hint:    "the first is the known column; later ones keep their values beside it"})
	}
	for _, head := range f.layout.secret {
		f.note(Note{Severity: "warning", Code: "secret-column", Field: head,
			Message: "the column is not read because its name says that it holds a secret", Hint: "if it holds none, give it another heading"})
	}
	for _, key := range f.layout.leftover {
		f.note(Note{Severity: "info", Code: "unknown_heading", Field: key,
			Message: fmt.Sprintf("no known column for heading %q: its values are kept as extra", key),
			Hint:    extraHint(f.kind)})
	}
}

func extraHint(kind string) string {
	if slices.Contains(fieldOwners, kind) {
		return "the map proposes a custom field for it"
	}
	return ""
}

func (f *exportFile) note(n Note) {
	n.Table = f.name
	f.notes = append(f.notes, n)
}

// noteFormat reports every guess about bytes, so that a wrong one is seen.
func (f *exportFile) noteFormat() {
	s := f.survey
	report := func(when bool, severity, code, message, hint string) {
		if when {
			f.note(Note{Severity: severity, Code: code, Message: message, Hint: hint})
		}
	}
	report(s.charset == cp1252 && s.strayBytes > 0, "warning", "encoding_guessed",
		fmt.Sprintf("%d bytes are not UTF-8: the file is read as %s", s.strayBytes, s.charset),
		"name another encoding if names look wrong")
	report(s.charset == mixedText, "warning", "encoding_mixed",
		fmt.Sprintf("%d single bytes of this UTF-8 file are not UTF-8 and are read as windows-1252", s.strayBytes),
		"look for cut or pasted text")
	report(s.charset == utf16Little || s.charset == utf16Big, "info", "encoding_utf16",
		fmt.Sprintf("the file is read as %s", s.charset), "")
	report(s.undecodable > 0, "error", "encoding_damaged",
		fmt.Sprintf("%d characters cannot be read as %s", s.undecodable, s.charset), "export the file again as UTF-8")
	report(s.doubleEncoded > 0, "warning", "encoding_doubled",
		fmt.Sprintf("%d places look like UTF-8 that was encoded twice (Ã¼ for ü); they are kept as they are", s.doubleEncoded),
		"repair the export at the source")
	report(s.nulBytes > 0, "warning", "nul_bytes",
		fmt.Sprintf("%d NUL bytes are kept as they are", s.nulBytes), "")
	report(f.shape.quotes == backslashQuotes, "info", "quotes_backslash",
		`quotes inside cells are written as \" and read as "`, "")
	report(f.shape.even < 0.9 && f.shape.samples > 1, "warning", "uneven_records",
		fmt.Sprintf("only %.0f %% of the first records have as many cells as there are headings", f.shape.even*100), "")
}

// settle does what needs the custom fields of the export: it places the columns
// of an extracted file and counts the records of the others.
func (e *export) settle(ctx context.Context, f *exportFile, h headings, fields []customField) error {
	switch {
	case f.kind == "setting":
		return e.readSettings(f)
	case f.isJSON() && f.item.Status != statusExtracted:
		f.countJSON()
	case f.isJSON(): // counted when it is read
	case f.item.Status == statusExtracted:
		f.arrange(h, fields)
	case len(f.shape.headings) > 0:
		f.countRecords(ctx)
	}
	return ctx.Err()
}

// countRecords reads a file that feeds no table, so that the list can say how
// much of it there is. A damaged one is noted: it must not stop the others.
func (f *exportFile) countRecords(ctx context.Context) {
	err := f.each(ctx, func(int64, [][]byte) error { return nil })
	if f.item.Status == statusUnknown { // prose has no records that could be ragged
		f.readNotes = nil
	}
	f.noteUnreadable(err)
}

func (f *exportFile) noteUnreadable(err error) {
	if err != nil {
		f.item.Rows = -1
		f.note(Note{Severity: "warning", Code: "unreadable_file", Message: err.Error(), Hint: "nothing of the file is used"})
	}
}

var serverErrors = []string{
	"<!doctype", "<html", "<head", "<body", "<br />", "<br>", "<b>fatal error", "<b>warning", "<b>notice",
	"<b>parse error", "<b>deprecated", "fatal error:", "php fatal error", "php warning", "php notice",
	"parse error:", "warning:", "notice:", "deprecated:", "<div id=\"error\"", "<p>there has been a critical error",
}

// isServerError recognises what a site prints into an export when it fails.
func isServerError(text []byte) bool {
	start := strings.ToLower(string(text[:min(len(text), 64)]))
	return slices.ContainsFunc(serverErrors, func(e string) bool { return strings.HasPrefix(start, e) })
}
