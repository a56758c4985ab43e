//! Exact rationals without a limit. Nearly all of them are small, and a proof makes millions.

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{Signed as _, ToPrimitive as _, Zero as _};

/// An exact rational in lowest terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Q(Repr);

/// Invariant: `Small` whenever both parts fit, the denominator positive, so that derived equality and hash are those of the
/// number. What comes of two small ones fits 128 bits before it is reduced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64, i64),
    Big(Box<Ratio<BigInt>>),
}

impl Default for Q {
    fn default() -> Self {
        Self::zero()
    }
}

impl Q {
    pub(super) const fn zero() -> Self {
        Self::whole(0)
    }

    pub(super) const fn one() -> Self {
        Self::whole(1)
    }

    /// A whole number.
    pub(super) const fn whole(n: i64) -> Self {
        Self(Repr::Small(n, 1))
    }

    /// `n / d`; nothing is divided by zero here, and what would be is zero.
    pub(super) fn new(n: BigInt, d: BigInt) -> Self {
        match (n.to_i64(), d.to_i64()) {
            (Some(n), Some(d)) => Self::reduced(i128::from(n), i128::from(d)),
            _ if d.is_zero() => Self::zero(),
            _ => Self::of(Ratio::new(n, d)),
        }
    }

    fn of(ratio: Ratio<BigInt>) -> Self {
        match (ratio.numer().to_i64(), ratio.denom().to_i64()) {
            (Some(n), Some(d)) => Self(Repr::Small(n, d)),
            _ => Self(Repr::Big(Box::new(ratio))),
        }
    }

    fn reduced(n: i128, d: i128) -> Self {
        let (up, down) = (n.unsigned_abs(), d.unsigned_abs());
        // Division of 128 bits is slow, and few need it.
        let divisor = match (u64::try_from(up), u64::try_from(down)) {
            (_, Ok(0)) => return Self::zero(),
            (Ok(_), Ok(1)) => 1,
            (Ok(up), Ok(down)) => u128::from(up.gcd(&down)),
            _ => up.gcd(&down),
        };
        let (up, down) = (up / divisor, down / divisor);
        let negative = (n < 0) != (d < 0);
        if let (Ok(up), Ok(down)) = (i64::try_from(up), i64::try_from(down)) {
            return Self(Repr::Small(if negative { -up } else { up }, down));
        }
        let up = BigInt::from(up);
        Self::of(Ratio::new_raw(if negative { -up } else { up }, BigInt::from(down)))
    }

    fn ratio(&self) -> Ratio<BigInt> {
        match &self.0 {
            Repr::Small(n, d) => Ratio::new_raw(BigInt::from(*n), BigInt::from(*d)),
            Repr::Big(ratio) => (**ratio).clone(),
        }
    }

    /// Numerator and denominator, where both are small.
    pub(super) fn small(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Repr::Small(n, d) => Some((*n, *d)),
            Repr::Big(_) => None,
        }
    }

    pub(super) fn numer(&self) -> BigInt {
        self.ratio().numer().clone()
    }

    pub(super) fn denom(&self) -> BigInt {
        self.ratio().denom().clone()
    }

    /// How many binary digits the longer of its parts has.
    pub(super) fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small(..) => 64,
            Repr::Big(ratio) => ratio.numer().bits().max(ratio.denom().bits()),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0, _))
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self.0, Repr::Small(1, 1))
    }

    pub(super) fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == 1,
            Repr::Big(ratio) => ratio.is_integer(),
        }
    }

    pub(super) fn is_positive(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n > 0,
            Repr::Big(ratio) => ratio.is_positive(),
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(ratio) => ratio.is_negative(),
        }
    }

    pub(super) fn floor(&self) -> Self {
        match &self.0 {
            Repr::Small(n, d) => Self::whole(n.div_euclid(*d)),
            Repr::Big(ratio) => Self::of(ratio.floor()),
        }
    }

    pub(super) fn ceil(&self) -> Self {
        -(-self).floor()
    }
}

impl Ord for Q {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a, b), Repr::Small(c, d)) if b == d => a.cmp(c),
            (Repr::Small(a, b), Repr::Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            _ => self.ratio().cmp(&other.ratio()),
        }
    }
}

