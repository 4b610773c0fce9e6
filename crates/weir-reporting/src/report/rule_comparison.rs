//! Two versions of a rule side by side on stored ads, for people: as text and as a page.

use super::ad_examples;
use super::columns::{columns, counted, line};
use maud::{Markup, html};
use serde::Serialize;
use std::fmt::Write;
use weir_project::plan::picture::thousands;
use weir_runtime::engine::rule_comparison::{ComparedAds, RuleComparison};

/// What two versions of a rule say about the stored ads of one source.
#[derive(Debug, Serialize)]
pub struct RuleComparisonPage {
    /// The institution.
    pub institution: String,
    /// The older version: the beginning of its hash.
    pub old: String,
    /// The newer version.
    pub new: String,
    /// Lists that the versions read and whose entries have changed since: today's were used.
    pub changed_lists: Vec<String>,
    /// What was found.
    #[serde(flatten)]
    pub found: RuleComparison,
}

impl RuleComparisonPage {
    /// The result in a sentence.
    pub fn answer(&self) -> String {
        let judged = counted(self.found.judged, "stored ad");
        match (self.found.judged, self.found.differing()) {
            (0, _) => "no ad is stored".to_owned(),
            (_, 0) => format!("both versions say the same of {judged}"),
            (_, differing) => format!("the versions differ on {} of {judged}", count(differing)),
        }
    }

    /// That lists were those of today.
    fn note(&self) -> Option<String> {
        let named: Vec<String> = self
            .changed_lists
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        (!named.is_empty()).then(|| {
            format!(
                "the entries of {} have changed since; today's were used",
                line(&named.join(", "), 200)
            )
        })
    }
}

/// As text.
pub fn text(page: &RuleComparisonPage) -> String {
    let mut out = format!(
        "{}/{}: {}\n",
        page.institution,
        page.found.source,
        page.answer()
    );
    if let Some(note) = page.note() {
        let _ = writeln!(out, "    {note}");
    }
    if page.found.judged > 0 {
        let head = [page.old.clone(), page.new.clone(), "ads".to_owned()].to_vec();
        let rows = page.found.ads.iter().map(row);
        out.push_str(&columns(
            &std::iter::once(head).chain(rows).collect::<Vec<_>>(),
            2,
        ));
    }
    for ads in page.found.ads.iter().filter(|ads| has_examples(ads)) {
        let _ = writeln!(out, "    {}", title(ads));
        ad_examples::lines(&mut out, &ads.examples, shown_of(ads), '!');
    }
    out
}

/// As a part of a page.
pub fn markup(page: &RuleComparisonPage) -> Markup {
    html! {
        section {
            h2 { bdi { (line(&page.institution, 60)) " " (line(&page.found.source, 60)) } }
            @if let Some(note) = page.note() { p.note { (note) } }
            @if page.found.judged > 0 { div.table { table {
                thead { tr { th { code { (page.old) } } th { code { (page.new) } } th.number { "Ads" } } }
                tbody { @for ads in &page.found.ads {
                    tr { td data-name=(page.old) { (ads.old.word()) } td data-name=(page.new) { (ads.new.word()) } td.number data-name="ads" { (count(ads.count)) } }
                } }
            } } }
            @for ads in page.found.ads.iter().filter(|ads| has_examples(ads)) {
                (ad_examples::section(&title(ads), &ads.examples, shown_of(ads)))
            }
        }
    }
}

fn row(ads: &ComparedAds) -> Vec<String> {
    vec![
        ads.old.word().to_owned(),
        ads.new.word().to_owned(),
        count(ads.count),
    ]
}

fn has_examples(ads: &ComparedAds) -> bool {
    !ads.examples.is_empty()
}

/// Of how many ads the examples are a part.
fn shown_of(ads: &ComparedAds) -> usize {
    if ads.old == ads.new {
        ads.reworded
    } else {
        ads.count
    }
}

fn title(ads: &ComparedAds) -> String {
    let number = counted(shown_of(ads), "ad");
    if ads.old == ads.new {
        format!("{} in both, with another message: {number}", ads.old.word())
    } else {
        format!("{} -> {}: {number}", ads.old.word(), ads.new.word())
    }
}

fn count(number: usize) -> String {
    thousands(i64::try_from(number).unwrap_or(i64::MAX))
}
