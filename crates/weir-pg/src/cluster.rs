//! Creates, starts and stops the cluster in a [`ClusterFolder`].
//!
//! Everything here happens behind the gate, so in one process at a time. A cluster is created under
//! another name and then renamed: an interrupted start never looks complete. Leftovers of a crash
//! are removed only if [`ClusterLiveness`] proves that nothing runs, and signals go only to
//! processes proven to be the cluster's own. Never `kill -9` here. To handle another broken state
//! of a cluster, add a [`ClusterLiveness`] and its remedy to [`bring_up`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ServerEnvironment;
use super::binaries::{BinariesError, ServerBinaries};
use super::liveness::{ClusterLiveness, Postmaster, processes};
use super::place::{ClusterFolder, PlaceError, SOCKET};
use super::server_log;
use super::settings;
use super::users::StartLock;

/// Maximum time for a server to start, recover or stop.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long processes without a postmaster get to notice it themselves.
const ORPHANS_NOTICE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);

/// What helps after `initdb` has failed.
fn help_after(output: &str) -> &'static str {
    if output.contains("No space left") {
        "the disk is full: free some space and run weir again"
    } else {
        "free the resource it lacks and run weir again"
    }
}

/// Why there is no working server.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server programs.
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    /// No folder.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A server program could not be run.
    #[error(
        "cannot run `{program}` as user `{user}`: {source}; install PostgreSQL where every user can run it, or set DATABASE_URL"
    )]
    Run {
        /// The program.
        program: PathBuf,
        /// The user it should run as.
        user: String,
        /// Why.
        source: io::Error,
    },
    /// The cluster could not be made.
    #[error("PostgreSQL could not create a database in `{folder}`:\n{output}")]
    Init {
        /// The cluster folder.
        folder: PathBuf,
        /// The output of `initdb`.
        output: String,
    },
    /// The server did not start.
    #[error("PostgreSQL did not start; its log `{log}` ends:\n{tail}")]
    Start {
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server neither works nor ends.
    #[error(
        "PostgreSQL neither responds nor exits (process {pids}); its log `{log}` ends:\n{tail}"
    )]
    Stuck {
        /// Its processes, for reading.
        pids: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A file of the cluster could not be moved or removed.
    #[error(
        "cannot clean up `{path}`: {source}; move it away and run weir again, or set DATABASE_URL"
    )]
    Tidy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ClusterError {
    /// What the operator does about it, where the message does not say so itself.
    pub fn help(&self) -> Option<String> {
        match self {
            ClusterError::Binaries(error) => error.help(),
            ClusterError::Init { output, .. } => {
                Some(format!("{}, or set DATABASE_URL", help_after(output)))
            }
            ClusterError::Start { .. } => Some(
                "fix the problem in the log and run weir again, or set DATABASE_URL".to_owned(),
            ),
            ClusterError::Stuck { .. } => Some(
                "wait until it has finished, or stop those processes and run weir again".to_owned(),
            ),
            _ => None,
        }
    }
}

/// Brings the server up, whatever state it was left in, and names the folder of its socket.
pub fn bring_up(
    place: &ClusterFolder,
    env: &ServerEnvironment,
    gate: &StartLock,
) -> Result<PathBuf, ClusterError> {
    let began = Instant::now();
    loop {
        let in_the_way = match ClusterLiveness::of(&place.data()) {
            ClusterLiveness::Ready(postmaster) => return Ok(postmaster.socket_folder),
            ClusterLiveness::Gone => return start(place, env, gate),
            ClusterLiveness::Busy(pids) => pids,
            ClusterLiveness::Deaf(postmaster) => signal(vec![postmaster.pid], Signal::SIGINT),
            ClusterLiveness::Orphans(pids) if began.elapsed() < ORPHANS_NOTICE => pids,
            ClusterLiveness::Orphans(pids) => signal(pids, Signal::SIGTERM),
        };
        wait(place, began, &in_the_way)?;
    }
}

/// Stops the server and waits for it to end; returns whether there was one.
pub fn bring_down(place: &ClusterFolder, _behind: &StartLock) -> Result<bool, ClusterError> {
    let postmaster = Postmaster::read(&place.data()).map(|it| it.pid);
    let began = Instant::now();
    let mut left = processes(&place.data(), postmaster);
    let ran = !left.is_empty();
    match postmaster.filter(|pid| left.contains(pid)) {
        Some(pid) => drop(signal(vec![pid], Signal::SIGINT)),
        None => left = signal(left, Signal::SIGTERM),
    }
    while !left.is_empty() {
        wait(place, began, &left)?;
        left = processes(&place.data(), postmaster);
    }
    Ok(ran)
}

