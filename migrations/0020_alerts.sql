-- Metrics, alerts and reports. A scrape reads small tables that each run adds to when it ends, never jobs; the views
-- `metric_*` give the same by day, from what runs have left. Alerts are states of named conditions; each cause is one row
-- from its first to its last day, and what channels are sent is recorded before it is sent.

CREATE TABLE source_tallies (
  institution_id    UUID NOT NULL REFERENCES institutions (id),
  source_id         TEXT NOT NULL,
  runs              BIGINT NOT NULL,
  documents         BIGINT NOT NULL,
  created           BIGINT NOT NULL,
  updated           BIGINT NOT NULL,
  reopened          BIGINT NOT NULL,
  archived          BIGINT NOT NULL,
  unchanged         BIGINT NOT NULL,
  rejected          BIGINT NOT NULL,
  held              BIGINT NOT NULL,
  failed            BIGINT NOT NULL,
  open_jobs         BIGINT NOT NULL,
  reads_complete    BIGINT NOT NULL,
  reads_empty       BIGINT NOT NULL,
  reads_partial     BIGINT NOT NULL,
  reads_blocked     BIGINT NOT NULL,
  reads_unreachable BIGINT NOT NULL,
  bytes_read        BIGINT NOT NULL,
  last_read_state   TEXT,
  last_read_at      TIMESTAMPTZ,
  last_complete_at  TIMESTAMPTZ,
  last_items        BIGINT,
  last_stated       BIGINT,
  PRIMARY KEY (institution_id, source_id)
);
COMMENT ON TABLE source_tallies IS 'One row per source: what all its runs did, added up as each ends. Counters for machines; they never fall.';
COMMENT ON COLUMN source_tallies.institution_id IS 'The institution.';
COMMENT ON COLUMN source_tallies.source_id IS 'The source.';
COMMENT ON COLUMN source_tallies.runs IS 'Runs that ended with a summary.';
COMMENT ON COLUMN source_tallies.documents IS 'Ads that they looked at.';
COMMENT ON COLUMN source_tallies.created IS 'Jobs created.';
COMMENT ON COLUMN source_tallies.updated IS 'Jobs that got a new version.';
COMMENT ON COLUMN source_tallies.reopened IS 'Archived jobs that opened again.';
COMMENT ON COLUMN source_tallies.archived IS 'Jobs archived by runs.';
COMMENT ON COLUMN source_tallies.unchanged IS 'Ads that changed nothing.';
COMMENT ON COLUMN source_tallies.rejected IS 'Ads refused, counted in each run that refused them.';
COMMENT ON COLUMN source_tallies.held IS 'Ads held, counted in each run that held them.';
COMMENT ON COLUMN source_tallies.failed IS 'Ads that could not be read or derived, counted likewise.';
COMMENT ON COLUMN source_tallies.open_jobs IS 'Open jobs at the end of the newest run.';
COMMENT ON COLUMN source_tallies.reads_complete IS 'Complete reads.';
COMMENT ON COLUMN source_tallies.reads_empty IS 'Empty reads.';
COMMENT ON COLUMN source_tallies.reads_partial IS 'Partial reads.';
COMMENT ON COLUMN source_tallies.reads_blocked IS 'Reads that the source refused.';
COMMENT ON COLUMN source_tallies.reads_unreachable IS 'Reads of a source that did not answer.';
COMMENT ON COLUMN source_tallies.bytes_read IS 'Bytes read, after decompression.';
COMMENT ON COLUMN source_tallies.last_read_state IS 'How the newest read ended, as in source_reads.';
COMMENT ON COLUMN source_tallies.last_read_at IS 'Clock of the newest read.';
COMMENT ON COLUMN source_tallies.last_complete_at IS 'Clock of the newest complete read.';
COMMENT ON COLUMN source_tallies.last_items IS 'Ads in the newest read.';
COMMENT ON COLUMN source_tallies.last_stated IS 'Ads that the source said it had at the newest read, where it says so.';

