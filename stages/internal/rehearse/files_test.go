package rehearse_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/verify"
)

func TestLoad_AFileThatIsNotTheExtractedOneWaitsAndTheRestGoesOn(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	offer := filepath.Join(db.Path()+".files", "offer")
	content, err := os.ReadFile(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(offer, []byte(strings.ToUpper(string(content))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); err != nil {
		t.Error(err)
	}
	if n := len(a.Records("files")); n != 0 {
		t.Errorf("the account holds %d files, want none", n)
	}
	if n := count(t, db, "SELECT count(*) FROM load_op WHERE entity = 'file' AND state = 'refused' AND message LIKE '%not those that were extracted%'"); n != 1 {
		t.Errorf("%d operations say why the file was not sent, want 1", n)
	}
	if n := len(a.Records("filters")); n != 1 {
		t.Errorf("the account holds %d filters: the rest did not go on", n)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'file'"); n != 1 {
		t.Errorf("%d files are reported as left out, want 1", n)
	}
	if err := os.WriteFile(offer, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); err != nil {
		t.Error(err)
	}
	if n := len(a.Records("files")); n != 1 {
		t.Errorf("after the file was put back the account holds %d files, want 1", n)
	}
}

// rename changes a file's name as Pipedrive's own page does: by a form.
func rename(t *testing.T, a *sandbox.Account, id int64, name string) {
	t.Helper()
	address, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	req, err := http.NewRequest(http.MethodPut, fmt.Sprintf("%s/api/v1/files/%d", address, id), strings.NewReader(url.Values{"name": {name}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Api-Token", a.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("renaming gave %s", res.Status)
	}
}

func TestVerify_SeesAFileThatWasRenamedOrDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		kind, field string
		harm        func(t *testing.T, a *sandbox.Account, id int64)
	}{
		"renamed": {"value", "name", func(t *testing.T, a *sandbox.Account, id int64) { rename(t, a, id, "other.txt") }},
		"deleted": {"missing", "", func(t *testing.T, a *sandbox.Account, id int64) {
			if err := a.Delete("files", id); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			c.harm(t, a, int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE entity = 'file'")))
			if _, err := verify.Run(t.Context(), rehearse.Connect(t, db, a)); !errors.Is(err, verify.ErrDifferences) {
				t.Errorf("verify gave %v, want differences", err)
			}
			if n := count(t, db, "SELECT count(*) FROM difference WHERE entity = 'file' AND kind = ? AND coalesce(field, '') = ?", c.kind, c.field); n != 1 {
				t.Errorf("%d differences of kind %s", n, c.kind)
			}
		})
	}
}

func TestVerify_ComparesTheSizeOfAFile(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	// As if more had been sent than the account holds.
	exec(t, db, `UPDATE link SET sent = json_set(sent, '$."@blob".size', 15) WHERE entity = 'file'`)
	if _, err := verify.Run(t.Context(), rehearse.Connect(t, db, a)); !errors.Is(err, verify.ErrDifferences) {
		t.Errorf("verify gave %v, want differences", err)
	}
	if n := count(t, db, "SELECT count(*) FROM difference WHERE entity = 'file' AND field = 'file_size'"); n != 1 {
		t.Errorf("%d differences of size, want 1", n)
	}
}
