//! Local files and folders, in every decodable format, plain or compressed. A read is complete if
//! each path matched a file and each file was read to the end; no match at all means unreachable,
//! because a missing file says nothing about ads. A file that breaks off yields the ads before that
//! point, and the read is partial.

use super::decode::{BodyDecoder, BodyFacts, DecodeSpec, DecodeSummary, UnreadCause};
use super::json::DecodedItem;
use super::page::{PageSink, ReadStopped};
use super::proof::{doubts, judge, unreachable};
use super::template::MissingValue;
use super::{SourceAccess, Template, Variables};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_model::{ReadOutcome, ReadState};
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, OneOrMany, Text};

/// Maximum bytes read from one file, as stored.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024 * 1024;

/// Read ads from files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// A file, folder or pattern (`data/*.json`), or a list of them, relative to the project
    /// folder.
    path: Located<OneOrMany<Text>>,
    /// Where the records are in each file: `$.jobs[*]`. By default each item of an array is a
    /// record, and an object is a single record.
    records: Option<Text>,
    /// Where the file states the number of ads.
    count: Option<Text>,
    /// The format. By default it follows from the file name (`.csv`, `.tsv`, `.xml`, `.html`,
    /// `.ndjson`, `.jsonl`), else JSON.
    decode: Option<DecodeSpec>,
    /// The character set, if the file does not state it.
    charset: Option<Located<String>>,
    /// The address that the files were saved from, which relative links are resolved against.
    url: Option<Located<String>>,
}

/// Files as a source, compiled.
#[derive(Debug, Clone)]
pub struct FileSource {
    /// Files, folders or patterns.
    pub paths: Vec<Template>,
    /// How a file is read.
    pub decoder: BodyDecoder,
    /// Without `decode`, the name of each file determines the format.
    by_name: bool,
    charset: Option<String>,
    /// The address that the files were saved from.
    pub url: Option<String>,
    records: Option<String>,
    /// Whether the files state how many ads there are.
    counts: bool,
}

impl FileSpec {
    /// Compiles it; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<FileSource> {
        if self.path.is_empty() {
            out.error(
                &self.path.place,
                "invalid-value",
                "the list of files is empty",
            )
            .help("name a file, a folder or a pattern such as `data/*.json`");
        }
        let paths: Vec<Option<Template>> = self
            .path
            .iter()
            .map(|path| compile_pattern(path, out))
            .collect();
        let paths: Option<Vec<Template>> = paths.into_iter().collect();
        let by_name = || {
            paths
                .iter()
                .flatten()
                .next()
                .map(|path| DecodeSpec::of_name(&path.example()))
                .unwrap_or_default()
        };
        let decode = self.decode.clone().unwrap_or_else(by_name);
        let decoder = DecodeSpec::compile(
            &decode,
            &self.path.place,
            self.records.as_ref(),
            self.count.as_ref(),
            out,
        );
        let charset = super::decode::charset(self.charset.as_ref(), out);
        let records = self.records.as_ref().map(ToString::to_string);
        Some(FileSource {
            paths: paths?,
            decoder: decoder?,
            by_name: self.decode.is_none(),
            charset: charset?,
            url: self.url.as_ref().map(|url| url.value.clone()),
            records,
            counts: self.count.is_some(),
        })
    }
}

fn compile_pattern(path: &Text, out: &mut Diagnostics) -> Option<Template> {
    let template = Template::compile(path, out)?;
    if let Err(error) = glob::Pattern::new(&template.example()) {
        out.error(path.place(), "bad-pattern", format!("`{path}` is not a file pattern: {}", error.msg))
            .help("`*` matches any text, `?` one character, `[abc]` one of these; write a literal bracket as `[[]`");
        return None;
    }
    Some(template)
}

/// What was seen of the files so far.
#[derive(Default)]
struct FileTally {
    files: i64,
    /// Of them: read to their end.
    whole: i64,
    bytes: i64,
    stated: Option<i64>,
    /// Why the first file without the declared count has none.
    uncounted: Option<String>,
    /// Records with an id, and of them those of ads that had come before.
    named: i64,
    repeated: i64,
    problems: Vec<String>,
}

