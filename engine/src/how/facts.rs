//! The facts that could be others: which they are, and at which values something comes out otherwise.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::changed::Edit;
use super::search::{Search, Signature};
use super::value::{Scale, others};
use crate::check::depends;
use crate::data::Cell;
use crate::plan::{Fact, Field, FieldKind, Plan, RecordKind, ResultId};
use crate::value::date::add_days;
use crate::value::{Base, Number, RecordId, Reference, Type, Value};

/// Rows that name the record, of which each cell is looked at.
const MOST_ROWS: usize = 120;
/// Changes of one kind that are made together at most.
const MOST_OF_A_KIND: usize = 12;
/// Rows that new ones are made like.
const MOST_MODELS: usize = 8;
/// Stretches between two values that are tried, in each of which the border is sought.
const MOST_BORDERS: u32 = 4;
/// Rows that a new one may name.
const MOST_NAMED: u32 = 300;

/// Something that can be changed, in ever greater steps.
#[derive(Clone, Debug)]
pub(super) struct Dimension {
    /// It is a cell of the record itself: told by itself, not by what it moves.
    pub(super) own: bool,
    /// What each step changes.
    pub(super) options: Vec<Vec<Edit>>,
}

/// The rows that name a row.
struct Collection {
    owner: (RecordId, u32),
    record: RecordId,
    by: u32,
    rows: Vec<u32>,
}

/// The fields that a result reads in the end.
pub(super) fn fields_read(plan: &Plan, result: ResultId) -> BTreeSet<(RecordId, u32)> {
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<Fact> = BTreeSet::new();
    let mut open = vec![Fact::from(result)];
    while let Some(fact) = open.pop() {
        if seen.insert(fact) {
            if let Fact::Field(record, field) = fact {
                found.insert((record, field));
            }
            open.extend(depends::reads(plan, fact).into_keys());
        }
    }
    found
}

/// Whether somebody could change what a field says.
fn may_change(field: &Field) -> bool {
    field.kind == FieldKind::Cell
        && !field.unchangeable
        && !field.jurisdiction
        && !matches!(field.ty.base, Base::Record(_) | Base::Many(_) | Base::Set(_) | Base::Damaged)
        && !is_birth_date(field)
}

/// A day of birth by its name: every vocabulary has one, and nobody has another.
fn is_birth_date(field: &Field) -> bool {
    let mut words = field.name.split('_');
    field.ty.base == Base::Date
        && words.any(|word| matches!(word, "birth" | "birthdate" | "birthday" | "born" | "dob"))
}

