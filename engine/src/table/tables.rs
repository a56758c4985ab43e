//! A data set whose records are read as columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;

use super::batch::{Batch, Wanted};
use super::chunks::FileDigest;
use super::chunks::PIECE;
use super::csv_scan::{self, Layout};
use super::decode::{Building, Reading, narrowed};
use super::key::KeyCode;
use super::parquet_scan;
use super::size;
use super::unread::Condition;
use crate::data::bytes::DataFile;
use crate::data::column_kind::ColumnKind;
use crate::data::columns::Columns;
use crate::data::csv_reader::{self, CsvFile};
use crate::data::parquet_file::{ParquetFile, kind};
use crate::data::source::{check_mapping, check_source, find_files};
use crate::data::table_rows::{absent_texts, shared_names, without_value};
use crate::data::{DataError, DataSet, DataSource, Dataset, Format, ReadError, Severity, read};
use crate::plan::{Record, Symbols};
use crate::value::{RecordId, Value};

/// A data set, open to be read.
pub struct Tables<'a> {
    symbols: &'a Symbols,
    source: &'a DataSource,
    threads: usize,
    /// Bytes of a text file that are read at a time.
    pub(super) piece: usize,
    held: Held,
    files: Vec<String>,
    remarks: Vec<DataError>,
    keys: HashMap<RecordId, KeyCode>,
    conditions: BTreeMap<RecordId, Condition>,
    passed: Mutex<BTreeMap<RecordId, PassedOver>>,
    /// By the positions of files, where they are taken.
    digests: Option<Mutex<BTreeMap<u32, FileDigest>>>,
}

/// How much of a record's file was not read, because its footer proved that nobody would look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassedOver {
    /// Row groups of which columns were passed over.
    pub groups: u32,
    /// How many row groups it has.
    pub of: u32,
}

enum Held {
    /// A file for each record, which is read when it is asked for.
    Files(HashMap<RecordId, (u32, DataFile)>),
    /// What is only read row by row.
    Rows(Box<Dataset>),
    /// What a program has in memory.
    Batches(HashMap<RecordId, (u32, Vec<RecordBatch>)>),
}

/// What was read of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// How many rows it has.
    pub rows: u32,
    /// What was wrong with the file and with the cells that were wanted, in the order of lines. That rows share a key, or
    /// name no row, is not among it.
    pub errors: Vec<DataError>,
}

/// What the rows of a file came to.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) rows: u32,
    pub(crate) blank: u64,
    pub(crate) errors: Vec<DataError>,
    /// Row groups of which columns were passed over, and how many there are.
    pub(crate) passed: (u32, u32),
    /// Of the file, where it was taken.
    pub(crate) digest: Option<FileDigest>,
}

/// Rows that are handed on at a time, of what is already in memory.
const ROWS: u32 = 16_384;

/// Errors that say something of a whole column, so that one of them is enough.
const OF_COLUMN: [&str; 3] = ["percent-not-declared", "ambiguous-school-year", "damaged-field"];

impl<'a> Tables<'a> {
    /// Finds the files of a data set. `threads`: how many read one file, at least one; nothing else depends on it.
    ///
    /// # Errors
    /// What keeps the data set from being read at all. Of the files themselves, that is said when they are read.
    pub fn open(symbols: &'a Symbols, source: &'a DataSource, threads: usize) -> Result<Self, ReadError> {
        let keys = (0_u32..).zip(&symbols.records).filter_map(|(position, _)| {
            KeyCode::of(symbols, RecordId(position)).map(|code| (RecordId(position), code))
        });
        let mut tables = Self {
            symbols,
            source,
            threads: threads.max(1),
            piece: PIECE,
            held: Held::Files(HashMap::new()),
            files: Vec::new(),
            remarks: Vec::new(),
            keys: keys.collect(),
            conditions: BTreeMap::new(),
            passed: Mutex::default(),
            digests: None,
        };
        if !matches!(source.set.format, Format::Csv | Format::Parquet) {
            let mut dataset = read(symbols, source)?;
            tables.files.clone_from(&dataset.files);
            let of_set = |error: &DataError| {
                error.record.is_some() && matches!(error.code, "duplicate-key" | "dangling-key")
            };
            dataset.errors.retain(|error| !of_set(error));
            tables.remarks = dataset.errors.iter().filter(|error| error.record.is_none()).cloned().collect();
            tables.held = Held::Rows(Box::new(dataset));
            return Ok(tables);
        }
        let is_folder = check_source(symbols, source)?;
        let files = find_files(symbols, source, is_folder)?;
        tables.remarks = files.remarks();
        let shown = files.read.iter().map(|(_, file)| file).chain(&files.left);
        tables.files = shown.map(|file| file.shown.clone()).collect();
        let read = (0_u32..).zip(files.read).map(|(number, (record, file))| (record, (number, file)));
        tables.held = Held::Files(read.collect());
        Ok(tables)
    }

