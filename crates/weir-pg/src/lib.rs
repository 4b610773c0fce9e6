//! The project's private PostgreSQL.
//!
//! A fresh clone must run without setting up a database. So, if no DATABASE_URL is given, a project
//! has its own server in `.weir/postgres`, created and started from the machine's server programs
//! by the first process that needs it, shared by all, and stopped by the last one to finish. It
//! only listens on a socket in a private folder: no port, no password; access is the permission on
//! that folder.
//!
//! A [`Server`] is one user of it. Nothing here prints, reads the environment or knows a table. It
//! must never run the server as root, trust a pid file, or remove anything not proven dead. The
//! parts: `binaries` finds the programs, `installed` installs them from an `archive`, `owner` and `place` determine user and folder, `users`
//! counts, `liveness` looks, `cluster` acts with the `settings`, and a failure quotes the
//! `server_log`. To add a server setting see `settings`; to support another system see `binaries`.

mod address;
mod archive;
mod binaries;
mod cluster;
mod installed;
mod liveness;
mod owner;
mod place;
mod server_log;
mod settings;
#[cfg(test)]
mod tests;
mod users;

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub use archive::{ArchiveChecksum, ArchiveError};
pub use binaries::{BinariesError, ProgramSearch, ServerBinaries};
pub use cluster::ClusterError;
pub use installed::{InstallError, InstallLock, POSTGRES_RELEASE, ProgramCache, ServerRelease};
pub use owner::OwnerError;
pub use place::PlaceError;
pub use users::UsersError;

use liveness::ClusterLiveness;
use place::ClusterFolder;
use users::{ClientLock, StartLock};

/// How long `stop` waits for others that are about to leave.
const LEAVING: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);

/// What the caller knows of its surroundings; the default suits a machine with PostgreSQL in a
/// usual place.
#[derive(Debug, Clone, Default)]
pub struct ServerEnvironment {
    /// Where to look for the server programs.
    pub search: ProgramSearch,
    /// Keeps the data when the project is closed to the server's user, which only root can meet;
    /// `/var/lib/weir` if none.
    pub state: Option<PathBuf>,
    /// Folders for the socket when the project's path is too long for one: the runtime folder, the
    /// temporary folder.
    pub sockets: Vec<PathBuf>,
}

/// Why the private server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It has no place or no user.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Its locks cannot be used.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// It cannot be made, started or stopped.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Others use it.
    #[error("the database is in use by process {}: stop it or wait; the last process to finish stops the server", list(.pids))]
    InUse {
        /// The processes.
        pids: Vec<u32>,
    },
}

impl ServerError {
    /// What the operator does about it, where the message does not say so itself.
    pub fn help(&self) -> Option<String> {
        match self {
            ServerError::Cluster(error) => error.help(),
            _ => None,
        }
    }

    /// Whether the machine lacks the server programs.
    pub fn lacks_programs(&self) -> bool {
        matches!(
            self,
            ServerError::Cluster(ClusterError::Binaries(BinariesError::Missing))
        )
    }
}

/// What `stop` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopOutcome {
    /// A server ran and has ended.
    Now,
    /// No server ran.
    Already,
}

/// The status of the private server; reading it changes nothing.
#[derive(Debug, Clone)]
pub struct ServerStatus {
    /// The data folder; it need not exist yet.
    pub data: PathBuf,
    /// The server's log.
    pub log: PathBuf,
    /// The major version that wrote the data; `None` if there is no data yet.
    pub version: Option<String>,
    /// Whether it accepts connections now.
    pub running: bool,
    /// The server's process, while it runs.
    pub pid: Option<u32>,
    /// The folder of its socket, while it runs.
    pub socket: Option<PathBuf>,
    /// Whether the last one out leaves it running.
    pub pinned: bool,
    /// The processes that use it now.
    pub users: Vec<u32>,
    /// The note to show if the data is not in the project.
    pub location_note: Option<String>,
}

/// One user of the project's private server: the server runs while this lives.
///
/// Dropping it blocks briefly if it is the last one and stops the server; errors are lost then, so
/// call [`Server::close`] to get them.
#[derive(Debug)]
pub struct Server {
    place: ClusterFolder,
    socket_folder: PathBuf,
    seat: Option<ClientLock>,
}

