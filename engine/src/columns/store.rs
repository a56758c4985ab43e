//! The columns of the records, each made once, when it is first read; shared by all threads.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::source::Columnar;
use super::stored::Stored;
use super::tally::{Tallies, Wishes};
use super::vector::{Data, ERROR, KNOWN, NO, NO_CODE, NOT_APPLICABLE, UNKNOWN, Vector};
use super::worker::Asked;
use crate::data::Cell;
use crate::evaluate::Options;
use crate::evaluate::group::{GroupTable, Grouping};
use crate::plan::{DecisionId, DefineId, Fact, FieldKind, Instance, Plan, RecordKind, Symbols};
use crate::value::{Base, Date, Need, RecordId, Reference, Value};

/// Lanes from here on stand for keys that no row has.
pub(crate) const FIRST_KEY: u32 = 1 << 31;
/// The last lane that stands for a key.
pub(crate) const LAST_KEY: u32 = NOT_APPLICABLE - 1;

/// A column that other records read, worked out for every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whole {
    /// A derived fact under a law.
    Define(DefineId, Date),
    /// A decision as a value.
    Decision(DecisionId),
    /// Whether a requirement is met.
    Met(Instance),
    /// An amount, or a line of it.
    Amount(crate::plan::AmountId, Option<u32>),
}

impl Whole {
    /// What is worked out.
    pub(crate) const fn fact(self) -> Fact {
        match self {
            Self::Define(define, _) => Fact::Define(define),
            Self::Decision(decision) => Fact::Decision(decision),
            Self::Met(instance) => Fact::Requirement(instance.requirement),
            Self::Amount(amount, _) => Fact::Amount(amount),
        }
    }
}

/// What stands in the columns of a run.
pub(crate) struct Store<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) data: &'a dyn Columnar,
    pub(crate) as_of: Date,
    pub(crate) options: &'a Options,
    fields: Vec<Vec<OnceLock<Arc<Stored>>>>,
    keyless: Vec<OnceLock<Option<Vec<bool>>>>,
    groups: Vec<OnceLock<Grouping>>,
    keys: RwLock<Keys>,
    pub(crate) wholes: Shared<Whole, Arc<Vector>>,
    /// By batch: what is found while all rows are worked out, and asked for again with the results.
    pub(crate) saved: Mutex<HashMap<(RecordId, u32, Whole), Arc<Stored>>>,
    /// What the helpers asked of the evaluator.
    pub(crate) replayed: Mutex<BTreeMap<&'static str, u64>>,
    /// By code, expression and law: what is the same for every row.
    pub(crate) constants: Shared<Asked, Arc<Vector>>,
    /// How many rows have each key that must be unique.
    pub(crate) shared_keys: Shared<(Instance, usize), Arc<KeyCounts>>,
    pub(crate) populations: Shared<Asked, Arc<super::population::Standings>>,
    /// The aggregates that are worked out for all rows at once, and what they came to.
    pub(crate) wishes: Wishes<'a>,
    pub(crate) tallies: Shared<RecordId, Arc<BTreeMap<u32, Tallies>>>,
    /// How many threads work out what all rows come to.
    pub(crate) threads: usize,
}

/// How many rows have a key.
pub(crate) type KeyCounts = HashMap<Vec<Value>, u32>;

#[derive(Default)]
struct Keys {
    known: Vec<Reference>,
    lanes: HashMap<Reference, u32>,
}

impl Keys {
    fn of(known: &[Reference]) -> Self {
        let lanes = known.iter().cloned().zip(FIRST_KEY..).collect();
        Self { known: known.to_vec(), lanes }
    }
}

/// What is worked out once, by whoever asks first, and kept for all.
pub(crate) struct Shared<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Shared<K, V> {
    pub(crate) fn once(&self, key: K, work_out: impl FnOnce() -> V) -> V {
        let cell = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key).or_default())
        };
        cell.get_or_init(work_out).clone()
    }
}

