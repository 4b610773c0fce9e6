//! Real payloads of boards through the connectors, where the folder of them is there; counts and
//! fields were read off the payloads by hand.

use crate::lab::{Lab, Step};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir::config::{Project, SourceSpec};
use weir::diagnostic::Diagnostics;
use weir::model::Clock;
use weir::plan::trial::{SourceTrial, TriedPage};
use weir::rule::ScriptSandbox;

/// The folder, if it is there.
fn feeds() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/feeds");
    if !folder.is_dir() {
        eprintln!("skipped: the folder of real feeds is not there");
        return None;
    }
    Some(folder)
}

fn read(connector: &str, page: &[u8], detail: Option<&[u8]>) -> TriedPage {
    let project = Project::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let found = project
        .connectors
        .iter()
        .find(|one| one.name == connector)
        .unwrap_or_else(|| panic!("no connector {connector}"));
    try_out(found.example.as_ref().unwrap(), page, detail)
        .unwrap_or_else(|why| panic!("{connector}: {why}"))
}

/// What a source of its own gives, as an institution would write it.
fn read_by(source: &str, page: &[u8]) -> TriedPage {
    let source: SourceSpec =
        weir::yaml::read("source.yaml", source, &mut Diagnostics::new()).unwrap();
    try_out(&source, page, None).unwrap()
}

fn try_out(source: &SourceSpec, page: &[u8], detail: Option<&[u8]>) -> Result<TriedPage, String> {
    let (sandbox, mut out) = (Arc::new(ScriptSandbox::new()), Diagnostics::new());
    let trial =
        SourceTrial::compile(source, &sandbox, &mut out).unwrap_or_else(|| panic!("{out:?}"));
    trial.run(
        page,
        detail,
        Clock("2026-09-15T00:00:00Z".parse().unwrap()),
        &sandbox,
    )
}

/// The fields of an ad and its id.
fn ad(tried: &TriedPage, index: usize) -> Json {
    let draft = &tried.ads[index];
    let mut fields = draft.job.to_json();
    for (name, value) in &draft.job.extra {
        fields[name] = value.to_json();
    }
    fields["id"] = json!(draft.ad.external_id);
    fields
}

