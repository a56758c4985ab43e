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
//! ```
//! use rubric_engine::columns::Columns;
//! use rubric_engine::data::{Cell, Dataset, Origin};
//! use rubric_engine::db::Database;
//! use rubric_engine::evaluate::{Options, Verdict};
//! use rubric_engine::plan::DecisionId;
//! use rubric_engine::value::{Date, Number, RecordId, Value};
//!
//! let mut db = Database::default();
//! db.set_text("p.rubric", Some(r#"policy p {
//!   title "T" authority state "S" cite "1" effective from 2014-07-01
//! }
//! record Student { key id: text  level: count }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "1"
//!   default retained
//!   rule reads: promoted when level >= 2
//! }"#));
//! let plan = db.plan();
//! let mut data = Dataset::new(&plan.symbols);
//! for level in 0..4 {
//!     let cells = vec![
//!         Cell::Known(Value::Text(format!("s{level}").into())),
//!         Cell::Known(Value::Number(Number::from_int(level))),
//!     ];
//!     data.supply(&plan.symbols, RecordId(0)).unwrap().push(cells, Origin::default());
//! }
//! data.finish(&plan.symbols);
//!
//! let options = Options::default();
//! let columns = Columns::new(&plan, &data, Date::constant(2024, 6, 1), &options);
//! let batches = columns.batches();
//! let promotion = batches.batch(RecordId(0), 0..4).decision(DecisionId(0));
//! let promoted = promotion.iter().filter(|result| result.verdict == Verdict::Outcome(0)).count();
//! assert_eq!(promoted, 2);
//! ```

mod aggregate;
mod amount;
mod apportion;
mod arithmetic;
mod compare;
mod decision;
mod group;
mod keys;
mod lanes;
mod logic;
mod parallel;
mod pick;
mod population;
mod requirement;
mod resident;
mod results;
mod rows;
mod source;
mod store;
mod stored;
mod vector;
mod wanted;
mod worker;

pub use resident::ColumnRecords;
pub use results::{Amounts, Batch, Batches, Columns, Facts, Outcomes, Source};
pub use wanted::wanted;
