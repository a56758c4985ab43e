//! A column of all rows of a record, as narrow as its values allow: what a run keeps in memory.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::coded::{Cells, Coded};
use super::parts::Parts;
use super::spill::PagedColumn;
use super::vector::{Data, KNOWN, NO, NO_CODE, NO_DAY, UNKNOWN, Vector, power};
use crate::table::{Column, Keys, Texts, Values};
use crate::value::{Number, RecordId, Reference, Value};

/// A column of a record.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) rows: u32,
    /// Absent: every row is known and, of flags, yes.
    state: Option<Vec<u8>>,
    values: Packed,
}

/// What the rows hold.
#[derive(Clone, Debug)]
enum Packed {
    Void,
    Flag,
    Num(Whole, u8),
    Code(Codes),
    Date(Vec<i32>),
    Year(Vec<i16>),
    Row(RecordId, Named),
    Text(Texts),
    /// Values that are no small numbers: each distinct one once.
    Any(Vec<Value>, Vec<u32>),
    /// Cells that rows share, and their states.
    Coded(Coded),
    /// Columns one after the other, which hold the states too.
    Parts(Box<Parts>),
    /// Rows that are read from a temporary file when somebody asks for them; their states are among it.
    Paged(PagedColumn),
}

/// Whole numbers in as few bytes as the largest takes.
#[derive(Clone, Debug)]
enum Whole {
    Narrow(Vec<i16>),
    Medium(Vec<i32>),
    Wide(Vec<i64>),
}

/// Codes in as few bytes as the largest takes; the largest of a byte stands for `none`.
#[derive(Clone, Debug)]
enum Codes {
    Narrow(Vec<u8>),
    Wide(Vec<u32>),
}

/// Rows of another record in as few bytes as the largest takes; the largest of two bytes stands for `none`.
#[derive(Clone, Debug)]
enum Named {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

const NARROW_NONE: u8 = u8::MAX;
const NARROW_NO_ROW: u16 = u16::MAX;
const NARROW_NO_YEAR: i16 = i16::MIN;

/// Some rows: a range of them, or any in any order.
pub(super) enum Rows<'r> {
    Range(Range<usize>),
    Any(&'r [u32]),
}

impl<'r> Rows<'r> {
    pub(super) fn of(rows: &'r [u32]) -> Self {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Self::Range(0..0) };
        let length = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        // No end before the last, so that many are looked at together.
        let follow = || {
            let pairs = rows.iter().zip(rows.iter().skip(1));
            pairs.fold(true, |all, (row, next)| all & (row.wrapping_add(1) == *next))
        };
        if last.wrapping_sub(*first) == length.wrapping_sub(1) && follow() {
            return Self::Range(*first as usize..*last as usize + 1);
        }
        Self::Any(rows)
    }

    pub(super) fn take<T: Copy + Default, U>(&self, from: &[T], as_lane: impl Fn(T) -> U) -> Vec<U> {
        match self {
            Self::Range(range) => {
                let there =
                    from.get(range.clone()).map(|part| part.iter().map(|value| as_lane(*value)).collect());
                there.unwrap_or_else(|| range.clone().map(|row| as_lane(at(from, row))).collect())
            }
            Self::Any(rows) => rows.iter().map(|row| as_lane(at(from, *row as usize))).collect(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Any(rows) => rows.len(),
        }
    }

    /// The rows themselves.
    fn each(&self) -> impl Iterator<Item = usize> {
        let (range, rows) = match self {
            Self::Range(range) => (range.clone(), &[][..]),
            Self::Any(rows) => (0..0, *rows),
        };
        range.chain(rows.iter().map(|row| *row as usize))
    }
}

fn at<T: Copy + Default>(from: &[T], row: usize) -> T {
    from.get(row).copied().unwrap_or_default()
}

impl Stored {
    /// A column of which nothing is known.
    pub(crate) fn unknown(rows: u32) -> Self {
        Self { rows, state: Some(vec![UNKNOWN; rows as usize]), values: Packed::Void }
    }

