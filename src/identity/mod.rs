//! Which ad is which job, where the ids of a source cannot be taken at their word: an id that is given to another job, and a board that gives its
//! jobs new ids. A source declares these guards; without them an id is an id.
//!
//! Pure: it looks at what an ad says now and what its job said before, and decides; the engine asks, the store does it. It never guesses where an
//! id still stands for the same job. To recognise jobs by something further, add it to [`Marks`].

pub mod likeness;
pub mod matching;

pub use matching::{Adrift, Arrival, Decision, Displaced, Move, decide};

use crate::diagnostic::Diagnostics;
use crate::model::{Field, Hash, Job};
use crate::span::Share;
use crate::yaml::{Located, Parsed};
use likeness::likeness;
use schemars::JsonSchema;
use serde::Deserialize;

/// `identity:` of a source: what guards against ids that lie.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySpec {
    /// When an id that comes with other content stands for another job.
    recycled: Option<RecycledSpec>,
    /// When ads with new ids are jobs that are known.
    renumbered: Option<RenumberedSpec>,
}

/// `recycled:`: how unlike an ad must be to what its id stood for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RecycledSpec {
    /// Titles less alike than this are of different jobs (40%).
    title: Option<Parsed<Share>>,
    /// Companies, or departments where there is no company, less alike than this are of different jobs (50%).
    organisation: Option<Parsed<Share>>,
}

/// `renumbered:`: what jobs are recognised by under new ids.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RenumberedSpec {
    /// The fields that must be equal (`[title, locations, department]`).
    by: Option<Vec<Located<Field>>>,
    /// The least share of the open jobs that must be found again under new ids (50%); five at least.
    share: Option<Parsed<Share>>,
}

/// The guards of a source, compiled.
#[derive(Debug, Clone)]
pub struct Guards {
    title: Share,
    organisation: Share,
    by: Vec<Field>,
    /// The least share of the open jobs that must be found again under new ids, if they are looked for.
    pub renumbered: Option<Share>,
    /// The share of the open jobs that may lose their ids at once; beyond it a person decides.
    pub at_most: Share,
}

/// What a job is recognised by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Hash of the fields that must be equal; nothing without a title.
    pub key: Option<Hash>,
    /// Hash of the description.
    pub text: Option<Hash>,
    title: Option<String>,
    organisation: Option<String>,
}

impl IdentitySpec {
    /// Compiles it; problems go to `out`. `at_most` is the share of jobs that may be archived at once.
    pub fn compile(&self, at_most: Share, out: &mut Diagnostics) -> Guards {
        let recycled = self.recycled.clone().unwrap_or_default();
        Guards {
            title: recycled.title.map_or(Share(0.4), |share| share.0),
            organisation: recycled.organisation.map_or(Share(0.5), |share| share.0),
            by: self.renumbered.as_ref().map_or_else(|| vec![Field::Title], |spec| spec.compile_by(out)),
            renumbered: self.renumbered.as_ref().map(|spec| spec.share.as_ref().map_or(Share(0.5), |share| share.0)),
            at_most,
        }
    }

    /// The fields that jobs are recognised by, as far as they are written.
    pub fn by(&self) -> impl Iterator<Item = &Located<Field>> {
        self.renumbered.iter().flat_map(|spec| &spec.by).flatten()
    }
}

impl RenumberedSpec {
    fn compile_by(&self, out: &mut Diagnostics) -> Vec<Field> {
        let written = self.by.as_deref().unwrap_or_default();
        if let Some(first) = written.first().filter(|_| written.iter().all(|field| field.value != Field::Title)) {
            out.error(&first.place, "bad-identity", "jobs are recognised by their title at least")
                .help("add `title`, as in `by: [title, locations, department]`");
        }
        if written.is_empty() { vec![Field::Title, Field::Locations, Field::Department] } else { written.iter().map(|field| field.value).collect() }
    }
}

impl Guards {
    /// What a job is recognised by; `company` is its company's name.
    pub fn marks(&self, job: &Job, company: Option<&str>) -> Marks {
        let title = job.get(Field::Title).as_text().map(str::to_owned);
        let values: Vec<String> = self.by.iter().map(|field| job.get(*field).canonical().to_string()).collect();
        Marks {
            key: title.is_some().then(|| Hash::of(values.join("\n").as_bytes())),
            text: job.get(Field::Description).as_text().map(|text| Hash::of(text.as_bytes())),
            title,
            organisation: company.or(job.get(Field::Department).as_text()).map(str::to_owned),
        }
    }

    /// Why the two are different jobs, if they are: never if they are described in the same words.
    pub fn unlike(&self, old: &Marks, new: &Marks) -> Option<String> {
        if old.text.is_some() && old.text == new.text {
            return None;
        }
        let unlike = |what: &str, old: &Option<String>, new: &Option<String>, least: Share| {
            let alike = likeness(old.as_deref()?, new.as_deref()?);
            (alike < least.0).then(|| format!("{what} {:.0}% alike", alike * 100.0))
        };
        unlike("title", &old.title, &new.title, self.title)
            .or_else(|| unlike("organisation", &old.organisation, &new.organisation, self.organisation))
    }

    /// What they guard against, in a few words.
    pub fn explain(&self) -> String {
        let names: Vec<&str> = self.by.iter().map(|field| field.name()).collect();
        match self.renumbered {
            None => "guards against recycled ids".to_owned(),
            Some(_) => format!("guards against recycled and new ids, by {}", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn marks(title: &str, department: &str, text: &str) -> Marks {
        let mut job = Job::default();
        job.set(Field::Title, Value::text(title));
        job.set(Field::Department, Value::text(department));
        job.set(Field::Description, Value::text(text));
        guards().marks(&job, None)
    }

    fn guards() -> Guards {
        let spec = IdentitySpec { renumbered: Some(RenumberedSpec::default()), ..IdentitySpec::default() };
        spec.compile(Share(0.2), &mut Diagnostics::new())
    }

    #[test]
    fn another_title_or_organisation_is_another_job_unless_it_is_described_in_the_same_words() {
        let old = marks("Registered Nurse", "NSW Health", "Cares.");
        let unlike = |title: &str, department: &str, text: &str| guards().unlike(&old, &marks(title, department, text));
        assert_eq!(unlike("Registered Nurse (Night)", "NSW Health", "Cares at night."), None);
        assert_eq!(unlike("Park Ranger", "NSW Health", "Walks."), Some("title 9% alike".to_owned()));
        assert!(unlike("Registered Nurse", "Parks", "Walks.").is_some_and(|why| why.starts_with("organisation")));
        assert_eq!(unlike("Park Ranger", "Parks", "Cares."), None);
        assert_eq!(unlike("", "NSW Health", "Walks."), None);
    }

    #[test]
    fn a_job_is_recognised_by_equal_fields_and_never_without_a_title() {
        assert_eq!(marks("Nurse", "Health", "a").key, marks(" Nurse ", "Health", "b").key);
        assert_ne!(marks("Nurse", "Health", "a").key, marks("Nurse", "Parks", "a").key);
        assert_eq!(marks("", "Health", "a").key, None);
    }
}
