package clean_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/clean"
	"nextpipe/stages/internal/warehouse"
)

type row = map[string]string

// expect compares the lines of a query.
func expect(t *testing.T, db *warehouse.DB, what, q string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, query(t, db, q)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLocalTimesWithoutAZoneStopTheStageAndNameAnExample(t *testing.T) {
	db := newWarehouse(t, "plugin", "")
	stageRows(t, db, "contact", row{"id": "1", "email": "a@b.example", "created_at": "2024-05-01T10:00:00Z"},
		row{"id": "2", "email": "b@b.example", "created_at": "2024-05-01 10:00:00"})
	_, err := clean.Run(t.Context(), db)
	var zone *clean.TimezoneError
	if !errors.As(err, &zone) {
		t.Fatalf("got %v, want a TimezoneError", err)
	}
	want := clean.TimezoneError{Table: "contacts.csv", Row: 3, Field: "contact.created_at", Value: "2024-05-01 10:00:00"}
	if diff := cmp.Diff(want, *zone); diff != "" {
		t.Errorf("example (-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "--source-timezone") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	expect(t, db, "a failed run leaves nothing half done", "SELECT count(*) FROM clean_contact", "0")
}

func TestLocalTimesInCustomFieldsNeedAZoneToo(t *testing.T) {
	db := newWarehouse(t, "plugin", "")
	stageRows(t, db, "custom_field", row{"slug": "demo", "type": "date_time", "object": "contact"})
	stageRows(t, db, "contact", row{"id": "1", "email": "a@b.example", "extra": `{"demo":"2024-05-01 10:00:00"}`})
	_, err := clean.Run(t.Context(), db)
	var zone *clean.TimezoneError
	if !errors.As(err, &zone) || zone.Field != "contact.demo" {
		t.Errorf("got %v, want a TimezoneError on contact.demo", err)
	}
}

func TestZonedTimesNeedNoZone(t *testing.T) {
	db := newWarehouse(t, "plugin", "")
	stageRows(t, db, "contact", row{"id": "1", "email": "a@b.example", "created_at": "2024-05-01T10:00:00+02:00"})
	run(t, db)
	expect(t, db, "stamp", "SELECT created_at FROM clean_contact", "2024-05-01T08:00:00Z")
}

func TestTheOpenSourceEditionIsReadAsUTCWithItsOwnDateOrder(t *testing.T) {
	db := newWarehouse(t, "open-source", "")
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Doe", "created_at": "2024-07-01 10:00:00.123", "birthday": "3/4/1980"})
	run(t, db)
	expect(t, db, "dates", "SELECT created_at, birthday FROM clean_contact", "2024-07-01T10:00:00Z | 1980-04-03")
}

func TestADecisionWinsOverFlagAndSource(t *testing.T) {
	db := newWarehouse(t, "plugin", "Europe/Berlin")
	stageRows(t, db, "setting", row{"key": "date_order", "value": "dmy"}, row{"key": "locale", "value": "de_DE"}, row{"key": "timezone", "value": "Europe/Paris"})
	stageRows(t, db, "deal", row{"id": "1", "title": "A", "value": "1,500", "expected_close_date": "03/04/2024", "created_at": "2024-01-01 00:00:00"})
	run(t, db)
	expect(t, db, "as the source says", "SELECT value, expected_close_on, default_currency, created_at FROM clean_deal, clean_site",
		"NULL | 2024-04-03 | EUR | 2023-12-31T23:00:00Z")
	for _, s := range [][2]string{{"date_order", "mdy"}, {"default_currency", "USD"}, {"source_timezone", "America/New_York"}, {"decimal_mark", ","}} {
		exec(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', '"+s[0]+"', 'value', '"+s[1]+"', 'Kim')")
	}
	run(t, db)
	expect(t, db, "as decided", "SELECT value, expected_close_on, currency, created_at FROM clean_deal", "1.500 | 2024-03-04 | USD | 2024-01-01T05:00:00Z")
	expect(t, db, "evidence", "SELECT evidence ->> 'date_order' FROM clean_site", "decision by Kim")
}

func TestAColumnThatNothingDecidesGivesIssuesNotGuesses(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "contact", row{"id": "1", "email": "a@b.example", "birthday": "03/04/1980"}, row{"id": "2", "email": "b@b.example", "birthday": "05/06/1980"})
	run(t, db)
	expect(t, db, "birthdays", "SELECT count(birthday) FROM clean_contact", "0")
	expect(t, db, "issues", "SELECT rule, record_key, value FROM issue WHERE field = 'birthday' ORDER BY issue_id",
		"column_undecided | NULL | not known: 2 values cannot be told", "ambiguous_date | contact:1 | 03/04/1980", "ambiguous_date | contact:2 | 05/06/1980")
	stageRows(t, db, "contact", row{"id": "3", "email": "c@b.example", "birthday": "25/12/1980"})
	run(t, db)
	expect(t, db, "one value above 12 decides the column", "SELECT birthday FROM clean_contact ORDER BY row_id", "1980-04-03", "1980-06-05", "1980-12-25")
}

func TestACorrectedValueStandsInFrontOfTheStagedOne(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "contact", row{"id": "1,001", "email": "a@b", "first_name": "Ann", "extra": `{"tier":"Gold"}`}, row{"id": "1002", "first_name": "Bo"})
	exec(t, db, `INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES
		('contact', '1001', 'email', 'ann@b.example', 'Kim'), ('contact', '1001', 'custom:tier', 'Silver', 'Kim'),
		('contact', '1002', 'last_name', 'Diddley', 'Kim'), ('contact', '1002', 'nonsense', 'x', 'Kim'), ('contact', '9', 'email', 'x@y.example', 'Kim')`)
	run(t, db)
	expect(t, db, "contacts", "SELECT name, email, custom ->> 'tier' FROM clean_contact ORDER BY row_id", "Ann | ann@b.example | Silver", "Bo Diddley | NULL | NULL")
	expect(t, db, "corrections that fit nothing", "SELECT record_key, field FROM issue WHERE rule = 'fix_not_applied' ORDER BY 1", "contact:1002 | nonsense", "contact:9 | email")
	expect(t, db, "staging stays as it is", "SELECT email FROM stg_contact WHERE row_id = 1", "a@b")
	run(t, db)
	expect(t, db, "a second run gives the same", "SELECT count(*) FROM clean_contact WHERE email = 'ann@b.example'", "1")
}

func TestRepeatedRecordsGiveOneTheNewest(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	old := row{"id": "1001", "first_name": "Ann", "updated_at": "2024-01-01 00:00:00", "extra": `{"tier":"Gold"}`}
	stageRows(t, db, "contact", old, row{"id": "1,001", "first_name": "Anne", "updated_at": "2024-02-01 00:00:00", "extra": `{"tier":"Silver"}`}, old,
		row{"id": "2", "first_name": "Bo"}, row{"id": "2", "first_name": "Bo"})
	run(t, db)
	expect(t, db, "contacts", "SELECT contact_key, name FROM clean_contact ORDER BY row_id", "contact:1001 | Anne", "contact:2 | Bo")
	expect(t, db, "drops", "SELECT row_id, fate, into_key, rule FROM clean_drop ORDER BY row_id",
		"1 | merged | contact:1001 | repeated_id_conflict", "3 | merged | contact:1001 | repeated_id_conflict", "5 | merged | contact:2 | repeated_record")
	expect(t, db, "differences", "SELECT DISTINCT field FROM issue WHERE rule = 'repeated_id_conflict'", "first_name, updated_at, custom:tier")
}

func TestDeletedRecordsAreExcludedUnlessDecidedOtherwise(t *testing.T) {
	db := newWarehouse(t, "open-source", "")
	stageRows(t, db, "account", row{"id": "1", "name": "Gone", "deleted_at": "2024-01-01 00:00:00"}, row{"id": "2", "name": "Legacy", "status": "DELETED"}, row{"id": "3", "name": "Here"})
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Doe", "account_id": "1"})
	run(t, db)
	expect(t, db, "accounts", "SELECT name FROM clean_account", "Here")
	expect(t, db, "drops", "SELECT source_id, fate, rule FROM clean_drop ORDER BY 1", "1 | excluded | soft_deleted", "2 | excluded | soft_deleted")
	expect(t, db, "links to them", "SELECT rule, record_key FROM issue WHERE field = 'account_id'", "link_to_excluded_account | contact:1")
	exec(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', 'exclude_deleted', 'value', '0', 'Kim')")
	run(t, db)
	expect(t, db, "accounts", "SELECT name FROM clean_account ORDER BY 1", "Gone", "Here", "Legacy")
}

func TestAContactIsNamedByWhatItHas(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "contact",
		row{"id": "1", "full_name": "Dr. Vincent van Gogh"}, row{"id": "2", "email": "only@mail.example"}, row{"id": "3", "email": "no-address"},
		row{"id": "4", "phone": "030 901820"}, row{"id": "5", "company": "Acme"}, row{"id": "6", "email": "N/A", "first_name": "NULL"}, row{"id": "7", "last_name": "Null"})
	res := run(t, db)
	expect(t, db, "names", "SELECT name, name_origin FROM clean_contact ORDER BY row_id",
		"Vincent van Gogh | name", "only@mail.example | email", "no-address | email", "030 901820 | phone", "Acme | company", "Null | name")
	expect(t, db, "rejects", "SELECT source_id, rule FROM clean_drop", "6 | contact.nothing_to_name")
	if res.Left != 1 || res.String() != "users 0 · accounts 0 · contacts 6 · deals 0 · merged 0 · rejected 1 · excluded 0 · issues 12" {
		t.Errorf("result %q, left %d", res, res.Left)
	}
}

func TestContactsWithoutAnIDAreKnownByWhatTheyAre(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "contact", row{"email": "A@b.example", "lists": "One"}, row{"email": "a@b.example", "lists": "Two"}, row{"first_name": "Ann", "last_name": "Doe"})
	run(t, db)
	expect(t, db, "keys", "SELECT contact_key FROM clean_contact ORDER BY row_id", "contact:email:a@b.example", "contact:email:a@b.example#2", "contact:name:ann doe")
}

func TestAContactFindsItsCompanyByIDThenByName(t *testing.T) {
	db := newWarehouse(t, "open-source", "")
	stageRows(t, db, "account", row{"id": "1", "name": "R&amp;D Labs"}, row{"id": "2", "name": "Acme"}, row{"id": "3", "name": " ACME "})
	stageRows(t, db, "contact",
		row{"id": "1", "last_name": "A", "account_id": "2", "company": "R&D Labs"}, row{"id": "2", "last_name": "B", "company": "r&d  labs"},
		row{"id": "3", "last_name": "C", "company": "acme"}, row{"id": "4", "last_name": "D", "legacy_account_id": "1"},
		row{"id": "5", "last_name": "E", "account_id": "99", "company": "Acme"}, row{"id": "6", "last_name": "F", "company": "New One"},
		row{"id": "7", "last_name": "G", "company_list": "New  one, Acme"}, row{"id": "8", "last_name": "H", "legacy_account_id": "98"})
	run(t, db)
	expect(t, db, "links", "SELECT source_id, account_key FROM clean_contact ORDER BY 1", "1 | account:2", "2 | account:1", "3 | account:2", "4 | account:1",
		"5 | account:2", "6 | account:name:new one", "7 | account:name:new one", "8 | NULL")
	expect(t, db, "mentions", "SELECT account_key, name, mentions FROM clean_account_mention", "account:name:new one | New  one | 2")
	expect(t, db, "issues", "SELECT rule, record_key, value FROM issue WHERE object = 'contact' AND rule <> 'email_missing' ORDER BY record_key",
		"dangling_account | contact:5 | 99", "several_companies | contact:7 | New  one, Acme", "dangling_account | contact:8 | 98")
}

func TestOwnersAreResolvedByIDLoginOrAddress(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "user", row{"id": "7", "name": "Rep", "login": "rep7", "email": "Rep7@Shop.example"}, row{"id": "8", "status": "INACTIVE", "email": "old@shop.example"})
	stageRows(t, db, "contact", row{"id": "1", "last_name": "A", "owner_id": "7"}, row{"id": "2", "last_name": "B", "owner_id": "rep7"},
		row{"id": "3", "last_name": "C", "owner_email": "REP7@shop.example"}, row{"id": "4", "last_name": "D", "owner_email": "ghost@shop.example"}, row{"id": "5", "last_name": "E", "owner_id": "99"})
	run(t, db)
	expect(t, db, "owners", "SELECT owner_email FROM clean_contact ORDER BY row_id", "rep7@shop.example", "rep7@shop.example", "rep7@shop.example", "ghost@shop.example", "NULL")
	expect(t, db, "unknown owners", "SELECT record_key, value FROM issue WHERE rule = 'unknown_owner'", "contact:4 | ghost@shop.example", "contact:5 | 99")
	expect(t, db, "active users", "SELECT user_key, is_active FROM clean_user", "user:7 | 1", "user:8 | 0")
}

