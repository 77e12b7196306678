package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/nextcrm"
)

// sealer hides values behind hashes that only the holder of the salt could try
// to guess, and the salt is thrown away. Equal values stay equal: joins and
// comparisons of a redacted file say the same as those of the warehouse.
type sealer struct {
	salt  []byte
	words map[string]bool // parts of keys that nextpipe makes itself
	own   map[string]bool // the program's own texts
}

// newSealer knows the words of keys; tag is the source's tag in every marker,
// own are the program's own texts.
func newSealer(salt []byte, tag string, own []string) *sealer {
	s := &sealer{salt: salt, words: map[string]bool{tag: true}, own: map[string]bool{}}
	for _, text := range own {
		s.own[text] = true
	}
	for _, o := range nextcrm.Objects {
		s.words[o.Name] = true
	}
	for _, name := range entity.Names() {
		s.words[name] = true
	}
	for _, w := range []string{"name", "number", "list", "segment", "filter", "part", "board", "board_task", "row", "document", "participant", "follower", "relationship", "nextcrm"} {
		s.words[w] = true
	}
	return s
}

// apply treats one value by a policy.
func (s *sealer) apply(p policy, value string) string {
	switch {
	case value == "" || p == keep,
		p == own && s.own[value],
		p == shape && harmless.MatchString(value),
		p == code && oneWord.MatchString(value),
		p == address && request.MatchString(value):
		return value
	case p == key:
		return partOf.ReplaceAllStringFunc(value, s.part)
	case p == words:
		return phone.ReplaceAllStringFunc(email.ReplaceAllStringFunc(value, s.hash), s.unlessTime)
	}
	return s.hide(value)
}

// part keeps what a key says about its kind and number.
func (s *sealer) part(text string) string {
	if s.words[text] || harmless.MatchString(text) {
		return text
	}
	return s.hash(text)
}

// unlessTime keeps times and dates, which look like telephone numbers.
func (s *sealer) unlessTime(text string) string {
	if harmless.MatchString(text) && strings.Count(text, "-") == 2 {
		return text
	}
	return s.hash(text)
}

// hide seals a whole value. JSON stays JSON, so that views and checks still hold.
func (s *sealer) hide(value string) string {
	switch {
	case value == "{}" || value == "[]":
		return value
	case value[0] == '{' && json.Valid([]byte(value)):
		return `{"sealed":"` + s.hash(value) + `"}`
	case value[0] == '[' && json.Valid([]byte(value)):
		return `["` + s.hash(value) + `"]`
	}
	return s.hash(value)
}

// hash is 64 bits of a keyed hash: of a million values two are alike in one of
// 37 million files.
func (s *sealer) hash(text string) string {
	mac := hmac.New(sha256.New, s.salt)
	mac.Write([]byte(text))
	return "~" + hex.EncodeToString(mac.Sum(nil)[:8])
}
