-- one row per exchange rate of the old system
-- reads: stg_exchange_rate
-- file: exchange_rates.csv
SELECT from_currency, to_currency, rate, source, effective_at, updated_at, source_id AS id, extra
FROM stg_exchange_rate
ORDER BY from_currency, to_currency, effective_at, row_id
