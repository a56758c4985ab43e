//! Walking typed code: what is reached from an expression.

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
    let mut reached = vec![false; code.exprs.len()];
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let (Some(expr), Some(reached)) = (code.get(id), reached.get_mut(id.0 as usize)) else { continue };
        if !std::mem::replace(reached, true) {
            open.extend(operands(&expr.op));
        }
    }
    code.exprs.iter().zip(reached).filter(|(_, reached)| *reached).map(|(expr, _)| expr).collect()
}
