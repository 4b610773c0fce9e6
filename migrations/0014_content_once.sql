-- Content is written once. The raw document of an ad is stored in one place, under its number and the hash of its content;
-- a job is one row, which is also its newest version; only what it supersedes moves to the versions before it.
-- What was read from `jobs`, `jobs_history` and `staging_documents` is read from views of the same names and columns.
-- docs/decisions/0023-content-once.md says why, and what it costs.

CREATE SEQUENCE change_ids;
-- Rights on tables suffice for those who write them; a number that anybody takes is only left out.
GRANT USAGE ON SEQUENCE change_ids TO PUBLIC;

CREATE TABLE raw_documents (
  institution_id UUID NOT NULL,
  document_id    BIGINT NOT NULL,
  content_hash   BYTEA NOT NULL,
  content        JSONB NOT NULL,
  scraped_at     TIMESTAMPTZ NOT NULL,
  metadata       JSONB,
  PRIMARY KEY (institution_id, document_id, content_hash)
);

CREATE TABLE published_jobs (
  institution_id  UUID NOT NULL,
  id              UUID NOT NULL,
  company_id      UUID,
  division_id     UUID,
  source_id       TEXT NOT NULL,
  original_id     TEXT NOT NULL,
  generation      INTEGER NOT NULL DEFAULT 0,
  title           TEXT NOT NULL,
  description     TEXT,
  open_date       DATE,
  close_date      DATE,
  department      TEXT,
  department_id   TEXT,
  job_type        TEXT,
  source_url      TEXT,
  remuneration    TEXT,
  recruiter       JSONB,
  locations       TEXT[],
  extra           JSONB,
  document_id     BIGINT NOT NULL,
  content_hash    BYTEA NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('open', 'archived')),
  archived_at     TIMESTAMPTZ,
  archived_as     TEXT CHECK (archived_as IN ('closed', 'missing', 'person', 'recycled', 'rolled_back')),
  archived_for    DATE,
  reopened_at     TIMESTAMPTZ,
  held_since      TIMESTAMPTZ,
  version         INTEGER NOT NULL DEFAULT 1,
  first_seen_at   TIMESTAMPTZ NOT NULL,
  changed_fields  TEXT[] NOT NULL,
  changes         JSONB,
  change_type     TEXT NOT NULL CHECK (change_type IN ('create', 'update', 'archive', 'reopen')),
  change_reason   TEXT NOT NULL,
  cause           TEXT NOT NULL CHECK (cause IN ('source', 'date', 'mapping', 'rule', 'framework', 'company', 'person', 'unknown')),
  run_id          BIGINT,
  fingerprint     BYTEA,
  created_at      TIMESTAMPTZ NOT NULL,
  created_by      TEXT NOT NULL,
  takes_back      BIGINT,
  restores        INTEGER,
  change_id       BIGINT NOT NULL DEFAULT nextval('change_ids'),
  txid            XID8 NOT NULL DEFAULT pg_current_xact_id(),
  recorded_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  digests         BYTEA,
  refresh_id      BIGINT,
  refresh_txid    XID8,
  refreshed_at    TIMESTAMPTZ
);

CREATE TABLE superseded_versions (
  institution_id  UUID NOT NULL,
  id              UUID NOT NULL,
  version         INTEGER NOT NULL,
  company_id      UUID,
  division_id     UUID,
  source_id       TEXT NOT NULL,
  original_id     TEXT NOT NULL,
  title           TEXT NOT NULL,
  description     TEXT,
  open_date       DATE,
  close_date      DATE,
  department      TEXT,
  department_id   TEXT,
  job_type        TEXT,
  source_url      TEXT,
  remuneration    TEXT,
  recruiter       JSONB,
  locations       TEXT[],
  extra           JSONB,
  document_id     BIGINT NOT NULL,
  content_hash    BYTEA NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('open', 'archived')),
  archived_at     TIMESTAMPTZ,
  archived_as     TEXT CHECK (archived_as IN ('closed', 'missing', 'person', 'recycled', 'rolled_back')),
  archived_for    DATE,
  reopened_at     TIMESTAMPTZ,
  changed_fields  TEXT[] NOT NULL,
  changes         JSONB,
  change_type     TEXT NOT NULL CHECK (change_type IN ('create', 'update', 'archive', 'reopen')),
  change_reason   TEXT NOT NULL,
  cause           TEXT NOT NULL CHECK (cause IN ('source', 'date', 'mapping', 'rule', 'framework', 'company', 'person', 'unknown')),
  run_id          BIGINT,
  fingerprint     BYTEA,
  created_at      TIMESTAMPTZ NOT NULL,
  created_by      TEXT NOT NULL,
  takes_back      BIGINT,
  restores        INTEGER,
  change_id       BIGINT NOT NULL DEFAULT nextval('change_ids'),
  txid            XID8 NOT NULL DEFAULT pg_current_xact_id(),
  recorded_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  digests         BYTEA
);

