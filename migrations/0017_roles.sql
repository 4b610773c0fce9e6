-- What is decided of an ad is a field of its job like others: compared, versioned and exported with it. The narrow tables
-- repeat the newest version for joins; whoever writes a job writes them in the same transaction.

ALTER TABLE published_jobs ADD COLUMN roles JSONB, ADD COLUMN capabilities JSONB;
ALTER TABLE superseded_versions ADD COLUMN roles JSONB, ADD COLUMN capabilities JSONB;

CREATE OR REPLACE VIEW jobs AS
  SELECT
    j.institution_id, j.id, j.company_id, j.division_id, j.source_id, j.original_id, j.source_id ||
    ':' || j.original_id AS external_id, j.generation, j.title, j.description, j.open_date,
    j.close_date, j.department, j.department_id, j.job_type, j.source_url, j.remuneration,
    j.recruiter, j.locations, j.extra,
    (SELECT d.content FROM raw_documents d
     WHERE d.institution_id = j.institution_id AND d.document_id = j.document_id AND d.content_hash = j.content_hash) AS raw_json,
    j.content_hash, j.status, j.archived_at,
    j.archived_as, j.archived_for, j.reopened_at, j.held_since, j.version, j.first_seen_at,
    j.created_at AS last_updated_at, j.refreshed_at, j.roles, j.capabilities
  FROM published_jobs j;

-- To add a field: add it to both tables, to the three lists here, and at the end of `jobs`.
CREATE OR REPLACE VIEW jobs_history AS
  SELECT
    v.institution_id, v.id, v.version, v.company_id, v.division_id, v.source_id, v.original_id,
    v.source_id || ':' || v.original_id AS external_id, v.title, v.description, v.open_date,
    v.close_date, v.department, v.department_id, v.job_type, v.source_url, v.remuneration,
    v.recruiter, v.locations, v.extra,
    (SELECT d.content FROM raw_documents d
     WHERE d.institution_id = v.institution_id AND d.document_id = v.document_id AND d.content_hash = v.content_hash) AS raw_json,
    v.content_hash, v.status,
    COALESCE(v.changed_fields, array_remove(ARRAY[
      CASE WHEN v.title IS NOT NULL THEN 'title' END,
      CASE WHEN v.description IS NOT NULL THEN 'description' END,
      CASE WHEN v.open_date IS NOT NULL THEN 'open_date' END,
      CASE WHEN v.close_date IS NOT NULL THEN 'close_date' END,
      CASE WHEN v.department IS NOT NULL THEN 'department' END,
      CASE WHEN v.department_id IS NOT NULL THEN 'department_id' END,
      CASE WHEN v.job_type IS NOT NULL THEN 'job_type' END,
      CASE WHEN v.source_url IS NOT NULL THEN 'source_url' END,
      CASE WHEN v.remuneration IS NOT NULL THEN 'remuneration' END,
      CASE WHEN v.recruiter IS NOT NULL THEN 'recruiter' END,
      CASE WHEN v.locations IS NOT NULL THEN 'locations' END,
      CASE WHEN v.company_id IS NOT NULL THEN 'company_id' END,
      CASE WHEN v.division_id IS NOT NULL THEN 'division_id' END,
      CASE WHEN v.extra IS NOT NULL THEN 'extra' END,
      CASE WHEN v.roles IS NOT NULL THEN 'roles' END,
      CASE WHEN v.capabilities IS NOT NULL THEN 'capabilities' END], NULL)) AS changed_fields,
    v.changes, v.change_type, v.change_reason, v.run_id, v.fingerprint, v.created_at, v.created_by,
    v.archived_at, v.archived_as, v.archived_for, v.reopened_at, v.takes_back, v.restores,
    v.roles, v.capabilities
  FROM (
    SELECT s.* FROM superseded_versions s
    UNION ALL
    SELECT
      j.institution_id, j.id, j.version, j.company_id, j.division_id, j.source_id, j.original_id,
      j.title, j.description, j.open_date, j.close_date, j.department, j.department_id, j.job_type,
      j.source_url, j.remuneration, j.recruiter, j.locations, j.extra, j.document_id,
      j.content_hash, j.status, j.archived_at, j.archived_as, j.archived_for, j.reopened_at,
      j.changed_fields, j.changes, j.change_type, j.change_reason, j.cause, j.run_id,
      j.fingerprint, j.created_at, j.created_by, j.takes_back, j.restores, j.change_id, j.txid,
      j.recorded_at, j.digests, j.roles, j.capabilities
    FROM published_jobs j) AS v;

