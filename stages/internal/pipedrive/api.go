package pipedrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Create adds a record of the entity from its JSON body. The record's id is in
// the answer; an answer without one is ErrUnknownOutcome.
func (c *Client) Create(ctx context.Context, entity string, body []byte) (Record, error) {
	return c.single(ctx, entity, Create, "", body)
}

// Update changes the properties in body, and only those, where Pipedrive's verb
// is PATCH; v1 entities are changed with PUT, which Pipedrive treats alike.
func (c *Client) Update(ctx context.Context, entity, id string, body []byte) (Record, error) {
	return c.single(ctx, entity, Update, id, body)
}

// Get reads one record. (*Error).NotFound tells a record that is not there;
// recently deleted ones may still be answered, marked as deleted.
// Where there is no endpoint for one alone, the list is read that has it.
func (c *Client) Get(ctx context.Context, entity, id string) (Record, error) {
	res, err := resourceOf(entity)
	if err == nil && res.Costs.Get == 0 && res.Costs.List > 0 {
		return c.getListed(ctx, res, id)
	}
	return c.single(ctx, entity, Get, id, nil)
}

// Counters reads one record with counters of what hangs on it (include_fields),
// which cost nothing more.
func (c *Client) Counters(ctx context.Context, entity, id string, names ...string) (Record, error) {
	r, err := newRequest(entity, Get, id)
	if err != nil {
		return Record{}, err
	}
	r.query = url.Values{"include_fields": {strings.Join(names, ",")}}
	res, _ := resourceOf(entity) // known, or newRequest had failed
	var rec Record
	err = c.do(ctx, r, func(env envelope) (err error) {
		rec, err = res.record(env.Data, "")
		return err
	})
	return rec, err
}

func (c *Client) getListed(ctx context.Context, res Resource, id string) (Record, error) {
	var q url.Values
	if parent, _ := res.split(id); parent != "" {
		q = url.Values{res.Parent: {parent}}
	}
	for rec, err := range c.All(ctx, res.Entity, q) {
		if err != nil || rec.ID == id {
			return rec, err
		}
	}
	return Record{}, &Error{Kind: Refused, Failure: Failure{Entity: res.Entity, Method: http.MethodGet, Path: id,
		Status: http.StatusNotFound, Message: "it is not in the list"}}
}

// Delete deletes one record. Its answer need not hold anything but success,
// since what Pipedrive puts there differs from entity to entity.
func (c *Client) Delete(ctx context.Context, entity, id string) error {
	r, err := newRequest(entity, Delete, id)
	if err != nil {
		return err
	}
	r.token = tokenFor(entity, Delete, nil)
	return c.do(ctx, r, func(envelope) error { return nil })
}

// newRequest finds the endpoint for a verb on an entity.
func newRequest(entity string, v Verb, id string) (request, error) {
	res, err := resourceOf(entity)
	if err != nil {
		return request{}, err
	}
	call, err := res.call(v, id)
	return request{call: call}, err
}

func (c *Client) single(ctx context.Context, entity string, v Verb, id string, body []byte) (Record, error) {
	body, parent, err := takeParent(ParentOf(entity), body)
	if err != nil {
		return Record{}, fmt.Errorf("pipedrive %s: %s: %w", entity, v, err)
	}
	path := id
	if v == Create {
		path = parent + "/"
	}
	r, err := newRequest(entity, v, path)
	if err != nil {
		return Record{}, err
	}
	r.body, r.token = body, tokenFor(entity, v, body)
	res, _ := resourceOf(entity) // known, or newRequest had failed
	around, _ := res.split(path)
	var rec Record
	err = c.do(ctx, r, func(env envelope) (err error) {
		rec, err = res.record(env.Data, around)
		if err == nil && id != "" && rec.ID != id {
			err = fmt.Errorf("it is about %s, not %s", rec.ID, id)
		}
		return err
	})
	if err != nil {
		return Record{}, err
	}
	return rec, nil
}

