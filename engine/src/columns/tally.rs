//! Aggregates over the rows of a `many` field, for all rows that have such rows at once: the rows are read in the order in
//! which they are held, each batch of them once for all aggregates over them, and added to what their parents have so far.
//!
//! Only what is exact is kept: a parent with a row of which something is not known or wrong, or whose sum leaves its column,
//! is marked, and worked out from its rows when it is asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use rubric_grammar::ast::AggregateKind;

use super::by_cells::only_field;
use super::lanes::{Env, Lanes};
use super::logic::and;
use super::stored::Stored;
use super::totals::Totals;
use super::vector::{Data, KNOWN, UNKNOWN, Vector};
use super::worker::Worker;
use crate::plan::{Code, DefineId, ExprId, FieldKind, Op, Plan, RowSource, any_operation, operands};
use crate::value::RecordId;

/// Rows that are read at a time.
const ROWS: u32 = 4096;

/// The rows of a `many` field.
pub(crate) type Field = (RecordId, u32);
/// An expression of a code, which is known by its place.
type Place = (usize, u32);

/// An aggregate whose rows are asked for nothing but what stands on file about them.
struct Wish<'a> {
    code: &'a Code,
    id: ExprId,
    kind: AggregateKind,
    slot: u16,
    /// What has to hold of its rows, and which of the conditions of its field that is.
    conditions: Vec<(ExprId, usize)>,
    /// What is read of its rows, and the only field that is read for it.
    operand: Option<(ExprId, Option<u32>)>,
}

/// The aggregates over a field, and the conditions that there are among them: several may have the same.
#[derive(Default)]
struct Wished<'a> {
    wishes: Vec<Wish<'a>>,
    conditions: Vec<Condition<'a>>,
}

/// An expression of a code about the rows of a slot.
struct Condition<'a> {
    code: &'a Code,
    slot: u16,
    id: ExprId,
    /// The only field that it reads.
    field: Option<u32>,
}

impl<'a> Wished<'a> {
    /// The parts of a filter that all have to hold.
    fn conditions(
        &mut self,
        plan: &Plan,
        code: &'a Code,
        slot: u16,
        filter: Option<ExprId>,
    ) -> Vec<(ExprId, usize)> {
        let mut pending: Vec<ExprId> = filter.into_iter().collect();
        let mut parts = Vec::new();
        while let Some(next) = pending.pop() {
            if let Some(Op::And(a, b)) = code.get(next).map(|expr| &expr.op) {
                pending.extend([*b, *a]);
                continue;
            }
            let is_it = |known: &Condition<'_>| {
                known.slot == slot && known.id == next && is_same(known.code, code, next)
            };
            let which = self.conditions.iter().position(is_it).unwrap_or_else(|| {
                let field = only_field(plan, code, slot, next);
                self.conditions.push(Condition { code, slot, id: next, field });
                self.conditions.len() - 1
            });
            parts.push((next, which));
        }
        parts
    }
}

/// Whether an expression is the same in two codes, down to where each of its parts stands.
fn is_same(a: &Code, b: &Code, id: ExprId) -> bool {
    let mut pending = vec![id];
    while let Some(next) = pending.pop() {
        match (a.get(next), b.get(next)) {
            (Some(left), Some(right)) if left.op == right.op && left.ty == right.ty => {
                pending.extend(operands(&left.op));
            }
            _ => return false,
        }
    }
    true
}

/// The aggregates that are worked out together, by the rows that they are over.
#[derive(Default)]
pub(crate) struct Wishes<'a> {
    by_field: BTreeMap<Field, Wished<'a>>,
}

/// What the parents have, by aggregate: in which column.
pub(crate) struct Tallies {
    columns: BTreeMap<Place, usize>,
    totals: Totals,
}

fn place(code: &Code, id: ExprId) -> Place {
    (std::ptr::from_ref(code).addr(), id.0)
}

