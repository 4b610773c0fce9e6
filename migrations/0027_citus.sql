-- What Citus cannot plan over many institutions at once, written so that it can, and the indexes that it takes then.
-- docs/decisions/0035-citus.md says why.

-- A field of `extra` is a row of its own; any other change is paired with one key, which is not looked at.
CREATE OR REPLACE VIEW job_changes AS
  SELECT h.institution_id, h.id AS job_id, h.source_id, h.original_id, h.version,
    CASE WHEN c.key = 'extra' THEN 'extra.' || k.key ELSE c.key END AS field,
    CASE WHEN c.key = 'extra' THEN c.value -> 'old' -> k.key ELSE c.value -> 'old' END AS old,
    CASE WHEN c.key = 'extra' THEN c.value -> 'new' -> k.key ELSE c.value -> 'new' END AS new,
    h.status, h.change_type, h.change_reason, h.created_at, h.created_by, h.run_id, h.takes_back
  FROM jobs_history h
  CROSS JOIN LATERAL jsonb_each(h.changes) AS c
  CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN c.key = 'extra' THEN
      CASE WHEN jsonb_typeof(c.value -> 'old') = 'object' THEN c.value -> 'old' ELSE '{}' END
      || CASE WHEN jsonb_typeof(c.value -> 'new') = 'object' THEN c.value -> 'new' ELSE '{}' END
    ELSE '{"": null}' END) AS k (key)
  WHERE h.changes IS NOT NULL AND (c.key <> 'extra' OR (c.value -> 'old' -> k.key) IS DISTINCT FROM (c.value -> 'new' -> k.key));

-- The ads that wait for a name, which each hold looks up for itself.
CREATE INDEX staging_validation_failures_name ON staging_validation_failures (institution_id, field_name, lower(raw_data ->> 'found'))
  WHERE validation_type = 'invalid_relationship';

-- Lists over all institutions, a page at a time.
CREATE INDEX runs_by_id ON runs (id);
CREATE INDEX holds_by_id ON holds (id);

-- Up to which transaction followers of `changes` may read. `weir db distribute` replaces it: with Citus a transaction that
-- has ended may still be about to appear on a node.
CREATE FUNCTION change_horizon() RETURNS XID8 LANGUAGE sql STABLE AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot()) $$;
COMMENT ON FUNCTION change_horizon() IS 'Changes of transactions before this one are all there; ask as a sub-select: txid < (SELECT change_horizon()).';
