//! What proofs find, as the checks say it.

use super::{
    amended, assertion_fails, assertion_open, case_arms_disagree, case_without_arm, condition_always_holds,
    constant_comparison, decision_gap, mixed_grant, not_decided, requirement_never_met,
    requirement_never_violated, rule_conflict, rule_never_applies, rule_never_changes,
};
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{
    Amendment, AssertBody, DecisionId, DefineId, ParameterId, Plan, ResultId, RuleBody, Symbols,
};
use crate::prove::{Finding, Witness, define_findings, findings, property};

/// What proofs about a decision or a requirement find.
#[must_use]
pub fn result(plan: &Plan, result: ResultId) -> Vec<Diagnostic> {
    told(plan, &findings(plan, result))
}

/// What proofs about a definition find.
#[must_use]
pub fn define(plan: &Plan, define: DefineId) -> Vec<Diagnostic> {
    told(plan, &define_findings(plan, define))
}

/// What the proof of a promise finds; `plan` is the part that it hangs on.
#[must_use]
pub fn assertion(plan: &Plan, assert: &AssertBody) -> Vec<Diagnostic> {
    let Some(property) = property(plan, assert) else { return Vec::new() };
    let told = [assertion_fails::told(plan, assert, &property), assertion_open::told(assert, &property)];
    told.into_iter().flatten().collect()
}

/// What the proof of an amendment finds: whether it does what it was granted. `whole` holds what the result hangs on, with
/// what every policy amends.
#[must_use]
pub fn amendment(whole: &Plan, amendment: &Amendment) -> Vec<Diagnostic> {
    amended::told(whole, amendment)
}

/// What the proof of the grants of a parameter finds; `whole` holds all that reads it, with what every policy amends.
#[must_use]
pub fn grants(whole: &Plan, parameter: ParameterId) -> Vec<Diagnostic> {
    mixed_grant::told(whole, parameter)
}

/// Of two rules that disagree it is said once: where it breaks what was granted, that.
pub fn told_once(found: &mut Vec<Diagnostic>) {
    let breaks = |one: &Diagnostic| matches!(one.code, "not-tighter" | "not-looser");
    let places: Vec<Place> = found.iter().filter(|one| breaks(one)).filter_map(Diagnostic::place).collect();
    found.retain(|one| {
        one.code != "rule-conflict" || !one.labels.iter().any(|label| places.contains(&label.place))
    });
}

fn told(plan: &Plan, findings: &[Finding]) -> Vec<Diagnostic> {
    let checks = [
        rule_conflict::told,
        decision_gap::told,
        rule_never_applies::told,
        rule_never_changes::told,
        condition_always_holds::told,
        constant_comparison::told,
        requirement_never_violated::told,
        requirement_never_met::told,
        case_arms_disagree::told,
        case_without_arm::told,
        not_decided::told,
    ];
    findings.iter().filter_map(|finding| checks.iter().find_map(|check| check(plan, finding))).collect()
}

/// A rule of a decision.
pub(super) fn rule(plan: &Plan, decision: DecisionId, rule: u32) -> Option<&RuleBody> {
    plan.decisions.get(&decision.0)?.rules.get(rule as usize)
}

/// The outcome of a rule.
pub(super) fn outcome<'p>(plan: &'p Plan, decision: DecisionId, rule: &RuleBody) -> &'p str {
    let category = plan.symbols.decision(decision).map(|symbol| symbol.outcomes);
    category
        .and_then(|category| crate::plan::category_value(&plan.symbols, category, rule.outcome))
        .unwrap_or_default()
}

/// A record that shows it, as a test.
pub(super) fn shown(symbols: &Symbols, witness: &Witness, title: &str, expectation: &str) -> String {
    format!("{MADE_UP}{}", witness.test(symbols, title, expectation))
}

/// What stands before a test that shows something, at the end of a help.
const MADE_UP: &str = "a record that shows it, made up:\n\n";

/// The test block that a diagnostic of a proof shows.
pub(crate) fn test_of(diagnostic: &Diagnostic) -> Option<&str> {
    let (_, test) = diagnostic.help.as_deref()?.split_once("made up:\n\n")?;
    test.starts_with("test \"").then(|| test.trim_end())
}
