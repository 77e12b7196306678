-- one row per live document, file of an invoice and invoice kept as PDF
-- reads: stg_document, stg_document_type, stg_invoice_file, stg_invoice, document_blob, clean_site, profile, clean_user_ref, clean_user
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.exclude_deleted, coalesce(p.date_order, c.date_order) AS date_order
    FROM clean_site AS c LEFT JOIN profile AS p ON p.object = 'document' AND p.field = 'created_at'
),
numbered AS (
    SELECT s.*, np_key(np_id(s.source_id)) AS id, site.*,
        row_number() OVER (PARTITION BY np_id(s.source_id), s.row_hash ORDER BY s.row_id) AS nth,
        dense_rank() OVER (PARTITION BY np_id(s.source_id) ORDER BY s.row_hash) AS variant
    FROM site CROSS JOIN stg_document AS s
    WHERE NOT site.exclude_deleted OR coalesce(s.deleted_at, '') IN ('', 'NULL')
),
doc AS (
    SELECT
        -- Two records of one id stay two documents: to drop one would lose a file.
        iif(s.id IS NOT NULL AND s.variant = 1, 'document:' || s.id, 'document:row:' || s.row_id) AS document_key,
        'document' AS object,
        s.row_id,
        s.id AS source_id,
        'document:' || np_key(np_id(s.parent_id)) AS parent_key,
        -- Titles and numbers are no paths: a slash in them parts no folders.
        np_file_name(s.file, replace(s.title, '/', '-'), s.object_key, s.url) AS name,
        np_text(s.title) AS title,
        -- The old system writes this constant itself.
        nullif(np_html(s.description), 'new document') AS description,
        coalesce(np_name(t.name), lower(np_text(s.system_type))) AS type,
        CASE WHEN json_valid(s.tags) AND json_type(s.tags) = 'array'
            THEN (SELECT group_concat(j.value, ', ') FROM json_each(s.tags) AS j) ELSE np_text(s.tags) END AS tags,
        np_text(s.version) AS version,
        np_html(s.summary) AS summary,
        np_facts(
            'Status', s.status,
            'Visibility', s.visibility,
            'Favourite', iif(np_bool(s.favourite), 'yes', NULL),
            'Owner', coalesce(o.email, s.owner_id),
            'Changed', np_stamp(coalesce(nullif(s.updated_at, ''), s.updated_at_2), s.zone, s.date_order),
            '{}', s.extra) AS details,
        coalesce(nullif(s.created_by, ''), nullif(s.created_by_2, ''), nullif(s.owner_id, '')) AS made_by,
        np_stamp(coalesce(nullif(s.created_at, ''), s.created_at_2), s.zone, s.date_order) AS created_at,
        coalesce(nullif(s.file, ''), nullif(s.object_key, ''), nullif(s.url, '')) AS place,
        s.size
    FROM numbered AS s
    LEFT JOIN stg_document_type AS t ON t.source_id = s.type_id
    LEFT JOIN clean_user_ref AS o ON o.ref = s.owner_id
    WHERE s.nth = 1 OR s.id IS NULL
),
attached AS (
    SELECT 'invoice_file:' || coalesce(np_key(np_id(f.source_id)), 'row:' || f.row_id), 'invoice_file', f.row_id, np_id(f.source_id), NULL,
        np_file_name(replace(f.title, '/', '-'), f.object_key), NULL, NULL, iif(np_bool(f.is_primary_pdf), 'Invoice', 'File of an invoice'), NULL, NULL, NULL,
        np_facts('Invoice', coalesce(nullif(i.number, ''), f.invoice_id), '{}', f.extra), nullif(f.created_by, ''),
        np_stamp(f.created_at, site.zone, site.date_order), nullif(f.object_key, ''), f.size
    FROM site CROSS JOIN stg_invoice_file AS f
    LEFT JOIN stg_invoice AS i ON i.source_id = f.invoice_id
),
printed AS (
    SELECT 'invoice_pdf:' || coalesce(np_key(np_id(i.source_id)), 'row:' || i.row_id), 'invoice', i.row_id, np_id(i.source_id), NULL,
        np_file_name(replace(coalesce(nullif(i.number, ''), 'Invoice'), '/', '-') || '.pdf'), NULL, NULL, 'Invoice', NULL, NULL, NULL,
        np_facts('Invoice', coalesce(nullif(i.number, ''), i.source_id)), coalesce(nullif(i.created_by, ''), nullif(i.owner_id, '')),
        np_stamp(coalesce(nullif(i.pdf_generated_at, ''), i.created_at), site.zone, site.date_order), coalesce(nullif(i.pdf_key, ''), i.file_url), NULL
    FROM site CROSS JOIN stg_invoice AS i
    WHERE coalesce(i.pdf_key, '') || coalesce(i.file_url, '') <> '' AND NOT EXISTS (SELECT 1 FROM stg_invoice_file AS f WHERE f.invoice_id = i.source_id AND f.object_key = i.pdf_key)
),
every AS (
    SELECT * FROM doc
    UNION ALL SELECT * FROM attached
    UNION ALL SELECT * FROM printed
)
SELECT
    d.document_key,
    d.object,
    d.row_id,
    d.source_id,
    p.document_key AS parent_key,
    -- The newest version's file is its document's own file.
    iif(p.place = d.place, p.document_key, NULL) AS same_as,
    d.name,
    nullif(d.title, d.name) AS title,
    d.description,
    d.type,
    d.tags,
    d.version,
    d.summary,
    d.details,
    u.email AS author_email,
    coalesce(w.name || coalesce(' <' || w.email || '>', ''), w.email, np_text(d.made_by)) AS author,
    d.created_at,
    d.place,
    CASE WHEN d.place IS NULL THEN 'without_file' ELSE coalesce(b.state, 'missing') END AS state,
    b.size,
    b.sha256,
    b.path,
    iif(d.place IS NOT NULL AND b.state IS NULL, 'it has not been looked for: extract again', b.hint) AS hint,
    CAST(nullif(d.size, '') AS INTEGER) AS recorded_size
FROM every AS d
LEFT JOIN doc AS p ON p.document_key = d.parent_key AND p.document_key <> d.document_key
LEFT JOIN document_blob AS b ON b.place = d.place
LEFT JOIN clean_user_ref AS u ON u.ref = d.made_by
LEFT JOIN clean_user AS w ON w.user_key = u.user_key
