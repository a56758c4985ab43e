//! Aggregates and where their rows come from.

use super::support::{bodies, code, wrong};

#[test]
fn aggregates_lower_with_their_rows_bound() {
    let cases = [
        ("count", "count of results", "(count over [row0.results as row1])"),
        (
            "flag",
            "any of results where subject = reading",
            "(any over [row0.results as row1 where (eq row1.subject reading)])",
        ),
        (
            "flag",
            "none of results as r where r.level > 3",
            "(none over [row0.results as row1 where (gt row1.level 3)])",
        ),
        (
            "flag",
            "all of results where subject = math satisfy level >= 2",
            "(all of (ge row1.level 2) over [row0.results as row1 where (eq row1.subject math)])",
        ),
        (
            "flag",
            "some and all of results satisfy level >= 2",
            "(someandall of (ge row1.level 2) over [row0.results as row1])",
        ),
        ("count", "sum of level over results", "(sum of row1.level over [row0.results as row1])"),
        ("count?", "highest of level over results", "(highest of row1.level over [row0.results as row1])"),
        (
            "count",
            "count of distinct subject over results",
            "(countdistinct of row1.subject over [row0.results as row1])",
        ),
        (
            "count?",
            "(latest of results by taken_on where subject = reading).level",
            "(latest row1.level over [row0.results as row1 where (eq row1.subject reading)] by row1.taken_on)",
        ),
        (
            "flag?",
            "(earliest of results by taken_on).student.school.title_1",
            "(earliest row1.student.school.title_1 over [row0.results as row1] by row1.taken_on)",
        ),
        (
            "text?",
            "(only of Plan as p where p.student = this).teacher",
            "(only row1.teacher over [all Plan as row1 where (eq row1.student row0)])",
        ),
        (
            "flag",
            "at least 3 of results where level > 1",
            "(atleast 3 of [row0.results as row1 where (gt row1.level 1)])",
        ),
        (
            "flag",
            "(count of results where level > 1) <= 30",
            "(le (count over [row0.results as row1 where (gt row1.level 1)]) 30)",
        ),
        ("count", "count of school.students", "(count over [row0.school.students as row1])"),
        (
            "count",
            "count of school.students.results where level > 2",
            "(count over [[row0.school.students as row1] / row1.results as row2 where (gt row2.level 2)])",
        ),
        (
            "count",
            "count of results.student.school.students",
            "(count over [[row0.results as row1] / row1.student.school.students as row2])",
        ),
        (
            "count",
            "count of Subject as s where s != math",
            "(count over [values Subject as row1 where (ne row1 math)])",
        ),
        (
            "count",
            "sum of (count of results as r where r.subject = s) over Subject as s",
            "(sum of (count over [row0.results as row2 where (eq row2.subject row1)]) over [values Subject as row1])",
        ),
        (
            "flag",
            "any of results as a where any of results as b where b.taken_on > a.taken_on",
            "(any over [row0.results as row1 where (any over [row0.results as row2 where (gt row2.taken_on row1.taken_on)])])",
        ),
        (
            "flag",
            "any of results where taken_on > birth_date",
            "(any over [row0.results as row1 where (gt row1.taken_on row0.birth_date)])",
        ),
        // The element's `student` is the enclosing student, because the rows are its `many` field.
        (
            "flag",
            "any of results where taken_on > student.birth_date",
            "(any over [row0.results as row1 where (gt row1.taken_on row1.student.birth_date)])",
        ),
        ("flag", "any of Result where student.birth_date = this.birth_date and level = 1", ""),
    ];
    for (ty, body, expected) in cases {
        if expected.is_empty() {
            assert!(wrong(ty, body).starts_with("ambiguous-name at `student`"), "{}", wrong(ty, body));
        } else {
            assert_eq!(code(ty, body), expected, "{body}");
        }
    }
}

