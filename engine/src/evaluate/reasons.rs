//! What a condition or a value follows from, for explanations.
//!
//! All steps of an explanation are told at the end of one list; what stands below a step is taken off that end again. So a step
//! has a list of its own only where something stands below it, and that is made once and as long as it has to be.

use std::sync::Arc;

use rubric_grammar::ast::AggregateKind;

use super::evaluator::{Call, Frame, Subject};
use super::explain::{Detail, Guide, below, period, step, taken};
use super::expr::table_key;
use super::found::{Found, Truth};
use super::outcome::{Step, StepKind, Verdict};
use super::wording::{Cites, Digits, Words};
use crate::plan::each_operand;
use crate::plan::{
    AmountId, Code, DecisionId, DefineId, Expr, ExprId, MASK, Op, ParameterId, Population, RequirementId,
    ResultStatus, RowSource, Rows,
};
use crate::value::{Base, Need, NeedKind, RecordId, Reference, State, Type, Value};

/// So many rows of an aggregate are shown.
const ROWS_SHOWN: usize = 5;

impl Guide<'_, '_> {
    /// Tells the parts of a condition that make it what it is: of a conjunction that is no, those that are no.
    pub(super) fn condition_steps(&self, frame: &mut Frame<'_>, id: ExprId, told: &mut Vec<Step>) {
        self.condition_steps_of(frame, id, None, told);
    }

    /// The same of a condition that is perhaps found already.
    fn condition_steps_of(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        known: Option<&Found>,
        told: &mut Vec<Step>,
    ) {
        match frame.code.get(id).map(|expr| &expr.op) {
            None => {}
            Some(Op::And(..) | Op::Or(..)) => {
                for (part, found) in self.relevant(frame, id) {
                    self.tell(|| self.condition_step(frame, part, Some(found), told));
                }
            }
            Some(_) => {
                self.tell(|| self.condition_step(frame, id, known.cloned(), told));
            }
        }
    }

    /// Tells what a condition follows from whose text and state already stand above.
    pub(super) fn below(&self, frame: &mut Frame<'_>, id: ExprId, told: &mut Vec<Step>) {
        match frame.code.get(id).map(|expr| &expr.op) {
            Some(Op::And(..) | Op::Or(..)) => self.condition_steps(frame, id, told),
            Some(Op::Not(inner)) => {
                let inner = *inner;
                let place = |id: ExprId| frame.code.get(id).map(|expr| expr.place);
                // `is not`, `not in` and `not between` are one text, which already stands above.
                if place(inner) == place(id) {
                    self.below(frame, inner, told);
                } else {
                    self.condition_steps(frame, inner, told);
                }
            }
            _ => self.value_steps(frame, id, told),
        }
    }

    /// The conjuncts of a conjunction, or the alternatives of a disjunction, that decide its truth.
    fn relevant(&self, frame: &mut Frame<'_>, id: ExprId) -> Vec<(ExprId, Found)> {
        let code = frame.code;
        let conjunction = matches!(code.get(id).map(|expr| &expr.op), Some(Op::And(..)));
        let mut states: Vec<(ExprId, Found)> = Vec::new();
        each_part(code, id, conjunction, &mut |part| {
            states.push((part, self.evaluator.settle(|| self.evaluator.condition(frame, part))));
        });
        // Of a conjunction the least in no < unknown < error < yes, of a disjunction the greatest in no < error < unknown < yes.
        let order = if conjunction {
            [Truth::False, Truth::Unknown, Truth::Error, Truth::True]
        } else {
            [Truth::True, Truth::Unknown, Truth::Error, Truth::False]
        };
        let deciding =
            order.into_iter().find(|truth| states.iter().any(|(_, found)| found.truth() == *truth));
        states.retain(|(_, found)| Some(found.truth()) == deciding);
        states
    }