DO $$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    ALTER TABLE raw_documents ALTER COLUMN content SET COMPRESSION lz4;
    ALTER TABLE published_jobs ALTER COLUMN description SET COMPRESSION lz4;
    ALTER TABLE superseded_versions ALTER COLUMN description SET COMPRESSION lz4;
  END IF;
END
$$;

-- What is stored moves over; nothing of it changes. Versions keep the number of the ad that they stood for.

INSERT INTO raw_documents (institution_id, document_id, content_hash, content, scraped_at, metadata)
SELECT s.institution_id, s.document_id, s.content_hash, d.raw_content, d.scraped_at, d.metadata
FROM ad_states s JOIN staging_documents d ON d.institution_id = s.institution_id AND d.id = s.document_id;

INSERT INTO raw_documents (institution_id, document_id, content_hash, content, scraped_at, metadata)
SELECT DISTINCT ON (h.institution_id, s.document_id, h.content_hash)
  h.institution_id, COALESCE(s.document_id, 0), h.content_hash, h.raw_json, COALESCE(r.scraped_at, h.created_at), r.metadata
FROM jobs_history h
LEFT JOIN ad_states s ON s.institution_id = h.institution_id AND s.source_id = h.source_id AND s.external_id = h.original_id
LEFT JOIN replaced_documents r ON r.institution_id = h.institution_id AND r.document_id = s.document_id AND r.content_hash = h.content_hash
WHERE h.raw_json IS NOT NULL
ORDER BY h.institution_id, s.document_id, h.content_hash, h.created_at
ON CONFLICT DO NOTHING;

INSERT INTO raw_documents (institution_id, document_id, content_hash, content, scraped_at)
SELECT j.institution_id, COALESCE(s.document_id, 0), j.content_hash, j.raw_json, j.last_updated_at
FROM jobs j
LEFT JOIN ad_states s ON s.institution_id = j.institution_id AND s.source_id = j.source_id AND s.external_id = j.original_id
ON CONFLICT DO NOTHING;

INSERT INTO superseded_versions (
  institution_id, id, version, company_id, division_id, source_id, original_id, title, description,
  open_date, close_date, department, department_id, job_type, source_url, remuneration, recruiter,
  locations, extra, document_id, content_hash, status, archived_at, archived_as, archived_for,
  reopened_at, changed_fields, changes, change_type, change_reason, cause, run_id, fingerprint,
  created_at, created_by, takes_back, restores, txid, recorded_at)
SELECT
  h.institution_id, h.id, h.version, h.company_id, h.division_id, h.source_id, h.original_id,
  h.title, h.description, h.open_date, h.close_date, h.department, h.department_id, h.job_type,
  h.source_url, h.remuneration, h.recruiter, h.locations, h.extra,
  COALESCE(s.document_id, 0),
  h.content_hash, h.status, h.archived_at, h.archived_as, h.archived_for, h.reopened_at,
  h.changed_fields, h.changes, h.change_type, h.change_reason, 'unknown',
  h.run_id, h.fingerprint, h.created_at, h.created_by, h.takes_back, h.restores, '3', h.created_at
FROM jobs_history h
LEFT JOIN ad_states s ON s.institution_id = h.institution_id AND s.source_id = h.source_id AND s.external_id = h.original_id
LEFT JOIN jobs j ON j.institution_id = h.institution_id AND j.id = h.id
WHERE h.version IS DISTINCT FROM j.version
ORDER BY h.created_at, h.institution_id, h.id, h.version;

INSERT INTO published_jobs (
  generation, held_since, first_seen_at, institution_id, id, version, company_id, division_id,
  source_id, original_id, title, description, open_date, close_date, department, department_id,
  job_type, source_url, remuneration, recruiter, locations, extra, document_id, content_hash,
  status, archived_at, archived_as, archived_for, reopened_at, changed_fields, changes, change_type,
  change_reason, cause, run_id, fingerprint, created_at, created_by, takes_back, restores, txid, recorded_at)
SELECT j.generation, j.held_since, j.first_seen_at,
  j.institution_id, j.id, j.version, j.company_id, j.division_id, j.source_id, j.original_id,
  j.title, j.description, j.open_date, j.close_date, j.department, j.department_id, j.job_type,
  j.source_url, j.remuneration, j.recruiter, j.locations, j.extra,
  COALESCE(s.document_id, 0),
  j.content_hash, j.status, j.archived_at, j.archived_as, j.archived_for, j.reopened_at,
  COALESCE(h.changed_fields, '{}'), h.changes, COALESCE(h.change_type, 'create'), COALESCE(h.change_reason, 'its newest version was not on record'), 'unknown',
  h.run_id, h.fingerprint, j.last_updated_at, COALESCE(h.created_by, 'etl_pipeline'), h.takes_back, h.restores, '3', j.last_updated_at
