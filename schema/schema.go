// Package schema holds the warehouse's tables: goose migrations, applied in
// the order of their names, and the data dictionary that explains every table
// and column to whoever opens the file.
package schema

import "embed"

// Migrations are the goose migrations.
//
//go:embed *.sql
var Migrations embed.FS

// Dictionary is the data dictionary as CSV: table_name, column_name (empty for
// the table itself), layer, owner, description.
//
//go:embed dictionary.csv
var Dictionary string
