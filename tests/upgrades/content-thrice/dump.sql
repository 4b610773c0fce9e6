CREATE TABLE public.jobs_history (
    institution_id uuid NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    company_id uuid,
    division_id uuid,
    source_id text NOT NULL,
    original_id text NOT NULL,
    external_id text NOT NULL,
    title text NOT NULL,
    description text,
    open_date date,
    close_date date,
    department text,
    department_id text,
    job_type text,
    source_url text,
    remuneration text,
    recruiter jsonb,
    locations text[],
    extra jsonb,
    raw_json jsonb,
    content_hash bytea NOT NULL,
    status text NOT NULL,
    changed_fields text[] NOT NULL,
    changes jsonb,
    change_type text NOT NULL,
    change_reason text NOT NULL,
    run_id bigint,
    fingerprint bytea,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    archived_at timestamp with time zone,
    archived_as text,
    archived_for date,
    reopened_at timestamp with time zone,
    takes_back bigint,
    restores integer,
    CONSTRAINT jobs_history_change_type_check CHECK ((change_type = ANY (ARRAY['create'::text, 'update'::text, 'archive'::text, 'reopen'::text])))
);
ALTER TABLE ONLY public.jobs_history ALTER COLUMN description SET COMPRESSION lz4;
ALTER TABLE ONLY public.jobs_history ALTER COLUMN raw_json SET COMPRESSION lz4;
COMMENT ON TABLE public.jobs_history IS 'Every version of every job: complete snapshot, what changed, why, and which run, document, mapping and rules made it. Rows are only ever added.';
COMMENT ON COLUMN public.jobs_history.institution_id IS 'The institution.';
COMMENT ON COLUMN public.jobs_history.id IS 'Same as jobs.id.';
COMMENT ON COLUMN public.jobs_history.version IS '1, 2, 3, ...';
COMMENT ON COLUMN public.jobs_history.company_id IS 'The employer at this version.';
COMMENT ON COLUMN public.jobs_history.division_id IS 'The division at this version.';
COMMENT ON COLUMN public.jobs_history.source_id IS 'The source.';
COMMENT ON COLUMN public.jobs_history.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.jobs_history.external_id IS 'source_id:original_id.';
COMMENT ON COLUMN public.jobs_history.title IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.description IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.open_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.close_date IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.department IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.department_id IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.job_type IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.source_url IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.remuneration IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.recruiter IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.locations IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.extra IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.raw_json IS 'The raw document that this version came from.';
COMMENT ON COLUMN public.jobs_history.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN public.jobs_history.status IS 'open or archived, at this version.';
COMMENT ON COLUMN public.jobs_history.changed_fields IS 'Which fields changed; of a create, those that are not null.';
COMMENT ON COLUMN public.jobs_history.changes IS '{field: {"old": value, "new": value}}; NULL for a create.';
COMMENT ON COLUMN public.jobs_history.change_type IS 'create, update, archive, reopen.';
COMMENT ON COLUMN public.jobs_history.change_reason IS 'Why, in words.';
COMMENT ON COLUMN public.jobs_history.run_id IS 'The run that made it; NULL when a person did.';
COMMENT ON COLUMN public.jobs_history.fingerprint IS 'Segment fingerprint (mapping, rules) that derived it: see fingerprints.';
COMMENT ON COLUMN public.jobs_history.created_at IS 'Clock of the run or command.';
COMMENT ON COLUMN public.jobs_history.created_by IS 'etl_pipeline, or the person who decided.';
COMMENT ON COLUMN public.jobs_history.archived_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.archived_as IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.archived_for IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.reopened_at IS 'As in jobs, at this version.';
COMMENT ON COLUMN public.jobs_history.takes_back IS 'The run that this version takes back (`weir rollback`).';
COMMENT ON COLUMN public.jobs_history.restores IS 'The version that it brings back; 0 if there was no job before that run.';
CREATE FUNCTION public.jobs_as_of(instant timestamp with time zone) RETURNS SETOF public.jobs_history
    LANGUAGE sql STABLE
    AS $$
  SELECT DISTINCT ON (h.institution_id, h.id) h.* FROM jobs_history h WHERE h.created_at <= instant ORDER BY h.institution_id, h.id, h.version DESC
