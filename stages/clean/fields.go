package clean

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// customSource is where an object's custom values come from, by staging table:
// extra, and known columns that no clean table has a place for. The transforms
// use the same.
var customSource = map[string][]struct{ table, values string }{
	"account": {{"stg_account", `np_extra(extra, 'logo_url', logo_url, 'case_study_approved', case_study_approved,
		'case_study_candidate', case_study_candidate)`}},
	"contact": {{"stg_contact", `extra`},
		{"stg_target", `np_extra(extra, 'company_website', company_website, 'company_email', company_email,
			'company_phone', company_phone, 'company_industry', industry, 'company_employees', employees,
			'do_not_email_at', do_not_email_at, 'converted_at', converted_at)`},
		{"stg_target_contact", `np_extra(extra, 'found_for_target', target_id, 'enrichment_status', enrich_status,
			'enriched_at', enriched_at)`}},
	"deal": {{"stg_deal", `np_extra(extra, 'snapshot_rate', snapshot_rate, 'campaign_id', campaign_id,
		'approval_requested_at', approval_requested_at, 'approved_at', approved_at, 'approved_by', approved_by)`}},
}

// builtIn are the types of those columns.
var builtIn = map[string]string{
	"case_study_approved": "boolean", "case_study_candidate": "boolean", "logo_url": "url", "snapshot_rate": "number",
	"approval_requested_at": "stamp", "approved_at": "stamp", "approved_by": "user",
	"company_website": "url", "company_email": "email", "company_phone": "phone", "company_employees": "text",
	"do_not_email_at": "stamp", "converted_at": "stamp", "enriched_at": "stamp", "enrichment_status": "option",
	"found_for_target": "text",
}

// customField gathers what is known of one custom field.
type customField struct {
	object, slug, label, sourceType string
	options                         []string
	declared                        bool
	valueType                       string

	count     int64
	maxLength int
	distinct  map[string]bool // the first maxDistinct of them
	samples   []string
	notNumber bool
	notDate   bool
	order     normal.OrderEvidence
	mark      normal.MarkEvidence

	titles     normal.Titles   // the declared options
	known      map[string]bool // the same, folded
	checked    map[string]bool // cells already compared with them
	undeclared []string
}

const (
	maxDistinct = 200
	maxSamples  = 5
	// longText is where Pipedrive's varchar ends.
	longText = 255
)

// profileFields fills clean_custom_field and the profile of custom columns in
// one pass over each object's extra values.
func profileFields(ctx context.Context, tx *sql.Tx, s site) error {
	for _, object := range []string{"account", "contact", "deal"} {
		fields, err := declaredFields(ctx, tx, object, s.separator)
		if err != nil {
			return fmt.Errorf("read declared custom fields of %s: %w", object, err)
		}
		if err := fields.observe(ctx, tx); err != nil {
			return fmt.Errorf("profile custom fields of %s: %w", object, err)
		}
		if err := fields.write(tx, s); err != nil {
			return err
		}
	}
	return nil
}

// fieldList keeps the fields of one object in the order they are met.
type fieldList struct {
	object, separator string
	bySlug            map[string]*customField
	order             []*customField
}

func (l *fieldList) get(slug string) *customField {
	if f := l.bySlug[slug]; f != nil {
		return f
	}
	slug = strings.Clone(slug)
	f := &customField{object: l.object, slug: slug, label: humanLabel(slug), distinct: map[string]bool{}, valueType: builtIn[slug]}
	l.bySlug[slug] = f
	l.order = append(l.order, f)
	return f
}

// humanLabel makes "approved_by" readable; headings stay as they are.
func humanLabel(slug string) string {
	if strings.ContainsAny(slug, " -") || slug == "" || strings.ToLower(slug) != slug {
		return slug
	}
	s := strings.ReplaceAll(slug, "_", " ")
	r, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[n:]
}

