//! Exact rational numbers with a limit.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use rubric_grammar::ast::RoundingMode;

use super::Fault;

/// An exact rational in lowest terms, its denominator positive, numerator and denominator below 10^76.
///
/// Small numbers are held in `i128`; every operation that might leave it is done in big integers, then reduced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// Invariant: `Small` whenever both parts fit, so that derived equality and hash are those of the number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(i128, i128),
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
        Self(Repr::Small(i128::from(value), 1))
    }

    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// Division by zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Result<Self, Fault> {
        Self::from_parts(BigInt::from(numerator), BigInt::from(denominator))
    }

    fn from_parts(numerator: BigInt, denominator: BigInt) -> Result<Self, Fault> {
        if denominator.is_zero() {
            return Err(Fault::DivisionByZero);
        }
        let divisor = numerator.gcd(&denominator);
        let sign = if denominator.is_negative() { -BigInt::one() } else { BigInt::one() };
        let (numerator, denominator) = (&numerator / &divisor * &sign, &denominator / &divisor * &sign);
        if let (Some(n), Some(d)) = (numerator.to_i128(), denominator.to_i128()) {
            return Ok(Self(Repr::Small(n, d)));
        }
        let limit = BigInt::from(10u8).pow(LIMIT_EXPONENT);
        if numerator.abs() >= limit || denominator >= limit {
            return Err(Fault::Overflow);
        }
        Ok(Self(Repr::Big(Box::new((numerator, denominator)))))
    }

    fn parts(&self) -> (BigInt, BigInt) {
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
        if let (Repr::Small(a, 1), Repr::Small(b, 1)) = (&self.0, &other.0)
            && let Some(sum) = a.checked_add(*b)
        {
            return Ok(Self(Repr::Small(sum, 1)));
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
        if let (Repr::Small(a, 1), Repr::Small(b, 1)) = (&self.0, &other.0)
            && let Some(product) = a.checked_mul(*b)
        {
            return Ok(Self(Repr::Small(product, 1)));
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        Self::from_parts(an * bn, ad * bd)
    }

    /// The quotient.
    ///
    /// # Errors
    /// Overflow, division by zero.
    pub fn div(&self, other: &Self) -> Result<Self, Fault> {
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        Self::from_parts(an * bd, ad * bn)
    }

    /// The number with the other sign.
    ///
    /// # Errors
    /// Overflow.
    pub fn negated(&self) -> Result<Self, Fault> {
        let (n, d) = self.parts();
        Self::from_parts(-n, d)
    }

    /// Rounded by magnitude to a whole multiple of 10^-places.
    ///
    /// # Errors
    /// Overflow.
    pub fn rounded(&self, mode: RoundingMode, places: u32) -> Result<Self, Fault> {
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
            Repr::Small(n, 1) => i64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// The decimal digits, at most `places` after the point and no trailing zeros, when that is exact.
    #[must_use]
    pub fn to_decimal(&self, places: u32) -> Option<String> {
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

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Small(a, 1), Repr::Small(b, 1)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let ((an, ad), (bn, bd)) = (self.parts(), other.parts());
        (an * bd).cmp(&(bn * ad))
    }
}
