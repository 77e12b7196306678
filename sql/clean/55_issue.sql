-- one row per finding on a lead, a target, a person found for one, or a consent that came from them
-- reads: issue_rule, clean_site, clean_prospect, clean_contact, clean_lead, clean_same_person, clean_opt_out, stg_contact, stg_target, stg_target_contact, stg_lead
WITH
found (rule, object, record_key, row_id, field, value) AS (
    SELECT 'contact_named_by_' || c.name_origin, p.object, c.contact_key, p.row_id, 'name', c.name
    FROM clean_prospect AS p JOIN clean_contact AS c ON c.row_id = p.contact_row WHERE c.name_origin <> 'name'
    UNION ALL
    SELECT np_email_reason(m.value), p.object, c.contact_key, p.row_id, 'email', m.value
    FROM clean_prospect AS p JOIN clean_contact AS c ON c.row_id = p.contact_row CROSS JOIN json_each(c.invalid_emails) AS m
    UNION ALL
    SELECT np_phone_reason(m.value ->> 'value', c.country, site.default_country), p.object, c.contact_key, p.row_id, 'phone', m.value ->> 'value'
    FROM clean_site AS site CROSS JOIN clean_prospect AS p JOIN clean_contact AS c ON c.row_id = p.contact_row CROSS JOIN json_each(c.phones) AS m
    WHERE m.value ->> 'e164' IS NULL
    UNION ALL
    SELECT 'lead.nothing_to_link', 'lead', p.prospect_key, p.row_id, NULL, p.source_id
    FROM clean_prospect AS p WHERE p.object = 'lead' AND p.fate = 'live' AND NOT EXISTS (SELECT 1 FROM clean_lead AS l WHERE l.row_id = p.row_id)
    UNION ALL
    SELECT iif(p.object = 'target', 'target.nothing_to_name', 'target_contact.nothing_to_name'), p.object, p.prospect_key, p.row_id, NULL, p.source_id
    FROM clean_prospect AS p WHERE p.object <> 'lead' AND p.fate = 'live' AND NOT EXISTS (SELECT 1 FROM clean_contact AS c WHERE c.row_id = p.contact_row)
    UNION ALL
    SELECT 'reference_unknown', 'lead', l.lead_key, l.row_id, f.value ->> 0, f.value ->> 1
    FROM clean_lead AS l JOIN stg_lead AS s ON s.row_id = l.row_id
    CROSS JOIN json_each(json_array(json_array('lead_source_id', s.lead_source_id, l.source), json_array('lead_status_id', s.lead_status_id, l.status),
        json_array('lead_type_id', s.lead_type_id, l.type))) AS f
    WHERE f.value ->> 1 <> '' AND f.value ->> 2 IS NULL
    UNION ALL
    SELECT 'unknown_owner', 'lead', l.lead_key, l.row_id, 'owner_id', s.owner_id
    FROM clean_lead AS l JOIN stg_lead AS s ON s.row_id = l.row_id WHERE s.owner_id <> '' AND l.owner_email IS NULL
    UNION ALL
    SELECT 'converted_contact_gone', p.object, p.prospect_key, p.row_id, 'contact_id', coalesce(t.converted_contact_id, f.contact_id)
    FROM clean_prospect AS p
    LEFT JOIN stg_target AS t ON p.object = 'target' AND t.row_id = p.row_id
    LEFT JOIN stg_target_contact AS f ON p.object = 'target_contact' AND f.row_id = p.row_id
    WHERE p.fate = 'live' AND coalesce(t.converted_contact_id, f.contact_id) <> ''
        AND NOT EXISTS (SELECT 1 FROM clean_same_person AS s WHERE s.prospect_key = p.prospect_key)
    UNION ALL
    SELECT 'consent_by_address', 'contact', c.contact_key, c.row_id, 'consent', x.email || ': ' || x.evidence
    FROM (SELECT 1 FROM clean_opt_out LIMIT 1) CROSS JOIN clean_contact AS c CROSS JOIN json_each(c.emails) AS m
    CROSS JOIN clean_opt_out AS x ON x.email = m.value ->> 'value'
    WHERE EXISTS (SELECT 1 FROM stg_contact AS s WHERE s.row_id = c.row_id)
)
SELECT f.rule, r.severity, f.object, f.record_key, f.row_id, f.field, substr(f.value, 1, 200) AS value, r.action AS hint
FROM found AS f JOIN issue_rule AS r ON r.rule = f.rule
