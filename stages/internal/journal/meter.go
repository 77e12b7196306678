package journal

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

// Meter counts requests and tokens. It buffers what it hears and writes it
// along with the next outcome, so that counting costs no commit of its own.
type Meter struct {
	db       *warehouse.DB
	targetID int64
	runID    int64
	users    []string // of the tokens
	now      func() time.Time

	mu       sync.Mutex
	calls    []loggedCall
	tokens   int64
	requests int64
	limits   pipedrive.Limits
}

type loggedCall struct {
	pipedrive.Call
	at time.Time
}

// NewMeter makes a meter whose rows belong to the given account and run; its
// Heard is meant for pipedrive.Config.After.
func NewMeter(db *warehouse.DB, now func() time.Time) *Meter {
	return &Meter{db: db, now: now, limits: pipedrive.Limits{Burst: -1, BurstLeft: -1, Daily: -1, DailyLeft: -1}}
}

// Assign says whose calls these are; calls heard before it are kept until then.
func (m *Meter) Assign(targetID, runID int64, users []string) {
	m.targetID, m.runID, m.users = targetID, runID, users
}

// Heard takes note of one sending. Calls of several goroutines may come at once.
func (m *Meter) Heard(c pipedrive.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !c.Sent {
		c.Cost = 0
	}
	m.calls = append(m.calls, loggedCall{c, m.now()})
	if !c.Sent {
		return
	}
	m.tokens += int64(c.Cost)
	m.requests++
	if c.Limits.Daily >= 0 {
		m.limits.Daily, m.limits.DailyLeft = c.Limits.Daily, c.Limits.DailyLeft
	}
	if c.Limits.Burst >= 0 {
		m.limits.Burst = c.Limits.Burst
	}
}

// Tokens is what this process has spent so far, and in how many requests.
func (m *Meter) Tokens() (tokens, requests int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens, m.requests
}

// Limits is the newest word of the account about its limits, -1 for unknown.
func (m *Meter) Limits() pipedrive.Limits {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limits
}

// Flush writes what is buffered; stages that only read call it at their end.
func (m *Meter) Flush(ctx context.Context) error {
	return m.db.Write(context.WithoutCancel(ctx), m.flush)
}

func (m *Meter) flush(tx *sql.Tx) error {
	m.mu.Lock()
	calls := m.calls
	m.calls = nil
	m.mu.Unlock()
	if m.targetID == 0 || len(calls) == 0 {
		return nil
	}
	for _, c := range calls {
		if err := m.write(tx, c); err != nil {
			return fmt.Errorf("write request log: %w", err)
		}
	}
	return nil
}

func (m *Meter) write(tx *sql.Tx, c loggedCall) error {
	at := c.at.UTC()
	if _, err := tx.Exec(`INSERT INTO http_log (target_id, run_id, at, method, path, status, ms, tokens, correlation_id, user_id)
		VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?, ?, nullif(?, ''), ?)`, m.targetID, m.runID, at.Format(time.RFC3339Nano),
		c.Method, c.Path, c.Status, c.Duration.Milliseconds(), c.Cost, c.CorrelationID, m.users[c.Token]); err != nil {
		return err
	}
	if !c.Sent {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO budget (target_id, day, spent, requests, daily_limit, remaining, updated_at)
		VALUES (?, ?, ?, 1, nullif(?, -1), nullif(?, -1), ?)
		ON CONFLICT (target_id, day) DO UPDATE SET spent = spent + excluded.spent, requests = requests + 1,
			daily_limit = coalesce(excluded.daily_limit, daily_limit), remaining = coalesce(excluded.remaining, remaining),
			updated_at = CASE WHEN excluded.remaining IS NULL AND remaining IS NOT NULL THEN updated_at ELSE excluded.updated_at END`,
		m.targetID, at.Format(time.DateOnly), c.Cost, c.Limits.Daily, c.Limits.DailyLeft, at.Format(time.RFC3339Nano))
	return err
}
