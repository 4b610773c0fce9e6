//! Writes job boards for benchmarks and loads: any number of ads, days, institutions and sources,
//! always the same for the same arguments, and the truth about them.
//!
//! An ad is a pure function of the seed and its number, so memory does not grow with the size of
//! a board, and any day can be written alone. What happens to vacancies is decided in
//! [`vacancy`], how an ad of one is worded in [`advert`], from what words in [`lexicon`].
//! To add a kind of event: a share in [`options`], its draw in [`vacancy`], its lines in [`truth`].

#![allow(
    clippy::disallowed_macros,
    reason = "a tool of its own, without secrets or scraped text"
)]

mod advert;
mod board;
mod draw;
mod json;
mod lexicon;
mod options;
mod project;
mod truth;
mod vacancy;

use options::Options;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match Options::parse(&arguments).and_then(|options| write(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}\nhelp: `--help` lists the options");
            ExitCode::from(2)
        }
    }
}

fn write(options: &Options) -> Result<(), String> {
    let written = board::write_all(options).and_then(|()| {
        if options.project {
            project::write(options)
        } else {
            Ok(())
        }
    });
    written.map_err(|error| format!("`{}` cannot be written: {error}", options.out.display()))
}
