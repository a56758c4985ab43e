//! A Parquet file: what its footer says, and its rows in batches.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::{DataType, Fields, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type as Physical};
use parquet::file::metadata::ColumnChunkMetaData;

use super::ReadError;
use super::bytes::{DataFile, Place, check_kind, unreadable};
use super::column_kind::ColumnKind;
use super::parquet_codes::CodedChunk;
use super::parquet_texts::TextChunk;

const MAGIC: [u8; 4] = *b"PAR1";
const ENCRYPTED: [u8; 4] = *b"PARE";
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// The magic at both ends and the length of the footer.
const LEAST: u64 = 12;

/// Bytes for each value below which texts are surely numbers of a dictionary.
const DICTIONARY_BYTES: i64 = 4;

/// An open file.
pub(crate) struct ParquetFile {
    path: PathBuf,
    shown: String,
    pub(super) metadata: ArrowReaderMetadata,
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// What they hold.
    pub(crate) kinds: Vec<ColumnKind>,
}

impl ParquetFile {
    /// Reads the footer.
    pub(crate) fn open(file: &DataFile) -> Result<Self, ReadError> {
        let shown = file.shown.as_str();
        let failed = |error: std::io::Error| unreadable(&error, shown);
        let Place::Disk(path) = &file.place else {
            return Err(ReadError::new("Parquet is not read from an archive").file(shown).help("unpack it"));
        };
        check_kind(path, shown)?;
        let mut input = File::open(path).map_err(failed)?;
        check_ends(&mut input, shown)?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = guarded(|| ArrowReaderMetadata::load(&input, options)).map_err(|why| {
            ReadError::new(format!("its footer is damaged: {why}")).file(shown).help("export it again")
        })?;
        let rows = metadata.metadata().file_metadata().num_rows();
        if u32::try_from(rows).is_err() {
            return Err(ReadError::new(format!("it says that it has {rows} rows"))
                .file(shown)
                .help("one file holds at most 4294967295 rows; export it again, or in parts"));
        }
        let groups = metadata.metadata().row_groups().iter().map(|group| group.num_rows());
        let mut sum = Some(0_i64);
        for count in groups {
            sum = sum.filter(|_| count >= 0).and_then(|sum| sum.checked_add(count));
        }
        if sum != Some(rows) {
            return Err(wrong_count(rows, sum, shown));
        }
        let header = metadata.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
        let kinds = kinds(&metadata);
        Ok(Self { path: path.clone(), shown: shown.to_owned(), metadata, header, kinds })
    }

    /// How many rows it has.
    pub(crate) fn row_count(&self) -> u32 {
        u32::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(u32::MAX)
    }

    /// How it is called in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The number of the first row of each row group, and how many it has.
    pub(crate) fn groups(&self) -> Vec<(u32, u32)> {
        let mut first = 0_u32;
        let groups = self.metadata.metadata().row_groups().iter();
        groups
            .map(|group| {
                let (start, count) = (first, u32::try_from(group.num_rows()).unwrap_or(u32::MAX));
                first = first.saturating_add(count);
                (start, count)
            })
            .collect()
    }

    /// Whether the texts of a column repeat so much that they are better read as a dictionary.
    fn repeats(&self, root: usize) -> bool {
        let schema = self.metadata.parquet_schema();
        let of_column = |position: &usize| schema.get_column_root_idx(*position) == root;
        let Some(position) = (0..schema.num_columns()).find(of_column) else { return false };
        let groups = self.metadata.metadata().row_groups();
        let chunks = groups.iter().filter_map(|group| group.columns().get(position));
        let (mut bytes, mut values, mut all) = (0_i64, 0_i64, true);
        for chunk in chunks {
            bytes = bytes.saturating_add(chunk.uncompressed_size());
            values = values.saturating_add(chunk.num_values());
            all &= chunk.dictionary_page_offset().is_some();
        }
        all && values > 0 && bytes / values < DICTIONARY_BYTES
    }

