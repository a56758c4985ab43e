//! One vocabulary for two versions: what either can read of a record, by name.
//!
//! A field that only the old version has is added to the new one, which cannot name it. A field that both have is what both
//! can read in it: of `text` and `text?` the text, of two categories the values that both have. A field that is of two
//! kinds is two fields; then only what holds whatever they are can be proved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::witness::{Fact, Row, Witness};
use crate::plan::{
    Category, Code, Field, FieldKind, InputId, Op, Plan, RecordKind, RowSource, Rows, Shaper, Shapes, Symbols,
};
use crate::value::{Base, CategoryId, Number, RecordId, Type, Value};

/// Two versions of what is compared, in one vocabulary. Fields and records have the places they have in their own version;
/// those that only the old one has come last in the new one.
pub(super) struct Shared {
    pub(super) old: Plan,
    pub(super) new: Plan,
    /// Categories of the old version by those of the new one: where each value is there; nothing where they are alike.
    values: BTreeMap<(CategoryId, CategoryId), Vec<Option<u32>>>,
    /// What is read and has two meanings, in a few words.
    pub(super) unlike: Vec<String>,
}

impl Shared {
    /// Of the parts of two versions.
    pub(super) fn of(old: &Plan, new: &Plan) -> Self {
        let mut joining = Joining {
            old: (*old.symbols).clone(),
            new: (*new.symbols).clone(),
            values: BTreeMap::new(),
            unlike: BTreeMap::new(),
            inputs: BTreeMap::new(),
        };
        let ids = 0..u32::try_from(joining.old.records.len()).unwrap_or(u32::MAX);
        for id in ids.clone() {
            joining.record(RecordId(id));
        }
        // Rows of a record name a field of it, which must be there.
        for many in [false, true] {
            for id in ids.clone() {
                joining.fields(RecordId(id), many);
            }
        }
        joining.inputs();
        let mut unlike = BTreeSet::new();
        for (plan, is_old) in [(old, true), (new, false)] {
            for read in reads(plan) {
                let told = match &read {
                    Read::Field(record, field) => joining.unlike.get(&(is_old, *record, *field)),
                    Read::Input(input) => joining.inputs.get(&(is_old, *input)),
                    Read::Record(_) => None,
                };
                unlike.extend(told.cloned());
                if let Read::Record(record) = read
                    && let Some(told) = formed_otherwise(old, new, plan, record)
                {
                    unlike.insert(told);
                }
            }
        }
        let with = |plan: &Plan, symbols: Symbols| Plan { symbols: Arc::new(symbols), ..plan.clone() };
        Self {
            old: with(old, joining.old),
            new: with(new, joining.new),
            values: joining.values,
            unlike: unlike.into_iter().collect(),
        }
    }

    /// Where the values of a category of the old version are in one of the new one; nothing where they are alike.
    pub(super) fn values(&self, old: CategoryId, new: CategoryId) -> Option<&[Option<u32>]> {
        self.values.get(&(old, new)).map(Vec::as_slice)
    }

    /// A record of the shared vocabulary (that of the new version) as each version reads it; nothing where one cannot.
    pub(super) fn apart(&self, witness: &Witness, new: &Symbols) -> Option<(Witness, Witness)> {
        // The old version has its own places in the shared vocabulary too, only some of its names are others there.
        let before = carried(witness, &self.new.symbols, &self.old.symbols)?;
        Some((before, carried(witness, &self.new.symbols, new)?))
    }
}

/// Two vocabularies that are becoming one.
struct Joining {
    old: Symbols,
    new: Symbols,
    values: BTreeMap<(CategoryId, CategoryId), Vec<Option<u32>>>,
    /// By version (`true` is the old one), record and field: what is unlike.
    unlike: BTreeMap<(bool, RecordId, u32), String>,
    inputs: BTreeMap<(bool, InputId), String>,
}

impl Joining {
    /// Makes place for a record that only the old version has.
    fn record(&mut self, id: RecordId) {
        let Some(record) = self.old.record(id) else { return };
        if self.new.record_named(&record.name).is_none() {
            let copy = crate::plan::Record { fields: Vec::new(), kind: RecordKind::Record, ..record.clone() };
            self.new.records.push(copy);
        }
    }

