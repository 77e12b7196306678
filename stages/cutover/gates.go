package cutover

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// Names of the rows of table gate. A rehearsed cutover has a name of its own:
// it can be mistaken for nothing else.
const (
	freezeGate    = "cutover_freeze"
	signedGate    = "cutover_signed"
	rehearsedGate = "cutover_rehearsed"
	acceptedGate  = "cutover_accepted"
)

// Facts are what the caller knows about the account beyond the tables read here.
type Facts struct {
	TargetID    int64
	Seal        string // of the final records as they are now
	Rejects     int64  // records and rows left out, quarantined ones not counted
	Quarantined int64
}

// Gate is one condition of the cutover.
type Gate struct {
	Name   string `json:"name"`
	Open   bool   `json:"open"` // passed
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to do when it is not
	// Acceptable ones may be passed by a person's word.
	Acceptable bool `json:"acceptable,omitempty"`
}

// State is where the cutover of one account stands.
type State struct {
	Domain      string `json:"domain"`
	IsRehearsal bool   `json:"is_rehearsal"`
	FrozenAt    string `json:"frozen_at,omitempty"`
	FrozenBy    string `json:"frozen_by,omitempty"`
	SignedAt    string `json:"signed_at,omitempty"`
	SignedBy    string `json:"signed_by,omitempty"`
	Gates       []Gate `json:"gates"`
}

func (s State) String() string {
	text := s.Domain
	if s.IsRehearsal {
		text += " · REHEARSAL of the cutover"
	}
	switch {
	case s.SignedAt != "" && s.IsRehearsal:
		return text + fmt.Sprintf(" · rehearsed and signed by %s at %s", s.SignedBy, s.SignedAt)
	case s.SignedAt != "":
		return text + fmt.Sprintf(" · Pipedrive is the system of record since %s, signed by %s", s.SignedAt, s.SignedBy)
	case s.FrozenAt != "":
		return text + fmt.Sprintf(" · NextCRM is frozen since %s, declared by %s", s.FrozenAt, s.FrozenBy)
	}
	return text + " · not begun"
}

// Begun says what was declared and signed about an account, without looking at
// the gates.
func Begun(ctx context.Context, db *warehouse.DB, targetID int64) (State, error) {
	var s State
	var role string
	err := db.Read().QueryRowContext(ctx, "SELECT domain, role FROM target WHERE target_id = ?", targetID).Scan(&s.Domain, &role)
	if err != nil {
		return s, fmt.Errorf("look at the cutover: %w", err)
	}
	s.IsRehearsal = role == target.Rehearsal
	if s.FrozenAt, s.FrozenBy, err = holds(ctx, db, freezeGate, targetID); err != nil {
		return s, err
	}
	s.SignedAt, s.SignedBy, err = holds(ctx, db, s.gateName(), targetID)
	return s, err
}

// Look says where the cutover of an account stands, gate by gate.
func Look(ctx context.Context, db *warehouse.DB, f Facts) (State, error) {
	s, err := Begun(ctx, db, f.TargetID)
	if err != nil {
		return s, err
	}
	l := &looker{ctx: ctx, db: db, f: f, s: &s}
	for _, gate := range []func() (Gate, error){l.frozen, l.loaded, l.verified, l.nothingLeft, l.proved, l.still} {
		g, err := gate()
		if err != nil {
			return s, fmt.Errorf("look at the cutover: %w", err)
		}
		if g.Open {
			g.Next = ""
		}
		s.Gates = append(s.Gates, g)
	}
	return s, nil
}

func (s State) gateName() string {
	if s.IsRehearsal {
		return rehearsedGate
	}
	return signedGate
}

// holds tells since when a gate of that name holds, and by whom: the newest row counts.
func holds(ctx context.Context, db *warehouse.DB, name string, targetID int64) (at, by string, err error) {
	var open bool
	err = db.Read().QueryRowContext(ctx, "SELECT is_open, at, by_name FROM gate WHERE name = ? AND target_id = ? ORDER BY gate_id DESC LIMIT 1", name, targetID).Scan(&open, &at, &by)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !open {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read gate %s: %w", name, err)
	}
	return at, by, nil
}

// looker looks at one gate after the other.
type looker struct {
	ctx context.Context
	db  *warehouse.DB
	f   Facts
	s   *State
}

func (l *looker) frozen() (Gate, error) {
	g := Gate{Name: "frozen", Open: l.s.FrozenAt != "", Detail: "nobody has declared that NextCRM is not written to any more", Next: "nextpipe cutover --freeze --by NAME"}
	if g.Open {
		g.Detail = "since " + l.s.FrozenAt + ", declared by " + l.s.FrozenBy
	}
	return g, nil
}

