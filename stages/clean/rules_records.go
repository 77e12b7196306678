package clean

// recordRules are the findings on invoices. Nothing is corrected: an invoice is
// a document, and its document says what it says.
var recordRules = []Rule{
	{"invoice_total_mismatch", "warning", "The total of the invoice is not its subtotal plus tax.",
		"Compare with the PDF before it goes into another accounting program; correct it with fix_value."},
	{"invoice_lines_mismatch", "warning", "The total of the invoice is not the sum of its lines.",
		"Compare with the PDF before it goes into another accounting program."},
	{"invoice_payments_mismatch", "warning", "The amount paid is not the sum of the payments.",
		"Compare with the bank statement before open items are carried over."},
	{"invoice_number_twice", "warning", "Several invoices of one type share a number; all are kept.",
		"Settle the number before the import: accounting programs refuse a second one."},
	{"invoice_original_missing", "warning", "The invoice that a credit note corrects does not exist.",
		"Name it with fix_value (field original_invoice_id) if you know it."},
	{"invoice_line_without_invoice", "warning", "The invoice of a line does not exist; the line is kept in the list of lines.",
		"Nothing to do unless the invoice should exist."},
}
