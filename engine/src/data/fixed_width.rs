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
use super::columns::fold;
use super::convert::quoted;
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
    if Lines::new(file.open()?, &file.shown)?.next()?.is_none() {
        no_rows(symbols, id, &file.shown, dataset);
        return Ok(());
    }
    let mut lines = FixedLines {
        lines: Lines::new(file.open()?, &file.shown)?,
        shown: &file.shown,
        layout: &layout.name,
        slots: &slots,
        gaps: gaps(&slots),
        beyond: Lost::default(),
        between: Lost::default(),
        lengths: Lengths::None,
    };
    read_rows(symbols, set, id, &header, &mut lines, &file.shown, dataset)?;
    let end = slots.last().map_or(0, |slot| slot.last);
    if let Lengths::Short { length, lines: count @ 2.. } = lines.lengths {
        return Err(ReadError::new(format!(
            "each of the {count} lines has {}, and the layout {end}",
            characters(length)
        ))
        .file(&file.shown)
        .help(format!("say in `{}` where the fields of this file stand", layout.name)));
    }
    let have = |count: u64| if count == 1 { "line has" } else { "lines have" };
    let Lost { lines: beyond, first } = lines.beyond;
    let said = format!(
        "{beyond} {} more than the {end} characters that `{}` describes; what follows them is not read",
        have(beyond),
        layout.name
    );
    let Lost { lines: between, first: first_between } = lines.between;
    let said_between = format!(
        "{between} {} text between the fields that `{}` describes; it is not read",
        have(between),
        layout.name
    );
    for (count, line, message) in [(beyond, first, said), (between, first_between, said_between)] {
        if count == 0 {
            continue;
        }
        dataset.errors.push(DataError {
            code: "column-not-read",
            severity: Severity::Information,
            record: Some(id),
            row: None,
            field: None,
            file: u32::try_from(dataset.files.len()).ok().and_then(|count| count.checked_sub(1)),
            line: Some(line),
            column: None,
            message,
        });
    }
    Ok(())
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// The stretches of a line between two fields: the place before the first character, from 0, and the last.
fn gaps(slots: &[Slot]) -> Vec<(usize, usize)> {
    let mut end = 0;
    let mut found = Vec::new();
    for slot in slots {
        if slot.first - 1 > end {
            found.push((end, slot.first - 1));
        }
        end = slot.last;
    }
    found
}

fn read_layout(file: &DataFile) -> Result<Vec<Slot>, ReadError> {
    let wrong = |line: u64, message: String| ReadError::new(message).file(&file.shown).line(line);
    let (mut rows, header) = CsvFile::open_commas(file.open()?, &file.shown)?;
    let again = header.iter().enumerate().find(|(at, name)| {
        header.iter().take(*at).any(|other| !name.is_empty() && other.eq_ignore_ascii_case(name))
    });
    if let Some((_, twice)) = again {
        return Err(wrong(1, format!("two columns are called `{twice}`")).help("remove one of them"));
    }
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
        if row.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return Err(wrong(line, "the row is not UTF-8 text".to_owned()).help("save the file in UTF-8"));
        }
        let cell =
            |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
        let number = |column: usize, name: &str| match cell(column).parse::<usize>() {
            Ok(found) if (1..=LONGEST_LINE).contains(&found) => Ok(found),
            _ => {
                let found = match cell(column).as_str() {
                    "" => format!("the row has no {name}"),
                    found => format!("{} is no {name}", quoted(found)),
                };
                Err(wrong(line, found).help(if name == "start" {
                    "write a whole number; the first character of a line is 1"
                } else {
                    "write a whole number of characters, at least 1"
                }))
            }
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
    shown: &'a str,
    layout: &'a str,
    slots: &'a [Slot],
    gaps: Vec<(usize, usize)>,
    /// Lines with text after the last slot.
    beyond: Lost,
    /// Lines with text in a gap.
    between: Lost,
    lengths: Lengths,
}

/// Lines that have text which is not read.
#[derive(Default)]
struct Lost {
    lines: u64,
    first: u64,
}

