package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
)

// Walk reads every record of one kind, page by page, archived ones too. What is found only inside
// other records is read there, in those that hold something of ours. Kinds
// whose lists do not show everything are read one by one where they are ours.
// No transaction is open while visit is called.
func (s *Session) Walk(ctx context.Context, e entity.Entity, visit func([]pipedrive.Record) error) error {
	if e.Under == "" {
		q, err := s.extras(ctx, e)
		if err != nil {
			return err
		}
		for _, list := range pipedrive.ListsOf(e.Name) {
			if err := s.pages(ctx, e, list, q, visit); err != nil {
				return err
			}
		}
		return nil
	}
	around, err := s.around(ctx, e)
	if err != nil {
		return err
	}
	return s.WalkInside(ctx, e, around, visit)
}

// extras asks for what lists show only when they are asked: the marketing status
// of persons, in accounts that have it. Others would refuse the question.
func (s *Session) extras(ctx context.Context, e entity.Entity) (url.Values, error) {
	if e.Name != "person" {
		return nil, nil
	}
	var native bool
	err := s.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM map_setting WHERE map_key = 'marketing_status' AND value = 'native')").Scan(&native)
	if err != nil || !native {
		return nil, err
	}
	return url.Values{"include_fields": {"marketing_status"}}, nil
}

// WalkInside reads what hangs on the records of these ids.
func (s *Session) WalkInside(ctx context.Context, e entity.Entity, ids []string, visit func([]pipedrive.Record) error) error {
	for _, q := range e.Inside(ids) {
		err := s.pages(ctx, e, e.Name, q, visit)
		var refused *pipedrive.Error
		if errors.As(err, &refused) && refused.NotFound() {
			continue // the record around is gone, and what was in it
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readings is how often a list is begun whose cursor expires on the way.
const readings = 3

// pages reads one list that holds records of a kind, from the start again when
// the account has forgotten where it was left: visit may meet a record twice.
func (s *Session) pages(ctx context.Context, e entity.Entity, list string, q url.Values, visit func([]pipedrive.Record) error) (err error) {
	for range readings {
		if err = s.eachPage(ctx, e, list, q, visit); !errors.Is(err, pipedrive.ErrCursorExpired) {
			return err
		}
	}
	return err
}

func (s *Session) eachPage(ctx context.Context, e entity.Entity, list string, q url.Values, visit func([]pipedrive.Record) error) error {
	for cursor := ""; ; {
		page, next, err := s.Client.Page(ctx, list, q, cursor)
		if err == nil && e.Brief {
			err = s.complete(ctx, e, page)
		}
		if err != nil {
			return err
		}
		if err := visit(page); err != nil || next == "" {
			return err
		}
		cursor = next
	}
}

// complete reads those of a page that are ours.
func (s *Session) complete(ctx context.Context, e entity.Entity, page []pipedrive.Record) error {
	for i, rec := range page {
		var ours bool
		if err := s.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM link WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND state = 'live')",
			s.ID, e.Name, rec.ID).Scan(&ours); err != nil {
			return err
		}
		if !ours {
			continue
		}
		whole, err := s.Client.Get(ctx, e.Name, rec.ID)
		if err != nil {
			return err
		}
		page[i] = whole
	}
	return nil
}

// around lists the records in which something of ours is, or may be.
func (s *Session) around(ctx context.Context, e entity.Entity) ([]string, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT DISTINCT sent ->> ?3 FROM link WHERE target_id = ?1 AND entity = ?2 AND state = 'live'
		UNION SELECT body ->> ?3 FROM load_op WHERE target_id = ?1 AND entity = ?2 AND verb = 'create' AND looks > 0 ORDER BY 1`,
		s.ID, e.Name, "$."+e.Under)
	if err != nil {
		return nil, fmt.Errorf("read where %ss are: %w", e.Name, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// SameBytes tells whether a file of the account holds the bytes that a body
// stands for. Name and size are not enough: people replace drafts by finals.
func (s *Session) SameBytes(ctx context.Context, rec pipedrive.Record, body []byte) (bool, error) {
	var b struct {
		Blob *struct {
			SHA256 string `json:"sha256"`
		} `json:"@blob"`
	}
	if err := json.Unmarshal(body, &b); err != nil || b.Blob == nil {
		return err == nil, err
	}
	hash, err := s.Client.FileHash(ctx, rec.ID)
	return hash == b.Blob.SHA256, err
}
