//! Students that every engine is given, from a seed of their own.

use std::sync::Arc;

use rubric_engine::data::{Cell, Dataset, Origin};
use rubric_engine::plan::Plan;
use rubric_engine::value::{Number, RecordId, Reference, Value};

/// How many courses each has.
pub const COURSES: usize = 7;

/// A course that a student takes.
#[derive(Clone, Copy)]
pub struct Course {
    pub core: bool,
    pub completed: bool,
    pub credit: i64,
    pub mastery: i64,
}

/// A student with their courses.
#[derive(Clone)]
pub struct Student {
    pub grade: i64,
    pub special_education: bool,
    pub english_learner: bool,
    pub years_learning: i64,
    pub retentions: i64,
    pub days_enrolled: i64,
    pub days_absent: i64,
    pub courses: Vec<Course>,
}

impl Student {
    /// For engines without aggregates.
    pub fn credits(&self) -> i64 {
        self.courses
            .iter()
            .filter(|course| course.completed && course.mastery >= 80)
            .map(|course| course.credit)
            .sum()
    }

    /// For engines without aggregates.
    pub fn core_mastered(&self) -> bool {
        let mut core = self.courses.iter().filter(|course| course.core).peekable();
        core.peek().is_some() && core.all(|course| course.mastery >= 80)
    }
}

/// That many students.
pub fn students(count: usize) -> Vec<Student> {
    let mut seed = 1_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((seed >> 33) % below).unwrap_or(0)
    };
    (0..count)
        .map(|_| {
            let able = next(3);
            Student {
                grade: next(13),
                special_education: next(7) == 0,
                english_learner: next(8) == 0,
                years_learning: next(6),
                retentions: next(3),
                days_enrolled: 180,
                days_absent: next(40),
                courses: (0..COURSES)
                    .map(|_| Course {
                        core: next(4) == 0,
                        completed: next(20) != 0,
                        credit: next(2),
                        mastery: 60 + 8 * able + next(30),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The students as records: 0 are the students, 1 the courses.
pub fn dataset(plan: &Plan, students: &[Student]) -> Dataset {
    let mut data = Dataset::new(&plan.symbols);
    let number = |n: i64| Cell::Known(Value::Number(Number::from_int(n)));
    let flag = |flag: bool| Cell::Known(Value::Flag(flag));
    for (row, student) in students.iter().enumerate() {
        let key = || Value::Text(Arc::from(format!("S{row:07}")));
        let cells = vec![
            Cell::Known(key()),
            number(student.grade),
            flag(student.special_education),
            flag(student.english_learner),
            number(student.years_learning),
            number(student.retentions),
            number(student.days_enrolled),
            number(student.days_absent),
        ];
        if let Some(table) = data.supply(&plan.symbols, RecordId(0)) {
            table.push(cells, Origin::default());
        }
        for course in &student.courses {
            let owner = Reference { record: RecordId(0), row: None, key: [key()].into() };
            let cells = vec![
                Cell::Known(Value::Reference(owner)),
                flag(course.core),
                flag(course.completed),
                number(course.credit),
                number(course.mastery),
            ];
            if let Some(table) = data.supply(&plan.symbols, RecordId(1)) {
                table.push(cells, Origin::default());
            }
        }
    }
    data.finish(&plan.symbols);
    data
}
