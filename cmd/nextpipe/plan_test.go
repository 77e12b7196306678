package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
)

// varying is what differs from run to run in what plan says: days, times, and ids
// that depend on which of several requests comes first.
var varying = regexp.MustCompile(`Pipedrive \d+|done on \d{4}-\d\d-\d\d|\(\d+(\.\d+)?m?s\)`)

// golden compares text with a file; -update renews the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -run %s -update renews it):\n%s", path, t.Name(), diff)
	}
}

// The sample's plan before anything is sent, and the plan of a few changes after
// everything was: a person can read both.
func TestPlanDiff_IsWhatAPersonCanApprove(t *testing.T) {
	db := filepath.Join(t.TempDir(), "np.db")
	shared := []string{"--db", db, "--target", "sandbox", "--quiet"}
	run := func(want int, args ...string) string {
		t.Helper()
		code, out, errOut := nextpipe(t, nil, append(args, shared...)...)
		if code != want {
			t.Fatalf("nextpipe %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, out, errOut)
		}
		return varying.ReplaceAllString(out, "…")
	}
	export := filepath.Join(t.TempDir(), "export")
	if err := errors.Join(os.Mkdir(export, 0o700), nextcrmsample.WritePluginExport(export)); err != nil {
		t.Fatal(err)
	}
	run(3, "run", "--to", "build", "--source", export)
	golden(t, "plan_first.txt", run(0, "plan", "--diff", "--samples", "2"))

	var campaigns []string
	for _, title := range nextcrmsample.ActiveCampaigns["plugin"] {
		campaigns = append(campaigns, "--override-campaign", title)
	}
	run(3, append([]string{"run", "--from", "plan", "--yes"}, campaigns...)...)
	sqlite(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'New' || char(27, 10) || 'title', '$.stage_id."@ref"', (SELECT 'stage:' || max(stage_key) FROM final_stage))
		WHERE final_key = (SELECT min(final_key) FROM final_deal);
		UPDATE final_person SET payload = json_set(payload, '$.emails', json('[{"value":"new@example.com","primary":true,"label":"work"}]')) WHERE final_key = 'contact:1081';
		DELETE FROM final_note WHERE final_key = (SELECT min(final_key) FROM final_note);`)
	changed := run(0, "plan", "--diff")
	golden(t, "plan_changed.txt", changed)
	if strings.ContainsRune(changed, 27) {
		t.Error("an escape of the source reaches the terminal")
	}
	kinds := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(run(0, "plan", "--diff", "--json")), "\n") {
		var o struct{ Type string }
		if err := json.Unmarshal([]byte(line), &o); err != nil || strings.ContainsRune(line, 27) {
			t.Errorf("%v in %q", err, line)
		}
		kinds[o.Type]++
	}
	if kinds["plan_sample"] != 3 || kinds["plan_total"] != 1 || kinds["plan_forecast"] != 4 || kinds["summary"] != 1 || kinds["plan_entity"] == 0 || kinds["plan_not_kept"] == 0 {
		t.Errorf("--json says %v", kinds)
	}
}

func sqlite(t *testing.T, db, statements string) {
	t.Helper()
	if out, err := exec.Command("sqlite3", db, statements).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
