package nextcrm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// setting is one line of export.json: nested keys are joined with a point, as
// in plan.name. A JSON null has a nil value.
type setting struct {
	file   string
	number int64
	key    string
	value  []byte
}

// examineJSON tells what a JSON file holds by its name, else by its content.
func (f *exportFile) examineJSON() error {
	if f.kind == "" {
		first, err := f.firstJSON()
		if err != nil {
			f.item.Reason = "not readable as JSON: " + err.Error()
			return nil
		}
		f.kind = kindOfJSON(first)
	}
	switch _, known := Lookup(f.kind); {
	case f.kind == "setting":
		f.item.Object, f.item.Status, f.item.Reason = "setting", statusExtracted, ""
		f.item.Columns = []string{"key", "value"}
	case known && slices.Contains(jsonObjects, f.kind):
		f.item.Object, f.item.Status, f.item.Reason = f.kind, statusExtracted, ""
	case known:
		f.item.Status, f.item.Reason = statusLater, "records in JSON are not read; export them as CSV"
		f.note(Note{Severity: "error", Code: "json_records", Message: f.item.Reason})
	}
	return nil
}

// firstJSON reads the first object of the file, inside a list or alone.
func (f *exportFile) firstJSON() (first map[string]json.RawMessage, err error) {
	err = f.eachJSON(func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, &first); err != nil {
			return fmt.Errorf("not a list of objects")
		}
		return io.EOF
	})
	if err == io.EOF {
		err = nil
	}
	return first, err
}

// countJSON counts the entries of a list; an object counts as one.
func (f *exportFile) countJSON() {
	f.item.Rows = 0
	f.noteUnreadable(f.eachJSON(func(json.RawMessage) error { f.item.Rows++; return nil }))
}

// eachJSON gives the entries of a list one by one, or the only value.
func (f *exportFile) eachJSON(fn func(json.RawMessage) error) error {
	d, closer, err := f.decodeJSON()
	if err != nil {
		return err
	}
	defer closer.Close()
	var raw json.RawMessage
	if first, err := d.Token(); err != nil {
		return err
	} else if first != json.Delim('[') {
		return f.onlyJSON(fn)
	}
	for d.More() {
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if err := fn(raw); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func (f *exportFile) onlyJSON(fn func(json.RawMessage) error) error {
	d, closer, err := f.decodeJSON()
	if err != nil {
		return err
	}
	defer closer.Close()
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	return fn(raw)
}

// decodeJSON opens the file; encodings other than UTF-8 with or without a byte
// order mark are not JSON.
func (f *exportFile) decodeJSON() (*json.Decoder, io.Closer, error) {
	r, err := f.open()
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, len(bomUTF8))
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.Close()
		return nil, nil, err
	}
	head = bytes.TrimPrefix(head[:n], bomUTF8)
	d := json.NewDecoder(io.MultiReader(bytes.NewReader(head), r))
	d.UseNumber()
	return d, r, nil
}

// readSettings flattens export.json. It decides the time zone and who the
// source is, so a damaged one is an error.
func (e *export) readSettings(f *exportFile) error {
	d, closer, err := f.decodeJSON()
	if err != nil {
		return err
	}
	defer closer.Close()
	found, err := flatten(d, "", nil)
	if err != nil {
		return fmt.Errorf("not valid JSON: %w; repair the file or remove it", err)
	}
	found = slices.DeleteFunc(found, func(s setting) bool { return f.isSecretSetting(s.key) })
	for i := range found {
		found[i].file, found[i].number = f.name, int64(i+1)
	}
	e.settings = append(e.settings, found...)
	f.item.Rows = int64(len(found))
	return nil
}

// isSecretSetting tells, and notes, that a setting is not to be kept.
func (f *exportFile) isSecretSetting(key string) bool {
	if !isSecretName(key) {
		return false
	}
	f.note(Note{Severity: "info", Code: "secret-setting", Field: key, Message: "the setting is not read because its name says that it is a secret"})
	return true
}

// flatten reads one JSON value; order and spelling stay as in the file.
func flatten(d *json.Decoder, key string, to []setting) ([]setting, error) {
	token, err := d.Token()
	if err != nil {
		return to, err
	}
	switch v := token.(type) {
	case json.Delim:
		return flattenInside(d, key, v == '{', to)
	case nil:
		return append(to, setting{key: key}), nil
	default:
		return append(to, setting{key: key, value: fmt.Append([]byte{}, v)}), nil
	}
}

func flattenInside(d *json.Decoder, key string, named bool, to []setting) ([]setting, error) {
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if named {
			token, err := d.Token()
			if err != nil {
				return to, err
			}
			name = fmt.Sprint(token)
		}
		if key != "" {
			name = key + "." + name
		}
		var err error
		if to, err = flatten(d, name, to); err != nil {
			return to, err
		}
	}
	_, err := d.Token()
	return to, err
}

// settingRows gives export.json as rows of key and value.
func (e *export) settingRows(yield func(*Row) error) error {
	for _, s := range e.settings {
		row := Row{Table: s.file, Number: s.number, Values: [][]byte{[]byte(s.key), s.value}}
		if err := yield(&row); err != nil {
			return err
		}
	}
	return nil
}
