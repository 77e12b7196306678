package plan

import (
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
)

// price adds up the plan: what it costs, and the least any correct run costs,
// which is every create plus one full read-back by list pages.
func price(tx *sql.Tx, planID int64) error {
	for _, name := range entity.Names() {
		if err := priceOne(tx, planID, name); err != nil {
			return fmt.Errorf("price %s: %w", name, err)
		}
	}
	_, err := tx.Exec(`UPDATE plan SET (tokens, floor) = (SELECT coalesce(sum(tokens), 0), coalesce(sum(floor), 0) FROM plan_price WHERE plan_id = ?1)
		WHERE plan_id = ?1`, planID)
	return err
}

// priceOne prices one kind: sending, together where that is cheaper, the look
// before it, and reading back.
func priceOne(tx *sql.Tx, planID int64, name string) error {
	var n, tokens, creates, requests int64
	if err := tx.QueryRow(`SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(tokens) FILTER (WHERE action = 'create'), 0),
			count(*) FILTER (WHERE action = 'create') + 2 * count(*) FILTER (WHERE action IN ('update', 'delete'))
		FROM plan_op WHERE plan_id = ? AND entity = ?`, planID, name).Scan(&n, &tokens, &creates, &requests); err != nil || n == 0 {
		return err
	}
	saved, spared, err := savedTogether(tx, planID, name)
	if err != nil {
		return err
	}
	lists, pages, err := readBack(tx, name, n)
	if err != nil {
		return err
	}
	look := approach(name, creates-saved)
	if look > 0 {
		requests++
	}
	_, err = tx.Exec("INSERT INTO plan_price VALUES (?, ?, ?, ?, ?)", planID, name, tokens-saved+lists+look, creates-saved+lists, requests-spared+pages)
	return err
}

// updatePrice is what changing a record costs: it is read before.
func updatePrice(name string) int { return pipedrive.Cost(name, pipedrive.Update) + readPrice(name) }

func readPrice(name string) int {
	if read := pipedrive.Cost(name, pipedrive.Get); read > 0 {
		return read
	}
	return pipedrive.Cost(name, pipedrive.List) // there is no other way to see it
}

// approach is what load looks at before it sends the first of a kind that scope
// does not read: the newest page.
func approach(name string, creates int64) int64 {
	e, _ := entity.Of(name)
	if creates == 0 || e.Snapshot || e.Under != "" || e.Origin != "" {
		return 0
	}
	return int64(pipedrive.Cost(name, pipedrive.List))
}

// savedTogether is what creates of one parent cost less in one request than
// one by one, where that is cheaper, in tokens and in requests.
func savedTogether(tx *sql.Tx, planID int64, name string) (tokens, requests int64, err error) {
	many, one := pipedrive.Cost(name, pipedrive.CreateMany), pipedrive.Cost(name, pipedrive.Create)
	if many == 0 {
		return 0, 0, nil
	}
	err = tx.QueryRow(entity.ForOne(`SELECT coalesce(sum(max(0, n / ?5 * (?5 * ?4 - ?3) + max(0, n % ?5 * ?4 - ?3))), 0),
			coalesce(sum(n / ?5 * (?5 - 1) + iif(n % ?5 * ?4 > ?3, n % ?5 - 1, 0)), 0) FROM (
			SELECT count(*) AS n FROM plan_op AS p JOIN final_item AS f ON f.entity = p.entity AND f.final_key = p.final_key
			WHERE p.plan_id = ?1 AND p.entity = ?2 AND p.action = 'create' GROUP BY f.payload ->> ?6)`, name),
		planID, name, many, one, pipedrive.MostAtOnce, "$."+pipedrive.ParentOf(name)).Scan(&tokens, &requests)
	return tokens, requests, err
}

// readBack is what it costs to see n final records of a kind, in tokens and in
// requests.
func readBack(tx *sql.Tx, name string, n int64) (tokens, requests int64, err error) {
	e, _ := entity.Of(name)
	var parents int64
	err = tx.QueryRow(entity.ForOne("SELECT count(DISTINCT payload ->> ?) FROM final_item WHERE entity = ?", name), e.Parent(), name).Scan(&parents)
	tokens = e.ReadBack(n, parents)
	requests = tokens / max(int64(pipedrive.Cost(name, pipedrive.List)), 1)
	if e.Brief {
		requests = n + 1
	}
	return tokens, requests, err
}
