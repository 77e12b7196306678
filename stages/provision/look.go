package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// look finds structure in doubt by name: it was absent before we sent it, so
// what stands there under that name now is ours. Things known before are left out.
func (m *maker) look(ctx context.Context, ops []*journal.Op) (map[int64]pipedrive.Record, error) {
	found := map[int64]pipedrive.Record{}
	for _, op := range ops {
		var err error
		if entity, ok := strings.CutSuffix(op.Entity, "_option"); ok {
			err = m.lookOptions(ctx, entity, op, found)
		} else {
			err = m.lookNamed(ctx, op, found)
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (m *maker) lookNamed(ctx context.Context, op *journal.Op, found map[int64]pipedrive.Record) error {
	known, err := m.pairs(ctx, `SELECT pipedrive_id, '' FROM bind WHERE target_id = ?1 AND (kind = ?2 OR kind = 'field' AND ?2 LIKE '%field')
		UNION SELECT field_code, '' FROM dest_field WHERE target_id = ?1 AND ?2 LIKE '%field'
		UNION SELECT pipedrive_id, '' FROM dest_pipeline WHERE target_id = ?1 AND ?2 = 'pipeline'
		UNION SELECT pipedrive_id, '' FROM dest_stage WHERE target_id = ?1 AND ?2 = 'stage'
		UNION SELECT pipedrive_id, '' FROM dest_activity_type WHERE target_id = ?1 AND ?2 = 'activity_type'
		UNION SELECT pipedrive_id, '' FROM provisioned WHERE target_id = ?1 AND kind = ?2 AND ?2 IN ('activity_type', 'board', 'phase')
		UNION SELECT option_id, '' FROM dest_option WHERE target_id = ?1 AND entity = 'lead' AND ?2 = 'lead_label'
		UNION SELECT pipedrive_id, '' FROM bind WHERE target_id = ?1 AND kind = 'label' AND ?2 = 'lead_label'`, m.ID, op.Entity)
	if err != nil {
		return err
	}
	for rec, err := range m.Client.All(ctx, op.Entity, within(op)) {
		if err != nil {
			return fmt.Errorf("list %s: %w", op.Entity, err)
		}
		if contains(known, rec.ID) {
			continue
		}
		if sameIdentity(rec.Data, op.Body) {
			found[op.ID] = rec
			return nil
		}
	}
	return nil
}

func contains(known [][2]string, id string) bool {
	for _, k := range known {
		if k[0] == id {
			return true
		}
	}
	return false
}

// within narrows a list to where something would stand: phases are listed board
// by board.
func within(op *journal.Op) url.Values {
	if op.Entity != "phase" {
		return nil
	}
	return url.Values{"board_id": {stringAt(op.Body, "board_id")}}
}

// sameIdentity compares what names a structural thing: name, type, pipeline, board.
// The account may have trimmed a name.
func sameIdentity(record, body []byte) bool {
	for _, key := range []string{"name", "field_name", "field_type", "pipeline_id", "board_id"} {
		if strings.TrimSpace(stringAt(record, key)) != strings.TrimSpace(stringAt(body, key)) {
			return false
		}
	}
	return true
}

// lookOptions finds added options: all or none of one request are there.
func (m *maker) lookOptions(ctx context.Context, entity string, op *journal.Op, found map[int64]pipedrive.Record) error {
	rec, err := m.Client.Get(ctx, entity+"_field", op.PipedriveID)
	if err != nil {
		return fmt.Errorf("read options of %s: %w", op.FinalKey, err)
	}
	options, err := optionsIn(rec.Data)
	if err != nil {
		return err
	}
	var labels []string
	if err := json.Unmarshal(op.Body, &labels); err != nil {
		return err
	}
	for _, label := range labels {
		if optionID(options, label) == "" {
			return nil
		}
	}
	data, err := json.Marshal(options)
	found[op.ID] = pipedrive.Record{ID: op.PipedriveID, Data: data}
	return err
}
