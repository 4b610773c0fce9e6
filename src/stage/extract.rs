//! `extract`: canonical fields from a raw document. Pure, and it cannot fail: what is not there is absent, what does
//! not convert is carried on as invalid with the original.

use super::convert::{As, Convert};
use super::{Draft, Setting};
use crate::diagnostic::{Diagnostics, Place};
use crate::jsonpath::{Path, path_of};
use crate::model::field::Field;
use crate::model::problem::Invalid;
use crate::model::{FieldKind, Parts, Value};
use crate::rule::{Sandbox, Script, scope};
use crate::source::file::{json_path, not_a_path};
use crate::span::Zone;
use crate::yaml::{Located, Node, OneOrMany, Text, TextOr};
use chrono_tz::Tz;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

/// `job:` of a source: canonical field, and where it comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    title: Option<MappingSpec>,
    description: Option<MappingSpec>,
    open_date: Option<MappingSpec>,
    close_date: Option<MappingSpec>,
    department: Option<MappingSpec>,
    department_id: Option<MappingSpec>,
    job_type: Option<MappingSpec>,
    source_url: Option<MappingSpec>,
    remuneration: Option<MappingSpec>,
    recruiter: Option<MappingSpec>,
    locations: Option<MappingSpec>,
    /// Custom fields; each says with `as` what it holds.
    extra: IndexMap<Located<String>, MappingSpec>,
}

/// A path, or a mapping of how to come to the value.
type MappingSpec = TextOr<Text, Located<Mapping>>;

/// Where a value comes from: `from`, `script` or `constant`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// A JSONPath, or several: the first that gives something counts.
    from: OneOrMany<Text>,
    /// A Rhai expression over the raw document, `doc`.
    script: Option<Text>,
    /// A fixed value.
    constant: Option<Node>,
    /// What to make of it.
    #[serde(rename = "as")]
    to: Option<Located<As>>,
    /// Formats of a date (strftime, `epoch`, `epoch_ms`).
    format: OneOrMany<Located<String>>,
    /// The zone in which an instant becomes a date; by default that of the source.
    zone: Option<Located<Zone>>,
    /// What stands in when there is nothing.
    default: Option<Node>,
    /// What separates the items of a list in one text.
    split: Option<Located<String>>,
    /// What joins several values into one text.
    join: Option<Located<String>>,
}

/// The mapping of a source, compiled.
#[derive(Debug, Clone)]
pub struct Extract {
    fields: Vec<FieldMapping>,
    /// Ads that commit together.
    pub batch: usize,
}

#[derive(Debug, Clone)]
struct FieldMapping {
    target: Target,
    from: From,
    convert: Convert,
    default: Option<Json>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Canonical(Field),
    Extra(String),
}

#[derive(Debug, Clone)]
enum From {
    Paths(Vec<Path>),
    Script(Script),
    Constant(Json),
}

impl JobSpec {
    fn fields(&self) -> [(Field, &Option<MappingSpec>); 11] {
        [
            (Field::Title, &self.title),
            (Field::Description, &self.description),
            (Field::OpenDate, &self.open_date),
            (Field::CloseDate, &self.close_date),
            (Field::Department, &self.department),
            (Field::DepartmentId, &self.department_id),
            (Field::JobType, &self.job_type),
            (Field::SourceUrl, &self.source_url),
            (Field::Remuneration, &self.remuneration),
            (Field::Recruiter, &self.recruiter),
            (Field::Locations, &self.locations),
        ]
    }

    /// Names of the custom fields.
    pub fn extras(&self) -> impl Iterator<Item = &Located<String>> {
        self.extra.keys()
    }

    /// Names of all fields that have a mapping.
    pub fn mapped(&self) -> Vec<&str> {
        let canonical = self.fields().into_iter().filter(|(_, mapping)| mapping.is_some()).map(|(field, _)| field.name());
        canonical.chain(self.extra.keys().map(|name| name.value.as_str())).collect()
    }

    /// Compiles the mapping; problems go to `out`.
    pub fn compile(&self, sandbox: &Sandbox, zone: Tz, batch: usize, out: &mut Diagnostics) -> Extract {
        let mut fields = Vec::new();
        for (field, mapping) in self.fields() {
            if let Some(mapping) = mapping {
                fields.extend(compile_field(Target::Canonical(field), Some(field.kind()), mapping, sandbox, zone, out));
            }
        }
        for (name, mapping) in &self.extra {
            check_extra(name, out);
            fields.extend(compile_field(Target::Extra(name.value.clone()), None, mapping, sandbox, zone, out));
        }
        Extract { fields, batch }
    }
}

fn check_extra(name: &Located<String>, out: &mut Diagnostics) {
    let help = if Field::named(name).is_some() {
        format!("every job has a field `{name}`: map it under `job:` itself")
    } else if RELATIONS.contains(&name.as_str()) {
        format!("rules read `{name}` as what was found for a relation; choose another name")
    } else if !is_name(name) {
        "use lower-case letters, digits and `_`".to_owned()
    } else {
        return;
    };
    out.error(&name.place, "bad-extra", format!("`{name}` cannot be the name of a custom field")).help(help);
}

