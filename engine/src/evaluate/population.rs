//! A row among the rows of its record that share its key: ranks and totals, worked out once for each partition.
//!
//! The members of a partition are the rows whose condition is yes. Whoever reads a rank reads all of them, so one row that
//! cannot be placed (its condition, its key or what is ranked is not known) leaves the whole partition unknown; a row
//! of whose key only a part is known leaves every partition unknown that it could belong to.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::bounds::order;
use super::evaluator::{Evaluator, Frame};
use super::found::{Faults, Found, Needs, Truth, strict};
use crate::diagnostic::Place;
use crate::plan::operands;
use crate::plan::{ExprId, Op, Population, PopulationKind, RowSource};
use crate::value::{Date, Fault, Need, NeedKind, Number, RecordId, Value};

/// A population, the law under which it is read, and everything else that it can hang on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    place: Place,
    law: Date,
    arguments: Vec<Found>,
    /// The rows and values of enclosing aggregates.
    outer: Vec<Option<Value>>,
}

/// The partitions of a population.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    by_key: HashMap<Vec<Value>, Partition>,
    /// Rows of whose key only some parts are known: which, and by these parts what is wrong.
    loose: Vec<(Vec<bool>, DoubtByParts)>,
    /// The rows themselves are not known.
    failed: Option<Found>,
}

/// By the parts of a key that are known.
type DoubtByParts = HashMap<Vec<Value>, Doubt>;

#[derive(Debug, Default)]
struct Partition {
    /// Of its members, in order.
    values: Vec<Value>,
    total: Option<Result<Number, Fault>>,
    doubt: Doubt,
}

/// Why a partition is not known.
#[derive(Debug, Default)]
struct Doubt {
    unknown: bool,
    needs: BTreeSet<Need>,
    faults: BTreeSet<Fault>,
}

/// A partition may hang on thousands of facts, and each of its rows on all of them: so many are named.
const MOST_NEEDS: usize = 20;

impl Doubt {
    fn add(&mut self, found: &Found) {
        self.unknown |= found.truth() == Truth::Unknown;
        self.needs.extend(found.needs().iter().cloned());
        while self.needs.len() > MOST_NEEDS {
            self.needs.pop_last();
        }
        self.faults.extend(found.faults().iter().take(1).cloned());
        while self.faults.len() > MOST_NEEDS {
            self.faults.pop_last();
        }
    }

    fn found(&self) -> Option<Found> {
        if !self.faults.is_empty() {
            let faults: Faults = self.faults.iter().cloned().collect();
            return Some(Found::error(faults));
        }
        let needs: Needs = self.needs.iter().cloned().collect();
        self.unknown.then(|| Found::unknown(needs))
    }
}

/// The row that asks, read as a member of the population.
pub(crate) struct Own {
    pub(crate) lets_in: Found,
    pub(crate) key: Vec<Found>,
    pub(crate) operand: Found,
}

