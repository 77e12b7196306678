package clean_test

import (
	"strconv"
	"testing"

	"nextpipe/stages/internal/warehouse"
)

// stageMany fills stg_contact with n plausible contacts of 20 columns and three
// custom values; one of 50 has a flaw.
func stageMany(t testing.TB, db *warehouse.DB, n int) {
	t.Helper()
	exec(t, db, `INSERT INTO stg_user (source_table, source_id, name, email, row_hash)
		WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i < 9)
		SELECT 'users.csv', i, 'Rep ' || i, 'rep' || i || '@shop.example', i FROM g`,
		`INSERT INTO stg_account (source_table, source_id, name, website, row_hash)
		WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i < 4999)
		SELECT 'companies.csv', i, 'Alpha GmbH ' || i, 'https://www.alpha' || i || '.example', i FROM g`,
		`INSERT INTO stg_contact (source_table, source_row, source_id, email, first_name, last_name, phone, mobile, company, company_id, job_title,
			address_1, city, postal_code, country, birthday, source, consent_status, tags, lists, owner_email, created_at, updated_at, last_activity_at, extra, row_hash)
		WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < `+strconv.Itoa(n)+`)
		SELECT 'contacts.csv', i, printf('%08x-5b1d-4c2e-9f00-%012x', i * 7919, i), iif(i % 50, 'anna.adler' || i || '@example.com', 'no-at'), 'Anna', 'Müller',
			printf('''+49 30 9%06d', i % 1000000), iif(i % 3, '', printf('0151 1%07d', i % 10000000)), 'Alpha GmbH ' || (i % 5000), i % 5000, 'Head of IT', 'Weg ' || (i % 90), 'München',
			'80331', 'DE', '1980-01-02', 'import', 'subscribed', iif(i % 2, 'VIP, Trade show, Berlin', 'Partner'), 'Main Newsletter', 'rep' || (i % 10) || '@shop.example',
			'2024-01-02 13:04:05', '2024-06-02 13:04:05', '2024-06-02 13:04:05',
			json_object('budget', i || '.50', 'background', 'lorem ipsum dolor sit amet', 'tier', iif(i % 2, 'Gold', 'Silver')), printf('%032x', i)
		FROM g`)
}

// BenchmarkRun cleans 200,000 contacts of 20 columns and three custom values.
func BenchmarkRun(b *testing.B) {
	const contacts = 200_000
	db := newWarehouse(b, "plugin", "Europe/Berlin")
	stageMany(b, db, contacts)
	for b.Loop() {
		run(b, db)
	}
	b.ReportMetric(float64(b.N)*contacts/b.Elapsed().Seconds(), "contacts/s")
}
