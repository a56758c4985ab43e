//! A few records for the tests of the readers.

use rubric_grammar::Span;

use crate::diagnostic::{FileId, Place};
use crate::plan::{Absent, Category, CategoryValue, Field, FieldKind, PolicyId, Record, RecordKind, Symbols};
use crate::value::{Base, CategoryId, RecordId, Type, Value};

fn place() -> Place {
    Place { file: FileId(0), item: None, span: Span { start: 0, end: 0 } }
}

/// A field; change what differs.
pub(crate) fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.to_owned(),
        ty,
        kind: FieldKind::Cell,
        private: false,
        jurisdiction: false,
        unchangeable: false,
        absent: None,
        judged_by: None,
        docs: None,
        place: place(),
    }
}

pub(crate) fn private(name: &str, ty: Type) -> Field {
    Field { private: true, ..field(name, ty) }
}

pub(crate) fn many(name: &str, record: u32, by: u32) -> Field {
    Field {
        kind: FieldKind::Many { record: RecordId(record), by },
        ..field(name, Type::of(Base::Many(RecordId(record))))
    }
}

fn record(name: &str, keys: usize, fields: Vec<Field>) -> Record {
    Record {
        name: name.to_owned(),
        kind: RecordKind::Record,
        fields,
        keys,
        docs: None,
        policy: PolicyId(0),
        place: place(),
    }
}

/// Student 0, School 1, Session 2, AttendanceEvent 3, Credential 4.
pub(crate) fn symbols() -> Symbols {
    let value = |name: &str, codes: &[&str]| CategoryValue {
        name: name.to_owned(),
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        place: place(),
    };
    let grade = Category {
        name: "GradeLevel".to_owned(),
        ordered: true,
        values: vec![
            value("second_grade", &["Second grade", "02", "2"]),
            value("third_grade", &["Third grade", "03", "3"]),
        ],
        policy: PolicyId(0),
        place: place(),
    };
    let of = Type::of;
    let names = |record: u32| of(Base::Record(RecordId(record)));
    Symbols {
        categories: vec![grade],
        records: vec![
            record(
                "Student",
                1,
                vec![
                    private("student_unique_id", of(Base::Text)),
                    private("birth_date", of(Base::Date)),
                    field("grade", of(Base::Category(CategoryId(0)))),
                    field("english_learner", Type::maybe(Base::Flag)),
                    many("attendance", 3, 0),
                ],
            ),
            record("School", 1, vec![field("school_id", of(Base::Text)), field("name", of(Base::Text))]),
            record(
                "Session",
                3,
                vec![
                    field("school", names(1)),
                    field("school_year", of(Base::SchoolYear)),
                    field("session_name", of(Base::Text)),
                    field("days", Type::maybe(Base::Count)),
                ],
            ),
            record(
                "AttendanceEvent",
                3,
                vec![
                    field("student", names(0)),
                    field("session", names(2)),
                    field("event_date", of(Base::Date)),
                    field("share", Type::maybe(Base::Percent)),
                ],
            ),
            record(
                "Credential",
                1,
                vec![
                    field("credential_id", of(Base::Text)),
                    field("fee", Type::maybe(Base::Money)),
                    Field {
                        absent: Some(Absent { value: Value::Never }),
                        ..field("expires", of(Base::Date))
                    },
                    Field {
                        judged_by: Some("principal".into()),
                        ..field("approved", Type::maybe(Base::Flag))
                    },
                ],
            ),
        ],
        ..Symbols::default()
    }
}
