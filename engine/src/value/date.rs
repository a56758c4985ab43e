//! Calendar dates and their arithmetic.
//!
//! Everything is computed from the given date, never by steps, so that `a + 2 months` is not `(a + 1 month) + 1 month`.

use jiff::ToSpan as _;
pub use jiff::civil::Date;
use jiff::civil::Weekday;
use rubric_grammar::ast::MonthEnd;

/// The date some days later, or earlier when negative; `None` outside the calendar.
#[must_use]
pub fn add_days(start: Date, days: i64) -> Option<Date> {
    start.checked_add(days_span(days)?).ok()
}

fn days_span(days: i64) -> Option<jiff::Span> {
    jiff::Span::new().try_days(days).ok()
}

/// The same day of the month some months later, or earlier when negative. Where that day does not exist: the last day
/// of the month (`Down`) or the first day of the next (`Up`). `None` outside the calendar.
#[must_use]
pub fn add_months(start: Date, months: i64, month_end: MonthEnd) -> Option<Date> {
    let total = i64::from(start.year())
        .checked_mul(12)?
        .checked_add(i64::from(start.month()) - 1)?
        .checked_add(months)?;
    let year = i16::try_from(total.div_euclid(12)).ok()?;
    let month = i8::try_from(total.rem_euclid(12) + 1).ok()?;
    if let Ok(day) = Date::new(year, month, start.day()) {
        return Some(day);
    }
    let last = Date::new(year, month, 1).ok()?.last_of_month();
    match month_end {
        MonthEnd::Down => Some(last),
        MonthEnd::Up => last.checked_add(1.day()).ok(),
    }
}

/// Days from `a` to `b`, the first day out; negative when `b` is earlier.
#[must_use]
pub fn days_between(a: Date, b: Date) -> i64 {
    ordinal(b) - ordinal(a)
}

/// The day that is that many days after 1970-01-01; `None` outside the calendar.
pub(crate) fn from_ordinal(days: i32) -> Option<Date> {
    // As in `ordinal`, years begin in March.
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Days since 1970-01-01.
pub(crate) fn ordinal(day: Date) -> i64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day.day()) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The greatest n ≥ 0 with `a + n months <= b`; for an earlier `b` the negative of the swap.
#[must_use]
pub fn months_between(a: Date, b: Date, month_end: MonthEnd) -> i64 {
    if b < a { -whole_steps(b, a, 1, month_end) } else { whole_steps(a, b, 1, month_end) }
}

/// The greatest n ≥ 0 with `a + 12 n months <= b`; for an earlier `b` the negative of the swap.
#[must_use]
pub fn years_between(a: Date, b: Date, month_end: MonthEnd) -> i64 {
    if b < a { -whole_steps(b, a, 12, month_end) } else { whole_steps(a, b, 12, month_end) }
}

/// The greatest n with `birth + 12 n months <= on`; below zero before birth.
#[must_use]
pub fn age(birth: Date, on: Date, month_end: MonthEnd) -> i64 {
    whole_steps(birth, on, 12, month_end)
}

/// The greatest n with `a + n * step months <= b`.
fn whole_steps(a: Date, b: Date, step: i64, month_end: MonthEnd) -> i64 {
    let months =
        (i64::from(b.year()) - i64::from(a.year())) * 12 + i64::from(b.month()) - i64::from(a.month());
    let guess = months.div_euclid(step);
    // A day later in the month, or a rounded one, moves the answer by one step at most; the calendar's ends count as
    // past every date on their side.
    let reached = |n: i64| match add_months(a, n * step, month_end) {
        Some(day) => day <= b,
        None => n < 0,
    };
    if reached(guess + 1) {
        guess + 1
    } else if reached(guess) {
        guess
    } else {
        guess - 1
    }
}

/// The n-th weekday of a month, Monday being 1; from the end when n is negative. `None` when there is no such day.
#[must_use]
pub fn nth_weekday(n: i64, weekday: u8, month: u8, year: i64) -> Option<Date> {
    let first = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    let weekday = Weekday::from_monday_one_offset(i8::try_from(weekday).ok()?).ok()?;
    first.nth_weekday_of_month(i8::try_from(n).ok()?, weekday).ok()
}

/// The year in which the day's school year starts, when school years start on that month and day.
#[must_use]
pub fn school_year_of(day: Date, start: (u8, u8)) -> Option<i16> {
    let begins = first_day(day.year(), start)?;
    if day < begins { day.year().checked_sub(1) } else { Some(day.year()) }
}

/// The first day of the school year that starts in that year; `None` when there is no such day.
#[must_use]
pub fn first_day(year: i16, start: (u8, u8)) -> Option<Date> {
    Date::new(year, i8::try_from(start.0).ok()?, i8::try_from(start.1).ok()?).ok()
}

