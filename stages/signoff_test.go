package stages

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"nextpipe/stages/load"
)

func TestSignoff_CoversOnlyWhatWasVerified(t *testing.T) {
	e, ctx := sampleEnv(t), context.Background()
	all := []string{"scope", "extract", "clean", "dedupe", "map", "build", "plan", "provision", "load", "verify"}
	if err := e.Execute(ctx, "run", all...); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if err := e.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE final_deal SET payload = json_set(payload, '$.title', 'Changed after the rehearsal')")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := e.Execute(ctx, "plan", "plan"); err != nil {
		t.Fatal(err)
	}
	if err := e.Signoff(ctx, "Ana", ""); !errors.Is(err, load.ErrGate) {
		t.Errorf("signing what was never loaded gave %v, want a closed gate", err)
	}
	if err := e.Execute(ctx, "run", "load", "verify"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if err := e.Signoff(ctx, "Ana", ""); err != nil {
		t.Errorf("signing what was verified: %v", err)
	}
}
