//! The tables of the operators.

use super::build::{argument, describe, evaluate, fault, literal, missing, needed, number, push, unknown};
use crate::evaluate::found::Found;
use crate::plan::{ArithmeticOp, Case, Code, CompareOp, ExprId, Op};
use crate::value::{Base, Date, Type, Value};

/// `T F U E M 1 2 …`, `none`, `never`, `na`; the n-th operand needs field n.
fn operands(text: &str) -> Vec<Found> {
    let state = |(field, text): (u32, &str)| match text {
        "T" => Found::flag(true),
        "F" => Found::flag(false),
        "U" => unknown(field),
        "M" => missing(field),
        "E" => fault(),
        "none" => Found::known(Value::None),
        "never" => Found::known(Value::Never),
        "na" => Found::known(Value::NotApplicable),
        "day" => Found::known(Value::Date(Date::constant(2024, 9, 1))),
        digits => Found::known(number(digits.parse().unwrap())),
    };
    (0..).zip(text.split_whitespace()).map(state).collect()
}

/// Each row: operands, then what comes out.
fn check(base: Base, result: Type, table: &[(&str, &str)], op: impl Fn(&mut Code, &[ExprId]) -> Op) {
    for (text, expected) in table {
        let states = operands(text);
        let found = evaluate(&states, |code| {
            let ids: Vec<ExprId> =
                (0..states.len()).map(|n| argument(code, u16::try_from(n).unwrap(), base)).collect();
            let op = op(code, &ids);
            push(code, op, result)
        });
        let shown = match needed(&found).as_slice() {
            [] => describe(&found),
            fields => {
                format!("{} {}", describe(&found), fields.iter().map(ToString::to_string).collect::<String>())
            }
        };
        assert_eq!(&shown, expected, "{text}");
    }
}

const FLAG: Type = Type::of(Base::Flag);

#[test]
fn and_or_not() {
    check(
        Base::Flag,
        FLAG,
        &[
            ("T T", "yes"),
            ("T F", "no"),
            ("T U", "U 1"),
            ("T E", "E"),
            ("F T", "no"),
            ("F F", "no"),
            ("F U", "no"),
            ("F E", "no"),
            ("U T", "U 0"),
            ("U F", "no"),
            ("U U", "U 01"),
            ("U E", "U 0"),
            ("E T", "E"),
            ("E F", "no"),
            ("E U", "U 1"),
            ("E E", "E"),
            ("M T", "U 0"),
            ("M F", "no"),
            ("M M", "U 01"),
            ("E M", "U 1"),
        ],
        |_, ids| Op::And(ids[0], ids[1]),
    );
    check(
        Base::Flag,
        FLAG,
        &[
            ("T T", "yes"),
            ("T F", "yes"),
            ("T U", "yes"),
            ("T E", "yes"),
            ("F T", "yes"),
            ("F F", "no"),
            ("F U", "U 1"),
            ("F E", "E"),
            ("U T", "yes"),
            ("U F", "U 0"),
            ("U U", "U 01"),
            ("U E", "U 0"),
            ("E T", "yes"),
            ("E F", "E"),
            ("E U", "U 1"),
            ("E E", "E"),
            ("M F", "U 0"),
            ("M T", "yes"),
        ],
        |_, ids| Op::Or(ids[0], ids[1]),
    );
    let not = [("T", "no"), ("F", "yes"), ("U", "U 0"), ("E", "E"), ("M", "U 0")];
    check(Base::Flag, FLAG, &not, |_, ids| Op::Not(ids[0]));
}

