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
use rubric_grammar::ast::{Aggregate, AggregateKind, BinaryOp, Expr, ExprKind, Item};

use super::walk;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for condition in walk::conditions(item) {
        in_condition(cx, condition, found);
    }
}

fn in_condition(cx: &Context<'_>, condition: &Expr, found: &mut Vec<Diagnostic>) {
    let mut open = vec![condition];
    while let Some(expr) = open.pop() {
        match &*expr.kind {
            ExprKind::Not(of) | ExprKind::Paren(of) => open.push(of),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, a, b) => open.extend([b, a]),
            ExprKind::Aggregate(aggregate) => found.extend(in_aggregate(cx, expr, aggregate)),
            _ => {}
        }
    }
}

fn in_aggregate(cx: &Context<'_>, expr: &Expr, aggregate: &Aggregate) -> Option<Diagnostic> {
    let word = match aggregate.kind {
        AggregateKind::Count | AggregateKind::CountDistinct => "count",
        AggregateKind::Sum => "sum",
        AggregateKind::Highest => "highest",
        AggregateKind::Lowest => "lowest",
        AggregateKind::Average => "average",
        _ => return None,
    };
    let left = aggregate.rows.filter.as_ref().and_then(last_comparison)?;
    let edits = vec![
        (cx.place(Span::new(expr.span.start, expr.span.start)), "(".to_owned()),
        (cx.place(Span::new(left.span.end, left.span.end)), ")".to_owned()),
    ];
    let message = format!(
        "the comparison is part of what this `{word}` chooses, so a number is left where yes or no is needed"
    );
    Some(
        Diagnostic::error("swallowed-comparison", cx.place(expr.span), message)
            .label(
                cx.place(Span::new(left.span.end, expr.span.end)),
                "taken as part of the condition after `where`",
            )
            .help(format!("put the `{word}` in brackets, before the comparison"))
            .fix(format!("bracket the `{word}`"), Applicability::Maybe, edits),
    )
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
