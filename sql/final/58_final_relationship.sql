-- one row per parent and daughter organization
-- reads: clean_account_parent, xw_account, final_organization, setup
WITH RECURSIVE
edge (seq, parent, child) AS MATERIALIZED (
    SELECT min(a.row_id), p.final_key, c.final_key
    FROM clean_account_parent AS a
    JOIN xw_account AS x ON x.account_key = a.account_key
    JOIN final_organization AS c ON c.final_key = x.final_key
    -- A company that is only named is a final record by its own key.
    LEFT JOIN xw_account AS y ON y.account_key = a.parent_key
    JOIN final_organization AS p ON p.final_key = coalesce(y.final_key, a.parent_key)
    WHERE p.final_key <> c.final_key
    GROUP BY p.final_key, c.final_key
),
above (child, ancestor) AS (
    SELECT child, parent FROM edge
    UNION
    SELECT a.child, e.parent FROM above AS a JOIN edge AS e ON e.child = a.ancestor
)
SELECT
    'relationship:' || e.parent || '|' || e.child AS final_key,
    e.seq,
    setup.source_tag || '/relationship:' || e.parent || '|' || e.child AS marker,
    e.parent AS parent_key,
    e.child AS child_key,
    json_object(
        'type', 'parent',
        'rel_owner_org_id', json_object('@ref', 'organization:' || e.parent),
        'rel_linked_org_id', json_object('@ref', 'organization:' || e.child)) AS payload
FROM edge AS e
CROSS JOIN setup
LEFT JOIN above AS circle ON circle.child = e.parent AND circle.ancestor = e.child
-- Nobody is their own grandparent: no link of a circle is made.
WHERE circle.child IS NULL
