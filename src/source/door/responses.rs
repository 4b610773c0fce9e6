//! What an answer means for the one who asked. The author's rules come first, in their order; then what statuses say; and a page that
//! asks for a proof of being human is a refusal whatever its status. Said here once for all sources.

use super::answer::{Answer, PREFIX};
use super::challenge;
use super::trouble::{Trouble, host_of};
use crate::diagnostic::Diagnostics;
use crate::yaml::{Located, OneOrMany, Text, from_text};
use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// Longest time that a source can make us wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// One rule on answers, as written: all that it names must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseSpec {
    /// A status, a class such as `5xx`, or a list of them.
    status: Option<Located<OneOrMany<Statuses>>>,
    /// Texts that headers must contain, in any case.
    #[serde(default)]
    header: IndexMap<Located<String>, Text>,
    /// A text in the first 64 KB of the body, in any case.
    text: Option<Text>,
    /// What the answer means then.
    then: Located<Action>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "action", rename_all = "snake_case")]
enum Action {
    /// Try again, later.
    Retry,
    /// The read has failed.
    Fail,
    /// As if the page had no ads; pages that came before it are not all there are then, so the read is one in part.
    Ignore,
    /// The end of the pages.
    Stop,
    /// The ad is gone.
    Gone,
    /// The source does not want us: blocked, never empty.
    Blocked,
}

/// A status, or a class of a hundred of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Statuses {
    first: u16,
    last: u16,
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Statuses, String> {
        let bad = || format!("`{text}` is not a status\nwrite a number from 100 to 599, or a class such as `5xx`");
        let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
        let (first, size) = match class {
            Some(class) => (class.parse::<u16>().map_err(|_| bad())?.saturating_mul(100), 99),
            None => (text.parse().map_err(|_| bad())?, 0),
        };
        if (100..=599).contains(&first) { Ok(Statuses { first, last: first + size }) } else { Err(bad()) }
    }
}

crate::written_as!(Statuses, "Statuses", "a status, or a class of them", ["404", "5xx"]);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Statuses, D::Error> {
        from_text(deserializer)
    }
}

/// What answers mean, after the author's rules and the defaults.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    statuses: Vec<Statuses>,
    /// Names and texts in lower case.
    headers: Vec<(String, String)>,
    text: Option<String>,
    action: Action,
}

impl Responses {
    /// Compiles the rules; problems go to `out`.
    pub fn compile(specs: &[ResponseSpec], out: &mut Diagnostics) -> Option<Responses> {
        let rules: Vec<Option<Rule>> = specs.iter().map(|spec| Rule::compile(spec, out)).collect();
        rules.into_iter().collect::<Option<Vec<Rule>>>().map(|rules| Responses { rules })
    }

    /// Whether a rule wants a redirect for itself, so that it is not followed.
    pub(super) fn keep(&self, status: u16, headers: &HeaderMap) -> bool {
        self.rules.iter().any(|rule| !rule.statuses.is_empty() && rule.text.is_none() && rule.matches(status, headers, ""))
    }

    /// The answer, or why there is none to use.
    pub(super) fn judge(&self, answer: Answer) -> Result<Answer, Trouble> {
        let text = if self.rules.iter().any(|rule| rule.text.is_some()) { beginning(&answer) } else { String::new() };
        let host = host_of(&answer.url);
        match self.rules.iter().find(|rule| rule.matches(answer.status, &answer.headers, &text)) {
            Some(rule) => Err(rule.trouble(&answer, &host)),
            None => by_default(answer, &host),
        }
    }
}

/// The beginning of the body in lower case.
fn beginning(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.prefix[..answer.prefix.len().min(PREFIX)]).to_lowercase()
}

impl Rule {
    fn compile(spec: &ResponseSpec, out: &mut Diagnostics) -> Option<Rule> {
        let names_nothing = spec.status.as_ref().is_none_or(|status| status.is_empty()) && spec.header.is_empty() && spec.text.is_none();
        if names_nothing {
            out.error(&spec.then.place, "missing-field", "the rule does not say which answers it is about").help("add `status`, `header` or `text`");
        }
        let texts = spec.header.values().chain(spec.text.as_ref());
        let empty: Vec<&Text> = texts.filter(|text| text.is_empty()).collect();
        empty.iter().for_each(|text| {
            out.error(text.place(), "invalid-value", "an empty text is in every answer").help("write what the answer must contain");
        });
        (!names_nothing && empty.is_empty()).then(|| Rule {
            statuses: spec.status.as_ref().map(|status| status.to_vec()).unwrap_or_default(),
            headers: spec.header.iter().map(|(name, text)| (name.to_lowercase(), text.to_lowercase())).collect(),
            text: spec.text.as_ref().map(|text| text.to_lowercase()),
            action: spec.then.value,
        })
    }

