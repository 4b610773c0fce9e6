//! The DAG of an institution as one page: how the newest run went, the picture, and what stands
//! behind each stage (`panel`). Works without its script, which only adds keys.
//!
//! Scraped text is escaped, and the page forbids itself every script but its own and every request.
//! It must never ask a database: all that it shows is given to it.
//!
//! To show more of a stage, add a part to `panel`; to show more of a run, to `GraphPage::head`.

mod panel;
pub mod stored;

use super::columns::{counted, line, took};
use super::page::{instant, page, sign};
use chrono::{DateTime, Utc};
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;
use weir_draw::{Picture, PictureNode};
use weir_model::{OutcomeCounts, RunId, RunSample};
use weir_project::plan::against::{PlanDifference, StageDifference};
use weir_project::plan::outline::{OutlineStage, PlanOutline};
use weir_project::plan::picture::{
    self, StageAsides, StagePassage, StageTraffic, spent, thousands,
};
use weir_project::plan::written::YamlExcerpt;

/// What a page with a picture may run: it adds keys.
pub const SCRIPT: &str = include_str!("graph.js");

/// Everything that the page shows.
pub struct GraphPage<'p> {
    /// The plan.
    pub plan: &'p PlanOutline,
    /// The run whose counts it shows, if any.
    pub run: Option<GraphRun>,
    /// What passed in it.
    pub traffic: &'p StageTraffic,
    /// Why more or fewer ads reached a stage than left the one before it.
    pub asides: &'p StageAsides,
    /// A few ads of it.
    pub samples: &'p BTreeMap<String, Vec<RunSample>>,
    /// The YAML of each stage.
    pub written: &'p BTreeMap<String, Vec<YamlExcerpt>>,
    /// Why the sources have work, by source; nothing where no database was asked.
    pub work: Option<&'p BTreeMap<String, Vec<String>>>,
    /// The stage that is at work, of a run that is under way.
    pub at_work: Option<&'p str>,
    /// What differs from another plan, and its name.
    pub against: Option<(&'p PlanDifference, &'p str)>,
    /// Set where the page is asked again for what stands behind a stage; all of it is there if not.
    pub fold: Option<GraphFold<'p>>,
}

/// A page that shows what stands behind one stage, and is asked again for others: of many stages
/// all of it is heavy.
#[derive(Debug, Clone, Copy)]
pub struct GraphFold<'p> {
    /// Where the page is asked for.
    pub address: &'p str,
    /// The stage; if empty, the one that refused most.
    pub stage: &'p str,
}

/// A run in a few words.
#[derive(Debug, Clone)]
pub struct GraphRun {
    /// Its number.
    pub run: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Whether it was rolled back.
    pub dry_run: bool,
    /// How long it took.
    pub millis: i64,
    /// What came of the ads.
    pub total: OutcomeCounts,
}

/// A stage on the page.
struct GraphStage<'p> {
    step: &'p OutlineStage,
    turn: StageDifference,
    place: String,
    /// The address of what stands behind it.
    link: String,
    passed: Option<&'p StagePassage>,
}

