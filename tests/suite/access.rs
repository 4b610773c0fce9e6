//! Who may look and decide: every route for every kind of visitor, by the list that the router is
//! made of; logins and how they end; and that those who are limited to an institution find nothing
//! of another, wherever they look.

use super::lab::Lab;
use super::served::{PASSWORD, Response, Served, add_user, assert_guarded, field, harbour, weir};
use serde_json::Value as Json;
use sqlx::{Connection, PgConnection};
use std::collections::{BTreeSet, VecDeque};

/// A second institution, of which nobody who is limited to the first may find a word.
const QUARRY: &str = r#"
institution: quarry
name: Quarry
timezone: UTC
schedule: "0 6 * * *"
sources:
  quarryboard:
    fetch: { file: { path: quarry.json } }
    id: $.id
    job: { title: $.title, department: $.org, recruiter: $.who }
    division: { from: department, known: [Quarry pit], unknown: hold }
rules: [quarry]
require:
  title: { type: string, minLength: 3 }
openings: {}
"#;

async fn two() -> Lab {
    let lab = harbour().await;
    lab.write("institutions/quarry.yaml", QUARRY);
    lab.write("rules/quarry.yaml", "rules:\n  - { id: quarry-rule, type: quarry_refused, field: title, assert: 'job.title != \"Quarry refuser\"', message: no quarry }\n");
    let ads = |day: usize| {
        format!(
            r#"[{{"id":"Q1","title":"Quarry blaster {day}","org":"Quarry pit","who":{{"name":"Quarry Ann"}}}},{{"id":"Q2","title":"Quarry refuser","org":"Quarry pit"}},{{"id":"Q3","title":"Quarry digger","org":"Quarry abyss"}}]"#
        )
    };
    for day in 1..=2 {
        lab.write("quarry.json", &ads(day));
        let at = format!("2026-09-0{day}T06:00:00Z");
        let done = weir(&lab, &["run", "quarry", "--at", &at], 3).output();
        assert!(matches!(done.unwrap().status.code(), Some(0 | 1)));
    }
    lab
}

async fn one(lab: &Lab, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let found: Option<String> = sqlx::query_scalar(sql)
        .fetch_optional(&mut connection)
        .await
        .unwrap();
    found.unwrap_or_else(|| panic!("nothing: {sql}"))
}

/// An address with the things of an institution.
struct Things {
    slug: &'static str,
    run: String,
    hold: String,
    job: String,
    cause: String,
    dry_run: String,
}

