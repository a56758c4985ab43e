//! Conditions as codes, and what chooses between values.

use std::borrow::Cow;
use std::sync::Arc;

use super::lanes::Env;
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, NO_CODE, NO_DAY, UNKNOWN, Vector, open};
use super::worker::Worker;
use crate::evaluate::expr::settle_case;
use crate::evaluate::found::Found;
use crate::plan::{Case, ExprId, Op};
use crate::value::{Base, Need, NeedKind, RecordId, Value};

/// The other of yes and no.
pub(crate) const fn opposite(code: u8) -> u8 {
    match code {
        NO => KNOWN,
        KNOWN => NO,
        MISSING => UNKNOWN,
        open => open,
    }
}

/// A condition with unknown and error exchanged, whose order is then that of disjunction. Without branches, so that many
/// are done together.
pub(crate) const fn exchanged(code: u8) -> u8 {
    code ^ (((code ^ (code >> 1)) & 1).wrapping_neg() & 3)
}

/// Kleene conjunction of codes: the least in no < unknown < error < yes.
pub(crate) const fn and(a: u8, b: u8) -> u8 {
    if a < b { a } else { b }
}

/// Kleene disjunction of conditions: the greatest in no < error < unknown < yes.
pub(crate) const fn or(a: u8, b: u8) -> u8 {
    let (a, b) = (exchanged(a), exchanged(b));
    exchanged(if a > b { a } else { b })
}

/// Kleene negation.
pub(crate) fn not(operand: &Vector) -> Vector {
    Vector::flags(operand.truths().iter().map(|code| opposite(*code)).collect())
}

