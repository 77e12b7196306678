package dedupe_test

import (
	"testing"
)

// mergedTwo merges two records of Ann, the first one surviving, and gives a
// field of the result with its explanation.
func mergedTwo(t *testing.T, edition string, a, b row, fields string) (golden, notes []string) {
	t.Helper()
	db := open(t, edition)
	defaults(a, row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "a@a.example", "updated_at": "2024-01-01T00:00:00Z"})
	defaults(b, row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "a@a.example", "updated_at": "2024-01-01T00:00:00Z"})
	contacts(t, db, a, b)
	exec(t, db, `INSERT INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
			VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a')`,
		`INSERT INTO link (target_id, entity, final_key, pipedrive_id, state, origin, symbolic, sent, echoed, linked_at, updated_at)
			VALUES (1, 'person', 'contact:1', '1', 'live', 'created', '{}', '{}', '{}', 'now', 'now')`)
	run(t, db)
	return list(t, db, "SELECT "+fields+" FROM golden_contact"),
		list(t, db, "SELECT field, value, from_key, why, lost FROM dup_contact_value ORDER BY field")
}

func TestHowEachFieldIsMerged(t *testing.T) {
	const none = "the survivor has none; first value in rank order"
	for _, c := range []struct {
		what, edition  string
		a, b           row
		fields, golden string
		notes          []string
	}{
		{"a scalar is the survivor's, and what loses is kept in writing", openSource,
			row{"job_title": "CEO"}, row{"job_title": "Buyer"}, "job_title", "CEO",
			[]string{`job_title CEO contact:1 the survivor's value [{"from":"contact:2","value":"Buyer"}]`}},
		{"a scalar that the survivor lacks comes from the next", openSource,
			row{}, row{"job_title": "Buyer"}, "job_title", "Buyer", []string{"job_title Buyer contact:2 " + none + " []"}},
		{"what all say alike needs no explanation", openSource,
			row{"job_title": "CEO", "tags": `["A"]`}, row{"job_title": "CEO", "tags": `["A"]`}, "job_title, tags", `CEO ["A"]`, nil},
		{"tags and lists are unions", openSource,
			row{"tags": `["A","B"]`}, row{"tags": `["b","C"]`, "lists": `["L"]`}, "tags, lists", `["A","B","C"] ["L"]`,
			[]string{`lists ["L"] union all values in rank order, each once []`, `tags ["A","B","C"] union all values in rank order, each once []`}},
		{"of the marketing status the strictest wins", openSource,
			row{"consent": "subscribed"}, row{"consent": "unsubscribed"}, "consent", "unsubscribed",
			[]string{`consent unsubscribed contact:2 strictest of complained > bounced > unsubscribed > pending > subscribed [{"from":"contact:1","value":"subscribed"}]`}},
		{"created is the earliest, updated the latest", openSource,
			row{"created_at": "2024-05-01T00:00:00Z"}, row{"created_at": "2023-05-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"},
			"created_at, updated_at", "2023-05-01T00:00:00Z 2025-01-01T00:00:00Z",
			[]string{"created_at 2023-05-01T00:00:00Z contact:2 the earliest of all []", "updated_at 2025-01-01T00:00:00Z contact:2 the latest of all []"}},
		{"custom fields are merged key by key, an amount with its currency", openSource,
			row{"custom": `{"budget":"5","tier":"Gold"}`}, row{"custom": `{"budget":"7","budget (currency)":"USD","size":3,"tier":"Gold"}`},
			"custom", `{"budget":"5","size":3,"tier":"Gold"}`,
			[]string{`custom:budget 5 contact:1 the survivor's value [{"from":"contact:2","value":"7"}]`, "custom:size 3 contact:2 " + none + " []"}},
		{"an address is not made of two", openSource,
			row{"city": "Berlin", "country": "DE", "country_code": "DE"}, row{"street": "Weg 1", "city": "Bonn", "country": "DE", "country_code": "DE"},
			"street, city", "NULL Berlin",
			[]string{`city Berlin contact:1 the survivor's value [{"from":"contact:2","value":"Bonn"}]`,
				`street NULL contact:1 no record has a value [{"from":"contact:2","value":"Weg 1"}]`}},
		{"an address that does not contradict is completed", openSource,
			row{"city": "Berlin"}, row{"street": "Weg 1", "city": "Berlin"}, "street, city", "Weg 1 Berlin", []string{"street Weg 1 contact:2 " + none + " []"}},
		{"the plugin edition fills every column by itself", plugin,
			row{"city": "Berlin"}, row{"street": "Weg 1", "city": "Bonn"}, "street, city", "Weg 1 Berlin",
			[]string{`city Berlin contact:1 the survivor's value [{"from":"contact:2","value":"Bonn"}]`, "street Weg 1 contact:2 " + none + " []"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			golden, notes := mergedTwo(t, c.edition, c.a, c.b, c.fields)
			same(t, "golden", golden, []string{c.golden})
			same(t, "explained", notes, c.notes)
		})
	}
}

