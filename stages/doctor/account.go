package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/target"
)

// markerField is the custom field that carries our marker; see build.
const markerField = "NextCRM ID"

// account is what the account says of itself today.
type account struct {
	may        map[string]bool   // nil when it does not say
	others     []map[string]bool // the same of the users of further tokens, in their order
	users      []user
	fields     map[string][]field // by entity
	currencies map[string]bool    // code → active
	hooks      []hook
	newest     map[string][]pipedrive.Record // the last page of each kind that carries a marker field
	// off are the lists that it refuses, with its words.
	off map[string]string
}

type user struct {
	Email   string `json:"email"`
	Active  bool   `json:"active_flag"`
	Deleted bool   `json:"is_deleted"`
}

type field struct {
	Name    string `json:"field_name"`
	Type    string `json:"field_type"`
	Custom  bool   `json:"is_custom_field"`
	Options []struct {
		Label string `json:"label"`
	} `json:"options"`
	code string
}

// hook is a webhook as far as it may be told: of its address only the host.
type hook struct {
	Name   string `json:"name"`
	URL    string `json:"subscription_url"`
	Action string `json:"event_action"`
	Object string `json:"event_object"`
	Type   string `json:"type"`
	// Active is 0 or 1 by the documents; v1 is not always true to them.
	Active json.RawMessage `json:"is_active"`
}

func (h hook) isActive() bool { return string(h.Active) != "0" && string(h.Active) != "false" }

type currency struct {
	Code   string `json:"code"`
	Active bool   `json:"active_flag"`
}

// look asks the account. It is asked anew each time: after a person has
// followed advice, what scope read before is not the truth.
func look(ctx context.Context, s *target.Session) (account, error) {
	a := account{fields: map[string][]field{}, currencies: map[string]bool{}, newest: map[string][]pipedrive.Record{}, off: map[string]string{}}
	may, err := s.Client.Permissions(ctx, s.Me.UserID)
	if err := a.tolerate("permissions", err); err != nil {
		return a, err
	}
	a.may = may
	for _, u := range s.Others {
		may, err := s.Client.Permissions(ctx, u.UserID)
		if err := a.tolerate("permissions", err); err != nil {
			return a, err
		}
		a.others = append(a.others, may)
	}
	for _, step := range []func(context.Context, *target.Session) error{a.lookAtLists, a.lookAtFields, a.lookAtNewest} {
		if err := step(ctx, s); err != nil {
			return a, err
		}
	}
	return a, nil
}

// tolerate takes a refusal for an answer: it is switched off or forbidden.
// Anything else ends the look.
func (a *account) tolerate(what string, err error) error {
	var e *pipedrive.Error
	if errors.As(err, &e) && (e.Kind == pipedrive.Forbidden || e.Kind == pipedrive.Refused || e.Kind == pipedrive.Capped) {
		a.off[what] = e.Message
		return nil
	}
	return err
}

func (a *account) lookAtLists(ctx context.Context, s *target.Session) (err error) {
	if a.users, err = list[user](ctx, s, "user"); err != nil {
		return err
	}
	known, err := list[currency](ctx, s, "currency")
	if err != nil {
		return err
	}
	for _, c := range known {
		a.currencies[c.Code] = c.Active
	}
	a.hooks, err = list[hook](ctx, s, "webhook")
	if err := a.tolerate("webhook", err); err != nil {
		return err
	}
	for _, entity := range []string{"board", "lead_label"} {
		_, err := list[struct{}](ctx, s, entity)
		if err := a.tolerate(entity, err); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) lookAtFields(ctx context.Context, s *target.Session) error {
	for _, entity := range []string{"organization", "person", "deal", "product", "activity"} {
		err := a.fieldsOf(ctx, s, entity)
		if entity == "product" || entity == "activity" { // the migration can do without
			err = a.tolerate(entity+"_field", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *account) fieldsOf(ctx context.Context, s *target.Session, entity string) error {
	for rec, err := range s.Client.All(ctx, entity+"_field", nil) {
		if err != nil {
			return err
		}
		var f field
		if err := json.Unmarshal(rec.Data, &f); err != nil {
			return fmt.Errorf("%s field %s: %w", entity, rec.ID, err)
		}
		f.code = rec.ID
		a.fields[entity] = append(a.fields[entity], f)
	}
	return nil
}

// lookAtNewest reads one page of each kind: what another copy of the warehouse
// made lately is there.
func (a *account) lookAtNewest(ctx context.Context, s *target.Session) error {
	page, err := newest(ctx, s, "person", "marketing_status")
	// Without the Campaigns add-on the account refuses to be asked for that.
	if err := a.tolerate("marketing_status", err); err != nil {
		return err
	}
	if err != nil {
		if page, err = newest(ctx, s, "person", ""); err != nil {
			return err
		}
	}
	a.newest["person"] = page
	for _, entity := range []string{"organization", "product", "deal"} {
		a.newest[entity], err = newest(ctx, s, entity, "")
		if entity == "product" {
			err = a.tolerate(entity, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func newest(ctx context.Context, s *target.Session, entity, include string) ([]pipedrive.Record, error) {
	q := pipedrive.NewestFirst(entity)
	if include != "" {
		q.Set("include_fields", include)
	}
	page, _, err := s.Client.Page(ctx, entity, q, "")
	return page, err
}

// list reads a whole list into values.
func list[T any](ctx context.Context, s *target.Session, entity string) ([]T, error) {
	var out []T
	for rec, err := range s.Client.All(ctx, entity, nil) {
		if err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal(rec.Data, &v); err != nil {
			return nil, fmt.Errorf("%s %s: %w", entity, rec.ID, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// hasUser tells that somebody is an active user.
func (a *account) hasUser(email string) bool {
	for _, u := range a.users {
		if u.Active && !u.Deleted && fold(u.Email) == fold(email) {
			return true
		}
	}
	return false
}

func (a *account) activeUsers() (n int64) {
	for _, u := range a.users {
		if u.Active && !u.Deleted {
			n++
		}
	}
	return n
}

// custom are the custom fields of an entity under one name.
func (a *account) custom(entity, name string) (out []field) {
	for _, f := range a.fields[entity] {
		if f.Custom && fold(f.Name) == fold(name) {
			out = append(out, f)
		}
	}
	return out
}

// labelField is the built-in field that holds labels, "" when there is none.
func (a *account) labelField(entity string) (best field, ok bool) {
	for _, f := range a.fields[entity] {
		isLabel := f.code == "label_ids" || f.code == "label" || entity == "product" && f.code == "category"
		if !f.Custom && isLabel && (!ok || f.code == "label_ids") {
			best, ok = f, true
		}
	}
	return best, ok
}

// fold makes names comparable the way provision compares them.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
