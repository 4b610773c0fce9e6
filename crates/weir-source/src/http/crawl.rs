//! Runs one crawl after another, page by page, to the outcome of the read. The position is stored
//! with the documents of each page, so an interrupted crawl can be resumed.

use super::super::decode::DecodeSummary;
use super::super::door::{CookieJar, FetchError, HttpResponse, ResponseDoubt, ResponseTerms};
use super::super::page::{PageAdditions, PageSink, ReadStopped};
use super::super::template::TemplateValues;
use super::super::{CacheValidators, ReadApproach, SourceAccess, proof};
use super::HttpSource;
use super::bookmark::CrawlBookmark;
use super::paging::{CrawlPosition, NextPage, PageHints};
use super::parsing::{PageParsing, SharedPages};
use super::spot::said;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio_util::io::SyncIoBridge;
use weir_model::{ReadOutcome, ReadState};

/// Why a crawl ended early: the state of the read if nothing else was read.
struct CrawlEnd {
    state: ReadState,
    ends_all: bool,
}

/// What one page held.
struct PageRead {
    found: DecodeSummary,
    items: i64,
    bytes: i64,
    header: Option<String>,
    link: Option<String>,
    url: url::Url,
    validators: CacheValidators,
    not_modified: bool,
    doubt: Option<ResponseDoubt>,
}

/// A read in progress.
pub(super) struct HttpReading<'h> {
    http: &'h HttpSource,
    access: &'h SourceAccess,
    approach: &'h ReadApproach,
    pages: SharedPages,
    mark: CrawlBookmark,
    started: Instant,
    worst: Option<ReadState>,
    validators: CacheValidators,
    not_modified: bool,
}

