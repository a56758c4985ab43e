//! # a comma inside a list belongs to a number
//!
//! Severity: warning
//!
//! A comma with three digits touching on either side is part of the number: `max($5,100)` has one argument, five thousand one
//! hundred dollars. Between brackets that mostly is not what was meant.
//!
//! Wrong:
//!
//! ```rubric
//! define cap of Student: number = max(fee, 5,100)
//! ```
//!
//! Right: a comma between values is followed by a space.
//!
//! ```rubric
//! define cap of Student: number = max(fee, 5, 100)
//! ```
//!
//! If the large number is meant, write it without the comma (`5100`), or write `allow(comma-number) "why"` before the rule or the
//! declaration.

use rubric_grammar::ast::{Expr, ExprKind, Item, Literal};

use super::walk;
use crate::diagnostic::Diagnostic;
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for expr in walk::expressions(item) {
        walk::each(expr, &mut |expr| {
            let values: &[Expr] = match &*expr.kind {
                ExprKind::Call(_, arguments) => arguments,
                ExprKind::InList { list, .. } => list,
                _ => return,
            };
            for value in values {
                let Some(plain) = with_comma(value) else { continue };
                found.push(
                    Diagnostic::warning(
                        "comma-number",
                        cx.place(value.span),
                        format!("this is one number, `{plain}`"),
                    )
                    .help(format!(
                        "put a space after the comma if these are several values, else write `{plain}`"
                    )),
                );
            }
        });
    }
}

/// The number without commas, if it was written with some.
fn with_comma(value: &Expr) -> Option<String> {
    let ExprKind::Literal(literal) = &*value.kind else { return None };
    let plain = match literal {
        Literal::Number(digits) => digits.clone(),
        Literal::Money(digits) => format!("${digits}"),
        _ => return None,
    };
    let written = value.span.end.saturating_sub(value.span.start) as usize;
    (written > plain.len()).then_some(plain)
}
