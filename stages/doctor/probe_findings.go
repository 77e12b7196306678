package doctor

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
)

// probed is what one kind of record taught.
type probed struct {
	trial
	state, id, message string
	sent               map[string]string
	seen               map[string]any
	turnedDown         map[string]string // stamps that were refused → what the account said
}

// probes tells what the last probe has shown.
func probes(ctx context.Context, x *examination) error {
	var all []*probed
	err := each(ctx, x.Session, func(r *sql.Rows) error {
		var entity, state, id, sent, seen, message string
		if err := r.Scan(&entity, &state, &id, &sent, &seen, &message); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].entity != entity {
			i := slices.IndexFunc(trials, func(t trial) bool { return t.entity == entity })
			all = append(all, &probed{trial: trials[i], turnedDown: map[string]string{}})
		}
		return all[len(all)-1].add(state, id, sent, seen, message)
	}, `SELECT entity, state, coalesce(pipedrive_id, ''), sent, coalesce(seen, '{}'), coalesce(message, '') FROM doctor_probe
		WHERE target_id = ?1 AND run_id = (SELECT max(run_id) FROM doctor_probe WHERE target_id = ?1) ORDER BY probe_id`, x.ID)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		x.find(Info, "no_probe", "probe", "no record was made to see whether creation times are kept")
	}
	for _, p := range all {
		x.tell(p)
	}
	return x.leftovers(ctx)
}

// add takes the next attempt; the last one is what counts.
func (p *probed) add(state, id, sent, seen, message string) error {
	p.state, p.id, p.message, p.sent, p.seen = state, id, message, nil, nil
	if err := json.Unmarshal([]byte(sent), &p.sent); err != nil {
		return err
	}
	if state == refused {
		for stamp := range p.sent {
			p.turnedDown[stamp] = message
		}
	}
	return json.Unmarshal([]byte(seen), &p.seen)
}

func (x *examination) tell(p *probed) {
	if p.state != removed && p.state != made {
		x.find(Warning, "probe_failed", p.entity, "the account answered: %s", cmp.Or(p.message, "nothing, and the record is not there"))
		return
	}
	for stamp, said := range p.turnedDown {
		if _, taken := p.sent[stamp]; !taken {
			x.find(p.gravity(stamp), "probe_refused", p.entity+"."+stamp, "the account answered: %s", said)
		}
	}
	for stamp, sent := range p.sent {
		if seen, _ := p.seen[stamp].(string); sameMoment(sent, seen) {
			x.find(Info, "probe_kept", p.entity+"."+stamp, "sent and kept: %s", sent)
		} else {
			x.find(p.gravity(stamp), "probe_replaced", p.entity+"."+stamp, "sent %s, the account holds %s", sent, cmp.Or(seen, "nothing"))
		}
	}
}

// gravity tells stamps that the migration sends from those that were only tried.
func (p *probed) gravity(stamp string) string {
	if _, isSure := p.sure[stamp]; isSure {
		return Warning
	}
	return Info
}

// sameMoment compares stamps of both versions of the API, to the second.
func sameMoment(a, b string) bool {
	second := func(s string) string {
		s = strings.Replace(s, " ", "T", 1)
		return s[:min(len(s), len("2006-01-02T15:04:05"))]
	}
	return second(a) == second(b)
}

// leftovers names records of a probe that could not be removed.
func (x *examination) leftovers(ctx context.Context) error {
	return each(ctx, x.Session, func(r *sql.Rows) error {
		var entity, id, state, marker string
		if err := r.Scan(&entity, &id, &state, &marker); err != nil {
			return err
		}
		if state == intent {
			x.find(Error, "probe_left", marker, "a %s was sent and its answer lost", entity)
		} else {
			x.find(Error, "probe_left", entity+" "+id, "it is still there: %s", x.URL(entity, id))
		}
		return nil
	}, "SELECT entity, coalesce(pipedrive_id, ''), state, marker FROM doctor_probe WHERE target_id = ? AND state IN ('intent', 'made') ORDER BY probe_id", x.ID)
}
