package main

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"nextpipe/fixtures/sandbox"
)

const (
	canaryToken  = "canarytoken0123456789abcdef"
	canarySource = "CANARYOFTHESOURCE"
)

// hunt fails the test when a canary is in what was said or in any file under a
// folder: free pages, the write-ahead log and the shared memory of the warehouse
// are in its files.
func hunt(t *testing.T, dir, token string, said ...string) {
	t.Helper()
	canaries := []string{token, base64.StdEncoding.EncodeToString([]byte(token)), canarySource}
	look := func(where, text string) {
		for _, c := range canaries {
			if at := strings.Index(text, c); at >= 0 {
				t.Errorf("%s holds a secret: …%q…", where, text[max(0, at-60):min(len(text), at+40)])
			}
		}
	}
	for _, text := range said {
		look("what was said", text)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		look(path, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secretExport is the small export with secrets in every file.
func secretExport(t *testing.T) string {
	t.Helper()
	dir := writeExport(t)
	for name, text := range map[string]string{
		"contacts.csv": "id,email,first_name,last_name,company,api_key,Shoe size\n1,ana@alpha.example,Ana,Kask,Alpha GmbH," + canarySource + ",41\n",
		"users.csv":    "ID,user_login,user_email,user_pass\n2,admin,admin@small.example," + canarySource + "\n",
		"automations.json": `[{"id":1,"type":"funnels","title":"Hook","trigger_name":"contact_created","status":"published","sequences":[{"id":2,"parent_id":0,"action_name":"http_send_data",
			"settings":{"sending_method":"POST","remote_url":"https://x:` + canarySource + `@erp.example/in?token=` + canarySource + `","headers":{"Authorization":"` + canarySource + `"}}}]}]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func canaryAccount(t *testing.T) *sandbox.Account {
	t.Helper()
	a, err := sandbox.New(sandbox.Options{Seed: 1, Token: canaryToken, Plan: "ultimate", Projects: true, NoBurstLimit: true, Clock: sandbox.RealClock()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestSecrets_AreNowhereAfterAWholeMigration(t *testing.T) {
	a := canaryAccount(t)
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir, source := t.TempDir(), secretExport(t)
	tokens := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokens, []byte(canaryToken), 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, args := range [][]string{
		{"scope", "--rehearsal"}, {"run", "--yes", "--source", source}, {"doctor", "--probe", "--json"}, {"status", "--json"}, {"report", "--json"}, {"report", "--out", filepath.Join(dir, "reports")},
		{"map", "--export", filepath.Join(dir, "map")}, {"trace", "--record", "ana@alpha.example", "--json"}, {"trace", "--record", canaryToken[:6]}, {"delta", "--report-only"},
		{"run", "--from", "plan", "--dry-run"}, {"rollback", "--dry-run"}, {"rollback", "--yes"}, {"extract", "--source", filepath.Join(dir, "nowhere")},
	} {
		_, out, errOut := nextpipe(t, nil, append(args, "--db", filepath.Join(dir, "np.db"), "--target", url, "--token-file", tokens, "--settle", "150ms")...)
		said = append(said, out, errOut)
		if args[0] == "run" && args[1] == "--yes" && !strings.Contains(out, "✓ verify") {
			t.Fatalf("the migration did not come to its end:\n%s%s", out, errOut)
		}
	}
	hunt(t, dir, canaryToken, append(said, a.Dump("NextCRM ID"))...)
}

// A server, or whoever stands in between, may throw the token back at us in
// whatever it answers, and stop at any kind of failure.
func TestToken_IsNowhereWhateverTheServerThrowsBack(t *testing.T) {
	a := canaryAccount(t)
	source, prepared := writeExport(t), filepath.Join(t.TempDir(), "np.db")
	if code, _, errOut := nextpipe(t, nil, "run", "--from", "extract", "--to", "build", "--source", source, "--db", prepared); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	whole, err := os.ReadFile(prepared)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]struct {
		status int
		body   string
		writes bool // only those: reads would be repeated for a while
	}{
		"refused": {400, `{"success":false,"error":"TOKEN","error_info":"TOKEN","code":"TOKEN","data":{"TOKEN":"TOKEN"}}`, true}, "unauthorised": {401, `{"success":false,"error":"TOKEN"}`, false},
		"closed": {402, `{"success":false,"error":"TOKEN"}`, false}, "forbidden": {403, `{"success":false,"error":"TOKEN"}`, true}, "a page": {403, "<html>TOKEN", false},
		"elsewhere": {302, "TOKEN", false}, "failed": {500, `{"error":"TOKEN"}`, true}, "no JSON": {200, `{"success":true,"data":{"id":["TOKEN"]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if f.writes && r.Method == http.MethodGet {
					a.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Correlation-Id", canaryToken)
				w.Header().Set("Location", "https://elsewhere.example/"+canaryToken)
				w.WriteHeader(f.status)
				fmt.Fprint(w, strings.ReplaceAll(f.body, "TOKEN", r.Header.Get("X-Api-Token")))
			}))
			defer server.Close()
			dir := t.TempDir()
			db := filepath.Join(dir, "np.db")
			if err := os.WriteFile(db, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, args := range [][]string{{"run", "--from", "scope", "--yes", "--source", source}, {"status"}, {"report", "--out", filepath.Join(dir, "reports")}, {"doctor", "--json"}} {
				code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + canaryToken}, append(args, "--db", db, "--target", server.URL, "--timeout", "2s", "--settle", "150ms")...)
				if args[0] == "run" && code == 0 {
					t.Errorf("the run succeeded:\n%s%s", out, errOut)
				}
				said = append(said, out, errOut)
			}
			hunt(t, dir, canaryToken, said...)
		})
	}
}

// What a killed run leaves beside the warehouse is part of it.
func TestToken_IsNowhereInWhatAKilledRunLeaves(t *testing.T) {
	r := newLocalRun(t, secretExport(t))
	if !r.KilledAt(60, "run") {
		t.Fatal("the run came to its end")
	}
	if log, err := os.ReadFile(r.DB + "-wal"); err != nil || len(log) == 0 {
		t.Fatalf("no write-ahead log was left: %v", err)
	}
	hunt(t, filepath.Dir(r.DB), r.Account.Token())
}

// A certificate that is trusted is good for the names in it and no other.
func TestTLS_RefusesTheCertificateOfAnotherHost(t *testing.T) {
	var asked atomic.Int64
	a := canaryAccount(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		a.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refusal is expected
	server.StartTLS()
	defer server.Close()
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	scope := func(address string) (int, string) {
		code, out, errOut := nextpipe(t, []string{"SSL_CERT_FILE=" + trusted, "PIPEDRIVE_API_TOKEN=" + canaryToken}, "scope", "--target", address)
		return code, out + errOut
	}
	if code, text := scope(strings.Replace(server.URL, "127.0.0.1", "localhost", 1)); code != 7 || asked.Load() != 0 || strings.Contains(text, canaryToken) {
		t.Errorf("another host's certificate: exit %d after %d requests\n%s", code, asked.Load(), text)
	}
	if code, text := scope(server.URL); code != 0 || asked.Load() == 0 {
		t.Errorf("its own certificate: exit %d\n%s", code, text)
	}
}
