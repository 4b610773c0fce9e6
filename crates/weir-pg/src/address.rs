//! The address under which a database of the private server is reached.
//!
//! Both sqlx and libpq read it: the host part is only a name, the socket's folder is a parameter.
//! It contains no secret. To add a parameter, append it to [`url`].

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The address of a database behind a socket; the folder may contain any byte, so everything except
/// letters and digits is escaped.
pub fn url(socket_folder: &Path, database: &str) -> String {
    let (database, host) = (
        escape(OsStr::new(database)),
        escape(socket_folder.as_os_str()),
    );
    format!("postgres://postgres@localhost/{database}?host={host}")
}

fn escape(text: &OsStr) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let escaped = |&byte: &u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.as_bytes().iter().map(escaped).collect()
}
