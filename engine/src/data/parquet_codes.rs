//! A column of a row group whose cells repeat, straight from its pages: each distinct cell once, and for each row which it is.
//!
//! Only what writers commonly write is read so: values in a dictionary, and flags. Of anything else, damage too, nothing is
//! said here: it is for whoever reads the column in the ordinary way to say.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array,
    Int64Array, UInt32Array,
};
use arrow_schema::DataType;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader as _};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::parquet_runs::{Narrow, numbers, parts};
use super::parquet_texts::{MOST_BYTES, MOST_ROWS, Texts, array};

/// The cells of a column.
pub(crate) struct CodedChunk {
    /// Each distinct cell; the last one is null where some row has none.
    pub(crate) cells: ArrayRef,
    which: Codes,
}

/// Which of some distinct cells each row has: their positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Of at most 256 cells.
    Bytes(Vec<u8>),
    /// Of at most 65536 cells.
    Words(Vec<u16>),
}

impl Codes {
    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bytes(codes) => codes.len(),
            Self::Words(codes) => codes.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which cell a row has.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<usize> {
        match self {
            Self::Bytes(codes) => codes.get(row).copied().map(usize::from),
            Self::Words(codes) => codes.get(row).copied().map(usize::from),
        }
    }
}

impl CodedChunk {
    /// Which cells some rows have.
    pub(crate) fn codes(&self, rows: Range<usize>) -> Option<Codes> {
        Some(match &self.which {
            Codes::Bytes(all) => Codes::Bytes(all.get(rows)?.to_vec()),
            Codes::Words(all) => Codes::Words(all.get(rows)?.to_vec()),
        })
    }

    /// The cells of some rows as an array of that many.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Option<ArrayRef> {
        let which: Vec<u32> = match self.codes(rows)? {
            Codes::Bytes(all) => all.into_iter().map(u32::from).collect(),
            Codes::Words(all) => all.into_iter().map(u32::from).collect(),
        };
        if *self.cells.data_type() == DataType::Utf8 {
            let nulls = self.cells.nulls();
            let at = |at: u32| {
                i32::try_from(at).ok().filter(|_| {
                    nulls.is_none_or(|nulls| usize::try_from(at).is_ok_and(|at| nulls.is_valid(at)))
                })
            };
            let which: Int32Array = which.into_iter().map(at).collect();
            let array = DictionaryArray::<Int32Type>::try_new(which, Arc::clone(&self.cells)).ok()?;
            return Some(Arc::new(array));
        }
        arrow_select::take::take(&self.cells, &UInt32Array::from(which), None).ok()
    }

    /// Reads a column of cells that the reader gives as that type; `None` where it has to be read in the ordinary way.
    pub(crate) fn read(
        file: File,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        as_type: &DataType,
    ) -> Option<Self> {
        let column = chunk.column_descr();
        let is_flag = column.physical_type() == Physical::BOOLEAN;
        let may_be_read = match chunk.page_encoding_stats_mask() {
            // What the pages of rows are written in, where the footer says it.
            Some(mask) => mask.encodings().all(|encoding| {
                let flags = [Encoding::PLAIN, Encoding::RLE];
                let codes = [Encoding::PLAIN_DICTIONARY, Encoding::RLE_DICTIONARY];
                if is_flag { flags.contains(&encoding) } else { codes.contains(&encoding) }
            }),
            None => true,
        };
        if column.max_rep_level() > 0
            || column.max_def_level() > 1
            || rows > MOST_ROWS
            || chunk.uncompressed_size() > MOST_BYTES
            || chunk.dictionary_page_offset().is_some() == is_flag
            || !may_be_read
        {
            return None;
        }
        let mut pages = SerializedPageReader::new(Arc::new(file), chunk, rows, None).ok()?;
        let is_optional = column.max_def_level() > 0;
        if is_flag {
            if *as_type != DataType::Boolean {
                return None;
            }
            let cells = |nulls: bool| {
                let null = nulls.then_some(None);
                BooleanArray::from_iter([Some(false), Some(true)].into_iter().chain(null))
            };
            let found = Found::<u8>::read(&mut pages, is_optional, (2, true), rows)?;
            return Some(Self { cells: Arc::new(cells(found.has_nulls)), which: Codes::Bytes(found.which) });
        }
        let Some(Page::DictionaryPage { buf, num_values, encoding, .. }) = pages.get_next_page().ok()? else {
            return None;
        };
        let count = usize::try_from(num_values).ok()?;
        if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) || count == 0 {
            return None;
        }
        let length = usize::try_from(column.type_length()).unwrap_or(0);
        let cells = values(&buf, count, (column.physical_type(), length), as_type)?;
        // One more stands for null.
        let (which, has_nulls) = if count < usize::from(u8::MAX) {
            let found = Found::<u8>::read(&mut pages, is_optional, (count, false), rows)?;
            (Codes::Bytes(found.which), found.has_nulls)
        } else if count < usize::from(u16::MAX) {
            let found = Found::<u16>::read(&mut pages, is_optional, (count, false), rows)?;
            (Codes::Words(found.which), found.has_nulls)
        } else {
            return None;
        };
        let cells = if has_nulls {
            let last = (0..count).map(|at| u32::try_from(at).ok()).chain([None]);
            arrow_select::take::take(&cells, &last.collect::<UInt32Array>(), None).ok()?
        } else {
            cells
        };
        Some(Self { cells, which })
    }
}

