//! # two arms of a dated definition are in force on the same day
//!
//! Severity: error
//!
//! A dated definition is worth, on a day, what its one arm in force says. An arm without an end lasts until the next arm without
//! an end begins, and an arm with an end lies over it while it lasts; so two arms with an end may not share a day, and two
//! arms without an end may not begin on the same day.
//!
//! Wrong:
//!
//! ```rubric
//! define covered of Staff: flag {
//!   cite "34 CFR 200.58"
//!   from 2002-01-08 through 2015-12-10: paid_by_title_1
//!   from 2015-12-10 until 2020-01-01: instructional
//! }
//! ```
//!
//! Right: `through` includes its day, `until` does not.
//!
//! ```rubric
//! define covered of Staff: flag {
//!   cite "34 CFR 200.58"
//!   from 2002-01-08 until 2015-12-10: paid_by_title_1
//!   from 2015-12-10 until 2020-01-01: instructional
//! }
//! ```
//!
//! This error cannot be allowed. Versions of a rule are compared in the same way: see `duplicate-label`.

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
    let Some((earlier, later, both)) = dates::first_layer_overlap(&dated) else { return };
    found.push(
        Diagnostic::error(
            "define-overlap",
            cx.place(later.span),
            format!("two arms of `{}` are in force {}", define.name.text, dates::words(both)),
        )
        .here("this arm")
        .label(cx.place(earlier.span), "and this one")
        .help("`until` leaves its day out and `through` takes it in: make the earlier arm end where the later begins"),
    );
}
