package mapping

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// The rows of the map, one struct a table; the csv tag names column and CSV
// heading alike. A pointer is a column that may be NULL.

// Setting is one row of map_setting.
type Setting struct {
	MapKey      string  `csv:"map_key"`
	Value       *string `csv:"value"`
	Evidence    string  `csv:"evidence"`
	DecidedBy   *string `csv:"decided_by"`
	Description string  `csv:"description"`
}

// User is one row of map_user: a source e-mail and the Pipedrive user for it.
type User struct {
	MapKey      string  `csv:"map_key"`
	SourceName  *string `csv:"source_name"`
	IsActive    *int64  `csv:"is_active"`
	TargetEmail *string `csv:"target_email"`
	Records     int64   `csv:"records"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// Label is one row of map_label: a tag as an entity uses it.
type Label struct {
	MapKey string  `csv:"map_key"`
	Entity string  `csv:"entity"`
	TagKey string  `csv:"tag_key"`
	Title  string  `csv:"title"`
	Action string  `csv:"action"`
	Label  *string `csv:"label"`
	Field  *string `csv:"field"`
	// SourceField is the field's row of map_field.
	SourceField *string `csv:"source_field"`
	Uses        int64   `csv:"uses"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// Field is one row of map_field: a source field and where it goes.
type Field struct {
	MapKey      string  `csv:"map_key"`
	Object      string  `csv:"object"`
	SourceField string  `csv:"source_field"`
	Entity      string  `csv:"entity"`
	Action      string  `csv:"action"`
	TargetField *string `csv:"target_field"`
	TargetName  *string `csv:"target_name"`
	TargetType  *string `csv:"target_type"`
	Position    int64   `csv:"position"`
	ValueCount  int64   `csv:"value_count"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// Option is one row of map_option: a source value and its label in Pipedrive.
type Option struct {
	MapKey      string  `csv:"map_key"`
	Object      string  `csv:"object"`
	SourceField string  `csv:"source_field"`
	SourceValue string  `csv:"source_value"`
	Label       *string `csv:"label"`
	Position    int64   `csv:"position"`
	Uses        int64   `csv:"uses"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// Stage is one row of map_stage: a source stage within a deal category.
type Stage struct {
	MapKey      string  `csv:"map_key"`
	Category    string  `csv:"category"`
	StageKey    string  `csv:"stage_key"`
	SourceStage *string `csv:"source_stage"`
	Pipeline    string  `csv:"pipeline"`
	Stage       string  `csv:"stage"`
	Position    int64   `csv:"position"`
	Probability *int64  `csv:"probability"`
	Outcome     *string `csv:"outcome"`
	Deals       int64   `csv:"deals"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// Status is one row of map_status: one rule of won, lost or open.
type Status struct {
	MapKey       string  `csv:"map_key"`
	Position     int64   `csv:"position"`
	SourceStatus *string `csv:"source_status"`
	OutcomeHint  *string `csv:"outcome_hint"`
	StageOutcome *string `csv:"stage_outcome"`
	Status       string  `csv:"status"`
	Deals        int64   `csv:"deals"`
	Evidence     string  `csv:"evidence"`
	DecidedBy    *string `csv:"decided_by"`
}

// derivedColumns are measured or explained by the stage and change from run to
// run: nobody edits them, and the seal does not cover them.
var derivedColumns = map[string]bool{
	"evidence": true, "confidence": true, "decided_by": true, "description": true, "source_name": true,
	"is_active": true, "records": true, "uses": true, "value_count": true, "deals": true,
	"lines": true, "deal_currency": true, "deal_value": true, "lines_total": true, "difference": true, "held_value": true,
	"translation": true, "reasons": true, "rule_text": true, "rules": true, "members": true, "undecided": true, "as_of": true, "conditions": true,
}

// identityColumns say which row it is.
var identityColumns = map[string]bool{
	"map_key": true, "object": true, "entity": true, "source_field": true, "tag_key": true, "title": true,
	"source_value": true, "kind": true, "category": true, "stage_key": true, "source_stage": true,
}

func isEditable(column string) bool { return !derivedColumns[column] && !identityColumns[column] }

// columns lists the columns of a row struct in order.
func columns[T any]() []string {
	t := reflect.TypeFor[T]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("csv")
	}
	return names
}

// key is a row's map_key: the first field of every row struct.
func key[T any](row *T) string { return reflect.ValueOf(row).Elem().Field(0).String() }

// field finds the struct field of a column.
func field[T any](row *T, column string) reflect.Value {
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("csv") == column {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// set gives a column the value of a text; nil is NULL.
func set[T any](row *T, column string, value *string) error {
	v := field(row, column)
	if v.Kind() == reflect.Pointer {
		if value == nil {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if value == nil {
		return fmt.Errorf("column %s needs a value", column)
	}
	if v.Kind() == reflect.String {
		v.SetString(*value)
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(*value), 10, 64)
	if err != nil {
		return fmt.Errorf("column %s takes a whole number, not %q", column, *value)
	}
	v.SetInt(n)
	return nil
}

// insert stores rows by column name.
func insert[T any](tx *sql.Tx, table string, rows []T) error {
	in, err := warehouse.NewInserter(tx, table, columns[T]()...)
	if err != nil {
		return err
	}
	for i := range rows {
		v := reflect.ValueOf(&rows[i]).Elem()
		values := make([]any, v.NumField())
		for j := range values {
			values[j] = v.Field(j).Interface()
		}
		if err := in.Add(values...); err != nil {
			return err
		}
	}
	return in.Close()
}

// load reads a map table in the order of its keys.
func load[T any](ctx context.Context, db *warehouse.DB, table string) ([]T, error) {
	rows, err := db.Read().QueryContext(ctx, "SELECT "+strings.Join(columns[T](), ", ")+" FROM "+table+" ORDER BY map_key")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var row T
		v := reflect.ValueOf(&row).Elem()
		targets := make([]any, v.NumField())
		for i := range targets {
			targets[i] = v.Field(i).Addr().Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// text makes an optional column of a text: empty is NULL.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// value reads an optional column: NULL is empty.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// textOf reads a struct field as text and says whether it is NULL.
func textOf(v reflect.Value) (s string, isNull bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", true
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface()), false
}
