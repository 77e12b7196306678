package automation

import (
	"fmt"
	"regexp"
	"strings"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/segment"
)

// Names turn ids into what people call things. The zero value knows none.
type Names struct {
	// Catalog knows tags, lists and fields.
	Catalog segment.Catalog
	// Sequences and Automations are titles by id.
	Sequences, Automations map[string]string
}

// say gives a fact's value in words.
func (n Names) say(f Fact) string {
	if f.Rules != nil {
		return n.Catalog.DescribeGroups(f.Rules)
	}
	title := ""
	switch f.Object {
	case "":
		return f.Value
	case "tag":
		title = n.Catalog.Tags[f.Value].Title
	case "list":
		title = n.Catalog.Lists[f.Value].Title
	case "sequence":
		title = n.Sequences[f.Value]
	case "automation":
		title = n.Automations[f.Value]
	}
	if title == "" {
		return "#" + f.Value
	}
	return title
}

// all joins the values of every fact of one name.
func (n Names) all(facts []Fact, name string) string {
	var values []string
	for _, f := range facts {
		if f.Name == name {
			values = append(values, n.say(f))
		}
	}
	return strings.Join(values, ", ")
}

// kindWords are the kinds in words; %s takes what the step is about.
var kindWords = map[string]string{
	"contact_created": "A contact is added", "contact_updated": "A contact is changed", "contact_deleted": "A contact is deleted",
	"field_changed": "A field of a contact changes", "status_changed": "A contact's status changes",
	"tag_added": "A tag is added: %s", "tag_removed": "A tag is removed: %s", "list_added": "A contact joins a list: %s", "list_removed": "A contact leaves a list: %s",
	"birthday": "A contact's birthday", "date_field": "A date of the contact", "company_added": "A company is added", "company_removed": "A company is removed", "company_updated": "A company is changed",
	"quote_event": "Something happens to a quote", "transaction_event": "Something happens to a transaction", "invoice_event": "Something happens to an invoice", "task_event": "Something happens to a task",
	"cart_abandoned": "A cart is abandoned", "order_completed": "An order is completed", "order_event": "Something happens in the shop", "form_submitted": "A form is sent in",
	"course_event": "Something happens in a course", "membership_event": "A membership changes", "user_registered": "A user registers", "user_login": "A user logs in",
	"link_clicked": "A link is clicked", "email_opened": "A mail is opened", "page_visited": "A page is visited", "webhook_received": "A webhook comes in", "sequence_finished": "A sequence ends",
	"deal_stage": "A deal enters a stage: %s", "deal_age": "A deal has stood open for %s", "target_age": "A target has waited for %s", "renewal_due": "A renewal is due in %s", "schedule": "On a schedule: %s",

	"send_email": "Send e-mail: %s", "add_tag": "Add tag: %s", "remove_tag": "Remove tag: %s", "add_list": "Add to list: %s", "remove_list": "Remove from list: %s",
	"update_field": "Change fields: %s", "change_status": "Change status: %s", "set_owner": "Set owner: %s", "add_company": "Add to company: %s", "remove_company": "Remove from company: %s",
	"create_contact": "Create a contact", "delete_contact": "Delete the contact", "add_note": "Add note: %s", "create_task": "Create task: %s", "notify": "Notify: %s", "webhook": "Call webhook: %s",
	"enroll_sequence": "Start sequence: %s", "cancel_sequence": "Stop sequence: %s", "exit_automation": "Take out of automation: %s", "end": "End",
	"wait": "Wait %s", "goal": "Wait for a goal: %s", "condition": "If %s", "split": "Split: %s", "wp_user": "Change the WordPress user: %s", "course": "Do something in a course: %s", "shop": "Do something in the shop: %s",
	"update_deal": "Change the deal: %s", "gate": "Allow only if %s", "send_report": "Send the report to %s",
}