    /// The fields of a record: those with rows, or the others.
    fn fields(&mut self, id: RecordId, many: bool) {
        let Some(record) = self.old.record(id).cloned() else { return };
        let Some(other) = self.new.record_named(&record.name) else { return };
        let is_group = |symbols: &Symbols, id| {
            symbols.record(id).is_some_and(|record| record.kind != RecordKind::Record)
        };
        if is_group(&self.new, other) || record.kind != RecordKind::Record {
            return;
        }
        for (position, field) in record.fields.iter().enumerate() {
            let Ok(position) = u32::try_from(position) else { break };
            if matches!(field.kind, FieldKind::Many { .. }) != many {
                continue;
            }
            let there = self
                .new
                .record(other)
                .and_then(|record| record.fields.iter().position(|it| it.name == field.name))
                .and_then(|at| u32::try_from(at).ok());
            match there {
                None => {
                    let field = self.copied(field);
                    self.add(other, field);
                }
                Some(at) => self.field((id, position), (other, at)),
            }
        }
    }

    /// A field of both.
    fn field(&mut self, old: (RecordId, u32), new: (RecordId, u32)) {
        let get = |symbols: &Symbols, (record, field): (RecordId, u32)| {
            Some((
                symbols.record(record)?.name.clone(),
                symbols.record(record)?.fields.get(field as usize)?.clone(),
            ))
        };
        let (Some((record, one)), Some((_, other))) = (get(&self.old, old), get(&self.new, new)) else {
            return;
        };
        let Some((ty, their_ty)) = self.common(&one, &other) else {
            let (a, b) = (type_name(&self.old, &one), type_name(&self.new, &other));
            let told = format!("`{record}.{}` is `{a}` in the old version and `{b}` in the new", one.name);
            self.unlike.insert((true, old.0, old.1), told.clone());
            self.unlike.insert((false, new.0, new.1), told);
            let copy = self.copied(&one);
            let name = format!("{} (old version)", one.name);
            if let Some(field) = at_mut(&mut self.old, old) {
                field.name.clone_from(&name);
            }
            self.add(new.0, Field { name, ..copy });
            return;
        };
        let absent = if one.absent == other.absent { one.absent.clone() } else { None };
        let judged = one.judged_by.is_some() && other.judged_by.is_some();
        for (symbols, place, ty) in [(&mut self.old, old, ty), (&mut self.new, new, their_ty)] {
            if let Some(field) = at_mut(symbols, place) {
                field.ty = ty;
                field.absent.clone_from(&absent);
                if !judged {
                    field.judged_by = None;
                }
            }
        }
    }

    /// The types of what both fields can hold, in the one and in the other version.
    fn common(&mut self, one: &Field, other: &Field) -> Option<(Type, Type)> {
        let optional = one.ty.optional && other.ty.optional;
        let of = |a: Base, b: Base| Some((Type { base: a, optional }, Type { base: b, optional }));
        match (one.kind, other.kind) {
            (FieldKind::Cell, FieldKind::Cell) => {}
            (FieldKind::Many { record, by }, FieldKind::Many { record: theirs, by: their_by }) => {
                let by_name = |symbols: &Symbols, record: RecordId, by: u32| {
                    let record = symbols.record(record)?;
                    Some((record.name.clone(), record.fields.get(by as usize)?.name.clone()))
                };
                let same = by_name(&self.old, record, by)? == by_name(&self.new, theirs, their_by)?;
                return if same { of(one.ty.base, other.ty.base) } else { None };
            }
            _ => return None,
        }
        match (one.ty.base, other.ty.base) {
            (Base::Category(a), Base::Category(b)) => {
                self.correspond(a, b)?;
                of(one.ty.base, other.ty.base)
            }
            (Base::Record(a), Base::Record(b)) => {
                let same = self.old.record(a)?.name == self.new.record(b)?.name;
                if same { of(one.ty.base, other.ty.base) } else { None }
            }
            (Base::Category(_) | Base::Record(_), _) | (_, Base::Category(_) | Base::Record(_)) => None,
            (a, b) if a == b => of(a, b),
            // A count and an amount of money are numbers; a count is whole dollars too.
            (Base::Count, Base::Number | Base::Money) | (Base::Number | Base::Money, Base::Count) => {
                of(Base::Count, Base::Count)
            }
            (Base::Money, Base::Number) | (Base::Number, Base::Money) => of(Base::Money, Base::Money),
            _ => None,
        }
    }

