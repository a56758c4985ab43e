//! Decisions and defines with dates.

use super::support::{Workspace, bodies, report};

#[test]
fn a_decision_lowers_with_its_overrides() {
    let text = r#"
        parameter passing: count { from 2014-07-01: 2 }
        decision promotion of Student where grade = G3 {
          outcomes promoted, for_cause, retained
          law on first_day of year
          cite "whole"
          default retained cite "(5)(b)" because "{present} of {passing}"
          rule reads: promoted when present >= passing cite "r"
          part good_cause subject to reads cite "p" from 2010-01-01 {
            rule learner: for_cause when english_learner and as_of < us_entry + 2 years cite "1"
            rule twice: for_cause when gpa > 2 from 2014-07-01 through 2019-06-30
            rule twice: for_cause when gpa > 3 from 2019-07-01
          }
          rule apt fixed: for_cause when attendance > 90% notwithstanding reads, good_cause
          rule always: retained subject to twice
        }
    "#;
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn a_category_can_be_the_outcomes() {
    let text = "
        ordered category Tier { one, two }
        decision tier of Student { outcomes Tier in any order  default one  rule r: two when english_learner }
        define it of Student: Tier = tier
    ";
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn mistakes_in_decisions() {
    let head = "outcomes a, b default b";
    let cases = [
        format!("{head} rule x: c when yes"),
        format!("{head} rule x: aa when yes"),
        format!("{head} rule x: a when gpa"),
        format!("{head} rule x: a when yes subject to y"),
        format!("{head} rule reads: a when yes rule x: a when yes subject to raeds"),
        format!("{head} rule x: a when yes notwithstanding default"),
        format!("{head} rule x: a when yes part x {{ rule y: a when yes }}"),
        format!("{head} rule x: a subject to y rule y: b subject to z rule z: a subject to x"),
        format!("{head} rule x: a when yes subject to x"),
        format!("{head} part p subject to p {{ rule x: a when yes }}"),
        format!("{head} rule x: a when yes from 2020-01-01 until 2019-01-01"),
        format!("{head} part p until 2019-01-01 {{ rule x: a when yes from 2020-01-01 }}"),
        format!("{head} rule x: a when yes from 2023-02-29"),
        "outcomes a, b default c rule x: a".to_owned(),
        format!("law on year {head} rule x: a"),
        format!("{head} rule x: a because \"{{nowhere}}\""),
    ];
    let mut all = String::new();
    for text in cases {
        let report = report(&format!("decision d of Student {{ {text} }}"));
        assert_ne!(report, "", "{text}");
        all.push_str(&format!("{text}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn versions_in_force_together_leave_no_body() {
    for text in [
        "default b rule x: a when yes rule x: b when no",
        "default b rule x: a when yes until 2020-01-01 rule x: b when no from 2019-12-31",
        "default b default a rule x: a",
    ] {
        let workspace = Workspace::of(&format!("decision d of Student {{ outcomes a, b {text} }}"));
        assert!(workspace.items.last().unwrap().body.is_none(), "{text}");
    }
}

#[test]
fn versions_with_disjoint_dates_are_one_rule() {
    let text = "decision d of Student {
        outcomes a, b
        default a until 2020-01-01
        default b from 2020-01-01
        rule x: a when yes until 2020-01-01
        rule x: b when no from 2020-01-01
    }";
    assert_eq!(report(text), "");
}

#[test]
fn dated_defines_have_disjoint_arms() {
    let text = "define it of Student: flag {
        from 2002-01-08: english_learner
        from 2015-12-10: yes
        from 2018-01-01 until 2019-01-01: no
    }";
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn months_need_to_know_where_they_end() {
    let without = |header: &str, body: &str| {
        let text = format!(
            "policy test {{ title \"T\" {header} }}\nrecord Row {{ key id: text  day: date  year: school_year }}\ndefine it of Row: {body}\n"
        );
        let workspace = Workspace::new(&[("test.rubric".to_owned(), text)]);
        assert_eq!(workspace.before, Vec::<String>::new());
        workspace.report()
    };
    insta::assert_snapshot!(without("", "date = day + 2 years"));
    insta::assert_snapshot!(without("", "months = months between day and as_of"));
    insta::assert_snapshot!(without("", "school_year = school_year(day)"));
    assert_eq!(without("school_year starts july 1", "date = first_day of year + 1 months"), "");
    assert_eq!(without("", "date = 2024-01-31 + 1 years"), "");
    assert_ne!(without("", "date = 2024-01-31 + 1 months"), "");
    assert_eq!(without("", "date = day + 30 days"), "");
    assert_eq!(without("month_end round up", "date = day + 1 months"), "");
}

#[test]
fn the_days_of_a_header_exist() {
    let header = |clauses: &str| {
        let text = format!("policy test {{ title \"T\" {clauses} }}\nrecord Row {{ key id: text }}\n");
        Workspace::new(&[("test.rubric".to_owned(), text)]).report()
    };
    assert!(header("effective from 2023-02-29").starts_with("bad-date at `2023-02-29`"));
    assert!(header("effective from 2023-02-28 until 2023-02-28").starts_with("bad-interval"));
    assert!(header("school_year starts february 29").starts_with("bad-date at `february 29`"));
    assert_eq!(header("effective from 2024-02-29 school_year starts august 15"), "");
}
