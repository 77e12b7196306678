package dedupe_test

import (
	"strings"
	"testing"

	"nextpipe/stages/internal/warehouse"
)

// link says that an account knows final keys, in the given state.
func link(t *testing.T, db *warehouse.DB, state string, keys ...string) {
	t.Helper()
	exec(t, db, `INSERT OR IGNORE INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
		VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a')`)
	for _, key := range keys {
		exec(t, db, `INSERT INTO link (target_id, entity, final_key, pipedrive_id, state, origin, symbolic, sent, echoed, linked_at, updated_at)
			VALUES (1, 'person', '`+key+`', '`+key+`', '`+state+`', 'created', '{}', '{}', '{}', 'now', 'now')`)
	}
}

// ann is one person's record with more fields the higher its number.
func ann(id int, email string) row {
	r := row{"id": id, "first_name": "Ann", "last_name": "Smith", "email": email}
	for i, field := range []string{"job_title", "city", "gender", "rating"} {
		if i < id {
			r[field] = "x"
		}
	}
	return r
}

func TestALinkedKeyStaysTheKeyWhateverElseRanksHigher(t *testing.T) {
	for _, state := range []string{"live", "gone"} {
		db := open(t, openSource)
		contacts(t, db, ann(1, "a@a.example"), ann(2, "a@a.example"))
		link(t, db, state, "contact:1")
		run(t, db)
		same(t, state, fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 merged contact:1"})
		same(t, "why", one(t, db, "SELECT why FROM dup_contact_member WHERE rank = 1"), "its key is already linked to Pipedrive")
	}
}

func TestALinkThatRollbackRemovedBindsNothing(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, ann(1, "a@a.example"), ann(2, "a@a.example"))
	link(t, db, "removed", "contact:1")
	run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 merged contact:2", "contact:2 final contact:2"})
}

func TestTwoLinkedKeysAreALateDuplicateAndStayApart(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, ann(1, "a@a.example"), ann(2, "a@a.example"))
	link(t, db, "live", "contact:1", "contact:2")
	res := run(t, db)
	same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 final contact:2"})
	same(t, "cluster", list(t, db, "SELECT state, reason FROM dup_contact_cluster"), []string{
		"review late duplicate: contact:1 and contact:2 are already records in Pipedrive; merge them there by hand, or split them by decision"})
	if !strings.Contains(res.String(), "contact late duplicates 1") {
		t.Errorf("result = %s", res)
	}
	exec(t, db, `INSERT INTO decide_cluster (object, action, a_key, b_key, by_name) VALUES ('contact', 'join', 'contact:1', 'contact:2', 'Eve')`)
	run(t, db)
	same(t, "a join does not merge them either", fates(t, db, "contact"), []string{"contact:1 final contact:1", "contact:2 final contact:2"})
}

func TestOthersOfALateDuplicateStayWithTheRecordTheyWentInto(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, ann(1, "a@a.example"), ann(3, "a@a.example"), ann(2, "b@a.example"))
	run(t, db)
	link(t, db, "live", "contact:3", "contact:2")
	same(t, "first run", fates(t, db, "contact"), []string{"contact:1 merged contact:3", "contact:3 final contact:3", "contact:2 final contact:2"})
	// A delta brings a record that ties all of them together.
	contacts(t, db, row{"id": 4, "first_name": "Ann", "last_name": "Smith", "email": "a@a.example",
		"emails": `[{"value":"a@a.example","label":"work","primary":true},{"value":"b@a.example","label":"home","primary":false}]`})
	run(t, db)
	same(t, "second run", fates(t, db, "contact"), []string{"contact:1 merged contact:3", "contact:3 final contact:3",
		"contact:2 final contact:2", "contact:4 merged contact:2"})
}

func TestARecordInheritsTheLinkedKeyOfItsVanishedSurvivor(t *testing.T) {
	db := open(t, openSource)
	contacts(t, db, ann(1, "a@a.example"), ann(2, "a@a.example"))
	run(t, db)
	link(t, db, "live", "contact:2")
	exec(t, db, "DELETE FROM clean_contact WHERE contact_key = 'contact:2'", "DELETE FROM stg_contact WHERE row_id = 2")
	for range 2 { // and again from its own crosswalk
		run(t, db)
		same(t, "crosswalk", fates(t, db, "contact"), []string{"contact:1 final contact:2"})
		same(t, "golden", list(t, db, "SELECT contact_key, source_id, name FROM golden_contact"), []string{"contact:2 1 Ann Smith"})
	}
}
