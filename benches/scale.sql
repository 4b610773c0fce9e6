-- Fills a loaded database with a past: 16 more runs of each institution, and 8 earlier versions of
-- each fourth job, in the tables as they are. Statistics and visibility as after a quiet night.
-- usage: psql -v ON_ERROR_STOP=1 URL -f scale.sql
SET synchronous_commit = off;

-- A run before has a number lower by 1,000 for each day.
CREATE TEMPORARY TABLE past AS SELECT day, day * 1000 AS step, day * interval '1 day' AS ago FROM generate_series(1, 16) AS day;
CREATE TEMPORARY TABLE newest AS SELECT DISTINCT ON (institution_id) * FROM runs ORDER BY institution_id, id DESC;

INSERT INTO runs (institution_id, id, at, status, plan_fingerprint, host, pid, started_at, finished_at, summary, project_version)
SELECT institution_id, id - step, at - ago, status, plan_fingerprint, host, pid, started_at - ago, finished_at - ago, summary, project_version FROM newest CROSS JOIN past;
INSERT INTO run_stages SELECT s.institution_id, s.run_id - step, s.stage, s.source_id, s.rows_in, s.rows_out, s.refused, s.micros, s.error
FROM run_stages s JOIN newest n ON n.institution_id = s.institution_id AND n.id = s.run_id CROSS JOIN past;
INSERT INTO run_edges SELECT e.institution_id, e.run_id - step, e.from_node, e.to_node, e.rows
FROM run_edges e JOIN newest n ON n.institution_id = e.institution_id AND n.id = e.run_id CROSS JOIN past;
INSERT INTO run_samples SELECT s.institution_id, s.run_id - step, s.node, s.ordinal, s.source_id, s.external_id, s.title, s.refused, s.what
FROM run_samples s JOIN newest n ON n.institution_id = s.institution_id AND n.id = s.run_id CROSS JOIN past;
INSERT INTO source_reads (institution_id, id, run_id, source_id, at, state, pages, items, bytes, uploaded, started_at, finished_at, seen)
SELECT r.institution_id, r.id - 10 * step, r.run_id - step, r.source_id, r.at - ago, r.state, r.pages, r.items, r.bytes, r.uploaded, r.started_at - ago, r.finished_at - ago, r.seen
FROM source_reads r JOIN newest n ON n.institution_id = r.institution_id AND n.id = r.run_id CROSS JOIN past;
INSERT INTO source_quality SELECT q.institution_id, q.source_id, q.at - ago, q.run_id - step, q.state, q.ads, q.fingerprint, q.standing
FROM source_quality q JOIN newest n ON n.institution_id = q.institution_id AND n.id = q.run_id CROSS JOIN past;
INSERT INTO quality_measures SELECT m.institution_id, m.source_id, m.at - ago, m.kind, m.subject, m.part, m.whole
FROM quality_measures m JOIN newest n ON n.institution_id = m.institution_id AND n.at = m.at CROSS JOIN past;

INSERT INTO superseded_versions (
  institution_id, id, version, company_id, division_id, source_id, original_id, title, description, open_date, close_date, department, department_id, job_type, source_url,
  remuneration, recruiter, locations, extra, document_id, content_hash, status, changed_fields, changes, change_type, change_reason, cause, run_id, fingerprint,
  created_at, created_by, digests, roles, capabilities)
SELECT j.institution_id, j.id, v, j.company_id, j.division_id, j.source_id, j.original_id, j.title, left(j.description, 200), j.open_date, j.close_date, j.department,
  j.department_id, j.job_type, j.source_url, j.remuneration, j.recruiter, j.locations, j.extra, j.document_id, j.content_hash, 'open',
  CASE WHEN v > 1 THEN '{title}'::text[] END, CASE WHEN v > 1 THEN '{"title": {"old": "Clerk", "new": "Officer"}}'::jsonb END,
  CASE WHEN v > 1 THEN 'update' ELSE 'create' END, 'made by a benchmark', 'source', j.run_id - (9 - v) * 1000, j.fingerprint, j.created_at - (9 - v) * interval '1 day', j.created_by,
  j.digests, j.roles, j.capabilities
FROM published_jobs j CROSS JOIN generate_series(1, 8) AS v WHERE get_byte(uuid_send(j.id), 15) % 4 = 0 AND j.version = 1;
UPDATE published_jobs SET version = 9, change_type = 'update', changed_fields = '{title}', changes = '{"title": {"old": "Clerk", "new": "Officer"}}', first_seen_at = first_seen_at - interval '8 days'
WHERE get_byte(uuid_send(id), 15) % 4 = 0 AND version = 1;
VACUUM ANALYZE;
