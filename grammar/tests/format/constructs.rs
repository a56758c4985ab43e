//! One snapshot for each construct, in the common width and in a narrow one.

use rubric_grammar::format::{Refusal, format};
use rubric_grammar::parse;

use crate::{clean, formatted};

macro_rules! constructs {
    ($($name:ident: $source:expr;)*) => {$(
        #[test]
        fn $name() {
            let source = $source;
            let output = format!("{}\n---- 48 columns ----\n{}", clean(source, 100), clean(source, 48));
            insta::with_settings!({description => source, omit_expression => true}, {
                insta::assert_snapshot!(stringify!($name), output);
            });
        }
    )*};
}

constructs! {
    policy_header: r#"///   Promotion from grade 3.
policy   florida.grade_3_promotion{title "Grade 3 promotion and retention"
authority   state "Florida"
  cite "Fla. Stat. § 1008.25" effective from 2014-07-01
  school_year starts july 1
  month_end round down}
"#;
    policy_of_a_district: r#"policy miami_dade.progression { authority district "Miami-Dade" under florida.grade_3_promotion }"#;
    uses_keep_their_groups: r#"use k12.student
use k12.staff


use florida.grade_3_promotion
input submission :Submission
input other: flag?
"#;
    categories: r#"category Subject { reading "ELA" "RLA", math "MATH", science }
ordered category Grade { PK, KG,
  G1 "01", G2 "02"
  G3 "03",  G4 "04"
}
category Bare { a b c }
category Documented {
  /// The first.
  first "1"
  /// The second.
  second "2"
}
"#;
    records: r#"/// One student in one school year.
record Student {
    key (student_id: text private, year: school_year)
  grade :Grade
    birth_date: date private

    us_entry: date ?
  exit_code: ExitCode absent means none
  district: District jurisdiction
  /// The Result rows that name this Student.
  results: many Result
  retentions: many Retention by student   principal_approves: flag? judged by "principal"
}
record Credential { key credential_id: text  staff: Staff key other: date }
extend record Student { iep_excuses_assessment: flag? }
record Empty {
}
"#;
    group: "group Placement of SubstituteDay by substitute, absent_teacher, year = school_year( day )\n";
    parameters: r#"parameter passing_level: count { cite "§ 1008.25(5)(b)" from 2014-07-01: 2 }
parameter other: count, districts may raise {
  cite "§ 1008.25(5)(b)"
  from 2014-07-01  until 2015-07-01 : 2
  from 2015-07-01 cite "2015-1": 3
}
parameter universal_meals: set of State { from 2023-07-01: CA, ME, MN  from 2025-07-01: CA, ME, MN, NY }
amend parameter passing_level { from 2025-07-01: 3 }
"#;
    tables: r#"parameter reimbursement by Area, Tier: money {
  from 2024-07-01 {
    paid reduced free
    contiguous: $0.42 $4.03 $4.43
    alaska: $10.68 $6.69 $7.09   // dear
    hawaii: -$0.5 $1,000.00 $2
  }
  from 2024-07-01 until 2025-07-01 cite "P.L. 118-1" { otherwise: $4.43 }
  from 2025-07-01 {
    a, b: 1
    long_name, other_long_name: 200
    otherwise: 3 }
}
"#;
    defines: r#"define reading_level of Student: count? =
  (latest of results by taken_on where subject = reading).level
define short of Student: flag
  = grade = G3
define certified_in(subject: Subject) of Staff: flag = any of credentials as c where c.field = subject and c.valid_from <= as_of and as_of < c.valid_to cite "a"
define covered of Staff: flag {
  cite "34 CFR 200.58"
  from 2002-01-08: paid_by_title_1 or school.schoolwide
  from 2015-12-10 cite "ESSA": instructional and (paid_by_title_1 or school.schoolwide)
}
"#;
    decision: r#"decision promotion of Student where grade = G3, districts may tighten {
  outcomes  promoted, promoted_for_good_cause, retained

  default retained
    cite "(5)(b)"
    because "reading level {reading_level}, and {passing_level} is required"


  rule reads_at_level: promoted when reading_level >= passing_level cite "(5)(b)"
  part good_cause subject to reads_at_level cite "(6)(b)" {
    /// In the first two years.
    allow(missing-citation) "in the part"
    rule english_learner: promoted_for_good_cause
      when english_learner and as_of < us_entry + 2 years cite "1"

    rule retained_twice: promoted_for_good_cause
      when intensive_years >= 2 and (count of retentions where grade in (KG, G1, G2, G3)) >= 2
      from 2014-07-01 until 2030-07-01 cite "6"
  }
  rule test_not_appropriate fixed: promoted_for_good_cause
    when iep_excuses_assessment notwithstanding reads_at_level, another_rule_with_a_long_label
    cite "(6)(b)2" because "x" waivable by "principal"
}
amend decision promotion { rule no_camp: retained when english_learner and not attended_camp
subject to reads_at_level }
decision in_any_order of Student { law on first_day of year outcomes Tier in any order default none }
"#;
    requirement: r#"requirement teacher_of_record of Section where mode = online_lab { id "STAFF-0117"
  severity error cite "a" because "section {section_id} has no teacher certified in {subject}"
  due first_day of year + 30 days then violated
  waivable by "commissioner"

  must certified: any of assignments as a where a.role = teacher_of_record and a.staff.certified_in(subject)
  must present:   at least 1 of assignments where on_site
  allow(unused) "because"
  must seats > 1 cite "x"
  except licensed_elsewhere when any of assignments where role = remote_teacher and staff.out_of_state_license cite "SB 275"
}
requirement one_record of Student { must be unique by student_id, year }
requirement area_credits of Student for each Area as a { must earned(a) >= required(a) }
requirement a_long_name_of_a_requirement of Student where grade in (G3, G4) and english_learner, districts may tighten, districts may add { must x }
"#;
    amounts: r#"amount lcff of District law on first_day of year {
  line base           = sum of (base_grant(span) * ada) rounded half up to dollars over spans           cite "(d)"
  line supplemental   = sum of ((20% of upp) * base_grant(span) * ada) over spans  cite "(e)"
  line concentration  = (65% of (upp - 55%) * base) rounded half up to dollars   when upp > 55%
    cite "(f)"
  line each for each Area as a = entitlement(a)
  at most $5
  at least $1
}
amount course_share of Enrollment =
  apportion student.entitlement over student.enrollments by fraction to cents
