//! What proofs find, as the checks say it.

use super::{
    amended, assertion_fails, assertion_open, case_arms_disagree, case_without_arm, condition_always_holds,
    constant_comparison, decision_gap, mixed_grant, not_decided, requirement_never_met,
    requirement_never_violated, rule_conflict, rule_never_applies, rule_never_changes,
};
use rubric_grammar::Span;

use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{
    Amendment, AssertBody, DecisionId, DefineId, ParameterId, Plan, ResultId, RuleBody, Symbols, written_name,
};
use crate::prove::{AFTER_ERRORS, Finding, Witness, define_findings, findings, property};

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

/// What hangs on a declaration with errors is not decided, and the errors are what there is to say.
pub fn told_elsewhere(diagnostic: &Diagnostic) -> bool {
    let is_open = matches!(diagnostic.code, "not-decided" | "assertion-open");
    is_open && AFTER_ERRORS.iter().any(|why| diagnostic.message.contains(why))
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

/// What lets a rule give way to others, written behind its outcome: `subject to a, b`; or prevail over them:
/// `notwithstanding a`. Nothing where the rules would then override each other in a circle.
pub(super) fn override_clause(
    plan: &Plan,
    decision: DecisionId,
    rule: u32,
    others: &[u32],
    clause: Clause,
) -> Option<(Place, String)> {
    let rules = &plan.decisions.get(&decision.0)?.rules;
    let own = rules.get(rule as usize)?;
    // Versions of a rule share its label, and what names it.
    let label = |rule: u32| rules.get(rule as usize).map(|rule| &rule.label);
    let same = |one: u32, other: u32| label(one).is_some() && label(one) == label(other);
    let mut labels: Vec<&str> = Vec::new();
    for other in others {
        let (top, bottom) = match clause {
            Clause::SubjectTo => (*other, rule),
            Clause::Notwithstanding => (rule, *other),
        };
        let mut open = vec![top];
        let mut seen: Vec<u32> = Vec::new();
        while let Some(next) = open.pop() {
            if same(next, bottom) {
                return None;
            }
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            let versions = (0_u32..).zip(rules.iter()).filter(|(at, _)| same(*at, next));
            open.extend(versions.flat_map(|(_, rule)| rule.overridden_by.iter().copied()));
        }
        let position = *other;
        let other = rules.get(position as usize)?;
        // What a layer above has fixed stays, and so does what overrides it.
        let is_fixed = |rule: &RuleBody| rule.fixed && rule.policy != own.policy;
        let guards = rules.iter().any(|rule| is_fixed(rule) && rule.overridden_by.contains(&position));
        if other.is_default || (clause == Clause::Notwithstanding && (is_fixed(other) || guards)) {
            return None;
        }
        let short = plan.symbols.short_label(other.policy, &other.label);
        if !labels.contains(&short) {
            labels.push(short);
        }
    }
    let word = match clause {
        Clause::SubjectTo => "subject to",
        Clause::Notwithstanding => "notwithstanding",
    };
    let names: Vec<_> = labels.into_iter().map(written_name).collect();
    let behind = Span::new(own.said.span.end, own.said.span.end);
    let text = format!(" {word} {}", names.join(", "));
    (!own.is_default).then_some((Place { span: behind, ..own.said }, text))
}

/// How one rule stands to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// It gives way.
    SubjectTo,
    /// It prevails.
    Notwithstanding,
}

/// The same with the mends that let a rule give way to others, or prevail over them where it `may`.
pub(super) fn with_overrides(
    diagnostic: Diagnostic,
    plan: &Plan,
    decision: DecisionId,
    (rule, others): (u32, &[u32]),
    may: &[Clause],
) -> Diagnostic {
    let Some(own) = self::rule(plan, decision, rule) else { return diagnostic };
    let label = plan.symbols.short_label(own.policy, &own.label);
    let mut diagnostic = diagnostic;
    for clause in may {
        let Some(edit) = override_clause(plan, decision, rule, others, *clause) else { continue };
        let does = match clause {
            Clause::SubjectTo => "give way",
            Clause::Notwithstanding => "prevail",
        };
        diagnostic =
            diagnostic.choice(format!("let `{label}` {does}: write `{}`", edit.1.trim_start()), vec![edit]);
    }
    diagnostic
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
