//! Parquet files, row by row: each cell becomes the text that stands for it, so that every rule about cells is the one of
//! CSV files. Places are numbers of rows, from 1.

use std::collections::BTreeSet;

use arrow_array::{Array as _, RecordBatch};
use csv::ByteRecord;

use super::bytes::DataFile;
use super::columns::Columns;
use super::parquet_cell::{Rendered, render};
use super::parquet_file::{ParquetFile, ParquetRows, wrong_count};
use super::table_rows::{Next, Odd, RowSource, read_columns};
use super::{DataSet, Dataset, ReadError};
use crate::plan::Symbols;
use crate::value::RecordId;

/// Rows that are decoded at a time.
const BATCH: usize = 4096;

/// Reads the rows of a record from a file.
pub(super) fn read(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    file: &DataFile,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let Some(record) = symbols.record(id) else { return Ok(()) };
    let input = ParquetFile::open(file)?;
    let columns = Columns::find(symbols, record, set, &input.header, &input.kinds)
        .map_err(|error| ReadError { file: Some(file.shown.clone()), line: None, ..error })?;
    let used: BTreeSet<usize> = columns.fields.iter().flat_map(|field| field.columns()).collect();
    let mut rows = Rows {
        rows: input.rows(used.iter().copied(), BATCH)?,
        places: (0..input.header.len()).map(|column| used.iter().position(|used| *used == column)).collect(),
        batch: None,
        at: 0,
        number: 0,
        said: input.row_count(),
        shown: file.shown.clone(),
        text: Vec::new(),
    };
    read_columns(symbols, set, id, &input.header, &columns, &mut rows, &file.shown, dataset)
}

struct Rows {
    rows: ParquetRows,
    /// For each column of the file, its position in the batches.
    places: Vec<Option<usize>>,
    batch: Option<RecordBatch>,
    at: usize,
    number: u64,
    /// How many rows the file says that it has.
    said: u32,
    shown: String,
    text: Vec<u8>,
}

impl RowSource for Rows {
    fn next(&mut self, row: &mut ByteRecord, odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError> {
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
            self.at = 0;
            self.batch = self.rows.next()?;
            if self.batch.is_none() {
                if self.number != u64::from(self.said) {
                    let found = i64::try_from(self.number).ok();
                    return Err(wrong_count(i64::from(self.said), found, &self.shown));
                }
                return Ok(Next::End);
            }
        }
        row.clear();
        self.number += 1;
        for (column, place) in self.places.iter().enumerate() {
            let array = place.zip(self.batch.as_ref()).and_then(|(place, batch)| batch.columns().get(place));
            self.text.clear();
            if let Some(array) = array.filter(|array| !array.is_empty())
                && let Rendered::Odd(what) = render(array, self.at, &mut self.text)
            {
                odd.push((column, what));
            }
            row.push_field(&self.text);
        }
        self.at += 1;
        Ok(Next::Row(self.number))
    }

    fn has_lines(&self) -> bool {
        false
    }
}
