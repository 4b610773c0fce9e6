//! `resolve`: which company and division an ad belongs to. It may look names up; for missing ones
//! it only proposes an action (create, hold, reject), and the end of the batch writes it.

use super::{Draft, Setting};
use crate::diagnostic::{Diagnostics, Place};
use crate::jsonpath::Path;
use crate::model::canonical::canonical_members;
use crate::model::{
    Canonical, Field, HoldKind, Job, NewHold, Parts, Problem, RelationTable, name_key,
};
use crate::rule::NamedRelation;
use crate::source::file::json_path;
use crate::store::{PgConnection, relations};
use crate::yaml::{Located, Text};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Maximum characters of a name. Longer text is a sentence mapped to the wrong field, and too long
/// for a PostgreSQL index.
const LONGEST_NAME: usize = 500;

/// How a name that is not in the table is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// Add it.
    Create,
    /// Hold the ad for an operator.
    #[default]
    Hold,
    /// Reject the ad.
    Reject,
}

/// `company:` or `division:` of an institution or source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationSpec {
    /// A canonical field (`department`) or a JSONPath (`$.companyName`).
    from: Text,
    /// Names that are known from the start.
    #[serde(default)]
    known: Vec<Located<String>>,
    /// How a name that is not in the table is handled: `create`, `hold` or `reject`.
    #[serde(default)]
    unknown: Unknown,
}

/// Both relations, compiled.
#[derive(Debug, Clone, Default)]
pub struct Resolve {
    company: Option<Finder>,
    division: Option<Finder>,
}

#[derive(Debug, Clone)]
struct Finder {
    from: From,
    known: Vec<String>,
    unknown: Unknown,
}

/// What stands for a finder where there is none.
struct NotLookedUp;

impl Canonical for NotLookedUp {
    fn canonical(&self) -> String {
        "not looked up".to_owned()
    }
}

impl Canonical for Finder {
    fn canonical(&self) -> String {
        canonical_members([
            ("from", json!(self.from.name())),
            ("known", json!(self.known)),
            ("unknown", json!(self.unknown.name())),
        ])
    }
}

#[derive(Debug, Clone)]
enum From {
    Field(Field),
    Path(Path),
}

impl Resolve {
    /// Compiles both; problems go to `out`.
    pub fn compile(
        company: Option<&RelationSpec>,
        division: Option<&RelationSpec>,
        out: &mut Diagnostics,
    ) -> Resolve {
        Resolve {
            company: company.and_then(|spec| spec.compile(out)),
            division: division.and_then(|spec| spec.compile(out)),
        }
    }

    /// The parts of its fingerprint.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for (name, finder) in [("company", &self.company), ("division", &self.division)] {
            match finder {
                Some(finder) => parts.add_as(name, finder, finder.words()),
                None => parts.add(name, &NotLookedUp),
            }
        }
        parts
    }

    /// A short description, in lines.
    pub fn explain(&self) -> Vec<String> {
        let line = |what: &str, finder: &Finder| {
            format!(
                "{what} from {}, unknown: {}",
                finder.from.name(),
                finder.unknown.name()
            )
        };
        let company = self.company.iter().map(|finder| line("company", finder));
        company
            .chain(self.division.iter().map(|finder| line("division", finder)))
            .collect()
    }

    /// The companies and divisions of one ad when no table is available: those declared in the YAML
    /// are known.
    pub fn relate_alone(&self, setting: &Setting, draft: &mut Draft) {
        for (table, finder) in [
            (RelationTable::Companies, &self.company),
            (RelationTable::Divisions, &self.division),
        ] {
            let Some(finder) = finder else { continue };
            if let Some(name) = finder.from.name_in(&draft.job, &draft.ad.content) {
                finder.relate(
                    table,
                    setting.stream.institution,
                    draft,
                    name,
                    &HashMap::new(),
                );
            }
        }
    }

    /// The members of a document that it reads itself; nothing if it may read any of them.
    pub fn members(&self) -> Option<BTreeSet<&str>> {
        let paths = [&self.company, &self.division]
            .into_iter()
            .flatten()
            .filter_map(|finder| match &finder.from {
                From::Path(path) => Some(path),
                From::Field(_) => None,
            });
        paths.map(Path::member).collect()
    }

    /// Whether it can reject or hold an ad.
    pub fn can_refuse(&self) -> bool {
        [&self.company, &self.division]
            .into_iter()
            .flatten()
            .any(|finder| finder.unknown != Unknown::Create)
    }

    /// The names in the ads, and which of them are known.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up(
        &self,
        connection: &mut PgConnection,
        setting: &Setting,
        drafts: &mut [Draft],
    ) -> crate::store::Result<()> {
        if let Some(finder) = &self.company {
            finder
                .resolve(RelationTable::Companies, connection, setting, drafts)
                .await?;
        }
        if let Some(finder) = &self.division {
            finder
                .resolve(RelationTable::Divisions, connection, setting, drafts)
                .await?;
        }
        Ok(())
    }
}

impl RelationSpec {
    /// The field that it reads, if any, and where that is declared.
    pub fn field(&self) -> Option<(Field, &Place)> {
        Field::named(&self.from).map(|field| (field, self.from.place()))
    }

