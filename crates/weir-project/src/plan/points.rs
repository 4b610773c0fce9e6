//! What tests should cover: every rule both passing and failing, both branches of every `when`,
//! every mapped field, every error type that mandatory fields and relations can report. To add a
//! type of point: a variant of [`TestPoint`], and how to find it here.

use super::Plan;
use super::rule_set::RuleSet;
use super::tried::TestPoint;
use crate::config::{Connector, InstitutionSpec, ParsedFile, SourceSpec};
use std::collections::{BTreeMap, BTreeSet};
use weir_stage::Stage;
use weir_stage::extract::JobSpec;
use weir_stage::schema::MandatoryField;
use weir_yaml::diagnostic::Place;

/// All points of a project, with places.
pub fn all<'p>(
    connectors: impl Iterator<Item = &'p Connector>,
    institutions: &[ParsedFile<InstitutionSpec>],
    sets: impl Iterator<Item = &'p RuleSet>,
    plans: impl Iterator<Item = &'p Plan>,
) -> BTreeMap<TestPoint, Place> {
    let mut points: BTreeMap<TestPoint, Place> =
        sets.flat_map(|set| set.points.iter().cloned()).collect();
    for connector in connectors {
        points.extend(
            connector
                .example
                .iter()
                .flat_map(|source| fields(&connector.name, source)),
        );
    }
    for spec in institutions.iter().filter_map(|file| file.spec.as_ref()) {
        points.extend(of_sources(spec));
    }
    for plan in plans {
        let slug = spec_of(institutions, &plan.institution.slug);
        points.extend(error_types(plan).into_iter().filter_map(|kind| {
            Some((
                TestPoint::ErrorType(plan.institution.slug.clone(), kind.to_owned()),
                slug?.institution.get()?.place.clone(),
            ))
        }));
    }
    points
}

fn spec_of<'p>(
    institutions: &'p [ParsedFile<InstitutionSpec>],
    slug: &str,
) -> Option<&'p InstitutionSpec> {
    institutions
        .iter()
        .filter_map(|file| file.spec.as_ref())
        .find(|spec| {
            spec.institution
                .get()
                .is_some_and(|name| name.value == slug)
        })
}

/// The fields that an institution maps itself; those of a connector are the connector's.
fn of_sources(spec: &InstitutionSpec) -> Vec<(TestPoint, Place)> {
    let Some((slug, sources)) = spec.institution.get().zip(spec.sources.get()) else {
        return Vec::new();
    };
    let of = sources
        .iter()
        .flat_map(|(name, source)| fields(&format!("{slug}/{name}"), source));
    of.filter(|(_, place)| place.file == slug.place.file)
        .collect()
}

fn fields(of: &str, source: &SourceSpec) -> Vec<(TestPoint, Place)> {
    let places = source.job.get().into_iter().flat_map(JobSpec::places);
    places
        .map(|(field, place)| {
            (
                TestPoint::Field(of.to_owned(), field.to_owned()),
                place.clone(),
            )
        })
        .collect()
}

/// The error types that mandatory fields and relations of an institution can report.
pub fn error_types(plan: &Plan) -> BTreeSet<&'static str> {
    let stages = plan.flows.iter().flat_map(|flow| &flow.stages);
    stages
        .flat_map(|(_, stage)| match stage {
            Stage::Validate(validate) => validate
                .require
                .iter()
                .flat_map(MandatoryField::error_types)
                .collect(),
            Stage::Resolve(resolve) if resolve.can_refuse() => {
                BTreeSet::from(["invalid_relationship"])
            }
            _ => BTreeSet::new(),
        })
        .collect()
}
