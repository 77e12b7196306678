package build_test

import (
	"database/sql"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	files "nextpipe/sql"
	"nextpipe/stages/build"
	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// small is an open-source warehouse with one account, contact and deal.
const small = `
	INSERT INTO setup VALUES (1, 'open-source', 'x', 'ab12cd', 'test', NULL, 'test', '2026-01-01');
	INSERT INTO clean_site VALUES (1, 'Europe/Prague', 'dmy', '.', ',', 'EUR', 'CZ', 1, '{}');
	INSERT INTO clean_user (user_key, row_id, source_id, name, email, is_active, row_hash) VALUES
		('user:1', 1, '1', 'Ana Nová', 'ana@example.com', 1, 'h'), ('user:2', 2, '2', 'Old Owen', 'owen@example.com', 0, 'h');
	INSERT INTO clean_stage (stage_key, row_id, source_id, name, position, probability, origin) VALUES
		('stage:s1', 1, 's1', 'New', 0, 10, 'record'), ('stage:s2', 2, 's2', 'Offer', 0, 30, 'record'), ('stage:s3', 3, 's3', 'Realization', NULL, 100, 'record');
	INSERT INTO clean_account (account_key, row_id, source_id, name, name_strict, name_loose, street, city, employees, annual_revenue, owner_email, created_at, row_hash) VALUES
		('account:1', 1, '1', 'Acme "s.r.o."', 'acme sro', 'acme', 'Dlouhá 1', 'Praha', '50', '10-50M', 'owen@example.com', '2020-01-02T03:04:05.678Z', 'h');
	INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, email, emails, phones, account_key, tags, owner_email, custom, row_hash) VALUES
		('contact:1', 1, '1', 'Jan Novák', 'name', 'jan@acme.example', '[{"value":"jan@acme.example","label":"work","primary":true}]',
		'[{"value":"777 123","label":"mobile","primary":true,"e164":"+420777123"}]', 'account:1', '["VIP","Trial"]', 'ana@example.com', '{}', 'h');
	INSERT INTO clean_tag (tag_key, title, uses_contact) VALUES ('vip', 'VIP', 1), ('trial', 'Trial', 1);
	INSERT INTO clean_deal (deal_key, row_id, source_id, title, title_origin, value, currency, status, category, stage_key, stage, account_key, contact_key, row_hash) VALUES
		('deal:1', 1, '1', 'Roof', 'title', '1250.50', 'CZK', 'ACTIVE', 'Renewal', 'stage:s2', 'Offer', 'account:1', 'contact:1', 'h');`

func smallWarehouse(t *testing.T, more ...string) *warehouse.DB {
	t.Helper()
	db := open(t)
	execute(t, db, strings.Join(append([]string{small}, more...), ";\n"))
	execute(t, db, crosswalk)
	mapAndBuild(t, db)
	return db
}

func TestPayloadsHoldWhatTheRecordHasAndNothingElse(t *testing.T) {
	db := smallWarehouse(t)
	for query, want := range map[string]string{
		"SELECT payload FROM final_organization": `{"name":"Acme \"s.r.o.\"","owner_id":{"@ref":"user:@fallback"},"address":{"value":"Dlouhá 1, Praha","route":"Dlouhá 1","locality":"Praha"},` +
			`"add_time":"2020-01-02T03:04:05Z","employee_count":50,"custom_fields":{"@field:organization.nextcrm_id":"ab12cd/account:1",` +
			`"@field:organization.original_owner":"owen@example.com","@field:organization.annual_revenue":"10-50M"}}`,
		"SELECT payload FROM final_person": `{"name":"Jan Novák","emails":[{"value":"jan@acme.example","label":"work","primary":true}],` +
			`"phones":[{"value":"777 123","label":"mobile","primary":true}],"org_id":{"@ref":"organization:account:1"},"owner_id":{"@ref":"user:ana@example.com"},` +
			`"label_ids":[{"@ref":"label:person:VIP"}],"custom_fields":{"@field:person.nextcrm_id":"ab12cd/contact:1",` +
			`"@field:person.nextcrm_life_cycle":[{"@ref":"option:person.nextcrm_life_cycle:Trial"}]}}`,
		"SELECT payload FROM final_deal": `{"title":"Roof","value":1250.50,"currency":"CZK","stage_id":{"@ref":"stage:renewal/offer"},"status":"open",` +
			`"org_id":{"@ref":"organization:account:1"},"person_id":{"@ref":"person:contact:1"},"owner_id":{"@ref":"user:@fallback"},` +
			`"custom_fields":{"@field:deal.nextcrm_id":"ab12cd/deal:1","@field:deal.nextcrm_details":"Status in NextCRM: ACTIVE"}}`,
	} {
		// owner_id of the deal is sent although it has no owner: the fallback, said by name.
		if diff := cmp.Diff(want, one(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestEveryPipedriveTypeHasItsShape decides a field of each type and reads the value back.
func TestEveryPipedriveTypeHasItsShape(t *testing.T) {
	cases := []struct{ kind, valueType, json, want string }{
		{"varchar", "text", `"x \"y\""`, `"x \"y\""`},
		{"varchar_auto", "text", `"x"`, `"x"`},
		{"text", "long_text", `"a\nb"`, `"a\nb"`},
		{"double", "number", `"0.10"`, `0.10`},
		{"monetary", "money", `"1250.50"`, `{"value":1250.50,"currency":"EUR"}`},
		{"date", "date", `"2024-02-29"`, `"2024-02-29"`},
		{"daterange", "text", `"2024-01-01/2024-02-01"`, `{"value":"2024-01-01","until":"2024-02-01"}`},
		{"time", "time", `"14:30"`, `{"value":"14:30:00","timezone_name":"Europe/Prague"}`},
		{"timerange", "text", `"08:00:00/16:00:00"`, `{"value":"08:00:00","until":"16:00:00","timezone_name":"Europe/Prague"}`},
		{"enum", "option", `"Gold"`, `{"@ref":"option:person.f:Gold"}`},
		{"set", "options", `["A","B"]`, `[{"@ref":"option:person.f:A"},{"@ref":"option:person.f:B"}]`},
		{"user", "user", `"ana@example.com"`, `{"@ref":"user:ana@example.com"}`},
		{"org", "text", `"1"`, `{"@ref":"organization:account:1"}`},
		{"people", "text", `"contact:1"`, `{"@ref":"person:contact:1"}`},
		{"phone", "phone", `"+420 1"`, `"+420 1"`},
		{"address", "text", `"Dlouhá 1, Praha"`, `{"value":"Dlouhá 1, Praha"}`},
	}
	for _, tc := range cases {
		t.Run(tc.kind, func(t *testing.T) {
			db := smallWarehouse(t, `INSERT INTO clean_custom_field (object, slug, label, value_type, declared, value_count, distinct_count, max_length, samples)
					VALUES ('contact', 'f', 'F', '`+tc.valueType+`', 1, 1, 1, 20, '[]')`,
				"UPDATE clean_contact SET custom = "+mapped.Literal(`{"f":`+tc.json+`}`),
				`INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_field', 'contact.custom:f', 'target_type', '`+tc.kind+`', 'test')`)
			got := one(t, db, `SELECT payload -> '$.custom_fields."@field:person.f"' FROM final_person`)
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestHostileSlugsLabelsAndTagsReachTheirField(t *testing.T) {
	slugs := []string{`q"uote`, `semi; DROP TABLE final_person; --`, `$.path[0]`, `a.b`, `it's`, `back\slash`, `R&D <b>`, `größe`, "new\nline"}
	db := open(t)
	execute(t, db, small)
	custom := "json_object("
	for i, s := range slugs {
		if i > 0 {
			custom += ", "
		}
		custom += mapped.Literal(s) + ", " + mapped.Literal("value of "+s)
		execute(t, db, `INSERT INTO clean_custom_field (object, slug, label, value_type, declared, value_count, distinct_count, max_length, samples)
			VALUES ('contact', ?1, ?1, 'option', 1, 1, 1, 20, '[]')`, s)
	}
	execute(t, db, "UPDATE clean_contact SET custom = "+custom+`), tags = json_array('A "b" ''c''; -- $.x')`)
	execute(t, db, `INSERT INTO clean_tag (tag_key, title, uses_contact) VALUES ('x', 'A "b" ''c''; -- $.x', 1)`)
	execute(t, db, crosswalk)
	mapAndBuild(t, db)
	for _, s := range slugs {
		key := one(t, db, "SELECT target_field FROM map_field WHERE source_field = 'custom:' || ?", s)
		got := one(t, db, `SELECT f.value ->> '@ref' FROM final_person, json_each(payload, '$.custom_fields') AS f WHERE f.key = '@field:person.' || ?`, key)
		if want := "option:person." + key + ":" + "value of " + s; got != want {
			t.Errorf("slug %q: got %q, want %q", s, got, want)
		}
	}
	if got, want := one(t, db, "SELECT payload ->> '$.label_ids[0].@ref' FROM final_person"), `label:person:A "b" 'c'; -- $.x`; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
	sameInShell(t, db)
}

// sameInShell runs the stored SQL in the sqlite3 shell and compares with the tables.
func sameInShell(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, table := range []string{"final_organization", "final_person", "final_deal"} {
		query := one(t, db, "SELECT sql FROM map_sql WHERE table_name = ?", table)
		// Other objects, such as campaigns, add rows by files of their own.
		want := shell(t, db, "SELECT * FROM "+table+" WHERE final_key IN (SELECT final_key FROM (\n"+query+"\n)) ORDER BY final_key")
		got := shell(t, db, "SELECT * FROM (\n"+query+"\n) ORDER BY final_key")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs in the shell (-built +shell):\n%s", table, diff)
		}
	}
}

func shell(t *testing.T, db *warehouse.DB, query string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sqlite3", "-readonly", "-bail", db.Path())
	cmd.Stdin = strings.NewReader(query + ";\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3: %v: %s", err, out)
	}
	return string(out)
}

func TestMergedRecordsLeadToTheirSurvivor(t *testing.T) {
	db := open(t)
	execute(t, db, small+`
		INSERT INTO clean_account (account_key, row_id, source_id, name, name_strict, name_loose, row_hash) VALUES ('account:2', 2, '2', 'ACME', 'acme', 'acme', 'h');
		INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, account_key, row_hash) VALUES ('contact:2', 2, '2', 'J. Novák', 'name', 'account:2', 'h');
		INSERT INTO clean_deal (deal_key, row_id, source_id, title, title_origin, account_key, contact_key, row_hash) VALUES ('deal:2', 2, '2', 'Wall', 'title', 'account:2', 'contact:2', 'h');
		INSERT INTO dup_account_cluster VALUES (1, 'account:1', 2, 'merged', 'test');
		INSERT INTO dup_account_member (row_id, account_key, cluster_id, final_key, role, rank, rule, why) VALUES
			(1, 'account:1', 1, 'account:1', 'survivor', 1, 'r', 'r'), (2, 'account:2', 1, 'account:1', 'merged', 2, 'r', 'r');
		INSERT INTO dup_account_golden SELECT * FROM clean_account WHERE account_key = 'account:1';
		INSERT INTO dup_contact_cluster VALUES (1, 'contact:1', 2, 'merged', 'test');
		INSERT INTO dup_contact_member (row_id, contact_key, cluster_id, final_key, role, rank, rule, why) VALUES
			(1, 'contact:1', 1, 'contact:1', 'survivor', 1, 'r', 'r'), (2, 'contact:2', 1, 'contact:1', 'merged', 2, 'r', 'r');
		INSERT INTO dup_contact_golden SELECT * FROM clean_contact WHERE contact_key = 'contact:1';
		INSERT INTO xw_account VALUES (1, '1', 'account:1', 'final', 'account:1', NULL, NULL), (2, '2', 'account:2', 'merged', 'account:1', 'r', 'r');
		INSERT INTO xw_contact VALUES (1, '1', 'contact:1', 'final', 'contact:1', NULL, NULL), (2, '2', 'contact:2', 'merged', 'contact:1', 'r', 'r');
		INSERT INTO xw_deal VALUES (1, '1', 'deal:1', 'final', 'deal:1', NULL, NULL), (2, '2', 'deal:2', 'final', 'deal:2', NULL, NULL);`)
	mapAndBuild(t, db)
	got := one(t, db, "SELECT organization_key || ' ' || person_key || ' ' || (payload ->> '$.org_id.@ref') FROM final_deal WHERE final_key = 'deal:2'")
	if want := "account:1 contact:1 organization:account:1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := one(t, db, "SELECT (SELECT count(*) FROM final_organization) || ' ' || (SELECT count(*) FROM final_person)"); n != "1 1" {
		t.Errorf("organizations and persons: %s, want 1 1", n)
	}
}

func TestClosedDealsTakeTheBestTimeTheyHave(t *testing.T) {
	cases := []struct{ name, columns, status, want string }{
		{"its own time", "won_at = '2024-01-01T10:00:00.123Z', updated_at = '2024-05-05T00:00:00Z'", "CLOSED", "2024-01-01T10:00:00Z"},
		{"the expected date when the deal was touched later", "expected_close_on = '2024-02-01', updated_at = '2024-03-01T08:00:00Z'", "CLOSED", "2024-02-01T12:00:00Z"},
		{"the last change when it came before the expected date", "expected_close_on = '2030-02-01', updated_at = '2024-03-01T08:00:00Z'", "CLOSED", "2024-03-01T08:00:00Z"},
		{"creation", "created_at = '2023-03-01T08:00:00Z'", "CLOSED", "2023-03-01T08:00:00Z"},
		{"nothing", "title = title", "CLOSED", ""},
		{"lost by inactivity", "updated_at = '2024-03-01T08:00:00Z'", "INACTIVE", "2024-03-01T08:00:00Z"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			db := smallWarehouse(t, "UPDATE clean_deal SET status = '"+tc.status+"', "+tc.columns)
			got := one(t, db, "SELECT payload ->> ('$.' || status || '_time') FROM final_deal")
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if other := one(t, db, "SELECT payload ->> iif(status = 'won', '$.lost_time', '$.won_time') FROM final_deal"); other != "" {
				t.Errorf("a time of the other outcome is sent: %s", other)
			}
		})
	}
}

func TestAReasonFromTheAuditLogMakesAClosedDealLost(t *testing.T) {
	db := smallWarehouse(t, "UPDATE clean_deal SET status = 'CLOSED', outcome_hint = '45-day kill rule', updated_at = '2024-03-01T08:00:00Z'")
	if got := one(t, db, "SELECT status || ': ' || (payload ->> '$.lost_reason') FROM final_deal"); got != "lost: 45-day kill rule" {
		t.Errorf("got %q", got)
	}
}

func TestWonDataOfAnOpenDealStandsInTheDetails(t *testing.T) {
	db := smallWarehouse(t, "UPDATE clean_deal SET lost_reason = 'Price', won_at = '2024-01-01T10:00:00Z'")
	got := one(t, db, `SELECT payload ->> '$.custom_fields."@field:deal.nextcrm_details"' FROM final_deal`)
	if !strings.Contains(got, "won 2024-01-01T10:00:00Z, reason: Price") {
		t.Errorf("details are %q", got)
	}
}

func TestAnOptionThatCameAfterTheMapStopsTheBuild(t *testing.T) {
	db := smallWarehouse(t, "UPDATE clean_contact SET contact_type = 'Customer'")
	execute(t, db, "UPDATE clean_contact SET contact_type = 'Partner'")
	_, err := build.Run(t.Context(), db)
	if !errors.Is(err, build.ErrChecks) || !strings.Contains(err.Error(), "person.contact_type:Partner") {
		t.Fatalf("got %v, want ErrChecks that names the option", err)
	}
	if got := one(t, db, "SELECT group_concat(check_name) FROM final_check WHERE failures > 0"); got != "option_missing" {
		t.Errorf("final_check says %q", got)
	}
}

func TestOptionsAreSentUnderTheirDecidedLabelOrLeftOut(t *testing.T) {
	for label, want := range map[string]string{"'Client'": "option:person.contact_type:Client", "NULL": ""} {
		db := smallWarehouse(t, "UPDATE clean_contact SET contact_type = 'Customer'",
			"INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, contact_type, row_hash) VALUES ('contact:2', 2, '2', 'Eva', 'name', 'Partner', 'h')",
			`INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_option', 'contact.contact_type=Customer', 'label', `+label+`, 'test')`)
		got := one(t, db, `SELECT payload ->> '$.custom_fields."@field:person.contact_type".@ref' FROM final_person WHERE final_key = 'contact:1'`)
		if got != want {
			t.Errorf("label %s: sent %q, want %q", label, got, want)
		}
	}
}

func TestTwoFieldsForOneTargetAreRefused(t *testing.T) {
	db := smallWarehouse(t)
	execute(t, db, "UPDATE clean_contact SET skype = 'a', prefix = 'b'")
	execute(t, db, `INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_field', 'contact.skype', 'target_field', 'prefix', 'test')`)
	if _, err := mapping.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Run(t.Context(), db); err == nil || !strings.Contains(err.Error(), "both go to prefix") {
		t.Errorf("got %v, want an error that names both fields", err)
	}
}

func TestHeadersNameTheTablesThatSQLiteOpens(t *testing.T) {
	db := open(t)
	for _, dir := range []string{"final", "check"} {
		models, err := model.Load(files.Files, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			named := map[string]bool{}
			for _, table := range m.Reads { // views are seen through
				for _, name := range opened(t, db, "SELECT * FROM "+table) {
					named[name] = true
				}
			}
			for _, name := range opened(t, db, m.SQL) {
				if !named[name] {
					t.Errorf("%s reads %s, its header does not say so", m.File, name)
				}
			}
		}
	}
}

func opened(t *testing.T, db *warehouse.DB, query string) (tables []string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) (err error) {
		tables, err = model.Opened(t.Context(), tx, query)
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return tables
}

func TestATextOverTheLimitGoesIntoNotesOfItsRecordWhole(t *testing.T) {
	db := smallWarehouse(t, `UPDATE clean_account SET description = replace(hex(zeroblob(32768)), '0', 'q')`)
	if got := one(t, db, "SELECT final_key || ' ' || field_key || ' ' || characters || ' ' || length(value) FROM final_held_back"); got != "account:1 description 65536 65536" {
		t.Errorf("held back: %s", got)
	}
	if payload := one(t, db, "SELECT payload FROM final_organization"); strings.Contains(payload, "qqq") || !strings.Contains(payload, `"name":"Acme`) {
		t.Errorf("the payload is %.200s", payload)
	}
	if got := one(t, db, "SELECT length(replace(group_concat(payload ->> '$.content', ''), 'q', '')) - length(group_concat(payload ->> '$.content', '')) FROM final_note WHERE organization_key = 'account:1'"); got != "-65536" {
		t.Errorf("the notes hold %s of its 65,536 letters", got)
	}
	db = smallWarehouse(t, `UPDATE clean_account SET description = substr(replace(hex(zeroblob(32768)), '0', 'q'), 2)`)
	if got := one(t, db, "SELECT count(*) || ' ' || (SELECT payload LIKE '%qqq%' FROM final_organization) FROM final_held_back"); got != "0 1" {
		t.Errorf("a text of 65,535 characters: %s", got)
	}
}