    /// A column whose rows are read when somebody asks for them.
    pub(crate) const fn paged(rows: u32, column: PagedColumn) -> Self {
        Self { rows, state: None, values: Packed::Paged(column) }
    }

    /// Texts, one for each row.
    pub(crate) fn of_texts(state: Vec<u8>, texts: Texts) -> Self {
        let rows = u32::try_from(state.len()).unwrap_or(u32::MAX);
        Self { rows, state: narrowed(state), values: Packed::Text(texts) }
    }

    /// The texts, of a column of them.
    pub(crate) const fn texts(&self) -> Option<&Texts> {
        match &self.values {
            Packed::Text(texts) => Some(texts),
            _ => None,
        }
    }

    /// How many places its numbers have, where it holds such.
    pub(crate) fn scale(&self) -> Option<u8> {
        match &self.values {
            Packed::Num(_, scale) => Some(*scale),
            Packed::Coded(coded) => coded.scale(),
            _ => None,
        }
    }

    /// The state of each row.
    pub(crate) fn all_states(&self) -> Vec<u8> {
        if let Packed::Coded(coded) = &self.values {
            return coded.take(&Rows::Range(0..self.rows as usize)).state;
        }
        self.state.clone().unwrap_or_else(|| vec![KNOWN; self.rows as usize])
    }

    /// Some of the rows, in that order.
    pub(crate) fn select(&self, rows: &[u32]) -> Self {
        let Packed::Text(texts) = &self.values else { return Self::pack(self.gather(rows)) };
        let states =
            self.state.as_ref().map(|state| rows.iter().map(|row| at(state, *row as usize)).collect());
        let mut chosen = Texts::default();
        for row in rows {
            chosen.bytes.extend_from_slice(texts.get(*row as usize));
            chosen.ends.push(u32::try_from(chosen.bytes.len()).unwrap_or(u32::MAX));
        }
        Self {
            rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            state: states.and_then(narrowed),
            values: Packed::Text(chosen),
        }
    }

    /// For each row, which of the distinct lanes it holds.
    pub(crate) fn of_distinct(distinct: Vector, rows: &[u32]) -> Self {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let states = distinct.gather_states(rows);
        let values = match distinct.data {
            Data::Any(values) => Packed::Any(values, rows.to_vec()),
            _ => return Self::pack(distinct.gather(rows)),
        };
        Self { rows: count, state: narrowed(states), values }
    }

    /// The lanes of a vector, one for each row.
    pub(crate) fn pack(vector: Vector) -> Self {
        let rows = u32::try_from(vector.len()).unwrap_or(u32::MAX);
        let Vector { state, data, .. } = vector;
        let values = match data {
            Data::Void => Packed::Void,
            Data::Flag => Packed::Flag,
            Data::Num(values, scale) => Packed::Num(Whole::of(values), scale),
            Data::Code(codes) => Packed::Code(Codes::of(codes)),
            Data::Date(days) => Packed::Date(days),
            Data::Year(years) => Packed::Year(
                years.into_iter().map(|year| i16::try_from(year).unwrap_or(NARROW_NO_YEAR)).collect(),
            ),
            Data::Row(record, rows) => Packed::Row(record, Named::of(rows)),
            Data::Any(values) => Packed::Any(values, (0..rows).collect()),
            // Files hold no quotients.
            Data::Ratio(..) => return Self::unknown(rows),
        };
        Self { rows, state: narrowed(state), values }
    }

    /// The value of a row, or its state where it has none; `name` says what a lane of rows stands for.
    pub(crate) fn value(&self, row: u32, name: impl FnOnce(RecordId, u32) -> Reference) -> Result<Value, u8> {
        match &self.values {
            Packed::Parts(parts) => return parts.whole().value(row, name),
            Packed::Paged(column) => return column.value(row, name),
            _ => {}
        }
        let lane = match &self.state {
            Some(state) => match state.get(row as usize).copied().unwrap_or(UNKNOWN) {
                NO | KNOWN => self.gather(&[row]),
                open => return Err(open),
            },
            None => self.gather(&[row]),
        };
        if let Some(open) = lane.state.first().filter(|state| !matches!(**state, NO | KNOWN)) {
            return Err(*open);
        }
        let value = match &lane.data {
            Data::Row(_, rows) if rows.first() == Some(&NO_CODE) => Some(Value::None),
            Data::Row(record, rows) => rows.first().map(|lane| Value::Reference(name(*record, *lane))),
            _ => lane.plain_value(0),
        };
        value.ok_or(UNKNOWN)
    }

