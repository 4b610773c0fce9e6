//! A hold for the operator who decides on it: its subject, old next to new, the effect of each
//! answer, and what has changed since it was last shown. Scraped text is shortened. To add a type
//! of hold: its content in `store::holds`, and the two sentences in [`answers`].

use super::columns::{columns, counted, line};
use super::companies;
use super::difference::{ValueDifference, plain};
use super::duplicates;
use super::ink::TerminalInk;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use weir_model::{Clock, HoldKind};
use weir_runtime::actions::holds::{HoldEffect, LISTS, entries};
use weir_stage::resolve::NearName;
use weir_store::holds::Hold;
use weir_store::waiting::WaitingHolds;

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct HoldsLayout {
    /// Colours.
    pub ink: TerminalInk,
    /// Characters in a line.
    pub width: usize,
    /// How many ads of a hold are shown; 0 for all.
    pub limit: usize,
}

/// What speaks of an ad in a list of them, in the order in which it is shown.
const FACTS: [&str; 5] = [
    "title",
    "organisation",
    "locations",
    "open_date",
    "close_date",
];

/// `3@9f2c1a`: a hold and the revision that a decision names.
pub fn name(hold: &Hold) -> String {
    hold.revision.as_ref().map_or_else(
        || hold.id.to_string(),
        |revision| format!("{}@{revision}", hold.id),
    )
}

/// Its status: how long it has been open, or how, when, by whom and why it was closed.
pub fn status(hold: &Hold, at: Clock) -> String {
    let since = hold.opened_at.format("%Y-%m-%d");
    let Some(closed) = hold.closed_at else {
        return format!(
            "{} for {}, since {since}",
            hold.status,
            WaitingHolds::days(at.0 - hold.opened_at)
        );
    };
    let (by, note) = (hold.closed_by.as_deref(), hold.note.as_deref());
    let by = by
        .map(|by| format!(" by {}", line(by, 30)))
        .unwrap_or_default();
    let note = note
        .map(|note| format!(" ({})", line(note, 60)))
        .unwrap_or_default();
    format!(
        "{since}, {} {}{by}{note}",
        hold.status,
        closed.format("%Y-%m-%d")
    )
}

/// A hold in full.
pub fn shown(hold: &Hold, look: HoldsLayout) -> String {
    let mut out = String::new();
    let since = hold.opened_at.format("%Y-%m-%d");
    let head = format!(
        "hold {} · {} {} · {} {}",
        name(hold),
        hold.institution,
        hold.source_id,
        hold.kind,
        line(&hold.subject, 80)
    );
    let _ = writeln!(out, "{} · open since {since}", look.ink.bold(head));
    let _ = writeln!(out, "  {}", line(&hold.reason, 300));
    let content = hold.content.as_ref().unwrap_or(&Json::Null);
    if let Some(fields) = content.get("fields") {
        let job = content.get("job");
        let _ = write!(
            out,
            "{}",
            changed(
                job.and_then(|job| job.get("fields")).unwrap_or(&Json::Null),
                fields,
                look
            )
        );
    }
    if hold.kind == HoldKind::Duplicate {
        out.push_str(&compared(hold, content));
    }
    let all: Vec<&Json> = entries(hold).collect();
    let most = if look.limit == 0 {
        all.len()
    } else {
        look.limit
    };
    all.iter()
        .take(most)
        .for_each(|entry| out.push_str(&one(entry, look)));
    if all.len() > most {
        let _ = writeln!(
            out,
            "    and {} more: `weir holds show {} --limit 0` shows all",
            all.len() - most,
            hold.id
        );
    }
    let [release, discard] = answers(hold, all.len());
    let _ = writeln!(out, "  release: {release}\n  discard: {discard}");
    if hold.kind == HoldKind::Company {
        let accept = format!("weir companies accept {} COMPANY --reason ...", name(hold));
        let _ = writeln!(
            out,
            "  or: `{accept}` makes it another name of a known company"
        );
    }
    out
}

/// The known names that are nearest to the name of a hold.
pub fn near(names: &[NearName]) -> String {
    match names {
        [] => String::new(),
        names => format!("  near: {}\n", companies::near(names)),
    }
}

