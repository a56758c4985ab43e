//! Files whose cells stand at fixed places of the line, which a layout names.
//!
//! ```csv
//! field,start,width
//! student_unique_id,1,10
//! grade,11,2
//! ```

use std::io::BufRead;

use csv::ByteRecord;

use super::bytes::DataFile;
use super::csv_reader::CsvFile;
use super::json_lines::no_rows;
use super::lines::Lines;
use super::manifest::nearest;
use super::table_rows::{Next, Odd, RowSource, read_rows};
use super::{DataError, DataSet, Dataset, ReadError, Severity};
use crate::plan::Symbols;
use crate::value::RecordId;

/// A cell: its name, and its first and last character, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    name: String,
    first: usize,
    last: usize,
    line: u64,
}

/// No line is longer.
const LONGEST_LINE: usize = 1 << 20;

/// Reads the rows of a record from a file.
pub(super) fn read(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    file: &DataFile,
    layout: &DataFile,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let slots = read_layout(layout)?;
    let header: Vec<String> = slots.iter().map(|slot| slot.name.clone()).collect();
    if file.open()?.fill_buf().is_ok_and(<[u8]>::is_empty) {
        no_rows(symbols, id, &file.shown, dataset);
        return Ok(());
    }
    let mut lines = FixedLines {
        lines: Lines::new(file.open()?, &file.shown)?,
        slots: &slots,
        beyond: 0,
        first_beyond: 0,
    };
    read_rows(symbols, set, id, &header, &mut lines, &file.shown, dataset)?;
    if lines.beyond > 0 {
        let end = slots.iter().map(|slot| slot.last).max().unwrap_or(0);
        let message = format!(
            "{} {} more than the {end} characters that `{}` describes; what follows them is not read",
            lines.beyond,
            if lines.beyond == 1 { "line has" } else { "lines have" },
            layout.name
        );
        dataset.errors.push(DataError {
            code: "column-not-read",
            severity: Severity::Information,
            record: Some(id),
            row: None,
            field: None,
            file: u32::try_from(dataset.files.len()).ok().and_then(|count| count.checked_sub(1)),
            line: Some(lines.first_beyond),
            column: None,
            message,
        });
    }
    Ok(())
}

fn read_layout(file: &DataFile) -> Result<Vec<Slot>, ReadError> {
    let wrong = |line: u64, message: String| ReadError::new(message).file(&file.shown).line(line);
    let (mut rows, header) = CsvFile::open(file.open()?, b',', &file.shown)?;
    let column = |wanted: &str| {
        header.iter().position(|name| name.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
            let near = nearest(wanted, header.iter().map(String::as_str));
            let help = near.map_or_else(
                || "a layout has the columns `field`, `start` and `width`".to_owned(),
                |near| format!("is it `{near}`? a layout has the columns `field`, `start` and `width`"),
            );
            wrong(1, format!("the layout has no column `{wanted}`")).help(help)
        })
    };
    let (field, start, width) = (column("field")?, column("start")?, column("width")?);
    let mut slots: Vec<Slot> = Vec::new();
    let mut row = ByteRecord::new();
    while let Next::Row(line) = rows.next(&mut row, &mut Vec::new())? {
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let cell =
            |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
        let number = |column: usize, name: &str| match cell(column).parse::<usize>() {
            Ok(found) if (1..=LONGEST_LINE).contains(&found) => Ok(found),
            _ => Err(wrong(line, format!("`{}` is no {name}", cell(column)))
                .help("write a whole number; the first character of a line is 1")),
        };
        let (name, first, width) = (cell(field), number(start, "start")?, number(width, "width")?);
        if name.is_empty() {
            return Err(wrong(line, "the field has no name".to_owned()));
        }
        let slot = Slot { name, first, last: first + width - 1, line };
        if let Some(other) = slots.iter().find(|other| other.name == slot.name) {
            return Err(wrong(line, format!("`{}` is already on line {}", slot.name, other.line)));
        }
        if let Some(other) = slots.iter().find(|other| other.first <= slot.last && slot.first <= other.last) {
            let message = format!(
                "`{}` stands on characters {} to {}, and `{}` on {} to {}",
                slot.name, slot.first, slot.last, other.name, other.first, other.last
            );
            return Err(wrong(line, message).help("a character belongs to one field"));
        }
        slots.push(slot);
    }
    if slots.is_empty() {
        return Err(ReadError::new("the layout names no field").file(&file.shown));
    }
    slots.sort_by_key(|slot| slot.first);
    Ok(slots)
}

struct FixedLines<'a, R> {
    lines: Lines<R>,
    slots: &'a [Slot],
    /// Lines with text after the last slot.
    beyond: u64,
    first_beyond: u64,
}

impl<R: BufRead> RowSource for FixedLines<'_, R> {
    fn next(&mut self, row: &mut ByteRecord, _odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError> {
        row.clear();
        let Some(line) = self.lines.next()? else { return Ok(Next::End) };
        let Ok(text) = std::str::from_utf8(line) else {
            let message =
                "the line is not UTF-8 text, so that its places cannot be counted; save the file in UTF-8";
            return Ok(Next::Broken {
                line: self.lines.number,
                code: "not-utf-8",
                message: message.to_owned(),
            });
        };
        // Where each character begins, and the end.
        let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        bounds.push(text.len());
        let length = bounds.len() - 1;
        let end = self.slots.last().map_or(0, |slot| slot.last);
        if length < end && !text.trim().is_empty() {
            let message = format!(
                "the line has {length} characters and the layout {end}, so that none of it can be trusted"
            );
            return Ok(Next::Broken { line: self.lines.number, code: "wrong-cell-count", message });
        }
        for slot in self.slots {
            let (from, to) = (bounds.get(slot.first - 1), bounds.get(slot.last));
            let cell = from.zip(to).and_then(|(from, to)| text.get(*from..*to)).unwrap_or_default();
            row.push_field(cell.as_bytes());
        }
        let rest = bounds.get(end).and_then(|end| text.get(*end..)).unwrap_or_default();
        if !rest.trim().is_empty() {
            self.beyond += 1;
            if self.first_beyond == 0 {
                self.first_beyond = self.lines.number;
            }
        }
        Ok(Next::Row(self.lines.number))
    }
}
