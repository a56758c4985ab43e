//! What policies promise of their results: of every record, or of two that differ in one fact.

use std::collections::BTreeSet;

use rubric_grammar::ast::RoundingMode;

use super::cnf::Lit;
use super::encode::{DECLARATION_WITH_ERRORS, Frame};
use super::findings::{effective, law_of, stretches};
use super::question::Search;
use super::slice::{segments, slice_with};
use super::sym::{Leaf, Rails, Sym};
use super::witness::{Fact as RowFact, Witness, literal};
use super::world::{Fuel, World};
use crate::check::depends::way;
use crate::evaluate::order;
use crate::evaluate::{Evaluator, Verdict as Result, Worth};
use crate::plan::{
    AssertBody, Claim, Code, CompareOp, DecisionId, DefineId, ExprId, Fact, Instance, Interval, Op, Plan,
    Promise, ResultId, Symbols, category_value, operands, written_name,
};
use crate::value::date::{add_days, days_between};
use crate::value::{Base, Number, RecordId, State, Type, Value};

/// Whether a promise is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// For every complete record.
    Kept,
    /// Not for this one, or not for these two, as the evaluator has confirmed.
    Broken(Broken),
    /// Neither could be shown; why.
    Open(String),
}

/// What breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In a few words: what was found instead.
    pub found: String,
    /// The records, each with a title and what it gives: `%.promotion = retained`, where `%` is the record.
    pub shown: Vec<(Witness, String, Vec<String>)>,
}

/// The part of a plan that a promise hangs on.
#[must_use]
pub fn property_part(plan: &Plan, assert: &AssertBody) -> Plan {
    match &assert.claim {
        Claim::NeverDepends { .. } => Plan { symbols: plan.symbols.clone(), ..Plan::default() },
        Claim::NeverWorsens { decision, moved, .. } => {
            let define = if let Fact::Define(define) = moved { vec![define.0] } else { Vec::new() };
            slice_with(plan, &[ResultId::Decision(*decision)], &define, &Code::default())
        }
        Claim::Holds(promise) => slice_with(plan, &[], &[], &promise.code),
    }
}

/// Whether a promise is kept; nothing of one that is decided by what is read alone. `part`: of [`property_part`].
#[must_use]
pub fn property(part: &Plan, assert: &AssertBody) -> Option<Property> {
    match &assert.claim {
        Claim::NeverDepends { .. } => None,
        Claim::NeverWorsens { decision, moved, rises, .. } => {
            Some(never_worsens(part, *decision, *moved, *rises))
        }
        Claim::Holds(promise) => {
            let policy = part.symbols.policies.iter().find(|policy| policy.place.file == assert.place.file);
            Some(holds(part, promise, policy.map(|policy| policy.effective).unwrap_or_default()))
        }
    }
}

fn holds(part: &Plan, promise: &Promise, within: Interval) -> Property {
    let mut open = None;
    let breaks = |witness: &Witness| {
        witness.ask(part, |evaluator| {
            let is = |id, flag| {
                evaluator.about(&promise.code, promise.of, 0, id) == State::Known(Value::Flag(flag))
            };
            // What does not apply is below no limit, nor above one.
            let applies =
                |id| evaluator.about(&promise.code, promise.of, 0, id) != State::Known(Value::NotApplicable);
            promise.premise.is_none_or(|premise| is(premise, true))
                && is(promise.holds, false)
                && promise.sides.is_none_or(|(value, limit)| applies(value) && applies(limit))
        })
    };
    let mut fuel = Fuel::new();
    for days in segments(&[part], within) {
        let mut world = fuel.world(part, days);
        let row = world.row(promise.of);
        let frame = Frame::of(&promise.code, Some(row), world.law());
        let premise = promise.premise.map_or(Rails::YES, |premise| world.condition(&frame, premise));
        let holds = world.condition(&frame, promise.holds);
        let mut goals = vec![premise.yes, holds.no];
        for side in promise.sides.into_iter().flat_map(|(value, limit)| [value, limit]) {
            let worth = world.plain(&frame, side).cases.into_iter();
            let outside = worth.filter(|(_, leaf)| *leaf == Leaf::NotApplicable).map(|(when, _)| when);
            goals.push(!world.any(outside));
        }
        let found = world.search(&goals, row, breaks);
        fuel.taken(&world);
        match found {
            Search::None => {}
            Search::Open(why) => open = open.or(Some(why)),
            Search::Found(witness) => return Property::Broken(broken(part, promise, witness)),
        }
    }
    open.map_or(Property::Kept, Property::Open)
}

