//! `roles:` and `capabilities:` as authors write them, and how they are compiled.

use super::capability::CapabilityFinder;
use super::framework_set::{FrameworkSet, FrameworkUse, KnownFramework};
use super::role::{RoleDecider, TitleDecider};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use weir_framework::framework::FrameworkKind;
use weir_framework::role::RoleThresholds;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, OneOrMany};

/// Which role an ad is for, in one framework.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RolesSpec {
    /// The framework of roles, in `frameworks/`.
    pub framework: Located<String>,
    /// Its version; the newest if omitted.
    #[serde(default)]
    pub version: Option<Located<String>>,
    /// Looks a classification such as a grade up; what is only similar is proposed, never decided.
    #[serde(default)]
    pub direct: Option<DirectSpec>,
    /// Finds the role of a free title; with `direct`, where that decides nothing.
    #[serde(default)]
    pub standardise: Option<StandardiseSpec>,
}

/// Roles by classification.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectSpec {
    /// The field with the classification: `department`, or a custom field such as `grade`.
    pub from: Located<String>,
}

/// Roles by title.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandardiseSpec {
    /// The field with the title (default `title`).
    #[serde(default)]
    pub from: Option<Located<String>>,
    /// The confidence from which on a role is decided (default 0.9).
    #[serde(default)]
    pub accept: Option<Located<f32>>,
    /// The confidence from which on a role that is not decided is worth a look (default 0.6).
    #[serde(default)]
    pub review: Option<Located<f32>>,
}

/// Which capabilities an ad asks for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilitiesSpec {
    /// The frameworks of capabilities, in `frameworks/`.
    pub framework: OneOrMany<Located<String>>,
    /// The fields that are searched (default `[description]`).
    #[serde(default)]
    pub from: OneOrMany<Located<String>>,
    /// Whether capabilities that the role brings count, too.
    #[serde(default)]
    pub by_role: bool,
}

/// The field that is read unless `from` names another.
const TITLE: &str = "title";
const DESCRIPTION: &str = "description";

impl RolesSpec {
    /// The fields that it reads, where they are written.
    pub fn fields(&self) -> impl Iterator<Item = &Located<String>> {
        let direct = self.direct.iter().map(|direct| &direct.from);
        let title = self.standardise.iter();
        direct.chain(title.filter_map(|title| title.from.as_ref()))
    }

    pub(super) fn compile(
        &self,
        known: &FrameworkSet,
        out: &mut Diagnostics,
    ) -> Option<RoleDecider> {
        let version = self.version.as_ref();
        let framework = find(&self.framework, version, FrameworkKind::Roles, known, out);
        if self.direct.is_none() && self.standardise.is_none() {
            out.error(
                &self.framework.place,
                "no-decision",
                "`roles` does not say how roles are found",
            )
            .help("add `direct: { from: grade }` for classifications, or `standardise: { from: title }` for titles");
            return None;
        }
        let thresholds = match &self.standardise {
            Some(title) => Some(title.thresholds(out)?),
            None => None,
        };
        let standardise = self.standardise.as_ref().zip(thresholds);
        let standardise = standardise.map(|(title, thresholds)| {
            let from = title.from.as_ref().map_or(TITLE, |from| from.as_str());
            TitleDecider::new(from.to_owned(), thresholds)
        });
        Some(RoleDecider {
            known: framework?,
            direct: self.direct.as_ref().map(|direct| direct.from.value.clone()),
            standardise,
        })
    }
}

impl StandardiseSpec {
    fn thresholds(&self, out: &mut Diagnostics) -> Option<RoleThresholds> {
        let usual = RoleThresholds::default();
        let mut good = true;
        for (name, ratio) in [("accept", &self.accept), ("review", &self.review)] {
            let Some(ratio) = ratio else { continue };
            if !(0.0..=1.0).contains(&ratio.value) {
                let message = format!("`{name}` is {}, not between 0 and 1", ratio.value);
                out.error(&ratio.place, "bad-threshold", message)
                    .help("write a confidence such as `0.9`");
                good = false;
            }
        }
        let value =
            |ratio: &Option<Located<f32>>, usual| ratio.as_ref().map_or(usual, |own| own.value);
        let accept = value(&self.accept, usual.accept);
        let review = value(&self.review, usual.review.min(accept));
        if let Some(written) = self.review.as_ref().filter(|_| good && review > accept) {
            let message = format!("`review` is {review}, above `accept`, which is {accept}");
            out.error(&written.place, "bad-threshold", message)
                .help("`review` is the lower of the two");
            good = false;
        }
        good.then_some(RoleThresholds { accept, review })
    }
}

impl CapabilitiesSpec {
    /// The fields that it reads, where they are written.
    pub fn fields(&self) -> impl Iterator<Item = &Located<String>> {
        self.from.iter()
    }

