//! Expressions about one field of rows that share few cells: worked out once for each cell, and read by the bytes of the rows.

use std::ops::Range;
use std::sync::Arc;

use super::coded::{Cells, MOST};
use super::lanes::{Env, Lanes};
use super::vector::Vector;
use super::worker::{Worker, is_plain};
use crate::plan::{Code, ExprId, Op, Plan, operands};
use crate::value::RecordId;

/// The only field that an expression reads of the rows of a slot, of which it reads nothing else; `None` where there is no such
/// field, or the expression is that field itself. Definitions that it reads do not go round in circles.
pub(super) fn only_field(plan: &Plan, code: &Code, slot: u16, id: ExprId) -> Option<u32> {
    let mut found = None;
    let mut pending = vec![(code, slot, id)];
    while let Some((code, slot, next)) = pending.pop() {
        let is_row = |of: ExprId| code.get(of).is_some_and(|owner| owner.op == Op::Row(slot));
        match &code.get(next)?.op {
            Op::Field { of, field } if is_row(*of) && *found.get_or_insert(*field) == *field => {}
            Op::Define { define, of: Some(of), arguments } if arguments.is_empty() && is_row(*of) => {
                let body = plan.defines.get(&define.0)?;
                pending.extend(body.arms.iter().map(|arm| (&body.code, 0, arm.value)));
            }
            Op::Field { .. } | Op::Row(_) | Op::Argument(_) => return None,
            op if is_plain(op) => {
                pending.extend(operands(op).into_iter().map(|operand| (code, slot, operand)));
            }
            _ => return None,
        }
    }
    let is_field = matches!(code.get(id)?.op, Op::Field { .. });
    found.filter(|_| !is_field)
}

impl Worker<'_> {
    /// What an expression is for a range of the rows of a slot, of which it reads only that field; `None` where the rows share no
    /// cells.
    pub(super) fn by_cells(
        &self,
        env: &Env<'_>,
        id: ExprId,
        (slot, field): (u16, u32),
        (record, rows): (RecordId, &Range<u32>),
    ) -> Option<Arc<Vector>> {
        // Rows that share a key are not what their cells say.
        if self.store.data.has_duplicates(record) {
            return None;
        }
        let column = self.store.field(record, field)?;
        let (cells, which) = column.shared(rows)?;
        let asked = (std::ptr::from_ref(env.code) as usize, id.0, env.law);
        let key = (asked, Arc::as_ptr(cells) as usize);
        let known = self.cells.borrow().get(&key).cloned();
        let found = known.unwrap_or_else(|| {
            let found = self.of_cells(env, id, (slot, field), (record, cells)).map(Arc::new);
            self.cells.borrow_mut().insert(key, found.clone());
            found
        });
        Some(Arc::new(found?.take(which)))
    }

    /// What an expression is for each cell; `None` where that is not to be told by the cells alone.
    fn of_cells(
        &self,
        env: &Env<'_>,
        id: ExprId,
        (slot, field): (u16, u32),
        (record, cells): (RecordId, &Arc<Cells>),
    ) -> Option<Cells> {
        // Lanes that stand for no rows, whose field is known beforehand.
        let lanes = Lanes::new(Some(record), vec![u32::MAX; MOST]);
        lanes.fields.borrow_mut().insert(field, Arc::new(cells.vector()));
        let mut own = Env { len: MOST, slots: Vec::new(), arguments: Vec::new(), ..env.clone() };
        own.bind(slot, lanes);
        let before = self.replayed.borrow().clone();
        let found = self.eval(&own, id);
        // The evaluator would have asked for the rows.
        let is_asked = *self.replayed.borrow() != before;
        if is_asked {
            *self.replayed.borrow_mut() = before;
            return None;
        }
        Cells::of(Arc::unwrap_or_clone(found))
    }
}
