//! Dates: literals, intervals, parts, and where months end.

use rubric_grammar::ast::{self, DateLit, DurationUnit, IntervalEnd, MonthEnd, PartOf};
use rubric_grammar::{MONTHS, Span};

use super::Lowering;
use super::unit::base_name;
use crate::plan::{ExprId, Interval, Op};
use crate::value::{Base, Date, Type, Value};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// 1 to 12.
pub(super) fn month_number(name: &str) -> Option<u8> {
    numbered(MONTHS, name)
}

/// Monday is 1.
pub(super) fn weekday_number(name: &str) -> Option<u8> {
    numbered(&WEEKDAYS, name)
}

fn numbered(names: &[&str], name: &str) -> Option<u8> {
    u8::try_from(names.iter().position(|known| known.eq_ignore_ascii_case(name))? + 1).ok()
}

impl Lowering<'_> {
    /// The day that a literal names, else a report.
    pub fn day(&mut self, written: &DateLit) -> Option<Date> {
        let small = |part: u8| i8::try_from(part).ok();
        let date = small(written.month)
            .zip(small(written.day))
            .and_then(|(month, day)| Date::new(written.year, month, day).ok());
        if date.is_none() {
            let DateLit { year, month, day, span } = written;
            let text = format!("{year:04}-{month:02}-{day:02}");
            let days =
                small(*month).and_then(|month| Date::new(*year, month, 1).ok()).map(Date::days_in_month);
            let help = match days {
                Some(days) => {
                    let name = MONTHS.get(usize::from(*month).saturating_sub(1)).copied().unwrap_or_default();
                    let mut letters = name.chars();
                    let name: String =
                        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
                    format!("{name} {year} has {days} days")
                }
                None if *month > 12 && *day <= 12 => {
                    format!("a date is written year-month-day: `{year:04}-{day:02}-{month:02}`?")
                }
                None => "a date is written year-month-day, such as `2024-09-01`".to_owned(),
            };
            let diagnostic = self.error("bad-date", *span, format!("there is no day `{text}`")).help(help);
            self.report(diagnostic);
        }
        date
    }

    /// `from D until E`, `from D through E`; open where nothing is written.
    pub fn interval(&mut self, written: Option<&ast::Interval>) -> Option<Interval> {
        let Some(written) = written else { return Some(Interval::default()) };
        let from = written.from.as_ref().map(|day| self.day(day));
        let until = written.end.as_ref().map(|end| match end {
            IntervalEnd::Until(day) => self.day(day),
            IntervalEnd::Through(day) => self.day(day).and_then(|day| day.tomorrow().ok()),
        });
        if matches!(from, Some(None)) || matches!(until, Some(None)) {
            self.failed = true;
            return None;
        }
        let interval = Interval { from: from.flatten(), until: until.flatten() };
        if interval.from.zip(interval.until).is_some_and(|(from, until)| until <= from) {
            let diagnostic = self.error("bad-interval", written.span, "this ends before it begins").help(
                "the day after `until` is out, the day after `through` is in, and both come after `from`",
            );
            self.report(diagnostic);
            return None;
        }
        Some(interval)
    }

    /// `year of d`, `first_day of y`, `length of t`.
    pub(super) fn part(&mut self, part: PartOf, of: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        let (wanted, base) = match part {
            PartOf::FirstDay | PartOf::LastDay => (Base::SchoolYear, Base::Date),
            PartOf::Year | PartOf::Month | PartOf::Day => (Base::Date, Base::Count),
            PartOf::Length => (Base::Text, Base::Count),
        };
        let of = self.value(of, Type::of(wanted))?;
        let start = match part {
            PartOf::FirstDay | PartOf::LastDay => Some(self.school_year_start(span)?),
            _ => None,
        };
        let ty = Type::of(base);
        Some((self.push(Op::Part(part, of, start), ty, span), ty))
    }

    /// When the school year starts, which the header of the policy says.
    pub(super) fn school_year_start(&mut self, span: Span) -> Option<(u8, u8)> {
        let policy = self.cx.symbols.policy(self.cx.policy)?;
        if policy.school_year.is_none() {
            let diagnostic = self
                .error("missing-school-year", span, "nothing says on which day a school year starts")
                .help(format!("add `school_year starts july 1` to the header of `{}`", policy.name))
                .label(policy.place, "the header");
            self.report(diagnostic);
        }
        policy.school_year
    }

    /// Where `start` plus months lands when the day does not exist; a report when it may not and nothing says where.
    pub(super) fn month_end(&mut self, start: ExprId, by: Option<ExprId>, span: Span) -> Option<MonthEnd> {
        let policy = self.cx.symbols.policy(self.cx.policy)?;
        if let Some(month_end) = policy.month_end {
            return Some(month_end);
        }
        let whole_years = by.and_then(|by| self.constant(by)).is_some_and(|by| match by {
            Value::Number(months) => months.to_i64().is_some_and(|months| months % 12 == 0),
            _ => false,
        });
        let exists = match self.fixed_day(start) {
            Some((_, day)) if day <= 28 => true,
            Some((Some(month), _)) => whole_years && month != 2,
            _ => false,
        };
        if exists {
            return Some(MonthEnd::Down);
        }
        let diagnostic = self
            .error("ambiguous-date-arithmetic", span, "the day that this counts to may not exist")
            .help(format!(
                "say where January 31 and a month lands: add `month_end round down` (the last day of the month) or `month_end round up` (the first of the next) to the header of `{}`",
                policy.name
            ))
            .label(policy.place, "the header");
        self.report(diagnostic);
        None
    }

    /// The month, where it is always the same, and the greatest day of the month on which a date can fall.
    fn fixed_day(&self, id: ExprId) -> Option<(Option<u8>, u8)> {
        match &self.code.get(id)?.op {
            Op::Literal(Value::Date(date)) => {
                Some((Some(date.month().cast_unsigned()), date.day().cast_unsigned()))
            }
            Op::Part(PartOf::FirstDay, _, Some((month, day))) => Some((Some(*month), *day)),
            Op::MakeDate(_, month, day) => {
                let small = |id: ExprId| match self.constant(id) {
                    Some(Value::Number(number)) => {
                        number.to_i64().and_then(|number| u8::try_from(number).ok())
                    }
                    _ => None,
                };
                Some((small(*month), small(*day)?))
            }
            _ => None,
        }
    }

    /// `days between a and b`.
    pub(super) fn elapsed(
        &mut self,
        unit: DurationUnit,
        from: &ast::Expr,
        to: &ast::Expr,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let date = Type::of(Base::Date);
        let from_side = self.value(from, date);
        let to_side = self.value(to, date);
        let (from, to) = from_side.zip(to_side)?;
        let month_end = match unit {
            DurationUnit::Days => MonthEnd::Down,
            DurationUnit::Months | DurationUnit::Years => self.month_end(from, None, span)?,
        };
        let ty = Type::of(match unit {
            DurationUnit::Days => Base::Days,
            DurationUnit::Months => Base::Months,
            DurationUnit::Years => Base::Number,
        });
        Some((self.push(Op::Elapsed(unit, from, to, month_end), ty, span), ty))
    }

    /// A date, as `law on`, `due` and `on` ask for it.
    pub(super) fn date_value(&mut self, written: &ast::Expr) -> Option<ExprId> {
        let (id, ty) = self.expr(written, Some(Type::of(Base::Date)))?;
        if ty.base == Base::Date {
            return Some(id);
        }
        let what = base_name(self.cx.symbols, ty.base);
        let mut diagnostic =
            self.error("type-mismatch", written.span, format!("expected `date`, found `{what}`"));
        if ty.base == Base::SchoolYear {
            diagnostic = diagnostic.help("a school year has `first_day of` and `last_day of`");
        }
        self.report(diagnostic);
        None
    }
}
