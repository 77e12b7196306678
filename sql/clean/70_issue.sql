-- one row per finding on the readings of the site, its tags, lists and stages, and the memberships of nobody
-- reads: issue_rule, profile, clean_tag, clean_list, clean_stage, clean_account_mention, clean_membership, clean_contact, stg_user, clean_user
WITH found (rule, object, record_key, row_id, field, value) AS (
    SELECT 'column_undecided', object, NULL, NULL, field, evidence FROM profile WHERE evidence LIKE 'not known%'
    UNION ALL
    SELECT 'tag_undeclared', 'tag', tag_key, NULL, 'title', title FROM clean_tag WHERE row_id IS NULL AND EXISTS (SELECT 1 FROM clean_tag WHERE row_id IS NOT NULL)
    UNION ALL
    SELECT 'list_undeclared', 'list', list_key, NULL, 'title', title FROM clean_list WHERE row_id IS NULL AND EXISTS (SELECT 1 FROM clean_list WHERE row_id IS NOT NULL)
    UNION ALL
    SELECT 'stage_undeclared', 'stage', stage_key, NULL, 'name', name FROM clean_stage WHERE origin = 'mention' AND EXISTS (SELECT 1 FROM clean_stage WHERE origin = 'record')
    UNION ALL
    SELECT 'account_from_mention', 'account', account_key, NULL, 'name', name FROM clean_account_mention
    UNION ALL
    SELECT 'membership_of_nobody', 'contact', NULL, NULL, 'tags', m.ref
    FROM clean_membership AS m WHERE m.ref NOT IN (
        SELECT k.ref FROM clean_contact AS c CROSS JOIN clean_membership AS k ON k.ref = c.contact_key WHERE EXISTS (SELECT 1 FROM clean_membership)
        UNION ALL
        SELECT k.ref FROM clean_contact AS c CROSS JOIN clean_membership AS k ON k.ref = 'email:' || c.email WHERE EXISTS (SELECT 1 FROM clean_membership))
    UNION ALL
    SELECT 'user_without_email', 'user', u.user_key, u.row_id, 'email', s.email
    FROM clean_user AS u JOIN stg_user AS s ON s.row_id = u.row_id WHERE u.email IS NULL
)
SELECT f.rule, r.severity, f.object, f.record_key, f.row_id, f.field, substr(f.value, 1, 200) AS value, r.action AS hint
FROM found AS f LEFT JOIN issue_rule AS r ON r.rule = f.rule
