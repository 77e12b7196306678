// Package rehearse makes what tests of the loading side need: a warehouse with
// hand-made final records and a session with a local account. It is imported
// by tests only.
package rehearse

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// Tag is the source tag in every marker of these warehouses.
const Tag = "abc123"

// Warehouse is a warehouse that holds n organizations, n persons and n deals
// as final records, with fields, options, labels and stages of every sort.
func Warehouse(t testing.TB, n int) *warehouse.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "np.db")
	if err := os.WriteFile(path, template(t, n), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// templates are the finished files by size: fault loops need hundreds of them,
// and copying one is many times faster than making it.
var templates sync.Map

func template(t testing.TB, n int) []byte {
	if made, ok := templates.Load(n); ok {
		return made.([]byte)
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "template.db")
	db, err := warehouse.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.UseSource(ctx, warehouse.Setup{Edition: "plugin", Fingerprint: Tag + "def", Name: "test", ToolVersion: "test"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return finals(tx, n) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	templates.Store(n, data)
	return data
}

const structure = `
INSERT INTO final_pipeline VALUES ('sales', 'Sales NC', 1), ('renewals', 'Renewals', 2);
INSERT INTO final_stage VALUES ('sales/new', 'sales', 'New', 1, 20), ('sales/won', 'sales', 'Signed', 2, 100), ('renewals/due', 'renewals', 'Due', 1, NULL);
INSERT INTO final_field VALUES
    ('nextcrm_id', 'organization', 'NextCRM ID', 'varchar', NULL, 0), ('nextcrm_id', 'person', 'NextCRM ID', 'varchar', NULL, 0),
    ('nextcrm_id', 'deal', 'NextCRM ID', 'varchar', NULL, 0), ('tier', 'person', 'Tier', 'enum', NULL, 1), ('likes', 'person', 'Likes', 'set', NULL, 2),
    ('budget', 'organization', 'Budget', 'monetary', NULL, 1);
INSERT INTO final_option VALUES ('person', 'tier', 'Free', 1), ('person', 'tier', 'Paid', 2), ('person', 'likes', 'Tea', 1), ('person', 'likes', 'Coffee', 2);
INSERT INTO final_label VALUES ('person', 'VIP', 1), ('deal', 'Hot', 1);`

func finals(tx *sql.Tx, n int) error {
	if _, err := tx.Exec(structure); err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		if err := final(tx, i); err != nil {
			return err
		}
	}
	return nil
}

func final(tx *sql.Tx, i int) error {
	marker := func(key string) string { return fmt.Sprintf("%s/%s:%d", Tag, key, i) }
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"INSERT INTO final_organization VALUES (?, ?, ?, ?, NULL, ?)", []any{fmt.Sprintf("account:%d", i), i, marker("account"), fmt.Sprintf("Org %d", i),
			fmt.Sprintf(`{"name":"Org %d","add_time":"2020-01-02T03:04:05Z","custom_fields":{"@field:organization.nextcrm_id":%q,"@field:organization.budget":{"value":12.50,"currency":"EUR"}}}`, i, marker("account"))}},
		{"INSERT INTO final_person VALUES (?, ?, ?, ?, ?, ?, 'nobody@example.com', ?)", []any{fmt.Sprintf("contact:%d", i), i, marker("contact"), fmt.Sprintf("Person %d", i),
			fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("account:%d", i),
			fmt.Sprintf(`{"name":"Person %d","owner_id":{"@ref":"user:nobody@example.com"},"org_id":{"@ref":"organization:account:%d"},"emails":[{"value":"p%d@example.com","primary":true,"label":"work"}],"label_ids":[{"@ref":"label:person:VIP"}],"custom_fields":{"@field:person.nextcrm_id":%q,"@field:person.tier":{"@ref":"option:person.tier:Paid"},"@field:person.likes":[{"@ref":"option:person.likes:Coffee"},{"@ref":"option:person.likes:Tea"}]}}`, i, i, i, marker("contact"))}},
		{"INSERT INTO final_deal VALUES (?, ?, ?, ?, '10.5', 'EUR', 'won', 'sales/won', ?, ?, NULL, ?)", []any{fmt.Sprintf("deal:%d", i), i, marker("deal"), fmt.Sprintf("Deal %d", i),
			fmt.Sprintf("account:%d", i), fmt.Sprintf("contact:%d", i),
			fmt.Sprintf(`{"title":"Deal %d","value":10.50,"currency":"EUR","status":"won","won_time":"2024-01-02T03:04:05Z","stage_id":{"@ref":"stage:sales/won"},"org_id":{"@ref":"organization:account:%d"},"person_id":{"@ref":"person:contact:%d"},"label_ids":[{"@ref":"label:deal:Hot"}],"custom_fields":{"@field:deal.nextcrm_id":%q}}`, i, i, i, marker("deal"))}},
		// What matching compares: a name and a telephone.
		{`INSERT INTO clean_contact (contact_key, row_id, name, name_origin, first_name, last_name, phone_e164, phones, row_hash)
			VALUES (?1, ?2, ?3, 'name', 'Person', ?4, ?5, json_array(json_object('value', ?5, 'e164', ?5)), '')`,
			[]any{fmt.Sprintf("contact:%d", i), i, fmt.Sprintf("Person %d", i), fmt.Sprint(i), Phone(i)}},
	} {
		if _, err := tx.Exec(q.sql, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// Phone is the number of the i-th contact, by which an existing person matches.
func Phone(i int) string { return fmt.Sprintf("+4930123456%02d", i) }

// Account is a local account of the given seed on a clock of its own.
func Account(t testing.TB, seed int64) *sandbox.Account {
	t.Helper()
	return AccountWith(t, sandbox.Options{Seed: seed})
}

// AccountWith is one that has more than others. All of them have projects.
func AccountWith(t testing.TB, o sandbox.Options) *sandbox.Account {
	t.Helper()
	o.Plan, o.Projects = "ultimate", true
	a, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Connect opens a session with the account, as a new run would. Waiting
// advances the account's clock instead of taking time.
func Connect(t testing.TB, db *warehouse.DB, a *sandbox.Account) *target.Session {
	t.Helper()
	return ConnectWith(t, db, a, target.Config{})
}

// ConnectWith is Connect with more settings.
func ConnectWith(t testing.TB, db *warehouse.DB, a *sandbox.Account, cfg target.Config) *target.Session {
	t.Helper()
	s, err := connect(t, db, a, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TryConnect is Connect where the account may refuse; then it is nil.
func TryConnect(t testing.TB, db *warehouse.DB, a *sandbox.Account) *target.Session {
	t.Helper()
	s, err := connect(t, db, a, target.Config{})
	if err != nil {
		return nil
	}
	return s
}

// ConnectOr is ConnectWith where the connection may be refused.
func ConnectOr(t testing.TB, db *warehouse.DB, a *sandbox.Account, cfg target.Config) (*target.Session, error) {
	t.Helper()
	return connect(t, db, a, cfg)
}

func connect(t testing.TB, db *warehouse.DB, a *sandbox.Account, cfg target.Config) (*target.Session, error) {
	t.Helper()
	ctx := context.Background()
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	run, err := db.BeginRun(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	cfg.URL, cfg.Token, cfg.By, cfg.Timeout, cfg.Settle = url, cmp.Or(cfg.Token, a.Token()), "test", 5*time.Second, 30*time.Second
	if cfg.Wait = a.Clock().Sleep; cfg.Now == nil {
		cfg.Now = a.Clock().Now
	}
	return target.Connect(ctx, db, run, cfg)
}
