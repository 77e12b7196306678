// Package words says in people's words what payloads and records say in keys
// and ids: names of fields, options, stages, users and records.
//
//	reads   bind dest_* final_* link seen_record
//	does    translates symbolic values and an account's own values alike
//	writes  nothing
package words

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nextpipe/stages/internal/entity"
)

// Reader is what names are read from: a transaction or a connection pool.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Book knows the names of one account.
type Book struct {
	db       Reader
	targetID int64
	names    map[string]string // "kind:key" → name
}

// names are all that have a name besides records: fields by symbol and by code,
// options by symbol and by id, and what stands in lists of their own. What is
// bound comes last and counts: it is newer than the last look at the account.
const names = `
SELECT 'field:' || entity || '.' || field_code, name FROM dest_field WHERE target_id = ?1 AND is_custom = 1
UNION ALL SELECT 'field:' || entity || '.' || field_key, name FROM final_field
UNION ALL SELECT 'field:' || f.entity || '.' || b.pipedrive_id, f.name FROM bind AS b JOIN final_field AS f ON b.symbol = f.entity || '.' || f.field_key
	WHERE b.target_id = ?1 AND b.kind = 'field'
UNION ALL SELECT 'code:' || symbol, pipedrive_id FROM bind WHERE target_id = ?1 AND kind = 'field'
UNION ALL SELECT 'option:' || entity || '.' || field_code || ':' || option_id, label FROM dest_option WHERE target_id = ?1
UNION ALL SELECT 'label:' || entity || ':' || option_id, label FROM dest_option WHERE target_id = ?1 AND field_code IN ('label', 'label_ids', 'category')
UNION ALL SELECT 'option:' || f.symbol_entity || '.' || f.pipedrive_id || ':' || o.pipedrive_id, substr(o.symbol, length(f.symbol) + 2)
	FROM (SELECT *, substr(symbol, 1, instr(symbol, '.') - 1) AS symbol_entity FROM bind WHERE target_id = ?1 AND kind = 'field') AS f
	JOIN bind AS o ON o.target_id = ?1 AND o.kind = 'option' AND o.symbol LIKE f.symbol || ':%' AND substr(o.symbol, 1, length(f.symbol) + 1) = f.symbol || ':'
UNION ALL SELECT 'label:' || substr(symbol, 1, instr(symbol, ':')) || pipedrive_id, substr(symbol, instr(symbol, ':') + 1) FROM bind WHERE target_id = ?1 AND kind = 'label'
UNION ALL SELECT 'user:' || pipedrive_id, email FROM dest_user WHERE target_id = ?1
UNION ALL SELECT 'email:' || lower(email), email FROM dest_user WHERE target_id = ?1 AND is_active = 1
UNION ALL SELECT 'stage:' || d.pipedrive_id, d.name FROM dest_stage AS d WHERE d.target_id = ?1
UNION ALL SELECT 'stage:' || stage_key, name FROM final_stage
UNION ALL SELECT 'stage:' || b.pipedrive_id, s.name FROM bind AS b JOIN final_stage AS s ON s.stage_key = b.symbol WHERE b.target_id = ?1 AND b.kind = 'stage'
UNION ALL SELECT 'pipeline:' || pipedrive_id, name FROM dest_pipeline WHERE target_id = ?1
UNION ALL SELECT 'pipeline:' || pipeline_key, name FROM final_pipeline
UNION ALL SELECT 'activity_type:' || key_string, name FROM dest_activity_type WHERE target_id = ?1
UNION ALL SELECT 'activity_type:' || type_key, name FROM final_activity_type
UNION ALL SELECT 'board:' || board_key, name FROM final_board
UNION ALL SELECT 'phase:' || phase_key, name FROM final_phase
UNION ALL SELECT b.kind || ':' || b.pipedrive_id, b.symbol FROM bind AS b WHERE b.target_id = ?1 AND b.kind IN ('priority', 'board', 'phase')`

