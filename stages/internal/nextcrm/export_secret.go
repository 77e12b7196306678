package nextcrm

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// The plugin's exports can hold secrets, too: columns that other plugins add,
// and what an automation needs to call a service. They are left out while
// reading, by the same words as in a database, and never reach the warehouse.

// leftOut stands where a secret stood, so that people see that there was one.
const leftOut = "[secret, not read]"

// excision is a stretch of a JSON text and what comes in its place.
type excision struct {
	from, to int64
	with     []byte
}

// hider walks through a JSON text and notes what has to be cut.
type hider struct {
	raw  []byte
	d    *json.Decoder
	cuts []excision
}

// hideSecrets replaces the secrets in a JSON text. Text without any stays as
// it is, byte for byte.
func hideSecrets(raw []byte) []byte {
	h := &hider{raw: raw, d: json.NewDecoder(bytes.NewReader(raw))}
	h.d.UseNumber()
	if err := h.value(false, false); err != nil || len(h.cuts) == 0 {
		return raw // what is no JSON is refused elsewhere
	}
	var out []byte
	last := int64(0)
	for _, c := range h.cuts {
		out = append(append(out, raw[last:c.from]...), c.with...)
		last = c.to
	}
	return append(out, raw[last:]...)
}

// value walks through one value; hide says that its name tells a secret, and
// headers that it is, or is in, a list of a request's headers: of these only
// the names are kept.
func (h *hider) value(hide, headers bool) error {
	before := h.d.InputOffset()
	token, err := h.d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return h.inside(v == '{', hide, headers)
	case string:
		if hide || headers {
			h.cut(before, leftOut)
		} else if text := hideInText(v); text != v {
			h.cut(before, text)
		}
	case json.Number:
		if hide || headers {
			h.cut(before, leftOut)
		}
	}
	return nil
}

// cut replaces the token that was read last.
func (h *hider) cut(before int64, text string) {
	from := before
	for strings.IndexByte(" \t\r\n,:", h.raw[from]) >= 0 {
		from++
	}
	with, err := json.Marshal(text)
	if err != nil {
		with = []byte(`""`)
	}
	h.cuts = append(h.cuts, excision{from, h.d.InputOffset(), with})
}

// Pairs of a name and a value, in which headers and fields of requests are kept.
var (
	pairNames  = []string{"data_key", "name", "key"}
	pairValues = []string{"data_value", "value"}
)

func (h *hider) inside(object, hide, headers bool) error {
	named := false // the pair's name tells a secret
	for h.d.More() {
		if !object {
			if err := h.value(hide, headers); err != nil {
				return err
			}
			continue
		}
		token, err := h.d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		isName := slices.Contains(pairNames, key)
		if isName {
			named = h.peekSecret()
		}
		secret := hide || tellsSecret(key) || named && slices.Contains(pairValues, key)
		if err := h.value(secret, !isName && (headers || key == "headers" || key == "header_data")); err != nil {
			return err
		}
	}
	_, err := h.d.Token()
	return err
}

// peekSecret tells whether the string that comes next is a secret's name.
func (h *hider) peekSecret() bool {
	rest := bytes.TrimLeft(h.raw[h.d.InputOffset():], " \t\r\n:")
	var name string
	return json.NewDecoder(bytes.NewReader(rest)).Decode(&name) == nil && tellsSecret(name)
}

func tellsSecret(name string) bool {
	return isSecretName(name) || strings.Contains(strings.ToLower(name), "authorization")
}

// hideInText looks into texts that are JSON themselves, and into addresses.
func hideInText(text string) string {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "["):
		if json.Valid([]byte(trimmed)) {
			return string(hideSecrets([]byte(text)))
		}
	case strings.HasPrefix(trimmed, "http://") || strings.HasPrefix(trimmed, "https://"):
		return hideInAddress(text)
	}
	return text
}

// hideInAddress takes a user's name and password out of an address, and the
// parameters that tell secrets.
func hideInAddress(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return text
	}
	q, hidden := u.Query(), u.User != nil
	u.User = nil
	for name := range q {
		if tellsSecret(name) {
			q.Del(name)
			hidden = true
		}
	}
	if !hidden {
		return text
	}
	u.RawQuery = q.Encode()
	return u.String()
}
