//! Running the instructions, and what is decided by what they give.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use rubric_grammar::ast::{DurationUnit, PartOf};

use super::Compiled;
use super::instruction::{
    ERROR, Instruction, KNOWN, Kind, MISSING, Members, NEVER, NO, NONE, NOT_APPLICABLE, Register, UNKNOWN,
};
use super::kernel::{self, Input, Marks, Output, doubted};
use super::prepare::Prepared;
use crate::columns::Quick;
use crate::data::Records;
use crate::evaluate::decision::{conclude, status};
use crate::evaluate::found::Found;
use crate::evaluate::{DecisionResult, Evaluator};
use crate::plan::ResultStatus;
use crate::value::{Date, Fault, Need, NeedKind, RecordId, date};

/// So many records are run together.
const BLOCK: usize = 256;
/// So many distinct results are kept at most.
const REMEMBERED: usize = 1 << 16;

/// Decides records, one or many at a time. It belongs to one thread.
pub struct Decider<'r> {
    compiled: &'r Compiled<'r>,
    evaluator: Evaluator<'r>,
    outputs: Vec<Output>,
    /// By space, the lanes that are run.
    ranges: Vec<Range<usize>>,
    marks: Marks,
    /// Records of the block that left what instructions hold, in any order.
    left: Vec<usize>,
    /// What the conditions of each record of the block are: the state of `where`, then for each rule a bit that it surely
    /// holds, that it is not known, that it is an error.
    keys: Vec<u64>,
    known: HashMap<Box<[u64]>, usize, BuildHasherDefault<Quick>>,
    distinct: Vec<DecisionResult>,
    replay: DecisionResult,
    replayed: Cell<u64>,
}

impl<'r> Decider<'r> {
    pub(super) fn new(compiled: &'r Compiled<'r>, records: &'r dyn Records) -> Self {
        let evaluator = Evaluator::new(compiled.plan, records, compiled.as_of, compiled.options.clone());
        Self {
            compiled,
            evaluator,
            outputs: compiled.code.iter().map(|_| Output::default()).collect(),
            ranges: Vec::new(),
            marks: Vec::new(),
            left: Vec::new(),
            keys: Vec::new(),
            known: HashMap::default(),
            distinct: Vec::new(),
            replay: status(ResultStatus::Error),
            replayed: Cell::new(0),
        }
    }

    /// How many records the evaluator has decided, because they left what the instructions hold.
    #[must_use]
    pub const fn replayed(&self) -> u64 {
        self.replayed.get()
    }

    /// What the decision gives for the record at that position. What an undetermined result needs, why one is an error, and
    /// the texts of `because` are left out; [`Decider::result`] has them.
    pub fn decide(&mut self, prepared: &Prepared, at: usize) -> &DecisionResult {
        if self.compiled.whole.is_some() || at >= prepared.len() {
            return self.replay(prepared, at);
        }
        self.run(prepared, at..at + 1);
        if !self.left.is_empty() || prepared.replayed.get(at) == Some(&true) {
            return self.replay(prepared, at);
        }
        let found = self.find(0);
        self.distinct.get(found).unwrap_or(&self.replay)
    }

    /// The same for the records in a range of positions, in their order.
    pub fn decide_each(
        &mut self,
        prepared: &Prepared,
        records: Range<usize>,
        mut each: impl FnMut(usize, &DecisionResult),
    ) {
        let end = records.end.min(prepared.len());
        let mut from = records.start;
        while from < end {
            let to = (from + BLOCK).min(end);
            if self.compiled.whole.is_some() {
                (from..to).for_each(|at| each(at, self.replay(prepared, at)));
                from = to;
                continue;
            }
            self.run(prepared, from..to);
            let left = std::mem::take(&mut self.left);
            for (place, at) in (from..to).enumerate() {
                let replayed = prepared.replayed.get(at) == Some(&true);
                if replayed || (!left.is_empty() && left.contains(&place)) {
                    each(at, self.replay(prepared, at));
                } else {
                    let found = self.find(place);
                    each(at, self.distinct.get(found).unwrap_or(&self.replay));
                }
            }
            self.left = left;
            from = to;
        }
    }

