package build

import "nextpipe/stages/internal/mapped"

var persons = entity{
	name: "person", table: "final_person", key: "c.contact_key", records: "golden_contact",
	columns: [][2]string{{"name", "c.name"}, {"email", "c.email"}, {"organization_key", "organization.final_key"},
		{"owner_email", "u.target_email"}},
	native: map[string]nativeKey{
		"name": asText, "owner_id": asOwner, "org_id": asOrg, "label_ids": asLabels, "add_time": asStamp,
		"emails": asEmails, "phones": asPhones,
		// Only the Campaigns add-on has it: by setting, never by default.
		"marketing_status": asText,
		// These exist only in accounts with contact sync: by decision, never by default.
		"job_title": asText, "birthday": asDate, "notes": asText, "postal_address": asAddress,
	},
	with: func(m *theMap) []string { return []string{organizationOf, tagSets(m, "person", "golden_contact")} },
	from: func(*theMap) string {
		return `FROM golden_contact AS c
CROSS JOIN setup
LEFT JOIN organization_of AS organization ON organization.account_key = c.account_key
LEFT JOIN map_user AS u ON u.map_key = c.owner_email
LEFT JOIN tag_set AS tag ON tag.tags = c.tags`
	},
}

// marketingStatus is the consent in the API's words (pipedrive-api.md 4.2). Whoever
// has not said yes is not subscribed, and a person without a valid address has none.
const marketingStatus = `CASE
            WHEN c.email IS NULL THEN NULL
            WHEN c.consent = 'subscribed' THEN 'subscribed'
            WHEN c.consent IN ('unsubscribed', 'bounced', 'complained') THEN 'unsubscribed'
            WHEN c.consent IS NOT NULL THEN 'no_consent'
        END`

// asEmails sends the addresses as the clean stage wrote them.
func asEmails(*theMap, mapped.Value) string { return "nullif(c.emails, '[]')" }

// asPhones sends numbers without the form that matching uses, or that form
// instead where setting phone_form says so.
func asPhones(m *theMap, _ mapped.Value) string {
	if m.setting["phone_form"] != "e164" {
		return `CASE
            WHEN c.phones = '[]' THEN NULL
            WHEN json_array_length(c.phones) <= 4 THEN json_remove(c.phones, '$[0].e164', '$[1].e164', '$[2].e164', '$[3].e164')
            ELSE ` + phones("j.value ->> '$.value'") + `
        END`
	}
	return phones("coalesce(j.value ->> '$.e164', j.value ->> '$.value')")
}

// phones makes the list anew, number by number.
func phones(value string) string {
	return `'[' || (
                SELECT group_concat('{"value":' || json_quote(` + value + `) || ',"label":' || json_quote(ifnull(j.value ->> '$.label', 'work'))
                    || iif(j.value ->> '$.primary', ',"primary":true}', ',"primary":false}'))
                FROM json_each(nullif(c.phones, '[]')) AS j
            ) || ']'`
}
