package build

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	files "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Check is one file of sql/check with what it found.
type Check struct {
	Name     string // option_missing
	Severity string // warning or error
	About    string // what a row of it is
	Failures int64
	Examples []Example // up to five
}

// Example is one offending row.
type Example struct {
	Entity   string  `json:"entity"`
	FinalKey *string `json:"final_key"`
	Detail   string  `json:"detail"`
}

func (c Check) String() string {
	text := fmt.Sprintf("%s (%d): %s", c.Name, c.Failures, c.About)
	for _, e := range c.Examples {
		text += "; " + e.Entity
		if e.FinalKey != nil {
			text += " " + *e.FinalKey
		}
		text += ": " + e.Detail
	}
	return text
}

var severity = regexp.MustCompile(`(?m)^-- severity: (warning|error)$`)

const maxExamples = 5

// runChecks runs every check, stores the outcome in final_check and returns
// those that found something.
func runChecks(ctx context.Context, db *warehouse.DB, tx *sql.Tx) ([]Check, error) {
	models, err := model.Load(files.Files, "check")
	if err != nil {
		return nil, err
	}
	var failed []Check
	for _, m := range models {
		var c Check
		err := db.Only("", func() (err error) { // a check only looks
			c, err = runCheck(ctx, tx, m)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", m.File, err)
		}
		examples, err := json.Marshal(c.Examples)
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO final_check (check_name, severity, failures, examples, description) VALUES (?, ?, ?, ?, ?)",
			c.Name, c.Severity, c.Failures, string(examples), c.About)
		if err != nil {
			return nil, fmt.Errorf("store check %s: %w", c.Name, err)
		}
		if c.Failures > 0 {
			failed = append(failed, c)
		}
	}
	return failed, nil
}

func runCheck(ctx context.Context, tx *sql.Tx, m model.Model) (Check, error) {
	found := severity.FindStringSubmatch(m.SQL)
	if found == nil {
		return Check{}, fmt.Errorf("its header lacks '-- severity: warning' or '-- severity: error'")
	}
	c := Check{Name: m.Table, Severity: found[1], About: strings.TrimPrefix(m.Grain, "one row per "), Examples: []Example{}}
	err := each(ctx, tx, m.SQL, func(scan func(...any) error) error {
		var e Example
		if err := scan(&e.Entity, &e.FinalKey, &e.Detail); err != nil {
			return err
		}
		c.Failures++
		if len(c.Examples) < maxExamples {
			c.Examples = append(c.Examples, e)
		}
		return nil
	})
	return c, err
}

// verdict reports what the checks found: warnings as counts, errors as an error.
func verdict(res *stage.Result, failed []Check) error {
	var lines []string
	for _, c := range failed {
		if c.Severity == "error" {
			lines = append(lines, c.String())
			res.Left += c.Failures
			continue
		}
		res.Add("warnings: "+strings.ReplaceAll(c.Name, "_", " "), c.Failures)
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("build: %w (see final_check):\n  %s", ErrChecks, strings.Join(lines, "\n  "))
}
