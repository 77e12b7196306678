package pipedrive

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// answer is what one sending brought back.
type answer struct {
	status int // 0 when no answer came
	header http.Header
	body   []byte
	err    error // why there is no whole answer
	sent   bool  // a connection was ready, so bytes may have left
}

// fate is what became of one sending.
type fate int

const (
	// done: carried out, answer understood.
	done fate = iota
	// denied: not carried out, and repeating would not help.
	denied
	// limited: 429, not carried out, the account asks for a pause.
	limited
	// harmless: certainly not carried out; may be sent again.
	harmless
	// lost: may have been carried out.
	lost
)

// envelope is the common wrapping of v1 and v2 answers. The texts are raw since
// the gateway and some endpoints put numbers or objects there.
type envelope struct {
	header         http.Header
	Success        bool            `json:"success"`
	Data           json.RawMessage `json:"data"`
	AdditionalData json.RawMessage `json:"additional_data"`
	Error          json.RawMessage `json:"error"`
	ErrorInfo      json.RawMessage `json:"error_info"`
	Code           json.RawMessage `json:"code"`
}

// form is what a body looks like.
type form int

const (
	whole   form = iota // a JSON object
	broken              // the beginning of one, or nothing at all
	foreign             // something that Pipedrive's API never says: a web page
)

// open parses a body.
func open(body []byte) (envelope, form) {
	var env envelope
	switch {
	case json.Unmarshal(body, &env) == nil && !bytes.Equal(bytes.TrimSpace(body), []byte("null")):
		return env, whole
	case len(body) == 0 || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")):
		return envelope{}, broken
	}
	return envelope{}, foreign
}

// plain returns a JSON string's content, nothing for null, else the JSON itself.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func (e envelope) message() string {
	text, info := plain(e.Error), plain(e.ErrorInfo)
	switch {
	case text == "":
		return info
	case info == "" || info == text:
		return text
	}
	return text + " (" + info + ")"
}

// verdict is the fate of a sending with what there is to say about it.
type verdict struct {
	fate    fate
	kind    Kind // for denied; Blocked also for lost, when a web page came back
	page    bool // Blocked by a web page
	code    string
	message string
}

// judge decides the fate of one sending. read understands the data of a
// successful answer; its error makes the answer undecodable.
func judge(a answer, read func(envelope) error) verdict {
	env, form := open(a.body)
	env.header = a.header
	v := verdict{code: plain(env.Code), message: env.message()}
	switch {
	case a.err != nil:
		return cut(a)
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		v.fate = lost
	case a.status >= 200 && a.status < 300:
		return success(a, env, form, read)
	case a.status < 400:
		return verdict{fate: denied, kind: Blocked, message: "redirected to " + redirectHost(a.header) +
			", which is never followed; check the company address"}
	case form == foreign:
		return verdict{fate: denied, kind: Blocked, page: true, message: notJSON(a)}
	case a.status == http.StatusTooManyRequests:
		v.fate = limited
	case form == broken:
		return verdict{fate: harmless, message: notJSON(a)}
	default:
		v.fate, v.kind = denied, kindOf(a.status, v)
	}
	return v
}

// cut judges a sending without a whole answer. The status line of a 4xx tells
// enough even when the rest is missing.
func cut(a answer) verdict {
	v := verdict{fate: lost, message: a.err.Error()}
	switch {
	case errors.Is(a.err, errLocal):
		v.fate, v.kind, v.code = denied, Refused, LocalFile
	case !a.sent && errors.Is(a.err, errUntrusted):
		v.fate, v.kind = denied, Blocked
	case !a.sent:
		v.fate = harmless
	case a.status >= 400 && a.status < 500 && a.status != http.StatusRequestTimeout:
		v.fate = harmless
	}
	return v
}

// success judges a 2xx: an answer that does not say what it must is lost, since
// whatever stands behind it may have been carried out.
func success(a answer, env envelope, form form, read func(envelope) error) verdict {
	switch {
	case form == foreign:
		return verdict{fate: lost, kind: Blocked, page: true, message: notJSON(a)}
	case form == broken:
		return verdict{fate: lost, message: notJSON(a)}
	case !env.Success:
		return verdict{fate: lost, code: plain(env.Code), message: "the answer does not claim success: " + env.message()}
	}
	if err := read(env); err != nil {
		return verdict{fate: lost, message: "the answer cannot be decoded: " + err.Error()}
	}
	return verdict{fate: done}
}

// kindOf sorts the refusals that came as JSON.
func kindOf(status int, v verdict) Kind {
	if status != http.StatusUnauthorized && isCap(v.code, v.message) {
		return Capped
	}
	switch status {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusPaymentRequired:
		return AccountClosed
	case http.StatusForbidden:
		return Forbidden
	}
	return Refused
}

// isCap knows both ways in which Pipedrive says that a plan is full: a code, and
// for older limits only "Couldn't add <x>. You've reached the <x> per company
// limit."
func isCap(code, message string) bool {
	if strings.HasPrefix(strings.ToLower(code), "feature_capping") {
		return true
	}
	_, rest, found := strings.Cut(strings.ToLower(message), "reached the ")
	return found && strings.Contains(rest, "limit")
}

func redirectHost(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return "another address"
	}
	return u.Host
}

// notJSON names an answer that is not Pipedrive's by its type and first words.
func notJSON(a answer) string {
	const enough = 80
	text := strings.Join(strings.Fields(string(a.body[:min(len(a.body), enough)])), " ")
	kind := a.header.Get("Content-Type")
	if kind == "" {
		kind = "untyped"
	}
	return strings.TrimSpace("the answer is not Pipedrive's JSON but " + kind + " " + text)
}
