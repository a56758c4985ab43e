//! Exact rational numbers with a limit.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use rubric_grammar::ast::RoundingMode;

use super::Fault;

/// An exact rational in lowest terms, its denominator positive, numerator and denominator below 10^76.
///
/// Small numbers are held in `i64`, and what comes of two of them fits `i128` before it is reduced; all others are big integers.
/// Few numbers of schools are not small, and values are copied often: they have to be short.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// Invariant: `Small` whenever both parts fit, so that derived equality and hash are those of the number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64, i64),
    Big(Box<(BigInt, BigInt)>),
}

/// Numerators and denominators must be below 10 to this power.
pub const LIMIT_EXPONENT: u32 = 76;

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Small(0, 1));
    /// One.
    pub const ONE: Self = Self(Repr::Small(1, 1));

    /// A whole number.
    #[must_use]
    pub fn from_int(value: i64) -> Self {
        Self(Repr::Small(value, 1))
    }

    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// Division by zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Result<Self, Fault> {
        Self::from_parts(BigInt::from(numerator), BigInt::from(denominator))
    }

    /// `n / d` reduced, where that fits.
    fn from_small(n: i128, d: i128) -> Option<Self> {
        if d == 0 {
            return None;
        }
        // Division of 128 bits is slow, and few numbers need it.
        let (magnitude, denominator) =
            match (u64::try_from(n.unsigned_abs()), u64::try_from(d.unsigned_abs())) {
                (Ok(n), Ok(d)) => {
                    let divisor = n.gcd(&d);
                    (u128::from(n / divisor), u128::from(d / divisor))
                }
                _ => {
                    let divisor = n.unsigned_abs().gcd(&d.unsigned_abs());
                    (n.unsigned_abs() / divisor, d.unsigned_abs() / divisor)
                }
            };
        let denominator = i64::try_from(denominator).ok()?;
        let magnitude = i128::try_from(magnitude).ok()?;
        let numerator = if (n < 0) == (d < 0) { magnitude } else { -magnitude };
        Some(Self(Repr::Small(i64::try_from(numerator).ok()?, denominator)))
    }

    /// `value / 10^scale`, for a scale of at most 18.
    pub(crate) fn scaled(value: i64, scale: u8) -> Self {
        if scale == 0 {
            return Self::from_int(value);
        }
        let denominator = 10_i128.pow(u32::from(scale.min(18)));
        Self::from_small(i128::from(value), denominator).unwrap_or(Self::ZERO)
    }

    /// `value / 10^scale`, for a scale of at most 18: the sum of many numbers of that scale.
    #[must_use]
    pub fn of_scaled(value: i128, scale: u8) -> Self {
        let denominator = 10_i128.pow(u32::from(scale.min(18)));
        let whole = || Self::from_parts(BigInt::from(value), BigInt::from(denominator)).unwrap_or(Self::ZERO);
        Self::from_small(value, denominator).unwrap_or_else(whole)
    }

    /// The number as a whole number of tenths, hundredths and so on, at most of the sixth place, and how many places that
    /// takes; `None` where it is no such number, or does not fit.
    pub(crate) fn to_scaled(&self) -> Option<(i64, u8)> {
        let Repr::Small(n, d) = &self.0 else { return None };
        let mut power = 1_i128;
        for scale in 0..=6 {
            if power % i128::from(*d) == 0 {
                return Some((i64::try_from(i128::from(*n) * (power / i128::from(*d))).ok()?, scale));
            }
            power *= 10;
        }
        None
    }

    pub(crate) fn from_parts(numerator: BigInt, denominator: BigInt) -> Result<Self, Fault> {
        if denominator.is_zero() {
            return Err(Fault::DivisionByZero);
        }
        let divisor = numerator.gcd(&denominator);
        let sign = if denominator.is_negative() { -BigInt::one() } else { BigInt::one() };
        let (numerator, denominator) = (&numerator / &divisor * &sign, &denominator / &divisor * &sign);
        if let (Some(n), Some(d)) = (numerator.to_i64(), denominator.to_i64()) {
            return Ok(Self(Repr::Small(n, d)));
        }
        let limit = BigInt::from(10u8).pow(LIMIT_EXPONENT);
        if numerator.abs() >= limit || denominator >= limit {
            return Err(Fault::Overflow);
        }
        Ok(Self(Repr::Big(Box::new((numerator, denominator)))))
    }

    /// Numerator and denominator, in lowest terms.
    pub(crate) fn parts(&self) -> (BigInt, BigInt) {
        match &self.0 {
            Repr::Small(n, d) => (BigInt::from(*n), BigInt::from(*d)),
            Repr::Big(parts) => (parts.0.clone(), parts.1.clone()),
        }
    }

    /// Reads `-12.50`: digits with an optional sign and fraction, nothing else.
    #[must_use]
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dotted = digits.contains('.');
        if whole.is_empty() || !plain(whole) || !plain(fraction) || (dotted && fraction.is_empty()) {
            return None;
        }
        if whole.len() + fraction.len() > 400 {
            return None;
        }
        let mut numerator: BigInt = format!("{whole}{fraction}").parse().ok()?;
        if negative {
            numerator = -numerator;
        }
        let places = u32::try_from(fraction.len()).ok()?;
        Self::from_parts(numerator, BigInt::from(10u8).pow(places)).ok()
    }

    /// The sum.
    ///
    /// # Errors
    /// Overflow.
    pub fn add(&self, other: &Self) -> Result<Self, Fault> {
        if let (Repr::Small(an, ad), Repr::Small(bn, bd)) = (&self.0, &other.0)
            && let Some(sum) = small_sum((*an, *ad), (*bn, *bd))
        {
            return Ok(sum);
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        Self::from_parts(an * &bd + bn * &ad, ad * bd)
    }

    /// The difference.
    ///
    /// # Errors
    /// Overflow.
    pub fn sub(&self, other: &Self) -> Result<Self, Fault> {
        self.add(&other.negated()?)
    }

    /// The product.
    ///
    /// # Errors
    /// Overflow.
    pub fn mul(&self, other: &Self) -> Result<Self, Fault> {
        if let (Repr::Small(an, ad), Repr::Small(bn, bd)) = (&self.0, &other.0)
            && let Some(product) = small_product((*an, *ad), (*bn, *bd))
        {
            return Ok(product);
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        Self::from_parts(an * bn, ad * bd)
    }

    /// The quotient.
    ///
    /// # Errors
    /// Overflow, division by zero.
    pub fn div(&self, other: &Self) -> Result<Self, Fault> {
        if let (Repr::Small(an, ad), Repr::Small(bn, bd)) = (&self.0, &other.0)
            && *bn != 0
            && let Some(quotient) = small_product((*an, *ad), (*bd, *bn))
        {
            return Ok(quotient);
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        Self::from_parts(an * bd, ad * bn)
    }

    /// The number with the other sign.
    ///
    /// # Errors
    /// Overflow.
    pub fn negated(&self) -> Result<Self, Fault> {
        if let Repr::Small(n, d) = &self.0
            && let Some(n) = n.checked_neg()
        {
            return Ok(Self(Repr::Small(n, *d)));
        }
        let (n, d) = self.parts();
        Self::from_parts(-n, d)
    }

    /// Rounded by magnitude to a whole multiple of 10^-places.
    ///
    /// # Errors
    /// Overflow.
    pub fn rounded(&self, mode: RoundingMode, places: u32) -> Result<Self, Fault> {
        if self.is_whole() {
            return Ok(self.clone());
        }
        let (n, d) = self.parts();
        let scale = BigInt::from(10u8).pow(places);
        let (quotient, remainder) = (n.abs() * &scale).div_rem(&d);
        let twice: BigInt = &remainder * 2u8;
        let up = match mode {
            RoundingMode::Down => false,
            RoundingMode::Up => !remainder.is_zero(),
            RoundingMode::HalfUp => twice >= d,
            RoundingMode::HalfEven => twice > d || (twice == d && quotient.is_odd()),
        };
        let magnitude = if up { quotient + 1u8 } else { quotient };
        Self::from_parts(if n.is_negative() { -magnitude } else { magnitude }, scale)
    }

    /// Whether it has no fraction.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == 1,
            Repr::Big(parts) => parts.1.is_one(),
        }
    }

    /// Whether it is a whole multiple of 10^-places.
    #[must_use]
    pub fn has_places(&self, places: u32) -> bool {
        self.rounded(RoundingMode::Down, places).is_ok_and(|rounded| rounded == *self)
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(parts) => parts.0.is_negative(),
        }
    }

    /// The number as an `i64`, when it is whole and fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(n, 1) => Some(*n),
            _ => None,
        }
    }

    /// The decimal digits, at most `places` after the point and no trailing zeros, when that is exact.
    #[must_use]
    pub fn to_decimal(&self, places: u32) -> Option<String> {
        if let Repr::Small(n, 1) = &self.0 {
            return Some(n.to_string());
        }
        let rounded = self.rounded(RoundingMode::Down, places).ok()?;
        if rounded != *self {
            return None;
        }
        let (n, d) = self.parts();
        let scaled = n.abs() * BigInt::from(10u8).pow(places) / d;
        let digits = format!("{scaled:0>width$}", width = places as usize + 1);
        let (whole, fraction) = digits.split_at_checked(digits.len() - places as usize)?;
        let fraction = fraction.trim_end_matches('0');
        let sign = if n.is_negative() { "-" } else { "" };
        Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }

    /// `numerator/denominator`, for numbers with no short decimal form.
    #[must_use]
    pub fn to_fraction(&self) -> String {
        let (n, d) = self.parts();
        format!("{n}/{d}")
    }
}