func TestMembershipFilesJoinWhatTheCellsSay(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "tag", row{"id": "1", "title": "VIP", "slug": "very"}, row{"id": "2", "title": "Trade show, Berlin"})
	stageRows(t, db, "list", row{"id": "1", "title": "News"})
	stageRows(t, db, "contact", row{"id": "1", "email": "a@b.example", "tags": "vip, Trade show, Berlin"}, row{"id": "2", "email": "c@b.example", "tags": `["Odd","odd"]`})
	stageRows(t, db, "contact_tag", row{"email": "A@b.example", "tag": "Extra"}, row{"contact_id": "2", "tag": "very"}, row{"contact_id": "2", "tag": "2"}, row{"contact_id": "77", "tag": "VIP"})
	stageRows(t, db, "contact_list", row{"contact_id": "1", "list": "news", "status": "subscribed"}, row{"contact_id": "2", "list": "News", "status": "unsubscribed"})
	run(t, db)
	expect(t, db, "memberships", "SELECT tags, lists FROM clean_contact ORDER BY row_id",
		`["VIP","Trade show, Berlin","Extra"] | ["News"]`, `["Odd","Trade show, Berlin","VIP"] | []`)
	expect(t, db, "of nobody", "SELECT value FROM issue WHERE rule = 'membership_of_nobody'", "contact:77")
	expect(t, db, "undeclared", "SELECT record_key FROM issue WHERE rule = 'tag_undeclared' ORDER BY 1", "extra", "odd")
}

