-- one row per deal whose lines come to more than its value: Pipedrive takes no line with a negative price
-- reads: map_deal_value, clean_deal, setup
SELECT
    'deal_discount:' || substr(v.map_key, 6) AS final_key,
    d.row_id AS seq,
    setup.source_tag || '/deal_discount:' || substr(v.map_key, 6) AS marker,
    v.map_key AS deal_key,
    substr(v.difference, 2) AS amount,
    json_object(
        'deal_id', json_object('@ref', 'deal:' || v.map_key),
        'description', 'Adjustment to the value in NextCRM [NextCRM ' || setup.source_tag || '/deal_discount:' || substr(v.map_key, 6) || ']',
        'amount', json(substr(v.difference, 2)),
        'type', 'amount') AS payload
FROM map_deal_value AS v
CROSS JOIN setup
JOIN clean_deal AS d ON d.deal_key = v.map_key
WHERE v.policy = 'value wins' AND CAST(v.difference AS REAL) < 0
