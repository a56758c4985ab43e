//! Amounts: each version of each line is a column of the rows to which it applies; the total is their sum.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::lanes::{Env, Lanes};
use super::logic::{and, opposite};
use super::vector::{Data, ERROR, KNOWN, NO, UNKNOWN, Vector};
use super::worker::Worker;
use crate::evaluate::amount::clamp;
use crate::evaluate::found::Found;
use crate::plan::{ADJUSTMENT, AmountBody, AmountId, ArithmeticOp, ExprId, LineBody, TotalBody};
use crate::value::{Base, Date, Number, Value};

/// To which lanes an amount applies, and under which law.
pub(crate) struct Setting {
    /// Yes, no (not applicable), unknown or error.
    pub(crate) applies: Vec<u8>,
    pub(crate) groups: Vec<Group>,
}

/// Lanes under one law.
pub(crate) struct Group {
    law: Date,
    own: Vec<u32>,
    /// Absent: all lanes, which are their own.
    lanes: Option<Rc<Lanes>>,
}

impl Worker<'_> {
    pub(crate) fn setting(&self, lanes: &Rc<Lanes>, amount: AmountId) -> Rc<Setting> {
        if let Some(known) = lanes.settings.borrow().get(&amount) {
            return Rc::clone(known);
        }
        let setting = Rc::new(self.set(lanes, amount));
        lanes.settings.borrow_mut().insert(amount, Rc::clone(&setting));
        setting
    }

    fn set(&self, lanes: &Rc<Lanes>, amount: AmountId) -> Setting {
        let all = |state: u8| Setting { applies: vec![state; lanes.len()], groups: Vec::new() };
        let symbol = self.store.symbols().amount(amount);
        let (Some(symbol), Some(body)) = (symbol, self.store.plan.amounts.get(&amount.0)) else {
            return all(ERROR);
        };
        if !self.evaluator.is_effective(symbol.policy) {
            return all(NO);
        }
        let mut applies = vec![KNOWN; lanes.len()];
        let mut put = |lane: u32, state: u8| {
            if let Some(place) = applies.get_mut(lane as usize) {
                *place = state;
            }
        };
        let env = Env::of(&body.code, lanes, self.store.as_of);
        let (laws, rest) = self.laws(&env, body.law_on);
        for (lane, state) in rest {
            put(lane, state);
        }
        let mut groups = Vec::new();
        for (law, own) in laws {
            let mut own = own;
            if let Some(condition) = body.condition {
                let mut inner = if own.len() == lanes.len() { env.clone() } else { env.select(&own) };
                inner.law = law;
                let scope = self.eval(&inner, condition);
                let mut within = Vec::new();
                for (lane, state) in own.iter().zip(scope.truths().iter()) {
                    if *state == KNOWN {
                        within.push(*lane);
                    } else {
                        put(*lane, *state);
                    }
                }
                own = within;
            }
            if !own.is_empty() {
                let part = (own.len() < lanes.len()).then(|| lanes.select(&own));
                groups.push(Group { law, own, lanes: part });
            }
        }
        Setting { applies, groups }
    }

    /// An amount, or a line of it, as a value; not applicable where the amount is not.
    pub(crate) fn worth(&self, lanes: &Rc<Lanes>, amount: AmountId, line: Option<u32>) -> Vector {
        let setting = self.setting(lanes, amount);
        let (worth, outside) = self.worth_within(lanes, &setting, amount, line);
        if outside.is_empty() {
            return worth;
        }
        let nothing =
            Vector::of(vec![KNOWN; outside.len()], Data::Any(vec![Value::NotApplicable; outside.len()]));
        let rest: Vec<u32> = (0..u32::try_from(lanes.len()).unwrap_or(u32::MAX))
            .filter(|lane| outside.binary_search(lane).is_err())
            .collect();
        let parts = [(rest.clone(), Cow::Owned(worth.gather(&rest))), (outside, Cow::Owned(nothing))];
        Vector::assemble(lanes.len(), &parts, false, self.store)
    }

    /// The same, and the lanes to which it does not apply, in order.
    pub(crate) fn worth_within(
        &self,
        lanes: &Rc<Lanes>,
        setting: &Setting,
        amount: AmountId,
        line: Option<u32>,
    ) -> (Vector, Vec<u32>) {
        let mut outside = Vec::new();
        let (mut rest, mut states) = (Vec::new(), Vec::new());
        for (lane, state) in (0_u32..).zip(&setting.applies) {
            match *state {
                KNOWN => {}
                NO => outside.push(lane),
                state => {
                    rest.push(lane);
                    states.push(state);
                }
            }
        }
        let mut parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = Vec::new();
        if let Some(body) = self.store.plan.amounts.get(&amount.0) {
            for group in &setting.groups {
                let own = group.lanes.as_ref().unwrap_or(lanes);
                let worth = match line {
                    None => self.total(own, amount, body, group.law).0,
                    Some(line) => self.line(own, amount, body, group.law, line),
                };
                parts.push((group.own.clone(), Cow::Owned(worth)));
            }
        }
        parts.push((rest, Cow::Owned(Vector::of(states, Data::Void))));
        (Vector::assemble(lanes.len(), &parts, false, self.store), outside)
    }

    fn nothing(&self, lanes: usize) -> Vector {
        Vector::of(vec![KNOWN; lanes], Data::Num(vec![0; lanes], 0))
    }

    fn line(&self, lanes: &Rc<Lanes>, amount: AmountId, body: &AmountBody, law: Date, line: u32) -> Vector {
        let label = self.store.symbols().amount(amount).and_then(|symbol| symbol.lines.get(line as usize));
        let Some(label) = label else { return Vector::open(ERROR, lanes.len()) };
        let mut versions =
            body.lines.iter().enumerate().filter(|(_, line)| *line.label == **label).peekable();
        let known = versions.peek().is_some();
        match versions.find(|(_, line)| line.interval.contains(law)) {
            Some((position, line)) => (*self.entry(lanes, amount, body, law, position, line)).clone(),
            None if known => self.nothing(lanes.len()),
            None if label == ADJUSTMENT => {
                let adjustment = self.total(lanes, amount, body, law).1;
                adjustment.unwrap_or_else(|| self.nothing(lanes.len()))
            }
            None => Vector::open(ERROR, lanes.len()),
        }
    }

    /// The sum of the lines in force, within its limits and rounded; and by how much that differs from the lines.
    fn total(
        &self,
        lanes: &Rc<Lanes>,
        amount: AmountId,
        body: &AmountBody,
        law: Date,
    ) -> (Vector, Option<Vector>) {
        let mut sum = self.nothing(lanes.len());
        for (position, line) in body.lines.iter().enumerate().filter(|(_, line)| line.interval.contains(law))
        {
            let worth = self.entry(lanes, amount, body, law, position, line);
            sum = self.calculate(ArithmeticOp::Add, &sum, &worth, Base::Number);
        }
        let Some(total) = &body.total else { return (sum, None) };
        let mut env = Env::of(&body.code, lanes, law);
        env.law = law;
        let name: Arc<str> =
            Arc::from(self.store.symbols().amount(amount).map_or("", |symbol| symbol.name.as_str()));
        let settled = self.settled(&env, total, &sum, &name);
        let adjustment = self.calculate(ArithmeticOp::Sub, &settled, &sum, Base::Number);
        (settled, Some(adjustment))
    }

    fn settled(&self, env: &Env<'_>, total: &TotalBody, sum: &Vector, name: &Arc<str>) -> Vector {
        let limit = |limit: Option<ExprId>| limit.map(|limit| self.eval(env, limit));
        let clamped =
            self.clamped(name, sum, limit(total.at_least).as_deref(), limit(total.at_most).as_deref());
        match total.rounding {
            Some((mode, unit)) => self.round(&clamped, mode, unit, Base::Number),
            None => clamped,
        }
    }

    /// One version of a line, worked out once.
    fn entry(
        &self,
        lanes: &Rc<Lanes>,
        amount: AmountId,
        body: &AmountBody,
        law: Date,
        position: usize,
        line: &LineBody,
    ) -> Arc<Vector> {
        if let Some(known) = lanes.lines.borrow().get(&(amount, position)) {
            return Arc::clone(known);
        }
        let env = Env::of(&body.code, lanes, law);
        let worth = Arc::new(self.enter(&env, body, line));
        lanes.lines.borrow_mut().insert((amount, position), Arc::clone(&worth));
        worth
    }

    fn enter(&self, env: &Env<'_>, body: &AmountBody, line: &LineBody) -> Vector {
        let condition = |when: Option<ExprId>| match when {
            Some(when) => self.eval(env, when).truths().into_owned(),
            None => vec![KNOWN; env.len],
        };
        let mut applies = condition(line.when);
        let above = line.subject_to.iter().filter_map(|above| body.lines.get(*above as usize));
        for other in above.filter(|other| other.interval.contains(env.law)) {
            let holds = condition(other.when);
            applies.iter_mut().zip(holds).for_each(|(own, other)| *own = and(*own, opposite(other)));
        }
        let (mut asked, mut not, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (lane, applies) in (0_u32..).zip(&applies) {
            match *applies {
                NO => not.push(lane),
                ERROR => failed.push(lane),
                _ => asked.push(lane),
            }
        }
        let mut parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = Vec::new();
        if !asked.is_empty() {
            let inner = if asked.len() == env.len { env.clone() } else { env.select(&asked) };
            let mut worth = self.worth_of(&inner, line);
            for (at, lane) in asked.iter().enumerate() {
                if applies.get(*lane as usize) != Some(&KNOWN)
                    && worth.value(at, self.store) != Some(Value::Number(Number::ZERO))
                    && let Some(state) = worth.state.get_mut(at)
                {
                    *state = UNKNOWN;
                }
            }
            parts.push((asked, Cow::Owned(worth)));
        }
        parts.push((failed.clone(), Cow::Owned(Vector::open(ERROR, failed.len()))));
        parts.push((not.clone(), Cow::Owned(self.nothing(not.len()))));
        parts.retain(|(lanes, _)| !lanes.is_empty());
        Vector::assemble(env.len, &parts, false, self.store)
    }

    /// A line's value within its limits.
    fn worth_of(&self, env: &Env<'_>, line: &LineBody) -> Vector {
        let limit = |limit: Option<ExprId>| limit.map(|limit| self.eval(env, limit));
        let value = self.eval(env, line.value);
        self.clamped(&line.label, &value, limit(line.at_least).as_deref(), limit(line.at_most).as_deref())
    }

    fn clamped(
        &self,
        name: &Arc<str>,
        value: &Vector,
        at_least: Option<&Vector>,
        at_most: Option<&Vector>,
    ) -> Vector {
        if let Some(quick) = quick_clamp(value, at_least, at_most) {
            return quick;
        }
        let limit = |limit: Option<&Vector>, lane: usize| {
            limit.map(|limit| limit.found(lane, self.store).doubted().plain())
        };
        let founds: Vec<Found> = (0..value.len())
            .map(|lane| {
                let value = value.found(lane, self.store).doubted().plain();
                clamp(name, value, limit(at_least, lane), limit(at_most, lane))
            })
            .collect();
        Vector::from_founds(founds, Base::Number, self.store)
    }
}