    fn condition_step(&self, frame: &mut Frame<'_>, id: ExprId, known: Option<Found>, told: &mut Vec<Step>) {
        let code = frame.code;
        let Some(expr) = code.get(id) else { return told.push(step(StepKind::Fault, "", "error")) };
        let found = known.unwrap_or_else(|| self.evaluator.settle(|| self.evaluator.condition(frame, id)));
        // A fact or derived fact that is itself the condition says so once.
        let from = told.len();
        if matches!(expr.op, Op::Quantity(..)) {
            self.value_steps(frame, id, told);
            told.truncate(from + 1);
        } else if Self::is_single(&expr.op) {
            self.tell(|| self.single(frame, id, expr, &found, told));
        }
        if told.len() > from {
            return;
        }
        let mut step = step(
            StepKind::Condition,
            self.expr_text(frame, id, "a condition"),
            self.state_of(frame, id, &found),
        );
        step.place = Some(expr.place);
        step.steps = below(told, |told| self.below(frame, id, told));
        told.push(step);
    }

    /// Tells the facts, derived facts and parameters that a value follows from.
    pub(super) fn value_steps(&self, frame: &mut Frame<'_>, id: ExprId, told: &mut Vec<Step>) {
        self.value_steps_of(frame, id, None, told);
    }

    /// The same of a value that is perhaps found already.
    fn value_steps_of(&self, frame: &mut Frame<'_>, id: ExprId, known: Option<&Found>, told: &mut Vec<Step>) {
        let code = frame.code;
        let Some(expr) = code.get(id) else { return };
        self.tell(|| self.reasons(frame, id, expr, known, told));
    }

    /// Whether one step says all of an operation.
    const fn is_single(op: &Op) -> bool {
        matches!(
            op,
            Op::Field { .. }
                | Op::Define { .. }
                | Op::Decision { .. }
                | Op::IsMet { .. }
                | Op::Amount { .. }
                | Op::Aggregate { .. }
                | Op::Population(_)
        )
    }

    /// The one step that says all of an operation, which is found to be that.
    fn single(&self, frame: &mut Frame<'_>, id: ExprId, expr: &Expr, found: &Found, told: &mut Vec<Step>) {
        match &expr.op {
            Op::Field { of, field } => self.fact(frame, id, expr, Some(found), (*of, *field), told),
            Op::Define { define, of, arguments } => {
                self.derived(frame, id, expr, found, (*define, *of, arguments), told);
            }
            Op::Decision { decision, of } => self.decided(frame, id, expr, found, (*decision, *of), told),
            Op::Amount { amount, line, of } => {
                self.counted(frame, id, expr, found, (*amount, *line, *of), told);
            }
            Op::IsMet { requirement, value, of } => {
                told.push(self.met(frame, id, expr, (*requirement, *value), *of));
            }
            Op::Aggregate { kind, rows, operand } => {
                self.aggregate(frame, id, expr, Some(found), (*kind, rows, *operand), told);
            }
            Op::Population(population) => self.population(frame, id, expr, found, population, told),
            _ => {}
        }
    }

