package rollback

import (
	"context"
	"encoding/json"
	"fmt"

	"nextpipe/stages/internal/journal"
)

// oldValues are the values that a record held before us, for the keys that we
// sent since the last rollback and nothing else: of each key what stood there
// before its first change. nil when we never sent anything.
func (u *undoer) oldValues(ctx context.Context, entity, id string) ([]byte, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT i.image, o.body FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
		WHERE i.target_id = ? AND i.entity = ? AND i.pipedrive_id = ? AND i.restored_at IS NULL AND o.purpose = 'load'
			AND o.verb = 'update' AND o.state = 'done' ORDER BY i.op_id`, u.ID, entity, id)
	if err != nil {
		return nil, fmt.Errorf("read before-images: %w", err)
	}
	defer rows.Close()
	body, custom := map[string]any{}, map[string]any{}
	for rows.Next() {
		var image, sent []byte
		if err := rows.Scan(&image, &sent); err != nil {
			return nil, fmt.Errorf("read before-images: %w", err)
		}
		if err := addOld(body, custom, image, sent); err != nil {
			return nil, err
		}
	}
	if len(custom) > 0 {
		body["custom_fields"] = custom
	}
	if err := rows.Err(); err != nil || len(body) == 0 {
		return nil, err
	}
	return json.Marshal(body)
}

// addOld adds the keys of sent with their values in the image, unless an older
// image has told them. What was blank is cleared: lists by an empty list, the
// rest by null.
func addOld(body, custom map[string]any, image, sent []byte) error {
	old, err := journal.Decode(image)
	if err != nil {
		return fmt.Errorf("read before-image: %w", err)
	}
	ours, err := journal.Decode(sent)
	if err != nil {
		return fmt.Errorf("read sent values: %w", err)
	}
	for key, value := range ours {
		if _, told := body[key]; told || key == "custom_fields" {
			continue
		}
		body[key] = old[key]
		if _, isList := value.([]any); isList && old[key] == nil {
			body[key] = []any{}
		}
	}
	oldCustom, _ := old["custom_fields"].(map[string]any)
	oursCustom, _ := ours["custom_fields"].(map[string]any)
	for code := range oursCustom {
		if _, told := custom[code]; !told {
			custom[code] = oldCustom[code]
		}
	}
	return nil
}
