//! Responses on disk: `0001.json` has the request and the head of the response, `0001.body` the
//! decompressed body. Recordings are shown and shared, so they contain addresses only as they may
//! be shown, and only the headers needed for reading.

use super::answer::{BodyRest, HttpResponse};
use super::trouble::{FetchError, host_of};
use super::{DoorError, HttpRequest};
use crate::secrets::address_parts;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LINK,
    LOCATION, RETRY_AFTER,
};
use reqwest::header::{COOKIE, PROXY_AUTHORIZATION};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;
use weir_model::untrusted::SecretStore;

/// Most bytes of a body that are kept.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Headers that are kept.
const KEPT: [HeaderName; 6] = [
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
    LINK,
    LOCATION,
    RETRY_AFTER,
];
/// Request headers whose values are secret even if the shown address reveals nothing of them.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];
/// The replacement for a secret.
const HIDDEN: &str = "HIDDEN";

/// One recorded response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RecordedEntry {
    method: String,
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    status: u16,
    final_url: String,
    #[serde(default)]
    headers: BTreeMap<String, Vec<String>>,
    /// Whether the body was longer than the kept part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// What identifies a request: method, shown address and the hash of its body.
type RequestKey = (String, String, Option<String>);

fn key(ask: &HttpRequest) -> RequestKey {
    (
        ask.method.to_string(),
        ask.shown_url.clone(),
        ask.body
            .as_ref()
            .map(|body| blake3::hash(body).to_hex().to_string()),
    )
}

/// Records responses.
pub(super) struct ResponseRecorder {
    folder: PathBuf,
    next: AtomicU64,
    secrets: SecretStore,
}

impl ResponseRecorder {
    /// Records into a folder, after existing recordings.
    pub(super) fn new(folder: PathBuf, secrets: SecretStore) -> ResponseRecorder {
        let last = numbers(&folder)
            .unwrap_or_default()
            .into_iter()
            .max()
            .unwrap_or_default();
        ResponseRecorder {
            folder,
            next: AtomicU64::new(last + 1),
            secrets,
        }
    }

    /// Records a response and returns it.
    pub(super) async fn keep(
        &self,
        ask: &HttpRequest,
        answer: HttpResponse,
    ) -> Result<HttpResponse, FetchError> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let mut entry = entry(ask, &answer);
        self.mask_entry(&mut entry);
        let HttpResponse {
            status,
            url,
            headers,
            ..
        } = &answer;
        let (status, url, headers) = (*status, url.clone(), headers.clone());
        let mut reader = answer.into_reader();
        let path = self.folder.join(format!("{number:04}.body"));
        write_body(&mut reader, &path)
            .await
            .map_err(|error| self.trouble(error))?;
        let mut beginning_of_rest = [0];
        // A longer body is passed on completely, but recorded only up to the limit.
        let more = reader
            .read(&mut beginning_of_rest)
            .await
            .map_err(FetchError::from)?;
        entry.cut = more > 0;
        self.write_entry(number, &entry)
            .map_err(|error| self.trouble(error))?;
        let rest: BodyRest =
            Box::new(io::Cursor::new(beginning_of_rest[..more].to_vec()).chain(reader));
        let answer = opened(&path, rest, status, url, headers)
            .await
            .map_err(|error| self.trouble(error))?;
        self.mask_body(&path).map_err(|error| self.trouble(error))?;
        Ok(answer)
    }

    /// Masks secrets that the source echoes in the recorded headers.
    fn mask_entry(&self, entry: &mut RecordedEntry) {
        let mask = self.secrets.mask();
        entry.final_url = mask.hide(&entry.final_url).into_owned();
        for value in entry.headers.values_mut().flatten() {
            *value = mask.hide(value).into_owned();
        }
    }

    /// Masks secrets that the source echoes in a recorded body. The file is replaced, not changed,
    /// because the crawl continues to read it as received.
    fn mask_body(&self, path: &Path) -> io::Result<()> {
        let mask = self.secrets.mask();
        if mask.is_empty() {
            return Ok(());
        }
        let masked = path.with_extension("masked");
        fs::write(&masked, mask.hide_bytes(fs::read(path)?))?;
        fs::rename(masked, path)
    }

    fn write_entry(&self, number: u64, entry: &RecordedEntry) -> io::Result<()> {
        fs::write(
            self.folder.join(format!("{number:04}.json")),
            serde_json::to_vec_pretty(entry)?,
        )
    }

    /// An error of the body itself is passed on unchanged.
    fn trouble(&self, error: io::Error) -> FetchError {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<FetchError>())
        {
            Some(trouble) => trouble.clone(),
            None => FetchError::Lasting(format!(
                "cannot record the response in `{}`: {error}",
                self.folder.display()
            )),
        }
    }
}

