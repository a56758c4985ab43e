//! Arrow columns taken over as they are, where all of their cells are plainly good.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Decimal128Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::batch::{Column, KNOWN, Keys, NO, NO_CODE, NO_DAY, SharedTexts, Texts, UNKNOWN, Values};
use super::build::Builder;
use super::decode::{Building, Decoder, Empty, Field, Leaf, put, state_of, write_got};
use super::held::{Cells, Held, KeyChunk};
use super::recognise::{DAYS, Got, Recogniser};
use crate::data::convert::Plain;
use crate::data::parquet_codes::CodedChunk;
use crate::value::Value;

/// Reads the cells of some rows into empty columns, not their lines; `found`: by the columns of the file, those that are read.
/// `false`: a column has to be read cell by cell; then nothing is in the columns.
pub(super) fn read(
    decoder: &mut Decoder<'_>,
    found: &[Option<Cells<'_>>],
    rows: usize,
    building: &mut Building,
) -> bool {
    let is_read = columns(decoder, found, rows, building).is_some();
    if !is_read {
        building.truncate(0);
    }
    is_read
}

fn columns(
    decoder: &mut Decoder<'_>,
    found: &[Option<Cells<'_>>],
    rows: usize,
    building: &mut Building,
) -> Option<()> {
    let of_column = |column: usize| found.get(column)?.as_ref();
    for (field, builder) in decoder.fields.iter_mut().zip(&mut building.columns) {
        match field {
            Field::Fixed(cell) => (0..rows).for_each(|_| builder.cell(cell)),
            Field::Value { leaf, empty } => match of_column(leaf.column)? {
                Cells::Held(Held::Codes(chunk), rows) if builder.of_cells().is_some() => {
                    coded(leaf, empty, (chunk, rows.clone()), builder)?;
                }
                cells => value(leaf, empty, &cells.array()?, builder)?,
            },
            Field::Key { leaves, is_text, empty } => {
                let [leaf] = leaves.as_mut_slice() else { return None };
                match of_column(leaf.column)? {
                    Cells::Held(Held::Keys(chunk), rows) if chunk.are_plain => {
                        let which = chunk.which(rows.clone())?.iter().map(|at| at.cast_unsigned());
                        let states = vec![KNOWN; rows.len()];
                        builder.share_all(Arc::clone(&chunk.shared), states, which.collect())?;
                    }
                    cells => key(leaf, *is_text, empty, &cells.array()?, builder, true)?,
                }
            }
        }
    }
    if let (Some(leaves), Some(builder)) = (&mut decoder.key, &mut building.key) {
        match leaves.as_mut_slice() {
            [] => (0..rows).for_each(|_| builder.open(UNKNOWN)),
            [leaf] => match of_column(leaf.column)? {
                Cells::Held(Held::Keys(chunk), rows) => own_texts(chunk, rows.clone(), builder)?,
                cells => key(leaf, decoder.key_is_text, &None, &cells.array()?, builder, false)?,
            },
            _ => return None,
        }
    }
    Some(())
}

/// Texts of which each is the key of a row.
fn own_texts(chunk: &KeyChunk, rows: Range<usize>, builder: &mut Builder) -> Option<()> {
    let (states, values) = builder.parts();
    let Values::Key(Keys { texts, which: None, .. }) = values else { return None };
    if !texts.ends.is_empty() {
        return None;
    }
    states.resize(rows.len(), KNOWN);
    let (bytes, ends) = chunk.own(rows)?;
    texts.bytes.extend_from_slice(bytes);
    texts.ends.extend(ends);
    Some(())
}

/// Cells that rows share: each of them is read once.
fn coded(
    leaf: &mut Leaf<'_>,
    empty: &Empty,
    (chunk, rows): (&CodedChunk, Range<usize>),
    builder: &mut Builder,
) -> Option<()> {
    let known = leaf.coded.take().filter(|(cells, _)| Arc::ptr_eq(cells, &chunk.cells));
    let cells = match known {
        Some((_, cells)) => cells,
        None => distinct(leaf, empty, &chunk.cells, builder),
    };
    leaf.coded = Some((Arc::clone(&chunk.cells), cells.clone()));
    builder.code_with(cells?, chunk.codes(rows)?);
    Some(())
}

/// Distinct cells as a column; `None` where one of them is not plainly good.
fn distinct(leaf: &mut Leaf<'_>, empty: &Empty, cells: &ArrayRef, builder: &Builder) -> Option<Arc<Column>> {
    let mut builder = builder.of_cells()?;
    each(leaf, empty, cells, &mut builder)?;
    let column = builder.finish();
    let is_narrow = !matches!(&column.values, Values::Scaled { wide, .. } if !wide.is_empty());
    (is_narrow && column.len() == cells.len()).then(|| Arc::new(column))
}

/// Reads cells of a field with one column into an empty column; `None` where one of them is not plainly good.
pub(super) fn cells(field: &mut Field<'_>, array: &ArrayRef, builder: &mut Builder) -> Option<()> {
    let Field::Value { leaf, empty } = field else { return None };
    each(leaf, empty, array, builder)
}

fn each(leaf: &mut Leaf<'_>, empty: &Empty, array: &ArrayRef, builder: &mut Builder) -> Option<()> {
    let Some(texts) = array.as_string_opt::<i32>() else { return value(leaf, empty, array, builder) };
    for text in texts {
        let got = text.map_or(Got::Empty, |text| leaf.recogniser.read(text.as_bytes()));
        put(got, &leaf.recogniser.words, empty, builder).then_some(())?;
    }
    Some(())
}

/// Adds the states of cells of which those that are there are known.
fn add_states(nulls: Option<&NullBuffer>, rows: usize, empty: &Empty, states: &mut Vec<u8>) -> Option<()> {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => states.resize(states.len() + rows, KNOWN),
        Some(nulls) => {
            let open = state_of(empty)?;
            states.extend(nulls.iter().map(|is_there| if is_there { KNOWN } else { open }));
        }
    }
    Some(())
}

fn value(leaf: &mut Leaf<'_>, empty: &Empty, array: &ArrayRef, builder: &mut Builder) -> Option<()> {
    let recogniser = &mut leaf.recogniser;
    if !recogniser.absent.is_empty() {
        return None;
    }
    match (array.data_type(), recogniser.plain) {
        (DataType::Boolean, Plain::Words) => flags(recogniser, empty, array.as_boolean(), builder),
        (DataType::Int32, Plain::Decimal { signed, added, .. }) => {
            let numbers = array.as_primitive::<Int32Type>();
            decimals(numbers, i64::from, (signed, added), empty, builder)
        }
        (DataType::Int64, Plain::Decimal { signed, added, .. }) => {
            decimals(array.as_primitive::<Int64Type>(), |number| number, (signed, added), empty, builder)
        }
        (DataType::Decimal128(_, scale), Plain::Decimal { places, signed, added }) => {
            let scale = u8::try_from(*scale).ok().filter(|scale| *scale <= places)?;
            let numbers = array.as_primitive::<Decimal128Type>();
            let fits = |number: &i128| i64::try_from(*number).is_ok();
            if !numbers.values().iter().all(fits) {
                return None;
            }
            let narrow = |number: i128| i64::try_from(number).unwrap_or(0);
            decimals(numbers, narrow, (signed, scale + added), empty, builder)
        }
        (DataType::Date32, Plain::IsoDay) => days(array.as_primitive(), empty, builder),
        (DataType::Dictionary(..), _) => {
            let array = array.as_dictionary_opt::<Int32Type>()?;
            let texts = array.values().as_string_opt::<i32>()?;
            words(recogniser, empty, array.keys(), texts, builder)
        }
        (DataType::Utf8, Plain::Text) => plain_texts(array.as_string(), empty, builder),
        _ => None,
    }
}

/// Numbers of so many places.
fn decimals<T: ArrowPrimitiveType>(
    numbers: &PrimitiveArray<T>,
    wide: impl Fn(T::Native) -> i64,
    (signed, places): (bool, u8),
    empty: &Empty,
    builder: &mut Builder,
) -> Option<()> {
    let nulls = numbers.nulls().filter(|nulls| nulls.null_count() > 0);
    if !signed {
        let is_negative = |number: &T::Native| wide(*number) < 0;
        // What stands in a cell that is not there means nothing, but may look as if it did.
        if numbers.values().iter().any(is_negative) {
            return None;
        }
    }
    let (states, values) = builder.parts();
    let Values::Scaled { value, scale, .. } = values else { return None };
    if places != *scale {
        if !value.is_empty() || *scale > places {
            let up = 10_i64.checked_pow(u32::from(scale.checked_sub(places)?))?;
            let scaled = numbers.values().iter().map(|number| wide(*number).checked_mul(up));
            let before = value.len();
            for number in scaled {
                match number {
                    Some(number) => value.push(number),
                    None => {
                        value.truncate(before);
                        return None;
                    }
                }
            }
        } else {
            *scale = places;
            value.extend(numbers.values().iter().map(|number| wide(*number)));
        }
    } else {
        value.extend(numbers.values().iter().map(|number| wide(*number)));
    }
    if let Some(nulls) = nulls {
        for (value, is_there) in value.iter_mut().zip(nulls.iter()) {
            if !is_there {
                *value = 0;
            }
        }
    }
    add_states(nulls, numbers.len(), empty, states)
}

fn days(days: &PrimitiveArray<Date32Type>, empty: &Empty, builder: &mut Builder) -> Option<()> {
    let nulls = days.nulls().filter(|nulls| nulls.null_count() > 0);
    let is_there = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
    let (first, last) = (*DAYS.start(), *DAYS.end());
    let outside = |day: &i32| *day < first || *day > last;
    if days.values().iter().enumerate().any(|(row, day)| outside(day) && is_there(row)) {
        return None;
    }
    let (states, values) = builder.parts();
    let Values::Day(all) = values else { return None };
    match nulls {
        None => all.extend_from_slice(days.values()),
        Some(nulls) => {
            let day = |(day, is_there): (&i32, bool)| if is_there { *day } else { NO_DAY };
            all.extend(days.values().iter().zip(nulls.iter()).map(day));
        }
    }
    add_states(nulls, days.len(), empty, states)
}

fn flags(
    recogniser: &mut Recogniser<'_>,
    empty: &Empty,
    flags: &BooleanArray,
    builder: &mut Builder,
) -> Option<()> {
    let mut meant = |word: &[u8]| match recogniser.read(word) {
        Got::Word(at) => recogniser.words.get(at).cloned(),
        _ => None,
    };
    let (Value::Flag(yes), Value::Flag(no)) = (meant(b"true")?, meant(b"false")?) else { return None };
    let code = |flag: bool| if flag { KNOWN } else { NO };
    let (yes, no) = (code(yes), code(no));
    let (states, values) = builder.parts();
    if !matches!(values, Values::Void) {
        return None;
    }
    let told = flags.values().iter().map(|flag| if flag { yes } else { no });
    match flags.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => states.extend(told),
        Some(nulls) => {
            let open = state_of(empty)?;
            states.extend(told.zip(nulls.iter()).map(|(told, is_there)| if is_there { told } else { open }));
        }
    }
    Some(())
}

