package mapping

// campaignSettings say what becomes of campaigns. A finished campaign is not
// proposed as a won deal: it would count in everybody's win rate, and its
// revenue most likely stands in the deals of its buyers already. Open, at a
// probability of 0 %, it adds nothing to the weighted forecast either.
func campaignSettings() []Setting {
	return []Setting{
		{"campaigns", text("deals"), "people look for them among the deals; each is an open deal towards the plan's limit", nil, "what campaigns become: deals, or documented"},
		{"campaign_pipeline", text("Campaigns"), "a pipeline of their own keeps them out of the sales figures", nil, "pipeline of campaigns, with a stage for each state"},
		{"campaign_pipeline_by_type", text("no"), "one pipeline is enough for most", nil, "whether each type of campaign has a pipeline of its own: yes or no"},
		{"campaign_status", text("open"), "won deals count in win rates and revenue reports", nil, "status of campaigns that were sent: open or won"},
	}
}
