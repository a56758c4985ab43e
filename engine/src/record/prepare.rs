//! Records, with what a decision reads of them laid out for its instructions.

use std::ops::Range;

use super::Compiled;
use super::compile::{encode, path_of};
use super::instruction::{ERROR, KNOWN, Kind, Leaf, MISSING, NO, Slot, UNKNOWN};
use crate::data::Records;
use crate::evaluate::Evaluator;
use crate::evaluate::evaluator::Frame;
use crate::plan::{FieldKind, RowSource};
use crate::value::{RecordId, State, Value};

/// A column of a slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    pub(super) states: Vec<u8>,
    /// Empty for conditions.
    pub(super) values: Vec<i64>,
}

/// The lanes of a space.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    /// For each lane of the parent where its lanes start, and where the last ones end; empty for the records.
    pub(super) starts: Vec<u32>,
    /// For each lane of the parent, whether its rows are known.
    pub(super) collected: Vec<u8>,
    /// For each lane, of which lane of the parent it is.
    pub(super) parents: Vec<u32>,
}

/// Records as a compiled decision reads them. Threads may share it.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    pub(super) rows: Range<u32>,
    pub(super) spaces: Vec<Lanes>,
    pub(super) columns: Vec<Column>,
    /// Whether the record holds something that instructions do not.
    pub(super) replayed: Vec<bool>,
}

impl Prepared {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many records hold something that the instructions do not (a number of many places, a waiver), so that the
    /// evaluator decides them.
    #[must_use]
    pub fn replayed(&self) -> usize {
        self.replayed.iter().filter(|replayed| **replayed).count()
    }

    /// The row of the record at that position.
    pub(super) fn row(&self, at: usize) -> Option<u32> {
        u32::try_from(at)
            .ok()
            .and_then(|at| self.rows.start.checked_add(at))
            .filter(|row| *row < self.rows.end)
    }
}

/// What is being laid out.
struct Work<'c, 'e> {
    compiled: &'c Compiled<'c>,
    data: &'e dyn Records,
    evaluator: Evaluator<'e>,
    /// By space, the rows of its lanes.
    lanes: Vec<Vec<Value>>,
    prepared: Prepared,
}

/// Reads the records in that range of rows.
pub(super) fn prepare(compiled: &Compiled<'_>, data: &dyn Records, rows: Range<u32>) -> Prepared {
    let evaluator = Evaluator::new(compiled.plan, data, compiled.as_of, compiled.options.clone());
    let count = evaluator.rows_of(compiled.record).unwrap_or(0);
    let rows = rows.start.min(count)..rows.end.min(count);
    let prepared = Prepared { replayed: vec![false; rows.len()], rows, ..Prepared::default() };
    let mut work = Work { compiled, data, evaluator, lanes: Vec::new(), prepared };
    if compiled.whole.is_none() {
        work.spaces();
        work.slots();
    }
    work.waivers();
    work.prepared
}

impl Work<'_, '_> {
    fn spaces(&mut self) {
        let compiled = self.compiled;
        for space in &compiled.spaces {
            let mut lanes = Lanes::default();
            let mut rows = Vec::new();
            match (space.parent, &space.rows) {
                (Some(parent), Some((leaf, slot))) => {
                    lanes.starts.push(0);
                    for (at, owner) in (0_u32..).zip(self.lanes.get(parent).map_or(&[][..], Vec::as_slice)) {
                        let mut frame = Frame::new(leaf.source.code(), &[], leaf.law);
                        frame.bind(*slot, Some(owner.clone()));
                        let source = RowSource::Many { of: leaf.expr, field: space.field };
                        self.evaluator.make_room();
                        let found = self.evaluator.settle(|| self.evaluator.source(&mut frame, &source));
                        lanes.collected.push(match &found {
                            Ok(_) => KNOWN,
                            Err(found) => code_of(&found.state),
                        });
                        for (row, _) in found.unwrap_or_default() {
                            rows.push(row);
                            lanes.parents.push(at);
                        }
                        lanes.starts.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
                    }
                }
                _ => rows
                    .extend(self.prepared.rows.clone().map(|row| self.evaluator.row(compiled.record, row))),
            }
            self.lanes.push(rows);
            self.prepared.spaces.push(lanes);
        }
    }

    /// The lane of an outer space that a lane is of.
    fn outer(&self, mut space: usize, mut lane: usize, outer: usize) -> Option<usize> {
        while space != outer {
            lane = *self.prepared.spaces.get(space)?.parents.get(lane)? as usize;
            space = self.compiled.spaces.get(space)?.parent?;
        }
        Some(lane)
    }

