//! Two project folders with the same institution on one database: the first keeps it, the second is
//! refused until a person takes the institution over.

use crate::lab::Lab;
use std::path::Path;
use std::process::Command;

/// An institution with as many ads as the folder has.
async fn project(ads: usize) -> Lab {
    let lab = Lab::new().await;
    fill(&lab.folder, ads);
    lab
}

fn fill(folder: &Path, ads: usize) {
    std::fs::create_dir_all(folder.join("institutions")).unwrap();
    std::fs::create_dir_all(folder.join("pipelines")).unwrap();
    std::fs::write(folder.join("pipelines/daily.yaml"), crate::lab::DAILY).unwrap();
    let institution = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: ads.ndjson } }\n    id: $.id\n    job: { title: $.title }\nmissing: { after: 1, at_most: 100% }\n";
    std::fs::write(folder.join("institutions/acme.yaml"), institution).unwrap();
    let ads: String = (0..ads)
        .map(|id| format!("{{\"id\": {id}, \"title\": \"Nurse {id}\"}}\n"))
        .collect();
    std::fs::write(folder.join("ads.ndjson"), ads).unwrap();
}

fn weir(folder: &Path, lab: &Lab, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(folder)
        .args(words)
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    (output.status.code(), said)
}

const OPEN: &str = "SELECT count(*)::text FROM jobs WHERE status <> 'archived'";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_project_keeps_the_institution_until_a_person_decides() {
    let (lab, other) = (project(6).await, tempfile::tempdir().unwrap());
    fill(other.path(), 2);
    let identity = lab.folder.join("weir.yaml");
    for words in [
        &["check"][..],
        &["plan"],
        &["report"],
        &["run", "--dry-run", "--at", "2026-09-01"],
    ] {
        let (code, said) = weir(&lab.folder, &lab, words);
        assert!(code == Some(0) && !identity.exists(), "{words:?}: {said}");
    }
    let (code, said) = weir(&lab.folder, &lab, &["run", "--at", "2026-09-01"]);
    assert!(
        code == Some(0) && said.contains("created `weir.yaml`, which identifies this project"),
        "{said}"
    );
    let made = std::fs::read_to_string(&identity).unwrap();
    for words in [
        &["run", "--at", "2026-09-02"][..],
        &["run", "--dry-run", "--at", "2026-09-02"],
    ] {
        let (code, said) = weir(other.path(), &lab, words);
        assert!(
            code == Some(1)
                && said.contains("`acme` belongs to project `")
                && said.contains("weir db adopt acme"),
            "{said}"
        );
        assert!(!other.path().join("weir.yaml").exists());
    }
    assert_eq!(lab.texts(OPEN).await, ["6"]);
    // A clone that has the file, and a person, is the same project.
    std::fs::write(other.path().join("weir.yaml"), &made).unwrap();
    assert_eq!(
        weir(
            other.path(),
            &lab,
            &["run", "--dry-run", "--at", "2026-09-02"]
        )
        .0,
        Some(0)
    );
    std::fs::write(other.path().join("weir.yaml"), "project: other\n").unwrap();
    let (code, said) = weir(other.path(), &lab, &["retire", "acme", "--reason", "r"]);
    assert!(
        code == Some(1) && said.contains("belongs to project"),
        "{said}"
    );
    let (code, said) = weir(other.path(), &lab, &["db", "adopt", "acme"]);
    assert!(
        code == Some(0) && said.contains("`acme` now belongs to this project"),
        "{said}"
    );
    let (code, said) = weir(&lab.folder, &lab, &["run", "--at", "2026-09-02"]);
    assert!(
        code == Some(1) && said.contains("belongs to project `other`") && said.contains("(ada)"),
        "{said}"
    );
    assert_eq!(
        weir(other.path(), &lab, &["run", "--at", "2026-09-03"]).0,
        Some(0)
    );
    assert_eq!(
        lab.texts("SELECT message FROM alerts WHERE kind = 'adopted'")
            .await
            .len(),
        1
    );
    assert_eq!(std::fs::read_to_string(&identity).unwrap(), made);
    let (code, said) = weir(other.path(), &lab, &["db", "adopt", "nobody"]);
    assert!(
        code == Some(2) && said.contains("has never run on this database"),
        "{said}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_cannot_be_read_stops_a_run_and_no_reading() {
    let lab = project(2).await;
    for wrong in [
        "project: \"a b\"\n",
        "projekt: x\n",
        "project: [",
        "project: x\nproject: y\n",
    ] {
        lab.write("weir.yaml", wrong);
        let (code, said) = weir(&lab.folder, &lab, &["run", "--at", "2026-09-01"]);
        assert!(
            code == Some(2) && said.contains("weir.yaml:1:") | said.contains("weir.yaml:2:"),
            "{wrong}: {said}"
        );
        assert_eq!(weir(&lab.folder, &lab, &["report"]).0, Some(0));
        assert_eq!(
            std::fs::read_to_string(lab.folder.join("weir.yaml")).unwrap(),
            wrong
        );
    }
    lab.bench.drop().await;
}

/// Tables of an older Weir know of no project: the first that runs takes its institutions.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_database_belongs_to_the_first_project_that_runs_it() {
    let lab = project(3).await;
    lab.run(&crate::lab::Step::new("2026-09-01", &[])).await;
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM project_claims").await,
        ["0"]
    );
    lab.write("weir.yaml", "project: mine\n");
    assert_eq!(
        weir(&lab.folder, &lab, &["run", "--at", "2026-09-02"]).0,
        Some(0)
    );
    let claims = "SELECT project || ' ' || (claimed_by LIKE 'run % on %') FROM project_claims";
    assert_eq!(lab.texts(claims).await, ["mine true"]);
    lab.bench.drop().await;
}
