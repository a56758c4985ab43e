//! Names across rows, files and categories.

use super::support::{Workspace, bodies, report};
use crate::lower::Target;
use crate::plan::Symbol;

#[test]
fn names_are_found_where_they_stand() {
    let text = "
        parameter limit: count { from 2020-01-01: 3 }
        parameter by_grade by Grade: count { from 2020-01-01 { otherwise: 3 } }
        parameter pilots: set of Mode { from 2020-01-01: online_lab }
        input today: date
        define helper(x: count) of Student: count = x + present
        define free(x: count): count = x + limit
        define one of Student: count = helper(1) + this.helper(2) + free(3)
        define two of Student: count = limit + by_grade(G1) + by_grade(grade) + (limit on birth_date) + (by_grade(KG) on as_of)
        define three of Student: flag = mode in pilots and today < as_of
        define four of Result: count = student.helper(1) + student.one
        define shadow(level: count) of Result: flag = level = 1
        decision promotion of Student { outcomes up, down  default down  rule r: up when english_learner }
        requirement old of Student { must age(birth_date, as_of) > 6 }
        define five of Student: flag = promotion = up and promotion in (up, down) and promotion != not_applicable and old is met
        define six of Result: flag = student.promotion = up and student.old is not met
    ";
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn a_value_is_meant_where_nothing_else_can_stand() {
    let text = "
        define classroom of Student: flag = mode = classroom
        define it of Student: flag = classroom and mode in (classroom, online_lab)
    ";
    insta::assert_snapshot!(bodies(text), @r"
    define: (eq row0.mode classroom)
    define: (and row0.classroom! (row0.mode in classroom online_lab))
    ");
}

#[test]
fn mistakes_in_names() {
    let cases = [
        "define it of Student: flag = english_lerner",
        "define it of Student: flag = this.english_lerner",
        "define it of Student: flag = school.titel_1",
        "define it of Student: flag = garde = G3",
        "define it of Student: flag = grade = G33",
        "define it of Student: flag = grade = Grade.G33",
        "define it of Student: flag = G3",
        "define it of Student: flag = G3 = KG",
        "define it of Student: flag = Grade = KG",
        "define it of Student: flag = Plan",
        "define it of Student: flag = gpa.x > 1",
        "define it: flag = english_learner",
        "define f of Result: flag = yes define it of Student: flag = f",
        "define f of School: flag = yes define it of Student: flag = f",
        "define f of Plan: flag = yes define it of Student: flag = f",
        "define f(x: count) of Student: flag = x = 1 define it of Student: flag = f",
        "define f(x: count) of Student: flag = x = 1 define it of Student: flag = f(1, 2)",
        "define f(x: count) of Student: flag = x = 1 define it of Student: flag = f(\"1\")",
        "define f of Student: flag = yes define it of Student: flag = f(1)",
        "parameter p by Grade: count { from 2020-01-01 { otherwise: 1 } } define it of Student: count = p",
        "parameter p: count { from 2020-01-01: 1 } define it of Student: count = p(grade)",
        "parameter p: count { from 2020-01-01: 1 } define it of Student: count = p on year",
        "define it of Student: flag = Plan(1, 2).teacher = \"x\"",
        "parameter p: set of Mode { from 2020-01-01: classroom } define it of Student: flag = p is known",
        "parameter p: set of Mode { from 2020-01-01: classroom } define it of Student: flag = p = p",
        "parameter p: set of Mode { from 2020-01-01: classroom } define it of Student: flag = mode = p",
        "parameter p: set of Mode { from 2020-01-01: classroom } requirement q of Student { because \"{p}\" must yes }",
        "parameter p: set of Mode { from 2020-01-01: classroom } define it of Student: flag = grade in p",
        "parameter p: set of Mode { from 2020-01-01: classroom } define it: set of Mode = p",
        "define it of Student: flag = round(gpa) > 1",
        "define it of Student: flag = mxa(gpa, 1) > 1",
        "decision d of Student { outcomes a, b default a } define it of Student: flag = d",
        "decision d of Student { outcomes a, b default a } define it of Student: flag = d < b",
        "decision d of Student { outcomes a, b default a } define it of Student: flag = d = c",
        "decision d of Student { outcomes a, b default a } define it of Student: flag = d is met",
        "requirement q of Student { must yes } define it of Student: flag = q",
        "requirement q of Student { must yes } define it of Result: flag = student.q",
        "amount a of Student { line x = $3 } define it of Student: flag = a.y > $1",
        "record Lab { key id: text  online_lab: Mode } define it of Lab: flag = online_lab = online_lab",
    ];
    let mut all = String::new();
    for text in cases {
        let report = report(text);
        assert_ne!(report, "", "{text}");
        all.push_str(&format!("{text}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_two_rows_answer_is_ambiguous() {
    let text = "
        record Section { key section_id: text  mode: Mode  staff: many Assignment }
        record Assignment { key assignment_id: text  section: Section  mode: Mode }
        define it of Section: flag = any of staff where mode = classroom
        define with_alias of Section: flag = any of staff as a where mode = classroom
        define same of Student: flag = any of school.students where year = this.year
        define fine of Section: flag = any of staff where assignment.mode = section.mode
        define row of Student: flag = any of Plan where student = this
    ";
    insta::assert_snapshot!(report(text));
}

fn two_files(second: &str) -> Workspace {
    let first = "policy k12.student { title \"S\" }\n\
        category Grade { KG, G1 }\n\
        record Student { key id: text  grade: Grade }\n\
        define young of Student: flag = grade = KG\n\
        parameter limit: count { from 2020-01-01: 1 }\n";
    Workspace::new(&[
        ("k12/student.rubric".to_owned(), first.to_owned()),
        ("test.rubric".to_owned(), second.to_owned()),
    ])
}

#[test]
fn a_policy_that_is_not_used_is_proposed() {
    let other = "policy test { title \"T\" }\n\
        record Row { key id: text }\n\
        define it of Row: count = limit\n";
    let workspace = two_files(other);
    assert_eq!(workspace.before, Vec::<String>::new());
    insta::assert_snapshot!(workspace.report());
}

#[test]
fn names_of_a_used_policy_are_found() {
    let workspace = two_files(
        "policy test { title \"T\" }\nuse k12.student\n\
         define it of Student: flag = young and grade in (KG, G1) and limit = 1\n",
    );
    assert_eq!(workspace.before, Vec::<String>::new());
    assert_eq!(workspace.report(), "");
}

#[test]
fn every_name_is_mentioned_with_what_it_stands_for() {
    let workspace =
        Workspace::of("define it of Student: flag = grade = G3 and (any of results where subject = math)");
    let item = workspace.items.last().unwrap();
    let mentions: Vec<String> = item
        .mentions
        .iter()
        .map(|mention| {
            let target = match mention.target {
                Target::Symbol(Symbol::Record(_)) => "record",
                Target::Symbol(_) => "symbol",
                Target::Field(..) => "field",
                Target::Value(..) => "value",
            };
            format!("{} {target}", workspace.at(mention.place))
        })
        .collect();
    assert_eq!(
        mentions,
        ["Student record", "grade field", "G3 value", "results field", "subject field", "math value"]
    );
}
