package build_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// detailObjects are the staged objects that deal detail accounts for.
var detailObjects = []string{"product", "product_category", "deal_line", "account_product", "deal_contact", "watcher",
	"exchange_rate", "currency", "deal_type", "industry", "contact_type"}

func TestDealDetailOfTheSampleDatabase(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	sample := databaseWarehouse(t, server, "latest")
	for name, test := range map[string]func(*testing.T, *warehouse.DB){
		"the value of every deal is what its lines come to": testValues,
		"lines are sent as Pipedrive takes them":            testLines,
		"a difference becomes a line or a discount":         testDifferences,
		"one deal may be decided by itself":                 testOneDeal,
		"products carry what the account can hold":          testProducts,
		"people, followers and parents are linked once":     testLinks,
		"orphans and repeats keep a fate":                   testOrphans,
		"subscriptions are documented or notes":             testSubscriptions,
	} {
		t.Run(name, func(t *testing.T) { test(t, copied(t, sample)) })
	}
}

// copied is a warehouse of its own: building one from the database takes longer.
func copied(t *testing.T, db *warehouse.DB) *warehouse.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	writable, err := sql.Open("sqlite", one(t, db, "SELECT file FROM pragma_database_list"))
	if err != nil {
		t.Fatal(err)
	}
	defer writable.Close()
	if _, err := writable.Exec("VACUUM INTO ?", path); err != nil {
		t.Fatal(err)
	}
	own, err := warehouse.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	return own
}

func decide(t *testing.T, db *warehouse.DB, table, key, column, value string) {
	t.Helper()
	execute(t, db, `INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES (?1, ?2, ?3, ?4, 'test')
		ON CONFLICT DO UPDATE SET value = excluded.value`, table, key, column, value)
}

// accountedFor checks that each staged row of the topic has one fate, and that
// what became a record is among the finals.
func accountedFor(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, object := range detailObjects {
		staged := one(t, db, "SELECT count(*) FROM stg_"+object)
		known := one(t, db, "SELECT count(*) FROM xw_item AS x JOIN stg_"+object+" AS s USING (row_id) WHERE x.object = ?", object)
		if staged != known {
			t.Errorf("%s: %s of %s rows are accounted for", object, known, staged)
		}
	}
	astray := one(t, db, `SELECT group_concat(object || ' ' || row_id) FROM xw_item AS x WHERE x.final_key IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = x.entity AND f.final_key = x.final_key)`)
	if astray != "" {
		t.Errorf("the crosswalk points to what is no final record: %s", astray)
	}
}

// worth computes a deal's value as the reference says Pipedrive does: each line
// that is enabled, less its discount, rounded to cents; less the deal's discounts.
// It reads what is sent, and nothing of how it was made.
func worth(t *testing.T, db *warehouse.DB, deal string) *big.Rat {
	t.Helper()
	rat := func(s string) *big.Rat {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		return r
	}
	rows, err := db.Read().Query(`SELECT payload -> 'quantity', payload -> 'item_price', coalesce(payload -> 'discount', '0'),
			coalesce(payload ->> 'discount_type', ''), payload ->> 'tax_method'
		FROM final_deal_product WHERE deal_key = ? AND (payload -> 'is_enabled') IS NOT 'false'`, deal)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sum := new(big.Rat)
	for rows.Next() {
		var quantity, price, discount, kind, tax string
		if err := rows.Scan(&quantity, &price, &discount, &kind, &tax); err != nil {
			t.Fatal(err)
		}
		if tax != "none" {
			t.Errorf("%s: a line adds tax", deal)
		}
		line := new(big.Rat).Mul(rat(quantity), rat(price))
		off := rat(discount)
		if kind == "percentage" {
			off.Mul(off, line).Quo(off, rat("100"))
		}
		sum.Add(sum, rat(line.Sub(line, off).FloatString(2)))
	}
	return sum.Sub(sum, rat(one(t, db, "SELECT coalesce(sum(amount), '0') FROM final_deal_discount WHERE deal_key = ?", deal)))
}

