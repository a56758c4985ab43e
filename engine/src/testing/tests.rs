use std::collections::BTreeMap;
use std::sync::Arc;

use rubric_grammar::ast::{Item, ItemKind};

use super::{Coverage, run_covered};
use crate::diagnostic::{Diagnostic, FileId};
use crate::lower::test::Fixtures;
use crate::lower::{self, Context, Lowered};
use crate::names::{self, Declared};
use crate::plan::Plan;

/// A text as a plan. Nothing may be wrong with it.
fn plan(text: &str) -> (Plan, Vec<Item>) {
    let parse = rubric_grammar::parse(text);
    assert_eq!(parse.errors, Vec::new(), "the text must parse");
    let file = FileId(0);
    let mut collected = names::collect(&[&names::summarize(file, "p.rubric", &parse.file)]);
    assert_eq!(collected.diagnostics, Vec::new());
    let items = parse.file.items;
    let mut fixtures = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        if let ItemKind::Fixture(written) = &item.kind {
            fixtures.insert(written.name.text.clone(), (item.clone(), file, position as u32));
        }
    }
    let fixtures = Fixtures::new(fixtures);
    let policy = collected.policies[&file];
    // Groups first: the types of their keys are part of what others see.
    let mut plan = Plan::default();
    for groups in [true, false] {
        for (position, item) in items.iter().enumerate() {
            let symbols = collected.symbols.clone();
            let cx = Context { symbols: &symbols, policy, file, item: position as u32 };
            match (&item.kind, collected.declared.get(&(file, position as u32))) {
                (ItemKind::Group(written), Some(Declared::Group(id))) if groups => {
                    let body = body(lower::group(&cx, *id, written));
                    for (field, key) in
                        collected.symbols.records[id.0 as usize].fields.iter_mut().zip(&body.keys)
                    {
                        field.ty = body.code.get(*key).unwrap().ty;
                    }
                    plan.groups.insert(id.0, body);
                }
                _ if groups => {}
                (ItemKind::Parameter(written), Some(Declared::Parameter(id))) => {
                    plan.parameters.insert(id.0, body(lower::parameter(&cx, *id, written)));
                }
                (ItemKind::Define(written), Some(Declared::Define(id))) => {
                    plan.defines.insert(id.0, body(lower::define(&cx, *id, written)));
                }
                (ItemKind::Decision(written), Some(Declared::Decision(id))) => {
                    plan.decisions.insert(id.0, body(lower::decision(&cx, *id, written)));
                }
                (ItemKind::Requirement(written), Some(Declared::Requirement(id))) => {
                    plan.requirements.insert(id.0, body(lower::requirement(&cx, *id, written)));
                }
                (ItemKind::Test(written), _) => {
                    plan.tests.push(body(lower::test::test(&cx, written, &fixtures)))
                }
                _ => {}
            }
        }
    }
    plan.symbols = Arc::new(collected.symbols);
    (plan, items)
}

fn body<T>(lowered: Lowered<T>) -> Arc<T> {
    assert_eq!(lowered.diagnostics, Vec::<Diagnostic>::new());
    lowered.body.unwrap()
}

