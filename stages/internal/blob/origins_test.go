package blob_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/blob"
)

func TestDir_FindsFilesByNameKeyOrAddressAndNeverOutside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, filepath.Dir(outside), map[string]string{"secret": "secret"})
	dir := t.TempDir()
	write(t, dir, map[string]string{"documents/1.pdf": "one", "3.pdf": "three", "Angebot U\u0308bersicht.txt": "offer", "sub/empty.txt": "", "stray": "x"})
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	d, err := blob.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, tc := range []struct {
		want  blob.Want
		state string
		text  string
	}{
		{blob.Want{Key: "documents/1.pdf"}, blob.Present, "one"},
		{blob.Want{URL: "https://minio.example/nextcrm/documents/1.pdf"}, blob.Present, "one"},
		{blob.Want{URL: "https://utfs.io/f/3.pdf"}, blob.Present, "three"},
		{blob.Want{Name: `.\documents\1.pdf`}, blob.Present, "one"},
		{blob.Want{Name: "Angebot Übersicht.txt"}, blob.Present, "offer"},
		{blob.Want{Name: "sub/empty.txt"}, blob.Empty, ""},
		{blob.Want{Key: "documents/9.pdf"}, blob.Missing, ""},
		{blob.Want{Key: "documents"}, blob.Missing, ""},
		{blob.Want{Key: "documents/1.pdf/x"}, blob.Missing, ""},
		{blob.Want{Name: "../secret"}, blob.Refused, ""},
		{blob.Want{Name: "documents/../../secret"}, blob.Refused, ""},
		{blob.Want{Name: outside}, blob.Refused, ""},
		{blob.Want{Key: "link.txt"}, blob.Refused, ""},
		{blob.Want{URL: "https://files.example/%2e%2e/secret"}, blob.Refused, ""},
	} {
		found, text := fetch(t, tc.want, d)
		if found.State != tc.state || text != tc.text {
			t.Errorf("%+v: got %+v %q, want %s", tc.want, found, text, tc.state)
		}
	}
	unused, err := d.Unused()
	if diff := cmp.Diff([]string{"link.txt", "stray"}, unused); diff != "" || err != nil {
		t.Errorf("unused (-want +got):\n%s%v", diff, err)
	}
}

func TestBucket_GivesObjectsToTheRightKeysOnly(t *testing.T) {
	s := newS3(t, map[string]string{"nextcrm/documents/1.pdf": "one", "nextcrm/documents/ü €.pdf": "name"})
	host := strings.TrimPrefix(s.URL, "http://")
	b := bucket(t, s.config())
	for _, tc := range []struct {
		want  blob.Want
		state string
		text  string
	}{
		{blob.Want{Key: "documents/1.pdf"}, blob.Present, "one"},
		{blob.Want{Key: "documents/ü €.pdf"}, blob.Present, "name"},
		{blob.Want{URL: "http://" + host + "/nextcrm/documents/1.pdf"}, blob.Present, "one"},
		{blob.Want{Key: "documents/2.pdf"}, blob.Missing, ""},
		// A key of another store's is not asked for here.
		{blob.Want{Key: "1f2e", URL: "https://utfs.io/f/1f2e"}, blob.NotRemote, ""},
	} {
		found, text := fetch(t, tc.want, b)
		if found.State != tc.state || text != tc.text {
			t.Errorf("%+v: got %+v %q, want %s", tc.want, found, text, tc.state)
		}
	}
}

func TestBucket_WrongKeysOrBucketEndTheRunAndShowNoSecret(t *testing.T) {
	s := newS3(t, nil)
	for name, harm := range map[string]func(*blob.BucketConfig){
		"SignatureDoesNotMatch": func(c *blob.BucketConfig) { c.SecretKey = "wr0ng-secret" },
		"InvalidAccessKeyId":    func(c *blob.BucketConfig) { c.AccessKey = "wr0ng-key" },
		"NoSuchBucket":          func(c *blob.BucketConfig) { c.Bucket = "another" },
	} {
		cfg := s.config()
		harm(&cfg)
		kept, _ := store(t)
		f := &blob.Fetcher{Store: kept, Origins: []blob.Origin{bucket(t, cfg)}, Sleep: noPause}
		_, err := f.Fetch(t.Context(), blob.Want{Key: "documents/1.pdf"})
		var fatal *blob.Fatal
		if !errors.As(err, &fatal) || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
		for _, shown := range []string{err.Error(), fmt.Sprint(cfg), fmt.Sprintf("%+v %#v", cfg, cfg)} {
			if strings.Contains(shown, "secret") || strings.Contains(shown, "wr0ng") {
				t.Errorf("a key is shown: %s", shown)
			}
		}
	}
}

func TestBucket_AFailureThatPassesIsAskedAgain(t *testing.T) {
	s := newS3(t, map[string]string{"nextcrm/documents/1.pdf": "one"})
	s.broken.Store(2)
	if found, text := fetch(t, blob.Want{Key: "documents/1.pdf"}, bucket(t, s.config())); text != "one" {
		t.Errorf("got %+v", found)
	}
}

func TestFetcher_LeavesAHostAloneThatFailsAgainAndAgain(t *testing.T) {
	s := newS3(t, nil)
	s.broken.Store(1000)
	kept, _ := store(t)
	f := &blob.Fetcher{Store: kept, Origins: []blob.Origin{bucket(t, s.config())}, Sleep: noPause}
	for i := range 20 {
		found, err := f.Fetch(t.Context(), blob.Want{Key: fmt.Sprintf("documents/%d", i)})
		if err != nil || !strings.HasPrefix(found.State, blob.Failure) {
			t.Fatalf("got %+v, %v", found, err)
		}
	}
	if n := s.asked.Load(); n != 9 {
		t.Errorf("a dead host was asked %d times, want 9", n)
	}
}