/// The values of a dictionary.
fn values(
    bytes: &[u8],
    count: usize,
    (physical, length): (Physical, usize),
    as_type: &DataType,
) -> Option<ArrayRef> {
    let ints = || {
        let (words, _) = bytes.as_chunks::<4>();
        Some(words.get(..count)?.iter().map(|word| i32::from_le_bytes(*word)).collect::<Vec<i32>>())
    };
    let longs = || {
        let (words, _) = bytes.as_chunks::<8>();
        Some(words.get(..count)?.iter().map(|word| i64::from_le_bytes(*word)).collect::<Vec<i64>>())
    };
    let decimals = |numbers: Vec<i128>| -> Option<ArrayRef> {
        let array = Decimal128Array::from(numbers).with_data_type(as_type.clone());
        Some(Arc::new(array))
    };
    let is_text = match as_type {
        DataType::Utf8 => true,
        DataType::Dictionary(_, of) => **of == DataType::Utf8,
        _ => false,
    };
    Some(match (physical, as_type) {
        (Physical::INT32, DataType::Int32) => Arc::new(Int32Array::from(ints()?)),
        (Physical::INT32, DataType::Date32) => Arc::new(Date32Array::from(ints()?)),
        (Physical::INT64, DataType::Int64) => Arc::new(Int64Array::from(longs()?)),
        (Physical::INT32, DataType::Decimal128(..)) => {
            decimals(ints()?.into_iter().map(i128::from).collect())?
        }
        (Physical::INT64, DataType::Decimal128(..)) => {
            decimals(longs()?.into_iter().map(i128::from).collect())?
        }
        (Physical::FIXED_LEN_BYTE_ARRAY, DataType::Decimal128(..)) if (1..=16).contains(&length) => {
            let words = bytes.get(..count.checked_mul(length)?)?.chunks_exact(length);
            // The highest byte first, and the sign in it.
            let number = |word: &[u8]| {
                let sign = if word.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
                word.iter().fold(sign, |number: i128, byte| (number << 8) | i128::from(*byte))
            };
            decimals(words.map(number).collect())?
        }
        (Physical::BYTE_ARRAY, _) if is_text => {
            let mut texts = Texts::default();
            texts.plain(bytes, count)?;
            Arc::new(array(&texts.bytes, &texts.ends)?)
        }
        _ => return None,
    })
}

/// Which value each row has, as far as the pages are read.
struct Found<T> {
    which: Vec<T>,
    has_nulls: bool,
}

