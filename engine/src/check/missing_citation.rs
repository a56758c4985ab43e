//! # a rule says nothing about where it comes from
//!
//! Severity: warning
//!
//! Every result names the rule that decided it and the law behind that rule, so every rule has a citation: its own, that of
//! its part, or that of the whole decision, requirement, parameter or definition. The citation of the policy's header is the
//! statute that all others are read within; it does not count for a rule. Looked at are rules, defaults, `must` and `except`,
//! the rows of a parameter, the arms of a dated definition, and the lines of an amount. A definition without dates is a
//! derived fact, not law, and needs none.
//!
//! Wrong:
//!
//! ```rubric
//! parameter passing_level: count {
//!   from 2014-07-01: 2
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! parameter passing_level: count {
//!   cite "§ 1008.25(5)(b)"
//!   from 2014-07-01: 2
//! }
//! ```
//!
//! For a local practice that no text states, write `allow(missing-citation) "why"` before the rule or the declaration.

use rubric_grammar::Span;
use rubric_grammar::ast::{DefineBody, Item, ItemKind};

use super::walk;
use crate::diagnostic::Diagnostic;
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    let mut report = |what: String, span: Span, whole: &str| {
        found.push(
            Diagnostic::warning("missing-citation", cx.place(span), format!("{what} has no citation"))
                .help(format!("add `cite \"…\"` to it or to the {whole}")),
        );
    };
    match &item.kind {
        ItemKind::Decision(decision) if decision.cites.is_empty() => {
            for default in decision.defaults.iter().filter(|default| default.cites.is_empty()) {
                report(format!("the default `{}`", default.outcome.text), default.outcome.span, "decision");
            }
            for (rule, part) in decision.members.iter().flat_map(walk::rules) {
                if rule.cites.is_empty() && !rule.damaged && part.is_none_or(|part| part.cites.is_empty()) {
                    let whole = if part.is_some() { "part" } else { "decision" };
                    report(format!("rule `{}`", rule.label.text), rule.label.span, whole);
                }
            }
        }
        ItemKind::Requirement(requirement) if requirement.cites.is_empty() => {
            let bare: Vec<_> = requirement.musts.iter().filter(|must| must.cites.is_empty()).collect();
            if let [_, ..] = bare.as_slice()
                && bare.len() == requirement.musts.len()
            {
                report(
                    format!("requirement `{}`", requirement.name.text),
                    requirement.name.span,
                    "requirement",
                );
            } else {
                for must in bare {
                    let label = must
                        .label
                        .as_ref()
                        .map_or_else(|| "this `must`".to_owned(), |label| format!("must `{}`", label.text));
                    report(label, must.label.as_ref().map_or(must.span, |label| label.span), "requirement");
                }
            }
            for except in requirement.excepts.iter().filter(|except| except.cites.is_empty()) {
                report(format!("except `{}`", except.label.text), except.label.span, "requirement");
            }
        }
        ItemKind::Parameter(parameter) if parameter.cites.is_empty() => {
            let bare: Vec<_> = parameter.entries.iter().filter(|entry| entry.cites.is_empty()).collect();
            if !bare.is_empty() && bare.len() == parameter.entries.len() {
                report(format!("parameter `{}`", parameter.name.text), parameter.name.span, "parameter");
            } else {
                for entry in bare {
                    report(
                        format!("this row of `{}`", parameter.name.text),
                        entry.interval.span,
                        "parameter",
                    );
                }
            }
        }
        ItemKind::Define(define) if define.cites.is_empty() => {
            let DefineBody::Dated(arms) = &define.body else { return };
            for arm in arms.iter().filter(|arm| arm.cites.is_empty()) {
                report(format!("this arm of `{}`", define.name.text), arm.interval.span, "definition");
            }
        }
        ItemKind::Amount(amount) if amount.cites.is_empty() => {
            if amount.value.is_some() {
                report(format!("amount `{}`", amount.name.text), amount.name.span, "amount");
            }
            for line in amount.lines.iter().filter(|line| line.cites.is_empty()) {
                report(format!("line `{}`", line.label.text), line.label.span, "amount");
            }
        }
        _ => {}
    }
}