    /// The whole result, with what an undetermined one needs, why one is an error, and the texts of `because`; it is the
    /// evaluator that knows them.
    #[must_use]
    pub fn result(&self, prepared: &Prepared, at: usize) -> DecisionResult {
        match prepared.row(at) {
            Some(row) => self.evaluator.decision(self.compiled.decision, row),
            None => status(ResultStatus::Error),
        }
    }

    fn replay(&mut self, prepared: &Prepared, at: usize) -> &DecisionResult {
        self.replayed.set(self.replayed.get() + 1);
        let mut result = self.result(prepared, at);
        result.because.clear();
        result.needs = std::sync::Arc::default();
        result.faults = std::sync::Arc::default();
        self.replay = result;
        &self.replay
    }

    /// The position of the result that follows from the conditions of a record of the block.
    fn find(&mut self, place: usize) -> usize {
        let width = self.width();
        let key = self.keys.get(place * width..(place + 1) * width).unwrap_or(&[]);
        if let Some(found) = self.known.get(key) {
            return *found;
        }
        if self.distinct.len() >= REMEMBERED {
            self.distinct.clear();
            self.known.clear();
        }
        let result = self.conclude(key);
        let key: Box<[u64]> = key.into();
        let found = self.distinct.len();
        self.distinct.push(result);
        self.known.insert(key, found);
        found
    }

    /// Words of a key.
    fn width(&self) -> usize {
        1 + 3 * self.compiled.conditions.len().div_ceil(64)
    }

