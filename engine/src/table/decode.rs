//! Rows of cells into the columns of a batch.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::ArrayRef;
use csv::ByteRecord;

use super::batch::{Batch, Column, MISSING, SharedTexts, UNKNOWN, Wanted};
use super::build::Builder;
use super::key::{KeyCode, write_leaf, write_text};
use super::lines::Lines;
use super::recognise::{Got, Recogniser};
use crate::data::columns::{Columns, FieldColumns, LeafColumn, absent_cell};
use crate::data::convert::Plain;
use crate::data::parquet_texts::TextChunk;
use crate::data::table_rows::{Odd, Rows};
use crate::data::{Cell, DataError, DataSet};
use crate::plan::{Record, Symbols};
use crate::value::{Base, RecordId, Value};

/// What the rows of a file are read with.
pub(crate) struct Reading<'a> {
    pub(crate) symbols: &'a Symbols,
    pub(crate) set: &'a DataSet,
    pub(crate) record: &'a Record,
    pub(crate) id: RecordId,
    /// Only what is wanted is read; other fields have the same cell in every row.
    pub(crate) columns: Columns,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) absent: Vec<&'a String>,
    pub(crate) wanted: &'a Wanted,
    pub(crate) file: u32,
}

impl Reading<'_> {
    /// A reader of rows as the row reader reads them.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows::new(self.id, self.record, &self.columns, &self.names, self.set, self.file)
    }

    /// The columns of the file that are read.
    pub(crate) fn used(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.columns.fields.iter().flat_map(FieldColumns::columns).collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// Leaves out what is not wanted: such fields have the same cell in every row.
pub(crate) fn narrowed(columns: Columns, record: &Record, wanted: &Wanted) -> Columns {
    let is_wanted = |position: usize| {
        (wanted.key && position < record.keys)
            || u32::try_from(position).is_ok_and(|position| wanted.fields.binary_search(&position).is_ok())
    };
    let fields = columns.fields.into_iter().enumerate();
    let fields = fields.map(
        |(position, field)| {
            if is_wanted(position) { field } else { FieldColumns::Fixed(Cell::Absent) }
        },
    );
    Columns { fields: fields.collect(), findings: columns.findings }
}

/// A row as its file holds it.
pub(crate) trait Row {
    /// What stands in a column of the file.
    fn got<'r>(&'r self, column: usize, recogniser: &mut Recogniser<'_>) -> Got<'r>;
}

/// A row of texts.
pub(crate) struct TextRow<'c, F> {
    pub(crate) cell: F,
    pub(crate) of: PhantomData<&'c ()>,
}

impl<'c, F: Fn(usize) -> &'c [u8]> Row for TextRow<'c, F> {
    fn got<'r>(&'r self, column: usize, recogniser: &mut Recogniser<'_>) -> Got<'r> {
        recogniser.read((self.cell)(column))
    }
}

/// Recognises rows whose cells are plainly good.
pub(crate) struct Decoder<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// The parts of the rows' own key.
    pub(super) key: Option<Vec<Leaf<'a>>>,
    /// Whether that is one text.
    pub(super) key_is_text: bool,
    /// Memory of columns that were read before.
    pub(super) memory: Vec<TextChunk>,
}

pub(super) struct Leaf<'a> {
    pub(super) column: usize,
    pub(super) recogniser: Recogniser<'a>,
    /// The texts that the rows before had one of, and the keys that they are; absent where some is none.
    pub(super) shared: Option<(ArrayRef, Option<Arc<SharedTexts>>)>,
    /// The cells that the rows before had one of, and what they came to; absent where one of them is not plainly good.
    pub(super) coded: Option<(ArrayRef, Option<Arc<Column>>)>,
}

