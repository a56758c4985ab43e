//! # a parameter has no value on a day on which it is needed
//!
//! Severity: error
//!
//! A parameter must have a value on every day on which some rule, requirement or definition in force reads it. Reported
//! are days between two rows that no row covers, a rule that is in force before the parameter's first row, and a day
//! named in the text (`passing_level on 2010-09-01`) on which there is no row. A run on a day without a value is
//! refused, with this code, before any record is read: never is an old or a later value taken silently.
//!
//! Wrong:
//!
//! ```rubric
//! parameter allowance: money {
//!   cite "§ 4"
//!   from 2023-07-01 until 2024-06-30: $100
//!   from 2024-07-01: $110
//! }
//! ```
//!
//! Right: `until` leaves its day out, so June 30 had no value.
//!
//! ```rubric
//! parameter allowance: money {
//!   cite "§ 4"
//!   from 2023-07-01 through 2024-06-30: $100
//!   from 2024-07-01: $110
//! }
//! ```
//!
//! This error cannot be allowed.

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_grammar::ast::{Item, ItemKind};

use super::{dates, parameter_overlap, reach};
use crate::diagnostic::{Diagnostic, Place};
use crate::lower::Context;
use crate::plan::{
    AmountBody, AmountId, Code, DecisionBody, DecisionId, DefineId, ExprId, Interval, MustCheck, Op, ParameterBody,
    ParameterId, Plan, PolicyId, RequirementBody, RequirementId, ResultId, TemplatePart,
};
use crate::value::{Date, Value};

/// Days between two rows.
pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    let ItemKind::Parameter(parameter) = &item.kind else { return };
    let rows = parameter_overlap::rows(parameter);
    if parameter.amend || rows.len() < parameter.entries.len() {
        return;
    }
    for (gap, before) in dates::gaps(&rows) {
        found.push(
            Diagnostic::error(
                "parameter-gap",
                cx.place(before.span),
                format!("`{}` has no value {}", parameter.name.text, dates::words(gap)),
            )
            .here("this row ends")
            .help("`until` leaves its day out and `through` takes it in; or add a row for these days"),
        );
    }
}

/// What is said of the place that reads a parameter before its first value; told once for each parameter.
pub(crate) const EARLY: &str = "needed on these days";

/// Rules in force before the first row of a parameter that they read, and constant days without a row.
pub(super) fn before_first(plan: &Plan, found: &mut Vec<Diagnostic>) {
    let roots = roots(plan, None, |_| true);
    let quiet = !may_be_early(plan, &roots);
    if quiet && !cfg!(debug_assertions) {
        return;
    }
    let said = found.len();
    let mut told: BTreeSet<(ParameterId, Place)> = BTreeSet::new();
    let mut early: BTreeSet<ParameterId> = BTreeSet::new();
    for need in needs(plan, &roots, None) {
        let Some(body) = plan.parameters.get(&need.parameter.0) else { continue };
        let Some(first) = body.rows.iter().min_by_key(|row| row.interval.from) else { continue };
        let Some(start) = first.interval.from else { continue };
        let name = name(plan, need.parameter);
        if let Some(day) = need.on {
            if body.row_at(day).is_none() && told.insert((need.parameter, need.place)) {
                found.push(no_value(&name, day, need.place, body));
            }
        } else if let Some(from) = need.window.from
            && from < start
            && early.insert(need.parameter)
        {
            let hole = dates::meet(need.window, Interval { from: None, until: Some(start) });
            found.push(
                Diagnostic::error(
                    "parameter-gap",
                    need.place,
                    format!("`{name}` has no value {}", dates::words(hole)),
                )
                .here(EARLY)
                .label(first.place, "its first value begins here")
                .help("begin the parameter earlier, or the rule later"),
            );
        }
    }
    debug_assert!(!quiet || found.len() == said, "something is read early after all");
}

