//! The cells of a Parquet file as texts, exactly: what is read from them is what the same text in a CSV file gives.
//!
//! A FLOAT or DOUBLE is a binary fraction. Nearly no decimal is one, so that what stands there is only near to what was
//! meant. A decimal of at most 15 digits (6 in a FLOAT) is the nearest of its length to the fraction it became, and so it
//! is found again; with more digits there is no telling, and the cell is an error.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::table_rows::Odd;
use crate::value::{Date, date};

/// A cell.
pub(crate) enum Rendered {
    /// Its text is in the buffer; nothing where it is null.
    Text,
    /// No text stands for it.
    Odd(Odd),
}

/// Digits that a decimal keeps through a DOUBLE and back.
const DOUBLE_DIGITS: usize = 15;
/// Through a FLOAT.
const FLOAT_DIGITS: usize = 6;
/// Through a half-precision number.
const HALF_DIGITS: usize = 3;

/// Writes the text of a cell.
pub(crate) fn render(column: &ArrayRef, row: usize, text: &mut Vec<u8>) -> Rendered {
    text.clear();
    if row >= column.len() || column.is_null(row) {
        return Rendered::Text;
    }
    macro_rules! shown {
        ($kind:ty) => {{
            let _ = write!(Utf8(text), "{}", column.as_primitive::<$kind>().value(row));
        }};
    }
    macro_rules! moment {
        ($kind:ty, $second:expr) => {
            return moment(column.as_primitive::<$kind>().value(row), $second, text)
        };
    }
    match column.data_type() {
        DataType::Boolean => {
            text.extend_from_slice(if column.as_boolean().value(row) { b"true" } else { b"false" });
        }
        DataType::Int8 => shown!(Int8Type),
        DataType::Int16 => shown!(Int16Type),
        DataType::Int32 => shown!(Int32Type),
        DataType::Int64 => shown!(Int64Type),
        DataType::UInt8 => shown!(UInt8Type),
        DataType::UInt16 => shown!(UInt16Type),
        DataType::UInt32 => shown!(UInt32Type),
        DataType::UInt64 => shown!(UInt64Type),
        DataType::Decimal128(_, scale) => {
            let digits = column.as_primitive::<Decimal128Type>().value(row).to_string();
            decimal(&digits, *scale, text);
        }
        DataType::Decimal256(_, scale) => {
            let digits = column.as_primitive::<Decimal256Type>().value(row).to_string();
            decimal(&digits, *scale, text);
        }
        DataType::Float16 => {
            let value = column.as_primitive::<Float16Type>().value(row);
            return float(f64::from(value), &value.to_string(), HALF_DIGITS, 1 << 11, text);
        }
        DataType::Float32 => {
            let value = column.as_primitive::<Float32Type>().value(row);
            return float(f64::from(value), &value.to_string(), FLOAT_DIGITS, 1 << 24, text);
        }
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            return float(value, &value.to_string(), DOUBLE_DIGITS, 1 << 53, text);
        }
        DataType::Date32 => {
            return day(i64::from(column.as_primitive::<Date32Type>().value(row)), text);
        }
        DataType::Timestamp(TimeUnit::Second, _) => moment!(TimestampSecondType, 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => moment!(TimestampMillisecondType, 1_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => moment!(TimestampMicrosecondType, 1_000_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => moment!(TimestampNanosecondType, 1_000_000_000),
        DataType::Utf8 => text.extend_from_slice(column.as_string::<i32>().value(row).as_bytes()),
        DataType::Binary => text.extend_from_slice(column.as_binary::<i32>().value(row)),
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or(usize::MAX);
            return render(&Arc::clone(dictionary.values()), key, text);
        }
        _ => return Rendered::Odd(Odd::several("something else")),
    }
    Rendered::Text
}

/// Lets numbers be written into bytes.
struct Utf8<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// `-12345` with two places is `-123.45`.
fn decimal(digits: &str, scale: i8, text: &mut Vec<u8>) {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    text.extend_from_slice(sign.as_bytes());
    let Ok(places) = usize::try_from(scale) else {
        text.extend_from_slice(digits.as_bytes());
        text.resize(text.len() + usize::from(scale.unsigned_abs()), b'0');
        return;
    };
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at_checked(padded.len() - places).unwrap_or((&padded, ""));
    text.extend_from_slice(whole.as_bytes());
    if !fraction.is_empty() {
        text.push(b'.');
        text.extend_from_slice(fraction.as_bytes());
    }
}

fn float(value: f64, shortest: &str, most: usize, whole: i64, text: &mut Vec<u8>) -> Rendered {
    if !value.is_finite() {
        return Rendered::Odd(Odd {
            of_text: false,
            code: "bad-number",
            found: Some(shortest.to_owned()),
            what: "is no number; what is not there is null".into(),
        });
    }
    let digits = shortest.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit);
    let significant = if shortest.contains('.') {
        digits.count()
    } else {
        shortest.trim_start_matches('-').trim_end_matches('0').len()
    };
    #[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
    let is_exact_whole = value.fract() == 0.0 && value.abs() <= whole as f64;
    if significant > most && !is_exact_whole {
        return Rendered::Odd(Odd {
            of_text: false,
            code: "bad-number",
            found: Some(shortest.to_owned()),
            what: format!(
                "is a binary fraction of more than {most} digits, so that no decimal is surely meant; export the \
                 column as DECIMAL"
            )
            .into(),
        });
    }
    text.extend_from_slice(if value == 0.0 { b"0" } else { shortest.as_bytes() });
    Rendered::Text
}

