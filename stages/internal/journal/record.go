package journal

import (
	"bytes"
	"encoding/json"
)

// Decode reads a JSON object; its numbers keep their digits.
func Decode(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	m := map[string]any{}
	return m, d.Decode(&m)
}

// Marker is the text in a record's custom field of the given code, nil when it
// has none. Our records carry their marker there.
func Marker(record []byte, code string) *string {
	var r struct {
		CustomFields map[string]json.RawMessage `json:"custom_fields"`
	}
	var marker *string
	if json.Unmarshal(record, &r) == nil {
		// Another type than text is no marker of ours.
		_ = json.Unmarshal(r.CustomFields[code], &marker)
	}
	return marker
}
