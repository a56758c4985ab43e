//! The one place that asks what day it is: for what an editor shows as in force, never for a result.

use std::time::{SystemTime, UNIX_EPOCH};

use rubric_engine::value::Date;
use rubric_engine::value::date::add_days;

/// Today, in UTC.
pub(crate) fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    civil(i64::try_from(seconds / 86_400).unwrap_or(0))
}

/// The day so many days after 1970-01-01.
fn civil(days: i64) -> Date {
    let epoch = Date::new(1970, 1, 1).unwrap_or_default();
    add_days(epoch, days).unwrap_or(epoch)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_since_the_epoch() {
        for (days, expected) in [(0, "1970-01-01"), (59, "1970-03-01"), (20_783, "2026-11-26")] {
            assert_eq!(civil(days).to_string(), expected);
        }
    }
}
