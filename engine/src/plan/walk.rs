//! What an operation uses.

use super::{Code, CompareOp, ExprId, Op, PopulationKind, RowSource, Rows};

/// Visits the expressions that an operation uses directly, in the order of the text: once to read them and once to change
/// them, so that neither can leave out what the other sees.
macro_rules! visitor {
    ($of_op:ident, $of_rows:ident, $of_source:ident $(, $mutable:tt)?) => {
        pub(super) fn $of_op(op: &$($mutable)? Op, visit: &mut impl FnMut(&$($mutable)? ExprId)) {
            match op {
                Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => {}
                Op::Field { of, .. } | Op::Decision { of, .. } | Op::Amount { of, .. } => visit(of),
                Op::IsMet { of, value, .. } => {
                    visit(of);
                    value.into_iter().for_each(visit);
                }
                Op::Define { of, arguments, .. } => {
                    of.into_iter().for_each(&mut *visit);
                    arguments.into_iter().for_each(visit);
                }
                Op::Parameter { keys, on, .. } => {
                    keys.into_iter().for_each(&mut *visit);
                    on.into_iter().for_each(visit);
                }
                Op::Lookup { keys, .. } => keys.into_iter().for_each(visit),
                Op::Not(a)
                | Op::Negate(a)
                | Op::IsKnown(a)
                | Op::IsMissing(a)
                | Op::IsNone(a)
                | Op::Rounded(a, _, _)
                | Op::Part(_, a, _)
                | Op::SchoolYearOf(a, _)
                | Op::ToCount(a) => visit(a),
                Op::And(a, b)
                | Op::Or(a, b)
                | Op::Arithmetic(_, a, b)
                | Op::Compare(_, a, b)
                | Op::InSet(a, b)
                | Op::TextTest(_, a, b)
                | Op::Presumed(a, b)
                | Op::Affix(_, a, b)
                | Op::Elapsed(_, a, b, _)
                | Op::Age(a, b, _)
                | Op::NthWeekday(a, _, _, b) => [a, b].into_iter().for_each(visit),
                Op::Shift { start, by, .. } => [start, by].into_iter().for_each(visit),
                Op::InList(a, list) => {
                    visit(a);
                    list.into_iter().for_each(visit);
                }
                Op::Between(a, b, c) | Op::If(a, b, c) | Op::MakeDate(a, b, c) => {
                    [a, b, c].into_iter().for_each(visit);
                }
                Op::Case(case) => {
                    for (condition, value) in &$($mutable)? case.arms {
                        visit(condition);
                        visit(value);
                    }
                    (&$($mutable)? case.otherwise).into_iter().for_each(visit);
                }
                Op::Aggregate { rows, operand, .. } => {
                    $of_rows(rows, visit);
                    operand.into_iter().for_each(visit);
                }
                Op::Population(population) => {
                    if let PopulationKind::InTop(share) = &$($mutable)? population.kind {
                        visit(share);
                    }
                    visit(&$($mutable)? population.operand);
                    $of_rows(&$($mutable)? population.rows, visit);
                    (&$($mutable)? population.per).into_iter().for_each(&mut *visit);
                    (&$($mutable)? population.own).into_iter().for_each(visit);
                }
                Op::Pick { rows, by, read, .. } => {
                    $of_rows(rows, visit);
                    by.into_iter().for_each(&mut *visit);
                    visit(read);
                }
                Op::Apportion { total, rows, by, .. } => {
                    visit(total);
                    $of_rows(rows, visit);
                    visit(by);
                }
                Op::Quantity(_, n, rows) => {
                    visit(n);
                    $of_rows(rows, visit);
                }
                Op::Min(list) | Op::Max(list) => list.into_iter().for_each(visit),
            }
        }

        fn $of_rows(rows: &$($mutable)? Rows, visit: &mut impl FnMut(&$($mutable)? ExprId)) {
            $of_source(&$($mutable)? rows.source, visit);
            (&$($mutable)? rows.filter).into_iter().for_each(visit);
        }

        fn $of_source(source: &$($mutable)? RowSource, visit: &mut impl FnMut(&$($mutable)? ExprId)) {
            match source {
                RowSource::Many { of, .. } => visit(of),
                RowSource::All(_) | RowSource::Values(_) => {}
                RowSource::Flatten { outer, inner } => {
                    $of_rows(outer, visit);
                    $of_source(inner, visit);
                }
            }
        }
    };
}

visitor!(visit_operands, visit_rows, visit_source);
visitor!(change_operands, change_rows, change_source, mut);

/// Does something with each expression that an operation uses directly, in the order of the text.
pub(crate) fn each_operand(op: &Op, mut work: impl FnMut(ExprId)) {
    visit_operands(op, &mut |id: &ExprId| work(*id));
}

/// Whether something is so of an expression that an operation uses directly.
pub(crate) fn any_operand(op: &Op, mut is_so: impl FnMut(ExprId) -> bool) -> bool {
    let mut any = false;
    each_operand(op, |id| any = any || is_so(id));
    any
}

/// The expressions that an operation uses directly, in the order of the text.
#[must_use]
pub fn operands(op: &Op) -> Vec<ExprId> {
    let mut found = Vec::new();
    visit_operands(op, &mut |id: &ExprId| found.push(*id));
    found
}

/// Whether some expression below (and with) this one satisfies the test.
pub fn any_operation(code: &Code, from: ExprId, mut test: impl FnMut(&Op) -> bool) -> bool {
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

/// Whether the expression reads the row bound to that slot.
pub(crate) fn reads_slot(code: &Code, expr: ExprId, slot: u16) -> bool {
    any_operation(code, expr, |op| *op == Op::Row(slot))
}

/// A field of the row in that slot, and what a condition demands it to be equal to.
pub(crate) fn demanded(code: &Code, slot: u16, condition: ExprId) -> Option<(u32, ExprId)> {
    match code.get(condition)?.op {
        Op::And(a, b) => demanded(code, slot, a).or_else(|| demanded(code, slot, b)),
        Op::Compare(CompareOp::Eq, a, b) => {
            let of_row = |side: ExprId| match code.get(side)?.op {
                Op::Field { of, field } if code.get(of)?.op == Op::Row(slot) => Some(field),
                _ => None,
            };
            let pair = |own: ExprId, other: ExprId| {
                Some((of_row(own)?, other)).filter(|_| !reads_slot(code, other, slot))
            };
            pair(a, b).or_else(|| pair(b, a))
        }
        _ => None,
    }
}