CREATE TABLE stage_tallies (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  source_id      TEXT NOT NULL,
  stage          TEXT NOT NULL,
  runs           BIGINT NOT NULL,
  rows_in        BIGINT NOT NULL,
  rows_out       BIGINT NOT NULL,
  refused        BIGINT NOT NULL,
  failures       BIGINT NOT NULL,
  micros         BIGINT NOT NULL,
  PRIMARY KEY (institution_id, source_id, stage)
);
COMMENT ON TABLE stage_tallies IS 'One row per node of a plan: run_stages, added up as each run ends.';
COMMENT ON COLUMN stage_tallies.institution_id IS 'The institution.';
COMMENT ON COLUMN stage_tallies.source_id IS 'The source; empty for a stage of the institution.';
COMMENT ON COLUMN stage_tallies.stage IS 'The stage.';
COMMENT ON COLUMN stage_tallies.runs IS 'Runs.';
COMMENT ON COLUMN stage_tallies.rows_in IS 'Ads that reached it.';
COMMENT ON COLUMN stage_tallies.rows_out IS 'Ads that left it.';
COMMENT ON COLUMN stage_tallies.refused IS 'Ads that it found reasons against, or held.';
COMMENT ON COLUMN stage_tallies.failures IS 'Runs in which it failed.';
COMMENT ON COLUMN stage_tallies.micros IS 'Microseconds spent in it.';

CREATE TABLE stage_durations (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  source_id      TEXT NOT NULL,
  stage          TEXT NOT NULL,
  bucket         INT NOT NULL,
  runs           BIGINT NOT NULL,
  PRIMARY KEY (institution_id, source_id, stage, bucket)
);
COMMENT ON TABLE stage_durations IS 'How long each node of a plan took, run by run, as a histogram.';
COMMENT ON COLUMN stage_durations.institution_id IS 'The institution.';
COMMENT ON COLUMN stage_durations.source_id IS 'The source; empty for a stage of the institution.';
COMMENT ON COLUMN stage_durations.stage IS 'The stage.';
COMMENT ON COLUMN stage_durations.bucket IS '0 for less than 10 ms; then from 10 ms, 50 ms, 250 ms, 1 s, 5 s, 30 s, 2 min, 10 min, 1 h.';
COMMENT ON COLUMN stage_durations.runs IS 'Runs in which it took as long.';

CREATE TABLE run_tallies (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  status         TEXT NOT NULL,
  runs           BIGINT NOT NULL,
  millis         BIGINT NOT NULL,
  last_at        TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (institution_id, status)
);
COMMENT ON TABLE run_tallies IS 'How many runs of an institution ended in which way.';
COMMENT ON COLUMN run_tallies.institution_id IS 'The institution.';
COMMENT ON COLUMN run_tallies.status IS 'done, failed, interrupted; died where the process went away.';
COMMENT ON COLUMN run_tallies.runs IS 'Runs.';
COMMENT ON COLUMN run_tallies.millis IS 'Milliseconds that they took.';
COMMENT ON COLUMN run_tallies.last_at IS 'Clock of the newest of them.';

CREATE TABLE database_sizes (
  day        DATE NOT NULL,
  table_name TEXT NOT NULL,
  bytes      BIGINT NOT NULL,
  PRIMARY KEY (day, table_name)
);
COMMENT ON TABLE database_sizes IS 'Bytes of each table by day, at the end of the last run of that day.';
COMMENT ON COLUMN database_sizes.day IS 'The day of the run, in UTC.';
COMMENT ON COLUMN database_sizes.table_name IS 'The table.';
COMMENT ON COLUMN database_sizes.bytes IS 'Bytes with its indexes.';

