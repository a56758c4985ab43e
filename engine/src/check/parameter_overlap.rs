//! # two rows of a parameter are in force on the same day
//!
//! Severity: error
//!
//! A parameter has one value on a day. A row without an end lasts until the next one without an end begins; a row with
//! an end lies over it while it lasts. So two rows with an end may not share a day, and two rows without an end may not
//! begin on the same day: the text would give two values and no way to choose.
//!
//! Wrong:
//!
//! ```rubric
//! parameter allowance: money {
//!   cite "§ 4"
//!   from 2023-07-01 through 2024-07-01: $100
//!   from 2024-07-01 until 2025-07-01: $110
//! }
//! ```
//!
//! Right: `through` includes its day, `until` does not.
//!
//! ```rubric
//! parameter allowance: money {
//!   cite "§ 4"
//!   from 2023-07-01 until 2024-07-01: $100
//!   from 2024-07-01 until 2025-07-01: $110
//! }
//! ```
//!
//! This error cannot be allowed.

use rubric_grammar::ast::{Item, ItemKind, Parameter};

use super::dates::{self, Dated};
use crate::diagnostic::Diagnostic;
use crate::lower::Context;

pub(super) fn check(cx: &Context<'_>, item: &Item, found: &mut Vec<Diagnostic>) {
    let ItemKind::Parameter(parameter) = &item.kind else { return };
    let rows = rows(parameter);
    let Some((earlier, later, both)) = dates::first_layer_overlap(&rows) else { return };
    let name = &parameter.name.text;
    let (message, help) = if earlier.interval.until.is_none() {
        let day = later.interval.from.map_or_else(|| "at once".to_owned(), |day| format!("on {day}"));
        (
            format!("two rows of `{name}` begin {day} and neither ends"),
            "give one of them another first day, or end one of them with `until`",
        )
    } else {
        (
            format!("two rows of `{name}` are in force {}", dates::words(both)),
            "`until` leaves its day out and `through` takes it in: make the earlier row end where the later begins",
        )
    };
    found.push(
        Diagnostic::error("parameter-overlap", cx.place(later.span), message)
            .here("this row")
            .label(cx.place(earlier.span), "and this one")
            .help(help),
    );
}

/// The rows whose days exist.
pub(super) fn rows(parameter: &Parameter) -> Vec<Dated> {
    let dated = |entry: &rubric_grammar::ast::ParameterEntry| {
        Some(Dated { interval: dates::interval(&entry.interval)?, span: entry.interval.span })
    };
    parameter.entries.iter().filter_map(dated).collect()
}
