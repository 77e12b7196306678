package mapped

import "strings"

// Rule is one line of the won/lost rule: nil matches anything, "*" as a hint
// any hint at all.
type Rule struct {
	SourceStatus, OutcomeHint, StageOutcome *string
	Status                                  string
}

// Deals is clean_deal with what the map decides about a whole deal: stage_ref
// (key of the final stage, NULL when the map has none), stage_outcome and
// final_status by the first rule that matches, and held_value and
// held_currency: what the account will hold once the deal's lines are there,
// which make its value. Words are compared without case.
func Deals(rules []Rule) string {
	return `(
    SELECT d.*,
        lower(trim(st.pipeline)) || '/' || lower(trim(st.stage)) AS stage_ref,
        st.outcome AS stage_outcome,
        ` + statusCase(rules) + ` AS final_status,
        iif(hv.map_key IS NULL, d.value, hv.held_value) AS held_value,
        iif(hv.held_value IS NULL, d.currency, hv.deal_currency) AS held_currency
    FROM clean_deal AS d
    LEFT JOIN map_deal_value AS hv ON hv.map_key = d.deal_key
    LEFT JOIN map_stage AS st ON st.map_key = ifnull(d.category, '') || '/' || ifnull(d.stage_key, '')
)`
}

func statusCase(rules []Rule) string {
	var b strings.Builder
	for _, r := range rules {
		b.WriteString("\n            WHEN " + r.condition() + " THEN " + Literal(r.Status))
	}
	if b.Len() == 0 {
		return "'open'"
	}
	return "CASE" + b.String() + "\n            ELSE 'open'\n        END"
}

func (r Rule) condition() string {
	var all []string
	if r.SourceStatus != nil {
		all = append(all, "lower(d.status) = "+Literal(strings.ToLower(*r.SourceStatus)))
	}
	switch {
	case r.OutcomeHint == nil:
	case *r.OutcomeHint == "*":
		all = append(all, "d.outcome_hint IS NOT NULL")
	default:
		all = append(all, "lower(d.outcome_hint) = "+Literal(strings.ToLower(*r.OutcomeHint)))
	}
	if r.StageOutcome != nil {
		all = append(all, "st.outcome = "+Literal(*r.StageOutcome))
	}
	if len(all) == 0 {
		return "1"
	}
	return strings.Join(all, " AND ")
}

// computed are the values of a deal that its status makes or unmakes, or its lines.
var computed = map[string]string{
	"value":              "c.held_value",
	"currency":           "c.held_currency",
	"status":             "c.final_status",
	"source_status":      "CASE WHEN lower(c.status) <> c.final_status THEN c.status END",
	"closed_probability": "CASE WHEN c.final_status <> 'open' THEN c.probability END",
	"outcome_rest": "nullif(ltrim(CASE WHEN c.final_status <> 'won' THEN ifnull(', won ' || c.won_at, '') ELSE '' END" +
		" || CASE WHEN c.final_status <> 'lost' THEN ifnull(', lost ' || c.lost_at, '') || ifnull(', reason: ' || c.lost_reason, '')" +
		" ELSE '' END, ', '), '')",
}

// DealField gives the value of a source field of Deals, or of a lead's from clean_lead.
func DealField(sourceField, valueType string) Value {
	if text, ok := computed[sourceField]; ok {
		return Value{Text: text}
	}
	return Of(strings.TrimPrefix(sourceField, leadPrefix), valueType)
}
