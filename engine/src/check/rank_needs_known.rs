//! # one unknown value leaves a whole ranking unknown
//!
//! Severity: warning
//!
//! A rank compares a row with all others of its partition. Where the value that is ranked is not known of a single row, nobody's
//! rank is: one missing score leaves a whole district undetermined. `where E is known` says that rows without the value
//! are not ranked, which is a choice that the policy makes, and so is written.
//!
//! Wrong:
//!
//! ```rubric
//! define gifted of Student: flag = in top 5% of credits among Student per school
//! ```
//!
//! Right:
//!
//! ```rubric
//! define gifted of Student: flag = in top 5% of credits among Student where credits is known per school
//! ```
//!
//! A row that is not among those ranked is not in the top, and its `percent_rank` is missing. Where every value must be there
//! before anybody is ranked, write `allow(rank-needs-known) "why"` before the declaration. A `total` is not reported:
//! what leaves out the unknown is not the total.

use rubric_grammar::Span;
use rubric_grammar::ast::{BinaryOp, Expr, ExprKind, IsTest, Item, Population};

use super::walk;
use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    for expr in walk::expressions(item) {
        walk::each(expr, &mut |expr| {
            let (ExprKind::PercentRank(among) | ExprKind::InTop(_, among)) = &*expr.kind else { return };
            if !asks_whether_known(among) && !matches!(&*walk::bare(&among.operand).kind, ExprKind::Literal(_)) {
                found.push(report(cx, among));
            }
        });
    }
}

/// Whether the condition lets in only rows of which the value is known.
fn asks_whether_known(among: &Population) -> bool {
    let alias = among.rows.alias.as_ref().map(|alias| alias.text.as_str());
    let filter = among.rows.filter.as_ref();
    filter.into_iter().flat_map(|filter| walk::chain(BinaryOp::And, filter)).any(|part| {
        matches!(&*part.kind, ExprKind::Is { item, negated: false, test: IsTest::Known }
            if same(item, &among.operand, alias))
    })
}

/// Whether two expressions are written alike, the alias of the rows apart.
fn same(a: &Expr, b: &Expr, alias: Option<&str>) -> bool {
    let own = |expr: &Expr| match &*walk::bare(expr).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Field(of, name) => match &*of.kind {
            ExprKind::Name(of) if Some(of.text.as_str()) == alias => Some(name.text.clone()),
            _ => None,
        },
        _ => None,
    };
    walk::same(a, b) || own(a).is_some_and(|name| own(b) == Some(name))
}

fn report(cx: &Context<'_>, among: &Population) -> Diagnostic {
    let diagnostic = Diagnostic::warning(
        "rank-needs-known",
        cx.place(among.operand.span),
        "one row of which this is not known leaves the whole ranking unknown",
    );
    let Some(text) = text(&among.operand) else {
        return diagnostic
            .help("give it a name by a `define`, rank by that, and add `where … is known` after the rows");
    };
    let edits = edits(cx, among, &text);
    diagnostic
        .help(format!("add `where {text} is known`: rows without it are not ranked"))
        .fix("rank only the rows of which it is known", Applicability::Maybe, edits)
}

fn edits(cx: &Context<'_>, among: &Population, text: &str) -> Vec<(Place, String)> {
    let at = |position: u32| cx.place(Span::new(position, position));
    let Some(filter) = &among.rows.filter else {
        let end = among.rows.alias.as_ref().map_or(among.rows.source.span.end, |alias| alias.span.end);
        return vec![(at(end), format!(" where {text} is known"))];
    };
    let and = format!(" and {text} is known");
    match &*filter.kind {
        ExprKind::Binary(BinaryOp::Or, ..) | ExprKind::If(..) => {
            vec![(at(filter.span.start), "(".to_owned()), (at(filter.span.end), format!("){and}"))]
        }
        _ => vec![(at(filter.span.end), and)],
    }
}

/// Names and fields as they are written.
fn text(expr: &Expr) -> Option<String> {
    match &*walk::bare(expr).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Field(of, name) => Some(format!("{}.{}", text(of)?, name.text)),
        _ => None,
    }
}
