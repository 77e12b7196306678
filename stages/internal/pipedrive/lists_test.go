package pipedrive

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListPage_UnderstandsEveryWayOfPaging(t *testing.T) {
	v2 := Resource{Entity: "deal", Version: 2, Paging: Cursor, PageSize: 3, IDKey: "id"}
	v1 := Resource{Entity: "lead", Version: 1, Paging: Offset, PageSize: 3, IDKey: "id"}
	all := Resource{Entity: "user", Version: 1, Paging: Whole, IDKey: "id"}
	field := Resource{Entity: "deal_field", Version: 2, Paging: Cursor, PageSize: 3, IDKey: "field_code"}
	three := `[{"id":1},{"id":2},{"id":3}]`
	tests := []struct {
		name   string
		r      Resource
		cursor string
		body   string
		ids    string // separated by spaces; "error" when the page is not to be trusted
		next   string
	}{
		{"v2, more", v2, "", `"data":` + three + `,"additional_data":{"next_cursor":"abc"}`, "1 2 3", "abc"},
		{"v2, last", v2, "abc", `"data":[{"id":4}],"additional_data":{"next_cursor":null}`, "4", ""},
		{"v2, empty", v2, "", `"data":[],"additional_data":{"next_cursor":null}`, "", ""},
		{"v2, empty page in between", v2, "", `"data":[],"additional_data":{"next_cursor":"abc"}`, "", "abc"},
		{"v2, no list", v2, "", `"data":null,"additional_data":{"next_cursor":null}`, "error", ""},
		{"v2, no data", v2, "", `"additional_data":{"next_cursor":null}`, "error", ""},
		{"v2, same cursor again", v2, "abc", `"data":[],"additional_data":{"next_cursor":"abc"}`, "error", ""},
		{"v2, short page without paging", v2, "", `"data":[{"id":1}]`, "1", ""},
		{"v2, full page without paging", v2, "", `"data":` + three, "error", ""},
		{"v2, row without id", v2, "", `"data":[{"id":1},{}],"additional_data":{}`, "error", ""},
		{"v2, row with a broken id", v2, "", `"data":[{"id":1.5}],"additional_data":{}`, "error", ""},
		{"fields go by code", field, "", `"data":[{"field_code":"label_ids"},{"field_code":"0123456789abcdef0123456789abcdef01234567"}],"additional_data":{}`,
			"label_ids 0123456789abcdef0123456789abcdef01234567", ""},
		{"ids of any length", v2, "", `"data":[{"id":92233720368547758079}],"additional_data":{}`, "92233720368547758079", ""},
		{"v1 object, more", v1, "", `"data":` + three + `,"additional_data":{"pagination":{"start":0,"limit":3,"more_items_in_collection":true,"next_start":3}}`, "1 2 3", "3"},
		{"v1 object, last", v1, "3", `"data":[{"id":4}],"additional_data":{"pagination":{"start":3,"limit":3,"more_items_in_collection":false}}`, "4", ""},
		{"v1 flat, more", v1, "3", `"data":[{"id":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}],"additional_data":{"start":3,"limit":3,"more_items_in_collection":true}`,
			"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "6"},
		{"v1 flat, last", v1, "6", `"data":[{"id":7}],"additional_data":{"start":6,"limit":3,"more_items_in_collection":false}`, "7", ""},
		{"v1, empty", v1, "", `"data":null,"additional_data":{"pagination":{"start":0,"limit":3,"more_items_in_collection":false}}`, "", ""},
		{"v1, going back", v1, "6", `"data":[{"id":7}],"additional_data":{"pagination":{"more_items_in_collection":true,"next_start":6}}`, "error", ""},
		{"whole list", all, "", `"data":` + three, "1 2 3", ""},
		{"whole list, empty", all, "", `"data":null`, "", ""},
	}
	for _, tt := range tests {
		env, _ := open([]byte(`{"success":true,` + tt.body + `}`))
		got, err := tt.r.listPage(env, tt.r.pageQuery(nil, tt.cursor), "")
		var ids []string
		for _, rec := range got.records {
			ids = append(ids, rec.ID)
		}
		text := strings.Join(ids, " ")
		if err != nil {
			text = "error"
		}
		if text != tt.ids || got.next != tt.next {
			t.Errorf("%s: ids %q next %q (%v), want %q %q", tt.name, text, got.next, err, tt.ids, tt.next)
		}
	}
}

func TestAll_WalksThePagesAndSendsOnlyKnownParameters(t *testing.T) {
	far := serve(t, inTurn(
		answering(200, "application/json", `{"success":true,"data":[{"id":3},{"id":2}],"additional_data":{"next_cursor":"x=="}}`),
		answering(200, "application/json", `{"success":true,"data":[{"id":1}],"additional_data":{"next_cursor":null}}`)))
	q := url.Values{"sort_direction": {"desc"}}
	var ids []string
	for rec, err := range connect(t, far.URL).All(context.Background(), "deal", q) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, rec.ID)
	}
	if diff := cmp.Diff([]string{"3", "2", "1"}, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	want := []string{"GET /api/v2/deals?limit=500&sort_direction=desc", "GET /api/v2/deals?cursor=x%3D%3D&limit=500&sort_direction=desc"}
	if diff := cmp.Diff(want, far.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if len(q) != 1 {
		t.Errorf("the caller's query became %v", q)
	}
}

func TestAll_EndsWithTheErrorThatCutIt(t *testing.T) {
	far := serve(t, inTurn(
		answering(200, "application/json", `{"success":true,"data":[{"id":1}],"additional_data":{"next_cursor":"x"}}`),
		answering(400, "application/json", refusal)))
	var seen []string
	for rec, err := range connect(t, far.URL).All(context.Background(), "person", nil) {
		if err != nil {
			seen = append(seen, "error")
		} else {
			seen = append(seen, rec.ID)
		}
	}
	if diff := cmp.Diff([]string{"1", "error"}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func TestRecord_KeepsNumbersAsTheyCame(t *testing.T) {
	const data = `{"id":7,"value":12345678901234567890.10,"x":1e-7}`
	far := serve(t, answering(200, "application/json", `{"success":true,"data":`+data+`}`))
	rec, err := connect(t, far.URL).Get(context.Background(), "deal", "7")
	if err != nil || string(rec.Data) != data {
		t.Errorf("got %s (%v), want %s", rec.Data, err, data)
	}
}

func TestUpdate_DoesNotTrustAnAnswerAboutAnotherRecord(t *testing.T) {
	far := serve(t, answering(200, "application/json", json200))
	_, err := connect(t, far.URL).Update(context.Background(), "deal", "8", []byte(`{}`))
	if _, ok := err.(*UnknownError); !ok {
		t.Errorf("got %v, want an unknown outcome", err)
	}
}

func TestEndpoints_AreThoseOfTheTable(t *testing.T) {
	far := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answering(200, "application/json", `{"success":true,"data":[{"id":34,"label":"Gold"}]}`)(w, r)
	})
	c, ctx := connect(t, far.URL), context.Background()
	options, err := c.AddOptions(ctx, "person_field", "label_ids", []string{"Gold"})
	if diff := cmp.Diff([]Option{{"34", "Gold"}}, options); diff != "" || err != nil {
		t.Errorf("options (-want +got):\n%s%v", diff, err)
	}
	if err := c.DeleteOptions(ctx, "deal_field", "label", []string{"34"}); err != nil {
		t.Error(err)
	}
	_, _ = c.Create(ctx, "organization_field", []byte(`{"field_name":"x"}`))
	_, _ = c.Update(ctx, "stage", "5", []byte(`{"name":"x"}`))
	_ = c.Delete(ctx, "pipeline", "6")
	_, _, _ = c.Page(ctx, "user", nil, "")
	_, _, _ = c.Page(ctx, "currency", url.Values{"term": {"EUR"}}, "")
	want := []string{
		`POST /api/v2/personFields/label_ids/options [{"label":"Gold"}]`,
		`DELETE /api/v2/dealFields/label/options [{"id":34}]`,
		`POST /api/v2/organizationFields {"field_name":"x"}`,
		`PATCH /api/v2/stages/5 {"name":"x"}`,
		`DELETE /api/v2/pipelines/6`,
		`GET /api/v1/users`,
		`GET /api/v1/currencies?term=EUR`,
	}
	if diff := cmp.Diff(want, far.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRequests_ThatMakeNoSenseAreNotSent(t *testing.T) {
	far := serve(t, answering(200, "application/json", json200))
	c, ctx := connect(t, far.URL), context.Background()
	for name, f := range map[string]func() error{
		"unknown entity":     func() error { _, err := c.Get(ctx, "unicorn", "1"); return err },
		"inviting a user":    func() error { _, err := c.Create(ctx, "user", []byte(`{}`)); return err },
		"empty id":           func() error { return c.Delete(ctx, "deal", "") },
		"path as id":         func() error { return c.Delete(ctx, "deal", "7/products") },
		"dots as id":         func() error { _, err := c.Get(ctx, "deal", ".."); return err },
		"options of a deal":  func() error { _, err := c.AddOptions(ctx, "deal", "7", []string{"x"}); return err },
		"option that is odd": func() error { return c.DeleteOptions(ctx, "deal_field", "label", []string{"x"}) },
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := c.DeleteOptions(ctx, "deal_field", "label", nil); err != nil {
		t.Errorf("no options to delete: %v", err)
	}
	if got := far.requests(); len(got) > 0 {
		t.Errorf("sent %v", got)
	}
}

func TestCost_IsTheDocumentedPrice(t *testing.T) {
	for _, tt := range []struct {
		entity string
		verb   Verb
		want   int
	}{
		{"deal", List, 10}, {"deal", Get, 1}, {"deal", Create, 5}, {"deal", Update, 5}, {"deal", Delete, 3},
		{"stage", List, 5}, {"person_field", AddOptions, 5}, {"person_field", DeleteOptions, 3}, {"person", AddOptions, 0},
		{"user", List, 20}, {"user", Create, 0}, {"currency", List, 20}, {"me", Get, 2}, {"unicorn", Get, 0},
	} {
		if got := Cost(tt.entity, tt.verb); got != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.entity, tt.verb, got, tt.want)
		}
	}
}

func TestMe_NamesCompanyAndUser(t *testing.T) {
	far := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Sandbox-Role", "rehearsal")
		answering(200, "application/json", `{"success":true,"data":{"id":11,"name":"Ana","email":"ana@example.com","active_flag":true,
			"timezone_name":"Europe/Tallinn","default_currency":"EUR","company_id":42,"company_name":"Acme","company_domain":"acme",
			"access":[{"app":"sales","admin":true},{"app":"global","admin":false},{"app":"account_settings","admin":true}]}}`)(w, r)
	})
	got, err := connect(t, far.URL).Me(context.Background())
	want := Me{CompanyID: "42", CompanyName: "Acme", CompanyDomain: "acme", UserID: "11", Name: "Ana", Email: "ana@example.com", Active: true,
		AdminOf: []string{"sales", "account_settings"}, Timezone: "Europe/Tallinn", Currency: "EUR", SandboxRole: "rehearsal"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || !got.Admin() {
		t.Errorf("me (-want +got):\n%s%v", diff, err)
	}
	if diff := cmp.Diff([]string{"GET /api/v1/users/me"}, far.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
