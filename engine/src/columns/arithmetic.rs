//! Arithmetic on scaled whole numbers; what leaves them, or is no such number, is worked out exactly, lane by lane.

use std::sync::Arc;

use rubric_grammar::ast::{RoundingMode, RoundingUnit};

use super::compare::{Sets, has_codes, key_code, strict};
use super::lanes::Env;
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, UNKNOWN, Vector, code_of, power};
use super::worker::Worker;
use crate::evaluate::operate;
use crate::plan::{ArithmeticOp, Expr, ExprId, Op, ParameterId};
use crate::value::{Base, Fault, RecordId, Reference, Value};

/// Products of a larger scale are no longer worth holding so.
const LARGEST_SCALE: u8 = 12;

/// The state of a strict operation on two vectors, and whether every lane has both values.
fn states(a: &Vector, b: &Vector) -> Vec<u8> {
    if a.all_known() && b.all_known() {
        return vec![KNOWN; a.len().min(b.len())];
    }
    a.state.iter().zip(&b.state).map(|(a, b)| strict(*a, *b)).collect()
}

/// A lane of numbers by a checked operation; `None` when some known lane leaves `i64`.
fn lanes(
    state: &[u8],
    left: &[i64],
    right: &[i64],
    op: impl Fn(i64, i64) -> (i64, bool),
) -> Option<Vec<i64>> {
    let mut left_out = false;
    if state.iter().fold(true, |all, state| all & (*state == KNOWN)) {
        let values = left.iter().zip(right).map(|(left, right)| {
            let (value, overflow) = op(*left, *right);
            left_out |= overflow;
            value
        });
        let values = values.collect();
        return (!left_out).then_some(values);
    }
    let values = state
        .iter()
        .zip(left.iter().zip(right))
        .map(|(state, (left, right))| {
            let (value, overflow) = op(*left, *right);
            let known = *state == KNOWN;
            left_out |= overflow && known;
            if known { value } else { 0 }
        })
        .collect();
    (!left_out).then_some(values)
}

/// Arithmetic of narrow columns, where all lanes fit.
fn quick(op: ArithmeticOp, a: &Vector, b: &Vector) -> Option<Vector> {
    if matches!(a.data, Data::Void) || matches!(b.data, Data::Void) {
        return Some(Vector::of(states(a, b), Data::Void));
    }
    let (Data::Num(left, left_scale), Data::Num(right, right_scale)) = (&a.data, &b.data) else {
        return None;
    };
    let mut state = states(a, b);
    let data = match op {
        ArithmeticOp::Add | ArithmeticOp::Sub => {
            let scale = (*left_scale).max(*right_scale);
            let (left, right) = (a.scaled_to(scale)?, b.scaled_to(scale)?);
            let values = if op == ArithmeticOp::Add {
                lanes(&state, &left, &right, i64::overflowing_add)
            } else {
                lanes(&state, &left, &right, i64::overflowing_sub)
            };
            Data::Num(values?, scale)
        }
        ArithmeticOp::Mul => {
            let scale = left_scale + right_scale;
            if scale > LARGEST_SCALE {
                return None;
            }
            Data::Num(lanes(&state, left, right, i64::overflowing_mul)?, scale)
        }
        ArithmeticOp::Div => {
            let (up, down) = (power(*right_scale)?, power(*left_scale)?);
            let is_above = right
                .iter()
                .zip(&state)
                .fold(true, |all, (right, state)| all & ((*right > 0) | (*state != KNOWN)));
            // Nothing is scaled, turned or wrong.
            if is_above && up == 1 && down == 1 {
                let mask = |state: &u8| -i64::from(*state == KNOWN);
                let dividends = left.iter().zip(&state).map(|(left, state)| left & mask(state));
                let divisors = right.iter().zip(&state).map(|(right, state)| {
                    let mask = mask(state);
                    (right & mask) | (1 & !mask)
                });
                return Some(Vector::of(state.clone(), Data::Ratio(dividends.collect(), divisors.collect())));
            }
            let mut fits = true;
            let (mut dividends, mut divisors) =
                (Vec::with_capacity(left.len()), Vec::with_capacity(left.len()));
            for (state, (left, right)) in state.iter_mut().zip(left.iter().zip(right)) {
                let (mut n, mut d) = (0, 1);
                if *state == KNOWN {
                    if *right == 0 {
                        *state = ERROR;
                    } else if let (Some(dividend), Some(divisor)) =
                        (left.checked_mul(up), right.checked_mul(down))
                    {
                        let turned = if divisor < 0 {
                            dividend.checked_neg().zip(divisor.checked_neg())
                        } else {
                            Some((dividend, divisor))
                        };
                        match turned {
                            Some(turned) => (n, d) = turned,
                            None => fits = false,
                        }
                    } else {
                        fits = false;
                    }
                }
                dividends.push(n);
                divisors.push(d);
            }
            if !fits {
                return None;
            }
            Data::Ratio(dividends, divisors)
        }
    };
    Some(Vector::of(state, data))
}

