package rehearse_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/rollback"
)

func TestRollback_OfOneRunLeavesWhatEarlierOnesDid(t *testing.T) {
	db, a, runs, dumps := twoRuns(t)
	res := takeBack(t, db, a, rollback.Part{Run: runs[1]})
	if res.Left != 0 {
		t.Errorf("%d stay: %s", res.Left, keptRecords(t, db)+refusals(t, db))
	}
	same(t, "the account is not what the first run made of it", dumps[0], a.Dump(marker))
	if again := takeBack(t, db, a, rollback.Part{Run: runs[1]}); again.Rows != 0 || again.Left != 0 {
		t.Errorf("the same rollback again: %s", again)
	}
	third := throughAs(t, db, a)
	same(t, "the run after it did not do the same again", dumps[1], a.Dump(marker))
	writes := len(a.Writes())
	throughAs(t, db, a)
	if n := len(a.Writes()) - writes; n != 0 {
		t.Errorf("the run after that wrote %d times: %v", n, a.Writes()[writes:])
	}
	takeBack(t, db, a, rollback.Part{Run: third})
	same(t, "the second time", dumps[0], a.Dump(marker))
}

func TestRollback_SinceATimeTakesBackWhatWasDoneFromThenOn(t *testing.T) {
	db, a, _, dumps := twoRuns(t)
	between := a.Clock().Now().Add(-30 * time.Minute)
	takeBack(t, db, a, rollback.Part{Since: between})
	same(t, "the account is not what it was at that time", dumps[0], a.Dump(marker))
	third := throughAs(t, db, a)
	takeBack(t, db, a, rollback.Part{Since: between, Run: third, Only: []string{"note", "file"}})
	if n := live(t, db, "note") + live(t, db, "file"); n != 2 {
		t.Errorf("%d notes and files are left, want the two of the first run", n)
	}
	throughAs(t, db, a)
	same(t, "the run after it did not do the same again", dumps[1], a.Dump(marker))
}

// Of most kinds something of ours hangs on what --only names: that stays.
func TestRollback_OfOneKindNeverBreaksWhatItLeaves(t *testing.T) {
	stay := map[string]int{"organization": 2, "person": 2, "product": 1, "deal": 1, "project": 1}
	for _, e := range entity.All {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			db, a := loadedBroad(t)
			before := a.Dump(marker)
			others := count(t, db, "SELECT count(*) FROM link WHERE entity <> ? AND state = 'live'", e.Name)
			part := rollback.Part{Only: []string{e.Name}}
			dry, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), part, true)
			if err != nil {
				t.Fatal(err)
			}
			res := takeBack(t, db, a, part)
			if n := live(t, db, e.Name); n != stay[e.Name] || int(res.Left) != n || dry.Rows != res.Rows || dry.Left != res.Left {
				t.Errorf("%d are left, want %d: %s, and the dry run said %s: %s", n, stay[e.Name], res, dry, keptRecords(t, db))
			}
			if n := count(t, db, "SELECT count(*) FROM link WHERE entity <> ? AND state = 'live'", e.Name); n != others {
				t.Errorf("%d records of other kinds are left of %d", n, others)
			}
			if n := count(t, db, "SELECT count(*) FROM kept_record WHERE why LIKE '%not in this part: add --only %'"); n != stay[e.Name] {
				t.Errorf("of %d it is said what to add, want %d: %s", n, stay[e.Name], keptRecords(t, db))
			}
			throughAs(t, db, a)
			same(t, "the run after it did not bring it back", before, a.Dump(marker))
		})
	}
}

