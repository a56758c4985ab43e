//! Tables of results as Parquet files. The bytes depend on the rows and on the parts they come in, and on nothing else.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringDictionaryBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use crate::value::{Base, Number, Value, date};

/// How a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// UTF-8, in a dictionary where that is shorter.
    Text,
    /// DATE.
    Day,
    /// DECIMAL(38, 2).
    Money,
    /// INT64.
    Whole,
    /// BOOLEAN.
    Flag,
}

impl Stored {
    /// How values of a type are stored. A number or a percent may be a fraction whose digits never end, so that it is
    /// stored as it is written.
    #[must_use]
    pub const fn of(base: Base) -> Self {
        match base {
            Base::Date => Self::Day,
            Base::Money => Self::Money,
            Base::Count | Base::Days | Base::Months => Self::Whole,
            Base::Flag => Self::Flag,
            _ => Self::Text,
        }
    }
}

/// A column of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Its name.
    pub name: String,
    /// How it is stored.
    pub stored: Stored,
}

/// What a row holds in a column.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// Nothing.
    Null,
    /// A text.
    Text(&'a str),
    /// A value, of a column that is not stored as text.
    Value(&'a Value),
}

/// Why a table cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for WriteError {}

fn failed(error: &dyn fmt::Display) -> WriteError {
    WriteError { message: format!("the table cannot be written: {error}") }
}

/// Cells of a column, for all rows that it will have.
#[derive(Clone, Copy, Debug)]
pub enum Filling<'a> {
    /// Each distinct entry, and for each row the position of its own; of a position that is none, nothing.
    Shared(&'a [Entry<'a>], &'a [u32]),
    /// Numbers that are `value / 10^scale`, of a column of money or of whole numbers; nothing where the row has none.
    Numbers {
        /// By row; anything where there is no number.
        values: &'a [i64],
        /// How many places they have.
        scale: u8,
        /// By row: whether it has a number.
        there: &'a [bool],
    },
}

/// Some rows, one column after the other.
pub struct StoredRows {
    columns: Vec<StoredColumn>,
    builders: Vec<Builder>,
}

enum Builder {
    Text(StringDictionaryBuilder<Int32Type>),
    Day(Date32Builder),
    Money(Decimal128Builder),
    Whole(Int64Builder),
    Flag(BooleanBuilder),
    /// A column that is whole.
    Filled(ArrayRef),
}

/// Digits of an amount of money, and how many of them are cents.
const MONEY: (u8, i8) = (38, 2);
const CENTS: u8 = 2;

const NO_CENTS: &str = "it has fractions of a cent, or more than 38 digits";
const NOT_WHOLE: &str = "it is not whole, or has more than 18 digits";

fn unfit(column: &StoredColumn, what: &str) -> WriteError {
    WriteError {
        message: format!("a value of `{}` cannot be stored: {what}; write csv or jsonl", column.name),
    }
}

impl Builder {
    fn of(stored: Stored) -> Self {
        match stored {
            Stored::Text => Self::Text(StringDictionaryBuilder::new()),
            Stored::Day => Self::Day(Date32Builder::new()),
            Stored::Money => {
                Self::Money(Decimal128Builder::new().with_data_type(DataType::Decimal128(MONEY.0, MONEY.1)))
            }
            Stored::Whole => Self::Whole(Int64Builder::new()),
            Stored::Flag => Self::Flag(BooleanBuilder::new()),
        }
    }

