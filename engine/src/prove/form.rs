//! Linear forms over exact rationals, and the bound that a comparison of one with a constant sets.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One as _, Zero as _};

pub(super) use super::rational::Q;

/// A numeric unknown of the solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Num(pub(super) u32);

/// A whole number.
pub(super) fn whole(n: i64) -> Q {
    Q::whole(n)
}

/// `Σ cᵢ xᵢ + c`; no coefficient is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Form {
    /// The coefficients.
    pub(super) terms: BTreeMap<Num, Q>,
    /// The constant.
    pub(super) constant: Q,
}

impl Form {
    pub(super) fn constant(constant: Q) -> Self {
        Self { terms: BTreeMap::new(), constant }
    }

    pub(super) fn whole(n: i64) -> Self {
        Self::constant(whole(n))
    }

    pub(super) fn of(var: Num) -> Self {
        Self { terms: BTreeMap::from([(var, Q::one())]), constant: Q::zero() }
    }

    /// The constant, where it is nothing else.
    pub(super) fn as_constant(&self) -> Option<&Q> {
        self.terms.is_empty().then_some(&self.constant)
    }

    /// How large it is: its terms, and more for numbers of many digits.
    pub(super) fn pieces(&self) -> usize {
        let digits = |q: &Q| (q.bits() / 256) as usize;
        1 + digits(&self.constant) + self.terms.values().map(|c| 1 + digits(c)).sum::<usize>()
    }

    pub(super) fn scaled(&self, by: &Q) -> Self {
        if by.is_zero() {
            return Self::default();
        }
        let terms = self.terms.iter().map(|(var, c)| (*var, c * by)).collect();
        Self { terms, constant: &self.constant * by }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.constant += &other.constant;
        for (var, c) in &other.terms {
            let now = sum.terms.entry(*var).or_default();
            *now += c;
            if now.is_zero() {
                sum.terms.remove(var);
            }
        }
        sum
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.scaled(&-Q::one()))
    }

    /// Its worth under these values; a variable without one is nothing.
    pub(super) fn at(&self, value: impl Fn(Num) -> Q) -> Q {
        self.terms.iter().fold(self.constant.clone(), |sum, (var, c)| sum + c * value(*var))
    }
}

/// `row <= at`, or `row < at` where strict. Of two bounds of one row the lesser implies the greater.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Bound {
    /// The constant.
    pub(super) at: Q,
    /// Whether the constant itself is in.
    pub(super) closed: bool,
}

/// What a comparison says of a row of coefficients.
pub(super) enum Atom {
    /// The row is constant: the comparison is that.
    Settled(bool),
    /// The row lies below the bound, or (where `negated`) it does not.
    Below {
        /// Whole coefficients without a common divisor, the first positive.
        row: Vec<(Num, Q)>,
        /// The bound.
        bound: Bound,
        /// Whether it is the opposite.
        negated: bool,
    },
}

/// `form <= 0`, or `form < 0` where not `closed`, as a bound of a row. `integer` says which variables are whole; a row of
/// them has whole bounds.
pub(super) fn atom(form: &Form, closed: bool, integer: impl Fn(Num) -> bool) -> Atom {
    let Some(first) = form.terms.values().next() else {
        return Atom::Settled(if closed {
            !form.constant.is_positive()
        } else {
            form.constant.is_negative()
        });
    };
    let denominators = form.terms.values().fold(BigInt::one(), |lcm, c| lcm.lcm(&c.denom()));
    let common =
        form.terms.values().fold(BigInt::zero(), |gcd, c| gcd.gcd(&(c.numer() * &denominators / c.denom())));
    let mut scale = Q::new(denominators, common);
    let flipped = first.is_negative();
    if flipped {
        scale = -scale;
    }
    let row: Vec<(Num, Q)> = form.terms.iter().map(|(var, c)| (*var, c * &scale)).collect();
    let at = -(&form.constant * &scale);
    // Flipped, `row >= at` is not `row < at`, and `row > at` is not `row <= at`.
    let mut bound = Bound { at, closed: closed != flipped };
    if row.iter().all(|(var, _)| integer(*var)) {
        bound.at = if bound.closed { bound.at.floor() } else { bound.at.ceil() - Q::one() };
        bound.closed = true;
    }
    Atom::Below { row, bound, negated: flipped }
}
