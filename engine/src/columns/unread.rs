//! Which rows nobody looks at: the conditions that rows of a record must meet before anything of them is read.
//!
//! A record has such a condition if every way to its rows is an aggregate that has one, straight over a `many` field: a row for
//! which that condition is surely no counts for nothing, whatever else it holds. Rows that others name, look up or group,
//! that are ranked, or that have results of their own are looked at without any condition. Of the conditions only what
//! compares a field of the row with what is the same all day is kept; the rest may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::wanted::{codes, reached, wanted};
use crate::data::Dataset;
use crate::evaluate::{Env, Evaluator, Options};
use crate::plan::{
    Code, CompareOp, DefineId, ExprId, Fact, FieldKind, Interval, Op, Plan, RecordKind, ResultId, RowSource,
    Rows, any_operation,
};
use crate::table::Condition;
use crate::value::{Base, Date, RecordId, State, Value};

/// The conditions under which these results and derived facts look at rows, by record; a record that is not among them is
/// looked at without any. They hold for a run on that day.
#[must_use]
pub fn conditions(
    plan: &Plan,
    results: &[ResultId],
    facts: &[DefineId],
    as_of: Date,
) -> BTreeMap<RecordId, Condition> {
    let nothing = Dataset::new(&plan.symbols);
    let laws = plan.decisions.values().map(|body| body.law_on);
    let laws = laws.chain(plan.requirements.values().map(|body| body.law_on));
    let mut laws = laws.chain(plan.amounts.values().map(|body| body.law_on));
    let mut search = Search {
        plan,
        evaluator: Evaluator::new(plan, &nothing, as_of, Options::default()),
        law_moves: laws.any(|law| law.is_some()),
        ways: BTreeMap::new(),
        looked_at: BTreeSet::new(),
    };
    search.without_condition(results, facts);
    for code in codes(plan, results, facts) {
        search.code(code);
    }
    let Search { ways, looked_at, .. } = search;
    let is_bound = |(record, _): &(RecordId, Vec<Condition>)| !looked_at.contains(record);
    ways.into_iter().filter(is_bound).map(|(record, ways)| (record, Condition::Any(ways))).collect()
}

struct Search<'a> {
    plan: &'a Plan,
    evaluator: Evaluator<'a>,
    /// Whether some result has its law from a day of its record.
    law_moves: bool,
    ways: BTreeMap<RecordId, Vec<Condition>>,
    /// Without any condition.
    looked_at: BTreeSet<RecordId>,
}