CREATE TABLE frameworks (
  hash          BYTEA PRIMARY KEY,
  name          TEXT NOT NULL,
  version       TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('roles', 'capabilities')),
  about         TEXT,
  source        TEXT,
  licence       TEXT,
  levels        JSONB NOT NULL,
  entries       JSONB NOT NULL,
  first_used_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX frameworks_by_name ON frameworks (name, first_used_at);

CREATE TABLE job_roles (
  institution_id UUID NOT NULL,
  job_id         UUID NOT NULL,
  framework      TEXT NOT NULL,
  level          TEXT NOT NULL CHECK (level IN ('role', 'group', 'review', 'open')),
  role_id        TEXT,
  role_name      TEXT,
  confidence     REAL,
  method         TEXT,
  PRIMARY KEY (institution_id, job_id, framework),
  FOREIGN KEY (institution_id, job_id) REFERENCES published_jobs (institution_id, id) ON DELETE CASCADE
);
CREATE INDEX job_roles_by_role ON job_roles (institution_id, framework, role_id);

CREATE TABLE job_capabilities (
  institution_id  UUID NOT NULL,
  job_id          UUID NOT NULL,
  framework       TEXT NOT NULL,
  capability_id   TEXT NOT NULL,
  capability_name TEXT NOT NULL,
  level           TEXT,
  kind            TEXT NOT NULL CHECK (kind IN ('focus', 'complementary', 'mentioned', 'by-role')),
  confidence      REAL,
  PRIMARY KEY (institution_id, job_id, framework, capability_id),
  FOREIGN KEY (institution_id, job_id) REFERENCES published_jobs (institution_id, id) ON DELETE CASCADE
);
CREATE INDEX job_capabilities_by_capability ON job_capabilities (institution_id, framework, capability_id);

CREATE VIEW jobs_with_roles AS
  SELECT j.institution_id, j.id AS job_id, j.source_id, j.original_id, j.title, j.status, j.close_date, j.company_id, j.division_id,
    r.framework, r.level, r.role_id, r.role_name, r.confidence, r.method
  FROM published_jobs j JOIN job_roles r ON r.institution_id = j.institution_id AND r.job_id = j.id;

CREATE VIEW capability_demand AS
  SELECT j.institution_id, date_trunc('month', j.first_seen_at AT TIME ZONE 'UTC')::date AS month, j.division_id,
    r.framework AS role_framework, r.role_id, r.role_name, c.framework, c.capability_id, c.capability_name, c.level, c.kind, count(*) AS jobs
  FROM published_jobs j
  JOIN job_capabilities c ON c.institution_id = j.institution_id AND c.job_id = j.id
  LEFT JOIN job_roles r ON r.institution_id = j.institution_id AND r.job_id = j.id
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;

COMMENT ON COLUMN published_jobs.roles IS 'What was decided of its role: an array, a member for each framework with level (role, group, review, open), id, name, confidence, method, words, notes of the title, and candidates where nothing is sure.';
COMMENT ON COLUMN published_jobs.capabilities IS 'The capabilities that it asks for: an array with framework, id, name, level, kind (focus, complementary, mentioned, by-role), confidence and evidence.';
COMMENT ON COLUMN superseded_versions.roles IS 'As in jobs, at this version.';
COMMENT ON COLUMN superseded_versions.capabilities IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs.roles IS 'What was decided of its role: an array, a member for each framework with level (role, group, review, open), id, name, confidence, method, words, notes of the title, and candidates where nothing is sure. What was decided makes a version; how sure it is refreshes without one.';
COMMENT ON COLUMN jobs.capabilities IS 'The capabilities that it asks for: an array with framework, id, name, level, kind (focus, complementary, mentioned, by-role), confidence and evidence. What was found makes a version; its evidence refreshes without one.';
COMMENT ON COLUMN jobs.refreshed_at IS 'Clock of the run that last refreshed source_url, recruiter or the evidence of roles and capabilities without a version.';
COMMENT ON COLUMN jobs_history.roles IS 'As in jobs, at this version.';
COMMENT ON COLUMN jobs_history.capabilities IS 'As in jobs, at this version.';

