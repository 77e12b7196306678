-- one row per word that names exactly one user
-- reads: clean_user
WITH word (ref, user_key, email) AS (
    SELECT source_id, user_key, email FROM clean_user
    UNION SELECT email, user_key, email FROM clean_user
    UNION SELECT login, user_key, email FROM clean_user
    UNION SELECT name, user_key, email FROM clean_user
)
SELECT ref, min(user_key) AS user_key, min(email) AS email
FROM word
WHERE ref <> ''
GROUP BY ref
HAVING count(DISTINCT user_key) = 1
