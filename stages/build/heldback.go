package build

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/mapped"
)

// maxText is how many characters a text field of Pipedrive holds
// (pipedrive-api.md 6). A longer text is never cut: it is held back whole, and notes hold it.
const maxText = 65535

// findLong notes the text fields in which at least one text is too long, so
// that only their expressions pay for looking at the length.
func (m *theMap) findLong(ctx context.Context, tx *sql.Tx) error {
	m.long = map[string]bool{}
	for _, e := range entities {
		u := use{map[string]bool{}, map[string]int64{}}
		texts, lengths := m.textFields(e)
		if err := m.readLengths(ctx, tx, e, texts, lengths, u); err != nil {
			return fmt.Errorf("measure texts of %s: %w", e.table, err)
		}
		for symbol, longest := range u.longest {
			m.long[symbol] = longest > maxText
		}
	}
	return nil
}

// fitting is the JSON of a text that fits its field, NULL for one that does not.
func (m *theMap) fitting(f mapField, v mapped.Value) string {
	if !m.long[f.entity+"."+f.target] {
		return quoted(v.Text)
	}
	return fmt.Sprintf("CASE WHEN length(%s) <= %d THEN %s END", v.Text, maxText, quoted(v.Text))
}

// writeHeldBack keeps the texts that the payloads go without, and counts them.
func (m *theMap) writeHeldBack(ctx context.Context, tx *sql.Tx) (total int64, err error) {
	for _, e := range entities {
		for _, f := range m.fields[e.name] {
			if f.action != "custom" || f.kind != "text" || !m.long[e.name+"."+f.target] {
				continue
			}
			text := m.value(f).Text
			res, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO final_held_back (entity, final_key, field_key, characters, value)
				SELECT ?, %s, ?, length(%s), %s FROM %s WHERE length(%s) > %d`, e.key, text, text, e.source(m), text, maxText), e.name, f.target)
			if err != nil {
				return 0, fmt.Errorf("hold back long texts of %s: %w", e.table, err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	return total, nil
}