#[test]
fn groups_have_members_and_are_looked_up() {
    let text = "
        record SubstituteDay { key day_id: text  substitute: text  absent_teacher: text  day: date  hours: number }
        group Placement of SubstituteDay by substitute, absent_teacher, year = school_year(day)
        define days of Placement: count = count of members where hours > 3
        define before of Placement: count = Placement(substitute, absent_teacher, year - 1).days
        define total of Placement: count = count of Placement(substitute, absent_teacher, year).members
    ";
    insta::assert_snapshot!(bodies(text), @r"
    group: row0.substitute row0.absent_teacher (school_year:7-1 row0.day)
    define: (count over [row0.members as row1 where (gt row1.hours 3)])
    define: Placement[row0.substitute row0.absent_teacher (back:down row0.year 1)].days!
    define: (count over [Placement[row0.substitute row0.absent_teacher row0.year].members as row1])
    ");
}

#[test]
fn a_define_with_arguments_is_called_on_the_picked_row() {
    let text = "
        define at_least(floor: count) of Result: flag = level >= floor
        define it(floor: count) of Student: flag? = (latest of results by taken_on).at_least(floor)
    ";
    insta::assert_snapshot!(bodies(text), @r"
    define: (ge row0.level arg0)
    define: (latest row1.at_least(arg0) over [row0.results as row1] by row1.taken_on)
    ");
}

#[test]
fn a_record_names_its_row_where_a_field_of_that_name_is_no_row() {
    let text = "
        record Note { key note_id: text  student: text  on_day: date }
        define it of Student: date? = (only of Note where student = student.student_id).on_day
    ";
    insta::assert_snapshot!(bodies(text), @"define: (only row1.on_day over [all Note as row1 where (eq row1.student row0.student_id)])");
}

#[test]
fn mistakes_in_aggregates() {
    let cases = [
        ("count", "count of Result"),
        ("count", "count of Result where level > 3"),
        ("count", "count of Plan where from_day = this.birth_date or yes"),
        ("count", "count of grade"),
        ("count", "count of results.student"),
        ("count", "count of resluts where level = 1"),
        ("count", "count of results where levle = 1"),
        ("count", "count of Students where grade = G1"),
        ("flag", "any of Student where grade = G1"),
        ("flag", "any of Student as other where year = student.year"),
        ("flag", "any of results where this"),
        ("flag", "any of results as r where r.student.results"),
        ("number", "sum of level over results where subject = raeding"),
        ("count", "(latest of results by subject).level"),
        ("count", "(latest of results by taken_on).levle"),
        ("number", "results.level"),
        ("flag", "at least 1.5 of results"),
        ("flag", "any of results where (apportion aid over results by level to cents) > $3"),
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
fn populations_see_only_their_own_rows() {
    let cases = [
        (
            "flag",
            "in top 25% of gpa among Student where gpa is known per school",
            "(in-top 0.25:percent of row1.gpa among [all Student as row1 where (known row1.gpa)] per row1.school for row0)",
        ),
        (
            "percent?",
            "percent_rank of s.gpa among Student as s where s.grade = grade per (school.title_1, grade)",
            "(percentrank of row1.gpa among [all Student as row1 where (eq row1.grade row1.grade)] per row1.school.title_1 row1.grade for row0)",
        ),
        ("money", "total of aid among Student", "(total of row1.aid among [all Student as row1])"),
        (
            "money",
            "total of aid among Student per school",
            "(total of row1.aid among [all Student as row1] per row1.school for row0)",
        ),
        // Of each row of an aggregate, that row asks.
        (
            "count",
            "count of school.students where in top 10% of gpa among Student",
            "(count over [row0.school.students as row1 where (in-top 0.1:percent of row2.gpa among [all Student as row2] for row1)])",
        ),
        (
            "number",
            "(total of level among Result where subject = s) / 2 + (sum of level over results where subject = s)",
            "",
        ),
    ];
    for (ty, body, expected) in cases {
        if expected.is_empty() {
            assert!(wrong(ty, body).starts_with("unknown-"), "{}", wrong(ty, body));
        } else {
            assert_eq!(code(ty, body), expected, "{body}");
        }
    }
}

#[test]
fn mistakes_in_populations() {
    let cases = [
        ("flag", "in top 25 of gpa among Student"),
        ("flag", "in top 25% of school among Student"),
        ("flag", "in top 25% of gpa among Studnet"),
        ("flag", "in top 25% of gpa among results"),
        ("flag", "in top 25% of level among Result"),
        ("flag", "in top 25% of gpa among Student per results"),
        ("flag", "in top 25% of gpa among Student where gpa"),
        ("percent", "percent_rank of gpa among Student"),
        ("number", "total of grade among Student"),
    ];
    let mut all = String::new();
    for (ty, body) in cases {
        let report = wrong(ty, body);
        assert_ne!(report, "", "{body}");
        all.push_str(&format!("{ty} = {body}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}