impl Server {
    /// Creates, repairs or starts the project's server as needed and takes a seat.
    ///
    /// # Errors
    /// The machine lacks the programs, a user or a place, or PostgreSQL itself fails; the message
    /// says what to do.
    pub fn open(project: &Path, env: &ServerEnvironment) -> Result<Self, ServerError> {
        let place = ClusterFolder::of(project, env)?;
        place.make()?;
        let gate = StartLock::lock(&place)?;
        let seat = ClientLock::take(&place, &gate)?;
        let socket_folder = cluster::bring_up(&place, env, &gate)?;
        Ok(Self {
            place,
            socket_folder,
            seat: Some(seat),
        })
    }

    /// The address of a database on this server; `postgres` always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        address::url(&self.socket_folder, database)
    }

    /// The note to show if the data could not be placed in the project.
    #[must_use]
    pub fn location_note(&self) -> Option<&str> {
        self.place.note()
    }

    /// Lets the server run on after the last one out, until [`Server::stop`].
    ///
    /// # Errors
    /// When the marker cannot be written.
    pub fn pin(&self) -> Result<(), ServerError> {
        Ok(users::set_pinned(&self.place, true)?)
    }

    /// Leaves, like dropping, and returns errors.
    ///
    /// # Errors
    /// The server had to be stopped and did not stop.
    pub fn close(mut self) -> Result<(), ServerError> {
        self.leave()
    }

    /// Stops the project's server and removes the pin; briefly waits for others to leave.
    ///
    /// # Errors
    /// [`ServerError::InUse`] if they do not: then the server stops when the last of them leaves.
    pub fn stop(project: &Path, env: &ServerEnvironment) -> Result<StopOutcome, ServerError> {
        let place = ClusterFolder::of(project, env)?;
        if !place.folder().exists() {
            return Ok(StopOutcome::Already);
        }
        users::set_pinned(&place, false)?;
        let ran = !matches!(ClusterLiveness::of(&place.data()), ClusterLiveness::Gone);
        stop_unused(&place)?;
        Ok(if ran {
            StopOutcome::Now
        } else {
            StopOutcome::Already
        })
    }

    /// Looks at the project's server without changing anything or waiting for anyone.
    ///
    /// # Errors
    /// When the project cannot be read or belongs to another user.
    pub fn status(project: &Path, env: &ServerEnvironment) -> Result<ServerStatus, ServerError> {
        let place = ClusterFolder::of(project, env)?;
        let postmaster = match ClusterLiveness::of(&place.data()) {
            ClusterLiveness::Ready(postmaster) => Some(postmaster),
            _ => None,
        };
        Ok(ServerStatus {
            version: binaries::major_of(&place.data()),
            running: postmaster.is_some(),
            pid: postmaster.as_ref().map(|it| it.pid),
            socket: postmaster.map(|it| it.socket_folder),
            pinned: users::is_pinned(&place),
            users: users::present(&place),
            location_note: place.note().map(str::to_owned),
            data: place.data(),
            log: place.log(),
        })
    }

    fn leave(&mut self) -> Result<(), ServerError> {
        let Some(seat) = self.seat.take() else {
            return Ok(());
        };
        let gate = StartLock::lock(&self.place)?;
        drop(seat);
        if users::present(&self.place).is_empty() && !users::is_pinned(&self.place) {
            cluster::bring_down(&self.place, &gate)?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.leave();
    }
}

/// Releases the gate between two looks, because those who leave must pass it.
fn stop_unused(place: &ClusterFolder) -> Result<(), ServerError> {
    let began = Instant::now();
    loop {
        let gate = StartLock::lock(place)?;
        let pids = users::present(place);
        if pids.is_empty() {
            cluster::bring_down(place, &gate)?;
            return Ok(());
        }
        drop(gate);
        if began.elapsed() > LEAVING {
            return Err(ServerError::InUse { pids });
        }
        sleep(POLL);
    }
}

fn list(pids: &[u32]) -> String {
    pids.iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
