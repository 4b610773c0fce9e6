//! What stands between a test and a friendly server: a PostgreSQL with settings of its own, a
//! pooler, a proxy that cuts or freezes. Each ends with its test; what the machine does not have is
//! skipped with a word.

use nix::unistd::{Uid, User};
use std::net::TcpListener as Port;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use weir::store::server::ServerEnvironment;

/// Whether the machine has a program; says so where it does not.
pub fn have(program: &str) -> bool {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists());
    if !found {
        eprintln!("skipped: this machine has no `{program}`");
    }
    found
}

/// A port that nobody uses just now.
fn free_port() -> u16 {
    Port::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A command that does not run as root: these servers refuse that.
fn lowered(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if Uid::effective().is_root() {
        let user = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).unwrap())
            .unwrap();
        std::os::unix::fs::chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder that the server's user may pass.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    folder
}

/// A PostgreSQL of its own behind a TCP port.
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    pub fn start(environment: &ServerEnvironment) -> Cluster {
        let cluster = Cluster::make(environment);
        cluster.serve(&[]);
        cluster
    }

    /// One with TLS by a certificate of X.509 v1, and with these settings.
    pub fn certified(environment: &ServerEnvironment, settings: &[&str]) -> Cluster {
        let cluster = Cluster::make(environment);
        cluster.certify();
        let tls = [
            "ssl=on",
            "ssl_cert_file=server.crt",
            "ssl_key_file=server.key",
        ];
        cluster.serve(&[&tls, settings].concat());
        cluster
    }

    fn make(environment: &ServerEnvironment) -> Cluster {
        let programs = glob::glob("/usr/lib/postgresql/*/bin")
            .unwrap()
            .flatten()
            .max();
        let on_path = std::env::split_paths(&environment.search.path)
            .find(|folder| folder.join("initdb").exists());
        let cluster = Cluster {
            folder: open_folder(),
            programs: programs.or(on_path).unwrap(),
            port: free_port(),
        };
        let mut initdb = cluster.command("initdb");
        initdb.args([
            "-D",
            "data",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        run(initdb);
        cluster
    }

    fn serve(&self, settings: &[&str]) {
        let own = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.path().display()),
            "fsync=off".to_owned(),
        ];
        let given = settings.iter().map(|setting| (*setting).to_owned());
        let options: String = own
            .into_iter()
            .chain(given)
            .map(|setting| format!(" -c {setting}"))
            .collect();
        self.control(&["-o", &options, "start"]);
    }

    /// Stops it, in a mode of `pg_ctl`, and starts it again.
    pub fn restart(&self, mode: &str) {
        self.control(&["-m", mode, "restart"]);
    }

    fn control(&self, words: &[&str]) {
        let mut control = self.command("pg_ctl");
        control
            .args(["-D", "data", "-w", "-l", "log"])
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(
            control.status().unwrap().success(),
            "{words:?}: {}",
            std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
        );
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, program: &str) -> Command {
        lowered(&self.programs.join(program), self.path())
    }

    /// A request signed without extensions is a certificate of version 1.
    fn certify(&self) {
        let mut request = lowered(Path::new("openssl"), self.path());
        request.args([
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "data/server.key",
            "-out",
            "request",
        ]);
        run(request);
        let mut sign = lowered(Path::new("openssl"), self.path());
        sign.args([
            "x509",
            "-req",
            "-in",
            "request",
            "-signkey",
            "data/server.key",
            "-days",
            "3",
            "-out",
            "data/server.crt",
        ]);
        run(sign);
    }

    pub fn url(&self, role: &str, database: &str, sslmode: &str) -> String {
        format!(
            "postgres://{role}@127.0.0.1:{}/{database}?sslmode={sslmode}",
            self.port
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        let _ = stop
            .args(["-D", "data", "-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .status();
    }
}

/// The folder of the socket that a URL names.
fn socket_folder(url: &str) -> String {
    let folder = url.split("host=").nth(1).unwrap();
    let mut parts = folder.split('%');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |path, part| {
        format!(
            "{path}{}{}",
            char::from(u8::from_str_radix(&part[..2], 16).unwrap()),
            &part[2..]
        )
    })
}

/// A pgbouncer in front of one database.
pub struct Pgbouncer {
    child: Child,
    _folder: TempDir,
    port: u16,
    database: String,
}

impl Pgbouncer {
    pub fn start(url: &str, database: &str, mode: &str, size: u32) -> Pgbouncer {
        let (folder, port) = (open_folder(), free_port());
        let text = format!(
            "[databases]\n{database} = host={} port=5432 user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = {mode}\ndefault_pool_size = {size}\nquery_wait_timeout = 20\n",
            socket_folder(url)
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), text).unwrap();
        let program = [
            "/usr/sbin/pgbouncer",
            "/usr/bin/pgbouncer",
            "/usr/local/bin/pgbouncer",
        ]
        .into_iter()
        .find(|path| Path::new(path).exists());
        let mut command = lowered(Path::new(program.unwrap()), folder.path());
        let child = command
            .args(["-q", "pgbouncer.ini"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Pgbouncer {
            child,
            _folder: folder,
            port,
            database: database.to_owned(),
        }
    }

    pub fn url(&self) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/{}",
            self.port, self.database
        )
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A TCP port in front of a server's socket that goes bad once the server has sent so many bytes.
pub struct Proxy {
    port: u16,
    left: Arc<AtomicI64>,
}

impl Proxy {
    /// Cuts every connection then.
    pub async fn cutting(url: &str, bytes: i64) -> Proxy {
        Proxy::start(url, bytes, false).await
    }

    /// Passes nothing on any more then, and closes nothing.
    pub async fn freezing(url: &str, bytes: i64) -> Proxy {
        Proxy::start(url, bytes, true).await
    }

    async fn start(url: &str, bytes: i64, freezes: bool) -> Proxy {
        let socket = format!("{}/.s.PGSQL.5432", socket_folder(url));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, left) = (
            listener.local_addr().unwrap().port(),
            Arc::new(AtomicI64::new(bytes)),
        );
        let budget = Arc::clone(&left);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (budget, socket) = (Arc::clone(&budget), socket.clone());
                tokio::spawn(async move {
                    let Ok(server) = UnixStream::connect(socket).await else {
                        return;
                    };
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    let up =
                        async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
                    let down = async {
                        let mut buffer = [0; 256];
                        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                            if budget.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst) <= 0
                            {
                                if freezes {
                                    std::future::pending::<()>().await;
                                }
                                return;
                            }
                            if to_client.write_all(&buffer[..read]).await.is_err() {
                                return;
                            }
                        }
                    };
                    if freezes {
                        tokio::join!(up, down);
                    } else {
                        tokio::select! { () = up => {}, () = down => {} }
                    }
                });
            }
        });
        Proxy { port, left }
    }

    /// Waits until it has gone bad.
    pub async fn is_frozen(&self) {
        while self.left.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
