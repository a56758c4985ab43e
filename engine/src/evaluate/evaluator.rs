//! The evaluator: what it reads, what it remembers, and the questions it answers.

use std::cell::{Cell as Counter, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use regex::Regex;
use rustc_hash::FxHashMap;

use super::amount::{Account, Entry, Setting};
use super::decision::Hearing;
use super::found::Found;
use super::group::{GroupTable, Grouping};
use super::outcome::{DecisionResult, RequirementResult};
use super::population::Question;
use super::requirement::Inquiry;
use crate::data::Records;
use crate::plan::{
    AmountId, Code, DecisionId, DefineId, ExprId, InputId, Instance, ParameterId, Plan, Privacy, RecordKind,
    Symbols,
};
use crate::value::{Date, RecordId, Reference, State, Value};

/// What a run fixes beside the plan and the records.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values for the whole run.
    pub inputs: BTreeMap<InputId, State>,
    /// Facts that a test fixes.
    pub givens: Givens,
    /// The waivers that count.
    pub waivers: Arc<super::waiver::Waivers>,
    /// Whether private values are shown in texts and explanations.
    pub privacy: Privacy,
}

/// Facts that are fixed, whatever the plan and the records say.
#[derive(Clone, Debug, Default)]
pub struct Givens {
    /// Derived facts without parameters, of a row or of none.
    pub defines: BTreeMap<(DefineId, Option<u32>), State>,
    /// Fields of rows, by record, row and position.
    pub fields: BTreeMap<(RecordId, u32, u32), State>,
    /// Parameters, by key; the empty key stands for all of them.
    pub parameters: BTreeMap<(ParameterId, Vec<i64>), State>,
}

/// Where an expression outside every declaration is evaluated, such as those of a test.
#[derive(Clone, Copy, Debug)]
pub struct Env<'e> {
    /// The code that the expression is of.
    pub code: &'e Code,
    /// The rows that the test declares.
    pub rows: &'e [Value],
    /// The value of `index`.
    pub index: Option<i64>,
}

/// Evaluates a plan on records, one record at a time.
///
/// It remembers what it found, so a derived fact costs once however often it is read. It belongs to one thread; make one
/// for each.
pub struct Evaluator<'a> {
    pub(super) plan: &'a Plan,
    pub(super) data: &'a dyn Records,
    pub(super) as_of: Date,
    pub(super) options: Options,
    pub(super) memory: Memory,
    depth: Counter<u32>,
}

/// A row as something to remember by: rows by position, keys that no row has by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    record: RecordId,
    row: Option<u32>,
    key: Option<Arc<[Value]>>,
}

impl From<&Reference> for Subject {
    fn from(reference: &Reference) -> Self {
        let key = if reference.row.is_none() { Some(Arc::clone(&reference.key)) } else { None };
        Self { record: reference.record, row: reference.row, key }
    }
}

impl PartialEq<Reference> for Subject {
    fn eq(&self, other: &Reference) -> bool {
        self.record == other.record
            && self.row == other.row
            && (other.row.is_some() || self.key.as_ref() == Some(&other.key))
    }
}

/// A derived fact as something to remember by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    pub(super) define: DefineId,
    pub(super) of: Option<Subject>,
    pub(super) arguments: Vec<Found>,
    pub(super) law: Date,
}

/// What is being worked out, or was; reading something that is being worked out is a circle.
pub(super) struct Remembered<K, V>(RefCell<FxHashMap<K, Option<V>>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

/// So many entries are kept at most.
const REMEMBERED: usize = 1 << 20;

impl<K: Eq + Hash + Clone, V: Clone> Remembered<K, V> {
    /// The value, worked out once; `None` in a circle. What comes of work that had to be `postponed` is not kept.
    pub(super) fn once(&self, key: K, postponed: &Postponed, work_out: impl FnOnce() -> V) -> Option<V> {
        if let Some(known) = self.0.borrow().get(&key) {
            return known.clone();
        }
        self.0.borrow_mut().insert(key.clone(), None);
        let value = work_out();
        if postponed.borrow().is_some() {
            self.0.borrow_mut().remove(&key);
        } else if let Some(open) = self.0.borrow_mut().get_mut(&key) {
            *open = Some(value.clone());
        }
        Some(value)
    }

    /// Whether it is worked out, or in the middle of it.
    fn has(&self, key: &K) -> bool {
        self.0.borrow().contains_key(key)
    }

    pub(super) fn keep(&self, key: K, value: V) {
        self.0.borrow_mut().insert(key, Some(value));
    }

    fn forget_if_full(&self) {
        if self.0.borrow().len() > REMEMBERED {
            self.0.borrow_mut().clear();
        }
    }
}

/// Something to work out first, from a fresh stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Call(Call),
    Hearing(DecisionId, Subject),
    Inquiry(Instance, Subject),
    Amount(AmountKey),
    Group(RecordId),
}