func testValues(t *testing.T, db *warehouse.DB) {
	for _, tc := range []struct{ policy, documented, lineWins string }{
		{"value wins", "0", "0"},
		{"lines win", "0", "10"}, // three deals have a line in another currency
		{"documented", "13", "0"},
	} {
		t.Run(tc.policy, func(t *testing.T) {
			decide(t, db, "map_setting", "deal_value_policy", "value", tc.policy)
			mapAndBuild(t, db)
			for query, want := range map[string]string{
				"SELECT count(*) FROM map_deal_value":                               "13",
				"SELECT count(*) FROM map_deal_value WHERE policy = 'documented'":   tc.documented,
				"SELECT count(*) FROM map_deal_value WHERE policy = 'lines win'":    tc.lineWins,
				"SELECT count(*) FROM final_note WHERE final_key GLOB 'note:deal*'": tc.documented,
			} {
				if got := one(t, db, query); got != want {
					t.Errorf("%s: %s, want %s", query, got, want)
				}
			}
			valuesHold(t, db)
			accountedFor(t, db)
		})
	}
}

// valuesHold compares the deals that have lines with them, and all others with
// the source.
func valuesHold(t *testing.T, db *warehouse.DB) {
	t.Helper()
	rows, err := db.Read().Query(`SELECT f.final_key, f.payload -> 'value', c.value, ifnull(v.policy, '') FROM final_deal AS f
		JOIN clean_deal AS c ON c.deal_key = f.final_key LEFT JOIN map_deal_value AS v ON v.map_key = f.final_key`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	deals := 0
	for rows.Next() {
		var deal, sent, source, policy string
		if err := rows.Scan(&deal, &sent, &source, &policy); err != nil {
			t.Fatal(err)
		}
		deals++
		value, _ := new(big.Rat).SetString(sent)
		original, _ := new(big.Rat).SetString(source)
		if (policy == "value wins" || policy == "lines win") && value.Cmp(worth(t, db, deal)) != 0 {
			t.Errorf("%s, %s: %s is sent, its lines come to %s", deal, policy, sent, worth(t, db, deal).FloatString(4))
		}
		if policy != "lines win" && value.Cmp(original) != 0 {
			t.Errorf("%s, %s: %s is sent, the source says %s", deal, policy, sent, source)
		}
	}
	if deals != 148 {
		t.Errorf("%d deals compared, the sample has 148", deals)
	}
}

func testLines(t *testing.T, db *warehouse.DB) {
	line := func(n int) string {
		return one(t, db, "SELECT json_remove(payload, '$.deal_id') FROM final_deal_product WHERE final_key GLOB 'deal_line:*' || ?", fmt.Sprint(12200+n))
	}
	tag := one(t, db, "SELECT source_tag FROM setup")
	marker := func(n int) string {
		return fmt.Sprintf("[NextCRM %s/deal_line:60000000-0000-4000-8000-0000000%d]", tag, 12200+n)
	}
	product := func(n int) string {
		return fmt.Sprintf(`{"@ref":"product:product:60000000-0000-4000-8000-0000000%d"}`, 12100+n)
	}
	const catchAll = `{"@ref":"product:product:catch-all"}`
	for n, want := range map[int]string{
		// by percentage, of a recurring product: one-time, because the source counts it once
		1: `{"product_id":` + product(2) + `,"item_price":10.25,"quantity":1,"tax":21.00,"tax_method":"none","discount":10.00,"discount_type":"percentage","billing_frequency":"one-time","comments":"Line 1\nred tiles ` + marker(1) + `"}`,
		// another currency than the deal's
		2: `{"product_id":` + product(3) + `,"item_price":0,"quantity":2,"tax":21.00,"tax_method":"none","is_enabled":false,"comments":"Line 2\nIn NextCRM: 2 × 10.25 EUR, discount 10.00 %, total 18.45 ` + marker(2) + `"}`,
		// an archived product, by amount
		6: `{"product_id":` + catchAll + `,"item_price":10.25,"quantity":6,"tax":21.00,"tax_method":"none","discount":10.00,"discount_type":"amount","comments":"Line 6\nProduct in NextCRM: Product 7 (SKU-7) ` + marker(6) + `"}`,
		// a free line of a deal without a currency: the application wrote EUR, the site says CZK
		10: `{"product_id":` + catchAll + `,"item_price":0,"quantity":10,"tax_method":"none","is_enabled":false,"comments":"Line 10\nIn NextCRM: 10 × 10.25 EUR, discount 10.00 %, total 92.25 ` + marker(10) + `"}`,
		// a deleted product keeps its name
		13: `{"product_id":` + catchAll + `,"item_price":10.25,"quantity":13,"tax_method":"none","discount":10.00,"discount_type":"percentage","comments":"Line 13\nProduct in NextCRM: Product 6 (SKU-6) ` + marker(13) + `"}`,
		// no quantity
		15: `{"product_id":` + product(1) + `,"item_price":10.25,"quantity":1,"tax":21.00,"tax_method":"none","is_enabled":false,"comments":"No quantity\nIn NextCRM: 0 × 10.25 CZK, total 0.00 ` + marker(15) + `"}`,
		// a discount larger than the line
		16: `{"product_id":` + catchAll + `,"item_price":10.25,"quantity":1,"tax_method":"none","discount":10.25,"discount_type":"amount","comments":"Free fitting\nIn NextCRM: 1 × 10.25 CZK, discount 20.00, total 0.00 ` + marker(16) + `"}`,
		// the product says it all
		19: `{"product_id":` + product(1) + `,"item_price":99.90,"quantity":1,"tax":21.00,"tax_method":"none","comments":"` + marker(19) + `"}`,
		// on a deleted deal
		20: "",
		// a total changed by hand
		21: `{"product_id":` + product(4) + `,"item_price":33.33,"quantity":3,"tax_method":"none","discount":12.50,"discount_type":"percentage","billing_frequency":"one-time","comments":"By hand\nIn NextCRM: 3 × 33.33 CZK, discount 12.50 %, total 90.00 ` + marker(21) + `"}`,
	} {
		if n == 20 {
			if n := one(t, db, "SELECT count(*) FROM xw_item WHERE object = 'deal_line' AND source_id GLOB '*12220' AND fate = 'excluded' AND rule = 'soft_deleted'"); n != "1" {
				t.Errorf("%s rows say that the line of a deleted deal is excluded, want 1", n)
			}
			if has := one(t, db, "SELECT count(*) FROM final_deal_product WHERE final_key GLOB '*12220'"); has != "0" {
				t.Error("the line of a deleted deal is sent")
			}
			continue
		}
		if diff := cmp.Diff(want, line(n)); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", n, diff)
		}
	}
	inOrder(t, db)
}

