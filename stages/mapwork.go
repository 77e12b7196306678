package stages

import (
	"context"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/mapping"
)

// ExportMap writes the map as CSV files into a folder.
func (e *Env) ExportMap(ctx context.Context, dir string) error {
	return stage.Input(mapping.ExportCSV(ctx, e.DB, dir))
}

// ImportMap takes changed cells of such files over as decisions of a person
// and returns how many there were.
func (e *Env) ImportMap(ctx context.Context, dir, by string) (int, error) {
	n, err := mapping.ImportCSV(ctx, e.DB, dir, by)
	return n, stage.Input(err)
}

// ConfirmMap records that a person has confirmed the map as it is, and returns its seal.
func (e *Env) ConfirmMap(ctx context.Context, by string) (string, error) {
	seal, err := mapping.Confirm(ctx, e.DB, by)
	return seal, stage.Input(err)
}
