use std::collections::BTreeMap;

use rubric_grammar::ast::ItemKind;

use super::{Fixtures, fixture, test};
use crate::diagnostic::{Diagnostic, FileId};
use crate::lower::Context;
use crate::names;

const POLICY: &str = r#"policy p { title "T" cite "c" school_year starts july 1 }
ordered category Grade { G1, G2, G3 }
category Subject { reading, math }
record Student {
  key (student_id: text, year: school_year)
  grade: Grade
  us_entry: date?
  exit: Grade absent means none
  credits: count
  results: many Result
}
record Result { key result_id: text  student: Student  subject: Subject  level: count  taken_on: date }
record School { key name: text }
record Visit { key visit_id: text  school: School  day: count }
group Load of Result by subject
parameter passing: count { cite "c" from 2014-01-01: 2 }
parameter rate by Subject: money { cite "c" from 2014-01-01 { reading: $1 math: $2 } }
input round: count
define best of Student: count? = highest of level over results
define twice(n: count) of Student: count = credits * n
define cap: count = 3
decision promotion of Student { outcomes promoted, retained default retained cite "c" rule reads: promoted when best >= passing cite "c" }
requirement steady of Student { cite "c" must credits >= 1 }
fixture base {
  as of 2024-06-01
  Student maria { grade: G3 year: SY2023-24 credits: 1 }
  Result r1 { student: maria subject: reading level: 1 taken_on: 2024-05-01 }
}
"#;

/// What lowering the tests and fixtures of a text says, as `code: words`.
fn said(text: &str) -> Vec<String> {
    let text = format!("{POLICY}{text}");
    let parse = rubric_grammar::parse(&text);
    assert_eq!(parse.errors, Vec::new(), "the text must parse: {text}");
    let file = FileId(0);
    let collected = names::collect(&[&names::summarize(file, "p.rubric", &parse.file)]);
    assert_eq!(collected.diagnostics, Vec::new());
    let items = &parse.file.items;
    let mut fixtures = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        if let ItemKind::Fixture(written) = &item.kind {
            fixtures.insert(written.name.text.clone(), (item.clone(), file, position as u32));
        }
    }
    let fixtures = Fixtures::new(fixtures);
    let mut found: Vec<Diagnostic> = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let policy = collected.policies[&file];
        let cx = Context { symbols: &collected.symbols, policy, file, item: position as u32 };
        let (diagnostics, has_body) = match &item.kind {
            ItemKind::Test(written) => {
                let lowered = test(&cx, written, &fixtures);
                (lowered.diagnostics, lowered.body.is_some())
            }
            ItemKind::Fixture(written) => {
                let lowered = fixture(&cx, written, &fixtures);
                (lowered.diagnostics, lowered.body.is_some())
            }
            _ => continue,
        };
        let wrong = diagnostics.iter().any(|one| one.severity == crate::diagnostic::Severity::Error);
        assert!(!wrong || !has_body, "an error leaves no body: {diagnostics:?}");
        found.extend(diagnostics);
    }
    found
        .iter()
        .map(|one| {
            let place = one.place().unwrap();
            let span = place.span.shifted(items[place.item.unwrap() as usize].span.start);
            format!("{}: {}", one.code, &text[span.start as usize..span.end as usize])
        })
        .collect()
}

/// A test from the fixture with these statements.
fn from_base(statements: &str) -> Vec<String> {
    said(&format!("test \"t\" from base {{ {statements} }}"))
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (statements, expected) in cases {
        assert_eq!(from_base(statements), *expected, "in\n{statements}");
    }
}

#[test]
fn sound_tests_say_nothing() {
    let none: &[&str] = &[];
    check(&[
        ("expect maria.promotion = retained by default", none),
        ("expect maria.promotion != promoted", none),
        ("expect maria.promotion = undetermined needs level, r1.level, maria.us_entry", none),
        ("expect maria.promotion = conflict", none),
        ("expect maria.steady = met", none),
        ("expect maria.steady is met", none),
        ("expect maria.best = 1", none),
        ("expect maria.twice(2) = 2 and maria.grade = G3", none),
        ("expect maria.best = missing", none),
        ("expect maria.us_entry = missing expect maria.exit is none", none),
        ("expect passing = 2 and rate(math) = $2", none),
        (
            "Student maria { us_entry: 2023-01-15 exit: none grade: unknown } expect maria.promotion = retained",
            none,
        ),
        ("Student ben like maria { grade: G2 } expect ben.promotion = retained", none),
        ("Visit v { school: \"Lincoln\" day: 3 } expect v.day = 3", none),
        ("Result r2 { student: Student(\"maria\", SY2023-24) level: 2 } expect maria.best = 2", none),
        // Rows may be named before they are stated.
        ("Visit v { school: lincoln } School lincoln { } expect v.day = unknown needs v.day", none),
        ("Visit v[1..31] { school: \"Lincoln\" day: index * 2 } expect maria.promotion = retained", none),
        (
            "given maria.best = 3 given passing = 2 given rate(math) = $5 given cap = unknown given round = 1 expect maria.promotion = promoted",
            none,
        ),
        (
            "given maria.best = missing given maria.us_entry = 2020-01-01 expect maria.promotion = retained",
            none,
        ),
        ("no Visit expect maria.promotion = retained", none),
        ("as of 2025-06-01 expect maria.promotion = retained", none),
        ("expect Load(reading).subject = reading", none),
    ]);
}

