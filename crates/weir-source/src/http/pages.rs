//! `pages:` of the YAML, and what is compiled of it: how a crawl comes from one page to the next.
//! Where the page goes in the request is said by a parameter or member, or by its name in braces
//! anywhere in the request.

use super::paging::{Paging, PagingWay, PositionTarget, StopCondition};
use super::spot::TakenSpec;
use crate::decode::DecodeSpec;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Located, PositiveNumber, Text};

/// How to reach the next page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    rename = "paging method",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum PagesSpec {
    /// By page number.
    Number(NumberSpec),
    /// By the number of ads to skip.
    Offset(OffsetSpec),
    /// By a value in the response that names the next page.
    Cursor(Box<CursorSpec>),
    /// By the address of the next page in the response.
    Next(NextSpec),
    /// By the address of the next page in the `Link` header.
    Link(LinkSpec),
}

/// Paging by page number.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberSpec {
    /// The query parameter for the page number.
    parameter: Option<Located<String>>,
    /// The member of the body for the page number, instead: `variables.page`. Without either, the
    /// number replaces `{page}` in the request.
    member: Option<Located<String>>,
    /// The number of the first page.
    #[serde(default = "one")]
    first: u64,
    /// The increment per page.
    #[serde(default = "one_positive")]
    step: PositiveNumber<u64>,
    /// Maximum pages to read; reaching it leaves the read incomplete.
    max: Option<PositiveNumber<u64>>,
    /// Additional stop conditions.
    #[serde(default)]
    stop: Vec<StopCondition>,
    /// How many ads a full page has, for `stop: [short]`.
    size: Option<PositiveNumber<u64>>,
}

/// Paging by offset.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OffsetSpec {
    /// The query parameter for the offset.
    parameter: Option<Located<String>>,
    /// The member of the body for the offset, instead: `variables.offset`. Without either, the
    /// offset replaces `{offset}` in the request.
    member: Option<Located<String>>,
    /// The offset of the first page.
    #[serde(default)]
    first: u64,
    /// How many ads a full page has; by default the offset grows by the number of ads on the
    /// previous page.
    size: Option<PositiveNumber<u64>>,
    /// Maximum pages to read; reaching it leaves the read incomplete.
    max: Option<PositiveNumber<u64>>,
    /// Additional stop conditions.
    #[serde(default)]
    stop: Vec<StopCondition>,
}

/// Paging by cursor.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CursorSpec {
    /// A path to the cursor in the body.
    from: Option<Text>,
    /// A CSS selector for the cursor in markup: `input[name=next]@value`.
    css: Option<Text>,
    /// A regular expression over the body; its first group is the cursor.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// The header that holds the cursor.
    header: Option<Located<String>>,
    /// The query parameter for the cursor.
    parameter: Option<Located<String>>,
    /// The member of the body for the cursor, instead. Without either, the cursor replaces
    /// `{cursor}` in the request.
    member: Option<Located<String>>,
    /// The cursor of the first request, such as `*`; by default it has none.
    first: Option<Text>,
    /// Maximum pages to read; reaching it leaves the read incomplete.
    max: Option<PositiveNumber<u64>>,
    /// Additional stop conditions; a response without a cursor is always the end.
    #[serde(default)]
    stop: Vec<StopCondition>,
    /// How many ads a full page has, for `stop: [short]`.
    size: Option<PositiveNumber<u64>>,
}

/// Paging by an address in the response.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextSpec {
    /// A path to the address in the body.
    from: Option<Text>,
    /// A CSS selector for the address in markup: `a.next@href`.
    css: Option<Text>,
    /// A regular expression over the body; its first group is the address.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// Maximum pages to read; reaching it leaves the read incomplete.
    max: Option<PositiveNumber<u64>>,
    /// Additional stop conditions; a response without an address is always the end.
    #[serde(default)]
    stop: Vec<StopCondition>,
    /// How many ads a full page has, for `stop: [short]`.
    size: Option<PositiveNumber<u64>>,
}

/// Paging by the `Link` header.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSpec {
    /// Maximum pages to read; reaching it leaves the read incomplete.
    max: Option<PositiveNumber<u64>>,
    /// Additional stop conditions; a response without an address is always the end.
    #[serde(default)]
    stop: Vec<StopCondition>,
    /// How many ads a full page has, for `stop: [short]`.
    size: Option<PositiveNumber<u64>>,
}

fn one() -> u64 {
    1
}

fn one_positive() -> PositiveNumber<u64> {
    PositiveNumber(1)
}

