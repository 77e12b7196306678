package rehearse_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/warehouse"
)

// idOf is the id of what a final record is linked to.
func idOf(t *testing.T, db *warehouse.DB, key string) int64 {
	t.Helper()
	var id string
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM link WHERE final_key = ? AND state = 'live'", key).Scan(&id); err != nil {
		t.Fatal(key, err)
	}
	if _, own, inside := strings.Cut(id, "/"); inside {
		id = own
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// rejects is table v_rejects as text.
func rejects(t *testing.T, db *warehouse.DB) (out string) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT 'rejects: ' || coalesce(group_concat(entity || ' ' || coalesce(error_code, '') || ' ' || coalesce(message, ''), char(10)), 'none') FROM v_rejects").Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// keptRecords is table kept_record as text.
func keptRecords(t *testing.T, db *warehouse.DB) (out string) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT coalesce(group_concat(entity || ' ' || final_key || ': ' || why, char(10)), 'nothing') FROM kept_record").Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// recordNamed is the id of the record of that title in the account.
func recordNamed(a *sandbox.Account, entity, key, title string) int64 {
	for _, r := range a.Records(entity) {
		if r[key] == title {
			return number64(r["id"])
		}
	}
	return 0
}

func number64(v any) int64 {
	n, _ := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	return n
}

func act(t *testing.T, a *sandbox.Account, method, path string, body any) any {
	t.Helper()
	data, err := a.Act(method, path, body)
	if err != nil {
		t.Fatal(method, path, err)
	}
	return data
}
