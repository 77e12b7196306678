package clean

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"time"

	"nextpipe/stages/internal/normal"
)

// activityFunctions read what activities and notes hold, and lay out what
// Pipedrive takes of them only as text.
func activityFunctions() []function {
	return []function{
		{"np_when", 4, func(a arguments) driver.Value { v, _ := a.when(); return orNull(v) }},
		{"np_when_reason", 4, func(a arguments) driver.Value { _, reason := a.when(); return orNull(reason) }},
		ofText("np_duration", normal.Duration),
		ofText("np_body", normal.BodyHTML),
		ofText("np_escape", escaped),
		ofText("np_key", plainKey),
		ofText("np_people", people),
		{"np_images", 2, lostImages},
		{"np_mail_key", 2, mailKey},
		{"np_comment", 3, comment},
		{"np_facts", -1, facts},
		{"np_footer", -1, footer},
		{"np_parts", 2, func(a arguments) driver.Value { return jsonText(normal.Parts(a.text(0), int(a.number(1)))) }},
		{"np_packs", 3, packs},
	}
}

// number is the i-th argument as a whole number, 0 for anything else.
func (a arguments) number(i int) int64 {
	n, _ := a[i].(int64)
	return n
}

// when reads day, clock, zone, date order.
func (a arguments) when() (value, reason string) {
	return normal.When(a.text(0), a.text(1), zone(a.text(2)), a.text(3))
}

// escaped is text as HTML, line by line.
func escaped(s string) string {
	return strings.ReplaceAll(html.EscapeString(normal.Text(s)), "\n", "<br>")
}

// plainKey makes an id fit for a final key: markers end with ] and stand in one line.
var plainKey = strings.NewReplacer("]", "_", "\n", "_", "\r", "_", "\t", "_").Replace

// lostImages counts the pictures of a source text that its body does not have
// any more: those of an attachment or in the text itself.
func lostImages(a arguments) driver.Value {
	if n := normal.Images(a.text(0)) - normal.Images(a.text(1)); n > 0 {
		return int64(n)
	}
	return nil
}

// longestKey is where a message id is replaced by its hash.
const longestKey = 120

// mailKey is what tells one mail from another: its Message-ID, which is the
// same in every mailbox, or where the mail has none the id of its row. NextCRM
// then makes one up of the mailbox's own numbers, "<uid>-header@local".
func mailKey(a arguments) driver.Value {
	id := strings.Trim(normal.Value(a.text(0)), "<> ")
	switch {
	case id == "" || strings.HasSuffix(id, "-header@local"):
		return orNull(plainKey(a.text(1)))
	case len(id) > longestKey || plainKey(id) != id:
		sum := sha256.Sum256([]byte(id))
		return hex.EncodeToString(sum[:16])
	}
	return id
}

// people reads a JSON array of {name, email}, as mails keep their recipients, or
// of addresses.
func people(list string) string {
	var items []json.RawMessage
	if json.Unmarshal([]byte(list), &items) != nil {
		return normal.Value(list)
	}
	var all []string
	for _, item := range items {
		var who struct{ Name, Email, Address string }
		switch {
		case json.Unmarshal(item, &who) != nil:
			all = append(all, strings.Trim(string(item), `"`))
		case who.Name != "":
			all = append(all, fmt.Sprintf("%s <%s>", who.Name, who.Email+who.Address))
		default:
			all = append(all, who.Email+who.Address)
		}
	}
	return strings.Join(all, ", ")
}

// comment is a later word on something: who, when (UTC), what.
func comment(a arguments) driver.Value {
	body := normal.BodyHTML(a.text(2))
	if body == "" {
		return nil
	}
	return "<p><b>" + escaped(strings.TrimPrefix(a.text(0)+", "+readableTime(a.text(1)), ", ")) + "</b></p><div>" + body + "</div>"
}

// readableTime writes 2024-01-08T07:30:00Z as people do; any other text stays.
func readableTime(stamp string) string {
	t, found := strings.CutSuffix(stamp, "Z")
	if _, err := time.Parse(time.RFC3339, stamp); err != nil || !found {
		return stamp
	}
	return strings.Replace(t, "T", " ", 1) + " UTC"
}

// facts makes a list of lines from label and value in turns: a JSON array of
// [label, value]. Nothing stands for a missing value. Under the label '{}' the
// value is a JSON object whose keys are labels, under '[]' a list of this kind.
func facts(a arguments) driver.Value {
	lines := [][2]string{}
	for i := 0; i+1 < len(a); i += 2 {
		label, value := a.text(i), a.text(i+1)
		switch {
		case a[i+1] == nil || normal.IsNull(value):
		case label == "[]":
			var more [][2]string
			if err := json.Unmarshal([]byte(value), &more); err != nil {
				return fmt.Errorf("list of facts: %w", err)
			}
			lines = append(lines, more...)
		case label == "{}":
			lines = append(lines, flat(value)...)
		default:
			lines = append(lines, [2]string{strings.Clone(label), readableTime(normal.Text(value))})
		}
	}
	return jsonText(lines)
}

// jsonText is JSON that leaves < and > as they are: markup stays readable.
func jsonText(v any) driver.Value {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return strings.TrimSpace(b.String())
}

// flat gives the members of a JSON object in their order; of anything else that
// is not empty the text.
func flat(object string) [][2]string {
	var lines [][2]string
	dec := json.NewDecoder(bytes.NewReader([]byte(object)))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		if s := strings.Trim(object, `" `); s != "" && s != "[]" {
			lines = append(lines, [2]string{"Data", strings.Clone(s)})
		}
		return lines
	}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return [][2]string{{"Data", strings.Clone(object)}}
		}
		if s := memberText(value); !normal.IsNull(s) {
			lines = append(lines, [2]string{humanLabel(fmt.Sprint(key)), s})
		}
	}
	return lines
}

// memberText is a JSON text without its quotes; other values stay JSON.
func memberText(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// footer lays out lists of facts as the last paragraph of a body; NULL when
// there is nothing to say.
func footer(a arguments) driver.Value {
	var b strings.Builder
	for i := range a {
		var lines [][2]string
		if a[i] == nil {
			continue
		}
		if err := json.Unmarshal([]byte(a.text(i)), &lines); err != nil {
			return fmt.Errorf("footer: %w", err)
		}
		for _, l := range lines {
			b.WriteString("<br>" + escaped(l[0]) + ": " + escaped(l[1]))
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return "<p><i>From NextCRM</i>" + b.String() + "</p>"
}

// packs says which texts of a deal share a note, when there are more of them
// than a deal may have notes. Arguments are a JSON array of their sizes in the
// order of time, how many notes there may be, and how many bytes one may have.
// The answer has for each text the index of the first one in its note. The
// oldest keep notes of their own, as many as possible: what a later delta adds
// then goes into the last note and moves nothing else.
func packs(a arguments) driver.Value {
	var sizes []int64
	if err := json.Unmarshal([]byte(a.text(0)), &sizes); err != nil {
		return fmt.Errorf("sizes of notes: %w", err)
	}
	limit, most := int(a.number(1)), a.number(2)
	for single := min(limit, len(sizes)); ; single-- {
		first, notes := pack(sizes, single, most)
		if notes <= limit || single <= 0 {
			return jsonText(first)
		}
	}
}

// pack leaves the first texts single and fills notes with the others in order.
func pack(sizes []int64, single int, most int64) (first []int, notes int) {
	var filled int64
	for i, n := range sizes {
		if i <= single || filled+n > most {
			first, filled, notes = append(first, i), 0, notes+1
		} else {
			first = append(first, first[i-1])
		}
		filled += n
	}
	return first, notes
}
