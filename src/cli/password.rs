//! How a password comes in: typed unseen at a terminal, twice, or as the first line of the standard
//! input. Never as an argument, which every process of the machine can read.

use super::CommandFailure;
use super::out::EdgeWait;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use std::io::{IsTerminal, stdin};

/// Reads a password.
pub(super) fn ask(what: &str) -> Result<String, CommandFailure> {
    let _waits = EdgeWait::begin();
    if !stdin().is_terminal() {
        return line();
    }
    let first = unseen(what)?;
    if first != unseen("again")? {
        return Err(CommandFailure::nothing("the two passwords differ"));
    }
    Ok(first)
}

/// A line that the terminal does not show.
fn unseen(what: &str) -> Result<String, CommandFailure> {
    tell!("{what}:");
    let before = tcgetattr(stdin()).map_err(std::io::Error::from)?;
    let mut unseen = before.clone();
    unseen.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(stdin(), SetArg::TCSAFLUSH, &unseen).map_err(std::io::Error::from)?;
    let line = line();
    tcsetattr(stdin(), SetArg::TCSAFLUSH, &before).map_err(std::io::Error::from)?;
    line
}

fn line() -> Result<String, CommandFailure> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    let line = line.trim_end_matches(['\n', '\r']);
    if line.is_empty() {
        return Err(CommandFailure::nothing("there is no password")
            .help("type it, or give it as `WEIR_PASSWORD` or on the standard input"));
    }
    Ok(line.to_owned())
}
