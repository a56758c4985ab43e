//! The columns hold what the row reader reads, cell by cell and error by error.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray as _;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use tempfile::TempDir;

use super::key::{KeyCode, day_of};
use super::*;
use crate::data::fixtures::symbols;
use crate::data::{Cell, DataError, DataSource, Dataset, Format, ReadError, read};
use crate::plan::Symbols;
use crate::value::{Base, Number, RecordId, Reference, Value};

/// Whether both readers say the same of a data set: whole, and field by field; for several threads and sizes of pieces.
pub(crate) fn agree(symbols: &Symbols, source: &DataSource, name: &str) {
    agree_with(symbols, source, name, &[(1, 1 << 20), (2, 1), (3, 40)]);
}

/// The same for these threads and sizes of pieces.
fn agree_with(symbols: &Symbols, source: &DataSource, name: &str, ways: &[(usize, usize)]) {
    let rows = read(symbols, source);
    for (threads, piece) in ways.iter().copied() {
        let mut tables = match Tables::open(symbols, source, threads) {
            Ok(tables) => tables,
            Err(error) => {
                assert_eq!(rows.as_ref().err(), Some(&error), "{name}");
                return;
            }
        };
        tables.piece = piece;
        let mut failed: Vec<ReadError> = Vec::new();
        for position in 0..symbols.records.len() {
            let record = RecordId(u32::try_from(position).unwrap());
            let width = u32::try_from(symbols.records[position].fields.len()).unwrap();
            let mut wanted = vec![Wanted { record, fields: (0..width).collect(), key: true }];
            wanted.extend((0..width).map(|field| Wanted {
                record,
                fields: vec![field],
                key: field % 2 == 0,
            }));
            for wanted in wanted {
                let batches: Mutex<Vec<Batch>> = Mutex::default();
                match tables.scan(&wanted, &|batch| batches.lock().unwrap().push(batch)) {
                    Err(error) => failed.push(error),
                    Ok(scan) => {
                        let Ok(data) = &rows else { continue };
                        let batches = batches.into_inner().unwrap();
                        let told = format!("{name}, {threads} threads, pieces of {piece}, {wanted:?}");
                        same(symbols, data, &tables, &wanted, (scan, batches), &told);
                    }
                }
            }
        }
        match &rows {
            Ok(data) => {
                assert_eq!(failed, [], "{name}");
                assert_eq!(tables.files(), data.files, "{name}");
                let remarks: Vec<&DataError> =
                    data.errors.iter().filter(|error| error.record.is_none()).collect();
                assert_eq!(tables.remarks().iter().collect::<Vec<_>>(), remarks, "{name}");
            }
            Err(error) => {
                assert!(failed.contains(error), "{name}, {threads} threads, {piece}: {error}: {failed:?}")
            }
        }
    }
}

