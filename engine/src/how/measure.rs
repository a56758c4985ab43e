//! What a result reads of a record on the way: the derived facts by which a change is told, and the conditions that show
//! whether it changes anything.

use std::collections::BTreeSet;

use super::{Asked, Question};
use crate::evaluate::{Evaluator, Inside};
use crate::plan::{Code, DecisionId, DefineId, ExprId, MustCheck, Op, Plan, RequirementId, operands};
use crate::value::{Base, Date, RecordId, State, Value};

/// Whose code an expression is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Body {
    Define(DefineId),
    Decision(DecisionId),
    Requirement(RequirementId),
}

/// A derived fact or an aggregate of the record.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    body: Body,
    id: ExprId,
    pub(super) name: String,
    /// Yes or no: how far it is from the other is not told by it.
    pub(super) flag: bool,
    /// The measure that reads it.
    pub(super) within: Option<usize>,
}

/// A state without what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Known(Value),
    Missing,
    Unknown,
    Error,
}

impl From<&State> for Worth {
    fn from(state: &State) -> Self {
        match state {
            State::Known(value) => Self::Known(value.clone()),
            State::Missing => Self::Missing,
            State::Unknown(_) => Self::Unknown,
            State::Error(_) => Self::Error,
        }
    }
}

/// What is looked at of a result.
pub(super) struct Measures<'p> {
    plan: &'p Plan,
    subject: RecordId,
    each: Option<(u16, u32)>,
    law_on: Option<(Body, ExprId)>,
    pub(super) all: Vec<Measure>,
    /// Conditions on the way.
    conditions: Vec<(Body, ExprId)>,
    seen: BTreeSet<Body>,
}

impl<'p> Measures<'p> {
    pub(super) fn new(question: &Question<'p>, subject: RecordId) -> Self {
        let plan = question.plan;
        let (body, each) = match question.result {
            Asked::Decision(id) => (Body::Decision(id), None),
            Asked::Requirement(instance) => {
                let slot = plan.requirements.get(&instance.requirement.0).and_then(|body| body.each);
                (Body::Requirement(instance.requirement), slot.zip(instance.value))
            }
        };
        let law_on = match body {
            Body::Decision(id) => plan.decisions.get(&id.0).and_then(|body| body.law_on),
            Body::Requirement(id) => plan.requirements.get(&id.0).and_then(|body| body.law_on),
            Body::Define(_) => None,
        };
        let mut measures = Self {
            plan,
            subject,
            each,
            law_on: law_on.map(|id| (body, id)),
            all: Vec::new(),
            conditions: Vec::new(),
            seen: BTreeSet::new(),
        };
        measures.body(question, body, None);
        measures
    }