    /// Whether its rows are read when somebody asks for them.
    pub(crate) const fn is_paged(&self) -> bool {
        matches!(self.values, Packed::Paged(_))
    }

    /// How many bytes its texts take.
    pub(crate) fn bytes_of_texts(&self) -> usize {
        match &self.values {
            Packed::Text(texts) => texts.bytes.len(),
            _ => 0,
        }
    }

    /// The states of all rows; `None` where all are known (and, of flags, yes).
    pub(crate) fn states(&self) -> Option<&[u8]> {
        match &self.values {
            Packed::Parts(parts) => parts.whole().states(),
            _ => self.state.as_deref(),
        }
    }

    /// The rows that a column of rows names.
    pub(crate) fn named(&self) -> Option<Cow<'_, [u32]>> {
        match &self.values {
            Packed::Row(_, rows) => Some(rows.all()),
            Packed::Parts(parts) => parts.whole().named(),
            _ => None,
        }
    }

    /// The rows that a range of rows names.
    pub(crate) fn named_in(&self, rows: Range<u32>) -> Option<Cow<'_, [u32]>> {
        match &self.values {
            Packed::Row(_, named) => named.some(rows.start as usize..rows.end as usize),
            Packed::Parts(parts) => parts.named_in(&rows),
            _ => None,
        }
    }

    /// The cells that a range of rows shares, and which of them each has; `None` where they share none.
    pub(super) fn shared(&self, rows: &Range<u32>) -> Option<(&Arc<Cells>, &[u8])> {
        match &self.values {
            Packed::Coded(coded) => coded.read(rows.start as usize..rows.end as usize),
            Packed::Parts(parts) => parts.shared(rows),
            _ => None,
        }
    }

    /// The ranges of rows that are held by themselves.
    pub(crate) fn ranges(&self) -> Vec<Range<u32>> {
        match &self.values {
            Packed::Parts(parts) => parts.ranges(),
            _ => std::iter::once(0..self.rows).collect(),
        }
    }

    /// Some rows, as lanes.
    pub(crate) fn gather(&self, rows: &[u32]) -> Vector {
        match &self.values {
            Packed::Parts(parts) => parts.take(&Rows::of(rows)),
            Packed::Paged(column) => column.gather(rows),
            _ => self.take(&Rows::of(rows)),
        }
    }

    /// The same of a column that is neither in parts nor in a file.
    pub(super) fn take(&self, of: &Rows<'_>) -> Vector {
        if let Packed::Coded(coded) = &self.values {
            return coded.take(of);
        }
        let state = match &self.state {
            None => vec![KNOWN; of.len()],
            Some(state) => of.take(state, |state| state),
        };
        let data = match &self.values {
            Packed::Void | Packed::Paged(_) => Data::Void,
            Packed::Flag => Data::Flag,
            Packed::Num(Whole::Narrow(values), scale) => Data::Num(of.take(values, i64::from), *scale),
            Packed::Num(Whole::Medium(values), scale) => Data::Num(of.take(values, i64::from), *scale),
            Packed::Num(Whole::Wide(values), scale) => Data::Num(of.take(values, |value| value), *scale),
            Packed::Code(Codes::Narrow(codes)) => {
                let wide = |code: u8| if code == NARROW_NONE { NO_CODE } else { u32::from(code) };
                Data::Code(of.take(codes, wide))
            }
            Packed::Code(Codes::Wide(codes)) => Data::Code(of.take(codes, |code| code)),
            Packed::Date(days) => Data::Date(of.take(days, |day| day)),
            Packed::Year(years) => {
                let wide = |year: i16| if year == NARROW_NO_YEAR { NO_DAY } else { i32::from(year) };
                Data::Year(of.take(years, wide))
            }
            Packed::Row(record, Named::Narrow(rows)) => Data::Row(*record, of.take(rows, wide_row)),
            Packed::Row(record, Named::Wide(rows)) => Data::Row(*record, of.take(rows, |row| row)),
            Packed::Text(texts) => {
                let text = |row: usize| {
                    let text = std::str::from_utf8(texts.get(row)).unwrap_or_default();
                    Value::Text(Arc::from(text))
                };
                Data::Any(of.each().map(text).collect())
            }
            // Whoever holds parts or shared cells asks them.
            Packed::Parts(_) | Packed::Coded(_) => Data::Void,
            Packed::Any(values, which) => {
                let value = |which: u32| values.get(which as usize).cloned().unwrap_or(Value::None);
                Data::Any(of.take(which, value))
            }
        };
        Vector::of(state, data)
    }
}