$$;
COMMENT ON FUNCTION public.jobs_as_of(instant timestamp with time zone) IS 'Every job as it was at an instant: its newest version of then. Narrow it by institution_id.';
CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE public.ad_states (
    institution_id uuid NOT NULL,
    source_id text NOT NULL,
    external_id text NOT NULL,
    document_id bigint NOT NULL,
    content_hash bytea NOT NULL,
    received_hash bytea NOT NULL,
    detailed_at timestamp with time zone NOT NULL,
    derived_hash bytea,
    derived_fingerprint bytea,
    outcome text NOT NULL,
    refused text,
    job_id uuid,
    generation integer DEFAULT 0 NOT NULL,
    fields_hash bytea,
    refresh_hash bytea,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    last_read bigint NOT NULL,
    misses integer DEFAULT 0 NOT NULL,
    last_miss_at timestamp with time zone,
    retired boolean DEFAULT false NOT NULL,
    released_hash bytea,
    discarded_hash bytea,
    kept_hash bytea,
    retries integer DEFAULT 0 NOT NULL,
    retry_at timestamp with time zone,
    last_change text,
    last_change_run bigint,
    rolled_back_hash bytea,
    rolled_back_fingerprint bytea,
    rolled_back_why text,
    filled bytea,
    failed bytea,
    kept_open_for date,
    CONSTRAINT ad_states_outcome_check CHECK ((outcome = ANY (ARRAY['pending'::text, 'published'::text, 'rejected'::text, 'held'::text, 'failed'::text, 'withdrawn'::text, 'discarded'::text])))
)
WITH (fillfactor='45');
COMMENT ON TABLE public.ad_states IS 'The narrow row beside each document: what was seen, what was derived from it, and what came of it. docs/decisions/0001-state.md lists every transition.';
COMMENT ON COLUMN public.ad_states.institution_id IS 'The institution.';
COMMENT ON COLUMN public.ad_states.source_id IS 'The source.';
COMMENT ON COLUMN public.ad_states.external_id IS 'As in staging_documents.';
COMMENT ON COLUMN public.ad_states.document_id IS 'The document.';
COMMENT ON COLUMN public.ad_states.content_hash IS 'Hash of the stored document, keys in order.';
COMMENT ON COLUMN public.ad_states.received_hash IS 'Hash of the text as it came: an ad that comes with the same text again is not even read.';
COMMENT ON COLUMN public.ad_states.detailed_at IS 'Clock of the run that last read the whole document: its own page, where the source has a list and pages.';
COMMENT ON COLUMN public.ad_states.derived_hash IS 'content_hash that was last derived.';
COMMENT ON COLUMN public.ad_states.derived_fingerprint IS 'Segment fingerprint that last derived it; NULL asks for the ad to be derived again.';
COMMENT ON COLUMN public.ad_states.outcome IS 'pending, published, rejected, held, failed, withdrawn, discarded.';
COMMENT ON COLUMN public.ad_states.refused IS 'Why the document cannot be taken for an ad (unreadable, no id, duplicate id); such rows are never derived.';
COMMENT ON COLUMN public.ad_states.job_id IS 'The job, once published.';
COMMENT ON COLUMN public.ad_states.generation IS 'Rises when the id comes to stand for another job; part of what a new job''s id is made of.';
COMMENT ON COLUMN public.ad_states.fields_hash IS 'Hash of the compared fields of the newest version.';
COMMENT ON COLUMN public.ad_states.refresh_hash IS 'Hash of the fields that refresh without a version.';
COMMENT ON COLUMN public.ad_states.first_seen_at IS 'Clock of the first run that saw it.';
COMMENT ON COLUMN public.ad_states.last_seen_at IS 'Clock of the newest run that saw it.';
COMMENT ON COLUMN public.ad_states.last_read IS 'The newest read that contained it.';
COMMENT ON COLUMN public.ad_states.misses IS 'Complete reads without it since it was last seen.';
COMMENT ON COLUMN public.ad_states.last_miss_at IS 'Clock of the newest miss.';
COMMENT ON COLUMN public.ad_states.retired IS 'Gone from the source: retired as missing, or withdrawn; out of the work until it is seen again.';
COMMENT ON COLUMN public.ad_states.released_hash IS 'Content that a person released: it is published whatever the rules say.';
COMMENT ON COLUMN public.ad_states.discarded_hash IS 'Content that a person discarded: it is ignored.';
COMMENT ON COLUMN public.ad_states.kept_hash IS 'Content of which a person said that it is the same job still, however unlike.';
COMMENT ON COLUMN public.ad_states.retries IS 'Failed tries so far.';
COMMENT ON COLUMN public.ad_states.retry_at IS 'When to try again.';
COMMENT ON COLUMN public.ad_states.last_change IS 'created, updated or reopened.';
COMMENT ON COLUMN public.ad_states.last_change_run IS 'The run that did last_change.';
COMMENT ON COLUMN public.ad_states.rolled_back_hash IS 'Content of which a run was taken back: the ad is held while it has this content and is derived by rolled_back_fingerprint.';
COMMENT ON COLUMN public.ad_states.rolled_back_fingerprint IS 'Segment fingerprint that derived it, the date of the run left out.';
COMMENT ON COLUMN public.ad_states.rolled_back_why IS 'Which run was taken back and why, in words.';
COMMENT ON COLUMN public.ad_states.filled IS 'Fields that had a value when the ad was last derived: a bit for each mapped field, by name. quality_measures holds the counts.';
COMMENT ON COLUMN public.ad_states.failed IS 'What spoke against the ad when it was last derived: a bit for each field, then one for each rule, by name; then one for each field whose value was left out.';
COMMENT ON COLUMN public.ad_states.kept_open_for IS 'Closing date for which a person said that the job stays open.';
CREATE TABLE public.alerts (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    run_id bigint,
    source_id text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    message text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['warn'::text, 'error'::text])))
);
COMMENT ON TABLE public.alerts IS 'What someone must look at; shown in the report.';
COMMENT ON COLUMN public.alerts.institution_id IS 'The institution.';
COMMENT ON COLUMN public.alerts.id IS 'Alert number.';
COMMENT ON COLUMN public.alerts.run_id IS 'The run that raised it.';
COMMENT ON COLUMN public.alerts.source_id IS 'The source; empty for the institution.';
COMMENT ON COLUMN public.alerts.kind IS 'source_unreachable, source_partial, source_empty, mass_retirement, mass_change, removed_from_yaml, run_failed, rule_broken, ...';
COMMENT ON COLUMN public.alerts.severity IS 'warn or error.';
COMMENT ON COLUMN public.alerts.message IS 'What happened and what to do.';
COMMENT ON COLUMN public.alerts.raised_at IS 'Clock of the run.';
ALTER TABLE public.alerts ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW public.job_changes AS
 SELECT h.institution_id,
    h.id AS job_id,
    h.source_id,
    h.original_id,
    h.version,
    f.field,
    f.old,
    f.new,
    h.status,
    h.change_type,
    h.change_reason,
    h.created_at,
    h.created_by,
    h.run_id,
    h.takes_back
   FROM (public.jobs_history h
     CROSS JOIN LATERAL ( SELECT c.key AS field,
            (c.value -> 'old'::text) AS old,
            (c.value -> 'new'::text) AS new
           FROM jsonb_each(h.changes) c(key, value)
          WHERE (c.key <> 'extra'::text)
        UNION ALL
         SELECT ('extra.'::text || k.key),
            (x.old -> k.key),
            (x.new -> k.key)
           FROM (( SELECT
                        CASE
                            WHEN (jsonb_typeof((h.changes #> '{extra,old}'::text[])) = 'object'::text) THEN (h.changes #> '{extra,old}'::text[])
                            ELSE '{}'::jsonb
                        END AS old,
                        CASE
                            WHEN (jsonb_typeof((h.changes #> '{extra,new}'::text[])) = 'object'::text) THEN (h.changes #> '{extra,new}'::text[])
                            ELSE '{}'::jsonb
                        END AS new
                  WHERE (h.changes ? 'extra'::text)) x
             CROSS JOIN LATERAL jsonb_object_keys((x.old || x.new)) k(key))
          WHERE ((x.old -> k.key) IS DISTINCT FROM (x.new -> k.key))) f)
  WHERE (h.changes IS NOT NULL);
COMMENT ON VIEW public.job_changes IS 'What changed from one version to the next: a row a field, with its old and new value; custom fields one by one as extra.NAME.';
COMMENT ON COLUMN public.job_changes.institution_id IS 'The institution.';
COMMENT ON COLUMN public.job_changes.job_id IS 'The job.';
COMMENT ON COLUMN public.job_changes.source_id IS 'The source.';
COMMENT ON COLUMN public.job_changes.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.job_changes.version IS 'The version that changed it.';
COMMENT ON COLUMN public.job_changes.field IS 'The field; a custom one as extra.NAME.';
COMMENT ON COLUMN public.job_changes.old IS 'Its value before.';
COMMENT ON COLUMN public.job_changes.new IS 'Its value since.';
COMMENT ON COLUMN public.job_changes.status IS 'open or archived, at this version.';
COMMENT ON COLUMN public.job_changes.change_type IS 'update, archive, reopen.';
COMMENT ON COLUMN public.job_changes.change_reason IS 'Why, in words.';
COMMENT ON COLUMN public.job_changes.created_at IS 'When.';
COMMENT ON COLUMN public.job_changes.created_by IS 'etl_pipeline, or the person.';
COMMENT ON COLUMN public.job_changes.run_id IS 'The run; NULL when a person did it.';
COMMENT ON COLUMN public.job_changes.takes_back IS 'The run that this takes back, if it does.';
CREATE TABLE public.jobs (
    institution_id uuid NOT NULL,
    id uuid NOT NULL,
    company_id uuid,
    division_id uuid,
    source_id text NOT NULL,
    original_id text NOT NULL,
    external_id text GENERATED ALWAYS AS (((source_id || ':'::text) || original_id)) STORED,
    generation integer DEFAULT 0 NOT NULL,
    title text NOT NULL,
    description text,
    open_date date,
    close_date date,
    department text,
    department_id text,
    job_type text,
    source_url text,
    remuneration text,
    recruiter jsonb,
    locations text[],
    extra jsonb,
    raw_json jsonb NOT NULL,
    content_hash bytea NOT NULL,
    status text NOT NULL,
    archived_at timestamp with time zone,
    archived_as text,
    archived_for date,
    reopened_at timestamp with time zone,
    held_since timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_updated_at timestamp with time zone NOT NULL,
    CONSTRAINT jobs_archived_as_check CHECK ((archived_as = ANY (ARRAY['closed'::text, 'missing'::text, 'person'::text, 'recycled'::text, 'rolled_back'::text]))),
    CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['open'::text, 'archived'::text])))
);
ALTER TABLE ONLY public.jobs ALTER COLUMN description SET COMPRESSION lz4;
ALTER TABLE ONLY public.jobs ALTER COLUMN raw_json SET COMPRESSION lz4;
COMMENT ON TABLE public.jobs IS 'The clean, versioned jobs: the newest good version of each.';
COMMENT ON COLUMN public.jobs.institution_id IS 'The institution.';
COMMENT ON COLUMN public.jobs.id IS 'UUIDv5 of institution, source, and the original id and generation that it was created with: the same for ever.';
COMMENT ON COLUMN public.jobs.company_id IS 'The employer, where resolved.';
COMMENT ON COLUMN public.jobs.division_id IS 'The division, where resolved.';
COMMENT ON COLUMN public.jobs.source_id IS 'The source, e.g. seek, nswgov.';
COMMENT ON COLUMN public.jobs.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.jobs.external_id IS 'source_id:original_id.';
COMMENT ON COLUMN public.jobs.generation IS 'Rises when a recycled id is proven to be another job.';
COMMENT ON COLUMN public.jobs.title IS 'Title.';
COMMENT ON COLUMN public.jobs.description IS 'Description as readable text.';
COMMENT ON COLUMN public.jobs.open_date IS 'First day.';
COMMENT ON COLUMN public.jobs.close_date IS 'Last day, in the zone of the institution or source.';
COMMENT ON COLUMN public.jobs.department IS 'Department as the source writes it.';
COMMENT ON COLUMN public.jobs.department_id IS 'The source''s own id of the department.';
COMMENT ON COLUMN public.jobs.job_type IS 'Kind of employment as the source writes it.';
COMMENT ON COLUMN public.jobs.source_url IS 'Page of the ad; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN public.jobs.remuneration IS 'Pay as text.';
COMMENT ON COLUMN public.jobs.recruiter IS 'Contact; refreshes without a version unless `compare` adds it.';
COMMENT ON COLUMN public.jobs.locations IS 'Places; compared as a set.';
COMMENT ON COLUMN public.jobs.extra IS 'Declared custom fields.';
COMMENT ON COLUMN public.jobs.raw_json IS 'The raw document that this version came from.';
COMMENT ON COLUMN public.jobs.content_hash IS 'Hash of raw_json.';
COMMENT ON COLUMN public.jobs.status IS 'open or archived.';
COMMENT ON COLUMN public.jobs.archived_at IS 'Clock of the run that archived it.';
COMMENT ON COLUMN public.jobs.archived_as IS 'closed (date passed), missing (from the source), person (retired on purpose), recycled (its id was given to another job), rolled_back (the run that created it was taken back).';
COMMENT ON COLUMN public.jobs.archived_for IS 'The closing date for which it was archived: it is archived once for a date.';
COMMENT ON COLUMN public.jobs.reopened_at IS 'Clock of the newest reopening.';
COMMENT ON COLUMN public.jobs.held_since IS 'Set while a newer version waits in staging_jobs because it fails validation.';
COMMENT ON COLUMN public.jobs.version IS 'Number of the newest version in jobs_history.';
COMMENT ON COLUMN public.jobs.first_seen_at IS 'Clock of the run that created it.';
COMMENT ON COLUMN public.jobs.last_updated_at IS 'Clock of the newest version.';
CREATE VIEW public.anomalous_updates AS
 SELECT j.institution_id,
    'many_versions'::text AS kind,
    j.source_id,
    j.id AS job_id,
    j.original_id,
    j.version,
    NULL::bigint AS run_id,
    j.last_updated_at AS at,
    (j.version)::numeric AS measure,
    round(u.mean, 2) AS usual,
    (((j.version || ' versions, where '::text) || round(u.mean, 1)) || ' are usual'::text) AS what
   FROM (public.jobs j
     JOIN ( SELECT jobs.institution_id,
            jobs.source_id,
            avg(jobs.version) AS mean
           FROM public.jobs
          GROUP BY jobs.institution_id, jobs.source_id) u USING (institution_id, source_id))
  WHERE ((j.version >= 5) AND ((j.version)::numeric >= ((3)::numeric * u.mean)))
UNION ALL
 SELECT f.institution_id,
    'flip_flop'::text AS kind,
    f.source_id,
    f.job_id,
    f.original_id,
    max(f.version) AS version,
    NULL::bigint AS run_id,
    max(f.created_at) AS at,
    count(*) AS measure,
    NULL::numeric AS usual,
    (((f.field || ' went back to an earlier value '::text) || count(*)) || ' times'::text) AS what
   FROM ( SELECT c.institution_id,
            c.source_id,
            c.job_id,
            c.original_id,
            c.version,
            c.field,
            c.created_at,
            md5((c.new)::text) AS new,
            lag(md5((c.old)::text)) OVER (PARTITION BY c.institution_id, c.job_id, c.field ORDER BY c.version) AS earlier
           FROM (public.jobs j
             JOIN public.job_changes c ON (((c.institution_id = j.institution_id) AND (c.job_id = j.id))))
          WHERE ((j.version >= 4) AND (c.takes_back IS NULL) AND (c.field <> 'status'::text))) f
  WHERE (f.new = f.earlier)
  GROUP BY f.institution_id, f.source_id, f.job_id, f.original_id, f.field
 HAVING (count(*) >= 2)
UNION ALL
 SELECT r.institution_id,
    'bulk_update'::text AS kind,
    r.source_id,
    NULL::uuid AS job_id,
    NULL::text AS original_id,
    NULL::integer AS version,
    r.run_id,
    r.at,
    r.jobs AS measure,
    round(((k.jobs)::numeric * 0.2), 2) AS usual,
    (((((('run '::text || r.run_id) || ' updated '::text) || r.jobs) || ' of '::text) || k.jobs) || ' jobs at once'::text) AS what
   FROM (( SELECT jobs_history.institution_id,
            jobs_history.source_id,
            jobs_history.run_id,
            max(jobs_history.created_at) AS at,
            count(DISTINCT jobs_history.id) AS jobs
           FROM public.jobs_history
          WHERE ((jobs_history.change_type = 'update'::text) AND (jobs_history.run_id IS NOT NULL))
          GROUP BY jobs_history.institution_id, jobs_history.source_id, jobs_history.run_id) r
     JOIN ( SELECT jobs.institution_id,
            jobs.source_id,
            count(*) AS jobs
           FROM public.jobs
          GROUP BY jobs.institution_id, jobs.source_id) k USING (institution_id, source_id))
  WHERE ((r.jobs >= 5) AND ((r.jobs)::numeric > ((k.jobs)::numeric * 0.2)))
UNION ALL
 SELECT jobs_history.institution_id,
    'update_after_archive'::text AS kind,
    jobs_history.source_id,
    jobs_history.id AS job_id,
    jobs_history.original_id,
    jobs_history.version,
    jobs_history.run_id,
    jobs_history.created_at AS at,
    1 AS measure,
    NULL::numeric AS usual,
    ('updated while archived: '::text || array_to_string(jobs_history.changed_fields, ', '::text)) AS what
   FROM public.jobs_history
  WHERE ((jobs_history.change_type = 'update'::text) AND (jobs_history.status = 'archived'::text) AND (jobs_history.takes_back IS NULL));
COMMENT ON VIEW public.anomalous_updates IS 'Updates to look at: jobs with many versions, fields that go back and forth, runs that updated much at once, updates of archived jobs.';
COMMENT ON COLUMN public.anomalous_updates.institution_id IS 'The institution.';
COMMENT ON COLUMN public.anomalous_updates.kind IS 'many_versions, flip_flop, bulk_update, update_after_archive.';
COMMENT ON COLUMN public.anomalous_updates.source_id IS 'The source.';
COMMENT ON COLUMN public.anomalous_updates.job_id IS 'The job; NULL for a bulk update.';
COMMENT ON COLUMN public.anomalous_updates.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.anomalous_updates.version IS 'The newest version that is meant.';
COMMENT ON COLUMN public.anomalous_updates.run_id IS 'The run, where one is meant.';
COMMENT ON COLUMN public.anomalous_updates.at IS 'When, or when last.';
COMMENT ON COLUMN public.anomalous_updates.measure IS 'Versions, returns, or jobs.';
COMMENT ON COLUMN public.anomalous_updates.usual IS 'What measure is compared with, where it is.';
COMMENT ON COLUMN public.anomalous_updates.what IS 'In words.';
CREATE TABLE public.companies (
    institution_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);
COMMENT ON TABLE public.companies IS 'Employers found in ads or added by a person, per institution.';
COMMENT ON COLUMN public.companies.institution_id IS 'The institution.';
COMMENT ON COLUMN public.companies.id IS 'UUIDv5 of institution and name_key.';
COMMENT ON COLUMN public.companies.name IS 'The name as first written.';
COMMENT ON COLUMN public.companies.name_key IS 'The name in lower case with single spaces: what makes two spellings one company.';
COMMENT ON COLUMN public.companies.created_at IS 'Clock of the run or command that created it.';
COMMENT ON COLUMN public.companies.created_by IS 'run, or the person who released a hold.';
CREATE TABLE public.divisions (
    institution_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);
COMMENT ON TABLE public.divisions IS 'Parts of an institution (departments, agencies), known from the YAML, found in ads or added by a person.';
COMMENT ON COLUMN public.divisions.institution_id IS 'The institution.';
COMMENT ON COLUMN public.divisions.id IS 'UUIDv5 of institution and name_key.';
COMMENT ON COLUMN public.divisions.name IS 'The name as first written.';
COMMENT ON COLUMN public.divisions.name_key IS 'The name in lower case with single spaces.';
COMMENT ON COLUMN public.divisions.created_at IS 'Clock of the run or command that created it.';
COMMENT ON COLUMN public.divisions.created_by IS 'run, or the person who released a hold.';
CREATE VIEW public.field_change_rates AS
 SELECT c.institution_id,
    c.source_id,
    c.field,
    c.changes,
    c.jobs_changed,
    k.jobs,
    round(((c.jobs_changed)::numeric / (k.jobs)::numeric), 4) AS share_of_jobs,
    round(((c.changes)::numeric / (c.jobs_changed)::numeric), 2) AS changes_per_job,
    c.last_changed_at
   FROM (( SELECT job_changes.institution_id,
            job_changes.source_id,
            job_changes.field,
            count(*) AS changes,
            count(DISTINCT job_changes.job_id) AS jobs_changed,
            max(job_changes.created_at) AS last_changed_at
           FROM public.job_changes
          WHERE ((job_changes.field <> 'status'::text) AND (job_changes.takes_back IS NULL))
          GROUP BY job_changes.institution_id, job_changes.source_id, job_changes.field) c
     JOIN ( SELECT jobs.institution_id,
            jobs.source_id,
            count(*) AS jobs
           FROM public.jobs
          GROUP BY jobs.institution_id, jobs.source_id) k USING (institution_id, source_id));
COMMENT ON VIEW public.field_change_rates IS 'How often which fields of which sources change. Roll-backs do not count.';
COMMENT ON COLUMN public.field_change_rates.institution_id IS 'The institution.';
COMMENT ON COLUMN public.field_change_rates.source_id IS 'The source.';
COMMENT ON COLUMN public.field_change_rates.field IS 'The field.';
COMMENT ON COLUMN public.field_change_rates.changes IS 'How often it changed.';
COMMENT ON COLUMN public.field_change_rates.jobs_changed IS 'In how many jobs.';
COMMENT ON COLUMN public.field_change_rates.jobs IS 'Jobs of the source, archived ones included.';
COMMENT ON COLUMN public.field_change_rates.share_of_jobs IS 'jobs_changed / jobs.';
COMMENT ON COLUMN public.field_change_rates.changes_per_job IS 'changes / jobs_changed.';
COMMENT ON COLUMN public.field_change_rates.last_changed_at IS 'When it last changed.';
CREATE TABLE public.fingerprints (
    institution_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    source_id text NOT NULL,
    parts jsonb NOT NULL,
    first_used_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.fingerprints IS 'What a segment fingerprint was made of, so that a later run can name what changed.';
COMMENT ON COLUMN public.fingerprints.institution_id IS 'The institution.';
COMMENT ON COLUMN public.fingerprints.fingerprint IS 'Hash of all parts: what ad_states.derived_fingerprint holds.';
COMMENT ON COLUMN public.fingerprints.source_id IS 'The source whose segment it is.';
COMMENT ON COLUMN public.fingerprints.parts IS 'Hash of each part by name: mapping of a field, rule, mandatory field, company, ...';
COMMENT ON COLUMN public.fingerprints.first_used_at IS 'Clock of the first run that used it.';
CREATE TABLE public.hold_revisions (
    institution_id uuid NOT NULL,
    hold_id bigint NOT NULL,
    revision text NOT NULL,
    content jsonb NOT NULL,
    first_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.hold_revisions IS 'What a decision on an open hold would have done, each time that it changed: so that a person who decides on what is no longer so is told the difference. Rows leave when the hold is closed.';
COMMENT ON COLUMN public.hold_revisions.institution_id IS 'The institution.';
COMMENT ON COLUMN public.hold_revisions.hold_id IS 'The hold.';
COMMENT ON COLUMN public.hold_revisions.revision IS 'First six digits of the hash of the content.';
COMMENT ON COLUMN public.hold_revisions.content IS 'What a decision would have done: the fields to publish, the jobs to archive, the name to add.';
COMMENT ON COLUMN public.hold_revisions.first_at IS 'Clock of the run or command after which it was so.';
CREATE TABLE public.holds (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    details jsonb,
    status text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_run bigint,
    closed_at timestamp with time zone,
    closed_by text,
    note text,
    revision text,
    CONSTRAINT holds_kind_check CHECK ((kind = ANY (ARRAY['job'::text, 'company'::text, 'division'::text, 'retirement'::text, 'closing'::text, 'identity'::text, 'mapping'::text, 'quality'::text]))),
    CONSTRAINT holds_status_check CHECK ((status = ANY (ARRAY['open'::text, 'released'::text, 'discarded'::text, 'ended'::text])))
);
COMMENT ON TABLE public.holds IS 'What waits for a person.';
COMMENT ON COLUMN public.holds.institution_id IS 'The institution.';
COMMENT ON COLUMN public.holds.id IS 'Hold number.';
COMMENT ON COLUMN public.holds.kind IS 'job, company, division, retirement, closing, identity, mapping, quality.';
COMMENT ON COLUMN public.holds.source_id IS 'The source.';
COMMENT ON COLUMN public.holds.subject IS 'What is held: the ad''s id, the unknown name, or the source.';
COMMENT ON COLUMN public.holds.reason IS 'Why, in words.';
COMMENT ON COLUMN public.holds.details IS 'What a person needs to decide: counts, values, reasons.';
COMMENT ON COLUMN public.holds.status IS 'open, released, discarded, ended (mended by itself).';
COMMENT ON COLUMN public.holds.opened_at IS 'Clock of the run that opened it.';
COMMENT ON COLUMN public.holds.opened_run IS 'The run that opened it.';
COMMENT ON COLUMN public.holds.closed_at IS 'Clock of what closed it.';
COMMENT ON COLUMN public.holds.closed_by IS 'run, or the person.';
COMMENT ON COLUMN public.holds.note IS 'The person''s reason.';
COMMENT ON COLUMN public.holds.revision IS 'The revision that a person decided on; an open hold has the one that `weir holds list` shows.';
ALTER TABLE public.holds ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.holds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.institutions (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_run_at timestamp with time zone
);
COMMENT ON TABLE public.institutions IS 'One row per institution that has run; its YAML file is the source of truth.';
COMMENT ON COLUMN public.institutions.id IS 'UUIDv5 of the slug, unless the YAML gives `id`.';
COMMENT ON COLUMN public.institutions.slug IS 'The name of the institution in the YAML: its identity.';
COMMENT ON COLUMN public.institutions.name IS 'The name for people.';
COMMENT ON COLUMN public.institutions.timezone IS 'IANA zone in which closing dates end.';
COMMENT ON COLUMN public.institutions.active IS 'false: listed, not run.';
COMMENT ON COLUMN public.institutions.created_at IS 'Clock of the first run.';
COMMENT ON COLUMN public.institutions.last_run_at IS 'Clock of the newest run that began and was not taken back; an earlier --at is refused.';
CREATE VIEW public.job_versions AS
 SELECT h.institution_id,
    h.id AS job_id,
    h.source_id,
    h.original_id,
    h.version,
    h.created_at,
    h.change_type,
    h.changed_fields,
    h.change_reason,
    h.run_id,
    h.created_by,
    p.raw_json AS prev_json,
    h.raw_json AS curr_json
   FROM (public.jobs_history h
     LEFT JOIN public.jobs_history p ON (((p.institution_id = h.institution_id) AND (p.id = h.id) AND (p.version = (h.version - 1)))));
COMMENT ON VIEW public.job_versions IS 'Each version beside the raw document of the version before it.';
COMMENT ON COLUMN public.job_versions.institution_id IS 'The institution.';
COMMENT ON COLUMN public.job_versions.job_id IS 'The job.';
COMMENT ON COLUMN public.job_versions.source_id IS 'The source.';
COMMENT ON COLUMN public.job_versions.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.job_versions.version IS '1, 2, 3, ...';
COMMENT ON COLUMN public.job_versions.created_at IS 'Clock of the run or command.';
COMMENT ON COLUMN public.job_versions.change_type IS 'create, update, archive, reopen.';
COMMENT ON COLUMN public.job_versions.changed_fields IS 'Which fields changed.';
COMMENT ON COLUMN public.job_versions.change_reason IS 'Why, in words.';
COMMENT ON COLUMN public.job_versions.run_id IS 'The run that made it; NULL when a person did.';
COMMENT ON COLUMN public.job_versions.created_by IS 'etl_pipeline, or the person.';
COMMENT ON COLUMN public.job_versions.prev_json IS 'Raw document of the version before; NULL for the first.';
COMMENT ON COLUMN public.job_versions.curr_json IS 'Raw document of this version.';
CREATE TABLE public.lost_values (
    institution_id uuid NOT NULL,
    run_id bigint NOT NULL,
    source_id text NOT NULL,
    field_name text NOT NULL,
    lost bigint NOT NULL,
    present bigint NOT NULL,
    external_id text,
    example jsonb,
    expected text,
    remedy text
);
COMMENT ON TABLE public.lost_values IS 'Fields of which a read lost values: they were there, could not be read, and were left out. Rows are only ever added.';
COMMENT ON COLUMN public.lost_values.institution_id IS 'The institution.';
COMMENT ON COLUMN public.lost_values.run_id IS 'The run.';
COMMENT ON COLUMN public.lost_values.source_id IS 'The source.';
COMMENT ON COLUMN public.lost_values.field_name IS 'The field.';
COMMENT ON COLUMN public.lost_values.lost IS 'Ads of the read whose value was left out.';
COMMENT ON COLUMN public.lost_values.present IS 'Ads of the read that have a value, those included.';
COMMENT ON COLUMN public.lost_values.external_id IS 'One of them.';
COMMENT ON COLUMN public.lost_values.example IS 'The value that was found there.';
COMMENT ON COLUMN public.lost_values.expected IS 'What the value must be, in words.';
COMMENT ON COLUMN public.lost_values.remedy IS 'What would read it, in words, if that is known.';
CREATE TABLE public.plan_outlines (
    institution_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    outline jsonb NOT NULL,
    first_used_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.plan_outlines IS 'The plans that runs have walked: their nodes and what each waits for, without addresses and secrets.';
COMMENT ON COLUMN public.plan_outlines.institution_id IS 'The institution.';
COMMENT ON COLUMN public.plan_outlines.fingerprint IS 'As in runs.plan_fingerprint.';
COMMENT ON COLUMN public.plan_outlines.outline IS 'The plan, as `weir graph --format json` writes it.';
COMMENT ON COLUMN public.plan_outlines.first_used_at IS 'Clock of the first run that walked it.';
CREATE TABLE public.plan_texts (
    institution_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    file text NOT NULL,
    texts jsonb NOT NULL,
    first_used_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.plan_texts IS 'The YAML of institutions that say on_broken: last_good, each version that ran.';
COMMENT ON COLUMN public.plan_texts.institution_id IS 'The institution.';
COMMENT ON COLUMN public.plan_texts.fingerprint IS 'Hash of all texts.';
COMMENT ON COLUMN public.plan_texts.file IS 'The file of the institution, by which it is found when even its name cannot be read.';
COMMENT ON COLUMN public.plan_texts.texts IS '{file: text} of everything that its plan was compiled from; no secret stands in YAML.';
COMMENT ON COLUMN public.plan_texts.first_used_at IS 'Clock of the first run of these texts.';
COMMENT ON COLUMN public.plan_texts.last_used_at IS 'Clock of the newest run of these texts; the last good ones are those of the newest run of the institution.';
CREATE TABLE public.project_claims (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    project text NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    claimed_by text NOT NULL
);
COMMENT ON TABLE public.project_claims IS 'Which project an institution belongs to: the newest row counts, and a run of another project is refused. Rows are only ever added.';
COMMENT ON COLUMN public.project_claims.institution_id IS 'The institution.';
COMMENT ON COLUMN public.project_claims.id IS 'Number.';
COMMENT ON COLUMN public.project_claims.project IS 'The identity of the project: `project:` in its weir.yaml.';
COMMENT ON COLUMN public.project_claims.claimed_at IS 'Wall clock of the first run of that project, or of `weir db adopt`.';
COMMENT ON COLUMN public.project_claims.claimed_by IS 'The run, or the person who took the institution over.';
ALTER TABLE public.project_claims ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.project_claims_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.quality_measures (
    institution_id uuid NOT NULL,
    source_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    part bigint NOT NULL,
    whole bigint NOT NULL,
    CONSTRAINT quality_measures_kind_check CHECK ((kind = ANY (ARRAY['filled'::text, 'refused'::text, 'unread'::text, 'fails'::text, 'warns'::text, 'updated'::text, 'flips'::text])))
);
COMMENT ON TABLE public.quality_measures IS 'Rates of a source in a run: how many ads of how many.';
COMMENT ON COLUMN public.quality_measures.institution_id IS 'The institution.';
COMMENT ON COLUMN public.quality_measures.source_id IS 'The source.';
COMMENT ON COLUMN public.quality_measures.at IS 'Clock of the run.';
COMMENT ON COLUMN public.quality_measures.kind IS 'filled: the field has a value; refused: a mandatory or related field speaks against the ad; unread: the value of an optional field could not be read and was left out; fails: a rule refuses; warns: a rule would refuse if it did not only warn; updated: new versions; flips: the field went back to a value that it had a few versions ago.';
COMMENT ON COLUMN public.quality_measures.subject IS 'The field, or SET/ID of the rule; empty for updated.';
COMMENT ON COLUMN public.quality_measures.part IS 'Ads of which it is true.';
COMMENT ON COLUMN public.quality_measures.whole IS 'Ads of the read that were looked at; for updated and flips those that are jobs.';
CREATE TABLE public.replaced_documents (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    source_id text NOT NULL,
    original_id text NOT NULL,
    document_id bigint NOT NULL,
    content_hash bytea NOT NULL,
    scraped_at timestamp with time zone NOT NULL,
    replaced_at timestamp with time zone NOT NULL,
    metadata jsonb
);
COMMENT ON TABLE public.replaced_documents IS 'Documents that stood in staging_documents until other content came: which, when and from where. Their text is in the versions of jobs that were made of them. Rows are only ever added.';
COMMENT ON COLUMN public.replaced_documents.institution_id IS 'The institution.';
COMMENT ON COLUMN public.replaced_documents.id IS 'Number.';
COMMENT ON COLUMN public.replaced_documents.source_id IS 'The source.';
COMMENT ON COLUMN public.replaced_documents.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.replaced_documents.document_id IS 'The document number, which the newer content has, too.';
COMMENT ON COLUMN public.replaced_documents.content_hash IS 'Hash of its content, as in ad_states.content_hash and jobs_history.content_hash.';
COMMENT ON COLUMN public.replaced_documents.scraped_at IS 'Clock of the run that stored it.';
COMMENT ON COLUMN public.replaced_documents.replaced_at IS 'Clock of the run that stored other content in its place.';
COMMENT ON COLUMN public.replaced_documents.metadata IS 'Where it came from, as in staging_documents.metadata.';
ALTER TABLE public.replaced_documents ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.replaced_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.resolved_failures (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    source_id text NOT NULL,
    original_id text NOT NULL,
    document_id bigint NOT NULL,
    error_type text NOT NULL,
    field_name text,
    rule text,
    error_message text,
    value jsonb,
    since timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone NOT NULL,
    why text NOT NULL
);
COMMENT ON TABLE public.resolved_failures IS 'Reasons that no longer stand against an ad, and why they are gone. Rows are only ever added.';
COMMENT ON COLUMN public.resolved_failures.institution_id IS 'The institution.';
COMMENT ON COLUMN public.resolved_failures.id IS 'Number.';
COMMENT ON COLUMN public.resolved_failures.source_id IS 'The source.';
COMMENT ON COLUMN public.resolved_failures.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.resolved_failures.document_id IS 'The document.';
COMMENT ON COLUMN public.resolved_failures.error_type IS 'As in staging_validation_failures.validation_type or staging_failed_documents.error_type.';
COMMENT ON COLUMN public.resolved_failures.field_name IS 'The field, where one was to blame.';
COMMENT ON COLUMN public.resolved_failures.rule IS 'The rule, where one said so.';
COMMENT ON COLUMN public.resolved_failures.error_message IS 'The reason in words.';
COMMENT ON COLUMN public.resolved_failures.value IS 'The value that was found.';
COMMENT ON COLUMN public.resolved_failures.since IS 'Clock of the run in which it first stood.';
COMMENT ON COLUMN public.resolved_failures.resolved_at IS 'Clock of the run or command in which it was gone.';
COMMENT ON COLUMN public.resolved_failures.why IS 'Why it is gone, in words: content changed, rule SET/ID changed, mapping of FIELD changed, withdrawn by the source, ...';
ALTER TABLE public.resolved_failures ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.resolved_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.run_edges (
    institution_id uuid NOT NULL,
    run_id bigint NOT NULL,
    from_node text NOT NULL,
    to_node text NOT NULL,
    rows bigint NOT NULL
);
COMMENT ON TABLE public.run_edges IS 'What passed between the nodes of a plan in a run.';
COMMENT ON COLUMN public.run_edges.institution_id IS 'The institution.';
COMMENT ON COLUMN public.run_edges.run_id IS 'The run.';
COMMENT ON COLUMN public.run_edges.from_node IS 'A node: its stage, and its source behind a colon, as in `extract:board`; a stage of the institution alone.';
COMMENT ON COLUMN public.run_edges.to_node IS 'A node that waits for it.';
COMMENT ON COLUMN public.run_edges.rows IS 'Ads that left the first node.';
CREATE TABLE public.run_log (
    institution_id uuid NOT NULL,
    run_id bigint NOT NULL,
    ordinal integer NOT NULL,
    logged_at timestamp with time zone NOT NULL,
    severity text NOT NULL,
    node text NOT NULL,
    message text NOT NULL,
    CONSTRAINT run_log_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text])))
);
COMMENT ON TABLE public.run_log IS 'What happened in a run, line by line; of a very long one the last lines are left out, and the last line says how many.';
COMMENT ON COLUMN public.run_log.institution_id IS 'The institution.';
COMMENT ON COLUMN public.run_log.run_id IS 'The run.';
COMMENT ON COLUMN public.run_log.ordinal IS 'Its place, from 0.';
COMMENT ON COLUMN public.run_log.logged_at IS 'Wall clock.';
COMMENT ON COLUMN public.run_log.severity IS 'info, warn or error.';
COMMENT ON COLUMN public.run_log.node IS 'The node that it is about, as in run_edges; empty for the run.';
COMMENT ON COLUMN public.run_log.message IS 'What happened, in words.';
CREATE TABLE public.run_samples (
    institution_id uuid NOT NULL,
    run_id bigint NOT NULL,
    node text NOT NULL,
    ordinal integer NOT NULL,
    source_id text NOT NULL,
    external_id text NOT NULL,
    title text NOT NULL,
    refused boolean NOT NULL,
    what text NOT NULL
);
COMMENT ON TABLE public.run_samples IS 'A few ads at each node of a run, cut short: to look at, never to work with.';
COMMENT ON COLUMN public.run_samples.institution_id IS 'The institution.';
COMMENT ON COLUMN public.run_samples.run_id IS 'The run.';
COMMENT ON COLUMN public.run_samples.node IS 'The node, as in run_edges.';
COMMENT ON COLUMN public.run_samples.ordinal IS 'Its place among those of the node, from 0.';
COMMENT ON COLUMN public.run_samples.source_id IS 'The source.';
COMMENT ON COLUMN public.run_samples.external_id IS 'The source''s id of the ad.';
COMMENT ON COLUMN public.run_samples.title IS 'Its title, once it has one.';
COMMENT ON COLUMN public.run_samples.refused IS 'Whether the node found something against it.';
COMMENT ON COLUMN public.run_samples.what IS 'Its fields, or everything said against it.';
CREATE TABLE public.run_stages (
    institution_id uuid NOT NULL,
    run_id bigint NOT NULL,
    stage text NOT NULL,
    source_id text NOT NULL,
    rows_in bigint NOT NULL,
    rows_out bigint NOT NULL,
    refused bigint NOT NULL,
    micros bigint NOT NULL,
    error text
);
COMMENT ON TABLE public.run_stages IS 'What each stage did in a run, per source: the basis of error rates and milliseconds per job.';
COMMENT ON COLUMN public.run_stages.institution_id IS 'The institution.';
COMMENT ON COLUMN public.run_stages.run_id IS 'The run.';
COMMENT ON COLUMN public.run_stages.stage IS 'Name of the stage in the pipeline.';
COMMENT ON COLUMN public.run_stages.source_id IS 'The source.';
COMMENT ON COLUMN public.run_stages.rows_in IS 'Ads that reached the stage.';
COMMENT ON COLUMN public.run_stages.rows_out IS 'Ads that left it for the next stage.';
COMMENT ON COLUMN public.run_stages.refused IS 'Ads that it found reasons against, or held.';
COMMENT ON COLUMN public.run_stages.micros IS 'Microseconds spent in it, summed over batches.';
COMMENT ON COLUMN public.run_stages.error IS 'Why it failed, when it did.';
CREATE TABLE public.runs (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    status text NOT NULL,
    plan_fingerprint bytea NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    summary jsonb,
    error text,
    clock_taken_back_at timestamp with time zone,
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text, 'interrupted'::text])))
);
COMMENT ON TABLE public.runs IS 'One row per run of one institution.';
COMMENT ON COLUMN public.runs.institution_id IS 'The institution.';
COMMENT ON COLUMN public.runs.id IS 'Run number.';
COMMENT ON COLUMN public.runs.at IS 'The one instant of the run: --at or the wall clock at its start.';
COMMENT ON COLUMN public.runs.status IS 'running, done, failed, interrupted; running with a free lock: it died.';
COMMENT ON COLUMN public.runs.plan_fingerprint IS 'Fingerprint of the whole plan that ran.';
COMMENT ON COLUMN public.runs.host IS 'Machine that runs it.';
COMMENT ON COLUMN public.runs.pid IS 'Process that runs it.';
COMMENT ON COLUMN public.runs.started_at IS 'Wall clock at the start.';
COMMENT ON COLUMN public.runs.finished_at IS 'Wall clock at the end.';
COMMENT ON COLUMN public.runs.summary IS 'The counts of the run, per source and in all, table sizes at its end, and milliseconds.';
COMMENT ON COLUMN public.runs.error IS 'Why it failed.';
COMMENT ON COLUMN public.runs.clock_taken_back_at IS 'When the run was taken back as the newest: its clock does not count any more, and the next run may be dated before it.';
ALTER TABLE public.runs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.source_quality (
    institution_id uuid NOT NULL,
    source_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    state text NOT NULL,
    ads bigint NOT NULL,
    fingerprint bytea NOT NULL,
    standing text NOT NULL,
    CONSTRAINT source_quality_standing_check CHECK ((standing = ANY (ARRAY['usual'::text, 'unusual'::text, 'held'::text, 'released'::text])))
);
COMMENT ON TABLE public.source_quality IS 'One row per source and instant of a run: how much it gave, and whether that was usual.';
COMMENT ON COLUMN public.source_quality.institution_id IS 'The institution.';
COMMENT ON COLUMN public.source_quality.source_id IS 'The source.';
COMMENT ON COLUMN public.source_quality.at IS 'Clock of the run; a run repeated at the same instant measures the same again.';
COMMENT ON COLUMN public.source_quality.run_id IS 'The newest run of this instant.';
COMMENT ON COLUMN public.source_quality.state IS 'How the read ended, as in source_reads; only complete reads say how many ads are usual.';
COMMENT ON COLUMN public.source_quality.ads IS 'Ads in the read.';
COMMENT ON COLUMN public.source_quality.fingerprint IS 'Segment fingerprint (mapping, rules) of the run: see fingerprints.';
COMMENT ON COLUMN public.source_quality.standing IS 'usual; unusual: an alert was raised; held: nothing was published; released: a person said that this, and what is like it, is right.';
CREATE TABLE public.source_reads (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    source_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    state text NOT NULL,
    pages bigint NOT NULL,
    items bigint NOT NULL,
    stated_count bigint,
    bytes bigint NOT NULL,
    uploaded bigint NOT NULL,
    why text,
    way bytea,
    bookmark jsonb,
    etag text,
    last_modified text,
    same_as bigint,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT source_reads_state_check CHECK ((state = ANY (ARRAY['reading'::text, 'complete'::text, 'empty'::text, 'partial'::text, 'blocked'::text, 'unreachable'::text])))
);
COMMENT ON TABLE public.source_reads IS 'One row per reading of a source, with the proof of its completeness: absence is not evidence until the read is proven complete.';
COMMENT ON COLUMN public.source_reads.institution_id IS 'The institution.';
COMMENT ON COLUMN public.source_reads.id IS 'Read number.';
COMMENT ON COLUMN public.source_reads.run_id IS 'The run that read.';
COMMENT ON COLUMN public.source_reads.source_id IS 'The source.';
COMMENT ON COLUMN public.source_reads.at IS 'Clock of the run.';
COMMENT ON COLUMN public.source_reads.state IS 'reading while it goes on; then complete, empty, partial, blocked or unreachable.';
COMMENT ON COLUMN public.source_reads.pages IS 'Pages or files read.';
COMMENT ON COLUMN public.source_reads.items IS 'Documents in them, duplicates and unreadable ones included.';
COMMENT ON COLUMN public.source_reads.stated_count IS 'How many ads the source says it has, where it says so.';
COMMENT ON COLUMN public.source_reads.bytes IS 'Bytes read, after decompression.';
COMMENT ON COLUMN public.source_reads.uploaded IS 'Documents that were new or different and so were stored.';
COMMENT ON COLUMN public.source_reads.why IS 'Why it is not complete, in words; of a complete read, what was mended or passed over in it.';
COMMENT ON COLUMN public.source_reads.way IS 'Hash of how the source is read: a read that died goes on only if that is unchanged.';
COMMENT ON COLUMN public.source_reads.bookmark IS 'Where the crawl stands after the newest page that is stored; a read that died goes on there.';
COMMENT ON COLUMN public.source_reads.etag IS 'What the source says of its state, sent back by the next read.';
COMMENT ON COLUMN public.source_reads.last_modified IS 'When the source says that it last changed, sent back by the next read.';
COMMENT ON COLUMN public.source_reads.same_as IS 'The source said that nothing has changed since this read, which counts again.';
COMMENT ON COLUMN public.source_reads.started_at IS 'Wall clock at the start.';
COMMENT ON COLUMN public.source_reads.finished_at IS 'Wall clock at the end.';
ALTER TABLE public.source_reads ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.source_reads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.staging_documents (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    source_id text NOT NULL,
    external_id text NOT NULL,
    raw_content jsonb NOT NULL,
    scraped_at timestamp with time zone NOT NULL,
    processed_at timestamp with time zone,
    processing_status text DEFAULT 'pending'::text NOT NULL,
    error_details text,
    metadata jsonb,
    CONSTRAINT staging_documents_processing_status_check CHECK ((processing_status = ANY (ARRAY['pending'::text, 'processed'::text, 'failed'::text, 'discarded'::text])))
);
ALTER TABLE ONLY public.staging_documents ALTER COLUMN raw_content SET COMPRESSION lz4;
COMMENT ON TABLE public.staging_documents IS 'The newest raw document of every ad, as the source gave it.';
COMMENT ON COLUMN public.staging_documents.institution_id IS 'The institution.';
COMMENT ON COLUMN public.staging_documents.id IS 'Document number.';
COMMENT ON COLUMN public.staging_documents.source_id IS 'The source, e.g. seek, nswgov.';
COMMENT ON COLUMN public.staging_documents.external_id IS 'The id that the source gives the ad, raw; sha256:... of the bytes where it gives none.';
COMMENT ON COLUMN public.staging_documents.raw_content IS 'The document. Unreadable bytes are kept as {"unreadable": text}.';
COMMENT ON COLUMN public.staging_documents.scraped_at IS 'Clock of the run that stored this content.';
COMMENT ON COLUMN public.staging_documents.processed_at IS 'Clock of the run that derived it.';
COMMENT ON COLUMN public.staging_documents.processing_status IS 'pending, processed, failed, discarded.';
COMMENT ON COLUMN public.staging_documents.error_details IS 'Why it failed, in words.';
COMMENT ON COLUMN public.staging_documents.metadata IS 'Where it came from: url or file, line, read number, bytes, warnings.';
ALTER TABLE public.staging_documents ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staging_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.staging_failed_documents (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    failure_timestamp timestamp with time zone NOT NULL,
    error_type text NOT NULL,
    error_details text,
    retry_count integer DEFAULT 0 NOT NULL
);
COMMENT ON TABLE public.staging_failed_documents IS 'Dead letters: documents that could not become a job for a reason outside the rules.';
COMMENT ON COLUMN public.staging_failed_documents.institution_id IS 'The institution.';
COMMENT ON COLUMN public.staging_failed_documents.id IS 'Failure number.';
COMMENT ON COLUMN public.staging_failed_documents.document_id IS 'The document.';
COMMENT ON COLUMN public.staging_failed_documents.failure_timestamp IS 'Clock of the run in which it first failed so.';
COMMENT ON COLUMN public.staging_failed_documents.error_type IS 'unreadable, missing_id, duplicate_id or system_error.';
COMMENT ON COLUMN public.staging_failed_documents.error_details IS 'Why, in words.';
COMMENT ON COLUMN public.staging_failed_documents.retry_count IS 'Tries so far.';
ALTER TABLE public.staging_failed_documents ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staging_failed_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.staging_jobs (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    company_id uuid,
    division_id uuid,
    source_id text NOT NULL,
    original_id text NOT NULL,
    external_id text GENERATED ALWAYS AS (((source_id || ':'::text) || original_id)) STORED,
    raw_data jsonb NOT NULL,
    processed boolean DEFAULT false NOT NULL,
    processing_metadata jsonb,
    validation_status text DEFAULT 'pending'::text NOT NULL,
    validation_timestamp timestamp with time zone,
    validation_errors jsonb,
    CONSTRAINT staging_jobs_validation_status_check CHECK ((validation_status = ANY (ARRAY['pending'::text, 'valid'::text, 'failed'::text, 'held'::text])))
);
COMMENT ON TABLE public.staging_jobs IS 'Ads with canonical fields that wait: failed or held, with every reason; promoted ones leave in the promoting transaction.';
COMMENT ON COLUMN public.staging_jobs.institution_id IS 'The institution.';
COMMENT ON COLUMN public.staging_jobs.id IS 'Staging number.';
COMMENT ON COLUMN public.staging_jobs.document_id IS 'The document it was derived from.';
COMMENT ON COLUMN public.staging_jobs.company_id IS 'The company, when resolved.';
COMMENT ON COLUMN public.staging_jobs.division_id IS 'The division, when resolved.';
COMMENT ON COLUMN public.staging_jobs.source_id IS 'The source.';
COMMENT ON COLUMN public.staging_jobs.original_id IS 'The id that the source gives the ad.';
COMMENT ON COLUMN public.staging_jobs.external_id IS 'source_id:original_id.';
COMMENT ON COLUMN public.staging_jobs.raw_data IS 'The canonical fields as derived, failing values included as found.';
COMMENT ON COLUMN public.staging_jobs.processed IS 'true once the segment has derived it.';
COMMENT ON COLUMN public.staging_jobs.processing_metadata IS 'Segment fingerprint, run, warnings.';
COMMENT ON COLUMN public.staging_jobs.validation_status IS 'pending, valid, failed, held.';
COMMENT ON COLUMN public.staging_jobs.validation_timestamp IS 'Clock of the run that judged it.';
COMMENT ON COLUMN public.staging_jobs.validation_errors IS 'Every reason at once: a list of {type, field, message, rule, version}.';
ALTER TABLE public.staging_jobs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staging_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.staging_validation_failures (
    institution_id uuid NOT NULL,
    id bigint NOT NULL,
    staging_job_id bigint NOT NULL,
    validation_timestamp timestamp with time zone NOT NULL,
    validation_type text NOT NULL,
    field_name text,
    error_message text,
    raw_data jsonb,
    since timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.staging_validation_failures IS 'One row per reason against a staging job.';
COMMENT ON COLUMN public.staging_validation_failures.institution_id IS 'The institution.';
COMMENT ON COLUMN public.staging_validation_failures.id IS 'Failure number.';
COMMENT ON COLUMN public.staging_validation_failures.staging_job_id IS 'The staging job.';
COMMENT ON COLUMN public.staging_validation_failures.validation_timestamp IS 'Clock of the run that judged it.';
COMMENT ON COLUMN public.staging_validation_failures.validation_type IS 'missing_field, invalid_type, invalid_length, invalid_date, invalid_array, invalid_relationship, invalid_date_range, invalid_url, system_error, or the type that a rule names.';
COMMENT ON COLUMN public.staging_validation_failures.field_name IS 'The field, where one is to blame.';
COMMENT ON COLUMN public.staging_validation_failures.error_message IS 'The reason in words.';
COMMENT ON COLUMN public.staging_validation_failures.raw_data IS 'The reason as JSON, with the rule and the value found.';
COMMENT ON COLUMN public.staging_validation_failures.since IS 'Clock of the run in which the reason first stood against the ad.';
ALTER TABLE public.staging_validation_failures ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.staging_validation_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW public.trending_changes AS
 SELECT w.institution_id,
    w.source_id,
    w.field,
    w.week,
    w.changes,
    w.jobs_changed,
    round((COALESCE(sum(w.changes) OVER before, (0)::numeric) / 4.0), 2) AS usual,
    round(((w.changes)::numeric / NULLIF((sum(w.changes) OVER before / 4.0), (0)::numeric)), 2) AS times_usual
   FROM ( SELECT job_changes.institution_id,
            job_changes.source_id,
            job_changes.field,
            (date_trunc('week'::text, (job_changes.created_at AT TIME ZONE 'UTC'::text)))::date AS week,
            count(*) AS changes,
            count(DISTINCT job_changes.job_id) AS jobs_changed
           FROM public.job_changes
          WHERE ((job_changes.field <> 'status'::text) AND (job_changes.takes_back IS NULL))
          GROUP BY job_changes.institution_id, job_changes.source_id, job_changes.field, ((date_trunc('week'::text, (job_changes.created_at AT TIME ZONE 'UTC'::text)))::date)) w
  WINDOW before AS (PARTITION BY w.institution_id, w.source_id, w.field ORDER BY w.week RANGE BETWEEN '28 days'::interval PRECEDING AND '7 days'::interval PRECEDING);
COMMENT ON VIEW public.trending_changes IS 'Changes of each field by week, against the mean of the four weeks before.';
COMMENT ON COLUMN public.trending_changes.institution_id IS 'The institution.';
COMMENT ON COLUMN public.trending_changes.source_id IS 'The source.';
COMMENT ON COLUMN public.trending_changes.field IS 'The field.';
COMMENT ON COLUMN public.trending_changes.week IS 'Monday of the week, UTC.';
COMMENT ON COLUMN public.trending_changes.changes IS 'Changes in that week.';
COMMENT ON COLUMN public.trending_changes.jobs_changed IS 'In how many jobs.';
COMMENT ON COLUMN public.trending_changes.usual IS 'Mean of the four weeks before.';
COMMENT ON COLUMN public.trending_changes.times_usual IS 'changes / usual; NULL if there were none before.';
CREATE TABLE public.versions (
    institution_id uuid NOT NULL,
    part text NOT NULL,
    hash bytea NOT NULL,
    text text NOT NULL,
    first_used_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.versions IS 'Every version of every rule and mapping that ever ran, as text: `weir rules log`.';
COMMENT ON COLUMN public.versions.institution_id IS 'The institution.';
COMMENT ON COLUMN public.versions.part IS 'What it is: rule SET/ID, mapping of FIELD, mandatory field NAME, ...';
COMMENT ON COLUMN public.versions.hash IS 'As in fingerprints.parts; reasons against ads name its first eight digits.';
COMMENT ON COLUMN public.versions.text IS 'What it was made of: of a rule its type, field, severity, scripts, parameters and lists.';
COMMENT ON COLUMN public.versions.first_used_at IS 'Clock of the first run that used it.';
INSERT INTO public._sqlx_migrations VALUES (1, 'heart', '2026-11-29 23:41:54.128064+00', true, '\xcf428d95933f0a04e2cdfadae0b45d44d9fb295e3ce9e18961f00bf7de2269bbdd6137ce58e786601dc472999d928f9a', 421757940);
INSERT INTO public._sqlx_migrations VALUES (4, 'biography', '2026-11-29 23:41:54.561688+00', true, '\x966fd69cec16027fca26141677afd9814513486d96d4447052795023bd01107138391bb71f73e81516f8b0c8497f35f6', 43940055);
INSERT INTO public._sqlx_migrations VALUES (5, 'quality', '2026-11-29 23:41:54.617644+00', true, '\x6daef2f6a37304fb7aeedf164b2e31b7bab63953ca6992913e048c1849c82421a337556b310be85e1f5648299b90673b', 76017273);
INSERT INTO public._sqlx_migrations VALUES (6, 'failures', '2026-11-29 23:41:54.705858+00', true, '\xfc6d7708e6e6950aea80a59d6193404e85a86b5cf20fffbcb5c41771060b3743c53d82249f55a70ab12e8d190697ddb2', 75725218);
INSERT INTO public._sqlx_migrations VALUES (7, 'documents', '2026-11-29 23:41:54.785666+00', true, '\xa5dd889117b1a1a1c6f52aff15bead5b2a5d2031dc5d989a50efe22e5040569e701b5e11bed1332f31337bd502ff7fac', 32008890);
INSERT INTO public._sqlx_migrations VALUES (8, 'clocks', '2026-11-29 23:41:54.821656+00', true, '\x1c5d7756b450de5cce6c34d4c302c1b39e9a8d819071fb02a8c5d6c5454ef00bff8b3a89248faa748a9e700fc944535a', 4120133);
INSERT INTO public._sqlx_migrations VALUES (9, 'revisions', '2026-11-29 23:41:54.829621+00', true, '\x8657d1779ae42adb4407ea17e75f671d8df5fdbf892992a49d5cbef7390d80c2fd2f2b18516525ff967f911373ced2f5', 47933862);
INSERT INTO public._sqlx_migrations VALUES (10, 'projects', '2026-11-29 23:41:54.885698+00', true, '\x8ca71c708d93538e4d756dfb72536b62218728661b830270e3c9488f3e3b499505b32ee4465a977547d705dc92978b61', 36043322);
INSERT INTO public._sqlx_migrations VALUES (11, 'lost values', '2026-11-29 23:41:54.929547+00', true, '\xbcc3242afa2ab2a1220d09a452dd0a102ac483831da8215fcdc29390a7e116506e71d7638b45c56922e3053008ac639b', 28245644);
INSERT INTO public._sqlx_migrations VALUES (12, 'lookups', '2026-11-29 23:41:54.969649+00', true, '\x088c6f47b10a0f789dbac625415f2a4bdc05de84a5bf3e70fde919b9111f80487ffb23d54d091de349bcd2e285e914f0', 52089330);
INSERT INTO public._sqlx_migrations VALUES (13, 'walk', '2026-11-29 23:41:55.025609+00', true, '\xac12a319e152f934573448d958022a0318e9d1dbccc5b64590fca8c87272482a51470138b45a49a59d4cec45c5304441', 152307776);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '1', 1, '\xfbb5c553f29aebe7a27a37efd281ddd6', '\x14f120f7160cc93429f5f9c7915e671f', '2026-10-03 00:00:00+00', '\xfbb5c553f29aebe7a27a37efd281ddd6', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, 'e52ef267-69b0-562d-91ad-8260c1211811', 0, '\x0b82a04aa28ea43f2f80c37873db2893', '\x50dd3148bfbd62911c72400d99c53e07', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'updated', 3, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2', 2, '\x26c9e86a5f70c4ba01f3e0b8e05b434b', '\xd74475ab1d738a2502ae2cad57ca900f', '2026-10-03 00:00:00+00', '\x26c9e86a5f70c4ba01f3e0b8e05b434b', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, 'aa1cd03a-c654-571a-b201-5acd5641a042', 0, '\xd438cb1ec1c3b8224bc331eb4e4357d3', '\x8becd438f60b83814145c0f0f374969d', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'updated', 2, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '5', 5, '\x8c073b1b18d6f5636785c4a51c940eb2', '\xb36683138ddaca102bdf44943d7d53a7', '2026-10-03 00:00:00+00', '\x8c073b1b18d6f5636785c4a51c940eb2', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, '4937c9d3-d59f-5fd5-8640-7135ad48cab6', 0, '\x97a9ad9595ac0a3cf9da356894432b70', '\xd024253f311de6eadfa01fdd958892fc', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'created', 1, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '9', 9, '\xc7ed08ce8f2ee554a2f42d77a43ba1fc', '\xf45565b12b2fe665c3610dfd44900732', '2026-10-03 00:00:00+00', '\xc7ed08ce8f2ee554a2f42d77a43ba1fc', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, '4e30a2e3-7494-57b6-9305-c3565c100eb5', 0, '\x10426bfffa3111cf0dfaa502a570d3b7', '\x61fc5961cb504d10ffb6fd5b69088613', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'updated', 3, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '3', 3, '\xb111ef24415c81593c26a493b78a8396', '\x475507d75639507723b7e2600c107ecc', '2026-10-01 00:00:00+00', '\xb111ef24415c81593c26a493b78a8396', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, 'd46b5a59-d79c-59c3-ae3d-20753fa92588', 0, '\xb01eb01d8c0c6661ca0bc20b1608483a', '\xde55ee45c6424bb538ffd2abeb16ebd7', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'created', 1, NULL, NULL, NULL, '\xbf01', '\x000400', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '4', 4, '\xe191986b4d90222528df0dd6a707f930', '\xfd341dfb0a6c2d956380848600204a86', '2026-10-01 00:00:00+00', '\xe191986b4d90222528df0dd6a707f930', '\xf818698c08fb060225684f626e4300ca', 'held', NULL, NULL, 0, NULL, NULL, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, '\xbd01', '\x020000', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '6', 6, '\xaa9fc900d37a19f92ecc12ae5052bbbb', '\x751264bfa37b756894d9c28b720d5110', '2026-10-01 00:00:00+00', '\xaa9fc900d37a19f92ecc12ae5052bbbb', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, '384432e1-7112-523b-9d7f-69d0e3977e2f', 0, '\xf2f49175d4eb3e1fb0ab8c433a757815', '\x7c723510a849d77febd56dcea6a33637', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'reopened', 3, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '7', 7, '\x539111184d175c31e1438fbc71001fb9', '\xe45988f6177b0e2b900c9c14540b7436', '2026-10-02 00:00:00+00', '\x539111184d175c31e1438fbc71001fb9', '\xf818698c08fb060225684f626e4300ca', 'rejected', NULL, NULL, 0, NULL, NULL, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, '\xbf01', '\x000100', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '8', 8, '\x45b126a25389cffea22cb17234d93162', '\x3ebe24898247f0c106513666ae05b8f2', '2026-10-02 00:00:00+00', '\x45b126a25389cffea22cb17234d93162', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, '4805dbdd-4214-5847-ba6e-86326602fa70', 0, '\x71c95b0d2d523a8ea1c937665a8ba245', '\x572f1416cbcebd9043e77ed1315d0b16', '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'created', 1, NULL, NULL, NULL, '\xff01', '\x', NULL);
INSERT INTO public.ad_states VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '10', 16, '\x0d1288f91542c68d95d9d1797e78c4f7', '\xb62239a771df4b19e5239f40688231e3', '2026-10-03 00:00:00+00', '\x0d1288f91542c68d95d9d1797e78c4f7', '\xf818698c08fb060225684f626e4300ca', 'published', NULL, 'a427a9c6-5178-586e-ac02-29e97b359658', 0, '\xcf0a160de36abda0c947ba9cbf02c817', '\xd48645807947dad29e6650abdffc9f29', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', 3, 0, NULL, false, NULL, NULL, NULL, 0, NULL, 'updated', 3, NULL, NULL, NULL, '\xbf01', '\x', NULL);
INSERT INTO public.companies VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '0d56079a-164f-592a-8c67-31aa18331d10', 'Acme Pty Ltd', 'acme pty ltd', '2026-10-01 00:00:00+00', 'run');
INSERT INTO public.fingerprints VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', 'board', '{"form": 2, "company": "695ce9655a9446e415237de9e18d93bd", "division": "3fb647c154c31f9dade3f9a4b194efb9", "code of extract": "e67a9c4536256f1ec7495a146b5442fa", "code of promote": "d63bd9a826af91c1fea371965a64e11e", "code of resolve": "d63bd9a826af91c1fea371965a64e11e", "compared fields": "67a24c2a6417e169d9aa89d60b8a19ca", "date of the run": "725fb643535e885ea91e5847cb1c4b0f", "code of validate": "d63bd9a826af91c1fea371965a64e11e", "mapping of grade": "5689fec6a5d0d7f9e4e5736c5b7139b4", "mapping of title": "6f193cc3c5b87ae2c7568da1b3922ed9", "mapping of locations": "7c9e952fe7a91d45f184232ad5fec0f5", "mapping of open_date": "f781627469274aeaacc4cec4155cd420", "mapping of recruiter": "6c4ab54430f2ffb7670aca0244816233", "mandatory field title": "f3b8e6d1f7250bdf5a5ed160710ab86c", "mapping of close_date": "d1f13902680786490e5a7a276ac1a0fa", "mapping of source_url": "c9ab4a899ebe9e928c26f9cfd1c4ebb8", "mapping of description": "73e4e005f625c52789cd052ef94d37c3", "rule common/not-closed": "8c0be1f052c67786165a730ef3c6b95c", "rule common/open-at-most": "1a06aac4f0218dba0866a804b904a63d", "rule common/close-after-open": "d7244589e425ae7cfac8ef284187b1b9"}', '2026-10-01 00:00:00+00');
INSERT INTO public.fingerprints VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '\x12bcfd46d7e8aa4b298c2abfe305fcd9', 'board', '{"form": 2, "company": "695ce9655a9446e415237de9e18d93bd", "division": "3fb647c154c31f9dade3f9a4b194efb9", "code of extract": "e67a9c4536256f1ec7495a146b5442fa", "code of promote": "d63bd9a826af91c1fea371965a64e11e", "code of resolve": "d63bd9a826af91c1fea371965a64e11e", "compared fields": "67a24c2a6417e169d9aa89d60b8a19ca", "date of the run": "fa9f5c5222efcb27738368c97284966b", "code of validate": "d63bd9a826af91c1fea371965a64e11e", "mapping of grade": "5689fec6a5d0d7f9e4e5736c5b7139b4", "mapping of title": "6f193cc3c5b87ae2c7568da1b3922ed9", "mapping of locations": "7c9e952fe7a91d45f184232ad5fec0f5", "mapping of open_date": "f781627469274aeaacc4cec4155cd420", "mapping of recruiter": "6c4ab54430f2ffb7670aca0244816233", "mandatory field title": "f3b8e6d1f7250bdf5a5ed160710ab86c", "mapping of close_date": "d1f13902680786490e5a7a276ac1a0fa", "mapping of source_url": "c9ab4a899ebe9e928c26f9cfd1c4ebb8", "mapping of description": "73e4e005f625c52789cd052ef94d37c3", "rule common/not-closed": "8c0be1f052c67786165a730ef3c6b95c", "rule common/open-at-most": "1a06aac4f0218dba0866a804b904a63d", "rule common/close-after-open": "d7244589e425ae7cfac8ef284187b1b9"}', '2026-10-02 00:00:00+00');
INSERT INTO public.fingerprints VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '\xf818698c08fb060225684f626e4300ca', 'board', '{"form": 2, "company": "695ce9655a9446e415237de9e18d93bd", "division": "3fb647c154c31f9dade3f9a4b194efb9", "code of extract": "e67a9c4536256f1ec7495a146b5442fa", "code of promote": "d63bd9a826af91c1fea371965a64e11e", "code of resolve": "d63bd9a826af91c1fea371965a64e11e", "compared fields": "67a24c2a6417e169d9aa89d60b8a19ca", "date of the run": "2d632b85c0dc5b691bb731549699e810", "code of validate": "d63bd9a826af91c1fea371965a64e11e", "mapping of grade": "5689fec6a5d0d7f9e4e5736c5b7139b4", "mapping of title": "6f193cc3c5b87ae2c7568da1b3922ed9", "mapping of locations": "7c9e952fe7a91d45f184232ad5fec0f5", "mapping of open_date": "f781627469274aeaacc4cec4155cd420", "mapping of recruiter": "6c4ab54430f2ffb7670aca0244816233", "mandatory field title": "f3b8e6d1f7250bdf5a5ed160710ab86c", "mapping of close_date": "d1f13902680786490e5a7a276ac1a0fa", "mapping of source_url": "c9ab4a899ebe9e928c26f9cfd1c4ebb8", "mapping of description": "73e4e005f625c52789cd052ef94d37c3", "rule common/not-closed": "8c0be1f052c67786165a730ef3c6b95c", "rule common/open-at-most": "1a06aac4f0218dba0866a804b904a63d", "rule common/close-after-open": "d7244589e425ae7cfac8ef284187b1b9"}', '2026-10-03 00:00:00+00');
INSERT INTO public.hold_revisions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'f50331', '{"ads": [{"ad": "4", "title": "Cook", "fields": "fe8d6e989db0e3167395d3c5b2908433"}], "name": "Strangers Inc"}', '2026-10-01 00:00:00+00');
INSERT INTO public.holds VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'company', 'board', 'Strangers Inc', 'unknown company `Strangers Inc`', '{"name": "Strangers Inc"}', 'open', '2026-10-01 00:00:00+00', 1, NULL, NULL, NULL, NULL);
INSERT INTO public.institutions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'acme', 'acme', 'Australia/Sydney', true, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'aa1cd03a-c654-571a-b201-5acd5641a042', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '2', DEFAULT, 0, 'Senior Park Ranger', 'Work number 2. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/2', NULL, NULL, '{Bega}', '{"grade": "G2"}', '{"id": 2, "url": "https://acme.example/2", "about": "Work number 2. Care for people. Care for people. ", "grade": "G2", "title": "Senior Park Ranger", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\x50f253a8657459359056b91d49cd0d0e', 'open', NULL, NULL, NULL, NULL, NULL, 2, '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4805dbdd-4214-5847-ba6e-86326602fa70', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '8', DEFAULT, 0, 'Gardener', 'Work number 8. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/8', NULL, '{"name": "Bob", "phone": "2"}', '{Bega}', '{"grade": "G8"}', '{"id": 8, "url": "https://acme.example/8", "about": "Work number 8. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G8", "title": "Gardener", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "contact": {"name": "Ada", "phone": "1"}, "employer": "Acme Pty Ltd"}', '\x64b053a41be2c73aa8e7000492c894aa', 'open', NULL, NULL, NULL, NULL, NULL, 1, '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4e30a2e3-7494-57b6-9305-c3565c100eb5', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '9', DEFAULT, 0, 'Teacher of Music and Art', 'Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/9', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G9"}', '{"id": 9, "url": "https://acme.example/9", "about": "Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G9", "title": "Teacher of Music and Art", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xc7ed08ce8f2ee554a2f42d77a43ba1fc', 'open', NULL, NULL, NULL, NULL, NULL, 3, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'a427a9c6-5178-586e-ac02-29e97b359658', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '10', DEFAULT, 0, 'Baker', 'Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-24', NULL, NULL, NULL, 'https://acme.example/10', NULL, NULL, '{Bega}', '{"grade": "G10"}', '{"id": 10, "url": "https://acme.example/10", "about": "Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G10", "title": "Baker", "views": 0, "closes": "2026-12-24", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\x0d1288f91542c68d95d9d1797e78c4f7', 'open', NULL, NULL, NULL, NULL, NULL, 2, '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'e52ef267-69b0-562d-91ad-8260c1211811', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '1', DEFAULT, 0, 'Head Nurse', 'Work number 1. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/1', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G1"}', '{"id": 1, "url": "https://acme.example/1", "about": "Work number 1. Care for people. ", "grade": "G1", "title": "Head Nurse", "views": 4, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xfbb5c553f29aebe7a27a37efd281ddd6', 'open', NULL, NULL, NULL, NULL, NULL, 2, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '384432e1-7112-523b-9d7f-69d0e3977e2f', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '6', DEFAULT, 0, 'Pilot', 'Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/6', NULL, NULL, '{Bega}', '{"grade": "G6"}', '{"id": 6, "url": "https://acme.example/6", "about": "Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G6", "title": "Pilot", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\xaa9fc900d37a19f92ecc12ae5052bbbb', 'open', NULL, NULL, NULL, '2026-10-03 00:00:00+00', NULL, 3, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'd46b5a59-d79c-59c3-ae3d-20753fa92588', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '3', DEFAULT, 0, 'Clerk', 'Work number 3. Care for people. Care for people. Care for people.', '2026-09-01', '2026-10-02', NULL, NULL, NULL, 'https://acme.example/3', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G3"}', '{"id": 3, "url": "https://acme.example/3", "about": "Work number 3. Care for people. Care for people. Care for people. ", "grade": "G3", "title": "Clerk", "views": 0, "closes": "2026-10-02", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xb111ef24415c81593c26a493b78a8396', 'archived', '2026-10-03 00:00:00+00', 'closed', '2026-10-02', NULL, NULL, 2, '2026-10-01 00:00:00+00', '2026-10-03 00:00:00+00');
INSERT INTO public.jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4937c9d3-d59f-5fd5-8640-7135ad48cab6', '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '5', DEFAULT, 0, 'Guard', 'Work number 5. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/jobs/5b', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G5"}', '{"id": 5, "url": "https://acme.example/5", "about": "Work number 5. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G5", "title": "Guard", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xfa6ca4ade0761babebc483dd00b8a98a', 'open', NULL, NULL, NULL, NULL, NULL, 1, '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00');
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'e52ef267-69b0-562d-91ad-8260c1211811', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '1', 'board:1', 'Nurse', 'Work number 1. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/1', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G1"}', '{"id": 1, "url": "https://acme.example/1", "about": "Work number 1. Care for people. ", "grade": "G1", "title": "Nurse", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\x8f2253ccfc7eb7fe8c361696d2c1228b', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'aa1cd03a-c654-571a-b201-5acd5641a042', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '2', 'board:2', 'Senior Ranger', 'Work number 2. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/2', NULL, NULL, '{Bega}', '{"grade": "G2"}', '{"id": 2, "url": "https://acme.example/2", "about": "Work number 2. Care for people. Care for people. ", "grade": "G2", "title": "Senior Ranger", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\xa46ddcec8b580c9a864b4b4573aedf15', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'd46b5a59-d79c-59c3-ae3d-20753fa92588', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '3', 'board:3', 'Clerk', 'Work number 3. Care for people. Care for people. Care for people.', '2026-09-01', '2026-10-02', NULL, NULL, NULL, 'https://acme.example/3', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G3"}', '{"id": 3, "url": "https://acme.example/3", "about": "Work number 3. Care for people. Care for people. Care for people. ", "grade": "G3", "title": "Clerk", "views": 0, "closes": "2026-10-02", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xb111ef24415c81593c26a493b78a8396', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4937c9d3-d59f-5fd5-8640-7135ad48cab6', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '5', 'board:5', 'Guard', 'Work number 5. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/5', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G5"}', '{"id": 5, "url": "https://acme.example/5", "about": "Work number 5. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G5", "title": "Guard", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xfa6ca4ade0761babebc483dd00b8a98a', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '384432e1-7112-523b-9d7f-69d0e3977e2f', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '6', 'board:6', 'Pilot', 'Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/6', NULL, NULL, '{Bega}', '{"grade": "G6"}', '{"id": 6, "url": "https://acme.example/6", "about": "Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G6", "title": "Pilot", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\xaa9fc900d37a19f92ecc12ae5052bbbb', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4805dbdd-4214-5847-ba6e-86326602fa70', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '8', 'board:8', 'Gardener', 'Work number 8. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/8', NULL, '{"name": "Ada", "phone": "1"}', '{Bega}', '{"grade": "G8"}', '{"id": 8, "url": "https://acme.example/8", "about": "Work number 8. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G8", "title": "Gardener", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "contact": {"name": "Ada", "phone": "1"}, "employer": "Acme Pty Ltd"}', '\x64b053a41be2c73aa8e7000492c894aa', 'open', '{title,description,open_date,close_date,source_url,recruiter,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4e30a2e3-7494-57b6-9305-c3565c100eb5', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '9', 'board:9', 'Teacher', 'Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/9', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G9"}', '{"id": 9, "url": "https://acme.example/9", "about": "Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G9", "title": "Teacher", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\x37d414a6013114c1ff30008616118af2', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 1, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', '2026-10-01 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'a427a9c6-5178-586e-ac02-29e97b359658', 1, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '10', 'board:10', 'Baker', 'Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/10', NULL, NULL, '{Bega}', '{"grade": "G10"}', '{"id": 10, "url": "https://acme.example/10", "about": "Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G10", "title": "Baker", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\x5b4bcbc5fd4b7a4c47fee330289d5e3f', 'open', '{title,description,open_date,close_date,source_url,locations,company_id,extra}', NULL, 'create', 'initial job creation', 2, '\x12bcfd46d7e8aa4b298c2abfe305fcd9', '2026-10-02 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4e30a2e3-7494-57b6-9305-c3565c100eb5', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '9', 'board:9', 'Teacher of Music', 'Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/9', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G9"}', '{"id": 9, "url": "https://acme.example/9", "about": "Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G9", "title": "Teacher of Music", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\x1e321e24953ef189ba6a3cc1d20aa8d2', 'open', '{title}', '{"title": {"new": "Teacher of Music", "old": "Teacher"}}', 'update', 'general details updated', 2, '\x12bcfd46d7e8aa4b298c2abfe305fcd9', '2026-10-02 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'aa1cd03a-c654-571a-b201-5acd5641a042', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '2', 'board:2', 'Senior Park Ranger', 'Work number 2. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/2', NULL, NULL, '{Bega}', '{"grade": "G2"}', '{"id": 2, "url": "https://acme.example/2", "about": "Work number 2. Care for people. Care for people. ", "grade": "G2", "title": "Senior Park Ranger", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\x50f253a8657459359056b91d49cd0d0e', 'open', '{title}', '{"title": {"new": "Senior Park Ranger", "old": "Senior Ranger"}}', 'update', 'general details updated', 2, '\x12bcfd46d7e8aa4b298c2abfe305fcd9', '2026-10-02 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '384432e1-7112-523b-9d7f-69d0e3977e2f', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '6', 'board:6', 'Pilot', 'Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/6', NULL, NULL, '{Bega}', '{"grade": "G6"}', '{"id": 6, "url": "https://acme.example/6", "about": "Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G6", "title": "Pilot", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\xaa9fc900d37a19f92ecc12ae5052bbbb', 'archived', '{status}', '{"status": {"new": "archived", "old": "open"}}', 'archive', 'archived: missing from source (1 complete read since 2026-10-01 00:00Z)', 2, NULL, '2026-10-02 00:00:00+00', 'etl_pipeline', '2026-10-02 00:00:00+00', 'missing', NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'e52ef267-69b0-562d-91ad-8260c1211811', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '1', 'board:1', 'Head Nurse', 'Work number 1. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/1', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G1"}', '{"id": 1, "url": "https://acme.example/1", "about": "Work number 1. Care for people. ", "grade": "G1", "title": "Head Nurse", "views": 4, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xfbb5c553f29aebe7a27a37efd281ddd6', 'open', '{title}', '{"title": {"new": "Head Nurse", "old": "Nurse"}}', 'update', 'general details updated', 3, '\xf818698c08fb060225684f626e4300ca', '2026-10-03 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'a427a9c6-5178-586e-ac02-29e97b359658', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '10', 'board:10', 'Baker', 'Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-24', NULL, NULL, NULL, 'https://acme.example/10', NULL, NULL, '{Bega}', '{"grade": "G10"}', '{"id": 10, "url": "https://acme.example/10", "about": "Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G10", "title": "Baker", "views": 0, "closes": "2026-12-24", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\x0d1288f91542c68d95d9d1797e78c4f7', 'open', '{close_date}', '{"close_date": {"new": "2026-12-24", "old": "2026-12-01"}}', 'update', 'general details updated', 3, '\xf818698c08fb060225684f626e4300ca', '2026-10-03 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '4e30a2e3-7494-57b6-9305-c3565c100eb5', 3, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '9', 'board:9', 'Teacher of Music and Art', 'Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/9', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G9"}', '{"id": 9, "url": "https://acme.example/9", "about": "Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G9", "title": "Teacher of Music and Art", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xc7ed08ce8f2ee554a2f42d77a43ba1fc', 'open', '{title}', '{"title": {"new": "Teacher of Music and Art", "old": "Teacher of Music"}}', 'update', 'general details updated', 3, '\xf818698c08fb060225684f626e4300ca', '2026-10-03 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '384432e1-7112-523b-9d7f-69d0e3977e2f', 3, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '6', 'board:6', 'Pilot', 'Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people.', '2026-09-01', '2026-12-01', NULL, NULL, NULL, 'https://acme.example/6', NULL, NULL, '{Bega}', '{"grade": "G6"}', '{"id": 6, "url": "https://acme.example/6", "about": "Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G6", "title": "Pilot", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '\xaa9fc900d37a19f92ecc12ae5052bbbb', 'open', '{status}', '{"status": {"new": "open", "old": "archived"}}', 'reopen', 'reopened: listed again', 3, '\xf818698c08fb060225684f626e4300ca', '2026-10-03 00:00:00+00', 'etl_pipeline', NULL, NULL, NULL, '2026-10-03 00:00:00+00', NULL, NULL);
INSERT INTO public.jobs_history VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'd46b5a59-d79c-59c3-ae3d-20753fa92588', 2, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '3', 'board:3', 'Clerk', 'Work number 3. Care for people. Care for people. Care for people.', '2026-09-01', '2026-10-02', NULL, NULL, NULL, 'https://acme.example/3', NULL, NULL, '{Dubbo,Orange}', '{"grade": "G3"}', '{"id": 3, "url": "https://acme.example/3", "about": "Work number 3. Care for people. Care for people. Care for people. ", "grade": "G3", "title": "Clerk", "views": 0, "closes": "2026-10-02", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '\xb111ef24415c81593c26a493b78a8396', 'archived', '{status}', '{"status": {"new": "archived", "old": "open"}}', 'archive', 'archived: closing date passed (2026-10-02)', 3, NULL, '2026-10-03 00:00:00+00', 'etl_pipeline', '2026-10-03 00:00:00+00', 'closed', '2026-10-02', NULL, NULL, NULL);
INSERT INTO public.plan_outlines VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', '\x2ed631e6da7acc4990008629992455b9', '{"stages": [{"kind": "fetch", "after": [], "parts": {"board": {"code of fetch": "d63bd9a8", "how it is read": "26e1b28f"}}, "stage": "fetch:board", "source": "board", "explain": ["feeds/board.json"], "fingerprint": "7a7ad1bd6ba17a0f55c5c56cda822cdd"}, {"kind": "extract", "after": ["fetch:board"], "parts": {"board": {"code of extract": "e67a9c45", "mapping of grade": "5689fec6", "mapping of title": "6f193cc3", "mapping of locations": "7c9e952f", "mapping of open_date": "f7816274", "mapping of recruiter": "6c4ab544", "mapping of close_date": "d1f13902", "mapping of source_url": "c9ab4a89", "mapping of description": "73e4e005"}}, "stage": "extract:board", "source": "board", "explain": ["8 fields", "title, description, open_date, close_date, source_url, recruiter, locations, grade"], "fingerprint": "a138234906829c93c5d59500c3cf77b9"}, {"kind": "resolve", "after": ["extract:board"], "parts": {"board": {"company": "695ce965", "division": "3fb647c1", "code of resolve": "d63bd9a8"}}, "stage": "resolve:board", "source": "board", "explain": ["company from $.employer, unknown: hold"], "fingerprint": "61f48be81333a437d50ad036047beea0"}, {"kind": "validate", "after": ["resolve:board"], "parts": {"board": {"code of validate": "d63bd9a8", "mandatory field title": "f3b8e6d1", "rule common/not-closed": "8c0be1f0", "rule common/open-at-most": "1a06aac4", "rule common/close-after-open": "d7244589"}}, "stage": "validate:board", "source": "board", "explain": ["1 mandatory, 3 rules", "title", "close-after-open, open-at-most, not-closed"], "fingerprint": "ee57e38e0665158412b5953f5e8371d3"}, {"kind": "promote", "after": ["validate:board"], "parts": {"board": {"code of promote": "d63bd9a8", "compared fields": "67a24c2a"}}, "stage": "promote:board", "source": "board", "explain": ["jobs and history", "compares title, description, open_date, close_date, department, department_id, job_type, remuneration, locations"], "fingerprint": "fe82e9d46c0b93e2efd75704dadd1875"}, {"kind": "archive", "after": ["promote:board"], "parts": {"board": {"code of archive": "d63bd9a8"}}, "stage": "archive:board", "source": "board", "explain": ["closed, or missing from 1 complete read", "reads 12h apart, at most 100% at once"], "fingerprint": "ee75a7e42bddedf8b92262e579967fa2"}, {"kind": "measure", "after": ["promote:board"], "parts": {"board": {"quality": "9687bf1d", "code of measure": "d63bd9a8"}}, "stage": "measure:board", "source": "board", "explain": ["fill rates, failures, changes"], "fingerprint": "df7436e65726a9a44318acea9b187745"}, {"kind": "report", "after": ["archive:board", "measure:board"], "parts": {"board": {}}, "stage": "report", "source": null, "explain": ["counts, error rates, sizes"], "fingerprint": "48fdf1e9d3aab0b2c4a022beb5c62b46"}], "pipeline": "daily", "schedule": null, "fingerprint": "2ed631e6da7acc4990008629992455b9", "institution": "acme"}', '2026-10-01 00:00:00+00');
INSERT INTO public.project_claims VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, '01a229af-c684-76c3-9683-e0b7f3ddb9ae', '2026-11-29 23:41:55.258658+00', 'run 1 on vm');
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'close_date', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'company_id', 8, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'description', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'grade', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'locations', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'open_date', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'recruiter', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'source_url', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'filled', 'title', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'refused', 'company_id', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'refused', 'title', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'fails', 'common/close-after-open', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'warns', 'common/not-closed', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 'warns', 'common/open-at-most', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'close_date', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'company_id', 8, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'description', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'grade', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'locations', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'open_date', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'recruiter', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'source_url', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'filled', 'title', 9, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'refused', 'company_id', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'refused', 'title', 1, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'fails', 'common/close-after-open', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'warns', 'common/not-closed', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'warns', 'common/open-at-most', 0, 9);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 'updated', '', 2, 7);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'close_date', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'company_id', 9, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'description', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'grade', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'locations', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'open_date', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'recruiter', 1, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'source_url', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'filled', 'title', 10, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'refused', 'company_id', 1, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'refused', 'title', 1, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'fails', 'common/close-after-open', 0, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'warns', 'common/not-closed', 1, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'warns', 'common/open-at-most', 0, 10);
INSERT INTO public.quality_measures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 'updated', '', 4, 8);
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'board', '1', 1, '\x8f2253ccfc7eb7fe8c361696d2c1228b', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'board', '2', 2, '\xa46ddcec8b580c9a864b4b4573aedf15', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'board', '5', 5, '\xfa6ca4ade0761babebc483dd00b8a98a', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 4, 'board', '7', 7, '\x5a0f8c98779c5310eb3a8d0e548a8005', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 5, 'board', '8', 8, '\x64b053a41be2c73aa8e7000492c894aa', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 6, 'board', '9', 9, '\x37d414a6013114c1ff30008616118af2', '2026-10-01 00:00:00+00', '2026-10-02 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 7, 'board', '1', 1, '\x4aa616cf4f3fb321f20947a531b57590', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 8, 'board', '10', 16, '\x5b4bcbc5fd4b7a4c47fee330289d5e3f', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 9, 'board', '2', 2, '\x50f253a8657459359056b91d49cd0d0e', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 10, 'board', '5', 5, '\x130d44a0a43f2ca42d42b5ce04a6697e', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.replaced_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 11, 'board', '9', 9, '\x1e321e24953ef189ba6a3cc1d20aa8d2', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00', '{"file": "feeds/board.json"}');
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 'extract:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 'resolve:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 'validate:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 'promote:board', 8);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 'archive:board', 7);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 'measure:board', 7);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'archive:board', 'report', 0);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'measure:board', 'report', 0);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 'extract:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 'resolve:board', 10);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 'validate:board', 10);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 'promote:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 'archive:board', 8);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 'measure:board', 8);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'archive:board', 'report', 1);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'measure:board', 'report', 0);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 'extract:board', 10);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 'resolve:board', 10);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 'validate:board', 10);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 'promote:board', 9);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 'archive:board', 8);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 'measure:board', 8);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'archive:board', 'report', 1);
INSERT INTO public.run_edges VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'measure:board', 'report', 0);
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 0, '2026-11-29 23:41:55.365124+00', 'info', 'fetch:board', '9 in, 9 out, 83 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 1, '2026-11-29 23:41:55.377644+00', 'info', 'fetch:board', 'read complete with 9 ads');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 2, '2026-11-29 23:41:55.37924+00', 'info', 'extract:board', '9 in, 9 out, 217 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 3, '2026-11-29 23:41:55.379248+00', 'info', 'resolve:board', '9 in, 9 out, 3.0 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 4, '2026-11-29 23:41:55.37925+00', 'info', 'validate:board', '9 in, 8 out, 1 refused, 285 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 5, '2026-11-29 23:41:55.379253+00', 'info', 'promote:board', '7 in, 7 out, 62 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 6, '2026-11-29 23:41:55.401946+00', 'info', 'archive:board', '0 in, 0 out, 22 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 7, '2026-11-29 23:41:55.406993+00', 'info', 'measure:board', '0 in, 0 out, 5.0 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 8, '2026-11-29 23:41:55.428567+00', 'info', 'report', '9 in, 9 out, 2.8 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 0, '2026-11-29 23:41:55.909208+00', 'info', 'fetch:board', '9 in, 9 out, 43 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 1, '2026-11-29 23:41:55.917148+00', 'info', 'fetch:board', 'read complete with 9 ads');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 2, '2026-11-29 23:41:55.933092+00', 'info', 'extract:board', '10 in, 10 out, 274 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 3, '2026-11-29 23:41:55.933098+00', 'info', 'resolve:board', '10 in, 10 out, 6.9 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 4, '2026-11-29 23:41:55.933101+00', 'info', 'validate:board', '10 in, 9 out, 1 refused, 304 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 5, '2026-11-29 23:41:55.933103+00', 'info', 'promote:board', '8 in, 8 out, 25 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 6, '2026-11-29 23:41:55.947881+00', 'info', 'archive:board', '1 in, 1 out, 14 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 7, '2026-11-29 23:41:55.965896+00', 'info', 'measure:board', '0 in, 0 out, 18 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 8, '2026-11-29 23:41:56.005022+00', 'info', 'report', '9 in, 9 out, 21 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 0, '2026-11-29 23:41:56.32118+00', 'info', 'fetch:board', '10 in, 10 out, 19 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 1, '2026-11-29 23:41:56.325841+00', 'info', 'fetch:board', 'read complete with 10 ads');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 2, '2026-11-29 23:41:56.367659+00', 'info', 'extract:board', '10 in, 10 out, 214 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 3, '2026-11-29 23:41:56.367666+00', 'info', 'resolve:board', '10 in, 10 out, 1.0 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 4, '2026-11-29 23:41:56.367669+00', 'info', 'validate:board', '10 in, 9 out, 1 refused, 117 µs');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 5, '2026-11-29 23:41:56.367672+00', 'info', 'promote:board', '8 in, 8 out, 33 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 6, '2026-11-29 23:41:56.380355+00', 'info', 'archive:board', '1 in, 1 out, 12 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 7, '2026-11-29 23:41:56.394214+00', 'info', 'measure:board', '0 in, 0 out, 13 ms');
INSERT INTO public.run_log VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 8, '2026-11-29 23:41:56.412767+00', 'info', 'report', '10 in, 10 out, 3.2 ms');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 0, 'board', '1', '', false, 'about: Work number 1. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G1 · id: 1 · opened: 2026-09-01 · places: Dubbo; Orange · title: Nurse · url: https://acme.example/1 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 1, 'board', '2', '', false, 'about: Work number 2. Care for people. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G2 · id: 2 · opened: 2026-09-01 · places: Bega · title: Senior Ranger · url: https://acme.example/2 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 2, 'board', '3', '', false, 'about: Work number 3. Care for people. Care for people. Care for p… · closes: 2026-10-02 · employer: Acme Pty Ltd · grade: G3 · id: 3 · opened: 2026-09-01 · places: Dubbo; Orange · title: Clerk · url: https://acme.example/3 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 3, 'board', '4', '', false, 'about: Work number 4. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Strangers Inc · grade: G4 · id: 4 · opened: 2026-09-01 · places: Bega · title: Cook · url: https://acme.example/4 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch:board', 4, 'board', '5', '', false, 'about: Work number 5. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G5 · id: 5 · opened: 2026-09-01 · places: Dubbo; Orange · title: Guard · url: https://acme.example/5 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 1, 'board', '2', 'Senior Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 2, 'board', '3', 'Clerk', false, 'open_date: 2026-09-01 · close_date: 2026-10-02 · source_url: https://acme.example/3 · locations: Dubbo, Orange · grade: G3');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 3, 'board', '4', 'Cook', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/4 · locations: Bega · grade: G4');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract:board', 4, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 1, 'board', '2', 'Senior Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 2, 'board', '3', 'Clerk', false, 'open_date: 2026-09-01 · close_date: 2026-10-02 · source_url: https://acme.example/3 · locations: Dubbo, Orange · grade: G3');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve:board', 4, 'board', '6', 'Pilot', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/6 · locations: Bega · grade: G6');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 0, 'board', '7', 'x', true, 'Field ''title'' must be at least 3 characters');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 1, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 2, 'board', '2', 'Senior Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 3, 'board', '3', 'Clerk', false, 'open_date: 2026-09-01 · close_date: 2026-10-02 · source_url: https://acme.example/3 · locations: Dubbo, Orange · grade: G3');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 4, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate:board', 5, 'board', '6', 'Pilot', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/6 · locations: Bega · grade: G6');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 1, 'board', '2', 'Senior Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 2, 'board', '3', 'Clerk', false, 'open_date: 2026-09-01 · close_date: 2026-10-02 · source_url: https://acme.example/3 · locations: Dubbo, Orange · grade: G3');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote:board', 4, 'board', '6', 'Pilot', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/6 · locations: Bega · grade: G6');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 0, 'board', '1', '', false, 'about: Work number 1. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G1 · id: 1 · opened: 2026-09-01 · places: Dubbo; Orange · title: Nurse · url: https://acme.example/1 · views: 3');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 1, 'board', '2', '', false, 'about: Work number 2. Care for people. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G2 · id: 2 · opened: 2026-09-01 · places: Bega · title: Senior Park Ranger · url: https://acme.example/2 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 2, 'board', '3', '', false, 'about: Work number 3. Care for people. Care for people. Care for p… · closes: 2026-10-02 · employer: Acme Pty Ltd · grade: G3 · id: 3 · opened: 2026-09-01 · places: Dubbo; Orange · title: Clerk · url: https://acme.example/3 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 3, 'board', '4', '', false, 'about: Work number 4. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Strangers Inc · grade: G4 · id: 4 · opened: 2026-09-01 · places: Bega · title: Cook · url: https://acme.example/4 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch:board', 4, 'board', '5', '', false, 'about: Work number 5. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G5 · id: 5 · opened: 2026-09-01 · places: Dubbo; Orange · title: Guard · url: https://acme.example/jobs/5 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract:board', 4, 'board', '7', 'x', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/7 · locations: Dubbo, Orange · grade: G7');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve:board', 4, 'board', '7', 'x', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/7 · locations: Dubbo, Orange · grade: G7');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 0, 'board', '7', 'x', true, 'Field ''title'' must be at least 3 characters');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 1, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 2, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 3, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 4, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate:board', 5, 'board', '8', 'Gardener', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/8 · recruiter: name Bob, phone 2 · locations: Bega · grade: G8');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 0, 'board', '1', 'Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5 · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote:board', 4, 'board', '8', 'Gardener', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/8 · recruiter: name Bob, phone 2 · locations: Bega · grade: G8');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'archive:board', 0, 'board', '6', '', false, 'archived');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 0, 'board', '1', '', false, 'about: Work number 1. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G1 · id: 1 · opened: 2026-09-01 · places: Dubbo; Orange · title: Head Nurse · url: https://acme.example/1 · views: 4');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 1, 'board', '2', '', false, 'about: Work number 2. Care for people. Care for people.  · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G2 · id: 2 · opened: 2026-09-01 · places: Bega · title: Senior Park Ranger · url: https://acme.example/2 · views: 2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 2, 'board', '3', '', false, 'about: Work number 3. Care for people. Care for people. Care for p… · closes: 2026-10-02 · employer: Acme Pty Ltd · grade: G3 · id: 3 · opened: 2026-09-01 · places: Dubbo; Orange · title: Clerk · url: https://acme.example/3 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 3, 'board', '4', '', false, 'about: Work number 4. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Strangers Inc · grade: G4 · id: 4 · opened: 2026-09-01 · places: Bega · title: Cook · url: https://acme.example/4 · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch:board', 4, 'board', '5', '', false, 'about: Work number 5. Care for people. Care for people. Care for p… · closes: 2026-12-01 · employer: Acme Pty Ltd · grade: G5 · id: 5 · opened: 2026-09-01 · places: Dubbo; Orange · title: Guard · url: https://acme.example/jobs/5b · views: 0');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 0, 'board', '1', 'Head Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-24 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5b · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract:board', 4, 'board', '9', 'Teacher of Music and Art', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/9 · locations: Dubbo, Orange · grade: G9');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 0, 'board', '1', 'Head Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-24 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5b · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve:board', 4, 'board', '9', 'Teacher of Music and Art', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/9 · locations: Dubbo, Orange · grade: G9');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 0, 'board', '7', 'x', true, 'Field ''title'' must be at least 3 characters');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 1, 'board', '1', 'Head Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 2, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-24 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 3, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 4, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5b · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate:board', 5, 'board', '9', 'Teacher of Music and Art', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/9 · locations: Dubbo, Orange · grade: G9');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 0, 'board', '1', 'Head Nurse', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/1 · locations: Dubbo, Orange · grade: G1');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 1, 'board', '10', 'Baker', false, 'open_date: 2026-09-01 · close_date: 2026-12-24 · source_url: https://acme.example/10 · locations: Bega · grade: G10');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 2, 'board', '2', 'Senior Park Ranger', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/2 · locations: Bega · grade: G2');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 3, 'board', '5', 'Guard', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/jobs/5b · locations: Dubbo, Orange · grade: G5');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote:board', 4, 'board', '9', 'Teacher of Music and Art', false, 'open_date: 2026-09-01 · close_date: 2026-12-01 · source_url: https://acme.example/9 · locations: Dubbo, Orange · grade: G9');
INSERT INTO public.run_samples VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'archive:board', 0, 'board', '3', '', false, 'archived');
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'fetch', 'board', 9, 9, 0, 83330, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'extract', 'board', 9, 9, 0, 217, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'resolve', 'board', 9, 9, 0, 3069, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'validate', 'board', 9, 8, 1, 285, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'promote', 'board', 7, 7, 0, 62016, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'archive', 'board', 0, 0, 0, 22689, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'measure', 'board', 0, 0, 0, 5036, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'report', '', 9, 9, 0, 2812, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'fetch', 'board', 9, 9, 0, 43487, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'extract', 'board', 10, 10, 0, 274, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'resolve', 'board', 10, 10, 0, 6973, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'validate', 'board', 10, 9, 1, 304, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'promote', 'board', 8, 8, 0, 25896, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'archive', 'board', 1, 1, 0, 14774, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'measure', 'board', 0, 0, 0, 18001, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'report', '', 9, 9, 0, 21281, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'fetch', 'board', 10, 10, 0, 19551, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'extract', 'board', 10, 10, 0, 214, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'resolve', 'board', 10, 10, 0, 1047, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'validate', 'board', 10, 9, 1, 117, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'promote', 'board', 8, 8, 0, 33496, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'archive', 'board', 1, 1, 0, 12678, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'measure', 'board', 0, 0, 0, 13847, NULL);
INSERT INTO public.run_stages VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'report', '', 10, 10, 0, 3231, NULL);
INSERT INTO public.runs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, '2026-10-01 00:00:00+00', 'done', '\x2ed631e6da7acc4990008629992455b9', 'vm', 26862, '2026-11-29 23:41:55.254047+00', '2026-11-29 23:41:55.473692+00', '{"at": "2026-10-01T00:00:00Z", "run": 1, "total": {"held": 1, "failed": 0, "created": 7, "updated": 0, "archived": 0, "rejected": 1, "reopened": 0, "documents": 9, "unchanged": 0}, "alerts": [], "millis": 200, "tables": {"jobs": 98304, "runs": 32768, "holds": 49152, "alerts": 16384, "run_log": 16384, "versions": 32768, "ad_states": 40960, "companies": 49152, "divisions": 24576, "run_edges": 16384, "plan_texts": 16384, "run_stages": 16384, "lost_values": 16384, "run_samples": 16384, "fingerprints": 32768, "institutions": 49152, "jobs_history": 98304, "source_reads": 49152, "staging_jobs": 49152, "plan_outlines": 32768, "hold_revisions": 32768, "project_claims": 32768, "source_quality": 32768, "quality_measures": 32768, "resolved_failures": 24576, "staging_documents": 81920, "replaced_documents": 24576, "staging_failed_documents": 24576, "staging_validation_failures": 49152}, "dry_run": false, "flowing": {"report": 9, "fetch:board": 9, "archive:board": 0, "extract:board": 9, "measure:board": 0, "promote:board": 7, "resolve:board": 9, "validate:board": 8}, "sources": {"board": {"held": 1, "read": {"why": null, "bytes": 2782, "items": 9, "pages": 1, "state": "complete", "stated": null}, "failed": 0, "created": 7, "updated": 0, "archived": 0, "rejected": 1, "reopened": 0, "documents": 9, "unchanged": 0, "bookkeeping": {"seen": 9, "missed": 0, "refreshed": 0, "withdrawn": 0}}}, "waiting": [{"ads": 1, "hold": 1, "jobs": 0, "kind": "company", "holds": 1, "since": "2026-10-01T00:00:00Z", "source": "board"}], "problems": {}, "institution": "acme"}', NULL, NULL);
INSERT INTO public.runs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, '2026-10-02 00:00:00+00', 'done', '\x2ed631e6da7acc4990008629992455b9', 'vm', 26943, '2026-11-29 23:41:55.808713+00', '2026-11-29 23:41:56.046336+00', '{"at": "2026-10-02T00:00:00Z", "run": 2, "total": {"held": 1, "failed": 0, "created": 1, "updated": 2, "archived": 1, "rejected": 1, "reopened": 0, "documents": 9, "unchanged": 4}, "alerts": [], "millis": 239, "tables": {"jobs": 131072, "runs": 32768, "holds": 49152, "alerts": 16384, "run_log": 32768, "versions": 32768, "ad_states": 81920, "companies": 49152, "divisions": 24576, "run_edges": 32768, "plan_texts": 16384, "run_stages": 32768, "lost_values": 16384, "run_samples": 32768, "fingerprints": 32768, "institutions": 49152, "jobs_history": 131072, "source_reads": 49152, "staging_jobs": 49152, "plan_outlines": 32768, "hold_revisions": 32768, "project_claims": 32768, "source_quality": 32768, "quality_measures": 32768, "resolved_failures": 24576, "staging_documents": 81920, "replaced_documents": 49152, "staging_failed_documents": 24576, "staging_validation_failures": 49152}, "dry_run": false, "flowing": {"report": 9, "fetch:board": 9, "archive:board": 1, "extract:board": 10, "measure:board": 0, "promote:board": 8, "resolve:board": 10, "validate:board": 9}, "sources": {"board": {"held": 1, "read": {"why": null, "bytes": 2873, "items": 9, "pages": 1, "state": "complete", "stated": null}, "failed": 0, "created": 1, "updated": 2, "archived": 1, "rejected": 1, "reopened": 0, "documents": 9, "set_aside": [{"ads": 1, "why": "stored before", "joined": true}], "unchanged": 4, "bookkeeping": {"seen": 9, "missed": 1, "refreshed": 2, "withdrawn": 0}}}, "waiting": [{"ads": 1, "hold": 1, "jobs": 0, "kind": "company", "holds": 1, "since": "2026-10-01T00:00:00Z", "source": "board"}], "problems": {}, "institution": "acme"}', NULL, NULL);
INSERT INTO public.runs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, '2026-10-03 00:00:00+00', 'done', '\x2ed631e6da7acc4990008629992455b9', 'vm', 26988, '2026-11-29 23:41:56.276064+00', '2026-11-29 23:41:56.477674+00', '{"at": "2026-10-03T00:00:00Z", "run": 3, "total": {"held": 1, "failed": 0, "created": 0, "updated": 3, "archived": 1, "rejected": 1, "reopened": 1, "documents": 10, "unchanged": 4}, "alerts": [], "millis": 153, "tables": {"jobs": 131072, "runs": 32768, "holds": 49152, "alerts": 16384, "run_log": 32768, "versions": 32768, "ad_states": 81920, "companies": 49152, "divisions": 24576, "run_edges": 32768, "plan_texts": 16384, "run_stages": 32768, "lost_values": 16384, "run_samples": 65536, "fingerprints": 32768, "institutions": 49152, "jobs_history": 131072, "source_reads": 49152, "staging_jobs": 49152, "plan_outlines": 32768, "hold_revisions": 32768, "project_claims": 32768, "source_quality": 32768, "quality_measures": 32768, "resolved_failures": 24576, "staging_documents": 81920, "replaced_documents": 49152, "staging_failed_documents": 24576, "staging_validation_failures": 49152}, "dry_run": false, "flowing": {"report": 10, "fetch:board": 10, "archive:board": 1, "extract:board": 10, "measure:board": 0, "promote:board": 8, "resolve:board": 10, "validate:board": 9}, "sources": {"board": {"held": 1, "read": {"why": null, "bytes": 3201, "items": 10, "pages": 1, "state": "complete", "stated": null}, "failed": 0, "created": 0, "updated": 3, "archived": 1, "rejected": 1, "reopened": 1, "documents": 10, "unchanged": 4, "bookkeeping": {"seen": 10, "missed": 0, "refreshed": 1, "withdrawn": 0}}}, "waiting": [{"ads": 1, "hold": 1, "jobs": 0, "kind": "company", "holds": 1, "since": "2026-10-01T00:00:00Z", "source": "board"}], "problems": {}, "institution": "acme"}', NULL, NULL);
INSERT INTO public.source_quality VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-01 00:00:00+00', 1, 'complete', 9, '\x8ca6000f01b5a0bdf9dcacec0fb9cf01', 'usual');
INSERT INTO public.source_quality VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-02 00:00:00+00', 2, 'complete', 9, '\x12bcfd46d7e8aa4b298c2abfe305fcd9', 'usual');
INSERT INTO public.source_quality VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'board', '2026-10-03 00:00:00+00', 3, 'complete', 10, '\xf818698c08fb060225684f626e4300ca', 'usual');
INSERT INTO public.source_reads VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 1, 'board', '2026-10-01 00:00:00+00', 'complete', 1, 9, NULL, 2782, 9, NULL, '\x5f94eafdd962d0bf4abcac00d7879347', NULL, NULL, NULL, NULL, '2026-11-29 23:41:55.277344+00', '2026-11-29 23:41:55.365156+00');
INSERT INTO public.source_reads VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 2, 'board', '2026-10-02 00:00:00+00', 'complete', 1, 9, NULL, 2873, 7, NULL, '\x5f94eafdd962d0bf4abcac00d7879347', NULL, NULL, NULL, NULL, '2026-11-29 23:41:55.855441+00', '2026-11-29 23:41:55.909234+00');
INSERT INTO public.source_reads VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 3, 'board', '2026-10-03 00:00:00+00', 'complete', 1, 10, NULL, 3201, 5, NULL, '\x5f94eafdd962d0bf4abcac00d7879347', NULL, NULL, NULL, NULL, '2026-11-29 23:41:56.295946+00', '2026-11-29 23:41:56.321222+00');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 3, 'board', '3', '{"id": 3, "url": "https://acme.example/3", "about": "Work number 3. Care for people. Care for people. Care for people. ", "grade": "G3", "title": "Clerk", "views": 0, "closes": "2026-10-02", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 4, 'board', '4', '{"id": 4, "url": "https://acme.example/4", "about": "Work number 4. Care for people. Care for people. Care for people. Care for people. ", "grade": "G4", "title": "Cook", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Strangers Inc"}', '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 6, 'board', '6', '{"id": 6, "url": "https://acme.example/6", "about": "Work number 6. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G6", "title": "Pilot", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 1, 'board', '1', '{"id": 1, "url": "https://acme.example/1", "about": "Work number 1. Care for people. ", "grade": "G1", "title": "Head Nurse", "views": 4, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '2026-10-03 00:00:00+00', '2026-10-03 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 2, 'board', '2', '{"id": 2, "url": "https://acme.example/2", "about": "Work number 2. Care for people. Care for people. ", "grade": "G2", "title": "Senior Park Ranger", "views": 2, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '2026-10-03 00:00:00+00', '2026-10-03 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 5, 'board', '5', '{"id": 5, "url": "https://acme.example/jobs/5b", "about": "Work number 5. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G5", "title": "Guard", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '2026-10-03 00:00:00+00', '2026-10-03 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 7, 'board', '7', '{"id": 7, "url": "https://acme.example/7", "about": "Work number 7. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G7", "title": "x", "views": 1, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '2026-10-02 00:00:00+00', '2026-10-02 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 8, 'board', '8', '{"id": 8, "url": "https://acme.example/8", "about": "Work number 8. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G8", "title": "Gardener", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Bega", "contact": {"name": "Bob", "phone": "2"}, "employer": "Acme Pty Ltd"}', '2026-10-02 00:00:00+00', '2026-10-02 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 9, 'board', '9', '{"id": 9, "url": "https://acme.example/9", "about": "Work number 9. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G9", "title": "Teacher of Music and Art", "views": 0, "closes": "2026-12-01", "opened": "2026-09-01", "places": "Dubbo; Orange", "employer": "Acme Pty Ltd"}', '2026-10-03 00:00:00+00', '2026-10-03 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_documents VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 16, 'board', '10', '{"id": 10, "url": "https://acme.example/10", "about": "Work number 10. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. ", "grade": "G10", "title": "Baker", "views": 0, "closes": "2026-12-24", "opened": "2026-09-01", "places": "Bega", "employer": "Acme Pty Ltd"}', '2026-10-03 00:00:00+00', '2026-10-03 00:00:00+00', 'processed', NULL, '{"file": "feeds/board.json"}');
INSERT INTO public.staging_jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 5, 4, NULL, NULL, 'board', '4', DEFAULT, '{"extra": {"grade": "G4"}, "title": "Cook", "locations": ["Bega"], "open_date": "2026-09-01", "close_date": "2026-12-01", "source_url": "https://acme.example/4", "description": "Work number 4. Care for people. Care for people. Care for people. Care for people."}', true, '{"run": 3, "fingerprint": "f818698c08fb060225684f626e4300ca"}', 'held', '2026-10-03 00:00:00+00', '[{"type": "invalid_relationship", "field": "company_id", "found": "Strangers Inc", "message": "unknown company `Strangers Inc`: held for an operator", "severity": "error"}]');
INSERT INTO public.staging_jobs VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 6, 7, '0d56079a-164f-592a-8c67-31aa18331d10', NULL, 'board', '7', DEFAULT, '{"extra": {"grade": "G7"}, "title": "x", "locations": ["Dubbo", "Orange"], "open_date": "2026-09-01", "close_date": "2026-12-01", "source_url": "https://acme.example/7", "description": "Work number 7. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people. Care for people."}', true, '{"run": 3, "fingerprint": "f818698c08fb060225684f626e4300ca"}', 'failed', '2026-10-03 00:00:00+00', '[{"type": "invalid_length", "field": "title", "found": "x", "message": "Field ''title'' must be at least 3 characters", "severity": "error"}]');
INSERT INTO public.staging_validation_failures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 5, 5, '2026-10-03 00:00:00+00', 'invalid_relationship', 'company_id', 'unknown company `Strangers Inc`: held for an operator', '{"type": "invalid_relationship", "field": "company_id", "found": "Strangers Inc", "message": "unknown company `Strangers Inc`: held for an operator", "severity": "error"}', '2026-10-01 00:00:00+00');
INSERT INTO public.staging_validation_failures VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 6, 6, '2026-10-03 00:00:00+00', 'invalid_length', 'title', 'Field ''title'' must be at least 3 characters', '{"type": "invalid_length", "field": "title", "found": "x", "message": "Field ''title'' must be at least 3 characters", "severity": "error"}', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'code of extract', '\xe67a9c4536256f1ec7495a146b5442fa', '4', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'code of promote', '\xd63bd9a826af91c1fea371965a64e11e', '1', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'code of resolve', '\xd63bd9a826af91c1fea371965a64e11e', '1', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'code of validate', '\xd63bd9a826af91c1fea371965a64e11e', '1', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'company', '\x695ce9655a9446e415237de9e18d93bd', 'from: $.employer
known: Acme Pty Ltd
unknown: hold', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'compared fields', '\x67a24c2a6417e169d9aa89d60b8a19ca', 'title, description, open_date, close_date, department, department_id, job_type, remuneration, locations', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'division', '\x3fb647c154c31f9dade3f9a4b194efb9', 'not looked up', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mandatory field title', '\xf3b8e6d1f7250bdf5a5ed160710ab86c', 'title: {"minLength":3}', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of close_date', '\xd1f13902680786490e5a7a276ac1a0fa', 'from: $.closes
as: date', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of description', '\x73e4e005f625c52789cd052ef94d37c3', 'from: $.about', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of grade', '\x5689fec6a5d0d7f9e4e5736c5b7139b4', 'from: $.grade', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of locations', '\x7c9e952fe7a91d45f184232ad5fec0f5', 'from: $.places
as: list
split: ";"', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of open_date', '\xf781627469274aeaacc4cec4155cd420', 'from: $.opened
as: date', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of recruiter', '\x6c4ab54430f2ffb7670aca0244816233', 'from: $.contact
as: json', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of source_url', '\xc9ab4a899ebe9e928c26f9cfd1c4ebb8', 'from: $.url', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'mapping of title', '\x6f193cc3c5b87ae2c7568da1b3922ed9', 'from: $.title', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'rule common/close-after-open', '\xd7244589e425ae7cfac8ef284187b1b9', 'type: invalid_date_range
field: close_date
severity: error
assert: job.close_date >= job.open_date
message: closes on {job.close_date}, before it opens on {job.open_date}
', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'rule common/not-closed', '\x8c0be1f052c67786165a730ef3c6b95c', 'type: already_closed
field: close_date
severity: warn
assert: job.close_date >= today
message: closed on {job.close_date}
', '2026-10-01 00:00:00+00');
INSERT INTO public.versions VALUES ('bf09bffb-d163-5136-b1b6-4566650d19d9', 'rule common/open-at-most', '\x1a06aac4f0218dba0866a804b904a63d', 'type: invalid_date_range
field: close_date
severity: warn
assert: job.close_date <= job.open_date + longest
message: open for more than {longest}
longest: 400 days
', '2026-10-01 00:00:00+00');
SELECT pg_catalog.setval('public.alerts_id_seq', 1, false);
SELECT pg_catalog.setval('public.holds_id_seq', 3, true);
SELECT pg_catalog.setval('public.project_claims_id_seq', 1, true);
SELECT pg_catalog.setval('public.replaced_documents_id_seq', 11, true);
SELECT pg_catalog.setval('public.resolved_failures_id_seq', 1, false);
SELECT pg_catalog.setval('public.runs_id_seq', 3, true);
SELECT pg_catalog.setval('public.source_reads_id_seq', 3, true);
SELECT pg_catalog.setval('public.staging_documents_id_seq', 21, true);
SELECT pg_catalog.setval('public.staging_failed_documents_id_seq', 1, false);
SELECT pg_catalog.setval('public.staging_jobs_id_seq', 6, true);
SELECT pg_catalog.setval('public.staging_validation_failures_id_seq', 6, true);
ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.ad_states
    ADD CONSTRAINT ad_states_pkey PRIMARY KEY (institution_id, source_id, external_id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_institution_id_name_key_key UNIQUE (institution_id, name_key);
ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.divisions
    ADD CONSTRAINT divisions_institution_id_name_key_key UNIQUE (institution_id, name_key);
ALTER TABLE ONLY public.divisions
    ADD CONSTRAINT divisions_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.fingerprints
    ADD CONSTRAINT fingerprints_pkey PRIMARY KEY (institution_id, fingerprint);
ALTER TABLE ONLY public.hold_revisions
    ADD CONSTRAINT hold_revisions_pkey PRIMARY KEY (institution_id, hold_id, revision);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_slug_key UNIQUE (slug);
ALTER TABLE ONLY public.jobs_history
    ADD CONSTRAINT jobs_history_pkey PRIMARY KEY (institution_id, id, version);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_institution_id_source_id_original_id_generation_key UNIQUE (institution_id, source_id, original_id, generation);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.lost_values
    ADD CONSTRAINT lost_values_pkey PRIMARY KEY (institution_id, run_id, source_id, field_name);
ALTER TABLE ONLY public.plan_outlines
    ADD CONSTRAINT plan_outlines_pkey PRIMARY KEY (institution_id, fingerprint);
ALTER TABLE ONLY public.plan_texts
    ADD CONSTRAINT plan_texts_pkey PRIMARY KEY (institution_id, fingerprint);
ALTER TABLE ONLY public.project_claims
    ADD CONSTRAINT project_claims_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.quality_measures
    ADD CONSTRAINT quality_measures_pkey PRIMARY KEY (institution_id, source_id, at, kind, subject);
ALTER TABLE ONLY public.replaced_documents
    ADD CONSTRAINT replaced_documents_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.resolved_failures
    ADD CONSTRAINT resolved_failures_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.run_edges
    ADD CONSTRAINT run_edges_pkey PRIMARY KEY (institution_id, run_id, from_node, to_node);
ALTER TABLE ONLY public.run_log
    ADD CONSTRAINT run_log_pkey PRIMARY KEY (institution_id, run_id, ordinal);
ALTER TABLE ONLY public.run_samples
    ADD CONSTRAINT run_samples_pkey PRIMARY KEY (institution_id, run_id, node, ordinal);
ALTER TABLE ONLY public.run_stages
    ADD CONSTRAINT run_stages_pkey PRIMARY KEY (institution_id, run_id, stage, source_id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.source_quality
    ADD CONSTRAINT source_quality_pkey PRIMARY KEY (institution_id, source_id, at);
ALTER TABLE ONLY public.source_reads
    ADD CONSTRAINT source_reads_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.staging_documents
    ADD CONSTRAINT staging_documents_institution_id_source_id_external_id_key UNIQUE (institution_id, source_id, external_id);
ALTER TABLE ONLY public.staging_documents
    ADD CONSTRAINT staging_documents_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.staging_failed_documents
    ADD CONSTRAINT staging_failed_documents_institution_id_document_id_key UNIQUE (institution_id, document_id);
ALTER TABLE ONLY public.staging_failed_documents
    ADD CONSTRAINT staging_failed_documents_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.staging_jobs
    ADD CONSTRAINT staging_jobs_institution_id_external_id_key UNIQUE (institution_id, external_id);
ALTER TABLE ONLY public.staging_jobs
    ADD CONSTRAINT staging_jobs_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.staging_validation_failures
    ADD CONSTRAINT staging_validation_failures_pkey PRIMARY KEY (institution_id, id);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (institution_id, part, hash);
CREATE INDEX ad_states_missing ON public.ad_states USING btree (institution_id, source_id) WHERE (misses > 0);
CREATE UNIQUE INDEX holds_open ON public.holds USING btree (institution_id, kind, source_id, subject) WHERE (status = 'open'::text);
CREATE INDEX idx_jobs_history_created_at ON public.jobs_history USING btree (institution_id, created_at);
CREATE INDEX jobs_by_close_date ON public.jobs USING btree (close_date) WHERE (status = 'open'::text);
CREATE INDEX jobs_by_update ON public.jobs USING btree (last_updated_at);
CREATE INDEX jobs_history_by_ad ON public.jobs_history USING btree (original_id, version);
CREATE INDEX jobs_history_by_job ON public.jobs_history USING btree (id, version);
CREATE INDEX jobs_history_by_run ON public.jobs_history USING btree (run_id);
CREATE INDEX jobs_open ON public.jobs USING btree (institution_id, source_id, close_date) WHERE (status = 'open'::text);
CREATE INDEX replaced_documents_of_ad ON public.replaced_documents USING btree (institution_id, source_id, original_id);
CREATE INDEX resolved_failures_newest ON public.resolved_failures USING btree (institution_id, resolved_at);
CREATE INDEX source_reads_newest ON public.source_reads USING btree (institution_id, source_id, id DESC);
CREATE INDEX staging_validation_failures_job ON public.staging_validation_failures USING btree (institution_id, staging_job_id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.divisions
    ADD CONSTRAINT divisions_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.fingerprints
    ADD CONSTRAINT fingerprints_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.hold_revisions
    ADD CONSTRAINT hold_revisions_institution_id_hold_id_fkey FOREIGN KEY (institution_id, hold_id) REFERENCES public.holds(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_institution_id_company_id_fkey FOREIGN KEY (institution_id, company_id) REFERENCES public.companies(institution_id, id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_institution_id_division_id_fkey FOREIGN KEY (institution_id, division_id) REFERENCES public.divisions(institution_id, id);
ALTER TABLE ONLY public.lost_values
    ADD CONSTRAINT lost_values_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.plan_outlines
    ADD CONSTRAINT plan_outlines_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.plan_texts
    ADD CONSTRAINT plan_texts_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.project_claims
    ADD CONSTRAINT project_claims_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.quality_measures
    ADD CONSTRAINT quality_measures_institution_id_source_id_at_fkey FOREIGN KEY (institution_id, source_id, at) REFERENCES public.source_quality(institution_id, source_id, at) ON DELETE CASCADE;
ALTER TABLE ONLY public.replaced_documents
    ADD CONSTRAINT replaced_documents_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.resolved_failures
    ADD CONSTRAINT resolved_failures_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.run_edges
    ADD CONSTRAINT run_edges_institution_id_run_id_fkey FOREIGN KEY (institution_id, run_id) REFERENCES public.runs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_log
    ADD CONSTRAINT run_log_institution_id_run_id_fkey FOREIGN KEY (institution_id, run_id) REFERENCES public.runs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_samples
    ADD CONSTRAINT run_samples_institution_id_run_id_fkey FOREIGN KEY (institution_id, run_id) REFERENCES public.runs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_stages
    ADD CONSTRAINT run_stages_institution_id_run_id_fkey FOREIGN KEY (institution_id, run_id) REFERENCES public.runs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.source_quality
    ADD CONSTRAINT source_quality_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
ALTER TABLE ONLY public.source_reads
    ADD CONSTRAINT source_reads_institution_id_run_id_fkey FOREIGN KEY (institution_id, run_id) REFERENCES public.runs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.staging_failed_documents
    ADD CONSTRAINT staging_failed_documents_institution_id_document_id_fkey FOREIGN KEY (institution_id, document_id) REFERENCES public.staging_documents(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.staging_jobs
    ADD CONSTRAINT staging_jobs_institution_id_company_id_fkey FOREIGN KEY (institution_id, company_id) REFERENCES public.companies(institution_id, id);
ALTER TABLE ONLY public.staging_jobs
    ADD CONSTRAINT staging_jobs_institution_id_division_id_fkey FOREIGN KEY (institution_id, division_id) REFERENCES public.divisions(institution_id, id);
ALTER TABLE ONLY public.staging_jobs
    ADD CONSTRAINT staging_jobs_institution_id_document_id_fkey FOREIGN KEY (institution_id, document_id) REFERENCES public.staging_documents(institution_id, id);
ALTER TABLE ONLY public.staging_validation_failures
    ADD CONSTRAINT staging_validation_failures_institution_id_staging_job_id_fkey FOREIGN KEY (institution_id, staging_job_id) REFERENCES public.staging_jobs(institution_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_institution_id_fkey FOREIGN KEY (institution_id) REFERENCES public.institutions(id);
