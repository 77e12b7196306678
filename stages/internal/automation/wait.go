package automation

import (
	"fmt"
	"strconv"
	"strings"

	"nextpipe/stages/internal/loose"
)

var minutesOf = map[string]int64{"minute": 1, "hour": 60, "day": 1440, "week": 10080, "month": 43200}

// fixedWait is an amount of a unit, singular or plural in any case.
func fixedWait(amount, unit string) Wait {
	n, err := strconv.ParseFloat(amount, 64)
	unit = strings.TrimSuffix(strings.ToLower(unit), "s")
	if err != nil || n < 0 || n > 1e6 || minutesOf[unit] == 0 {
		return Wait{Mode: Fixed, Text: strings.TrimSpace(amount + " " + unit)}
	}
	return Wait{Mode: Fixed, Minutes: int64(n * float64(minutesOf[unit])), Text: amount + " " + plural(n, unit)}
}

func plural(n float64, unit string) string {
	if n == 1 {
		return unit
	}
	return unit + "s"
}

// fluentWait reads FluentCRM's four kinds of waiting.
func fluentWait(o loose.Object) Wait {
	kind := o.Text("wait_type")
	switch {
	case kind == "timestamp_wait" || kind == "" && o.Text("is_timestamp_wait") == "yes":
		return Wait{Mode: Date, Text: "until " + o.Text("wait_date_time")}
	case kind == "to_day":
		return Wait{Mode: Weekday, Text: strings.TrimSpace("until " + strings.Join(o.Texts("to_day"), " or ") + " " + o.Text("to_day_time"))}
	case kind == "by_custom_field":
		return Wait{Mode: ByField, Text: "until the date in " + strings.Trim(o.Text("by_custom_field"), "_")}
	}
	return fixedWait(o.Text("wait_time_amount"), o.Text("wait_time_unit"))
}

// groundhoggWait reads Groundhogg's timers: after some time, on a date, or by a
// date of the contact.
func groundhoggWait(name string, o loose.Object) Wait {
	switch name {
	case "date_timer":
		return Wait{Mode: Date, Text: strings.TrimSpace("until " + o.Text("run_date") + " " + o.Text("run_time"))}
	case "field_timer":
		return Wait{Mode: ByField, Text: "until the date in " + o.Text("date_field", "field", "date_field_id")}
	}
	if o.Text("delay_type") == "none" {
		return Wait{Mode: Fixed, Text: "no time"}
	}
	w := fixedWait(o.Text("delay_amount"), o.Text("delay_type"))
	if o.Text("run_when") == "later" {
		w.Text += ", then until " + o.Text("run_time")
	}
	if days := o.Texts("run_on_dow"); len(days) > 0 && o.Text("run_on_type") != "any" {
		w.Text += " on " + strings.Join(days, " or ")
	}
	return w
}

// readable writes minutes as days, hours and minutes.
func readable(minutes int64) string {
	var parts []string
	for _, unit := range []string{"day", "hour", "minute"} {
		if n := minutes / minutesOf[unit]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, plural(float64(n), unit)))
			minutes -= n * minutesOf[unit]
		}
	}
	if len(parts) == 0 {
		return "at once"
	}
	return strings.Join(parts, " ")
}
