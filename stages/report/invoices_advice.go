package report

import "slices"

// advice recommends how to go on, by what there is.
func advice(m *markdown, all []invoice, series [][]string) {
	has := func(kind string) bool {
		return slices.ContainsFunc(all, func(i invoice) bool { return i.kind == kind })
	}
	m.line(`## How to go on

1. **Choose where invoices live from now on**: the accounting program you have, or one that the Pipedrive Marketplace connects. Do not keep them as deals: values and forecasts would count twice.
2. **Decide how far back**: the usual way is to carry over the open items and the running business year, and to keep earlier years as these files and the PDFs, unchanged, for as long as the law demands.
3. **Import customers first**: column pipedrive\_organization\_id ties each invoice to its organization (of the account that was worked on last).
4. **Then invoices**: invoices/invoice.csv with invoices/invoice\_lines.csv, joined by invoice\_id. Amounts are net of line discounts; discount\_in\_subtotal is for information and must not be taken off again.`)
	if !slices.ContainsFunc(all, func(i invoice) bool { return i.lines > 0 }) {
		m.line("   The source names no lines: import each invoice as one line of its subtotal, with the tax of invoices/invoice\\_taxes.csv.")
	}
	m.line(`5. **Taxes**: create the rates of invoices/tax\_rates.csv before the import and check the sums above against the program's report.
6. **Payments**: import invoices/invoice\_payments.csv after the invoices, or only the column open\_amount as opening balance.`)
	if has("credit_note") {
		m.line("7. **Credit notes**: after the invoices; corrects\\_number names the invoice that each one corrects. Their amounts are positive in NextCRM: most programs want them negative.")
	}
	if has("proforma") {
		m.line("8. **Proformas** are no claims: leave them out of the books, or import them as quotes.")
	}
	if has("receipt") {
		m.line("9. **Receipts** are money spent, not earned: hand them to the accountant with their files (invoices/receipt\\_documents.csv).")
	}
	if len(series) > 0 {
		m.line("\nNumbers go on where NextCRM stopped; set the program's next number accordingly:")
		m.table([]string{"series", "pattern", "last counter"}, series)
	}
	m.line("\nDrafts and cancelled invoices owe nothing and are in the files for the record. What each source row became stands in table xw\\_item, every doubt in table issue.")
}