/// What speaks for one opening, and what against it.
fn compared(hold: &Hold, content: &Json) -> String {
    let lines = content.get("lines").and_then(Json::as_array);
    let one = |line: &'_ Json| -> Option<(String, String, f64)> {
        let text = |name: &str| Some(line.get(name)?.as_str()?.to_owned());
        Some((
            text("field")?,
            text("found")?,
            line.get("points")?.as_f64()?,
        ))
    };
    let all: Vec<_> = lines.into_iter().flatten().filter_map(one).collect();
    let rows = all
        .iter()
        .map(|(field, found, points)| (field.as_str(), found.as_str(), *points));
    let pair = hold.subject.replace(" ~ ", " ");
    format!(
        "{}  compare: `weir duplicates explain {}`\n",
        columns(&duplicates::score_rows(rows), 2),
        line(&pair, 160)
    )
}

/// The effect of each answer.
pub fn answers(hold: &Hold, listed: usize) -> [String; 2] {
    let content = hold.content.as_ref().unwrap_or(&Json::Null);
    let does = |what: &str| {
        entries(hold)
            .filter(|entry| entry.get("does").and_then(Json::as_str) == Some(what))
            .count()
    };
    let subject = line(&hold.subject, 60);
    match hold.kind {
        HoldKind::Job => match content.pointer("/job/version").and_then(Json::as_i64) {
            Some(version) => [
                format!(
                    "the next run publishes this content as version {}",
                    version + 1
                ),
                format!("this content is ignored, and version {version} stays"),
            ],
            None => [
                "the next run publishes this content".to_owned(),
                "this content is ignored".to_owned(),
            ],
        },
        HoldKind::Company | HoldKind::Division => [
            format!(
                "`{subject}` becomes a known {}; the next run derives {} again",
                hold.kind,
                counted(listed, "ad")
            ),
            "the name stays unknown; its ads stay held until their content or the YAML changes"
                .to_owned(),
        ],
        HoldKind::Retirement => [
            format!("{} archived at once", counted_are(listed, "job")),
            "the jobs stay open, and their misses are reset".to_owned(),
        ],
        HoldKind::Closing => [
            format!("{} archived at once", counted_are(listed, "job")),
            "the jobs stay open until their closing dates, which have passed, change".to_owned(),
        ],
        HoldKind::Identity => [
            format!(
                "the next complete read archives {} and creates new jobs for their ids; {} only updated",
                counted(does("archive"), "job"),
                counted_are(does("update"), "ad")
            ),
            format!(
                "{} only updated; no job is replaced",
                counted_are(listed, "ad")
            ),
        ],
        HoldKind::Quality => [
            "the next run publishes this read, and similar ones".to_owned(),
            "the ads stay held until their content or the YAML changes".to_owned(),
        ],
        HoldKind::Duplicate => [
            "the two ads are one opening from now on".to_owned(),
            "the two ads are two openings from now on".to_owned(),
        ],
        HoldKind::Mapping => [
            "the held change is applied".to_owned(),
            "the held change is dropped".to_owned(),
        ],
    }
}

/// What an answer did, in words.
pub fn done(hold: &Hold, effect: HoldEffect) -> String {
    let subject = line(&hold.subject, 60);
    match effect {
        HoldEffect::NameAdded => format!("`{subject}` is now known; the next run publishes its ads"),
        HoldEffect::NameRefused => format!("`{subject}` stays unknown; its ads stay held until their content or the YAML changes"),
        HoldEffect::JobsRetired(jobs) => format!("{jobs} jobs retired"),
        HoldEffect::MissesForgotten => "the jobs stay open; their misses are reset".to_owned(),
        HoldEffect::JobsClosed(jobs) => format!("{jobs} jobs archived"),
        HoldEffect::JobsKeptOpen(jobs) => {
            format!("the jobs stay open; {jobs} of them, whose closing dates have passed, until those dates change")
        }
        HoldEffect::IdsTrusted => "the next complete read is accepted: jobs whose ids now belong to other jobs are archived".to_owned(),
        HoldEffect::IdsKept => "the ads stay the same jobs: the next run treats them as updates".to_owned(),
        HoldEffect::ReadAccepted => "the next run publishes this read, and similar ones".to_owned(),
        HoldEffect::ReadRefused => "the ads stay held until their content or the YAML changes".to_owned(),
        HoldEffect::AdsMerged => "the two ads are one opening".to_owned(),
        HoldEffect::AdsKeptApart => "the two ads are two openings".to_owned(),
        HoldEffect::ContentReleased => "the next run publishes this content".to_owned(),
        HoldEffect::ContentIgnored => "this content is now ignored".to_owned(),
    }
}

fn counted_are(number: usize, thing: &str) -> String {
    format!(
        "{} {}",
        counted(number, thing),
        if number == 1 { "is" } else { "are" }
    )
}