fn wait(place: &ClusterFolder, began: Instant, pids: &[u32]) -> Result<(), ClusterError> {
    if began.elapsed() < PATIENCE {
        sleep(POLL);
        return Ok(());
    }
    let pids = pids
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    Err(ClusterError::Stuck {
        pids,
        log: place.log(),
        tail: server_log::tail(&place.log(), 0),
    })
}

/// Signals processes that a sighting proved to be the cluster's own; one that ended meanwhile needs
/// none.
fn signal(pids: Vec<u32>, signal: Signal) -> Vec<u32> {
    for pid in pids.iter().filter_map(|pid| i32::try_from(*pid).ok()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
    pids
}

fn start(
    place: &ClusterFolder,
    env: &ServerEnvironment,
    gate: &StartLock,
) -> Result<PathBuf, ClusterError> {
    let binaries = ServerBinaries::find(&env.search, &place.data())?;
    make(place, &binaries, gate)?;
    let sockets = place.make_socket_folder(env)?;
    clear_leftovers(place, &sockets)?;
    let seen = server_log::turn_over(&place.log());
    let seconds = PATIENCE.as_secs().to_string();
    let mut pg_ctl = place
        .owner()
        .command(&binaries.program("pg_ctl"), place.folder());
    // Relative paths, because pg_ctl pastes them into a shell command without escaping.
    pg_ctl
        .args([
            "start",
            "-s",
            "-w",
            "-t",
            &seconds,
            "-D",
            "data",
            "-l",
            "server.log",
            "-o",
        ])
        .arg(settings::options(&sockets));
    if run(pg_ctl, place, gate)?.status.success() {
        return Ok(sockets);
    }
    Err(ClusterError::Start {
        log: place.log(),
        tail: server_log::tail(&place.log(), seen),
    })
}

/// Creates the cluster if there is none yet.
fn make(
    place: &ClusterFolder,
    binaries: &ServerBinaries,
    gate: &StartLock,
) -> Result<(), ClusterError> {
    let (unfinished, data) = (place.folder().join("data.new"), place.data());
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    remove(&unfinished, |path| fs::remove_dir_all(path))?;
    let mut output = initdb(place, binaries, gate, "C.UTF-8")?;
    if !output.status.success() && said(&output).contains("invalid locale") {
        output = initdb(place, binaries, gate, "C")?;
    }
    if !output.status.success() {
        return Err(ClusterError::Init {
            folder: place.folder().to_owned(),
            output: said(&output),
        });
    }
    fs::rename(&unfinished, &data).map_err(|source| ClusterError::Tidy { path: data, source })
}

fn initdb(
    place: &ClusterFolder,
    binaries: &ServerBinaries,
    gate: &StartLock,
    locale: &str,
) -> Result<Output, ClusterError> {
    let mut initdb = place
        .owner()
        .command(&binaries.program("initdb"), place.folder());
    initdb.args([
        "-D",
        "data.new",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--auth-local=trust",
        "--auth-host=reject",
    ]);
    initdb.arg(format!("--locale={locale}"));
    run(initdb, place, gate)
}

/// Runs a server program. It holds the gate too, so if we are killed nobody disturbs its work.
fn run(
    mut command: Command,
    place: &ClusterFolder,
    gate: &StartLock,
) -> Result<Output, ClusterError> {
    let program = PathBuf::from(command.get_program());
    let output = command
        .stdin(gate.to_stdin())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    output.map_err(|source| ClusterError::Run {
        program,
        user: place.owner().name().to_owned(),
        source,
    })
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Removes what a crash left. Only after [`ClusterLiveness::Gone`].
fn clear_leftovers(place: &ClusterFolder, sockets: &Path) -> Result<(), ClusterError> {
    let socket_lock = sockets.join(format!("{SOCKET}.lock"));
    let leftovers = [
        place.data().join("postmaster.pid"),
        socket_lock,
        sockets.join(SOCKET),
    ];
    leftovers
        .iter()
        .try_for_each(|path| remove(path, |path| fs::remove_file(path)))
}

fn remove(path: &Path, how: impl Fn(&Path) -> io::Result<()>) -> Result<(), ClusterError> {
    match how(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ClusterError::Tidy {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