impl FileSource {
    /// Reads all files that match, in the order of their names.
    pub async fn read(&self, access: &SourceAccess, pages: PageSink) -> ReadOutcome {
        let (this, access) = (self.clone(), access.clone());
        let joined = tokio::task::spawn_blocking(move || this.read_blocking(&access, pages)).await;
        joined.unwrap_or_else(|error| unreachable(format!("the read failed: {error}")))
    }

    /// The first path that leads into the project folder, as it is written.
    pub fn path_of_project(&self, variables: &Variables) -> Option<String> {
        let is_own = |path: &&Template| {
            path.fill(variables)
                .is_ok_and(|path| Path::new(&path).is_relative())
        };
        self.paths.iter().find(is_own).map(ToString::to_string)
    }

    /// A short description.
    pub fn explain(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(ToString::to_string).collect();
        paths.join(", ")
    }

    fn read_blocking(&self, access: &SourceAccess, mut pages: PageSink) -> ReadOutcome {
        let (files, absent) = match self.matching(access) {
            Ok(found) => found,
            Err(why) => return unreachable(why),
        };
        let mut tally = FileTally {
            problems: absent,
            ..FileTally::default()
        };
        if self.counts {
            pages.begin_crawl();
        }
        for file in files {
            let read = self.read_file(&file, access, &mut pages, &mut tally);
            if read.and_then(|()| self.end_file(&mut pages, &mut tally)) == Err(ReadStopped) {
                tally.problems.push(ReadStopped.to_string());
                break;
            }
        }
        if pages.flush() == Err(ReadStopped) {
            tally.problems.push(ReadStopped.to_string());
        }
        tally.proof(&pages)
    }

    /// Records that share an id are merged within a file, if configured; otherwise each after the
    /// first is a repeat, and the stated count is the number of ads. Ids are only remembered for
    /// counting: without a stated count, memory stays flat.
    fn end_file(&self, pages: &mut PageSink, tally: &mut FileTally) -> Result<(), ReadStopped> {
        if self.counts {
            let added = pages.close_page();
            let named = pages.items - pages.unreadable - pages.nameless;
            let fresh = i64::try_from(added.fresh).unwrap_or(i64::MAX);
            tally.repeated += if pages.gathers() {
                i64::try_from(added.repeated).unwrap_or(i64::MAX)
            } else {
                named - tally.named - fresh
            };
            tally.named = named;
        }
        if pages.gathers() || self.counts {
            pages.flush()
        } else {
            Ok(())
        }
    }

    /// The files that match, and which paths match none.
    fn matching(&self, access: &SourceAccess) -> Result<(Vec<PathBuf>, Vec<String>), String> {
        let filled: Result<Vec<String>, MissingValue> = self
            .paths
            .iter()
            .map(|path| path.fill(&access.variables))
            .collect();
        let paths = filled.map_err(|missing| missing.to_string())?;
        let (mut files, mut absent) = (Vec::new(), Vec::new());
        for path in &paths {
            let found = expand(&access.folder.join(path))?;
            absent.extend(
                found
                    .is_empty()
                    .then(|| format!("no file matches `{path}`")),
            );
            files.extend(found);
        }
        files.sort();
        files.dedup();
        if files.is_empty() {
            Err(format!("no file matches `{}`", paths.join(", ")))
        } else {
            Ok((files, absent))
        }
    }

    fn read_file(
        &self,
        file: &Path,
        access: &SourceAccess,
        pages: &mut PageSink,
        tally: &mut FileTally,
    ) -> Result<(), ReadStopped> {
        let name = file
            .strip_prefix(&access.folder)
            .unwrap_or(file)
            .display()
            .to_string();
        let origin = Arc::new(match &self.url {
            Some(url) => json!({ "file": name, "url": url }),
            None => json!({ "file": name }),
        });
        tally.files += 1;
        let (mut stopped, mut items) = (Ok(()), 0);
        let mut put = |item: DecodedItem| {
            items += 1;
            stopped = pages.put(item, &origin);
            stopped.is_ok()
        };
        let found = match File::open(file) {
            Ok(opened) => self.parse(
                &name,
                CountingReader {
                    inner: opened,
                    bytes: &mut tally.bytes,
                    left: MAX_FILE_BYTES,
                    is_over: false,
                },
                &mut put,
            ),
            Err(error) => Err(UnreadCause::from(error)),
        };
        let found = found.and_then(|found| pages.own_table(found, items));
        match found {
            Ok(found) => {
                let doubts = found.doubts.iter();
                tally
                    .problems
                    .extend(doubts.map(|doubt| format!("`{name}`: {doubt}")));
                found
                    .notes
                    .iter()
                    .for_each(|note| pages.note(format!("`{name}`: {note}")));
                tally.found(&found, &name, self.records.is_some(), || {
                    self.decoder_of(&name).absence(self.records.as_deref())
                });
            }
            Err(why) => tally
                .problems
                .push(format!("`{name}` could not be read to the end: {why}")),
        }
        stopped
    }

