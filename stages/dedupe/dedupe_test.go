package dedupe_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/dedupe"
)

const (
	openSource = "open-source"
	plugin     = "plugin"
)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestSameEmailAndCompatibleNameIsOnePerson(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example", "job_title": "CEO"},
		row{"id": 3, "first_name": "Bob", "last_name": "Miller", "email": "bob@a.example"})
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{
		"contact:1 merged contact:2", "contact:2 final contact:2", "contact:3 final contact:3"})
	same(t, "reason", list(t, db, "SELECT rule, reason FROM xw_contact ORDER BY row_id"), []string{
		`contact.same_email_compatible_name the same e-mail ann@a.example is shared; names "Ann Smith" and "Ann Smith": same (same words)`,
		"survivor it holds the most fields", "NULL NULL"})
	same(t, "golden", list(t, db, "SELECT contact_key, name, job_title FROM golden_contact ORDER BY 1"), []string{
		"contact:2 Ann Smith CEO", "contact:3 Bob Miller NULL"})
}

func TestASharedMailboxIsListedAndKeptApart(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "office@a.example"},
		row{"id": 2, "first_name": "Bob", "last_name": "Miller", "email": "office@a.example"})
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 final contact:2"})
	same(t, "review list", list(t, db, "SELECT a_key, b_key, decision, rule FROM dup_contact_pair"), []string{
		"contact:1 contact:2 review contact.shared_mailbox"})
}

func TestPluginEmailIsTheIdentityAndTheFirstRowIsTheBase(t *testing.T) {
	db := open(t, plugin)
	contacts(t, db,
		row{"id": 9, "first_name": "Ann", "last_name": "Smith", "email": "a@a.example", "consent": "subscribed", "tags": `["VIP"]`},
		row{"id": 1, "first_name": "Zoe", "last_name": "Other", "email": "a@a.example", "consent": "bounced", "tags": `["vip","New"]`, "job_title": "CEO"})
	run(t, db)
	same(t, "golden", list(t, db, "SELECT contact_key, name, consent, tags, job_title FROM golden_contact"), []string{
		`contact:9 Ann Smith bounced ["VIP","New"] CEO`})
}

func TestAnIdentitySharedByManyRowsIsOnePersonAll(t *testing.T) {
	db := open(t, plugin)
	for i := range 100 {
		contacts(t, db, row{"id": i, "first_name": "Ann", "email": "a@a.example"})
	}
	run(t, db)
	same(t, "final persons", one(t, db, "SELECT count(*) FROM golden_contact"), "1")
	same(t, "merged", one(t, db, "SELECT count(*) FROM xw_contact WHERE fate = 'merged' AND final_key = 'contact:0'"), "99")
}

func TestAThirdRecordThatContradictsHoldsTheCluster(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "A.", "last_name": "Smith", "email": "s@a.example"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "s@a.example"},
		row{"id": 3, "first_name": "Adam", "last_name": "Smith", "email": "s@a.example"})
	res := run(t, db)
	same(t, "cluster", list(t, db, "SELECT size, state FROM dup_contact_cluster"), []string{"3 review"})
	same(t, "members", list(t, db, "SELECT contact_key, role, final_key, rank FROM dup_contact_member ORDER BY rank"), []string{
		"contact:1 alone contact:1 1", "contact:2 alone contact:2 2", "contact:3 alone contact:3 3"})
	same(t, "crosswalk", fates(t, db, "contact"), []string{
		"contact:1 final contact:1", "contact:2 final contact:2", "contact:3 final contact:3"})
	same(t, "golden", one(t, db, "SELECT count(*) FROM golden_contact"), "3")
	if !strings.Contains(res.String(), "contact clusters to review 1") {
		t.Errorf("the result does not tell of the held cluster: %s", res)
	}
}

func TestMoreThanEightRecordsAreHeldUnlessAPersonJoinsThem(t *testing.T) {
	db := open(t, openSource)
	for i := range 9 {
		contacts(t, db, row{"id": i, "first_name": "Ann", "last_name": "Smith", "email": "s@a.example"})
	}
	run(t, db)
	same(t, "held", list(t, db, "SELECT size, state, reason FROM dup_contact_cluster"), []string{
		"9 review 9 records are more than the 8 that rules may merge"})
	for i := 1; i < 9; i++ {
		exec(t, db, "INSERT INTO decide_cluster (object, action, a_key, b_key, by_name) VALUES ('contact', 'join', 'contact:0', 'contact:"+string(rune('0'+i))+"', 'Eve')")
	}
	run(t, db)
	same(t, "joined", list(t, db, "SELECT size, state FROM dup_contact_cluster"), []string{"9 merged"})
}

func TestABlockTooLargeToCompareIsNamed(t *testing.T) {
	db := open(t, openSource)
	for i := range 70 {
		contacts(t, db, row{"id": i, "first_name": "Test", "last_name": "Test"})
	}
	run(t, db)
	got := list(t, db, "SELECT object, members FROM dup_block_skipped")
	same(t, "skipped", got, []string{"contact 70"})
	if key := one(t, db, "SELECT block_key FROM dup_block_skipped"); !strings.HasPrefix(key, "n:") {
		t.Errorf("block key = %q, want one of a bare name", key)
	}
}