impl Evaluator<'_> {
    pub(super) fn population(&self, frame: &mut Frame<'_>, population: &Population, place: Place) -> Found {
        let partitions = match self.partitions(frame, population, place) {
            Ok(partitions) => partitions,
            Err(found) => return found,
        };
        let own = match population.own.map(|own| self.own(frame, population, own)).transpose() {
            Ok(own) => own,
            Err(found) => return found,
        };
        answer(&partitions, population, own, || match population.kind {
            PopulationKind::InTop(share) => self.eval(frame, share).doubted().plain(),
            _ => Found::broken("a share that is none"),
        })
    }

    /// How many members the partition of the row that asks has, where that is known.
    pub(super) fn members_of(
        &self,
        frame: &mut Frame<'_>,
        population: &Population,
        place: Place,
    ) -> Option<usize> {
        let partitions = self.partitions(frame, population, place).ok()?;
        let key = match population.own {
            None => Vec::new(),
            Some(own) => {
                let own = self.own(frame, population, own).ok()?;
                strict(&own.key).ok()?.into_iter().cloned().collect()
            }
        };
        match partitions.at(&key) {
            Ok(partition) => Some(partition.map_or(0, |partition| partition.values.len())),
            Err(_) => None,
        }
    }

    fn own(&self, frame: &mut Frame<'_>, population: &Population, own: ExprId) -> Result<Own, Found> {
        let row = self.eval(frame, own).doubted().plain();
        let Some(row) = row.value().cloned() else { return Err(row) };
        let outer = frame.bind(population.rows.slot, Some(row));
        let own = self.member(frame, population, true);
        frame.bind(population.rows.slot, outer);
        Ok(own)
    }

    /// The row that is bound, read as a member; one that is out is read no further unless it `asks`.
    fn member(&self, frame: &mut Frame<'_>, population: &Population, asks: bool) -> Own {
        let lets_in = match population.rows.filter {
            Some(filter) => self.eval(frame, filter).doubted().plain(),
            None => Found::flag(true),
        };
        if lets_in.truth() == Truth::False && !asks {
            return Own { lets_in, key: Vec::new(), operand: Found::missing(Needs::default()) };
        }
        // A row that asks is read further though it is out: a total is asked for its key.
        let key = self.key(frame, population);
        Own { lets_in, key, operand: self.eval(frame, population.operand).doubted().plain() }
    }

    fn key(&self, frame: &mut Frame<'_>, population: &Population) -> Vec<Found> {
        let part = |&part: &ExprId| self.key_of(self.eval(frame, part).doubted().plain());
        population.per.iter().map(part).collect()
    }

    fn partitions(
        &self,
        frame: &mut Frame<'_>,
        population: &Population,
        place: Place,
    ) -> Result<Arc<Partitions>, Found> {
        let question = Question {
            place,
            law: frame.law,
            arguments: frame.arguments.to_vec(),
            outer: outer_values(frame, population),
        };
        let known = self
            .memory
            .populations
            .once(question, &self.memory.postponed, || Arc::new(self.partition(frame, population)));
        let Some(partitions) = known else {
            return Err(Found::broken("a rank that depends on itself"));
        };
        match &partitions.failed {
            Some(found) => Err(found.clone()),
            None => Ok(partitions),
        }
    }

    fn partition(&self, frame: &mut Frame<'_>, population: &Population) -> Partitions {
        let mut partitions = Partitions::default();
        let RowSource::All(_) = population.rows.source else {
            partitions.failed = Some(Found::broken("a population that is no record"));
            return partitions;
        };
        let members = match self.source(frame, &population.rows.source) {
            Ok(members) => members,
            Err(found) => {
                partitions.failed = Some(found);
                return partitions;
            }
        };
        let outer = frame.bind(population.rows.slot, None);
        // All who ask share what is found, so what has no result is said of the member and not of who happens to ask first.
        let asker = (!outer_slots(frame, population).contains(&0)).then(|| frame.bind(0, None));
        for (row, _) in members {
            if asker.is_some() {
                frame.bind(0, Some(row.clone()));
            }
            frame.bind(population.rows.slot, Some(row));
            let member = self.member(frame, population, false);
            partitions.add(member);
        }
        if let Some(asker) = asker {
            frame.bind(0, asker);
        }
        frame.bind(population.rows.slot, outer);
        partitions.settle(population.kind);
        partitions
    }
}

