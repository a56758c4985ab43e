//! What an amount gives for a record: its lines, and their sum.

use std::sync::Arc;

use super::evaluator::{Evaluator, Frame, Subject, Task};
use super::found::{Found, Truth, and, not, strict};
use super::operate;
use super::outcome::{AmountResult, LineResult, Worth};
use crate::plan::{ADJUSTMENT, AmountBody, AmountId, ExprId, LineBody, TotalBody};
use crate::value::{Date, Fault, Number, Reference, State, Value};

/// Under which law an amount is worked out for a record, and whether it applies to it.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Under the law of which day, where that is known.
    pub(super) law: Option<Date>,
    /// The `where`, where it was reached.
    pub(super) scope: Option<Found>,
    /// What every line and the total are, where they are not worked out: not applicable, not known, an error.
    pub(super) instead: Option<Found>,
}

/// One version of a line for a record.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Whether it applies: its `when`, and none of those it gives way to.
    pub(super) applies: Found,
    /// Its worth, nothing where it does not apply.
    pub(super) worth: Found,
}

/// The lines of an amount for a record, and their sum.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Each version of each line, `None` where it is not in force.
    pub(super) lines: Vec<Option<Arc<Entry>>>,
    /// The generated line.
    pub(super) adjustment: Option<Found>,
    /// The sum.
    pub(super) total: Found,
}

fn nothing() -> Found {
    Found::known(Value::Number(Number::ZERO))
}

fn not_applicable() -> Found {
    Found::known(Value::NotApplicable)
}

