-- one row per step of a cutover: who declared, accepted, signed or took back what, and when
-- reads: gate, target
SELECT
    t.domain,
    t.role,
    replace(g.name, 'cutover_', '') AS step,
    iif(g.is_open, 'yes', 'taken back') AS holds,
    g.by_name,
    g.at,
    g.reason,
    g.seal
FROM gate AS g
JOIN target AS t ON t.target_id = g.target_id
WHERE g.name LIKE 'cutover\_%' ESCAPE '\'
ORDER BY g.gate_id
