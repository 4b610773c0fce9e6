//! `weir failures list --warnings` and `weir failures trend`: what rules that only warn say of
//! published ads, and how often rules and fields spoke against ads week by week.

use super::{CommandContext, CommandFailure};
use crate::model::{Clock, SourceKey};
use crate::plan::SourcePlan;
use crate::plan::picture::thousands;
use crate::quality::gauge::GaugedRule;
use crate::report::columns::{columns, line, share};
use crate::store::failures::FailureFilter;
use crate::store::warned::{self, WarnedAd, WeekRate};
use crate::store::{PgConnection, runs};
use chrono::{Duration, NaiveDate};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Warnings of one rule about ads of one source.
struct RuleWarnings<'f> {
    institution: &'f str,
    source: &'f str,
    rule: &'f GaugedRule,
    ads: Vec<WarnedAd>,
}

/// Lists published ads that rules warn about, at most `limit` of each rule.
pub(super) async fn list(
    edge: &CommandContext,
    connection: &mut PgConnection,
    wanted: &FailureFilter<'_>,
    limit: Option<i64>,
    json: bool,
) -> Result<(), CommandFailure> {
    let checked = edge.checked();
    let plans = checked.institutions.iter().filter_map(|one| one.plan());
    let mut all = Vec::new();
    for plan in plans.filter(|plan| {
        wanted
            .institution
            .is_none_or(|wanted| wanted == plan.institution.slug)
    }) {
        for flow in plan
            .flows
            .iter()
            .filter(|flow| wanted.source.is_none_or(|wanted| wanted == flow.source))
        {
            let Some((_, last)) = runs::last(connection, plan.institution.id, None).await? else {
                continue;
            };
            let found = of_source(
                connection,
                plan.institution.id,
                flow,
                last,
                (wanted.rule, limit),
            )
            .await?;
            let warned = |(rule, ads)| RuleWarnings {
                institution: &plan.institution.slug,
                source: &flow.source,
                rule,
                ads,
            };
            all.extend(found.into_iter().map(warned));
        }
    }
    show(&all, json);
    Ok(())
}

async fn of_source<'f>(
    connection: &mut PgConnection,
    institution: Uuid,
    flow: &'f SourcePlan,
    last: Clock,
    (wanted, limit): (Option<&str>, Option<i64>),
) -> Result<Vec<(&'f GaugedRule, Vec<WarnedAd>)>, CommandFailure> {
    let rules: BTreeMap<i32, &GaugedRule> = flow
        .gauge
        .warn_bits()
        .filter(|(_, rule)| wanted.is_none_or(|wanted| wanted == rule.id))
        .collect();
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let stream = SourceKey {
        institution,
        source: flow.source.clone(),
    };
    let bits: Vec<i32> = rules.keys().copied().collect();
    let fingerprints = [flow.parts_at(last).fingerprint().to_vec()];
    let mut by_bit: BTreeMap<i32, Vec<WarnedAd>> = BTreeMap::new();
    for ad in warned::ads(
        connection,
        &stream,
        &fingerprints,
        &bits,
        limit.unwrap_or(i64::MAX),
    )
    .await?
    {
        by_bit.entry(ad.bit).or_default().push(ad);
    }
    Ok(by_bit
        .into_iter()
        .filter_map(|(bit, ads)| Some((*rules.get(&bit)?, ads)))
        .collect())
}

fn show(all: &[RuleWarnings<'_>], json: bool) {
    if json {
        let one = |one: &RuleWarnings| json!({ "institution": one.institution, "source": one.source, "rule": one.rule.name, "ads": one.ads });
        say!(
            "{:#}",
            json!({ "format": 1, "warnings": all.iter().map(one).collect::<Vec<_>>() })
        );
        return;
    }
    if all.is_empty() {
        say!(
            "no warnings about published ads as the rules are now; `weir rehearse --all` tries \
             edited rules"
        );
    }
    for RuleWarnings {
        institution,
        source,
        rule,
        ads,
    } in all
    {
        let total = ads.first().map_or(0, |ad| ad.total);
        say!(
            "{institution} {source} · rule {} warns about {} published {}",
            rule.name,
            thousands(total),
            if total == 1 { "ad" } else { "ads" }
        );
        let row = |ad: &WarnedAd| {
            vec![
                format!("{source}:{}", line(&ad.external_id, 40)),
                line(&ad.title, 60),
                format!("document {}", ad.document_id),
            ]
        };
        put!("{}", columns(&ads.iter().map(row).collect::<Vec<_>>(), 3));
        let more = total - i64::try_from(ads.len()).unwrap_or(i64::MAX);
        if more > 0 {
            say!("  and {} more: `--limit 0` shows all", thousands(more));
        }
    }
}

/// Shows how often rules and fields spoke against ads, a column for each week up to today.
pub(super) async fn trend(
    connection: &mut PgConnection,
    institution: Option<&str>,
    (weeks, today): (u16, NaiveDate),
    json: bool,
) -> Result<(), CommandFailure> {
    let monday = today
        - Duration::days(i64::from(
            chrono::Datelike::weekday(&today).num_days_from_monday(),
        ));
    let since = monday - Duration::weeks(i64::from(weeks) - 1);
    let rates = warned::by_week(connection, institution, since).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "weeks": rates }));
    } else if rates.is_empty() {
        say!("no rule or field spoke against ads since {since}");
    } else {
        put!("{}", columns(&table(&rates), 4));
        say!("ratio of ads in all reads of a week, which begins on that Monday; `-`: no read");
    }
    Ok(())
}

fn table(rates: &[WeekRate]) -> Vec<Vec<String>> {
    let weeks: BTreeSet<NaiveDate> = rates.iter().map(|rate| rate.week).collect();
    let head = ["institution", "source", "", "rule or field"].map(str::to_owned);
    let mut rows = vec![
        head.into_iter()
            .chain(weeks.iter().map(|week| week.format("%m-%d").to_string()))
            .collect(),
    ];
    let same = |one: &WeekRate, other: &WeekRate| {
        (&one.institution, &one.source_id, &one.kind, &one.subject)
            == (
                &other.institution,
                &other.source_id,
                &other.kind,
                &other.subject,
            )
    };
    for of_subject in rates.chunk_by(same) {
        let Some(first) = of_subject.first() else {
            continue;
        };
        let cell = |week: &NaiveDate| {
            of_subject
                .iter()
                .find(|rate| rate.week == *week)
                .map_or_else(|| "-".to_owned(), |rate| share(rate.part, rate.whole))
        };
        let head = [
            first.institution.clone(),
            first.source_id.clone(),
            first.kind.clone(),
            line(&first.subject, 50),
        ];
        rows.push(head.into_iter().chain(weeks.iter().map(cell)).collect());
    }
    rows
}
