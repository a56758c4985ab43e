//! Which columns a run reads: those that its results reach, and the keys of whatever has rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Code, DefineId, Fact, FieldKind, Op, Plan, RecordKind, ResultId, RowSource};
use crate::table::Wanted;
use crate::value::{Base, RecordId};

/// What is to be read for these results and derived facts, record by record.
#[must_use]
pub fn wanted(plan: &Plan, results: &[ResultId], facts: &[DefineId]) -> Vec<Wanted> {
    let reach = Reach::to(plan, results, facts);
    let symbols = &plan.symbols;
    let of_record = |(record, fields): (RecordId, BTreeSet<u32>)| {
        let declared = symbols.record(record)?;
        let key = declared.kind == RecordKind::Record && declared.keys > 0;
        let cell = |field: &u32| {
            declared.fields.get(*field as usize).is_some_and(|field| field.kind == FieldKind::Cell)
        };
        let fields = fields.into_iter().filter(cell).collect();
        (declared.kind == RecordKind::Record).then_some(Wanted { record, fields, key })
    };
    reach.fields.into_iter().filter_map(of_record).collect()
}

/// The code of whatever these results and derived facts are made of.
pub(crate) fn codes<'a>(plan: &'a Plan, results: &[ResultId], facts: &[DefineId]) -> Vec<&'a Code> {
    Reach::to(plan, results, facts).codes
}

/// What is worked out for these results and derived facts, and the groups whose rows are.
pub(super) fn reached(
    plan: &Plan,
    results: &[ResultId],
    facts: &[DefineId],
) -> (BTreeSet<Fact>, BTreeSet<RecordId>) {
    let reach = Reach::to(plan, results, facts);
    let kind = |record: &RecordId| plan.symbols.record(*record).map(|record| record.kind);
    let is_group = |record: &RecordId| matches!(kind(record), Some(RecordKind::Group { .. }));
    (reach.seen, reach.fields.into_keys().filter(is_group).collect())
}

struct Reach<'a> {
    plan: &'a Plan,
    codes: Vec<&'a Code>,
    fields: BTreeMap<RecordId, BTreeSet<u32>>,
    open: Vec<Fact>,
    seen: BTreeSet<Fact>,
}

impl<'a> Reach<'a> {
    fn of(plan: &'a Plan) -> Self {
        let (fields, seen) = (BTreeMap::new(), BTreeSet::new());
        Self { plan, codes: Vec::new(), fields, open: Vec::new(), seen }
    }

    fn to(plan: &'a Plan, results: &[ResultId], facts: &[DefineId]) -> Self {
        let mut reach = Self::of(plan);
        for result in results {
            reach.open.push((*result).into());
            plan.symbols.of(*result).into_iter().for_each(|record| reach.record(record));
        }
        for define in facts {
            reach.open.push(Fact::Define(*define));
            // A fact may be told without any field of the row that it is of.
            plan.symbols
                .define(*define)
                .and_then(|define| define.of)
                .into_iter()
                .for_each(|record| reach.record(record));
        }
        reach.waivers();
        while let Some(fact) = reach.open.pop() {
            if reach.seen.insert(fact) {
                reach.body(fact);
            }
        }
        reach
    }

    /// A record, and all that its keys name.
    fn record(&mut self, record: RecordId) {
        if self.fields.contains_key(&record) {
            return;
        }
        self.fields.entry(record).or_default();
        let Some(declared) = self.plan.symbols.record(record) else { return };
        if let RecordKind::Group { of } = declared.kind {
            self.record(of);
            if let Some(body) = self.plan.groups.get(&record.0) {
                self.code(&body.code);
            }
        }
        // The key itself is read as one; what it names has to be there.
        for field in declared.fields.iter().take(declared.keys) {
            if let Base::Record(target) = field.ty.base {
                self.record(target);
            }
        }
    }

    fn field(&mut self, record: RecordId, field: u32) {
        self.record(record);
        self.fields.entry(record).or_default().insert(field);
        let declared = self.plan.symbols.record(record).and_then(|record| record.fields.get(field as usize));
        if let Some(Base::Record(target)) = declared.map(|field| field.ty.base) {
            self.record(target);
        }
    }

