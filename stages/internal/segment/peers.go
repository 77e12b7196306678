package segment

import (
	"strconv"
	"strings"
	"time"

	"nextpipe/stages/internal/loose"
)

// fluentLegacy reads FluentCRM's segments before its filters: a flat list of
// {field, operator, value}, matched all or any, and perhaps e-mail activity.
func fluentLegacy(body loose.Object) [][]Rule {
	var rules []Rule
	for _, item := range body.List("conditions") {
		o := loose.Parse(item)
		r := Rule{Source: o.Text("field"), Written: o.Text("operator"), Values: loose.Texts(o["value"])}
		r.Field, r.Topic = about(r.Source)
		r.Operator = operators[r.Written]
		if r.Field == "created_at" || r.Field == "last_activity_at" {
			r.Operator = daysAgo(r.Operator)
		}
		rules = append(rules, r.finish())
	}
	groups := flat(rules, body.Text("condition_match"))
	if mail := body.Object("email_activities"); loose.Yes(mail.Text("status")) {
		groups = alsoAll(groups, Rule{Source: "email_activities", Topic: "email_activity", Written: mail.Text("last_email_activity_match")})
	}
	return groups
}

// daysAgo reads comparisons with a number of days: the value of a date rule in
// the old grammar is an age, so "at least" a date N days ago is "within N days".
func daysAgo(o Operator) Operator {
	switch o {
	case AtLeast, Greater, WithinDays:
		return WithinDays
	case AtMost, Less:
		return OlderThanDays
	}
	return o
}

// flat makes groups of a flat list: one group, or one of each rule.
func flat(rules []Rule, match string) [][]Rule {
	if len(rules) == 0 {
		return nil
	}
	switch strings.ToLower(match) {
	case "any", "or", "one", "match_any":
		groups := make([][]Rule, len(rules))
		for i, r := range rules {
			groups[i] = []Rule{r}
		}
		return groups
	}
	return [][]Rule{rules}
}

// alsoAll asks one more thing of every group.
func alsoAll(groups [][]Rule, r Rule) [][]Rule {
	if len(groups) == 0 {
		return [][]Rule{{r}}
	}
	for i := range groups {
		groups[i] = append(groups[i], r)
	}
	return groups
}

// groundhogg reads OR of AND of {type, compare, compare2, value}.
func groundhogg(body loose.Object, keys ...string) [][]Rule {
	var all [][]Rule
	for _, key := range keys {
		for _, group := range body.List(key) {
			var rules []Rule
			for _, item := range loose.List(group) {
				rules = append(rules, groundhoggRule(loose.Parse(item)).finish())
			}
			if len(rules) > 0 {
				all = append(all, rules)
			}
		}
	}
	return all
}

func groundhoggRule(o loose.Object) Rule {
	name := o.Text("type")
	r := Rule{Source: name, Written: o.Text("compare"), Values: o.Texts("value", "values", "status", "options")}
	r.Operator = operators[r.Written]
	r.Field, r.Topic = about(name)
	switch {
	case name == "tags":
		r.Values, r.Operator = o.Texts("tags", "value"), tagOperator(r.Written, o.Text("compare2"))
	case name == "custom_meta" || name == "meta" || name == "custom_field":
		r.Field, r.Topic = "custom:"+o.Text("meta", "field", "key"), ""
	case o.Has("date_range"):
		r.dateRange(o)
	}
	return r
}

func tagOperator(compare, how string) Operator {
	excludes := compare == "excludes" || compare == "not_in"
	switch {
	case excludes && how == "all":
		return NotAllOf
	case excludes:
		return NoneOf
	case how == "all":
		return AllOf
	}
	return AnyOf
}