const POLICY: &str = r#"policy p { title "T" cite "c" school_year starts july 1 month_end round down }
ordered category Grade { KG, G1, G2, G3 }
category Subject { reading, math }
record Student {
  key (student_id: text, year: school_year)
  grade: Grade
  english_learner: flag
  us_entry: date?
  exit: Grade absent means none
  portfolio: flag? judged by "principal"
  results: many Result
  retentions: many Retention
}
record Result { key result_id: text  student: Student  subject: Subject  level: count  taken_on: date }
record Retention { key retention_id: text  student: Student  grade: Grade }
record School { key name: text }
record Day { key day_id: text  school: School  number: count }
group Month of Day by school
parameter passing: count { cite "c" from 2014-07-01: 2 }
parameter rate by Subject: money { cite "c" from 2014-07-01 { reading: $1 math: $2 } }
input round: count
define reading_level of Student: count? = (latest of results by taken_on where subject = reading).level
define bonus of Student: count = passing * 2
define days of Month: count = count of members
define late: flag = round >= 2
decision promotion of Student where grade = G3 {
  outcomes promoted, promoted_for_good_cause, retained
  default retained cite "(5)(b)" because "reading level {reading_level}, and {passing} is required"
  rule reads: promoted when reading_level >= passing cite "(5)(b)"
  part good_cause subject to reads cite "(6)(b)" {
    rule english_learner: promoted_for_good_cause when english_learner and as_of < us_entry + 2 years
    rule retained_twice: promoted_for_good_cause when (count of retentions) >= 2
    rule portfolio: promoted_for_good_cause when portfolio
  }
}
decision odd of Student { outcomes a, b  rule one: a when english_learner cite "c" rule two: b when grade = G3 cite "c" }
requirement entry of Student { cite "c" because "no entry" must known: us_entry is known must early: us_entry < 2024-01-01 except young when grade = KG }
fixture base {
  as of 2024-06-01
  Student maria { grade: G3  english_learner: yes  us_entry: 2023-01-15  year: SY2023-24  portfolio: no }
  Result r1 { student: maria  subject: reading  level: 1  taken_on: 2024-05-01 }
  no Retention
}
"#;

/// What a test from the fixture says: nothing where it passes.
fn said(statements: &str) -> Vec<String> {
    said_of(&format!("test \"t\" from base {{ {statements} }}"))
}

fn said_of(text: &str) -> Vec<String> {
    let text = format!("{POLICY}{text}");
    let (plan, items) = plan(&text);
    let mut coverage = Coverage::default();
    let report = run_covered(&plan, plan.tests.first().unwrap(), &mut coverage);
    assert_eq!(report.passed, report.failures.is_empty());
    report
        .failures
        .iter()
        .map(|failure| {
            let item = &items[failure.place.item.unwrap() as usize];
            let span = failure.place.span.shifted(item.span.start);
            let words = &text[span.start as usize..span.end as usize];
            let notes: Vec<String> = failure.notes.iter().map(|note| format!("; {note}")).collect();
            format!("{words} | {}{}", failure.message, notes.concat())
        })
        .collect()
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (statements, expected) in cases {
        assert_eq!(said(statements), *expected, "in\n{statements}");
    }
}

#[test]
fn what_comes_out_as_expected_passes() {
    let none: &[&str] = &[];
    check(&[
        ("expect maria.promotion = promoted_for_good_cause by english_learner", none),
        (
            "as of 2025-06-01 Student maria { us_entry: 2023-01-15 } expect maria.promotion = retained by default",
            none,
        ),
        ("expect maria.reading_level = 1 expect maria.promotion != promoted", none),
        ("given maria.reading_level = 2 expect maria.promotion = promoted by reads", none),
        ("given passing = 1 expect maria.promotion = promoted expect maria.bonus = 2", none),
        ("given rate(math) = $9 expect rate(math) = $9 and rate(reading) = $1", none),
        ("given round = 2 expect late", none),
        (
            "given maria.us_entry = unknown expect maria.promotion = undetermined needs us_entry, maria.us_entry",
            none,
        ),
        (
            "Student maria { us_entry: missing } expect maria.promotion = undetermined needs maria.us_entry",
            none,
        ),
        (
            "Student maria { portfolio: missing us_entry: 2001-01-01 } expect maria.promotion = undetermined needs portfolio",
            none,
        ),
        ("Student maria { grade: G2 } expect maria.promotion = not_applicable", none),
        ("expect maria.odd = conflict by one, two", none),
        ("Student maria { english_learner: no grade: KG } expect maria.odd = undetermined", none),
        ("expect maria.entry = met expect maria.entry is met", none),
        ("Student maria { us_entry: missing } expect maria.entry = violated by known", none),
        ("Student maria { us_entry: 2024-02-01 } expect maria.entry = violated by early", none),
        ("Student maria { us_entry: missing grade: KG } expect maria.entry = excepted by young", none),
        ("Student maria { us_entry: missing } expect maria.us_entry = missing", none),
        ("Student maria { grade: unknown } expect maria.grade = unknown needs grade", none),
        (
            "Student ben like maria { english_learner: no } given ben.reading_level = 1 expect ben.promotion = retained expect ben.us_entry = 2023-01-15",
            none,
        ),
        (
            "Student ben like maria { english_learner: no } expect ben.promotion = undetermined needs Result",
            none,
        ),
        (
            "Retention a { student: maria grade: KG } Retention b like a { grade: G1 } Student maria { english_learner: no } expect maria.promotion = promoted_for_good_cause by retained_twice",
            none,
        ),
        (
            "Retention a[1..2] { student: maria grade: KG } expect maria.promotion = promoted_for_good_cause by english_learner, retained_twice",
            none,
        ),
        (
            "Day d[1..31] { school: \"Lincoln\" number: index } School lincoln { name: \"Lincoln\" } expect Month(lincoln).days = 31",
            none,
        ),
        (
            "Day d1 { school: lincoln number: 1 } School lincoln { } expect Month(lincoln).days = 1 expect d1.school = lincoln",
            none,
        ),
        ("expect maria.exit is none", none),
    ]);
}

