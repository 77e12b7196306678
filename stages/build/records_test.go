package build_test

import (
	"database/sql"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"

	"github.com/google/go-cmp/cmp"
)

// databaseWarehouse is the sample database of one shape, cleaned, mapped and built.
func databaseWarehouse(t *testing.T, server *pgtest.Server, shape string) *warehouse.DB {
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
	db := open(t)
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	mapAndBuild(t, db)
	return db
}

// documentedObjects are the objects of invoices, contracts, boards, staff and
// history.
var documentedObjects = []string{"invoice", "invoice_line", "invoice_payment", "invoice_event", "invoice_series", "invoice_state",
	"tax_rate", "own_company", "contract", "contract_line", "board", "section", "board_task", "employee", "audit"}

// everyRowHasAFate demands one row of xw_item for each staged row.
func everyRowHasAFate(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, object := range documentedObjects {
		staged := one(t, db, "SELECT count(*) FROM stg_"+object)
		settled := one(t, db, "SELECT count(*) FROM xw_item AS x JOIN stg_"+object+" AS s ON s.row_id = x.row_id WHERE x.object = '"+object+"'")
		if staged != settled {
			t.Errorf("%s: %s of %s rows have a fate", object, settled, staged)
		}
	}
}

func fates(t *testing.T, db *warehouse.DB, object string) map[string]string {
	t.Helper()
	rows, err := db.Read().Query("SELECT fate || coalesce(' ' || rule, ''), count(*) FROM xw_item WHERE object = ? GROUP BY 1", object)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var fate, n string
		if err := rows.Scan(&fate, &n); err != nil {
			t.Fatal(err)
		}
		out[fate] = n
	}
	return out
}

func TestInvoicesOfTheSampleExportAreDocumentedRowByRow(t *testing.T) {
	db := sampleWarehouse(t)
	everyRowHasAFate(t, db)
	if diff := cmp.Diff(map[string]string{"documented invoices/invoice.csv": "12"}, fates(t, db, "invoice")); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsOfTheDatabaseAreDocumentedUnlessTheMapSaysOtherwise(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	everyRowHasAFate(t, databaseWarehouse(t, server, "0init"))
	db := databaseWarehouse(t, server, "fork")
	everyRowHasAFate(t, db)
	for object, want := range map[string]map[string]string{
		"invoice":  {"documented invoices/invoice.csv": "8", "documented invoices/credit_note.csv": "1", "documented invoices/proforma.csv": "1"},
		"contract": {"documented contracts.csv": "8", "excluded soft_deleted": "1"},
		"board":    {"documented boards.csv": "2", "excluded soft_deleted": "1"},
		"employee": {"documented employees.csv": "1"},
	} {
		if diff := cmp.Diff(want, fates(t, db, object)); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
	t.Run("contracts as notes", func(t *testing.T) {
		decideSetting(t, db, "contracts", "note")
		mapAndBuild(t, db)
		everyRowHasAFate(t, db)
		if diff := cmp.Diff(map[string]string{"final": "6", "documented contracts.csv": "2", "excluded soft_deleted": "1"}, fates(t, db, "contract")); diff != "" {
			t.Error(diff)
		}
		const key = "note:contract:60000000-0000-4000-8000-000000002001"
		for path, want := range map[string]string{
			"$.org_id.@ref": "organization:account:a0000000-0000-4000-8000-000000000001", "$.add_time": "2024-01-08 16:26:00",
			"$.content": "<p><b>Contract: Contract 1</b></p><p>Value: 1000.00 CZK<br>Status in NextCRM: inprogress<br>From: 2024-01-08<br>Until: 2025-01-01<br>" +
				"Think of its renewal on: 2024-12-02<br>Owner in NextCRM: " + one(t, db, "SELECT owner_email FROM clean_contract WHERE source_id LIKE '%2001'") +
				"</p><ul><li>1 × Line 1 (SKU-1) at 500.00 = 500.00 CZK: per year</li></ul><p>[NextCRM " + one(t, db, "SELECT source_tag FROM setup") + "/" + key + "]</p>",
		} {
			if got := one(t, db, "SELECT payload ->> ? FROM final_note WHERE final_key = ?", path, key); got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
	})
	t.Run("contracts as deals", func(t *testing.T) {
		decideSetting(t, db, "contracts", "deal")
		mapAndBuild(t, db)
		everyRowHasAFate(t, db)
		if diff := cmp.Diff(map[string]string{"final": "8", "excluded soft_deleted": "1"}, fates(t, db, "contract")); diff != "" {
			t.Error(diff)
		}
		for query, want := range map[string]string{
			"SELECT group_concat(name, ', ') FROM (SELECT name FROM final_stage WHERE pipeline_key = 'contracts' ORDER BY position)": "Not started, In progress, Signed",
			"SELECT group_concat(DISTINCT status || ' ' || stage_key) FROM final_deal WHERE final_key LIKE 'contract:%2002'":         "won contracts/signed",
			// Five have only a day of signing; the last change stands in for the others.
			"SELECT payload ->> '$.won_time' FROM final_deal WHERE final_key LIKE 'contract:%2002'":                                          "2024-01-10T11:32:00Z",
			"SELECT payload -> '$.value' FROM final_deal WHERE final_key LIKE 'contract:%2004'":                                              "4000.00",
			"SELECT payload ->> '$.expected_close_date' FROM final_deal WHERE final_key LIKE 'contract:%2004'":                               "2024-01-09",
			"SELECT payload ->> '$.custom_fields.\"@field:deal.nextcrm_id\"' = marker FROM final_deal WHERE final_key LIKE 'contract:%2004'": "1",
			"SELECT count(*) FROM final_note WHERE deal_key LIKE 'contract:%' AND organization_key IS NULL":                                  "8",
			"SELECT count(*) FROM xw_item WHERE object = 'contract_line' AND fate = 'merged' AND entity = 'deal'":                            "4",
			"SELECT coalesce(sum(failures), 0) FROM final_check WHERE severity = 'error'":                                                    "0",
		} {
			if got := one(t, db, query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
	})
	t.Run("subscriptions as notes", func(t *testing.T) {
		decideSetting(t, db, "subscriptions", "note")
		mapAndBuild(t, db)
		want := "<p><b>Subscription: Product 2</b></p><p>Status in NextCRM: cancelled<br>Quantity: 2<br>Price: 80.00 EUR monthly<br>From: 2024-01-08<br>Renewal: 2025-01-02<br>yearly</p>"
		const key = "note:subscription:60000000-0000-4000-8000-000000012302"
		got := one(t, db, "SELECT payload ->> '$.content' FROM final_note WHERE final_key = ?", key)
		if got != want+"<p>[NextCRM "+one(t, db, "SELECT source_tag FROM setup")+"/"+key+"]</p>" {
			t.Errorf("note is %s, want %s and its marker", got, want)
		}
	})
}

func decideSetting(t *testing.T, db *warehouse.DB, key, value string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', ?, 'value', ?, 'test')`, key, value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
