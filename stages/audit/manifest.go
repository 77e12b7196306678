package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// manifestEnding is added to the name of the file that a manifest describes.
const manifestEnding = ".manifest.json"

// Manifest says what is in an exported file, and how to prove it.
type Manifest struct {
	File     string    `json:"file"`
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"`
	Redacted bool      `json:"redacted"`
	MadeAt   string    `json:"made_at"`
	Tool     string    `json:"tool"`
	Schema   int64     `json:"schema"` // newest migration
	Source   Source    `json:"source"`
	Seals    []Seal    `json:"seals"`
	SignOffs []SignOff `json:"sign_offs"`
	// Dangling counts references to rows that are not there; the warehouse has as many.
	Dangling int64 `json:"dangling"`
	// TableHash says how the hashes of tables are made.
	TableHash string  `json:"table_hash"`
	Tables    []Table `json:"tables"`
	// LeftOut are tables and views of people's own: a redacted copy has none.
	LeftOut []string `json:"left_out,omitempty"`
}

// Source is the NextCRM that was moved.
type Source struct {
	Edition string `json:"edition"`
	ID      string `json:"id"`
	Name    string `json:"name"`
}

// Seal is the hash of the final records that an account's current plan stands on.
type Seal struct {
	Account string `json:"account"`
	Role    string `json:"role"`
	Seal    string `json:"seal"`
	// Verified is whether exactly these records were read back and compared.
	Verified bool `json:"verified"`
}

// SignOff is one decision of a person that let something pass.
type SignOff struct {
	What    string `json:"what"`
	Account string `json:"account,omitempty"`
	By      string `json:"by"`
	At      string `json:"at"`
	Holds   bool   `json:"holds"`
	Seal    string `json:"seal"`
	Why     string `json:"why,omitempty"`
}

// Table is one table of the file.
type Table struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
	// Policies of its text columns; left out when nothing is redacted.
	Columns map[string]policy `json:"columns,omitempty"`
}

const tableHash = `SHA-256 of the lines that SELECT * FROM the table gives, values as SQL's quote() writes them, with commas between: sqlite3 -quote FILE "SELECT * FROM table" | sha256sum`

// describe reopens the finished file, proves that it is sound, and lists it.
func describe(ctx context.Context, part string, o Options) (Manifest, error) {
	m := Manifest{File: o.Out, Redacted: !o.Full, MadeAt: o.Now, Tool: "nextpipe " + o.Version, TableHash: tableHash}
	err := warehouse.ReadOnly(ctx, part, func(db *sql.DB) error {
		return errors.Join(isSound(ctx, db), m.readHead(ctx, db), m.readTables(ctx, db))
	})
	if err != nil {
		return m, err
	}
	f, err := os.Open(part)
	if err != nil {
		return m, err
	}
	defer f.Close()
	sum := sha256.New()
	if m.Bytes, err = io.Copy(sum, f); err != nil {
		return m, err
	}
	m.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return m, nil
}

// isSound runs SQLite's own checks.
func isSound(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return errors.Join(err, fmt.Errorf("%w: the copy says %q", warehouse.ErrDamaged, verdict))
	}
	return nil
}

func (m *Manifest) readHead(ctx context.Context, db *sql.DB) error {
	err := db.QueryRowContext(ctx, `SELECT (SELECT max(version_id) FROM goose_db_version),
		(SELECT count(*) FROM pragma_foreign_key_check), coalesce((SELECT source_edition FROM setup), ''), coalesce((SELECT source_id FROM setup), ''), coalesce((SELECT source_name FROM setup), '')`).
		Scan(&m.Schema, &m.Dangling, &m.Source.Edition, &m.Source.ID, &m.Source.Name)
	if err != nil {
		return err
	}
	err = each(ctx, db, `SELECT t.domain, t.role, p.seal, v.seal IS p.seal AND v.differences + v.off_by = 0 FROM plan AS p JOIN target AS t USING (target_id)
		LEFT JOIN verification AS v USING (target_id) WHERE p.is_current = 1 ORDER BY t.target_id`, func(rows *sql.Rows) error {
		var s Seal
		err := rows.Scan(&s.Account, &s.Role, &s.Seal, &s.Verified)
		m.Seals = append(m.Seals, s)
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, db, `SELECT g.name, coalesce(t.domain, ''), g.by_name, g.at, g.is_open, g.seal, coalesce(g.reason, '') FROM gate AS g LEFT JOIN target AS t USING (target_id)
		UNION ALL SELECT 'rehearsal_signed', t.domain, s.by_name, s.at, 1, s.seal, coalesce(s.note, '') FROM signoff AS s JOIN target AS t USING (target_id) ORDER BY 4`, func(rows *sql.Rows) error {
		var s SignOff
		err := rows.Scan(&s.What, &s.Account, &s.By, &s.At, &s.Holds, &s.Seal, &s.Why)
		m.SignOffs = append(m.SignOffs, s)
		return err
	})
}

func each(ctx context.Context, db *sql.DB, query string, row func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (m *Manifest) readTables(ctx context.Context, db *sql.DB) error {
	var all []part
	err := each(ctx, db, `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`, func(rows *sql.Rows) error {
		var p part
		err := rows.Scan(&p.name, &p.ddl)
		all = append(all, p)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range all {
		t, err := readTable(ctx, db, p, m.Redacted)
		if err != nil {
			return fmt.Errorf("table %s: %w", p.name, err)
		}
		m.Tables = append(m.Tables, t)
	}
	return nil
}

func readTable(ctx context.Context, db *sql.DB, p part, isRedacted bool) (Table, error) {
	t := Table{Name: p.name}
	var columns, texts, quoted []string
	err := each(ctx, db, "SELECT name, type FROM pragma_table_info("+warehouse.Quote(p.name)+")", func(rows *sql.Rows) error {
		var name, kind string
		err := rows.Scan(&name, &kind)
		columns, quoted = append(columns, name), append(quoted, "quote("+warehouse.Quote(name)+")")
		if kind == "TEXT" {
			texts = append(texts, name)
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if isRedacted && len(texts) > 0 {
		t.Columns = policies(p.name, p.ddl, columns)
		for name := range t.Columns {
			if !slices.Contains(texts, name) {
				delete(t.Columns, name)
			}
		}
	}
	sum := sha256.New()
	err = each(ctx, db, "SELECT "+strings.Join(quoted, " || ',' || ")+" FROM "+warehouse.Quote(p.name), func(rows *sql.Rows) error {
		var line sql.RawBytes
		err := rows.Scan(&line)
		t.Rows++
		sum.Write(append(line, '\n'))
		return err
	})
	t.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return t, err
}

func (m Manifest) write(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}
