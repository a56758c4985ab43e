//! Walking typed code: what is reached from an expression.

use std::collections::BTreeSet;

use crate::plan::operands;
use crate::plan::{Code, Expr, ExprId, Op, Rows};

/// The rows that an operation goes over.
pub(crate) fn rows_of(op: &Op) -> Option<&Rows> {
    match op {
        Op::Aggregate { rows, .. }
        | Op::Pick { rows, .. }
        | Op::Quantity(_, _, rows)
        | Op::Apportion { rows, .. } => Some(rows),
        Op::Population(population) => Some(&population.rows),
        _ => None,
    }
}

/// An expression and everything it uses within its code, each once, in the order of the code.
pub(crate) fn within(code: &Code, root: ExprId) -> Vec<&Expr> {
    let mut reached = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let Some(expr) = code.get(id) else { continue };
        if reached.insert(id) {
            open.extend(operands(&expr.op));
        }
    }
    reached.into_iter().filter_map(|id| code.get(id)).collect()
}
