//! # a limit is finer than the unit that is rounded to
//!
//! Severity: error
//!
//! A line that is rounded to dollars and then capped at $100.50 is no whole dollar any more; capped and then rounded it is
//! $101, above its cap. So that no order has to be chosen, `at most` and `at least` of a rounded line or total are whole in
//! the unit that it is rounded to: then both orders give the same.
//!
//! Wrong:
//!
//! ```rubric
//! amount aid of District {
//!   line share = (12.5% of grants) rounded half up to dollars
//!     at most $100.50
//!     cite "§ 2"
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! amount aid of District {
//!   line share = (12.5% of grants) rounded half up to dollars
//!     at most $100
//!     cite "§ 2"
//! }
//! ```
//!
//! A limit that is computed is rounded itself: `at most (5% of grants) rounded down to dollars`. This error cannot be
//! allowed.

use rubric_grammar::ast::RoundingUnit;

use super::grain::{Grains, of_unit, round_edits, unit_words};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::plan::{AmountId, Code, ExprId, Op, Plan};

pub(super) fn check(plan: &Plan, grains: &Grains<'_>, found: &mut Vec<Diagnostic>) {
    for (id, body) in &plan.amounts {
        let code = &body.code;
        for line in &body.lines {
            let Some(Op::Rounded(_, _, unit)) = code.get(line.value).map(|expr| &expr.op) else { continue };
            let limits = [line.at_most, line.at_least];
            finer(code, grains, *unit, limits, &format!("the line `{}`", line.label), found);
        }
        let Some((total, (_, unit))) = body.total.and_then(|total| Some((total, total.rounding?))) else {
            continue;
        };
        let name = plan.symbols.amount(AmountId(*id)).map_or("", |symbol| symbol.name.as_str());
        finer(code, grains, unit, [total.at_most, total.at_least], &format!("the amount `{name}`"), found);
    }
}

fn finer(
    code: &Code,
    grains: &Grains<'_>,
    unit: RoundingUnit,
    limits: [Option<ExprId>; 2],
    what: &str,
    found: &mut Vec<Diagnostic>,
) {
    for limit in limits.into_iter().flatten().filter(|limit| grains.of(code, *limit) > of_unit(unit)) {
        let Some(expr) = code.get(limit) else { continue };
        let unit = unit_words(unit);
        let message = format!("this limit of {what} is finer than what it is rounded to: {unit}");
        let diagnostic = Diagnostic::error("uneven-limit", expr.place, message);
        found.push(if matches!(expr.op, Op::Literal(_)) {
            diagnostic.help("write a whole multiple of that unit, so that it is all one which comes first")
        } else {
            diagnostic
                .help("round the limit to the same unit, so that it is all one which comes first")
                .fix(
                    format!("round it down to {unit}"),
                    Applicability::Maybe,
                    round_edits(expr.place, &format!("down to {unit}")),
                )
        });
    }
}