/// An amount, or a line of it, for a row.
pub(super) type AmountKey = (AmountId, Option<u32>, Subject);

/// Set while the work at hand is given up, because something deep below has to be worked out first.
pub(super) type Postponed = RefCell<Option<Task>>;

/// How many rows have each key.
pub(super) type RowsByKey = HashMap<Vec<Value>, u32>;

/// What was found before.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) postponed: Postponed,
    pub(super) calls: Remembered<Call, Found>,
    pub(super) hearings: Remembered<(DecisionId, Subject), Arc<Hearing>>,
    pub(super) inquiries: Remembered<(Instance, Subject), Arc<Inquiry>>,
    pub(super) worths: Remembered<AmountKey, Found>,
    pub(super) settings: Remembered<(AmountId, Subject), Arc<Setting>>,
    pub(super) entries: Remembered<(AmountId, usize, Subject), Arc<Entry>>,
    pub(super) accounts: Remembered<(AmountId, Subject), Arc<Account>>,
    pub(super) groupings: Remembered<RecordId, Arc<Grouping>>,
    pub(super) shared_keys: Remembered<(Instance, usize), Arc<RowsByKey>>,
    pub(super) columns: Remembered<(RecordId, u32), Arc<super::rows::Column>>,
    pub(super) populations: Remembered<Question, Arc<super::population::Partitions>>,
    pub(super) patterns: Remembered<Arc<str>, Option<Regex>>,
    pub(super) names: RefCell<FxHashMap<(RecordId, u32), Reference>>,
    pub(super) wording: super::wording::Wording,
    pub(super) selections: super::selection::Selections,
    /// Room for the steps of an explanation while it is made.
    pub(super) told: Counter<Vec<super::outcome::Step>>,
}

/// A definition, decision or requirement that is asked for below this depth is worked out first, from a fresh stack.
const DEEP: u32 = 80;
/// Expressions nested deeper than this are not followed: the stack is finite.
const DEEPEST: u32 = 400;

impl<'a> Evaluator<'a> {
    /// An evaluator of these records under the law of that day.
    #[must_use]
    pub fn new(plan: &'a Plan, data: &'a dyn Records, as_of: Date, options: Options) -> Self {
        Self { plan, data, as_of, options, memory: Memory::default(), depth: Counter::new(0) }
    }

    /// The day of the run.
    #[must_use]
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// How many rows a record has, or a group; `None` when no data was supplied for it.
    #[must_use]
    pub fn rows_of(&self, record: RecordId) -> Option<u32> {
        match self.symbols().record(record)?.kind {
            RecordKind::Record => self.data.rows(record),
            RecordKind::Group { .. } => self
                .settle(|| self.group_table(record))
                .ok()
                .map(|table| u32::try_from(table.rows.len()).unwrap_or(u32::MAX)),
        }
    }

    /// The rows that belong to no row of the group, because a part of their key is not known.
    #[must_use]
    pub fn ungrouped(&self, group: RecordId) -> Vec<Value> {
        self.settle(|| self.group_table(group)).map(|table| table.nobody.clone()).unwrap_or_default()
    }

    /// What a decision gives for a row.
    #[must_use]
    pub fn decision(&self, decision: DecisionId, row: u32) -> DecisionResult {
        self.make_room();
        let Some(symbol) = self.symbols().decision(decision) else {
            return Hearing::broken("an unknown decision").result;
        };
        let subject = self.settle(|| self.reference(symbol.of, row));
        let mut result = self.settle(|| self.hearing(decision, &subject)).result.clone();
        result.because = self.settle(|| self.decision_because(decision, &subject, &result));
        result
    }

    /// What a requirement gives for a row; of one `for each` value of a category, what the instance gives.
    #[must_use]
    pub fn requirement(&self, requirement: impl Into<Instance>, row: u32) -> RequirementResult {
        self.make_room();
        let requirement = requirement.into();
        let Some(symbol) = self.symbols().requirement(requirement.requirement) else {
            return Inquiry::broken("an unknown requirement").result;
        };
        let subject = self.settle(|| self.reference(symbol.of, row));
        let mut result = self.settle(|| self.inquiry(requirement, &subject)).result.clone();
        result.because = self.settle(|| self.requirement_because(requirement, &subject, &result));
        result
    }

