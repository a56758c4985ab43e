//! Rows of a record on their way to a temporary file and back: each block is an Arrow stream of its own, so that its columns
//! are as narrow as its rows allow.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int16Array, Int32Array, Int64Array, RecordBatch, UInt8Array, UInt32Array,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};

use super::super::stored::{Stored, append_texts};
use super::super::vector::{Data, KNOWN, UNKNOWN, Vector, power};
use crate::table::Texts;
use crate::table::key::{read_leaf, write_leaf};
use crate::value::{RecordId, Value};

/// Rows of a record, in any order.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Their numbers in their file.
    pub(super) rows: Vec<u32>,
    /// Where each begins.
    pub(super) lines: Vec<u32>,
    /// Their keys, where the record has some; empty otherwise.
    pub(super) key: Texts,
    /// The fields that were asked for.
    pub(super) columns: Vec<Stored>,
    /// Of each column, the rows in which something stands that cannot be read, ascending positions.
    pub(super) unreadable: Vec<Vec<u32>>,
}

/// The state of a cell in which something stands that cannot be read.
const UNREADABLE: u8 = 0x40 | UNKNOWN;

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Some of the rows, in that order.
    pub(super) fn select(&self, which: &[u32]) -> Self {
        let take = |from: &[u32]| -> Vec<u32> {
            which.iter().map(|at| from.get(*at as usize).copied().unwrap_or(0)).collect()
        };
        let unreadable = self.unreadable.iter().map(|unreadable| {
            if unreadable.is_empty() {
                return Vec::new();
            }
            let is_unreadable = |(_, at): &(u32, &u32)| unreadable.binary_search(at).is_ok();
            (0_u32..).zip(which).filter(is_unreadable).map(|(place, _)| place).collect()
        });
        Self {
            rows: take(&self.rows),
            lines: take(&self.lines),
            key: select_texts(&self.key, which),
            unreadable: unreadable.collect(),
            columns: self.columns.iter().map(|column| column.select(which)).collect(),
        }
    }

    /// Several, one after the other.
    pub(super) fn concat(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else { return Self::default() };
        let mut columns: Vec<Vec<Stored>> =
            std::mem::take(&mut all.columns).into_iter().map(|column| vec![column]).collect();
        for part in parts {
            let before = u32::try_from(all.rows.len()).unwrap_or(u32::MAX);
            all.rows.extend_from_slice(&part.rows);
            all.lines.extend_from_slice(&part.lines);
            append_texts(&mut all.key, &part.key);
            for (all, own) in all.unreadable.iter_mut().zip(&part.unreadable) {
                all.extend(own.iter().map(|at| at.saturating_add(before)));
            }
            columns.iter_mut().zip(part.columns).for_each(|(all, own)| all.push(own));
        }
        all.columns = columns.into_iter().map(Stored::concat).collect();
        all
    }

    /// As bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>, String> {
        let count = self.len();
        let all: Vec<u32> = (0..u32::try_from(count).map_err(|_| "too many rows".to_owned())?).collect();
        let mut fields =
            vec![Field::new("row", DataType::UInt32, false), Field::new("line", DataType::UInt32, false)];
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(self.rows.clone())),
            Arc::new(UInt32Array::from(self.lines.clone())),
        ];
        let mut put = |name: String, array: ArrayRef| {
            fields.push(Field::new(name, array.data_type().clone(), false));
            arrays.push(array);
        };
        let has_key = self.key.len() == count && count > 0;
        if has_key {
            put("key".to_owned(), binary(&self.key)?);
        }
        let mut forms = Vec::with_capacity(self.columns.len());
        for (position, (column, unreadable)) in self.columns.iter().zip(&self.unreadable).enumerate() {
            let (mut state, form, values) = match column.texts() {
                Some(texts) => (column.all_states(), Form::Text, Some(binary(texts)?)),
                None => {
                    let Vector { state, data, .. } = column.gather(&all);
                    let (form, values) = encoded(&data)?;
                    (state, form, values)
                }
            };
            for at in unreadable {
                if let Some(state) = state.get_mut(*at as usize) {
                    *state = UNREADABLE;
                }
            }
            let is_plain = state.iter().all(|state| *state == KNOWN);
            if !is_plain {
                put(format!("{position} state"), Arc::new(UInt8Array::from(state)));
            }
            if let Some(values) = values {
                put(position.to_string(), values);
            }
            forms.push(form.word(!is_plain));
        }
        let metadata = HashMap::from([("columns".to_owned(), forms.join(","))]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let failed = |error: arrow_schema::ArrowError| error.to_string();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(failed)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).map_err(failed)?;
        writer.write(&batch).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    /// From bytes; `scales`: of each column of numbers, the places that all blocks can have in common.
    pub(super) fn decode(bytes: Vec<u8>, scales: &[u8]) -> Result<Self, String> {
        let failed = |error: arrow_schema::ArrowError| error.to_string();
        let damaged = || "a block of it is not as it was written".to_owned();
        let mut reader = StreamReader::try_new(Cursor::new(bytes), None).map_err(failed)?;
        let batch = reader.next().ok_or_else(damaged)?.map_err(failed)?;
        let numbers = |name: &str| -> Result<Vec<u32>, String> {
            let array = batch.column_by_name(name).ok_or_else(damaged)?;
            Ok(array.as_primitive_opt::<UInt32Type>().ok_or_else(damaged)?.values().to_vec())
        };
        let mut rows = Self {
            rows: numbers("row")?,
            lines: numbers("line")?,
            key: batch.column_by_name("key").map_or_else(|| Ok(Texts::default()), texts)?,
            ..Self::default()
        };
        let schema = batch.schema();
        let forms = schema.metadata().get("columns").map_or("", String::as_str);
        for (position, form) in forms.split(',').filter(|form| !form.is_empty()).enumerate() {
            let (form, has_state) = Form::read(form).ok_or_else(damaged)?;
            let mut state = match has_state {
                false => vec![KNOWN; rows.len()],
                true => {
                    let name = format!("{position} state");
                    let array = batch.column_by_name(&name).ok_or_else(damaged)?;
                    let array = array.as_primitive_opt::<arrow_array::types::UInt8Type>();
                    array.ok_or_else(damaged)?.values().to_vec()
                }
            };
            let mut unreadable = Vec::new();
            for (at, state) in (0_u32..).zip(&mut state) {
                if *state == UNREADABLE {
                    *state = UNKNOWN;
                    unreadable.push(at);
                }
            }
            let values = batch.column_by_name(&position.to_string());
            let values = || values.ok_or_else(damaged);
            let column = match form {
                Form::Text => Stored::of_texts(state, texts(values()?)?),
                Form::Void => Stored::pack(Vector::of(state, Data::Void)),
                Form::Flag => Stored::pack(Vector::of(state, Data::Flag)),
                Form::Any => {
                    let texts = texts(values()?)?;
                    let read = |bytes: &[u8]| read_leaf(bytes).map_or(Value::None, |(value, _)| value);
                    Stored::pack(Vector::of(state, Data::Any(texts.iter().map(read).collect())))
                }
                Form::Num(scale) => {
                    let mut scale = scale;
                    let mut numbers = widened(values()?).ok_or_else(damaged)?;
                    let by = scales.get(position).and_then(|wanted| power(wanted.checked_sub(scale)?));
                    if let Some(by) = by
                        && numbers.iter().all(|number| number.checked_mul(by).is_some())
                    {
                        numbers.iter_mut().for_each(|number| *number = number.saturating_mul(by));
                        scale = scales.get(position).copied().unwrap_or(scale);
                    }
                    Stored::pack(Vector::of(state, Data::Num(numbers, scale)))
                }
                Form::Code => {
                    let codes = widened(values()?).ok_or_else(damaged)?;
                    Stored::pack(Vector::of(state, Data::Code(codes.into_iter().map(lane).collect())))
                }
                Form::Row(record) => {
                    let rows = widened(values()?).ok_or_else(damaged)?;
                    let rows = rows.into_iter().map(lane).collect();
                    Stored::pack(Vector::of(state, Data::Row(RecordId(record), rows)))
                }
                Form::Date | Form::Year => {
                    let days = widened(values()?).ok_or_else(damaged)?;
                    let days = days.into_iter().map(|day| i32::try_from(day).unwrap_or(i32::MIN)).collect();
                    let data = if form == Form::Date { Data::Date(days) } else { Data::Year(days) };
                    Stored::pack(Vector::of(state, data))
                }
            };
            rows.columns.push(column);
            rows.unreadable.push(unreadable);
        }
        let is_whole = rows.columns.iter().all(|column| column.rows as usize == rows.len());
        if is_whole && rows.lines.len() == rows.len() { Ok(rows) } else { Err(damaged()) }
    }
}

