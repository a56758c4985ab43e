//! Columns of a block whose cells are short and plain: all of a column at once, from the words that its cells are.
//!
//! What is read here is what [`super::block`] reads cell by cell. Where a cell is of another kind nothing is added, and the
//! column is read there.

use super::batch::{KNOWN, Keys, NEVER, NO, NO_CODE, NO_DAY, UNKNOWN, Values};
use super::block::Block;
use super::build::{Builder, finer};
use super::decode::{Empty, Leaf, state_of};
use super::recognise::{Got, Recogniser};
use super::words::{self, NO_WORD, Word, last_word, word_of};
use crate::data::convert::Plain;
use crate::value::Value;

/// So many rows are read at a time.
pub(super) const ROWS: usize = 1024;

/// The words of a column of a block.
pub(super) struct Words {
    words: Vec<Word>,
    /// How many rows the block has.
    rows: usize,
    /// The length of the longest cell.
    longest: usize,
    has_empty: bool,
    /// Of shared keys, which key each is; kept for its memory.
    pub(super) numbers: Vec<u32>,
}

/// The longest cell that is a word.
const LONGEST: usize = 8;

impl Words {
    pub(super) fn new() -> Self {
        Self { words: vec![0; ROWS], rows: 0, longest: 0, has_empty: false, numbers: Vec::new() }
    }

    /// Takes the words of a column.
    pub(super) fn take(&mut self, block: &Block<'_>, column: usize) {
        let (mut longest, mut has_empty) = (0, false);
        let mut add = |word: &mut Word, end: usize, length: usize| {
            longest = longest.max(length);
            has_empty |= length == 0;
            *word = word_of(block.bytes, end, length);
        };
        match block.inner(column) {
            Some(cells) => {
                let words = self.words.iter_mut().zip(cells);
                words.for_each(|(word, (end, length))| add(word, end, length));
            }
            None => {
                let words = self.words.iter_mut().zip(block.spans(column));
                words.for_each(|(word, (start, end))| add(word, end, end.wrapping_sub(start)));
            }
        }
        (self.rows, self.longest, self.has_empty) = (block.len().min(ROWS), longest, has_empty);
    }

    /// Whether each cell is wholly in its word.
    pub(super) const fn are_whole(&self) -> bool {
        self.longest <= LONGEST
    }

    pub(super) fn all(&self) -> &[Word] {
        self.words.get(..self.rows).unwrap_or_default()
    }
}

/// Columns that could not be read so are tried again after some blocks, and after more of them each time.
#[derive(Default)]
pub(super) struct Patience {
    wait: u32,
    next: u32,
}

const LONGEST_WAIT: u32 = 64;

impl Patience {
    /// Whether it is time to try.
    pub(super) const fn is_due(&mut self) -> bool {
        let is_due = self.wait == 0;
        self.wait = self.wait.saturating_sub(1);
        is_due
    }

    /// How it went.
    pub(super) fn told(&mut self, is_read: bool) {
        self.next = if is_read { 0 } else { (self.next * 2).clamp(1, LONGEST_WAIT) };
        self.wait = self.next;
    }
}

/// What stands for a word in its column.
#[derive(Clone, Copy)]
struct Meaning {
    word: Word,
    number: u32,
    state: u8,
}

const MEANINGS: usize = 256;

/// The words of a column that stand for one of a few values.
pub(super) struct Meanings(Vec<Meaning>);

impl Meanings {
    pub(super) fn new() -> Self {
        Self(vec![Meaning { word: NO_WORD, number: 0, state: UNKNOWN }; MEANINGS])
    }
}