func TestADecisionWinsOverEveryRule(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "s@a.example"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "s@a.example"},
		row{"id": 3, "first_name": "Bob", "last_name": "Miller", "email": "b@a.example"},
		row{"id": 4, "first_name": "Eva", "last_name": "Jones", "email": "e@b.example"})
	exec(t, db, `INSERT INTO decide_cluster (object, action, a_key, b_key, by_name, why) VALUES
		('contact', 'split', 'contact:2', 'contact:1', 'Eve', 'mother and daughter'),
		('contact', 'join', 'contact:4', 'contact:3', 'Eve', NULL)`)
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 final contact:2",
		"contact:3 final contact:3", "contact:4 merged contact:3"})
	same(t, "pairs", list(t, db, "SELECT a_key, b_key, decision, rule, why FROM dup_contact_pair ORDER BY 1"), []string{
		"contact:1 contact:2 distinct decision.split decided by Eve: mother and daughter",
		"contact:3 contact:4 merge decision.join decided by Eve"})
}

func TestADecisionAboutAnUnknownKeyIsAnError(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "email": "s@a.example"})
	exec(t, db, `INSERT INTO decide_cluster (object, action, a_key, b_key, by_name) VALUES ('contact', 'join', 'contact:1', 'contact:77', 'Eve')`)
	_, err := dedupe.Run(context.Background(), db)
	want := `dedupe: contacts: decide_cluster row 1 (join contact:1 and contact:77): no contact has the key "contact:77"; correct or delete the row`
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestADecisionAboutADroppedRecordHasNoEffect(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "email": "s@a.example"})
	exec(t, db, `INSERT INTO stg_contact (source_table, source_id, row_hash) VALUES ('t', '2', 'h')`,
		`INSERT INTO clean_drop (object, row_id, source_id, fate, rule, reason) VALUES ('contact', 2, '2', 'excluded', 'deleted', 'deleted in NextCRM')`,
		`INSERT INTO decide_cluster (object, action, a_key, b_key, by_name) VALUES ('contact', 'join', 'contact:1', 'contact:2', 'Eve')`)
	if res := run(t, db); !strings.Contains(res.String(), "contact decisions without effect 1") {
		t.Errorf("result = %s", res)
	}
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "row:2 excluded NULL"})
}

func TestEveryStagingRowHasOneFate(t *testing.T) {
	db := open(t, plugin)
	accounts(t, db, row{"id": 1, "name": "Acme", "domain": "acme.example"}, row{"id": 2, "name": "Acme GmbH", "domain": "acme.example"})
	exec(t, db, `INSERT INTO stg_account (source_table, source_id, row_hash) VALUES ('t', '3', 'h'), ('t', '2', 'h')`,
		`INSERT INTO clean_drop (object, row_id, source_id, fate, into_key, rule, reason) VALUES
			('account', 3, '3', 'rejected', NULL, 'account.no_name', 'the company has no name'),
			('account', 4, '2', 'merged', 'account:2', 'account.repeated', 'the same record again')`,
		`INSERT INTO stg_deal (source_table, source_id, row_hash) VALUES ('t', '1', 'h'), ('t', '1', 'h'), ('t', '2', 'h')`,
		`INSERT INTO clean_deal (deal_key, row_id, source_id, title, title_origin, row_hash) VALUES ('deal:1', 1, '1', 'A', 'title', 'h')`,
		`INSERT INTO clean_drop (object, row_id, source_id, fate, into_key, rule, reason) VALUES
			('deal', 2, '1', 'merged', 'deal:1', 'deal.repeated', 'again'), ('deal', 3, '2', 'excluded', NULL, 'deleted', 'deleted')`)
	run(t, db)
	same(t, "accounts", fates(t, db, "account"), []string{"account:1 final account:1", "account:2 merged account:1",
		"row:3 rejected NULL", "row:4 merged account:1"})
	same(t, "deals", fates(t, db, "deal"), []string{"deal:1 final deal:1", "row:2 merged deal:1", "row:3 excluded NULL"})
}

func TestAStagingRowWithoutAFateIsRefused(t *testing.T) {
	db := open(t, plugin)
	exec(t, db, `INSERT INTO stg_deal (source_table, source_id, row_hash) VALUES ('t', '1', 'h')`)
	if _, err := dedupe.Run(context.Background(), db); err == nil || !strings.Contains(err.Error(), "1 staging rows of deal have 0 fates") {
		t.Errorf("error = %v", err)
	}
}

func TestContactsAreComparedByTheAccountAfterMerging(t *testing.T) {
	db := open(t, openSource)
	accounts(t, db, row{"id": 1, "name": "Acme", "domain": "acme.example"}, row{"id": 2, "name": "Acme GmbH", "domain": "acme.example"})
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@acme.example", "account_key": "account:1"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "a.smith@acme.example", "account_key": "account:2"})
	run(t, db)
	same(t, "pairs", list(t, db, "SELECT decision, rule FROM dup_contact_pair"), []string{"review contact.same_name_same_account"})
}

func TestRunningAgainChangesNothing(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example", "phone_e164": "+4930111"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example", "phone_e164": "+4930222"},
		row{"id": 3, "first_name": "Ann", "last_name": "Smith", "phone_e164": "+4930222"})
	dump := func() (all []string) {
		run(t, db)
		for _, table := range []string{"dup_contact_pair", "dup_contact_cluster", "dup_contact_member", "dup_contact_value", "dup_contact_golden", "xw_contact"} {
			all = append(all, list(t, db, "SELECT * FROM "+table)...)
		}
		return all
	}
	same(t, "tables", dump(), dump())
}