impl Stored {
    /// A column of a batch; the rows that keys name are found by `rows_of`.
    pub(crate) fn of_batch(column: Column, rows_of: impl FnOnce(&Texts) -> Vec<u32>) -> Self {
        let rows = u32::try_from(column.len()).unwrap_or(u32::MAX);
        let values = match column.values {
            Values::Coded(coded) => return Self::of_cells(&coded),
            Values::Void => match column.state.iter().any(|state| matches!(*state, NO | KNOWN)) {
                true => Packed::Flag,
                false => Packed::Void,
            },
            Values::Scaled { mut value, scale, wide } => {
                for (value, state) in value.iter_mut().zip(&column.state) {
                    if *state != KNOWN {
                        *value = 0;
                    }
                }
                if wide.is_empty() {
                    Packed::Num(Whole::of(value), scale)
                } else {
                    let mut values: Vec<Value> =
                        value.iter().map(|value| Value::Number(Number::scaled(*value, scale))).collect();
                    for (row, number) in wide {
                        if let Some(place) = values.get_mut(row as usize) {
                            *place = Value::Number(number);
                        }
                    }
                    Packed::Any(values, (0..rows).collect())
                }
            }
            Values::Code(codes) => Packed::Code(Codes::of(codes)),
            Values::Day(days) => Packed::Date(days),
            Values::Year(years) => {
                let narrow = |year: i32| i16::try_from(year).unwrap_or(NARROW_NO_YEAR);
                Packed::Year(years.into_iter().map(narrow).collect())
            }
            Values::Text(texts) => Packed::Text(texts),
            Values::Key(Keys { record, texts, which: None, .. }) => {
                Packed::Row(record, Named::of(rows_of(&texts)))
            }
            Values::Key(Keys { record, which: Some(which), shared: Some(shared), .. }) => {
                let found = shared.found.get_or_init(|| rows_of(&shared.texts));
                Packed::Row(record, Named::chosen(found, &which))
            }
            Values::Key(Keys { record, texts, which: Some(which), shared: None }) => {
                Packed::Row(record, Named::chosen(&rows_of(&texts), &which))
            }
        };
        Self { rows, state: narrowed(column.state), values }
    }

    /// A column of cells that rows share.
    fn of_cells(coded: &crate::table::Coded) -> Self {
        let cells = Self::of_batch((*coded.cells).clone(), |_| Vec::new());
        let rows = u32::try_from(coded.which.len()).unwrap_or(u32::MAX);
        let all = Rows::Range(0..cells.rows as usize);
        if let crate::table::Codes::Bytes(which) = &coded.which
            && let Some(coded) = Coded::new(cells.take(&all), which.clone())
        {
            return Self { rows, state: None, values: Packed::Coded(coded) };
        }
        let row =
            |at: usize| coded.which.get(at).and_then(|cell| u32::try_from(cell).ok()).unwrap_or(u32::MAX);
        cells.chosen(&(0..coded.which.len()).map(row).collect::<Vec<u32>>())
    }

