package mapping_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// small is an open-source warehouse with three sales stages, two deal types and
// stages whose positions say nothing, as real ones are.
const small = `
	INSERT INTO setup VALUES (1, 'open-source', 'x', 'ab12cd', 'test', NULL, 'test', '2026-01-01');
	INSERT INTO clean_site VALUES (1, 'UTC', 'dmy', '.', ',', 'EUR', 'CZ', 1, '{}');
	INSERT INTO clean_user (user_key, row_id, source_id, name, email, is_active, row_hash) VALUES
		('user:1', 1, '1', 'Ana Nová', 'ana@example.com', 1, 'h'), ('user:2', 2, '2', 'Old Owen', 'owen@example.com', 0, 'h');
	INSERT INTO clean_stage (stage_key, row_id, source_id, name, position, probability, origin) VALUES
		('stage:s3', 3, 's3', 'Realization', NULL, 100, 'record'), ('stage:s1', 1, 's1', 'New', 0, 10, 'record'), ('stage:s2', 2, 's2', 'Offer', 0, 30, 'record');
	INSERT INTO clean_account (account_key, row_id, source_id, name, name_strict, name_loose, employees, annual_revenue, owner_email, row_hash) VALUES
		('account:1', 1, '1', 'Acme', 'acme', 'acme', '50', '10-50M', 'owen@example.com', 'h');
	INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, skype, prefix, owner_email, custom, row_hash) VALUES
		('contact:1', 1, '1', 'Jan Novák', 'name', '=jan', 'Ing.', 'ana@example.com', '{"code":"A1","seen":"2024-01-14T14:30:00Z"}', 'h');
	INSERT INTO clean_custom_field (object, slug, label, value_type, declared, value_count, distinct_count, max_length, samples) VALUES
		('contact', 'code', 'Code', 'text', 1, 1, 1, 2, '[]'), ('contact', 'seen', 'Seen', 'stamp', 1, 1, 1, 20, '[]'), ('contact', 'never', 'Never', 'text', 1, 0, 0, 0, '[]');
	INSERT INTO clean_tag (tag_key, title, uses_contact) VALUES ('vip', 'VIP', 1);
	INSERT INTO clean_deal (deal_key, row_id, source_id, title, title_origin, status, outcome_hint, category, stage_key, stage, row_hash) VALUES
		('deal:1', 1, '1', 'A', 'title', 'ACTIVE', NULL, 'Renewal', 'stage:s2', 'Offer', 'h'),
		('deal:2', 2, '2', 'B', 'title', 'CLOSED', '45-day kill rule', 'Renewal', 'stage:s1', 'New', 'h'),
		('deal:3', 3, '3', 'C', 'title', 'CLOSED', NULL, 'New business', NULL, NULL, 'h'),
		('deal:4', 4, '4', 'D', 'title', 'ACTIVE', NULL, NULL, 'stage:s3', 'Realization', 'h'),
		('deal:5', 5, '5', 'E', 'title', 'FROZEN', NULL, NULL, 'stage:x', 'Kick-off', 'h');`

func warehouseWith(t *testing.T, statements ...string) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, s := range statements {
		execute(t, db, s)
	}
	return db
}

func execute(t *testing.T, db *warehouse.DB, statements string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statements)
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, statements)
	}
}

func run(t *testing.T, db *warehouse.DB) {
	t.Helper()
	if _, err := mapping.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// list reads the first column of a query.
func list(t *testing.T, db *warehouse.DB, query string) []string {
	t.Helper()
	rows, err := db.Read().Query(query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%v\n%s", err, query)
		}
		out = append(out, s)
	}
	return out
}

func decideSQL(table, key, column, value string) string {
	return "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('" +
		table + "', '" + key + "', '" + column + "', " + value + ", 'Eva')"
}

