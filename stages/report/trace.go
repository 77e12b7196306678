package report

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// Step is one station in a record's life.
type Step struct {
	Layer string `json:"layer"` // staging, clean, finding, duplicates, crosswalk, final, link, conflict, kept, operation
	Where string `json:"where"` // table and key
	What  string `json:"what"`
}

// Trace tells the life of one record from source to account. what is a source
// id, an e-mail address, a final key, a Pipedrive id or the address of a record in Pipedrive.
func Trace(ctx context.Context, db *warehouse.DB, what string) ([]Step, error) {
	keys, err := keysOf(ctx, db, strings.TrimSpace(what))
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", what, err)
	}
	var steps []Step
	for _, key := range keys {
		object, _, _ := strings.Cut(key, ":")
		life := stations(object)
		if titles[object] == "" {
			if life, err = itemStations(ctx, db, key); err != nil {
				return nil, fmt.Errorf("trace %s: %w", what, err)
			}
		}
		for _, station := range life {
			more, err := collect(ctx, db, station, key)
			if err != nil {
				return nil, fmt.Errorf("trace %s: %s: %w", what, station.layer, err)
			}
			steps = append(steps, more...)
		}
	}
	return steps, nil
}

// keysOf finds the final keys that what may mean; merged records lead to their survivor.
func keysOf(ctx context.Context, db *warehouse.DB, what string) ([]string, error) {
	if u, err := url.Parse(what); err == nil && u.Host != "" {
		what = path.Base(u.Path)
	}
	rows, err := db.Read().QueryContext(ctx, `
		SELECT 'contact', coalesce(final_key, contact_key, 'contact:' || source_id) FROM xw_contact WHERE source_id = ?1 OR final_key = ?1 OR contact_key = ?1
		UNION SELECT 'account', coalesce(final_key, account_key, 'account:' || source_id) FROM xw_account WHERE source_id = ?1 OR final_key = ?1 OR account_key = ?1
		UNION SELECT 'deal', coalesce(final_key, deal_key, 'deal:' || source_id) FROM xw_deal WHERE source_id = ?1 OR final_key = ?1 OR deal_key = ?1
		UNION SELECT 'contact', x.final_key FROM clean_contact AS c JOIN xw_contact AS x ON x.contact_key = c.contact_key
			WHERE ?1 LIKE '%@%' AND EXISTS (SELECT 1 FROM json_each(c.emails) AS e WHERE e.value ->> '$.value' = lower(?1))
		UNION SELECT object, coalesce(final_key, object || ':' || source_id) FROM xw_item WHERE source_id = ?1 OR final_key = ?1 OR object || ':' || source_id = ?1
		UNION SELECT entity, final_key FROM link WHERE pipedrive_id = ?1 AND part = ''
		UNION SELECT entity, final_key FROM final_item WHERE final_key = ?1`, what)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []string
	seen := map[string]bool{}
	for rows.Next() {
		var kind string
		var key sql.NullString
		if err := rows.Scan(&kind, &key); err != nil {
			return nil, err
		}
		if key.Valid && !seen[key.String] {
			seen[key.String] = true
			keys = append(keys, key.String)
		}
	}
	return keys, rows.Err()
}

// station is one query of where and what, for a final key.
type station struct{ layer, query string }

func stations(object string) []station {
	xw := "xw_" + object
	members := fmt.Sprintf("(SELECT %[1]s_key FROM xw_%[1]s WHERE final_key = ?1 AND %[1]s_key IS NOT NULL UNION SELECT ?1)", object)
	rowIDs := fmt.Sprintf("(SELECT row_id FROM xw_%[1]s WHERE final_key = ?1 OR %[1]s_key = ?1 OR '%[1]s:' || source_id = ?1)", object)
	all := []station{
		{"staging", fmt.Sprintf("SELECT source_table || ' row ' || coalesce(source_row, row_id), 'id ' || coalesce(source_id, '–') || ', hash ' || row_hash FROM stg_%s WHERE row_id IN %s", object, rowIDs)},
		{"crosswalk", fmt.Sprintf("SELECT '%[1]s row ' || row_id, fate || coalesce(' → ' || final_key, '') || coalesce(': ' || reason, '') FROM %[1]s WHERE row_id IN %[2]s", xw, rowIDs)},
		{"clean", fmt.Sprintf("SELECT 'clean_%[1]s ' || %[1]s_key, %[2]s FROM clean_%[1]s WHERE %[1]s_key IN %[3]s", object, titles[object], members)},
		{"finding", fmt.Sprintf("SELECT 'issue ' || rule, coalesce(field || ' ', '') || coalesce('«' || value || '» ', '') || coalesce(hint, '') FROM issue WHERE object = '%s' AND (record_key IN %s OR row_id IN %s)", object, members, rowIDs)},
	}
	if object != "deal" {
		all = append(all,
			station{"duplicates", fmt.Sprintf("SELECT 'dup_%[1]s_pair', a_key || ' and ' || b_key || ': ' || decision || ' by ' || rule || ', ' || why FROM dup_%[1]s_pair WHERE a_key IN %[2]s OR b_key IN %[2]s", object, members)},
			station{"duplicates", fmt.Sprintf("SELECT 'dup_%[1]s_value ' || field, coalesce(value, 'NULL') || ' from ' || from_key || ': ' || why FROM dup_%[1]s_value WHERE final_key = ?1", object)})
	}
	return append(all, arrival...)
}

