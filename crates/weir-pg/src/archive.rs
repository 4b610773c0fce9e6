//! An archive of server programs: checked against its checksum, then unpacked.
//!
//! It must write nothing outside of its folder, whatever the archive says: an entry has a plain path
//! below it, never passes a link, and every link leads to a place within. One entry that is otherwise
//! refuses the whole archive; so do too many entries, and too many bytes. To allow another kind of
//! entry, extend [`ProgramArchive::check`].

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// What an archive has beside the bytes of an entry: its header, a long name, padding.
const MOST_HEADER_BYTES: u64 = 4096;

/// What an archive may contain; that of PostgreSQL has some 1,500 entries with 60 MB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArchiveLimits {
    /// Entries.
    pub(crate) entries: usize,
    /// Bytes of all of them, unpacked.
    pub(crate) bytes: u64,
}

/// Why an archive is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no checksum in the file beside it.
    #[error("the file with the checksum of the archive has none")]
    NoChecksum,
    /// Its bytes are others than they should be.
    #[error("the archive is not the one that its checksum belongs to: {found} instead of {wanted}")]
    OtherChecksum {
        /// The checksum of what is there.
        found: String,
        /// The checksum beside it.
        wanted: String,
    },
    /// An entry is not what such an archive has.
    #[error("the archive has an entry that is refused: `{}` {why}", path.escape_debug())]
    Entry {
        /// Its path.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is too much in it.
    #[error("the archive has more than {0}")]
    TooMuch(String),
    /// It cannot be read, or not be written to disk.
    #[error("the archive cannot be unpacked: {0}")]
    Unpack(#[from] io::Error),
}

/// The SHA-256 that an archive must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveChecksum(String);

impl ArchiveChecksum {
    /// Reads what `sha256sum` writes: the digits, and perhaps a name.
    ///
    /// # Errors
    /// There are no 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<ArchiveChecksum, ArchiveError> {
        let is_checksum =
            |word: &&str| word.len() == 64 && word.bytes().all(|one| one.is_ascii_hexdigit());
        let word = text.split_whitespace().find(is_checksum);
        word.map(|word| ArchiveChecksum(word.to_ascii_lowercase()))
            .ok_or(ArchiveError::NoChecksum)
    }

    /// Refuses a file with another one.
    pub(crate) fn check(&self, file: &Path) -> Result<(), ArchiveError> {
        let (mut file, mut hash) = (File::open(file)?, Sha256::new());
        io::copy(&mut file, &mut hash)?;
        let digits = hash.finalize();
        let found: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        if found == self.0 {
            return Ok(());
        }
        Err(ArchiveError::OtherChecksum {
            found,
            wanted: self.0.clone(),
        })
    }
}

/// An archive that is being unpacked.
pub(crate) struct ProgramArchive<'a> {
    folder: &'a Path,
    limits: ArchiveLimits,
    entries: usize,
    bytes: u64,
}

impl ProgramArchive<'_> {
    /// Unpacks a file into an empty folder.
    pub(crate) fn unpack(
        file: &Path,
        folder: &Path,
        limits: ArchiveLimits,
    ) -> Result<(), ArchiveError> {
        let mut unpacking = ProgramArchive {
            folder,
            limits,
            entries: 0,
            bytes: 0,
        };
        let unpacked = GzDecoder::new(BufReader::new(File::open(file)?));
        // Headers count too: what says how long names are is read into memory.
        let headers = u64::try_from(limits.entries).unwrap_or(u64::MAX);
        let most = headers
            .saturating_mul(MOST_HEADER_BYTES)
            .saturating_add(limits.bytes);
        for entry in Archive::new(unpacked.take(most)).entries()? {
            let mut entry = entry?;
            let path = unpacking.check(&entry)?;
            fs::create_dir_all(folder.join(&path).parent().unwrap_or(folder))?;
            entry.unpack_in(folder)?;
        }
        check_links(&folder.canonicalize()?, folder)
    }

    /// The path of an entry that may be unpacked.
    fn check(&mut self, entry: &Entry<'_, impl Read>) -> Result<PathBuf, ArchiveError> {
        (self.entries, self.bytes) = (self.entries + 1, self.bytes + entry.size());
        if self.entries > self.limits.entries {
            return Err(ArchiveError::TooMuch(format!(
                "{} entries",
                self.limits.entries
            )));
        }
        if self.bytes > self.limits.bytes {
            let most = self.limits.bytes / 1_000_000;
            return Err(ArchiveError::TooMuch(format!("{most} MB, unpacked")));
        }
        let path = entry.path()?.into_owned();
        let refused = |why| ArchiveError::Entry {
            path: path.to_string_lossy().into_owned(),
            why,
        };
        let below = within(Path::new(""), &path).ok_or_else(|| refused("is outside of it"))?;
        if self.passes_link(&below) {
            return Err(refused("passes a link"));
        }
        let target = entry.link_name()?.unwrap_or_default();
        let is_inside = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Directory => true,
            EntryType::Symlink => {
                within(below.parent().unwrap_or(Path::new("")), &target).is_some()
            }
            EntryType::Link => within(Path::new(""), &target).is_some(),
            _ => return Err(refused("is neither a file nor a folder nor a link")),
        };
        is_inside
            .then_some(below)
            .ok_or_else(|| refused("leads out of it"))
    }

    fn passes_link(&self, path: &Path) -> bool {
        let is_link =
            |path: PathBuf| fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink());
        path.ancestors()
            .skip(1)
            .any(|parent| is_link(self.folder.join(parent)))
    }
}

