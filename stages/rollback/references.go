package rollback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
)

// noteReferences reads what may refer to a kind, each list once: children of
// ours are gone by now, so every one that is still there stays.
func (u *undoer) noteReferences(ctx context.Context, parent entity.Entity) error {
	for _, child := range entity.All {
		refers, err := u.refersTo(ctx, child, parent.Name)
		if err != nil {
			return err
		}
		switch {
		case !refers:
			continue
		case child.Name == "participant":
			err = u.noteParticipants(ctx, child, parent)
		case u.noted[child.Name]:
			continue
		case child.Name == "deal_product":
			err = u.noteLines(ctx, child)
		case child.Under == "":
			err = u.noteAll(ctx, child)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", child.Plural(), err)
		}
		// Of a kind that comes later, what stays is not known yet.
		u.noted[child.Name] = u.passed[child.Name]
	}
	return nil
}

// refersTo tells whether a kind has a property for another, of its own or in a
// field that people made.
func (u *undoer) refersTo(ctx context.Context, child entity.Entity, parent string) (bool, error) {
	links, err := u.linkFields(ctx, child.Name, parent)
	for _, kinds := range []map[string]string{child.Refers, links} {
		for _, kind := range kinds {
			if kind == parent {
				return true, err
			}
		}
	}
	return false, err
}

// linkFields are the custom fields of a kind that name persons or organizations,
// and which of them, by code. Other parents need not ask: no field names them.
func (u *undoer) linkFields(ctx context.Context, kind, parent string) (map[string]string, error) {
	if parent != "person" && parent != "organization" {
		return nil, nil
	}
	if kind == "lead" {
		kind = "deal" // whose fields leads have
	}
	list := kind + "_field"
	if links, known := u.links[kind]; known || pipedrive.Cost(list, pipedrive.Create) == 0 {
		return links, nil
	}
	links := map[string]string{}
	for rec, err := range u.Client.All(ctx, list, nil) {
		if err != nil {
			return nil, fmt.Errorf("read fields of %ss: %w", kind, err)
		}
		var f struct {
			Type   string `json:"field_type"`
			Custom bool   `json:"is_custom_field"`
		}
		if err := json.Unmarshal(rec.Data, &f); err != nil {
			return nil, fmt.Errorf("field %s: %w", rec.ID, err)
		}
		if of := map[string]string{"people": "person", "org": "organization"}[f.Type]; f.Custom && of != "" {
			links[rec.ID] = of
		}
	}
	u.links[kind] = links
	return links, nil
}