    fn reasons(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        known: Option<&Found>,
        told: &mut Vec<Step>,
    ) {
        let from = told.len();
        match &expr.op {
            // These find what they are on the way.
            Op::Field { of, field } => self.fact(frame, id, expr, known, (*of, *field), told),
            Op::Aggregate { kind, rows, operand } => {
                self.aggregate(frame, id, expr, known, (*kind, rows, *operand), told);
            }
            op if Self::is_single(op) => {
                let found = self.evaluator.settle(|| self.evaluator.eval(frame, id));
                self.single(frame, id, expr, &found, told);
            }
            Op::Parameter { parameter, keys, on } => {
                told.push(self.parameter(frame, id, expr, *parameter, keys, *on));
                for &key in keys.iter().chain(on) {
                    self.value_steps(frame, key, told);
                }
                distinct(told, from);
            }
            Op::Quantity(_, n, rows) => {
                let found = self.evaluator.settle(|| self.evaluator.eval(frame, id));
                let count = (AggregateKind::Count, rows, None);
                self.aggregate(frame, id, expr, Some(&found), count, told);
                self.value_steps(frame, *n, told);
            }
            Op::Pick { kind, rows, by, read } => {
                let candidates = self.evaluator.settle(|| self.evaluator.picked(frame, *kind, rows, *by));
                let outer = frame.bind(rows.slot, None);
                for row in candidates.iter().take(ROWS_SHOWN) {
                    frame.bind(rows.slot, Some(row.clone()));
                    let why = self.beside(row, || {
                        once_each(told, |told| {
                            by.iter().for_each(|&by| self.value_steps(frame, by, told));
                            self.value_steps(frame, *read, told);
                        })
                    });
                    told.push(self.row(rows, row, "picked", why));
                }
                frame.bind(rows.slot, outer);
                let found = self.evaluator.settle(|| self.evaluator.eval(frame, id));
                let state = self.state_of(frame, id, &found);
                let state = match candidates.len() {
                    0 => state.and("; no rows"),
                    1 => state,
                    several => state.and(&format!("; {several} rows may be the one")),
                };
                let mut step = step(StepKind::Rows, self.expr_text(frame, id, "a row"), state);
                step.place = Some(expr.place);
                step.steps = taken(told, from);
                told.push(step);
            }
            Op::Apportion { total, rows, by, .. } => {
                self.value_steps(frame, *total, told);
                let selected = self.evaluator.settle(|| self.evaluator.select(frame, rows));
                let outer = frame.bind(rows.slot, None);
                for (row, lets_in) in selected.iter().flatten().take(ROWS_SHOWN) {
                    frame.bind(rows.slot, Some(row.clone()));
                    let state = if lets_in.truth() == Truth::True { "shares" } else { "perhaps shares" };
                    let weight = once_each(told, |told| self.value_steps(frame, *by, told));
                    told.push(self.row(rows, row, state, weight));
                }
                frame.bind(rows.slot, outer);
                distinct(told, from);
            }
            Op::Input(input) => {
                let name = self
                    .evaluator
                    .symbols()
                    .inputs
                    .get(input.0 as usize)
                    .map_or("", |input| input.name.as_str());
                let found = self.evaluator.settle(|| self.evaluator.eval(frame, id));
                told.push(step(StepKind::Fact, name.to_owned(), self.state_of(frame, id, &found)));
            }
            // That a record is not of another authority is no news.
            Op::If(guard, _, no)
                if self.is_guard(frame, *guard) && self.is_elsewhere(frame, Some(*guard)) =>
            {
                self.value_steps(frame, *no, told);
            }
            Op::If(condition, yes, no) => {
                self.condition_steps(frame, *condition, told);
                match self.evaluator.settle(|| self.evaluator.condition(frame, *condition)).truth() {
                    Truth::True => self.value_steps(frame, *yes, told),
                    Truth::False => self.value_steps(frame, *no, told),
                    Truth::Unknown => {
                        self.value_steps(frame, *yes, told);
                        self.value_steps(frame, *no, told);
                    }
                    Truth::Error => {}
                }
                distinct(told, from);
            }
            Op::Case(case) => {
                let mut decided = false;
                for &(condition, value) in &case.arms {
                    let truth = self.evaluator.settle(|| self.evaluator.condition(frame, condition)).truth();
                    if truth != Truth::False {
                        decided |= truth == Truth::True;
                        self.condition_steps(frame, condition, told);
                        self.value_steps(frame, value, told);
                    }
                }
                if let (Some(otherwise), false) = (case.otherwise, decided) {
                    self.value_steps(frame, otherwise, told);
                }
                distinct(told, from);
            }
            // What their operands follow from.
            op => {
                each_operand(op, |operand| self.value_steps(frame, operand, told));
                distinct(told, from);
            }
        }
    }

