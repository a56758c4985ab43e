//! A column of texts of a row group, straight from its pages: each text that a dictionary holds, and each that stands for
//! itself, once, and for each row which it is.
//!
//! Only what writers commonly write is read so: texts without nulls, one a row, in dictionaries or plain. Of anything else,
//! damage too, nothing is said here: it is for whoever reads the column in the ordinary way to say.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader as _};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

/// Rows and bytes that a column may have to be held as a whole.
const MOST_ROWS: usize = 1 << 20;
const MOST_BYTES: i64 = 64 << 20;

/// The texts of a column.
pub(crate) struct TextChunk {
    texts: ArrayRef,
    which: Int32Array,
}

impl TextChunk {
    /// Those of some rows; the texts are shared with all others.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Option<ArrayRef> {
        if rows.end > self.which.len() {
            return None;
        }
        let which = self.which.slice(rows.start, rows.len());
        let array = DictionaryArray::<Int32Type>::try_new(which, Arc::clone(&self.texts)).ok()?;
        Some(Arc::new(array))
    }

    /// Reads a column; `None` where it has to be read in the ordinary way.
    pub(crate) fn read(file: File, chunk: &ColumnChunkMetaData, rows: usize) -> Option<Self> {
        let column = chunk.column_descr();
        let is_plain = |encoding: Encoding| {
            matches!(
                encoding,
                Encoding::PLAIN | Encoding::RLE | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY
            )
        };
        let has_nulls = chunk
            .statistics()
            .and_then(|statistics| statistics.null_count_opt())
            .is_some_and(|nulls| nulls > 0);
        if column.physical_type() != Physical::BYTE_ARRAY
            || column.max_rep_level() > 0
            || column.max_def_level() > 1
            || has_nulls
            || rows > MOST_ROWS
            || chunk.uncompressed_size() > MOST_BYTES
            || !chunk.encodings().all(is_plain)
        {
            return None;
        }
        let mut pages = SerializedPageReader::new(Arc::new(file), chunk, rows, None).ok()?;
        let mut found = Found {
            is_optional: column.max_def_level() > 0,
            texts: Texts { bytes: Vec::new(), ends: vec![0] },
            dictionary: 0,
            which: Vec::with_capacity(rows),
        };
        while let Some(page) = pages.get_next_page().ok()? {
            found.page(&page)?;
            if found.which.len() > rows {
                return None;
            }
        }
        if found.which.len() != rows {
            return None;
        }
        let ends = OffsetBuffer::new(ScalarBuffer::from(found.texts.ends));
        let texts = StringArray::try_new(ends, Buffer::from_vec(found.texts.bytes), None).ok()?;
        Some(Self { texts: Arc::new(texts), which: Int32Array::from(found.which) })
    }
}

/// Texts one after the other, and where each ends, with a zero before them.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Texts {
    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Adds so many texts, each after its length.
    fn plain(&mut self, mut from: &[u8], count: usize) -> Option<()> {
        self.ends.reserve(count);
        for _ in 0..count {
            let (length, rest) = from.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (text, rest) = rest.split_at_checked(length)?;
            match text.first_chunk::<8>() {
                // Keys often are so long, and are then copied at once.
                Some(eight) if length == 8 => self.bytes.extend_from_slice(eight),
                _ => self.bytes.extend_from_slice(text),
            }
            self.ends.push(i32::try_from(self.bytes.len()).ok()?);
            from = rest;
        }
        Some(())
    }
}

/// What the pages so far hold.
struct Found {
    /// Whether pages say of each row if it has a text.
    is_optional: bool,
    texts: Texts,
    /// How many of the texts are those of the dictionary, which come first.
    dictionary: usize,
    which: Vec<i32>,
}