impl<'a> Wishes<'a> {
    /// Those of some codes of a plan.
    pub(crate) fn of(plan: &'a Plan, codes: &[&'a Code]) -> Self {
        let mut wishes = Self::default();
        let mut local = Local { plan, known: BTreeMap::new() };
        for code in codes {
            for (position, expr) in (0_u32..).zip(&code.exprs) {
                let Op::Aggregate { kind, rows, operand } = &expr.op else { continue };
                let RowSource::Many { of, field } = &rows.source else { continue };
                let Some(owner) = code.get(*of) else { continue };
                let (Op::Row(_), crate::value::Base::Record(parent)) = (&owner.op, owner.ty.base) else {
                    continue;
                };
                let parts = || rows.filter.iter().chain(operand);
                let outer = |part: &ExprId| super::worker::reads_others(code, rows.slot, *part);
                let is_told = match kind {
                    AggregateKind::Any | AggregateKind::None | AggregateKind::Count => true,
                    AggregateKind::All
                    | AggregateKind::SomeAndAll
                    | AggregateKind::Sum
                    | AggregateKind::Highest
                    | AggregateKind::Lowest => operand.is_some(),
                    _ => false,
                };
                if is_told && !parts().any(outer) && parts().all(|part| local.is_local(code, *part)) {
                    let id = ExprId(position);
                    let operand = operand.filter(|_| !matches!(kind, AggregateKind::Count));
                    let operand =
                        operand.map(|operand| (operand, only_field(plan, code, rows.slot, operand)));
                    let wished = wishes.by_field.entry((parent, *field)).or_default();
                    let conditions = wished.conditions(plan, code, rows.slot, rows.filter);
                    let wish = Wish { code, id, kind: *kind, slot: rows.slot, conditions, operand };
                    wished.wishes.push(wish);
                }
            }
        }
        wishes
    }

    fn has(&self, field: Field, place: Place) -> bool {
        let is_it = |wish: &Wish<'_>| self::place(wish.code, wish.id) == place;
        self.by_field.get(&field).is_some_and(|wished| wished.wishes.iter().any(is_it))
    }
}

/// What is told by the fields of rows, and of those that they name, alone.
struct Local<'a> {
    plan: &'a Plan,
    known: BTreeMap<DefineId, bool>,
}

impl Local<'_> {
    fn is_local(&mut self, code: &Code, id: ExprId) -> bool {
        !any_operation(code, id, |op| match op {
            Op::Define { define, of: Some(_), arguments } if arguments.is_empty() => !self.define(*define),
            op => !super::worker::is_plain(op),
        })
    }

    fn define(&mut self, id: DefineId) -> bool {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        // Definitions do not go round in circles; one that did would not be local.
        self.known.insert(id, false);
        let body = self.plan.defines.get(&id.0);
        let is_local =
            body.is_some_and(|body| body.arms.iter().all(|arm| self.is_local(&body.code, arm.value)));
        self.known.insert(id, is_local);
        is_local
    }
}

/// What is read of some rows, aggregate by aggregate: whether each counts, and its value.
struct Batch {
    rows: Range<u32>,
    read: Vec<(Vec<u8>, Option<Arc<Vector>>)>,
}

/// Rows that are added to all aggregates before others are.
const TOGETHER: usize = 512;
/// Batches that may wait for whoever adds up.
const WAITING: usize = 4;

/// What batches come to, added up by one thread at a time: others leave theirs to it, and read on.
struct Adding {
    child: RecordId,
    /// The rows that are read at a time.
    parts: Vec<Range<u32>>,
    /// The parent of each row.
    column: Arc<Stored>,
    totals: Mutex<Totals>,
    waiting: Mutex<Vec<Batch>>,
}

