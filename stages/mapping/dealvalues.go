package mapping

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"nextpipe/stages/internal/warehouse"
)

// DealValue is one row of map_deal_value: a deal with lines, and whose figure
// stands. Amounts are exact decimals in the deal's currency.
type DealValue struct {
	MapKey       string  `csv:"map_key"`
	Title        string  `csv:"title"`
	Policy       string  `csv:"policy"`
	Lines        int64   `csv:"lines"`
	DealCurrency *string `csv:"deal_currency"`
	DealValue    *string `csv:"deal_value"`
	LinesTotal   string  `csv:"lines_total"`
	Difference   *string `csv:"difference"`
	HeldValue    *string `csv:"held_value"`
	Evidence     string  `csv:"evidence"`
	DecidedBy    *string `csv:"decided_by"`
}

// The policies of a deal with lines.
const (
	linesWin   = "lines win"
	valueWins  = "value wins"
	documented = "documented"
)

// dealSum is what the clean stage found out about a deal with lines.
type dealSum struct {
	scale, lines, foreign int64
	value                 sql.NullInt64 // in cents
	hasValue              bool
}

// whyNot says why a policy cannot be had for a deal; "" when it can.
func (s dealSum) whyNot(policy string) string {
	switch {
	case policy == linesWin && s.foreign > 0:
		return "a line is in another currency than the deal, and Pipedrive would add it up as if it were not"
	case policy == valueWins && !s.hasValue:
		return "the deal has no value"
	case policy == valueWins && (!s.value.Valid || s.value.Int64 < 0):
		return "lines cannot come to the deal's value: it is negative or too large"
	}
	return ""
}

// propose is the wanted policy, or the nearest one that can be had.
func (s dealSum) propose(wanted string) (policy, evidence string) {
	next := valueWins
	if !s.hasValue {
		next = linesWin // nobody saw a value
	}
	evidence = "setting deal_value_policy"
	for _, policy = range []string{wanted, next} {
		why := s.whyNot(policy)
		if why == "" {
			return policy, evidence
		}
		evidence = "not " + policy + ": " + why
	}
	return documented, evidence
}

// held gives the value that the account will hold.
func (s dealSum) held(v *DealValue) *string {
	switch v.Policy {
	case linesWin:
		return &v.LinesTotal
	case valueWins:
		return text(amount(s.value.Int64, s.scale))
	}
	return v.DealValue
}

// dealValues proposes for every deal with lines whose figure stands.
func (m *builder) dealValues() error {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT s.deal_key, d.title, s.currency, d.value, s.scale, s.lines, s.foreign_lines, s.lines_minor, s.value_minor
		FROM clean_deal_sum AS s JOIN clean_deal AS d ON d.deal_key = s.deal_key ORDER BY s.deal_key`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []DealValue
	sums := map[string]dealSum{}
	for rows.Next() {
		var v DealValue
		var s dealSum
		var cents int64
		if err := rows.Scan(&v.MapKey, &v.Title, &v.DealCurrency, &v.DealValue, &s.scale, &s.lines, &s.foreign, &cents, &s.value); err != nil {
			return err
		}
		s.hasValue = v.DealValue != nil
		v.Lines, v.LinesTotal = s.lines, amount(cents, s.scale)
		if s.value.Valid {
			v.Difference = text(amount(s.value.Int64-cents, s.scale))
		}
		v.Policy, v.Evidence = s.propose(m.setting["deal_value_policy"])
		all, sums[v.MapKey] = append(all, v), s
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return m.finishDealValues(all, sums)
}

// finishDealValues applies the decisions and refuses those that Pipedrive
// cannot hold.
func (m *builder) finishDealValues(all []DealValue, sums map[string]dealSum) error {
	var refused error
	_, err := finish(m, "map_deal_value", all, func(v *DealValue) {
		s := sums[v.MapKey]
		if why := s.whyNot(v.Policy); why != "" && refused == nil {
			refused = fmt.Errorf("%w: map_deal_value %q cannot be %q: %s", ErrDecision, v.MapKey, v.Policy, why)
		}
		v.HeldValue = s.held(v)
	})
	if err != nil {
		return err
	}
	return refused
}

// productFields is how many custom fields products take of the budget: their
// marker, where there are any.
func (m *builder) productFields() (n int, err error) {
	err = m.scan("SELECT EXISTS (SELECT 1 FROM clean_product) OR EXISTS (SELECT 1 FROM clean_deal_sum)", &n)
	return n, err
}

// sealDealValues seals what people decided about single deals. The proposals
// follow from the sealed setting, and every new line of a deal adds one.
func sealDealValues(ctx context.Context, db *warehouse.DB, to interface{ Write([]byte) (int, error) }) error {
	rows, err := load[DealValue](ctx, db, "map_deal_value")
	if err != nil {
		return err
	}
	return sealRows("map_deal_value", slices.DeleteFunc(rows, func(v DealValue) bool { return v.DecidedBy == nil }), to)
}

// amount writes cents as a decimal: 1250, 100 is 12.50.
func amount(cents, scale int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	if scale == 1 {
		return fmt.Sprintf("%s%d", sign, cents)
	}
	digits := len(fmt.Sprint(scale)) - 1
	return fmt.Sprintf("%s%d.%0*d", sign, cents/scale, digits, cents%scale)
}
