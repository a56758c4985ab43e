//! Whether a value that may be raised (or lowered) moves results in one direction: else who grants it to be raised grants more
//! than is said.
//!
//! A record has two results: by the value as it is, and by any greater one. Both laws are read in one solver, the second with
//! the value unknown; what is found is confirmed by the evaluator with the value fixed, as a test fixes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::amendment::apart;
use super::cnf::Lit;
use super::common::Common;
use super::encode::DECLARATION_WITH_ERRORS;
use super::findings::{effective, stretches};
use super::law::{Given, What, given};
use super::question::Search;
use super::raised::{Over, Raised, held};
use super::slice::slice;
use super::subject::Subject;
use super::sym::Leaf;
use super::witness::Witness;
use super::world::World;
use crate::evaluate::order;
use crate::plan::{Op, ParameterBody, ParameterId, ParameterSymbol, Plan, ResultId, Symbol};
use crate::value::date::add_days;
use crate::value::{Base, Number, Type, Value};

/// A result that moves when a value is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What moves.
    pub subject: Subject,
    /// To what is less favourable.
    pub tightens: bool,
    /// With the value as it is.
    pub before: Given,
    /// With the raised one.
    pub after: Given,
    /// The record; its parameters are those that are raised.
    pub witness: Witness,
}

/// What is found out about a value that may be raised or lowered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mixed {
    /// It makes this less favourable and that more.
    Both(Box<Moved>, Box<Moved>),
    /// It could not be shown; why.
    NotDecided(String),
}

/// Of a requirement `for each` value, so many values are judged.
const MOST_INSTANCES: usize = 64;

/// The decisions with an order, and the requirements, that hang on a parameter.
#[must_use]
pub fn readers(plan: &Plan, parameter: ParameterId) -> Vec<ResultId> {
    let symbols = &plan.symbols;
    let has_order = |result: &ResultId| match result {
        ResultId::Decision(id) => symbols.decision(*id).is_some_and(|symbol| !symbol.any_order),
        ResultId::Requirement(_) => true,
        ResultId::Amount(_) => false,
    };
    let owner = symbols.owner(Symbol::Parameter(parameter));
    // What authorities below decide themselves is theirs to look after.
    let is_above = |result: &ResultId| {
        let policy = symbols.owner(*result);
        policy.is_some_and(|policy| owner.is_none_or(|owner| !symbols.above(policy).contains(&owner)))
    };
    let all = symbols.results.iter().copied();
    let reads = |result: &ResultId| slice(plan, &[*result], &[]).parameters.contains_key(&parameter.0);
    all.filter(has_order).filter(is_above).filter(reads).collect()
}

/// Whether a parameter, raised or else lowered, makes one record's result less favourable and another's more. `law` is without
/// what authorities below amend, `whole` with it; both hold what the results hang on.
#[must_use]
pub fn mixed(
    law: &Plan,
    whole: &Plan,
    results: &[ResultId],
    parameter: ParameterId,
    rises: bool,
) -> Option<Mixed> {
    let symbol = law.symbols.parameter(parameter)?;
    let body = law.parameters.get(&parameter.0)?;
    let mut turned = apart(law.clone());
    // Whatever it holds: what reads it is not the same.
    let other = ParameterBody { rows: Vec::new(), cites: Vec::new() };
    turned.parameters.insert(parameter.0, Arc::new(other));
    let question = Question {
        law,
        turned: &turned,
        whole,
        parameter,
        symbol,
        body,
        rises,
        any_day: on_any_day(law, parameter),
    };
    let mut subjects: Vec<Subject> = Vec::new();
    let mut beyond = None;
    for result in results {
        let mut all = Subject::all(&law.symbols, *result);
        if all.len() > MOST_INSTANCES {
            all.truncate(MOST_INSTANCES);
            beyond = Some("more values than are judged each by itself".to_owned());
        }
        subjects.extend(all);
    }
    // Where not all are judged, that none of those does is no proof.
    let seen = |found: Result<Option<Moved>, String>| match (found, &beyond) {
        (Ok(None), Some(why)) => Err(why.clone()),
        (found, _) => found,
    };
    // One that cannot be settles it, whatever is known of the other.
    let tighter = seen(question.any_moves(&subjects, true));
    if matches!(tighter, Ok(None)) {
        return None;
    }
    match (tighter, seen(question.any_moves(&subjects, false))) {
        (Ok(Some(tighter)), Ok(Some(looser))) => Some(Mixed::Both(Box::new(tighter), Box::new(looser))),
        (_, Ok(None)) | (Ok(None), _) => None,
        (Err(why), _) | (_, Err(why)) => Some(Mixed::NotDecided(why)),
    }
}

