//! The report of a day for whoever answers for the jobs: first all institutions, a line each, the
//! worst first; then what became of each beside a usual day, why ads were refused, whose jobs are
//! new, and what waits for a decision. Kept in the database and sent by channels.
//!
//! As text, Markdown, JSON, and as a page of tables whose styles are in their elements: mail
//! programs show no other. Whatever an ad says is escaped and cut; no link leads to an ad.

use super::columns::{columns, counted, line};
use super::health::{self, InstitutionHealth};
use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_project::plan::picture::thousands;
use weir_store::daily_reports::{self, DayFigures, KeptReport, NewJobs};
use weir_store::figures::{self, ReasonRow};
use weir_store::waiting::{self, WaitingHolds};
use weir_store::{PgConnection, Result};

/// Companies and roles that are listed of each institution.
const LISTED: i64 = 5;

/// The report of a day.
#[derive(Debug, Deserialize, Serialize)]
pub struct MorningReport {
    /// The day.
    pub day: NaiveDate,
    /// The end of the 24 hours that it is about.
    pub until: DateTime<Utc>,
    /// What is wrong with whom, since when.
    pub health: Vec<InstitutionHealth>,
    /// What became of each.
    pub institutions: Vec<InstitutionMorning>,
}

/// What became of an institution in a day.
#[derive(Debug, Deserialize, Serialize)]
pub struct InstitutionMorning {
    /// Beside a usual day.
    #[serde(flatten)]
    pub figures: DayFigures,
    /// Why most ads are refused.
    pub reasons: Vec<ReasonRow>,
    /// Whose jobs are new.
    pub new_jobs: Vec<NewJobs>,
    /// What waits for a decision.
    pub waiting: Vec<WaitingHolds>,
}

/// Collects the report of a day, of the 24 hours before an instant.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    connection: &'f mut PgConnection,
    plans: &'f [Arc<Plan>],
    day: NaiveDate,
    until: DateTime<Utc>,
) -> BoxFuture<'f, Result<MorningReport>> {
    Box::pin(async move {
        let profiles = plans.iter().map(|plan| &plan.institution);
        let names: Vec<_> = profiles.map(|one| (one.id, one.slug.clone())).collect();
        let mut figures = daily_reports::day_figures(connection, until).await?;
        let mut new_jobs = daily_reports::new_jobs(connection, until, LISTED).await?;
        let mut institutions = Vec::new();
        for (id, slug) in &names {
            let of_it = figures.iter().position(|one| one.institution == *slug);
            let figures = of_it.map_or_else(
                || DayFigures {
                    institution: slug.clone(),
                    ..DayFigures::default()
                },
                |place| figures.swap_remove(place),
            );
            institutions.push(InstitutionMorning {
                figures,
                reasons: figures::top_reasons(connection, *id, LISTED).await?,
                new_jobs: new_jobs
                    .extract_if(.., |one| one.institution == *slug)
                    .collect(),
                waiting: waiting::waiting(connection, *id).await?,
            });
        }
        Ok(MorningReport {
            day,
            until,
            health: health::collect(connection, &names).await?,
            institutions,
        })
    })
}

impl MorningReport {
    /// Its answer, in one line.
    pub fn title(&self) -> String {
        let all = self.health.len();
        let failing = self
            .health
            .iter()
            .filter(|one| !one.errors.is_empty())
            .count();
        let waits = self
            .institutions
            .iter()
            .filter(|one| !one.waiting.is_empty())
            .count();
        let needs = match (failing, waits) {
            (0, 0) => format!("{}, all well", counted(all, "institution")),
            (0, waits) => format!(
                "{waits} of {} wait for a decision",
                counted(all, "institution")
            ),
            (failing, 0) => format!("{failing} of {} failing", counted(all, "institution")),
            (failing, waits) => format!(
                "{failing} of {} failing, {waits} with decisions that wait",
                counted(all, "institution")
            ),
        };
        format!("{}: {needs}", self.day.format("%a %-d %b %Y"))
    }

    /// The same of some of its institutions.
    #[must_use]
    pub fn only(mut self, has: impl Fn(&str) -> bool) -> MorningReport {
        self.health.retain(|one| has(&one.institution));
        self.institutions
            .retain(|one| has(&one.figures.institution));
        self
    }

    /// It, as it is kept.
    pub fn kept(&self, made_at: DateTime<Utc>) -> KeptReport {
        KeptReport {
            day: self.day,
            institution: String::new(),
            made_at,
            title: self.title(),
            text: text(self),
            html: html(self),
            content: json(self),
        }
    }
}

