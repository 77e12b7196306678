package plan

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/words"
)

// What people changed since we last wrote it.
const (
	theirs    = "changed in Pipedrive meanwhile: in conflict, and left as it is there, unless both agree"
	theirsToo = "changed in Pipedrive meanwhile: people's own entries stay"
)

// show keeps what an update changes, field by field, in people's words: what
// was seen in the account last, and what NextCRM says now.
func show(ctx context.Context, tx *sql.Tx, planID int64, book *words.Book, u update, change map[string]any) error {
	custom, _ := change["custom_fields"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(change)) {
		after := change[key]
		if key == "custom_fields" || strings.HasPrefix(key, "@field:") {
			continue
		}
		before, base := journal.Answered(u.now, key), journal.Answered(u.held, key)
		if err := showField(ctx, tx, planID, book, u, key, before, base, after); err != nil {
			return err
		}
	}
	if custom == nil {
		custom = change // leads have them beside the others
	}
	now, held := customOf(u.now, u.entity), customOf(u.held, u.entity)
	for _, key := range slices.Sorted(maps.Keys(custom)) {
		symbol, isCustom := strings.CutPrefix(key, "@field:")
		if !isCustom {
			continue
		}
		code := book.Code(symbol)
		if code == "" {
			code = key // the account does not have it yet
		}
		if err := showField(ctx, tx, planID, book, u, code, now[code], held[code], custom[key]); err != nil {
			return err
		}
	}
	return nil
}

// customOf is where the custom fields of a record stand.
func customOf(record map[string]any, kind string) map[string]any {
	if kind == "lead" {
		return record
	}
	custom, _ := record["custom_fields"].(map[string]any)
	return custom
}

// showStays tells what the account cannot be told any more.
func showStays(ctx context.Context, tx *sql.Tx, planID int64, book *words.Book, u update) error {
	for key, says := range u.stays {
		if err := keep(ctx, tx, planID, u.seq, change{book.Field(u.entity, key), key, book.Value(ctx, u.entity, key, u.now[key]),
			book.Value(ctx, u.entity, key, says), "Pipedrive takes it of new records only: it stays"}); err != nil {
			return err
		}
	}
	return nil
}

func showField(ctx context.Context, tx *sql.Tx, planID int64, book *words.Book, u update, key string, before, base, after any) error {
	name := book.Field(u.entity, key)
	was, held, will := book.Value(ctx, u.entity, key, before), book.Value(ctx, u.entity, key, base), book.Value(ctx, u.entity, key, after)
	note := ""
	if was != held {
		note = theirs
		if _, isList := after.([]any); isList && key != "participants" && key != "prices" {
			note = theirsToo
		}
	}
	if was == will {
		if was, will = book.Apart(ctx, was, before, after); was == will {
			return nil
		}
	}
	return keep(ctx, tx, planID, u.seq, change{name, key, was, will, note})
}

// change is one row of plan_change.
type change struct{ name, key, before, after, note string }

// keep keeps one changed field. Two of one name are told apart by their keys.
func keep(ctx context.Context, tx *sql.Tx, planID, seq int64, c change) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO plan_change SELECT ?1, ?2, iif(EXISTS (SELECT 1 FROM plan_change WHERE plan_id = ?1 AND seq = ?2 AND field = ?3), ?3 || ' (' || ?4 || ')', ?3),
		nullif(?5, ''), nullif(?6, ''), nullif(?7, '')`, planID, seq, c.name, c.key, c.before, c.after, c.note)
	return err
}