#[test]
fn strict_operators() {
    let table = [
        ("6 3", "9"),
        ("6 U", "U 1"),
        ("6 M", "U 1"),
        ("6 E", "E"),
        ("U 3", "U 0"),
        ("U U", "U 01"),
        ("U M", "U 01"),
        ("U E", "E"),
        ("M 3", "U 0"),
        ("M M", "U 01"),
        ("M E", "E"),
        ("E 3", "E"),
        ("E U", "E"),
        ("E E", "E"),
        ("none 3", "E"),
        ("never 3", "E"),
    ];
    check(Base::Number, Type::of(Base::Number), &table, |_, ids| {
        Op::Arithmetic(ArithmeticOp::Add, ids[0], ids[1])
    });
    let quotient = [("6 3", "2"), ("6 0", "E"), ("U 0", "U 0"), ("1 3", "1/3")];
    check(Base::Number, Type::of(Base::Number), &quotient, |_, ids| {
        Op::Arithmetic(ArithmeticOp::Div, ids[0], ids[1])
    });
    check(
        Base::Number,
        Type::of(Base::Number),
        &[("3 U 1", "U 1"), ("3 2 1", "1"), ("E U 1", "E")],
        |_, ids| Op::Min(ids.to_vec()),
    );
    check(Base::Number, Type::of(Base::Number), &[("3 7 1", "7"), ("3 M", "U 1")], |_, ids| {
        Op::Max(ids.to_vec())
    });
    let counts = [("3", "3"), ("-1", "E"), ("U", "U 0"), ("M", "U 0")];
    check(Base::Number, Type::of(Base::Count), &counts, |_, ids| Op::ToCount(ids[0]));
}

#[test]
fn comparisons() {
    use CompareOp::{Eq, Ge, Gt, Le, Lt, Ne};
    for (op, table) in [
        (
            Eq,
            vec![
                ("1 1", "yes"),
                ("1 2", "no"),
                ("U U", "U 01"),
                ("M M", "U 01"),
                ("U E", "E"),
                ("none none", "no"),
                ("none 1", "no"),
                ("never never", "yes"),
                ("na 1", "no"),
                ("na none", "no"),
            ],
        ),
        (
            Ne,
            vec![
                ("1 1", "no"),
                ("1 2", "yes"),
                ("U 1", "U 0"),
                ("none 1", "yes"),
                ("none none", "yes"),
                ("na 1", "yes"),
            ],
        ),
        (
            Lt,
            vec![
                ("1 2", "yes"),
                ("2 2", "no"),
                ("none 1", "no"),
                ("1 none", "no"),
                ("day never", "yes"),
                ("never day", "no"),
                ("1 M", "U 1"),
                ("1 E", "E"),
            ],
        ),
        (
            Le,
            vec![
                ("2 2", "yes"),
                ("3 2", "no"),
                ("none none", "no"),
                ("never never", "yes"),
                ("never day", "no"),
            ],
        ),
        (Gt, vec![("3 2", "yes"), ("2 2", "no"), ("none 1", "no"), ("never day", "yes")]),
        (Ge, vec![("2 2", "yes"), ("1 2", "no"), ("none 1", "no"), ("day never", "no")]),
    ] {
        check(Base::Number, FLAG, &table, |_, ids| Op::Compare(op, ids[0], ids[1]));
    }
    let list = [
        ("1 1 2", "yes"),
        ("3 1 2", "no"),
        ("1 U 1", "yes"),
        ("3 U 1", "U 1"),
        ("U 1 2", "U 0"),
        ("M 1 2", "U 0"),
        ("none 1 none", "no"),
        ("1 E 1", "yes"),
        ("3 E 1", "E"),
        ("3 E U", "U 2"),
    ];
    check(Base::Number, FLAG, &list, |_, ids| Op::InList(ids[0], ids[1..].to_vec()));
    let between = [
        ("2 1 3", "yes"),
        ("1 1 3", "yes"),
        ("3 1 3", "yes"),
        ("4 1 3", "no"),
        ("0 U 3", "U 1"),
        ("4 U 3", "no"),
        ("U 1 3", "U 0"),
        ("4 E 3", "no"),
        ("2 E 3", "E"),
        ("none 1 3", "no"),
    ];
    check(Base::Number, FLAG, &between, |_, ids| Op::Between(ids[0], ids[1], ids[2]));
}

