//! Where the cluster and its socket live.
//!
//! The cluster belongs in the project, `.weir/postgres`. Two things can forbid it: a folder above
//! that the server's user may not pass (then the system's state folder keeps the data, under a key
//! of the project's path), and a path that no socket can have (then only the socket goes
//! elsewhere). A cluster that exists is never abandoned for another place: that would look like
//! lost data. To add a file to the cluster folder, name it here.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::ServerEnvironment;
use super::owner::{ClusterOwner, OwnerError};

/// The name that PostgreSQL gives its socket; the number is only a name, nothing listens on TCP.
pub const SOCKET: &str = ".s.PGSQL.5432";
/// The longest path a socket may have, without the closing zero.
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// Keeps the data when the project is closed to the server's user.
const STATE: &str = "/var/lib/weir";

/// Why the cluster has no place.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The project is not there.
    #[error("cannot open the project folder `{folder}`: {source}; check the path")]
    Project {
        /// The path given.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No user to run the server.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The server's user cannot get there.
    #[error(
        "user `{user}`, who runs the server, may not traverse `{folder}` to `{place}`: allow it with `chmod o+x {folder}`, or set DATABASE_URL"
    )]
    Closed {
        /// The server's user.
        user: String,
        /// The folder in the way.
        folder: PathBuf,
        /// Where the cluster is.
        place: PathBuf,
    },
    /// A folder could not be made.
    #[error(
        "cannot keep a database in `{folder}`: {source}; make that folder writable, or set DATABASE_URL"
    )]
    Make {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Every candidate for the socket's folder is too long or closed.
    #[error(
        "the path `{folder}` is too long for a socket (or contains a comma) and no temporary folder can hold one: use a shorter, plainer project path, or set DATABASE_URL"
    )]
    NoSocket {
        /// The cluster folder.
        folder: PathBuf,
    },
}

/// The cluster folder of one project, and whose it is.
#[derive(Debug, Clone)]
pub struct ClusterFolder {
    folder: PathBuf,
    owner: ClusterOwner,
    note: Option<String>,
}

impl ClusterFolder {
    /// Where the project's cluster is, or would be; creates nothing.
    pub fn of(project: &Path, env: &ServerEnvironment) -> Result<Self, PlaceError> {
        let unreadable = |source| PlaceError::Project {
            folder: project.to_owned(),
            source,
        };
        let project = project.canonicalize().map_err(unreadable)?;
        let inside = project.join(".weir/postgres");
        let inside = inside.canonicalize().unwrap_or(inside);
        let owner = ClusterOwner::of(&inside)?;
        match owner.blocked_at(&inside) {
            None => Self::unless_outside(&project, inside, owner, env),
            Some(folder) if inside.join("data").exists() => Err(closed(&owner, folder, inside)),
            Some(folder) => Self::outside(&project, &folder, env),
        }
    }

    /// Inside the project, unless the data went outside when the project was still closed.
    fn unless_outside(
        project: &Path,
        inside: PathBuf,
        owner: ClusterOwner,
        env: &ServerEnvironment,
    ) -> Result<Self, PlaceError> {
        let elsewhere = owner.is_lowered()
            && !inside.join("data").exists()
            && state(project, env).join("data").exists();
        if elsewhere {
            return Self::outside(project, project, env);
        }
        Ok(Self {
            folder: inside,
            owner,
            note: None,
        })
    }

    fn outside(
        project: &Path,
        obstacle: &Path,
        env: &ServerEnvironment,
    ) -> Result<Self, PlaceError> {
        let folder = state(project, env);
        let owner = ClusterOwner::of(&folder)?;
        if let Some(obstacle) = owner.blocked_at(&folder) {
            return Err(closed(&owner, obstacle, folder));
        }
        let (at, path, user) = (folder.display(), obstacle.display(), owner.name());
        let note = format!(
            "the database of this project is in `{at}`, because `{path}` is not accessible to user `{user}`, who runs the server"
        );
        Ok(Self {
            folder,
            owner,
            note: Some(note),
        })
    }

    /// Makes the cluster folder, private to the server's user.
    pub fn make(&self) -> Result<(), PlaceError> {
        let failed = |source| PlaceError::Make {
            folder: self.folder.clone(),
            source,
        };
        let parent = self.folder.parent().unwrap_or(&self.folder);
        make_passable(parent)
            .and_then(|()| self.owner.make_private(&self.folder))
            .map_err(failed)
    }

    /// A folder for the socket: the cluster's own, or a short one under the folders for temporary
    /// files.
    pub fn make_socket_folder(&self, env: &ServerEnvironment) -> Result<PathBuf, PlaceError> {
        if fits(&self.folder) {
            return Ok(self.folder.clone());
        }
        let name = format!("weir-{}", key(&self.folder));
        let run = self.owner.is_lowered().then(|| PathBuf::from("/run"));
        let bases = env
            .sockets
            .iter()
            .cloned()
            .chain(run)
            .chain([PathBuf::from("/tmp")]);
        let mut folders = bases
            .map(|base| base.join(&name))
            .filter(|folder| fits(folder));
        let usable = |folder: &PathBuf| {
            self.owner.blocked_at(folder).is_none() && self.owner.make_private(folder).is_ok()
        };
        folders.find(usable).ok_or_else(|| PlaceError::NoSocket {
            folder: self.folder.clone(),
        })
    }

    /// The cluster folder: data, log and locks.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whose the cluster is.
    pub fn owner(&self) -> &ClusterOwner {
        &self.owner
    }

    /// The note to show if the data is not in the project.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

fn closed(owner: &ClusterOwner, folder: PathBuf, place: PathBuf) -> PlaceError {
    PlaceError::Closed {
        user: owner.name().to_owned(),
        folder,
        place,
    }
}

fn state(project: &Path, env: &ServerEnvironment) -> PathBuf {
    let base = env.state.clone().unwrap_or_else(|| PathBuf::from(STATE));
    base.canonicalize().unwrap_or(base).join(key(project))
}

/// Creates a folder, and those above it, that others may traverse, whatever our umask; leaves
/// existing ones unchanged.
pub(crate) fn make_passable(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    folder.parent().map_or(Ok(()), make_passable)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::set_permissions(folder, fs::Permissions::from_mode(0o755)),
    }
}

/// Whether a socket can be in `folder`; clients treat a comma as the end of a path.
fn fits(folder: &Path) -> bool {
    let path = folder.as_os_str().as_bytes();
    // A URL is text: no program could name a folder that is not.
    path.len() + "/".len() + SOCKET.len() <= SOCKET_PATH_LIMIT
        && !path.contains(&b',')
        && folder.to_str().is_some()
}

/// A short name for a path, the same in every release: FNV-1a over its bytes.
fn key(path: &Path) -> String {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, step);
    format!("{hash:016x}")
}
