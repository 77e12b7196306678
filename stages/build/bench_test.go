package build_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"nextpipe/stages/build"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

const benchContacts = 200_000

// manyContacts fills the clean tables with contacts as a full CRM holds them:
// every one with an address, an organization, tags, a list and eight custom fields.
const manyContacts = `
	INSERT INTO setup VALUES (1, 'plugin', 'x', 'ab12cd', 'bench', NULL, 'test', '2026-01-01');
	INSERT INTO clean_site VALUES (1, 'UTC', 'dmy', '.', ',', 'EUR', 'DE', 1, '{}');
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO clean_account (account_key, row_id, source_id, name, name_strict, name_loose, row_hash)
	SELECT 'account:' || i, i, i, 'Company ' || i, 'company ' || i, 'company ' || i, 'h' FROM n;
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
	INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, first_name, last_name, email, emails, phone_e164,
		phones, job_title, account_key, street, city, postal_code, country, birthday, gender, description, contact_type, consent,
		source, tags, lists, owner_email, created_at, updated_at, custom, row_hash)
	SELECT 'contact:' || i, i, i, 'Ana "A" Novák ' || i, 'name', 'Ana', 'Novák', 'p' || i || '@example.com',
		'[{"value":"p' || i || '@example.com","label":"work","primary":true}]', '+4930' || i,
		'[{"value":"030 ' || i || '","label":"work","primary":true,"e164":"+4930' || i || '"}]', 'Head of ' || i, 'account:' || (i % 20000 + 1),
		'Street ' || i, 'Berlin', '10115', 'DE', '1980-01-02', iif(i % 2, 'f', 'm'), 'Met at the fair, wants a call back ' || i, 'customer',
		'subscribed', 'web', iif(i % 3, '["Newsletter","VIP"]', '[]'), '["Main"]', 'rep' || (i % 7) || '@shop.example',
		'2023-01-02T03:04:05Z', '2023-02-02T03:04:05Z',
		'{"code":"AC-' || i || '","employees":"12","budget":"1250.50","tier":"Free","interests":["CRM","Email"],"renewal":"2024-01-01","web":"https://x.example/' || i || '","assistant":"+49 1"}', 'h' FROM n;
	INSERT INTO clean_custom_field (object, slug, label, source_type, value_type, options, declared, value_count, distinct_count, max_length, samples) VALUES
		('contact', 'code', 'Code', 'text', 'text', NULL, 1, 200000, 201, 12, '[]'), ('contact', 'employees', 'Employees', 'number', 'number', NULL, 1, 200000, 1, 2, '[]'),
		('contact', 'budget', 'Budget', 'price', 'money', NULL, 1, 200000, 1, 7, '[]'), ('contact', 'tier', 'Tier', 'select', 'option', '["Free"]', 1, 200000, 1, 4, '[]'),
		('contact', 'interests', 'Interests', 'select', 'options', '["CRM","Email"]', 1, 200000, 1, 15, '[]'), ('contact', 'renewal', 'Renewal', 'date', 'date', NULL, 1, 200000, 1, 10, '[]'),
		('contact', 'web', 'Web', 'url', 'url', NULL, 1, 200000, 201, 30, '[]'), ('contact', 'assistant', 'Assistant', 'tel', 'phone', NULL, 1, 200000, 1, 5, '[]');
	INSERT INTO clean_tag VALUES ('newsletter', 'Newsletter', 1, '1', NULL, 1, 0, 0), ('vip', 'VIP', 2, '2', NULL, 1, 0, 0);`

// BenchmarkContacts measures map and build over generated contacts. It counts
// processor time, because that is the same on a busy machine.
func BenchmarkContacts(b *testing.B) {
	db := open(b)
	execute(b, db, manyContacts, benchContacts)
	execute(b, db, crosswalk)
	for _, s := range []struct {
		name string
		run  func(context.Context, *warehouse.DB) (stage.Result, error)
	}{{"map", mapping.Run}, {"build", build.Run}} {
		b.Run(s.name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				if _, err := s.run(b.Context(), db); err != nil {
					b.Fatal(err)
				}
			}
			spent := (processorTime(b) - before).Seconds() / float64(b.N)
			b.ReportMetric(spent*1e6/benchContacts, "cpu-s/million")
			b.ReportMetric(benchContacts/spent, "records/cpu-s")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
