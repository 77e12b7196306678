package load

import (
	"encoding/json"
	"math/big"

	"nextpipe/stages/internal/journal"
)

// onlyBlanks keeps the keys of change that the record leaves blank now or that
// we have sent before, custom fields by their codes. What people entered there
// stays, also what they entered since the plan was made.
func onlyBlanks(record, change, sent []byte) ([]byte, error) {
	have, err := journal.Decode(record)
	if err != nil {
		return nil, err
	}
	want, err := journal.Decode(change)
	if err != nil {
		return nil, err
	}
	ours := map[string]any{}
	if sent != nil {
		if ours, err = journal.Decode(sent); err != nil {
			return nil, err
		}
	}
	dropForeign(want, have, ours)
	if custom, ok := want["custom_fields"].(map[string]any); ok {
		existing, _ := have["custom_fields"].(map[string]any)
		sentCustom, _ := ours["custom_fields"].(map[string]any)
		if dropForeign(custom, existing, sentCustom); len(custom) == 0 {
			delete(want, "custom_fields")
		}
	}
	if _, both := want["currency"]; !both && !journal.IsBlank(have["currency"]) {
		delete(want, "value") // an amount must not end up in another currency than its own
	}
	return json.Marshal(want)
}

func dropForeign(want, have, ours map[string]any) {
	for key := range want {
		if _, sent := ours[key]; key != "custom_fields" && !sent && !journal.IsBlank(have[key]) {
			delete(want, key)
		}
	}
}

// higher is the greater of two ids that are numbers.
func higher(a, b string) string {
	x, okX := new(big.Int).SetString(a, 10)
	y, okY := new(big.Int).SetString(b, 10)
	if !okX || okY && y.Cmp(x) > 0 {
		return b
	}
	return a
}
