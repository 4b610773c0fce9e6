//! Who uses the server: the gate, the seats and the pin.
//!
//! Several processes share one server and none is in charge, so the kernel keeps the count. The
//! gate is a lock that lets one process at a time start, stop, join or leave. A seat is a locked
//! file named after its process; the kernel unlocks it when the process dies for any reason, so a
//! seat that can be locked is free. The pin is a file that tells the last process to leave the
//! server running. Seats are created and removed only behind the gate, and a lock file is never
//! removed while its holder may live.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::place::ClusterFolder;

/// A lock or marker could not be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot use `{path}`: {source}; check that weir can write there and that the disk is not full, or set DATABASE_URL"
)]
pub struct UsersError {
    path: PathBuf,
    source: io::Error,
}

/// Holds the gate while it lives.
#[derive(Debug)]
pub struct StartLock(File);

impl StartLock {
    /// Waits for the gate.
    pub fn lock(place: &ClusterFolder) -> Result<Self, UsersError> {
        let path = place.folder().join("gate.lock");
        let file = open(&path, place).and_then(|file| file.lock().map(|()| file));
        file.map(Self).map_err(|source| UsersError { path, source })
    }

    /// The gate as a child's standard input: should we be killed, it stays shut until the child has
    /// ended too.
    pub fn to_stdin(&self) -> Stdio {
        self.0
            .try_clone()
            .map_or_else(|_| Stdio::null(), Stdio::from)
    }
}

impl Drop for StartLock {
    fn drop(&mut self) {
        // Closing is not enough: a child between fork and exec may hold a copy.
        let _ = self.0.unlock();
    }
}

/// One user of the server; its holder may connect.
#[derive(Debug)]
pub struct ClientLock {
    file: File,
    path: PathBuf,
}

impl ClientLock {
    /// Takes a seat for this process and clears those of the dead.
    pub fn take(place: &ClusterFolder, _behind: &StartLock) -> Result<Self, UsersError> {
        for (path, _) in seats(place).filter(|(path, _)| !is_taken(path)) {
            let _ = fs::remove_file(path);
        }
        let path = free_name(place);
        let file = open(&path, place).and_then(|file| file.lock().map(|()| file));
        match file {
            Ok(file) => Ok(Self { file, path }),
            Err(source) => Err(UsersError { path, source }),
        }
    }
}

impl Drop for ClientLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// The processes that use the server now, including ours; a process may hold several seats.
pub fn present(place: &ClusterFolder) -> Vec<u32> {
    let mut pids: Vec<u32> = seats(place)
        .filter(|(path, _)| is_taken(path))
        .map(|(_, pid)| pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Whether the last one out leaves the server running.
pub fn is_pinned(place: &ClusterFolder) -> bool {
    pin_path(place).exists()
}

/// Tells the last process to leave the server running, or no longer to do so.
pub fn set_pinned(place: &ClusterFolder, pinned: bool) -> Result<(), UsersError> {
    let path = pin_path(place);
    let done = if pinned {
        open(&path, place).map(drop)
    } else {
        remove(&path)
    };
    done.map_err(|source| UsersError { path, source })
}

fn pin_path(place: &ClusterFolder) -> PathBuf {
    place.folder().join("pinned")
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            Ok(())
        } else {
            Err(error)
        }
    })
}

/// Opens or makes a file of the cluster folder. The server's user could plant a link there: root
/// must not follow it.
fn open(path: &Path, place: &ClusterFolder) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW);
    let file = options.open(path)?;
    place.owner().hand_over_file(&file)?;
    Ok(file)
}

fn seats(place: &ClusterFolder) -> impl Iterator<Item = (PathBuf, u32)> {
    let entries = fs::read_dir(place.folder()).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), seated(&entry.file_name())?)))
}

/// The process a seat is named after.
fn seated(name: &OsStr) -> Option<u32> {
    let (pid, _) = name
        .to_str()?
        .strip_prefix("user-")?
        .strip_suffix(".lock")?
        .split_once('-')?;
    pid.parse().ok()
}

fn free_name(place: &ClusterFolder) -> PathBuf {
    let pid = std::process::id();
    let mut names = (0_u32..).map(|n| place.folder().join(format!("user-{pid}-{n}.lock")));
    names.find(|path| !path.exists()).unwrap_or_default()
}

/// Tried with a shared lock, so that two concurrent checks do not take each other for the user. If
/// in doubt it is taken.
fn is_taken(path: &Path) -> bool {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(nix::libc::O_NOFOLLOW);
    match options.open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}
