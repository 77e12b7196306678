package rehearse

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/internal/warehouse"
)

// blob is what the file of these warehouses holds.
const blob = "offer, signed\n"

// BroadWarehouse is Warehouse with one record of every other kind on the first
// organization, person and deal.
func BroadWarehouse(t testing.TB) *warehouse.DB {
	t.Helper()
	db := Warehouse(t, 2)
	files := db.Path() + ".files"
	if err := errors.Join(os.Mkdir(files, 0o700), os.WriteFile(filepath.Join(files, "offer"), []byte(blob), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), broad); err != nil {
		t.Fatal(err)
	}
	return db
}

// broadStructure is what the other kinds need of the account.
const broadStructure = `
INSERT INTO final_field VALUES ('nextcrm_id', 'product', 'NextCRM ID', 'varchar', NULL, 0), ('lists', 'person', 'NextCRM lists', 'set', NULL, 9);
INSERT INTO final_option VALUES ('person', 'lists', 'News', 1);
INSERT INTO final_label VALUES ('lead', 'Warm', 1), ('product', 'Services', 1);
INSERT INTO final_activity_type VALUES ('call', 'Call', 'call', 1), ('site visit', 'Site visit', 'car', 2);
INSERT INTO final_board VALUES ('nextcrm', 'R&D', 1);
INSERT INTO final_phase VALUES ('nextcrm/to do', 'nextcrm', 'To do', 1), ('nextcrm/done', 'nextcrm', 'Done', 2);`

const (
	deal         = `{"@ref":"deal:deal:1"}`
	person       = `{"@ref":"person:contact:1"}`
	organization = `{"@ref":"organization:account:1"}`
)

// broad writes the finals, each marked as its kind is.
func broad(tx *sql.Tx) error {
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(blob)))
	if _, err := tx.Exec(broadStructure); err != nil {
		return err
	}
	for _, f := range []struct{ insert, key, payload string }{
		{"final_product VALUES (?1, 1, ?2, 'Setup', 'S-1', ?3)", "product:1", `{"name":"Setup","code":"S-1","category":{"@ref":"label:product:Services"},
			"prices":[{"currency":"EUR","price":5.25}],"custom_fields":{"@field:product.nextcrm_id":"%s"}}`},
		{"final_relationship VALUES (?1, 1, ?2, 'account:1', 'account:2', ?3)", "relationship:1|2",
			`{"type":"parent","rel_owner_org_id":` + organization + `,"rel_linked_org_id":{"@ref":"organization:account:2"}}`},
		{"final_deal_product VALUES (?1, 1, ?2, 'deal:1', 'product:1', '2', '5.25', ?3)", "deal_line:1",
			`{"deal_id":` + deal + `,"product_id":{"@ref":"product:product:1"},"item_price":6.25,"quantity":2,"comments":"Setup [NextCRM %s]"}`},
		{"final_deal_discount VALUES (?1, 1, ?2, 'deal:1', '2', ?3)", "deal_discount:1",
			`{"deal_id":` + deal + `,"description":"Rounding [NextCRM %s]","amount":2,"type":"amount"}`},
		{"final_participant VALUES (?1, 1, ?2, 'deal:1', 'contact:2', ?3)", "participant:1|2", `{"deal_id":` + deal + `,"person_id":{"@ref":"person:contact:2"}}`},
		{"final_follower VALUES (?1, 1, ?2, 'organization', 'account:1', 'sam@sandbox.example', ?3)", "follower:1",
			`{"org_id":` + organization + `,"user_id":{"@ref":"member:sam@sandbox.example"}}`},
		{"final_lead VALUES (?1, 1, ?2, 'Interested', 'contact:2', NULL, NULL, ?3)", "lead:1",
			`{"title":"Interested","person_id":{"@ref":"person:contact:2"},"label_ids":[{"@ref":"label:lead:Warm"}],"value":{"amount":7.5,"currency":"EUR"},"origin_id":"%s"}`},
		{"final_project VALUES (?1, 1, ?2, 'Roof', ?3)", "board:1", `{"title":"Roof","board_id":{"@ref":"board:nextcrm"},"phase_id":{"@ref":"phase:nextcrm/to do"},
			"owner_id":{"@ref":"user:sam@sandbox.example"},"description":"Sections: To do, Done\n[NextCRM %s]"}`},
		{"final_project_task VALUES (?1, 1, ?2, 'board:1', 1, 'Measure', ?3)", "board_task:1", `{"title":"Measure","project_id":{"@ref":"project:board:1"},"done":1,
			"due_date":"2024-03-01","assignee_ids":[{"@ref":"user:sam@sandbox.example"}],"description":"On site\n\nSection: Done\n[NextCRM %s]"}`},
		{"final_activity VALUES (?1, 1, ?2, 'Visit', 'site visit', '2024-02-29', '23:30:00', 1, 'deal:1', 'contact:1', 'account:1', NULL, ?3)", "activity:1",
			`{"subject":"Visit","type":{"@ref":"activity_type:site visit"},"due_date":"2024-02-29","due_time":"23:30:00","duration":"01:30:00","done":true,
			"deal_id":` + deal + `,"org_id":` + organization + `,"participants":[{"person_id":` + person + `,"primary":true},{"person_id":{"@ref":"person:contact:2"},"primary":false}],
			"priority":{"@ref":"priority:high"},"note":"<p>Saw the roof</p><p><small>[NextCRM %s]</small></p>"}`},
		{"final_note VALUES (?1, 1, ?2, '2023-02-01T07:45:00Z', 'deal:1', NULL, NULL, NULL, NULL, ?3)", "note:1",
			`{"content":"<p>a &amp; b</p><p><small>[NextCRM %s]</small></p>","deal_id":` + deal + `,"add_time":"2023-02-01 07:45:00"}`},
		{"final_file VALUES (?1, 1, ?2, 'offer.txt', 14, '" + hash + "', 'offer', 'deal:1', NULL, NULL, ?3)", "document:1",
			`{"name":"offer.txt","deal_id":` + deal + `,"@blob":{"path":"offer","name":"offer.txt","size":14,"sha256":"` + hash + `"}}`},
		{"final_filter VALUES (?1, 1, ?2, 'NextCRM list: News', ?3)", "filter:list:news",
			`{"name":"NextCRM list: News","type":"people","conditions":{"glue":"and","conditions":[{"glue":"and","conditions":[
			{"object":"person","field_id":{"@ref":"filter_field:person.lists"},"operator":"contains","value":{"@ref":"option_text:person.lists:News"},"extra_value":null}]},
			{"glue":"or","conditions":[]}]}}`},
	} {
		marker := Tag + "/" + f.key
		payload := strings.Replace(f.payload, "%s", marker, 1)
		if _, err := tx.Exec("INSERT INTO "+f.insert, f.key, marker, payload); err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
	}
	return nil
}
