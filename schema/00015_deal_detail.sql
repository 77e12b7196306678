-- +goose Up
-- Products, lines of deals, participants, followers and the hierarchy of companies.

CREATE TABLE clean_product (
    product_key TEXT PRIMARY KEY,                 -- product:<source id>
    row_id      INTEGER NOT NULL UNIQUE,
    source_id   TEXT,
    name        TEXT NOT NULL,
    code        TEXT,                             -- SKU
    description TEXT,
    type        TEXT,                             -- folded: product, service
    status      TEXT,                             -- folded: draft, active, archived
    is_active   INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    price       TEXT,                             -- exact decimal
    cost        TEXT,
    currency    TEXT,                             -- ISO 4217
    tax         TEXT,                             -- percent
    unit        TEXT,
    billing     TEXT CHECK (billing IN ('weekly', 'monthly', 'quarterly', 'semi-annually', 'annually')),
    category    TEXT,                             -- its name
    owner_email TEXT,                             -- of the user who created it
    created_at  TEXT,                             -- UTC, RFC 3339
    details     TEXT,                             -- a line each: what Pipedrive has no property for
    row_hash    TEXT NOT NULL
) STRICT;

-- Lines of deals that live. What Pipedrive refuses (no quantity, a negative price, a discount larger than
-- the line) or would read in the deal's currency stands beside what can be sent instead.
CREATE TABLE clean_deal_line (
    line_key      TEXT PRIMARY KEY,               -- deal_line:<source id>
    row_id        INTEGER NOT NULL UNIQUE,
    source_id     TEXT,
    deal_key      TEXT NOT NULL,
    product_key   TEXT,                           -- clean_product; NULL: a free line, or a product that stays out
    position      INTEGER,
    name          TEXT,
    product       TEXT,                           -- name and SKU of its product in the source
    description   TEXT,
    quantity      TEXT,                           -- exact decimal; NULL: none that can be read
    price         TEXT,
    discount_type TEXT CHECK (discount_type IN ('percentage', 'amount')),
    discount      TEXT,
    line_total    TEXT,                           -- as the source has it
    currency      TEXT,                           -- ISO 4217; the deal's when the line has none
    is_foreign    INTEGER NOT NULL CHECK (is_foreign IN (0, 1)),  -- its currency is not the deal's
    is_counted    INTEGER NOT NULL CHECK (is_counted IN (0, 1)),  -- 0: sent as a line that does not count
    is_exact      INTEGER NOT NULL CHECK (is_exact IN (0, 1)),    -- 0: what is sent does not tell all
    sent_quantity TEXT NOT NULL,
    sent_price    TEXT NOT NULL,
    sent_discount TEXT NOT NULL,
    sum_minor     INTEGER NOT NULL,               -- in cents, as Pipedrive computes it; 0 when it does not count
    figures       TEXT NOT NULL,                  -- as people read them: 3 × 10.25 EUR, discount 10 %, total 27.68
    details       TEXT,                           -- a line each: columns nextpipe does not know
    row_hash      TEXT NOT NULL
) STRICT;
CREATE INDEX clean_deal_line_deal ON clean_deal_line (deal_key);

-- What the lines of a deal come to, in the deal's currency.
CREATE TABLE clean_deal_sum (
    deal_key      TEXT PRIMARY KEY,
    currency      TEXT,                           -- the deal's; of a deal without a value its lines'
    scale         INTEGER NOT NULL,               -- cents a unit: 100, or 1 where the currency has none
    lines         INTEGER NOT NULL,
    foreign_lines INTEGER NOT NULL,
    lines_minor   INTEGER NOT NULL,               -- sum of the lines that count
    value_minor   INTEGER                         -- the deal's own value; NULL: none, or none that fits
) STRICT, WITHOUT ROWID;

-- Further people of deals, row by row.
CREATE TABLE clean_participant (
    row_id      INTEGER PRIMARY KEY,              -- stg_deal_contact
    source_id   TEXT,
    deal_key    TEXT,                             -- clean_deal; NULL: not there
    contact_key TEXT                              -- clean_contact; NULL: not there
) STRICT;

CREATE TABLE clean_watcher (
    row_id      INTEGER PRIMARY KEY,              -- stg_watcher
    source_id   TEXT,
    object      TEXT,                             -- account, board
    account_key TEXT,                             -- clean_account; NULL: not there
    user_email  TEXT                              -- NULL: not known
) STRICT;

-- Companies that name another one as the one they belong to.
CREATE TABLE clean_account_parent (
    account_key TEXT PRIMARY KEY,                 -- clean_account
    row_id      INTEGER NOT NULL,
    parent      TEXT NOT NULL,                    -- as written
    parent_key  TEXT,                             -- clean_account, clean_account_mention; NULL: not found
    flaw        TEXT CHECK (flaw IN ('parent_unknown', 'parent_ambiguous', 'parent_self'))
) STRICT, WITHOUT ROWID;

-- Whose figure stands in a deal with lines: Pipedrive makes a deal's value the sum of its lines.
CREATE TABLE map_deal_value (
    map_key       TEXT PRIMARY KEY,               -- deal key
    title         TEXT NOT NULL,
    policy        TEXT NOT NULL CHECK (policy IN ('lines win', 'value wins', 'documented')),
    lines         INTEGER NOT NULL,
    deal_currency TEXT,
    deal_value    TEXT,                           -- in the source
    lines_total   TEXT NOT NULL,                  -- as Pipedrive computes it
    difference    TEXT,                           -- deal_value - lines_total; NULL: no value
    held_value    TEXT,                           -- what the account will hold
    evidence      TEXT NOT NULL,
    decided_by    TEXT
) STRICT, WITHOUT ROWID;

-- Lines that stand in a note on their deal instead of as products: one row per line, with the note it stands in.
-- A note holds 100,000 bytes; what is beyond 60,000 goes into the next one.
CREATE VIEW final_line_note AS
WITH item AS (
    SELECT l.row_id, l.source_id, l.deal_key, l.position,
        '<li>' || replace(replace(replace(replace(
            coalesce(l.name || char(10), '') || coalesce('Product: ' || nullif(l.product, l.name) || char(10), '') || l.figures
                || coalesce(char(10) || l.description, '') || coalesce(char(10) || l.details, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), char(10), '<br>') || '</li>' AS item
    FROM clean_deal_line AS l
    JOIN map_deal_value AS v ON v.map_key = l.deal_key
    WHERE v.policy = 'documented'
),
placed AS (
    SELECT *, sum(length(CAST(item AS BLOB))) OVER (PARTITION BY deal_key ORDER BY position, row_id) / 60000 AS part FROM item
)
SELECT row_id, source_id, deal_key, 'note:deal_lines:' || substr(deal_key, 6) || iif(part > 0, '#' || (part + 1), '') AS final_key, item
FROM placed
ORDER BY deal_key, position, row_id;

-- +goose Down
DROP VIEW final_line_note;
DROP TABLE map_deal_value;
DROP TABLE clean_account_parent;
DROP TABLE clean_watcher;
DROP TABLE clean_participant;
DROP TABLE clean_deal_sum;
DROP TABLE clean_deal_line;
DROP TABLE clean_product;
