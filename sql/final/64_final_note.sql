-- one row per campaign that is a deal: what its deal has no fields for
-- reads: clean_campaign, map_setting, clean_campaign_step, clean_campaign_audience, clean_campaign_template, setup, map_user
WITH
step AS MATERIALIZED (
    SELECT s.campaign_key, json_group_array(json_array('Step ' || s.position,
        coalesce(s.subject, t.subject, 'no subject')
            || ', ' || CASE WHEN coalesce(s.delay_days, 0) = 0 THEN 'at once' ELSE s.delay_days || ' days later' END
            || coalesce(', to ' || replace(s.send_to, '_', '-'), '')
            || coalesce(', sent ' || replace(substr(s.sent_at, 1, 16), 'T', ' ') || ' UTC', ', not sent')
            || iif(s.queued + s.sent + s.delivered + s.bounced + s.failed = 0, '',
                ': mails ' || (s.sent + s.delivered + s.bounced) || ', bounced ' || s.bounced || ', failed ' || s.failed || ', queued ' || s.queued
                || ', opened ' || s.opened || ', clicked ' || s.clicked || ', unsubscribed ' || s.unsubscribed))
        ORDER BY s.position) AS lines
    FROM clean_campaign_step AS s
    LEFT JOIN clean_campaign_template AS t ON t.template_id = s.template_id
    WHERE s.campaign_key IS NOT NULL
    GROUP BY s.campaign_key
),
addressed AS MATERIALIZED (
    SELECT campaign_key, group_concat(kind || ' ' || name || coalesce(' (' || members || ')', ''), ', ' ORDER BY kind, name) AS lists
    FROM clean_campaign_audience
    GROUP BY campaign_key
),
told AS (
    SELECT c.*,
        np_footer(np_facts(
            'State', coalesce(c.status, c.state),
            'Type', c.type,
            'Subject', c.subject,
            'Preview text', c.preheader,
            'From', c.from_name || coalesce(' <' || c.reply_to || '>', ''),
            'Answers to', iif(c.from_name IS NULL, c.reply_to, NULL),
            'Planned for', c.scheduled_at,
            'Sent at', c.sent_at,
            'Audience', c.audience,
            'Addressed to', a.lists,
            'Mails sent', c.sent,
            'Views', c.views,
            'Opened', c.opens,
            'Opened, people', c.unique_opens,
            'Clicked', c.clicks,
            'Unsubscribed', c.unsubscribes,
            'Bounced', c.bounces,
            'Complaints', c.complaints,
            'Revenue', c.revenue || coalesce(' ' || c.value_currency, ''),
            'UTM campaign', c.utm ->> 'campaign',
            'UTM medium', c.utm ->> 'medium',
            'UTM source', c.utm ->> 'source',
            'UTM term', c.utm ->> 'term',
            'UTM content', c.utm ->> 'content',
            'Template', t.title,
            'Design', c.design,
            '[]', s.lines,
            'Made by', c.owner_email,
            'Created', c.created_at,
            'Changed', c.updated_at,
            '{}', nullif(c.custom, '{}'),
            'Rebuild it from', 'campaigns/' || c.document || '.html')) AS facts
    FROM map_campaign AS c
    LEFT JOIN step AS s ON s.campaign_key = c.campaign_key
    LEFT JOIN addressed AS a ON a.campaign_key = c.campaign_key
    LEFT JOIN clean_campaign_template AS t ON t.template_id = c.template_id
),
-- A note holds 100,000 bytes; a longer description stands in the rebuild document only.
written AS (
    SELECT c.*, setup.source_tag || '/note:' || c.campaign_key AS marker,
        CASE
            WHEN c.description IS NULL THEN ''
            WHEN length(CAST(np_escape(c.description) AS BLOB)) <= 50000 THEN '<p>' || np_escape(c.description) || '</p>'
            ELSE '<p>Its description is too long for a note; it stands in the document below.</p>'
        END || c.facts AS content
    FROM told AS c CROSS JOIN setup
),
placed AS (
    SELECT w.*, u.target_email, replace(substr(coalesce(w.created_at, w.sent_at, w.updated_at), 1, 19), 'T', ' ') AS added_at
    FROM written AS w LEFT JOIN map_user AS u ON u.map_key = w.owner_email
)
SELECT
    'note:' || p.campaign_key AS final_key,
    64000000 + p.row_id AS seq,
    p.marker,
    p.added_at,
    p.campaign_key AS deal_key,
    p.target_email AS author_email,
    '{"content":' || json_quote(p.content || '<p><small>[NextCRM ' || np_escape(p.marker) || ']</small></p>')
        || ',"deal_id":{"@ref":' || json_quote('deal:' || p.campaign_key) || '}'
        || iif(p.target_email IS NULL, '', ',"user_id":{"@ref":' || json_quote('user:' || p.target_email) || '}')
        || iif(p.added_at IS NULL, '', ',"add_time":' || json_quote(p.added_at))
        || '}' AS payload
FROM placed AS p
