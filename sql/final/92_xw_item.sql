-- one row per staged lead, target, person found for one, target list, membership, and lead source, status and type
-- reads: clean_prospect, clean_lead, clean_list, clean_site, xw_contact, final_lead, final_filter, stg_lead_source, stg_lead_status, stg_lead_type, stg_target_list, stg_target_list_member, map_field, map_option
WITH
lead AS (
    SELECT *, fate = 'live' AND NOT is_final AS is_rejected FROM (
        SELECT p.*, p.prospect_key IN (SELECT final_key FROM final_lead) AS is_final FROM clean_prospect AS p WHERE p.object = 'lead')
),
-- A repeated record goes where the record it repeats goes.
person AS MATERIALIZED (
    SELECT p.object, p.row_id, p.source_id,
        CASE WHEN p.fate = 'live' THEN coalesce(x.fate, 'rejected') ELSE p.fate END AS fate,
        CASE WHEN x.final_key IS NOT NULL THEN 'person' END AS entity,
        x.final_key,
        CASE WHEN p.fate <> 'live' THEN p.rule WHEN x.fate IS NULL THEN p.object || '.nothing_to_name' ELSE x.rule END AS rule,
        CASE WHEN p.fate <> 'live' THEN p.reason WHEN x.fate IS NULL THEN 'neither name nor e-mail, phone or company' ELSE x.reason END AS reason
    FROM clean_prospect AS p
    LEFT JOIN xw_contact AS x ON x.contact_key = CASE p.fate WHEN 'live' THEN p.prospect_key WHEN 'merged' THEN p.into_key END
    WHERE p.object <> 'lead'
),
list AS MATERIALIZED (
    SELECT l.row_id, l.source_id, np_id(l.source_id) AS id, c.title, o.map_key IS NOT NULL AND o.label IS NULL AS is_left_out,
        coalesce(f.final_key, (SELECT min(n.final_key) FROM final_filter AS n WHERE n.name = substr('NextCRM list: ' || o.label, 1, 245))) AS filter,
        f.final_key IS NOT NULL AND c.source_id = np_id(l.source_id) AS is_own,
        site.exclude_deleted AND (l.deleted_at <> '' AND l.deleted_at <> 'NULL' AND l.deleted_at NOT GLOB '0000-*') IS TRUE AS is_deleted
    FROM stg_target_list AS l
    CROSS JOIN clean_site AS site
    LEFT JOIN clean_list AS c ON c.list_key = np_fold(np_text(l.title))
    LEFT JOIN map_option AS o ON o.map_key = 'contact.lists=' || c.title
    LEFT JOIN final_filter AS f ON f.final_key = 'filter:list:' || replace(replace(c.source_id, '%', '%25'), ']', '%5D')
),
word (object, source_field, row_id, source_id, name, uses) AS MATERIALIZED (
    SELECT 'lead_status', 'lead:status', s.row_id, s.source_id, np_name(s.name), (SELECT count(*) FROM clean_lead AS l WHERE l.status = np_name(s.name)) FROM stg_lead_status AS s
    UNION ALL
    SELECT 'lead_source', 'lead:source', s.row_id, s.source_id, np_name(s.name), (SELECT count(*) FROM clean_lead AS l WHERE l.source = np_name(s.name)) FROM stg_lead_source AS s
    UNION ALL
    SELECT 'lead_type', 'lead:type', s.row_id, s.source_id, np_name(s.name), (SELECT count(*) FROM clean_lead AS l WHERE l.type = np_name(s.name)) FROM stg_lead_type AS s
)
SELECT object, row_id, source_id,
    CASE WHEN is_rejected THEN 'rejected' WHEN is_final THEN 'final' ELSE fate END AS fate,
    iif(is_final OR fate = 'merged', 'lead', NULL) AS entity,
    iif(is_final, prospect_key, into_key) AS final_key,
    iif(is_rejected, 'lead.nothing_to_link', rule) AS rule,
    iif(is_rejected, 'the lead has neither a person nor a company', reason) AS reason
FROM lead
UNION ALL
SELECT object, row_id, source_id, fate, entity, final_key, rule, reason FROM person
UNION ALL
SELECT 'target_list', row_id, source_id,
    CASE WHEN is_deleted OR title IS NULL OR is_left_out THEN 'excluded' WHEN is_own THEN 'final' ELSE 'merged' END,
    iif(is_deleted OR is_left_out OR filter IS NULL, NULL, 'filter'),
    iif(is_deleted OR is_left_out, NULL, filter),
    CASE WHEN is_deleted THEN 'soft_deleted' WHEN title IS NULL THEN 'empty' WHEN is_left_out THEN 'map_option' ELSE 'list' END,
    CASE WHEN is_deleted THEN 'deleted in the source' WHEN title IS NULL THEN 'the list has no name' WHEN is_left_out THEN 'the map leaves the list out'
        ELSE 'an option of the persons'' field for lists: ' || title END
FROM list
UNION ALL
SELECT 'target_list_member', m.row_id, m.source_id,
    iif(NOT l.is_deleted AND l.title IS NOT NULL AND p.final_key IS NOT NULL, 'merged', 'excluded'),
    iif(NOT l.is_deleted AND l.title IS NOT NULL AND p.final_key IS NOT NULL, 'person', NULL),
    iif(NOT l.is_deleted AND l.title IS NOT NULL, p.final_key, NULL),
    CASE WHEN l.id IS NULL OR p.row_id IS NULL THEN 'membership_of_nobody' WHEN l.is_deleted OR p.final_key IS NULL THEN 'soft_deleted' ELSE 'list' END,
    CASE
        WHEN l.id IS NULL THEN 'names a list that does not exist'
        WHEN p.row_id IS NULL THEN 'names a target that does not exist'
        WHEN l.is_deleted THEN 'its list is deleted in the source'
        WHEN p.final_key IS NULL THEN 'its target: ' || p.reason
        ELSE 'the person is on the list ' || ifnull(l.title, '(no name)')
    END
FROM stg_target_list_member AS m
LEFT JOIN list AS l ON l.id = np_id(m.target_list_id)
LEFT JOIN person AS p ON p.object = 'target' AND p.source_id = np_id(m.target_id)
UNION ALL
SELECT w.object, w.row_id, w.source_id, iif(w.uses > 0, 'merged', 'excluded'), iif(w.uses > 0, 'lead', NULL), NULL,
    iif(w.uses > 0, 'lookup', 'unused'),
    CASE
        WHEN w.uses = 0 THEN 'no lead that is migrated has it'
        WHEN f.action = 'native' AND o.label IS NOT NULL THEN 'label "' || o.label || '" of ' || w.uses || ' leads'
        WHEN f.action = 'custom' THEN 'field "' || f.target_name || '" of ' || w.uses || ' leads'
        ELSE 'stands in the notes of ' || w.uses || ' leads'
    END
FROM word AS w
LEFT JOIN map_field AS f ON f.map_key = 'deal.' || w.source_field
LEFT JOIN map_option AS o ON o.map_key = f.map_key || '=' || w.name
