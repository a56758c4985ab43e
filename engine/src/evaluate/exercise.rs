//! Which conditions held for a row: what a report on tests asks.

use super::evaluator::{Evaluator, Frame};
use super::found::{Found, Truth};
use crate::plan::{AmountId, Code, DecisionId, ExprId, Instance};
use crate::value::{Base, Date, RecordId, State, Type, Value};

fn held(found: &Found) -> Option<bool> {
    match found.truth() {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown | Truth::Error => None,
    }
}

impl Evaluator<'_> {
    /// Whether the condition of each rule of a decision held for a row: none where that is not known, or the rule is not
    /// in force. Empty where the decision does not ask its rules about the row.
    #[must_use]
    pub fn rules_held(&self, decision: DecisionId, row: u32) -> Vec<Option<bool>> {
        let Some(symbol) = self.symbols().decision(decision) else { return Vec::new() };
        let hearing = self.settle(|| self.hearing(decision, &self.reference(symbol.of, row)));
        hearing.conditions.iter().map(|condition| condition.as_ref().and_then(held)).collect()
    }

    /// Whether each line of an amount applied to a row, as [`Evaluator::rules_held`].
    #[must_use]
    pub fn lines_held(&self, amount: AmountId, row: u32) -> Vec<Option<bool>> {
        let (Some(symbol), Some(body)) = (self.symbols().amount(amount), self.plan.amounts.get(&amount.0))
        else {
            return Vec::new();
        };
        let subject = self.settle(|| self.reference(symbol.of, row));
        if self.settle(|| self.setting(amount, body, &subject)).instead.is_some() {
            return Vec::new();
        }
        let account = self.settle(|| self.account(amount, body, &subject));
        account.lines.iter().map(|entry| entry.as_ref().and_then(|entry| held(&entry.applies))).collect()
    }

    /// Whether each `must` and each `except` of a requirement held for a row, as [`Evaluator::rules_held`].
    #[must_use]
    pub fn parts_held(&self, requirement: Instance, row: u32) -> (Vec<Option<bool>>, Vec<Option<bool>>) {
        let Some(symbol) = self.symbols().requirement(requirement.requirement) else {
            return (Vec::new(), Vec::new());
        };
        let inquiry = self.settle(|| self.inquiry(requirement, &self.reference(symbol.of, row)));
        let musts = inquiry.musts.iter().map(held).collect();
        let excepts = inquiry.excepts.iter().map(|except| except.as_ref().and_then(held)).collect();
        (musts, excepts)
    }
}

/// An expression of a declaration, asked of a row outside the declaration's own evaluation.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'c> {
    /// The code of the declaration; slot 0 is the row.
    pub(crate) code: &'c Code,
    /// The row.
    pub(crate) subject: (RecordId, u32),
    /// Of a requirement `for each` value: the slot and the value.
    pub(crate) each: Option<(u16, u32)>,
    /// The day whose law is applied.
    pub(crate) law: Date,
}

impl Evaluator<'_> {
    /// What an expression of a declaration is for a row.
    pub(crate) fn inside(&self, of: Inside<'_>, id: ExprId) -> State {
        let (record, row) = of.subject;
        let subject = self.settle(|| self.reference(record, row));
        let mut frame = Frame::of(of.code, &subject, of.law);
        if let Some((slot, value)) = of.each {
            frame.bind(slot, Some(Value::Category(value)));
        }
        self.settle(|| self.eval(&mut frame, id)).state
    }

    /// A state of such an expression in a few words, masked where it must be.
    pub(crate) fn shown_inside(&self, code: &Code, id: ExprId, state: &State) -> String {
        let ty = code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty);
        self.show_state(state, ty, self.is_masked(code, id)).to_string()
    }
}
