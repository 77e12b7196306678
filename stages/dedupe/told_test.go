package dedupe_test

import (
	"fmt"
	"strings"
	"testing"

	"nextpipe/stages/internal/warehouse"
)

// prospects adds clean rows of leads and targets: persons without a row in stg_contact.
func prospects(t testing.TB, db *warehouse.DB, rows ...row) {
	t.Helper()
	contacts(t, db, rows...)
	exec(t, db, `DELETE FROM stg_contact WHERE row_id IN (SELECT row_id FROM clean_contact WHERE contact_key GLOB 'contact:t*')`,
		`UPDATE clean_contact SET contact_key = 'target:' || substr(contact_key, 10) WHERE contact_key GLOB 'contact:t*'`)
}

func became(t testing.TB, db *warehouse.DB, target, contact int) {
	t.Helper()
	exec(t, db, fmt.Sprintf("INSERT INTO clean_same_person VALUES ('contact:%d', 'target:%d', 'converted')", contact, target))
}

func TestAConvertedTargetIsItsContactWhateverTheyAreCalled(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example", "consent": "subscribed"})
	prospects(t, db, row{"id": "t7", "first_name": "Unknown", "last_name": "Buyer", "email": "old@a.example", "consent": "unsubscribed",
		"website": "w", "job_title": "CEO", "description": "d", "city": "c", "lists": `["Builders"]`})
	became(t, db, 7, 1)
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "target:7 merged contact:1"})
	same(t, "reason", list(t, db, "SELECT rule, reason FROM xw_contact WHERE fate = 'merged'"), []string{"contact.same_by_source converted"})
	same(t, "the contact survives, the strictest consent wins, nothing is lost",
		list(t, db, "SELECT name, email, consent, job_title, lists, json_array_length(emails) FROM golden_contact"),
		[]string{`Ann Smith ann@a.example unsubscribed CEO ["Builders"] 2`})
}

func TestTheNameOfAnOldTargetVetoesNothingAboutItsContact(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example"})
	prospects(t, db, row{"id": "t7", "first_name": "Zoe", "last_name": "Other"})
	became(t, db, 7, 2)
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 merged contact:1", "target:7 merged contact:1"})
}

func TestAPersonsSplitIsAboveTheSourcesWord(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example"})
	prospects(t, db, row{"id": "t7", "first_name": "Ann", "last_name": "Smith", "email": "ann@b.example"})
	became(t, db, 7, 1)
	exec(t, db, `INSERT INTO decide_cluster (object, action, a_key, b_key, by_name) VALUES ('contact', 'split', 'contact:1', 'target:7', 'Eve')`)
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "target:7 final target:7"})
}

func TestTargetsMergeByEvidenceLikeContacts(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Bob", "last_name": "Miller", "email": "bob@a.example"})
	prospects(t, db,
		row{"id": "t1", "first_name": "Bob", "last_name": "Miller", "email": "bob@a.example", "job_title": "CEO", "city": "Brno", "website": "w"},
		row{"id": "t2", "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example"},
		row{"id": "t3", "first_name": "Ann", "last_name": "Smith", "email": "ann@a.example", "city": "Brno"},
		row{"id": "t4", "first_name": "Cyd", "last_name": "Other", "email": "ann@a.example"})
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "target:1 merged contact:1",
		"target:2 merged target:3", "target:3 final target:3", "target:4 final target:4"})
	if why := one(t, db, "SELECT reason FROM xw_contact WHERE contact_key = 'contact:1'"); !strings.Contains(why, "not a lead or target") {
		t.Errorf("the contact survives because %s", why)
	}
}

func TestATargetThatWasLoadedKeepsItsKeyWhenItBecomesAContact(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "last_name": "Smith"})
	prospects(t, db, row{"id": "t7", "first_name": "Ann", "last_name": "Smith"})
	became(t, db, 7, 1)
	link(t, db, "live", "target:7")
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 merged target:7", "target:7 final target:7"})
}

func TestProspectsDoNotStandInForAStagingRowWithoutAFate(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, row{"id": 1, "first_name": "Ann", "last_name": "Smith"})
	exec(t, db, `INSERT INTO stg_contact (source_table, source_id, row_hash) VALUES ('t', '2', 'h')`)
	prospects(t, db, row{"id": "t7", "first_name": "Bob", "last_name": "Miller"})
	if err := runError(db); err == nil || !strings.Contains(err.Error(), "2 staging rows of contact have 1 fates") {
		t.Errorf("error = %v", err)
	}
}
