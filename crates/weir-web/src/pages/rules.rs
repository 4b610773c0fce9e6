//! Rules: what must an ad satisfy, and how often does it not? Each rule with its rate in the newest
//! reads; and one rule with its text, its versions and its rate over time.

use super::rule_comparison;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::chart::{Chart, ChartPoint};
use crate::links::address;
use crate::parts::{empty, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use crate::workbench::workbench_link;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;
use weir_model::{Canonical, ProblemSeverity};
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line, share};
use weir_reporting::report::history::short;
use weir_reporting::report::page::when;
use weir_reporting::report::rule_history::{PartLineage, lineages};
use weir_rule::CompiledRule;
use weir_stage::Stage;
use weir_store::versions;
use weir_store::views::source_list::{self, RuleRate};

/// Reads over which the rate of a rule is shown.
const READS: i64 = 60;

/// Which rule is shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RulesQuery {
    rule: String,
}

/// A rule, and who uses it.
struct UsedRule {
    rule: Arc<CompiledRule>,
    /// `institution/source`.
    users: BTreeSet<(String, String)>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<RulesQuery>,
) -> Result<Html<String>, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, &site).await?;
    let rules = rules(&catalog);
    if !query.rule.is_empty() {
        return one(&site, &mut connection, (&catalog, &rules), &query.rule).await;
    }
    let rates = source_list::rule_rates(&mut connection, &sources(&catalog), None, 1).await?;
    drop(connection);
    let body = html! {
        @if rules.is_empty() { (empty("No institution uses a rule.", "`rules: [common]` in an institution uses `rules/common.yaml`; docs/analysts.md shows how to write one.")) }
        @else { (table(&rules, &rates)) }
        @if site.edits() { p { a href="/workbench" { "Edit a rule file" } span.soft { ": see what is wrong as you type, and what the edit does to stored ads." } } }
    };
    Ok(PageShell::new("Rules", &answer(&rules, &rates))
        .at("/rules")
        .show(&site, &body))
}

/// All rules of the YAML, by `SET/ID`.
fn rules(catalog: &Catalog) -> BTreeMap<String, UsedRule> {
    let mut all: BTreeMap<String, UsedRule> = BTreeMap::new();
    for (plan, entry) in catalog
        .all()
        .filter_map(|entry| Some((entry.plan.as_ref()?, entry)))
    {
        for flow in &plan.flows {
            let validates = flow.stages.iter().filter_map(|(_, stage)| match stage {
                Stage::Validate(validate) => Some(validate),
                _ => None,
            });
            for (set, rule) in validates.flat_map(|validate| &validate.rules) {
                let used = all
                    .entry(format!("{set}/{}", rule.id))
                    .or_insert_with(|| UsedRule {
                        rule: Arc::clone(rule),
                        users: BTreeSet::new(),
                    });
                used.users.insert((entry.slug.clone(), flow.source.clone()));
            }
        }
    }
    all
}

fn sources(catalog: &Catalog) -> Vec<(Uuid, String)> {
    let of = |entry: &crate::catalog::CatalogEntry| -> Vec<(Uuid, String)> {
        let flows = entry.plan.iter().flat_map(|plan| &plan.flows);
        flows
            .filter_map(|flow| Some((entry.id?, flow.source.clone())))
            .collect()
    };
    catalog.all().flat_map(of).collect()
}

fn answer(rules: &BTreeMap<String, UsedRule>, rates: &[RuleRate]) -> String {
    let spoke: BTreeSet<&str> = rates
        .iter()
        .filter(|rate| rate.part > 0)
        .map(|rate| rate.rule.as_str())
        .collect();
    let spoke = rules
        .keys()
        .filter(|rule| spoke.contains(rule.as_str()))
        .count();
    match (rules.len(), spoke) {
        (0, _) => "No rules are used".to_owned(),
        (all, 0) => format!(
            "None of the {} spoke against an ad in the newest reads",
            counted(all, "rule")
        ),
        (all, spoke) => format!(
            "{spoke} of {} spoke against ads in the newest reads",
            counted(all, "rule")
        ),
    }
}