    fn push(&mut self, column: &StoredColumn, entry: Entry<'_>) -> Result<(), WriteError> {
        match (self, entry) {
            (Self::Text(texts), Entry::Text(text)) => {
                texts.append(text).map_err(|error| failed(&error))?;
            }
            (Self::Text(texts), _) => texts.append_null(),
            (Self::Flag(flags), Entry::Value(Value::Flag(flag))) => flags.append_value(*flag),
            (Self::Flag(flags), _) => flags.append_null(),
            (Self::Day(days), Entry::Value(Value::Date(day))) => {
                let start = date::Date::new(1970, 1, 1).map_err(|error| failed(&error))?;
                let number = i32::try_from(date::days_between(start, *day));
                days.append_value(number.map_err(|_| unfit(column, "it is outside the calendar"))?);
            }
            // `never` and `none` are no days.
            (Self::Day(days), _) => days.append_null(),
            (Self::Money(amounts), Entry::Value(Value::Number(number))) => {
                let cents = number.mul(&Number::from_int(100));
                let cents = whole(&cents.map_err(|_| unfit(column, "it is too large"))?);
                let cents = cents.filter(|cents| cents.unsigned_abs() < 10_u128.pow(u32::from(MONEY.0)));
                amounts.append_value(cents.ok_or_else(|| unfit(column, NO_CENTS))?);
            }
            (Self::Money(amounts), _) => amounts.append_null(),
            (Self::Whole(numbers), Entry::Value(Value::Number(number))) => {
                let number = number.to_i64().filter(|_| number.is_whole());
                numbers.append_value(number.ok_or_else(|| unfit(column, NOT_WHOLE))?);
            }
            (Self::Whole(numbers), _) => numbers.append_null(),
            (Self::Filled(_), _) => return Err(failed(&"a column that is whole has no more rows")),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut texts) => Arc::new(texts.finish()),
            Self::Day(mut days) => Arc::new(days.finish()),
            Self::Money(mut amounts) => Arc::new(amounts.finish()),
            Self::Whole(mut numbers) => Arc::new(numbers.finish()),
            Self::Flag(mut flags) => Arc::new(flags.finish()),
            Self::Filled(array) => array,
        }
    }
}

impl StoredRows {
    /// No rows.
    #[must_use]
    pub fn new(columns: &[StoredColumn]) -> Self {
        let builders = columns.iter().map(|column| Builder::of(column.stored));
        Self { builders: builders.collect(), columns: columns.to_vec() }
    }

    /// Adds a row: an entry for each column; those that are left out are null.
    ///
    /// # Errors
    /// A value that the column cannot hold.
    pub fn push<'e>(&mut self, entries: impl IntoIterator<Item = Entry<'e>>) -> Result<(), WriteError> {
        let mut entries = entries.into_iter();
        for (builder, column) in self.builders.iter_mut().zip(&self.columns) {
            builder.push(column, entries.next().unwrap_or(Entry::Null))?;
        }
        Ok(())
    }

    /// Fills a column that is empty, for all rows.
    ///
    /// # Errors
    /// A value that the column cannot hold; no such column.
    pub fn fill(&mut self, column: usize, filling: Filling<'_>) -> Result<(), WriteError> {
        let (Some(builder), Some(column)) = (self.builders.get_mut(column), self.columns.get(column)) else {
            return Err(failed(&"there is no such column"));
        };
        *builder = match (filling, column.stored) {
            (Filling::Shared(distinct, of), Stored::Text) => Builder::Filled(shared_texts(distinct, of)?),
            (Filling::Shared(distinct, of), _) => {
                let mut own = Builder::of(column.stored);
                for at in of {
                    own.push(column, distinct.get(*at as usize).copied().unwrap_or(Entry::Null))?;
                }
                own
            }
            (Filling::Numbers { values, scale, there }, stored) => {
                let (places, why) = if stored == Stored::Money { (CENTS, NO_CENTS) } else { (0, NOT_WHOLE) };
                let numbers = at_scale(values, (scale, places), there).ok_or_else(|| unfit(column, why))?;
                let nulls = NullBuffer::from(there.to_vec());
                let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
                match stored {
                    Stored::Money => {
                        let array = Decimal128Array::try_new(numbers.into(), nulls);
                        let array = array.and_then(|array| array.with_precision_and_scale(MONEY.0, MONEY.1));
                        Builder::Filled(Arc::new(array.map_err(|error| failed(&error))?))
                    }
                    Stored::Whole => {
                        let numbers = numbers.into_iter().map(i64::try_from).collect::<Result<Vec<i64>, _>>();
                        let numbers = numbers.map_err(|_| unfit(column, NOT_WHOLE))?;
                        let array = Int64Array::try_new(numbers.into(), nulls);
                        Builder::Filled(Arc::new(array.map_err(|error| failed(&error))?))
                    }
                    _ => return Err(failed(&"the column holds no numbers")),
                }
            }
        };
        Ok(())
    }

    /// The rows, ready to be written.
    ///
    /// # Errors
    /// When the columns do not have the same length.
    pub fn finish(self) -> Result<RecordBatch, WriteError> {
        let arrays: Vec<ArrayRef> = self.builders.into_iter().map(Builder::finish).collect();
        RecordBatch::try_new(schema(&self.columns), arrays).map_err(|error| failed(&error))
    }
}

