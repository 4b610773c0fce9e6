//! What a response means. The author's rules come first, in order; then the status; and a bot
//! challenge is a refusal whatever its status. Decided here once for all sources.

use super::answer::{HttpResponse, ResponseDoubt};
use super::challenge;
use super::trouble::{FetchError, host_of};
use super::wait::wait;
use indexmap::IndexMap;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, OneOrMany, Text, from_text};

/// A rule for responses; all conditions it names must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseSpec {
    /// An HTTP status, a class such as `5xx`, or a list of them.
    status: Option<Located<OneOrMany<StatusRange>>>,
    /// Text that headers must contain, ignoring case.
    #[serde(default)]
    header: IndexMap<Located<String>, Text>,
    /// Text in the first 64 KB of the body, ignoring case.
    text: Option<Text>,
    /// What the response means.
    then: Located<ResponseAction>,
}

/// What a response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "action", rename_all = "snake_case")]
enum ResponseAction {
    /// Retry later.
    Retry,
    /// The read fails.
    Fail,
    /// The page has no ads. If pages came before it, the read is partial.
    Ignore,
    /// The previous page was the last one.
    Stop,
    /// The ad no longer exists.
    Gone,
    /// The source refuses us: the read is blocked, never empty.
    Blocked,
    /// The body is the requested page, whatever the status.
    Page,
}

/// Which responses are valid for a request: a status only has a meaning relative to what was
/// requested.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponseTerms {
    /// The request is conditional on the state of an earlier read.
    pub conditional: bool,
    /// The request is for a range.
    pub ranged: bool,
    /// A response without a body means that there are no ads.
    pub empty: bool,
    /// Any success is accepted, with or without a body: for session requests and token requests.
    pub lenient: bool,
}

/// An HTTP status, or a class of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StatusRange {
    first: u16,
    last: u16,
}

impl FromStr for StatusRange {
    type Err = String;

    fn from_str(text: &str) -> Result<StatusRange, String> {
        let bad = || {
            format!(
                "`{text}` is not an HTTP status\nwrite a number from 100 to 599, or a class such as `5xx`"
            )
        };
        let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
        let (first, size) = match class {
            Some(class) => (
                class.parse::<u16>().map_err(|_| bad())?.saturating_mul(100),
                99,
            ),
            None => (text.parse().map_err(|_| bad())?, 0),
        };
        if (100..=599).contains(&first) {
            Ok(StatusRange {
                first,
                last: first + size,
            })
        } else {
            Err(bad())
        }
    }
}

weir_yaml::written_as!(
    StatusRange,
    "Statuses",
    "an HTTP status, or a class of them",
    ["404", "5xx"]
);

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StatusRange, D::Error> {
        from_text(deserializer)
    }
}

/// What responses mean: the author's rules first, then the defaults.
#[derive(Debug, Clone, Default)]
pub struct ResponseRules {
    rules: Vec<ResponseRule>,
}

#[derive(Debug, Clone)]
struct ResponseRule {
    statuses: Vec<StatusRange>,
    /// Names and texts, in lower case.
    headers: Vec<(String, String)>,
    text: Option<String>,
    action: ResponseAction,
}

impl ResponseRules {
    /// Compiles the rules; problems go to `out`.
    pub fn compile(specs: &[ResponseSpec], out: &mut Diagnostics) -> Option<ResponseRules> {
        let rules: Vec<Option<ResponseRule>> = specs
            .iter()
            .map(|spec| ResponseRule::compile(spec, out))
            .collect();
        rules
            .into_iter()
            .collect::<Option<Vec<ResponseRule>>>()
            .map(|rules| ResponseRules { rules })
    }

    /// Whether a rule matches a redirect, which is then not followed.
    pub(super) fn keep(&self, status: u16, headers: &HeaderMap) -> bool {
        self.rules.iter().any(|rule| {
            !rule.statuses.is_empty() && rule.text.is_none() && rule.matches(status, headers, "")
        })
    }

    /// The response, or why it cannot be used.
    pub(super) fn judge(
        &self,
        answer: HttpResponse,
        terms: &ResponseTerms,
    ) -> Result<HttpResponse, FetchError> {
        let text = if self.rules.iter().any(|rule| rule.text.is_some()) {
            beginning(&answer)
        } else {
            String::new()
        };
        let host = host_of(&answer.url);
        match self
            .rules
            .iter()
            .find(|rule| rule.matches(answer.status, &answer.headers, &text))
        {
            Some(rule) => match rule.trouble(&answer, &host) {
                Some(trouble) => Err(trouble),
                None => Ok(answer),
            },
            None => by_default(answer, &host, terms),
        }
    }
}

