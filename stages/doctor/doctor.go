// Package doctor looks at whether an account can take the migration, before
// anything is planned.
//
//	reads   Pipedrive: the token's user and its permissions, limits in headers, users, fields, currencies, webhooks, boards,
//	        lead labels, the newest records; final_* map_setting map_user map_visibility setup link load_op dest_record
//	does    compares what the account has and allows with what the finals need; without finals it says what it did not compare
//	writes  doctor_finding; with a probe, which has to be asked for, doctor_probe and six records that it removes again
//
// A look sends nothing but reads, about 200 tokens whatever the account holds:
// what only a write would show, it names. See probe.go for the probe.
package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// ErrNotReady means that the account cannot take the migration as it is:
// findings of severity error stand.
var ErrNotReady = errors.New("the account is not ready")

// Severities of a finding, as in doctor_finding.
const (
	Info    = "info"    // worth knowing
	Warning = "warning" // something will be left out, or happens besides
	Error   = "error"   // the migration would fail or do harm
)

// WebhookFires is the code of a webhook that imported records would set off.
const WebhookFires = "webhook_fires"

// Finding is one thing that the doctor found.
type Finding struct {
	Code     string `json:"code"` // stable, see Explain
	Severity string `json:"severity"`
	What     string `json:"what"` // the permission, field, user, currency … it is about
	Detail   string `json:"detail"`
}

// examination is one look at one account.
type examination struct {
	*target.Session
	account account
	needs   needs
	found   []Finding
	plan    string // what a person has said of the contract, "" and 0 when nobody has
	seats   int64
}

// checks are what is looked at, in the order of the report.
var checks = []func(context.Context, *examination) error{
	rights, crew, limits, fieldBudget, dealCap, visibility,
	labels, fieldNames, options, priorities, users, fallbackOwner, features, hooks,
	currencies, files, otherCopies, unseen, probes,
}

// Run examines the account and stores what it found; errors among it make it
// ErrNotReady.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) {
	var res stage.Result
	x := &examination{Session: s}
	var err error
	if x.account, err = look(ctx, s); err != nil {
		return res, fmt.Errorf("look at the account: %w", err)
	}
	if x.needs, err = ask(ctx, s); err != nil {
		return res, fmt.Errorf("read what the migration needs: %w", err)
	}
	if x.plan, x.seats, err = s.Contract(ctx); err != nil {
		return res, err
	}
	for _, check := range checks {
		if err := check(ctx, x); err != nil {
			return res, fmt.Errorf("examine the account: %w", err)
		}
	}
	if err := errors.Join(x.store(ctx), s.Meter.Flush(ctx)); err != nil {
		return res, err
	}
	res.Rows = int64(len(x.found))
	for _, severity := range []string{Error, Warning, Info} {
		res.Add(severity, int64(x.count(severity)))
	}
	if n := x.count(Error); n > 0 {
		return res, fmt.Errorf("%w: %d findings of severity error in doctor_finding; `nextpipe explain --what CODE` says what to do", ErrNotReady, n)
	}
	return res, nil
}

func (x *examination) find(severity, code, what, detail string, args ...any) {
	x.found = append(x.found, Finding{Code: code, Severity: severity, What: what, Detail: fmt.Sprintf(detail, args...)})
}

// must is a finding that is an error where the finals are known to need what is
// missing, and a warning as long as nobody knows. Nothing needed, nothing found.
func (x *examination) must(needed int64, code, what, detail string, args ...any) {
	switch {
	case !x.needs.built:
		x.find(Warning, code, what, detail+"; whether it is needed is known after build", args...)
	case needed > 0:
		x.find(Error, code, what, detail+fmt.Sprintf("; %d need it", needed), args...)
	}
}

func (x *examination) count(severity string) (n int) {
	for _, f := range x.found {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// store replaces the findings of an earlier look.
func (x *examination) store(ctx context.Context) error {
	return x.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM doctor_finding WHERE target_id = ?", x.ID); err != nil {
			return err
		}
		for _, f := range x.found {
			if _, err := tx.ExecContext(ctx, "INSERT INTO doctor_finding VALUES (?, ?, ?, ?, ?, ?)",
				x.ID, f.Code, f.Severity, f.What, f.Detail, x.DB.Now()); err != nil {
				return fmt.Errorf("store finding %s %s: %w", f.Code, f.What, err)
			}
		}
		return nil
	})
}

// Findings lists what was found in an account, gravest first.
func Findings(ctx context.Context, db *warehouse.DB, targetID int64) ([]Finding, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT code, severity, what, detail FROM doctor_finding WHERE target_id = ?
		ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, code, what`, targetID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		var f Finding
		if err := rows.Scan(&f.Code, &f.Severity, &f.What, &f.Detail); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Explain says what a code means and what to do; "" for a code there is none of.
func Explain(code string) string {
	i := slices.IndexFunc(codes, func(e explanation) bool { return e.code == code })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s – %s", codes[i].code, codes[i].meaning, codes[i].action)
}
