package mapping

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// Gate is the name of the gate that a confirmed map opens.
const Gate = "map_confirmed"

// Seal is a hash over everything in the map that decides where data goes.
// Evidence and counts are left out: they move with every delta and change nothing.
func Seal(ctx context.Context, db *warehouse.DB) (string, error) {
	hash := sha256.New()
	for _, feed := range []func() error{
		func() error { return seal[Setting](ctx, db, "map_setting", hash) },
		func() error { return seal[User](ctx, db, "map_user", hash) },
		func() error { return seal[Label](ctx, db, "map_label", hash) },
		func() error { return seal[Field](ctx, db, "map_field", hash) },
		func() error { return seal[Option](ctx, db, "map_option", hash) },
		func() error { return seal[Stage](ctx, db, "map_stage", hash) },
		func() error { return seal[Status](ctx, db, "map_status", hash) },
		func() error { return seal[Segment](ctx, db, "map_segment", hash) },
		func() error { return seal[ActivityType](ctx, db, "map_activity_type", hash) },
		func() error { return sealDealValues(ctx, db, hash) },
	} {
		if err := feed(); err != nil {
			return "", fmt.Errorf("seal map: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// seal adds one table, row by row in the order of the keys.
func seal[T any](ctx context.Context, db *warehouse.DB, table string, to interface{ Write([]byte) (int, error) }) error {
	rows, err := load[T](ctx, db, table)
	if err != nil {
		return err
	}
	return sealRows(table, rows, to)
}

// sealRows adds rows of a table. JSON keeps the borders between values: no two
// maps can read alike.
func sealRows[T any](table string, rows []T, to interface{ Write([]byte) (int, error) }) error {
	enc := json.NewEncoder(to)
	for i := range rows {
		v := reflect.ValueOf(&rows[i]).Elem()
		line := []any{table}
		for j := range v.NumField() {
			if !derivedColumns[v.Type().Field(j).Tag.Get("csv")] {
				line = append(line, v.Field(j).Interface())
			}
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// Confirm records that the named person has read the map as it stands and
// agrees, and returns its seal. Any later change of the map has another seal,
// which closes the gate again.
func Confirm(ctx context.Context, db *warehouse.DB, by string) (string, error) {
	if strings.TrimSpace(by) == "" {
		return "", errors.New("confirm map: say who confirms it with --by NAME")
	}
	var rows int
	if err := db.Read().QueryRowContext(ctx, "SELECT count(*) FROM map_field").Scan(&rows); err != nil {
		return "", fmt.Errorf("confirm map: %w", err)
	}
	if rows == 0 {
		return "", errors.New("confirm map: there is no map yet; run `nextpipe map` first")
	}
	s, err := Seal(ctx, db)
	if err != nil {
		return "", err
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		return db.Decide(tx, warehouse.Decision{Gate: Gate, Seal: s, By: by})
	})
	if err != nil {
		return "", fmt.Errorf("confirm map: %w", err)
	}
	return s, nil
}