    /// A fact; it is read where it stands where it is not yet `known`.
    fn fact(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        known: Option<&Found>,
        (of, field): (ExprId, u32),
        told: &mut Vec<Step>,
    ) {
        let read = |reference: &Reference| {
            let name = self.field_name(reference.record, field);
            (self.field_of(reference, name), reference.row.and_then(|row| self.origin(reference.record, row)))
        };
        let mut why = Vec::new();
        let (text, source) = match self.evaluator.row_at_hand(frame, of) {
            Some(reference) => read(reference),
            None => match self.evaluator.settle(|| self.evaluator.eval(frame, of)).value() {
                Some(Value::Reference(reference)) => read(reference),
                _ => {
                    // The row itself is what is not known.
                    why = below(told, |told| self.value_steps(frame, of, told));
                    (self.expr_text(frame, id, "a field"), None)
                }
            },
        };
        let state = match known {
            Some(found) => self.fact_state(frame, id, found),
            None => self.words_at_hand(frame, id, expr.ty).unwrap_or_else(|| {
                let found = self.evaluator.settle(|| self.evaluator.eval(frame, id));
                self.fact_state(frame, id, &found)
            }),
        };
        let mut step = step(StepKind::Fact, text, state);
        step.place = Some(expr.place);
        step.source = source;
        step.steps = why;
        told.push(step);
    }

    fn fact_state(&self, frame: &Frame<'_>, id: ExprId, found: &Found) -> Words {
        match &found.state {
            State::Unknown(needs) if !needs.is_empty() => self.absent(needs.first()),
            _ => self.state_of(frame, id, found),
        }
    }

    /// The state of a fact that is known and stands at hand.
    fn words_at_hand(&self, frame: &Frame<'_>, id: ExprId, ty: Type) -> Option<Words> {
        let evaluator = self.evaluator;
        let shown = |value: &Value| {
            if evaluator.is_masked(frame.code, id) { MASK.into() } else { evaluator.value_words(value, ty) }
        };
        evaluator.read_at_hand(frame, id, shown)
    }

    fn field_name(&self, record: RecordId, field: u32) -> Arc<str> {
        self.evaluator.memory.wording.field(record, field, || {
            let record = self.evaluator.symbols().record(record);
            record
                .and_then(|record| record.fields.get(field as usize))
                .map_or_else(String::new, |field| field.name.clone())
        })
    }

    /// Why a fact is not known.
    fn absent(&self, need: Option<&Need>) -> Words {
        let Some(need) = need else { return "unknown".into() };
        match &need.kind {
            NeedKind::Absent => "unknown: not on file".into(),
            NeedKind::Unreadable => "unknown: could not be read".into(),
            NeedKind::Finding(who) => format!("awaits the finding of the {who}").into(),
            NeedKind::Tie => "unknown: several rows tie".into(),
            NeedKind::Dangling => "unknown: the key names no row".into(),
            NeedKind::NotSupplied => {
                format!("unknown: no data supplied for {}", self.evaluator.record_name(need.record)).into()
            }
            NeedKind::Assumed(_) => "unknown, as the test says".into(),
            NeedKind::Input(name) => format!("unknown: `{name}` was not given").into(),
            NeedKind::Undecided(name) => format!("unknown: `{name}` has no result").into(),
        }
    }

