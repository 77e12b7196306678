package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// deletes says which of the planned deletes are meant.
type deletes string

const (
	everything deletes = "1"
	// toBeMadeAnew are those whose final record is still there: the API cannot
	// change them, or they hang on another record now.
	toBeMadeAnew deletes = "EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = ?3 AND f.final_key = p.final_key)"
)

// takeAway deletes what the plan says NextCRM no longer has. Each record is
// read first: what somebody changed in Pipedrive stays, and is reported. What
// turns out not to have been carried out, by this run or one that died, is tried again.
func (l *loader) takeAway(ctx context.Context, e entity.Entity, which deletes) error {
	for attempt := range attempts {
		planned, err := l.pendingDeletes(ctx, e.Name, which)
		if err != nil || attempt > 0 && len(planned) == 0 {
			return err
		}
		for _, p := range planned {
			if err := l.takeAwayOne(ctx, e, p); err != nil {
				return fmt.Errorf("%s: %w", p.finalKey, err)
			}
		}
		if err := l.j.SettleAll(ctx, e.Name); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) takeAwayOne(ctx context.Context, e entity.Entity, p planned) error {
	op := &journal.Op{Entity: e.Name, FinalKey: p.finalKey, Verb: journal.Delete, PipedriveID: p.pipedriveID}
	now, err := l.Client.Get(ctx, e.Name, p.pipedriveID)
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() || err == nil && journal.IsDeleted(now.Data) {
		return l.drop(ctx, op, "gone")
	}
	if err != nil {
		return err
	}
	why, err := l.reasonToStay(ctx, e, p, now)
	if err != nil {
		return err
	}
	if why != "" {
		return l.j.Block(ctx, op, "changed_in_pipedrive", p.reason+", but "+why+": it stays")
	}
	if missing := l.missingBytes(p.sent); missing != "" {
		return l.j.Block(ctx, op, "file_not_at_hand", p.reason+", but "+missing+" is not at hand to be sent again: extract first")
	}
	op.Before = &now
	return l.j.Send(ctx, op)
}

// missingBytes names the file that a record was made of when it is not on this
// machine any more; "" for everything else.
func (l *loader) missingBytes(sent []byte) string {
	var b struct {
		Blob *struct {
			Path, Name string
			Size       int64
		} `json:"@blob"`
	}
	if json.Unmarshal(sent, &b) != nil || b.Blob == nil {
		return ""
	}
	info, err := os.Stat(filepath.Join(l.DB.Path()+".files", filepath.FromSlash(b.Blob.Path)))
	if err != nil || info.Size() != b.Blob.Size {
		return b.Blob.Name
	}
	return ""
}

// reasonToStay tells why a record must not be deleted although the plan says so;
// "" when it may.
func (l *loader) reasonToStay(ctx context.Context, e entity.Entity, p planned, now pipedrive.Record) (string, error) {
	if !e.IsMarked() {
		diffs, err := journal.Compare(now.Data, p.sent)
		if err != nil || len(diffs) == 0 {
			return "", err
		}
		return "somebody changed " + diffs[0].Field + " in Pipedrive", nil
	}
	var except []string
	if e.Name == "deal" {
		except = []string{"value"} // its lines move it, and they went before it
	}
	field, err := journal.Touched(now.Data, p.echoed, append(except, e.Moving...)...)
	if err != nil || field != "" {
		return "somebody changed " + field + " in Pipedrive", err
	}
	if e.Name != "deal" {
		return "", nil
	}
	return l.hangsOn(ctx, p.pipedriveID)
}

// hanging are the counters of what people put on a deal.
var hanging = []string{"notes_count", "activities_count", "files_count", "products_count"}

// hangsOn tells what hangs on a deal that is to be deleted: what was ours and
// gone from NextCRM has been taken away before, so the rest is somebody's.
func (l *loader) hangsOn(ctx context.Context, id string) (string, error) {
	rec, err := l.Client.Counters(ctx, "deal", id, hanging...)
	if err != nil {
		return "", err
	}
	for _, name := range hanging {
		if n := journal.TextAt(rec.Data, name); n != "0" && n != "" && n != "null" {
			return strings.TrimSuffix(name, "_count") + " hang on it", nil
		}
	}
	return "", nil
}

// pendingDeletes lists the planned deletes that are not carried out.
func (l *loader) pendingDeletes(ctx context.Context, kind string, which deletes) ([]planned, error) {
	if !l.work[kind] {
		return nil, nil
	}
	rows, err := l.DB.Read().QueryContext(ctx, entity.ForOne(`SELECT p.final_key, p.pipedrive_id, p.reason, k.sent, k.echoed FROM plan_op AS p
		JOIN link AS k ON k.target_id = ?2 AND k.entity = ?3 AND k.final_key = p.final_key AND k.state = 'live' AND k.pipedrive_id = p.pipedrive_id
		WHERE p.plan_id = ?1 AND p.entity = ?3 AND p.action = 'delete' AND `+string(which)+`
			AND NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
				AND (o.state IN ('intent', 'in_doubt', 'quarantined') OR o.op_id > ?4 AND o.state IN ('refused', 'blocked')))
		ORDER BY p.seq`, kind), l.planID, l.ID, kind, l.after)
	if err != nil {
		return nil, fmt.Errorf("read planned deletes: %w", err)
	}
	defer rows.Close()
	var out []planned
	for rows.Next() {
		var p planned
		if err := rows.Scan(&p.finalKey, &p.pipedriveID, &p.reason, &p.sent, &p.echoed); err != nil {
			return nil, fmt.Errorf("read planned deletes: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
