//! `data-errors.csv`: everything that was wrong with the data.

use rubric_engine::data::{Dataset, Severity};
use rubric_engine::evaluate::Evaluator;

use super::columns::key_text;
use super::evaluate::csv_line;
use crate::failure::Failure;
use crate::session::Session;

/// The file. Keys are in it, since they are how a district finds the row; messages hold no private value.
pub(crate) fn data_errors(session: &Session, evaluator: &Evaluator<'_>) -> Result<Vec<u8>, Failure> {
    let columns = ["file", "line", "column", "record", "key", "code", "message"];
    let mut bytes = csv_line(&columns.map(str::to_owned))?;
    let symbols = &session.plan.symbols;
    for error in &session.data.errors {
        let file = error.file.and_then(|file| session.data.files.get(file as usize));
        let record = error.record.and_then(|record| symbols.record(record));
        let key = error
            .record
            .zip(error.row)
            .map(|(record, row)| key_text(symbols, &session.data, &evaluator.row(record, row), record));
        bytes.extend(csv_line(&[
            file.cloned().unwrap_or_default(),
            error.line.map(|line| line.to_string()).unwrap_or_default(),
            error.column.as_deref().unwrap_or_default().to_owned(),
            record.map(|record| record.name.clone()).unwrap_or_default(),
            key.unwrap_or_default(),
            error.code.to_owned(),
            error.message.clone(),
        ])?);
    }
    Ok(bytes)
}

/// How many data errors there are, remarks not counted.
pub(crate) fn counted_errors(data: &Dataset) -> usize {
    data.errors.iter().filter(|error| error.severity != Severity::Information).count()
}
