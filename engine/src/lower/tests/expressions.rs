//! Every kind of expression, as code.

use super::support::{code, wrong};

#[test]
fn expressions_lower_to_the_operations_they_are() {
    let cases = [
        ("flag", "yes", "yes"),
        ("number", "-2.5", "-2.5n"),
        ("percent", "25%", "0.25:percent"),
        ("money", "$1,000.50", "$1000.5"),
        ("months", "2 years", "24m"),
        ("days", "30 days", "30d"),
        ("school_year", "SY2024-25", "SY2024"),
        ("text", "\"x\"", "\"x\""),
        ("date", "as_of", "as_of"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "never", "never"),
        ("Grade", "G3", "G3"),
        ("Grade", "Grade.G3", "G3"),
        ("date?", "us_entry", "row0.us_entry"),
        ("date", "this.birth_date", "row0.birth_date"),
        ("date", "student.birth_date", "row0.birth_date"),
        ("flag", "school.title_1", "row0.school.title_1"),
        ("flag", "not english_learner", "(not row0.english_learner)"),
        ("flag", "yes and no or yes", "(or (and yes no) yes)"),
        ("flag", "grade = G3", "(eq row0.grade G3)"),
        ("flag", "G3 != grade", "(ne G3 row0.grade)"),
        ("flag", "grade >= G1", "(ge row0.grade G1)"),
        ("flag", "grade in (KG, G1)", "(row0.grade in KG G1)"),
        ("flag", "grade not in (KG, G1)", "(not (row0.grade in KG G1))"),
        ("flag", "grade between KG and G1", "(between row0.grade KG G1)"),
        ("flag", "gpa not between 1 and 2", "(not (between row0.gpa 1 2))"),
        ("flag", "us_entry is known", "(known row0.us_entry)"),
        ("flag", "us_entry is not known", "(not (known row0.us_entry))"),
        ("flag", "us_entry is missing", "(missing row0.us_entry)"),
        ("flag", "note is none", "(none row0.note)"),
        ("date", "us_entry presumed 2020-01-01", "(presumed row0.us_entry 2020-01-01)"),
        ("number", "(gpa * 2) rounded up to 1 places", "(rounded:up:places(1) (mul row0.gpa 2))"),
        ("money", "aid rounded to cents", "(rounded:halfup:cents row0.aid)"),
        ("number", "gpa + 1 - 2", "(sub (add row0.gpa 1) 2)"),
        ("number", "-gpa", "(- row0.gpa)"),
        ("money", "20% of aid", "(mul 0.2:percent row0.aid)"),
        ("Grade", "if english_learner then KG else grade", "(if row0.english_learner KG row0.grade)"),
        ("count", "if yes then 1 else 2", "(if yes 1 2)"),
        ("number", "if yes then gpa else 2", "(if yes row0.gpa 2)"),
        ("date?", "if yes then us_entry else birth_date", "(if yes row0.us_entry row0.birth_date)"),
        ("Grade", "case { when yes then KG when no then G1 otherwise G2 }", "(case yes→KG no→G1 else G2)"),
        ("count", "case { when yes then 1 }", "(case yes→1)"),
        ("count", "max(present - enrolled, 0)", "(max (sub row0.present row0.enrolled) 0)"),
        ("count", "present - enrolled", "(count (sub row0.present row0.enrolled))"),
        ("count", "min(present, enrolled)", "(min row0.present row0.enrolled)"),
        ("number", "age(birth_date, as_of)", "(age:up row0.birth_date as_of)"),
        ("number", "age(birth_date, as_of, down)", "(age:down row0.birth_date as_of)"),
        ("days", "days between birth_date and as_of", "(days:down row0.birth_date as_of)"),
        ("months", "months between birth_date and as_of", "(months:down row0.birth_date as_of)"),
        ("date", "birth_date + 30 days", "(shift:down row0.birth_date 30d)"),
        ("date", "birth_date - 2 years", "(back:down row0.birth_date 24m)"),
        ("date", "30 days + birth_date", "(shift:down row0.birth_date 30d)"),
        ("school_year", "year - 1", "(back:down row0.year 1)"),
        ("date", "date(2024, 9, 1)", "(date 2024 9 1)"),
        ("date", "date(2024, september, 1)", "(date 2024 9 1)"),
        ("date", "nth_weekday(1, wednesday, october, year of as_of)", "(nth:3:10 1 (year as_of))"),
        ("school_year", "school_year(as_of)", "(school_year:7-1 as_of)"),
        ("date", "first_day of year + 30 days", "(shift:down (firstday:7-1 row0.year) 30d)"),
        ("count", "month of birth_date", "(month row0.birth_date)"),
        ("count", "length of note", "(length row0.note)"),
        ("text", "first 2 of note", "(first 2 row0.note)"),
        ("flag", "note starts with \"a\"", "(startswith row0.note \"a\")"),
        ("flag", "note matches \"[0-9]{5}\"", "(matches row0.note \"[0-9]{5}\")"),
        ("flag", "school = this.school", "(eq row0.school row0.school)"),
        ("text", "Plan(\"x\").teacher", "Plan[\"x\"].teacher"),
        (
            "flag",
            "Student(student_id, year - 1).english_learner",
            "Student[row0.student_id (back:down row0.year 1)].english_learner",
        ),
    ];
    for (ty, body, expected) in cases {
        assert_eq!(code(ty, body), expected, "{body}");
    }
}