// loaded asks for an extraction after the freeze, and that its plan is the one
// that was verified and still says what the final records say.
func (l *looker) loaded() (Gate, error) {
	g := Gate{Name: "final delta", Next: "nextpipe delta"}
	var extracted, sealed, verified, verifiedAt, planned string
	err := l.db.Read().QueryRowContext(l.ctx, `SELECT coalesce((SELECT max(started_at) FROM stage_run WHERE stage = 'extract' AND state = 'done'), ''),
			coalesce((SELECT seal FROM plan WHERE target_id = ?1 AND is_current = 1), ''), coalesce((SELECT seal FROM verification WHERE target_id = ?1), ''),
			coalesce((SELECT verified_at FROM verification WHERE target_id = ?1), ''),
			coalesce((SELECT max(started_at) FROM stage_run WHERE stage = 'plan' AND state = 'done' AND target_id = ?1), '')`, l.f.TargetID).
		Scan(&extracted, &sealed, &verified, &verifiedAt, &planned)
	switch {
	case err != nil:
		return g, err
	case l.s.FrozenAt == "":
		g.Detail = "it comes after the freeze"
	case extracted <= l.s.FrozenAt:
		g.Detail = "NextCRM was not extracted since the freeze"
	case planned <= extracted || sealed != l.f.Seal:
		g.Detail = "what was extracted after the freeze is not planned for this account"
	case verified != sealed || verifiedAt <= extracted:
		g.Detail = "what was planned has not been loaded and verified"
	default:
		g.Open, g.Detail = true, "extracted at "+extracted+", loaded and verified"
	}
	return g, nil
}

func (l *looker) verified() (Gate, error) {
	g := Gate{Name: "verified", Next: "SELECT * FROM difference; correct, then nextpipe delta"}
	var ledgers, off, different, pending int64
	err := l.db.Read().QueryRowContext(l.ctx, "SELECT ledgers, off_by, differences, pending FROM v_verified WHERE target_id = ?", l.f.TargetID).
		Scan(&ledgers, &off, &different, &pending)
	g.Open = err == nil && ledgers > 0 && off+different+pending == 0
	g.Detail = fmt.Sprintf("differences %d, ledgers off by %d, pending %d", different, off, pending)
	if ledgers == 0 {
		g.Detail = "nothing was verified yet"
	}
	return g, err
}

func (l *looker) nothingLeft() (Gate, error) {
	return Gate{Name: "nothing left out", Open: l.f.Rejects+l.f.Quarantined == 0, Acceptable: true,
		Detail: fmt.Sprintf("rejected or held back %d, quarantined %d", l.f.Rejects, l.f.Quarantined),
		Next:   "nextpipe report; correct and run nextpipe delta, or sign with --accept REASON"}, nil
}

// lastProof is the newest reading of the source for this account; it has to come
// after the extraction that was loaded.
func (l *looker) lastProof() (found bool, p struct {
	read, made       string
	differing, late  int64
	rows, stamps     int64
	frozen, newestAt string
}, err error) {
	err = l.db.Read().QueryRowContext(l.ctx, `SELECT read_at, coalesce(made_at, ''), differing, stamped_late, rows_read, stamps_read, coalesce(frozen_at, ''), coalesce(newest_stamp, 'none') FROM cutover_proof
		WHERE target_id = ?1 AND read_at > (SELECT max(finished_at) FROM stage_run WHERE stage = 'extract') ORDER BY proof_id DESC LIMIT 1`, l.f.TargetID).
		Scan(&p.read, &p.made, &p.differing, &p.late, &p.rows, &p.stamps, &p.frozen, &p.newestAt)
	if errors.Is(err, sql.ErrNoRows) {
		return false, p, nil
	}
	return err == nil, p, err
}

// proved asks that NextCRM was read again and is what was loaded. An export
// made before the freeze cannot show what happened after it.
func (l *looker) proved() (Gate, error) {
	g := Gate{Name: "source read again", Next: "nextpipe cutover --prove"}
	found, p, err := l.lastProof()
	switch {
	case err != nil:
		return g, err
	case !found || l.s.FrozenAt == "" || p.read <= l.s.FrozenAt:
		g.Detail = "NextCRM was not read again since the final delta"
	case p.made != "" && p.made <= l.s.FrozenAt:
		g.Detail, g.Next = "the export was made at "+p.made+", before the freeze: it cannot show what happened after it", "export again, then nextpipe cutover --prove"
	case p.differing > 0:
		g.Detail, g.Next = fmt.Sprintf("%d rows are not as they were extracted, see cutover_row", p.differing), "nextpipe delta, then nextpipe cutover --prove"
	default:
		g.Open, g.Detail = true, fmt.Sprintf("%d rows at %s, each as it was extracted", p.rows, p.read)
	}
	return g, nil
}

// still asks that no stamp is later than the freeze. By itself this proves
// little, for not every table has stamps: it is what names who still writes.
func (l *looker) still() (Gate, error) {
	g := Gate{Name: "no later stamps", Acceptable: true, Next: "SELECT * FROM cutover_row; stop who still writes, or sign with --accept REASON"}
	found, p, err := l.lastProof()
	switch {
	case err != nil:
		return g, err
	case !found || p.frozen != l.s.FrozenAt:
		g.Detail, g.Acceptable, g.Next = "no stamp was read since the freeze", false, "nextpipe cutover --prove"
	case p.late > 0:
		g.Detail = fmt.Sprintf("%d rows were written after the freeze, by NextCRM's clock, see cutover_row", p.late)
	default:
		g.Open, g.Detail = true, fmt.Sprintf("%d stamps, the newest %s", p.stamps, p.newestAt)
	}
	return g, nil
}
