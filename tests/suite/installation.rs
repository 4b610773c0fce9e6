//! A machine without the server programs of PostgreSQL: one command installs them, from a server
//! that may hang, lie, break off or send too much, and then everything works as elsewhere.

use crate::bench::environment;
use crate::hostile_database::Samples;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use weir::store::server::ServerBinaries;

/// An archive whose programs are those of this machine, under another name.
fn archive(prefix: &str) -> Vec<u8> {
    let found = ServerBinaries::find(&environment().search, Path::new("none")).unwrap();
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for name in ["initdb", "pg_ctl", "postgres"] {
        let real = found.program(name);
        let text = format!("#!/bin/sh\nexec {} \"$@\"\n", real.display());
        let path = format!("{prefix}postgresql/bin/{name}");
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_mode(0o755);
        header.set_size(text.len().try_into().unwrap());
        header.set_cksum();
        builder.append(&header, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn checksum(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}  postgresql.tar.gz\n")
}

/// Answers `/KIND/postgresql.tar.gz` and the checksum beside it as the kind says.
struct ArchiveServer {
    address: String,
}

impl ArchiveServer {
    fn start() -> ArchiveServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let archives = Arc::new((archive(""), archive("../")));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let archives = Arc::clone(&archives);
                // A client that goes away is none of our business.
                std::thread::spawn(move || drop(answer(stream, &archives.0, &archives.1)));
            }
        });
        ArchiveServer { address }
    }

    fn archive(&self, kind: &str) -> String {
        format!("{}/{kind}/postgresql.tar.gz", self.address)
    }
}

fn answer(mut stream: TcpStream, good: &[u8], outside: &[u8]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
    let kind = path.split('/').nth(1).unwrap_or_default();
    let archive = if kind == "outside" { outside } else { good };
    let is_checksum = path.ends_with(".sha256");
    let text = checksum(if kind == "lies" { b"other" } else { archive });
    let body = if is_checksum {
        text.as_bytes()
    } else {
        archive
    };
    let (status, size, sent) = match kind {
        "nothing" => ("404 Not Found", 0, 0),
        _ if is_checksum => ("200 OK", body.len(), body.len()),
        "huge" => ("200 OK", 1_000_000_000_000, body.len()),
        "cut" | "hangs" => ("200 OK", body.len(), body.len() / 2),
        _ => ("200 OK", body.len(), body.len()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body[..sent])?;
    if kind == "hangs" && !is_checksum {
        // Until the client gives up.
        lines.next();
    }
    Ok(())
}

/// A project on a machine that has no server programs.
struct BareMachine {
    home: tempfile::TempDir,
    samples: Samples,
}

impl BareMachine {
    fn new() -> BareMachine {
        let (home, samples) = (tempfile::tempdir().unwrap(), Samples::new());
        for folder in [home.path(), samples.0.path()] {
            // The server's user, if it is another one, must come through.
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        }
        std::fs::create_dir(home.path().join("bare")).unwrap();
        BareMachine { home, samples }
    }

    fn cache(&self) -> PathBuf {
        self.home.path().join("cache/weir/postgresql")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(self.samples.0.path())
            .args(words);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .env("WEIR_POSTGRES_PROGRAMS", self.home.path().join("bare"))
            .env("USER", "ada")
            .env("DAY", "1");
        command
    }

    fn weir(&self, words: &[&str]) -> (Option<i32>, String) {
        told(&self.command(words).output().unwrap())
    }

    fn install(&self, from: &str) -> (Option<i32>, String) {
        self.weir(&["db", "install", "--timeout", "1s", "--from", from])
    }

    /// What is in the cache besides the lock.
    fn installed(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.cache()).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "install.lock").collect()
    }
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    (output.status.code(), text.concat())
}

const DAY_1: [&str; 3] = ["run", "--at", "2026-09-01T06:00:00+10:00"];

