package pipedrive

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Whose token a request is sent with. The zero value is the safe one.
const (
	firstToken = 0
	anyToken   = -1
)

// takenOver lists what a new record takes over from the token's user where its
// body is silent: its owner, who may see it, its author. Kinds that are not
// listed take over more than a body can say (who has created a deal, an activity
// or a file, to whom a filter belongs) and are sent with the first token.
var takenOver = map[string][]string{
	"organization":          {"owner_id", "visible_to"},
	"person":                {"owner_id", "visible_to"},
	"product":               {"owner_id", "visible_to"},
	"note":                  {"user_id"},
	"deal_product":          {},
	"relationship":          {},
	"organization_follower": {},
	"person_follower":       {},
	"deal_follower":         {},
}

// changeable are the kinds that are the same whoever changes or deletes them. A
// note that is changed may take its author over, and structure is few requests.
var changeable = []string{"organization", "person", "product", "deal", "deal_product", "deal_discount", "lead", "activity", "project", "project_task"}

// tokenFor decides whose token does what: any, where the account ends up the
// same whichever it is. Lists are read with the first, which sees what it made.
func tokenFor(entity string, v Verb, body []byte) int {
	switch v {
	case Create:
		if keys, ok := takenOver[entity]; ok && says(body, keys) {
			return anyToken
		}
	case CreateMany:
		return anyToken // lines of deals
	case Get, Update, Delete:
		if slices.Contains(changeable, entity) {
			return anyToken
		}
	}
	return firstToken
}

// says tells that a body has a value for each of the keys.
func says(body []byte, keys []string) bool {
	var props map[string]json.RawMessage
	if json.Unmarshal(body, &props) != nil {
		return false
	}
	return !slices.ContainsFunc(keys, func(key string) bool { return len(props[key]) == 0 || string(props[key]) == "null" })
}

// crew are the tokens, the first of them first.
type crew []secret

func newCrew(tokens []string) (crew, error) {
	var all crew
	for i, t := range tokens {
		if err := checkToken(t); err != nil {
			return nil, err
		}
		if slices.Contains(tokens[:i], t) {
			return nil, errors.New("a pipedrive API token is given twice")
		}
		all = append(all, hide(t))
	}
	return all, nil
}

// scrub removes the tokens from text that came from outside, longer ones first,
// since one may hold another.
func (c crew) scrub(text string) string {
	byLength := slices.Clone(c)
	slices.SortFunc(byLength, func(a, b secret) int { return len(*b.value) - len(*a.value) })
	for _, s := range byLength {
		text = s.scrub(text)
	}
	return text
}

// SplitTokens takes tokens apart that are separated by commas or line breaks.
func SplitTokens(text string) (tokens []string) {
	for _, t := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if t = strings.TrimSpace(t); t != "" {
			tokens = append(tokens, t)
		}
	}
	return tokens
}