impl Lost {
    fn add(&mut self, line: u64) {
        self.lines += 1;
        if self.first == 0 {
            self.first = line;
        }
    }
}

/// How long the lines are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lengths {
    None,
    /// All are too short, and of one length: it is the layout that is wrong.
    Short {
        length: usize,
        lines: u64,
    },
    Various,
}

/// Why the characters of a line cannot be counted.
fn uncountable(text: &str) -> Option<&'static str> {
    text.chars().find_map(|found| match found {
        '\t' => Some("the line has a tab, of which nobody knows how wide it is; put blanks in its place"),
        // The end of a text, in old files, and of a page.
        '\u{c}' | '\u{1a}' => None,
        found if found.is_control() => {
            Some("the line has a carriage return, a null or another control character; export the file again")
        }
        '\u{300}'..='\u{36f}' => Some(
            "the line has a character that is written as a letter and a mark, so that its places cannot be counted; \
             save the file with composed characters",
        ),
        _ => None,
    })
}

impl<R: BufRead> RowSource for FixedLines<'_, R> {
    fn next(&mut self, row: &mut ByteRecord, _odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError> {
        row.clear();
        let number = self.lines.number + 1;
        let Some(line) = self.lines.next()? else { return Ok(Next::End) };
        let Ok(text) = std::str::from_utf8(line) else {
            let message =
                "the line is not UTF-8 text, so that its places cannot be counted; save the file in UTF-8";
            return Ok(Next::Broken { line: number, code: "not-utf-8", message: message.to_owned() });
        };
        if text.trim_matches(['\u{1a}', '\u{c}', ' ']).is_empty() {
            self.slots.iter().for_each(|_| row.push_field(b""));
            return Ok(Next::Row(number));
        }
        if let Some(message) = uncountable(text) {
            self.lengths = Lengths::Various;
            return Ok(Next::Broken { line: number, code: "wrong-cell-count", message: message.to_owned() });
        }
        // Where each character begins, and the end.
        let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        bounds.push(text.len());
        let length = bounds.len() - 1;
        let end = self.slots.last().map_or(0, |slot| slot.last);
        if length < end {
            self.lengths = match self.lengths {
                Lengths::None => Lengths::Short { length, lines: 1 },
                Lengths::Short { length: other, lines } if other == length => {
                    Lengths::Short { length, lines: lines + 1 }
                }
                _ => Lengths::Various,
            };
            let message = format!(
                "the line has {} and the layout {end}, so that none of it can be trusted; fill it with blanks",
                characters(length)
            );
            return Ok(Next::Broken { line: number, code: "wrong-cell-count", message });
        }
        self.lengths = Lengths::Various;
        for slot in self.slots {
            let (from, to) = (bounds.get(slot.first - 1), bounds.get(slot.last));
            let cell = from.zip(to).and_then(|(from, to)| text.get(*from..*to)).unwrap_or_default();
            row.push_field(cell.as_bytes());
        }
        if number == 1 && names_fields(row, self.slots) {
            return Err(ReadError::new("the file begins with the names of its fields")
                .file(self.shown)
                .line(number)
                .help(format!("remove this line: where the fields stand is in `{}`", self.layout)));
        }
        let rest = bounds.get(end).and_then(|end| text.get(*end..)).unwrap_or_default();
        if !rest.trim().is_empty() {
            self.beyond.add(number);
        }
        let is_filled = |(from, to): &(usize, usize)| {
            let (from, to) = (bounds.get(*from).copied(), bounds.get(*to).copied());
            from.zip(to).and_then(|(from, to)| text.get(from..to)).is_some_and(|gap| !gap.trim().is_empty())
        };
        if self.gaps.iter().any(is_filled) {
            self.between.add(number);
        }
        Ok(Next::Row(number))
    }

    fn header_line(&self) -> Option<u64> {
        None
    }
}

/// Whether every cell is the beginning of the name of its field.
fn names_fields(row: &ByteRecord, slots: &[Slot]) -> bool {
    row.iter().zip(slots).all(|(cell, slot)| {
        let cell = fold(String::from_utf8_lossy(cell).trim());
        !cell.is_empty() && fold(&slot.name).starts_with(&cell)
    })
}
