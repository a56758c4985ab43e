//! Evaluates expressions over lanes: one kernel for each kind of operation, and the explaining evaluator, lane by lane,
//! where there is none.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use super::coded::Cells;
use super::lanes::{Env, Lanes};
use super::quick::QuickMap;
use super::store::{Store, Whole, is_none};
use super::stored::Stored;
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, UNKNOWN, Vector, code_of, law_of};
use crate::evaluate::Evaluator;
use crate::evaluate::evaluator::Frame;
use crate::evaluate::found::Found;
use crate::plan::{Code, DefineId, Expr, ExprId, Op, RowSource, Rows, any_operation};
use crate::value::{Base, Date, RecordId, Value};

/// Evaluates over the columns of a [`Store`]. It belongs to one thread.
pub(crate) struct Worker<'s> {
    pub(crate) store: &'s Store<'s>,
    pub(crate) evaluator: Evaluator<'s>,
    pub(crate) replayed: RefCell<BTreeMap<&'static str, u64>>,
    depth: Cell<u32>,
    /// On how many threads all rows of a record may be worked out.
    pub(crate) helpers: usize,
    /// What depends on no row, by code, expression and law.
    constants: RefCell<QuickMap<Asked, Option<Arc<Vector>>>>,
    /// By code, expression and slot of its rows: whether it reads what is bound outside of them.
    outer: RefCell<QuickMap<(usize, u32, u16), bool>>,
    /// By code and expression: whether it only reads and compares fields.
    cheap: RefCell<QuickMap<(usize, u32), bool>>,
    /// What an expression is for each of the cells that rows share, by the place of these.
    pub(super) cells: RefCell<ByCells>,
}

/// By what was asked and the place of cells: what it is for each of them, where they alone tell it.
type ByCells = QuickMap<(Asked, usize), Option<Arc<Cells>>>;
/// A code, an expression of it, and the law.
pub(crate) type Asked = (usize, u32, Date);
/// Lanes by their law, and the lanes whose law is not known with their state.
type ByLaw = (BTreeMap<Date, Vec<u32>>, Vec<(u32, u8)>);

/// Below this depth lanes are evaluated one by one: the explaining evaluator has a way not to run out of stack.
const DEEP: u32 = 60;
/// So many rows are worked out at a time, where all of a record are wanted.
pub(crate) const BATCH: u32 = 2048;

impl<'s> Worker<'s> {
    pub(crate) fn new(store: &'s Store<'s>, helpers: usize) -> Self {
        let evaluator = Evaluator::new(store.plan, store.data, store.as_of, store.options.clone());
        Self {
            store,
            evaluator,
            replayed: RefCell::default(),
            depth: Cell::new(0),
            helpers,
            constants: RefCell::default(),
            outer: RefCell::default(),
            cheap: RefCell::default(),
            cells: RefCell::default(),
        }
    }

    /// What an expression is in every lane.
    pub(crate) fn eval(&self, env: &Env<'_>, id: ExprId) -> Arc<Vector> {
        let Some(expr) = env.code.get(id) else { return Arc::new(Vector::open(ERROR, env.len)) };
        if env.len == 0 {
            return Arc::new(Vector::open(UNKNOWN, 0));
        }
        if let Some(one) = self.constant(env, expr, id) {
            return Arc::new(one.repeated(env.len));
        }
        if self.depth.get() >= DEEP {
            return Arc::new(self.replay(env, id, "nested deeply"));
        }
        self.depth.set(self.depth.get() + 1);
        let found = self.op(env, expr, id);
        self.depth.set(self.depth.get() - 1);
        if expr.ty.optional || !found.has_state(MISSING) {
            return found;
        }
        Arc::new(Arc::unwrap_or_clone(found).doubted())
    }