    fn derived(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        found: &Found,
        (define, of, arguments): (DefineId, Option<ExprId>, &[ExprId]),
        told: &mut Vec<Step>,
    ) {
        let symbols = self.evaluator.symbols();
        let name = symbols.define(define).map_or("", |define| define.name.as_str());
        let mut step =
            step(StepKind::Define, self.expr_text(frame, id, name), self.value_state(frame, id, found));
        step.place = Some(expr.place);
        let from = told.len();
        for &argument in arguments {
            self.value_steps(frame, argument, told);
        }
        let owner = of.map(|of| self.evaluator.settle(|| self.evaluator.owner(frame, of)));
        let reference = match owner.transpose() {
            Ok(reference) => reference,
            Err(_) => {
                // The row itself is what is not known.
                if let Some(of) = of {
                    self.value_steps(frame, of, told);
                }
                distinct(told, from);
                step.steps = taken(told, from);
                return told.push(step);
            }
        };
        let body = self.evaluator.plan.defines.get(&define.0);
        let arm = body.and_then(|body| body.arms.iter().find(|arm| arm.interval.contains(frame.law)));
        if let (Some(body), Some(arm)) = (body, arm) {
            step.cites = cites_of([&body.cites, &arm.cites]);
            let values: Vec<Found> = arguments
                .iter()
                .map(|&argument| self.evaluator.settle(|| self.evaluator.eval(frame, argument)).plain())
                .collect();
            let call = Call {
                define,
                of: reference.as_ref().map(Subject::from),
                arguments: values.clone(),
                law: frame.law,
            };
            let fixed = self
                .evaluator
                .options
                .givens
                .defines
                .contains_key(&(define, reference.as_ref().and_then(|of| of.row)));
            if fixed {
                step.state = step.state.and(" (given)");
            } else if self.first_telling(call) {
                let mut within = Frame::new(&body.code, &values, frame.law);
                if let Some(reference) = reference {
                    within.bind(0, Some(Value::Reference(reference)));
                }
                let is_condition = body.code.get(arm.value).is_some_and(|value| value.ty.base == Base::Flag);
                // What is known of the fact is what is known of its value, and need not be worked out again.
                let known = Some(found).filter(|found| found.value().is_some());
                if is_condition {
                    self.condition_steps_of(&mut within, arm.value, known, told);
                } else {
                    self.value_steps_of(&mut within, arm.value, known, told);
                }
            }
        }
        distinct(told, from);
        step.steps = taken(told, from);
        told.push(step);
    }

    fn decided(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        found: &Found,
        (decision, of): (DecisionId, ExprId),
        told: &mut Vec<Step>,
    ) {
        let symbols = self.evaluator.symbols();
        let name = symbols.decision(decision).map_or("", |decision| decision.name.as_str());
        let mut step =
            step(StepKind::Define, self.expr_text(frame, id, name), self.state_of(frame, id, found));
        step.place = Some(expr.place);
        let owner = self.evaluator.settle(|| self.evaluator.eval(frame, of));
        let (Some(Value::Reference(owner)), Some(symbol)) = (owner.value(), symbols.decision(decision))
        else {
            step.steps = below(told, |told| self.value_steps(frame, of, told));
            return told.push(step);
        };
        let owner = self.evaluator.settle(|| self.evaluator.located(owner));
        let hearing = self.evaluator.settle(|| self.evaluator.hearing(decision, &owner));
        if let Verdict::Status(status) = hearing.result.verdict {
            step.state = status.word().into();
        }
        if let (Some(body), true) =
            (self.evaluator.plan.decisions.get(&decision.0), self.first_hearing(decision, &owner))
        {
            step.cites = body.cites.as_slice().into();
            step.steps = below(told, |told| {
                self.decision((decision, body), symbol.outcomes, &hearing, &owner, Detail::Decisive, told);
            });
        }
        told.push(step);
    }

    /// An amount, or a line of it, that something else reads.
    fn counted(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        found: &Found,
        (amount, line, of): (AmountId, Option<u32>, ExprId),
        told: &mut Vec<Step>,
    ) {
        let symbol = self.evaluator.symbols().amount(amount);
        let name = symbol.map_or("", |symbol| symbol.name.as_str());
        let mut step =
            step(StepKind::Define, self.expr_text(frame, id, name), self.state_of(frame, id, found));
        step.place = Some(expr.place);
        let owner = self.evaluator.settle(|| self.evaluator.eval(frame, of));
        let Some(Value::Reference(owner)) = owner.value() else {
            step.steps = below(told, |told| self.value_steps(frame, of, told));
            return told.push(step);
        };
        let owner = self.evaluator.settle(|| self.evaluator.located(owner));
        let Some(body) = self.evaluator.plan.amounts.get(&amount.0) else { return told.push(step) };
        match line {
            Some(line) => {
                // What a line is made of stands at the line; elsewhere its citation says enough.
                let label = symbol.and_then(|symbol| symbol.lines.get(line as usize));
                let version =
                    body.lines.iter().find(|line| label.is_some_and(|label| **label == *line.label));
                step.cites = version.map(|line| line.cites.as_slice().into()).unwrap_or_default();
            }
            None if self.first_counting(amount, &owner) => {
                step.cites = body.cites.as_slice().into();
                step.steps = below(told, |told| self.amount(amount, body, &owner, Detail::Decisive, told));
            }
            None => {}
        }
        told.push(step);
    }