/// One ad of a list; old next to new if both are known.
fn one(entry: &Json, look: HoldsLayout) -> String {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
    let does = if text("does").is_empty() {
        String::new()
    } else {
        look.ink.soft(format!("  · {}", does(entry)))
    };
    let mut out = format!(
        "    {:<10}  {}{does}\n",
        line(text("ad"), 44),
        line(text("title"), 80)
    );
    for (word, side) in [("was", "old"), ("now", "new")] {
        if let Some(sketch) = entry.get(side) {
            let _ = writeln!(
                out,
                "      {word}  {}",
                line(&sketched(sketch), look.width.saturating_sub(12).max(60))
            );
        }
    }
    out
}

/// What becomes of an id that came with other content, and why.
pub fn does(entry: &Json) -> String {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
    match text("does") {
        "archive" => format!("another job: {}", line(text("why"), 120)),
        "move" => format!("the job that was `{}`", line(text("from"), 44)),
        _ => "an update of the same job".to_owned(),
    }
}

/// A short description of a job.
pub fn sketched(sketch: &Json) -> String {
    let fact = |name: &&str| match (*name, sketch.get(*name).filter(|value| !value.is_null())?) {
        ("open_date", date) => Some(format!("from {}", plain(date))),
        ("close_date", date) => Some(format!("to {}", plain(date))),
        (_, value) => Some(plain(value)),
    };
    FACTS
        .iter()
        .filter_map(fact)
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The fields that differ, old and new.
fn changed(old: &Json, new: &Json, look: HoldsLayout) -> String {
    let empty = Map::new();
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut out = String::new();
    for name in names {
        let (old, new) = (
            old.get(name).unwrap_or(&Json::Null),
            new.get(name).unwrap_or(&Json::Null),
        );
        if old == new {
            continue;
        }
        let lines =
            ValueDifference::of(old, new).lines(look.ink, look.width.saturating_sub(22).max(40));
        for (index, text) in lines.iter().enumerate() {
            let _ = writeln!(
                out,
                "    {:<14}  {text}",
                if index == 0 {
                    line(name, 24)
                } else {
                    String::new()
                }
            );
        }
    }
    out
}

/// What has changed in a hold since its subject was `then`.
pub fn difference(hold: &Hold, then: &Json, look: HoldsLayout) -> String {
    let now = hold.content.as_ref().unwrap_or(&Json::Null);
    let mut out = String::new();
    for list in LISTS {
        out.push_str(&listed(then.get(list), now.get(list), look));
    }
    for part in ["fields", "job"] {
        let side = |content: &Json| content.get(part).cloned().unwrap_or_default();
        out.push_str(&changed(&side(then), &side(now), look));
    }
    let rest = |content: &Json| {
        let known = |name: &str| LISTS.contains(&name) || matches!(name, "fields" | "job");
        let members = content
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !known(name));
        Json::Object(
            members
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    out.push_str(&changed(&rest(then), &rest(now), look));
    out
}

/// What was added to a list of ads, what was removed, and what changed.
fn listed(then: Option<&Json>, now: Option<&Json>, look: HoldsLayout) -> String {
    let by_ad = |list: Option<&'_ Json>| -> BTreeMap<String, Json> {
        let entries = list.and_then(Json::as_array).into_iter().flatten();
        entries
            .filter_map(|entry| Some((entry.get("ad")?.as_str()?.to_owned(), entry.clone())))
            .collect()
    };
    let (then, now) = (by_ad(then), by_ad(now));
    let ids: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let sign = |id: &String| match (then.get(id), now.get(id)) {
        (None, Some(entry)) => Some((look.ink.green("+"), entry)),
        (Some(entry), None) => Some((look.ink.red("-"), entry)),
        (Some(old), Some(new)) if old != new => Some((look.ink.yellow("~"), new)),
        _ => None,
    };
    let all: Vec<(String, &Json)> = ids.into_iter().filter_map(sign).collect();
    let most = if look.limit == 0 {
        all.len()
    } else {
        look.limit
    };
    let mut out: String = all
        .iter()
        .take(most)
        .map(|(sign, entry)| format!("  {sign} {}", one(entry, look).trim_start()))
        .collect();
    if all.len() > most {
        let _ = writeln!(out, "    and {} more", all.len() - most);
    }
    out
}

/// The current subject of a hold, if the earlier one is no longer known.
pub fn unknown(hold: &Hold, look: HoldsLayout) -> String {
    format!(
        "  the earlier revision is no longer on record; it is now\n{}",
        shown(hold, look)
    )
}