/// The sum of two fractions, where it is small. No step leaves `i128`: each part is below 2^63, the last but for its sign.
fn small_sum((an, ad): (i64, i64), (bn, bd): (i64, i64)) -> Option<Number> {
    if ad == 1 && bd == 1 {
        return Some(Number(Repr::Small(an.checked_add(bn)?, 1)));
    }
    let divisor = ad.gcd(&bd);
    let (left, right) = (i128::from(ad / divisor), i128::from(bd / divisor));
    let numerator = i128::from(an) * right + i128::from(bn) * left;
    Number::from_small(numerator, i128::from(ad) * right)
}

/// The product of two fractions, where it is small.
fn small_product((an, ad): (i64, i64), (bn, bd): (i64, i64)) -> Option<Number> {
    if ad == 1 && bd == 1 {
        return Some(Number(Repr::Small(an.checked_mul(bn)?, 1)));
    }
    Number::from_small(i128::from(an) * i128::from(bn), i128::from(ad) * i128::from(bd))
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Small(an, ad), Repr::Small(bn, bd)) = (&self.0, &other.0) {
            if ad == bd {
                return an.cmp(bn);
            }
            let (left, right) = (i128::from(*an) * i128::from(*bd), i128::from(*bn) * i128::from(*ad));
            return left.cmp(&right);
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        (an * bd).cmp(&(bn * ad))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn big(numerator: i128, denominator: i128) -> Number {
        Number::from_parts(BigInt::from(numerator), BigInt::from(denominator)).unwrap()
    }

    /// Values near zero and near the ends of `i64` and of `i128`, so that both paths and the borders are met.
    fn integers() -> impl Strategy<Value = i128> {
        prop_oneof![
            -30i128..30,
            any::<i64>().prop_map(i128::from),
            any::<i128>(),
            (-3i128..3).prop_map(|n| i128::from(i64::MAX) + n),
            (-3i128..3).prop_map(|n| i128::from(i64::MIN) + n),
            (0i128..3).prop_map(|n| i128::MAX - n),
            (0i128..3).prop_map(|n| i128::MIN + n),
        ]
    }

    fn denominators() -> impl Strategy<Value = i128> {
        integers().prop_map(|n| if n == 0 { 1 } else { n })
    }

    /// Whether the representation is the one that equality and hash rely on.
    fn canonical(number: &Number) -> bool {
        match &number.0 {
            Repr::Small(n, d) => *d > 0 && n.unsigned_abs().gcd(&d.unsigned_abs()) == 1,
            Repr::Big(parts) => {
                parts.1.is_positive()
                    && parts.0.gcd(&parts.1).is_one()
                    && (parts.0.to_i64().is_none() || parts.1.to_i64().is_none())
            }
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Add,
        Sub,
        Mul,
        Div,
    }

    fn by_definition(op: Op, a: &Number, b: &Number) -> Result<Number, Fault> {
        let ((an, ad), (bn, bd)) = (a.parts(), b.parts());
        match op {
            Op::Add => Number::from_parts(an * &bd + bn * &ad, ad * bd),
            Op::Sub => Number::from_parts(an * &bd - bn * &ad, ad * bd),
            Op::Mul => Number::from_parts(an * bn, ad * bd),
            Op::Div => Number::from_parts(an * bd, ad * bn),
        }
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_big_integers(
            a in (integers(), denominators()), b in (integers(), denominators()),
            op in prop_oneof![Just(Op::Add), Just(Op::Sub), Just(Op::Mul), Just(Op::Div)],
        ) {
            let (a, b) = (big(a.0, a.1), big(b.0, b.1));
            let fast = match op {
                Op::Add => a.add(&b),
                Op::Sub => a.sub(&b),
                Op::Mul => a.mul(&b),
                Op::Div => a.div(&b),
            };
            if let Ok(number) = &fast {
                prop_assert!(canonical(number));
            }
            prop_assert_eq!(fast, by_definition(op, &a, &b));
        }

        #[test]
        fn order_agrees_with_big_integers(a in (integers(), denominators()), b in (integers(), denominators())) {
            let (a, b) = (big(a.0, a.1), big(b.0, b.1));
            let ((an, ad), (bn, bd)) = (a.parts(), b.parts());
            prop_assert_eq!(a.cmp(&b), (an * bd).cmp(&(bn * ad)));
            prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        }

        #[test]
        fn rounding_is_the_nearest_multiple_on_its_side(n in -100_000i64..100_000, d in 1i64..500, places in 0u32..4) {
            let exact = Number::ratio(n, d).unwrap();
            let unit = Number::ratio(1, 10i64.pow(places)).unwrap();
            let half = unit.div(&Number::from_int(2)).unwrap();
            let magnitude = |number: &Number| if number.is_negative() { number.negated().unwrap() } else { number.clone() };
            for mode in [RoundingMode::Down, RoundingMode::Up, RoundingMode::HalfUp, RoundingMode::HalfEven] {
                let rounded = exact.rounded(mode, places).unwrap();
                prop_assert!(rounded.div(&unit).unwrap().is_whole());
                let off = magnitude(&rounded).sub(&magnitude(&exact)).unwrap();
                let distance = magnitude(&off);
                match mode {
                    RoundingMode::Down => prop_assert!(off <= Number::ZERO && distance < unit),
                    RoundingMode::Up => prop_assert!(off >= Number::ZERO && distance < unit),
                    RoundingMode::HalfUp => prop_assert!(distance < half || (distance == half && off > Number::ZERO)),
                    RoundingMode::HalfEven => {
                        let even = rounded.div(&unit).unwrap().div(&Number::from_int(2)).unwrap().is_whole();
                        prop_assert!(distance < half || (distance == half && even));
                    }
                }
            }
        }

        #[test]
        fn scaled_numbers_survive(value in any::<i64>(), scale in 0u8..7) {
            let number = Number::scaled(value, scale);
            prop_assert_eq!(&number, &Number::ratio(value, 10i64.pow(u32::from(scale))).unwrap());
            let (own, places) = number.to_scaled().unwrap();
            prop_assert!(places <= scale);
            prop_assert_eq!(Number::scaled(own, places), number);
        }

        #[test]
        fn decimals_survive(text in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{0,6}[1-9])?") {
            let number = Number::parse_decimal(&text).unwrap();
            let expected = if number == Number::ZERO { "0".to_owned() } else { text };
            prop_assert_eq!(number.to_decimal(8), Some(expected));
        }
    }

    #[test]
    fn the_limit_is_on_the_reduced_fraction() {
        let power = |n: u32| Number::parse_decimal(&format!("1{}", "0".repeat(n as usize))).unwrap();
        let below = power(75).mul(&Number::from_int(9)).unwrap();
        assert!(canonical(&below));
        assert_eq!(power(75).mul(&Number::from_int(10)), Err(Fault::Overflow));
        assert_eq!(Number::ONE.div(&power(75)).unwrap().div(&Number::from_int(10)), Err(Fault::Overflow));
        // The product passes 10^76 on the way; its reduced value does not.
        assert_eq!(
            power(60).mul(&Number::ratio(1, 10).unwrap().mul(&Number::ONE.div(&power(40)).unwrap()).unwrap()),
            Ok(power(19))
        );
        // Leaving `i64`, or `i128`, is no error.
        let least = big(i128::from(i64::MIN), 1);
        assert_eq!(least.sub(&Number::ONE).unwrap().add(&Number::ONE), Ok(least));
        let max = big(i128::MAX, 1);
        assert_eq!(max.add(&Number::ONE).unwrap().sub(&Number::ONE), Ok(max));
        assert_eq!(Number::ONE.div(&Number::ZERO), Err(Fault::DivisionByZero));
        assert_eq!(Number::parse_decimal(&"9".repeat(77)), None);
    }
}