impl<'a> Store<'a> {
    pub(crate) fn new(plan: &'a Plan, data: &'a dyn Columnar, as_of: Date, options: &'a Options) -> Self {
        let records = &plan.symbols.records;
        Self {
            plan,
            data,
            as_of,
            options,
            fields: records
                .iter()
                .map(|record| record.fields.iter().map(|_| OnceLock::new()).collect())
                .collect(),
            keyless: records.iter().map(|_| OnceLock::new()).collect(),
            groups: records.iter().map(|_| OnceLock::new()).collect(),
            keys: RwLock::new(Keys::of(data.loose_keys())),
            wholes: Shared::default(),
            saved: Mutex::default(),
            replayed: Mutex::default(),
            constants: Shared::default(),
            populations: Shared::default(),
            shared_keys: Shared::default(),
            wishes: Wishes::default(),
            tallies: Shared::default(),
            threads: 1,
        }
    }

    /// A row as people find it: by its key, or by its number in its file.
    pub(crate) fn as_in_file(&self, reference: Reference) -> Reference {
        let row = reference.row.map(|row| self.data.number_in_file(reference.record, row));
        Reference { row, ..reference }
    }

    /// Needs as they come when rows are numbered as in their files.
    pub(crate) fn in_order(&self, needs: &Arc<[Need]>) -> Arc<[Need]> {
        if needs.len() < 2 || !self.data.renumbers() {
            return Arc::clone(needs);
        }
        let number = |need: &Need| need.row.map(|row| self.data.number_in_file(need.record, row));
        let mut sorted: Vec<(Option<u32>, Need)> =
            needs.iter().map(|need| (number(need), need.clone())).collect();
        sorted.sort_by(|(row, need), (other_row, other)| {
            let rest = |need: &Need| (need.field, need.kind.clone());
            (need.record, row).cmp(&(other.record, other_row)).then_with(|| rest(need).cmp(&rest(other)))
        });
        sorted.into_iter().map(|(_, need)| need).collect()
    }