    /// Some of the rows, in that order, as narrow as they are.
    fn chosen(&self, rows: &[u32]) -> Self {
        let of = Rows::Any(rows);
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let state = self.state.as_ref().and_then(|state| narrowed(of.take(state, |state| state)));
        let values = match &self.values {
            Packed::Void => Packed::Void,
            Packed::Flag => Packed::Flag,
            Packed::Num(Whole::Narrow(all), scale) => {
                Packed::Num(Whole::Narrow(of.take(all, |one| one)), *scale)
            }
            Packed::Num(Whole::Medium(all), scale) => {
                Packed::Num(Whole::Medium(of.take(all, |one| one)), *scale)
            }
            Packed::Code(Codes::Narrow(all)) => Packed::Code(Codes::Narrow(of.take(all, |one| one))),
            Packed::Date(all) => Packed::Date(of.take(all, |one| one)),
            Packed::Year(all) => Packed::Year(of.take(all, |one| one)),
            _ => return Self::pack(self.gather(rows)),
        };
        Self { rows: count, state, values }
    }

    /// The same with a cell of its own for each row.
    fn spread(self) -> Self {
        let Packed::Coded(coded) = &self.values else { return self };
        let (cells, which) = coded.parts();
        Self::pack(cells).chosen(&which)
    }

    /// Several columns, one after the other, left as they are.
    pub(crate) fn in_parts(parts: Vec<Self>) -> Self {
        let rows = parts.iter().map(|part| part.rows).sum();
        Self { rows, state: None, values: Packed::Parts(Box::new(Parts::of(parts))) }
    }

    /// Several columns, one after the other.
    pub(crate) fn concat(parts: Vec<Self>) -> Self {
        let parts: Vec<Self> = parts.into_iter().map(Self::spread).collect();
        let rows = parts.iter().map(|part| part.rows).sum();
        let state = parts.iter().any(|part| part.state.is_some()).then(|| {
            let mut all = Vec::with_capacity(rows as usize);
            for part in &parts {
                match &part.state {
                    Some(state) => all.extend_from_slice(state),
                    None => all.resize(all.len() + part.rows as usize, KNOWN),
                }
            }
            all
        });
        Self {
            rows,
            state,
            values: Packed::concat(parts.into_iter().map(|part| (part.rows, part.values)).collect()),
        }
    }
}

impl Packed {
    fn concat(parts: Vec<(u32, Self)>) -> Self {
        macro_rules! joined {
            ($pattern:pat => $values:expr, $blank:expr) => {{
                let total: usize = parts.iter().map(|(rows, _)| *rows as usize).sum();
                let mut all = Vec::with_capacity(total);
                for (rows, part) in &parts {
                    match part {
                        $pattern => all.extend_from_slice($values),
                        _ => all.resize(all.len() + *rows as usize, $blank),
                    }
                }
                all
            }};
        }
        let all =
            |test: fn(&Self) -> bool| parts.iter().all(|(_, part)| matches!(part, Self::Void) || test(part));
        let Some((_, first)) = parts.iter().find(|(_, part)| !matches!(part, Self::Void)) else {
            return Self::Void;
        };
        match first {
            Self::Flag if all(|part| matches!(part, Self::Flag)) => return Self::Flag,
            Self::Date(_) if all(|part| matches!(part, Self::Date(_))) => {
                return Self::Date(joined!(Self::Date(days) => days, NO_DAY));
            }
            Self::Year(_) if all(|part| matches!(part, Self::Year(_))) => {
                return Self::Year(joined!(Self::Year(years) => years, NARROW_NO_YEAR));
            }
            Self::Row(record, _) if all(|part| matches!(part, Self::Row(_, Named::Narrow(_)))) => {
                let rows = joined!(Self::Row(_, Named::Narrow(rows)) => rows, NARROW_NO_ROW);
                return Self::Row(*record, Named::Narrow(rows));
            }
            Self::Row(record, _) if all(|part| matches!(part, Self::Row(..))) => {
                let rows = joined!(Self::Row(_, rows) => &rows.all(), NO_CODE);
                return Self::Row(*record, Named::Wide(rows));
            }
            Self::Code(_) if all(|part| matches!(part, Self::Code(Codes::Narrow(_)))) => {
                return Self::Code(Codes::Narrow(
                    joined!(Self::Code(Codes::Narrow(codes)) => codes, NARROW_NONE),
                ));
            }
            Self::Code(_) if all(|part| matches!(part, Self::Code(_))) => {
                let wide = parts.iter().flat_map(|(rows, part)| match part {
                    Self::Code(codes) => codes.widened(),
                    _ => vec![NO_CODE; *rows as usize],
                });
                return Self::Code(Codes::Wide(wide.collect()));
            }
            Self::Num(..) if all(|part| matches!(part, Self::Num(..))) => {
                if let Some(numbers) = Self::numbers(&parts) {
                    return numbers;
                }
            }
            Self::Text(_) if all(|part| matches!(part, Self::Text(_))) => {
                let mut texts = Texts::default();
                for (rows, part) in &parts {
                    match part {
                        Self::Text(own) => append_texts(&mut texts, own),
                        _ => {
                            let end = texts.ends.last().copied().unwrap_or(0);
                            texts.ends.resize(texts.ends.len() + *rows as usize, end);
                        }
                    }
                }
                return Self::Text(texts);
            }
            _ => {}
        }
        let (mut values, mut which) = (Vec::new(), Vec::new());
        for (rows, part) in parts {
            let start = u32::try_from(values.len()).unwrap_or(u32::MAX);
            match part {
                Self::Any(own, own_which) => {
                    which.extend(own_which.into_iter().map(|at| at.saturating_add(start)));
                    values.extend(own);
                }
                Self::Num(numbers, scale) => {
                    which.extend(start..start.saturating_add(rows));
                    let value = |value: i64| Value::Number(Number::scaled(value, scale));
                    values.extend(numbers.widened().into_iter().map(value));
                }
                _ => {
                    which.resize(which.len() + rows as usize, start);
                    values.push(Value::None);
                }
            }
        }
        Self::Any(values, which)
    }

