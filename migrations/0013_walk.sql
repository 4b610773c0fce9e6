-- What a run leaves for whoever looks at it: the plan that it walked, what passed between its nodes, a few ads at each of them,
-- and what happened, line by line. Bounded for each run, whatever the size of a feed.

CREATE TABLE plan_outlines (
  institution_id UUID NOT NULL REFERENCES institutions (id),
  fingerprint    BYTEA NOT NULL,
  outline        JSONB NOT NULL,
  first_used_at  TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (institution_id, fingerprint)
);
COMMENT ON TABLE plan_outlines IS 'The plans that runs have walked: their nodes and what each waits for, without addresses and secrets.';
COMMENT ON COLUMN plan_outlines.institution_id IS 'The institution.';
COMMENT ON COLUMN plan_outlines.fingerprint IS 'As in runs.plan_fingerprint.';
COMMENT ON COLUMN plan_outlines.outline IS 'The plan, as `weir graph --format json` writes it.';
COMMENT ON COLUMN plan_outlines.first_used_at IS 'Clock of the first run that walked it.';

CREATE TABLE run_edges (
  institution_id UUID NOT NULL,
  run_id         BIGINT NOT NULL,
  from_node      TEXT NOT NULL,
  to_node        TEXT NOT NULL,
  rows           BIGINT NOT NULL,
  PRIMARY KEY (institution_id, run_id, from_node, to_node),
  FOREIGN KEY (institution_id, run_id) REFERENCES runs (institution_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE run_edges IS 'What passed between the nodes of a plan in a run.';
COMMENT ON COLUMN run_edges.institution_id IS 'The institution.';
COMMENT ON COLUMN run_edges.run_id IS 'The run.';
COMMENT ON COLUMN run_edges.from_node IS 'A node: its stage, and its source behind a colon, as in `extract:board`; a stage of the institution alone.';
COMMENT ON COLUMN run_edges.to_node IS 'A node that waits for it.';
COMMENT ON COLUMN run_edges.rows IS 'Ads that left the first node.';

CREATE TABLE run_samples (
  institution_id UUID NOT NULL,
  run_id         BIGINT NOT NULL,
  node           TEXT NOT NULL,
  ordinal        INT NOT NULL,
  source_id      TEXT NOT NULL,
  external_id    TEXT NOT NULL,
  title          TEXT NOT NULL,
  refused        BOOLEAN NOT NULL,
  what           TEXT NOT NULL,
  PRIMARY KEY (institution_id, run_id, node, ordinal),
  FOREIGN KEY (institution_id, run_id) REFERENCES runs (institution_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE run_samples IS 'A few ads at each node of a run, cut short: to look at, never to work with.';
COMMENT ON COLUMN run_samples.institution_id IS 'The institution.';
COMMENT ON COLUMN run_samples.run_id IS 'The run.';
COMMENT ON COLUMN run_samples.node IS 'The node, as in run_edges.';
COMMENT ON COLUMN run_samples.ordinal IS 'Its place among those of the node, from 0.';
COMMENT ON COLUMN run_samples.source_id IS 'The source.';
COMMENT ON COLUMN run_samples.external_id IS 'The source''s id of the ad.';
COMMENT ON COLUMN run_samples.title IS 'Its title, once it has one.';
COMMENT ON COLUMN run_samples.refused IS 'Whether the node found something against it.';
COMMENT ON COLUMN run_samples.what IS 'Its fields, or everything said against it.';

CREATE TABLE run_log (
  institution_id UUID NOT NULL,
  run_id         BIGINT NOT NULL,
  ordinal        INT NOT NULL,
  logged_at      TIMESTAMPTZ NOT NULL,
  severity       TEXT NOT NULL CHECK (severity IN ('info', 'warn', 'error')),
  node           TEXT NOT NULL,
  message        TEXT NOT NULL,
  PRIMARY KEY (institution_id, run_id, ordinal),
  FOREIGN KEY (institution_id, run_id) REFERENCES runs (institution_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE run_log IS 'What happened in a run, line by line; of a very long one the last lines are left out, and the last line says how many.';
COMMENT ON COLUMN run_log.institution_id IS 'The institution.';
COMMENT ON COLUMN run_log.run_id IS 'The run.';
COMMENT ON COLUMN run_log.ordinal IS 'Its place, from 0.';
COMMENT ON COLUMN run_log.logged_at IS 'Wall clock.';
COMMENT ON COLUMN run_log.severity IS 'info, warn or error.';
COMMENT ON COLUMN run_log.node IS 'The node that it is about, as in run_edges; empty for the run.';
COMMENT ON COLUMN run_log.message IS 'What happened, in words.';
