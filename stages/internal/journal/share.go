package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// OwnShare is what of the sets in a body is NextCRM's word, where people's
// entries are among them: the entries of ours that were sent, as ours has them.
// That is what we know of such a record. With people's entries it would look as
// if nobody had touched it, and a rollback would take them away.
func OwnShare(body, ours []byte) ([]byte, error) {
	sent, err := Decode(body)
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	meant, err := Decode(ours)
	if err != nil {
		return nil, fmt.Errorf("read what NextCRM says: %w", err)
	}
	share, word := map[string]any{}, flatten(meant)
	for name, v := range flatten(sent) {
		entries, isList := v.([]any)
		own, _ := list(word[name])
		if !isList || sameList(name, entries, own) && sameList(name, own, entries) {
			continue
		}
		own = slices.DeleteFunc(slices.Clone(own), func(o any) bool { return !hasEntry(name, entries, o) })
		if share[name] = own; len(own) == 0 && strings.HasPrefix(name, custom) {
			share[name] = nil // as the account answers an empty one
		} else if own == nil {
			share[name] = []any{}
		}
	}
	return json.Marshal(nest(share))
}

// hasEntry tells that a set has an entry: a contact by its value.
func hasEntry(name string, entries []any, entry any) bool {
	if name == "emails" || name == "phones" {
		return contacts{kind: name}.find(entries, entry) != nil
	}
	return slices.ContainsFunc(entries, func(e any) bool { return same(name, e, entry) })
}
