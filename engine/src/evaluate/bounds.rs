//! Bounds of aggregates that are not exact, and comparisons that use them.

use std::cmp::Ordering;
use std::sync::Arc;

use super::found::{Faults, Found, Needs, strict, union};
use crate::plan::CompareOp;
use crate::value::{Fault, State, Value};

/// Between what an aggregate lies whatever the unknown facts turn out to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    /// Not less than this; `None` is open.
    pub(crate) low: Option<Value>,
    /// Not more than this; `None` is open.
    pub(crate) high: Option<Value>,
    /// Whether a row is unknown in its condition or operand, so that a fact may settle what the bounds do not.
    pub(crate) unknown: bool,
    /// The facts that would settle it.
    pub(crate) needs: Needs,
    /// What went wrong in rows that count.
    pub(crate) faults: Faults,
}

/// The order of two values of one type; `None` where there is none.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Never, Value::Never) => Some(Ordering::Equal),
        (Value::Never, Value::Date(_)) => Some(Ordering::Greater),
        (Value::Date(_), Value::Never) => Some(Ordering::Less),
        (Value::SchoolYear(a), Value::SchoolYear(b)) => Some(a.cmp(b)),
        (Value::Category(a), Value::Category(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Flag(a), Value::Flag(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Equality as `=` has it: `none` equals nothing.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    !matches!(a, Value::None) && !matches!(b, Value::None) && a == b
}

/// A comparison of known values. `none` and what is not applicable are equal to no value and neither before nor after
/// one.
pub(crate) fn compare_values(op: CompareOp, a: &Value, b: &Value) -> bool {
    match op {
        CompareOp::Eq => same(a, b),
        CompareOp::Ne => !same(a, b),
        CompareOp::Lt => order(a, b) == Some(Ordering::Less),
        CompareOp::Le => matches!(order(a, b), Some(Ordering::Less | Ordering::Equal)),
        CompareOp::Gt => order(a, b) == Some(Ordering::Greater),
        CompareOp::Ge => matches!(order(a, b), Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// The ends between which an operand of a comparison lies.
struct Range<'f> {
    low: Option<&'f Value>,
    high: Option<&'f Value>,
}

fn range(found: &Found) -> Option<Range<'_>> {
    match (&found.bounds, &found.state) {
        (Some(bounds), _) => Some(Range { low: bounds.low.as_ref(), high: bounds.high.as_ref() }),
        (None, State::Known(value)) => Some(Range { low: Some(value), high: Some(value) }),
        _ => None,
    }
}

/// Whether `a` is surely before `b`, given the end of `a` and the start of `b`.
fn ends_before(high: Option<&Value>, low: Option<&Value>, or_at: bool) -> bool {
    let (Some(high), Some(low)) = (high, low) else { return false };
    match order(high, low) {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => or_at,
        _ => false,
    }
}

/// What the ranges say of a comparison.
fn settle(op: CompareOp, a: &Range<'_>, b: &Range<'_>) -> Option<bool> {
    let settled = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
    match op {
        CompareOp::Lt => settled(ends_before(a.high, b.low, false), ends_before(b.high, a.low, true)),
        CompareOp::Le => settled(ends_before(a.high, b.low, true), ends_before(b.high, a.low, false)),
        CompareOp::Gt => settle(CompareOp::Lt, b, a),
        CompareOp::Ge => settle(CompareOp::Le, b, a),
        CompareOp::Eq => {
            let apart = ends_before(a.high, b.low, false) || ends_before(b.high, a.low, false);
            let one = ends_before(a.high, b.low, true) && ends_before(b.high, a.low, true);
            settled(one, apart)
        }
        CompareOp::Ne => settle(CompareOp::Eq, a, b).map(|equal| !equal),
    }
}

/// A comparison; where one side has bounds and the other is known or has them too, they may settle it.
pub(crate) fn compare(op: CompareOp, a: &Found, b: &Found) -> Found {
    if let (State::Known(left), State::Known(right), None, None) = (&a.state, &b.state, &a.bounds, &b.bounds)
    {
        return Found::flag(compare_values(op, left, right));
    }
    if (a.bounds.is_some() || b.bounds.is_some())
        && let (Some(left), Some(right)) = (range(a), range(b))
    {
        if let Some(answer) = settle(op, &left, &right) {
            return Found::flag(answer);
        }
        let bounds = || [&a.bounds, &b.bounds].into_iter().flatten();
        let needs = union(bounds().map(|bounds| bounds.needs.clone()));
        if bounds().any(|bounds| bounds.unknown) {
            return Found::unknown(needs);
        }
        return Found::error(union(bounds().map(|bounds| bounds.faults.clone())));
    }
    // Bounds may settle the comparison once the other side is known, even where the bounded side is an error.
    let other = if a.bounds.is_some() { b } else { a };
    if (a.bounds.is_some() || b.bounds.is_some()) && matches!(other.state, State::Unknown(_) | State::Missing)
    {
        let bounds = [&a.bounds, &b.bounds].into_iter().flatten().map(|bounds| bounds.needs.clone());
        return Found::unknown(union(bounds.chain([other.needs()])));
    }
    match strict(&[a.clone(), b.clone()]).as_deref() {
        Ok([left, right]) => Found::flag(compare_values(op, left, right)),
        Ok(_) => Found::fault(Fault::Broken(Arc::from("a comparison without two sides"))),
        Err(found) => found.clone(),
    }
}
