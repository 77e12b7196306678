package clean

import "nextpipe/stages/internal/automation"

// campaignRules are the findings on campaigns, automations and sequences.
func campaignRules() []Rule {
	list := []Rule{
		{"campaign_active", "warning", "The campaign is scheduled or sending: NextCRM would go on mailing people after the move, so nothing is loaded.",
			"Pause it in NextCRM and extract again, or name it with --override-campaign."},
		{"campaign_finished", "info", "The campaign says sending, but every step of it has been sent and no mail waits: it counts as sent.", "Nothing to do."},
		{"campaign_without_title", "info", "The campaign has no title; its subject or its id stands in.", "Give it a title with fix_value."},
		{"campaign_status_unknown", "warning", "The campaign's status is no word we know; it becomes a stage of its own.",
			"Correct the status with fix_value; make sure that the campaign does not send any more."},
		{"campaign_figures", "info", "The campaign's figures contradict each other, such as more openings than mails; they are kept as they are.",
			"Repeated openings are a usual reason; nothing to do."},
		{"campaign_audience_unknown", "warning", "The campaign is addressed to a list, tag or segment that the source does not have.", "Nothing to do unless it should exist."},
		{"campaign_template_unknown", "warning", "The campaign or step names a template that the source does not have.", "Nothing to do unless it should exist."},
		{"campaign_orphan", "warning", "The row names a campaign that the source does not have; it is kept in a document.", "Nothing to do unless the campaign should exist."},
		{"automation_active", "info", "The automation or sequence is switched on: NextCRM goes on running it until somebody switches it off.",
			"Switch it off in NextCRM when Pipedrive takes over."},
		{"automation_unreadable", "warning", "The automation or sequence is of a shape that nobody knows; it is kept as it came.", "Read it in automations.md and rebuild it by hand."},
		{"report_schedule_orphan", "warning", "The schedule sends a report that the source does not have any more.", "Nothing to do."},
	}
	for _, code := range automation.Codes() {
		list = append(list, Rule{"automation." + code, "info", automation.Explain(code), "See the automation in automations.md; rebuild it in Pipedrive in another way."})
	}
	return list
}