    fn matches(&self, status: u16, headers: &HeaderMap, text: &str) -> bool {
        let is_in = |(name, text): &(String, String)| {
            headers.get_all(name).iter().any(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase().contains(text.as_str()))
        };
        (self.statuses.is_empty() || self.statuses.iter().any(|range| (range.first..=range.last).contains(&status)))
            && self.headers.iter().all(is_in)
            && self.text.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
    }

    fn trouble(&self, answer: &Answer, host: &str) -> Trouble {
        let why = format!("{} (a rule of `responses`)", answers(host, answer.status));
        match self.action {
            Action::Retry => Trouble::Passing { why, wait: wait(&answer.headers) },
            Action::Fail => Trouble::Lasting(why),
            Action::Ignore => Trouble::Ignored(why),
            Action::Stop => Trouble::Stop(why),
            Action::Gone => Trouble::Gone(why),
            Action::Blocked => Trouble::Blocked(why),
        }
    }
}

/// What an answer means that no rule names.
fn by_default(answer: Answer, host: &str) -> Result<Answer, Trouble> {
    let can_be_challenge = matches!(answer.status, 200..=299 | 403 | 429 | 503);
    if let Some(maker) = challenge::maker(&answer.headers, &answer.prefix).filter(|_| can_be_challenge) {
        return Err(Trouble::Blocked(format!("{host} answers with a page of {maker} that asks for a human; ask the publisher for access")));
    }
    let why = answers(host, answer.status);
    match answer.status {
        200..=299 | 304 => Ok(answer),
        401 | 407 => Err(Trouble::Blocked(format!("{why}; check the credentials in `auth`"))),
        403 | 451 => Err(Trouble::Blocked(format!("{why}; ask the publisher for access"))),
        404 | 410 => Err(Trouble::Gone(why)),
        408 | 425 | 429 | 500..=599 => Err(Trouble::Passing { why, wait: wait(&answer.headers) }),
        _ => Err(Trouble::Lasting(why)),
    }
}

fn answers(host: &str, status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{host} answers {status} {reason}"),
        None => format!("{host} answers {status}"),
    }
}

