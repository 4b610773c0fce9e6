//! `weir check`.

use super::{DONE, Edge, Failure, NOTHING, show, verdict};
use crate::plan::InstitutionStatus;
use serde_json::json;

/// Reports everything wrong in the YAML.
#[derive(clap::Args)]
pub struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = edge.checked();
        let code = if checked.diagnostics.has_errors() { NOTHING } else { DONE };
        if self.json {
            let institutions = checked
                .institutions
                .iter()
                .map(|institution| json!({ "institution": institution.slug, "file": institution.file, "standing": word(&institution.standing) }));
            let page = json!({ "format": 1, "institutions": institutions.collect::<Vec<_>>(), "diagnostics": crate::diagnostic::to_json(&checked.diagnostics, &checked.texts) });
            say!("{page:#}");
            return Ok(code);
        }
        show(&checked, edge, &[]);
        for institution in &checked.institutions {
            say!("{:8} {} ({})", word(&institution.standing), institution.slug, institution.file);
        }
        say!("{}", verdict(&checked));
        Ok(code)
    }
}

fn word(standing: &InstitutionStatus) -> &'static str {
    match standing {
        InstitutionStatus::Ready(_) => "ready",
        InstitutionStatus::Inactive(_) => "inactive",
        InstitutionStatus::Broken(_) => "broken",
    }
}
