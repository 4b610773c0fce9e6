//! `weir completions` and `weir man`: what shells and `man` know of the command line, made from the
//! flags themselves, so that it cannot go stale.

use super::{Cli, CommandContext, CommandFailure, DONE};
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::PathBuf;

/// Print completions for a shell
#[derive(clap::Args)]
#[command(
    after_help = "bash: weir completions bash > ~/.local/share/bash-completion/completions/weir\n\
                        zsh:  weir completions zsh > a folder of $fpath, as _weir\n\
                        fish: weir completions fish > ~/.config/fish/completions/weir.fish"
)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn run(&self) -> Result<u8, CommandFailure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "weir", &mut script);
        put!("{}", String::from_utf8_lossy(&script));
        Ok(DONE)
    }
}

/// Write the man pages, one for each command
#[derive(clap::Args)]
#[command(after_help = "weir man --out ~/.local/share/man/man1, then `man weir-run`")]
pub struct ManArgs {
    /// The folder for the pages
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl ManArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let folder = edge.project.join(&self.out);
        let failed = |error: std::io::Error| {
            let folder = folder.display();
            CommandFailure::failed(format!("cannot write the man pages to `{folder}`: {error}"))
                .help("give a writable folder with `--out`")
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &folder).map_err(failed)?;
        say!("wrote the man pages to {}", folder.display());
        Ok(DONE)
    }
}
