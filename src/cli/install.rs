//! `weir db install`, and the question that a terminal gets instead of advice: server programs of
//! PostgreSQL for a machine that has none.
//!
//! The archive is downloaded, or copied from a mirror; `store::server` checks and unpacks it. Nothing
//! is downloaded that nobody has asked for.

use super::decision::confirmed;
use super::{CommandContext, CommandFailure, parse_span};
use crate::report::columns::size;
use crate::report::progress;
use crate::source::download::{DownloadClient, DownloadError, DownloadLimits, FileDownload};
use crate::span::Span;
use crate::store::server::{
    ArchiveChecksum, InstallError, InstallLock, POSTGRES_RELEASE, ProgramCache, Server,
    ServerBinaries, ServerEnvironment,
};
use nix::unistd::Uid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::spawn_blocking;
use url::Url;

/// The largest archive; that of PostgreSQL has 12 MB.
const MOST_BYTES: u64 = 200_000_000;
/// The largest file with a checksum.
const MOST_CHECKSUM_BYTES: u64 = 4096;
/// How long nothing may come, unless `--timeout` says otherwise.
const SILENCE: Duration = Duration::from_secs(30);
/// Names another place to install from.
const FROM: &str = "WEIR_POSTGRES_FROM";

/// Downloads the server programs of PostgreSQL for this user.
#[derive(clap::Args, Clone)]
#[command(
    after_help = "They go into $XDG_CACHE_HOME/weir/postgresql, by default ~/.cache/weir/postgresql (for root \
                  /var/cache/weir/postgresql, as PostgreSQL does not run as root), where later commands find them \
                  after those of the machine. The archive is checked against the SHA-256 in the file beside it \
                  (ARCHIVE.sha256) before it is unpacked. Done twice, it does nothing the second time."
)]
pub struct InstallArgs {
    /// An archive, or a mirror of the releases: a URL, a file or a folder
    #[arg(long, value_name = "URL|PATH", env = FROM)]
    from: Option<String>,
    /// Give up when nothing has come for so long
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = parse_span)]
    timeout: Span,
}

impl InstallArgs {
    pub(super) async fn run(&self, edge: &CommandContext) -> Result<(), CommandFailure> {
        let cache = cache(edge).ok_or_else(no_cache)?;
        let silence = self.timeout.0.to_std().unwrap_or(SILENCE);
        let origin = ArchiveOrigin::of(self.from.as_deref())?;
        let lock = locked(&cache).await?;
        if let Some(programs) = cache.programs() {
            say!("{} is installed already", shown(&programs));
            return Ok(());
        }
        let offer = origin.begin(silence).await?;
        let programs = offer.install(edge, lock).await?;
        say!("{} is installed", shown(&programs));
        Ok(())
    }
}

/// Where installed programs are; `None` if no home is known.
pub(super) fn cache(edge: &CommandContext) -> Option<ProgramCache> {
    let set = edge.text("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = match set.filter(|folder| folder.is_absolute()) {
        Some(folder) => folder,
        // The server's user may not enter the home of root.
        None if Uid::effective().is_root() => PathBuf::from("/var/cache"),
        None => PathBuf::from(edge.text("HOME")?).join(".cache"),
    };
    Some(ProgramCache::new(caches.join("weir/postgresql")))
}

/// Whether somebody can be asked, and an installation would help: data of another version need the
/// programs of that version.
pub(super) async fn may_be_asked(edge: &CommandContext, environment: ServerEnvironment) -> bool {
    if !edge.interactive || cache(edge).is_none() || POSTGRES_RELEASE.archive().is_none() {
        return false;
    }
    let project = edge.project.clone();
    let status = spawn_blocking(move || Server::status(&project, &environment)).await;
    let Ok(Ok(status)) = status else { return false };
    let is_ours = |version: &str| version == POSTGRES_RELEASE.major();
    status.version.as_deref().is_none_or(is_ours)
}

