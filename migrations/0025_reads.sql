-- What reads ask for without knowing the institution or the source, found by measuring with 1,000,000 jobs.

-- An ad by the id that its source gives it, or by how that begins.
CREATE INDEX ad_states_by_ad ON ad_states (external_id text_pattern_ops);
-- The ad that waits behind a document.
CREATE INDEX staging_jobs_document ON staging_jobs (institution_id, document_id);

-- What has no role, without reading the jobs.
ALTER TABLE job_roles ADD COLUMN unmatched TEXT;
COMMENT ON COLUMN job_roles.unmatched IS 'The title or classification for which no role is sure; NULL where one is, or there is no text.';
UPDATE job_roles r SET unmatched = NULLIF(one ->> 'text', '')
FROM published_jobs j CROSS JOIN LATERAL jsonb_array_elements(j.roles) AS one
WHERE r.level IN ('review', 'open') AND j.institution_id = r.institution_id AND j.id = r.job_id AND one ->> 'framework' = r.framework;

-- One opening cost a pass over all members: a condition on the institution, which is the job's, stayed outside of
-- the window that was cut by the member's.
CREATE OR REPLACE VIEW current_openings AS
  WITH placed AS (
    SELECT m.opening_id, m.reposted_from AS follows, m.reposted_days AS days, j.*, j.source_id || ':' || j.original_id AS external_id,
      row_number() OVER (PARTITION BY j.institution_id, m.opening_id
        ORDER BY j.status = 'archived', m.source_rank, j.source_id COLLATE "C", j.original_id COLLATE "C", j.generation) AS place,
      (SELECT a.last_seen_at FROM ads a WHERE a.institution_id = j.institution_id AND a.source_id = j.source_id AND a.external_id = j.original_id) AS last_seen_at
    FROM opening_members m JOIN published_jobs j ON j.institution_id = m.institution_id AND j.id = m.job_id)
  SELECT p.institution_id, p.opening_id AS id,
    CASE WHEN bool_or(p.status = 'open') THEN 'open' ELSE 'archived' END AS status,
    (array_agg(p.id ORDER BY p.place))[1] AS job_id,
    (array_agg(p.external_id ORDER BY p.place))[1] AS survivor,
    count(*) AS members,
    array_agg(p.external_id ORDER BY p.place) AS ads,
    (array_agg(p.title ORDER BY p.place))[1] AS title,
    (array_agg(p.company_id ORDER BY p.place) FILTER (WHERE p.company_id IS NOT NULL))[1] AS company_id,
    (array_agg(p.division_id ORDER BY p.place) FILTER (WHERE p.division_id IS NOT NULL))[1] AS division_id,
    (array_agg(p.description ORDER BY p.place) FILTER (WHERE p.description IS NOT NULL))[1] AS description,
    (array_agg(p.open_date ORDER BY p.place) FILTER (WHERE p.open_date IS NOT NULL))[1] AS open_date,
    (array_agg(p.close_date ORDER BY p.place) FILTER (WHERE p.close_date IS NOT NULL))[1] AS close_date,
    (array_agg(p.department ORDER BY p.place) FILTER (WHERE p.department IS NOT NULL))[1] AS department,
    (array_agg(p.job_type ORDER BY p.place) FILTER (WHERE p.job_type IS NOT NULL))[1] AS job_type,
    (array_agg(p.source_url ORDER BY p.place) FILTER (WHERE p.source_url IS NOT NULL))[1] AS source_url,
    (array_agg(p.remuneration ORDER BY p.place) FILTER (WHERE p.remuneration IS NOT NULL))[1] AS remuneration,
    (array_agg(p.recruiter ORDER BY p.place) FILTER (WHERE p.recruiter IS NOT NULL))[1] AS recruiter,
    (SELECT array_agg(DISTINCT l.place ORDER BY l.place)
      FROM opening_members o JOIN published_jobs k ON k.institution_id = o.institution_id AND k.id = o.job_id CROSS JOIN LATERAL unnest(k.locations) AS l (place)
      WHERE o.institution_id = p.institution_id AND o.opening_id = p.opening_id) AS locations,
    jsonb_strip_nulls(jsonb_build_object(
      'title', (array_agg(p.external_id ORDER BY p.place))[1],
      'company_id', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.company_id IS NOT NULL))[1],
      'division_id', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.division_id IS NOT NULL))[1],
      'description', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.description IS NOT NULL))[1],
      'open_date', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.open_date IS NOT NULL))[1],
      'close_date', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.close_date IS NOT NULL))[1],
      'department', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.department IS NOT NULL))[1],
      'job_type', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.job_type IS NOT NULL))[1],
      'source_url', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.source_url IS NOT NULL))[1],
      'remuneration', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.remuneration IS NOT NULL))[1],
      'recruiter', (array_agg(p.external_id ORDER BY p.place) FILTER (WHERE p.recruiter IS NOT NULL))[1])) AS origins,
    min(p.first_seen_at) AS first_seen_at,
    max(p.last_seen_at) AS last_seen_at,
    (array_agg(p.follows ORDER BY p.place) FILTER (WHERE p.follows IS NOT NULL))[1] AS reposted_from,
    (array_agg(p.days ORDER BY p.place) FILTER (WHERE p.follows IS NOT NULL))[1] AS reposted_days
  FROM placed p
  GROUP BY p.institution_id, p.opening_id;