/// Whether something may be read before its first value, told without following what is read: not where everything begins
/// when all parameters have begun, and none is read on a constant day.
fn may_be_early(plan: &Plan, roots: &[Root<'_>]) -> bool {
    let first = |body: &Arc<ParameterBody>| {
        let row = body.rows.iter().min_by_key(|row| row.interval.from)?;
        row.interval.from
    };
    let begun = plan.parameters.values().filter_map(first).max();
    let is_late = |root: &Root<'_>| root.window.from.is_some_and(|from| begun.is_none_or(|begun| begun <= from));
    let on_a_day = |code: &Code| {
        code.exprs.iter().any(|expr| matches!(&expr.op, Op::Parameter { on: Some(_), .. }))
    };
    let defines = plan.defines.values().map(|body| &body.code);
    !roots.iter().all(is_late) || roots.iter().map(|root| root.code).chain(defines).any(on_a_day)
}

/// The parameters and definitions that have no value on the day of a run that reads them.
pub(super) fn at(plan: &Plan, as_of: Date, results: &BTreeSet<ResultId>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    let roots = roots(plan, Some(as_of), |result| results.contains(&result));
    for need in needs(plan, &roots, Some(as_of)) {
        let Some(body) = plan.parameters.get(&need.parameter.0) else { continue };
        let day = need.on.unwrap_or(as_of);
        if body.row_at(day).is_none() && told.insert((need.parameter, day)) {
            found.push(no_value(&name(plan, need.parameter), day, need.place, body));
        }
    }
    for (define, place) in dead_defines(plan, &roots, as_of) {
        let name = plan.symbols.define(define).map_or("", |symbol| symbol.name.as_str());
        found.push(
            Diagnostic::error("define-gap", place, format!("`{name}` has no value on {as_of}"))
                .here("read here")
                .help("run on another day, or add an arm to the definition for that day"),
        );
    }
    found
}

fn name(plan: &Plan, id: ParameterId) -> String {
    plan.symbols.parameter(id).map_or_else(String::new, |symbol| symbol.name.clone())
}

fn no_value(name: &str, day: Date, place: Place, body: &ParameterBody) -> Diagnostic {
    let diagnostic = Diagnostic::error("parameter-gap", place, format!("`{name}` has no value on {day}"))
        .here("needed here")
        .help("add a row to the parameter for that day, or use another day");
    let starts = body.rows.iter().filter_map(|row| Some((row.interval.from?, row.place)));
    match starts.min_by_key(|(from, _)| *from) {
        Some((from, row)) if day < from => diagnostic.label(row, "its first value begins here"),
        _ => match body.rows.iter().max_by_key(|row| row.interval.until) {
            Some(row) => diagnostic.label(row.place, "its last value ends here"),
            None => diagnostic,
        },
    }
}

/// A parameter that something in force reads.
struct Need {
    parameter: ParameterId,
    /// The days on which it is read; meaningless with `on`.
    window: Interval,
    /// A constant day on which it is read.
    on: Option<Date>,
    place: Place,
}

/// An expression that is evaluated during an interval.
struct Root<'a> {
    code: &'a Code,
    expr: ExprId,
    window: Interval,
}

/// What results read, in the order of the results. With a day: only of what is in force on it.
fn needs(plan: &Plan, roots: &[Root<'_>], on: Option<Date>) -> Vec<Need> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<(DefineId, Option<Date>, Option<Date>)> = BTreeSet::new();
    let mut open: Vec<(DefineId, Interval)> = Vec::new();
    let read = |root: &Root<'_>, found: &mut Vec<Need>, open: &mut Vec<(DefineId, Interval)>| {
        for expr in reach::within(root.code, root.expr) {
            match &expr.op {
                Op::Parameter { parameter, on: None, .. } => {
                    found.push(Need {
                        parameter: *parameter,
                        window: root.window,
                        on: None,
                        place: expr.place,
                    });
                }
                Op::Parameter { parameter, on: Some(day), .. } => {
                    if let Some(Op::Literal(Value::Date(day))) = root.code.get(*day).map(|expr| &expr.op) {
                        found.push(Need {
                            parameter: *parameter,
                            window: root.window,
                            on: Some(*day),
                            place: expr.place,
                        });
                    }
                }
                Op::Define { define, .. } => open.push((*define, root.window)),
                _ => {}
            }
        }
    };
    for root in roots {
        read(root, &mut found, &mut open);
        while let Some((define, window)) = open.pop() {
            if !seen.insert((define, window.from, window.until)) {
                continue;
            }
            let Some(body) = plan.defines.get(&define.0) else { continue };
            for arm in &body.arms {
                let window = dates::meet(window, arm.interval);
                if in_force(window, on) {
                    read(&Root { code: &body.code, expr: arm.value, window }, &mut found, &mut open);
                }
            }
        }
    }
    found
}

fn in_force(window: Interval, on: Option<Date>) -> bool {
    !dates::is_empty(window) && on.is_none_or(|day| window.contains(day))
}