    /// What a derived fact is for a row, or for none, under the law of the day of the run.
    #[must_use]
    pub fn define(&self, define: DefineId, row: Option<u32>, arguments: Vec<State>) -> State {
        self.make_room();
        let Some(symbol) = self.symbols().define(define) else {
            return Found::broken("an unknown definition").state;
        };
        let subject = symbol.of.zip(row).map(|(record, row)| self.settle(|| self.reference(record, row)));
        let arguments: Vec<Found> = arguments.into_iter().map(Found::from).collect();
        self.settle(|| self.call(define, subject.as_ref(), arguments.clone(), self.as_of)).state
    }

    /// What an expression is outside every declaration, under the law of the day of the run.
    #[must_use]
    pub fn expr(&self, env: &Env<'_>, expr: ExprId) -> State {
        self.make_room();
        let index = env.index.map(|index| Found::known(Value::Number(crate::value::Number::from_int(index))));
        let arguments: Vec<Found> = index.into_iter().collect();
        let mut frame = Frame::new(env.code, &arguments, self.as_of);
        frame.tests = env.rows;
        self.settle(|| self.eval(&mut frame, expr)).state
    }

    /// What an expression about a row is, that stands in no declaration, under the law of the day of the run.
    #[must_use]
    pub fn about(&self, code: &Code, record: RecordId, row: u32, expr: ExprId) -> State {
        self.make_room();
        let subject = self.settle(|| self.reference(record, row));
        self.settle(|| self.eval(&mut Frame::of(code, &subject, self.as_of), expr)).state
    }

    /// The value by which a row is named.
    #[must_use]
    pub fn row(&self, record: RecordId, row: u32) -> Value {
        Value::Reference(self.settle(|| self.reference(record, row)))
    }

    pub(super) fn symbols(&self) -> &'a Symbols {
        &self.plan.symbols
    }

    pub(crate) fn group_table(&self, group: RecordId) -> Result<Arc<GroupTable>, Found> {
        if self.postpones(|| Task::Group(group)) {
            return Err(super::expr::postponed());
        }
        match self
            .memory
            .groupings
            .once(group, &self.memory.postponed, || Arc::new(self.grouping(group)))
            .as_deref()
        {
            Some(Ok(table)) => Ok(Arc::clone(table)),
            Some(Err(found)) => Err(found.clone()),
            None => Err(Found::broken("a group that depends on itself")),
        }
    }

    /// Keeps what is remembered within bounds, between questions.
    pub(crate) fn make_room(&self) {
        self.memory.calls.forget_if_full();
        self.memory.hearings.forget_if_full();
        self.memory.inquiries.forget_if_full();
        self.memory.worths.forget_if_full();
        self.memory.settings.forget_if_full();
        self.memory.entries.forget_if_full();
        self.memory.accounts.forget_if_full();
        if self.memory.names.borrow().len() > REMEMBERED {
            self.memory.names.borrow_mut().clear();
        }
    }

    /// Asks until nothing has to be worked out first. Only for questions from outside, where the stack is fresh.
    pub(crate) fn settle<T>(&self, mut question: impl FnMut() -> T) -> T {
        loop {
            let answer = question();
            let Some(task) = self.memory.postponed.take() else { return answer };
            let mut tasks = vec![task];
            while let Some(task) = tasks.last() {
                self.perform(task);
                match self.memory.postponed.take() {
                    None => drop(tasks.pop()),
                    Some(circular) if tasks.contains(&circular) => self.give_up(circular),
                    Some(first) => tasks.push(first),
                }
            }
        }
    }

    fn perform(&self, task: &Task) {
        match task {
            Task::Call(call) => {
                let of = call.of.as_ref().map(|of| self.named(of));
                self.call(call.define, of.as_ref(), call.arguments.clone(), call.law);
            }
            Task::Hearing(decision, subject) => drop(self.hearing(*decision, &self.named(subject))),
            Task::Inquiry(requirement, subject) => drop(self.inquiry(*requirement, &self.named(subject))),
            Task::Amount((amount, line, subject)) => {
                drop(self.amount_of(*amount, *line, &self.named(subject)));
            }
            Task::Group(group) => drop(self.group_table(*group)),
        }
    }

    fn named(&self, subject: &Subject) -> Reference {
        match subject.row {
            Some(row) => self.reference(subject.record, row),
            None => {
                let key = subject.key.clone().unwrap_or_default();
                Reference { record: subject.record, row: None, key }
            }
        }
    }

    /// What waits for itself is an error.
    fn give_up(&self, task: Task) {
        match task {
            Task::Call(call) => {
                self.memory.calls.keep(call, Found::broken("a definition that depends on itself"))
            }
            Task::Hearing(decision, subject) => {
                let broken = Hearing::broken("a decision that depends on itself");
                self.memory.hearings.keep((decision, subject), Arc::new(broken));
            }
            Task::Inquiry(requirement, subject) => {
                let broken = Inquiry::broken("a requirement that depends on itself");
                self.memory.inquiries.keep((requirement, subject), Arc::new(broken));
            }
            Task::Amount(key) => {
                self.memory.worths.keep(key, Found::broken("an amount that depends on itself"));
            }
            Task::Group(group) => {
                let broken = Found::broken("a group that depends on itself");
                self.memory.groupings.keep(group, Arc::new(Err(broken)));
            }
        }
    }

    /// Whether the work at hand is given up for now.
    pub(super) fn gives_up(&self) -> bool {
        self.memory.postponed.borrow().is_some()
    }

    /// Whether something has to be worked out from a fresh stack, before what asks for it.
    pub(super) fn postpones(&self, task: impl FnOnce() -> Task) -> bool {
        if self.gives_up() {
            return true;
        }
        if self.depth.get() < DEEP {
            return false;
        }
        let task = task();
        let known = match &task {
            Task::Call(call) => self.memory.calls.has(call),
            Task::Hearing(decision, subject) => self.memory.hearings.has(&(*decision, subject.clone())),
            Task::Inquiry(requirement, subject) => {
                self.memory.inquiries.has(&(*requirement, subject.clone()))
            }
            Task::Amount(key) => self.memory.worths.has(key),
            Task::Group(group) => self.memory.groupings.has(group),
        };
        if !known {
            self.memory.postponed.replace(Some(task));
        }
        !known
    }

    /// One level down; false where that is too deep. Every success is followed by [`Evaluator::leave`].
    pub(super) fn enter(&self) -> bool {
        let fits = self.depth.get() < DEEPEST;
        if fits {
            self.depth.set(self.depth.get() + 1);
        }
        fits
    }

    /// Whether one can go down one level.
    pub(super) fn has_room(&self) -> bool {
        self.depth.get() < DEEPEST
    }

    /// Whether one can go down so many levels, and a few more.
    pub(super) fn has_room_for(&self, levels: u32) -> bool {
        self.depth.get() + levels + 4 < DEEPEST
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }
}

