//! Which ad is which job, where the ids of a source cannot be taken at their word: an id that is
//! given to another job, and a board that gives its jobs new ids. A source declares these guards;
//! without them an id is an id.
//!
//! Pure: it looks at what an ad says now and what its job said before, and decides; the engine
//! asks, the store does it. It never guesses where an id still stands for the same job. To
//! recognise jobs by something further, add it to [`JobMarks`].

pub mod likeness;
pub mod matching;

pub use matching::{
    ArrivedAd, DisplacedJob, IdentityDecision, IdentityFate, JobMove, UnmatchedJob, decide,
};

use crate::canonical::canonical_members;
use crate::span::Share;
use crate::{Canonical, Field, FieldValue, Hash, Job};
use chrono::NaiveDate;
use likeness::{common_words, likeness, shared_phrases};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, Parsed};

/// `identity:` of a source: guards against unreliable ids.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySpec {
    /// When an id with different content belongs to another job.
    recycled: Option<RecycledSpec>,
    /// When ads with new ids are existing jobs.
    renumbered: Option<RenumberedSpec>,
}

/// `recycled:`: how different an ad must be from the job its id belonged to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RecycledSpec {
    /// Titles less similar than this belong to different jobs. If omitted: 40%, and titles,
    /// locations, descriptions and dates are also compared together.
    title: Option<Parsed<Share>>,
    /// Companies (or departments, where there is no company) less similar than this belong to
    /// different jobs (default 50%).
    organisation: Option<Parsed<Share>>,
}

/// `renumbered:`: how jobs are recognised under new ids.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RenumberedSpec {
    /// The fields that must be equal (default `[title, locations, department]`).
    by: Option<Vec<Located<Field>>>,
    /// The minimum ratio of open jobs that must reappear under new ids (default 50%), and at least
    /// five jobs.
    share: Option<Parsed<Share>>,
}

/// The identity guards of a source, compiled.
#[derive(Debug, Clone)]
pub struct IdentityGuards {
    title: Share,
    /// Whether title, locations, description and dates are also compared together.
    weighs_all: bool,
    organisation: Share,
    by: Vec<Field>,
    /// The minimum ratio of open jobs that must reappear under new ids; `None` if renumbering is
    /// not checked.
    pub renumbered: Option<Share>,
    /// The maximum ratio of open jobs that may lose their ids at once; above it an operator
    /// decides.
    pub at_most: Share,
}

impl Canonical for IdentityGuards {
    fn canonical(&self) -> String {
        canonical_members([
            ("title", json!(self.title.to_string())),
            ("weighs_all", json!(self.weighs_all)),
            ("organisation", json!(self.organisation.to_string())),
            ("by", self.by.iter().map(|field| field.name()).collect()),
            (
                "renumbered",
                json!(self.renumbered.map(|ratio| ratio.to_string())),
            ),
            ("at_most", json!(self.at_most.to_string())),
        ])
    }
}

/// What a job is recognised by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobMarks {
    /// Hash of the fields that must be equal; `None` without a title.
    pub key: Option<Hash>,
    /// Hash of the description.
    pub text: Option<Hash>,
    /// What an operator recognises it by.
    pub sketch: JobSketch,
    description: Option<String>,
}

/// What an operator recognises a job by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JobSketch {
    /// Its title.
    pub title: Option<String>,
    /// Its company, or its department if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Its locations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// Open from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_date: Option<NaiveDate>,
    /// Open until.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_date: Option<NaiveDate>,
}

/// Jobs whose overall similarity is below this are different jobs.
const ALIKE: f64 = 0.5;

/// How many respects besides the title must be known of both jobs before they are compared as a
/// whole: one alone proves nothing.
const WEIGHED_FROM: usize = 2;