/// The expressions of decisions, requirements and amounts, with the days on which they are evaluated. Those with `law on` are
/// left out: their day is a fact of the record, and a parameter without a value on it is an error of that record.
fn roots(plan: &Plan, on: Option<Date>, wanted: impl Fn(ResultId) -> bool) -> Vec<Root<'_>> {
    let mut found = Vec::new();
    let effective =
        |policy: PolicyId| plan.symbols.policy(policy).map(|policy| policy.effective).unwrap_or_default();
    for (id, body) in &plan.decisions {
        let policy = plan.symbols.decision(DecisionId(*id)).map(|symbol| symbol.policy);
        if body.law_on.is_none() && wanted(ResultId::Decision(DecisionId(*id))) {
            of_decision(body, policy.map(effective).unwrap_or_default(), &mut found);
        }
    }
    for (id, body) in &plan.requirements {
        let policy = plan.symbols.requirement(RequirementId(*id)).map(|symbol| symbol.policy);
        if body.law_on.is_none() && wanted(ResultId::Requirement(RequirementId(*id))) {
            of_requirement(body, policy.map(effective).unwrap_or_default(), &mut found);
        }
    }
    for (id, body) in &plan.amounts {
        let policy = plan.symbols.amount(AmountId(*id)).map(|symbol| symbol.policy);
        if body.law_on.is_none() && wanted(ResultId::Amount(AmountId(*id))) {
            of_amount(body, policy.map(effective).unwrap_or_default(), &mut found);
        }
    }
    found.retain(|root| in_force(root.window, on));
    found
}

fn values(because: &[TemplatePart]) -> impl Iterator<Item = ExprId> {
    because.iter().filter_map(|part| match part {
        TemplatePart::Value(value) => Some(*value),
        TemplatePart::Text(_) => None,
    })
}

fn of_decision<'a>(body: &'a DecisionBody, effective: Interval, found: &mut Vec<Root<'a>>) {
    let code = &body.code;
    found.extend(body.condition.map(|expr| Root { code, expr, window: effective }));
    for rule in &body.rules {
        let window = dates::meet(effective, rule.interval);
        found.extend(rule.when.into_iter().chain(values(&rule.because)).map(|expr| Root {
            code,
            expr,
            window,
        }));
    }
    for default in &body.defaults {
        let window = dates::meet(effective, default.interval);
        found.extend(values(&default.because).map(|expr| Root { code, expr, window }));
    }
}

fn of_requirement<'a>(body: &'a RequirementBody, effective: Interval, found: &mut Vec<Root<'a>>) {
    let code = &body.code;
    let window = dates::meet(effective, body.interval);
    let whole = body.condition.into_iter().chain(body.due.map(|(due, _)| due)).chain(values(&body.because));
    found.extend(whole.map(|expr| Root { code, expr, window }));
    for must in &body.musts {
        let window = dates::meet(window, must.interval);
        match &must.check {
            MustCheck::Condition(expr) => found.push(Root { code, expr: *expr, window }),
            MustCheck::Unique(keys) => {
                found.extend(keys.iter().map(|expr| Root { code, expr: *expr, window }))
            }
        }
    }
    for except in &body.excepts {
        found.push(Root { code, expr: except.when, window: dates::meet(window, except.interval) });
    }
}

fn of_amount<'a>(body: &'a AmountBody, effective: Interval, found: &mut Vec<Root<'a>>) {
    let code = &body.code;
    let total = body.total.iter().flat_map(|total| total.at_most.into_iter().chain(total.at_least));
    let whole = body.condition.into_iter().chain(values(&body.because)).chain(total);
    found.extend(whole.map(|expr| Root { code, expr, window: effective }));
    for line in &body.lines {
        let window = dates::meet(effective, line.interval);
        let own = [Some(line.value), line.when, line.at_most, line.at_least].into_iter().flatten();
        found.extend(own.chain(values(&line.because)).map(|expr| Root { code, expr, window }));
    }
}

/// Definitions read on that day of which no arm is in force, each with a place that reads it.
fn dead_defines(plan: &Plan, roots: &[Root<'_>], as_of: Date) -> Vec<(DefineId, Place)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(DefineId, Place)> = Vec::new();
    let read = |root: &Root<'_>, open: &mut Vec<(DefineId, Place)>| {
        open.extend(reach::within(root.code, root.expr).into_iter().filter_map(|expr| match &expr.op {
            Op::Define { define, .. } => Some((*define, expr.place)),
            _ => None,
        }));
    };
    for root in roots {
        read(root, &mut open);
        while let Some((define, place)) = open.pop() {
            if !seen.insert(define) {
                continue;
            }
            let Some(body) = plan.defines.get(&define.0) else { continue };
            let mut arms = body.arms.iter().filter(|arm| arm.interval.contains(as_of)).peekable();
            if arms.peek().is_none() {
                found.push((define, place));
            }
            for arm in arms {
                read(&Root { code: &body.code, expr: arm.value, window: arm.interval }, &mut open);
            }
        }
    }
    found
}
