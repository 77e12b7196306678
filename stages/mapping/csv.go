package mapping

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"nextpipe/stages/internal/warehouse"
)

// sheet is one map table as a CSV file.
type sheet struct {
	table  string
	export func(ctx context.Context, db *warehouse.DB) ([]byte, error)
	// diff gives a decision for every cell that differs from the map's.
	diff func(ctx context.Context, db *warehouse.DB, file string, cells []map[string]string) ([]decision, error)
}

var sheets = []sheet{
	newSheet[Setting]("map_setting"), newSheet[User]("map_user"), newSheet[Label]("map_label"), newSheet[Field]("map_field"),
	newSheet[Option]("map_option"), newSheet[Stage]("map_stage"), newSheet[Status]("map_status"), newSheet[DealValue]("map_deal_value"),
	newSheet[Segment]("map_segment"), newSheet[ActivityType]("map_activity_type"),
}

func newSheet[T any](table string) sheet {
	return sheet{table, func(ctx context.Context, db *warehouse.DB) ([]byte, error) {
		rows, err := load[T](ctx, db, table)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			eachText(&rows[i], guard)
		}
		return gocsv.MarshalBytes(rows)
	}, func(ctx context.Context, db *warehouse.DB, file string, cells []map[string]string) ([]decision, error) {
		rows, err := load[T](ctx, db, table)
		if err != nil {
			return nil, err
		}
		return diff(table, file, rows, cells)
	}}
}

// ExportCSV writes the map into a folder, one file a table: map_field.csv and
// so on. Cells that a spreadsheet would take for a formula get a leading
// apostrophe, which ImportCSV takes off again.
func ExportCSV(ctx context.Context, db *warehouse.DB, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("export map: %w", err)
	}
	for _, s := range sheets {
		data, err := s.export(ctx, db)
		if err != nil {
			return fmt.Errorf("export map: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, s.table+".csv"), data, 0o644); err != nil {
			return fmt.Errorf("export map: %w", err)
		}
	}
	return nil
}

// ImportCSV reads edited files of ExportCSV and records every changed cell as a
// decision by the named person; files and rows that are not there change
// nothing. It returns the number of changed cells. Run applies them. All files
// are checked before the first decision is stored.
func ImportCSV(ctx context.Context, db *warehouse.DB, dir, by string) (int, error) {
	if strings.TrimSpace(by) == "" {
		return 0, errors.New("import map: say who decides with --by NAME")
	}
	var all []decision
	found := false
	for _, s := range sheets {
		file := filepath.Join(dir, s.table+".csv")
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("import map: %w", err)
		}
		found = true
		cells, err := readCells(data)
		if err != nil {
			return 0, fmt.Errorf("import map: %s: %w", file, err)
		}
		changed, err := s.diff(ctx, db, file, cells)
		if err != nil {
			return 0, fmt.Errorf("import map: %w", err)
		}
		all = append(all, changed...)
	}
	if !found {
		return 0, fmt.Errorf("import map: no map_*.csv in %s; make them with the export first", dir)
	}
	return len(all), storeDecisions(ctx, db, all, by)
}

// readCells reads a CSV as spreadsheets write it: with a byte order mark, and
// with ; or TAB between cells where the decimal mark is a comma.
func readCells(data []byte) ([]map[string]string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	heading, _, _ := bytes.Cut(data, []byte("\n"))
	reader := csv.NewReader(bytes.NewReader(data))
	for _, comma := range ";\t" {
		if bytes.ContainsRune(heading, comma) && !bytes.ContainsRune(heading, ',') {
			reader.Comma = comma
		}
	}
	records, err := reader.ReadAll()
	if err != nil || len(records) == 0 {
		return nil, err
	}
	lines := make([]map[string]string, len(records)-1)
	for i, record := range records[1:] {
		lines[i] = map[string]string{}
		for j, cell := range record {
			lines[i][records[0][j]] = cell
		}
	}
	return lines, nil
}

func storeDecisions(ctx context.Context, db *warehouse.DB, all []decision, by string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		for _, d := range all {
			_, err := tx.ExecContext(ctx, `INSERT INTO decide_map (map_table, map_key, column_name, value, by_name, why, at)
				VALUES (?, ?, ?, ?, ?, 'edited CSV', ?)
				ON CONFLICT DO UPDATE SET value = excluded.value, by_name = excluded.by_name, why = excluded.why, at = excluded.at`,
				d.table, d.key, d.column, d.value, by, db.Now())
			if err != nil {
				return fmt.Errorf("store decision on %s %q: %w", d.table, d.key, err)
			}
		}
		return nil
	})
}

// diff compares edited cells with the map.
func diff[T any](table, file string, rows []T, cells []map[string]string) ([]decision, error) {
	byKey := map[string]*T{}
	var keys []string
	for i := range rows {
		byKey[key(&rows[i])] = &rows[i]
		keys = append(keys, key(&rows[i]))
	}
	var all []decision
	for n, line := range cells {
		fail := func(column string, err error) error {
			return fmt.Errorf("%s, row %d, column %s: %w", file, n+2, column, err)
		}
		row, ok := byKey[unguard(line["map_key"])]
		if !ok {
			return nil, fail("map_key", fmt.Errorf("%w: the map has no row %q%s", ErrDecision, line["map_key"], closest(line["map_key"], slices.Clone(keys))))
		}
		for _, column := range slices.Sorted(maps.Keys(line)) {
			d, err := changed(table, row, column, unguard(line[column]))
			if err != nil {
				return nil, fail(column, err)
			}
			if d != nil {
				all = append(all, *d)
			}
		}
	}
	return all, nil
}

// changed gives the decision that a cell means; nil when it says what the map says.
func changed[T any](table string, row *T, column, cell string) (*decision, error) {
	if !slices.Contains(columns[T](), column) {
		return nil, fmt.Errorf("%w: there is no such column%s", ErrDecision, closest(column, columns[T]()))
	}
	v := field(row, column)
	was, _ := textOf(v)
	// Readers and spreadsheets turn CR LF within a cell into LF: no change.
	if strings.ReplaceAll(was, "\r\n", "\n") == strings.ReplaceAll(cell, "\r\n", "\n") {
		return nil, nil
	}
	if derivedColumns[column] {
		return nil, nil // spreadsheets rewrite numbers as they like
	}
	if err := checkColumn[T](column); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecision, err)
	}
	d := &decision{table: table, key: key(row), column: column, value: &cell}
	if cell == "" && v.Kind() == reflect.Pointer {
		d.value = nil
	}
	trial := *row
	if err := set(&trial, column, d.value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecision, err)
	}
	return d, refuseBadWords(table, []T{trial})
}

// isFormula says that a spreadsheet may run a cell, apostrophes aside.
func isFormula(s string) bool {
	s = strings.TrimLeft(s, "'")
	return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0]))
}

func guard(s string) string {
	if isFormula(s) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if strings.HasPrefix(s, "'") && isFormula(s) {
		return s[1:]
	}
	return s
}

// eachText changes every text of a row.
func eachText[T any](row *T, change func(string) string) {
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if f.Kind() == reflect.String {
			f.SetString(change(f.String()))
		}
	}
}
