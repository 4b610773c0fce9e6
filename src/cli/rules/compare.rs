//! `weir rules compare`.

use super::{PartOwnerArgs, WantedVersion, chosen};
use crate::cli::{ClockArgs, CommandContext, CommandFailure};
use crate::engine::rule_comparison::{RulePair, compare};
use crate::model::Clock;
use crate::plan::{CheckedProject, InstitutionStatus, Plan, SourcePlan};
use crate::report::history::short;
use crate::report::rule_comparison::{RuleComparisonPage, text};
use crate::report::rule_history::{PartText, difference, lineages};
use crate::store::Store;
use crate::store::versions::PartUse;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What two versions of a rule say about the stored ads.
#[derive(clap::Args)]
#[command(
    after_help = "Both versions judge every stored ad, as the mappings of today read it; nothing \
                  is written.\nWhat an edit that has not run yet would do: `weir rehearse`."
)]
pub(super) struct CompareArgs {
    /// A rule (`open-six-months`)
    name: String,
    /// The older version; the one before the newest if none is named
    old: Option<String>,
    /// The newer version; the newest if none is named
    new: Option<String>,
    #[command(flatten)]
    pub(super) whose: PartOwnerArgs,
    /// How many examples of each difference to show
    #[arg(long, value_name = "N", default_value_t = 3)]
    limit: usize,
    #[command(flatten)]
    at: ClockArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl CompareArgs {
    pub(super) async fn act(
        &self,
        edge: &CommandContext,
        store: &Store,
        used: &[PartUse],
    ) -> Result<(), CommandFailure> {
        let wanted = [
            WantedVersion::of(self.old.as_deref(), 1),
            WantedVersion::of(self.new.as_deref(), 0),
        ];
        let both = chosen(&mut *store.connection().await?, used, &self.name, &wanted).await?;
        let [old, new] = both.as_slice() else {
            return Ok(());
        };
        let checked = edge.checked();
        let at = self.at.clock(edge)?;
        let mut pages = Vec::new();
        for (plan, flow) in users(&checked, used, &old.part) {
            pages.push(
                self.page(store, &checked, (&plan, &plan.flows[flow]), [old, new], at)
                    .await?,
            );
        }
        self.tell(old, new, &pages);
        Ok(())
    }

    async fn page(
        &self,
        store: &Store,
        checked: &CheckedProject,
        (plan, flow): (&Plan, &SourcePlan),
        [old, new]: [&PartText; 2],
        at: Clock,
    ) -> Result<RuleComparisonPage, CommandFailure> {
        let texts = [old.text.as_str(), new.text.as_str()];
        let (pair, changed_lists) = RulePair::recalled(flow, &old.part, texts, &checked.sandbox)
            .map_err(|why| {
                CommandFailure::nothing(why).help("`weir rules diff` shows what was edited")
            })?;
        let asked = (at, self.limit);
        Ok(RuleComparisonPage {
            institution: plan.institution.slug.clone(),
            old: short(&old.version),
            new: short(&new.version),
            changed_lists,
            found: compare(store, &checked.sandbox, plan, flow, &pair, asked).await?,
        })
    }

    fn tell(&self, old: &PartText, new: &PartText, pages: &[RuleComparisonPage]) {
        if self.json {
            let (rule, texts) = (&old.part, [&old.text, &new.text]);
            say!(
                "{:#}",
                json!({ "format": 1, "rule": rule, "texts": texts, "sources": pages })
            );
            return;
        }
        say!("{}\n", difference(old, new));
        pages.iter().for_each(|page| put!("{}", text(page)));
    }
}

/// The sources of a part that are ready to judge; the others are named.
fn users(checked: &CheckedProject, used: &[PartUse], part: &str) -> Vec<(Arc<Plan>, usize)> {
    let all = lineages(used, part);
    let named: BTreeSet<(&str, &str)> = all
        .iter()
        .map(|one| (one.institution.as_str(), one.source.as_str()))
        .collect();
    let mut found = Vec::new();
    for (slug, source) in named {
        let institution = checked.institutions.iter().find(|one| one.slug == slug);
        let plan = institution.and_then(|one| match &one.standing {
            InstitutionStatus::Ready(plan) | InstitutionStatus::Inactive(plan) => Some(plan),
            InstitutionStatus::Broken(_) => None,
        });
        let flow = plan.and_then(|plan| {
            let index = plan.flows.iter().position(|flow| flow.source == source)?;
            Some((Arc::clone(plan), index))
        });
        match flow {
            Some(flow) => found.push(flow),
            None => tell!("not compared: {slug}/{source}: removed, or its files have errors"),
        }
    }
    found
}
