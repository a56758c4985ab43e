//! What expressions are evaluated over: lanes, each with a row bound to each slot.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::decision::Ruled;
use super::quick::QuickMap;
use super::requirement::Judged;
use super::store::Whole;
use super::vector::{Data, KNOWN, Vector};
use super::worker::BATCH;
use crate::plan::{AmountId, Code, DecisionId, Instance};
use crate::value::{Date, RecordId};

/// The rows, or the values of a category, that a slot is bound to, one for each lane; and what is known of them. Whoever
/// asks for the same of the same lanes gets the same column.
pub(crate) struct Lanes {
    /// Absent: values of a category.
    pub(crate) record: Option<RecordId>,
    pub(crate) rows: Vec<u32>,
    /// Which batch of its record it is, where it is one.
    pub(crate) batch: Option<u32>,
    /// Of which lanes they are some, and which.
    pub(crate) of: Option<(Rc<Lanes>, Vec<u32>)>,
    /// Whether what is found is kept for when the batch is asked for again.
    pub(crate) saves: Cell<bool>,
    pub(crate) fields: RefCell<QuickMap<u32, Arc<Vector>>>,
    pub(crate) wholes: RefCell<QuickMap<Whole, Arc<Vector>>>,
    pub(crate) ruled: RefCell<QuickMap<DecisionId, Rc<Ruled>>>,
    pub(crate) judged: RefCell<QuickMap<Instance, Rc<Judged>>>,
    pub(crate) settings: RefCell<QuickMap<AmountId, Rc<super::amount::Setting>>>,
    pub(crate) lines: RefCell<QuickMap<(AmountId, usize), Arc<Vector>>>,
    pub(crate) children: RefCell<QuickMap<u32, Rc<Expansion>>>,
}

/// Rows of rows: for each, of which lane it is.
pub(crate) struct Expansion {
    /// Ascending.
    pub(crate) of: Vec<u32>,
    pub(crate) lanes: Rc<Lanes>,
    /// Lanes of which the rows are not known, and their state.
    pub(crate) failed: Vec<(u32, u8)>,
    ranges: OnceCell<Vec<Range<usize>>>,
}

impl Expansion {
    pub(crate) const fn new(of: Vec<u32>, lanes: Rc<Lanes>, failed: Vec<(u32, u8)>) -> Self {
        Self { of, lanes, failed, ranges: OnceCell::new() }
    }

    /// For each of so many lanes, the range of its rows.
    pub(crate) fn ranges(&self, lanes: usize) -> &[Range<usize>] {
        self.ranges.get_or_init(|| super::rows::ranges(&self.of, lanes))
    }
}

impl Lanes {
    pub(crate) fn new(record: Option<RecordId>, rows: Vec<u32>) -> Rc<Self> {
        Self::with(record, rows, None)
    }

    /// A range of rows of a record.
    pub(crate) fn batch(record: RecordId, rows: Range<u32>) -> Rc<Self> {
        let whole = rows.start.is_multiple_of(BATCH) && rows.len() <= BATCH as usize;
        let batch = whole.then_some(rows.start / BATCH);
        Self::with(Some(record), rows.collect(), batch)
    }

    fn with(record: Option<RecordId>, rows: Vec<u32>, batch: Option<u32>) -> Rc<Self> {
        Rc::new(Self {
            record,
            rows,
            batch,
            of: None,
            saves: Cell::new(false),
            fields: RefCell::default(),
            wholes: RefCell::default(),
            ruled: RefCell::default(),
            judged: RefCell::default(),
            settings: RefCell::default(),
            lines: RefCell::default(),
            children: RefCell::default(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn select(&self, lanes: &[u32]) -> Rc<Self> {
        let rows = lanes.iter().map(|lane| self.rows.get(*lane as usize).copied().unwrap_or(u32::MAX));
        Self::new(self.record, rows.collect())
    }

    /// Some of the lanes, whose fields are taken from those of all where these are known.
    pub(crate) fn part(all: &Rc<Self>, lanes: Vec<u32>) -> Rc<Self> {
        let rows = lanes.iter().map(|lane| all.rows.get(*lane as usize).copied().unwrap_or(u32::MAX));
        let rows = rows.collect();
        let mut part = Self::with(all.record, rows, None);
        if let Some(own) = Rc::get_mut(&mut part) {
            own.of = Some((Rc::clone(all), lanes));
        }
        part
    }

    /// The rows or values themselves.
    pub(crate) fn vector(&self) -> Vector {
        let data = match self.record {
            Some(record) => Data::Row(record, self.rows.clone()),
            None => Data::Code(self.rows.clone()),
        };
        Vector::of(vec![KNOWN; self.rows.len()], data)
    }
}

/// The lanes, arguments and law under which a code is evaluated.
#[derive(Clone)]
pub(crate) struct Env<'c> {
    pub(crate) code: &'c Code,
    pub(crate) len: usize,
    pub(crate) slots: Vec<Option<Rc<Lanes>>>,
    pub(crate) arguments: Vec<Arc<Vector>>,
    pub(crate) law: Date,
}

impl<'c> Env<'c> {
    /// Slot 0 is bound to those rows.
    pub(crate) fn of(code: &'c Code, lanes: &Rc<Lanes>, law: Date) -> Self {
        Self { code, len: lanes.len(), slots: vec![Some(Rc::clone(lanes))], arguments: Vec::new(), law }
    }

    pub(crate) fn slot(&self, slot: u16) -> Option<&Rc<Lanes>> {
        self.slots.get(usize::from(slot)).and_then(Option::as_ref)
    }

    pub(crate) fn bind(&mut self, slot: u16, lanes: Rc<Lanes>) {
        let slot = usize::from(slot);
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(lanes);
        }
    }

    /// Some of the lanes; one may be taken several times.
    pub(crate) fn select(&self, lanes: &[u32]) -> Self {
        Self {
            code: self.code,
            len: lanes.len(),
            slots: self.slots.iter().map(|slot| slot.as_ref().map(|slot| slot.select(lanes))).collect(),
            arguments: self.arguments.iter().map(|argument| Arc::new(argument.gather(lanes))).collect(),
            law: self.law,
        }
    }

    /// The lanes of the rows, each with those bound to it that its outer lane has.
    pub(crate) fn within(&self, expansion: &Expansion, slot: u16) -> Self {
        let mut inner = self.select(&expansion.of);
        inner.bind(slot, Rc::clone(&expansion.lanes));
        inner
    }

    /// The same for what reads nothing of the outer lanes, which are not bound then.
    pub(crate) fn alone(&self, expansion: &Expansion, slot: u16) -> Self {
        let mut inner = Self {
            code: self.code,
            len: expansion.of.len(),
            slots: Vec::new(),
            arguments: Vec::new(),
            law: self.law,
        };
        inner.bind(slot, Rc::clone(&expansion.lanes));
        inner
    }
}