    /// Numbers at one scale, where all of them fit.
    fn numbers(parts: &[(u32, Self)]) -> Option<Self> {
        let scales = || {
            parts
                .iter()
                .filter_map(|(_, part)| if let Self::Num(_, scale) = part { Some(*scale) } else { None })
        };
        let (least, scale) = (scales().min()?, scales().max()?);
        let narrow = |part: &Self| matches!(part, Self::Num(Whole::Narrow(_), _) | Self::Void);
        if least == scale && parts.iter().all(|(_, part)| narrow(part)) {
            let mut all = Vec::with_capacity(parts.iter().map(|(rows, _)| *rows as usize).sum());
            for (rows, part) in parts {
                match part {
                    Self::Num(Whole::Narrow(values), _) => all.extend_from_slice(values),
                    _ => all.resize(all.len() + *rows as usize, 0),
                }
            }
            return Some(Self::Num(Whole::Narrow(all), scale));
        }
        let mut all: Vec<i64> = Vec::with_capacity(parts.iter().map(|(rows, _)| *rows as usize).sum());
        for (rows, part) in parts {
            match part {
                Self::Num(values, own) => {
                    let by = power(scale - own)?;
                    for value in values.widened() {
                        all.push(value.checked_mul(by)?);
                    }
                }
                _ => all.resize(all.len() + *rows as usize, 0),
            }
        }
        Some(Self::Num(Whole::of(all), scale))
    }
}

fn narrowed(state: Vec<u8>) -> Option<Vec<u8>> {
    // No end before the last, so that many are looked at together.
    let is_plain = state.iter().fold(true, |all, state| all & (*state == KNOWN));
    if is_plain { None } else { Some(state) }
}

impl Whole {
    fn of(values: Vec<i64>) -> Self {
        // What leaves a range leaves bits above it once the range is moved to begin at zero.
        let above = |range: u64| {
            values.iter().fold(0, |all, value| all | value.cast_unsigned().wrapping_add(range / 2))
        };
        #[expect(clippy::cast_possible_truncation, reason = "all of them fit")]
        if above(1 << 16) >> 16 == 0 {
            return Self::Narrow(values.iter().map(|value| *value as i16).collect());
        }
        #[expect(clippy::cast_possible_truncation, reason = "all of them fit")]
        if above(1 << 32) >> 32 == 0 {
            return Self::Medium(values.iter().map(|value| *value as i32).collect());
        }
        Self::Wide(values)
    }
}