func TestCustomValuesAreTypedAndNothingIsLost(t *testing.T) {
	db := newWarehouse(t, "open-source", "")
	stageRows(t, db, "user", row{"id": "u1", "email": "kim@shop.example"})
	stageRows(t, db, "custom_field",
		row{"object": "deal", "slug": "profit", "type": "pg:numeric(12,2)"}, row{"object": "deal", "slug": "insured", "type": "pg:boolean"},
		row{"object": "deal", "slug": "seen", "type": "pg:timestamp(3)"}, row{"object": "deal", "slug": "boss", "type": "pg:uuid->Users"},
		row{"object": "deal", "slug": "photos", "type": "pg:text[]"}, row{"object": "deal", "slug": "claim", "type": "pg:jsonb"},
		row{"object": "deal", "slug": "payor", "type": "pg:enum", "options": "CASH|INSURANCE"})
	stageRows(t, db, "deal", row{"id": "1", "title": "A", "snapshot_rate": "24.51", "extra": `{"profit":12345678901234567.89,"insured":true,"seen":"2024-01-02 03:04:05",
		"boss":"u1","photos":["a.png","b.png"],"claim":{"no":1},"payor":"BARTER","code":"0012","day":"2024-01-02","count":7,"empty":null}`},
		row{"id": "2", "title": "B", "extra": `{"profit":"lots","code":"13","day":"2024-02-02","count":"8"}`})
	run(t, db)
	expect(t, db, "values", "SELECT custom FROM clean_deal ORDER BY row_id",
		`{"profit":"12345678901234567.89","insured":true,"seen":"2024-01-02T03:04:05Z","boss":"kim@shop.example","photos":["a.png","b.png"],"claim":"{\"no\":1}",`+
			`"payor":"BARTER","code":"0012","day":"2024-01-02","count":"7","snapshot_rate":"24.51"}`,
		`{"profit (raw)":"lots","code":"13","day":"2024-02-02","count":"8"}`)
	expect(t, db, "inferred types", "SELECT slug, value_type FROM clean_custom_field WHERE NOT declared ORDER BY 1", "code | text", "count | number", "day | date", "snapshot_rate | number")
	expect(t, db, "issues", "SELECT rule, record_key, field, value FROM issue WHERE field LIKE 'custom:%' ORDER BY 1",
		"custom_unreadable | deal:2 | custom:profit | lots", "unknown_option | deal:1 | custom:payor | BARTER")
}