/// Whether a parameter may be read as it is on another day than that of deciding.
fn on_any_day(plan: &Plan, parameter: ParameterId) -> bool {
    plan.decisions.values().any(|body| body.law_on.is_some())
        || plan.requirements.values().any(|body| body.law_on.is_some())
        || plan.amounts.values().any(|body| body.law_on.is_some())
        || super::vocabulary::codes(plan).flat_map(|code| &code.exprs).any(
            |expr| matches!(&expr.op, Op::Parameter { parameter: read, on: Some(_), .. } if *read == parameter),
        )
}

struct Question<'a> {
    law: &'a Plan,
    /// The same, with the parameter another one.
    turned: &'a Plan,
    whole: &'a Plan,
    parameter: ParameterId,
    symbol: &'a ParameterSymbol,
    body: &'a Arc<ParameterBody>,
    rises: bool,
    any_day: bool,
}

impl Question<'_> {
    /// A record of which one of these becomes less favourable, or more; why it is not known whether there is one.
    fn any_moves(&self, subjects: &[Subject], tightens: bool) -> Result<Option<Moved>, String> {
        let mut open = None;
        for subject in subjects {
            match self.moves(*subject, tightens) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(why) => open = open.or(Some(why)),
            }
        }
        open.map_or(Ok(None), Err)
    }

    /// A record whose result becomes less favourable, or more.
    fn moves(&self, subject: Subject, tightens: bool) -> Result<Option<Moved>, String> {
        let one = self.moves_over(subject, tightens, false);
        // One value for all days is what a test can say; an amendment may have several, so that none of the first kind is no
        // proof.
        if matches!(one, Ok(Some(_))) || !self.any_day || self.body.rows.len() < 2 {
            return one;
        }
        self.moves_over(subject, tightens, true)
    }

    fn moves_over(&self, subject: Subject, tightens: bool, each_row: bool) -> Result<Option<Moved>, String> {
        let symbols = &self.law.symbols;
        let unclear = || DECLARATION_WITH_ERRORS.to_owned();
        let policy = subject.policy(symbols).ok_or_else(unclear)?;
        let record = subject.record(symbols).ok_or_else(unclear)?;
        let own_law = subject.law_on(self.law).is_some();
        let mut open = None;
        for (law_days, days) in stretches(&[self.law], effective(self.law, policy), own_law) {
            let mut world = World::new(self.law, days);
            world.common = Common::of(self.law, self.turned);
            let row = world.row(record);
            // Whose it is has to be known, so that a test of it passes where districts amend.
            self.whose(&mut world, row);
            let before = world.side(subject, row, law_days).ok_or_else(unclear)?;
            let mut world = world.under(self.turned);
            let over = match (each_row, self.any_day) {
                (true, _) => Over::Each,
                (false, true) => Over::Day(None),
                (false, false) => Over::Day(Some(before.law.day)),
            };
            let raised = Raised::new(symbols, self.parameter, self.symbol, self.body, self.rises, over);
            world.raised = Some(raised);
            let after = world.side(subject, row, law_days).ok_or_else(unclear)?;
            let mut ways = Vec::new();
            for (was, one) in &before.worths {
                for (is, other) in &after.worths {
                    if (tightens && is > was) || (!tightens && is < was) {
                        ways.push(world.all([*one, *other]));
                    }
                }
            }
            let moves = world.any(ways);
            let raised = world.raised.as_ref().map(|raised| raised.within.clone()).unwrap_or_default();
            let goals: Vec<Lit> =
                raised.into_iter().chain(before.within).chain(after.within).chain([moves]).collect();
            let found = world.search_for(
                &goals,
                |world, model| {
                    let mut witness = world.decode(model, row)?;
                    let raised = world.raised_values(model)?.into_iter();
                    witness.parameters.extend(raised.map(|(key, value)| ((self.parameter, key), value)));
                    Some(witness)
                },
                |witness| self.shows(subject, tightens, witness),
            );
            match found {
                Search::None => {}
                Search::Open(why) => open = open.or(Some(why)),
                Search::Found(witness) => return Ok(Some(self.smallest(subject, tightens, witness))),
            }
        }
        open.map_or(Ok(None), Err)
    }

    /// Reads the fields that say whose a row is.
    fn whose(&self, world: &mut World<'_>, row: usize) {
        let symbols = &self.law.symbols;
        let levels = symbols.grants.get(&Symbol::Parameter(self.parameter)).into_iter().flatten();
        for grant in levels {
            let Some(record) = world.rows.get(row).map(|row| row.record) else { return };
            let Some(way) = symbols.jurisdiction(record, &grant.level) else { continue };
            let mut at = row;
            for (_, field) in way.fields {
                let sym = world.field(at, field);
                let Some(next) = sym.cases.iter().find_map(|(_, leaf)| match leaf {
                    Leaf::Row(row) => Some(*row),
                    _ => None,
                }) else {
                    break;
                };
                at = next;
            }
        }
    }

    /// What the record has with the values as they are, and with those of the witness.
    fn both(&self, plan: &Plan, subject: Subject, witness: &Witness) -> (Given, Given) {
        let as_it_is = Witness { parameters: BTreeMap::new(), ..witness.clone() };
        (given(plan, subject, &as_it_is), given(plan, subject, witness))
    }

    fn shows(&self, subject: Subject, tightens: bool, witness: &Witness) -> bool {
        let (before, after) = self.both(self.law, subject, witness);
        let (What::Worth(was), What::Worth(is)) = (before.what, after.what) else { return false };
        if !(if tightens { is > was } else { is < was }) || !self.is_raised(witness) {
            return false;
        }
        let (one, other) = self.both(self.whole, subject, witness);
        (one.what, other.what) == (before.what, after.what)
    }

    /// Whether the values of a witness are greater than those in force, or as great.
    fn is_raised(&self, witness: &Witness) -> bool {
        let rows = self.body.rows.iter();
        witness.parameters.iter().all(|((_, key), value)| {
            rows.clone().all(|row| {
                let counts = self.any_day || row.interval.contains(witness.as_of);
                !counts
                    || held(row, key).is_none_or(|held| match order(value, held) {
                        Some(std::cmp::Ordering::Equal) => true,
                        Some(order) => (order == std::cmp::Ordering::Greater) == self.rises,
                        None => false,
                    })
            })
        })
    }

    /// The record as small as it can be, with as little raised as can be.
    fn smallest(&self, subject: Subject, tightens: bool, witness: Witness) -> Moved {
        let symbols = &self.law.symbols;
        let mut witness = witness;
        for (cell, value) in witness.parameters.clone() {
            let mut without = witness.clone();
            without.parameters.remove(&cell);
            let held = self.body.row_at(witness.as_of).and_then(|row| held(row, &cell.1));
            let nearer = held.and_then(|held| step(held, self.symbol.ty, self.rises));
            let mut near = witness.clone();
            if let Some(nearer) = nearer.filter(|nearer| *nearer != value) {
                near.parameters.insert(cell, nearer);
            }
            for smaller in [without, near] {
                if self.shows(subject, tightens, &smaller) {
                    witness = smaller;
                    break;
                }
            }
        }
        let (first, then) = self.both(self.law, subject, &witness);
        let shows = |witness: &Witness| {
            self.shows(subject, tightens, witness) && {
                let (before, after) = self.both(self.law, subject, witness);
                (before.what, after.what) == (first.what, then.what)
            }
        };
        let witness = witness.minimized(symbols, shows);
        let (before, after) = self.both(self.law, subject, &witness);
        Moved { subject, tightens, before, after, witness }
    }
}

/// The next value, greater or less, that is as round.
fn step(value: &Value, ty: Type, rises: bool) -> Option<Value> {
    let by = if rises { 1 } else { -1 };
    Some(match value {
        Value::Number(number) => {
            let step =
                if ty.base == Base::Percent { Number::ratio(by, 100).ok()? } else { Number::from_int(by) };
            Value::Number(number.add(&step).ok()?)
        }
        Value::Date(day) => Value::Date(add_days(*day, by)?),
        Value::SchoolYear(year) => Value::SchoolYear(year.checked_add(i16::try_from(by).ok()?)?),
        Value::Category(position) => {
            Value::Category(u32::try_from(i64::from(*position).checked_add(by)?).ok()?)
        }
        _ => return None,
    })
}
