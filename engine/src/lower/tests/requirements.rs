//! Requirements.

use super::support::{bodies, report};

#[test]
fn a_requirement_lowers_with_all_its_clauses() {
    let text = r#"
        requirement old_enough of Student where grade = KG {
          id "STAFF-0117"
          severity warning
          cite "whole"
          because "student {student_id} in {grade}"
          due first_day of year + 30 days then violated
          law on first_day of year
          from 2010-01-01
          must old: age(birth_date, first_day of year) >= 5 cite "a"
          must be unique by student_id, year
          must at least 1 of results where level > 1
          except gifted when gpa >= 4 cite "b" from 2020-01-01
        }
    "#;
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn a_requirement_for_each_value_binds_the_value() {
    let text = r#"
        requirement passed of Student for each Subject as s where s != math {
          cite "c"
          must at least 1 of results where subject = s
          must be unique by student_id, s
        }
        requirement by_name of Student for each Subject { cite "c" must any of results as r where r.subject = subject }
        define science of Student: flag = passed(reading) is met and (all of Subject as x satisfy passed(x) is met)
        define of_result of Result: flag = student.passed(subject) is met
    "#;
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn mistakes_in_requirements() {
    let cases = [
        "severity fatal must yes",
        "severity erorr must yes",
        "must gpa",
        "must x: yes must x: no",
        "must x: yes except x when no",
        "must be unique by results",
        "due year must yes",
        "law on 30 days must yes",
        "must yes except x when gpa",
        "because \"{nowhere}\" must yes",
        "must each_one is met",
        "must each_one(3) is met",
        "must each_one(math, math) is met",
        "must plain(math) is met",
    ];
    let mut all = String::new();
    for text in cases {
        let report = report(&format!(
            "requirement each_one of Student for each Subject as s {{ must yes }} requirement plain of Student {{ must yes }} requirement q of Student {{ {text} }}"
        ));
        assert_ne!(report, "", "{text}");
        all.push_str(&format!("{text}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn amounts_lower_to_their_lines() {
    let text = bodies(
        "amount pay of Student law on birth_date where english_learner {
           rounded half up to dollars
           at most $900
           line base = aid * present at least $5 cite \"1\"
           line extra = 10% of base when present > 3 subject to late cite \"2\"
           line late = pay.base - $1 when this.aid > $2 from 2020-01-01 cite \"3\"
         }
         amount share of Result = apportion student.aid over student.results by level to cents
         define both of Student: money = pay + pay.adjustment",
    );
    insta::assert_snapshot!(text);
}

#[test]
fn mistakes_in_lines_for_each_value() {
    let cases = [
        "line base for each Student = $3",
        "line base for each Subjct = $3",
        "line base for each Subject as s = $1 * s",
        "line base for each Subject = if subject = math then $1 else $2 line more = base",
        "line base for each Subject = $3 line more = base(3)",
        "line base for each Subject = $3 line more = base(math, math)",
        "line base for each Subject = $3 line more = pay.base",
        "line base for each Subject = $3 line more = pay.base(KG)",
        "line base for each Subject = $3 line more = pay.bse(math)",
        "line base for each Subject = $3 until 2020-01-01 line base = $4 from 2020-01-01",
        "line base for each Subject = $3 until 2020-01-01 line base for each Mode = $4 from 2020-01-01",
        "line base = $3 line more = base(math)",
        "line base = $3 line more = pay.base(math)",
        "line base for each Subject = $3 subject to none_such",
    ];
    let mut all = String::new();
    for text in cases {
        let report = report(&format!("amount pay of Student {{ cite \"c\" {text} }}"));
        let messages = report.lines().filter(|line| !line.starts_with(' ')).count();
        assert_eq!(messages, 1, "{text}: {report}");
        all.push_str(&format!("{text}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}
