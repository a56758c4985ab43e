//! Functions of the calendar as numbers of the solver: what they are is told where a model gets them wrong.
//!
//! A day is its distance from [`EPOCH`]. `a + n months` is `a` and a number of days that is constant over a stretch of
//! days; `year of d` is constant over a year: so a wrong value is mended for the whole stretch around it, and there are
//! only so many stretches. Whole months between two days are said by what they mean: at least `k` where `a + k months`
//! is no later than `b`.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use rubric_grammar::ast::MonthEnd;

use super::cnf::Lit;
use super::form::{Form, Num, Q, whole};
use super::solver::Solver;
use crate::value::{Date, date};

/// The day whose number is nothing.
const EPOCH: Date = Date::constant(2024, 1, 1);
/// The first day of a record.
pub(super) const FIRST: Date = Date::constant(1900, 1, 1);
/// The last day of a record.
pub(super) const LAST: Date = Date::constant(2199, 12, 31);

/// A day as a number.
pub(super) fn day_number(day: Date) -> i64 {
    date::days_between(EPOCH, day)
}

/// A number as a day.
pub(super) fn day_of(number: &Q) -> Option<Date> {
    date::add_days(EPOCH, integer(number)?)
}

/// A whole number.
pub(super) fn integer(number: &Q) -> Option<i64> {
    number.small().filter(|(_, d)| *d == 1).map(|(n, _)| n)
}

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day some months later.
    Months(i64, MonthEnd),
    /// `year of d`.
    Year,
    /// `month of d`.
    Month,
    /// `day of d`.
    Day,
    /// The year in which the school year of a day starts.
    SchoolYear((u8, u8)),
    /// The first day of a school year.
    FirstDay((u8, u8)),
    /// The last day of a school year.
    LastDay((u8, u8)),
    /// The greatest n with `a + n steps <= b`, a step being so many months; the negative of the swap for an earlier `b`
    /// where it says so.
    Steps(i64, MonthEnd, bool),
}

/// A number that is a function of one form, or of two.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) kind: Kind,
    pub(super) out: Num,
    pub(super) of: Form,
    pub(super) to: Form,
}

/// The least and the most days by which so many months move a day. The calendar is the same every 400 years, and within
/// a month only its last days move otherwise than its first.
fn offsets(months: i64, end: MonthEnd) -> (i64, i64) {
    static KNOWN: Mutex<BTreeMap<(i64, bool), (i64, i64)>> = Mutex::new(BTreeMap::new());
    let key = (months, end == MonthEnd::Up);
    if let Some(known) = KNOWN.lock().ok().and_then(|known| known.get(&key).copied()) {
        return known;
    }
    let found = moved_by(months, end);
    // Outside the calendar nothing is known.
    let found = found.unwrap_or((i64::from(i32::MIN), i64::from(i32::MAX)));
    if let Ok(mut known) = KNOWN.lock() {
        known.insert(key, found);
    }
    found
}

/// The same, counted over the months of 400 years.
fn moved_by(months: i64, end: MonthEnd) -> Option<(i64, i64)> {
    /// Months, and days, after which the calendar is the same again.
    const CYCLE: (i64, i64) = (4_800, 146_097);
    static FIRSTS: OnceLock<Vec<i64>> = OnceLock::new();
    // The number of the first day of each month, and of the month after the last.
    let firsts = FIRSTS.get_or_init(|| {
        let months = (2000..2400_i16).flat_map(|year| (1..=12_i8).map(move |month| (year, month)));
        let first = |(year, month)| Date::new(year, month, 1).ok().map(day_number);
        months.chain([(2400, 1)]).filter_map(first).collect()
    });
    // A month far from these has no dates, which only matters to whoever writes them.
    if months.abs() > 100_000 {
        return None;
    }
    let first = |month: i64| -> Option<i64> {
        let at = usize::try_from(month.rem_euclid(CYCLE.0)).ok()?;
        Some(firsts.get(at)? + month.div_euclid(CYCLE.0) * CYCLE.1)
    };
    let mut found: Option<(i64, i64)> = None;
    for month in 0..CYCLE.0 {
        let (from, to) = (first(month)?, first(month + months)?);
        let (long, theirs) = (first(month + 1)? - from, first(month + months + 1)? - to);
        for day in [0, 27, 28, 29, 30] {
            if day >= long {
                continue;
            }
            let there = match end {
                MonthEnd::Down => day.min(theirs - 1),
                MonthEnd::Up => day.min(theirs),
            };
            let offset = to + there - from - day;
            found = Some(found.map_or((offset, offset), |(low, high)| (low.min(offset), high.max(offset))));
        }
    }
    found
}

