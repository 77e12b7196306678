package mapping

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// ErrDecision marks a decision that cannot be applied: it names what the map
// does not have, or a value that the column cannot hold.
var ErrDecision = errors.New("decision cannot be applied")

// decision is one row of decide_map.
type decision struct {
	table, key, column string
	value              *string
	by                 string
}

func readDecisions(ctx context.Context, tx *sql.Tx) (map[string][]decision, error) {
	rows, err := tx.QueryContext(ctx, "SELECT map_table, map_key, column_name, value, by_name FROM decide_map")
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	defer rows.Close()
	all := map[string][]decision{}
	for rows.Next() {
		var d decision
		if err := rows.Scan(&d.table, &d.key, &d.column, &d.value, &d.by); err != nil {
			return nil, fmt.Errorf("read decisions: %w", err)
		}
		all[d.table] = append(all[d.table], d)
	}
	return all, rows.Err()
}

// decide applies decisions to proposals. Rows are made whole by fix after all
// of a row's decisions are in, because one decision may only make sense with another.
func decide[T any](table string, rows []T, decisions []decision, fix func(*T)) error {
	byKey := make(map[string]*T, len(rows))
	for i := range rows {
		byKey[key(&rows[i])] = &rows[i]
	}
	for _, d := range decisions {
		row, ok := byKey[d.key]
		if !ok {
			return fmt.Errorf("%w: %s has no row %q%s", ErrDecision, table, d.key, closest(d.key, slices.Collect(maps.Keys(byKey))))
		}
		if err := checkColumn[T](d.column); err != nil {
			return fmt.Errorf("%w: %s %q: %w", ErrDecision, table, d.key, err)
		}
		if err := set(row, d.column, d.value); err != nil {
			return fmt.Errorf("%w: %s %q: %w", ErrDecision, table, d.key, err)
		}
		by := d.by
		field(row, "decided_by").Set(reflect.ValueOf(&by))
	}
	if fix != nil {
		for i := range rows {
			fix(&rows[i])
		}
	}
	return refuseBadWords(table, rows)
}

// checkColumn says whether people may decide a column.
func checkColumn[T any](column string) error {
	editable := slices.DeleteFunc(columns[T](), func(c string) bool { return !isEditable(c) })
	if slices.Contains(editable, column) {
		return nil
	}
	if slices.Contains(columns[T](), column) {
		return fmt.Errorf("column %s is not for decisions; these are: %s", column, strings.Join(editable, ", "))
	}
	return fmt.Errorf("there is no column %q%s", column, closest(column, editable))
}

// refuseStrayDecisions finds decisions on tables that are none of the map's.
func (m *builder) refuseStrayDecisions() error {
	for table, left := range m.decisions {
		return fmt.Errorf("%w: there is no map table %q (decided by %s)%s", ErrDecision, table, left[0].by, closest(table, tables))
	}
	return nil
}

// words are the columns that take one of a few words, as the schema's CHECKs say.
var words = map[string][]string{
	"map_field.action": {"native", "custom", "details", "skip"},
	"map_field.target_type": {"varchar", "varchar_auto", "text", "double", "monetary", "date", "daterange", "time",
		"timerange", "enum", "set", "user", "org", "people", "phone", "address"},
	"map_label.action":         {"label", "field", "skip"},
	"map_segment.action":       {"filter", "frozen", "skip"},
	"map_activity_type.action": {"activity", "note", "skip"},
	"map_activity_type.icon":   activityIcons,
	"map_stage.outcome":        {"won", "lost"},
	"map_status.status":        {"open", "won", "lost"},
	"map_status.stage_outcome": {"won", "lost"},
	"map_deal_value.policy":    {linesWin, valueWins, documented},
}

// refuseBadWords reports a word outside its list before SQLite's CHECK would,
// with the row and the words that are possible.
func refuseBadWords[T any](table string, rows []T) error {
	for _, column := range columns[T]() {
		allowed, ok := words[table+"."+column]
		for i := range rows {
			if !ok {
				break
			}
			v := field(&rows[i], column)
			word, isNull := textOf(v)
			if !isNull && !slices.Contains(allowed, word) {
				return fmt.Errorf("%w: %s %q: column %s takes %s, not %q", ErrDecision, table, key(&rows[i]), column,
					strings.Join(allowed, ", "), word)
			}
		}
	}
	return nil
}

// closest names up to three of the candidates that look most like the wanted name.
func closest(wanted string, candidates []string) string {
	slices.SortFunc(candidates, func(a, b string) int {
		if d := similarity(wanted, b) - similarity(wanted, a); d != 0 {
			if d > 0 {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	near := candidates[:min(3, len(candidates))]
	if len(near) == 0 {
		return ""
	}
	return "; close to it: " + strings.Join(near, ", ")
}

// similarity is the Jaro-Winkler similarity of two names, case aside: 1 is equal.
func similarity(a, b string) float64 {
	return smetrics.JaroWinkler(strings.ToLower(a), strings.ToLower(b), 0.7, 4)
}
