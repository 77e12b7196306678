// Package report reads the warehouse for people: where a migration stands,
// and what became of one record.
//
//	reads   run stage_run and every table of the layer asked for
//	does    nothing but read
//	writes  nothing
package report

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/warehouse"
)

// StageStatus is where one stage stands.
type StageStatus struct {
	Stage  string `json:"stage"`
	Target string `json:"target,omitempty"` // domain of the account, for stages that have one
	State  string `json:"state"`            // done, failed, running, killed, never
	Fresh  bool   `json:"fresh"`            // nothing before it has run since
	Ended  string `json:"ended,omitempty"`
	Rows   int64  `json:"rows"`
	Note   string `json:"note,omitempty"` // summary, or the error
}

// Status lists the stages in the given order with their last run, and names
// the first that has to run next; "" when all are fresh.
func Status(ctx context.Context, db *warehouse.DB, order []string) (all []StageStatus, next string, err error) {
	last, err := lastRuns(ctx, db)
	if err != nil {
		return nil, "", fmt.Errorf("status: %w", err)
	}
	undone, err := rolledBack(ctx, db)
	if err != nil {
		return nil, "", fmt.Errorf("status: %w", err)
	}
	newest := int64(0)
	for _, name := range order {
		if name == "plan" {
			newest = max(newest, undone)
		}
		r, ran := last[name]
		st := StageStatus{Stage: name, State: "never"}
		if ran {
			st = r.StageStatus
			st.Fresh = r.State == "done" && r.id > newest
			newest = max(newest, r.id)
		}
		if !st.Fresh && next == "" {
			next = name
		}
		all = append(all, st)
	}
	return all, next, nil
}

// rolledBack is the last rollback that took something back, 0 if there was
// none: what was planned and loaded before it holds no more.
func rolledBack(ctx context.Context, db *warehouse.DB) (id int64, err error) {
	err = db.Read().QueryRowContext(ctx, `SELECT coalesce(max(stage_run_id), 0) FROM stage_run AS s
		WHERE stage = 'rollback' AND EXISTS (SELECT 1 FROM load_op AS o WHERE o.run_id = s.run_id AND o.purpose = 'rollback')`).Scan(&id)
	return id, err
}

type lastRun struct {
	StageStatus
	id int64
}

func lastRuns(ctx context.Context, db *warehouse.DB) (map[string]lastRun, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT s.stage_run_id, s.stage, coalesce(t.domain, ''),
			CASE WHEN s.state = 'running' AND NOT EXISTS (SELECT 1 FROM lock) THEN 'killed' ELSE s.state END,
			coalesce(s.finished_at, s.started_at), coalesce(s.row_count, 0), coalesce(s.error, s.summary, '')
		FROM stage_run AS s LEFT JOIN target AS t ON t.target_id = s.target_id
		WHERE s.stage_run_id IN (SELECT max(stage_run_id) FROM stage_run GROUP BY stage)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]lastRun{}
	for rows.Next() {
		var r lastRun
		if err := rows.Scan(&r.id, &r.Stage, &r.Target, &r.State, &r.Ended, &r.Rows, &r.Note); err != nil {
			return nil, err
		}
		out[r.Stage] = r
	}
	return out, rows.Err()
}

// Ledger is one line of the two ledgers of the account that was verified last.
type Ledger struct {
	Name   string  `json:"name"`
	Counts []Count `json:"counts"`
	OffBy  int64   `json:"off_by"`
}

// Count is a number with its name.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Ledgers reads both ledgers of an account: source rows by object, then final
// records by entity.
func Ledgers(ctx context.Context, db *warehouse.DB, targetID int64) (source, final []Ledger, err error) {
	source, err = ledger(ctx, db, `SELECT object, off_by, extracted, final, merged, rejected, excluded, documented
		FROM reconcile_source WHERE target_id = ? ORDER BY object`, targetID,
		"extracted", "final", "merged", "rejected", "excluded", "documented")
	if err != nil {
		return nil, nil, err
	}
	final, err = ledger(ctx, db, `SELECT entity, off_by, planned, done, refused, blocked, quarantined, pending
		FROM reconcile_final WHERE target_id = ?`, targetID,
		"planned", "done", "refused", "blocked", "quarantined", "pending")
	order := entity.Names()
	slices.SortFunc(final, func(a, b Ledger) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) })
	return source, final, err
}

func ledger(ctx context.Context, db *warehouse.DB, query string, targetID int64, names ...string) ([]Ledger, error) {
	rows, err := db.Read().QueryContext(ctx, query, targetID)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var out []Ledger
	for rows.Next() {
		l := Ledger{Counts: make([]Count, len(names))}
		into := []any{&l.Name, &l.OffBy}
		for i, name := range names {
			l.Counts[i].Name = name
			into = append(into, &l.Counts[i].N)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// LastTarget is the account of the newest run that had one; 0 when there was none.
func LastTarget(ctx context.Context, db *warehouse.DB) (int64, error) {
	var id sql.NullInt64
	err := db.Read().QueryRowContext(ctx, "SELECT target_id FROM run WHERE target_id IS NOT NULL ORDER BY run_id DESC LIMIT 1").Scan(&id)
	if err == sql.ErrNoRows {
		return 0, nil
	}
	return id.Int64, err
}

// Account is one account that the warehouse knows, and how far it is.
type Account struct {
	Domain   string `json:"domain"`
	Role     string `json:"role"`
	Linked   int64  `json:"linked"` // records of ours in it
	SignedBy string `json:"signed_by,omitempty"`
	SignedAt string `json:"signed_at,omitempty"`
}

func (a Account) String() string {
	text := fmt.Sprintf("%s · %s · records linked %d", a.Domain, a.Role, a.Linked)
	if a.SignedBy != "" {
		text += fmt.Sprintf(" · signed by %s at %s", a.SignedBy, a.SignedAt)
	}
	return text
}

// Accounts lists the accounts with their last sign-off.
func Accounts(ctx context.Context, db *warehouse.DB) ([]Account, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT t.domain, t.role,
			(SELECT count(*) FROM link AS l WHERE l.target_id = t.target_id AND l.part = '' AND l.state = 'live'),
			coalesce(s.by_name, ''), coalesce(s.at, '')
		FROM target AS t LEFT JOIN signoff AS s ON s.signoff_id = (SELECT max(signoff_id) FROM signoff WHERE target_id = t.target_id)
		ORDER BY t.target_id`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var a Account
		if err := rows.Scan(&a.Domain, &a.Role, &a.Linked, &a.SignedBy, &a.SignedAt); err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Block is an address that has shut us out for a while.
type Block struct {
	Host  string `json:"host"`
	Until string `json:"until"`
	Why   string `json:"why"`
}

func (b Block) String() string {
	return fmt.Sprintf("%s until %s: nothing is sent there before; it answered %s", b.Host, b.Until, b.Why)
}

// Blocks lists the addresses that nothing is sent to at the given time (UTC).
func Blocks(ctx context.Context, db *warehouse.DB, now string) ([]Block, error) {
	rows, err := db.Read().QueryContext(ctx, "SELECT host, until_at, why FROM blocked WHERE until_at > ? ORDER BY host", now)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	defer rows.Close()
	var out []Block
	for rows.Next() {
		var b Block
		if err := rows.Scan(&b.Host, &b.Until, &b.Why); err != nil {
			return nil, fmt.Errorf("list blocks: %w", err)
		}
		out = append(out, b)
	}
	return out, rows.Err()
}
