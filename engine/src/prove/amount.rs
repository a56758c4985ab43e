//! Amounts for every record at once: each line by itself, and their sum.

use super::cnf::Lit;
use super::encode::Frame;
use super::form::Form;
use super::sym::{Leaf, Rails, Sym};
use super::world::{Law, World};
use crate::plan::{ADJUSTMENT, AmountBody, AmountId, ArithmeticOp};
use crate::value::{Base, Type};

/// An amount of a row.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The `where`.
    pub(super) scope: Rails,
    /// By position in the symbol.
    pub(super) lines: Vec<Sym>,
    /// The sum.
    pub(super) total: Sym,
}

impl<'p> World<'p> {
    /// The total of an amount of a row, or a line of it, as another body reads it.
    pub(super) fn amount(&mut self, amount: AmountId, line: Option<u32>, row: usize) -> Sym {
        let plan = self.plan;
        let Some(symbol) = plan.symbols.amount(amount) else { return Sym::unknown() };
        let lines = match self.amounts.get(&(amount, row)) {
            Some(known) => known.clone(),
            None => {
                let effective =
                    plan.symbols.policy(symbol.policy).is_none_or(|it| it.effective.contains(self.law().day));
                let body = plan.amounts.get(&amount.0);
                let laws = body.filter(|_| effective).and_then(|body| {
                    let laws = self.laws(&body.code, body.law_on, row)?;
                    let lines = |(law, within)| (self.lines(amount, body, row, &law), within);
                    Some(laws.into_iter().map(lines).collect())
                });
                let found = match (body, laws) {
                    (Some(_), Some(laws)) => self.of_laws(laws),
                    (Some(_), None) if !effective => {
                        let none = Sym::of(Leaf::NotApplicable);
                        Lines { scope: Rails::NO, lines: vec![none.clone(); symbol.lines.len()], total: none }
                    }
                    _ => {
                        // With errors, or of too many laws.
                        let ty = Type::of(Base::Number);
                        let lines = symbol
                            .lines
                            .iter()
                            .map(|_| self.opaque(ty, "an amount under the law of another day"))
                            .collect();
                        let total = self.opaque(ty, "an amount under the law of another day");
                        Lines { scope: Rails::YES, lines, total }
                    }
                };
                self.amounts.insert((amount, row), found.clone());
                found
            }
        };
        let mut sym = match line {
            None => lines.total,
            Some(line) => lines.lines.get(line as usize).cloned().unwrap_or_else(Sym::unknown),
        };
        if sym.constant() != Some(&Leaf::NotApplicable) {
            self.guard(&mut sym, lines.scope.yes);
            sym.cases.push((lines.scope.no, Leaf::NotApplicable));
            sym.cases.retain(|(when, _)| *when != Lit::NO);
        }
        sym
    }

    /// The lines under whichever law it is.
    fn of_laws(&mut self, mut laws: Vec<(Lines, Lit)>) -> Lines {
        if let [(_, Lit::YES)] = laws.as_slice()
            && let Some((lines, _)) = laws.pop()
        {
            return lines;
        }
        let yes: Vec<Lit> = laws.iter().map(|(of, within)| self.all([of.scope.yes, *within])).collect();
        let no: Vec<Lit> = laws.iter().map(|(of, within)| self.all([of.scope.no, *within])).collect();
        let scope = Rails { yes: self.any(yes), no: self.any(no) };
        let several = laws.first().map_or(0, |(of, _)| of.lines.len());
        let mut joined = |of: &dyn Fn(&Lines) -> Option<Sym>| {
            let (mut cases, mut missing) = (Vec::new(), Vec::new());
            for (lines, within) in &laws {
                let mut sym = of(lines).unwrap_or_else(Sym::unknown);
                self.guard(&mut sym, *within);
                cases.append(&mut sym.cases);
                missing.push(sym.missing);
            }
            Sym { cases: self.merged(cases), missing: self.any(missing) }
        };
        let total = joined(&|of| Some(of.total.clone()));
        let lines = (0..several).map(|at| joined(&|of| of.lines.get(at).cloned())).collect();
        Lines { scope, lines, total }
    }

    /// All lines of an amount of a row.
    pub(super) fn lines(&mut self, amount: AmountId, body: &'p AmountBody, row: usize, law: &Law) -> Lines {
        let frame = Frame::of(&body.code, Some(row), law.clone());
        let plan = self.plan;
        let labels = plan.symbols.amount(amount).map_or(&[][..], |symbol| symbol.lines.as_slice());
        let scope = body.condition.map_or(Rails::YES, |condition| self.condition(&frame, condition));
        let zero = Sym::of(Leaf::Num(Form::default()));
        // A line may read others of its amount: what is read is kept while the rest is found.
        let found = labels.iter().map(|_| self.anything(Type::of(Base::Money))).collect();
        let mut lines = Lines { scope, lines: found, total: zero.clone() };
        let conditions: Vec<Rails> = body
            .lines
            .iter()
            .map(|line| match line.when {
                _ if !line.interval.contains(law.day) => Rails::NO,
                Some(when) => self.condition(&frame, when),
                None => Rails::YES,
            })
            .collect();
        let mut total = zero.clone();
        for (position, line) in body.lines.iter().enumerate() {
            if !line.interval.contains(law.day) {
                continue;
            }
            let mut applies = conditions.get(position).copied().unwrap_or(Rails::NO);
            for other in &line.subject_to {
                let other = conditions.get(*other as usize).copied().unwrap_or(Rails::NO);
                applies = self.both(applies, other.not());
            }
            self.amounts.insert((amount, row), lines.clone());
            let mut value = self.plain(&frame, line.value);
            for (limit, least) in [(line.at_least, false), (line.at_most, true)] {
                if let Some(limit) = limit {
                    let limit = self.plain(&frame, limit);
                    value = self.extreme(&value, &limit, least);
                }
            }
            self.guard(&mut value, applies.yes);
            value.cases.push((applies.no, Leaf::Num(Form::default())));
            value.cases.retain(|(when, _)| *when != Lit::NO);
            total = self.arithmetic(ArithmeticOp::Add, &total, &value);
            if let Some(at) = labels.iter().position(|label| *label == *line.label)
                && let Some(place) = lines.lines.get_mut(at)
            {
                *place = value;
            }
        }
        let in_force = |label: &str| {
            body.lines.iter().any(|line| *line.label == *label && line.interval.contains(law.day))
        };
        for (at, label) in labels.iter().enumerate() {
            if !in_force(label)
                && let Some(place) = lines.lines.get_mut(at)
            {
                *place = zero.clone();
            }
        }
        if let Some(limits) = &body.total {
            let sum = total.clone();
            for (limit, least) in [(limits.at_least, false), (limits.at_most, true)] {
                if let Some(limit) = limit {
                    let limit = self.plain(&frame, limit);
                    total = self.extreme(&total, &limit, least);
                }
            }
            if let Some((mode, unit)) = limits.rounding {
                total = self.rounded(&total, mode, unit);
            }
            let adjustment = self.arithmetic(ArithmeticOp::Sub, &total, &sum);
            if let Some(at) = labels.iter().position(|label| label == ADJUSTMENT)
                && let Some(place) = lines.lines.get_mut(at)
            {
                *place = adjustment;
            }
        }
        self.amounts.remove(&(amount, row));
        lines.total = total;
        lines
    }
}
