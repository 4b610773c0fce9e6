//! Two versions of a rule: what do they say about the stored ads of a source, side by side?

use crate::access::Visitor;
use crate::aside::{WORKS_FOR, in_turn};
use crate::catalog::Catalog;
use crate::links::address;
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::timeout_at;
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_reporting::report::columns::line;
use weir_reporting::report::difference;
use weir_reporting::report::history::short;
use weir_reporting::report::rule_comparison::{RuleComparisonPage, markup};
use weir_reporting::report::rule_history::{PartLineage, PartText, lineages};
use weir_runtime::engine::rule_comparison::{RulePair, compare};
use weir_store::versions;

/// Examples of each difference.
const EXAMPLES: usize = 10;

/// Which versions of which rule are compared, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ComparisonQuery {
    rule: String,
    institution: String,
    source: String,
    old: String,
    new: String,
}

/// What is compared.
struct ComparedVersions {
    plan: Arc<Plan>,
    /// Index of the source.
    flow: usize,
    old: PartText,
    new: PartText,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<ComparisonQuery>,
) -> Result<Html<String>, PageError> {
    let versions = wanted(&site, &query).await?;
    let edit = difference::of_files(&versions.old.text, &versions.new.text);
    let found = compared(&site, versions).await?;
    let rule = address("/rules", [("rule", query.rule.as_str())]);
    let over = html! { a href="/rules" { "Rules" } " › " a href=(rule) { (line(&query.rule, 80)) } " › Two versions" };
    let body = html! {
        (markup(&found))
        @if !edit.is_empty() { section { h2 { "What was edited" } pre.findings tabindex="0" { code { (edit) } } } }
        p.soft { "Every stored ad was judged as the mappings of today read it. Nothing was written." }
    };
    let answer = found.answer();
    let mut letters = answer.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let answer = first.unwrap_or_default() + letters.as_str();
    Ok(PageShell::new("Two versions of a rule", &answer)
        .at("/rules")
        .over(over)
        .show(&site, &body))
}

/// The versions that the address names.
async fn wanted(site: &Visitor, query: &ComparisonQuery) -> Result<ComparedVersions, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let entry = catalog.all().find(|entry| entry.slug == query.institution);
    let plan = entry.and_then(|entry| entry.plan.clone());
    let plan = plan.ok_or_else(|| unknown("No such institution can be judged"))?;
    let mut flows = plan.flows.iter();
    let flow = flows
        .position(|flow| flow.source == query.source)
        .ok_or_else(|| unknown("The institution has no such source"))?;
    let uses = versions::used(&mut connection, Some(&query.institution)).await?;
    let all = lineages(&uses, &format!("rule {}", query.rule));
    let of_source = all.iter().find(|lineage| lineage.source == query.source);
    let steps = of_source.iter().flat_map(|lineage| &lineage.steps);
    let hashes: Vec<&str> = steps.filter_map(|(_, hash)| hash.as_deref()).collect();
    let texts = versions::texts_of(&mut connection, &hashes).await?;
    let versions = of_source.map(|lineage| lineage.versions(&texts));
    let versions = versions.unwrap_or_default();
    let named = |wanted: &str| {
        let is_it = |one: &&PartText| !wanted.is_empty() && one.version.starts_with(wanted);
        let found = versions.iter().rfind(is_it);
        found
            .cloned()
            .ok_or_else(|| unknown("No such version of the rule has run"))
    };
    let (old, new) = (named(&query.old)?, named(&query.new)?);
    Ok(ComparedVersions {
        plan,
        flow,
        old,
        new,
    })
}

fn unknown(what: &str) -> PageError {
    PageError::unknown(what, "The page of the rule lists the versions that ran.")
}

async fn compared(
    site: &Visitor,
    versions: ComparedVersions,
) -> Result<RuleComparisonPage, PageError> {
    let sandbox = Arc::clone(&site.project().sandbox);
    let ComparedVersions {
        plan,
        flow,
        old,
        new,
    } = versions;
    let texts = [old.text.as_str(), new.text.as_str()];
    let (pair, changed_lists) =
        RulePair::recalled(&plan.flows[flow], &old.part, texts, &sandbox)
            .map_err(|why| PageError::bad("The versions cannot be compared", format!("{why}.")))?;
    let (store, at, institution) = (
        site.store.clone(),
        Clock((site.now)()),
        plan.institution.slug.clone(),
    );
    let found = in_turn(site, async move |ends| {
        let flow = &plan.flows[flow];
        let judging = compare(&store, &sandbox, &plan, flow, &pair, (at, EXAMPLES));
        timeout_at(ends, judging).await
    });
    let found = found.await?.map_err(|_| {
        let within = format!(
            "Its stored ads could not be judged within {} s. Run `weir rules compare` instead.",
            WORKS_FOR.as_secs()
        );
        PageError::moved("The source is too large for a page", within)
    })?;
    Ok(RuleComparisonPage {
        institution,
        old: short(&old.version),
        new: short(&new.version),
        changed_lists,
        found: found?,
    })
}

/// A form that chooses two versions of a lineage; nothing where there is only one.
pub(super) fn choice(
    rule: &str,
    lineage: &PartLineage,
    texts: &HashMap<String, String>,
    zone: Tz,
) -> Markup {
    let versions = lineage.versions(texts);
    let newest = versions.len().saturating_sub(1);
    let select = |name: &str, label: &str, chosen: usize| {
        html! {
            label.inline { span { (label) }
                select name=(name) { @for (nth, one) in versions.iter().enumerate().rev() {
                    option value=(one.version) selected[nth == chosen] { (short(&one.version)) " since " (one.since.with_timezone(&zone).format("%-d %b %Y %H:%M")) }
                } }
            }
        }
    };
    html! {
        @if newest > 0 {
            form.filter method="get" action="/rules/compare" {
                input type="hidden" name="rule" value=(rule);
                input type="hidden" name="institution" value=(lineage.institution);
                input type="hidden" name="source" value=(lineage.source);
                (select("old", "Compare", newest - 1)) (select("new", "with", newest))
                button { "On stored ads" }
            }
        }
    }
}