CREATE VIEW metric_run_outcomes AS
  SELECT r.institution_id, r.id AS run_id, r.at, r.status, s.key AS source_id,
    COALESCE((s.value ->> 'documents')::bigint, 0) AS documents, COALESCE((s.value ->> 'created')::bigint, 0) AS created,
    COALESCE((s.value ->> 'updated')::bigint, 0) AS updated, COALESCE((s.value ->> 'reopened')::bigint, 0) AS reopened,
    COALESCE((s.value ->> 'archived')::bigint, 0) AS archived, COALESCE((s.value ->> 'unchanged')::bigint, 0) AS unchanged,
    COALESCE((s.value ->> 'rejected')::bigint, 0) AS rejected, COALESCE((s.value ->> 'held')::bigint, 0) AS held,
    COALESCE((s.value ->> 'failed')::bigint, 0) AS failed
  FROM runs r
  CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(r.summary -> 'sources') = 'object' THEN r.summary -> 'sources' ELSE '{}'::jsonb END) AS s;
COMMENT ON VIEW metric_run_outcomes IS 'What became of the ads of each source in each run. Reads the summaries of runs, no job; narrow it by institution_id and at.';
COMMENT ON COLUMN metric_run_outcomes.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_run_outcomes.run_id IS 'The run.';
COMMENT ON COLUMN metric_run_outcomes.at IS 'Clock of the run.';
COMMENT ON COLUMN metric_run_outcomes.status IS 'done, failed, interrupted.';
COMMENT ON COLUMN metric_run_outcomes.source_id IS 'The source.';
COMMENT ON COLUMN metric_run_outcomes.documents IS 'Ads that it looked at.';
COMMENT ON COLUMN metric_run_outcomes.created IS 'Jobs created.';
COMMENT ON COLUMN metric_run_outcomes.updated IS 'Jobs that got a new version.';
COMMENT ON COLUMN metric_run_outcomes.reopened IS 'Archived jobs that opened again.';
COMMENT ON COLUMN metric_run_outcomes.archived IS 'Jobs archived.';
COMMENT ON COLUMN metric_run_outcomes.unchanged IS 'Ads that changed nothing.';
COMMENT ON COLUMN metric_run_outcomes.rejected IS 'Ads refused.';
COMMENT ON COLUMN metric_run_outcomes.held IS 'Ads held.';
COMMENT ON COLUMN metric_run_outcomes.failed IS 'Ads that could not be read or derived.';

CREATE VIEW metric_jobs_per_day AS
  SELECT o.institution_id, i.slug AS institution, o.source_id, (o.at AT TIME ZONE 'UTC')::date AS day, count(*) AS runs,
    sum(o.documents)::bigint AS documents, sum(o.created)::bigint AS created, sum(o.updated)::bigint AS updated,
    sum(o.reopened)::bigint AS reopened, sum(o.archived)::bigint AS archived, sum(o.unchanged)::bigint AS unchanged,
    sum(o.rejected)::bigint AS rejected, sum(o.held)::bigint AS held, sum(o.failed)::bigint AS failed
  FROM metric_run_outcomes o JOIN institutions i ON i.id = o.institution_id
  GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW metric_jobs_per_day IS 'Jobs processed per source and day. Costs what metric_run_outcomes costs: one summary per run.';
COMMENT ON COLUMN metric_jobs_per_day.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_jobs_per_day.institution IS 'Its name in the YAML.';
COMMENT ON COLUMN metric_jobs_per_day.source_id IS 'The source.';
COMMENT ON COLUMN metric_jobs_per_day.day IS 'The day of the runs, in UTC.';
COMMENT ON COLUMN metric_jobs_per_day.runs IS 'Runs of that day.';
COMMENT ON COLUMN metric_jobs_per_day.documents IS 'Ads that they looked at.';
COMMENT ON COLUMN metric_jobs_per_day.created IS 'Jobs created.';
COMMENT ON COLUMN metric_jobs_per_day.updated IS 'Jobs that got a new version.';
COMMENT ON COLUMN metric_jobs_per_day.reopened IS 'Archived jobs that opened again.';
COMMENT ON COLUMN metric_jobs_per_day.archived IS 'Jobs archived.';
COMMENT ON COLUMN metric_jobs_per_day.unchanged IS 'Ads that changed nothing.';
COMMENT ON COLUMN metric_jobs_per_day.rejected IS 'Ads refused.';
COMMENT ON COLUMN metric_jobs_per_day.held IS 'Ads held.';
COMMENT ON COLUMN metric_jobs_per_day.failed IS 'Ads that could not be read or derived.';

