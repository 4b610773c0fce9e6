//! A project over what was written: an institution a folder, so that `weir run` reads it at once
//! with `DAY` in the environment.

use crate::board::{institution, source};
use crate::options::Options;
use std::fmt::Write;
use std::fs;
use std::io::Result;

const PIPELINE: &str = "pipeline: daily
stages: [fetch, extract, resolve, validate, promote, archive, report]
";

const MAPPING: &str = "    id: $.id
    job:
      title: $.title
      description: { from: $.descriptionHtml, as: html }
      open_date: $.openDate
      close_date: $.closeDate
      department: $.agency.name
      job_type: $.jobType
      source_url: $.url
      locations: $.locations[*].city
      recruiter: $.recruiter
";

const REQUIRE: &str = "require:
  title: { type: string, minLength: 3 }
  description: { type: string, minLength: 10 }
  open_date: { type: string, format: date }
  close_date: { type: string, format: date }
  locations: { type: array, minItems: 1 }
rules: [generated]
";

const RULES: &str = "rules:
  - id: close-after-open
    type: invalid_date_range
    field: close_date
    assert: job.close_date >= job.open_date
    message: Close date cannot be before open date
";

/// Writes `institutions/`, `pipelines/` and `rules/`.
///
/// # Errors
/// A file cannot be written.
pub fn write(options: &Options) -> Result<()> {
    for folder in ["institutions", "pipelines", "rules"] {
        fs::create_dir_all(options.out.join(folder))?;
    }
    fs::write(options.out.join("pipelines/daily.yaml"), PIPELINE)?;
    fs::write(options.out.join("rules/generated.yaml"), RULES)?;
    for number in 0..options.institutions {
        let slug = institution(number);
        let mut yaml = format!("institution: {slug}\ntimezone: Australia/Sydney\nsources:\n");
        for board in (0..options.sources).map(source) {
            let file = format!("{slug}/{board}-${{DAY:-0}}.ndjson");
            let _ = write!(
                yaml,
                "  {board}:\n    fetch: {{ file: {{ path: '{file}' }} }}\n{MAPPING}"
            );
        }
        yaml.push_str(REQUIRE);
        yaml.push_str("missing: { after: 1, apart: 0h }\n");
        fs::write(options.out.join(format!("institutions/{slug}.yaml")), yaml)?;
    }
    Ok(())
}
