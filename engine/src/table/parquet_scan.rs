//! Parquet files, by several threads: a row group at a time, whose columns are taken over as they are where their types allow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow_array::{ArrayRef, RecordBatch};

use super::batch::Batch;
use super::decode::{Building, Decoder, Outcome, Reading, Replay};
use super::tables::Scanned;
use crate::data::parquet_cell::{Rendered, render};
use crate::data::parquet_file::ParquetFile;
use crate::data::{DataError, ReadError};

/// Rows that are decoded at a time.
const ROWS: usize = 16_384;

/// What was wrong with a row group, or why it cannot be read.
type Errors = Result<Vec<DataError>, ReadError>;

/// Reads the rows of a file.
pub(crate) fn scan(
    reading: &Reading<'_>,
    file: &ParquetFile,
    threads: usize,
    each: &(dyn Fn(Batch) + Sync),
) -> Result<Scanned, ReadError> {
    let groups = file.groups();
    let used = reading.used();
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Errors)>> = Mutex::default();
    let work = || {
        let mut decoder = Decoder::new(reading);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(first) = groups.get(number) else { return };
            let result = group(reading, file, &used, (number, *first), &mut decoder, each);
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
    let mut scanned = Scanned { rows: file.row_count(), ..Scanned::default() };
    for (_, errors) in found {
        scanned.errors.extend(errors?);
    }
    Ok(scanned)
}

fn group(
    reading: &Reading<'_>,
    file: &ParquetFile,
    used: &[usize],
    (number, first): (usize, u32),
    decoder: &mut Decoder<'_>,
    each: &(dyn Fn(Batch) + Sync),
) -> Errors {
    let mut rows = file.group(number, used.iter().copied(), ROWS)?;
    let (mut first, mut all) = (first, Vec::new());
    while let Some(batch) = rows.next()? {
        let count = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
        if count == 0 {
            continue;
        }
        let building = columns(reading, used, &batch, first, decoder);
        let (batch, errors) = building.finish(reading.file, first);
        all.extend(errors);
        each(batch);
        first = first.saturating_add(count);
    }
    Ok(all)
}

fn columns(
    reading: &Reading<'_>,
    used: &[usize],
    batch: &RecordBatch,
    first: u32,
    decoder: &mut Decoder<'_>,
) -> Building {
    let mut building = Building::new(reading.symbols, reading.wanted);
    let mut replay = Replay::new(reading);
    // The cells of a row as texts, one for each column of the file.
    let places: Vec<Option<&ArrayRef>> = (0..reading.names.len())
        .map(|column| used.binary_search(&column).ok().and_then(|at| batch.columns().get(at)))
        .collect();
    let mut texts: Vec<Vec<u8>> = vec![Vec::new(); places.len()];
    for row in 0..batch.num_rows() {
        let mut odd = Vec::new();
        for (column, (place, text)) in places.iter().zip(&mut texts).enumerate() {
            if let Some(array) = place
                && let Rendered::Odd(found) = render(array, row, text)
            {
                odd.push((column, found));
            }
        }
        let line = u64::from(first) + row as u64 + 1;
        let outcome = if odd.is_empty() {
            decoder.read(|column| texts.get(column).map_or(&[][..], Vec::as_slice), &mut building)
        } else {
            Outcome::Bad
        };
        if outcome == Outcome::Bad {
            let cells = replay.blank_row();
            texts.iter().for_each(|text| cells.push_field(text));
            replay.replay(odd, line, &mut building);
        } else {
            building.end_row(line);
        }
    }
    replay.finish(&mut building);
    building
}
