//! A run over all records: which columns are written, what they hold, and how the files come into being.

mod by_column;
mod columns;
mod evaluate;
mod guard;
mod interrupt;
mod numbers;
mod own_folder;
mod pieces;
mod result_file;
mod staging;
mod summary;
mod timings;
mod typed;
mod words;
mod written;

pub(crate) use columns::{Sheet, key_parts, sheets};
pub(crate) use evaluate::{How, Tally, evaluate};
pub(crate) use guard::refuse_to_replace;
pub(crate) use interrupt::{Interrupt, interrupted};
pub(crate) use staging::Staging;
pub(crate) use summary::{InputDigests, WrittenFile, digest, report, table};
pub(crate) use timings::Phases;
pub(crate) use written::{counted_errors, data_errors};
