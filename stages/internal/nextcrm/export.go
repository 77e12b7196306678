package nextcrm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a zone must be found on a machine without a zone database
)

// ExportOptions is what an export folder may not say about itself.
type ExportOptions struct {
	// Timezone is the IANA zone of the site. It wins over export.json.
	Timezone string
	// Encoding, as a WHATWG label such as "windows-1252", is used for every
	// file that has no byte order mark; "" means that each file is examined.
	Encoding string
	// SourceName tells companies apart whose export has no export.json with a
	// site_url. Without both, every such export counts as the same source.
	SourceName string
}

// export is an opened export folder. Files are opened for each pass and closed
// at its end, so there is nothing to free.
type export struct {
	identity Identity
	files    []*exportFile
	attached attachments
	others   []Item
	settings []setting
	notes    []Note
}

// OpenExport reads the layout of an export folder: which files there are, their
// encoding, dialect and headings. Rows are read later, one file at a time.
// Only a contacts file is required. It reads every file once from end to end,
// because a sample cannot vouch for the bytes behind it.
//
// The fingerprint is that of the site URL in export.json, so that a later
// export of the same site into another folder is the same source. Without a
// site URL it is that of the words "plugin-export" and SourceName.
func OpenExport(ctx context.Context, dir string, opt ExportOptions) (Source, error) {
	forced, err := parseCharset(opt.Encoding)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open export folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open export folder: %s is a file; name the folder that holds it", dir)
	}
	h, err := loadHeadings()
	if err != nil {
		return nil, err
	}
	f, err := discover(dir)
	if err != nil {
		return nil, err
	}
	e := &export{files: f.files, others: f.others, attached: attachments{files: f.attached, folders: f.documents}}
	if err := e.examine(ctx, h, forced); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(e.files, func(f *exportFile) bool { return f.reads("contact") }) {
		return nil, noContacts(dir)
	}
	return e, e.identify(dir, opt)
}

func noContacts(dir string) error {
	return fmt.Errorf("no contacts file in %s: expected contacts.csv, or a csv, tsv or txt file (also .gz or .zip) "+
		"named contacts, contact-<date>, subscribers, people, exported-Contacts-… or MailPoet_export_…, "+
		"or with headings such as Email and First Name", dir)
}

// reads tells whether the file feeds the object's staging table.
func (f *exportFile) reads(object string) bool {
	return f.kind == object && f.item.Status == statusExtracted
}

// examine looks at every file, then reads the custom fields, which decide where
// the columns of the other files go.
func (e *export) examine(ctx context.Context, h headings, forced charset) error {
	for _, f := range e.files {
		if err := f.examine(ctx, h, forced); err != nil {
			return fmt.Errorf("open %s: %w", f.name, err)
		}
	}
	fields, err := e.customFields(ctx, h)
	if err != nil {
		return err
	}
	for _, f := range e.files {
		if err := e.settle(ctx, f, h, fields); err != nil {
			return fmt.Errorf("open %s: %w", f.name, err)
		}
	}
	return nil
}

// customFields reads label, slug and object of every custom field.
func (e *export) customFields(ctx context.Context, h headings) (fields []customField, err error) {
	o, _ := Lookup("custom_field")
	object, slug, label := target(o, "object"), target(o, "slug"), target(o, "label")
	for _, f := range e.files {
		if f.reads(o.Name) {
			f.arrange(h, nil)
		}
	}
	err = e.Rows(ctx, o.Name, func(r *Row) error {
		f := customField{string(r.Values[object]), string(r.Values[slug]), string(r.Values[label])}
		f.slug = cmp.Or(f.slug, f.label)
		if f.slug != "" {
			fields = append(fields, f)
		}
		return nil
	})
	return fields, err
}

// identify settles who the source is and in which zone its stamps are.
func (e *export) identify(dir string, opt ExportOptions) error {
	site := siteKey(e.setting("site_url"))
	name := cmp.Or(site, opt.SourceName, filepath.Base(filepath.Clean(dir)))
	e.identity = Identity{
		Edition:     Plugin,
		Fingerprint: fingerprint("plugin-export", cmp.Or(site, opt.SourceName)),
		Name:        name + " (plugin export)",
	}
	if opt.Timezone != "" {
		if err := checkZone(opt.Timezone); err != nil {
			return err
		}
		e.identity.Timezone = opt.Timezone
		return nil
	}
	zone := e.setting("timezone")
	if err := checkZone(zone); err != nil {
		e.notes = append(e.notes, Note{Severity: "warning", Code: "timezone_unknown", Table: "export.json",
			Field: "timezone", Message: err.Error(), Hint: "name the site's zone with --source-timezone"})
		return nil
	}
	e.identity.Timezone = zone
	return nil
}

func checkZone(zone string) error {
	if zone == "Local" {
		return errors.New("time zone \"Local\" depends on the machine; name an IANA zone such as Europe/Berlin")
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return fmt.Errorf("time zone %q is not an IANA zone such as Europe/Berlin", zone)
	}
	return nil
}

// siteKey reduces a site URL to what stays the same when a site moves to https
// or is written with a slash at its end.
func siteKey(url string) string {
	url = strings.ToLower(strings.TrimSpace(url))
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	return strings.TrimRight(url, "/")
}

func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

func (e *export) setting(key string) string {
	for _, s := range e.settings {
		if s.key == key {
			return string(s.value)
		}
	}
	return ""
}

// Identity implements Source.
func (e *export) Identity() Identity { return e.identity }

// Rows implements Source. Files of one object follow each other by name; rows
// that stand in several files are all given, as they are.
func (e *export) Rows(ctx context.Context, object string, yield func(*Row) error) error {
	switch object {
	case "setting":
		return e.settingRows(yield)
	case "document_file":
		return e.attachedRows(ctx, yield)
	}
	for _, f := range e.files {
		if !f.reads(object) {
			continue
		}
		if err := f.rows(ctx, yield); err != nil {
			return err
		}
	}
	return nil
}

// Items implements Source: files in the order of their names.
func (e *export) Items() []Item {
	items := append(slices.Clone(e.others), e.attached.folders...)
	for _, f := range e.files {
		items = append(items, f.item)
	}
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.Table, b.Table) })
	return items
}

// Notes implements Source: file by file.
func (e *export) Notes() []Note {
	notes := append(slices.Clone(e.notes), e.attached.notes...)
	for _, f := range e.files {
		notes = append(append(notes, f.notes...), f.readNotes...)
	}
	return notes
}

// Close implements Source. No file is open between two passes.
func (e *export) Close() error { return nil }
