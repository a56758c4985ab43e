//! Records as columns: a data set read in batches, of which only the fields that somebody asked for are decoded; and tables
//! of results written as Parquet.
//!
//! `Tables::open` finds the files of a data set and their columns; `Tables::scan` reads the rows of one record with as
//! many threads as are given, and hands each [`Batch`] to the thread that made it:
//!
//! ```text
//! let tables = Tables::open(symbols, source, threads)?;
//! let wanted = Wanted { record, fields: vec![0, 3], key: true };
//! let scan = tables.scan(&wanted, || Sums::default(), |sums, batch| sums.add(batch))?;
//! // scan.states: the sums of each thread; scan.rows; scan.errors: what was wrong, in the order of lines
//! ```
//!
//! Batches of one record come in any order and on any thread. Each knows the number of its first row
//! ([`Batch::first`]), so what has an order is put in order by it; which rows a batch holds does not depend on the number
//! of threads.
//!
//! **Invariant:** the cells of a batch and the errors of a scan are those that [`crate::data::read`] gives for the same
//! fields. Whatever is not plainly good is read again by that reader, cell by cell; the fast paths here only recognise
//! what is plainly good. What belongs to the data set as a whole (duplicate and dangling keys) is found with
//! `KeyIndex`.

mod batch;
mod write;

pub use batch::{Batch, Column, Keys, Texts, Values, Wanted};
pub use batch::{KNOWN, MISSING, NEVER, NO, NO_CODE, NO_DAY, UNKNOWN};
pub use write::{Entry, ParquetTable, Stored, StoredColumn, StoredRows, WriteError};