    fn met(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        (requirement, value): (RequirementId, Option<ExprId>),
        of: ExprId,
    ) -> Step {
        let name = self
            .evaluator
            .symbols()
            .requirement(requirement)
            .map_or("", |requirement| requirement.name.as_str());
        let owner = self.evaluator.settle(|| self.evaluator.eval(frame, of));
        let instance = self.evaluator.settle(|| self.evaluator.instance(frame, requirement, value));
        let status = match (owner.value(), instance) {
            (Some(Value::Reference(owner)), Ok(instance)) => {
                let owner = self.evaluator.settle(|| self.evaluator.located(owner));
                self.evaluator.settle(|| self.evaluator.inquiry(instance, &owner)).result.status
            }
            _ => ResultStatus::Unknown,
        };
        let mut step = step(StepKind::Define, self.expr_text(frame, id, name), status.word());
        step.place = Some(expr.place);
        let body = self.evaluator.plan.requirements.get(&requirement.0);
        step.cites = body.map(|body| body.cites.as_slice().into()).unwrap_or_default();
        step
    }

    fn parameter(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
    ) -> Step {
        let name =
            self.evaluator.symbols().parameter(parameter).map_or("", |parameter| parameter.name.as_str());
        let ty = self.evaluator.symbols().parameter(parameter).map_or(expr.ty, |parameter| parameter.ty);
        let state: Words =
            match self.evaluator.settle(|| self.evaluator.parameter_values(frame, parameter, keys, on)) {
                Ok(values) => {
                    let values: Vec<String> =
                        values.iter().map(|value| self.evaluator.show_value(value, ty)).collect();
                    values.join(", ").into()
                }
                Err(found) => self.state_of(frame, id, &found),
            };
        let day = match on.map(|on| self.evaluator.settle(|| self.evaluator.eval(frame, on))) {
            None => Some(frame.law),
            Some(found) => match found.value() {
                Some(Value::Date(day)) => Some(*day),
                _ => None,
            },
        };
        let mut step = step(StepKind::Parameter, self.expr_text(frame, id, name), state);
        step.place = Some(expr.place);
        if let Some(body) = self.evaluator.plan.parameters.get(&parameter.0) {
            step.cites = body.cites.as_slice().into();
            if let Some(row) = day.and_then(|day| body.row_at(day)) {
                let keys: Option<Vec<i64>> = keys
                    .iter()
                    .map(|key| {
                        self.evaluator.settle(|| self.evaluator.eval(frame, *key)).value().and_then(table_key)
                    })
                    .collect();
                let source = keys.map_or(row, |keys| row.source_of(&keys));
                step.state = step.state.and(&format!(" ({})", period(&source.interval)));
                step.cites = cites_of([&body.cites, &source.cites]);
                step.place = Some(source.place);
                step.layer = self.layer(source.policy);
            }
        }
        step
    }

