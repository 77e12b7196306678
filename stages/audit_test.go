package stages

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/audit"
	"nextpipe/stages/internal/warehouse"
)

// loadedSample is the warehouse file of the sample after a whole run with a
// decision and a sign-off, closed.
func loadedSample(t *testing.T) string {
	t.Helper()
	e, ctx := sampleEnv(t), t.Context()
	if err := e.Execute(ctx, "run", wholeRun...); ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if err := e.Signoff(ctx, "Ana Kask", "looked at 30 records"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return e.DB.Path()
}

// plain opens a database without any rules, for tests that plant and look.
func plain(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func column(t *testing.T, db *sql.DB, query string, args ...any) (out []string) {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.String)
	}
	return out
}

const canary = "Canary Ana <ana.canary@example.com> +49 30 5550199 "

// plant writes a canary into every text column of the layers that hold personal
// data, in a row of its own where a table is empty. It returns the columns that
// take none: their own CHECK allows nothing but words of ours.
func plant(t *testing.T, db *sql.DB) (planted int, refused []string) {
	t.Helper()
	tables := column(t, db, `SELECT d.table_name FROM data_dictionary AS d JOIN sqlite_schema AS s ON s.name = d.table_name AND s.type = 'table'
		WHERE d.column_name = '' AND d.layer IN ('staging', 'clean', 'final', 'journal') ORDER BY 1`)
	if len(tables) < 100 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, table := range tables {
		fillEmpty(t, db, table)
		// Who decided stays readable, as in decide_*.
		for _, c := range column(t, db, "SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT' AND name <> 'decided_by'", table) {
			set := fmt.Sprintf("UPDATE %s SET %s = ", warehouse.Quote(table), warehouse.Quote(c))
			// What was there stays behind it: keys stay unique, and still refer to each other.
			_, err := db.Exec(set + "'" + canary + "' || coalesce(" + warehouse.Quote(c) + ", '')")
			if err != nil {
				_, err = db.Exec(set + "'" + canary + "' || " + warehouse.Quote(c))
			}
			if err != nil {
				_, err = db.Exec(set + `'{"name":"` + canary + `' || random() || '"}'`)
			}
			if err != nil {
				refused = append(refused, table+"."+c)
				continue
			}
			planted++
		}
	}
	return planted, refused
}

var firstWord = regexp.MustCompile(`(\w+) IN \('(\w+)'`)

// fillEmpty gives an empty table one row.
func fillEmpty(t *testing.T, db *sql.DB, table string) {
	t.Helper()
	if column(t, db, "SELECT count(*) FROM "+warehouse.Quote(table))[0] != "0" {
		return
	}
	words := map[string]string{}
	for _, m := range firstWord.FindAllStringSubmatch(column(t, db, "SELECT sql FROM sqlite_schema WHERE name = ?", table)[0], -1) {
		words[m[1]] = "'" + m[2] + "'"
	}
	var names, values []string
	for _, c := range column(t, db, `SELECT name || ' ' || type FROM pragma_table_info(?) WHERE "notnull" OR pk`, table) {
		name, kind, _ := strings.Cut(c, " ")
		value := words[name]
		if value == "" {
			value = map[string]string{"TEXT": "'{}'"}[kind]
		}
		if value == "" {
			value = "1"
		}
		names, values = append(names, warehouse.Quote(name)), append(values, value)
	}
	if _, err := db.Exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", "))); err != nil {
		t.Errorf("no row for %s: %v", table, err)
	}
}

func export(t *testing.T, from string, full bool) (string, audit.Manifest) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "audit.db")
	m, err := ExportAudit(t.Context(), from, out, full)
	if err != nil {
		t.Fatal(err)
	}
	return out, m
}

func TestExportAudit_ACanaryInAnyTextColumnIsNowhereInTheFile(t *testing.T) {
	from := loadedSample(t)
	db := plain(t, from)
	planted, refused := plant(t, db)
	t.Logf("planted %d, refused by their tables %d: %v", planted, len(refused), refused)
	if planted < 1500 {
		t.Errorf("only %d columns took a canary", planted)
	}
	for _, name := range refused {
		table, c, _ := strings.Cut(name, ".")
		if ddl := column(t, db, "SELECT sql FROM sqlite_schema WHERE name = ?", table)[0]; !regexp.MustCompile(`\b` + c + ` (IN \('|IS NULL OR ` + c + ` IN|= ')`).MatchString(ddl) {
			t.Errorf("%s took no canary, and no CHECK says why", name)
		}
	}
	db.Close()
	out, _ := export(t, from, false)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"anary", "example.com>", "5550199"} {
		if n := bytes.Count(data, []byte(word)); n > 0 {
			t.Errorf("%q stands %d times in the redacted file, in %v", word, n, holders(t, plain(t, out), word))
		}
	}
	whole, _ := export(t, from, true)
	if data, err = os.ReadFile(whole); err != nil || !bytes.Contains(data, []byte("ana.canary@")) {
		t.Errorf("the whole copy lacks the canary: what is searched for is not what was planted (%v)", err)
	}
}

