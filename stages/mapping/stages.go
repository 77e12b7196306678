package mapping

import (
	"fmt"
	"regexp"
	"strings"
)

// Stages that mean an outcome by their name. Sources of the words:
// nextcrm-database.md 2.4 (admin-made stages) and the export's status words.
var (
	wonStage  = regexp.MustCompile(`(?i)^(closed[ -]?)?(won|gewonnen|gagné|ganado|vinto|vyhráno)$`)
	lostStage = regexp.MustCompile(`(?i)^(closed[ -]?)?(lost|verloren|perdu|perdido|perso|prohráno|abandoned|declined)$`)
)

// stages proposes one pipeline a deal category, with the stages the source has
// for it and the stages its deals stand in. In the open-source edition, which
// has one list of stages, every category gets the whole list.
func (m *builder) stages() error {
	rows, err := m.tx.QueryContext(m.ctx, `WITH
		used AS (
			SELECT ifnull(category, '') AS category, ifnull(stage_key, '') AS stage_key, max(stage) AS stage, count(*) AS deals
			FROM clean_deal GROUP BY 1, 2),
		category AS (SELECT category FROM used UNION SELECT pipeline FROM clean_stage WHERE pipeline IS NOT NULL AND NOT EXISTS (
			SELECT 1 FROM used WHERE lower(trim(used.category)) = lower(trim(pipeline)))),
		pair AS (
			SELECT c.category, s.stage_key FROM category AS c JOIN clean_stage AS s
				ON s.pipeline IS NULL OR lower(trim(s.pipeline)) = lower(trim(c.category))
			UNION SELECT category, stage_key FROM used)
		SELECT p.category, p.stage_key, coalesce(s.name, u.stage), s.position, s.probability,
			coalesce(u.deals, 0), s.origin IS NOT 'record' AND p.stage_key <> '', s.stage_key IS NOT NULL AND s.pipeline IS NULL
		FROM pair AS p
		LEFT JOIN clean_stage AS s ON s.stage_key = p.stage_key
		LEFT JOIN used AS u ON u.category = p.category AND u.stage_key = p.stage_key
		ORDER BY p.category, p.stage_key = '', `+m.stageOrder()+` p.stage_key`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []Stage
	for rows.Next() {
		var s Stage
		var position *int64
		var isMention, isShared bool
		if err := rows.Scan(&s.Category, &s.StageKey, &s.SourceStage, &position, &s.Probability, &s.Deals, &isMention, &isShared); err != nil {
			return err
		}
		all = append(all, m.proposeStage(s, isMention, isShared))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	place(all, m.setting["default_stage"])
	m.stageRows, err = finish(m, "map_stage", all, nil)
	return err
}

// stageOrder orders stages by position where positions tell them apart, else by
// probability: the open-source edition leaves positions 0, 0, NULL.
func (m *builder) stageOrder() string {
	return `CASE WHEN (SELECT count(position) = count(*) AND count(DISTINCT position) = count(*) FROM clean_stage AS o
			WHERE o.origin = 'record' AND o.pipeline IS s.pipeline) THEN coalesce(s.position, 100000) ELSE coalesce(s.probability, 1000) END,
		coalesce(s.position, 100000), coalesce(s.probability, 1000), lower(s.name),`
}

func (m *builder) proposeStage(s Stage, isMention, isShared bool) Stage {
	s.MapKey = s.Category + "/" + s.StageKey
	s.Pipeline = strings.TrimSpace(s.Category)
	if s.Pipeline == "" {
		s.Pipeline = m.setting["default_pipeline"]
	}
	s.Stage = strings.TrimSpace(value(s.SourceStage))
	s.Evidence, s.Confidence = fmt.Sprintf("%d deals", s.Deals), 0.95
	if isMention {
		s.Evidence, s.Confidence = s.Evidence+"; not in the source's list of stages", 0.7
	}
	if m.edition == "open-source" || isShared {
		s.Outcome, s.Evidence = outcome(s)
	}
	return s
}

// outcome proposes what standing in a stage says about an active deal.
func outcome(s Stage) (*string, string) {
	switch {
	case lostStage.MatchString(s.Stage):
		return text("lost"), s.Evidence + "; the name says lost"
	case wonStage.MatchString(s.Stage):
		return text("won"), s.Evidence + "; the name says won"
	case s.Probability != nil && *s.Probability == 100:
		return text("won"), s.Evidence + "; at 100 % a deal counts as won"
	}
	return nil, s.Evidence
}

// place numbers the stages of each pipeline and gives deals without a stage the
// pipeline's first one, which says the least about them.
func place(all []Stage, emptyStage string) {
	count := map[string]int64{}
	first := map[string]Stage{}
	for i := range all {
		s := &all[i]
		pipeline := strings.ToLower(s.Pipeline)
		start, ok := first[pipeline]
		switch {
		case s.StageKey != "" && s.Stage != "":
			count[pipeline]++
			s.Position = count[pipeline]
			if !ok {
				first[pipeline] = *s
			}
		case ok:
			s.Stage, s.Position, s.Probability = start.Stage, start.Position, start.Probability
			s.Evidence, s.Confidence = fmt.Sprintf("%d deals have no stage; they start in the first one", s.Deals), 0.6
		default:
			s.Stage, s.Position = emptyStage, 1
			s.Evidence, s.Confidence = fmt.Sprintf("%d deals, and the pipeline has no stage", s.Deals), 0.5
		}
	}
}
