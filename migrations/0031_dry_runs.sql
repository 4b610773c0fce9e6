-- Dry runs that somebody asks for on a page: units of work like runs that are due, and what they would have done.
ALTER TABLE work_units
  ADD COLUMN is_dry   BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN asked_by TEXT,
  ADD CHECK (asked_by IS NOT NULL OR NOT is_dry),
  DROP CONSTRAINT work_units_institution_id_source_id_due_at_key,
  ADD UNIQUE (institution_id, source_id, due_at, is_dry);
CREATE INDEX work_units_asked ON work_units (id) WHERE is_dry;
CREATE UNIQUE INDEX work_units_dry ON work_units (institution_id) WHERE is_dry AND state IN ('waiting', 'leased');
COMMENT ON TABLE work_units IS 'Runs that are due and dry runs that were asked for, waiting, under way or over: what workers claim.';
COMMENT ON COLUMN work_units.is_dry IS 'Whether it is rolled back: dry_runs has what it would have done.';
COMMENT ON COLUMN work_units.asked_by IS 'Who asked for a dry run; NULL of what was due.';
COMMENT ON COLUMN work_units.state IS 'waiting, leased, done (its run has ended, well or not), failed (given up, or stopped by somebody), skipped (the run before had not ended).';

CREATE TABLE dry_runs (
  unit_id        BIGINT PRIMARY KEY REFERENCES work_units ON DELETE CASCADE,
  institution_id UUID NOT NULL,
  summary        JSONB NOT NULL,
  found          JSONB NOT NULL,
  trail          JSONB NOT NULL,
  openings       JSONB NOT NULL
);
CREATE INDEX dry_runs_institution ON dry_runs (institution_id);
COMMENT ON TABLE dry_runs IS 'What dry runs would have done; removed with their units, and when an ad of the institution is forgotten.';
COMMENT ON COLUMN dry_runs.unit_id IS 'The unit of work.';
COMMENT ON COLUMN dry_runs.institution_id IS 'The institution.';
COMMENT ON COLUMN dry_runs.summary IS 'What came of it, as of a run.';
COMMENT ON COLUMN dry_runs.found IS 'How many records there are of each source and kind, those that are not kept included.';
COMMENT ON COLUMN dry_runs.trail IS 'The plan that ran, what passed each stage, and a few ads.';
COMMENT ON COLUMN dry_runs.openings IS 'Which ads would have joined and left openings.';

CREATE TABLE dry_run_records (
  unit_id        BIGINT NOT NULL REFERENCES dry_runs ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  institution_id UUID NOT NULL,
  kind           TEXT NOT NULL,
  record         JSONB NOT NULL,
  PRIMARY KEY (unit_id, ordinal)
);
COMMENT ON TABLE dry_run_records IS 'The plan of jobs of a dry run, record by record; of many the first of each source and kind.';
COMMENT ON COLUMN dry_run_records.unit_id IS 'The unit of work.';
COMMENT ON COLUMN dry_run_records.ordinal IS 'Its place in the plan of jobs.';
COMMENT ON COLUMN dry_run_records.institution_id IS 'The institution.';
COMMENT ON COLUMN dry_run_records.kind IS 'create, update, reopen, archive, held, rejected, failed, question.';
COMMENT ON COLUMN dry_run_records.record IS 'The record, as `weir plan --jobs --json` prints it.';

COMMENT ON TABLE audit_trail IS 'Decisions that are recorded nowhere else: who gave or took which right, who logged in, who saved which file of the project, who asked for a dry run or stopped it, and what was decided about failures, sources, runs and silences. Other decisions are recorded with what they are about.';
COMMENT ON COLUMN audit_trail.what IS 'added, changed, removed, new password, logged in, created, revoked; retried, discarded, retired, rolled back, ended; saved; asked for, stopped.';
