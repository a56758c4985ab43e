//! Rows of a text, column by column: many cells of one kind after the other, of which most are plainly good.

use std::marker::PhantomData;
use std::sync::Arc;

use super::batch::{NO_CODE, SharedTexts, UNKNOWN};
use super::build::Builder;
use super::decode::{Building, Decoder, Empty, Field, Leaf, TextRow, put, reference, write_got};
use super::key::day_number;
use super::marks::END;
use super::quick::{self, Meanings, Patience, Words};
use super::recognise::{Got, Recogniser, decimal, iso_day};
use super::words::{NO_WORD, Word};
use crate::data::convert::Plain;
use crate::value::Value;

/// Rows that all have as many cells as the header; no byte of them is 0.
pub(crate) struct Block<'b> {
    pub(crate) bytes: &'b [u8],
    /// Where the cells end, row by row.
    pub(crate) marks: &'b [u32],
    pub(crate) width: usize,
    /// Where the first row begins.
    pub(crate) start: usize,
    /// Whether lines may end in two characters.
    pub(crate) returns: bool,
}

impl<'b> Block<'b> {
    /// How many rows there are.
    pub(crate) const fn len(&self) -> usize {
        self.marks.len() / self.width
    }

    /// Where the cells of a column stand.
    #[inline]
    pub(super) fn spans(&self, column: usize) -> impl Iterator<Item = (usize, usize)> {
        let is_last = self.returns && column + 1 == self.width;
        let mut begin = self.start;
        self.marks.chunks_exact(self.width).map(move |row| {
            let place = |at: usize| row.get(at).map_or(0, |mark| (mark & !END) as usize);
            let mut end = place(column);
            let start = match column.checked_sub(1) {
                Some(before) => place(before) + 1,
                None => std::mem::replace(&mut begin, place(self.width - 1) + 1),
            };
            if is_last && end > start && self.bytes.get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
            (start, end)
        })
    }

    /// One of the rows.
    fn row(&self, at: usize) -> Self {
        let from = at * self.width;
        let before = from.checked_sub(1).map(|before| self.marks.get(before));
        let start = before.map_or(self.start, |mark| mark.map_or(0, |mark| (mark & !END) as usize + 1));
        let marks = self.marks.get(from..from + self.width).unwrap_or_default();
        Self { marks, start, ..*self }
    }

    /// Where the cell of a column stands in one row.
    pub(super) fn span(&self, column: usize, row: usize) -> Option<(usize, usize)> {
        self.row(row).spans(column).next()
    }

    /// Where the cells of a column end, and how long they are, if each is between two marks of its row.
    #[inline]
    pub(super) fn inner(&self, column: usize) -> Option<impl Iterator<Item = (usize, usize)>> {
        let before = column.checked_sub(1)?;
        if self.returns && column + 1 == self.width {
            return None;
        }
        Some(self.marks.chunks_exact(self.width).map(move |row| {
            let marks = row.get(before..).and_then(|marks| marks.first_chunk::<2>());
            let [before, end] = *marks.unwrap_or(&[0, 1]);
            let end = end & !END;
            (end as usize, end.wrapping_sub(before).wrapping_sub(1) as usize)
        }))
    }

    pub(super) fn cell(&self, (start, end): (usize, usize)) -> &'b [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// A cell of at most eight bytes as a number, different for different cells; `None` for others.
    fn word(&self, (start, end): (usize, usize)) -> Option<u64> {
        let length = end - start;
        if length == 0 || length > 8 {
            return None;
        }
        let word = match self.bytes.get(start..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(eight) => u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * length)),
            None => {
                let mut eight = [0; 8];
                eight.iter_mut().zip(self.cell((start, end))).for_each(|(place, byte)| *place = *byte);
                u64::from_le_bytes(eight)
            }
        };
        // A byte of zeros at the end would not tell the cell from a shorter one.
        (word >> (8 * (length - 1)) != 0).then_some(word)
    }

    /// The same of at most sixteen bytes.
    fn long_word(&self, span: (usize, usize)) -> Option<u128> {
        if let Some(word) = self.word(span) {
            return Some(u128::from(word));
        }
        let cell = self.cell(span);
        if cell.len() < 9 || cell.len() > 16 || cell.last() == Some(&0) {
            return None;
        }
        let mut sixteen = [0; 16];
        sixteen.iter_mut().zip(cell).for_each(|(place, byte)| *place = *byte);
        Some(u128::from_le_bytes(sixteen))
    }
}

