package automation

import (
	"fmt"
	"strings"
)

func stageKinds(f Funnel) (all []pair) {
	for _, s := range f.Stages {
		all = append(all, pair{showTitle(s.Name), firstText(show(s.Kind), "none")})
	}
	return all
}

func reports(f Funnel) (all []pair) {
	for _, r := range f.Reports {
		text := show(r.Category)
		if r.Shared {
			text += ", shared"
		}
		if filters := show(r.Filters); filters != "" && filters != "{}" {
			text += ", filters " + filters
		}
		text += fmt.Sprintf(", %d %s", len(r.Schedules), plural(float64(len(r.Schedules)), "schedule"))
		all = append(all, pair{showTitle(r.Title), strings.TrimPrefix(text, ", ")})
	}
	return all
}

func sequence(i int, s Sequence) sequenceView {
	last := s.LastDelay()
	v := sequenceView{Anchor: fmt.Sprintf("s%d", i+1), ID: show(s.ID), Title: showTitle(s.Title), Status: show(s.Status), Active: s.Active}
	v.Totals = []pair{{"mails", fmt.Sprint(len(s.Emails))}, {"runs for", readable(last)}}
	for _, e := range s.Emails {
		when := "after " + readable(e.DelayMinutes)
		if e.DelayMinutes == 0 {
			when = "at once"
		}
		view := emailView{When: strings.TrimSpace(when + " " + show(e.Window)), Subject: showTitle(e.Subject), Preview: show(e.Preview),
			Body: show(plain(e.Body)), Tags: show(mergeTags(e.Subject + e.Body)), Status: show(e.Status)}
		if last > 0 {
			view.Share = int(e.DelayMinutes * 100 / last)
		}
		v.Emails = append(v.Emails, view)
	}
	return v
}

func totals(v view) []pair {
	count := map[Support]int{}
	active, all := 0, 0
	for _, g := range v.Groups {
		for _, c := range g.Cards {
			all++
			count[c.Verdict]++
			if c.Active {
				active++
			}
		}
	}
	return []pair{
		{"automations", fmt.Sprint(all)}, {"active", fmt.Sprint(active)},
		{"as they are", fmt.Sprint(count[Yes])}, {"with changes", fmt.Sprint(count[Partly])}, {"not one to one", fmt.Sprint(count[No])},
		{"sequences", fmt.Sprint(len(v.Sequences))},
	}
}