    /// Matches the values of two categories by name; nothing when they have none in common.
    fn correspond(&mut self, a: CategoryId, b: CategoryId) -> Option<()> {
        let (one, other) = (self.old.category(a)?, self.new.category(b)?);
        if names(one) == names(other) {
            return Some(());
        }
        let there = |name: &str| {
            let at = other.values.iter().position(|value| value.name == name)?;
            u32::try_from(at).ok()
        };
        let values: Vec<Option<u32>> = one.values.iter().map(|value| there(&value.name)).collect();
        values.iter().any(Option::is_some).then_some(())?;
        self.values.insert((a, b), values);
        Some(())
    }

    /// A field of the old version in the names of the new one.
    fn copied(&mut self, field: &Field) -> Field {
        let mut copy = field.clone();
        copy.ty.base = match field.ty.base {
            Base::Category(id) => Base::Category(self.category(id)),
            Base::Set(id) => Base::Set(self.category(id)),
            Base::Record(id) => self.named(id).map_or(Base::Damaged, Base::Record),
            Base::Many(id) => self.named(id).map_or(Base::Damaged, Base::Many),
            other => other,
        };
        if let FieldKind::Many { record, by } = field.kind {
            let by_name = self.old.record(record).and_then(|record| record.fields.get(by as usize));
            let target = self.named(record).and_then(|id| {
                let fields = &self.new.record(id)?.fields;
                let at = fields.iter().position(|field| Some(&field.name) == by_name.map(|by| &by.name))?;
                Some((id, u32::try_from(at).ok()?))
            });
            copy.kind = match target {
                Some((record, by)) => FieldKind::Many { record, by },
                None => FieldKind::Damaged,
            };
        }
        copy
    }

    fn named(&self, old: RecordId) -> Option<RecordId> {
        self.new.record_named(&self.old.record(old)?.name)
    }