FROM jobs j
LEFT JOIN jobs_history h ON h.institution_id = j.institution_id AND h.id = j.id AND h.version = j.version
LEFT JOIN ad_states s ON s.institution_id = j.institution_id AND s.source_id = j.source_id AND s.external_id = j.original_id
ORDER BY j.last_updated_at, j.institution_id, j.id;

ALTER TABLE ad_states ADD COLUMN processed_at TIMESTAMPTZ, ADD COLUMN error_details TEXT;
UPDATE ad_states s SET processed_at = d.processed_at, error_details = CASE WHEN s.refused IS NULL THEN d.error_details END
FROM staging_documents d
WHERE d.institution_id = s.institution_id AND d.id = s.document_id AND (d.processed_at IS NOT NULL OR d.error_details IS NOT NULL);
ALTER TABLE ad_states ALTER COLUMN document_id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT setval(pg_get_serial_sequence('ad_states', 'document_id'), COALESCE(max(document_id), 1), max(document_id) IS NOT NULL) FROM ad_states;

DROP FUNCTION jobs_as_of;
DROP TABLE jobs, jobs_history, staging_documents CASCADE;

-- Keys and indexes once the rows are there: built in one go.

ALTER TABLE published_jobs
  ADD PRIMARY KEY (institution_id, id),
  ADD CONSTRAINT published_jobs_ad UNIQUE (institution_id, source_id, original_id, generation),
  ADD FOREIGN KEY (institution_id, company_id) REFERENCES companies (institution_id, id),
  ADD FOREIGN KEY (institution_id, division_id) REFERENCES divisions (institution_id, id);
CREATE INDEX published_jobs_open ON published_jobs (institution_id, source_id, close_date) WHERE status = 'open';
CREATE INDEX published_jobs_document ON published_jobs (institution_id, document_id);
CREATE INDEX published_jobs_by_id ON published_jobs (id);
CREATE INDEX published_jobs_by_ad ON published_jobs (original_id);
CREATE INDEX published_jobs_by_update ON published_jobs (created_at, institution_id);
CREATE INDEX published_jobs_by_run ON published_jobs (run_id);
CREATE INDEX published_jobs_by_close_date ON published_jobs (close_date) WHERE status = 'open';
CREATE INDEX published_jobs_by_change ON published_jobs (txid, change_id);
CREATE INDEX published_jobs_by_refresh ON published_jobs (refresh_txid, refresh_id) WHERE refresh_txid IS NOT NULL;

ALTER TABLE superseded_versions ADD PRIMARY KEY (institution_id, id, version);
CREATE INDEX superseded_versions_document ON superseded_versions (institution_id, document_id);
CREATE INDEX superseded_versions_by_id ON superseded_versions (id, version);
CREATE INDEX superseded_versions_by_ad ON superseded_versions (original_id, version);
CREATE INDEX superseded_versions_by_update ON superseded_versions (created_at, institution_id);
CREATE INDEX superseded_versions_by_run ON superseded_versions (run_id);
CREATE INDEX superseded_versions_by_change ON superseded_versions (txid, change_id);

CREATE UNIQUE INDEX ad_states_document ON ad_states (institution_id, document_id);

-- The names that others read.

CREATE VIEW jobs AS
  SELECT
    j.institution_id, j.id, j.company_id, j.division_id, j.source_id, j.original_id, j.source_id ||
    ':' || j.original_id AS external_id, j.generation, j.title, j.description, j.open_date,
    j.close_date, j.department, j.department_id, j.job_type, j.source_url, j.remuneration,
    j.recruiter, j.locations, j.extra, (SELECT d.content FROM raw_documents d  WHERE d.institution_id = j.institution_id AND d.document_id = j.document_id AND d.content_hash = j.content_hash) AS raw_json, j.content_hash, j.status, j.archived_at,
    j.archived_as, j.archived_for, j.reopened_at, j.held_since, j.version, j.first_seen_at,
    j.created_at AS last_updated_at, j.refreshed_at
  FROM published_jobs j;

-- Who deletes a job deletes no version: the newest one moves to those before it.
CREATE FUNCTION keep_versions_of_deleted_job() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO superseded_versions (
    institution_id, id, version, company_id, division_id, source_id, original_id, title,
    description, open_date, close_date, department, department_id, job_type, source_url,
    remuneration, recruiter, locations, extra, document_id, content_hash, status, archived_at,
    archived_as, archived_for, reopened_at, changed_fields, changes, change_type, change_reason,
    cause, run_id, fingerprint, created_at, created_by, takes_back, restores, change_id, txid,
    recorded_at, digests)
  SELECT
    institution_id, id, version, company_id, division_id, source_id, original_id, title,
    description, open_date, close_date, department, department_id, job_type, source_url,
    remuneration, recruiter, locations, extra, document_id, content_hash, status, archived_at,
    archived_as, archived_for, reopened_at, changed_fields, changes, change_type, change_reason,
    cause, run_id, fingerprint, created_at, created_by, takes_back, restores, change_id, txid,
    recorded_at, digests
  FROM published_jobs WHERE institution_id = OLD.institution_id AND id = OLD.id;
  DELETE FROM published_jobs WHERE institution_id = OLD.institution_id AND id = OLD.id;
  RETURN OLD;
