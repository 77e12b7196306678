package build

import "nextpipe/stages/internal/mapped"

// closedAt is when a deal was decided, for deals whose own time is not known.
// The order: the expected close date unless the last change is before it, the
// last change, creation. Noon keeps a date the
// same day in almost every zone.
const closedAt = `CASE
                WHEN c.expected_close_on <= ifnull(substr(c.updated_at, 1, 10), c.expected_close_on) THEN c.expected_close_on || 'T12:00:00'
                ELSE coalesce(c.updated_at, c.created_at)
            END`

var deals = entity{
	name: "deal", table: "final_deal", key: "c.deal_key", records: "clean_deal",
	columns: [][2]string{{"title", "c.title"}, {"value", "c.held_value"}, {"currency", "iif(c.held_value IS NULL, NULL, c.final_currency)"},
		{"status", "c.final_status"}, {"stage_key", "ifnull(c.stage_ref, '')"}, {"organization_key", "organization.final_key"},
		{"person_key", "person.final_key"}, {"owner_email", "u.target_email"}},
	native: map[string]nativeKey{
		"title": asText, "owner_id": asOwner, "org_id": asOrg, "label_ids": asLabels, "expected_close_date": asDate,
		"person_id":   func(*theMap, mapped.Value) string { return reference("person:", "person.final_key") },
		"value":       asNumber,
		"currency":    func(*theMap, mapped.Value) string { return quoted("iif(c.held_value IS NULL, NULL, c.final_currency)") },
		"stage_id":    func(*theMap, mapped.Value) string { return reference("stage:", "ifnull(c.stage_ref, '')") },
		"status":      asText,
		"probability": func(*theMap, mapped.Value) string { return "iif(c.final_status = 'open', c.probability, NULL)" },
		"won_time":    closedTime("won"),
		"lost_time":   closedTime("lost"),
		"lost_reason": func(_ *theMap, v mapped.Value) string {
			return "iif(c.final_status = 'lost', " + quoted(v.Text) + ", NULL)"
		},
	},
	with: func(m *theMap) []string { return []string{organizationOf, personOf, tagSets(m, "deal", "clean_deal")} },
	from: dealsFrom,
}

// closedTime sends the time of the outcome together with that outcome only:
// Pipedrive refuses it otherwise, and stamps the moment of the load without it.
func closedTime(status string) nativeKey {
	return func(_ *theMap, v mapped.Value) string {
		return "iif(c.final_status = '" + status + "', " + stamp("coalesce("+v.Text+", "+closedAt+")") + ", NULL)"
	}
}

func dealsFrom(m *theMap) string {
	currency := "d.held_currency"
	if c := m.setting["default_currency"]; c != "" {
		currency = "coalesce(d.held_currency, " + mapped.Literal(c) + ")"
	}
	return "FROM (SELECT d.*, " + currency + " AS final_currency FROM " + mapped.Deals(m.rules) + ` AS d) AS c
CROSS JOIN setup
LEFT JOIN organization_of AS organization ON organization.account_key = c.account_key
LEFT JOIN person_of AS person ON person.contact_key = c.contact_key
LEFT JOIN map_user AS u ON u.map_key = c.owner_email
LEFT JOIN tag_set AS tag ON tag.tags = c.tags`
}
