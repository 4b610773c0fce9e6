//! Each test has a project of its own and a real server; what happens to servers in the field
//! happens to these.

use std::env::{current_dir, current_exe};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

use super::binaries::{BinariesError, ProgramSearch, ServerBinaries};
use super::{Server, ServerEnvironment, ServerError, StopOutcome};

/// A project folder that the server's user may pass.
struct ServerProject {
    folder: TempDir,
    env: ServerEnvironment,
}

impl ServerProject {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        let env = ServerEnvironment {
            state: Some(folder.path().join("state")),
            ..ServerEnvironment::default()
        };
        Self { folder, env }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn cluster(&self) -> PathBuf {
        self.path().join(".weir/postgres")
    }

    fn open(&self) -> Server {
        Server::open(self.path(), &self.env).unwrap_or_else(|error| panic!("{error}"))
    }

    fn pid(&self) -> Option<u32> {
        Server::status(self.path(), &self.env).unwrap().pid
    }

    fn stop(&self) -> Result<StopOutcome, ServerError> {
        Server::stop(self.path(), &self.env)
    }
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_last_one_out_stops_the_server() {
    let project = ServerProject::new();
    assert_eq!(project.stop().unwrap(), StopOutcome::Already);
    let (first, second) = (project.open(), project.open());
    assert_eq!(first.url("a b"), second.url("a b"));
    assert!(
        first
            .url("a b")
            .starts_with("postgres://postgres@localhost/a%20b?host=%2F")
    );
    first.close().unwrap();
    assert!(project.pid().is_some());
    second.close().unwrap();
    assert!(project.pid().is_none());
    drop(project.open());
}

#[test]
fn many_at_once_share_one_server() {
    let project = ServerProject::new();
    let servers = thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| project.open())).collect();
        all.into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    let status = Server::status(project.path(), &project.env).unwrap();
    assert!(status.running);
    assert_eq!(status.users, [std::process::id()]);
    thread::scope(|scope| {
        servers
            .into_iter()
            .for_each(|one| drop(scope.spawn(|| drop(one))));
    });
    assert!(project.pid().is_none());
}

#[test]
fn a_killed_or_unreachable_postmaster_is_replaced() {
    let project = ServerProject::new();
    let _before = project.open();
    let killed = project.pid().unwrap();
    kill(Pid::from_raw(killed.try_into().unwrap()), Signal::SIGKILL).unwrap();
    let after = project.open();
    let second = project.pid().unwrap();
    assert_ne!(second, killed);
    fs::remove_file(project.cluster().join(".s.PGSQL.5432")).unwrap();
    drop(after);
    let _again = project.open();
    assert!(project.pid().is_some_and(|third| third != second));
}

#[test]
fn stop_names_the_users_and_takes_the_pin() {
    let project = ServerProject::new();
    let server = project.open();
    server.pin().unwrap();
    let refusal = project.stop().unwrap_err();
    assert!(
        refusal
            .to_string()
            .contains(&std::process::id().to_string()),
        "{refusal}"
    );
    server.pin().unwrap();
    drop(server);
    assert!(project.pid().is_some());
    assert_eq!(project.stop().unwrap(), StopOutcome::Now);
    assert!(!Server::status(project.path(), &project.env).unwrap().pinned);
}

#[test]
fn leftovers_of_an_interrupted_beginning_and_of_a_reboot_are_no_obstacle() {
    let project = ServerProject::new();
    fs::create_dir_all(project.cluster().join("data.new/base")).unwrap();
    set_mode(&project.path().join(".weir"), 0o755);
    fs::write(project.cluster().join("data.new/PG_VERSION"), "15").unwrap();
    let owned = super::place::ClusterFolder::of(project.path(), &project.env).unwrap();
    std::os::unix::fs::chown(project.cluster(), Some(owned.owner().uid()), None).unwrap();
    drop(project.open());
    let data = project.cluster().join("data");
    let (pid, folder) = (std::process::id(), project.cluster());
    let claim = format!(
        "{pid}\n{}\n1\n5432\n{}\n\n  1  1\nready   \n",
        data.display(),
        folder.display()
    );
    fs::write(data.join("postmaster.pid"), claim).unwrap();
    fs::write(folder.join(".s.PGSQL.5432"), "").unwrap();
    fs::write(folder.join(".s.PGSQL.5432.lock"), format!("{pid}\n")).unwrap();
    let _server = project.open();
    assert!(project.pid().is_some_and(|running| running != pid));
    assert!(!folder.join("data.new").exists());
}

