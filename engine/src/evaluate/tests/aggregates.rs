//! The table of aggregates, and their soundness over all small cases.

use rubric_grammar::ast::{AggregateKind, QuantityKind};

use super::build::{aggregate, describe, evaluate, literal, needed, number, operands, push, rows, states};
use crate::evaluate::found::Found;
use crate::plan::{CompareOp, Op};
use crate::value::{Base, Date, State, Type, Value};

fn outcome(kind: AggregateKind, base: Base, text: &str) -> Found {
    let states = states(text);
    evaluate(&states, |code| aggregate(code, kind, states.len() / 2, base))
}

/// Rows, and what comes out.
type Cases = &'static [(&'static str, &'static str)];

#[test]
fn every_aggregate_in_every_situation() {
    use AggregateKind::{All, Any, Average, Count, CountDistinct, Highest, Lowest, None, SomeAndAll, Sum};
    let table: &[(AggregateKind, Base, Cases)] = &[
        (
            Any,
            Base::Flag,
            &[
                ("", "no"),
                ("F1", "no"),
                ("F1 T1", "yes"),
                ("U1 T1", "yes"),
                ("E1 T1", "yes"),
                ("U1 F1", "U"),
                ("E1 F1", "E"),
                ("E1 U1", "U"),
                ("M1", "U"),
            ],
        ),
        (None, Base::Flag, &[("", "yes"), ("F1", "yes"), ("T1 U1", "no"), ("U1", "U"), ("E1", "E")]),
        (
            All,
            Base::Flag,
            &[
                ("", "yes"),
                ("T1 T2", "yes"),
                ("T1 T0", "no"),
                ("F0 T1", "yes"),
                ("U0 T1", "U"),
                ("U1 T1", "yes"),
                ("Tu T1", "U"),
                ("Tu T0", "no"),
                ("Te T0", "no"),
                ("Te T1", "E"),
                ("Te Tu", "U"),
                ("E1", "yes"),
                ("E0", "E"),
            ],
        ),
        (
            SomeAndAll,
            Base::Flag,
            &[
                ("", "no"),
                ("F1", "no"),
                ("T1", "yes"),
                ("T1 T0", "no"),
                ("U1", "U"),
                ("U0", "U"),
                ("U1 T1", "yes"),
            ],
        ),
        (
            Count,
            Base::Count,
            &[("", "0"), ("T1 F1 T1", "2"), ("T1 U1 F1", "U[1,2]"), ("T1 E1", "E[1,2]"), ("U1 E1", "E[0,2]")],
        ),
        (
            Sum,
            Base::Number,
            &[
                ("", "0"),
                ("T1 T2 F4", "3"),
                ("T1 U2", "U[1,3]"),
                ("T1 U-2", "U[-1,1]"),
                ("T1 U2 U-4", "U[-3,3]"),
                ("T1 Tu", "U[_,_]"),
                ("T1 Tm", "U[_,_]"),
                ("T1 Te", "E[_,_]"),
                ("T1 Ue", "U[_,_]"),
                ("T1 E2", "E[1,3]"),
            ],
        ),
        (Sum, Base::Count, &[("T3 Tu", "U[3,_]"), ("T3 Uu U2", "U[3,_]"), ("Fu", "0")]),
        (
            Highest,
            Base::Number,
            &[
                ("", "M"),
                ("F1", "M"),
                ("T1 T3", "3"),
                ("T1 U3", "U[1,3]"),
                ("T3 U1", "U[3,3]"),
                ("T1 Tu", "U[1,_]"),
                ("Tu", "U[_,_]"),
                // Nothing bounds it, but a comparison with it waits for the row.
                ("U3", "U[_,_]"),
                ("T1 E3", "E[1,3]"),
                ("T1 Te", "E[1,_]"),
            ],
        ),
        (
            Lowest,
            Base::Number,
            &[
                ("", "M"),
                ("T1 T3", "1"),
                ("T3 U1", "U[1,3]"),
                ("T3 Tu", "U[_,3]"),
                ("U3", "U[_,_]"),
                ("E3", "E[_,_]"),
            ],
        ),
        (
            CountDistinct,
            Base::Number,
            &[
                ("", "0"),
                ("T1 T1 T2", "2"),
                ("T1 U1", "U[1,1]"),
                ("T1 U2", "U[1,2]"),
                ("T1 Tu", "U[1,2]"),
                ("T1 Uu Te", "E[1,3]"),
                ("Fu", "0"),
            ],
        ),
        (
            Average,
            Base::Number,
            &[("", "M"), ("T1 T2", "1.5"), ("T1 U1", "U"), ("T1 Te", "E"), ("T1 Tu", "U"), ("F1", "M")],
        ),
    ];
    for (kind, base, cases) in table {
        for (text, expected) in *cases {
            assert_eq!(&describe(&outcome(*kind, *base, text)), expected, "{kind:?} of {text}");
        }
    }
}

