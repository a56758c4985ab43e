//! Records: what was read, from where, and what was wrong with it.

mod dataset;
mod pool;
mod table;

pub use dataset::{Cell, DataError, Dataset, MASK, Origin, Severity};
pub use table::Table;
