-- Decisions that leave no row of their own, such as ads that are tried again, a source that is given up, or a run that is taken
-- back, are in the audit trail: what every other decision has, author, reason and time, they have there.

ALTER TABLE audit_trail ADD COLUMN institution_id UUID, ADD COLUMN reason TEXT;
CREATE INDEX audit_trail_by_institution ON audit_trail (institution_id, at) WHERE institution_id IS NOT NULL;
COMMENT ON TABLE audit_trail IS 'Decisions that are recorded nowhere else: who gave or took which right, who logged in, and what was decided about failures, sources, runs and silences. Other decisions are recorded with what they are about.';
COMMENT ON COLUMN audit_trail.what IS 'added, changed, removed, new password, logged in, created, revoked; retried, discarded, retired, rolled back, ended.';
COMMENT ON COLUMN audit_trail.kind IS 'user, token; failure, source, run, silence.';
COMMENT ON COLUMN audit_trail.subject IS 'Which.';
COMMENT ON COLUMN audit_trail.institution_id IS 'The institution that it is about; NULL of rights, logins and silences.';
COMMENT ON COLUMN audit_trail.reason IS 'Why; NULL of rights and logins.';
