//! What the end-to-end tests share: a folder to work in, the command run in it, and an editor to talk to the server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "only tests use it, and tests fail by panicking"
)]

mod editor;
mod sandbox;
mod schema;

pub use editor::Editor;
pub use sandbox::{Ran, Sandbox};
pub use schema::assert_fits;