/// Cells that repeat: each distinct one is read once.
fn words(
    recogniser: &mut Recogniser<'_>,
    empty: &Empty,
    rows: &PrimitiveArray<Int32Type>,
    texts: &StringArray,
    builder: &mut Builder,
) -> Option<()> {
    const NEW: u32 = u32::MAX;
    if all_words(recogniser, rows, texts, builder).is_some() {
        return Some(());
    }
    let mut numbers = vec![NEW; texts.len()];
    for row in 0..rows.len() {
        let at = if rows.is_null(row) { None } else { usize::try_from(rows.value(row)).ok() };
        let Some(at) = at.filter(|at| *at < texts.len() && !texts.is_null(*at)) else {
            put(Got::Empty, &[], empty, builder).then_some(())?;
            continue;
        };
        let place = numbers.get_mut(at)?;
        if *place == NEW {
            let got = recogniser.read(texts.value(at).as_bytes());
            let number = match got {
                Got::Word(word) => match recogniser.words.get(word)? {
                    Value::Flag(flag) => Some(u32::from(*flag)),
                    Value::Category(position) => Some(*position),
                    _ => None,
                },
                _ => None,
            };
            match number {
                Some(number) => *place = number,
                None => {
                    put(got, &recogniser.words, empty, builder).then_some(())?;
                    continue;
                }
            }
        }
        builder.word(*place);
    }
    Some(())
}

