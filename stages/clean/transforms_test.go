package clean_test

import (
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	transforms "nextpipe/sql"
	"nextpipe/stages/clean"
	"nextpipe/stages/internal/model"
)

func TestTransformsReadWhatTheirHeadersSay(t *testing.T) {
	db := newWarehouse(t, "plugin", "")
	models, err := model.Load(transforms.Files, "clean")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, m := range models {
			opened, err := model.Opened(t.Context(), tx, m.SQL)
			if err != nil {
				return fmt.Errorf("%s: %w", m.File, err)
			}
			if diff := cmp.Diff(m.Reads, opened); diff != "" {
				t.Errorf("%s (-header +opened):\n%s", m.File, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var literal = regexp.MustCompile(`'([a-z]+[._][a-z_.]+)'`)

// literalsOf are the words with an underscore or a point that files quote.
func literalsOf(t *testing.T, pattern string) map[string]bool {
	t.Helper()
	names, err := fs.Glob(transforms.Files, pattern)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, name := range names {
		text, err := fs.ReadFile(transforms.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			words[m[1]] = true
		}
	}
	return words
}

func TestEveryRuleThatIsUsedIsExplained(t *testing.T) {
	db := newWarehouse(t, "plugin", "")
	known := map[string]bool{"contact_named_by_": true}
	for _, column := range query(t, db, "SELECT DISTINCT c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE s.type = 'table' UNION SELECT substr(name, 5) FROM sqlite_schema WHERE name GLOB 'stg_*'") {
		known[column] = true
	}
	for word := range literalsOf(t, "clean/*_issue.sql") {
		if _, explained := clean.Explain(word); !explained && !known[word] {
			t.Errorf("transforms report %q, which no rule explains", word)
		}
	}
}

func TestEveryRuleIsUsedAndExplainedInSentences(t *testing.T) {
	used := literalsOf(t, "clean/*_issue.sql")
	maps.Copy(used, literalsOf(t, "clean/*_clean_drop.sql"))
	byCode := regexp.MustCompile(`^contact_named_by_(email|phone|company)$|^automation\.[a-z_0-9]+$|^fix_not_applied$|^repeated_id_conflict$`)
	byCell := regexp.MustCompile(`^(email|phone|number|date|dst|ambiguous|zone)_`)
	for _, r := range clean.Rules {
		if !used[r.Code] && !byCode.MatchString(r.Code) && !byCell.MatchString(r.Code) {
			t.Errorf("rule %s is never reported", r.Code)
		}
		if !strings.HasSuffix(r.Meaning, ".") || !strings.HasSuffix(r.Action, ".") {
			t.Errorf("rule %s is not explained by sentences: %+v", r.Code, r)
		}
	}
}