    /// The same with the texts that repeat in dictionaries.
    pub(crate) fn with_dictionaries(mut self) -> Self {
        let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let schema = self.metadata.schema();
        let fields = schema.fields().iter().enumerate().map(|(root, field)| {
            if *field.data_type() == DataType::Utf8 && self.repeats(root) {
                Arc::new(field.as_ref().clone().with_data_type(dictionary()))
            } else {
                Arc::clone(field)
            }
        });
        let wanted =
            Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), schema.metadata().clone()));
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(wanted);
        // Where that cannot be had, the texts are read as they are.
        if let Ok(metadata) = ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options) {
            self.metadata = metadata;
        }
        self
    }

    /// Its rows, of some columns, in the order of the file.
    pub(crate) fn rows(
        &self,
        columns: impl IntoIterator<Item = usize>,
        batch: usize,
    ) -> Result<ParquetRows, ReadError> {
        self.reader(columns, batch, |builder| builder)
    }

    /// The rows of a row group.
    pub(crate) fn group(
        &self,
        group: usize,
        columns: impl IntoIterator<Item = usize>,
        batch: usize,
    ) -> Result<ParquetRows, ReadError> {
        self.reader(columns, batch, |builder| builder.with_row_groups(vec![group]))
    }

    /// A column of texts of a row group as a whole, in the memory of an earlier one; `None` where it is read with the others.
    pub(crate) fn texts(&self, group: usize, root: usize, memory: TextChunk) -> Option<TextChunk> {
        let is_text = match self.metadata.schema().fields().get(root)?.data_type() {
            DataType::Dictionary(_, values) => **values == DataType::Utf8,
            other => *other == DataType::Utf8,
        };
        is_text.then(|| self.chunk(group, root, |file, chunk, rows| memory.read(file, chunk, rows))).flatten()
    }

    /// A column of cells that repeat of a row group as a whole; `None` where it is read with the others.
    pub(crate) fn codes(&self, group: usize, root: usize) -> Option<CodedChunk> {
        let kind = self.metadata.schema().fields().get(root)?.data_type();
        self.chunk(group, root, |file, chunk, rows| CodedChunk::read(file, chunk, rows, kind))
    }

    /// What is read of a column of a row group, which has so many rows.
    fn chunk<T>(
        &self,
        group: usize,
        root: usize,
        read: impl FnOnce(File, &ColumnChunkMetaData, usize) -> Option<T>,
    ) -> Option<T> {
        let schema = self.metadata.parquet_schema();
        let position = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root)?;
        let group = self.metadata.metadata().row_groups().get(group)?;
        let rows = usize::try_from(group.num_rows()).ok()?;
        let file = File::open(&self.path).ok()?;
        let chunk = group.columns().get(position)?;
        guarded(|| Ok::<_, String>(read(file, chunk, rows))).ok().flatten()
    }

    fn reader(
        &self,
        columns: impl IntoIterator<Item = usize>,
        batch: usize,
        choose: impl FnOnce(ParquetRecordBatchReaderBuilder<File>) -> ParquetRecordBatchReaderBuilder<File>,
    ) -> Result<ParquetRows, ReadError> {
        let columns: Vec<usize> = columns.into_iter().collect();
        self.check_compression(&columns)?;
        // Each reader has its own place in the file.
        let file = File::open(&self.path).map_err(|error| unreadable(&error, &self.shown))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns);
        let builder = choose(builder.with_projection(mask).with_batch_size(batch));
        let reader = guarded(|| builder.build());
        Ok(ParquetRows {
            reader: reader.map_err(|why| damaged(&why, &self.shown))?,
            shown: self.shown.clone(),
        })
    }

    /// Refuses columns that are packed in a way that cannot be unpacked.
    pub(crate) fn check_compression(&self, columns: &[usize]) -> Result<(), ReadError> {
        for group in self.metadata.metadata().row_groups() {
            for (position, chunk) in group.columns().iter().enumerate() {
                let root = self.metadata.parquet_schema().get_column_root_idx(position);
                let name = match chunk.compression() {
                    Compression::BROTLI(_) => "BROTLI",
                    Compression::LZO => "LZO",
                    _ => continue,
                };
                if columns.contains(&root) {
                    let column = self.header.get(root).map_or("", String::as_str);
                    return Err(ReadError::new(format!(
                        "the column `{column}` is compressed by {name}, which is not read"
                    ))
                    .file(&self.shown)
                    .help("export it with ZSTD, SNAPPY, GZIP or LZ4, or without compression"));
                }
            }
        }
        Ok(())
    }
}

/// The rows of a file.
pub(crate) struct ParquetRows {
    reader: ParquetRecordBatchReader,
    shown: String,
}

impl ParquetRows {
    /// The next rows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<arrow_array::RecordBatch>, ReadError> {
        guarded(|| self.reader.next().transpose()).map_err(|why| damaged(&why, &self.shown))
    }
}

/// The result, or why there is none. A damaged file must end in a message, whatever its reader meets in it.
fn guarded<T, E: std::fmt::Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(found) => found.map_err(|error| {
            let text = error.to_string().replace('\n', ", ");
            let prefixes = ["Parquet argument error: ", "Parquet error: ", "EOF: "];
            prefixes
                .iter()
                .fold(text.as_str(), |text, prefix| text.strip_prefix(prefix).unwrap_or(text))
                .to_owned()
        }),
        Err(_) => Err("it holds what no writer writes".to_owned()),
    }
}

