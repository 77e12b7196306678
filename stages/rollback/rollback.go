// Package rollback takes back what we did to one account.
//
//	reads   load_op link before_image provisioned bind; Pipedrive: the records concerned, by list pages
//	does    deletes what we created, restores what we changed, removes what we provisioned; keeps what people touched
//	writes  kept_record, provisioned.removed_at, bind (and, through the journal, load_op link before_image)
//
// It can be interrupted and run again at any time: what is gone is skipped.
package rollback

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// entities children first: the reverse of loading.
var entities = []string{"deal", "person", "organization"}

// undoer takes back one account.
type undoer struct {
	*target.Session
	j    *journal.Journal
	seen map[string]map[string][]byte // entity → id → record, as the account holds it now
	kept map[string]bool              // "entity id" of what stays on purpose
	res  stage.Result
}

// Run rolls everything back that the journal knows of this account. With
// dryRun nothing is sent and the result says what it would cost.
func Run(ctx context.Context, s *target.Session, dryRun bool) (stage.Result, error) {
	u := &undoer{Session: s, j: s.Journal("rollback"), seen: map[string]map[string][]byte{}, kept: map[string]bool{}}
	u.j.Look, u.j.Done = u.look, u.done
	if err := u.prepare(ctx, dryRun); err != nil {
		return u.res, fmt.Errorf("rollback: %w", err)
	}
	if dryRun {
		return u.res, u.estimate(ctx)
	}
	for _, entity := range entities {
		if err := u.records(ctx, entity); err != nil {
			return u.res, fmt.Errorf("rollback %ss: %w", entity, err)
		}
	}
	if err := u.structure(ctx); err != nil {
		return u.res, fmt.Errorf("rollback of fields, stages and pipelines: %w", err)
	}
	return u.res, s.Meter.Flush(ctx)
}

// prepare settles what earlier runs left open, so that nothing of ours is
// forgotten, and reads the account as it is now.
func (u *undoer) prepare(ctx context.Context, dryRun bool) error {
	if err := u.refuseOpen(ctx); err != nil {
		return err
	}
	if !dryRun {
		if err := u.j.Adopt(ctx); err != nil {
			return err
		}
		for _, entity := range slices.Concat(entities, journal.Structure) {
			if err := u.j.SettleAll(ctx, entity); err != nil {
				return err
			}
		}
		if err := u.clearKept(ctx); err != nil {
			return err
		}
	}
	for _, entity := range entities {
		u.seen[entity] = map[string][]byte{}
		for rec, err := range u.Client.All(ctx, entity, nil) {
			if err != nil {
				return fmt.Errorf("read %ss: %w", entity, err)
			}
			u.seen[entity][rec.ID] = rec.Data
		}
	}
	return nil
}

