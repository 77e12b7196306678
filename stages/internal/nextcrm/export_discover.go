package nextcrm

import (
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Words of Item.Status.
const (
	statusExtracted = "extracted"
	statusLater     = "not yet extracted"
	statusUnknown   = "unknown"
)

// exportFile is one file of the folder, or one member of a zip in it.
type exportFile struct {
	// name is the path below the folder, with slashes.
	name string
	// open gives the bytes after decompression, from the start, every time.
	open func() (io.ReadCloser, error)
	// kind is an object's word, or "" when unknown.
	kind string
	// fixed are values that the file's name gives to all its records, by column.
	fixed map[string]string

	survey survey
	shape  shape
	layout layout
	item   Item
	// notes come from opening the folder, readNotes from the last full pass.
	notes, readNotes []Note
}

// stems lists the file names that say what a file holds. Numbers, stamps and
// the words of noise are dropped from a name before it is compared.
var stems = []struct{ kind, names string }{
	{"contact", "contact,contacts,subscriber,subscribers,people,persons,contacts segment,kontakte,contactos,contatti,contacten,mailpoet export"},
	{"account", "company,companies,account,accounts,organisation,organisations,organization,organizations,firmen,unternehmen,empresas,entreprises,aziende"},
	{"deal", "deal,deals,opportunities,quotes,transactions"},
	{"stage", "pipeline,pipelines,stages,pipeline stages,deal stages"},
	{"tag", "tag,tags"},
	{"list", "list,lists"},
	{"contact_tag", "contact tags,contacts tags,subscriber tags"},
	{"contact_list", "contact lists,contacts lists,subscriber lists"},
	{"custom_field", "custom fields,customfields,custom field"},
	{"user", "user,users,owners,team"},
	{"setting", "export"},
	{"note", "note,notes,contact notes,company notes"},
	{"activity", "activity,activities,activity log,log,logs"},
	{"campaign", "campaign,campaigns,broadcasts"},
	{"sequence", "sequence,sequences,email sequences"},
	{"automation", "automation,automations,funnel,funnels,workflow,workflows"},
	{"segment", "segment,segments"},
	{"invoice", "invoice,invoices"},
	{"document", "document,documents"},
}

var noise = []string{"exported", "export", "nextcrm", "am", "pm", "all", "part", "page", "copy"}

// kindOfStem reads the kind out of a file name; "" when the name says nothing.
func kindOfStem(stem string) string {
	words := strings.FieldsFunc(foldHeading(stem), func(r rune) bool { return !unicode.IsLetter(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) == 1 })
	whole := strings.Join(words, " ")
	if strings.HasPrefix(whole, "mailpoet export") {
		return "contact"
	}
	rest := strings.Join(slices.DeleteFunc(words, func(w string) bool { return slices.Contains(noise, w) }), " ")
	for _, s := range stems {
		names := strings.Split(s.names, ",")
		if slices.Contains(names, whole) || rest != "" && slices.Contains(names, rest) {
			return s.kind
		}
	}
	return ""
}

// parentInName matches note files that are exported one per contact or company:
// their records have no column for it, only the file's name says whose they are.
var parentInName = regexp.MustCompile(`(?i)^(\d+)[-_ ](contact|company)[-_ ]notes?([-_ ].*)?$`)

// fixedByName gives the columns that the name of a note file fills.
func fixedByName(stem string) map[string]string {
	m := parentInName.FindStringSubmatch(stem)
	if m == nil {
		return nil
	}
	return map[string]string{strings.ToLower(m[2]) + "_id": m[1]}
}

// signatures are the columns that tell an object by its headings alone; one
// set is enough.
var signatures = []struct {
	object string
	sets   [][]string
}{
	{"deal", [][]string{{"title", "stage"}, {"title", "pipeline"}, {"title", "value", "currency"}}},
	{"stage", [][]string{{"pipeline", "name", "position"}, {"pipeline", "name", "probability"}}},
	{"custom_field", [][]string{{"slug", "label", "type"}, {"label", "type", "options"}}},
	{"user", [][]string{{"login", "email"}, {"login", "role"}}},
	{"contact_tag", [][]string{{"email", "tag"}, {"contact_id", "tag"}}},
	{"contact_list", [][]string{{"email", "list"}, {"contact_id", "list"}}},
	{"contact", [][]string{{"email", "first_name"}, {"email", "last_name"}, {"email", "full_name"}, {"first_name", "last_name"}, {"email", "consent_status"}, {"email", "tags"}, {"email", "lists"}}},
	{"account", [][]string{{"name", "industry"}, {"name", "website"}, {"name", "employees"}, {"name", "billing_city"}}},
	{"activity", [][]string{{"title", "due_date"}, {"type", "due_date"}}},
	{"invoice", [][]string{{"number", "total"}, {"number", "due_at"}}},
	{"document", [][]string{{"file", "object"}}},
	{"campaign", [][]string{{"email_subject", "scheduled_at"}, {"email_subject", "sent"}, {"title", "recipients_count"}}},
}

// kindOfHeadings tells an object by its headings; memberships only when they
// stand alone, because contact files have a column of tags too.
func (h headings) kindOfHeadings(heads []string) string {
	for _, s := range signatures {
		o, _ := Lookup(s.object)
		have := map[string]bool{}
		for _, i := range h.arrange(o, heads, nil).targets {
			if i >= 0 {
				have[o.Columns[i]] = true
			}
		}
		membership := strings.HasPrefix(s.object, "contact_")
		for _, set := range s.sets {
			missing := slices.ContainsFunc(set, func(c string) bool { return !have[c] })
			if !missing && !(membership && len(heads) > len(have)+1) {
				return s.object
			}
		}
	}
	return ""
}

// enough tells whether the headings of a file whose name gave its kind can be
// right: at least one known column, and for contacts an e-mail or a name.
func (h headings) enough(kind string, heads []string) bool {
	o, _ := Lookup(kind)
	return slices.ContainsFunc(h.arrange(o, heads, nil).targets, func(i int) bool {
		return i >= 0 && (kind != "contact" || slices.Contains([]string{"email", "first_name", "last_name", "full_name"}, o.Columns[i]))
	})
}

var documentFolders = []string{"document", "documents", "attachments", "uploads"}

func isDocumentFolder(name string) bool {
	return slices.Contains(documentFolders, strings.ToLower(name))
}

// found is what discover meets: data files, attached files, and the rest as
// items, so that nothing is passed over in silence.
type found struct {
	files     []*exportFile
	attached  []attachment
	documents []Item // the folders that hold the attached files
	others    []Item
}

// discover lists the files of the folder and of its sub-folders, one level
// deep, in the order of their names; folders of documents in any depth.
func discover(dir string) (f found, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, fmt.Errorf("open export folder: %w", err)
	}
	for _, e := range entries {
		full := filepath.Join(dir, e.Name())
		info, err := os.Stat(full)
		if err != nil {
			return f, fmt.Errorf("open export folder: %w", err)
		}
		switch {
		case !info.IsDir():
			err = f.addFile(full, e.Name(), info)
		case isDocumentFolder(e.Name()):
			err = f.addDocuments(full, e.Name(), e.Type())
		default:
			err = f.addFolder(full, e.Name())
		}
		if err != nil {
			return f, err
		}
	}
	slices.SortFunc(f.files, func(a, b *exportFile) int { return strings.Compare(a.name, b.name) })
	return f, nil
}