#[test]
fn a_client_killed_in_the_middle_leaves_no_seat() {
    let project = ServerProject::new();
    fs::write(project.path().join("die here"), "").unwrap();
    let name = format!(
        "{}::dies_with_a_server_open",
        module_path!().split_once("::").unwrap().1
    );
    let mut client = Command::new(current_exe().unwrap());
    let ended = client
        .args(["--exact", &name])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(!ended.status.success());
    assert!(project.pid().is_some());
    drop(project.open());
    assert!(project.pid().is_none());
}

/// Does nothing unless the test above runs it in its project.
#[test]
fn dies_with_a_server_open() {
    let here = current_dir().unwrap();
    if here.join("die here").exists() {
        let _server = Server::open(&here, &ServerEnvironment::default()).unwrap();
        kill(Pid::this(), Signal::SIGKILL).unwrap();
    }
}

#[test]
fn a_closed_project_keeps_its_data_outside() {
    let (mut project, state) = (ServerProject::new(), ServerProject::new());
    project.env.state = Some(state.path().join("weir"));
    set_mode(project.path(), 0o700);
    let server = project.open();
    assert_eq!(server.location_note().is_some(), Uid::effective().is_root());
    assert_eq!(project.cluster().exists(), !Uid::effective().is_root());
    drop(server);
    set_mode(project.path(), 0o755);
    assert!(
        Server::status(project.path(), &project.env)
            .unwrap()
            .version
            .is_some()
    );
}

#[test]
fn long_and_odd_paths_work() {
    let (mut project, sockets) = (ServerProject::new(), ServerProject::new());
    let folder = project
        .path()
        .join(format!("it's $(exit) \"odd\", {}", "x".repeat(100)));
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o755);
    project.env.sockets = vec![sockets.path().to_owned()];
    let server = Server::open(&folder, &project.env).unwrap_or_else(|error| panic!("{error}"));
    assert!(server.url("postgres").contains("%2Fweir-"));
    drop(server);
    let odd = project.path().join("it's $(exit) \"odd\" ü");
    fs::create_dir(&odd).unwrap();
    set_mode(&odd, 0o755);
    drop(Server::open(&odd, &project.env).unwrap_or_else(|error| panic!("{error}")));
}

#[test]
fn a_failed_start_quotes_the_log() {
    let project = ServerProject::new();
    drop(project.open());
    fs::remove_file(project.cluster().join("data/global/pg_control")).unwrap();
    let error = Server::open(project.path(), &project.env).unwrap_err();
    assert!(error.to_string().contains("pg_control"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("log")));
}

#[test]
fn data_of_another_version_are_refused() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("PG_VERSION"), "9\n").unwrap();
    let error = ServerBinaries::find(&ProgramSearch::default(), data.path()).unwrap_err();
    assert!(matches!(error, BinariesError::OtherMajor { wanted, .. } if wanted == "9"));
}

/// A folder with programs that say this version.
fn programs(folder: &Path, version: &str) {
    fs::create_dir_all(folder).unwrap();
    for name in ["initdb", "pg_ctl", "postgres"] {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{name} {version}'\n")).unwrap();
        set_mode(&path, 0o755);
    }
}

#[test]
fn installed_programs_are_looked_at_last() {
    let home = tempfile::tempdir().unwrap();
    programs(&home.path().join("path"), "97.1");
    programs(&home.path().join("installed/98.4/bin"), "98.4");
    programs(&home.path().join("installed/99.0/bin"), "99.0");
    let search = ProgramSearch {
        path: home.path().join("path").into(),
        only: None,
        installed: Some(home.path().join("installed")),
    };
    let found = |search: &ProgramSearch, data: &str| {
        let written = home.path().join(data);
        fs::create_dir_all(&written).unwrap();
        if data != "none" {
            fs::write(written.join("PG_VERSION"), data).unwrap();
        }
        let found = ServerBinaries::find(search, &written);
        found.map(|programs| programs.version().to_owned())
    };
    assert_eq!(found(&search, "none").unwrap(), "97.1");
    assert_eq!(found(&search, "98").unwrap(), "98.4");
    let only = ProgramSearch {
        only: Some(home.path().join("empty")),
        ..search
    };
    assert_eq!(found(&only, "none").unwrap(), "99.0");
    assert!(found(&only, "97").is_err());
    let none = ProgramSearch {
        installed: None,
        ..only
    };
    let missing = found(&none, "none").unwrap_err();
    assert!(missing.help().unwrap().contains("weir db install"));
}
