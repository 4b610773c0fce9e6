-- What history needs to be read by others and to be taken back: how each version was archived, which version a roll-back brings back, what an
-- ad waits for after it; and views and functions for those who query. All of them lead with institution_id, and none needs more than SQL.

ALTER TABLE jobs DROP CONSTRAINT jobs_archived_as_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_archived_as_check CHECK (archived_as IN ('closed', 'missing', 'person', 'recycled', 'rolled_back'));
COMMENT ON COLUMN jobs.archived_as IS 'closed (date passed), missing (from the source), person (retired on purpose), recycled (its id was given to another job), rolled_back (the run that created it was taken back).';

ALTER TABLE jobs_history ADD COLUMN archived_at TIMESTAMPTZ, ADD COLUMN archived_as TEXT, ADD COLUMN archived_for DATE, ADD COLUMN reopened_at TIMESTAMPTZ,
  ADD COLUMN takes_back BIGINT, ADD COLUMN restores INTEGER;
COMMENT ON COLUMN jobs_history.archived_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.archived_as IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.archived_for IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.reopened_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.takes_back IS 'The run that this version takes back (`weir rollback`).';
COMMENT ON COLUMN jobs_history.restores IS 'The version that it brings back; 0 if there was no job before that run.';

-- Versions from before these columns: how they were archived stands in their reasons.
UPDATE jobs_history h SET
  archived_at = CASE WHEN h.status = 'archived' THEN (
    SELECT max(a.created_at) FROM jobs_history a WHERE a.institution_id = h.institution_id AND a.id = h.id AND a.version <= h.version AND a.change_type = 'archive') END,
  reopened_at = (
    SELECT max(a.created_at) FROM jobs_history a WHERE a.institution_id = h.institution_id AND a.id = h.id AND a.version <= h.version AND a.change_type = 'reopen'),
  archived_as = CASE WHEN h.status = 'archived' THEN (
    SELECT CASE WHEN a.change_reason LIKE 'archived: closing date passed%' THEN 'closed' WHEN a.change_reason LIKE 'archived: missing from source%' THEN 'missing'
                WHEN a.change_reason LIKE 'archived: its id %' THEN 'recycled' ELSE 'person' END
    FROM jobs_history a WHERE a.institution_id = h.institution_id AND a.id = h.id AND a.version <= h.version AND a.change_type = 'archive'
    ORDER BY a.version DESC LIMIT 1) END,
  archived_for = (
    SELECT a.close_date FROM jobs_history a
    WHERE a.institution_id = h.institution_id AND a.id = h.id AND a.version <= h.version AND a.change_reason LIKE 'archived: closing date passed%'
    ORDER BY a.version DESC LIMIT 1)
WHERE EXISTS (SELECT 1 FROM jobs_history a WHERE a.institution_id = h.institution_id AND a.id = h.id AND a.version <= h.version AND a.change_type = 'archive');

ALTER TABLE ad_states ADD COLUMN rolled_back_hash BYTEA, ADD COLUMN rolled_back_fingerprint BYTEA, ADD COLUMN rolled_back_why TEXT;
COMMENT ON COLUMN ad_states.rolled_back_hash IS 'Content of which a run was taken back: the ad is held while it has this content and is derived by rolled_back_fingerprint.';
COMMENT ON COLUMN ad_states.rolled_back_fingerprint IS 'Segment fingerprint that derived it, the date of the run left out.';
COMMENT ON COLUMN ad_states.rolled_back_why IS 'Which run was taken back and why, in words.';

CREATE FUNCTION jobs_as_of(instant TIMESTAMPTZ) RETURNS SETOF jobs_history LANGUAGE sql STABLE AS $$
  SELECT DISTINCT ON (h.institution_id, h.id) h.* FROM jobs_history h WHERE h.created_at <= instant ORDER BY h.institution_id, h.id, h.version DESC
$$;
COMMENT ON FUNCTION jobs_as_of(TIMESTAMPTZ) IS 'Every job as it was at an instant: its newest version of then. Narrow it by institution_id.';

CREATE VIEW job_versions AS
  SELECT h.institution_id, h.id AS job_id, h.source_id, h.original_id, h.version, h.created_at, h.change_type, h.changed_fields, h.change_reason, h.run_id,
    h.created_by, LAG(h.raw_json) OVER (PARTITION BY h.institution_id, h.id ORDER BY h.version) AS prev_json, h.raw_json AS curr_json
  FROM jobs_history h;
COMMENT ON VIEW job_versions IS 'Each version beside the raw document of the version before it.';