END
$$;
CREATE TRIGGER jobs_delete INSTEAD OF DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION keep_versions_of_deleted_job();

CREATE VIEW jobs_history AS
  SELECT
    v.institution_id, v.id, v.version, v.company_id, v.division_id, v.source_id, v.original_id,
    v.source_id || ':' || v.original_id AS external_id, v.title, v.description, v.open_date,
    v.close_date, v.department, v.department_id, v.job_type, v.source_url, v.remuneration,
    v.recruiter, v.locations, v.extra, (SELECT d.content FROM raw_documents d  WHERE d.institution_id = v.institution_id AND d.document_id = v.document_id AND d.content_hash = v.content_hash) AS raw_json, v.content_hash, v.status, v.changed_fields,
    v.changes, v.change_type, v.change_reason, v.run_id, v.fingerprint, v.created_at, v.created_by,
    v.archived_at, v.archived_as, v.archived_for, v.reopened_at, v.takes_back, v.restores
  FROM superseded_versions v
  UNION ALL
  SELECT
    j.institution_id, j.id, j.version, j.company_id, j.division_id, j.source_id, j.original_id,
    j.source_id || ':' || j.original_id AS external_id, j.title, j.description, j.open_date,
    j.close_date, j.department, j.department_id, j.job_type, j.source_url, j.remuneration,
    j.recruiter, j.locations, j.extra, (SELECT d.content FROM raw_documents d  WHERE d.institution_id = j.institution_id AND d.document_id = j.document_id AND d.content_hash = j.content_hash) AS raw_json, j.content_hash, j.status, j.changed_fields,
    j.changes, j.change_type, j.change_reason, j.run_id, j.fingerprint, j.created_at, j.created_by,
    j.archived_at, j.archived_as, j.archived_for, j.reopened_at, j.takes_back, j.restores
  FROM published_jobs j;

CREATE VIEW staging_documents AS
  SELECT s.institution_id, s.document_id AS id, s.source_id, s.external_id, d.content AS raw_content, d.scraped_at, s.processed_at,
    CASE WHEN s.refused IS NOT NULL THEN 'failed'
         WHEN s.derived_hash IS DISTINCT FROM s.content_hash THEN 'pending'
         WHEN s.outcome = 'failed' THEN CASE WHEN s.derived_fingerprint IS NULL THEN 'pending' ELSE 'failed' END
         WHEN s.outcome = 'discarded' THEN 'discarded'
         ELSE 'processed' END AS processing_status,
    COALESCE(s.refused, s.error_details) AS error_details, d.metadata
  FROM ad_states s
  JOIN raw_documents d ON d.institution_id = s.institution_id AND d.document_id = s.document_id AND d.content_hash = s.content_hash;

CREATE VIEW changes AS
  SELECT v.txid, v.change_id, 'version' AS what, v.institution_id, v.id AS job_id, v.version, v.change_type, v.cause, v.created_at, v.recorded_at
  FROM superseded_versions v
  UNION ALL
  SELECT j.txid, j.change_id, 'version', j.institution_id, j.id, j.version, j.change_type, j.cause, j.created_at, j.recorded_at
  FROM published_jobs j
  UNION ALL
  SELECT j.refresh_txid, j.refresh_id, 'refresh', j.institution_id, j.id, j.version, 'refresh', 'source', j.refreshed_at, j.refreshed_at
  FROM published_jobs j WHERE j.refresh_txid IS NOT NULL;

CREATE FUNCTION jobs_as_of(instant TIMESTAMPTZ) RETURNS SETOF jobs_history LANGUAGE sql STABLE AS $$
  SELECT h.* FROM (
    SELECT k.institution_id, k.id, max(k.version) AS version FROM jobs_history k WHERE k.created_at <= instant GROUP BY k.institution_id, k.id) AS n
  JOIN jobs_history h ON h.institution_id = n.institution_id AND h.id = n.id AND h.version = n.version
$$;
COMMENT ON FUNCTION jobs_as_of(TIMESTAMPTZ) IS 'Every job as it was at an instant: its newest version of then. Narrow it by institution_id.';

CREATE VIEW job_versions AS
  SELECT h.institution_id, h.id AS job_id, h.source_id, h.original_id, h.version, h.created_at,
    h.change_type, h.changed_fields, h.change_reason, h.run_id, h.created_by,
    p.raw_json AS prev_json, h.raw_json AS curr_json
  FROM jobs_history h
  LEFT JOIN jobs_history p
    ON p.institution_id = h.institution_id AND p.id = h.id AND p.version = h.version - 1;

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

