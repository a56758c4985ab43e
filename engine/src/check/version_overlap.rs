//! # two versions of one thing are in force on the same day
//!
//! Severity: error
//!
//! A rule may be stated several times under one label, and a decision may have several defaults, when the law changed:
//! each version has its own interval. On a day at most one of them may be in force, since the label names *the* version
//! in force. The same holds for the arms of a dated definition, where an arm without an end lasts until the next one
//! without an end begins.
//!
//! Wrong:
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   default retained cite "(5)"
//!   rule reads: promoted when level >= 2 from 2014-07-01 cite "(5)(b)"
//!   rule reads: promoted when level >= 3 from 2020-07-01 cite "(5)(b)"
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   default retained cite "(5)"
//!   rule reads: promoted when level >= 2 from 2014-07-01 until 2020-07-01 cite "(5)(b)"
//!   rule reads: promoted when level >= 3 from 2020-07-01 cite "(5)(b)"
//! }
//! ```
//!
//! This error cannot be allowed. Two rules that are meant to stand side by side need two labels.

use std::collections::BTreeMap;

use rubric_grammar::Span;
use rubric_grammar::ast::{Decision, DefineBody, Item, ItemKind};

use super::dates::{self, Dated};
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::lower::Context;
use crate::plan::Interval;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    match &item.kind {
        ItemKind::Decision(decision) => versions(cx, decision, found),
        ItemKind::Amount(amount) => {
            let mut by_label: BTreeMap<&str, Vec<Dated>> = BTreeMap::new();
            for line in &amount.lines {
                if let Some(dated) = dated(line.interval.as_ref(), None, line.label.span) {
                    by_label.entry(&line.label.text).or_default().push(dated);
                }
            }
            for (label, versions) in by_label {
                if let Some((earlier, later, both)) = dates::first_overlap(&versions) {
                    report(cx, &format!("two lines `{label}` are"), earlier, later, both, found);
                }
            }
        }
        ItemKind::Define(define) => {
            let DefineBody::Dated(arms) = &define.body else { return };
            let dated: Vec<Dated> = arms
                .iter()
                .filter_map(|arm| {
                    Some(Dated { interval: dates::interval(&arm.interval)?, span: arm.interval.span })
                })
                .collect();
            if let Some((earlier, later, both)) = dates::first_layer_overlap(&dated) {
                report(cx, &format!("two arms of `{}` are", define.name.text), earlier, later, both, found);
            }
        }
        _ => {}
    }
}

fn versions(cx: &Context<'_>, decision: &Decision, found: &mut Vec<Diagnostic>) {
    let defaults: Vec<Dated> = decision
        .defaults
        .iter()
        .filter_map(|default| dated(default.interval.as_ref(), None, default.span))
        .collect();
    if let Some((earlier, later, both)) = dates::first_overlap(&defaults) {
        report(cx, "two defaults are", earlier, later, both, found);
    }
    let mut by_label: BTreeMap<&str, Vec<Dated>> = BTreeMap::new();
    for (rule, part) in decision.members.iter().flat_map(walk::rules) {
        let part = part.and_then(|part| part.interval.as_ref());
        if let Some(dated) = dated(rule.interval.as_ref(), part, rule.label.span) {
            by_label.entry(&rule.label.text).or_default().push(dated);
        }
    }
    for (label, versions) in by_label {
        if let Some((earlier, later, both)) = dates::first_overlap(&versions) {
            report(cx, &format!("two rules `{label}` are"), earlier, later, both, found);
        }
    }
}

/// The interval of a rule within that of its part; its place is the clause where there is one.
fn dated(
    own: Option<&rubric_grammar::ast::Interval>,
    part: Option<&rubric_grammar::ast::Interval>,
    otherwise: Span,
) -> Option<Dated> {
    let days = |clause: Option<&rubric_grammar::ast::Interval>| match clause {
        Some(clause) => dates::interval(clause),
        None => Some(Interval::default()),
    };
    let interval = dates::meet(days(own)?, days(part)?);
    (!dates::is_empty(interval))
        .then(|| Dated { interval, span: own.map_or(otherwise, |clause| clause.span) })
}

fn report(cx: &Context<'_>, what: &str, a: Dated, b: Dated, both: Interval, found: &mut Vec<Diagnostic>) {
    let days = if both == Interval::default() { "on every day".to_owned() } else { dates::words(both) };
    let help = match b.interval.from.max(a.interval.from) {
        Some(day) => format!("end the earlier version with `until {day}`, or give one of them another label"),
        None => {
            "give each version its interval (`from 2014-07-01 until 2020-07-01`), or another label".to_owned()
        }
    };
    found.push(
        Diagnostic::error("version-overlap", cx.place(b.span), format!("{what} in force {days}"))
            .here("this version")
            .label(cx.place(a.span), "and this one")
            .help(help),
    );
}
