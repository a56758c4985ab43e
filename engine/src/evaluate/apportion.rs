//! Sharing a sum so that the parts add up to it exactly, by the largest remainder.

use std::cmp::Ordering;
use std::sync::Arc;

use rubric_grammar::ast::{RoundingMode, RoundingUnit};

use super::bounds::order;
use super::evaluator::{Evaluator, Frame};
use super::found::{Found, Truth, faults_of, needs_of, strict};
use super::operate;
use crate::plan::{ExprId, Rows};
use crate::value::{Fault, Number, Reference, Value};

fn bad(why: &str) -> Fault {
    Fault::BadApportionment(Arc::from(why))
}

impl Evaluator<'_> {
    /// The part of the row in slot 0.
    pub(super) fn apportion(
        &self,
        frame: &mut Frame<'_>,
        total: ExprId,
        rows: &Rows,
        by: ExprId,
        unit: RoundingUnit,
    ) -> Found {
        let Some(Value::Reference(current)) = frame.slot(0).cloned() else {
            return Found::broken("a part of no row");
        };
        let mut members = match self.select(frame, rows) {
            Ok(members) => members,
            Err(found) => return found,
        };
        let doubt: Vec<&Found> =
            members.iter().map(|(_, lets_in)| lets_in).filter(|found| found.truth() != Truth::True).collect();
        if doubt.iter().any(|found| found.truth() == Truth::Error) {
            return Found::error(faults_of(doubt));
        }
        if !doubt.is_empty() {
            // Who shares is not known, so no part is.
            return Found::unknown(needs_of(doubt));
        }
        members.sort_by(|(a, _), (b, _)| by_key(a, b));
        let Some(own) = members.iter().position(|(row, _)| is_row(row, &current)) else {
            // The condition leaves the row out: it has no part.
            return Found::known(Value::Number(Number::ZERO));
        };
        let mut operands = vec![self.eval(frame, total).doubted().plain()];
        let outer = frame.bind(rows.slot, None);
        for (row, _) in members {
            frame.bind(rows.slot, Some(row));
            operands.push(self.eval(frame, by).doubted().plain());
        }
        frame.bind(rows.slot, outer);
        let values = match strict(&operands) {
            Ok(values) => values,
            Err(found) => return found,
        };
        let numbers: Option<Vec<Number>> = values
            .into_iter()
            .map(|value| match value {
                Value::Number(number) => Some(number.clone()),
                _ => None,
            })
            .collect();
        let parts = match numbers.as_deref() {
            Some([total, weights @ ..]) => shares(total, weights, operate::places(unit)),
            _ => Err(Fault::NotAValue),
        };
        match parts.map(|parts| parts.get(own).cloned()) {
            Ok(Some(part)) => Found::known(Value::Number(part)),
            Ok(None) => Found::broken("a part of no row"),
            Err(fault) => Found::fault(fault),
        }
    }
}

fn is_row(row: &Value, current: &Reference) -> bool {
    matches!(row, Value::Reference(row) if row.record == current.record && row.row == current.row)
}

/// By key; rows whose keys say nothing of their order, by position.
pub(crate) fn by_key(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Reference(a), Value::Reference(b)) => {
            let parts = a.key.iter().zip(b.key.iter()).map(|(a, b)| by_key(a, b));
            let keys = parts.fold(Ordering::Equal, Ordering::then);
            keys.then_with(|| a.row.cmp(&b.row))
        }
        _ => order(a, b).unwrap_or(Ordering::Equal),
    }
}

