//! # a comparison ended up inside the condition of an aggregate
//!
//! Severity: error
//!
//! A condition after `where` runs as far as it can, so `count of assignments where not special <= 30` counts the assignments for which
//! `not (special <= 30)`. A number is then left where yes or no is needed. An aggregate that is compared stands in brackets.
//!
//! Wrong:
//!
//! ```rubric
//! requirement class_size of Section {
//!   cite "§ 7"
//!   must count of assignments where not special <= 30
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement class_size of Section {
//!   cite "§ 7"
//!   must (count of assignments where not special) <= 30
//! }
//! ```
//!
//! This error cannot be allowed.

use rubric_grammar::Span;
use rubric_grammar::ast::{AggregateKind, BinaryOp, Expr, ExprKind, Item};

use super::walk;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for condition in walk::conditions(item) {
        in_condition(cx, condition, found);
    }
}

fn in_condition(cx: &Context<'_>, expr: &Expr, found: &mut Vec<Diagnostic>) {
    match &*expr.kind {
        ExprKind::Not(of) | ExprKind::Paren(of) => in_condition(cx, of, found),
        ExprKind::Binary(BinaryOp::And | BinaryOp::Or, a, b) => {
            in_condition(cx, a, found);
            in_condition(cx, b, found);
        }
        ExprKind::Aggregate(aggregate) => {
            let word = match aggregate.kind {
                AggregateKind::Count | AggregateKind::CountDistinct => "count",
                AggregateKind::Sum => "sum",
                AggregateKind::Highest => "highest",
                AggregateKind::Lowest => "lowest",
                AggregateKind::Average => "average",
                _ => return,
            };
            let Some(left) = aggregate.rows.filter.as_ref().and_then(last_comparison) else { return };
            let edits = vec![
                (cx.place(Span::new(expr.span.start, expr.span.start)), "(".to_owned()),
                (cx.place(Span::new(left.span.end, left.span.end)), ")".to_owned()),
            ];
            found.push(
                Diagnostic::error(
                    "swallowed-comparison",
                    cx.place(expr.span),
                    format!("the comparison is part of what this `{word}` chooses, so a number is left where yes or no is needed"),
                )
                .label(cx.place(Span::new(left.span.end, expr.span.end)), "taken as part of the condition after `where`")
                .help(format!("put the `{word}` in brackets, before the comparison"))
                .fix(format!("bracket the `{word}`"), Applicability::Maybe, edits),
            );
        }
        _ => {}
    }
}

/// The left side of the comparison with which the expression ends.
fn last_comparison(expr: &Expr) -> Option<&Expr> {
    match &*expr.kind {
        ExprKind::Not(of) => last_comparison(of),
        ExprKind::Binary(BinaryOp::And | BinaryOp::Or, _, right) => last_comparison(right),
        ExprKind::Binary(
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge,
            left,
            _,
        )
        | ExprKind::Between { item: left, .. } => Some(left),
        _ => None,
    }
}
