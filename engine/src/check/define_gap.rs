//! # a dated definition says nothing for some days
//!
//! Severity: error
//!
//! A definition with dated arms is worth, on a day, what the arm in force says. Days between two arms on which no arm is
//! in force have no value, and every result that reads the definition would be an error on them. The same code
//! refuses a run on a day that no arm of a definition covers which the run reads.
//!
//! Wrong:
//!
//! ```rubric
//! define covered of Staff: flag {
//!   from 2002-01-08 until 2015-12-10: paid_by_title_1
//!   from 2016-07-01: instructional and paid_by_title_1
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! define covered of Staff: flag {
//!   from 2002-01-08 until 2016-07-01: paid_by_title_1
//!   from 2016-07-01: instructional and paid_by_title_1
//! }
//! ```
//!
//! This error cannot be allowed.

use rubric_grammar::ast::{DefineBody, Item, ItemKind};

use super::dates::{self, Dated};
use crate::diagnostic::Diagnostic;
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    let ItemKind::Define(define) = &item.kind else { return };
    let DefineBody::Dated(arms) = &define.body else { return };
    let dated: Vec<Dated> = arms
        .iter()
        .filter_map(|arm| Some(Dated { interval: dates::interval(&arm.interval)?, span: arm.interval.span }))
        .collect();
    if dated.len() < arms.len() {
        return;
    }
    for (gap, before) in dates::gaps(&dated) {
        found.push(
            Diagnostic::error(
                "define-gap",
                cx.place(before.span),
                format!("`{}` has no value {}", define.name.text, dates::words(gap)),
            )
            .here("this arm ends")
            .help("end the earlier arm where the later begins, or add an arm for these days"),
        );
    }
}
