//! Openings as text: lists, one opening with the evidence of each member, and the answer to "are
//! these two one opening, and why".

use super::columns::{columns, counted, line};
use serde::Serialize;
use serde_json::Value as Json;
use std::fmt::Write;
use weir_openings::opening_set::PairAnswer;
use weir_openings::policy::BandThresholds;
use weir_openings::score::PairBand;
use weir_store::opening_views::{
    OpeningFigures, OpeningHead, OpeningLine, OpeningLogLine, OpeningMemberLine, OpeningRuling,
};

/// One opening with everything that is known of it.
#[derive(Debug, Serialize)]
pub struct OpeningPage {
    /// The opening.
    #[serde(flatten)]
    pub head: OpeningHead,
    /// Its members.
    pub members: Vec<OpeningMemberLine>,
    /// What operators decided about its members.
    pub decisions: Vec<OpeningRuling>,
    /// Who joined and left.
    pub log: Vec<OpeningLogLine>,
}

/// Openings, one a line below their headings; nothing if there are none.
pub fn list(openings: &[OpeningLine]) -> String {
    if openings.is_empty() {
        return String::new();
    }
    let row = |opening: &OpeningLine| {
        let places = opening
            .locations
            .as_ref()
            .map(|all| all.join(" + "))
            .unwrap_or_default();
        vec![
            opening.institution.clone(),
            line(&opening.title, 44),
            opening.status.clone(),
            line(&opening.ads.join(" + "), 80),
            line(&places, 30),
        ]
    };
    let headings = ["institution", "opening", "status", "ads", "places"];
    let rows = std::iter::once(headings.map(str::to_owned).to_vec());
    columns(&rows.chain(openings.iter().map(row)).collect::<Vec<_>>(), 5)
}

/// The figures of an institution in a line.
pub fn figures(found: &OpeningFigures) -> String {
    let count =
        |count: i64, thing: &str| counted(usize::try_from(count).unwrap_or_default(), thing);
    let mut all = format!(
        "{} of {}, {} of several ads",
        count(found.openings, "opening"),
        count(found.jobs, "job"),
        found.shared
    );
    for (number, thing) in [
        (found.reposted, "re-post"),
        (found.decisions, "decision"),
        (found.review, "pair"),
    ] {
        if number > 0 {
            let _ = write!(all, ", {}", count(number, thing));
        }
    }
    if found.review > 0 {
        all.push_str(" to review");
    }
    all
}

/// One opening.
pub fn page(page: &OpeningPage) -> String {
    let head = &page.head;
    let mut out = format!(
        "{} · {} · {} · {}\nopening {}\n",
        line(&head.title, 100),
        head.institution,
        head.status,
        counted(page.members.len(), "ad"),
        head.id
    );
    if let Some(places) = head.locations.as_ref().filter(|places| !places.is_empty()) {
        let _ = writeln!(out, "  in {}", line(&places.join(" + "), 100));
    }
    let seen = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    let last = head.last_seen_at.map_or_else(|| "-".to_owned(), seen);
    let _ = writeln!(
        out,
        "  first seen {}, last seen {last}",
        seen(head.first_seen_at)
    );
    for alias in &head.aliases {
        let _ = writeln!(out, "  formerly also {alias}");
    }
    out.push_str("\nmembers\n");
    out.push_str(&columns(
        &page
            .members
            .iter()
            .enumerate()
            .map(member)
            .collect::<Vec<_>>(),
        5,
    ));
    let fields: Vec<Vec<String>> = head
        .origins
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, ad)| vec![field.clone(), line(ad.as_str().unwrap_or_default(), 60)])
        .collect();
    out.push_str("\nfields\n");
    out.push_str(&columns(&fields, 2));
    if !page.decisions.is_empty() {
        out.push_str("\ndecisions\n");
        let rows: Vec<Vec<String>> = page.decisions.iter().map(ruling).collect();
        out.push_str(&columns(&rows, 5));
    }
    if !page.log.is_empty() {
        out.push_str("\nhistory\n");
        out.push_str(&columns(&page.log.iter().map(news).collect::<Vec<_>>(), 5));
    }
    out
}

fn ruling(one: &OpeningRuling) -> Vec<String> {
    vec![
        one.decided_at.format("%Y-%m-%d").to_string(),
        one.verdict.clone(),
        line(&one.ads.join(" ~ "), 100),
        line(&one.reason, 100),
        line(&one.decided_by, 30),
    ]
}

/// Why an ad is a member; the first of them leads.
pub fn membership(place: usize, member: &OpeningMemberLine) -> String {
    match (place, member.method.as_str()) {
        (0, "first") => "leads".to_owned(),
        (_, "first") => "led while it was open".to_owned(),
        (0, method) => format!("leads now; {}", evidence(method, member.evidence.as_ref())),
        (_, method) => evidence(method, member.evidence.as_ref()),
    }
}

