//! What a run over columns gives, in words that can be compared.

#![allow(clippy::unwrap_used, reason = "only tests use it: they fail by panicking")]

use std::sync::Arc;

use rubric_engine::columns::{ColumnRecords, Columns};
use rubric_engine::data::key_text;
use rubric_engine::evaluate::Options;
use rubric_engine::plan::{Plan, ResultId};
use rubric_engine::value::Date;

/// What results are of all rows, and what is said of the records. `at_once`: whether aggregates are worked out for all rows at
/// once.
///
/// # Panics
///
/// Where rows could not be read again.
#[must_use]
pub fn outcome(
    plan: &Arc<Plan>,
    records: &ColumnRecords,
    results: &[ResultId],
    as_of: Date,
    threads: usize,
    at_once: bool,
) -> Vec<String> {
    let options = Options::default();
    let mut columns = Columns::new(plan, records, as_of, &options).on_threads(threads);
    if at_once {
        columns = columns.for_all(results, &[]);
    }
    let batches = columns.batches();
    let mut said = Vec::new();
    for result in results {
        let record = plan.symbols.of(*result).unwrap();
        let rows = batches.rows_of(record).unwrap_or(0);
        let given = batches.batch(record, 0..rows).record_batch(&[*result], &[]).unwrap();
        said.push(format!("{given:?}"));
    }
    for error in records.errors() {
        let key = error.record.zip(error.row);
        let key = key.and_then(|(record, row)| key_text(records, &plan.symbols, record, row));
        said.push(format!(
            "{:?}:{:?} {} {:?} {key:?} {}",
            error.file, error.line, error.code, error.field, error.message
        ));
    }
    assert_eq!(records.failure(), None);
    said
}
