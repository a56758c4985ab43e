//! Rows of rows: each lane is expanded to the rows it is over, and the condition says which of them count.

use std::rc::Rc;

use super::lanes::{Env, Expansion, Lanes};
use super::logic::and;
use super::store::{Store, is_none};
use super::vector::{ERROR, KNOWN, MISSING, NO, UNKNOWN, Vector};
use super::worker::Worker;
use crate::plan::{ExprId, FieldKind, Op, RecordKind, RowSource, Rows, demanded};
use crate::value::{RecordId, Value};

/// Rows that count, surely or perhaps.
pub(crate) struct Members {
    pub(crate) rows: Rc<Expansion>,
    /// Whether each counts: yes, unknown or error; of all rows of a source, also no.
    pub(crate) presence: Vec<u8>,
}

/// Lanes are evaluated in smaller parts where they have more rows than this.
pub(crate) const MOST_ROWS: usize = 1 << 20;

/// Why lanes could not be expanded.
pub(crate) enum Unexpanded {
    /// Too many rows at once: fewer lanes may do.
    TooMany,
    /// Only the definition does it.
    NoKernel(&'static str),
}

impl Members {
    /// For each lane, the range of its members.
    pub(crate) fn ranges(&self, lanes: usize) -> &[std::ops::Range<usize>] {
        self.rows.ranges(lanes)
    }

    /// Without the rows that do not count.
    pub(crate) fn kept(self) -> Self {
        let kept: Vec<u32> =
            (0_u32..).zip(&self.presence).filter(|(_, there)| **there != NO).map(|(at, _)| at).collect();
        if kept.len() == self.presence.len() {
            return self;
        }
        let at = |place: &u32| *place as usize;
        let presence = kept.iter().map(|place| self.presence.get(at(place)).copied().unwrap_or(NO)).collect();
        let of = kept.iter().map(|place| self.rows.of.get(at(place)).copied().unwrap_or(0)).collect();
        let lanes = Lanes::part(&self.rows.lanes, kept);
        let failed = self.rows.failed.clone();
        Self { rows: Rc::new(Expansion::new(of, lanes, failed)), presence }
    }
}

/// Where each lane's rows stand among those of all; `of` is ascending.
pub(crate) fn ranges(of: &[u32], lanes: usize) -> Vec<std::ops::Range<usize>> {
    let mut all = Vec::with_capacity(lanes);
    let mut start = 0;
    for lane in 0..u32::try_from(lanes).unwrap_or(u32::MAX) {
        let mut end = start;
        while of.get(end) == Some(&lane) {
            end += 1;
        }
        all.push(start..end);
        start = end;
    }
    all
}

impl Worker<'_> {
    /// All rows, and whether the condition lets each in.
    pub(crate) fn survey(&self, env: &Env<'_>, rows: &Rows) -> Result<Members, Unexpanded> {
        let source = match self.likely(env, rows)? {
            Some(found) => Members { presence: vec![KNOWN; found.of.len()], rows: Rc::new(found) },
            None => self.source(env, &rows.source)?,
        };
        let Some(filter) = rows.filter else { return Ok(source) };
        let lets_in = self.eval(&self.inner(env, &source.rows, rows.slot, filter), filter);
        let mut presence = source.presence;
        presence
            .iter_mut()
            .zip(lets_in.truths().iter())
            .for_each(|(own, lets_in)| *own = and(*own, *lets_in));
        Ok(Members { rows: source.rows, presence })
    }