impl GraphPage<'_> {
    fn stages(&self) -> Vec<GraphStage<'_>> {
        let all: Vec<(&OutlineStage, StageDifference)> = match self.against {
            Some((difference, _)) => difference
                .stages
                .iter()
                .map(|(step, turn)| (step, turn.clone()))
                .collect(),
            None => self
                .plan
                .stages
                .iter()
                .map(|step| (step, StageDifference::default()))
                .collect(),
        };
        let stage = |(number, (step, turn)): (usize, (_, StageDifference))| {
            let step: &OutlineStage = step;
            GraphStage {
                step,
                turn,
                place: format!("stage-{number}"),
                link: self.link(&step.stage, number),
                passed: self.traffic.get(&step.stage),
            }
        };
        all.into_iter().enumerate().map(stage).collect()
    }

    fn link(&self, stage: &str, number: usize) -> String {
        let Some(fold) = self.fold else {
            return format!("#stage-{number}");
        };
        let name: String = url::form_urlencoded::byte_serialize(stage.as_bytes()).collect();
        format!("{}?stage={name}#stage-{number}", fold.address)
    }

    fn picture(&self) -> Picture {
        let mut picture = match self.against {
            Some((difference, against)) => picture::compared(self.plan, difference, against),
            None => picture::picture(self.plan, self.traffic, self.asides),
        };
        let at_work = |node: &&mut PictureNode| Some(node.id.as_str()) == self.at_work;
        for node in picture.nodes.iter_mut().filter(at_work) {
            node.works = true;
            node.figures = "works now".to_owned();
        }
        // The page has a title of its own, and room for details beside the picture.
        picture.title.clear();
        picture
            .nodes
            .iter_mut()
            .filter(|node| !node.figures.is_empty())
            .for_each(|node| node.detail.truncate(2));
        picture
    }

    /// The page.
    pub fn html(&self) -> String {
        let body = html! { (self.head()) (self.body()) };
        page(
            &format!("{} · graph", self.plan.institution),
            &body,
            Some(SCRIPT),
        )
    }

    /// The picture, what stands behind each stage, and the stages in numbers.
    pub fn body(&self) -> Markup {
        let stages = self.stages();
        let links: Vec<String> = stages.iter().map(|stage| stage.link.clone()).collect();
        let picture = self.picture();
        html! {
            (self.changes(&stages))
            figure.graph #picture tabindex="-1" {
                div.sheet { (PreEscaped(weir_draw::within(&picture, &links, weir_draw::SCREEN))) }
                div.narrow { (PreEscaped(weir_draw::within(&picture, &links, weir_draw::PHONE))) }
                (self.legend())
            }
            (self.panels(&stages))
            (self.table(&stages))
        }
    }

    fn head(&self) -> Markup {
        let schedule = self
            .plan
            .schedule
            .as_deref()
            .map(|cron| format!(" · scheduled {cron}"));
        html! {
            header {
                p.over { (self.plan.institution) " · graph" }
                h1 { (self.answer()) }
                @if let (Some(run), None) = (&self.run, self.against) { (ran(run)) }
                p.soft {
                    "pipeline " (self.plan.pipeline) @if let Some(schedule) = schedule { (schedule) } " · " (picture::sources(self.plan)) " · "
                    (self.plan.stages.len()) " stages · plan " code title=(self.plan.fingerprint) { (short(&self.plan.fingerprint)) }
                }
            }
        }
    }

    /// The first line: what a reader came for.
    fn answer(&self) -> String {
        match (&self.run, self.against) {
            (_, Some((difference, against))) => match difference.turns().count() {
                0 => format!("Nothing differs from {against}"),
                count => format!(
                    "{} from {against}",
                    if count == 1 {
                        "1 stage differs".to_owned()
                    } else {
                        format!("{count} stages differ")
                    }
                ),
            },
            (Some(run), None) => answer(&run.total),
            (None, None) => "No run yet: the next run or dry run leaves its counts here".to_owned(),
        }
    }

    fn legend(&self) -> Markup {
        html! {
            figcaption {
                @if self.against.is_some() {
                    span.key.added { "+ added" } span.key.changed { "~ changed" } span.key.removed { "- removed" }
                } @else if self.run.is_some() {
                    span { "On the lines: ads that went on; − stayed behind, + came from the store, " span.warm { "◆ refused" } ". Dotted lines only wait." }
                }
                span.screen { "Choose a stage with a click, or with Tab, the arrow keys and Enter; Escape goes back." }
            }
        }
    }

    /// What differs, as a list.
    fn changes(&self, stages: &[GraphStage]) -> Markup {
        let Some((difference, _)) = self.against else {
            return html! {};
        };
        html! {
            section.changes {
                h2 { "What the edit changed" }
                @if difference.is_empty() { p.soft { "Nothing: both plans are the same." } }
                ul.list {
                    @for what in &difference.beside { li { (sign("changed", '~')) (what) } }
                    @for stage in stages {
                        @if let Some(mark) = stage.turn.mark.sign().chars().next() {
                            li {
                                (sign(stage.turn.mark.name(), mark))
                                a href=(stage.link) { (stage.step.stage) }
                                @if stage.turn.what.is_empty() { " " (stage.turn.mark.name()) } @else { ": " (stage.turn.what.join("; ")) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// All stages in numbers: what paper and readers of text get.
    fn table(&self, stages: &[GraphStage]) -> Markup {
        html! {
            section.stages {
                h2 { "Stages" }
                div.table { table {
                    thead { tr { th { "stage" } th.number { "in" } th.number { "out" } th.number { "rejected" } th.number { "time" } th.number { "per ad" } th { "fingerprint" } } }
                    tbody { @for stage in stages { tr {
                        th scope="row" { a href=(stage.link) { (line(&stage.step.stage, 60)) } }
                        @match stage.passed {
                            Some(passed) => (numbers(passed)),
                            None => { @for _ in 0..5 { td.number.none { "·" } } }
                        }
                        td.none { code { (short(&stage.step.fingerprint)) } }
                    } } }
                } }
            }
        }
    }
}

/// What came of all ads, the worst of it in words.
pub fn answer(total: &OutcomeCounts) -> String {
    let ads = counted(usize::try_from(total.documents).unwrap_or_default(), "ad");
    let lost = total.held + total.rejected + total.failed;
    if total.documents == 0 {
        return "No ad was read".to_owned();
    }
    if lost == 0 {
        return if total.documents == 1 {
            "The one ad passed".to_owned()
        } else {
            format!("All {ads} passed")
        };
    }
    let parts = [
        (total.held, "held"),
        (total.rejected, "rejected"),
        (total.failed, "failed"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", thousands(count)))
        .collect();
    format!(
        "{} of {ads} did not pass: {}",
        thousands(lost),
        parts.join(", ")
    )
}

/// What became of the ads, a sign and a number each.
pub fn outcomes(total: &OutcomeCounts) -> Markup {
    html! {
        ul.counts {
            @for (name, count) in total.named().into_iter().filter(|(_, count)| *count > 0) {
                li { (sign(class(name), letter(name))) b { (thousands(count)) } " " (name) }
            }
        }
    }
}

fn ran(run: &GraphRun) -> Markup {
    html! {
        (outcomes(&run.total))
        p {
            @if run.dry_run { "Dry run of " } @else { "Run " (run.run) " of " } (instant(run.at)) " · " (took(run.millis))
            @if run.dry_run { " · " span.state.update { "rolled back: nothing was written" } }
        }
    }
}

/// The class of what became of an ad, and its sign, as in the plan of jobs.
fn class(name: &str) -> &'static str {
    match name {
        "created" => "create",
        "updated" => "update",
        "reopened" => "reopen",
        "archived" => "archive",
        "held" => "held",
        "rejected" => "rejected",
        "failed" => "failed",
        _ => "same",
    }
}

fn letter(name: &str) -> char {
    match name {
        "created" => '+',
        "updated" => '~',
        "reopened" => '^',
        "archived" => '-',
        "held" => '!',
        "rejected" | "failed" => 'x',
        _ => '=',
    }
}

/// What passed a stage, as cells of its row.
fn numbers(passed: &StagePassage) -> Markup {
    html! {
        td.number data-name="in" { (thousands(passed.rows_in)) }
        td.number data-name="out" { (thousands(passed.rows_out)) }
        td.number.warm[passed.refused > 0].none[passed.refused == 0] data-name="rejected" { (thousands(passed.refused)) }
        td.number data-name="time" { (spent(passed.micros)) }
        td.number data-name="per ad" { (per_ad(passed)) }
    }
}

fn per_ad(passed: &StagePassage) -> String {
    if passed.rows_in == 0 {
        "·".to_owned()
    } else {
        spent(passed.micros / passed.rows_in)
    }
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_how_it_went() {
        let total = |documents, held, rejected| OutcomeCounts {
            documents,
            held,
            rejected,
            ..OutcomeCounts::default()
        };
        assert_eq!(answer(&total(0, 0, 0)), "No ad was read");
        assert_eq!(answer(&total(8, 0, 0)), "All 8 ads passed");
        assert_eq!(
            answer(&total(1800, 2, 1)),
            "3 of 1,800 ads did not pass: 2 held, 1 rejected"
        );
    }
}
