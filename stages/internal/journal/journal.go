// Package journal is the only way nextpipe writes to Pipedrive, apart from the
// doctor's probe, which removes what it makes.
//
//	reads   load_op, link, bind
//	does    commits the intent, sends once, records the outcome; settles what is in doubt by looking
//	writes  load_op, link, before_image, http_log, budget
//
// Pipedrive has no idempotency keys and no upsert, so a create whose answer is
// lost may or may not have happened. Every operation therefore moves through
// these states, and each arrow is one commit:
//
//	intent ──answer 2xx───────────────▶ done
//	   │  ├──refused by the account───▶ refused
//	   │  ├──certainly not carried out▶ not_sent ──(a new attempt)
//	   │  └──timeout, cut, 5xx────────▶ in_doubt
//	   └──the process died────────────▶ in_doubt (at the next start)
//	in_doubt ──seen in the account────▶ done
//	   │  ├──not there, twice looked──▶ not_sent ──(a new attempt)
//	   │  └──looking cannot tell──────▶ quarantined: a person decides
//	blocked: a reference could not be bound and nothing was sent, or the account
//	had no room for it: tried again in the next run
package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

// Verbs of an operation.
const (
	Create = "create"
	Update = "update"
	Delete = "delete"
)

// Structure lists the entities of operations on anything but records. An
// option's entity is that of its field with another ending.
var Structure = []string{"pipeline", "stage", "organization_field", "person_field", "deal_field", "product_field",
	"organization_option", "person_option", "deal_option", "product_option", "activity_type", "lead_label", "board", "phase"}

// Op is one operation on the account, as in table load_op.
type Op struct {
	ID          int64
	Entity      string
	FinalKey    string
	Verb        string
	State       string
	Attempt     int
	Marker      string
	PipedriveID string // of the record; for a create, once it is known
	HiID        string // highest id known before sending
	Symbolic    []byte // the final payload the record will agree to
	Body        []byte // what is sent: everything, or the changed keys
	// Before is the record as it was, for an update of something that somebody
	// may want back; it is kept as a before-image from the intent on.
	Before   *pipedrive.Record
	Status   int
	Code     string
	Message  string
	Looks    int
	LookedAt time.Time
}

// Journal sends operations for one purpose to one account.
type Journal struct {
	DB       *warehouse.DB
	Client   *pipedrive.Client
	Meter    *Meter
	TargetID int64
	RunID    int64
	Purpose  string // "load", "provision" or "rollback"
	// Settle is how long after the first look-up "not there" begins to count,
	// because a request that was delayed on its way may still be carried out.
	Settle time.Duration
	// Look finds operations in doubt in the account; see settle.go.
	Look Look
	// Done writes what a finished operation means (a link, a binding), inside
	// the transaction that records the outcome. rec is the record as answered
	// or found; its Data is nil after a delete.
	Done func(tx *sql.Tx, op *Op, rec pipedrive.Record) error
	Now  func() time.Time
	// Steady is a clock that nobody sets: what it tells apart are durations.
	Steady func() time.Time
	Wait   func(context.Context, time.Duration) error

	missedAt map[int64]time.Time // when this process first looked in vain, by operation
}

// Send carries out one operation: intent, request, outcome. op.State tells how
// it ended. An error means that the whole sending must stop; an operation that
// was refused or is in doubt is no error, the others go on.
func (j *Journal) Send(ctx context.Context, op *Op) error {
	return j.SendAll(ctx, []*Op{op}, 1)
}

// SendAll carries out operations that do not depend on each other, several at once.
func (j *Journal) SendAll(ctx context.Context, ops []*Op, workers int) error {
	all := ops
	return j.Stream(ctx, min(workers, len(ops)), len(ops), func(context.Context) (next []*Op, err error) {
		next, all = all, nil
		return next, nil
	}, func([]*Op) error { return nil })
}

// Block records that an operation could not even be composed.
func (j *Journal) Block(ctx context.Context, op *Op, code, reason string) error {
	op.State, op.Code, op.Message = "blocked", code, reason
	return j.DB.Write(ctx, func(tx *sql.Tx) error { return j.insert(tx, op) })
}

func (j *Journal) intend(ctx context.Context, ops []*Op) error {
	return j.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, op := range ops {
			op.State = "intent"
			if err := j.insert(tx, op); err != nil {
				return err
			}
			if op.Before == nil {
				continue
			}
			if err := j.SaveImage(tx, op.ID, op.Entity, *op.Before); err != nil {
				return err
			}
		}
		return nil
	})
}

// insert writes a new load_op row. Operations that end at once get their end in the same row.
func (j *Journal) insert(tx *sql.Tx, op *Op) error {
	if err := tx.QueryRow(`SELECT 1 + count(*) FROM load_op WHERE target_id = ? AND entity = ? AND final_key = ? AND verb = ? AND purpose = ?
		AND state IN ('not_sent', 'in_doubt')`, j.TargetID, op.Entity, op.FinalKey, op.Verb, j.Purpose).Scan(&op.Attempt); err != nil {
		return err
	}
	var ended any
	if op.State == "blocked" {
		ended = j.now()
	}
	res, err := tx.Exec(`INSERT INTO load_op (target_id, run_id, entity, final_key, verb, purpose, state, attempt, marker,
			pipedrive_id, hi_id, symbolic, body, error_code, message, intent_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), ?, ?, nullif(?, ''), nullif(?, ''), ?, ?)`,
		j.TargetID, j.RunID, op.Entity, op.FinalKey, op.Verb, j.Purpose, op.State, op.Attempt, op.Marker,
		op.PipedriveID, op.HiID, text(op.Symbolic), text(op.Body), op.Code, op.Message, j.now(), ended)
	if err != nil {
		return err
	}
	op.ID, err = res.LastInsertId()
	return err
}

