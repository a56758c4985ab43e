//! Aggregates: exact where the rows and what is read of them are known, with bounds where they are not.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use rubric_grammar::ast::{AggregateKind, QuantityKind};

use super::bounds::{Bounds, compare, order, same};
use super::evaluator::{Evaluator, Frame};
use super::found::{Found, Needs, Truth, and, needs_of, not, or, union};
use super::rows::Members;
use crate::plan::{CompareOp, ExprId, RowSource, Rows};
use crate::value::{Base, Fault, Need, NeedKind, Number, RecordId, Value};

/// A row that counts, surely or perhaps.
pub(crate) struct Item {
    /// Whether it counts.
    pub(crate) lets_in: Found,
    /// What is read of it.
    pub(crate) operand: Found,
}

impl Item {
    fn sure(&self) -> bool {
        self.lets_in.truth() == Truth::True
    }

    fn known(&self) -> Option<&Value> {
        self.operand.value()
    }
}

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &self,
        frame: &mut Frame<'_>,
        kind: AggregateKind,
        rows: &Rows,
        operand: Option<ExprId>,
    ) -> Found {
        if self.is_explaining() {
            return match self.selection(frame, rows) {
                Ok(selection) => self.reduced(frame, kind, rows, operand, &selection.members),
                Err(found) => found,
            };
        }
        match self.select(frame, rows) {
            Ok(members) => self.reduced(frame, kind, rows, operand, &members),
            Err(found) => found,
        }
    }

    /// What an aggregate is over rows that are selected.
    pub(super) fn reduced(
        &self,
        frame: &mut Frame<'_>,
        kind: AggregateKind,
        rows: &Rows,
        operand: Option<ExprId>,
        members: &Members,
    ) -> Found {
        match kind {
            AggregateKind::Any => any(members),
            AggregateKind::None => not(&any(members)),
            AggregateKind::All | AggregateKind::SomeAndAll => {
                let all = self.all_satisfy(frame, rows.slot, members, operand);
                if kind == AggregateKind::All { all } else { and(&any(members), &all) }
            }
            AggregateKind::Count => count(members),
            AggregateKind::Sum
            | AggregateKind::Highest
            | AggregateKind::Lowest
            | AggregateKind::Average
            | AggregateKind::CountDistinct => {
                let Some(operand) = operand else { return Found::broken("an aggregate without operand") };
                let base = frame.code.get(operand).map(|expr| expr.ty.base);
                let items = self.read(frame, rows.slot, members, operand);
                let none = || Found::missing(Arc::from([self.no_rows(frame, &rows.source)]));
                match kind {
                    AggregateKind::Sum => sum(&items, base == Some(Base::Count)),
                    AggregateKind::Highest => extreme(&items, Ordering::Greater, none),
                    AggregateKind::Lowest => extreme(&items, Ordering::Less, none),
                    AggregateKind::Average => average(&items, none),
                    _ => count_distinct(&items),
                }
            }
            AggregateKind::Latest | AggregateKind::Earliest | AggregateKind::Only => {
                Found::broken("a row is not an aggregate")
            }
        }
    }

    /// `at least n of …`.
    pub(super) fn quantity(
        &self,
        frame: &mut Frame<'_>,
        kind: QuantityKind,
        n: ExprId,
        rows: &Rows,
    ) -> Found {
        let wanted = self.eval(frame, n);
        let counted = self.aggregate(frame, AggregateKind::Count, rows, None);
        let op = match kind {
            QuantityKind::AtLeast => CompareOp::Ge,
            QuantityKind::AtMost => CompareOp::Le,
            QuantityKind::Exactly => CompareOp::Eq,
        };
        compare(op, &counted, &wanted)
    }

    fn all_satisfy(
        &self,
        frame: &mut Frame<'_>,
        slot: u16,
        members: &Members,
        satisfy: Option<ExprId>,
    ) -> Found {
        let Some(satisfy) = satisfy else { return Found::broken("`all` without a condition to satisfy") };
        let outer = frame.bind(slot, None);
        let mut all = Found::flag(true);
        for (value, lets_in) in members {
            frame.bind(slot, Some(value.clone()));
            let satisfied = or(&not(lets_in), &self.condition(frame, satisfy));
            all = and(&all, &satisfied);
            if all.truth() == Truth::False {
                break;
            }
        }
        frame.bind(slot, outer);
        all
    }

    fn read(&self, frame: &mut Frame<'_>, slot: u16, members: &Members, operand: ExprId) -> Vec<Item> {
        let outer = frame.bind(slot, None);
        let quantity = frame.code.get(operand).is_some_and(|expr| !matches!(expr.ty.base, Base::Category(_)));
        let mut items = Vec::with_capacity(members.len());
        for (value, lets_in) in members {
            frame.bind(slot, Some(value.clone()));
            let operand = self.eval(frame, operand).doubted().plain();
            // What is not applicable to a row is nothing of it, and adds nothing.
            if !(quantity && operand.value() == Some(&Value::NotApplicable)) {
                items.push(Item { lets_in: lets_in.clone(), operand });
            }
        }
        frame.bind(slot, outer);
        items
    }

    /// A row of the source: what would end its being empty.
    pub(super) fn no_rows(&self, frame: &mut Frame<'_>, source: &RowSource) -> Need {
        let record = self.rows_record(frame, source).unwrap_or(RecordId(u32::MAX));
        Need { record, row: None, field: None, kind: NeedKind::Absent }
    }

    /// The record whose rows a source gives.
    pub(super) fn rows_record(&self, frame: &Frame<'_>, source: &RowSource) -> Option<RecordId> {
        match source {
            RowSource::All(record) => Some(*record),
            RowSource::Values(_) => None,
            RowSource::Flatten { inner, .. } => self.rows_record(frame, inner),
            RowSource::Many { of, field } => {
                let Base::Record(owner) = frame.code.get(*of)?.ty.base else { return None };
                match self.symbols().record(owner)?.fields.get(*field as usize)?.kind {
                    crate::plan::FieldKind::Many { record, .. } => Some(record),
                    crate::plan::FieldKind::Members => match self.symbols().record(owner)?.kind {
                        crate::plan::RecordKind::Group { of } => Some(of),
                        crate::plan::RecordKind::Record => None,
                    },
                    _ => None,
                }
            }
        }
    }
}