    fn parse(
        &self,
        name: &str,
        reader: impl Read,
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let mut reader = BufReader::with_capacity(256 * 1024, reader);
        self.decoder_of(name).decode(
            &mut reader,
            &BodyFacts {
                url: self.url.as_deref(),
                charset: self.charset.as_deref(),
                ..BodyFacts::default()
            },
            &[],
            put,
        )
    }
}

impl FileSource {
    /// The place of the records, as the author wrote it.
    pub(super) fn records(&self) -> Option<&str> {
        self.records.as_deref()
    }

    /// The declared character set.
    pub(super) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Formats that need no `records` are chosen by file name; everything else is read as compiled.
    pub(super) fn decoder_of(&self, name: &str) -> BodyDecoder {
        let suggested = self
            .by_name
            .then(|| DecodeSpec::of_name(name))
            .and_then(|spec| spec.without_settings());
        suggested.unwrap_or_else(|| self.decoder.clone())
    }
}

impl FileTally {
    fn found(
        &mut self,
        found: &DecodeSummary,
        name: &str,
        is_path: bool,
        absence: impl FnOnce() -> String,
    ) {
        // A file that is no sitemap, feed or posting was not read as one.
        self.whole += i64::from(found.place_found || is_path);
        if let Some(stated) = found.stated {
            self.stated = Some(self.stated.unwrap_or_default() + stated);
        }
        if !found.place_found {
            self.problems.push(format!("`{name}`: {}", absence()));
        } else if let Some(why) = &found.uncounted {
            self.uncounted
                .get_or_insert_with(|| format!("`{name}`: {why}"));
        }
    }

    fn proof(mut self, pages: &PageSink) -> ReadOutcome {
        self.problems.extend(doubts(pages));
        // One file may state it for all of them.
        self.problems
            .extend(self.uncounted.filter(|_| self.stated.is_none()));
        let judged = judge(
            self.files,
            pages.items - self.repeated,
            self.stated,
            self.bytes,
            self.problems,
        )
        .and_note(pages.notes());
        let is_unread = self.whole == 0 && pages.items == 0;
        if is_unread {
            ReadOutcome {
                state: ReadState::Unreachable,
                ..judged
            }
        } else {
            judged
        }
    }
}

/// The files of a path: itself, those of a folder, or those of a pattern. None is not an error
/// here.
fn expand(path: &Path) -> Result<Vec<PathBuf>, String> {
    if path.is_dir() {
        let pattern = format!("{}/*", glob::Pattern::escape(&path.to_string_lossy()));
        return Ok(glob::glob(&pattern)
            .map_err(|error| error.to_string())?
            .flatten()
            .filter(|file| file.is_file() && !is_hidden(file))
            .collect());
    }
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&path.to_string_lossy())
        .map_err(|error| format!("bad pattern `{}`: {error}", path.display()))?;
    Ok(found.flatten().filter(|file| file.is_file()).collect())
}

fn is_hidden(file: &Path) -> bool {
    file.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Counts bytes and stops at the limit.
pub(super) struct CountingReader<'b, R> {
    pub(super) inner: R,
    pub(super) bytes: &'b mut i64,
    pub(super) left: u64,
    /// Whether there was more than that.
    pub(super) is_over: bool,
}

impl<R: Read> Read for CountingReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.is_over |= read as u64 > self.left;
        if self.is_over {
            return Err(std::io::Error::other("larger than the limit"));
        }
        self.left -= read as u64;
        *self.bytes += i64::try_from(read).unwrap_or(i64::MAX);
        Ok(read)
    }
}
