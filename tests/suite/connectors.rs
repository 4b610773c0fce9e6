//! The connectors that come with Weir, by the pages that they carry.

use crate::lab::Lab;
use crate::sources::{jobs, run, state};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;
use weir::config::Project;
use weir::diagnostic::{Diagnostics, render};
use weir::model::ReadState;
use weir::plan::trial;
use weir::rule::ScriptSandbox;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

#[test]
fn every_connector_reads_its_own_pages() {
    let project = Project::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let (sandbox, mut out) = (Arc::new(ScriptSandbox::new()), Diagnostics::new());
    for connector in &project.connectors {
        trial::try_connector(connector, &sandbox, &mut out)
            .iter()
            .for_each(|test| test.tell(&mut out));
        assert!(
            connector
                .spec
                .as_ref()
                .is_some_and(|spec| !spec.tests.is_empty()),
            "{} has no test",
            connector.file
        );
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
        assert_eq!(
            std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap(),
            *text
        );
    }
}

#[test]
fn the_reference_tells_of_every_connector() {
    let page = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/connectors.md"),
    )
    .unwrap();
    for connector in &Project::load(Path::new(env!("CARGO_MANIFEST_DIR"))).connectors {
        let about = connector
            .spec
            .as_ref()
            .and_then(|spec| spec.about.get())
            .unwrap();
        assert!(
            page.contains(&format!("| `{}` | {about} |", connector.name)),
            "docs/reference/connectors.md does not tell of {}",
            connector.file
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_caps_the_size_of_its_pages_is_read_to_its_empty_one() {
    let (server, lab) = (MockServer::start().await, Lab::new().await);
    let answer = |request: &Request| {
        let skip = request
            .url
            .query_pairs()
            .find(|(key, _)| key == "skip")
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0_u64);
        let all: Vec<Json> = jobs(skip.min(120)..(skip + 50).min(120))
            .iter()
            .map(|job| json!({ "id": job["id"], "text": job["title"] }))
            .collect();
        ResponseTemplate::new(200).set_body_json(all)
    };
    Mock::given(path("/jobs"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let fetch = format!(
        "{{ connector: lever, with: {{ site: acme }}, http: {{ url: {}/jobs, allow_private: true }} }}",
        server.uri()
    );
    let text = format!(
        "institution: acme\ntimezone: Australia/Sydney\nsources:\n  board:\n    fetch: {fetch}\nrequire: {{ title: {{ type: string }} }}\n"
    );
    lab.write("institutions/acme.yaml", &text);
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary).0, summary.total.created),
        (ReadState::Complete, 120),
        "{}",
        state(&summary).1
    );
    lab.bench.drop().await;
}
