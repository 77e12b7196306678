package nextcrm

import (
	"os/exec"
	"testing"
	"time"
)

const benchRows = 1_000_000

// benchDatabase holds a million contacts, filled as CRMs fill them: a third of
// the columns are NULL, texts are short.
func benchDatabase(b *testing.B) string {
	b.Helper()
	sql := mustSample(b, "latest") + `
INSERT INTO "crm_Contacts" ("id", "first_name", "last_name", "email", "accountsIDs", "mobile_phone", "position", "description",
	"created_on", "cratedAt", "updatedAt", "createdBy", "assigned_to", "tags", "status")
SELECT gen_random_uuid(), 'First' || n % 5000, 'Last' || n % 70000, 'person' || n || '@company' || n % 40000 || '.example', pg_temp.id('a', 1 + n % 120),
	'+420 602 ' || n, 'Engineer', CASE WHEN n % 4 = 0 THEN E'met at the fair\ncall back' END, now(), now(), now(), pg_temp.id('e', 1 + n % 8),
	pg_temp.id('e', 1 + n % 8), CASE WHEN n % 2 = 0 THEN ARRAY['vip', 'newsletter'] END, n % 3 > 0
FROM generate_series(1, 1000000 - 400) AS n; `
	url, err := server.CreateDatabase(b.Context(), sql)
	if err != nil {
		b.Fatal(err)
	}
	return url
}

// BenchmarkDatabase_Contacts reads a million contacts and reports the time over
// that of psql, which copies the same SELECT to nowhere: the floor that the
// server and the wire set. Below 1.0 would be a mistake in the measurement.
func BenchmarkDatabase_Contacts(b *testing.B) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		b.Fatal("psql is the yardstick: install postgresql-client")
	}
	url := benchDatabase(b)
	var ours, theirs time.Duration
	for b.Loop() {
		source, err := OpenDatabase(b.Context(), url, DatabaseOptions{})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		rows := 0
		if err := source.Rows(b.Context(), "contact", func(*Row) error { rows++; return nil }); err != nil || rows != benchRows {
			b.Fatal(rows, err)
		}
		ours += time.Since(start)
		statement := source.(*databaseSource).copyStatement(source.(*databaseSource).plans["contact"][0])
		if err := source.Close(); err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		if out, err := exec.CommandContext(b.Context(), psql, url, "-q", "-o", "/dev/null", "-c", statement).CombinedOutput(); err != nil {
			b.Fatal(err, string(out))
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(b.N)*benchRows/ours.Seconds(), "rows/s")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "times-psql")
}
