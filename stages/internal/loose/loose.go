// Package loose reads JSON as PHP writes it: a number may be a string, an empty
// object an empty list, a list with gaps an object with numeric keys, and a
// whole document may stand as text inside another one.
//
//	reads   its arguments only
//	does    gives text, lists and objects out of whatever spelling is there
//	writes  nothing
//
// Nothing here fails: what is not there, or of another kind, is empty. Callers
// keep the raw document beside what they read from it, so nothing is lost.
package loose

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Object is a JSON object whose members are still raw.
type Object map[string]json.RawMessage

// Parse reads an object, or an object that is written as text; nil for
// anything else.
func Parse(raw []byte) Object {
	var o Object
	if json.Unmarshal(unwrap(raw), &o) != nil {
		return nil
	}
	return o
}

// unwrap takes a JSON document out of the string that holds it; other strings
// and documents stay as they are.
func unwrap(raw []byte) []byte {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	inner := strings.TrimSpace(text)
	if strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") {
		return []byte(inner)
	}
	return raw
}

// Text is a scalar as people would write it: strings without quotes, numbers
// digit by digit, booleans as true and false. Null, lists and objects are "".
func Text(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.ContainsAny(raw[:1], "{[n") {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// List gives the members of a list. The values of an object count as one when
// all its keys are numbers, in the order of these; a scalar is no list.
func List(raw []byte) []json.RawMessage {
	raw = unwrap(raw)
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var o map[int]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	keys := make([]int, 0, len(o))
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		list = append(list, o[key])
	}
	return list
}

// Texts gives the scalars of a list, or one scalar as a list of one. Empty
// texts are left out.
func Texts(raw []byte) []string {
	items := List(raw)
	if items == nil {
		items = []json.RawMessage{raw}
	}
	var all []string
	for _, item := range items {
		if text := Text(item); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// Text is the first text that is not empty under one of the keys.
func (o Object) Text(keys ...string) string {
	for _, key := range keys {
		if text := Text(o[key]); text != "" {
			return text
		}
	}
	return ""
}

// Texts is the first list of texts that is not empty under one of the keys.
func (o Object) Texts(keys ...string) []string {
	for _, key := range keys {
		if all := Texts(o[key]); len(all) > 0 {
			return all
		}
	}
	return nil
}

// Object is the object under a key, nil when there is none.
func (o Object) Object(key string) Object { return Parse(o[key]) }

// List is the list under a key, nil when there is none.
func (o Object) List(key string) []json.RawMessage { return List(o[key]) }

// Has reports whether a key is there, whatever it holds.
func (o Object) Has(key string) bool { _, ok := o[key]; return ok }

// Yes reports whether a text means yes: "yes", "true", "on", or a number that
// is not zero.
func Yes(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "yes", "true", "on":
		return true
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return err == nil && n != 0
}
