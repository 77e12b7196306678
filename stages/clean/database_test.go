package clean_test

import (
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// counted says which query of the clean layer must give a number that SQL
// proved on the sample database itself.
var counted = map[string]string{
	"account_soft_deleted + account_deleted_by_status": "SELECT count(*) FROM clean_drop WHERE object = 'account' AND rule = 'soft_deleted'",
	"contact_soft_deleted":                             "SELECT count(*) FROM clean_drop WHERE object = 'contact' AND rule = 'soft_deleted'",
	"deal_soft_deleted":                                "SELECT count(*) FROM clean_drop WHERE object = 'deal' AND rule = 'soft_deleted'",
	"contact_email_several":                            "SELECT count(*) FROM issue WHERE rule = 'email_several' AND value LIKE '%;%'",
	"contact_account_from_legacy_column":               "SELECT count(*) FROM clean_contact AS c JOIN stg_contact AS s USING (row_id) WHERE s.account_id IS NULL AND c.account_key = 'account:' || s.legacy_account_id",
	"contact_account_dangling":                         "SELECT count(*) FROM issue WHERE rule = 'dangling_account' AND field = 'legacy_account_id'",
	"contact_without_anything":                         "SELECT count(*) FROM clean_drop WHERE rule = 'contact.nothing_to_name'",
	"deal_contact_dangling":                            "SELECT count(*) FROM issue WHERE rule = 'dangling_contact'",
	"deal_without_name":                                "SELECT count(*) FROM issue WHERE rule = 'deal_without_title'",
	"deal_killed":                                      "SELECT count(*) FROM clean_deal WHERE outcome_hint IS NOT NULL",
	"user_active":                                      "SELECT sum(is_active) FROM clean_user",
	"rows_lead":                                        "SELECT count(*) FROM clean_prospect WHERE object = 'lead'",
	"rows_target":                                      "SELECT count(*) FROM clean_prospect WHERE object = 'target'",
	"rows_target_contact":                              "SELECT count(*) FROM clean_prospect WHERE object = 'target_contact'",
	"rows_user":                                        "SELECT count(*) FROM clean_user",
}

func sampleDatabase(t *testing.T, server *pgtest.Server, shape string) *warehouse.DB {
	t.Helper()
	script, err := nextcrmsample.DatabaseSQL(shape)
	if err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenDatabase(t.Context(), server.NewDatabase(t, script), nextcrm.DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	db := newWarehouse(t, "open-source", "UTC")
	load(t, db, src)
	return db
}

func TestTheSampleDatabaseIsCleanedAsItsAuthorCounted(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	want, err := nextcrmsample.ExpectedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range []string{"0init", "latest", "fork"} {
		t.Run(shape, func(t *testing.T) {
			db := sampleDatabase(t, server, shape)
			run(t, db)
			for name, q := range counted {
				n, promised := want.Counts[name].In[shape]
				if name == "account_soft_deleted + account_deleted_by_status" {
					n, promised = want.Counts["account_soft_deleted"].In[shape]+want.Counts["account_deleted_by_status"].In[shape], true
				}
				if got := number(t, db, q); promised && got != n {
					t.Errorf("%s: got %d, want %d", name, got, n)
				}
			}
			for _, object := range []string{"account", "contact", "deal"} {
				rows := number(t, db, "SELECT count(*) FROM clean_"+object+" WHERE row_id IN (SELECT row_id FROM stg_"+object+")") + number(t, db, "SELECT count(*) FROM clean_drop WHERE object = '"+object+"'")
				if staged := number(t, db, "SELECT count(*) FROM stg_"+object); rows != staged {
					t.Errorf("%s: %d of %d staged rows are accounted for", object, rows, staged)
				}
			}
		})
	}
}
