//! What decides whether stored ads are derived again: the hash of each part of a plan. A hash is of
//! what the compiled parts show of themselves, so a renamed field of a struct, or a new version of
//! a library, can change it: every stored ad would be derived again, and each version that comes of
//! it would blame a mapping that nobody edited. So a difference here is a decision: `WEIR_BLESS=1`
//! rewrites the file, and the changelog says so.

use std::fmt::Write;
use std::path::Path;
use weir::config::Project;
use weir::plan::check::check;

const FILE: &str = "tests/fingerprints.txt";

#[test]
fn the_same_yaml_is_the_same_fingerprint() {
    let checked = check(Project::load(Path::new("tests/mistakes/golden")));
    let mut found = String::new();
    for institution in &checked.institutions {
        for flow in &institution.plan().unwrap().flows {
            let _ = writeln!(
                found,
                "{} {} {}",
                institution.slug,
                flow.source,
                flow.fingerprint().short()
            );
            for (name, part) in flow.parts.all() {
                let _ = writeln!(found, "  {} {name}", part.hash.short());
            }
        }
    }
    #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
    if std::env::var_os("WEIR_BLESS").is_some() {
        std::fs::write(FILE, &found).unwrap();
    }
    let expected = std::fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(
        expected, found,
        "every stored ad would be derived again; WEIR_BLESS=1 rewrites {FILE}"
    );
}