    fn compile(&self, out: &mut Diagnostics) -> Option<Finder> {
        let from = if self.from.starts_with('$') {
            From::Path(json_path(&self.from, out)?)
        } else if let Some(field) = Field::named(&self.from) {
            From::Field(field)
        } else {
            let fields = crate::model::field::FIELDS.map(Field::name);
            let told = out.error(
                self.from.place(),
                "unknown-field-reference",
                format!("`{}` is not a field of a job", self.from),
            );
            match crate::diagnostic::did_you_mean(&self.from, fields) {
                Some(near) => told.help(format!("did you mean `{near}`? A JSONPath into the document starts with `$`")),
                None => told.help("use a canonical field such as `department`, or a JSONPath into the document, which starts with `$`"),
            };
            return None;
        };
        Some(Finder {
            from,
            known: self.known.iter().map(|name| name.value.clone()).collect(),
            unknown: self.unknown,
        })
    }
}

impl From {
    fn name(&self) -> String {
        match self {
            From::Field(field) => field.name().to_owned(),
            From::Path(path) => path.to_string(),
        }
    }

    fn name_in(&self, job: &Job, document: &Json) -> Option<String> {
        let text = match self {
            From::Field(field) => job.get(*field).as_text().map(str::to_owned),
            From::Path(path) => path
                .first(document)
                .and_then(Json::as_str)
                .map(str::to_owned),
        };
        text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    }
}

impl Unknown {
    fn name(self) -> &'static str {
        match self {
            Unknown::Create => "create",
            Unknown::Hold => "hold",
            Unknown::Reject => "reject",
        }
    }
}

impl Finder {
    /// As written, one line per key.
    fn words(&self) -> String {
        let known = (!self.known.is_empty()).then(|| format!("known: {}", self.known.join(", ")));
        let lines = [
            Some(format!("from: {}", self.from.name())),
            known,
            Some(format!("unknown: {}", self.unknown.name())),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    async fn resolve(
        &self,
        table: RelationTable,
        connection: &mut PgConnection,
        setting: &Setting,
        drafts: &mut [Draft],
    ) -> crate::store::Result<()> {
        let names: Vec<Option<String>> = drafts
            .iter()
            .map(|draft| self.from.name_in(&draft.job, &draft.ad.content))
            .collect();
        let keys: BTreeSet<String> = names.iter().flatten().map(|name| name_key(name)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let known = relations::known(
            connection,
            table,
            setting.stream.institution,
            &keys.into_iter().collect::<Vec<_>>(),
        )
        .await?;
        for (draft, name) in drafts.iter_mut().zip(names) {
            if let Some(name) = name {
                self.relate(table, setting.stream.institution, draft, name, &known);
            }
        }
        Ok(())
    }

    fn relate(
        &self,
        table: RelationTable,
        institution: Uuid,
        draft: &mut Draft,
        name: String,
        known: &HashMap<String, Uuid>,
    ) {
        let letters = name.chars().count();
        if letters > LONGEST_NAME {
            draft.problems.push(too_long(table, &name, letters));
            return;
        }
        let key = name_key(&name);
        let declared = self.known.iter().any(|declared| name_key(declared) == key);
        let stored = known.get(&key).copied();
        let creates = stored.is_none() && (declared || self.unknown == Unknown::Create);
        let id = stored.or_else(|| creates.then(|| relations::id(table, institution, &key)));
        let relation = NamedRelation {
            name: Some(name.clone()),
            known: id.is_some(),
        };
        let new = creates.then(|| name.clone());
        match table {
            RelationTable::Companies => {
                (draft.job.company_id, draft.facts.company, draft.new_company) =
                    (id, relation, new);
            }
            RelationTable::Divisions => {
                (
                    draft.job.division_id,
                    draft.facts.division,
                    draft.new_division,
                ) = (id, relation, new);
            }
        }
        if id.is_none() {
            self.refuse(table, draft, &name);
        }
    }

    fn refuse(&self, table: RelationTable, draft: &mut Draft, name: &str) {
        let (what, field) = words_of(table);
        let kind = if table == RelationTable::Companies {
            HoldKind::Company
        } else {
            HoldKind::Division
        };
        if self.unknown == Unknown::Reject {
            draft.problems.push(
                Problem::error(
                    "invalid_relationship",
                    field,
                    format!("Referenced {what} '{name}' does not exist"),
                )
                .found(json!(name)),
            );
            return;
        }
        let reason = format!("unknown {what} `{name}`");
        draft.holds.push(NewHold {
            kind,
            subject: name.to_owned(),
            reason: reason.clone(),
            details: json!({ "name": name }),
        });
        draft.problems.push(
            Problem::error(
                "invalid_relationship",
                field,
                format!("{reason}: held for an operator"),
            )
            .found(json!(name)),
        );
    }
}

/// The relation and its field, as text.
fn words_of(table: RelationTable) -> (&'static str, &'static str) {
    match table {
        RelationTable::Companies => ("company", "company_id"),
        RelationTable::Divisions => ("division", "division_id"),
    }
}

/// The problem reported for a name that is too long. It shows only the beginning; the document has
/// the rest.
fn too_long(table: RelationTable, name: &str, letters: usize) -> Problem {
    let (what, field) = words_of(table);
    let begins: String = name.chars().take(80).collect();
    let message = format!(
        "`{begins}…` is not the name of a {what}: it has {letters} characters, the maximum is {LONGEST_NAME}"
    );
    Problem::error("invalid_length", field, message)
}
