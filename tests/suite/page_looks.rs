//! The pages of `weir serve` in a browser: readable for everyone, in three widths, light and dark,
//! full and hostile; logging in and out as a person does; and what follows by itself.

use super::browser::{Browser, ENTER};
use super::served::{PASSWORD, Served, add_user, harbour, weir};
use serde_json::json;

/// The findings of one look at a page.
const AUDIT: &str = include_str!("readable.js");

const PAGES: [&str; 19] = [
    "/",
    "/runs",
    "/schedule",
    "/sources",
    "/failures",
    "/holds",
    "/holds/1",
    "/duplicates",
    "/jobs",
    "/rules",
    "/frameworks",
    "/trends?institution=harbour",
    "/alerts",
    "/alerts/1",
    "/reports",
    "/audit",
    "/system",
    "/login",
    "/nowhere",
];

#[tokio::test(flavor = "multi_thread")]
async fn served_pages_can_be_read_by_everyone() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let Some(browser) = Browser::open() else {
        return;
    };
    for page in PAGES {
        browser.visit(&format!("http://{}{page}", served.address));
        for (width, scheme) in [360, 1280, 1920]
            .into_iter()
            .flat_map(|width| [(width, "light"), (width, "dark")])
        {
            browser.look(width, scheme);
            let found = browser.script(AUDIT);
            assert_eq!(found, json!([]), "{page} at {width} in {scheme}");
        }
    }
    lab.bench.drop().await;
}

/// Pages of single things, beside those that everybody opens.
const MORE_PAGES: [&str; 8] = [
    "/runs?institution=harbour",
    "/runs/harbour/3",
    "/runs/harbour/3?stage=validate%3Aboard",
    "/sources?institution=harbour&source=board",
    "/holds/decide?hold=1&hold=2",
    "/failures?institution=harbour",
    "/ads?ad=harbour%2Fboard%3AA5",
    "/workbench?set=house",
];

/// What axe-core finds on a page: which rule, and where.
const AXE: &str =
    "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))";

/// Where `WEIR_AXE` names the file of axe-core, which is not part of this project.
#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_served_pages() {
    #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
    let Ok(file) = std::env::var("WEIR_AXE") else {
        eprintln!("skipped: WEIR_AXE names no file of axe-core");
        return;
    };
    let axe = std::fs::read_to_string(file).unwrap();
    let lab = harbour().await;
    let served = Served::start(&lab);
    let Some(browser) = Browser::open() else {
        return;
    };
    let job = served.get("/jobs").links();
    let job = job.iter().find(|link| link.starts_with("/jobs/")).unwrap();
    for page in PAGES.iter().chain(&MORE_PAGES).chain([&job.as_str()]) {
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
            browser.look(width, scheme);
            browser.visit(&format!("http://{}{page}", served.address));
            browser.script(&axe);
            assert_eq!(
                browser.script(AXE),
                json!([]),
                "{page} at {width} in {scheme}"
            );
        }
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_looks_and_logs_out() {
    let lab = harbour().await;
    add_user(&lab, &["ada", "--role", "operate"]);
    let served = Served::start(&lab);
    let Some(browser) = Browser::open() else {
        return;
    };
    let says = |words: &str| {
        let text = browser.script("return document.body.innerText");
        let text = text.as_str().unwrap_or_default();
        assert!(text.contains(words), "{words}: {text}");
    };
    let at = |path: &str| {
        let place = browser.script("return location.pathname + location.search");
        assert_eq!(place, json!(path));
    };
    browser.visit(&format!("http://{}/runs?status=done", served.address));
    says("Log in to Weir");
    browser.script(&format!("document.querySelector('[name=name]').value = 'ada'; document.querySelector('[name=password]').value = '{PASSWORD}'; document.querySelector('[name=password]').focus();"));
    browser.press(ENTER);
    browser.wait_for("return location.pathname === '/runs'");
    at("/runs?status=done");
    says("ada operate");
    // With the keyboard alone: the first row is reached and opened.
    browser.press("j");
    browser.press(ENTER);
    browser.wait_for("return location.pathname.startsWith('/runs/harbour/')");
    says("What passed");
    browser.click("nav.site .groups .person button");
    browser.wait_for("return location.pathname === '/login'");
    browser.visit(&format!("http://{}/", served.address));
    says("Log in to Weir");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_follows_without_being_opened_again() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let Some(browser) = Browser::open() else {
        return;
    };
    browser.visit(&format!("http://{}/", served.address));
    browser.script("window.isTheSame = true; document.querySelector('th a').focus();");
    let bars = "return document.querySelectorAll('.bar').length";
    let before = browser.script(bars).as_u64().unwrap();
    let done = weir(
        &lab,
        &["run", "harbour", "--at", "2026-09-04T05:00:00+10:00"],
        3,
    )
    .output();
    assert!(matches!(done.unwrap().status.code(), Some(0 | 1)));
    browser.wait_for(&format!(
        "return document.querySelectorAll('.bar').length > {before}"
    ));
    assert_eq!(browser.script("return window.isTheSame"), json!(true));
    let focus = browser.script("return document.activeElement.textContent");
    assert_eq!(focus, json!("harbour"), "the focus stays");
    lab.bench.drop().await;
}
