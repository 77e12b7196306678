-- one row per employee, without the salary: pay is nobody's business who reads a migration's reports; it stays in stg_employee
-- reads: stg_employee
-- file: employees.csv
SELECT name, email, status, photo_url, extra, source_id AS id FROM stg_employee ORDER BY name, row_id