    /// Whether an expression about the rows of a slot reads anything else that is bound.
    pub(crate) fn reads_outer(&self, code: &Code, slot: u16, id: ExprId) -> bool {
        let key = (std::ptr::from_ref(code) as usize, id.0, slot);
        if let Some(known) = self.outer.borrow().get(&key) {
            return *known;
        }
        let reads = reads_others(code, slot, id);
        self.outer.borrow_mut().insert(key, reads);
        reads
    }

    /// Whether an expression takes little more than to read the fields that it names.
    pub(crate) fn is_cheap(&self, code: &Code, id: ExprId) -> bool {
        let key = (std::ptr::from_ref(code) as usize, id.0);
        if let Some(known) = self.cheap.borrow().get(&key) {
            return *known;
        }
        let is_cheap = !any_operation(code, id, |op| !is_plain(op));
        self.cheap.borrow_mut().insert(key, is_cheap);
        is_cheap
    }

    /// What an expression is in one lane, where it is the same for every row.
    pub(crate) fn one(&self, env: &Env<'_>, id: ExprId) -> Option<Arc<Vector>> {
        self.constant(env, env.code.get(id)?, id)
    }

    /// An expression that is the same for every row, worked out once, in one lane.
    fn constant(&self, env: &Env<'_>, expr: &Expr, id: ExprId) -> Option<Arc<Vector>> {
        let key = (std::ptr::from_ref(env.code) as usize, id.0, env.law);
        if let Some(known) = self.constants.borrow().get(&key) {
            return known.clone();
        }
        let set = matches!(expr.ty.base, Base::Set(_) | Base::Many(_));
        let found = (!set && env.len > 0 && is_constant(env.code, id)).then(|| {
            self.store.constants.once(key, || {
                let one = Env { len: 1, slots: Vec::new(), arguments: Vec::new(), ..env.clone() };
                let found = match expr.op {
                    Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::TestRow(_) => {
                        Vector::from_founds(vec![self.replay_lane(&one, id, 0)], expr.ty.base, self.store)
                    }
                    _ => Arc::unwrap_or_clone(self.op(&one, expr, id)),
                };
                Arc::new(if expr.ty.optional { found } else { found.doubted() })
            })
        });
        self.constants.borrow_mut().insert(key, found.clone());
        found
    }

    /// The lanes one by one, by the definition itself.
    pub(crate) fn replay(&self, env: &Env<'_>, id: ExprId, why: &'static str) -> Vector {
        let base = env.code.get(id).map_or(Base::Damaged, |expr| expr.ty.base);
        *self.replayed.borrow_mut().entry(why).or_default() += env.len as u64;
        let founds = (0..env.len).map(|lane| self.replay_lane(env, id, lane)).collect();
        Vector::from_founds(founds, base, self.store)
    }

    /// One lane, by the definition itself.
    pub(crate) fn replay_lane(&self, env: &Env<'_>, id: ExprId, lane: usize) -> Found {
        self.evaluator.make_room();
        let arguments: Vec<Found> =
            env.arguments.iter().map(|argument| argument.found(lane, self.store)).collect();
        let mut frame = Frame::new(env.code, &arguments, env.law);
        for (slot, lanes) in (0_u16..).zip(&env.slots) {
            let value = lanes.as_ref().and_then(|lanes| self.bound(lanes, lane));
            frame.bind(slot, value);
        }
        self.evaluator.settle(|| self.evaluator.eval(&mut frame, id))
    }

    /// What a slot is bound to in a lane.
    pub(crate) fn bound(&self, lanes: &Lanes, lane: usize) -> Option<Value> {
        let row = *lanes.rows.get(lane)?;
        Some(match lanes.record {
            None => Value::Category(row),
            Some(_) if is_none(row) => Value::None,
            Some(record) => Value::Reference(self.store.reference(record, row)),
        })
    }

