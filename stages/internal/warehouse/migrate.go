package warehouse

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/pressly/goose/v3"

	"nextpipe/schema"
)

// migrate brings the file to the newest schema and renews its dictionary.
func (db *DB) migrate(ctx context.Context) error {
	if err := db.refuseStrangeSchema(ctx); err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.w, schema.Migrations)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return db.renewDictionary(ctx)
}

// renewDictionary writes data_dictionary when dictionary.csv has changed since;
// user_version holds the checksum of what was written last.
func (db *DB) renewDictionary(ctx context.Context) error {
	sum := int64(crc32.ChecksumIEEE([]byte(schema.Dictionary)) >> 1)
	var written int64
	if err := db.w.QueryRowContext(ctx, "PRAGMA user_version").Scan(&written); err != nil || written == sum {
		return err
	}
	lines, err := csv.NewReader(strings.NewReader(schema.Dictionary)).ReadAll()
	if err != nil {
		return fmt.Errorf("read dictionary.csv: %w", err)
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		if err := writeDictionary(tx, lines); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", sum))
		return err
	})
}

// writeDictionary replaces data_dictionary by the lines of schema/dictionary.csv.
func writeDictionary(tx *sql.Tx, lines [][]string) error {
	if _, err := tx.Exec("DELETE FROM data_dictionary"); err != nil {
		return fmt.Errorf("renew data dictionary: %w", err)
	}
	for _, l := range lines[1:] {
		if _, err := tx.Exec("INSERT INTO data_dictionary VALUES (?, ?, ?, ?, ?)", l[0], l[1], l[2], l[3], l[4]); err != nil {
			return fmt.Errorf("renew data dictionary, line %v: %w", l, err)
		}
	}
	return nil
}
