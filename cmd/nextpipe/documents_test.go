package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
)

// sampleDir is the sample export.
func sampleDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// withRemote is the sample export with one more document, in a bucket's address.
func withRemote(t *testing.T, address string) string {
	t.Helper()
	export := sampleDir(t)
	f, err := os.OpenFile(filepath.Join(export, "documents.csv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "99,%s,deal,9004,Remote,2024-02-08 12:00:00\n", address)
	if closed := f.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	return export
}

func TestExtract_KeysOfABucketAreNowhereInWhatWeWriteOrSay(t *testing.T) {
	var authorized string
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorized = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		// A service may echo what it was sent.
		fmt.Fprintf(w, "<Error><Code>InvalidAccessKeyId</Code><Message>%s</Message></Error>", r.Header.Get("Authorization"))
	}))
	defer far.Close()
	db := filepath.Join(t.TempDir(), "np.db")
	code, stdout, stderr := nextpipe(t, []string{"NEXTPIPE_S3_ACCESS_KEY=CANARYACCESSKEY", "NEXTPIPE_S3_SECRET_KEY=CANARYSECRETKEY"},
		"extract", "--db", db, "--source", withRemote(t, far.URL+"/nextcrm/documents/1.pdf"), "--s3-endpoint", far.URL, "--s3-bucket", "nextcrm")
	if code != 2 || !strings.Contains(stderr, "InvalidAccessKeyId; correct --s3-endpoint") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if !strings.Contains(authorized, "CANARYACCESSKEY") {
		t.Errorf("the bucket was asked with %q", authorized)
	}
	said := stdout + stderr
	for _, name := range []string{db, db + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		said += string(content)
	}
	if strings.Contains(said, "CANARY") {
		t.Error("a key of the bucket was written or said")
	}
}

func TestExtract_FetchesFromTheHostThatIsAllowed(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "remote") }))
	defer far.Close()
	db, export := filepath.Join(t.TempDir(), "np.db"), withRemote(t, far.URL+"/a.txt")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "files 3 · files not at hand 5"},
		{[]string{"--allow-host", strings.TrimPrefix(far.URL, "http://")}, "files 4 · files not at hand 4"},
	} {
		code, stdout, stderr := nextpipe(t, nil, append([]string{"extract", "--db", db, "--source", export}, c.args...)...)
		if code != 0 || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%v: exit %d, want %q in %s%s", c.args, code, c.want, stdout, stderr)
		}
	}
}

func TestExtract_RefusesOddPlacesOfDocuments(t *testing.T) {
	export := sampleDir(t)
	for says, args := range map[string][]string{
		"folder of documents":             {"--documents", filepath.Join(t.TempDir(), "none")},
		"should look like https://minio":  {"--s3-endpoint", "ftp://minio.example", "--s3-bucket", "b"},
		"name of the bucket is missing":   {"--s3-endpoint", "https://minio.example"},
		"should look like files.example.": {"--allow-host", "https://files.example/"},
	} {
		code, _, stderr := nextpipe(t, nil, append([]string{"extract", "--db", filepath.Join(t.TempDir(), "np.db"), "--source", export}, args...)...)
		if code != 2 || !strings.Contains(stderr, says) {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}