/// `days` are about as many as `n` steps of so few or so many days, give or take.
fn about(
    solver: &mut Solver,
    out: Num,
    n: &Form,
    days: &Form,
    (few, many): (i64, i64),
    (below, above): (i64, i64),
) {
    let positive = solver.less(&Form::default(), n, true);
    for (sign, least, most) in [(positive, few, many), (!positive, many, few)] {
        let low = n.scaled(&whole(least)).plus(&Form::whole(-below));
        let high = n.scaled(&whole(most)).plus(&Form::whole(above));
        let low = solver.less(&low, days, true);
        let high = solver.less(days, &high, true);
        solver.axiom(out, vec![!sign, low]);
        solver.axiom(out, vec![!sign, high]);
    }
}

/// The value of a function, as a number of the solver.
pub(super) fn apply(solver: &mut Solver, kind: Kind, of: &Form, to: &Form) -> Form {
    let is_day = matches!(kind, Kind::Months(..) | Kind::FirstDay(_) | Kind::LastDay(_));
    let range = if is_day {
        // A little more than what records have, so that a day some years after the last is still one.
        Some((whole(day_number(FIRST) - 80_000), whole(day_number(LAST) + 80_000)))
    } else {
        None
    };
    let mut function = Function { kind, out: Num(0), of: of.clone(), to: to.clone() };
    if let Some(known) = solver.known_function(&function) {
        return Form::of(known);
    }
    let out = match (kind, range) {
        (Kind::Year, _) => solver.number(true, Some(whole(1600)), Some(whole(2500))),
        (Kind::Month, _) => solver.number(true, Some(whole(1)), Some(whole(12))),
        (Kind::Day, _) => solver.number(true, Some(whole(1)), Some(whole(31))),
        (_, Some((low, high))) => solver.number(true, Some(low), Some(high)),
        _ => solver.number(true, None, None),
    };
    function.out = out;
    let value = Form::of(out);
    match kind {
        Kind::Months(months, end) => {
            let moved = value.minus(of);
            let (least, most) = offsets(months, end);
            let above = solver.less(&Form::whole(least), &moved, true);
            let below = solver.less(&moved, &Form::whole(most), true);
            solver.axiom(out, vec![above]);
            solver.axiom(out, vec![below]);
        }
        Kind::Steps(step, _, _) => {
            let days = if step == 12 { (365, 366) } else { (30, 31) };
            about(solver, out, &value, &to.minus(of), days, (days.1 + 6, days.1 + 6));
        }
        Kind::Year | Kind::SchoolYear(_) => {
            about(solver, out, &value.minus(&Form::whole(2024)), of, (365, 366), (370, 740));
        }
        _ => {}
    }
    solver.function(function);
    value
}

