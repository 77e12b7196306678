package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// planBudget is how many custom fields a company may have, all entities
// together (pipedrive-api.md, section 6).
var planBudget = map[string]int{
	"lite": 30, "growth": 100, "premium": 300, "ultimate": 500,
	"essential": 30, "advanced": 100, "professional": 300, "power": 500,
}

// settings proposes how the map as a whole behaves.
func (m *builder) settings() error {
	rows := []Setting{
		{"owner_fallback", text("@token-user"), "nothing else is known", nil, "who owns records whose owner has no Pipedrive user: an e-mail, or @token-user"},
		{"keep_source_owner", text("fallback"), "nothing else is known", nil, `when the field "Original owner" is filled: fallback, always or never`},
		{"exclude_deleted", text(m.site.excludeDeleted), "clean_site", nil, "whether soft-deleted source rows stay out: yes or no; read by the clean stage"},
		{"default_currency", text(m.site.currency), "clean_site", nil, "ISO code for amounts that name no currency"},
		{"default_country", text(m.site.country), "clean_site", nil, "ISO country for telephones without a prefix; read by the clean stage"},
		{"visible_to", nil, "the account's own default", nil, "visibility of what is created: empty for the account's default, else 1, 3, 5 or 7"},
		{"tag_mode", text("by tag"), "tags that look like scores or life-cycle stages are better off as a field", nil, "how tags are proposed: by tag, label, field or skip"},
		{"phone_form", text("as written"), "the source's own spelling loses nothing", nil, "how telephones are sent: as written, or e164 where the number is valid"},
		{"unknown_option", text("add"), "no value is lost", nil, "values outside a field's declared options: add or skip"},
		{"default_pipeline", text("NextCRM deals"), "a name of its own does not mix with a pipeline the account has", nil, "pipeline for deals without a category"},
		{"default_stage", text("New"), "used only where a pipeline has no stage at all", nil, "stage for deals without a stage in a pipeline without stages"},
		{"plan", text("growth"), "not known; the budget of fields depends on it", nil, "the account's plan: lite, growth, premium or ultimate"},
		{"gone_records", text("keep"), "nothing is deleted unless somebody says so", nil, "what becomes of records that NextCRM no longer has: keep or delete; what hangs inside a record goes with what that record says"},
		{"gone_limit", text("20"), "a broken extract looks like many deletions", nil, "the most, in percent of a kind, that may be deleted in one run"},
		{"custom_field_budget", nil, "by plan", nil, "custom fields the company may have, all entities together; empty: by plan"},
	}
	rows = append(rows, recordSettings()...)
	rows = append(rows, listSettings()...)
	rows = append(rows, activitySettings()...)
	rows = append(rows, campaignSettings()...)
	rows = append(rows, dealSettings()...)
	rows = append(rows, leadSettings()...)
	rows, err := finish(m, "map_setting", rows, nil)
	if err != nil {
		return err
	}
	for _, r := range rows {
		m.setting[r.MapKey] = value(r.Value)
		if allowed := settingWords[r.MapKey]; allowed != nil && !slices.Contains(allowed, value(r.Value)) {
			return fmt.Errorf("%w: map_setting %q takes %s, not %q", ErrDecision, r.MapKey, strings.Join(allowed, ", "), value(r.Value))
		}
	}
	if err := m.checkActivitySettings(); err != nil {
		return err
	}
	return m.refuseVisibility(rows)
}

// settingWords are the settings that take one of a few words.
var settingWords = map[string][]string{
	"keep_source_owner":         {"fallback", "always", "never"},
	"exclude_deleted":           {"yes", "no"},
	"gone_records":              {"keep", "delete"},
	"marketing_status":          {"field", "native"},
	"tag_mode":                  {"by tag", "label", "field", "skip"},
	"phone_form":                {"as written", "e164"},
	"unknown_option":            {"add", "skip"},
	"campaigns":                 {"deals", "documented"},
	"campaign_status":           {"open", "won"},
	"campaign_pipeline_by_type": {"yes", "no"},
	"mailbox_mail":              {"linked", "all", "none"},
	"contracts":                 {"documented", "note", "deal"},
	"subscriptions":             {"documented", "note"},
	"projects":                  {"documented", "projects"},
	"deal_value_policy":         {linesWin, valueWins, documented},
	"closed_products":           {"not linkable", "linkable"},
	"plan":                      {"lite", "growth", "premium", "ultimate", "essential", "advanced", "professional", "power"},
}

// budget is the number of custom fields that the company may have.
func (m *builder) budget() int {
	if n, err := strconv.Atoi(strings.TrimSpace(m.setting["custom_field_budget"])); err == nil && n > 0 {
		return n
	}
	if n, ok := planBudget[strings.ToLower(strings.TrimSpace(m.setting["plan"]))]; ok {
		return n
	}
	return planBudget["growth"]
}