COMMENT ON TABLE frameworks IS 'Every framework that a run has used, by the hash of its content. Rows are only added.';
COMMENT ON COLUMN frameworks.hash IS 'Hash of everything that can change a decision; fingerprints.parts has it as `framework NAME`.';
COMMENT ON COLUMN frameworks.name IS 'Its name.';
COMMENT ON COLUMN frameworks.version IS 'Its version, as its file says.';
COMMENT ON COLUMN frameworks.kind IS 'roles or capabilities.';
COMMENT ON COLUMN frameworks.about IS 'What it is.';
COMMENT ON COLUMN frameworks.source IS 'Where it comes from.';
COMMENT ON COLUMN frameworks.licence IS 'What its use is bound to.';
COMMENT ON COLUMN frameworks.levels IS 'Levels of capabilities, ascending: id and name.';
COMMENT ON COLUMN frameworks.entries IS 'Entries and groups: id, name, parent, group.';
COMMENT ON COLUMN frameworks.first_used_at IS 'Clock of the first run that used it.';
COMMENT ON TABLE job_roles IS 'The roles of the newest version of each job, for joins: as in jobs.roles.';
COMMENT ON COLUMN job_roles.institution_id IS 'The institution.';
COMMENT ON COLUMN job_roles.job_id IS 'The job.';
COMMENT ON COLUMN job_roles.framework IS 'The framework.';
COMMENT ON COLUMN job_roles.level IS 'role, group (only a group of roles is sure), review (nothing is sure, a candidate is worth a look), open.';
COMMENT ON COLUMN job_roles.role_id IS 'Id of the role or group in the framework.';
COMMENT ON COLUMN job_roles.role_name IS 'Its name.';
COMMENT ON COLUMN job_roles.confidence IS 'How sure it is, from 0 to 1.';
COMMENT ON COLUMN job_roles.method IS 'accepted, name, alias, several, similar, none.';
COMMENT ON TABLE job_capabilities IS 'The capabilities of the newest version of each job, for joins: as in jobs.capabilities.';
COMMENT ON COLUMN job_capabilities.institution_id IS 'The institution.';
COMMENT ON COLUMN job_capabilities.job_id IS 'The job.';
COMMENT ON COLUMN job_capabilities.framework IS 'The framework.';
COMMENT ON COLUMN job_capabilities.capability_id IS 'Id of the capability in the framework.';
COMMENT ON COLUMN job_capabilities.capability_name IS 'Its name.';
COMMENT ON COLUMN job_capabilities.level IS 'Id of its level, where the ad names one.';
COMMENT ON COLUMN job_capabilities.kind IS 'focus, complementary, mentioned, by-role.';
COMMENT ON COLUMN job_capabilities.confidence IS 'How sure it is, from 0 to 1.';
COMMENT ON VIEW jobs_with_roles IS 'Jobs with their roles: a row for each framework.';
COMMENT ON COLUMN jobs_with_roles.institution_id IS 'The institution.';
COMMENT ON COLUMN jobs_with_roles.job_id IS 'The job.';
COMMENT ON COLUMN jobs_with_roles.source_id IS 'The source.';
COMMENT ON COLUMN jobs_with_roles.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN jobs_with_roles.title IS 'Title.';
COMMENT ON COLUMN jobs_with_roles.status IS 'open or archived.';
COMMENT ON COLUMN jobs_with_roles.close_date IS 'Last day.';
COMMENT ON COLUMN jobs_with_roles.company_id IS 'The employer, where resolved.';
COMMENT ON COLUMN jobs_with_roles.division_id IS 'The division, where resolved.';
COMMENT ON COLUMN jobs_with_roles.framework IS 'The framework.';
COMMENT ON COLUMN jobs_with_roles.level IS 'role, group, review, open: as in job_roles.';
COMMENT ON COLUMN jobs_with_roles.role_id IS 'Id of the role or group.';
COMMENT ON COLUMN jobs_with_roles.role_name IS 'Its name.';
COMMENT ON COLUMN jobs_with_roles.confidence IS 'How sure it is, from 0 to 1.';
COMMENT ON COLUMN jobs_with_roles.method IS 'How it was decided.';
COMMENT ON VIEW capability_demand IS 'How many jobs ask for a capability, by the month in which they were first seen, division and role.';
COMMENT ON COLUMN capability_demand.institution_id IS 'The institution.';
COMMENT ON COLUMN capability_demand.month IS 'First day of the month in which the jobs were first seen (UTC).';
COMMENT ON COLUMN capability_demand.division_id IS 'Their division, where resolved.';
COMMENT ON COLUMN capability_demand.role_framework IS 'The framework of their role.';
COMMENT ON COLUMN capability_demand.role_id IS 'Their role or group, where one is sure.';
COMMENT ON COLUMN capability_demand.role_name IS 'Its name.';
COMMENT ON COLUMN capability_demand.framework IS 'The framework of the capability.';
COMMENT ON COLUMN capability_demand.capability_id IS 'The capability.';
COMMENT ON COLUMN capability_demand.capability_name IS 'Its name.';
COMMENT ON COLUMN capability_demand.level IS 'The level that they ask for.';
COMMENT ON COLUMN capability_demand.kind IS 'focus, complementary, mentioned, by-role.';
COMMENT ON COLUMN capability_demand.jobs IS 'How many jobs.';
