package automation

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/segment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleInventory is that of the sample export, with the names that the other
// files of the export give to its ids.
func sampleInventory(t *testing.T) Inventory {
	t.Helper()
	inv := Inventory{Company: "shop.example", Date: "2025-02-01", Plan: "growth", Automations: sampleAutomations(t), Sequences: sampleSequences(t), Unread: []string{"old-export.json"}}
	inv.Names.Catalog = segment.Catalog{
		Tags:   map[string]segment.Choice{"2": {Title: "Customer"}, "4": {Title: "Lead Magnet"}, "5": {Title: "Trial"}, "6": {Title: "Webinar 2024"}, "7": {Title: "Cold"}},
		Lists:  map[string]segment.Choice{"1": {Title: "Main Newsletter"}, "2": {Title: "Product Updates"}, "6": {Title: "Beta Testers"}},
		Fields: map[string]segment.Field{"custom:plan_tier": {Label: "Plan Tier", Entity: "person", Key: "plan_tier", Type: "enum"}},
	}
	inv.Names.Automations, inv.Names.Sequences = map[string]string{}, map[string]string{}
	for _, a := range inv.Automations {
		inv.Names.Automations[a.ID] = a.Title
	}
	for _, s := range inv.Sequences {
		inv.Names.Sequences[s.ID] = s.Title
	}
	return inv
}

func sampleFunnel() Funnel {
	return Funnel{
		Stages: []Stage{{"New", "pre_sale"}, {"Offer sent", "qualified"}, {"Realization of the project", "delivery"}},
		Timing: &Timing{KillAfter: 60, RecycleAfter: 90, Touch1BusinessDays: 2, Touch2: 7, Touch3: 10, Touch4: 15, Touch5: 45, CareCheckIn: 30, CareReferral: 90, CareInterval: 90, CareCount: 8, RenewalWindow: 14},
		Reports: []Report{{Title: "Pipeline by owner", Category: "sales", Filters: `{"from":"2025-01-01"}`, Shared: true,
			Schedules: []Schedule{{"0 8 * * 1", []string{"ana@example.com", "bob@example.com"}, "pdf", true}}}},
	}
}

func TestTheInventoryReadsAsItShould(t *testing.T) {
	plugin := sampleInventory(t)
	funnel := sampleFunnel()
	openSource := Inventory{Company: "Acme s.r.o.", Funnel: &funnel}
	for name, inv := range map[string]Inventory{"plugin": plugin, "opensource": openSource} {
		html, err := inv.HTML()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".html", string(html))
		golden(t, name+".md", inv.Markdown())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s changed; look at it and run the test with -update:\n%s", name, diff)
	}
}
