package extract_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// fetched extracts an export and its files.
func fetched(t *testing.T, db *warehouse.DB, dir string, where extract.Files) error {
	t.Helper()
	where.Sleep = func(context.Context, time.Duration) error { return nil }
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	_, err = extract.Fetch(t.Context(), db, src, where, func(int64, int64) {})
	return err
}

// blobs lists place, state and origin of every file.
func blobs(t *testing.T, db *warehouse.DB) map[string]string {
	t.Helper()
	rows, err := db.Read().Query("SELECT place, state || coalesce(' ' || origin, '') FROM document_blob")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var place, what string
		if err := rows.Scan(&place, &what); err != nil {
			t.Fatal(err)
		}
		out[place] = what
	}
	return out
}

func sample(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFetch_KeepsTheFilesOfAnExportAndSaysWhyOthersAreNotAtHand(t *testing.T) {
	db := open(t)
	if err := fetched(t, db, sample(t), extract.Files{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"contract-0007.txt": "present export", "offer-bravo.html": "present export", "Angebot Übersicht €.txt": "present export",
		"empty.txt": "empty export", "missing.pdf": "missing", "../../etc/passwd": "refused", "https://files.example/brochure.pdf": "remote_not_allowed",
	}
	if diff := cmp.Diff(want, blobs(t, db)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	content, err := os.ReadFile(filepath.Join(db.Path()+".files", one(t, db, "SELECT path FROM document_blob WHERE place = 'contract-0007.txt'")))
	if err != nil || len(content) != 21 {
		t.Errorf("the kept file has %d bytes, %v", len(content), err)
	}
	if got := one(t, db, "SELECT count(*) FROM document_blob AS b JOIN stg_document_file AS f ON f.file = b.place AND f.sha256 = b.sha256 AND f.size = b.size WHERE f.state = 'ok'"); got != "3" {
		t.Errorf("%s files have the hash and size that were staged, want 3", got)
	}
}

func TestFetch_FollowsTheSourceFromOneExtractionToTheNext(t *testing.T) {
	db, dir := open(t), sample(t)
	folder := t.TempDir()
	for name, text := range map[string]string{"brochure.pdf": "brochure", "missing.pdf": "found", "stray.txt": "stray"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fetched(t, db, dir, extract.Files{Folder: folder}); err != nil {
		t.Fatal(err)
	}
	got := blobs(t, db)
	if got["missing.pdf"] != "present folder" || got["https://files.example/brochure.pdf"] != "present folder" || got["stray.txt"] != "unlisted folder" {
		t.Errorf("got %v", got)
	}
	if note := one(t, db, "SELECT message FROM source_note WHERE code = 'document_unlisted' AND message LIKE '%stray.txt%'"); !strings.HasPrefix(note, "1 files") {
		t.Errorf("the finding says %s", note)
	}
	// The list shrinks, a file changes, the folder is not given any more.
	list := "id,file,object_type,object_key,title,created_at\n1,contract-0007.txt,contact,anna.adler0@example.com,Contract 7,2024-02-02 12:00:00\n"
	for name, text := range map[string]string{"documents.csv": list, "documents/contract-0007.txt": "signed"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fetched(t, db, dir, extract.Files{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"contract-0007.txt": "present export"}, blobs(t, db)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if size := one(t, db, "SELECT size FROM document_blob"); size != "6" {
		t.Errorf("the changed file has %s bytes, want 6", size)
	}
}

// listing is an export with documents at one address each.
func listing(t *testing.T, base string, n int) string {
	t.Helper()
	rows := "id,file,object_type,object_key,title,created_at\n"
	for i := range n {
		rows += fmt.Sprintf("%d,%s/%d.txt,deal,9004,,2024-02-02 12:00:00\n", i, base, i)
	}
	return export(t, map[string]string{"contacts.csv": "id,email,first_name\n1,a@example.com,Ana\n", "documents.csv": rows})
}

func TestFetch_GoesOnWhereItWasInterruptedAndFetchesNothingTwice(t *testing.T) {
	var asked atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 3 {
			cancel()
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	defer far.Close()
	db, dir := open(t), listing(t, far.URL, 5)
	where := extract.Files{Hosts: []string{strings.TrimPrefix(far.URL, "http://")}}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := extract.Fetch(ctx, db, src, where, func(int64, int64) {}); err == nil {
		t.Fatal("an interrupted run ended well")
	}
	if n := one(t, db, "SELECT count(*) FROM document_blob WHERE state = 'present'"); n != "2" {
		t.Fatalf("%s files were kept before the interruption, want 2", n)
	}
	for range 2 {
		if err := fetched(t, db, dir, where); err != nil {
			t.Fatal(err)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM document_blob WHERE state = 'present' AND origin = 'web'"); n != "5" {
		t.Errorf("%s files are kept, want 5", n)
	}
	if n := asked.Load(); n != 6 {
		t.Errorf("the host was asked %d times: 5 files, one of them twice, make 6", n)
	}
	// A file that is damaged on our side is fetched again.
	damaged := filepath.Join(db.Path()+".files", one(t, db, "SELECT min(path) FROM document_blob"))
	if err := os.WriteFile(damaged, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fetched(t, db, dir, where); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 7 {
		t.Errorf("the host was asked %d times, want once more", n)
	}
}

func TestFetch_AFolderThatIsNotThereIsAnErrorOfTheCaller(t *testing.T) {
	err := fetched(t, open(t), sample(t), extract.Files{Folder: filepath.Join(t.TempDir(), "none")})
	if err == nil || !strings.Contains(err.Error(), "folder of documents") {
		t.Errorf("got %v", err)
	}
}

func TestFetch_WithoutDocumentsMakesNoFolder(t *testing.T) {
	db := open(t)
	if err := fetched(t, db, export(t, map[string]string{"contacts.csv": "id,email\n1,a@example.com\n"}), extract.Files{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(db.Path() + ".files"); !os.IsNotExist(err) {
		t.Errorf("the folder: %v", err)
	}
}

// TestFetch_AsksFolderBucketAndWebInThisOrder uses records as the database
// edition stages them; the bucket may be read by everybody.
func TestFetch_AsksFolderBucketAndWebInThisOrder(t *testing.T) {
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := map[string]string{"/nextcrm/documents/2.pdf": "from the bucket", "/nextcrm/invoices/1.pdf": "invoice"}[r.URL.Path]
		if !ok {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
			return
		}
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("ETag", `"x"`)
		fmt.Fprint(w, content)
	}))
	defer bucket.Close()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "from the web") }))
	defer web.Close()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "1.pdf"), []byte("from the folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	dir := export(t, map[string]string{"contacts.csv": "id,email\n1,a@example.com\n"})
	if err := fetched(t, db, dir, extract.Files{}); err != nil {
		t.Fatal(err)
	}
	stage := strings.ReplaceAll(`INSERT INTO stg_document (source_table, title, object_key, url, deleted_at, row_hash) VALUES
			('Documents', 'one', '1.pdf', NULL, NULL, ''), ('Documents', 'two', 'documents/2.pdf', 'https://files.example/documents/2.pdf', NULL, ''),
			('Documents', 'three', 'documents/3.pdf', 'WEB/f/3.pdf', NULL, ''), ('Documents', 'four', NULL, 'https://files.example/4.pdf', NULL, ''),
			('Documents', 'deleted', 'documents/5.pdf', NULL, '2024-01-01T00:00:00Z', '');
		INSERT INTO stg_invoice (source_table, pdf_key, row_hash) VALUES ('Invoices', 'invoices/1.pdf', '');
		INSERT INTO stg_invoice_file (source_table, object_key, row_hash) VALUES ('Invoice_Attachments', 'invoices/2.pdf', '')`, "WEB", web.URL)
	if err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(stage); return err }); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	where := extract.Files{Folder: folder, Hosts: []string{strings.TrimPrefix(web.URL, "http://")}}
	where.Bucket.Endpoint, where.Bucket.Bucket = bucket.URL, "nextcrm"
	if _, err := extract.Fetch(t.Context(), db, src, where, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"1.pdf": "present folder", "documents/2.pdf": "present bucket", "documents/3.pdf": "present web",
		"https://files.example/4.pdf": "missing", "invoices/1.pdf": "present bucket", "invoices/2.pdf": "missing"}
	if diff := cmp.Diff(want, blobs(t, db)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
