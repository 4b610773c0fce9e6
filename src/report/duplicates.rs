//! Openings as text: lists, one opening with the evidence of each member, and the answer to "are
//! these two one opening, and why".

use super::columns::{columns, counted, line};
use crate::store::opening_views::{
    OpeningFigures, OpeningHead, OpeningLine, OpeningLogLine, OpeningMemberLine,
};
use serde::Serialize;
use serde_json::Value as Json;
use std::fmt::Write;
use weir_openings::opening_set::PairAnswer;
use weir_openings::score::PairBand;

/// One opening with everything that is known of it.
#[derive(Debug, Serialize)]
pub struct OpeningPage {
    /// The opening.
    #[serde(flatten)]
    pub head: OpeningHead,
    /// Its members.
    pub members: Vec<OpeningMemberLine>,
    /// Who joined and left.
    pub log: Vec<OpeningLogLine>,
}

/// Openings, one a line.
pub fn list(openings: &[OpeningLine]) -> String {
    let row = |opening: &OpeningLine| {
        let places = opening
            .locations
            .as_ref()
            .map(|all| all.join(" + "))
            .unwrap_or_default();
        vec![
            opening.institution.clone(),
            opening.id.to_string(),
            opening.status.clone(),
            line(&opening.title, 44),
            line(&places, 30),
            line(&opening.ads.join(" + "), 80),
        ]
    };
    columns(&openings.iter().map(row).collect::<Vec<_>>(), 6)
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
        "{}/{}: {}, {}\n  {}\n",
        head.institution,
        head.id,
        head.status,
        counted(page.members.len(), "ad"),
        line(&head.title, 100)
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
        &page.members.iter().map(member).collect::<Vec<_>>(),
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
    if !page.log.is_empty() {
        out.push_str("\nhistory\n");
        out.push_str(&columns(&page.log.iter().map(news).collect::<Vec<_>>(), 5));
    }
    out
}

fn member(member: &OpeningMemberLine) -> Vec<String> {
    let since = format!("since {}", member.joined_at.format("%Y-%m-%d"));
    let mut why = evidence(&member.method, member.evidence.as_ref());
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
pub fn evidence(method: &str, facts: Option<&Json>) -> String {
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

fn score_lines(lines: Option<&Json>) -> String {
    let one = |line: &Json| {
        let field = line.get("field")?.as_str()?;
        let (found, points) = (line.get("found")?.as_str()?, line.get("points")?.as_f64()?);
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
    let rows: Vec<Vec<String>> = answer
        .lines
        .iter()
        .map(|line| {
            vec![
                line.field.clone(),
                line.found.clone(),
                format!("{:+.2}", line.points),
            ]
        })
        .collect();
    out.push_str(&columns(&rows, 2));
    if answer.rival > 0.0 {
        let _ = writeln!(
            out,
            "  another ad of that source fits better by {:.1}",
            answer.rival
        );
    }
    let _ = writeln!(out, "  sum {:+.2}", answer.points);
    out
}

/// A verdict in words.
fn decision(decided: weir_openings::decision::DecisionVerdict) -> &'static str {
    match decided {
        weir_openings::decision::DecisionVerdict::Same => "same",
        weir_openings::decision::DecisionVerdict::Different => "different",
    }
}