/// What a row is told of its population.
pub(crate) fn answer(
    partitions: &Partitions,
    population: &Population,
    own: Option<Own>,
    share: impl FnOnce() -> Found,
) -> Found {
    match (population.kind, own) {
        (PopulationKind::Total, None) => partitions.total(&[]),
        (PopulationKind::Total, Some(own)) => match strict(&own.key) {
            Ok(key) if key.contains(&&Value::None) => Found::fault(Fault::NotAValue),
            Ok(key) => partitions.total(&key.into_iter().cloned().collect::<Vec<_>>()),
            Err(found) => found,
        },
        (PopulationKind::PercentRank, Some(own)) => {
            if own.is_no_member() {
                return Found::missing(own.lacks(population));
            }
            match own.place_in(partitions) {
                Ok(Standing { below, members, .. }) if members > 1 => {
                    ratio(below, members - 1).map_or_else(Found::fault, Found::known)
                }
                Ok(_) => Found::known(Value::Number(Number::ZERO)),
                Err(found) => found,
            }
        }
        (PopulationKind::InTop(_), Some(own)) => {
            if own.is_no_member() {
                return Found::flag(false);
            }
            let standing = match own.place_in(partitions) {
                Ok(standing) => standing,
                Err(found) => return found,
            };
            let share = share();
            match (&share, share.value()) {
                (_, Some(Value::Number(share))) => match share.mul(&whole(standing.members)) {
                    Ok(limit) => Found::flag(whole(standing.above) < limit),
                    Err(fault) => Found::fault(fault),
                },
                (_, Some(_)) => Found::fault(Fault::NotAValue),
                (open, None) => open.clone(),
            }
        }
        (_, None) => Found::broken("a rank of no row"),
    }
}

/// The rows and values of enclosing aggregates that a population reads.
fn outer_values(frame: &Frame<'_>, population: &Population) -> Vec<Option<Value>> {
    outer_slots(frame, population).into_iter().map(|slot| frame.slot(slot).cloned()).collect()
}

fn outer_slots(frame: &Frame<'_>, population: &Population) -> BTreeSet<u16> {
    let mut slots = BTreeSet::new();
    let mut open: Vec<ExprId> =
        population.per.iter().copied().chain([population.operand]).chain(population.rows.filter).collect();
    while let Some(id) = open.pop() {
        let Some(expr) = frame.code.get(id) else { continue };
        if let Op::Row(slot) = expr.op
            && slot != population.rows.slot
        {
            slots.insert(slot);
        }
        open.extend(operands(&expr.op));
    }
    slots
}

/// Where a value stands among the members of its partition.
struct Standing {
    below: usize,
    above: usize,
    members: usize,
}

impl Own {
    /// Whether it is surely not among the members: its condition is no, or a part of its key is equal to nothing.
    fn is_no_member(&self) -> bool {
        self.lets_in.truth() == Truth::False || self.key.iter().any(|part| part.value() == Some(&Value::None))
    }

    /// The facts that would make it a member.
    fn lacks(&self, population: &Population) -> Needs {
        let needs = self.operand.needs();
        if !needs.is_empty() {
            return needs;
        }
        let record = match population.rows.source {
            RowSource::All(record) => record,
            _ => RecordId(u32::MAX),
        };
        let kind = NeedKind::Undecided(Arc::from("percent_rank"));
        Arc::from([Need { record, row: None, field: None, kind }])
    }

    fn place_in(&self, partitions: &Partitions) -> Result<Standing, Found> {
        // What is wrong with the partition is nothing to a row that may be no member.
        let waits = self.lets_in.truth() == Truth::Unknown;
        let or_waits = |found: Found| {
            if waits && found.truth() == Truth::Error { self.lets_in.clone() } else { found }
        };
        let key: Vec<Value> = strict(&self.key).map_err(or_waits)?.into_iter().cloned().collect();
        let partition = partitions.at(&key).map_err(or_waits)?;
        if self.lets_in.truth() != Truth::True {
            return Err(self.lets_in.clone());
        }
        let Some(value) = self.operand.value() else { return Err(self.operand.clone()) };
        let values = partition.map_or(&[][..], |partition| &partition.values);
        let below = values.partition_point(|other| order(other, value) == Some(Ordering::Less));
        let up_to = values.partition_point(|other| order(other, value) != Some(Ordering::Greater));
        Ok(Standing { below, above: values.len() - up_to, members: values.len() })
    }
}

