//! Where ads come from. One file a kind, with its YAML, its compile step and its reading; documents come out in
//! pages, and at the end a [`Proof`] says how much of the source was read and why that is everything or not.
//!
//! A source never touches the database and never decides what absence means. To add a kind: a file here, a variant
//! in [`FetchSpec`] and [`Source`], and an arm in each of the three matches below.

pub mod file;
pub mod http;
pub mod ident;
pub mod json;
pub mod page;
pub mod steps;
pub mod template;

pub use ident::{IdMapping, Ident};
pub use page::{Page, Pages, Stopped};
pub use template::{Template, Variables};

use crate::diagnostic::Diagnostics;
use crate::model::Parts;
use crate::store::reads::Proof;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// How a source is read, as written in the YAML.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename = "kind of source", rename_all = "snake_case", deny_unknown_fields)]
pub enum FetchSpec {
    /// JSON over HTTP.
    Http(Box<http::HttpSpec>),
    /// Files and folders.
    File(Box<file::FileSpec>),
}

/// How a source is read, compiled.
#[derive(Debug, Clone)]
pub enum Source {
    /// JSON over HTTP.
    Http(Box<http::Http>),
    /// Files and folders.
    File(file::Files),
}

/// What a reading may use.
#[derive(Clone)]
pub struct Access {
    /// The project folder, for relative paths.
    pub folder: PathBuf,
    /// The HTTP client, the only door to the network.
    pub client: reqwest::Client,
    /// Values of `${NAME}`.
    pub variables: Arc<Variables>,
}

impl FetchSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<Source> {
        match self {
            FetchSpec::Http(spec) => spec.compile(out).map(Box::new).map(Source::Http),
            FetchSpec::File(spec) => spec.compile(out).map(Source::File),
        }
    }
}

impl Source {
    /// Reads everything, page by page.
    pub async fn read(&self, access: &Access, pages: Pages) -> Proof {
        match self {
            Source::Http(http) => http.read(access, pages).await,
            Source::File(files) => files.read(access, pages).await,
        }
    }

    /// What it does, in a few words, without secrets: variables stay as written.
    pub fn explain(&self) -> String {
        match self {
            Source::Http(http) => http.explain(),
            Source::File(files) => files.explain(),
        }
    }

    /// Names of variables that it needs and `variables` does not have.
    pub fn missing_variables(&self, variables: &Variables) -> Vec<String> {
        match self {
            Source::Http(http) => http.url.missing(variables),
            Source::File(files) => files.paths.iter().flat_map(|path| path.missing(variables)).collect(),
        }
    }

    /// Nothing of how a source is reached changes what is derived from a document; the address and secrets never count.
    pub fn parts(&self) -> Parts {
        Parts::default()
    }
}
