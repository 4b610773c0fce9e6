//! Determines from evidence whether a server is running.
//!
//! A pid file proves nothing: it survives a crash and a reboot, and its number may by then be a
//! zombie or an unrelated process. Two things do prove life: a response on the socket, and a
//! PostgreSQL process that works in the data folder (every one of them does). This file only looks;
//! it must never write, signal or remove anything. To add evidence, add it to
//! [`ClusterLiveness::of`].

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::place::SOCKET;

/// Maximum time for a response on the socket.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What the evidence says about a cluster.
#[derive(Debug)]
pub enum ClusterLiveness {
    /// It accepts connections on the socket in this folder.
    Ready(Postmaster),
    /// Its postmaster lives but accepts no connections now: it is starting, recovering or stopping.
    Busy(Vec<u32>),
    /// Its postmaster lives and works, but its socket was removed: nobody can reach it.
    Deaf(Postmaster),
    /// Its postmaster died; these processes are left and must end before another may start.
    Orphans(Vec<u32>),
    /// Nothing runs; files that suggest otherwise are leftovers.
    Gone,
}

impl ClusterLiveness {
    /// Looks at the cluster in `data`.
    pub fn of(data: &Path) -> Self {
        let postmaster = Postmaster::read(data);
        if let Some(postmaster) = postmaster.as_ref().filter(|it| it.answers()) {
            return Self::Ready(postmaster.clone());
        }
        let processes = processes(data, postmaster.as_ref().map(|it| it.pid));
        match postmaster {
            _ if processes.is_empty() => Self::Gone,
            Some(it) if !processes.contains(&it.pid) => Self::Orphans(processes),
            Some(it) if it.ready && !it.socket().exists() => Self::Deaf(it),
            Some(_) => Self::Busy(processes),
            None => Self::Orphans(processes),
        }
    }
}

/// What `postmaster.pid` claims.
#[derive(Debug, Clone)]
pub struct Postmaster {
    /// Its process.
    pub pid: u32,
    /// The folder of its socket.
    pub socket_folder: PathBuf,
    ready: bool,
}

impl Postmaster {
    /// Reads the claim; an unreadable or half-written file claims nothing.
    pub fn read(data: &Path) -> Option<Self> {
        let text = fs::read(data.join("postmaster.pid")).ok()?;
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let pid = str::from_utf8(lines.first()?).ok()?.trim().parse().ok()?;
        let socket_folder =
            PathBuf::from(OsStr::from_bytes(lines.get(4).copied().unwrap_or_default()));
        Some(Self {
            pid,
            socket_folder,
            ready: lines
                .get(7)
                .is_some_and(|state| state.starts_with(b"ready")),
        })
    }

    fn socket(&self) -> PathBuf {
        self.socket_folder.join(SOCKET)
    }

    fn answers(&self) -> bool {
        accepts(&self.socket()).unwrap_or(false)
    }
}

/// Connects to the socket as any client would. A refusal because no connection is free is a
/// response too; "cannot connect now" (57P03), while it starts or stops, is not.
fn accepts(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_write_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(&greeting())?;
    let mut answer = [0; 512];
    let length = stream.read(&mut answer)?;
    let answer = &answer[..length];
    let _ = stream.write_all(b"X\0\0\0\x04");
    Ok(!answer.is_empty() && !answer.windows(7).any(|window| window == b"C57P03\0"))
}

/// The startup message of protocol 3.0.
fn greeting() -> Vec<u8> {
    let body = b"\0\x03\0\0user\0postgres\0database\0postgres\0application_name\0weir\0\0";
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), body.as_slice()].concat()
}

/// The living processes of the cluster in `data`. Without `/proc` only the claimed postmaster can
/// be checked.
pub fn processes(data: &Path, postmaster: Option<u32>) -> Vec<u32> {
    let Ok(data) = fs::metadata(data) else {
        return Vec::new();
    };
    if !Path::new("/proc/self/stat").exists() {
        return postmaster.into_iter().filter(|pid| exists(*pid)).collect();
    }
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| works_in(*pid, &data, postmaster))
        .collect()
}

/// Whether a process is a live one of PostgreSQL and works in the data folder. Where a container
/// forbids even root to see that, the claimed postmaster and its children are believed.
fn works_in(pid: u32, data: &Metadata, postmaster: Option<u32>) -> bool {
    let Some(parent) = parent_of_postgres(pid) else {
        return false;
    };
    match fs::metadata(format!("/proc/{pid}/cwd")) {
        Ok(folder) => (folder.dev(), folder.ino()) == (data.dev(), data.ino()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            postmaster.is_some_and(|it| it == pid || it == parent)
        }
        Err(_) => false,
    }
}

/// The parent of a process, if it is a program of PostgreSQL and no zombie: `PID (NAME) STATE
/// PARENT ...`.
fn parent_of_postgres(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace();
    let alive = !matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    (alive && matches!(name, "postgres" | "postmaster")).then_some(parent)
}

fn exists(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH)))
}
