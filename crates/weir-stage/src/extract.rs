//! `extract`: derives canonical fields from a raw document. Pure, and it cannot fail: missing
//! values are absent, values that cannot be converted are passed on as invalid with the original.

use super::mapping::{self, DocumentView, MappingSpec, ValueMapping};
use super::pay::{self, PayExtraction, PaySpec};
use super::{AdDraft, SourceContext};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::date::DateSetting;
use weir_model::{FieldKind, FingerprintParts, field::Field};
use weir_rule::ScriptSandbox;
use weir_rule::ad_input::RELATIONS;
use weir_source::jsonpath::{JsonPath, PathStep};
use weir_store::{PgConnection, forgotten};
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Located, Text, TextOr};

/// `job:` of a source: canonical fields and where they come from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    /// The title of the ad: text. No job is published without one.
    title: Option<MappingSpec>,
    /// The description: text; `as: html` makes markup readable.
    description: Option<MappingSpec>,
    /// The first day: a date.
    open_date: Option<MappingSpec>,
    /// The last day: a date. The job is archived when it has passed.
    close_date: Option<MappingSpec>,
    /// The department or agency, as given by the source: text.
    department: Option<MappingSpec>,
    /// The source's own id of the department: text.
    department_id: Option<MappingSpec>,
    /// The employment type, as given by the source: text.
    job_type: Option<MappingSpec>,
    /// The page of the ad: an address.
    source_url: Option<MappingSpec>,
    /// The pay, as given by the source: text.
    remuneration: Option<MappingSpec>,
    /// The contact: any JSON.
    recruiter: Option<MappingSpec>,
    /// The locations: a list of text values.
    locations: Option<MappingSpec>,
    /// Pay as numbers; fills the custom fields `pay_min`, `pay_max`, `pay_currency` and
    /// `pay_period`.
    pay: Option<PaySpec>,
    /// Custom fields; `as` declares the type of each.
    extra: IndexMap<Located<String>, MappingSpec>,
}

/// The mapping of a source, compiled.
#[derive(Debug, Clone)]
pub struct ExtractStage {
    fields: Vec<FieldMapping>,
    pay: Option<PayExtraction>,
    /// Ads that commit together.
    pub batch: usize,
    /// Whether the documents are XML elements.
    reads_elements: bool,
}