fn table(rules: &BTreeMap<String, UsedRule>, rates: &[RuleRate]) -> Markup {
    let sum = |name: &str| {
        let of = rates.iter().filter(|rate| rate.rule == name);
        of.fold((0, 0), |(part, whole), rate| {
            (part + rate.part, whole + rate.whole)
        })
    };
    html! {
        div.table { table {
            thead { tr { th { "Rule" } th { "Field" } th { "Then" } th.number { "Ads" } th.number { "Rate" } th { "Used by" } th { "Message" } } }
            tbody { @for (name, used) in rules {
                @let (part, whole) = sum(name);
                tr data-row {
                    th.wide scope="row" { a href=(address("/rules", [("rule", name.as_str())])) { (line(name, 80)) } }
                    td { (used.rule.field.as_deref().unwrap_or_default()) }
                    td { @if used.rule.severity == ProblemSeverity::Warn { "warns" } @else { "refuses" } }
                    td.number data-name="ads" { @if part > 0 { a href=(address("/failures", [("rule", name.as_str())])) { (thousands(part)) } } @else { span.soft { "·" } } }
                    td.number data-name="rate" { (share(part, whole)) }
                    td { (counted(used.users.len(), "source")) }
                    td { (told(&used.rule.message.to_string(), 120)) }
                }
            } }
        } }
    }
}

/// One rule.
async fn one(
    site: &Visitor,
    connection: &mut weir_store::PgConnection,
    (catalog, rules): (&Catalog, &BTreeMap<String, UsedRule>),
    name: &str,
) -> Result<Html<String>, PageError> {
    let used = rules.get(name);
    let rates = source_list::rule_rates(connection, &sources(catalog), Some(name), READS).await?;
    let uses = versions::used(connection, None).await?;
    let lineages: Vec<PartLineage> = lineages(&uses, name);
    let hashes: BTreeSet<&str> = lineages
        .iter()
        .flat_map(|lineage| lineage.steps.iter().filter_map(|(_, hash)| hash.as_deref()))
        .collect();
    let texts = versions::texts_of(connection, &hashes.into_iter().collect::<Vec<_>>()).await?;
    if used.is_none() && lineages.is_empty() {
        return Err(PageError::unknown(
            format!("No rule is called {}", line(name, 80)),
            "Rules lists those that are used.",
        ));
    }
    let now = (site.now)();
    let body = html! {
        @if let Some(used) = used {
            section { h2 { "As it is now" } p { (workbench_link(site, set_of(name))) } pre.yaml { code { (used.rule.canonical()) } }
                p { "Used by " @for (institution, source) in used.users.iter().take(30) { a href=(address("/sources", [("institution", institution.as_str()), ("source", source.as_str())])) { (line(institution, 40)) " " (told(source, 40)) } " " } }
            }
        }
        (rate(&rates))
        section {
            h2 { "Versions that ran" }
            @if lineages.is_empty() { p.soft { "None yet." } }
            @for lineage in lineages.iter().take(30) { (history(lineage, catalog, &texts, now)) (rule_comparison::choice(name, lineage, &texts, catalog.zone(&lineage.institution))) }
        }
    };
    let over = html! { a href="/rules" { "Rules" } " › " (line(name, 80)) };
    let answer = used.map_or_else(
        || "It is not used any more".to_owned(),
        |used| line(&used.rule.message.to_string(), 200),
    );
    Ok(PageShell::new("Rule", &answer)
        .at("/rules")
        .over(over)
        .show(site, &body))
}

/// The rate over time, all sources together.
fn rate(rates: &[RuleRate]) -> Markup {
    let mut days: BTreeMap<DateTime<Utc>, (i64, i64)> = BTreeMap::new();
    for rate in rates {
        let day = days.entry(rate.at).or_default();
        *day = (day.0 + rate.part, day.1 + rate.whole);
    }
    let points = days
        .iter()
        .map(|(at, (part, _))| ChartPoint {
            at: *at,
            value: *part,
        })
        .collect();
    html! { @if days.len() > 1 { section { h2 { "Ads that it spoke against, read by read" } (Chart { name: "ads", points, shown: thousands }.show()) } } }
}

/// The set of a rule, `SET/ID`.
fn set_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(set, _)| set)
}

fn history(
    lineage: &PartLineage,
    catalog: &Catalog,
    texts: &std::collections::HashMap<String, String>,
    now: DateTime<Utc>,
) -> Markup {
    let zone = catalog.zone(&lineage.institution);
    html! {
        h3 { (line(&lineage.institution, 40)) " " (told(&lineage.source, 40)) small.soft { " " (line(&lineage.part, 80)) } }
        ol.versions { @for (at, hash) in lineage.steps.iter().rev().take(20) {
            li {
                p { (when(*at, zone, now)) " " @match hash { Some(hash) => { code { (short(hash)) } }, None => { "not used any more" } } }
                @if let Some(text) = hash.as_ref().and_then(|hash| texts.get(hash)) { details { summary { "Text" } pre.yaml { code { (crate::parts::long(text, 4000)) } } } }
            }
        } }
    }
}
