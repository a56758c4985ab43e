//! Comparisons: of narrow columns by their numbers, of what has bounds lane by lane.

use std::cmp::Ordering;
use std::sync::Arc;

use super::lanes::Env;
use super::logic::{and, or};
use super::store::Store;
use super::vector::{
    Data, ERROR, KNOWN, MISSING, NO, NO_CODE, NO_DAY, NOT_APPLICABLE, UNKNOWN, Vector, code_of, power,
};
use super::worker::Worker;
use crate::evaluate::bounds::{compare, same};
use crate::evaluate::found::{Found, Truth};
use crate::plan::{CompareOp, ExprId, Op};
use crate::value::Value;

/// The state of a strict operation on two lanes; known where both are. Without branches, so that many are done together.
pub(crate) const fn strict(a: u8, b: u8) -> u8 {
    let is_error = (a == ERROR) | (b == ERROR);
    let is_open = (a == UNKNOWN) | (b == UNKNOWN) | (a == MISSING) | (b == MISSING);
    let without_error = KNOWN.wrapping_sub((is_open as u8) << 1);
    let mask = (is_error as u8).wrapping_neg();
    (without_error & !mask) | (ERROR & mask)
}

/// The test of an order as a function of its own, so that lanes are not asked which it is.
macro_rules! by_op {
    ($op:expr, $test:ident => $body:expr) => {
        match $op {
            CompareOp::Eq => {
                let $test = Ordering::is_eq;
                $body
            }
            CompareOp::Ne => {
                let $test = Ordering::is_ne;
                $body
            }
            CompareOp::Lt => {
                let $test = Ordering::is_lt;
                $body
            }
            CompareOp::Le => {
                let $test = Ordering::is_le;
                $body
            }
            CompareOp::Gt => {
                let $test = Ordering::is_gt;
                $body
            }
            CompareOp::Ge => {
                let $test = Ordering::is_ge;
                $body
            }
        }
    };
}

const fn told(yes: bool) -> u8 {
    if yes { KNOWN } else { NO }
}

/// Lane by lane, whether the values pass; what is not known stays so.
fn tested<T: Copy>(vector: &Vector, values: &[T], passes: impl Fn(T) -> bool) -> Vec<u8> {
    let mut all: Vec<u8> = values.iter().map(|value| told(passes(*value))).collect();
    if !vector.all_known() {
        let open = |state: &u8| if *state == MISSING { UNKNOWN } else { *state };
        settle(&mut all, vector.state.iter().map(open));
    }
    all
}

/// Puts the states of lanes that are not known in the place of what their values tell: in a pass of its own, in which there
/// is nothing to branch on.
fn settle(told: &mut [u8], states: impl Iterator<Item = u8>) {
    for (told, state) in told.iter_mut().zip(states) {
        let mask = u8::from(state == KNOWN).wrapping_neg();
        *told = (*told & mask) | (state & !mask);
    }
}

/// The comparison of a narrow column with one value that is known.
fn with_one(op: CompareOp, a: &Vector, one: &Vector) -> Option<Vec<u8>> {
    if !one.all_known() || !one.bounds.is_empty() || !a.bounds.is_empty() {
        return None;
    }
    let is_equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    Some(match (&a.data, &one.data) {
        (Data::Num(values, scale), Data::Num(other, own)) => {
            let other = other.first()?.checked_mul(power(scale.checked_sub(*own)?)?)?;
            by_op!(op, test => tested(a, values, |value| test(value.cmp(&other))))
        }
        (Data::Code(values), Data::Code(other)) if is_equality => {
            let other = *other.first()?;
            match op {
                CompareOp::Eq => tested(a, values, |value| value == other && other != NO_CODE),
                _ => tested(a, values, |value| value != other || other == NO_CODE),
            }
        }
        (Data::Date(values), Data::Date(other)) | (Data::Year(values), Data::Year(other)) => {
            let other = *other.first()?;
            if other == NO_DAY {
                return None;
            }
            match op {
                CompareOp::Eq => tested(a, values, |value| value == other),
                CompareOp::Ne => tested(a, values, |value| value != other),
                op => {
                    by_op!(op, test => tested(a, values, |value| value != NO_DAY && test(value.cmp(&other))))
                }
            }
        }
        _ => return None,
    })
}

