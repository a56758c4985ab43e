use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Generated, generate};
use crate::db::Database;
use crate::diagnostic::Severity;

const HEAD: &str = r#"policy p { title "T" cite "c" school_year starts july 1 month_end round down }
ordered category Grade { KG, G1, G2, G3 }
record Student {
  key student_id: text
  grade: Grade
  us_entry: date
  level: count
  share: percent
  results: many Result
}
record Result { key result_id: text  student: Student  passed: flag }
"#;

/// The tests for a policy of one decision, or what is said in their place.
fn generated(text: &str) -> Vec<String> {
    let mut database = Database::default();
    let file = database.set_text("p.rubric", Some(text));
    let errors = |database: &Database| {
        let found = database.diagnostics(file).into_iter();
        found.filter(|found| found.severity == Severity::Error).map(|found| found.message).collect::<Vec<_>>()
    };
    assert_eq!(errors(&database), Vec::<String>::new());
    let plan = database.plan();
    let found = generate(
        &plan,
        &plan.tests,
        &BTreeSet::from([file]),
        &|place| database.source(place),
        &mut |_, block| {
            let mut draft = Database::default();
            draft.set_text("p.rubric", Some(&format!("{text}\n{block}")));
            assert_eq!(errors(&draft), Vec::<String>::new(), "{block}");
            Ok(draft.plan().tests.last().map(Arc::clone).unwrap())
        },
        &|| {},
    );
    let told = found.into_iter().map(|side| match side.found {
        Generated::Test(written) => {
            assert!(written.uses.is_empty());
            written.block
        }
        Generated::Nothing(why) => format!("{}: {why}", side.border),
    });
    told.collect()
}

#[test]
fn both_sides_of_every_sort_of_threshold() {
    for (condition, left, right) in [
        ("level >= 2", "level: 2", "level: 1"),
        ("level > 2", "level: 2", "level: 3"),
        ("level <= 2", "level: 2", "level: 3"),
        ("level < 2", "level: 2", "level: 1"),
        ("share >= 75%", "share: 75%", "share: 74%"),
        ("level >= needed", "level: 4", "level: 3"),
        ("grade >= G2", "grade: G2", "grade: G1"),
        ("us_entry < 2020-03-01", "us_entry: 2020-03-01", "us_entry: 2020-02-29"),
        ("us_entry >= 2020-03-01", "us_entry: 2020-03-01", "us_entry: 2020-02-29"),
    ] {
        let text = format!(
            "{HEAD}parameter needed: count {{ cite \"c\" from 1990-01-01: 4 }}\n\
             decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when {condition} cite \"c\" }}"
        );
        let all: Vec<String> = generated(&text).into_iter().filter(|block| block.starts_with("//")).collect();
        let blocks: Vec<&String> = all.iter().filter(|block| !block.contains("from 1990")).collect();
        assert_eq!(blocks.len(), 2, "{condition}: {blocks:?}");
        for side in [left, right] {
            assert!(
                blocks.iter().any(|block| block.contains(&format!("{side} }}"))),
                "{condition}, {side}: {blocks:?}"
            );
        }
        let with = format!("{text}\n{}", all.join("\n"));
        let again = generated(&with);
        assert!(!again.iter().any(|block| block.starts_with("//")), "{condition}: {again:?}");
    }
}

#[test]
fn a_period_a_range_and_rows() {
    for (condition, count) in [
        ("as_of < us_entry + 2 years", 2),
        ("level between 2 and 5", 4),
        ("at least 2 of results where passed", 2),
        ("(count of results where passed) >= 2", 2),
    ] {
        let text = format!(
            "{HEAD}decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when {condition} cite \"c\" }}"
        );
        let blocks = generated(&text);
        assert_eq!(blocks.len(), count, "{condition}: {blocks:?}");
        assert!(
            blocks.iter().all(|block| block.contains("expect student_1.d = ")),
            "{condition}: {blocks:?}"
        );
    }
}

#[test]
fn days_of_law_have_two_sides() {
    let text = format!(
        "{HEAD}decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when grade = G1 cite \"c\" from 2022-07-01 }}"
    );
    let blocks = generated(&text);
    assert_eq!(blocks.len(), 2, "{blocks:?}");
    for (day, outcome) in [("2022-06-30", "b"), ("2022-07-01", "a")] {
        let (day, outcome) = (format!("as of {day}"), format!("student_1.d = {outcome}"));
        let stands = |block: &String| block.contains(&day) && block.contains(&outcome);
        assert!(blocks.iter().any(stands), "{day}: {blocks:?}");
    }
}

#[test]
fn a_side_that_makes_no_difference_needs_no_test() {
    let text = format!(
        "{HEAD}decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when level >= 2 and level >= 1 cite \"c\" }}"
    );
    let blocks = generated(&text);
    assert_eq!(blocks.len(), 2, "only those of the threshold that decides: {blocks:?}");
}