impl PartialOrd for Q {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Neg for &Q {
    type Output = Q;
    fn neg(self) -> Q {
        match &self.0 {
            Repr::Small(n, d) => match n.checked_neg() {
                Some(n) => Q(Repr::Small(n, *d)),
                None => Q::reduced(-i128::from(*n), i128::from(*d)),
            },
            Repr::Big(ratio) => Q::of(-(**ratio).clone()),
        }
    }
}

impl Neg for Q {
    type Output = Q;
    fn neg(self) -> Q {
        -&self
    }
}

impl Add for &Q {
    type Output = Q;
    fn add(self, other: &Q) -> Q {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            if b == 1 && d == 1 {
                return a
                    .checked_add(c)
                    .map_or_else(|| Q::reduced(i128::from(a) + i128::from(c), 1), Q::whole);
            }
            let [a, b, c, d] = [a, b, c, d].map(i128::from);
            // Each product is below 2^126: the sum fits.
            return Q::reduced(a * d + c * b, b * d);
        }
        Q::of(self.ratio() + other.ratio())
    }
}

impl Sub for &Q {
    type Output = Q;
    fn sub(self, other: &Q) -> Q {
        self + &-other
    }
}

impl Mul for &Q {
    type Output = Q;
    fn mul(self, other: &Q) -> Q {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            if b == 1 && d == 1 {
                return a
                    .checked_mul(c)
                    .map_or_else(|| Q::reduced(i128::from(a) * i128::from(c), 1), Q::whole);
            }
            let [a, b, c, d] = [a, b, c, d].map(i128::from);
            return Q::reduced(a * c, b * d);
        }
        Q::of(self.ratio() * other.ratio())
    }
}

impl Div for &Q {
    type Output = Q;
    /// By zero it is zero; nothing is divided by zero here.
    fn div(self, other: &Q) -> Q {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            let [a, b, c, d] = [a, b, c, d].map(i128::from);
            return Q::reduced(a * d, b * c);
        }
        if other.is_zero() {
            return Q::zero();
        }
        Q::of(self.ratio() / other.ratio())
    }
}

macro_rules! by_value {
    ($($operation:ident $method:ident),*) => {$(
        impl $operation for Q {
            type Output = Q;
            fn $method(self, other: Q) -> Q {
                $operation::$method(&self, &other)
            }
        }
        impl $operation<&Q> for Q {
            type Output = Q;
            fn $method(self, other: &Q) -> Q {
                $operation::$method(&self, other)
            }
        }
        impl $operation<Q> for &Q {
            type Output = Q;
            fn $method(self, other: Q) -> Q {
                $operation::$method(self, &other)
            }
        }
    )*};
}

by_value!(Add add, Sub sub, Mul mul, Div div);

impl AddAssign<&Q> for Q {
    fn add_assign(&mut self, other: &Q) {
        *self = &*self + other;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whole numbers of all sizes, with many near the ends of what is small.
    fn any_whole() -> impl Strategy<Value = BigInt> {
        let near = (prop::sample::select(vec![i64::MIN, i64::MAX, 0]), -3_i64..=3);
        prop_oneof![
            (-20_i64..20).prop_map(BigInt::from),
            any::<i64>().prop_map(BigInt::from),
            near.prop_map(|(end, more)| BigInt::from(end) + more),
            (any::<i64>(), any::<i64>()).prop_map(|(a, b)| BigInt::from(a) * b),
        ]
    }

    fn any_ratio() -> impl Strategy<Value = Ratio<BigInt>> {
        (any_whole(), any_whole().prop_filter("divides", |d| !d.is_zero()))
            .prop_map(|(n, d)| Ratio::new(n, d))
    }

    fn q(ratio: &Ratio<BigInt>) -> Q {
        Q::new(ratio.numer().clone(), ratio.denom().clone())
    }

    proptest! {
        /// Small or not, they are what the numbers without a limit are, in one form each.
        #[test]
        fn they_are_what_big_ones_are(a in any_ratio(), b in any_ratio()) {
            let (x, y) = (q(&a), q(&b));
            prop_assert_eq!(x.ratio(), a.clone());
            prop_assert_eq!(&x + &y, q(&(&a + &b)));
            prop_assert_eq!(&x - &y, q(&(&a - &b)));
            prop_assert_eq!(&x * &y, q(&(&a * &b)));
            if !b.is_zero() {
                prop_assert_eq!(&x / &y, q(&(&a / &b)));
            }
            prop_assert_eq!(-&x, q(&-a.clone()));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.floor(), q(&a.floor()));
            prop_assert_eq!(x.ceil(), q(&a.ceil()));
            prop_assert_eq!(x.is_integer(), a.is_integer());
            prop_assert_eq!((x.is_negative(), x.is_zero(), x.is_positive()), (a.is_negative(), a.is_zero(), a.is_positive()));
            prop_assert_eq!(x.small().is_some(), a.numer().to_i64().is_some() && a.denom().to_i64().is_some());
            let back = &(&x + &y) - &y;
            prop_assert_eq!(back, x);
        }
    }
}
