-- one row per staged row of documents, what they hang on, their types and files, and the files of invoices
-- reads: stg_document, stg_document_link, stg_document_type, stg_document_file, stg_invoice_file, clean_document, final_document_target, final_document_upload, final_note
WITH
-- What becomes of each document, decided once: its links and files follow it.
fate AS MATERIALIZED (
    SELECT d.document_key, d.object, d.row_id, d.source_id, d.place,
        CASE
            WHEN d.same_as IS NOT NULL THEN iif(u.document_key IS NOT NULL, 'merged', 'documented')
            WHEN d.state IN ('empty', 'without_file') THEN 'documented'
            WHEN d.state <> 'present' THEN 'rejected'
            WHEN u.document_key IS NOT NULL THEN 'final'
            ELSE 'documented'
        END AS fate,
        CASE WHEN u.document_key IS NOT NULL THEN 'file' WHEN n.final_key IS NOT NULL THEN 'note' END AS entity,
        coalesce(u.upload_key, n.final_key) AS final_key,
        CASE
            WHEN d.same_as IS NOT NULL THEN iif(u.document_key IS NOT NULL, 'same_file', 'documents.csv')
            WHEN d.state = 'empty' THEN 'document_empty'
            WHEN d.state = 'without_file' THEN 'document_without_file'
            WHEN d.state = 'present' THEN iif(u.document_key IS NULL, 'documents.csv', NULL)
            WHEN d.state GLOB 'error: *' THEN 'document_error'
            ELSE 'document_' || d.state
        END AS rule,
        CASE
            WHEN d.same_as IS NOT NULL THEN 'the newest version is the file of its document' || iif(u.document_key IS NULL, ', which is not uploaded', '')
            WHEN d.state IN ('empty', 'without_file') THEN d.name || ': ' || iif(d.state = 'empty', 'the file is empty', 'the record names no file')
                || iif(n.final_key IS NULL, ', and it hangs on nothing in Pipedrive; documents.csv lists it', '; a note stands for it')
            WHEN d.state = 'present' THEN iif(u.document_key IS NULL, d.name || ': it hangs on nothing in Pipedrive; its file stays beside the warehouse, documents.csv says where', NULL)
            ELSE d.name || ' (' || d.place || '): ' || replace(d.state, '_', ' ') || coalesce('; ' || d.hint, '')
        END AS reason
    FROM clean_document AS d
    LEFT JOIN final_document_upload AS u ON d.state = 'present' AND u.document_key = coalesce(d.same_as, d.document_key) AND u.nth = 1
    LEFT JOIN final_note AS n ON d.state IN ('empty', 'without_file') AND n.final_key = 'note:' || d.document_key
),
-- The upload on which a record stands.
placed AS MATERIALIZED (
    SELECT t.row_id, u.document_key, min(u.upload_key) AS upload_key, min(u.nth) AS nth
    FROM final_document_target AS t
    JOIN final_document_upload AS u ON u.document_key = t.document_key
        AND t.final_key IN (u.deal_key, u.person_key, u.organization_key, u.lead_key, u.activity_key)
    WHERE t.row_id IS NOT NULL
    GROUP BY t.row_id, u.document_key
),
item (object, row_id, source_id, fate, entity, final_key, rule, reason) AS (
    SELECT 'document', s.row_id, s.source_id,
        coalesce(f.fate, iif(r.row_id IS NULL, 'excluded', 'merged')),
        iif(f.row_id IS NULL AND r.row_id IS NOT NULL, r.entity, f.entity),
        iif(f.row_id IS NULL AND r.row_id IS NOT NULL, r.final_key, f.final_key),
        coalesce(f.rule, iif(f.row_id IS NOT NULL, NULL, iif(r.row_id IS NULL, 'soft_deleted', 'repeated_record'))),
        coalesce(f.reason, iif(f.row_id IS NOT NULL, NULL, iif(r.row_id IS NULL, 'deleted in the source', 'the same record again')))
    FROM stg_document AS s
    LEFT JOIN fate AS f ON f.object = 'document' AND f.row_id = s.row_id
    LEFT JOIN (SELECT source_id, min(row_id) AS row_id, entity, final_key FROM fate WHERE object = 'document' GROUP BY source_id) AS r
        ON f.row_id IS NULL AND r.source_id = s.source_id
    UNION ALL
    SELECT 'document_link', l.row_id, l.source_id,
        CASE WHEN f.row_id IS NULL THEN iif(s.row_id IS NULL, 'documented', 'excluded')
            WHEN f.fate = 'final' AND p.upload_key IS NOT NULL THEN 'merged' ELSE 'documented' END,
        CASE WHEN f.fate = 'final' AND p.upload_key IS NOT NULL THEN 'file' END,
        CASE WHEN f.fate = 'final' THEN p.upload_key END,
        CASE WHEN f.row_id IS NULL THEN iif(s.row_id IS NULL, 'documents.csv', 'soft_deleted')
            WHEN f.fate = 'final' AND p.upload_key IS NOT NULL THEN 'link_of_file' ELSE 'documents.csv' END,
        CASE WHEN f.row_id IS NULL THEN iif(s.row_id IS NULL, 'its document does not exist', 'its document is deleted in the source')
            WHEN f.fate = 'final' AND p.upload_key IS NOT NULL THEN 'the file hangs on it'
            WHEN f.fate = 'final' THEN 'no file can hang on it: it is not in Pipedrive; the note beside the file names it'
            ELSE 'its document is not uploaded; documents.csv says why' END
    FROM stg_document_link AS l
    LEFT JOIN (SELECT source_id, min(row_id) AS row_id FROM stg_document GROUP BY source_id) AS s ON s.source_id = l.document_id
    LEFT JOIN (SELECT *, min(row_id) FROM fate WHERE object = 'document' GROUP BY source_id) AS f ON f.source_id = l.document_id
    LEFT JOIN placed AS p ON p.row_id = l.row_id AND p.document_key = f.document_key
    UNION ALL
    SELECT 'document_type', row_id, source_id, 'documented', NULL, NULL, 'documents.csv', 'a word in the notes beside files' FROM stg_document_type
    UNION ALL
    SELECT 'document_file', s.row_id, s.source_id,
        iif(s.state = 'ok' AND f.fate = 'final', 'merged', 'documented'),
        iif(s.state = 'ok' AND f.fate = 'final', 'file', NULL),
        iif(s.state = 'ok' AND f.fate = 'final', f.final_key, NULL),
        iif(s.state = 'ok' AND f.fate = 'final', 'bytes_of_file', 'documents.csv'),
        CASE
            WHEN s.state = 'ok' AND f.fate = 'final' THEN 'its bytes are uploaded'
            WHEN s.state = 'unlisted' THEN 'no list of documents names ' || s.file || ', so nothing says to whom it belongs; documents.csv lists it'
            WHEN s.state = 'ok' THEN 'its document is not uploaded; documents.csv says why'
            ELSE s.file || ' is ' || s.state || '; its document says what became of it'
        END
    FROM stg_document_file AS s
    LEFT JOIN (SELECT place, fate, final_key, min(row_id) FROM fate WHERE object = 'document' GROUP BY place) AS f ON f.place = s.file
    UNION ALL
    SELECT 'invoice_file', s.row_id, s.source_id, f.fate, f.entity, f.final_key, f.rule, f.reason
    FROM stg_invoice_file AS s
    JOIN fate AS f ON f.object = 'invoice_file' AND f.row_id = s.row_id
)
SELECT object, row_id, source_id, fate, entity, final_key, rule, reason FROM item
