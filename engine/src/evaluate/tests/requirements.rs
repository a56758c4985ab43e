//! The status of a requirement for all small states of its parts.

use std::sync::Arc;

use crate::evaluate::found::{Found, Truth};
use crate::evaluate::requirement::judge;
use crate::plan::ResultStatus;
use crate::value::{Date, Fault, Need, NeedKind, RecordId, Value};

const ALL: [Truth; 4] = [Truth::True, Truth::False, Truth::Unknown, Truth::Error];

fn found(truth: Truth, field: u32) -> Found {
    match truth {
        Truth::True => Found::flag(true),
        Truth::False => Found::flag(false),
        Truth::Unknown => Found::need(Need {
            record: RecordId(0),
            row: Some(0),
            field: Some(field),
            kind: NeedKind::Absent,
        }),
        Truth::Error => Found::fault(Fault::DivisionByZero),
    }
}

fn day(day: i8) -> Date {
    Date::constant(2024, 9, day)
}

/// Straight from the text: met; else excepted; else violated when everything says no; else open.
fn by_the_text(musts: &[Truth], excepts: &[Truth]) -> ResultStatus {
    let has = |list: &[Truth], truth: Truth| list.contains(&truth);
    if musts.iter().all(|must| *must == Truth::True) {
        return ResultStatus::Met;
    }
    if has(excepts, Truth::True) {
        return ResultStatus::Excepted;
    }
    let fails = has(musts, Truth::False);
    if fails && excepts.iter().all(|except| *except == Truth::False) {
        return ResultStatus::Violated;
    }
    // A `must` that surely fails settles the others; what is left open is then only the excepts.
    let unknown = (!fails && has(musts, Truth::Unknown)) || has(excepts, Truth::Unknown);
    if unknown { ResultStatus::Undetermined } else { ResultStatus::Error }
}

#[test]
fn two_musts_and_two_excepts_in_every_state() {
    for a in ALL {
        for b in ALL {
            for c in ALL {
                for d in ALL {
                    let musts = [found(a, 0), found(b, 1)];
                    let excepts = [Some(found(c, 2)), None, Some(found(d, 3))];
                    let expected = by_the_text(&[a, b], &[c, d]);
                    let result = judge(&musts, &excepts, None, false, day(1));
                    assert_eq!(result.status, expected, "{a:?} {b:?} except {c:?} {d:?}");
                    assert_eq!(result.needs.is_empty(), expected != ResultStatus::Undetermined);
                    assert_eq!(result.faults.is_empty(), expected != ResultStatus::Error);

                    // Before the last day, and on it, everything but met is pending.
                    let due = Found::known(Value::Date(day(2)));
                    for (today, pending) in [(1, true), (2, true), (3, false)] {
                        let status = judge(&musts, &excepts, Some(&due), false, day(today)).status;
                        let waits = pending && expected != ResultStatus::Met;
                        assert_eq!(status, if waits { ResultStatus::Pending } else { expected });
                    }
                    // After it, the unknown is violated where the text says so; an error stays one.
                    let status = judge(&musts, &excepts, Some(&due), true, day(3)).status;
                    let hard = if expected == ResultStatus::Undetermined {
                        ResultStatus::Violated
                    } else {
                        expected
                    };
                    assert_eq!(status, hard);
                    // A last day that is not known.
                    let status =
                        judge(&musts, &excepts, Some(&found(Truth::Unknown, 4)), true, day(3)).status;
                    let open =
                        if expected == ResultStatus::Met { expected } else { ResultStatus::Undetermined };
                    assert_eq!(status, open);
                }
            }
        }
    }
}

#[test]
fn needs_are_those_that_are_not_absorbed() {
    let fields = |needs: Arc<[Need]>| needs.iter().filter_map(|need| need.field).collect::<Vec<_>>();
    let excepts = [Some(found(Truth::Unknown, 2))];
    let result = judge(&[found(Truth::False, 0), found(Truth::Unknown, 1)], &excepts, None, false, day(1));
    assert_eq!((result.status, fields(result.needs)), (ResultStatus::Undetermined, vec![2]));
    let result = judge(&[found(Truth::True, 0), found(Truth::Unknown, 1)], &excepts, None, false, day(1));
    assert_eq!((result.status, fields(result.needs)), (ResultStatus::Undetermined, vec![1, 2]));
}