async fn write_body(
    reader: &mut (impl tokio::io::AsyncRead + Unpin),
    path: &Path,
) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut file = tokio::fs::File::create(path).await?;
    tokio::io::copy(&mut reader.take(MOST_BYTES), &mut file).await?;
    file.flush().await
}

/// A response whose body is a file, followed by `rest`.
async fn opened(
    path: &Path,
    rest: BodyRest,
    status: u16,
    url: Url,
    headers: HeaderMap,
) -> io::Result<HttpResponse> {
    let (mut file, mut prefix) = (tokio::fs::File::open(path).await?, Vec::new());
    let most = u64::try_from(super::answer::PREFIX).unwrap_or(u64::MAX);
    (&mut file).take(most).read_to_end(&mut prefix).await?;
    Ok(HttpResponse::new(
        status,
        url,
        headers,
        prefix,
        Box::new(file.chain(rest)),
    ))
}

fn entry(ask: &HttpRequest, answer: &HttpResponse) -> RecordedEntry {
    let (secrets, (method, url, body)) = (secrets(ask), key(ask));
    let final_url = if answer.url == ask.url || holds_any(answer.url.as_str(), &secrets) {
        ask.shown_url.clone()
    } else {
        answer.url.to_string()
    };
    let texts = |name: &HeaderName| {
        answer
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(|text| hidden(text, &secrets))
            .collect()
    };
    let headers = KEPT
        .iter()
        .map(|name| (name.to_string(), texts(name)))
        .filter(|(_, all): &(String, Vec<String>)| !all.is_empty());
    RecordedEntry {
        method,
        url,
        body,
        status: answer.status,
        final_url,
        headers: headers.collect(),
        cut: false,
    }
}

/// Texts that must not be shown: parts of the address that the shown address lacks, and credentials
/// in headers. Longest first.
fn secrets(ask: &HttpRequest) -> Vec<String> {
    let parts = |url: &Url| address_parts(url).into_iter().map(|(_, text)| text);
    let shown: HashSet<String> = Url::parse(&ask.shown_url).iter().flat_map(parts).collect();
    let of_url = parts(&ask.url).filter(|part| !shown.contains(part));
    let is_secret =
        |name: &HeaderName, value: &HeaderValue| value.is_sensitive() || SECRET.contains(name);
    let headers = ask
        .headers
        .iter()
        .filter(|(name, value)| is_secret(name, value))
        .filter_map(|(_, value)| value.to_str().ok());
    let of_headers = headers.flat_map(str::split_whitespace).map(str::to_owned);
    let mut all: Vec<String> = of_url.chain(of_headers).collect();
    all.sort_unstable_by_key(|text| std::cmp::Reverse(text.len()));
    all
}

fn holds_any(text: &str, secrets: &[String]) -> bool {
    secrets.iter().any(|secret| text.contains(secret.as_str()))
}

fn hidden(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), HIDDEN)
    })
}

