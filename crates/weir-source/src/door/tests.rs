//! The whole door, against servers of this process.

use super::*;
use reqwest::Method;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;
use weir_model::untrusted::SecretStore;
use weir_yaml::diagnostic::Diagnostics;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A name that the guarded client takes for public.
const PUBLIC: &str = "public.example";

fn manners() -> Manners {
    let manners =
        MannersSpec::compile(None, &ReadLimits::default(), true, &mut Diagnostics::new()).unwrap();
    Manners {
        pace: Some(Duration::ZERO),
        ..manners
    }
}

fn ask_with(url: &str, manners: Manners) -> HttpRequest {
    let (url, shown_url) = (
        Url::parse(url).unwrap(),
        url.split("?key=").next().unwrap().to_owned(),
    );
    let (manners, responses) = (Arc::new(manners), Arc::new(ResponseRules::default()));
    HttpRequest {
        method: Method::GET,
        home: Some(url.clone()),
        url,
        shown_url,
        headers: HeaderMap::new(),
        body: None,
        manners,
        responses,
        terms: ResponseTerms::default(),
        cookies: Arc::default(),
    }
}

fn ask(url: &str) -> HttpRequest {
    ask_with(url, manners())
}

/// A server without robots.txt.
async fn server(routes: &[(&str, ResponseTemplate)]) -> MockServer {
    let server = MockServer::start().await;
    for (route, answer) in routes {
        Mock::given(path(*route))
            .respond_with(answer.clone())
            .mount(&server)
            .await;
    }
    server
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

fn redirect(to: &str) -> ResponseTemplate {
    status(302).insert_header("location", to)
}

async fn trouble(door: &HttpClient, ask: HttpRequest) -> FetchError {
    match door.ask(ask).await {
        Ok(answer) => panic!("{} passes", answer.url),
        Err(trouble) => trouble,
    }
}

#[tokio::test]
async fn an_answer_comes_with_its_whole_body() {
    let body = vec![b'x'; 200_000];
    let server = server(&[(
        "/a",
        status(200).set_body_raw(body.clone(), "text/plain; charset=UTF-8"),
    )])
    .await;
    let answer = HttpClient::new()
        .unwrap()
        .ask(ask(&format!("{}/a", server.uri())))
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status,
            answer.charset().as_deref(),
            answer.not_modified
        ),
        (200, Some("utf-8"), false)
    );
    assert_eq!(answer.bytes(200_000).await, Ok(body));
}

#[tokio::test]
async fn statuses_become_troubles() {
    let routes = [
        ("/late", status(429).insert_header("retry-after", "7")),
        ("/gone", status(410)),
        ("/same", status(304)),
        ("/no", status(403)),
    ];
    let (server, door) = (server(&routes).await, HttpClient::new().unwrap());
    let url = |route: &str| format!("{}{route}?key=secret", server.uri());
    let FetchError::Passing { why, wait } = trouble(&door, ask(&url("/late"))).await else {
        panic!()
    };
    assert_eq!(wait, Some(Duration::from_secs(7)));
    assert!(!why.contains("secret"), "{why}");
    assert!(matches!(
        trouble(&door, ask(&url("/gone"))).await,
        FetchError::Gone(_)
    ));
    assert!(matches!(
        trouble(&door, ask(&url("/no"))).await,
        FetchError::Blocked(_)
    ));
    let mut conditional = ask(&url("/same"));
    assert!(
        matches!(trouble(&door, conditional.clone()).await, FetchError::Lasting(why) if why.contains("304") && !why.contains("secret"))
    );
    conditional.terms.conditional = true;
    assert!(matches!(
        trouble(&door, conditional.clone()).await,
        FetchError::Lasting(_)
    ));
    conditional
        .headers
        .insert("if-none-match", "\"x\"".parse().unwrap());
    assert!(door.ask(conditional).await.unwrap().not_modified);
}