pub(super) enum Field<'a> {
    Fixed(&'a Cell),
    Value { leaf: Leaf<'a>, empty: Empty },
    Key { leaves: Vec<Leaf<'a>>, is_text: bool, empty: Empty },
}

/// The cell of a field with nothing on file; `None`: an error.
pub(super) type Empty = Option<Cell>;

/// The state of a cell with nothing on file, where it has no value.
pub(super) const fn state_of(empty: &Empty) -> Option<u8> {
    match empty {
        Some(Cell::Missing) => Some(MISSING),
        Some(Cell::Absent | Cell::Assumed) => Some(UNKNOWN),
        Some(Cell::Known(_) | Cell::Unreadable) | None => None,
    }
}

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the columns.
    Good,
    /// It is in the columns, and none of its cells held anything.
    Empty,
    /// Nothing of it is in the columns: the row reader has to read it.
    Bad,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(reading: &'a Reading<'_>) -> Self {
        let leaf = |column: usize, converter| Leaf {
            column,
            recogniser: Recogniser::new(converter, &reading.absent),
            shared: None,
            coded: None,
        };
        let of_leaf = |found: &'a LeafColumn| leaf(found.column, &found.converter);
        let field = |position: &u32| {
            let position = *position as usize;
            let declared = reading.record.fields.get(position);
            let empty = declared.and_then(|field| {
                let (cell, is_error) = absent_cell(field);
                (!is_error).then_some(cell)
            });
            match reading.columns.fields.get(position) {
                Some(FieldColumns::Value { column, converter }) => {
                    Field::Value { leaf: leaf(*column, converter), empty }
                }
                Some(FieldColumns::Reference { shape, leaves }) => {
                    let code = KeyCode::of(reading.symbols, shape.record);
                    Field::Key {
                        leaves: leaves.iter().map(of_leaf).collect(),
                        is_text: code.is_some_and(|code| code.is_text()),
                        empty,
                    }
                }
                Some(FieldColumns::Fixed(cell)) => Field::Fixed(cell),
                None => Field::Fixed(&Cell::Absent),
            }
        };
        let key = reading.wanted.key.then(|| {
            let mut leaves = Vec::new();
            for field in reading.columns.fields.iter().take(reading.record.keys) {
                match field {
                    FieldColumns::Fixed(_) => return Vec::new(),
                    FieldColumns::Value { column, converter } => leaves.push(leaf(*column, converter)),
                    FieldColumns::Reference { leaves: parts, .. } => leaves.extend(parts.iter().map(of_leaf)),
                }
            }
            leaves
        });
        let fields = reading.wanted.fields.iter().map(field).collect();
        let key_is_text = KeyCode::of(reading.symbols, reading.id).is_some_and(|code| code.is_text());
        Self { fields, key, key_is_text, memory: Vec::new() }
    }

    /// The columns that hold nothing but texts that name rows of other records.
    pub(crate) fn named_by(&self) -> Vec<usize> {
        let fields = self.fields.iter().filter_map(|field| match field {
            Field::Key { leaves, is_text: true, .. } => match leaves.as_slice() {
                [leaf] if leaf.recogniser.plain == Plain::Text && leaf.recogniser.absent.is_empty() => {
                    Some(leaf.column)
                }
                _ => None,
            },
            _ => None,
        });
        fields.collect()
    }

    /// The column of the rows' own key, if it holds nothing but texts and is read for nothing else.
    pub(crate) fn own_texts(&self) -> Option<usize> {
        let [leaf] = self.key.as_deref()? else { return None };
        let is_plain = leaf.recogniser.plain == Plain::Text && leaf.recogniser.absent.is_empty();
        let is_read = |field: &Field<'_>| match field {
            Field::Fixed(_) => false,
            Field::Value { leaf: other, .. } => other.column == leaf.column,
            Field::Key { leaves, .. } => leaves.iter().any(|other| other.column == leaf.column),
        };
        (is_plain && self.key_is_text && !self.fields.iter().any(is_read)).then_some(leaf.column)
    }

    /// The columns of the rows' own key.
    pub(crate) fn own_key(&self) -> Vec<usize> {
        self.key.iter().flatten().map(|leaf| leaf.column).collect()
    }

    /// Reads a row into the columns.
    pub(crate) fn read(&mut self, row: &impl Row, batch: &mut Building) -> Outcome {
        let before = batch.len();
        let mut is_empty = true;
        let mut is_good = true;
        for (field, builder) in self.fields.iter_mut().zip(&mut batch.columns) {
            is_good = match field {
                Field::Fixed(found) => {
                    builder.cell(found);
                    true
                }
                Field::Value { leaf, empty } => {
                    let got = row.got(leaf.column, &mut leaf.recogniser);
                    is_empty &= matches!(got, Got::Empty);
                    put(got, &leaf.recogniser.words, empty, builder)
                }
                Field::Key { leaves, is_text, empty } => {
                    let (good, nothing) = reference(leaves, *is_text, empty, row, builder);
                    is_empty &= nothing;
                    good
                }
            };
            if !is_good {
                break;
            }
        }
        if is_good && let (Some(leaves), Some(builder)) = (&mut self.key, &mut batch.key) {
            if leaves.is_empty() {
                builder.open(UNKNOWN);
            } else {
                let (good, nothing) = reference(leaves, self.key_is_text, &None, row, builder);
                is_empty &= nothing;
                is_good = good;
            }
        }
        if !is_good {
            batch.truncate(before);
            return Outcome::Bad;
        }
        if is_empty { Outcome::Empty } else { Outcome::Good }
    }
}