    /// Records that are in memory row by row.
    #[must_use]
    pub fn of_rows(symbols: &'a Symbols, source: &'a DataSource, dataset: Dataset) -> Self {
        let keys = (0_u32..).zip(&symbols.records).filter_map(|(position, _)| {
            KeyCode::of(symbols, RecordId(position)).map(|code| (RecordId(position), code))
        });
        Self {
            symbols,
            source,
            threads: 1,
            files: dataset.files.clone(),
            remarks: dataset.errors.iter().filter(|error| error.record.is_none()).cloned().collect(),
            held: Held::Rows(Box::new(dataset)),
            piece: PIECE,
            keys: keys.collect(),
            conditions: BTreeMap::new(),
            passed: Mutex::default(),
            digests: None,
        }
    }

    /// Records that a program has in memory, as batches of Arrow columns: of each record its batches, which have one schema.
    /// Columns are found by their names, as those of files are; `source` says how they are written where that is not the
    /// default. A record that is not among them was not supplied.
    ///
    /// # Errors
    /// A mapping of what no policy declares.
    pub fn of_batches(
        symbols: &'a Symbols,
        source: &'a DataSource,
        batches: Vec<(RecordId, Vec<RecordBatch>)>,
    ) -> Result<Self, ReadError> {
        check_mapping(symbols, &source.set)?;
        let keys = (0_u32..).zip(&symbols.records).filter_map(|(position, _)| {
            KeyCode::of(symbols, RecordId(position)).map(|code| (RecordId(position), code))
        });
        let names = batches.iter().map(|(record, _)| {
            symbols.record(*record).map_or_else(String::new, |record| record.name.clone())
        });
        let files = names.collect();
        let held = (0_u32..).zip(batches).map(|(number, (record, batches))| (record, (number, batches)));
        Ok(Self {
            symbols,
            source,
            threads: 1,
            held: Held::Batches(held.collect()),
            piece: PIECE,
            files,
            remarks: Vec::new(),
            keys: keys.collect(),
            conditions: BTreeMap::new(),
            passed: Mutex::default(),
            digests: None,
        })
    }

    /// Says of records which condition a row has to meet before anything but its keys is looked at, as
    /// [`crate::columns::conditions`] finds them. Where the footer of a Parquet file proves that no row of a row group does,
    /// columns whose cells are surely good are passed over there: other cells stand in their place. Rows, keys and what is
    /// said of them are as ever.
    #[must_use]
    pub fn only_where(self, conditions: BTreeMap<RecordId, Condition>) -> Self {
        Self { conditions, ..self }
    }

    /// The records of which something was passed over so far.
    #[must_use]
    pub fn passed_over(&self) -> BTreeMap<RecordId, PassedOver> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the digests of files be taken while they are read, where all of a file is read as it is.
    #[must_use]
    pub fn digested(self) -> Self {
        Self { digests: Some(Mutex::default()), ..self }
    }

