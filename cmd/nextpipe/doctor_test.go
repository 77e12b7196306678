package main

import (
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
)

func TestDoctor_SaysWhatStandsInTheWayAndExplainsIt(t *testing.T) {
	a, err := sandbox.New(sandbox.Options{Users: []sandbox.User{{Name: "Ada", Email: "ada@x.example", Admin: true},
		{Name: "Ned", Email: "ned@x.example", Token: "token-of-ned", Deny: []string{"can_see_other_users"}}}})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	db := emptyWarehouse(t)
	code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=token-of-ned"}, "doctor", "--db", db, "--target", url)
	if code != 4 || !strings.Contains(out, "error    sees_not_everything") || !strings.Contains(out, "error    cannot_see_users") || !strings.Contains(errOut, "not ready") {
		t.Errorf("a user who sees little: exit %d\n%s\n%s", code, out, errOut)
	}
	code, out, errOut = nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + a.Token()}, "doctor", "--db", db, "--target", url, "--dry-run", "--json")
	if code != 0 || !strings.Contains(out, `"code":"automations_unseen","severity":"info"`) || strings.Contains(out, "cannot_see_users") {
		t.Errorf("the admin: exit %d\n%s\n%s", code, out, errOut)
	}
	code, out, _ = nextpipe(t, nil, "explain", "--what", "cannot_see_users")
	if code != 0 || !strings.HasPrefix(out, "cannot_see_users: the user may not see the other users") {
		t.Errorf("explain: exit %d %s", code, out)
	}
	if n := len(a.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
}