/// What a column of a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Void,
    Flag,
    Num(u8),
    Code,
    Date,
    Year,
    Row(u32),
    Text,
    Any,
}

impl Form {
    /// As it stands in the schema of a block.
    fn word(self, has_state: bool) -> String {
        let (word, number) = match self {
            Self::Void => ("void", 0),
            Self::Flag => ("flag", 0),
            Self::Num(scale) => ("number", u32::from(scale)),
            Self::Code => ("code", 0),
            Self::Date => ("date", 0),
            Self::Year => ("year", 0),
            Self::Row(record) => ("row", record),
            Self::Text => ("text", 0),
            Self::Any => ("any", 0),
        };
        format!("{word}:{number}:{}", u8::from(has_state))
    }

    fn read(word: &str) -> Option<(Self, bool)> {
        let mut parts = word.split(':');
        let (word, number, has_state) = (parts.next()?, parts.next()?.parse::<u32>().ok()?, parts.next()?);
        let form = match word {
            "void" => Self::Void,
            "flag" => Self::Flag,
            "number" => Self::Num(u8::try_from(number).ok()?),
            "code" => Self::Code,
            "date" => Self::Date,
            "year" => Self::Year,
            "row" => Self::Row(number),
            "text" => Self::Text,
            "any" => Self::Any,
            _ => return None,
        };
        Some((form, has_state == "1"))
    }
}