    fn slots(&mut self) {
        let compiled = self.compiled;
        for slot in &compiled.slots {
            let count = self.lanes.get(slot.space).map_or(0, Vec::len);
            let mut column = Column::default();
            let field = self.plain_field(slot);
            for lane in 0..count {
                let cell = field.and_then(|(record, field)| self.plain_cell(slot, record, field, lane));
                let (state, value) = match cell {
                    Some(encoded) => encoded,
                    None => {
                        let found = self.evaluate(&slot.leaf, slot.space, lane);
                        let state = code_of(&found);
                        let value = match &found {
                            State::Known(value) => encode_in(slot.kind, value, &compiled.texts),
                            _ => Some((state, 0)),
                        };
                        self.held(slot.space, lane, value)
                    }
                };
                column.states.push(state);
                if slot.kind != Kind::Truth {
                    column.values.push(value);
                }
            }
            self.prepared.columns.push(column);
        }
    }

    /// A value, or where there is no number for it a mark that the record is replayed.
    fn held(&mut self, space: usize, lane: usize, encoded: Option<(u8, i64)>) -> (u8, i64) {
        encoded.unwrap_or_else(|| {
            let record = self.outer(space, lane, 0);
            if let Some(replayed) = record.and_then(|record| self.prepared.replayed.get_mut(record)) {
                *replayed = true;
            }
            (UNKNOWN, 0)
        })
    }

    /// The record and position of a field of the lane's own row, which is read without asking the evaluator.
    fn plain_field(&self, slot: &Slot) -> Option<(RecordId, u32)> {
        let code = slot.leaf.source.code();
        let (row, path) = path_of(code, slot.leaf.expr)?;
        let [field] = path.as_slice() else { return None };
        let own = slot.leaf.slots.iter().find(|(bound, _)| *bound == row).map(|(_, space)| *space);
        let Value::Reference(first) = self.lanes.get(slot.space)?.first()? else { return None };
        let declared = self.compiled.plan.symbols.record(first.record)?.fields.get(*field as usize)?;
        let plain = own == Some(slot.space)
            && declared.kind == FieldKind::Cell
            && declared.judged_by.is_none()
            && self.data.rows(first.record).is_some();
        plain.then_some((first.record, *field))
    }

    /// What is on file, where that is a value and its row has its key alone.
    fn plain_cell(&self, slot: &Slot, record: RecordId, field: u32, lane: usize) -> Option<(u8, i64)> {
        let Some(Value::Reference(reference)) = self.lanes.get(slot.space)?.get(lane) else { return None };
        let row = reference.row.filter(|row| !self.data.is_duplicate(record, *row))?;
        match &*self.data.cell(record, row, field) {
            crate::data::Cell::Known(value) => encode_in(slot.kind, value, &self.compiled.texts),
            _ => None,
        }
    }

    fn evaluate(&self, leaf: &Leaf, space: usize, lane: usize) -> State {
        let mut frame = Frame::new(leaf.source.code(), &[], leaf.law);
        for (slot, outer) in &leaf.slots {
            let lane = self.outer(space, lane, *outer);
            let row = lane.and_then(|lane| self.lanes.get(*outer)?.get(lane)).cloned();
            frame.bind(*slot, row);
        }
        self.evaluator.make_room();
        self.evaluator.settle(|| self.evaluator.eval(&mut frame, leaf.expr)).state
    }

    /// Records with a waiver of one of the rules are the evaluator's.
    fn waivers(&mut self) {
        let compiled = self.compiled;
        let waivers = &compiled.options.waivers;
        let (false, Some(body)) = (waivers.is_empty(), compiled.body) else { return };
        for (row, replayed) in self.prepared.rows.clone().zip(&mut self.prepared.replayed) {
            *replayed |=
                body.rules.iter().any(|rule| waivers.names_rule(compiled.decision, &rule.label, row));
        }
    }
}

fn encode_in(kind: Kind, value: &Value, texts: &[std::sync::Arc<str>]) -> Option<(u8, i64)> {
    match (kind, value) {
        (Kind::Truth, Value::Flag(flag)) => Some((if *flag { KNOWN } else { NO }, 0)),
        (Kind::Truth, _) => None,
        _ => encode(kind, value, texts).map(|value| (KNOWN, value)),
    }
}

const fn code_of(state: &State) -> u8 {
    match state {
        State::Known(_) => KNOWN,
        State::Missing => MISSING,
        State::Unknown(_) => UNKNOWN,
        State::Error(_) => ERROR,
    }
}