impl Things {
    async fn of_harbour(lab: &Lab) -> Things {
        Things {
            slug: "harbour",
            run: one(lab, "SELECT max(r.id)::text FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE i.slug = 'harbour'").await,
            hold: one(lab, "SELECT min(h.id)::text FROM holds h JOIN institutions i ON i.id = h.institution_id WHERE i.slug = 'harbour' AND h.status = 'open'").await,
            job: one(lab, "SELECT min(j.id::text) FROM jobs j JOIN institutions i ON i.id = j.institution_id WHERE i.slug = 'harbour'").await,
            cause: one(lab, "SELECT min(id)::text FROM alert_causes WHERE institution = 'harbour'").await,
            dry_run: one(lab, "INSERT INTO work_units (project, institution_id, slug, due_at, state, ready_at, enqueued_at, finished_at, is_dry, asked_by)
                SELECT 'p', id, slug, now(), 'done', now(), now(), now(), true, 'ada' FROM institutions WHERE slug = 'harbour' RETURNING id::text").await,
        }
    }

    async fn of_quarry(lab: &Lab) -> Things {
        Things {
            slug: "quarry",
            run: one(lab, "SELECT max(r.id)::text FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE i.slug = 'quarry'").await,
            hold: one(lab, "SELECT min(h.id)::text FROM holds h JOIN institutions i ON i.id = h.institution_id WHERE i.slug = 'quarry'").await,
            job: one(lab, "SELECT min(j.id::text) FROM jobs j JOIN institutions i ON i.id = j.institution_id WHERE i.slug = 'quarry'").await,
            cause: one(lab, "SELECT min(id)::text FROM alert_causes WHERE institution = 'quarry'").await,
            dry_run: one(lab, "INSERT INTO work_units (project, institution_id, slug, due_at, state, ready_at, enqueued_at, finished_at, is_dry, asked_by)
                SELECT 'p', id, slug, now(), 'done', now(), now(), now(), true, 'ada' FROM institutions WHERE slug = 'quarry' RETURNING id::text").await,
        }
    }

    /// A route with these things in its place; those that need more than a path have it.
    fn address(&self, route: &str) -> String {
        let address = route
            .replace("{institution}", self.slug)
            .replace("{run}", &self.run)
            .replace("{hold}", &self.hold)
            .replace("{cause}", &self.cause)
            .replace("{number}", &self.dry_run)
            .replace("{job}", &self.job)
            .replace("{id}", &self.job)
            .replace("{day}", "2026-09-02");
        match route {
            "/ads" => format!("/ads?ad={}", self.job),
            "/duplicates/undo" => format!("/duplicates/undo?one={0}&other={0}", self.job),
            _ => address,
        }
    }
}

/// What a route is to somebody: let in, not let in, or asked to log in.
fn met(response: &Response) -> &'static str {
    match response.status {
        303 if response.header("location").starts_with("/login") => "log in",
        401 => "unknown",
        403 => "forbidden",
        200 | 400 | 404 | 409 | 413 => "let in",
        _ => "odd",
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let lab = two().await;
    let things = Things::of_harbour(&lab).await;
    for (name, role) in [("luke", "look"), ("olga", "operate"), ("edda", "edit")] {
        add_user(&lab, &[name, "--role", role]);
    }
    add_user(
        &lab,
        &["lim", "--role", "operate", "--institution", "harbour"],
    );
    let token = |scopes: &[&str]| {
        let words = [&["tokens", "create", "test"], scopes].concat();
        let made = weir(&lab, &words, 1).output().unwrap();
        format!(
            "Authorization: Bearer {}",
            String::from_utf8(made.stdout).unwrap().trim()
        )
    };
    let served = Served::listening(&lab, "127.0.0.1:0", &["--edit"]);
    let people =
        ["luke", "olga", "edda", "lim"].map(|name| format!("Cookie: {}", served.log_in(name)));
    let [luke, olga, edda, lim] = &people;
    let (reads, scrapes) = (token(&["--scope", "read"]), token(&["--scope", "metrics"]));
    let nobody = String::new();
    let visitors = [
        ("nobody", &nobody),
        ("look", luke),
        ("operate", olga),
        ("edit", edda),
        ("limited", lim),
        ("read", &reads),
        ("metrics", &scrapes),
    ];
    let routes = weir::web::routes();
    assert!(routes.len() > 40, "{routes:?}");
    for (method, route) in routes {
        let (is_api, is_metrics) = (route.starts_with("/api/"), route == "/metrics");
        let is_workbench = route.starts_with("/workbench");
        for (who, proof) in visitors {
            let wanted = match (who, method) {
                ("nobody", "GET") if !is_api && !is_metrics => "log in",
                ("nobody", _) => "unknown",
                ("read", "GET") if is_api => "let in",
                ("metrics", "GET") if is_metrics => "let in",
                ("read" | "metrics", _) => "forbidden",
                ("limited", _) if is_metrics => "forbidden",
                ("look" | "operate" | "limited", _) if is_workbench => "forbidden",
                ("look", "POST") => "forbidden",
                _ => "let in",
            };
            let path = if method == "POST" {
                route.to_owned()
            } else {
                things.address(route)
            };
            let more = if proof.is_empty() {
                String::new()
            } else {
                format!("\r\n{proof}")
            };
            // Of those who may decide, the form says nothing, and that is what is wrong with it.
            let page = if method == "POST" && wanted == "let in" {
                served
                    .get_with("/holds/decide?hold=".to_owned().as_str(), &more)
                    .body
            } else {
                String::new()
            };
            let body = if page.is_empty() {
                String::new()
            } else {
                format!("token={}", field(&page, "token"))
            };
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}{more}",
                served.address
            );
            let answer = served.ask(&head, &body);
            assert_eq!(
                met(&answer),
                wanted,
                "{who}: {method} {path}: {} {}",
                answer.status,
                answer.body
            );
            assert_guarded(&path, &answer);
        }
    }
}

