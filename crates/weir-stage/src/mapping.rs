//! How one value is extracted from a document: its path, the steps, and the conversion. Compiled
//! once per field; pure, and it cannot fail: missing values are absent, values that cannot be
//! converted are invalid.

use super::convert::{ConversionKind, ValueConversion};
use super::mapped_path::mapped_path;
use super::parts::{self, PartSpec, TextPart};
pub use super::view::DocumentView;
use super::view::absolute;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::ops::Deref;
use url::Url;
use weir_model::canonical::canonical_members;
use weir_model::date::{DateFormat, DateReader, DateSetting};
use weir_model::span::Zone;
use weir_model::{Canonical, FieldKind, FieldValue, problem::InvalidValue};
use weir_rule::sandbox::scope::DocumentValues;
use weir_rule::{CompiledScript, ScriptSandbox, compile_script};
use weir_source::jsonpath::JsonPath;
use weir_source::steps::{MappingSteps, MarkupCache, ReadableForm, StepsSpec, address_of};
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Located, Node, OneOrMany, Text, TextOr};

/// A path, or a mapping.
pub type MappingSpec = TextOr<Text, Located<Mapping>>;

/// `from:` as written: one path or several, some of them lists of alternatives.
pub type MappingPaths = OneOrMany<OneOrMany<Text>>;

/// The place of a mapping.
pub fn place(spec: &MappingSpec) -> &Place {
    match spec {
        TextOr::Short(path) => path.place(),
        TextOr::Full(mapping) => &mapping.place,
    }
}

/// Where a value comes from: `from`, `parts`, `script` or `constant`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// A JSONPath, or several: the first with a value is used. If the field is a list, all are
    /// used; of the paths in a nested list, `[[$.a, $.b], $.c]`, the first with a value is used.
    pub(super) from: MappingPaths,
    /// The parts of a text, in order: each a JSONPath, or a mapping with `from` and optionally
    /// `heading` or `each`.
    pub(super) parts: Vec<PartSpec>,
    /// A Rhai expression over the raw document, `doc`.
    pub(super) script: Option<Text>,
    /// A fixed value.
    pub(super) constant: Option<Node>,
    /// A CSS selector in the HTML found there; `from` defaults to `$.html`.
    pub(super) css: Option<Text>,
    /// The query parameter to take from the address found there.
    pub(super) parameter: Option<Located<String>>,
    /// A regular expression: its group, or the whole match.
    #[serde(rename = "match")]
    pub(super) pattern: Option<Text>,
    /// Values to replace, each with its replacement.
    pub(super) replace: IndexMap<Located<String>, Node>,
    /// The conversion.
    #[serde(rename = "as")]
    pub(super) to: Option<Located<ConversionKind>>,
    /// Date formats (strftime, `epoch`, `epoch_ms`, `iso8601`, `rfc2822`, `relative`).
    pub(super) format: OneOrMany<Located<String>>,
    /// The time zone in which an instant becomes a date; by default that of the source.
    pub(super) zone: Option<Located<Zone>>,
    /// The value if there is none.
    pub(super) default: Option<Node>,
    /// The separator of list items in one text.
    pub(super) split: Option<Located<String>>,
    /// The separator to join several values into one text.
    pub(super) join: Option<Located<String>>,
}

/// The extraction of one value, compiled.
#[derive(Debug, Clone)]
pub struct ValueMapping {
    from: ValueOrigin,
    steps: MappingSteps,
    convert: ValueConversion,
    default: Option<Json>,
}

#[derive(Debug, Clone)]
enum ValueOrigin {
    /// The first with a value of each list.
    Paths(Vec<Vec<JsonPath>>),
    Parts(Vec<TextPart>),
    Script(Box<CompiledScript>),
    Constant(Json),
}

/// Compiles the extraction of a value; `kind` is the type of the field, if fixed. Problems go to
/// `out`.
pub fn compile(
    spec: &MappingSpec,
    kind: Option<FieldKind>,
    sandbox: &ScriptSandbox,
    dates: DateSetting,
    out: &mut Diagnostics,
) -> Option<ValueMapping> {
    match spec {
        TextOr::Short(path) => {
            let to = ConversionKind::plain(kind.unwrap_or(FieldKind::Text));
            let convert = ValueConversion {
                to,
                dates: date_reader(to, Vec::new(), dates),
                split: None,
                join: None,
            };
            Some(ValueMapping {
                from: ValueOrigin::Paths(vec![vec![mapped_path(path, out)?]]),
                steps: MappingSteps::default(),
                convert,
                default: None,
            })
        }
        TextOr::Full(mapping) => MappingCompiler(mapping).compile(kind, sandbox, dates, out),
    }
}

