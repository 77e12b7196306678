package delta

// lists are the SELECTs of a report: kind, entity, final key, Pipedrive id,
// field, before, after, note; ?1 is the account.
var lists = []string{newStructure, added, changed, gone, heldBack, deleted, edited, lateDuplicates}

const insertItems = `INSERT INTO delta_item (target_id, seq, kind, entity, final_key, pipedrive_id, field, before, after, note)
SELECT ?1, (SELECT coalesce(max(seq), 0) FROM delta_item WHERE target_id = ?1) + row_number() OVER (ORDER BY entity, final_key, field), * `

// ofPlan are the operations of the account's current plan, each with the link it
// is about. One whose record verify found deleted is listed as deleted, not here.
const ofPlan = `
FROM plan AS c
JOIN plan_op AS p ON p.plan_id = c.plan_id
LEFT JOIN final_item AS f ON f.entity = p.entity AND f.final_key = p.final_key
LEFT JOIN link AS l ON l.target_id = c.target_id AND l.entity = p.entity AND l.final_key = p.final_key AND l.part = ''
WHERE c.target_id = ?1 AND c.is_current = 1 `

// newStructure is what the next run would make besides records: additions that
// nobody has seen when the map was confirmed.
const newStructure = `FROM (
	SELECT 'added' AS kind, w.kind AS entity, w.symbol AS final_key, NULL AS pipedrive_id, NULL AS field, NULL AS before, w.name AS after, NULL AS note
	FROM (
		SELECT 'field' AS kind, entity || '.' || field_key AS symbol, name FROM final_field
		UNION ALL SELECT 'option', entity || '.' || field_key || ':' || label, label FROM final_option
		UNION ALL SELECT 'label', entity || ':' || label, label FROM final_label
		UNION ALL SELECT 'pipeline', pipeline_key, name FROM final_pipeline
		UNION ALL SELECT 'stage', stage_key, name FROM final_stage
		UNION ALL SELECT 'activity_type', type_key, name FROM final_activity_type
		UNION ALL SELECT 'board', board_key, name FROM final_board
		UNION ALL SELECT 'phase', phase_key, name FROM final_phase) AS w
	WHERE NOT EXISTS (SELECT 1 FROM bind AS b WHERE b.target_id = ?1 AND b.kind = w.kind AND b.symbol = w.symbol))`

const added = `FROM (
	SELECT 'added' AS kind, p.entity, p.final_key, p.pipedrive_id, NULL AS field, NULL AS before, f.title AS after, p.reason AS note` + ofPlan + `
	AND (p.action = 'create' OR p.action = 'update' AND coalesce(l.state, 'removed') = 'removed'))`

// changed compares key by key what a record last agreed to with what it should
// agree to now.
const changed = `FROM (
	WITH op AS MATERIALIZED (
		SELECT p.seq, p.entity, p.final_key, p.pipedrive_id, f.payload AS now, l.symbolic AS was, iif(p.action = 'delete', p.reason, NULL) AS note` + ofPlan + `
			AND p.action IN ('update', 'delete') AND f.final_key IS NOT NULL AND l.state = 'live'),
	part (path) AS (VALUES ('$'), ('$.custom_fields')),
	value AS (
		SELECT op.seq, e.fullkey, e.key, NULL AS before, e.value AS after FROM op, part, json_each(op.now, part.path) AS e
		UNION ALL SELECT op.seq, e.fullkey, e.key, e.value, NULL FROM op, part, json_each(op.was, part.path) AS e),
	-- Grouped, not joined: for a full join SQLite makes no index.
	both AS (
		SELECT seq, max(key) AS key, max(before) AS before, max(after) AS after FROM value WHERE key <> 'custom_fields'
		GROUP BY seq, fullkey HAVING max(before) IS NOT max(after))
	SELECT 'changed' AS kind, op.entity, op.final_key, op.pipedrive_id, replace(b.key, '@field:', '') AS field, b.before, b.after, op.note
	FROM op JOIN both AS b ON b.seq = op.seq)`

const gone = `FROM (
	SELECT 'gone' AS kind, p.entity, p.final_key, p.pipedrive_id, NULL AS field,
		coalesce(l.symbolic ->> '$.name', l.symbolic ->> '$.title', l.symbolic ->> '$.subject') AS before, NULL AS after, p.reason AS note` + ofPlan + `
	AND f.final_key IS NULL AND l.state = 'live')`

const heldBack = `FROM (
	SELECT 'held_back' AS kind, p.entity, p.final_key, p.pipedrive_id, NULL AS field, NULL AS before, f.title AS after, p.reason AS note` + ofPlan + `
	AND p.action = 'blocked' AND f.final_key IS NOT NULL AND coalesce(l.state, 'removed') <> 'gone')`