/// What to say of a file that has other rows than it says.
pub(crate) fn wrong_count(said: i64, found: Option<i64>, shown: &str) -> ReadError {
    let found = found.map_or_else(|| "another number of them".to_owned(), |found| found.to_string());
    ReadError::new(format!("the file is damaged: it says that it has {said} rows, and holds {found}"))
        .file(shown)
        .help("export it again")
}

fn damaged(why: &str, shown: &str) -> ReadError {
    if why.to_lowercase().contains("utf-8") || why.to_lowercase().contains("utf8") {
        return ReadError::new("a column of text holds what is not UTF-8")
            .file(shown)
            .help("export it in UTF-8");
    }
    ReadError::new(format!("the file is damaged: {why}")).file(shown).help("export it again")
}

/// What is wrong with a file, seen from its first and last bytes.
fn check_ends(input: &mut File, shown: &str) -> Result<(), ReadError> {
    let failed = |error: std::io::Error| unreadable(&error, shown);
    let error = |message: &str, help: &str| Err(ReadError::new(message).file(shown).help(help));
    let length = input.metadata().map_err(failed)?.len();
    if length == 0 {
        return error(
            "the file is empty",
            "a Parquet file without rows still says which columns it has; export it again",
        );
    }
    let mut start = Vec::new();
    input.take(4).read_to_end(&mut start).map_err(failed)?;
    if start.starts_with(&GZIP) {
        return error(
            "the file is compressed by gzip",
            "unpack it: what Parquet holds is compressed already",
        );
    }
    if start == ENCRYPTED {
        return error(
            "the file is encrypted",
            "export it without encryption: there is no key to read it with",
        );
    }
    if start != MAGIC {
        return error("the file is no Parquet file, whatever its name says", "name it after what it is");
    }
    if length < LEAST {
        return cut_short(shown);
    }
    let mut end = Vec::new();
    input.seek(SeekFrom::End(-8)).map_err(failed)?;
    input.take(8).read_to_end(&mut end).map_err(failed)?;
    match end.as_slice() {
        [a, b, c, d, magic @ ..] if magic == MAGIC => {
            let footer = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
            if footer + LEAST > length { cut_short(shown) } else { Ok(()) }
        }
        [.., a, b, c, d] if [*a, *b, *c, *d] == ENCRYPTED => {
            error("the file is encrypted", "export it without encryption: there is no key to read it with")
        }
        _ => cut_short(shown),
    }
}

fn cut_short(shown: &str) -> Result<(), ReadError> {
    Err(ReadError::new("the file ends early, without its footer: something cut it short")
        .file(shown)
        .help("export it again; without the footer none of it can be read"))
}

fn kinds(metadata: &ArrowReaderMetadata) -> Vec<ColumnKind> {
    let schema = metadata.parquet_schema();
    // A legacy kind of moment, which the columns of arrow no longer tell apart.
    let old: Vec<usize> = (0..schema.num_columns())
        .filter(|leaf| schema.column(*leaf).physical_type() == Physical::INT96)
        .map(|leaf| schema.get_column_root_idx(leaf))
        .collect();
    let kind = |(position, field): (usize, &Arc<arrow_schema::Field>)| {
        kind(field.data_type(), old.contains(&position))
    };
    metadata.schema().fields().iter().enumerate().map(kind).collect()
}

/// What a column of that type holds; `old`: moments of a legacy kind.
pub(crate) fn kind(data_type: &DataType, old: bool) -> ColumnKind {
    const FLAT: &str = "export one value a row, in a column of its own";
    const ZONE: &str = "which day a moment is depends on the time zone; export it as DATE";
    const OTHER: &str = "export it as text, or name the right column";
    match data_type {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            ColumnKind::Other("lists", FLAT)
        }
        DataType::Struct(_) | DataType::Map(..) => ColumnKind::Other("objects", FLAT),
        DataType::Timestamp(..) if old => {
            ColumnKind::Other("moments as INT96", "they do not say their time zone; export it as DATE")
        }
        DataType::Timestamp(_, Some(_)) => ColumnKind::Other("moments in UTC", ZONE),
        DataType::Timestamp(_, None) => ColumnKind::Moment,
        DataType::Boolean => ColumnKind::Flag,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => ColumnKind::Whole,
        DataType::Decimal128(..) | DataType::Decimal256(..) => ColumnKind::Decimal,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => ColumnKind::Float,
        DataType::Date32 => ColumnKind::Day,
        DataType::Utf8 | DataType::Binary => ColumnKind::Text,
        DataType::Time32(_) | DataType::Time64(_) => {
            ColumnKind::Other("times of the day", "name the right column, or export it as text")
        }
        DataType::Dictionary(_, values) => kind(values, old),
        _ => ColumnKind::Other("bytes that are no text", OTHER),
    }
}
