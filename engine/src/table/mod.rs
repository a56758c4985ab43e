//! Records as columns: a data set read in batches, of which only the fields that somebody asked for are decoded; and tables
//! of results written as Parquet.
//!
//! [`Tables::open`] finds the files of a data set; [`Tables::scan`] reads the rows of one record with as many threads as
//! are given, and hands each [`Batch`] on from the thread that made it:
//!
//! ```text
//! let tables = Tables::open(symbols, source, threads)?;
//! let wanted = Wanted { record, fields: vec![0, 3], key: true };
//! let scan = tables.scan(&wanted, &|batch| sums.lock().add(batch))?;
//! // scan.rows; scan.errors: what was wrong, in the order of lines
//! ```
//!
//! Batches of one record come in any order and on any thread. Each knows the number of its first row
//! ([`Batch::first`]), so what has an order is put in order by it; which rows a batch holds does not depend on the number
//! of threads.
//!
//! **Invariant:** the cells of a batch and the errors of a scan are those that [`crate::data::read`] gives for the same
//! fields. Whatever is not plainly good is read again by that reader, row by row; what is fast here only recognises
//! what is plainly good. What belongs to the data set as a whole (duplicate and dangling keys) is for whoever holds
//! all keys to find.
//!
//! Whoever says which conditions rows have to meet ([`Tables::only_where`]) lets columns of a Parquet file be passed over where
//! the footer proves that nobody will look at them; then their cells are not those of the file, and nothing else changes.
//!
//! CSV and Parquet are read like this. Other formats are read row by row into memory, and handed on from there.

mod arrays;
mod batch;
mod block;
mod build;
mod chunks;
mod csv_scan;
mod decode;
mod held;
pub(crate) mod key;
mod lines;
mod marks;
mod parquet_scan;
mod quick;
mod recognise;
mod size;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod unread;
#[cfg(test)]
mod unread_tests;
mod words;
mod write;

pub use batch::{Batch, Coded, Codes, Column, Keys, SharedTexts, Texts, Values, Wanted};
pub use batch::{KNOWN, MISSING, NEVER, NO, NO_CODE, NO_DAY, UNKNOWN};
pub use chunks::FileDigest;
pub use lines::Lines;
pub use tables::{PassedOver, Scan, Tables};
pub use unread::Condition;
pub use write::{
    EncodedGroup, Entry, Filling, ParquetTable, RowGroup, RowGroups, Stored, StoredColumn, StoredRows,
    WriteError,
};
