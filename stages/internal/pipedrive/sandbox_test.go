package pipedrive_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
)

// rehearse serves an account and connects to it; both share the account's clock.
func rehearse(t *testing.T, opts sandbox.Options, change ...func(*pipedrive.Config)) (*sandbox.Account, *pipedrive.Client) {
	t.Helper()
	acct, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := acct.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Cleanup(acct.Close)
	cfg := pipedrive.Config{BaseURL: address, Token: acct.Token(), Timeout: 5 * time.Second, Now: acct.Clock().Now, Sleep: acct.Clock().Sleep}
	for _, f := range change {
		f(&cfg)
	}
	c, err := pipedrive.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return acct, c
}

func add(t *testing.T, c *pipedrive.Client, entity, body string) string {
	t.Helper()
	rec, err := c.Create(context.Background(), entity, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return rec.ID
}

// idsOf lists the ids of every record of an entity, sorted.
func idsOf(t *testing.T, c *pipedrive.Client, entity string, q url.Values) (ids []string) {
	t.Helper()
	for rec, err := range c.All(context.Background(), entity, q) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, rec.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestSandbox_LivesThroughEveryVerbOfEveryEntityAtTheDocumentedPrice(t *testing.T) {
	acct, c := rehearse(t, sandbox.Options{Plan: "growth"})
	ctx := context.Background()
	price := 0
	pipeline := add(t, c, "pipeline", `{"name":"Campaigns"}`)
	stage := add(t, c, "stage", `{"name":"Sent","pipeline_id":`+pipeline+`}`)
	price += pipedrive.Cost("pipeline", pipedrive.Create) + pipedrive.Cost("stage", pipedrive.Create)
	bodies := []struct{ entity, create, update string }{
		{"organization", `{"name":"Acme"}`, `{"name":"Acme Ltd"}`},
		{"person", `{"name":"Ana Kask","emails":[{"value":"ana@example.com","primary":true,"label":"work"}]}`, `{"name":"Ana"}`},
		{"deal", `{"title":"Pilot","value":1200.5,"currency":"EUR","stage_id":` + stage + `}`, `{"status":"won"}`},
		{"pipeline", `{"name":"Spare"}`, `{"name":"Spare 2"}`},
		{"stage", `{"name":"Opened","pipeline_id":` + pipeline + `}`, `{"deal_probability":40}`},
		{"organization_field", `{"field_name":"NextCRM ID","field_type":"varchar"}`, `{"field_name":"NextCRM id"}`},
		{"person_field", `{"field_name":"Source","field_type":"enum","options":[{"label":"Fair"}]}`, `{"field_name":"Origin"}`},
		{"deal_field", `{"field_name":"Created at","field_type":"date"}`, `{"field_name":"Created"}`},
	}
	for _, b := range bodies {
		id := add(t, c, b.entity, b.create)
		if _, err := c.Update(ctx, b.entity, id, []byte(b.update)); err != nil {
			t.Error(err)
		}
		if rec, err := c.Get(ctx, b.entity, id); err != nil || rec.ID != id {
			t.Errorf("%s %s: read back %q, %v", b.entity, id, rec.ID, err)
		}
		if !slices.Contains(idsOf(t, c, b.entity, nil), id) {
			t.Errorf("%s %s is not in its list", b.entity, id)
		}
		if err := c.Delete(ctx, b.entity, id); err != nil {
			t.Error(err)
		}
		for _, v := range []pipedrive.Verb{pipedrive.Create, pipedrive.Update, pipedrive.Get, pipedrive.List, pipedrive.Delete} {
			price += pipedrive.Cost(b.entity, v)
		}
	}
	for _, entity := range []string{"user", "currency"} {
		if len(idsOf(t, c, entity, nil)) == 0 {
			t.Errorf("no %s", entity)
		}
		price += pipedrive.Cost(entity, pipedrive.List)
	}
	if got := acct.TokensSpent(); got != price {
		t.Errorf("the account charged %d tokens, our prices say %d", got, price)
	}
}

func TestSandbox_OptionsComeWithTheirIDs(t *testing.T) {
	acct, c := rehearse(t, sandbox.Options{})
	ctx := context.Background()
	options, err := c.AddOptions(ctx, "person_field", "label_ids", []string{"Gold", "Silver"})
	if err != nil || len(options) != 2 || options[0].Label != "Gold" || options[1].Label != "Silver" {
		t.Fatalf("got %v, %v", options, err)
	}
	person := add(t, c, "person", `{"name":"Ana","label_ids":[`+options[0].ID+`]}`)
	if err := c.DeleteOptions(ctx, "person_field", "label_ids", []string{options[1].ID}); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(ctx, "person", person); err != nil {
		t.Error(err)
	}
	want := pipedrive.Cost("person_field", pipedrive.AddOptions) + pipedrive.Cost("person_field", pipedrive.DeleteOptions) +
		pipedrive.Cost("person", pipedrive.Create) + pipedrive.Cost("person", pipedrive.Get)
	if got := acct.TokensSpent(); got != want {
		t.Errorf("the account charged %d tokens, our prices say %d", got, want)
	}
}

func TestSandbox_MeTellsWhoseAccountItIs(t *testing.T) {
	acct, c := rehearse(t, sandbox.Options{Role: "production"})
	me, err := c.Me(context.Background())
	if err != nil || me.CompanyID != fmt.Sprint(acct.CompanyID()) || me.CompanyDomain == "" || me.Email != "admin@sandbox.example" ||
		!me.Admin() || !me.Active || me.SandboxRole != "production" || me.Timezone == "" {
		t.Errorf("got %+v, %v", me, err)
	}
}

func TestSandbox_PermissionsWebhooksAndBoardsAreReadAtTheDocumentedPrice(t *testing.T) {
	acct, c := rehearse(t, sandbox.Options{Users: []sandbox.User{{Name: "Ada", Email: "ada@x.example", Admin: true},
		{Name: "Ned", Email: "ned@x.example", Deny: []string{"can_modify_labels"}}}})
	ids := idsOf(t, c, "user", nil)
	denied := 0
	for _, id := range ids {
		may, err := c.Permissions(context.Background(), id)
		if err != nil || !may["can_add_custom_fields"] {
			t.Errorf("user %s: %v, %v", id, may, err)
		}
		if said, known := may["can_modify_labels"]; known && !said {
			denied++
		}
	}
	if denied != 1 {
		t.Errorf("%d users may not change labels, want 1", denied)
	}
	if _, err := c.Permissions(context.Background(), ""); err == nil {
		t.Error("the permissions of nobody were read")
	}
	if hooks := idsOf(t, c, "webhook", nil); len(hooks) != 0 {
		t.Errorf("webhooks %v", hooks)
	}
	var refused *pipedrive.Error
	if _, _, err := c.Page(context.Background(), "board", nil, ""); !errors.As(err, &refused) || refused.Kind != pipedrive.Forbidden {
		t.Errorf("boards without Projects: %v, want a refusal", err)
	}
	want := pipedrive.Cost("user", pipedrive.List) + 2*pipedrive.Cost("permissions", pipedrive.Get) +
		pipedrive.Cost("webhook", pipedrive.List) + pipedrive.Cost("board", pipedrive.List)
	if got := acct.TokensSpent(); got != want {
		t.Errorf("the account charged %d tokens, our prices say %d", got, want)
	}
}

func TestSandbox_ListsAreWholeAndFollowUpdatedSince(t *testing.T) {
	acct, c := rehearse(t, sandbox.Options{Plan: "lite"})
	if err := acct.Populate(1203, 0, 0); err != nil {
		t.Fatal(err)
	}
	if got := len(slices.Compact(idsOf(t, c, "organization", nil))); got != 1203 {
		t.Errorf("listed %d organizations, want 1203", got)
	}
	acct.Clock().Advance(1500 * time.Millisecond)
	since := acct.Clock().Now()
	id := add(t, c, "organization", `{"name":"Late"}`)
	got := idsOf(t, c, "organization", url.Values{"updated_since": {pipedrive.Timestamp(since)}})
	if !slices.Contains(got, id) {
		t.Errorf("updated since %s: %v, want %s among them", pipedrive.Timestamp(since), got, id)
	}
}

func TestSandbox_AnUndisturbedRunNeverMeetsTheLimit(t *testing.T) {
	for _, plan := range []string{"lite", "ultimate"} {
		acct, c := rehearse(t, sandbox.Options{Plan: plan})
		var wg sync.WaitGroup
		for sender := range 6 {
			wg.Go(func() {
				for i := range 40 {
					if _, err := c.Create(context.Background(), "organization", fmt.Appendf(nil, `{"name":"Org %d-%d"}`, sender, i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, call := range acct.Calls() {
			if call.Status == http.StatusTooManyRequests {
				t.Fatalf("%s: %s %s was over the limit", plan, call.Method, call.Path)
			}
		}
		if got := len(acct.Records("organizations")); got != 240 {
			t.Errorf("%s: the account holds %d organizations, want 240", plan, got)
		}
	}
}

func TestSandbox_AnotherSenderOfTheSameTokenIsNoReasonToFail(t *testing.T) {
	var acct *sandbox.Account
	var address string
	crowd := func(pipedrive.Call) error { // a script of the same user fills what is left of the window
		for range 12 {
			req, _ := http.NewRequest(http.MethodGet, address+"/api/v2/stages", nil)
			req.Header.Set("x-api-token", acct.Token())
			if res, err := http.DefaultClient.Do(req); err == nil {
				res.Body.Close()
			}
		}
		return nil
	}
	acct, c := rehearse(t, sandbox.Options{Plan: "lite"}, func(cfg *pipedrive.Config) { address = cfg.BaseURL; cfg.Before = crowd })
	for i := range 20 {
		add(t, c, "organization", fmt.Sprintf(`{"name":"Org %d"}`, i))
	}
	if got := len(acct.Records("organizations")); got != 20 {
		t.Errorf("the account holds %d organizations, want 20", got)
	}
	limited := 0
	for _, call := range acct.Calls() {
		if call.Status == http.StatusForbidden {
			t.Fatalf("the account was blocked")
		}
		if call.Status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("nobody met the limit: the other sender was too slow to prove anything")
	}
}

func TestSandbox_AWriteIsSentOnceWhateverHappensToIt(t *testing.T) {
	tests := []struct {
		fault    sandbox.Fault
		unknown  bool
		kind     pipedrive.Kind // of the *Error when the outcome is known; 0: success
		executed int
	}{
		{sandbox.Fault{Do: sandbox.DropBefore}, true, 0, 0},
		{sandbox.Fault{Do: sandbox.DropAfter}, true, 0, 1},
		{sandbox.Fault{Do: sandbox.FailBefore}, true, 0, 0},
		{sandbox.Fault{Do: sandbox.FailBefore, Status: 503}, true, 0, 0},
		{sandbox.Fault{Do: sandbox.FailAfter, Status: 502}, true, 0, 1},
		{sandbox.Fault{Do: sandbox.FailAfter, Status: 504}, true, 0, 1},
		{sandbox.Fault{Do: sandbox.Truncate}, true, 0, 1},
		{sandbox.Fault{Do: sandbox.Delay, Wait: time.Minute}, true, 0, 1},
		{sandbox.Fault{Do: sandbox.Hold}, true, 0, 0},
		{sandbox.Fault{Do: sandbox.Cloudflare}, false, pipedrive.Blocked, 0},
		{sandbox.Fault{Do: sandbox.Unauthorized}, false, pipedrive.Unauthorized, 0},
		{sandbox.Fault{Do: sandbox.TooManyDaily, RetryAfter: 2}, false, pipedrive.BudgetSpent, 0},
		{sandbox.Fault{Do: sandbox.TooManyBurst, Nth: 1, Times: 2}, false, 0, 1},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %d", tt.fault.Do, tt.fault.Status), func(t *testing.T) {
			acct, c := rehearse(t, sandbox.Options{}, func(cfg *pipedrive.Config) { cfg.Timeout = 200 * time.Millisecond })
			tt.fault.Writes = true
			acct.Script(tt.fault)
			_, err := c.Create(context.Background(), "organization", []byte(`{"name":"Acme"}`))
			var refused *pipedrive.Error
			var kind pipedrive.Kind
			if errors.As(err, &refused) {
				kind = refused.Kind
			}
			if errors.Is(err, pipedrive.ErrUnknownOutcome) != tt.unknown || kind != tt.kind {
				t.Errorf("got %v, want unknown %v, kind %q", err, tt.unknown, tt.kind)
			}
			if got := len(acct.Records("organizations")); got != tt.executed {
				t.Errorf("the account holds %d organizations, want %d", got, tt.executed)
			}
			if got := sentNotLimited(acct); got > 1 {
				t.Errorf("sent %d times", got)
			}
		})
	}
}

// sentNotLimited counts the writes that were not turned away with 429.
func sentNotLimited(acct *sandbox.Account) (n int) {
	for _, call := range acct.Writes() {
		if call.Status != http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

func TestSandbox_ReadsSurviveAStorm(t *testing.T) {
	for _, effect := range []sandbox.Effect{sandbox.DropBefore, sandbox.DropAfter, sandbox.FailBefore, sandbox.Truncate, sandbox.TooManyBurst} {
		acct, c := rehearse(t, sandbox.Options{})
		if err := acct.Populate(700, 0, 0); err != nil {
			t.Fatal(err)
		}
		acct.Script(sandbox.Fault{Method: http.MethodGet, Nth: 1, Times: 2, Do: effect})
		if got := len(idsOf(t, c, "organization", nil)); got != 700 {
			t.Errorf("%s: listed %d organizations, want 700", effect, got)
		}
	}
}

func TestSandbox_StopsWhenTheDayIsSpentAndGoesOnTheNext(t *testing.T) {
	for _, dropped := range []float64{0, 1} { // with the daily headers and without
		acct, c := rehearse(t, sandbox.Options{DailyTokens: 23, DropBudgetHeaders: dropped})
		var made int
		var err error
		for err == nil {
			if _, err = c.Create(context.Background(), "organization", fmt.Appendf(nil, `{"name":"Org %d"}`, made)); err == nil {
				made++
			}
		}
		if !errors.Is(err, pipedrive.ErrBudgetSpent) || made != 4 {
			t.Fatalf("made %d, then %v; want 4, then the budget spent", made, err)
		}
		for range 20 { // a stubborn caller does not get the account blocked
			_, err = c.Create(context.Background(), "organization", []byte(`{"name":"again"}`))
		}
		if !errors.Is(err, pipedrive.ErrBudgetSpent) {
			t.Errorf("asked again: %v", err)
		}
		acct.Clock().Advance(16 * time.Hour)
		add(t, c, "organization", `{"name":"next day"}`)
	}
}

func TestSandbox_TellsAFullPlanFromAMissingPermission(t *testing.T) {
	_, c := rehearse(t, sandbox.Options{FieldCap: 1})
	add(t, c, "deal_field", `{"field_name":"One","field_type":"text"}`)
	_, err := c.Create(context.Background(), "deal_field", []byte(`{"field_name":"Two","field_type":"text"}`))
	var capped *pipedrive.Error
	if !errors.As(err, &capped) || capped.Kind != pipedrive.Capped || capped.Entity != "deal_field" {
		t.Errorf("beyond the plan: %v, want it capped", err)
	}
	seller := func(cfg *pipedrive.Config) { cfg.Token = "seller" }
	_, c = rehearse(t, sandbox.Options{Users: []sandbox.User{
		{Name: "Ada", Email: "ada@sandbox.example", Admin: true},
		{Name: "Sam", Email: "sam@sandbox.example", Token: "seller"},
	}}, seller)
	_, err = c.Create(context.Background(), "pipeline", []byte(`{"name":"Mine"}`))
	var forbidden *pipedrive.Error
	if !errors.As(err, &forbidden) || forbidden.Kind != pipedrive.Forbidden {
		t.Errorf("without permission: %v, want it forbidden", err)
	}
}

func TestSandbox_RefusalsKeepPipedrivesWords(t *testing.T) {
	_, c := rehearse(t, sandbox.Options{})
	_, err := c.Create(context.Background(), "organization", []byte(`{"name":"Acme","unicorns":3}`))
	var refused *pipedrive.Error
	if !errors.As(err, &refused) || refused.Kind != pipedrive.Refused || refused.Code != "ERR_SCHEMA_VALIDATION_FAILED" || !strings.Contains(err.Error(), "unicorns") {
		t.Errorf("got %v", err)
	}
	_, err = c.Get(context.Background(), "deal", "999999999")
	if !errors.As(err, &refused) || !refused.NotFound() {
		t.Errorf("got %v, want not found", err)
	}
}
