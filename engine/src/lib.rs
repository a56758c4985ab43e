//! The Rubric engine: from policy texts to a typed plan, and from a plan and records to results with their reasons.
//!
//! Arrows run one way: `db` → `check`, `lower` → `names` → `plan` → `value`; `evaluate` and `testing` read only the
//! plan and the data; `columns` gives the same results, for many records at once, `record` for one; `how` asks what would
//! give another result; `prove` is about every record, and `versions` about two plans; `data` reads files into a
//! [`data::Dataset`]; `ide` answers an editor's questions from the database. Nothing here prints or knows a protocol.

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

pub mod check;
pub mod columns;
pub mod data;
pub mod db;
pub mod diagnostic;
pub mod evaluate;
pub mod how;
pub mod ide;
pub mod layer;
pub mod lower;
pub mod names;
pub mod plan;
pub mod project;
pub mod prove;
pub mod record;
pub mod table;
pub mod testing;
pub mod value;
pub mod versions;
