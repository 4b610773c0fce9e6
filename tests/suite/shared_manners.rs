//! Manners that all workers keep together: what one process has learned of a host, the next knows.

use crate::lab::Lab;
use crate::orchestration::{Process, own_project, sql};
use serde_json::json;
use weir::plan::compile::institution_id;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const BOARD: &str = "institution: NAME
timezone: UTC
schedule: 0 5 1 1 *
sources:
  board:
    fetch: { http: { url: URL/jobs, records: '$[*]', allow_private: true } }
    id: $.id
    job: { title: $.title }
";

/// An institution that reads this server, and is due.
async fn due(lab: &Lab, server: &MockServer, name: &str) {
    let text = BOARD.replace("NAME", name).replace("URL", &server.uri());
    lab.write(&format!("institutions/{name}.yaml"), &text);
    let id = institution_id(name);
    let mark = format!(
        "INSERT INTO schedule_marks (institution_id, due_at) VALUES ('{id}', now() - interval '399 days')"
    );
    sql(lab, &mark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_is_read_once_for_all_processes() {
    let (lab, server) = (Lab::new().await, MockServer::start().await);
    own_project(&lab).await;
    let robots = "user-agent: *\ndisallow: /private\n\nuser-agent: weir\ndisallow: /hidden$\n";
    let answers = [
        (
            "/robots.txt",
            ResponseTemplate::new(200).set_body_string(robots),
        ),
        (
            "/jobs",
            ResponseTemplate::new(200).set_body_json(json!([{ "id": 1, "title": "Driver" }])),
        ),
    ];
    for (route, answer) in answers {
        Mock::given(path(route))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    for name in ["acme", "beta"] {
        due(&lab, &server, name).await;
        let mut serve = Process::start(&lab, &["serve", "--listen", "127.0.0.1:0"]);
        serve.says(&format!("{name}: run "));
        assert_eq!(serve.stop(), Some(0));
    }
    let asked = server.received_requests().await.unwrap();
    let asked: Vec<&str> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(asked, ["/robots.txt", "/jobs", "/jobs"]);
    let kept = "SELECT rules FROM robots_rules";
    assert_eq!(
        lab.texts(kept).await,
        ["user-agent: weir\ndisallow: /hidden$\n"]
    );
    lab.bench.drop().await;
}
