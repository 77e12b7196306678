-- one row per user record that repeats another one
-- reads: stg_user, clean_user
WITH keyed AS (
    SELECT row_id, np_id(source_id) AS id, row_hash,
        'user:' || coalesce(np_id(source_id), 'email:' || np_email(email, NULL), 'login:' || np_fold(login)) AS user_key
    FROM stg_user
)
SELECT
    'user' AS object,
    k.row_id,
    k.id AS source_id,
    'merged' AS fate,
    u.user_key AS into_key,
    'repeated_record' AS rule,
    'the same user again' AS reason
FROM keyed AS k
JOIN clean_user AS u ON u.user_key = k.user_key AND u.row_id <> k.row_id