impl PagesSpec {
    /// The name of what tells a page from the next, where the request may say it in braces.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            PagesSpec::Number(_) => Some("page"),
            PagesSpec::Offset(_) => Some("offset"),
            PagesSpec::Cursor(_) => Some("cursor"),
            PagesSpec::Next(_) | PagesSpec::Link(_) => None,
        }
    }

    /// Compiles it; problems go to `out`. `named` is its name, if the request holds that.
    pub fn compile(
        spec: Option<&PagesSpec>,
        cap: u64,
        decode: &DecodeSpec,
        named: Option<&'static str>,
        place: &Place,
        out: &mut Diagnostics,
    ) -> Option<Paging> {
        let target = |parameter: &Option<Located<String>>,
                      member: &Option<Located<String>>,
                      out: &mut Diagnostics| {
            target([parameter.as_ref(), member.as_ref()], named, place, out)
        };
        let plain = |way| Paging {
            way,
            max: cap,
            stop: Vec::new(),
            size: None,
        };
        let max = |max: &Option<PositiveNumber<u64>>| max.as_ref().map_or(cap, |max| max.0);
        Some(match spec {
            None => plain(PagingWay::Single),
            Some(PagesSpec::Link(link)) => {
                let stop = stops(&link.stop, link.size, place, out)?;
                Paging {
                    max: max(&link.max),
                    stop,
                    size: link.size.map(|size| size.0),
                    ..plain(PagingWay::Link)
                }
            }
            Some(PagesSpec::Number(number)) => {
                let target = target(&number.parameter, &number.member, out)?;
                let way = PagingWay::Number {
                    target,
                    first: number.first,
                    step: number.step.0,
                };
                Paging {
                    way,
                    max: max(&number.max),
                    stop: stops(&number.stop, number.size, place, out)?,
                    size: number.size.map(|size| size.0),
                }
            }
            Some(PagesSpec::Offset(offset)) => {
                let target = target(&offset.parameter, &offset.member, out)?;
                let way = PagingWay::Offset {
                    target,
                    first: offset.first,
                };
                Paging {
                    way,
                    max: max(&offset.max),
                    stop: stops(&offset.stop, offset.size, place, out)?,
                    size: offset.size.map(|size| size.0),
                }
            }
            Some(PagesSpec::Cursor(cursor)) => {
                let taken = TakenSpec {
                    from: cursor.from.as_ref(),
                    css: cursor.css.as_ref(),
                    pattern: cursor.pattern.as_ref(),
                    header: cursor.header.as_ref(),
                };
                let (taken, target) = (
                    taken.compile(place, Some(decode), out),
                    target(&cursor.parameter, &cursor.member, out),
                );
                let stop = stops(&cursor.stop, cursor.size, place, out);
                let way = PagingWay::Cursor {
                    taken: taken?,
                    target: target?,
                    first: cursor.first.as_ref().map(ToString::to_string),
                };
                Paging {
                    way,
                    max: max(&cursor.max),
                    stop: stop?,
                    size: cursor.size.map(|size| size.0),
                }
            }
            Some(PagesSpec::Next(next)) => {
                let taken = TakenSpec {
                    from: next.from.as_ref(),
                    css: next.css.as_ref(),
                    pattern: next.pattern.as_ref(),
                    header: None,
                };
                let (taken, stop) = (
                    taken.compile(place, Some(decode), out),
                    stops(&next.stop, next.size, place, out),
                );
                Paging {
                    way: PagingWay::Next { taken: taken? },
                    max: max(&next.max),
                    stop: stop?,
                    size: next.size.map(|size| size.0),
                }
            }
        })
    }
}

fn target(
    given: [Option<&Located<String>>; 2],
    named: Option<&'static str>,
    place: &Place,
    out: &mut Diagnostics,
) -> Option<PositionTarget> {
    match (given, named) {
        ([Some(parameter), None], None) => Some(PositionTarget::Parameter(parameter.value.clone())),
        ([None, Some(member)], None) => Some(PositionTarget::Member(member.value.clone())),
        ([None, None], Some(name)) => Some(PositionTarget::Name(name)),
        _ => {
            out.error(place, "bad-paging", "the page needs exactly one place in the request").help(
                "give `parameter: page` for the query or `member: page` for the body, or write `{page}`, `{offset}` or `{cursor}` anywhere in the request",
            );
            None
        }
    }
}

fn stops(
    stop: &[StopCondition],
    size: Option<PositiveNumber<u64>>,
    place: &Place,
    out: &mut Diagnostics,
) -> Option<Vec<StopCondition>> {
    if stop.contains(&StopCondition::Short) && size.is_none() {
        out.error(place, "bad-paging", "`short` needs the size of a full page")
            .help("add `size: 20`, or remove `short`");
        return None;
    }
    Some(stop.to_vec())
}