/// Puts what a cell holds into its column; whether that could be done.
pub(super) fn put(got: Got<'_>, words: &[Value], empty: &Empty, builder: &mut Builder) -> bool {
    match got {
        Got::Empty => match empty {
            Some(Cell::Missing) => builder.open(MISSING),
            Some(cell) => builder.cell(cell),
            None => return false,
        },
        Got::Bad => return false,
        Got::Decimal(mantissa, places) => builder.decimal(mantissa, places),
        Got::Day(day) => builder.day(day),
        Got::Text(text) => builder.text(text),
        Got::Word(word) => match words.get(word) {
            Some(Value::Category(code)) => builder.code(*code),
            Some(Value::Flag(flag)) => builder.flag(*flag),
            Some(value) => builder.value(value),
            None => return false,
        },
        Got::Value(value) => builder.value(&value),
    }
    true
}

/// Puts a key into its column: whether that could be done, and whether all of its cells were empty.
pub(super) fn reference(
    leaves: &mut [Leaf<'_>],
    is_text: bool,
    empty: &Empty,
    row: &impl Row,
    builder: &mut Builder,
) -> (bool, bool) {
    if let ([leaf], true) = (&mut *leaves, is_text) {
        return match row.got(leaf.column, &mut leaf.recogniser) {
            Got::Text(text) => {
                builder.text(text);
                (true, false)
            }
            Got::Value(value) => {
                let Value::Text(text) = &*value else { return (false, false) };
                builder.text(text.as_bytes());
                (true, false)
            }
            Got::Empty => (put(Got::Empty, &[], empty, builder), true),
            _ => (false, false),
        };
    }
    let mut bytes = Vec::with_capacity(16 * leaves.len());
    let mut filled = 0;
    for leaf in leaves.iter_mut() {
        let got = row.got(leaf.column, &mut leaf.recogniser);
        if got == Got::Empty {
            continue;
        }
        if !write_got(got, &leaf.recogniser.words, &mut bytes) {
            return (false, false);
        }
        filled += 1;
    }
    if filled == leaves.len() {
        builder.text(&bytes);
        (true, false)
    } else if filled == 0 {
        (put(Got::Empty, &[], empty, builder), true)
    } else {
        // Which parts of a key are its own, the row reader knows.
        (false, false)
    }
}

/// Writes a part of a key; whether it is one.
pub(super) fn write_got(got: Got<'_>, words: &[Value], bytes: &mut Vec<u8>) -> bool {
    match got {
        Got::Empty | Got::Bad => return false,
        Got::Text(text) => write_text(text, bytes),
        Got::Word(word) => match words.get(word) {
            Some(value) => write_leaf(value, bytes),
            None => return false,
        },
        Got::Value(value) => write_leaf(&value, bytes),
        Got::Day(day) => match super::key::day_of(day) {
            Some(day) => write_leaf(&Value::Date(day), bytes),
            None => return false,
        },
        Got::Decimal(mantissa, places) => {
            write_leaf(&Value::Number(super::build::decimal_number(mantissa, places)), bytes);
        }
    }
    true
}

/// How much there is in a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Size {
    rows: usize,
    bytes: Vec<usize>,
}

/// A batch on its way.
pub(crate) struct Building {
    pub(super) columns: Vec<Builder>,
    pub(super) key: Option<Builder>,
    fields: Vec<u32>,
    lines: Lines,
    pub(crate) errors: Vec<DataError>,
}

