//! Records: what was read, from where, and what was wrong with it.

mod dataset;

pub use dataset::{Cell, DataError, Dataset, Origin, Severity, Table};