    /// A category of the old version among those of the new one; added where none is alike.
    fn category(&mut self, old: CategoryId) -> CategoryId {
        let Some(category) = self.old.category(old).cloned() else { return CategoryId(u32::MAX) };
        let known = self
            .new
            .categories
            .iter()
            .position(|other| names(other) == names(&category) && other.ordered == category.ordered);
        let at = known.unwrap_or_else(|| {
            self.new.categories.push(category);
            self.new.categories.len() - 1
        });
        CategoryId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    fn add(&mut self, record: RecordId, field: Field) {
        if let Some(record) = self.new.records.get_mut(record.0 as usize) {
            record.fields.push(field);
        }
    }

    fn inputs(&mut self) {
        for (position, input) in self.old.inputs.clone().into_iter().enumerate() {
            let Ok(position) = u32::try_from(position) else { break };
            let there = self.new.inputs.iter().position(|other| other.name == input.name);
            let Some(at) = there else {
                let mut ty = input.ty;
                if let Base::Category(id) = ty.base {
                    ty.base = Base::Category(self.category(id));
                }
                self.new.inputs.push(crate::plan::InputSymbol { ty, ..input });
                continue;
            };
            let Some(other) = self.new.inputs.get(at) else { continue };
            let alike = input.ty.optional == other.ty.optional
                && match (input.ty.base, other.ty.base) {
                    (Base::Category(a), Base::Category(b)) => {
                        self.old.category(a).map(names) == self.new.category(b).map(names)
                    }
                    (a, b) => a == b,
                };
            if alike {
                continue;
            }
            let told = format!("the input `{}` has another type in the new version", input.name);
            let name = format!("{} (old version)", input.name);
            self.inputs.insert((true, InputId(position)), told.clone());
            if let Ok(at) = u32::try_from(at) {
                self.inputs.insert((false, InputId(at)), told);
            }
            let mut ty = input.ty;
            if let Base::Category(id) = ty.base {
                ty.base = Base::Category(self.category(id));
            }
            self.new.inputs.push(crate::plan::InputSymbol { name: name.clone(), ty, ..input });
            if let Some(input) = self.old.inputs.get_mut(position as usize) {
                input.name = name;
            }
        }
    }
}

fn at_mut(symbols: &mut Symbols, (record, field): (RecordId, u32)) -> Option<&mut Field> {
    symbols.records.get_mut(record.0 as usize)?.fields.get_mut(field as usize)
}

pub(super) fn names(category: &Category) -> Vec<&str> {
    category.values.iter().map(|value| value.name.as_str()).collect()
}

/// The type of a field as its declaration writes it.
#[must_use]
pub fn type_name(symbols: &Symbols, field: &Field) -> String {
    let category = |id: CategoryId| symbols.category(id).map_or("?", |category| category.name.as_str());
    let record = |id: RecordId| symbols.record(id).map_or("?", |record| record.name.as_str());
    let base = match (field.kind, field.ty.base) {
        (FieldKind::Many { record: id, by }, _) => {
            let by = symbols.record(id).and_then(|record| record.fields.get(by as usize));
            return format!("many {} by {}", record(id), by.map_or("?", |by| by.name.as_str()));
        }
        (_, Base::Category(id)) => category(id),
        (_, Base::Record(id)) => record(id),
        (_, Base::Set(id)) => return format!("set of {}", category(id)),
        (_, Base::Many(id)) => return format!("many {}", record(id)),
        (_, Base::Flag) => "flag",
        (_, Base::Count) => "count",
        (_, Base::Number) => "number",
        (_, Base::Percent) => "percent",
        (_, Base::Money) => "money",
        (_, Base::Text) => "text",
        (_, Base::Date) => "date",
        (_, Base::SchoolYear) => "school_year",
        (_, Base::Days) => "days",
        (_, Base::Months) => "months",
        (_, Base::Damaged) => "?",
    };
    format!("{base}{}", if field.ty.optional { "?" } else { "" })
}

/// Whether a group that both versions have is formed in one way.
fn formed_otherwise(old: &Plan, new: &Plan, plan: &Plan, id: RecordId) -> Option<String> {
    let record = plan.symbols.record(id)?;
    if record.kind == RecordKind::Record {
        return None;
    }
    let (a, b) = (old.symbols.record_named(&record.name), new.symbols.record_named(&record.name));
    let (Some(a), Some(b)) = (a, b) else {
        return Some(format!("only one version has the group `{}`", record.name));
    };
    let mut shapes = Shapes::default();
    let one = Shaper::new(old, &mut shapes).group(a);
    let other = Shaper::new(new, &mut shapes).group(b);
    (one != other).then(|| format!("the group `{}` is formed otherwise", record.name))
}

/// Something that a plan reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Read {
    Field(RecordId, u32),
    Record(RecordId),
    Input(InputId),
}

/// The codes of a plan.
pub(super) fn codes(plan: &Plan) -> impl Iterator<Item = &Code> {
    plan.defines
        .values()
        .map(|body| &body.code)
        .chain(plan.decisions.values().map(|body| &body.code))
        .chain(plan.requirements.values().map(|body| &body.code))
        .chain(plan.amounts.values().map(|body| &body.code))
}

/// Everything that the codes of a plan read.
pub(super) fn reads(plan: &Plan) -> BTreeSet<Read> {
    let mut found = BTreeSet::new();
    for code in codes(plan) {
        for expr in &code.exprs {
            if let Base::Record(record) | Base::Many(record) = expr.ty.base {
                found.insert(Read::Record(record));
            }
            match &expr.op {
                Op::Input(input) => drop(found.insert(Read::Input(*input))),
                Op::Field { of, field } => {
                    if let Some(Base::Record(record)) = code.get(*of).map(|expr| expr.ty.base) {
                        found.insert(Read::Field(record, *field));
                    }
                }
                Op::Lookup { record, .. } => drop(found.insert(Read::Record(*record))),
                Op::Aggregate { rows, .. } | Op::Pick { rows, .. } | Op::Quantity(_, _, rows) => {
                    rows_read(plan, code, rows, &mut found);
                }
                Op::Apportion { rows, .. } => rows_read(plan, code, rows, &mut found),
                Op::Population(population) => rows_read(plan, code, &population.rows, &mut found),
                _ => {}
            }
        }
    }
    found
}