/// What a record that breaks a promise gives.
fn broken(part: &Plan, promise: &Promise, witness: Witness) -> Broken {
    let symbols = &part.symbols;
    let (expected, found) = witness.ask(part, |evaluator| {
        let about = |id| evaluator.about(&promise.code, promise.of, 0, id);
        let word = |id: ExprId| match (about(id), promise.code.get(id)) {
            (State::Known(value), Some(expr)) => literal(symbols, &value, expr.ty),
            _ => "unknown".to_owned(),
        };
        let found = match promise.sides {
            Some((value, limit)) => format!("{} where the limit is {}", word(value), word(limit)),
            None => "the first is yes and the second no".to_owned(),
        };
        let mut reader = Reader { evaluator, symbols, promise, told: Vec::new() };
        for root in promise.premise.into_iter().chain([promise.holds]) {
            reader.read(root);
        }
        (reader.told, found)
    });
    let title = match promise.subject {
        Some(subject) => format!("a promise of {}", subject.name(symbols)),
        None => "a promise".to_owned(),
    };
    Broken { found, shown: vec![(witness, title, expected)] }
}

/// What a promise reads of its record, and what that is.
struct Reader<'a> {
    evaluator: &'a Evaluator<'a>,
    symbols: &'a Symbols,
    promise: &'a Promise,
    told: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, id: ExprId) {
        let Some(expr) = self.promise.code.get(id) else { return };
        if let Some(told) = self.told(id)
            && !self.told.contains(&told)
        {
            self.told.push(told);
        }
        // The rows of an aggregate are not the record.
        if !matches!(expr.op, Op::Aggregate { .. } | Op::Pick { .. } | Op::Quantity(..) | Op::Population(_)) {
            for operand in operands(&expr.op) {
                self.read(operand);
            }
        }
    }

    /// `%.promotion = retained`, of a result or a derived fact of the record.
    fn told(&self, id: ExprId) -> Option<String> {
        let name = self.named(id)?;
        let own = |of: ExprId| matches!(self.promise.code.get(of).map(|expr| &expr.op), Some(Op::Row(0)));
        let worth = match &self.promise.code.get(id)?.op {
            Op::Decision { decision, of } if own(*of) => {
                let outcomes = self.symbols.decision(*decision)?.outcomes;
                match self.evaluator.decision(*decision, 0).verdict {
                    Result::Outcome(outcome) => category_value(self.symbols, outcomes, outcome)?.to_owned(),
                    Result::Status(status) => status.word().to_owned(),
                }
            }
            Op::IsMet { requirement, value, of } if own(*of) => {
                let value = match value.map(|value| self.known(value)) {
                    None => None,
                    Some(Some((Value::Category(value), _))) => Some(value),
                    Some(_) => return None,
                };
                let instance = Instance { requirement: *requirement, value };
                self.evaluator.requirement(instance, 0).status.word().to_owned()
            }
            Op::Amount { amount, line, of } if own(*of) => {
                let result = self.evaluator.amount(*amount, 0);
                let worth = match line {
                    None => &result.total,
                    Some(line) => &result.lines.get(*line as usize)?.worth,
                };
                match worth {
                    Worth::Known(number) => {
                        let ty = self.symbols.amount(*amount)?.ty;
                        written(self.symbols, &Value::Number(number.clone()), ty)?
                    }
                    other => other.status()?.word().to_owned(),
                }
            }
            Op::Define { of, .. } if of.is_none_or(own) => {
                let (value, ty) = self.known(id)?;
                written(self.symbols, &value, ty)?
            }
            _ => return None,
        };
        Some(format!("{name} = {worth}"))
    }

    fn known(&self, id: ExprId) -> Option<(Value, Type)> {
        match self.evaluator.about(&self.promise.code, self.promise.of, 0, id) {
            State::Known(value) => Some((value, self.promise.code.get(id)?.ty)),
            _ => None,
        }
    }

    /// `%.pay.base`.
    fn named(&self, id: ExprId) -> Option<String> {
        match &self.promise.code.get(id)?.op {
            Op::Row(0) => Some("%".to_owned()),
            Op::Literal(value) => written(self.symbols, value, self.promise.code.get(id)?.ty),
            Op::Field { of, field } => {
                let Base::Record(record) = self.promise.code.get(*of)?.ty.base else { return None };
                let name = &self.symbols.record(record)?.fields.get(*field as usize)?.name;
                Some(format!("{}.{}", self.named(*of)?, written_name(name)))
            }
            Op::Define { define, of, arguments } => {
                let arguments: Option<Vec<String>> =
                    arguments.iter().map(|argument| self.named(*argument)).collect();
                let arguments = match arguments? {
                    none if none.is_empty() => String::new(),
                    some => format!("({})", some.join(", ")),
                };
                let name = written_name(&self.symbols.define(*define)?.name);
                Some(match of {
                    Some(of) => format!("{}.{name}{arguments}", self.named(*of)?),
                    None => format!("{name}{arguments}"),
                })
            }
            Op::Decision { decision, of } => Some(format!(
                "{}.{}",
                self.named(*of)?,
                written_name(&self.symbols.decision(*decision)?.name)
            )),
            Op::IsMet { requirement, value, of } => {
                let symbol = self.symbols.requirement(*requirement)?;
                let value = match (value, symbol.each) {
                    (Some(value), Some(category)) => match self.known(*value)?.0 {
                        Value::Category(value) => {
                            format!("({})", written_name(category_value(self.symbols, category, value)?))
                        }
                        _ => return None,
                    },
                    _ => String::new(),
                };
                Some(format!("{}.{}{value}", self.named(*of)?, written_name(&symbol.name)))
            }
            Op::Amount { amount, line, of } => {
                let symbol = self.symbols.amount(*amount)?;
                let line = match line {
                    Some(line) => format!(".{}", written_name(symbol.lines.get(*line as usize)?)),
                    None => String::new(),
                };
                Some(format!("{}.{}{line}", self.named(*of)?, written_name(&symbol.name)))
            }
            _ => None,
        }
    }
}

