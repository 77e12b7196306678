package clean_test

import (
	"testing"
)

func TestWhoSaidNoGetsNoMailByAnyOfHisRecords(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Refused", "email": "NO@a.example"},
		row{"id": "2", "last_name": "Second address", "email": "x@a.example; home@a.example"},
		row{"id": "3", "last_name": "Complained", "email": "no@a.example", "consent_status": "complained"},
		row{"id": "4", "last_name": "Said yes once", "email": "bounce@a.example", "consent_status": "subscribed"},
		row{"id": "5", "last_name": "Said yes", "email": "yes@a.example", "consent_status": "subscribed"},
		row{"id": "6", "last_name": "Never asked", "email": "new@a.example"})
	stageRows(t, db, "target", row{"id": "10", "last_name": "Deleted", "email": "no@a.example", "do_not_email": "true", "deleted_at": "2024-01-01 00:00:00"},
		row{"id": "11", "last_name": "By its home address", "email": "t@a.example", "personal_email": "home@a.example", "do_not_email": "t"},
		row{"id": "12", "last_name": "By a campaign", "email": "now@a.example"},
		row{"id": "13", "last_name": "Free", "email": "free@a.example", "do_not_email": "false"},
		row{"id": "14", "last_name": "No address", "do_not_email": "true"})
	stageRows(t, db, "campaign_send", row{"id": "20", "target_id": "12", "email": "then@a.example", "status": "delivered", "unsubscribed_at": "2024-02-01 00:00:00"},
		row{"id": "21", "target_id": "13", "email": "bounce@a.example", "status": "bounced"}, row{"id": "22", "target_id": "13", "email": "free@a.example", "status": "failed"})
	run(t, db)
	expect(t, db, "consent", "SELECT contact_key, consent FROM clean_contact ORDER BY row_id",
		"contact:1 | unsubscribed", "contact:2 | unsubscribed", "contact:3 | complained", "contact:4 | bounced", "contact:5 | subscribed", "contact:6 | NULL",
		"target:11 | unsubscribed", "target:12 | unsubscribed", "target:13 | NULL", "target:14 | unsubscribed")
	expect(t, db, "evidence", "SELECT evidence FROM clean_opt_out WHERE email = 'then@a.example'", "campaign send 20: unsubscribed at 2024-02-01 00:00:00")
	expect(t, db, "contacts are told apart from what they said themselves", "SELECT record_key FROM issue WHERE rule = 'consent_by_address' ORDER BY record_key",
		"contact:1", "contact:2", "contact:3", "contact:4")
}

func TestATargetBecomesAPersonWithEverythingItHolds(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "user", row{"id": "u1", "email": "ana@x.example"})
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Known"})
	stageRows(t, db, "target", row{"id": "7", "first_name": "Jan", "last_name": "Novák", "email": "Jan@a.example", "personal_email": "home@a.example",
		"company_email": "office@a.example", "phone": "+420 605 300 102", "company_phone": "+420 222 000 111", "company": "Acme s.r.o.", "company_website": "acme.example",
		"personal_website": "novak.example", "job_title": "CEO", "industry": "Construction", "employees": "10-50", "city": "Brno", "country": "CZ",
		"linkedin_url": "in/novak", "tags": `{hot,"a,b"}`, "notes": `["first\nnote"]`, "description": "met", "is_active": "f", "created_by": "u1",
		"created_at": "2024-01-02 03:04:05", "extra": `{"score":"7"}`})
	stageRows(t, db, "target_list", row{"id": "L1", "title": "Builders"}, row{"id": "L2", "title": "Old", "deleted_at": "2024-01-01 00:00:00"})
	stageRows(t, db, "target_list_member", row{"target_id": "7", "target_list_id": "L1"}, row{"target_id": "7", "target_list_id": "L2"})
	run(t, db)
	expect(t, db, "person", `SELECT row_id, name, emails ->> '$[1].value', phone_e164, company, city, country_code, website, job_title, linkedin_url, lists, notes, description,
			is_active, owner_email, created_at FROM clean_contact WHERE contact_key = 'target:7'`,
		`2 | Jan Novák | home@a.example | +420605300102 | Acme s.r.o. | Brno | CZ | novak.example | CEO | in/novak | ["Builders"] | ["first\nnote"] | met | 0 | ana@x.example | 2024-01-02T03:04:05Z`)
	expect(t, db, "the rest", "SELECT custom FROM clean_contact WHERE contact_key = 'target:7'", `{"score":"7","company_website":"acme.example",`+
		`"company_email":"office@a.example","company_phone":"+420 222 000 111","company_industry":"Construction","company_employees":"10-50"}`)
	expect(t, db, "the map will know it", "SELECT count(*) FROM clean_contact, json_each(custom) AS j WHERE j.key NOT IN (SELECT slug FROM clean_custom_field WHERE object = 'contact')", "0")
	expect(t, db, "lists", "SELECT title, uses FROM clean_list", "Builders | 1")
	expect(t, db, "its company", "SELECT name FROM clean_account_mention", "Acme s.r.o.")
}