impl Evaluator<'_> {
    /// What an amount gives for a row.
    #[must_use]
    pub fn amount(&self, amount: AmountId, row: u32) -> AmountResult {
        self.make_room();
        let Some(symbol) = self.symbols().amount(amount) else {
            return AmountResult {
                total: worth(&Found::broken("an unknown amount")),
                lines: Vec::new(),
                because: Vec::new(),
            };
        };
        let subject = self.settle(|| self.reference(symbol.of, row));
        let total = self.settle(|| self.amount_of(amount, None, &subject));
        let lines = (0_u32..).zip(&symbol.lines).map(|(position, label)| LineResult {
            label: label.clone(),
            worth: worth(&self.settle(|| self.amount_of(amount, Some(position), &subject))),
        });
        let lines = lines.collect();
        let because = self.settle(|| self.amount_because(amount, &subject));
        AmountResult { total: worth(&total), lines, because }
    }

    /// An amount, or the line at that position in its symbol, as a value; worked out once.
    pub(crate) fn amount_of(&self, amount: AmountId, line: Option<u32>, subject: &Reference) -> Found {
        let key = (amount, line, Subject::from(subject));
        if self.postpones(|| Task::Amount(key.clone())) {
            return super::expr::postponed();
        }
        let worth =
            self.memory.worths.once(key, &self.memory.postponed, || self.count(amount, line, subject));
        worth.unwrap_or_else(|| Found::broken("an amount that depends on itself"))
    }

    fn count(&self, amount: AmountId, line: Option<u32>, subject: &Reference) -> Found {
        let Some(symbol) = self.symbols().amount(amount) else { return Found::broken("an unknown amount") };
        let Some(body) = self.plan.amounts.get(&amount.0) else {
            return Found::broken(&format!("`{}` has errors", symbol.name));
        };
        if let Some(instead) = &self.setting(amount, body, subject).instead {
            return instead.clone();
        }
        let Some(line) = line else { return self.account(amount, body, subject).total.clone() };
        let Some(label) = symbol.lines.get(line as usize) else { return Found::broken("an unknown line") };
        let mut versions = (0..body.lines.len())
            .filter(|position| body.lines.get(*position).is_some_and(|version| *version.label == **label));
        // Of the versions of a line at most one is in force.
        let entry = versions.clone().find_map(|position| self.entry(amount, body, position, subject));
        match entry {
            Some(entry) => entry.worth.clone(),
            None if versions.next().is_some() => nothing(),
            None if label == ADJUSTMENT => {
                self.account(amount, body, subject).adjustment.clone().unwrap_or_else(nothing)
            }
            None => Found::broken("an unknown line"),
        }
    }

    /// The law and the `where` of an amount for a row, worked out once.
    pub(super) fn setting(&self, amount: AmountId, body: &AmountBody, subject: &Reference) -> Arc<Setting> {
        let key = (amount, Subject::from(subject));
        let setting = self
            .memory
            .settings
            .once(key, &self.memory.postponed, || Arc::new(self.setting_of(amount, body, subject)));
        setting.unwrap_or_else(|| {
            let instead = Some(Found::broken("an amount that depends on itself"));
            Arc::new(Setting { law: None, scope: None, instead })
        })
    }

    fn setting_of(&self, amount: AmountId, body: &AmountBody, subject: &Reference) -> Setting {
        let policy = self.symbols().amount(amount).map(|symbol| symbol.policy);
        if policy.is_some_and(|policy| !self.is_effective(policy)) {
            return Setting { law: None, scope: None, instead: Some(not_applicable()) };
        }
        let mut frame = Frame::of(&body.code, subject, self.as_of);
        let law = match self.law_day(&mut frame, body.law_on) {
            Ok(law) => law,
            Err(found) => return Setting { law: None, scope: None, instead: Some(found) },
        };
        frame.law = law;
        let scope = body.condition.map(|condition| self.eval(&mut frame, condition).doubted().plain());
        let instead = scope.as_ref().and_then(|scope| match scope.truth() {
            Truth::True => None,
            Truth::False => Some(not_applicable()),
            Truth::Unknown | Truth::Error => Some(scope.clone()),
        });
        Setting { law: Some(law), scope, instead }
    }

    /// All lines of an amount for a row, and their sum, worked out once.
    pub(super) fn account(&self, amount: AmountId, body: &AmountBody, subject: &Reference) -> Arc<Account> {
        let key = (amount, Subject::from(subject));
        let account = self.memory.accounts.once(key, &self.memory.postponed, || {
            let lines: Vec<Option<Arc<Entry>>> =
                (0..body.lines.len()).map(|position| self.entry(amount, body, position, subject)).collect();
            let worths: Vec<Found> = lines.iter().flatten().map(|entry| entry.worth.clone()).collect();
            let sum = sum(&worths);
            let Some(total) = &body.total else {
                return Arc::new(Account { lines, adjustment: None, total: sum });
            };
            let law = self.setting(amount, body, subject).law.unwrap_or(self.as_of);
            let mut frame = Frame::of(&body.code, subject, law);
            let total = self.settled(&mut frame, amount, total, &sum);
            let adjustment = difference(&total, &sum);
            Arc::new(Account { lines, adjustment: Some(adjustment), total })
        });
        account.unwrap_or_else(|| {
            let total = Found::broken("an amount that depends on itself");
            Arc::new(Account { lines: Vec::new(), adjustment: None, total })
        })
    }

    /// One version of a line for a row, worked out once; `None` where it is not in force.
    pub(super) fn entry(
        &self,
        amount: AmountId,
        body: &AmountBody,
        position: usize,
        subject: &Reference,
    ) -> Option<Arc<Entry>> {
        let line = body.lines.get(position)?;
        let law = self.setting(amount, body, subject).law.unwrap_or(self.as_of);
        if !line.interval.contains(law) {
            return None;
        }
        let key = (amount, position, Subject::from(subject));
        let entry = self.memory.entries.once(key, &self.memory.postponed, || {
            let mut frame = Frame::of(&body.code, subject, law);
            Arc::new(self.enter_line(&mut frame, body, line))
        });
        Some(entry.unwrap_or_else(|| {
            let worth = Found::broken(&format!("`{}` depends on itself", line.label));
            Arc::new(Entry { applies: worth.clone(), worth })
        }))
    }

    fn enter_line(&self, frame: &mut Frame<'_>, body: &AmountBody, line: &LineBody) -> Entry {
        let law = frame.law;
        let condition = |frame: &mut Frame<'_>, when: Option<ExprId>| match when {
            Some(when) => self.eval(frame, when).doubted().plain(),
            None => Found::flag(true),
        };
        let own = condition(frame, line.when);
        let above = line.subject_to.iter().filter_map(|above| body.lines.get(*above as usize));
        let mut applies = own;
        for other in above.filter(|other| other.interval.contains(law)) {
            applies = and(&applies, &not(&condition(frame, other.when)));
        }
        let worth = match applies.truth() {
            // A line that does not apply is nothing, and its limits are not asked.
            Truth::False => nothing(),
            Truth::Error => applies.clone(),
            Truth::True => self.worth_of(frame, line),
            Truth::Unknown => {
                let worth = self.worth_of(frame, line);
                match worth.value() {
                    Some(value) if *value == Value::Number(Number::ZERO) => worth,
                    _ => Found::unknown(super::found::needs_of([&applies, &worth])),
                }
            }
        };
        Entry { applies, worth }
    }

    /// A line's value within its limits.
    fn worth_of(&self, frame: &mut Frame<'_>, line: &LineBody) -> Found {
        let mut limit = |limit: Option<ExprId>| limit.map(|limit| self.eval(frame, limit).doubted().plain());
        let (at_least, at_most) = (limit(line.at_least), limit(line.at_most));
        let value = self.eval(frame, line.value).doubted().plain();
        clamp(&line.label, value, at_least, at_most)
    }

    /// The sum within the limits of the total, rounded.
    fn settled(&self, frame: &mut Frame<'_>, amount: AmountId, total: &TotalBody, sum: &Found) -> Found {
        let name = self.symbols().amount(amount).map_or("", |symbol| symbol.name.as_str());
        let mut limit = |limit: Option<ExprId>| limit.map(|limit| self.eval(frame, limit).doubted().plain());
        let (at_least, at_most) = (limit(total.at_least), limit(total.at_most));
        let clamped = clamp(&Arc::from(name), sum.clone(), at_least, at_most);
        match (total.rounding, clamped.value()) {
            (Some((mode, unit)), Some(value)) => computed(operate::round(value, mode, unit)),
            _ => clamped,
        }
    }
}

