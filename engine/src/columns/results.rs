//! What a program asks of the columns: results for ranges of rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use super::lanes::Lanes;
use super::resident::ColumnRecords;
use super::source::Columnar;
use super::store::{Store, Whole};
use super::tally::Wishes;
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, NO_CODE, NOT_APPLICABLE, Vector};
use super::worker::Worker;
use crate::data::{Dataset, Records};
use crate::evaluate::{AmountResult, DecisionResult, LineResult, Options, RequirementResult, Worth};
use crate::plan::{AmountId, DecisionId, DefineId, Instance, Plan, ResultId};
use crate::value::{Date, Need, RecordId, State, Value};

/// The records of a run, as they are held.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// Row by row.
    Rows(&'a Dataset),
    /// As columns.
    Columns(&'a ColumnRecords),
}

impl<'a> From<&'a Dataset> for Source<'a> {
    fn from(dataset: &'a Dataset) -> Self {
        Self::Rows(dataset)
    }
}

impl<'a> From<&'a ColumnRecords> for Source<'a> {
    fn from(columns: &'a ColumnRecords) -> Self {
        Self::Columns(columns)
    }
}

/// The columns of the records of a run. Threads share it; each makes its own [`Batches`].
pub struct Columns<'a> {
    store: Store<'a>,
    threads: usize,
}

impl<'a> Columns<'a> {
    /// The columns of these records under the law of that day. Facts that a test fixes (`givens`) are not seen here; ask
    /// the evaluator about tests.
    #[must_use]
    pub fn new(plan: &'a Plan, records: impl Into<Source<'a>>, as_of: Date, options: &'a Options) -> Self {
        let data: &dyn Columnar = match records.into() {
            Source::Rows(dataset) => dataset,
            Source::Columns(columns) => columns,
        };
        Self { store: Store::new(plan, data, as_of, options), threads: 1 }
    }

    /// What one thread evaluates with.
    #[must_use]
    pub fn batches(&self) -> Batches<'_> {
        Batches { worker: Worker::new(&self.store, self.threads) }
    }

    /// Works out what needs all rows of a record (populations, groups, what many rows read of another) on so many threads.
    #[must_use]
    pub fn on_threads(mut self, threads: usize) -> Self {
        self.store.threads = threads.max(1);
        Self { threads, ..self }
    }

    /// Says that these results and derived facts will be asked for of all rows: aggregates that they are made of are then
    /// worked out for all rows at once, when the first of them is asked for.
    #[must_use]
    pub fn for_all(mut self, results: &[ResultId], facts: &[DefineId]) -> Self {
        let plan = self.store.plan;
        self.store.wishes = Wishes::of(plan, &super::wanted::codes(plan, results, facts));
        self
    }

    /// For which reasons, and for how many lanes, the explaining evaluator was asked while all rows of a record were worked
    /// out; the rest is in [`Batches::replayed`].
    #[must_use]
    pub fn replayed(&self) -> BTreeMap<&'static str, u64> {
        self.store.replayed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Evaluates batches of rows. It belongs to one thread.
pub struct Batches<'s> {
    worker: Worker<'s>,
}

impl Batches<'_> {
    /// How many rows a record has, or a group; `None` when no data was supplied for it.
    #[must_use]
    pub fn rows_of(&self, record: RecordId) -> Option<u32> {
        self.worker.rows_of(record)
    }

    /// The value by which a row is named.
    #[must_use]
    pub fn row(&self, record: RecordId, row: u32) -> Value {
        Value::Reference(self.worker.store.reference(record, row))
    }

    /// The key of a row, where it is one text and that is at hand.
    #[must_use]
    pub fn text_key(&self, record: RecordId, row: u32) -> Option<&str> {
        self.worker.store.data.text_key(record, row)
    }

    /// A range of rows of a record. What its results have in common is worked out once, so ask one batch for all of them;
    /// a thousand rows are a good size, and 1024 that begin at a multiple of it the best.
    #[must_use]
    pub fn batch(&self, record: RecordId, rows: Range<u32>) -> Batch<'_> {
        Batch { worker: &self.worker, lanes: Lanes::batch(record, rows) }
    }

    /// For which reasons, and for how many lanes, the explaining evaluator was asked.
    #[must_use]
    pub fn replayed(&self) -> BTreeMap<&'static str, u64> {
        self.worker.replayed.borrow().clone()
    }
}

/// A range of rows and what is known of them.
pub struct Batch<'w> {
    worker: &'w Worker<'w>,
    lanes: Rc<Lanes>,
}

/// Results of a batch: each distinct one once, and for each row which it is.
#[derive(Clone, Debug)]
pub struct Outcomes<R> {
    /// Results, in no particular order.
    pub distinct: Vec<R>,
    /// For each row of the batch, its position in `distinct`.
    pub of: Vec<u32>,
}

impl<R> Outcomes<R> {
    /// The results, row by row.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.of.iter().filter_map(|at| self.distinct.get(*at as usize))
    }
}

