//! A row among the rows of its record: the partitions are built once, from columns of all rows.

use std::sync::Arc;

use super::lanes::{Env, Lanes};
use super::vector::{ERROR, NO, UNKNOWN, Vector, code_of, open};
use super::worker::{BATCH, Worker};
use crate::diagnostic::Place;
use crate::evaluate::found::Found;
use crate::evaluate::population::{Own, Partitions, answer};
use crate::plan::{ExprId, Op, Population, PopulationKind, RowSource, any_operation};
use crate::value::Base;

/// The partitions of a population, or the state of everything asked of it.
pub(crate) type Standings = Result<Partitions, u8>;

impl Worker<'_> {
    pub(crate) fn population(
        &self,
        env: &Env<'_>,
        id: ExprId,
        population: &Population,
        _place: Place,
    ) -> Vector {
        let RowSource::All(record) = population.rows.source else {
            return self.replay(env, id, "a population that is no record");
        };
        if !stands_alone(env, population) {
            return self.replay(env, id, "a population that each row sees differently");
        }
        let key = (std::ptr::from_ref(env.code) as usize, id.0, env.law);
        let standings =
            self.store.populations.once(key, || Arc::new(self.standings(env, population, record)));
        let partitions = match &*standings {
            Ok(partitions) => partitions,
            Err(state) => return Vector::open(*state, env.len),
        };
        let base = env.code.get(id).map_or(Base::Damaged, |expr| expr.ty.base);
        let share = match population.kind {
            PopulationKind::InTop(share) => Some(self.eval(env, share)),
            _ => None,
        };
        let Some(own) = population.own else {
            let found = answer(partitions, population, None, || open(ERROR));
            return Vector::constant(&found, base, env.len, self.store);
        };
        // The row that asks is read as a member.
        let own = self.eval(env, own);
        let Some((_, rows)) = own.data.rows() else {
            let states = own.state.iter().map(|state| if *state == NO { ERROR } else { *state });
            return Vector::of(states.collect(), super::vector::Data::Void).doubted();
        };
        let lanes = Lanes::new(Some(record), rows.to_vec());
        let mut inner = env.clone();
        inner.bind(population.rows.slot, lanes);
        let members = self.members(&inner, population);
        let founds: Vec<Found> = (0..env.len)
            .map(|lane| {
                if !own.is_known(lane) {
                    return open(own.state.get(lane).copied().unwrap_or(UNKNOWN)).doubted();
                }
                let member = members.at(lane, self);
                answer(partitions, population, Some(member), || match &share {
                    Some(share) => share.found(lane, self.store).doubted().plain(),
                    None => open(ERROR),
                })
            })
            .collect();
        Vector::from_founds(founds, base, self.store)
    }

    fn standings(&self, env: &Env<'_>, population: &Population, record: crate::value::RecordId) -> Standings {
        let Some(rows) = self.rows_of(record) else {
            return Err(if self.store.is_group(record) {
                self.group(record).err().unwrap_or(ERROR)
            } else {
                UNKNOWN
            });
        };
        let mut partitions = Partitions::default();
        for batch in 0..rows.div_ceil(BATCH) {
            let rows: Vec<u32> = (batch * BATCH..((batch + 1) * BATCH).min(rows)).collect();
            let mut inner = Env {
                code: env.code,
                len: rows.len(),
                slots: Vec::new(),
                arguments: Vec::new(),
                law: env.law,
            };
            inner.bind(population.rows.slot, Lanes::new(Some(record), rows));
            let members = self.members(&inner, population);
            for lane in 0..inner.len {
                let member = members.at(lane, self);
                if code_of(&member.lets_in) != NO {
                    partitions.add(member);
                }
            }
        }
        partitions.settle(population.kind);
        Ok(partitions)
    }

    fn members(&self, env: &Env<'_>, population: &Population) -> Read {
        Read {
            lets_in: population.rows.filter.map(|filter| self.eval(env, filter)),
            key: population.per.iter().map(|part| self.as_key(self.eval(env, *part))).collect(),
            operand: self.eval(env, population.operand),
        }
    }
}

/// Rows read as members.
struct Read {
    lets_in: Option<Arc<Vector>>,
    key: Vec<Arc<Vector>>,
    operand: Arc<Vector>,
}

impl Read {
    fn at(&self, lane: usize, worker: &Worker<'_>) -> Own {
        let plain = |vector: &Arc<Vector>| vector.found(lane, worker.store).doubted().plain();
        Own {
            lets_in: self.lets_in.as_ref().map_or_else(|| Found::flag(true), plain),
            key: self.key.iter().map(plain).collect(),
            operand: plain(&self.operand),
        }
    }
}

/// Whether a population reads nothing but its own rows, so that it is one for all that ask.
fn stands_alone(env: &Env<'_>, population: &Population) -> bool {
    let mut bound = Vec::new();
    super::worker::slots_of(&population.rows, &mut bound);
    let parts = population.per.iter().copied().chain([population.operand]).chain(population.rows.filter);
    parts.into_iter().all(|part| {
        let (mut read, mut inner) = (Vec::new(), bound.clone());
        let varies = any_operation(env.code, part, |op| {
            match op {
                Op::Row(slot) => read.push(*slot),
                Op::Aggregate { rows, .. } | Op::Pick { rows, .. } | Op::Quantity(_, _, rows) => {
                    super::worker::slots_of(rows, &mut inner);
                }
                Op::Population(population) => super::worker::slots_of(&population.rows, &mut inner),
                _ => {}
            }
            matches!(op, Op::Argument(_) | Op::TestRow(_))
        });
        !varies && read.iter().all(|slot| inner.contains(slot))
    })
}