/// A path as seen from a folder, without dots; `None` if it leads out of the root.
fn within(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut whole = folder.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::CurDir => {}
            Component::ParentDir if whole.pop() => {}
            _ => return None,
        }
    }
    Some(whole)
}

/// Refuses links that, by way of others, lead out of the root after all.
fn check_links(root: &Path, folder: &Path) -> Result<(), ArchiveError> {
    for entry in fs::read_dir(folder)? {
        let (entry, mut is_outside) = (entry?, false);
        let kind = entry.file_type()?;
        if kind.is_dir() {
            check_links(root, &entry.path())?;
        } else if kind.is_symlink() {
            let end = entry.path().canonicalize();
            is_outside = end.is_ok_and(|end| !end.starts_with(root));
        }
        if is_outside {
            return Err(ArchiveError::Entry {
                path: entry.file_name().to_string_lossy().into_owned(),
                why: "leads out of it",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::os::unix::fs::symlink;
    use tar::{Builder, Header};

    const LIMITS: ArchiveLimits = ArchiveLimits {
        entries: 5,
        bytes: 1000,
    };

    /// An entry: its kind, its path as it is written, and its text or target.
    type WrittenEntry<'a> = (EntryType, &'a str, &'a str);

    fn archive(entries: &[WrittenEntry<'_>]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut builder = Builder::new(GzEncoder::new(&file, Compression::fast()));
        for (kind, path, text) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            // The library refuses to write what it should be refused to read.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            let text = if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.as_mut_bytes()[157..157 + text.len()].copy_from_slice(text.as_bytes());
                ""
            } else {
                text
            };
            header.set_size(text.len().try_into().unwrap());
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        file
    }

    /// What unpacking says; nothing may appear beside the folder in any case.
    fn unpacked(entries: &[WrittenEntry<'_>]) -> Result<(), String> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("to");
        fs::create_dir(&folder).unwrap();
        let done = ProgramArchive::unpack(archive(entries).path(), &folder, LIMITS);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        done.map_err(|error| error.to_string())
    }

    #[test]
    fn files_folders_and_links_within_are_unpacked() {
        use EntryType::{Directory, Link, Regular, Symlink};
        let entries = [
            (Directory, "./pg/", ""),
            (Regular, "./pg/lib/libpq.so.5", "x"),
            (Symlink, "pg/lib/libpq.so", "libpq.so.5"),
            (Symlink, "pg/bin/lib", "../lib"),
            (Link, "pg/lib/again", "./pg/lib/libpq.so.5"),
        ];
        assert_eq!(unpacked(&entries), Ok(()));
    }

    #[test]
    fn whatever_leads_out_is_refused() {
        use EntryType::{Char, Link, Regular, Symlink};
        let refused: [(&[WrittenEntry<'_>], &str); 8] = [
            (&[(Regular, "../out", "x")], "`../out` is outside of it"),
            (&[(Regular, "pg/../../out", "x")], "is outside of it"),
            (&[(Regular, "/tmp/out", "x")], "is outside of it"),
            (&[(Symlink, "pg/a", "/etc/passwd")], "leads out of it"),
            (&[(Symlink, "pg/a", "../../out")], "leads out of it"),
            (&[(Link, "pg/a", "../out")], "leads out of it"),
            (&[(Char, "pg/a", "")], "is neither a file"),
            (
                &[(Symlink, "pg/a", "b"), (Regular, "pg/a/out", "x")],
                "passes a link",
            ),
        ];
        for (entries, why) in refused {
            let said = unpacked(entries).unwrap_err();
            assert!(said.contains(why), "{entries:?}: {said}");
        }
        // By way of another link, `..` is elsewhere.
        let by_way = [
            (Symlink, "s", "a/b"),
            (Regular, "a/b/file", "x"),
            (Symlink, "t", "s/../../../to/../x"),
            (Symlink, "u", "s/../.."),
        ];
        assert!(unpacked(&by_way).is_err());
    }

    #[test]
    fn too_much_is_refused() {
        let many: Vec<_> = (0..6).map(|n| format!("pg/{n}")).collect();
        let many: Vec<_> = many
            .iter()
            .map(|path| (EntryType::Regular, path.as_str(), ""))
            .collect();
        assert!(unpacked(&many).unwrap_err().contains("5 entries"));
        let large = "x".repeat(1001);
        let large = [(EntryType::Regular, "pg/a", large.as_str())];
        assert!(unpacked(&large).unwrap_err().contains("unpacked"));
    }

    #[test]
    fn a_link_by_way_of_another_is_seen_in_the_end() {
        let (home, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(out.path(), home.path().join("a")).unwrap();
        let root = home.path().canonicalize().unwrap();
        assert!(check_links(&root, home.path()).is_err());
    }

    #[test]
    fn the_checksum_is_the_first_one_of_the_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "abc").unwrap();
        let abc = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD  a.tar.gz\n";
        let sum = ArchiveChecksum::parse(abc).unwrap();
        assert!(sum.check(file.path()).is_ok());
        fs::write(&file, "abd").unwrap();
        assert!(sum.check(file.path()).is_err());
        assert!(ArchiveChecksum::parse("<html>").is_err());
    }
}
