package stages

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nextpipe/stages/doctor"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/report"
)

// Status lists the stages of a run and names the one that has to run next.
func (e *Env) Status(ctx context.Context) ([]report.StageStatus, string, error) {
	var order []string
	for _, s := range All {
		if !s.Apart {
			order = append(order, s.Name)
		}
	}
	return report.Status(ctx, e.DB, order)
}

// Accounts lists the accounts that the warehouse knows.
func (e *Env) Accounts(ctx context.Context) ([]report.Account, error) {
	return report.Accounts(ctx, e.DB)
}

// Blocks lists the addresses that have shut us out and that nothing is sent to.
func (e *Env) Blocks(ctx context.Context) ([]report.Block, error) {
	return report.Blocks(ctx, e.DB, e.now().UTC().Format(time.RFC3339))
}

// now is the time of the account's clock, which is the machine's but in tests.
func (e *Env) now() time.Time {
	if e.opt.Now != nil {
		return e.opt.Now()
	}
	return time.Now()
}

// Trace tells one record's life.
func (e *Env) Trace(ctx context.Context, what string) ([]report.Step, error) {
	return report.Trace(ctx, e.DB, what)
}

// Ledgers reads both ledgers of the account that was worked on last.
func (e *Env) Ledgers(ctx context.Context) (source, final []report.Ledger, err error) {
	id, err := report.LastTarget(ctx, e.DB)
	if err != nil {
		return nil, nil, err
	}
	return report.Ledgers(ctx, e.DB, id)
}

// Findings lists what the doctor found in the account of this run.
func (e *Env) Findings(ctx context.Context) ([]doctor.Finding, error) {
	if e.account == nil {
		return nil, nil
	}
	return doctor.Findings(ctx, e.DB, e.account.ID)
}

// Explain says what a table or view with its columns, a code of a rule or of the
// doctor, or an exit code means.
func (e *Env) Explain(ctx context.Context, what string) ([]string, error) {
	if code, err := strconv.Atoi(what); err == nil {
		for _, x := range Exits {
			if x.Code == code {
				return []string{fmt.Sprintf("exit %d: %s; %s", code, x.Meaning, cmp.Or(x.Do, "do what the message says"))}, nil
			}
		}
	}
	lines, err := e.strings(ctx, `SELECT CASE WHEN d.column_name = '' THEN d.table_name || ' (' || d.layer || ', written by ' || d.owner || '): '
		ELSE '  ' || d.column_name || ': ' END || d.description
		FROM data_dictionary AS d LEFT JOIN pragma_table_info(d.table_name) AS c ON c.name = d.column_name
		WHERE d.table_name = ? ORDER BY d.column_name <> '', c.cid`, what)
	if err != nil || len(lines) > 0 {
		return lines, err
	}
	lines, err = e.strings(ctx, "SELECT rule || ': ' || meaning || ' – ' || action FROM issue_rule WHERE rule = ?", what)
	if err != nil || len(lines) > 0 {
		return lines, err
	}
	if text := doctor.Explain(what); text != "" {
		return []string{text}, nil
	}
	return nil, fmt.Errorf("%w: no table, rule, finding of the doctor or exit code is called %q (rules are known once clean has run)", ErrUsage, what)
}

func (e *Env) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := e.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			return nil, errors.Join(err)
		}
		out = append(out, s.String)
	}
	return out, rows.Err()
}

// Rejects lists every record that was left out.
func (e *Env) Rejects(ctx context.Context) ([]report.Reject, error) {
	id, err := report.LastTarget(ctx, e.DB)
	if err != nil {
		return nil, err
	}
	return report.Rejects(ctx, e.DB, id)
}

// TokenBill is what the run of this Env cost against the floor.
func (e *Env) TokenBill(ctx context.Context) (report.Bill, error) {
	return report.TokenBill(ctx, e.DB, e.run.ID)
}

// Reports runs every report of sql/report and, when dir is not empty, writes
// each as a CSV file there, and every document.
func (e *Env) Reports(ctx context.Context, dir string) ([]report.Table, []string, error) {
	tables, err := report.Tables(ctx, e.DB)
	if err != nil || dir == "" {
		return tables, nil, err
	}
	files, err := report.WriteCSV(dir, tables)
	if err != nil {
		return tables, files, err
	}
	written, err := report.WriteDocuments(ctx, e.DB, dir)
	return tables, append(files, written...), err
}

// NotMoved counts what is documented instead of moved, and what nothing accounts for.
func (e *Env) NotMoved(ctx context.Context) (documented, unaccounted []report.Count, err error) {
	return report.NotMoved(ctx, e.DB)
}

// Plan is the current plan of the account that was met last, as people read it.
func (e *Env) Plan(ctx context.Context, opt report.PlanOptions) (report.Plan, error) {
	if _, known := entity.Of(opt.Only); opt.Only != "" && !known {
		return report.Plan{}, fmt.Errorf("%w: --only takes one of %s, not %q", ErrUsage, strings.Join(entity.Names(), ", "), opt.Only)
	}
	id, err := report.LastTarget(ctx, e.DB)
	if err != nil {
		return report.Plan{}, err
	}
	return report.ReadPlan(ctx, e.DB, id, opt)
}