fn any(members: &Members) -> Found {
    members.iter().fold(Found::flag(false), |any, (_, lets_in)| or(&any, lets_in))
}

/// The state of an aggregate that is not exact: an error where a row is one, else unknown.
fn inexact(items: &[Item]) -> Found {
    let faults = faults(items);
    if faults.is_empty() { Found::unknown(needs(items)) } else { Found::error(faults) }
}

fn needs(items: &[Item]) -> Needs {
    union(items.iter().map(|item| needs_of([&item.lets_in, &item.operand])))
}

fn faults(items: &[Item]) -> Arc<[Fault]> {
    union(items.iter().map(|item| {
        // What goes wrong in a row that may not count is not yet wrong.
        if item.sure() { item.operand.faults() } else { item.lets_in.faults() }
    }))
}

fn bounded(items: &[Item], low: Option<Value>, high: Option<Value>) -> Found {
    let unknown = |found: &Found| found.truth() == Truth::Unknown;
    let bounds = Bounds {
        low,
        high,
        unknown: items.iter().any(|item| unknown(&item.lets_in) || unknown(&item.operand)),
        needs: needs(items),
        faults: faults(items),
    };
    Found { bounds: Some(Arc::new(bounds)), ..inexact(items) }
}

fn exact(items: &[Item]) -> bool {
    items.iter().all(|item| item.sure() && item.known().is_some())
}

fn whole(count: usize) -> Value {
    Value::Number(Number::from_int(i64::try_from(count).unwrap_or(i64::MAX)))
}

pub(crate) fn count(members: &Members) -> Found {
    if members.iter().all(|(_, lets_in)| lets_in.truth() == Truth::True) {
        return Found::known(whole(members.len()));
    }
    let items: Vec<Item> = members
        .iter()
        .map(|(_, lets_in)| Item { lets_in: lets_in.clone(), operand: Found::flag(true) })
        .collect();
    let sure = items.iter().filter(|item| item.sure()).count();
    bounded(&items, Some(whole(sure)), Some(whole(items.len())))
}