func (j *Journal) request(ctx context.Context, op *Op) (pipedrive.Record, error) {
	switch {
	case strings.HasSuffix(op.Entity, "_option"):
		return j.requestOptions(ctx, op)
	case op.Verb == Create:
		return j.create(ctx, op)
	case op.Verb == Update:
		return j.Client.Update(ctx, op.Entity, op.PipedriveID, op.Body)
	default:
		err := j.Client.Delete(ctx, op.Entity, op.PipedriveID)
		return pipedrive.Record{ID: op.PipedriveID}, goneIsDeleted(err)
	}
}

// create sends a record, or the bytes of a file with what it hangs on.
func (j *Journal) create(ctx context.Context, op *Op) (pipedrive.Record, error) {
	rest, blob, err := takeBlob(op.Body)
	if err != nil {
		return pipedrive.Record{}, err
	}
	if blob == nil {
		return j.Client.Create(ctx, op.Entity, op.Body)
	}
	return j.Client.Upload(ctx, op.Entity, rest, *blob)
}

// requestOptions adds or removes options of the field op.PipedriveID; the body
// is a JSON array of labels or ids. The answered options are the record's data.
func (j *Journal) requestOptions(ctx context.Context, op *Op) (pipedrive.Record, error) {
	var words []string
	if err := json.Unmarshal(op.Body, &words); err != nil {
		return pipedrive.Record{}, fmt.Errorf("read options of %s: %w", op.FinalKey, err)
	}
	field := strings.TrimSuffix(op.Entity, "_option") + "_field"
	if op.Verb == Delete {
		err := j.Client.DeleteOptions(ctx, field, op.PipedriveID, words)
		return pipedrive.Record{ID: op.PipedriveID}, goneIsDeleted(err)
	}
	options, err := j.Client.AddOptions(ctx, field, op.PipedriveID, words)
	if err != nil {
		return pipedrive.Record{}, err
	}
	data, err := json.Marshal(options)
	return pipedrive.Record{ID: op.PipedriveID, Data: data}, err
}

// goneIsDeleted takes "there is no such record" as success of a delete.
func goneIsDeleted(err error) error {
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil
	}
	return err
}

// Finish records that an operation was found to be done.
func (j *Journal) Finish(ctx context.Context, op *Op, rec pipedrive.Record) error {
	op.State = "done"
	return j.record(ctx, []outcome{{op: op, rec: rec, how: "look-up"}})
}

// setState records another state of an operation that was not done.
func (j *Journal) setState(ctx context.Context, op *Op, state, hint string) error {
	op.State = state
	return j.record(ctx, []outcome{{op: op, hint: hint}})
}

// record commits outcomes, along with what finished operations mean.
func (j *Journal) record(ctx context.Context, batch []outcome) error {
	return j.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, o := range batch {
			if err := j.write(tx, o); err != nil {
				return fmt.Errorf("record outcome of %s %s: %w", o.op.Entity, o.op.FinalKey, err)
			}
		}
		return j.Meter.flush(tx)
	})
}

func (j *Journal) write(tx *sql.Tx, o outcome) error {
	op, ended := o.op, any(nil)
	if op.State == "done" {
		op.PipedriveID = o.rec.ID
		if err := j.Done(tx, op, o.rec); errors.Is(err, ErrTaken) {
			// Failing here would lose the batch's other outcomes, in this run and every later one.
			op.State, op.Message, o.how, o.hint = "quarantined", err.Error(), "", fmt.Sprint(decide, op.ID)
		} else if err != nil {
			return err
		}
	}
	if op.State != "in_doubt" {
		ended = j.now()
	}
	// What is done keeps its symbolic payload in link; here it would only fill the file.
	_, err := tx.Exec(`UPDATE load_op SET state = ?1, symbolic = CASE WHEN ?1 = 'done' THEN NULL ELSE symbolic END, pipedrive_id = nullif(?, ''), status = nullif(?, 0), error_code = nullif(?, ''),
			message = nullif(?, ''), hint = nullif(?, ''), resolved_by = nullif(?, ''), looks = ?, looked_at = nullif(?, ''),
			hi_id = nullif(?, ''), ended_at = ? WHERE op_id = ?`,
		op.State, op.PipedriveID, op.Status, op.Code, op.Message, o.hint, o.how, op.Looks, stamp(op.LookedAt), op.HiID, ended, op.ID)
	return err
}

// hint says what a person can do about a refusal.
func hint(e *pipedrive.Error) string {
	switch e.Status {
	case 400:
		return "correct the value in NextCRM, in the map or with fix_value, then run again"
	case 404, 410:
		return "the record or something it refers to is gone from Pipedrive; run scope again"
	case 413:
		return "the record is too large for the API; shorten its texts in the map"
	default:
		return "see the message; after a correction run again"
	}
}

// now is the time of the clock that the account is watched with: what came of a
// sending is told by when it was.
func (j *Journal) now() string { return warehouse.Stamp(j.Now()) }

func text(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
