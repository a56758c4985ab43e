//! Intervals as written, and where several of them overlap or leave a gap.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, DateLit, IntervalEnd};

use crate::plan::Interval;
use crate::value::Date;

/// An interval and the clause that states it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dated {
    pub(crate) interval: Interval,
    pub(crate) span: Span,
}

/// The days of an interval clause; `None` when one of its days does not exist or it holds none, which is said elsewhere.
pub(crate) fn interval(clause: &ast::Interval) -> Option<Interval> {
    let from = clause.from.as_ref().map(date).transpose_day()?;
    let until = match &clause.end {
        None => None,
        Some(IntervalEnd::Until(day)) => Some(date(day)?),
        Some(IntervalEnd::Through(day)) => Some(date(day)?.tomorrow().ok()?),
    };
    let empty = matches!((from, until), (Some(from), Some(until)) if until <= from);
    (!empty).then_some(Interval { from, until })
}

fn date(day: &DateLit) -> Option<Date> {
    Date::new(day.year, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

trait TransposeDay {
    /// `None` stays open, a day that does not exist makes the whole `None`.
    fn transpose_day(self) -> Option<Option<Date>>;
}

impl TransposeDay for Option<Option<Date>> {
    fn transpose_day(self) -> Option<Option<Date>> {
        match self {
            None => Some(None),
            Some(day) => day.map(Some),
        }
    }
}

/// The days that lie in both.
pub(crate) fn meet(a: Interval, b: Interval) -> Interval {
    let until = match (a.until, b.until) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Interval { from: a.from.max(b.from), until }
}

/// Whether it holds no day.
pub(crate) fn is_empty(interval: Interval) -> bool {
    matches!((interval.from, interval.until), (Some(from), Some(until)) if until <= from)
}

/// The first two that share a day.
pub(crate) fn first_overlap(dated: &[Dated]) -> Option<(Dated, Dated, Interval)> {
    pairs(dated).find_map(|(a, b)| {
        let both = meet(a.interval, b.interval);
        (!is_empty(both)).then_some((a, b, both))
    })
}

/// As [`first_overlap`] for rows that last until the next open row begins: two closed rows that share a day, or two open
/// rows that begin the same day.
pub(crate) fn first_layer_overlap(dated: &[Dated]) -> Option<(Dated, Dated, Interval)> {
    pairs(dated).find_map(|(a, b)| {
        let both = meet(a.interval, b.interval);
        let wrong = match (a.interval.until, b.interval.until) {
            (Some(_), Some(_)) => !is_empty(both),
            (None, None) => a.interval.from == b.interval.from,
            _ => false,
        };
        wrong.then_some((a, b, both))
    })
}

fn pairs(dated: &[Dated]) -> impl Iterator<Item = (Dated, Dated)> {
    dated.iter().enumerate().flat_map(move |(position, a)| dated.iter().skip(position + 1).map(|b| (*a, *b)))
}

/// The days between the first and the last interval that none of them holds, with the interval that ends before them.
pub(crate) fn gaps(dated: &[Dated]) -> Vec<(Interval, Dated)> {
    let mut sorted = dated.to_vec();
    sorted.sort_by_key(|dated| dated.interval.from);
    let mut found = Vec::new();
    let mut last: Option<Dated> = None;
    for next in sorted {
        let Some(before) = last else {
            last = Some(next);
            continue;
        };
        let Some(end) = before.interval.until else { break };
        if let Some(from) = next.interval.from
            && end < from
        {
            found.push((Interval { from: Some(end), until: Some(from) }, before));
        }
        if next.interval.until.is_none_or(|until| until > end) {
            last = Some(next);
        }
    }
    found
}

/// `from 2024-07-01 until 2025-07-01`, as it would be written.
pub(crate) fn words(interval: Interval) -> String {
    match (interval.from, interval.until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}