amount fte of Student: number = sum of share over enrollments where the_course.is_counted and days_present >= 10 cite "x"
"#;
    asserts: r#"assert promotion never depends on days_present, days_enrolled
assert promotion never worsens as mastered_share rises
assert course_share is at least $0

assert promotion implies english_learner and grade = G3
"#;
    fixtures_and_tests: r#"fixture third_grader {
  as of 2024-06-01
  Student maria { grade: G3  english_learner: yes  us_entry: 2023-01-15 year: SY2023-24 }
  Result r1 {
     student: maria
     subject: reading }
  no Retention
  Day d[1..31] like maria { index: 1 }
  Student empty {}
}
test "an English learner in the first two years moves up for good cause" from third_grader {
  given maria.intensive_years=0

  expect maria.promotion = promoted_for_good_cause by english_learner
  expect maria.reading_level = undetermined needs us_entry, other
  waiver w { rule: a  record: maria }
}
"#;
    expressions: r#"define e1 of S: flag = a + b * c - d / e = f and not g(x, y) or h in (a, b, c, d, e, f, g, hh, ii, jj, kk, ll, mm)
define e2 of S: money = if income < $10 then $1 else if income < $20 then $2 else $3
define e3 of S: money = case { when a then b when c then d otherwise e }
define e4 of S: money = case {
  when income_of_the_household <= limit then $1
  otherwise $5 }
define e5 of S: flag = x between 1 and 2 and y not between a and b and z is not known and w is none and v starts with "a"
define e6 of S: number = percent_rank of gpa among Student where graduated and school_year = year per (district, low_income)
define e7 of S: flag = in top 25% of gpa among Student where gpa is known per district
define e8 of S: count = days between (a + 1) and b
define e9 of S: number = min(a, -b, (count of rows as r where r.x > 1), first 2 of code, year of d, p on 2024-09-01)
define e10 of S: money = (((a + b) * c) presumed 0) rounded half even to 2 places
define e11 of S: flag = (a or b) and (some_long_name or another_long_name) and (yet_another_name or the_last_name)
define e12 of S: flag = all of district.schools.sections as s where s.open satisfy s.seats >= 1,000 and s.cost <= $1,000.50
define e13 of S: number = highest of (count of distinct code over rows where year = SY2024-25) over groups
"#;
}

#[test]
fn blank_lines_between_items() {
    let source = "use a.b\nrecord A { x: flag }\nrecord B { y: flag }\n\n\n\nrecord C {\n x: flag\n}\nrecord D { y: flag }\n";
    let expected = "use a.b\n\nrecord A { x: flag }\nrecord B { y: flag }\n\nrecord C {\n  x: flag\n}\n\nrecord D { y: flag }\n";
    assert_eq!(clean(source, 100), expected);
}

#[test]
fn line_ends_become_newlines() {
    assert_eq!(
        clean("use a.b\r\n\r\nrecord A {\r\n  x: flag // c\r\n}", 100),
        "use a.b\n\nrecord A {\n  x: flag  // c\n}\n"
    );
}

#[test]
fn an_empty_text_stays_empty() {
    assert_eq!(clean("", 100), "");
    assert_eq!(clean(" \n\n", 100), "");
    assert_eq!(clean("\n\n// only a comment", 100), "// only a comment\n");
}

#[test]
fn spelling_is_kept() {
    let source = "parameter p: money { from 2014-07-01: $1,000.50 }\n\ndefine d of S: number = 25 % of `of`.x + 1000.0\n";
    assert_eq!(clean(source, 100), source);
}

#[test]
fn a_text_that_would_change_is_left_alone() {
    let source = "use   a.b";
    let result = format(source, &parse("use a.c"), 100);
    assert_eq!((result.text.as_str(), result.refused), (source, Some(Refusal::TreeChanged)));
    let source = "use a.b   // one";
    let result = format(source, &parse("use a.b   // two"), 100);
    assert_eq!((result.text.as_str(), result.refused), (source, Some(Refusal::CommentsChanged)));
}

#[test]
fn a_damaged_declaration_is_written_as_it_stands() {
    let source = "use   a.b\ndecision   d of R {\n     rule   x when {\n}\nrecord A { x :flag }\n";
    let expected = "use a.b\n\ndecision   d of R {\n     rule   x when {\n}\n\nrecord A { x: flag }\n";
    assert_eq!(formatted(source, 100), expected);
}
