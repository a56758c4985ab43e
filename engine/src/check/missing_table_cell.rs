//! # a table of a parameter leaves out a value
//!
//! Severity: error
//!
//! A parameter `by` categories has a value for every combination of them in each of its rows, or an `otherwise` that stands for
//! the rest. A combination left out would be an error of whatever record needs it, perhaps only in the middle of a year.
//!
//! Wrong:
//!
//! ```rubric
//! category Tier { paid, reduced, free }
//! parameter rate by Tier: money {
//!   cite "§ 4"
//!   from 2024-07-01 { paid: $0.42  free: $4.43 }
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! category Tier { paid, reduced, free }
//! parameter rate by Tier: money {
//!   cite "§ 4"
//!   from 2024-07-01 { paid: $0.42  reduced: $4.03  free: $4.43 }
//! }
//! ```
//!
//! Tables by school year cannot be complete and are not looked at. This error cannot be allowed; `otherwise:` is the way to say
//! that the rest is alike.

use crate::diagnostic::Diagnostic;
use crate::plan::{ParameterBody, ParameterId, Symbols};
use crate::value::{Base, CategoryId};

/// As many combinations are named in a message.
const NAMED: usize = 3;
/// A table with more cells than this is not looked at.
const LIMIT: usize = 1_000_000;

/// What is missing in the tables of a parameter.
#[must_use]
pub fn parameter(symbols: &Symbols, id: ParameterId, body: &ParameterBody) -> Vec<Diagnostic> {
    let Some(symbol) = symbols.parameter(id) else { return Vec::new() };
    let categories: Option<Vec<CategoryId>> = symbol
        .by
        .iter()
        .map(|ty| match ty.base {
            Base::Category(category) => Some(category),
            _ => None,
        })
        .collect();
    let Some(categories) = categories else { return Vec::new() };
    let sizes: Option<Vec<usize>> =
        categories.iter().map(|id| Some(symbols.category(*id)?.values.len())).collect();
    let Some(sizes) = sizes else { return Vec::new() };
    let cells = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    if categories.is_empty() || cells.is_none_or(|cells| cells > LIMIT) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for row in body.rows.iter().filter(|row| row.otherwise.is_none() && !row.cells.contains_key(&Vec::new()))
    {
        let missing: Vec<Vec<i64>> =
            combinations(&sizes).filter(|key| !row.cells.contains_key(key)).collect();
        if missing.is_empty() {
            continue;
        }
        let named: Vec<String> =
            missing.iter().take(NAMED).map(|key| format!("`{}`", words(symbols, &categories, key))).collect();
        let more = missing.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        found.push(
            Diagnostic::error(
                "missing-table-cell",
                row.place,
                format!("this row of `{}` has no value for {}{more}", symbol.name, named.join(", ")),
            )
            .help("add the values, or `otherwise:` with the value of the rest"),
        );
    }
    found
}

fn words(symbols: &Symbols, categories: &[CategoryId], key: &[i64]) -> String {
    let name = |(category, position): (&CategoryId, &i64)| {
        let values = &symbols.category(*category)?.values;
        Some(values.get(usize::try_from(*position).ok()?)?.name.clone())
    };
    categories.iter().zip(key).map(|pair| name(pair).unwrap_or_default()).collect::<Vec<_>>().join(", ")
}

/// Every key, the last position running fastest.
fn combinations(sizes: &[usize]) -> impl Iterator<Item = Vec<i64>> {
    let total: usize = sizes.iter().product();
    (0..total).map(move |mut number| {
        let mut key: Vec<i64> = sizes
            .iter()
            .rev()
            .map(|size| {
                let position = number % size;
                number /= size;
                i64::try_from(position).unwrap_or(i64::MAX)
            })
            .collect();
        key.reverse();
        key
    })
}