#[test]
fn mistakes_in_expressions() {
    let cases = [
        ("flag", "hours presumed 0 > 3 and hours is missing and gpa is missing"),
        ("flag", "(hours + 1) is missing"),
        ("number", "(hours * 2) presumed 0"),
        ("number", "hours"),
        ("flag", "note matches \"[0-9\""),
        ("flag", "note matches student_id"),
        ("flag", "grade"),
        ("date", "2023-02-29"),
        ("date", "2023-13-04"),
        ("flag", "birth_date < 2023-04-31"),
        ("flag", "mode < classroom"),
        ("flag", "note < \"b\""),
        ("flag", "english_learner < yes"),
        ("flag", "school = \"17\""),
        ("flag", "grade = \"03\""),
        ("flag", "birth_date = \"2024-01-01\""),
        ("flag", "year = 2024"),
        ("flag", "birth_date < year"),
        ("count", "min(1)"),
        ("number", "age(birth_date)"),
        ("number", "age(birth_date, as_of, sideways)"),
        ("date", "nth_weekday(1, wensday, october, 2024)"),
        ("flag", "gpa(3) > 1"),
        ("flag", "as_of(3) > 1"),
        ("flag", "gpa on as_of > 1"),
        ("flag", "grade in school"),
        ("flag", "results = results"),
        ("count", "2.5"),
        ("days", "1.5 days"),
        ("Grade", "if yes then KG else 3"),
        ("flag", "gpa is valid"),
        ("flag", "- english_learner"),
        ("flag", "english_learner is met"),
    ];
    let mut all = String::new();
    for (ty, body) in cases {
        let report = wrong(ty, body);
        assert_ne!(report, "", "{body}");
        all.push_str(&format!("{ty} = {body}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_damaged_operand_silences_its_users() {
    let report = wrong("flag", "nothing_there + 1 > gpa and english_learner");
    assert_eq!(report.lines().filter(|line| !line.starts_with(' ')).count(), 1, "{report}");
    let two = wrong("flag", "nothing_there > 1 and $3 > gpa");
    assert_eq!(two.lines().filter(|line| !line.starts_with(' ')).count(), 2, "{two}");
}

#[test]
fn a_long_chain_does_not_overflow() {
    let chain = vec!["english_learner"; 3000].join(" and ");
    assert!(code("flag", &chain).starts_with("(and "));
}

#[test]
fn the_deepest_nesting_that_parses_is_lowered() {
    let brackets = format!("{}gpa{} > 1", "(".repeat(90), ")".repeat(90));
    assert_eq!(code("flag", &brackets), "(gt row0.gpa 1)");
    let negated = format!("{}english_learner", "not ".repeat(90));
    assert!(code("flag", &negated).starts_with("(not (not "));
    let mut rows = "school.students as s0 where s0.english_learner".to_owned();
    for depth in 1..25 {
        rows = format!("s{}.results as s{} where (any of {rows})", depth % 2, depth);
    }
    assert_ne!(wrong("flag", &format!("any of {rows}")), "");
    let mut deep = "yes".to_owned();
    for depth in 0..40 {
        deep = format!("(any of Subject as s{depth} where {deep})");
    }
    assert!(code("flag", &deep).starts_with("(any over [values Subject as row1"));
    let mut chosen = "1".to_owned();
    for _ in 0..90 {
        chosen = format!("if yes then 2 else {chosen}");
    }
    assert!(code("count", &chosen).starts_with("(if yes 2 (if yes"));
}
