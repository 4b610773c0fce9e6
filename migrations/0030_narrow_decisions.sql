-- Writing the narrow tables of roles and capabilities cost more than deciding them: the check of each row's foreign key,
-- and an index that no statement of Weir used. The rows stay as they are. docs/decisions/0037-narrow-decisions.md.
ALTER TABLE job_roles DROP CONSTRAINT IF EXISTS job_roles_institution_id_job_id_fkey;
ALTER TABLE job_capabilities DROP CONSTRAINT IF EXISTS job_capabilities_institution_id_job_id_fkey;
DROP INDEX IF EXISTS job_roles_by_role;
DROP INDEX IF EXISTS job_capabilities_by_capability;

-- Who deletes a job deletes no version: the newest one moves to those before it, column by column of the same name.
CREATE OR REPLACE FUNCTION keep_versions_of_deleted_job() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO superseded_versions
  SELECT v.* FROM published_jobs j CROSS JOIN LATERAL jsonb_populate_record(NULL::superseded_versions, to_jsonb(j)) AS v
  WHERE j.institution_id = OLD.institution_id AND j.id = OLD.id;
  DELETE FROM job_roles WHERE institution_id = OLD.institution_id AND job_id = OLD.id;
  DELETE FROM job_capabilities WHERE institution_id = OLD.institution_id AND job_id = OLD.id;
  DELETE FROM published_jobs WHERE institution_id = OLD.institution_id AND id = OLD.id;
  RETURN OLD;
END
$$;
