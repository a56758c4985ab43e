//! # a sum that is shared need not be whole in the unit of its parts
//!
//! Severity: error
//!
//! `apportion` gives parts that add up to the sum exactly, each of them whole cents (or dollars, or what is said after
//! `to`). That can only be if the sum is whole in that unit: one that may have fractions of a cent is rounded before it is
//! shared.
//!
//! Wrong:
//!
//! ```rubric
//! record Office { key office_id: text  district: District  weight: number }
//! extend record District { offices: many Office }
//! amount part of Office = apportion 12.5% of district.grants over district.offices by weight to cents
//! ```
//!
//! Right:
//!
//! ```rubric
//! record Office { key office_id: text  district: District  weight: number }
//! extend record District { offices: many Office }
//! amount part of Office =
//!   apportion (12.5% of district.grants) rounded half up to cents over district.offices by weight to cents
//! ```
//!
//! This error cannot be allowed.

use super::grain::{Grains, codes, of_unit, round_edits, unit_words};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::plan::{Op, Plan};

pub(super) fn check(plan: &Plan, grains: &Grains<'_>, found: &mut Vec<Diagnostic>) {
    for code in codes(plan) {
        for expr in &code.exprs {
            let Op::Apportion { total, unit, .. } = &expr.op else { continue };
            let Some(sum) = code.get(*total) else { continue };
            if grains.of(code, *total) <= of_unit(*unit) {
                continue;
            }
            let unit = unit_words(*unit);
            let message = format!("this sum is finer than the parts it is shared in: {unit}");
            found.push(
                Diagnostic::error("uneven-share", sum.place, message)
                    .help("round it to that unit before it is shared, so that the parts can add up to it")
                    .fix(
                        format!("round half up to {unit}"),
                        Applicability::Maybe,
                        round_edits(sum.place, &format!("half up to {unit}")),
                    ),
            );
        }
    }
}
