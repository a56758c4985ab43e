//! A row among the rows of its record: the partitions are built once, from columns of all rows.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use rubric_grammar::ast::RoundingMode;

use super::compare::{has_codes, key_code};
use super::lanes::{Env, Lanes};
use super::parallel::side_by_side;
use super::quick::QuickMap;
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, NO_CODE, NO_DAY, UNKNOWN, Vector, code_of, open};
use super::worker::Worker;
use crate::evaluate::found::Found;
use crate::evaluate::population::{Own, Partitions, answer};
use crate::plan::{ExprId, Op, Population, PopulationKind, RowSource, any_operation};
use crate::value::{Base, Number, RecordId, Value};

/// The partitions of a population.
pub(crate) enum Standings {
    /// The rows themselves are not known.
    Failed(u8),
    /// Every row is in or out, and all are told apart by numbers.
    Narrow(Narrow),
    /// By the definition.
    General(Partitions),
}

/// Partitions whose keys and values are numbers.
#[derive(Default)]
pub(crate) struct Narrow {
    places: QuickMap<Key, u32>,
    /// By place, in order.
    values: Vec<Vec<i64>>,
    scale: u8,
}

/// The parts of a key; those that there are not are zero.
type Key = [i64; MOST_PARTS];
const MOST_PARTS: usize = 4;

/// The members of a batch, where they are narrow. They are kept until all rows are read: each key once, and for each member
/// which it has.
#[derive(Default)]
struct Members {
    keys: Vec<Key>,
    which: Vec<u32>,
    values: Vec<i64>,
    scale: u8,
}

/// The places of keys, in the order in which they come.
#[derive(Default)]
struct Places {
    known: QuickMap<Key, u32>,
    recent: Recent<u32>,
}

impl Places {
    /// The place of a key, and whether it is new.
    fn of(&mut self, key: Key) -> Option<(u32, bool)> {
        let Self { known, recent } = self;
        let mut is_new = false;
        let place = recent.get(key, || {
            let next = u32::try_from(known.len()).ok()?;
            let place = *known.entry(key).or_insert(next);
            is_new = place == next;
            Some(place)
        })?;
        Some((place, is_new))
    }
}

