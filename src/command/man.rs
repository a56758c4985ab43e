//! `rubric man`: the manual pages, from the same source as the built-in help.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use super::Outcome;
use crate::cli::Cli;
use crate::failure::Failure;
use crate::terminal::{Terminal, counted};

pub(crate) fn man(folder: &Path, terminal: Terminal) -> Result<Outcome, Failure> {
    let failed = |error: &std::io::Error| Failure::io("write to", folder, error);
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(|error| failed(&error))?;
    let pages = Cli::command().get_subcommands().count() + 1;
    terminal.say(&format!("{} written to `{}`", counted(pages, "page"), folder.display()));
    Ok(Outcome::Clean)
}
