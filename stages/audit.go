package stages

import (
	"context"
	"strings"
	"time"

	sqlfiles "nextpipe/sql"
	"nextpipe/stages/audit"
	"nextpipe/stages/clean"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/warehouse"
)

// ExportAudit copies the warehouse for auditors, redacted unless full. It needs
// no Env: the warehouse is opened read-only.
func ExportAudit(ctx context.Context, db, out string, full bool) (audit.Manifest, error) {
	own, err := ownTexts()
	if err != nil {
		return audit.Manifest{}, err
	}
	return audit.Export(ctx, audit.Options{Warehouse: db, Out: out, Full: full, Version: Version, Own: own, Now: warehouse.Stamp(time.Now())})
}

// ownTexts are what rules and checks are called and mean.
func ownTexts() ([]string, error) {
	var all []string
	for _, r := range clean.Rules {
		all = append(all, r.Code, r.Meaning, r.Action)
	}
	checks, err := model.Load(sqlfiles.Files, "check")
	for _, c := range checks {
		all = append(all, c.Table, strings.TrimPrefix(c.Grain, "one row per "))
	}
	return all, err
}