#[test]
fn two_commands_are_enough_without_server_programs() {
    let (machine, server) = (BareMachine::new(), ArchiveServer::start());
    let (code, text) = machine.weir(&DAY_1);
    assert!(
        code != Some(0) && text.contains("no server programs") && text.contains("weir db install"),
        "{text}"
    );
    let (code, text) = machine.install(&server.archive("good"));
    assert!(code == Some(0) && text.contains("is installed"), "{text}");
    let (code, text) = machine.weir(&DAY_1);
    assert!(code == Some(0) && text.contains("nsw-gov · run"), "{text}");
    let (code, text) = machine.weir(&["db", "start"]);
    assert!(code == Some(0) && text.contains("running"), "{text}");
    let (code, text) = machine.weir(&["report", "nsw-gov", "--runs=1"]);
    assert!(code == Some(0) && text.contains(" done "), "{text}");
    assert_eq!(machine.weir(&["db", "stop"]).0, Some(0));
    // A second time there is nothing to do, and no server is asked.
    let (code, text) = machine.install("http://127.0.0.1:1/postgresql.tar.gz");
    assert!(
        code == Some(0) && text.contains("installed already"),
        "{text}"
    );
}

#[test]
fn what_a_bad_server_sends_leaves_nothing() {
    let (machine, server) = (BareMachine::new(), ArchiveServer::start());
    for (kind, why) in [
        ("nothing", "answered 404"),
        ("hangs", "sent nothing for 1 s"),
        ("cut", "broke off after"),
        ("huge", "sends more than 200 MB"),
        ("lies", "is not the one that its checksum belongs to"),
        ("outside", "`../postgresql/bin/initdb` is outside of it"),
    ] {
        let (code, text) = machine.install(&server.archive(kind));
        assert!(
            code == Some(1) && text.contains(why) && text.contains("help: "),
            "{kind}: {text}"
        );
        assert_eq!(machine.installed(), [""; 0], "{kind}");
    }
}

#[test]
fn an_archive_may_be_copied_here() {
    let machine = BareMachine::new();
    let file = machine.home.path().join("postgresql.tar.gz");
    std::fs::write(&file, archive("./")).unwrap();
    let (code, text) = machine.install(file.to_str().unwrap());
    assert!(code == Some(1) && text.contains(".sha256"), "{text}");
    std::fs::write(
        machine.home.path().join("postgresql.tar.gz.sha256"),
        checksum(&archive("./")),
    )
    .unwrap();
    let (code, text) = machine.install(file.to_str().unwrap());
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn many_at_once_install_one() {
    let (machine, server) = (BareMachine::new(), ArchiveServer::start());
    let from = server.archive("good");
    let words = ["db", "install", "--from", &from];
    let begun: Vec<_> = (0..3)
        .map(|_| {
            let mut command = machine.command(&words);
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut said: Vec<String> = begun
        .into_iter()
        .map(|one| told(&one.wait_with_output().unwrap()).1)
        .collect();
    said.sort();
    assert!(said[0].ends_with("is installed\n"), "{said:?}");
    assert!(
        said[1].ends_with("already\n") && said[1] == said[2],
        "{said:?}"
    );
    assert_eq!(machine.installed().len(), 1);
}

#[test]
fn a_terminal_is_asked() {
    let (machine, server) = (BareMachine::new(), ArchiveServer::start());
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let on_terminal = |answer: &str| {
        let mut shell = machine.command(&[]);
        let weir = format!(
            "{} --project {} db start",
            env!("CARGO_BIN_EXE_weir"),
            machine.samples.0.path().display()
        );
        let envs: Vec<_> = shell
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.unwrap_or_default().to_owned()))
            .collect();
        shell = Command::new("script");
        shell
            .args(["-qec", &weir, "/dev/null"])
            .env_clear()
            .envs(envs);
        shell.env("WEIR_POSTGRES_FROM", server.archive("good"));
        let mut asked = shell
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        asked
            .stdin
            .take()
            .unwrap()
            .write_all(answer.as_bytes())
            .unwrap();
        told(&asked.wait_with_output().unwrap())
    };
    let (code, text) = on_terminal("n\n");
    assert!(
        code == Some(2) && text.contains("Download PostgreSQL") && text.contains("[y/N]"),
        "{text}"
    );
    assert_eq!(machine.installed(), [""; 0]);
    let (code, text) = on_terminal("y\n");
    assert!(code == Some(0) && text.contains("running"), "{text}");
    assert_eq!(machine.weir(&["db", "stop"]).0, Some(0));
}
