-- one row per staging row of an activity, note, task, mail, calendar entry without activity or to-do: what becomes of it
-- reads: clean_activity, map_activity_type, map_setting, final_link
WITH
parent AS MATERIALIZED (
    SELECT activity_key,
        max(role IN ('deal', 'primary', 'organization', 'lead')) AS is_found,
        max(role = 'lost' AND NOT is_weak) AS is_lost,
        max(coalesce(link_object IN ('email_contact', 'email_account'), 0)) AS is_linked
    FROM final_link GROUP BY activity_key
),
judged AS MATERIALIZED (
    SELECT a.object, a.row_id, a.source_id, a.activity_key, a.set_aside, coalesce(m.action, 'skip') AS action, m.type_name,
        CASE
            WHEN a.set_aside IN ('soft_deleted', 'empty_note') THEN a.set_aside
            WHEN m.action = 'skip' THEN 'type_skipped'
            WHEN a.object = 'email' AND (s.value = 'none' OR s.value = 'linked' AND NOT coalesce(p.is_linked, 0)) THEN 'mailbox_mail'
            WHEN NOT coalesce(p.is_found, 0) AND (coalesce(p.is_lost, 0) OR m.action = 'note') THEN 'activities_without_parent'
        END AS rule
    FROM clean_activity AS a
    LEFT JOIN map_activity_type AS m ON m.map_key = a.object || '/' || a.kind
    LEFT JOIN parent AS p ON p.activity_key = a.activity_key
    LEFT JOIN map_setting AS s ON s.map_key = 'mailbox_mail'
),
told AS (
    -- A repeated row shares the fate of the one that stands for it, unless that is final.
    SELECT j.object, j.row_id, j.source_id, j.activity_key, j.action, j.type_name,
        coalesce(j.rule, n.rule, j.set_aside) AS rule,
        coalesce(j.rule, n.rule) IS NULL AS is_moved, j.set_aside IS NULL AS is_first
    FROM judged AS j
    LEFT JOIN judged AS n ON n.activity_key = j.activity_key AND n.set_aside IS NULL AND j.set_aside IS NOT NULL
)
SELECT
    object,
    row_id,
    source_id,
    activity_key,
    action,
    type_name,
    CASE
        WHEN is_moved THEN iif(is_first, 'final', 'merged')
        WHEN rule = 'activities_without_parent' THEN 'documented'
        ELSE 'excluded'
    END AS fate,
    rule,
    CASE rule
        WHEN 'soft_deleted' THEN 'deleted in the source'
        WHEN 'empty_note' THEN 'the note has neither title nor text'
        WHEN 'type_skipped' THEN 'the map leaves out this type (map_activity_type)'
        WHEN 'mailbox_mail' THEN 'mail that no contact or account is linked to stays out (map_setting mailbox_mail)'
        WHEN 'activities_without_parent' THEN 'nothing that it is about exists or is moved: its whole text stands in activities_without_parent.csv'
        WHEN 'same_mail' THEN 'the same mail in another mailbox'
        WHEN 'repeated_record' THEN 'the same record again'
        WHEN 'repeated_id_conflict' THEN 'another version of the record is newer, or came first; the text of this one stands below it'
    END AS reason
FROM told
