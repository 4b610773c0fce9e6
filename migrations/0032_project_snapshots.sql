-- The files of a project, for workers on machines without its folder. With distributed tables it stays on the coordinator.
CREATE TABLE project_snapshots (
  project   TEXT NOT NULL,
  version   BYTEA NOT NULL,
  digest    BYTEA NOT NULL,
  files     BYTEA NOT NULL,
  stored_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (project, version)
);
-- Compressed already.
ALTER TABLE project_snapshots ALTER COLUMN files SET STORAGE EXTERNAL;
COMMENT ON TABLE project_snapshots IS 'The files of a project as its scheduler reads them, for `weir worker --from-database`. The newest is that of today; others are swept.';
COMMENT ON COLUMN project_snapshots.project IS 'The identity of the project: `project:` in its weir.yaml.';
COMMENT ON COLUMN project_snapshots.version IS 'Hash of all files, as `project_version` of `runs` has it.';
COMMENT ON COLUMN project_snapshots.digest IS 'SHA-256 of `files`: a worker refuses files with another one.';
COMMENT ON COLUMN project_snapshots.files IS 'The YAML, lists and tables of frameworks, as an archive (tar, gzip). Secrets are not among them: the YAML names them as ${NAME}.';
COMMENT ON COLUMN project_snapshots.stored_at IS 'When a scheduler began to work with it, by the clock of the server.';
