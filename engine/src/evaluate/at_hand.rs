//! What can be read where it stands: nothing has to be worked out, and nothing copied. It is what [`Evaluator::eval`] finds.

use super::bounds::compare_values;
use super::evaluator::{Evaluator, Frame};
use super::found::Found;
use crate::data::Cell;
use crate::plan::{CompareOp, ExprId, Op};
use crate::value::{Reference, Value};

/// So deep a condition may be for that. Deeper ones begin with something else, as a rule.
const LEVELS: u32 = 4;

impl Evaluator<'_> {
    /// The row that an operand names, where that is a row at hand: nothing has to be worked out.
    pub(super) fn row_at_hand<'f>(&self, frame: &'f Frame<'_>, of: ExprId) -> Option<&'f Reference> {
        let Op::Row(slot) = frame.code.get(of)?.op else { return None };
        match frame.slot(slot) {
            Some(Value::Reference(reference)) if reference.row.is_some() && !self.gives_up() => {
                Some(reference)
            }
            _ => None,
        }
    }

    /// Reads the value of an operand where it is known and stands at hand: a literal, or a field of a row at hand. Values are
    /// compared more often than anything else is done, and need not be copied for that.
    pub(super) fn read_at_hand<T>(
        &self,
        frame: &Frame<'_>,
        id: ExprId,
        read: impl FnOnce(&Value) -> T,
    ) -> Option<T> {
        // What is too deep is nested too deeply even where it is at hand.
        if !self.has_room() {
            return None;
        }
        match &frame.code.get(id)?.op {
            Op::Literal(Value::Reference(_)) => None,
            Op::Literal(value) => Some(read(value)),
            Op::Field { of, field } => match &*self.known_cell(self.row_at_hand(frame, *of)?, *field)? {
                // How rows are compared is another matter.
                Cell::Known(value) if !matches!(value, Value::Reference(_)) => Some(read(value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a comparison holds whose sides are at hand.
    pub(super) fn compared_at_hand(
        &self,
        frame: &Frame<'_>,
        op: CompareOp,
        a: ExprId,
        b: ExprId,
    ) -> Option<bool> {
        self.read_at_hand(frame, a, |a| self.read_at_hand(frame, b, |b| compare_values(op, a, b)))?
    }

    /// What a condition is; what is at hand needs no more than that.
    pub(super) fn condition(&self, frame: &mut Frame<'_>, id: ExprId) -> Found {
        match self.truth_at_hand(frame, id) {
            Some(holds) => Found::flag(holds),
            None => self.eval(frame, id),
        }
    }

    /// Whether a condition holds of which all is at hand: flags, comparisons, and a few of them joined.
    fn truth_at_hand(&self, frame: &Frame<'_>, id: ExprId) -> Option<bool> {
        if self.has_room_for(LEVELS) { self.truth_within(frame, id, LEVELS) } else { None }
    }

    fn truth_within(&self, frame: &Frame<'_>, id: ExprId, levels: u32) -> Option<bool> {
        match &frame.code.get(id)?.op {
            Op::Field { .. } => self.read_at_hand(frame, id, |value| match value {
                Value::Flag(flag) => Some(*flag),
                _ => None,
            })?,
            Op::Compare(op, a, b) => self.compared_at_hand(frame, *op, *a, *b),
            Op::Not(a) => Some(!self.truth_within(frame, *a, levels.checked_sub(1)?)?),
            // What the first side settles is settled; where it is not known, the second side may yet settle it.
            Op::And(a, b) => {
                let levels = levels.checked_sub(1)?;
                Some(self.truth_within(frame, *a, levels)? && self.truth_within(frame, *b, levels)?)
            }
            Op::Or(a, b) => {
                let levels = levels.checked_sub(1)?;
                Some(self.truth_within(frame, *a, levels)? || self.truth_within(frame, *b, levels)?)
            }
            _ => None,
        }
    }
}
