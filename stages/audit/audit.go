// Package audit makes a copy of the warehouse for auditors.
//
//	reads   every table of the warehouse, which is opened read-only
//	does    copies it whole, or with everything personal sealed by the profile; proves that the copy is sound; lists what is in it
//	writes  nothing but the new file and its manifest
//
// A redacted file never holds what it hides: rows are sealed on their way in,
// so no free page and no slack of one can give it away.
package audit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Options say what to export.
type Options struct {
	Warehouse string
	Out       string
	Full      bool   // nothing is sealed
	Version   string // of the tool
	Now       string // time, as the warehouse writes it
	// Own are texts of the program that stand in the warehouse: they hide nobody.
	Own []string
}

// Export writes the copy and its manifest, which it returns. Nothing is
// overwritten, and a copy that is not sound is not left behind.
func Export(ctx context.Context, o Options) (m Manifest, err error) {
	for _, name := range []string{o.Out, o.Out + manifestEnding} {
		if _, err := os.Lstat(name); err == nil {
			return m, stage.Input(fmt.Errorf("export for auditors: %s exists; name another file with --out", name))
		}
	}
	if dir, err := os.Stat(filepath.Dir(o.Out)); err != nil || !dir.IsDir() {
		return m, stage.Input(fmt.Errorf("export for auditors: %s is no folder", filepath.Dir(o.Out)))
	}
	part := o.Out + ".part"
	defer func() { err = errors.Join(err, warehouse.RemoveCopy(part)) }()
	if err := warehouse.RemoveCopy(part); err != nil {
		return m, err
	}
	if err := warehouse.Touch(part); err != nil {
		return m, stage.Input(fmt.Errorf("export for auditors: %w", err))
	}
	var left []string
	if err := warehouse.ReadOnly(ctx, o.Warehouse, func(source *sql.DB) (err error) {
		if o.Full {
			return whole(ctx, source, part)
		}
		left, err = redacted(ctx, source, part, o.Own)
		return err
	}); err != nil {
		return m, fmt.Errorf("export for auditors: %w", err)
	}
	if m, err = describe(ctx, part, o); err != nil {
		return m, fmt.Errorf("check the export for auditors: %w", err)
	}
	m.LeftOut = left
	if err := m.write(o.Out + manifestEnding); err != nil {
		return m, err
	}
	return m, os.Rename(part, o.Out)
}

// whole copies everything that is in a table; free pages stay behind.
func whole(ctx context.Context, source *sql.DB, to string) error {
	_, err := source.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// redacted copies the warehouse as of one moment, every text by its policy, and
// names what it left out.
func redacted(ctx context.Context, source *sql.DB, to string, own []string) (left []string, err error) {
	snapshot, err := source.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snapshot.Rollback()) }()
	made, err := warehouse.NewFile(to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, made.Close()) }()
	tx, err := made.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	copier := &copier{ctx: ctx, from: snapshot, to: tx, own: own}
	if err := copier.all(); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return copier.left, tx.Commit()
}

// newSalt is known to this one copy only and to nobody afterwards.
func newSalt() []byte {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails, says its documentation
	return salt
}