#[test]
fn needs_of_rows_that_are_out_are_not_asked_for() {
    for (kind, text, expected) in [
        (AggregateKind::Count, "Fu U1 T1", vec![2]),
        (AggregateKind::Sum, "Fu Uu T1", vec![2, 3]),
        (AggregateKind::Highest, "T1 Tu Fu", vec![3]),
        (AggregateKind::Any, "F1 U1 Uu", vec![2, 4]),
    ] {
        assert_eq!(needed(&outcome(kind, Base::Number, text)), expected, "{kind:?} of {text}");
    }
}

fn compared(kind: AggregateKind, base: Base, text: &str, op: CompareOp, with: i64) -> String {
    let states = states(text);
    describe(&evaluate(&states, |code| {
        let aggregate = aggregate(code, kind, states.len() / 2, base);
        let with = literal(code, number(with), base);
        push(code, Op::Compare(op, aggregate, with), Type::of(Base::Flag))
    }))
}

#[test]
fn comparisons_use_bounds() {
    use AggregateKind::{Average, Count, Highest, Sum};
    use CompareOp::{Eq, Ge, Gt, Le, Lt, Ne};
    let table = [
        (Count, "T1 T1 U1", Ge, 2, "yes"),
        (Count, "T1 T1 U1", Ge, 3, "U"),
        (Count, "T1 T1 U1", Ge, 4, "no"),
        (Count, "T1 T1 E1", Ge, 2, "yes"),
        (Count, "T1 T1 E1", Ge, 3, "E"),
        (Count, "T1 U1 E1", Ge, 3, "U"),
        (Count, "T1 T1 U1", Lt, 2, "no"),
        (Count, "T1 T1 U1", Lt, 4, "yes"),
        (Count, "T1 U1", Le, 2, "yes"),
        (Count, "T1 U1", Gt, 2, "no"),
        (Count, "T1 U1", Eq, 3, "no"),
        (Count, "T1 U1", Ne, 3, "yes"),
        (Count, "T1 U1", Eq, 2, "U"),
        (Sum, "T1 U2", Le, 3, "yes"),
        (Sum, "T1 Tu", Le, 3, "U"),
        (Sum, "T1 Te", Le, 3, "E"),
        (Sum, "T1 Te Uu", Le, 3, "U"),
        (Highest, "T5 Tu", Ge, 5, "yes"),
        (Highest, "T5 Tu", Ge, 6, "U"),
        (Highest, "U5", Ge, 6, "U"),
        (Highest, "U5 E1", Ge, 6, "U"),
        (Highest, "E5", Ge, 6, "E"),
        (Average, "T1 U1", Ge, 0, "U"),
    ];
    for (kind, text, op, with, expected) in table {
        assert_eq!(
            compared(kind, Base::Number, text, op, with),
            expected,
            "{kind:?} of {text} {op:?} {with}"
        );
    }
    assert_eq!(compared(Sum, Base::Count, "T5 Tu", Ge, 5), "yes");
    // Against something unknown it is unknown, also where the count is an error: the bounds may settle it yet.
    for text in ["T1 E1", "T1 U1", "T1 T1"] {
        let mut states = states(text);
        states.push(super::build::unknown(9));
        let found = evaluate(&states, |code| {
            let count = aggregate(code, Count, 2, Base::Count);
            let with = super::build::argument(code, 4, Base::Count);
            push(code, Op::Compare(Ge, count, with), Type::of(Base::Flag))
        });
        assert_eq!(describe(&found), "U", "{text}");
        assert_eq!(needed(&found).last(), Some(&9));
    }
    // Other operators see the plain unknown.
    let states = states("T1 T1 U1");
    let found = evaluate(&states, |code| {
        let count = aggregate(code, Count, 3, Base::Count);
        let zero = literal(code, number(0), Base::Count);
        let same =
            push(code, Op::Arithmetic(crate::plan::ArithmeticOp::Add, count, zero), Type::of(Base::Count));
        let two = literal(code, number(2), Base::Count);
        push(code, Op::Compare(Ge, same, two), Type::of(Base::Flag))
    });
    assert_eq!(describe(&found), "U");
}

