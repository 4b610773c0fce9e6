//! `weir preview`.

use super::database::block_on;
use super::run::door;
use super::{
    ClockArgs, CommandContext, CommandFailure, DONE, FAILED, NOTHING, out, show, unknown_name,
};
use crate::diagnostic::one_of;
use crate::engine::preview::{self, PreviewChoice, SourcePreview};
use crate::model::{Document, FieldValue, ProblemSeverity};
use crate::plan::{CheckedProject, Plan, SourcePlan};
use crate::quality::{FieldLoss, loss};
use crate::source::SourceAccess;
use crate::stage::AdDraft;
use crate::untrusted::Untrusted;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Fetch a few ads of a source.
#[derive(clap::Args)]
pub struct PreviewArgs {
    /// The institution
    institution: String,
    /// The source; optional if there is only one
    source: Option<String>,
    /// How many ads
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Only the ad with this id, as the source gives it, however far down the source it is
    #[arg(long, value_name = "ID", conflicts_with = "limit")]
    ad: Option<String>,
    /// Record the pages for tests, under recorded/INSTITUTION/SOURCE
    #[arg(long)]
    save: bool,
    /// Replay recorded pages; no network access
    #[arg(long, value_name = "DIR", conflicts_with = "save")]
    recorded: Option<PathBuf>,
    #[command(flatten)]
    at: ClockArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl PreviewArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        show(&checked, edge, std::slice::from_ref(&self.institution));
        let Some((plan, flow)) = self.choose(&checked)? else {
            return Ok(NOTHING);
        };
        block_on(async {
            let access = self.access(edge, &plan, flow)?;
            let flow = flow_of(&plan, flow);
            let at = self.at.clock(edge)?;
            let choice = self.ad.as_deref().map_or(
                PreviewChoice::First(usize::from(self.limit)),
                PreviewChoice::Named,
            );
            let preview = preview::look(&access, &checked.sandbox, &plan, flow, at, choice).await;
            if let (Some(id), true, true) = (
                &self.ad,
                preview.ads.is_empty() && preview.refused.is_empty(),
                preview.proof.why.is_none(),
            ) {
                return Err(CommandFailure::failed(format!(
                    "the source does not list an ad `{}`",
                    Untrusted(id)
                )));
            }
            if self.json {
                say!("{:#}", as_json(&preview));
            } else {
                say!("{}", as_text(&preview, edge.width));
            }
            Ok(if preview.ads.is_empty() { FAILED } else { DONE })
        })?
    }

    /// The plan and the index of its source; `None` if the institution is broken, which is
    /// reported.
    fn choose(
        &self,
        checked: &CheckedProject,
    ) -> Result<Option<(Arc<Plan>, usize)>, CommandFailure> {
        let slugs = || {
            checked
                .institutions
                .iter()
                .map(|institution| institution.slug.as_str())
        };
        let Some(institution) = checked
            .institutions
            .iter()
            .find(|one| one.slug == self.institution)
        else {
            return Err(unknown(
                "institution",
                &self.institution,
                &slugs().collect::<Vec<_>>(),
            ));
        };
        let Some(plan) = institution.plan() else {
            return Ok(None);
        };
        let sources = || {
            plan.flows
                .iter()
                .map(|flow| flow.source.as_str())
                .collect::<Vec<_>>()
        };
        let number = match &self.source {
            Some(wanted) => plan
                .flows
                .iter()
                .position(|flow| flow.source == *wanted)
                .ok_or_else(|| unknown("source", wanted, &sources()))?,
            None if plan.flows.len() == 1 => 0,
            None => {
                return Err(CommandFailure::nothing(format!(
                    "`{}` has several sources",
                    self.institution
                ))
                .help(format!("choose one of {}", one_of(sources()))));
            }
        };
        Ok(Some((Arc::clone(plan), number)))
    }

    fn access(
        &self,
        edge: &CommandContext,
        plan: &Plan,
        flow: usize,
    ) -> Result<SourceAccess, CommandFailure> {
        let mut door = door(edge, self.recorded.as_deref())?;
        if self.save {
            let folder = format!(
                "recorded/{}/{}",
                plan.institution.slug,
                flow_of(plan, flow).source
            );
            tell!("recording to {folder}");
            door = door.recording(edge.project.join(folder), out::secrets());
        }
        Ok(edge.access(door))
    }
}

fn flow_of(plan: &Plan, number: usize) -> &SourcePlan {
    &plan.flows[number]
}

fn unknown(what: &str, wanted: &str, known: &[&str]) -> CommandFailure {
    unknown_name(what, wanted, known.iter().copied(), || {
        format!("known: {}", one_of(known.iter().copied()))
    })
}

