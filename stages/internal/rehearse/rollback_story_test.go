package rehearse_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/rollback"
	"nextpipe/stages/scope"
	"nextpipe/stages/verify"
)

// lossy is a network that loses every twelfth answer, in one way or another.
var lossy = []sandbox.Fault{{Share: 0.03, Do: sandbox.DropBefore}, {Share: 0.03, Do: sandbox.DropAfter}, {Share: 0.03, Writes: true, Do: sandbox.FailAfter, Status: 502}}

// interrupted does a piece of work over a lossy network and interrupts it at its
// n-th write; 0 lets it come to its end. It runs as often as it takes when the
// network, and not we, has ended it.
func interrupted(t *testing.T, db *warehouse.DB, a *sandbox.Account, n int, work func(context.Context, *target.Session) error) {
	t.Helper()
	defer a.Script()
	for range 20 {
		a.Script()
		s := rehearse.Connect(t, db, a)
		ctx, cancel := context.WithCancel(t.Context())
		stop := sandbox.Fault{Writes: true, Nth: n, Hook: func(sandbox.Phase, *http.Request) { cancel() }}
		if n == 0 {
			stop = sandbox.Fault{Path: "/nowhere"}
		}
		a.Script(append([]sandbox.Fault{stop}, lossy...)...)
		err := work(ctx, s)
		byUs := ctx.Err() != nil
		cancel()
		a.Clock().Advance(time.Minute)
		if byUs && err != nil || n == 0 && err == nil {
			return
		}
		t.Logf("interrupted at %d: %v", n, err)
	}
	t.Fatalf("it never came to write %d", n)
}

