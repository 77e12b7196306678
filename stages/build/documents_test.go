package build_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

func noPause(context.Context, time.Duration) error { return nil }

// withDocuments is a source with its files, cleaned, mapped and built.
func withDocuments(t *testing.T, src nextcrm.Source, files extract.Files) *warehouse.DB {
	t.Helper()
	files.Sleep = noPause
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := extract.Fetch(t.Context(), db, src, files, func(int64, int64) {}); err != nil {
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

// exportWithDocuments is the sample export with other documents, or its own.
func exportWithDocuments(t *testing.T, list string, more map[string]string) *warehouse.DB {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	if list != "" {
		more["../documents.csv"] = list
	}
	for name, text := range more {
		if err := os.WriteFile(filepath.Join(dir, "documents", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	return withDocuments(t, src, extract.Files{})
}

// list reads rows of one text column.
func list(t *testing.T, db *warehouse.DB, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := db.Read().Query(query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// documentFates lists object, source id, fate and rule of every staged row of documents.
const documentFates = `SELECT object || ' ' || coalesce(source_id, '-') || ' ' || fate || coalesce(' ' || rule, '') FROM xw_item
	WHERE object IN ('document', 'document_link', 'document_type', 'document_file', 'invoice_file') ORDER BY object, row_id`

// everyDocumentIsAccountedFor demands one row of xw_item for each staged row, and
// for each that became something the final it names.
func everyDocumentIsAccountedFor(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, object := range []string{"document", "document_link", "document_type", "document_file", "invoice_file"} {
		staged := one(t, db, "SELECT count(*) FROM stg_"+object)
		settled := one(t, db, "SELECT count(*) FROM xw_item AS x JOIN stg_"+object+" AS s ON s.row_id = x.row_id WHERE x.object = '"+object+"'")
		if staged != settled {
			t.Errorf("%s: %s of %s rows have a fate", object, settled, staged)
		}
	}
	for _, lost := range list(t, db, `SELECT x.object || ' ' || x.row_id || ' names ' || x.final_key FROM xw_item AS x
		WHERE x.entity IN ('file', 'note') AND (x.object LIKE 'document%' OR x.object = 'invoice_file')
			AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = x.entity AND f.final_key = x.final_key)`) {
		t.Errorf("%s, which is not there", lost)
	}
}

func TestDocumentsOfTheSampleExportBecomeFilesNotesOrNamedRejects(t *testing.T) {
	db := exportWithDocuments(t, "", nil)
	// The manifest: 7 records, 4 resolvable of which 1 empty, 1 missing, 1 refused, 1 remote; 1 unlisted of 5 on disk.
	want := []string{
		"document 1 final", "document 2 final", "document 3 final", "document 4 documented document_empty", "document 5 rejected document_missing",
		"document 6 rejected document_refused", "document 7 rejected document_remote_not_allowed",
		"document_file - merged bytes_of_file", "document_file - merged bytes_of_file", "document_file - merged bytes_of_file",
		"document_file - documented documents.csv", "document_file - documented documents.csv", "document_file - documented documents.csv",
		"document_file - documented documents.csv", "document_file - documented documents.csv",
	}
	if diff := cmp.Diff(want, list(t, db, documentFates)); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	everyDocumentIsAccountedFor(t, db)
	wantFile := `{"name":"Angebot Übersicht €.txt","@blob":{"path":"71/71f8073ae604066e79b2ddbee4f26b9fa16489d132384a4231d04aa0ea62d005",` +
		`"name":"Angebot Übersicht €.txt","size":11,"sha256":"71f8073ae604066e79b2ddbee4f26b9fa16489d132384a4231d04aa0ea62d005"},"deal_id":{"@ref":"deal:deal:9004"}}`
	if got := one(t, db, "SELECT payload FROM final_file WHERE final_key = 'document:3:71f8073ae604'"); got != wantFile {
		t.Errorf("file 3 is\n%s, want\n%s", got, wantFile)
	}
	tag := one(t, db, "SELECT source_tag FROM setup")
	wantNote := `{"content":"<p><b>Price list</b></p><p><i>From NextCRM</i><br>File: Angebot Übersicht €.txt<br>Added: 2024-02-04 11:00:00 UTC</p>` +
		`<p><small>[NextCRM ` + tag + `/note:document:3]</small></p>","deal_id":{"@ref":"deal:deal:9004"},"add_time":"2024-02-04 11:00:00"}`
	if got := one(t, db, "SELECT payload FROM final_note WHERE final_key = 'note:document:3'"); got != wantNote {
		t.Errorf("note 3 is\n%s, want\n%s", got, wantNote)
	}
	if got := one(t, db, "SELECT payload ->> '$.content' FROM final_note WHERE final_key = 'note:document:4'"); !strings.Contains(got, "The file is empty in NextCRM") {
		t.Errorf("the note in place of the empty file says %s", got)
	}
	if got := one(t, db, "SELECT reason FROM xw_item WHERE object = 'document' AND source_id = '7'"); !strings.Contains(got, "brochure.pdf") || !strings.Contains(got, "--allow-host files.example") {
		t.Errorf("document 7 is rejected because %s", got)
	}
}

func TestDocumentsThatAreOddLoseNothing(t *testing.T) {
	db := exportWithDocuments(t, "id,file,object_type,object_key,title,created_at\n"+
		"1,same.txt,deal,9004,,2024-02-02 12:00:00\n"+
		"2,same.txt,company,Bravo AG,,2024-02-02 12:00:00\n"+ // the same bytes elsewhere
		"3,orphan.txt,contact,nobody@example.com,,2024-02-02 12:00:00\n"+
		"4,board.txt,board,17,,2024-02-02 12:00:00\n"+ // nothing that a file can hang on
		"5,,deal,9004,A record without a file,2024-02-02 12:00:00\n"+
		"5,other.txt,deal,9005,The id again,2024-02-02 12:00:00\n"+
		"6,same.txt,deal,9006,\"<script>alert(1)</script> & \"\"Co\"\"\",2024-02-02 12:00:00\n"+
		"6,same.txt,deal,9006,\"<script>alert(1)</script> & \"\"Co\"\"\",2024-02-02 12:00:00\n",
		map[string]string{"same.txt": "same", "orphan.txt": "orphan", "board.txt": "board", "other.txt": "other"})
	everyDocumentIsAccountedFor(t, db)
	var documents []string
	for _, fate := range list(t, db, documentFates) {
		if strings.HasPrefix(fate, "document ") {
			documents = append(documents, fate)
		}
	}
	want := []string{"document 1 final", "document 2 final", "document 3 documented documents.csv", "document 4 documented documents.csv",
		"document 5 documented document_without_file", "document 5 final", "document 6 final", "document 6 merged repeated_record"}
	if diff := cmp.Diff(want, documents); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	if n := one(t, db, "SELECT count(*) || ' ' || count(DISTINCT sha256) FROM final_file WHERE name = 'same.txt'"); n != "3 1" {
		t.Errorf("files and contents of same.txt: %s, want three uploads of one content", n)
	}
	if got := one(t, db, "SELECT payload ->> '$.content' FROM final_note WHERE final_key = 'note:document:6'"); !strings.HasPrefix(got, "<p><b>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;Co&#34;</b></p>") {
		t.Errorf("the title is written as %s", got)
	}
}

func databaseWithDocuments(t *testing.T, change string) *warehouse.DB {
	t.Helper()
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	script, err := nextcrmsample.DatabaseSQL("latest")
	if err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenDatabase(t.Context(), server.NewDatabase(t, script, change), nextcrm.DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dir := t.TempDir()
	if err := nextcrmsample.WriteDatabaseDocuments(dir); err != nil {
		t.Fatal(err)
	}
	return withDocuments(t, src, extract.Files{Folder: dir})
}

// severalLinks hangs document 1 on further deals and an account, makes document 9
// a version with the very file of its document, and gives the first deal room for
// no note.
const severalLinks = `
CREATE OR REPLACE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT (kind || '0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO "DocumentsToOpportunities" ("document_id", "opportunity_id") SELECT pg_temp.id('8', 1), pg_temp.id('d', n) FROM generate_series(5, 6) AS n;
INSERT INTO "DocumentsToAccounts" ("document_id", "account_id") VALUES (pg_temp.id('8', 1), pg_temp.id('a', 9));
UPDATE "Documents" SET "document_name" = 'Offer 2024/05' WHERE "id" = pg_temp.id('8', 5);
UPDATE "Documents" SET "deletedAt" = NULL, "parent_document_id" = pg_temp.id('8', 2), "key" = 'documents/2.pdf' WHERE "id" = pg_temp.id('8', 9);`

func TestDocumentsOfTheDatabaseKeepEveryLinkAndEveryVersion(t *testing.T) {
	db := databaseWithDocuments(t, severalLinks)
	everyDocumentIsAccountedFor(t, db)
	got := list(t, db, `SELECT replace(final_key, 'document:80000000-0000-4000-8000-000000000001:' || substr(sha256, 1, 12), '') || coalesce(' ' || deal_key, '') || coalesce(' ' || person_key, '') || coalesce(' ' || organization_key, '')
		FROM final_file WHERE final_key GLOB 'document:*000000001:*' ORDER BY final_key`)
	id := func(kind string, n int) string { return fmt.Sprintf("%s0000000-0000-4000-8000-%012d", kind, n) }
	first := "document:" + id("8", 1)
	want := []string{
		" deal:" + id("d", 1) + " contact:" + id("c", 1) + " account:" + id("a", 1),
		"#2 deal:" + id("d", 5) + " account:" + id("a", 9),
		"#3 deal:" + id("d", 6),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uploads of document 1 (-want +got):\n%s", diff)
	}
	if n := one(t, db, "SELECT count(*) FROM final_note WHERE final_key GLOB 'note:"+first+"*'"); n != "3" {
		t.Errorf("%s notes stand beside the three uploads", n)
	}
	for id, want := range map[string]string{
		id("8", 4): "rejected document_missing", id("8", 6): "final", id("8", 7): "documented documents.csv",
		id("8", 8): "final", id("8", 9): "merged same_file",
	} {
		if got := one(t, db, "SELECT fate || coalesce(' ' || rule, '') FROM xw_item WHERE object = 'document' AND source_id = ?", id); got != want {
			t.Errorf("document %s: %s, want %s", id, got, want)
		}
	}
	if got := one(t, db, "SELECT name || '|' || title FROM clean_document WHERE source_id = ?", id("8", 5)); got != "Offer 2024-05.pdf|Offer 2024/05" {
		t.Errorf("document 5 is called %s", got)
	}
	// A version hangs on what its document hangs on.
	if got := one(t, db, "SELECT organization_key FROM final_file WHERE final_key GLOB ?", "document:"+id("8", 8)+":*"); got != "account:"+id("a", 1) {
		t.Errorf("version 2 hangs on %s", got)
	}
	// Links to tasks lead to activities; the note, which cannot, goes to where the activity is.
	if got := one(t, db, "SELECT payload ->> '$.activity_id.@ref' FROM final_file WHERE final_key GLOB ?", "document:"+id("8", 6)+":*"); got != "activity:task:"+id("7", 1) {
		t.Errorf("document 6 hangs on %s", got)
	}
	if got := one(t, db, "SELECT payload ->> '$.lead_id.@ref' FROM final_file WHERE final_key GLOB ?", first+":????????????"); got != "lead:lead:60000000-0000-4000-8000-000000001001" {
		t.Errorf("document 1 hangs on lead %s", got)
	}
	note := one(t, db, "SELECT payload ->> '$.content' FROM final_note WHERE final_key = ?", "note:"+first)
	for _, part := range []string{"Type: offer", "Tags: signed", "Version: 1", "Added by: Petr Novák", "Status: ready", "invoice 60000000-0000-4000-8000-000000016101"} {
		if !strings.Contains(note, part) {
			t.Errorf("the note of document 1 lacks %q: %s", part, note)
		}
	}
	if strings.Contains(note, "new document") {
		t.Error("the note repeats the constant that the old system writes as description")
	}
	if n := one(t, db, "SELECT count(*) FROM final_file WHERE final_key GLOB 'invoice_*'"); n != "11" {
		t.Errorf("%s files of invoices, want 10 PDFs and one attachment", n)
	}
}

func TestNotesBesideFilesLeaveACrowdedDeal(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("id,file,object_type,object_key,title,created_at\n")
	for n := range 101 {
		fmt.Fprintf(&rows, "%d,same.txt,deal,9004,File %d,2024-02-02 12:00:00\n", n+1, n+1)
	}
	db := exportWithDocuments(t, rows.String(), map[string]string{"same.txt": "same"})
	for query, want := range map[string]string{
		"SELECT count(*) FROM final_file WHERE deal_key = 'deal:9004'":                                                                                       "101",
		"SELECT count(*) FROM final_note WHERE final_key GLOB 'note:document:*' AND deal_key IS NULL AND coalesce(organization_key, person_key) IS NOT NULL": "101",
		`SELECT count(*) FROM final_note WHERE final_key GLOB 'note:document:*' AND payload ->> '$.content' LIKE '%<br>Deal: %'`:                             "101",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