impl Whole {
    fn widened(&self) -> Vec<i64> {
        match self {
            Self::Narrow(values) => values.iter().map(|value| i64::from(*value)).collect(),
            Self::Medium(values) => values.iter().map(|value| i64::from(*value)).collect(),
            Self::Wide(values) => values.clone(),
        }
    }
}

const fn wide_row(row: u16) -> u32 {
    if row == NARROW_NO_ROW { NO_CODE } else { row as u32 }
}

fn widened<'r>(rows: &[u16]) -> Cow<'r, [u32]> {
    Cow::Owned(rows.iter().copied().map(wide_row).collect())
}

impl Named {
    /// The same in two bytes; `None` where some row is too large for them.
    fn narrow(rows: &[u32]) -> Option<Vec<u16>> {
        let fits = |row: &u32| (*row == NO_CODE) | (*row < u32::from(NARROW_NO_ROW));
        if !rows.iter().fold(true, |all, row| all & fits(row)) {
            return None;
        }
        // What stands for no row has the same lowest bits.
        let lowest = |row: &u32| {
            let [low, high, ..] = row.to_le_bytes();
            u16::from_le_bytes([low, high])
        };
        Some(rows.iter().map(lowest).collect())
    }

    fn of(rows: Vec<u32>) -> Self {
        Self::narrow(&rows).map_or(Self::Wide(rows), Self::Narrow)
    }

    /// For each row, one of those that were found.
    fn chosen(found: &[u32], which: &[u32]) -> Self {
        fn chosen<T: Copy>(found: &[T], which: &[u32], none: T) -> Vec<T> {
            which.iter().map(|at| found.get(*at as usize).copied().unwrap_or(none)).collect()
        }
        match Self::narrow(found) {
            Some(found) => Self::Narrow(chosen(&found, which, NARROW_NO_ROW)),
            None => Self::Wide(chosen(found, which, NO_CODE)),
        }
    }

    fn all(&self) -> Cow<'_, [u32]> {
        match self {
            Self::Narrow(rows) => widened(rows),
            Self::Wide(rows) => Cow::Borrowed(rows),
        }
    }

    fn some(&self, rows: Range<usize>) -> Option<Cow<'_, [u32]>> {
        Some(match self {
            Self::Narrow(all) => widened(all.get(rows)?),
            Self::Wide(all) => Cow::Borrowed(all.get(rows)?),
        })
    }
}

impl Codes {
    fn widened(&self) -> Vec<u32> {
        let wide = |code: &u8| if *code == NARROW_NONE { NO_CODE } else { u32::from(*code) };
        match self {
            Self::Narrow(codes) => codes.iter().map(wide).collect(),
            Self::Wide(codes) => codes.clone(),
        }
    }

    fn of(codes: Vec<u32>) -> Self {
        let fits = |code: &u32| (*code == NO_CODE) | (*code < u32::from(NARROW_NONE));
        if codes.iter().fold(true, |all, code| all & fits(code)) {
            return Self::Narrow(
                codes.iter().map(|code| u8::try_from(*code).unwrap_or(NARROW_NONE)).collect(),
            );
        }
        Self::Wide(codes)
    }
}

/// All texts of several parts.
pub(crate) fn joined_texts(parts: &[Texts]) -> Texts {
    let bytes = parts.iter().map(|part| part.bytes.len()).sum();
    let ends = parts.iter().map(|part| part.ends.len()).sum();
    let mut all = Texts { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(ends) };
    parts.iter().for_each(|part| append_texts(&mut all, part));
    all
}

/// Adds texts after those that there are.
pub(crate) fn append_texts(texts: &mut Texts, other: &Texts) {
    let start = u32::try_from(texts.bytes.len()).unwrap_or(u32::MAX);
    texts.bytes.extend_from_slice(&other.bytes);
    texts.ends.extend(other.ends.iter().map(|end| end.saturating_add(start)));
}
