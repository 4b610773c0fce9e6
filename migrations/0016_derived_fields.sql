-- Which fields a new job has follows from the fields: it is derived where it is read, and stored only of versions that
-- change something. What two tables have in common is spelled once where that is possible: the view of all versions reads
-- them as one, and a deleted job moves by the names of its columns.

-- A view keeps the columns that it reads from changing: until the end of this file, the old one does not read this column.
DO $$
BEGIN
  EXECUTE 'CREATE OR REPLACE VIEW jobs_history AS '
    || regexp_replace(pg_get_viewdef('jobs_history'::regclass), '([vj]\.)?changed_fields', 'NULL::text[] AS changed_fields', 'g');
END
$$;

-- Setting the type writes the table anew, without the room that an UPDATE would leave behind.
ALTER TABLE published_jobs
  ALTER COLUMN changed_fields DROP NOT NULL,
  ALTER COLUMN changed_fields TYPE TEXT[] USING CASE WHEN change_type <> 'create' THEN changed_fields END,
  ADD CONSTRAINT published_jobs_changed_fields CHECK ((change_type = 'create') = (changed_fields IS NULL));
ALTER TABLE superseded_versions
  ALTER COLUMN changed_fields DROP NOT NULL,
  ALTER COLUMN changed_fields TYPE TEXT[] USING CASE WHEN change_type <> 'create' THEN changed_fields END,
  ADD CONSTRAINT superseded_versions_changed_fields CHECK ((change_type = 'create') = (changed_fields IS NULL));

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
      CASE WHEN v.extra IS NOT NULL THEN 'extra' END], NULL)) AS changed_fields,
    v.changes, v.change_type, v.change_reason, v.run_id, v.fingerprint, v.created_at, v.created_by,
    v.archived_at, v.archived_as, v.archived_for, v.reopened_at, v.takes_back, v.restores
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
      j.recorded_at, j.digests
    FROM published_jobs j) AS v;

-- Who deletes a job deletes no version: the newest one moves to those before it, column by column of the same name.
CREATE OR REPLACE FUNCTION keep_versions_of_deleted_job() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO superseded_versions
  SELECT v.* FROM published_jobs j CROSS JOIN LATERAL jsonb_populate_record(NULL::superseded_versions, to_jsonb(j)) AS v
  WHERE j.institution_id = OLD.institution_id AND j.id = OLD.id;
  DELETE FROM published_jobs WHERE institution_id = OLD.institution_id AND id = OLD.id;
  RETURN OLD;
END
$$;

COMMENT ON COLUMN published_jobs.changed_fields IS 'Which fields changed; NULL of a create: those that are not null.';
COMMENT ON COLUMN superseded_versions.changed_fields IS 'Which fields changed; NULL of a create: those that are not null.';

ANALYZE published_jobs;
ANALYZE superseded_versions;
