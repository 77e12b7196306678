package automation

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"nextpipe/stages/internal/loose"
)

// factNames are the settings that all plugins have under several names, with
// the object whose id they hold. Others keep their own name.
var factNames = map[string]Fact{
	"tags": {Name: "tag", Object: "tag"}, "tag_ids": {Name: "tag", Object: "tag"}, "tag": {Name: "tag", Object: "tag"},
	"lists": {Name: "list", Object: "list"}, "list_ids": {Name: "list", Object: "list"}, "segment_ids": {Name: "list", Object: "list"},
	"sequence_id": {Name: "sequence", Object: "sequence"}, "sequence_ids": {Name: "sequence", Object: "sequence"},
	"funnel_id": {Name: "automation", Object: "automation"}, "funnel_ids": {Name: "automation", Object: "automation"},
	"email_subject": {Name: "subject"}, "subject": {Name: "subject"}, "email_pre_header": {Name: "preview"}, "preheader": {Name: "preview"}, "pre_header": {Name: "preview"},
	"email_body": {Name: "body"}, "content": {Name: "body"}, "body": {Name: "body"},
	"sending_method": {Name: "method"}, "method": {Name: "method"}, "remote_url": {Name: "URL"}, "post_url": {Name: "URL"}, "url": {Name: "URL"},
	"title": {Name: "title"}, "summary": {Name: "title"}, "description": {Name: "text"}, "note_text": {Name: "text"}, "note": {Name: "text"},
	"send_email_to_type": {Name: "to"}, "send_email_custom": {Name: "address"}, "to_email": {Name: "address"},
	"path_a": {Name: "path A, %"}, "path_b": {Name: "path B, %"}, "select_type": {Name: "match"}, "run_multiple": {Name: "may run again"},
}

// quiet are settings that say nothing: switches of the plugin's own editor.
var quiet = []string{"is_custom", "body_data_type", "header_type", "run_on_background", "is_timestamp_wait", "__force_run_actions", "design_template",
	"template_id", "utm_status", "wait_type", "wait_time_amount", "wait_time_unit", "wait_date_time", "to_day", "to_day_time", "by_custom_field",
	"delay", "delay_type", "delay_amount", "email_id", "step_notes", "is_edited"}

var secretName = regexp.MustCompile(`(?i)auth|token|secret|passw|api.?key|signature|credential|bearer|cookie|webhook.?key`)

// hidden stands in place of a secret: a report goes to many people.
const hidden = "(kept back)"

// factsOf reads settings into facts, in the order of their names; objects and
// lists inside them are read the same way. A secret is never among them.
func factsOf(settings loose.Object) (facts []Fact) {
	for _, key := range sortedKeys(settings) {
		raw := settings[key]
		switch {
		case slices.Contains(quiet, key) || key == "conditions" || key == "filters" || key == "include_filters" || key == "exclude_filters":
		case key == "headers" || key == "header_data":
			// Whatever a webhook sends in front of its data may be a password.
			for _, f := range append(listFacts(key, raw), factsOf(loose.Parse(raw))...) {
				facts = append(facts, Fact{Name: "header " + strings.TrimPrefix(f.Name, "set "), Value: hidden})
			}
		case loose.List(raw) != nil:
			facts = append(facts, listFacts(key, raw)...)
		case loose.Parse(raw) != nil:
			facts = append(facts, pairOr(loose.Parse(raw))...)
		default:
			facts = appendFact(facts, key, loose.Text(raw))
		}
	}
	return facts
}

func listFacts(key string, raw json.RawMessage) (facts []Fact) {
	for _, item := range loose.List(raw) {
		if o := loose.Parse(item); o != nil {
			facts = append(facts, pairOr(o)...)
			continue
		}
		facts = appendFact(facts, key, loose.Text(item))
	}
	return facts
}

// pairOr reads FluentCRM's {data_key, data_value, data_operation} as one fact,
// any other object setting by setting.
func pairOr(o loose.Object) []Fact {
	key := o.Text("data_key")
	if key == "" {
		return factsOf(o)
	}
	value := strings.Join(o.Texts("data_value"), ", ")
	if how := o.Text("data_operation"); how != "" && how != "replace" {
		value = how + " " + value
	}
	return appendFact(nil, "set "+key, value)
}

func appendFact(facts []Fact, key, value string) []Fact {
	if strings.TrimSpace(value) == "" {
		return facts
	}
	f, ok := factNames[key]
	if !ok {
		f.Name = strings.ReplaceAll(key, "_", " ")
	}
	f.Value = redact(key, value)
	return append(facts, f)
}

// redact takes secrets out of a value: all of it when the name says so, user
// and telling parameters of a URL.
func redact(key, value string) string {
	if secretName.MatchString(key) {
		return hidden
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return value
	}
	query, changed := u.Query(), u.User != nil
	for name := range query {
		if secretName.MatchString(name) || strings.EqualFold(name, "key") {
			query.Set(name, "kept-back")
			changed = true
		}
	}
	if !changed {
		return value
	}
	u.User, u.RawQuery = nil, query.Encode()
	return u.String()
}

func sortedKeys(o loose.Object) []string {
	keys := make([]string, 0, len(o))
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