fn computed(value: Result<Value, Fault>) -> Found {
    value.map_or_else(Found::fault, Found::known)
}

fn number(value: &Value) -> Result<&Number, Fault> {
    match value {
        Value::Number(number) => Ok(number),
        _ => Err(Fault::NotAValue),
    }
}

/// The strict sum.
fn sum(worths: &[Found]) -> Found {
    let values = match strict(worths) {
        Ok(values) => values,
        Err(found) => return found,
    };
    let sum = values.into_iter().try_fold(Number::ZERO, |sum, value| sum.add(number(value)?));
    computed(sum.map(Value::Number))
}

fn difference(total: &Found, sum: &Found) -> Found {
    match strict(&[total.clone(), sum.clone()]).as_deref() {
        Ok([total, sum]) => {
            let difference = number(total).and_then(|total| total.sub(number(sum)?));
            computed(difference.map(Value::Number))
        }
        Ok(_) => Found::broken("a difference without two sides"),
        Err(found) => found.clone(),
    }
}

/// The value within its limits, strictly; limits that cross are an error.
pub(crate) fn clamp(name: &Arc<str>, value: Found, at_least: Option<Found>, at_most: Option<Found>) -> Found {
    if at_least.is_none() && at_most.is_none() {
        return match value.value() {
            // What is not applicable is no worth of a line.
            Some(Value::Number(_)) | None => value,
            Some(_) => Found::fault(Fault::NotAValue),
        };
    }
    let (floored, capped) = (at_least.is_some(), at_most.is_some());
    let operands: Vec<Found> = [Some(value), at_least, at_most].into_iter().flatten().collect();
    let values = match strict(&operands) {
        Ok(values) => values,
        Err(found) => return found,
    };
    let numbers: Result<Vec<&Number>, Fault> = values.into_iter().map(number).collect();
    let numbers = match numbers {
        Ok(numbers) => numbers,
        Err(fault) => return Found::fault(fault),
    };
    let (value, floor, cap) = match (numbers.as_slice(), floored, capped) {
        ([value, floor, cap], true, true) => (*value, Some(*floor), Some(*cap)),
        ([value, floor], true, false) => (*value, Some(*floor), None),
        ([value, cap], false, true) => (*value, None, Some(*cap)),
        _ => return Found::broken("limits without a value"),
    };
    if floor.zip(cap).is_some_and(|(floor, cap)| floor > cap) {
        return Found::fault(Fault::LimitsCross(Arc::clone(name)));
    }
    let value = floor.map_or(value, |floor| value.max(floor));
    let value = cap.map_or(value, |cap| value.min(cap));
    Found::known(Value::Number(value.clone()))
}

fn worth(found: &Found) -> Worth {
    match &found.state {
        State::Known(Value::Number(number)) => Worth::Known(number.clone()),
        State::Known(Value::NotApplicable) => Worth::NotApplicable,
        State::Known(_) => Worth::Error(Arc::from([Fault::NotAValue])),
        State::Missing | State::Unknown(_) => Worth::Undetermined(found.needs()),
        State::Error(faults) => Worth::Error(Arc::clone(faults)),
    }
}