    fn op(&self, env: &Env<'_>, expr: &Expr, id: ExprId) -> Arc<Vector> {
        match &expr.op {
            Op::Row(slot) => match env.slot(*slot) {
                Some(lanes) => Arc::new(lanes.vector()),
                None => Arc::new(Vector::open(ERROR, env.len)),
            },
            Op::Argument(position) => match env.arguments.get(usize::from(*position)) {
                Some(argument) => Arc::clone(argument),
                None => Arc::new(Vector::open(ERROR, env.len)),
            },
            Op::Field { of, field } => self.read_field(env, *of, *field, expr.ty.base),
            Op::Define { define, of, arguments } => self.read_define(env, *define, *of, arguments),
            Op::Decision { decision, of } => self.on_owner(env, *of, Whole::Decision(*decision)),
            Op::IsMet { requirement, value, of } => self.read_met(env, *requirement, *value, *of),
            Op::Amount { amount, line, of } => self.on_owner(env, *of, Whole::Amount(*amount, *line)),
            Op::Parameter { parameter, keys, on } => {
                Arc::new(self.parameter(env, *parameter, keys, *on, expr.ty.base))
            }
            Op::Not(a) => Arc::new(super::logic::not(&self.eval(env, *a))),
            Op::And(..) | Op::Or(..) => Arc::new(self.join(env, id)),
            Op::Compare(op, a, b) => Arc::new(self.compare(env, *op, *a, *b)),
            Op::Between(x, low, high) => Arc::new(self.between(env, *x, *low, *high)),
            Op::InList(x, list) => Arc::new(self.in_list(env, *x, list)),
            Op::InSet(x, set) => Arc::new(self.in_set(env, *x, *set)),
            Op::IsKnown(_) | Op::IsMissing(_) | Op::IsNone(_) | Op::Presumed(..) => {
                Arc::new(self.absence(env, &expr.op))
            }
            Op::If(condition, yes, no) => Arc::new(self.choose(env, *condition, *yes, *no)),
            Op::Case(case) => Arc::new(self.case(env, case, expr.ty.base)),
            Op::Arithmetic(..) => Arc::new(self.arithmetic(env, id)),
            Op::Aggregate { kind, rows, operand } => Arc::new(self.aggregate(env, id, *kind, rows, *operand)),
            Op::Quantity(kind, n, rows) => Arc::new(self.quantity(env, id, *kind, *n, rows)),
            Op::Pick { kind, rows, by, read } => Arc::new(self.pick(env, id, *kind, rows, *by, *read)),
            Op::Population(population) => Arc::new(self.population(env, id, population)),
            Op::Apportion { total, rows, by, unit } => {
                Arc::new(self.apportion(env, id, *total, rows, *by, *unit))
            }
            Op::Lookup { record, keys } => Arc::new(self.lookup(env, *record, keys)),
            Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::TestRow(_) => {
                Arc::new(self.replay(env, id, "a name outside records"))
            }
            _ => Arc::new(self.compute(env, expr)),
        }
    }

    fn read_field(&self, env: &Env<'_>, of: ExprId, field: u32, _base: Base) -> Arc<Vector> {
        if let Some(Op::Row(slot)) = env.code.get(of).map(|expr| &expr.op)
            && let Some(lanes) = env.slot(*slot)
            && let Some(record) = lanes.record
        {
            return self.field(record, lanes, field);
        }
        let owner = self.eval(env, of);
        self.through(&owner, env.len, |record, lanes| self.field(record, lanes, field))
    }

    fn field(&self, record: RecordId, lanes: &Lanes, field: u32) -> Arc<Vector> {
        if let Some(known) = lanes.fields.borrow().get(&field) {
            return Arc::clone(known);
        }
        let of_all = lanes
            .of
            .as_ref()
            .and_then(|(all, places)| all.fields.borrow().get(&field).map(|known| known.gather(places)));
        let read = of_all.unwrap_or_else(|| self.store.field_of(record, field, &lanes.rows));
        let read = Arc::new(read);
        lanes.fields.borrow_mut().insert(field, Arc::clone(&read));
        read
    }