/// The figures of a day that are shown, each with its usual.
pub fn rows(figures: &DayFigures) -> [(&'static str, i64, f64); 5] {
    [
        ("new", figures.created, figures.usual_created),
        ("changed", figures.updated, figures.usual_updated),
        ("closed", figures.archived, figures.usual_archived),
        ("re-opened", figures.reopened, figures.usual_reopened),
        ("refused or held", figures.refused, figures.usual_refused),
    ]
}

fn new_of(institution: &InstitutionMorning, kind: &str) -> String {
    let of_kind = institution.new_jobs.iter().filter(|one| one.kind == kind);
    let named = of_kind.map(|one| format!("{} ({})", line(&one.name, 60), one.jobs));
    named.collect::<Vec<_>>().join(", ")
}

fn reason(reason: &ReasonRow) -> String {
    let ads = counted(usize::try_from(reason.ads).unwrap_or_default(), "ad");
    format!(
        "{}: {} ({ads})",
        reason.source_id,
        line(&reason.message, 110)
    )
}

fn decision(waiting: &WaitingHolds, until: DateTime<Utc>) -> String {
    let words = line(&waiting.words(Clock(until)), 200);
    format!("{words}: `weir holds show {}`", waiting.hold)
}

/// The report as text.
pub fn text(report: &MorningReport) -> String {
    let mut out = format!("{}\n\n", report.title());
    out.push_str(&health::overview(&report.health, Clock(report.until)));
    for one in &report.institutions {
        let figures = &one.figures;
        let _ = write!(
            out,
            "\n{} · {} open jobs\n",
            figures.institution,
            thousands(figures.open_jobs)
        );
        let head = ["", "day", "usual"].map(str::to_owned).to_vec();
        let body = rows(figures).map(|(name, count, usual)| {
            vec![name.to_owned(), thousands(count), format!("{usual:.1}")]
        });
        let all: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
        out.push_str(&columns(&all, 1));
        for (title, lines) in parts(one, report.until) {
            let _ = writeln!(out, "  {title}");
            lines
                .iter()
                .for_each(|line| _ = writeln!(out, "    {line}"));
        }
    }
    out
}

/// What is said of an institution in words, with titles; what is empty is left out.
fn parts(one: &InstitutionMorning, until: DateTime<Utc>) -> Vec<(&'static str, Vec<String>)> {
    let some = |text: String| {
        Some(text)
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect()
    };
    let parts = [
        (
            "waits for a decision",
            one.waiting
                .iter()
                .map(|held| decision(held, until))
                .collect(),
        ),
        (
            "why ads are refused",
            one.reasons.iter().map(reason).collect(),
        ),
        ("companies with new jobs", some(new_of(one, "company"))),
        ("roles with new jobs", some(new_of(one, "role"))),
    ];
    parts
        .into_iter()
        .filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty())
        .collect()
}

/// The report as Markdown.
pub fn markdown(report: &MorningReport) -> String {
    let mut out = format!(
        "# {}\n\n| | institution | |\n|---|---|---|\n",
        escaped(&report.title())
    );
    for one in health::worst_first(&report.health) {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            health::standing(one),
            escaped(&one.institution),
            escaped(&health::words(one))
        );
    }
    for one in &report.institutions {
        let figures = &one.figures;
        let _ = write!(
            out,
            "\n## {}\n\n{} open jobs\n\n| | day | usual |\n|---|--:|--:|\n",
            escaped(&figures.institution),
            thousands(figures.open_jobs)
        );
        for (name, count, usual) in rows(figures) {
            let _ = writeln!(out, "| {name} | {} | {usual:.1} |", thousands(count));
        }
        for (title, lines) in parts(one, report.until) {
            let _ = write!(out, "\n**{title}**\n\n");
            lines
                .iter()
                .for_each(|line| _ = writeln!(out, "- {}", escaped(line)));
        }
    }
    out
}

/// Text that Markdown leaves alone.
fn escaped(text: &str) -> String {
    let special = |letter: char| "\\*_{}[]<>()#+!|~".contains(letter);
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if special(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// The report as JSON.
pub fn json(report: &MorningReport) -> serde_json::Value {
    let mut json = serde_json::to_value(report).unwrap_or_else(|_| json!({}));
    json["format"] = 1.into();
    json["title"] = report.title().into();
    json
}

const BODY: &str = "margin:0;padding:24px;background:#ffffff;color:#1c1e21;font:14px/20px -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const TABLE: &str = "border-collapse:collapse;margin:8px 0 16px 0";
const HEAD: &str = "text-align:left;padding:4px 16px 4px 0;border-bottom:1px solid #c8ccd0;color:#4a4f55;font-weight:600";
const NUMBER: &str = "text-align:right;padding:4px 0 4px 16px;font-variant-numeric:tabular-nums";
const CELL: &str =
    "text-align:left;vertical-align:top;padding:4px 16px 4px 0;overflow-wrap:anywhere";

/// The report as a page that mail programs show right.
pub fn html(report: &MorningReport) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.title()) }
            }
            body style=(BODY) {
                h1 style="font-size:20px;line-height:28px;margin:0 0 16px 0" { (report.title()) }
                table role="presentation" style=(TABLE) {
                    @for one in health::worst_first(&report.health) {
                        tr {
                            td style=(CELL) { (symbol(one)) " " (health::standing(one)) }
                            td style={ (CELL) ";font-weight:600" } { bdi { (line(&one.institution, 60)) } }
                            td style=(CELL) { bdi { (health::words(one)) } }
                        }
                    }
                }
                @for one in &report.institutions { (section(one, report.until)) }
            }
        }
    };
    page.into_string()
}

