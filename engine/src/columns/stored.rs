//! A column of all rows of a record, as narrow as its values allow: what a run keeps in memory.

use super::vector::{Data, KNOWN, NO_CODE, NO_DAY, UNKNOWN, Vector};
use crate::value::{RecordId, Value};

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
    Row(RecordId, Vec<u32>),
    /// Values that are no small numbers: each distinct one once.
    Any(Vec<Value>, Vec<u32>),
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

const NARROW_NONE: u8 = u8::MAX;
const NARROW_NO_YEAR: i16 = i16::MIN;

/// Some rows: a range of them, or any in any order.
enum Rows<'r> {
    Range(std::ops::Range<usize>),
    Any(&'r [u32]),
}

impl<'r> Rows<'r> {
    fn of(rows: &'r [u32]) -> Self {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Self::Range(0..0) };
        let follows = |pair: &[u32]| matches!(pair, [a, b] if a.wrapping_add(1) == *b);
        let length = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        if last.wrapping_sub(*first) == length.wrapping_sub(1) && rows.windows(2).all(follows) {
            return Self::Range(*first as usize..*last as usize + 1);
        }
        Self::Any(rows)
    }

    fn take<T: Copy + Default, U>(&self, from: &[T], as_lane: impl Fn(T) -> U) -> Vec<U> {
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
}

fn at<T: Copy + Default>(from: &[T], row: usize) -> T {
    from.get(row).copied().unwrap_or_default()
}

impl Stored {
    /// A column of which nothing is known.
    pub(crate) fn unknown(rows: u32) -> Self {
        Self { rows, state: Some(vec![UNKNOWN; rows as usize]), values: Packed::Void }
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
            Data::Row(record, rows) => Packed::Row(record, rows),
            Data::Any(values) => Packed::Any(values, (0..rows).collect()),
            // Files hold no quotients.
            Data::Ratio(..) => return Self::unknown(rows),
        };
        Self { rows, state: narrowed(state), values }
    }

    /// The states of all rows; `None` where all are known (and, of flags, yes).
    pub(crate) fn states(&self) -> Option<&[u8]> {
        self.state.as_deref()
    }

    /// Some rows, as lanes.
    pub(crate) fn gather(&self, rows: &[u32]) -> Vector {
        let of = Rows::of(rows);
        let state = match &self.state {
            None => vec![KNOWN; of.len()],
            Some(state) => of.take(state, |state| state),
        };
        let data = match &self.values {
            Packed::Void => Data::Void,
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
            Packed::Row(record, named) => Data::Row(*record, of.take(named, |row| row)),
            Packed::Any(values, which) => {
                let value = |which: u32| values.get(which as usize).cloned().unwrap_or(Value::None);
                Data::Any(of.take(which, value))
            }
        };
        Vector::of(state, data)
    }
}

fn narrowed(state: Vec<u8>) -> Option<Vec<u8>> {
    if state.iter().all(|state| *state == KNOWN) { None } else { Some(state) }
}

impl Whole {
    fn of(values: Vec<i64>) -> Self {
        let (least, most) =
            values.iter().fold((0, 0), |(least, most), value| (*value.min(&least), *value.max(&most)));
        if let (Ok(_), Ok(_)) = (i16::try_from(least), i16::try_from(most)) {
            return Self::Narrow(values.iter().map(|value| i16::try_from(*value).unwrap_or(0)).collect());
        }
        if let (Ok(_), Ok(_)) = (i32::try_from(least), i32::try_from(most)) {
            return Self::Medium(values.iter().map(|value| i32::try_from(*value).unwrap_or(0)).collect());
        }
        Self::Wide(values)
    }
}

impl Codes {
    fn of(codes: Vec<u32>) -> Self {
        let fits = |code: &u32| *code == NO_CODE || *code < u32::from(NARROW_NONE);
        if codes.iter().all(fits) {
            return Self::Narrow(
                codes.iter().map(|code| u8::try_from(*code).unwrap_or(NARROW_NONE)).collect(),
            );
        }
        Self::Wide(codes)
    }
}
