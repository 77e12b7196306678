package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic("build nextpipe: " + string(out))
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

// localRun is one warehouse and one account, and how to run nextpipe on them.
type localRun struct {
	t       *testing.T
	account *sandbox.Account
	url, db string
	source  string
}

func newLocalRun(t *testing.T, source string) *localRun {
	t.Helper()
	a, err := sandbox.New(sandbox.Options{Seed: 1, Plan: "ultimate", NoBurstLimit: true, Clock: sandbox.RealClock()})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); a.Close() })
	return &localRun{t: t, account: a, url: url, db: filepath.Join(t.TempDir(), "np.db"), source: source}
}

// command is nextpipe with the flags that every run here takes.
func (r *localRun) command(args ...string) *exec.Cmd {
	args = append(args, "--db", r.db, "--source", r.source, "--target", r.url, "--yes", "--quiet", "--timeout", "5s", "--settle", "150ms")
	cmd := exec.CommandContext(context.Background(), binary, args...)
	cmd.Env = append(os.Environ(), "PIPEDRIVE_API_TOKEN="+r.account.Token())
	return cmd
}

func (r *localRun) mustRun(args ...string) {
	r.t.Helper()
	if out, err := r.command(args...).CombinedOutput(); err != nil {
		r.t.Fatalf("nextpipe %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// killedAt runs nextpipe and kills it with SIGKILL at the n-th boundary of its
// requests: received, executed or answered by the account. It tells whether
// there was such a boundary.
func (r *localRun) killedAt(n int64, args ...string) bool {
	r.t.Helper()
	cmd := r.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var passed atomic.Int64
	started := make(chan struct{})
	r.account.Script(sandbox.Fault{Hook: func(sandbox.Phase, *http.Request) {
		<-started
		if passed.Add(1) == n {
			_ = cmd.Process.Kill()
			// The dead process must be gone before the account goes on, or its
			// kernel could still deliver an answer to it.
			time.Sleep(5 * time.Millisecond)
		}
	}})
	defer r.account.Script()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	close(started)
	err := cmd.Wait()
	if passed.Load() < n {
		if err != nil {
			r.t.Fatalf("undisturbed run: %v\n%s", err, out.String())
		}
		return false
	}
	return true
}

// eachBoundary tries every boundary, several at a time: most of the time they
// wait for the disk. try tells whether there was an n-th boundary.
func eachBoundary(t *testing.T, try func(t *testing.T, n int64) bool) {
	t.Helper()
	const workers = 4
	var met atomic.Int64
	t.Cleanup(func() {
		t.Logf("killed at %d boundaries", met.Load())
		if met.Load() < 50 {
			t.Errorf("only %d boundaries were met: the hook does not see the requests", met.Load())
		}
	})
	for w := range int64(workers) {
		t.Run(fmt.Sprintf("every %dth from %d", workers, w+1), func(t *testing.T) {
			t.Parallel()
			for n := w + 1; try(t, n); n += workers {
				met.Add(1)
			}
		})
	}
}

func TestRun_KilledAtEveryRequestBoundaryAndRunAgain(t *testing.T) {
	source := writeExport(t)
	undisturbed := newLocalRun(t, source)
	undisturbed.mustRun("run")
	want := undisturbed.account.Dump("NextCRM ID")
	eachBoundary(t, func(t *testing.T, n int64) bool {
		r := newLocalRun(t, source)
		if !r.killedAt(n, "run") {
			return false
		}
		r.mustRun("run")
		if diff := cmp.Diff(want, r.account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, the account differs from an undisturbed one:\n%s", n, diff)
		}
		return true
	})
}

func TestRollback_KilledAtEveryRequestBoundaryAndRunAgain(t *testing.T) {
	source := writeExport(t)
	eachBoundary(t, func(t *testing.T, n int64) bool {
		r := newLocalRun(t, source)
		before := r.account.Dump("NextCRM ID")
		r.mustRun("run")
		if !r.killedAt(n, "rollback") {
			return false
		}
		r.mustRun("rollback")
		if diff := cmp.Diff(before, r.account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, rollback left traces (-before +after):\n%s", n, diff)
		}
		return true
	})
}