    /// What is read of the rows that an operand names; where it names none, what the operand is.
    fn through(
        &self,
        owner: &Vector,
        len: usize,
        read: impl FnOnce(RecordId, &Rc<Lanes>) -> Arc<Vector>,
    ) -> Arc<Vector> {
        let Some((record, rows)) = owner.data.rows() else {
            // No lane names a row: what is known is none, which has nothing to read.
            let state = owner.state.iter().map(|state| if *state == NO { ERROR } else { *state });
            let state = state.map(|state| if state == KNOWN { ERROR } else { state }).collect();
            return Arc::new(Vector::of(state, Data::Void));
        };
        // Every row is looked at, so that there is nothing to branch on.
        let names_all = owner.all_known() && rows.iter().fold(true, |all, row| all & !is_none(*row));
        if names_all && rows.len() == len {
            return read(record, &Lanes::new(Some(record), rows.to_vec()));
        }
        let named: Vec<u32> = (0_u32..)
            .zip(rows)
            .zip(&owner.state)
            .filter(|((_, row), state)| **state == KNOWN && !is_none(**row))
            .map(|((lane, _), _)| lane)
            .collect();
        let of_rows: Vec<u32> =
            named.iter().map(|lane| rows.get(*lane as usize).copied().unwrap_or(u32::MAX)).collect();
        let found = read(record, &Lanes::new(Some(record), of_rows));
        let rest: Vec<u32> = (0_u32..)
            .zip(rows)
            .zip(&owner.state)
            .filter(|((_, row), state)| **state != KNOWN || is_none(**row))
            .map(|((lane, _), _)| lane)
            .collect();
        let states = rest.iter().map(|lane| match owner.state.get(*lane as usize) {
            Some(&KNOWN) | None => ERROR,
            Some(state) => *state,
        });
        let others = Vector::of(states.collect(), Data::Void);
        let parts = [(named, Cow::Borrowed(&*found)), (rest, Cow::Owned(others))];
        Arc::new(Vector::assemble(len, &parts, true, self.store))
    }

    fn read_define(
        &self,
        env: &Env<'_>,
        define: DefineId,
        of: Option<ExprId>,
        arguments: &[ExprId],
    ) -> Arc<Vector> {
        let Some(symbol) = self.store.symbols().define(define) else {
            return Arc::new(Vector::open(ERROR, env.len));
        };
        if arguments.is_empty()
            && let Some(of) = of
        {
            return self.on_owner(env, of, Whole::Define(define, env.law));
        }
        let arguments: Vec<Arc<Vector>> = arguments
            .iter()
            .zip(&symbol.params)
            .map(|(argument, (_, ty))| {
                let found = self.eval(env, *argument);
                if !found.bounds.is_empty() || (!ty.optional && found.has_state(MISSING)) {
                    let plain = found.plain();
                    return Arc::new(if ty.optional { plain } else { plain.doubted() });
                }
                found
            })
            .collect();
        let Some(of) = of else {
            let env = Env { slots: Vec::new(), arguments, ..env.clone() };
            return self.define_body(&env, define);
        };
        let owner = self.eval(env, of);
        let named: Vec<u32> = (0_u32..)
            .zip(&owner.state)
            .filter(|(lane, state)| {
                **state == KNOWN
                    && owner
                        .data
                        .rows()
                        .and_then(|(_, rows)| rows.get(*lane as usize))
                        .is_some_and(|row| !is_none(*row))
            })
            .map(|(lane, _)| lane)
            .collect();
        self.through(&owner, env.len, |_, lanes| {
            let arguments = arguments.iter().map(|argument| Arc::new(argument.gather(&named))).collect();
            let env = Env {
                code: env.code,
                len: lanes.len(),
                slots: vec![Some(Rc::clone(lanes))],
                arguments,
                law: env.law,
            };
            self.define_body(&env, define)
        })
    }