#[test]
fn sentences_about_quantities_use_bounds() {
    let table = [
        (QuantityKind::AtLeast, "T1 T1 U1", 2, "yes"),
        (QuantityKind::AtLeast, "T1 T1 U1", 3, "U"),
        (QuantityKind::AtMost, "T1 T1 U1", 3, "yes"),
        (QuantityKind::AtMost, "T1 T1 U1", 1, "no"),
        (QuantityKind::Exactly, "T1 T1 U1", 1, "no"),
        (QuantityKind::Exactly, "T1 T1 U1", 2, "U"),
        (QuantityKind::Exactly, "T1 T1", 2, "yes"),
        (QuantityKind::AtLeast, "", 0, "yes"),
    ];
    for (kind, text, n, expected) in table {
        let states = states(text);
        let found = evaluate(&states, |code| {
            let rows = rows(code, states.len() / 2);
            let n = literal(code, number(n), Base::Count);
            push(code, Op::Quantity(kind, n, rows), Type::of(Base::Flag))
        });
        assert_eq!(describe(&found), expected, "{kind:?} {n} of {text}");
    }
}

/// `latest of rows by date`, read the reading. Rows: condition, day of the month (or `u`), then the readings.
fn picked(kind: AggregateKind, text: &str, readings: &str) -> Found {
    let mut arguments = states(text);
    for argument in &mut arguments {
        if let State::Known(Value::Number(day)) = &argument.state {
            let day = i8::try_from(day.to_i64().unwrap()).unwrap();
            *argument = Found::known(Value::Date(Date::constant(2024, 5, day)));
        }
    }
    let count = arguments.len() / 2;
    // The readings stand after the conditions and dates, in every second place.
    arguments.extend(readings.split_whitespace().zip(10..).flat_map(|(reading, field)| {
        let state = match reading {
            "u" => super::build::unknown(field),
            "m" => super::build::missing(field),
            "e" => super::build::fault(),
            digits => Found::known(number(digits.parse().unwrap())),
        };
        [state, Found::flag(true)]
    }));
    evaluate(&arguments, |code| {
        let rows = rows(code, count);
        let by = operands(code, count, Base::Date);
        let read = super::build::by_row(code, count, 2 * count, Base::Number);
        push(code, Op::Pick { kind, rows, by: Some(by), read }, Type::maybe(Base::Number))
    })
}