impl<T: Narrow + Ord + TryFrom<usize>> Found<T> {
    /// Reads the pages of all rows; `count`: of so many values, or flags.
    fn read(
        pages: &mut SerializedPageReader<File>,
        is_optional: bool,
        (count, are_flags): (usize, bool),
        rows: usize,
    ) -> Option<Self> {
        let mut found = Self { which: Vec::with_capacity(rows), has_nulls: false };
        let null = T::try_from(count).ok()?;
        while let Some(page) = pages.get_next_page().ok()? {
            found.page(&page, is_optional, null, are_flags)?;
            if found.which.len() > rows {
                return None;
            }
        }
        (found.which.len() == rows).then_some(found)
    }

    fn page(&mut self, page: &Page, is_optional: bool, null: T, are_flags: bool) -> Option<()> {
        let count = usize::try_from(page.num_values()).ok().filter(|count| *count <= MOST_ROWS)?;
        let (encoding, levels, values) = parts(page, is_optional)?;
        let Some(levels) = levels else {
            return self.values(encoding, values, count, null, are_flags);
        };
        let mut is_there = Vec::with_capacity(count);
        numbers::<u8>(levels, 1, count, &mut is_there)?;
        let there = is_there.iter().fold(0, |sum, one| sum + usize::from(*one));
        if there == count {
            return self.values(encoding, values, count, null, are_flags);
        }
        let mut packed = Self { which: Vec::with_capacity(there + 1), has_nulls: false };
        packed.values(encoding, values, there, null, are_flags)?;
        // Nothing to branch on: where a row has no value, the next one is looked at again.
        packed.which.push(null);
        let mut next = 0_usize;
        self.which.extend(is_there.iter().map(|is_there| {
            let code = packed.which.get(next).copied().unwrap_or(null);
            next = next.wrapping_add(usize::from(*is_there));
            if *is_there == 1 { code } else { null }
        }));
        self.has_nulls = true;
        Some(())
    }

    /// Reads so many codes, each below that which stands for null.
    fn values(
        &mut self,
        encoding: Encoding,
        bytes: &[u8],
        count: usize,
        null: T,
        are_flags: bool,
    ) -> Option<()> {
        let before = self.which.len();
        match encoding {
            Encoding::PLAIN if are_flags => {
                T::unpack(bytes, 1, count, &mut self.which)?;
            }
            Encoding::RLE if are_flags => {
                let (length, rest) = bytes.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                numbers(rest.get(..length)?, 1, count, &mut self.which)?;
            }
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if !are_flags => {
                if count == 0 {
                    return Some(());
                }
                let (width, runs) = bytes.split_first()?;
                numbers(runs, u32::from(*width), count, &mut self.which)?;
            }
            _ => return None,
        }
        // All are looked at, so that many are looked at together.
        let are_codes = self.which.get(before..)?.iter().fold(true, |all, code| all & (*code < null));
        are_codes.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use arrow_array::{RecordBatch, StringArray};
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
    use parquet::file::properties::{WriterProperties, WriterVersion};

    use super::*;

    /// Columns of so many rows, of which each has so many distinct cells, and nulls where told.
    fn columns(rows: usize, distinct: usize, with_nulls: bool) -> Vec<ArrayRef> {
        let at = |row: usize| (row * 7919 + row / 13) % distinct;
        let there = |row: usize| !with_nulls || row % 11 != 3;
        let number = |row: usize| there(row).then(|| i32::try_from(at(row)).unwrap() - 5);
        let decimals = |places| {
            let numbers = (0..rows).map(|row| number(row).map(|number| i128::from(number) * 1001));
            let numbers: Decimal128Array = numbers.collect();
            Arc::new(numbers.with_precision_and_scale(places, 2).unwrap()) as ArrayRef
        };
        vec![
            Arc::new((0..rows).map(number).collect::<Int32Array>()),
            Arc::new((0..rows).map(|row| number(row).map(i64::from)).collect::<Int64Array>()),
            Arc::new((0..rows).map(number).collect::<Date32Array>()),
            Arc::new((0..rows).map(|row| number(row).map(|n| n.to_string())).collect::<StringArray>()),
            Arc::new((0..rows).map(|row| number(row).map(|n| n % 3 == 0)).collect::<BooleanArray>()),
            decimals(9),
            decimals(18),
            decimals(30),
        ]
    }

    /// Whether each column that is read by codes holds what the library reads; and how many were.
    fn check(columns: &[ArrayRef], properties: WriterProperties) -> usize {
        let named = columns.iter().enumerate().map(|(at, column)| (at.to_string(), Arc::clone(column), true));
        let batch = RecordBatch::try_from_iter_with_nullable(named).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file.flush().unwrap();
        let metadata = ArrowReaderMetadata::load(&file, Default::default()).unwrap();
        let mut read = 0;
        let groups = metadata.metadata().row_groups();
        for (number, group) in groups.iter().enumerate() {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
                file.try_clone().unwrap(),
                metadata.clone(),
            );
            let rows = usize::try_from(group.num_rows()).unwrap();
            let reader = builder.with_row_groups(vec![number]).with_batch_size(rows.max(1)).build().unwrap();
            let expected = reader.map(Result::unwrap).next();
            for (position, chunk) in group.columns().iter().enumerate() {
                let expected = expected.as_ref().unwrap().column(position);
                let file = file.try_clone().unwrap();
                let Some(found) = CodedChunk::read(file, chunk, rows, expected.data_type()) else { continue };
                read += 1;
                for part in [0..rows, rows / 3..rows / 2, rows..rows] {
                    let mut array = found.rows(part.clone()).unwrap();
                    if let DataType::Dictionary(..) = array.data_type() {
                        let texts = arrow_array::cast::as_dictionary_array::<Int32Type>(&array);
                        let texts = texts.downcast_dict::<StringArray>().unwrap();
                        array = Arc::new(texts.into_iter().collect::<StringArray>());
                    }
                    assert_eq!(
                        &array,
                        &expected.slice(part.start, part.len()),
                        "column {position}, {part:?}"
                    );
                }
                assert!(found.rows(0..rows + 1).is_none());
            }
        }
        read
    }