func TestRollback_OfKindsTogetherTakesWhatHangsOnThem(t *testing.T) {
	db, a := loadedBroad(t)
	res := takeBack(t, db, a, rollback.Part{Only: []string{"project", "project_task", "board", "phase"}})
	if res.Left != 0 || len(a.Records("projects")) != 0 || count(t, db, "SELECT count(*) FROM provisioned WHERE kind IN ('board', 'phase') AND removed_at IS NULL") != 0 {
		t.Errorf("%s: %s", res, keptRecords(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM provisioned WHERE kind NOT IN ('board', 'phase') AND removed_at IS NOT NULL"); n != 0 {
		t.Errorf("%d things went that nobody named", n)
	}
}

func TestRollback_OfAnEarlierRunLeavesWhatLaterOnesStandOn(t *testing.T) {
	db, a, runs, dumps := twoRuns(t)
	takeBack(t, db, a, rollback.Part{Run: runs[0]})
	later := fmt.Sprintf("take back what run %d", runs[1])
	for _, key := range []string{"account:2", "contact:2"} { // a relationship and a participant of the second run hang on them
		if n := count(t, db, "SELECT count(*) FROM kept_record WHERE final_key = ? AND why LIKE ?", key, "%"+later+"%"); n != 1 {
			t.Errorf("%s is not kept for what the second run made: %s", key, keptRecords(t, db))
		}
	}
	if n := count(t, db, "SELECT count(*) FROM link AS k JOIN load_op AS o ON o.op_id = k.op_id WHERE k.state = 'live' AND o.run_id = ? AND k.final_key LIKE '%:3%'", runs[1]); n < 13 {
		t.Errorf("%d records of the second run are left", n)
	}
	throughAs(t, db, a)
	// A stage that was not used was removed: made again, it is the last of its pipeline.
	unordered := regexp.MustCompile(`"order_nr":\d+`)
	same(t, "the run after it did not do the same again", unordered.ReplaceAllString(dumps[1], ""), unordered.ReplaceAllString(a.Dump(marker), ""))
	if res := takeBack(t, db, a, rollback.Part{}); res.Left != 0 {
		t.Errorf("a whole rollback left %d: %s", res.Left, keptRecords(t, db))
	}
}

func TestRollback_OfAnUpdateThatALaterRunWentOnFromWaitsForThatRun(t *testing.T) {
	db, a, runs, dumps := twoRuns(t)
	write(t, db, "UPDATE final_person SET payload = json_set(payload, '$.emails[0].value', 'newest@example.com') WHERE final_key = 'contact:1'")
	third := throughAs(t, db, a)
	takeBack(t, db, a, rollback.Part{Run: runs[1], Only: []string{"person"}})
	want := fmt.Sprintf("person contact:1: run %[1]d of ours changed it after that: take that back first, with --run %[1]d", third)
	if kept := keptRecords(t, db); !strings.Contains(kept, want) {
		t.Errorf("kept are %s, want %s", kept, want)
	}
	takeBack(t, db, a, rollback.Part{Run: third})
	takeBack(t, db, a, rollback.Part{Run: runs[1]})
	throughAs(t, db, a)
	takeBack(t, db, a, rollback.Part{Since: a.Clock().Now().Add(-time.Minute)})
	same(t, "the account is not what the first run made of it", dumps[0], a.Dump(marker))
}

func TestRollback_OfAPartKeepsWhatUsersTouched(t *testing.T) {
	db, a, runs, _ := twoRuns(t)
	if err := a.Edit("persons", idOf(t, db, "contact:1"), map[string]any{"emails": []any{map[string]any{"value": "by@hand.example", "primary": true}}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Edit("deals", idOf(t, db, "deal:1"), map[string]any{"visible_to": 1}); err != nil {
		t.Fatal(err)
	}
	madeByOthers(t, a, "deals", map[string]any{"title": "Theirs", "person_id": idOf(t, db, "contact:3")})
	takeBack(t, db, a, rollback.Part{Run: runs[1]})
	kept := keptRecords(t, db)
	for _, want := range []string{"person contact:1: somebody changed emails", "person contact:3: a record that stays refers to it: deal"} {
		if !strings.Contains(kept, want) {
			t.Errorf("kept are %s, want %s", kept, want)
		}
	}
	rec := mustRecord(t, a, "deals", idOf(t, db, "deal:1"))
	if rec["title"] != "Deal 1" || fmt.Sprint(rec["visible_to"]) != "1" {
		t.Errorf("the deal is %v: our title should be taken back and what the user set should stay", rec)
	}
}

func TestRollback_OfARunThatDeletedSaysWhatCannotComeBack(t *testing.T) {
	db, a := loadedThen(t, "DELETE FROM final_deal_discount; UPDATE final_deal SET payload = json_set(payload, '$.value', 12.5) WHERE final_key = 'deal:1'")
	run := throughAs(t, db, a)
	res := takeBack(t, db, a, rollback.Part{Run: run})
	if kept := keptRecords(t, db); res.Left != 1 || !strings.Contains(kept, "deal_discount deal_discount:1: we deleted it then") {
		t.Errorf("%s: %s", res, kept)
	}
}

func TestRollback_OfAPartNeverDeletesWhatTheJournalDoesNotKnow(t *testing.T) {
	for name, part := range map[string]rollback.Part{"a run": {Run: 1}, "a kind": {Only: []string{"note", "organization"}}, "a time": {Since: time.Unix(0, 0)}} {
		db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
		throughAs(t, db, a)
		id := madeByOthers(t, a, "organizations", map[string]any{"name": "Somebody else's"})
		exec(t, db, `UPDATE link SET pipedrive_id = ?, sent = '{}', echoed = '{"name":"Somebody else''s"}' WHERE final_key = 'account:1'`, id)
		takeBack(t, db, a, part)
		if _, err := a.Record("organizations", id); err != nil || len(a.Records("organizations")) != 2 {
			t.Errorf("%s: %d organizations are left, %v", name, len(a.Records("organizations")), err)
		}
	}
}

func TestRollback_ADryRunOfAPartSendsNothingAndNamesItsPrice(t *testing.T) {
	db, a, runs, dumps := twoRuns(t)
	for _, part := range []rollback.Part{{Run: runs[1]}, {Only: []string{"deal_product", "deal_discount", "deal"}}} {
		dry, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), part, true)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "a dry run wrote", dumps[1], a.Dump(marker))
		before := a.TokensSpent()
		real := takeBack(t, db, a, part)
		said, spent := dry.Counts[len(dry.Counts)-1].N, int64(a.TokensSpent()-before)
		if said*10 < spent*8 || spent*10 < said*8 || dry.Rows != real.Rows {
			t.Errorf("%+v: the dry run said %s, the real one took back %d for %d tokens", part, dry, real.Rows, spent)
		}
		throughAs(t, db, a)
	}
}

func TestRollback_OfAPartStoppedAtEveryRequestAndRunAgain(t *testing.T) {
	const workers = 4
	filled := saveTwoRuns(t)
	for w := 1; w <= workers; w++ {
		t.Run(fmt.Sprintf("every %dth from %d", workers, w), func(t *testing.T) {
			t.Parallel()
			for k := w; partStoppedAt(t, filled, k, sandbox.Fault{Do: sandbox.Cloudflare}); k += workers * process.Stride {
			}
		})
	}
}

func TestRollback_OfAPartSurvivesALostAnswer(t *testing.T) {
	filled := saveTwoRuns(t)
	for _, fault := range []sandbox.Fault{{Do: sandbox.FailAfter, Status: 502}, {Do: sandbox.Hold, LookUps: 1}} {
		t.Run(string(fault.Do), func(t *testing.T) {
			t.Parallel()
			fault.Writes = true
			for k := 1; partStoppedAt(t, filled, k, fault); k += 2 * process.Stride {
			}
		})
	}
}

// partStoppedAt disturbs the rollback of the second run at its k-th request, and
// runs it again. It tells whether there was a k-th.
func partStoppedAt(t *testing.T, filled saved, k int, fault sandbox.Fault) bool {
	t.Helper()
	db, a := filled.open(t)
	runs, dumps := filled.runs, filled.dumps
	s := rehearse.Connect(t, db, a)
	fault.Nth = k
	var met atomic.Bool
	fault.Hook = func(sandbox.Phase, *http.Request) { met.Store(true) }
	a.Script(fault)
	_, _ = rollback.Run(t.Context(), s, rollback.Part{Run: runs[1]}, false)
	a.Script()
	a.Clock().Advance(20 * time.Minute)
	if res := takeBack(t, db, a, rollback.Part{Run: runs[1]}); res.Left != 0 {
		t.Fatalf("request %d: the second rollback left %d: %s", k, res.Left, keptRecords(t, db))
	}
	if diff := cmp.Diff(dumps[0], a.Dump(marker)); diff != "" {
		t.Fatalf("request %d left traces (-want +got):\n%s", k, diff)
	}
	if k%5 != 0 {
		return met.Load() // loading again takes as long as everything else
	}
	throughAs(t, db, a)
	if diff := cmp.Diff(dumps[1], a.Dump(marker)); diff != "" {
		t.Fatalf("request %d: the run after it did not do the same again (-want +got):\n%s", k, diff)
	}
	return met.Load()
}

func TestRollback_OfAPartLeavesUpdatesWhoseLinkNobodyNoted(t *testing.T) {
	db, a, runs, dumps := twoRuns(t)
	exec(t, db, "UPDATE before_image SET link_symbolic = NULL, link_sent = NULL, link_echoed = NULL") // as an older version left them
	takeBack(t, db, a, rollback.Part{Run: runs[1], Only: []string{"person", "note"}})
	for _, key := range []string{"contact:1", "note:1"} {
		if n := count(t, db, "SELECT count(*) FROM kept_record WHERE final_key = ? AND why LIKE 'an older version%'", key); n != 1 {
			t.Errorf("%s is not kept: %s", key, keptRecords(t, db))
		}
	}
	throughAs(t, db, a)
	same(t, "the run after it did not do the same again", dumps[1], a.Dump(marker))
}
