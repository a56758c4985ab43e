//! The `rubric` command, end to end: the built binary, real files, exit statuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod amounts;
mod check;
mod conflict;
mod data;
mod diff;
mod editor;
mod engines;
mod format;
mod generate;
mod how;
mod initialize;
mod interrupted;
mod layers;
mod memory;
mod mutate;
mod project;
mod unread;
mod usage;

use rubric_tests::Sandbox;

/// An empty folder and the command.
fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_rubric"))
}
