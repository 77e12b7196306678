package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nextpipe/stages/internal/target"
)

// Outlook is how the plan goes on after a day whose tokens are spent.
type Outlook struct {
	Resume time.Time `json:"resume"` // when the same command may go on
	Left   int64     `json:"left"`   // tokens of the plan that are not spent
	PerDay int64     `json:"per_day"`
	Days   int64     `json:"days"` // after today; 0 when it cannot be told
	Done   time.Time `json:"done"` // when it will have arrived
}

// String says it in a sentence.
func (o Outlook) String() string {
	text := "run the same command again after " + o.Resume.Format("2006-01-02 15:04 MST")
	if o.Days > 0 {
		text += fmt.Sprintf("; %d tokens are left to spend, %d a day: %d more days, done about %s", o.Left, o.PerDay, o.Days, o.Done.Format("2006-01-02 15:04 MST"))
	}
	return text
}

// Foresee tells when the current plan will be done, from what this day brought:
// its work, what others took beside us, and what a run reads before it writes.
func Foresee(ctx context.Context, s *target.Session) (Outlook, error) {
	day := s.Day()
	out := Outlook{Resume: day.Next}
	var ops, before int64
	err := s.DB.Read().QueryRowContext(ctx, `SELECT p.tokens - coalesce(sum(o.tokens) FILTER (WHERE done), 0), count(*) FILTER (WHERE NOT done),
			(SELECT coalesce(sum(tokens), 0) FROM http_log WHERE run_id = ?2
				AND call_id < (SELECT min(call_id) FROM http_log WHERE run_id = ?2 AND method <> 'GET'))
		FROM plan AS p JOIN (SELECT plan_id, tokens, EXISTS (SELECT 1 FROM load_op AS l JOIN plan AS p USING (target_id)
				WHERE p.plan_id = o.plan_id AND l.entity = o.entity AND l.final_key = o.final_key AND l.op_id > p.after_op
					AND l.purpose = 'load' AND l.state IN ('done', 'refused')) AS done
			FROM plan_op AS o WHERE tokens > 0) AS o USING (plan_id)
		WHERE p.target_id = ?1 AND p.is_current = 1 GROUP BY p.plan_id`, s.ID, s.RunID).Scan(&out.Left, &ops, &before)
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("foresee the end: %w", err)
	}
	out.PerDay = day.Ahead() - before
	if out.Left <= 0 || out.PerDay <= 0 {
		return out, nil
	}
	out.Days = (out.Left + out.PerDay - 1) / out.PerDay
	last := out.Left - (out.Days-1)*out.PerDay
	out.Done = out.Resume.Add(time.Duration(out.Days-1)*24*time.Hour + s.Pace(ops*last/out.Left))
	return out, nil
}
