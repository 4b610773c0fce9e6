//! The DAG of an institution as a self-contained page: the picture, and for each stage what it
//! does, its YAML, why it has work, what passed it in the newest run, and a few of the ads. Works
//! without its script, which only adds keyboard control.
//!
//! Scraped text is escaped, and the page forbids every script but its own, and every request.

use super::columns::{line, share, took};
use crate::draw::{self, Picture};
use crate::model::{OutcomeCounts, RunSample};
use crate::plan::against::{Difference, Turn};
use crate::plan::outline::{Outline, Step};
use crate::plan::picture::{self, Passage, Traffic, spent, thousands};
use crate::plan::written::Excerpt;
use crate::stage::Scope;
use base64::Engine;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const SCRIPT: &str = include_str!("graph.js");
/// Lines of one excerpt; rule sets and lists of names can be long.
const LINES: usize = 120;

/// Everything that the page shows.
pub struct Page<'p> {
    /// The plan.
    pub plan: &'p Outline,
    /// The run whose counts it shows, if any.
    pub run: Option<Ran>,
    /// What passed in it.
    pub traffic: &'p Traffic,
    /// A few ads of it.
    pub samples: &'p BTreeMap<String, Vec<RunSample>>,
    /// The YAML of each stage.
    pub written: &'p BTreeMap<String, Vec<Excerpt>>,
    /// Why the sources have work, by source; `None` without a database.
    pub work: Option<&'p BTreeMap<String, Vec<String>>>,
    /// What differs from another plan, and its name.
    pub against: Option<(&'p Difference, &'p str)>,
}

/// A summary of a run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its number.
    pub run: i64,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Whether it was rolled back.
    pub dry_run: bool,
    /// How long it took.
    pub millis: i64,
    /// What came of the ads.
    pub total: OutcomeCounts,
}

impl Ran {
    fn title(&self) -> String {
        let at = self.at.format("%Y-%m-%d %H:%MZ");
        if self.dry_run { format!("Dry run of {at}") } else { format!("Run {} of {at}", self.run) }
    }
}

/// A stage on the page.
struct Stage<'p> {
    step: &'p Step,
    turn: Turn,
    place: String,
    passed: Option<&'p Passage>,
}