/// The beginning of the body, in lower case.
fn beginning(answer: &HttpResponse) -> String {
    String::from_utf8_lossy(&answer.beginning()).to_lowercase()
}

impl ResponseRule {
    fn compile(spec: &ResponseSpec, out: &mut Diagnostics) -> Option<ResponseRule> {
        let names_nothing = spec.status.as_ref().is_none_or(|status| status.is_empty())
            && spec.header.is_empty()
            && spec.text.is_none();
        if names_nothing {
            out.error(
                &spec.then.place,
                "missing-field",
                "the rule does not say which responses it matches",
            )
            .help("add `status`, `header` or `text`");
        }
        let texts = spec.header.values().chain(spec.text.as_ref());
        let empty: Vec<&Text> = texts.filter(|text| text.is_empty()).collect();
        empty.iter().for_each(|text| {
            out.error(
                text.place(),
                "invalid-value",
                "an empty text matches every response",
            )
            .help("write text that the response must contain");
        });
        (!names_nothing && empty.is_empty()).then(|| ResponseRule {
            statuses: spec
                .status
                .as_ref()
                .map(|status| status.to_vec())
                .unwrap_or_default(),
            headers: spec
                .header
                .iter()
                .map(|(name, text)| (name.to_lowercase(), text.to_lowercase()))
                .collect(),
            text: spec.text.as_ref().map(|text| text.to_lowercase()),
            action: spec.then.value,
        })
    }

    fn matches(&self, status: u16, headers: &HeaderMap, text: &str) -> bool {
        let is_in = |(name, text): &(String, String)| {
            headers.get_all(name).iter().any(|value| {
                String::from_utf8_lossy(value.as_bytes())
                    .to_lowercase()
                    .contains(text.as_str())
            })
        };
        (self.statuses.is_empty()
            || self
                .statuses
                .iter()
                .any(|range| (range.first..=range.last).contains(&status)))
            && self.headers.iter().all(is_in)
            && self
                .text
                .as_ref()
                .is_none_or(|wanted| text.contains(wanted.as_str()))
    }

    /// What the rule makes of a response; `None` if it is an ordinary page.
    fn trouble(&self, answer: &HttpResponse, host: &str) -> Option<FetchError> {
        let why = format!("{} (a rule of `responses`)", answers(host, answer.status));
        Some(match self.action {
            ResponseAction::Retry => FetchError::Passing {
                why,
                wait: wait(&answer.headers),
            },
            ResponseAction::Fail => FetchError::Lasting(why),
            ResponseAction::Ignore => FetchError::Ignored(why),
            ResponseAction::Stop => FetchError::Stop(why),
            ResponseAction::Gone => FetchError::Gone(why),
            ResponseAction::Blocked => FetchError::Blocked(why),
            ResponseAction::Page => return None,
        })
    }
}

/// What a response means that no rule matches. Only a response to what was requested counts, and
/// only a page says which ads there are.
fn by_default(
    answer: HttpResponse,
    host: &str,
    terms: &ResponseTerms,
) -> Result<HttpResponse, FetchError> {
    let can_be_challenge = matches!(answer.status, 200..=299 | 403 | 429 | 503);
    if let Some(maker) =
        challenge::maker(&answer.headers, &answer.beginning()).filter(|_| can_be_challenge)
    {
        return Err(FetchError::Blocked(format!(
            "{host} responds with a {maker} bot challenge; ask the publisher for access"
        )));
    }
    let why = answers(host, answer.status);
    match answer.status {
        200 => Ok(answer),
        200..=299 if terms.lenient => Ok(answer),
        203 => Ok(HttpResponse {
            doubt: Some(ResponseDoubt::Changed(format!(
                "{why}: a proxy has changed the page"
            ))),
            ..answer
        }),
        206 if terms.ranged => Ok(answer),
        206 => Ok(HttpResponse {
            doubt: Some(ResponseDoubt::Part(format!(
                "{why}{}, although the full page was requested",
                range(&answer)
            ))),
            ..answer
        }),
        204 | 205 if terms.empty => Ok(answer),
        204 | 205 => Err(FetchError::Lasting(format!(
            "{why} without any content; {}",
            declare(answer.status, "ignore", "there are no ads")
        ))),
        304 if terms.conditional && !answer.lost_condition => Ok(HttpResponse {
            not_modified: true,
            ..answer
        }),
        304 => Err(FetchError::Lasting(format!(
            "{why}, although the request was not conditional"
        ))),
        201 | 202 | 207..=299 => Err(FetchError::Lasting(format!(
            "{why}, which is not a page; {}",
            declare(answer.status, "page", "it is one")
        ))),
        401 | 407 => Err(FetchError::Blocked(format!(
            "{why}; check the credentials in `auth`"
        ))),
        403 | 451 => Err(FetchError::Blocked(format!(
            "{why}; ask the publisher for access"
        ))),
        404 | 410 => Err(FetchError::Gone(why)),
        408 | 425 | 429 | 500..=599 => Err(FetchError::Passing {
            why,
            wait: wait(&answer.headers),
        }),
        _ => Err(FetchError::Lasting(why)),
    }
}

