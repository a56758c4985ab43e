//! Parquet files: what is read from them, and what they do wrong.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray,
    FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array, types::Int32Type,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use super::bad_input_tests::{Kind, bytes, gzip, kind, report};
use super::fixtures::symbols;
use super::*;
use crate::value::{Date, Number, RecordId, Value};

const MANIFEST: &str = "format = \"parquet\"\n";

pub(crate) fn table(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    in_groups(columns, 2)
}

pub(crate) fn in_groups(columns: &[(&str, ArrayRef)], rows: usize) -> Vec<u8> {
    packed(columns, WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build())
}

fn packed(columns: &[(&str, ArrayRef)], properties: WriterProperties) -> Vec<u8> {
    let columns = columns.iter().map(|(name, column)| (*name, Arc::clone(column), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter(values.iter().map(|text| Some(*text).filter(|text| *text != "null"))))
}

fn whole(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn days(values: &[i32]) -> ArrayRef {
    Arc::new(Date32Array::from(values.to_vec()))
}

fn money(values: &[Option<i128>], scale: i8) -> ArrayRef {
    let column: Decimal128Array = values.iter().copied().collect();
    Arc::new(column.with_precision_and_scale(20, scale).unwrap())
}

fn schools() -> Vec<u8> {
    table(&[("school_id", whole(&[7, 8])), ("name", texts(&["Elm", "Oak"]))])
}

/// A file written by column, for what arrow's writer does not write.
fn by_hand(schema: &str, write: impl Fn(&mut SerializedFileWriter<File>)) -> impl Fn(&Path) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    move |folder| {
        let file = File::create(folder.join("students.parquet")).unwrap();
        let mut writer = SerializedFileWriter::new(file, Arc::clone(&schema), Arc::default()).unwrap();
        write(&mut writer);
        writer.close().unwrap();
    }
}

#[test]
fn bad_input() {
    let file = |name: &'static str, file: &'static str, content: &[u8]| bytes(name, MANIFEST, file, content);
    let school = |name: &'static str, content: &[u8]| file(name, "schools.parquet", content);
    let student = |name: &'static str, birth: ArrayRef| {
        let rows = birth.len();
        let ids: Vec<String> = (1..=rows).map(|row| format!("SECRET{row}")).collect();
        let grades = vec!["03"; rows];
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let columns = [("student_unique_id", texts(&ids)), ("birth_date", birth), ("grade", texts(&grades))];
        file(name, "students.parquet", &table(&columns))
    };
    let session = |name: &'static str, days: ArrayRef| {
        let rows = days.len();
        let columns = [
            ("school_id", whole(&vec![7; rows])),
            ("school_year", texts(&vec!["2024-25"; rows])),
            ("session_name", texts(&["Fall", "Spring", "Summer", "Winter", "A", "B"][..rows])),
            ("days", days),
        ];
        file(name, "sessions.parquet", &table(&columns))
    };
    let credential = |name: &'static str, fee: ArrayRef| {
        let ids: Vec<String> = (1..=fee.len()).map(|row| row.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        file(name, "credentials.parquet", &table(&[("credential_id", texts(&ids)), ("fee", fee)]))
    };
    let good = schools();
    let mut damaged_footer = good.clone();
    let at = good.len() - 40;
    damaged_footer[at..at + 24].fill(0xFF);
    let mut damaged_page = good.clone();
    damaged_page[4..24].fill(0xFF);
    let mut encrypted = good.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    let mut long_footer = good.clone();
    long_footer[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), Some(2)]);
    let object =
        StructArray::from(vec![(Arc::new(Field::new("long", DataType::Utf8, true)), texts(&["Elm"]))]);
    let int96 = by_hand(
        "message m { required binary student_unique_id (UTF8); required int96 birth_date; required binary grade (UTF8); }",
        |writer| {
            let mut group = writer.next_row_group().unwrap();
            for column in 0..3 {
                let mut writer = group.next_column().unwrap().unwrap();
                if column == 1 {
                    let moment = [Int96::from(vec![0, 0, 2_457_000])];
                    writer.typed::<Int96Type>().write_batch(&moment, None, None).unwrap();
                } else {
                    let text = [ByteArray::from(if column == 0 { "SECRET" } else { "03" })];
                    writer.typed::<ByteArrayType>().write_batch(&text, None, None).unwrap();
                }
                writer.close().unwrap();
            }
            group.close().unwrap();
        },
    );
    let not_utf_8 = by_hand("message m { required binary student_unique_id (UTF8); }", |writer| {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let text = [ByteArray::from(b"Caf\xE9".to_vec())];
        column.typed::<ByteArrayType>().write_batch(&text, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    });
    let kinds: Vec<Kind> = vec![
        school("fine", &good),
        school("empty file", b""),
        school("a few bytes", b"PAR1"),
        school("something else", b"school_id,name\n7,Elm\n"),
        school("cut short in the rows", &good[..60]),
        school("cut short in the footer", &good[..good.len() - 3]),
        school("a footer longer than the file", &long_footer),
        school("a damaged footer", &damaged_footer),
        school("a damaged page", &damaged_page),
        school("an encrypted footer", &encrypted),
        school("encrypted from the first byte", b"PARE............PARE"),
        file("gzip", "schools.parquet.gz", &gzip(&good)),
        school("gzip without its ending", &gzip(&good)),
        kind("folder instead of file", MANIFEST, |folder| {
            fs::create_dir(folder.join("schools.parquet")).unwrap();
        }),
        file("no file", "schools.csv", b"school_id,name\n"),
        school(
            "no rows, which says that there are none",
            &table(&[("school_id", whole(&[])), ("name", texts(&[]))]),
        ),
        school("no columns that are known", &table(&[("a", whole(&[1]))])),
        school("missing column", &table(&[("school_id", whole(&[7]))])),
        school(
            "extra column",
            &table(&[("school_id", whole(&[7])), ("name", texts(&["Elm"])), ("bus", whole(&[3]))]),
        ),
        school(
            "two columns of one name",
            &table(&[("school_id", whole(&[7])), ("name", texts(&["Elm"])), ("Name", texts(&["Oak"]))])
                .iter()
                .map(|byte| if *byte == b'N' { b'n' } else { *byte })
                .collect::<Vec<u8>>(),
        ),
        school(
            "nulls",
            &table(&[
                ("school_id", texts(&["7", "null", "null"])),
                ("name", texts(&["null", "Oak", "null"])),
            ]),
        ),
        school(
            "duplicate key, in another row group",
            &table(&[("school_id", whole(&[7, 8, 9, 7])), ("name", texts(&["Elm", "Oak", "Ash", "Fir"]))]),
        ),
        session("dangling key, for which no schools are supplied", whole(&[81])),
        school("texts as bytes", &{
            let name: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"Elm", b"Caf\xE9"]));
            table(&[("school_id", whole(&[7, 8])), ("name", name)])
        }),
        kind("texts that are not UTF-8", MANIFEST, not_utf_8),
        school("a list", &{
            let name: ArrayRef = Arc::new(lists.finish());
            table(&[("school_id", whole(&[7])), ("name", name)])
        }),
        school("an object", &table(&[("school_id", whole(&[7])), ("name", Arc::new(object) as ArrayRef)])),
        school("flags for text", &{
            let name: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
            table(&[("school_id", whole(&[7])), ("name", name)])
        }),
        school("bytes that are no text", &{
            let name: ArrayRef =
                Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8, 2, 3]].into_iter()).unwrap());
            table(&[("school_id", whole(&[7])), ("name", name)])
        }),
        student("texts for days", texts(&["2015-01-01", "2023-02-29", "2023-13-01", "5/13/2015"])),
        student("whole numbers for days", whole(&[20_150_101])),
        bytes(
            "whole numbers for days, of which the manifest says how they are written, which is fine",
            "format = \"parquet\"\ndates = \"%Y%m%d\"\n",
            "students.parquet",
            table(&[
                ("student_unique_id", texts(&["SECRET"])),
                ("birth_date", whole(&[20_150_101])),
                ("grade", texts(&["03"])),
            ]),
        ),
        bytes(
            "days, however the manifest says that texts are written, which is fine",
            "format = \"parquet\"\ndates = \"%m/%d/%Y\"\n",
            "students.parquet",
            table(&[
                ("student_unique_id", texts(&["SECRET"])),
                ("birth_date", days(&[16_436])),
                ("grade", texts(&["03"])),
            ]),
        ),
        student("days outside the calendar", days(&[16_436, i32::MAX, i32::MIN])),
        student("times of the day", Arc::new(Time64MicrosecondArray::from(vec![1])) as ArrayRef),
        student("moments, of which one is at midnight", {
            Arc::new(TimestampMicrosecondArray::from(vec![1_420_070_400_000_000, 1_420_070_400_000_001]))
        }),
        student("moments in UTC", {
            Arc::new(TimestampMicrosecondArray::from(vec![1_420_070_400_000_000]).with_timezone("UTC"))
        }),
        kind("moments as INT96", MANIFEST, int96),
        session("counts", Arc::new(Int64Array::from(vec![Some(81), Some(-1), None])) as ArrayRef),
        session("counts as decimals", money(&[Some(8100), Some(8150)], 2)),
        session("counts as large numbers", Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef),
        session("counts as binary fractions", {
            Arc::new(Float64Array::from(vec![Some(81.0), Some(81.5), Some(f64::NAN), Some(1e300), None]))
        }),
        session("days for counts", days(&[16_436])),
        session("numbers of 76 digits", {
            let digits = i256::from_string(&"9".repeat(76)).unwrap();
            let column = Decimal256Array::from(vec![digits]).with_precision_and_scale(76, 0).unwrap();
            Arc::new(column) as ArrayRef
        }),
        credential("fractions of a cent", money(&[Some(10_005), Some(100), None], 3)),
        credential("money as binary fractions", {
            Arc::new(Float64Array::from(vec![Some(1000.10), Some(0.1 + 0.2), Some(0.005), None]))
        }),
        file("unknown codes, in a dictionary", "students.parquet", &{
            let grade: DictionaryArray<Int32Type> =
                ["03", "Thrid grade", "03", "03 "].into_iter().map(Some).collect();
            let columns = [
                ("student_unique_id", texts(&["SECRET1", "SECRET2", "SECRET3", "SECRET4"])),
                ("birth_date", days(&[16_436; 4])),
                ("grade", Arc::new(grade) as ArrayRef),
            ];
            table(&columns)
        }),
        file("percent that is not declared", "attendance_events.parquet", &{
            table(&[
                ("student", whole(&[1])),
                ("school_id", whole(&[7])),
                ("school_year", texts(&["2024-25"])),
                ("session_name", texts(&["Fall"])),
                ("event_date", days(&[16_436])),
                ("share", money(&[Some(50)], 2)),
            ])
        }),
        file("ambiguous school year", "sessions.parquet", &{
            table(&[
                ("school_id", whole(&[7, 7])),
                ("school_year", whole(&[2025, 2026])),
                ("session_name", texts(&["Fall", "Fall"])),
            ])
        }),
        file("a key that is only half there", "sessions.parquet", &{
            table(&[
                ("school_id", whole(&[7])),
                ("school_year", texts(&["null"])),
                ("session_name", texts(&["Fall"])),
            ])
        }),
    ];
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &|| None));
}

