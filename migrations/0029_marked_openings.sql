-- What the stage dedupe still has to do, so that it can store all signatures before it learns boilerplate, and learn before it
-- judges: docs/decisions/0036-boilerplate.md. Signatures of version 2 have everything judged again.
CREATE TABLE jobs_to_judge (
  institution_id UUID NOT NULL,
  employer       BIGINT NOT NULL,
  job_id         UUID NOT NULL,
  PRIMARY KEY (institution_id, employer, job_id)
);

CREATE TABLE employers_to_learn (
  institution_id UUID NOT NULL,
  employer       BIGINT NOT NULL,
  PRIMARY KEY (institution_id, employer)
);

-- Profiles of another form.
DELETE FROM employer_profiles;

COMMENT ON TABLE jobs_to_judge IS 'Jobs whose opening is to be judged again, whatever opening they are in until then.';
COMMENT ON COLUMN jobs_to_judge.institution_id IS 'The institution.';
COMMENT ON COLUMN jobs_to_judge.employer IS 'Hash of the name of the employer: its jobs are judged together.';
COMMENT ON COLUMN jobs_to_judge.job_id IS 'The job; one without a signature leaves its opening.';
COMMENT ON TABLE employers_to_learn IS 'Employers of which an ad changed since their boilerplate was learnt.';
COMMENT ON COLUMN employers_to_learn.institution_id IS 'The institution.';
COMMENT ON COLUMN employers_to_learn.employer IS 'Hash of the name of the employer.';
COMMENT ON COLUMN employer_profiles.profile IS 'The word 5-grams that stand under half of its titles, as hashes.';
