-- The floor of `benches/load.sh`: what an expert would write by hand for the same work, set-based,
-- without reasons, holds, checks of documents or proof of completeness. Reads one day from stdin.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS floor_documents (
    external_id TEXT PRIMARY KEY, raw JSONB NOT NULL, hash BYTEA NOT NULL, seen_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS floor_jobs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(), original_id TEXT UNIQUE NOT NULL, title TEXT,
    description TEXT, open_date DATE, close_date DATE, department TEXT, job_type TEXT,
    source_url TEXT, remuneration TEXT, locations TEXT[], raw_json JSONB, status TEXT NOT NULL,
    version INTEGER NOT NULL, changed_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS floor_history (LIKE floor_jobs, change_type TEXT, PRIMARY KEY (id, version));
CREATE TEMP TABLE day (line TEXT NOT NULL);
\copy day FROM pstdin WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
BEGIN;
CREATE TEMP TABLE changed ON COMMIT DROP AS
    SELECT d.external_id, d.line::jsonb AS raw, d.hash
    FROM (SELECT substring(line from '"id":"([^"]+)"') AS external_id, line,
                 sha256(convert_to(line, 'UTF8')) AS hash FROM day) d
    LEFT JOIN floor_documents f USING (external_id)
    WHERE f.hash IS DISTINCT FROM d.hash;
INSERT INTO floor_documents SELECT external_id, raw, hash, :day FROM changed
    ON CONFLICT (external_id) DO UPDATE SET raw = excluded.raw, hash = excluded.hash;
WITH mapped AS (
    SELECT raw->>'id' AS original_id, raw->>'title' AS title, raw->>'descriptionHtml' AS description,
           (raw->>'openDate')::date AS open_date, (raw->>'closeDate')::date AS close_date,
           raw->'agency'->>'name' AS department, raw->>'jobType' AS job_type, raw->>'url' AS source_url,
           (raw->'salary'->>'min') || '-' || (raw->'salary'->>'max') AS remuneration,
           ARRAY(SELECT place->>'city' FROM jsonb_array_elements(raw->'locations') place) AS locations,
           raw AS raw_json
    FROM changed
), written AS (
    INSERT INTO floor_jobs (original_id, title, description, open_date, close_date, department,
                            job_type, source_url, remuneration, locations, raw_json, status, version, changed_on)
    SELECT m.*, 'open', 1, :day FROM mapped m
    WHERE length(title) >= 3 AND length(description) >= 10 AND close_date >= open_date
      AND close_date <= open_date + interval '6 months' AND department IS NOT NULL
      AND cardinality(locations) >= 1
    ON CONFLICT (original_id) DO UPDATE SET
        title = excluded.title, description = excluded.description, open_date = excluded.open_date,
        close_date = excluded.close_date, department = excluded.department,
        job_type = excluded.job_type, source_url = excluded.source_url,
        remuneration = excluded.remuneration, locations = excluded.locations,
        raw_json = excluded.raw_json, version = floor_jobs.version + 1, changed_on = :day
    RETURNING *
)
INSERT INTO floor_history
    SELECT w.*, CASE WHEN version = 1 THEN 'create' ELSE 'update' END FROM written w;
UPDATE floor_documents f SET seen_on = :day
    FROM day d WHERE f.external_id = substring(d.line from '"id":"([^"]+)"');
WITH gone AS (
    UPDATE floor_jobs j SET status = 'archived', version = version + 1, changed_on = :day
    FROM floor_documents f
    WHERE f.external_id = j.original_id AND f.seen_on < :day AND j.status = 'open'
    RETURNING j.*
)
INSERT INTO floor_history SELECT g.*, 'archive' FROM gone g;
COMMIT;
