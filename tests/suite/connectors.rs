//! The connectors that come with Weir, by the pages that they carry.

use std::path::Path;
use std::sync::Arc;
use weir::config::Project;
use weir::diagnostic::{Diagnostics, render};
use weir::plan::trial;
use weir::rule::Sandbox;

#[test]
fn every_connector_reads_its_own_pages() {
    let project = Project::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let (sandbox, mut out) = (Arc::new(Sandbox::new()), Diagnostics::new());
    for connector in &project.connectors {
        trial::try_connector(connector, &sandbox, &mut out).iter().for_each(|test| test.tell(&mut out));
        assert!(connector.spec.as_ref().is_some_and(|spec| !spec.tests.is_empty()), "{} has no test", connector.file);
    }
    assert!(
        out.is_empty() && !project.diagnostics.has_errors(),
        "{}\n{}",
        render(&project.diagnostics, &project.texts, false),
        render(&out, &project.texts, false)
    );
}

#[test]
fn a_connector_compiled_in_is_the_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    for (name, text) in weir::config::connector::BUILT_IN {
        assert_eq!(std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap(), *text);
    }
}

#[test]
fn the_reference_tells_of_every_connector() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/connectors.md")).unwrap();
    for connector in &Project::load(Path::new(env!("CARGO_MANIFEST_DIR"))).connectors {
        let about = connector.spec.as_ref().and_then(|spec| spec.about.get()).unwrap();
        assert!(page.contains(&format!("| `{}` | {about} |", connector.name)), "docs/reference/connectors.md does not tell of {}", connector.file);
    }
}
