//! # money may carry fractions of a cent into a result
//!
//! Severity: error
//!
//! Cents appear only where a policy says so: nothing is rounded in silence, and where rounding happens changes what a
//! district is paid. So every line of an amount of money must surely be whole cents. Whole cents are: money on file (a cell
//! with fractions of a cent is a data error; a rate that has them is a `number` times `$1`), literals and parameters as they
//! are written, their sums, and their products with whole numbers. A product with a percent or a number has the places of
//! both: 20% of a rate in whole dollars is whole dimes, 20% of dollars and cents is not whole cents; and of a percent or a
//! number on file the places are not known. A quotient may go on without end. Where the total is rounded to cents or
//! dollars its lines may have fractions, which the generated line `adjustment` takes up, but not endless ones.
//!
//! Wrong:
//!
//! ```rubric
//! amount aid of District {
//!   line share = 12.5% of grants
//!     cite "§ 2"
//! }
//! ```
//!
//! Right: it says how, and where.
//!
//! ```rubric
//! amount aid of District {
//!   line share = (12.5% of grants) rounded half up to cents
//!     cite "§ 2"
//! }
//! ```
//!
//! This error cannot be allowed.

use super::grain::{CENTS, Grain, Grains, round_edits};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::plan::{AmountBody, AmountId, ExprId, Plan};
use crate::value::Base;

pub(super) fn check(plan: &Plan, grains: &Grains<'_>, found: &mut Vec<Diagnostic>) {
    for (id, body) in &plan.amounts {
        let Some(symbol) = plan.symbols.amount(AmountId(*id)) else { continue };
        if symbol.ty.base != Base::Money {
            continue;
        }
        let rounded = body.total.is_some_and(|total| total.rounding.is_some());
        // Endless fractions have no decimal form, so that not even a line may have them.
        let finest = if rounded { Grain::Finite } else { CENTS };
        for line in &body.lines {
            let what = if symbol.lines.is_empty() { "amount" } else { "line" };
            for part in [Some(line.value), line.at_most, line.at_least].into_iter().flatten() {
                if grains.of(&body.code, part) > finest {
                    found.extend(report(body, grains, part, finest, &format!("the {what} `{}`", line.label)));
                }
            }
        }
        let limits = body.total.iter().flat_map(|total| [total.at_most, total.at_least]).flatten();
        for limit in limits.filter(|limit| !rounded && grains.of(&body.code, *limit) > CENTS) {
            found.extend(report(body, grains, limit, CENTS, &format!("the amount `{}`", symbol.name)));
        }
    }
}

fn report(
    body: &AmountBody,
    grains: &Grains<'_>,
    part: ExprId,
    finest: Grain,
    what: &str,
) -> Option<Diagnostic> {
    let place = body.code.get(part)?.place;
    let culprit = grains.finest(&body.code, part, finest);
    let brings = match grains.of(&body.code, culprit) {
        Grain::Places(places) => format!("this may have {places} places"),
        Grain::Finite => "this may have any number of places".to_owned(),
        Grain::Endless => "this may go on without end".to_owned(),
    };
    let message = format!("{what} may carry fractions of a cent into a result");
    let diagnostic = Diagnostic::error("unrounded-money", place, message);
    let culprit_place = body.code.get(culprit).map(|expr| expr.place).filter(|other| *other != place);
    let diagnostic = match culprit_place {
        Some(culprit) => diagnostic.label(culprit, brings),
        None => diagnostic.here(brings),
    };
    let help = "say how and where it is rounded, such as `(…) rounded half up to cents`; rounding each row and rounding \
                their sum can differ by dollars";
    let title = "round half up to cents here".to_owned();
    Some(diagnostic.help(help).fix(title, Applicability::Maybe, round_edits(place, "half up to cents")))
}
