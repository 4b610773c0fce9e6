//! How a body or file is read, as written: `decode:` of the YAML, each format with its settings,
//! and their compilation.

use super::super::steps::selector;
use super::super::written_path::{count_path, json_path, records_path};
use super::sitemap::SitemapSpec;
use super::{BodyDecoder, DecoderKind, csv, html, json, sitemap, xml};
use crate::jsonpath::PathStep;
use crate::markup::CssPath;
use encoding_rs::Encoding;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Located, Text};

/// The format of a response or file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum DecodeSpec {
    /// JSON.
    Json(BareFormatSpec),
    /// JSON, one record per line.
    Ndjson(BareFormatSpec),
    /// Rows of text.
    Csv(CsvSpec),
    /// XML.
    Xml(XmlSpec),
    /// RSS, Atom or JSON Feed.
    Feed(BareFormatSpec),
    /// HTML.
    Html(HtmlSpec),
    /// JSON embedded in a page.
    Script(ScriptSpec),
    /// JSON-LD embedded in a page.
    JsonLd(JsonLdSpec),
    /// A sitemap, or an index of sitemaps.
    Sitemap(SitemapSpec),
}

/// A format without settings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(rename = "PlainSpec")]
#[serde(deny_unknown_fields)]
pub struct BareFormatSpec {}

/// CSV and its dialects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvSpec {
    /// The character between columns.
    pub(super) delimiter: char,
    /// The character around quoted text.
    pub(super) quote: char,
    /// Names of the columns, if the file has no header.
    pub(super) header: Vec<String>,
    /// Lines to skip before the header.
    pub(super) skip: usize,
    /// Lines that start with this character are skipped.
    pub(super) comment: Option<char>,
    /// Columns that hold lists, each with the separator of its items.
    pub(super) lists: IndexMap<String, String>,
}

impl Default for CsvSpec {
    fn default() -> CsvSpec {
        CsvSpec {
            delimiter: ',',
            quote: '"',
            header: Vec::new(),
            skip: 0,
            comment: None,
            lists: IndexMap::new(),
        }
    }
}

/// XML.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct XmlSpec {
    /// Elements that are lists even if there is only one.
    pub(super) lists: Vec<String>,
    /// Your own prefixes for namespaces.
    pub(super) namespaces: IndexMap<String, String>,
}

/// HTML.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HtmlSpec {
    /// Elements to drop from a record.
    pub(super) drop: Option<Vec<Text>>,
    /// An element that a page shows when there are no ads, so that finding none is not an error.
    pub(super) empty: Option<Text>,
}

/// JSON embedded in a page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptSpec {
    /// A CSS selector for the script: `#__NEXT_DATA__`.
    pub(super) css: Option<Text>,
    /// The text in front of the JSON: `window.__DATA__ =`.
    pub(super) after: Option<Located<String>>,
}

/// JSON-LD embedded in a page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonLdSpec {
    /// The type of the objects (default `JobPosting`).
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

impl Default for DecodeSpec {
    fn default() -> DecodeSpec {
        DecodeSpec::Json(BareFormatSpec {})
    }
}

impl DecodeSpec {
    /// Compiles it; problems go to `out`, those without a place of their own at `place`.
    pub fn compile(
        spec: &DecodeSpec,
        place: &Place,
        records: Option<&Text>,
        count: Option<&Text>,
        out: &mut Diagnostics,
    ) -> Option<BodyDecoder> {
        let kind = match spec {
            DecodeSpec::Json(_) => DecoderKind::Json(shape(records, count, out)?),
            DecodeSpec::Script(script) => {
                let (script, shape) = (
                    html::HtmlScript::compile(script, place, out),
                    shape(records, count, out),
                );
                DecoderKind::Script(script?, shape?)
            }
            DecodeSpec::Xml(xml) => {
                DecoderKind::Xml(xml::XmlDecoder::compile(xml, place, records, count, out)?)
            }
            DecodeSpec::Html(html) => {
                DecoderKind::Html(html::HtmlCards::compile(html, records, count, out)?)
            }
            DecodeSpec::Csv(csv) => {
                refuse(records.or(count), "each row is a record", out)?;
                DecoderKind::Csv(csv::CsvDialect::new(csv))
            }
            DecodeSpec::Ndjson(_) => {
                refuse(records.or(count), "each line is a record", out)?;
                DecoderKind::Ndjson
            }
            DecodeSpec::Feed(_) => {
                refuse(
                    records.or(count),
                    "the items of a feed are found automatically",
                    out,
                )?;
                DecoderKind::Feed
            }
            DecodeSpec::JsonLd(json_ld) => {
                refuse(
                    records.or(count),
                    "objects of the type are found anywhere in the page",
                    out,
                )?;
                DecoderKind::JsonLd(
                    json_ld
                        .kind
                        .clone()
                        .unwrap_or_else(|| "JobPosting".to_owned()),
                )
            }
            DecodeSpec::Sitemap(sitemap) => {
                refuse(
                    records.or(count),
                    "the pages of a sitemap are found automatically",
                    out,
                )?;
                DecoderKind::Sitemap(sitemap::Sitemap::compile(sitemap, out)?)
            }
        };
        Some(BodyDecoder { kind })
    }

