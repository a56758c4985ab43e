//! # a percentage is taken of the first term of a sum only
//!
//! Severity: warning
//!
//! `20% of a + b` is `(20% of a) + b`, as `20% * a + b` would be, but many readers take it for 20% of the whole sum. Brackets make
//! it plain either way. `5% of a + 10% of b` can be read in one way only and is not reported.
//!
//! Wrong:
//!
//! ```rubric
//! define share of District: money = 20% of base + grants
//! ```
//!
//! Right, if that is what was meant:
//!
//! ```rubric
//! define share of District: money = (20% of base) + grants
//! ```
//!
//! To keep it, write `allow(percent-of-sum) "why"` before the rule or the declaration.

use rubric_grammar::Span;
use rubric_grammar::ast::{BinaryOp, Expr, ExprKind, Item};

use super::walk;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for expr in walk::expressions(item) {
        walk::each(expr, &mut |expr| {
            let ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), left, right) = &*expr.kind else {
                return;
            };
            if matches!(&*right.kind, ExprKind::PercentOf(..)) {
                return;
            }
            let Some(percent) = last_term(left) else { return };
            let sign = if *op == BinaryOp::Add { "+" } else { "-" };
            let (start, end) = (percent.span.start, percent.span.end);
            let edits = vec![
                (cx.place(Span::new(start, start)), "(".to_owned()),
                (cx.place(Span::new(end, end)), ")".to_owned()),
            ];
            found.push(
                Diagnostic::warning(
                    "percent-of-sum",
                    cx.place(percent.span),
                    format!("the percentage is taken before the `{sign}`, not of the whole"),
                )
                .here("only of this")
                .label(cx.place(right.span), format!("the `{sign}` comes after it"))
                .help("bracket what is meant: `(20% of a) + b`, or `20% of (a + b)`")
                .fix("bracket it as it is read now", Applicability::Maybe, edits),
            );
        });
    }
}

/// A `p of x` that stands, without brackets, just before the sign.
fn last_term(left: &Expr) -> Option<&Expr> {
    match &*left.kind {
        ExprKind::PercentOf(..) => Some(left),
        ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, first, _) => last_term(first).map(|_| left),
        _ => None,
    }
}
