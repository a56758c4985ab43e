//! One code behind another.

use super::walk::change_operands;
use super::{Code, ExprId, TemplatePart};

impl Code {
    /// Adds the expressions of another code, and gives by how much their ids are shifted.
    pub fn append(&mut self, other: &Self) -> Shift {
        let shift = Shift(u32::try_from(self.exprs.len()).unwrap_or(u32::MAX));
        self.exprs.extend(other.exprs.iter().cloned().map(|mut expr| {
            change_operands(&mut expr.op, &mut |id: &mut ExprId| *id = shift.of(*id));
            expr
        }));
        shift
    }
}

/// By how much ids are shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift(u32);

impl Shift {
    /// The id that an expression of the added code has now.
    #[must_use]
    pub const fn of(self, id: ExprId) -> ExprId {
        ExprId(id.0.saturating_add(self.0))
    }

    /// The pieces of a text.
    #[must_use]
    pub fn because(self, parts: &[TemplatePart]) -> Vec<TemplatePart> {
        let shifted = parts.iter().map(|part| match part {
            TemplatePart::Text(text) => TemplatePart::Text(text.clone()),
            TemplatePart::Value(id) => TemplatePart::Value(self.of(*id)),
        });
        shifted.collect()
    }
}
