package automation

import (
	"fmt"
	"strings"
)

// Markdown writes the inventory as CommonMark with tables. Whatever comes from
// the source is text there, never markup.
func (inv Inventory) Markdown() string {
	v := inv.view()
	m := &markdown{}
	m.line("# %s", escape(v.Title))
	m.line("%s", intro)
	if v.Date != "" {
		m.line("State of %s.", escape(v.Date))
	}
	m.table([]string{"what", "number"}, pairRows(v.Totals))
	m.plan(v)
	for _, g := range v.Groups {
		m.line("## %s", g.Title)
		m.line("%s", g.About)
		m.overview(g)
		for _, c := range g.Cards {
			m.card(c)
		}
	}
	m.sequences(v.Sequences)
	if len(v.Stages) > 0 {
		m.line("## Stages and their kinds")
		m.line("%s", aboutStages)
		m.table([]string{"stage", "kind"}, pairRows(v.Stages))
	}
	if len(v.Reports) > 0 {
		m.line("## Saved reports")
		m.line("Their filters are a hint for filters and Insights reports in Pipedrive.")
		m.table([]string{"report", "what"}, pairRows(v.Reports))
	}
	if len(v.Unread) > 0 {
		m.line("## Not understood")
		m.line("The export holds these documents, but nobody knows their shape. They are kept as they came.")
		m.bullets(v.Unread)
	}
	return m.b.String()
}

const intro = "Pipedrive's API can create neither automations nor sequences, so people rebuild them by this list: every trigger and step with its counterpart there. " +
	"Load the data first, with Pipedrive's own automations switched off: it is not documented whether writes through the API set them off."

const aboutStages = "NextCRM's own rules start from the kind of a stage. Pipedrive's stages have none: an automation there names the stage."

type markdown struct{ b strings.Builder }

// line writes a paragraph.
func (m *markdown) line(format string, args ...any) {
	fmt.Fprintf(&m.b, format, args...)
	m.b.WriteString("\n\n")
}

func (m *markdown) bullets(all []string) {
	for _, text := range all {
		fmt.Fprintf(&m.b, "- %s\n", escape(text))
	}
	m.b.WriteString("\n")
}

func (m *markdown) table(head []string, rows [][]string) {
	fmt.Fprintf(&m.b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = escape(row[i])
		}
		fmt.Fprintf(&m.b, "| %s |\n", strings.Join(row, " | "))
	}
	m.b.WriteString("\n")
}

func pairRows(all []pair) (rows [][]string) {
	for _, p := range all {
		rows = append(rows, []string{p.Name, p.Text})
	}
	return rows
}

func (m *markdown) plan(v view) {
	m.line("**Plan: %s**", escape(v.PlanName))
	if len(v.Plan) == 0 {
		m.line("Name the account's plan, and its limits are compared.")
	} else {
		m.table([]string{"limit of the plan", "value"}, pairRows(v.Plan))
	}
	m.findings(v.Findings)
}

func (m *markdown) findings(all []pair) {
	for _, f := range all {
		fmt.Fprintf(&m.b, "- ⚠ %s: %s\n", code(f.Name), escape(f.Text))
	}
	if len(all) > 0 {
		m.b.WriteString("\n")
	}
}

func (m *markdown) overview(g group) {
	var rows [][]string
	for _, c := range g.Cards {
		rows = append(rows, []string{c.Title, activeWord(c.Active), supportWords[c.Verdict], fmt.Sprint(len(c.Blockers))})
	}
	m.table([]string{"automation", "state", "in Pipedrive", "blockers"}, rows)
}

// supportWords say what a degree of support means for the person who rebuilds.
var supportWords = map[Support]string{Yes: "as it is", Partly: "with changes", No: "not one to one"}

func activeWord(active bool) string {
	if active {
		return "active"
	}
	return "switched off"
}

func (m *markdown) card(c card) {
	m.line("### %s", escape(c.Title))
	var totals []string
	for _, t := range c.Totals {
		totals = append(totals, t.Name+" "+t.Text)
	}
	m.line("%s (%s) · id %s · %s · in Pipedrive: %s", activeWord(c.Active), escape(c.Status), escape(c.ID), escape(strings.Join(totals, ", ")), supportWords[c.Verdict])
	m.findings(c.Blockers)
	m.findings(c.Findings)
	for _, a := range c.About {
		fmt.Fprintf(&m.b, "- %s: %s\n", escape(a.Name), escape(a.Text))
	}
	for _, t := range c.Triggers {
		m.outline("**Starts when:** ", t)
	}
	for _, l := range c.Lines {
		m.outline("", l)
	}
	if len(c.Loose) > 0 {
		m.b.WriteString("- **Not connected:**\n")
		for _, l := range c.Loose {
			l.Depth++
			m.outline("", l)
		}
	}
	m.b.WriteString("\n")
}

// outline writes one line of the outline with what belongs to it.
func (m *markdown) outline(prefix string, l line) {
	indent := strings.Repeat("  ", 2*l.Depth)
	goesOn := ""
	if l.GoesOn != "" {
		goesOn = " → " + escape(l.GoesOn)
	}
	if l.Branch != "" {
		fmt.Fprintf(&m.b, "%s- *%s %s*%s\n", strings.Repeat("  ", 2*l.Depth-1), l.Number, escape(l.Branch), goesOn)
		return
	}
	number := ""
	if l.Number != "" {
		number = "**" + l.Number + "** "
	}
	fmt.Fprintf(&m.b, "%s- %s%s%s (%s)%s\n", indent, prefix, number, escape(l.Text), code(l.Raw), goesOn)
	fmt.Fprintf(&m.b, "%s  - Pipedrive, %s: %s\n", indent, supportWords[l.Support], escape(l.Equivalent))
	for _, d := range l.Details {
		fmt.Fprintf(&m.b, "%s  - %s: %s\n", indent, escape(d.Name), escape(d.Text))
	}
}

const aboutSequences = "Pipedrive has Sequences from the plan Growth up: mails and activities in a row, for deals or leads that are enrolled by hand. " +
	"For people without a deal use the Campaigns add-on. Distances are counted from the start."

func (m *markdown) sequences(all []sequenceView) {
	if len(all) == 0 {
		return
	}
	m.line("## E-mail sequences")
	m.line("%s", aboutSequences)
	for _, s := range all {
		m.line("### %s", escape(s.Title))
		m.line("%s (%s) · id %s · %s mails, runs for %s", activeWord(s.Active), escape(s.Status), escape(s.ID), s.Totals[0].Text, s.Totals[1].Text)
		var rows [][]string
		for _, e := range s.Emails {
			rows = append(rows, []string{e.When, e.Subject, e.Body, e.Tags})
		}
		m.table([]string{"when", "subject", "text", "placeholders"}, rows)
	}
}

// markup are the characters that mean something in Markdown or HTML.
var markup = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"#", "\\#", "|", "\\|", "~", "\\~", "!", "\\!", "$", "\\$", "://", "&#58;//", "www.", "www&#46;")

// escape makes any text plain text. Addresses do not become links: a report
// should not lead anywhere.
func escape(s string) string { return markup.Replace(s) }

// code writes a name as code, which knows no escapes.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "¦").Replace(s) + "`"
}
