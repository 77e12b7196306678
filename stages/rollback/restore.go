package rollback

import (
	"context"
	"encoding/json"
	"fmt"

	"nextpipe/stages/internal/journal"
)

// oldValues are the values that a record held before us, or before the operation
// from, for the keys that we sent from there on and nothing else: of each key what
// stood there before its first change, and what we sent last. nil when we never
// sent anything.
func (u *undoer) oldValues(ctx context.Context, entity, id string, from int64) (old, sent []byte, err error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT i.image, coalesce(i.link_sent, '{}'), coalesce(i.link_echoed, '{}'), o.body FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
		WHERE i.target_id = ? AND i.entity = ? AND i.pipedrive_id = ? AND i.restored_at IS NULL AND o.purpose = 'load'
			AND o.verb = 'update' AND o.state = 'done' AND i.op_id >= ? ORDER BY i.op_id`, u.ID, entity, id, from)
	if err != nil {
		return nil, nil, fmt.Errorf("read before-images: %w", err)
	}
	defer rows.Close()
	c := changes{map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}}
	for rows.Next() {
		var image, words, answer, body []byte
		if err := rows.Scan(&image, &words, &answer, &body); err != nil {
			return nil, nil, fmt.Errorf("read before-images: %w", err)
		}
		if err := c.add(image, body, words, answer); err != nil {
			return nil, nil, err
		}
	}
	if err := rows.Err(); err != nil || len(c.old)+len(c.oldCustom) == 0 {
		return nil, nil, err
	}
	return c.bodies()
}

// changes are what a run of updates did to one record.
type changes struct{ old, oldCustom, sent, sentCustom map[string]any }

// add adds the keys of an update with their values in its image, unless an older
// image has told them. What was blank is cleared: lists by an empty list, the
// rest by null.
func (c *changes) add(image, body, words, answer []byte) error {
	old, err := journal.Decode(image)
	if err != nil {
		return fmt.Errorf("read before-image: %w", err)
	}
	ours, err := journal.Decode(body)
	if err != nil {
		return fmt.Errorf("read sent values: %w", err)
	}
	if err := inOurWords(old, words, answer); err != nil {
		return err
	}
	oldCustom, _ := old["custom_fields"].(map[string]any)
	oursCustom, _ := ours["custom_fields"].(map[string]any)
	delete(ours, "custom_fields")
	for key, value := range ours {
		c.sent[key] = value
		if _, told := c.old[key]; told {
			continue
		}
		c.old[key] = journal.Answered(old, key)
		if _, isList := value.([]any); isList && old[key] == nil {
			c.old[key] = []any{}
		}
	}
	for code, value := range oursCustom {
		c.sentCustom[code] = value
		if _, told := c.oldCustom[code]; !told {
			c.oldCustom[code] = oldCustom[code]
		}
	}
	return nil
}

// inOurWords writes what a record held as we had sent it, where the record still
// answered the same to it. The account does not take back all that it answers:
// prices come with their product, a category by its name.
func inOurWords(old map[string]any, words, answer []byte) error {
	sent, err := journal.Decode(words)
	if err != nil {
		return fmt.Errorf("read what was sent before: %w", err)
	}
	answered, err := journal.Decode(answer)
	if err != nil {
		return fmt.Errorf("read what was answered before: %w", err)
	}
	delete(sent, "custom_fields") // these are answered as they are sent
	for key, value := range sent {
		if journal.Same(key, journal.Answered(old, key), journal.Answered(answered, key)) {
			old[key] = value
		}
	}
	return nil
}

// byStatus are properties that follow the status of a deal: another status
// clears them, and null is refused.
var byStatus = []string{"won_time", "lost_time", "lost_reason"}

func (c *changes) bodies() (old, sent []byte, err error) {
	for _, key := range byStatus {
		if c.old[key] == nil {
			delete(c.old, key)
		}
	}
	if len(c.oldCustom) > 0 {
		c.old["custom_fields"], c.sent["custom_fields"] = c.oldCustom, c.sentCustom
	}
	if old, err = json.Marshal(c.old); err != nil {
		return nil, nil, err
	}
	sent, err = json.Marshal(c.sent)
	return old, sent, err
}