CREATE VIEW field_change_rates AS
  SELECT c.institution_id, c.source_id, c.field, c.changes, c.jobs_changed, k.jobs, round(c.jobs_changed::numeric / k.jobs, 4) AS share_of_jobs,
    round(c.changes::numeric / c.jobs_changed, 2) AS changes_per_job, c.last_changed_at
  FROM (SELECT institution_id, source_id, field, count(*) AS changes, count(DISTINCT job_id) AS jobs_changed, max(created_at) AS last_changed_at
        FROM job_changes WHERE field <> 'status' AND takes_back IS NULL GROUP BY institution_id, source_id, field) AS c
  JOIN (SELECT institution_id, source_id, count(*) AS jobs FROM jobs GROUP BY institution_id, source_id) AS k USING (institution_id, source_id);

CREATE VIEW trending_changes AS
  SELECT w.institution_id, w.source_id, w.field, w.week, w.changes, w.jobs_changed,
    round(COALESCE(sum(w.changes) OVER before, 0) / 4.0, 2) AS usual,
    round(w.changes / NULLIF(sum(w.changes) OVER before / 4.0, 0), 2) AS times_usual
  FROM (SELECT institution_id, source_id, field, date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week, count(*) AS changes, count(DISTINCT job_id) AS jobs_changed
        FROM job_changes WHERE field <> 'status' AND takes_back IS NULL GROUP BY institution_id, source_id, field, 4) AS w
  WINDOW before AS (PARTITION BY w.institution_id, w.source_id, w.field ORDER BY w.week RANGE BETWEEN INTERVAL '28 days' PRECEDING AND INTERVAL '7 days' PRECEDING);

CREATE VIEW anomalous_updates AS
  -- Jobs with far more versions than is usual in their source.
  SELECT j.institution_id, 'many_versions' AS kind, j.source_id, j.id AS job_id, j.original_id, j.version, NULL::bigint AS run_id, j.last_updated_at AS at,
    j.version::numeric AS measure, round(u.mean, 2) AS usual, j.version || ' versions, where ' || round(u.mean, 1) || ' are usual' AS what
  FROM jobs j JOIN (SELECT institution_id, source_id, avg(version) AS mean FROM jobs GROUP BY institution_id, source_id) AS u
    USING (institution_id, source_id)
  WHERE j.version >= 5 AND j.version >= 3 * u.mean
  UNION ALL
  -- Fields that go back to the value that they had before. Twice takes four versions, which few jobs have.
  SELECT f.institution_id, 'flip_flop', f.source_id, f.job_id, f.original_id, max(f.version), NULL, max(f.created_at), count(*), NULL,
    f.field || ' went back to an earlier value ' || count(*) || ' times'
  FROM (SELECT c.institution_id, c.source_id, c.job_id, c.original_id, c.version, c.field, c.created_at, md5(c.new::text) AS new,
          LAG(md5(c.old::text)) OVER (PARTITION BY c.institution_id, c.job_id, c.field ORDER BY c.version) AS earlier
        FROM jobs j JOIN job_changes c ON c.institution_id = j.institution_id AND c.job_id = j.id
        WHERE j.version >= 4 AND c.takes_back IS NULL AND c.field <> 'status') AS f
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

COMMENT ON VIEW job_versions IS 'Each version beside the raw document of the version before it.';
COMMENT ON VIEW job_changes IS 'What changed from one version to the next: a row a field, with its old and new value; custom fields one by one as extra.NAME.';
COMMENT ON VIEW field_change_rates IS 'How often which fields of which sources change. Roll-backs do not count.';
COMMENT ON VIEW trending_changes IS 'Changes of each field by week, against the mean of the four weeks before.';
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

