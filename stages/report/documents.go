package report

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	sqlfiles "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/warehouse"
)

// document is something that Pipedrive has no place for, written for people and
// for other programs.
type document struct {
	name string
	// write puts its files into dir, which exists, and returns their names.
	write func(ctx context.Context, db *warehouse.DB, dir string) ([]string, error)
}

// documents are all of them. What is but rows of a SELECT needs no entry of its
// own: a file in sql/document is enough.
var documents = []document{
	{"CSV files of sql/document", writeExports},
	{"automations", writeInventory},
	{"campaigns", writeCampaigns},
	{"invoices.md", writeInvoiceGuide},
	{"projects.md", writeProjectGuide},
	{"segments.md", writeSegments},
}

// WriteDocuments writes every document into dir, in folders of their own where
// they are many, and returns the names of the files.
func WriteDocuments(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write documents: %w", err)
	}
	var names []string
	for _, d := range documents {
		written, err := d.write(ctx, db, dir)
		names = append(names, written...)
		if err != nil {
			return names, fmt.Errorf("write document %s: %w", d.name, err)
		}
	}
	return names, nil
}

// exportFile is the header of a file in sql/document that names what it writes:
// "invoices/lines.csv", or "invoices/{type}.csv" for one file a value of its
// column type.
var exportFile = regexp.MustCompile(`(?m)^-- file: (\S+\.csv)$`)

// exportColumn is the column in the name of such a file.
var exportColumn = regexp.MustCompile(`\{([a-z_]+)\}`)

// writeExports writes what the files of sql/document select, row by row: an
// audit log may hold millions of them.
func writeExports(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	models, err := model.Load(sqlfiles.Files, "document")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range models {
		written, err := writeExport(ctx, db, dir, m)
		names = append(names, written...)
		if err != nil {
			return names, fmt.Errorf("%s: %w", m.File, err)
		}
	}
	return names, nil
}

func writeExport(ctx context.Context, db *warehouse.DB, dir string, m model.Model) ([]string, error) {
	head := exportFile.FindStringSubmatch(m.SQL)
	if head == nil {
		return nil, fmt.Errorf("its header lacks '-- file: ….csv'")
	}
	rows, err := db.Read().QueryContext(ctx, m.SQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := newSplitCSV(dir, head[1], columns)
	row, into := cells(len(columns))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return out.close(err)
		}
		if err := out.add(row); err != nil {
			return out.close(err)
		}
	}
	return out.close(rows.Err())
}

// lists reads a query whole, every cell as text.
func lists(ctx context.Context, db *warehouse.DB, query string) ([][]string, error) {
	rows, err := db.Read().QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for rows.Next() {
		row, into := cells(len(columns))
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// cells are a row of n texts and the targets that a scan of it needs.
func cells(n int) (row []string, into []any) {
	row, into = make([]string, n), make([]any, n)
	for i := range row {
		into[i] = (*text)(&row[i])
	}
	return row, into
}

// fileWord keeps a value of the source harmless in a file name.
func fileWord(value string) string {
	word := strings.Trim(unsafeInName.ReplaceAllString(strings.ToLower(value), "_"), "_")
	if word == "" {
		return otherWord
	}
	return word[:min(len(word), 60)]
}

var unsafeInName = regexp.MustCompile(`[^a-z0-9]+`)