// runAll is a run from scope to verify.
func runAll(ctx context.Context, s *target.Session) error {
	for _, step := range []func(context.Context, *target.Session) (stage.Result, error){scope.Run, plan.Run, provision.Run,
		func(ctx context.Context, s *target.Session) (stage.Result, error) { return load.Run(ctx, s, "") }, verify.Run} {
		if _, err := step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// takeAllBack is the command rollback: it settles a load that died first.
func takeAllBack(ctx context.Context, s *target.Session) error {
	if err := errors.Join(load.Settle(ctx, s), provision.Settle(ctx, s)); err != nil {
		return err
	}
	_, err := rollback.Run(ctx, s, rollback.Part{}, false)
	return err
}

// A migration of every kind onto an account that was in use: over a network
// that loses answers, interrupted and resumed twice, extended by a delta that
// was interrupted too, used by people meanwhile, and taken back over the same
// network with an interruption. What is left is what the account held before,
// and what people touched with what that stands on, each of it listed.
func TestRollback_OfADisturbedResumedExtendedMigrationThatPeopleWorkedWith(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := a.Populate(3, 3, 3); err != nil {
		t.Fatal(err)
	}
	matched := existing(t, a, nil)
	madeByOthers(t, a, "notes", map[string]any{"content": "was here first", "person_id": matched})
	before := a.Dump(marker)

	write(t, db, openDeal)
	for _, n := range []int{13, 24, 0} {
		interrupted(t, db, a, n, runAll)
	}
	addThirds(t, db)
	write(t, db, changedSources+`
		DELETE FROM final_note WHERE final_key = 'note:1'; DELETE FROM final_activity WHERE final_key = 'activity:1'; DELETE FROM final_participant WHERE final_key = 'participant:1|2';
		INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test')`)
	for _, n := range []int{14, 0} {
		interrupted(t, db, a, n, runAll)
	}
	if held, lost := count(t, db, "SELECT count(*) FROM load_op WHERE state = 'not_sent'"), count(t, db, "SELECT count(*) FROM load_op WHERE resolved_by = 'look-up'"); held < 2 || lost < 2 {
		t.Fatalf("only %d operations were held back and %d lost their answer: it was not much of a storm", held, lost)
	}

	touched := workWith(t, db, a, matched)
	full := a.Dump(marker)
	for _, n := range []int{17, 0} {
		interrupted(t, db, a, n, takeAllBack)
	}

	after := strings.ReplaceAll(a.Dump(marker), `"value":10.50`, `"value":10.5`) // as its lines had made it
	left, gone := minus(after, before), minus(before, after)
	if diff := cmp.Diff(touched, keptOf(t, db)); diff != "" {
		t.Errorf("kept and listed is not what people touched (-want +got):\n%s\n%s%s", diff, keptRecords(t, db), refusals(t, db))
	}
	if strange := minus(strings.Join(left, "\n"), full); len(strange) > 0 {
		t.Errorf("the account holds what it did not hold before the rollback:\n%s", strings.Join(strange, "\n"))
	}
	// The matched person is called by our marker now, also where a note of others names him.
	wantLeft := []string{"deals \"Theirs\"", "deals abc123/deal:3", "noteComments \"he was furious\"", "notes \"was here first\"", "notes of ours",
		"organizations abc123/account:2", "organizations abc123/account:3", "participants \"Theirs\"/abc123/contact:2", "participants abc123/deal:3/abc123/contact:3",
		"persons abc123/contact:1", "persons abc123/contact:2", "persons abc123/contact:3"}
	if diff := cmp.Diff(wantLeft, records(left)); diff != "" {
		t.Errorf("records that are left beside those from before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"notes \"was here first\"", "persons \"PERSON 1\""}, records(gone)); diff != "" {
		t.Errorf("records that are not as before (-want +got):\n%s", diff)
	}
	// Of fields, options, labels, stages and pipelines all that is left is in use by these, and is listed.
	if n := count(t, db, `SELECT count(*) FROM provisioned AS p WHERE (p.removed_at IS NULL) <> EXISTS (SELECT 1 FROM kept_record AS k WHERE k.entity = p.kind AND k.final_key = p.symbol AND k.why LIKE 'in use by %')`); n != 0 {
		t.Errorf("of %d things that we provisioned it is not told what became of them: %s", n, keptRecords(t, db))
	}
}

// workWith is what people did meanwhile; it returns the final records that have
// to stay for it.
func workWith(t *testing.T, db *warehouse.DB, a *sandbox.Account, matched int64) []string {
	t.Helper()
	id := func(key string) int64 { return idOf(t, db, key) }
	if err := errors.Join(
		a.Edit("persons", id("contact:3"), map[string]any{"name": "Renamed by hand"}),
		a.Edit("persons", matched, map[string]any{"emails": []any{map[string]any{"value": "by@hand.example", "primary": true}}})); err != nil {
		t.Fatal(err)
	}
	lead := ""
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM link WHERE final_key = 'lead:1'").Scan(&lead); err != nil {
		t.Fatal(err)
	}
	act(t, a, "DELETE", "/v1/leads/"+lead, nil)
	act(t, a, "POST", fmt.Sprintf("/v1/notes/%d/comments", id("note:3")), map[string]any{"content": "he was furious"})
	madeByOthers(t, a, "deals", map[string]any{"title": "Theirs", "person_id": id("contact:2")})
	// The note is about deal:3, which names contact:3 of account:3; contact:2 works for account:2.
	return []string{"deal deal:3", "note note:3", "organization account:2", "organization account:3", "person contact:1", "person contact:2", "person contact:3"}
}

// keptOf are the records in kept_record, without what was provisioned.
func keptOf(t *testing.T, db *warehouse.DB) (out []string) {
	t.Helper()
	for line := range strings.SplitSeq(keptRecords(t, db), "\n") {
		if what, _, _ := strings.Cut(line, ": "); !strings.Contains(line, ": in use by ") {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// minus are the lines of one dump that another has not.
func minus(a, b string) (out []string) {
	known := map[string]int{}
	for line := range strings.SplitSeq(b, "\n") {
		known[line]++
	}
	for line := range strings.SplitSeq(a, "\n") {
		if known[line]--; known[line] < 0 {
			out = append(out, line)
		}
	}
	return out
}

// records are the tables and keys of the lines that are not about structure.
func records(lines []string) (out []string) {
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		structure := strings.HasSuffix(cells[0], "Fields") || slices.Contains([]string{"pipelines", "stages", "boards", "phases", "activityTypes", "leadLabels"}, cells[0])
		if len(cells) < 2 || structure {
			continue
		}
		if strings.Contains(cells[1], "[NextCRM ") {
			cells[1] = "of ours" // keys are cut off within the marker
		}
		out = append(out, cells[0]+" "+cells[1])
	}
	slices.Sort(out)
	return out
}

func TestRollback_GivesADealThatStaysTheValueBackThatItsLinesMoved(t *testing.T) {
	for name, theirs := range map[string]bool{"all lines were ours": false, "others have a line": true} {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		sevenLines(t, db)
		throughAs(t, db, a)
		id, want := idOf(t, db, "deal:2"), "10.50"
		if theirs {
			p := madeByOthers(t, a, "products", map[string]any{"name": "Theirs"})
			act(t, a, "POST", fmt.Sprintf("/api/v2/deals/%d/products", id), map[string]any{"product_id": p, "item_price": 900, "quantity": 1})
			want = "900"
		}
		takeBack(t, db, a, rollback.Part{Only: []string{"deal_product"}})
		if got := fmt.Sprint(mustRecord(t, a, "deals", id)["value"]); got != want || live(t, db, "deal_product") != 0 {
			t.Errorf("%s: the deal is worth %s, want %s; %d lines are left", name, got, want, live(t, db, "deal_product"))
		}
		if !theirs {
			throughAs(t, db, a)
		}
	}
}
