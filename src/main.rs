//! The `rubric` command.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        reason = "tests fail by panicking"
    )
)]

mod atomic;
mod cli;
mod command;
mod failure;
mod nearest;
mod project;
mod render;
mod run;
mod session;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::command::Outcome;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let terminal = Terminal::new(cli.color, cli.quiet, cli.verbose);
    match command::execute(cli, terminal) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => {
            terminal.fail(&failure);
            ExitCode::from(2)
        }
    }
}