func TestProposals(t *testing.T) {
	db := warehouseWith(t, small)
	run(t, db)
	cases := []struct {
		name, query string
		want        []string
	}{
		{"each deal type gets every stage, by probability where positions say nothing",
			"SELECT stage || ' ' || position || ' ' || ifnull(outcome, '') FROM map_stage WHERE category = 'Renewal' ORDER BY position",
			[]string{"New 1 ", "Offer 2 ", "Realization 3 won"}},
		{"deals without a stage start in the first one",
			"SELECT stage || ' ' || position FROM map_stage WHERE map_key = 'New business/'", []string{"New 1"}},
		{"a stage that only deals know is added to their pipeline",
			"SELECT pipeline || ' ' || stage || ' ' || position FROM map_stage WHERE stage_key = 'stage:x'", []string{"NextCRM deals Kick-off 4"}},
		{"the won/lost rule decides as NextCRM's reports do",
			"SELECT map_key || ' ' || status || ' ' || deals FROM map_status WHERE deals > 0 ORDER BY position",
			[]string{"closed/reason lost 1", "closed won 1", "stage won won 1", "active open 1", "frozen open 1"}},
		{"an inactive owner falls back", "SELECT map_key FROM map_user WHERE target_email IS NULL", []string{"owen@example.com"}},
		{"and is kept in a field", "SELECT action || ' ' || target_name FROM map_field WHERE map_key = 'account.original_owner'", []string{"custom Original owner"}},
		{"a plain number goes to Pipedrive's own field, a range does not",
			"SELECT action || ' ' || target_field FROM map_field WHERE source_field IN ('employees', 'annual_revenue') ORDER BY source_field",
			[]string{"custom annual_revenue", "native employee_count"}},
		{"a stamp becomes a date and a time", "SELECT source_field || ' ' || target_type || ' ' || target_name FROM map_field WHERE source_field LIKE '%seen' ORDER BY position",
			[]string{"custom:seen date Seen", "time:custom:seen time Seen (time)"}},
		{"a declared field that nobody fills is skipped, and says so", "SELECT action || ': ' || evidence FROM map_field WHERE source_field = 'custom:never'",
			[]string{"skip: 0 values; no record has a value"}},
		{"every row has evidence", "SELECT map_key FROM map_field WHERE evidence = ''", []string{}},
		{"every record gets its mark", "SELECT DISTINCT target_name || ' ' || target_type FROM map_field WHERE source_field = 'marker'", []string{"NextCRM ID varchar"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, list(t, db, tc.query)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEveryColumnOfACleanRecordIsInTheMapOrKnownAsAKey(t *testing.T) {
	db := warehouseWith(t, small)
	for object, view := range map[string]string{"account": "golden_account", "contact": "golden_contact", "deal": "clean_deal"} {
		known := mapping.KnownColumns(object)
		for _, column := range list(t, db, "SELECT name FROM pragma_table_info('"+view+"')") {
			if !known[column] {
				t.Errorf("%s.%s is neither mapped nor internal: its values would be lost", view, column)
			}
		}
	}
}

func TestADecisionOverridesTheProposalAndSurvivesARebuild(t *testing.T) {
	db := warehouseWith(t, small,
		decideSQL("map_field", "contact.skype", "action", "'skip'"),
		decideSQL("map_field", "contact.custom:code", "target_name", "'Our code'"),
		decideSQL("map_user", "owen@example.com", "target_email", "'Ana@Example.com'"),
		decideSQL("map_setting", "default_pipeline", "value", "'Sales'"))
	run(t, db)
	run(t, db)
	want := []string{"skip", "custom Our code varchar", "ana@example.com", "Sales", "4"}
	got := list(t, db, `SELECT action FROM map_field WHERE map_key = 'contact.skype' AND decided_by = 'Eva'
		UNION ALL SELECT action || ' ' || target_name || ' ' || target_type FROM map_field WHERE map_key = 'contact.custom:code'
		UNION ALL SELECT target_email FROM map_user WHERE map_key = 'owen@example.com'
		UNION ALL SELECT DISTINCT pipeline FROM map_stage WHERE category = ''
		UNION ALL SELECT count(*) FROM (SELECT decided_by FROM map_field UNION ALL SELECT decided_by FROM map_user UNION ALL SELECT decided_by FROM map_setting) WHERE decided_by IS NOT NULL`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecisionsThatCannotBeAppliedAreNamedWithWhatIsClose(t *testing.T) {
	cases := []struct{ name, decision, want string }{
		{"unknown row", decideSQL("map_field", "contact.skipe", "action", "'skip'"), `no row "contact.skipe"; close to it: contact.skype`},
		{"unknown column", decideSQL("map_field", "contact.skype", "target_nam", "'x'"), `no column "target_nam"; close to it: target_name`},
		{"column that is measured", decideSQL("map_field", "contact.skype", "evidence", "'x'"), "column evidence is not for decisions"},
		{"unknown table", decideSQL("map_feild", "contact.skype", "action", "'skip'"), `no map table "map_feild" (decided by Eva); close to it: map_field`},
		{"unknown word", decideSQL("map_field", "contact.skype", "action", "'drop'"), `column action takes native, custom, details, skip, not "drop"`},
		{"unknown word of a setting", decideSQL("map_setting", "visible_to", "value", "'all'"), `map_setting "visible_to" takes`},
		{"no number", decideSQL("map_stage", "Renewal/stage:s1", "position", "'first'"), `takes a whole number, not "first"`},
		{"type too narrow for the values", decideSQL("map_field", "contact.custom:code", "target_type", "'double'"), `1 values do not fit type double, for example "A1"`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			db := warehouseWith(t, small, tc.decision)
			_, err := mapping.Run(t.Context(), db)
			if !errors.Is(err, mapping.ErrDecision) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestFieldsOverTheBudgetBecomeDetailsLeastUsedFirst(t *testing.T) {
	db := warehouseWith(t, small, decideSQL("map_setting", "custom_field_budget", "value", "'8'"))
	run(t, db)
	if got := list(t, db, "SELECT count(*) FROM map_field WHERE action = 'custom'"); got[0] > "8" {
		t.Errorf("%s custom fields, budget 8", got[0])
	}
	got := list(t, db, "SELECT count(*) > 0 FROM map_field WHERE action = 'details' AND evidence LIKE '%over the setting custom_field_budget'")
	if got[0] != "1" {
		t.Error("no field went over to the details")
	}
	if got := list(t, db, "SELECT count(*) FROM map_field WHERE source_field = 'marker' AND action = 'custom'"); got[0] != "3" {
		t.Errorf("%s markers left, want 3", got[0])
	}
}

func TestAFieldThatTheAccountHasIsReusedWhenTheTypeFits(t *testing.T) {
	db := warehouseWith(t, small, `
		INSERT INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
			VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a');
		INSERT INTO dest_field (target_id, entity, field_code, name, field_type, is_custom) VALUES
			(1, 'person', 'aaa', 'SKYPE', 'varchar', 1), (1, 'person', 'bbb', 'Name prefix', 'double', 1), (1, 'deal', 'ccc', 'Code', 'varchar', 1);`)
	run(t, db)
	got := list(t, db, "SELECT target_name FROM map_field WHERE map_key IN ('contact.skype', 'contact.prefix', 'contact.custom:code') ORDER BY map_key")
	if diff := cmp.Diff([]string{"Code", "Name prefix", "SKYPE"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := list(t, db, "SELECT map_key FROM map_field WHERE evidence LIKE '%the account has a field%'"); !cmp.Equal(got, []string{"contact.skype"}) {
		t.Errorf("reused: %v, want contact.skype alone", got)
	}
}

// Pipedrive never changes the type of a field. A few more contacts make a list
// of choices of a text, or a text of choices: the field that is there stays.
func TestAFieldThatWasMadeKeepsItsTypeWhenMoreRecordsWouldSuggestAnother(t *testing.T) {
	const more = `INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, prefix, row_hash)
		SELECT 'contact:' || value, value, value, 'Jan ' || value, 'name', iif(value % 2, 'Ing.', 'Mgr.'), 'h' FROM json_each('[2,3,4,5,6,7,8,9,10,11,12,13]');`
	const prefix = "SELECT target_type FROM map_field WHERE map_key = 'contact.prefix'"
	for _, kept := range []struct{ kind, data string }{{"varchar", more}, {"enum", ""}, {"text", more}} {
		db := warehouseWith(t, small, kept.data)
		run(t, db)
		if got := list(t, db, prefix); got[0] == kept.kind {
			t.Fatalf("the data alone suggest %s: this shows nothing", got)
		}
		execute(t, db, `
			INSERT INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
				VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a');
			INSERT INTO dest_field (target_id, entity, field_code, name, field_type, is_custom) VALUES (1, 'person', 'aaa', 'Name prefix', '`+kept.kind+`', 1);
			INSERT INTO bind (target_id, kind, symbol, pipedrive_id, how, bound_at)
				SELECT 1, 'field', 'person.' || target_field, 'aaa', 'created', 'a' FROM map_field WHERE map_key = 'contact.prefix';`)
		run(t, db)
		if got := list(t, db, prefix); got[0] != kept.kind {
			t.Errorf("the map says %s, the account has %s", got[0], kept.kind)
		}
	}
}

func TestFieldsThatWeMadeDoNotCountAgainstTheBudgetOfTheNextRun(t *testing.T) {
	db := warehouseWith(t, small, decideSQL("map_setting", "custom_field_budget", "value", "'14'"))
	run(t, db)
	before := list(t, db, "SELECT map_key || action FROM map_field ORDER BY 1")
	execute(t, db, `
		INSERT INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
			VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a');
		INSERT INTO run (run_id, command, started_at) VALUES (1, 'load', 'a');
		INSERT INTO dest_field (target_id, entity, field_code, name, field_type, is_custom)
			SELECT 1, entity, map_key, target_name, target_type, 1 FROM map_field WHERE action = 'custom';
		INSERT INTO provisioned (target_id, kind, symbol, pipedrive_id, run_id, made_at)
			SELECT 1, 'field', entity || '.' || target_field, map_key, 1, 'a' FROM map_field WHERE action = 'custom';`)
	run(t, db)
	if diff := cmp.Diff(before, list(t, db, "SELECT map_key || action FROM map_field ORDER BY 1")); diff != "" {
		t.Errorf("the map moved (-before +after):\n%s", diff)
	}
}

func TestCSVComesBackUnchangedAndCarriesEachEdit(t *testing.T) {
	db := warehouseWith(t, small)
	run(t, db)
	dir := t.TempDir()
	if err := mapping.ExportCSV(t.Context(), db, dir); err != nil {
		t.Fatal(err)
	}
	if n, err := mapping.ImportCSV(t.Context(), db, dir, "Eva"); err != nil || n != 0 {
		t.Fatalf("an unchanged export gives %d decisions, %v", n, err)
	}
	edit(t, filepath.Join(dir, "map_field.csv"), "Skype", "'=HYPERLINK(1)")
	if n, err := mapping.ImportCSV(t.Context(), db, dir, "Eva"); err != nil || n != 1 {
		t.Fatalf("one edit gives %d decisions, %v", n, err)
	}
	run(t, db)
	if got := list(t, db, "SELECT target_name || ' by ' || decided_by FROM map_field WHERE map_key = 'contact.skype'"); got[0] != "=HYPERLINK(1) by Eva" {
		t.Errorf("got %q", got[0])
	}
}

// edit replaces text in a file once and stores it as a spreadsheet does: with a
// byte order mark and CR LF.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, new, 1)
	if text == string(data) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	if err := os.WriteFile(file, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWrongCellsAreNamedByFileRowAndColumn(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"unknown word", ",custom,skype,", ",kustom,skype,", "column action"},
		{"unknown row", "contact.skype,", "contact.skipe,", "column map_key"},
		{"unknown column", "target_type", "target_tipe", "column target_tipe"},
		{"changed identity", "contact.skype,contact,skype", "contact.skype,contact,skipe", "column source_field"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			db := warehouseWith(t, small)
			run(t, db)
			dir := t.TempDir()
			if err := mapping.ExportCSV(t.Context(), db, dir); err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, "map_field.csv"), tc.old, tc.new)
			_, err := mapping.ImportCSV(t.Context(), db, dir, "Eva")
			if !errors.Is(err, mapping.ErrDecision) || !strings.Contains(err.Error(), "map_field.csv, row ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want file, row and %s", err, tc.want)
			}
			if got := list(t, db, "SELECT count(*) FROM decide_map"); got[0] != "0" {
				t.Errorf("%s decisions stored in spite of the error", got[0])
			}
		})
	}
}

func TestTheSealMovesWithDecisionsAndNotWithCounts(t *testing.T) {
	db := warehouseWith(t, small)
	run(t, db)
	first, err := mapping.Confirm(t.Context(), db, "Eva")
	if err != nil {
		t.Fatal(err)
	}
	if got := list(t, db, "SELECT by_name || ' ' || is_open FROM gate WHERE name = 'map_confirmed' AND seal = '"+first+"'"); !cmp.Equal(got, []string{"Eva 1"}) {
		t.Errorf("gate: %v", got)
	}
	execute(t, db, "INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, skype, row_hash) VALUES ('contact:2', 2, '2', 'Eva', 'name', 'eva', 'h')")
	run(t, db)
	if got, err := mapping.Seal(t.Context(), db); err != nil || got != first {
		t.Errorf("one more value of a mapped field moved the seal: %v", err)
	}
	execute(t, db, decideSQL("map_field", "contact.skype", "action", "'skip'"))
	run(t, db)
	if got, err := mapping.Seal(t.Context(), db); err != nil || got == first {
		t.Errorf("a decision left the seal as it was: %v", err)
	}
	if _, err := mapping.Confirm(t.Context(), db, " "); err == nil {
		t.Error("nobody confirmed, and it was accepted")
	}
}
