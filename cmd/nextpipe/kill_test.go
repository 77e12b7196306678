package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

// binary is the program itself, built once: these tests kill it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nextpipe-test")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "nextpipe")
	if err := process.Build(binary); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// smallExport is a company in miniature: every entity, references between
// them, a label, a list, a custom field, a won and a lost deal.
var smallExport = map[string]string{
	"export.json":   `{"site_url":"https://small.example","timezone":"Europe/Berlin","date_order":"dmy","decimal":"."}`,
	"companies.csv": "id,name,website\n1,Alpha GmbH,https://alpha.example\n2,Beta AG,https://beta.example\n",
	"contacts.csv": "id,email,first_name,last_name,company,tags,lists,Shoe size\n" +
		"1,ana@alpha.example,Ana,Kask,Alpha GmbH,VIP,News,41\n2,ben@beta.example,Ben,Holm,Beta AG,,News,44\n",
	"deals.csv": "id,title,contact_email,company,pipeline,stage,status,value,currency,won_at\n" +
		"1,Big,ana@alpha.example,Alpha GmbH,Sales,Offer,won,100.50,EUR,2024-05-01 10:00:00\n2,Small,ben@beta.example,Beta AG,Sales,New,open,5,EUR,\n",
}

func writeExport(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range smallExport {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newLocalRun(t *testing.T, source string) *process.Run { return process.New(t, binary, source) }

func TestRun_KilledAtEveryRequestBoundaryAndRunAgain(t *testing.T) {
	source := writeExport(t)
	undisturbed := newLocalRun(t, source)
	undisturbed.MustRun("run")
	want := undisturbed.Account.Dump("NextCRM ID")
	process.EachBoundary(t, func(t *testing.T, n int64) bool {
		r := newLocalRun(t, source)
		if !r.KilledAt(n, "run") {
			return false
		}
		r.MustRun("run")
		if diff := cmp.Diff(want, r.Account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, the account differs from an undisturbed one:\n%s", n, diff)
		}
		return true
	})
}

func TestRollback_KilledAtEveryRequestBoundaryAndRunAgain(t *testing.T) {
	source := writeExport(t)
	process.EachBoundary(t, func(t *testing.T, n int64) bool {
		r := newLocalRun(t, source)
		before := r.Account.Dump("NextCRM ID")
		r.MustRun("run")
		if !r.KilledAt(n, "rollback") {
			return false
		}
		r.MustRun("rollback")
		if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, rollback left traces (-before +after):\n%s", n, diff)
		}
		return true
	})
}

// What a killed run has made without an answer is seen by the next one's look
// at the account before anything else: it must still be known as ours.
func TestRollback_TakesBackTheStructureOfAKilledRun(t *testing.T) {
	source := writeExport(t)
	for _, kind := range []string{"pipelines", "stages", "organizationFields", "personFields/", "dealFields"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newLocalRun(t, source)
			before := r.Account.Dump("NextCRM ID")
			made := func(phase sandbox.Phase, request *http.Request) bool {
				return phase == sandbox.Executed && request.Method == http.MethodPost && strings.HasPrefix(request.URL.Path, "/api/v2/"+kind)
			}
			if !r.KilledWhen(made, "run") {
				t.Fatal("nothing of this kind was made")
			}
			r.MustRun("run")
			r.MustRun("rollback")
			if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
				t.Errorf("traces are left (-before +after):\n%s", diff)
			}
		})
	}
}