// holders names the columns in which a word stands.
func holders(t *testing.T, db *sql.DB, word string) (out []string) {
	for _, c := range column(t, db, "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'") {
		table, name, _ := strings.Cut(c, ".")
		if column(t, db, fmt.Sprintf("SELECT count(*) FROM %s WHERE instr(%s, ?)", warehouse.Quote(table), warehouse.Quote(name)), word)[0] != "0" {
			out = append(out, c)
		}
	}
	return out
}

func TestExportAudit_WhatPeopleTypedKeepsNoAddressAndNoTelephoneNumber(t *testing.T) {
	from := loadedSample(t)
	db := plain(t, from)
	for _, typed := range []string{
		"UPDATE gate SET reason = 'asked ' || ?1 || ' again', by_name = 'Ana ' || ?1", "UPDATE signoff SET note = 'asked ' || ?1 || ' again', by_name = 'Ana ' || ?1",
		"UPDATE target SET declared_by = 'Ana ' || ?1", "UPDATE run SET command = 'run ' || ?1",
		"INSERT INTO decide_map (map_table, map_key, column_name, value, by_name, why, at) SELECT 'map_user', 'user:1', 'x', 'y', 'Ana ' || ?1, 'w', 't'",
	} {
		if _, err := db.Exec(typed, "ana.canary@example.com, +49 30 5550199,"); err != nil {
			t.Fatalf("%s: %v", typed, err)
		}
	}
	db.Close()
	out, m := export(t, from, false)
	manifest, err := os.ReadFile(out + ".manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"canary", "5550199"} {
		if bytes.Contains(data, []byte(word)) || bytes.Contains(manifest, []byte(word)) {
			t.Errorf("%q is in the copy (%v) or its manifest: %t", word, holders(t, plain(t, out), word), bytes.Contains(manifest, []byte(word)))
		}
	}
	if !slices.ContainsFunc(m.SignOffs, func(s audit.SignOff) bool {
		return strings.HasPrefix(s.By, "Ana ~") && strings.HasPrefix(s.Why, "asked ~")
	}) {
		t.Errorf("what else was typed should stay: %+v", m.SignOffs)
	}
}

