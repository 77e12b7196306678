package stages

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

// The filters that a load leaves in the account are asked there, as a user
// would: each finds the people whom the old system had in the list or segment.
func TestLists_SavedFiltersFindWhoWasOnTheListOrInTheSegment(t *testing.T) {
	ctx := context.Background()
	a, url := process.Account(t, sandbox.Options{Seed: 1})
	e := envOn(t, a, url, Options{Source: sampleExport(t), OverrideCampaigns: nextcrmsample.ActiveCampaigns["plugin"]})
	// The manifest counts the members of two segments: one stays a filter, one is frozen by decision.
	if err := e.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_segment', 'segment:1', 'action', 'frozen', 'Eva')")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"scope", "extract", "clean", "dedupe", "map", "build", "plan", "provision", "load"} {
		if err := e.Execute(ctx, "run", stage); err != nil && ExitCode(err) != 3 {
			t.Fatalf("%s: %v", stage, err)
		}
	}
	want := map[string]int{"NextCRM segment: Big budget or lifetime": 80, "NextCRM segment: Berlin customers (frozen)": 16, "NextCRM list: Beta Testers": 0}
	each(t, e, `SELECT 'NextCRM list: ' || j.value, count(*) FROM golden_contact AS c, json_each(c.lists) AS j GROUP BY 1`, func(name string, n int) { want[name] = n })
	got := map[string]int{}
	each(t, e, `SELECT f.name, l.pipedrive_id FROM link AS l JOIN final_filter AS f USING (final_key) WHERE l.entity = 'filter'`, func(name string, id int) {
		if _, counted := want[name]; !counted {
			return
		}
		people, err := a.Act("GET", fmt.Sprintf("/api/v2/persons?limit=500&filter_id=%d", id), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got[name] = len(people.([]any))
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people found (-want +got):\n%s", diff)
	}
}

func each(t *testing.T, e *Env, query string, do func(string, int)) {
	t.Helper()
	rows, err := e.DB.Read().Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		do(name, n)
	}
}
