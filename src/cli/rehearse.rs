//! `weir rehearse`.

use super::database::{Database, block_on};
use super::{
    CHANGES, ClockArgs, CommandContext, CommandFailure, DONE, FAILED, NOTHING, are_institutions,
    out,
};
use crate::config::Project;
use crate::diagnostic::{self, one_of};
use crate::engine::rehearse::{self, Rehearsal, RehearsalRequest};
use crate::plan::InstitutionStatus;
use crate::plan::tried::TriedTest;
use crate::plan::{CheckedProject, Plan, check};
use crate::report::columns::counted;
use crate::report::rehearsal::{self, RehearsalPage};
use crate::store::{DatabaseDemand, Store};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Show what edited rules and mappings would do to the stored ads.
#[derive(clap::Args)]
#[command(
    after_help = "Applies the working copy of the YAML to the stored ads: no source is read, \
                  nothing is written.\nEdit rules/common.yaml, then run `weir rehearse`; or edit \
                  a copy elsewhere: `weir rehearse --rules drafts/common.yaml`."
)]
pub struct RehearseArgs {
    /// The institutions; by default all
    institutions: Vec<String>,
    /// Rule files that replace those of the same name in rules/
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Validate every stored ad, not only those that the edit can affect
    #[arg(long)]
    all: bool,
    /// How many examples of each type to show
    #[arg(long, value_name = "N", default_value_t = 3)]
    limit: usize,
    #[command(flatten)]
    at: ClockArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write a page for the browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with 3 if something would change
    #[arg(long)]
    detailed_exitcode: bool,
}