func TestExportAudit_WhatPeopleMadeThemselvesIsLeftOutAndNamed(t *testing.T) {
	from := loadedSample(t)
	tables := len(column(t, plain(t, from), "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"))
	if _, err := plain(t, from).Exec(`CREATE TABLE my_list (phone INTEGER, pay REAL, mail TEXT); INSERT INTO my_list VALUES (49305550199, 71234.5, 'ana.canary@example.com');
		CREATE INDEX my_index ON my_list (mail) WHERE mail <> 'ben.canary@example.com'; CREATE VIEW my_view AS SELECT * FROM link WHERE final_key <> 'eva.canary@example.com'`); err != nil {
		t.Fatal(err)
	}
	out, m := export(t, from, false)
	if diff := cmp.Diff([]string{"table my_list", "index my_index", "view my_view"}, m.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(out)
	if err != nil || bytes.Contains(data, []byte("canary")) || len(column(t, plain(t, out), "SELECT name FROM sqlite_schema WHERE name LIKE 'my\\_%' ESCAPE '\\'")) > 0 {
		t.Errorf("something of them is in the copy (%v)", err)
	}
	if len(m.Tables) != tables {
		t.Errorf("%d tables in the copy, %d of ours in the warehouse", len(m.Tables), tables)
	}
	if _, m = export(t, from, true); len(m.Tables) != tables+1 || m.LeftOut != nil {
		t.Errorf("the whole copy has %d tables and left out %v", len(m.Tables), m.LeftOut)
	}
}

func TestExportAudit_NothingOfTheSamplesPeopleIsInTheFile(t *testing.T) {
	from := loadedSample(t)
	out, _ := export(t, from, false)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ToLower(data)
	people := column(t, plain(t, from), `SELECT DISTINCT lower(email) FROM stg_contact WHERE email LIKE '%@%' UNION SELECT lower(phone) FROM stg_contact WHERE length(phone) > 7
		UNION SELECT lower(substr(body, 1, 40)) FROM clean_activity WHERE length(body) > 40 UNION SELECT lower(full_name) FROM (SELECT first_name || ' ' || last_name AS full_name FROM stg_contact) WHERE length(full_name) > 8
		UNION SELECT lower(title) FROM stg_deal WHERE length(title) > 12 UNION SELECT lower(email) FROM stg_user`)
	if len(people) < 500 {
		t.Fatalf("only %d things to look for", len(people))
	}
	for _, text := range people {
		if text != "" && bytes.Contains(data, []byte(text)) {
			t.Errorf("the redacted file holds %q", text)
		}
	}
}

func TestExportAudit_CountsKeysLedgersAndDecisionsSayTheSame(t *testing.T) {
	from := loadedSample(t)
	before, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	out, m := export(t, from, false)
	if after, err := os.ReadFile(from); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the export changed the warehouse (%v)", err)
	}
	was, is := plain(t, from), plain(t, out)
	for _, q := range []string{
		"SELECT concat_ws(' ', entity, planned, done, refused, blocked, quarantined, pending, off_by) FROM reconcile_final",
		"SELECT concat_ws(' ', object, extracted, final, merged, rejected, excluded, documented, off_by) FROM reconcile_source",
		"SELECT concat_ws(' ', x.source_id, x.fate, x.final_key, l.state) FROM xw_contact AS x JOIN link AS l USING (final_key) WHERE x.final_key = 'contact:1081'",
		"SELECT concat_ws(' ', entity, count(*)) FROM final_item AS f JOIN link AS l USING (entity, final_key) WHERE l.symbolic = f.payload GROUP BY entity ORDER BY 1",
		"SELECT concat_ws(' ', s.position, d.status, count(*)) FROM final_deal AS d JOIN final_stage AS s USING (stage_key) GROUP BY s.position, d.status ORDER BY 1",
		"SELECT concat_ws(' ', i.rule, r.meaning, count(*)) FROM issue AS i JOIN issue_rule AS r USING (rule) GROUP BY i.rule",
		"SELECT concat_ws(' ', check_name, failures, description) FROM final_check",
		"SELECT concat_ws(' ', object, source_id, fate, rule) FROM clean_drop",
		"SELECT concat_ws(' ', rule, decision, count(*)) FROM dup_contact_pair GROUP BY rule, decision ORDER BY 1",
		"SELECT concat_ws(' ', entity, verb, state, count(*)) FROM load_op GROUP BY entity, verb, state ORDER BY 1",
		"SELECT count(*) FROM dup_contact_member AS m JOIN clean_contact AS c USING (contact_key) JOIN dup_contact_cluster USING (cluster_id)",
		"SELECT concat_ws(' ', by_name, note, seal) FROM signoff",
		"SELECT concat_ws(' ', name, by_name, is_open, seal) FROM gate",
		"SELECT count(*) FROM v_rejects UNION ALL SELECT count(*) FROM golden_contact UNION ALL SELECT count(*) FROM v_late_duplicate",
	} {
		if diff := cmp.Diff(column(t, was, q), column(t, is, q)); diff != "" {
			t.Errorf("%s (-warehouse +copy):\n%s", q, diff)
		}
	}
	for _, table := range m.Tables {
		if n := column(t, was, "SELECT count(*) FROM "+warehouse.Quote(table.Name))[0]; n != fmt.Sprint(table.Rows) {
			t.Errorf("%s has %d rows in the copy, %s in the warehouse", table.Name, table.Rows, n)
		}
	}
	if m.Dangling != 0 {
		t.Errorf("%d references lead nowhere", m.Dangling)
	}
	for pragma, want := range map[string]string{"integrity_check": "ok", "freelist_count": "0"} {
		if got := column(t, is, "PRAGMA "+pragma); got[0] != want {
			t.Errorf("%s says %v", pragma, got)
		}
	}
}

func TestExportAudit_TheManifestProvesTheFileAndEachOfItsTables(t *testing.T) {
	from := loadedSample(t)
	for _, full := range []bool{false, true} {
		out, m := export(t, from, full)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != m.SHA256 || m.Bytes != int64(len(data)) || m.Redacted == full {
			t.Errorf("full %t: the manifest is of another file: %s", full, m.SHA256)
		}
		var stored audit.Manifest
		written, err := os.ReadFile(out + ".manifest.json")
		if err != nil || json.Unmarshal(written, &stored) != nil {
			t.Fatalf("manifest: %v\n%s", err, written)
		}
		if diff := cmp.Diff(m, stored); diff != "" {
			t.Errorf("the stored manifest is another (-returned +stored):\n%s", diff)
		}
		if !slices.ContainsFunc(m.SignOffs, func(s audit.SignOff) bool {
			return s.What == "rehearsal_signed" && s.By == "Ana Kask" && s.Seal == m.Seals[0].Seal
		}) || !m.Seals[0].Verified {
			t.Errorf("full %t: sign-offs %v, seals %v", full, m.SignOffs, m.Seals)
		}
		for _, table := range m.Tables {
			if !slices.Contains([]string{"reconcile_final", "link", "dup_contact_pair", "stg_contact", "plan_op"}, table.Name) {
				continue
			}
			// The auditor's own tools, as the manifest says.
			shell := exec.Command("sh", "-c", fmt.Sprintf(`sqlite3 -quote %q "SELECT * FROM %s" | sha256sum`, out, table.Name))
			said, err := shell.Output()
			if err != nil || strings.Fields(string(said))[0] != table.SHA256 {
				t.Errorf("full %t: %s hashes to %s, the manifest says %s (%v)", full, table.Name, said, table.SHA256, err)
			}
		}
		if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("full %t: mode %v, %v", full, info.Mode(), err)
		}
		if _, err := ExportAudit(t.Context(), from, out, full); ExitCode(err) != 2 {
			t.Errorf("full %t: an export over an earlier one gave %v", full, err)
		}
	}
}
