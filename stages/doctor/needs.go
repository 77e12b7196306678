package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/target"
)

// needs is what the finals want of an account.
type needs struct {
	built    bool             // false: nobody knows yet
	open     map[string]int64 // final records without a live link, by entity
	settings map[string]string
	fields   []wantedField
	labels   []wantedLabel
	tag      string // source tag that leads our markers, "" before extract
}

type wantedField struct {
	entity, key, name, kind string
	options                 []string
}

type wantedLabel struct{ entity, label string }

// ask reads the finals and the map.
func ask(ctx context.Context, s *target.Session) (needs, error) {
	n := needs{open: map[string]int64{}, settings: map[string]string{}}
	for _, step := range []func(context.Context, *target.Session) error{n.askOpen, n.askSettings, n.askFields, n.askLabels, n.askTag} {
		if err := step(ctx, s); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *needs) askOpen(ctx context.Context, s *target.Session) error {
	return each(ctx, s, func(r *sql.Rows) error {
		var entity string
		var count int64
		err := r.Scan(&entity, &count)
		n.open[entity] = count
		return err
	}, `SELECT f.entity, count(*) FROM final_item AS f WHERE NOT EXISTS (SELECT 1 FROM link AS l
		WHERE l.target_id = ? AND l.entity = f.entity AND l.final_key = f.final_key AND l.state <> 'removed') GROUP BY f.entity`, s.ID)
}

func (n *needs) askSettings(ctx context.Context, s *target.Session) error {
	return each(ctx, s, func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		n.settings[key] = value
		return err
	}, "SELECT map_key, trim(coalesce(value, '')) FROM map_setting")
}

func (n *needs) askFields(ctx context.Context, s *target.Session) error {
	err := each(ctx, s, func(r *sql.Rows) error {
		var f wantedField
		err := r.Scan(&f.entity, &f.key, &f.name, &f.kind)
		n.fields = append(n.fields, f)
		return err
	}, "SELECT entity, field_key, name, field_type FROM final_field ORDER BY entity, position, field_key")
	if err != nil {
		return err
	}
	n.built = len(n.fields) > 0 // every build makes at least the marker's fields
	at := map[string]int{}
	for i, f := range n.fields {
		at[f.entity+"."+f.key] = i
	}
	return each(ctx, s, func(r *sql.Rows) error {
		var symbol, label string
		err := r.Scan(&symbol, &label)
		f := &n.fields[at[symbol]]
		f.options = append(f.options, label)
		return err
	}, "SELECT entity || '.' || field_key, label FROM final_option ORDER BY entity, field_key, position")
}

func (n *needs) askLabels(ctx context.Context, s *target.Session) error {
	return each(ctx, s, func(r *sql.Rows) error {
		var l wantedLabel
		err := r.Scan(&l.entity, &l.label)
		n.labels = append(n.labels, l)
		return err
	}, "SELECT entity, label FROM final_label WHERE entity <> 'lead' ORDER BY entity, position")
}

func (n *needs) askTag(ctx context.Context, s *target.Session) error {
	err := s.DB.Read().QueryRowContext(ctx, "SELECT source_tag FROM setup").Scan(&n.tag)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// each reads the rows of a query.
func each(ctx context.Context, s *target.Session, visit func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// number reads a query's one number.
func (x *examination) number(ctx context.Context, query string, args ...any) (n int64, err error) {
	if err = x.DB.Read().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		err = fmt.Errorf("count: %w", err)
	}
	return n, err
}