CREATE VIEW metric_processing_time AS
  SELECT s.institution_id, i.slug AS institution, s.source_id, s.stage, (r.at AT TIME ZONE 'UTC')::date AS day, count(*) AS runs,
    sum(s.rows_in)::bigint AS jobs, round(sum(s.micros) / 1000000.0, 6) AS seconds,
    round(sum(s.micros) / 1000.0 / NULLIF(sum(s.rows_in), 0), 6) AS milliseconds_per_job, round(max(s.micros) / 1000000.0, 6) AS slowest_seconds
  FROM run_stages s JOIN runs r ON r.institution_id = s.institution_id AND r.id = s.run_id JOIN institutions i ON i.id = s.institution_id
  GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW metric_processing_time IS 'Processing time per job, by source, stage and day. Reads run_stages: a row for each node of each run.';
COMMENT ON COLUMN metric_processing_time.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_processing_time.institution IS 'Its name in the YAML.';
COMMENT ON COLUMN metric_processing_time.source_id IS 'The source; empty for a stage of the institution.';
COMMENT ON COLUMN metric_processing_time.stage IS 'The stage.';
COMMENT ON COLUMN metric_processing_time.day IS 'The day of the runs, in UTC.';
COMMENT ON COLUMN metric_processing_time.runs IS 'Runs of that day.';
COMMENT ON COLUMN metric_processing_time.jobs IS 'Ads that reached the stage.';
COMMENT ON COLUMN metric_processing_time.seconds IS 'Seconds spent in it.';
COMMENT ON COLUMN metric_processing_time.milliseconds_per_job IS 'Milliseconds for each ad; empty where none came.';
COMMENT ON COLUMN metric_processing_time.slowest_seconds IS 'Seconds of the slowest run.';

CREATE VIEW metric_error_rates AS
  SELECT s.institution_id, i.slug AS institution, s.source_id, s.stage, (r.at AT TIME ZONE 'UTC')::date AS day,
    sum(s.rows_in)::bigint AS jobs, sum(s.refused)::bigint AS refused, count(s.error) AS failures,
    round(sum(s.refused) / NULLIF(sum(s.rows_in), 0), 6) AS error_ratio
  FROM run_stages s JOIN runs r ON r.institution_id = s.institution_id AND r.id = s.run_id JOIN institutions i ON i.id = s.institution_id
  GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW metric_error_rates IS 'Error rates by source, stage and day. Reads run_stages.';
COMMENT ON COLUMN metric_error_rates.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_error_rates.institution IS 'Its name in the YAML.';
COMMENT ON COLUMN metric_error_rates.source_id IS 'The source; empty for a stage of the institution.';
COMMENT ON COLUMN metric_error_rates.stage IS 'The stage.';
COMMENT ON COLUMN metric_error_rates.day IS 'The day of the runs, in UTC.';
COMMENT ON COLUMN metric_error_rates.jobs IS 'Ads that reached the stage.';
COMMENT ON COLUMN metric_error_rates.refused IS 'Ads that it found reasons against, or held.';
COMMENT ON COLUMN metric_error_rates.failures IS 'Runs in which the stage itself failed.';
COMMENT ON COLUMN metric_error_rates.error_ratio IS 'refused of jobs, from 0 to 1; empty where none came.';

CREATE VIEW metric_database_size AS
  SELECT s.day, s.table_name, s.bytes, s.bytes - lag(s.bytes) OVER w AS growth, s.day - lag(s.day) OVER w AS growth_days
  FROM (SELECT day, table_name, bytes FROM database_sizes
        UNION ALL SELECT day, 'all', sum(bytes)::bigint FROM database_sizes GROUP BY day) AS s
  WINDOW w AS (PARTITION BY s.table_name ORDER BY s.day);