/// Lane by lane, by the order of two numbers; what is not known on a side decides first.
fn ordered<A: Copy, B: Copy>(
    op: CompareOp,
    (a, left): (&Vector, &[A]),
    (b, right): (&Vector, &[B]),
    order: impl Fn(A, B) -> Ordering,
) -> Vec<u8> {
    let sides = left.iter().zip(right);
    let mut all: Vec<u8> =
        by_op!(op, test => sides.map(|(left, right)| told(test(order(*left, *right)))).collect());
    if !(a.all_known() && b.all_known()) {
        settle(&mut all, a.state.iter().zip(&b.state).map(|(a, b)| strict(*a, *b)));
    }
    all
}

/// As [`ordered`], of values among which one stands for `none`: it is equal to nothing, and neither before nor after.
fn with_none<T: Copy + Ord>(
    op: CompareOp,
    (a, left): (&Vector, &[T]),
    (b, right): (&Vector, &[T]),
    none: T,
    unordered: impl Fn(T) -> bool,
) -> Vec<u8> {
    let sides = left.iter().zip(right).zip(a.state.iter().zip(&b.state));
    sides
        .map(|((left, right), (a, b))| match strict(*a, *b) {
            KNOWN => {
                let yes = match op {
                    CompareOp::Eq => left == right && *left != none,
                    CompareOp::Ne => left != right || *left == none,
                    _ if unordered(*left) || unordered(*right) => false,
                    _ => op.holds(left.cmp(right)),
                };
                if yes { KNOWN } else { NO }
            }
            open => open,
        })
        .collect()
}

/// The comparison of narrow columns of one kind.
fn narrow(op: CompareOp, a: &Vector, b: &Vector) -> Option<Vec<u8>> {
    Some(match (&a.data, &b.data) {
        (Data::Void, _) | (_, Data::Void) => {
            a.state.iter().zip(&b.state).map(|(a, b)| strict(*a, *b)).collect()
        }
        (Data::Num(left, scale), Data::Num(right, other)) => {
            if scale == other {
                ordered(op, (a, left), (b, right), |left, right| left.cmp(&right))
            } else {
                let up = |by: u8| power(by).map(i128::from);
                let (left_by, right_by) =
                    (up(other.saturating_sub(*scale))?, up(scale.saturating_sub(*other))?);
                ordered(op, (a, left), (b, right), |left, right| {
                    (i128::from(left) * left_by).cmp(&(i128::from(right) * right_by))
                })
            }
        }
        (Data::Ratio(n, d), Data::Num(right, scale)) => {
            let by = i128::from(power(*scale)?);
            let pairs: Vec<(i64, i64)> = n.iter().copied().zip(d.iter().copied()).collect();
            // The dividend times a power of ten, and the number times the divisor: both stay within `i128`.
            ordered(op, (a, &pairs), (b, right), |(n, d), right| {
                (i128::from(n) * by).cmp(&(i128::from(right) * i128::from(d)))
            })
        }
        (Data::Num(..), Data::Ratio(..)) => narrow(op.turned(), b, a)?,
        (Data::Code(left), Data::Code(right)) => {
            with_none(op, (a, left), (b, right), NO_CODE, |code| code >= NOT_APPLICABLE)
        }
        (Data::Date(left), Data::Date(right)) | (Data::Year(left), Data::Year(right)) => {
            with_none(op, (a, left), (b, right), NO_DAY, |day| day == NO_DAY)
        }
        (Data::Flag, Data::Flag) => a
            .state
            .iter()
            .zip(&b.state)
            .map(|(a, b)| match strict(*a, *b) {
                KNOWN => {
                    if op.holds(a.cmp(b)) {
                        KNOWN
                    } else {
                        NO
                    }
                }
                open => open,
            })
            .collect(),
        _ => return None,
    })
}