impl Worker<'_> {
    pub(crate) fn population(&self, env: &Env<'_>, id: ExprId, population: &Population) -> Vector {
        let RowSource::All(record) = population.rows.source else {
            return self.replay(env, id, "a population that is no record");
        };
        if !stands_alone(env, population) {
            return self.replay(env, id, "a population that each row sees differently");
        }
        let key = (std::ptr::from_ref(env.code) as usize, id.0, env.law);
        let standings =
            self.store.populations.once(key, || Arc::new(self.standings(env, population, record)));
        let base = env.code.get(id).map_or(Base::Damaged, |expr| expr.ty.base);
        if let Standings::Failed(state) = &*standings {
            return Vector::open(*state, env.len);
        }
        let Some(own) = population.own else {
            let found = match &*standings {
                Standings::General(partitions) => answer(partitions, population, None, || open(ERROR)),
                _ => open(ERROR),
            };
            return Vector::constant(&found, base, env.len, self.store);
        };
        // The row that asks is read as a member.
        let own = self.eval(env, own);
        let Some((_, rows)) = own.data.rows() else {
            let states =
                own.state.iter().map(|state| if matches!(*state, NO | KNOWN) { ERROR } else { *state });
            return Vector::of(states.collect(), Data::Void).doubted();
        };
        let mut inner = env.clone();
        let same = env.slot(0).filter(|lanes| lanes.record == Some(record) && lanes.rows == rows);
        inner.bind(
            population.rows.slot,
            same.cloned().unwrap_or_else(|| Lanes::new(Some(record), rows.to_vec())),
        );
        let members = self.members(&inner, population);
        let share = match population.kind {
            PopulationKind::InTop(share) => Some(self.eval(env, share)),
            _ => None,
        };
        let told = match &*standings {
            Standings::Narrow(narrow) => {
                narrow.answers(population.kind, &own, &members, share.as_deref(), self)
            }
            _ => None,
        };
        let everything = || -> Vec<u32> { (0..u32::try_from(env.len).unwrap_or(u32::MAX)).collect() };
        let (told, odd) = match told {
            Some((told, odd)) if odd.is_empty() => return told,
            Some((told, odd)) => (Some(told), odd),
            None => (None, everything()),
        };
        let founds: Vec<Found> = odd
            .iter()
            .map(|lane| {
                let lane = *lane as usize;
                if !own.is_known(lane) {
                    return open(own.state.get(lane).copied().unwrap_or(UNKNOWN)).doubted();
                }
                let share = || match &share {
                    Some(share) => share.found(lane, self.store).doubted().plain(),
                    None => open(ERROR),
                };
                match &*standings {
                    Standings::General(partitions) => {
                        answer(partitions, population, Some(members.at(lane, self)), share)
                    }
                    Standings::Narrow(narrow) => narrow.answer(population, &members, lane, self, share),
                    Standings::Failed(state) => open(*state),
                }
            })
            .collect();
        let asked = Vector::from_founds(founds, base, self.store);
        let Some(told) = told else { return asked };
        let rest: Vec<u32> =
            everything().into_iter().filter(|lane| odd.binary_search(lane).is_err()).collect();
        let parts = [(rest.clone(), Cow::Owned(told.gather(&rest))), (odd, Cow::Owned(asked))];
        Vector::assemble(env.len, &parts, false, self.store)
    }

    fn standings(&self, env: &Env<'_>, population: &Population, record: RecordId) -> Standings {
        let Some(rows) = self.rows_of(record) else {
            return Standings::Failed(if self.store.is_group(record) {
                self.group(record).err().unwrap_or(ERROR)
            } else {
                UNKNOWN
            });
        };
        let (code, law) = (env.code, env.law);
        let bind = |lanes: &Rc<Lanes>| {
            // The rows are asked for again, when results are.
            lanes.saves.set(true);
            let mut inner = Env { code, len: lanes.len(), slots: Vec::new(), arguments: Vec::new(), law };
            inner.bind(population.rows.slot, Rc::clone(lanes));
            inner
        };
        let ranked = population.kind != PopulationKind::Total && population.per.len() <= MOST_PARTS;
        if ranked {
            let parts = self.for_each_batch(record, rows, |worker, lanes| {
                worker.members(&bind(lanes), population).narrow(worker)
            });
            if let Some(narrow) = Narrow::of(parts, self.helpers) {
                return Standings::Narrow(narrow);
            }
        }
        let parts = self.for_each_batch(record, rows, |worker, lanes| {
            let members = worker.members(&bind(lanes), population);
            let all = (0..lanes.len()).map(|lane| members.at(lane, worker));
            all.filter(|member| code_of(&member.lets_in) != NO).collect::<Vec<Own>>()
        });
        let mut partitions = Partitions::default();
        parts.into_iter().flatten().for_each(|member| partitions.add(member));
        partitions.settle(population.kind);
        Standings::General(partitions)
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
    /// A row as the definition reads it.
    fn at(&self, lane: usize, worker: &Worker<'_>) -> Own {
        let plain = |vector: &Arc<Vector>| vector.found(lane, worker.store).doubted().plain();
        Own {
            lets_in: self.lets_in.as_ref().map_or_else(|| Found::flag(true), plain),
            key: self.key.iter().map(plain).collect(),
            operand: plain(&self.operand),
        }
    }

    /// The members, where each row is surely in or out and all is told by numbers.
    fn narrow(&self, worker: &Worker<'_>) -> Option<Members> {
        let Data::Num(values, scale) = &self.operand.data else {
            let lets_in = self.lets_in.as_ref()?.truths();
            return lets_in.iter().all(|code| *code == NO).then(Members::default);
        };
        if !self.keys_have_codes(worker) {
            return None;
        }
        let lets_in = self.lets_in.as_ref().map(|lets_in| lets_in.truths());
        let mut members = Members { scale: *scale, ..Members::default() };
        members.which.reserve(values.len());
        members.values.reserve(values.len());
        let mut places = Places::default();
        let keys = self.keys(values.len());
        for (lane, ((value, state), own)) in values.iter().zip(&self.operand.state).zip(keys).enumerate() {
            match lets_in.as_ref().map_or(Some(&KNOWN), |lets_in| lets_in.get(lane)) {
                Some(&KNOWN) => {}
                Some(&NO) => continue,
                _ => return None,
            }
            if *state != KNOWN {
                return None;
            }
            match own {
                OwnKey { is_none: true, .. } => {}
                OwnKey { is_known: true, key, .. } => {
                    let (place, is_new) = places.of(key)?;
                    if is_new {
                        members.keys.push(key);
                    }
                    members.which.push(place);
                    members.values.push(*value);
                }
                OwnKey { is_known: false, .. } => return None,
            }
        }
        members.which.shrink_to_fit();
        members.values.shrink_to_fit();
        Some(members)
    }

    fn keys_have_codes(&self, worker: &Worker<'_>) -> bool {
        self.key.iter().all(|part| has_codes(part, worker.store) && !matches!(part.data, Data::Num(_, 1..)))
    }

    /// The keys of so many lanes, which [`Self::keys_have_codes`] tells of, part by part.
    fn keys(&self, lanes: usize) -> Vec<OwnKey> {
        let mut keys = vec![OwnKey { key: Key::default(), is_known: true, is_none: false }; lanes];
        for (position, part) in self.key.iter().enumerate() {
            let state = part.state.as_slice();
            let day = |day: i32| (i64::from(day), day == NO_DAY);
            let code = |code: u32| (i64::from(code), code == NO_CODE);
            let keys = keys.as_mut_slice();
            match &part.data {
                Data::Flag => {
                    for (own, state) in keys.iter_mut().zip(state) {
                        own.put(position, matches!(*state, NO | KNOWN), (i64::from(*state), false));
                    }
                }
                Data::Num(values, _) => put_all(keys, position, (state, values), |value| (value, false)),
                Data::Code(codes) | Data::Row(_, codes) => put_all(keys, position, (state, codes), code),
                Data::Date(days) | Data::Year(days) => put_all(keys, position, (state, days), day),
                Data::Void | Data::Ratio(..) | Data::Any(_) => {
                    keys.iter_mut().for_each(|own| own.is_known = false);
                }
            }
        }
        keys
    }

    /// The key of a lane; `None` where a part of it is not known.
    fn key_at(&self, lane: usize) -> Option<Key> {
        let mut key = Key::default();
        for (place, part) in key.iter_mut().zip(&self.key) {
            let state = *part.state.get(lane)?;
            *place = match (&part.data, state) {
                (Data::Flag, NO | KNOWN) => i64::from(state),
                (data, KNOWN) => key_code(data, lane)?,
                _ => return None,
            };
        }
        Some(key)
    }
}

