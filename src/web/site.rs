//! What pages are made from.

use crate::plan::Checked;
use crate::store::Store;
use chrono::{DateTime, Utc};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// Whether this process can do its work; the reason if not.
pub type Readiness = watch::Receiver<Result<(), String>>;

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
    /// Who decides on its pages, unless the page says otherwise.
    pub operator: String,
    /// What only this process knows.
    pub(super) seal: String,
    /// The project as it was last read.
    project: RwLock<Arc<Checked>>,
}

impl Site {
    /// A site over a database and a project.
    pub fn new(
        store: Store,
        folder: PathBuf,
        now: fn() -> DateTime<Utc>,
        readiness: Readiness,
        project: Arc<Checked>,
    ) -> Site {
        Site {
            store,
            folder,
            now,
            readiness,
            hosts: Vec::new(),
            operator: String::new(),
            seal: seal(),
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

    /// The project as it was last read.
    pub fn project(&self) -> Arc<Checked> {
        Arc::clone(&self.project.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its files have changed.
    pub fn set_project(&self, project: Arc<Checked>) {
        *self.project.write().unwrap_or_else(PoisonError::into_inner) = project;
    }
}

/// Something that nobody can guess: keyed hashes, whose keys the system draws.
fn seal() -> String {
    let drawn = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", drawn(), drawn())
}
