//! Where ads come from. One file a kind, with its YAML, its compile step and its reading; documents
//! come out in pages, and at the end a [`ReadOutcome`] says how much of the source was read and why
//! that is everything or not.
//!
//! A source never touches the database and never decides what absence means. To add a kind: a file
//! here, a variant in [`FetchSpec`] and [`Source`], and an arm in each of the three matches below.

pub mod jsonpath;
pub mod markup;

pub mod decode;
pub mod door;
pub mod download;
pub mod draft;
pub mod file;
pub mod http;
pub mod ident;
pub mod page;
pub mod proof;
pub mod secrets;
pub mod steps;
pub mod template;
pub mod twins;
pub mod unpack;
pub mod webhook;
pub mod written_path;

pub use decode::json;
pub use ident::{IdExtractor, IdMapping};
pub use page::{DocumentPage, PageSink, ReadStopped};
pub use template::{Template, Variables};

pub use quick_xml::escape::escape as escape_xml;
pub use reqwest::Method;

use chrono::Duration;
use chrono_tz::Tz;
use door::HttpClient;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::sync::Arc;
pub use weir_model::CacheValidators;
use weir_model::untrusted::SecretStore;
use weir_model::{Clock, FingerprintParts, ReadOutcome};
use weir_yaml::diagnostic::Diagnostics;

/// How a source is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "source type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FetchSpec {
    /// Read ads over HTTP.
    Http(Box<http::HttpSpec>),
    /// Read ads from files.
    File(Box<file::FileSpec>),
}

/// How a source is read, compiled.
#[derive(Debug, Clone)]
pub enum Source {
    /// Requests over HTTP.
    Http(Box<http::HttpSource>),
    /// Files and folders.
    File(Box<file::FileSource>),
}

/// What a reading may use.
#[derive(Clone)]
pub struct SourceAccess {
    /// The project folder, for relative paths.
    pub folder: PathBuf,
    /// The only door to the network.
    pub door: HttpClient,
    /// Values of `${NAME}`.
    pub variables: Arc<Variables>,
    /// Tokens that sources gave.
    pub tokens: http::TokenCache,
    /// Values that must not be stored, recorded or shown.
    pub secrets: SecretStore,
}

/// What is known when a reading begins.
#[derive(Debug, Clone, Default)]
pub struct ReadApproach {
    /// Where a reading that died goes on.
    pub bookmark: Option<Json>,
    /// What the read before said of its state, if it was whole.
    pub known: Option<CacheValidators>,
    /// Whether the author takes the source at its word when it says that it has no ads.
    pub empty_is_honest: bool,
}

/// What is stored of a read holds no secret that the source echoes; a validator that does is no
/// use.
fn without_secrets(mut proof: ReadOutcome, access: &SourceAccess) -> ReadOutcome {
    let mask = access.secrets.mask();
    proof.why = proof.why.map(|why| mask.hide(&why).into_owned());
    proof.validators = proof
        .validators
        .filter(|held| !mask.finds(&json!(held).to_string()));
    proof
}

impl FetchSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<Source> {
        match self {
            FetchSpec::Http(spec) => spec.compile(out).map(Box::new).map(Source::Http),
            FetchSpec::File(spec) => spec.compile(out).map(Box::new).map(Source::File),
        }
    }
}

