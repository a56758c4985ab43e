//! Labels after `by` in tests: only the whole plan knows which rules a decision has.

use crate::diagnostic::Diagnostic;
use crate::names::nearest;
use crate::plan::{ExpectBody, ExpectKind, Plan, ResultStatus, RuleBody, TestBody};

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    for (test, expect) in plan.tests.iter().flat_map(|test| test.expects.iter().map(move |one| (test, one))) {
        let Some(Labels { of, known, what }) = labels(plan, test, expect) else { continue };
        for label in expect.by.iter().filter(|label| !known.contains(&&***label)) {
            let diagnostic =
                Diagnostic::error("unknown-label", expect.place, format!("{of} has no {what} `{label}`"));
            found.push(match nearest(label, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("after `by` stands {}", standing(what, &known))),
            });
        }
    }
}

fn standing(what: &str, known: &[&str]) -> String {
    match known {
        [] => format!("the label of a {what}, and there is none"),
        known => known.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(" or "),
    }
}

/// What can follow `by`.
struct Labels<'a> {
    /// Of what: `` `promotion` ``.
    of: String,
    known: Vec<&'a str>,
    /// What they are labels of.
    what: &'static str,
}

/// The labels that can follow `by`. Nothing where what is expected has errors of its own.
fn labels<'a>(plan: &'a Plan, test: &'a TestBody, expect: &ExpectBody) -> Option<Labels<'a>> {
    let quoted = |name: &str| format!("`{name}`");
    let symbols = &plan.symbols;
    match &expect.kind {
        ExpectKind::Decision { decision, .. } => {
            let body = plan.decisions.get(&decision.0)?;
            let both = |rule: &'a RuleBody| [&*rule.label, symbols.short_label(rule.policy, &rule.label)];
            let mut known: Vec<&str> = body.rules.iter().flat_map(both).collect();
            known.dedup();
            known.extend(body.defaults.first().map(|_| "default"));
            Some(Labels { of: quoted(&plan.symbols.decision(*decision)?.name), known, what: "rule" })
        }
        ExpectKind::Requirement { requirement, expected, .. } => {
            let body = plan.requirements.get(&requirement.0)?;
            let of = quoted(&plan.symbols.requirement(*requirement)?.name);
            let both = |(policy, label): (_, &'a str)| [label, symbols.short_label(policy, label)];
            let excepts = body.excepts.iter().map(|except| (except.policy, &*except.label));
            let musts = body.musts.iter().filter_map(|must| Some((must.policy, must.label.as_deref()?)));
            Some(match expected {
                ResultStatus::Waived => {
                    let known = test.waivers.iter().map(|waiver| &*waiver.name).collect();
                    Labels { of: "this test".to_owned(), known, what: "waiver" }
                }
                ResultStatus::Excepted => {
                    Labels { of, known: excepts.flat_map(both).collect(), what: "except" }
                }
                _ => {
                    let known = musts.flat_map(both).collect();
                    Labels { of, known, what: "must" }
                }
            })
        }
        ExpectKind::Amount { .. } | ExpectKind::State(..) | ExpectKind::Condition(..) => None,
    }
}
