package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	sqlfiles "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/warehouse"
)

// Table is one report: what a file of sql/report selects.
type Table struct {
	Name    string     `json:"name"`  // file name without number and ending
	About   string     `json:"about"` // "one row per …"
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Tables runs the reports in the order of their file names.
func Tables(ctx context.Context, db *warehouse.DB) ([]Table, error) {
	models, err := model.Load(sqlfiles.Files, "report")
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, m := range models {
		t, err := table(ctx, db, m)
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", m.File, err)
		}
		out = append(out, t)
	}
	return out, nil
}

func table(ctx context.Context, db *warehouse.DB, m model.Model) (Table, error) {
	_, name, _ := strings.Cut(strings.TrimSuffix(path.Base(m.File), ".sql"), "_")
	t := Table{Name: name, About: m.Grain}
	rows, err := db.Read().QueryContext(ctx, m.SQL)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	if t.Columns, err = rows.Columns(); err != nil {
		return t, err
	}
	for rows.Next() {
		row := make([]string, len(t.Columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = (*text)(&row[i])
		}
		if err := rows.Scan(into...); err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, row)
	}
	return t, rows.Err()
}

// text scans any SQLite value as text, NULL as nothing.
type text string

// Scan implements sql.Scanner.
func (t *text) Scan(v any) error {
	*t = ""
	if v != nil {
		*t = text(fmt.Sprint(v))
	}
	return nil
}

// NotMoved counts what the crosswalk documents instead of moving, by object, and
// what is staged and nowhere accounted for, which a finished build leaves none of.
func NotMoved(ctx context.Context, db *warehouse.DB) (documented, unaccounted []Count, err error) {
	models, err := model.Load(sqlfiles.Files, "report")
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(models, func(m model.Model) bool { return m.Table == "fates" })
	t, err := table(ctx, db, models[i])
	if err != nil {
		return nil, nil, fmt.Errorf("list what is not moved: %w", err)
	}
	for _, row := range t.Rows {
		n, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("list what is not moved: %w", err)
		}
		switch row[1] {
		case "documented":
			documented = addCount(documented, row[0], n)
		case "not accounted for":
			unaccounted = addCount(unaccounted, row[0], n)
		}
	}
	return documented, unaccounted, nil
}

// addCount adds n to the count of a name, which is the last one or new.
func addCount(counts []Count, name string, n int64) []Count {
	if last := len(counts) - 1; last >= 0 && counts[last].Name == name {
		counts[last].N += n
		return counts
	}
	return append(counts, Count{Name: name, N: n})
}

// WriteCSV writes each report as a CSV file into dir and returns their names.
func WriteCSV(dir string, tables []Table) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write reports: %w", err)
	}
	var names []string
	for _, t := range tables {
		name := filepath.Join(dir, t.Name+".csv")
		if err := writeCSV(name, t); err != nil {
			return names, fmt.Errorf("write report %s: %w", name, err)
		}
		names = append(names, name)
	}
	return names, nil
}

func writeCSV(name string, t Table) error {
	f, err := createCSV(name, t.Columns)
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := f.add(row); err != nil {
			return errors.Join(err, f.close())
		}
	}
	return f.close()
}
