//! The files of a project as one archive, which the scheduler stores and workers without the folder
//! unpack: what its plans are made of, and nothing else of the folder.
//!
//! It must never hold what a file was not read for: files of feeds, `.weir/`, tests. Secrets are not
//! in it, for the YAML only names them. What comes from the database is checked before it is used,
//! and never leaves its folder.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path};
use tar::{Archive, Builder, Entry, Header};
use weir_model::Hash;
use weir_project::config::connector::OF_WEIR;
use weir_project::config::frameworks;
use weir_project::plan::CheckedProject;
use weir_store::snapshots::SnapshotRow;

/// The largest project, before it is compressed.
const MOST_BYTES: usize = 64_000_000;
/// What an archive adds to each file, and to all of them.
const MOST_ARCHIVED: u64 = 128_000_000;

/// Files, by their path from the project folder.
type FileBytes = BTreeMap<String, Vec<u8>>;

/// Why the files of a project cannot be stored, or not be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// They are too many bytes.
    #[error("the files of the project have more than {} MB", MOST_BYTES / 1_000_000)]
    TooLarge,
    /// A file could not be read, or not be written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// They are not what was stored.
    #[error("the files of the project in the database are damaged: {0}")]
    Damaged(String),
}

/// The files that the plans of a project are made of; a hash of the project as a whole.
pub fn pack(checked: &CheckedProject, folder: &Path) -> Result<SnapshotRow, SnapshotError> {
    let files = files_of(checked, folder)?;
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, bytes) in &files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        builder.append_data(&mut header, path, bytes.as_slice())?;
    }
    let files = builder.into_inner()?.finish()?;
    Ok(SnapshotRow {
        version: checked.version().to_vec(),
        digest: Sha256::digest(&files).to_vec(),
        files,
    })
}

/// Writes the files into an empty folder; gives the version of the project.
pub fn unpack(row: &SnapshotRow, folder: &Path) -> Result<Hash, SnapshotError> {
    let damaged = |why: &str| SnapshotError::Damaged(why.to_owned());
    if Sha256::digest(&row.files).to_vec() != row.digest {
        return Err(damaged("they have another checksum"));
    }
    let version = Hash::from_column(Some(row.version.clone()));
    let version = version.ok_or_else(|| damaged("they have no version"))?;
    let unpacked = GzDecoder::new(row.files.as_slice()).take(MOST_ARCHIVED);
    for entry in Archive::new(unpacked).entries()? {
        write(entry?, folder)?;
    }
    Ok(version)
}

/// Writes one file, never outside of the folder.
fn write(mut entry: Entry<'_, impl Read>, folder: &Path) -> Result<(), SnapshotError> {
    let path = entry.path()?.into_owned();
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !is_below || !entry.header().entry_type().is_file() {
        return Err(SnapshotError::Damaged(format!(
            "`{}` is no file of a project",
            path.display()
        )));
    }
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    io::copy(&mut entry, &mut fs::File::create(path)?)?;
    Ok(())
}

/// The texts that were read, without tests and what comes with Weir, and the tables of frameworks.
fn files_of(checked: &CheckedProject, folder: &Path) -> Result<FileBytes, SnapshotError> {
    let texts = &checked.texts;
    let is_own = |file: &&str| !file.ends_with(OF_WEIR) && !file.starts_with("tests/");
    let text = |file: &str| (file.to_owned(), texts.text(file).unwrap_or_default().into());
    let mut files: FileBytes = texts.files().filter(is_own).map(text).collect();
    for table in frameworks::table_files(texts) {
        match fs::read(folder.join(&table)) {
            Ok(bytes) => drop(files.insert(table, bytes)),
            // A framework that nobody uses may lack its table, here and there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    if files.values().map(Vec::len).sum::<usize>() > MOST_BYTES {
        return Err(SnapshotError::TooLarge);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_project::config::Project;
    use weir_project::plan::check::check;

    const ACME: &str = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: a.json } }\n    id: $.id\n    job: { title: $.t }\n";

    fn packed(more: &[(&str, &str)]) -> SnapshotRow {
        let home = tempfile::tempdir().unwrap();
        let own = [("institutions/acme.yaml", ACME), ("lists/a.csv", "n\nb\n")];
        for (file, text) in own.iter().chain(more) {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        pack(&check(Project::load(home.path())), home.path()).unwrap()
    }

    fn files(row: &SnapshotRow) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        unpack(row, home.path()).unwrap();
        let mut found = Vec::new();
        for folder in fs::read_dir(home.path()).unwrap().flatten() {
            for file in fs::read_dir(folder.path()).unwrap().flatten() {
                let folder = folder.file_name().into_string().unwrap();
                found.push(format!(
                    "{folder}/{}",
                    file.file_name().into_string().unwrap()
                ));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn what_plans_are_made_of_and_nothing_else_is_packed() {
        let table =
            "framework: f\nkind: roles\nversion: '1'\ntables: [{ file: t.csv, id: i, name: n }]\n";
        let more = [
            ("frameworks/f.yaml", table),
            ("frameworks/t.csv", "i,n\n1,Nurse\n"),
            ("frameworks/other.csv", "x\n"),
            ("samples/a.json", "[]"),
            (".weir/secret", "x"),
            ("institutions/.env", "KEY=1"),
        ];
        assert_eq!(
            files(&packed(&more)),
            [
                "frameworks/f.yaml",
                "frameworks/t.csv",
                "institutions/acme.yaml",
                "lists/a.csv"
            ]
        );
        assert_eq!(packed(&more), packed(&more));
        assert_ne!(packed(&more).version, packed(&[]).version);
    }

    #[test]
    fn damaged_and_hostile_files_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let mut row = packed(&[]);
        row.files[20] ^= 1;
        let refused = unpack(&row, home.path()).unwrap_err().to_string();
        assert!(refused.contains("damaged"), "{refused}");
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..6].copy_from_slice(b"../out");
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, io::empty()).unwrap();
        row.files = builder.into_inner().unwrap().finish().unwrap();
        row.digest = Sha256::digest(&row.files).to_vec();
        assert!(unpack(&row, home.path()).is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