// refuseOpen stops while a load has operations in doubt: what they created is
// not known yet and would stay behind.
func (u *undoer) refuseOpen(ctx context.Context) error {
	var n int
	err := u.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM load_op WHERE target_id = ? AND purpose IN ('load', 'provision')
		AND state IN ('intent', 'in_doubt')`, u.ID).Scan(&n)
	if err == nil && n > 0 {
		return fmt.Errorf("%d operations of the load are still in doubt: run `nextpipe load` first, it settles them", n)
	}
	return err
}

// linked is one record of ours in the account.
type linked struct {
	finalKey, id, origin string
	echoed               []byte
}

func (u *undoer) links(ctx context.Context, entity string) ([]linked, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT final_key, pipedrive_id, origin, sent FROM link
		WHERE target_id = ? AND entity = ? AND state = 'live' ORDER BY CAST(pipedrive_id AS INTEGER) DESC`, u.ID, entity)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []linked
	for rows.Next() {
		var l linked
		if err := rows.Scan(&l.finalKey, &l.id, &l.origin, &l.echoed); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// attempts bounds how often one removal is sent, when each time it certainly
// did not happen.
const attempts = 3

// records takes back one entity, in rounds: after each, what was in doubt is
// settled, so that no parent goes before its children are surely gone.
func (u *undoer) records(ctx context.Context, entity string) error {
	tried := map[string]int{}
	for range attempts {
		links, err := u.links(ctx, entity)
		if err != nil {
			return err
		}
		open := u.untried(entity, links, tried)
		if len(open) == 0 {
			break
		}
		if err := u.round(ctx, entity, open); err != nil {
			return err
		}
	}
	return u.count(ctx, entity, tried)
}

func (u *undoer) round(ctx context.Context, entity string, open []linked) error {
	foreign := u.foreignReferences(entity)
	for i, l := range open {
		if err := u.record(ctx, entity, l, foreign); err != nil {
			return err
		}
		u.Report("rollback", entity, int64(i+1), int64(len(open)))
	}
	return u.j.SettleAll(ctx, entity)
}

// untried are the links that are neither kept nor have used up their attempts.
func (u *undoer) untried(entity string, links []linked, tried map[string]int) []linked {
	var out []linked
	for _, l := range links {
		if u.kept[entity+" "+l.id] || tried[l.id] >= attempts {
			continue
		}
		tried[l.id]++
		out = append(out, l)
	}
	return out
}

// count tells how many records were taken back; what is still linked and not
// kept by intention is left over.
func (u *undoer) count(ctx context.Context, entity string, tried map[string]int) error {
	links, err := u.links(ctx, entity)
	if err != nil {
		return err
	}
	still := int64(0)
	for _, l := range links {
		if !u.kept[entity+" "+l.id] {
			still++
		}
	}
	kept := int64(len(links)) - still
	u.res.Left += still
	u.res.Add(entity+"s taken back", int64(len(tried))-still-kept)
	u.res.Rows += int64(len(tried)) - still - kept
	return nil
}

// record takes back one record, or keeps it and says why.
func (u *undoer) record(ctx context.Context, entity string, l linked, foreign map[string]string) error {
	now, there := u.seen[entity][l.id]
	if !there {
		return u.DB.Write(ctx, func(tx *sql.Tx) error { return u.j.DropLink(tx, entity, l.finalKey, "gone") })
	}
	diffs, err := journal.Compare(now, l.echoed)
	if err != nil {
		return err
	}
	if len(diffs) > 0 {
		return u.keep(ctx, entity, l, "somebody changed "+diffs[0].Field+" in Pipedrive")
	}
	if l.origin != "created" {
		return u.restore(ctx, entity, l, now)
	}
	if by, ok := foreign[l.id]; ok {
		return u.keep(ctx, entity, l, "a record that is not ours refers to it: "+by)
	}
	return u.j.Send(ctx, &journal.Op{Entity: entity, FinalKey: l.finalKey, Verb: journal.Delete, PipedriveID: l.id,
		Before: &pipedrive.Record{ID: l.id, Data: now}})
}

// foreignReferences lists ids of an entity that live records refer to which we
// did not create, or which stay.
func (u *undoer) foreignReferences(entity string) map[string]string {
	out := map[string]string{}
	children := map[string][]string{"organization": {"person", "deal"}, "person": {"deal"}}
	property := map[string]string{"organization": "org_id", "person": "person_id"}
	for _, child := range children[entity] {
		for id, data := range u.seen[child] {
			var r map[string]json.RawMessage
			if json.Unmarshal(data, &r) == nil && (u.kept[child+" "+id] || !u.ours(child, id)) {
				out[string(r[property[entity]])] = child + " " + id
			}
		}
	}
	return out
}

// ours tells whether we created a record and have already taken it back or will.
func (u *undoer) ours(entity, id string) bool {
	var n int
	err := u.DB.Read().QueryRow("SELECT count(*) FROM link WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND origin = 'created' AND state <> 'gone'",
		u.ID, entity, id).Scan(&n)
	return err == nil && n > 0
}

func (u *undoer) keep(ctx context.Context, entity string, l linked, why string) error {
	u.res.Left++
	u.kept[entity+" "+l.id] = true
	return u.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO kept_record VALUES (?, ?, ?, ?, ?, ?)", u.ID, entity, l.id, l.finalKey, why, u.DB.Now())
		return err
	})
}

func (u *undoer) clearKept(ctx context.Context) error {
	return u.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("DELETE FROM kept_record WHERE target_id = ?", u.ID)
		return err
	})
}

// done writes what the end of something means, once it is certain: no link, no
// binding, or a restored image.
func (u *undoer) done(tx *sql.Tx, op *journal.Op, _ pipedrive.Record) error {
	if op.Verb == journal.Update {
		if _, err := tx.Exec("UPDATE before_image SET restored_at = ? WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND restored_at IS NULL",
			u.DB.Now(), u.ID, op.Entity, op.PipedriveID); err != nil {
			return err
		}
	}
	if slices.Contains(entities, op.Entity) {
		return u.j.DropLink(tx, op.Entity, op.FinalKey, "removed")
	}
	kind, symbol, _ := strings.Cut(op.FinalKey, " ")
	return u.unbind(tx, kind, symbol)
}

// unbind forgets the ids of something removed, and those of a field's options
// along with it: the next run has to make them again.
func (u *undoer) unbind(tx *sql.Tx, kind, symbol string) error {
	if _, err := tx.Exec("UPDATE provisioned SET removed_at = ? WHERE target_id = ? AND kind = ? AND symbol = ?", u.DB.Now(), u.ID, kind, symbol); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM bind WHERE target_id = ?1 AND (kind = ?2 AND symbol = ?3
		OR ?2 = 'field' AND kind = 'option' AND substr(symbol, 1, length(?3) + 1) = ?3 || ':')`, u.ID, kind, symbol)
	return err
}

func (u *undoer) look(ctx context.Context, ops []*journal.Op) (map[int64]pipedrive.Record, string, error) {
	found := map[int64]pipedrive.Record{}
	for _, op := range ops {
		rec, ok, err := u.j.LookByID(ctx, op)
		if err != nil {
			return nil, "", err
		}
		if ok {
			found[op.ID] = rec
		}
	}
	return found, "", nil
}

// estimate prices the rollback: one delete or update for each record of ours.
func (u *undoer) estimate(ctx context.Context) error {
	var tokens int64
	for _, entity := range entities {
		links, err := u.links(ctx, entity)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.origin == "created" {
				tokens += int64(pipedrive.Cost(entity, pipedrive.Delete))
			} else {
				tokens += int64(pipedrive.Cost(entity, pipedrive.Update))
			}
		}
		u.res.Add(entity+"s", int64(len(links)))
	}
	u.res.Add("tokens", tokens)
	return errors.Join(u.Meter.Flush(ctx))
}
