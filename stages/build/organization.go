package build

import "strings"

var organizations = entity{
	name: "organization", table: "final_organization", key: "c.account_key", records: "golden_account",
	columns: [][2]string{{"name", "c.name"}, {"owner_email", "u.target_email"}},
	native: map[string]nativeKey{
		"name": asText, "owner_id": asOwner, "address": asAddress, "website": asText, "linkedin": asText,
		"label_ids": asLabels, "add_time": asStamp, "annual_revenue": asNumber, "employee_count": asNumber,
	},
	with: func(m *theMap) []string { return []string{tagSets(m, "organization", "golden_account")} },
	from: func(*theMap) string {
		return `FROM golden_account AS c
CROSS JOIN setup
LEFT JOIN map_user AS u ON u.map_key = c.owner_email
LEFT JOIN tag_set AS tag ON tag.tags = c.tags`
	},
	also: mentioned,
}

// mentioned are companies that contacts and deals name without a record: an
// organization with its name, after all others.
func mentioned(m *theMap, columns []string) string {
	custom := ""
	for _, f := range m.fields["organization"] {
		if f.source == "marker" && f.action == "custom" {
			custom = member("@field:organization."+f.target, quoted("setup.source_tag || '/' || c.account_key"))
		}
	}
	terms := []string{member("name", quoted("c.name")), member("owner_id", reference("user:", "'@fallback'"))}
	if custom != "" {
		terms = append(terms, inner([]string{custom})...)
	}
	values := map[string]string{
		"final_key": "c.account_key", "marker": "setup.source_tag || '/' || c.account_key", "name": "c.name", "owner_email": "NULL",
		"seq":     "(SELECT ifnull(max(row_id), 0) FROM clean_account) + row_number() OVER (ORDER BY c.name_strict)",
		"payload": object(append(terms, m.visibility("organization")...)),
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "    " + values[c] + " AS " + c
	}
	return "SELECT\n" + strings.Join(list, ",\n") + `
FROM clean_account_mention AS c
CROSS JOIN setup
WHERE c.account_key NOT IN (SELECT final_key FROM xw_account WHERE final_key IS NOT NULL)`
}