func TestExactlyOneAddressAndOneNumberIsPrimary(t *testing.T) {
	golden, _ := mergedTwo(t, openSource,
		row{"emails": `[{"value":"a@a.example","label":"work","primary":true},{"value":"x@a.example","label":"home","primary":false}]`},
		row{"email": "a@a.example", "emails": `[{"value":"a@a.example","label":"home","primary":true},{"value":"y@a.example","label":"work","primary":false}]`,
			"phone_e164": "+4930111", "phones": `[{"value":"030 111","label":"mobile","primary":true,"e164":"+4930111"}]`},
		"emails, phones, phone_e164")
	same(t, "golden", golden, []string{`[{"value":"a@a.example","label":"work","primary":true},{"value":"x@a.example","label":"home","primary":false},` +
		`{"value":"y@a.example","label":"work","primary":false}] [{"value":"030 111","label":"mobile","primary":true,"e164":"+4930111"}] +4930111`})
}

func TestAMissingPartOfTheNameIsFilledAndTheNameMadeAnew(t *testing.T) {
	golden, _ := mergedTwo(t, openSource, row{"last_name": "", "first_name": "Ann", "name": "Ann"}, row{}, "name, last_name, name_origin")
	same(t, "golden", golden, []string{"Ann Smith Smith name"})
}

func TestARealNameReplacesAStandIn(t *testing.T) {
	golden, _ := mergedTwo(t, plugin, row{"first_name": "", "last_name": "", "name": "a@a.example", "name_origin": "email"}, row{}, "name, name_origin")
	same(t, "golden", golden, []string{"Ann Smith name"})
}

func TestTheGoldenTablesHaveTheColumnsOfTheCleanOnes(t *testing.T) {
	db := open(t, plugin)
	for _, object := range []string{"account", "contact"} {
		same(t, object, list(t, db, "SELECT name FROM pragma_table_info('dup_"+object+"_golden') ORDER BY cid"),
			list(t, db, "SELECT name FROM pragma_table_info('clean_"+object+"') ORDER BY cid"))
	}
}

func TestAContactFollowsItsMergedCompany(t *testing.T) {
	db := open(t, openSource)
	accounts(t, db, row{"id": 1, "name": "Acme", "domain": "acme.example", "city": "Berlin"}, row{"id": 2, "name": "Acme GmbH", "domain": "acme.example"})
	contacts(t, db,
		row{"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "a@acme.example", "account_key": "account:2", "company": "Acme GmbH", "job_title": "CEO"},
		row{"id": 2, "first_name": "Ann", "last_name": "Smith", "email": "a@acme.example", "account_key": "account:1", "company": "Acme"})
	run(t, db)
	same(t, "golden", list(t, db, `SELECT g.contact_key, g.account_key, g.company, x.final_key
		FROM golden_contact AS g JOIN xw_account AS x ON x.account_key = g.account_key`), []string{"contact:1 account:2 Acme GmbH account:1"})
	same(t, "the account is not a conflict", one(t, db, "SELECT count(*) FROM dup_contact_value WHERE field = 'account_key'"), "0")
}