/// How long the source asks to be left alone: as a span or until a time, by its own clock where it tells that.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc());
    let now = text("date").and_then(date).unwrap_or_else(|| DateTime::<Utc>::from(SystemTime::now()));
    let until = |time: DateTime<Utc>| (time - now).max(TimeDelta::zero()).to_std().ok();
    let seconds = |text: &str| text.parse().ok().map(Duration::from_secs);
    let by_reset =
        || text("x-ratelimit-reset")?.parse().ok().and_then(|epoch| DateTime::from_timestamp(epoch, 0)).filter(|time| *time > now).and_then(until);
    let wait = text("retry-after").and_then(|text| seconds(text).or_else(|| date(text).and_then(until))).or_else(by_reset);
    wait.map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[derive(Deserialize)]
    struct Rules {
        responses: Vec<ResponseSpec>,
    }

    fn compiled(text: &str) -> Option<Responses> {
        let mut out = Diagnostics::new();
        let rules: Option<Rules> = yaml::read("a.yaml", format!("responses:\n{text}"), &mut out);
        rules.and_then(|rules| Responses::compile(&rules.responses, &mut out)).filter(|_| !out.has_errors())
    }

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse::<reqwest::header::HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    fn judged(responses: &Responses, status: u16, all: &[(&str, &str)], body: &str) -> Result<Answer, Trouble> {
        let url = url::Url::parse("https://a.example/?key=secret").unwrap();
        responses.judge(Answer::new(status, url, headers(all), body.into(), Box::new(tokio::io::empty())))
    }

    #[test]
    fn statuses_mean_what_they_say() {
        let kind = |status| match judged(&Responses::default(), status, &[], "") {
            Ok(answer) if answer.not_modified => "same",
            Ok(_) => "ok",
            Err(Trouble::Blocked(_)) => "blocked",
            Err(Trouble::Gone(_)) => "gone",
            Err(Trouble::Passing { .. }) => "passing",
            Err(Trouble::Lasting(_)) => "lasting",
            Err(_) => "other",
        };
        let cases = [("ok", &[200u16, 204][..]), ("same", &[304]), ("blocked", &[401, 403, 407, 451]), ("gone", &[404, 410])];
        let more = [("passing", &[408u16, 425, 429, 500, 503, 599][..]), ("lasting", &[300, 400, 405, 422, 999])];
        for (expected, statuses) in cases.into_iter().chain(more) {
            statuses.iter().for_each(|status| assert_eq!(kind(*status), expected, "{status}"));
        }
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let rules = "- { status: [400, 5xx], text: scheduled maintenance, then: retry }\n- { status: 404, then: stop }\n\
            - { header: { X-State: Closed }, then: gone }\n- { status: 5xx, then: ignore }\n- { text: go away, then: blocked }\n- { status: 418, then: fail }\n";
        let responses = compiled(rules).unwrap();
        let judged = |status, all: &[(&str, &str)], body| judged(&responses, status, all, body).map(|answer| answer.status);
        assert!(matches!(judged(503, &[], "<p>Scheduled Maintenance</p>"), Err(Trouble::Passing { .. })));
        assert!(matches!(judged(503, &[], ""), Err(Trouble::Ignored(_))));
        assert!(matches!(judged(404, &[], ""), Err(Trouble::Stop(_))));
        assert!(matches!(judged(200, &[("x-state", "is closed now")], ""), Err(Trouble::Gone(_))));
        assert!(matches!(judged(200, &[], "Go away!"), Err(Trouble::Blocked(_))));
        assert_eq!(judged(200, &[], "scheduled maintenance"), Ok(200));
        let Err(Trouble::Lasting(why)) = judged(418, &[], "") else { panic!() };
        assert!(why.contains("a.example") && !why.contains("secret"), "{why}");
    }

    #[test]
    fn mistakes_are_found() {
        for bad in ["- { then: retry }", "- { status: 6xx, then: gone }", "- { status: 99, then: gone }", "- { status: [], then: gone }"] {
            assert!(compiled(bad).is_none(), "{bad} passes");
        }
        for bad in ["- { text: \"\", then: gone }", "- { status: 404 }", "- { status: 404, then: repeat }", "- { status: ok, then: gone }"] {
            assert!(compiled(bad).is_none(), "{bad} passes");
        }
    }

    #[test]
    fn waits_are_read_and_capped() {
        let waits = |all: &[(&str, &str)]| wait(&headers(all)).map(|wait| wait.as_secs());
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(waits(&[("retry-after", "7")]), Some(7));
        assert_eq!(waits(&[("retry-after", "99999")]), Some(300));
        assert_eq!(waits(&[date, ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")]), Some(30));
        assert_eq!(waits(&[date, ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT")]), Some(0));
        assert_eq!(waits(&[date, ("x-ratelimit-reset", "1792567692")]), Some(12));
        for bad in ["-1", "soon", "", "1e9", "99999999999999999999999"] {
            assert_eq!(waits(&[("retry-after", bad), ("x-ratelimit-reset", bad)]), None, "{bad}");
        }
        assert_eq!(waits(&[("x-ratelimit-reset", "9223372036854775807")]), None);
    }

    #[test]
    fn a_challenge_is_a_refusal_whatever_its_status() {
        for status in [200, 403, 429, 503] {
            let trouble = judged(&Responses::default(), status, &[("cf-mitigated", "challenge")], "").err();
            assert!(matches!(&trouble, Some(Trouble::Blocked(why)) if why.contains("Cloudflare")), "{status}");
        }
    }

    #[test]
    fn a_rule_can_keep_a_redirect() {
        let responses = compiled("- { status: 302, header: { location: /login }, then: blocked }").unwrap();
        assert!(responses.keep(302, &headers(&[("location", "https://x/Login?a")])));
        assert!(!responses.keep(302, &headers(&[("location", "/jobs")])) && !responses.keep(301, &HeaderMap::new()));
    }
}
