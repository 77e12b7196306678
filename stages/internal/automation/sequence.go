package automation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nextpipe/stages/internal/loose"
)

// Sequence is a row of mails at fixed distances from its start.
type Sequence struct {
	ID, Title, Status string
	Active            bool
	Emails            []Email
	Raw               json.RawMessage
}

// Email is one mail of a sequence.
type Email struct {
	ID, Subject, Preview, Body, Status string
	// DelayMinutes count from the start of the sequence.
	DelayMinutes int64
	// Window says when in the day or week it may go out, "" for any time.
	Window string
}

// LastDelay is how long the sequence runs, in minutes.
func (s Sequence) LastDelay() (minutes int64) {
	for _, e := range s.Emails {
		minutes = max(minutes, e.DelayMinutes)
	}
	return minutes
}

// ReadSequence reads one e-mail sequence of an export. On ErrShape the raw
// document is still there.
func ReadSequence(raw []byte) (Sequence, error) {
	o := loose.Parse(raw)
	head := o.Object("sequence")
	if head == nil {
		return Sequence{Raw: slices.Clone(raw)}, fmt.Errorf("read sequence: %w: it has no sequence of its own", ErrShape)
	}
	s := Sequence{ID: head.Text("id", "ID"), Title: head.Text("title"), Status: head.Text("status"), Raw: slices.Clone(raw)}
	s.Active = isActive(s.Status)
	for _, item := range o.List("emails") {
		s.Emails = append(s.Emails, readEmail(loose.Parse(item)))
	}
	slices.SortStableFunc(s.Emails, func(x, y Email) int { return cmp.Compare(x.DelayMinutes, y.DelayMinutes) })
	return s, nil
}

func readEmail(o loose.Object) Email {
	timings := o.Object("settings").Object("timings")
	e := Email{ID: o.Text("id", "ID"), Subject: o.Text("email_subject", "title"), Preview: o.Text("email_pre_header"), Body: o.Text("email_body"), Status: o.Text("status")}
	// The settings are what the author typed; the seconds are derived from them.
	e.DelayMinutes = fixedWait(timings.Text("delay"), timings.Text("delay_unit")).Minutes
	if seconds, err := strconv.ParseInt(o.Text("delay"), 10, 64); err == nil && !timings.Has("delay") && seconds > 0 {
		e.DelayMinutes = seconds / 60
	}
	if days := timings.Texts("allowed_days"); timings.Text("selected_days_only") == "yes" && len(days) > 0 {
		e.Window = "on " + strings.Join(days, ", ")
	}
	if times := timings.Texts("sending_time"); timings.Text("is_anytime") == "no" && len(times) > 0 {
		e.Window = strings.TrimSpace(e.Window + " at " + strings.Join(times, " to "))
	}
	return e
}