#[test]
fn every_small_payload_is_read_by_its_connector() {
    let Some(folder) = feeds() else { return };
    // Connector, file, page of the ad, how many ads, and what the first says.
    let cases: [(&str, &str, Option<&str>, usize, Json); 30] = [
        (
            "smartrecruiters",
            "smartrecruiters/careerkit_smartrecruiters.json",
            None,
            1,
            json!({ "id": "743999671674844", "open_date": "2018-06-08", "department": "Health Care Provider", "locations": ["St. Louis, MO, United States"] }),
        ),
        (
            "neogov",
            "neogov-rss/gsa_bad_locations.rss",
            None,
            1,
            json!({ "id": "386302", "title": "Information Technology Programmer Analyst", "open_date": "2011-12-21", "close_date": null, "locations": ["Various"], "pay_period": "hour" }),
        ),
        (
            "neogov",
            "neogov-rss/gsa_expired.rss",
            None,
            1,
            json!({ "id": "282662", "title": "Dentist-A", "open_date": "2011-09-23", "close_date": "2012-03-13" }),
        ),
        (
            "lever",
            "lever/jobai_lever_palantir.json",
            None,
            5,
            json!({ "id": "a543d82a-a089-4b1c-afd1-4f30d3d8ee23", "open_date": "2023-03-27", "locations": ["New York, NY"] }),
        ),
        (
            "neogov",
            "neogov-rss/gsa_less_items.rss",
            None,
            2,
            json!({ "title": "Professional Development and Training Intern-DHS", "open_date": "2013-04-12" }),
        ),
        (
            "sitemap",
            "sitemap/*",
            Some("jsonld-html/*"),
            2,
            json!({ "id": "https://www.cvkeskus.ee/ai-agent-developer-tallinnas-bolt-technology-ou-1051058", "title": "Pääkirjanpitäjä" }),
        ),
        (
            "iworkfornsw",
            "iworkfor-nsw-html/*",
            None,
            3,
            json!({ "id": "576439", "title": "Deputy Commissioner", "department": "NSW Police Force", "close_date": "2026-05-17", "pay_max": 527_050, "locations": ["Sydney"] }),
        ),
        (
            "wa-jobs",
            "wa-jobs-html/*",
            None,
            3,
            json!({ "id": "408414", "department": "South Metropolitan TAFE", "open_date": "2026-05-06", "close_date": "2026-05-13" }),
        ),
        (
            "qld-smartjobs",
            "qld-smartjobs-html/*",
            None,
            3,
            json!({ "id": "QLD-684271-26", "department": "Teach Queensland", "close_date": "2026-07-05", "locations": ["Wide Bay"] }),
        ),
        (
            "ashby",
            "ashby/careerkit_ashby.json",
            None,
            2,
            json!({ "title": "Senior Technical Recruiter", "department": "HighlightTA", "open_date": "2026-04-20", "locations": ["Canada"] }),
        ),
        (
            "ashby",
            "ashby/jobai_ashby_linear.json",
            None,
            5,
            json!({ "id": "d3bc1ced-3ce4-4086-a050-555055dbb1ff", "open_date": "2021-04-27" }),
        ),
        (
            "greenhouse",
            "greenhouse/careerkit_greenhouse_content.json",
            None,
            2,
            json!({ "id": "8636903002", "open_date": "2026-07-16", "locations": ["London, UK"], "company_name": "Amplitude" }),
        ),
        (
            "greenhouse",
            "greenhouse/jobai_greenhouse_atlassian.json",
            None,
            3,
            json!({ "id": "12345", "department": "Engineering", "locations": ["Sydney, Australia"] }),
        ),
        (
            "lever",
            "lever/careerkit_lever.json",
            None,
            2,
            json!({ "id": "a24ec4e5-5caa-473d-abd4-b71f09a8167b", "locations": ["Chicago, IL"], "open_date": "2025-11-27" }),
        ),
        (
            "recruitee",
            "recruitee/*",
            None,
            2,
            json!({ "id": "2700825", "department": "Finance", "locations": ["Berlin"], "open_date": "2026-08-05" }),
        ),
        (
            "teamtailor",
            "teamtailor/careerkit_teamtailor_jsonfeed.json",
            None,
            2,
            json!({ "title": "Account Executive - Italy (Madrid based)", "open_date": "2026-02-04", "locations": ["Madrid"], "number": "7167985" }),
        ),
        (
            "workable",
            "workable/careerkit_workable.json",
            None,
            1,
            json!({ "id": "DD136DD7E7", "open_date": "2026-08-05", "locations": ["Spain", "Portugal"] }),
        ),
        (
            "workable",
            "workable/jobai_workable_huggingface.json",
            None,
            7,
            json!({ "id": "922D2C6549", "locations": ["Paris"], "job_type": "Full-time" }),
        ),
        (
            "smartrecruiters",
            "smartrecruiters/jobai_visa_listing.json",
            Some("smartrecruiters/jobai_visa_detail.json"),
            3,
            json!({ "id": "744000124190269", "open_date": "2026-05-01", "department": "Human Resources" }),
        ),
        (
            "personio",
            "personio-xml/*",
            None,
            2,
            json!({ "id": "1834171", "locations": ["Munich", "Berlin"], "open_date": "2024-11-13" }),
        ),
        (
            "workday",
            "workday/careerkit_workday_cxs.json",
            None,
            2,
            json!({ "id": "JR354232", "open_date": "2026-09-14", "locations": ["3 Locations"] }),
        ),
        (
            "neogov",
            "neogov-rss/careerkit_neogov.xml",
            None,
            2,
            json!({ "id": "410001", "open_date": "2026-08-19", "close_date": "2026-09-20", "department": "Information Technology", "pay_min": 135_000, "pay_period": "year" }),
        ),
        (
            "indeed-xml",
            "xml-feed-dialects/recruityard_feed.xml",
            None,
            80,
            json!({ "id": "CC-0506-38", "title": "Customer Support for Social Media with French", "open_date": "2025-05-27", "locations": ["Lisbon"], "remote": false }),
        ),
        (
            "indeed-xml",
            "xml-feed-dialects/recruityard_jora.xml",
            None,
            80,
            json!({ "id": "CC-0506-38", "open_date": "2025-05-27", "close_date": "2025-06-26" }),
        ),
        (
            "indeed-xml",
            "xml-feed-dialects/recruityard_talentcom.xml",
            None,
            80,
            json!({ "id": "CC-0506-38", "open_date": "2025-05-27", "close_date": "2025-06-26" }),
        ),
        (
            "rss",
            "xml-feed-dialects/recruityard_rss.xml",
            None,
            80,
            json!({ "title": "Customer Support for Social Media with French" }),
        ),
        (
            "json-ld",
            "jsonld-html/valtiolle_fi_detail_trimmed.html",
            None,
            1,
            json!({ "title": "Pääkirjanpitäjä", "open_date": "2026-09-11", "close_date": "2026-09-28", "currency": "EUR" }),
        ),
        (
            "csv",
            "csv-open-data/nyc_jobs_excerpt.csv",
            None,
            22,
            json!({ "id": "424339", "title": "PUBLIC HEALTH NURSE", "pay_min": 84252 }),
        ),
        (
            "seek",
            "seek-html/jobai_seek_python_au.html",
            None,
            3,
            json!({ "id": "91899557", "title": "Software Engineer", "company_name": "GTurbo", "open_date": "2026-09-14", "pay_max": 130_000, "pay_currency": "AUD" }),
        ),
        (
            "careers-vic",
            "careers-vic-html/jobai_vic_careers.html",
            None,
            3,
            json!({ "id": "226530447", "title": "Senior Advisor, Plumbing, Codes & Standards", "close_date": "2026-05-20" }),
        ),
    ];
    for (connector, pattern, detail, count, expected) in cases {
        let find = |pattern: &str| {
            glob::glob(&folder.join(pattern).to_string_lossy())
                .unwrap()
                .flatten()
                .next()
                .unwrap_or_else(|| panic!("{pattern}"))
        };
        let page = std::fs::read(find(pattern)).unwrap();
        let detail = detail.map(|pattern| std::fs::read(find(pattern)).unwrap());
        let tried = read(connector, &page, detail.as_deref());
        let first = ad(&tried, 0);
        eprintln!(
            "{connector} {pattern}: {} ads, {} refused, first {}",
            tried.ads.len(),
            tried.refused.len(),
            json!({ "id": first["id"], "title": first["title"], "open_date": first["open_date"], "close_date": first["close_date"], "department": first["department"], "locations": first["locations"], "pay_min": first["pay_min"] })
        );
        assert!(
            tried.ads.len() == count,
            "{connector} {pattern}: {} ads",
            tried.ads.len()
        );
        assert!(tried.refused.is_empty(), "{connector} {pattern}");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&first[name], value, "{connector} {pattern}: {name}");
        }
    }
}