COMMENT ON VIEW metric_database_size IS 'Size of each table by day, and how much it has grown; the table `all` is all of them. Reads database_sizes: a row for each table and day.';
COMMENT ON COLUMN metric_database_size.day IS 'The day, in UTC.';
COMMENT ON COLUMN metric_database_size.table_name IS 'The table, or all.';
COMMENT ON COLUMN metric_database_size.bytes IS 'Bytes with its indexes.';
COMMENT ON COLUMN metric_database_size.growth IS 'Bytes more than on the day before that is known.';
COMMENT ON COLUMN metric_database_size.growth_days IS 'Days since then.';

CREATE VIEW metric_archival AS
  SELECT j.institution_id, i.slug AS institution, j.source_id, (j.archived_at AT TIME ZONE 'UTC')::date AS day, j.archived_as AS reason, count(*) AS jobs,
    round((avg(extract(epoch FROM j.archived_at - j.first_seen_at)) / 86400)::numeric, 2) AS average_days_open
  FROM published_jobs j JOIN institutions i ON i.id = j.institution_id
  WHERE j.status = 'archived'
  GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW metric_archival IS 'Jobs archived per source, day and reason, of those that still are. Reads every archived job; for machines, source_tallies.archived costs nothing.';
COMMENT ON COLUMN metric_archival.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_archival.institution IS 'Its name in the YAML.';
COMMENT ON COLUMN metric_archival.source_id IS 'The source.';
COMMENT ON COLUMN metric_archival.day IS 'The day of archiving, in UTC.';
COMMENT ON COLUMN metric_archival.reason IS 'closed (its date passed), missing (no longer listed), person, recycled, rolled_back.';
COMMENT ON COLUMN metric_archival.jobs IS 'Jobs.';
COMMENT ON COLUMN metric_archival.average_days_open IS 'Days from first seen to archived, on average.';

CREATE VIEW metric_source_freshness AS
  SELECT t.institution_id, i.slug AS institution, t.source_id, t.last_read_at, t.last_read_state, t.last_complete_at, now() - t.last_complete_at AS age,
    t.last_items, t.last_stated
  FROM source_tallies t JOIN institutions i ON i.id = t.institution_id;
COMMENT ON VIEW metric_source_freshness IS 'When each source was last read, and last read completely. One row per source.';
COMMENT ON COLUMN metric_source_freshness.institution_id IS 'The institution.';
COMMENT ON COLUMN metric_source_freshness.institution IS 'Its name in the YAML.';
COMMENT ON COLUMN metric_source_freshness.source_id IS 'The source.';
COMMENT ON COLUMN metric_source_freshness.last_read_at IS 'Clock of the newest read.';
COMMENT ON COLUMN metric_source_freshness.last_read_state IS 'How it ended.';
COMMENT ON COLUMN metric_source_freshness.last_complete_at IS 'Clock of the newest complete read.';
COMMENT ON COLUMN metric_source_freshness.age IS 'Time since then, by the clock of the database.';
COMMENT ON COLUMN metric_source_freshness.last_items IS 'Ads in the newest read.';
COMMENT ON COLUMN metric_source_freshness.last_stated IS 'Ads that the source said it had, where it says so.';

-- What ran before this is counted, too.

INSERT INTO source_tallies (institution_id, source_id, runs, documents, created, updated, reopened, archived, unchanged, rejected, held, failed, open_jobs,
  reads_complete, reads_empty, reads_partial, reads_blocked, reads_unreachable, bytes_read)
SELECT o.institution_id, o.source_id, count(*), sum(o.documents), sum(o.created), sum(o.updated), sum(o.reopened), sum(o.archived), sum(o.unchanged),
  sum(o.rejected), sum(o.held), sum(o.failed), 0, 0, 0, 0, 0, 0, 0
