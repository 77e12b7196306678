-- +goose Up
-- How long the current plan takes, on the account as it is and on other plans.
CREATE TABLE plan_forecast (
    plan_id      INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
    plan_name    TEXT NOT NULL,                   -- 'this account', lite, growth, premium, ultimate
    seats        INTEGER NOT NULL,                -- active users
    daily_tokens INTEGER NOT NULL,                -- what a day may take: the budget, less what others get
    days         INTEGER NOT NULL,
    minutes      INTEGER NOT NULL,                -- of sending at the burst limit
    top_up       INTEGER NOT NULL,                -- tokens that, bought once, make it one day; 0 when it is
    PRIMARY KEY (plan_id, plan_name)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE plan_forecast;