// takeParent takes the property that stands in the path out of a body.
func takeParent(parent string, body []byte) (rest []byte, id string, err error) {
	if parent == "" || body == nil {
		return body, "", nil
	}
	var props map[string]json.RawMessage
	if err := json.Unmarshal(body, &props); err != nil {
		return nil, "", fmt.Errorf("read body: %w", err)
	}
	id = string(props[parent])
	delete(props, parent)
	rest, err = json.Marshal(props)
	return rest, id, err
}

// ErrCursorExpired marks a list that cannot be read on from where it was left:
// the account has forgotten the cursor. Reading it from the start helps; records
// of the pages before are then met twice.
var ErrCursorExpired = errors.New("the list has to be read from its start again")

// expired tells an expired cursor from other refusals of a page: the parameters
// of the page before were the same, and they were good.
func expired(err error, cursor string) error {
	var refused *Error
	if cursor == "" || !errors.As(err, &refused) || refused.Kind != Refused || refused.Status != http.StatusBadRequest {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCursorExpired, &Error{Failure: refused.Failure, Kind: Temporary})
}

// Page reads one page of a list. The first page has cursor ""; next is the
// cursor of the page after, "" behind the last. q holds filters and sorting; its
// limit defaults to the largest page, which costs no more than a small one. A
// cursor is only good together with the q it came from. Of what exists only
// inside other records q names one, or, where ListsMany, up to MostParents:
// q[ParentOf(entity)].
func (c *Client) Page(ctx context.Context, entity string, q url.Values, cursor string) (recs []Record, next string, err error) {
	parent := ParentOf(entity)
	around := q.Get(parent)
	r, err := newRequest(entity, List, around+"/")
	if err != nil {
		return nil, "", err
	}
	res, _ := resourceOf(entity) // known, or newRequest had failed
	r.query = res.pageQuery(q, cursor)
	if parents := q[parent]; len(parents) > 1 {
		if r, around, err = res.ofMany(r, parents); err != nil {
			return nil, "", err
		}
	}
	r.query.Del(parent)
	var p page
	err = c.do(ctx, r, func(env envelope) (err error) {
		p, err = res.listPage(env, r.query, around)
		return err
	})
	if err != nil {
		return nil, "", expired(err, cursor)
	}
	return p.records, p.next, nil
}

// ofMany makes the request for the list of one parent one for the lists of many.
func (r Resource) ofMany(req request, parents []string) (request, string, error) {
	if r.Many == "" || len(parents) > MostParents {
		return req, "", fmt.Errorf("pipedrive %s: list: %d parents in one request are too many", r.Entity, len(parents))
	}
	req.call.Template = fmt.Sprintf("/api/v%d/%s", r.Version, r.Many)
	req.call.Path = req.call.Template
	req.query.Set(r.Parent+"s", strings.Join(parents, ","))
	return req, "", nil
}

// pageQuery adds the paging to q. A parameter that the endpoint does not list,
// or an empty cursor, would be refused.
func (r Resource) pageQuery(q url.Values, cursor string) url.Values {
	q = maps.Clone(q)
	if q == nil {
		q = url.Values{}
	}
	if r.Paging == Whole {
		return q
	}
	if !q.Has("limit") {
		q.Set("limit", strconv.Itoa(r.PageSize))
	}
	key := "cursor"
	if r.Paging == Offset {
		key = "start"
	}
	q.Del(key)
	if cursor != "" {
		q.Set(key, cursor)
	}
	return q
}

// All walks through every page of a list. An error ends it and is yielded once,
// after the records of the pages before; a list that ends without an error is
// whole.
func (c *Client) All(ctx context.Context, entity string, q url.Values) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for cursor := ""; ; {
			recs, next, err := c.Page(ctx, entity, q, cursor)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, rec := range recs {
				if !yield(rec, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}
