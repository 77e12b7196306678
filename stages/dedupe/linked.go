package dedupe

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// heirs are records that inherit a linked final key: the record that gave the
// key is gone from the source, and they were merged into it in the run before.
// Without them the next load would create a second record in the account.
type heirs struct {
	keys map[string]string // record key → final key
	rows []int64
}

// findHeirs reads them from the crosswalk that is about to be replaced. Of
// several the first by key inherits.
func findHeirs(ctx context.Context, db *sql.DB, object, entity string) (heirs, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`
		WITH linked (key) AS (SELECT final_key FROM link WHERE entity = '%[2]s' AND part = '' AND state IN ('live', 'gone'))
		SELECT x.final_key, min(x.%[1]s_key), c.row_id
		FROM xw_%[1]s AS x JOIN clean_%[1]s AS c ON c.%[1]s_key = x.%[1]s_key
		WHERE x.final_key <> x.%[1]s_key AND x.final_key IN linked AND x.%[1]s_key NOT IN linked
			AND NOT EXISTS (SELECT 1 FROM clean_%[1]s AS k WHERE k.%[1]s_key = x.final_key)
		GROUP BY x.final_key`, object, entity))
	if err != nil {
		return heirs{}, fmt.Errorf("find heirs of linked keys: %w", err)
	}
	defer rows.Close()
	out := heirs{keys: map[string]string{}}
	for rows.Next() {
		var final, key string
		var row int64
		if err := rows.Scan(&final, &key, &row); err != nil {
			return out, err
		}
		out.keys[key] = final
		out.rows = append(out.rows, row)
	}
	return out, rows.Err()
}

// linkedAmong returns those of the keys that any account knows. A record that
// users deleted there still counts: under a new key it would be created again.
func linkedAmong(ctx context.Context, db *sql.DB, entity string, keys []string) (map[string]bool, error) {
	out := map[string]bool{}
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT final_key FROM link
		WHERE target_id IN (SELECT target_id FROM target) AND entity = ? AND part = '' AND state IN ('live', 'gone')
			AND final_key IN (SELECT value FROM json_each(?))`, entity, textList(keys))
	if err != nil {
		return nil, fmt.Errorf("read linked keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		out[key] = true
	}
	return out, rows.Err()
}

// homes says which final record each key went into in the run before.
func homes(ctx context.Context, db *sql.DB, object string, keys []string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT %[1]s_key, final_key FROM xw_%[1]s
		WHERE final_key IS NOT NULL AND %[1]s_key IN (SELECT value FROM json_each(?))`, object), textList(keys))
	if err != nil {
		return nil, fmt.Errorf("read the crosswalk of the run before: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var key, final string
		if err := rows.Scan(&key, &final); err != nil {
			return nil, err
		}
		out[key] = final
	}
	return out, rows.Err()
}

// textList is a list of texts as a JSON array: one parameter, however many.
func textList(list []string) string {
	b, _ := json.Marshal(list) // strings always marshal
	return string(b)
}