#[test]
fn what_packs_a_file_makes_no_difference() {
    let columns = [("school_id", whole(&[7, 8])), ("name", texts(&["Elm", "Oak"]))];
    for packing in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let folder = TempDir::new().unwrap();
        let properties = WriterProperties::builder().set_compression(packing).build();
        fs::write(folder.path().join("School.parquet"), packed(&columns, properties)).unwrap();
        let data = read_folder(folder.path());
        assert_eq!(data.errors, [], "{packing:?}");
        assert_eq!(data.table(RecordId(1)).unwrap().len(), 2);
    }
}

fn read_folder(folder: &Path) -> Dataset {
    let set = DataSet { format: Format::Parquet, ..DataSet::default() };
    let source = DataSource { path: folder.to_path_buf(), shown: String::new(), set, preset: None };
    read(&symbols(), &source).unwrap()
}

#[test]
fn values_are_read_by_their_types() {
    let folder = TempDir::new().unwrap();
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
    let grades: DictionaryArray<Int32Type> =
        [Some("2"), Some("Third grade"), Some("03")].into_iter().collect();
    let students = table(&[
        ("student_unique_id", Arc::new(Int64Array::from(vec![12, 13, 14])) as ArrayRef),
        ("birth_date", days(&[16_436, -1, 0])),
        ("grade", Arc::new(grades) as ArrayRef),
        ("english_learner", flags),
    ]);
    fs::write(folder.path().join("students.parquet"), students).unwrap();
    let fees = table(&[
        ("credential_id", texts(&["a", "b"])),
        ("fee", money(&[Some(100_050), None], 2)),
        ("expires", Arc::new(Date32Array::from(vec![None, Some(19_000)])) as ArrayRef),
    ]);
    fs::write(folder.path().join("credentials.parquet"), fees).unwrap();
    let data = read_folder(folder.path());
    let severe: Vec<&DataError> =
        data.errors.iter().filter(|error| error.severity != Severity::Information).collect();
    assert_eq!(severe, [] as [&DataError; 0]);
    let row = |record: u32, row: u32, width: u32| -> Vec<Cell> {
        (0..width).map(|field| data.table(RecordId(record)).unwrap().cell(row, field).clone()).collect()
    };
    let known = |value: Value| Cell::Known(value);
    let day = |year, month, day| known(Value::Date(Date::new(year, month, day).unwrap()));
    assert_eq!(
        row(0, 0, 4),
        [
            known(Value::Text("12".into())),
            day(2015, 1, 1),
            known(Value::Category(0)),
            known(Value::Flag(true))
        ]
    );
    assert_eq!(row(0, 1, 4)[1..], [day(1969, 12, 31), known(Value::Category(1)), known(Value::Flag(false))]);
    assert_eq!(row(0, 2, 4)[3], Cell::Missing);
    assert_eq!(
        row(4, 0, 3),
        [
            known(Value::Text("a".into())),
            known(Value::Number(Number::ratio(100_050, 100).unwrap())),
            known(Value::Never)
        ]
    );
    assert_eq!(row(4, 1, 3)[1..], [Cell::Missing, day(2022, 1, 8)]);
}

/// Every byte of a small file in turn is made another: what comes out is an error or rows, never the end of the program.
#[test]
fn no_damaged_byte_ends_the_program() {
    let good = table(&[("school_id", whole(&[7, 8, 9])), ("name", texts(&["Elm", "null", "Ash"]))]);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("schools.parquet");
    let source = DataSource {
        path: folder.path().to_path_buf(),
        shown: String::new(),
        set: DataSet { format: Format::Parquet, ..DataSet::default() },
        preset: None,
    };
    let symbols = symbols();
    let mut refused = 0;
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= [0x01, 0x80, 0xFF][at % 3];
        fs::write(&path, bytes).unwrap();
        refused += match read(&symbols, &source) {
            Err(_) => 1,
            // Whatever was changed, no row is missing.
            Ok(data) => {
                assert_eq!(data.table(RecordId(1)).unwrap().len(), 3, "byte {at}");
                0
            }
        };
    }
    assert!(refused > good.len() / 3, "{refused} of {}", good.len());
}
