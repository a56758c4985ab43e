//! What is passed over of Parquet files, and that nothing else changes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array, StringArray,
};
use tempfile::TempDir;

use super::*;
use crate::columns::{self, ColumnRecords, Columns, Limit};
use crate::data::{DataSet, DataSource, Format};
use crate::db::Database;
use crate::evaluate::Options;
use crate::plan::Plan;
use crate::value::Date;

const TODAY: Date = Date::constant(2024, 9, 1);
/// 2024-01-01.
const NEW_YEAR: i32 = 19_723;
const GROUPS: i32 = 6;
const EACH: i32 = 8;

fn plan(rules: &str) -> Arc<Plan> {
    let mut db = Database::default();
    db.set_text(
        "p.rubric",
        Some(&format!(
            "policy p {{\n  title \"T\" authority state \"S\" cite \"1\" effective from 2014-07-01  school_year starts july 1  month_end round down\n}}\n\
             category Kind {{ quiz, essay }}\n\
             parameter first: date {{ cite \"1\"  from 2014-07-01: 2024-05-01 }}\n\
             record Student {{ key id: text  marks: many Mark  notes: many Note  met: date? }}\n\
             record Mark {{ key id: text  student: Student  day: date  value: count  weight: number?  kind: Kind  late: flag }}\n\
             record Note {{ mark: Mark?  student: Student  size: count }}\n{rules}"
        )),
    );
    let wrong = db.files().into_iter().flat_map(|file| db.diagnostics(file));
    let wrong: Vec<String> = wrong
        .filter(|found| {
            found.severity == crate::diagnostic::Severity::Error && found.code != "missing-citation"
        })
        .map(|found| found.message.clone())
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{rules}");
    let plan = db.plan();
    assert!(!plan.symbols.results.is_empty(), "nothing to run: {rules}");
    plan
}

/// Marks in order of their days, in groups of a month each: dangling and absent students, keys that occur twice in one group and
/// in two, a count that is negative in the second group, weights that are missing.
fn records(folder: &Path) {
    let rows = 0..GROUPS * EACH;
    let write = |name: &str, columns: &[(&str, ArrayRef)]| {
        let bytes = crate::data::parquet_tests::in_groups(columns, EACH as usize);
        fs::write(folder.join(format!("{name}.parquet")), bytes).unwrap();
    };
    let texts = |values: Vec<Option<String>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let students = 0..12;
    write(
        "Student",
        &[
            ("id", texts(students.clone().map(|row| Some(format!("S{row}"))).collect())),
            ("met", Arc::new(students.map(|row| (row % 3 > 0).then_some(NEW_YEAR)).collect::<Date32Array>())),
        ],
    );
    let id = |row: i32| match row {
        5 => Some("M4".to_owned()),
        40 => Some("M7".to_owned()),
        18 => None,
        row => Some(format!("M{row}")),
    };
    let student = |row: i32| match row % 11 {
        3 => Some("nobody".to_owned()),
        7 => None,
        part => Some(format!("S{part}")),
    };
    let kinds: DictionaryArray<Int32Type> =
        rows.clone().map(|row| Some(if row < 3 * EACH || row % 2 == 0 { "quiz" } else { "essay" })).collect();
    let weights: Decimal128Array =
        rows.clone().map(|row| (row >= 3 * EACH || row % 5 > 0).then(|| i128::from(row) * 25)).collect();
    write(
        "Mark",
        &[
            ("id", texts(rows.clone().map(id).collect())),
            ("student", texts(rows.clone().map(student).collect())),
            (
                "day",
                Arc::new(
                    rows.clone()
                        .map(|row| Some(NEW_YEAR + row / EACH * 31 + row % 3))
                        .collect::<Date32Array>(),
                ),
            ),
            (
                "value",
                Arc::new(rows.clone().map(|row| if row == 9 { -1 } else { row }).collect::<Int32Array>()),
            ),
            ("weight", Arc::new(weights.with_precision_and_scale(8, 2).unwrap())),
            ("kind", Arc::new(kinds)),
            ("late", Arc::new(rows.clone().map(|row| Some(row >= 2 * EACH)).collect::<BooleanArray>())),
        ],
    );
    write(
        "Note",
        &[
            ("mark", texts(rows.clone().map(|row| (row % 2 == 0).then(|| format!("M{row}"))).collect())),
            ("student", texts(rows.clone().map(|row| Some(format!("S{}", row % 12))).collect())),
            ("size", Arc::new(rows.collect::<Int32Array>())),
        ],
    );
}

/// Results and what is said of the records; in memory, and in ranges.
fn outcome(plan: &Arc<Plan>, tables: &Tables<'_>, ranges: Option<&Path>) -> Vec<String> {
    let results = &plan.symbols.results;
    let records = match ranges {
        None => ColumnRecords::read(&plan.symbols, tables, &columns::wanted(plan, results, &[])).unwrap(),
        Some(folder) => {
            let limit = Limit { ranges: Some(3), ..Limit::new(1 << 40, folder) };
            ColumnRecords::read_within(plan, tables, results, &[], &limit).unwrap()
        }
    };
    let options = Options::default();
    let columns = Columns::new(plan, &records, TODAY, &options).for_all(results, &[]);
    let batches = columns.batches();
    let mut said = Vec::new();
    for result in results {
        let record = plan.symbols.of(*result).unwrap();
        let rows = batches.rows_of(record).unwrap();
        said.push(format!("{:?}", batches.batch(record, 0..rows).record_batch(&[*result], &[]).unwrap()));
    }
    said.extend(records.errors().iter().map(|error| {
        format!("{:?} {:?} {:?} {} {}", error.file, error.line, error.field, error.code, error.message)
    }));
    assert_eq!(records.failure(), None);
    said
}