#[tokio::test]
async fn who_is_limited_finds_nothing_of_another_institution() {
    let lab = two().await;
    add_user(
        &lab,
        &["lim", "--role", "operate", "--institution", "harbour"],
    );
    add_user(&lab, &["all", "--role", "operate"]);
    let served = Served::start(&lab);
    let (lim, all) = (served.log_in("lim"), served.log_in("all"));
    let quarry = Things::of_quarry(&lab).await;
    let harbour = Things::of_harbour(&lab).await;
    // Whatever is named, it is not there; for others it is.
    for (method, route) in weir::web::routes() {
        if method == "POST" || !route.contains('{') && route != "/ads" || route == "/reports/{day}"
        {
            continue;
        }
        let address = quarry.address(route);
        assert_eq!(served.get_as(&all, &address).status, 200, "{address}");
        let hidden = served.get_as(&lim, &address);
        assert_eq!(hidden.status, 404, "{address}: {}", hidden.body);
        let own = harbour.address(route);
        assert_eq!(served.get_as(&lim, &own).status, 200, "{own}");
    }
    for filtered in [
        "/runs",
        "/jobs",
        "/holds",
        "/alerts",
        "/audit",
        "/failures",
        "/sources",
        "/trends",
        "/api/v1/jobs",
        "/api/v1/alerts",
    ] {
        let address = format!("{filtered}?institution=quarry");
        assert_eq!(served.get_as(&lim, &address).status, 404, "{address}");
        assert_eq!(served.get_as(&all, &address).status, 200, "{address}");
    }
    // Wherever they go from the first page, and whatever the API lists, there is no word of it.
    let (mut seen, mut queue) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    let others = [
        "/metrics",
        "/workbench",
        "/ads",
        "/rules/compare",
        "/duplicates/undo",
        "/live/today",
    ];
    let listed = weir::web::routes().into_iter().filter(|(method, route)| {
        *method == "GET" && !route.contains('{') && !others.contains(route)
    });
    queue.extend(listed.map(|(_, route)| route.to_owned()));
    queue.push_back("/api/v1/changes?limit=1000".to_owned());
    queue.push_back("/jobs?q=blaster".to_owned());
    queue.push_back(format!("/jobs?q={}", quarry.job));
    let mut looked = 0;
    while let Some(path) = queue.pop_front() {
        let response = served.get_as(&lim, &path);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        let body = response.body.to_lowercase();
        let about = body
            .find("quarry")
            .map(|at| &body[at.saturating_sub(200)..(at + 100).min(body.len())]);
        // What was searched for is repeated in its field.
        assert!(about.is_none(), "{path}: {about:?}");
        looked += 1;
        if response.is_page() && looked < 250 {
            queue.extend(
                response
                    .links()
                    .into_iter()
                    .filter(|link| seen.insert(link.clone())),
            );
        }
    }
    assert!(looked > 60, "{looked}");
    let rows = |cookie: &str| -> usize {
        let body = served.get_as(cookie, "/api/v1/jobs?limit=1000").body;
        let body: Json = serde_json::from_str(&body).unwrap();
        body["data"].as_array().unwrap().len()
    };
    assert!(rows(&lim) > 0 && rows(&all) > rows(&lim));
    // Nor can they decide about it, nor about all.
    let silence = |more: &[&str]| {
        let words = [
            &["alerts", "silence", "--for", "9d", "--reason", "none"],
            more,
        ]
        .concat();
        let done = weir(&lab, &words, 1).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    silence(&[]);
    silence(&["--institution", "quarry"]);
    silence(&["--institution", "harbour"]);
    let token = field(&served.get_as(&lim, "/alerts").body, "token");
    let page = served.get_as(&all, &format!("/holds/{}", quarry.hold));
    let hold = field(&page.body, "hold");
    let pause = served.get_as(&all, "/schedule").body;
    assert!(pause.contains("quarry@0"));
    for (path, more, status) in [
        ("/holds/release", format!("hold={hold}"), 409),
        (
            "/alerts/acknowledge",
            format!("cause={}@0", quarry.cause),
            409,
        ),
        ("/schedule/pause", "institution=quarry@0".to_owned(), 404),
        ("/schedule/pause", "institution=harbour@0".to_owned(), 200),
        ("/alerts/end", "silence=1@".to_owned(), 403),
        ("/alerts/end", "silence=2@".to_owned(), 409),
        ("/alerts/end", "silence=3@".to_owned(), 200),
    ] {
        let form = format!("token={token}&reason=none&{more}");
        let answer = served.post_as(&lim, path, &form);
        assert_eq!(answer.status, status, "{path} {more}: {}", answer.body);
    }
    // A decision is its author's, whatever the form says.
    assert!(
        served
            .get_as(&lim, "/audit")
            .body
            .contains("<bdi>lim</bdi>")
    );
}

#[tokio::test]
async fn a_login_begins_anew_and_ends_when_it_should() {
    let lab = Lab::new().await;
    add_user(&lab, &["ada", "--role", "look"]);
    add_user(&lab, &["prox", "--role", "look", "--no-password"]);
    let served = Served::start(&lab);
    let enter = |name: &str, password: &str| {
        served.post("/login", &format!("name={name}&password={password}"))
    };
    for (name, password) in [
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("prox", ""),
        ("prox", PASSWORD),
    ] {
        assert_eq!(enter(name, password).status, 401, "{name}");
    }
    let foreign = served.post_from(
        "/login",
        "http://elsewhere.example",
        &format!("name=ada&password={PASSWORD}"),
    );
    assert_eq!(foreign.status, 403);
    // Who is not let in is led nowhere.
    for page in [served.get("/login"), enter("ada", "wrong"), foreign] {
        assert!(
            page.body.contains("<h1") && !page.body.contains("<nav"),
            "{}",
            page.body
        );
    }
    // A secret that somebody else has put into the browser is worth nothing, before and after.
    let planted = "weir_login=planted";
    assert_eq!(served.get_as(planted, "/").status, 303);
    let answer = served.post_as(
        planted,
        "/login?to=%2Fruns",
        &format!("name=ada&password={PASSWORD}"),
    );
    assert_eq!((answer.status, answer.header("location")), (303, "/runs"));
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let first = cookie.split(';').next().unwrap().to_owned();
    assert_ne!(first, planted);
    assert_eq!(served.get_as(planted, "/").status, 303);
    let page = served.get_as(&first, "/");
    assert!(
        page.status == 200 && page.body.contains("<bdi>ada</bdi>"),
        "{}",
        page.body
    );
    // A link from another site comes without the cookie: the browser is sent here once more.
    let link = served.get_with("/runs?status=failed", "\r\nSec-Fetch-Site: cross-site");
    assert!(
        link.status == 200 && link.body.contains("url=/runs?status=failed"),
        "{}",
        link.body
    );
    // A second login of the same browser ends the first.
    let second = served.post_as(&first, "/login", &format!("name=ada&password={PASSWORD}"));
    let second = second
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(served.get_as(&first, "/").status, 303);
    let token = field(&served.get_as(&second, "/").body, "token");
    assert_eq!(
        served.post_as(&second, "/logout", "token=made-up").status,
        403
    );
    assert_eq!(
        served
            .post_as(&second, "/logout", &format!("token={token}"))
            .status,
        303
    );
    assert_eq!(served.get_as(&second, "/").status, 303);
    // Another password, and the end of a user, log out.
    let third = served.log_in("ada");
    let done = weir(&lab, &["users", "password", "ada"], 1)
        .env("WEIR_PASSWORD", "another-horse")
        .output();
    assert!(done.unwrap().status.success());
    assert_eq!(served.get_as(&third, "/").status, 303);
    let fourth = served.post("/login", "name=ada&password=another-horse");
    let fourth = fourth
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(served.get_as(&fourth, "/").status, 200);
    assert!(
        weir(&lab, &["users", "remove", "ada"], 1)
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(served.get_as(&fourth, "/").status, 303);
    let stored = one(&lab, "SELECT count(*)::text FROM logins").await;
    assert_eq!(stored, "0");
    // Whoever guesses waits.
    let statuses: Vec<u16> = (0..12)
        .map(|number| enter(&format!("guess{number}"), "x").status)
        .collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[tokio::test]
async fn a_server_that_others_reach_has_users() {
    let lab = Lab::new().await;
    let refused = weir(
        &lab,
        &["serve", "--listen", "0.0.0.0:0", "--parallel", "0"],
        1,
    )
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("can be reached from other machines, and there are no users")
            && said.contains("weir users add"),
        "{said}"
    );
    let proxy = ["--identity-header", "X-Forwarded-User", "--trusted-proxy"];
    let trusting = Served::listening(&lab, "0.0.0.0:0", &[&proxy[..], &["127.0.0.0/8"]].concat());
    let named = |served: &Served, name: &str, path: &str| {
        served.get_with(path, &format!("\r\nX-Forwarded-User: {name}"))
    };
    let stranger = named(&trusting, "ada", "/");
    assert!(
        stranger.status == 403 && stranger.body.contains("ada is not a user"),
        "{}",
        stranger.body
    );
    assert_eq!(trusting.get("/").status, 303);
    add_user(&lab, &["ada", "--role", "operate", "--no-password"]);
    let page = named(&trusting, "ada", "/");
    assert!(
        page.status == 200 && page.body.contains("<bdi>ada</bdi>"),
        "{}",
        page.body
    );
    // From elsewhere the header is only what somebody has written.
    let elsewhere = Served::listening(&lab, "0.0.0.0:0", &[&proxy[..], &["10.9.8.7"]].concat());
    assert_eq!(named(&elsewhere, "ada", "/").status, 303);
    assert_eq!(elsewhere.get("/health").status, 200);
}

#[tokio::test]
async fn contacts_are_for_tokens_that_may_see_them() {
    let lab = two().await;
    let create = |words: &[&str]| {
        let made = weir(&lab, &[&["tokens", "create", "crm"], words].concat(), 1)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    };
    let (plain, contacts) = (
        create(&[]),
        create(&["--scope", "read", "--scope", "contacts"]),
    );
    let limited = create(&[
        "--scope",
        "read",
        "--scope",
        "contacts",
        "--institution",
        "harbour",
    ]);
    let expired = create(&["--expires", "0d"]);
    let stored = one(
        &lab,
        "SELECT string_agg(encode(secret_hash, 'escape') || name, ' ') FROM api_tokens",
    )
    .await;
    assert!(!stored.contains(&plain));
    let served = Served::start(&lab);
    let asked = |token: &str, path: &str| {
        served.get_with(path, &format!("\r\nAuthorization: Bearer {token}"))
    };
    let mut all: BTreeSet<String> = BTreeSet::new();
    for path in ["/api/v1/jobs", "/api/v1/changes", "/api/v1/openings"] {
        let without = asked(&plain, path);
        assert!(
            without.status == 200
                && !without.body.contains("recruiter")
                && !without.body.contains("Quarry Ann"),
            "{path}: {}",
            without.body
        );
        all.insert(asked(&contacts, path).body);
        assert!(!asked(&limited, path).body.contains("Quarry"), "{path}");
    }
    assert!(
        all.iter().any(|body| body.contains("Quarry Ann")),
        "{all:?}"
    );
    assert_eq!(asked(&expired, "/api/v1/jobs").status, 401);
    assert_eq!(asked("weir_made-up", "/api/v1/jobs").status, 401);
    let id = one(&lab, "SELECT min(id)::text FROM api_tokens").await;
    assert!(
        weir(&lab, &["tokens", "revoke", &id], 1)
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(asked(&plain, "/api/v1/jobs").status, 401);
    let list = weir(&lab, &["tokens", "list"], 1).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(
        list.contains("revoked by ada") && !list.contains("weir_"),
        "{list}"
    );
}
