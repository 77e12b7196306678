package rehearse_test

import (
	"testing"

	"nextpipe/stages/internal/rehearse"
)

// BenchmarkTokens loads 21,000 records into an empty account and compares what
// the whole run spent with the floor: every create, one read-back by list
// pages, and the structure as itemised in the request log.
func BenchmarkTokens(b *testing.B) {
	const each = 7000
	db, a := rehearse.Warehouse(b, each), rehearse.Account(b, 1)
	if err := through(b, db, a); err != nil {
		b.Fatal(err)
	}
	var floor, structure int
	if err := db.Read().QueryRow(`SELECT (SELECT floor FROM plan), (SELECT sum(tokens) FROM http_log
		WHERE path NOT GLOB '/api/v2/organizations*' AND path NOT GLOB '/api/v2/persons*' AND path NOT GLOB '/api/v2/deals*')`).Scan(&floor, &structure); err != nil {
		b.Fatal(err)
	}
	ratio := float64(a.TokensSpent()) / float64(floor+structure)
	b.Logf("%d records: %d tokens, floor %d (%d of it structure), %.4f times the floor", 3*each, a.TokensSpent(), floor+structure, structure, ratio)
	b.ReportMetric(ratio, "times-floor")
}
