-- one row per option that payloads refer to, and per field with a text over 255 characters
-- reads: final_organization, final_person, final_deal
WITH
item AS (
    SELECT 'organization' AS entity, payload FROM final_organization
    UNION ALL
    SELECT 'person', payload FROM final_person
    UNION ALL
    SELECT 'deal', payload FROM final_deal
),
-- Records share few combinations of options: each is taken apart once, below.
value AS MATERIALIZED (
    SELECT i.entity, f.key, iif(f.type = 'text', NULL, f.value) AS refs, count(*) AS uses, max(length(f.value)) AS longest
    FROM item AS i, json_each(i.payload, '$.custom_fields') AS f
    WHERE (f.type IN ('object', 'array') AND f.value LIKE '%"@ref":"option:%') OR (f.type = 'text' AND length(f.value) > 255)
    GROUP BY 1, 2, 3
)
SELECT v.entity, 'option' AS kind, substr(t.value, length('option:') + 1) AS symbol, sum(v.uses) AS uses, 0 AS longest
FROM value AS v, json_tree(v.refs) AS t
WHERE t.key = '@ref'
GROUP BY 1, 3
UNION ALL
SELECT entity, 'long text', substr(key, length('@field:') + 1), uses, longest
FROM value
WHERE refs IS NULL
