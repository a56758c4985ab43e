//! Aggregates over the rows of a `many` field, for all rows that have such rows at once: the rows are read in the order in
//! which they are held, each batch of them once for all aggregates over them, and added to what their parents have so far.
//!
//! Only what is exact is kept: a parent with a row of which something is not known or wrong, or whose sum leaves its column,
//! is marked, and worked out from its rows when it is asked for.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use rubric_grammar::ast::AggregateKind;

use super::aggregate::{counting, opposite_of_truth};
use super::lanes::{Env, Lanes};
use super::logic::{and, or};
use super::vector::{Data, KNOWN, MISSING, NO, NO_DAY, NOT_APPLICABLE, UNKNOWN, Vector, power};
use super::worker::Worker;
use crate::plan::{Code, DefineId, ExprId, FieldKind, Op, Plan, RowSource, any_operation};
use crate::value::RecordId;

/// Rows that are read at a time.
const ROWS: u32 = 4096;

/// The rows of a `many` field.
pub(crate) type Field = (RecordId, u32);
/// An expression of a code, which is known by its place.
type Place = (usize, u32);

/// An aggregate whose rows are asked for nothing but what stands on file about them.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    code: &'a Code,
    id: ExprId,
    kind: AggregateKind,
    slot: u16,
    filter: Option<ExprId>,
    operand: Option<ExprId>,
}

/// The aggregates that are worked out together, by the rows that they are over.
#[derive(Default)]
pub(crate) struct Wishes<'a> {
    by_field: BTreeMap<Field, Vec<Wish<'a>>>,
}

/// What the parents have, by aggregate.
pub(crate) struct Tallies(BTreeMap<Place, Tally>);

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
                    let wish = Wish { code, id, kind: *kind, slot: rows.slot, filter: rows.filter, operand };
                    wishes.by_field.entry((parent, *field)).or_default().push(wish);
                }
            }
        }
        wishes
    }

    fn has(&self, field: Field, place: Place) -> bool {
        self.by_field
            .get(&field)
            .is_some_and(|wishes| wishes.iter().any(|wish| self::place(wish.code, wish.id) == place))
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

/// An aggregate for each parent.
enum Tally {
    /// Conditions put together.
    Truths(Vec<u8>),
    /// Of both kinds: whether all hold, and whether there is any.
    Both(Vec<[u8; 2]>),
    Numbers(Numbers),
}

/// Numbers, and what is known of them.
struct Numbers {
    /// [`SOME`] and [`OPEN`].
    marks: Vec<u8>,
    /// As long as all of them fit.
    narrow: Vec<i32>,
    /// In the place of those that are narrow.
    wide: Option<Vec<i64>>,
    kind: Kind,
}

/// Some row counts.
const SOME: u8 = 1;
/// The rows have to be asked.
const OPEN: u8 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// None came yet.
    Nothing,
    Number(u8),
    Day,
    Year,
    Code,
}

impl Numbers {
    fn new(parents: usize, kind: Kind) -> Self {
        Self { marks: vec![0; parents], narrow: vec![0; parents], wide: None, kind }
    }

    fn open_all(&mut self, parents: &[u32], counts: &[u8]) {
        for (parent, count) in parents.iter().zip(counts) {
            if let (Some(mark), 1..) = (self.marks.get_mut(*parent as usize), count) {
                *mark |= OPEN;
            }
        }
    }

    fn widen(&mut self) -> &mut Vec<i64> {
        let narrow = std::mem::take(&mut self.narrow);
        self.wide.get_or_insert_with(|| narrow.into_iter().map(i64::from).collect())
    }

    /// Lets the numbers have that many places; where one is too large for that, its parent is open.
    fn scale_to(&mut self, scale: u8) {
        let Kind::Number(own) = self.kind else {
            self.kind = Kind::Number(scale);
            return;
        };
        if own >= scale {
            return;
        }
        self.kind = Kind::Number(scale);
        let by = power(scale - own);
        let mut marks = std::mem::take(&mut self.marks);
        for (value, mark) in self.widen().iter_mut().zip(&mut marks) {
            match by.and_then(|by| value.checked_mul(by)) {
                Some(larger) => *value = larger,
                None => {
                    *value = 0;
                    *mark |= OPEN;
                }
            }
        }
        self.marks = marks;
    }