/// Cells that repeat, of which none is empty: those that occur are read first, and then all rows at once; `None`, and nothing
/// is added, where one of them is no value of a category.
fn all_words(
    recogniser: &mut Recogniser<'_>,
    rows: &PrimitiveArray<Int32Type>,
    texts: &StringArray,
    builder: &mut Builder,
) -> Option<()> {
    let used = used_of(rows, texts)?;
    let mut numbers = vec![NO_CODE; texts.len()];
    for (at, (place, is_used)) in numbers.iter_mut().zip(used).enumerate() {
        if is_used {
            let Got::Word(word) = recogniser.read(texts.value(at).as_bytes()) else { return None };
            let Value::Category(position) = recogniser.words.get(word)? else { return None };
            *place = *position;
        }
    }
    let (states, values) = builder.parts();
    let Values::Code(codes) = values else { return None };
    states.resize(states.len() + rows.len(), KNOWN);
    codes.extend(rows.values().iter().map(|row| numbered(&numbers, *row)));
    Some(())
}

/// Which texts of a dictionary occur; `None` where some row has none.
fn used_of(rows: &PrimitiveArray<Int32Type>, texts: &StringArray) -> Option<Vec<bool>> {
    if rows.null_count() > 0 || texts.null_count() > 0 {
        return None;
    }
    let mut used = vec![false; texts.len()];
    for row in rows.values() {
        *used.get_mut(usize::try_from(*row).ok()?)? = true;
    }
    Some(used)
}

