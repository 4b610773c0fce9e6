//! What is looked at in each ad: which fields have a value, and what speaks against it. An ad's
//! marks are a few bytes beside its state, kept when it is derived; a run then counts a whole
//! source, unchanged ads included, in one query.
//!
//! The bits stand in the order of names, which follows from the parts of the segment's fingerprint:
//! marks of one fingerprint mean the same.

use super::{Measure, MeasureKind};
use crate::{FieldValue, Job, Problem, ProblemSeverity};

/// A rule as it is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GaugedRule {
    /// `SET/ID`.
    pub name: String,
    /// Its id, as problems name it.
    pub id: String,
    /// Its version, as problems name it.
    pub version: String,
    /// Whether it only warns.
    pub warns: bool,
}

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct QualityGauge {
    fields: Vec<String>,
    rules: Vec<GaugedRule>,
}

/// What was found in one ad: a bit for each field; and one for each field and rule that speaks
/// against it, then one for each field whose value was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AdMarks {
    /// Fields with a value.
    pub filled: Vec<u8>,
    /// What speaks against it.
    pub failed: Vec<u8>,
}

impl QualityGauge {
    /// A gauge for these fields and rules, in whatever order.
    pub fn new(mut fields: Vec<String>, mut rules: Vec<GaugedRule>) -> QualityGauge {
        fields.sort();
        fields.dedup();
        rules.sort();
        QualityGauge { fields, rules }
    }

    /// The fields that are mapped, in the order of names.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The bit of `failed` that says that the value of a field was left out.
    pub fn unread_bit(&self, field: &str) -> Option<i32> {
        let at = self.fields.iter().position(|name| name == field)?;
        i32::try_from(self.fields.len() + self.rules.len() + at).ok()
    }

    /// The rules that only warn, each with the bit of `failed` that says that it warns.
    pub fn warn_bits(&self) -> impl Iterator<Item = (i32, &GaugedRule)> {
        let rules = self.rules.iter().enumerate().filter(|(_, rule)| rule.warns);
        rules.filter_map(|(at, rule)| Some((i32::try_from(self.fields.len() + at).ok()?, rule)))
    }

    /// The marks of an ad that has been judged.
    pub fn marks(&self, job: &Job, problems: &[Problem]) -> AdMarks {
        let is_filled = |name: &String| match name.as_str() {
            "company_id" => job.company_id.is_some(),
            "division_id" => job.division_id.is_some(),
            name => !matches!(
                job.named(name).unwrap_or(&FieldValue::Absent),
                FieldValue::Absent | FieldValue::Invalid(_)
            ),
        };
        let says = |name: &String, severity: ProblemSeverity| {
            problems.iter().any(|problem| {
                problem.rule.is_none()
                    && problem.severity == severity
                    && problem.field.as_ref() == Some(name)
            })
        };
        let (blames, leaves_out) = (
            |name: &String| says(name, ProblemSeverity::Error),
            |name: &String| says(name, ProblemSeverity::Warn),
        );
        let speaks = |rule: &GaugedRule| {
            problems.iter().any(|problem| {
                problem.rule.as_ref() == Some(&rule.id)
                    && problem.version.as_ref() == Some(&rule.version)
            })
        };
        AdMarks {
            filled: bits(self.fields.iter().map(is_filled)),
            failed: if problems.is_empty() {
                Vec::new()
            } else {
                bits(
                    self.fields
                        .iter()
                        .map(blames)
                        .chain(self.rules.iter().map(speaks))
                        .chain(self.fields.iter().map(leaves_out)),
                )
            },
        }
    }