impl Found {
    fn page(&mut self, page: &Page) -> Option<()> {
        let bytes: &[u8] = page.buffer();
        let count = usize::try_from(page.num_values()).ok()?;
        match page {
            Page::DictionaryPage { .. } => {
                if self.texts.len() > 0 || !self.which.is_empty() {
                    return None;
                }
                self.texts.plain(bytes, count)?;
                self.dictionary = count;
                Some(())
            }
            Page::DataPage { encoding, def_level_encoding, .. } => {
                let mut values = bytes;
                if self.is_optional {
                    let (length, rest) = bytes.split_first_chunk::<4>()?;
                    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                    let (levels, rest) = rest.split_at_checked(length)?;
                    (*def_level_encoding == Encoding::RLE && are_all_there(levels, count)).then_some(())?;
                    values = rest;
                }
                self.values(*encoding, values, count)
            }
            Page::DataPageV2 {
                encoding, num_nulls: 0, def_levels_byte_len, rep_levels_byte_len: 0, ..
            } => {
                let levels = usize::try_from(*def_levels_byte_len).ok()?;
                self.values(*encoding, bytes.get(levels..)?, count)
            }
            Page::DataPageV2 { .. } => None,
        }
    }

    fn values(&mut self, encoding: Encoding, bytes: &[u8], count: usize) -> Option<()> {
        match encoding {
            Encoding::PLAIN => {
                let first = i32::try_from(self.texts.len()).ok()?;
                self.texts.plain(bytes, count)?;
                self.which.extend(first..first.checked_add(i32::try_from(count).ok()?)?);
                Some(())
            }
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                let (width, runs) = bytes.split_first()?;
                let before = self.which.len();
                numbers(runs, u32::from(*width), count, &mut self.which)?;
                let these = self.which.get(before..)?;
                // All are looked at, so that many are looked at together.
                let most = these.iter().fold(0, |most, number| most.max(number.cast_unsigned()));
                (these.is_empty() || (most as usize) < self.dictionary).then_some(())
            }
            _ => None,
        }
    }
}

/// A number of seven bits a byte, the least first.
fn header(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut all = 0_usize;
    for (shift, (at, byte)) in (0_u32..).step_by(7).zip(bytes.iter().enumerate().take(5)) {
        all |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some((all, bytes.get(at + 1..)?));
        }
    }
    None
}

/// Whether runs of one say of so many rows that they have a value.
fn are_all_there(mut levels: &[u8], count: usize) -> bool {
    let mut told = 0;
    while told < count {
        let Some((run, rest)) = header(levels) else { return false };
        match rest.split_first() {
            Some((1, rest)) if run & 1 == 0 && run > 0 => {
                told += run >> 1;
                levels = rest;
            }
            _ => return false,
        }
    }
    true
}

