//! What `docs/operations.md` promises to whoever runs many institutions: each command of it works,
//! exit codes follow severity, and a trouble is new once.

use crate::lab::Lab;
use std::path::Path;
use std::process::{Command, Output};

const JOB: &str =
    "    id: $.id\n    job: { title: $.title }\nrequire: { title: { type: string } }\n";

fn run(lab: &Lab, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("--project").arg(&lab.folder).args(words);
    command
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .env_remove("FEED_TOKEN");
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn day(lab: &Lab, day: u8) -> Output {
    run(
        lab,
        &[
            "run",
            "--quiet",
            "--allow-future",
            "--at",
            &format!("2026-09-{day:02}"),
        ],
    )
}

fn institution(lab: &Lab, name: &str) {
    let feed = format!("    fetch: {{ file: {{ path: data/{name}.json }} }}\n");
    let yaml = format!("institution: {name}\ntimezone: UTC\nsources:\n  board:\n{feed}{JOB}");
    lab.write(&format!("institutions/{name}.yaml"), &yaml);
}

fn ads(lab: &Lab, name: &str, count: usize, title: &str) {
    let ads: Vec<String> = (0..count)
        .map(|n| format!("{{\"id\": {n}, \"{title}\": \"Post {n}\"}}"))
        .collect();
    lab.write(
        &format!("data/{name}.json"),
        &format!("[{}]", ads.join(",")),
    );
}

async fn two_institutions() -> Lab {
    let lab = Lab::new().await;
    for name in ["orange-city", "dubbo"] {
        institution(&lab, name);
        ads(&lab, name, 30, "title");
    }
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_new_once_then_known_and_new_again_after_it_had_ended() {
    let lab = two_institutions().await;
    let gone =
        |name: &str| std::fs::remove_file(lab.folder.join(format!("data/{name}.json"))).unwrap();
    let codes = |output: &Output| {
        (
            output.status.code(),
            said(output).contains("error: orange-city/board: "),
        )
    };
    let first = day(&lab, 1);
    assert_eq!(
        (codes(&first), first.stdout.len()),
        ((Some(0), false), 0),
        "{}",
        said(&first)
    );
    gone("orange-city");
    let new = day(&lab, 2);
    assert_eq!(codes(&new), (Some(1), true), "{}", said(&new));
    assert!(said(&new).contains("(new)"), "{}", said(&new));
    let known = day(&lab, 3);
    assert_eq!(codes(&known), (Some(4), true), "{}", said(&known));
    assert!(
        said(&known).contains("(since 2026-09-02)"),
        "{}",
        said(&known)
    );
    gone("dubbo");
    let down = day(&lab, 4);
    assert_eq!(codes(&down), (Some(5), true), "{}", said(&down));
    ads(&lab, "dubbo", 30, "title");
    ads(&lab, "orange-city", 30, "title");
    assert_eq!(codes(&day(&lab, 5)), (Some(0), false));
    gone("orange-city");
    assert_eq!(codes(&day(&lab, 6)), (Some(1), true));
    let overview = String::from_utf8(run(&lab, &["report"]).stdout).unwrap();
    let lines: Vec<&str> = overview.lines().collect();
    assert!(
        lines[0].starts_with("2 institutions, 1 failing, 1 of them newly"),
        "{overview}"
    );
    assert!(
        lines[1].contains("NEW") && lines[1].contains("orange-city") && lines[2].contains("ok"),
        "{overview}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_refused_whole_or_halved_is_reported_the_same_day() {
    let lab = two_institutions().await;
    assert_eq!(day(&lab, 1).status.code(), Some(0));
    ads(&lab, "orange-city", 30, "name");
    ads(&lab, "dubbo", 15, "title");
    let second = day(&lab, 2);
    assert_eq!(second.status.code(), Some(1), "{}", said(&second));
    assert!(
        said(&second)
            .contains("error: orange-city/board: none of the 30 ads of `board` was published"),
        "{}",
        said(&second)
    );
    assert!(
        said(&second).contains("dubbo/board: source `board` is unusual: ads 15 today, usually 30"),
        "{}",
        said(&second)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_this_machine_lacks_are_reported_before_a_run() {
    let lab = two_institutions().await;
    let file = lab.folder.join("institutions/dubbo.yaml");
    let yaml = std::fs::read_to_string(&file).unwrap();
    let fetch = "    fetch: { http: { url: \"https://x.example/\", auth: { bearer: \"${FEED_TOKEN}\" } } }\n";
    std::fs::write(
        &file,
        yaml.replace("    fetch: { file: { path: data/dubbo.json } }\n", fetch),
    )
    .unwrap();
    assert_eq!(run(&lab, &["check"]).status.code(), Some(0));
    let output = run(&lab, &["check", "--env"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("error: dubbo/board: `${FEED_TOKEN}` is not set"),
        "{}",
        said(&output)
    );
    lab.bench.drop().await;
}

/// The commands of the page, a line each.
fn commands() -> Vec<String> {
    let page = std::fs::read_to_string(Path::new("docs/operations.md")).unwrap();
    let blocks = page
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_of_the_page_works() {
    let lab = two_institutions().await;
    assert_eq!(day(&lab, 1).status.code(), Some(0));
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.strip_prefix("weir ").unwrap().split(' ').collect();
        let output = run(&lab, &words);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{command}: {}",
            said(&output)
        );
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_institution_is_checked_alone_and_a_wrong_database_is_named() {
    let lab = two_institutions().await;
    let file = lab.folder.join("institutions/dubbo.yaml");
    std::fs::write(
        &file,
        std::fs::read_to_string(&file)
            .unwrap()
            .replace("timezone", "timezon"),
    )
    .unwrap();
    let alone = run(&lab, &["check", "orange-city"]);
    assert_eq!((alone.status.code(), said(&alone).as_str()), (Some(0), ""));
    assert!(!String::from_utf8_lossy(&alone.stdout).contains("dubbo"));
    assert_eq!(run(&lab, &["check", "dubbo"]).status.code(), Some(2));
    assert_eq!(run(&lab, &["check"]).status.code(), Some(2));
    let unknown = run(&lab, &["check", "orang-city"]);
    assert!(
        unknown.status.code() == Some(2) && said(&unknown).contains("did you mean `orange-city`?"),
        "{}",
        said(&unknown)
    );
    let mut other = Command::new(env!("CARGO_BIN_EXE_weir"));
    other
        .arg("--project")
        .arg(&lab.folder)
        .args(["db", "status"])
        .env("DATABASE_URL", "mysql://ada:secret@127.0.0.1/jobs");
    let other = other.output().unwrap();
    assert!(
        other.status.code() == Some(2)
            && said(&other).contains("starts with `mysql:`, but Weir uses PostgreSQL"),
        "{}",
        said(&other)
    );
    lab.bench.drop().await;
}

/// A folder may have any name, and its database has a URL nevertheless.
#[test]
fn a_folder_whose_name_is_no_text_has_a_database() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temp.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let folder = temp.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).unwrap();
    let weir = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(&folder)
            .args(words)
            .env_remove("DATABASE_URL")
            .output()
            .unwrap()
    };
    let started = weir(&["db", "start"]);
    let url = weir(&["db", "url"]);
    assert_eq!(weir(&["db", "stop"]).status.code(), Some(0));
    assert_eq!(started.status.code(), Some(0), "{}", said(&started));
    // Nobody who has started it needs to be reminded to.
    assert!(
        url.status.success() && !said(&url).contains("weir db start"),
        "{}",
        said(&url)
    );
}

/// A process that was killed could not say so; nobody holds its lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_listed_as_died() {
    let lab = two_institutions().await;
    assert_eq!(day(&lab, 1).status.code(), Some(0));
    let killed = "UPDATE runs SET status = 'running', finished_at = NULL FROM institutions i
                  WHERE i.id = institution_id AND i.slug = 'dubbo' RETURNING status";
    assert_eq!(lab.texts(killed).await, ["running"]);
    let status = |institution: &str| {
        let listed =
            String::from_utf8(run(&lab, &["report", institution, "--runs=1"]).stdout).unwrap();
        listed.lines().last().unwrap().to_owned()
    };
    assert!(
        status("dubbo").contains(" died ") && status("orange-city").contains(" done "),
        "{}{}",
        status("dubbo"),
        status("orange-city")
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_shown_in_the_zone_of_each_institution() {
    let lab = Lab::new().await;
    let yaml = |name: &str, zone: &str, schedule: &str| {
        format!(
            "institution: {name}\ntimezone: {zone}\n{schedule}sources:\n  board:\n    fetch: {{ file: \
             {{ path: {name}.ndjson }} }}\n    id: $.id\n    job: {{ title: $.title }}\n"
        )
    };
    let daily = "schedule: \"30 2 * * *\"\n";
    lab.write(
        "institutions/sydney.yaml",
        &yaml("sydney", "Australia/Sydney", daily),
    );
    lab.write(
        "institutions/vienna.yaml",
        &yaml("vienna", "Europe/Vienna", daily),
    );
    lab.write("institutions/hand.yaml", &yaml("hand", "UTC", ""));
    // At 02:00 that day, Sydney goes on at 03:00.
    let words = [
        "schedule",
        "--at",
        "2026-10-03T12:00:00Z",
        "--allow-future",
        "--next",
        "2d",
    ];
    let text = String::from_utf8(run(&lab, &words).stdout).unwrap();
    let expected = "Australia/Sydney, until Mon 2026-10-05 23:00
  institution  next                  in   schedule
  sydney       Sun 2026-10-04 03:00  4 h  30 2 * * *  2 runs
Europe/Vienna, until Mon 2026-10-05 14:00
  institution  next                  in         schedule
  vienna       Sun 2026-10-04 02:30  12 h 30 min  30 2 * * *  2 runs
without a schedule: hand; ";
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed(&text).contains(&squeezed(expected)), "{text}");
    lab.bench.drop().await;
}