FROM metric_run_outcomes o GROUP BY 1, 2;

UPDATE source_tallies t SET open_jobs = n.jobs
FROM (SELECT institution_id, source_id, count(*) AS jobs FROM published_jobs WHERE status = 'open' GROUP BY 1, 2) AS n
WHERE n.institution_id = t.institution_id AND n.source_id = t.source_id;

UPDATE source_tallies t SET reads_complete = n.complete, reads_empty = n.empty, reads_partial = n.partial, reads_blocked = n.blocked,
  reads_unreachable = n.unreachable, bytes_read = n.bytes, last_complete_at = n.last_complete_at
FROM (SELECT institution_id, source_id, count(*) FILTER (WHERE state = 'complete') AS complete, count(*) FILTER (WHERE state = 'empty') AS empty,
        count(*) FILTER (WHERE state = 'partial') AS partial, count(*) FILTER (WHERE state = 'blocked') AS blocked,
        count(*) FILTER (WHERE state = 'unreachable') AS unreachable, sum(bytes) AS bytes, max(at) FILTER (WHERE state = 'complete') AS last_complete_at
      FROM source_reads GROUP BY 1, 2) AS n
WHERE n.institution_id = t.institution_id AND n.source_id = t.source_id;

UPDATE source_tallies t SET last_read_state = n.state, last_read_at = n.at, last_items = n.items, last_stated = n.stated_count
FROM (SELECT DISTINCT ON (institution_id, source_id) institution_id, source_id, state, at, items, stated_count
      FROM source_reads WHERE state <> 'reading' ORDER BY institution_id, source_id, id DESC) AS n
WHERE n.institution_id = t.institution_id AND n.source_id = t.source_id;

INSERT INTO stage_tallies (institution_id, source_id, stage, runs, rows_in, rows_out, refused, failures, micros)
SELECT institution_id, source_id, stage, count(*), sum(rows_in), sum(rows_out), sum(refused), count(error), sum(micros) FROM run_stages GROUP BY 1, 2, 3;

INSERT INTO stage_durations (institution_id, source_id, stage, bucket, runs)
SELECT institution_id, source_id, stage, width_bucket(micros, ARRAY[10000, 50000, 250000, 1000000, 5000000, 30000000, 120000000, 600000000, 3600000000]::bigint[]), count(*)
FROM run_stages GROUP BY 1, 2, 3, 4;

INSERT INTO run_tallies (institution_id, status, runs, millis, last_at)
SELECT institution_id, CASE WHEN error = 'the process died' THEN 'died' ELSE status END, count(*),
  COALESCE(sum((extract(epoch FROM finished_at - started_at) * 1000)::bigint), 0), max(at)
FROM runs WHERE status <> 'running' GROUP BY 1, 2;

INSERT INTO database_sizes (day, table_name, bytes)
SELECT DISTINCT ON (1, 2) (r.at AT TIME ZONE 'UTC')::date, t.key, t.value::bigint
FROM runs r CROSS JOIN LATERAL jsonb_each_text(CASE WHEN jsonb_typeof(r.summary -> 'tables') = 'object' THEN r.summary -> 'tables' ELSE '{}'::jsonb END) AS t
ORDER BY 1, 2, r.id DESC;

-- Alerts.