fn encoded(data: &Data) -> Result<(Form, Option<ArrayRef>), String> {
    let lanes = |lanes: &[u32]| narrow(lanes.iter().map(|lane| i64::from(lane.cast_signed())).collect());
    let days = |days: &[i32]| narrow(days.iter().map(|day| i64::from(*day)).collect());
    Ok(match data {
        Data::Void => (Form::Void, None),
        Data::Flag => (Form::Flag, None),
        Data::Num(values, scale) => (Form::Num(*scale), Some(narrow(values.clone()))),
        Data::Code(codes) => (Form::Code, Some(lanes(codes))),
        Data::Row(record, rows) => (Form::Row(record.0), Some(lanes(rows))),
        Data::Date(found) => (Form::Date, Some(days(found))),
        Data::Year(found) => (Form::Year, Some(days(found))),
        Data::Any(values) => {
            let mut texts = Texts::default();
            for value in values {
                write_leaf(value, &mut texts.bytes);
                texts.ends.push(u32::try_from(texts.bytes.len()).map_err(|_| "too many texts".to_owned())?);
            }
            (Form::Any, Some(binary(&texts)?))
        }
        // Files hold no quotients.
        Data::Ratio(..) => return Err("a column holds quotients".to_owned()),
    })
}

/// Rows and codes are written by their bits, so that what stands for none is small.
fn lane(value: i64) -> u32 {
    i32::try_from(value).map_or(u32::MAX, i32::cast_unsigned)
}