    /// A derived fact without parameters, of rows.
    fn define_of(&self, lanes: &Rc<Lanes>, define: DefineId, law: Date) -> Arc<Vector> {
        let env = Env {
            code: &EMPTY,
            len: lanes.len(),
            slots: vec![Some(Rc::clone(lanes))],
            arguments: Vec::new(),
            law,
        };
        self.define_body(&env, define)
    }

    fn define_body(&self, env: &Env<'_>, define: DefineId) -> Arc<Vector> {
        let optional = self.store.symbols().define(define).is_some_and(|symbol| symbol.ty.optional);
        let Some(body) = self.store.plan.defines.get(&define.0) else {
            return Arc::new(Vector::open(ERROR, env.len));
        };
        let Some(arm) = body.arms.iter().find(|arm| arm.interval.contains(env.law)) else {
            return Arc::new(Vector::open(ERROR, env.len));
        };
        let env = Env { code: &body.code, ..env.clone() };
        let found = self.eval(&env, arm.value);
        if optional || !found.has_state(MISSING) {
            return found;
        }
        Arc::new(Arc::unwrap_or_clone(found).doubted())
    }

    fn read_met(
        &self,
        env: &Env<'_>,
        requirement: crate::plan::RequirementId,
        value: Option<ExprId>,
        of: ExprId,
    ) -> Arc<Vector> {
        use crate::plan::Instance;
        let Some(value) = value else { return self.on_owner(env, of, Whole::Met(requirement.into())) };
        let owner = self.eval(env, of);
        let values = self.eval(env, value);
        let names_row = |lane: usize| {
            owner.state.get(lane) == Some(&KNOWN)
                && owner.data.rows().and_then(|(_, rows)| rows.get(lane)).is_some_and(|row| !is_none(*row))
        };
        let mut by_value: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let (mut rest, mut states) = (Vec::new(), Vec::new());
        for lane in 0..u32::try_from(env.len).unwrap_or(u32::MAX) {
            let at = lane as usize;
            if !names_row(at) {
                let state = owner.state.get(at).copied().unwrap_or(ERROR);
                rest.push(lane);
                states.push(if matches!(state, NO | KNOWN) { ERROR } else { state });
                continue;
            }
            match values.value(at, self.store) {
                Some(Value::Category(value)) => by_value.entry(value).or_default().push(lane),
                known => {
                    let state = values.state.get(at).copied().unwrap_or(ERROR);
                    rest.push(lane);
                    states.push(match state {
                        _ if known.is_some() => ERROR,
                        MISSING => UNKNOWN,
                        state => state,
                    });
                }
            }
        }
        let mut parts = vec![(rest, Cow::Owned(Vector::of(states, Data::Void)))];
        for (value, lanes) in by_value {
            let instance = Instance { requirement, value: Some(value) };
            let met = self.on_owner(&env.select(&lanes), of, Whole::Met(instance));
            parts.push((lanes, Cow::Owned(Arc::unwrap_or_clone(met))));
        }
        Arc::new(Vector::assemble(env.len, &parts, false, self.store))
    }

    /// What is worked out for the rows that an operand names. Of a row of the lanes themselves it is worked out here; of
    /// another, which many lanes may name, for its whole record once.
    fn on_owner(&self, env: &Env<'_>, of: ExprId, what: Whole) -> Arc<Vector> {
        if let Some(Op::Row(slot)) = env.code.get(of).map(|expr| &expr.op)
            && let Some(lanes) = env.slot(*slot)
            && lanes.record.is_some()
        {
            return self.here(lanes, what);
        }
        let owner = self.eval(env, of);
        self.through(&owner, env.len, |record, lanes| self.elsewhere(record, lanes, what))
    }

