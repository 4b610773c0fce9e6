-- What a person decides on is what the person was shown: the revisions of what waits, and the one that was decided.

ALTER TABLE holds ADD COLUMN revision TEXT;
COMMENT ON COLUMN holds.revision IS 'The revision that a person decided on; an open hold has the one that `weir holds list` shows.';

CREATE TABLE hold_revisions (
  institution_id UUID NOT NULL,
  hold_id        BIGINT NOT NULL,
  revision       TEXT NOT NULL,
  content        JSONB NOT NULL,
  first_at       TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (institution_id, hold_id, revision),
  FOREIGN KEY (institution_id, hold_id) REFERENCES holds (institution_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE hold_revisions IS 'What a decision on an open hold would have done, each time that it changed: so that a person who decides on what is no longer so is told the difference. Rows leave when the hold is closed.';
COMMENT ON COLUMN hold_revisions.institution_id IS 'The institution.';
COMMENT ON COLUMN hold_revisions.hold_id IS 'The hold.';
COMMENT ON COLUMN hold_revisions.revision IS 'First six digits of the hash of the content.';
COMMENT ON COLUMN hold_revisions.content IS 'What a decision would have done: the fields to publish, the jobs to archive, the name to add.';
COMMENT ON COLUMN hold_revisions.first_at IS 'Clock of the run or command after which it was so.';