/// Members of `job` in rules beside its fields.
pub const RELATIONS: [&str; 2] = ["company_id", "division_id"];

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn compile_field(
    target: Target,
    kind: Option<FieldKind>,
    spec: &MappingSpec,
    sandbox: &Sandbox,
    zone: Tz,
    out: &mut Diagnostics,
) -> Option<FieldMapping> {
    let plain = |to| Convert { to, formats: Vec::new(), zone, split: None, join: None };
    match spec {
        TextOr::Short(path) => {
            let convert = plain(As::plain(kind.unwrap_or(FieldKind::Text)));
            Some(FieldMapping { target, from: From::Paths(vec![mapped_path(path, out)?]), convert, default: None })
        }
        TextOr::Full(mapping) => {
            let to = mapping.convert_to(kind, out)?;
            let from = mapping.compile_from(sandbox, out)?;
            let formats = mapping.formats(to, out)?;
            let zone = mapping.zone.as_ref().map_or(zone, |zone| zone.value.0);
            mapping.check_words(to, out);
            let text = |text: &Option<Located<String>>| text.as_ref().map(|text| text.value.clone());
            let convert = Convert { to, formats, zone, split: text(&mapping.split), join: text(&mapping.join) };
            check_fixed("constant", mapping.constant.as_ref(), &convert, out);
            check_fixed("default", mapping.default.as_ref(), &convert, out);
            Some(FieldMapping { target, from, convert, default: mapping.default.as_ref().map(Node::to_json) })
        }
    }
}

fn mapped_path(path: &Text, out: &mut Diagnostics) -> Option<Path> {
    if path.starts_with('$') {
        return json_path(path, out);
    }
    not_a_path(path, out).help(format!("a path begins with `$`, such as `{}`; for a fixed text write `{{ constant: {path} }}`", path_of(path)));
    None
}

/// What stands in the YAML must convert as what stands in an ad.
fn check_fixed(what: &str, fixed: Option<&Node>, convert: &Convert, out: &mut Diagnostics) {
    let Some(fixed) = fixed else { return };
    if let Value::Invalid(invalid) = convert.apply(&[&fixed.to_json()]) {
        let help = match convert.to {
            As::Date if convert.formats.is_empty() => "write it like `2026-12-31`".to_owned(),
            As::Date => format!("write it in the format of the field: `{}`", convert.formats.join("` or `")),
            _ => "write it as the ads have it".to_owned(),
        };
        out.error(fixed.place(), "wrong-conversion", format!("the {what} {}", invalid.why)).help(help);
    }
}

impl Located<Mapping> {
    fn convert_to(&self, kind: Option<FieldKind>, out: &mut Diagnostics) -> Option<As> {
        let Some(to) = &self.to else { return Some(As::plain(kind.unwrap_or(FieldKind::Text))) };
        match kind {
            Some(kind) if kind != FieldKind::Json && to.gives() != kind => {
                out.error(&to.place, "wrong-conversion", format!("this field holds {}, and `as` gives {}", kind_word(kind), kind_word(to.gives())))
                    .help(format!("leave `as` out, or use one that gives {}", kind_word(kind)));
                None
            }
            _ => Some(to.value),
        }
    }

    fn compile_from(&self, sandbox: &Sandbox, out: &mut Diagnostics) -> Option<From> {
        let ways = usize::from(!self.from.is_empty()) + usize::from(self.script.is_some()) + usize::from(self.constant.is_some());
        if ways == 0 && out.has_errors_within(&self.place) {
            return None;
        }
        if ways != 1 {
            let message = if ways == 0 { "where the value comes from is missing" } else { "the value comes from several places" };
            out.error(&self.place, "bad-mapping", message).help("give one of `from`, `script` or `constant`");
            return None;
        }
        if let Some(script) = &self.script {
            return compile_script(script, sandbox, &["doc"], out).map(From::Script);
        }
        if let Some(constant) = &self.constant {
            return Some(From::Constant(constant.to_json()));
        }
        let paths: Vec<Option<Path>> = self.from.iter().map(|path| mapped_path(path, out)).collect();
        paths.into_iter().collect::<Option<Vec<_>>>().map(From::Paths)
    }

    fn formats(&self, to: As, out: &mut Diagnostics) -> Option<Vec<String>> {
        if let Some(format) = self.format.first().filter(|_| to != As::Date) {
            out.error(&format.place, "wrong-conversion", "`format` is for dates").help("add `as: date`, or leave `format` out");
            return None;
        }
        let bad: Vec<&Located<String>> = self.format.iter().filter(|format| !is_date_format(format)).collect();
        for format in &bad {
            let told = out.error(&format.place, "bad-format", format!("`{format}` does not say where day, month and year stand"));
            match strftime_of(format) {
                Some(meant) => told.help(format!("did you mean `{meant}`?")),
                None => told.help("write it in strftime, such as `%d/%m/%Y` or `%Y-%m-%dT%H:%M:%S%z`, or `epoch` or `epoch_ms`"),
            };
        }
        bad.is_empty().then(|| self.format.iter().map(|format| format.value.clone()).collect())
    }

