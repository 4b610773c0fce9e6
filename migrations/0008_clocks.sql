-- Clocks that were wrong, and closing dates that pass for too many jobs at once.

ALTER TABLE runs ADD COLUMN clock_taken_back_at TIMESTAMPTZ;
COMMENT ON COLUMN runs.clock_taken_back_at IS 'When the run was taken back as the newest: its clock does not count any more, and the next run may be dated before it.';

ALTER TABLE ad_states ADD COLUMN kept_open_for DATE;
COMMENT ON COLUMN ad_states.kept_open_for IS 'Closing date for which a person said that the job stays open.';

ALTER TABLE holds DROP CONSTRAINT holds_kind_check;
ALTER TABLE holds ADD CONSTRAINT holds_kind_check CHECK (kind IN ('job', 'company', 'division', 'retirement', 'closing', 'identity', 'mapping', 'quality'));
COMMENT ON COLUMN holds.kind IS 'job, company, division, retirement, closing, identity, mapping, quality.';
COMMENT ON COLUMN institutions.last_run_at IS 'Clock of the newest run that began and was not taken back; an earlier --at is refused.';
