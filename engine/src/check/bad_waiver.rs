//! # a waiver that nobody can grant
//!
//! Severity: error
//!
//! A waiver says what is waived (a requirement, or `decision.rule`), for which row, by whom, from when and why. It counts only
//! for what says `waivable by` an authority, and only by that authority. In a policy it is an error; among records it is a
//! data error, and has no effect.
//!
//! Wrong:
//!
//! ```rubric
//! requirement enough of Student {
//!   cite "§ 9"
//!   waivable by "commissioner"
//!   must credits >= 5
//! }
//! waiver w { target: enough  key: "S1/SY2024-25"  authority: "principal"  from: 2024-09-01  reason: "moved in May" }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement enough of Student {
//!   cite "§ 9"
//!   waivable by "commissioner"
//!   must credits >= 5
//! }
//! waiver w { target: enough  key: "S1/SY2024-25"  authority: "commissioner"  from: 2024-09-01  reason: "moved in May" }
//! ```

use crate::diagnostic::Diagnostic;
use crate::evaluate::{may_waive, quoted, waiver_target};
use crate::plan::{Plan, WaiverBody, WaiverSubject};
use crate::value::Base;

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    for body in &plan.waivers {
        found.extend(target(plan, body));
    }
    for test in &plan.tests {
        for body in &test.waivers {
            let problem = target(plan, body).or_else(|| {
                let WaiverSubject::Row(of) = &body.subject else { return None };
                let of = test.code.get(*of)?.ty.base;
                let target = waiver_target(plan, &body.target).ok()?;
                (of != Base::Record(target.of)).then(|| {
                    let name = plan.symbols.record(target.of).map_or("record", |record| record.name.as_str());
                    Diagnostic::error(
                        "bad-waiver",
                        body.target_place,
                        format!("`{}` is of a `{name}`, and the waiver is not", body.target),
                    )
                    .help(format!("name a row of `{name}` after `of`"))
                })
            });
            // A waiver of a fixture is in every test that is from it.
            if let Some(problem) = problem.filter(|problem| !found.contains(problem)) {
                found.push(problem);
            }
        }
    }
}

fn target(plan: &Plan, body: &WaiverBody) -> Option<Diagnostic> {
    match waiver_target(plan, &body.target) {
        Err(why) => Some(Diagnostic::error("bad-waiver", body.target_place, why.message).help(why.help)),
        Ok(target) if !may_waive(&target, &body.authority) => {
            let message = format!("`{}` may not waive `{}`", body.authority, body.target);
            let help = format!("it is waivable by {}", quoted(&target.authorities));
            Some(Diagnostic::error("bad-waiver", body.authority_place, message).help(help))
        }
        Ok(_) => None,
    }
}
