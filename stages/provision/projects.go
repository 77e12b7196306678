package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
)

// boards binds the boards that projects stand on, and their phases. They are
// looked at here and not by scope: few accounts have projects, and the lists
// cost tokens.
func (m *maker) boards(ctx context.Context) error {
	wanted, err := m.pairs(ctx, "SELECT board_key, name FROM final_board ORDER BY position")
	if err != nil || len(wanted) == 0 {
		return err
	}
	have, err := m.listed(ctx, "board", nil)
	if lacksProjects(err) {
		// Not wrapped: trying again does not help before a person has decided.
		return stage.Input(fmt.Errorf("map_setting projects is \"projects\", but %s has no projects, or the token's user may not see them (%s): "+
			"add Projects to the account, or set projects to \"documented\" and build again", m.Me.CompanyDomain, err))
	}
	if err != nil {
		return err
	}
	for _, w := range wanted {
		id, err := m.provide(ctx, kindBoard, w[0], have, map[string]any{"name": w[1]})
		if err == nil && id != "" { // else the account has no room for it
			err = m.phases(ctx, w[0], id)
		}
		if err != nil {
			return err
		}
	}
	m.res.Add("boards of projects", int64(len(wanted)))
	return nil
}

// phases binds the phases of one board.
func (m *maker) phases(ctx context.Context, boardKey, boardID string) error {
	wanted, err := m.pairs(ctx, "SELECT phase_key, name FROM final_phase WHERE board_key = ? ORDER BY position", boardKey)
	if err != nil {
		return err
	}
	have, err := m.listed(ctx, "phase", url.Values{"board_id": {boardID}})
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if _, err := m.provide(ctx, kindPhase, w[0], have, map[string]any{"name": w[1], "board_id": json.Number(boardID)}); err != nil {
			return err
		}
	}
	m.res.Add("phases of projects", int64(len(wanted)))
	return nil
}

// lacksProjects tells the answers of an account without the product.
func lacksProjects(err error) bool {
	var e *pipedrive.Error
	return errors.As(err, &e) && (e.Kind == pipedrive.Forbidden || e.Kind == pipedrive.Refused) &&
		slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusUnsupportedMediaType}, e.Status)
}

func (m *maker) listed(ctx context.Context, entity string, q url.Values) ([]pipedrive.Record, error) {
	var out []pipedrive.Record
	for rec, err := range m.Client.All(ctx, entity, q) {
		if err != nil {
			return nil, fmt.Errorf("list %ss: %w", entity, err)
		}
		out = append(out, rec)
	}
	return out, nil
}

// provide binds what stands in the account as that symbol or under that name,
// or creates it, and returns its id.
func (m *maker) provide(ctx context.Context, kind, symbol string, have []pipedrive.Record, body map[string]any) (string, error) {
	bound, err := m.bound(ctx, kind, symbol)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(have, func(r pipedrive.Record) bool { return r.ID == bound })
	if i < 0 {
		i = slices.IndexFunc(have, func(r pipedrive.Record) bool { return named(r, body["name"].(string)) })
	}
	if i >= 0 {
		return have[i].ID, m.bind(ctx, kind, symbol, have[i].ID, "existing")
	}
	if err := m.createFrom(ctx, kind, symbol, body); err != nil {
		return "", err
	}
	return m.bound(ctx, kind, symbol)
}

func named(rec pipedrive.Record, name string) bool {
	return strings.EqualFold(strings.TrimSpace(stringAt(rec.Data, "name")), strings.TrimSpace(name))
}

// bound is the id that a symbol stands for, "" when it is not bound yet.
func (m *maker) bound(ctx context.Context, kind, symbol string) (id string, err error) {
	err = m.DB.Read().QueryRowContext(ctx, "SELECT coalesce(max(pipedrive_id), '') FROM bind WHERE target_id = ? AND kind = ? AND symbol = ?",
		m.ID, kind, symbol).Scan(&id)
	return id, err
}