CREATE VIEW job_changes AS
  SELECT h.institution_id, h.id AS job_id, h.source_id, h.original_id, h.version, f.field, f.old, f.new, h.status, h.change_type, h.change_reason, h.created_at,
    h.created_by, h.run_id, h.takes_back
  FROM jobs_history h CROSS JOIN LATERAL (
    SELECT c.key AS field, c.value -> 'old' AS old, c.value -> 'new' AS new FROM jsonb_each(h.changes) AS c WHERE c.key <> 'extra'
    UNION ALL
    SELECT 'extra.' || k.key, x.old -> k.key, x.new -> k.key
    FROM (SELECT CASE WHEN jsonb_typeof(h.changes #> '{extra,old}') = 'object' THEN h.changes #> '{extra,old}' ELSE '{}' END AS old,
                 CASE WHEN jsonb_typeof(h.changes #> '{extra,new}') = 'object' THEN h.changes #> '{extra,new}' ELSE '{}' END AS new
          WHERE h.changes ? 'extra') AS x
    CROSS JOIN LATERAL jsonb_object_keys(x.old || x.new) AS k (key)
    WHERE (x.old -> k.key) IS DISTINCT FROM (x.new -> k.key)) AS f
  WHERE h.changes IS NOT NULL;
COMMENT ON VIEW job_changes IS 'What changed from one version to the next: a row a field, with its old and new value; custom fields one by one as extra.NAME.';

CREATE VIEW field_change_rates AS
  SELECT c.institution_id, c.source_id, c.field, c.changes, c.jobs_changed, k.jobs, round(c.jobs_changed::numeric / k.jobs, 4) AS share_of_jobs,
    round(c.changes::numeric / c.jobs_changed, 2) AS changes_per_job, c.last_changed_at
  FROM (SELECT institution_id, source_id, field, count(*) AS changes, count(DISTINCT job_id) AS jobs_changed, max(created_at) AS last_changed_at
        FROM job_changes WHERE field <> 'status' AND takes_back IS NULL GROUP BY institution_id, source_id, field) AS c
  JOIN (SELECT institution_id, source_id, count(*) AS jobs FROM jobs GROUP BY institution_id, source_id) AS k USING (institution_id, source_id);
COMMENT ON VIEW field_change_rates IS 'How often which fields of which sources change. Roll-backs do not count.';

CREATE VIEW trending_changes AS
  SELECT w.institution_id, w.source_id, w.field, w.week, w.changes, w.jobs_changed,
    round(COALESCE(sum(w.changes) OVER before, 0) / 4.0, 2) AS usual,
    round(w.changes / NULLIF(sum(w.changes) OVER before / 4.0, 0), 2) AS times_usual
  FROM (SELECT institution_id, source_id, field, date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week, count(*) AS changes, count(DISTINCT job_id) AS jobs_changed
        FROM job_changes WHERE field <> 'status' AND takes_back IS NULL GROUP BY institution_id, source_id, field, 4) AS w
  WINDOW before AS (PARTITION BY w.institution_id, w.source_id, w.field ORDER BY w.week RANGE BETWEEN INTERVAL '28 days' PRECEDING AND INTERVAL '7 days' PRECEDING);
COMMENT ON VIEW trending_changes IS 'Changes of each field by week, against the mean of the four weeks before.';

CREATE VIEW anomalous_updates AS
  -- Jobs with far more versions than is usual in their source.
  SELECT j.institution_id, 'many_versions' AS kind, j.source_id, j.id AS job_id, j.original_id, j.version, NULL::bigint AS run_id, j.last_updated_at AS at,
    j.version::numeric AS measure, round(u.mean, 2) AS usual, j.version || ' versions, where ' || round(u.mean, 1) || ' are usual' AS what
  FROM jobs j JOIN (SELECT institution_id, source_id, avg(version) AS mean FROM jobs GROUP BY institution_id, source_id) AS u
    USING (institution_id, source_id)
  WHERE j.version >= 5 AND j.version >= 3 * u.mean
  UNION ALL
  -- Fields that go back to the value that they had before.
  SELECT f.institution_id, 'flip_flop', f.source_id, f.job_id, f.original_id, max(f.version), NULL, max(f.created_at), count(*), NULL,
    f.field || ' went back to an earlier value ' || count(*) || ' times'
  FROM (SELECT c.institution_id, c.source_id, c.job_id, c.original_id, c.version, c.field, c.created_at, c.new, LAG(c.old) OVER (PARTITION BY c.institution_id, c.job_id, c.field ORDER BY c.version) AS earlier
        FROM job_changes c WHERE c.takes_back IS NULL AND c.field <> 'status') AS f
  WHERE f.new = f.earlier GROUP BY f.institution_id, f.source_id, f.job_id, f.original_id, f.field HAVING count(*) >= 2
  UNION ALL
  -- Runs that updated much of a source at once.
  SELECT r.institution_id, 'bulk_update', r.source_id, NULL, NULL, NULL, r.run_id, r.at, r.jobs, round(k.jobs * 0.2, 2),
    'run ' || r.run_id || ' updated ' || r.jobs || ' of ' || k.jobs || ' jobs at once'
  FROM (SELECT institution_id, source_id, run_id, max(created_at) AS at, count(DISTINCT id) AS jobs FROM jobs_history
        WHERE change_type = 'update' AND run_id IS NOT NULL GROUP BY institution_id, source_id, run_id) AS r
  JOIN (SELECT institution_id, source_id, count(*) AS jobs FROM jobs GROUP BY institution_id, source_id) AS k USING (institution_id, source_id)
  WHERE r.jobs >= 5 AND r.jobs > k.jobs * 0.2
  UNION ALL
  -- Versions of jobs that were archived and stayed so.
  SELECT institution_id, 'update_after_archive', source_id, id, original_id, version, run_id, created_at, 1, NULL,
    'updated while archived: ' || array_to_string(changed_fields, ', ')
  FROM jobs_history WHERE change_type = 'update' AND status = 'archived' AND takes_back IS NULL;
COMMENT ON VIEW anomalous_updates IS 'Updates to look at: jobs with many versions, fields that go back and forth, runs that updated much at once, updates of archived jobs.';

DO $$
DECLARE about RECORD;
BEGIN
  FOR about IN SELECT * FROM (VALUES
    ('job_versions', 'institution_id', 'The institution.'), ('job_versions', 'job_id', 'The job.'), ('job_versions', 'source_id', 'The source.'),
    ('job_versions', 'original_id', 'The id that the source gives the ad.'), ('job_versions', 'version', '1, 2, 3, ...'), ('job_versions', 'created_at', 'Clock of the run or command.'),
    ('job_versions', 'change_type', 'create, update, archive, reopen.'), ('job_versions', 'changed_fields', 'Which fields changed.'), ('job_versions', 'change_reason', 'Why, in words.'),
    ('job_versions', 'run_id', 'The run that made it; NULL when a person did.'), ('job_versions', 'created_by', 'etl_pipeline, or the person.'),
    ('job_versions', 'prev_json', 'Raw document of the version before; NULL for the first.'), ('job_versions', 'curr_json', 'Raw document of this version.'),
    ('job_changes', 'institution_id', 'The institution.'), ('job_changes', 'job_id', 'The job.'), ('job_changes', 'source_id', 'The source.'),
    ('job_changes', 'original_id', 'The id that the source gives the ad.'), ('job_changes', 'version', 'The version that changed it.'), ('job_changes', 'field', 'The field; a custom one as extra.NAME.'),
    ('job_changes', 'old', 'Its value before.'), ('job_changes', 'new', 'Its value since.'), ('job_changes', 'status', 'open or archived, at this version.'),
    ('job_changes', 'change_type', 'update, archive, reopen.'), ('job_changes', 'change_reason', 'Why, in words.'), ('job_changes', 'created_at', 'When.'),
    ('job_changes', 'created_by', 'etl_pipeline, or the person.'), ('job_changes', 'run_id', 'The run; NULL when a person did it.'), ('job_changes', 'takes_back', 'The run that this takes back, if it does.'),
    ('field_change_rates', 'institution_id', 'The institution.'), ('field_change_rates', 'source_id', 'The source.'), ('field_change_rates', 'field', 'The field.'),
    ('field_change_rates', 'changes', 'How often it changed.'), ('field_change_rates', 'jobs_changed', 'In how many jobs.'), ('field_change_rates', 'jobs', 'Jobs of the source, archived ones included.'),
    ('field_change_rates', 'share_of_jobs', 'jobs_changed / jobs.'), ('field_change_rates', 'changes_per_job', 'changes / jobs_changed.'), ('field_change_rates', 'last_changed_at', 'When it last changed.'),
    ('trending_changes', 'institution_id', 'The institution.'), ('trending_changes', 'source_id', 'The source.'), ('trending_changes', 'field', 'The field.'),
    ('trending_changes', 'week', 'Monday of the week, UTC.'), ('trending_changes', 'changes', 'Changes in that week.'), ('trending_changes', 'jobs_changed', 'In how many jobs.'),
    ('trending_changes', 'usual', 'Mean of the four weeks before.'), ('trending_changes', 'times_usual', 'changes / usual; NULL if there were none before.'),
    ('anomalous_updates', 'institution_id', 'The institution.'), ('anomalous_updates', 'kind', 'many_versions, flip_flop, bulk_update, update_after_archive.'), ('anomalous_updates', 'source_id', 'The source.'),
    ('anomalous_updates', 'job_id', 'The job; NULL for a bulk update.'), ('anomalous_updates', 'original_id', 'The id that the source gives the ad.'), ('anomalous_updates', 'version', 'The newest version that is meant.'),
    ('anomalous_updates', 'run_id', 'The run, where one is meant.'), ('anomalous_updates', 'at', 'When, or when last.'), ('anomalous_updates', 'measure', 'Versions, returns, or jobs.'),
    ('anomalous_updates', 'usual', 'What measure is compared with, where it is.'), ('anomalous_updates', 'what', 'In words.')
  ) AS c (view_name, column_name, comment) LOOP
    EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', about.view_name, about.column_name, about.comment);
  END LOOP;
END
$$;
