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
use std::thread;

use clap::Parser as _;

use crate::command::Outcome;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Policies nest, and definitions read each other, deeper than the stack that a program begins with may allow.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let terminal = Terminal::new(cli.color, cli.quiet, cli.verbose);
    let work = thread::Builder::new().stack_size(STACK).spawn(move || command::execute(cli, terminal));
    let failure = match work.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(Outcome::Clean))) => return ExitCode::SUCCESS,
        Ok(Ok(Ok(Outcome::Findings))) => return ExitCode::from(1),
        Ok(Ok(Err(failure))) => failure,
        Ok(Err(_)) => Failure::new("this is a defect in rubric itself, not in your files")
            .help("please report it with the message above"),
        Err(error) => Failure::new(format!("no thread can be started: {error}")),
    };
    terminal.fail(&failure);
    ExitCode::from(2)
}
