//! # something is compared with itself
//!
//! Severity: warning
//!
//! `x = x` is yes for every known `x` and unknown for an unknown one, so it never says anything about the record. Mostly two
//! records have a field of the same name and both sides mean the same one. A condition that asks whether a fact is on file is
//! `x is known`.
//!
//! Wrong:
//!
//! ```rubric
//! define same_school of Student: count =
//!   count of enrollments where school = school
//! ```
//!
//! Right: one side says whose field it is.
//!
//! ```rubric
//! define same_school of Student: count =
//!   count of enrollments as e where e.school = this.school
//! ```
//!
//! To keep it, write `allow(self-comparison) "why"` before the rule or the declaration.

use rubric_grammar::ast::{BinaryOp, ExprKind, Item};

use super::walk;
use crate::diagnostic::Diagnostic;
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for expr in walk::expressions(item) {
        walk::each(expr, &mut |expr| {
            let ExprKind::Binary(op, a, b) = &*expr.kind else { return };
            let always = match op {
                BinaryOp::Eq | BinaryOp::Le | BinaryOp::Ge => "yes",
                BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt => "no",
                _ => return,
            };
            if walk::same(a, b) {
                found.push(
                    Diagnostic::warning("self-comparison", cx.place(expr.span), "both sides are the same")
                        .here(format!("always {always}, or unknown"))
                        .help("say whose field each side is (`c.field`, `this.field`), or write `is known`"),
                );
            }
        });
    }
}
