-- one row per id or e-mail by which deals name a contact that exists
-- reads: stg_deal, stg_deal_contact, clean_contact
WITH
wanted (ref) AS MATERIALIZED (
    SELECT 'contact:' || np_id(contact_id) FROM stg_deal WHERE contact_id <> ''
    UNION SELECT 'contact:' || np_id(contact_id) FROM stg_deal_contact WHERE contact_id <> ''
    UNION SELECT 'email:' || np_email(contact_email, NULL) FROM stg_deal WHERE contact_email <> ''
),
-- A look through the contacts, probing the few that deals want; none when they want none.
hit (ref, row_id, contact_key, name) AS (
    SELECT w.ref, c.row_id, c.contact_key, c.name
    FROM (SELECT 1 FROM wanted LIMIT 1) CROSS JOIN clean_contact AS c CROSS JOIN wanted AS w ON w.ref = c.contact_key
    UNION ALL
    SELECT w.ref, c.row_id, c.contact_key, c.name
    FROM (SELECT 1 FROM wanted LIMIT 1) CROSS JOIN clean_contact AS c CROSS JOIN wanted AS w ON w.ref = 'email:' || c.email
    UNION ALL
    -- Second and further addresses.
    SELECT w.ref, c.row_id, c.contact_key, c.name
    FROM (SELECT 1 FROM wanted LIMIT 1) CROSS JOIN clean_contact AS c CROSS JOIN json_each(c.emails) AS m CROSS JOIN wanted AS w ON w.ref = 'email:' || (m.value ->> 'value')
    WHERE instr(c.emails, '},{') > 0
)
-- Several contacts with one address: the first in the source.
SELECT ref, contact_key, name
FROM (SELECT *, row_number() OVER (PARTITION BY ref ORDER BY row_id) AS nth FROM hit)
WHERE nth = 1