    fn conclude(&self, key: &[u64]) -> DecisionResult {
        let compiled = self.compiled;
        let Some(body) = compiled.body else { return status(ResultStatus::Error) };
        let scope =
            compiled.scope.map(|_| as_found(key.first().map_or(ERROR, |state| state.to_le_bytes()[0])));
        if scope.as_ref().is_some_and(|scope| scope.truth() == crate::evaluate::found::Truth::False) {
            return status(ResultStatus::NotApplicable);
        }
        let words = compiled.conditions.len().div_ceil(64);
        let has = |kind: usize, rule: usize| {
            key.get(1 + kind * words + rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
        };
        let conditions: Vec<Option<Found>> = compiled
            .conditions
            .iter()
            .enumerate()
            .map(|(rule, condition)| {
                condition.map(|_| {
                    as_found(match (has(0, rule), has(1, rule), has(2, rule)) {
                        (true, ..) => KNOWN,
                        (_, true, _) => UNKNOWN,
                        (_, _, true) => ERROR,
                        _ => NO,
                    })
                })
            })
            .collect();
        let result = conclude(body, compiled.as_of, scope.as_ref(), &conditions);
        DecisionResult { needs: std::sync::Arc::default(), faults: std::sync::Arc::default(), ..result }
    }

    /// Runs all instructions over some records, and makes their keys.
    fn run(&mut self, prepared: &Prepared, records: Range<usize>) {
        let compiled = self.compiled;
        self.left.clear();
        self.ranges.clear();
        for (space, lanes) in compiled.spaces.iter().zip(&prepared.spaces) {
            let range = match space.parent.and_then(|parent| self.ranges.get(parent)) {
                None => records.clone(),
                Some(range) => {
                    let start = |at: usize| lanes.starts.get(at).map_or(0, |start| *start as usize);
                    start(range.start)..start(range.end)
                }
            };
            self.ranges.push(range);
        }
        for (at, instruction) in compiled.code.iter().enumerate() {
            if matches!(instruction, Instruction::Slot(_)) {
                continue;
            }
            let Some(mut out) = self.outputs.get_mut(at).map(std::mem::take) else { continue };
            let mut marks = std::mem::take(&mut self.marks);
            let space = compiled.infos.get(at).map_or(0, |info| info.space);
            Frame { compiled, prepared, outputs: &self.outputs, ranges: &self.ranges, at, space }.run(
                instruction,
                &mut out,
                &mut marks,
            );
            for lane in marks.drain(..) {
                self.leave(prepared, space, lane);
            }
            self.marks = marks;
            if let Some(place) = self.outputs.get_mut(at) {
                *place = out;
            }
        }
        self.collect(prepared, records.len());
    }

    /// Notes the record of a lane.
    #[cold]
    fn leave(&mut self, prepared: &Prepared, mut space: usize, lane: usize) {
        let start = |space: usize| self.ranges.get(space).map_or(0, |range| range.start);
        let mut lane = lane + start(space);
        while let Some(parent) = self.compiled.spaces.get(space).and_then(|space| space.parent) {
            let parents = prepared.spaces.get(space).map_or(&[][..], |lanes| &lanes.parents);
            lane = parents.get(lane).map_or(0, |lane| *lane as usize);
            space = parent;
        }
        self.left.push(lane - start(0).min(lane));
    }

    fn collect(&mut self, prepared: &Prepared, count: usize) {
        let compiled = self.compiled;
        let width = self.width();
        let words = compiled.conditions.len().div_ceil(64);
        self.keys.clear();
        self.keys.resize(count * width, 0);
        let frame =
            Frame { compiled, prepared, outputs: &self.outputs, ranges: &self.ranges, at: 0, space: 0 };
        if let Some(scope) = compiled.scope {
            let states = frame.input(scope).states;
            for (key, state) in self.keys.chunks_exact_mut(width).zip(states) {
                if let Some(word) = key.first_mut() {
                    *word = u64::from(doubted(*state));
                }
            }
        }
        for (rule, condition) in compiled.conditions.iter().enumerate() {
            let Some(condition) = condition else { continue };
            let (word, bit) = (1 + rule / 64, rule % 64);
            let states = frame.input(*condition).states;
            for (key, state) in self.keys.chunks_exact_mut(width).zip(states) {
                let kind = match *state {
                    NO => continue,
                    KNOWN => 0,
                    ERROR => 2,
                    _ => 1,
                };
                if let Some(word) = key.get_mut(word + kind * words) {
                    *word |= 1 << bit;
                }
            }
        }
    }
}

/// What stands for a state of which only the evaluator knows more.
fn as_found(state: u8) -> Found {
    match state {
        KNOWN => Found::flag(true),
        NO => Found::flag(false),
        ERROR => Found::fault(Fault::NotAValue),
        _ => Found::need(Need { record: RecordId(u32::MAX), row: None, field: None, kind: NeedKind::Absent }),
    }
}

/// The columns that an instruction reads.
struct Frame<'f> {
    compiled: &'f Compiled<'f>,
    prepared: &'f Prepared,
    outputs: &'f [Output],
    ranges: &'f [Range<usize>],
    /// The instruction that is run, and its space.
    at: Register,
    space: usize,
}