fn same(
    symbols: &Symbols,
    data: &Dataset,
    tables: &Tables<'_>,
    wanted: &Wanted,
    (scan, mut batches): (Option<Scan>, Vec<Batch>),
    told: &str,
) {
    let Some(table) = data.table(wanted.record) else {
        assert_eq!(scan, None, "{told}");
        return;
    };
    let scan = scan.unwrap_or_else(|| panic!("{told}: not supplied"));
    assert_eq!(scan.rows, table.len(), "{told}");
    batches.sort_by_key(|batch| batch.first);
    let declared = &symbols.records[wanted.record.0 as usize];
    let mut row = 0;
    for batch in &batches {
        assert_eq!(batch.first, row, "{told}");
        for at in 0..batch.len() {
            let origin = table.origin(row);
            assert_eq!(
                (batch.file, u64::from(batch.lines.get(at).unwrap())),
                (origin.file, origin.line),
                "{told} row {row}"
            );
            for (column, field) in batch.columns.iter().zip(&wanted.fields) {
                let expected = unresolved(table.cell(row, *field));
                let base = declared.fields[*field as usize].ty.base;
                assert_eq!(cell(tables, column, at, base), expected, "{told} row {row} field {field}");
            }
            if wanted.key {
                let key: Option<Vec<Value>> = (0..u32::try_from(declared.keys).unwrap())
                    .map(|field| match unresolved(table.cell(row, field)) {
                        Cell::Known(value) => Some(value),
                        _ => None,
                    })
                    .collect();
                let column = batch.key.as_ref().unwrap();
                let Values::Key(keys) = &column.values else { panic!("{told}: no keys") };
                match key {
                    Some(key) => {
                        assert_eq!(column.state[at], KNOWN, "{told} row {row}");
                        let bytes = keys.get(at);
                        assert_eq!(tables.key(wanted.record, bytes).unwrap()[..], key[..], "{told}");
                        assert_eq!(tables.key_bytes(wanted.record, &key).unwrap(), bytes, "{told}");
                    }
                    None => assert_eq!((column.state[at], keys.get(at)), (UNKNOWN, &[][..]), "{told}"),
                }
            }
            row += 1;
        }
    }
    assert_eq!(row, table.len(), "{told}");
    let of_set = |error: &&DataError| {
        error.record == Some(wanted.record) && !matches!(error.code, "duplicate-key" | "dangling-key")
    };
    let expected: Vec<&DataError> = data.errors.iter().filter(of_set).collect();
    if wanted.fields.len() == declared.fields.len() {
        assert_eq!(scan.errors.iter().collect::<Vec<_>>(), expected, "{told}");
    } else {
        assert!(scan.errors.iter().all(|error| expected.contains(&error)), "{told}: {:?}", scan.errors);
    }
}

/// A cell as it is before keys are looked up.
fn unresolved(cell: &Cell) -> Cell {
    fn open(value: &Value) -> Value {
        match value {
            Value::Reference(found) => {
                let key = found.key.iter().map(open).collect();
                Value::Reference(Reference { record: found.record, row: None, key })
            }
            other => other.clone(),
        }
    }
    match cell {
        Cell::Known(value) => Cell::Known(open(value)),
        other => other.clone(),
    }
}

fn cell(tables: &Tables<'_>, column: &Column, row: usize, base: Base) -> Cell {
    if let Values::Coded(coded) = &column.values {
        assert_eq!(coded.which.len(), column.len());
        return cell(tables, &coded.cells, coded.which.get(row).unwrap(), base);
    }
    let at = u32::try_from(row).unwrap();
    match column.state[row] {
        MISSING => Cell::Missing,
        UNKNOWN if column.unreadable.contains(&at) => Cell::Unreadable,
        UNKNOWN => Cell::Absent,
        NO => Cell::Known(Value::Flag(false)),
        KNOWN => Cell::Known(match &column.values {
            Values::Void => {
                assert_eq!(base, Base::Flag);
                Value::Flag(true)
            }
            Values::Scaled { value, scale, wide } => match wide.iter().find(|(wide, _)| *wide == at) {
                Some((_, number)) => Value::Number(number.clone()),
                None => Value::Number(super::build::decimal_number(value[row], *scale)),
            },
            Values::Code(codes) if codes[row] == NO_CODE => Value::None,
            Values::Code(codes) => Value::Category(codes[row]),
            Values::Day(days) | Values::Year(days) if days[row] == NO_DAY => Value::None,
            Values::Day(days) if days[row] == NEVER => Value::Never,
            Values::Day(days) => Value::Date(day_of(days[row]).unwrap()),
            Values::Year(years) => Value::SchoolYear(i16::try_from(years[row]).unwrap()),
            Values::Text(texts) => Value::Text(Arc::from(std::str::from_utf8(texts.get(row)).unwrap())),
            Values::Key(keys) => Value::Reference(Reference {
                record: keys.record,
                row: None,
                key: tables.key(keys.record, keys.get(row)).unwrap(),
            }),
            Values::Coded(_) => panic!("shared cells are not shared again"),
        }),
        state => panic!("state {state}"),
    }
}

/// Numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const CELLS: [&[&str]; 6] = [
    // Keys.
    &[
        "1",
        "22",
        " 333 ",
        "",
        "É",
        "\u{a0}7\u{a0}",
        "a\"b",
        "x,y",
        "l1\nl2",
        "007",
        "two words",
        "abcdefghijklmnopqrstuvwxyz",
    ],
    // Days.
    &[
        "2015-01-31",
        "2015-02-30",
        "1969-12-31",
        "2015-01-01T00:00:00",
        "",
        " 2016-02-29",
        "never",
        "1/2/2015",
        "0000-01-01",
    ],
    // Codes.
    &[
        "02",
        "Second grade",
        "third_grade",
        "THIRD GRADE",
        "Thrid",
        "",
        "3 ",
        "uri://ed-fi.org/GradeLevelDescriptor#Third grade",
    ],
    // Flags.
    &["yes", "No", "TRUE", "0", "1", "", "maybe", "N/A", "\t"],
    // Numbers.
    &[
        "0",
        "12",
        "-3",
        "1,234",
        "0012",
        "12.50",
        "1.005",
        "$5",
        "",
        "99999999999999999999",
        "1e5",
        "+7",
        "-0",
        ".5",
        "N/A",
        "123456789012345678",
    ],
    // School years.
    &["2024-25", "SY2023-24", "2024", "", "1999-00", "24-25"],
];

/// A CSV file of random cells; quoted where they must be, and sometimes where not.
fn random_csv(chance: &mut Chance, header: &str, kinds: &[usize], rows: usize) -> String {
    let mut text = format!("{header}\n");
    let quoting = chance.below(3);
    let end = ["\n", "\r\n", "\r"][chance.below(8).saturating_sub(5)];
    for _ in 0..rows {
        match chance.below(40) {
            0 => text.push_str(end),
            1 => text.push_str(&(",".repeat(kinds.len() - 1) + end)),
            2 => text.push_str(&("x,".repeat(chance.below(6)) + end)),
            _ => {
                let cells: Vec<String> = kinds
                    .iter()
                    .map(|kind| {
                        let cell = chance.one_of(CELLS[*kind]);
                        let must = cell.contains([',', '\n', '"']);
                        if must && quoting == 0 {
                            "plain".to_owned()
                        } else if must || quoting == 2 || (quoting == 1 && chance.below(50) == 0) {
                            format!("\"{}\"", cell.replace('"', "\"\""))
                        } else {
                            cell.to_owned()
                        }
                    })
                    .collect();
                text.push_str(&(cells.join(",") + end));
            }
        }
    }
    if chance.below(2) == 0 {
        text.truncate(text.trim_end().len());
    }
    text
}

fn source_of(folder: &Path, format: Format, manifest: &str) -> DataSource {
    let text = format!("[data.d]\npath = \".\"\nformat = \"{}\"\n{manifest}", format.name());
    let set = crate::data::Manifest::parse(&text).unwrap().data.remove("d").unwrap();
    DataSource { path: folder.to_path_buf(), shown: String::new(), set, preset: None }
}

/// The seeds of the generated files that each test compares.
fn seeds() -> std::ops::Range<u64> {
    let told = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = told("RUBRIC_SEED").unwrap_or(0);
    first..first + told("RUBRIC_CASES").unwrap_or(30)
}

#[test]
fn generated_csv_files_are_read_alike() {
    let symbols = symbols();
    for seed in seeds() {
        let mut chance = Chance(seed);
        let folder = TempDir::new().unwrap();
        let rows = chance.below(60);
        for (name, header, kinds) in [
            ("students.csv", "student_unique_id,birth_date,grade,english_learner", &[0, 1, 2, 3][..]),
            ("schools.csv", "school_id,name", &[0, 0]),
            ("sessions.csv", "school_id,school_year,session_name,days", &[0, 5, 0, 4]),
            (
                "attendance_events.csv",
                "student,school_id,school_year,session_name,event_date,share",
                &[0, 0, 5, 0, 1, 4],
            ),
            ("credentials.csv", "credential_id,fee,expires,approved", &[0, 4, 1, 3]),
        ] {
            fs::write(folder.path().join(name), random_csv(&mut chance, header, kinds, rows)).unwrap();
        }
        let manifest = match chance.below(4) {
            0 => "",
            1 => "absent = [\"N/A\"]\nschool_year = \"ends\"\n",
            2 => "[data.d.AttendanceEvent]\npercent = { share = \"points\" }\n",
            _ => "dates = \"%m/%d/%Y\"\n[data.d.AttendanceEvent]\npercent = { share = \"fraction\" }\n",
        };
        agree(&symbols, &source_of(folder.path(), Format::Csv, manifest), &format!("seed {seed}"));
    }
}

