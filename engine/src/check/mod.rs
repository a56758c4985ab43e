//! The checks: what a policy says that it cannot mean, or probably does not.
//!
//! One file for each check; its documentation is its page in the manual. A caller (the database) asks in this order:
//!
//! 1. [`item`] for each declaration, with its tree;
//! 2. [`code`] for each body that lowering gives, and [`parameter`] for each parameter's body;
//! 3. [`plan`] and [`unused`] for each file, and [`proof`] for each result and definition;
//! 4. [`settle`] for each file, with all its diagnostics (those of parsing, names and lowering too): it applies
//!    `allow(…)` and removes what repeats another message.
//!
//! Before a run, [`parameter_gaps`] says which parameters and definitions have no value on the day of the run.

mod amended;
mod dates;
pub(crate) mod depends;
mod grain;
pub mod proof;
pub(crate) mod reach;
mod registry;
mod settle;
mod test_labels;
pub(crate) mod walk;

mod pages;

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_grammar::ast;

use crate::diagnostic::{Diagnostic, Place};
use crate::lower::Context;
use crate::plan::{Code, InputId, Plan, PolicyId, RequirementId, ResultId, Symbol, Symbols};
use crate::value::Date;

pub use missing_table_cell::parameter;
pub(crate) use parameter_gap::EARLY;
pub use registry::{FIXES, PAGES, Page, page};
pub use settle::settle;
pub use unused_definition::{Source, Unneeded, Used, Uses, names_of, typed};

macro_rules! checks {
    ($($file:ident)*) => {
        $(mod $file;)*
        /// The files whose documentation is a page of the manual.
        const SOURCES: &[(&str, &str)] = &[$((stringify!($file), include_str!(concat!(stringify!($file), ".rs")))),*];
    };
}

checks! {
    assertion_fails
    assertion_open
    bad_allow
    bad_waiver
    case_arms_disagree
    case_without_arm
    comma_number
    condition_always_holds
    constant_comparison
    cycle
    decision_gap
    define_gap
    duplicate_id
    filter_reads_nothing
    missing_citation
    missing_table_cell
    mixed_grant
    not_decided
    not_looser
    not_tighter
    parameter_gap
    parameter_overlap
    percent_of_sum
    rank_needs_known
    requirement_never_met
    requirement_never_violated
    rule_conflict
    rule_never_applies
    rule_never_changes
    self_comparison
    swallowed_comparison
    uneven_limit
    uneven_share
    unrounded_money
    unused_definition
    unused_use
    vacuous_all
    version_overlap

}

/// What can be said of one declaration from its text. A damaged declaration is not looked at.
#[must_use]
pub fn item(cx: &Context<'_>, item: &ast::Item) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if item.damaged {
        return found;
    }
    parameter_overlap::check(cx, item, &mut found);
    parameter_gap::check(cx, item, &mut found);
    version_overlap::check(cx, item, &mut found);
    define_gap::check(cx, item, &mut found);
    missing_citation::check(cx, item, &mut found);
    vacuous_all::check(cx, item, &mut found);
    swallowed_comparison::check(cx, item, &mut found);
    self_comparison::check(cx, item, &mut found);
    percent_of_sum::check(cx, item, &mut found);
    rank_needs_known::check(cx, item, &mut found);
    comma_number::check(cx, item, &mut found);
    found
}

/// What can be said of one body's typed code.
#[must_use]
pub fn code(code: &Code) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    filter_reads_nothing::check(code, &mut found);
    found
}

/// What needs all bodies: declarations that read each other in a circle, parameters used before their first value,
/// labels in tests, money that is not whole cents.
#[must_use]
pub fn plan(plan: &Plan) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    cycle::check(plan, &mut found);
    assertion_fails::check(plan, &mut found);
    bad_waiver::check(plan, &mut found);
    parameter_gap::before_first(plan, &mut found);
    test_labels::check(plan, &mut found);
    let grains = grain::Grains::new(plan);
    unrounded_money::check(plan, &grains, &mut found);
    uneven_limit::check(plan, &grains, &mut found);
    uneven_share::check(plan, &grains, &mut found);
    found
}

/// Requirements that share an id, of those of the whole workspace.
#[must_use]
pub fn requirement_ids<'i>(
    symbols: &Symbols,
    ids: impl IntoIterator<Item = &'i (RequirementId, Arc<str>)>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    duplicate_id::check(symbols, ids, &mut found);
    found
}

/// What of a file nobody uses: definitions, and `use` clauses. `unneeded`: what of its policy nothing needs; `names`: the
/// names by which a policy is used, as [`names_of_policy`] gives them.
#[must_use]
pub fn unused(
    symbols: &Symbols,
    unneeded: &Unneeded,
    source: &Source<'_>,
    names: &dyn Fn(PolicyId) -> Arc<BTreeSet<String>>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    unused_definition::check(symbols, unneeded, source, &mut found);
    unused_use::check(symbols, source, names, &mut found);
    found
}

/// The names by which a policy is used: of what it declares, of the values and fields of that, and of its fixtures.
#[must_use]
pub fn names_of_policy(
    symbols: &Symbols,
    policy: PolicyId,
    declared: &[Symbol],
    fixtures: &[String],
) -> BTreeSet<String> {
    unused_use::names(symbols, policy, declared, fixtures)
}

/// The parameters and definitions that a run of these policies on that day needs and that have no value on it. A run
/// with any of these is refused before data is read. What other policies need is not asked.
#[must_use]
pub fn parameter_gaps(plan: &Plan, as_of: Date, policies: &BTreeSet<PolicyId>) -> Vec<Diagnostic> {
    let symbols = &plan.symbols;
    let wanted = |result: &ResultId| symbols.owner(*result).is_some_and(|policy| policies.contains(&policy));
    let results = cycle::reached(plan, symbols.results.iter().copied().filter(wanted));
    parameter_gap::at(plan, as_of, &results)
}

/// The inputs that these results read, each with a place that reads it. One that is not given refuses a run before data
/// is read, unless its type says that it may be missing.
#[must_use]
pub fn inputs_read(plan: &Plan, results: impl IntoIterator<Item = ResultId>) -> Vec<(InputId, Place)> {
    depends::inputs(plan, results)
}

#[cfg(test)]
mod manual_tests;
#[cfg(test)]
mod tests;
