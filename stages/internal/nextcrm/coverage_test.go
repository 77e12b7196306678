package nextcrm

import (
	"slices"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"

	"github.com/google/go-cmp/cmp"
)

// productShapes are the points of NextCRM's own schema; a fork is none.
var productShapes = slices.DeleteFunc(slices.Clone(nextcrmsample.DatabaseShapes), func(s string) bool { return s == "fork" })

func TestCoverage_EveryTableAndColumnIsMappedKeptOrLeftOutForAReason(t *testing.T) {
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range productShapes {
		for name, table := range openSource(t, unchangedDatabase(t, shape)).(*databaseSource).tables {
			lines := mapping.lines[name]
			if len(lines) == 0 {
				t.Errorf("%s: table %s is not in database.tsv", shape, name)
				continue
			}
			if lines[0].column == mapSkip {
				continue
			}
			for _, c := range table.columns {
				if len(mapping.find(name, c.name)) == 0 {
					t.Errorf("%s: column %s.%s is not in database.tsv", shape, name, c.name)
				}
			}
		}
	}
	for table, lines := range mapping.lines {
		for _, l := range lines {
			if (l.column == mapSkip || l.column == mapOut) && strings.TrimSpace(l.reason) == "" {
				t.Errorf("%s.%s is left out without a reason", table, l.dbColumn)
			}
		}
	}
}

func TestCoverage_NamesNoTableOrColumnThatNoVersionHas(t *testing.T) {
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, shape := range productShapes {
		for name, table := range openSource(t, unchangedDatabase(t, shape)).(*databaseSource).tables {
			has[name+".*"] = true
			for _, c := range table.columns {
				has[name+"."+c.name] = true
			}
		}
	}
	for table, lines := range mapping.lines {
		for _, l := range lines {
			if _, isConstant := l.constant(); !isConstant && !has[table+"."+l.dbColumn] {
				t.Errorf("database.tsv names %s.%s, which is in no version", table, l.dbColumn)
			}
		}
	}
}

// The objects of the sales pipeline have samples of their own; those around it
// must leave no column of theirs untried.
func TestCoverage_TheSampleHasAValueForEveryColumnAroundTheSales(t *testing.T) {
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	filled := map[string]bool{}
	for _, shape := range []string{"0init", "latest"} {
		source := openSource(t, unchangedDatabase(t, shape))
		for _, o := range Objects {
			for _, rec := range readObject(t, source, o.Name) {
				for column := range rec {
					filled[rec["source_table"]+" "+o.Name+"."+column] = true
				}
			}
		}
	}
	first := slices.IndexFunc(Objects, func(o Object) bool { return o.Name == "activity" })
	for _, o := range Objects[first:] {
		for _, table := range mapping.tablesOf[o.Name] {
			for _, l := range mapping.of(o.Name, table) {
				column := l.column
				if column == mapExtra {
					column = "extra"
				}
				if column != mapID && column != mapOut && !filled[table+" "+o.Name+"."+column] {
					t.Errorf("no row of %s gives stg_%s.%s a value", table, o.Name, column)
				}
			}
		}
	}
}

func TestCoverageMarkdown_ShowsEveryTableOnce(t *testing.T) {
	text := CoverageMarkdown()
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	for table := range mapping.lines {
		if n := strings.Count(text, "\n| `"+table+"` |"); n != 1 {
			t.Errorf("table %s has %d rows", table, n)
		}
	}
	for _, want := range []string{
		"| `BoardWatchers` | `stg_watcher` | moved: followers; of boards: watchers.csv | 2 |  |  |\n",
		"| `crm_AuditLog` | `stg_audit`, `stg_deal_audit` | documented: audit.csv; used: why and when a Deal was lost; source/deal_history.csv | 7 |  |  |\n",
		"`unsubscribe_token`: secret",
		"`salary` stays in the warehouse: pay",
		"| `session` | none | left out: secrets only: never read | | | all of it |\n",
		"| invoice, invoices | `stg_invoice` | documented: invoices/, a file for each type; invoices.md |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the coverage lacks %q", want)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if line != "" && strings.Count(line, "|") != 7 && strings.Count(line, "|") != 4 {
			t.Errorf("a row that is no row of its table: %s", line)
		}
	}
}

func TestFates_EveryObjectHasOneAndEveryColumnThatStaysHasAReason(t *testing.T) {
	all, err := Fates()
	if err != nil {
		t.Fatal(err)
	}
	var named, objects []string
	for _, f := range all {
		named = append(named, f.Object)
		if !slices.Contains([]string{"moved", "used", "documented"}, f.Kind) || f.What == "" {
			t.Errorf("%s is %q: %q", f.Object, f.Kind, f.What)
		}
		o, _ := Lookup(f.Object)
		for column, reason := range f.Kept {
			if !slices.Contains(o.Columns, column) && column != "extra" || reason == "" {
				t.Errorf("%s.%s stays because of %q, there is no such column or reason", f.Object, column, reason)
			}
		}
	}
	for _, o := range Objects {
		objects = append(objects, o.Name)
	}
	if diff := cmp.Diff(objects, named); diff != "" {
		t.Errorf("objects (-extracted +with a fate):\n%s", diff)
	}
}

func TestCoverage_TheSampleHasRowsForEveryTableThatIsRead(t *testing.T) {
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, shape := range []string{"0init", "latest"} {
		source := openSource(t, unchangedDatabase(t, shape))
		for _, o := range Objects {
			for _, rec := range readObject(t, source, o.Name) {
				rows[rec["source_table"]]++
			}
		}
	}
	for table := range mapping.lines {
		if mapping.objectOf(table) != "" && rows[table] == 0 {
			t.Errorf("no sample database has a row of %s", table)
		}
	}
}