/// In as few bytes as the largest takes.
fn narrow(values: Vec<i64>) -> ArrayRef {
    let (least, most) = (values.iter().min().copied(), values.iter().max().copied());
    let fits =
        |low: i64, high: i64| least.is_none_or(|least| least >= low) && most.is_none_or(|most| most <= high);
    #[expect(clippy::cast_possible_truncation, reason = "all of them fit")]
    if fits(i16::MIN.into(), i16::MAX.into()) {
        return Arc::new(Int16Array::from_iter_values(values.into_iter().map(|value| value as i16)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "all of them fit")]
    if fits(i32::MIN.into(), i32::MAX.into()) {
        return Arc::new(Int32Array::from_iter_values(values.into_iter().map(|value| value as i32)));
    }
    Arc::new(Int64Array::from(values))
}

fn widened(array: &ArrayRef) -> Option<Vec<i64>> {
    if let Some(array) = array.as_primitive_opt::<Int16Type>() {
        return Some(array.values().iter().map(|value| i64::from(*value)).collect());
    }
    if let Some(array) = array.as_primitive_opt::<Int32Type>() {
        return Some(array.values().iter().map(|value| i64::from(*value)).collect());
    }
    Some(array.as_primitive_opt::<Int64Type>()?.values().to_vec())
}

fn binary(texts: &Texts) -> Result<ArrayRef, String> {
    let mut offsets = Vec::with_capacity(texts.len() + 1);
    offsets.push(0_i32);
    for end in &texts.ends {
        offsets.push(i32::try_from(*end).map_err(|_| "the texts of a block take more than 2 GB".to_owned())?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let array = BinaryArray::try_new(offsets, Buffer::from_vec(texts.bytes.clone()), None);
    Ok(Arc::new(array.map_err(|error| error.to_string())?))
}

fn texts(array: &ArrayRef) -> Result<Texts, String> {
    let array = array.as_binary_opt::<i32>().ok_or_else(|| "a block of it holds no texts".to_owned())?;
    let ends = array.offsets().iter().skip(1).map(|end| end.cast_unsigned());
    Ok(Texts { bytes: array.values().to_vec(), ends: ends.collect() })
}

/// Some of the texts; none where there are none.
pub(super) fn select_texts(from: &Texts, which: &[u32]) -> Texts {
    let mut texts = Texts::default();
    if from.is_empty() {
        return texts;
    }
    texts.ends.reserve(which.len());
    for at in which {
        texts.bytes.extend_from_slice(from.get(*at as usize));
        texts.ends.push(u32::try_from(texts.bytes.len()).unwrap_or(u32::MAX));
    }
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Number;

    fn column(kind: u8, cells: &[(u8, i64)]) -> Stored {
        let state: Vec<u8> = cells
            .iter()
            .map(|(state, _)| match (state % 3, kind) {
                (0, _) => KNOWN,
                (1, 1) => super::super::super::vector::NO,
                (1, _) => super::super::super::vector::MISSING,
                _ => UNKNOWN,
            })
            .collect();
        let values: Vec<i64> = cells.iter().map(|(_, value)| *value).collect();
        let lanes = || values.iter().map(|value| u32::try_from(*value & 0xFFFF_FFFF).unwrap()).collect();
        let days = || values.iter().map(|value| i32::try_from(*value % 20_000).unwrap()).collect();
        let data = match kind {
            0 => Data::Void,
            1 => Data::Flag,
            2 => Data::Num(values, 2),
            3 => Data::Code(lanes()),
            4 => Data::Date(days()),
            5 => Data::Year(days()),
            6 => Data::Row(RecordId(3), lanes()),
            7 => Data::Any(values.iter().map(|value| Value::Number(Number::scaled(*value, 1))).collect()),
            _ => {
                let mut texts = Texts::default();
                for value in values {
                    texts.bytes.extend_from_slice(value.to_string().as_bytes());
                    texts.ends.push(u32::try_from(texts.bytes.len()).unwrap());
                }
                return Stored::of_texts(state, texts);
            }
        };
        let data = if kind == 0 { return Stored::unknown(u32::try_from(cells.len()).unwrap()) } else { data };
        Stored::pack(Vector::of(state, data))
    }

    /// What each row of a column is.
    fn cells(column: &Stored) -> Vec<Result<Value, u8>> {
        let name = |record, lane| crate::value::Reference {
            record,
            row: Some(lane),
            key: Arc::from([Value::Category(lane)]),
        };
        (0..column.rows).map(|row| column.value(row, name)).collect()
    }

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_written(
            cells_of in prop::collection::vec((0..3_u8, prop_oneof![-300..300_i64, any::<i64>()]), 1..40),
            kinds in prop::collection::vec(0..9_u8, 1..6),
            which in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let count = u32::try_from(cells_of.len()).unwrap();
            let which: Vec<u32> = which.iter().map(|at| u32::try_from(at.index(cells_of.len())).unwrap()).collect();
            let mut key = Texts::default();
            for row in 0..count {
                key.bytes.extend_from_slice(row.to_string().as_bytes());
                key.ends.push(u32::try_from(key.bytes.len()).unwrap());
            }
            let rows = || Rows {
                rows: (0..count).map(|row| row * 3).collect(),
                lines: (0..count).map(|row| row * 3 + 2).collect(),
                key: key.clone(),
                columns: kinds.iter().map(|kind| column(*kind, &cells_of)).collect(),
                unreadable: kinds
                    .iter()
                    .map(|_| (0..count).filter(|row| cells_of[*row as usize].0 == 2 && row % 2 == 0).collect())
                    .collect(),
            };
            let same = |found: &Rows, expected: &Rows| {
                prop_assert_eq!(&found.rows, &expected.rows);
                prop_assert_eq!(&found.lines, &expected.lines);
                prop_assert_eq!(&found.key, &expected.key);
                prop_assert_eq!(&found.unreadable, &expected.unreadable);
                for (found, expected) in found.columns.iter().zip(&expected.columns) {
                    prop_assert_eq!(cells(found), cells(expected));
                }
                Ok(())
            };
            let scales = vec![2; kinds.len()];
            let read = Rows::decode(rows().encode().unwrap(), &scales).unwrap();
            same(&read, &rows())?;
            let chosen = rows().select(&which);
            for (column, all) in chosen.columns.iter().zip(&rows().columns) {
                let all = cells(all);
                let expected: Vec<_> = which.iter().map(|at| all[*at as usize].clone()).collect();
                prop_assert_eq!(cells(column), expected);
            }
            if !which.is_empty() {
                same(&Rows::decode(chosen.encode().unwrap(), &scales).unwrap(), &rows().select(&which))?;
            }
            let both = Rows::concat(vec![rows(), rows()]);
            let twice: Vec<u32> = (0..count).chain(0..count).collect();
            same(&both, &rows().select(&twice))?;
        }
    }

    #[test]
    fn numbers_get_the_places_that_all_blocks_have() {
        let rows = Rows {
            rows: vec![0, 1],
            lines: vec![2, 3],
            columns: vec![Stored::pack(Vector::of(vec![KNOWN; 2], Data::Num(vec![5, 7], 1)))],
            unreadable: vec![Vec::new()],
            ..Rows::default()
        };
        let read = Rows::decode(rows.encode().unwrap(), &[3]).unwrap();
        assert!(matches!(read.columns[0].gather(&[0, 1]).data, Data::Num(values, 3) if values == [500, 700]));
    }

    #[test]
    fn a_damaged_block_is_refused() {
        let rows = Rows { rows: vec![0], lines: vec![2], ..Rows::default() };
        let mut bytes = rows.encode().unwrap();
        bytes.truncate(bytes.len() / 2);
        assert!(Rows::decode(bytes, &[]).is_err());
        assert!(Rows::decode(Vec::new(), &[]).is_err());
    }
}