impl<'w> Batch<'w> {
    pub(super) fn plan(&self) -> &'w Plan {
        self.worker.store.plan
    }

    pub(super) fn records(&self) -> &'w dyn Records {
        self.worker.store.data
    }

    pub(super) fn record(&self) -> Option<RecordId> {
        self.lanes.record
    }

    /// The row at that place of the batch.
    pub(super) fn row(&self, at: usize) -> Option<u32> {
        self.lanes.rows.get(at).copied()
    }
}

impl Batch<'_> {
    /// What a decision gives for each row. Texts of `because` are left out.
    #[must_use]
    pub fn decision(&self, decision: DecisionId) -> Outcomes<DecisionResult> {
        let ruled = self.worker.decisions(&self.lanes, decision);
        let mut distinct = ruled.distinct;
        for result in &mut distinct {
            result.because.clear();
            result.needs = self.worker.store.in_order(&result.needs);
        }
        Outcomes { distinct, of: ruled.of }
    }

    /// What a requirement gives for each row; of one `for each` value of a category, what the instance gives. Texts of
    /// `because` are left out.
    #[must_use]
    pub fn requirement(&self, instance: impl Into<Instance>) -> Outcomes<RequirementResult> {
        let judged = self.worker.requirements(&self.lanes, instance.into());
        let mut distinct = judged.distinct;
        for result in &mut distinct {
            result.because = None;
            result.needs = self.worker.store.in_order(&result.needs);
        }
        Outcomes { distinct, of: judged.of }
    }

    /// What an amount gives for each row.
    #[must_use]
    pub fn amount(&self, amount: AmountId) -> Amounts<'_> {
        let lines = self.worker.store.symbols().amount(amount).map_or(&[][..], |symbol| &symbol.lines);
        let setting = self.worker.setting(&self.lanes, amount);
        let facts = |line: Option<u32>| {
            let (vector, outside) = self.worker.worth_within(&self.lanes, &setting, amount, line);
            Facts { worker: self.worker, vector: Arc::new(vector), outside }
        };
        let total = facts(None);
        let of_lines = (0_u32..).zip(lines).map(|(line, label)| (label.clone(), facts(Some(line)))).collect();
        Amounts { amount, rows: Rc::clone(&self.lanes), total, lines: of_lines }
    }

    /// What a derived fact without parameters is for each row.
    #[must_use]
    pub fn define(&self, define: DefineId) -> Facts<'_> {
        let law = self.worker.store.as_of;
        let vector = self.worker.here(&self.lanes, Whole::Define(define, law));
        Facts { worker: self.worker, vector, outside: Vec::new() }
    }
}

/// A column of states.
pub struct Facts<'w> {
    worker: &'w Worker<'w>,
    vector: Arc<Vector>,
    /// Lanes to which an amount does not apply, in order.
    outside: Vec<u32>,
}