    pub(super) fn compile(
        &self,
        known: &FrameworkSet,
        out: &mut Diagnostics,
    ) -> Option<CapabilityFinder> {
        let kind = FrameworkKind::Capabilities;
        let frameworks: Vec<Option<Arc<KnownFramework>>> = self
            .framework
            .iter()
            .map(|name| find(name, None, kind, known, out))
            .collect();
        let frameworks = frameworks.into_iter().collect::<Option<Vec<_>>>()?;
        let first = self.framework.first()?;
        let index = known
            .capability_index(&frameworks)
            .map_err(|why| {
                let message = format!("the phrases cannot be searched for: {why}");
                out.error(&first.place, "bad-framework", message)
                    .help("remove phrases from the framework");
            })
            .ok()?;
        let mut from: Vec<String> = self.from.iter().map(|name| name.value.clone()).collect();
        if from.is_empty() {
            from.push(DESCRIPTION.to_owned());
        }
        Some(CapabilityFinder {
            index,
            known: frameworks,
            from,
            by_role: self.by_role,
        })
    }
}

/// A framework decides once about an ad.
pub(super) fn check_repeated(roles: &[RolesSpec], out: &mut Diagnostics) {
    for (at, spec) in roles.iter().enumerate() {
        let name = &spec.framework;
        if let Some(first) = roles[..at].iter().find(|first| first.framework == *name) {
            let message = format!("`roles` asks the framework `{name}` twice");
            out.error(&name.place, "duplicate-framework", message)
                .related(&first.framework.place, "first asked here")
                .help("write `direct` and `standardise` under one of them: titles count where classifications decide nothing");
        }
    }
}

impl CapabilitiesSpec {
    /// What roles bring must be in the frameworks that are searched.
    pub(super) fn check_by_role(
        &self,
        finder: &CapabilityFinder,
        roles: &[RoleDecider],
        out: &mut Diagnostics,
    ) {
        let Some(place) = self.framework.first().map(|name| &name.place) else {
            return;
        };
        let mut brings = false;
        for framework in roles.iter().map(|role| &role.known.framework) {
            for entry in &framework.entries {
                for one in &entry.capabilities {
                    brings = true;
                    if self.by_role && !finder.has(one) {
                        let level = one.level.iter().map(|level| format!(" at level `{level}`"));
                        let level: String = level.collect();
                        let message = format!(
                            "the role `{}` of `{}` brings the capability `{}`{level}, which none of these frameworks has",
                            entry.id, framework.name, one.capability
                        );
                        out.error(place, "unknown-capability", message).help(
                            "correct the id in the framework of roles, or add the framework that has it",
                        );
                    }
                }
            }
        }
        if self.by_role && !brings {
            out.warning(
                place,
                "never-filled",
                "`by_role` adds nothing: no role brings a capability",
            )
            .help("add `capabilities` to the entries of a framework of roles, or remove `by_role`");
        }
    }
}

/// The framework that is meant; `None` after reporting why there is none.
fn find(
    name: &Located<String>,
    version: Option<&Located<String>>,
    kind: FrameworkKind,
    known: &FrameworkSet,
    out: &mut Diagnostics,
) -> Option<Arc<KnownFramework>> {
    let found = match known.find(name, version.map(|version| version.as_str())) {
        FrameworkUse::Known(found) => found,
        FrameworkUse::Broken => return None,
        FrameworkUse::Unknown => {
            unknown(name, version, known, out);
            return None;
        }
    };
    if found.framework.kind == kind {
        return Some(Arc::clone(found));
    }
    let (is, key) = match found.framework.kind {
        FrameworkKind::Roles => ("roles", "roles"),
        FrameworkKind::Capabilities => ("capabilities", "capabilities"),
    };
    wrong_kind(&name.place, name, is, key, out);
    None
}

fn wrong_kind(place: &Place, name: &str, is: &str, key: &str, out: &mut Diagnostics) {
    let message = format!("`{name}` is a framework of {is}");
    out.error(place, "wrong-framework", message)
        .help(format!("use it under `{key}:`"));
}

fn unknown(
    name: &Located<String>,
    version: Option<&Located<String>>,
    known: &FrameworkSet,
    out: &mut Diagnostics,
) {
    let versions: Vec<&str> = known.versions(name).collect();
    if let Some(version) = version.filter(|_| !versions.is_empty()) {
        let message = format!("the framework `{name}` has no version `{version}`");
        out.error(&version.place, "unknown-framework", message)
            .help(format!("versions in `frameworks/`: {}", one_of(versions)));
        return;
    }
    let message = format!("unknown framework `{name}`");
    let told = out.error(&name.place, "unknown-framework", message);
    let names = known.iter().map(|one| one.framework.name.as_str());
    match did_you_mean(name, names) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!(
            "a framework is a file such as `frameworks/{name}.yaml` that begins with `framework: {name}`"
        )),
    };
}
