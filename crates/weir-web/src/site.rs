//! What pages are made from.

use super::access::{IdentityProxy, LoginPace};
use chrono::{DateTime, Utc};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use weir_project::plan::CheckedProject;
use weir_runtime::actions::access;
use weir_store::{NarrowStore, Store};

/// Whether this process can do its work; the reason if not.
pub type Readiness = watch::Receiver<Result<(), String>>;

/// Passwords that are checked at once: each takes a core.
const HASHED_AT_ONCE: usize = 2;

/// Streams at once: a browser has one for each tab that is seen.
const STREAMS: usize = 64;

/// How people come in.
#[derive(Debug, Clone, Default)]
pub struct EntryPolicy {
    /// Whether it can be reached from this machine alone. If there are no users then, everybody on
    /// it is let in.
    pub is_loopback: bool,
    /// A proxy that names its users.
    pub proxy: Option<IdentityProxy>,
}

/// What pages are made from.
pub struct Site {
    /// The database.
    pub store: Store,
    /// The project folder.
    pub folder: PathBuf,
    /// The wall clock.
    pub now: fn() -> DateTime<Utc>,
    /// Whether the process can do its work.
    pub readiness: Readiness,
    /// Names by which it is called beside `localhost` and its addresses.
    pub hosts: Vec<String>,
    /// Who decides on its pages, where there are no users, unless the page says otherwise.
    pub operator: String,
    /// How people come in.
    pub doors: EntryPolicy,
    /// Whether edited rule files are saved.
    pub saves_edits: bool,
    /// What only this process knows.
    pub(super) seal: String,
    /// Sessions for those who may see some institutions alone.
    pub(super) narrow: NarrowStore,
    /// Wrong passwords of late.
    pub(super) pace: LoginPace,
    /// Passwords that are checked at once.
    pub(super) hashing: Semaphore,
    /// One rehearsal at a time: each reads stored ads on all cores.
    pub(super) rehearsing: Semaphore,
    /// Streams at once.
    pub(super) streams: Arc<Semaphore>,
    /// Cancelled when the process is to end.
    pub(super) stop: CancellationToken,
    /// The project as it was last read.
    project: RwLock<Arc<CheckedProject>>,
}

impl Site {
    /// A site over a database and a project.
    pub fn new(
        store: Store,
        folder: PathBuf,
        now: fn() -> DateTime<Utc>,
        readiness: Readiness,
        project: Arc<CheckedProject>,
    ) -> Site {
        Site {
            narrow: store.narrow(),
            store,
            folder,
            now,
            readiness,
            hosts: Vec::new(),
            operator: String::new(),
            doors: EntryPolicy::default(),
            saves_edits: false,
            rehearsing: Semaphore::new(1),
            seal: seal(),
            pace: LoginPace::default(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stop: CancellationToken::new(),
            project: RwLock::new(project),
        }
    }

    /// The same site, called by further names, such as that of a proxy.
    #[must_use]
    pub fn called(self, hosts: Vec<String>) -> Site {
        Site { hosts, ..self }
    }

    /// The same site, run by a person.
    #[must_use]
    pub fn operated_by(self, operator: String) -> Site {
        Site { operator, ..self }
    }

    /// The same site, with other doors.
    #[must_use]
    pub fn entered_by(self, doors: EntryPolicy) -> Site {
        Site { doors, ..self }
    }

    /// The same site, where edited rule files are saved.
    #[must_use]
    pub fn saving_edits(self, saves_edits: bool) -> Site {
        Site {
            saves_edits,
            ..self
        }
    }

    /// The same site, whose streams end with the process.
    #[must_use]
    pub fn stopped_by(self, stop: CancellationToken) -> Site {
        Site { stop, ..self }
    }

    /// Closes what it has opened itself.
    pub async fn close(&self) {
        self.narrow.close().await;
    }

    /// The project as it was last read.
    pub fn project(&self) -> Arc<CheckedProject> {
        Arc::clone(&self.project.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its files have changed.
    pub fn set_project(&self, project: Arc<CheckedProject>) {
        *self.project.write().unwrap_or_else(PoisonError::into_inner) = project;
    }
}

/// Something that nobody can guess.
fn seal() -> String {
    access::new_secret().unwrap_or_else(|_| {
        // Keyed hashes, whose keys the system draws as well.
        let drawn = || RandomState::new().build_hasher().finish();
        format!("{:016x}{:016x}", drawn(), drawn())
    })
}