fn day(days: i64, text: &mut Vec<u8>) -> Rendered {
    match Date::new(1970, 1, 1).ok().and_then(|start| date::add_days(start, days)) {
        Some(found) if found.year() >= 0 => {
            let _ = write!(Utf8(text), "{:04}-{:02}-{:02}", found.year(), found.month(), found.day());
            Rendered::Text
        }
        _ => Rendered::Odd(Odd {
            of_text: false,
            code: "bad-date",
            found: Some(format!("{days} days after 1970-01-01")),
            what: "is outside the calendar".into(),
        }),
    }
}

fn moment(value: i64, second: i64, text: &mut Vec<u8>) -> Rendered {
    let whole_day = 86_400 * second;
    if value.rem_euclid(whole_day) == 0 {
        return day(value.div_euclid(whole_day), text);
    }
    Rendered::Odd(Odd {
        of_text: false,
        code: "bad-date",
        found: None,
        what: "it holds a day and a time of the day, and a date is expected; export the column as DATE"
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use arrow_array::{Decimal128Array, Float32Array, Float64Array};

    use super::*;

    fn shown(column: ArrayRef) -> Vec<String> {
        let mut text = Vec::new();
        (0..column.len())
            .map(|row| match render(&column, row, &mut text) {
                Rendered::Text => String::from_utf8(text.clone()).unwrap(),
                Rendered::Odd(odd) => format!("{}: {}", odd.code, odd.found.unwrap_or_default()),
            })
            .collect()
    }

    #[test]
    fn decimals_keep_their_digits() {
        let column = Decimal128Array::from(vec![Some(12345), Some(-5), Some(0), None, Some(i128::MAX)]);
        let of = |scale| Arc::new(column.clone().with_precision_and_scale(38, scale).unwrap()) as ArrayRef;
        // The largest i128 has 39 digits, one more than a DECIMAL(38) may have; it is written out all the same.
        assert_eq!(shown(of(2)), ["123.45", "-0.05", "0.00", "", "1701411834604692317316873037158841057.27"]);
        assert_eq!(shown(of(0))[..3], ["12345", "-5", "0"]);
    }

    #[test]
    fn binary_fractions_are_read_where_one_decimal_is_surely_meant() {
        let doubles = vec![
            1000.10,
            0.1 + 0.2,
            3.0,
            -0.0,
            9_007_199_254_740_991.0,
            1e300,
            0.000_012_5,
            1.0 / 3.0,
            f64::NAN,
            f64::INFINITY,
            123_456_789_012.345,
        ];
        let shown_doubles = shown(Arc::new(Float64Array::from(doubles)));
        assert_eq!(shown_doubles[5].len(), 301);
        assert_eq!(
            [&shown_doubles[..5], &shown_doubles[6..]].concat(),
            [
                "1000.1",
                "bad-number: 0.30000000000000004",
                "3",
                "0",
                "9007199254740991",
                "0.0000125",
                "bad-number: 0.3333333333333333",
                "bad-number: NaN",
                "bad-number: inf",
                "123456789012.345",
            ]
        );
        assert_eq!(
            shown(Arc::new(Float32Array::from(vec![0.1, 16_777_216.0, 0.123_456_79]))),
            ["0.1", "16777216", "bad-number: 0.12345679"]
        );
    }

    #[test]
    fn a_decimal_of_few_digits_survives_a_double() {
        let mut state = 1_u64;
        for _ in 0..10_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let cents = i64::try_from(state >> 14).unwrap() % 1_000_000_000_000_000;
            let written = format!("{}.{:02}", cents / 100, cents % 100);
            let mut text = Vec::new();
            let column: ArrayRef = Arc::new(Float64Array::from(vec![written.parse::<f64>().unwrap()]));
            assert!(matches!(render(&column, 0, &mut text), Rendered::Text), "{written}");
            let found = crate::value::Number::parse_decimal(std::str::from_utf8(&text).unwrap());
            assert_eq!(found, crate::value::Number::parse_decimal(&written));
        }
    }
}