impl Source {
    /// The texts in it that name variables.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Source::Http(http) => http.templates(),
            Source::File(files) => files.paths.iter().collect(),
        }
    }

    /// Why it is not to be read now, if it declares hours for that: nothing has failed then, and
    /// the caller does not read.
    pub fn waits(&self, at: Clock, zone: Tz) -> Option<String> {
        match self {
            Source::Http(http) => http
                .window()?
                .waits(at.local(zone))
                .map(|why| format!("{why} ({zone})")),
            Source::File(_) => None,
        }
    }

    /// Whether it is asked over the network, which takes mostly waiting.
    pub fn is_remote(&self) -> bool {
        matches!(self, Source::Http(_))
    }

    /// Reads everything, page by page.
    pub async fn read(
        &self,
        access: &SourceAccess,
        approach: &ReadApproach,
        pages: PageSink,
    ) -> ReadOutcome {
        let pages = pages.masked(access.secrets.clone());
        let proof = match self {
            Source::Http(http) => http.read(access, approach, pages).await,
            Source::File(files) => files.read(access, pages).await,
        };
        without_secrets(proof, access)
    }

    /// What it does, in a few words, without secrets: variables stay as written.
    pub fn explain(&self) -> String {
        match self {
            Source::Http(http) => http.explain(),
            Source::File(files) => files.explain(),
        }
    }

    /// What it reads with these variables: addresses and files.
    pub fn asks_for(&self, variables: &Variables) -> Vec<String> {
        match self {
            Source::Http(http) => http.asks_for(variables),
            Source::File(files) => files
                .paths
                .iter()
                .map(|path| path.authored(variables))
                .collect(),
        }
    }

    /// Names of variables that it needs and `variables` does not have.
    pub fn missing_variables(&self, variables: &Variables) -> Vec<String> {
        match self {
            Source::Http(http) => http
                .templates()
                .into_iter()
                .flat_map(|template| template.missing(variables))
                .collect(),
            Source::File(files) => files
                .paths
                .iter()
                .flat_map(|path| path.missing(variables))
                .collect(),
        }
    }

    /// The records of an answer or file that is at hand, for trying it out. The name of a file may
    /// say how it is read. It came from where the source would be read: a file without `url` from
    /// nowhere, as in a run.
    ///
    /// # Errors
    /// It is not what it should be.
    pub fn records_of(
        &self,
        mut body: &[u8],
        name: Option<&str>,
    ) -> Result<Vec<json::DecodedItem>, String> {
        let (decoder, records, charset) = match self {
            Source::Http(http) => (http.decoder.clone(), http.records(), http.charset()),
            Source::File(files) => {
                let decoder =
                    name.map_or_else(|| files.decoder.clone(), |name| files.decoder_of(name));
                (decoder, files.records(), files.charset())
            }
        };
        let url = self.page();
        let mut items = Vec::new();
        let found = decoder.decode(
            &mut body,
            &decode::BodyFacts {
                url: url.as_deref(),
                charset,
                ..decode::BodyFacts::default()
            },
            &[],
            &mut |item| {
                items.push(item);
                true
            },
        )?;
        if found.place_found {
            Ok(items)
        } else {
            Err(decoder.absence(records))
        }
    }

    /// The address of its first page, as far as it is known without asking.
    pub fn page(&self) -> Option<String> {
        match self {
            Source::Http(http) => Some(http.example_address()),
            Source::File(files) => files.url.clone(),
        }
    }

    /// Whether its documents are elements of XML, where what comes once is no list.
    pub fn reads_elements(&self) -> bool {
        match self {
            Source::Http(http) => http.decoder.reads_elements(),
            Source::File(files) => files.decoder.reads_elements(),
        }
    }

    /// How long a place in its pages stays where it is, so that a reading that died can go on
    /// there: as ads come and go, others come to stand at a number or an offset, and those that
    /// moved over it would never be read.
    pub fn holds_its_place(&self) -> Duration {
        match self {
            Source::Http(http) if http.counts_pages() => Duration::minutes(5),
            Source::Http(_) | Source::File(_) => Duration::hours(24),
        }
    }

    /// The request for the page of a single ad, if there is one.
    pub fn detail(&self) -> Option<(&http::HttpSource, &http::DetailRequest)> {
        match self {
            Source::Http(http) => http.detail.as_ref().map(|detail| (&**http, detail)),
            Source::File(_) => None,
        }
    }

    /// Nothing of how a source is reached changes what is derived from a document; the address and
    /// secrets never count.
    pub fn parts(&self) -> FingerprintParts {
        FingerprintParts::default()
    }
}
