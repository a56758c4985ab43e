//! Walking typed code: what an operation uses directly, and what is reached from an expression.

use crate::plan::{Code, Expr, ExprId, Op, RowSource, Rows};

/// The expressions that an operation uses directly.
pub(crate) fn operands(op: &Op) -> Vec<ExprId> {
    let mut found = Vec::new();
    match op {
        Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => {}
        Op::Field { of, .. }
        | Op::Decision { of, .. }
        | Op::IsMet { of, .. }
        | Op::Not(of)
        | Op::Negate(of)
        | Op::IsKnown(of)
        | Op::IsMissing(of)
        | Op::IsNone(of)
        | Op::Rounded(of, ..)
        | Op::Part(_, of, _)
        | Op::SchoolYearOf(of, _)
        | Op::ToCount(of) => found.push(*of),
        Op::Define { of, arguments, .. } => {
            found.extend(of);
            found.extend(arguments);
        }
        Op::Parameter { keys, on, .. } => {
            found.extend(keys);
            found.extend(on);
        }
        Op::Lookup { keys, .. } => found.extend(keys),
        Op::And(a, b)
        | Op::Or(a, b)
        | Op::Arithmetic(_, a, b)
        | Op::Shift { start: a, by: b, .. }
        | Op::Compare(_, a, b)
        | Op::InSet(a, b)
        | Op::TextTest(_, a, b)
        | Op::Presumed(a, b)
        | Op::Affix(_, a, b)
        | Op::Elapsed(_, a, b, _)
        | Op::Age(a, b, _)
        | Op::NthWeekday(a, _, _, b) => found.extend([a, b]),
        Op::InList(item, list) => {
            found.push(*item);
            found.extend(list);
        }
        Op::Between(a, b, c) | Op::If(a, b, c) | Op::MakeDate(a, b, c) => found.extend([a, b, c]),
        Op::Case(case) => {
            for (when, then) in &case.arms {
                found.extend([when, then]);
            }
            found.extend(case.otherwise);
        }
        Op::Aggregate { rows, operand, .. } => {
            over(rows, &mut found);
            found.extend(operand);
        }
        Op::Pick { rows, by, read, .. } => {
            over(rows, &mut found);
            found.extend(by);
            found.push(*read);
        }
        Op::Quantity(_, count, rows) => {
            found.push(*count);
            over(rows, &mut found);
        }
        Op::Min(of) | Op::Max(of) => found.extend(of),
    }
    found
}

fn over(rows: &Rows, found: &mut Vec<ExprId>) {
    source(&rows.source, found);
    found.extend(rows.filter);
}

fn source(of: &RowSource, found: &mut Vec<ExprId>) {
    match of {
        RowSource::Many { of, .. } => found.push(*of),
        RowSource::All(_) | RowSource::Values(_) => {}
        RowSource::Flatten { outer, inner } => {
            over(outer, found);
            source(inner, found);
        }
    }
}

/// The rows that an operation goes over.
pub(crate) fn rows_of(op: &Op) -> Option<&Rows> {
    match op {
        Op::Aggregate { rows, .. } | Op::Pick { rows, .. } | Op::Quantity(_, _, rows) => Some(rows),
        _ => None,
    }
}

/// An expression and everything it uses within its code, each once, in the order of the code.
pub(crate) fn within(code: &Code, root: ExprId) -> Vec<&Expr> {
    let mut reached = vec![false; code.exprs.len()];
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let (Some(expr), Some(seen)) = (code.get(id), reached.get_mut(id.0 as usize)) else { continue };
        if !std::mem::replace(seen, true) {
            open.extend(operands(&expr.op));
        }
    }
    code.exprs.iter().zip(reached).filter(|(_, reached)| *reached).map(|(expr, _)| expr).collect()
}