func TestBucketConfig_RefusesAddressesThatAreNone(t *testing.T) {
	for _, endpoint := range []string{"", "ftp://x", "https://key:secret@minio.example", "https://minio.example/nextcrm"} {
		if _, err := blob.NewBucket(blob.BucketConfig{Endpoint: endpoint, Bucket: "b"}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", endpoint, err)
		}
	}
}

// files serves a few answers that web servers give.
func files(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/a.pdf", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" {
			t.Error("credentials were sent")
		}
		w.Header().Set("Content-Type", "application/pdf")
		fmt.Fprint(w, "bytes")
	})
	mux.HandleFunc("/login.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html>log in</html>")
	})
	mux.HandleFunc("/secret.pdf", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/large.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(blob.Limit+1))
	})
	mux.HandleFunc("/packed.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "packed")
	})
	mux.HandleFunc("/away.pdf", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/a.pdf", http.StatusFound)
	})
	mux.HandleFunc("/inside.pdf", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	mux.HandleFunc("/here.pdf", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a.pdf", http.StatusFound) })
	mux.HandleFunc("/loop.pdf", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop.pdf", http.StatusFound) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func web(t *testing.T, hosts ...string) *blob.Web {
	t.Helper()
	w, err := blob.NewWeb(hosts, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWeb_FetchesFromAllowedHostsAndTakesNoPageForAFile(t *testing.T) {
	server := files(t)
	w := web(t, strings.TrimPrefix(server.URL, "http://"))
	for _, tc := range []struct{ path, state, hint string }{
		{"/a.pdf", blob.Present, ""},
		{"/here.pdf", blob.Present, ""},
		{"/none.pdf", blob.Missing, ""},
		{"/login.pdf", blob.Failure + "its host answers with a web page", "by hand"},
		{"/secret.pdf", blob.Failure + "its host answers 403 Forbidden", "by hand"},
		{"/packed.pdf", blob.Failure + "its host answers with encoded bytes (gzip)", "by hand"},
		{"/large.pdf", blob.TooLarge, ""},
		{"/away.pdf", blob.NotRemote, "it redirects: allow its host with --allow-host evil.example"},
		{"/inside.pdf", blob.Refused, "it redirects: plain http"},
		{"/loop.pdf", blob.Failure + "its address redirects without end", ""},
	} {
		found, text := fetch(t, blob.Want{URL: server.URL + tc.path, MIME: "application/pdf"}, w)
		if found.State != tc.state || !strings.Contains(found.Hint, tc.hint) || tc.state == blob.Present && text != "bytes" {
			t.Errorf("%s: got %+v %q, want %s", tc.path, found, text, tc.state)
		}
	}
}

func TestWeb_AsksNobodyWhomNobodyHasAllowed(t *testing.T) {
	server := files(t)
	address := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(address, ":")
	for _, tc := range []struct {
		allowed, url, state, hint string
	}{
		{"files.example", server.URL + "/a.pdf", blob.NotRemote, "--allow-host " + address},
		{"127.0.0.1", server.URL + "/a.pdf", blob.NotRemote, "--allow-host " + address}, // another port is another service
		{"files.example", "https://files.example.evil.example/a", blob.NotRemote, "--allow-host files.example.evil.example"},
		{"files.example", "https://files.example@evil.example/a", blob.Refused, "without a password"},
		{"files.example", "http://files.example/a", blob.Refused, "plain http"},
		{"files.example", "file:///etc/passwd", blob.Refused, "only https"},
		{"files.example", "//files.example/a", blob.Refused, "only https"},
		// The name is allowed; where it leads is this machine.
		{"localhost:" + port, "http://localhost:" + port + "/a.pdf", blob.NotRemote, "private address"},
	} {
		found, _ := fetch(t, blob.Want{URL: tc.url}, web(t, tc.allowed))
		if found.State != tc.state || !strings.Contains(found.Hint, tc.hint) {
			t.Errorf("%s: got %+v, want %s with %q", tc.url, found, tc.state, tc.hint)
		}
	}
	both := web(t, "localhost:"+port, "127.0.0.1", "::1")
	if found, text := fetch(t, blob.Want{URL: "http://localhost:" + port + "/a.pdf"}, both); text != "bytes" {
		t.Errorf("a private address that is allowed, too: got %+v", found)
	}
}

func TestWeb_RefusesHostsThatAreNone(t *testing.T) {
	for _, host := range []string{"", "https://files.example", "files.example/path", "user@files.example"} {
		if _, err := blob.NewWeb([]string{host}, 0); err == nil {
			t.Errorf("%q was taken for a host", host)
		}
	}
}

func TestFetcher_AsksForNothingThatItHas(t *testing.T) {
	s := newS3(t, map[string]string{"nextcrm/documents/1.pdf": "one"})
	kept, _ := store(t)
	f := &blob.Fetcher{Store: kept, Origins: []blob.Origin{bucket(t, s.config())}, Sleep: noPause}
	for _, w := range []blob.Want{{Key: "documents/1.pdf"}, {Key: "documents/1.pdf", SHA256: sum("one")}} {
		if found, err := f.Fetch(t.Context(), w); err != nil || found.State != blob.Present || found.SHA256 != sum("one") {
			t.Fatalf("got %+v, %v", found, err)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("the bucket was asked %d times, want once", n)
	}
}
