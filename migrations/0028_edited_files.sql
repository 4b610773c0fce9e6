-- Rule files that are saved from the workbench are in the audit trail, too.
COMMENT ON TABLE audit_trail IS 'Decisions that are recorded nowhere else: who gave or took which right, who logged in, who saved which file of the project, and what was decided about failures, sources, runs and silences. Other decisions are recorded with what they are about.';
COMMENT ON COLUMN audit_trail.what IS 'added, changed, removed, new password, logged in, created, revoked; retried, discarded, retired, rolled back, ended; saved.';
COMMENT ON COLUMN audit_trail.kind IS 'user, token; failure, source, run, silence; file.';
COMMENT ON COLUMN audit_trail.about IS 'The right in words; of a file the revision that was opened and the one that was saved.';
COMMENT ON COLUMN audit_trail.institution_id IS 'The institution that it is about; NULL of rights, logins, silences and files.';
