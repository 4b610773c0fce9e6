//! The user that the server's processes run as.
//!
//! PostgreSQL refuses to run as root. An ordinary user runs its own server; root lowers every
//! process it starts to an unprivileged user and gives that user the folders. Nothing here may
//! follow a link on behalf of root or give away a folder that is not empty. To add a fallback user,
//! extend [`UNPRIVILEGED`].

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Uid, User};

/// The users root may lower the server to, in order of preference.
const UNPRIVILEGED: &[&str] = &["postgres", "nobody"];

/// Why no user could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// Root found no user to lower the server to.
    #[error(
        "PostgreSQL cannot run as root, and there is no user `postgres` or `nobody`: add one (`useradd --system postgres`) or set DATABASE_URL"
    )]
    Nobody,
    /// An ordinary user met another user's cluster.
    #[error(
        "the database in `{folder}` belongs to user `{owner}`: run weir as root or as that user, or set DATABASE_URL"
    )]
    Foreign {
        /// The cluster folder.
        folder: PathBuf,
        /// Its owner.
        owner: String,
    },
}

/// The user of the server's processes and files.
#[derive(Debug, Clone)]
pub struct ClusterOwner {
    uid: u32,
    gid: u32,
    name: String,
    /// We are root and this is another user.
    lowered: bool,
}

impl ClusterOwner {
    /// The owner of the cluster in `folder`, or of a new one if there is none yet.
    pub fn of(folder: &Path) -> Result<Self, OwnerError> {
        let me = Uid::effective().as_raw();
        let present = fs::metadata(folder).ok();
        match present.filter(|there| there.uid() != 0 || me != 0) {
            Some(there) if me == 0 || me == there.uid() => Ok(Self::of_files(&there, me == 0)),
            Some(there) => Err(OwnerError::Foreign {
                folder: folder.to_owned(),
                owner: name_of(there.uid()),
            }),
            None if me == 0 => Self::unprivileged(),
            None => Ok(Self {
                uid: me,
                gid: nix::unistd::getegid().as_raw(),
                name: name_of(me),
                lowered: false,
            }),
        }
    }

    fn of_files(there: &Metadata, lowered: bool) -> Self {
        Self {
            uid: there.uid(),
            gid: there.gid(),
            name: name_of(there.uid()),
            lowered,
        }
    }

    fn unprivileged() -> Result<Self, OwnerError> {
        let named = |name: &&str| User::from_name(name).ok().flatten();
        let user = UNPRIVILEGED
            .iter()
            .find_map(named)
            .filter(|user| !user.uid.is_root());
        let user = user.ok_or(OwnerError::Nobody)?;
        Ok(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            name: user.name,
            lowered: true,
        })
    }

    /// Its name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number.
    #[cfg(test)]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether we are root and the server runs as another user.
    pub fn is_lowered(&self) -> bool {
        self.lowered
    }

    /// A command that runs as this user, in `folder`, without our environment: no `PG*` settings,
    /// no secrets.
    pub fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        if self.lowered {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The first existing folder on the way to `path` that this user may not traverse; root's own
    /// rights do not count.
    pub fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().skip(1).filter(|_| self.lowered).collect();
        way.reverse();
        way.into_iter()
            .find(|folder| fs::metadata(folder).is_ok_and(|there| !self.may_pass(&there)))
            .map(Path::to_owned)
    }

    fn may_pass(&self, folder: &Metadata) -> bool {
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & bit != 0
    }

    /// Makes `folder` private to this user; refuses one that another user created.
    pub fn make_private(&self, folder: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => self.hand_over(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.check_private(folder)
            }
            Err(error) => Err(error),
        }
    }

    fn check_private(&self, folder: &Path) -> io::Result<()> {
        // Emptiness first: whoever creates it hands it over before filling it.
        let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        let there = fs::symlink_metadata(folder)?;
        if there.is_dir() && there.uid() == self.uid {
            return if there.mode() & 0o777 == 0o700 {
                Ok(())
            } else {
                close(folder)
            };
        }
        let unclaimed = empty && self.lowered && there.is_dir() && there.uid() == 0;
        if unclaimed {
            self.hand_over(folder)
        } else {
            Err(io::Error::other("it belongs to another user"))
        }
    }

    fn hand_over(&self, path: &Path) -> io::Result<()> {
        if self.lowered {
            lchown(path, Some(self.uid), Some(self.gid))
        } else {
            Ok(())
        }
    }

    /// Gives this user a file that we made.
    pub fn hand_over_file(&self, file: &File) -> io::Result<()> {
        if self.lowered {
            fchown(file, Some(self.uid), Some(self.gid))
        } else {
            Ok(())
        }
    }
}

fn close(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}