fn numbered(numbers: &[u32], row: i32) -> u32 {
    usize::try_from(row).ok().and_then(|row| numbers.get(row)).copied().unwrap_or(NO_CODE)
}

/// Texts that stand for themselves: in ASCII, without spaces around them, and none of them empty.
fn plain_texts(texts: &StringArray, empty: &Empty, builder: &mut Builder) -> Option<()> {
    let offsets = texts.value_offsets();
    let (first, last) = (*offsets.first()?, *offsets.last()?);
    let bytes = texts.value_data().get(usize::try_from(first).ok()?..usize::try_from(last).ok()?)?;
    let nulls = texts.nulls().filter(|nulls| nulls.null_count() > 0);
    // Where no byte is a space, and no text empty, there is nothing to look for in each.
    if nulls.is_none() && are_dense(bytes, bounds(offsets)) {
        return add_texts(texts, bytes, first, empty, builder);
    }
    if !bytes.is_ascii() {
        return None;
    }
    let is_graphic = |at: i32| {
        let byte = usize::try_from(at - first).ok().and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_graphic)
    };
    for (row, pair) in offsets.windows(2).enumerate() {
        let [start, end] = pair else { return None };
        let is_there = nulls.is_none_or(|nulls| nulls.is_valid(row));
        let is_plain =
            if is_there { start < end && is_graphic(*start) && is_graphic(*end - 1) } else { start == end };
        if !is_plain {
            return None;
        }
    }
    add_texts(texts, bytes, first, empty, builder)
}

