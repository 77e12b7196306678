package rollback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"nextpipe/stages/internal/pipedrive"
)

// noteBoards adds what keeps the boards and phases that we made: projects, and
// phases that others added to a board of ours. Where we made none, nothing is
// read, since most accounts have no projects.
func (u *undoer) noteBoards(ctx context.Context, used map[string]string) error {
	things, err := u.provisioned(ctx)
	if err != nil {
		return err
	}
	ours, boards := map[string]bool{}, []string{}
	for _, t := range things {
		switch t.kind {
		case "board":
			boards = append(boards, t.id)
		case "phase":
			ours[t.id] = true
		}
	}
	if len(boards)+len(ours) == 0 {
		return nil
	}
	for _, id := range boards {
		if err := u.notePhases(ctx, id, ours, used); err != nil {
			return err
		}
	}
	for rec, err := range u.staying(ctx, "project") {
		if err != nil {
			return fmt.Errorf("read projects: %w", err)
		}
		var p struct {
			BoardID json.Number `json:"board_id"`
			PhaseID json.Number `json:"phase_id"`
		}
		if err := json.Unmarshal(rec.Data, &p); err != nil {
			return fmt.Errorf("project %s: %w", rec.ID, err)
		}
		used["board::"+p.BoardID.String()] = "project " + rec.ID
		used["phase:"+p.BoardID.String()+":"+p.PhaseID.String()] = "project " + rec.ID
	}
	return nil
}

// notePhases notes that a board of ours has a phase that is not.
func (u *undoer) notePhases(ctx context.Context, boardID string, ours map[string]bool, used map[string]string) error {
	for rec, err := range u.Client.All(ctx, "phase", url.Values{"board_id": {boardID}}) {
		var refused *pipedrive.Error
		if errors.As(err, &refused) && refused.NotFound() {
			return nil // somebody has removed the board
		}
		if err != nil {
			return fmt.Errorf("read phases: %w", err)
		}
		if !ours[rec.ID] {
			used["board::"+boardID] = "phase " + rec.ID
		}
	}
	return nil
}
