package report

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// invoice is what the guide needs of one row of clean_invoice.
type invoice struct {
	kind, number, status, company, currency, total, open, due, mismatch string
	lines                                                               int
}

// writeInvoiceGuide writes invoices.md: what there is, what is still to be
// paid, what does not add up, and how to go on. Without invoices there is none.
func writeInvoiceGuide(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	all, err := readInvoices(ctx, db)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	taxes, err := lists(ctx, db, `SELECT i.type, coalesce(i.currency, ''), t.tax_rate, coalesce(t.base, ''), coalesce(t.tax, '')
		FROM clean_invoice_tax AS t JOIN clean_invoice AS i ON i.invoice_key = t.invoice_key`)
	if err != nil {
		return nil, err
	}
	series, err := lists(ctx, db, "SELECT coalesce(name, ''), coalesce(prefix_template, ''), coalesce(counter, '') FROM stg_invoice_series ORDER BY name")
	if err != nil {
		return nil, err
	}
	m := &markdown{}
	m.line("# Invoices\n\nPipedrive keeps no invoices, so none was loaded. The folder `invoices` holds all of them, one CSV file for each type, " +
		"with lines, taxes by rate, payments and events; amounts are exact, as the source has them.\n\n## What there is")
	m.table([]string{"type", "status", "currency", "number", "total", "still to be paid"}, totals(all))
	m.line("## Taxes\n\nOver all of them, drafts and cancelled ones too.")
	m.table([]string{"type", "currency", "rate %", "base", "tax"}, taxTotals(taxes))
	openItems(m, all)
	doubts(m, all)
	advice(m, all, series)
	return m.write(dir, "invoices.md")
}

func readInvoices(ctx context.Context, db *warehouse.DB) ([]invoice, error) {
	rows, err := lists(ctx, db, `SELECT type, coalesce(number, 'without number'), coalesce(status, 'no status'), coalesce(company, ''), coalesce(currency, ''),
			coalesce(total, ''), coalesce(open_amount, ''), coalesce(due_on, ''), lines,
			iif(total_mismatch = 1, 'total is not subtotal plus tax; ', '') || iif(lines_mismatch = 1, 'total is not the sum of the lines; ', '')
			|| iif(payments_mismatch = 1, 'paid is not the sum of the payments; ', '') || iif(same_number > 1, 'number is used ' || same_number || ' times; ', '')
			|| iif(original_number IS NOT NULL AND original_key IS NULL, 'the invoice it corrects does not exist; ', '') || iif(total IS NULL, 'no total; ', '')
		FROM clean_invoice ORDER BY type, status, currency, due_on, row_id`)
	var all []invoice
	for _, r := range rows {
		lines, err := strconv.Atoi(r[8])
		if err != nil {
			return nil, fmt.Errorf("read clean_invoice.lines: %w", err)
		}
		all = append(all, invoice{r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], strings.TrimSuffix(r[9], "; "), lines})
	}
	return all, err
}

// totals sums by type, status and currency, in the order they come.
func totals(all []invoice) [][]string {
	type group struct {
		head        []string
		total, open amount
		n           int
	}
	var groups []*group
	for _, i := range all {
		head := []string{i.kind, i.status, i.currency}
		at := slices.IndexFunc(groups, func(g *group) bool { return slices.Equal(g.head, head) })
		if at < 0 {
			at, groups = len(groups), append(groups, &group{head: head})
		}
		g := groups[at]
		g.n++
		g.total.add(i.total)
		g.open.add(i.open)
	}
	var rows [][]string
	for _, g := range groups {
		rows = append(rows, append(g.head, strconv.Itoa(g.n), g.total.String(), g.open.String()))
	}
	return rows
}

// taxTotals sums rows of type, currency, rate, base and tax by the first three.
func taxTotals(taxes [][]string) [][]string {
	base, tax := map[string]*amount{}, map[string]*amount{}
	var heads [][]string
	for _, t := range taxes {
		key := strings.Join(t[:3], "\x00")
		if base[key] == nil {
			base[key], tax[key] = &amount{}, &amount{}
			heads = append(heads, t[:3])
		}
		base[key].add(t[3])
		tax[key].add(t[4])
	}
	slices.SortFunc(heads, slices.Compare[[]string])
	var rows [][]string
	for _, h := range heads {
		key := strings.Join(h, "\x00")
		rate := h[2]
		if rate == "" {
			rate = "not named"
		}
		rows = append(rows, []string{h[0], h[1], rate, base[key].String(), tax[key].String()})
	}
	return rows
}

// mostItems bounds the lists in the document; the CSV files have all.
const mostItems = 50

func openItems(m *markdown, all []invoice) {
	byCurrency := map[string]*amount{}
	var currencies []string
	var rows [][]string
	for _, i := range all {
		if i.open == "" || i.kind == "credit_note" {
			continue
		}
		if byCurrency[i.currency] == nil {
			byCurrency[i.currency] = &amount{}
			currencies = append(currencies, i.currency)
		}
		byCurrency[i.currency].add(i.open)
		rows = append(rows, []string{i.due, i.number, i.company, i.status, i.open, i.currency})
	}
	m.line("## Open items\n")
	slices.Sort(currencies)
	for _, c := range currencies {
		m.line("- to be received: **%s %s**", byCurrency[c].String(), c)
	}
	if len(rows) == 0 {
		m.line("None: nothing is issued and unpaid.\n")
		return
	}
	slices.SortFunc(rows, slices.Compare[[]string])
	m.list([]string{"due", "number", "company", "status", "open", "currency"}, rows)
}

// list is a table of the first rows, with a word on the others.
func (m *markdown) list(head []string, rows [][]string) {
	m.table(head, rows[:min(len(rows), mostItems)])
	if more := len(rows) - mostItems; more > 0 {
		m.line("%d more stand in the CSV files.\n", more)
	}
}

func doubts(m *markdown, all []invoice) {
	var rows [][]string
	for _, i := range all {
		if i.mismatch != "" {
			rows = append(rows, []string{i.kind, i.number, i.company, i.total, i.currency, i.mismatch})
		}
	}
	m.line("## Look at these first\n")
	if len(rows) == 0 {
		m.line("Every total adds up and every number is used once.\n")
		return
	}
	m.line("An accounting program refuses them or takes them over wrongly. nextpipe has changed nothing: compare with the PDF, then correct at the source or with `fix_value`.")
	m.list([]string{"type", "number", "company", "total", "currency", "what is wrong"}, rows)
}