/// Texts that rows share; what is no text is nothing.
fn shared_texts(distinct: &[Entry<'_>], of: &[u32]) -> Result<ArrayRef, WriteError> {
    let mut next = 0..;
    let place = |entry: &Entry<'_>| if let Entry::Text(_) = entry { next.next() } else { None };
    let places: Vec<Option<i32>> = distinct.iter().map(place).collect();
    let texts =
        distinct.iter().filter_map(|entry| if let Entry::Text(text) = entry { Some(*text) } else { None });
    let texts = StringArray::from_iter_values(texts);
    let all: Option<Vec<i32>> = places.iter().copied().collect();
    let keys = match all {
        Some(places) if of.iter().all(|at| (*at as usize) < places.len()) => {
            of.iter().map(|at| places.get(*at as usize).copied().unwrap_or(0)).collect::<Vec<i32>>().into()
        }
        _ => of.iter().map(|at| places.get(*at as usize).copied().flatten()).collect::<Int32Array>(),
    };
    let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(texts));
    Ok(Arc::new(array.map_err(|error| failed(&error))?))
}

/// Numbers with so many places, from those with others; `None` where one of them does not fit. Where there is none, zero.
fn at_scale(values: &[i64], (own, wanted): (u8, u8), there: &[bool]) -> Option<Vec<i128>> {
    let by = 10_i128.checked_pow(u32::from(own.abs_diff(wanted)))?;
    let number = |(value, there): (&i64, &bool)| {
        let value = if *there { i128::from(*value) } else { 0 };
        if own <= wanted { value.checked_mul(by) } else { (value % by == 0).then_some(value / by) }
    };
    values.iter().zip(there).map(number).collect()
}

fn whole(number: &Number) -> Option<i128> {
    number.to_decimal(0).and_then(|digits| digits.parse().ok())
}

fn schema(columns: &[StoredColumn]) -> Arc<Schema> {
    let field = |column: &StoredColumn| {
        let kind = match column.stored {
            Stored::Text => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Stored::Day => DataType::Date32,
            Stored::Money => DataType::Decimal128(MONEY.0, MONEY.1),
            Stored::Whole => DataType::Int64,
            Stored::Flag => DataType::Boolean,
        };
        Field::new(&column.name, kind, true)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<Field>>()))
}

/// Writes a Parquet file, row group by row group. Threads encode groups of their own: see [`ParquetTable::groups`].
pub struct ParquetTable<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    schema: Arc<Schema>,
}

/// Begins row groups of a file.
pub struct RowGroups {
    factory: ArrowRowGroupWriterFactory,
    schema: Arc<Schema>,
}

/// A row group that is being encoded.
pub struct RowGroup {
    writers: Vec<ArrowColumnWriter>,
    schema: Arc<Schema>,
}

/// A row group, as it will stand in the file.
pub struct EncodedGroup {
    columns: Vec<ArrowColumnChunk>,
}