/// How dates are read; other types do not depend on time zone and range, and are not derived again
/// when those change.
fn date_reader(to: ConversionKind, formats: Vec<DateFormat>, setting: DateSetting) -> DateReader {
    DateReader {
        formats,
        setting: if to == ConversionKind::Date {
            setting
        } else {
            DateSetting::of(chrono_tz::UTC)
        },
    }
}

/// The type of a custom field.
pub fn kind_of(spec: &MappingSpec) -> FieldKind {
    match spec {
        TextOr::Full(mapping) => mapping.to.as_ref().map_or(FieldKind::Text, |to| to.gives()),
        TextOr::Short(_) => FieldKind::Text,
    }
}

/// A value in the YAML must convert like a value in an ad.
fn check_fixed(what: &str, fixed: Option<&Node>, convert: &ValueConversion, out: &mut Diagnostics) {
    let Some(fixed) = fixed else { return };
    if let FieldValue::Invalid(invalid) = convert.apply(&[&fixed.to_json()]) {
        let help = match convert.to {
            ConversionKind::Date if convert.dates.formats.is_empty() => {
                "write it like `2026-12-31`".to_owned()
            }
            ConversionKind::Date => format!(
                "write it in the format of the field: `{}`",
                convert.dates.listed("` or `")
            ),
            _ => "write it as it appears in the ads".to_owned(),
        };
        out.error(
            fixed.place(),
            "wrong-conversion",
            format!("the {what} {}", invalid.why),
        )
        .help(help);
    }
}

/// A mapping while it is compiled.
struct MappingCompiler<'s>(&'s Located<Mapping>);

impl Deref for MappingCompiler<'_> {
    type Target = Located<Mapping>;

    fn deref(&self) -> &Located<Mapping> {
        self.0
    }
}

