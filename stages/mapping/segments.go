package mapping

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"nextpipe/stages/internal/segment"
)

// Segment is one row of map_segment: a filter, or the people it held.
type Segment struct {
	MapKey      string  `csv:"map_key"`
	Title       string  `csv:"title"`
	Action      string  `csv:"action"`
	Name        string  `csv:"name"`
	Translation string  `csv:"translation"`
	Reasons     string  `csv:"reasons"`
	RuleText    string  `csv:"rule_text"`
	Rules       int64   `csv:"rules"`
	Members     int64   `csv:"members"`
	Undecided   int64   `csv:"undecided"`
	AsOf        string  `csv:"as_of"`
	Conditions  *string `csv:"conditions"`
	Evidence    string  `csv:"evidence"`
	Confidence  float64 `csv:"confidence"`
	DecidedBy   *string `csv:"decided_by"`
}

// segmentRule is one row of map_segment_rule.
type segmentRule struct {
	SegmentKey  string  `csv:"segment_key"`
	Position    int64   `csv:"position"`
	Part        int64   `csv:"part"`
	IsException int64   `csv:"is_exception"`
	RuleText    string  `csv:"rule_text"`
	Counterpart *string `csv:"counterpart"`
	Reasons     string  `csv:"reasons"`
	Explanation string  `csv:"explanation"`
}

// segmentWork is one segment under way.
type segmentWork struct {
	row   Segment
	seg   segment.Segment
	rules []segmentRule
	now   time.Time
}

// segments proposes what becomes of every segment. It comes last: which rules a
// filter can ask hangs on the fields and options that the map has by then.
func (m *builder) segments() error {
	work, err := m.readSegments()
	if err != nil {
		return err
	}
	if len(work) == 0 {
		return m.refuseSegmentDecisions()
	}
	catalog, err := m.catalog()
	if err != nil {
		return err
	}
	for i := range work {
		if err := work[i].translate(catalog.Catalog); err != nil {
			return fmt.Errorf("segment %q: %w", work[i].row.Title, err)
		}
	}
	settleSegmentNames(work)
	if err := m.decideSegments(work); err != nil {
		return err
	}
	frozen, err := m.countMembers(work, catalog)
	if err != nil {
		return fmt.Errorf("find members: %w", err)
	}
	var rules []segmentRule
	rows := make([]Segment, len(work))
	for i, w := range work {
		rows[i], rules = w.row, append(rules, w.rules...)
		if n := w.row.Undecided; n > 0 {
			rows[i].Evidence += fmt.Sprintf(" Of %d people the source does not say whether they belonged.", n)
		}
	}
	if err := insert(m.tx, "map_segment_rule", rules); err != nil {
		return err
	}
	if err := store(m, "map_segment", rows); err != nil {
		return err
	}
	return m.segmentField(rows, frozen)
}

// refuseSegmentDecisions names decisions on segments that the source does not have.
func (m *builder) refuseSegmentDecisions() error {
	err := decide[Segment]("map_segment", nil, m.decisions["map_segment"], nil)
	if err == nil {
		err = decide[Field]("map_field", nil, m.later["map_field"], nil)
	}
	if err == nil {
		err = decide[Option]("map_option", nil, m.later["map_option"], nil)
	}
	delete(m.decisions, "map_segment")
	return err
}