#[test]
fn what_comes_out_otherwise_fails_and_says_why() {
    check(&[
        (
            "expect maria.promotion = retained",
            &[
                "expect maria.promotion = retained | `maria.promotion` is `promoted_for_good_cause`, not `retained`; decided by `english_learner`",
            ],
        ),
        (
            "Student maria { english_learner: no } expect maria.promotion = promoted",
            &[
                "expect maria.promotion = promoted | `maria.promotion` is `retained`, not `promoted`; decided by `default`; because reading level 1, and 2 is required",
            ],
        ),
        (
            "expect maria.promotion = promoted_for_good_cause by retained_twise",
            &[
                "expect maria.promotion = promoted_for_good_cause by retained_twise | `maria.promotion` is `promoted_for_good_cause` by `english_learner`, not by `retained_twise`; there is no rule `retained_twise`; did you mean `retained_twice`?",
            ],
        ),
        (
            "expect maria.promotion != promoted_for_good_cause",
            &[
                "expect maria.promotion != promoted_for_good_cause | `maria.promotion` is `promoted_for_good_cause`, which it should not be; decided by `english_learner`",
            ],
        ),
        (
            "expect maria.reading_level = 2",
            &["expect maria.reading_level = 2 | `maria.reading_level` is `1`, not `2`"],
        ),
        ("expect maria.reading_level >= 2", &["expect maria.reading_level >= 2 | this does not hold"]),
        (
            "expect maria.entry = violated",
            &["expect maria.entry = violated | `maria.entry` is `met`, not `violated`"],
        ),
        (
            "Student maria { us_entry: missing } expect maria.entry = met",
            &[
                "expect maria.entry = met | `maria.entry` is `violated`, not `met`; what fails: `known`; because no entry",
            ],
        ),
        (
            "given maria.us_entry = unknown expect maria.promotion = undetermined needs level",
            &[
                "expect maria.promotion = undetermined needs level | `maria.promotion` does not need `level`; `maria.us_entry` is not stated",
            ],
        ),
        (
            "expect maria.us_entry = missing",
            &["expect maria.us_entry = missing | `maria.us_entry` is `2023-01-15`, not missing"],
        ),
        (
            "given passing = unknown expect maria.bonus = 4",
            &[
                "expect maria.bonus = 4 | `maria.bonus` is unknown, not `4`; `passing` is unknown, as the test says",
            ],
        ),
        (
            "expect late",
            &[
                "expect late | whether this holds is unknown; the input `round` is not given: add `given round = …`",
            ],
        ),
    ]);
}

/// A fact that a test leaves out is missing, and named.
#[test]
fn careless_tests_name_what_they_leave_out() {
    let cases: &[(&str, &[&str])] = &[
        (
            "test \"t\" { as of 2024-06-01 Student maria { year: SY2023-24 grade: G3 us_entry: 2023-01-15 english_learner: yes } expect maria.promotion = retained }",
            &[
                "expect maria.promotion = retained | `maria.promotion` is `undetermined`, not `retained`; `maria.portfolio` awaits the finding of principal; no row of `Result` is stated: state some, or write `no Result`; no row of `Retention` is stated: state some, or write `no Retention`; still possible: `promoted`, `promoted_for_good_cause`",
            ],
        ),
        (
            "test \"t\" { as of 2024-06-01 Student maria { year: SY2023-24 english_learner: no } expect maria.promotion = retained }",
            &[
                "expect maria.promotion = retained | `maria.promotion` is `undetermined`, not `retained`; `maria.grade` is not stated; still possible: `promoted`, `promoted_for_good_cause`, `retained`",
            ],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said_of(text), *expected, "in\n{text}");
    }
}

