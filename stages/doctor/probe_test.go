package doctor

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/target"
)

// probeLines are the findings that a probe makes.
func probeLines(t *testing.T, s *target.Session) (out []string) {
	t.Helper()
	found, err := Findings(context.Background(), s.DB, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if strings.Contains(f.Code, "probe") {
			out = append(out, f.Severity+" "+f.Code+" "+f.What)
		}
	}
	slices.Sort(out)
	return out
}

// traces are the live records in the account that carry a marker of a probe,
// and what the warehouse does not know to be gone.
func traces(t *testing.T, a *sandbox.Account, s *target.Session) (out []string) {
	t.Helper()
	for _, list := range []string{"organizations", "persons", "deals", "leads", "activities", "notes"} {
		for _, rec := range a.Records(list) {
			data, err := json.Marshal(rec)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), "nextpipe probe") && rec["is_deleted"] != true && rec["active_flag"] != false {
				out = append(out, list+" "+string(data))
			}
		}
	}
	var n int
	if err := s.DB.Read().QueryRow("SELECT count(*) FROM doctor_probe WHERE state IN ('intent', 'made')").Scan(&n); err != nil || n > 0 {
		out = append(out, "open rows in the warehouse")
	}
	return out
}

func TestProbe_LearnsWhichTimesAreKeptAndLeavesNothing(t *testing.T) {
	a, s := patient{}.admit(t)
	before := a.Dump("NextCRM ID")
	spent := a.TokensSpent()
	if err := Probe(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if n := a.TokensSpent() - spent; n > mostTokens {
		t.Errorf("the probe cost %d tokens, at most %d are fair", n, mostTokens)
	}
	if left := traces(t, a, s); left != nil {
		t.Errorf("left: %v", left)
	}
	if diff := gocmp.Diff(before, a.Dump("NextCRM ID")); diff != "" {
		t.Errorf("the account is not as it was:\n%s", diff)
	}
	if _, err := Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{
		"info probe_kept deal.won_time", "info probe_kept note.add_time", "info probe_kept organization.add_time", "info probe_kept person.add_time",
		"info probe_refused activity.add_time", "info probe_refused deal.add_time", "info probe_refused lead.add_time",
	}, probeLines(t, s)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A user who may not close deals in the past cannot bring them over as they were.
func TestProbe_TellsWhatTheMigrationWouldLose(t *testing.T) {
	p := patient{opts: sandbox.Options{Users: []sandbox.User{{Name: "Ada", Email: "ada@x.example", Admin: true},
		{Name: "Ned", Email: "ned@x.example", Token: "token-of-ned", Deny: []string{"can_edit_deals_closed_date"}}}}, token: "token-of-ned"}
	a, s := p.admit(t)
	if err := Probe(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	_, _ = Run(context.Background(), s) // the permission is an error of its own
	if lines := probeLines(t, s); !slices.Contains(lines, "warning probe_refused deal.won_time") && !slices.Contains(lines, "warning probe_replaced deal.won_time") {
		t.Errorf("findings: %q", lines)
	}
	if left := traces(t, a, s); left != nil {
		t.Errorf("left: %v", left)
	}
}

// Whatever becomes of the n-th write or its answer: at the latest the next
// probe has removed all of it, and nothing was sent twice.
func TestProbe_LeavesNothingWhateverBecomesOfARequest(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"answer lost": {Do: sandbox.Truncate}, "failed before": {Do: sandbox.FailBefore, Status: 500},
		"refused": {Do: sandbox.FailBefore, Status: 400}, "forbidden": {Do: sandbox.FailBefore, Status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			a, s := patient{}.admit(t)
			for n := 1; n <= 16; n++ {
				fault.Writes, fault.Nth = true, n
				a.Script(fault)
				_ = Probe(context.Background(), s) // how it ends is the fault's business
				a.Script()
				if err := Probe(context.Background(), s); err != nil {
					t.Fatalf("write %d: the next probe: %v", n, err)
				}
				if left := traces(t, a, s); left != nil {
					t.Fatalf("write %d left %v", n, left)
				}
			}
		})
	}
}

func TestProbe_ARecordThatAppearsAfterBothLooksIsRemovedByTheNext(t *testing.T) {
	a, s := patient{}.admit(t)
	marker := newMarker()
	if _, err := a.Create("persons", map[string]any{"name": marker}); err != nil {
		t.Fatal(err)
	}
	p := &prober{Session: s, j: s.Journal("probe"), ids: map[string]string{}}
	r := &row{entity: "person", marker: marker, hiID: "0", sent: map[string]string{}}
	if err := p.intend(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if err := p.end(context.Background(), r, absent, ""); err != nil {
		t.Fatal(err)
	}
	if err := Probe(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if left := traces(t, a, s); left != nil {
		t.Errorf("left: %v", left)
	}
}
