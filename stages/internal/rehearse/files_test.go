package rehearse_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/internal/rehearse"
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
