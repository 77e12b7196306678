package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/words"
)

// linked is what is known of a record from its link; all empty without one.
type linked struct {
	origin   string
	symbolic []byte // the final payload it last agreed to
	sent     []byte // everything we sent for it, bound
	echoed   []byte // what the account answered to that
}

func (l *loader) linkOf(ctx context.Context, p planned) (was linked, err error) {
	err = l.DB.Read().QueryRowContext(ctx, `SELECT origin, symbolic, sent, echoed FROM link
		WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'`, l.ID, p.entity, p.finalKey).
		Scan(&was.origin, &was.symbolic, &was.sent, &was.echoed)
	if errors.Is(err, sql.ErrNoRows) {
		return linked{}, nil
	}
	return was, err
}

// merge works out what of a change may be sent to a record that is ours: what
// people changed meanwhile is left as they have it.
func (l *loader) merge(ctx context.Context, p planned, was linked, record, change []byte) (journal.Merged, error) {
	if was.origin == "" {
		return journal.Merged{Send: change, Held: []byte("{}")}, nil
	}
	agreed, err := l.sets(ctx, was.symbolic)
	if err != nil {
		return journal.Merged{}, err
	}
	c := journal.Change{Record: record, Base: was.echoed, Agreed: agreed, Ours: change}
	m, err := journal.Merge(c)
	if err != nil || len(m.Conflicts) == 0 {
		return m, err
	}
	return l.decided(ctx, p, c, m)
}

// sets is the lists of a symbolic payload, bound; none of them when one
// names what the account no longer has.
func (l *loader) sets(ctx context.Context, symbolic []byte) ([]byte, error) {
	props, err := journal.Decode(symbolic)
	if err != nil {
		return nil, err
	}
	onlyLists(props)
	lists, err := json.Marshal(props)
	if err != nil {
		return nil, err
	}
	bound, missing, err := l.binder.Bind(ctx, lists)
	if missing != "" {
		return []byte("{}"), nil
	}
	return bound, err
}

func onlyLists(props map[string]any) {
	for key, v := range props {
		inner, isObject := v.(map[string]any)
		if _, isList := v.([]any); isList || isObject && key == "custom_fields" {
			onlyLists(inner)
			continue
		}
		delete(props, key)
	}
}

// decided carries out what a person has decided about conflicts that are known:
// NextCRM's value is sent after all, or people's is taken for agreed.
func (l *loader) decided(ctx context.Context, p planned, c journal.Change, m journal.Merged) (journal.Merged, error) {
	keep, err := l.decisions(ctx, p, m.Conflicts)
	if err != nil || len(keep) == 0 {
		return m, err
	}
	base, err := journal.Decode(c.Base)
	if err != nil {
		return m, err
	}
	custom, _ := base["custom_fields"].(map[string]any)
	for _, about := range m.Conflicts {
		if keep[about.Field] != "nextcrm" {
			continue
		}
		// As if nobody had changed it since: then NextCRM's word is sent.
		if code, isCustom := strings.CutPrefix(about.Field, "custom_fields."); isCustom && custom != nil {
			custom[code] = about.Theirs
		} else {
			base[about.Field] = about.Theirs
		}
	}
	if c.Base, err = json.Marshal(base); err != nil {
		return m, err
	}
	if m, err = journal.Merge(c); err != nil {
		return m, err
	}
	var open []journal.Conflict
	for _, about := range m.Conflicts {
		if keep[about.Field] != "pipedrive" {
			open = append(open, about)
		}
	}
	m.Conflicts = open
	return m, nil
}

// decisions are people's words about these conflicts, by field. One about other
// values than there are now does not count.
func (l *loader) decisions(ctx context.Context, p planned, all []journal.Conflict) (map[string]string, error) {
	disputes, err := l.disputes(ctx, p.entity, all)
	if err != nil {
		return nil, err
	}
	keep := map[string]string{}
	for _, d := range disputes {
		var word string
		err := l.DB.Read().QueryRowContext(ctx, `SELECT keep FROM conflict WHERE target_id = ? AND entity = ? AND final_key = ? AND field = ?
			AND resolved_at IS NULL AND keep IS NOT NULL AND coalesce(in_pipedrive, '') = ? AND coalesce(in_nextcrm, '') = ?`,
			l.ID, p.entity, p.finalKey, d.Field, d.Theirs, d.Ours).Scan(&word)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		if err == nil {
			keep[d.Field] = word
		}
	}
	for _, group := range journal.Companions {
		dropDivided(keep, group, all)
	}
	return keep, nil
}

