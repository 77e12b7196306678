-- one row per deal with lines: what they come to
-- reads: clean_deal_line, clean_deal, clean_site
WITH summed AS (
    SELECT
        deal_key,
        count(*) AS lines,
        sum(is_foreign) AS foreign_lines,
        sum(sum_minor) AS lines_minor,
        -- Lines that are not foreign are in the deal's currency.
        min(iif(is_foreign, NULL, currency)) AS currency
    FROM clean_deal_line
    GROUP BY deal_key
)
SELECT
    s.deal_key,
    coalesce(d.currency, s.currency, c.default_currency) AS currency,
    np_scale(coalesce(d.currency, s.currency, c.default_currency)) AS scale,
    s.lines,
    s.foreign_lines,
    s.lines_minor,
    np_minor(d.value, coalesce(d.currency, s.currency, c.default_currency)) AS value_minor
FROM summed AS s
JOIN clean_deal AS d ON d.deal_key = s.deal_key
CROSS JOIN clean_site AS c