// every walks through all records of a kind, archived ones too.
func (u *undoer) every(ctx context.Context, kind string, q url.Values) iter.Seq2[pipedrive.Record, error] {
	return func(yield func(pipedrive.Record, error) bool) {
		for _, list := range pipedrive.ListsOf(kind) {
			for rec, err := range u.Client.All(ctx, list, q) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// staying walks through the records of a kind that will be there in the end. For
// a dry run that leaves out what is ours: by then it would be gone, or hold its
// old values.
func (u *undoer) staying(ctx context.Context, kind string) iter.Seq2[pipedrive.Record, error] {
	return func(yield func(pipedrive.Record, error) bool) {
		for rec, err := range u.every(ctx, kind, nil) {
			if err == nil && u.dryRun && !u.kept[kind+" "+rec.ID] {
				var l linked
				if l, err = u.link(ctx, kind, rec.ID); err == nil && u.covers(kind, l) {
					if !u.part.limitsWhen() || u.deletes(kind, l) || l.first == 0 {
						continue
					}
					rec.Data, err = u.image(ctx, kind, rec.ID, l.first)
				}
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

func (u *undoer) noteAll(ctx context.Context, child entity.Entity) error {
	for rec, err := range u.every(ctx, child.Name, nil) {
		if err == nil {
			err = u.noteReference(ctx, child, rec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// noteSeen notes what a record inside others refers to when it stays and was
// met on the way. A follower is no reason to keep what he follows, and the main
// person of a deal is among its participants; noteParticipants tells them apart.
func (u *undoer) noteSeen(ctx context.Context, e entity.Entity, rec pipedrive.Record) error {
	mine := u.kept[e.Name+" "+rec.ID]
	if e.Under == "" || strings.HasSuffix(e.Name, "_follower") || e.Name == "participant" && !mine {
		return nil
	}
	return u.noteReference(ctx, e, rec)
}

// noteReference notes what one record that stays refers to.
func (u *undoer) noteReference(ctx context.Context, child entity.Entity, rec pipedrive.Record) error {
	var r map[string]json.RawMessage
	if err := json.Unmarshal(rec.Data, &r); err != nil {
		return fmt.Errorf("%s %s: %w", child.Name, rec.ID, err)
	}
	if (u.dryRun || !u.passed[child.Name]) && !u.kept[child.Name+" "+rec.ID] {
		l, err := u.link(ctx, child.Name, rec.ID)
		if err != nil || u.deletes(child.Name, l) || u.dryRun && u.part.limitsWhen() && u.covers(child.Name, l) {
			return err // it would be gone by now, or will be, or hold its old values
		}
	}
	for property, kind := range child.Refers {
		if err := u.noteIDs(ctx, kind, named(r, property), child.Name+" "+rec.ID); err != nil {
			return err
		}
	}
	var custom map[string]json.RawMessage
	if raw, ok := r["custom_fields"]; !ok {
		custom = r // v1 has them among the others
	} else if err := json.Unmarshal(raw, &custom); err != nil {
		return fmt.Errorf("%s %s: %w", child.Name, rec.ID, err)
	}
	of := child.Name
	if of == "lead" {
		of = "deal"
	}
	for code, kind := range u.links[of] {
		if err := u.noteIDs(ctx, kind, []string{idIn(custom[code])}, child.Name+" "+rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// noteIDs notes who refers to records. Only what refers to one of ours matters;
// the rest would fill the memory.
func (u *undoer) noteIDs(ctx context.Context, kind string, ids []string, who string) error {
	for _, id := range ids {
		if id == "" {
			continue
		}
		l, err := u.link(ctx, kind, id)
		if err != nil {
			return err
		}
		if l.id != "" {
			u.refers[kind+" "+id] = who
		}
	}
	return nil
}

// named are the ids under a property: of the record itself and, as activities
// have it, of each of its participants.
func named(r map[string]json.RawMessage, property string) []string {
	var people []map[string]json.RawMessage
	// Where it is no list of people it names none.
	_ = json.Unmarshal(r["participants"], &people)
	var ids []string
	for _, props := range append(people, r) {
		if id := idIn(props[property]); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// idIn reads an id. v1 puts some of them into an object.
func idIn(raw json.RawMessage) string {
	if bytes.HasPrefix(raw, []byte("{")) {
		var around struct {
			Value json.RawMessage `json:"value"`
		}
		// What is no such object names no record.
		_ = json.Unmarshal(raw, &around)
		raw = around.Value
	}
	if id := strings.Trim(string(raw), `"`); id != "null" {
		return id
	}
	return ""
}

// alone are kinds of which each record has to be asked for what hangs on it:
// neither a counter nor a time of the record tells. (Pipedrive moves a note's
// update_time with its content only.)
var alone = map[string]entity.Entity{
	"note":         {Name: "note_comment", Under: "note_id"},
	"organization": {Name: "relationship", Under: "rel_owner_org_id", Query: "org_id"},
}

// hung asks, just before a record goes, for what others hung on it and would go
// along. It comes after everything that hung there of ours. A dry run names the
// price only, so that it is not paid twice.
func (u *undoer) hung(ctx context.Context, e entity.Entity, id string) (string, error) {
	inside, ok := alone[e.Name]
	if !ok {
		return "", nil
	}
	if u.dryRun {
		u.tokens += int64(pipedrive.Cost(inside.Name, pipedrive.List))
		return "", nil
	}
	by := ""
	err := u.WalkInside(ctx, inside, []string{id}, func(recs []pipedrive.Record) error {
		if len(recs) > 0 {
			by = "others hung something on it that would go along: " + inside.Name + " " + recs[0].ID
		}
		return nil
	})
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.Kind == pipedrive.Refused {
		return "what others may have hung on it cannot be read: " + refused.Error(), nil
	}
	return by, err
}