#[test]
fn the_latest_is_what_all_candidates_agree_on() {
    use AggregateKind::{Earliest, Latest, Only};
    for (kind, rows, readings, expected) in [
        (Latest, "", "", "M"),
        (Latest, "F1", "7", "M"),
        (Latest, "T1 T2", "7 8", "8"),
        (Earliest, "T1 T2", "7 8", "7"),
        (Latest, "T2 T2", "7 7", "7"),
        (Latest, "T2 T2", "7 8", "U"),
        (Latest, "T2 T2", "m m", "M"),
        (Latest, "T2 T2", "m 8", "U"),
        // A row that may count, before the latest, on its day, and after it.
        (Latest, "T2 U1", "7 8", "7"),
        (Latest, "T2 U2", "7 8", "U"),
        (Latest, "T2 U3", "7 8", "U"),
        (Latest, "T2 U3", "7 7", "7"),
        (Earliest, "T2 U3", "7 8", "7"),
        (Earliest, "T2 U1", "7 8", "U"),
        // A row of unknown date.
        (Latest, "T2 Tu", "7 8", "U"),
        (Latest, "T2 Tu", "7 7", "7"),
        (Latest, "Tu", "7", "7"),
        (Latest, "T2 Uu", "7 8", "U"),
        // Perhaps there is no row at all.
        (Latest, "U2", "7", "U"),
        (Latest, "U2 U3", "7 7", "U"),
        // What is read of the latest is not known, or wrong.
        (Latest, "T1 T2", "7 u", "U"),
        (Latest, "T1 T2", "u 8", "8"),
        (Latest, "T1 T2", "7 e", "E"),
        (Latest, "T1 T2", "e 8", "8"),
        (Latest, "T2 E3", "7 8", "E"),
        (Latest, "T2 E1", "7 8", "7"),
        (Latest, "T2 Te", "7 8", "E"),
        // What is wrong does not matter as long as a fact may make it so.
        (Latest, "T2 E3", "u 7", "U"),
        (Latest, "T2 E3 U4", "7 8 9", "U"),
        (Latest, "T2 T2 E3", "7 8 7", "E"),
        (Only, "T1", "7", "7"),
        (Only, "T1 T2", "7 8", "U"),
        (Only, "T1 U2", "7 8", "U"),
        (Only, "U1", "7", "U"),
        (Only, "F1", "7", "M"),
    ] {
        assert_eq!(
            describe(&picked(kind, rows, readings)),
            expected,
            "{kind:?} of {rows}, reading {readings}"
        );
    }
    assert_eq!(needed(&picked(AggregateKind::Latest, "T2 U3", "7 8")), [2], "whether the later row counts");
    assert_eq!(needed(&picked(AggregateKind::Latest, "T2 Tu", "7 8")), [3], "its date");
    assert_eq!(needed(&picked(AggregateKind::Latest, "T1 T2", "7 u")), [11], "what is read");
}

/// The worlds of a list of rows: each unknown condition yes or no, each unknown operand one of a few values.
fn worlds(text: &str) -> Vec<String> {
    let mut worlds = vec![String::new()];
    for part in text.split_whitespace() {
        let (condition, operand) = part.split_at(1);
        let conditions: &[&str] = if condition == "U" { &["T", "F"] } else { &[condition] };
        let operands: &[&str] = if operand == "u" { &["-3", "0", "1", "2", "9"] } else { &[operand] };
        let mut longer = Vec::new();
        for world in &worlds {
            for condition in conditions {
                for operand in operands {
                    longer.push(format!("{world} {condition}{operand}"));
                }
            }
        }
        worlds = longer;
    }
    worlds
}

#[test]
fn no_world_contradicts_an_aggregate_or_its_bounds() {
    use AggregateKind::{All, Any, Average, Count, CountDistinct, Highest, Lowest, Sum};
    let parts = ["T1", "T-2", "Tu", "U1", "U2", "U-2", "Uu", "F1", "Fu"];
    let kinds = [Any, All, Count, Sum, Highest, Lowest, Average, CountDistinct];
    let mut settled = 0;
    for a in parts {
        for b in parts {
            for text in [a.to_owned(), format!("{a} {b}"), format!("{a} {b} T1")] {
                let worlds = worlds(&text);
                for kind in kinds {
                    let found = outcome(kind, Base::Number, &text);
                    for world in &worlds {
                        let complete = outcome(kind, Base::Number, world);
                        assert!(complete.bounds.is_none(), "{kind:?} of {world} is exact");
                        if matches!(found.state, State::Known(_) | State::Missing) {
                            assert_eq!(found.state, complete.state, "{kind:?} of {text} in {world}");
                            settled += 1;
                        }
                        let (Some(bounds), State::Known(value)) = (&found.bounds, &complete.state) else {
                            continue;
                        };
                        let within = |low: &Value, high: &Value| {
                            crate::evaluate::bounds::order(low, high).unwrap().is_le()
                        };
                        assert!(
                            bounds.low.iter().all(|low| within(low, value)),
                            "{kind:?} of {text} in {world}"
                        );
                        assert!(
                            bounds.high.iter().all(|high| within(value, high)),
                            "{kind:?} of {text} in {world}"
                        );
                    }
                }
            }
        }
    }
    assert!(settled > 1000);
}
