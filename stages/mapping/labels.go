package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// A score or a step of the customer's life has one value at a time: as a label
// it piles up, as a field it can be filtered, reported and cleared.
var (
	// "Lead score: 80", "Tier A", "85 points", "engagement=7", "hot"; not "Webinar 2024" or "black-friday-2023".
	scoreTag = regexp.MustCompile(`(?i)^((lead|contact|engagement)[ _-]?)?(scor(e|ing)|rating|grade|tier|points|temperature)s?([^\pL]|$)` +
		`|\b\d{1,3} ?(points|pts|stars?|%)$|[:=] ?\d{1,3}$|^(hot|warm|cold)([ _-]?(lead|prospect|contact)s?)?$`)
	// "Customer", "former customer", "MQL", "stage: trial", "lifecycle/lead"; not "Lead Magnet" or "Customer day".
	cycleTag = regexp.MustCompile(`(?i)^(stage|status|life[ _-]?cycle|phase)[ _:=/-]` +
		`|^((new|active|former|past|lost|potential)[ _-])?(mql|sql|sal|lead|prospect|subscriber|trial|customer|client|churned|evangelist|` +
		`opportunity|opportunitie|lapsed|inactive)s?$`)
)

// labels proposes what becomes of every tag, for each entity that carries it.
func (m *builder) labels() error {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT entity, tag_key, title, uses FROM (
			SELECT 'organization' AS entity, tag_key, title, uses_account AS uses FROM clean_tag UNION ALL
			SELECT 'person', tag_key, title, uses_contact FROM clean_tag UNION ALL
			SELECT 'deal', tag_key, title, uses_deal FROM clean_tag)
		WHERE uses > 0 OR (entity = 'person' AND tag_key IN (
			SELECT tag_key FROM clean_tag WHERE uses_account + uses_contact + uses_deal = 0))
		ORDER BY entity, uses DESC, tag_key`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []Label
	for rows.Next() {
		var l Label
		if err := rows.Scan(&l.Entity, &l.TagKey, &l.Title, &l.Uses); err != nil {
			return err
		}
		l.MapKey, l.Label = l.Entity+"/"+l.TagKey, &l.Title
		l.propose(m.setting["tag_mode"])
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	m.labelRows, err = finish(m, "map_label", all, func(l *Label) {
		if l.Action != "skip" && l.Label == nil {
			l.Label = &l.Title
		}
		l.settleField()
	})
	return err
}

// The fields in which tags stand that are no labels.
const (
	tagsField  = "NextCRM tags"
	scoreField = "NextCRM scoring"
	cycleField = "NextCRM life cycle"
)

// settleField gives a tag that is an option its field, and no other tag one.
func (l *Label) settleField() {
	if l.Action != "field" {
		l.Field, l.SourceField = nil, nil
		return
	}
	if strings.TrimSpace(value(l.Field)) == "" {
		l.Field = text(tagsField)
	}
	l.SourceField = text(mapped.TagField(fieldKey(*l.Field)))
}

// propose says what the tag's name and use suggest, or what is set for all.
func (l *Label) propose(mode string) {
	used := fmt.Sprintf("on %d records", l.Uses)
	switch {
	case l.Uses == 0:
		l.Action, l.Evidence, l.Confidence = "skip", "no record carries it", 0.9
	case mode == "label" || mode == "field" || mode == "skip":
		l.Action, l.Evidence, l.Confidence = mode, used+"; by setting tag_mode", 1
	case scoreTag.MatchString(l.Title):
		l.Action, l.Field, l.Evidence, l.Confidence = "field", text(scoreField), used+"; looks like a score", 0.7
	case cycleTag.MatchString(l.Title):
		l.Action, l.Field, l.Evidence, l.Confidence = "field", text(cycleField), used+"; looks like a step of the customer's life cycle", 0.7
	default:
		l.Action, l.Evidence, l.Confidence = "label", used, 0.9
	}
}

// tagsInField counts the uses of tags that go to a field.
func (m *builder) tagsInField(entity, sourceField string) (n int64) {
	for _, l := range m.labelRows {
		if l.Entity == entity && value(l.SourceField) == sourceField {
			n += l.Uses
		}
	}
	return n
}

// tagRules are the fields of an entity's tags besides the one for all kinds.
func (m *builder) tagRules(entity string) (rules []rule) {
	for _, l := range m.labelRows {
		r := rule{value(l.SourceField), "custom", fieldKey(value(l.Field)), value(l.Field), "set", "tags that map_label sends to this field"}
		isKnown := slices.ContainsFunc(rules, func(other rule) bool { return other.source == r.source })
		if l.Entity == entity && l.Action == "field" && value(l.Field) != tagsField && !isKnown {
			rules = append(rules, r)
		}
	}
	return rules
}