impl JobSketch {
    /// As text: `Park Ranger` (Porto, from 2026-01-01).
    pub fn words(&self) -> String {
        let dates = [("from", self.open_date), ("to", self.close_date)];
        let dates = dates
            .into_iter()
            .filter_map(|(word, date)| Some(format!("{word} {}", date?)));
        let all: Vec<String> = self
            .organisation
            .iter()
            .chain(&self.locations)
            .cloned()
            .chain(dates)
            .collect();
        let beside = if all.is_empty() {
            String::new()
        } else {
            format!(" ({})", all.join(", "))
        };
        format!(
            "`{}`{beside}",
            self.title.as_deref().unwrap_or("an ad without a title")
        )
    }

    /// The similarity of two jobs in each respect that is known of both.
    fn likenesses(&self, other: &JobSketch) -> Vec<(&'static str, f64)> {
        let titles = self
            .title
            .as_deref()
            .zip(other.title.as_deref())
            .map(|(one, other)| likeness(one, other));
        let are_known = !self.locations.is_empty() && !other.locations.is_empty();
        let places =
            are_known.then(|| common_words(&self.locations.join(" "), &other.locations.join(" ")));
        let same = |(one, other): (NaiveDate, NaiveDate)| if one == other { 1.0 } else { 0.0 };
        let dates = self
            .open_date
            .zip(other.open_date)
            .or(self.close_date.zip(other.close_date))
            .map(same);
        [("title", titles), ("places", places), ("dates", dates)]
            .into_iter()
            .filter_map(|(what, alike)| Some((what, alike?)))
            .collect()
    }
}

impl JobMarks {
    /// Hash of everything that an operator was shown, and of the description: what a decision about
    /// it applies to.
    pub fn hash(&self) -> Hash {
        let text = self.text.map(|text| text.to_string()).unwrap_or_default();
        let JobSketch {
            title,
            organisation,
            locations,
            open_date,
            close_date,
        } = &self.sketch;
        Hash::of(
            format!("{title:?} {organisation:?} {locations:?} {open_date:?} {close_date:?} {text}")
                .as_bytes(),
        )
    }
}

impl IdentitySpec {
    /// Compiles it; problems go to `out`. `at_most` is the ratio of jobs that may be archived at
    /// once.
    pub fn compile(&self, at_most: Share, out: &mut Diagnostics) -> IdentityGuards {
        let recycled = self.recycled.clone().unwrap_or_default();
        IdentityGuards {
            weighs_all: recycled.title.is_none(),
            title: recycled.title.map_or(Share(0.4), |share| share.0),
            organisation: recycled.organisation.map_or(Share(0.5), |share| share.0),
            by: self
                .renumbered
                .as_ref()
                .map_or_else(|| vec![Field::Title], |spec| spec.compile_by(out)),
            renumbered: self
                .renumbered
                .as_ref()
                .map(|spec| spec.share.as_ref().map_or(Share(0.5), |share| share.0)),
            at_most,
        }
    }

    /// The fields that jobs are recognised by, as written.
    pub fn by(&self) -> impl Iterator<Item = &Located<Field>> {
        self.renumbered.iter().flat_map(|spec| &spec.by).flatten()
    }
}

impl RenumberedSpec {
    fn compile_by(&self, out: &mut Diagnostics) -> Vec<Field> {
        let written = self.by.as_deref().unwrap_or_default();
        if let Some(first) = written
            .first()
            .filter(|_| written.iter().all(|field| field.value != Field::Title))
        {
            out.error(&first.place, "bad-identity", "`by` must include the title")
                .help("add `title`, as in `by: [title, locations, department]`");
        }
        if written.is_empty() {
            vec![Field::Title, Field::Locations, Field::Department]
        } else {
            written.iter().map(|field| field.value).collect()
        }
    }
}

