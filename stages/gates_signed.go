package stages

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	transforms "nextpipe/sql"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/mapping"
	"nextpipe/stages/report"
)

// rules is a hash over what decides where rows go: the map, the transforms, and
// the version of the program. A sign-off covers these rules.
func (e *Env) rules(ctx context.Context) (string, error) {
	seal, err := mapping.Seal(ctx, e.DB)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, seal, Version)
	err = fs.WalkDir(transforms.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(transforms.Files, path)
		fmt.Fprintf(h, "%s %x\n", path, sha256.Sum256(text))
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// requireSigned keeps production shut until a rehearsal was signed. It tells how
// many records are not as they were in that rehearsal.
func (e *Env) requireSigned(ctx context.Context) (differ int64, err error) {
	s, err := e.session(ctx)
	if err != nil {
		return 0, err
	}
	if differ, err = e.allowNewRows(ctx, s); err != nil {
		return 0, err
	}
	return differ, load.Gate(ctx, s, e.opt.Override)
}

// allowNewRows opens production for rows that are new or changed since the
// rehearsal was signed, as long as the rules are the signed ones: people work in
// NextCRM until the cutover, and nobody can sign every delta. How many rows
// differ from the rehearsal's is put on record and returned.
func (e *Env) allowNewRows(ctx context.Context, s *target.Session) (differ int64, err error) {
	if s.Role != target.Production {
		return 0, nil
	}
	rules, err := e.rules(ctx)
	if err != nil {
		return 0, err
	}
	err = e.DB.Write(ctx, func(tx *sql.Tx) error {
		var rehearsal, all int64
		var by, planned string
		err := tx.QueryRow(`SELECT g.target_id, g.by_name, p.seal FROM gate AS g JOIN target AS t ON t.target_id = g.target_id
			JOIN plan AS p ON p.target_id = ? AND p.is_current = 1
			WHERE g.name = 'rehearsal_signed' AND g.is_open = 1 AND g.seal = ? AND t.role = 'rehearsal' AND (t.is_local = 0 OR ?)
			ORDER BY g.gate_id DESC LIMIT 1`, s.ID, rules, s.Local).Scan(&rehearsal, &by, &planned)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT count(*) FILTER (WHERE l.symbolic IS NOT f.payload), count(*) FROM final_item AS f
			LEFT JOIN link AS l ON l.target_id = ? AND l.entity = f.entity AND l.final_key = f.final_key AND l.part = '' AND l.state = 'live'`, rehearsal).
			Scan(&differ, &all); err != nil {
			return err
		}
		return e.DB.DecideOnce(tx, warehouse.Decision{Gate: "rows_since_signoff", TargetID: s.ID, Seal: planned, By: e.opt.By,
			Reason: fmt.Sprintf("the rules are those that %s signed; %d of %d records are not as they were in the rehearsal", by, differ, all)})
	})
	if err != nil {
		return 0, fmt.Errorf("compare with the sign-off: %w", err)
	}
	return differ, nil
}

// lastTarget is the account that was worked on last, which signatures are about;
// 0 when there was none. A --target that names another account is not ignored.
func (e *Env) lastTarget(ctx context.Context) (int64, error) {
	id, err := report.LastTarget(ctx, e.DB)
	asked, wrong := url.Parse(e.opt.Target)
	if err != nil || id == 0 || wrong != nil || asked.Host == "" {
		return id, err
	}
	var last, base string
	if err := e.DB.Read().QueryRowContext(ctx, "SELECT domain, base_url FROM target WHERE target_id = ?", id).Scan(&last, &base); err != nil {
		return 0, err
	}
	known, err := url.Parse(base)
	if err != nil || asked.Host == known.Host || asked.Host == last+".pipedrive.com" || asked.Host == "api.pipedrive.com" {
		return id, err
	}
	return 0, fmt.Errorf("%w: --target is %s, the account that was worked on last is %s: run on the one that is meant first", warehouse.ErrDrift, asked.Host, last)
}
