//! `data-errors.csv`: everything that was wrong with the data.

use rubric_engine::data::{DataError, Severity, key_text};

use super::result_file::csv_line;
use crate::failure::Failure;
use crate::session::Session;

/// The file. File and line are how a district finds the row; private parts of keys are masked, and messages hold no
/// private value.
pub(crate) fn data_errors(session: &Session) -> Result<Vec<u8>, Failure> {
    let columns = ["file", "line", "column", "record", "key", "code", "message", "severity"];
    let mut bytes = csv_line(&columns.map(str::to_owned))?;
    let symbols = &session.plan.symbols;
    for error in &session.errors {
        let file = error.file.and_then(|file| session.records.records().files().get(file as usize));
        let record = error.record.and_then(|record| symbols.record(record));
        let key = error
            .record
            .zip(error.row)
            .and_then(|(record, row)| key_text(session.records.records(), symbols, record, row));
        bytes.extend(csv_line(&[
            file.cloned().unwrap_or_default(),
            error.line.map(|line| line.to_string()).unwrap_or_default(),
            error.column.as_deref().unwrap_or_default().to_owned(),
            record.map(|record| record.name.clone()).unwrap_or_default(),
            key.unwrap_or_default(),
            error.code.to_owned(),
            error.message.clone(),
            error.severity.word().to_owned(),
        ])?);
    }
    Ok(bytes)
}

/// How many data errors there are, remarks not counted.
pub(crate) fn counted_errors(errors: &[DataError]) -> usize {
    errors.iter().filter(|error| error.severity != Severity::Information).count()
}