COMMENT ON SEQUENCE change_ids IS 'Numbers of changes, in the order in which they were written.';
COMMENT ON TABLE raw_documents IS 'The raw documents of ads, each content of an ad once: the newest one, and those that versions of jobs were made of.';
COMMENT ON COLUMN raw_documents.institution_id IS 'The institution.';
COMMENT ON COLUMN raw_documents.document_id IS 'The ad, by its number in ad_states.';
COMMENT ON COLUMN raw_documents.content_hash IS 'Hash of the content.';
COMMENT ON COLUMN raw_documents.content IS 'The document. Unreadable bytes are kept as {"unreadable": text}.';
COMMENT ON COLUMN raw_documents.scraped_at IS 'Clock of the newest run that stored this content.';
COMMENT ON COLUMN raw_documents.metadata IS 'Where it came from: url or file, line, read number, bytes, warnings.';
COMMENT ON COLUMN ad_states.document_id IS 'Number of the ad''s document: staging_documents.id.';
COMMENT ON COLUMN ad_states.processed_at IS 'Clock of the run that last derived it.';
COMMENT ON COLUMN ad_states.error_details IS 'Why it could not be derived, or who discarded it and why, in words.';
COMMENT ON TABLE published_jobs IS 'The jobs, each with what made it its newest version. Read the views jobs and jobs_history instead.';
COMMENT ON TABLE superseded_versions IS 'The versions of jobs before the newest one, which is the row of published_jobs. Rows are only ever added. Read the view jobs_history instead.';
COMMENT ON VIEW jobs IS 'The clean, versioned jobs: the newest good version of each.';
COMMENT ON VIEW jobs_history IS 'Every version of every job: complete snapshot, what changed, why, and which run, document, mapping and rules made it.';
COMMENT ON VIEW staging_documents IS 'The newest raw document of every ad, as the source gave it.';
COMMENT ON VIEW changes IS 'Every version of every job, and every refresh of a job without a version, for those who follow along: docs/consumers.md has the query.';
COMMENT ON COLUMN published_jobs.institution_id IS 'The institution.';
COMMENT ON COLUMN published_jobs.id IS 'UUIDv5 of institution, source, and the original id and generation that it was created with: the same for ever.';
COMMENT ON COLUMN published_jobs.company_id IS 'The employer, where resolved.';
COMMENT ON COLUMN published_jobs.division_id IS 'The division, where resolved.';
COMMENT ON COLUMN published_jobs.source_id IS 'The source, e.g. seek, nswgov.';
COMMENT ON COLUMN published_jobs.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN published_jobs.generation IS 'Rises when a recycled id is proven to be another job.';
COMMENT ON COLUMN published_jobs.title IS 'Title.';
COMMENT ON COLUMN published_jobs.description IS 'Description as readable text.';
COMMENT ON COLUMN published_jobs.open_date IS 'First day.';
COMMENT ON COLUMN published_jobs.close_date IS 'Last day, in the zone of the institution or source.';
COMMENT ON COLUMN published_jobs.department IS 'Department as the source writes it.';
COMMENT ON COLUMN published_jobs.department_id IS 'The source''s own id of the department.';
COMMENT ON COLUMN published_jobs.job_type IS 'Kind of employment as the source writes it.';
COMMENT ON COLUMN published_jobs.source_url IS 'Page of the ad; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN published_jobs.remuneration IS 'Pay as text.';
COMMENT ON COLUMN published_jobs.recruiter IS 'Contact; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN published_jobs.locations IS 'Places; compared as a set.';
COMMENT ON COLUMN published_jobs.extra IS 'Declared custom fields.';
COMMENT ON COLUMN published_jobs.document_id IS 'The document that this version came from, by its number.';
COMMENT ON COLUMN published_jobs.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN published_jobs.status IS 'open or archived.';
COMMENT ON COLUMN published_jobs.archived_at IS 'Clock of the run that archived it.';
COMMENT ON COLUMN published_jobs.archived_as IS 'closed (date passed), missing (from the source), person (retired on purpose), recycled (its id was given to another job), rolled_back (the run that created it was taken back).';
COMMENT ON COLUMN published_jobs.archived_for IS 'The closing date for which it was archived: it is archived once for a date.';
COMMENT ON COLUMN published_jobs.reopened_at IS 'Clock of the newest reopening.';
COMMENT ON COLUMN published_jobs.held_since IS 'Set while a newer version waits in staging_jobs because it fails validation.';
COMMENT ON COLUMN published_jobs.version IS 'Number of this version.';
COMMENT ON COLUMN published_jobs.first_seen_at IS 'Clock of the run that created it.';
COMMENT ON COLUMN published_jobs.changed_fields IS 'Which fields changed; of a create, those that are not null.';
COMMENT ON COLUMN published_jobs.changes IS '{field: {"old": value, "new": value}}; NULL for a create.';
COMMENT ON COLUMN published_jobs.change_type IS 'create, update, archive, reopen.';
COMMENT ON COLUMN published_jobs.change_reason IS 'Why, in words.';
COMMENT ON COLUMN published_jobs.cause IS 'What made it: source, date (a closing date that passed), mapping, rule, framework, company, person; unknown for versions from before this column.';
COMMENT ON COLUMN published_jobs.run_id IS 'The run that made it; NULL when a person did.';
COMMENT ON COLUMN published_jobs.fingerprint IS 'Segment fingerprint (mapping, rules) that derived it: see fingerprints.';
COMMENT ON COLUMN published_jobs.created_at IS 'Clock of the run or command that made this version.';
COMMENT ON COLUMN published_jobs.created_by IS 'etl_pipeline, or the person who decided.';
COMMENT ON COLUMN published_jobs.takes_back IS 'The run that this version takes back (`weir rollback`).';
COMMENT ON COLUMN published_jobs.restores IS 'The version that it brings back; 0 if there was no job before that run.';
COMMENT ON COLUMN published_jobs.change_id IS 'Its number among all changes, in the order in which they were written.';
COMMENT ON COLUMN published_jobs.txid IS 'The transaction that wrote it: visible to others once txid < pg_snapshot_xmin(pg_current_snapshot()).';
COMMENT ON COLUMN published_jobs.recorded_at IS 'The server''s clock when it was written.';
COMMENT ON COLUMN published_jobs.digests IS 'Four bytes of the hash of each field, by which the audit finds values that others have written.';
COMMENT ON COLUMN published_jobs.refresh_id IS 'Number of its newest refresh without a version, among all changes.';
COMMENT ON COLUMN published_jobs.refresh_txid IS 'The transaction of that.';
COMMENT ON COLUMN published_jobs.refreshed_at IS 'Clock of the run that last refreshed source_url or recruiter without a version.';
COMMENT ON COLUMN superseded_versions.institution_id IS 'The institution.';
COMMENT ON COLUMN superseded_versions.id IS 'Same as jobs.id.';
COMMENT ON COLUMN superseded_versions.version IS 'Number of this version.';
COMMENT ON COLUMN superseded_versions.company_id IS 'The employer at this version.';
COMMENT ON COLUMN superseded_versions.division_id IS 'The division at this version.';
COMMENT ON COLUMN superseded_versions.source_id IS 'The source.';
COMMENT ON COLUMN superseded_versions.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN superseded_versions.title IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.description IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.open_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.close_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.department IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.department_id IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.job_type IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.source_url IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.remuneration IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.recruiter IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.locations IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.extra IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.document_id IS 'The document that this version came from, by its number.';
COMMENT ON COLUMN superseded_versions.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN superseded_versions.status IS 'open or archived, at this version.';
COMMENT ON COLUMN superseded_versions.archived_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.archived_as IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.archived_for IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.reopened_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.changed_fields IS 'Which fields changed; of a create, those that are not null.';
COMMENT ON COLUMN superseded_versions.changes IS '{field: {"old": value, "new": value}}; NULL for a create.';
COMMENT ON COLUMN superseded_versions.change_type IS 'create, update, archive, reopen.';
COMMENT ON COLUMN superseded_versions.change_reason IS 'Why, in words.';
COMMENT ON COLUMN superseded_versions.cause IS 'What made it: source, date (a closing date that passed), mapping, rule, framework, company, person; unknown for versions from before this column.';
COMMENT ON COLUMN superseded_versions.run_id IS 'The run that made it; NULL when a person did.';
COMMENT ON COLUMN superseded_versions.fingerprint IS 'Segment fingerprint (mapping, rules) that derived it: see fingerprints.';
COMMENT ON COLUMN superseded_versions.created_at IS 'Clock of the run or command that made this version.';
COMMENT ON COLUMN superseded_versions.created_by IS 'etl_pipeline, or the person who decided.';
COMMENT ON COLUMN superseded_versions.takes_back IS 'The run that this version takes back (`weir rollback`).';
COMMENT ON COLUMN superseded_versions.restores IS 'The version that it brings back; 0 if there was no job before that run.';
COMMENT ON COLUMN superseded_versions.change_id IS 'Its number among all changes, in the order in which they were written.';
COMMENT ON COLUMN superseded_versions.txid IS 'The transaction that wrote it: visible to others once txid < pg_snapshot_xmin(pg_current_snapshot()).';
COMMENT ON COLUMN superseded_versions.recorded_at IS 'The server''s clock when it was written.';
COMMENT ON COLUMN superseded_versions.digests IS 'Four bytes of the hash of each field, by which the audit finds values that others have written.';
COMMENT ON COLUMN jobs.institution_id IS 'The institution.';
COMMENT ON COLUMN jobs.id IS 'UUIDv5 of institution, source, and the original id and generation that it was created with: the same for ever.';
COMMENT ON COLUMN jobs.company_id IS 'The employer, where resolved.';
COMMENT ON COLUMN jobs.division_id IS 'The division, where resolved.';
COMMENT ON COLUMN jobs.source_id IS 'The source, e.g. seek, nswgov.';
COMMENT ON COLUMN jobs.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN jobs.external_id IS 'source_id:original_id.';
COMMENT ON COLUMN jobs.generation IS 'Rises when a recycled id is proven to be another job.';
COMMENT ON COLUMN jobs.title IS 'Title.';
COMMENT ON COLUMN jobs.description IS 'Description as readable text.';
COMMENT ON COLUMN jobs.open_date IS 'First day.';
COMMENT ON COLUMN jobs.close_date IS 'Last day, in the zone of the institution or source.';
COMMENT ON COLUMN jobs.department IS 'Department as the source writes it.';
COMMENT ON COLUMN jobs.department_id IS 'The source''s own id of the department.';
COMMENT ON COLUMN jobs.job_type IS 'Kind of employment as the source writes it.';
COMMENT ON COLUMN jobs.source_url IS 'Page of the ad; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN jobs.remuneration IS 'Pay as text.';
COMMENT ON COLUMN jobs.recruiter IS 'Contact; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN jobs.locations IS 'Places; compared as a set.';
COMMENT ON COLUMN jobs.extra IS 'Declared custom fields.';
COMMENT ON COLUMN jobs.raw_json IS 'The raw document that this version came from.';
COMMENT ON COLUMN jobs.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN jobs.status IS 'open or archived.';
COMMENT ON COLUMN jobs.archived_at IS 'Clock of the run that archived it.';
COMMENT ON COLUMN jobs.archived_as IS 'closed (date passed), missing (from the source), person (retired on purpose), recycled (its id was given to another job), rolled_back (the run that created it was taken back).';
COMMENT ON COLUMN jobs.archived_for IS 'The closing date for which it was archived: it is archived once for a date.';
COMMENT ON COLUMN jobs.reopened_at IS 'Clock of the newest reopening.';
COMMENT ON COLUMN jobs.held_since IS 'Set while a newer version waits in staging_jobs because it fails validation.';
COMMENT ON COLUMN jobs.version IS 'Number of the newest version in jobs_history.';
COMMENT ON COLUMN jobs.first_seen_at IS 'Clock of the run that created it.';
COMMENT ON COLUMN jobs.last_updated_at IS 'Clock of the newest version.';
COMMENT ON COLUMN jobs.refreshed_at IS 'Clock of the run that last refreshed source_url or recruiter without a version.';
COMMENT ON COLUMN jobs_history.institution_id IS 'The institution.';
COMMENT ON COLUMN jobs_history.id IS 'Same as jobs.id.';
COMMENT ON COLUMN jobs_history.version IS '1, 2, 3, ...';
COMMENT ON COLUMN jobs_history.company_id IS 'The employer at this version.';
COMMENT ON COLUMN jobs_history.division_id IS 'The division at this version.';
COMMENT ON COLUMN jobs_history.source_id IS 'The source.';
COMMENT ON COLUMN jobs_history.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN jobs_history.external_id IS 'source_id:original_id.';
COMMENT ON COLUMN jobs_history.title IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.description IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.open_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.close_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.department IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.department_id IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.job_type IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.source_url IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.remuneration IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.recruiter IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.locations IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.extra IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.raw_json IS 'The raw document that this version came from.';
COMMENT ON COLUMN jobs_history.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN jobs_history.status IS 'open or archived, at this version.';
COMMENT ON COLUMN jobs_history.changed_fields IS 'Which fields changed; of a create, those that are not null.';
COMMENT ON COLUMN jobs_history.changes IS '{field: {"old": value, "new": value}}; NULL for a create.';
COMMENT ON COLUMN jobs_history.change_type IS 'create, update, archive, reopen.';
COMMENT ON COLUMN jobs_history.change_reason IS 'Why, in words.';
COMMENT ON COLUMN jobs_history.run_id IS 'The run that made it; NULL when a person did.';
COMMENT ON COLUMN jobs_history.fingerprint IS 'Segment fingerprint (mapping, rules) that derived it: see fingerprints.';
COMMENT ON COLUMN jobs_history.created_at IS 'Clock of the run or command.';
COMMENT ON COLUMN jobs_history.created_by IS 'etl_pipeline, or the person who decided.';
COMMENT ON COLUMN jobs_history.archived_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.archived_as IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.archived_for IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.reopened_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.takes_back IS 'The run that this version takes back (`weir rollback`).';
COMMENT ON COLUMN jobs_history.restores IS 'The version that it brings back; 0 if there was no job before that run.';
COMMENT ON COLUMN staging_documents.institution_id IS 'The institution.';
COMMENT ON COLUMN staging_documents.id IS 'Document number.';
COMMENT ON COLUMN staging_documents.source_id IS 'The source, e.g. seek, nswgov.';
COMMENT ON COLUMN staging_documents.external_id IS 'The id that the source gives the ad, raw; sha256:... of the bytes where it gives none.';
COMMENT ON COLUMN staging_documents.raw_content IS 'The document. Unreadable bytes are kept as {"unreadable": text}.';
COMMENT ON COLUMN staging_documents.scraped_at IS 'Clock of the run that stored this content.';
COMMENT ON COLUMN staging_documents.processed_at IS 'Clock of the run that derived it.';
COMMENT ON COLUMN staging_documents.processing_status IS 'pending, processed, failed, discarded.';
COMMENT ON COLUMN staging_documents.error_details IS 'Why it failed, in words.';
COMMENT ON COLUMN staging_documents.metadata IS 'Where it came from: url or file, line, read number, bytes, warnings.';
COMMENT ON COLUMN changes.txid IS 'The transaction that wrote it.';
COMMENT ON COLUMN changes.change_id IS 'Its number, in the order in which changes were written.';
COMMENT ON COLUMN changes.what IS 'version, or refresh: source_url or recruiter changed without a version.';
COMMENT ON COLUMN changes.institution_id IS 'The institution.';
COMMENT ON COLUMN changes.job_id IS 'The job.';
COMMENT ON COLUMN changes.version IS 'Its version then.';
COMMENT ON COLUMN changes.change_type IS 'create, update, archive, reopen; refresh.';
COMMENT ON COLUMN changes.cause IS 'What made it: source, date (a closing date that passed), mapping, rule, framework, company, person; unknown for versions from before this column.';
COMMENT ON COLUMN changes.created_at IS 'Clock of the run or command.';
COMMENT ON COLUMN changes.recorded_at IS 'The server''s clock when it was written; of a refresh, the clock of the run.';
