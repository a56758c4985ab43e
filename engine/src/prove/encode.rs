//! Expressions as values of every record at once: the tables of the evaluator, over unknowns.
//!
//! What is known here is known to the evaluator. What the evaluator cannot know (a division by zero, a row that does not
//! exist) has no case. What cannot be followed may be anything of its type, which proves nothing false.

use rubric_grammar::ast::{DurationUnit, MonthEnd, PartOf, RoundingMode, RoundingUnit};

use super::calendar::{Kind, apply, day_number, integer};
use super::cnf::Lit;
use super::form::{Form, Q, whole};
use super::sym::{Leaf, Rails, Sym};
use super::world::{Law, World, exact};
use crate::plan::{
    ArithmeticOp, Case, Code, CompareOp, DefineId, ExprId, Op, ParameterBody, ParameterId, ParameterRow,
};
use crate::value::{Base, Type, Value};

/// Why something is not decided that hangs on what is wrong elsewhere, and is told there.
pub(crate) const AFTER_ERRORS: [&str; 3] =
    [DEFINITION_WITH_ERRORS, PARAMETER_WITH_ERRORS, DECLARATION_WITH_ERRORS];
const DEFINITION_WITH_ERRORS: &str = "a definition with errors";
const PARAMETER_WITH_ERRORS: &str = "a parameter with errors";
pub(super) const DECLARATION_WITH_ERRORS: &str = "a declaration with errors";

/// Expressions nested deeper than this are not followed.
const DEEPEST: u32 = 250;
/// Pairs of values that are computed one by one; more are first made one unknown.
const PAIRS: usize = 24;
/// Pairs of values that are computed at all.
const MOST_PAIRS: usize = 3_000;
/// An expression of more values than this, or of larger ones, is not followed: definitions that read each other would
/// multiply them without end.
const MOST_PIECES: usize = 2_000;

/// What the names of a code are bound to.
#[derive(Clone, Debug)]
pub(super) struct Frame<'p> {
    pub(super) code: &'p Code,
    pub(super) slots: Vec<Option<Leaf>>,
    pub(super) arguments: Vec<Sym>,
    pub(super) law: Law,
}

impl<'p> Frame<'p> {
    pub(super) fn of(code: &'p Code, row: Option<usize>, law: Law) -> Self {
        Self { code, slots: vec![row.map(Leaf::Row)], arguments: Vec::new(), law }
    }

    /// The same with a slot bound.
    pub(super) fn with(&self, slot: u16, leaf: Leaf) -> Self {
        let mut frame = self.clone();
        let slot = usize::from(slot);
        if frame.slots.len() <= slot {
            frame.slots.resize(slot + 1, None);
        }
        if let Some(place) = frame.slots.get_mut(slot) {
            *place = Some(leaf);
        }
        frame
    }
}

/// A value of a plan.
pub(super) fn leaf(value: &Value) -> Option<Leaf> {
    Some(match value {
        Value::Flag(flag) => Leaf::Flag(*flag),
        Value::Number(number) => Leaf::Num(Form::constant(exact(number))),
        Value::Text(text) => Leaf::Text(text.clone()),
        Value::Date(day) => Leaf::Num(Form::whole(day_number(*day))),
        Value::Never => Leaf::Never,
        Value::None => Leaf::None,
        Value::SchoolYear(year) => Leaf::Num(Form::whole(i64::from(*year))),
        Value::Category(value) => Leaf::Cat(*value),
        Value::NotApplicable => Leaf::NotApplicable,
        Value::Reference(_) => return None,
    })
}

impl<'p> World<'p> {
    /// A condition.
    pub(super) fn condition(&mut self, frame: &Frame<'p>, id: ExprId) -> Rails {
        match frame.code.get(id).map(|expr| &expr.op) {
            Some(Op::Not(a)) => self.condition(frame, *a).not(),
            Some(Op::And(..)) => self.join(frame, id, true),
            Some(Op::Or(..)) => self.join(frame, id, false),
            _ => {
                let sym = self.value(frame, id);
                self.rails(&sym)
            }
        }
    }

