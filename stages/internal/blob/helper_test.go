package blob_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nextpipe/stages/internal/blob"
)

func noPause(context.Context, time.Duration) error { return nil }

func store(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "np.db.files")
	s, err := blob.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, dir
}

// fetch asks one origin for one file.
func fetch(t *testing.T, w blob.Want, origins ...blob.Origin) (blob.Finding, string) {
	t.Helper()
	s, dir := store(t)
	f := &blob.Fetcher{Store: s, Origins: origins, Sleep: noPause}
	found, err := f.Fetch(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if found.State != blob.Present {
		return found, ""
	}
	content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(found.Path())))
	if err != nil {
		t.Fatal(err)
	}
	return found, string(content)
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return hex.EncodeToString(s[:])
}

// s3 stands in for MinIO: GetObject with path-style addresses and signatures of
// version 4, checked by the published rules and not by the client's own code.
type s3 struct {
	*httptest.Server
	secret  string
	objects map[string]string // by bucket/key
	broken  atomic.Int32      // answers 500 to so many requests
	asked   atomic.Int32
}

func newS3(t *testing.T, objects map[string]string) *s3 {
	t.Helper()
	s := &s3{secret: "the-secret", objects: objects}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *s3) serve(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	if s.broken.Add(-1) >= 0 {
		refuse(w, http.StatusInternalServerError, "InternalError")
		return
	}
	if code := s.checkSignature(r); code != "" {
		refuse(w, http.StatusForbidden, code)
		return
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	content, ok := s.objects[strings.TrimPrefix(r.URL.Path, "/")]
	switch {
	case bucket != "nextcrm":
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case !ok:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", `"`+sum(content)[:32]+`"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`)

// checkSignature gives the code of S3's refusal, "" for a good signature.
func (s *s3) checkSignature(r *http.Request) string {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return "AccessDenied"
	}
	if m[1] != "the-key" {
		return "InvalidAccessKeyId"
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(m[4], ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, headers.String(), m[4], r.Header.Get("X-Amz-Content-Sha256")}, "\n")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), m[2] + "/" + m[3] + "/s3/aws4_request", sum(canonical)}, "\n")
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{m[2], m[3], "s3", "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != m[5] {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func (s *s3) config() blob.BucketConfig {
	return blob.BucketConfig{Endpoint: s.URL, Bucket: "nextcrm", AccessKey: "the-key", SecretKey: "the-secret"}
}

func bucket(t *testing.T, cfg blob.BucketConfig) *blob.Bucket {
	t.Helper()
	b, err := blob.NewBucket(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