/// Rows are equal by their keys: by their numbers, where none shares its key.
fn rows(op: CompareOp, a: &Vector, b: &Vector, store: &Store<'_>) -> Option<Vec<u8>> {
    let ((record, left), (other, right)) = (a.data.rows()?, b.data.rows()?);
    if record != other || !matches!(op, CompareOp::Eq | CompareOp::Ne) || !store.rows_are_keys(record) {
        return None;
    }
    Some(with_none(op, (a, left), (b, right), NO_CODE, |_| true))
}

impl Worker<'_> {
    pub(crate) fn compare(&self, env: &Env<'_>, op: CompareOp, a: ExprId, b: ExprId) -> Vector {
        let sides = match (self.one(env, a), self.one(env, b)) {
            (None, Some(one)) => Some((op, self.eval(env, a), one)),
            (Some(one), None) => Some((op.turned(), self.eval(env, b), one)),
            _ => None,
        };
        if let Some((op, lanes, one)) = sides
            && let Some(states) = with_one(op, &lanes, &one)
        {
            return Vector::flags(states);
        }
        let (a, b) = (self.eval(env, a), self.eval(env, b));
        Vector::flags(self.compared(op, &a, &b))
    }

    /// The lanes of a comparison as codes.
    pub(crate) fn compared(&self, op: CompareOp, a: &Vector, b: &Vector) -> Vec<u8> {
        let quick = narrow(op, a, b).or_else(|| rows(op, a, b, self.store));
        let Some(mut states) = quick else {
            return (0..a.len()).map(|lane| self.compared_lane(op, a, b, lane)).collect();
        };
        for (lane, _) in a.bounds.iter().chain(&b.bounds) {
            if let Some(state) = states.get_mut(*lane as usize) {
                *state = self.compared_lane(op, a, b, *lane as usize);
            }
        }
        states
    }

    /// One lane, by the definition itself.
    fn compared_lane(&self, op: CompareOp, a: &Vector, b: &Vector, lane: usize) -> u8 {
        let (left, right) = (a.found(lane, self.store), b.found(lane, self.store));
        if let (Some(Value::Reference(a)), Some(Value::Reference(b))) = (left.value(), right.value())
            && a.record == b.record
            && a.row.is_some()
            && a.row == b.row
        {
            let yes = !matches!(op, CompareOp::Ne | CompareOp::Lt | CompareOp::Gt);
            return if yes { KNOWN } else { NO };
        }
        code_of(&compare(op, &self.evaluator.key_of(left), &self.evaluator.key_of(right)))
    }

    pub(crate) fn between(&self, env: &Env<'_>, x: ExprId, low: ExprId, high: ExprId) -> Vector {
        let x = self.eval(env, x);
        if let (Some(low), Some(high)) = (self.one(env, low), self.one(env, high))
            && let (Some(mut within), Some(to)) =
                (with_one(CompareOp::Ge, &x, &low), with_one(CompareOp::Le, &x, &high))
        {
            within.iter_mut().zip(to).for_each(|(own, to)| *own = and(*own, to));
            return Vector::flags(within);
        }
        let (low, high) = (self.eval(env, low), self.eval(env, high));
        let (from, to) = (self.compared(CompareOp::Le, &low, &x), self.compared(CompareOp::Le, &x, &high));
        Vector::flags(from.into_iter().zip(to).map(|(from, to)| and(from, to)).collect())
    }

    pub(crate) fn in_list(&self, env: &Env<'_>, x: ExprId, list: &[ExprId]) -> Vector {
        let x = self.eval(env, x);
        let mut any = vec![NO; env.len];
        for item in list {
            let equal = self.compared(CompareOp::Eq, &x, &self.eval(env, *item));
            any.iter_mut().zip(equal).for_each(|(any, equal)| *any = or(*any, equal));
        }
        Vector::flags(any)
    }

    /// `x in s`: the set is looked up lane by lane only where it has keys or a day of its own.
    pub(crate) fn in_set(&self, env: &Env<'_>, x: ExprId, set: ExprId) -> Vector {
        let x = self.eval(env, x);
        let Some(Op::Parameter { parameter, keys, on }) = env.code.get(set).map(|expr| &expr.op) else {
            return Vector::open(ERROR, env.len);
        };
        let sets = self.parameter_sets(env, *parameter, keys, *on);
        let member = |lane: usize, values: &[Value]| match x.value(lane, self.store) {
            Some(value) => {
                if values.iter().any(|item| same(&value, item)) {
                    KNOWN
                } else {
                    NO
                }
            }
            None => match x.state.get(lane).copied().unwrap_or(ERROR) {
                MISSING => UNKNOWN,
                state => state,
            },
        };
        let state = (0..env.len)
            .map(|lane| match sets.at(lane) {
                Ok(values) => member(lane, values),
                Err(state) => strict(x.state.get(lane).copied().unwrap_or(ERROR), *state),
            })
            .collect();
        Vector::flags(state)
    }

    /// A row as part of a key: unknown where a part of its own key is.
    pub(crate) fn as_key(&self, vector: Arc<Vector>) -> Arc<Vector> {
        let Some((record, rows)) = vector.data.rows() else { return vector };
        let Some(keyless) = self.store.keyless(record) else { return vector };
        let mut key = (*vector).clone();
        for (row, state) in rows.iter().zip(&mut key.state) {
            if *state == KNOWN && keyless.get(*row as usize).copied().unwrap_or(false) {
                *state = UNKNOWN;
            }
        }
        Arc::new(key)
    }
}