    /// A chain of `and` or `or`, however long.
    fn join(&mut self, frame: &Frame<'p>, id: ExprId, conjunction: bool) -> Rails {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            match frame.code.get(next).map(|expr| &expr.op) {
                Some(Op::And(a, b)) if conjunction => open.extend([*b, *a]),
                Some(Op::Or(a, b)) if !conjunction => open.extend([*b, *a]),
                _ => {
                    let part = self
                        .nested(|world| world.condition(frame, next))
                        .unwrap_or_else(|| self.opaque_rails("what is too large or nested too deeply"));
                    yes.push(part.yes);
                    no.push(part.no);
                }
            }
        }
        if conjunction {
            Rails { yes: self.all(yes), no: self.any(no) }
        } else {
            Rails { yes: self.any(yes), no: self.all(no) }
        }
    }

    fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth > DEEPEST || self.is_large() {
            return None;
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        Some(done)
    }

    /// An expression.
    pub(super) fn value(&mut self, frame: &Frame<'p>, id: ExprId) -> Sym {
        let Some(expr) = frame.code.get(id) else { return Sym::unknown() };
        let (ty, op) = (expr.ty, &expr.op);
        let key = self.common.key(frame, id);
        if let Some(known) = key.as_ref().and_then(|key| self.common.get(key)) {
            return known.clone();
        }
        let found = self.nested(|world| world.operation(frame, id, op, ty));
        let sym = found.unwrap_or_else(|| self.opaque(ty, "what is too large or nested too deeply"));
        let mut sym = self.bounded(sym, ty);
        if !ty.optional {
            sym.missing = Lit::NO;
        }
        sym.cases.retain(|(when, _)| *when != Lit::NO);
        if sym.missing != Lit::NO {
            self.absent.insert(sym.missing);
        }
        if let Some(key) = key {
            self.common.keep(key, sym.clone());
        }
        sym
    }

    /// What an expression was found to be, unless that is too much to be followed.
    fn bounded(&mut self, sym: Sym, ty: Type) -> Sym {
        let pieces = sym.pieces();
        self.written = self.written.saturating_add(pieces);
        if pieces > MOST_PIECES { self.opaque(ty, "what is too large or nested too deeply") } else { sym }
    }

    /// Without bounds, as every operator but a comparison sees it.
    pub(super) fn plain(&mut self, frame: &Frame<'p>, id: ExprId) -> Sym {
        let sym = self.value(frame, id);
        self.without_bounds(sym)
    }

    /// Known only where its bounds meet.
    pub(super) fn without_bounds(&mut self, mut sym: Sym) -> Sym {
        for (when, leaf) in &mut sym.cases {
            if let Leaf::Range(low, high) = leaf {
                let exact = if low == high { Lit::YES } else { self.solver.less(high, low, true) };
                *when = self.solver.cnf.all([*when, exact]);
                *leaf = Leaf::Num(low.clone());
            }
        }
        sym.cases.retain(|(when, _)| *when != Lit::NO);
        sym
    }

    fn operation(&mut self, frame: &Frame<'p>, id: ExprId, op: &'p Op, ty: Type) -> Sym {
        match op {
            Op::Literal(value) => match leaf(value) {
                Some(leaf) => Sym::of(leaf),
                None => self.opaque(ty, "a row named by its key"),
            },
            Op::AsOf => Sym::of(Leaf::Num(Form::of(self.as_of))),
            Op::Input(input) => {
                if let Some(known) = self.inputs.get(input) {
                    return known.clone();
                }
                let sym = self.any_of(ty);
                self.inputs.insert(*input, sym.clone());
                sym
            }
            Op::Row(slot) => match frame.slots.get(usize::from(*slot)) {
                Some(Some(leaf)) => Sym::of(leaf.clone()),
                _ => self.opaque(ty, "a row that is not bound"),
            },
            Op::Argument(position) => {
                frame.arguments.get(usize::from(*position)).cloned().unwrap_or_else(Sym::unknown)
            }
            Op::TestRow(_) => Sym::unknown(),
            Op::Field { of, field } => self.read(frame, *of, |world, row| world.field(row, *field)),
            Op::Define { define, of, arguments } => {
                let arguments: Vec<Sym> =
                    arguments.iter().map(|argument| self.plain(frame, *argument)).collect();
                match of {
                    Some(of) => {
                        let law = frame.law.clone();
                        self.read(frame, *of, |world, row| {
                            world.define(*define, Some(row), arguments.clone(), &law)
                        })
                    }
                    None => self.define(*define, None, arguments, &frame.law),
                }
            }
            Op::Decision { decision, of } => {
                self.read(frame, *of, |world, row| world.decided(*decision, row))
            }
            Op::IsMet { requirement, value, of } => {
                let value = value.map(|value| self.plain(frame, value));
                self.read(frame, *of, |world, row| world.is_met(*requirement, value.as_ref(), row))
            }
            Op::Amount { amount, line, of } => {
                self.read(frame, *of, |world, row| world.amount(*amount, *line, row))
            }
            Op::Apportion { .. } => self.opaque(ty, "`apportion`"),
            Op::Parameter { parameter, keys, on } => self.parameter(frame, *parameter, keys, *on),
            Op::Lookup { .. } => self.opaque(ty, "a row that is looked up by its key"),
            Op::Not(_) | Op::And(..) | Op::Or(..) => {
                let rails = self.condition(frame, id);
                Sym::flag(rails.yes, rails.no)
            }
            Op::Compare(op @ (CompareOp::Eq | CompareOp::Ne), a, b)
                if looks_up(frame.code, *a, *b).is_some() =>
            {
                let rails = self.names_row(frame, *a, *b);
                let (yes, no) =
                    if *op == CompareOp::Ne { (rails.no, rails.yes) } else { (rails.yes, rails.no) };
                Sym::flag(yes, no)
            }
            Op::Compare(op, a, b) => {
                let (a, b) = (self.value(frame, *a), self.value(frame, *b));
                let rails = self.compare(*op, &a, &b);
                Sym::flag(rails.yes, rails.no)
            }
            Op::Between(x, low, high) => {
                let (x, low, high) =
                    (self.value(frame, *x), self.value(frame, *low), self.value(frame, *high));
                let from = self.compare(CompareOp::Le, &low, &x);
                let to = self.compare(CompareOp::Le, &x, &high);
                let rails = self.both(from, to);
                Sym::flag(rails.yes, rails.no)
            }
            Op::InList(x, list) => {
                let x = self.value(frame, *x);
                let mut any = Rails::NO;
                for item in list {
                    let item = self.value(frame, *item);
                    let equal = self.compare(CompareOp::Eq, &x, &item);
                    any = self.either(any, equal);
                }
                Sym::flag(any.yes, any.no)
            }
            Op::InSet(x, set) => self.in_set(frame, *x, *set),
            Op::IsKnown(a) => {
                let a = self.plain(frame, *a);
                let yes = self.any(a.cases.iter().map(|(when, _)| *when));
                Sym::flag(yes, !yes)
            }
            Op::IsMissing(a) => {
                let a = self.plain(frame, *a);
                let no = self.any(a.cases.iter().map(|(when, _)| *when));
                Sym::flag(a.missing, no)
            }
            Op::IsNone(a) => {
                let a = self.plain(frame, *a);
                let none = |leaf: &Leaf| *leaf == Leaf::None;
                let on: Vec<Lit> =
                    a.cases.iter().filter(|(_, leaf)| none(leaf)).map(|(when, _)| *when).collect();
                let off: Vec<Lit> =
                    a.cases.iter().filter(|(_, leaf)| !none(leaf)).map(|(when, _)| *when).collect();
                Sym::flag(self.any(on), self.any(off))
            }
            Op::Presumed(a, otherwise) => {
                let (mut a, mut otherwise) = (self.plain(frame, *a), self.plain(frame, *otherwise));
                self.guard(&mut otherwise, a.missing);
                a.cases.extend(otherwise.cases);
                a.missing = otherwise.missing;
                a
            }
            Op::If(condition, yes, no) => self.choose(frame, (*condition, *yes, *no)),
            Op::Case(case) => self.case(frame, case),
            Op::Aggregate { .. } | Op::Pick { .. } | Op::Quantity(..) => self.aggregate(frame, op, ty),
            Op::Population(_) => self.opaque(ty, "a rank or total among all records"),
            Op::Negate(a) => {
                let a = self.plain(frame, *a);
                self.each(&a, |_, leaf| match leaf {
                    Leaf::Num(form) => Some((Lit::YES, Leaf::Num(form.scaled(&whole(-1))))),
                    Leaf::Ratio(n, d) => Some((Lit::YES, Leaf::Ratio(n.scaled(&whole(-1)), d.clone()))),
                    _ => None,
                })
            }
            Op::Arithmetic(op, a, b) => {
                let (a, b) = (self.plain(frame, *a), self.plain(frame, *b));
                self.arithmetic(*op, &a, &b)
            }
            Op::Shift { start, by, back, month_end } => {
                self.shift(frame, (*start, *by), *back, *month_end, ty)
            }
            Op::TextTest(test, text, pattern) => {
                let (text, pattern) = (self.plain(frame, *text), self.plain(frame, *pattern));
                let Some(Leaf::Text(pattern)) = pattern.constant().cloned() else {
                    return self.opaque(ty, "a test of a text with a pattern that is not constant");
                };
                let (mut yes, mut no) = (Vec::new(), Vec::new());
                for (when, leaf) in &text.cases {
                    let holds = match leaf {
                        Leaf::Text(text) => match super::world::passes(*test, text, &pattern) {
                            Some(true) => Lit::YES,
                            Some(false) => Lit::NO,
                            None => continue,
                        },
                        Leaf::TextOf(text) => self.text_passes(*text, *test, &pattern),
                        Leaf::None => Lit::NO,
                        _ => continue,
                    };
                    yes.push(self.all([*when, holds]));
                    no.push(self.all([*when, !holds]));
                }
                Sym::flag(self.any(yes), self.any(no))
            }
            Op::Rounded(a, mode, unit) => {
                let a = self.plain(frame, *a);
                self.rounded(&a, *mode, *unit)
            }
            Op::Part(PartOf::Length, ..) => self.opaque(ty, "the length of a text"),
            Op::Part(part, a, start) => {
                let of_year = frame.code.get(*a).is_some_and(|expr| expr.ty.base == Base::SchoolYear);
                let a = self.plain(frame, *a);
                if of_year && *part == PartOf::Year {
                    return a;
                }
                let start = start.unwrap_or((7, 1));
                let kind = match part {
                    PartOf::FirstDay => Kind::FirstDay(start),
                    PartOf::LastDay => Kind::LastDay(start),
                    PartOf::Year => Kind::Year,
                    PartOf::Month => Kind::Month,
                    PartOf::Day | PartOf::Length => Kind::Day,
                };
                self.calendar(kind, &a, None)
            }
            Op::SchoolYearOf(a, start) => {
                let a = self.plain(frame, *a);
                self.calendar(Kind::SchoolYear(*start), &a, None)
            }
            Op::Affix(..) => self.opaque(ty, "a part of a text"),
            Op::Elapsed(unit, a, b, end) => {
                let (a, b) = (self.plain(frame, *a), self.plain(frame, *b));
                match unit {
                    DurationUnit::Days => self.arithmetic(ArithmeticOp::Sub, &b, &a),
                    DurationUnit::Months => self.calendar(Kind::Steps(1, *end, true), &a, Some(&b)),
                    DurationUnit::Years => self.calendar(Kind::Steps(12, *end, true), &a, Some(&b)),
                }
            }
            Op::Age(birth, on, end) => {
                let (birth, on) = (self.plain(frame, *birth), self.plain(frame, *on));
                self.calendar(Kind::Steps(12, *end, false), &birth, Some(&on))
            }
            Op::Min(list) | Op::Max(list) => {
                let least = matches!(op, Op::Min(_));
                let mut values =
                    list.iter().map(|item| self.plain(frame, *item)).collect::<Vec<_>>().into_iter();
                let Some(mut best) = values.next() else { return Sym::unknown() };
                for next in values {
                    best = self.extreme(&best, &next, least);
                }
                best
            }
            Op::MakeDate(year, month, day) => {
                let parts = [*year, *month, *day].map(|part| self.plain(frame, part));
                let numbers: Vec<i64> = parts
                    .iter()
                    .filter_map(|part| match part.constant() {
                        Some(Leaf::Num(form)) => form.as_constant().and_then(integer),
                        _ => None,
                    })
                    .collect();
                let made = match *numbers {
                    [year, month, day] => {
                        i16::try_from(year).ok().zip(i8::try_from(month).ok()).and_then(|(year, month)| {
                            crate::value::Date::new(year, month, i8::try_from(day).ok()?).ok()
                        })
                    }
                    _ => return self.opaque(ty, "a day made of unknown parts"),
                };
                made.map_or_else(Sym::unknown, |day| Sym::of(Leaf::Num(Form::whole(day_number(day)))))
            }
            Op::NthWeekday(..) => self.opaque(ty, "a weekday of a month"),
            Op::ToCount(a) => {
                let a = self.plain(frame, *a);
                self.each(&a, |world, leaf| {
                    let Leaf::Num(form) = leaf else { return None };
                    let positive = world.solver.less(&Form::default(), form, true);
                    if world.solver.is_whole_form(form) {
                        return Some((positive, Leaf::Num(form.clone())));
                    }
                    // A whole number that it is, where it is one.
                    let num = world.solver.number(true, Some(whole(0)), None);
                    let equal = world.solver.equal(&Form::of(num), form);
                    Some((equal, Leaf::Num(Form::of(num))))
                })
            }
        }
    }

    /// What is read of the row that an operand names.
    fn read(&mut self, frame: &Frame<'p>, of: ExprId, mut read: impl FnMut(&mut Self, usize) -> Sym) -> Sym {
        let owner = self.plain(frame, of);
        let mut cases = Vec::new();
        let mut missing = vec![owner.missing];
        for (when, leaf) in &owner.cases {
            let Leaf::Row(row) = leaf else { continue };
            let mut sym = read(self, *row);
            self.guard(&mut sym, *when);
            cases.extend(sym.cases);
            missing.push(sym.missing);
        }
        cases.retain(|(when, _)| *when != Lit::NO);
        Sym { cases, missing: self.any(missing) }
    }

    /// Each case by itself; what gives nothing is unknown.
    fn each(&mut self, sym: &Sym, mut work: impl FnMut(&mut Self, &Leaf) -> Option<(Lit, Leaf)>) -> Sym {
        let mut cases = Vec::new();
        for (when, leaf) in &sym.cases {
            if let Some((also, leaf)) = work(self, leaf) {
                cases.push((self.all([*when, also]), leaf));
            }
        }
        Sym { cases, missing: Lit::NO }
    }

    /// Numbers as one unknown, where they have many cases.
    fn compact(&mut self, sym: &Sym) -> Sym {
        let forms: Option<Vec<(Lit, Form)>> = sym
            .cases
            .iter()
            .map(|(when, leaf)| match leaf {
                Leaf::Num(form) => Some((*when, form.clone())),
                _ => None,
            })
            .collect();
        match forms {
            Some(forms) if forms.len() > 1 => {
                let (when, form) = self.joined(&forms);
                Sym { cases: vec![(when, Leaf::Num(form))], missing: Lit::NO }
            }
            _ => sym.clone(),
        }
    }

    pub(super) fn arithmetic(&mut self, op: ArithmeticOp, a: &Sym, b: &Sym) -> Sym {
        if a.cases.len() * b.cases.len() > PAIRS {
            let (small_a, small_b) = (self.compact(a), self.compact(b));
            if small_a.cases.len() * small_b.cases.len() < a.cases.len() * b.cases.len() {
                return self.arithmetic(op, &small_a, &small_b);
            }
        }
        let number = Type::of(Base::Number);
        if a.cases.len() * b.cases.len() > MOST_PAIRS || self.is_large() {
            return self.opaque(number, "what is too large or nested too deeply");
        }
        let mut cases = Vec::new();
        for (when_a, left) in &a.cases {
            for (when_b, right) in &b.cases {
                let Some((also, leaf)) = self.compute(op, left, right) else { continue };
                cases.push((self.all([*when_a, *when_b, also]), leaf));
            }
        }
        cases.retain(|(when, _)| *when != Lit::NO);
        self.bounded(Sym { cases, missing: Lit::NO }, number)
    }

    fn compute(&mut self, op: ArithmeticOp, a: &Leaf, b: &Leaf) -> Option<(Lit, Leaf)> {
        let leaf = match (op, a, b) {
            (ArithmeticOp::Div, _, _) => return self.quotient(a, b),
            (ArithmeticOp::Add, Leaf::Num(a), Leaf::Num(b)) => Leaf::Num(a.plus(b)),
            (ArithmeticOp::Sub, Leaf::Num(a), Leaf::Num(b)) => Leaf::Num(a.minus(b)),
            (ArithmeticOp::Mul, Leaf::Num(a), Leaf::Num(b)) => Leaf::Num(self.product(a, b)),
            (ArithmeticOp::Mul, Leaf::Ratio(n, d), Leaf::Num(by))
            | (ArithmeticOp::Mul, Leaf::Num(by), Leaf::Ratio(n, d)) => {
                Leaf::Ratio(self.product(n, by), d.clone())
            }
            (ArithmeticOp::Mul, Leaf::Ratio(n, d), Leaf::Ratio(m, e)) => {
                Leaf::Ratio(self.product(n, m), self.product(d, e))
            }
            (ArithmeticOp::Add | ArithmeticOp::Sub, Leaf::Ratio(n, d), Leaf::Num(c)) => {
                let moved = self.product(d, c);
                Leaf::Ratio(if op == ArithmeticOp::Add { n.plus(&moved) } else { n.minus(&moved) }, d.clone())
            }
            (ArithmeticOp::Add | ArithmeticOp::Sub, Leaf::Num(c), Leaf::Ratio(n, d)) => {
                let moved = self.product(d, c);
                Leaf::Ratio(if op == ArithmeticOp::Add { moved.plus(n) } else { moved.minus(n) }, d.clone())
            }
            (ArithmeticOp::Add | ArithmeticOp::Sub, Leaf::Ratio(n, d), Leaf::Ratio(m, e)) => {
                let (left, right) = (self.product(n, e), self.product(m, d));
                let sum = if op == ArithmeticOp::Add { left.plus(&right) } else { left.minus(&right) };
                Leaf::Ratio(sum, self.product(d, e))
            }
            _ => return None,
        };
        Some((Lit::YES, leaf))
    }

    pub(super) fn rounded(&mut self, a: &Sym, mode: RoundingMode, unit: RoundingUnit) -> Sym {
        let places = match unit {
            RoundingUnit::Cents => 2,
            RoundingUnit::Dollars | RoundingUnit::Whole => 0,
            RoundingUnit::Places(places) => u32::from(places),
        };
        let unit = Q::new(1.into(), num_bigint::BigInt::from(10).pow(places));
        self.each(a, |world, leaf| {
            let whole_units =
                |form: &Form, world: &Self| world.solver.is_whole_form(&form.scaled(&(whole(1) / &unit)));
            if let Leaf::Num(form) = leaf
                && whole_units(form, world)
            {
                return Some((Lit::YES, leaf.clone()));
            }
            let steps = world.solver.number(true, None, None);
            let value = Form::of(steps).scaled(&unit);
            let half = &unit / whole(2);
            let (off, closed) = match mode {
                RoundingMode::HalfUp | RoundingMode::HalfEven => (half, true),
                RoundingMode::Up | RoundingMode::Down => (unit.clone(), false),
            };
            // The quotient is followed through its multiple.
            let (n, d) = match leaf {
                Leaf::Num(form) => (form.clone(), Form::whole(1)),
                Leaf::Ratio(n, d) => (n.clone(), d.clone()),
                _ => return None,
            };
            if d.as_constant().is_none() {
                world.vague.insert("a rounded quotient".to_owned());
                return Some((Lit::YES, Leaf::Num(value)));
            }
            let away = value.minus(&n);
            let below = world.solver.less(&away, &Form::constant(off.clone()), closed);
            let above = world.solver.less(&Form::constant(-off), &away, closed);
            world.solver.axiom(steps, vec![below]);
            world.solver.axiom(steps, vec![above]);
            if matches!(mode, RoundingMode::Up | RoundingMode::Down) {
                let (zero, inward) = (Form::default(), mode == RoundingMode::Down);
                let positive = world.solver.less(&zero, &n, true);
                let at_most = world.solver.less(&away, &zero, true);
                let at_least = world.solver.less(&zero, &away, true);
                world.solver.axiom(steps, vec![!positive, if inward { at_most } else { at_least }]);
                world.solver.axiom(steps, vec![positive, if inward { at_least } else { at_most }]);
            } else {
                let half = Form::constant(&unit / whole(2));
                let up = world.solver.less(&half.scaled(&whole(-1)), &away, false);
                let down = world.solver.less(&away, &half, false);
                if mode == RoundingMode::HalfEven {
                    // Half goes to an even number of units.
                    let pairs = Form::of(world.solver.number(true, None, None)).scaled(&whole(2));
                    let at_most = world.solver.less(&Form::of(steps), &pairs, true);
                    let at_least = world.solver.less(&pairs, &Form::of(steps), true);
                    for strict in [up, down] {
                        world.solver.axiom(steps, vec![strict, at_most]);
                        world.solver.axiom(steps, vec![strict, at_least]);
                    }
                    return Some((Lit::YES, Leaf::Num(value)));
                }
                // Half goes away from zero.
                let zero = Form::default();
                let positive = world.solver.less(&zero, &n, true);
                world.solver.axiom(steps, vec![!positive, up]);
                world.solver.axiom(steps, vec![positive, down]);
            }
            Some((Lit::YES, Leaf::Num(value)))
        })
    }

    fn calendar(&mut self, kind: Kind, a: &Sym, b: Option<&Sym>) -> Sym {
        let nothing = Sym::of(Leaf::Num(Form::default()));
        let (a, b) = (self.compact(a), self.compact(b.unwrap_or(&nothing)));
        let mut cases = Vec::new();
        for (when_a, left) in &a.cases {
            for (when_b, right) in &b.cases {
                if let (Leaf::Num(left), Leaf::Num(right)) = (left, right) {
                    let value = apply(&mut self.solver, kind, left, right);
                    cases.push((self.all([*when_a, *when_b]), Leaf::Num(value)));
                }
            }
        }
        Sym { cases, missing: Lit::NO }
    }

    fn shift(
        &mut self,
        frame: &Frame<'p>,
        (start, by): (ExprId, ExprId),
        back: bool,
        end: MonthEnd,
        ty: Type,
    ) -> Sym {
        let months = frame.code.get(by).is_some_and(|expr| expr.ty.base == Base::Months);
        let (start, by) = (self.plain(frame, start), self.plain(frame, by));
        let mut cases = Vec::new();
        for (when_a, left) in &start.cases {
            for (when_b, right) in &by.cases {
                let Leaf::Num(by) = right else { continue };
                let by = if back { by.scaled(&whole(-1)) } else { by.clone() };
                let moved = match left {
                    Leaf::Never => Leaf::Never,
                    Leaf::Num(start) if !months || ty.base == Base::SchoolYear => Leaf::Num(start.plus(&by)),
                    Leaf::Num(start) => match by.as_constant().and_then(integer) {
                        Some(0) => Leaf::Num(start.clone()),
                        Some(n) => {
                            Leaf::Num(apply(&mut self.solver, Kind::Months(n, end), start, &Form::default()))
                        }
                        None => return self.opaque(ty, "a day moved by an unknown number of months"),
                    },
                    _ => continue,
                };
                cases.push((self.all([*when_a, *when_b]), moved));
            }
        }
        Sym { cases, missing: Lit::NO }
    }

    fn choose(&mut self, frame: &Frame<'p>, (condition, yes, no): (ExprId, ExprId, ExprId)) -> Sym {
        let rails = self.condition(frame, condition);
        let (yes, no) = (self.plain(frame, yes), self.plain(frame, no));
        let doubt = self.all([!rails.yes, !rails.no]);
        let (mut on, mut off) = (yes.clone(), no.clone());
        self.guard(&mut on, rails.yes);
        self.guard(&mut off, rails.no);
        let mut cases = on.cases;
        cases.extend(off.cases);
        let mut missing = vec![on.missing, off.missing];
        if doubt != Lit::NO {
            // Whatever the condition is, both say the same.
            for (when_a, left) in &yes.cases {
                for (when_b, right) in &no.cases {
                    if left == right {
                        cases.push((self.all([doubt, *when_a, *when_b]), left.clone()));
                    }
                }
            }
            missing.push(self.all([doubt, yes.missing, no.missing]));
        }
        Sym { cases, missing: self.any(missing) }
    }

    /// The arms of a `case` that may hold together must agree.
    fn case(&mut self, frame: &Frame<'p>, case: &Case) -> Sym {
        let arms: Vec<(Rails, Sym)> = case
            .arms
            .iter()
            .map(|(condition, value)| (self.condition(frame, *condition), self.plain(frame, *value)))
            .collect();
        let mut cases = Vec::new();
        let mut missing = Vec::new();
        for (position, (rails, value)) in arms.iter().enumerate() {
            let mut when = vec![rails.yes];
            for (other, (others, theirs)) in arms.iter().enumerate() {
                if other < position {
                    when.push(others.no);
                } else if other > position {
                    let agree = self.compare(CompareOp::Eq, value, theirs).yes;
                    let agree = self.all([agree, others.yes]);
                    when.push(self.any([others.no, agree]));
                }
            }
            let when = self.all(when);
            let mut value = value.clone();
            self.guard(&mut value, when);
            cases.extend(value.cases);
            missing.push(value.missing);
        }
        if let Some(otherwise) = case.otherwise {
            let mut value = self.plain(frame, otherwise);
            let when = self.all(arms.iter().map(|(rails, _)| rails.no));
            self.guard(&mut value, when);
            cases.extend(value.cases);
            missing.push(value.missing);
        }
        Sym { cases, missing: self.any(missing) }
    }

    /// A derived fact of a row, or of none.
    pub(super) fn define(
        &mut self,
        define: DefineId,
        row: Option<usize>,
        arguments: Vec<Sym>,
        law: &Law,
    ) -> Sym {
        let row = if self.still.contains(&define) { row.map(|row| self.first_of(row)) } else { row };
        if let Some(cut) = row.and_then(|row| self.cuts.get(&(define, row))) {
            return cut.clone();
        }
        let key = (define, row, arguments.clone(), law.clone());
        if let Some(known) = self.defines.get(&key) {
            return known.clone();
        }
        let plan = self.plan;
        let ty = plan.symbols.define(define).map_or(Type::of(Base::Damaged), |define| define.ty);
        let Some(body) = plan.defines.get(&define.0) else {
            return self.opaque(ty, DEFINITION_WITH_ERRORS);
        };
        let Some(arm) = body.arms.iter().find(|arm| arm.interval.contains(law.day)) else {
            return Sym::unknown();
        };
        let mut frame = Frame::of(&body.code, row, law.clone());
        frame.arguments = arguments;
        let mut sym = self.value(&frame, arm.value);
        if !ty.optional {
            sym.missing = Lit::NO;
        }
        self.defines.insert(key, sym.clone());
        sym
    }

    /// The rows of a parameter that may be in force, and when.
    fn parameter_rows(
        &mut self,
        frame: &Frame<'p>,
        parameter: ParameterId,
        on: Option<ExprId>,
    ) -> Vec<(Lit, &'p ParameterRow)> {
        let plan = self.plan;
        let Some(body) = plan.parameters.get(&parameter.0) else { return Vec::new() };
        let rows = self.rows_in_force(frame, body, on).into_iter();
        rows.filter_map(|(when, row)| Some((when, body.rows.get(row)?))).collect()
    }

    /// When which row of a parameter, by position, is in force.
    pub(super) fn rows_in_force(
        &mut self,
        frame: &Frame<'p>,
        body: &ParameterBody,
        on: Option<ExprId>,
    ) -> Vec<(Lit, usize)> {
        let row_at = |day| {
            let row = body.row_at(day)?;
            body.rows.iter().position(|other| std::ptr::eq(row, other))
        };
        let Some(on) = on else {
            return row_at(frame.law.day).map(|row| (Lit::YES, row)).into_iter().collect();
        };
        let on = self.plain(frame, on);
        let mut starts: Vec<crate::value::Date> =
            body.rows.iter().flat_map(|row| [row.interval.from, row.interval.until]).flatten().collect();
        starts.sort_unstable();
        starts.dedup();
        let mut found = Vec::new();
        for (position, from) in starts.iter().enumerate() {
            let Some(row) = row_at(*from) else { continue };
            let until = starts.get(position + 1);
            for (when, leaf) in &on.cases {
                let within = match (leaf, until) {
                    (Leaf::Num(day), until) => {
                        let after = self.solver.less(&Form::whole(day_number(*from)), day, true);
                        let before = until.map_or(Lit::YES, |until| {
                            self.solver.less(day, &Form::whole(day_number(*until)), false)
                        });
                        self.all([*when, after, before])
                    }
                    (Leaf::Never, None) => *when,
                    _ => Lit::NO,
                };
                found.push((within, row));
            }
        }
        // Before the first of them only an open start is in force.
        if let (Some(first), Some(row)) =
            (starts.first(), starts.first().and_then(|first| row_at(first.yesterday().ok()?)))
        {
            for (when, leaf) in &on.cases {
                if let Leaf::Num(day) = leaf {
                    let before = self.solver.less(day, &Form::whole(day_number(*first)), false);
                    found.push((self.all([*when, before]), row));
                }
            }
        } else if starts.is_empty() && !body.rows.is_empty() {
            found.extend(on.cases.iter().map(|(when, _)| (*when, 0)));
        }
        found.retain(|(when, _)| *when != Lit::NO);
        found
    }

    /// The cells of a row of a parameter, and when each is meant.
    fn cells(&mut self, row: &'p ParameterRow, keys: &[Sym]) -> Vec<(Lit, Vec<&'p Value>)> {
        let mut found = Vec::new();
        let mut others = Vec::new();
        for (key, values) in &row.cells {
            let mut when = Vec::new();
            for (part, sym) in key.iter().zip(keys) {
                when.push(self.key_is(sym, *part));
            }
            let when = if key.len() == keys.len() { self.all(when) } else { Lit::NO };
            others.push(!when);
            found.push((when, values.iter().collect()));
        }
        if let Some(otherwise) = &row.otherwise {
            for sym in keys {
                others.push(self.any(sym.cases.iter().map(|(when, _)| *when)));
            }
            found.push((self.all(others), vec![otherwise]));
        }
        found.retain(|(when, _)| *when != Lit::NO);
        found
    }

    pub(super) fn key_is(&mut self, sym: &Sym, part: i64) -> Lit {
        let mut ways = Vec::new();
        for (when, leaf) in &sym.cases {
            let is = match leaf {
                Leaf::Cat(value) if i64::from(*value) == part => Lit::YES,
                Leaf::CatOf(choice) => {
                    u32::try_from(part).map_or(Lit::NO, |value| self.picks(*choice, value))
                }
                Leaf::Num(form) => self.solver.equal(form, &Form::whole(part)),
                Leaf::Flag(flag) if i64::from(*flag) == part => Lit::YES,
                _ => Lit::NO,
            };
            ways.push(self.all([*when, is]));
        }
        self.any(ways)
    }

    fn parameter(
        &mut self,
        frame: &Frame<'p>,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
    ) -> Sym {
        let keys: Vec<Sym> = keys.iter().map(|key| self.plain(frame, *key)).collect();
        let mut cases: Vec<(Lit, Leaf)> = Vec::new();
        let version = self.plan.symbols.parameter(parameter).and_then(|symbol| symbol.version);
        let declared = version.map_or(parameter, |version| version.of);
        if self.raised.as_ref().is_some_and(|raised| raised.parameter == declared) {
            return self.raised_value(frame, &keys, on);
        }
        if !self.plan.parameters.contains_key(&parameter.0) {
            let on = on.map(|on| self.plain(frame, on));
            let ty =
                self.plan.symbols.parameter(declared).map_or(Type::of(Base::Damaged), |symbol| symbol.ty);
            let read = (declared, keys, on);
            if let Some(known) = self.opened.get(&read) {
                return known.clone();
            }
            self.vague.insert(PARAMETER_WITH_ERRORS.to_owned());
            let any = self.any_of(Type { optional: false, ..ty });
            self.opened.insert(read, any.clone());
            return any;
        }
        for (in_force, row) in self.parameter_rows(frame, parameter, on) {
            for (when, values) in self.cells(row, &keys) {
                if let [value] = *values
                    && let Some(leaf) = leaf(value)
                {
                    cases.push((self.all([in_force, when]), leaf));
                }
            }
        }
        // Equal values are one case.
        let mut merged: std::collections::BTreeMap<Leaf, Vec<Lit>> = std::collections::BTreeMap::new();
        for (when, leaf) in cases {
            merged.entry(leaf).or_default().push(when);
        }
        let cases = merged.into_iter().map(|(leaf, when)| (self.any(when), leaf)).collect();
        Sym { cases, missing: Lit::NO }
    }

    /// Whether a reference names the row that is looked up: their keys are equal, whether or not there is such a row.
    fn names_row(&mut self, frame: &Frame<'p>, a: ExprId, b: ExprId) -> Rails {
        let Some((reference, keys)) = looks_up(frame.code, a, b) else { return Rails::NO };
        let reference = self.plain(frame, reference);
        let keys: Vec<Sym> = keys.iter().map(|key| self.plain(frame, *key)).collect();
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (when, leaf) in &reference.cases {
            let mut all = match leaf {
                Leaf::Row(_) => Rails::YES,
                // Equal to nothing.
                Leaf::None => Rails::NO,
                _ => continue,
            };
            if let Leaf::Row(row) = leaf {
                for (field, key) in (0_u32..).zip(&keys) {
                    let own = self.field(*row, field);
                    let equal = self.compare(CompareOp::Eq, &own, key);
                    all = self.both(all, equal);
                }
            }
            yes.push(self.all([*when, all.yes]));
            no.push(self.all([*when, all.no]));
        }
        Rails { yes: self.any(yes), no: self.any(no) }
    }

    fn in_set(&mut self, frame: &Frame<'p>, x: ExprId, set: ExprId) -> Sym {
        let x = self.plain(frame, x);
        let Some(Op::Parameter { parameter, keys, on }) = frame.code.get(set).map(|expr| &expr.op) else {
            return Sym::unknown();
        };
        if !self.plan.parameters.contains_key(&parameter.0) {
            let is_in = self.opaque_rails(PARAMETER_WITH_ERRORS);
            return Sym::flag(is_in.yes, is_in.no);
        }
        let keys: Vec<Sym> = keys.iter().map(|key| self.plain(frame, *key)).collect();
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (in_force, row) in self.parameter_rows(frame, *parameter, *on) {
            for (when, values) in self.cells(row, &keys) {
                let mut any = Rails { yes: Lit::NO, no: self.any(x.cases.iter().map(|(when, _)| *when)) };
                for value in values {
                    let Some(leaf) = leaf(value) else { continue };
                    let equal = self.compare(CompareOp::Eq, &x, &Sym::of(leaf));
                    any = self.either(any, equal);
                }
                yes.push(self.all([in_force, when, any.yes]));
                no.push(self.all([in_force, when, any.no]));
            }
        }
        Sym::flag(self.any(yes), self.any(no))
    }
}

/// Of a comparison with a row that is looked up: the other side, and the key.
fn looks_up(code: &Code, a: ExprId, b: ExprId) -> Option<(ExprId, &[ExprId])> {
    let keys = |id: ExprId| match code.get(id).map(|expr| &expr.op) {
        Some(Op::Lookup { keys, .. }) => Some(keys.as_slice()),
        _ => None,
    };
    match (keys(a), keys(b)) {
        (None, Some(keys)) => Some((a, keys)),
        (Some(keys), None) => Some((b, keys)),
        _ => None,
    }
}
