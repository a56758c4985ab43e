//! The database: texts in, plan and diagnostics out, each computed once and again only when what it read has changed.
//!
//! One owner writes; readers work on clones. A write waits for the clones to end, and a reader that is in the way
//! unwinds with [`salsa::Cancelled`], which the boundary that made the clone catches.

mod database;
mod layers;
mod part;
mod queries;
mod uses;

pub use database::Database;
pub(crate) use queries::Body;
pub use queries::{Db, Parsed, Readings, SourceFile, Workspace};
pub use salsa::Cancelled;
