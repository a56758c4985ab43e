//! Labels after `by` in tests: only the whole plan knows which rules a decision has.

use crate::diagnostic::Diagnostic;
use crate::names::nearest;
use crate::plan::{ExpectBody, ExpectKind, Plan, RuleBody};

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    for expect in plan.tests.iter().flat_map(|test| &test.expects) {
        let Some((name, known)) = labels(plan, expect) else { continue };
        for label in expect.by.iter().filter(|label| !known.contains(&&***label)) {
            let message = format!("`{name}` has no label `{label}`");
            let diagnostic = Diagnostic::error("unknown-label", expect.place, message);
            found.push(match nearest(label, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("after `by` stand labels of what decides; the default is `default`"),
            });
        }
    }
}

/// The name of what is expected, and the labels that can follow `by`. Nothing where it has errors of its own.
fn labels<'a>(plan: &'a Plan, expect: &ExpectBody) -> Option<(&'a str, Vec<&'a str>)> {
    match &expect.kind {
        ExpectKind::Decision { decision, .. } => {
            let body = plan.decisions.get(&decision.0)?;
            let symbols = &plan.symbols;
            let both = |rule: &'a RuleBody| [&*rule.label, symbols.short_label(rule.policy, &rule.label)];
            let known = body.rules.iter().flat_map(both).chain(["default"]).collect();
            Some((&plan.symbols.decision(*decision)?.name, known))
        }
        ExpectKind::Requirement { requirement, .. } => {
            let body = plan.requirements.get(&requirement.0)?;
            let symbols = &plan.symbols;
            let musts = body.musts.iter().filter_map(|must| Some((must.policy, must.label.as_deref()?)));
            let all = musts.chain(body.excepts.iter().map(|except| (except.policy, &*except.label)));
            let known = all.flat_map(|(policy, label)| [label, symbols.short_label(policy, label)]).collect();
            Some((&plan.symbols.requirement(*requirement)?.name, known))
        }
        ExpectKind::Amount { .. } | ExpectKind::State(..) | ExpectKind::Condition(..) => None,
    }
}