impl<W: Write + Send> ParquetTable<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn new(output: W, columns: &[StoredColumn]) -> Result<Self, WriteError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by(format!("rubric version {}", env!("CARGO_PKG_VERSION")))
            .build();
        // Whoever reads the columns need not know which of them were in a dictionary here.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let schema = schema(columns);
        let writer = ArrowWriter::try_new_with_options(output, Arc::clone(&schema), options);
        let (writer, _) =
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(|error| failed(&error))?;
        Ok(Self { writer, schema })
    }

    /// What begins row groups; threads share it.
    #[must_use]
    pub fn groups(&self) -> RowGroups {
        let factory = ArrowRowGroupWriterFactory::new(&self.writer, Arc::clone(&self.schema));
        RowGroups { factory, schema: Arc::clone(&self.schema) }
    }

    /// Adds a row group after those that there are.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn append(&mut self, group: EncodedGroup) -> Result<(), WriteError> {
        let mut writer = self.writer.next_row_group().map_err(|error| failed(&error))?;
        for column in group.columns {
            column.append_to_row_group(&mut writer).map_err(|error| failed(&error))?;
        }
        writer.close().map_err(|error| failed(&error))?;
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn close(self) -> Result<W, WriteError> {
        self.writer.into_inner().map_err(|error| failed(&error))
    }
}

impl RowGroups {
    /// Begins a row group of that number.
    ///
    /// # Errors
    /// Columns that cannot be encoded.
    pub fn begin(&self, number: usize) -> Result<RowGroup, WriteError> {
        let writers = self.factory.create_column_writers(number).map_err(|error| failed(&error))?;
        Ok(RowGroup { writers, schema: Arc::clone(&self.schema) })
    }
}