    pub(crate) fn symbols(&self) -> &'a Symbols {
        &self.plan.symbols
    }

    pub(crate) fn is_group(&self, record: RecordId) -> bool {
        self.symbols().record(record).is_some_and(|record| matches!(record.kind, RecordKind::Group { .. }))
    }

    /// What is on file for a field, row by row; that rows share a key is said elsewhere.
    pub(crate) fn field(&self, record: RecordId, field: u32) -> Option<Arc<Stored>> {
        let rows = self.data.rows(record)?;
        let slot = self.fields.get(record.0 as usize)?.get(field as usize)?;
        let read = || {
            let column = self.data.column(record, field, self);
            column.unwrap_or_else(|| Arc::new(Stored::unknown(rows)))
        };
        Some(Arc::clone(slot.get_or_init(read)))
    }

    /// The values of a field of rows, of which some may be keys that no row has.
    pub(crate) fn field_of(&self, record: RecordId, field: u32, lanes: &[u32]) -> Vector {
        let declared = self.symbols().record(record).and_then(|record| record.fields.get(field as usize));
        if self.is_group(record) {
            let base = declared.map_or(Base::Damaged, |field| field.ty.base);
            let parts =
                lanes.iter().map(|lane| self.reference(record, *lane).key.get(field as usize).cloned());
            let parts: Vec<Option<Value>> = parts.collect();
            let state = parts
                .iter()
                .map(|part| match part {
                    None => ERROR,
                    Some(Value::Flag(false)) => NO,
                    Some(_) => KNOWN,
                })
                .collect();
            let values = parts.into_iter().map(|part| part.unwrap_or(Value::None)).collect();
            return Vector::from_values(state, values, base, self);
        }
        let Some(column) = self.field(record, field) else { return Vector::open(UNKNOWN, lanes.len()) };
        let mut read = column.gather(lanes);
        let Some(length) = self.data.rows(record) else { return read };
        let duplicates = self.data.has_duplicates(record);
        let is_loose = lanes.iter().fold(false, |any, lane| any | (*lane >= length));
        if duplicates || is_loose {
            for (lane, state) in lanes.iter().zip(&mut read.state) {
                if *lane >= length {
                    *state = UNKNOWN;
                } else if duplicates && self.data.is_duplicate(record, *lane) {
                    *state = ERROR;
                }
            }
        }
        read
    }

    /// Of the rows of a record, whether a part of their own key is not known; `None` where all are.
    pub(crate) fn keyless(&self, record: RecordId) -> Option<&Vec<bool>> {
        let slot = self.keyless.get(record.0 as usize)?;
        slot.get_or_init(|| {
            let keyless = self.data.keyless(record, self)?;
            keyless.contains(&true).then_some(keyless)
        })
        .as_ref()
    }

    /// The rows of a group, once they are built.
    pub(crate) fn group(&self, record: RecordId) -> Option<&Grouping> {
        self.groups.get(record.0 as usize)?.get()
    }

    /// The rows of a group, built by whoever asks first.
    pub(crate) fn group_or(&self, record: RecordId, build: impl FnOnce() -> Grouping) -> Option<&Grouping> {
        Some(self.groups.get(record.0 as usize)?.get_or_init(build))
    }

    fn group_table(&self, record: RecordId) -> Option<&Arc<GroupTable>> {
        self.group(record)?.as_ref().ok()
    }

    /// Whether a lane is a key that no row has.
    pub(crate) const fn is_key(lane: u32) -> bool {
        lane >= FIRST_KEY && lane <= LAST_KEY
    }

    /// The row, or the key that no row has, that a lane stands for.
    pub(crate) fn reference(&self, record: RecordId, lane: u32) -> Reference {
        if Self::is_key(lane) {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            let known = keys.known.get((lane - FIRST_KEY) as usize).cloned();
            return known.unwrap_or(Reference { record, row: None, key: Arc::default() });
        }
        let key = match self.group_table(record) {
            Some(table) => table.rows.get(lane as usize).map(|(key, _)| Arc::clone(key)).unwrap_or_default(),
            None => self.key_of_row(record, lane).unwrap_or_default(),
        };
        Reference { record, row: Some(lane), key }
    }

    fn key_of_row(&self, record: RecordId, row: u32) -> Option<Arc<[Value]>> {
        let keys = self.symbols().record(record)?.keys;
        let part = |field: usize| match &*self.data.cell(record, row, u32::try_from(field).ok()?) {
            Cell::Known(value) => Some(value.clone()),
            _ => None,
        };
        (0..keys).map(part).collect()
    }

    /// The lane that stands for a row, or for a key that no row has.
    pub(crate) fn lane_of(&self, reference: &Reference) -> u32 {
        if let Some(row) = reference.row {
            return row;
        }
        if let Some(row) = self.group_table(reference.record).and_then(|table| table.find(&reference.key)) {
            return row;
        }
        if let Some(lane) =
            self.keys.read().unwrap_or_else(PoisonError::into_inner).lanes.get(reference).copied()
        {
            return lane;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = keys.lanes.get(reference) {
            return *lane;
        }
        let lane = u32::try_from(keys.known.len()).ok().and_then(|known| FIRST_KEY.checked_add(known));
        let lane = lane.filter(|lane| *lane <= LAST_KEY).unwrap_or(NOT_APPLICABLE - 1);
        keys.known.push(reference.clone());
        keys.lanes.insert(reference.clone(), lane);
        lane
    }

    /// The record of a `many` field, and the field of it that names the row.
    pub(crate) fn many(&self, record: RecordId, field: u32) -> Option<FieldKind> {
        Some(self.symbols().record(record)?.fields.get(field as usize)?.kind)
    }

    /// Whether rows may be told apart by their number: none shares its key, and all keys are known.
    pub(crate) fn rows_are_keys(&self, record: RecordId) -> bool {
        self.is_group(record) || (self.keyless(record).is_none() && !self.data.has_duplicates(record))
    }
}

impl Data {
    /// The lanes of rows.
    pub(crate) fn rows(&self) -> Option<(RecordId, &[u32])> {
        match self {
            Self::Row(record, rows) => Some((*record, rows)),
            _ => None,
        }
    }
}

/// Whether a lane stands for no row at all.
pub(crate) const fn is_none(lane: u32) -> bool {
    lane == NO_CODE
}