impl MappingCompiler<'_> {
    fn compile(
        &self,
        kind: Option<FieldKind>,
        sandbox: &ScriptSandbox,
        dates: DateSetting,
        out: &mut Diagnostics,
    ) -> Option<ValueMapping> {
        let steps = self.compile_steps(out);
        let to = self.convert_to(kind, out)?;
        let steps = match to {
            ConversionKind::Html => steps.map(|steps| steps.on_readable(ReadableForm::Text)),
            ConversionKind::List => steps.map(|steps| steps.on_readable(ReadableForm::Items)),
            _ => steps,
        };
        let from = self.compile_from(to, sandbox, out)?;
        let formats = self.formats(to, out)?;
        let setting = DateSetting {
            zone: self.zone.as_ref().map_or(dates.zone, |zone| zone.value.0),
            ..dates
        };
        self.check_words(to, out);
        let text = |text: &Option<Located<String>>| text.as_ref().map(|text| text.value.clone());
        let convert = ValueConversion {
            to,
            dates: date_reader(to, formats, setting),
            split: text(&self.split),
            join: text(&self.join),
        };
        // Text that the steps have made readable is not read as markup again.
        let is_read = steps.as_ref().is_some_and(MappingSteps::make_readable_text);
        let convert = if is_read {
            ValueConversion {
                to: ConversionKind::Text,
                ..convert
            }
        } else {
            convert
        };
        check_fixed("constant", self.constant.as_ref(), &convert, out);
        check_fixed("default", self.default.as_ref(), &convert, out);
        Some(ValueMapping {
            from,
            steps: steps?,
            convert,
            default: self.default.as_ref().map(Node::to_json),
        })
    }

    fn compile_steps(&self, out: &mut Diagnostics) -> Option<MappingSteps> {
        let spec = self.steps();
        if let (Some(step), Some(constant)) = (spec.first(), &self.constant) {
            out.error(
                constant.place(),
                "bad-mapping",
                format!("`{step}` has no effect on a fixed value"),
            )
            .help(format!(
                "remove `{step}`, or use `from` instead of `constant`"
            ));
            return None;
        }
        spec.compile(out)
    }

    fn steps(&self) -> StepsSpec<'_> {
        let Mapping {
            css,
            parameter,
            pattern,
            replace,
            ..
        } = &self.value;
        StepsSpec {
            css: css.as_ref(),
            parameter: parameter.as_ref(),
            pattern: pattern.as_ref(),
            replace: Some(replace),
        }
    }

    fn convert_to(&self, kind: Option<FieldKind>, out: &mut Diagnostics) -> Option<ConversionKind> {
        let Some(to) = &self.to else {
            return Some(ConversionKind::plain(kind.unwrap_or(FieldKind::Text)));
        };
        match kind {
            Some(kind) if kind != FieldKind::Json && to.gives() != kind => {
                out.error(
                    &to.place,
                    "wrong-conversion",
                    format!(
                        "this field holds {}, but `as` produces {}",
                        kind_word(kind),
                        kind_word(to.gives())
                    ),
                )
                .help(format!(
                    "remove `as`, or use one that produces {}",
                    kind_word(kind)
                ));
                None
            }
            _ => Some(to.value),
        }
    }

    fn compile_from(
        &self,
        to: ConversionKind,
        sandbox: &ScriptSandbox,
        out: &mut Diagnostics,
    ) -> Option<ValueOrigin> {
        let ways = [
            !self.from.is_empty(),
            !self.parts.is_empty(),
            self.script.is_some(),
            self.constant.is_some(),
        ];
        let ways = ways.into_iter().filter(|is_there| *is_there).count();
        if ways == 0 && self.css.is_some() {
            return JsonPath::parse("$.html")
                .ok()
                .map(|path| ValueOrigin::Paths(vec![vec![path]]));
        }
        if ways == 0 && out.has_errors_within(&self.place) {
            return None;
        }
        if ways != 1 {
            let message = if ways == 0 {
                "the value has no source"
            } else {
                "the value has more than one source"
            };
            out.error(&self.place, "bad-mapping", message)
                .help("give one of `from`, `parts`, `script` or `constant`");
            return None;
        }
        if let Some(script) = &self.script {
            return compile_script(script, sandbox, &["doc"], out)
                .map(|script| ValueOrigin::Script(Box::new(script)));
        }
        if let Some(constant) = &self.constant {
            return Some(ValueOrigin::Constant(constant.to_json()));
        }
        if !self.parts.is_empty() {
            return self.compile_parts(to, out).map(ValueOrigin::Parts);
        }
        let mut either = |paths: &OneOrMany<Text>| -> Option<Vec<JsonPath>> {
            let paths: Vec<Option<JsonPath>> =
                paths.iter().map(|path| mapped_path(path, out)).collect();
            paths.into_iter().collect()
        };
        let paths: Vec<Option<Vec<JsonPath>>> = self.from.iter().map(&mut either).collect();
        paths
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .map(ValueOrigin::Paths)
    }

    /// Parts are joined into one text, each converted by `as`; no other step applies to them.
    fn compile_parts(&self, to: ConversionKind, out: &mut Diagnostics) -> Option<Vec<TextPart>> {
        if !matches!(to, ConversionKind::Text | ConversionKind::Html) {
            let place = self.to.as_ref().map_or(&self.place, |to| &to.place);
            out.error(place, "wrong-conversion", "`parts` produce one text")
                .help("use `as: html` or `as: text`, or use `from` instead of `parts`");
            return None;
        }
        let join = self.join.as_ref().map(|_| "join");
        if let Some(step) = self.steps().first().or(join) {
            out.error(&self.place, "bad-mapping", format!("`{step}` has no effect on `parts`"))
                .help(format!("remove `{step}`; parts are separated by an empty line, values of one part by a line break"));
            return None;
        }
        let parts: Vec<Option<TextPart>> = self
            .parts
            .iter()
            .map(|part| TextPart::compile(part, out))
            .collect();
        parts.into_iter().collect()
    }

    fn formats(&self, to: ConversionKind, out: &mut Diagnostics) -> Option<Vec<DateFormat>> {
        if let Some(format) = self.format.first().filter(|_| to != ConversionKind::Date) {
            out.error(&format.place, "wrong-conversion", "`format` is for dates")
                .help("add `as: date`, or remove `format`");
            return None;
        }
        let compiled: Vec<Option<DateFormat>> = self
            .format
            .iter()
            .map(|format| DateFormat::compile(format))
            .collect();
        for (format, _) in self
            .format
            .iter()
            .zip(&compiled)
            .filter(|(_, compiled)| compiled.is_none())
        {
            let told = out.error(
                &format.place,
                "bad-format",
                format!("`{format}` is not a date format"),
            );
            match strftime_of(format) {
                Some(meant) => told.help(format!("did you mean `{meant}`?")),
                None => told
                    .help("write a strftime format such as `%d/%m/%Y` or `%Y-%m-%dT%H:%M:%S%z`, or one of `epoch`, `epoch_ms`, `iso8601`, `rfc2822`, `relative`"),
            };
        }
        compiled.into_iter().collect()
    }

    /// Reports keys that do not apply to this conversion.
    fn check_words(&self, to: ConversionKind, out: &mut Diagnostics) {
        let mut idle = |place: &Place, word: &str, what: &str| {
            out.error(place, "wrong-conversion", format!("`{word}` is for {what}"))
                .help(format!("remove `{word}`"));
        };
        if let Some(zone) = self.zone.as_ref().filter(|_| to != ConversionKind::Date) {
            idle(&zone.place, "zone", "dates");
        }
        if let Some(split) = self.split.as_ref().filter(|_| to != ConversionKind::List) {
            idle(&split.place, "split", "lists");
        }
        if let Some(join) = self.join.as_ref().filter(|_| to.gives() != FieldKind::Text) {
            idle(&join.place, "join", "text");
        }
    }
}