#[derive(Debug, Clone)]
struct FieldMapping {
    target: FieldTarget,
    derive: ValueMapping,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FieldTarget {
    Canonical(Field),
    Extra(String),
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

    /// Names of the custom fields, including those of pay.
    pub fn extras(&self) -> impl Iterator<Item = &str> {
        let pay = if self.pay.is_some() {
            pay::FIELDS.as_slice()
        } else {
            &[]
        };
        self.extra
            .keys()
            .map(|name| name.value.as_str())
            .chain(pay.iter().copied())
    }

    /// Names of the custom fields, and their types.
    pub fn extra_kinds(&self) -> impl Iterator<Item = (&str, FieldKind)> {
        let pay = if self.pay.is_some() {
            pay::FIELDS.as_slice()
        } else {
            &[]
        };
        self.extra
            .iter()
            .map(|(name, spec)| (name.value.as_str(), mapping::kind_of(spec)))
            .chain(pay.iter().map(|name| (*name, pay::kind_of(name))))
    }

    /// Names of all fields that have a mapping.
    pub fn mapped(&self) -> Vec<&str> {
        let canonical = self
            .fields()
            .into_iter()
            .filter(|(_, mapping)| mapping.is_some())
            .map(|(field, _)| field.name());
        canonical.chain(self.extras()).collect()
    }

    /// The place of each field's mapping.
    pub fn places(&self) -> impl Iterator<Item = (&str, &Place)> {
        let canonical = self
            .fields()
            .into_iter()
            .filter_map(|(field, spec)| Some((field.name(), mapping::place(spec.as_ref()?))));
        let extra = self
            .extra
            .iter()
            .map(|(name, spec)| (name.value.as_str(), mapping::place(spec)));
        let pay = self
            .pay
            .iter()
            .flat_map(|pay| pay::FIELDS.map(|field| (field, pay::place(pay))));
        canonical.chain(extra).chain(pay)
    }

    /// The path of a field's values in a document, as names from its root.
    pub fn places_of(&self, field: &str) -> Vec<Vec<String>> {
        let spec = self
            .fields()
            .into_iter()
            .find(|(known, _)| known.name() == field)
            .and_then(|(_, spec)| spec.as_ref());
        spec.or_else(|| {
            self.extra
                .iter()
                .find(|(name, _)| name.value == field)
                .map(|(_, spec)| spec)
        })
        .map(places)
        .unwrap_or_default()
    }

    /// Compiles the mapping; problems go to `out`.
    pub fn compile(
        &self,
        sandbox: &ScriptSandbox,
        dates: DateSetting,
        batch: usize,
        out: &mut Diagnostics,
    ) -> ExtractStage {
        let mut fields = Vec::new();
        for (field, spec) in self.fields() {
            let derive = spec
                .as_ref()
                .and_then(|spec| mapping::compile(spec, Some(field.kind()), sandbox, dates, out));
            fields.extend(derive.map(|derive| FieldMapping {
                target: FieldTarget::Canonical(field),
                derive,
            }));
        }
        for (name, spec) in &self.extra {
            self.check_extra(name, out);
            let derive = mapping::compile(spec, None, sandbox, dates, out);
            fields.extend(derive.map(|derive| FieldMapping {
                target: FieldTarget::Extra(name.value.clone()),
                derive,
            }));
        }
        let pay = self
            .pay
            .as_ref()
            .and_then(|pay| pay::compile(pay, sandbox, dates, out));
        ExtractStage {
            fields,
            pay,
            batch,
            reads_elements: false,
        }
    }

    fn check_extra(&self, name: &Located<String>, out: &mut Diagnostics) {
        let help = if Field::named(name).is_some() {
            format!("`{name}` is a standard field: map it directly under `job:`")
        } else if RELATIONS.contains(&name.as_str()) {
            format!("`{name}` is reserved for the relation in rules; choose another name")
        } else if self.pay.is_some() && pay::FIELDS.contains(&name.as_str()) {
            format!("`pay` fills `{name}`: remove one of them, or choose another name")
        } else if !is_name(name) {
            "use lowercase letters, digits and `_`".to_owned()
        } else {
            return;
        };
        out.error(
            &name.place,
            "bad-extra",
            format!("`{name}` is not a valid name for a custom field"),
        )
        .help(help);
    }
}

/// The names that lead from the root of a document to the values, up to a list of them; none if
/// that is not a simple path.
fn places(spec: &MappingSpec) -> Vec<Vec<String>> {
    let names = |path: &Text| -> Vec<String> {
        let path = JsonPath::parse(path).ok();
        let steps = path
            .as_ref()
            .and_then(JsonPath::steps)
            .unwrap_or_default()
            .iter();
        steps
            .map_while(|step| {
                if let PathStep::Name(name) = step {
                    Some(name.clone())
                } else {
                    None
                }
            })
            .collect()
    };
    let all: Vec<Vec<String>> = match spec {
        TextOr::Short(path) => vec![names(path)],
        TextOr::Full(mapping) if mapping.css.is_none() => mapping
            .from
            .iter()
            .flat_map(|either| either.iter())
            .map(names)
            .collect(),
        TextOr::Full(_) => Vec::new(),
    };
    all.into_iter().filter(|names| !names.is_empty()).collect()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl ExtractStage {
    /// The members of a document that the mapping reads; nothing if it may read any of them.
    pub fn members(&self) -> Option<BTreeSet<&str>> {
        let all: Option<Vec<BTreeSet<&str>>> = self
            .fields
            .iter()
            .map(|field| field.derive.members())
            .collect();
        let all = all.filter(|_| self.pay.is_none() && !self.reads_elements)?;
        Some(all.into_iter().flatten().collect())
    }

    /// The mapping for documents that are XML elements, if they are.
    #[must_use]
    pub fn of_elements(self, reads_elements: bool) -> ExtractStage {
        ExtractStage {
            reads_elements,
            ..self
        }
    }

    /// Derives the fields of one ad.
    pub fn apply(&self, setting: &SourceContext, draft: &mut AdDraft) {
        let view = DocumentView::new(&setting.sandbox, &draft.ad.content, draft.ad.scraped_at);
        let view = view
            .from_page(draft.ad.page.as_deref())
            .of_elements(self.reads_elements);
        for field in &self.fields {
            let value = field.derive.value(&view);
            match &field.target {
                FieldTarget::Canonical(canonical) => draft.job.set(*canonical, value),
                FieldTarget::Extra(name) => draft.job.extra.push((name.clone(), value)),
            }
        }
        let pay = self.pay.iter().flat_map(|pay| pay.values(&view));
        draft
            .job
            .extra
            .extend(pay.map(|(name, value)| (name.to_owned(), value)));
        draft.masks.job(&mut draft.job);
    }

    /// Asks for the texts that were forgotten on request.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up(
        connection: &mut PgConnection,
        setting: &SourceContext,
        drafts: &mut [AdDraft],
    ) -> weir_store::Result<()> {
        let known = forgotten::in_force(connection, setting.stream.institution).await?;
        let masks = Arc::new(known.masks);
        for draft in drafts {
            draft.masks = Arc::clone(&masks);
        }
        Ok(())
    }

    /// The parts of its fingerprint.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        for field in &self.fields {
            parts.add_as(
                format!("mapping of {}", field.target.name()),
                &field.derive,
                field.derive.words(),
            );
        }
        if let Some(pay) = &self.pay {
            parts.add_as("mapping of pay", pay, pay.words());
        }
        parts
    }

    /// A short description, in lines.
    pub fn explain(&self) -> Vec<String> {
        let pay = self.pay.iter().flat_map(|_| pay::FIELDS);
        let names: Vec<&str> = self
            .fields
            .iter()
            .map(|field| field.target.name())
            .chain(pay)
            .collect();
        vec![format!("{} fields", names.len()), names.join(", ")]
    }
}

impl FieldTarget {
    fn name(&self) -> &str {
        match self {
            FieldTarget::Canonical(field) => field.name(),
            FieldTarget::Extra(name) => name,
        }
    }
}