/// Cells as most files have them: many of one kind. `odd`: how many of a thousand are not, or are empty.
fn plain_csv(chance: &mut Chance, header: &str, kinds: &[usize], rows: usize, odd: usize) -> String {
    let points = chance.below(3);
    let length = [8, 8, 4, 12][chance.below(4)];
    let end = ["\n", "\r\n"][chance.below(2)];
    let last = ["", end][chance.below(2)];
    let lines: Vec<String> = (0..rows)
        .map(|row| {
            let cells: Vec<String> = kinds
                .iter()
                .map(|kind| match kind {
                    _ if chance.below(1000) < odd => {
                        chance.one_of(CELLS[*kind % 6]).replace([',', '\n', '"'], "")
                    }
                    _ if chance.below(1000) < odd => String::new(),
                    0 => format!("P{row:0length$}"),
                    1 => format!("{}-{:02}-{:02}", 1990 + row % 40, 1 + row % 12, 1 + row % 28),
                    2 => chance.one_of(&["02", "03", "2", "3"]).to_owned(),
                    3 => chance.one_of(&["true", "false", "yes", "0"]).to_owned(),
                    4 if points == 0 => format!("{}", chance.below(120_000)),
                    4 => format!("{}.{:0points$}", chance.below(3000), chance.below(10)),
                    6 => format!("P{:0length$}", chance.below(30)),
                    _ => chance.one_of(&["2023-24", "2024-25"]).to_owned(),
                })
                .collect();
            cells.join(",")
        })
        .collect();
    format!("{header}\n{}{last}", lines.join(end))
}

#[test]
fn plain_csv_files_are_read_alike() {
    let symbols = symbols();
    for (seed, odd) in (0..).zip([0, 0, 0, 0, 1, 1, 2, 2, 20, 200]) {
        let mut chance = Chance(seed);
        let folder = TempDir::new().unwrap();
        for (name, header, kinds) in [
            ("students.csv", "student_unique_id,birth_date,grade,english_learner", &[0, 1, 2, 3][..]),
            ("schools.csv", "school_id,name", &[0, 6]),
            ("sessions.csv", "school_id,school_year,session_name,days", &[6, 5, 0, 4]),
            (
                "attendance_events.csv",
                "student,school_id,school_year,session_name,event_date,share",
                &[6, 6, 5, 6, 1, 4],
            ),
            ("credentials.csv", "credential_id,fee,expires,approved", &[0, 4, 1, 3]),
        ] {
            let rows = [1500, 2600][chance.below(2)];
            let mut text = plain_csv(&mut chance, header, kinds, rows, odd);
            if seed % 5 == 4 && chance.below(2) == 0 {
                let middle = (text.len() / 2..).find(|at| text.is_char_boundary(*at));
                text.insert(middle.unwrap(), '\0');
            }
            fs::write(folder.path().join(name), text).unwrap();
        }
        let manifest = "[data.d.AttendanceEvent]\npercent = { share = \"points\" }\n";
        let source = source_of(folder.path(), Format::Csv, manifest);
        agree_with(&symbols, &source, &format!("seed {seed}"), &[(1, 1 << 20), (2, 60_000), (1, 700)]);
    }
}

