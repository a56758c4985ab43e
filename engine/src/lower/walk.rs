//! What an operation uses.

use crate::plan::{Code, ExprId, Op, PopulationKind, RowSource, Rows};

/// The expressions that an operation uses directly, in the order of the text where that is known.
#[must_use]
pub fn operands(op: &Op) -> Vec<ExprId> {
    let mut found = Vec::new();
    match op {
        Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => {}
        Op::Field { of, .. } | Op::Decision { of, .. } | Op::Amount { of, .. } => found.push(*of),
        Op::IsMet { of, value, .. } => {
            found.push(*of);
            found.extend(value);
        }
        Op::Define { of, arguments, .. } => {
            found.extend(of);
            found.extend(arguments);
        }
        Op::Parameter { keys, on, .. } => {
            found.extend(keys);
            found.extend(on);
        }
        Op::Lookup { keys, .. } | Op::Min(keys) | Op::Max(keys) => found.extend(keys),
        Op::Not(a)
        | Op::Negate(a)
        | Op::IsKnown(a)
        | Op::IsMissing(a)
        | Op::IsNone(a)
        | Op::Rounded(a, _, _)
        | Op::Part(_, a, _)
        | Op::NthWeekday(a, _, _, _)
        | Op::SchoolYearOf(a, _)
        | Op::ToCount(a) => {
            found.push(*a);
            if let Op::NthWeekday(_, _, _, year) = op {
                found.push(*year);
            }
        }
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
        | Op::Age(a, b, _) => found.extend([*a, *b]),
        Op::InList(a, list) => {
            found.push(*a);
            found.extend(list);
        }
        Op::Between(a, b, c) | Op::If(a, b, c) | Op::MakeDate(a, b, c) => found.extend([*a, *b, *c]),
        Op::Case(case) => {
            for (when, then) in &case.arms {
                found.extend([*when, *then]);
            }
            found.extend(case.otherwise);
        }
        Op::Aggregate { rows: of, operand, .. } => {
            rows(of, &mut found);
            found.extend(operand);
        }
        Op::Population(population) => {
            if let PopulationKind::InTop(share) = population.kind {
                found.push(share);
            }
            found.push(population.operand);
            rows(&population.rows, &mut found);
            found.extend(&population.per);
            found.extend(population.own);
        }
        Op::Pick { rows: of, by, read, .. } => {
            rows(of, &mut found);
            found.extend(by);
            found.push(*read);
        }
        Op::Apportion { total, rows: of, by, .. } => {
            found.push(*total);
            rows(of, &mut found);
            found.push(*by);
        }
        Op::Quantity(_, count, of) => {
            found.push(*count);
            rows(of, &mut found);
        }
    }
    found
}

fn rows(of: &Rows, found: &mut Vec<ExprId>) {
    source(&of.source, found);
    found.extend(of.filter);
}

fn source(of: &RowSource, found: &mut Vec<ExprId>) {
    match of {
        RowSource::Many { of, .. } => found.push(*of),
        RowSource::All(_) | RowSource::Values(_) => {}
        RowSource::Flatten { outer, inner } => {
            rows(outer, found);
            source(inner, found);
        }
    }
}

/// Whether some expression below (and with) this one satisfies the test.
pub(super) fn any(code: &Code, from: ExprId, mut test: impl FnMut(&Op) -> bool) -> bool {
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        let Some(expr) = code.get(id) else { continue };
        if test(&expr.op) {
            return true;
        }
        open.extend(operands(&expr.op));
    }
    false
}