    /// The format suggested by a file name.
    pub fn of_name(name: &str) -> DecodeSpec {
        let name = name.to_lowercase();
        let name = name
            .strip_suffix(".gz")
            .or(name.strip_suffix(".zip"))
            .unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("ndjson" | "jsonl") => DecodeSpec::Ndjson(BareFormatSpec {}),
            Some("csv") => DecodeSpec::Csv(CsvSpec::default()),
            Some("tsv" | "tab") => DecodeSpec::Csv(CsvSpec {
                delimiter: '\t',
                ..CsvSpec::default()
            }),
            Some("xml") => DecodeSpec::Xml(XmlSpec::default()),
            Some("rss" | "atom") => DecodeSpec::Feed(BareFormatSpec {}),
            Some("html" | "htm") => DecodeSpec::Html(HtmlSpec::default()),
            _ => DecodeSpec::default(),
        }
    }
}

impl DecodeSpec {
    /// The decoder, if the format needs no settings.
    pub fn without_settings(&self) -> Option<BodyDecoder> {
        let kind = match self {
            DecodeSpec::Ndjson(_) => DecoderKind::Ndjson,
            DecodeSpec::Csv(csv) => DecoderKind::Csv(csv::CsvDialect::new(csv)),
            DecodeSpec::Feed(_) => DecoderKind::Feed,
            _ => return None,
        };
        Some(BodyDecoder { kind })
    }
}

fn shape(
    records: Option<&Text>,
    count: Option<&Text>,
    out: &mut Diagnostics,
) -> Option<json::JsonShape> {
    let (records, count) = (records_path(records, out), count_path(count, out));
    Some(json::JsonShape {
        records: records?,
        count: count?,
    })
}

/// Reports `records` or `count` where they have no effect.
fn refuse(said: Option<&Text>, why: &str, out: &mut Diagnostics) -> Option<()> {
    let Some(said) = said else { return Some(()) };
    out.error(
        said.place(),
        "bad-decode",
        format!("`{said}` does not apply to this format: {why}"),
    )
    .help("remove it");
    None
}

/// Compiles a selector without `@`; problems go to `out`.
pub(super) fn plain_selector(text: &Text, out: &mut Diagnostics) -> Option<CssPath> {
    if text.starts_with('$') {
        out.error(
            text.place(),
            "bad-selector",
            format!("`{text}` is a path, but a page needs a CSS selector"),
        )
        .help("write a CSS selector such as `article.job`");
        return None;
    }
    selector(text, out)
}

/// The names of a path of plain names, a last `[*]` left out; problems go to `out`.
pub(super) fn names_of(text: &Text, out: &mut Diagnostics) -> Option<Vec<String>> {
    let path = json_path(text, out)?;
    let names: Option<Vec<String>> = path.steps().and_then(|steps| {
        let named = |step: &PathStep| {
            if let PathStep::Name(name) = step {
                Some(name.clone())
            } else {
                None
            }
        };
        steps
            .iter()
            .filter(|step| !matches!(step, PathStep::Every))
            .map(named)
            .collect()
    });
    if names.as_ref().is_none_or(Vec::is_empty) {
        out.error(
            text.place(),
            "bad-jsonpath",
            format!("`{text}` is not a path of element names"),
        )
        .help(
            "name them from the root: `$.source.job[*]`; `$..job` matches every `job` at any depth",
        );
        return None;
    }
    names
}

/// A declared character set; problems go to `out`.
pub fn charset(name: Option<&Located<String>>, out: &mut Diagnostics) -> Option<Option<String>> {
    let Some(name) = name else { return Some(None) };
    if Encoding::for_label(name.as_bytes()).is_none() {
        out.error(
            &name.place,
            "unknown-charset",
            format!("unknown character set `{name}`"),
        )
        .help("use a name such as `utf-8`, `windows-1252` or `utf-16le`");
        return None;
    }
    Some(Some(name.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_suggest_formats() {
        assert!(matches!(
            DecodeSpec::of_name("a/b.csv.gz"),
            DecodeSpec::Csv(_)
        ));
        assert!(matches!(
            DecodeSpec::of_name("feed.XML"),
            DecodeSpec::Xml(_)
        ));
        assert!(matches!(
            DecodeSpec::of_name("day-1.json"),
            DecodeSpec::Json(_)
        ));
    }
}
