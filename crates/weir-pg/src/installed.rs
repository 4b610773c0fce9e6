//! Server programs that Weir has installed itself, because the machine had none: an archive of one
//! pinned release, unpacked into a folder of the user's cache.
//!
//! A release appears there whole or not at all: it is unpacked beside its place, tried, and renamed.
//! One process at a time installs, behind a lock. Nothing here uses the network: the caller brings
//! the archive. For another release change [`POSTGRES_RELEASE`]; those that older Weirs installed
//! stay, for they may have data.

use crate::archive::{ArchiveChecksum, ArchiveError, ArchiveLimits, ProgramArchive};
use crate::binaries::ServerBinaries;
use crate::owner::{ClusterOwner, OwnerError};
use crate::place::make_passable;
use nix::unistd::Uid;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The release that `weir db install` installs.
pub const POSTGRES_RELEASE: ServerRelease = ServerRelease {
    version: "17.10.0",
    origin: "https://github.com/theseus-rs/postgresql-binaries/releases/download",
    targets: &[
        "aarch64-apple-darwin",
        "aarch64-unknown-linux-gnu",
        "aarch64-unknown-linux-musl",
        "x86_64-apple-darwin",
        "x86_64-unknown-linux-gnu",
        "x86_64-unknown-linux-musl",
    ],
};

const LIMITS: ArchiveLimits = ArchiveLimits {
    entries: 20_000,
    bytes: 1_000_000_000,
};
/// How folders begin that are not yet installed.
const UNFINISHED: &str = "new-";

/// A release of server programs, built for several machines.
#[derive(Debug)]
pub struct ServerRelease {
    /// Its version.
    pub version: &'static str,
    /// Where its archives are.
    origin: &'static str,
    targets: &'static [&'static str],
}

impl ServerRelease {
    /// Where all archives of releases are, a folder each.
    pub fn origin(&self) -> &'static str {
        self.origin
    }

    /// The path of the archive for this machine below the origin; `None` if there is none for it.
    pub fn archive(&self) -> Option<String> {
        let target = self.targets.iter().find(|target| is_this_machine(target))?;
        let version = self.version;
        Some(format!("{version}/postgresql-{version}-{target}.tar.gz"))
    }

    /// Its major version.
    pub fn major(&self) -> &'static str {
        self.version.split('.').next().unwrap_or_default()
    }
}

/// Whether programs that were built for a target run here. A Weir without a C library of its own
/// runs on both kinds of Linux, so that the machine is asked.
fn is_this_machine(target: &str) -> bool {
    let system = match std::env::consts::OS {
        "macos" => "apple-darwin",
        "linux" if has_glibc() => "unknown-linux-gnu",
        "linux" => "unknown-linux-musl",
        _ => return false,
    };
    target.split_once('-') == Some((std::env::consts::ARCH, system))
}

fn has_glibc() -> bool {
    ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .iter()
        .any(|loader| Path::new(loader).exists())
}

/// Why the programs could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Root found no user for the server.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The server's user could not run them there.
    #[error(
        "user `{user}`, who runs the server, may not traverse `{}`: set XDG_CACHE_HOME to a folder that every user may enter",
        folder.display()
    )]
    Closed {
        /// The server's user.
        user: String,
        /// The folder in the way.
        folder: PathBuf,
    },
    /// The folder cannot be used.
    #[error("cannot install into `{}`: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive is not taken.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// What was unpacked does not run.
    #[error("the archive has no server programs that run on this machine")]
    Useless,
}

/// The folder with the releases that Weir has installed.
#[derive(Debug, Clone)]
pub struct ProgramCache {
    folder: PathBuf,
}

/// Held by the one process that installs.
#[derive(Debug)]
pub struct InstallLock {
    file: File,
    cache: ProgramCache,
}