// inOrder checks that lines follow the order of the source within their deal,
// with the adjustment behind them.
func inOrder(t *testing.T, db *warehouse.DB) {
	t.Helper()
	got := one(t, db, `SELECT group_concat(substr(final_key, -3), ' ') FROM (SELECT final_key FROM final_deal_product WHERE deal_key GLOB '*022' ORDER BY seq)`)
	if want := "202 203 022"; got != want {
		t.Errorf("lines in the order %s, want %s", got, want)
	}
}

func testDifferences(t *testing.T, db *warehouse.DB) {
	for query, want := range map[string]string{
		// 4000.20 against a line of 99.90
		"SELECT item_price FROM final_deal_product WHERE final_key GLOB 'deal_line:adjustment:*032'": "3900.30",
		// 4500.60 against 500 × 10.25
		"SELECT payload ->> 'type' || ' ' || amount FROM final_deal_discount WHERE deal_key GLOB '*036'": "amount 624.40",
		// as much as its line
		"SELECT count(*) FROM final_deal_product WHERE deal_key GLOB '*031'":      "1",
		"SELECT count(*) FROM final_deal_discount":                                "1",
		"SELECT count(*) FROM final_deal_product WHERE final_key GLOB '*adjust*'": "11",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func testOneDeal(t *testing.T, db *warehouse.DB) {
	deal := func(n int) string { return fmt.Sprintf("deal:d0000000-0000-4000-8000-0000000000%02d", n) }
	decide(t, db, "map_deal_value", deal(32), "policy", "lines win")
	decide(t, db, "map_deal_value", deal(36), "policy", "documented")
	mapAndBuild(t, db)
	for query, want := range map[string]string{
		"SELECT value FROM final_deal WHERE final_key GLOB '*032'":                                            "99.90",
		"SELECT count(*) FROM final_deal_discount":                                                            "0",
		"SELECT fate || ' ' || final_key FROM xw_item WHERE object = 'deal_line' AND source_id GLOB '*12217'": "documented note:deal_lines:" + deal(36)[5:],
		"SELECT payload ->> 'content' FROM final_note WHERE deal_key GLOB '*036'": "<p>Lines of the deal in NextCRM, 1, together 5125.00 EUR:</p><ul><li>Many<br>Product: Product 2 (SKU-2)<br>" +
			"500 × 10.25 EUR, total 5125.00</li></ul><p><small>[NextCRM " + one(t, db, "SELECT source_tag FROM setup") + "/note:deal_lines:" + deal(36)[5:] + "]</small></p>",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	valuesHold(t, db)
	decide(t, db, "map_deal_value", deal(22), "policy", "lines win")
	if _, err := mapping.Run(t.Context(), db); !errors.Is(err, mapping.ErrDecision) || !strings.Contains(err.Error(), "another currency") {
		t.Errorf("lines in another currency were decided to win: %v", err)
	}
}

func testProducts(t *testing.T, db *warehouse.DB) {
	product := func(n int) string {
		return one(t, db, "SELECT json_remove(payload, '$.custom_fields', '$.owner_id') FROM final_product WHERE final_key GLOB '*' || ?", fmt.Sprint(12100+n))
	}
	made := one(t, db, "SELECT substr(created_at, 1, 10) FROM clean_product LIMIT 1")
	recurring := `{"name":"Product 2","code":"SKU-2","description":"red, \"A\" grade\nType in NextCRM: SERVICE\nCreated in NextCRM: ` + made + `%s","unit":"pcs","tax":21.00,` +
		`"category":{"@ref":"label:product:Roofs"},"is_linkable":true,"prices":[{"currency":"EUR","price":199.80,"cost":100.00}]%s}`
	if diff := cmp.Diff(fmt.Sprintf(recurring, "", `,"billing_frequency":"monthly"`), product(2)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := one(t, db, "SELECT group_concat(label) FROM (SELECT label FROM final_label WHERE entity = 'product' ORDER BY position)"); got != "Roofs,Service" {
		t.Errorf("categories %s", got)
	}
	decide(t, db, "map_setting", "plan", "value", "lite")
	decide(t, db, "map_setting", "closed_products", "value", "linkable")
	mapAndBuild(t, db)
	if diff := cmp.Diff(fmt.Sprintf(recurring, `\nBilling in NextCRM: monthly`, ""), product(2)); diff != "" {
		t.Errorf("on the cheapest plan (-want +got):\n%s", diff)
	}
	for query, want := range map[string]string{
		"SELECT count(*) FROM final_deal_product WHERE payload ->> 'billing_frequency' IS NOT NULL": "0",
		"SELECT product_key FROM final_deal_product WHERE final_key GLOB '*12206'":                  "product:60000000-0000-4000-8000-000000012107",
		"SELECT count(*) FROM final_product WHERE payload -> 'is_linkable' = 'true'":                "8",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func testLinks(t *testing.T, db *warehouse.DB) {
	for _, user := range []string{"jana.dvorakova", "petr.novak", "eva.horakova", "lena.schmidt", "mark.taylor", "tomas.bily", "olena.kovalenko"} {
		email := user + "@nextcrm-demo.example"
		decide(t, db, "map_user", email, "target_email", email)
	}
	mapAndBuild(t, db)
	for query, want := range map[string]string{
		"SELECT count(*) FROM final_participant": "46",
		"SELECT fate || ' into ' || entity FROM xw_item WHERE object = 'deal_contact' AND rule = 'main_person'":                                  "merged into deal",
		"SELECT count(*) FROM final_participant AS p JOIN final_deal AS d ON d.final_key = p.deal_key WHERE d.person_key = p.person_key":         "0",
		"SELECT count(*) FROM final_follower AS f JOIN final_organization AS o ON o.final_key = f.record_key WHERE o.owner_email = f.user_email": "0",
		"SELECT count(*) FROM xw_item WHERE object = 'watcher' AND fate = 'documented' AND reason GLOB '*of a board'":                            "2",
		"SELECT count(*) = (SELECT count(*) FROM xw_item WHERE object = 'watcher' AND fate = 'final') FROM final_follower":                       "1",
		"SELECT group_concat(substr(parent_key, -3) || '>' || substr(child_key, -3)) FROM final_relationship":                                    "009>010",
		"SELECT failures FROM final_check WHERE check_name = 'parent_left_out'":                                                                  "2",
		"SELECT group_concat(flaw) FROM (SELECT flaw FROM clean_account_parent WHERE flaw IS NOT NULL ORDER BY 1)":                               "parent_self,parent_unknown",
		"SELECT count(*) FROM final_organization WHERE payload GLOB '*\"@field:organization.parent_name\":*'":                                    "5",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	accountedFor(t, db)
}

func TestTheExportHasNoDealDetailAndLosesNone(t *testing.T) {
	db := sampleWarehouse(t)
	accountedFor(t, db)
	for _, table := range []string{"final_product", "final_deal_product", "final_deal_discount", "final_participant", "final_follower", "final_relationship"} {
		if n := one(t, db, "SELECT count(*) FROM "+table); n != "0" {
			t.Errorf("%s has %s rows, the export has nothing for it", table, n)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM final_field WHERE entity = 'product'"); n != "0" {
		t.Error("a field for products that are not there")
	}
}

func testSubscriptions(t *testing.T, db *warehouse.DB) {
	const fates = "SELECT group_concat(DISTINCT fate || ' ' || coalesce(rule, entity)) FROM xw_item WHERE object = 'account_product'"
	if got := one(t, db, fates); got != "documented subscriptions.csv" {
		t.Error(got)
	}
	decide(t, db, "map_setting", "subscriptions", "value", "note")
	mapAndBuild(t, db)
	if got := one(t, db, fates); got != "final note" {
		t.Error(got)
	}
	accountedFor(t, db)
}

// testOrphans stages what a healthy database
// does not have.
func testOrphans(t *testing.T, db *warehouse.DB) {
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, statement := range []string{
			`INSERT INTO stg_deal_line (source_table, source_id, deal_id, name, quantity, unit_price, row_hash) VALUES ('x', 'o1', 'nowhere', 'Lost <b>', '1', '1', 'h')`,
			`INSERT INTO stg_deal_contact (source_table, deal_id, contact_id, row_hash) SELECT source_table, deal_id, contact_id, row_hash FROM stg_deal_contact WHERE row_id = 5`,
			`INSERT INTO stg_deal_contact (source_table, deal_id, contact_id, row_hash) SELECT 'x', deal_id, 'nobody', 'h' FROM stg_deal_contact WHERE row_id = 5`,
			`INSERT INTO stg_watcher (source_table, object, object_id, user_id, row_hash) VALUES ('x', 'account', 'nothing', 'nobody', 'h')`,
			`INSERT INTO stg_product_category (source_table, source_id, row_hash) VALUES ('x', 'c9', 'h')`,
			`INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES ('deal_line', '60000000-0000-4000-8000-000000012215', 'quantity', '2', 'test')`,
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	mapAndBuild(t, db)
	accountedFor(t, db)
	for query, want := range map[string]string{
		"SELECT fate || ': ' || reason FROM xw_item WHERE object = 'deal_line' AND source_id = 'o1'":                           "documented: its deal is not in the source",
		"SELECT group_concat(fate) FROM (SELECT fate FROM xw_item WHERE object = 'deal_contact' ORDER BY row_id DESC LIMIT 2)": "documented,merged",
		"SELECT reason FROM xw_item WHERE object = 'watcher' ORDER BY row_id DESC LIMIT 1":                                     "its company is not in the source",
		"SELECT fate FROM xw_item WHERE object = 'product_category' AND source_id = 'c9'":                                      "excluded",
		// A corrected quantity makes the line count.
		"SELECT quantity || ' ' || (payload -> 'is_enabled' IS NULL) FROM final_deal_product WHERE final_key GLOB '*12215'": "2 1",
		"SELECT group_concat(rule) FROM issue WHERE rule = 'line_without_deal' AND object = 'deal_line'":                    "line_without_deal",
		"SELECT count(*) FROM final_participant": "46",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