impl Building {
    pub(crate) fn new(symbols: &Symbols, wanted: &Wanted) -> Self {
        let record = symbols.record(wanted.record);
        let builder = |field: &u32| {
            let field = record.and_then(|record| record.fields.get(*field as usize));
            let base = field.map_or(Base::Damaged, |field| field.ty.base);
            let key = match base {
                Base::Record(target) => KeyCode::of(symbols, target),
                _ => None,
            };
            Builder::new(base, key)
        };
        let code = KeyCode::of(symbols, wanted.record);
        Self {
            columns: wanted.fields.iter().map(builder).collect(),
            key: wanted.key.then(|| Builder::new(Base::Damaged, code)),
            fields: wanted.fields.clone(),
            lines: Lines::default(),
            errors: Vec::new(),
        }
    }

    /// How many rows it has.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// How much there was in it, so that the next one has room for as much.
    pub(crate) fn size(&self) -> Size {
        let columns = self.columns.iter().chain(&self.key);
        Size { rows: self.len(), bytes: columns.map(Builder::bytes).collect() }
    }

    /// Makes room for that much, and a little more.
    pub(crate) fn reserve(&mut self, size: &Size) {
        let rows = size.rows + size.rows / 8;
        let bytes = size.bytes.iter().copied().chain(std::iter::repeat(0));
        for (column, bytes) in self.columns.iter_mut().chain(&mut self.key).zip(bytes) {
            column.reserve(rows, bytes + bytes / 8);
        }
    }

    /// Takes back what was added of a row that has no line yet, or of all rows from that one on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        for column in self.columns.iter_mut().chain(&mut self.key) {
            column.truncate(rows);
        }
        self.lines.truncate(rows);
    }

    /// Ends a row whose cells are in the columns.
    pub(crate) fn end_row(&mut self, line: u64) {
        self.end_rows(line, 1);
    }

    /// Ends as many rows, of a line each.
    pub(crate) fn end_rows(&mut self, line: u64, rows: usize) {
        self.lines.follow(u32::try_from(line).unwrap_or(u32::MAX), rows);
    }

    /// Adds a row, field by field; `keys`: how many of its fields are its key.
    pub(crate) fn push<'c>(&mut self, cell: impl Fn(u32) -> &'c Cell, keys: usize, line: u64) {
        for (column, field) in self.columns.iter_mut().zip(&self.fields) {
            column.cell(cell(*field));
        }
        if let Some(key) = &mut self.key {
            key.own_key((0..u32::try_from(keys).unwrap_or(0)).map(&cell));
        }
        self.end_row(line);
    }

    /// The batch; `first`: the number of its first row.
    pub(crate) fn finish(self, file: u32, first: u32) -> (Batch, Vec<DataError>) {
        let mut errors = self.errors;
        for error in &mut errors {
            error.row = error.row.map(|row| row.saturating_add(first));
        }
        let columns = self.columns.into_iter().map(Builder::finish).collect();
        let key = self.key.map(Builder::finish);
        (Batch { file, first, lines: self.lines, columns, key }, errors)
    }
}

/// Reads single rows as the row reader does.
pub(crate) struct Replay<'a> {
    reading: &'a Reading<'a>,
    rows: Option<Rows<'a>>,
    row: ByteRecord,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(reading: &'a Reading<'a>) -> Self {
        Self { reading, rows: None, row: ByteRecord::new() }
    }

    /// Reads a row from its cells.
    pub(crate) fn row<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c [u8]>,
        line: u64,
        building: &mut Building,
    ) {
        self.row.clear();
        cells.for_each(|cell| self.row.push_field(cell));
        self.replay(Vec::new(), line, building);
    }

    /// The cells of the row that is to be read, to be filled.
    pub(crate) fn blank_row(&mut self) -> &mut ByteRecord {
        self.row.clear();
        &mut self.row
    }

    /// Reads the row whose cells were filled in; `odd`: those that have no text.
    pub(crate) fn replay(&mut self, odd: Vec<(usize, Odd)>, line: u64, building: &mut Building) {
        let rows = self.rows.get_or_insert_with(|| self.reading.rows());
        rows.odd = odd;
        let at = u32::try_from(building.len()).unwrap_or(u32::MAX);
        let cells = rows.cells(&self.row, line, at);
        building.push(
            |field| cells.get(field as usize).unwrap_or(&Cell::Absent),
            self.reading.record.keys,
            line,
        );
    }

    /// Hands on what was wrong.
    pub(crate) fn finish(self, building: &mut Building) {
        building.errors = self.rows.map(|rows| rows.errors).unwrap_or_default();
    }
}
