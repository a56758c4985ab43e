//! Calls: of defines, parameters and records by name, and of the functions that the language brings.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind, MonthEnd, Name};

use super::Lowering;
use super::date::{month_number, weekday_number};
use super::member::counted;
use super::names::{FUNCTIONS, Found, Search, replace};
use super::unit::is_ordered;
use crate::names::nearest;
use crate::plan::{ArithmeticOp, CompareOp, ExprId, Op, Symbol};
use crate::value::{Base, Type, Value};

impl Lowering<'_> {
    /// `f(a, b)`, `x.f(a)`, `Placement(a, b)`, `min(a, b)`.
    pub(super) fn call(
        &mut self,
        written: &ast::Expr,
        callee: &ast::Expr,
        arguments: &[ast::Expr],
        expected: Option<Type>,
    ) -> Option<(ExprId, Type)> {
        let span = written.span;
        match &*callee.kind {
            ExprKind::Paren(inner) => self.call(written, inner, arguments, expected),
            ExprKind::Name(name) => self.call_name(name, arguments, expected, span),
            ExprKind::Field(base, name) => {
                if let Some(pick) = self.pick_chain(written) {
                    return pick;
                }
                let (of, ty) = self.dotted(base)?;
                self.member(of, ty, name, Some(arguments), span)
            }
            ExprKind::Damaged => None,
            _ => {
                let diagnostic =
                    self.error("wrong-arguments", span, "only a name can be called").help("write `name(…)`");
                self.report(diagnostic);
                None
            }
        }
    }

    fn call_name(
        &mut self,
        name: &Name,
        arguments: &[ast::Expr],
        expected: Option<Type>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let search = self.find(&name.text, false);
        // A field may be called `date`; with arguments the function is meant.
        let callable = match &search {
            Search::One(Found::Member(_, _, member)) => !matches!(member, super::names::Member::Field(_)),
            Search::One(Found::Symbol(_)) | Search::Policies(_) => true,
            Search::Rows(_) => !FUNCTIONS.contains(&name.text.as_str()),
            _ => false,
        };
        if !callable && FUNCTIONS.contains(&name.text.as_str()) {
            return self.function(name, arguments, expected, span);
        }
        match search {
            Search::One(Found::Member(slot, record, member)) => {
                let (of, ty) = self.row(slot, record, name.span);
                self.member_value(of, ty, record, member, name, Some(arguments), span)
            }
            Search::One(Found::Symbol(symbol)) => self.symbol(symbol, name, Some(arguments), None, span),
            Search::One(Found::Bound(op @ Op::Amount { .. }, ty)) => {
                match self.bound_line(&op, ty, Some(arguments), name, span) {
                    Some(line) => line,
                    None => {
                        self.takes_no_arguments(name, span);
                        None
                    }
                }
            }
            Search::One(_) => {
                self.takes_no_arguments(name, span);
                None
            }
            Search::Nothing => {
                self.report_unknown(name, None);
                None
            }
            several => {
                self.report_ambiguous(name, &several);
                None
            }
        }
    }

    /// `p on d`.
    pub(super) fn on(&mut self, item: &ast::Expr, day: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        let (name, arguments) = match &*item.kind {
            ExprKind::Name(name) => (Some(name), None),
            ExprKind::Call(callee, arguments) => match &*callee.kind {
                ExprKind::Name(name) => (Some(name), Some(arguments.as_slice())),
                _ => (None, None),
            },
            _ => (None, None),
        };
        if let Some(name) = name {
            match self.find(&name.text, false) {
                Search::One(Found::Symbol(symbol @ Symbol::Parameter(_))) => {
                    let day = self.date_value(day)?;
                    return self.symbol(symbol, name, arguments, Some(day), span);
                }
                Search::Nothing => {
                    self.report_unknown(name, None);
                    return None;
                }
                several @ (Search::Rows(_) | Search::Policies(_)) => {
                    self.report_ambiguous(name, &several);
                    return None;
                }
                Search::One(_) => {}
            }
        }
        let diagnostic = self
            .error("type-mismatch", item.span, "only a parameter has a value `on` a date")
            .help("to decide by the law of another date, give the decision a `law on` clause");
        self.report(diagnostic);
        None
    }

    fn function(
        &mut self,
        name: &Name,
        arguments: &[ast::Expr],
        expected: Option<Type>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let date = Type::of(Base::Date);
        match (name.text.as_str(), arguments) {
            ("min" | "max", [_, _, ..]) => self.least(name.text == "max", arguments, expected, span),
            ("age", [born, on, rest @ ..]) if rest.len() <= 1 => {
                let born = self.value(born, date);
                let on = self.value(on, date);
                let mode = match rest.first().map(|mode| &*mode.kind) {
                    None => Some(MonthEnd::Up),
                    Some(ExprKind::Name(mode)) if mode.text == "up" => Some(MonthEnd::Up),
                    Some(ExprKind::Name(mode)) if mode.text == "down" => Some(MonthEnd::Down),
                    Some(_) => {
                        let place = rest.first().map_or(span, |mode| mode.span);
                        let diagnostic = self
                            .error("wrong-arguments", place, "the third argument of `age` is `up` or `down`")
                            .help("it says whether a child born on February 29 turns older on March 1 (`up`) or on February 28 (`down`)");
                        self.report(diagnostic);
                        None
                    }
                };
                let ((born, on), mode) = born.zip(on).zip(mode)?;
                let ty = Type::of(Base::Number);
                Some((self.push(Op::Age(born, on, mode), ty, span), ty))
            }
            ("date", [year, month, day]) => {
                let count = Type::of(Base::Count);
                let year = self.value(year, count);
                let month = match self.calendar_name(month, month_number) {
                    Some(number) => Some(self.small(number, month.span)),
                    None => self.value(month, count),
                };
                let day = self.value(day, count);
                let ((year, month), day) = year.zip(month).zip(day)?;
                Some((self.push(Op::MakeDate(year, month, day), date, span), date))
            }
            ("nth_weekday", [nth, weekday, month, year]) => {
                let count = Type::of(Base::Count);
                let nth = self.value(nth, count);
                let weekday =
                    self.named_number(weekday, weekday_number, "a day of the week, such as `monday`");
                let month = self.named_number(month, month_number, "a month, such as `october`");
                let year = self.value(year, count);
                let ((nth, year), (weekday, month)) = nth.zip(year).zip(weekday.zip(month))?;
                Some((self.push(Op::NthWeekday(nth, weekday, month, year), date, span), date))
            }
            ("school_year", [day]) => {
                let day = self.value(day, date)?;
                let start = self.school_year_start(span)?;
                let ty = Type::of(Base::SchoolYear);
                Some((self.push(Op::SchoolYearOf(day, start), ty, span), ty))
            }
            (function, _) => {
                let usage = match function {
                    "min" | "max" => "two or more values: `max(a - b, 0)`",
                    "age" => "a date of birth and a day: `age(birth_date, as_of)`",
                    "date" => "a year, a month and a day: `date(2024, 9, 1)`",
                    "nth_weekday" => "`nth_weekday(1, wednesday, october, 2024)`",
                    _ => "a date: `school_year(d)`",
                };
                let message = format!("`{function}` does not take {}", counted(arguments.len()));
                let diagnostic =
                    self.error("wrong-arguments", span, message).help(format!("it takes {usage}"));
                self.report(diagnostic);
                None
            }
        }
    }

    /// A month or weekday by name, unless the name means something else here.
    fn calendar_name(&self, written: &ast::Expr, number: fn(&str) -> Option<u8>) -> Option<u8> {
        match &*written.kind {
            ExprKind::Name(name) if self.find(&name.text, false) == Search::Nothing => number(&name.text),
            _ => None,
        }
    }

    fn named_number(
        &mut self,
        written: &ast::Expr,
        number: fn(&str) -> Option<u8>,
        wanted: &str,
    ) -> Option<u8> {
        let found = match &*written.kind {
            ExprKind::Name(name) => number(&name.text),
            ExprKind::Damaged => {
                self.failed = true;
                return None;
            }
            _ => None,
        };
        if found.is_none() {
            let diagnostic = self.error("wrong-arguments", written.span, format!("expected {wanted}"));
            let near = match &*written.kind {
                ExprKind::Name(name) => {
                    let names =
                        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
                    nearest(&name.text, names).filter(|near| number(near).is_some())
                }
                _ => None,
            };
            let diagnostic = match near {
                Some(near) => replace(diagnostic, near),
                None => diagnostic,
            };
            self.report(diagnostic);
        }
        found
    }

    fn small(&mut self, number: u8, span: Span) -> ExprId {
        let value = Value::Number(crate::value::Number::from_int(i64::from(number)));
        self.push(Op::Literal(value), Type::of(Base::Count), span)
    }

    /// `min` and `max`. The greatest of whole numbers of which one is a count is a count: `max(a - b, 0)`.
    fn least(
        &mut self,
        greatest: bool,
        arguments: &[ast::Expr],
        expected: Option<Type>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let written: Vec<&ast::Expr> = arguments.iter().collect();
        let (values, ty) = self.same_type(&written, expected)?;
        if !is_ordered(self.cx.symbols, ty.base) {
            let first = written.first()?;
            let id = values.first().copied()?;
            self.check_order(CompareOp::Lt, first, id, ty, span)?;
        }
        let counts = values.iter().filter(|id| self.type_of(**id).base == Base::Count).count();
        let whole = values.iter().all(|id| self.is_whole(*id));
        let base = match ty.base {
            Base::Number if greatest && counts > 0 && whole => Base::Count,
            other => other,
        };
        let ty = Type::of(base);
        Some((self.push(if greatest { Op::Max(values) } else { Op::Min(values) }, ty, span), ty))
    }

    /// Whether a number is surely whole.
    fn is_whole(&self, id: ExprId) -> bool {
        let Some(expr) = self.code.get(id) else { return false };
        if expr.ty.base == Base::Count {
            return true;
        }
        match &expr.op {
            Op::Arithmetic(ArithmeticOp::Add | ArithmeticOp::Sub | ArithmeticOp::Mul, a, b) => {
                self.is_whole(*a) && self.is_whole(*b)
            }
            Op::Negate(a) => self.is_whole(*a),
            Op::Min(all) | Op::Max(all) => all.iter().all(|id| self.is_whole(*id)),
            Op::Age(..) => true,
            Op::Rounded(_, _, ast::RoundingUnit::Whole) => true,
            Op::Literal(Value::Number(number)) => number.is_whole(),
            _ => false,
        }
    }
}