#[test]
fn keys_that_rows_share_are_those_of_the_batch_before() {
    let symbols = symbols();
    for (few, many) in [(30, 30), (30, 5000), (1500, 1500), (1, 3000)] {
        let folder = TempDir::new().unwrap();
        let mut text = "student,school_id,school_year,session_name,event_date,share\n".to_owned();
        for row in 0..9000 {
            let student = if row < 3000 { row % few } else { (row * 7919) % many };
            let odd = if row % 4000 == 3999 { "," } else { "\"x\"," };
            let odd = if few == 1 { odd } else { "x," };
            writeln!(text, "S{student},{odd}2023-24,fall,2024-01-10,").unwrap();
        }
        fs::write(folder.path().join("attendance_events.csv"), text).unwrap();
        let source = source_of(folder.path(), Format::Csv, "");
        agree_with(&symbols, &source, &format!("{few}, {many}"), &[(1, 30_000), (2, 100_000)]);
        let mut tables = Tables::open(&symbols, &source, 1).unwrap();
        tables.piece = 30_000;
        let found: Mutex<Vec<Batch>> = Mutex::default();
        let wanted = Wanted { record: RecordId(3), fields: vec![0], key: false };
        tables.scan(&wanted, &|batch| found.lock().unwrap().push(batch)).unwrap();
        let shared: Vec<Option<Arc<SharedTexts>>> = found
            .into_inner()
            .unwrap()
            .into_iter()
            .map(|mut batch| match batch.columns.remove(0).values {
                Values::Key(keys) => keys.shared,
                values => panic!("{values:?}"),
            })
            .collect();
        assert!(shared.len() > 8);
        let are_same = |pair: &[Option<Arc<SharedTexts>>]| match pair {
            [Some(one), Some(other)] => Arc::ptr_eq(one, other),
            _ => false,
        };
        match (few, many) {
            (30, 30) => assert!(shared.windows(2).all(are_same)),
            (30, 5000) => {
                assert!(are_same(&shared[..2]));
                assert!(shared.last().unwrap().is_none(), "{shared:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn generated_parquet_files_are_read_alike() {
    let symbols = symbols();
    for seed in seeds() {
        let mut chance = Chance(seed);
        let folder = TempDir::new().unwrap();
        let rows = chance.below(60);
        let mut column = |kind: usize| -> ArrayRef {
            let texts: Vec<Option<&str>> =
                (0..rows).map(|_| (chance.below(9) > 0).then(|| chance.one_of(CELLS[kind]))).collect();
            let numbers: Vec<Option<i32>> = (0..rows)
                .map(|_| (chance.below(9) > 0).then(|| i32::try_from(chance.below(40_000)).unwrap() - 2000))
                .collect();
            match (kind, chance.below(4)) {
                (1, 0 | 1) => Arc::new(Date32Array::from(numbers)),
                (3, 0 | 1) => Arc::new(BooleanArray::from_iter(
                    numbers.iter().map(|number| number.map(|number| number % 2 == 0)),
                )),
                (4, 0) => Arc::new(Int32Array::from(numbers)),
                (4, 1) => {
                    let column: Decimal128Array =
                        numbers.iter().map(|number| number.map(i128::from)).collect();
                    Arc::new(column.with_precision_and_scale(20, 3).unwrap())
                }
                (4, 2) => Arc::new(Float64Array::from_iter(
                    numbers.iter().map(|number| number.map(|number| f64::from(number) / 8.0 + 0.1)),
                )),
                (0 | 2, 0) => Arc::new(Int64Array::from_iter(
                    numbers.iter().map(|number| number.map(|number| i64::from(number % 5))),
                )),
                _ => Arc::new(StringArray::from(texts)),
            }
        };
        for (name, kinds) in [
            (
                "students",
                &[("student_unique_id", 0), ("birth_date", 1), ("grade", 2), ("english_learner", 3)][..],
            ),
            ("schools", &[("school_id", 0), ("name", 0)]),
            ("sessions", &[("school_id", 0), ("school_year", 5), ("session_name", 0), ("days", 4)]),
            ("credentials", &[("credential_id", 0), ("fee", 4), ("expires", 1), ("approved", 3)]),
        ] {
            let columns: Vec<(&str, ArrayRef)> =
                kinds.iter().map(|(name, kind)| (*name, column(*kind))).collect();
            let bytes = crate::data::parquet_tests::table(&columns);
            fs::write(folder.path().join(format!("{name}.parquet")), bytes).unwrap();
        }
        agree(&symbols, &source_of(folder.path(), Format::Parquet, ""), &format!("seed {seed}"));
    }
}

#[test]
fn numbers_that_do_not_fit_are_kept_whole() {
    let folder = TempDir::new().unwrap();
    let mut text = "credential_id,fee\n".to_owned();
    for (row, fee) in ["9223372036854775807", "0.01", "92233720368547758.07", "-5", "1.5"].iter().enumerate()
    {
        writeln!(text, "{row},{fee}").unwrap();
    }
    fs::write(folder.path().join("credentials.csv"), text).unwrap();
    let (symbols, source) = (symbols(), source_of(folder.path(), Format::Csv, ""));
    agree(&symbols, &source, "wide");
    let tables = Tables::open(&symbols, &source, 1).unwrap();
    let found: Mutex<Vec<Batch>> = Mutex::default();
    let wanted = Wanted { record: RecordId(4), fields: vec![1], key: false };
    tables.scan(&wanted, &|batch| found.lock().unwrap().push(batch)).unwrap();
    let batch = found.into_inner().unwrap().remove(0);
    let expected = Values::Scaled {
        value: vec![0, 1, 9_223_372_036_854_775_807, -500, 150],
        scale: 2,
        wide: vec![(0, Number::parse_decimal("9223372036854775807").unwrap())],
    };
    assert_eq!(batch.columns[0].values, expected);
}

#[test]
fn a_quote_over_many_pieces_is_found_wherever_it_ends() {
    let symbols = symbols();
    for lines in [1, 3, 40] {
        for rest in ["\"\n8,Oak\n9,\"Ash\"\n", "\n8,Oak\n", "\"x\n8,\"O\"\"k\"\n\n,\n"] {
            let folder = TempDir::new().unwrap();
            let text = format!("school_id,name\n7,\"Elm{}{rest}", "\nEast, and more".repeat(lines));
            fs::write(folder.path().join("schools.csv"), text).unwrap();
            agree(&symbols, &source_of(folder.path(), Format::Csv, ""), &format!("{lines} {rest:?}"));
        }
    }
}

#[test]
fn keys_of_records_have_a_form() {
    let symbols = symbols();
    for record in 0..symbols.records.len() {
        assert!(KeyCode::of(&symbols, RecordId(u32::try_from(record).unwrap())).is_some(), "{record}");
    }
}

#[test]
fn texts_that_repeat_are_read_alike() {
    let symbols = symbols();
    let mut chance = Chance(5);
    let rows = 3000;
    let ids: StringArray = (0..rows).map(|row| Some(row.to_string())).collect();
    let grades = ["03", "Third grade", "02", " 2", "03", "03", "03", "Thrid"];
    let grades: StringArray =
        (0..rows).map(|_| (chance.below(50) > 0).then(|| chance.one_of(&grades))).collect();
    let births: StringArray = (0..rows).map(|_| Some(chance.one_of(&["2015-01-31", "2016-02-29"]))).collect();
    let bytes = crate::data::parquet_tests::in_groups(
        &[
            ("student_unique_id", Arc::new(ids) as ArrayRef),
            ("birth_date", Arc::new(births)),
            ("grade", Arc::new(grades)),
        ],
        1000,
    );
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("students.parquet");
    fs::write(&path, bytes).unwrap();
    let file = crate::data::bytes::DataFile::on_disk("students.parquet", String::new(), path);
    let file = crate::data::parquet_file::ParquetFile::open(&file).unwrap().with_dictionaries();
    let batch = file.group(0, [0, 1, 2], 10).unwrap().next().unwrap().unwrap();
    let is_dictionary = |column: &ArrayRef| column.as_any_dictionary_opt().is_some();
    assert_eq!(batch.columns().iter().map(is_dictionary).collect::<Vec<_>>(), [false, true, true]);
    agree(&symbols, &source_of(folder.path(), Format::Parquet, ""), "dictionaries");
}