/// A value that a test can expect: one whose digits end.
fn written(symbols: &Symbols, value: &Value, ty: Type) -> Option<String> {
    match value {
        Value::Number(number) if number.to_decimal(12).is_none() => None,
        Value::Reference(_) | Value::NotApplicable => None,
        value => Some(literal(symbols, value, ty)),
    }
}

/// Two records that differ in one fact.
#[derive(Clone, Debug)]
struct Pair {
    first: Witness,
    /// What the fact is in the second.
    then: Value,
}

/// The fact in which the two differ.
#[derive(Clone, Copy, Debug)]
struct Moved {
    fact: Fact,
    ty: Type,
}

impl Moved {
    fn of(symbols: &Symbols, fact: Fact) -> Option<Self> {
        let ty = match fact {
            Fact::Field(record, field) => symbols.record(record)?.fields.get(field as usize)?.ty,
            Fact::Define(define) => symbols.define(define)?.ty,
            _ => return None,
        };
        Some(Self { fact, ty })
    }

    fn read(self, witness: &Witness) -> Option<Value> {
        match self.fact {
            Fact::Define(define) => witness.givens.get(&define).cloned(),
            Fact::Field(_, field) => match witness.rows.first()?.facts.get(&field)? {
                RowFact::Value(value) => Some(value.clone()),
                RowFact::Row(_) | RowFact::Missing => None,
            },
            _ => None,
        }
    }

    fn set(self, witness: &mut Witness, value: Value) {
        match self.fact {
            Fact::Define(define) => drop(witness.givens.insert(define, value)),
            Fact::Field(_, field) => {
                if let Some(row) = witness.rows.first_mut() {
                    row.facts.insert(field, RowFact::Value(value));
                }
            }
            _ => {}
        }
    }
}

impl Pair {
    fn second(&self, moved: Moved) -> Witness {
        let mut second = self.first.clone();
        moved.set(&mut second, self.then.clone());
        second
    }

    /// The outcomes of the two, where the first has less of the moved fact and the second a worse outcome.
    fn worsens(&self, part: &Plan, decision: DecisionId, moved: Moved, rises: bool) -> Option<(u32, u32)> {
        let before = moved.read(&self.first)?;
        let order = order(&before, &self.then)?;
        if order != (if rises { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }) {
            return None;
        }
        let outcome = |witness: &Witness| match witness
            .ask(part, |evaluator| evaluator.decision(decision, 0).verdict)
        {
            Result::Outcome(outcome) => Some(outcome),
            Result::Status(_) => None,
        };
        let (one, other) = (outcome(&self.first)?, outcome(&self.second(moved))?);
        (one < other).then_some((one, other))
    }
}

