package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// wonWords and lostWords are what exports call an outcome (nextcrm-plugin-export.md, deals).
var (
	wonWords  = []string{"won", "closed won", "accepted", "paid", "gewonnen"}
	lostWords = []string{"lost", "closed lost", "abandoned", "declined", "verloren"}
)

// statuses proposes the won/lost rule, counts what each line decides, and adds
// a line for every status word of the source that no line names.
func (m *builder) statuses() error {
	groups, err := m.statusGroups()
	if err != nil {
		return err
	}
	rows := m.defaultRules()
	rows = append(rows, unknownWords(rows, groups)...)
	rows = append(rows, Status{MapKey: "*", Position: 1000, Status: "open", Evidence: "whatever is not decided is open"})
	count(rows, groups)
	rows, err = finish(m, "map_status", rows, nil)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b Status) int { return cmp.Compare(a.Position, b.Position) })
	for _, r := range rows {
		m.rules = append(m.rules, mapped.Rule{SourceStatus: r.SourceStatus, OutcomeHint: r.OutcomeHint, StageOutcome: r.StageOutcome, Status: r.Status})
	}
	return nil
}

// defaultRules are the won/lost rule of nextcrm-database.md 2.4 and the words
// of the plugin's export.
func (m *builder) defaultRules() []Status {
	if m.edition == "plugin" {
		rows := outcomeRules(wonWords, "won", 100)
		return append(rows, outcomeRules(lostWords, "lost", 200)...)
	}
	return []Status{
		{MapKey: "closed/reason", Position: 10, SourceStatus: text("closed"), OutcomeHint: text("*"), Status: "lost",
			Evidence: "closed by the kill rule, which leaves a reason in the audit log"},
		{MapKey: "closed", Position: 20, SourceStatus: text("closed"), Status: "won", Evidence: "NextCRM's reports count closed as won"},
		{MapKey: "inactive", Position: 30, SourceStatus: text("inactive"), Status: "lost", Evidence: "NextCRM's reports count inactive as lost"},
		{MapKey: "stage lost", Position: 40, StageOutcome: text("lost"), Status: "lost", Evidence: "the stage says so, see map_stage.outcome"},
		{MapKey: "stage won", Position: 50, StageOutcome: text("won"), Status: "won", Evidence: "the stage says so, see map_stage.outcome"},
	}
}

// outcomeRules makes two lines a word: by the status and by the outcome read from the export.
func outcomeRules(words []string, status string, position int64) []Status {
	rows := []Status{{MapKey: "outcome " + status, Position: position, OutcomeHint: text(status), Status: status, Evidence: "the export's status means " + status}}
	for i, w := range words {
		rows = append(rows, Status{MapKey: w, Position: position + 1 + int64(i), SourceStatus: text(w), Status: status, Evidence: "the word means " + status})
	}
	return rows
}

// statusGroup is one combination of what the rule looks at.
type statusGroup struct {
	status, hint, outcome *string
	deals                 int64
}

func (m *builder) statusGroups() ([]statusGroup, error) {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT lower(status), lower(outcome_hint), stage_outcome, count(*)
		FROM `+mapped.Deals(nil)+` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []statusGroup
	for rows.Next() {
		var g statusGroup
		if err := rows.Scan(&g.status, &g.hint, &g.outcome, &g.deals); err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, rows.Err()
}

// unknownWords shows people every word that the rule passes over.
func unknownWords(rules []Status, groups []statusGroup) []Status {
	known := map[string]bool{"": true}
	for _, r := range rules {
		known[strings.ToLower(value(r.SourceStatus))] = true
	}
	var rows []Status
	for _, g := range groups {
		word := value(g.status)
		if known[word] {
			continue
		}
		known[word] = true
		rows = append(rows, Status{MapKey: word, Position: 500 + int64(len(rows)), SourceStatus: text(word), Status: "open",
			Evidence: fmt.Sprintf("%q says neither won nor lost", word)})
	}
	return rows
}

// count adds up the deals that each rule decides: the first that matches.
func count(rules []Status, groups []statusGroup) {
	order := make([]*Status, len(rules))
	for i := range rules {
		order[i] = &rules[i]
	}
	slices.SortFunc(order, func(a, b *Status) int { return cmp.Compare(a.Position, b.Position) })
	for _, g := range groups {
		for _, r := range order {
			if matches(*r, g) {
				r.Deals += g.deals
				break
			}
		}
	}
}

func matches(r Status, g statusGroup) bool {
	same := func(want, got *string) bool { return want == nil || got != nil && strings.EqualFold(*want, *got) }
	hint := same(r.OutcomeHint, g.hint) || value(r.OutcomeHint) == "*" && g.hint != nil
	return same(r.SourceStatus, g.status) && hint && same(r.StageOutcome, g.outcome)
}