/// `n / d` rounded to a whole number.
fn rounded(n: i128, d: i128, mode: RoundingMode) -> i128 {
    let (magnitude, d) = (n.abs(), d.abs());
    let (quotient, remainder) = (magnitude / d, magnitude % d);
    let up = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => remainder != 0,
        RoundingMode::HalfUp => remainder * 2 >= d,
        RoundingMode::HalfEven => remainder * 2 > d || (remainder * 2 == d && quotient % 2 == 1),
    };
    let result = if up { quotient + 1 } else { quotient };
    if n < 0 { -result } else { result }
}

/// The same of numbers whose quotient fits wherever they do; the divisor is above zero and no more than half of the largest.
fn rounded_small(n: i64, d: u64, mode: RoundingMode) -> i64 {
    let magnitude = n.unsigned_abs();
    let (quotient, remainder) = match (u32::try_from(magnitude), u32::try_from(d)) {
        (Ok(magnitude), Ok(d)) if d > 0 => (u64::from(magnitude / d), u64::from(magnitude % d)),
        _ => (magnitude.checked_div(d).unwrap_or(0), magnitude.checked_rem(d).unwrap_or(0)),
    };
    let twice = remainder << 1;
    let up = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => remainder != 0,
        RoundingMode::HalfUp => twice >= d,
        RoundingMode::HalfEven => (twice > d) | ((twice == d) & (quotient & 1 == 1)),
    };
    let result = quotient.wrapping_add(u64::from(up)).cast_signed();
    if n < 0 { result.wrapping_neg() } else { result }
}

/// Numbers whose products with a small power of ten are well within `i64`.
const SMALL: i64 = i64::MAX / 1_000_000;

/// Whether all numbers are so far from the ends of `i64`.
fn all_below(values: &[i64], end: i64) -> bool {
    let end = end.unsigned_abs();
    values.iter().fold(true, |all, value| all & (value.unsigned_abs() < end))
}

/// Rounding of narrow columns, where all lanes fit.
fn quick_round(a: &Vector, mode: RoundingMode, places: u32) -> Option<Vector> {
    let places = u8::try_from(places).ok().filter(|places| *places <= LARGEST_SCALE)?;
    let state: Vec<u8> =
        a.state.iter().map(|state| if *state == MISSING { UNKNOWN } else { *state }).collect();
    let values = match &a.data {
        Data::Void => return Some(Vector::of(state, Data::Void)),
        Data::Num(_, scale) if *scale <= places => return Some(Vector::of(state, a.data.clone())),
        Data::Num(values, scale) => {
            let by = power(scale - places)?;
            if all_below(values, SMALL) {
                let by = by.unsigned_abs();
                let values = values.iter().map(|value| rounded_small(*value, by, mode));
                return Some(Vector::of(state, Data::Num(values.collect(), places)));
            }
            let by = i128::from(by);
            values.iter().map(|value| i64::try_from(rounded(i128::from(*value), by, mode)).ok()).collect()
        }
        Data::Ratio(n, d) => {
            let up = power(places)?;
            let of = n.iter().zip(d);
            let is_small = up <= 1_000_000 && all_below(n, SMALL) && all_below(d, SMALL);
            if is_small && d.iter().fold(true, |all, d| all & (*d > 0)) {
                let values = of.map(|(n, d)| rounded_small(n.wrapping_mul(up), d.unsigned_abs(), mode));
                return Some(Vector::of(state, Data::Num(values.collect(), places)));
            }
            let up = i128::from(up);
            of.map(|(n, d)| i64::try_from(rounded(i128::from(*n) * up, i128::from(*d), mode)).ok()).collect()
        }
        _ => None::<Vec<i64>>,
    };
    Some(Vector::of(state, Data::Num(values?, places)))
}