/// Within the limits, of columns of whole numbers.
fn quick_clamp(value: &Vector, at_least: Option<&Vector>, at_most: Option<&Vector>) -> Option<Vector> {
    use super::compare::strict;
    let scale_of = |vector: &Vector| match vector.data {
        Data::Num(_, scale) => Some(scale),
        _ => None,
    };
    if at_least.is_none() && at_most.is_none() {
        if !matches!(value.data, Data::Void) {
            scale_of(value)?;
        }
        return Some(value.plain().doubted());
    }
    let operands: Vec<&Vector> = [Some(value), at_least, at_most].into_iter().flatten().collect();
    let scale =
        operands.iter().map(|operand| scale_of(operand)).collect::<Option<Vec<u8>>>()?.into_iter().max()?;
    let mut state = vec![KNOWN; value.len()];
    for operand in &operands {
        state.iter_mut().zip(&operand.state).for_each(|(all, own)| *all = strict(*all, *own));
    }
    let mut values = value.scaled_to(scale)?.into_owned();
    let floor = at_least.map(|floor| floor.scaled_to(scale)).map_or(Some(None), |it| it.map(Some))?;
    let cap = at_most.map(|cap| cap.scaled_to(scale)).map_or(Some(None), |it| it.map(Some))?;
    if let (Some(floor), Some(cap)) = (&floor, &cap) {
        for (state, (floor, cap)) in state.iter_mut().zip(floor.iter().zip(cap.iter())) {
            if *state == KNOWN && floor > cap {
                *state = ERROR;
            }
        }
    }
    if let Some(floor) = &floor {
        values.iter_mut().zip(floor.iter()).for_each(|(value, floor)| *value = (*value).max(*floor));
    }
    if let Some(cap) = &cap {
        values.iter_mut().zip(cap.iter()).for_each(|(value, cap)| *value = (*value).min(*cap));
    }
    values.iter_mut().zip(&state).filter(|(_, state)| **state != KNOWN).for_each(|(value, _)| *value = 0);
    Some(Vector::of(state, Data::Num(values, scale)))
}