/// Asks at the terminal whether to install, and does it.
pub(super) async fn ask(edge: &CommandContext) -> Result<(), CommandFailure> {
    let cache = cache(edge).ok_or_else(no_cache)?;
    let origin = ArchiveOrigin::of(edge.text(FROM).as_deref())?;
    // Asked for again later: nobody waits for as long as a person may think.
    let size = origin.begin(SILENCE).await?.size();
    let size = size.map(|size| format!(" ({size})"));
    let question = format!(
        "PostgreSQL's server programs are missing. Download PostgreSQL {}{} into {}?",
        POSTGRES_RELEASE.version,
        size.unwrap_or_default(),
        cache.folder().display()
    );
    confirmed(edge, "", &question).map_err(|declined| declined.help(OTHERWISE))?;
    let programs = match (locked(&cache).await?, cache.programs()) {
        // Another process was quicker.
        (_, Some(programs)) => programs,
        (lock, None) => origin.begin(SILENCE).await?.install(edge, lock).await?,
    };
    // On stderr: stdout is that of the command which needed them.
    tell!("{} is installed", shown(&programs));
    Ok(())
}

/// What else helps.
const OTHERWISE: &str = "install the package of your system (`apt-get install postgresql`), or set \
                         DATABASE_URL; `weir db install --from FILE` takes an archive that was \
                         copied here, with its .sha256 beside it";

/// Where the archive is.
enum ArchiveOrigin {
    Address(Url),
    File(PathBuf),
}

/// An archive that can be had, with its checksum.
struct ArchiveOffer {
    checksum: ArchiveChecksum,
    archive: OfferedArchive,
}

/// The bytes of an archive.
enum OfferedArchive {
    Coming(FileDownload, String),
    There(PathBuf),
}

impl ArchiveOrigin {
    /// What somebody named, or where the releases are.
    fn of(named: Option<&str>) -> Result<ArchiveOrigin, CommandFailure> {
        let named = named.unwrap_or(POSTGRES_RELEASE.origin());
        let path = named.split('?').next().unwrap_or_default();
        let is_archive = path.ends_with(".tar.gz") || path.ends_with(".tgz");
        let path = match POSTGRES_RELEASE.archive() {
            _ if is_archive => String::new(),
            Some(archive) => format!("/{archive}"),
            None => return Err(no_archive()),
        };
        let whole = format!("{}{path}", named.trim_end_matches('/'));
        match Url::parse(&whole) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(ArchiveOrigin::Address(url)),
            _ => Ok(ArchiveOrigin::File(PathBuf::from(whole))),
        }
    }

    /// Reads the checksum, and begins with the archive.
    async fn begin(&self, silence: Duration) -> Result<ArchiveOffer, CommandFailure> {
        match self {
            ArchiveOrigin::Address(url) => ArchiveOffer::at(url, silence).await,
            ArchiveOrigin::File(path) => ArchiveOffer::in_file(path),
        }
    }
}

impl ArchiveOffer {
    async fn at(url: &Url, silence: Duration) -> Result<ArchiveOffer, CommandFailure> {
        let mut beside = url.clone();
        beside.set_path(&format!("{}.sha256", url.path()));
        let (mut text, bytes) = (Vec::new(), MOST_CHECKSUM_BYTES);
        let small = DownloadClient::new(DownloadLimits { bytes, silence })?;
        let checksum = small
            .begin(&beside)
            .await
            .map_err(|error| downloaded(&error))?;
        let saved = checksum.save(&mut text, |_| {}).await;
        saved.map_err(|error| downloaded(&error))?;
        let checksum = ArchiveChecksum::parse(&String::from_utf8_lossy(&text));
        let bytes = MOST_BYTES;
        let large = DownloadClient::new(DownloadLimits { bytes, silence })?;
        let coming = large.begin(url).await.map_err(|error| downloaded(&error))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(ArchiveOffer {
            checksum: checksum.map_err(InstallError::from)?,
            archive: OfferedArchive::Coming(coming, host),
        })
    }