func TestDealsFindContactsStagesAndTheirEnd(t *testing.T) {
	db := newWarehouse(t, "open-source", "")
	stageRows(t, db, "account", row{"id": "a1", "name": "Acme"})
	stageRows(t, db, "contact", row{"id": "c1", "first_name": "Ann", "last_name": "Doe"}, row{"id": "c2", "last_name": "Bo", "email": "x@y.example; bo@y.example"}, row{"id": "c3", "last_name": "Cy"})
	stageRows(t, db, "stage", row{"id": "s1", "name": "New", "probability": "10"})
	stageRows(t, db, "deal_type", row{"id": "t1", "name": "Renewal"})
	stageRows(t, db, "deal", row{"id": "d1", "status": "CLOSED", "contact_id": "c1", "stage_id": "s1", "type_id": "t1", "created_at": "2024-03-04 00:00:00", "value": "10.00", "currency": "CZK"},
		row{"id": "d2", "title": "Two", "contact_email": "BO@y.example", "stage_id": "s9", "value": "$ 5", "currency": "XXQ"}, row{"id": "d3", "account_id": "a1", "value": "abc"})
	stageRows(t, db, "deal_contact", row{"deal_id": "d1", "contact_id": "c1"}, row{"deal_id": "d1", "contact_id": "c3"}, row{"deal_id": "d1", "contact_id": "c9"})
	stageRows(t, db, "deal_audit", row{"deal_id": "d1", "action": "updated", "changes": `[{"field":"close_reason","old":null,"new":"45-day kill rule"}]`})
	run(t, db)
	expect(t, db, "deals", "SELECT title, title_origin, contact_key, participants, stage_key, category, outcome_hint, value, currency, currency_origin FROM clean_deal ORDER BY row_id",
		`Ann Doe 2024-03-04 | contact | contact:c1 | ["contact:c3"] | stage:s1 | Renewal | 45-day kill rule | 10.00 | CZK | record`,
		`Two | title | contact:c2 | [] | NULL | NULL | NULL | 5 | EUR | default`,
		`Acme | account | NULL | [] | NULL | NULL | NULL | NULL | NULL | NULL`)
	expect(t, db, "issues", "SELECT rule, record_key, value FROM issue WHERE object = 'deal' ORDER BY 2, 1",
		"dangling_participant | deal:d1 | c9", "deal_without_title | deal:d1 | Ann Doe 2024-03-04", "currency_unknown | deal:d2 | XXQ", "missing_currency | deal:d2 | XXQ",
		"reference_unknown | deal:d2 | s9", "deal_without_title | deal:d3 | Acme", "number_unreadable | deal:d3 | abc")
}

func TestPhonesKeepTheirTextAndGetANumberWhereTheyHaveOne(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "setting", row{"key": "locale", "value": "de_DE"})
	stageRows(t, db, "contact", row{"id": "1", "last_name": "A", "phone": "'+49 30 901820", "phone_2": "030 901820", "mobile": "4.9E+11", "home_phone": "030 901821 / 030 901822"},
		row{"id": "2", "last_name": "B", "country": "Austria", "phone": "01 58858"})
	run(t, db)
	expect(t, db, "phones", "SELECT phone_e164, phones FROM clean_contact ORDER BY row_id",
		`+4930901820 | [{"value":"+49 30 901820","label":"work","primary":true,"e164":"+4930901820"},{"value":"4.9E+11","label":"mobile","primary":false},`+
			`{"value":"030 901821","label":"home","primary":false,"e164":"+4930901821"},{"value":"030 901822","label":"home","primary":false,"e164":"+4930901822"}]`,
		`+43158858 | [{"value":"01 58858","label":"work","primary":true,"e164":"+43158858"}]`)
	expect(t, db, "issues", "SELECT rule, field FROM issue WHERE rule LIKE 'phone%'", "phone_spreadsheet | mobile")
}
