-- one row per contract, deleted ones too: the crosswalk says what becomes of them
-- reads: stg_contract, stg_contract_line, clean_site, clean_account, clean_user_ref
WITH
line AS MATERIALIZED (SELECT np_id(contract_id) AS id, count(*) AS lines FROM stg_contract_line GROUP BY 1),
keyed AS (
    SELECT s.*, c.timezone AS zone, c.date_order, c.default_currency, np_id(s.source_id) AS id,
        row_number() OVER (PARTITION BY coalesce(np_id(s.source_id), 'row:' || s.row_id) ORDER BY s.row_id) AS nth
    FROM clean_site AS c CROSS JOIN stg_contract AS s
)
SELECT
    'contract:' || coalesce(s.id, 'row:' || s.row_id) || iif(s.nth > 1, '#' || s.nth, '') AS contract_key,
    s.row_id,
    s.id AS source_id,
    coalesce(np_name(s.title), 'Contract ' || coalesce(s.id, s.row_id)) AS title,
    np_money(s.value, '.') AS value,
    coalesce(np_currency(s.currency), iif(np_money(s.value, '.') IS NULL, NULL, s.default_currency)) AS currency,
    np_money(s.snapshot_rate, '.') AS snapshot_rate,
    lower(np_text(s.status)) AS status,
    np_text(s.type) AS type,
    np_text(s.description) AS description,
    a.account_key,
    np_id(s.account_id) AS account_id,
    u.email AS owner_email,
    np_date(s.start_at, s.zone, s.date_order) AS start_on,
    np_date(s.end_at, s.zone, s.date_order) AS end_on,
    np_date(s.renewal_reminder_at, s.zone, s.date_order) AS renewal_reminder_on,
    np_date(s.customer_signed_at, s.zone, s.date_order) AS customer_signed_on,
    np_date(s.company_signed_at, s.zone, s.date_order) AS company_signed_on,
    coalesce(l.lines, 0) AS lines,
    np_stamp(s.created_at, s.zone, s.date_order) AS created_at,
    b.email AS created_by,
    np_stamp(s.updated_at, s.zone, s.date_order) AS updated_at,
    np_stamp(s.deleted_at, s.zone, s.date_order) AS deleted_at,
    s.row_hash
FROM keyed AS s
LEFT JOIN line AS l ON l.id = s.id
LEFT JOIN clean_account AS a ON a.account_key = 'account:' || np_id(s.account_id)
LEFT JOIN clean_user_ref AS u ON u.ref = s.owner_id
LEFT JOIN clean_user_ref AS b ON b.ref = s.created_by
