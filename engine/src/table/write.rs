//! Tables of results as Parquet files. The bytes depend on the rows and on the parts they come in, and on nothing else.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringDictionaryBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

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
}

/// Digits of an amount of money, and how many of them are cents.
const MONEY: (u8, i8) = (38, 2);

impl StoredRows {
    /// No rows.
    #[must_use]
    pub fn new(columns: &[StoredColumn]) -> Self {
        let builders = columns.iter().map(|column| match column.stored {
            Stored::Text => Builder::Text(StringDictionaryBuilder::new()),
            Stored::Day => Builder::Day(Date32Builder::new()),
            Stored::Money => Builder::Money(
                Decimal128Builder::new().with_data_type(DataType::Decimal128(MONEY.0, MONEY.1)),
            ),
            Stored::Whole => Builder::Whole(Int64Builder::new()),
            Stored::Flag => Builder::Flag(BooleanBuilder::new()),
        });
        Self { builders: builders.collect(), columns: columns.to_vec() }
    }

    /// Adds a row: an entry for each column; those that are left out are null.
    ///
    /// # Errors
    /// A value that the column cannot hold.
    pub fn push<'e>(&mut self, entries: impl IntoIterator<Item = Entry<'e>>) -> Result<(), WriteError> {
        let mut entries = entries.into_iter();
        for (builder, column) in self.builders.iter_mut().zip(&self.columns) {
            let entry = entries.next().unwrap_or(Entry::Null);
            let unfit = |what: &str| WriteError {
                message: format!("a value of `{}` cannot be stored: {what}; write csv or jsonl", column.name),
            };
            match (builder, entry) {
                (Builder::Text(texts), Entry::Text(text)) => {
                    texts.append(text).map_err(|error| failed(&error))?;
                }
                (Builder::Text(texts), _) => texts.append_null(),
                (Builder::Flag(flags), Entry::Value(Value::Flag(flag))) => flags.append_value(*flag),
                (Builder::Flag(flags), _) => flags.append_null(),
                (Builder::Day(days), Entry::Value(Value::Date(day))) => {
                    let start = date::Date::new(1970, 1, 1).map_err(|error| failed(&error))?;
                    let number = i32::try_from(date::days_between(start, *day));
                    days.append_value(number.map_err(|_| unfit("it is outside the calendar"))?);
                }
                // `never` and `none` are no days.
                (Builder::Day(days), _) => days.append_null(),
                (Builder::Money(amounts), Entry::Value(Value::Number(number))) => {
                    let cents =
                        whole(&number.mul(&Number::from_int(100)).map_err(|_| unfit("it is too large"))?);
                    let cents = cents.filter(|cents| cents.unsigned_abs() < 10_u128.pow(u32::from(MONEY.0)));
                    amounts.append_value(
                        cents.ok_or_else(|| unfit("it has fractions of a cent, or more than 38 digits"))?,
                    );
                }
                (Builder::Money(amounts), _) => amounts.append_null(),
                (Builder::Whole(numbers), Entry::Value(Value::Number(number))) => {
                    let number = number.to_i64().filter(|_| number.is_whole());
                    numbers.append_value(
                        number.ok_or_else(|| unfit("it is not whole, or has more than 18 digits"))?,
                    );
                }
                (Builder::Whole(numbers), _) => numbers.append_null(),
            }
        }
        Ok(())
    }

    /// The rows, ready to be written.
    ///
    /// # Errors
    /// When the columns do not have the same length.
    pub fn finish(self) -> Result<RecordBatch, WriteError> {
        let arrays: Vec<ArrayRef> = self
            .builders
            .into_iter()
            .map(|builder| match builder {
                Builder::Text(mut texts) => Arc::new(texts.finish()) as ArrayRef,
                Builder::Day(mut days) => Arc::new(days.finish()),
                Builder::Money(mut amounts) => Arc::new(amounts.finish()),
                Builder::Whole(mut numbers) => Arc::new(numbers.finish()),
                Builder::Flag(mut flags) => Arc::new(flags.finish()),
            })
            .collect();
        RecordBatch::try_new(schema(&self.columns), arrays).map_err(|error| failed(&error))
    }
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

/// Writes a Parquet file.
pub struct ParquetTable<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> ParquetTable<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn new(output: W, columns: &[StoredColumn]) -> Result<Self, WriteError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("rubric version {}", env!("CARGO_PKG_VERSION")))
            .build();
        // Whoever reads the columns need not know which of them were in a dictionary here.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(output, schema(columns), options);
        Ok(Self { writer: writer.map_err(|error| failed(&error))? })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// What keeps them from being written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), WriteError> {
        self.writer.write(rows).map_err(|error| failed(&error))
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn close(self) -> Result<W, WriteError> {
        self.writer.into_inner().map_err(|error| failed(&error))
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
                table.write(&rows.finish().unwrap()).unwrap();
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
