//! # `all of` holds where there are no rows
//!
//! Severity: warning
//!
//! `all of S satisfy Q` is yes when there are no rows: a section without any assignment "has all its assignments certified". In a
//! `must`, `when` or `where` that lets through what the law wanted to catch. `some and all of` asks for at least one row.
//!
//! Wrong:
//!
//! ```rubric
//! requirement certified of Section {
//!   cite "§ 9"
//!   must all of assignments satisfy staff_is_certified
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement certified of Section {
//!   cite "§ 9"
//!   must some and all of assignments satisfy staff_is_certified
//! }
//! ```
//!
//! Not reported where the same condition also asks for a row (`(any of assignments) and (all of assignments satisfy …)`, or
//! `(count of assignments) >= 1`), over the values of a category, or under `not`. Where no rows are fine, write
//! `allow(vacuous-all) "why"` before the rule, the `must` or the declaration.

use rubric_grammar::Span;
use rubric_grammar::ast::{AggregateKind, BinaryOp, Expr, ExprKind, Item, Literal, QuantityKind, Rows};

use super::walk;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::lower::Context;
use crate::plan::Symbol;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for condition in walk::conditions(item) {
        look(cx, condition, &mut Vec::new(), found);
    }
}

/// `guards`: what must hold besides.
fn look<'a>(cx: &Context<'_>, expr: &'a Expr, guards: &mut Vec<&'a Expr>, found: &mut Vec<Diagnostic>) {
    let outer = guards.len();
    let conjuncts = walk::chain(BinaryOp::And, expr);
    guards.extend(&conjuncts);
    for conjunct in conjuncts {
        match &*conjunct.kind {
            ExprKind::Binary(BinaryOp::Or, ..) => {
                for disjunct in walk::chain(BinaryOp::Or, conjunct) {
                    look(cx, disjunct, guards, found);
                }
            }
            ExprKind::Aggregate(all) if all.kind == AggregateKind::All => {
                let rows = &all.rows;
                if over_category(cx, rows) || guards.iter().any(|guard| asks_for_a_row(guard, rows)) {
                    continue;
                }
                let start = conjunct.span.start;
                let edit = (cx.place(Span::new(start, start)), "some and ".to_owned());
                found.push(
                    Diagnostic::warning(
                        "vacuous-all",
                        cx.place(conjunct.span),
                        "this holds where there are no rows at all",
                    )
                    .help("write `some and all of` if there must be one, or allow it with the reason")
                    .fix("ask for at least one row", Applicability::Maybe, vec![edit]),
                );
            }
            _ => {}
        }
    }
    guards.truncate(outer);
}

fn over_category(cx: &Context<'_>, rows: &Rows) -> bool {
    let ExprKind::Name(name) = &*rows.source.kind else { return false };
    let symbols = cx.symbols.policy(cx.policy).and_then(|policy| policy.scope.names.get(&name.text));
    rows.filter.is_none()
        && symbols.is_some_and(|symbols| symbols.iter().any(|symbol| matches!(symbol, Symbol::Category(_))))
}

/// Whether a condition that holds means that the source has a row which the filter chooses.
fn asks_for_a_row(guard: &Expr, rows: &Rows) -> bool {
    let guard = walk::bare(guard);
    let chosen = |other: &Rows| {
        walk::same(&other.source, &rows.source)
            && match (&other.filter, &rows.filter) {
                (_, None) => true,
                (Some(a), Some(b)) => walk::same(a, b),
                (None, Some(_)) => false,
            }
    };
    match &*guard.kind {
        ExprKind::Aggregate(some) => {
            matches!(some.kind, AggregateKind::Any | AggregateKind::SomeAndAll) && chosen(&some.rows)
        }
        ExprKind::Quantity { kind: QuantityKind::AtLeast | QuantityKind::Exactly, rows: over, .. } => {
            chosen(over)
        }
        ExprKind::Binary(op @ (BinaryOp::Ge | BinaryOp::Gt | BinaryOp::Eq), count, least) => {
            let ExprKind::Aggregate(count) = &*walk::bare(count).kind else { return false };
            let ExprKind::Literal(Literal::Number(least)) = &*least.kind else { return false };
            let positive = *op == BinaryOp::Gt || least.chars().any(|digit| ('1'..='9').contains(&digit));
            count.kind == AggregateKind::Count && positive && chosen(&count.rows)
        }
        _ => false,
    }
}
