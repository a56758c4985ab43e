//! Records: what was read, from where, and what was wrong with it.

mod dataset;
mod date_format;
mod manifest;
mod pool;
mod table;

pub use dataset::{Cell, DataError, Dataset, MASK, Origin, Severity};
pub use date_format::DateFormat;
pub use manifest::{
    DataSet, Format, Manifest, ManifestError, PercentAs, RecordMapping, SchoolYearIs, Writing,
};
pub use table::Table;
