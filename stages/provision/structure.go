package provision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// users binds every owner's address to an active user of the account, or to
// the fallback that the map names. Users are never invited: that costs seats.
func (m *maker) users(ctx context.Context) error {
	rows, err := m.pairs(ctx, `SELECT o.email, coalesce(u.pipedrive_id, '') FROM (
			SELECT owner_email AS email FROM final_organization UNION SELECT owner_email FROM final_person
			UNION SELECT owner_email FROM final_deal UNION SELECT owner_email FROM final_lead UNION SELECT owner_email FROM final_activity
			UNION SELECT author_email FROM final_note UNION SELECT user_email FROM final_follower UNION SELECT target_email FROM map_user) AS o
		LEFT JOIN dest_user AS u ON u.target_id = ? AND u.email = o.email AND u.is_active = 1
		WHERE o.email IS NOT NULL`, m.ID)
	if err != nil {
		return err
	}
	if err := m.refuseUnknownOwners(ctx); err != nil {
		return err
	}
	fallback, err := m.fallbackUser(ctx)
	if err != nil {
		return err
	}
	rows = append(rows, [2]string{"@fallback", ""})
	var fallen int64
	for _, r := range rows {
		id, how := r[1], "existing"
		if id == "" {
			id, how = fallback, "fallback"
			fallen++
		}
		if err := m.bind(ctx, kindUser, r[0], id, how); err != nil {
			return err
		}
	}
	var unmapped int64
	if err := m.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM map_user WHERE target_email IS NULL AND records > 0").Scan(&unmapped); err != nil {
		return err
	}
	m.res.Add("owners", int64(len(rows))-fallen)
	m.res.Add("owners on the fallback", fallen-1+unmapped)
	return nil
}

// refuseUnknownOwners keeps a typing error in a person's decision from giving
// records of production to the fallback. A rehearsal account seldom has
// everybody.
func (m *maker) refuseUnknownOwners(ctx context.Context) error {
	if m.Role != target.Production {
		return nil
	}
	wrong, err := m.pairs(ctx, `SELECT map_key, target_email FROM map_user WHERE decided_by IS NOT NULL AND target_email IS NOT NULL
		AND lower(target_email) NOT IN (SELECT email FROM dest_user WHERE target_id = ? AND is_active = 1)`, m.ID)
	if err != nil || len(wrong) == 0 {
		return err
	}
	return stage.Input(fmt.Errorf("%s was given to %s, who is no active user of the account: correct map_user, or empty target_email for the fallback owner", wrong[0][0], wrong[0][1]))
}

// fallbackUser is the id of the user who gets what nobody else can own.
func (m *maker) fallbackUser(ctx context.Context) (string, error) {
	var email string
	err := m.DB.Read().QueryRowContext(ctx, "SELECT coalesce(value, '') FROM map_setting WHERE map_key = 'owner_fallback'").Scan(&email)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if email == "" || email == "@token-user" {
		return m.Me.UserID, nil
	}
	var id string
	err = m.DB.Read().QueryRowContext(ctx, "SELECT pipedrive_id FROM dest_user WHERE target_id = ? AND email = ? AND is_active = 1",
		m.ID, strings.ToLower(email)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", stage.Input(fmt.Errorf("fallback owner %s is no active user of the account: change map_setting owner_fallback", email))
	}
	return id, err
}