/// The last day of the school year that starts in that year.
#[must_use]
pub fn last_day(year: i16, start: (u8, u8)) -> Option<Date> {
    first_day(year.checked_add(1)?, start)?.checked_sub(1.day()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn days() -> impl Strategy<Value = Date> {
        (1900i16..2101, 1i8..13, 1i8..32).prop_map(|(y, m, d)| {
            Date::new(y, m, d).unwrap_or_else(|_| Date::new(y, m, 1).unwrap().last_of_month())
        })
    }

    fn modes() -> impl Strategy<Value = MonthEnd> {
        prop_oneof![Just(MonthEnd::Down), Just(MonthEnd::Up)]
    }

    #[test]
    fn month_ends_land_where_the_policy_says() {
        let cases = [
            (date(2023, 1, 31), 1, MonthEnd::Down, date(2023, 2, 28)),
            (date(2023, 1, 31), 1, MonthEnd::Up, date(2023, 3, 1)),
            (date(2024, 1, 31), 1, MonthEnd::Down, date(2024, 2, 29)),
            (date(2023, 1, 31), 2, MonthEnd::Down, date(2023, 3, 31)),
            (date(2024, 2, 29), 12, MonthEnd::Up, date(2025, 3, 1)),
            (date(2024, 3, 31), -1, MonthEnd::Down, date(2024, 2, 29)),
            (date(2024, 1, 15), -1, MonthEnd::Down, date(2023, 12, 15)),
            (date(2024, 1, 15), 24, MonthEnd::Down, date(2026, 1, 15)),
        ];
        for (start, months, mode, expected) in cases {
            assert_eq!(add_months(start, months, mode), Some(expected), "{start} + {months} months");
        }
        assert_eq!(add_months(date(9999, 12, 1), 1, MonthEnd::Up), None);
        assert_eq!(add_months(date(2024, 1, 1), i64::MAX, MonthEnd::Up), None);
    }

    #[test]
    fn a_leap_day_child_turns_18_on_march_1() {
        let birth = date(2008, 2, 29);
        assert_eq!(age(birth, date(2026, 2, 28), MonthEnd::Up), 17);
        assert_eq!(age(birth, date(2026, 3, 1), MonthEnd::Up), 18);
        assert_eq!(age(birth, date(2026, 2, 28), MonthEnd::Down), 18);
        assert_eq!(age(birth, date(2008, 2, 28), MonthEnd::Up), -1);
    }

    #[test]
    fn elapsed_time_is_signed() {
        assert_eq!(months_between(date(2024, 1, 31), date(2024, 2, 29), MonthEnd::Down), 1);
        assert_eq!(months_between(date(2024, 1, 31), date(2024, 2, 29), MonthEnd::Up), 0);
        assert_eq!(months_between(date(2024, 2, 29), date(2024, 1, 31), MonthEnd::Down), -1);
        assert_eq!(years_between(date(2024, 2, 29), date(2023, 3, 1), MonthEnd::Up), 0);
        assert_eq!(days_between(date(2024, 2, 28), date(2024, 3, 1)), 2);
        assert_eq!(days_between(date(2024, 3, 1), date(2024, 2, 28)), -2);
    }

    #[test]
    fn weekdays_and_school_years() {
        assert_eq!(nth_weekday(1, 3, 10, 2025), Some(date(2025, 10, 1)));
        assert_eq!(nth_weekday(-1, 1, 5, 2025), Some(date(2025, 5, 26)));
        assert_eq!(nth_weekday(5, 3, 2, 2025), None);
        assert_eq!(nth_weekday(0, 3, 2, 2025), None);
        assert_eq!(school_year_of(date(2024, 6, 30), (7, 1)), Some(2023));
        assert_eq!(school_year_of(date(2024, 7, 1), (7, 1)), Some(2024));
        assert_eq!(first_day(2024, (7, 1)), Some(date(2024, 7, 1)));
        assert_eq!(last_day(2024, (7, 1)), Some(date(2025, 6, 30)));
        assert_eq!(last_day(2023, (3, 1)), Some(date(2024, 2, 29)));
    }

    proptest! {
        #[test]
        fn months_between_is_its_definition(a in days(), b in days(), mode in modes()) {
            let n = months_between(a, b, mode);
            let (from, to, n) = if b < a { (b, a, -n) } else { (a, b, n) };
            prop_assert!(n >= 0);
            prop_assert!(add_months(from, n, mode).unwrap() <= to);
            prop_assert!(add_months(from, n + 1, mode).unwrap() > to);
        }

        #[test]
        fn years_and_age_are_their_definition(a in days(), b in days(), mode in modes()) {
            let n = age(a, b, mode);
            prop_assert!(add_months(a, 12 * n, mode).unwrap() <= b);
            prop_assert!(add_months(a, 12 * (n + 1), mode).unwrap() > b);
            let years = years_between(a, b, mode);
            prop_assert_eq!(years, if b < a { -age(b, a, mode) } else { n });
        }

        #[test]
        fn days_agree_with_adding(a in days(), n in -40_000i64..40_000) {
            let b = add_days(a, n).unwrap();
            prop_assert_eq!(days_between(a, b), n);
        }

        #[test]
        fn ordinals_name_their_day(day in days()) {
            prop_assert_eq!(from_ordinal(i32::try_from(ordinal(day)).unwrap()), Some(day));
        }

        #[test]
        fn a_school_year_holds_its_days(day in days(), month in 1u8..13, first in 1u8..29) {
            let year = school_year_of(day, (month, first)).unwrap();
            prop_assert!(first_day(year, (month, first)).unwrap() <= day);
            prop_assert!(day <= last_day(year, (month, first)).unwrap());
        }

        #[test]
        fn a_month_later_never_skips_a_month(a in days(), n in -600i64..600) {
            let down = add_months(a, n, MonthEnd::Down).unwrap();
            let up = add_months(a, n, MonthEnd::Up).unwrap();
            prop_assert!(down <= up && days_between(down, up) <= 1);
            prop_assert!(down == up || (up.day() == 1 && down == down.last_of_month()));
        }
    }
}
