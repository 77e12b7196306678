package build

import (
	"fmt"
	"slices"
	"strings"

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

// tagFields are the fields of an entity whose options are tags.
func (m *theMap) tagFields(entity string) (all []mapField) {
	for _, f := range m.fields[entity] {
		if mapped.IsTagField(f.source) {
			all = append(all, f)
		}
	}
	return all
}

// tagColumn is the number of a field of tags in tagSets.
func (m *theMap) tagColumn(f mapField) string {
	return fmt.Sprint(1 + slices.IndexFunc(m.tagFields(f.entity), func(other mapField) bool { return other.key == f.key }))
}

// tagSets gives labels, and the options of each field of tags, for every
// combination of tags in use.
func tagSets(m *theMap, entity, view string) string {
	member := func(condition, list, open, shut string) string {
		return open + `(
                SELECT group_concat(` + list + `)
                FROM json_each(s.tags) AS j
                JOIN map_label AS l ON l.entity = ` + mapped.Literal(entity) + ` AND l.title = j.value AND ` + condition + `
            )` + shut
	}
	columns := member("l.action = 'label'", "DISTINCT "+reference("label:"+entity+":", "l.label"), "'[' || ", " || ']'") + " AS labels"
	for _, f := range m.tagFields(entity) {
		inField := "l.action = 'field' AND l.source_field = " + mapped.Literal(f.source)
		columns += ",\n            " + member(inField, "DISTINCT "+reference(optionPrefix(f), "l.label"), "'[' || ", " || ']'") + " AS options_" + m.tagColumn(f) +
			",\n            " + member(inField, "l.label, ', '", "", "") + " AS names_" + m.tagColumn(f)
	}
	return `    -- records share few combinations of tags: each is translated once
    tag_set AS MATERIALIZED (
        SELECT
            s.tags,
            ` + columns + `
        FROM (SELECT DISTINCT tags FROM ` + view + ` WHERE tags <> '[]') AS s
    )`
}

// maxSets bounds the sets that are joined: SQLite joins at most 64 tables.
const maxSets = 40

// sets are the set fields that are translated by combination.
func (m *theMap) sets(e entity) []mapField {
	var all []mapField
	for _, f := range m.fields[e.name] {
		if f.action == "custom" && f.kind == "set" && !mapped.IsTagField(f.source) && len(all) < maxSets {
			all = append(all, f)
		}
	}
	return all
}

// setOf translates every combination of a set's options once.
func (m *theMap) setOf(e entity, f mapField, i int) string {
	array := arrayOf(m.value(f))
	return fmt.Sprintf(`    -- %s: records share few combinations of options
    set_%d AS MATERIALIZED (
        SELECT s.source, %s AS refs
        FROM (SELECT DISTINCT %s AS source FROM %s AS c) AS s
        WHERE s.source IS NOT NULL
    )`, oneLine(f.key), i+1, references(optionPrefix(f), "s.source", m.option(f, "j.value")), array, e.records)
}

// oneLine keeps a text within its comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}
