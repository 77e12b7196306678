-- +goose Up
-- Invoices, contracts: read once, typed, with exact decimals as text. Pipedrive has no place for
-- invoices; analysts and the written documents read them here.

CREATE TABLE clean_invoice (
    invoice_key  TEXT PRIMARY KEY,                -- invoice:<id>; without id invoice:number:<number>, the second of it '#2'
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    type         TEXT NOT NULL,                   -- invoice, credit_note, proforma, receipt, or the source's own word, folded
    number       TEXT,                            -- NULL until issued
    status       TEXT,                            -- lower case
    account_key  TEXT,                            -- clean_account, or a company known by name only
    account_id   TEXT,
    company      TEXT,                            -- as billed
    contact_email TEXT,
    deal_key     TEXT,
    currency     TEXT,                            -- ISO 4217
    subtotal     TEXT,                            -- after discounts of the lines, before tax
    discount_total TEXT,                          -- contained in subtotal already
    tax          TEXT,
    total        TEXT,
    paid_total   TEXT,
    balance_due  TEXT,                            -- as the source keeps it
    open_amount  TEXT,                            -- what is still to be paid; NULL for drafts, proformas and what is settled
    base_currency TEXT,
    fx_rate      TEXT,                            -- from currency to base currency
    base_total   TEXT,                            -- total in the base currency, rounded to cents
    issued_on    TEXT,
    taxable_on   TEXT,
    due_on       TEXT,
    paid_at      TEXT,                            -- UTC; the last payment when the source names no time
    original_key TEXT,                            -- of a credit note: the invoice it corrects
    original_number TEXT,
    series       TEXT,
    lines        INTEGER NOT NULL,
    payments     INTEGER NOT NULL,
    total_mismatch    INTEGER CHECK (total_mismatch IN (0, 1)),     -- total is not subtotal plus tax
    lines_mismatch    INTEGER CHECK (lines_mismatch IN (0, 1)),     -- total is not the sum of its lines; NULL without lines
    payments_mismatch INTEGER CHECK (payments_mismatch IN (0, 1)),  -- paid is not the sum of its payments; NULL without payments
    same_number  INTEGER NOT NULL,                -- invoices with this type and number, itself included; 0 without number
    billing      TEXT CHECK (billing IS NULL OR json_valid(billing)),
    owner_email  TEXT,
    created_at   TEXT,
    updated_at   TEXT,
    row_hash     TEXT NOT NULL
) STRICT;

CREATE TABLE clean_invoice_line (
    line_key     TEXT PRIMARY KEY,                -- invoice_line:<id>
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    invoice_key  TEXT,                            -- NULL: its invoice does not exist
    position     INTEGER,
    product_id   TEXT,
    product      TEXT,
    description  TEXT,
    quantity     TEXT,
    unit_price   TEXT,
    discount_percent TEXT,
    tax_name     TEXT,
    tax_rate     TEXT,                            -- percent
    subtotal     TEXT,
    tax          TEXT,
    total        TEXT,
    row_hash     TEXT NOT NULL
) STRICT;
CREATE INDEX clean_invoice_line_invoice ON clean_invoice_line (invoice_key);

CREATE TABLE clean_invoice_tax (
    invoice_key TEXT NOT NULL,
    tax_rate    TEXT NOT NULL,                    -- percent; '' when the source names none
    base        TEXT,                             -- what is taxed at this rate
    tax         TEXT,
    PRIMARY KEY (invoice_key, tax_rate)
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_contract (
    contract_key TEXT PRIMARY KEY,                -- contract:<id>
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    title        TEXT NOT NULL,
    value        TEXT,
    currency     TEXT,
    snapshot_rate TEXT,
    status       TEXT,                            -- lower case: notstarted, inprogress, signed
    type         TEXT,
    description  TEXT,
    account_key  TEXT,
    account_id   TEXT,
    owner_email  TEXT,
    start_on     TEXT,
    end_on       TEXT,
    renewal_reminder_on TEXT,
    customer_signed_on  TEXT,
    company_signed_on   TEXT,
    lines        INTEGER NOT NULL,
    created_at   TEXT,
    created_by   TEXT,
    updated_at   TEXT,
    deleted_at   TEXT,
    row_hash     TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE clean_contract;
DROP TABLE clean_invoice_tax;
DROP TABLE clean_invoice_line;
DROP TABLE clean_invoice;