    /// Adds the values of the rows that count.
    fn add(&mut self, parents: &[u32], counts: &[u8], values: &[i64]) {
        // What does not count is masked, so that there is nothing to branch on.
        let rows = || {
            let rows = parents.iter().zip(counts).zip(values);
            rows.map(|((parent, count), value)| (*parent as usize, value & -i64::from(*count == 1)))
        };
        if counts.iter().fold(0, |all, count| all | count) & OPEN != 0 {
            for (parent, count) in parents.iter().zip(counts) {
                if let Some(mark) = self.marks.get_mut(*parent as usize) {
                    *mark |= count & OPEN;
                }
            }
        }
        let mut from = 0;
        if self.wide.is_none() {
            let sums = self.narrow.as_mut_slice();
            let failed = rows().position(|(place, value)| match sums.get_mut(place) {
                Some(sum) => match i32::try_from(i64::from(*sum).wrapping_add(value)) {
                    Ok(total) => {
                        *sum = total;
                        false
                    }
                    Err(_) => true,
                },
                None => false,
            });
            match failed {
                None => return,
                Some(at) => from = at,
            }
        }
        let mut marks = std::mem::take(&mut self.marks);
        let sums = self.widen();
        for (place, value) in rows().skip(from) {
            let (Some(sum), Some(mark)) = (sums.get_mut(place), marks.get_mut(place)) else { continue };
            let (total, is_over) = sum.overflowing_add(value);
            *sum = total;
            *mark |= if is_over { OPEN } else { 0 };
        }
        self.marks = marks;
    }

    /// Keeps the best of the values of the rows that count.
    fn best(&mut self, parents: &[u32], counts: &[u8], value: impl Fn(usize) -> Option<i64>, side: Ordering) {
        let mut marks = std::mem::take(&mut self.marks);
        for (at, (parent, count)) in parents.iter().zip(counts).enumerate() {
            if *count == 0 {
                continue;
            }
            let place = *parent as usize;
            let Some(mark) = marks.get_mut(place) else { continue };
            let Some(value) = value(at).filter(|_| *count == 1) else {
                *mark |= OPEN;
                continue;
            };
            let first = *mark & SOME == 0;
            *mark |= SOME;
            if let (None, Ok(value)) = (&self.wide, i32::try_from(value)) {
                if let Some(best) = self.narrow.get_mut(place).filter(|best| first || value.cmp(best) == side)
                {
                    *best = value;
                }
                continue;
            }
            if let Some(best) = self.widen().get_mut(place).filter(|best| first || value.cmp(best) == side) {
                *best = value;
            }
        }
        self.marks = marks;
    }

    fn get(&self, row: u32) -> (u8, i64) {
        let at = row as usize;
        let value = match &self.wide {
            None => self.narrow.get(at).map(|value| i64::from(*value)),
            Some(values) => values.get(at).copied(),
        };
        (self.marks.get(at).copied().unwrap_or(OPEN), value.unwrap_or(0))
    }
}

impl Tally {
    fn new(kind: AggregateKind, parents: usize) -> Self {
        match kind {
            AggregateKind::Any | AggregateKind::None => Self::Truths(vec![NO; parents]),
            AggregateKind::All => Self::Truths(vec![KNOWN; parents]),
            AggregateKind::SomeAndAll => Self::Both(vec![[KNOWN, NO]; parents]),
            AggregateKind::Count => Self::Numbers(Numbers::new(parents, Kind::Number(0))),
            _ => Self::Numbers(Numbers::new(parents, Kind::Nothing)),
        }
    }

