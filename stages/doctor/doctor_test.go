package doctor

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
)

// patient is one account with the migration that it is to take.
type patient struct {
	opts sandbox.Options
	// token is that of the user who looks; the admin's when empty.
	token string
	// hands prepare the account, finals the warehouse: statements, run when the
	// account is known there as target 1.
	hands  func(t *testing.T, a *sandbox.Account)
	finals string
	// answers are what stands in for the account's own answer, by the end of a path.
	answers map[string]func(*httptest.ResponseRecorder)
}

// mostTokens bounds a look at an account whose lists fit a page.
const mostTokens = 210

// admit connects a warehouse with one final record of each kind to the account.
func (p patient) admit(t *testing.T) (*sandbox.Account, *target.Session) {
	t.Helper()
	a, err := sandbox.New(p.opts)
	if err != nil {
		t.Fatal(err)
	}
	if p.hands != nil {
		p.hands(t, a)
	}
	server := httptest.NewServer(p.in(a))
	t.Cleanup(server.Close)
	db, ctx := rehearse.Warehouse(t, 1), context.Background()
	run, err := db.BeginRun(ctx, "doctor")
	if err != nil {
		t.Fatal(err)
	}
	s, err := target.Connect(ctx, db, run, target.Config{URL: server.URL, Token: cmp.Or(p.token, a.Token()), By: "test", Timeout: 5 * time.Second,
		Now: a.Clock().Now, Wait: a.Clock().Sleep})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(p.finals); return err }); err != nil {
		t.Fatal(err)
	}
	return a, s
}

// examine looks once, and fails the test when that wrote anything or cost too much.
func examine(t *testing.T, p patient) ([]Finding, *target.Session, error) {
	t.Helper()
	a, s := p.admit(t)
	_, err := Run(context.Background(), s)
	if err != nil && !errors.Is(err, ErrNotReady) {
		t.Fatal(err)
	}
	found, listErr := Findings(context.Background(), s.DB, s.ID)
	if listErr != nil {
		t.Fatal(listErr)
	}
	if n := len(a.Writes()); n != 0 {
		t.Errorf("the look sent %d writes", n)
	}
	if n := a.TokensSpent(); n > mostTokens {
		t.Errorf("the look cost %d tokens, at most %d are fair", n, mostTokens)
	}
	return found, s, err
}

// in serves the account with some of its answers changed.
func (p patient) in(a *sandbox.Account) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, r)
		for end, change := range p.answers {
			if strings.HasSuffix(r.URL.Path, end) {
				change(rec)
			}
		}
		for key, values := range rec.Header() {
			w.Header()[key] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // a client that went away is the client's business
	})
}

func refuse(rec *httptest.ResponseRecorder) {
	answer(403, `{"success":false,"error":"Not for you"}`)(rec)
}

func answer(status int, body string) func(*httptest.ResponseRecorder) {
	return func(rec *httptest.ResponseRecorder) {
		rec.Code = status
		rec.Body.Reset()
		rec.Body.WriteString(body)
	}
}

// lines are findings as tests name them: severity, code, what.
func lines(found []Finding) (out []string) {
	for _, f := range found {
		out = append(out, f.Severity+" "+f.Code+" "+f.What)
	}
	return out
}

// healthy is an account that can take the migration.
func healthy() patient {
	return patient{opts: sandbox.Options{Projects: true, Campaigns: true},
		finals: "UPDATE final_person SET owner_email = 'admin@sandbox.example';"}
}

func TestDoctor_AnAccountThatIsFineHasNothingWrongWithIt(t *testing.T) {
	found, s, err := examine(t, healthy())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"info automations_unseen automations", "info label_fields labels", "info limits_unseen limits", "info no_probe probe",
		"info plan_signs plan", "info priorities_seen priorities"}
	if diff := gocmp.Diff(want, lines(found)); diff != "" {
		t.Error(diff)
	}
	for what, want := range map[string]string{"plan": "premium or power: 100 requests per 2 s, tokens a day 450000",
		"labels": "organization label_ids, person label_ids, deal label", "priorities": "High, Medium, Low"} {
		i := slices.IndexFunc(found, func(f Finding) bool { return f.What == what })
		if !strings.HasPrefix(found[i].Detail, want) {
			t.Errorf("%s: %q, want %q", what, found[i].Detail, want)
		}
	}
	if _, err := Run(context.Background(), s); err != nil { // findings are replaced
		t.Error(err)
	}
}

func TestDoctor_ALookThatBreaksOffLeavesTheEarlierFindings(t *testing.T) {
	a, s := healthy().admit(t)
	if _, err := Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want, err := Findings(t.Context(), s.DB, s.ID)
	if err != nil || len(want) == 0 {
		t.Fatal(want, err)
	}
	// A web page is no refusal by the account: nothing follows from it.
	a.Script(sandbox.Fault{Nth: 5, Do: sandbox.Cloudflare})
	var blocked *pipedrive.Error
	if _, err := Run(t.Context(), s); !errors.As(err, &blocked) || blocked.Kind != pipedrive.Blocked {
		t.Fatalf("got %v, want a block", err)
	}
	got, err := Findings(t.Context(), s.DB, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDoctor_SecretsOfWebhooksAreToldNowhere(t *testing.T) {
	p := healthy()
	p.hands = func(t *testing.T, a *sandbox.Account) {
		addHook(t, a, "Bookkeeping", "deal")
		addHook(t, a, "https://hooks.example/CANARYNAME", "*")
	}
	found, s, err := examine(t, p)
	if err != nil {
		t.Fatal(err)
	}
	var fires []string
	for _, f := range found {
		if f.Code == "webhook_fires" {
			fires = append(fires, f.What+": "+f.Detail)
		}
	}
	want := []string{"Bookkeeping create.deal: it calls hooks.example (general): pause it", "hooks.example create.*: it calls hooks.example (general): pause it"}
	if diff := gocmp.Diff(want, fires); diff != "" {
		t.Error(diff)
	}
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(s.DB.Path())
	if err != nil || strings.Contains(string(file), "CANARY") {
		t.Errorf("the warehouse holds a secret of a webhook (%v)", err)
	}
}

func addHook(t *testing.T, a *sandbox.Account, name, object string) {
	t.Helper()
	create(t, a, "webhooks", map[string]any{"subscription_url": "https://user:CANARYUSER@hooks.example/in?key=CANARYKEY", "event_action": "create",
		"event_object": object, "name": name, "http_auth_password": "CANARYPASSWORD"})
}

func create(t *testing.T, a *sandbox.Account, entity string, body map[string]any) {
	t.Helper()
	if _, err := a.Create(entity, body); err != nil {
		t.Fatal(err)
	}
}

func addField(t *testing.T, a *sandbox.Account, entity, name, kind string, options ...string) string {
	t.Helper()
	code, err := a.AddField(entity, name, kind, options...)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