// declaredFields starts the list with what the source declares, so that its
// types are known when the first value is seen.
func declaredFields(ctx context.Context, tx *sql.Tx, object, separator string) (*fieldList, error) {
	l := &fieldList{object: object, separator: separator, bySlug: map[string]*customField{}}
	rows, err := tx.QueryContext(ctx, `SELECT coalesce(object, ''), slug, coalesce(label, ''), coalesce(type, ''), coalesce(options, '')
		FROM stg_custom_field WHERE slug <> '' ORDER BY row_id`)
	if err != nil {
		return l, err
	}
	defer rows.Close()
	for rows.Next() {
		var of, slug, label, typ, options string
		if err := rows.Scan(&of, &slug, &label, &typ, &options); err != nil {
			return l, err
		}
		if objectOf(of) == object {
			l.declare(slug, label, typ, options)
		}
	}
	return l, rows.Err()
}

// declare takes the first of two declarations of one slug; exports of several
// sites joined into one folder repeat them.
func (l *fieldList) declare(slug, label, typ, options string) {
	f := l.get(slug)
	if f.declared {
		return
	}
	f.declared, f.sourceType, f.options = true, typ, splitOptions(options)
	f.titles, f.known, f.checked = normal.NewTitles(f.options), map[string]bool{}, map[string]bool{}
	for _, option := range f.options {
		f.known[normal.Fold(option)] = true
	}
	if label = normal.Value(label); label != "" {
		f.label = label
	}
	f.valueType = valueType(typ, len(f.options))
}

// objectOf is the object that a custom field says it belongs to.
func objectOf(word string) string {
	switch normal.Fold(word) {
	case "", "contact", "contacts", "subscriber", "subscribers", "person", "people":
		return "contact"
	case "account", "accounts", "company", "companies", "organization", "organisation":
		return "account"
	case "deal", "deals", "opportunity", "opportunities":
		return "deal"
	}
	return ""
}

// splitOptions reads a|b, one a line, or a JSON array. A comma does not separate:
// it is part of labels such as "Data, Privacy".
func splitOptions(cell string) []string {
	if list := stringsOf(cell); list != nil {
		return list
	}
	var options []string
	for _, s := range strings.FieldsFunc(cell, func(r rune) bool { return r == '|' || r == '\n' || r == '\r' }) {
		if s = normal.Value(s); s != "" {
			options = append(options, s)
		}
	}
	return options
}

// observe reads every value of the object once.
func (l *fieldList) observe(ctx context.Context, tx *sql.Tx) error {
	for _, source := range customSource[l.object] {
		if err := l.observeTable(ctx, tx, source.table, source.values); err != nil {
			return err
		}
	}
	return nil
}

func (l *fieldList) observeTable(ctx context.Context, tx *sql.Tx, table, values string) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+values+" FROM "+warehouse.Quote(table)+" WHERE "+values+" IS NOT NULL")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var object string
		if err := rows.Scan(&object); err != nil {
			return err
		}
		eachPair(object, func(key, raw string) {
			if text := unquote(raw); !normal.IsNull(text) {
				l.get(key).see(text, l.separator)
			}
		})
	}
	return rows.Err()
}

// see takes one value into account. The text is only valid during the call.
func (f *customField) see(text, separator string) {
	f.count++
	f.maxLength = max(f.maxLength, utf8.RuneCountInString(text))
	if len(f.distinct) < maxDistinct && !f.distinct[text] {
		f.distinct[strings.Clone(text)] = true
		if len(f.samples) < maxSamples {
			f.samples = append(f.samples, strings.Clone(normal.Text(short(text))))
		}
	}
	switch f.valueType {
	case "":
		f.infer(text)
	case "date", "stamp":
		f.addOrder(text)
	case "number", "money":
		f.addMark(text)
	case "option", "options":
		f.compare(text, separator)
	}
}

// compare notes options that the source does not declare. Few different cells
// make up most of a column, so each is taken apart once.
func (f *customField) compare(text, separator string) {
	if len(f.options) == 0 || f.checked[text] || len(f.undeclared) >= maxDistinct {
		return
	}
	if len(f.checked) < 100*maxDistinct {
		f.checked[strings.Clone(text)] = true
	}
	for _, option := range choices(f.valueType, text, f.titles, separator) {
		if !f.known[normal.Fold(option)] && !slices.Contains(f.undeclared, option) {
			f.undeclared = append(f.undeclared, option)
		}
	}
}

