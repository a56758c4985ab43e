//! Policies as texts: what is reported, or the code that they become.

mod aggregates;
mod assertions;
mod damage;
mod decisions;
mod dump;
mod expressions;
mod names;
mod parameters;
mod requirements;
mod shipped;
mod support;
mod units;

/// A header and the vocabulary that most of these tests share.
const VOCABULARY: &str = r#"
policy test { title "Test"  school_year starts july 1  month_end round down }
category Subject { reading "ELA" "RLA", math "MATH" }
ordered category Grade { KG, G1, G2, G3 "03" }
category Mode { online_lab, classroom }
record School { key school_id: text  title_1: flag  students: many Student by school }
record Student {
  key (student_id: text, year: school_year)
  grade: Grade
  school: School
  birth_date: date
  english_learner: flag
  us_entry: date?
  valid_to: date absent means never
  present: count
  enrolled: count
  attendance: percent
  aid: money
  gpa: number
  hours: number?
  suspended: days
  residence: months
  note: text
  mode: Mode
  results: many Result
}
record Result {
  key result_id: text
  student: Student
  subject: Subject
  level: count
  score: number?
  taken_on: date
  amount: money
}
record Plan { key plan_id: text  student: Student  teacher: text  from_day: date }
"#;
