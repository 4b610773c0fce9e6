//! Frameworks by name, versions side by side.

use super::Framework;
use std::cmp::Ordering;
use std::sync::Arc;

/// The frameworks of a project.
#[derive(Debug, Clone, Default)]
pub struct FrameworkShelf {
    frameworks: Vec<Arc<Framework>>,
}

impl FrameworkShelf {
    /// Puts a framework on the shelf; gives it back where its name and version are taken.
    ///
    /// # Errors
    /// The framework, if one of its name and version is there.
    pub fn add(&mut self, framework: Arc<Framework>) -> Result<(), Arc<Framework>> {
        if self.find(&framework.name, Some(&framework.version)).is_some() {
            return Err(framework);
        }
        self.frameworks.push(framework);
        Ok(())
    }

    /// The framework with a name: in a version, else in the newest.
    #[must_use]
    pub fn find(&self, name: &str, version: Option<&str>) -> Option<&Arc<Framework>> {
        let mut named = self.frameworks.iter().filter(|framework| framework.name == name);
        match version {
            Some(version) => named.find(|framework| framework.version == version),
            None => named.max_by(|left, right| version_order(&left.version, &right.version)),
        }
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Framework>> {
        self.frameworks.iter()
    }
}

/// Numbers in versions count as numbers: `2` is before `10`, `1.2` before `1.10`.
#[must_use]
pub fn version_order(left: &str, right: &str) -> Ordering {
    let parts = |version: &str| -> Vec<(u64, String)> {
        let part = |text: &str| (text.parse().unwrap_or(u64::MAX), text.to_owned());
        version.split(|sign: char| !sign.is_alphanumeric()).map(part).collect()
    };
    parts(left).cmp(&parts(right)).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::FrameworkHead;

    fn framework(version: &str) -> Arc<Framework> {
        let yaml = format!(
            "{{ framework: f, kind: roles, version: '{version}', entries: [{{ id: a, name: A }}] }}"
        );
        let head: FrameworkHead = serde_saphyr::from_str(&yaml).unwrap();
        Arc::new(Framework::build(&head, &|_: &str| Err(String::new())).unwrap())
    }

    #[test]
    fn versions_are_side_by_side() {
        let mut shelf = FrameworkShelf::default();
        for version in ["1.2", "1.10", "1.9"] {
            assert!(shelf.add(framework(version)).is_ok());
        }
        assert!(shelf.add(framework("1.9")).is_err());
        let found = |version| shelf.find("f", version).map(|one| one.version.clone());
        assert_eq!(found(None).as_deref(), Some("1.10"));
        assert_eq!(found(Some("1.2")).as_deref(), Some("1.2"));
        assert_eq!((found(Some("3")), shelf.find("g", None).is_none()), (None, true));
        assert_eq!(shelf.iter().count(), 3);
    }
}