    #[test]
    fn cells_are_those_that_the_library_reads() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for distinct in [1, 2, 3, 5, 9, 100, 254, 255, 300, 5000] {
                for (with_nulls, rows, of_page, of_group) in [
                    (false, 700, 100, 500),
                    (true, 700, 64, 500),
                    (true, 9000, 20_000, 20_000),
                    (true, 1, 9, 9),
                ] {
                    let properties = WriterProperties::builder()
                        .set_writer_version(version)
                        .set_data_page_row_count_limit(of_page)
                        .set_write_batch_size(of_page)
                        .set_max_row_group_row_count(Some(of_group));
                    let columns = columns(rows, distinct, with_nulls);
                    let read = check(&columns, properties.build());
                    let groups = rows.div_ceil(of_group);
                    assert_eq!(read, groups * columns.len(), "{version:?} {distinct} {with_nulls} {rows}");
                }
            }
        }
    }

    #[test]
    fn what_is_in_no_dictionary_is_left_to_the_library() {
        let columns = columns(500, 20, true);
        let properties = || WriterProperties::builder().set_dictionary_enabled(false);
        // Flags never are in one.
        assert_eq!(check(&columns, properties().build()), 1);
        let short = WriterProperties::builder().set_dictionary_page_size_limit(40).set_write_batch_size(10);
        assert_eq!(check(&columns[..1], short.build()), 0);
    }

    #[test]
    fn a_code_of_no_value_is_seen() {
        let mut found = Found::<u8> { which: Vec::new(), has_nulls: false };
        let page = |code: u8| [8, 3 << 1, code];
        assert!(found.values(Encoding::RLE_DICTIONARY, &page(1), 3, 2, false).is_some());
        assert!(found.values(Encoding::RLE_DICTIONARY, &page(2), 3, 2, false).is_none());
        assert!(found.values(Encoding::PLAIN, &page(1), 3, 2, false).is_none());
    }
}