    /// Counts marks: each with the number of ads that have it.
    pub fn measures<'m>(&self, marks: impl Iterator<Item = (&'m AdMarks, i64)>) -> Vec<Measure> {
        let mut filled = vec![0; self.fields.len()];
        let mut failed = vec![0; 2 * self.fields.len() + self.rules.len()];
        let mut whole = 0;
        for (marks, ads) in marks {
            whole += ads;
            filled
                .iter_mut()
                .enumerate()
                .filter(|(bit, _)| is_set(&marks.filled, *bit))
                .for_each(|(_, count)| *count += ads);
            failed
                .iter_mut()
                .enumerate()
                .filter(|(bit, _)| is_set(&marks.failed, *bit))
                .for_each(|(_, count)| *count += ads);
        }
        let of = |kind: MeasureKind, subject: &str, part: i64| Measure {
            kind,
            subject: subject.to_owned(),
            part,
            whole,
        };
        let fields = self
            .fields
            .iter()
            .zip(&filled)
            .map(|(field, part)| of(MeasureKind::Filled, field, *part));
        let sparse = |kind: MeasureKind, counts: &[i64]| {
            let found = self
                .fields
                .iter()
                .zip(counts)
                .filter(|(_, part)| **part > 0);
            found
                .map(|(field, part)| of(kind, field, *part))
                .collect::<Vec<_>>()
        };
        let refused = sparse(MeasureKind::Refused, &failed);
        let unread = sparse(
            MeasureKind::Unread,
            &failed[self.fields.len() + self.rules.len()..],
        );
        let rules = self.rules.iter().zip(failed.iter().skip(self.fields.len()));
        let rules = rules.map(|(rule, part)| {
            of(
                if rule.warns {
                    MeasureKind::Warns
                } else {
                    MeasureKind::Fails
                },
                &rule.name,
                *part,
            )
        });
        fields.chain(refused).chain(unread).chain(rules).collect()
    }
}

fn bits(truths: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (bit, truth) in truths.enumerate() {
        if bit % 8 == 0 {
            bytes.push(0);
        }
        if let (true, Some(byte)) = (truth, bytes.last_mut()) {
            *byte |= 1 << (bit % 8);
        }
    }
    bytes
}

fn is_set(bytes: &[u8], bit: usize) -> bool {
    bytes
        .get(bit / 8)
        .is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    #[test]
    fn an_ad_is_counted_by_its_marks() {
        let rule = |id: &str, warns: bool| GaugedRule {
            name: format!("set/{id}"),
            id: id.into(),
            version: "1".into(),
            warns,
        };
        let names = (0..9)
            .map(|n| format!("extra_{n}"))
            .chain(["title".to_owned(), "company_id".to_owned()]);
        let gauge = QualityGauge::new(names.collect(), vec![rule("b", true), rule("a", false)]);
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text("Nurse"));
        job.extra.push(("extra_3".into(), FieldValue::Bool(true)));
        let by_rule = Problem {
            rule: Some("b".into()),
            version: Some("1".into()),
            ..Problem::error("x", "title", "no".into())
        };
        job.company_id = Some(uuid::Uuid::nil());
        let marks = gauge.marks(
            &job,
            &[
                by_rule.as_warning(),
                Problem::error("missing_field", "extra_0", "no".into()),
                Problem::error("invalid_date", "extra_1", "no".into()).as_warning(),
            ],
        );
        let plain = gauge.marks(&Job::default(), &[]);
        let measures = gauge.measures([(&marks, 3), (&plain, 1)].into_iter());
        let of = |kind: MeasureKind, subject: &str| {
            measures
                .iter()
                .find(|one| one.kind == kind && one.subject == subject)
                .map(|one| (one.part, one.whole))
        };
        assert_eq!(
            [
                of(MeasureKind::Filled, "title"),
                of(MeasureKind::Filled, "extra_3"),
                of(MeasureKind::Filled, "company_id")
            ],
            [Some((3, 4)); 3]
        );
        assert_eq!(
            [
                of(MeasureKind::Filled, "extra_4"),
                of(MeasureKind::Fails, "set/a")
            ],
            [Some((0, 4)); 2]
        );
        assert_eq!(
            [
                of(MeasureKind::Warns, "set/b"),
                of(MeasureKind::Refused, "extra_0")
            ],
            [Some((3, 4)); 2]
        );
        assert_eq!(
            [
                of(MeasureKind::Refused, "title"),
                of(MeasureKind::Fails, "set/b"),
                of(MeasureKind::Unread, "extra_0")
            ],
            [None; 3]
        );
        assert_eq!(of(MeasureKind::Unread, "extra_1"), Some((3, 4)));
    }
}