impl Worker<'_> {
    /// A conjunction or disjunction, however long.
    pub(crate) fn join(&self, env: &Env<'_>, id: ExprId) -> Vector {
        let all = matches!(env.code.get(id).map(|expr| &expr.op), Some(Op::And(..)));
        let mut joined = vec![if all { KNOWN } else { NO }; env.len];
        let mut pending = vec![id];
        while let Some(next) = pending.pop() {
            match (env.code.get(next).map(|expr| &expr.op), all) {
                (Some(Op::And(a, b)), true) | (Some(Op::Or(a, b)), false) => pending.extend([*b, *a]),
                _ => {
                    let part = self.eval(env, next);
                    let part = part.truths();
                    if all {
                        joined
                            .iter_mut()
                            .zip(part.iter())
                            .for_each(|(joined, part)| *joined = and(*joined, *part));
                    } else {
                        joined
                            .iter_mut()
                            .zip(part.iter())
                            .for_each(|(joined, part)| *joined = or(*joined, *part));
                    }
                }
            }
        }
        Vector::flags(joined)
    }

    /// The operators that ask whether there is a value.
    pub(crate) fn absence(&self, env: &Env<'_>, op: &Op) -> Vector {
        let asked = |operand: &Vector, known: u8, missing: u8, unknown: u8| {
            // By state.
            let answers = [known, unknown, ERROR, known, missing, ERROR, ERROR, ERROR];
            let answer = |state: &u8| answers.get(usize::from(*state & 7)).copied().unwrap_or(ERROR);
            Vector::flags(operand.state.iter().map(answer).collect())
        };
        match op {
            Op::IsKnown(a) => asked(&self.eval(env, *a), KNOWN, NO, NO),
            Op::IsMissing(a) => asked(&self.eval(env, *a), NO, KNOWN, UNKNOWN),
            Op::IsNone(a) => {
                let operand = self.eval(env, *a);
                let state = operand.state.iter().enumerate().map(|(lane, state)| match *state {
                    NO | KNOWN => {
                        if is_none(&operand.data, lane) {
                            KNOWN
                        } else {
                            NO
                        }
                    }
                    MISSING => UNKNOWN,
                    state => state,
                });
                Vector::flags(state.collect())
            }
            Op::Presumed(a, otherwise) => {
                let operand = self.eval(env, *a);
                if !operand.has_state(MISSING) {
                    return operand.plain();
                }
                let (absent, there) = split(&operand.state, |state| state == MISSING);
                let otherwise = self.eval(&env.select(&absent), *otherwise);
                let parts = [
                    (there.clone(), Cow::Owned(operand.gather(&there))),
                    (absent, Cow::Borrowed(&*otherwise)),
                ];
                Vector::assemble(env.len, &parts, false, self.store)
            }
            _ => Vector::open(ERROR, env.len),
        }
    }

    /// `if c then a else b`.
    pub(crate) fn choose(&self, env: &Env<'_>, condition: ExprId, yes: ExprId, no: ExprId) -> Vector {
        let condition = self.eval(env, condition);
        let truths = condition.truths();
        if let (Some(yes), Some(no)) = (self.one(env, yes), self.one(env, no))
            && let Some(chosen) = self.choose_constant(&truths, &yes, &no)
        {
            return chosen;
        }
        let lanes = |code: u8| -> Vec<u32> {
            (0_u32..).zip(truths.iter()).filter(|(_, truth)| **truth == code).map(|(lane, _)| lane).collect()
        };
        let (if_yes, if_no, errors, unknown) = (lanes(KNOWN), lanes(NO), lanes(ERROR), lanes(UNKNOWN));
        let branch = |lanes: &[u32], branch: ExprId| {
            if lanes.len() == env.len {
                self.eval(env, branch)
            } else {
                self.eval(&env.select(lanes), branch)
            }
        };
        let mut parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = Vec::new();
        if !if_yes.is_empty() {
            let yes = branch(&if_yes, yes);
            parts.push((if_yes, Cow::Owned(Arc::unwrap_or_clone(yes))));
        }
        if !if_no.is_empty() {
            let no = branch(&if_no, no);
            parts.push((if_no, Cow::Owned(Arc::unwrap_or_clone(no))));
        }
        if !errors.is_empty() {
            let states = Vector::open(ERROR, errors.len());
            parts.push((errors, Cow::Owned(states)));
        }
        if !unknown.is_empty() {
            let (yes, no) = (branch(&unknown, yes), branch(&unknown, no));
            let same: Vec<u8> = (0..unknown.len())
                .map(|lane| {
                    let state = |of: &Vector| of.state.get(lane).copied().unwrap_or(ERROR);
                    match (state(&yes), state(&no)) {
                        (MISSING, MISSING) => MISSING,
                        (ERROR, ERROR) => ERROR,
                        (NO | KNOWN, NO | KNOWN)
                            if yes.value(lane, self.store) == no.value(lane, self.store) =>
                        {
                            state(&yes)
                        }
                        _ => UNKNOWN,
                    }
                })
                .collect();
            let agreed = Vector { state: same, data: yes.data.clone(), bounds: Vec::new() };
            parts.push((unknown, Cow::Owned(agreed)));
        }
        Vector::assemble(env.len, &parts, false, self.store)
    }

    /// `if c then a else b`, of two numbers or positions that are the same for all rows.
    fn choose_constant(&self, truths: &[u8], yes: &Vector, no: &Vector) -> Option<Vector> {
        if !(yes.bounds.is_empty() && no.bounds.is_empty() && yes.all_known() && no.all_known()) {
            return None;
        }
        // By the code of the condition: not known what it would be, unless it is the same either way.
        let is_same = yes.value(0, self.store) == no.value(0, self.store);
        let state = |truth: &u8| match *truth {
            NO | KNOWN => KNOWN,
            UNKNOWN if is_same => KNOWN,
            truth => truth,
        };
        let states: Vec<u8> = truths.iter().map(state).collect();
        fn pick<T: Copy>(truths: &[u8], yes: T, no: T, unknown: T, blank: T) -> Vec<T> {
            let of = |truth: &u8| match *truth {
                NO => no,
                KNOWN => yes,
                UNKNOWN => unknown,
                _ => blank,
            };
            truths.iter().map(of).collect()
        }
        let data = match (&yes.data, &no.data) {
            (Data::Num(_, a), Data::Num(_, b)) => {
                let scale = (*a).max(*b);
                let (yes, no) = (*yes.scaled_to(scale)?.first()?, *no.scaled_to(scale)?.first()?);
                Data::Num(pick(truths, yes, no, if is_same { yes } else { 0 }, 0), scale)
            }
            (Data::Code(yes), Data::Code(no)) => {
                let (yes, no) = (*yes.first()?, *no.first()?);
                Data::Code(pick(truths, yes, no, if is_same { yes } else { NO_CODE }, NO_CODE))
            }
            _ => return None,
        };
        Some(Vector::of(states, data))
    }

    /// `case { … }`: what is clear is chosen; where arms may hold or several do, the lanes are settled one by one.
    pub(crate) fn case(&self, env: &Env<'_>, case: &Case, base: Base) -> Vector {
        let conditions: Vec<Arc<Vector>> =
            case.arms.iter().map(|(condition, _)| self.eval(env, *condition)).collect();
        let truths: Vec<Cow<'_, [u8]>> = conditions.iter().map(|condition| condition.truths()).collect();
        let truth =
            |arm: usize, lane: usize| truths.get(arm).and_then(|arm| arm.get(lane)).copied().unwrap_or(ERROR);
        let mut clear: Vec<Vec<u32>> = vec![Vec::new(); case.arms.len()];
        let (mut none, mut unclear) = (Vec::new(), Vec::new());
        for lane in 0..u32::try_from(env.len).unwrap_or(u32::MAX) {
            let mut holding = None;
            let mut several = false;
            for arm in 0..case.arms.len() {
                match truth(arm, lane as usize) {
                    NO => {}
                    KNOWN if holding.is_none() => holding = Some(arm),
                    _ => several = true,
                }
            }
            match holding {
                _ if several => unclear.push(lane),
                Some(arm) => {
                    if let Some(lanes) = clear.get_mut(arm) {
                        lanes.push(lane);
                    }
                }
                None => none.push(lane),
            }
        }
        let mut parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = Vec::new();
        for (lanes, (_, value)) in clear.into_iter().zip(&case.arms).filter(|(lanes, _)| !lanes.is_empty()) {
            let value = self.eval(&env.select(&lanes), *value);
            parts.push((lanes, Cow::Owned(Arc::unwrap_or_clone(value))));
        }
        if !none.is_empty() {
            let value = match case.otherwise {
                Some(otherwise) => Arc::unwrap_or_clone(self.eval(&env.select(&none), otherwise)),
                None => Vector::open(UNKNOWN, none.len()),
            };
            // What nobody settled: unknown stays unknown, whatever else it is.
            parts.push((none, Cow::Owned(value)));
        }
        if !unclear.is_empty() {
            let inner = env.select(&unclear);
            let values: Vec<Arc<Vector>> =
                case.arms.iter().map(|(_, value)| self.eval(&inner, *value)).collect();
            let otherwise = case.otherwise.map(|otherwise| self.eval(&inner, otherwise));
            let undecided =
                Need { record: RecordId(u32::MAX), row: None, field: None, kind: NeedKind::Absent };
            let founds: Vec<Found> = unclear
                .iter()
                .enumerate()
                .map(|(at, lane)| {
                    let arms = values.iter().enumerate().filter_map(|(arm, value)| {
                        let condition = match truth(arm, *lane as usize) {
                            NO => return None,
                            KNOWN => Found::flag(true),
                            state => open(state),
                        };
                        Some((condition, value.found(at, self.store).plain()))
                    });
                    let otherwise =
                        || otherwise.as_ref().map(|otherwise| otherwise.found(at, self.store).plain());
                    settle_case(arms.collect(), otherwise, undecided.clone())
                })
                .collect();
            parts.push((unclear, Cow::Owned(Vector::from_founds(founds, base, self.store))));
        }
        Vector::assemble(env.len, &parts, false, self.store)
    }
}

/// Whether a known lane is `none`.
pub(crate) fn is_none(data: &Data, lane: usize) -> bool {
    match data {
        Data::Code(codes) | Data::Row(_, codes) => codes.get(lane) == Some(&NO_CODE),
        Data::Date(days) | Data::Year(days) => days.get(lane) == Some(&NO_DAY),
        Data::Any(values) => values.get(lane) == Some(&Value::None),
        Data::Void | Data::Flag | Data::Num(..) | Data::Ratio(..) => false,
    }
}

/// The lanes whose state is wanted, and the others.
pub(crate) fn split(states: &[u8], wanted: impl Fn(u8) -> bool) -> (Vec<u32>, Vec<u32>) {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for (lane, state) in (0_u32..).zip(states) {
        if wanted(*state) { yes.push(lane) } else { no.push(lane) }
    }
    (yes, no)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disjunction_is_the_opposite_of_the_conjunction_of_opposites() {
        for a in [NO, UNKNOWN, ERROR, KNOWN] {
            for b in [NO, UNKNOWN, ERROR, KNOWN] {
                assert_eq!(or(a, b), opposite(and(opposite(a), opposite(b))), "{a} {b}");
            }
        }
    }
}
