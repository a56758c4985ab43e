//! Small plans and states for tests.

use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast::AggregateKind;

use crate::data::Dataset;
use crate::diagnostic::{FileId, Place};
use crate::evaluate::evaluator::{Evaluator, Frame, Options};
use crate::evaluate::found::Found;
use crate::plan::{
    Category, CategoryValue, Code, CompareOp, Expr, ExprId, Op, Plan, PolicyId, RowSource, Rows, Symbols,
};
use crate::value::{Base, CategoryId, Date, Fault, Need, NeedKind, Number, RecordId, State, Type, Value};

pub(super) const PLACE: Place = Place { file: FileId(0), item: None, span: Span::new(0, 0) };
pub(super) const TODAY: Date = Date::constant(2024, 9, 1);

pub(super) fn number(n: i64) -> Value {
    Value::Number(Number::from_int(n))
}

pub(super) fn need(field: u32) -> Need {
    Need { record: RecordId(0), row: Some(0), field: Some(field), kind: NeedKind::Absent }
}

pub(super) fn unknown(field: u32) -> Found {
    Found::need(need(field))
}

pub(super) fn missing(field: u32) -> Found {
    Found::missing(Arc::from([need(field)]))
}

pub(super) fn fault() -> Found {
    Found::fault(Fault::DivisionByZero)
}

/// A plan with a category of a few values and nothing else.
pub(super) fn plan(values: usize) -> Plan {
    let value = |n| CategoryValue { name: format!("v{n}"), codes: Vec::new(), place: PLACE };
    let category = Category {
        name: "Area".to_owned(),
        ordered: true,
        values: (0..values).map(value).collect(),
        policy: PolicyId(0),
        place: PLACE,
    };
    Plan {
        symbols: Arc::new(Symbols { categories: vec![category], ..Symbols::default() }),
        ..Plan::default()
    }
}

/// Evaluates what is built, over the given states of arguments.
pub(super) fn evaluate(arguments: &[Found], build: impl FnOnce(&mut Code) -> ExprId) -> Found {
    let plan = plan(4);
    let data = Dataset::new(&plan.symbols);
    let evaluator = Evaluator::new(&plan, &data, TODAY, Options::default());
    let mut code = Code::default();
    let id = build(&mut code);
    let mut frame = Frame::new(&code, arguments, TODAY);
    evaluator.eval(&mut frame, id)
}

pub(super) fn push(code: &mut Code, op: Op, ty: Type) -> ExprId {
    code.push(Expr { op, ty, place: PLACE })
}

pub(super) fn literal(code: &mut Code, value: Value, base: Base) -> ExprId {
    push(code, Op::Literal(value), Type::of(base))
}

/// An argument of a type that may be missing.
pub(super) fn argument(code: &mut Code, position: u16, base: Base) -> ExprId {
    push(code, Op::Argument(position), Type::maybe(base))
}

/// A chain that gives argument `first + step * n` in the row of the n-th value.
pub(super) fn by_row(code: &mut Code, rows: usize, first: usize, base: Base) -> ExprId {
    let mut chain = literal(code, Value::Flag(false), base);
    for n in (0..rows).rev() {
        let row = push(code, Op::Row(1), Type::of(Base::Category(CategoryId(0))));
        let value = Value::Category(u32::try_from(n).unwrap());
        let value = literal(code, value, Base::Category(CategoryId(0)));
        let is_it = push(code, Op::Compare(CompareOp::Eq, row, value), Type::of(Base::Flag));
        let then = argument(code, u16::try_from(first + 2 * n).unwrap(), base);
        chain = push(code, Op::If(is_it, then, chain), Type::maybe(base));
    }
    chain
}

/// A condition and an operand for each row: `T1 U2 Fu Te`. Conditions are T, F, U, E, M; operands a digit, `-` and a
/// digit, `u`, `e` or `m`. Rows are numbered from 0; condition n needs field 2n, operand n field 2n + 1.
pub(super) fn states(text: &str) -> Vec<Found> {
    let state = |text: &str, field: u32| match text {
        "T" => Found::flag(true),
        "F" => Found::flag(false),
        "U" | "u" => unknown(field),
        "M" | "m" => missing(field),
        "E" | "e" => fault(),
        digits => Found::known(number(digits.parse().unwrap())),
    };
    let mut all = Vec::new();
    for (row, part) in (0u32..).zip(text.split_whitespace()) {
        let (condition, operand) = part.split_at(1);
        all.push(state(condition, 2 * row));
        all.push(state(operand, 2 * row + 1));
    }
    all
}

pub(super) fn rows(code: &mut Code, count: usize) -> Rows {
    let filter = by_row(code, count, 0, Base::Flag);
    // A list of fewer rows than the category has: the others are out.
    Rows { source: RowSource::Values(CategoryId(0)), slot: 1, filter: Some(filter) }
}

/// The operand of each row, or (for dates) the date.
pub(super) fn operands(code: &mut Code, count: usize, base: Base) -> ExprId {
    by_row(code, count, 1, base)
}

/// An aggregate over rows given as in [`states`].
pub(super) fn aggregate(code: &mut Code, kind: AggregateKind, count: usize, base: Base) -> ExprId {
    let rows = rows(code, count);
    let operand = match kind {
        AggregateKind::Count | AggregateKind::Any | AggregateKind::None => None,
        AggregateKind::All | AggregateKind::SomeAndAll => {
            // Operands above zero satisfy.
            let operand = operands(code, count, Base::Number);
            let zero = literal(code, number(0), Base::Number);
            Some(push(code, Op::Compare(CompareOp::Gt, operand, zero), Type::of(Base::Flag)))
        }
        _ => Some(operands(code, count, base)),
    };
    push(code, Op::Aggregate { kind, rows, operand }, Type::maybe(base))
}

/// `3`, `yes`, `M`, `U`, `E`, with bounds `U[2,_]`.
pub(super) fn describe(found: &Found) -> String {
    let show = |value: &Value| match value {
        Value::Number(number) => number.to_decimal(3).unwrap_or_else(|| number.to_fraction()),
        Value::Flag(true) => "yes".to_owned(),
        Value::Flag(false) => "no".to_owned(),
        other => format!("{other:?}"),
    };
    let state = match &found.state {
        State::Known(value) => show(value),
        State::Missing => "M".to_owned(),
        State::Unknown(_) => "U".to_owned(),
        State::Error(_) => "E".to_owned(),
    };
    match &found.bounds {
        None => state,
        Some(bounds) => {
            let end = |end: &Option<Value>| end.as_ref().map_or_else(|| "_".to_owned(), show);
            format!("{state}[{},{}]", end(&bounds.low), end(&bounds.high))
        }
    }
}

/// The fields that are needed.
pub(super) fn needed(found: &Found) -> Vec<u32> {
    found.needs().iter().filter_map(|need| need.field).collect()
}
