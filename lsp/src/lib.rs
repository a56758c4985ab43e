//! The Rubric language server: the protocol in, queries of the engine out.
//!
//! Handlers only put what the client said into the channel of the project that it is about, in the order in which it
//! was said; each folder that is open is a project. One thread of a project owns its database; a few others answer
//! requests, and publish what the checker finds, from snapshots of it. A change waits for no answer: it cancels those
//! under way, which are then tried again.

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

mod aim;
mod capabilities;
mod client;
mod clock;
pub mod commands;
mod convert;
#[cfg(test)]
mod defect;
mod document;
mod faults;
mod features;
mod frames;
mod manual;
mod outbox;
mod pool;
mod publish;
mod router;
mod sample;
mod server;
mod snapshot;
mod worker;
mod workspace;

pub use server::{Ships, serve, serve_stdio};