func (m *builder) readSegments() ([]segmentWork, error) {
	zone, err := time.LoadLocation(cmp.Or(m.site.timezone, "UTC"))
	if err != nil {
		return nil, fmt.Errorf("time zone of the site: %w", err)
	}
	rows, err := m.tx.QueryContext(m.ctx, `SELECT segment_key, title, definition, coalesce(as_of, '') FROM clean_segment
		WHERE shape IS NOT NULL ORDER BY row_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []segmentWork
	for rows.Next() {
		var w segmentWork
		var definition, asOf string
		if err := rows.Scan(&w.row.MapKey, &w.row.Title, &definition, &asOf); err != nil {
			return nil, err
		}
		if w.seg, err = segment.Read([]byte(definition)); err != nil {
			return nil, fmt.Errorf("%s: %w", w.row.MapKey, err)
		}
		if w.now, err = m.segmentDay(asOf, zone); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// segmentDay is the moment from which ages count: a decided day, else that of
// the export. A source without any time has no ages.
func (m *builder) segmentDay(asOf string, zone *time.Location) (time.Time, error) {
	if day := m.setting["segment_day"]; day != "" {
		at, err := time.ParseInLocation(time.DateOnly, day, zone)
		if err != nil {
			err = fmt.Errorf("%w: map_setting %q takes a day such as 2026-01-31, not %q", ErrDecision, "segment_day", day)
		}
		return at, err
	}
	if asOf == "" {
		return time.Unix(0, 0).In(zone), nil
	}
	at, err := time.Parse(time.RFC3339, asOf)
	return at.In(zone), err
}

// translate proposes a filter where the rules fit into one.
func (w *segmentWork) translate(catalog segment.Catalog) error {
	t := segment.Translate(w.seg, catalog, w.now)
	r := &w.row
	r.Name, r.Translation, r.RuleText = shortName(r.Title), string(t.Outcome), w.seg.Describe(catalog)
	r.Rules, r.AsOf = int64(w.seg.Rules()), w.now.Format(time.DateOnly)
	switch t.Outcome {
	case segment.Full:
		r.Action, r.Confidence, r.Evidence = "filter", 0.95, "every rule has its counterpart"
	case segment.Partial:
		r.Action, r.Confidence, r.Evidence = "filter", 0.8, "nearly: "+explainAll(t.Reasons)
	default:
		r.Action, r.Confidence, r.Evidence = "frozen", 0.7, explainAll(t.Reasons)
	}
	reasons, err := json.Marshal(append([]string{}, t.Reasons...))
	if err != nil {
		return err
	}
	r.Reasons = string(reasons)
	if t.Filter != nil {
		conditions, err := json.Marshal(t.Filter)
		if err != nil {
			return err
		}
		r.Conditions = text(string(conditions))
	}
	return w.keepRules(t)
}

// keepRules writes down rule by rule what Translate made of it: those of the
// alternatives first, then those of the exceptions.
func (w *segmentWork) keepRules(t segment.Translation) error {
	at := 0
	for part, group := range slices.Concat(w.seg.Any, w.seg.Except) {
		for range group {
			result := t.Rules[at]
			at++
			reasons, err := json.Marshal(append([]string{}, result.Reasons...))
			if err != nil {
				return err
			}
			exception := int64(0)
			if part >= len(w.seg.Any) {
				exception = 1
			}
			w.rules = append(w.rules, segmentRule{w.row.MapKey, int64(at), int64(part + 1), exception, result.Text,
				text(result.Counterpart), string(reasons), explainAll(result.Reasons)})
		}
	}
	return nil
}

// explainAll says reasons in words, each sentence once.
func explainAll(reasons []string) string {
	var all []string
	for _, r := range reasons {
		sentence := segment.Explain(r)
		if _, what, ok := strings.Cut(r, ":"); ok {
			sentence = strings.TrimSuffix(sentence, ".") + " (" + what + ")."
		}
		if !slices.Contains(all, sentence) {
			all = append(all, sentence)
		}
	}
	return strings.Join(all, " ")
}

// settleSegmentNames makes the names unique: Pipedrive's filters are found again by theirs.
func settleSegmentNames(work []segmentWork) {
	seen := map[string]bool{}
	for i := range work {
		r := &work[i].row
		base := r.Name
		for n := 2; seen[strings.ToLower(r.Name)]; n++ {
			r.Name = fmt.Sprintf("%s (%d)", base, n)
		}
		seen[strings.ToLower(r.Name)] = true
	}
}

// decideSegments applies the decisions; a filter needs conditions.
func (m *builder) decideSegments(work []segmentWork) error {
	rows := make([]Segment, len(work))
	for i, w := range work {
		rows[i] = w.row
	}
	if err := decide("map_segment", rows, m.decisions["map_segment"], nil); err != nil {
		return err
	}
	delete(m.decisions, "map_segment")
	names := map[string]string{}
	for i, r := range rows {
		fold := strings.ToLower(strings.TrimSpace(r.Name))
		switch {
		case r.Action == "filter" && r.Conditions == nil:
			return fmt.Errorf("%w: map_segment %q cannot be a filter: %s", ErrDecision, r.MapKey, r.Evidence)
		case fold == "" || names[fold] != "":
			return fmt.Errorf("%w: map_segment %q: name %q is empty or that of %s", ErrDecision, r.MapKey, r.Name, names[fold])
		}
		names[fold], work[i].row = r.MapKey, r
	}
	return nil
}