/// How many row groups of marks are passed over.
fn passed(folder: &Path, rules: &str) -> u32 {
    let plan = plan(rules);
    let set = DataSet { format: Format::Parquet, ..DataSet::default() };
    let source = DataSource { path: folder.to_path_buf(), shown: String::new(), set, preset: None };
    let open = |threads| Tables::open(&plan.symbols, &source, threads).unwrap();
    let expected = outcome(&plan, &open(1), None);
    for code in ["dangling-key", "duplicate-key"] {
        assert!(expected.iter().filter(|line| line.contains(code)).count() >= 2, "{code}: {expected:#?}");
    }
    let temporary = TempDir::new().unwrap();
    let mut counted = Vec::new();
    for (threads, ranges) in [(1, None), (2, None), (2, Some(temporary.path()))] {
        let conditions = columns::conditions(&plan, &plan.symbols.results, &[], TODAY);
        let tables = open(threads).only_where(conditions);
        assert_eq!(outcome(&plan, &tables, ranges), expected, "{rules}");
        let mark = plan.symbols.record_named("Mark").unwrap();
        let passed = tables.passed_over().get(&mark).copied();
        assert!(passed.is_none_or(|passed| passed.of == GROUPS.cast_unsigned()), "{rules}: {passed:?}");
        counted.push(passed.map_or(0, |passed| passed.groups));
    }
    assert!(counted.iter().all(|count| *count == counted[0]), "{rules}: {counted:?}");
    counted[0]
}

#[test]
fn row_groups_that_no_aggregate_looks_at_are_passed_over() {
    let folder = TempDir::new().unwrap();
    records(folder.path());
    let due = |line: &str| format!("amount due of Student: number {{ cite \"1\"  line l = {line} }}");
    let lines = [
        // All days of a group are before that, or after.
        ("sum of value over marks where day >= 2024-04-01", 3),
        ("sum of value over marks where day < 2024-02-01", 5),
        ("sum of value over marks where 2024-04-01 <= day", 3),
        ("sum of value over marks where day between 2024-02-01 and 2024-03-01", 5),
        ("sum of value over marks where not (day < 2024-04-01)", 3),
        ("sum of value over marks where day in (2024-01-02, 2024-06-06)", 4),
        ("sum of value over marks where day >= as_of - 120 days", 4),
        ("sum of value over marks where day >= first", 4),
        // Numbers; one group has a count that is none, so that its cells are not told.
        ("count of marks where value >= 40", 4),
        ("count of marks where value = 12", 5),
        ("highest of weight over marks where value < 8", 4),
        // Flags and codes.
        ("count of marks where late", 2),
        ("count of marks where not late", 4),
        ("count of marks where kind = essay", 3),
        ("count of marks where kind != quiz", 3),
        ("count of marks where kind in (essay)", 3),
        // One part of several is enough, or each of several.
        ("sum of value over marks where weight > 1 and day >= 2024-04-01 and late", 3),
        ("sum of value over marks where day < 2024-02-01 or day >= 2024-05-01", 3),
        ("(sum of value over marks where day < 2024-02-01) + (count of marks where day >= 2024-05-01)", 3),
        ("if all of marks where day < 2024-02-01 satisfy value > 3 then 1 else 0", 5),
        ("((latest of marks by day where day < 2024-02-01).value) presumed 0", 5),
        ("if at least 2 of marks where day < 2024-02-01 then 1 else 0", 5),
        // Other rows are looked at by the same aggregate, or by another.
        ("sum of value over marks where day >= 2024-04-01 or weight > 1", 0),
        ("(sum of value over marks where day < 2024-02-01) + (count of marks)", 0),
        // Cells that are missing compare with nothing.
        ("count of marks where weight > 100", 3),
        // What differs from row to row is not known beforehand.
        ("count of marks where day >= (met presumed 2024-01-01)", 0),
    ];
    for (line, expected) in lines {
        assert_eq!(passed(folder.path(), &due(line)), expected, "{line}");
    }
    let old = "define old of Mark: flag = day < 2024-02-01";
    for (rules, expected) in [
        (due("sum of value over marks where old"), 5),
        (due("sum of value over marks where not old"), 1),
        // Rows that have results, are ranked, are named by others, or are rows of rows.
        (
            format!(
                "{}\ndecision odd of Mark {{ outcomes yes, no cite \"1\" default no rule a: yes when late cite \"1\" }}",
                due("count of marks where old")
            ),
            0,
        ),
        (
            format!(
                "define high of Mark: flag = in top 25% of value among Mark\n{}",
                due("count of marks where old and high")
            ),
            0,
        ),
        (
            format!(
                "{}\namount sizes of Student: number {{ cite \"1\"  line l = sum of size over notes where mark is known }}",
                due("count of marks where old")
            ),
            0,
        ),
        (
            format!(
                "group Kinds of Mark by kind\n{}\namount all of Kinds: number {{ cite \"1\"  line l = count of members }}",
                due("count of marks where old")
            ),
            0,
        ),
    ] {
        assert_eq!(passed(folder.path(), &format!("{old}\n{rules}")), expected, "{rules}");
    }
}