    /// Adds some rows: whether each counts, and what is read of it.
    fn add(&mut self, kind: AggregateKind, parents: &[u32], presence: &[u8], read: Option<&Vector>) {
        fn fold(into: &mut [u8], parents: &[u32], codes: &[u8], join: impl Fn(u8, u8) -> u8) {
            for (parent, code) in parents.iter().zip(codes) {
                if let Some(all) = into.get_mut(*parent as usize) {
                    *all = join(*all, *code);
                }
            }
        }
        let holds = || -> Vec<u8> {
            let satisfied = read.map(Vector::truths).unwrap_or_default();
            let pairs = presence.iter().zip(satisfied.iter());
            pairs.map(|(there, satisfied)| or(opposite_of_truth(*there), *satisfied)).collect()
        };
        match self {
            Self::Truths(truths) if kind == AggregateKind::All => fold(truths, parents, &holds(), and),
            Self::Truths(truths) => fold(truths, parents, presence, or),
            Self::Both(both) => {
                for ((parent, holds), there) in parents.iter().zip(holds()).zip(presence) {
                    if let Some([all, some]) = both.get_mut(*parent as usize) {
                        *all = and(*all, holds);
                        *some = or(*some, *there);
                    }
                }
            }
            Self::Numbers(numbers) => match (kind, read) {
                (AggregateKind::Count, _) => {
                    let code = |there: &u8| match *there {
                        NO => 0,
                        KNOWN => 1,
                        _ => OPEN,
                    };
                    let counts: Vec<u8> = presence.iter().map(code).collect();
                    numbers.add(parents, &counts, &vec![1; counts.len()]);
                }
                (_, Some(read)) => numbers.put(kind, parents, &counting(presence, &read.state), read),
                _ => {}
            },
        }
    }
}

impl Numbers {
    fn put(&mut self, kind: AggregateKind, parents: &[u32], counts: &[u8], read: &Vector) {
        // What leaves a column of numbers is told by the rows.
        if let (Data::Num(values, scale), Kind::Number(_) | Kind::Nothing) = (&read.data, self.kind) {
            self.scale_to(*scale);
            let Kind::Number(own) = self.kind else { return };
            let scaled: Option<Cow<'_, [i64]>> = match power(own.saturating_sub(*scale)) {
                Some(1) => Some(Cow::Borrowed(values)),
                Some(by) => values
                    .iter()
                    .map(|value| value.checked_mul(by))
                    .collect::<Option<Vec<_>>>()
                    .map(Cow::Owned),
                None => None,
            };
            let Some(values) = scaled else { return self.open_all(parents, counts) };
            match kind {
                AggregateKind::Sum => self.add(parents, counts, &values),
                _ => self.best(parents, counts, |at| values.get(at).copied(), side(kind)),
            }
            return;
        }
        let own = match &read.data {
            _ if kind == AggregateKind::Sum => None,
            Data::Date(_) => Some(Kind::Day),
            Data::Year(_) => Some(Kind::Year),
            Data::Code(_) => Some(Kind::Code),
            _ => None,
        };
        if self.kind == Kind::Nothing
            && let Some(own) = own
        {
            self.kind = own;
        }
        if own != Some(self.kind) {
            return self.open_all(parents, counts);
        }
        match &read.data {
            Data::Date(days) | Data::Year(days) => {
                let day = |at: usize| days.get(at).filter(|day| **day != NO_DAY).map(|day| i64::from(*day));
                self.best(parents, counts, day, side(kind));
            }
            Data::Code(codes) => {
                let told = |code: &&u32| **code < NOT_APPLICABLE;
                let code = |at: usize| codes.get(at).filter(told).map(|code| i64::from(*code));
                self.best(parents, counts, code, side(kind));
            }
            _ => self.open_all(parents, counts),
        }
    }
}

const fn side(kind: AggregateKind) -> Ordering {
    if matches!(kind, AggregateKind::Lowest) { Ordering::Less } else { Ordering::Greater }
}

