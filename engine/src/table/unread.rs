//! Rows that nobody looks at, as far as the footer of a Parquet file proves that a whole row group consists of them.
//!
//! Whoever reads a record may say which conditions its rows have to meet before anything else of them is read: those of all
//! the aggregates over them. In a row group of which the least and the greatest cell of a column prove that no row meets any
//! of these, columns are not read whose cells are surely good; each of their cells is taken to be the least one, or nothing
//! where all are empty. Which cell it is changes nothing: conditions that fail for all cells between two fail for the least,
//! and of rows that fail them nothing is read. Columns of which something may have to be said are read as ever: keys, for
//! they may name no row, and cells that may be bad. Neither the rows nor what is said of them changes.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrow_array::{ArrayRef, UInt32Array};

use super::arrays;
use super::batch::{Column, KNOWN, NO, NO_CODE, NO_DAY, Values};
use super::build::Builder;
use super::decode::{Decoder, Reading};
use super::key::day_of;
use crate::data::columns::FieldColumns;
use crate::data::parquet_file::ParquetFile;
use crate::plan::CompareOp;
use crate::value::{Base, Number, Value};

/// A condition about a row, as far as the cells of its own fields decide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever the cells are, it may hold.
    Open,
    /// A flag is this.
    Flag(u32, bool),
    /// A field compared with a value.
    Compares(u32, CompareOp, Value),
    /// It fails where one of them does.
    All(Vec<Self>),
    /// It fails where all of them do.
    Any(Vec<Self>),
}

impl Condition {
    /// Whether it surely fails where each cell lies between two values; `between`: those of a field whose cells are all
    /// known.
    pub(crate) fn fails(&self, between: &dyn Fn(u32) -> Option<(Value, Value)>) -> bool {
        match self {
            Self::Open => false,
            Self::Flag(field, expected) => {
                let other = Value::Flag(!expected);
                between(*field).is_some_and(|(least, greatest)| least == other && greatest == other)
            }
            Self::Compares(field, op, with) => {
                between(*field).is_some_and(|(least, greatest)| never(&least, &greatest, *op, with))
            }
            Self::All(conditions) => conditions.iter().any(|condition| condition.fails(between)),
            Self::Any(conditions) => conditions.iter().all(|condition| condition.fails(between)),
        }
    }
}

/// Whether no value between two compares like that.
fn never(least: &Value, greatest: &Value, op: CompareOp, with: &Value) -> bool {
    let order = |value: &Value| match (value, with) {
        (Value::Number(value), Value::Number(with)) => Some(value.cmp(with)),
        (Value::Date(value), Value::Date(with)) => Some(value.cmp(with)),
        _ => None,
    };
    if let (Some(least), Some(greatest)) = (order(least), order(greatest)) {
        return match op {
            CompareOp::Eq => least == Ordering::Greater || greatest == Ordering::Less,
            CompareOp::Ne => least == Ordering::Equal && greatest == Ordering::Equal,
            CompareOp::Lt | CompareOp::Le => !op.holds(least),
            CompareOp::Gt | CompareOp::Ge => !op.holds(greatest),
        };
    }
    let is_one = least == greatest
        && matches!(
            (least, with),
            (Value::Category(_), Value::Category(_)) | (Value::SchoolYear(_), Value::SchoolYear(_))
        );
    match op {
        CompareOp::Eq => is_one && least != with,
        CompareOp::Ne => is_one && least == with,
        _ => false,
    }
}

/// Which columns of a row group need not be read: by column of the file, the cell that stands for all of its cells; empty
/// where the row group has to be read.
pub(super) fn left_out(
    reading: &Reading<'_>,
    file: &ParquetFile,
    condition: &Condition,
    group: usize,
    decoder: &mut Decoder<'_>,
) -> BTreeMap<usize, ArrayRef> {
    let mut ranges: BTreeMap<u32, (Value, Value)> = BTreeMap::new();
    let mut good: BTreeMap<usize, ArrayRef> = BTreeMap::new();
    let mut needed: Vec<usize> = Vec::new();
    let keys = reading.columns.fields.iter().take(reading.record.keys);
    needed.extend(keys.flat_map(FieldColumns::columns));
    for (field, decode) in reading.wanted.fields.iter().zip(&mut decoder.fields) {
        let position = *field as usize;
        let (Some(columns), Some(declared)) =
            (reading.columns.fields.get(position), reading.record.fields.get(position))
        else {
            continue;
        };
        let FieldColumns::Value { column, .. } = columns else {
            needed.extend(columns.columns());
            continue;
        };
        let found = file.extremes(group, *column).and_then(|extremes| {
            let mut builder = Builder::new(declared.ty.base, None);
            arrays::cells(decode, &extremes.cells, &mut builder)?;
            let cells = builder.finish();
            // Of texts that differ, none but the two are seen.
            let is_same =
                || extremes.cells.len() > 1 && extremes.cells.slice(0, 1) == extremes.cells.slice(1, 1);
            (extremes.is_ordered || is_same()).then_some((extremes, cells))
        });
        let Some((extremes, cells)) = found else {
            needed.push(*column);
            continue;
        };
        if !extremes.has_empty
            && let (Some(least), Some(greatest)) =
                (value(&cells, 0, declared.ty.base), value(&cells, 1, declared.ty.base))
        {
            ranges.insert(*field, (least, greatest));
        }
        good.insert(*column, extremes.cells.slice(0, 1));
    }
    if !condition.fails(&|field| ranges.get(&field).cloned()) {
        return BTreeMap::new();
    }
    good.retain(|column, _| !needed.contains(column));
    good
}

/// The value of a cell that is known.
fn value(column: &Column, row: usize, base: Base) -> Option<Value> {
    let state = *column.state.get(row)?;
    if !matches!(state, KNOWN | NO) {
        return None;
    }
    match &column.values {
        Values::Void if base == Base::Flag => Some(Value::Flag(state == KNOWN)),
        Values::Scaled { value, scale, wide } if wide.is_empty() => {
            Some(Value::Number(Number::scaled(*value.get(row)?, *scale)))
        }
        Values::Day(days) => Some(Value::Date(day_of(*days.get(row)?)?)),
        Values::Year(years) => {
            let year = years.get(row).filter(|year| **year != NO_DAY)?;
            Some(Value::SchoolYear(i16::try_from(*year).ok()?))
        }
        Values::Code(codes) => {
            codes.get(row).filter(|code| **code != NO_CODE).map(|code| Value::Category(*code))
        }
        _ => None,
    }
}

/// So many cells that are the same.
pub(super) fn repeated(cell: &ArrayRef, rows: usize) -> Option<ArrayRef> {
    arrow_select::take::take(cell, &UInt32Array::from(vec![0; rows]), None).ok()
}