/// So many slots a frame has at hand.
const FIRST: usize = 2;

/// The rows, arguments and law under which a code is evaluated.
pub(crate) struct Frame<'c> {
    pub(crate) code: &'c Code,
    /// The first slots. Most frames bind no more, and are made without an allocation.
    first: [Option<Value>; FIRST],
    others: Vec<Option<Value>>,
    pub(crate) arguments: &'c [Found],
    pub(super) law: Date,
    pub(super) tests: &'c [Value],
}

impl<'c> Frame<'c> {
    pub(crate) const fn new(code: &'c Code, arguments: &'c [Found], law: Date) -> Self {
        Self { code, first: [const { None }; FIRST], others: Vec::new(), arguments, law, tests: &[] }
    }

    /// A frame whose slot 0 is that row.
    pub(super) fn of(code: &'c Code, subject: &Reference, law: Date) -> Self {
        let mut frame = Self::new(code, &[], law);
        frame.bind(0, Some(Value::Reference(subject.clone())));
        frame
    }

    /// Binds a slot, and gives what it was bound to.
    pub(crate) fn bind(&mut self, slot: u16, value: Option<Value>) -> Option<Value> {
        let slot = usize::from(slot);
        let bound = match slot.checked_sub(FIRST) {
            None => self.first.get_mut(slot),
            Some(other) => {
                if self.others.len() <= other {
                    self.others.resize_with(other + 1, || None);
                }
                self.others.get_mut(other)
            }
        };
        bound.and_then(|bound| std::mem::replace(bound, value))
    }

    pub(super) fn slot(&self, slot: u16) -> Option<&Value> {
        let slot = usize::from(slot);
        match slot.checked_sub(FIRST) {
            None => self.first.get(slot)?.as_ref(),
            Some(other) => self.others.get(other)?.as_ref(),
        }
    }

    /// The row in slot 0, where nothing else is bound that an expression could read: with the law it says what they all are.
    pub(super) fn alone(&self) -> Option<&Reference> {
        let [own, first @ ..] = &self.first;
        let bound = |slot: &Option<Value>| slot.is_some();
        if !self.arguments.is_empty()
            || !self.tests.is_empty()
            || first.iter().any(bound)
            || self.others.iter().any(bound)
        {
            return None;
        }
        match own {
            Some(Value::Reference(reference)) => Some(reference),
            _ => None,
        }
    }
}