impl Facts<'_> {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vector.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vector.len() == 0
    }

    fn is_outside(&self, row: usize) -> bool {
        u32::try_from(row).is_ok_and(|row| self.outside.binary_search(&row).is_ok())
    }

    /// The state of a row of the batch; which facts an unknown needs, and why an error is one, is left out.
    #[must_use]
    pub fn state(&self, row: usize) -> State {
        if self.is_outside(row) {
            return State::Known(Value::NotApplicable);
        }
        match self.vector.value(row, self.worker.store) {
            Some(Value::Reference(reference)) => {
                State::Known(Value::Reference(self.worker.store.as_in_file(reference)))
            }
            Some(value) => State::Known(value),
            None => match self.vector.state.get(row) {
                Some(&MISSING) => State::Missing,
                Some(&super::vector::UNKNOWN) => State::Unknown(Arc::default()),
                _ => State::Error(Arc::default()),
            },
        }
    }

    /// Each state that a column of flags or categories can have, and for each row which it has; `None` for other columns. What
    /// is left out of [`Facts::state`] is left out here.
    #[must_use]
    pub fn distinct(&self) -> Option<(Vec<State>, Vec<u32>)> {
        if !self.outside.is_empty() {
            return None;
        }
        let open = |code: u8| match code {
            MISSING => State::Missing,
            super::vector::UNKNOWN => State::Unknown(Arc::default()),
            _ => State::Error(Arc::default()),
        };
        let codes: Vec<State> = (0..=MISSING).map(open).collect();
        let state = &self.vector.state;
        match &self.vector.data {
            Data::Void => Some((codes, state.iter().map(|state| u32::from(*state)).collect())),
            Data::Flag => {
                let states = (0..=MISSING).map(|code| match code {
                    NO => State::Known(Value::Flag(false)),
                    KNOWN => State::Known(Value::Flag(true)),
                    code => open(code),
                });
                Some((states.collect(), state.iter().map(|state| u32::from(*state)).collect()))
            }
            Data::Code(values) => {
                let most =
                    values.iter().filter(|code| **code < NOT_APPLICABLE).max().map_or(0, |most| most + 1);
                let mut states = codes;
                let first = u32::try_from(states.len()).ok()?;
                states.extend((0..most).map(|code| State::Known(Value::Category(code))));
                states.extend([State::Known(Value::NotApplicable), State::Known(Value::None)]);
                let of = state.iter().zip(values).map(|(state, code)| match (*state, *code) {
                    (KNOWN | NO, NO_CODE) => first + most + 1,
                    (KNOWN | NO, NOT_APPLICABLE) => first + most,
                    (KNOWN | NO, code) => first + code,
                    (state, _) => u32::from(state),
                });
                Some((states, of.collect()))
            }
            _ => None,
        }
    }

    /// The column as whole numbers, where it holds such; what stands for an unknown or error is that of [`Facts::state`].
    #[must_use]
    pub fn numbers(&self) -> Option<Numbers<'_>> {
        let Data::Num(values, scale) = &self.vector.data else { return None };
        let open = [State::Error(Arc::default()), State::Unknown(Arc::default()), State::Missing];
        let states = open.into_iter().chain([State::Known(Value::NotApplicable)]).collect();
        // Known, not known, missing; with nothing to branch on, so that many are done together.
        let place = |state: &u8| {
            let is_known = u8::from(*state == KNOWN) | u8::from(*state == NO);
            let is_missing = u8::from(*state == MISSING) << 1;
            is_known.wrapping_neg() | u8::from(*state == super::vector::UNKNOWN) | is_missing
        };
        let mut of: Vec<u8> = self.vector.state.iter().map(place).collect();
        for row in &self.outside {
            if let Some(place) = of.get_mut(*row as usize) {
                *place = 3;
            }
        }
        Some(Numbers { values, scale: *scale, states, of })
    }

    /// Whether some row has no value.
    #[must_use]
    pub fn is_open_somewhere(&self) -> bool {
        !self.vector.all_known() && (0..self.len()).any(|row| self.is_open(row))
    }

    /// Whether the row has no value.
    #[must_use]
    pub fn is_open(&self, row: usize) -> bool {
        !self.is_outside(row) && !self.vector.is_known(row)
    }

    /// The known number of a row as a whole number of tenths, hundredths and so on, and how many places that are; `None`
    /// where the column holds no such numbers or the row has none.
    #[must_use]
    pub fn scaled(&self, row: usize) -> Option<(i64, u8)> {
        match (&self.vector.data, self.vector.state.get(row)) {
            (Data::Num(values, scale), Some(&(KNOWN | NO))) if !self.is_outside(row) => {
                values.get(row).map(|value| (*value, *scale))
            }
            _ => None,
        }
    }
}

/// A column of whole numbers, of tenths, of hundredths and so on.
#[derive(Clone, Debug)]
pub struct Numbers<'f> {
    /// By row: the number times `10^scale`; anything where the row has none.
    pub values: &'f [i64],
    /// How many places that are.
    pub scale: u8,
    /// The states that rows without a number can have.
    pub states: Vec<State>,
    /// By row: its position in `states`, or [`Self::THERE`].
    pub of: Vec<u8>,
}

impl Numbers<'_> {
    /// The row has a number.
    pub const THERE: u8 = u8::MAX;
}

/// An amount of a batch.
pub struct Amounts<'w> {
    amount: AmountId,
    rows: Rc<Lanes>,
    /// The sum of the lines.
    pub total: Facts<'w>,
    /// Label and worth of each line of the symbol, in its order.
    pub lines: Vec<(String, Facts<'w>)>,
}

impl Amounts<'_> {
    /// The facts that the total of a row needs, where it is undetermined.
    #[must_use]
    pub fn needs(&self, row: usize) -> Arc<[Need]> {
        if !self.total.is_open(row) || self.total.vector.state.get(row) == Some(&ERROR) {
            return Arc::default();
        }
        let needs = self.replayed(row).map_or_else(Arc::default, |result| result.total.needs());
        self.total.worker.store.in_order(&needs)
    }

    fn replayed(&self, row: usize) -> Option<AmountResult> {
        let worker = self.total.worker;
        worker.count_replay("what an undetermined result needs");
        Some(worker.evaluator.amount(self.amount, *self.rows.rows.get(row)?))
    }

    /// What the amount gives for a row, with what an undetermined one needs. Texts of `because` are left out.
    #[must_use]
    pub fn result(&self, row: usize) -> AmountResult {
        let parts = std::iter::once(&self.total).chain(self.lines.iter().map(|(_, facts)| facts));
        let open = parts.map(|facts| facts.state(row)).any(|state| !matches!(state, State::Known(_)));
        if open && let Some(result) = self.replayed(row) {
            return AmountResult { because: Vec::new(), ..result };
        }
        let worth = |facts: &Facts<'_>| match facts.state(row) {
            State::Known(Value::Number(number)) => Worth::Known(number),
            State::Known(Value::NotApplicable) => Worth::NotApplicable,
            State::Missing | State::Unknown(_) => Worth::Undetermined(Arc::default()),
            State::Known(_) | State::Error(_) => Worth::Error(Arc::default()),
        };
        let lines =
            self.lines.iter().map(|(label, facts)| LineResult { label: label.clone(), worth: worth(facts) });
        AmountResult { total: worth(&self.total), lines: lines.collect(), because: Vec::new() }
    }
}
