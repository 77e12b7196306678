-- one row per person who takes part in a deal besides its main person
-- reads: clean_participant, xw_contact, final_deal, final_person, setup
SELECT
    'participant:' || d.final_key || '|' || p.final_key AS final_key,
    min(c.row_id) AS seq,
    setup.source_tag || '/participant:' || d.final_key || '|' || p.final_key AS marker,
    d.final_key AS deal_key,
    p.final_key AS person_key,
    json_object(
        'deal_id', json_object('@ref', 'deal:' || d.final_key),
        'person_id', json_object('@ref', 'person:' || p.final_key)) AS payload
FROM clean_participant AS c
CROSS JOIN setup
JOIN final_deal AS d ON d.final_key = c.deal_key
JOIN xw_contact AS x ON x.contact_key = c.contact_key
JOIN final_person AS p ON p.final_key = x.final_key
-- The main person takes part without being added.
WHERE p.final_key IS NOT d.person_key
GROUP BY d.final_key, p.final_key
