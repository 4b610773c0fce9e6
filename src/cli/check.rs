//! `weir check`.

use super::{CommandContext, CommandFailure, DONE, NOTHING, are_institutions, show, verdict};
use crate::plan::{CheckedInstitution, InstitutionStatus};
use serde_json::json;

/// Reports everything wrong in the YAML.
#[derive(clap::Args)]
pub struct CheckArgs {
    /// Institutions to check; by default all, with every file of the project
    institutions: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also report variables without a default that are not set here: for the machine that runs it
    #[arg(long)]
    env: bool,
}

impl CheckArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        are_institutions(&self.institutions, &checked)?;
        let chosen: Vec<&CheckedInstitution> = checked.chosen(&self.institutions).collect();
        let found = checked
            .diagnostics
            .only(|place| checked.belongs(place, &self.institutions));
        let unset = if self.env {
            unset(edge, &chosen)
        } else {
            Vec::new()
        };
        let is_good = !found.has_errors() && unset.is_empty();
        let code = if is_good { DONE } else { NOTHING };
        if self.json {
            let institutions = chosen
                .iter()
                .map(|institution| json!({ "institution": institution.slug, "file": institution.file, "standing": word(&institution.standing) }));
            let diagnostics = crate::diagnostic::to_json(&found, &checked.texts);
            let mut page = json!({ "format": 1, "institutions": institutions.collect::<Vec<_>>(), "diagnostics": diagnostics });
            if self.env {
                page["unset"] = json!(unset);
            }
            say!("{page:#}");
            return Ok(code);
        }
        show(&checked, edge, &self.institutions);
        for UnsetVariable {
            institution,
            source,
            variable,
        } in &unset
        {
            tell!(
                "error: {institution}/{source}: `${{{variable}}}` is not set\n\
                 help: set it where `weir run` is started: `export {variable}=...`"
            );
        }
        for institution in chosen {
            say!(
                "{:8} {} ({})",
                word(&institution.standing),
                institution.slug,
                institution.file
            );
        }
        say!("{}", verdict(&found));
        Ok(code)
    }
}

/// A variable that a source needs and this environment lacks.
#[derive(serde::Serialize)]
struct UnsetVariable {
    institution: String,
    source: String,
    variable: String,
}

fn unset(edge: &CommandContext, institutions: &[&CheckedInstitution]) -> Vec<UnsetVariable> {
    let variables = edge.variables();
    let plans = institutions
        .iter()
        .filter_map(|institution| institution.plan());
    let flows = plans.flat_map(|plan| plan.flows.iter().map(move |flow| (plan, flow)));
    let unset = flows.flat_map(|(plan, flow)| {
        let missing = flow
            .fetch
            .templates()
            .into_iter()
            .flat_map(|one| one.missing(&variables));
        let missing: std::collections::BTreeSet<String> = missing.collect();
        missing.into_iter().map(move |variable| UnsetVariable {
            institution: plan.institution.slug.clone(),
            source: flow.source.clone(),
            variable,
        })
    });
    unset.collect()
}

fn word(standing: &InstitutionStatus) -> &'static str {
    match standing {
        InstitutionStatus::Ready(_) => "ready",
        InstitutionStatus::Inactive(_) => "inactive",
        InstitutionStatus::Broken(_) => "broken",
    }
}
