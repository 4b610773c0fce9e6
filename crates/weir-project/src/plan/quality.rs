//! What is looked at in each ad of a source: the fields that its mapping and its requirements name,
//! and its rules.

use crate::config::{InstitutionSpec, SourceSpec};
use weir_model::quality::{GaugedRule, QualityGauge};
use weir_model::{Field, problem::ProblemSeverity};
use weir_stage::extract::JobSpec;
use weir_stage::validate::ValidateStage;

/// The gauge of a source.
pub(super) fn gauge(
    spec: &InstitutionSpec,
    source: &SourceSpec,
    validate: &ValidateStage,
) -> QualityGauge {
    let mapped = source.job.get().map(JobSpec::mapped).unwrap_or_default();
    let required = validate
        .require
        .iter()
        .map(|mandatory| mandatory.field.as_str());
    let relations = [
        (
            "company_id",
            source.company.is_some() || spec.company.is_some(),
        ),
        (
            "division_id",
            source.division.is_some() || spec.division.is_some(),
        ),
    ];
    let relations = relations
        .into_iter()
        .filter(|(_, is_declared)| *is_declared)
        .map(|(name, _)| name);
    let fields = mapped
        .into_iter()
        .chain(required)
        .chain(relations)
        .chain([Field::Title.name()]);
    let rules = validate.rules.iter().map(|(set, rule)| GaugedRule {
        name: format!("{set}/{}", rule.id),
        id: rule.id.clone(),
        version: rule.version.clone(),
        warns: rule.severity == ProblemSeverity::Warn,
    });
    QualityGauge::new(fields.map(str::to_owned).collect(), rules.collect())
}
