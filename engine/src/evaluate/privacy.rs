//! Which expressions would show a private value.

use std::sync::Arc;

use super::evaluator::Evaluator;
use super::wording::{Digits, Words};
use crate::plan::any_operand;
use crate::plan::{AmountId, Code, DefineId, ExprId, MASK, Op, Privacy, TemplatePart, show_with};
use crate::value::{Base, State, Type, Value};

impl Evaluator<'_> {
    /// Whether the value of an expression must be masked.
    pub(super) fn is_masked(&self, code: &Code, id: ExprId) -> bool {
        self.options.privacy == Privacy::Mask && self.exposes(code, id)
    }

    /// Whether the value of an expression is a private one, or could be reckoned back to one.
    fn exposes(&self, code: &Code, id: ExprId) -> bool {
        let Some(expr) = code.get(id) else { return true };
        match &expr.op {
            Op::Field { of, field } => self.is_private(code, *of, *field),
            // A derived fact has a value of its own, unless it only hands on what is private.
            Op::Define { define, arguments, .. } => {
                self.hands_on(*define, 0) || arguments.iter().any(|&argument| self.exposes(code, argument))
            }
            // A decision, and whether something is so, are what has to be explained. A row shows its key, whose
            // private parts are masked where it is shown.
            Op::Decision { .. } | Op::Row(_) | Op::TestRow(_) | Op::Lookup { .. } => false,
            Op::Amount { amount, .. } => self.amount_hands_on(*amount, 0),
            Op::Presumed(a, b) => self.exposes(code, *a) || self.exposes(code, *b),
            Op::If(_, yes, no) => self.exposes(code, *yes) || self.exposes(code, *no),
            Op::Case(case) => {
                let values = case.arms.iter().map(|(_, value)| *value).chain(case.otherwise);
                values.into_iter().any(|value| self.exposes(code, value))
            }
            Op::Pick { read, .. } => self.exposes(code, *read),
            Op::Aggregate { operand, .. } if expr.ty.base != Base::Flag => {
                operand.is_some_and(|operand| self.exposes(code, operand))
            }
            _ if expr.ty.base == Base::Flag => false,
            op => any_operand(op, |operand| self.exposes(code, operand)),
        }
    }

    pub(super) fn is_private(&self, code: &Code, of: ExprId, field: u32) -> bool {
        let Some(Base::Record(record)) = code.get(of).map(|of| of.ty.base) else { return true };
        let declared = self.symbols().record(record).and_then(|record| record.fields.get(field as usize));
        declared.is_none_or(|field| field.private)
    }

    /// Whether a derived fact is nothing but a private value under another name.
    fn hands_on(&self, define: DefineId, depth: u32) -> bool {
        if depth == 0 {
            return self.memory.wording.hands_on(define, || self.hands_on_below(define, 0));
        }
        self.hands_on_below(define, depth)
    }

    fn hands_on_below(&self, define: DefineId, depth: u32) -> bool {
        let Some(body) = self.plan.defines.get(&define.0) else { return true };
        depth > 50 || body.arms.iter().any(|arm| self.passes(&body.code, arm.value, depth + 1))
    }

    /// Whether a line of an amount is nothing but a private value under another name.
    pub(crate) fn amount_hands_on(&self, amount: AmountId, depth: u32) -> bool {
        let Some(body) = self.plan.amounts.get(&amount.0) else { return true };
        depth > 50 || body.lines.iter().any(|line| self.passes(&body.code, line.value, depth + 1))
    }

    fn passes(&self, code: &Code, id: ExprId, depth: u32) -> bool {
        let Some(expr) = code.get(id) else { return true };
        let either = |list: &[ExprId]| list.iter().any(|&one| self.passes(code, one, depth));
        match &expr.op {
            Op::Field { of, field } => self.is_private(code, *of, *field),
            Op::Define { define, .. } => self.hands_on(*define, depth),
            Op::Amount { amount, .. } => self.amount_hands_on(*amount, depth),
            Op::Presumed(a, b) | Op::If(_, a, b) => either(&[*a, *b]),
            Op::Case(case) => {
                case.arms.iter().any(|(_, value)| self.passes(code, *value, depth))
                    || case.otherwise.is_some_and(|otherwise| self.passes(code, otherwise, depth))
            }
            Op::Min(list) | Op::Max(list) => either(list),
            Op::Negate(a) | Op::ToCount(a) | Op::Rounded(a, ..) | Op::Part(_, a, _) => either(&[*a]),
            Op::Shift { start, .. } => either(&[*start]),
            Op::Affix(_, _, text) => either(&[*text]),
            Op::Pick { read, .. } => either(&[*read]),
            Op::Aggregate { operand: Some(operand), .. } if expr.ty.base != Base::Flag => either(&[*operand]),
            _ => false,
        }
    }

    /// A state in a few words, masked where it must be.
    pub(super) fn show_state(&self, state: &State, ty: Type, masked: bool) -> Words {
        match state {
            State::Known(_) if masked => MASK.into(),
            State::Known(value) => self.value_words(value, ty),
            State::Missing => "missing".into(),
            State::Unknown(_) => "unknown".into(),
            State::Error(_) => "error".into(),
        }
    }

    /// What [`Evaluator::show_value`] gives; what most values are needs no allocation.
    pub(super) fn value_words(&self, value: &Value, ty: Type) -> Words {
        match value {
            Value::Flag(true) => "yes".into(),
            Value::Flag(false) => "no".into(),
            Value::Text(text) => Arc::clone(text).into(),
            Value::Number(number) if matches!(ty.base, Base::Count | Base::Number) => {
                match number.to_i64().map(u64::try_from) {
                    Some(Ok(whole)) => Words::joined(&[&Digits::of(whole)]),
                    _ => self.show_value(value, ty).into(),
                }
            }
            _ => self.show_value(value, ty).into(),
        }
    }

    pub(super) fn show_value(&self, value: &Value, ty: Type) -> String {
        show_with(self.symbols(), value, ty, self.options.privacy)
    }

    /// A text with its values filled in.
    pub(super) fn fill_in(&self, frame: &mut super::evaluator::Frame<'_>, parts: &[TemplatePart]) -> String {
        let mut text = String::new();
        for part in parts {
            match part {
                TemplatePart::Text(piece) => text.push_str(piece),
                TemplatePart::Value(id) => {
                    let found = self.eval(frame, *id);
                    let code = frame.code;
                    let ty = code.get(*id).map_or(Type::of(Base::Damaged), |expr| expr.ty);
                    text.push_str(&self.show_state(&found.state, ty, self.is_masked(code, *id)));
                }
            }
        }
        text
    }
}
