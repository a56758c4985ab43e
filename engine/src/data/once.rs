//! One mistake in a file, one message: several fields, or several records, may be read from one column.

use std::collections::HashSet;

use super::{DataError, Format};

/// Leaves out what was said before of the same place. Where a line is a row, a cell is one place, whichever records and fields
/// are read from it; elsewhere a line may hold many elements, and only what is the same in all is said once. `files`: what
/// [`DataError::file`] points into, where a file that is read into two records may stand twice.
pub fn say_once(errors: &mut Vec<DataError>, files: &[String], format: Format) {
    let is_row = !format.needs_preset();
    let mut said = HashSet::with_capacity(errors.len());
    let is_new = |error: &DataError| {
        let of_row = error.record.zip(error.row).filter(|_| !is_row);
        let field = error.field.filter(|_| error.row.is_some() && (error.column.is_none() || !is_row));
        let file = error.record.filter(|_| error.file.is_none());
        said.insert((
            (error.file.map(|file| files.get(file as usize)), error.line, error.column.clone()),
            (error.code, error.message.clone()),
            (of_row, field, file),
        ))
    };
    let new: Vec<bool> = errors.iter().map(is_new).collect();
    let mut new = new.into_iter();
    errors.retain(|_| new.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Severity;
    use crate::value::RecordId;

    fn error(record: u32, row: Option<u32>, column: Option<&str>) -> DataError {
        DataError {
            code: "bad-date",
            severity: Severity::Error,
            record: Some(RecordId(record)),
            row,
            field: Some(record),
            file: Some(0),
            line: Some(2),
            column: column.map(Into::into),
            message: "the value is no day of the calendar".to_owned(),
        }
    }

    #[test]
    fn a_place_is_told_once_and_two_places_twice() {
        let left = |mut errors: Vec<DataError>, format: Format| {
            say_once(&mut errors, &["a.csv".to_owned(), "a.csv".to_owned()], format);
            errors.len()
        };
        let cell = |record, row| error(record, Some(row), Some("birth"));
        assert_eq!(left(vec![cell(0, 4), cell(1, 7)], Format::Csv), 1);
        // On one line of XML there may be two elements.
        assert_eq!(left(vec![cell(0, 4), cell(0, 5)], Format::EdfiXml), 2);
        assert_eq!(left(vec![cell(0, 4), cell(0, 4)], Format::EdfiXml), 1);
        let column = |record| DataError { file: Some(record), ..error(record, None, None) };
        assert_eq!(left(vec![column(0), column(1)], Format::Csv), 1);
        // Two references of a row that lead nowhere.
        let reference = |record| error(record, Some(4), None);
        assert_eq!(left(vec![reference(0), reference(1)], Format::Csv), 2);
        let mut other = cell(0, 4);
        other.line = Some(3);
        assert_eq!(left(vec![cell(0, 4), other], Format::Csv), 2);
    }
}
