package journal

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
)

// outcome is how one request ended, and what follows from it.
type outcome struct {
	op   *Op
	rec  pipedrive.Record
	err  error  // as the client gave it
	stop error  // set when nothing more may be sent
	how  string // what made sure that it was done
	hint string // what a person can do about a refusal
}

// errNotTried marks operations that were not sent because the run was stopping.
var errNotTried = errors.New("not sent: the run stopped before its turn")

// fewForBulk is from how many records on one request for all is cheaper than
// one for each: 25 tokens against 5.
const fewForBulk = 6

// grouped puts operations together that one request can carry out.
func grouped(ops []*Op) [][]*Op {
	var groups [][]*Op
	for _, op := range ops {
		last := len(groups) - 1
		if last >= 0 && len(groups[last]) < pipedrive.MostAtOnce && together(groups[last][0], op) {
			groups[last] = append(groups[last], op)
			continue
		}
		groups = append(groups, []*Op{op})
	}
	var out [][]*Op
	for _, g := range groups {
		if len(g) >= fewForBulk {
			out = append(out, g)
			continue
		}
		for _, op := range g {
			out = append(out, []*Op{op})
		}
	}
	return out
}

func together(a, b *Op) bool {
	return a.Verb == Create && b.Verb == Create && a.Entity == b.Entity && pipedrive.Cost(a.Entity, pipedrive.CreateMany) > 0 &&
		parentIn(a) == parentIn(b)
}

func parentIn(op *Op) string {
	var props map[string]json.RawMessage
	// A body that cannot be read is refused when it is sent.
	_ = json.Unmarshal(op.Body, &props)
	return string(props[pipedrive.ParentOf(op.Entity)])
}

// requestGroup sends a group in one request, or one by one when there is only
// one, or when the account refused them together, or has no room for all of
// them: then each is judged alone.
func (j *Journal) requestGroup(ctx, stopping context.Context, group []*Op) []outcome {
	out := make([]outcome, len(group))
	if len(group) > 1 && stopping.Err() == nil {
		recs, err := j.requestMany(ctx, group)
		if !isRefused(err) && !isCapped(err) {
			for i, op := range group {
				out[i] = outcome{op: op, err: err}
				if err == nil {
					out[i].rec = recs[i]
				}
			}
			return out
		}
	}
	for i, op := range group {
		out[i] = outcome{op: op, err: errNotTried}
		if stopping.Err() == nil {
			out[i].rec, out[i].err = j.request(ctx, op)
		}
	}
	return out
}

func (j *Journal) requestMany(ctx context.Context, group []*Op) ([]pipedrive.Record, error) {
	bodies := make([][]byte, len(group))
	for i, op := range group {
		bodies[i] = op.Body
	}
	recs, err := j.Client.CreateMany(ctx, group[0].Entity, bodies)
	for i := range recs {
		// Which is which is not left to the order of the answer.
		if same, wrong := Holds(recs[i].Data, bodies[i]); wrong != nil || !same {
			return nil, &pipedrive.UnknownError{Failure: pipedrive.Failure{Entity: group[0].Entity, Message: "the answer holds other records than were sent"}}
		}
	}
	return recs, err
}

func isRefused(err error) bool {
	var refused *pipedrive.Error
	return errors.As(err, &refused) && refused.Kind == pipedrive.Refused
}

func isCapped(err error) bool {
	var refused *pipedrive.Error
	return errors.As(err, &refused) && refused.Kind == pipedrive.Capped
}

// Capped is the error code of operations that the account had no room for. They
// count as blocked and are tried again in the next run: somebody may make room.
const Capped = "capped"

// meetsItsCap tells that a cap leaves no room for this operation and says
// nothing about others of its kind: it counts by the record that this one
// belongs to, or it is about structure, of which others may still exist.
func (o *outcome) meetsItsCap() bool {
	var refused *pipedrive.Error
	if !errors.As(o.err, &refused) || refused.Kind != pipedrive.Capped {
		return false
	}
	e, isRecord := entity.Of(o.op.Entity)
	return !isRecord || e.BelongsToOne() && !strings.Contains(strings.ToLower(refused.Message), "per company")
}

// drain waits for one outcome and takes along what else is there.
func drain(outcomes <-chan outcome) []outcome {
	batch := []outcome{<-outcomes}
	for {
		select {
		case o := <-outcomes:
			batch = append(batch, o)
		default:
			return batch
		}
	}
}

// stops tells whether an outcome ends the run: everything but a refusal of this
// one request and an unknown outcome, which is settled later.
func (o *outcome) stops() bool {
	return o.err != nil && !errors.Is(o.err, pipedrive.ErrUnknownOutcome) && !isRefused(o.err) && !o.meetsItsCap()
}

// judge sets the operation's state from what the client said.
func (o *outcome) judge() {
	op := o.op
	var refused *pipedrive.Error
	var unknown *pipedrive.UnknownError
	switch {
	case o.err == nil:
		op.State, o.how = "done", "answer"
	case errors.As(o.err, &unknown):
		op.State, op.Status, op.Code, op.Message = "in_doubt", unknown.Status, unknown.Code, unknown.Message
	case errors.As(o.err, &refused):
		op.State, op.Status, op.Code, op.Message = "not_sent", refused.Status, refused.Code, refused.Message
		if refused.Kind == pipedrive.Refused {
			op.State, o.hint = "refused", hint(refused)
		}
		if o.meetsItsCap() {
			op.State, op.Code = "blocked", Capped
			op.Message = strings.TrimSpace(refused.Message + " " + refused.Code)
			o.hint = "make room in Pipedrive or take a larger plan; the next run tries again"
		}
	default:
		op.State, op.Message = "not_sent", o.err.Error()
	}
	if o.stops() && !errors.Is(o.err, errNotTried) {
		o.stop = o.err
	}
}