    /// The state of a derived fact; of one with bounds, these.
    fn value_state(&self, frame: &Frame<'_>, id: ExprId, found: &Found) -> Words {
        let Some(bounds) = &found.bounds else { return self.state_of(frame, id, found) };
        if self.evaluator.is_masked(frame.code, id) {
            return MASK.into();
        }
        let ty = frame.code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty);
        let show = |value: &Value| self.evaluator.show_value(value, ty);
        match (&bounds.low, &bounds.high) {
            (Some(low), Some(high)) => format!("from {} to {}", show(low), show(high)).into(),
            (Some(low), None) => format!("at least {}", show(low)).into(),
            (None, Some(high)) => format!("at most {}", show(high)).into(),
            (None, None) => self.state_of(frame, id, found),
        }
    }

    /// An aggregate with its rows; it is found on the way where it is not yet `known`.
    fn aggregate(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        known: Option<&Found>,
        (kind, rows, operand): (AggregateKind, &Rows, Option<ExprId>),
        told: &mut Vec<Step>,
    ) {
        let mut step = step(StepKind::Rows, self.expr_text(frame, id, "rows"), "");
        step.place = Some(expr.place);
        let selection = self.evaluator.settle(|| self.evaluator.selection(frame, rows));
        let counted = match &selection {
            Ok(selection) => match selection.of {
                Some(all) => Ok(all),
                None => self.evaluator.settle(|| self.evaluator.source_size(frame, &rows.source)),
            },
            Err(unknown) => Err(unknown.clone()),
        };
        let (total, selection) = match (counted, selection) {
            (Ok(total), Ok(selection)) => (total, selection),
            (Err(unknown), _) | (_, Err(unknown)) => {
                step.state = match unknown.needs().first() {
                    Some(need) => self.absent(Some(need)),
                    None => self.state_of(frame, id, &unknown),
                };
                return told.push(step);
            }
        };
        let selected = &selection.members;
        let found = match known {
            Some(found) => found.clone(),
            None => {
                let reduced = || self.evaluator.reduced(frame, kind, rows, operand, selected);
                let found = self.evaluator.settle(reduced);
                if expr.ty.optional { found } else { found.doubted() }
            }
        };
        let value = self.value_state(frame, id, &found);
        let sure = selected.iter().filter(|(_, lets_in)| lets_in.truth() == Truth::True).count();
        let perhaps = selected.len() - sure;
        let digits = |count: usize| Digits::of(count as u64);
        let (all, some) = (digits(total), digits(sure));
        step.state = match (total, sure, perhaps) {
            (0, ..) => Words::joined(&[&value, "; no rows"]),
            (total, 0, 0) => Words::joined(&[&value, "; none of ", &all, " ", plural(total), " matches"]),
            (total, sure, 0) if total == sure => Words::joined(&[&value, "; ", &all, " ", plural(total)]),
            (_, _, 0) => Words::joined(&[&value, "; ", &some, " of ", &all, " rows match"]),
            (_, _, perhaps) => {
                let perhaps = digits(perhaps);
                Words::joined(&[&value, "; ", &some, " of ", &all, " rows match, ", &perhaps, " perhaps"])
            }
        };

        let from = told.len();
        let outer = frame.bind(rows.slot, None);
        if selected.is_empty() && total > 0 {
            let all =
                self.evaluator.settle(|| self.evaluator.source(frame, &rows.source)).unwrap_or_default();
            for (row, _) in all.iter().take(ROWS_SHOWN) {
                frame.bind(rows.slot, Some(row.clone()));
                let why = rows.filter.map(|filter| {
                    self.beside(row, || below(told, |told| self.condition_steps(frame, filter, told)))
                });
                told.push(self.row(rows, row, "does not match", why.unwrap_or_default()));
            }
        }
        // What tips the scales first: rows that fail an `all`, then rows that match, then those in doubt.
        let quantified = matches!(kind, AggregateKind::All | AggregateKind::SomeAndAll);
        let mut ranks: Vec<u8> = Vec::new();
        for (row, lets_in) in selected {
            frame.bind(rows.slot, Some(row.clone()));
            let matches = lets_in.truth() == Truth::True;
            let found = operand
                .filter(|_| quantified)
                .map(|operand| self.evaluator.settle(|| self.evaluator.condition(frame, operand)));
            let (rank, state) = match (matches, found.as_ref().map(Found::truth)) {
                (true, Some(Truth::False)) => (0, "does not satisfy it"),
                (true, Some(Truth::Unknown)) => (1, "unknown whether it satisfies it"),
                (true, Some(Truth::True)) => (3, "satisfies it"),
                (true, _) => (1, "matches"),
                (false, _) => (2, "perhaps matches"),
            };
            if ranks.iter().filter(|other| **other <= rank).count() >= ROWS_SHOWN {
                continue;
            }
            let why = self.beside(row, || {
                once_each(told, |told| {
                    if let (Some(filter), true) = (rows.filter, !matches || operand.is_none()) {
                        self.condition_steps(frame, filter, told);
                    }
                    match operand {
                        Some(operand) if quantified => {
                            self.condition_steps_of(frame, operand, found.as_ref(), told);
                        }
                        Some(operand) => self.value_steps(frame, operand, told),
                        None => {}
                    }
                })
            });
            told.push(self.row(rows, row, state, why));
            ranks.push(rank);
        }
        frame.bind(rows.slot, outer);
        if !ranks.is_sorted() {
            let mut shown: Vec<(u8, Step)> = ranks.into_iter().zip(told.drain(from..)).collect();
            shown.sort_by_key(|(rank, _)| *rank);
            told.extend(shown.into_iter().map(|(_, step)| step));
        }
        told.truncate(from + ROWS_SHOWN);
        step.steps = taken(told, from);
        told.push(step);
    }

    /// A row among others: what is read of it, and how many there are.
    fn population(
        &self,
        frame: &mut Frame<'_>,
        id: ExprId,
        expr: &Expr,
        found: &Found,
        population: &Population,
        told: &mut Vec<Step>,
    ) {
        let state = self.state_of(frame, id, found);
        let state = match self.evaluator.members_of(frame, population, expr.place) {
            Some(members) => state.and(&format!("; among {members} {}", plural(members))),
            None => state,
        };
        let mut step = step(StepKind::Rows, self.expr_text(frame, id, "a row among others"), state);
        step.place = Some(expr.place);
        let Some(own) = population.own.map(|own| self.evaluator.eval(frame, own)) else {
            return told.push(step);
        };
        let outer = frame.bind(population.rows.slot, own.value().cloned());
        step.steps = once_each(told, |told| {
            if let Some(filter) = population.rows.filter {
                self.condition_steps(frame, filter, told);
            }
            for &part in population.per.iter().chain([&population.operand]) {
                self.value_steps(frame, part, told);
            }
        });
        frame.bind(population.rows.slot, outer);
        told.push(step);
    }

    /// A row that an aggregate looked at.
    fn row(&self, rows: &Rows, row: &Value, state: &'static str, steps: Vec<Step>) -> Step {
        let (text, source) = match row {
            Value::Reference(reference) => (
                self.row_name(reference),
                reference.row.and_then(|position| self.origin(reference.record, position)),
            ),
            other => {
                let base = match rows.source {
                    RowSource::Values(category) => Base::Category(category),
                    _ => Base::Damaged,
                };
                (self.evaluator.value_words(other, Type::of(base)), None)
            }
        };
        let mut step = step(StepKind::Rows, text, state);
        step.source = source;
        step.steps = steps;
        step
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "row" } else { "rows" }
}