/// A place among so many, a power of two.
#[inline]
pub(super) fn spread(word: Word, places: usize) -> usize {
    let mixed = (word ^ (word >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 48).unwrap_or(0) % places
}

/// Reads a column of values; whether some cell is empty, or `None` where nothing was read.
pub(super) fn values(
    block: &Block<'_>,
    leaf: &mut Leaf<'_>,
    empty: &Empty,
    builder: &mut Builder,
    (words, meanings, patience): (&mut Words, &mut Meanings, &mut Patience),
) -> Option<bool> {
    if !leaf.recogniser.absent.is_empty() || !patience.is_due() {
        return None;
    }
    let before = builder.len();
    let found = match leaf.recogniser.plain {
        Plain::Decimal { places, added, signed: _ } => {
            words.take(block, leaf.column);
            numbers(words, (places, added), state_of(empty), builder)
        }
        Plain::Words => {
            words.take(block, leaf.column);
            few(block, words, leaf, state_of(empty), builder, meanings)
        }
        Plain::IsoDay => days(block, leaf.column, state_of(empty), builder),
        Plain::Text => texts(block, leaf.column, builder).map(|()| false),
        Plain::Nothing => None,
    };
    patience.told(found.is_some());
    if found.is_none() {
        builder.truncate(before);
    }
    found
}

/// Adds the states of cells that are read.
fn add_states(state: &mut Vec<u8>, words: &Words, empty: Option<u8>) -> Option<()> {
    match (words.has_empty, empty) {
        (false, _) => state.resize(state.len() + words.rows, KNOWN),
        (true, Some(empty)) => {
            state.extend(words.all().iter().map(|word| if *word == 0 { empty } else { KNOWN }));
        }
        (true, None) => return None,
    }
    Some(())
}

fn numbers(words: &Words, (most, added): (u8, u8), empty: Option<u8>, builder: &mut Builder) -> Option<bool> {
    let first = words.all().iter().find(|word| **word != 0).copied().unwrap_or(0);
    let places = words::places(first).filter(|places| *places <= most)?;
    let (states, values) = builder.parts();
    let Values::Scaled { value, scale, wide } = values else { return None };
    let before = value.len();
    value.resize(before + words.rows, 0);
    let (old, new) = value.split_at_mut_checked(before)?;
    if !words::numbers(words.all(), words.longest, places, new) {
        return None;
    }
    let own = places + added;
    if own > *scale {
        finer(old, scale, wide, own);
    } else if own < *scale {
        // Numbers of eight digits leave room for as many more.
        let more = *scale - own;
        let by = if more > 10 { None } else { 10_i64.checked_pow(u32::from(more)) }?;
        new.iter_mut().for_each(|value| *value = value.wrapping_mul(by));
    }
    add_states(states, words, empty)?;
    Some(words.has_empty)
}

/// Reads values of which there are few.
fn few(
    block: &Block<'_>,
    words: &Words,
    leaf: &mut Leaf<'_>,
    empty: Option<u8>,
    builder: &mut Builder,
    meanings: &mut Meanings,
) -> Option<bool> {
    if !words.are_whole() {
        return None;
    }
    let (states, values) = builder.parts();
    let nothing = match values {
        Values::Void | Values::Code(_) => NO_CODE,
        Values::Day(_) | Values::Year(_) => NO_DAY.cast_unsigned(),
        _ => return None,
    };
    let is_flag = matches!(values, Values::Void);
    let Leaf { column, recogniser, .. } = leaf;
    // The number and state of the cell in a row.
    let mut meaning = |row: usize, word: Word| -> Option<(u32, u8)> {
        let place = meanings.0.get_mut(spread(word, MEANINGS))?;
        if place.word != word {
            *place =
                learned(block, row, *column, word, recogniser, is_flag, empty.map(|state| (nothing, state)))?;
        }
        Some((place.number, place.state))
    };
    let before = states.len();
    states.resize(before + words.rows, KNOWN);
    let states = states.get_mut(before..)?;
    let each = words.all().iter().enumerate().zip(states);
    match values {
        Values::Void => {
            for ((row, word), place) in each {
                *place = meaning(row, *word)?.1;
            }
        }
        Values::Code(codes) => {
            codes.resize(before + words.rows, NO_CODE);
            for (((row, word), state), code) in each.zip(codes.get_mut(before..)?) {
                (*code, *state) = meaning(row, *word)?;
            }
        }
        Values::Day(days) | Values::Year(days) => {
            days.resize(before + words.rows, NO_DAY);
            for (((row, word), state), day) in each.zip(days.get_mut(before..)?) {
                let (number, found) = meaning(row, *word)?;
                (*day, *state) = (number.cast_signed(), found);
            }
        }
        _ => return None,
    }
    Some(words.has_empty)
}

/// What a word that was not met before stands for.
#[cold]
fn learned(
    block: &Block<'_>,
    row: usize,
    column: usize,
    word: Word,
    recogniser: &mut Recogniser<'_>,
    is_flag: bool,
    empty: Option<(u32, u8)>,
) -> Option<Meaning> {
    let cell = block.cell(block.span(column, row)?);
    let (number, state) = match recogniser.read(cell) {
        Got::Empty if word == 0 => empty?,
        Got::Word(at) => match recogniser.words.get(at)? {
            Value::Flag(flag) if is_flag => (0, if *flag { KNOWN } else { NO }),
            _ if is_flag => return None,
            Value::Category(position) => (*position, KNOWN),
            Value::Date(day) => (super::key::day_number(*day).cast_unsigned(), KNOWN),
            Value::Never => (NEVER.cast_unsigned(), KNOWN),
            Value::SchoolYear(year) => (i32::from(*year).cast_unsigned(), KNOWN),
            _ => return None,
        },
        _ => return None,
    };
    Some(Meaning { word, number, state })
}

/// Adds keys that rows share, by their numbers.
pub(super) fn add_shared(
    numbers: &[u32],
    words: &Words,
    empty: &Empty,
    builder: &mut Builder,
) -> Option<bool> {
    let (states, Values::Key(Keys { which: Some(which), .. })) = builder.parts() else { return None };
    add_states(states, words, state_of(empty))?;
    which.extend_from_slice(numbers);
    Some(words.has_empty)
}

/// Reads days written as 2024-06-01.
fn days(block: &Block<'_>, column: usize, empty: Option<u8>, builder: &mut Builder) -> Option<bool> {
    let (states, values) = builder.parts();
    let Values::Day(days) = values else { return None };
    let before = days.len();
    let rows = block.len();
    days.resize(before + rows, NO_DAY);
    states.resize(before + rows, KNOWN);
    let (mut bad, mut has_empty) = (0, false);
    let places = days.get_mut(before..)?.iter_mut().zip(states.get_mut(before..)?);
    for ((start, end), (day, state)) in block.spans(column).zip(places) {
        if end == start {
            *state = empty?;
            has_empty = true;
            continue;
        }
        let year = block.bytes.get(start..).and_then(|rest| rest.first_chunk::<4>());
        let (found, odd) = words::day(last_word(block.bytes, (start, end)), u32::from_le_bytes(*year?));
        bad |= odd | ((end.wrapping_sub(start) ^ 10) as u64);
        *day = found;
    }
    (bad == 0).then_some(has_empty)
}

/// Reads texts of eight bytes each, or keys that are such texts.
pub(super) fn texts(block: &Block<'_>, column: usize, builder: &mut Builder) -> Option<()> {
    let (states, values) = builder.parts();
    let texts = match values {
        Values::Text(texts) => texts,
        Values::Key(keys) if keys.which.is_none() => &mut keys.texts,
        _ => return None,
    };
    let rows = block.len();
    let before = texts.bytes.len();
    texts.bytes.resize(before + rows * LONGEST, 0);
    let (places, _) = texts.bytes.get_mut(before..)?.as_chunks_mut::<LONGEST>();
    let (mut lengths, mut bad) = (0, 0);
    for ((start, end), place) in block.spans(column).zip(places) {
        let word = last_word(block.bytes, (start, end));
        lengths |= end.wrapping_sub(start) ^ LONGEST;
        bad |= odd_letters(word);
        *place = word.to_le_bytes();
    }
    let end = u32::try_from(before).ok().filter(|_| u32::try_from(texts.bytes.len()).is_ok())?;
    if lengths != 0 || bad != 0 {
        texts.bytes.truncate(before);
        return None;
    }
    texts.ends.extend((1..).take(rows).map(|row: u32| end.wrapping_add(row.wrapping_mul(8))));
    states.resize(states.len() + rows, KNOWN);
    Some(())
}

/// Bits that are 0 where eight letters are ASCII, and neither the first nor the last is blank or a control character.
#[inline]
const fn odd_letters(word: Word) -> u64 {
    const OUTER: u64 = 0x7F00_0000_0000_007F;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let outer = word & OUTER;
    // Above 0x20 there is a carry into the highest bit, and of 0x7F another one.
    let is_above = outer.wrapping_add(0x5F00_0000_0000_005F);
    let is_last = outer.wrapping_add(0x0100_0000_0000_0001);
    ((word & HIGH) | (!is_above & (HIGH & 0xFF00_0000_0000_00FF)) | (is_last & HIGH)) & HIGH
}