CREATE TABLE alert_causes (
  id              BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  alert           TEXT NOT NULL,
  institution     TEXT NOT NULL,
  source_id       TEXT NOT NULL,
  severity        TEXT NOT NULL CHECK (severity IN ('info', 'warn', 'error')),
  group_name      TEXT NOT NULL,
  message         TEXT NOT NULL,
  fired_at        TIMESTAMPTZ NOT NULL,
  resolved_at     TIMESTAMPTZ,
  acknowledged_by TEXT,
  acknowledged_at TIMESTAMPTZ,
  note            TEXT
);
CREATE UNIQUE INDEX alert_causes_open ON alert_causes (alert, institution, source_id) WHERE resolved_at IS NULL;
CREATE INDEX alert_causes_fired ON alert_causes (fired_at);
COMMENT ON TABLE alert_causes IS 'What alerts have fired for: one row from the first to the last day of a cause.';
COMMENT ON COLUMN alert_causes.id IS 'Number.';
COMMENT ON COLUMN alert_causes.alert IS 'The alert: a file and a name in alerts/, or run/KIND for what runs raise themselves.';
COMMENT ON COLUMN alert_causes.institution IS 'The institution it is about; empty for all.';
COMMENT ON COLUMN alert_causes.source_id IS 'The source it is about; empty for the institution.';
COMMENT ON COLUMN alert_causes.severity IS 'info, warn or error.';
COMMENT ON COLUMN alert_causes.group_name IS 'Notices of one group go out as one message.';
COMMENT ON COLUMN alert_causes.message IS 'What is wrong, with the newest values.';
COMMENT ON COLUMN alert_causes.fired_at IS 'When it began to fire.';
COMMENT ON COLUMN alert_causes.resolved_at IS 'When it ended; empty while it lasts.';
COMMENT ON COLUMN alert_causes.acknowledged_by IS 'Who looks after it.';
COMMENT ON COLUMN alert_causes.acknowledged_at IS 'Since when.';
COMMENT ON COLUMN alert_causes.note IS 'What they say.';

CREATE TABLE alert_states (
  alert       TEXT NOT NULL,
  institution TEXT NOT NULL,
  source_id   TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'recovering', 'no_data')),
  since       TIMESTAMPTZ NOT NULL,
  cause_id    BIGINT REFERENCES alert_causes (id),
  PRIMARY KEY (alert, institution, source_id)
);
COMMENT ON TABLE alert_states IS 'Where each alert is that is not normal: one row per alert and what it is about.';
COMMENT ON COLUMN alert_states.alert IS 'The alert, as in alert_causes.';
COMMENT ON COLUMN alert_states.institution IS 'The institution; empty for all.';
COMMENT ON COLUMN alert_states.source_id IS 'The source; empty for the institution.';
COMMENT ON COLUMN alert_states.state IS 'pending (true, but not for long enough); firing; recovering (no longer true, but not for long enough); no_data.';
COMMENT ON COLUMN alert_states.since IS 'Since when.';
COMMENT ON COLUMN alert_states.cause_id IS 'What it fires for, while it does.';

CREATE TABLE alert_silences (
  id          BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  alert       TEXT,
  institution TEXT,
  source_id   TEXT,
  starts_at   TIMESTAMPTZ NOT NULL,
  ends_at     TIMESTAMPTZ NOT NULL,
  created_by  TEXT NOT NULL,
  reason      TEXT NOT NULL
);
COMMENT ON TABLE alert_silences IS 'What an operator does not want to hear of for a while.';
COMMENT ON COLUMN alert_silences.id IS 'Number.';
COMMENT ON COLUMN alert_silences.alert IS 'Only of this alert; empty for all.';
COMMENT ON COLUMN alert_silences.institution IS 'Only of this institution; empty for all.';
COMMENT ON COLUMN alert_silences.source_id IS 'Only of this source; empty for all.';
COMMENT ON COLUMN alert_silences.starts_at IS 'From when.';
COMMENT ON COLUMN alert_silences.ends_at IS 'Until when.';
COMMENT ON COLUMN alert_silences.created_by IS 'Who wanted it.';
COMMENT ON COLUMN alert_silences.reason IS 'Why.';