fn add_texts(
    texts: &StringArray,
    bytes: &[u8],
    first: i32,
    empty: &Empty,
    builder: &mut Builder,
) -> Option<()> {
    let offsets = texts.value_offsets();
    let nulls = texts.nulls().filter(|nulls| nulls.null_count() > 0);
    let (states, values) = builder.parts();
    let (Values::Text(all) | Values::Key(Keys { texts: all, which: None, .. })) = values else { return None };
    if !all.ends.is_empty() {
        return None;
    }
    all.bytes.extend_from_slice(bytes);
    all.ends.extend(offsets.iter().skip(1).map(|end| (end - first).cast_unsigned()));
    add_states(nulls, texts.len(), empty, states)
}

/// A column of keys of one part.
fn key(
    leaf: &mut Leaf<'_>,
    is_text: bool,
    empty: &Empty,
    array: &ArrayRef,
    builder: &mut Builder,
    may_share: bool,
) -> Option<()> {
    if !leaf.recogniser.absent.is_empty() {
        return None;
    }
    if may_share && is_text && leaf.recogniser.plain == Plain::Text {
        let dictionary = array.as_dictionary_opt::<Int32Type>();
        if let Some(array) = dictionary
            && let Some(shared) = shared_texts(leaf, array.values())
        {
            return of_shared(array.keys(), shared, empty, builder);
        }
    }
    let recogniser = &mut leaf.recogniser;
    match array.data_type() {
        DataType::Utf8 if is_text && recogniser.plain == Plain::Text => {
            plain_texts(array.as_string(), empty, builder)
        }
        DataType::Dictionary(..) if may_share => {
            let array = array.as_dictionary_opt::<Int32Type>()?;
            let texts = array.values().as_string_opt::<i32>()?;
            let keys = array.keys();
            let of = |row: usize| {
                let at = if keys.is_null(row) { None } else { usize::try_from(keys.value(row)).ok() };
                at.filter(|at| *at < texts.len() && !texts.is_null(*at))
            };
            let mut write = |at: usize, bytes: &mut Vec<u8>| {
                let got = recogniser.read(texts.value(at).as_bytes());
                match &got {
                    Got::Text(text) if is_text => bytes.extend_from_slice(text),
                    Got::Value(value) if is_text => match &**value {
                        Value::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                        _ => return false,
                    },
                    _ if is_text => return false,
                    _ => return write_got(got, &recogniser.words, bytes),
                }
                true
            };
            if let Some(used) = used_of(keys, texts) {
                return all_shared(keys, used, &mut write, builder);
            }
            shared(keys.len(), texts.len(), of, &mut write, empty, builder)
        }
        DataType::Int32 if may_share && !is_text => {
            let numbers = array.as_primitive::<Int32Type>();
            // Only of small numbers many rows may have the same.
            let small = |number: &i32| (0..SMALL).contains(number);
            if !numbers.values().iter().all(small) {
                return None;
            }
            let of = |row: usize| match numbers.is_null(row) {
                true => None,
                false => usize::try_from(numbers.value(row)).ok(),
            };
            let mut write = |at: usize, bytes: &mut Vec<u8>| match i64::try_from(at) {
                Ok(number) => {
                    recogniser.decimal(number, 0).is_some_and(|got| write_got(got, &recogniser.words, bytes))
                }
                Err(_) => false,
            };
            shared(numbers.len(), usize::try_from(SMALL).ok()?, of, &mut write, empty, builder)
        }
        _ => None,
    }
}

