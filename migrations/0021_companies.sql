-- Spellings of one name are one company, a registry may know it by an id, and people accept other names of it. Rows that are
-- there keep their ids; the first run of an institution fills in their `fold_key`, which SQL cannot make.

ALTER TABLE companies ADD COLUMN fold_key TEXT, ADD COLUMN registry_id TEXT, ADD COLUMN parent_id UUID,
  ADD FOREIGN KEY (institution_id, parent_id) REFERENCES companies (institution_id, id);
CREATE INDEX companies_by_fold ON companies (institution_id, fold_key);
CREATE INDEX companies_by_registry_id ON companies (institution_id, registry_id) WHERE registry_id IS NOT NULL;
CREATE INDEX companies_unfolded ON companies (institution_id) WHERE fold_key IS NULL;

ALTER TABLE divisions ADD COLUMN fold_key TEXT, ADD COLUMN registry_id TEXT, ADD COLUMN parent_id UUID,
  ADD FOREIGN KEY (institution_id, parent_id) REFERENCES divisions (institution_id, id);
CREATE INDEX divisions_by_fold ON divisions (institution_id, fold_key);
CREATE INDEX divisions_by_registry_id ON divisions (institution_id, registry_id) WHERE registry_id IS NOT NULL;
CREATE INDEX divisions_unfolded ON divisions (institution_id) WHERE fold_key IS NULL;

CREATE TABLE company_aliases (
  institution_id UUID NOT NULL,
  id             BIGINT GENERATED ALWAYS AS IDENTITY,
  name           TEXT NOT NULL,
  fold_key       TEXT NOT NULL,
  company_id     UUID NOT NULL,
  reason         TEXT NOT NULL,
  decided_by     TEXT NOT NULL,
  decided_at     TIMESTAMPTZ NOT NULL,
  undone_by      TEXT,
  undone_at      TIMESTAMPTZ,
  undone_reason  TEXT,
  PRIMARY KEY (institution_id, id),
  FOREIGN KEY (institution_id, company_id) REFERENCES companies (institution_id, id)
);
CREATE UNIQUE INDEX company_aliases_by_name ON company_aliases (institution_id, fold_key) WHERE undone_at IS NULL;

COMMENT ON COLUMN companies.id IS 'UUIDv5 of institution and name_key at its creation; it stays.';
COMMENT ON COLUMN companies.name IS 'The name as it is shown: as the registry has it, else the spelling of the ads that reads best.';
COMMENT ON COLUMN companies.name_key IS 'The name that its id was made of: folded; of rows from before fold_key, in lower case with single spaces.';
COMMENT ON COLUMN companies.fold_key IS 'The name without case, accents, marks and legal form: what makes two spellings one company. NULL until the first run after an upgrade.';
COMMENT ON COLUMN companies.registry_id IS 'Its id in the registry, if one knows it: stays when the name there changes.';
COMMENT ON COLUMN companies.parent_id IS 'The company that it belongs to, as the registry says.';
COMMENT ON COLUMN divisions.id IS 'UUIDv5 of institution and name_key at its creation; it stays.';
COMMENT ON COLUMN divisions.name IS 'The name as it is shown: as the registry has it, else the spelling of the ads that reads best.';
COMMENT ON COLUMN divisions.name_key IS 'The name that its id was made of, as in companies.';
COMMENT ON COLUMN divisions.fold_key IS 'What makes two spellings one division, as in companies.';
COMMENT ON COLUMN divisions.registry_id IS 'Its id in the registry, if one knows it: stays when the name there changes.';
COMMENT ON COLUMN divisions.parent_id IS 'The division that it belongs to, as the registry says.';
COMMENT ON TABLE company_aliases IS 'Names that people accepted for a company: stronger than the registry and than the name itself.';
COMMENT ON COLUMN company_aliases.institution_id IS 'The institution.';
COMMENT ON COLUMN company_aliases.id IS 'Number.';
COMMENT ON COLUMN company_aliases.name IS 'The name, as an ad writes it.';
COMMENT ON COLUMN company_aliases.fold_key IS 'What makes two spellings of it one, as in companies.';
COMMENT ON COLUMN company_aliases.company_id IS 'The company that it means.';
COMMENT ON COLUMN company_aliases.reason IS 'Why.';
COMMENT ON COLUMN company_aliases.decided_by IS 'The operator.';
COMMENT ON COLUMN company_aliases.decided_at IS 'When.';
COMMENT ON COLUMN company_aliases.undone_by IS 'Who undid it.';
COMMENT ON COLUMN company_aliases.undone_at IS 'When it was undone; NULL while it applies.';
COMMENT ON COLUMN company_aliases.undone_reason IS 'Why it was undone.';
