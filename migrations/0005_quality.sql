-- Quality over time: what each run measured of each source, and what is needed to measure it at the cost of what changed.

-- A bit for each field and check of an ad, so that a run counts a whole source without deriving it.
ALTER TABLE ad_states ADD COLUMN filled BYTEA, ADD COLUMN failed BYTEA;
COMMENT ON COLUMN ad_states.filled IS 'Fields that had a value when the ad was last derived: a bit for each mapped field, by name. quality_measures holds the counts.';
COMMENT ON COLUMN ad_states.failed IS 'What spoke against the ad when it was last derived: a bit for each field, then one for each rule, by name; then one for each field whose value was left out.';

CREATE TABLE source_quality (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  source_id      TEXT NOT NULL,
  at             TIMESTAMPTZ NOT NULL,
  run_id         BIGINT NOT NULL,
  state          TEXT NOT NULL,
  ads            BIGINT NOT NULL,
  fingerprint    BYTEA NOT NULL,
  standing       TEXT NOT NULL CHECK (standing IN ('usual', 'unusual', 'held', 'released')),
  PRIMARY KEY (institution_id, source_id, at)
);
COMMENT ON TABLE source_quality IS 'One row per source and instant of a run: how much it gave, and whether that was usual.';
COMMENT ON COLUMN source_quality.institution_id IS 'The institution.';
COMMENT ON COLUMN source_quality.source_id IS 'The source.';
COMMENT ON COLUMN source_quality.at IS 'Clock of the run; a run repeated at the same instant measures the same again.';
COMMENT ON COLUMN source_quality.run_id IS 'The newest run of this instant.';
COMMENT ON COLUMN source_quality.state IS 'How the read ended, as in source_reads; only complete reads say how many ads are usual.';
COMMENT ON COLUMN source_quality.ads IS 'Ads in the read.';
COMMENT ON COLUMN source_quality.fingerprint IS 'Segment fingerprint (mapping, rules) of the run: see fingerprints.';
COMMENT ON COLUMN source_quality.standing IS 'usual; unusual: an alert was raised; held: nothing was published; released: a person said that this, and what is like it, is right.';

CREATE TABLE quality_measures (
  institution_id UUID NOT NULL,
  source_id      TEXT NOT NULL,
  at             TIMESTAMPTZ NOT NULL,
  kind           TEXT NOT NULL CHECK (kind IN ('filled', 'refused', 'unread', 'fails', 'warns', 'updated', 'flips')),
  subject        TEXT NOT NULL,
  part           BIGINT NOT NULL,
  whole          BIGINT NOT NULL,
  PRIMARY KEY (institution_id, source_id, at, kind, subject),
  FOREIGN KEY (institution_id, source_id, at) REFERENCES source_quality (institution_id, source_id, at) ON DELETE CASCADE
);
COMMENT ON TABLE quality_measures IS 'Rates of a source in a run: how many ads of how many.';
COMMENT ON COLUMN quality_measures.institution_id IS 'The institution.';
COMMENT ON COLUMN quality_measures.source_id IS 'The source.';
COMMENT ON COLUMN quality_measures.at IS 'Clock of the run.';
COMMENT ON COLUMN quality_measures.kind IS 'filled: the field has a value; refused: a mandatory or related field speaks against the ad; unread: the value of an optional field could not be read and was left out; fails: a rule refuses; warns: a rule would refuse if it did not only warn; updated: new versions; flips: the field went back to a value that it had a few versions ago.';
COMMENT ON COLUMN quality_measures.subject IS 'The field, or SET/ID of the rule; empty for updated.';
COMMENT ON COLUMN quality_measures.part IS 'Ads of which it is true.';
COMMENT ON COLUMN quality_measures.whole IS 'Ads of the read that were looked at; for updated and flips those that are jobs.';

ALTER TABLE holds DROP CONSTRAINT holds_kind_check,
  ADD CONSTRAINT holds_kind_check CHECK (kind IN ('job', 'company', 'division', 'retirement', 'identity', 'mapping', 'quality'));
COMMENT ON COLUMN holds.kind IS 'job, company, division, retirement, identity, mapping, quality.';