/// The key of a lane.
#[derive(Clone, Copy)]
struct OwnKey {
    key: Key,
    /// Whether all parts are.
    is_known: bool,
    /// Whether a part is known to be none.
    is_none: bool,
}

impl OwnKey {
    #[inline]
    fn put(&mut self, position: usize, is_known: bool, (code, is_none): (i64, bool)) {
        if let Some(place) = self.key.get_mut(position) {
            *place = code & -i64::from(is_known);
        }
        self.is_known &= is_known;
        self.is_none |= is_known & is_none;
    }
}

fn put_all<T: Copy>(
    keys: &mut [OwnKey],
    position: usize,
    (state, values): (&[u8], &[T]),
    read: impl Fn(T) -> (i64, bool),
) {
    for (own, (state, value)) in keys.iter_mut().zip(state.iter().zip(values)) {
        own.put(position, *state == KNOWN, read(*value));
    }
}

/// What was found of some keys of late, each at a place that it tells.
struct Recent<T>([Option<(Key, T)>; RECENT]);

/// So many keys are found without a table.
const RECENT: usize = 32;

impl<T: Copy> Default for Recent<T> {
    fn default() -> Self {
        Self([None; RECENT])
    }
}

impl<T: Copy> Recent<T> {
    #[inline]
    fn get(&mut self, key: Key, find: impl FnOnce() -> Option<T>) -> Option<T> {
        let mixed = key.iter().fold(0_u64, |all, part| {
            (all.rotate_left(5) ^ part.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let place = self.0.get_mut(usize::try_from(mixed >> (64 - RECENT.ilog2())).unwrap_or(0))?;
        match place {
            Some((known, found)) if *known == key => Some(*found),
            _ => {
                let found = find()?;
                *place = Some((key, found));
                Some(found)
            }
        }
    }
}

impl Narrow {
    fn of(parts: Vec<Option<Members>>, threads: usize) -> Option<Self> {
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        let mut scales = parts.iter().filter(|part| !part.values.is_empty()).map(|part| part.scale);
        let scale = scales.next().unwrap_or(0);
        if scales.any(|other| other != scale) {
            return None;
        }
        let (mut places, mut all) = (Places::default(), Vec::new());
        for Members { keys, which, values, .. } in parts {
            let mut own = Vec::with_capacity(keys.len());
            for key in keys {
                let (place, is_new) = places.of(key)?;
                if is_new {
                    all.push(Vec::new());
                }
                own.push(place);
            }
            for (which, value) in which.iter().zip(values) {
                let place = own.get(*which as usize).and_then(|place| all.get_mut(*place as usize));
                place?.push(value);
            }
        }
        let mut narrow = Self { places: places.known, values: all, scale };
        type Job<'j> = Box<dyn FnOnce() + Send + 'j>;
        let sorting = narrow.values.iter_mut();
        side_by_side(threads, sorting.map(|values| Box::new(|| values.sort_unstable()) as Job<'_>).collect());
        Some(narrow)
    }

    /// The values of a key's partition; none where it has no rows.
    fn partition(&self, key: &Key) -> &[i64] {
        let place = self.places.get(key).and_then(|place| self.values.get(*place as usize));
        place.map_or(&[][..], Vec::as_slice)
    }

    /// What the rows are told, where they are told by numbers; and the lanes that are not.
    fn answers(
        &self,
        kind: PopulationKind,
        own: &Vector,
        members: &Read,
        share: Option<&Vector>,
        worker: &Worker<'_>,
    ) -> Option<(Vector, Vec<u32>)> {
        let top = match (kind, share) {
            (PopulationKind::InTop(_), Some(share)) => Some(one_number(share, worker)?),
            (PopulationKind::PercentRank, _) => None,
            _ => return None,
        };
        let Data::Num(values, scale) = &members.operand.data else { return None };
        if *scale != self.scale || !members.keys_have_codes(worker) {
            return None;
        }
        let lets_in = members.lets_in.as_ref().map(|lets_in| lets_in.truths());
        // Of a key: its partition, and the least value of the top.
        let mut recent: Recent<(&[i64], Option<i64>)> = Recent::default();
        let mut odd = Vec::new();
        let mut states = Vec::with_capacity(own.len());
        let (mut below, mut others) = (Vec::with_capacity(own.len()), Vec::with_capacity(own.len()));
        for (lane, (value, mine)) in values.iter().zip(members.keys(values.len())).enumerate() {
            let in_or_out = lets_in.as_ref().map_or(Some(&KNOWN), |lets_in| lets_in.get(lane));
            let out = if top.is_some() { NO } else { MISSING };
            let (mut state, mut rank) = (UNKNOWN, (0, 1));
            match (own.state.get(lane), in_or_out, members.operand.state.get(lane)) {
                (Some(&KNOWN), Some(&NO), ..) => state = out,
                (Some(&KNOWN), Some(&KNOWN), Some(&KNOWN)) if mine.is_known => {
                    let (values, least) = recent.get(mine.key, || {
                        let values = self.partition(&mine.key);
                        let most = top.as_ref().map_or(Some(0), |share| most_above(share, values.len()));
                        Some((values, least_of_top(values, most?)))
                    })?;
                    if mine.is_none {
                        state = out;
                    } else if top.is_some() {
                        state = if least.is_some_and(|least| *value >= least) { KNOWN } else { NO };
                    } else {
                        state = KNOWN;
                        if values.len() > 1 {
                            let below = values.partition_point(|other| other < value);
                            rank = (i64::try_from(below).ok()?, i64::try_from(values.len() - 1).ok()?);
                        }
                    }
                }
                _ => odd.push(u32::try_from(lane).ok()?),
            }
            states.push(state);
            below.push(rank.0);
            others.push(rank.1);
        }
        let data = if top.is_some() { Data::Flag } else { Data::Ratio(below, others) };
        Some((Vector::of(states, data), odd))
    }

    /// One row, by the definition, over the members of its partition.
    fn answer(
        &self,
        population: &Population,
        members: &Read,
        lane: usize,
        worker: &Worker<'_>,
        share: impl FnOnce() -> Found,
    ) -> Found {
        let own = members.at(lane, worker);
        let mut partitions = Partitions::default();
        let key = members.keys_have_codes(worker).then(|| members.key_at(lane)).flatten();
        let is_member = code_of(&own.lets_in) == KNOWN && own.operand.value().is_some();
        if let (true, Some(key), Some(known)) =
            (is_member, key, own.key.iter().map(|part| part.value().cloned()).collect::<Option<Vec<Value>>>())
        {
            let value = |value: &i64| Value::Number(Number::scaled(*value, self.scale));
            partitions.set(known, self.partition(&key).iter().map(value).collect());
        }
        answer(&partitions, population, Some(own), share)
    }
}

/// The number that all lanes are.
fn one_number(share: &Vector, worker: &Worker<'_>) -> Option<Number> {
    let first = key_code(&share.data, 0)?;
    let same =
        (0..share.len()).all(|lane| key_code(&share.data, lane) == Some(first) && share.is_known(lane));
    match share.value(0, worker.store) {
        Some(Value::Number(number)) if same => Some(number),
        _ => None,
    }
}

/// Of so many members, how many are fewer than that share: the number below which those above a member stay.
fn most_above(share: &Number, members: usize) -> Option<i64> {
    let members = Number::from_int(i64::try_from(members).ok()?);
    share.mul(&members).ok()?.rounded(RoundingMode::Up, 0).ok()?.to_i64()
}

/// The least value above which there are fewer than so many of the values, which ascend; `None` where no value is such.
fn least_of_top(values: &[i64], fewer: i64) -> Option<i64> {
    let fewer = usize::try_from(fewer).ok().filter(|fewer| *fewer > 0)?;
    // All of the last have fewer above them, and whatever is below the last of these has them above it.
    let first = values.len().checked_sub(fewer);
    first.map_or(Some(i64::MIN), |first| values.get(first).copied())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_lanes_are_those_of_each() {
        let states = vec![NO, UNKNOWN, ERROR, KNOWN, KNOWN, MISSING];
        let of = |data: Data| Arc::new(Vector::of(states.clone(), data));
        let parts = [
            of(Data::Flag),
            of(Data::Num(vec![1, 2, 3, 4, -5, 6], 0)),
            of(Data::Code(vec![1, 2, 3, 4, NO_CODE, 6])),
            of(Data::Date(vec![1, 2, 3, NO_DAY, -5, 6])),
            of(Data::Void),
        ];
        for first in &parts {
            for second in &parts {
                let key = vec![Arc::clone(first), Arc::clone(second)];
                let read = Read { lets_in: None, key, operand: of(Data::Void) };
                for (lane, own) in read.keys(states.len()).into_iter().enumerate() {
                    let expected = read.key_at(lane);
                    assert_eq!(own.is_known, expected.is_some());
                    assert!(expected.is_none_or(|key| key == own.key));
                    let is_none = |part: &Arc<Vector>| {
                        part.is_known(lane) && super::super::logic::is_none(&part.data, lane)
                    };
                    // Only flags are no.
                    if states[lane] != NO {
                        assert_eq!(own.is_none, read.key.iter().any(is_none));
                    }
                }
            }
        }
    }

    #[test]
    fn the_top_are_those_with_few_above_them() {
        for values in [&[][..], &[5], &[1, 2, 2, 2, 7], &[3, 3, 3], &[i64::MIN, 0, i64::MAX]] {
            for fewer in -1..=6 {
                let least = least_of_top(values, fewer);
                for value in [i64::MIN, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, i64::MAX] {
                    let above = values.iter().filter(|other| **other > value).count();
                    let expected = i64::try_from(above).unwrap() < fewer;
                    assert_eq!(
                        least.is_some_and(|least| value >= least),
                        expected,
                        "{value} of {values:?}, fewer than {fewer}"
                    );
                }
            }
        }
    }
}
