//! What can be read where it stands: nothing has to be worked out, and nothing copied. It is what [`Evaluator::eval`] finds.

use std::borrow::Cow;

use super::bounds::compare_values;
use super::evaluator::{Evaluator, Frame};
use super::found::Found;
use crate::data::Cell;
use crate::plan::{ExprId, Op};
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

    /// The value of an operand where it is known and can be read where it stands: a literal, or a field of a row at hand.
    /// Values are compared more often than anything else is done, and need not be copied for that.
    pub(super) fn at_hand<'f>(&'f self, frame: &'f Frame<'_>, id: ExprId) -> Option<AtHand<'f>> {
        // What is too deep is nested too deeply even where it is at hand.
        if !self.has_room() {
            return None;
        }
        match &frame.code.get(id)?.op {
            Op::Literal(Value::Reference(_)) => None,
            Op::Literal(value) => Some(AtHand::Literal(value)),
            Op::Field { of, field } => {
                let reference = self.row_at_hand(frame, *of)?;
                let cell = self.known_cell(reference, *field)?;
                match &*cell {
                    // How rows are compared is another matter.
                    Cell::Known(value) if !matches!(value, Value::Reference(_)) => Some(AtHand::Cell(cell)),
                    _ => None,
                }
            }
            _ => None,
        }
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
            Op::Field { .. } => match self.at_hand(frame, id)?.value() {
                Value::Flag(flag) => Some(*flag),
                _ => None,
            },
            Op::Compare(op, a, b) => {
                let (a, b) = (self.at_hand(frame, *a)?, self.at_hand(frame, *b)?);
                Some(compare_values(*op, a.value(), b.value()))
            }
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

/// A value that is read where it stands.
pub(super) enum AtHand<'f> {
    Literal(&'f Value),
    /// Of a cell that is known.
    Cell(Cow<'f, Cell>),
}

impl AtHand<'_> {
    pub(super) fn value(&self) -> &Value {
        match self {
            Self::Literal(value) => value,
            Self::Cell(cell) => match &**cell {
                Cell::Known(value) => value,
                // None of these is at hand.
                _ => &Value::None,
            },
        }
    }
}
