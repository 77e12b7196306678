package rehearse_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/scope"
)

// forgets lets the account refuse the second page of persons so many times.
func forgets(times int) sandbox.Fault {
	return sandbox.Fault{Method: http.MethodGet, Path: "/api/v2/persons", Nth: 2, Times: times, Do: sandbox.FailBefore, Status: http.StatusBadRequest}
}

// A cursor expires in the middle of a list, while others go on working: the
// list is read from its start, and nobody is missed.
func TestScope_ReadsAListAgainWhoseCursorExpires(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := a.Populate(1, 700, 1); err != nil {
		t.Fatal(err)
	}
	var answered atomic.Int64
	others := sandbox.Fault{Method: http.MethodGet, Path: "/api/v2/persons", Hook: func(phase sandbox.Phase, _ *http.Request) {
		// Between the pages one is deleted and one comes.
		if phase == sandbox.Answered && answered.Add(1) == 1 {
			first := a.Records("persons")[0]
			if err := a.Delete("persons", number64(first["id"])); err != nil {
				t.Error(err)
			}
			if _, err := a.Create("persons", map[string]any{"name": "Late"}); err != nil {
				t.Error(err)
			}
		}
	}}
	a.Script(forgets(1), others)
	if _, err := scope.Run(t.Context(), rehearse.Connect(t, db, a)); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Records("persons") {
		if n := count(t, db, "SELECT count(*) FROM dest_record WHERE entity = 'person' AND pipedrive_id = ?", number64(r["id"])); n != 1 {
			t.Fatalf("person %v is there %d times", r["id"], n)
		}
	}
}

func TestScope_ACursorThatExpiresEachTimeIsTemporary(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := a.Populate(1, 700, 1); err != nil {
		t.Fatal(err)
	}
	var cursors atomic.Int64
	a.Script(sandbox.Fault{Hook: func(phase sandbox.Phase, r *http.Request) {
		if phase == sandbox.Received && r.URL.Query().Get("cursor") != "" && r.URL.Path == "/api/v2/persons" {
			cursors.Add(1)
			q := r.URL.Query()
			q.Set("cursor", "forgotten")
			r.URL.RawQuery = q.Encode()
		}
	}})
	_, err := scope.Run(t.Context(), rehearse.Connect(t, db, a))
	var temporary *pipedrive.Error
	if !errors.As(err, &temporary) || temporary.Kind != pipedrive.Temporary || !errors.Is(err, pipedrive.ErrCursorExpired) {
		t.Errorf("it says %v", err)
	}
	if n := cursors.Load(); n < 2 || n > 5 {
		t.Errorf("the list was begun %d times", n)
	}
}
