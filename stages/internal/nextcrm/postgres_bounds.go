package nextcrm

import (
	"context"
	"fmt"
	"strings"
)

// planDealAudit bounds a deal's history to what its outcome needs: the changes of
// the stage and the kill rule's reason.
func (s *databaseSource) planDealAudit() {
	for _, p := range s.plans["deal_audit"] {
		p.where = ` WHERE "entityType" = 'opportunity' AND jsonb_typeof("changes") = 'array'` +
			` AND ("changes" @> '[{"field": "close_reason"}]' OR "changes" @> '[{"field": "sales_stage"}]')`
		p.replace("changes", `(SELECT jsonb_agg(c.change ORDER BY c.position) FROM jsonb_array_elements("changes")`+
			` WITH ORDINALITY AS c (change, position) WHERE c.change ->> 'field' IN ('close_reason', 'sales_stage'))`)
	}
}

// changedFields lists the fields that changes speak of, in either shape: a list
// of field, old and new, or an object by field.
const changedFields = `
SELECT DISTINCT c.change ->> 'field' FROM %[1]s, jsonb_array_elements(CASE WHEN jsonb_typeof("changes"::jsonb) = 'array' THEN "changes"::jsonb ELSE '[]' END) AS c (change)
WHERE c.change ->> 'field' IS NOT NULL
UNION SELECT o.field FROM %[1]s, jsonb_object_keys(CASE WHEN jsonb_typeof("changes"::jsonb) = 'object' THEN "changes"::jsonb ELSE '{}' END) AS o (field)
ORDER BY 1`

// planAudit leaves the fields that hold secrets out of the audit log: a fork's
// password column would come back through its old and new values.
func (s *databaseSource) planAudit(ctx context.Context) error {
	for _, p := range s.plans["audit"] {
		if _, ok := s.tables[p.table].column("changes"); !ok {
			continue
		}
		secret, err := s.secretNames(ctx, fmt.Sprintf(changedFields, s.qualified(p.table)))
		if err != nil {
			return fmt.Errorf("read names of changed fields: %w", err)
		}
		if len(secret) == 0 {
			continue
		}
		for _, name := range secret {
			s.note("info", "secret-field", p.table, name, "changes of the field are not read because its name says that it holds a secret", "")
		}
		names := literals(secret)
		p.replace("changes", `CASE jsonb_typeof("changes"::jsonb) WHEN 'array' THEN coalesce((SELECT jsonb_agg(c.change ORDER BY c.position)`+
			` FROM jsonb_array_elements("changes"::jsonb) WITH ORDINALITY AS c (change, position)`+
			` WHERE coalesce(c.change ->> 'field', '') NOT IN (`+names+`)), '[]') WHEN 'object' THEN "changes"::jsonb - ARRAY[`+names+`] ELSE "changes"::jsonb END`)
	}
	return nil
}

// replace selects an expression in place of a column.
func (p *tablePlan) replace(column, expr string) {
	for i := range p.exprs {
		if p.exprs[i] == quote(column) {
			p.exprs[i] = expr
		}
	}
}

// planSettings leaves out the settings that are secrets. Only their names are
// read, so the secrets do not even leave the server.
func (s *databaseSource) planSettings(ctx context.Context) error {
	for _, p := range s.plans["setting"] {
		secret, err := s.secretNames(ctx, `SELECT "key" FROM `+s.qualified(p.table)+` ORDER BY "key"`)
		if err != nil {
			return fmt.Errorf("read names of settings: %w", err)
		}
		for _, key := range secret {
			s.note("info", "secret-setting", p.table, key, "the setting is not read because its name says that it is a secret", "")
		}
		if len(secret) > 0 {
			p.where = ` WHERE "key" NOT IN (` + literals(secret) + ")"
		}
	}
	return nil
}

// secretNames runs a query of names and gives those that say secret.
func (s *databaseSource) secretNames(ctx context.Context, query string) ([]string, error) {
	rows, err := s.conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var secret []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if isSecretName(name) {
			secret = append(secret, name)
		}
	}
	return secret, rows.Err()
}

func literals(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = literal(w)
	}
	return strings.Join(quoted, ", ")
}
