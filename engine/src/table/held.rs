//! Columns of a row group that are held as a whole, and the cells of some rows wherever they are.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array};

use super::arrays::are_dense;
use super::batch::{SharedTexts, Texts};
use super::decode::Decoder;
use crate::data::parquet_codes::CodedChunk;
use crate::data::parquet_file::ParquetFile;
use crate::data::parquet_texts::{self, TextChunk, array};

/// A column of a row group.
pub(super) enum Held {
    /// Few cells that rows share.
    Codes(CodedChunk),
    /// Texts that name rows of another record: each of them is looked for once, not each time that a row has it.
    Keys(KeyChunk),
}

/// Texts that stand for keys, and which of them each row has.
pub(super) struct KeyChunk {
    /// The texts, where each of them is plainly a key.
    pub(super) shared: Arc<SharedTexts>,
    pub(super) are_plain: bool,
    which: Vec<i32>,
    array: OnceLock<Option<ArrayRef>>,
}

impl KeyChunk {
    fn of(chunk: TextChunk) -> Self {
        let texts = Texts { bytes: chunk.texts.bytes, ends: chunk.texts.ends };
        let starts = std::iter::once(&0).chain(&texts.ends);
        let are_plain = are_dense(&texts.bytes, starts.zip(&texts.ends));
        let shared = Arc::new(SharedTexts { texts, ..SharedTexts::default() });
        Self { shared, are_plain, which: chunk.which, array: OnceLock::new() }
    }

    /// The memory that it takes, for another one.
    fn into_memory(self) -> Option<TextChunk> {
        let Texts { bytes, ends } = Arc::try_unwrap(self.shared).ok()?.texts;
        Some(TextChunk { texts: parquet_texts::Texts { bytes, ends }, which: self.which })
    }

    /// The texts of some rows, where each row has its own.
    pub(super) fn own(&self, rows: Range<usize>) -> Option<(&[u8], impl Iterator<Item = u32>)> {
        let Texts { bytes, ends } = &self.shared.texts;
        let start = rows.start.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
        let ends = ends.get(rows)?;
        let bytes = bytes.get(start as usize..ends.last().copied().unwrap_or(start) as usize)?;
        Some((bytes, ends.iter().map(move |end| end.wrapping_sub(start))))
    }

    /// Which of the texts some rows have.
    pub(super) fn which(&self, rows: Range<usize>) -> Option<&[i32]> {
        self.which.get(rows)
    }

    /// The texts of some rows.
    fn array(&self, rows: Range<usize>) -> Option<ArrayRef> {
        let texts = &self.shared.texts;
        let texts = self.array.get_or_init(|| Some(Arc::new(array(&texts.bytes, &texts.ends)?))).as_ref()?;
        let which = Int32Array::from(self.which(rows)?.to_vec());
        let array = DictionaryArray::<Int32Type>::try_new(which, Arc::clone(texts)).ok()?;
        Some(Arc::new(array))
    }
}

/// The columns of a row group that can be held as a whole; the others are read batch by batch.
pub(super) fn held(
    file: &ParquetFile,
    used: &[usize],
    (group, rows): (usize, u32),
    decoder: &mut Decoder<'_>,
) -> Vec<(usize, Held)> {
    if rows == 0 {
        return Vec::new();
    }
    let (named_by, own, own_texts) = (decoder.named_by(), decoder.own_key(), decoder.own_texts());
    let mut hold = |column: usize| {
        let mut texts = || file.texts(group, column, decoder.memory.pop().unwrap_or_default());
        if own_texts == Some(column) {
            let chunk = texts().filter(TextChunk::is_own).map(KeyChunk::of);
            return chunk.filter(|chunk| chunk.are_plain).map(Held::Keys);
        }
        if own.contains(&column) {
            return None;
        }
        if named_by.contains(&column) {
            return texts().map(|texts| Held::Keys(KeyChunk::of(texts)));
        }
        file.codes(group, column).map(Held::Codes)
    };
    used.iter().filter_map(|column| Some((*column, hold(*column)?))).collect()
}

/// Lets the columns of the next row group have the memory of these.
pub(super) fn let_go(held: Vec<(usize, Held)>, decoder: &mut Decoder<'_>) {
    let memory = held.into_iter().filter_map(|(_, held)| match held {
        Held::Keys(chunk) => chunk.into_memory(),
        Held::Codes(_) => None,
    });
    decoder.memory.extend(memory);
}

/// Where the cells of some rows are.
pub(super) enum Cells<'h> {
    Array(ArrayRef),
    Held(&'h Held, Range<usize>),
}

impl Cells<'_> {
    /// The same as an array.
    pub(super) fn array(&self) -> Option<ArrayRef> {
        match self {
            Self::Array(array) => Some(Arc::clone(array)),
            Self::Held(Held::Codes(chunk), rows) => chunk.rows(rows.clone()),
            Self::Held(Held::Keys(chunk), rows) => chunk.array(rows.clone()),
        }
    }
}
