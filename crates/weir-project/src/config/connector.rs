//! `connectors/*.yaml`: reusable sources. A connector supplies what a source would otherwise
//! declare (fetch, id, job and more), and parameters to select a board. It is merged under the
//! sources that use it here, text by text and field by field, before anything is compiled; the
//! compiler can tell the layers apart only by the places of their parts.
//!
//! Built-in connectors are compiled into Weir; a file of the same name in the project's
//! `connectors/` takes precedence. To add one: a file in `connectors/`, and its name in
//! [`BUILT_IN`].

use super::institution::SourceSpec;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;
use weir_yaml::diagnostic::{Diagnostics, FileTexts, Place, did_you_mean, one_of};
use weir_yaml::yaml::{self, Located, MergeRule, Node, Required, Text};

/// The head of a connector file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorSpec {
    /// Its name.
    pub connector: Required<Located<String>>,
    /// What it reads.
    pub about: Required<String>,
    /// What has not been confirmed against a live board.
    pub unconfirmed: Option<String>,
    /// A regular expression for addresses of such boards, used by `weir new`. It starts at
    /// `https?://`; named groups become parameters:
    /// `https?://boards\.example\.com/(?<board>[\w-]+)`. The address may continue after the match.
    pub address: Option<Text>,
    /// The parameters that select a board.
    #[serde(default)]
    pub parameters: IndexMap<Located<String>, ParameterSpec>,
    /// Sample pages with the expected ads.
    #[serde(default)]
    pub tests: Vec<Located<ConnectorTest>>,
}

/// A parameter of a connector.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterSpec {
    /// What it is and where to find it.
    pub about: String,
    /// An example value.
    pub example: Text,
    /// The value used if none is given.
    pub default: Option<Text>,
}

/// A sample page with the expected ads.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorTest {
    /// What the test shows.
    pub about: Option<String>,
    /// The day on which the page was fetched.
    pub at: Option<weir_model::span::WrittenDay>,
    /// The response of the source.
    pub page: String,
    /// The response to the detail request, if the connector makes one.
    pub detail: Option<String>,
    /// The ads in order; only the fields given here are compared.
    pub expect: Vec<Node>,
}

/// A connector, as read.
pub struct Connector {
    /// Its file; built-in connectors have ` (built in)` appended.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its head.
    pub spec: Option<ConnectorSpec>,
    /// A source built from the examples of its parameters, for checking.
    pub example: Option<SourceSpec>,
    /// The keys it provides to a source.
    body: Node,
}

/// Keys that belong to the connector rather than to a source.
const HEAD: [&str; 6] = [
    "connector",
    "about",
    "unconfirmed",
    "address",
    "parameters",
    "tests",
];

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The built-in connectors: name and text.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../../connectors/", $name, ".yaml")))),*];
    };
}

built_in![
    "apsjobs",
    "ashby",
    "bamboohr",
    "careers-vic",
    "csv",
    "greenhouse",
    "indeed-xml",
    "iworkfornsw",
    "json-ld",
    "lever",
    "neogov",
    "personio",
    "qld-smartjobs",
    "recruitee",
    "rss",
    "seek",
    "sitemap",
    "smartrecruiters",
    "teamtailor",
    "usajobs",
    "wa-jobs",
    "workable",
    "workday",
];

/// Marks the file of a built-in connector. A test runs those, so `weir check` need not.
pub const OF_WEIR: &str = " (built in)";

/// Reads the project's connectors and the built-in ones.
pub fn load(folder: &Path, texts: &mut FileTexts, out: &mut Diagnostics) -> Vec<Connector> {
    let mut connectors: Vec<Connector> = Vec::new();
    for path in super::files(&folder.join("connectors")) {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let file = format!("connectors/{name}");
        match super::text_of(&path, &file, texts, out) {
            Some(text) => connectors.extend(read(file, &text, out)),
            None => continue,
        }
    }
    for (name, text) in BUILT_IN {
        if !connectors.iter().any(|own| own.name == *name) {
            let file = format!("connectors/{name}.yaml{OF_WEIR}");
            texts.insert(file.as_str(), text);
            connectors.extend(read(file, text.as_bytes(), out));
        }
    }
    connectors
}