/// The texts of a dictionary as keys, where each of them is one; those that rows before had too are not looked at again.
fn shared_texts(leaf: &mut Leaf<'_>, texts: &ArrayRef) -> Option<Arc<SharedTexts>> {
    if let Some((known, shared)) = &leaf.shared
        && Arc::ptr_eq(known, texts)
    {
        return shared.clone();
    }
    let shared = texts.as_string_opt::<i32>().and_then(|texts| {
        let offsets = texts.value_offsets();
        let (first, last) = (*offsets.first()?, *offsets.last()?);
        let bytes = texts.value_data().get(usize::try_from(first).ok()?..usize::try_from(last).ok()?)?;
        if texts.null_count() > 0 || !are_dense(bytes, bounds(offsets)) {
            return None;
        }
        let ends = offsets.iter().skip(1).map(|end| (end - first).cast_unsigned()).collect();
        let texts = Texts { bytes: bytes.to_vec(), ends };
        Some(Arc::new(SharedTexts { texts, ..SharedTexts::default() }))
    });
    leaf.shared = Some((Arc::clone(texts), shared.clone()));
    shared
}

/// Whether no byte is a space, or anything but ASCII, and no text is empty; `bounds`: where each begins and ends.
pub(super) fn are_dense<T: PartialOrd>(bytes: &[u8], bounds: impl Iterator<Item = (T, T)>) -> bool {
    // No end before the last, so that many are looked at together.
    let is_dense = bytes.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
    is_dense && bounds.fold(true, |all, (start, end)| all & (start < end))
}

/// Where texts begin and end.
fn bounds(offsets: &[i32]) -> impl Iterator<Item = (&i32, &i32)> {
    offsets.iter().zip(offsets.iter().skip(1))
}

/// Keys of which each row has one.
fn of_shared(
    rows: &PrimitiveArray<Int32Type>,
    shared: Arc<SharedTexts>,
    empty: &Empty,
    builder: &mut Builder,
) -> Option<()> {
    match rows.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => builder.share_with(shared, rows.values().iter().map(|row| (KNOWN, row.cast_unsigned()))),
        Some(nulls) => {
            let open = state_of(empty)?;
            let rows = rows.values().iter().zip(nulls.iter());
            let row = |(row, is_there): (&i32, bool)| {
                if is_there { (KNOWN, row.cast_unsigned()) } else { (open, NO_CODE) }
            };
            builder.share_with(shared, rows.map(row))
        }
    }
}

/// Numbers below this are looked for among the keys that rows share.
const SMALL: i32 = 4096;

/// Keys that rows share, of which none is empty.
fn all_shared(
    rows: &PrimitiveArray<Int32Type>,
    used: Vec<bool>,
    write: &mut dyn FnMut(usize, &mut Vec<u8>) -> bool,
    builder: &mut Builder,
) -> Option<()> {
    builder.share_keys();
    let mut numbers = vec![NO_CODE; used.len()];
    let mut bytes = Vec::new();
    for (at, (place, is_used)) in numbers.iter_mut().zip(used).enumerate() {
        if is_used {
            bytes.clear();
            write(at, &mut bytes).then_some(())?;
            *place = builder.shared_key(&bytes);
        }
    }
    let (states, values) = builder.parts();
    let Values::Key(Keys { which: Some(which), .. }) = values else { return None };
    states.resize(states.len() + rows.len(), KNOWN);
    which.extend(rows.values().iter().map(|row| numbered(&numbers, *row)));
    Some(())
}

/// Keys that rows share: `of` says which of so many a row has, and `write` its bytes, once.
fn shared(
    rows: usize,
    distinct: usize,
    of: impl Fn(usize) -> Option<usize>,
    write: &mut dyn FnMut(usize, &mut Vec<u8>) -> bool,
    empty: &Empty,
    builder: &mut Builder,
) -> Option<()> {
    builder.share_keys();
    if !builder.shares_keys() {
        return None;
    }
    let mut numbers = vec![NO_CODE; distinct];
    let mut bytes = Vec::new();
    for row in 0..rows {
        let Some(at) = of(row) else {
            put(Got::Empty, &[], empty, builder).then_some(())?;
            continue;
        };
        let place = numbers.get_mut(at)?;
        if *place == NO_CODE {
            bytes.clear();
            write(at, &mut bytes).then_some(())?;
            *place = builder.shared_key(&bytes);
        }
        builder.share(*place);
    }
    Some(())
}
