package stages

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/warehouse"
)

// small is a company with so many records that its load needs pages of its own.
func small() map[string]string {
	const n = 60
	companies, contacts, deals := "id,name,website\n", "id,email,first_name,last_name,company,tags\n", "id,title,contact_email,company,pipeline,stage,status,value,currency\n"
	for i := range n {
		companies += fmt.Sprintf("%d,Company No %d,https://c%d.example\n", i, i, i)
		contacts += fmt.Sprintf("%d,p%d@c%d.example,Ana%d,Kask%d,Company No %d,VIP\n", i, i, i, i, i, i)
		deals += fmt.Sprintf("%d,Deal %d,p%d@c%d.example,Company No %d,Sales,Offer,open,%d.50,EUR\n", i, i, i, i, i, i)
	}
	return map[string]string{"companies.csv": companies, "contacts.csv": contacts, "deals.csv": deals,
		"export.json": `{"site_url":"https://small.example","timezone":"Europe/Berlin","date_order":"dmy","decimal":"."}`}
}

func diskEnv(t *testing.T, a *sandbox.Account) *Env {
	t.Helper()
	dir := t.TempDir()
	for name, text := range small() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return envOn(t, a, url, Options{Source: dir})
}

func account(t *testing.T) *sandbox.Account {
	t.Helper()
	a, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func everyStage() (names []string) {
	for _, s := range All {
		if !s.Apart {
			names = append(names, s.Name)
		}
	}
	return names
}

// room lets the warehouse have so many pages; 0 is as many as it likes. SQLite
// meets the limit as it would meet a full disk.
func room(t *testing.T, e *Env, pages int) {
	t.Helper()
	if pages == 0 {
		pages = 1 << 30
	}
	if err := e.DB.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func pagesOf(t *testing.T, e *Env) (n int) {
	t.Helper()
	if err := e.DB.Read().QueryRow("PRAGMA page_count").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Wherever the room ends: the error names the disk, the file is sound, and with
// more room the same command goes on and leaves nothing twice.
func TestDisk_FullAtAnyPageIsSaidAndTheSameCommandGoesOn(t *testing.T) {
	a := account(t)
	e := diskEnv(t, a)
	empty := pagesOf(t, e)
	if err := e.Execute(t.Context(), "run", everyStage()...); err != nil {
		t.Fatal(err)
	}
	t.Logf("an empty warehouse has %d pages, this one %d", empty, pagesOf(t, e))
	want, full := a.Dump("NextCRM ID"), pagesOf(t, e)
	met := map[string]bool{}
	for pages := empty; pages < full; pages += 2 * process.Stride {
		t.Run(fmt.Sprintf("%d of %d pages", pages, full), func(t *testing.T) {
			met[runsOutOfRoom(t, pages, want)] = true
		})
	}
	if process.Stride == 1 && (!met["clean"] || !met["load"]) || len(met) < 2 {
		t.Errorf("room was short in %v only: this shows little", met)
	}
}

func runsOutOfRoom(t *testing.T, pages int, want string) (stage string) {
	t.Helper()
	a := account(t)
	e := diskEnv(t, a)
	room(t, e, pages)
	err := e.Execute(t.Context(), "run", everyStage()...)
	if err != nil && (!errors.Is(err, warehouse.ErrFull) || ExitCode(err) != 5 || !strings.Contains(err.Error(), e.DB.Path())) {
		t.Errorf("exit %d: %v", ExitCode(err), err)
	}
	if err := e.DB.Read().QueryRow("SELECT coalesce(min(stage), '') FROM stage_run WHERE state <> 'done'").Scan(&stage); err != nil {
		t.Error(err)
	}
	var sound string
	if err := e.DB.Read().QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the file: %s, %v", sound, err)
	}
	room(t, e, 0)
	if err := e.Execute(t.Context(), "run", everyStage()...); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if diff := cmp.Diff(want, a.Dump("NextCRM ID")); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
	return stage
}