CREATE TABLE notices (
  id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  channel    TEXT NOT NULL,
  notice_key TEXT NOT NULL,
  what       TEXT NOT NULL CHECK (what IN ('firing', 'resolved', 'report', 'run', 'test')),
  cause_id   BIGINT REFERENCES alert_causes (id),
  group_name TEXT NOT NULL,
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL,
  html       TEXT,
  content    JSONB NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'silenced', 'sent', 'refused')),
  made_at    TIMESTAMPTZ NOT NULL,
  due_at     TIMESTAMPTZ NOT NULL,
  sent_at    TIMESTAMPTZ,
  error      TEXT,
  UNIQUE (channel, notice_key)
);
CREATE INDEX notices_waiting ON notices (channel, id) WHERE state IN ('waiting', 'silenced');
CREATE INDEX notices_cause ON notices (cause_id);
COMMENT ON TABLE notices IS 'What channels are sent: recorded before it is sent, so that a restart neither loses nor repeats it.';
COMMENT ON COLUMN notices.id IS 'Number; a channel is sent its notices in this order.';
COMMENT ON COLUMN notices.channel IS 'The channel in weir.yaml.';
COMMENT ON COLUMN notices.notice_key IS 'What it is about, once: a cause and its end, a report and its day.';
COMMENT ON COLUMN notices.what IS 'firing, resolved, report, run, test.';
COMMENT ON COLUMN notices.cause_id IS 'The cause, of firing and resolved.';
COMMENT ON COLUMN notices.group_name IS 'Notices of one group that are due together go out as one message.';
COMMENT ON COLUMN notices.subject IS 'One line.';
COMMENT ON COLUMN notices.body IS 'All of it, as text.';
COMMENT ON COLUMN notices.html IS 'The same as a page, of reports.';
COMMENT ON COLUMN notices.content IS 'The same for machines.';
COMMENT ON COLUMN notices.state IS 'waiting; silenced (waits for the end of a silence); sent; refused (the receiver will never take it, or nothing is left to say).';
COMMENT ON COLUMN notices.made_at IS 'When it was made.';
COMMENT ON COLUMN notices.due_at IS 'When it may be sent: later in quiet hours.';
COMMENT ON COLUMN notices.sent_at IS 'When the receiver took it.';
COMMENT ON COLUMN notices.error IS 'Why the receiver did not take it.';

CREATE TABLE notice_channels (
  channel       TEXT PRIMARY KEY,
  claimed_until TIMESTAMPTZ,
  next_at       TIMESTAMPTZ,
  failures      INT NOT NULL DEFAULT 0,
  error         TEXT,
  delivered_at  TIMESTAMPTZ
);
COMMENT ON TABLE notice_channels IS 'How delivery to each channel goes.';
COMMENT ON COLUMN notice_channels.channel IS 'The channel in weir.yaml.';
COMMENT ON COLUMN notice_channels.claimed_until IS 'A process is sending to it, until then at most.';
COMMENT ON COLUMN notice_channels.next_at IS 'When it is tried again after a failure.';
COMMENT ON COLUMN notice_channels.failures IS 'Failures in a row.';
COMMENT ON COLUMN notice_channels.error IS 'The newest failure.';
COMMENT ON COLUMN notice_channels.delivered_at IS 'When it last took a message.';

CREATE TABLE daily_reports (
  day         DATE NOT NULL,
  institution TEXT NOT NULL,
  made_at     TIMESTAMPTZ NOT NULL,
  title       TEXT NOT NULL,
  text        TEXT NOT NULL,
  html        TEXT NOT NULL,
  content     JSONB NOT NULL,
  PRIMARY KEY (day, institution)
);
COMMENT ON TABLE daily_reports IS 'Reports as they were sent.';
COMMENT ON COLUMN daily_reports.day IS 'The day it is about.';
COMMENT ON COLUMN daily_reports.institution IS 'The institution; empty for the page over all.';
COMMENT ON COLUMN daily_reports.made_at IS 'When it was made.';
COMMENT ON COLUMN daily_reports.title IS 'Its first line.';
COMMENT ON COLUMN daily_reports.text IS 'It as text.';
COMMENT ON COLUMN daily_reports.html IS 'It as a page.';
COMMENT ON COLUMN daily_reports.content IS 'It for machines.';