fn rows_read(plan: &Plan, code: &Code, rows: &Rows, found: &mut BTreeSet<Read>) {
    let mut open = vec![&rows.source];
    while let Some(source) = open.pop() {
        match source {
            RowSource::All(record) => drop(found.insert(Read::Record(*record))),
            RowSource::Values(_) => {}
            RowSource::Many { of, field } => {
                if let Some(Base::Record(record)) = code.get(*of).map(|expr| expr.ty.base) {
                    found.insert(Read::Field(record, *field));
                    let kind = plan
                        .symbols
                        .record(record)
                        .and_then(|record| record.fields.get(*field as usize))
                        .map(|field| field.kind);
                    if let Some(FieldKind::Many { record, by }) = kind {
                        found.extend([Read::Field(record, by), Read::Record(record)]);
                    }
                }
            }
            RowSource::Flatten { outer, inner } => open.extend([&outer.source, inner]),
        }
    }
}

/// A record in the names of another vocabulary. What that does not have is left out; nothing where it cannot hold a value.
fn carried(witness: &Witness, from: &Symbols, to: &Symbols) -> Option<Witness> {
    let record = |id: RecordId| to.record_named(&from.record(id)?.name);
    // By row: its place among those that are kept.
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, row) in witness.rows.iter().enumerate() {
        if record(row.record).is_some() {
            places.insert(at, places.len());
        }
    }
    let mut rows = Vec::new();
    for row in &witness.rows {
        let (Some(old), Some(id)) = (from.record(row.record), record(row.record)) else { continue };
        let new = to.record(id)?;
        let mut facts = BTreeMap::new();
        for (position, fact) in &row.facts {
            let declared = old.fields.get(*position as usize)?;
            let Some(at) = new.fields.iter().position(|field| field.name == declared.name) else { continue };
            let theirs = new.fields.get(at)?;
            let fact = match fact {
                Fact::Missing => Fact::Missing,
                Fact::Row(other) => match places.get(other) {
                    Some(place) => Fact::Row(*place),
                    None => continue,
                },
                Fact::Value(value) => Fact::Value(value_there(value, (from, declared.ty), (to, theirs.ty))?),
            };
            facts.insert(u32::try_from(at).ok()?, fact);
        }
        rows.push(Row { record: id, name: Arc::clone(&row.name), facts });
    }
    let supplied = witness.supplied.iter().filter_map(|id| record(*id)).collect();
    let mut inputs = BTreeMap::new();
    for (input, value) in &witness.inputs {
        let declared = from.inputs.get(input.0 as usize)?;
        let Some(at) = to.inputs.iter().position(|input| input.name == declared.name) else { continue };
        let theirs = to.inputs.get(at)?;
        let value = value_there(value, (from, declared.ty), (to, theirs.ty))?;
        inputs.insert(InputId(u32::try_from(at).ok()?), value);
    }
    Some(Witness { as_of: witness.as_of, rows, supplied, inputs, ..Witness::default() })
}

fn value_there(
    value: &Value,
    (from, ours): (&Symbols, Type),
    (to, theirs): (&Symbols, Type),
) -> Option<Value> {
    match (value, ours.base, theirs.base) {
        (Value::Category(value), Base::Category(old), Base::Category(new)) => {
            let name = &from.category(old)?.values.get(*value as usize)?.name;
            let at = to.category(new)?.values.iter().position(|value| value.name == *name)?;
            Some(Value::Category(u32::try_from(at).ok()?))
        }
        (Value::Number(number), _, Base::Count) => {
            (number.is_whole() && !number.is_negative()).then(|| value.clone())
        }
        (Value::Number(number), _, Base::Money) => {
            number.mul(&Number::from_int(100)).is_ok_and(|cents| cents.is_whole()).then(|| value.clone())
        }
        (Value::Number(_), a, b) => (a == b || b == Base::Number).then(|| value.clone()),
        (_, a, b) => (a == b).then(|| value.clone()),
    }
}