// subjects are the facts that say what a kind is about, the first that is there.
var subjects = map[string][]string{
	"tag_added": {"tag"}, "tag_removed": {"tag"}, "list_added": {"list"}, "list_removed": {"list"}, "deal_stage": {"stage"}, "schedule": {"cron"}, "deal_age": {"after"}, "target_age": {"after"}, "renewal_due": {"before"},
	"send_email": {"subject", "title"}, "notify": {"subject", "title"}, "add_tag": {"tag"}, "remove_tag": {"tag"}, "add_list": {"list"}, "remove_list": {"list"},
	"set_owner": {"owner id", "owner"}, "add_note": {"title", "text"}, "create_task": {"title", "text"}, "webhook": {"URL"}, "enroll_sequence": {"sequence"}, "cancel_sequence": {"sequence"}, "exit_automation": {"automation"},
	"condition": {"if"}, "gate": {"text"}, "send_report": {"to"}, "wp_user": {"user role"}, "goal": {"redirect to", "type"},
}

// phrase says what a trigger or step is, in one line.
func (n Names) phrase(kind, raw, title string, facts []Fact) string {
	words, ok := kindWords[kind]
	if !ok {
		return "Unknown: " + raw
	}
	if !strings.Contains(words, "%s") {
		return words
	}
	about := n.about(kind, facts)
	if about == "" {
		about = title
	}
	if about == "" {
		return strings.TrimRight(strings.TrimSuffix(words, "%s"), ": ")
	}
	return fmt.Sprintf(words, about)
}

func (n Names) about(kind string, facts []Fact) string {
	if kind == "update_field" || kind == "update_deal" || kind == "change_status" {
		return n.assignments(facts)
	}
	if kind == "split" {
		return n.shares(facts)
	}
	for _, name := range subjects[kind] {
		if text := n.all(facts, name); text != "" {
			return text
		}
	}
	return ""
}

// assignments says what is set to what.
func (n Names) assignments(facts []Fact) string {
	var all []string
	for _, f := range facts {
		if field, ok := strings.CutPrefix(f.Name, "set "); ok {
			all = append(all, strings.ReplaceAll(field, "_", " ")+" = "+f.Value)
		}
	}
	return strings.Join(all, ", ")
}

// shares says how a split parts people.
func (n Names) shares(facts []Fact) string {
	var all []string
	for _, f := range facts {
		if name, ok := strings.CutSuffix(f.Name, ", %"); ok {
			all = append(all, name+" "+f.Value+" %")
		}
	}
	return strings.Join(all, ", ")
}

// DescribeStep says a step in one line.
func (n Names) DescribeStep(s Step) string {
	if s.Kind == "wait" {
		return "Wait " + s.Wait.Text
	}
	return n.phrase(s.Kind, s.RawName, s.Title, s.Facts)
}

// DescribeTrigger says a trigger in one line.
func (n Names) DescribeTrigger(t Trigger) string {
	return n.phrase(t.Kind, t.RawName, "", t.Facts)
}

// branchName is what people call a way out of a fork: FluentCRM calls the paths
// of an A/B test no and yes.
func branchName(fork Step, branch string) string {
	if fork.Kind == "split" {
		switch branch {
		case "no":
			return "path A"
		case "yes":
			return "path B"
		}
	}
	return branch
}

var mergeTag = regexp.MustCompile(`\{\{[^{}]{1,80}\}\}|\[[a-z]+:[a-z_ |]{1,60}\]`)

// mergeTags are the placeholders of a template, each once.
func mergeTags(text string) string {
	var all []string
	seen := map[string]bool{}
	for _, tag := range mergeTag.FindAllString(text, -1) {
		if !seen[tag] {
			seen[tag] = true
			all = append(all, tag)
		}
	}
	return strings.Join(all, " ")
}

// maxText is how much of a mail's text an inventory shows; the template itself
// stays in the warehouse.
const maxText = 600

// plain makes readable text of a template, cut where a reader has seen enough.
func plain(html string) string {
	text := []rune(normal.HTMLText(html))
	if len(text) > maxText {
		return string(text[:maxText]) + " …"
	}
	return string(text)
}
