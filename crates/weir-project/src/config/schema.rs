//! JSON Schema of the YAML, for editors: generated from the types that read the files and their
//! comments, so help, completion and the reference are one text.
//!
//! A schema must never refuse what `weir check` accepts; the opposite is allowed: dependencies
//! between keys are left to `weir check`. To add a type of file: a variant of [`FileKind`].

use super::alerts::AlertFileSpec;
use super::connector::ConnectorSpec;
use super::identity::ProjectSpec;
use super::institution::{InstitutionSpec, SourceSpec};
use super::institution_tests::InstitutionTestSpec;
use super::lists::ListSpec;
use super::mapping_tests::MappingTestsSpec;
use super::pipeline::PipelineSpec;
use super::rules::RuleSetSpec;
use indexmap::IndexMap;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value as Json, json};
use weir_framework::company::{AcceptedNames, CompanyRegistryHead};
use weir_framework::framework::FrameworkHead;
use weir_framework::role::AcceptedTitles;
use weir_source::file::FileSpec;
use weir_source::http::HttpSpec;
use weir_yaml::yaml::Text;

/// A type of YAML file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `weir.yaml`
    Project,
    /// `institutions/*.yaml`
    Institution,
    /// `connectors/*.yaml`
    Connector,
    /// `rules/*.yaml`
    Rules,
    /// `pipelines/*.yaml`
    Pipeline,
    /// `alerts/*.yaml`
    Alerts,
    /// `lists/*.yaml`
    List,
    /// `frameworks/*.yaml`
    Framework,
    /// `frameworks/accepted/*.yaml`
    AcceptedTitles,
    /// `companies/*.yaml`
    Companies,
    /// `companies/accepted/*.yaml`
    AcceptedNames,
    /// `tests/mapping/*.yaml`
    MappingTests,
    /// `tests/institutions/*.yaml`
    InstitutionTest,
}

/// All types of files.
pub const FILE_KINDS: [FileKind; 13] = [
    FileKind::Project,
    FileKind::Institution,
    FileKind::Connector,
    FileKind::Rules,
    FileKind::Pipeline,
    FileKind::Alerts,
    FileKind::List,
    FileKind::Framework,
    FileKind::AcceptedTitles,
    FileKind::Companies,
    FileKind::AcceptedNames,
    FileKind::MappingTests,
    FileKind::InstitutionTest,
];

/// `fetch:` in YAML: a connector, a source, or both, with the source's keys overriding the
/// connector's.
#[derive(JsonSchema)]
#[schemars(rename = "FetchUse", deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "read by the derive only: connectors are laid under sources before anything is decoded"
)]
struct FetchUse {
    /// The connector that supplies the remaining keys: a file in `connectors/`, or a built-in one.
    connector: Option<String>,
    /// The parameters of the connector: `{ board: acme }`.
    with: Option<IndexMap<String, Text>>,
    /// Read ads over HTTP; with a connector, its keys can be overridden one by one.
    http: Option<HttpSpec>,
    /// Read files and folders; with a connector, saved pages of its board.
    file: Option<FileSpec>,
}

impl FileKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Project => "project",
            FileKind::Institution => "institution",
            FileKind::Connector => "connector",
            FileKind::Rules => "rules",
            FileKind::Pipeline => "pipeline",
            FileKind::Alerts => "alerts",
            FileKind::List => "list",
            FileKind::Framework => "framework",
            FileKind::AcceptedTitles => "accepted-titles",
            FileKind::Companies => "companies",
            FileKind::AcceptedNames => "accepted-names",
            FileKind::MappingTests => "mapping-tests",
            FileKind::InstitutionTest => "institution-test",
        }
    }

    /// The file type of that name.
    pub fn named(name: &str) -> Option<FileKind> {
        FILE_KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// The pattern of its files.
    pub fn pattern(self) -> &'static str {
        match self {
            FileKind::Project => super::identity::FILE,
            FileKind::Institution => "institutions/*.yaml",
            FileKind::Connector => "connectors/*.yaml",
            FileKind::Rules => "rules/*.yaml",
            FileKind::Pipeline => "pipelines/*.yaml",
            FileKind::Alerts => "alerts/*.yaml",
            FileKind::List => "lists/*.yaml",
            FileKind::Framework => "frameworks/*.yaml",
            FileKind::AcceptedTitles => "frameworks/accepted/*.yaml",
            FileKind::Companies => "companies/*.yaml",
            FileKind::AcceptedNames => "companies/accepted/*.yaml",
            FileKind::MappingTests => "tests/mapping/*.yaml",
            FileKind::InstitutionTest => "tests/institutions/*.yaml",
        }
    }

    /// Its JSON Schema (draft 7, the version that editors support best).
    pub fn schema(self) -> Json {
        let mut schema = match self {
            FileKind::Project => of::<ProjectSpec>(),
            FileKind::Institution => of::<InstitutionSpec>(),
            FileKind::Connector => connector(),
            FileKind::Rules => of::<RuleSetSpec>(),
            FileKind::Pipeline => of::<PipelineSpec>(),
            FileKind::Alerts => of::<AlertFileSpec>(),
            FileKind::List => of::<ListSpec>(),
            FileKind::Framework => of::<FrameworkHead>(),
            FileKind::AcceptedTitles => of::<AcceptedTitles>(),
            FileKind::Companies => of::<CompanyRegistryHead>(),
            FileKind::AcceptedNames => of::<AcceptedNames>(),
            FileKind::MappingTests => of::<MappingTestsSpec>(),
            FileKind::InstitutionTest => of::<InstitutionTestSpec>(),
        };
        loosen_sources(&mut schema);
        schema["title"] = json!(self.pattern());
        schema
    }
}

