package dedupe_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/clean"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// sample is the sample export, extracted, cleaned and searched for duplicates.
func sample(t *testing.T) *warehouse.DB {
	t.Helper()
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	dir, ctx := t.TempDir(), context.Background()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(ctx, dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	db, err := warehouse.Open(ctx, filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := extract.Run(ctx, db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(ctx, db); err != nil {
		t.Fatal(err)
	}
	run(t, db)
	return db
}

// TestSampleMeetsItsManifest compares with what the sample's author counted.
func TestSampleMeetsItsManifest(t *testing.T) {
	var m struct {
		Expected struct {
			Contacts struct {
				Records         int            `json:"records"`
				DistinctPrimary int            `json:"distinct_primary_emails"`
				Duplicates      int            `json:"duplicate_records"`
				Groups          int            `json:"duplicate_groups"`
				Persons         int            `json:"persons_after_merge"`
				Nameless        int            `json:"without_email_and_name"`
				Tags            int            `json:"tag_memberships_merged"`
				Lists           int            `json:"list_memberships_merged"`
				Status          map[string]int `json:"status_merged"`
			} `json:"contacts"`
			Companies struct {
				Records    int `json:"records"`
				Names      int `json:"distinct_names"`
				Duplicates int `json:"duplicate_records"`
				Nameless   int `json:"without_name"`
			} `json:"companies"`
			Deals struct {
				Records int `json:"records"`
				IDs     int `json:"distinct_ids"`
			} `json:"deals"`
		} `json:"expected"`
	}
	data, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	db, e := sample(t), m.Expected
	counts := map[string]int{
		"SELECT count(*) FROM xw_contact":                                                e.Contacts.Records,
		"SELECT count(DISTINCT final_key) FROM xw_contact":                               e.Contacts.Persons,
		"SELECT count(*) FROM golden_contact":                                            e.Contacts.Persons,
		"SELECT count(*) FROM xw_contact WHERE fate = 'merged'":                          e.Contacts.Duplicates,
		"SELECT count(*) FROM dup_contact_cluster WHERE state = 'merged'":                e.Contacts.Groups,
		"SELECT count(*) FROM golden_contact WHERE name_origin NOT IN ('name', 'email')": e.Contacts.Nameless,
		"SELECT count(DISTINCT email) FROM golden_contact":                               e.Contacts.DistinctPrimary,
		"SELECT sum(json_array_length(tags)) FROM golden_contact":                        e.Contacts.Tags,
		"SELECT sum(json_array_length(lists)) FROM golden_contact":                       e.Contacts.Lists,
		"SELECT count(*) FROM xw_account":                                                e.Companies.Records,
		"SELECT count(*) FROM golden_account":                                            e.Companies.Names,
		"SELECT count(*) FROM xw_account WHERE fate = 'merged'":                          e.Companies.Duplicates,
		"SELECT count(*) FROM xw_account WHERE fate = 'rejected'":                        e.Companies.Nameless,
		"SELECT count(*) FROM xw_deal":                                                   e.Deals.Records,
		"SELECT count(DISTINCT final_key) FROM xw_deal":                                  e.Deals.IDs,
		"SELECT count(*) FROM golden_contact AS c WHERE account_key NOT IN (SELECT account_key FROM xw_account WHERE account_key IS NOT NULL UNION SELECT account_key FROM clean_account_mention)": 0,
	}
	for status, n := range e.Contacts.Status {
		counts["SELECT count(*) FROM golden_contact WHERE consent = '"+status+"'"] = n
	}
	for query, want := range counts {
		var got int
		if err := db.Read().QueryRow(query).Scan(&got); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
}