// dateRange reads Groundhogg's ranges: "30_days" back, two dates, or a period
// that moves with the calendar.
func (r *Rule) dateRange(o loose.Object) {
	r.Written = o.Text("date_range")
	after, before := o.Text("after"), o.Text("before")
	days, isDays := strings.CutSuffix(r.Written, "_days")
	switch _, err := strconv.Atoi(days); {
	case isDays && err == nil:
		r.Operator, r.Values = WithinDays, []string{days}
	case r.Written == "x_days":
		r.Operator, r.Values = WithinDays, o.Texts("days")
	case r.Written == "between":
		r.Operator, r.Values = Between, []string{after, before}
	case r.Written == "before":
		r.Operator, r.Values = Before, []string{before}
	case r.Written == "after":
		r.Operator, r.Values = After, []string{after}
	default:
		r.Operator, r.Values = Relative, nil
	}
}

// jetpack reads a flat list of {type, operator, value, value2}.
func jetpack(top, body loose.Object) [][]Rule {
	var rules []Rule
	for _, item := range body.List("conditions") {
		rules = append(rules, jetpackRule(loose.Parse(item)).finish())
	}
	return flat(rules, firstText(top.Text("matchtype", "match"), body.Text("matchtype", "match")))
}

func jetpackRule(o loose.Object) Rule {
	name := o.Text("type")
	r := Rule{Source: name, Written: o.Text("operator"), Values: o.Texts("value")}
	r.Operator = operators[r.Written]
	r.Field, r.Topic = about(name)
	if strings.HasPrefix(r.Topic, "unknown_rule:") {
		r.Field, r.Topic = "custom:"+name, "" // a custom field's slug is its condition's type
	}
	if second := o.Text("value2"); second != "" && r.Operator == Between {
		r.Values = append(r.Values, second)
	}
	switch {
	case name == "tagged":
		r.Field, r.Topic, r.Operator = "tags", "", AnyOf
	case name == "nottagged":
		r.Field, r.Topic, r.Operator = "tags", "", NoneOf
	case name == "status":
		r.Field = "contact_type" // Jetpack's status is the life-cycle, not consent
	case r.Written == "istrue":
		r.Operator, r.Values = Equal, []string{"Yes"}
	case r.Written == "isfalse":
		r.Operator, r.Values = Equal, []string{"No"}
	}
	if r.Operator == Before || r.Operator == After || r.Written == "daterange" {
		r.Values = unixDays(r.Values)
	}
	return r
}

// unixDays writes seconds since 1970 as the days that they stand for.
func unixDays(values []string) []string {
	days := make([]string, len(values))
	for i, value := range values {
		days[i] = value
		if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && seconds > 99999999 {
			days[i] = time.Unix(seconds, 0).UTC().Format(time.DateOnly)
		}
	}
	return days
}

// mailpoet reads a flat list of {segmentType, action, operator, …}, which may
// lie in filter_data.
func mailpoet(top, body loose.Object) [][]Rule {
	var rules []Rule
	connect := firstText(body.Text("filters_connect"), top.Text("filters_connect"))
	for _, item := range body.List("filters") {
		o := loose.Parse(item)
		if inner := o.Object("filter_data"); inner != nil {
			for key, value := range o {
				if !inner.Has(key) {
					inner[key] = value
				}
			}
			o = inner
		}
		connect = firstText(connect, o.Text("connect"))
		rules = append(rules, mailpoetRule(o).finish())
	}
	return flat(rules, connect)
}

func mailpoetRule(o loose.Object) Rule {
	action := firstText(o.Text("action"), o.Text("segmentType"))
	r := Rule{Source: o.Text("segmentType") + "." + action, Written: o.Text("operator")}
	r.Values = o.Texts("tags", "segments", "value", "wordpressRole")
	r.Operator = operators[r.Written]
	switch kind := o.Text("segmentType"); {
	case action == "mailpoetCustomField":
		r.Field = "custom:#" + o.Text("custom_field_id")
	case strings.HasPrefix(kind, "woocommerce"):
		r.Topic = "shop_data"
	case kind == "email":
		r.Topic = "email_activity"
	case kind == "automations":
		r.Topic = "automation_activity"
	default:
		r.Field, r.Topic = about(action)
	}
	if (r.Field == "tags" || r.Field == "lists") && r.Operator == "" {
		r.Operator = AnyOf // MailPoet's default
	}
	return r
}
