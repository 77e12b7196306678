package scope

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// markerField is the custom field that carries our marker; see build.
const markerField = "NextCRM ID"

// part is one list of the account's structure and the rows a record of it makes.
type part struct {
	entity string
	plural string
	store  func(tx *sql.Tx, targetID int64, rec pipedrive.Record) error
}

var parts = []part{
	{"user", "users", storeUser},
	{"organization_field", "organization fields", fieldOf("organization")},
	{"person_field", "person fields", fieldOf("person")},
	{"deal_field", "deal fields", fieldOf("deal")},
	{"product_field", "product fields", fieldOf("product")},
	{"activity_field", "activity fields", fieldOf("activity")},
	{"activity_type", "activity types", storeActivityType},
	{"lead_label", "lead labels", storeLeadLabel},
	{"pipeline", "pipelines", storePipeline},
	{"stage", "stages", storeStage},
	{"currency", "currencies", storeCurrency},
}

// structure reads every list first and then replaces all tables in one
// transaction, so that they always describe one moment.
func structure(ctx context.Context, s *target.Session, res *stage.Result) error {
	lists, err := readStructure(ctx, s)
	if err != nil {
		return err
	}
	for i, p := range parts {
		res.Add(p.plural, int64(len(lists[i])))
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := replaceStructure(tx, s.ID, lists); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE target SET structure_at = ? WHERE target_id = ?", s.DB.Now(), s.ID)
		return err
	})
}

// readStructure reads the list of each of parts.
func readStructure(ctx context.Context, s *target.Session) ([][]pipedrive.Record, error) {
	lists := make([][]pipedrive.Record, len(parts))
	for i, p := range parts {
		for rec, err := range s.Client.All(ctx, p.entity, nil) {
			if err != nil {
				return nil, fmt.Errorf("list %s: %w", p.entity, err)
			}
			lists[i] = append(lists[i], rec)
		}
	}
	return lists, nil
}

func replaceStructure(tx *sql.Tx, targetID int64, lists [][]pipedrive.Record) error {
	for _, table := range []string{"dest_user", "dest_option", "dest_field", "dest_stage", "dest_pipeline", "dest_currency", "dest_activity_type"} {
		if _, err := tx.Exec("DELETE FROM "+table+" WHERE target_id = ?", targetID); err != nil {
			return err
		}
	}
	for i, p := range parts {
		for _, rec := range lists[i] {
			if err := p.store(tx, targetID, rec); err != nil {
				return fmt.Errorf("store %s %s: %w", p.entity, rec.ID, err)
			}
		}
	}
	return nil
}

func storeUser(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var u struct {
		Name            string `json:"name"`
		Email           string `json:"email"`
		ActiveFlag      bool   `json:"active_flag"`
		IsDeleted       bool   `json:"is_deleted"`
		DefaultCurrency string `json:"default_currency"`
		Timezone        string `json:"timezone_name"`
		Access          []struct {
			Admin bool `json:"admin"`
		} `json:"access"`
	}
	if err := json.Unmarshal(rec.Data, &u); err != nil {
		return err
	}
	admin := false
	for _, a := range u.Access {
		admin = admin || a.Admin
	}
	_, err := tx.Exec("INSERT INTO dest_user VALUES (?, ?, ?, ?, ?, ?, ?, ?)", targetID, rec.ID,
		strings.ToLower(strings.TrimSpace(u.Email)), u.Name, u.ActiveFlag && !u.IsDeleted, admin, u.DefaultCurrency, u.Timezone)
	return err
}

func fieldOf(entity string) func(*sql.Tx, int64, pipedrive.Record) error {
	return func(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
		var f struct {
			Name    string `json:"field_name"`
			Type    string `json:"field_type"`
			Custom  bool   `json:"is_custom_field"`
			Options []struct {
				ID    json.RawMessage `json:"id"`
				Label string          `json:"label"`
			} `json:"options"`
		}
		if err := json.Unmarshal(rec.Data, &f); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO dest_field VALUES (?, ?, ?, ?, ?, ?)", targetID, entity, rec.ID, f.Name, f.Type, f.Custom); err != nil {
			return err
		}
		for _, o := range f.Options {
			if _, err := tx.Exec("INSERT INTO dest_option VALUES (?, ?, ?, ?, ?)", targetID, entity, rec.ID,
				strings.Trim(string(o.ID), `"`), o.Label); err != nil {
				return err
			}
		}
		return nil
	}
}

func storePipeline(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var p struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(rec.Data, &p); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO dest_pipeline VALUES (?, ?, ?)", targetID, rec.ID, p.Name)
	return err
}

func storeStage(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var p struct {
		Name        string      `json:"name"`
		PipelineID  json.Number `json:"pipeline_id"`
		OrderNr     *int64      `json:"order_nr"`
		Probability *int64      `json:"deal_probability"`
	}
	if err := json.Unmarshal(rec.Data, &p); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO dest_stage VALUES (?, ?, ?, ?, ?, ?)", targetID, rec.ID, p.PipelineID.String(), p.Name, p.OrderNr, p.Probability)
	return err
}

func storeCurrency(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var c struct {
		Code     string `json:"code"`
		Active   bool   `json:"active_flag"`
		Decimals *int64 `json:"decimal_points"`
	}
	if err := json.Unmarshal(rec.Data, &c); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO dest_currency VALUES (?, ?, ?, ?)", targetID, c.Code, c.Active, c.Decimals)
	return err
}

func storeActivityType(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var t struct {
		Name   string `json:"name"`
		Key    string `json:"key_string"`
		Active bool   `json:"active_flag"`
	}
	if err := json.Unmarshal(rec.Data, &t); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO dest_activity_type VALUES (?, ?, ?, ?, ?)", targetID, rec.ID, t.Name, t.Key, t.Active)
	return err
}

// storeLeadLabel keeps the labels of leads, which have a list of their own,
// like those of the others: as options of a field of their name.
func storeLeadLabel(tx *sql.Tx, targetID int64, rec pipedrive.Record) error {
	var l struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(rec.Data, &l); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO dest_option VALUES (?, 'lead', 'label_ids', ?, ?)", targetID, rec.ID, l.Name)
	return err
}

// existingMarkerField is the code of our marker field, or of an earlier
// migration's; "" when there is none.
func existingMarkerField(ctx context.Context, s *target.Session, entity string) (string, error) {
	var code string
	err := s.DB.Read().QueryRowContext(ctx, `SELECT field_code FROM dest_field
		WHERE target_id = ?1 AND entity = ?2 AND is_custom = 1 AND name = ?3
		ORDER BY field_code = (SELECT pipedrive_id FROM bind WHERE target_id = ?1 AND kind = 'field' AND symbol = ?2 || '.nextcrm_id') DESC, field_code LIMIT 1`,
		s.ID, entity, markerField).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return code, err
}

func storeRecords(ctx context.Context, s *target.Session, e entity.Entity, markerCode string, page []pipedrive.Record) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, rec := range page {
			var r struct {
				Name  string `json:"name"`
				Title string `json:"title"`
			}
			if err := json.Unmarshal(rec.Data, &r); err != nil {
				return fmt.Errorf("record %s: %w", rec.ID, err)
			}
			// A record may be met on two pages when others write meanwhile; the later state counts.
			if _, err := tx.Exec("INSERT OR REPLACE INTO dest_record VALUES (?, ?, ?, ?, ?, ?, ?)", s.ID, e.Name, rec.ID,
				e.Marker(rec.Data, markerCode), r.Name+r.Title, string(rec.Data), s.DB.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}
