//! A column of texts of a row group, straight from its pages: each text that a dictionary holds, and each that stands for
//! itself, once, and for each row which it is.
//!
//! Only what writers commonly write is read so: texts without nulls, one a row, in dictionaries or plain. Of anything else,
//! damage too, nothing is said here: it is for whoever reads the column in the ordinary way to say.

use std::fs::File;
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader as _};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::parquet_runs::{numbers, parts};

/// Rows and bytes that a column may have to be held as a whole.
pub(super) const MOST_ROWS: usize = 1 << 20;
pub(super) const MOST_BYTES: i64 = 64 << 20;

/// The texts of a column.
#[derive(Default)]
pub(crate) struct TextChunk {
    /// Each text once, or oftener; together they are UTF-8.
    pub(crate) texts: Texts,
    /// Which of them each row has.
    pub(crate) which: Vec<i32>,
}

impl TextChunk {
    /// Whether each row has a text of its own, in their order.
    pub(crate) fn is_own(&self) -> bool {
        let each = (0..).zip(&self.which);
        self.which.len() == self.texts.len() && each.fold(true, |all, (row, which)| all & (row == *which))
    }

    /// Reads a column into the memory of an earlier one; `None` where it has to be read in the ordinary way.
    pub(crate) fn read(self, file: File, chunk: &ColumnChunkMetaData, rows: usize) -> Option<Self> {
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
        let Self { texts: Texts { bytes, ends }, which } = self;
        let bytes = emptied(bytes, usize::try_from(chunk.uncompressed_size()).ok()?);
        let texts = Texts { bytes, ends: emptied(ends, rows) };
        let which = emptied(which, rows);
        let is_optional = column.max_def_level() > 0;
        let mut found = Found { is_optional, texts, dictionary: 0, which };
        while let Some(page) = pages.get_next_page().ok()? {
            found.page(&page)?;
            if found.which.len() > rows {
                return None;
            }
        }
        if found.which.len() != rows {
            return None;
        }
        let is_utf8 = found.texts.bytes.is_ascii() || array(&found.texts.bytes, &found.texts.ends).is_some();
        is_utf8.then_some(Self { texts: found.texts, which: found.which })
    }
}

/// Memory with room for so many, and nothing in it. Where it has to be larger it is other memory, with some to spare for the
/// next row group: to let it grow would take along what nobody reads.
fn emptied<T>(mut memory: Vec<T>, room: usize) -> Vec<T> {
    memory.clear();
    if memory.capacity() < room {
        drop(memory);
        return Vec::with_capacity(room + room / 8);
    }
    memory
}

/// Texts one after the other.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    /// Where each ends.
    pub(crate) ends: Vec<u32>,
}

/// Keys often have so many bytes.
const EIGHT: usize = 8;

impl Texts {
    fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds so many texts, each after its length.
    pub(super) fn plain(&mut self, mut from: &[u8], count: usize) -> Option<()> {
        // A damaged page may say that it has more than fit in it.
        self.ends.reserve(count.min(from.len() / 4));
        if self.eights(from, count).is_some() {
            return Some(());
        }
        for _ in 0..count {
            let (length, rest) = from.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (text, rest) = rest.split_at_checked(length)?;
            self.bytes.extend_from_slice(text);
            self.ends.push(u32::try_from(self.bytes.len()).ok()?);
            from = rest;
        }
        Some(())
    }

    /// The same of texts of eight bytes each; `None`, and nothing is added, where they are not.
    fn eights(&mut self, from: &[u8], count: usize) -> Option<()> {
        let (texts, _) = from.as_chunks::<{ 4 + EIGHT }>();
        let texts = texts.get(..count)?;
        let length =
            |text: &[u8; 4 + EIGHT]| text.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
        // All are looked at, so that many are looked at together.
        let is_even = texts.iter().fold(true, |all, text| all & (length(text) as usize == EIGHT));
        let first = u32::try_from(self.bytes.len()).ok()?;
        let last = count.checked_mul(EIGHT).and_then(|all| u32::try_from(all).ok()?.checked_add(first));
        let last = last.filter(|_| is_even)?;
        self.bytes.reserve(count * EIGHT);
        texts
            .iter()
            .filter_map(|text| text.last_chunk::<EIGHT>())
            .for_each(|text| self.bytes.extend_from_slice(text));
        self.ends.extend((first..last).step_by(EIGHT).map(|start| start.wrapping_add(8)));
        Some(())
    }
}

/// Texts as an array; `None` where they are not UTF-8.
pub(crate) fn array(bytes: &[u8], ends: &[u32]) -> Option<StringArray> {
    let ends = std::iter::once(Some(0)).chain(ends.iter().map(|end| i32::try_from(*end).ok()));
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends.collect::<Option<Vec<i32>>>()?));
    StringArray::try_new(ends, Buffer::from(bytes), None).ok()
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
        let count = usize::try_from(page.num_values()).ok()?;
        if let Page::DictionaryPage { .. } = page {
            if self.texts.len() > 0 || !self.which.is_empty() {
                return None;
            }
            self.texts.plain(page.buffer(), count)?;
            self.dictionary = count;
            return Some(());
        }
        match parts(page, self.is_optional)? {
            (encoding, None, values) => self.values(encoding, values, count),
            (_, Some(_), _) => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_cut_short_are_none() {
        let read = |bytes: &[u8], count| {
            let mut texts = Texts { bytes: b"x".to_vec(), ends: vec![1] };
            texts.plain(bytes, count).map(|()| (String::from_utf8(texts.bytes).unwrap(), texts.ends))
        };
        let (two, eight) = (2_u32.to_le_bytes(), 8_u32.to_le_bytes());
        for (bytes, expected, ends) in [
            ([&two[..], b"ab", &eight, b"12345678"].concat(), "xab12345678", vec![1, 3, 11]),
            ([&eight[..], b"abcdefgh", &eight, b"12345678"].concat(), "xabcdefgh12345678", vec![1, 9, 17]),
        ] {
            assert_eq!(read(&bytes, 2), Some((expected.to_owned(), ends)));
            assert_eq!(read(&bytes[..bytes.len() - 1], 2), None);
            assert_eq!(read(&bytes, 3), None);
        }
    }
}