fn as_json(preview: &SourcePreview) -> Json {
    let ads = preview.ads.iter().zip(&preview.lost).map(|(draft, lost)| {
        json!({ "id": draft.ad.external_id, "raw": draft.ad.content, "job": fields(draft), "lost": lost, "verdict": verdict(draft), "problems": draft.problems })
    });
    let refused = preview
        .refused
        .iter()
        .map(|document| json!({ "raw": document.content, "why": why(document) }));
    json!({ "format": 1, "read": preview.proof, "ads": ads.collect::<Vec<_>>(), "refused": refused.collect::<Vec<_>>() })
}

fn why(document: &Document) -> String {
    document
        .refused
        .as_ref()
        .map(crate::model::RefusalCause::message)
        .unwrap_or_default()
}

fn fields(draft: &AdDraft) -> Json {
    draft
        .job
        .values()
        .filter(|(_, value)| !value.is_absent() && !matches!(value, FieldValue::Invalid(_)))
        .map(|(name, value)| (name.to_owned(), value.to_json()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn as_text(preview: &SourcePreview, width: usize) -> String {
    let mut lines = Vec::new();
    for (draft, lost) in preview.ads.iter().zip(&preview.lost) {
        lines.push(format!("ad {}", draft.ad.external_id));
        lines.push("  raw".to_owned());
        lines.extend(
            pretty(&draft.ad.content, width)
                .into_iter()
                .map(|line| format!("    {line}")),
        );
        lines.push("  mapped".to_owned());
        lines.extend(mapped(draft, lost, width));
        lines.push(format!("  {}", verdict(draft)));
        lines.extend(draft.problems.iter().map(|problem| {
            let mark = if problem.severity == ProblemSeverity::Error {
                "x"
            } else {
                "!"
            };
            format!(
                "    {mark} {}{}: {}",
                problem.kind,
                problem
                    .field
                    .as_ref()
                    .map(|field| format!(" {field}"))
                    .unwrap_or_default(),
                problem.message
            )
        }));
        lines.push(String::new());
    }
    for document in &preview.refused {
        lines.push(format!("rejected: {}", why(document)));
        lines.extend(
            pretty(&document.content, width)
                .into_iter()
                .map(|line| format!("    {line}")),
        );
    }
    lines.push(format!(
        "{} shown; companies and divisions that only the database knows count as unknown here",
        preview.ads.len()
    ));
    if let (true, Some(why)) = (preview.ads.is_empty(), &preview.proof.why) {
        let how = if preview.waits {
            "not read now"
        } else {
            preview.proof.state.name()
        };
        lines.push(format!("the source is {how}: {why}"));
    }
    lines.join("\n")
}

/// What a run would do with an ad that is not published.
fn verdict(draft: &AdDraft) -> &'static str {
    match (draft.fails(), draft.holds.is_empty()) {
        (false, _) => "valid",
        (true, false) => "held",
        (true, true) => "rejected",
    }
}

/// The fields of an ad, one per line; unreadable values are shown next to their fields.
fn mapped(draft: &AdDraft, lost: &[FieldLoss], width: usize) -> Vec<String> {
    let Json::Object(fields) = fields(draft) else {
        return Vec::new();
    };
    let widest = fields
        .keys()
        .map(String::len)
        .chain(lost.iter().map(|loss| loss.field.len()))
        .max()
        .unwrap_or_default();
    let room = width.saturating_sub(widest + 6);
    let mut lines: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("    {name:widest$}  {}", short(&plain(value), room)))
        .collect();
    for FieldLoss { field, example, .. } in lost {
        let Some(example) = example else { continue };
        let remedy = example
            .remedy
            .as_ref()
            .map_or_else(String::new, |remedy| format!("; {remedy}"));
        // The text is ours, and the value is already short: nothing is cut.
        lines.push(format!(
            "    {field:widest$}  could not be read: {} {}{remedy}",
            loss::shown(&example.found),
            example.expected
        ));
    }
    lines
}

/// Most lines of a raw document.
const MOST_LINES: usize = 40;

fn pretty(value: &Json, width: usize) -> Vec<String> {
    let text = format!("{value:#}");
    let mut lines: Vec<String> = text
        .lines()
        .take(MOST_LINES)
        .map(|line| short(line, width.saturating_sub(4)))
        .collect();
    if text.lines().count() > MOST_LINES {
        lines.push("...".to_owned());
    }
    lines
}

fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| text.replace('\n', " "))
}

/// Text shortened to this many characters; control sequences in scraped text are escaped.
fn short(text: &str, width: usize) -> String {
    let clean = Untrusted(text).to_string();
    if clean.chars().count() <= width {
        clean
    } else {
        format!(
            "{}…",
            clean
                .chars()
                .take(width.saturating_sub(1))
                .collect::<String>()
        )
    }
}
