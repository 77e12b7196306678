package automation

import (
	"slices"
	"strings"
)

// Support says how well Pipedrive can do what a trigger or step did.
type Support string

// The degrees of support.
const (
	Yes    Support = "yes"
	Partly Support = "partly"
	No     Support = "no"
)

// Equivalent is Pipedrive's counterpart of a trigger or step, in words for the
// person who rebuilds it.
type Equivalent struct {
	Support Support
	Text    string
}

// triggerEquivalents are Pipedrive's triggers, as its help pages describe them.
// What is missing here has none.
var triggerEquivalents = map[string]Equivalent{
	"contact_created":   {Yes, "Person added"},
	"contact_updated":   {Yes, "Person updated"},
	"contact_deleted":   {Yes, "Person deleted"},
	"field_changed":     {Yes, "Person updated, condition: the field “has changed (to)”"},
	"status_changed":    {Yes, "Person updated, condition: the status field “has changed (to)”"},
	"tag_added":         {Partly, "Person updated, condition: the label or tag field “has changed” and “contains”. Saving the person again can set it off again"},
	"tag_removed":       {Partly, "Person updated, condition: the label or tag field “has changed” and no longer contains it. Saving the person again can set it off again"},
	"list_added":        {Partly, "Person updated, condition: the field “NextCRM lists” “has changed” and “contains”. Saving the person again can set it off again"},
	"list_removed":      {Partly, "Person updated, condition: the field “NextCRM lists” “has changed” and no longer contains it"},
	"birthday":          {Yes, "Date trigger on the person's birthday field, exact day, at an hour of your choice"},
	"date_field":        {Yes, "Date trigger on the person's date field: the exact day, or up to 180 days before or after"},
	"company_added":     {Yes, "Organization added, or Person updated: organization “has changed”"},
	"company_removed":   {Partly, "Organization deleted, or Person updated: organization “has changed”"},
	"company_updated":   {Yes, "Organization updated"},
	"quote_event":       {Partly, "Deal updated (stage or status), if quotes become deals"},
	"transaction_event": {Partly, "Deal updated (status), if transactions become deals"},
	"invoice_event":     {Partly, "Deal updated (stage or status), if invoices become deals"},
	"task_event":        {Yes, "Activity added or updated (done)"},
	"deal_stage":        {Yes, "Deal updated, condition: stage “has changed to”"},
	"deal_age":          {Partly, "Date trigger on a date field of the deal, up to 180 days after; the field has to be kept by hand or by another automation"},
	"schedule":          {No, "None. Automations do not run by the clock alone; look at the report in Insights instead"},
	"target_age":        {Partly, "Date trigger on a date field of the person, up to 180 days after"},
	"renewal_due":       {Yes, "Date trigger on the renewal date of the deal or organization, up to 180 days before"},
}

// noTrigger is what to do instead of a trigger that Pipedrive lacks.
const noTrigger = "None. Let a web form, LeadBooster or an integration write a person field, then start with Person updated"

var stepEquivalents = map[string]Equivalent{
	"send_email":     {Partly, "Send e-mail from the synced mailbox; write the template anew with Pipedrive's fields. For mail to many people use the Campaigns add-on"},
	"add_tag":        {Partly, "Update person: set the label or tag field. Check whether your account's action adds to the values or replaces them"},
	"remove_tag":     {Partly, "Update person: set the label or tag field without it. Check whether your account's action adds to the values or replaces them"},
	"add_list":       {Partly, "Update person: set the field “NextCRM lists”. Check whether your account's action adds to the values or replaces them"},
	"remove_list":    {Partly, "Update person: set the field “NextCRM lists” without it. Check whether your account's action adds to the values or replaces them"},
	"update_field":   {Yes, "Update person: set the field to a value"},
	"change_status":  {Yes, "Update person: set the field with the e-mail consent"},
	"set_owner":      {Yes, "Update person: set the owner"},
	"add_company":    {Yes, "Update person: set the organization"},
	"remove_company": {Partly, "Update person: clear the organization"},
	"create_contact": {Yes, "Create person"},
	"delete_contact": {Yes, "Delete person"},
	"add_note":       {Partly, "Create activity, done, with the text as its note"},
	"create_task":    {Yes, "Create activity"},
	"notify":         {Yes, "Send e-mail to a colleague"},
	"webhook":        {Yes, "Webhook action, set up before as “Automation webhook”: POST, PUT or DELETE; the URL must end in / & ? or ="},
	"update_deal":    {Yes, "Update deal"},
	"condition":      {Yes, "If/else condition"},
	"end":            {Yes, "Nothing to do: a path ends where it has no further step"},

	"enroll_sequence": {No, "None. Sequences take deals or leads, enrolled by hand; create an activity that reminds the owner"},
	"cancel_sequence": {No, "None. A sequence is stopped by hand"},
	"exit_automation": {No, "None. Give the other automation a condition that fails from now on"},
	"goal":            {No, "None. If a field changes when the goal is met: Wait for condition, at most 7 days"},
	"split":           {No, "None. An if/else on a field filled at random comes near"},
	"wp_user":         {No, "None. WordPress users stay in WordPress; call it by a webhook"},
	"course":          {No, "None. Courses stay in their system; call it by a webhook"},
	"shop":            {No, "None. The shop keeps doing this; call it by a webhook"},
	"gate":            {No, "None. Make the field required for the stage, or check it in the pipeline's routine"},
	"send_report":     {No, "None. Build the report anew in Insights"},
}

// EquivalentTrigger is Pipedrive's counterpart of a trigger.
func EquivalentTrigger(t Trigger) Equivalent {
	if e, ok := triggerEquivalents[t.Kind]; ok {
		return e
	}
	return Equivalent{No, noTrigger}
}

// EquivalentStep is Pipedrive's counterpart of a step.
func EquivalentStep(s Step) Equivalent {
	switch {
	case s.Kind == "wait":
		return equivalentWait(s.Wait)
	case s.Kind == "webhook" && isGet(s):
		return Equivalent{No, "None for GET. Let the other side take a POST"}
	case s.Kind == "update_field" && hasArithmetic(s):
		return Equivalent{Partly, "Update person: set the field to a value. Automations do not add or subtract"}
	}
	if e, ok := stepEquivalents[s.Kind]; ok {
		return e
	}
	return Equivalent{No, "Not known. Ask who installed the add-on what this step does"}
}

func equivalentWait(w Wait) Equivalent {
	switch w.Mode {
	case Weekday:
		return Equivalent{Yes, "Delay until a day of the week (predefined delay)"}
	case Date:
		return Equivalent{No, "None inside. Split off what follows into an automation with a date trigger"}
	case ByField:
		return Equivalent{No, "None inside. Split off what follows into an automation with a date trigger on that field"}
	}
	return Equivalent{Yes, "Delay"}
}

func isGet(s Step) bool { return strings.EqualFold(fact(s.Facts, "method"), "GET") }

// hasArithmetic tells a field that is counted up or down from one that is set.
func hasArithmetic(s Step) bool {
	return slices.ContainsFunc(s.Facts, func(f Fact) bool {
		return strings.HasPrefix(f.Name, "set ") && (strings.HasPrefix(f.Value, "add ") || strings.HasPrefix(f.Value, "subtract "))
	})
}