#[tokio::test]
async fn a_host_that_asks_for_a_pause_is_left_alone_by_every_source() {
    let server = server(&[
        ("/late", status(429).insert_header("retry-after", "1")),
        ("/other", status(200)),
    ])
    .await;
    let (door, begun) = (HttpClient::new().unwrap(), std::time::Instant::now());
    assert!(matches!(
        trouble(&door, ask(&format!("{}/late", server.uri()))).await,
        FetchError::Passing { .. }
    ));
    assert!(
        door.ask(ask(&format!("{}/other", server.uri())))
            .await
            .is_ok()
    );
    assert!(
        begun.elapsed() >= Duration::from_millis(990),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_challenge_is_blocked() {
    let page = "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/h/g/x.js'></script>";
    let server = server(&[("/jobs", status(200).set_body_raw(page, "text/html"))]).await;
    assert!(matches!(
        trouble(
            &HttpClient::new().unwrap(),
            ask(&format!("{}/jobs", server.uri()))
        )
        .await,
        FetchError::Blocked(_)
    ));
}

#[tokio::test]
async fn addresses_of_private_networks_are_refused() {
    let door = HttpClient::new().unwrap();
    for url in [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "http://2130706433/",
    ] {
        let refused = trouble(
            &door,
            ask_with(
                url,
                Manners {
                    allow_private: false,
                    ..manners()
                },
            ),
        )
        .await;
        assert!(
            matches!(&refused, FetchError::Lasting(why) if why.contains("allow_private: true")),
            "{url}: {refused}"
        );
    }
}

/// A guarded door for which one name is public, and the address of a server at that name.
fn guarded(server: &MockServer) -> (HttpClient, String) {
    let network = HttpNetwork::new(&[(PUBLIC, *server.address())]).unwrap();
    (
        HttpClient {
            way: ResponseOrigin::Network(Arc::new(network)),
        },
        format!("http://{PUBLIC}:{}", server.address().port()),
    )
}

#[tokio::test]
async fn redirects_into_private_networks_are_refused() {
    let targets = [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:9/",
        "http://localhost:9/",
        "http://[::ffff:10.0.0.1]/",
    ];
    for target in targets {
        let server = server(&[("/a", redirect(target))]).await;
        let (door, public) = guarded(&server);
        let refused = trouble(
            &door,
            ask_with(
                &format!("{public}/a"),
                Manners {
                    allow_private: false,
                    ..manners()
                },
            ),
        )
        .await;
        assert!(
            matches!(&refused, FetchError::Lasting(why) if why.contains("allow_private: true")),
            "{target}: {refused}"
        );
    }
}

#[tokio::test]
async fn redirects_to_where_machines_tell_of_themselves_are_refused_though_private_addresses_are_allowed()
 {
    let door = HttpClient::new().unwrap();
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]:9/",
        "http://168.63.129.16/",
        "http://[::ffff:169.254.169.254]/",
    ] {
        let server = server(&[("/a", redirect(target)), ("/robots.txt", redirect("/none"))]).await;
        let refused = trouble(&door, ask(&format!("{}/a", server.uri()))).await;
        assert!(
            matches!(&refused, FetchError::Lasting(why) if why.contains("which is not allowed")),
            "{target}: {refused}"
        );
    }
    let server = server(&[("/robots.txt", redirect("http://169.254.169.254/robots.txt"))]).await;
    let refused = trouble(
        &HttpClient::new().unwrap(),
        ask(&format!("{}/a", server.uri())),
    )
    .await;
    assert!(
        matches!(&refused, FetchError::Lasting(why) if why.contains("link-local")),
        "{refused}"
    );
}