impl IdentityGuards {
    /// What a job is recognised by; `company` is the name of its company.
    pub fn marks(&self, job: &Job, company: Option<&str>) -> JobMarks {
        let title = job.get(Field::Title).as_text().map(str::to_owned);
        let values: Vec<String> = self
            .by
            .iter()
            .map(|field| job.get(*field).canonical().to_string())
            .collect();
        JobMarks {
            key: title
                .is_some()
                .then(|| Hash::of(values.join("\n").as_bytes())),
            text: job
                .get(Field::Description)
                .as_text()
                .map(|text| Hash::of(text.as_bytes())),
            description: job
                .get(Field::Description)
                .as_text()
                .filter(|_| self.weighs_all)
                .map(str::to_owned),
            sketch: JobSketch {
                title,
                organisation: company
                    .or(job.get(Field::Department).as_text())
                    .map(str::to_owned),
                locations: if let FieldValue::List(places) = job.get(Field::Locations) {
                    places.clone()
                } else {
                    Vec::new()
                },
                open_date: job.get(Field::OpenDate).as_date(),
                close_date: job.get(Field::CloseDate).as_date(),
            },
        }
    }

    /// Why the two are different jobs, if they are. Jobs with the same description never are.
    pub fn unlike(&self, old: &JobMarks, new: &JobMarks) -> Option<String> {
        if old.text.is_some() && old.text == new.text {
            return None;
        }
        let unlike = |what: &str, old: &Option<String>, new: &Option<String>, least: Share| {
            let alike = likeness(old.as_deref()?, new.as_deref()?);
            (alike < least.0).then(|| format!("{what} {:.0}% alike", alike * 100.0))
        };
        let (was, is) = (&old.sketch, &new.sketch);
        unlike("title", &was.title, &is.title, self.title)
            .or_else(|| {
                unlike(
                    "organisation",
                    &was.organisation,
                    &is.organisation,
                    self.organisation,
                )
            })
            .or_else(|| self.unlike_in_all(old, new))
    }

    /// Why the two are different jobs although their titles are similar, as those of one template
    /// are: little else matches. A matching organisation says nothing on the board of a single
    /// employer.
    fn unlike_in_all(&self, old: &JobMarks, new: &JobMarks) -> Option<String> {
        let mut all = old.sketch.likenesses(&new.sketch);
        let texts = old.description.as_deref().zip(new.description.as_deref());
        all.extend(texts.map(|(old, new)| ("description", shared_phrases(old, new))));
        let has_title = all.first().is_some_and(|(what, _)| *what == "title");
        if !self.weighs_all || !has_title || all.len() <= WEIGHED_FROM {
            return None;
        }
        #[allow(clippy::cast_precision_loss, reason = "four at most")]
        let mean = all.iter().map(|(_, alike)| alike).sum::<f64>() / all.len() as f64;
        let words = || {
            all.iter()
                .map(|(what, alike)| format!("{what} {:.0}%", alike * 100.0))
                .collect::<Vec<_>>()
                .join(", ")
        };
        (mean < ALIKE).then(|| format!("{:.0}% alike: {}", mean * 100.0, words()))
    }

    /// Whether a board that has reused most of its ids has also reused the remaining ids with
    /// changed content.
    pub fn follows_the_many(&self) -> bool {
        self.weighs_all
    }

