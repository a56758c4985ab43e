//! What an expression reads.

use crate::plan::{Code, ExprId, Op, any_operation};

/// Whether the expression reads the row bound to that slot.
pub(crate) fn reads_slot(code: &Code, expr: ExprId, slot: u16) -> bool {
    any_operation(code, expr, |op| *op == Op::Row(slot))
}
