//! Rule sets after their compilation, and what their rules may refer to.
//!
//! Nothing here reads YAML or judges an ad.

use super::tried::{TestPoint, TriedTest};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_rule::types::TypeSet;
use weir_rule::{CompiledRule, NamedList, ScriptBindings};
use weir_yaml::diagnostic::Place;

/// A rule set, compiled.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Its name: the file's.
    pub name: String,
    /// Its rules, in order.
    pub rules: Vec<Arc<CompiledRule>>,
    /// Names of all its rules, broken ones included.
    pub ids: Vec<String>,
    /// The usual values of its parameters, and the lists of the project.
    pub bindings: ScriptBindings,
    /// The names of the lists that it reads.
    pub lists: BTreeSet<String>,
    /// Whether its file was read without errors, so that there are no other names.
    pub is_whole: bool,
    /// Its tests, tried.
    pub tried: Vec<TriedTest>,
    /// What tests of its rules should touch.
    pub points: Vec<(TestPoint, Place)>,
}

/// What rules may refer to besides the built-in names: custom fields declared by some source,
/// lists, sources and institutions.
pub struct RuleExtras {
    /// Their names and types.
    pub kinds: BTreeMap<String, TypeSet>,
    /// Whether all institutions were readable, so that there are no others.
    pub is_whole: bool,
    /// Lists by name, with their files; those that could not be read without their names.
    pub lists: BTreeMap<String, (String, Option<Arc<NamedList>>)>,
    /// The names of all sources and institutions, by the variable that contains them.
    pub names: BTreeMap<&'static str, BTreeSet<String>>,
}

impl RuleExtras {
    /// The lists that could be read.
    pub(super) fn given_lists(&self) -> BTreeMap<String, Arc<NamedList>> {
        self.lists
            .iter()
            .filter_map(|(name, (_, list))| Some((name.clone(), Arc::clone(list.as_ref()?))))
            .collect()
    }
}
