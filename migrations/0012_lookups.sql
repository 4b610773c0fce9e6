-- Look-ups that name no institution: a job by its id, an ad by the id of its source, what a run did,
-- what has changed since an instant, what closes soon. Each of them scanned a whole table before.

CREATE INDEX jobs_history_by_job ON jobs_history (id, version);
CREATE INDEX jobs_history_by_ad ON jobs_history (original_id, version);
CREATE INDEX jobs_history_by_run ON jobs_history (run_id);
CREATE INDEX jobs_by_update ON jobs (last_updated_at);
CREATE INDEX jobs_by_close_date ON jobs (close_date) WHERE status = 'open';

-- A window over all versions hides which ones are asked for; a join does not.
CREATE OR REPLACE VIEW job_versions AS
  SELECT h.institution_id, h.id AS job_id, h.source_id, h.original_id, h.version, h.created_at,
    h.change_type, h.changed_fields, h.change_reason, h.run_id, h.created_by,
    p.raw_json AS prev_json, h.raw_json AS curr_json
  FROM jobs_history h
  LEFT JOIN jobs_history p
    ON p.institution_id = h.institution_id AND p.id = h.id AND p.version = h.version - 1;

COMMENT ON COLUMN source_reads.why IS 'Why it is not complete, in words; of a complete read, what was mended or passed over in it.';