fn read(file: String, text: &[u8], out: &mut Diagnostics) -> Option<Connector> {
    let tree = yaml::parse(&file, text, out)?;
    let head = tree.only(&HEAD);
    let spec: Option<ConnectorSpec> = yaml::decode(&head, out);
    let body = tree.without(&HEAD);
    let named = spec.as_ref().and_then(|spec| spec.connector.get());
    let stem = file
        .trim_start_matches("connectors/")
        .split('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    if let Some(name) = named.filter(|name| name.value != stem) {
        out.error(
            &name.place,
            "bad-name",
            format!("the connector is named `{name}`, but its file `{stem}`"),
        )
        .help("rename the file to match the connector");
    }
    let parameters = spec.as_ref().map(|spec| &spec.parameters);
    let examples: Vec<(&str, &str)> = parameters
        .into_iter()
        .flatten()
        .map(|(name, parameter)| {
            (
                name.as_str(),
                parameter
                    .default
                    .as_ref()
                    .unwrap_or(&parameter.example)
                    .as_str(),
            )
        })
        .collect();
    let example = yaml::decode(&filled(&body, &examples), out);
    Some(Connector {
        name: named.map_or(stem, |name| name.value.clone()),
        file,
        spec,
        example,
        body,
    })
}

/// The body, with parameters filled into the texts under `fetch`.
fn filled(body: &Node, values: &[(&str, &str)]) -> Node {
    let Some(fetch) = body.get("fetch") else {
        return body.clone();
    };
    let fill = |text: &str| {
        let filled = values.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        });
        (filled != text).then_some(filled)
    };
    body.with_entry("fetch", fetch.with_texts(&fill))
}

/// The institution with its connectors merged under its sources, and the files of those connectors.
pub fn lay_under(
    institution: &Node,
    connectors: &[Connector],
    out: &mut Diagnostics,
) -> (Node, Vec<String>) {
    let (mut institution, mut used) = (institution.clone(), Vec::new());
    let Some(sources) = institution.get("sources").cloned() else {
        return (institution, used);
    };
    for entry in sources.entries() {
        let above = institution.highest_id();
        let laid = match entry
            .value
            .get("fetch")
            .and_then(|fetch| fetch.get("connector"))
        {
            Some(wanted) => find(wanted, connectors, out).and_then(|connector| {
                used.push(connector.file.clone());
                lay_one(&entry.value, connector, above, wanted.place(), out)
            }),
            None => match with_built_in_mapping(&entry.value, connectors, above) {
                Some(source) => Some(source),
                None => continue,
            },
        };
        let sources = institution
            .get("sources")
            .cloned()
            .unwrap_or_else(|| sources.clone());
        let key = entry.key_text();
        let sources = match laid {
            Some(source) => sources.with_entry(&key, source),
            // Its errors have already been reported.
            None => sources.without(&[key.as_str()]),
        };
        institution = institution.with_entry("sources", sources);
    }
    (institution, used)
}

/// A JSON-LD source without a mapping of its own gets the built-in one.
fn with_built_in_mapping(source: &Node, connectors: &[Connector], above: u32) -> Option<Node> {
    let fetch = source.get("fetch")?;
    let decode = fetch
        .get("http")
        .or_else(|| fetch.get("file"))?
        .get("decode")?;
    let is_json_ld = decode.text() == Some("json_ld") || decode.get("json_ld").is_some();
    if !is_json_ld || (source.get("id").is_some() && source.get("job").is_some()) {
        return None;
    }
    let known = connectors
        .iter()
        .find(|connector| connector.name == "json-ld")?;
    Some(source.over(&known.body.only(&["id", "job"]), above, &lay))
}