fn of<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft07()
        .with_transform(names_alone as fn(&mut Schema))
        .with_transform(AnyScalar);
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// A connector has its own head and the keys of a source.
fn connector() -> Json {
    let mut schema = of::<ConnectorSpec>();
    let source = of::<SourceSpec>();
    join(&mut schema, "properties", source["properties"].as_object());
    join(
        &mut schema,
        "definitions",
        source["definitions"].as_object(),
    );
    schema
}

fn join(schema: &mut Json, member: &str, more: Option<&Map<String, Json>>) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    let held = schema.entry(member).or_insert_with(|| json!({}));
    if let (Some(held), Some(more)) = (held.as_object_mut(), more) {
        held.extend(
            more.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
}

/// Keys that a connector can supply are optional in a source, and `fetch` may name a connector.
fn loosen_sources(schema: &mut Json) {
    let uses = of::<FetchUse>();
    let needs_fetch = schema.pointer("/definitions/SourceSpec").is_some()
        || schema.pointer("/properties/fetch").is_some();
    if !needs_fetch {
        return;
    }
    let mut own = uses.clone();
    for outer in ["definitions", "$schema", "title"] {
        own.as_object_mut().map(|own| own.remove(outer));
    }
    join(schema, "definitions", uses["definitions"].as_object());
    join(
        schema,
        "definitions",
        json!({ "FetchUse": own }).as_object(),
    );
    for source in ["", "/definitions/SourceSpec"] {
        if let Some(properties) = schema
            .pointer_mut(&format!("{source}/properties"))
            .filter(|properties| properties.get("fetch").is_some())
        {
            properties["fetch"] = json!({ "description": properties["fetch"]["description"], "allOf": [{ "$ref": "#/definitions/FetchUse" }] });
        }
    }
    for (name, left) in [
        ("SourceSpec", json!(["fetch"])),
        ("HttpSpec", json!([])),
        ("FileSpec", json!([])),
    ] {
        if let Some(required) = schema.pointer_mut(&format!("/definitions/{name}/required")) {
            *required = left;
        }
    }
    if let Some(definitions) = schema.get_mut("definitions").and_then(Json::as_object_mut) {
        definitions.remove("FetchSpec");
    }
}

/// A type whose settings are all optional can be written as just its name: `- fetch`.
fn names_alone(schema: &mut Schema) {
    let definitions = schema.get("definitions").cloned().unwrap_or_default();
    NamesAlone(definitions).transform(schema);
}

struct NamesAlone(Json);

impl NamesAlone {
    /// The name of a variant that needs no settings.
    fn name<'v>(&self, variant: &'v Json) -> Option<&'v str> {
        let properties = variant
            .get("properties")?
            .as_object()
            .filter(|properties| properties.len() == 1)?;
        let (name, settings) = properties.iter().next()?;
        let of_name = |reference: &str| self.0.get(reference.strip_prefix("#/definitions/")?);
        let settings = settings
            .get("$ref")
            .or_else(|| settings.pointer("/allOf/0/$ref"))
            .and_then(Json::as_str)
            .and_then(of_name)?;
        (settings.get("type")? == "object" && settings.get("required").is_none()).then_some(name)
    }
}

impl Transform for NamesAlone {
    fn transform(&mut self, schema: &mut Schema) {
        let names: Vec<Json> = schema
            .get("oneOf")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|variant| Some(json!({ "const": self.name(variant)?, "description": variant.get("description") })))
            .collect();
        if let Some(variants) = schema.get_mut("oneOf").and_then(Json::as_array_mut) {
            variants.extend(names);
        }
        transform_subschemas(self, schema);
    }
}

/// Text can be written as a number or `true`; the decoder accepts any scalar.
#[derive(Clone)]
struct AnyScalar;

impl Transform for AnyScalar {
    fn transform(&mut self, schema: &mut Schema) {
        let is_fixed = schema.get("enum").is_some() || schema.get("const").is_some();
        let scalars = || ["string", "number", "boolean"].map(Json::from);
        match schema.get_mut("type") {
            Some(kind) if *kind == "string" && !is_fixed => *kind = Json::from(scalars().to_vec()),
            Some(Json::Array(kinds)) if kinds.iter().any(|kind| kind == "string") && !is_fixed => {
                kinds.retain(|kind| kind != "string");
                kinds.splice(0..0, scalars());
                kinds.dedup();
            }
            _ => {}
        }
        transform_subschemas(self, schema);
    }
}
