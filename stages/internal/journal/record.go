package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/pipedrive"
)

// Decode reads a JSON object; its numbers keep their digits.
func Decode(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	m := map[string]any{}
	return m, d.Decode(&m)
}

// TextAt is a property of a JSON object as text, numbers by their digits; ""
// when it is not there.
func TextAt(data []byte, key string) string {
	var props map[string]json.RawMessage
	if json.Unmarshal(data, &props) != nil {
		return ""
	}
	return strings.Trim(string(props[key]), `"`)
}

// blobKey is the property of a body that stands for the bytes of a file.
const blobKey = "@blob"

// takeBlob takes the file out of a body; nil when there is none.
func takeBlob(body []byte) (rest []byte, blob *pipedrive.Blob, err error) {
	var props map[string]json.RawMessage
	if err := json.Unmarshal(body, &props); err != nil {
		return nil, nil, fmt.Errorf("read body: %w", err)
	}
	raw, ok := props[blobKey]
	if !ok {
		return body, nil, nil
	}
	var b struct {
		Path, Name, SHA256 string
		Size               int64
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", blobKey, err)
	}
	delete(props, blobKey)
	delete(props, "name") // the part of the upload that holds the bytes has it
	rest, err = json.Marshal(props)
	return rest, &pipedrive.Blob{Path: b.Path, Name: b.Name, Size: b.Size, SHA256: b.SHA256}, err
}
