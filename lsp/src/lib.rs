//! The Rubric language server: the protocol in, queries of the engine out.
//!
//! Handlers only put what the client said into a channel, in the order in which it was said. One thread owns the
//! database, takes from the channel and publishes what the checker finds.

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

mod convert;
mod document;
mod server;
mod worker;
mod workspace;

pub use server::{serve, serve_stdio};
