package rehearse_test

import (
	"testing"

	"nextpipe/stages/internal/rehearse"
)

func TestProvision_UsesWhatExistsUnderTheSameName(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	code, err := a.AddField("persons", "tier", "enum", "free")
	if err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM bind WHERE kind = 'field' AND symbol = 'person.tier' AND pipedrive_id = ? AND how = 'existing'", code); n != 1 {
		t.Error("the existing field was not used")
	}
	if n := count(t, db, "SELECT count(*) FROM bind WHERE kind = 'option' AND symbol = 'person.tier:Free' AND how = 'existing'"); n != 1 {
		t.Error("the existing option was not used")
	}
	if n := count(t, db, "SELECT count(*) FROM provisioned WHERE symbol = 'person.tier:Paid' AND kind = 'option'"); n != 1 {
		t.Error("the missing option was not added as ours")
	}
}

func TestProvision_MakesAgainWhatUsersDeleted(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	var budget, tier string
	if err := db.Read().QueryRow(`SELECT max(CASE symbol WHEN 'organization.budget' THEN pipedrive_id END), max(CASE symbol WHEN 'person.tier' THEN pipedrive_id END)
		FROM bind WHERE kind = 'field'`).Scan(&budget, &tier); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteField("organizations", budget); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteOption("persons", tier, "Paid"); err != nil {
		t.Fatal(err)
	}
	more := rehearse.Tag + "/account:9"
	exec(t, db, `INSERT INTO final_organization SELECT 'account:9', 9, ?1, 'Nine', NULL, json_set(payload, '$.name', 'Nine', '$.custom_fields."@field:organization.nextcrm_id"', ?1) FROM final_organization LIMIT 1`, more)
	exec(t, db, `INSERT INTO final_person SELECT 'contact:9', 9, ?1, 'Nine', NULL, NULL, owner_email, json_set(payload, '$.name', 'Nine', '$.custom_fields."@field:person.nextcrm_id"', ?1) FROM final_person LIMIT 1`, rehearse.Tag+"/contact:9")
	_ = through(t, db, a) // its verify sees what the users' deletions took from the older records
	if n := count(t, db, "SELECT count(*) FROM v_rejects"); n != 0 {
		t.Errorf("%d records are refused for a field or option that users deleted", n)
	}
	if n := len(a.Records("organizations")) + len(a.Records("persons")); n != 4 {
		t.Errorf("the account holds %d organizations and persons, want 4", n)
	}
}
