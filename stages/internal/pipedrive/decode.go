package pipedrive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
)

// Record is one record as Pipedrive answered it.
type Record struct {
	// ID is a number's digits, a UUID or a field code; "<parent>/<id>" inside another record.
	ID string
	// Data is the record's JSON, numbers as they came.
	Data json.RawMessage
}

// record takes apart one record. A record without a usable id is an error: it
// could never be linked. One that exists only inside another gets the property
// that names that one, whether the answer has it or not.
func (r Resource) record(data json.RawMessage, around string) (Record, error) {
	var props map[string]json.RawMessage
	if err := json.Unmarshal(data, &props); err != nil || props == nil {
		return Record{}, errors.New("data is not an object")
	}
	id, err := idText(props[r.IDKey])
	if err != nil {
		return Record{}, fmt.Errorf("property %s: %w", r.IDKey, err)
	}
	if r.Parent == "" {
		return Record{ID: id, Data: data}, nil
	}
	if around == "" { // a list of many parents says which
		around = string(props[r.Parent])
	}
	if !plainID.MatchString(around) {
		return Record{}, fmt.Errorf("property %s: %.40q is not an id", r.Parent, around)
	}
	props[r.Parent] = json.RawMessage(around)
	data, err = json.Marshal(props)
	return Record{ID: around + "/" + id, Data: data}, err
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// idText reads an id that is a JSON string or a whole number of any length.
func idText(raw json.RawMessage) (string, error) {
	if digits.Match(raw) {
		return string(raw), nil
	}
	var id string
	if json.Unmarshal(raw, &id) != nil || id == "" {
		return "", fmt.Errorf("%.40q is not an id", raw)
	}
	return id, nil
}

// page is one page of a list; next is empty on the last one.
type page struct {
	records []Record
	next    string
}

// listPage reads a page that was asked for with query q.
func (r Resource) listPage(env envelope, q url.Values, around string) (page, error) {
	records, err := r.records(env.Data, around)
	if err != nil {
		return page{}, err
	}
	next, err := r.next(env.AdditionalData, q, len(records))
	if err != nil {
		return page{}, err
	}
	return page{records, next}, nil
}

// records reads the rows of a list. v1 answers an empty list with null; from v2
// null would be a broken answer, and taking it for "nothing there" would make
// duplicates.
func (r Resource) records(data json.RawMessage, around string) ([]Record, error) {
	if r.Version == 1 && string(bytes.TrimSpace(data)) == "null" {
		return nil, nil
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil || rows == nil {
		return nil, errors.New("data is not a list")
	}
	out := make([]Record, len(rows))
	for i, row := range rows {
		rec, err := r.record(row, around)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		out[i] = rec
	}
	return out, nil
}

// offsets is v1's paging: in an object of its own, or directly in
// additional_data and then without next_start (leads, fields).
type offsets struct {
	Start int  `json:"start"`
	Limit int  `json:"limit"`
	More  bool `json:"more_items_in_collection"`
	Next  int  `json:"next_start"`
}

func (r Resource) next(additional json.RawMessage, q url.Values, rows int) (string, error) {
	if r.Paging == Whole {
		return "", nil
	}
	var a struct {
		NextCursor *string  `json:"next_cursor"`
		Pagination *offsets `json:"pagination"`
		offsets
	}
	if len(additional) == 0 || string(additional) == "null" {
		return "", lastWithoutPaging(q, rows)
	}
	if err := json.Unmarshal(additional, &a); err != nil {
		return "", errors.New("additional_data is not an object")
	}
	if r.Paging == Cursor {
		return nextCursor(a.NextCursor, q)
	}
	if a.Pagination != nil {
		a.offsets = *a.Pagination
	}
	return a.offsets.next(q, rows)
}

// lastWithoutPaging accepts a page that says nothing of paging only when it is
// visibly the last. A full one may have been cut, at the limit we asked for or
// at Pipedrive's default of 100 rows.
func lastWithoutPaging(q url.Values, rows int) error {
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || rows >= min(limit, 100) {
		return errors.New("a full page does not say whether there is another")
	}
	return nil
}

func nextCursor(next *string, q url.Values) (string, error) {
	if next == nil {
		return "", nil
	}
	if *next != "" && *next == q.Get("cursor") {
		return "", errors.New("the next cursor is the same one again")
	}
	return *next, nil
}

func (o offsets) next(q url.Values, rows int) (string, error) {
	if !o.More {
		return "", nil
	}
	start, _ := strconv.Atoi(q.Get("start")) // absent on the first page: 0
	next := o.Next
	if next == 0 {
		next = start + max(o.Limit, rows)
	}
	if next <= start {
		return "", errors.New("the next page does not lie behind this one")
	}
	return strconv.Itoa(next), nil
}