    /// Worked out for these lanes, once.
    pub(crate) fn here(&self, lanes: &Rc<Lanes>, what: Whole) -> Arc<Vector> {
        if let Some(known) = lanes.wholes.borrow().get(&what) {
            return Arc::clone(known);
        }
        if let Some(found) = self.saved(lanes, what) {
            lanes.wholes.borrow_mut().insert(what, Arc::clone(&found));
            return found;
        }
        // A batch is what all rows of a record are worked out by.
        if let (Some(record), None) = (lanes.record, lanes.batch)
            && self.store.data.is_scattered(record, what.fact(), &lanes.rows)
        {
            let rows = self.rows_of(record).unwrap_or(0);
            let whole = self.store.wholes.once(what, || Arc::new(self.whole(record, rows, what)));
            if lanes.rows.iter().all(|lane| *lane < rows) {
                return Arc::new(whole.gather(&lanes.rows));
            }
        }
        let found = match what {
            Whole::Define(define, law) => self.define_of(lanes, define, law),
            Whole::Decision(decision) => Arc::new(self.decided(lanes, decision)),
            Whole::Met(instance) => Arc::new(self.met(lanes, instance)),
            Whole::Amount(amount, line) => Arc::new(self.worth(lanes, amount, line)),
        };
        self.save(lanes, what, &found);
        lanes.wholes.borrow_mut().insert(what, Arc::clone(&found));
        found
    }

    /// What was found of a batch while all rows were worked out for a population.
    fn saved(&self, lanes: &Lanes, what: Whole) -> Option<Arc<Vector>> {
        let (record, batch) = lanes.record.zip(lanes.batch)?;
        let saved = self.store.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let column = saved.get(&(record, batch, what)).cloned()?;
        drop(saved);
        // Whoever asks for a part of a batch has it worked out.
        if column.rows as usize != lanes.len() {
            return None;
        }
        Some(Arc::new(column.gather(&(0..column.rows).collect::<Vec<_>>())))
    }

    /// Keeps what was found, where the batch will be asked for again.
    fn save(&self, lanes: &Lanes, what: Whole, found: &Vector) {
        if let (true, Some((record, batch))) = (lanes.saves.get(), lanes.record.zip(lanes.batch))
            && found.bounds.is_empty()
            && !matches!(found.data, Data::Any(_) | Data::Ratio(..))
        {
            let column = Arc::new(Stored::pack(found.clone()));
            self.store
                .saved
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert((record, batch, what), column);
        }
    }

    fn elsewhere(&self, record: RecordId, lanes: &Rc<Lanes>, what: Whole) -> Arc<Vector> {
        let rows = self.rows_of(record).unwrap_or(0);
        // A few lanes of a large record, or keys that no row has, are worked out by themselves.
        if rows as usize > lanes.len().saturating_mul(64) || lanes.rows.iter().any(|lane| *lane >= rows) {
            return self.here(lanes, what);
        }
        let whole = self.store.wholes.once(what, || Arc::new(self.whole(record, rows, what)));
        Arc::new(whole.gather(&lanes.rows))
    }

    fn whole(&self, record: RecordId, rows: u32, what: Whole) -> Vector {
        let parts = self.for_each_batch(record, rows, |worker, lanes| (*worker.here(lanes, what)).clone());
        Vector::concat(&parts, self.store)
    }

    /// How many rows a record has, or a group; `None` when no data was supplied.
    pub(crate) fn rows_of(&self, record: RecordId) -> Option<u32> {
        if self.store.is_group(record) {
            let table = self.group(record).ok()?;
            return u32::try_from(table.rows.len()).ok();
        }
        self.store.data.rows(record)
    }

    /// The rows of a group.
    pub(crate) fn group(&self, record: RecordId) -> Result<Arc<crate::evaluate::group::GroupTable>, u8> {
        let grouping = self.store.group_or(record, || self.grouping(record));
        match grouping {
            Some(Ok(table)) => {
                self.evaluator.knows_group(record, Ok(Arc::clone(table)));
                Ok(Arc::clone(table))
            }
            Some(Err(found)) => Err(code_of(found)),
            None => Err(ERROR),
        }
    }