#[test]
fn mistakes_in_rows() {
    check(&[
        ("Studnet ben { } expect maria.steady = met", &["unknown-type: Studnet"]),
        ("Student ben { grad: G3 } expect maria.steady = met", &["unknown-field: grad"]),
        ("Student ben { grade: G9 } expect maria.steady = met", &["unknown-value: G9"]),
        ("Student ben { grade: 3 } expect maria.steady = met", &["type-mismatch: 3"]),
        ("Student ben { results: r1 } expect maria.steady = met", &["test-value: results"]),
        ("Student ben { credits: 1 credits: 2 } expect maria.steady = met", &["duplicate-name: credits"]),
        ("Student ben { credits: maria.credits } expect maria.steady = met", &["test-value: maria.credits"]),
        ("Student ben { us_entry: as_of } expect maria.steady = met", &["test-value: as_of"]),
        ("Student ben { us_entry: none } expect maria.steady = met", &["test-value: none"]),
        ("Student ben { } Student ben { } expect maria.steady = met", &["duplicate-name: ben"]),
        ("Result maria { } expect maria.steady = met", &["duplicate-name: maria"]),
        ("Result r2 { student: mario } expect maria.steady = met", &["unknown-row: mario"]),
        ("Result r2 { student: \"maria\" } expect maria.steady = met", &["test-value: \"maria\""]),
        ("Result r2 like r3 { } expect maria.steady = met", &["unknown-row: r3"]),
        ("Result r2 like maria { } expect maria.steady = met", &["type-mismatch: maria"]),
        ("Visit v[3..1] { } expect maria.steady = met", &["bad-range: Visit v[3..1] { }"]),
        ("Load x { } expect maria.steady = met", &["test-value: Load"]),
        ("Visit v { day: 1 } no Visit expect maria.steady = met", &["contradiction: Visit"]),
        (
            "Student ben { } Result r2 { student: ben } expect maria.steady = met",
            &["missing-key: Student ben { }"],
        ),
        ("waiver w { } expect maria.steady = met", &["bad-waiver: w"]),
        (
            "waiver w { target: steady of: mario authority: \"a\" from: 2024-01-01 reason: \"r\" } expect maria.steady = met",
            &["unknown-name: mario"],
        ),
        (
            "waiver w { target: 3 of: maria authority: a from: 2024-02-30 reason: 3 } expect maria.steady = met",
            &["bad-waiver: 3", "bad-waiver: a", "bad-waiver: 2024-02-30", "bad-waiver: 3"],
        ),
        (
            "waiver w { traget: steady of: maria key: \"x\" authority: \"a\" from: 2024-01-01 reason: \"r\" } expect maria.steady = met",
            &["unknown-field: traget", "bad-waiver: \"x\""],
        ),
    ]);
}

#[test]
fn mistakes_in_givens() {
    check(&[
        ("given maria.promotion = retained expect maria.steady = met", &["test-value: promotion"]),
        ("given maria.bst = 3 expect maria.steady = met", &["unknown-field: bst"]),
        ("given maria.credits = missing expect maria.steady = met", &["test-value: missing"]),
        ("given maria.credits = $3 expect maria.steady = met", &["unit-mismatch: $3"]),
        ("given best = 3 expect maria.steady = met", &["wrong-record: best"]),
        ("given credits = 3 expect maria.steady = met", &["wrong-record: credits"]),
        ("given maria.twice = 3 expect maria.steady = met", &["test-value: twice"]),
        ("given rate = $3 expect maria.steady = met", &["wrong-arguments: rate"]),
        ("given pasing = 3 expect maria.steady = met", &["unknown-name: pasing"]),
    ]);
}

#[test]
fn mistakes_in_expectations() {
    check(&[
        ("", &["empty-test: \"t\""]),
        ("expect maria.promotion = promotd", &["unknown-outcome: promotd"]),
        ("expect maria.promotion = missing", &["unknown-outcome: missing"]),
        ("expect maria.steady = promoted", &["unknown-outcome: promoted"]),
        ("expect maria.best", &["type-mismatch: maria.best"]),
        ("expect maria.credits = missing", &["test-value: maria.credits"]),
        ("expect maria.best != missing", &["test-value: missing"]),
        ("expect mario.promotion = retained", &["unknown-name: mario"]),
        ("expect promotion = retained", &["wrong-record: promotion"]),
        ("expect steady is met", &["wrong-record: steady"]),
        ("expect credits >= 1", &["wrong-record: credits"]),
        ("expect maria.best = 1 by reads", &["misplaced-clause: reads"]),
        ("expect maria.promotion = retained needs level", &["misplaced-clause: level"]),
        ("expect maria.promotion = undetermined by reads", &["misplaced-clause: reads"]),
        ("expect maria.promotion = undetermined needs levle", &["unknown-field: levle"]),
        ("expect maria.promotion = undetermined needs maria.levle", &["unknown-field: levle"]),
    ]);
}

#[test]
fn fixtures_and_their_chains() {
    let cases: &[(&str, &[&str])] = &[
        ("test \"t\" from bas { expect 1 = 1 }", &["unknown-fixture: bas"]),
        ("test \"t\" { expect 1 = 1 }", &["missing-as-of: \"t\""]),
        ("fixture a from b { } fixture b from a { }", &["cycle: b", "cycle: a"]),
        (
            "fixture a from base { Student ben like maria { } } test \"t\" from a { expect ben.steady = met }",
            &[],
        ),
        ("fixture a { expect 1 = 1 }", &["misplaced-expect: expect 1 = 1"]),
        // What is wrong in a fixture is said once, there.
        (
            "fixture a from base { Student ben { grad: G3 } } test \"t\" from a { expect maria.steady = met }",
            &["unknown-field: grad"],
        ),
        // A key that a test adds need not stand in the fixture.
        (
            "fixture a { as of 2024-06-01 Student ben { } Result r { student: ben } } test \"t\" from a { Student ben { year: SY2023-24 } expect ben.steady = undetermined }",
            &[],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text), *expected, "in\n{text}");
    }
}
