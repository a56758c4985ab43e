//! Records in a temporary file give what records in memory give, whatever is wrong with them.

use std::path::Path;
use std::sync::Arc;

use rubric_engine::columns::{self, ColumnRecords, Columns, Limit};
use rubric_engine::data::{DataSet, DataSource, Dataset, key_text};
use rubric_engine::evaluate::Options;
use rubric_engine::plan::{Plan, ResultId};
use rubric_engine::table::Tables;
use rubric_engine::value::Date;

/// What a result is of all rows, and what is said of the records.
fn said(
    plan: &Plan,
    records: &ColumnRecords,
    result: ResultId,
    as_of: Date,
    options: &Options,
) -> Vec<String> {
    let columns = Columns::new(plan, records, as_of, options);
    let batches = columns.batches();
    let record = plan.symbols.of(result).unwrap();
    let rows = batches.rows_of(record).unwrap_or(0);
    let given = batches.batch(record, 0..rows).record_batch(&[result], &[]).unwrap();
    let errors = records.errors().iter().map(|error| {
        let key = error.record.zip(error.row);
        let key = key.and_then(|(record, row)| key_text(records, &plan.symbols, record, row));
        format!("{:?} {} {:?} {key:?} {}", error.line, error.code, error.field, error.message)
    });
    assert_eq!(records.failure(), None);
    // Records without a file have no lines by which what is said of them could be put in order.
    let mut errors: Vec<String> = errors.collect();
    errors.sort_unstable();
    std::iter::once(format!("{given:?}")).chain(errors).collect()
}

/// Asks for each result by itself, so that as many records as can be are divided; what differs, and how many were.
pub(crate) fn differences(
    plan: &Arc<Plan>,
    data: &Dataset,
    as_of: Date,
    options: &Options,
    folder: &Path,
) -> (Vec<String>, usize) {
    let source =
        DataSource { path: "memory".into(), shown: "memory".into(), set: DataSet::default(), preset: None };
    let tables = Tables::of_rows(&plan.symbols, &source, data.clone());
    let (mut found, mut divided) = (Vec::new(), 0);
    for result in &plan.symbols.results {
        let wanted = columns::wanted(plan, &[*result], &[]);
        let whole = ColumnRecords::read(&plan.symbols, &tables, &wanted).unwrap();
        let expected = said(plan, &whole, *result, as_of, options);
        for ranges in [1, 3] {
            let limit = Limit { ranges: Some(ranges), ..Limit::new(1 << 40, folder) };
            let parted = ColumnRecords::read_within(plan, &tables, &[*result], &[], &limit).unwrap();
            if parted.divided().is_empty() {
                break;
            }
            divided += 1;
            let given = said(plan, &parted, *result, as_of, options);
            let differing = expected.iter().zip(&given).find(|(expected, given)| expected != given);
            found.extend(differing.map(|(whole, parted)| format!("{ranges} ranges:\n  {whole}\n  {parted}")));
            assert_eq!(expected.len(), given.len(), "{expected:#?}\n{given:#?}");
        }
    }
    (found, divided)
}
