package pipedrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// MostAtOnce is how many records one CreateMany takes.
const MostAtOnce = 100

// CreateMany adds records to one parent in one request, all or none; the answer
// holds them in the order they were sent. After an error of unknown outcome
// some of them may be there.
func (c *Client) CreateMany(ctx context.Context, entity string, bodies [][]byte) ([]Record, error) {
	items := make([]json.RawMessage, len(bodies))
	around := ""
	for i, body := range bodies {
		rest, parent, err := takeParent(ParentOf(entity), body)
		if err != nil {
			return nil, fmt.Errorf("pipedrive %s: %w", entity, err)
		}
		if i > 0 && parent != around {
			return nil, fmt.Errorf("pipedrive %s: one request for two parents, %s and %s", entity, around, parent)
		}
		items[i], around = rest, parent
	}
	r, err := newRequest(entity, CreateMany, around+"/")
	if err != nil {
		return nil, err
	}
	if r.body, err = json.Marshal(map[string]any{"data": items}); err != nil {
		return nil, fmt.Errorf("pipedrive %s: %w", entity, err)
	}
	r.token = tokenFor(entity, CreateMany, nil)
	res, _ := resourceOf(entity) // known, or newRequest had failed
	var recs []Record
	err = c.do(ctx, r, func(env envelope) (err error) {
		recs, err = res.records(env.Data, around)
		if err == nil && len(recs) != len(bodies) {
			err = errors.New("it does not hold as many records as were sent")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return recs, nil
}