    /// The digests that were taken so far, by the positions of their files in [`Self::files`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<u32, FileDigest> {
        let digests =
            self.digests.as_ref().map(|digests| digests.lock().unwrap_or_else(PoisonError::into_inner));
        digests.map(|digests| digests.clone()).unwrap_or_default()
    }

    /// How many threads read a file.
    pub(crate) const fn threads(&self) -> usize {
        self.threads
    }

    /// Whether records are read from files as they are asked for.
    pub(crate) const fn are_files(&self) -> bool {
        matches!(self.held, Held::Files(_))
    }

    /// About how many rows a record has; 0 where no data was supplied.
    pub(crate) fn estimated_rows(&self, record: RecordId) -> u64 {
        match &self.held {
            Held::Files(files) => {
                let is_parquet = self.source.set.format == Format::Parquet;
                files.get(&record).map_or(0, |(_, file)| size::rows(file, is_parquet))
            }
            Held::Rows(dataset) => dataset.table(record).map_or(0, |table| u64::from(table.len())),
            Held::Batches(batches) => batches
                .get(&record)
                .map_or(0, |(_, batches)| batches.iter().map(|batch| batch.num_rows() as u64).sum()),
        }
    }

    /// The files, which [`Batch::file`] and [`DataError::file`] point into.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// What is to be said of the data set as a whole.
    #[must_use]
    pub fn remarks(&self) -> &[DataError] {
        &self.remarks
    }

    /// The values of a key, from its bytes in a batch; references in it are unresolved.
    #[must_use]
    pub fn key(&self, record: RecordId, bytes: &[u8]) -> Option<Arc<[Value]>> {
        self.keys.get(&record)?.key(bytes)
    }

    /// The bytes of a key, from its values.
    #[must_use]
    pub fn key_bytes(&self, record: RecordId, key: &[Value]) -> Option<Vec<u8>> {
        self.keys.get(&record)?.bytes(key)
    }

    /// Reads the rows of a record and hands them to `each`, in batches that come in any order and from several threads at a time.
    /// `None` where no data was supplied for the record.
    ///
    /// # Errors
    /// What keeps its file from being read; rows that came before it have been handed on by then.
    pub fn scan(&self, wanted: &Wanted, each: &(dyn Fn(Batch) + Sync)) -> Result<Option<Scan>, ReadError> {
        let Some(record) = self.symbols.record(wanted.record) else { return Ok(None) };
        let (number, file) = match &self.held {
            Held::Rows(dataset) => return Ok(self.scan_rows(dataset, wanted, each)),
            Held::Batches(batches) => return self.scan_batches(batches, record, wanted, each),
            Held::Files(files) => match files.get(&wanted.record) {
                Some((number, file)) => (*number, file),
                None => return Ok(None),
            },
        };
        let set = &self.source.set;
        let is_parquet = set.format == Format::Parquet;
        let mut parquet = None;
        let mut layout = None;
        let header = if is_parquet {
            let file = ParquetFile::open(file)?.with_dictionaries();
            let header = file.header.clone();
            parquet = Some(file);
            header
        } else {
            let delimiter = csv_reader::delimiter(self.symbols, set, wanted.record, file);
            let (open, header) = CsvFile::open(file.open()?, delimiter, &file.shown)?;
            let (start, width) = (open.position(), header.len());
            let digested = self.digests.is_some() && !self.digests().contains_key(&number);
            layout = Some(Layout { start, delimiter, width, piece: self.piece, digested });
            header
        };
        let kinds = parquet.as_ref().map_or(&[][..], |file| &file.kinds);
        let found = Columns::find(self.symbols, record, set, &header, kinds).map_err(|error| {
            let line = error.line.filter(|_| !is_parquet);
            ReadError { file: Some(file.shown.clone()), line, ..error }
        })?;
        let reading = self.reading(set, record, wanted, found, &header, number);
        let scanned = match (&parquet, &layout) {
            (Some(file), _) => {
                let condition = self.conditions.get(&wanted.record);
                parquet_scan::scan(&reading, file, condition, self.threads, each)?
            }
            (None, Some(layout)) => csv_scan::scan(&reading, layout, file, self.threads, each)?,
            (None, None) => Scanned::default(),
        };
        let rows = scanned.rows;
        if let (groups @ 1.., of) = scanned.passed {
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.insert(wanted.record, PassedOver { groups, of });
        }
        if let (Some(digests), Some(digest)) = (&self.digests, scanned.digest) {
            digests.lock().unwrap_or_else(PoisonError::into_inner).insert(number, digest);
        }
        Ok(Some(Scan { rows, errors: errors(&reading, scanned, !is_parquet) }))
    }

    fn reading<'r>(
        &'r self,
        set: &'r DataSet,
        record: &'r Record,
        wanted: &'r Wanted,
        found: Columns,
        header: &[String],
        file: u32,
    ) -> Reading<'r> {
        Reading {
            symbols: self.symbols,
            set,
            record,
            id: wanted.record,
            columns: narrowed(found, record, wanted),
            names: shared_names(header),
            absent: absent_texts(set, record),
            wanted,
            file,
        }
    }

    fn scan_batches(
        &self,
        held: &HashMap<RecordId, (u32, Vec<RecordBatch>)>,
        record: &Record,
        wanted: &Wanted,
        each: &(dyn Fn(Batch) + Sync),
    ) -> Result<Option<Scan>, ReadError> {
        let Some((number, batches)) = held.get(&wanted.record) else { return Ok(None) };
        let schema = batches.first().map(RecordBatch::schema);
        let fields = schema.as_ref().map_or(&[][..], |schema| schema.fields().as_ref());
        let header: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let kinds: Vec<ColumnKind> = fields.iter().map(|field| kind(field.data_type(), false)).collect();
        let set = &self.source.set;
        let found = Columns::find(self.symbols, record, set, &header, &kinds).map_err(|error| ReadError {
            file: Some(record.name.clone()),
            line: None,
            ..error
        })?;
        let reading = self.reading(set, record, wanted, found, &header, *number);
        let other = batches.iter().find(|batch| Some(batch.schema()) != schema);
        if other.is_some() {
            return Err(ReadError::new("its batches do not have one schema").file(&record.name));
        }
        let scanned = parquet_scan::batches(&reading, batches, each);
        let rows = scanned.rows;
        Ok(Some(Scan { rows, errors: errors(&reading, scanned, false) }))
    }

    fn scan_rows(&self, dataset: &Dataset, wanted: &Wanted, each: &(dyn Fn(Batch) + Sync)) -> Option<Scan> {
        let table = dataset.table(wanted.record)?;
        let keys = self.symbols.record(wanted.record).map_or(0, |record| record.keys);
        let mut first = 0;
        while first < table.len() {
            let file = table.origin(first).file;
            let mut building = Building::new(self.symbols, wanted);
            let mut next = first;
            while next < table.len() && next - first < ROWS && table.origin(next).file == file {
                let cell = |field: u32| table.cell(next, field);
                building.push(cell, keys, table.origin(next).line);
                next += 1;
            }
            let (batch, _) = building.finish(file, first);
            each(batch);
            first = next;
        }
        let of_record = |error: &&DataError| {
            let is_wanted = |field| wanted.fields.contains(&field) || (wanted.key && (field as usize) < keys);
            error.record == Some(wanted.record) && (error.row.is_none() || error.field.is_none_or(is_wanted))
        };
        Some(Scan { rows: table.len(), errors: dataset.errors.iter().filter(of_record).cloned().collect() })
    }
}

/// Everything that is said of a file, in the order of lines.
fn errors(reading: &Reading<'_>, scanned: Scanned, has_lines: bool) -> Vec<DataError> {
    let about = |code, severity, field, line, message| DataError {
        code,
        severity,
        record: Some(reading.id),
        row: None,
        field,
        file: Some(reading.file),
        line,
        column: None,
        message,
    };
    let findings = reading.columns.findings.iter().map(|finding| {
        let line = has_lines.then_some(1);
        about(finding.code, finding.severity, finding.field, line, finding.message.clone())
    });
    let mut errors: Vec<DataError> = findings.collect();
    let mut said: Vec<(Option<Arc<str>>, &'static str)> = Vec::new();
    errors.extend(scanned.errors.into_iter().filter(|error| {
        let key = (error.column.clone(), error.code);
        let again = OF_COLUMN.contains(&error.code) && said.contains(&key);
        if OF_COLUMN.contains(&error.code) && !again {
            said.push(key);
        }
        !again
    }));
    if scanned.blank > 0 {
        let message = without_value(scanned.blank);
        errors.push(about("blank-rows", Severity::Information, None, None, message));
    }
    errors.sort_by_key(|error| error.line);
    errors
}
