//! Records: what was read, from where, and what was wrong with it.

mod archive;
#[cfg(test)]
pub(crate) mod bad_input_tests;
pub(crate) mod bytes;
pub(crate) mod column_kind;
pub(crate) mod columns;
pub(crate) mod convert;
pub(crate) mod csv_reader;
#[cfg(test)]
mod csv_tests;
pub(crate) mod dataset;
mod date_format;
mod edfi_json_reader;
#[cfg(test)]
mod edfi_json_tests;
#[cfg(test)]
mod edfi_xml_tests;
mod fixed_width;
#[cfg(test)]
mod fixed_width_tests;
#[cfg(test)]
pub(crate) mod fixtures;
mod inputs;
mod json;
mod json_lines;
#[cfg(test)]
mod json_lines_tests;
pub(crate) mod key_shape;
mod lines;
mod manifest;
mod once;
pub(crate) mod parquet_cell;
pub(crate) mod parquet_codes;
mod parquet_extremes;
pub(crate) mod parquet_file;
mod parquet_reader;
mod parquet_runs;
#[cfg(test)]
pub(crate) mod parquet_tests;
pub(crate) mod parquet_texts;
mod place;
mod pool;
mod preset;
mod quality;
mod read_error;
mod records;
mod roster_reader;
#[cfg(test)]
mod roster_tests;
pub(crate) mod source;
mod table;
pub(crate) mod table_rows;
mod xml_element;
mod xml_plan;
mod xml_reader;
#[cfg(test)]
mod xml_tests;
mod xml_tree;

pub use dataset::{Cell, DataError, Dataset, MASK, Origin, Severity};
pub use date_format::DateFormat;
pub use inputs::{InputError, input_values, inputs};
pub use manifest::{
    DataSet, Format, Manifest, ManifestError, PercentAs, RecordMapping, SchoolYearIs, Writing,
};
pub use once::say_once;
pub use place::place;
pub(crate) use place::place_in;
pub use quality::implausible_dates;
pub use read_error::ReadError;
pub use records::{Records, key_text};
pub use source::{DataSource, PresetText, read};
pub use table::Table;
