-- one row per document, file of an invoice, and file to which no document belongs: where it is and what became of it
-- reads: clean_document, clean_document_link, xw_item, document_blob, stg_document_file
-- file: documents.csv
SELECT
    d.object,
    d.source_id AS id,
    d.name,
    coalesce(d.title, '') AS title,
    coalesce(d.type, '') AS type,
    coalesce(d.tags, '') AS tags,
    coalesce(d.version, '') AS version,
    coalesce(d.description, '') AS description,
    coalesce(d.author, '') AS author,
    coalesce(d.created_at, '') AS created_at,
    coalesce((SELECT group_concat(l.kind || ' ' || l.record, ', ' ORDER BY l.seq) FROM clean_document_link AS l WHERE l.document_key = d.document_key), '') AS hangs_on,
    coalesce(d.place, '') AS place,
    d.state,
    coalesce(d.size, '') AS size,
    coalesce(d.sha256, '') AS sha256,
    coalesce(d.path, '') AS kept_as,
    coalesce(x.fate, iif(d.state = 'present', 'final', 'documented')) AS fate,
    coalesce(x.final_key, '') AS final_key,
    coalesce(x.reason, iif(d.object = 'invoice' AND d.state <> 'present', 'the PDF of an invoice that is documented as CSV', '')) AS reason,
    coalesce(d.hint, '') AS hint
FROM clean_document AS d
LEFT JOIN xw_item AS x ON x.object = d.object AND x.row_id = d.row_id AND d.object <> 'invoice'
UNION ALL
SELECT 'document_file', NULL, f.file, '', '', '', '', '', '', '', '', f.path, f.state, f.size, f.sha256, '', 'documented', '', 'no list of documents names it', 'add it to the list or leave it out'
FROM stg_document_file AS f
WHERE f.state = 'unlisted'
UNION ALL
SELECT 'document_file', NULL, b.place, '', '', '', '', '', '', '', '', b.place, b.state, '', '', '', 'documented', '', 'no document names it', ''
FROM document_blob AS b
WHERE b.state = 'unlisted'
ORDER BY 1, 2, 3