impl Partitions {
    pub(crate) fn add(&mut self, member: Own) {
        let truth = member.lets_in.truth();
        // An amount that does not apply to a row is nothing of it.
        let is_out = truth == Truth::False
            || member.operand.value() == Some(&Value::NotApplicable)
            || member.key.iter().any(|part| part.value() == Some(&Value::None));
        if is_out {
            return;
        }
        let known: Vec<Value> = member.key.iter().filter_map(Found::value).cloned().collect();
        let doubt = if known.len() == member.key.len() {
            let partition = self.by_key.entry(known).or_default();
            if truth == Truth::True
                && let Some(value) = member.operand.value()
            {
                partition.values.push(value.clone());
                return;
            }
            &mut partition.doubt
        } else {
            let mask: Vec<bool> = member.key.iter().map(|part| part.value().is_some()).collect();
            let at = self.loose.iter().position(|(other, _)| *other == mask).unwrap_or_else(|| {
                self.loose.push((mask, DoubtByParts::new()));
                self.loose.len() - 1
            });
            let Some((_, by_parts)) = self.loose.get_mut(at) else { return };
            by_parts.entry(known).or_default()
        };
        // What goes wrong in a row that may be none of them, or of another partition, is not yet wrong.
        let elsewhere = member.key.iter().any(|part| part.truth() == Truth::Unknown)
            && !member.key.iter().any(|part| part.truth() == Truth::Error);
        let settled = |part: &&Found| !elsewhere || part.truth() != Truth::Error;
        if truth != Truth::True {
            Some(&member.lets_in).filter(settled).into_iter().for_each(|part| doubt.add(part));
        }
        if truth != Truth::Unknown {
            member.key.iter().chain([&member.operand]).filter(settled).for_each(|part| doubt.add(part));
        }
    }

    /// The values of a partition, already in order.
    pub(crate) fn set(&mut self, key: Vec<Value>, values: Vec<Value>) {
        self.by_key.insert(key, Partition { values, ..Partition::default() });
    }

    /// After the last row: adds up, or puts in order.
    pub(crate) fn settle(&mut self, kind: PopulationKind) {
        for partition in self.by_key.values_mut() {
            if kind == PopulationKind::Total {
                partition.total = Some(total(&partition.values));
            } else {
                partition.sort();
            }
        }
    }

    /// The partition of a key, `None` when it has no rows; else why it is not known.
    fn at(&self, key: &[Value]) -> Result<Option<&Partition>, Found> {
        let partition = self.by_key.get(key);
        let loose = self.loose.iter().filter_map(|(mask, by_parts)| {
            let parts: Vec<Value> =
                key.iter().zip(mask).filter(|(_, known)| **known).map(|(part, _)| part.clone()).collect();
            by_parts.get(&parts)
        });
        let doubts: Vec<Found> = partition
            .map(|partition| &partition.doubt)
            .into_iter()
            .chain(loose)
            .filter_map(Doubt::found)
            .collect();
        match strict(&doubts) {
            Ok(_) => Ok(partition),
            Err(found) => Err(found),
        }
    }

    fn total(&self, key: &[Value]) -> Found {
        match self.at(key) {
            Ok(None) => Found::known(Value::Number(Number::ZERO)),
            Ok(Some(partition)) => match &partition.total {
                Some(Ok(total)) => Found::known(Value::Number(total.clone())),
                Some(Err(fault)) => Found::fault(fault.clone()),
                None => Found::broken("a total that was not added up"),
            },
            Err(found) => found,
        }
    }
}

impl Partition {
    /// Values without an order (`none`) cannot be ranked.
    fn sort(&mut self) {
        if self.values.iter().any(|value| order(value, value).is_none()) {
            self.doubt.faults.insert(Fault::NotAValue);
            return;
        }
        self.values.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
    }
}

fn total(values: &[Value]) -> Result<Number, Fault> {
    let mut total = Number::ZERO;
    for value in values {
        match value {
            Value::Number(number) => total = total.add(number)?,
            _ => return Err(Fault::NotAValue),
        }
    }
    Ok(total)
}

fn whole(count: usize) -> Number {
    Number::from_int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn ratio(part: usize, of: usize) -> Result<Value, Fault> {
    whole(part).div(&whole(of)).map(Value::Number)
}
