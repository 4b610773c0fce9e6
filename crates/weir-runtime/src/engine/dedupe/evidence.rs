//! Why a job is a member of an opening: with which member it agrees, and by what.

use serde_json::{Value as Json, json};
use weir_openings::decision::DecisionVerdict;
use weir_openings::partition::PairJudge;
use weir_openings::score::{PairBand, lines};
use weir_stage::dedupe::shown;

/// What put an ad into an opening.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MemberEvidence {
    /// `first`, `key`, `score`, `decision`.
    pub method: &'static str,
    /// The facts; `None` for the first.
    pub facts: Option<Json>,
}

impl MemberEvidence {
    /// The evidence for the first ad of an opening.
    pub(super) fn first() -> MemberEvidence {
        MemberEvidence {
            method: "first",
            facts: None,
        }
    }

    /// The evidence for a member: it agrees with the one that leads, or with another.
    pub(super) fn of(judge: &PairJudge<'_>, ad: usize, members: &[usize]) -> MemberEvidence {
        let others = members.iter().copied().filter(|other| *other != ad);
        let decided = others.clone().find(|other| is_decided(judge, ad, *other));
        let scored = others.filter_map(|other| Some((other, agreement(judge, ad, other)?)));
        let lead = members.first().copied();
        let best = scored.max_by(|(a, (_, one)), (b, (_, other))| {
            let leads = (Some(*a) == lead).cmp(&(Some(*b) == lead));
            leads.then(one.total_cmp(other)).then(b.cmp(a))
        });
        let key = |at: usize| shown(&judge.corpus.ads()[at].key);
        match (best, decided) {
            (Some((other, (is_exact, points))), _) => {
                let pair = judge.corpus.features(ad, other);
                let lines = lines(&pair, &judge.policy.weights);
                let facts =
                    json!({ "with": key(other), "points": rounded(points), "lines": lines });
                let method = if is_exact { "key" } else { "score" };
                MemberEvidence {
                    method,
                    facts: Some(facts),
                }
            }
            (None, Some(other)) => MemberEvidence {
                method: "decision",
                facts: Some(json!({ "with": key(other) })),
            },
            (None, None) => MemberEvidence {
                method: "decision",
                facts: None,
            },
        }
    }

    /// In words: `score +3.5 with seek:7`.
    pub(super) fn words(&self) -> String {
        let fact = |name: &str| self.facts.as_ref().and_then(|facts| facts.get(name));
        let with = fact("with").and_then(Json::as_str);
        let with = with.map_or_else(String::new, |with| format!(" with {with}"));
        match (self.method, fact("points").and_then(Json::as_f64)) {
            ("first", _) => "it leads".to_owned(),
            ("key", _) => format!("an exact key is shared{with}"),
            ("score", Some(points)) => format!("score {points:+}{with}"),
            _ => format!("an operator decided{with}"),
        }
    }
}

fn is_decided(judge: &PairJudge<'_>, one: usize, other: usize) -> bool {
    let ads = judge.corpus.ads();
    judge.decisions.about(&ads[one].key, &ads[other].key) == Some(DecisionVerdict::Same)
}

/// Whether an exact key is shared, and the points, of two ads that are one opening by score.
fn agreement(judge: &PairJudge<'_>, one: usize, other: usize) -> Option<(bool, f64)> {
    let edge = judge
        .graph
        .edges(one)
        .iter()
        .find(|edge| edge.other == other)?;
    let (band, points) = judge
        .graph
        .judged(judge.corpus, one, edge, &judge.policy.bands);
    (band == PairBand::Same).then_some((edge.exact, points))
}

/// To a hundredth: sums of the same points in another order are one number.
pub(super) fn rounded(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}
