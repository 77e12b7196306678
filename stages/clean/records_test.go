package clean_test

import (
	"io/fs"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"

	"github.com/google/go-cmp/cmp"
)

func TestSampleInvoicesAreCountedAndAddedUpAsTheManifestSays(t *testing.T) {
	db := sample(t)
	run(t, db)
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	want := decodeJSON[struct {
		Expected struct {
			Invoices struct {
				Records  int
				Numbers  int            `json:"distinct_numbers"`
				Sum      string         `json:"total_sum"`
				Status   map[string]int `json:"by_status"`
				Mismatch int            `json:"total_mismatch"`
			}
		}
	}](t, string(raw)).Expected.Invoices
	checkCounts(t, db, []countCase{
		{"records", want.Records, "SELECT count(*) FROM clean_invoice"},
		{"numbers", want.Numbers, "SELECT count(DISTINCT number) FROM clean_invoice"},
		{"totals that are no sum", want.Mismatch, "SELECT sum(total_mismatch) FROM clean_invoice"},
		{"totals that are no sum, reported", want.Mismatch, "SELECT count(*) FROM issue WHERE rule = 'invoice_total_mismatch'"},
		{"numbers twice, reported", 2 * (want.Records - want.Numbers), "SELECT count(*) FROM issue WHERE rule = 'invoice_number_twice'"},
	})
	if got := show(value(t, db, "SELECT np_sum(json_group_array(total)) FROM clean_invoice")); got != want.Sum {
		t.Errorf("all totals are %s, want %s", got, want.Sum)
	}
	if diff := cmp.Diff(want.Status, counts(t, db, "SELECT status, count(*) FROM clean_invoice GROUP BY 1")); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	expect(t, db, "the planted defects by record", "SELECT rule, record_key, value FROM issue WHERE object = 'invoice' ORDER BY 1, 2",
		"invoice_number_twice | invoice:number:INV-2024-007 | INV-2024-007", "invoice_number_twice | invoice:number:INV-2024-007#2 | INV-2024-007",
		"invoice_total_mismatch | invoice:number:INV-2024-006 | 999.99 is not 375.00 + 71.25")
	expect(t, db, "an invoice as the export has it", `SELECT invoice_key, type, number, account_key, deal_key, currency, subtotal, tax, total, open_amount, issued_on, due_on, paid_at
		FROM clean_invoice WHERE row_id IN (2, 8) ORDER BY row_id`,
		"invoice:number:INV-2024-002 | invoice | INV-2024-002 | account:502 | deal:9002 | EUR | 155.00 | 29.45 | 184.45 | 184.45 | 2024-02-05 | 2024-02-19 | NULL",
		"invoice:number:INV-2024-007#2 | invoice | INV-2024-007 | account:508 | deal:9008 | EUR | 485.00 | 92.15 | 577.15 | 577.15 | 2024-08-05 | 2024-08-19 | NULL")
	// Drafts and what is paid owe nothing; the wrong total is what its buyer was asked for.
	expect(t, db, "open items", "SELECT status, np_sum(json_group_array(open_amount)) FROM clean_invoice GROUP BY 1 ORDER BY 1",
		"draft | NULL", "overdue | 1731.45", "paid | NULL", "sent | 1892.49")
}

func TestInvoicesOfTheDatabaseKeepTypeLinesTaxesPaymentsAndWhatTheyCorrect(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	db := sampleDatabase(t, server, "latest")
	run(t, db)
	expect(t, db, "types", "SELECT type, count(*), np_sum(json_group_array(total)), np_sum(json_group_array(open_amount)) FROM clean_invoice GROUP BY 1 ORDER BY 1",
		"credit_note | 1 | 1089.00 | 1089.00", "invoice | 8 | 4356.00 | 1957.00", "proforma | 1 | 1210.00 | NULL")
	expect(t, db, "the credit note names what it corrects", "SELECT number, original_number, original_key FROM clean_invoice WHERE type = 'credit_note'",
		"INV-2024-0009 | INV-2024-0001 | invoice:60000000-0000-4000-8000-000000016101")
	expect(t, db, "amounts in the books' currency", "SELECT total, currency, fx_rate, base_total, base_currency FROM clean_invoice WHERE number = 'INV-2024-0002'",
		"242.00 | EUR | 25.12345678 | 6079.88 | CZK")
	expect(t, db, "payments", "SELECT number, payments, paid_total, payments_mismatch, paid_at FROM clean_invoice WHERE payments > 0 ORDER BY number",
		"INV-2024-0001 | 1 | 121.00 | 0 | 2024-01-14T08:55:00Z", "INV-2024-0002 | 1 | 50.00 | 0 | NULL", "INV-2024-0007 | 1 | 847.00 | 0 | 2024-01-17T08:45:00Z")
	expect(t, db, "lines", "SELECT count(*), count(invoice_key), np_sum(json_group_array(total)), min(tax_name), min(quantity) FROM clean_invoice_line",
		"20 | 20 | 2420.00 | Standard | 1.2500")
	expect(t, db, "taxes by rate", "SELECT DISTINCT tax_rate, base, tax FROM clean_invoice_tax", "21.00 | 200.00 | 42.00")
	// Only the second invoice has lines that add up to its total.
	checkCounts(t, db, []countCase{{"lines that do not add up", 9, "SELECT count(*) FROM issue WHERE rule = 'invoice_lines_mismatch'"}})
	expect(t, db, "a contract", "SELECT title, value, currency, status, account_key, owner_email, start_on, end_on, lines FROM clean_contract WHERE source_id LIKE '%2002'",
		"Contract 2 | 2000.00 | CZK | signed | account:a0000000-0000-4000-8000-000000000002 | lena.schmidt@nextcrm-demo.example | 2024-01-08 | 2025-01-02 | 1")
}

func TestInvoicesOfAForeignHandAreReadByColumnAndWhatIsUnreadableIsReported(t *testing.T) {
	db := newWarehouse(t, "plugin", "Europe/Berlin")
	stageRows(t, db, "invoice",
		row{"number": "R-1", "type": "Rechnung", "subtotal": "1.000,00", "tax": "190,00", "total": "1.190,00 €", "issued_at": "31.01.2024", "due_at": "25.02.2024"},
		row{"number": "R-2", "type": "Gutschrift", "subtotal": "-5,50", "tax": "0", "total": "-5,50 €", "issued_at": "04.02.2024", "original_invoice_id": "77"},
		row{"number": "R-3", "type": "Abschlag", "total": "ask Ana", "issued_at": "31.02.2024"})
	run(t, db)
	expect(t, db, "invoices", "SELECT type, currency, subtotal, total, issued_on, due_on, total_mismatch FROM clean_invoice ORDER BY row_id",
		"invoice | EUR | 1000.00 | 1190.00 | 2024-01-31 | 2024-02-25 | 0",
		"credit_note | EUR | -5.50 | -5.50 | 2024-02-04 | NULL | 0",
		"abschlag | NULL | NULL | NULL | NULL | NULL | NULL")
	expect(t, db, "findings", "SELECT rule, record_key, field, value FROM issue WHERE object = 'invoice' ORDER BY 1",
		"date_impossible | invoice:number:R-3 | issued_at | 31.02.2024",
		"invoice_original_missing | invoice:number:R-2 | original_invoice_id | 77",
		"number_unreadable | invoice:number:R-3 | total | ask Ana")
}