func TestTagsOfTargetsAreTagsOfPersons(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Known", "tags": "vip"})
	stageRows(t, db, "target", row{"id": "7", "last_name": "A", "tags": `["VIP","hot"]`}, row{"id": "8", "last_name": "B", "tags": `["gone"]`, "deleted_at": "2024-01-01 00:00:00"})
	run(t, db)
	expect(t, db, "tags", "SELECT tag_key, uses_contact FROM clean_tag ORDER BY tag_key", "hot | 1", "vip | 2")
}

func TestPeopleFoundForATargetHaveItsCompanyAndItsFate(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "contact", row{"id": "1", "last_name": "Known"})
	stageRows(t, db, "target", row{"id": "7", "last_name": "", "company": "Acme", "mobile": "+420 605 300 106"},
		row{"id": "8", "last_name": "Gone", "deleted_at": "2024-01-01 00:00:00"})
	stageRows(t, db, "target_contact", row{"id": "1", "target_id": "7", "name": "Dr. Eva Malá", "email": "eva@acme.example", "source": "ai", "enrich_status": "COMPLETED"},
		row{"id": "2", "target_id": "8", "name": "With its target"}, row{"id": "3", "target_id": "7", "name": "Now known", "contact_id": "1"},
		row{"id": "4", "target_id": "7", "name": "Deleted since", "contact_id": "99"})
	run(t, db)
	expect(t, db, "persons", "SELECT contact_key, name, name_origin, prefix, company, source, custom ->> 'enrichment_status', custom ->> 'found_for_target' FROM clean_contact WHERE row_id > 1 ORDER BY row_id",
		"target:7 | Acme | company | NULL | Acme | NULL | NULL | NULL", "target_contact:1 | Eva Malá | name | Dr. | Acme | ai | COMPLETED | Acme",
		"target_contact:3 | Now known | name | NULL | Acme | NULL | NULL | Acme", "target_contact:4 | Deleted since | name | NULL | Acme | NULL | NULL | Acme")
	expect(t, db, "excluded", "SELECT prospect_key, rule, reason FROM clean_prospect WHERE fate = 'excluded'",
		"target:8 | soft_deleted | deleted in the source", "target_contact:2 | soft_deleted | its target is deleted in the source")
	expect(t, db, "one person by the source's word", "SELECT contact_key, prospect_key FROM clean_same_person", "contact:1 | target_contact:3")
	expect(t, db, "a contact that is gone is said", "SELECT record_key, value FROM issue WHERE rule = 'converted_contact_gone'", "target_contact:4 | 99")
}

func TestDeletedTargetsComeAlongByDecision(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "target", row{"id": "8", "last_name": "Gone", "deleted_at": "2024-01-01 00:00:00"})
	exec(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', 'exclude_deleted', 'value', 'no', 'Kim')")
	run(t, db)
	expect(t, db, "persons", "SELECT contact_key FROM clean_contact", "target:8")
}