impl<'h> HttpReading<'h> {
    pub(super) fn new(
        http: &'h HttpSource,
        access: &'h SourceAccess,
        approach: &'h ReadApproach,
        mut pages: PageSink,
    ) -> HttpReading<'h> {
        let kept: Option<CrawlBookmark> = approach
            .bookmark
            .clone()
            .and_then(|kept| serde_json::from_value(kept).ok());
        let mark = kept
            .map(|kept| kept.with_texts(|text| http.filled(text, access)))
            .unwrap_or_default();
        pages.go_on(mark.tally.unreadable, mark.tally.nameless);
        let pages = Arc::new(Mutex::new(pages));
        let validators = CacheValidators::default();
        HttpReading {
            http,
            access,
            approach,
            pages,
            mark,
            started: Instant::now(),
            worst: None,
            validators,
            not_modified: false,
        }
    }

    /// Reads everything.
    pub(super) async fn run(mut self) -> ReadOutcome {
        let combinations = self.http.combinations_of(self.access);
        for (index, each) in combinations.iter().enumerate().skip(self.mark.crawl) {
            if index != self.mark.crawl {
                self.mark = CrawlBookmark {
                    crawl: index,
                    tally: self.mark.tally.next_crawl(),
                    ..CrawlBookmark::default()
                };
            }
            let ended = self.crawl(each).await;
            if let Some(CrawlEnd { state, ends_all }) = ended {
                self.worst = Some(self.worst.map_or(state, |worst| worst.worse_of(state)));
                if ends_all {
                    break;
                }
            }
        }
        self.proof().await
    }

    async fn crawl(&mut self, each: &BTreeMap<String, String>) -> Option<CrawlEnd> {
        self.lock(PageSink::begin_crawl);
        let jar = Arc::new(CookieJar::default());
        let values = match &self.http.before {
            Some(before) => match self
                .http
                .retried(|| before.take(self.http, self.access, each, &jar))
                .await
            {
                Ok(values) => values,
                Err(trouble) => return Some(self.note(trouble, each, 0)),
            },
            None => each.clone(),
        };
        let mut visited = HashSet::new();
        let mut verdict = None;
        let mut next = Some(self.mark.position.clone().unwrap_or(CrawlPosition::Start));
        while let Some(position) = next {
            let is_new = visited.insert(position.clone());
            if !is_new
                && self.http.paging.ends_at_repeats(
                    number(self.mark.tally.crawl_items),
                    self.mark.tally.crawl_stated.map(number),
                )
            {
                break;
            }
            if let Some(problem) = self.limit_reached(is_new) {
                self.mark.tally.problems.push(problem);
                break;
            }
            next = match self
                .http
                .retried(|| self.page(&position, &values, each, &jar))
                .await
            {
                Ok(page) => self.turn(&position, page).await,
                Err(trouble) => {
                    let beside = self.beside(&position, &trouble);
                    verdict = verdict.or(self.break_off(trouble, each).await);
                    beside
                }
            };
        }
        verdict
    }

    /// The next file of a list to read although this one failed, such as the next one of an index
    /// of sitemaps. A source that refuses us gets no more requests.
    fn beside(&mut self, position: &CrawlPosition, trouble: &FetchError) -> Option<CrawlPosition> {
        let is_one_of_many =
            matches!(position, CrawlPosition::Address(_)) && self.http.paging.is_single();
        if !is_one_of_many || matches!(trouble, FetchError::Blocked(_) | FetchError::Stop(_)) {
            return None;
        }
        let next = CrawlPosition::Address(self.mark.waiting.first()?.clone());
        self.mark = self.mark.going_on_at(Some(next.clone()));
        Some(next)
    }

    /// Notes a page that did not come, or not to its end. What came of it is kept: an ad is worth
    /// having, though others are missing.
    async fn break_off(
        &mut self,
        trouble: FetchError,
        each: &BTreeMap<String, String>,
    ) -> Option<CrawlEnd> {
        let came = match self.blocking(PageSink::break_off).await {
            Some((items, added)) if added.fresh + added.repeated > 0 => {
                self.mark.tally.read(items);
                self.mark.tally.add(added);
                items
            }
            _ => 0,
        };
        match trouble {
            FetchError::Stop(_) => None,
            FetchError::Ignored(why) => {
                self.ignore(&why);
                None
            }
            trouble => Some(self.note(trouble, each, came)),
        }
    }

    fn lock<T>(&self, work: impl FnOnce(&mut PageSink) -> T) -> T {
        work(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn limit_reached(&self, is_new: bool) -> Option<String> {
        let (limits, tally) = (&self.http.limits, &self.mark.tally);
        if !is_new {
            return Some("the next page was already read: the paging loops".to_owned());
        }
        if tally.crawl_pages >= self.http.paging.max {
            return Some(format!(
                "stopped after {} pages, the maximum set by `max`",
                tally.crawl_pages
            ));
        }
        if u64::try_from(tally.bytes).unwrap_or_default() >= limits.read_bytes {
            return Some(format!(
                "stopped after {} bytes, the maximum set by `limits: read_bytes`",
                tally.bytes
            ));
        }
        (self.started.elapsed() >= limits.time).then(|| {
            format!(
                "stopped after {}, the maximum set by `limits: time`",
                humantime::format_duration(limits.time)
            )
        })
    }

    /// Counts a page and returns what follows it; `None` if the crawl has ended.
    async fn turn(&mut self, position: &CrawlPosition, page: PageRead) -> Option<CrawlPosition> {
        self.validators = page.validators;
        self.not_modified = page.not_modified;
        let tally = &mut self.mark.tally;
        tally.pages += 1;
        tally.crawl_pages += 1;
        tally.read(page.items);
        tally.bytes += page.bytes;
        // Some boards state their count on the first page only, and zero or the remainder on later
        // ones.
        tally.crawl_stated = tally.crawl_stated.max(page.found.stated);
        if page.not_modified {
            return None;
        }
        match page.doubt {
            Some(ResponseDoubt::Part(why)) => {
                tally.problems.push(format!("page {}: {why}", tally.pages));
            }
            Some(ResponseDoubt::Changed(why)) => tally.warning = Some(why),
            None => {}
        }
        let doubts = page.found.doubts.iter();
        tally
            .problems
            .extend(doubts.map(|doubt| format!("page {}: {doubt}", tally.pages)));
        let is_behind_another =
            tally.crawl_pages > 1 && tally.crawl_items > 0 && self.http.decoder.reads_cards();
        let is_the_last = is_behind_another && tally.is_of_this_list(page.found.frame.as_ref());
        if !page.found.place_found && page.found.pages.is_empty() && !is_the_last {
            let absence = self.http.decoder.absence(self.http.records());
            let unlike = if is_behind_another {
                ", and the page looks unlike those before it, so it may not be the end of the list"
            } else {
                ""
            };
            tally
                .problems
                .push(format!("page {}: {absence}{unlike}", tally.pages));
            return None;
        }
        tally.crawl_frame = tally.crawl_frame.take().or(page.found.frame);
        // A source may echo a secret anywhere.
        let uncounted = page
            .found
            .uncounted
            .map(|why| self.http.redacted(&why, self.access));
        tally.crawl_uncounted = tally
            .crawl_uncounted
            .take()
            .or(uncounted)
            .filter(|_| tally.crawl_stated.is_none());
        self.mark.waiting.extend(page.found.pages.iter().cloned());
        let taken = page.found.taken.into_iter().next().flatten();
        if let Some(odd) = taken
            .as_ref()
            .filter(|value| value.is_object() || value.is_array())
        {
            let shown = self.http.redacted(&odd.to_string(), self.access);
            let shown: String = shown.chars().take(80).collect();
            self.mark.tally.problems.push(format!(
                "page {}: what should name the next page is no text: {shown}",
                self.mark.tally.pages
            ));
        }
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let added = self.close_page().await?;
        self.mark.tally.add(added);
        let hints = PageHints {
            items: number(page.items),
            fresh: added.fresh,
            read: number(self.mark.tally.crawl_items),
            stated: self.mark.tally.crawl_stated.map(number),
            taken: page.header.or_else(|| said(taken)),
            link: page.link,
            url: Some(page.url),
        };
        let next = self.after(position, &hints).map_err(|problem| {
            let page = self.mark.tally.pages;
            self.mark
                .tally
                .problems
                .extend(problem.map(|problem| format!("page {page}: {problem}")));
        });
        self.mark = self.mark.going_on_at(next.ok());
        self.end_page(self.kept()).await?;
        self.mark.position.clone()
    }

    /// Treats a page as one without ads. Nothing after it is read; if pages came before it, they
    /// may not be all.
    fn ignore(&mut self, why: &str) {
        let tally = &mut self.mark.tally;
        tally.pages += 1;
        if tally.crawl_pages > 0 {
            let page = tally.crawl_pages + 1;
            tally.problems.push(format!("page {page}: {why}, and it is unknown whether more pages follow; declare `then: stop` if none do"));
        }
    }

    /// The next position: from the paging, else pages that are still waiting.
    fn after(
        &self,
        position: &CrawlPosition,
        hints: &PageHints,
    ) -> Result<CrawlPosition, Option<String>> {
        let follows = match position {
            CrawlPosition::Address(_) if self.http.paging.is_single() => NextPage::End,
            _ => self.http.paging.follows(position, hints),
        };
        match follows {
            NextPage::Page(next) => Ok(next),
            NextPage::Broken(why) => Err(Some(why)),
            NextPage::End => self
                .mark
                .waiting
                .first()
                .cloned()
                .map(CrawlPosition::Address)
                .ok_or(None),
        }
    }

    /// The bookmark as it may be stored: what the source says of its next pages may echo a secret.
    /// Nothing where the text that is stored would not give it back, or a source could have its
    /// `${NAME}` filled in by us: then the crawl goes on at the page before, or begins anew.
    fn kept(&self) -> Option<Json> {
        let shown = self
            .mark
            .with_texts(|text| self.http.redacted(text, self.access));
        let is_safe = self.mark.texts().all(|text| !text.contains("${"))
            && shown.with_texts(|text| self.http.filled(text, self.access)) == self.mark;
        is_safe.then(|| json!(shown))
    }

    /// What the page added to the crawl; nothing if the reading was stopped.
    async fn close_page(&mut self) -> Option<PageAdditions> {
        let added = self.blocking(|pages| Ok(pages.close_page())).await;
        self.unless_stopped(added)
    }

    /// Hands the page on; nothing if nobody wants more.
    async fn end_page(&mut self, bookmark: Option<Json>) -> Option<()> {
        let ended = self.blocking(|pages| pages.end_page(bookmark)).await;
        self.unless_stopped(ended)
    }

    fn unless_stopped<T>(&mut self, done: Option<T>) -> Option<T> {
        if done.is_none() {
            self.mark
                .tally
                .problems
                .push("the read was stopped".to_owned());
        }
        done
    }

    /// Works on the pages where the thread may wait; nothing if nobody wants more.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PageSink) -> Result<T, ReadStopped> + Send + 'static,
    ) -> Option<T> {
        let pages = Arc::clone(&self.pages);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut pages.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await;
        done.ok().and_then(Result::ok)
    }

    /// Notes why a crawl ended early, and how many ads of its last page came before that.
    fn note(
        &mut self,
        trouble: FetchError,
        each: &BTreeMap<String, String>,
        came: i64,
    ) -> CrawlEnd {
        let (state, why, ends_all) = match trouble {
            FetchError::Blocked(why) => (ReadState::Blocked, why, true),
            FetchError::Passing { why, .. } | FetchError::Lasting(why) | FetchError::Gone(why) => {
                (ReadState::Unreachable, why, false)
            }
            FetchError::Stop(why) | FetchError::Ignored(why) => (ReadState::Partial, why, false),
        };
        let which: Vec<String> = each
            .iter()
            .map(|(name, value)| format!("{name} {value}: "))
            .collect();
        let page = if self.mark.tally.crawl_pages == 0 {
            String::new()
        } else {
            format!("page {}: ", self.mark.tally.crawl_pages + 1)
        };
        let came = if came == 0 {
            String::new()
        } else {
            format!(" (after {})", proof::counted(came, "ad", ""))
        };
        self.mark
            .tally
            .problems
            .push(format!("{}{page}{why}{came}", which.concat()));
        CrawlEnd { state, ends_all }
    }

    /// The proof: before the first ad the trouble decides the state, later the read is partial.
    async fn proof(self) -> ReadOutcome {
        let mut tally = self.mark.tally.next_crawl();
        let mut notes = None;
        match self
            .blocking(|pages| {
                pages
                    .flush()
                    .map(|()| (proof::doubts(pages), pages.notes()))
            })
            .await
        {
            Some((doubts, said)) => {
                tally.problems.extend(doubts);
                notes = said.map(|said| self.http.redacted(&said, self.access));
            }
            None => tally.problems.push("the read was stopped".to_owned()),
        }
        let judged = proof::judge(
            tally.pages,
            tally.items - tally.repeated,
            tally.stated,
            tally.bytes,
            tally.problems,
        )
        .and_note(notes);
        let state = match self.worst {
            Some(worst) if tally.pages == 0 && tally.items == 0 => worst,
            _ => judged.state,
        };
        let is_one_whole_page =
            matches!(state, ReadState::Complete | ReadState::Empty) && tally.pages == 1;
        let validators =
            (is_one_whole_page && self.http.is_conditional()).then_some(self.validators);
        ReadOutcome {
            state,
            validators,
            not_modified: self.not_modified,
            ..judged.warned_of(tally.warning)
        }
    }

    /// One try at one page.
    async fn page(
        &self,
        position: &CrawlPosition,
        values: &BTreeMap<String, String>,
        each: &BTreeMap<String, String>,
        jar: &Arc<CookieJar>,
    ) -> Result<PageRead, FetchError> {
        let named = self.http.paging.named(position);
        let page = named.as_ref().map(|(name, _)| *name);
        let with_page: BTreeMap<String, String> = values
            .clone()
            .into_iter()
            .chain(named.map(|(name, value)| (name.to_owned(), value)))
            .collect();
        let filling = TemplateValues {
            page,
            ..TemplateValues::of(&self.access.variables, &with_page)
        };
        let mut ready = self
            .http
            .request
            .fill(filling)
            .map_err(FetchError::Lasting)?;
        self.http
            .paging
            .apply(position, &mut ready)
            .map_err(FetchError::Lasting)?;
        // What the read before said of its state it said of its one page.
        let known = self
            .approach
            .known
            .as_ref()
            .filter(|_| self.http.is_conditional() && *position == CrawlPosition::Start);
        let terms = ResponseTerms {
            empty: self.approach.empty_is_honest,
            ..ResponseTerms::default()
        };
        let mut answer = self.http.ask(self.access, ready, jar, known, terms).await?;
        let doubt = answer.doubt.take();
        let validators = CacheValidators {
            etag: answer.header("etag").map(str::to_owned),
            last_modified: answer.header("last-modified").map(str::to_owned),
        };
        if answer.not_modified || matches!(answer.status, 204 | 205) {
            let found = DecodeSummary {
                place_found: true,
                ..DecodeSummary::default()
            };
            let not_modified = answer.not_modified;
            return Ok(PageRead {
                found,
                items: 0,
                bytes: 0,
                header: None,
                link: None,
                url: answer.url,
                validators,
                not_modified,
                doubt,
            });
        }
        Ok(PageRead {
            doubt,
            ..self.parse(answer, validators, each).await?
        })
    }

    /// Reads the body as a stream on a thread of its own.
    async fn parse(
        &self,
        answer: HttpResponse,
        validators: CacheValidators,
        each: &BTreeMap<String, String>,
    ) -> Result<PageRead, FetchError> {
        let header = self
            .http
            .paging
            .header()
            .and_then(|name| answer.header(name))
            .map(str::to_owned);
        let link = answer.all_of_header("link");
        let is_page = answer.is_page();
        let url = answer.url.clone();
        let work = PageParsing {
            decoder: self.http.decoder.clone(),
            spots: self.http.paging.spot().into_iter().cloned().collect(),
            url: self.http.redacted(url.as_str(), self.access),
            charset: self.http.charset.clone().or_else(|| answer.charset()),
            request: self.http.kept(each),
            is_page: is_page && !self.http.decoder.reads_markup(),
            is_open_ended: answer.is_open_ended(),
            is_of_many: !self.http.paging.is_single(),
            limit: self.http.limits.page_bytes,
            pages: Arc::clone(&self.pages),
        };
        let bridge = SyncIoBridge::new(Box::pin(answer.into_reader()));
        let parsed = tokio::task::spawn_blocking(move || work.parse(bridge))
            .await
            .map_err(|error| FetchError::Lasting(error.to_string()))?;
        let (found, items, bytes) = parsed?;
        Ok(PageRead {
            found,
            items,
            bytes,
            header,
            link,
            url,
            validators,
            not_modified: false,
            doubt: None,
        })
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