impl RehearseArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        if let Some(missing) = self.rules.iter().find(|file| !file.is_file()) {
            return Err(
                CommandFailure::nothing(format!("`{}` is not a file", missing.display()))
                    .help("give an edited copy of a file in rules/"),
            );
        }
        // A rehearsal comes before the tests are adapted, so a test that fails does not stop it.
        let checked = check::check_for_tests(Project::load_with(&edge.project, &self.rules));
        self.show(&checked, edge);
        let plans = self.chosen(&checked)?;
        if plans.is_empty() {
            return Ok(NOTHING);
        }
        block_on(async {
            let database = Database::open(edge, DatabaseDemand::JUDGE).await?;
            let pages = self.rehearse(edge, &database.store, &checked, &plans).await;
            database.close().await?;
            let all_sound = checked.institutions.iter().all(|one| one.plan().is_some());
            self.tell(&pages?, !all_sound)
        })?
    }

    /// Shows what is wrong, in a replaced rule set under the name of the file that replaces it.
    fn show(&self, checked: &CheckedProject, edge: &CommandContext) {
        let mut shown = checked
            .diagnostics
            .only(|place| checked.belongs(place, &self.institutions));
        let mut texts = checked.texts.clone();
        for file in &self.rules {
            let (old, new) = (replaced(file), file.display().to_string());
            if let Some(text) = checked.texts.text(&old) {
                texts.insert(new.as_str(), text);
            }
            shown = shown.renamed(&old, &new);
        }
        if !shown.is_empty() {
            out::report_rendered(&diagnostic::render(&shown, &texts, edge.colour));
        }
        let is_wanted = |test: &&TriedTest| checked.belongs(&test.place, &self.institutions);
        let failing = checked
            .tried
            .iter()
            .filter(is_wanted)
            .filter(|test| !test.failures.is_empty())
            .count();
        if failing > 0 {
            let tests = counted(failing, "test");
            note!(
                "{tests} of rules or connectors would fail; `weir check` shows them, and no \
                 run uses these files before they pass"
            );
        }
    }

    /// A file as it was given, if it replaces one of the project.
    fn given(&self, file: &str) -> String {
        let given = self.rules.iter().find(|given| replaced(given) == file);
        given.map_or_else(|| file.to_owned(), |given| given.display().to_string())
    }

    fn chosen(&self, checked: &CheckedProject) -> Result<Vec<Arc<Plan>>, CommandFailure> {
        are_institutions(&self.institutions, checked)?;
        self.are_used(checked)?;
        let is_named = |slug: &String| self.institutions.contains(slug);
        let mut plans = Vec::new();
        for one in checked.chosen(&self.institutions) {
            match &one.standing {
                InstitutionStatus::Ready(plan) => plans.push(Arc::clone(plan)),
                InstitutionStatus::Inactive(plan) if is_named(&one.slug) => {
                    plans.push(Arc::clone(plan));
                }
                InstitutionStatus::Inactive(_) => {}
                InstitutionStatus::Broken(files) => {
                    let files: Vec<String> = files.iter().map(|file| self.given(file)).collect();
                    tell!(
                        "not rehearsed: `{}`: errors in {}",
                        one.slug,
                        files.join(", ")
                    );
                }
            }
        }
        Ok(plans)
    }

    /// Refuses files that replace no rule set of the rehearsal: they would have no effect.
    fn are_used(&self, checked: &CheckedProject) -> Result<(), CommandFailure> {
        let used: BTreeSet<&str> = checked
            .chosen(&self.institutions)
            .flat_map(|one| &one.files)
            .filter_map(|file| file.strip_prefix("rules/")?.strip_suffix(".yaml"))
            .collect();
        let stem = |file: &PathBuf| {
            file.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let Some((file, stem)) = self
            .rules
            .iter()
            .map(|file| (file, stem(file)))
            .find(|(_, stem)| !used.contains(stem.as_str()))
        else {
            return Ok(());
        };
        let sets = one_of(used);
        let help = if sets.is_empty() {
            "none of them uses a rule set".to_owned()
        } else {
            format!("a file replaces the set of the same name: {sets}")
        };
        Err(CommandFailure::nothing(format!(
            "none of the rehearsed institutions uses the rule set `{stem}`, which `{}` would \
             replace",
            file.display()
        ))
        .help(help.to_string()))
    }

    async fn rehearse(
        &self,
        edge: &CommandContext,
        store: &Store,
        checked: &CheckedProject,
        plans: &[Arc<Plan>],
    ) -> Result<Vec<RehearsalPage>, CommandFailure> {
        let asked = RehearsalRequest {
            at: self.at.clock(edge)?,
            all: self.all,
            examples: self.limit,
        };
        let mut pages = Vec::new();
        for plan in plans {
            let begun = (edge.now)();
            let found =
                rehearse::rehearse_institution(store, &checked.sandbox, plan, asked).await?;
            pages.push(RehearsalPage {
                institution: plan.institution.slug.clone(),
                openings: found.openings,
                millis: ((edge.now)() - begun).num_milliseconds(),
                sources: found.sources,
            });
        }
        Ok(pages)
    }

    fn tell(&self, pages: &[RehearsalPage], left_out: bool) -> Result<u8, CommandFailure> {
        if self.json {
            say!("{:#}", json!({ "format": 1, "institutions": pages }));
        } else {
            pages
                .iter()
                .for_each(|page| put!("{}", rehearsal::text(page)));
        }
        if let Some(file) = &self.html {
            out::write_file(file, &rehearsal::html(pages)).map_err(|error| {
                CommandFailure::failed(format!("cannot write `{}`: {error}", file.display()))
            })?;
            tell!("written to {}", file.display());
        }
        let quiet = pages
            .iter()
            .flat_map(|page| &page.sources)
            .all(Rehearsal::is_quiet)
            && pages
                .iter()
                .all(|page| page.openings.is_none_or(|counts| counts.words().is_empty()));
        Ok(if left_out {
            FAILED
        } else if self.detailed_exitcode && !quiet {
            CHANGES
        } else {
            DONE
        })
    }
}

/// The file of the project that a rule set replaces, as the check names it.
fn replaced(file: &Path) -> String {
    format!(
        "rules/{}",
        file.file_name().unwrap_or_default().to_string_lossy()
    )
}
