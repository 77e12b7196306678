package rollback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
)

// noteStaying finds out what keeps records of a kind, where any of them is to go.
func (u *undoer) noteStaying(ctx context.Context, e entity.Entity, ours []counted) error {
	if !slices.ContainsFunc(ours, func(r counted) bool { return r.made }) {
		return nil
	}
	return errors.Join(u.noteReferences(ctx, e), u.noteOurs(ctx, e))
}

// meet reads the records of a kind that the part covers: all pages, or one by
// one what is only a few of many. What hangs inside others is met among theirs.
func (u *undoer) meet(ctx context.Context, e entity.Entity, ours []counted, visit func([]pipedrive.Record) error) error {
	n, one := int64(len(ours)), int64(pipedrive.Cost(e.Name, pipedrive.Get))
	var all int64
	if err := u.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM link WHERE target_id = ? AND entity = ? AND state = 'live'", u.ID, e.Name).Scan(&all); err != nil {
		return err
	}
	if !u.part.isPart() || e.Under != "" || one == 0 || n*one >= e.ReadBack(all, 0) {
		return u.Walk(ctx, e, visit)
	}
	recs, err := u.remaining(ctx, e.Name, ours)
	if err != nil {
		return err
	}
	return visit(recs)
}

// noteOurs notes what records of ours that this rollback leaves refer to, by
// what we sent for them: followers too, who would go along.
func (u *undoer) noteOurs(ctx context.Context, parent entity.Entity) error {
	if !u.part.isPart() {
		return nil
	}
	for _, child := range entity.All {
		for property, kind := range child.Refers {
			if kind != parent.Name {
				continue
			}
			if err := u.noteOurChildren(ctx, child, property, kind); err != nil {
				return fmt.Errorf("read %s of ours: %w", child.Plural(), err)
			}
		}
	}
	return nil
}

// child is a record of ours that stays.
type child struct {
	id, finalKey, runs string
	sent               []byte
}

func (u *undoer) noteOurChildren(ctx context.Context, e entity.Entity, property, kind string) error {
	for after := ""; ; {
		some, err := u.childrenLeft(ctx, e, after)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, c := range some {
			after = c.finalKey
			var r map[string]json.RawMessage
			if err := json.Unmarshal(c.sent, &r); err != nil {
				return fmt.Errorf("%s: %w", c.finalKey, err)
			}
			if err := u.noteIDs(ctx, kind, named(r, property), u.advise(e.Name, c)); err != nil {
				return err
			}
		}
	}
}

// advise names a record of ours that stays, and what takes it back too.
func (u *undoer) advise(kind string, c child) string {
	who := fmt.Sprintf("%s %s (%s), which is ours and not in this part", kind, c.id, c.finalKey)
	switch {
	case !u.part.names(kind):
		return who + ": add --only " + kind
	case c.runs != "":
		return who + ": take back what run " + c.runs + " did first"
	}
	return who
}

// childrenAtOnce bounds how many are held in memory.
const childrenAtOnce = 500

// childrenLeft lists what of a kind this rollback leaves, by final key. Of what a
// dry run would step back it tells what that said before.
func (u *undoer) childrenLeft(ctx context.Context, e entity.Entity, after string) ([]child, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT k.pipedrive_id, k.final_key,
			CASE WHEN ?6 AND ?5 THEN coalesce((SELECT f.link_sent FROM before_image AS f WHERE f.target_id = k.target_id AND f.entity = k.entity
				AND f.pipedrive_id = k.pipedrive_id AND f.op_id = `+firstChange+`), k.sent) ELSE k.sent END,
			coalesce((SELECT group_concat(run_id, ' and ') FROM (SELECT DISTINCT o.run_id FROM load_op AS o WHERE o.target_id = k.target_id
				AND o.entity = k.entity AND o.final_key = k.final_key AND o.purpose = 'load' AND o.state = 'done' AND o.pipedrive_id = k.pipedrive_id
				ORDER BY o.run_id DESC)), '')
		FROM link AS k WHERE k.target_id = ?1 AND k.entity = ?2 AND k.state = 'live' AND k.final_key > ?7
			AND NOT (?5 AND (?3 = 0 AND ?4 = '' OR k.origin = 'created' AND `+wasMade+`))
		ORDER BY k.final_key LIMIT ?8`, u.ID, e.Name, u.part.Run, u.part.since(), u.part.names(e.Name), u.dryRun, after, childrenAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []child
	for rows.Next() {
		var c child
		if err := rows.Scan(&c.id, &c.finalKey, &c.sent, &c.runs); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