/// The numbers of the responses in a folder.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let names = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|file| file.path());
    let numbers = names
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .filter_map(|path| path.file_stem()?.to_str()?.parse().ok());
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Answers as they were written.
#[derive(Default)]
pub(super) struct ResponseRecording {
    /// The responses for each request in order, each with the file of its body.
    answers: HashMap<RequestKey, Vec<(PathBuf, RecordedEntry)>>,
    /// How often each was requested.
    asked: Mutex<HashMap<RequestKey, usize>>,
}

impl ResponseRecording {
    /// Reads a recording, without the bodies: the responses of the folder, and of each folder in
    /// it, because every source has its own.
    pub(super) fn open(folder: &Path) -> Result<ResponseRecording, DoorError> {
        let mut recording = ResponseRecording::default();
        recording.add(folder)?;
        let inner = fs::read_dir(folder)
            .map_err(|why| unusable(folder, &why))?
            .filter_map(Result::ok)
            .map(|file| file.path());
        let mut inner: Vec<PathBuf> = inner.filter(|path| path.is_dir()).collect();
        inner.sort();
        inner.iter().try_for_each(|folder| recording.add(folder))?;
        Ok(recording)
    }

    fn add(&mut self, folder: &Path) -> Result<(), DoorError> {
        for number in numbers(folder).map_err(|why| unusable(folder, &why))? {
            let path = folder.join(format!("{number:04}.json"));
            let text = fs::read(&path).map_err(|why| unusable(&path, &why))?;
            let entry: RecordedEntry =
                serde_json::from_slice(&text).map_err(|why| unusable(&path, &why))?;
            let key = (entry.method.clone(), entry.url.clone(), entry.body.clone());
            self.answers
                .entry(key)
                .or_default()
                .push((folder.join(format!("{number:04}.body")), entry));
        }
        Ok(())
    }

    /// The next response to a request; after the last one, the last one again.
    pub(super) async fn answer(&self, ask: &HttpRequest) -> Result<HttpResponse, FetchError> {
        let (path, entry) = self.next(key(ask)).ok_or_else(|| not_recorded(ask))?;
        let rest: BodyRest = if entry.cut {
            Box::new(tokio_util::io::StreamReader::new(cut(ask)))
        } else {
            Box::new(tokio::io::empty())
        };
        let moved = Url::parse(&entry.final_url)
            .ok()
            .filter(|_| entry.final_url != ask.shown_url);
        let answer = opened(
            path,
            rest,
            entry.status,
            moved.unwrap_or_else(|| ask.url.clone()),
            headers(entry),
        )
        .await;
        answer.map_err(|error| {
            FetchError::Lasting(format!(
                "cannot read the recorded response `{}`: {error}",
                path.display()
            ))
        })
    }

    fn next(&self, key: RequestKey) -> Option<&(PathBuf, RecordedEntry)> {
        let answers = self.answers.get(&key)?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(key).or_default();
        *times += 1;
        answers.get(*times - 1).or(answers.last())
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> DoorError {
    DoorError::Recording {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

fn not_recorded(ask: &HttpRequest) -> FetchError {
    FetchError::Lasting(format!(
        "not recorded: {} {}; record it with `weir preview --save`",
        ask.method, ask.shown_url
    ))
}

/// The end of a body that was not kept whole.
fn cut(
    ask: &HttpRequest,
) -> futures::stream::Iter<std::option::IntoIter<io::Result<&'static [u8]>>> {
    let why = format!(
        "only the first {MOST_BYTES} bytes of the response from {} were recorded",
        host_of(&ask.url)
    );
    futures::stream::iter(Some(Err(io::Error::other(FetchError::Lasting(why)))))
}

fn headers(entry: &RecordedEntry) -> HeaderMap {
    let pairs = entry
        .headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    pairs
        .filter_map(|(name, value)| {
            Some((
                name.parse::<HeaderName>().ok()?,
                HeaderValue::from_str(value).ok()?,
            ))
        })
        .collect()
}
