package scope

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// boundTo says what each bound symbol of the account is: name and type of a
// field, label of an option, name and pipeline of a stage, address of an active
// user; ” when the account does not have it. What was bound since the last look
// must be there whether that look knew it or not.
const boundTo = `SELECT b.kind, b.symbol, coalesce(CASE b.kind
	WHEN 'field' THEN (SELECT name || ' (' || field_type || ')' FROM dest_field AS d WHERE d.target_id = ?1 AND d.field_code = b.pipedrive_id
		AND d.entity = substr(b.symbol, 1, instr(b.symbol, '.') - 1))
	WHEN 'option' THEN (SELECT label FROM dest_option AS d WHERE d.target_id = ?1 AND d.option_id = b.pipedrive_id
		AND d.entity = substr(b.symbol, 1, instr(b.symbol, '.') - 1))
	WHEN 'label' THEN (SELECT label FROM dest_option AS d WHERE d.target_id = ?1 AND d.option_id = b.pipedrive_id
		AND d.entity = substr(b.symbol, 1, instr(b.symbol, ':') - 1))
	WHEN 'pipeline' THEN (SELECT name FROM dest_pipeline AS d WHERE d.target_id = ?1 AND d.pipedrive_id = b.pipedrive_id)
	WHEN 'stage' THEN (SELECT d.name || ' in ' || coalesce(p.name, d.pipeline_id) FROM dest_stage AS d
		LEFT JOIN dest_pipeline AS p ON p.target_id = ?1 AND p.pipedrive_id = d.pipeline_id WHERE d.target_id = ?1 AND d.pipedrive_id = b.pipedrive_id)
	WHEN 'user' THEN (SELECT email FROM dest_user AS d WHERE d.target_id = ?1 AND d.pipedrive_id = b.pipedrive_id AND d.is_active = 1)
	WHEN 'activity_type' THEN (SELECT name FROM dest_activity_type AS d WHERE d.target_id = ?1 AND d.key_string = b.pipedrive_id AND d.is_active = 1)
	END, ''),
	iif(b.bound_at >= t.structure_at, coalesce(CASE b.kind
	WHEN 'field' THEN (SELECT name || ' (' || field_type || ')' FROM final_field AS f WHERE f.entity || '.' || f.field_key = b.symbol)
	WHEN 'option' THEN (SELECT label FROM final_option AS f WHERE f.entity || '.' || f.field_key || ':' || f.label = b.symbol)
	WHEN 'label' THEN (SELECT label FROM final_label AS f WHERE f.entity || ':' || f.label = b.symbol)
	WHEN 'pipeline' THEN (SELECT name FROM final_pipeline AS f WHERE f.pipeline_key = b.symbol)
	WHEN 'stage' THEN (SELECT f.name || ' in ' || p.name FROM final_stage AS f JOIN final_pipeline AS p USING (pipeline_key) WHERE f.stage_key = b.symbol)
	WHEN 'activity_type' THEN (SELECT name FROM final_activity_type AS f WHERE f.type_key = b.symbol)
	END, ''), '')
FROM bind AS b JOIN target AS t USING (target_id)
WHERE b.target_id = ?1 AND b.kind IN ('field', 'option', 'label', 'pipeline', 'stage', 'user', 'activity_type')`

// errLooked undoes a look that must leave no trace.
var errLooked = errors.New("only looked")

// Drift looks whether what the plan stands on is still as it was when the account
// was last looked at. What is gone, renamed or of another type is named by
// ErrDrift; what was added is nobody's loss. It changes nothing in the warehouse.
func Drift(ctx context.Context, s *target.Session) error {
	lists, err := readStructure(ctx, s)
	if err != nil {
		return fmt.Errorf("look at the account: %w", err)
	}
	var changed []string
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		was, err := bound(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		if err := replaceStructure(tx, s.ID, lists); err != nil {
			return err
		}
		is, err := bound(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		changed = differing(was, is)
		return errLooked
	})
	if !errors.Is(err, errLooked) {
		return fmt.Errorf("compare the account with the plan: %w", err)
	}
	if len(changed) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has changed since the plan was made: %s; `nextpipe run --from scope` looks at it and plans anew",
		warehouse.ErrDrift, s.Me.CompanyDomain, strings.Join(changed, "; "))
}

// thing is what a symbol is bound to: as it was seen, and as it was asked for
// when it was bound since.
type thing struct{ seen, asked string }

// bound is what every symbol of the account is.
func bound(ctx context.Context, tx *sql.Tx, targetID int64) (map[string]thing, error) {
	rows, err := tx.QueryContext(ctx, boundTo, targetID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	what := map[string]thing{}
	for rows.Next() {
		var kind, symbol string
		var t thing
		if err := rows.Scan(&kind, &symbol, &t.seen, &t.asked); err != nil {
			return nil, err
		}
		what[strings.ReplaceAll(kind, "_", " ")+" "+symbol] = t
	}
	return what, rows.Err()
}

// differing names what is gone or another thing now. What neither the last look
// knew nor anybody asked for since stands in no plan.
func differing(was, is map[string]thing) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(was)) {
		before, now := was[key].seen, is[key].seen
		if before == "" {
			before = was[key].asked
		}
		switch {
		case before == "" || alike(before, now):
		case now == "":
			out = append(out, key+" is gone")
		default:
			out = append(out, fmt.Sprintf("%s was %q, is %q", key, before, now))
		}
	}
	return out
}

// alike takes names for the same that differ in blanks and case: the account
// trims them, and what it had is used under its own writing.
func alike(a, b string) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return fold(a) == fold(b)
}