/// The parts of a sum by weight: each rounded down to the unit, then one unit more to the largest remainders, the first
/// of equals first, until the parts add up.
pub(crate) fn shares(total: &Number, weights: &[Number], places: u32) -> Result<Vec<Number>, Fault> {
    if weights.iter().any(Number::is_negative) {
        return Err(bad("a weight is below zero"));
    }
    let none = |_: &Number| Number::ZERO;
    if *total == Number::ZERO {
        return Ok(weights.iter().map(none).collect());
    }
    let mut sum = Number::ZERO;
    for weight in weights {
        sum = sum.add(weight)?;
    }
    if sum == Number::ZERO {
        return Err(bad("the weights add up to nothing"));
    }
    let mut unit = Number::ONE;
    for _ in 0..places {
        unit = unit.div(&Number::from_int(10))?;
    }
    let units = total.div(&unit)?;
    if !units.is_whole() {
        return Err(bad("the sum is not a whole number of units"));
    }
    let negative = units.is_negative();
    let units = if negative { units.negated()? } else { units };
    let mut floors = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = units.clone();
    for weight in weights {
        let exact = units.mul(weight)?.div(&sum)?;
        let floor = exact.rounded(RoundingMode::Down, 0)?;
        left = left.sub(&floor)?;
        remainders.push(exact.sub(&floor)?);
        floors.push(floor);
    }
    let mut ranked: Vec<usize> = (0..weights.len()).collect();
    // Stable: of equal remainders the first in the order of keys comes first.
    ranked.sort_by(|a, b| remainders.get(*b).cmp(&remainders.get(*a)));
    let left = left.to_i64().and_then(|left| usize::try_from(left).ok()).unwrap_or(0);
    for position in ranked.into_iter().take(left) {
        if let Some(floor) = floors.get_mut(position) {
            *floor = floor.add(&Number::ONE)?;
        }
    }
    let signed = |part: Number| if negative { part.negated() } else { Ok(part) };
    floors.into_iter().map(|part| signed(part)?.mul(&unit)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total_of(parts: &[Number]) -> Number {
        parts.iter().fold(Number::ZERO, |sum, part| sum.add(part).unwrap())
    }

    fn numbers(texts: &[&str]) -> Vec<Number> {
        texts.iter().map(|text| Number::parse_decimal(text).unwrap()).collect()
    }

    fn shared(total: &str, weights: &[&str], places: u32) -> Result<Vec<String>, Fault> {
        let parts = shares(&Number::parse_decimal(total).unwrap(), &numbers(weights), places)?;
        Ok(parts.iter().map(|part| part.to_decimal(places).unwrap()).collect())
    }

    #[test]
    fn leftover_units_go_to_the_largest_remainders_and_then_by_order() {
        assert_eq!(shared("100", &["1", "1", "1"], 2).unwrap(), ["33.34", "33.33", "33.33"]);
        assert_eq!(shared("0.02", &["1", "1", "1"], 2).unwrap(), ["0.01", "0.01", "0"]);
        assert_eq!(shared("10", &["0.5", "0.3"], 2).unwrap(), ["6.25", "3.75"]);
        assert_eq!(shared("10", &["0.8"], 2).unwrap(), ["10"]);
        assert_eq!(shared("1", &["1", "5", "0"], 0).unwrap(), ["0", "1", "0"]);
        assert_eq!(shared("-100", &["1", "1", "1"], 2).unwrap(), ["-33.34", "-33.33", "-33.33"]);
        assert_eq!(shared("0", &["0", "0"], 2).unwrap(), ["0", "0"]);
    }

    #[test]
    fn what_cannot_be_shared_is_an_error_for_all() {
        for (total, weights, places) in [
            ("1", &["1", "-1"][..], 2),
            ("1", &["0", "0"], 2),
            ("0.005", &["1"], 2),
            ("1", &[], 2),
            ("0", &["-1"], 2),
        ] {
            assert!(
                matches!(shared(total, weights, places), Err(Fault::BadApportionment(_))),
                "{total} {weights:?}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn parts_add_up_and_each_lies_within_one_unit_of_its_exact_share(
            units in -1_000_000_000_i64..1_000_000_000,
            weights in prop::collection::vec((0_i64..10_000, 1_i64..1_000), 1..12),
            places in 0_u32..4,
        ) {
            let total = Number::ratio(units, 10_i64.pow(places)).unwrap();
            let unit = Number::ratio(1, 10_i64.pow(places)).unwrap();
            let weights: Vec<Number> = weights.iter().map(|(n, d)| Number::ratio(*n, *d).unwrap()).collect();
            let sum = total_of(&weights);
            prop_assume!(sum != Number::ZERO);
            let parts = shares(&total, &weights, places).unwrap();
            prop_assert_eq!(total_of(&parts), total.clone());
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = total.mul(weight).unwrap().div(&sum).unwrap();
                let off = part.sub(&exact).unwrap();
                let off = if off.is_negative() { off.negated().unwrap() } else { off };
                prop_assert!(off < unit);
                prop_assert!(part.div(&unit).unwrap().is_whole());
                prop_assert!(*weight != Number::ZERO || *part == Number::ZERO);
            }
        }
    }
}