#[test]
fn absence() {
    let known = [("1", "yes"), ("M", "no"), ("U", "no"), ("E", "E"), ("none", "yes")];
    check(Base::Number, FLAG, &known, |_, ids| Op::IsKnown(ids[0]));
    let missing = [("1", "no"), ("M", "yes"), ("U", "U 0"), ("E", "E")];
    check(Base::Number, FLAG, &missing, |_, ids| Op::IsMissing(ids[0]));
    let none = [("1", "no"), ("none", "yes"), ("never", "no"), ("U", "U 0"), ("M", "U 0"), ("E", "E")];
    check(Base::Number, FLAG, &none, |_, ids| Op::IsNone(ids[0]));
    // It fills absence, not doubt.
    let presumed = [
        ("1 0", "1"),
        ("M 0", "0"),
        ("U 0", "U 0"),
        ("E 0", "E"),
        ("M U", "U 1"),
        ("1 E", "1"),
        ("M M", "M 1"),
    ];
    check(Base::Number, Type::maybe(Base::Number), &presumed, |_, ids| Op::Presumed(ids[0], ids[1]));
}

#[test]
fn choices() {
    let table = [
        ("T 1 2", "1"),
        ("F 1 2", "2"),
        ("T 1 E", "1"),
        ("F E 2", "2"),
        ("T U 2", "U 1"),
        ("T M 2", "M 1"),
        ("U 1 1", "1"),
        ("U 1 2", "U 0"),
        ("U M M", "M 12"),
        ("U M 1", "U 0"),
        ("U U 1", "U 01"),
        ("U U U", "U 012"),
        ("U E E", "E"),
        ("U E 1", "U 0"),
        ("E 1 1", "E"),
        ("M 1 1", "1"),
        ("M 1 2", "U 0"),
    ];
    check(Base::Number, Type::maybe(Base::Number), &table, |_, ids| Op::If(ids[0], ids[1], ids[2]));
    // A type that cannot be missing: the missing is unknown.
    check(Base::Number, Type::of(Base::Number), &[("T M 2", "U 1")], |_, ids| Op::If(ids[0], ids[1], ids[2]));

    // Condition, value, condition, value, otherwise.
    let table = [
        ("T 1 F 2 3", "1"),
        ("F 1 F 2 3", "3"),
        ("T 1 T 1 3", "1"),
        ("T 1 T 2 3", "E"),
        ("T 1 U 1 3", "1"),
        ("T 1 U 2 3", "U 2"),
        ("U 1 U 2 3", "U 02"),
        ("U 3 F 2 3", "3"),
        ("U 1 F 2 3", "U 0"),
        ("E 1 T 1 3", "1"),
        ("E 1 F 2 3", "E"),
        ("E 1 U 2 3", "U 2"),
        ("T U F 2 3", "U 1"),
        ("T E F 2 3", "E"),
        ("T M F 2 3", "M 1"),
        ("T M T 1 3", "E"),
        ("T U T 1 3", "U 1"),
        ("F E F E 3", "3"),
        ("F 1 F 2 U", "U 4"),
        ("U U F 2 3", "U 01"),
    ];
    check(Base::Number, Type::maybe(Base::Number), &table, |_, ids| {
        Op::Case(Case { arms: vec![(ids[0], ids[1]), (ids[2], ids[3])], otherwise: Some(ids[4]) })
    });
}

#[test]
fn absorbed_division_by_zero_is_no_error() {
    // `n > 0 and x / n >= 90%`
    for (n, x, expected) in
        [("0", "5", "no"), ("10", "9", "yes"), ("10", "8", "no"), ("0", "U", "no"), ("U", "5", "U 0")]
    {
        let states = operands(&format!("{n} {x}"));
        let found = evaluate(&states, |code| {
            let (n, x) = (argument(code, 0, Base::Number), argument(code, 1, Base::Number));
            let zero = literal(code, number(0), Base::Number);
            let some = push(code, Op::Compare(CompareOp::Gt, n, zero), FLAG);
            let share = push(code, Op::Arithmetic(ArithmeticOp::Div, x, n), Type::of(Base::Number));
            let limit = Value::Number(crate::value::Number::ratio(9, 10).unwrap());
            let limit = literal(code, limit, Base::Percent);
            let enough = push(code, Op::Compare(CompareOp::Ge, share, limit), FLAG);
            push(code, Op::And(some, enough), FLAG)
        });
        let shown = match needed(&found).as_slice() {
            [] => describe(&found),
            fields => {
                format!("{} {}", describe(&found), fields.iter().map(ToString::to_string).collect::<String>())
            }
        };
        assert_eq!(shown, expected, "{n} {x}");
    }
}
