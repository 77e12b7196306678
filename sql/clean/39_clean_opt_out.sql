-- one row per address that must get no mail, with the strictest reason
-- reads: stg_target, stg_campaign_send
WITH
target AS MATERIALIZED (
    -- Deleted targets too: who said no has said no.
    SELECT np_id(source_id) AS id, np_emails(email, personal_email) AS emails, np_bool(do_not_email) AS do_not_email FROM stg_target
),
said (email, consent, evidence) AS (
    SELECT m.value ->> 'value', 'unsubscribed', 'target ' || t.id || ': do not e-mail'
    FROM target AS t CROSS JOIN json_each(t.emails) AS m WHERE t.do_not_email = 1
    UNION
    SELECT np_email(s.email, NULL), 'unsubscribed', 'campaign send ' || s.source_id || ': unsubscribed at ' || s.unsubscribed_at
    FROM stg_campaign_send AS s WHERE s.unsubscribed_at <> ''
    UNION
    -- The target may have another address than when the mail was sent.
    SELECT m.value ->> 'value', 'unsubscribed', 'campaign send ' || s.source_id || ': unsubscribed at ' || s.unsubscribed_at
    FROM stg_campaign_send AS s CROSS JOIN target AS t ON t.id = np_id(s.target_id) CROSS JOIN json_each(t.emails) AS m
    WHERE s.unsubscribed_at <> ''
    UNION
    SELECT np_email(s.email, NULL), np_consent(s.status), 'campaign send ' || s.source_id || ': ' || s.status
    FROM stg_campaign_send AS s WHERE np_consent(s.status) IN ('bounced', 'complained')
)
SELECT email, np_strictest(group_concat(consent, ' ')) AS consent, group_concat(evidence, '; ') AS evidence
FROM said
WHERE email IS NOT NULL
GROUP BY email
