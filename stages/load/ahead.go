package load

import (
	"context"
	"fmt"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

// refuseAhead stops before the first create of a kind when the account holds
// records of this source that this warehouse knows nothing of: it was restored
// from an older copy, or another copy was used meanwhile, and would make them a
// second time. Kinds that scope reads are checked by plan; sets refuse a second
// one by themselves.
func (l *loader) refuseAhead(ctx context.Context, e entity.Entity) error {
	if e.Snapshot || e.Under != "" && !e.IsMarked() {
		return nil
	}
	where := place{floor: l.hiID[e.Name]}
	if e.Under != "" {
		var err error
		if where.around, err = l.olderParents(ctx, e); err != nil || len(where.around) == 0 {
			return err
		}
	}
	keyOf, err := l.keyOf(ctx, e)
	if err != nil {
		return err
	}
	unknown, example := 0, ""
	visit := func(rec pipedrive.Record) error {
		key, err := keyOf(rec)
		if err != nil || key == "" {
			return err
		}
		known, err := l.isKnown(ctx, e.Name, key, rec.ID)
		if err == nil && !known {
			unknown, example = unknown+1, key
		}
		return err
	}
	if err = l.candidates(ctx, e, where, visit); err == nil {
		err = l.archived(ctx, e, where, visit)
	}
	if err == nil && unknown > 0 {
		err = fmt.Errorf("%w: the account holds %d %s of this source that this warehouse knows nothing of, %s for one: "+
			"it is an older copy than the one that made them. Use the newer one, or run `nextpipe relink` to adopt them", warehouse.ErrDrift, unknown, e.Plural(), example)
	}
	return err
}

// keyOf gives the final key that a record of the account claims: by its marker,
// or, where it can carry none, by saying what a planned one would say.
func (l *loader) keyOf(ctx context.Context, e entity.Entity) (func(pipedrive.Record) (string, error), error) {
	if e.IsMarked() {
		var tag string
		if err := l.DB.Read().QueryRowContext(ctx, "SELECT source_tag FROM setup").Scan(&tag); err != nil {
			return nil, err
		}
		return func(rec pipedrive.Record) (string, error) {
			key, ours := strings.CutPrefix(l.markerOf(e, rec.Data), tag+"/")
			if !ours {
				key = ""
			}
			return key, nil
		}, nil
	}
	parts, err := l.plannedParts(ctx, e)
	floor := l.hiID[e.Name]
	return func(rec pipedrive.Record) (string, error) {
		if higher(floor, rec.ID) == floor {
			return "", nil
		}
		for key, part := range parts {
			if same, err := l.says(ctx, rec, part, part); err != nil || same {
				return key, err
			}
		}
		return "", nil
	}, err
}

// plannedParts is what identifies the records of a kind that are to be created.
func (l *loader) plannedParts(ctx context.Context, e entity.Entity) (map[string][]byte, error) {
	parts := map[string][]byte{}
	for seq := int64(0); ; {
		batch, err := l.pending(ctx, e.Name, seq)
		if err != nil || len(batch) == 0 {
			return parts, err
		}
		for _, p := range batch {
			seq = p.seq
			part, err := e.Part(p.payload)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.finalKey, err)
			}
			bound, missing, err := l.binder.Bind(ctx, part)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.finalKey, err)
			}
			if missing == "" { // else it hangs on something that is not there either
				parts[p.finalKey] = bound
			}
		}
	}
}

// olderParents are the records that something of a kind is to be hung on and
// that were not made by this run: only they can hold anything yet.
func (l *loader) olderParents(ctx context.Context, e entity.Entity) ([]string, error) {
	rows, err := l.DB.Read().QueryContext(ctx, entity.ForOne(`SELECT DISTINCT k.pipedrive_id FROM plan_op AS p
		JOIN final_item AS f ON f.entity = ?2 AND f.final_key = p.final_key
		JOIN link AS k ON k.target_id = ?1 AND k.entity = ?4 AND k.state = 'live' AND ?4 || ':' || k.final_key = f.payload ->> ?5
		LEFT JOIN load_op AS o ON o.op_id = k.op_id
		WHERE p.plan_id = ?3 AND p.entity = ?2 AND p.action = 'create' AND o.run_id IS NOT ?6
			AND NOT EXISTS (SELECT 1 FROM link AS x WHERE x.target_id = ?1 AND x.entity = ?2 AND x.final_key = p.final_key AND x.state = 'live')`, e.Name),
		l.ID, e.Name, l.planID, e.Refers[e.Under], "$."+e.Under+".@ref", l.RunID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// isKnown tells that the journal has a create of this final record that may have
// been carried out, or that the record is linked.
func (l *loader) isKnown(ctx context.Context, kind, finalKey, id string) (known bool, err error) {
	err = l.DB.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM load_op WHERE target_id = ?1 AND entity = ?2 AND final_key = ?3
			AND (state IN ('intent', 'in_doubt', 'done', 'quarantined') OR looks > 0))
		OR EXISTS (SELECT 1 FROM link WHERE target_id = ?1 AND entity = ?2 AND (final_key = ?3 OR pipedrive_id = ?4))`,
		l.ID, kind, finalKey, id).Scan(&known)
	return known, err
}