impl ProgramCache {
    /// Releases in this folder; it need not exist.
    pub fn new(folder: PathBuf) -> ProgramCache {
        ProgramCache { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the pinned release.
    pub fn release(&self) -> PathBuf {
        self.folder.join(POSTGRES_RELEASE.version)
    }

    /// The programs of the pinned release, if they are installed.
    pub fn programs(&self) -> Option<ServerBinaries> {
        ServerBinaries::in_folder(&self.release().join("bin"))
    }

    /// Makes the folder and waits until no other process installs; `waits` hears that one does.
    ///
    /// # Errors
    /// The folder cannot be made, or the server's user could not enter it.
    pub fn lock(&self, waits: impl FnOnce()) -> Result<InstallLock, InstallError> {
        make_passable(&self.folder).map_err(|source| self.failed(source))?;
        self.check_passable()?;
        let locked = self.locked(waits).map_err(|source| self.failed(source))?;
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            // Whoever was installing has died: we have the lock.
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(locked)
    }

    fn locked(&self, waits: impl FnOnce()) -> io::Result<InstallLock> {
        let mut options = OpenOptions::new();
        let path = self.folder.join("install.lock");
        let file = options.create(true).append(true).open(path)?;
        if file.try_lock().is_err() {
            waits();
            file.lock()?;
        }
        Ok(InstallLock {
            file,
            cache: self.clone(),
        })
    }

    fn check_passable(&self) -> Result<(), InstallError> {
        if !Uid::effective().is_root() {
            return Ok(());
        }
        let release = self.release();
        let owner = ClusterOwner::of(&release)?;
        owner.blocked_at(&release).map_or(Ok(()), |folder| {
            Err(InstallError::Closed {
                user: owner.name().to_owned(),
                folder,
            })
        })
    }

    fn failed(&self, source: io::Error) -> InstallError {
        InstallError::Folder {
            folder: self.folder.clone(),
            source,
        }
    }
}

impl InstallLock {
    /// A folder for what is downloaded; it goes when this is dropped.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn workspace(&self) -> Result<TempDir, InstallError> {
        let made = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(self.cache.folder());
        made.map_err(|source| self.cache.failed(source))
    }

    /// Unpacks the archive of the pinned release, tries its programs, and puts them in their place.
    ///
    /// # Errors
    /// The archive is not the one that it should be, or its programs do not run here. Then nothing
    /// has changed.
    pub fn install(
        &self,
        archive: &Path,
        checksum: &ArchiveChecksum,
    ) -> Result<ServerBinaries, InstallError> {
        checksum.check(archive)?;
        let workspace = self.workspace()?;
        let folder = workspace.path().join("archive");
        make_passable(&folder).map_err(|source| self.cache.failed(source))?;
        ProgramArchive::unpack(archive, &folder, LIMITS)?;
        let root = root_of(&folder).ok_or(InstallError::Useless)?;
        self.put(&root)
            .map_err(|source| self.cache.failed(source))?;
        self.cache.programs().ok_or(InstallError::Useless)
    }

    /// Puts a folder with working programs in the place of the release; what is there does not work.
    fn put(&self, root: &Path) -> io::Result<()> {
        let place = self.cache.release();
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        // A place that survives a power cut must have its files.
        nix::unistd::sync();
        fs::rename(root, place)
    }
}

impl Drop for InstallLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// The folder with working programs in its `bin`: the archive's own root, or its only folder.
fn root_of(folder: &Path) -> Option<PathBuf> {
    let below = fs::read_dir(folder).into_iter().flatten().flatten();
    let candidates = [folder.to_owned()]
        .into_iter()
        .chain(below.map(|entry| entry.path()));
    let works = |root: &PathBuf| ServerBinaries::in_folder(&root.join("bin")).is_some();
    candidates.filter(|root| root.is_dir()).find(works)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_release_has_an_archive_for_this_machine() {
        let path = POSTGRES_RELEASE.archive().unwrap();
        let version = POSTGRES_RELEASE.version;
        assert!(path.starts_with(&format!("{version}/postgresql-{version}-")));
        assert!(!is_this_machine("mips-unknown-linux-gnu"));
        assert!(version.starts_with(POSTGRES_RELEASE.major()));
    }

    #[test]
    fn what_a_dead_process_left_is_removed_and_a_second_waits() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let cache = ProgramCache::new(home.path().join("a/b"));
        fs::create_dir_all(cache.folder().join("new-dead/bin")).unwrap();
        let held = cache.lock(|| panic!("nobody has it")).unwrap();
        assert!(!cache.folder().join("new-dead").exists());
        std::thread::scope(|scope| {
            let (told, waits) = std::sync::mpsc::channel();
            let second = scope.spawn(move || cache.lock(|| told.send(()).unwrap()).is_ok());
            waits.recv().unwrap();
            drop(held);
            assert!(second.join().unwrap());
        });
    }
}
