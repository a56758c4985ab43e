//! JSON Lines: one object a line. The paths that occur in a file are its columns, so it is read twice.

use std::collections::HashMap;
use std::io::BufRead;

use csv::ByteRecord;

use super::bytes::DataFile;
use super::json::{Fault, Leaf, Step, is_before_comma, visit};
use super::lines::Lines;
use super::table_rows::{Next, Odd, RowSource, read_rows};
use super::{DataError, DataSet, Dataset, ReadError, Severity};
use crate::plan::Symbols;
use crate::value::RecordId;

/// More names than any record has: a file with as many uses values as names.
const MOST_COLUMNS: usize = 4096;

/// Reads the rows of a record from a file.
pub(super) fn read(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    file: &DataFile,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let (header, any) = header(file)?;
    if !any {
        no_rows(symbols, id, &file.shown, dataset);
        return Ok(());
    }
    let mut columns = HashMap::new();
    for (column, name) in header.iter().enumerate() {
        columns.insert(name.clone(), column);
    }
    let lines = Lines::new(file.open()?, &file.shown)?;
    let mut objects = Objects {
        lines,
        columns,
        cells: vec![String::new(); header.len()],
        filled: vec![false; header.len()],
        shown: file.shown.clone(),
    };
    read_rows(symbols, set, id, &header, &mut objects, &file.shown, dataset)
}

/// Why a file is refused whose objects are not each on a line, or not alone on it.
pub(super) fn not_lines(shown: &str, line: u64) -> ReadError {
    ReadError::new("the file is JSON, but not JSON Lines")
        .file(shown)
        .line(line)
        .help("write one object a line, without a list around them and without commas between them")
}

/// Whether the first line of a file shows that its objects are not each alone on a line.
pub(super) fn is_not_lines(text: &str, fault: Option<&Fault>, ended: bool) -> bool {
    match fault {
        Some(Fault::Early) => ended,
        Some(Fault::Wrong(_)) => text.starts_with('[') || is_before_comma(text),
        None => false,
    }
}

/// A file without a header and without rows says that there are none, which deserves a word: it may be a mistake.
pub(super) fn no_rows(symbols: &Symbols, id: RecordId, shown: &str, dataset: &mut Dataset) {
    let file = u32::try_from(dataset.files.len()).ok();
    dataset.files.push(shown.to_owned());
    dataset.errors.push(DataError {
        code: "empty-file",
        severity: Severity::Warning,
        record: Some(id),
        row: None,
        field: None,
        file,
        line: None,
        column: None,
        message: "the file is empty, which says that there are no rows; if there are, export it again"
            .to_owned(),
    });
    let _ = dataset.supply(symbols, id);
}

/// The paths of a file, in the order in which they first occur, and whether it has any line.
fn header(file: &DataFile) -> Result<(Vec<String>, bool), ReadError> {
    let mut lines = Lines::new(file.open()?, &file.shown)?;
    let mut known: HashMap<String, ()> = HashMap::new();
    let mut header = Vec::new();
    let mut any = false;
    let (mut undecoded, mut cut) = (false, false);
    let mut wrong = None;
    while let Some(line) = lines.next()? {
        let Ok(text) = std::str::from_utf8(line) else {
            any = true;
            undecoded = true;
            continue;
        };
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let first = (!any).then(|| text.to_owned());
        // What is wrong with a line is said when its rows are read.
        let read = visit(text, ".", false, &mut |step| {
            if let Step::Leaf(path, _, _) = step
                && header.len() <= MOST_COLUMNS
                && !known.contains_key(path)
            {
                known.insert(path.to_owned(), ());
                header.push(path.to_owned());
            }
        });
        if first.is_some_and(|first| is_not_lines(&first, read.as_ref().err(), lines.ended)) {
            return Err(not_lines(&file.shown, lines.number));
        }
        any = true;
        match read {
            Ok(()) => {}
            Err(Fault::Early) => cut = true,
            Err(Fault::Wrong(what)) => {
                wrong.get_or_insert((lines.number, what));
            }
        }
        if header.len() > MOST_COLUMNS {
            return Err(ReadError::new(format!("its objects have more than {MOST_COLUMNS} different names"))
                .file(&file.shown)
                .line(lines.number)
                .help("what differs from object to object belongs in values, not in names"));
        }
    }
    match wrong.filter(|_| header.is_empty()) {
        Some((line, what)) => {
            Err(ReadError::new(format!("no line can be read: this one {what}")).file(&file.shown).line(line))
        }
        None if any && header.is_empty() && !undecoded && !cut => {
            Err(ReadError::new("no object of the file has a value")
                .file(&file.shown)
                .help("export it again; an empty file says that there are no rows"))
        }
        None => Ok((header, any)),
    }
}

