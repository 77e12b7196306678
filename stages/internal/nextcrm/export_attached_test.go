package nextcrm

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fileLine(r record) string {
	return fmt.Sprintf("%s %d %s %s %.6s", r.Values["state"], r.Number, r.Values["path"], r.Values["size"], r.Values["sha256"])
}

func filesByName(t *testing.T, src Source) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, r := range records(t, src, "document_file") {
		if _, again := got[r.Values["file"]]; again {
			t.Errorf("%s has two rows", r.Values["file"])
		}
		got[r.Values["file"]] = fileLine(r)
	}
	return got
}

func TestSample_FilesAreListedWithSizeAndHash(t *testing.T) {
	src, dir := openSample(t)
	want := map[string]string{
		"contract-0007.txt":                  "ok 0 documents/contract-0007.txt 21 20c48b",
		"offer-bravo.html":                   "ok 0 documents/offer-bravo.html 15 26f824",
		"Angebot Übersicht €.txt":            "ok 0 documents/Angebot Übersicht €.txt 11 71f807",
		"empty.txt":                          "empty 0 documents/empty.txt 0 e3b0c4",
		"unlisted.txt":                       "unlisted 0 documents/unlisted.txt 17 c62a77",
		"missing.pdf":                        "missing 5   ",
		"../../etc/passwd":                   "refused 6   ",
		"https://files.example/brochure.pdf": "remote 7   ",
	}
	if diff := cmp.Diff(want, filesByName(t, src)); diff != "" {
		t.Error(diff)
	}
	expected := expectedOf(t, dir, "documents")
	for code, key := range map[string]string{"document_missing": "missing", "document_refused": "refused_path", "document_remote": "remote_url",
		"document_unlisted": "unlisted", "document_empty": "empty_files"} {
		if got := float64(tallied(src, "documents/", code)); got != expected[key] {
			t.Errorf("%s: %v, want %v", code, got, expected[key])
		}
	}
	all := records(t, src, "document_file")
	resolvable := countOf(all, func(r record) bool { return r.Values["state"] == fileOK || r.Values["state"] == fileEmpty })
	onDisk := countOf(all, func(r record) bool { return r.Values["path"] != "" })
	if resolvable != expected["resolvable"] || onDisk != expected["files_on_disk"] || float64(len(records(t, src, "document"))) != expected["records"] {
		t.Errorf("%v resolvable, %v on disk; want %v", resolvable, onDisk, expected)
	}
}

func TestAttached_NothingOutsideTheFolderIsRead(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := []string{"id,file,object_type", "1,link.txt,deal", "2,linked/secret.txt,deal", "3," + secret + ",deal", `4,..\..\x.txt,deal`, `5,C:\x.txt,deal`,
		"6,sub/../../x.txt,deal", `7,sub\a.txt,deal`, "8,documents/b.txt,deal", "9,FTP://host/x,deal", "10,./b.txt,deal", "11,b.txt,account", "12,,deal", "13,nope\x00.txt,deal"}
	dir := folder(t, map[string]string{"contacts.csv": plain, "documents.csv": strings.Join(list, "\n") + "\n", "documents/sub/a.txt": "a", "documents/b.txt": "b"})
	for name, target := range map[string]string{"link.txt": secret, "linked": filepath.Dir(secret)} {
		if err := os.Symlink(target, filepath.Join(dir, "documents", name)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"link.txt": "link 0 documents/link.txt  ", "linked/secret.txt": "missing 2   ", "linked": "link 0 documents/linked  ", secret: "refused 3   ",
		`..\..\x.txt`: "refused 4   ", `C:\x.txt`: "refused 5   ", "sub/../../x.txt": "refused 6   ", `sub\a.txt`: "ok 0 documents/sub/a.txt 1 ca9781",
		"documents/b.txt": "ok 0 documents/b.txt 1 3e23e8", "FTP://host/x": "remote 9   ", "./b.txt": "ok 0 documents/b.txt 1 3e23e8", "b.txt": "ok 0 documents/b.txt 1 3e23e8",
		"nope\x00.txt": "refused 13   ",
	}
	if diff := cmp.Diff(want, filesByName(t, open(t, dir, ExportOptions{}))); diff != "" {
		t.Error(diff)
	}
}

func TestAttached_AFolderThatIsALinkIsNotFollowed(t *testing.T) {
	dir := folder(t, map[string]string{"contacts.csv": plain, "elsewhere/x/a.txt": "a"})
	if err := os.Symlink(filepath.Join(dir, "elsewhere", "x"), filepath.Join(dir, "Documents")); err != nil {
		t.Fatal(err)
	}
	src := open(t, dir, ExportOptions{})
	if all := records(t, src, "document_file"); len(all) > 0 {
		t.Errorf("read %v", all)
	}
	for _, i := range src.Items() {
		if i.Table == "Documents/" && (i.Status != statusUnknown || !strings.Contains(i.Reason, "link")) {
			t.Errorf("the link is listed as %+v", i)
		}
	}
}

func TestAttached_ANamesAccentsMayBeStoredInEitherForm(t *testing.T) {
	src := open(t, folder(t, map[string]string{"contacts.csv": plain, "documents.csv": "id,file\n1,Übersicht.txt\n", "documents/U\u0308bersicht.txt": "x"}), ExportOptions{})
	all := records(t, src, "document_file")
	if len(all) != 1 || all[0].Values["state"] != fileOK || all[0].Values["file"] != "Übersicht.txt" {
		t.Errorf("got %v", all)
	}
}

func TestAttached_MembersOfAZipAreHashedToo(t *testing.T) {
	big := strings.Repeat("0123456789", 300_000)
	dir := folder(t, map[string]string{"contacts.csv": plain})
	out, err := os.Create(filepath.Join(dir, "files.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	for name, text := range map[string]string{"documents.csv": "id,file\n1,sub/big.bin\n", "documents/sub/big.bin": big, "documents/../../evil.txt": "evil"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(big))
	want := map[string]string{"sub/big.bin": fmt.Sprintf("ok 0 files.zip/documents/sub/big.bin 3000000 %.6s", hex.EncodeToString(sum[:])), "../../evil.txt": "refused 0 evil.txt  "}
	src := open(t, dir, ExportOptions{})
	got := filesByName(t, src)
	if got["sub/big.bin"] != want["sub/big.bin"] || !strings.HasPrefix(got["../../evil.txt"], "refused 0 ") {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAttached_AnInterruptedRunStopsHashing(t *testing.T) {
	src, _ := openSample(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := src.Rows(ctx, "document_file", func(*Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