/// `DD/MM/YYYY` as `%d/%m/%Y`.
fn strftime_of(format: &str) -> Option<String> {
    let words = [
        ("YYYY", "%Y"),
        ("yyyy", "%Y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("dd", "%d"),
    ];
    let times = [
        ("HH", "%H"),
        ("hh", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("YY", "%y"),
        ("yy", "%y"),
    ];
    let meant = words
        .into_iter()
        .chain(times)
        .fold(format.to_owned(), |text, (word, sign)| {
            text.replace(word, sign)
        });
    (meant != format && DateFormat::compile(&meant).is_some()).then_some(meant)
}

fn kind_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Date => "a date",
        FieldKind::Number => "a number",
        FieldKind::Boolean => "true or false",
        FieldKind::List => "a list",
        FieldKind::Json => "JSON",
    }
}

impl ValueMapping {
    /// The members of a document that it reads; nothing if it may read any of them.
    pub(super) fn members(&self) -> Option<BTreeSet<&str>> {
        match &self.from {
            ValueOrigin::Paths(paths) => paths.iter().flatten().map(JsonPath::member).collect(),
            ValueOrigin::Parts(parts) => parts
                .iter()
                .flat_map(TextPart::paths)
                .map(JsonPath::member)
                .collect(),
            ValueOrigin::Constant(_) => Some(BTreeSet::new()),
            ValueOrigin::Script(_) => None,
        }
    }

    /// The value in a document.
    pub fn value(&self, view: &DocumentView) -> FieldValue {
        let value = match &self.from {
            ValueOrigin::Paths(paths) if self.convert.to == ConversionKind::List => {
                self.all_of(paths, view)
            }
            ValueOrigin::Paths(paths) => self.first_of(paths.iter().flatten(), view),
            ValueOrigin::Parts(parts) => parts::joined(parts, &self.convert, view),
            ValueOrigin::Constant(constant) => {
                self.convert.apply_fixed(&[constant], view.fetched())
            }
            ValueOrigin::Script(script) => self.scripted(script, view),
        };
        match (&value, &self.default) {
            (FieldValue::Absent, Some(default)) => {
                self.convert.apply_fixed(&[default], view.fetched())
            }
            _ => value,
        }
    }

