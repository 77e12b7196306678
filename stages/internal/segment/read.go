package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nextpipe/stages/internal/loose"
)

// ErrShape says that a document is no segment of a shape that is known. It is
// kept and listed like any other; only its rules cannot be read.
var ErrShape = errors.New("not a segment of a known shape")

// Read reads one segment of an export. On ErrShape the result still holds the
// id, the title and the raw document.
func Read(raw []byte) (Segment, error) {
	top := loose.Parse(raw)
	body := top
	for _, wrapper := range []string{"value", "query", "data"} {
		if inner := top.Object(wrapper); inner != nil {
			body = inner
			break
		}
	}
	s := Segment{
		ID: top.Text("id", "ID"), Raw: slices.Clone(raw),
		Title: firstText(body.Text("title", "name"), top.Text("title", "name")),
	}
	if top == nil {
		return s, fmt.Errorf("read segment: %w: not an object", ErrShape)
	}
	s.Shape = shapeOf(top, body)
	switch s.Shape {
	case FluentCRM:
		s.Any = s.fluentGroups(body.List("filters"))
	case FluentCRMLegacy:
		s.Any = fluentLegacy(body)
	case Groundhogg:
		s.Any, s.Except = groundhogg(body, "filters", "include_filters"), groundhogg(body, "exclude_filters")
	case JetpackCRM:
		s.Any = jetpack(top, body)
	case MailPoet:
		s.Any = mailpoet(top, body)
	default:
		return s, fmt.Errorf("read segment %q: %w; it has neither filters nor conditions that can be told", s.Title, ErrShape)
	}
	return s, nil
}

// ReadGroups reads the conditions of an automation's step, which FluentCRM
// writes in the grammar of its segments: a list of groups of rules.
func ReadGroups(raw json.RawMessage) [][]Rule {
	var s Segment
	return s.fluentGroups(loose.List(raw))
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// shapeOf tells the shapes apart by the keys of their rules.
func shapeOf(top, body loose.Object) Shape {
	first := firstRule(body)
	switch {
	case first.Has("source"):
		return FluentCRM
	case first.Has("segmentType"), first.Object("filter_data").Has("segmentType"), body.Has("filters_connect"), top.Has("filters_connect"):
		return MailPoet
	case body.Has("filters") && first.Has("type"), body.Has("exclude_filters"), body.Has("include_filters"):
		return Groundhogg
	case first.Has("field"), body.Has("condition_match"):
		return FluentCRMLegacy
	case first.Has("type") && first.Has("operator"):
		return JetpackCRM
	case top.Text("object_type") == "custom_segment" && body.Has("filters"):
		return FluentCRM // one without rules
	}
	return ""
}

// firstRule digs the first rule out of the lists in which it lies.
func firstRule(body loose.Object) loose.Object {
	for _, key := range []string{"filters", "include_filters", "conditions", "exclude_filters"} {
		for _, item := range body.List(key) {
			if rule := loose.Parse(item); rule != nil && !isList(item) {
				return rule
			}
			for _, inner := range loose.List(item) {
				return loose.Parse(inner)
			}
		}
	}
	return nil
}

// isList tells a group, which PHP may write with numeric keys, from a rule.
func isList(raw json.RawMessage) bool { return loose.List(raw) != nil }

// fluentGroups reads OR of AND of {source: [provider, property], operator, value}.
func (s *Segment) fluentGroups(groups []json.RawMessage) [][]Rule {
	var all [][]Rule
	for _, group := range groups {
		var rules []Rule
		for _, item := range loose.List(group) {
			r, ok := fluentRule(loose.Parse(item))
			if !ok {
				s.Ignored = append(s.Ignored, string(item))
				continue
			}
			rules = append(rules, r)
		}
		if len(rules) > 0 {
			all = append(all, rules)
		}
	}
	return all
}

// fluentRule reads one rule; ok is false for those that FluentCRM passes over.
func fluentRule(o loose.Object) (r Rule, ok bool) {
	source := loose.Texts(o["source"])
	if len(source) != 2 || o.Text("operator") == "" {
		return r, false
	}
	r = Rule{Source: source[0] + "." + source[1], Written: o.Text("operator"), Values: loose.Texts(o["value"])}
	r.Operator = operators[r.Written]
	r.Field, r.Topic = fluentProperty(source[0], source[1])
	dated := slices.Contains([]string{"created_at", "last_activity", "date_of_birth"}, source[1])
	if dated && len(r.Values) == 0 && r.Operator != Empty && r.Operator != NotEmpty {
		return r, false
	}
	return r.finish(), true
}

func fluentProperty(provider, property string) (field, topic string) {
	switch provider {
	case "subscriber", "segment":
		return about(property)
	case "custom_fields":
		return "custom:" + property, ""
	case "activities":
		if _, topic = about(property); topic == "unknown_rule:"+property {
			topic = "email_activity"
		}
		return "", topic
	case "event_tracking":
		return "", "event_tracking"
	case "woo", "edd", "commerce":
		return "", "shop_data"
	}
	return "", "unsupported_source:" + provider
}

// finish brings values to the words of the cleaned contact.
func (r Rule) finish() Rule {
	if r.Field == "consent" {
		for i, value := range r.Values {
			r.Values[i] = consent(value)
		}
	}
	return r
}