/// State with word, symbol and hue: never by hue alone.
fn symbol(one: &InstitutionHealth) -> Markup {
    let (sign, hue) = match (one.errors.is_empty(), one.warnings.is_empty()) {
        (false, _) => ("■", "#b3261e"),
        (true, false) => ("◆", "#8a5a00"),
        (true, true) => ("●", "#1e7b34"),
    };
    html! { span style={ "color:" (hue) } { (sign) } }
}

fn section(one: &InstitutionMorning, until: DateTime<Utc>) -> Markup {
    let figures = &one.figures;
    html! {
        h2 style="font-size:16px;line-height:24px;margin:24px 0 4px 0" {
            bdi { (line(&figures.institution, 60)) }
            span style="font-weight:400;color:#4a4f55" { " · " (thousands(figures.open_jobs)) " open jobs" }
        }
        table style=(TABLE) {
            tr { th style=(HEAD) { "jobs" } th style={ (HEAD) ";text-align:right" } { "day" } th style={ (HEAD) ";text-align:right;padding-left:16px" } { "usual" } }
            @for (name, count, usual) in rows(figures) {
                tr { td style=(CELL) { (name) } td style=(NUMBER) { (thousands(count)) } td style={ (NUMBER) ";color:#4a4f55" } { (format!("{usual:.1}")) } }
            }
        }
        @for (title, lines) in parts(one, until) {
            h3 style="font-size:14px;line-height:20px;margin:8px 0 0 0" { (title) }
            ul style="margin:4px 0 12px 0;padding-left:20px;max-width:70ch;overflow-wrap:anywhere" {
                @for line in lines { li { bdi { (line) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(title: &str) -> MorningReport {
        MorningReport {
            day: NaiveDate::from_ymd_opt(2026, 9, 1).unwrap(),
            until: DateTime::from_timestamp(1_788_242_400, 0).unwrap(),
            health: vec![InstitutionHealth {
                institution: "acme".to_owned(),
                status: "done".to_owned(),
                warnings: vec![title.to_owned()],
                ..InstitutionHealth::default()
            }],
            institutions: vec![InstitutionMorning {
                figures: DayFigures {
                    institution: "acme".to_owned(),
                    created: 12,
                    usual_created: 3.25,
                    ..DayFigures::default()
                },
                reasons: vec![ReasonRow {
                    source_id: "board".to_owned(),
                    kind: "invalid_date".to_owned(),
                    field: None,
                    message: title.to_owned(),
                    ads: 1,
                    example: "7".to_owned(),
                }],
                new_jobs: vec![NewJobs {
                    institution: "acme".to_owned(),
                    kind: "company".to_owned(),
                    name: title.to_owned(),
                    jobs: 4,
                }],
                waiting: Vec::new(),
            }],
        }
    }

    #[test]
    fn hostile_text_is_text_in_every_form() {
        let hostile = "<script>alert(1)</script> [click](https://x.example) \u{202e}\u{1b}[31m";
        let report = report(hostile);
        let (page, marks, plain) = (html(&report), markdown(&report), text(&report));
        assert!(
            !page.contains("<script>") && page.contains("&lt;script&gt;"),
            "{page}"
        );
        assert!(
            marks.contains("\\<script\\>") && !marks.contains("[click](http"),
            "{marks}"
        );
        for form in [&page, &marks, &plain] {
            assert!(
                !form.contains('\u{202e}') && !form.contains('\u{1b}'),
                "{form}"
            );
        }
    }

    #[test]
    fn figures_are_the_same_in_every_form() {
        let report = report("x");
        // Markdown escapes the brackets around a count.
        let marks = markdown(&report).replace('\\', "");
        for form in [html(&report), marks, text(&report)] {
            assert!(
                form.contains("12") && form.contains("3.2") && form.contains("x (4)"),
                "{form}"
            );
            assert!(
                form.contains("Tue 1 Sep 2026: 1 institution, all well"),
                "{form}"
            );
        }
        assert_eq!(json(&report)["institutions"][0]["created"], 12);
    }
}