pub(crate) fn count_distinct(items: &[Item]) -> Found {
    let distinct = |items: &mut dyn Iterator<Item = &Item>| -> usize {
        // `none` is no value, so it is none of the values that are counted.
        items.filter_map(Item::known).filter(|value| same(value, value)).collect::<HashSet<_>>().len()
    };
    let sure = distinct(&mut items.iter().filter(|item| item.sure()));
    if exact(items) {
        return Found::known(whole(sure));
    }
    let open = items.iter().filter(|item| item.known().is_none()).count();
    bounded(items, Some(whole(sure)), Some(whole(distinct(&mut items.iter()) + open)))
}

fn number(value: &Value) -> Result<&Number, Fault> {
    match value {
        Value::Number(number) => Ok(number),
        _ => Err(Fault::NotAValue),
    }
}

fn total<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Number, Fault> {
    let mut total = Number::ZERO;
    for value in values {
        total = total.add(number(value)?)?;
    }
    Ok(total)
}

pub(crate) fn sum(items: &[Item], counts: bool) -> Found {
    if exact(items) {
        return match total(items.iter().filter_map(Item::known)) {
            Ok(total) => Found::known(Value::Number(total)),
            Err(fault) => Found::fault(fault),
        };
    }
    // A sum that leaves the numbers, like an operand that is not known, opens the end it moves.
    let mut low = Some(Number::ZERO);
    let mut high = Some(Number::ZERO);
    let add = |end: &mut Option<Number>, by: &Number| *end = end.take().and_then(|sum| sum.add(by).ok());
    for item in items {
        match item.known().map(number) {
            Some(Ok(operand)) => {
                if item.sure() || operand.is_negative() {
                    add(&mut low, operand);
                }
                if item.sure() || !operand.is_negative() {
                    add(&mut high, operand);
                }
            }
            Some(Err(_)) => (low, high) = (None, None),
            None => {
                high = None;
                if !counts {
                    low = None;
                }
            }
        }
    }
    bounded(items, low.map(Value::Number), high.map(Value::Number))
}

/// The highest (`Greater`) or lowest (`Less`).
pub(crate) fn extreme(items: &[Item], side: Ordering, none: impl FnOnce() -> Found) -> Found {
    if items.is_empty() {
        return none();
    }
    if items.iter().filter_map(Item::known).any(|value| order(value, value).is_none()) {
        return Found::fault(Fault::NotAValue);
    }
    let best = |items: &mut dyn Iterator<Item = &Item>| -> Option<Value> {
        let better = |a: &Value, b: &Value| order(a, b) == Some(side);
        items
            .filter_map(Item::known)
            .fold(None, |best: Option<&Value>, value| match best {
                Some(best) if !better(value, best) => Some(best),
                _ => Some(value),
            })
            .cloned()
    };
    let sure = best(&mut items.iter().filter(|item| item.sure()));
    if exact(items) {
        return sure.map_or_else(none, Found::known);
    }
    if !items.iter().any(Item::sure) {
        // Nothing bounds it, but a comparison has to wait for what is unknown: a row that proves to count may settle it.
        return bounded(items, None, None);
    }
    let open = items.iter().any(|item| item.known().is_none());
    let beyond = if open { None } else { best(&mut items.iter()) };
    match side {
        Ordering::Greater => bounded(items, sure, beyond),
        _ => bounded(items, beyond, sure),
    }
}

pub(crate) fn average(items: &[Item], none: impl FnOnce() -> Found) -> Found {
    if items.is_empty() {
        return none();
    }
    if !exact(items) {
        return inexact(items);
    }
    let divided = total(items.iter().filter_map(Item::known)).and_then(|total| match whole(items.len()) {
        Value::Number(count) => total.div(&count),
        _ => Err(Fault::NotAValue),
    });
    match divided {
        Ok(average) => Found::known(Value::Number(average)),
        Err(fault) => Found::fault(fault),
    }
}