    /// What an expression about rows is evaluated in: the outer lanes are spread over the rows only if it reads them.
    pub(crate) fn inner<'c>(&self, env: &Env<'c>, rows: &Expansion, slot: u16, expr: ExprId) -> Env<'c> {
        if self.reads_outer(env.code, slot, expr) { env.within(rows, slot) } else { env.alone(rows, slot) }
    }

    /// The rows that the condition lets in, surely or perhaps.
    pub(crate) fn select(&self, env: &Env<'_>, rows: &Rows) -> Result<Members, Unexpanded> {
        Ok(self.survey(env, rows)?.kept())
    }

    /// The rows of a source.
    fn source(&self, env: &Env<'_>, source: &RowSource) -> Result<Members, Unexpanded> {
        let sure = |rows: Rc<Expansion>| Members { presence: vec![KNOWN; rows.of.len()], rows };
        match source {
            RowSource::Many { of, field } => {
                if let Some(Op::Row(slot)) = env.code.get(*of).map(|expr| &expr.op)
                    && let Some(lanes) = env.slot(*slot)
                    && let Some(record) = lanes.record
                {
                    if let Some(known) = lanes.children.borrow().get(field) {
                        return Ok(sure(Rc::clone(known)));
                    }
                    let found =
                        Rc::new(self.children(record, *field, lanes.rows.iter().map(|row| Ok(*row)))?);
                    lanes.children.borrow_mut().insert(*field, Rc::clone(&found));
                    return Ok(sure(found));
                }
                let owner = self.eval(env, *of);
                let Some((record, rows)) = owner.data.rows() else {
                    return Ok(sure(Rc::new(nothing(&owner))));
                };
                let owners = rows.iter().zip(&owner.state).map(|(row, state)| match *state {
                    KNOWN if is_none(*row) => Err(ERROR),
                    KNOWN => Ok(*row),
                    MISSING => Err(UNKNOWN),
                    state => Err(state),
                });
                Ok(sure(Rc::new(self.children(record, *field, owners)?)))
            }
            RowSource::All(record) => {
                let Some(rows) = self.rows_of(*record) else {
                    let failed = 0..u32::try_from(env.len).unwrap_or(u32::MAX);
                    let state = if self.store.is_group(*record) {
                        self.group(*record).err().unwrap_or(ERROR)
                    } else {
                        UNKNOWN
                    };
                    let failed = failed.map(|lane| (lane, state)).collect();
                    let none = Lanes::new(Some(*record), Vec::new());
                    return Ok(sure(Rc::new(Expansion::new(Vec::new(), none, failed))));
                };
                Ok(sure(Rc::new(every(env.len, Some(*record), rows)?)))
            }
            RowSource::Values(category) => {
                let values = self.store.symbols().category(*category).map_or(0, |it| it.values.len());
                Ok(sure(Rc::new(every(env.len, None, u32::try_from(values).unwrap_or(u32::MAX))?)))
            }
            RowSource::Flatten { outer, inner } => self.flatten(env, outer, inner),
        }
    }

    fn flatten(&self, env: &Env<'_>, outer: &Rows, inner: &RowSource) -> Result<Members, Unexpanded> {
        let outer_rows = self.select(env, outer)?;
        let within = self.source(&env.within(&outer_rows.rows, outer.slot), inner)?;
        let lane_of = |at: u32| outer_rows.rows.of.get(at as usize).copied().unwrap_or(0);
        let mut failed = outer_rows.rows.failed.clone();
        for (at, state) in &within.rows.failed {
            // Of several, the first says why the rows of the lane are not known.
            let lane = lane_of(*at);
            if !failed.iter().any(|(other, _)| *other == lane) {
                failed.push((lane, *state));
            }
        }
        failed.sort_by_key(|(lane, _)| *lane);
        let (mut of, mut rows, mut presence) = (Vec::new(), Vec::new(), Vec::new());
        for ((at, row), there) in within.rows.of.iter().zip(&within.rows.lanes.rows).zip(&within.presence) {
            let lane = lane_of(*at);
            if failed.binary_search_by_key(&lane, |(lane, _)| *lane).is_ok() {
                continue;
            }
            of.push(lane);
            rows.push(*row);
            presence.push(and(outer_rows.presence.get(*at as usize).copied().unwrap_or(ERROR), *there));
        }
        let lanes = Lanes::new(within.rows.lanes.record, rows);
        Ok(Members { rows: Rc::new(Expansion::new(of, lanes, failed)), presence })
    }

    /// The rows of a `many` field of rows, or the members of groups.
    fn children(
        &self,
        record: RecordId,
        field: u32,
        owners: impl Iterator<Item = Result<u32, u8>>,
    ) -> Result<Expansion, Unexpanded> {
        let kind = self.store.many(record, field);
        let grouped = self.store.is_group(record);
        let (mut of, mut rows, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let child = match kind {
            Some(FieldKind::Many { record: child, .. }) => child,
            Some(FieldKind::Members) => match self.store.symbols().record(record).map(|group| group.kind) {
                Some(RecordKind::Group { of }) => of,
                _ => return Err(Unexpanded::NoKernel("members of no group")),
            },
            _ => return Err(Unexpanded::NoKernel("rows of a field that has none")),
        };
        if grouped && !matches!(kind, Some(FieldKind::Members)) {
            return Err(Unexpanded::NoKernel("rows that name a group"));
        }
        if self.store.is_group(child) && !grouped {
            return Err(Unexpanded::NoKernel("groups that name a row"));
        }
        let groups = if grouped { Some(self.group(record)) } else { None };
        let supplied = self.store.data.rows(record).is_some();
        let child_supplied = self.store.data.rows(child).is_some();
        let duplicates = self.store.data.has_duplicates(record);
        let keyless = self.store.keyless(record);
        let by = match kind {
            Some(FieldKind::Many { by, .. }) => by,
            _ => 0,
        };
        for (lane, owner) in (0_u32..).zip(owners) {
            let owner = match owner {
                Ok(owner) => owner,
                Err(state) => {
                    failed.push((lane, state));
                    continue;
                }
            };
            match &groups {
                Some(Err(state)) => failed.push((lane, *state)),
                Some(Ok(groups)) => {
                    let members = groups.rows.get(owner as usize).map_or(&[][..], |(_, members)| members);
                    for member in members {
                        if let Value::Reference(member) = member {
                            of.push(lane);
                            rows.push(self.store.lane_of(member));
                        }
                    }
                }
                None => {
                    let state = match () {
                        _ if Store::is_key(owner) => Some(UNKNOWN),
                        _ if !supplied => Some(UNKNOWN),
                        _ if duplicates && self.store.data.is_duplicate(record, owner) => Some(ERROR),
                        _ if keyless.is_some_and(|keyless| keyless.get(owner as usize) == Some(&true)) => {
                            Some(UNKNOWN)
                        }
                        () => (!child_supplied).then_some(UNKNOWN),
                    };
                    if let Some(state) = state {
                        failed.push((lane, state));
                        continue;
                    }
                    let children = self.store.data.children(child, by, owner);
                    of.resize(of.len() + children.len(), lane);
                    rows.extend_from_slice(&children);
                }
            }
        }
        Ok(Expansion::new(of, Lanes::new(Some(child), rows), failed))
    }

    /// The rows of a record that can satisfy an equality which the condition demands; `None` where it demands none.
    fn likely(&self, env: &Env<'_>, rows: &Rows) -> Result<Option<Expansion>, Unexpanded> {
        let RowSource::All(record) = rows.source else { return Ok(None) };
        if self.store.is_group(record) || self.store.data.rows(record).is_none() {
            return Ok(None);
        }
        let Some((field, other)) = rows.filter.and_then(|filter| demanded(env.code, rows.slot, filter))
        else {
            return Ok(None);
        };
        let wanted = self.eval(env, other);
        let column = self.evaluator.values_of(record, field);
        let (mut of, mut found) = (Vec::new(), Vec::new());
        for lane in 0..env.len {
            let told = match wanted.value(lane, self.store) {
                Some(Value::Reference(reference)) if reference.key.is_empty() => None,
                value => value,
            };
            match told {
                Some(value) => {
                    found.extend(column.as_ref().map(|column| column.candidates(&value)).unwrap_or_default());
                }
                // What is not known may be equal to anything.
                None => found.extend(0..self.store.data.rows(record).unwrap_or(0)),
            }
            of.resize(found.len(), u32::try_from(lane).unwrap_or(u32::MAX));
            if found.len() > MOST_ROWS && env.len > 1 {
                return Err(Unexpanded::TooMany);
            }
        }
        Ok(Some(Expansion::new(of, Lanes::new(Some(record), found), Vec::new())))
    }
}

/// Every row of a record, or value of a category, in each lane.
fn every(lanes: usize, record: Option<RecordId>, rows: u32) -> Result<Expansion, Unexpanded> {
    if lanes > 1 && lanes.saturating_mul(rows as usize) > MOST_ROWS {
        return Err(Unexpanded::TooMany);
    }
    let mut of = Vec::with_capacity(lanes * rows as usize);
    let mut all = Vec::with_capacity(lanes * rows as usize);
    for lane in 0..u32::try_from(lanes).unwrap_or(u32::MAX) {
        of.resize(of.len() + rows as usize, lane);
        all.extend(0..rows);
    }
    Ok(Expansion::new(of, Lanes::new(record, all), Vec::new()))
}

/// No lane names a row.
fn nothing(owner: &Vector) -> Expansion {
    let failed = (0_u32..).zip(&owner.state).map(|(lane, state)| {
        let state = match *state {
            NO | KNOWN => ERROR,
            MISSING => UNKNOWN,
            state => state,
        };
        (lane, state)
    });
    Expansion::new(Vec::new(), Lanes::new(Some(RecordId(u32::MAX)), Vec::new()), failed.collect())
}
