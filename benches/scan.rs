//! How fast records are read as columns. `cargo bench --bench scan` prints medians, beside the parser of the `csv` crate on the
//! same text in the same run; nothing fails on a time.
//!
//! The rows are generated: enrolments with a student, a course, a credit, two flags and a mastery that is sometimes
//! absent, as a state's are. `RUBRIC_ROWS` says how many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a program for developers")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use csv::ByteRecord;
use rubric_engine::data::{DataSet, DataSource, Format};
use rubric_engine::db::Database;
use rubric_engine::table::{Entry, ParquetTable, Stored, StoredColumn, StoredRows, Tables, Wanted};
use rubric_engine::value::{Number, RecordId, Value};

const POLICY: &str = "policy p { title \"T\" cite \"c\" }\n\
    record Student { key student_id: text enrollments: many Enrollment }\n\
    record Enrollment { student_id: Student course_code: text credit: number online: flag completed: flag mastery: count? }\n";

const NAMES: [(&str, Stored); 6] = [
    ("student_id", Stored::Text),
    ("course_code", Stored::Text),
    ("credit", Stored::Money),
    ("online", Stored::Flag),
    ("completed", Stored::Flag),
    ("mastery", Stored::Whole),
];

/// A row from its number: student, course, hundredths of a credit, online, completed, mastery.
fn row(number: u64) -> (u64, u64, i64, bool, bool, Option<i64>) {
    let mixed =
        number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let part = |shift: u32, below: u64| (mixed >> shift) % below;
    let credit = [25, 50, 100].get(usize::try_from(part(11, 3)).unwrap()).copied().unwrap_or(100);
    let mastery = (part(17, 50) > 0).then(|| i64::try_from(60 + part(21, 40)).unwrap());
    (part(3, 1_000_000), part(5, 400), credit, part(7, 12) == 0, part(9, 20) > 0, mastery)
}

/// `quote`: what stands around a course; with quotes, rows are split by the parser of the `csv` crate.
fn write_csv(path: &Path, rows: u64, quote: &str) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "{}", NAMES.map(|(name, _)| name).join(",")).unwrap();
    for number in 0..rows {
        let (student, course, credit, online, completed, mastery) = row(number);
        let mastery = mastery.map(|mastery| mastery.to_string()).unwrap_or_default();
        writeln!(
            file,
            "S{student:07},{quote}MATH{course:04}{quote},{}.{:02},{online},{completed},{mastery}",
            credit / 100,
            credit % 100
        )
        .unwrap();
    }
}

fn write_parquet(path: &Path, rows: u64) {
    let columns: Vec<StoredColumn> = NAMES
        .iter()
        .map(|(name, stored)| StoredColumn { name: (*name).to_owned(), stored: *stored })
        .collect();
    let mut table = ParquetTable::new(File::create(path).unwrap(), &columns).unwrap();
    for part in 0..rows.div_ceil(65_536) {
        let mut stored = StoredRows::new(&columns);
        for number in part * 65_536..((part + 1) * 65_536).min(rows) {
            let (student, course, credit, online, completed, mastery) = row(number);
            let (student, course) = (format!("S{student:07}"), format!("MATH{course:04}"));
            let credit = Value::Number(Number::ratio(credit, 100).unwrap());
            let (online, completed) = (Value::Flag(online), Value::Flag(completed));
            let mastery = mastery.map(|mastery| Value::Number(Number::from_int(mastery)));
            let entries = [
                Entry::Text(&student),
                Entry::Text(&course),
                Entry::Value(&credit),
                Entry::Value(&online),
                Entry::Value(&completed),
                mastery.as_ref().map_or(Entry::Null, Entry::Value),
            ];
            stored.push(entries).unwrap();
        }
        let mut group = table.groups().begin(usize::try_from(part).unwrap()).unwrap();
        group.write(stored).unwrap();
        table.append(group.finish().unwrap()).unwrap();
    }
    table.close().unwrap();
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times.get(2).copied().unwrap_or_default()
}

fn main() {
    let rows: u64 = std::env::var("RUBRIC_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let (csv, parquet) = (folder.path().join("enrollment.csv"), folder.path().join("enrollment.parquet"));
    let quoted = folder.path().join("quoted").join("enrollment.csv");
    fs::create_dir(folder.path().join("quoted")).unwrap();
    write_csv(&csv, rows, "");
    write_csv(&quoted, rows, "\"");
    write_parquet(&parquet, rows);
    let mut database = Database::default();
    database.set_text("p.rubric", Some(POLICY));
    let plan = database.plan();
    let source = |path: &Path, format| DataSource {
        path: path.to_path_buf(),
        shown: "records".to_owned(),
        set: DataSet { format, ..DataSet::default() },
        preset: None,
    };
    let show = |what: &str, time: Duration, bytes: u64| {
        let seconds = time.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "to be read by people")]
        let (mega, million) = (bytes as f64 / 1e6 / seconds, rows as f64 / 1e6 / seconds);
        println!("{what:<52} {:>8.1} ms {mega:>8.0} MB/s {million:>7.1} million rows/s", seconds * 1e3);
    };
    println!("{rows} rows");
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let bytes = size(&csv);
    let time = median(|| {
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 20).from_path(&csv).unwrap();
        let (mut row, mut total) = (ByteRecord::new(), 0);
        while reader.read_byte_record(&mut row).unwrap() {
            total += row.get(0).unwrap().len() + row.get(4).unwrap().len() + row.get(5).unwrap().len();
        }
        black_box(total);
    });
    show("csv crate, splitting alone, 1 thread", time, bytes);
    for (name, path, format) in [
        ("csv", &csv, Format::Csv),
        ("csv with quotes", &quoted, Format::Csv),
        ("parquet", &parquet, Format::Parquet),
    ] {
        for (what, fields) in [("3 of 6 fields", vec![0, 4, 5]), ("6 of 6 fields", vec![0, 1, 2, 3, 4, 5])] {
            for threads in [1, 2] {
                let source = source(path, format);
                let time = median(|| {
                    let tables = Tables::open(&plan.symbols, &source, threads).unwrap();
                    let wanted = Wanted { record: RecordId(1), fields: fields.clone(), key: false };
                    let counted = AtomicU64::new(0);
                    let scan = tables.scan(&wanted, &|batch| {
                        counted.fetch_add(batch.len() as u64, Ordering::Relaxed);
                        black_box(&batch);
                    });
                    assert_eq!((u64::from(scan.unwrap().unwrap().rows), counted.into_inner()), (rows, rows));
                });
                show(&format!("{name}, {what}, {threads} threads"), time, size(path));
            }
        }
    }
}
