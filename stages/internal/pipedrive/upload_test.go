package pipedrive_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
)

// onDisk stores content in a folder of files and describes it.
func onDisk(t *testing.T, dir, name string, content []byte) pipedrive.Blob {
	t.Helper()
	rewrite(t, dir, string(content))
	sum := sha256.Sum256(content)
	return pipedrive.Blob{Path: "ab/blob", Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

func uploading(t *testing.T, opts sandbox.Options) (acct *sandbox.Account, c *pipedrive.Client, dir string) {
	t.Helper()
	dir = t.TempDir()
	acct, c = rehearse(t, opts, func(cfg *pipedrive.Config) { cfg.Files = dir })
	return acct, c, dir
}

func held(t *testing.T, acct *sandbox.Account, id string) string {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	content, err := acct.FileContent(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestUpload_BringsTheBytesTheNameAndTheLinksAtTheDocumentedPrice(t *testing.T) {
	acct, c, dir := uploading(t, sandbox.Options{})
	org, deal := add(t, c, "organization", `{"name":"Acme"}`), add(t, c, "deal", `{"title":"Pilot"}`)
	before := acct.TokensSpent()
	content := strings.Repeat("Zeile mit Umlauten äöü\r\n--boundary\r\n", 20000)
	blob := onDisk(t, dir, `Angebot "Übersicht" €.txt`, []byte(content))
	rec, err := c.Upload(context.Background(), "file", []byte(`{"name":"other","@blob":{},"org_id":`+org+`,"deal_id":"`+deal+`"}`), blob)
	if err != nil {
		t.Fatal(err)
	}
	var props map[string]any
	if err := json.Unmarshal(rec.Data, &props); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"name": blob.Name, "file_size": fmt.Sprint(blob.Size), "org_id": org, "deal_id": deal} {
		if got := fmt.Sprint(props[key]); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if held(t, acct, rec.ID) != content {
		t.Error("the account holds other bytes")
	}
	if got, want := acct.TokensSpent()-before, pipedrive.Cost("file", pipedrive.Create); got != want {
		t.Errorf("the account charged %d tokens, our price says %d", got, want)
	}
}

func TestUpload_ARetryReadsTheFileAnew(t *testing.T) {
	acct, c, dir := uploading(t, sandbox.Options{})
	blob := onDisk(t, dir, "a.txt", []byte(strings.Repeat("0123456789", 9000)))
	acct.Script(sandbox.Fault{Method: http.MethodPost, Path: "/api/v1/files", Nth: 1, Times: 2, Do: sandbox.TooManyBurst, RetryAfter: 1})
	rec, err := c.Upload(context.Background(), "file", []byte(`{}`), blob)
	if err != nil {
		t.Fatal(err)
	}
	if got := held(t, acct, rec.ID); int64(len(got)) != blob.Size {
		t.Errorf("the account holds %d bytes, want %d", len(got), blob.Size)
	}
	if got := idsOf(t, c, "file", nil); len(got) != 1 {
		t.Errorf("the account holds files %v, want one", got)
	}
}

func TestUpload_ALostAnswerIsAnUnknownOutcome(t *testing.T) {
	for _, effect := range []sandbox.Effect{sandbox.DropAfter, sandbox.FailAfter, sandbox.Truncate} {
		acct, c, dir := uploading(t, sandbox.Options{})
		acct.Script(sandbox.Fault{Method: http.MethodPost, Nth: 1, Do: effect})
		_, err := c.Upload(context.Background(), "file", []byte(`{}`), onDisk(t, dir, "a.txt", []byte("abc")))
		if !errors.Is(err, pipedrive.ErrUnknownOutcome) {
			t.Errorf("%s: got %v, want an unknown outcome", effect, err)
		}
		if got := idsOf(t, c, "file", nil); len(got) != 1 {
			t.Errorf("%s: the account holds files %v, want one: an upload must not be repeated", effect, got)
		}
	}
}

func TestUpload_AFileThatIsNotTheExtractedOneNeverArrives(t *testing.T) {
	const content = "the bytes that were extracted"
	cases := []struct {
		name string
		harm func(t *testing.T, dir string, b *pipedrive.Blob)
		want string
	}{
		{"other bytes of the same size", func(t *testing.T, dir string, b *pipedrive.Blob) {
			rewrite(t, dir, strings.ToUpper(content))
		}, "not those that were extracted"},
		{"longer", func(t *testing.T, dir string, b *pipedrive.Blob) { rewrite(t, dir, content+"!") }, "should be a file of 29 bytes and has 30"},
		{"shorter", func(t *testing.T, dir string, b *pipedrive.Blob) { rewrite(t, dir, content[1:]) }, "should be a file of 29 bytes and has 28"},
		{"gone", func(t *testing.T, dir string, b *pipedrive.Blob) { b.Path += ".gone" }, "no such file"},
		{"outside its folder", func(t *testing.T, dir string, b *pipedrive.Blob) { b.Path = "../" + filepath.Base(dir) + "/ab/blob" }, "escapes"},
		{"a link to the outside", func(t *testing.T, dir string, b *pipedrive.Blob) {
			if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			b.Path = "link"
		}, "escapes"},
		{"a folder", func(t *testing.T, dir string, b *pipedrive.Blob) { b.Path = "ab" }, "should be a file of 29 bytes"},
	}
	for _, tc := range cases {
		_, c, dir := uploading(t, sandbox.Options{})
		blob := onDisk(t, dir, "a.txt", []byte(content))
		tc.harm(t, dir, &blob)
		_, err := c.Upload(context.Background(), "file", []byte(`{}`), blob)
		var own *pipedrive.Error
		if !errors.As(err, &own) || own.Kind != pipedrive.Refused || own.Code != pipedrive.LocalFile || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want a refusal that says %q", tc.name, err, tc.want)
		}
		if strings.Count(err.Error(), "cannot be sent") != 1 {
			t.Errorf("%s: %v does not say once what it means", tc.name, err)
		}
		if got := idsOf(t, c, "file", nil); len(got) != 0 {
			t.Errorf("%s: the account holds files %v", tc.name, got)
		}
	}
}

func rewrite(t *testing.T, dir, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Join(dir, "ab"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "ab", "blob"), []byte(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpload_RefusesWhatAFormCannotSay(t *testing.T) {
	_, c, dir := uploading(t, sandbox.Options{})
	for fields, want := range map[string]string{
		`{"deal_id":{"@ref":"deal:1"}}`: "a form takes texts and numbers",
		`{"deal_id":null}`:              "a form takes texts and numbers",
		`[1]`:                           "read fields",
	} {
		if _, err := c.Upload(context.Background(), "file", []byte(fields), onDisk(t, dir, "a", []byte("a"))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", fields, err, want)
		}
	}
	if _, err := c.Upload(context.Background(), "file", []byte(`{}`), onDisk(t, dir, "a", nil)); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("an empty file: got %v", err)
	}
}

// facing connects to a far side that is no sandbox.
func facing(t *testing.T, far http.HandlerFunc, timeout time.Duration) (c *pipedrive.Client, dir string) {
	t.Helper()
	server := httptest.NewServer(far)
	t.Cleanup(server.Close)
	dir = t.TempDir()
	c, err := pipedrive.New(pipedrive.Config{BaseURL: server.URL, Token: "t0ken", Timeout: timeout, Files: dir})
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func TestUpload_AnAnswerBeforeTheWholeFileProvesNothing(t *testing.T) {
	hasty := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, `{"success":true,"data":{"id":7,"name":"a"}}`)
	}
	c, dir := facing(t, hasty, 5*time.Second)
	_, err := c.Upload(context.Background(), "file", []byte(`{}`), onDisk(t, dir, "a", make([]byte, 32<<20)))
	if !errors.Is(err, pipedrive.ErrUnknownOutcome) {
		t.Errorf("got %v, want an unknown outcome", err)
	}
}

func TestUpload_ATooLargeFileIsRefused(t *testing.T) {
	_, c, dir := uploading(t, sandbox.Options{FileCap: 1000})
	_, err := c.Upload(context.Background(), "file", []byte(`{}`), onDisk(t, dir, "a", make([]byte, 2000)))
	var own *pipedrive.Error
	if !errors.As(err, &own) || own.Kind != pipedrive.Refused || own.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, want 413", err)
	}
}

func TestUpload_TheTimeoutGrowsWithTheFile(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 1<<20)
		for n := 1; n > 0; n, _ = r.Body.Read(buf) {
			time.Sleep(10 * time.Millisecond)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"success":true,"data":{"id":7,"name":"a"}}`)
	}
	c, dir := facing(t, slow, 100*time.Millisecond)
	if rec, err := c.Upload(context.Background(), "file", []byte(`{}`), onDisk(t, dir, "a", make([]byte, 1<<20))); err != nil || rec.ID != "7" {
		t.Errorf("got %v, %v", rec, err)
	}
}