impl Search<'_> {
    /// Everything that can be changed; those of the record first.
    pub(super) fn dimensions(&self, base: &Signature) -> Vec<Dimension> {
        let read = fields_read(self.question.plan, self.result);
        let subject = (self.subject, self.question.row);
        let mut found = Vec::new();
        for (field, _) in self.changeable(self.subject, &read) {
            let options = self.values(subject.0, subject.1, field, base);
            if !options.is_empty() {
                let options = options.into_iter().map(|(edit, _)| vec![edit]).collect();
                found.push(Dimension { own: true, options });
            }
        }
        let collections = self.collections(subject, &read);
        self.cells(&collections, &read, base, &mut found);
        self.additions(&collections, &read, base, &mut found);
        self.removals(&collections, base, &mut found);
        found
    }

    fn changeable(&self, record: RecordId, read: &BTreeSet<(RecordId, u32)>) -> Vec<(u32, Field)> {
        let Some(declared) = self.question.plan.symbols.record(record) else { return Vec::new() };
        let fields = (0_u32..).zip(&declared.fields).skip(declared.keys);
        fields
            .filter(|(at, field)| read.contains(&(record, *at)) && may_change(field))
            .map(|(at, field)| (at, field.clone()))
            .collect()
    }

    /// The rows that name the record, and those that name them.
    fn collections(&self, subject: (RecordId, u32), read: &BTreeSet<(RecordId, u32)>) -> Vec<Collection> {
        let mut found = Vec::new();
        let mut owners = vec![subject];
        for _ in 0..2 {
            let mut next = Vec::new();
            for owner in owners {
                let Some(declared) = self.question.plan.symbols.record(owner.0) else { continue };
                for (at, field) in (0_u32..).zip(&declared.fields) {
                    let FieldKind::Many { record, by } = field.kind else { continue };
                    let is_record = self
                        .question
                        .plan
                        .symbols
                        .record(record)
                        .is_some_and(|record| record.kind == RecordKind::Record);
                    if field.unchangeable
                        || !is_record
                        || !read.contains(&(owner.0, at))
                        || self.question.data.rows(record).is_none()
                    {
                        continue;
                    }
                    let rows: Vec<u32> = self
                        .question
                        .data
                        .children(record, by, owner.1)
                        .iter()
                        .copied()
                        .take(MOST_ROWS)
                        .collect();
                    next.extend(rows.iter().map(|row| (record, *row)));
                    found.push(Collection { owner, record, by, rows });
                }
            }
            owners = next;
        }
        found
    }

    /// The values of a cell at which something comes out otherwise, the nearest first.
    fn values(&self, record: RecordId, row: u32, field: u32, base: &Signature) -> Vec<(Edit, Signature)> {
        let symbols = &self.question.plan.symbols;
        let Some(declared) = symbols.record(record).and_then(|record| record.fields.get(field as usize))
        else {
            return Vec::new();
        };
        let now = match &*self.question.data.cell(record, row, field) {
            Cell::Known(value) => Some(value.clone()),
            _ => None,
        };
        let ordered = matches!(
            declared.ty.base,
            Base::Count
                | Base::Number
                | Base::Percent
                | Base::Money
                | Base::Date
                | Base::SchoolYear
                | Base::Days
                | Base::Months
        );
        let own = record == self.subject && row == self.question.row;
        let edit = |value: Value| Edit::Cell(record, row, field, Cell::Known(value));
        // Of what has a distance only its sides are looked at: each value of its own would be another.
        let look = |edit: &Edit| self.signature(std::slice::from_ref(edit), !own && !ordered);
        let mut found: Vec<(i64, Edit, Signature)> = Vec::new();
        let mut add = |distance: i64, edit: Edit, signature: Signature| {
            if signature != *base && !found.iter().any(|(_, _, known)| *known == signature) {
                found.push((distance, edit, signature));
            }
        };
        let base = &if own || ordered { base.without_states() } else { base.clone() };
        let absent = declared.absent.as_ref().map(|absent| absent.value.clone());
        let plain = others(symbols, declared.ty, &self.constants).into_iter().chain(absent);
        for value in plain.filter(|value| now.as_ref() != Some(value)) {
            let edit = edit(value);
            let Some(signature) = look(&edit) else { break };
            add(i64::MAX, edit, signature);
        }
        if let Some(scale) = Scale::new(declared.ty, now.as_ref(), self.question.as_of, &self.constants) {
            let at = |steps: i64| {
                let edit = edit(scale.at(steps)?);
                let signature = look(&edit)?;
                Some((edit, signature))
            };
            let start = if now.is_none() { at(0) } else { None };
            let first = start.as_ref().map_or_else(|| base.clone(), |(_, signature)| signature.clone());
            if let Some((edit, signature)) = start {
                add(0, edit, signature);
            }
            let (below, above) = scale.candidates(self.question.as_of, &self.constants);
            for side in [below, above] {
                let (mut last, mut last_signature) = (0, first.clone());
                for steps in side {
                    let Some((_, there)) = at(steps) else { continue };
                    let mut borders = 0;
                    while there != last_signature && borders < MOST_BORDERS {
                        borders += 1;
                        let (mut near, mut far): (i64, i64) = (last, steps);
                        while near.abs_diff(far) > 1 {
                            let middle = near + (far - near) / 2;
                            match at(middle) {
                                Some((_, signature)) if signature == last_signature => near = middle,
                                _ => far = middle,
                            }
                        }
                        let Some((edit, signature)) = at(far) else { break };
                        add(far.abs(), edit, signature.clone());
                        (last, last_signature) = (far, signature);
                    }
                    (last, last_signature) = (steps, there);
                }
            }
        }
        found.sort_by_key(|(distance, _, _)| *distance);
        found.into_iter().map(|(_, edit, signature)| (edit, signature)).collect()
    }

    /// Cells of rows that name the record: those that move the same are changed one after the other.
    fn cells(
        &self,
        collections: &[Collection],
        read: &BTreeSet<(RecordId, u32)>,
        base: &Signature,
        found: &mut Vec<Dimension>,
    ) {
        let mut kinds: Vec<(RecordId, u32, Signature, Vec<Edit>)> = Vec::new();
        for collection in collections {
            let mut fields = self.changeable(collection.record, read);
            // When something was is the last that anybody would change.
            fields.sort_by_key(|(_, field)| field.ty.base == Base::Date);
            for (field, _) in fields {
                for row in &collection.rows {
                    for (edit, signature) in self.values(collection.record, *row, field, base) {
                        let same = |kind: &&mut (RecordId, u32, Signature, Vec<Edit>)| {
                            kind.0 == collection.record && kind.1 == field && kind.2 == signature
                        };
                        match kinds.iter_mut().find(same) {
                            Some((_, _, _, edits)) => edits.push(edit),
                            None => kinds.push((collection.record, field, signature, vec![edit])),
                        }
                    }
                }
            }
        }
        found.extend(kinds.into_iter().map(|(_, _, _, edits)| growing(edits)));
    }

    fn removals(&self, collections: &[Collection], base: &Signature, found: &mut Vec<Dimension>) {
        let symbols = &self.question.plan.symbols;
        let has_results = |record: RecordId| {
            symbols.decisions.iter().any(|it| it.of == record)
                || symbols.requirements.iter().any(|it| it.of == record)
        };
        let mut kinds: Vec<(RecordId, Signature, Vec<Edit>)> = Vec::new();
        for collection in collections {
            // Waivers name rows by their number.
            if !self.question.options.waivers.is_empty() && has_results(collection.record) {
                continue;
            }
            for row in &collection.rows {
                let edit = Edit::Remove(collection.record, *row);
                let Some(signature) = self.signature(std::slice::from_ref(&edit), true) else { break };
                if signature == *base {
                    continue;
                }
                match kinds.iter_mut().find(|kind| kind.0 == collection.record && kind.1 == signature) {
                    Some((_, _, edits)) => edits.push(edit),
                    None => kinds.push((collection.record, signature, vec![edit])),
                }
            }
        }
        found.extend(kinds.into_iter().map(|(_, _, edits)| growing(edits)));
    }

    /// Rows like those that there are, the record's own first, with a key that no row has.
    fn additions(
        &self,
        collections: &[Collection],
        read: &BTreeSet<(RecordId, u32)>,
        base: &Signature,
        found: &mut Vec<Dimension>,
    ) {
        for collection in collections {
            let all = self.question.data.rows(collection.record).unwrap_or(0);
            let strangers = (0..all).filter(|row| !collection.rows.contains(row));
            let models = collection.rows.iter().copied().chain(strangers).take(MOST_MODELS);
            let mut kinds: Vec<Signature> = Vec::new();
            for model in models {
                for cells in self.like(collection, model, read) {
                    let copies = self.copies(collection, &cells);
                    let Some(first) = copies.first() else { continue };
                    let Some(signature) = self.signature(std::slice::from_ref(first), true) else { return };
                    if signature != *base && !kinds.contains(&signature) {
                        kinds.push(signature);
                        found.push(growing(copies));
                    }
                }
            }
        }
    }

    /// A row's cells as they would be of the owner: as they are, and with one of them another.
    fn like(&self, collection: &Collection, model: u32, read: &BTreeSet<(RecordId, u32)>) -> Vec<Vec<Cell>> {
        let symbols = &self.question.plan.symbols;
        let Some(declared) = symbols.record(collection.record) else { return Vec::new() };
        let width = u32::try_from(declared.fields.len()).unwrap_or(0);
        let mut plain: Vec<Cell> = (0..width)
            .map(|field| self.question.data.cell(collection.record, model, field).into_owned())
            .collect();
        let (record, row) = collection.owner;
        if let Some(cell) = plain.get_mut(collection.by as usize) {
            *cell = Cell::Known(self.named(record, row));
        }
        let mut found = vec![plain.clone()];
        for (field, written) in self.changeable(collection.record, read) {
            for value in others(symbols, written.ty, &self.constants).into_iter().take(12) {
                let mut other = plain.clone();
                if let Some(cell) = other.get_mut(field as usize)
                    && *cell != Cell::Known(value.clone())
                {
                    *cell = Cell::Known(value);
                    found.push(other);
                }
            }
        }
        found
    }

    /// Such a row several times, each with a key that no row has; none where no such key is found.
    fn copies(&self, collection: &Collection, cells: &[Cell]) -> Vec<Edit> {
        let Some(declared) = self.question.plan.symbols.record(collection.record) else { return Vec::new() };
        let mut found: Vec<Edit> = Vec::new();
        let mut keys: Vec<Vec<Value>> = Vec::new();
        for (at, field) in declared.fields.iter().enumerate().take(declared.keys) {
            if at == collection.by as usize {
                continue;
            }
            let mut number = 0;
            while found.len() < MOST_OF_A_KIND && number < MOST_NAMED {
                number += 1;
                let Some(value) = self.fresh(field.ty, cells.get(at), number) else { break };
                let mut copy = cells.to_vec();
                if let Some(cell) = copy.get_mut(at) {
                    *cell = Cell::Known(value);
                }
                let key: Option<Vec<Value>> = copy
                    .iter()
                    .take(declared.keys)
                    .map(|cell| match cell {
                        Cell::Known(value) => Some(value.clone()),
                        _ => None,
                    })
                    .collect();
                let Some(key) = key else { break };
                if self.question.data.find(collection.record, &key).is_none() && !keys.contains(&key) {
                    keys.push(key);
                    found.push(Edit::Add(collection.record, copy));
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// The so-manieth value for a part of a new key.
    fn fresh(&self, ty: Type, like: Option<&Cell>, number: u32) -> Option<Value> {
        let symbols = &self.question.plan.symbols;
        let model = match like {
            Some(Cell::Known(value)) => Some(value),
            _ => None,
        };
        Some(match (ty.base, model) {
            (Base::Text, _) => Value::Text(Arc::from(format!("new {number}"))),
            (Base::Date, Some(Value::Date(day))) => Value::Date(add_days(*day, -i64::from(number))?),
            (Base::SchoolYear, Some(Value::SchoolYear(year))) => {
                Value::SchoolYear(year.checked_sub(i16::try_from(number).ok()?)?)
            }
            (Base::Count | Base::Number, _) => Value::Number(Number::from_int(1_000_000 + i64::from(number))),
            (Base::Category(category), _) => {
                let values = symbols.category(category)?.values.len();
                (((number - 1) as usize) < values).then_some(Value::Category(number - 1))?
            }
            (Base::Record(target), _) => {
                (number <= self.question.data.rows(target)?).then(|| self.named(target, number - 1))?
            }
            _ => return None,
        })
    }

    fn named(&self, record: RecordId, row: u32) -> Value {
        let symbols = &self.question.plan.symbols;
        let keys = symbols.record(record).map_or(0, |record| record.keys);
        let parts: Option<Vec<Value>> = (0..u32::try_from(keys).unwrap_or(0))
            .map(|field| match &*self.question.data.cell(record, row, field) {
                Cell::Known(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        Value::Reference(Reference { record, row: Some(row), key: parts.unwrap_or_default().into() })
    }
}

/// One of them, two of them, and so on.
fn growing(edits: Vec<Edit>) -> Dimension {
    let most = edits.len().min(MOST_OF_A_KIND);
    let options = (1..=most).map(|count| edits.iter().take(count).cloned().collect()).collect();
    Dimension { own: false, options }
}