fn member((place, member): (usize, &OpeningMemberLine)) -> Vec<String> {
    let since = format!("since {}", member.joined_at.format("%Y-%m-%d"));
    let mut why = membership(place, member);
    if let Some((from, days)) = member.reposted_from.as_ref().zip(member.reposted_days) {
        let _ = write!(why, "; lists {from} again after {days} days");
    }
    vec![
        line(&member.ad, 50),
        member.status.clone(),
        line(&member.title, 44),
        since,
        why,
    ]
}

/// Why an ad is a member: `score +3.5 with seek:7: title equal +0.5, ...`.
fn evidence(method: &str, facts: Option<&Json>) -> String {
    let fact = |name: &str| facts.and_then(|facts| facts.get(name));
    let with = fact("with")
        .and_then(Json::as_str)
        .map_or_else(String::new, |ad| format!(" with {}", line(ad, 50)));
    let points = fact("points").and_then(Json::as_f64).unwrap_or_default();
    match method {
        "first" => "leads".to_owned(),
        "decision" => format!("an operator decided{with}"),
        "key" => format!("an exact key is shared{with} ({points:+})"),
        _ => format!("score {points:+}{with}: {}", score_lines(fact("lines"))),
    }
}

/// What was found of a field in two ads, as people read it.
pub fn finding<'f>(field: &str, found: &'f str) -> &'f str {
    match (field, found) {
        ("title", "merged") => "equal but for variants",
        ("title", "hard") => "equal but for an entry level",
        ("title", "one more") => "one word more in one ad",
        ("title", "other") => "of another role",
        ("title" | "place", "contained" | "subset") => "one within the other",
        (_, "alike" | "overlap" | "partial") => "partly shared",
        (_, "neither") => "in neither ad",
        (_, "one sided") => "in one ad only",
        (_, "conflict") => "contradict each other",
        (_, found) => found,
    }
}

/// The points of a pair, a row each.
pub fn score_rows<'r>(lines: impl Iterator<Item = (&'r str, &'r str, f64)>) -> Vec<Vec<String>> {
    let row = |(field, found, points): (&str, &str, f64)| {
        let found = finding(field, found).to_owned();
        vec![field.to_owned(), found, format!("{points:+.2}")]
    };
    lines.map(row).collect()
}

fn score_lines(lines: Option<&Json>) -> String {
    let one = |line: &Json| {
        let field = line.get("field")?.as_str()?;
        let (found, points) = (line.get("found")?.as_str()?, line.get("points")?.as_f64()?);
        let found = finding(field, found);
        Some(format!("{field} {found} {points:+}"))
    };
    let all = lines
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(one);
    all.collect::<Vec<_>>().join(", ")
}

fn news(one: &OpeningLogLine) -> Vec<String> {
    let by = one
        .run_id
        .map_or_else(|| one.done_by.clone(), |run| format!("run {run}"));
    vec![
        one.at.format("%Y-%m-%d").to_string(),
        one.what.clone(),
        line(&one.ad, 50),
        line(&one.reason, 100),
        line(&by, 30),
    ]
}

/// Whether two ads are one opening, and why.
pub fn answer(ads: [&str; 2], answer: &PairAnswer) -> String {
    let verdict = match (answer.one_opening, answer.band) {
        (true, _) => "one opening",
        (false, PairBand::Review) => "two openings, to be reviewed",
        (false, _) => "two openings",
    };
    let [one, other] = ads.map(|ad| line(ad, 60));
    let mut out = format!("{one} and {other}: {verdict}\n");
    if let Some(decided) = answer.decided {
        let _ = writeln!(out, "  an operator decided: {}", decision(decided));
    }
    if let Some(veto) = answer.veto {
        let _ = writeln!(out, "  contradiction: {}", veto.name());
    }
    if !answer.candidates {
        out.push_str("  they share no bucket, so they are not compared in a run\n");
    }
    if answer.one_source {
        out.push_str("  both are of one source, which lists an opening once\n");
    }
    let lines = answer.lines.iter();
    let lines = lines.map(|line| (line.field.as_str(), line.found.as_str(), line.points));
    out.push_str(&columns(&score_rows(lines), 2));
    if answer.rival > 0.0 {
        let _ = writeln!(
            out,
            "  another ad of that source fits better by {:.1}",
            answer.rival
        );
    }
    let _ = writeln!(out, "  sum {:+.2}{}", answer.points, bands(answer));
    out
}

/// What the sum means.
fn bands(answer: &PairAnswer) -> String {
    let BandThresholds { same, review } = answer.bands;
    match (answer.decided, answer.veto) {
        (Some(_), _) => ", which the decision overrules".to_owned(),
        (None, Some(_)) => ", which the contradiction overrules".to_owned(),
        (None, None) => {
            format!("; one opening from {same} on, an operator is asked from {review} on")
        }
    }
}

/// A verdict in words.
fn decision(decided: weir_openings::decision::DecisionVerdict) -> &'static str {
    match decided {
        weir_openings::decision::DecisionVerdict::Same => "same",
        weir_openings::decision::DecisionVerdict::Different => "different",
    }
}