impl Page<'_> {
    fn stages(&self) -> Vec<Stage<'_>> {
        let all: Vec<(&Step, Turn)> = match self.against {
            Some((difference, _)) => difference.stages.iter().map(|(step, turn)| (step, turn.clone())).collect(),
            None => self.plan.stages.iter().map(|step| (step, Turn::default())).collect(),
        };
        let stage = |(number, (step, turn)): (usize, (_, Turn))| {
            let step: &Step = step;
            Stage { step, turn, place: format!("stage-{number}"), passed: self.traffic.get(&step.stage) }
        };
        all.into_iter().enumerate().map(stage).collect()
    }

    fn picture(&self) -> Picture {
        let mut picture = match self.against {
            Some((difference, against)) => picture::compared(self.plan, difference, against),
            None => picture::picture(self.plan, self.traffic),
        };
        // The page has its own title, and room for details next to the picture.
        picture.title.clear();
        picture.nodes.iter_mut().filter(|node| !node.figures.is_empty()).for_each(|node| node.detail.truncate(2));
        picture
    }

    /// The page.
    pub fn html(&self) -> String {
        let stages = self.stages();
        let places: Vec<String> = stages.iter().map(|stage| stage.place.clone()).collect();
        let drawing = draw::within(&self.picture(), &places);
        let wide = width(&drawing);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    title { (self.plan.institution) " · graph" }
                    style { (PreEscaped(include_str!("page.css"))) (PreEscaped(include_str!("graph.css"))) }
                }
                body {
                    main {
                        (self.head())
                        (self.changes(&stages))
                        figure #picture tabindex="-1" { div.scroll { div.sheet style=(format!("--wide:{wide}px")) { (PreEscaped(drawing)) } } (self.legend()) }
                        (self.table(&stages))
                    }
                    @for stage in &stages { (self.panel(stage, &stages)) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    fn head(&self) -> Markup {
        let schedule = self.plan.schedule.as_deref().map(|cron| format!(" · scheduled {cron}"));
        html! {
            header {
                h1 { (self.plan.institution) }
                p.soft {
                    "pipeline " (self.plan.pipeline) @if let Some(schedule) = schedule { (schedule) } " · " (picture::sources(self.plan)) " · "
                    (self.plan.stages.len()) " stages · plan " code { (short(&self.plan.fingerprint)) }
                }
                @match (&self.run, self.against) {
                    (_, Some((_, against))) => { p.run { strong { "Compared with " (against) } } }
                    (Some(run), None) => { (ran(run)) }
                    (None, None) => { p.run.soft { "No run yet: the counts of the next run or dry run will appear here." } }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            figcaption.soft {
                @if self.against.is_some() {
                    span.key.added { "+ added" } span.key.changed { "~ changed" } span.key.removed { "- removed" }
                } @else if self.run.is_some() {
                    span { "On the lines: ads that left a stage, and " span.warm { "those that it refused" } "." }
                }
                span.screen { "Click a stage, or choose one with Tab or the arrow keys and press Enter; Escape closes it." }
            }
        }
    }

    /// What differs, as a list.
    fn changes(&self, stages: &[Stage]) -> Markup {
        let Some((difference, _)) = self.against else { return html! {} };
        html! {
            section.changes {
                h2 { "What the edit changed" }
                @if difference.is_empty() { p.soft { "Nothing: both plans are the same." } }
                ul {
                    @for what in &difference.beside { li { span.key.changed { "~" } " " (what) } }
                    @for stage in stages.iter().filter(|stage| !stage.turn.mark.sign().is_empty()) {
                        li {
                            span class={ "key " (stage.turn.mark.name()) } { (stage.turn.mark.sign()) } " "
                            a href={ "#" (stage.place) } { (stage.step.stage) }
                            @if stage.turn.what.is_empty() { " " (stage.turn.mark.name()) } @else { ": " (stage.turn.what.join("; ")) }
                        }
                    }
                }
            }
        }
    }

    /// All stages in numbers: what paper and readers of text get.
    fn table(&self, stages: &[Stage]) -> Markup {
        html! {
            section.stages {
                h2 { "Stages" }
                table {
                    thead { tr { th { "stage" } th.number { "in" } th.number { "out" } th.number { "rejected" } th.number { "time" } th.number { "per ad" } th { "fingerprint" } } }
                    tbody {
                        @for stage in stages {
                            tr {
                                td { a href={ "#" (stage.place) } { (line(&stage.step.stage, 60)) } }
                                @match stage.passed {
                                    Some(passed) => {
                                        td.number { (thousands(passed.rows_in)) } td.number { (thousands(passed.rows_out)) }
                                        td.number.warm[passed.refused > 0] { (thousands(passed.refused)) }
                                        td.number { (spent(passed.micros)) } td.number { (per_ad(passed)) }
                                    }
                                    None => { @for _ in 0..5 { td.number { "·" } } }
                                }
                                td { code { (short(&stage.step.fingerprint)) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What a click on a stage shows.
    fn panel(&self, stage: &Stage, all: &[Stage]) -> Markup {
        let step = stage.step;
        let neighbours = |names: Vec<&str>| {
            let of = |name: &&str| all.iter().find(|other| other.step.stage == **name);
            let links: Vec<(&str, &str)> = names.iter().filter_map(|name| Some((*name, of(name)?.place.as_str()))).collect();
            html! { @if links.is_empty() { "nothing" } @for (number, (name, place)) in links.iter().enumerate() { @if number > 0 { ", " } a href={ "#" (place) } { (line(name, 60)) } } }
        };
        let after: Vec<&str> = all.iter().filter(|other| other.step.after.contains(&step.stage)).map(|other| other.step.stage.as_str()).collect();
        html! {
            section.panel id=(stage.place) tabindex="-1" aria-label={ "stage " (step.stage) } {
                a.close href="#closed" aria-label="close" { "×" }
                @if step.source.is_some() { p.kind { svg.weir-picture width="8" height="16" aria-hidden="true" { g class={ "stage kind-" (draw::class(&step.kind)) } { rect.bar width="4" height="16" rx="2" {} } } (step.kind) } }
                h2 { (line(step.source.as_deref().unwrap_or(&step.kind), 80)) }
                (self.turned(stage))
                dl {
                    dt { "waits for" } dd { (neighbours(step.after.iter().map(String::as_str).collect())) }
                    dt { "gives to" } dd { (neighbours(after)) }
                    dt { "fingerprint" } dd { code { (step.fingerprint) } }
                    @if step.in_segment() { dt { "commits" } dd { "with its segment, batch by batch" } }
                }
                @if let Some(passed) = stage.passed { (numbers(passed)) }
                h3 { "Why it has work" }
                (self.work(step))
                @if !step.explain.is_empty() { h3 { "What it does" } ul { @for said in &step.explain { li { (line(said, 400)) } } } }
                (self.samples(step))
                (self.yaml(step))
            }
        }
    }

    fn turned(&self, stage: &Stage) -> Markup {
        let Some((_, against)) = self.against else { return html! {} };
        html! {
            p { span class={ "key " (stage.turn.mark.name()) } { (stage.turn.mark.sign()) " " (stage.turn.mark.name()) } " against " (against) }
            @if !stage.turn.what.is_empty() { ul { @for what in &stage.turn.what { li { (what) } } } }
        }
    }

    fn work(&self, step: &Step) -> Markup {
        let derives = || {
            let Some(work) = self.work else { return html! { p.soft { "Not known: no database was asked." } } };
            let of: Vec<(&String, &Vec<String>)> = work.iter().filter(|(source, _)| step.source.as_ref().is_none_or(|own| own == *source)).collect();
            let (busy, idle): (Vec<_>, Vec<_>) = of.into_iter().partition(|(_, why)| !why.is_empty());
            html! {
                ul { @for (source, why) in busy { @for one in why { li { @if step.source.is_none() { strong { (source) } ": " } (line(one, 600)) } } } }
                @if !idle.is_empty() { p.soft { @if step.source.is_none() { (idle.iter().map(|(source, _)| source.as_str()).collect::<Vec<_>>().join(", ")) ": n" } @else { "N" }
                    "othing stored needs deriving; new and changed ads will." } }
            }
        };
        match step.scope() {
            Some(Scope::Record) => derives(),
            Some(Scope::Source) => html! { p { "Every run does it for the whole source." } },
            Some(Scope::Institution) | None => html! { p { "Every run does it once, when all sources have ended." } },
        }
    }

    fn samples(&self, step: &Step) -> Markup {
        let Some(run) = &self.run else { return html! {} };
        let all = self.samples.get(&step.stage).map(Vec::as_slice).unwrap_or_default();
        let (refused, passed): (Vec<&RunSample>, Vec<&RunSample>) = all.iter().partition(|sample| sample.refused);
        html! {
            @if !all.is_empty() {
                h3 { "A few ads" small { (run.title()) } }
                (ads("Refused here", &refused, true))
                (ads("Went on", &passed, false))
            }
        }
    }

    fn yaml(&self, step: &Step) -> Markup {
        let excerpts = self.written.get(&step.stage).map(Vec::as_slice).unwrap_or_default();
        html! {
            @if !excerpts.is_empty() { h3 { "Where it is written" } }
            @for one in excerpts {
                details open[one.lines.len() <= 40] {
                    summary { code { (one.file) ":" (one.line) } @if one.lines.len() > 1 { span.soft { " to " (one.line + one.lines.len() - 1) } } }
                    pre.yaml tabindex="0" { @for (number, text) in (one.line..).zip(&one.lines).take(LINES) { span.ln { (format!("{number:>4} ")) } (line(text, 400)) "\n" } }
                    @if one.lines.len() > LINES { p.soft { "and " (one.lines.len() - LINES) " lines more" } }
                }
            }
        }
    }
}

fn ran(run: &Ran) -> Markup {
    html! {
        p.run {
            strong { (run.title()) } @if run.dry_run { span.rolled { "rolled back: nothing was written" } } span.soft { (took(run.millis)) }
        }
        ul.counts {
            li { b { (thousands(run.total.documents)) } " ads" }
            @for (name, count) in run.total.named().into_iter().filter(|(_, count)| *count > 0) {
                li.warm[matches!(name, "rejected" | "held" | "failed")] { b { (thousands(count)) } " " (name) }
            }
        }
    }
}

fn numbers(passed: &Passage) -> Markup {
    html! {
        dl.numbers {
            div { dt { "in" } dd { (thousands(passed.rows_in)) } }
            div { dt { "out" } dd { (thousands(passed.rows_out)) } }
            div { dt { "refused" } dd.warm[passed.refused > 0] { (thousands(passed.refused)) @if passed.refused > 0 { small { (share(passed.refused, passed.rows_in)) } } } }
            div { dt { "time" } dd { (spent(passed.micros)) } }
            div { dt { "per ad" } dd { (per_ad(passed)) } }
        }
    }
}

fn per_ad(passed: &Passage) -> String {
    if passed.rows_in == 0 { "·".to_owned() } else { format!("{} µs", thousands(passed.micros / passed.rows_in)) }
}

fn ads(title: &str, samples: &[&RunSample], warm: bool) -> Markup {
    html! {
        @if !samples.is_empty() {
            table.ads {
                colgroup { col.id; col; }
                thead { tr { th.warm[warm] colspan="2" { (title) } } }
                tbody { @for one in samples {
                    tr { td { code { (line(&one.ad, 80)) } span.soft { (line(&one.source, 40)) } } td { @if !one.title.is_empty() { b { (line(&one.title, 120)) } } span { (line(&one.what, 300)) } } }
                } }
            }
        }
    }
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}

/// No request, no script but the page's own: whatever an ad contains, it stays text.
fn policy() -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The width of a drawing in pixels.
fn width(drawing: &str) -> u32 {
    let width = drawing.split_once("\" width=\"").and_then(|(_, rest)| rest.split('"').next());
    width.and_then(|width| width.parse().ok()).unwrap_or(800)
}