/// What was met in a column, so that it is read once.
struct Memo {
    /// Cells that stand for one of a few values, and which.
    words: Vec<(u64, u32)>,
    /// Whether rows share keys, once that is told.
    shares: Option<bool>,
    /// Cells that are keys which rows share, and the number of the key.
    keys: Vec<(u128, u32)>,
    shared: usize,
    /// Those of the batch before, which have the same numbers in the next one.
    known: Option<Arc<SharedTexts>>,
    /// How many there were when the batch began.
    begun: usize,
    /// Short ones among them, to be found at once.
    short_keys: Vec<(Word, u32)>,
    /// What is known of cells that are read all at once.
    meanings: Meanings,
    patience: Patience,
}

const WORDS: usize = 256;
const KEYS: usize = 4096;
/// So many of the rows must share a key that it is worth remembering.
const SHARING: usize = 4;
/// Fewer rows say nothing of whether keys are shared.
const LEAST_ROWS: usize = 128;

impl Memo {
    fn new() -> Self {
        Self {
            words: vec![(0, 0); WORDS],
            shares: None,
            keys: Vec::new(),
            shared: 0,
            known: None,
            begun: 0,
            short_keys: Vec::new(),
            meanings: Meanings::new(),
            patience: Patience::default(),
        }
    }

    fn forget_keys(&mut self) {
        self.keys.clear();
        self.keys.resize(KEYS, (0, 0));
        self.short_keys.clear();
        self.short_keys.resize(KEYS, (NO_WORD, NO_CODE));
        self.shared = 0;
        self.known = None;
        self.begun = 0;
    }

    /// The number of a shared key, or where it would stand; `None` where there is no more room.
    fn find_key(&self, word: u128) -> Option<Result<u32, usize>> {
        let mut at = quick::spread(fold(word), KEYS);
        for _ in 0..KEYS {
            match self.keys.get(at)? {
                (0, _) => return (self.shared < KEYS / 2).then_some(Err(at)),
                (known, number) if *known == word => return Some(Ok(*number)),
                _ => at = (at + 1) % KEYS,
            }
        }
        None
    }

    /// Lets the rows of a column that is empty share keys, those of the batch before if all of them are known.
    fn begin(&mut self, builder: &mut Builder) {
        if builder.shares_keys() {
            return;
        }
        let is_full = self.shared >= KEYS / 2;
        if let Some(known) = self.known.take_if(|known| !is_full && known.texts.len() == self.shared) {
            builder.share_known(&known);
            self.known = Some(known);
        } else {
            self.forget_keys();
            builder.share_keys();
        }
        self.begun = self.shared;
    }

    /// Lets the next batch have the keys that rows of this one share, if they do.
    fn end(&mut self, builder: &mut Builder) {
        if self.shares != Some(true) {
            return;
        }
        self.known = builder.shared_keys(self.shared);
        let (rows, new) = (builder.len(), self.shared.saturating_sub(self.begun));
        let has_more = new * SHARING > rows && rows >= LEAST_ROWS;
        if self.shared >= KEYS / 2 && self.begun == 0 || has_more && self.begun > 0 {
            // The first rows had few keys among them, and others do not.
            self.shares = Some(false);
            self.known = None;
        }
    }

    /// Remembers a key where it was looked for, and gives its number again.
    fn add_key(&mut self, at: usize, word: u128, number: u32) -> u32 {
        if let Some(place) = self.keys.get_mut(at) {
            *place = (word, number);
            self.shared += 1;
        }
        number
    }