    /// Words that say nothing to this conversion.
    fn check_words(&self, to: As, out: &mut Diagnostics) {
        let mut idle = |place: &Place, word: &str, what: &str| {
            out.error(place, "wrong-conversion", format!("`{word}` is for {what}")).help(format!("leave `{word}` out"));
        };
        if let Some(zone) = self.zone.as_ref().filter(|_| to != As::Date) {
            idle(&zone.place, "zone", "dates");
        }
        if let Some(split) = self.split.as_ref().filter(|_| to != As::List) {
            idle(&split.place, "split", "lists");
        }
        if let Some(join) = self.join.as_ref().filter(|_| to.gives() != FieldKind::Text) {
            idle(&join.place, "join", "text");
        }
    }
}

/// Whether a date that is written in the format can be read from it.
fn is_date_format(format: &str) -> bool {
    use chrono::format::{Item, StrftimeItems};
    if matches!(format, "epoch" | "epoch_ms") {
        return true;
    }
    if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
        return false;
    }
    let day = chrono::DateTime::from_timestamp(1_798_718_400, 0).unwrap_or_default();
    let convert = Convert { to: As::Date, formats: vec![format.to_owned()], zone: Tz::UTC, split: None, join: None };
    convert.apply(&[&Json::String(day.format(format).to_string())]) == Value::Date(day.date_naive())
}

/// `DD/MM/YYYY` as `%d/%m/%Y`.
fn strftime_of(format: &str) -> Option<String> {
    let words = [("YYYY", "%Y"), ("yyyy", "%Y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"), ("DD", "%d"), ("dd", "%d")];
    let times = [("HH", "%H"), ("hh", "%I"), ("mm", "%M"), ("ss", "%S"), ("YY", "%y"), ("yy", "%y")];
    let meant = words.into_iter().chain(times).fold(format.to_owned(), |text, (word, sign)| text.replace(word, sign));
    (meant != format && is_date_format(&meant)).then_some(meant)
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

/// Compiles a script at its place in the file; problems go to `out` at their own line.
pub fn compile_script(script: &Text, sandbox: &Sandbox, variables: &[&str], out: &mut Diagnostics) -> Option<Script> {
    match Script::compile(sandbox, script.as_str(), variables) {
        Ok(compiled) => Some(compiled),
        Err(errors) => {
            for error in errors {
                out.error(&script.name_at(error.line, error.column), "bad-script", error.message).help(error.help);
            }
            None
        }
    }
}

impl Extract {
    /// Derives the fields of one ad.
    pub fn apply(&self, setting: &Setting, draft: &mut Draft) {
        for field in &self.fields {
            let value = field.value(&setting.sandbox, &draft.ad.content);
            match &field.target {
                Target::Canonical(canonical) => draft.job.set(*canonical, value),
                Target::Extra(name) => draft.job.extra.push((name.clone(), value)),
            }
        }
    }

    /// What its fingerprint is made of.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for field in &self.fields {
            parts.add(format!("mapping of {}", field.target.name()), &(&field.from, &field.convert, &field.default));
        }
        parts
    }

    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let names: Vec<&str> = self.fields.iter().map(|field| field.target.name()).collect();
        vec![format!("{} fields", names.len()), names.join(", ")]
    }
}

impl Target {
    fn name(&self) -> &str {
        match self {
            Target::Canonical(field) => field.name(),
            Target::Extra(name) => name,
        }
    }
}

impl FieldMapping {
    fn value(&self, sandbox: &Sandbox, document: &Json) -> Value {
        let value = match &self.from {
            From::Paths(paths) => self.first_of(paths, document),
            From::Constant(constant) => self.convert.apply(&[constant]),
            From::Script(script) => self.scripted(script, sandbox, document),
        };
        match (&value, &self.default) {
            (Value::Absent, Some(default)) => self.convert.apply(&[default]),
            _ => value,
        }
    }

    /// The first alternative that gives something. A list that is there and empty is an empty list, not an absent one.
    fn first_of(&self, paths: &[Path], document: &Json) -> Value {
        let mut values = paths.iter().map(|path| self.convert.apply(&path.select(document)));
        let found = values.find(|value| !value.is_absent());
        let is_empty_list = || self.convert.to == As::List && paths.iter().any(|path| path.selects_empty_list(document));
        found.unwrap_or_else(|| if is_empty_list() { Value::List(Vec::new()) } else { Value::Absent })
    }

    fn scripted(&self, script: &Script, sandbox: &Sandbox, document: &Json) -> Value {
        let mut scope = scope::for_mapping(&script.reads, document);
        match script.evaluate(sandbox, &mut scope).and_then(scope::to_json) {
            Ok(json) => self.convert.apply(&[&json]),
            Err(error) => {
                let why = format!("could not be derived: {error} (line {}, column {})", error.line, error.column);
                Value::Invalid(Box::new(Invalid { kind: "invalid_type", found: Json::Null, why }))
            }
        }
    }
}
