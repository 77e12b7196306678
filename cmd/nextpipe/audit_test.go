package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportAudit_OnTheCommandLine(t *testing.T) {
	db, out := filepath.Join(t.TempDir(), "np.db"), filepath.Join(t.TempDir(), "audit.db")
	if code, _, errOut := nextpipe(t, nil, "export-audit", "--db", db, "--out", out); code != 2 || !strings.Contains(errOut, "no such file") {
		t.Errorf("of no warehouse: exit %d, %s", code, errOut)
	}
	if code, _, errOut := nextpipe(t, nil, "extract", "--db", db, "--source", writeExport(t)); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	if code, _, errOut := nextpipe(t, nil, "export-audit", "--db", db); code != 2 || !strings.Contains(errOut, "--out") {
		t.Errorf("without --out: exit %d, %s", code, errOut)
	}
	code, said, errOut := nextpipe(t, nil, "export-audit", "--db", db, "--out", out)
	if code != 0 || !strings.Contains(said, "redacted: tables ") {
		t.Fatalf("exit %d: %s%s", code, said, errOut)
	}
	found, err := exec.Command("sqlite3", out, "SELECT count(*), sum(email LIKE '%@%') FROM stg_contact").Output()
	if err != nil || string(found) != "2|0\n" {
		t.Errorf("the copy holds %s (%v), want 2 contacts without address", found, err)
	}
	if left, _ := filepath.Glob(out + ".part*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if code, _, _ := nextpipe(t, nil, "export-audit", "--db", db, "--out", filepath.Join(out, "below.db")); code != 2 {
		t.Errorf("into a place that is none: exit %d, want 2", code)
	}
}

// A file of an older version has other tables: it is not exported half known.
func TestExportAudit_RefusesAnotherSchemaAndChangesNothing(t *testing.T) {
	db := emptyWarehouse(t)
	if out, err := exec.Command("sqlite3", db, "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := nextpipe(t, nil, "export-audit", "--db", db, "--out", filepath.Join(t.TempDir(), "audit.db")); code != 2 || !strings.Contains(errOut, "nextpipe status") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if after, err := os.ReadFile(db); err != nil || string(before) != string(after) {
		t.Errorf("the warehouse was changed (%v)", err)
	}
}

func TestCompletion_TheShellAsksTheProgram(t *testing.T) {
	ask := `source <("$0" completion bash)
nextpipe() { "$PROGRAM" "$@"; }
COMP_WORDS=(nextpipe roll); COMP_CWORD=1; _nextpipe; echo "${COMPREPLY[@]}"
COMP_WORDS=(nextpipe cutover --fr); COMP_CWORD=2; _nextpipe; echo "${COMPREPLY[@]}"`
	cmd := exec.Command("bash", "-c", ask, binary)
	cmd.Env = append(os.Environ(), "PROGRAM="+binary)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "rollback\n--freeze\n" {
		t.Errorf("bash completes to %q, %v", out, err)
	}
	for shell, says := range map[string]string{"zsh": "#compdef nextpipe", "fish": "complete -c nextpipe"} {
		if code, out, _ := nextpipe(t, nil, "completion", shell); code != 0 || !strings.Contains(out, says) {
			t.Errorf("%s: exit %d\n%s", shell, code, out)
		}
	}
	if code, _, errOut := nextpipe(t, nil, "completion", "tcsh"); code != 2 || !strings.Contains(errOut, "tcsh") {
		t.Errorf("tcsh: exit %d, %s", code, errOut)
	}
}