    /// A short description of what they guard against.
    pub fn explain(&self) -> String {
        let names: Vec<&str> = self.by.iter().map(|field| field.name()).collect();
        match self.renumbered {
            None => "guards against recycled ids".to_owned(),
            Some(_) => format!(
                "guards against recycled and new ids, by {}",
                names.join(", ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(title: &str, department: &str, text: &str) -> JobMarks {
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text(title));
        job.set(Field::Department, FieldValue::text(department));
        job.set(Field::Description, FieldValue::text(text));
        guards().marks(&job, None)
    }

    fn guards() -> IdentityGuards {
        let spec = IdentitySpec {
            renumbered: Some(RenumberedSpec::default()),
            ..IdentitySpec::default()
        };
        spec.compile(Share(0.2), &mut Diagnostics::new())
    }

    #[test]
    fn another_title_or_organisation_is_another_job_unless_it_is_described_in_the_same_words() {
        let old = marks("Registered Nurse", "NSW Health", "Cares.");
        let unlike = |title: &str, department: &str, text: &str| {
            guards().unlike(&old, &marks(title, department, text))
        };
        assert_eq!(
            unlike("Registered Nurse (Night)", "NSW Health", "Cares at night."),
            None
        );
        assert_eq!(
            unlike("Park Ranger", "NSW Health", "Walks."),
            Some("title 9% alike".to_owned())
        );
        assert!(
            unlike("Registered Nurse", "Parks", "Walks.")
                .is_some_and(|why| why.starts_with("organisation"))
        );
        assert_eq!(unlike("Park Ranger", "Parks", "Cares."), None);
        assert_eq!(unlike("", "NSW Health", "Walks."), None);
    }

    /// Jobs made from one template.
    fn templated(title: &str, place: &str, opens: &str, text: &str) -> JobMarks {
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text(title));
        let places: Vec<String> = place
            .split('|')
            .filter(|place| !place.is_empty())
            .map(str::to_owned)
            .collect();
        job.set(
            Field::Locations,
            if places.is_empty() {
                FieldValue::Absent
            } else {
                FieldValue::List(places)
            },
        );
        job.set(
            Field::OpenDate,
            opens.parse().map_or(FieldValue::Absent, FieldValue::Date),
        );
        job.set(Field::Description, FieldValue::text(text));
        guards().marks(&job, Some("One Agency"))
    }

    #[test]
    fn titles_of_one_template_do_not_hide_that_everything_else_is_another_job() {
        const TEXT: &str = "We recruit for a client. You answer customers by telephone and mail, in shifts, in a team of ten, with paid training.";
        const OTHER: &str = "As an artist you draw banners for our campaigns. A portfolio is asked for. The studio is open from nine to five.";
        let old = templated("Customer Support with Danish", "Lisbon", "2026-02-14", TEXT);
        let table = [
            // (title, place, open from, description, whether it is another job)
            (
                "Customer Support with Greek",
                "Athens",
                "2026-03-10",
                OTHER,
                true,
            ),
            (
                "Customer Support with Danish",
                "Athens",
                "2026-03-10",
                OTHER,
                true,
            ),
            (
                "Customer Support with Greek",
                "Lisbon",
                "2026-03-10",
                OTHER,
                true,
            ),
            (
                "Customer Support with Danish - Remote",
                "Athens|Lisbon",
                "2026-02-14",
                TEXT,
                false,
            ),
            (
                "Customer Support with Greek",
                "Lisbon",
                "2026-02-14",
                OTHER,
                false,
            ),
            (
                "Customer Support with Danish",
                "Lisbon",
                "2026-03-10",
                OTHER,
                false,
            ),
            // Where only one thing more is known, it proves nothing.
            ("Customer Support with Greek", "", "2026-03-10", "", false),
        ];
        for (title, place, opens, text, is_other) in table {
            let unlike = guards().unlike(&old, &templated(title, place, opens, text));
            assert_eq!(
                unlike.is_some(),
                is_other,
                "{title}, {place}, {opens}: {unlike:?}"
            );
        }
        // A share that is written decides alone.
        let strict = IdentityGuards {
            weighs_all: false,
            ..guards()
        };
        assert_eq!(
            strict.unlike(
                &old,
                &templated("Customer Support with Greek", "Athens", "2026-03-10", OTHER)
            ),
            None
        );
    }

    #[test]
    fn a_job_is_recognised_by_equal_fields_and_never_without_a_title() {
        assert_eq!(
            marks("Nurse", "Health", "a").key,
            marks(" Nurse ", "Health", "b").key
        );
        assert_ne!(
            marks("Nurse", "Health", "a").key,
            marks("Nurse", "Parks", "a").key
        );
        assert_eq!(marks("", "Health", "a").key, None);
    }
}
