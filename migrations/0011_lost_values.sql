-- Values that were there and became nothing: each field of each read that lost some, with one example.

CREATE TABLE lost_values (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  run_id         BIGINT NOT NULL,
  source_id      TEXT NOT NULL,
  field_name     TEXT NOT NULL,
  lost           BIGINT NOT NULL,
  present        BIGINT NOT NULL,
  external_id    TEXT,
  example        JSONB,
  expected       TEXT,
  remedy         TEXT,
  PRIMARY KEY (institution_id, run_id, source_id, field_name)
);
COMMENT ON TABLE lost_values IS 'Fields of which a read lost values: they were there, could not be read, and were left out. Rows are only ever added.';
COMMENT ON COLUMN lost_values.institution_id IS 'The institution.';
COMMENT ON COLUMN lost_values.run_id IS 'The run.';
COMMENT ON COLUMN lost_values.source_id IS 'The source.';
COMMENT ON COLUMN lost_values.field_name IS 'The field.';
COMMENT ON COLUMN lost_values.lost IS 'Ads of the read whose value was left out.';
COMMENT ON COLUMN lost_values.present IS 'Ads of the read that have a value, those included.';
COMMENT ON COLUMN lost_values.external_id IS 'One of them.';
COMMENT ON COLUMN lost_values.example IS 'The value that was found there.';
COMMENT ON COLUMN lost_values.expected IS 'What the value must be, in words.';
COMMENT ON COLUMN lost_values.remedy IS 'What would read it, in words, if that is known.';

COMMENT ON COLUMN alerts.kind IS 'source_unreachable, source_partial, source_empty, mass_retirement, mass_change, removed_from_yaml, run_failed, rule_broken, ...';