func (m *maker) pipelines(ctx context.Context) error {
	wanted, err := m.triples(ctx, `SELECT f.pipeline_key, f.name, coalesce(b.pipedrive_id, min(d.pipedrive_id), '') FROM final_pipeline AS f
		LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'pipeline' AND b.symbol = f.pipeline_key
			AND b.pipedrive_id IN (SELECT pipedrive_id FROM dest_pipeline WHERE target_id = ?1 UNION SELECT pipedrive_id FROM provisioned WHERE target_id = ?1 AND kind = 'pipeline' AND removed_at IS NULL
				AND made_at >= (SELECT structure_at FROM target WHERE target_id = ?1))
		LEFT JOIN dest_pipeline AS d ON d.target_id = ?1 AND lower(trim(d.name)) = lower(trim(f.name))
		GROUP BY f.pipeline_key ORDER BY f.position`, m.ID)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if w[2] != "" {
			err = m.bind(ctx, kindPipeline, w[0], w[2], "existing")
		} else {
			err = m.createFrom(ctx, "pipeline", w[0], map[string]any{"name": w[1]})
		}
		if err != nil {
			return err
		}
	}
	m.res.Add("pipelines", int64(len(wanted)))
	return nil
}

func (m *maker) stages(ctx context.Context) error {
	rows, err := m.DB.Read().QueryContext(ctx, `SELECT f.stage_key, f.name, p.pipedrive_id, f.probability,
			coalesce(b.pipedrive_id, min(d.pipedrive_id), '') FROM final_stage AS f
		JOIN bind AS p ON p.target_id = ?1 AND p.kind = 'pipeline' AND p.symbol = f.pipeline_key
		LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'stage' AND b.symbol = f.stage_key
			AND b.pipedrive_id IN (SELECT pipedrive_id FROM dest_stage WHERE target_id = ?1 UNION SELECT pipedrive_id FROM provisioned WHERE target_id = ?1 AND kind = 'stage' AND removed_at IS NULL
				AND made_at >= (SELECT structure_at FROM target WHERE target_id = ?1))
		LEFT JOIN dest_stage AS d ON d.target_id = ?1 AND d.pipeline_id = p.pipedrive_id AND lower(trim(d.name)) = lower(trim(f.name))
		GROUP BY f.stage_key ORDER BY f.pipeline_key, f.position`, m.ID)
	if err != nil {
		return err
	}
	type wanted struct {
		key, name, pipeline, id string
		probability             sql.NullInt64
	}
	var all []wanted
	for rows.Next() {
		var w wanted
		if err := rows.Scan(&w.key, &w.name, &w.pipeline, &w.probability, &w.id); err != nil {
			return errors.Join(err, rows.Close())
		}
		all = append(all, w)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, w := range all {
		if w.id != "" {
			err = m.bind(ctx, kindStage, w.key, w.id, "existing")
		} else {
			body := map[string]any{"name": w.name, "pipeline_id": json.Number(w.pipeline)}
			if w.probability.Valid {
				body["deal_probability"] = w.probability.Int64
			}
			err = m.createFrom(ctx, "stage", w.key, body)
		}
		if err != nil {
			return err
		}
	}
	m.res.Add("stages", int64(len(all)))
	return nil
}

// createFrom creates one structural thing from its body.
func (m *maker) createFrom(ctx context.Context, entity, symbol string, body map[string]any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	m.res.Rows++
	return m.create(ctx, &journal.Op{Entity: entity, FinalKey: symbol, Symbolic: data, Body: data})
}

// pairs and triples read small results whole, so that no rows stay open while
// requests are sent.
func (m *maker) pairs(ctx context.Context, query string, args ...any) ([][2]string, error) {
	rows, err := m.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][2]string
	for rows.Next() {
		var r [2]string
		if err := rows.Scan(&r[0], &r[1]); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (m *maker) triples(ctx context.Context, query string, args ...any) ([][3]string, error) {
	rows, err := m.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][3]string
	for rows.Next() {
		var r [3]string
		if err := rows.Scan(&r[0], &r[1], &r[2]); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// stringAt reads one property of a JSON object as text, whichever way its
// characters are escaped.
func stringAt(data []byte, key string) string {
	var m map[string]json.RawMessage
	var s string
	if json.Unmarshal(data, &m) != nil {
		return ""
	}
	if json.Unmarshal(m[key], &s) == nil {
		return s
	}
	return string(m[key])
}
