package rehearse_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// admins are users of one company, each with a token.
func admins(change ...func(*sandbox.User)) []sandbox.User {
	var all []sandbox.User
	for _, name := range []string{"ada", "bea", "cleo"} {
		all = append(all, sandbox.User{Name: name, Email: name + "@sandbox.example", Admin: true, Token: "token-of-" + name})
	}
	for _, f := range change {
		f(&all[1])
	}
	return all
}

const threeTokens = "token-of-ada,token-of-bea\ntoken-of-cleo\n"

// The account ends up the same to the last owner, author and creator whether one
// token does all the work or three share it; and they do share it.
func TestCrew_LeavesTheSameAccountAsOneToken(t *testing.T) {
	dumps := map[string]string{}
	for _, tokens := range []string{"token-of-ada", threeTokens} {
		db := rehearse.BroadWarehouse(t)
		exec(t, db, `UPDATE final_person SET payload = json_set(payload, '$.visible_to', 3, '$.owner_id."@ref"', 'user:nobody@example.com')`)
		a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Users: admins()})
		s := rehearse.ConnectWith(t, db, a, target.Config{Token: tokens})
		if err := loadInto(t, s); err != nil {
			t.Fatal(err)
		}
		dumps[tokens] = a.Dump(marker) + takenFromUsers(a)
		users := count(t, db, "SELECT count(DISTINCT user_id) FROM http_log WHERE method <> 'GET'")
		if want := 1 + 2*strings.Count(tokens, ","); users != want {
			t.Errorf("%d users' tokens have written, want %d", users, want)
		}
	}
	if diff := cmp.Diff(dumps["token-of-ada"], dumps[threeTokens]); diff != "" {
		t.Errorf("with three tokens (-one +three):\n%s", diff)
	}
}

// takenFromUsers counts the records by whatever the account took from the user.
func takenFromUsers(a *sandbox.Account) string {
	out := map[string]int{}
	for _, entity := range []string{"organizations", "persons", "deals", "leads", "activities", "notes", "files", "filters", "products", "projects"} {
		for _, rec := range a.Records(entity) {
			for key, value := range rec {
				if strings.Contains(key, "user_id") || strings.Contains(key, "creator") || key == "owner_id" || strings.HasPrefix(key, "visible") {
					out[fmt.Sprintln(entity, key, value)]++
				}
			}
		}
	}
	return fmt.Sprint(out) // sorted by key
}

func TestCrew_RefusesTokensThatAreNotAlike(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sandbox.User)
		tokens string
		want   string
	}{
		"no admin":          {func(u *sandbox.User) { u.Admin = false }, threeTokens, "bea@sandbox.example may not share the work of ada@sandbox.example: is no admin of"},
		"another time zone": {func(u *sandbox.User) { u.Timezone = "Asia/Tokyo" }, threeTokens, "has another time zone, Asia/Tokyo"},
		"another currency":  {func(u *sandbox.User) { u.Currency = "USD" }, threeTokens, "has another currency, USD"},
		"one token twice":   {nil, "token-of-ada\ntoken-of-ada", "given twice"},
		"an unknown token":  {nil, "token-of-ada,token-of-nobody", "unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			users := admins()
			if c.change != nil {
				users = admins(c.change)
			}
			db, a := rehearse.Warehouse(t, 1), rehearse.AccountWith(t, sandbox.Options{Seed: 1, Users: users})
			_, err := rehearse.ConnectOr(t, db, a, target.Config{Token: c.tokens})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "token-of") {
				t.Errorf("got %v, want %q and no token", err, c.want)
			}
		})
	}
}

// One of the tokens is revoked in the middle: the run stops as with a single
// one, and goes on with the others' when told to.
func TestCrew_ARevokedTokenStopsTheRun(t *testing.T) {
	db := rehearse.Warehouse(t, 20)
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Users: admins()})
	s := rehearse.ConnectWith(t, db, a, target.Config{Token: threeTokens})
	a.Script(sandbox.Fault{Writes: true, Path: "/api/v2/persons", Nth: 5, Do: sandbox.Unauthorized})
	err := loadInto(t, s)
	var refused *pipedrive.Error
	if !errors.As(err, &refused) || refused.Kind != pipedrive.Unauthorized {
		t.Fatalf("got %v, want unauthorized", err)
	}
	a.Script()
	if err := loadInto(t, rehearse.ConnectWith(t, db, a, target.Config{Token: "token-of-ada"})); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("persons")); n != 20 {
		t.Errorf("the account holds %d persons, want 20", n)
	}
}

func TestCrew_ATokenOfAnotherCompanyIsDrift(t *testing.T) {
	db := rehearse.Warehouse(t, 1)
	a, b := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Token: "token-of-ada"}), rehearse.AccountWith(t, sandbox.Options{Seed: 2, Token: "token-of-zoe"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Token") == "token-of-zoe" {
			b.ServeHTTP(w, r)
			return
		}
		a.ServeHTTP(w, r)
	}))
	defer server.Close()
	run, err := db.BeginRun(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	_, err = target.Connect(t.Context(), db, run, target.Config{URL: server.URL, Token: "token-of-ada,token-of-zoe", Now: a.Clock().Now, Wait: a.Clock().Sleep})
	if !errors.Is(err, warehouse.ErrDrift) {
		t.Errorf("got %v, want drift", err)
	}
	if n := count(t, db, "SELECT count(*) FROM target"); n != 0 {
		t.Errorf("%d accounts are remembered", n)
	}
}