impl Frame<'_> {
    fn input(&self, at: Register) -> Input<'_> {
        if let Some(Instruction::Slot(slot)) = self.compiled.code.get(at)
            && let (Some(column), Some(slot)) =
                (self.prepared.columns.get(*slot), self.compiled.slots.get(*slot))
        {
            let range = self.range(slot.space);
            let states = column.states.get(range.clone()).unwrap_or(&[]);
            return Input { states, values: column.values.get(range).unwrap_or(&[]) };
        }
        match self.outputs.get(at) {
            Some(output) => Input { states: &output.states, values: &output.values },
            None => Input { states: &[], values: &[] },
        }
    }

    fn range(&self, space: usize) -> Range<usize> {
        self.ranges.get(space).cloned().unwrap_or_default()
    }

    fn kind(&self, at: Register) -> Kind {
        self.compiled.infos.get(at).map_or(Kind::Truth, |info| info.kind)
    }

    fn run(&self, instruction: &Instruction, out: &mut Output, marks: &mut Marks) {
        match instruction {
            Instruction::Slot(_) => {}
            Instruction::Constant(state, value) => {
                let count = self.range(self.space).len();
                out.states.clear();
                out.states.resize(count, *state);
                out.values.clear();
                if self.compiled.infos.get(self.at).is_some_and(|info| info.kind != Kind::Truth) {
                    out.values.resize(count, *value);
                }
            }
            Instruction::Expand(a) => self.expand(*a, out),
            Instruction::Doubt(a) => kernel::copied(out, self.input(*a), doubted),
            Instruction::Not(a) => kernel::each(out, self.input(*a), kernel::not),
            Instruction::And(a, b) => kernel::pairs(out, self.input(*a), self.input(*b), kernel::and),
            Instruction::Or(a, b) => kernel::pairs(out, self.input(*a), self.input(*b), kernel::or),
            Instruction::Alike(same, a, b) => {
                kernel::pairs(out, self.input(*a), self.input(*b), |a, b| kernel::alike(*same, a, b));
            }
            Instruction::Compare(op, a, b) => kernel::compare(out, *op, self.input(*a), self.input(*b)),
            Instruction::CompareConstant(op, a, to) => {
                kernel::compare_constant(out, *op, self.input(*a), *to)
            }
            Instruction::CompareQuotient(op, quotient, other) => {
                let sides = [quotient.of, quotient.by, *other].map(|at| self.input(at));
                kernel::compare_quotient(out, marks, *op, (quotient.factor, quotient.divisor), sides);
            }
            Instruction::InConstants(a, list) => {
                kernel::test(out, self.input(*a), |value| list.contains(&value));
            }
            Instruction::IsKnown(a) => kernel::each(out, self.input(*a), |state| match state {
                NO | KNOWN => KNOWN,
                ERROR => ERROR,
                _ => NO,
            }),
            Instruction::IsMissing(a) => kernel::each(out, self.input(*a), |state| match state {
                NO | KNOWN => NO,
                MISSING => KNOWN,
                state => state,
            }),
            Instruction::IsNone(a) => match self.kind(*a) {
                Kind::Truth => kernel::each(out, self.input(*a), |state| match state {
                    NO | KNOWN => NO,
                    state => doubted(state),
                }),
                _ => kernel::test(out, self.input(*a), |value| value == NONE),
            },
            Instruction::Presumed(a, otherwise) => {
                kernel::presumed(out, self.input(*a), self.input(*otherwise));
            }
            Instruction::If(condition, yes, no) => {
                kernel::choice(out, self.input(*condition), self.input(*yes), self.input(*no));
            }
            _ => self.compute(instruction, out, marks),
        }
    }

    /// The operations on numbers and days.
    fn compute(&self, instruction: &Instruction, out: &mut Output, marks: &mut Marks) {
        match instruction {
            Instruction::Rescale(a, factor) => {
                // The missing stay missing: this is the same number.
                let a = self.input(*a);
                kernel::number(out, marks, a, |value| value.checked_mul(*factor));
                out.states.clear();
                out.states.extend_from_slice(a.states);
            }
            Instruction::Negate(a) => kernel::number(out, marks, self.input(*a), i64::checked_neg),
            Instruction::ToCount(a) => {
                kernel::number(out, marks, self.input(*a), |value| Some(value).filter(|value| *value >= 0));
            }
            Instruction::Add(a, b) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), i64::checked_add);
            }
            Instruction::Subtract(a, b) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), i64::checked_sub);
            }
            Instruction::Multiply(a, b) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), i64::checked_mul);
            }
            Instruction::Extreme(greater, a, b) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |a, b| {
                    (a.min(b) > NOT_APPLICABLE).then_some(if *greater { a.max(b) } else { a.min(b) })
                });
            }
            Instruction::ShiftDays(a, b, back) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |start, by| {
                    let by = if *back { by.checked_neg()? } else { by };
                    shifted(start, |day| date::add_days(day, by))
                });
            }
            Instruction::ShiftMonths(a, b, back, month_end) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |start, by| {
                    let by = if *back { by.checked_neg()? } else { by };
                    shifted(start, |day| date::add_months(day, by, *month_end))
                });
            }
            Instruction::ShiftYears(a, b, back) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |year, by| {
                    let by = if *back { by.checked_neg()? } else { by };
                    if year <= NOT_APPLICABLE {
                        return None;
                    }
                    year.checked_add(by).filter(|year| (0..=9998).contains(year))
                });
            }
            Instruction::Elapsed(unit, a, b, month_end) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |a, b| {
                    let (a, b) = (day(a)?, day(b)?);
                    Some(match unit {
                        DurationUnit::Days => date::days_between(a, b),
                        DurationUnit::Months => date::months_between(a, b, *month_end),
                        DurationUnit::Years => date::years_between(a, b, *month_end),
                    })
                });
            }
            Instruction::Age(a, b, month_end) => {
                kernel::numbers(out, marks, self.input(*a), self.input(*b), |birth, on| {
                    Some(date::age(day(birth)?, day(on)?, *month_end))
                });
            }
            Instruction::Part(part, a) => kernel::number(out, marks, self.input(*a), |value| {
                let day = day(value)?;
                match part {
                    PartOf::Year => Some(i64::from(day.year())),
                    PartOf::Month => Some(i64::from(day.month())),
                    PartOf::Day => Some(i64::from(day.day())),
                    _ => None,
                }
            }),
            Instruction::SchoolYear(a, start) => kernel::number(out, marks, self.input(*a), |value| {
                date::school_year_of(day(value)?, *start).map(i64::from)
            }),
            Instruction::Table(a, table, otherwise) => self.table(*a, table, *otherwise, out),
            _ => self.aggregate(instruction, out, marks),
        }
    }

    fn table(&self, key: Register, table: &[(i64, i64)], otherwise: Option<i64>, out: &mut Output) {
        out.states.clear();
        out.values.clear();
        let key = self.input(key);
        for (state, key) in key.states.iter().zip(key.values) {
            let found = table.iter().find(|(known, _)| known == key).map(|(_, value)| *value);
            let found = found.or(otherwise.filter(|_| *key > NOT_APPLICABLE));
            out.states.push(match (*state, found) {
                (KNOWN, Some(_)) => KNOWN,
                (KNOWN, None) => ERROR,
                (state, _) => doubted(state),
            });
            out.values.push(found.unwrap_or(0));
        }
    }

    /// The parents' lanes, each as often as it has rows.
    fn expand(&self, of: Register, out: &mut Output) {
        let of = self.input(of);
        out.states.clear();
        out.values.clear();
        let range = self.range(self.space);
        let parent = self.compiled.spaces.get(self.space).and_then(|space| space.parent).unwrap_or(0);
        let first = self.range(parent).start;
        let parents = self.prepared.spaces.get(self.space).map_or(&[][..], |lanes| &lanes.parents);
        let at = |lane: &u32| (*lane as usize).saturating_sub(first);
        let parents = parents.get(range).unwrap_or(&[]);
        out.states.extend(parents.iter().map(|lane| of.states.get(at(lane)).copied().unwrap_or(ERROR)));
        if !of.values.is_empty() {
            out.values.extend(parents.iter().map(|lane| of.values.get(at(lane)).copied().unwrap_or(0)));
        }
    }

    /// For each parent the state of its rows, and which of the lanes at hand they are.
    fn segments(&self, space: usize) -> impl Iterator<Item = (u8, Range<usize>)> + '_ {
        let lanes = self.prepared.spaces.get(space);
        let parents = self.range(self.space);
        let first = self.range(space).start;
        let starts = lanes.and_then(|lanes| lanes.starts.get(parents.start..parents.end + 1)).unwrap_or(&[]);
        let collected = lanes.and_then(|lanes| lanes.collected.get(parents)).unwrap_or(&[]);
        collected.iter().zip(starts.windows(2)).map(move |(state, bounds)| match bounds {
            [from, to] => {
                (*state, (*from as usize).saturating_sub(first)..(*to as usize).saturating_sub(first))
            }
            _ => (ERROR, 0..0),
        })
    }

    fn aggregate(&self, instruction: &Instruction, out: &mut Output, marks: &mut Marks) {
        out.states.clear();
        out.values.clear();
        match instruction {
            Instruction::Fold(any, space, of) => {
                let of = of.map(|of| self.input(of));
                for (state, range) in self.segments(*space) {
                    out.states.push(match (state, of) {
                        (KNOWN, Some(of)) => {
                            let states = of.states.get(range).unwrap_or(&[]).iter().copied();
                            if *any { states.fold(NO, kernel::or) } else { states.fold(KNOWN, kernel::and) }
                        }
                        (KNOWN, None) if *any && range.is_empty() => NO,
                        (KNOWN, None) => KNOWN,
                        (state, _) => doubted(state),
                    });
                }
            }
            Instruction::Count(members) => {
                self.reduce(*members, None, out, marks, Some(0), |count, _| count?.checked_add(1));
            }
            Instruction::Sum(members, operand) => {
                self.reduce(*members, Some(*operand), out, marks, Some(0), |sum, value| {
                    sum?.checked_add(value).filter(|sum| *sum > NOT_APPLICABLE)
                });
            }
            Instruction::Best(highest, members, operand) => {
                self.reduce(*members, Some(*operand), out, marks, None, |best, value| {
                    let better = |best: i64| if *highest { best.max(value) } else { best.min(value) };
                    Some(best.map_or(value, better)).filter(|_| value > NOT_APPLICABLE)
                });
            }
            _ => {}
        }
    }

    /// Reduces the numbers of the rows that count, beginning with what there is of none. Where a row is not known to count,
    /// or what is read of one that counts is not known, the record is replayed, since what is not exact has bounds; and where
    /// `step` leaves the numbers.
    fn reduce(
        &self,
        members: Members,
        operand: Option<Register>,
        out: &mut Output,
        marks: &mut Marks,
        first: Option<i64>,
        step: impl Fn(Option<i64>, i64) -> Option<i64>,
    ) {
        let filter = members.filter.map(|filter| self.input(filter).states);
        let operand = operand.map(|operand| self.input(operand));
        for (parent, (state, range)) in self.segments(members.space).enumerate() {
            if state != KNOWN {
                out.states.push(doubted(state));
                out.values.push(0);
                continue;
            }
            let mut reduced = first;
            let mut exact = true;
            for lane in range {
                match filter.map(|filter| filter.get(lane).copied()) {
                    Some(Some(NO)) => continue,
                    None | Some(Some(KNOWN)) => {}
                    Some(_) => {
                        exact = false;
                        break;
                    }
                }
                let value = match operand {
                    None => Some(0),
                    Some(of) if of.states.get(lane) == Some(&KNOWN) => of.values.get(lane).copied(),
                    Some(_) => None,
                };
                reduced = value.and_then(|value| step(reduced, value));
                exact = reduced.is_some();
                if !exact {
                    break;
                }
            }
            out.states.push(match (exact, reduced) {
                (true, Some(_)) => KNOWN,
                (true, None) => MISSING,
                (false, _) => UNKNOWN,
            });
            out.values.push(reduced.unwrap_or(0));
            if !exact {
                marks.push(parent);
            }
        }
    }
}

/// A day; `None` for `never` and `none`.
fn day(value: i64) -> Option<Date> {
    date::from_ordinal(i32::try_from(value).ok()?)
}

fn shifted(start: i64, by: impl FnOnce(Date) -> Option<Date>) -> Option<i64> {
    if start == NEVER {
        return Some(NEVER);
    }
    by(day(start)?).map(date::ordinal)
}
