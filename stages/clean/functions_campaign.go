package clean

import (
	"database/sql/driver"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nextpipe/stages/internal/automation"
	"nextpipe/stages/internal/normal"
)

// campaignFunctions read campaigns, automations and sequences.
func campaignFunctions() []function {
	return []function{
		ofText("np_markup", markup),
		ofText("np_campaign_state", campaignState),
		{"np_document", 2, func(a arguments) driver.Value { return documentName(a.text(0), a.text(1)) }},
		{"np_automation", 1, func(a arguments) driver.Value { return readAutomation(a.text(0)) }},
		{"np_sequence", 1, func(a arguments) driver.Value { return readSequence(a.text(0)) }},
	}
}

// markup keeps the body of a mail as it was written: its markup is what people
// need to write it again.
func markup(cell string) string {
	s := normal.Guard(cell)
	if normal.IsNull(s) {
		return ""
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// campaignStates are the words of both editions and of the plugin's peers.
// FluentCRM's pending and working mean that its queue is under way, MailPoet's
// active that mails go out whenever there is news.
var campaignStates = map[string]string{
	"draft": "draft", "new": "draft", "entwurf": "draft", "brouillon": "draft", "borrador": "draft", "bozza": "draft", "koncept": "draft",
	"scheduled": "scheduled", "pending scheduled": "scheduled", "planned": "scheduled", "geplant": "scheduled", "programado": "scheduled",
	"sending": "sending", "working": "sending", "processing": "sending", "pending": "sending", "queued": "sending", "running": "sending",
	"in progress": "sending", "active": "sending",
	"paused": "paused", "incomplete": "paused", "stopped": "paused", "pausiert": "paused",
	"sent": "sent", "completed": "sent", "complete": "sent", "finished": "sent", "done": "sent", "gesendet": "sent",
	"archived": "archived", "purged": "archived", "archiviert": "archived",
	"cancelled": "cancelled", "canceled": "cancelled", "aborted": "cancelled",
	"failed": "failed", "corrupt": "failed", "error": "failed",
	"deleted": "deleted", "trash": "deleted",
}

// campaignState is the state that a status word means; a word that nobody knows
// is a state of its own.
func campaignState(cell string) string {
	word := statusWord(cell)
	if state := campaignStates[word]; state != "" || normal.IsNull(normal.Guard(cell)) {
		return state
	}
	return strings.Join(strings.Fields(word), " ")
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// maxName keeps names of documents short enough for every file system.
const maxName = 48

// documentName makes a file name of an id and a title: letters and digits of
// ASCII and hyphens only, so no source can lead it out of its folder.
func documentName(id, title string) string {
	var parts []string
	for _, part := range []string{id, title} {
		part = strings.Trim(notInName.ReplaceAllString(strings.ToLower(withoutMarks(part)), "-"), "-")
		if part = strings.Trim(part[:min(len(part), maxName)], "-"); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "untitled"
	}
	return strings.Join(parts, "-")
}

// withoutMarks takes the accents off: Übersicht is Ubersicht.
func withoutMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
}

// readAutomation is what can be counted of an automation, as JSON. One of no
// known shape has neither shape nor steps.
func readAutomation(raw string) driver.Value {
	a, _ := automation.Read([]byte(raw)) // the shape says whether it could be read
	kinds := []string{}
	for _, t := range a.Triggers {
		kinds = append(kinds, t.Kind)
	}
	blockers := []string{}
	if a.Shape != "" {
		blockers = a.Blockers()
	}
	return asJSON(map[string]any{
		"id": a.ID, "title": a.Title, "shape": a.Shape, "status": a.Status, "is_active": whole(a.Active), "triggers": kinds,
		"steps": len(a.Steps), "by_kind": a.ByKind(), "actions": a.Actions(), "fixed_delay": a.FixedDelay(),
		"is_branching": whole(a.Branches()), "blockers": blockers,
	})
}

// readSequence is an e-mail sequence with its mails in order of time, as JSON.
func readSequence(raw string) driver.Value {
	s, err := automation.ReadSequence([]byte(raw))
	emails := []map[string]any{}
	for _, e := range s.Emails {
		emails = append(emails, map[string]any{"subject": e.Subject, "preheader": e.Preview, "body": markup(e.Body),
			"delay": e.DelayMinutes, "window": e.Window, "status": e.Status})
	}
	return asJSON(map[string]any{"id": s.ID, "title": s.Title, "status": s.Status, "is_active": whole(s.Active),
		"is_readable": whole(err == nil), "last_delay": s.LastDelay(), "emails": emails})
}

// asJSON cannot fail on maps of plain values; if it did, the query would.
func asJSON(v any) driver.Value {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return string(b)
}

func whole(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
