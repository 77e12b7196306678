-- one row per staged row of what stays outside Pipedrive: invoices, contracts, boards, employees, the audit log
-- reads: clean_invoice, stg_invoice_line, stg_invoice_payment, stg_invoice_event, stg_invoice_series, stg_invoice_state, stg_tax_rate, stg_own_company, map_setting, clean_contract, stg_contract_line, final_note, final_deal, final_project, final_project_task, stg_board, stg_section, stg_board_task, stg_employee, stg_audit, clean_site
WITH
site AS MATERIALIZED (SELECT coalesce(exclude_deleted, 1) AS exclude_deleted FROM clean_site),
contract AS MATERIALIZED (
    SELECT c.row_id, c.source_id, c.contract_key, c.deleted_at IS NOT NULL AND site.exclude_deleted AS is_out,
        CASE WHEN d.final_key IS NOT NULL THEN 'deal' WHEN n.final_key IS NOT NULL THEN 'note' END AS entity,
        coalesce(d.final_key, n.final_key) AS final_key,
        (SELECT value FROM map_setting WHERE map_key = 'contracts') AS setting
    FROM site CROSS JOIN clean_contract AS c
    LEFT JOIN final_deal AS d ON d.final_key = c.contract_key
    LEFT JOIN final_note AS n ON n.final_key = 'note:' || c.contract_key
),
board AS MATERIALIZED (
    SELECT b.row_id, b.source_id, b.deleted_at <> '' AND site.exclude_deleted AS is_out, p.final_key
    FROM site CROSS JOIN stg_board AS b
    LEFT JOIN final_project AS p ON p.final_key = 'board:' || np_key(coalesce(np_id(b.source_id), 'row:' || b.row_id))
),
-- The first row of an id stands for it, so that no child is counted twice.
contract_of AS MATERIALIZED (SELECT source_id, min(row_id) AS row_id, is_out, entity, final_key FROM contract GROUP BY source_id),
board_of AS MATERIALIZED (SELECT source_id, min(row_id) AS row_id, is_out, final_key FROM board GROUP BY source_id),
section AS MATERIALIZED (
    SELECT s.row_id, s.source_id, coalesce(b.is_out, 0) AS is_out, b.final_key FROM stg_section AS s LEFT JOIN board_of AS b ON b.source_id = s.board_id
),
section_of AS MATERIALIZED (SELECT source_id, min(row_id) AS row_id, is_out FROM section GROUP BY source_id),
item (object, row_id, source_id, fate, entity, final_key, rule, reason) AS (
    SELECT 'invoice', row_id, source_id, 'documented', NULL, NULL, 'invoices/' || type || '.csv', 'Pipedrive keeps no invoices' FROM clean_invoice
    UNION ALL SELECT 'invoice_line', row_id, source_id, 'documented', NULL, NULL, 'invoices/invoice_lines.csv', 'Pipedrive keeps no invoices' FROM stg_invoice_line
    UNION ALL SELECT 'invoice_payment', row_id, source_id, 'documented', NULL, NULL, 'invoices/invoice_payments.csv', 'Pipedrive keeps no invoices' FROM stg_invoice_payment
    UNION ALL SELECT 'invoice_event', row_id, source_id, 'documented', NULL, NULL, 'invoices/invoice_events.csv', 'Pipedrive keeps no invoices' FROM stg_invoice_event
    UNION ALL SELECT 'invoice_series', row_id, source_id, 'documented', NULL, NULL, 'invoices/invoice_series.csv', 'Pipedrive keeps no invoices' FROM stg_invoice_series
    UNION ALL SELECT 'invoice_state', row_id, source_id, 'documented', NULL, NULL, 'invoices/invoice_states.csv', 'Pipedrive keeps no invoices' FROM stg_invoice_state
    UNION ALL SELECT 'tax_rate', row_id, source_id, 'documented', NULL, NULL, 'invoices/tax_rates.csv', 'products and lines carry their rate; Pipedrive has no list of rates' FROM stg_tax_rate
    UNION ALL SELECT 'own_company', row_id, source_id, 'documented', NULL, NULL, 'invoices/own_company.csv', 'the company''s own data belongs into the settings of the account and of the accounting program' FROM stg_own_company
    UNION ALL
    SELECT 'contract', row_id, source_id,
        CASE WHEN is_out THEN 'excluded' WHEN final_key IS NOT NULL THEN 'final' ELSE 'documented' END,
        iif(is_out, NULL, entity), iif(is_out, NULL, final_key),
        CASE WHEN is_out THEN 'soft_deleted' WHEN final_key IS NULL THEN 'contracts.csv' END,
        CASE WHEN is_out THEN 'deleted in the source' WHEN final_key IS NULL THEN iif(setting = 'documented', 'the map documents contracts', 'it has no organization that a note could hang on') END
    FROM contract
    UNION ALL
    SELECT 'contract_line', l.row_id, l.source_id,
        CASE WHEN c.is_out THEN 'excluded' WHEN c.final_key IS NOT NULL THEN 'merged' ELSE 'documented' END,
        iif(c.is_out, NULL, c.entity), iif(c.is_out, NULL, c.final_key),
        CASE WHEN c.is_out THEN 'soft_deleted' WHEN c.final_key IS NOT NULL THEN 'contract_text' ELSE 'contract_lines.csv' END,
        CASE WHEN c.is_out THEN 'its contract is deleted in the source' WHEN c.final_key IS NOT NULL THEN 'a line of the contract''s note'
            WHEN c.row_id IS NULL THEN 'its contract does not exist' ELSE 'documented with its contract' END
    FROM stg_contract_line AS l LEFT JOIN contract_of AS c ON c.source_id = l.contract_id
    UNION ALL
    SELECT 'board', row_id, source_id, CASE WHEN is_out THEN 'excluded' WHEN final_key IS NOT NULL THEN 'final' ELSE 'documented' END,
        iif(final_key IS NULL, NULL, 'project'), final_key, CASE WHEN is_out THEN 'soft_deleted' WHEN final_key IS NULL THEN 'boards.csv' END,
        CASE WHEN is_out THEN 'deleted in the source' WHEN final_key IS NULL THEN 'Pipedrive has projects only as an add-on or in larger plans' END FROM board
    UNION ALL
    SELECT 'section', row_id, source_id, CASE WHEN is_out THEN 'excluded' WHEN final_key IS NOT NULL THEN 'merged' ELSE 'documented' END,
        iif(final_key IS NULL, NULL, 'project'), final_key, CASE WHEN is_out THEN 'soft_deleted' WHEN final_key IS NULL THEN 'board_sections.csv' ELSE 'phase' END,
        CASE WHEN is_out THEN 'its board is deleted in the source' WHEN final_key IS NULL THEN 'documented with its board'
            ELSE 'a phase of the board of projects; named in the text of its project and its tasks' END FROM section
    UNION ALL
    SELECT 'board_task', t.row_id, t.source_id, CASE WHEN s.is_out THEN 'excluded' WHEN p.final_key IS NOT NULL THEN 'final' ELSE 'documented' END,
        iif(p.final_key IS NULL, NULL, 'project_task'), p.final_key,
        CASE WHEN s.is_out THEN 'soft_deleted' WHEN p.is_whole = 0 THEN 'too_long' WHEN p.final_key IS NULL THEN 'board_tasks.csv' END,
        CASE WHEN s.is_out THEN 'its board is deleted in the source' WHEN p.is_whole = 0 THEN 'its texts are too long for Pipedrive and stand in board_tasks.csv'
            WHEN p.final_key IS NOT NULL THEN NULL WHEN s.row_id IS NULL THEN 'its section does not exist' ELSE 'documented with its board' END
    FROM stg_board_task AS t LEFT JOIN section_of AS s ON s.source_id = t.section_id
    LEFT JOIN final_project_task AS p ON p.final_key = 'board_task:' || np_key(coalesce(np_id(t.source_id), 'row:' || t.row_id))
    UNION ALL SELECT 'employee', row_id, source_id, 'documented', NULL, NULL, 'employees.csv', 'staff are no contacts; the salary stays in the warehouse, table stg_employee' FROM stg_employee
    UNION ALL SELECT 'audit', row_id, source_id, 'documented', NULL, NULL, 'audit.csv', 'Pipedrive takes no history of changes' FROM stg_audit
)
SELECT object, row_id, source_id, fate, entity, final_key, rule, reason FROM item