impl Function {
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.of == other.of && self.to == other.to
    }

    /// The numbers it hangs on.
    pub(super) fn numbers(&self) -> Vec<Num> {
        self.of.terms.keys().chain(self.to.terms.keys()).copied().chain([self.out]).collect()
    }

    /// Its value at a number; nothing outside the calendar.
    fn at(&self, of: i64, to: i64) -> Option<i64> {
        let day = |number: i64| date::add_days(EPOCH, number);
        let year = |number: i64| i16::try_from(number).ok();
        match self.kind {
            Kind::Months(months, end) => date::add_months(day(of)?, months, end).map(day_number),
            Kind::Year => Some(i64::from(day(of)?.year())),
            Kind::Month => Some(i64::from(day(of)?.month())),
            Kind::Day => Some(i64::from(day(of)?.day())),
            Kind::SchoolYear(start) => date::school_year_of(day(of)?, start).map(i64::from),
            Kind::FirstDay(start) => date::first_day(year(of)?, start).map(day_number),
            Kind::LastDay(start) => date::last_day(year(of)?, start).map(day_number),
            Kind::Steps(step, end, signed) => {
                let (a, b) = (day(of)?, day(to)?);
                Some(match (step, signed) {
                    (12, false) => date::age(a, b, end),
                    (12, true) => date::years_between(a, b, end),
                    _ => date::months_between(a, b, end),
                })
            }
        }
    }

    /// Whether the value is what it must be. One outside the calendar is not asked.
    pub(super) fn agrees(&self, value: impl Fn(Num) -> Q) -> bool {
        let (of, to) = (integer(&self.of.at(&value)), integer(&self.to.at(&value)));
        let (Some(of), Some(to)) = (of, to) else { return true };
        self.at(of, to).is_none_or(|right| whole(right) == value(self.out))
    }

    /// Its value at these, where they are of the calendar.
    pub(super) fn worth(&self, of: &Q, to: &Q) -> Option<Q> {
        self.at(integer(of)?, integer(to)?).map(whole)
    }

    /// Tells the solver what it is around these values.
    pub(super) fn mend(&self, solver: &mut Solver, values: &BTreeMap<Num, Q>) {
        let value = |num: Num| values.get(&num).cloned().unwrap_or_default();
        let (of, to) = (integer(&self.of.at(value)), integer(&self.to.at(value)));
        let (Some(of), Some(to)) = (of, to) else { return };
        let Some(right) = self.at(of, to) else { return };
        match self.kind {
            Kind::Steps(step, end, signed) => {
                // What it was taken for is what it must not be, unless the days say so.
                let claimed = integer(&value(self.out)).unwrap_or(right);
                for k in [claimed, claimed + 1] {
                    self.says_at_least(solver, k, (step, end, signed));
                }
            }
            _ => self.says_around(solver, of, right),
        }
    }

    /// The function is `k` or more exactly where the days say so.
    fn says_at_least(&self, solver: &mut Solver, k: i64, (step, end, signed): (i64, MonthEnd, bool)) {
        let at_least = solver.less(&Form::whole(k), &Form::of(self.out), true);
        let reached = if signed && k <= 0 {
            let back = apply(solver, Kind::Months((1 - k) * step, end), &self.to, &Form::default());
            !solver.less(&back, &self.of, true)
        } else {
            let later = apply(solver, Kind::Months(k * step, end), &self.of, &Form::default());
            solver.less(&later, &self.to, true)
        };
        solver.axiom(self.out, vec![!at_least, reached]);
        solver.axiom(self.out, vec![at_least, !reached]);
    }

    /// Over the stretch of days around one the value, or its distance, is the same.
    fn says_around(&self, solver: &mut Solver, of: i64, right: i64) {
        let moving = matches!(self.kind, Kind::Months(..));
        let single = matches!(self.kind, Kind::FirstDay(_) | Kind::LastDay(_));
        let same = |at: i64| {
            self.at(at, 0).is_some_and(|value| if moving { value - at == right - of } else { value == right })
        };
        let (mut first, mut last) = (of, of);
        while !single && last - first < 1600 && same(first - 1) {
            first -= 1;
        }
        while !single && last - first < 1600 && same(last + 1) {
            last += 1;
        }
        let before = solver.less(&self.of, &Form::whole(first - 1), true);
        let after = solver.less(&Form::whole(last + 1), &self.of, true);
        let worth = if moving { self.of.plus(&Form::whole(right - of)) } else { Form::whole(right) };
        let outside: Vec<Lit> = vec![before, after];
        let out = Form::of(self.out);
        for side in [solver.less(&out, &worth, true), solver.less(&worth, &out, true)] {
            let mut clause = outside.clone();
            clause.push(side);
            solver.axiom(self.out, clause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_move_days_as_the_calendar_says() {
        for end in [MonthEnd::Down, MonthEnd::Up] {
            for months in [0, 1, 2, 11, 12, 13, 48, 100, 1_199, -1, -12, -25, -1_300] {
                let (mut low, mut high) = (i64::MAX, i64::MIN);
                for year in 2000..2400_i16 {
                    for month in 1..=12_i8 {
                        for day in [1, 28, 29, 30, 31_i8] {
                            let Ok(start) = Date::new(year, month, day) else { continue };
                            let moved = date::add_months(start, months, end)
                                .map(|moved| date::days_between(start, moved));
                            low = moved.map_or(low, |offset| low.min(offset));
                            high = moved.map_or(high, |offset| high.max(offset));
                        }
                    }
                }
                assert_eq!(moved_by(months, end), Some((low, high)), "{months} {end:?}");
            }
        }
    }
}