    /// The number of a shared key, if it is found at once.
    #[inline]
    fn short_key(&self, word: Word) -> Option<u32> {
        let at = quick::spread(word, KEYS);
        [at, at ^ 1].into_iter().find_map(|at| {
            let (known, number) = self.short_keys.get(at)?;
            (*known == word).then_some(*number)
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a hash of both halves")]
const fn fold(word: u128) -> u64 {
    (word as u64) ^ ((word >> 64) as u64).rotate_left(29)
}

/// Reads blocks. It belongs to one thread.
pub(crate) struct Blocks {
    fields: Vec<Memo>,
    key: Memo,
    /// Kept for its memory.
    words: Words,
}

impl Blocks {
    pub(crate) fn new(decoder: &Decoder<'_>) -> Self {
        let fields = decoder.fields.iter().map(|_| Memo::new()).collect();
        Self { fields, key: Memo::new(), words: Words::new() }
    }

    /// Reads the cells of a block into the columns, not its lines. `false`: some cell is not plainly good, or a row may be
    /// empty; then nothing of the block is in the columns.
    pub(crate) fn read(
        &mut self,
        decoder: &mut Decoder<'_>,
        block: &Block<'_>,
        building: &mut Building,
    ) -> bool {
        let before = building.len();
        let is_read = self.columns(decoder, block, building) == Some(true);
        if !is_read {
            building.truncate(before);
        }
        is_read
    }

    /// Lets the next batch have the keys that rows of this one share.
    pub(crate) fn end(&mut self, building: &mut Building) {
        for (builder, memo) in building.columns.iter_mut().zip(&mut self.fields) {
            memo.end(builder);
        }
    }

    /// Whether surely no row is empty; `None` where a cell is not plainly good.
    fn columns(
        &mut self,
        decoder: &mut Decoder<'_>,
        block: &Block<'_>,
        building: &mut Building,
    ) -> Option<bool> {
        let mut is_filled = false;
        let fields = decoder.fields.iter_mut().zip(&mut building.columns).zip(&mut self.fields);
        for ((field, builder), memo) in fields {
            let has_empty = match field {
                Field::Fixed(cell) => {
                    (0..block.len()).for_each(|_| builder.cell(cell));
                    true
                }
                Field::Value { leaf, empty } => {
                    let Memo { meanings, patience, .. } = memo;
                    match quick::values(block, leaf, empty, builder, (&mut self.words, meanings, patience)) {
                        Some(has_empty) => has_empty,
                        None => values(block, leaf, empty, builder, memo)?,
                    }
                }
                Field::Key { leaves, is_text, empty } => {
                    keys(block, leaves, *is_text, empty, builder, memo, Some(&mut self.words))?
                }
            };
            is_filled |= !has_empty;
        }
        if let (Some(leaves), Some(builder)) = (&mut decoder.key, &mut building.key) {
            if leaves.is_empty() {
                (0..block.len()).for_each(|_| builder.open(UNKNOWN));
            } else {
                let is_text = decoder.key_is_text;
                is_filled |= !keys(block, leaves, is_text, &None, builder, &mut self.key, None)?;
            }
        }
        Some(is_filled)
    }
}

/// Reads a column of values; whether some cell is empty.
fn values(
    block: &Block<'_>,
    leaf: &mut Leaf<'_>,
    empty: &Empty,
    builder: &mut Builder,
    memo: &mut Memo,
) -> Option<bool> {
    let Leaf { column, recogniser, .. } = leaf;
    let mut has_empty = false;
    let mut with_care = |span: (usize, usize), recogniser: &mut Recogniser<'_>, builder: &mut Builder| {
        let got = recogniser.read(block.cell(span));
        has_empty |= matches!(got, Got::Empty);
        put(got, &recogniser.words, empty, builder).then_some(())
    };
    match recogniser.plain {
        _ if !recogniser.absent.is_empty() => {
            for span in block.spans(*column) {
                with_care(span, recogniser, builder)?;
            }
        }
        Plain::Words => {
            for span in block.spans(*column) {
                let word = block.word(span);
                let place = word.and_then(|word| memo.words.get_mut(quick::spread(word, WORDS)));
                match (word, place) {
                    (Some(word), Some(place)) if place.0 == word => builder.word(place.1),
                    (Some(word), Some(place)) => {
                        if let Got::Word(at) = recogniser.read(block.cell(span))
                            && let Some(number) = recogniser.words.get(at).and_then(number_of)
                        {
                            *place = (word, number);
                            builder.word(number);
                        } else {
                            with_care(span, recogniser, builder)?;
                        }
                    }
                    _ => with_care(span, recogniser, builder)?,
                }
            }
        }
        Plain::IsoDay => {
            for span in block.spans(*column) {
                match iso_day(block.cell(span)) {
                    Some(day) => builder.day(day),
                    None => with_care(span, recogniser, builder)?,
                }
            }
        }
        Plain::Decimal { places, added, signed } => {
            for span in block.spans(*column) {
                match decimal(block.cell(span)) {
                    Some((mantissa, found)) if found <= places && (signed || mantissa >= 0) => {
                        builder.decimal(mantissa, found + added);
                    }
                    _ => with_care(span, recogniser, builder)?,
                }
            }
        }
        Plain::Text => {
            for span in block.spans(*column) {
                if !plain_text(block, span, builder) {
                    with_care(span, recogniser, builder)?;
                }
            }
        }
        Plain::Nothing => {
            for span in block.spans(*column) {
                with_care(span, recogniser, builder)?;
            }
        }
    }
    Some(has_empty)
}

/// How a value is told in the column of its kind; `None` where it is not one number.
fn number_of(value: &Value) -> Option<u32> {
    match value {
        Value::Flag(flag) => Some(u32::from(*flag)),
        Value::Category(position) => Some(*position),
        Value::Date(day) => Some(day_number(*day).cast_unsigned()),
        Value::SchoolYear(year) => Some(i32::from(*year).cast_unsigned()),
        _ => None,
    }
}

/// Adds a text, or a key that is one, if it stands for itself.
fn plain_text(block: &Block<'_>, span: (usize, usize), builder: &mut Builder) -> bool {
    let cell = block.cell(span);
    let (Some(first), Some(last)) = (cell.first(), cell.last()) else { return false };
    let is_plain = first.is_ascii_graphic() && last.is_ascii_graphic() && cell.is_ascii();
    if is_plain {
        match block.word(span) {
            Some(word) => builder.short_text(word, cell.len()),
            None => builder.text(cell),
        }
    }
    is_plain
}

/// Reads a column of keys; whether some are empty. `sharing`: where rows may share keys, memory for words.
fn keys(
    block: &Block<'_>,
    leaves: &mut [Leaf<'_>],
    is_text: bool,
    empty: &Empty,
    builder: &mut Builder,
    memo: &mut Memo,
    sharing: Option<&mut Words>,
) -> Option<bool> {
    let mut has_empty = false;
    if let [leaf] = leaves
        && let Some(words) = sharing
        && leaf.recogniser.absent.is_empty()
    {
        if builder.len() == 0 && memo.shares == Some(true) {
            memo.begin(builder);
        }
        if memo.shares.is_none() && block.len() >= LEAST_ROWS {
            memo.shares = Some(are_shared(block, leaf.column, memo));
            memo.forget_keys();
            if memo.shares == Some(true) {
                builder.share_keys();
            }
        }
        if builder.shares_keys() {
            if memo.patience.is_due() {
                let found = short_shared(block, leaf, (is_text, empty), builder, memo, words);
                memo.patience.told(found.is_some());
                if found.is_some() {
                    return found;
                }
            }
            return shared(block, leaf, is_text, empty, builder, memo);
        }
    }
    if let ([leaf], true) = (&mut *leaves, is_text)
        && leaf.recogniser.absent.is_empty()
        && leaf.recogniser.plain == Plain::Text
    {
        if memo.patience.is_due() {
            let before = builder.len();
            let found = quick::texts(block, leaf.column, builder);
            memo.patience.told(found.is_some());
            if found.is_some() {
                return Some(false);
            }
            builder.truncate(before);
        }
        for span in block.spans(leaf.column) {
            if !plain_text(block, span, builder) {
                has_empty |= !one_key(block, leaf, is_text, empty, span, builder)?;
            }
        }
        return Some(has_empty);
    }
    for at in 0..block.len() {
        let one = block.row(at);
        let cell = |column: usize| one.spans(column).next().map_or(&[][..], |span| one.cell(span));
        let row = TextRow { cell, of: PhantomData };
        let (is_good, is_empty) = reference(leaves, is_text, empty, &row, builder);
        is_good.then_some(())?;
        has_empty |= is_empty;
    }
    Some(has_empty)
}

/// Whether rows may have few keys among them: in the first rows some have the same. What comes after them tells more.
fn are_shared(block: &Block<'_>, column: usize, memo: &mut Memo) -> bool {
    memo.forget_keys();
    for span in block.spans(column) {
        let Some(word) = block.long_word(span) else { continue };
        match memo.find_key(word) {
            Some(Ok(_)) => {}
            Some(Err(at)) => {
                if let Some(place) = memo.keys.get_mut(at) {
                    *place = (word, 0);
                    memo.shared += 1;
                }
            }
            None => return false,
        }
    }
    memo.shared > 0 && memo.shared * 4 < block.len() * 3
}

/// Adds one key of one part; whether there is one.
fn one_key(
    block: &Block<'_>,
    leaf: &mut Leaf<'_>,
    is_text: bool,
    empty: &Empty,
    span: (usize, usize),
    builder: &mut Builder,
) -> Option<bool> {
    let cell = |_: usize| block.cell(span);
    let row = TextRow { cell, of: PhantomData };
    let (is_good, is_empty) = reference(std::slice::from_mut(leaf), is_text, empty, &row, builder);
    is_good.then_some(!is_empty)
}

fn shared(
    block: &Block<'_>,
    leaf: &mut Leaf<'_>,
    is_text: bool,
    empty: &Empty,
    builder: &mut Builder,
    memo: &mut Memo,
) -> Option<bool> {
    let mut has_empty = false;
    let mut bytes = Vec::new();
    let mut last = (0, NO_CODE);
    for span in block.spans(leaf.column) {
        let Some(word) = block.long_word(span) else {
            has_empty |= !one_key(block, leaf, is_text, empty, span, builder)?;
            continue;
        };
        if word == last.0 {
            builder.share(last.1);
            continue;
        }
        match memo.find_key(word) {
            Some(Ok(number)) => {
                last = (word, number);
                builder.share(number);
            }
            Some(Err(at)) => match new_key(block.cell(span), leaf, is_text, &mut bytes)? {
                true => {
                    let number = memo.add_key(at, word, builder.shared_key(&bytes));
                    last = (word, number);
                    builder.share(number);
                }
                false => {
                    has_empty = true;
                    put(Got::Empty, &[], empty, builder).then_some(())?;
                }
            },
            None => has_empty |= !one_key(block, leaf, is_text, empty, span, builder)?,
        }
    }
    Some(has_empty)
}

/// Writes a key that was not met before; `false`: there is none.
fn new_key(cell: &[u8], leaf: &mut Leaf<'_>, is_text: bool, bytes: &mut Vec<u8>) -> Option<bool> {
    bytes.clear();
    match leaf.recogniser.read(cell) {
        Got::Empty => return Some(false),
        Got::Text(text) if is_text => bytes.extend_from_slice(text),
        Got::Value(value) if is_text => match &*value {
            Value::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            _ => return None,
        },
        _ if is_text => return None,
        got => write_got(got, &leaf.recogniser.words, bytes).then_some(())?,
    }
    Some(true)
}

/// Reads a column of shared keys of at most eight bytes each; whether some are empty, or `None` where nothing was read.
fn short_shared(
    block: &Block<'_>,
    leaf: &mut Leaf<'_>,
    (is_text, empty): (bool, &Empty),
    builder: &mut Builder,
    memo: &mut Memo,
    words: &mut Words,
) -> Option<bool> {
    words.take(block, leaf.column);
    if !words.are_whole() {
        return None;
    }
    let mut numbers = std::mem::take(&mut words.numbers);
    numbers.clear();
    let mut found = Some(());
    for (row, word) in words.all().iter().enumerate() {
        let number = memo.short_key(*word);
        match number.or_else(|| learned_key(block, (row, *word), leaf, is_text, builder, memo)) {
            Some(number) => numbers.push(number),
            None => {
                found = None;
                break;
            }
        }
    }
    let found = found.and_then(|()| quick::add_shared(&numbers, words, empty, builder));
    words.numbers = numbers;
    found
}

/// The number of a short key that was not found at once; [`NO_CODE`] of an empty cell.
#[cold]
fn learned_key(
    block: &Block<'_>,
    (row, word): (usize, Word),
    leaf: &mut Leaf<'_>,
    is_text: bool,
    builder: &mut Builder,
    memo: &mut Memo,
) -> Option<u32> {
    let mut number = NO_CODE;
    if word != 0 {
        let span = block.span(leaf.column, row)?;
        let long = block.long_word(span)?;
        number = match memo.find_key(long)? {
            Ok(number) => number,
            Err(at) => {
                let mut bytes = Vec::new();
                new_key(block.cell(span), leaf, is_text, &mut bytes)?.then_some(())?;
                memo.add_key(at, long, builder.shared_key(&bytes))
            }
        };
    }
    let at = quick::spread(word, KEYS);
    let is_free = memo.short_keys.get(at).is_some_and(|(known, _)| *known == NO_WORD);
    *memo.short_keys.get_mut(if is_free { at } else { at ^ 1 })? = (word, number);
    Some(number)
}
