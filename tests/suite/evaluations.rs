//! `weir evaluate` scores the labelled sets of this repository, and refuses files that it cannot
//! use.

use std::process::Command;

fn weir(words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("evaluate")
        .args(words)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    (output.status.code(), said)
}

/// The precision and F1 that a score says first.
fn figures(words: &[&str]) -> (f64, f64) {
    let (code, said) = weir(words);
    assert_eq!(code, Some(0), "{words:?}: {said}");
    let after = |name: &str| {
        let (_, rest) = said
            .split_once(name)
            .unwrap_or_else(|| panic!("{name}: {said}"));
        rest.split_whitespace()
            .next()
            .unwrap()
            .trim_end_matches(';')
            .parse::<f64>()
            .unwrap()
    };
    (after("precision "), after("F1 "))
}

#[test]
fn the_labelled_sets_reach_what_is_promised() {
    let set = |name: &str| format!("tests/quality/{name}");
    let titles = set("role-titles.csv");
    let (precision, _) = figures(&["roles", &titles, "--framework", "private-sector-roles"]);
    assert!(precision >= 0.90, "titles: {precision}");
    let (grades, roles) = (set("classifications.csv"), "nsw-role-types");
    let (precision, f1) = figures(&["roles", &grades, "--framework", roles, "--classification"]);
    assert!(
        precision >= 1.0 && f1 >= 0.95,
        "classifications: {precision} {f1}"
    );
    let (names, known) = (set("companies.csv"), set("companies.yaml"));
    let (precision, _) = figures(&["companies", &names, "--framework", &known]);
    assert!(precision >= 0.98, "companies: {precision}");
    let (tables, ads) = (set("role-descriptions.yaml"), set("ads.yaml"));
    let framework = "nsw-core-capabilities";
    let (_, f1) = figures(&["capabilities", &tables, "--framework", framework]);
    assert!(f1 >= 0.90, "tables: {f1}");
    let (precision, _) = figures(&["capabilities", &ads, "--framework", framework]);
    assert!(precision >= 0.85, "ads: {precision}");
}

#[test]
fn what_cannot_be_used_is_refused() {
    let titles = "tests/quality/role-titles.csv";
    let cases: [(&[&str], &str); 4] = [
        (
            &["roles", titles, "--framework", "no-such"],
            "no-such.yaml` cannot be read",
        ),
        (
            &["roles", "no-such.csv", "--framework", "nsw-role-types"],
            "`no-such.csv` cannot be read",
        ),
        (
            &["roles", titles, "--framework", "nsw-role-types"],
            "nothing has the id `software-engineer` of a label",
        ),
        (
            &[
                "companies",
                "tests/quality/companies.csv",
                "--framework",
                "lists/pools.yaml",
            ],
            "cannot be used as it is",
        ),
    ];
    for (words, message) in cases {
        let (code, said) = weir(words);
        assert!(
            code == Some(2) && said.contains(message),
            "{words:?}: {code:?} {said}"
        );
    }
}