// deleted are records of ours that are not in the account any more, whenever
// that was seen first.
const deleted = `FROM (
	SELECT 'deleted' AS kind, l.entity, l.final_key, l.pipedrive_id, NULL AS field,
		coalesce(l.symbolic ->> '$.name', l.symbolic ->> '$.title', l.symbolic ->> '$.subject') AS before, NULL AS after,
		iif(l.state = 'gone', 'deleted or merged in Pipedrive, seen ' || l.updated_at || ': never created again', 'not in the lists of the account') AS note
	FROM (SELECT entity, final_key FROM link WHERE target_id = ?1 AND part = '' AND state = 'gone'
		UNION SELECT entity, final_key FROM difference WHERE target_id = ?1 AND kind = 'missing') AS m
	JOIN link AS l ON l.target_id = ?1 AND l.entity = m.entity AND l.final_key = m.final_key AND l.part = ''
	WHERE EXISTS (SELECT 1 FROM plan AS c JOIN plan_op AS p ON p.plan_id = c.plan_id
		WHERE c.target_id = ?1 AND c.is_current = 1 AND p.entity = m.entity AND p.final_key = m.final_key))`

// edited is what people made of our records: values that verify calls wrong, that
// it knows as theirs, or that are in conflict since an earlier run.
const edited = `FROM (
	SELECT 'edited' AS kind, e.entity, e.final_key, e.pipedrive_id, coalesce(b.symbol, e.field) AS field, e.before, e.after, e.note
	FROM (
		SELECT entity, coalesce(final_key, got) AS final_key, pipedrive_id, field, want AS before, got AS after,
			iif(kind = 'surplus', 'it carries our marker and no link knows it: somebody copied a record, or it was made twice', NULL) AS note
		FROM difference WHERE target_id = ?1 AND kind IN ('value', 'surplus')
		UNION ALL SELECT entity, final_key, pipedrive_id, field, sent, kept, 'it stays, seen ' || since FROM kept_value WHERE target_id = ?1
		UNION ALL SELECT entity, final_key, pipedrive_id, field, base, in_pipedrive, 'a conflict: NextCRM says ' || coalesce(in_nextcrm, 'nothing')
		FROM conflict WHERE target_id = ?1 AND resolved_at IS NULL) AS e
	LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'field' AND 'custom_fields.' || b.pipedrive_id = e.field AND b.symbol LIKE e.entity || '.%')`

const lateDuplicates = `FROM (
	SELECT 'late_duplicate' AS kind, entity, final_key, pipedrive_id, NULL AS field, NULL AS before, url AS after,
		'one with the other records of cluster ' || cluster_id || ': merge them in Pipedrive by hand, or split them by decision' AS note
	FROM v_late_duplicate WHERE target_id = ?1)`

// markConflicts tells what both sides have changed.
const markConflicts = `UPDATE delta_item SET note = c.note FROM (
		WITH ours AS MATERIALIZED (SELECT entity, final_key, field, after FROM delta_item WHERE target_id = ?1 AND kind = 'changed')
		SELECT e.seq, 'a conflict: NextCRM says ' || coalesce(o.after, 'nothing') AS note FROM delta_item AS e
		CROSS JOIN ours AS o ON o.entity = e.entity AND o.final_key = e.final_key AND o.field = e.field -- in this order: ours gets an index
		WHERE e.target_id = ?1 AND e.kind = 'edited') AS c
	WHERE delta_item.target_id = ?1 AND delta_item.seq = c.seq`

// countItems adds up records, each once a kind. ?2 run, ?3 time.
const countItems = `INSERT INTO delta_report (target_id, run_id, made_at, unchanged, added, changed, gone, held_back, deleted, edited, late_duplicate)
SELECT ?1, ?2, ?3, (SELECT count(*) FROM plan AS c JOIN plan_op AS p ON p.plan_id = c.plan_id
		WHERE c.target_id = ?1 AND c.is_current = 1 AND p.action = 'unchanged'),
	count(*) FILTER (WHERE kind = 'added'), count(*) FILTER (WHERE kind = 'changed'), count(*) FILTER (WHERE kind = 'gone'),
	count(*) FILTER (WHERE kind = 'held_back'), count(*) FILTER (WHERE kind = 'deleted'), count(*) FILTER (WHERE kind = 'edited'),
	count(*) FILTER (WHERE kind = 'late_duplicate')
FROM (SELECT DISTINCT kind, entity, final_key FROM delta_item WHERE target_id = ?1)`
