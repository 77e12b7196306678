-- one row per user of the old system
-- reads: stg_user
WITH
named AS (
    SELECT *, np_id(source_id) AS id, np_email(email, NULL) AS address FROM stg_user
),
keyed AS (
    SELECT *, 'user:' || coalesce(id, 'email:' || address, 'login:' || np_fold(login), 'row:' || row_id) AS user_key
    FROM named
)
SELECT
    user_key,
    row_id,
    id              AS source_id,
    np_name(name)   AS name,
    address         AS email,
    np_text(login)  AS login,
    np_text(role)   AS role,
    NOT (coalesce(upper(np_text(status)), '') IN ('INACTIVE', 'PENDING', 'DELETED', 'DISABLED')
         OR coalesce(np_bool(extra ->> 'banned'), 0)) AS is_active,
    row_hash
FROM (SELECT *, row_number() OVER (PARTITION BY user_key ORDER BY row_id) AS nth FROM keyed)
WHERE nth = 1