impl Adding {
    fn add(&self, batch: Batch) {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut totals = match self.totals.try_lock() {
            Ok(totals) => totals,
            Err(TryLockError::Poisoned(totals)) => totals.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let mut waiting = waiting();
                if waiting.len() < WAITING {
                    waiting.push(batch);
                    return;
                }
                drop(waiting);
                self.totals.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        batch.add_to(&mut totals, &self.column);
        loop {
            let Some(next) = waiting().pop() else { return };
            next.add_to(&mut totals, &self.column);
        }
    }

    fn finish(self) -> Totals {
        let mut totals = self.totals.into_inner().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        for batch in waiting {
            batch.add_to(&mut totals, &self.column);
        }
        totals
    }
}

impl Batch {
    fn add_to(self, totals: &mut Totals, column: &Stored) {
        let parents = column.named_in(self.rows).unwrap_or_default();
        // What the parents of some rows have is at hand for all aggregates over these.
        for first in (0..parents.len()).step_by(TOGETHER) {
            let rows = first..parents.len().min(first + TOGETHER);
            let Some(parents) = parents.get(rows.clone()) else { continue };
            for (number, (presence, read)) in self.read.iter().enumerate() {
                let presence = presence.get(rows.clone()).unwrap_or_default();
                totals.add(number, parents, presence, read.as_deref().map(|read| (read, rows.start)));
            }
        }
    }
}

impl Worker<'_> {
    /// An aggregate from what all rows of the record have, where that is worked out; the lanes that are not exact are left to
    /// `by_rows`.
    pub(crate) fn tallied(
        &self,
        env: &Env<'_>,
        id: ExprId,
        source: &RowSource,
        by_rows: &dyn Fn(&Env<'_>) -> Vector,
    ) -> Option<Vector> {
        let RowSource::Many { of, field } = source else { return None };
        let Some(Op::Row(slot)) = env.code.get(*of).map(|expr| &expr.op) else { return None };
        let lanes = env.slot(*slot)?;
        let (field, place) = ((lanes.record?, *field), place(env.code, id));
        if env.law != self.store.as_of || !self.store.wishes.has(field, place) {
            return None;
        }
        let tallies = self.store.tallies.once(field.0, || Arc::new(self.tally(field.0)));
        let tallies = tallies.get(&field.1)?;
        let column = *tallies.columns.get(&place)?;
        let duplicates = self.store.data.has_duplicates(field.0);
        let keyless = self.store.keyless(field.0);
        let row_count = self.store.data.rows(field.0)?;
        let found = tallies.totals.found(column, &lanes.rows)?;
        // Conditions that are not known are so exactly.
        let is_number = !matches!(found.data, Data::Flag);
        let is_clear = |row: u32| {
            row < row_count
                && !(duplicates && self.store.data.is_duplicate(field.0, row))
                && keyless.is_none_or(|keyless| keyless.get(row as usize) != Some(&true))
        };
        let all_clear = !duplicates
            && keyless.is_none()
            && lanes.rows.iter().fold(true, |all, row| all & (*row < row_count));
        let open: Vec<u32> = if all_clear && !(is_number && found.has_state(UNKNOWN)) {
            Vec::new()
        } else {
            let told = lanes
                .rows
                .iter()
                .zip(&found.state)
                .map(|(row, state)| (all_clear || is_clear(*row)) && !(is_number && *state == UNKNOWN));
            (0_u32..).zip(told).filter(|(_, is_told)| !is_told).map(|(lane, _)| lane).collect()
        };
        if open.is_empty() {
            return Some(found);
        }
        if open.len() == lanes.len() {
            return Some(by_rows(env));
        }
        let slow = by_rows(&env.select(&open));
        let rest: Vec<u32> = (0..u32::try_from(lanes.len()).unwrap_or(u32::MAX))
            .filter(|lane| open.binary_search(lane).is_err())
            .collect();
        let parts = [(rest.clone(), Cow::Owned(found.gather(&rest))), (open, Cow::Owned(slow))];
        Some(Vector::assemble(lanes.len(), &parts, true, self.store))
    }

    /// Reads the rows of all `many` fields of a record once, for all aggregates over them.
    fn tally(&self, parent: RecordId) -> BTreeMap<u32, Tallies> {
        let wished = self.store.wishes.by_field.range((parent, 0)..=(parent, u32::MAX));
        let begun =
            wished.filter_map(|(field, wished)| Some((field.1, wished, self.adding(*field, wished)?)));
        let begun: Vec<_> = begun.collect();
        // One thread at a time adds up for a field: with several fields others have something else to do.
        let lists: Vec<usize> = begun.iter().map(|(_, _, adding)| adding.parts.len()).collect();
        self.take_turns(&lists, self.store.threads, |worker, list, part| {
            let Some((_, Wished { wishes, conditions }, adding)) = begun.get(list) else { return };
            let Some(rows) = adding.parts.get(part) else { return };
            let lanes = Lanes::batch(adding.child, rows.clone());
            let mut known = vec![None; conditions.len()];
            let read = wishes
                .iter()
                .map(|wish| worker.read_wish(wish, (&lanes, rows), conditions, &mut known))
                .collect();
            adding.add(Batch { rows: rows.clone(), read });
        });
        let tallies = begun.into_iter().map(|(field, wished, adding)| {
            let columns = wished.wishes.iter().map(|wish| place(wish.code, wish.id)).zip(0..).collect();
            (field, Tallies { columns, totals: adding.finish() })
        });
        tallies.collect()
    }

    /// Totals to which no row of a field is added yet; `None` where its rows are not read so.
    fn adding(&self, field: Field, wished: &Wished<'_>) -> Option<Adding> {
        let store = self.store;
        let Some(FieldKind::Many { record: child, by }) = store.many(field.0, field.1) else { return None };
        if store.is_group(field.0) || store.is_group(child) {
            return None;
        }
        let parents = store.data.rows(field.0)? as usize;
        store.data.rows(child)?;
        // Rows in a temporary file are read with their parents, range by range.
        let column = store.data.named_rows(child, by).filter(|column| !column.is_paged())?;
        // A thread takes rows that are held together.
        let parts = column.ranges().into_iter().flat_map(|range| {
            let firsts = range.clone().step_by(ROWS as usize);
            firsts.map(move |first| first..first.saturating_add(ROWS).min(range.end))
        });
        let parts: Vec<Range<u32>> = parts.filter(|part| !part.is_empty()).collect();
        let totals = Mutex::new(Totals::new(wished.wishes.iter().map(|wish| wish.kind), parents));
        Some(Adding { child, parts, column, totals, waiting: Mutex::default() })
    }

    /// Whether each row counts, and what is read of it. What is known of the conditions is for the other wishes too.
    fn read_wish(
        &self,
        wish: &Wish<'_>,
        (lanes, rows): (&Rc<Lanes>, &Range<u32>),
        conditions: &[Condition<'_>],
        known: &mut [Option<Arc<Vector>>],
    ) -> (Vec<u8>, Option<Arc<Vector>>) {
        let law = self.store.as_of;
        let mut env =
            Env { code: wish.code, len: lanes.len(), slots: Vec::new(), arguments: Vec::new(), law };
        env.bind(wish.slot, Rc::clone(lanes));
        let read = |id: ExprId, field: Option<u32>| {
            let place = field.zip(lanes.record);
            let by_cells =
                place.and_then(|(field, record)| self.by_cells(&env, id, (wish.slot, field), (record, rows)));
            by_cells.unwrap_or_else(|| self.eval(&env, id))
        };
        let mut presence: Option<Vec<u8>> = None;
        for (condition, which) in &wish.conditions {
            let field = conditions.get(*which).and_then(|condition| condition.field);
            let holds = match known.get_mut(*which) {
                Some(place) => Arc::clone(place.get_or_insert_with(|| read(*condition, field))),
                None => read(*condition, field),
            };
            let holds = holds.truths();
            match &mut presence {
                None => presence = Some(holds.into_owned()),
                Some(all) => all.iter_mut().zip(holds.iter()).for_each(|(all, own)| *all = and(*all, *own)),
            }
        }
        let presence = presence.unwrap_or_else(|| vec![KNOWN; lanes.len()]);
        (presence, wish.operand.map(|(operand, field)| read(operand, field)))
    }
}

#[cfg(test)]
mod tests {
    use rubric_grammar::Span;

    use super::*;
    use crate::diagnostic::{FileId, Place};
    use crate::plan::{CompareOp, Expr};
    use crate::value::{Base, Type, Value};

    /// A field is a value, and another holds.
    fn filter(value: u32) -> (Code, ExprId) {
        let mut code = Code::default();
        let mut push = |op: Op| {
            let place = Place { file: FileId(0), item: None, span: Span::new(0, 0) };
            code.push(Expr { op, ty: Type { base: Base::Flag, optional: false }, place })
        };
        let row = push(Op::Row(1));
        let field = push(Op::Field { of: row, field: 0 });
        let literal = push(Op::Literal(Value::Category(value)));
        let is_it = push(Op::Compare(CompareOp::Eq, field, literal));
        let other = push(Op::Field { of: row, field: 1 });
        let both = push(Op::And(is_it, other));
        (code, both)
    }

    #[test]
    fn aggregates_share_the_conditions_that_are_the_same() {
        let codes = [filter(7), filter(7), filter(8)];
        let (plan, mut wished) = (Plan::default(), Wished::default());
        let which = codes.iter().map(|(code, both)| {
            let conditions = wished.conditions(&plan, code, 1, Some(*both));
            conditions.into_iter().map(|(_, which)| which).collect::<Vec<_>>()
        });
        assert_eq!(which.collect::<Vec<_>>(), [[0, 1], [0, 1], [2, 1]]);
        let [(code, both), ..] = &codes;
        let of_other_rows = wished.conditions(&plan, code, 2, Some(*both));
        assert_eq!(of_other_rows.into_iter().map(|(_, which)| which).collect::<Vec<_>>(), [3, 4]);
        assert!(wished.conditions(&plan, code, 1, None).is_empty());
    }
}
