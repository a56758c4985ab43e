//! Deep and circular plans end in errors, not in a full stack.

use std::sync::Arc;

use rubric_grammar::ast::AggregateKind;

use super::build::{PLACE, TODAY, literal, plan, push};
use crate::data::Dataset;
use crate::evaluate::{Evaluator, Options};
use crate::plan::{
    Code, DefineArm, DefineBody, DefineId, DefineSymbol, ExprId, Interval, Op, Plan, PolicyId, RowSource,
    Rows,
};
use crate::value::{Base, CategoryId, Fault, State, Type, Value};

const FLAG: Type = Type::of(Base::Flag);

/// Flags of no record, each built from its own code.
fn flags(bodies: Vec<(Code, ExprId)>) -> Plan {
    let mut plan = plan(2);
    let mut symbols = (*plan.symbols).clone();
    for (n, (code, value)) in bodies.into_iter().enumerate() {
        symbols.defines.push(DefineSymbol {
            name: format!("f{n}"),
            params: Vec::new(),
            of: None,
            ty: FLAG,
            docs: None,
            policy: PolicyId(0),
            place: PLACE,
        });
        let arm = DefineArm { interval: Interval::default(), cites: Vec::new(), value, place: PLACE };
        let body = DefineBody { code, arms: vec![arm], cites: Vec::new() };
        plan.defines.insert(u32::try_from(n).unwrap(), Arc::new(body));
    }
    plan.symbols = Arc::new(symbols);
    plan
}

fn read(code: &mut Code, define: u32) -> ExprId {
    push(code, Op::Define { define: DefineId(define), of: None, arguments: Vec::new() }, FLAG)
}

fn ask(plan: &Plan, define: u32) -> State {
    let data = Dataset::new(&plan.symbols);
    Evaluator::new(plan, &data, TODAY, Options::default()).define(DefineId(define), None, Vec::new())
}

/// Each flag asks the one before through an aggregate, which takes the most of the stack.
fn chain(length: u32) -> Plan {
    let bodies = (0..length).map(|n| {
        let mut code = Code::default();
        let value = if n == 0 {
            literal(&mut code, Value::Flag(true), Base::Flag)
        } else {
            let before = read(&mut code, n - 1);
            let rows = Rows { source: RowSource::Values(CategoryId(0)), slot: 1, filter: Some(before) };
            push(&mut code, Op::Aggregate { kind: AggregateKind::Any, rows, operand: None }, FLAG)
        };
        (code, value)
    });
    flags(bodies.collect())
}

#[test]
fn a_long_chain_is_followed() {
    assert_eq!(ask(&chain(20_000), 19_999), State::Known(Value::Flag(true)));
}

#[test]
fn an_expression_nested_without_end_is_an_error() {
    let mut code = Code::default();
    let mut value = literal(&mut code, Value::Flag(true), Base::Flag);
    for _ in 0..100_000 {
        value = push(&mut code, Op::Not(value), FLAG);
    }
    match ask(&flags(vec![(code, value)]), 0) {
        State::Error(faults) => assert_eq!(*faults, [Fault::Broken("nested too deeply".into())]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_condition_may_have_any_number_of_parts() {
    for op in [Op::And, Op::Or] {
        let mut code = Code::default();
        let mut value = literal(&mut code, Value::Flag(true), Base::Flag);
        for _ in 0..50_000 {
            let part = literal(&mut code, Value::Flag(true), Base::Flag);
            value = push(&mut code, op(value, part), FLAG);
        }
        assert_eq!(ask(&flags(vec![(code, value)]), 0), State::Known(Value::Flag(true)));
    }
}

#[test]
fn a_circle_is_an_error() {
    let body = |other: u32| {
        let mut code = Code::default();
        let value = read(&mut code, other);
        (code, value)
    };
    let circle = |length: u32| flags((0..length).map(|n| body((n + 1) % length)).collect());
    for length in [1, 3, 1000] {
        match ask(&circle(length), 0) {
            State::Error(faults) => {
                assert!(matches!(&faults[..], [Fault::Broken(what)] if what.ends_with("depends on itself")))
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_fact_that_is_read_twice_is_worked_out_once() {
    // Each flag reads the one before twice: without memory that is 2^60 steps.
    let bodies = (0..60).map(|n| {
        let mut code = Code::default();
        let value = if n == 0 {
            literal(&mut code, Value::Flag(true), Base::Flag)
        } else {
            let (left, right) = (read(&mut code, n - 1), read(&mut code, n - 1));
            push(&mut code, Op::And(left, right), FLAG)
        };
        (code, value)
    });
    assert_eq!(ask(&flags(bodies.collect()), 59), State::Known(Value::Flag(true)));
}