fn never_worsens(part: &Plan, decision: DecisionId, fact: Fact, rises: bool) -> Property {
    let unclear = || Property::Open(DECLARATION_WITH_ERRORS.to_owned());
    let symbols = &part.symbols;
    let (Some(symbol), Some(body)) = (symbols.decision(decision), part.decisions.get(&decision.0)) else {
        return unclear();
    };
    let Some(moved) = Moved::of(symbols, fact) else { return unclear() };
    let still: BTreeSet<DefineId> = part
        .defines
        .keys()
        .map(|define| DefineId(*define))
        .filter(|define| fact != Fact::Define(*define) && way(part, Fact::Define(*define), fact).is_none())
        .collect();
    if read_otherwise(part, symbol.of, fact, &still) {
        return Property::Open(format!("`{}` being read by way of other rows", fact.name(symbols)));
    }
    let own_law = body.law_on.is_some();
    let all = stretches(&[part], effective(part, symbol.policy), own_law);
    let mut open = None;
    let mut fuel = Fuel::new();
    for (law, days) in &all {
        for (other_law, _) in all.iter().filter(|(other, _)| own_law || other == law) {
            let mut world = fuel.world(part, *days);
            let row = world.row(symbol.of);
            let Some(twin) = world.twin(row, fact) else { return unclear() };
            world.still.clone_from(&still);
            let mut ends: Vec<Sym> = Vec::new();
            let mut sides = Vec::new();
            let mut goals: Vec<Lit> = Vec::new();
            for (row, law) in [(row, law), (twin, other_law)] {
                ends.push(world.moving(row, moved));
                let (law, within) = law_of(&mut world, &body.code, body.law_on, row, *law);
                goals.extend(within);
                let ruled = world.rule(body, row, &law, &[]);
                goals.push(ruled.scope.yes);
                sides.push(ruled.is);
            }
            let ([before, after], [one, other]) = (ends.as_slice(), sides.as_slice()) else {
                return unclear();
            };
            let op = if rises { CompareOp::Lt } else { CompareOp::Gt };
            goals.push(world.compare(op, before, after).yes);
            let mut ways = Vec::new();
            for (better, is) in one {
                for (_, then) in other.iter().filter(|(worse, _)| worse > better) {
                    ways.push(world.all([*is, *then]));
                }
            }
            goals.push(world.any(ways));
            let (after, before) = (after.clone(), before.clone());
            let found = world.search_for(
                &goals,
                |world, model| {
                    let mut first = world.decode(model, row)?;
                    let value = world.plain_fact(model, &before, moved.ty)?;
                    moved.set(&mut first, value);
                    Some(Pair { first, then: world.plain_fact(model, &after, moved.ty)? })
                },
                |pair: &Pair| pair.worsens(part, decision, moved, rises).is_some(),
            );
            fuel.taken(&world);
            match found {
                Search::None => {}
                Search::Open(why) => open = open.or(Some(why)),
                Search::Found(pair) => {
                    return Property::Broken(worsening(part, decision, pair, moved, rises));
                }
            }
        }
    }
    open.map_or(Property::Kept, Property::Open)
}

impl World<'_> {
    /// The fact of a row that differs between two records.
    fn moving(&mut self, row: usize, moved: Moved) -> Sym {
        match moved.fact {
            Fact::Field(_, field) => self.field(row, field),
            Fact::Define(define) => {
                // Whatever its definition says.
                let free = self.any_of(Type { optional: false, ..moved.ty });
                self.cuts.insert((define, row), free.clone());
                free
            }
            _ => Sym::unknown(),
        }
    }
}