impl Search<'_> {
    /// Records whose rows are looked at in another way than by aggregates.
    fn without_condition(&mut self, results: &[ResultId], facts: &[DefineId]) {
        let symbols = &self.plan.symbols;
        self.looked_at.extend(symbols.waivers);
        self.looked_at.extend(results.iter().filter_map(|result| symbols.of(*result)));
        self.looked_at
            .extend(facts.iter().filter_map(|fact| symbols.define(*fact).and_then(|define| define.of)));
        let (seen, groups) = reached(self.plan, results, facts);
        for fact in seen {
            self.looked_at.extend(match fact {
                Fact::Decision(id) => symbols.decision(id).map(|symbol| symbol.of),
                Fact::Requirement(id) => symbols.requirement(id).map(|symbol| symbol.of),
                Fact::Amount(id) => symbols.amount(id).map(|symbol| symbol.of),
                _ => None,
            });
        }
        for group in groups {
            if let Some(RecordKind::Group { of }) = symbols.record(group).map(|record| record.kind) {
                self.looked_at.insert(of);
            }
        }
        // What somebody names.
        for wanted in wanted(self.plan, results, facts) {
            let Some(declared) = symbols.record(wanted.record) else { continue };
            let parts = 0..u32::try_from(declared.keys).unwrap_or(0);
            for field in wanted.fields.iter().copied().chain(parts) {
                let base = declared.fields.get(field as usize).map(|field| field.ty.base);
                if let Some(Base::Record(target)) = base {
                    self.looked_at.insert(target);
                }
            }
        }
    }

    fn code(&mut self, code: &Code) {
        for expr in &code.exprs {
            match &expr.op {
                Op::Aggregate { rows, .. } | Op::Pick { rows, .. } | Op::Quantity(_, _, rows) => {
                    self.rows(code, rows);
                }
                Op::Population(population) => self.all_of(code, &population.rows.source),
                Op::Apportion { rows, .. } => self.all_of(code, &rows.source),
                Op::Lookup { record, .. } => {
                    self.looked_at.insert(*record);
                }
                _ => {}
            }
        }
    }

    fn rows(&mut self, code: &Code, rows: &Rows) {
        let record = match &rows.source {
            RowSource::Many { of, field } => self.many(code, *of, *field),
            RowSource::Values(_) => return,
            RowSource::All(_) | RowSource::Flatten { .. } => None,
        };
        match (record, rows.filter) {
            (Some(record), Some(filter)) => {
                let condition = self.condition(code, rows.slot, filter, true);
                self.ways.entry(record).or_default().push(condition);
            }
            _ => self.all_of(code, &rows.source),
        }
    }

    /// The rows of a source are looked at, each of them.
    fn all_of(&mut self, code: &Code, source: &RowSource) {
        match source {
            RowSource::Many { of, field } => {
                let record = self.many(code, *of, *field);
                self.looked_at.extend(record);
            }
            RowSource::All(record) => {
                self.looked_at.insert(*record);
            }
            RowSource::Values(_) => {}
            RowSource::Flatten { outer, inner } => {
                self.all_of(code, &outer.source);
                self.all_of(code, inner);
            }
        }
    }

    /// The record whose rows a `many` field gives, or of which a group has members.
    fn many(&self, code: &Code, of: ExprId, field: u32) -> Option<RecordId> {
        let Base::Record(parent) = code.get(of)?.ty.base else { return None };
        let declared = self.plan.symbols.record(parent)?;
        match (declared.fields.get(field as usize)?.kind, declared.kind) {
            (FieldKind::Many { record, .. }, _) => Some(record),
            (FieldKind::Members, RecordKind::Group { of }) => Some(of),
            _ => None,
        }
    }

    /// What of a condition about the row in a slot is told by its own fields; `holds`: or its negation.
    fn condition(&self, code: &Code, slot: u16, id: ExprId, holds: bool) -> Condition {
        let Some(expr) = code.get(id) else { return Condition::Open };
        let part = |id: ExprId, holds: bool| self.condition(code, slot, id, holds);
        let joined = |parts: Vec<Condition>, all: bool| {
            if all { Condition::All(parts) } else { Condition::Any(parts) }
        };
        match &expr.op {
            Op::Not(a) => part(*a, !holds),
            Op::And(a, b) => joined(vec![part(*a, holds), part(*b, holds)], holds),
            Op::Or(a, b) => joined(vec![part(*a, holds), part(*b, holds)], !holds),
            Op::Field { .. } if expr.ty.base == Base::Flag => match field(code, slot, id) {
                Some(field) => Condition::Flag(field, holds),
                None => Condition::Open,
            },
            Op::Compare(op, a, b) => self.compared(code, slot, (*op, *a, *b), holds),
            Op::Between(x, low, high) => {
                let ends = [(CompareOp::Ge, *low), (CompareOp::Le, *high)];
                let ends = ends.map(|(op, end)| self.compared(code, slot, (op, *x, end), holds));
                joined(ends.into(), holds)
            }
            Op::InList(x, list) => {
                let each =
                    list.iter().map(|value| self.compared(code, slot, (CompareOp::Eq, *x, *value), holds));
                joined(each.collect(), !holds)
            }
            Op::Define { define, of: Some(of), arguments } if arguments.is_empty() => {
                let is_own = code.get(*of).is_some_and(|of| of.op == Op::Row(slot));
                let arms = self.plan.defines.get(&define.0).map(|body| (&body.code, body.arms.as_slice()));
                match arms {
                    Some((code, [arm])) if is_own && arm.interval == Interval::default() => {
                        self.condition(code, 0, arm.value, holds)
                    }
                    _ => Condition::Open,
                }
            }
            _ => Condition::Open,
        }
    }

    fn compared(
        &self,
        code: &Code,
        slot: u16,
        (op, a, b): (CompareOp, ExprId, ExprId),
        holds: bool,
    ) -> Condition {
        let op = if holds { op } else { negated(op) };
        let (field, op, with) = match (field(code, slot, a), field(code, slot, b)) {
            (Some(field), None) => (field, op, b),
            (None, Some(field)) => (field, op.turned(), a),
            _ => return Condition::Open,
        };
        match self.fixed(code, with) {
            Some(value) => Condition::Compares(field, op, value),
            None => Condition::Open,
        }
    }

    /// What is the same for all rows.
    fn fixed(&self, code: &Code, id: ExprId) -> Option<Value> {
        let varies = any_operation(code, id, |op| match op {
            Op::Parameter { .. } => self.law_moves,
            op => !matches!(
                op,
                Op::Literal(_)
                    | Op::AsOf
                    | Op::Negate(_)
                    | Op::Arithmetic(..)
                    | Op::Shift { .. }
                    | Op::Part(..)
                    | Op::Min(_)
                    | Op::Max(_)
                    | Op::MakeDate(..)
                    | Op::NthWeekday(..)
                    | Op::SchoolYearOf(..)
            ),
        });
        match (!varies).then(|| self.evaluator.expr(&Env { code, rows: &[], index: None }, id))? {
            State::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// The field of the row in a slot that an expression is.
fn field(code: &Code, slot: u16, id: ExprId) -> Option<u32> {
    match code.get(id)?.op {
        Op::Field { of, field } if code.get(of)?.op == Op::Row(slot) => Some(field),
        _ => None,
    }
}

const fn negated(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}