    /// The first alternative with a value.
    fn first_of<'p>(
        &self,
        paths: impl IntoIterator<Item = &'p JsonPath>,
        view: &DocumentView,
    ) -> FieldValue {
        paths
            .into_iter()
            .map(|path| self.at(path, view))
            .find(|value| !value.is_absent())
            .unwrap_or(FieldValue::Absent)
    }

    /// The items of all lists, each once. A list that is there and empty is an empty list, not an
    /// absent one.
    fn all_of(&self, paths: &[Vec<JsonPath>], view: &DocumentView) -> FieldValue {
        let mut values: Vec<FieldValue> = paths
            .iter()
            .map(|either| self.first_of(either, view))
            .filter(|value| !value.is_absent())
            .collect();
        if values.len() > 1 {
            let mut all: Vec<String> = Vec::new();
            for item in values
                .iter()
                .filter_map(|value| {
                    if let FieldValue::List(items) = value {
                        Some(items)
                    } else {
                        None
                    }
                })
                .flatten()
            {
                if !all.contains(item) {
                    all.push(item.clone());
                }
            }
            return if all.is_empty() {
                values.swap_remove(0)
            } else {
                FieldValue::List(all)
            };
        }
        let is_empty_list = || {
            paths
                .iter()
                .flatten()
                .any(|path| path.selects_empty_list(view.document()))
        };
        values.pop().unwrap_or_else(|| {
            if is_empty_list() {
                FieldValue::List(Vec::new())
            } else {
                FieldValue::Absent
            }
        })
    }

    fn at(&self, path: &JsonPath, view: &DocumentView) -> FieldValue {
        let found = view.select(path, view.document());
        if self.steps.is_empty() && self.convert.to != ConversionKind::Url {
            return self.convert.apply_at(&found, view.fetched());
        }
        self.made_of(
            self.steps
                .follow_found(path, &found, view.document(), view.markup()),
            view,
            view.base(path).as_ref(),
        )
    }

    /// Converts what was found; an address is resolved against `base`.
    fn made_of(&self, mut found: Vec<Json>, view: &DocumentView, base: Option<&Url>) -> FieldValue {
        if let Some(base) = base.filter(|_| self.convert.to == ConversionKind::Url) {
            found = found
                .into_iter()
                .map(|value| absolute(value, base))
                .collect();
        }
        self.convert
            .apply_at(&found.iter().collect::<Vec<_>>(), view.fetched())
    }

    fn scripted(&self, script: &CompiledScript, view: &DocumentView) -> FieldValue {
        match script
            .interpret(view.sandbox(), &DocumentValues(view.document()))
            .and_then(|value| value.to_json())
        {
            Ok(json) => {
                let made = self.steps.apply(
                    &[&json],
                    &MarkupCache::default(),
                    address_of(view.document()).as_ref(),
                );
                self.made_of(made, view, view.page())
            }
            Err(error) => {
                let why = format!(
                    "could not be derived: {error} (line {}, column {})",
                    error.line, error.column
                );
                FieldValue::Invalid(Box::new(InvalidValue {
                    kind: "invalid_type",
                    found: Json::Null,
                    why,
                }))
            }
        }
    }

    /// As written, one line per key.
    pub fn words(&self) -> String {
        let from = match &self.from {
            ValueOrigin::Paths(paths) => format!(
                "from: {}",
                paths
                    .iter()
                    .map(|either| one_or_list(either))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            ValueOrigin::Parts(parts) => format!(
                "parts:\n{}",
                parts
                    .iter()
                    .map(|part| format!("- {part}"))
                    .collect::<Vec<_>>()
                    .join("\n")
            ),
            ValueOrigin::Script(script) => format!("script: {}", script.text().trim()),
            ValueOrigin::Constant(value) => format!("constant: {value}"),
        };
        let default = self.default.iter().map(|value| format!("default: {value}"));
        std::iter::once(from)
            .chain(self.steps.words())
            .chain(self.convert.words())
            .chain(default)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Canonical for ValueMapping {
    fn canonical(&self) -> String {
        canonical_members([
            ("from", self.from.canonical_object()),
            ("steps", self.steps.canonical_object()),
            ("made", self.convert.canonical_object()),
            (
                "default",
                self.default
                    .as_ref()
                    .map_or(Json::Null, |default| json!([default])),
            ),
        ])
    }
}

impl ValueOrigin {
    fn canonical_object(&self) -> Json {
        let texts =
            |paths: &[JsonPath]| -> Vec<String> { paths.iter().map(ToString::to_string).collect() };
        match self {
            ValueOrigin::Paths(paths) => {
                json!({ "paths": paths.iter().map(|either| texts(either)).collect::<Vec<_>>() })
            }
            ValueOrigin::Parts(parts) => {
                json!({ "parts": parts.iter().map(TextPart::canonical_object).collect::<Vec<_>>() })
            }
            ValueOrigin::Script(script) => json!({ "script": script.text().trim() }),
            ValueOrigin::Constant(value) => json!({ "constant": value }),
        }
    }
}

/// A path, or several alternatives.
fn one_or_list(paths: &[JsonPath]) -> String {
    let all = paths
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() == 1 {
        all
    } else {
        format!("[{all}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use weir_model::Clock;

    fn compiled(yaml: &str, kind: FieldKind) -> ValueMapping {
        let mut out = Diagnostics::new();
        let spec: Located<Mapping> = weir_yaml::yaml::read("test.yaml", yaml, &mut out).unwrap();
        let derive = MappingCompiler(&spec).compile(
            Some(kind),
            &ScriptSandbox::new(),
            DateSetting::of(chrono_tz::UTC),
            &mut out,
        );
        assert!(out.is_empty(), "{out:?}");
        derive.unwrap()
    }

    fn value(yaml: &str, kind: FieldKind, document: &Json) -> FieldValue {
        let fetched = Clock("2026-03-02T01:00:00Z".parse().unwrap());
        compiled(yaml, kind).value(&DocumentView::new(&ScriptSandbox::new(), document, fetched))
    }

    #[test]
    fn steps_stand_between_the_place_and_the_conversion() {
        let document = json!({
            "url": "https://jobs.example.com/list",
            "html": "<h4 class=t>Nurse</h4><ul><li>Orange<li>n/a<li>Dubbo</ul><a href='/ad?id=7'>more</a><p>Posted 2 days ago</p>",
            "type": "F", "ref": "ref 12 of 3",
        });
        let text = |yaml: &str| value(yaml, FieldKind::Text, &document);
        assert_eq!(text("{ css: h4.t }"), FieldValue::text("Nurse"));
        assert_eq!(
            text("{ css: a@href, as: url }"),
            FieldValue::text("https://jobs.example.com/ad?id=7")
        );
        assert_eq!(
            text("{ css: li, join: ', ' }"),
            FieldValue::text("Orange, n/a, Dubbo")
        );
        assert_eq!(
            text("{ from: $.type, replace: { F: Full time, P: Part time } }"),
            FieldValue::text("Full time")
        );
        assert_eq!(
            text("{ from: $.ref, match: 'ref ([0-9]+)' }"),
            FieldValue::text("12")
        );
        assert_eq!(
            text("{ from: [$.ref, $.type], match: '^[A-Z]$' }"),
            FieldValue::text("F")
        );
        assert_eq!(text("{ css: b, default: none }"), FieldValue::text("none"));
        assert_eq!(
            text("{ script: 'doc.html', css: h4 }"),
            FieldValue::text("Nurse")
        );
        // The result of a script is stored like a document's value: without NUL.
        assert_eq!(
            text(r#"{ script: '"a\x00b"' }"#),
            FieldValue::text("a\u{fffd}b")
        );
        let places = value(
            "{ css: li, replace: { n/a: null } }",
            FieldKind::List,
            &document,
        );
        assert_eq!(
            places,
            FieldValue::List(vec!["Orange".into(), "Dubbo".into()])
        );
        let day = value("{ css: p, format: relative }", FieldKind::Date, &document);
        assert_eq!(day, FieldValue::Date("2026-02-28".parse().unwrap()));
    }

    #[test]
    fn patterns_and_words_see_text_not_markup() {
        let document = json!({"t": "Nova | Engineer<p>We build List&lt;T&gt; &amp; more</p>", "w": "R&amp;D; <b>ONSITE</b> &amp; Remote", "l": ["a &amp; b"],
            "m": "<ul><li>Orange<li>Dubbo</ul>", "e": "&lt;b&gt;F&lt;/b&gt;"});
        let text = |yaml: &str| value(yaml, FieldKind::Text, &document);
        assert_eq!(
            text(r"{ from: $.t, as: html, match: '\|\s*([^\|\n]+)' }"),
            FieldValue::text("Engineer")
        );
        assert_eq!(
            text("{ from: $.t, as: html, match: 'build (.*)' }"),
            FieldValue::text("List<T> & more")
        );
        assert_eq!(
            text("{ from: $.e, as: html, replace: { F: Full time } }"),
            FieldValue::text("Full time")
        );
        let list = |yaml: &str| value(yaml, FieldKind::List, &document).to_json();
        assert_eq!(
            list("{ from: $.w, split: ';' }"),
            json!(["R&D", "ONSITE & Remote"])
        );
        assert_eq!(
            list("{ from: $.w, match: 'R&D; (.*)' }"),
            json!(["ONSITE & Remote"])
        );
        assert_eq!(list("{ from: $.l, replace: { 'a & b': c } }"), json!(["c"]));
        assert_eq!(list("{ from: $.m }"), json!(["Orange", "Dubbo"]));
    }

    #[test]
    fn lists_take_all_places_and_texts_the_first() {
        let document = json!({ "main": "Ulm", "more": [{ "n": "Bonn" }, { "n": "Ulm" }], "text": "2 places", "none": [] });
        let list = |yaml: &str| value(yaml, FieldKind::List, &document);
        let places =
            |places: &[&str]| FieldValue::List(places.iter().map(ToString::to_string).collect());
        assert_eq!(
            list("{ from: [$.main, '$.more[*].n'] }"),
            places(&["Ulm", "Bonn"])
        );
        assert_eq!(
            list("{ from: [[$.gone, $.main, $.text], '$.more[*].n'] }"),
            places(&["Ulm", "Bonn"])
        );
        assert_eq!(list("{ from: [[$.gone, $.text]] }"), places(&["2 places"]));
        assert_eq!(list("{ from: [$.gone, $.more] }"), list("{ from: $.more }"));
        assert_eq!(list("{ from: [$.gone, '$.none[*].n'] }"), places(&[]));
        assert_eq!(list("{ from: $.gone }"), FieldValue::Absent);
        assert_eq!(
            value(
                "{ from: [$.gone, [$.main, $.text]] }",
                FieldKind::Text,
                &document
            ),
            FieldValue::text("Ulm")
        );
    }

    #[test]
    fn addresses_lead_from_the_page_of_the_document() {
        let read = |document: Json, page: Option<&str>| {
            let sandbox = ScriptSandbox::new();
            let view = DocumentView::new(
                &sandbox,
                &document,
                Clock("2026-03-02T01:00:00Z".parse().unwrap()),
            )
            .from_page(page);
            compiled("{ from: $.link, as: url }", FieldKind::Text).value(&view)
        };
        let page = Some("https://b.example/jobs/list.json");
        assert_eq!(
            read(json!({ "link": "/jobs/12" }), page),
            FieldValue::text("https://b.example/jobs/12")
        );
        assert_eq!(
            read(json!({ "link": { "@rel": "x", "#text": "12/a" } }), page),
            FieldValue::text("https://b.example/jobs/12/a")
        );
        assert_eq!(
            read(
                json!({ "link": "/1", "@xml:base": "https://c.example/" }),
                page
            ),
            FieldValue::text("https://c.example/1")
        );
        assert_eq!(
            read(json!({ "link": "https://c.example/a b" }), page),
            FieldValue::text("https://c.example/a b")
        );
        assert_eq!(
            read(json!({ "link": "/1", "url": "https://c.example/" }), page),
            FieldValue::text("https://b.example/1")
        );
        assert!(matches!(
            read(json!({ "link": "n/a" }), page),
            FieldValue::Invalid(_)
        ));
        assert!(matches!(
            read(json!({ "link": "/1" }), None),
            FieldValue::Invalid(_)
        ));
    }

    #[test]
    fn every_step_is_in_the_fingerprint() {
        let hash = |yaml: &str| compiled(yaml, FieldKind::Text).canonical();
        let all = [
            "{ from: $.html }",
            "{ css: a }",
            "{ css: b }",
            "{ css: b@x }",
            "{ css: b, parameter: x }",
            "{ css: b, match: x }",
            "{ css: b, match: y }",
        ];
        let words = [
            "{ from: $.a, replace: { a: b } }",
            "{ from: $.a, replace: { a: c } }",
        ];
        let hashes: std::collections::BTreeSet<_> =
            all.into_iter().chain(words).map(hash).collect();
        assert_eq!(hashes.len(), all.len() + words.len());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let document = json!({"html": text, "url": text});
            value("{ css: 'a@href', parameter: id, match: '(.)', replace: { a: b } }", FieldKind::Text, &document);
        }
    }
}