/// Numbers of so many bits, in runs of equal ones and in groups of eight.
fn numbers(mut bytes: &[u8], width: u32, count: usize, all: &mut Vec<i32>) -> Option<()> {
    if width > 31 {
        return None;
    }
    let end = all.len() + count;
    while all.len() < end {
        let (run, rest) = header(bytes)?;
        let wanted = end - all.len();
        if run & 1 == 0 {
            let (value, rest) = rest.split_at_checked(width.div_ceil(8) as usize)?;
            let value = value.iter().rev().fold(0_u32, |all, byte| (all << 8) | u32::from(*byte));
            let number = i32::try_from(value).ok()?;
            (run > 1).then_some(())?;
            all.resize(all.len() + wanted.min(run >> 1), number);
            bytes = rest;
        } else {
            let groups = run >> 1;
            let length = groups.checked_mul(width as usize)?;
            // The last group may be cut short where no more numbers follow.
            let (packed, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            unpack(packed, width, wanted.min(groups.checked_mul(8)?), all)?;
            (groups > 0).then_some(())?;
            bytes = rest;
        }
    }
    Some(())
}

/// Adds so many numbers that lie one after the other.
fn unpack(packed: &[u8], width: u32, count: usize, all: &mut Vec<i32>) -> Option<()> {
    let bits = width as usize;
    if packed.len() < (count * bits).div_ceil(8) {
        return None;
    }
    let mask = (1_u64 << width) - 1;
    let number = |eight: u64, bit: usize| i32::try_from((eight >> (bit % 8)) & mask).unwrap_or(i32::MAX);
    // As long as eight bytes can be read at once.
    let at_once = (packed.len().saturating_sub(7) * 8).checked_div(bits);
    let whole = at_once.map_or(count, |at_once| count.min(at_once));
    let first = |at: usize| packed.get(at..).and_then(<[u8]>::first_chunk::<8>);
    all.extend((0..whole).map(|at| {
        let bit = at * bits;
        number(first(bit / 8).map_or(0, |eight| u64::from_le_bytes(*eight)), bit)
    }));
    all.extend((whole..count).map(|at| {
        let bit = at * bits;
        let mut eight = [0; 8];
        let rest = packed.get(bit / 8..).unwrap_or_default();
        eight.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        number(u64::from_le_bytes(eight), bit)
    }));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs numbers as writers do.
    fn packed(numbers: &[i32], width: u32) -> Vec<u8> {
        let mut bytes = vec![0_u8; (numbers.len() * width as usize).div_ceil(8)];
        for (at, number) in numbers.iter().enumerate() {
            for bit in 0..width as usize {
                if (number >> bit) & 1 == 1 {
                    let place = at * width as usize + bit;
                    bytes[place / 8] |= 1 << (place % 8);
                }
            }
        }
        bytes
    }

    #[test]
    fn numbers_of_any_width_are_read_from_runs_and_groups() {
        for width in 1..=31_u32 {
            let most = (1_u64 << width) - 1;
            let number = |at: u64| i32::try_from((at * 2_654_435_761) & most).unwrap();
            let group: Vec<i32> = (0..24).map(number).collect();
            let mut bytes = vec![(3 << 1) | 1];
            bytes.extend(packed(&group, width));
            bytes.push(5 << 1);
            bytes.extend(&number(7).to_le_bytes()[..width.div_ceil(8) as usize]);
            bytes.push((1 << 1) | 1);
            bytes.extend(packed(&group[..8], width));
            let mut expected = group.clone();
            expected.extend([number(7); 5]);
            expected.extend(&group[..8]);
            // Also where the last group is not wanted as a whole.
            for count in [37, 33, 30, 29, 24, 3, 0] {
                let mut all = Vec::new();
                assert!(numbers(&bytes, width, count, &mut all).is_some(), "{width} {count}");
                assert_eq!(all, expected[..count], "{width} {count}");
            }
            assert!(numbers(&bytes, width, 38, &mut Vec::new()).is_none());
            assert!(numbers(&bytes[..bytes.len() - 1], width, 37, &mut Vec::new()).is_none());
        }
        assert!(numbers(&[], 0, 1, &mut Vec::new()).is_none());
        assert!(numbers(&[0, 0], 1, 1, &mut Vec::new()).is_none());
        assert!(numbers(&[1], 1, 1, &mut Vec::new()).is_none());
    }

    #[test]
    fn a_row_without_a_text_is_seen() {
        assert!(are_all_there(&[10 << 1, 1], 10));
        assert!(are_all_there(&[4 << 1, 1, 6 << 1, 1], 10));
        assert!(are_all_there(&[0x80 | 0x10, 0x02, 1], 136));
        for levels in
            [&[9 << 1, 1][..], &[10 << 1, 0], &[4 << 1, 1, 6 << 1, 0], &[3, 0xFF, 0xFF], &[], &[0, 1]]
        {
            assert!(!are_all_there(levels, 10), "{levels:?}");
        }
    }

    #[test]
    fn texts_that_are_cut_short_are_none() {
        let mut texts = Texts { bytes: Vec::new(), ends: vec![0] };
        let bytes = [&2_u32.to_le_bytes()[..], b"ab", &8_u32.to_le_bytes(), b"12345678"].concat();
        assert!(texts.plain(&bytes, 2).is_some());
        assert_eq!((texts.bytes.as_slice(), texts.ends.as_slice()), (&b"ab12345678"[..], &[0, 2, 10][..]));
        assert!(texts.plain(&bytes[..bytes.len() - 1], 2).is_none());
        assert!(texts.plain(&bytes, 3).is_none());
    }
}
