package rollback

import (
	"context"
	"encoding/json"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// restore gives a record that was there before us its old values back, for the
// keys that we sent and nothing else.
func (u *undoer) restore(ctx context.Context, entity string, l linked, now []byte) error {
	var image []byte
	err := u.DB.Read().QueryRowContext(ctx, `SELECT i.image FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
		WHERE i.target_id = ? AND i.entity = ? AND i.pipedrive_id = ? AND o.purpose = 'load' AND o.state = 'done' ORDER BY i.op_id LIMIT 1`,
		u.ID, entity, l.id).Scan(&image)
	if err != nil {
		return err
	}
	body, err := oldValues(image, l.echoed)
	if err != nil {
		return err
	}
	return u.j.Send(ctx, &journal.Op{Entity: entity, FinalKey: l.finalKey, Verb: journal.Update, PipedriveID: l.id, Body: body,
		Before: &pipedrive.Record{ID: l.id, Data: now}})
}

// oldValues takes from the image the keys of sent. What was blank is cleared:
// lists by an empty list, the rest by null.
func oldValues(image, sent []byte) ([]byte, error) {
	old, err := journal.Decode(image)
	if err != nil {
		return nil, err
	}
	ours, err := journal.Decode(sent)
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	for key, value := range ours {
		if key == "custom_fields" {
			body[key] = oldCustom(old[key], value)
			continue
		}
		body[key] = old[key]
		if _, isList := value.([]any); isList && old[key] == nil {
			body[key] = []any{}
		}
	}
	return json.Marshal(body)
}

func oldCustom(image, sent any) map[string]any {
	old, _ := image.(map[string]any)
	ours, _ := sent.(map[string]any)
	out := map[string]any{}
	for code := range ours {
		out[code] = old[code]
	}
	return out
}