/// The values of a set in each lane; lanes of one key share them.
pub(crate) struct Sets {
    pub(crate) distinct: Vec<Result<Vec<Value>, u8>>,
    /// Absent: all lanes have the first.
    pub(crate) of: Option<Vec<u32>>,
}

impl Sets {
    pub(crate) fn at(&self, lane: usize) -> Result<&[Value], &u8> {
        let at = match &self.of {
            Some(of) => of.get(lane).copied().unwrap_or(0) as usize,
            None => 0,
        };
        match self.distinct.get(at) {
            Some(Ok(values)) => Ok(values),
            Some(Err(state)) => Err(state),
            None => Err(&ERROR),
        }
    }
}

/// A state as a truth, for what the evaluator asks of conditions.
pub(crate) fn as_found(code: u8) -> Found {
    match super::vector::truth_of(code) {
        Truth::True => Found::flag(true),
        Truth::False => Found::flag(false),
        _ => super::vector::open(code),
    }
}

/// The lanes of a record as keys of a parameter or of a partition.
pub(crate) fn key_code(data: &Data, lane: usize) -> Option<i64> {
    match data {
        Data::Code(codes) => codes.get(lane).map(|code| i64::from(*code)),
        Data::Year(years) | Data::Date(years) => years.get(lane).map(|year| i64::from(*year)),
        Data::Num(values, _) => values.get(lane).copied(),
        Data::Row(_, rows) => rows.get(lane).map(|row| i64::from(*row)),
        _ => None,
    }
}

/// Whether a vector's lanes can be told apart by [`key_code`] and their state.
pub(crate) fn has_codes(vector: &Vector, store: &Store<'_>) -> bool {
    match &vector.data {
        Data::Void | Data::Flag | Data::Num(..) | Data::Code(_) | Data::Date(_) | Data::Year(_) => true,
        Data::Row(record, _) => store.rows_are_keys(*record),
        Data::Ratio(..) | Data::Any(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_before_what_is_not_known() {
        for a in NO..=MISSING {
            for b in NO..=MISSING {
                let is = |state: u8| a == state || b == state;
                let expected = match () {
                    () if is(ERROR) => ERROR,
                    () if is(UNKNOWN) || is(MISSING) => UNKNOWN,
                    () => KNOWN,
                };
                assert_eq!(strict(a, b), expected, "{a} {b}");
            }
        }
    }

    #[test]
    fn numbers_are_compared_where_both_are_known() {
        let states = [NO, UNKNOWN, ERROR, KNOWN, MISSING];
        let numbers = |state: u8, value: i64| Vector::of(vec![state], Data::Num(vec![value], 0));
        for op in [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
            for (a, b) in states.iter().flat_map(|a| states.map(|b| (*a, b))) {
                for value in -1..=1 {
                    let state = strict(a, b);
                    let expected = if state == KNOWN { told(op.holds(value.cmp(&0))) } else { state };
                    assert_eq!(narrow(op, &numbers(a, value), &numbers(b, 0)), Some(vec![expected]));
                }
            }
        }
    }
}