// infer watches whether all values are canonical numbers or ISO days. A code
// such as 00123 is no number: it would lose its zeros.
func (f *customField) infer(text string) {
	if !f.notNumber {
		value, _ := normal.Number(text, '.')
		f.notNumber = value != text
	}
	if !f.notDate {
		_, err := time.Parse(time.DateOnly, text)
		f.notDate = err != nil
	}
}

// addOrder sums up the evidence value by value: a column read in a stream cannot
// be handed over as a whole.
func (f *customField) addOrder(text string) {
	e := normal.DateOrder(one(text))
	f.order.DMY += e.DMY
	f.order.MDY += e.MDY
	f.order.Ambiguous += e.Ambiguous
	if f.order.DMYExample == "" {
		f.order.DMYExample = strings.Clone(e.DMYExample)
	}
	if f.order.MDYExample == "" {
		f.order.MDYExample = strings.Clone(e.MDYExample)
	}
	f.order.Order = ""
	switch d, m := f.order.DMY, f.order.MDY; {
	case d > 0 && m == 0:
		f.order.Order = "dmy"
	case m > 0 && d == 0:
		f.order.Order = "mdy"
	}
}

// addMark is addOrder for decimal marks.
func (f *customField) addMark(text string) {
	e := normal.DecimalMark(one(text))
	f.mark.Point += e.Point
	f.mark.Comma += e.Comma
	f.mark.Ambiguous += e.Ambiguous
	if f.mark.PointExample == "" {
		f.mark.PointExample = strings.Clone(e.PointExample)
	}
	if f.mark.CommaExample == "" {
		f.mark.CommaExample = strings.Clone(e.CommaExample)
	}
	f.mark.Mark = 0
	switch p, c := f.mark.Point, f.mark.Comma; {
	case p > 0 && c == 0:
		f.mark.Mark = '.'
	case c > 0 && p == 0:
		f.mark.Mark = ','
	}
}

// one is a column of a single value.
func one(text string) func(func(string) bool) {
	return func(yield func(string) bool) { yield(text) }
}

// finish settles the type of a field that the source does not declare.
func (f *customField) finish() {
	if f.valueType == "" {
		switch {
		case f.count > 0 && !f.notDate:
			f.valueType = "date"
		case f.count > 0 && !f.notNumber:
			f.valueType = "number"
		default:
			f.valueType = "text"
		}
	}
	if f.valueType == "text" && f.maxLength > longText {
		f.valueType = "long_text"
	}
}

// write stores the fields, and how the dates and numbers among them are read.
func (l *fieldList) write(tx *sql.Tx, s site) error {
	in, err := warehouse.NewInserter(tx, "clean_custom_field", "object", "slug", "label", "source_type", "value_type", "options",
		"declared", "value_count", "distinct_count", "max_length", "samples", "undeclared")
	if err != nil {
		return err
	}
	for _, f := range l.order {
		f.finish()
		if err := in.Add(f.object, f.slug, f.label, orNull(f.sourceType), f.valueType, jsonOrNull(f.options), f.declared, f.count,
			len(f.distinct), f.maxLength, jsonOf(f.samples), jsonOrNull(f.undeclared)); err != nil {
			return err
		}
		if err := f.writeProfile(tx, s); err != nil {
			return err
		}
	}
	return in.Close()
}

// writeProfile tells how a custom column is read, next to the known columns.
func (f *customField) writeProfile(tx *sql.Tx, s site) error {
	var d decision
	switch f.valueType {
	case "date", "stamp":
		d = s.orderDecision(f.order)
		if f.valueType == "stamp" {
			d.zone = s.timezone
		}
	case "number", "money":
		d = s.markDecision(f.mark)
	default:
		return nil
	}
	_, err := tx.Exec(`INSERT INTO profile (object, field, kind, value_count, date_order, decimal_mark, timezone, evidence)
		VALUES (?, ?, 'custom', ?, ?, ?, ?, ?)`, f.object, "custom:"+f.slug, f.count, orNull(d.order), orNull(d.mark), orNull(d.zone), d.evidence)
	if err != nil {
		return fmt.Errorf("profile custom field %s: %w", f.slug, err)
	}
	return nil
}

// short cuts a value to what an issue or a sample shows.
func short(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	r := []rune(s)
	return string(r[:min(limit, len(r))])
}