    /// The rows of a `many` field, or the members of a group.
    fn many(&mut self, record: RecordId, field: u32) {
        self.record(record);
        let Some(declared) = self.plan.symbols.record(record) else { return };
        match (declared.fields.get(field as usize).map(|field| field.kind), declared.kind) {
            (Some(FieldKind::Many { record, by }), _) => self.field(record, by),
            (Some(FieldKind::Members), RecordKind::Group { of }) => self.record(of),
            _ => {}
        }
    }

    /// Waivers are rows of a record of their own, and name rows of others by their keys.
    fn waivers(&mut self) {
        let symbols = &self.plan.symbols;
        let Some(record) = symbols.waivers else { return };
        let fields = symbols.record(record).map_or(0, |record| record.fields.len());
        for field in 0..u32::try_from(fields).unwrap_or(u32::MAX) {
            self.field(record, field);
        }
        let decisions = self
            .plan
            .decisions
            .iter()
            .filter(|(_, body)| body.rules.iter().any(|rule| !rule.waivable_by.is_empty()));
        let of_decisions = decisions.filter_map(|(id, _)| Some(symbols.decisions.get(*id as usize)?.of));
        let requirements = self.plan.requirements.iter().filter(|(_, body)| !body.waivable_by.is_empty());
        let of_requirements =
            requirements.filter_map(|(id, _)| Some(symbols.requirements.get(*id as usize)?.of));
        let named: Vec<RecordId> = of_decisions.chain(of_requirements).collect();
        named.into_iter().for_each(|record| self.record(record));
    }

    fn body(&mut self, fact: Fact) {
        let plan = self.plan;
        match fact {
            Fact::Define(id) => {
                if let Some(body) = plan.defines.get(&id.0) {
                    self.code(&body.code);
                }
            }
            Fact::Decision(id) => {
                if let Some(body) = plan.decisions.get(&id.0) {
                    self.code(&body.code);
                }
            }
            Fact::Requirement(id) => {
                if let Some(body) = plan.requirements.get(&id.0) {
                    self.code(&body.code);
                }
            }
            Fact::Amount(id) => {
                if let Some(body) = plan.amounts.get(&id.0) {
                    self.code(&body.code);
                }
            }
            _ => {}
        }
    }

    fn code(&mut self, code: &'a Code) {
        self.codes.push(code);
        for expr in &code.exprs {
            let owner = |of| match code.get(of).map(|expr| expr.ty.base) {
                Some(Base::Record(record)) => Some(record),
                _ => None,
            };
            if let Base::Record(record) = expr.ty.base {
                self.record(record);
            }
            match &expr.op {
                Op::Field { of, field } => {
                    if let Some(record) = owner(*of) {
                        self.field(record, *field);
                    }
                }
                Op::Define { define, .. } => self.open.push(Fact::Define(*define)),
                Op::Decision { decision, .. } => self.open.push(Fact::Decision(*decision)),
                Op::IsMet { requirement, .. } => self.open.push(Fact::Requirement(*requirement)),
                Op::Amount { amount, .. } => self.open.push(Fact::Amount(*amount)),
                Op::Lookup { record, .. } => self.record(*record),
                Op::Aggregate { rows, .. }
                | Op::Pick { rows, .. }
                | Op::Quantity(_, _, rows)
                | Op::Apportion { rows, .. } => self.source(code, &rows.source),
                Op::Population(population) => self.source(code, &population.rows.source),
                _ => {}
            }
        }
    }

    fn source(&mut self, code: &Code, source: &RowSource) {
        match source {
            RowSource::Many { of, field } => {
                if let Some(Base::Record(record)) = code.get(*of).map(|expr| expr.ty.base) {
                    self.many(record, *field);
                }
            }
            RowSource::All(record) => self.record(*record),
            RowSource::Values(_) => {}
            RowSource::Flatten { outer, inner } => {
                self.source(code, &outer.source);
                self.source(code, inner);
            }
        }
    }
}
