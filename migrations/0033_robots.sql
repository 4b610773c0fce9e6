-- What publishers allow, read once for all workers.
CREATE TABLE robots_rules (
  origin  TEXT PRIMARY KEY,
  rules   TEXT NOT NULL CHECK (octet_length(rules) <= 65536),
  read_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX robots_rules_read ON robots_rules (read_at);
COMMENT ON TABLE robots_rules IS 'What the robots.txt of each publisher allows, as any worker has read it within the last day.';
COMMENT ON COLUMN robots_rules.origin IS 'Scheme, host and port, and whether private addresses could be reached.';
COMMENT ON COLUMN robots_rules.rules IS 'The rules for Weir, written as a robots.txt.';
COMMENT ON COLUMN robots_rules.read_at IS 'When it was read, by the clock of the server.';