#[test]
fn coverage_tells_what_no_test_met() {
    let text = format!(
        "{POLICY}test \"a\" from base {{ expect maria.promotion != retained }}
         test \"b\" from base {{ Student maria {{ english_learner: no }} expect maria.promotion = retained }}"
    );
    let (plan, _) = plan(&text);
    let mut coverage = Coverage::default();
    for test in &plan.tests {
        assert!(run_covered(&plan, test, &mut coverage).passed);
    }
    let shown: Vec<String> = coverage
        .report(&plan)
        .iter()
        .map(|one| format!("{} {} {} {}", one.kind.word(), one.label, one.yes, one.no))
        .collect();
    assert_eq!(
        shown,
        [
            "default retained true true",
            "rule reads false true",
            "rule english_learner true true",
            "rule retained_twice false true",
            "rule portfolio false true",
            "rule one true true",
            "rule two true false",
            "must known true false",
            "must early true false",
            "except young false true",
        ]
    );
    let never: Vec<String> = coverage.never_exercised(&plan).into_iter().map(|one| one.label).collect();
    assert_eq!(never, ["reads", "retained_twice", "portfolio", "two", "known", "early", "young"]);
}

/// Files of a project: what is wrong with them, and what their tests say.
fn project(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut db = crate::db::Database::default();
    for (path, text) in files {
        db.set_text(path, Some(text));
    }
    let shown = |one: Diagnostic| format!("{}: {}", one.code, db.source(one.place().unwrap()).unwrap());
    let wrong = db.files().into_iter().flat_map(|file| db.diagnostics(file)).map(shown).collect();
    let plan = db.plan();
    let failed = plan.tests.iter().flat_map(|test| super::run(&plan, test).failures);
    (
        wrong,
        failed
            .map(|failure| format!("{} | {}", db.source(failure.place).unwrap(), failure.message))
            .collect(),
    )
}

const PUPILS: &str = r#"policy pupils { title "Pupils" }
use codes
record Pupil { key id: text  level: count  area: Area }
fixture two_pupils { as of 2024-06-01 Pupil ana { level: 1 area: north } Pupil ben { level: 2 area: south } }
"#;

const CODES: &str = "policy codes { title \"Codes\" } category Area { north, south }";

/// The fixture's words are read in its own policy; a test of another changes its rows.
#[test]
fn fixtures_of_a_used_policy() {
    let own = r#"policy own { title "Own" cite "c" }
use pupils
requirement reads of Pupil { cite "c" must level >= 2 }
test "a" from two_pupils { expect ana.reads = violated expect ben.reads = met }
test "b" from two_pupils { Pupil ana { level: 2 } expect ana.reads = met expect ben.level = 1 }
test "c" from two_pupils { no Pupil Pupil cem { level: 2 } expect cem.reads = met expect count_of = 1 }
define count_of: count = count of Pupil where level = 2
"#;
    let (wrong, failed) = project(&[("codes.rubric", CODES), ("pupils.rubric", PUPILS), ("own.rubric", own)]);
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(failed, ["expect ben.level = 1 | `ben.level` is `2`, not `1`"]);
}

#[test]
fn what_is_wrong_in_a_fixture_is_said_there_only() {
    let pupils = PUPILS.replace("level: 1", "levl: 1");
    let own = r#"policy own { title "Own" cite "c" }
use pupils
requirement reads of Pupil { cite "c" must level >= 2 }
test "a" from two_pupils { expect ana.reads = violated }
"#;
    let (wrong, failed) =
        project(&[("codes.rubric", CODES), ("pupils.rubric", &pupils), ("own.rubric", own)]);
    assert_eq!(wrong, ["unknown-field: levl"]);
    assert_eq!(failed, Vec::<String>::new(), "a test with an error in it is not run");
}