/// The least or greatest of narrow columns.
fn quick_extreme(operands: &[Arc<Vector>], least: bool) -> Option<Vector> {
    let scales = operands.iter().map(|operand| match operand.data {
        Data::Num(_, scale) => Some(scale),
        _ => None,
    });
    let scale = scales.collect::<Option<Vec<u8>>>()?.into_iter().max()?;
    let (first, rest) = operands.split_first()?;
    let mut state: Vec<u8> = first.state.iter().map(|own| strict(KNOWN, *own)).collect();
    let mut values = first.scaled_to(scale)?.into_owned();
    for operand in rest {
        state.iter_mut().zip(&operand.state).for_each(|(all, own)| *all = strict(*all, *own));
        let others = operand.scaled_to(scale)?;
        let sides = values.iter_mut().zip(others.iter());
        if least {
            sides.for_each(|(value, other)| *value = (*value).min(*other));
        } else {
            sides.for_each(|(value, other)| *value = (*value).max(*other));
        }
    }
    values.iter_mut().zip(&state).for_each(|(value, state)| *value &= -i64::from(*state == KNOWN));
    Some(Vector::of(state, Data::Num(values, scale)))
}

impl Worker<'_> {
    /// A chain of arithmetic, from its first operand on.
    pub(crate) fn arithmetic(&self, env: &Env<'_>, id: ExprId) -> Vector {
        let mut chain = Vec::new();
        let mut first = id;
        while let Some(Op::Arithmetic(op, a, b)) = env.code.get(first).map(|expr| &expr.op) {
            chain.push((*op, *b));
            first = *a;
        }
        let base = env.code.get(id).map_or(Base::Number, |expr| expr.ty.base);
        let mut value = self.eval(env, first);
        for (op, operand) in chain.into_iter().rev() {
            let operand = self.eval(env, operand);
            value = Arc::new(self.calculate(op, &value, &operand, base));
        }
        Arc::unwrap_or_clone(value)
    }

    /// One operation.
    pub(crate) fn calculate(&self, op: ArithmeticOp, a: &Vector, b: &Vector, base: Base) -> Vector {
        quick(op, a, b).unwrap_or_else(|| {
            self.strictly(&[a, b], base, |values| match values {
                [a, b] => operate::arithmetic(op, a, b),
                _ => Err(Fault::NotAValue),
            })
        })
    }

    /// Rounded to a unit.
    pub(crate) fn round(&self, a: &Vector, mode: RoundingMode, unit: RoundingUnit, base: Base) -> Vector {
        quick_round(a, mode, operate::places(unit)).unwrap_or_else(|| {
            self.strictly(&[a], base, |values| match values {
                [a] => operate::round(a, mode, unit),
                _ => Err(Fault::NotAValue),
            })
        })
    }

    /// A strict operation, lane by lane.
    pub(crate) fn strictly(
        &self,
        operands: &[&Vector],
        base: Base,
        operate: impl Fn(&[&Value]) -> Result<Value, Fault>,
    ) -> Vector {
        let len = operands.first().map_or(0, |first| first.len());
        let mut state = vec![KNOWN; len];
        for operand in operands {
            state.iter_mut().zip(&operand.state).for_each(|(all, own)| *all = strict(*all, *own));
        }
        let mut results = Vec::with_capacity(len);
        let mut values: Vec<Value> = Vec::with_capacity(operands.len());
        for (lane, state) in state.iter_mut().enumerate() {
            let mut result = Value::None;
            if *state == KNOWN {
                values.clear();
                values.extend(operands.iter().filter_map(|operand| operand.value(lane, self.store)));
                match operate(&values.iter().collect::<Vec<_>>()) {
                    Ok(Value::Flag(false)) => {
                        *state = NO;
                        result = Value::Flag(false);
                    }
                    Ok(value) => result = value,
                    Err(_) => *state = ERROR,
                }
            }
            results.push(result);
        }
        Vector::from_values(state, results, base, self.store)
    }

    /// The strict operations without a kernel of their own: each lane by the definition.
    pub(crate) fn compute(&self, env: &Env<'_>, expr: &Expr) -> Vector {
        let operands: Vec<Arc<Vector>> =
            crate::plan::operands(&expr.op).into_iter().map(|operand| self.eval(env, operand)).collect();
        if let (Op::Rounded(_, mode, unit), [a]) = (&expr.op, operands.as_slice()) {
            return self.round(a, *mode, *unit, expr.ty.base);
        }
        if let Op::Min(_) | Op::Max(_) = &expr.op
            && let Some(found) = quick_extreme(&operands, matches!(expr.op, Op::Min(_)))
        {
            return found;
        }
        if let (Op::ToCount(_), [a]) = (&expr.op, operands.as_slice())
            && let Data::Num(values, 0) = &a.data
        {
            let state = a.state.iter().zip(values).map(|(state, value)| match *state {
                KNOWN if *value < 0 => ERROR,
                MISSING => UNKNOWN,
                state => state,
            });
            return Vector::of(state.collect(), a.data.clone());
        }
        let operands: Vec<&Vector> = operands.iter().map(AsRef::as_ref).collect();
        self.strictly(&operands, expr.ty.base, |values| self.evaluator.operate(env.code, &expr.op, values))
    }

    /// `p`, `p(a, b)`, `p on d`.
    pub(crate) fn parameter(
        &self,
        env: &Env<'_>,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
        base: Base,
    ) -> Vector {
        let sets = self.parameter_sets(env, parameter, keys, on);
        let mut state = Vec::with_capacity(sets.distinct.len());
        let mut values = Vec::with_capacity(sets.distinct.len());
        for set in &sets.distinct {
            let (code, value) = match set.as_deref() {
                Ok([Value::Flag(false)]) => (NO, Value::Flag(false)),
                Ok([value]) => (KNOWN, value.clone()),
                Ok(_) => (ERROR, Value::None),
                Err(state) => (*state, Value::None),
            };
            state.push(code);
            values.push(value);
        }
        let distinct = Vector::from_values(state, values, base, self.store);
        match &sets.of {
            Some(of) => distinct.gather(of),
            None => distinct.gather(&vec![0; env.len]),
        }
    }

    /// The values of a parameter in each lane, each key looked up once.
    pub(crate) fn parameter_sets(
        &self,
        env: &Env<'_>,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
    ) -> Sets {
        let operands: Vec<Arc<Vector>> =
            keys.iter().chain(on.iter()).map(|operand| self.eval(env, *operand)).collect();
        let look_up = |lane: usize| {
            let state = operands
                .iter()
                .fold(KNOWN, |all, operand| strict(all, operand.state.get(lane).copied().unwrap_or(ERROR)));
            if state != KNOWN {
                return Err(state);
            }
            let values: Vec<Value> =
                operands.iter().filter_map(|operand| operand.value(lane, self.store)).collect();
            let values: Vec<&Value> = values.iter().collect();
            self.evaluator
                .parameter_at(parameter, &values, on.is_some(), env.law)
                .map_err(|found| code_of(&found))
        };
        if operands.is_empty() {
            return Sets { distinct: vec![look_up(0)], of: None };
        }
        if !operands.iter().all(|operand| has_codes(operand, self.store)) {
            let distinct = (0..env.len).map(look_up).collect();
            return Sets { distinct, of: Some((0..u32::try_from(env.len).unwrap_or(u32::MAX)).collect()) };
        }
        let mut known: std::collections::HashMap<Vec<(u8, i64)>, u32> = std::collections::HashMap::new();
        let (mut distinct, mut of) = (Vec::new(), Vec::with_capacity(env.len));
        for lane in 0..env.len {
            let key: Vec<(u8, i64)> = operands
                .iter()
                .map(|operand| {
                    let state = operand.state.get(lane).copied().unwrap_or(ERROR);
                    (state, key_code(&operand.data, lane).unwrap_or(0))
                })
                .collect();
            let next = u32::try_from(distinct.len()).unwrap_or(u32::MAX);
            let at = *known.entry(key).or_insert(next);
            if at == next {
                distinct.push(look_up(lane));
            }
            of.push(at);
        }
        Sets { distinct, of: Some(of) }
    }

    /// `Placement(a, b)`: the row with that key.
    pub(crate) fn lookup(&self, env: &Env<'_>, record: RecordId, keys: &[ExprId]) -> Vector {
        let operands: Vec<Arc<Vector>> = keys.iter().map(|key| self.as_key(self.eval(env, *key))).collect();
        let group = self.store.is_group(record).then(|| self.group(record).ok());
        let operands: Vec<&Vector> = operands.iter().map(AsRef::as_ref).collect();
        self.strictly(&operands, Base::Record(record), |values| {
            let key: Arc<[Value]> = values.iter().map(|value| (*value).clone()).collect();
            let row = match &group {
                _ if key.contains(&Value::None) => None,
                Some(table) => table.as_ref().and_then(|table| table.find(&key)),
                None => self.store.data.find(record, &key),
            };
            Ok(Value::Reference(Reference { record, row, key }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_rounded_as_all_are() {
        let values = [0, 1, 2, 4, 5, 6, 10, 15, 25, 99, 100, 12_345, 1 << 33, SMALL - 1];
        let values = || values.into_iter().flat_map(|value| [value, -value]);
        for mode in [RoundingMode::Down, RoundingMode::Up, RoundingMode::HalfUp, RoundingMode::HalfEven] {
            for n in values() {
                for d in values().filter(|d| *d > 0) {
                    let expected = rounded(i128::from(n), i128::from(d), mode);
                    let found = rounded_small(n, d.unsigned_abs(), mode);
                    assert_eq!(i128::from(found), expected, "{n} / {d} {mode:?}");
                }
            }
        }
    }

    #[test]
    fn quotients_of_whole_numbers_are_those_of_others() {
        let states = [KNOWN, KNOWN, UNKNOWN, KNOWN, ERROR, MISSING];
        let numbers =
            |values: [i64; 6], scale| Vector::of(states.to_vec(), Data::Num(values.to_vec(), scale));
        let left = numbers([3, -4, 0, 0, 0, 0], 0);
        let plain = quick(ArithmeticOp::Div, &left, &numbers([2, 7, 0, 5, 0, 0], 0)).unwrap();
        assert_eq!(plain.state, [KNOWN, KNOWN, UNKNOWN, KNOWN, ERROR, UNKNOWN]);
        assert!(
            matches!(plain.data, Data::Ratio(n, d) if n == [3, -4, 0, 0, 0, 0] && d == [2, 7, 1, 5, 1, 1])
        );
        // Below zero, and nothing at all.
        let turned = quick(ArithmeticOp::Div, &left, &numbers([-2, 0, 0, 5, 0, 0], 0)).unwrap();
        assert_eq!(turned.state, [KNOWN, ERROR, UNKNOWN, KNOWN, ERROR, UNKNOWN]);
        assert!(
            matches!(turned.data, Data::Ratio(n, d) if n == [-3, 0, 0, 0, 0, 0] && d == [2, 1, 1, 5, 1, 1])
        );
        let tenths = quick(ArithmeticOp::Div, &left, &numbers([2, 7, 0, 5, 0, 0], 1)).unwrap();
        assert!(
            matches!(tenths.data, Data::Ratio(n, d) if n == [30, -40, 0, 0, 0, 0] && d == [2, 7, 1, 5, 1, 1])
        );
    }
}
