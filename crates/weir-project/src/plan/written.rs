//! Finds the YAML lines behind a stage, for people who want to change it. Pure; it reads the texts
//! that were checked.

use super::Plan;
use crate::config::connector::OF_WEIR;
use std::collections::BTreeMap;
use weir_stage::StageKind;
use weir_yaml::diagnostic::{Diagnostics, FileTexts};
use weir_yaml::yaml::{self, Node};

/// A few lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct YamlExcerpt {
    /// The file.
    pub file: String,
    /// The first line, from 1.
    pub line: usize,
    /// The lines.
    pub lines: Vec<String>,
}

/// Keys of a source that configure each type of stage.
fn of_source(kind: StageKind) -> &'static [&'static str] {
    match kind {
        StageKind::Fetch => &["fetch", "id", "duplicates"],
        StageKind::Details => &["fetch"],
        StageKind::Quality | StageKind::Measure => &["quality"],
        StageKind::Identity => &["identity"],
        StageKind::Extract => &["job", "timezone", "dates"],
        StageKind::Resolve => &["company", "division"],
        StageKind::Classify => &["roles", "capabilities"],
        StageKind::Validate => &["require", "rules", "without"],
        StageKind::Promote | StageKind::Report => &[],
        StageKind::Archive => &["missing", "archive"],
        StageKind::Dedupe => &["openings"],
    }
}

/// Keys of an institution that configure each type of stage.
fn of_institution(kind: StageKind) -> &'static [&'static str] {
    match kind {
        StageKind::Promote => &["compare"],
        StageKind::Fetch | StageKind::Details | StageKind::Identity => &[],
        StageKind::Extract => &["dates"],
        kind => of_source(kind),
    }
}

/// The lines of each stage of a plan, by its name; `file` is that of the institution.
pub fn written(plan: &Plan, file: &str, texts: &FileTexts) -> BTreeMap<String, Vec<YamlExcerpt>> {
    let trees = YamlTrees::new(texts);
    let nodes = plan.graph.node_weights();
    nodes
        .map(|node| {
            (
                node.name.clone(),
                trees.of_stage(plan, file, node.kind, node.source.as_deref()),
            )
        })
        .collect()
}

/// The files as trees, with their texts.
struct YamlTrees<'t> {
    texts: &'t FileTexts,
    trees: BTreeMap<&'t str, Node>,
}

impl<'t> YamlTrees<'t> {
    fn new(texts: &'t FileTexts) -> YamlTrees<'t> {
        let read = |file: &'t str| {
            Some((
                file,
                yaml::parse(file, texts.text(file)?, &mut Diagnostics::new())?,
            ))
        };
        YamlTrees {
            texts,
            trees: texts.files().filter_map(read).collect(),
        }
    }

    fn of_stage(
        &self,
        plan: &Plan,
        file: &str,
        kind: StageKind,
        source: Option<&str>,
    ) -> Vec<YamlExcerpt> {
        let mut found = Vec::new();
        let Some(institution) = self.trees.get(file) else {
            return found;
        };
        let sources: Vec<&str> = plan
            .flows
            .iter()
            .map(|flow| flow.source.as_str())
            .filter(|name| source.is_none_or(|own| own == *name))
            .collect();
        let bodies = || {
            sources
                .iter()
                .filter_map(|name| institution.get("sources")?.get(name))
        };
        found.extend(self.keys(file, institution, of_institution(kind)));
        found.extend(bodies().flat_map(|body| self.keys(file, body, of_source(kind))));
        for (connector, tree) in bodies().filter_map(|body| self.connector(body)) {
            found.extend(self.keys(connector, tree, of_source(kind)));
        }
        if kind == StageKind::Validate {
            found.extend(self.rules(std::iter::once(institution).chain(bodies())));
        }
        found.extend(self.pipeline(&plan.pipeline, kind));
        joined(found)
    }

    /// The lines of some keys of a mapping.
    fn keys(&self, file: &str, mapping: &Node, keys: &[&str]) -> Vec<YamlExcerpt> {
        let lines = keys
            .iter()
            .filter_map(|key| mapping.entry(key))
            .map(|entry| entry.key.place());
        // Values merged from a connector, or repeated by an alias, are elsewhere.
        lines
            .filter(|place| *place.file == *file)
            .filter_map(|place| self.block(file, place.line))
            .collect()
    }

    fn block(&self, file: &str, line: usize) -> Option<YamlExcerpt> {
        let lines: Vec<String> = self
            .texts
            .block(file, line)?
            .into_iter()
            .map(str::to_owned)
            .collect();
        Some(YamlExcerpt {
            file: file.to_owned(),
            line,
            lines,
        })
    }

    /// The connector that a source uses.
    fn connector(&self, source: &Node) -> Option<(&'t str, &Node)> {
        let name = source.get("fetch")?.get("connector")?.text()?;
        let files = [
            ".yaml".to_owned(),
            ".yml".to_owned(),
            format!(".yaml{OF_WEIR}"),
        ];
        files
            .iter()
            .find_map(|ending| {
                self.trees
                    .get_key_value(format!("connectors/{name}{ending}").as_str())
            })
            .map(|(file, tree)| (*file, tree))
    }

    /// The rule sets that are used, each as a whole.
    fn rules<'n>(&self, users: impl Iterator<Item = &'n Node>) -> Vec<YamlExcerpt> {
        let uses = users
            .filter_map(|user| user.get("rules"))
            .flat_map(Node::items);
        let names = uses.flat_map(|one| {
            one.text()
                .map(str::to_owned)
                .into_iter()
                .chain(one.entries().iter().map(yaml::MappingEntry::key_text))
        });
        let mut found = Vec::new();
        for name in names {
            for ending in ["yaml", "yml"] {
                let file = format!("rules/{name}.{ending}");
                if let Some(tree) = self.trees.get(file.as_str()) {
                    found.extend(self.keys(&file, tree, &["parameters", "rules"]));
                }
            }
        }
        found
    }

    /// The line of a stage in its pipeline.
    fn pipeline(&self, name: &str, kind: StageKind) -> Option<YamlExcerpt> {
        let of_name = |(file, tree): &(&&str, &Node)| {
            file.starts_with("pipelines/")
                && tree.get("pipeline").and_then(Node::text) == Some(name)
        };
        let (file, tree) = self.trees.iter().find(of_name)?;
        let stage =
            tree.get("stages")?.items().iter().find(|stage| {
                stage.text() == Some(kind.name()) || stage.get(kind.name()).is_some()
            })?;
        self.block(file, stage.place().line)
    }
}

/// The excerpts in the order of their files, neighbours put together.
fn joined(found: Vec<YamlExcerpt>) -> Vec<YamlExcerpt> {
    let files: Vec<String> = found.iter().map(|one| one.file.clone()).collect();
    let mut found = found;
    found.sort_by_key(|one| (files.iter().position(|file| *file == one.file), one.line));
    let mut joined: Vec<YamlExcerpt> = Vec::new();
    for one in found {
        match joined.last_mut() {
            Some(last) if last.file == one.file && one.line <= last.line + last.lines.len() => {
                let known = last.line + last.lines.len() - one.line;
                last.lines.extend(one.lines.into_iter().skip(known));
            }
            _ => joined.push(one),
        }
    }
    joined
}