/// Rows that share a key, keys that no row has, rows of a group.
#[test]
fn keys() {
    let own = r#"policy own { title "Own" cite "c" }
record School { key (district: text, number: count)  open: flag  visits: many Visit }
record Visit { key id: text  school: School  day: date }
group Busy of Visit by school, month = month of day
define visits of Busy: count = count of members
define seen of School: count = count of visits
fixture schools { as of 2024-06-01 School a { district: "D" number: 1 open: yes } }
test "by its whole key" from schools { Visit v { school: School("D", 1) day: 2024-05-01 } expect v.school.open and a.seen = 1 }
test "a key that no row has" from schools { Visit v { school: School("D", 2) day: 2024-05-01 } expect v.school.open = unknown expect a.seen = 0 }
test "rows that share a key" from schools { School b { district: "D" number: 1 } expect a.open = error }
test "by the key of a group" from schools {
  Visit v[1..3] { school: a day: date(2024, index, 1) }
  Visit w { school: a day: 2024-03-05 }
  expect Busy(a, 3).visits = 2 and Busy(a, 1).visits = 1 and Busy(a, 7).visits = 0
}
requirement open_schools of School { cite "c" must open }
"#;
    let (wrong, failed) = project(&[("own.rubric", own)]);
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(failed, Vec::<String>::new());
}

/// Whatever word is taken out or doubled, everything is still said and run without a panic, and what has errors is not run.
#[test]
fn broken_tests_never_panic() {
    let text = format!(
        "{POLICY}test \"a\" from base {{
  as of 2025-06-01
  Student ben like maria {{ english_learner: no exit: none us_entry: missing }}
  Result r[1..2] {{ student: ben subject: math level: index taken_on: date(2024, 5, index) }}
  no Retention
  given maria.reading_level = unknown given rate(math) = $2 given round = 1
  expect maria.promotion = undetermined needs level, us_entry
  expect ben.promotion = retained by default
  expect ben.entry = violated by known and_more = 3
  expect Month(\"Lincoln\").days >= 1 or maria.bonus = 4
}}"
    );
    let start = text.find("fixture base").unwrap();
    let words: Vec<&str> = text[start..].split_inclusive(char::is_whitespace).collect();
    let mut db = crate::db::Database::default();
    let mut with_errors = 0;
    for at in 0..words.len() {
        for doubled in [false, true] {
            let changed = words.iter().enumerate().map(|(position, word)| match (position == at, doubled) {
                (true, true) => format!("{word} {word}"),
                (true, false) => String::new(),
                _ => (*word).to_owned(),
            });
            let changed = format!("{}{}", &text[..start], changed.collect::<String>());
            let file = db.set_text("p.rubric", Some(&changed));
            let said = db.diagnostics(file);
            let wrong = said.iter().any(|one| one.severity == crate::diagnostic::Severity::Error);
            with_errors += usize::from(wrong);
            let plan = db.plan();
            for test in &plan.tests {
                let report = super::run(&plan, test);
                assert_eq!(report.passed, report.failures.is_empty());
            }
        }
    }
    assert!(with_errors > words.len() / 2, "the mistakes are not found: {with_errors}");
}

#[test]
fn a_row_whose_key_is_not_known_has_rows_that_are_not_known() {
    let text = r#"
policy p { title "P" }
record Student { key (id: text, year: school_year)  results: many Result }
record Result { key r: text  student: Student }
define taken of Student: count = count of results
test "known" {
  as of 2024-06-01
  Student ana { year: SY2023-24 }
  Result first { student: ana }
  expect ana.taken = 1
}
test "the rows of an unknown year may be these" {
  as of 2024-06-01
  Student ana { year: unknown }
  Student bo { year: SY2023-24 }
  Result first { student: bo }
  expect ana.taken = unknown
  expect bo.taken = 1
}
"#;
    let (plan, _) = plan(text);
    for test in &plan.tests {
        let report = super::run(&plan, test);
        assert!(report.passed, "{report:?}");
    }
}
