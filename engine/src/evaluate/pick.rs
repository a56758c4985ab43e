//! `latest`, `earliest` and `only`: what is read of a row that others could displace.

use std::cmp::Ordering;
use std::sync::Arc;

use rubric_grammar::ast::AggregateKind;

use super::bounds::order;
use super::evaluator::{Evaluator, Frame};
use super::found::{Found, Truth, faults_of, needs_of, union};
use crate::plan::{ExprId, Rows};
use crate::value::{Fault, Need, NeedKind, RecordId, State, Value};

/// A row that counts, surely or perhaps.
pub(crate) struct Row {
    pub(crate) value: Value,
    pub(crate) lets_in: Found,
    /// By what the rows are ordered; known and equal for all under `only`.
    pub(crate) date: Found,
}

impl Row {
    fn sure(&self) -> bool {
        self.lets_in.truth() == Truth::True
    }

    fn date(&self) -> Option<&Value> {
        self.date.value().filter(|date| order(date, date).is_some())
    }
}

impl Evaluator<'_> {
    pub(super) fn pick(
        &self,
        frame: &mut Frame<'_>,
        kind: AggregateKind,
        rows: &Rows,
        by: Option<ExprId>,
        read: ExprId,
    ) -> Found {
        let members = match self.select(frame, rows) {
            Ok(members) => members,
            Err(found) => return found,
        };
        if members.is_empty() {
            return Found::missing(Arc::from([self.no_rows(frame, &rows.source)]));
        }
        let outer = frame.bind(rows.slot, None);
        let mut all = Vec::new();
        for (value, lets_in) in members {
            frame.bind(rows.slot, Some(value.clone()));
            let date = match by {
                Some(by) if kind != AggregateKind::Only => self.eval(frame, by).doubted(),
                _ => Found::flag(true),
            };
            all.push(Row { value, lets_in, date });
        }
        let candidates = candidates(
            &all,
            if kind == AggregateKind::Earliest { Ordering::Less } else { Ordering::Greater },
        );
        let mut readings = Vec::new();
        for row in &candidates {
            frame.bind(rows.slot, Some(row.value.clone()));
            readings.push(self.eval(frame, read).plain());
        }
        frame.bind(rows.slot, outer);
        agreed(&candidates, &readings)
    }

    /// The rows that may be picked, for showing them.
    pub(super) fn picked(
        &self,
        frame: &mut Frame<'_>,
        kind: AggregateKind,
        rows: &Rows,
        by: Option<ExprId>,
    ) -> Vec<Value> {
        let Ok(members) = self.select(frame, rows) else { return Vec::new() };
        let outer = frame.bind(rows.slot, None);
        let mut all = Vec::new();
        for (value, lets_in) in members {
            frame.bind(rows.slot, Some(value.clone()));
            let date = match by {
                Some(by) if kind != AggregateKind::Only => self.eval(frame, by).doubted(),
                _ => Found::flag(true),
            };
            all.push(Row { value, lets_in, date });
        }
        frame.bind(rows.slot, outer);
        let side = if kind == AggregateKind::Earliest { Ordering::Less } else { Ordering::Greater };
        candidates(&all, side).into_iter().map(|row| row.value.clone()).collect()
    }
}

/// The rows that may be the one: the sure ones at the best date, those that may count and are as good, and all of unknown
/// date.
pub(crate) fn candidates(all: &[Row], side: Ordering) -> Vec<&Row> {
    let better = |a: &Value, b: &Value| order(a, b) == Some(side);
    let best =
        all.iter().filter(|row| row.sure()).filter_map(Row::date).fold(None, |best: Option<&Value>, date| {
            match best {
                Some(best) if !better(date, best) => Some(best),
                _ => Some(date),
            }
        });
    all.iter()
        .filter(|row| match (row.date(), best) {
            (Some(date), Some(best)) => !better(best, date),
            _ => true,
        })
        .collect()
}

/// What all candidates agree on.
pub(crate) fn agreed(candidates: &[&Row], readings: &[Found]) -> Found {
    let certain = candidates.iter().any(|row| row.sure());
    if certain && let Some(first) = readings.first() {
        let agree = |reading: &Found| match (&first.state, &reading.state) {
            (State::Known(a), State::Known(b)) => a == b,
            (State::Missing, State::Missing) => true,
            _ => false,
        };
        if readings.iter().all(agree) {
            return match first.state {
                State::Missing => Found::missing(needs_of(readings)),
                _ => first.clone(),
            };
        }
    }
    // A fact may make another row the one, or rows agree: only where none is open does an error stand in the way.
    let open = union([
        union(candidates.iter().map(|row| needs_of([&row.lets_in, &row.date]))),
        needs_of(readings.iter().filter(|reading| !matches!(reading.state, State::Missing))),
    ]);
    let tied = tied(candidates, readings);
    if !open.is_empty() {
        return Found::unknown(union([open, tied]));
    }
    let faults =
        union(candidates.iter().zip(readings).map(|(row, read)| faults_of([&row.lets_in, &row.date, read])));
    if !faults.is_empty() {
        return Found::error(faults);
    }
    if tied.is_empty() {
        // Dates that cannot be compared.
        return Found::fault(Fault::NotAValue);
    }
    Found::unknown(tied)
}

/// Rows that surely count, at one date, of which different things are read.
fn tied(candidates: &[&Row], readings: &[Found]) -> Arc<[Need]> {
    let sure: Vec<(&Row, &Found)> = candidates
        .iter()
        .zip(readings)
        .filter(|(row, reading)| {
            row.sure() && row.date().is_some() && matches!(reading.state, State::Known(_) | State::Missing)
        })
        .map(|(row, reading)| (*row, reading))
        .collect();
    let differ =
        sure.iter().any(|(_, reading)| sure.first().is_some_and(|(_, first)| first.state != reading.state));
    if !differ {
        return Arc::default();
    }
    let ties = sure.iter().map(|(row, _)| {
        let (record, row) = match &row.value {
            Value::Reference(reference) => (reference.record, reference.row),
            _ => (RecordId(u32::MAX), None),
        };
        Arc::from([Need { record, row, field: None, kind: NeedKind::Tie }])
    });
    union(ties)
}