    pub(super) fn code(&self, body: Body) -> Option<&'p Code> {
        match body {
            Body::Define(id) => self.plan.defines.get(&id.0).map(|body| &body.code),
            Body::Decision(id) => self.plan.decisions.get(&id.0).map(|body| &body.code),
            Body::Requirement(id) => self.plan.requirements.get(&id.0).map(|body| &body.code),
        }
    }

    fn body(&mut self, question: &Question<'_>, body: Body, within: Option<usize>) {
        if !self.seen.insert(body) {
            return;
        }
        let roots: Vec<ExprId> = match body {
            Body::Define(id) => {
                let body = self.plan.defines.get(&id.0);
                body.into_iter().flat_map(|body| &body.arms).map(|arm| arm.value).collect()
            }
            Body::Decision(id) => self.plan.decisions.get(&id.0).map_or_else(Vec::new, |body| {
                body.condition.into_iter().chain(body.rules.iter().filter_map(|rule| rule.when)).collect()
            }),
            Body::Requirement(id) => self.plan.requirements.get(&id.0).map_or_else(Vec::new, |body| {
                let musts = body.musts.iter().flat_map(|must| match &must.check {
                    MustCheck::Condition(condition) => vec![*condition],
                    MustCheck::Unique(keys) => keys.clone(),
                });
                let excepts = body.excepts.iter().map(|except| except.when);
                body.condition.into_iter().chain(musts).chain(excepts).collect()
            }),
        };
        for root in roots {
            self.expression(question, body, root, within);
        }
    }

    fn expression(&mut self, question: &Question<'_>, body: Body, id: ExprId, within: Option<usize>) {
        let Some(expr) = self.code(body).and_then(|code| code.get(id)) else { return };
        let code = self.code(body);
        let is_row =
            |of: ExprId| matches!(code.and_then(|code| code.get(of)).map(|of| &of.op), Some(Op::Row(0)));
        let flag = expr.ty.base == Base::Flag;
        let mut measure = |name: String| {
            self.all.push(Measure { body, id, name, flag, within });
            self.all.len() - 1
        };
        let written = || {
            let text = (question.text)(expr.place).unwrap_or_default();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let symbols = &self.plan.symbols;
        match &expr.op {
            Op::Define { define, of, arguments } => {
                let own = arguments.is_empty() && of.is_none_or(is_row);
                let name = symbols.define(*define).map(|symbol| symbol.name.clone());
                let at = measure(if own { name.unwrap_or_default() } else { written() });
                if own && of.is_some() {
                    self.body(question, Body::Define(*define), Some(at));
                }
            }
            Op::Aggregate { .. } | Op::Pick { .. } | Op::Quantity(..) | Op::Population(_) => {
                measure(written());
            }
            Op::Decision { decision, of } => {
                let name = symbols.decision(*decision).map(|symbol| symbol.name.clone());
                let own = is_row(*of);
                let at = measure(if own { name.unwrap_or_default() } else { written() });
                if own {
                    self.body(question, Body::Decision(*decision), Some(at));
                }
            }
            Op::IsMet { .. } | Op::Amount { .. } => {
                measure(written());
            }
            op => {
                if flag && !matches!(op, Op::Field { .. } | Op::Literal(_)) {
                    self.conditions.push((body, id));
                }
                for operand in operands(op) {
                    self.expression(question, body, operand, within);
                }
            }
        }
    }

    fn inside(&self, body: Body, row: u32, law: Date) -> Option<Inside<'p>> {
        let each = if matches!(body, Body::Requirement(_)) { self.each } else { None };
        Some(Inside { code: self.code(body)?, subject: (self.subject, row), each, law })
    }

    fn law(&self, evaluator: &Evaluator<'_>, row: u32) -> Date {
        let day = evaluator.as_of();
        let law = self.law_on.and_then(|(body, id)| Some(evaluator.inside(self.inside(body, row, day)?, id)));
        match law {
            Some(State::Known(Value::Date(law))) => law,
            _ => day,
        }
    }

    /// Every condition on the way.
    pub(super) fn conditions(&self, evaluator: &Evaluator<'_>, row: u32) -> Vec<Worth> {
        let law = self.law(evaluator, row);
        let ask = |(body, id): &(Body, ExprId)| {
            Some(Worth::from(&evaluator.inside(self.inside(*body, row, law)?, *id)))
        };
        self.conditions.iter().filter_map(ask).collect()
    }

    /// Every derived fact, in the order of [`Measures::all`].
    pub(super) fn states(&self, evaluator: &Evaluator<'_>, row: u32) -> Vec<State> {
        let law = self.law(evaluator, row);
        let ask = |measure: &Measure| match self.inside(measure.body, row, law) {
            Some(inside) => evaluator.inside(inside, measure.id),
            None => State::Missing,
        };
        self.all.iter().map(ask).collect()
    }

    /// A state of a derived fact in a few words, masked where it must be.
    pub(super) fn show(&self, evaluator: &Evaluator<'_>, at: usize, state: &State) -> String {
        let Some(measure) = self.all.get(at) else { return String::new() };
        self.code(measure.body)
            .map_or_else(String::new, |code| evaluator.shown_inside(code, measure.id, state))
    }

    /// Those by which a change is told: the outermost that are no flags and differ; where there are none, flags.
    pub(super) fn telling(&self, before: &[State], after: &[State]) -> Vec<usize> {
        let differs = |at: usize| match (before.get(at), after.get(at)) {
            (Some(before), Some(after)) => Worth::from(before) != Worth::from(after),
            _ => false,
        };
        for flags in [false, true] {
            let told =
                |at: usize| differs(at) && self.all.get(at).is_some_and(|measure| measure.flag == flags);
            let mut names = BTreeSet::new();
            let found: Vec<usize> = (0..self.all.len())
                .filter(|at| told(*at))
                .filter(|at| {
                    let mut above = self.all.get(*at).and_then(|measure| measure.within);
                    while let Some(at) = above {
                        if told(at) {
                            return false;
                        }
                        above = self.all.get(at).and_then(|measure| measure.within);
                    }
                    true
                })
                .filter(|at| self.all.get(*at).is_some_and(|measure| names.insert(measure.name.clone())))
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }
}