/// The range of a partial response, if it is given.
fn range(answer: &HttpResponse) -> String {
    answer
        .header("content-range")
        .map(|range| format!(" ({})", range.chars().take(64).collect::<String>()))
        .unwrap_or_default()
}

/// How to declare what a status means.
fn declare(status: u16, action: &str, meaning: &str) -> String {
    format!("declare `responses: [{{ status: {status}, then: {action} }}]` if {meaning}")
}

fn answers(host: &str, status: u16) -> String {
    match StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
    {
        Some(reason) => format!("{host} responds with {status} {reason}"),
        None => format!("{host} responds with {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_yaml::yaml;

    #[derive(Deserialize)]
    struct ResponsesKey {
        responses: Vec<ResponseSpec>,
    }

    fn compiled(text: &str) -> Option<ResponseRules> {
        let mut out = Diagnostics::new();
        let rules: Option<ResponsesKey> =
            yaml::read("a.yaml", format!("responses:\n{text}"), &mut out);
        rules
            .and_then(|rules| ResponseRules::compile(&rules.responses, &mut out))
            .filter(|_| !out.has_errors())
    }

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| {
                (
                    name.parse::<reqwest::header::HeaderName>().unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    fn judged(
        responses: &ResponseRules,
        status: u16,
        all: &[(&str, &str)],
        body: &str,
    ) -> Result<HttpResponse, FetchError> {
        let url = url::Url::parse("https://a.example/?key=secret").unwrap();
        responses.judge(
            HttpResponse::new(
                status,
                url,
                headers(all),
                body.into(),
                Box::new(tokio::io::empty()),
            ),
            &ResponseTerms::default(),
        )
    }

    fn kind(status: u16, terms: ResponseTerms) -> &'static str {
        let url = url::Url::parse("https://a.example/?key=secret").unwrap();
        let answer = HttpResponse::new(
            status,
            url,
            HeaderMap::new(),
            Vec::new(),
            Box::new(tokio::io::empty()),
        );
        match ResponseRules::default().judge(answer, &terms) {
            Ok(answer) if answer.not_modified => "same",
            Ok(HttpResponse {
                doubt: Some(ResponseDoubt::Part(_)),
                ..
            }) => "part",
            Ok(HttpResponse {
                doubt: Some(ResponseDoubt::Changed(_)),
                ..
            }) => "changed",
            Ok(_) => "ok",
            Err(FetchError::Blocked(_)) => "blocked",
            Err(FetchError::Gone(_)) => "gone",
            Err(FetchError::Passing { .. }) => "passing",
            Err(FetchError::Lasting(why)) => {
                assert!(why.contains(&status.to_string()), "{why}");
                "lasting"
            }
            Err(_) => "other",
        }
    }

    #[test]
    fn statuses_mean_what_they_say() {
        let cases: [(&str, &[u16]); 7] = [
            ("ok", &[200]),
            ("changed", &[203]),
            ("part", &[206]),
            ("blocked", &[401, 403, 407, 451]),
            ("gone", &[404, 410]),
            ("passing", &[408, 425, 429, 500, 503, 599]),
            (
                "lasting",
                &[
                    100, 101, 103, 201, 202, 204, 205, 207, 208, 226, 299, 300, 302, 304, 305, 306,
                    399, 400, 405, 422, 600, 999,
                ],
            ),
        ];
        for (expected, statuses) in cases {
            statuses.iter().for_each(|status| {
                assert_eq!(
                    kind(*status, ResponseTerms::default()),
                    expected,
                    "{status}"
                );
            });
        }
    }

    #[test]
    fn a_status_answers_only_what_was_asked() {
        let conditional = ResponseTerms {
            conditional: true,
            ..ResponseTerms::default()
        };
        assert_eq!(
            [
                kind(304, conditional),
                kind(204, conditional),
                kind(206, conditional)
            ],
            ["same", "lasting", "part"]
        );
        let empty = ResponseTerms {
            empty: true,
            ..ResponseTerms::default()
        };
        assert_eq!(
            [
                kind(204, empty),
                kind(205, empty),
                kind(304, empty),
                kind(202, empty)
            ],
            ["ok", "ok", "lasting", "lasting"]
        );
        let ranged = ResponseTerms {
            ranged: true,
            ..ResponseTerms::default()
        };
        assert_eq!([kind(206, ranged), kind(204, ranged)], ["ok", "lasting"]);
        let lenient = ResponseTerms {
            lenient: true,
            ..ResponseTerms::default()
        };
        assert_eq!(
            [
                kind(201, lenient),
                kind(204, lenient),
                kind(304, lenient),
                kind(302, lenient)
            ],
            ["ok", "ok", "lasting", "lasting"]
        );
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let rules = "- { status: [400, 5xx], text: scheduled maintenance, then: retry }\n- { status: 404, then: stop }\n\
            - { header: { X-State: Closed }, then: gone }\n- { status: 5xx, then: ignore }\n- { text: go away, then: blocked }\n- { status: 418, then: fail }\n- { status: 201, then: page }\n";
        let responses = compiled(rules).unwrap();
        let judged = |status, all: &[(&str, &str)], body| {
            judged(&responses, status, all, body).map(|answer| answer.status)
        };
        assert!(matches!(
            judged(503, &[], "<p>Scheduled Maintenance</p>"),
            Err(FetchError::Passing { .. })
        ));
        assert!(matches!(judged(503, &[], ""), Err(FetchError::Ignored(_))));
        assert!(matches!(judged(404, &[], ""), Err(FetchError::Stop(_))));
        assert!(matches!(
            judged(200, &[("x-state", "is closed now")], ""),
            Err(FetchError::Gone(_))
        ));
        assert!(matches!(
            judged(200, &[], "Go away!"),
            Err(FetchError::Blocked(_))
        ));
        assert_eq!(judged(200, &[], "scheduled maintenance"), Ok(200));
        assert_eq!(judged(201, &[], "[]"), Ok(201));
        let Err(FetchError::Lasting(why)) = judged(418, &[], "") else {
            panic!()
        };
        assert!(
            why.contains("a.example") && !why.contains("secret"),
            "{why}"
        );
    }

    #[test]
    fn mistakes_are_found() {
        for bad in [
            "- { then: retry }",
            "- { status: 6xx, then: gone }",
            "- { status: 99, then: gone }",
            "- { status: [], then: gone }",
        ] {
            assert!(compiled(bad).is_none(), "{bad} passes");
        }
        for bad in [
            "- { text: \"\", then: gone }",
            "- { status: 404 }",
            "- { status: 404, then: repeat }",
            "- { status: ok, then: gone }",
        ] {
            assert!(compiled(bad).is_none(), "{bad} passes");
        }
    }

    #[test]
    fn a_challenge_is_a_refusal_whatever_its_status() {
        for status in [200, 403, 429, 503] {
            let trouble = judged(
                &ResponseRules::default(),
                status,
                &[("cf-mitigated", "challenge")],
                "",
            )
            .err();
            assert!(
                matches!(&trouble, Some(FetchError::Blocked(why)) if why.contains("Cloudflare")),
                "{status}"
            );
        }
    }

    #[test]
    fn a_rule_can_keep_a_redirect() {
        let responses =
            compiled("- { status: 302, header: { location: /login }, then: blocked }").unwrap();
        assert!(responses.keep(302, &headers(&[("location", "https://x/Login?a")])));
        assert!(
            !responses.keep(302, &headers(&[("location", "/jobs")]))
                && !responses.keep(301, &HeaderMap::new())
        );
    }
}
