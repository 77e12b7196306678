package stages

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/cutover"
	"nextpipe/stages/doctor"
)

// production is the company loaded into a production account.
func production(t *testing.T) moved {
	t.Helper()
	m := smallEnv(t, "production")
	if err := m.Execute(t.Context(), "run", wholeRun[:6]...); err != nil {
		t.Fatal(err)
	}
	if _, err := m.ConfirmMap(t.Context(), "Ana"); err != nil {
		t.Fatal(err)
	}
	if err := m.Execute(t.Context(), "doctor", "doctor"); err != nil && !errors.Is(err, doctor.ErrNotReady) {
		t.Fatal(err)
	}
	m.run(t)
	return m
}

// exportAgain says that the export was written at some distance from now.
func (m moved) exportAgain(t *testing.T, d time.Duration) {
	t.Helper()
	at := time.Now().Add(d)
	err := filepath.WalkDir(m.dir, func(path string, _ fs.DirEntry, err error) error { return errors.Join(err, os.Chtimes(path, at, at)) })
	if err != nil {
		t.Fatal(err)
	}
}

// closed names the gates that are closed.
func (m moved) closed(t *testing.T) string {
	t.Helper()
	s, err := m.Cutover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range s.Gates {
		if !g.Open {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (m moved) closedAre(t *testing.T, when, want string) {
	t.Helper()
	if got := m.closed(t); got != want {
		t.Errorf("%s closed are %q, want %q", when, got, want)
	}
}

// frozen is production with a declared freeze, an export that was made after it
// and the final delta of that export.
func frozen(t *testing.T) moved {
	t.Helper()
	m := production(t)
	if err := m.Freeze(t.Context(), "Ana"); err != nil {
		t.Fatal(err)
	}
	m.exportAgain(t, time.Second)
	m.run(t)
	return m
}

func TestCutover_GatesOpenOneAfterTheOther(t *testing.T) {
	m, ctx := production(t), t.Context()
	m.closedAre(t, "before the freeze", "frozen, final delta, source read again, no later stamps")
	if err := m.Freeze(ctx, "Ana"); err != nil {
		t.Fatal(err)
	}
	m.closedAre(t, "after the freeze", "final delta, source read again, no later stamps")
	if _, err := m.SignCutover(ctx, "Ana", "never mind"); ExitCode(err) != 4 {
		t.Errorf("signing before the final delta gave %v", err)
	}
	m.exportAgain(t, -time.Hour)
	m.run(t)
	if err := m.Execute(ctx, "cutover", "cutover"); err != nil {
		t.Fatal(err)
	}
	m.closedAre(t, "with an export from before the freeze", "source read again")
	if _, err := m.SignCutover(ctx, "Ana", "never mind"); ExitCode(err) != 4 || !strings.Contains(err.Error(), "before the freeze") {
		t.Errorf("signing on an old export gave %v", err)
	}
	m.exportAgain(t, time.Second)
	s, err := m.SignCutover(ctx, "Ana", "")
	if err != nil || s.SignedBy != "Ana" || s.IsRehearsal || !strings.Contains(s.String(), "system of record") {
		t.Errorf("signed: %v, %v", s, err)
	}
	list, err := m.strings(ctx, "SELECT name || ' ' || is_open || ' ' || by_name FROM gate WHERE name LIKE 'cutover%' AND (seal = (SELECT seal FROM plan) OR seal = (SELECT source_id FROM setup)) ORDER BY gate_id")
	if diff := cmp.Diff([]string{"cutover_freeze 1 Ana", "cutover_signed 1 Ana"}, list); diff != "" || err != nil {
		t.Errorf("%v gates (-want +got):\n%s", err, diff)
	}
}

func TestCutover_AfterItNothingWritesUntilSomebodyReopens(t *testing.T) {
	m, ctx := frozen(t), t.Context()
	if _, err := m.SignCutover(ctx, "Ana", ""); err != nil {
		t.Fatal(err)
	}
	m.export(t, map[string]string{"contacts.csv": company["contacts.csv"] + "4,dan@beta.example,Dan,Oak,Beta AG,,2024-03-04 09:00:00\n"})
	before, writes := hashTables(t, m.DB), len(m.account.Writes())
	m.opt.Confirm = "sandbox-" // rollback refuses before it asks for the domain
	for _, stages := range [][]string{wholeRun, {"provision"}, {"load"}, {"rollback"}} {
		if err := m.Execute(ctx, "test", stages...); ExitCode(err) != 4 || !errors.Is(err, cutover.ErrClosed) {
			t.Errorf("%v after the cutover gave %v, want a closed gate", stages, err)
		}
	}
	domains, err := m.strings(ctx, "SELECT domain FROM target")
	if err != nil {
		t.Fatal(err)
	}
	m.opt.Probe, m.opt.Confirm = true, domains[0]
	if err := m.Execute(ctx, "doctor", "doctor"); !errors.Is(err, cutover.ErrClosed) {
		t.Errorf("a probe after the cutover gave %v, want a closed gate", err)
	}
	m.opt.Probe = false
	if n := len(m.account.Writes()) - writes; n != 0 {
		t.Errorf("%d writes after the cutover", n)
	}
	target := m.opt.Target
	m.opt.Target = "https://another.pipedrive.com"
	if err := m.ReopenCutover(ctx, "Ben", "a slip"); ExitCode(err) != 8 {
		t.Errorf("a step for another account gave %v, want drift", err)
	}
	m.opt.Target = target
	after := hashTables(t, m.DB)
	for _, table := range []string{"stg_contact", "final_person", "plan_op", "verification", "reconcile_source"} {
		if before[table] != after[table] {
			t.Errorf("a refused run changed %s: what was signed must stay", table)
		}
	}
	report, _, err := m.DeltaReport(ctx)
	if err != nil || report.Added != 1 {
		t.Errorf("report after the cutover: %s, %v", report, err)
	}
	if err := m.ReopenCutover(ctx, "Ben", "two weeks more"); err != nil {
		t.Fatal(err)
	}
	m.closedAre(t, "reopened", "frozen, final delta, source read again, no later stamps")
	m.run(t)
	if n := len(m.account.Records("persons")); n != 4 {
		t.Errorf("%d persons after reopening and another run, want 4", n)
	}
}

func TestCutover_NamesEveryRowThatWasWrittenAfterTheFreeze(t *testing.T) {
	m, ctx := frozen(t), t.Context()
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.DateTime)
	m.export(t, map[string]string{
		"contacts.csv":  strings.Replace(company["contacts.csv"], "Ben,Holm", "Benjamin,Holm", 1) + "4,dan@beta.example,Dan,Oak,Beta AG,," + tomorrow + "\n",
		"companies.csv": strings.Replace(company["companies.csv"], "3,Alpha,https://other.example\n", "", 1)})
	m.exportAgain(t, time.Second)
	if err := m.Execute(ctx, "cutover", "cutover"); ExitCode(err) != 4 || !errors.Is(err, cutover.ErrNotStill) {
		t.Errorf("proof of a source that moves gave %v", err)
	}
	list, err := m.strings(ctx, "SELECT concat_ws(' ', object, source_table, source_id, kind, fields) FROM cutover_row ORDER BY 1")
	want := []string{"account companies.csv 3 gone", "contact contacts.csv 2 changed first_name", "contact contacts.csv 4 new", "contact contacts.csv 4 stamped after the freeze"}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("%v rows (-want +got):\n%s", err, diff)
	}
	m.closedAre(t, "a moving source", "source read again, no later stamps")
	if _, err := m.SignCutover(ctx, "Ana", "never mind"); ExitCode(err) != 4 {
		t.Errorf("rows that were never loaded were signed: %v", err)
	}
	m.run(t)
	if _, err := m.SignCutover(ctx, "Ana", ""); ExitCode(err) != 4 || !strings.Contains(err.Error(), "no later stamps") {
		t.Errorf("a late stamp was signed by nobody's word: %v", err)
	}
	if _, err := m.SignCutover(ctx, "Ana", "Dan was entered by the import job, it is off now"); err != nil {
		t.Error(err)
	}
	list, err = m.strings(ctx, "SELECT reason FROM gate WHERE name = 'cutover_accepted'")
	if err != nil || len(list) != 1 || !strings.HasPrefix(list[0], "Dan was entered by the import job, it is off now: no later stamps (1 rows") {
		t.Errorf("what was accepted is kept as %q, %v", list, err)
	}
}

func TestCutover_DifferencesCannotBeAcceptedAndRejectsOnlyByName(t *testing.T) {
	m, ctx := production(t), t.Context()
	m.export(t, map[string]string{"contacts.csv": company["contacts.csv"] + "9,,,,,,\n"})
	if err := m.Freeze(ctx, "Ana"); err != nil {
		t.Fatal(err)
	}
	m.exportAgain(t, time.Second)
	if err := m.Execute(ctx, "run", wholeRun...); ExitCode(err) != 3 {
		t.Fatalf("a run with a contact of nothing ended with %v", err)
	}
	if err := m.account.Edit("persons", m.record(t, "persons", "name", "Ben Holm"), map[string]any{"name": "Benjamin Holm"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Execute(ctx, "verify", "verify"); ExitCode(err) != 10 {
		t.Fatalf("verify of an edited record ended with %v", err)
	}
	if _, err := m.SignCutover(ctx, "Ana", "never mind"); ExitCode(err) != 4 || !strings.Contains(err.Error(), "differences 1") {
		t.Errorf("a difference was signed: %v", err)
	}
	if err := m.account.Edit("persons", m.record(t, "persons", "name", "Benjamin Holm"), map[string]any{"name": "Ben Holm"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Execute(ctx, "run", wholeRun...); ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if _, err := m.SignCutover(ctx, "Ana", ""); ExitCode(err) != 4 || !strings.Contains(err.Error(), "rejected or held back 1") {
		t.Errorf("a reject was signed by nobody's word: %v", err)
	}
	if _, err := m.SignCutover(ctx, "Ana", "a contact that never was"); err != nil {
		t.Error(err)
	}
}

func TestCutover_ARehearsedOneIsMarkedAsSuch(t *testing.T) {
	m, ctx := smallEnv(t, "rehearsal"), t.Context()
	m.run(t)
	if err := m.Freeze(ctx, "Ana"); err != nil {
		t.Fatal(err)
	}
	m.exportAgain(t, time.Second)
	m.run(t)
	s, err := m.SignCutover(ctx, "Ana", "")
	if err != nil || !s.IsRehearsal || !strings.Contains(s.String(), "REHEARSAL") || strings.Contains(s.String(), "system of record") {
		t.Errorf("signed: %v, %v", s, err)
	}
	if list, err := m.strings(ctx, "SELECT name FROM gate WHERE name IN ('cutover_signed', 'cutover_rehearsed')"); err != nil || strings.Join(list, " ") != "cutover_rehearsed" {
		t.Errorf("gates %v, %v", list, err)
	}
}

func TestCutover_ADatabaseIsReadAgainAndLookingIsNoWriting(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	e, _ := databaseEnv(t, server, sandbox.Options{Seed: 1, Projects: true})
	ctx := t.Context()
	if err := e.Execute(ctx, "run", wholeRun...); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, e.opt.Source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	change := func(sql string) {
		t.Helper()
		if tag, err := conn.Exec(ctx, sql); err != nil || tag.RowsAffected() != 1 {
			t.Fatal(sql, tag, err)
		}
	}
	change(`UPDATE "Users" SET "lastLoginAt" = now() WHERE id = (SELECT min(id::text)::uuid FROM "Users")`)
	if err := e.Execute(ctx, "cutover", "cutover"); err != nil {
		t.Errorf("somebody who looked: %v", err)
	}
	change(`UPDATE "crm_Contacts" SET "first_name" = 'Late' WHERE id = (SELECT min(id::text)::uuid FROM "crm_Contacts")`)
	if err := e.Execute(ctx, "cutover", "cutover"); !errors.Is(err, cutover.ErrNotStill) {
		t.Errorf("a contact that changed: %v", err)
	}
	list, err := e.strings(ctx, "SELECT concat_ws(' ', object, kind, fields) FROM cutover_row ORDER BY 1")
	if diff := cmp.Diff([]string{"contact changed first_name", "user signed in last_login_at"}, list); diff != "" || err != nil {
		t.Errorf("%v rows (-want +got):\n%s", err, diff)
	}
}
