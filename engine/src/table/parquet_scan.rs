//! Parquet files, by several threads: a row group at a time, whose columns are taken over as they are where their types allow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use arrow_schema::DataType;

use super::batch::Batch;
use super::decode::{Building, Decoder, Outcome, Reading, Replay, Row};
use super::held::{Cells, held, let_go};
use super::recognise::{Got, Recogniser};
use super::tables::Scanned;
use super::unread::{Condition, left_out, repeated};
use crate::data::parquet_cell::{Rendered, render};
use crate::data::parquet_file::{ParquetFile, wrong_count};
use crate::data::{DataError, ReadError};

/// Rows that are decoded at a time.
const ROWS: usize = 16_384;

/// What was wrong with a row group, or why it cannot be read.
type Errors = Result<Vec<DataError>, ReadError>;

/// Reads the rows of a file.
pub(crate) fn scan(
    reading: &Reading<'_>,
    file: &ParquetFile,
    condition: Option<&Condition>,
    threads: usize,
    each: &(dyn Fn(Batch) + Sync),
) -> Result<Scanned, ReadError> {
    let groups = file.groups();
    let used = reading.used();
    // What cannot be read is refused, whether or not it would have been passed over.
    file.check_compression(&used)?;
    let (next, passed) = (AtomicUsize::new(0), AtomicU32::new(0));
    let found: Mutex<Vec<(usize, Errors)>> = Mutex::default();
    let work = || {
        let mut decoder = Decoder::new(reading);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = groups.get(number) else { return };
            let left = condition.map(|condition| left_out(reading, file, condition, number, &mut decoder));
            let left = left.unwrap_or_default();
            passed.fetch_add(u32::from(!left.is_empty()), Ordering::Relaxed);
            let result = group(reading, file, (&used, &left), (number, *place), &mut decoder, each);
            let is_bad = result.is_err();
            found.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
            if is_bad {
                next.store(groups.len(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(groups.len()) {
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(number, _)| *number);
    let passed = (passed.into_inner(), u32::try_from(groups.len()).unwrap_or(u32::MAX));
    let mut scanned = Scanned { rows: file.row_count(), passed, ..Scanned::default() };
    for (_, errors) in found {
        scanned.errors.extend(errors?);
    }
    Ok(scanned)
}

fn group(
    reading: &Reading<'_>,
    file: &ParquetFile,
    (used, left): (&[usize], &BTreeMap<usize, ArrayRef>),
    (number, (first, rows_said)): (usize, (u32, u32)),
    decoder: &mut Decoder<'_>,
    each: &(dyn Fn(Batch) + Sync),
) -> Errors {
    let read: Vec<usize> = used.iter().copied().filter(|column| !left.contains_key(column)).collect();
    let held = held(file, &read, (number, rows_said), decoder);
    let is_held = |column: &usize| held.iter().any(|(own, _)| own == column);
    let others: Vec<usize> = read.iter().copied().filter(|column| !is_held(column)).collect();
    // Where all is held there is nothing else to read.
    let is_whole = others.is_empty() && !read.is_empty();
    let mut rows = if is_whole { None } else { Some(file.group(number, others.iter().copied(), ROWS)?) };
    let start = first;
    let (mut first, mut all) = (first, Vec::new());
    loop {
        let (count, arrays) = match &mut rows {
            Some(rows) => match rows.next()? {
                Some(batch) => (batch.num_rows(), batch.columns().to_vec()),
                None => break,
            },
            None => match rows_said.saturating_sub(first - start) {
                0 => break,
                rest => (ROWS.min(rest as usize), Vec::new()),
            },
        };
        let (rows, count) = (count, u32::try_from(count).unwrap_or(u32::MAX));
        if count == 0 {
            continue;
        }
        let filled: Option<Vec<(usize, ArrayRef)>> =
            left.iter().map(|(column, cell)| Some((*column, repeated(cell, rows)?))).collect();
        let Some(filled) = filled else {
            return Err(wrong_count(i64::from(rows_said), None, file.shown()));
        };
        let at = (first - start) as usize;
        let arrays = others.iter().copied().zip(arrays).chain(filled);
        let arrays = arrays.map(|(column, array)| (column, Cells::Array(array)));
        let of_held = held.iter().map(|(column, held)| (*column, Cells::Held(held, at..at + rows)));
        let building = columns(reading, arrays.chain(of_held), rows, first, decoder);
        let (batch, errors) = building.finish(reading.file, first);
        all.extend(errors);
        each(batch);
        first = first.saturating_add(count);
    }
    let_go(held, decoder);
    let found = first - start;
    if found != rows_said {
        return Err(wrong_count(i64::from(rows_said), Some(i64::from(found)), file.shown()));
    }
    Ok(all)
}

/// The rows of batches in memory.
pub(crate) fn batches(
    reading: &Reading<'_>,
    batches: &[RecordBatch],
    each: &(dyn Fn(Batch) + Sync),
) -> Scanned {
    let used = reading.used();
    let mut decoder = Decoder::new(reading);
    let mut scanned = Scanned::default();
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        let Ok(narrow) = batch.project(&used) else { continue };
        let mut from = 0;
        while from < narrow.num_rows() {
            let part = narrow.slice(from, ROWS.min(narrow.num_rows() - from));
            let arrays = part.columns().iter().map(|array| Cells::Array(Arc::clone(array)));
            let arrays = used.iter().copied().zip(arrays);
            let building = columns(reading, arrays, part.num_rows(), scanned.rows, &mut decoder);
            let (built, errors) = building.finish(reading.file, scanned.rows);
            scanned.errors.extend(errors);
            scanned.rows = scanned.rows.saturating_add(u32::try_from(part.num_rows()).unwrap_or(u32::MAX));
            each(built);
            from += part.num_rows();
        }
    }
    scanned
}

/// Reads rows from columns of the file.
fn columns<'h>(
    reading: &Reading<'_>,
    found: impl Iterator<Item = (usize, Cells<'h>)>,
    rows: usize,
    first: u32,
    decoder: &mut Decoder<'_>,
) -> Building {
    let mut building = Building::new(reading.symbols, reading.wanted);
    let mut replay = Replay::new(reading);
    let mut cells: Vec<Option<Cells<'h>>> = reading.names.iter().map(|_| None).collect();
    for (column, array) in found {
        if let Some(place) = cells.get_mut(column) {
            *place = Some(array);
        }
    }
    let mut is_read = super::arrays::read(decoder, &cells, rows, &mut building);
    if !is_read && cells.iter().flatten().any(|cells| matches!(cells, Cells::Held(..))) {
        // A cell that some row shares may not be plainly good, and no row of these have it.
        let arrays = cells.into_iter().map(|cells| cells?.array().map(Cells::Array));
        cells = arrays.collect();
        is_read = super::arrays::read(decoder, &cells, rows, &mut building);
    }
    if is_read {
        building.end_rows(u64::from(first) + 1, rows);
        return building;
    }
    let array = |cells: &Option<Cells<'_>>| cells.as_ref().and_then(Cells::array);
    let arrays: Vec<Option<ArrayRef>> = cells.iter().map(array).collect();
    let arrays: Vec<Option<&ArrayRef>> = arrays.iter().map(Option::as_ref).collect();
    let mut cells =
        RowCells { row: 0, columns: arrays.iter().map(|array| array.map_or(Typed::None, typed)).collect() };
    for row in 0..rows {
        let line = u64::from(first) + row as u64 + 1;
        cells.row = row;
        if decoder.read(&cells, &mut building) == Outcome::Bad {
            again(&arrays, row, line, &mut replay, &mut building);
        } else {
            building.end_row(line);
        }
    }
    replay.finish(&mut building);
    building
}

/// Reads a row as the row reader does.
fn again(
    arrays: &[Option<&ArrayRef>],
    row: usize,
    line: u64,
    replay: &mut Replay<'_>,
    building: &mut Building,
) {
    let (mut odd, mut text) = (Vec::new(), Vec::new());
    let cells = replay.blank_row();
    for (column, array) in arrays.iter().enumerate() {
        text.clear();
        if let Some(array) = array
            && let Rendered::Odd(found) = render(array, row, &mut text)
        {
            odd.push((column, found));
        }
        cells.push_field(&text);
    }
    replay.replay(odd, line, building);
}

/// The rows of a batch, one at a time.
struct RowCells<'a> {
    row: usize,
    columns: Vec<Typed<'a>>,
}

/// A column whose type is known.
enum Typed<'a> {
    /// It is not read.
    None,
    Text(&'a StringArray),
    Dictionary(&'a Int32Array, &'a StringArray),
    Bytes(&'a BinaryArray),
    Flag(&'a BooleanArray),
    Int(&'a Int32Array, &'a ArrayRef),
    Long(&'a Int64Array, &'a ArrayRef),
    Decimal(&'a Decimal128Array, u8, &'a ArrayRef),
    Day(&'a Date32Array, &'a ArrayRef),
    Other(&'a ArrayRef),
}

fn typed(array: &ArrayRef) -> Typed<'_> {
    match array.data_type() {
        DataType::Utf8 => Typed::Text(array.as_string()),
        DataType::Dictionary(..) => match array.as_dictionary_opt::<Int32Type>() {
            Some(found) => match found.values().as_string_opt::<i32>() {
                Some(values) => Typed::Dictionary(found.keys(), values),
                None => Typed::Other(array),
            },
            None => Typed::Other(array),
        },
        DataType::Binary => Typed::Bytes(array.as_binary()),
        DataType::Boolean => Typed::Flag(array.as_boolean()),
        DataType::Int32 => Typed::Int(array.as_primitive(), array),
        DataType::Int64 => Typed::Long(array.as_primitive(), array),
        DataType::Decimal128(_, scale) => match u8::try_from(*scale) {
            Ok(scale) => Typed::Decimal(array.as_primitive(), scale, array),
            Err(_) => Typed::Other(array),
        },
        DataType::Date32 => Typed::Day(array.as_primitive(), array),
        _ => Typed::Other(array),
    }
}

impl Row for RowCells<'_> {
    fn got<'r>(&'r self, column: usize, recogniser: &mut Recogniser<'_>) -> Got<'r> {
        let row = self.row;
        let (array, found) = match self.columns.get(column) {
            None | Some(Typed::None) => return Got::Empty,
            Some(Typed::Text(texts)) => {
                return if texts.is_null(row) {
                    Got::Empty
                } else {
                    recogniser.read(texts.value(row).as_bytes())
                };
            }
            Some(Typed::Dictionary(keys, texts)) => {
                let at = if keys.is_null(row) { None } else { usize::try_from(keys.value(row)).ok() };
                return match at.filter(|at| *at < texts.len() && !texts.is_null(*at)) {
                    Some(at) => recogniser.read(texts.value(at).as_bytes()),
                    None => Got::Empty,
                };
            }
            Some(Typed::Bytes(texts)) => {
                return if texts.is_null(row) { Got::Empty } else { recogniser.read(texts.value(row)) };
            }
            Some(Typed::Flag(flags)) => {
                if flags.is_null(row) {
                    return Got::Empty;
                }
                return recogniser.read(if flags.value(row) { b"true" } else { b"false" });
            }
            Some(Typed::Int(numbers, array)) => (array, recogniser.decimal(i64::from(numbers.value(row)), 0)),
            Some(Typed::Long(numbers, array)) => (array, recogniser.decimal(numbers.value(row), 0)),
            Some(Typed::Decimal(numbers, scale, array)) => {
                let mantissa = i64::try_from(numbers.value(row)).ok();
                (array, mantissa.and_then(|mantissa| recogniser.decimal(mantissa, *scale)))
            }
            Some(Typed::Day(days, array)) => (array, recogniser.day(days.value(row))),
            Some(Typed::Other(array)) => (array, None),
        };
        if array.is_null(row) {
            return Got::Empty;
        }
        if let Some(found) = found {
            return found;
        }
        let mut text = Vec::new();
        match render(array, row, &mut text) {
            Rendered::Odd(_) => Got::Bad,
            Rendered::Text => recogniser.read(&text).into_owned(),
        }
    }
}
