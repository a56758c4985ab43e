//! What is passed over of Parquet files changes nothing: random policies, random records, files with few rows in a row group,
//! so that their footers tell much.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use rubric_engine::columns::{self, ColumnRecords, Limit};
use rubric_engine::data::{Cell, DataSet, DataSource, Dataset, Format};
use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::plan::{FieldKind, Plan, RecordKind, ResultId, written};
use rubric_engine::table::Tables;
use rubric_engine::value::{Base, Date, Number, RecordId, Value, date};
use rubric_generate::{Random, Roughness, cases, first_seed, outcome, rough};

const TODAY: Date = Date::constant(2024, 9, 1);

/// Writes a file for each record; what cannot be read is written as what its field cannot be, where its column can hold that.
fn write(plan: &Plan, data: &Dataset, folder: &Path, each: usize) {
    let symbols = &plan.symbols;
    for (position, record) in (0_u32..).zip(&symbols.records) {
        let Some(table) = data.table(RecordId(position)).filter(|_| record.kind == RecordKind::Record) else {
            continue;
        };
        let mut columns: Vec<(&str, ArrayRef, bool)> = Vec::new();
        for (field, declared) in
            (0_u32..).zip(&record.fields).filter(|(_, field)| field.kind == FieldKind::Cell)
        {
            let cells = || (0..table.len()).map(|row| table.cell(row, field));
            let column: ArrayRef = match declared.ty.base {
                Base::Flag => Arc::new(BooleanArray::from_iter(cells().map(|cell| match cell {
                    Cell::Known(Value::Flag(flag)) => Some(*flag),
                    _ => None,
                }))),
                Base::Count => {
                    let whole = cells().map(|cell| match cell {
                        Cell::Known(Value::Number(number)) => number.to_i64(),
                        Cell::Unreadable => Some(-1),
                        _ => None,
                    });
                    // As wide as it has to be.
                    let whole: Vec<Option<i64>> = whole.collect();
                    let narrow = whole.iter().map(|number| number.map(i32::try_from).transpose().ok());
                    match narrow.collect::<Option<Vec<Option<i32>>>>() {
                        Some(narrow) => Arc::new(Int32Array::from(narrow)),
                        None => Arc::new(Int64Array::from(whole)),
                    }
                }
                Base::Number | Base::Money | Base::Days | Base::Months => {
                    let hundredths: Decimal128Array = cells()
                        .map(|cell| match cell {
                            Cell::Known(Value::Number(number)) => {
                                let hundredths = number.mul(&Number::from_int(100)).ok()?;
                                hundredths.to_i64().map(i128::from)
                            }
                            _ => None,
                        })
                        .collect();
                    Arc::new(hundredths.with_precision_and_scale(20, 2).unwrap())
                }
                Base::Date => Arc::new(Date32Array::from_iter(cells().map(|cell| match cell {
                    Cell::Known(Value::Date(day)) => {
                        i32::try_from(date::days_between(Date::constant(1970, 1, 1), *day)).ok()
                    }
                    _ => None,
                }))),
                base => Arc::new(StringArray::from_iter(cells().map(|cell| match cell {
                    Cell::Known(Value::Reference(reference)) => match &*reference.key {
                        [Value::Text(part)] => Some(part.to_string()),
                        _ => None,
                    },
                    Cell::Known(value) => Some(written(symbols, value, base)),
                    Cell::Unreadable => Some("???".to_owned()),
                    _ => None,
                }))),
            };
            columns.push((&declared.name, column, true));
        }
        if columns.is_empty() || table.is_empty() {
            continue;
        }
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(each)).build();
        let file = File::create(folder.join(format!("{}.parquet", record.name))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

/// What differs, and how many row groups were passed over.
fn differences(plan: &Arc<Plan>, folder: &Path, temporary: &Path) -> (Vec<String>, u32) {
    let set = DataSet { format: Format::Parquet, ..DataSet::default() };
    let source = DataSource { path: folder.to_path_buf(), shown: String::new(), set, preset: None };
    let mut asked: Vec<Vec<ResultId>> = plan.symbols.results.iter().map(|result| vec![*result]).collect();
    asked.push(plan.symbols.results.clone());
    let (mut found, mut passed) = (Vec::new(), 0);
    for results in asked {
        let wanted = columns::wanted(plan, &results, &[]);
        let whole = Tables::open(&plan.symbols, &source, 1).unwrap();
        // Some files cannot be read at all; then neither way.
        let expected = ColumnRecords::read(&plan.symbols, &whole, &wanted)
            .map(|records| outcome(plan, &records, &results, TODAY, 1, false));
        for ranges in [None, Some(2)] {
            let conditions = columns::conditions(plan, &results, &[], TODAY);
            let tables = Tables::open(&plan.symbols, &source, 2).unwrap().only_where(conditions);
            let records = match ranges {
                None => ColumnRecords::read(&plan.symbols, &tables, &wanted),
                Some(_) => {
                    let limit = Limit { ranges, ..Limit::new(1 << 40, temporary) };
                    ColumnRecords::read_within(plan, &tables, &results, &[], &limit)
                }
            };
            let given = records.map(|records| outcome(plan, &records, &results, TODAY, 2, true));
            passed += tables.passed_over().values().map(|passed| passed.groups).sum::<u32>();
            match (&expected, &given) {
                (Ok(expected), Ok(given)) => {
                    let differing = expected.iter().zip(given).filter(|(expected, given)| expected != given);
                    found.extend(
                        differing.map(|(expected, given)| format!("{ranges:?}:\n  {expected}\n  {given}")),
                    );
                    assert_eq!(expected.len(), given.len());
                }
                (expected, given) => assert_eq!(expected, given),
            }
        }
    }
    (found, passed)
}

const VOCABULARY: &str = r#"policy p { title "T" authority state "S" cite "c" effective from 2000-01-01 }
category Subject { reading, math, science }
record Child { key id: text  n: count  items: many Item }
record Item {
  key item_id: text
  owner: Child
  p: flag
  q: flag?
  x: count
  y: number?
  cost: money
  taken: date
  subject: Subject
  label: text
}
parameter quota: count { cite "c" from 1900-01-01: 1 from 2024-01-01: 2 }
define cheap of Item: flag = cost < $1 or not p
"#;

/// A condition about an item; most are of the kind that a footer can decide.
fn condition(random: &mut Random, depth: usize) -> String {
    let pick = |random: &mut Random, list: &[&str]| (*random.pick(list).unwrap()).to_owned();
    if depth > 0 && random.percent(60) {
        let (a, b) = (condition(random, depth - 1), condition(random, depth - 1));
        return match random.below(5) {
            0 => format!("not ({a})"),
            1 | 2 => format!("({a}) or ({b})"),
            _ => format!("({a}) and ({b})"),
        };
    }
    let compare = pick(random, &["=", "!=", "<", "<=", ">", ">="]);
    let number = random.below(5);
    let day = format!("20{:02}-0{}-1{number}", 9 + random.below(18), 1 + random.below(9));
    match random.below(14) {
        0 => "p".to_owned(),
        1 => "q presumed no".to_owned(),
        2 => format!("x {compare} {number}"),
        3 => format!("{number} {compare} x"),
        4 => format!("y is known and y {compare} {number}"),
        5 => format!("cost {compare} ${number}.50"),
        6 => format!("taken {compare} {day}"),
        7 => format!("taken {compare} as_of - {} days", 1 + 300 * number),
        8 => format!(
            "subject {} {}",
            pick(random, &["=", "!="]),
            pick(random, &["reading", "math", "science"])
        ),
        9 => "subject in (reading, science)".to_owned(),
        10 => format!("x between {number} and {}", number + random.below(3)),
        11 => format!("x in ({number}, {})", number + 2),
        12 => pick(random, &["cheap", "x >= quota", "x * 2 > 3", "x < owner.n"]),
        _ => format!("label = \"{}\"", pick(random, &["a", "abc"])),
    }
}

/// A policy that reads items by one aggregate or two.
fn policy(random: &mut Random) -> String {
    let mut text = VOCABULARY.to_owned();
    for result in 0..3 {
        let mut lines = String::new();
        for line in 0..=random.below(2) {
            let depth = random.below(3);
            let filter = condition(random, depth);
            let rows = if random.percent(95) { format!("items where {filter}") } else { "items".to_owned() };
            let read = match random.below(8) {
                0 => format!("sum of cost / $1 over {rows}"),
                1 => format!("sum of x over {rows}"),
                2 => format!("(highest of y over {rows}) presumed 0"),
                3 => format!("count of distinct subject over {rows}"),
                4 => format!("if all of {rows} satisfy x > 1 then 1 else 0"),
                5 => format!("((latest of items by taken where {filter}).x) presumed 7"),
                6 => format!("if at least 2 of {rows} then 1 else 0"),
                _ => format!("count of {rows}"),
            };
            lines.push_str(&format!("  line l{line} = {read}\n"));
        }
        text.push_str(&format!("amount a{result} of Child: number {{ cite \"c\"\n{lines}}}\n"));
    }
    text
}

fn plan(text: &str) -> Arc<Plan> {
    let mut database = Database::default();
    database.set_text("p.rubric", Some(text));
    let found = database.files().into_iter().flat_map(|file| database.diagnostics(file));
    let wrong: Vec<String> = found
        .filter(|found| found.severity == Severity::Error && !OF_MEANING.contains(&found.code))
        .map(|found| format!("{} {}", found.code, found.message))
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{text}");
    database.plan()
}

/// Errors in what random conditions say, which keep nobody from evaluating them.
const OF_MEANING: [&str; 4] =
    ["condition-always-holds", "condition-never-holds", "comparison-out-of-range", "unused-definition"];

#[test]
fn what_is_not_read_changes_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut all, mut policies) = (0, 0);
    for seed in (first_seed()..).take(cases(40)) {
        let mut random = Random::new(seed);
        let text = policy(&mut random);
        let keyed = plan(&text);
        // Of rows without a key, nothing but whom they name may have to be read.
        let plan =
            if seed % 2 == 0 { plan(&text.replace("  key item_id: text\n", "")) } else { keyed.clone() };
        for (each, doubt) in [(1, 0), (1, 12), (2, 12), (3, 30)] {
            let data = rough(&keyed, &mut random, Roughness { rows: 12, doubt });
            let folder = tempfile::tempdir().unwrap();
            write(&keyed, &data, folder.path(), each);
            if fs::read_dir(folder.path()).unwrap().next().is_none() {
                continue;
            }
            let (found, passed) = differences(&plan, folder.path(), temporary.path());
            let shown: Vec<&String> = found.iter().take(3).collect();
            assert!(
                found.is_empty(),
                "RUBRIC_SEED={seed}, {each} rows in a row group, doubt {doubt}: {shown:#?}\n{text}"
            );
            all += passed;
            policies += u32::from(passed > 0);
        }
    }
    println!("{all} row groups were passed over, for {policies} policies");
    assert!(all > 20 && policies > 4, "{all} row groups, {policies} policies");
}