/// Does something with each conjunct of a conjunction, or each alternative of a disjunction.
fn each_part(code: &Code, id: ExprId, conjunction: bool, work: &mut impl FnMut(ExprId)) {
    match (code.get(id).map(|expr| &expr.op), conjunction) {
        (Some(Op::And(a, b)), true) | (Some(Op::Or(a, b)), false) => {
            each_part(code, *a, conjunction, work);
            each_part(code, *b, conjunction, work);
        }
        _ => work(id),
    }
}

/// The citations of two parts of a declaration.
fn cites_of(parts: [&[Arc<str>]; 2]) -> Cites {
    parts.into_iter().flatten().cloned().collect()
}

/// What some work tells, to stand below a step, no step twice.
fn once_each(told: &mut Vec<Step>, work: impl FnOnce(&mut Vec<Step>)) -> Vec<Step> {
    let from = told.len();
    work(told);
    distinct(told, from);
    taken(told, from)
}

/// Takes away what is told twice from there on.
fn distinct(told: &mut Vec<Step>, from: usize) {
    let same = |a: &Step, b: &Step| a.kind == b.kind && a.text == b.text && a.state == b.state;
    let mut at = from + 1;
    while let (Some(before), Some(step)) = (told.get(from..at), told.get(at)) {
        if before.iter().any(|other| same(other, step)) {
            told.remove(at);
        } else {
            at += 1;
        }
    }
}