    /// Groups of lanes by law, where the law is a day of the record; and the lanes of which it is not known.
    pub(crate) fn laws(&self, env: &Env<'_>, law_on: Option<ExprId>) -> ByLaw {
        let mut laws: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
        let mut rest = Vec::new();
        let Some(law_on) = law_on else {
            laws.insert(self.store.as_of, (0..u32::try_from(env.len).unwrap_or(u32::MAX)).collect());
            return (laws, rest);
        };
        let days = self.eval(env, law_on);
        for (lane, state) in (0_u32..).zip(&days.state) {
            let day = match (&days.data, state) {
                (Data::Date(days), &KNOWN) => days.get(lane as usize).copied().and_then(law_of),
                _ => None,
            };
            match (day, *state) {
                (Some(day), _) => laws.entry(day).or_default().push(lane),
                (None, KNOWN | NO) => rest.push((lane, ERROR)),
                (None, MISSING) => rest.push((lane, UNKNOWN)),
                (None, state) => rest.push((lane, state)),
            }
        }
        (laws, rest)
    }
}

static EMPTY: crate::plan::Code = crate::plan::Code { exprs: Vec::new() };

/// Whether an operation takes little more than to read its operands.
pub(crate) const fn is_plain(op: &Op) -> bool {
    matches!(
        op,
        Op::Row(_)
            | Op::Field { .. }
            | Op::Literal(_)
            | Op::Argument(_)
            | Op::Parameter { .. }
            | Op::Compare(..)
            | Op::Between(..)
            | Op::InList(..)
            | Op::And(..)
            | Op::Or(..)
            | Op::Not(_)
            | Op::If(..)
            | Op::Arithmetic(..)
            | Op::Rounded(..)
            | Op::Presumed(..)
            | Op::IsKnown(_)
            | Op::IsMissing(_)
            | Op::IsNone(_)
    )
}

/// Whether an expression about the rows of a slot reads other rows that are bound outside of it, or arguments.
pub(crate) fn reads_others(code: &Code, slot: u16, id: ExprId) -> bool {
    let (mut read, mut bound) = (Vec::new(), vec![slot]);
    let varies = any_operation(code, id, |op| {
        match op {
            Op::Row(slot) => read.push(*slot),
            Op::Aggregate { rows, .. }
            | Op::Pick { rows, .. }
            | Op::Quantity(_, _, rows)
            | Op::Apportion { rows, .. } => slots_of(rows, &mut bound),
            Op::Population(population) => slots_of(&population.rows, &mut bound),
            _ => {}
        }
        matches!(op, Op::Argument(_) | Op::TestRow(_))
    });
    varies || read.iter().any(|slot| !bound.contains(slot))
}

/// Whether an expression reads nothing of the rows that its lanes are bound to.
fn is_constant(code: &Code, id: ExprId) -> bool {
    let (mut read, mut bound) = (Vec::new(), Vec::new());
    let varies = any_operation(code, id, |op| {
        match op {
            Op::Row(slot) => read.push(*slot),
            Op::Aggregate { rows, .. } | Op::Pick { rows, .. } | Op::Quantity(_, _, rows) => {
                slots_of(rows, &mut bound);
            }
            Op::Population(population) => slots_of(&population.rows, &mut bound),
            _ => {}
        }
        matches!(op, Op::Argument(_) | Op::TestRow(_) | Op::Apportion { .. })
    });
    !varies && read.iter().all(|slot| bound.contains(slot))
}

/// The slots that rows are bound to. Those of enclosing rows have smaller numbers, so none is bound twice.
pub(crate) fn slots_of(rows: &Rows, bound: &mut Vec<u16>) {
    bound.push(rows.slot);
    if let RowSource::Flatten { outer, .. } = &rows.source {
        slots_of(outer, bound);
    }
}
