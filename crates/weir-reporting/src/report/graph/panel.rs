//! What stands behind a stage: what it waits for, what passed it and why not everything, why it has
//! work, a few ads and the YAML that it comes from. The stage that refused most is open from the
//! start.

use super::{GraphPage, GraphRun, GraphStage, line, per_ad, short, spent, thousands};
use crate::report::columns::{counted, share};
use crate::report::page::{instant, sign};
use maud::{Markup, html};
use weir_model::RunSample;
use weir_project::plan::outline::OutlineStage;
use weir_project::plan::picture::{SetAside, StagePassage};
use weir_stage::StageScope;

/// Lines of one excerpt; rule sets and lists of names can be long.
const LINES: usize = 120;

impl GraphPage<'_> {
    /// The panels of all stages, of which one is open, or that one alone.
    pub(super) fn panels(&self, stages: &[GraphStage]) -> Markup {
        let refused = |stage: &GraphStage| stage.passed.map_or(0, |passed| passed.refused);
        let worst = stages.iter().map(refused).max().filter(|most| *most > 0);
        let chosen = self
            .fold
            .map(|fold| fold.stage)
            .filter(|stage| !stage.is_empty());
        let is_first = |stage: &GraphStage| match chosen {
            Some(chosen) => stage.step.stage == chosen,
            None => Some(refused(stage)) == worst,
        };
        let first = stages.iter().position(is_first);
        let is_there = |number: usize| self.fold.is_none() || first == Some(number);
        html! {
            div.panels {
                @for (number, stage) in stages.iter().enumerate() {
                    @if is_there(number) { (self.panel(stage, stages, first == Some(number))) }
                }
            }
        }
    }

    fn panel(&self, stage: &GraphStage, all: &[GraphStage], is_first: bool) -> Markup {
        let step = stage.step;
        let after = all
            .iter()
            .filter(|other| other.step.after.contains(&step.stage))
            .map(|other| other.step.stage.as_str())
            .collect();
        html! {
            section.panel data-first[is_first] id=(stage.place) tabindex="-1" aria-label={ "stage " (line(&step.stage, 80)) } {
                a.close href="#picture" { "Back to the graph" }
                h2 {
                    svg.icon viewBox="0 0 16 16" aria-hidden="true" { path d=(weir_draw::symbol(&step.kind)) {} }
                    (step.kind) @if let Some(source) = &step.source { " " (line(source, 80)) }
                }
                (self.turned(stage))
                @if let Some(passed) = stage.passed { (figures(passed)) (self.asides(step, passed)) }
                (self.samples(step))
                @if self.fold.is_none() { h3 { "Why it has work" } (self.work(step)) }
                @if !step.explain.is_empty() { h3 { "What it does" } ul { @for said in &step.explain { li { (line(said, 400)) } } } }
                dl {
                    dt { "waits for" } dd { (links(step.after.iter().map(String::as_str).collect(), all)) }
                    dt { "gives to" } dd { (links(after, all)) }
                    @if step.in_segment() { dt { "commits" } dd { "with its segment, batch by batch" } }
                    dt { "fingerprint" } dd { code title=(step.fingerprint) { (short(&step.fingerprint)) } }
                }
                (self.yaml(step))
            }
        }
    }

    fn turned(&self, stage: &GraphStage) -> Markup {
        let Some((_, against)) = self.against else {
            return html! {};
        };
        let mark = stage.turn.mark.sign().chars().next().unwrap_or('=');
        html! {
            p { (sign(stage.turn.mark.name(), mark)) (stage.turn.mark.name()) " against " (against) }
            @if !stage.turn.what.is_empty() { ul { @for what in &stage.turn.what { li { (what) } } } }
        }
    }

    /// Why another number of ads reached a stage than left the one before it.
    fn asides(&self, step: &OutlineStage, passed: &StagePassage) -> Markup {
        let Some(asides) = self
            .asides
            .0
            .get(&step.stage)
            .filter(|asides| !asides.is_empty())
        else {
            return html! {};
        };
        let (joined, stayed): (Vec<&SetAside>, Vec<&SetAside>) =
            asides.iter().partition(|aside| aside.joined);
        let all = |asides: &[&SetAside]| {
            asides
                .iter()
                .map(|aside| format!("{} {}", thousands(aside.ads), aside.why))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let sum = |asides: &[&SetAside]| asides.iter().map(|aside| aside.ads).sum::<i64>();
        let came = passed.rows_in + sum(&stayed) - sum(&joined);
        html! {
            p {
                (counted(usize::try_from(came).unwrap_or_default(), "record")) " came from the source"
                @if !stayed.is_empty() { "; not derived again: " (all(&stayed)) }
                @if !joined.is_empty() { "; derived without being read: " (all(&joined)) }
                ". So " (thousands(passed.rows_in)) " reached this stage."
            }
        }
    }

    fn work(&self, step: &OutlineStage) -> Markup {
        match step.scope() {
            Some(StageScope::Record) => self.derives(step),
            Some(StageScope::Source) => html! { p { "Every run does it for the whole source." } },
            Some(StageScope::Institution) | None => {
                html! { p { "Every run does it once, when all sources have ended." } }
            }
        }
    }

    fn derives(&self, step: &OutlineStage) -> Markup {
        let Some(work) = self.work else {
            return html! { p.soft { "Not known: no database was asked." } };
        };
        let of: Vec<(&String, &Vec<String>)> = work
            .iter()
            .filter(|(source, _)| step.source.as_ref().is_none_or(|own| own == *source))
            .collect();
        let (busy, idle): (Vec<_>, Vec<_>) = of.into_iter().partition(|(_, why)| !why.is_empty());
        let names = idle
            .iter()
            .map(|(source, _)| source.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        html! {
            @if !busy.is_empty() {
                ul { @for (source, why) in busy { @for one in why { li { @if step.source.is_none() { b { (source) } ": " } (line(one, 600)) } } } }
            }
            @if !idle.is_empty() { p.soft { @if step.source.is_none() { (names) ": n" } @else { "N" } "othing stored needs deriving; new and changed ads will." } }
        }
    }

    fn samples(&self, step: &OutlineStage) -> Markup {
        let Some(run) = &self.run else {
            return html! {};
        };
        let all = self
            .samples
            .get(&step.stage)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let (refused, passed): (Vec<&RunSample>, Vec<&RunSample>) =
            all.iter().partition(|sample| sample.refused);
        html! {
            (ads("Refused here", &refused, run))
            (ads("Went on", &passed, run))
        }
    }

    fn yaml(&self, step: &OutlineStage) -> Markup {
        let excerpts = self
            .written
            .get(&step.stage)
            .map(Vec::as_slice)
            .unwrap_or_default();
        html! {
            @if !excerpts.is_empty() { h3 { "Where it is written" } }
            @for one in excerpts {
                details open[one.lines.len() <= 12] {
                    summary { code { (one.file) ":" (one.line) } @if one.lines.len() > 1 { span.soft { " to " (one.line + one.lines.len() - 1) } } }
                    pre.yaml tabindex="0" { @for (number, text) in (one.line..).zip(&one.lines).take(LINES) { span.ln { (format!("{number:>4} ")) } (line(text, 400)) "\n" } }
                    @if one.lines.len() > LINES { p.soft { "and " (one.lines.len() - LINES) " lines more" } }
                }
            }
        }
    }
}

/// Stages as links.
fn links(names: Vec<&str>, all: &[GraphStage]) -> Markup {
    let of = |name: &&str| all.iter().find(|other| other.step.stage == **name);
    let links: Vec<(&str, &str)> = names
        .iter()
        .filter_map(|name| Some((*name, of(name)?.link.as_str())))
        .collect();
    html! {
        @if links.is_empty() { "nothing" }
        @for (number, (name, link)) in links.iter().enumerate() { @if number > 0 { ", " } a href=(link) { (line(name, 60)) } }
    }
}

fn figures(passed: &StagePassage) -> Markup {
    html! {
        dl.numbers {
            div { dt { "in" } dd { (thousands(passed.rows_in)) } }
            div { dt { "out" } dd { (thousands(passed.rows_out)) } }
            @if passed.refused > 0 { div { dt { "rejected" } dd.warm { "◆ " (thousands(passed.refused)) " " small { (share(passed.refused, passed.rows_in)) } } } }
            div { dt { "time" } dd { (spent(passed.micros)) } }
            div { dt { "per ad" } dd { (per_ad(passed)) } }
        }
    }
}

fn ads(title: &str, samples: &[&RunSample], run: &GraphRun) -> Markup {
    html! {
        @if !samples.is_empty() {
            h3 { (title) small { "a few, " @if run.dry_run { "dry run of " } (instant(run.at)) } }
            table.ads { tbody { @for one in samples {
                tr {
                    td { code { bdi { (line(&one.ad, 80)) } } span.soft { (line(&one.source, 40)) } }
                    td { @if !one.title.is_empty() { b { bdi { (line(&one.title, 120)) } } } span { bdi { (line(&one.what, 300)) } } }
                }
            } } }
        }
    }
}
