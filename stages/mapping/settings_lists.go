package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// visibleEntities are the records whose visibility Pipedrive's API lets us say
// (pipedrive-api.md 4.16); the setting visible_to is for all of them.
var visibleEntities = []string{"organization", "person", "deal", "lead", "product"}

// listSettings are the settings about segments and about who sees what is created.
func listSettings() []Setting {
	rows := []Setting{{"segment_day", nil, "the day of the export", nil,
		"day for which the members of segments are counted, such as 2026-01-31; empty: the day of the export, else of its newest record"}}
	for _, entity := range visibleEntities {
		rows = append(rows, Setting{"visible_to_" + entity, nil, "as visible_to", nil,
			"visibility of every " + entity + " that is created: empty for what visible_to says, else 1, 3, 5 or 7"})
	}
	return rows
}

// visibleWords are the values of visible_to.
var visibleWords = []string{"", "1", "3", "5", "7"}

// groupPlans know the groups that 5 and 7 speak of.
var groupPlans = []string{"premium", "ultimate", "power", "enterprise"}

// refuseVisibility refuses a visibility that the plan which somebody decided on
// does not have: Pipedrive would refuse every record.
func (m *builder) refuseVisibility(rows []Setting) error {
	isDecided := slices.ContainsFunc(rows, func(r Setting) bool { return r.MapKey == "plan" && r.DecidedBy != nil })
	for _, r := range rows {
		if !strings.HasPrefix(r.MapKey, "visible_to") {
			continue
		}
		word := value(r.Value)
		if !slices.Contains(visibleWords, word) {
			return fmt.Errorf("%w: map_setting %q takes %s, not %q", ErrDecision, r.MapKey, strings.Join(visibleWords, ", "), word)
		}
		if (word == "5" || word == "7") && isDecided && !slices.Contains(groupPlans, m.setting["plan"]) {
			return fmt.Errorf("%w: map_setting %q is %s, which plan %s does not have: it takes 1 (owner) and 3 (everybody)",
				ErrDecision, r.MapKey, word, m.setting["plan"])
		}
	}
	return nil
}