impl RowGroup {
    /// Adds rows.
    ///
    /// # Errors
    /// Rows that cannot be encoded.
    pub fn write(&mut self, rows: StoredRows) -> Result<(), WriteError> {
        let rows = rows.finish()?;
        let mut writers = self.writers.iter_mut();
        for (field, array) in self.schema.fields().iter().zip(rows.columns()) {
            for leaf in compute_leaves(field, array).map_err(|error| failed(&error))? {
                let writer = writers.next().ok_or_else(|| failed(&"there is no such column"))?;
                writer.write(&leaf).map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    /// The group, once all of its rows are in it.
    ///
    /// # Errors
    /// Columns that cannot be encoded.
    pub fn finish(self) -> Result<EncodedGroup, WriteError> {
        let columns = self.writers.into_iter().map(ArrowColumnWriter::close);
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| failed(&error))?;
        Ok(EncodedGroup { columns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, stored: Stored) -> StoredColumn {
        StoredColumn { name: name.to_owned(), stored }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes_and_are_read_again() {
        use crate::data::{Cell, DataSet, DataSource, Format, read};
        let columns = [
            column("credential_id", Stored::Text),
            column("fee", Stored::Money),
            column("expires", Stored::Day),
            column("approved", Stored::Flag),
        ];
        let file = || {
            let mut table = ParquetTable::new(Vec::new(), &columns).unwrap();
            let groups = table.groups();
            for part in 0..3 {
                let mut rows = StoredRows::new(&columns);
                for row in 0..4000_i64 {
                    let id = (part * 4000 + row).to_string();
                    let fee = Value::Number(Number::ratio(row * 101, 100).unwrap());
                    let day = Value::Date(date::add_days(date::Date::new(2000, 1, 1).unwrap(), row).unwrap());
                    let flag = Value::Flag(row % 3 == 0);
                    let fee = if row % 5 == 0 { Entry::Null } else { Entry::Value(&fee) };
                    rows.push([Entry::Text(&id), fee, Entry::Value(&day), Entry::Value(&flag)]).unwrap();
                }
                let mut group = groups.begin(0).unwrap();
                group.write(rows).unwrap();
                table.append(group.finish().unwrap()).unwrap();
            }
            table.close().unwrap()
        };
        let bytes = file();
        assert!(bytes == file());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Credential.parquet"), bytes).unwrap();
        let set = DataSet { format: Format::Parquet, ..DataSet::default() };
        let source =
            DataSource { path: folder.path().to_path_buf(), shown: String::new(), set, preset: None };
        let data = read(&crate::data::fixtures::symbols(), &source).unwrap();
        assert_eq!(data.errors, []);
        let table = data.table(crate::value::RecordId(4)).unwrap();
        assert_eq!(table.len(), 12_000);
        assert_eq!(*table.cell(4001, 1), Cell::Known(Value::Number(Number::ratio(101, 100).unwrap())));
        assert_eq!(*table.cell(4000, 1), Cell::Missing);
        assert_eq!(*table.cell(3, 2), Cell::Known(Value::Date(date::Date::new(2000, 1, 4).unwrap())));
        assert_eq!(*table.cell(3, 3), Cell::Known(Value::Flag(true)));
    }

    #[test]
    fn a_filled_column_is_the_same_as_one_of_which_each_row_is_added() {
        let columns = [
            column("word", Stored::Text),
            column("fee", Stored::Money),
            column("count", Stored::Whole),
            column("approved", Stored::Flag),
            column("budget", Stored::Money),
        ];
        let flags = [Value::Flag(true), Value::Flag(false)];
        let words = [Entry::Null, Entry::Text("a"), Entry::Text("b"), Entry::Text("a")];
        let approved = [Entry::Value(&flags[0]), Entry::Value(&flags[1]), Entry::Null];
        let of = [3, 0, 2, 1, 9];
        let there = [true, true, false, true, true];
        let (fees, counts) = ([150_000, -250, 1, 0, 70], [30, -20, 7, 0, 9_990]);
        // As cents, more than a column of whole numbers holds.
        let large = [i64::MAX, i64::MIN, 3, -1, 0];

        let mut filled = StoredRows::new(&columns);
        filled.fill(0, Filling::Shared(&words, &of)).unwrap();
        filled.fill(1, Filling::Numbers { values: &fees, scale: 3, there: &there }).unwrap();
        filled.fill(2, Filling::Numbers { values: &counts, scale: 1, there: &there }).unwrap();
        filled.fill(3, Filling::Shared(&approved, &of)).unwrap();
        filled.fill(4, Filling::Numbers { values: &large, scale: 0, there: &there }).unwrap();

        let mut pushed = StoredRows::new(&columns);
        for row in 0..of.len() {
            let at = of[row] as usize;
            let number = |value: i64, scale| Value::Number(Number::scaled(value, scale));
            let (fee, count, budget) = (number(fees[row], 3), number(counts[row], 1), number(large[row], 0));
            let known = |value| if there[row] { Entry::Value(value) } else { Entry::Null };
            let word = words.get(at).copied().unwrap_or(Entry::Null);
            let flag = approved.get(at).copied().unwrap_or(Entry::Null);
            pushed.push([word, known(&fee), known(&count), flag, known(&budget)]).unwrap();
        }
        let file = |rows: StoredRows| {
            let mut table = ParquetTable::new(Vec::new(), &columns).unwrap();
            let mut group = table.groups().begin(0).unwrap();
            group.write(rows).unwrap();
            table.append(group.finish().unwrap()).unwrap();
            table.close().unwrap()
        };
        assert!(file(filled) == file(pushed));

        let refused = |column, values: &[i64], scale| {
            let mut rows = StoredRows::new(&columns);
            rows.fill(column, Filling::Numbers { values, scale, there: &[true] }).unwrap_err().message
        };
        assert!(refused(1, &[1], 3).contains("fractions of a cent"));
        assert!(refused(2, &[5], 1).contains("not whole"));
        assert_eq!(refused(3, &[1], 0), "the table cannot be written: the column holds no numbers");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let said = |stored: Stored, number: Number| {
            let mut rows = StoredRows::new(&[column("x", stored)]);
            rows.push([Entry::Value(&Value::Number(number))]).unwrap_err().message
        };
        let huge = Number::parse_decimal(&"9".repeat(60)).unwrap();
        assert_eq!(
            said(Stored::Money, Number::ratio(1, 3).unwrap()),
            "a value of `x` cannot be stored: it has fractions of a cent, or more than 38 digits; write csv or jsonl"
        );
        assert!(said(Stored::Money, huge.clone()).contains("38 digits"));
        assert!(said(Stored::Whole, huge).contains("18 digits"));
    }
}