// dropDivided drops the words about keys that are judged as one, unless there is
// the same about each of them that is in conflict.
func dropDivided(keep map[string]string, group []string, all []journal.Conflict) {
	words := map[string]bool{}
	for _, c := range all {
		if slices.Contains(group, c.Field) {
			words[keep[c.Field]] = true
		}
	}
	if len(words) > 1 {
		for _, key := range group {
			delete(keep, key)
		}
	}
}

// disputes says conflicts in people's words.
func (l *loader) disputes(ctx context.Context, kind string, all []journal.Conflict) ([]journal.Dispute, error) {
	if l.book == nil {
		var err error
		if l.book, err = words.New(ctx, l.DB.Read(), l.ID); err != nil {
			return nil, err
		}
	}
	out := make([]journal.Dispute, len(all))
	for i, c := range all {
		say := func(v any) string { return l.book.Value(ctx, kind, c.Field, v) }
		out[i] = journal.Dispute{Field: c.Field, Name: l.book.Field(kind, c.Field), Base: say(c.Base), Theirs: say(c.Theirs), Ours: say(c.Ours)}
	}
	return out, nil
}

// agreedOn is the payload that a record agrees to after an update: NextCRM's
// word, but the earlier one of fields in conflict. So they stay pending, and
// the next run looks at them again.
func (l *loader) agreedOn(payload, earlier []byte, conflicts []journal.Conflict) ([]byte, error) {
	if len(conflicts) == 0 {
		return payload, nil
	}
	now, err := journal.Decode(payload)
	if err != nil {
		return nil, err
	}
	was, err := journal.Decode(earlier)
	if err != nil {
		return nil, err
	}
	open := map[string]bool{}
	for _, c := range conflicts {
		open[c.Field] = true
	}
	l.takeBack(now, was, "", open)
	return json.Marshal(now)
}

// takeBack sets the open fields of a symbolic payload to what they were.
func (l *loader) takeBack(now, was map[string]any, prefix string, open map[string]bool) {
	for _, props := range []map[string]any{now, was} {
		for key := range props {
			name := key
			if symbol, isSymbol := strings.CutPrefix(key, "@field:"); isSymbol {
				name = l.binder.Field(symbol)
			}
			if !open[prefix+name] {
				continue
			}
			if old, had := was[key]; had {
				now[key] = old
			} else {
				delete(now, key)
			}
		}
	}
	if prefix != "" {
		return
	}
	inner, _ := now["custom_fields"].(map[string]any)
	earlier, _ := was["custom_fields"].(map[string]any)
	if inner == nil && earlier != nil {
		inner = map[string]any{}
		now["custom_fields"] = inner
	}
	l.takeBack(inner, earlier, "custom_fields.", open)
}

// hold takes note of fields that the record was found to hold already: from now
// on they are known as NextCRM's word too.
func (l *loader) hold(ctx context.Context, op *journal.Op, was linked, held []byte, now pipedrive.Record) error {
	if string(held) == "{}" {
		return nil
	}
	link, err := journal.Link{Symbolic: op.Symbolic}, error(nil)
	if link.Sent, err = merge(was.sent, held); err != nil {
		return err
	}
	if link.Echoed, err = journal.Overlay(was.echoed, now.Data, held); err != nil {
		return err
	}
	if err := l.ownShare(&link, held); err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE link SET sent = ?, echoed = ? WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'",
			string(link.Sent), string(link.Echoed), l.ID, op.Entity, op.FinalKey)
		return err
	})
}

// report keeps the conflicts of an update whose outcome is known. Before that
// they are not kept: a record with conflicts of this run is not tried again.
func (l *loader) report(ctx context.Context, op *journal.Op, conflicts []journal.Conflict) error {
	if len(conflicts) == 0 || op.State == "in_doubt" || op.State == "not_sent" {
		return nil
	}
	disputes, err := l.disputes(ctx, op.Entity, conflicts)
	if err != nil {
		return fmt.Errorf("name what is in conflict: %w", err)
	}
	return l.DB.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error { return l.j.SaveConflicts(tx, op, disputes) })
}
