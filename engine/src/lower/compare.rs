//! Comparisons.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, BinaryOp, ExprKind};

use super::Lowering;
use super::unit::has_equality;
use crate::plan::{CompareOp, ExprId, Op};
use crate::value::Type;

impl Lowering<'_> {
    /// `a < b`. The side that says which category is meant is read first.
    pub(super) fn compare(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let op = match op {
            BinaryOp::Eq => CompareOp::Eq,
            BinaryOp::Ne => CompareOp::Ne,
            BinaryOp::Lt => CompareOp::Lt,
            BinaryOp::Le => CompareOp::Le,
            BinaryOp::Gt => CompareOp::Gt,
            BinaryOp::Ge => CompareOp::Ge,
            _ => return None,
        };
        if is_comparison(left) || is_comparison(right) {
            // Comparisons do not chain, which the syntax errors say; how these were meant is not known.
            self.failed = true;
            return None;
        }
        let ((left_id, left_type), (right_id, right_type)) = self.sides(left, right)?;
        for (side, ty) in [(left, left_type), (right, right_type)] {
            if !has_equality(ty.base) {
                self.report_no_equality(side, ty);
                return None;
            }
        }
        self.agree(left, left_type, right, right_type)?;
        self.check_order(op, left, left_id, left_type, span)?;
        self.check_order(op, right, right_id, right_type, span)?;
        Some(self.flag(Op::Compare(op, left_id, right_id), false, span))
    }

    fn sides(&mut self, left: &ast::Expr, right: &ast::Expr) -> Option<((ExprId, Type), (ExprId, Type))> {
        let wanted = |side: Option<(ExprId, Type)>| side.map(|(_, ty)| Type::of(ty.base));
        if self.is_value_name(left) {
            if self.is_value_name(right) {
                // Nothing says which category is meant; one report will do.
                self.expr(left, None)?;
                return None;
            }
            let right_side = self.expr(right, None)?;
            let left_side = self.expr(left, wanted(Some(right_side)))?;
            return Some((left_side, right_side));
        }
        let left_side = self.expr(left, None);
        if left_side.is_none() && self.is_value_name(right) {
            return None;
        }
        let right_side = self.expr(right, wanted(left_side));
        left_side.zip(right_side)
    }
}

/// Whether a side is a comparison without brackets.
fn is_comparison(side: &ast::Expr) -> bool {
    match &*side.kind {
        ExprKind::Binary(op, ..) => {
            use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
            matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
        }
        ExprKind::Between { .. } | ExprKind::InList { .. } | ExprKind::InSet { .. } | ExprKind::Is { .. } => {
            true
        }
        _ => false,
    }
}