impl Worker<'_> {
    /// An aggregate from what all rows of the record have, where that is worked out; the lanes that are not exact are left to
    /// `by_rows`.
    pub(crate) fn tallied(
        &self,
        env: &Env<'_>,
        id: ExprId,
        (kind, source): (AggregateKind, &RowSource),
        by_rows: &dyn Fn(&Env<'_>) -> Vector,
    ) -> Option<Vector> {
        let RowSource::Many { of, field } = source else { return None };
        let Some(Op::Row(slot)) = env.code.get(*of).map(|expr| &expr.op) else { return None };
        let lanes = env.slot(*slot)?;
        let (field, place) = ((lanes.record?, *field), place(env.code, id));
        if env.law != self.store.as_of || !self.store.wishes.has(field, place) {
            return None;
        }
        let tallies = self.store.tallies.once(field, || self.tally(field).map(Arc::new))?;
        let tally = tallies.0.get(&place)?;
        let duplicates = self.store.data.has_duplicates(field.0);
        let keyless = self.store.keyless(field.0);
        let is_clear = |row: u32| {
            !(duplicates && self.store.data.is_duplicate(field.0, row))
                && keyless.is_none_or(|keyless| keyless.get(row as usize) != Some(&true))
        };
        let all_clear = !duplicates && keyless.is_none();
        let mut open = Vec::new();
        let mut states = Vec::with_capacity(lanes.len());
        let row_count = self.store.data.rows(field.0)?;
        let is_told = |row: u32| row < row_count && (all_clear || is_clear(row));
        let found = match tally {
            Tally::Truths(truths) => {
                for (lane, row) in (0_u32..).zip(&lanes.rows) {
                    let truth = truths.get(*row as usize).copied().filter(|_| is_told(*row));
                    if truth.is_none() {
                        open.push(lane);
                    }
                    states.push(truth.unwrap_or(UNKNOWN));
                }
                let found = Vector::flags(states);
                if kind == AggregateKind::None { super::logic::not(&found) } else { found }
            }
            Tally::Both(both) => {
                for (lane, row) in (0_u32..).zip(&lanes.rows) {
                    let both = both.get(*row as usize).filter(|_| is_told(*row));
                    if both.is_none() {
                        open.push(lane);
                    }
                    states.push(both.map_or(UNKNOWN, |[all, some]| and(*all, *some)));
                }
                Vector::flags(states)
            }
            Tally::Numbers(numbers) => {
                let mut values = Vec::with_capacity(lanes.len());
                let is_best = matches!(kind, AggregateKind::Highest | AggregateKind::Lowest);
                for (lane, row) in (0_u32..).zip(&lanes.rows) {
                    let (mark, value) = numbers.get(*row);
                    let exact = mark & OPEN == 0 && is_told(*row);
                    if !exact {
                        open.push(lane);
                    }
                    let nothing = is_best && mark & SOME == 0;
                    states.push(match exact {
                        true if nothing => MISSING,
                        true => KNOWN,
                        false => UNKNOWN,
                    });
                    values.push(if exact && !nothing { value } else { 0 });
                }
                Vector::of(states, numbers.data(values, is_best))
            }
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

    /// Reads the rows of a `many` field once, for all aggregates over them.
    fn tally(&self, field: Field) -> Option<Tallies> {
        let store = self.store;
        let wishes = store.wishes.by_field.get(&field)?;
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
        let all: Vec<Mutex<Tally>> =
            wishes.iter().map(|wish| Mutex::new(Tally::new(wish.kind, parents))).collect();
        self.for_each_part(child, &parts, store.threads, |worker, lanes| {
            let first = lanes.rows.first().copied().unwrap_or(0);
            let last = lanes.rows.last().map_or(first, |last| last.saturating_add(1));
            let parents = column.named_in(first..last).unwrap_or_default();
            for (wish, tally) in wishes.iter().zip(&all) {
                let (presence, read) = worker.read_wish(wish, lanes);
                let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                tally.add(wish.kind, parents, &presence, read.as_deref());
            }
        });
        let all = all.into_iter().map(|tally| tally.into_inner().unwrap_or_else(PoisonError::into_inner));
        Some(Tallies(wishes.iter().map(|wish| place(wish.code, wish.id)).zip(all).collect()))
    }

    /// Whether each row counts, and what is read of it.
    fn read_wish(&self, wish: &Wish<'_>, lanes: &Rc<Lanes>) -> (Vec<u8>, Option<Arc<Vector>>) {
        let law = self.store.as_of;
        let mut env =
            Env { code: wish.code, len: lanes.len(), slots: Vec::new(), arguments: Vec::new(), law };
        env.bind(wish.slot, Rc::clone(lanes));
        let presence = match wish.filter {
            Some(filter) => self.eval(&env, filter).truths().into_owned(),
            None => vec![KNOWN; lanes.len()],
        };
        (presence, wish.operand.map(|operand| self.eval(&env, operand)))
    }
}

impl Numbers {
    fn data(&self, values: Vec<i64>, is_best: bool) -> Data {
        let narrow = |value: &i64| i32::try_from(*value).unwrap_or(NO_DAY);
        match self.kind {
            Kind::Nothing if is_best => Data::Void,
            Kind::Nothing => Data::Num(values, 0),
            Kind::Number(scale) => Data::Num(values, scale),
            Kind::Day => Data::Date(values.iter().map(narrow).collect()),
            Kind::Year => Data::Year(values.iter().map(narrow).collect()),
            Kind::Code => {
                let code = |value: &i64| u32::try_from(*value).unwrap_or(u32::MAX);
                Data::Code(values.iter().map(code).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::vector::ERROR;

    fn numbers(values: Vec<i64>, scale: u8) -> Vector {
        Vector::of(vec![KNOWN; values.len()], Data::Num(values, scale))
    }

    fn of(tally: &Tally, parents: u32) -> (Vec<(u8, i64)>, Kind) {
        match tally {
            Tally::Numbers(numbers) => ((0..parents).map(|row| numbers.get(row)).collect(), numbers.kind),
            _ => (Vec::new(), Kind::Nothing),
        }
    }

    #[test]
    fn sums_grow_out_of_their_columns_and_change_their_scale() {
        let mut tally = Tally::new(AggregateKind::Sum, 3);
        let mut add = |parents: &[u32], presence: &[u8], read: Vector| {
            tally.add(AggregateKind::Sum, parents, presence, Some(&read));
        };
        let all = [KNOWN; 3];
        add(&[0, 1, 0], &all, numbers(vec![5, 7, 6], 0));
        // Tenths; what names no parent is nobody's.
        add(&[0, 9, 1], &all, numbers(vec![5, 1000, 25], 1));
        // Whole numbers among tenths, of which one does not count.
        add(&[2, 2, 0], &[KNOWN, NO, NO], numbers(vec![3, 100, 100], 0));
        add(&[1, 2, 2], &all, numbers(vec![i64::from(i32::MAX), 1, 2], 1));
        // A sum that leaves its column, and a row of which nothing is known.
        add(&[0, 0, 1], &[KNOWN, KNOWN, UNKNOWN], numbers(vec![i64::MAX, i64::MAX, 1], 1));
        let (found, kind) = of(&tally, 3);
        assert!(kind == Kind::Number(1));
        assert_eq!(found[2], (0, 33));
        assert_eq!((found[0].0, found[1].0), (OPEN, OPEN));
        assert_eq!(found[1].1, 70 + 25 + i64::from(i32::MAX));
    }

    #[test]
    fn the_best_is_that_of_the_rows_that_count() {
        for (kind, expected) in [(AggregateKind::Highest, 9_000_000_000), (AggregateKind::Lowest, -4)] {
            let mut tally = Tally::new(kind, 3);
            tally.add(kind, &[0, 0], &[KNOWN, NO], Some(&numbers(vec![-4, 100], 0)));
            tally.add(kind, &[0, 1], &[KNOWN, ERROR], Some(&numbers(vec![9_000_000_000, 1], 0)));
            let (found, _) = of(&tally, 3);
            assert_eq!(found, [(SOME, expected), (OPEN, 0), (0, 0)], "{kind:?}");
        }
    }

    #[test]
    fn days_and_numbers_do_not_mix() {
        let kind = AggregateKind::Highest;
        let mut tally = Tally::new(kind, 2);
        let days = Vector::of(vec![KNOWN; 2], Data::Date(vec![20, NO_DAY]));
        tally.add(kind, &[0, 1], &[KNOWN; 2], Some(&days));
        let (found, day) = of(&tally, 2);
        assert!(day == Kind::Day && found == [(SOME, 20), (OPEN, 0)]);
        tally.add(kind, &[0], &[KNOWN], Some(&numbers(vec![30], 0)));
        assert_eq!(of(&tally, 2).0[0].0 & OPEN, OPEN);
    }
}