func TestALeadHangsOnItsPersonOrItsCompany(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "account", row{"id": "a1", "name": "Acme"})
	stageRows(t, db, "lead_status", row{"id": "s1", "name": "New"})
	stageRows(t, db, "lead_source", row{"id": "o1", "name": "web"})
	stageRows(t, db, "lead_type", row{"id": "t1", "name": "Demo"})
	stageRows(t, db, "lead", row{"id": "1", "first_name": "Jan", "last_name": "Novák", "email": "jan@a.example", "account_id": "a1", "company": "ACME",
		"lead_status_id": "s1", "lead_source_id": "o1", "lead_type_id": "t1", "campaign": "Fair", "referred_by": "Eva", "description": "<p>wants</p>", "extra": `{"budget":"1 200,50","region":"north"}`},
		row{"id": "2", "last_name": "", "company": "Beta Ltd", "lead_status": "NEW", "lead_source_id": "gone"},
		row{"id": "3", "last_name": "", "account_id": "a1", "company": "Another name"},
		row{"id": "4", "last_name": " ", "first_name": "", "description": "nobody"},
		row{"id": "5", "last_name": "Gone", "deleted_at": "2024-01-01 00:00:00"},
		row{"id": "6", "last_name": "", "email": "who@a.example"})
	run(t, db)
	expect(t, db, "leads", "SELECT lead_key, title, contact_key, account_key, company, status, source, type, campaign, referred_by, description, custom FROM clean_lead ORDER BY row_id",
		`lead:1 | Jan Novák – Acme | lead:1 | account:a1 | NULL | New | web | Demo | Fair | Eva | wants | {"budget":"1 200,50","region":"north"}`,
		"lead:2 | Beta Ltd | NULL | account:name:beta ltd | NULL | NEW | NULL | NULL | NULL | NULL | NULL | {}",
		"lead:3 | Acme | NULL | account:a1 | Another name | NULL | NULL | NULL | NULL | NULL | NULL | {}",
		"lead:6 | who@a.example | lead:6 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | {}")
	expect(t, db, "an account's lead makes no second company", "SELECT name FROM clean_account_mention", "Beta Ltd")
	expect(t, db, "findings", "SELECT rule, severity, record_key FROM issue WHERE object = 'lead' ORDER BY rule",
		"contact_named_by_email | info | lead:6", "lead.nothing_to_link | error | lead:4", "reference_unknown | warning | lead:2")
}

func TestAForksValueOfALeadIsReadAndElseLeftAsItStands(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "lead", row{"id": "1", "last_name": "A", "extra": `{"value":"1200.50","currency":"CZK"}`}, row{"id": "2", "last_name": "B", "extra": `{"value":"high"}`},
		row{"id": "3", "last_name": "C", "extra": `{"budget":100}`})
	run(t, db)
	expect(t, db, "values", "SELECT lead_key, value, currency, custom FROM clean_lead ORDER BY row_id",
		`lead:1 | 1200.50 | CZK | {"value":"1200.50","currency":"CZK"}`, `lead:2 | NULL | NULL | {"value":"high"}`, `lead:3 | 100 | EUR | {"budget":100}`)
}

func TestCorrectedValuesReachLeadsAndTargets(t *testing.T) {
	db := newWarehouse(t, "open-source", "UTC")
	stageRows(t, db, "lead", row{"id": "4", "last_name": ""})
	stageRows(t, db, "target", row{"id": "4", "last_name": "Wrong", "do_not_email": "f", "email": "a@a.example"})
	exec(t, db, "INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES ('lead', '4', 'last_name', 'Found', 'Kim'), ('target', '4', 'do_not_email', 'true', 'Kim')")
	run(t, db)
	expect(t, db, "persons", "SELECT contact_key, name, consent FROM clean_contact ORDER BY row_id", "lead:4 | Found | NULL", "target:4 | Wrong | unsubscribed")
}