// arrival is the part of a life that every kind of record has.
var arrival = []station{
	station{"final", "SELECT 'final_' || entity || ' ' || final_key, payload FROM final_item WHERE final_key = ?1"},
	station{"link", "SELECT t.domain || ' ' || l.entity || ' ' || l.pipedrive_id, l.state || ', ' || l.origin || ' ' || l.linked_at || ', ' || rtrim(t.base_url, '/') || '/' || l.entity || '/' || l.pipedrive_id FROM link AS l JOIN target AS t USING (target_id) WHERE l.final_key = ?1"},
	station{"conflict", "SELECT t.domain || ' ' || c.field_name, 'was ' || coalesce(c.base, 'blank') || ', in Pipedrive ' || coalesce(c.in_pipedrive, 'blank') || ', in NextCRM ' || coalesce(c.in_nextcrm, 'blank') || coalesce(', kept ' || c.keep || ' by ' || c.decided_by, '') || iif(c.resolved_at IS NULL, ', open since ' || c.found_at, ', settled ' || c.resolved_at) FROM conflict AS c JOIN target AS t USING (target_id) WHERE c.final_key = ?1 ORDER BY c.conflict_id"},
	station{"kept", "SELECT t.domain || ' ' || k.field, 'sent ' || k.sent || ', users made it ' || k.kept || ', seen ' || k.since FROM kept_value AS k JOIN target AS t USING (target_id) WHERE k.final_key = ?1 ORDER BY k.field"},
	station{"operation", "SELECT t.domain || ' load_op ' || o.op_id, o.verb || ' ' || o.state || coalesce(' ' || o.status, '') || coalesce(' → ' || o.pipedrive_id, '') || coalesce(': ' || o.message, '') || ' at ' || o.intent_at FROM load_op AS o JOIN target AS t USING (target_id) WHERE o.final_key = ?1 ORDER BY o.op_id"}}

// itemStations is the life of a record of any other object: every staging row
// that became it or went into it, and what became of those that did not.
func itemStations(ctx context.Context, db *warehouse.DB, key string) ([]station, error) {
	const itsRows = "FROM xw_item WHERE final_key = ?1 OR final_key IS NULL AND object || ':' || source_id = ?1"
	rows, err := db.Read().QueryContext(ctx, "SELECT DISTINCT object "+itsRows+" ORDER BY object", key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []station
	for rows.Next() {
		var object string
		if err := rows.Scan(&object); err != nil {
			return nil, err
		}
		all = append(all, station{"staging", "SELECT source_table || ' row ' || coalesce(source_row, row_id), 'id ' || coalesce(source_id, '–') || ', hash ' || row_hash FROM " +
			warehouse.Quote("stg_"+object) + " WHERE row_id IN (SELECT row_id " + itsRows + ")"})
	}
	all = append(all, station{"crosswalk", "SELECT 'xw_item ' || object || ' row ' || row_id, fate || coalesce(' → ' || entity || ' ' || final_key, '') || coalesce(': ' || reason, '') " + itsRows})
	return append(all, arrival...), rows.Err()
}

var titles = map[string]string{"account": "name", "contact": "name || coalesce(' <' || email || '>', '')", "deal": "title"}

func collect(ctx context.Context, db *warehouse.DB, s station, key string) ([]Step, error) {
	rows, err := db.Read().QueryContext(ctx, s.query, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Step
	for rows.Next() {
		st := Step{Layer: s.layer}
		if err := rows.Scan(&st.Where, &st.What); err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, rows.Err()
}