/// What a connector says about responses also applies to files: a source may read saved pages of
/// its board.
fn for_files(upper: &Node, body: Node) -> Node {
    let Some(http) = body
        .get("fetch")
        .and_then(|fetch| fetch.get("http"))
        .filter(|_| upper.get("file").is_some())
    else {
        return body;
    };
    let fetch = upper.only(&["file"]).with_entry(
        "file",
        http.only(&["decode", "charset", "records", "count"]),
    );
    body.with_entry("fetch", fetch)
}

fn find<'c>(
    wanted: &Node,
    connectors: &'c [Connector],
    out: &mut Diagnostics,
) -> Option<&'c Connector> {
    let name = wanted.text().unwrap_or_default();
    let found = connectors.iter().find(|connector| connector.name == name);
    if found.is_none() {
        let names = || connectors.iter().map(|connector| connector.name.as_str());
        let told = out.error(
            wanted.place(),
            "unknown-connector",
            format!("unknown connector `{name}`"),
        );
        match did_you_mean(name, names()) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help(format!(
                "known connectors: {}; to add your own, create `connectors/{name}.yaml`",
                one_of(names())
            )),
        };
    }
    found
}

fn lay_one(
    source: &Node,
    connector: &Connector,
    above: u32,
    place: &Place,
    out: &mut Diagnostics,
) -> Option<Node> {
    let fetch = source.get("fetch")?;
    let spec = connector.spec.as_ref()?;
    let values = values(fetch.get("with"), spec, &connector.name, place, out)?;
    let pairs: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let fetch = fetch.without(&["connector", "with"]);
    let body = for_files(&fetch, filled(&connector.body, &pairs));
    Some(source.with_entry("fetch", fetch).over(&body, above, &lay))
}

/// The values of the parameters; problems go to `out`.
fn values(
    with: Option<&Node>,
    spec: &ConnectorSpec,
    name: &str,
    place: &Place,
    out: &mut Diagnostics,
) -> Option<Vec<(String, String)>> {
    let given = with.map(Node::entries).unwrap_or_default();
    let names = || spec.parameters.keys().map(|name| name.value.as_str());
    let mut is_good = true;
    for entry in given {
        let key = entry.key_text();
        if spec.parameters.contains_key(key.as_str()) && entry.value.text().is_some() {
            continue;
        }
        is_good = false;
        if spec.parameters.contains_key(key.as_str()) {
            out.error(
                entry.value.place(),
                "wrong-type",
                format!(
                    "the parameter `{key}` must be text, found {}",
                    entry.value.described()
                ),
            )
            .help("write plain text");
            continue;
        }
        let told = out.error(
            entry.key.place(),
            "unknown-parameter",
            format!("the connector `{name}` has no parameter `{key}`"),
        );
        match did_you_mean(&key, names()) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None if spec.parameters.is_empty() => told.help("it has no parameters; remove `with`"),
            None => told.help(format!("its parameters are {}", one_of(names()))),
        };
    }
    let mut values = Vec::new();
    for (key, parameter) in &spec.parameters {
        let given = given
            .iter()
            .find(|entry| entry.key.text() == Some(key.as_str()))
            .and_then(|entry| entry.value.text());
        match given.or(parameter.default.as_ref().map(Text::as_str)) {
            Some(value) => values.push((key.value.clone(), value.to_owned())),
            None => {
                is_good = false;
                out.error(
                    place,
                    "missing-parameter",
                    format!("the connector `{name}` needs `{key}`: {}", parameter.about),
                )
                .help(format!("add `with: {{ {key}: {} }}`", parameter.example));
            }
        }
    }
    is_good.then_some(values)
}