/// The pair, as small as it can be.
fn worsening(part: &Plan, decision: DecisionId, pair: Pair, moved: Moved, rises: bool) -> Broken {
    let shows = |first: &Witness, then: &Value| {
        Pair { first: first.clone(), then: then.clone() }.worsens(part, decision, moved, rises).is_some()
    };
    let mut then = pair.then;
    let mut first = pair.first.minimized(&part.symbols, |first| shows(first, &then));
    // As near to each other as they can be.
    for _ in 0..NEARER {
        let Some(between) = moved.read(&first).and_then(|value| between(&value, &then, moved.ty)) else {
            break;
        };
        if shows(&first, &between) {
            then = between;
            continue;
        }
        let mut nearer = first.clone();
        moved.set(&mut nearer, between);
        if !shows(&nearer, &then) {
            break;
        }
        first = nearer;
    }
    let pair = Pair { first, then };
    let symbols = &part.symbols;
    let name = symbols.decision(decision).map(|symbol| symbol.name.clone()).unwrap_or_default();
    let outcome = |position: u32| {
        let outcomes = symbols.decision(decision).map(|symbol| symbol.outcomes);
        outcomes
            .and_then(|outcomes| category_value(symbols, outcomes, position))
            .unwrap_or_default()
            .to_owned()
    };
    let (one, other) = pair.worsens(part, decision, moved, rises).unwrap_or_default();
    let word = |value: &Value| literal(symbols, value, moved.ty);
    let before = moved.read(&pair.first).map(|value| word(&value)).unwrap_or_default();
    let found = format!(
        "{} with {before}, {} with {}, all else being the same",
        outcome(one),
        outcome(other),
        word(&pair.then)
    );
    let second = pair.second(moved);
    let title = |value: &str| format!("{name} with {} {value}", moved.fact.name(symbols));
    let expected = |outcome: String| format!("%.{} = {}", written_name(&name), written_name(&outcome));
    let shown = vec![
        (pair.first, title(&before), vec![expected(outcome(one))]),
        (second, title(&word(&pair.then)), vec![expected(outcome(other))]),
    ];
    Broken { found, shown }
}

/// So many times two values are brought nearer to each other.
const NEARER: u32 = 40;

/// A round value between two, not one of them.
fn between(a: &Value, b: &Value, ty: Type) -> Option<Value> {
    let middle = |a: i64, b: i64| Some(a + (b - a) / 2).filter(|middle| *middle != a && *middle != b);
    Some(match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let scale = Number::from_int(if ty.base == Base::Percent { 100 } else { 1 });
            let half = Number::ratio(1, 2).ok()?;
            let middle =
                a.add(b).and_then(|sum| sum.mul(&half)).and_then(|middle| middle.mul(&scale)).ok()?;
            let middle = middle.rounded(RoundingMode::Down, 0).and_then(|middle| middle.div(&scale)).ok()?;
            let lies_between = (*a < middle && middle < *b) || (*b < middle && middle < *a);
            Value::Number(lies_between.then_some(middle)?)
        }
        (Value::Date(a), Value::Date(b)) => Value::Date(add_days(*a, middle(0, days_between(*a, *b))?)?),
        (Value::SchoolYear(a), Value::SchoolYear(b)) => {
            Value::SchoolYear(i16::try_from(middle((*a).into(), (*b).into())?).ok()?)
        }
        (Value::Category(a), Value::Category(b)) => {
            Value::Category(u32::try_from(middle((*a).into(), (*b).into())?).ok()?)
        }
        _ => return None,
    })
}

/// Whether a part reads the fact of the record other than of the row that it is about: then a second row that differs in
/// it differs in more.
fn read_otherwise(part: &Plan, record: RecordId, fact: Fact, still: &BTreeSet<DefineId>) -> bool {
    let codes = part
        .defines
        .iter()
        .filter(|(define, _)| !still.contains(&DefineId(**define)))
        .map(|(_, body)| &body.code)
        .chain(part.decisions.values().map(|body| &body.code))
        .chain(part.requirements.values().map(|body| &body.code))
        .chain(part.amounts.values().map(|body| &body.code))
        .chain(part.groups.values().map(|body| &body.code));
    codes.into_iter().any(|code| {
        let other = |of: ExprId| {
            code.get(of).is_some_and(|of| of.ty.base == Base::Record(record) && !matches!(of.op, Op::Row(0)))
        };
        code.exprs.iter().any(|expr| match &expr.op {
            Op::Field { of, field } => other(*of) && fact == Fact::Field(record, *field),
            Op::Define { of: Some(of), .. }
            | Op::Decision { of, .. }
            | Op::IsMet { of, .. }
            | Op::Amount { of, .. } => other(*of),
            // Rows of another record that are told apart by the fact.
            Op::Population(population) => population.rows.filter.is_some() || population.own.is_some(),
            _ => false,
        })
    })
}