    fn in_file(path: &Path) -> Result<ArchiveOffer, CommandFailure> {
        let mut beside = path.to_owned().into_os_string();
        beside.push(".sha256");
        let unread = |path: &Path, error: std::io::Error| {
            CommandFailure::failed(format!("cannot read {}: {error}", path.display()))
                .help("`--from` takes an archive ending in .tar.gz with its .sha256 beside it, or a folder of releases")
        };
        let text = std::fs::read_to_string(&beside);
        let text = text.map_err(|error| unread(Path::new(&beside), error))?;
        File::open(path).map_err(|error| unread(path, error))?;
        Ok(ArchiveOffer {
            checksum: ArchiveChecksum::parse(&text).map_err(InstallError::from)?,
            archive: OfferedArchive::There(path.to_owned()),
        })
    }

    /// How large the archive is, if that is known.
    fn size(&self) -> Option<String> {
        let OfferedArchive::Coming(coming, _) = &self.archive else {
            return None;
        };
        Some(size(i64::try_from(coming.size()?).unwrap_or(i64::MAX)))
    }

    /// Downloads and installs the archive.
    async fn install(
        self,
        edge: &CommandContext,
        lock: InstallLock,
    ) -> Result<ServerBinaries, CommandFailure> {
        let (size, workspace) = (self.size(), lock.workspace()?);
        let archive = match self.archive {
            OfferedArchive::There(path) => path,
            OfferedArchive::Coming(coming, host) => {
                let path = workspace.path().join("archive.tar.gz");
                tell!(
                    "downloading PostgreSQL {} from {host}{}",
                    POSTGRES_RELEASE.version,
                    size.map(|size| format!(", {size}")).unwrap_or_default()
                );
                let bar = edge.terminal.then(|| progress::download_bar(coming.size()));
                let seen = |bytes| bar.iter().for_each(|bar| bar(bytes));
                let saved = coming.save(File::create(&path)?, seen).await;
                saved.map_err(|error| downloaded(&error))?;
                path
            }
        };
        let checksum = self.checksum;
        let installed = spawn_blocking(move || lock.install(&archive, &checksum)).await?;
        let programs = installed.map_err(|error| refused(&error))?;
        tell_other_version(&programs);
        Ok(programs)
    }
}

async fn locked(cache: &ProgramCache) -> Result<InstallLock, CommandFailure> {
    let cache = cache.clone();
    let waits = || tell!("another process installs PostgreSQL; waiting for it");
    Ok(spawn_blocking(move || cache.lock(waits)).await??)
}

fn shown(programs: &ServerBinaries) -> String {
    format!(
        "PostgreSQL {} in {}",
        programs.version(),
        programs.folder().display()
    )
}

/// A mirror may have others than the pinned ones.
fn tell_other_version(programs: &ServerBinaries) {
    let (version, pinned) = (programs.version(), POSTGRES_RELEASE.version);
    if !pinned.starts_with(version) {
        note!("this Weir is tried with PostgreSQL {pinned}, and these are {version}");
    }
}

fn downloaded(error: &DownloadError) -> CommandFailure {
    CommandFailure::failed(format!("PostgreSQL could not be downloaded: {error}")).help(OTHERWISE)
}

fn refused(error: &InstallError) -> CommandFailure {
    CommandFailure::failed(format!(
        "PostgreSQL was not installed: {error}; nothing has changed"
    ))
    .help(OTHERWISE)
}

fn no_cache() -> CommandFailure {
    CommandFailure::nothing("neither HOME nor XDG_CACHE_HOME says where to install PostgreSQL")
        .help("set one of them")
}

fn no_archive() -> CommandFailure {
    CommandFailure::nothing(format!(
        "there is no archive of PostgreSQL {} for this machine",
        POSTGRES_RELEASE.version
    ))
    .help(OTHERWISE)
}
