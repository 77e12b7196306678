package build

import (
	"nextpipe/stages/internal/mapped"
)

// Look-ups are common table expressions that SQLite fills once and indexes by
// itself; as subqueries they would cost several times the payload.

// organizationOf leads from any account key to the organization it became.
const organizationOf = `    -- merged accounts lead to their survivor; companies without a record of their own to themselves
    organization_of AS MATERIALIZED (
        SELECT account_key, min(final_key) AS final_key
        FROM (
            SELECT account_key, final_key FROM xw_account WHERE account_key IS NOT NULL AND final_key IS NOT NULL
            UNION ALL
            SELECT account_key, account_key FROM clean_account_mention
        )
        GROUP BY account_key
    )`

// personOf leads from any contact key to the person it became.
const personOf = `    -- merged contacts lead to their survivor
    person_of AS MATERIALIZED (
        SELECT contact_key, min(final_key) AS final_key
        FROM xw_contact
        WHERE contact_key IS NOT NULL AND final_key IS NOT NULL
        GROUP BY contact_key
    )`

// tagSets gives labels and options for every combination of tags in use.
func tagSets(m *theMap, entity, view string) string {
	field := "nextcrm_tags"
	for _, f := range m.fields[entity] {
		if f.source == "tag_options" && f.action == "custom" {
			field = f.target
		}
	}
	member := func(action, kind, prefix string) string {
		return `'[' || (
                SELECT group_concat(DISTINCT ` + reference(kind, mapped.Literal(prefix)+" || l.label") + `)
                FROM json_each(s.tags) AS j
                JOIN map_label AS l ON l.entity = ` + mapped.Literal(entity) + ` AND l.title = j.value AND l.action = '` + action + `'
            ) || ']'`
	}
	return `    -- records share few combinations of tags: each is translated once
    tag_set AS MATERIALIZED (
        SELECT
            s.tags,
            ` + member("label", "label", entity+":") + ` AS labels,
            ` + member("field", "option", entity+"."+field+":") + ` AS options
        FROM (SELECT DISTINCT tags FROM ` + view + ` WHERE tags <> '[]') AS s
    )`
}