func (f *found) addFolder(full, name string) error {
	entries, err := os.ReadDir(full)
	if err != nil {
		return fmt.Errorf("open export folder: %w", err)
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(full, e.Name()))
		if err != nil {
			return fmt.Errorf("open export folder: %w", err)
		}
		inside := path.Join(name, e.Name())
		switch {
		case info.IsDir() && isDocumentFolder(e.Name()):
			err = f.addDocuments(filepath.Join(full, e.Name()), inside, e.Type())
		case info.IsDir():
			f.others = append(f.others, unknownItem(inside+"/", "folders are read one level deep; move its files up"))
		default:
			err = f.addFile(filepath.Join(full, e.Name()), inside, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *found) addFile(full, name string, info fs.FileInfo) error {
	open := fileOpener(full, info)
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".zip":
		return f.addZip(full, name, open)
	case ext == ".gz" && isData(strings.TrimSuffix(name, path.Ext(name))):
		f.files = append(f.files, &exportFile{name: name, open: gunzip(open)})
	case isData(name):
		f.files = append(f.files, &exportFile{name: name, open: open})
	default:
		f.others = append(f.others, unknownItem(name, "not a csv, tsv, txt or json file"))
	}
	return nil
}

func (f *found) addZip(full, name string, open func() (io.ReadCloser, error)) error {
	z, err := zip.OpenReader(full)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer z.Close()
	for i, m := range z.File {
		member := strings.ReplaceAll(m.Name, `\`, "/")
		inside := path.Join(name, member)
		folder, below, nested := strings.Cut(member, "/")
		switch {
		case m.FileInfo().IsDir():
		case nested && isDocumentFolder(folder):
			f.attach(name+"/"+folder, attachment{name: below, refusal: refusalOf(m.Mode(), below), open: unzip(full, i, open)})
		case isData(member) && strings.Count(member, "/") < 2:
			f.files = append(f.files, &exportFile{name: inside, open: unzip(full, i, open)})
		default:
			f.others = append(f.others, unknownItem(inside, "not a csv, tsv, txt or json file at most one folder deep"))
		}
	}
	return nil
}

func isData(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".txt", ".json"}, strings.ToLower(path.Ext(name)))
}

// stem is the file's own name without its extensions.
func (f *exportFile) stem() string {
	name := path.Base(f.name)
	if strings.EqualFold(path.Ext(name), ".gz") {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	return strings.TrimSuffix(name, path.Ext(name))
}

func (f *exportFile) isJSON() bool {
	name := strings.ToLower(f.name)
	return strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".json")
}

// fileOpener refuses a file that changed since the folder was opened: its
// encoding and dialect would no longer be what was checked.
func fileOpener(full string, then fs.FileInfo) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(full)
		if err != nil {
			return nil, err
		}
		now, err := f.Stat()
		if err == nil && (now.Size() != then.Size() || !now.ModTime().Equal(then.ModTime())) {
			err = errors.New("the file changed while the export was being read; run again when it is complete")
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
}

// nested closes the reader and the file below it.
type nested struct {
	io.Reader
	inner, outer io.Closer
}

func (n nested) Close() error { return errors.Join(n.inner.Close(), n.outer.Close()) }

func gunzip(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := open()
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			f.Close()
			return nil, err
		}
		return nested{z, z, f}, nil
	}
}

func unzip(full string, member int, check func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := check()
		if err != nil {
			return nil, err
		}
		f.Close()
		z, err := zip.OpenReader(full)
		if err != nil {
			return nil, err
		}
		m, err := z.File[member].Open()
		if err != nil {
			z.Close()
			return nil, err
		}
		return nested{m, m, z}, nil
	}
}

func unknownItem(name, reason string) Item {
	return Item{Table: name, Kind: "file", Rows: -1, Status: statusUnknown, Reason: reason}
}
