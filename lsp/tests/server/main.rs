//! The real server, asked by a client in the same process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod capabilities;
mod client;
mod editors;
mod fixes;
mod layers;
mod projects;
mod random;
mod requests;
mod sample;
mod sync;