#[tokio::test]
async fn robots_txt_cannot_lead_into_private_networks() {
    let server = server(&[
        ("/robots.txt", redirect("http://127.0.0.1:9/robots.txt")),
        ("/a", status(200)),
    ])
    .await;
    let (door, public) = guarded(&server);
    let refused = trouble(
        &door,
        ask_with(
            &format!("{public}/a"),
            Manners {
                allow_private: false,
                ..manners()
            },
        ),
    )
    .await;
    assert!(
        matches!(&refused, FetchError::Lasting(why) if why.contains("allow_private")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let server = server(&[("/a", redirect("/b")), ("/b", redirect("/a"))]).await;
    let looped = trouble(
        &HttpClient::new().unwrap(),
        ask(&format!("{}/a", server.uri())),
    )
    .await;
    assert!(
        matches!(&looped, FetchError::Lasting(why) if why.contains("more than 5 times")),
        "{looped}"
    );
    let asked = server.received_requests().await.unwrap();
    assert_eq!(
        asked
            .iter()
            .filter(|request| request.url.path() != "/robots.txt")
            .count(),
        6
    );
}

#[tokio::test]
async fn another_host_gets_no_credentials() {
    let other = server(&[("/b", status(200))]).await;
    let first = server(&[("/a", redirect(&format!("{}/b", other.uri())))]).await;
    let mut asked = ask(&format!("{}/a", first.uri()));
    for (name, value) in [
        ("authorization", "Bearer t"),
        ("x-api-key", "k"),
        ("accept", "application/json"),
    ] {
        asked.headers.insert(name, value.parse().unwrap());
    }
    let answer = HttpClient::new().unwrap().ask(asked).await.unwrap();
    assert_eq!(answer.url.as_str(), format!("{}/b", other.uri()));
    let received = other.received_requests().await.unwrap();
    let request = received
        .iter()
        .find(|request| request.url.path() == "/b")
        .unwrap();
    assert!(
        !request.headers.contains_key("authorization")
            && !request.headers.contains_key("x-api-key")
    );
    assert_eq!(request.headers["accept"], "application/json");
    assert!(
        request.headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("weir/")
    );
}

#[tokio::test]
async fn cookies_are_kept_for_a_crawl() {
    let server = MockServer::start().await;
    Mock::given(path("/b"))
        .and(header("cookie", "session=1"))
        .respond_with(status(200))
        .mount(&server)
        .await;
    Mock::given(path("/a"))
        .respond_with(redirect("/b").insert_header("set-cookie", "session=1; Path=/"))
        .mount(&server)
        .await;
    let (door, url) = (HttpClient::new().unwrap(), format!("{}/a", server.uri()));
    let (first, another) = (ask(&url), ask(&format!("{}/b", server.uri())));
    assert!(door.ask(first.clone()).await.is_ok());
    assert!(
        door.ask(HttpRequest {
            cookies: first.cookies,
            ..another.clone()
        })
        .await
        .is_ok()
    );
    assert!(matches!(trouble(&door, another).await, FetchError::Gone(_)));
}

#[tokio::test]
async fn robots_txt_is_obeyed_and_read_once() {
    let robots = status(200).set_body_string("user-agent: weir\ndisallow: /private\n");
    let (server, door) = (
        server(&[
            ("/robots.txt", robots),
            ("/a", status(200)),
            ("/private", status(200)),
        ])
        .await,
        HttpClient::new().unwrap(),
    );
    let (open, closed) = (
        format!("{}/a", server.uri()),
        format!("{}/private?key=secret", server.uri()),
    );
    assert!(door.ask(ask(&open)).await.is_ok() && door.ask(ask(&open)).await.is_ok());
    let FetchError::Blocked(why) = trouble(&door, ask(&closed)).await else {
        panic!()
    };
    assert!(
        why.contains("forbids /private for weir") && !why.contains("secret"),
        "{why}"
    );
    assert!(
        door.ask(ask_with(
            &closed,
            Manners {
                robots: RobotsPolicy::Ignore,
                ..manners()
            }
        ))
        .await
        .is_ok()
    );
    let asked = server.received_requests().await.unwrap();
    assert_eq!(
        asked
            .iter()
            .filter(|request| request.url.path() == "/robots.txt")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_robots_txt_that_cannot_be_read_forbids_all() {
    for (code, is_allowed) in [
        (503, false),
        (429, false),
        (404, true),
        (403, true),
        (401, true),
    ] {
        let server = server(&[("/robots.txt", status(code)), ("/a", status(200))]).await;
        match HttpClient::new()
            .unwrap()
            .ask(ask(&format!("{}/a", server.uri())))
            .await
        {
            Ok(_) => assert!(is_allowed, "{code}"),
            Err(FetchError::Passing { why, .. }) => {
                assert!(
                    !is_allowed
                        && why.contains(&format!(
                            "could not be read ({code}), so nothing is fetched"
                        )),
                    "{why}"
                );
            }
            Err(other) => panic!("{code}: {other}"),
        }
    }
}

#[tokio::test]
async fn redirects_of_robots_txt_are_followed_and_end() {
    let rules = status(200).set_body_string("user-agent: *\ndisallow: /\n");
    let followed = server(&[
        ("/robots.txt", redirect("/r")),
        ("/r", rules),
        ("/a", status(200)),
    ])
    .await;
    let looped = server(&[
        ("/robots.txt", redirect("/robots.txt")),
        ("/a", status(200)),
    ])
    .await;
    let door = HttpClient::new().unwrap();
    assert!(matches!(
        trouble(&door, ask(&format!("{}/a", followed.uri()))).await,
        FetchError::Blocked(_)
    ));
    assert!(door.ask(ask(&format!("{}/a", looped.uri()))).await.is_ok());
}

#[tokio::test]
async fn a_redirect_asks_the_robots_txt_of_its_target() {
    let rules = status(200).set_body_string("user-agent: *\ndisallow: /b\n");
    let other = server(&[("/robots.txt", rules), ("/b", status(200))]).await;
    let first = server(&[("/a", redirect(&format!("{}/b", other.uri())))]).await;
    assert!(matches!(
        trouble(
            &HttpClient::new().unwrap(),
            ask(&format!("{}/a", first.uri()))
        )
        .await,
        FetchError::Blocked(_)
    ));
}

#[tokio::test]
async fn nobody_there_may_pass() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let manners = Manners {
        robots: RobotsPolicy::Ignore,
        ..manners()
    };
    let FetchError::Passing { why, .. } =
        trouble(&HttpClient::new().unwrap(), ask_with(&url, manners)).await
    else {
        panic!()
    };
    assert!(
        why.contains("could not connect to 127.0.0.1") && !why.contains("secret"),
        "{why}"
    );
}

#[tokio::test]
async fn a_late_answer_may_pass() {
    let server = server(&[("/a", status(200).set_delay(Duration::from_secs(60)))]).await;
    let manners = Manners {
        robots: RobotsPolicy::Ignore,
        page_time: Duration::from_millis(20),
        ..manners()
    };
    let late = trouble(
        &HttpClient::new().unwrap(),
        ask_with(&format!("{}/a", server.uri()), manners),
    )
    .await;
    assert!(
        matches!(&late, FetchError::Passing { why, .. } if why.contains("took too long")),
        "{late}"
    );
}

/// The address of a server that answers one request with these bytes and hangs up.
async fn hangs_up(answer: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    url
}

#[tokio::test]
async fn a_body_that_breaks_off_may_pass() {
    let manners = Manners {
        robots: RobotsPolicy::Ignore,
        ..manners()
    };
    let early = hangs_up("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_owned()).await;
    let answer = HttpClient::new()
        .unwrap()
        .ask(ask_with(&early, manners.clone()))
        .await
        .unwrap();
    assert!(
        matches!(answer.bytes(1_000).await, Err(FetchError::Passing { why, .. }) if why.contains("broke off"))
    );
    let none = hangs_up("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_owned()).await;
    let broken = trouble(
        &HttpClient::new().unwrap(),
        ask_with(&none, manners.clone()),
    )
    .await;
    assert!(
        matches!(&broken, FetchError::Passing { why, .. } if why.contains("broke off")),
        "{broken}"
    );
    let late = hangs_up(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n{}",
        "x".repeat(200_000)
    ))
    .await;
    let answer = HttpClient::new()
        .unwrap()
        .ask(ask_with(&late, manners))
        .await
        .unwrap();
    assert!(
        matches!(answer.bytes(1_000_000).await, Err(FetchError::Passing { why, .. }) if why.contains("broke off"))
    );
}

#[tokio::test]
async fn a_compressed_body_is_undone_and_looked_at() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, b"we are CLOSED for repairs").unwrap();
    let compressed = status(200)
        .insert_header("content-encoding", "gzip")
        .set_body_raw(gzip.finish().unwrap(), "text/plain");
    let server = server(&[("/a", compressed)]).await;
    let (door, plain) = (
        HttpClient::new().unwrap(),
        ask(&format!("{}/a", server.uri())),
    );
    assert_eq!(
        door.ask(plain.clone())
            .await
            .unwrap()
            .bytes(99)
            .await
            .unwrap(),
        b"we are CLOSED for repairs"
    );
    let mut out = Diagnostics::new();
    let rules: Option<Vec<ResponseSpec>> = weir_yaml::yaml::parse(
        "a.yaml",
        "a: [{ text: closed for, then: ignore }]",
        &mut out,
    )
    .and_then(|node| weir_yaml::yaml::decode(node.get("a").unwrap(), &mut out));
    let responses = Arc::new(ResponseRules::compile(&rules.unwrap(), &mut out).unwrap());
    assert!(matches!(
        trouble(&door, HttpRequest { responses, ..plain }).await,
        FetchError::Ignored(_)
    ));
}

#[tokio::test]
async fn a_recording_answers_as_the_network_did() {
    let server = MockServer::start().await;
    Mock::given(path("/a"))
        .respond_with(
            status(200)
                .set_body_string("first")
                .insert_header("etag", "\"1\""),
        )
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/a"))
        .respond_with(
            status(200)
                .set_body_string("second")
                .insert_header("x-other", "no"),
        )
        .mount(&server)
        .await;
    Mock::given(path("/p"))
        .and(method("POST"))
        .respond_with(redirect("/q?key=secret"))
        .mount(&server)
        .await;
    Mock::given(path("/q"))
        .respond_with(status(200).insert_header("link", "</r?key=secret>; rel=next"))
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let door = HttpClient::new()
        .unwrap()
        .recording(folder.path().join("pages"), SecretStore::default());
    let get = ask(&format!("{}/a?key=secret", server.uri()));
    let post = HttpRequest {
        method: Method::POST,
        body: Some(b"x".to_vec()),
        ..ask(&format!("{}/p?key=secret", server.uri()))
    };
    let missing = ask(&format!("{}/none", server.uri()));
    for one in [&get, &get, &post] {
        door.ask(one.clone()).await.unwrap();
    }
    let before = trouble(&door, missing.clone()).await;
    drop(server);

    let door = HttpClient::replaying(folder.path().join("pages")).unwrap();
    assert!(door.is_replaying());
    for expected in ["first", "second", "second"] {
        let answer = door.ask(get.clone()).await.unwrap();
        assert_eq!(
            (answer.header("etag").is_some(), answer.header("x-other")),
            (expected == "first", None)
        );
        assert_eq!(answer.bytes(99).await.unwrap(), expected.as_bytes());
    }
    assert_eq!(
        door.ask(post.clone()).await.unwrap().header("link"),
        Some("</r?key=HIDDEN>; rel=next")
    );
    assert_eq!(trouble(&door, missing).await, before);
    let other = trouble(
        &door,
        HttpRequest {
            body: Some(b"y".to_vec()),
            ..post
        },
    )
    .await;
    assert!(
        matches!(&other, FetchError::Lasting(why) if why.starts_with("not recorded: POST http://127.0.0.1")),
        "{other}"
    );
    for file in std::fs::read_dir(folder.path().join("pages")).unwrap() {
        assert!(
            !std::fs::read_to_string(file.unwrap().path())
                .unwrap()
                .contains("secret")
        );
    }
}

#[tokio::test]
async fn what_is_no_recording_is_no_door() {
    let folder = tempfile::tempdir().unwrap();
    assert!(HttpClient::replaying(folder.path().join("none")).is_err());
    std::fs::write(folder.path().join("0001.json"), "{").unwrap();
    assert!(HttpClient::replaying(folder.path().to_owned()).is_err());
}

#[tokio::test]
async fn a_recording_that_was_cut_does_not_pass_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let entry = serde_json::json!({ "method": "GET", "url": "http://a.example/", "status": 200, "final_url": "http://a.example/", "cut": true });
    std::fs::write(folder.path().join("0001.json"), entry.to_string()).unwrap();
    std::fs::write(folder.path().join("0001.body"), "[1, 2").unwrap();
    let answer = HttpClient::replaying(folder.path().to_owned())
        .unwrap()
        .ask(ask("http://a.example/"))
        .await
        .unwrap();
    assert!(
        matches!(answer.bytes(99).await, Err(FetchError::Lasting(why)) if why.contains("were recorded"))
    );
}
