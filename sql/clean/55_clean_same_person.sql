-- one row per target or person found for one that the source says became a contact
-- reads: stg_target, stg_target_contact, clean_prospect, clean_contact
WITH said (object, row_id, contact_ref, why) AS MATERIALIZED (
    SELECT 'target', row_id, 'contact:' || np_id(converted_contact_id), 'the target was converted to this contact' FROM stg_target
    WHERE converted_contact_id <> ''
    UNION ALL
    SELECT 'target_contact', row_id, 'contact:' || np_id(contact_id), 'the person found for a target was made this contact' FROM stg_target_contact
    WHERE contact_id <> ''
)
SELECT c.contact_key, h.contact_key AS prospect_key, s.why
-- A look through the contacts, probing the few that are wanted; none when none is.
FROM (SELECT 1 FROM said LIMIT 1)
CROSS JOIN clean_contact AS c
CROSS JOIN said AS s ON s.contact_ref = c.contact_key
CROSS JOIN clean_prospect AS p ON p.object = s.object AND p.row_id = s.row_id AND p.fate = 'live'
CROSS JOIN clean_contact AS h ON h.row_id = p.contact_row
