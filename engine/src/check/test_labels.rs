//! Labels after `by` in tests: only the whole plan knows which rules a decision has.

use crate::diagnostic::Diagnostic;
use crate::names::nearest;
use crate::plan::{ExpectBody, ExpectKind, Plan, PolicyId, ResultStatus, TestBody};

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
    // With the policy before it where amendments of two have the same, and without.
    let both = |policy: PolicyId, label: &'a str| [label, plan.symbols.short_label(policy, label)];
    match &expect.kind {
        ExpectKind::Decision { decision, .. } => {
            let body = plan.decisions.get(&decision.0)?;
            let rules = body.rules.iter().filter(|rule| !rule.is_default);
            let mut known: Vec<&str> = rules.flat_map(|rule| both(rule.policy, &rule.label)).collect();
            known.dedup();
            let default = !body.defaults.is_empty() || body.rules.iter().any(|rule| rule.is_default);
            known.extend(default.then_some("default"));
            Some(Labels { of: quoted(&plan.symbols.decision(*decision)?.name), known, what: "rule" })
        }
        ExpectKind::Requirement { requirement, expected, .. } => {
            let body = plan.requirements.get(&requirement.0)?;
            let of = quoted(&plan.symbols.requirement(*requirement)?.name);
            Some(match expected {
                ResultStatus::Waived => {
                    let known = test.waivers.iter().map(|waiver| &*waiver.name).collect();
                    Labels { of: "this test".to_owned(), known, what: "waiver" }
                }
                ResultStatus::Excepted => Labels {
                    of,
                    known: body
                        .excepts
                        .iter()
                        .flat_map(|except| both(except.policy, &except.label))
                        .collect(),
                    what: "except",
                },
                _ => {
                    let musts =
                        body.musts.iter().filter_map(|must| Some((must.policy, must.label.as_deref()?)));
                    let known = musts.flat_map(|(policy, label)| both(policy, label)).collect();
                    Labels { of, known, what: "must" }
                }
            })
        }
        ExpectKind::Amount { .. } | ExpectKind::State(..) | ExpectKind::Condition(..) => None,
    }
}
