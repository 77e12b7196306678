package pipedrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Option is one choice of an enum or set field, or a label.
type Option struct {
	ID    string
	Label string
}

// AddOptions adds choices to a field of kind fieldEntity (person_field …) and
// returns the options in Pipedrive's answer, which have their new ids. All
// are added or none. No labels, no request.
func (c *Client) AddOptions(ctx context.Context, fieldEntity, fieldCode string, labels []string) ([]Option, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	type item struct {
		Label string `json:"label"`
	}
	items := make([]item, len(labels))
	for i, label := range labels {
		items[i].Label = label
	}
	return c.options(ctx, fieldEntity, AddOptions, fieldCode, items)
}

// DeleteOptions removes choices by id, all or none; records that hold them lose
// them. No ids, no request.
func (c *Client) DeleteOptions(ctx context.Context, fieldEntity, fieldCode string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	type item struct {
		ID int64 `json:"id"`
	}
	items := make([]item, len(ids))
	for i, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return fmt.Errorf("pipedrive %s %s: option %q is not a number", fieldEntity, fieldCode, id)
		}
		items[i].ID = n
	}
	_, err := c.options(ctx, fieldEntity, DeleteOptions, fieldCode, items)
	return err
}

func (c *Client) options(ctx context.Context, fieldEntity string, v Verb, fieldCode string, items any) ([]Option, error) {
	r, err := newRequest(fieldEntity, v, fieldCode)
	if err != nil {
		return nil, err
	}
	if r.body, err = json.Marshal(items); err != nil {
		return nil, fmt.Errorf("pipedrive %s %s: encode options: %w", fieldEntity, fieldCode, err)
	}
	var out []Option
	err = c.do(ctx, r, func(env envelope) (err error) {
		out, err = readOptions(env.Data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func readOptions(data json.RawMessage) ([]Option, error) {
	var rows []struct {
		ID    json.RawMessage `json:"id"`
		Label string          `json:"label"`
	}
	if err := json.Unmarshal(data, &rows); err != nil || rows == nil {
		return nil, errors.New("data is not a list of options")
	}
	out := make([]Option, len(rows))
	for i, row := range rows {
		id, err := idText(row.ID)
		if err != nil {
			return nil, fmt.Errorf("option %d: %w", i, err)
		}
		out[i] = Option{ID: id, Label: row.Label}
	}
	return out, nil
}
