//! `company:` and `division:` as authors write them, and how they are compiled.

use super::ad_name::NameOrigin;
use super::finder::CompanyFinder;
use super::registry_set::{KnownRegistry, RegistrySet, RegistryUse};
use super::unknown::UnknownNames;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use weir_framework::company::CompanyName;
use weir_model::Field;
use weir_source::jsonpath::JsonPath;
use weir_source::written_path::json_path;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean};
use weir_yaml::yaml::{Located, Text};

/// `company:` or `division:` of an institution or source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationSpec {
    /// A canonical field (`department`) or a JSONPath (`$.companyName`).
    from: Text,
    /// The registry of known names, in `companies/`.
    registry: Option<Located<String>>,
    /// Where an ad has the number of its employer in a register, such as the ABN.
    number: Option<RegisterNumberSpec>,
    /// Names that are known from the start.
    #[serde(default)]
    known: Vec<Located<String>>,
    /// How a name that is not in the table is handled: `create`, `hold` or `reject`.
    #[serde(default)]
    unknown: UnknownNames,
}

/// A number in a register.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterNumberSpec {
    /// A canonical field or a JSONPath (`$.abn`).
    from: Text,
}

impl RelationSpec {
    /// The fields that it reads, if any, and where that is declared.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &Place)> {
        let number = self.number.iter().map(|number| &number.from);
        std::iter::once(&self.from)
            .chain(number)
            .filter_map(|from| Field::named(from).map(|field| (field, from.place())))
    }

    /// The registry that it names.
    pub fn registry(&self) -> Option<&Located<String>> {
        self.registry.as_ref()
    }

    pub(super) fn compile(
        &self,
        registries: &RegistrySet,
        out: &mut Diagnostics,
    ) -> Option<CompanyFinder> {
        let from = origin(&self.from, out);
        let named = self.registry.as_ref();
        let registry = named.map(|name| find(name, registries, out));
        if let (Some(number), None) = (&self.number, &registry) {
            out.error(
                number.from.place(),
                "no-registry",
                "a number tells nothing without a registry",
            )
            .help("add `registry: NAME`, and the numbers in `companies/NAME.yaml`");
            return None;
        }
        let number = match &self.number {
            Some(number) => Some(origin(&number.from, out)?),
            None => None,
        };
        let key = |name: &Located<String>| CompanyName::read(name).key;
        Some(CompanyFinder {
            from: from?,
            number,
            registry: registry.flatten(),
            known: self.known.iter().map(|name| name.value.clone()).collect(),
            known_keys: self.known.iter().map(key).collect(),
            unknown: self.unknown,
        })
        .filter(|finder| self.registry.is_none() || finder.registry.is_some())
    }
}

fn origin(from: &Text, out: &mut Diagnostics) -> Option<NameOrigin> {
    if from.starts_with('$') {
        let path: JsonPath = json_path(from, out)?;
        return Some(NameOrigin::Path(path));
    }
    if let Some(field) = Field::named(from) {
        return Some(NameOrigin::Field(field));
    }
    let fields = weir_model::field::FIELDS.map(Field::name);
    let told = out.error(
        from.place(),
        "unknown-field-reference",
        format!("`{from}` is not a field of a job"),
    );
    match did_you_mean(from, fields) {
        Some(near) => told.help(format!("did you mean `{near}`? A JSONPath into the document starts with `$`")),
        None => told.help("use a canonical field such as `department`, or a JSONPath into the document, which starts with `$`"),
    };
    None
}

fn find(
    name: &Located<String>,
    registries: &RegistrySet,
    out: &mut Diagnostics,
) -> Option<Arc<KnownRegistry>> {
    match registries.find(name) {
        RegistryUse::Known(known) => return Some(Arc::clone(known)),
        RegistryUse::Broken => return None,
        RegistryUse::Unknown => {}
    }
    let told = out.error(
        &name.place,
        "unknown-registry",
        format!("unknown registry `{name}`"),
    );
    match did_you_mean(name, registries.names()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!(
            "a registry is a file such as `companies/{name}.yaml` with `companies:`, each with `id` and `name`"
        )),
    };
    None
}