/// What to say of a line that is cut off.
pub(super) fn cut_short(shown: &str, line: u64) -> ReadError {
    ReadError::new("the file ends in the middle of this object: something cut it short")
        .file(shown)
        .line(line)
        .help("export it again; nothing can be said of the rows it lacks")
}

/// What is said of texts that no text can be.
pub(super) const HALF_CHARACTER: &str = "the text has half of a character; export it again";
pub(super) const NULL_CHARACTER: &str = "the text has a null character; export it again";

struct Objects<R> {
    lines: Lines<R>,
    columns: HashMap<String, usize>,
    cells: Vec<String>,
    /// Whether the line has had a value for the column: two paths may be written alike.
    filled: Vec<bool>,
    shown: String,
}

impl<R: BufRead> RowSource for Objects<R> {
    fn next(&mut self, row: &mut ByteRecord, odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError> {
        let Self { lines, columns, cells, filled, shown } = self;
        let text = loop {
            let Some(line) = lines.next()? else { return Ok(Next::End) };
            if !line.trim_ascii().is_empty() {
                break line.to_vec();
            }
        };
        let line = lines.number;
        let Ok(text) = std::str::from_utf8(&text) else {
            let message =
                "the line is not UTF-8 text, so that none of it can be read; save the file in UTF-8";
            return Ok(Next::Broken { line, code: "not-utf-8", message: message.to_owned() });
        };
        for cell in cells.iter_mut() {
            cell.clear();
        }
        filled.fill(false);
        let read = visit(text, ".", false, &mut |step| match step {
            Step::Leaf(path, _, leaf) => {
                let Some(column) = columns.get(path).copied() else { return };
                let twice = filled.get_mut(column).is_some_and(|filled| std::mem::replace(filled, true));
                if twice {
                    let what = format!("two values of the line stand under `{path}`");
                    odd.push((column, Odd::told("not-one-value", what)));
                    return;
                }
                match leaf {
                    Leaf::Text(text) | Leaf::Flag(text) => {
                        if let Some(cell) = cells.get_mut(column) {
                            cell.push_str(text);
                        }
                        if text.contains('\0') {
                            odd.push((column, Odd::told("bad-text", NULL_CHARACTER)));
                        } else if matches!(leaf, Leaf::Flag(_)) {
                            odd.push((column, Odd::flag(text)));
                        }
                    }
                    Leaf::Null => {}
                    Leaf::Several(what) => odd.push((column, Odd::several(what))),
                    Leaf::Damaged => odd.push((column, Odd::told("bad-text", HALF_CHARACTER))),
                }
            }
            Step::Enter(path, _) => {
                if let Some(column) = columns.get(path) {
                    odd.push((*column, Odd::several("an object")));
                }
            }
            Step::Leave => {}
        });
        match read {
            Ok(()) => {}
            Err(Fault::Early) if !lines.ended => return Err(cut_short(shown, line)),
            Err(Fault::Early) => {
                let message =
                    "the line ends before its object does; write each object on one line".to_owned();
                return Ok(Next::Broken { line, code: "bad-json", message });
            }
            Err(Fault::Wrong(what)) => {
                return Ok(Next::Broken { line, code: "bad-json", message: format!("the line {what}") });
            }
        }
        row.clear();
        for cell in cells.iter() {
            row.push_field(cell.as_bytes());
        }
        Ok(Next::Row(line))
    }

    fn header_line(&self) -> Option<u64> {
        None
    }
}
