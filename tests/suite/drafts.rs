//! What `weir new` drafts from feeds of many shapes. A folder of `tests/drafts` is a shape: a
//! `payload`, its `address` where it is read from one, and the `draft.yaml` made from it. Where a
//! careful author changes lines of that, `corrected.yaml` is what they end up with. `ads.json` has
//! the ads that result, `note` what no line can mend, and `README.md` the lines that were changed
//! by hand in every shape.

use serde_json::{Value as Json, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const FOLDER: &str = "tests/drafts";
/// What stands for the address of the local server.
const BOARD: &str = "https://jobs.example";

struct Shape {
    name: String,
    folder: PathBuf,
    payload: PathBuf,
    /// The path and query of its address.
    address: Option<String>,
}

fn shapes() -> Vec<Shape> {
    let mut shapes: Vec<Shape> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.is_dir())
        .map(shape)
        .collect();
    shapes.sort_by(|one, other| one.name.cmp(&other.name));
    shapes
}

fn shape(folder: PathBuf) -> Shape {
    let payload = glob::glob(&format!("{}/payload.*", folder.display()))
        .unwrap()
        .flatten()
        .next()
        .unwrap();
    let address = std::fs::read_to_string(folder.join("address"))
        .ok()
        .map(|text| text.trim().to_owned());
    Shape {
        name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        folder,
        payload,
        address,
    }
}

/// A project and a local server for the payloads that have an address.
struct Desk {
    project: tempfile::TempDir,
    server: MockServer,
}

impl Desk {
    fn weir(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(self.project.path())
            .args(words)
            .env_remove("DATABASE_URL");
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    /// What the draft is made from: a file of the project, or an address.
    async fn from(&self, shape: &Shape) -> String {
        let body = std::fs::read(&shape.payload).unwrap();
        let Some(address) = &shape.address else {
            let file = format!(
                "{}.{}",
                shape.name,
                shape.payload.extension().unwrap().to_str().unwrap()
            );
            std::fs::write(self.project.path().join(&file), body).unwrap();
            return file;
        };
        let only = address.split('?').next().unwrap();
        Mock::given(path(only))
            .respond_with(ResponseTemplate::new(200).set_body_bytes(body))
            .mount(&self.server)
            .await;
        format!("{}{address}", self.server.uri())
    }

    fn institution(&self, shape: &Shape) -> PathBuf {
        self.project
            .path()
            .join(format!("institutions/{}.yaml", shape.name))
    }

    async fn draft(&self, shape: &Shape) -> String {
        let from = self.from(shape).await;
        let (code, _, told) = self.weir(&["new", &shape.name, "--from", &from, "--allow-private"]);
        assert_eq!(code, Some(0), "{}: {told}", shape.name);
        std::fs::read_to_string(self.institution(shape))
            .unwrap()
            .replace(&self.server.uri(), BOARD)
    }

    /// The ads of a shape, as its YAML maps them.
    fn ads(&self, shape: &Shape, yaml: &str) -> String {
        std::fs::write(
            self.institution(shape),
            yaml.replace(BOARD, &self.server.uri()),
        )
        .unwrap();
        // The local server has one page, whatever is asked for.
        let limit = if shape.address.is_some() { "2" } else { "10" };
        let (code, said, told) = self.weir(&[
            "preview",
            &shape.name,
            "--json",
            "--limit",
            limit,
            "--at",
            "2026-09-02",
            "--allow-future",
        ]);
        assert_eq!(code, Some(0), "{}: {told}", shape.name);
        let page: Json = serde_json::from_str(&said.replace(&self.server.uri(), BOARD)).unwrap();
        let ads = page["ads"]
            .as_array()
            .unwrap_or_else(|| panic!("{}: {page:#}", shape.name));
        let ads: Vec<Json> =
            ads.iter().map(|ad| json!({ "id": ad["id"], "job": ad["job"], "lost": ad["lost"], "problems": ad["problems"] })).collect();
        format!("{:#}\n", json!(ads))
    }
}

/// The lines of the YAML without comments.
fn lines(yaml: &str) -> Vec<&str> {
    let lines = yaml
        .lines()
        .map(|line| line.split("      # ").next().unwrap_or_default().trim_end());
    lines
        .filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())
        .collect()
}

/// How many lines were changed by hand, and what they say now.
fn changed<'t>(draft: &'t str, corrected: &'t str) -> (usize, Vec<String>) {
    let (old, new) = (lines(draft), lines(corrected));
    let (mut count, mut said) = (0, Vec::new());
    for op in capture_diff_slices(Algorithm::Patience, &old, &new) {
        let (gone, come) = (op.old_range(), op.new_range());
        if !matches!(op, DiffOp::Equal { .. }) {
            count += gone.len().max(come.len());
            said.extend(
                new[come.clone()]
                    .iter()
                    .map(|line| format!("`{}`", line.trim())),
            );
            said.extend(
                old[gone]
                    .iter()
                    .filter(|_| come.is_empty())
                    .map(|line| format!("without `{}`", line.trim())),
            );
        }
    }
    (count, said)
}

fn expect(file: &Path, now: &str, wrong: &mut Vec<String>) {
    let before = std::fs::read_to_string(file).unwrap_or_default();
    if before == now {
        return;
    }
    if std::env::var("WEIR_BLESS").is_ok() {
        std::fs::write(file, now).unwrap();
    } else {
        wrong.push(format!("{} is another\n{now}", file.display()));
    }
}

const HEAD: &str = "# Shapes of feeds, and what a draft leaves to the author

Written by `WEIR_BLESS=1 cargo test --test suite drafts`. A line counts as changed by hand if `corrected.yaml` has another one than
`draft.yaml`; comments do not count.

| shape | lines of the draft | changed by hand | what they say then |
|---|---|---|---|
";

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_is_drafted_and_little_is_left_to_the_author() {
    let desk = Desk {
        project: tempfile::tempdir().unwrap(),
        server: MockServer::start().await,
    };
    let (mut wrong, mut table) = (Vec::new(), HEAD.to_owned());
    for shape in shapes() {
        let draft = desk.draft(&shape).await;
        expect(&shape.folder.join("draft.yaml"), &draft, &mut wrong);
        let (code, said, told) = desk.weir(&["test", &shape.name]);
        assert_eq!(
            code,
            Some(0),
            "the first test of {}: {said}{told}",
            shape.name
        );
        let corrected = std::fs::read_to_string(shape.folder.join("corrected.yaml"))
            .unwrap_or_else(|_| draft.clone());
        expect(
            &shape.folder.join("ads.json"),
            &desk.ads(&shape, &corrected),
            &mut wrong,
        );
        let (count, mut said) = changed(&draft, &corrected);
        said.extend(
            std::fs::read_to_string(shape.folder.join("note")).map(|note| note.trim().to_owned()),
        );
        writeln!(
            table,
            "| {} | {} | {count} | {} |",
            shape.name,
            lines(&draft).len(),
            said.join(", ")
        )
        .unwrap();
    }
    expect(&Path::new(FOLDER).join("README.md"), &table, &mut wrong);
    let (code, _, told) = desk.weir(&["check"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
