//! The settings of the server at each start.
//!
//! Settings are passed on the command line, so they also apply to a cluster created by an older
//! Weir, and root writes no file of the server's user. They must never open a port: local trust is
//! safe only because the socket's folder is private. To add a setting, add a line to [`SETTINGS`];
//! it applies from the next start.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "logging_collector=off",
    "fsync=on",
    "max_connections=100",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
];

/// The settings as the shell text that pg_ctl wants.
pub fn options(sockets: &Path) -> OsString {
    let mut folders = b"unix_socket_directories=\"".to_vec();
    folders.extend(doubled(sockets.as_os_str(), b'"'));
    folders.push(b'"');
    let settings = SETTINGS.iter().map(|setting| setting.as_bytes().to_vec());
    let words = settings
        .chain([folders])
        .flat_map(|setting| [b" -c ".to_vec(), quoted(&setting)].concat());
    OsString::from_vec(words.collect())
}

fn doubled(text: &OsStr, quote: u8) -> Vec<u8> {
    text.as_bytes()
        .iter()
        .flat_map(|byte| {
            if *byte == quote {
                vec![quote, quote]
            } else {
                vec![*byte]
            }
        })
        .collect()
}

/// One shell-quoted word.
fn quoted(word: &[u8]) -> Vec<u8> {
    let inner = word.iter().flat_map(|byte| {
        if *byte == b'\'' {
            b"'\\''".to_vec()
        } else {
            vec![*byte]
        }
    });
    [b'\''].into_iter().chain(inner).chain([b'\'']).collect()
}