// New reads the names of an account.
func New(ctx context.Context, db Reader, targetID int64) (*Book, error) {
	rows, err := db.QueryContext(ctx, names, targetID)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	defer rows.Close()
	b := &Book{db: db, targetID: targetID, names: map[string]string{}}
	for rows.Next() {
		var key, name string
		if err := rows.Scan(&key, &name); err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		b.names[key] = name
	}
	return b, rows.Err()
}

// Field names a field as people know it. field is a key of the API, a custom
// field as custom_fields.<code>, by its code alone, or by its symbol.
func (b *Book) Field(kind, field string) string {
	key := strings.TrimPrefix(strings.TrimPrefix(field, "custom_fields."), "@field:")
	if _, own, isSymbol := strings.Cut(key, "."); isSymbol {
		key = own
	}
	if name, ok := b.names["field:"+fieldsOf(kind)+"."+key]; ok {
		return name
	}
	switch {
	case key == "label_ids":
		return "labels"
	case strings.HasSuffix(key, "_ids"):
		key = strings.TrimSuffix(key, "_ids") + "s"
	}
	key = strings.TrimSuffix(key, "_id")
	if key == "org" || key == "rel_owner_org" || key == "rel_linked_org" {
		key = strings.Replace(key, "org", "organization", 1)
	}
	return strings.ReplaceAll(key, "_", " ")
}

// Code is the code of a custom field by its symbol, "person.tier"; "" when the
// account does not have it yet.
func (b *Book) Code(symbol string) string { return b.names["code:"+symbol] }

// fieldsOf is the kind whose custom fields a kind has: leads have those of deals.
func fieldsOf(kind string) string {
	if kind == "lead" {
		return "deal"
	}
	return kind
}

// Record names a record by its title; "" when it is not known.
func (b *Book) Record(ctx context.Context, kind, id string) string {
	var name sql.NullString
	if err := b.db.QueryRowContext(ctx, `SELECT coalesce(
			(SELECT final_key FROM link WHERE target_id = ?1 AND entity = ?2 AND pipedrive_id = ?3 AND state = 'live'),
			(SELECT name FROM dest_record WHERE target_id = ?1 AND entity = ?2 AND pipedrive_id = ?3),
			(SELECT coalesce(data ->> '$.name', data ->> '$.title') FROM seen_record WHERE target_id = ?1 AND entity = ?2 AND pipedrive_id = ?3))`,
		b.targetID, kind, id).Scan(&name); err != nil {
		return ""
	}
	if title := b.Title(ctx, kind, name.String); title != "" {
		return title
	}
	return name.String
}

// Title names a final record; "" when there is none of this key any more.
func (b *Book) Title(ctx context.Context, kind, finalKey string) string {
	if _, ok := entity.Of(kind); !ok {
		return ""
	}
	var title string
	if err := b.db.QueryRowContext(ctx, "SELECT title FROM final_item WHERE entity = ? AND final_key = ?", kind, finalKey).Scan(&title); err != nil {
		return ""
	}
	return title
}

// Apart tells two records of one name apart, by their final keys or ids: the one
// that a record refers to, and the one that a payload does. Both stay as they
// are when they are the same record, or none.
func (b *Book) Apart(ctx context.Context, name string, before, after any) (was, will string) {
	said, _ := after.(map[string]any)
	ref, _ := said["@ref"].(string)
	kind, key, _ := strings.Cut(ref, ":")
	if _, isRecord := entity.Of(kind); !isRecord {
		return name, name
	}
	if answered, isObject := before.(map[string]any); isObject { // as v1 answers some ids
		before = answered["value"]
	}
	other := "Pipedrive " + fmt.Sprint(before)
	err := b.db.QueryRowContext(ctx, "SELECT final_key FROM link WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND part = '' AND state = 'live'",
		b.targetID, kind, fmt.Sprint(before)).Scan(&other)
	if err == nil && other == key {
		return name, name
	}
	return name + " (" + other + ")", name + " (" + key + ")"
}
