//! The columnar engine: what a plan gives for many records at once.
//!
//! The answers are those of the explaining evaluator ([`crate::evaluate`]), which is the definition. An expression is
//! evaluated over *lanes*, a batch of rows of one record: its state is a column of codes, its values a column of whole
//! numbers where that is exact. Rows of rows are a column of lanes with, for each, the lane it belongs to, so that
//! aggregates in aggregates need nothing of their own. The rules of a decision become a mask for each lane, and each mask
//! that occurs is decided once, by the algorithm of the evaluator.
//!
//! Whatever a column of numbers cannot hold (an overflow, a fraction, a text) is held as values and operated on lane by lane
//! with the evaluator's own functions. What has no kernel is asked of the evaluator itself, for those lanes alone;
//! [`Batches::replayed`] says what and how often. Which facts a result needs is always asked of it.
//!
//! A program hands over Arrow record batches and gets them back:
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray, cast::AsArray};
//! use rubric_engine::columns::{self, ColumnRecords, Columns};
//! use rubric_engine::data::{DataSet, DataSource};
//! use rubric_engine::db::Database;
//! use rubric_engine::evaluate::Options;
//! use rubric_engine::table::Tables;
//! use rubric_engine::value::{Date, RecordId};
//!
//! let mut db = Database::default();
//! db.set_text("p.rubric", Some(r#"policy p {
//!   title "T" authority state "S" cite "1" effective from 2014-07-01
//! }
//! record Student { key id: text  level: count? }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "1"
//!   default retained
//!   rule reads: promoted when level >= 2
//! }"#));
//! let plan = db.plan();
//!
//! // The record's columns, by the names of its fields.
//! let students = RecordBatch::try_from_iter([
//!     ("id", Arc::new(StringArray::from(vec!["ana", "bo", "cy"])) as ArrayRef),
//!     ("level", Arc::new(Int32Array::from(vec![Some(3), Some(1), None]))),
//! ])?;
//! let source = DataSource { path: "memory".into(), shown: "memory".into(), set: DataSet::default(), preset: None };
//! let tables = Tables::of_batches(&plan.symbols, &source, vec![(RecordId(0), vec![students])])?;
//! let results = &plan.symbols.results;
//! let records = ColumnRecords::read(&plan.symbols, &tables, &columns::wanted(&plan, results, &[]))?;
//! assert!(records.errors().is_empty());
//!
//! let options = Options::default();
//! let columns = Columns::new(&plan, &records, Date::constant(2024, 6, 1), &options);
//! let given = columns.batches().batch(RecordId(0), 0..3).record_batch(results, &[])?;
//! let column = |name| given.column_by_name(name).unwrap().as_string::<i32>().iter().collect::<Vec<_>>();
//! assert_eq!(column("promotion"), [Some("promoted"), Some("retained"), Some("undetermined")]);
//! assert_eq!(column("promotion.by"), [Some("reads"), Some("default"), None]);
//! assert_eq!(column("promotion.needs"), [None, None, Some("level")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod amount;
mod apportion;
mod arithmetic;
mod arrow;
mod by_cells;
mod coded;
mod compare;
mod decision;
mod group;
mod keys;
mod lanes;
mod logic;
mod parallel;
mod parts;
mod pick;
mod population;
mod quick;
mod requirement;
mod resident;
mod results;
mod rows;
mod source;
mod spill;
mod store;
mod stored;
mod tally;
mod totals;
mod unread;
mod vector;
mod wanted;
mod worker;

pub(crate) use quick::Quick;
pub use resident::ColumnRecords;
pub use results::{Amounts, Batch, Batches, Columns, Facts, Numbers, Outcomes, Source};
pub use spill::{Limit, peak as peak_memory};
pub use unread::conditions;
pub use wanted::wanted;
