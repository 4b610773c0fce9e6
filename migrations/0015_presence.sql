-- An ad that was listed yesterday and is listed today is not written. What is recorded is who is missing: `last_read` and
-- `last_seen_at` are empty while an ad is listed by the newest read of its source. docs/decisions/0024-presence.md says why.

ALTER TABLE ad_states ALTER COLUMN last_read DROP NOT NULL, ALTER COLUMN last_seen_at DROP NOT NULL;
ALTER TABLE source_reads ADD COLUMN seen BIGINT;

UPDATE source_reads r SET seen = n.seen
FROM (SELECT institution_id, last_read, count(*) AS seen FROM ad_states GROUP BY 1, 2) AS n
WHERE r.institution_id = n.institution_id AND r.id = n.last_read;

UPDATE ad_states s SET last_read = NULL, last_seen_at = NULL
FROM (SELECT institution_id, source_id, max(last_read) AS newest FROM ad_states GROUP BY 1, 2) AS n
WHERE s.institution_id = n.institution_id AND s.source_id = n.source_id AND s.last_read = n.newest;

-- A crawl that died before this leaves no list of what it had seen, and begins anew.
UPDATE source_reads SET bookmark = NULL WHERE bookmark IS NOT NULL;

CREATE INDEX ad_states_listed ON ad_states (institution_id, source_id, document_id) WHERE last_read IS NULL;

CREATE TABLE read_pages (
  institution_id UUID NOT NULL,
  id             BIGINT GENERATED ALWAYS AS IDENTITY,
  read_id        BIGINT NOT NULL,
  documents      BIGINT[] NOT NULL,
  PRIMARY KEY (institution_id, read_id, id)
);

CREATE VIEW ads AS
  SELECT s.institution_id, s.source_id, s.external_id, s.document_id, s.job_id, s.outcome, s.first_seen_at,
    COALESCE(s.last_seen_at, GREATEST(s.detailed_at, (
      SELECT r.at FROM source_reads r WHERE r.institution_id = s.institution_id AND r.source_id = s.source_id AND r.seen IS NOT NULL
      ORDER BY r.id DESC LIMIT 1))) AS last_seen_at,
    s.last_read IS NULL AS is_listed, s.misses, s.last_miss_at, s.retired
  FROM ad_states s;

COMMENT ON COLUMN ad_states.last_read IS 'The newest read that listed it, once a later one has not; empty while the newest read of its source lists it.';
COMMENT ON COLUMN ad_states.last_seen_at IS 'Clock of that read; empty while it is listed: the view ads has it for all.';
COMMENT ON COLUMN source_reads.seen IS 'Ads that it has listed, each counted once; empty if it brought nothing.';
COMMENT ON TABLE read_pages IS 'What a read that may have to go on has listed so far, page by page; rows leave when it ends.';
COMMENT ON COLUMN read_pages.institution_id IS 'The institution.';
COMMENT ON COLUMN read_pages.id IS 'Number.';
COMMENT ON COLUMN read_pages.read_id IS 'The read.';
COMMENT ON COLUMN read_pages.documents IS 'Numbers of the documents on the page.';
COMMENT ON VIEW ads IS 'Every ad that was ever listed: its job, and when it was seen.';
COMMENT ON COLUMN ads.institution_id IS 'The institution.';
COMMENT ON COLUMN ads.source_id IS 'The source.';
COMMENT ON COLUMN ads.external_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN ads.document_id IS 'Number of its document: staging_documents.id.';
COMMENT ON COLUMN ads.job_id IS 'The job, once published.';
COMMENT ON COLUMN ads.outcome IS 'pending, published, rejected, held, failed, withdrawn, discarded.';
COMMENT ON COLUMN ads.first_seen_at IS 'Clock of the first run that saw it.';
COMMENT ON COLUMN ads.last_seen_at IS 'Clock of the newest run that saw it.';
COMMENT ON COLUMN ads.is_listed IS 'Whether the newest read of its source lists it.';
COMMENT ON COLUMN ads.misses IS 'Complete reads without it since it was last seen.';
COMMENT ON COLUMN ads.last_miss_at IS 'Clock of the newest miss.';
COMMENT ON COLUMN ads.retired IS 'Gone from the source: retired as missing, or withdrawn.';

-- The planner knows nothing of tables that have just been filled.
ANALYZE ad_states;
ANALYZE raw_documents;
ANALYZE published_jobs;
ANALYZE superseded_versions;
