use insta::assert_snapshot;

use super::{Fate, MutantKind, Score, judge, mutants};
use crate::check;
use crate::db::Database;
use crate::diagnostic::Severity;
use crate::plan::Plan;
use crate::testing::run;

const HEAD: &str = r#"policy p { title "T" cite "c" school_year starts july 1 month_end round down }
ordered category Grade { KG, G1, G2, G3 }
category Subject { reading, math }
record Student {
  key student_id: text
  grade: Grade
  english_learner: flag
  us_entry: date
  level: count
  share: percent
  fee: money
  results: many Result
}
record Result { key result_id: text  student: Student  subject: Subject  passed: flag }
"#;

fn database(rest: &str) -> Database {
    let mut database = Database::default();
    let file = database.set_text("p.rubric", Some(&format!("{HEAD}{rest}")));
    let errors: Vec<String> = database
        .diagnostics(file)
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.message)
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(
        check::parameter_gaps(&database.plan(), crate::value::Date::constant(2024, 6, 1), &[].into())
            .is_empty()
    );
    database
}

/// Every mutant on a line, with what became of it.
fn told(database: &Database, threads: usize) -> String {
    let plan = database.plan();
    for test in &plan.tests {
        assert!(run(&plan, test).passed, "{}", test.title);
    }
    let mutants = mutants(&plan, &|place| database.source(place));
    let fates = judge(&plan, &plan.tests, &mutants, threads, &|| {});
    assert_eq!(fates.len(), mutants.len());
    let mut text = String::new();
    for (mutant, fate) in mutants.iter().zip(&fates) {
        assert_ne!(mutant.apply(&plan), *plan, "{} changes nothing", mutant.after);
        let fate = match fate {
            Fate::Killed(test) => format!("killed by {}", plan.tests[*test].title),
            Fate::Survived { test, why } => {
                if let Some(test) = test {
                    kills(database, test, &mutant.apply(&plan));
                }
                format!("survived{}", why.as_ref().map(|why| format!(", {why}")).unwrap_or_default())
            }
            Fate::Equivalent => "equivalent".to_owned(),
        };
        text.push_str(&format!("{} {} -> {}: {fate}\n", mutant.kind.word(), mutant.before, mutant.after));
    }
    text
}

/// The test that is offered passes on the policy, and fails on the mutant.
fn kills(database: &Database, test: &str, mutant: &Plan) {
    let mut with = Database::default();
    let text = database.text(database.file("p.rubric").unwrap());
    let file = with.set_text("p.rubric", Some(&format!("{text}\n{test}")));
    let plan = with.plan();
    let found: Vec<_> =
        with.diagnostics(file).into_iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(found.is_empty(), "{test}\n{found:?}");
    let offered = plan.tests.last().unwrap();
    let report = run(&plan, offered);
    assert!(report.passed, "{test}\n{report:?}");
    assert!(!run(mutant, offered).passed, "{test}");
}

#[test]
fn every_sort_of_change_is_made_once_and_told_with_its_fate() {
    let database = database(
        r#"parameter passing: count { cite "c" from 2014-07-01: 2 from 2020-07-01: 3 }
define passed of Student: count = count of results where passed and subject in (reading, math)
decision promotion of Student where grade >= G2 {
  outcomes promoted, good_cause, retained
  default retained cite "c"
  rule reads: promoted when level >= passing cite "c"
  rule learner: good_cause when english_learner and as_of < us_entry + 2 years subject to reads cite "c" from 2016-01-01
  rule many: good_cause when passed >= 2 and share between 10% and 90% subject to reads cite "c"
}
requirement paid of Student { cite "c" must fee <= $5.00 except young when grade = KG }
amount grant of Student { line base = $10 * level cite "c" line rest = $5 when level < 1 cite "c" }
fixture one {
  as of 2024-06-01
  Student s { grade: G3  english_learner: no  us_entry: 2023-01-01  level: 2  share: 50%  fee: $5.00 }
  no Result
}
test "below" from one { expect s.promotion = retained }
test "at" from one { Student s { level: 3 } expect s.promotion = promoted }
test "fee" from one { expect s.paid = met }
test "grant" from one { expect s.grant = $20 }
"#,
    );
    let told = told(&database, 1);
    assert_snapshot!(told);
}

#[test]
fn threads_do_not_matter() {
    let database = database(
        r#"decision d of Student { outcomes a, b
  default b cite "c"
  rule one: a when level >= 3 and level > 1 cite "c"
}
fixture one { as of 2024-06-01  Student s { grade: G3  english_learner: no  us_entry: 2023-01-01  level: 3  share: 50%  fee: $5 } }
test "at" from one { expect s.d = a }
"#,
    );
    let one = told(&database, 1);
    assert_eq!(one, told(&database, 3));
    assert!(one.contains("comparison level > 1 -> level >= 1: equivalent"), "{one}");
    assert!(one.contains("constant level >= 3 -> level >= 2: survived"), "{one}");
    assert!(one.contains("constant level >= 3 -> level >= 4: killed by at"), "{one}");
}

#[test]
fn what_nothing_reads_is_told_as_such() {
    let database = database("define unused of Student: flag = level > 3\n");
    let told = told(&database, 1);
    assert!(
        told.contains("level > 3 -> level >= 3: survived, no decision, requirement or amount reads it"),
        "{told}"
    );
}

#[test]
fn a_score_leaves_out_what_makes_no_difference() {
    let survived = || Fate::Survived { test: None, why: None };
    let score = Score::of(&[Fate::Killed(0), Fate::Equivalent, survived(), Fate::Killed(1)]);
    assert_eq!(score, Score { killed: 2, survived: 1, equivalent: 1 });
    assert_eq!(score.per_mille(), Some(666));
    assert!(score.reaches(66) && !score.reaches(67));
    let nothing = Score::of(&[Fate::Equivalent]);
    assert!(nothing.per_mille().is_none() && nothing.reaches(100));
    assert!(MutantKind::Comparison < MutantKind::Date);
}