/// Field by field: an institution's entry for a field replaces the connector's entirely.
fn lay(path: &[&str]) -> MergeRule {
    match path {
        ["fetch" | "job" | "require" | "missing" | "archive" | "identity"]
        | ["job", "extra"]
        | ["fetch", "http" | "file"] => MergeRule::Together,
        ["fetch", "http", "query" | "headers" | "manners" | "limits"] => MergeRule::Together,
        ["rules" | "without"] => MergeRule::Append,
        _ => MergeRule::Replace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BOARD: &str = "connector: board
about: a board
parameters:
  name: { about: its name, example: acme }
  size: { about: ads a page, example: 20, default: 20 }
fetch: { http: { url: \"https://x/{name}/jobs?size={size}\", records: \"$.jobs[*]\", query: { a: 1 } } }
id: $.id
job: { title: $.title, department: $.dept, extra: { grade: $.g } }
rules: [common]
";

    fn laid(source: &str) -> (serde_json::Value, String) {
        let mut out = Diagnostics::new();
        let board = read("connectors/board.yaml".into(), BOARD.as_bytes(), &mut out).unwrap();
        let tree = yaml::parse(
            "institutions/a.yaml",
            format!("sources:\n  s: {source}\n"),
            &mut out,
        )
        .unwrap();
        let (tree, _) = lay_under(&tree, &[board], &mut out);
        let told: Vec<String> = out.sorted().iter().map(|one| one.message.clone()).collect();
        (tree.to_json()["sources"]["s"].clone(), told.join("; "))
    }

    #[test]
    fn a_source_overrides_single_fields() {
        let (source, told) = laid(
            "{ fetch: { connector: board, with: { name: acme }, http: { query: { b: 2 } } }, job: { department: null, title: $.t }, rules: [own] }",
        );
        assert_eq!(told, "");
        assert_eq!(
            source,
            json!({
                "fetch": { "http": { "url": "https://x/acme/jobs?size=20", "records": "$.jobs[*]", "query": { "a": 1, "b": 2 } } },
                "id": "$.id", "job": { "title": "$.t", "extra": { "grade": "$.g" } }, "rules": ["common", "own"],
            })
        );
    }

    #[test]
    fn what_was_saved_of_a_board_is_read_as_its_answers_are() {
        let (source, told) = laid(
            "{ fetch: { connector: board, with: { name: acme }, file: { path: saved.json } } }",
        );
        assert_eq!(
            (&source["fetch"], told.as_str()),
            (
                &json!({ "file": { "path": "saved.json", "records": "$.jobs[*]" } }),
                ""
            )
        );
    }

    #[test]
    fn markup_for_search_engines_needs_no_mapping() {
        let mut out = Diagnostics::new();
        let (name, text) = BUILT_IN
            .iter()
            .find(|(name, _)| *name == "json-ld")
            .unwrap();
        let known = read(format!("connectors/{name}.yaml"), text.as_bytes(), &mut out).unwrap();
        let tree = yaml::parse(
            "institutions/a.yaml",
            "sources: { s: { fetch: { file: { path: a.html, decode: json_ld } } } }",
            &mut out,
        )
        .unwrap();
        let (tree, _) = lay_under(&tree, &[known], &mut out);
        let source = &tree.to_json()["sources"]["s"];
        assert_eq!(
            (&source["id"], source["job"]["title"].is_null()),
            (&json!("$.url"), false)
        );
        assert!(out.is_empty());
    }

    #[test]
    fn parameters_are_asked_for() {
        assert_eq!(
            laid("{ fetch: { connector: board } }").1,
            "the connector `board` needs `name`: its name"
        );
        assert_eq!(
            laid("{ fetch: { connector: board, with: { name: a, sise: 3 } } }").1,
            "the connector `board` has no parameter `sise`"
        );
        assert_eq!(
            laid("{ fetch: { connector: bord } }").1,
            "unknown connector `bord`"
        );
    }

    #[test]
    fn all_that_come_with_weir_are_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
        let mut files: Vec<String> = super::super::files(&folder)
            .iter()
            .filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()))
            .collect();
        files.sort();
        let mut listed: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(listed, files);
    }
}