/// One ad of the search of SEEK as JSON.
const SEEK_JSON: &str = "
fetch: { file: { path: seek.json } }
id: $.id
timezone: Australia/Sydney
job:
  title: $.title
  description: $.teaser
  open_date: $.listingDate
  department: \"$.classifications[0].subclassification.description\"
  locations: \"$.locations[*].label\"
  job_type: { from: \"$.workTypes[*]\", join: \", \" }
  remuneration: $.salaryLabel
  pay: { from: $.salaryLabel, period: { constant: year } }
  extra: { company_name: $.companyName, arrangement: \"$.workArrangements.data[0].label.text\" }
";

/// Two sites crawled many times over, in one table whose ids are made anew for each row.
const SEEN_OFTEN: &str = "
fetch: { file: { path: '${DAY:-day.csv}' } }
id: { from: $.url, match: \"^([^?#]+)\" }
duplicates: last
timezone: Australia/Sydney
job:
  title: $.title
  department: $.company
  locations: $.location
  open_date: $.posted_date
  remuneration: $.salary
  pay: $.salary
  source_url: { from: $.url, as: url }
  extra: { board: $.source }
";

#[test]
fn what_no_connector_knows_is_read_by_a_source_of_its_own() {
    let Some(folder) = feeds() else { return };
    let one = read_by(
        SEEK_JSON,
        &std::fs::read(folder.join("seek-json/kelly-keating_res_oneJob.json")).unwrap(),
    );
    let first = ad(&one, 0);
    assert_eq!((one.ads.len(), one.refused.len()), (1, 0));
    assert_eq!(
        (&first["id"], &first["title"], &first["open_date"]),
        (
            &json!("84961018"),
            &json!("Team Leader Applications"),
            &json!("2025-06-17")
        )
    );
    assert_eq!(
        (&first["pay_min"], &first["pay_max"], &first["locations"]),
        (
            &json!(125_813),
            &json!(148_015),
            &json!(["Wellington Central, Wellington"])
        )
    );
    assert_eq!(
        (
            &first["department"],
            &first["job_type"],
            &first["arrangement"]
        ),
        (
            &json!("Team Leaders"),
            &json!("Full time"),
            &json!("On-site")
        )
    );
    for (day, ads) in [("24", 243), ("25", 261)] {
        let page =
            std::fs::read(folder.join(format!("linkedin-seek-au-large/eod_2025-12-{day}.csv.gz")))
                .unwrap();
        let tried = read_by(SEEN_OFTEN, &page);
        assert_eq!(
            (tried.ads.len(), tried.refused.len()),
            (ads, 0),
            "day {day}"
        );
        let seek = (0..ads)
            .map(|index| ad(&tried, index))
            .find(|ad| ad["id"] == "https://www.seek.com.au/job/89009965")
            .unwrap();
        assert_eq!(
            (&seek["board"], &seek["open_date"]),
            (&json!("SEEK"), &json!("2025-12-24"))
        );
    }
}

/// The worst case of duplication as two days of one source: 1,492 and 3,735 rows are 243 and 261
/// ads, and what changes is what changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_repeats_every_ad_a_hundred_times_is_two_quiet_days() {
    let Some(folder) = feeds() else { return };
    let lab = Lab::new().await;
    let source: String = SEEN_OFTEN
        .trim()
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    lab.write(
        "institutions/table.yaml",
        &format!("institution: table\ntimezone: Australia/Sydney\nsources:\n  table:\n{source}"),
    );
    let mut days = Vec::new();
    for day in ["24", "25", "25"] {
        let file = std::fs::canonicalize(
            folder.join(format!("linkedin-seek-au-large/eod_2025-12-{day}.csv.gz")),
        )
        .unwrap();
        let total = lab
            .run(&Step::new(
                &format!("2025-12-{day}"),
                &[("DAY", file.to_str().unwrap())],
            ))
            .await
            .remove(0)
            .total;
        days.push((
            total.documents,
            total.created,
            total.updated,
            total.unchanged,
            total.rejected + total.failed + total.archived,
        ));
    }
    // The fifty are dated anew by the crawler.
    assert_eq!(
        days,
        [
            (243, 243, 0, 0, 0),
            (261, 18, 50, 193, 0),
            (261, 0, 0, 261, 0)
        ]
    );
    lab.bench.drop().await;
}

#[test]
fn every_payload_of_the_folder_has_a_test() {
    let Some(folder) = feeds() else { return };
    let here = include_str!("feeds.rs");
    let replayed = [
        "greenhouse-timeseries",
        "xml-feed-timeseries",
        "linkedin-seek-au-large",
    ];
    let mut missing = Vec::new();
    for file in glob::glob(&folder.join("*/*").to_string_lossy())
        .unwrap()
        .flatten()
    {
        let name = file
            .strip_prefix(&folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let set = name.split('/').next().unwrap_or_default();
        if !replayed.contains(&set) && !here.contains(&name) && !here.contains(&format!("{set}/*"))
        {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "no test reads {missing:?}");
}
