//! What rows come to for their parents: what one parent has of several aggregates stands together, so that a row touches
//! little memory.
//!
//! What begins with nothing and only ever grows is the greatest of some codes, zero among them: conditions that are put
//! together, in the order of their codes, and the highest and lowest of numbers. Sums are added up. All of these have cells of
//! one size; a column that leaves its cells is wide from then on.

use std::borrow::Cow;
use std::cmp::Ordering;

use rubric_grammar::ast::AggregateKind;

use super::aggregate::{counting, opposite_of_truth};
use super::logic::{and, exchanged, or};
use super::stored::Rows;
use super::vector::{Data, KNOWN, MISSING, NO, NO_DAY, NOT_APPLICABLE, UNKNOWN, Vector, power};

/// What the rows of a field come to, by aggregate.
pub(super) struct Totals {
    columns: Vec<Column>,
    /// Cells of a parent.
    width: usize,
    cells: Vec<u32>,
    scratch: Scratch,
}

/// What is read of the rows that are added.
#[derive(Default)]
struct Scratch {
    /// Those that count.
    kept: Vec<u32>,
    /// Their values; zero for those that do not count.
    masked: Vec<i64>,
}

/// An aggregate for each parent.
struct Column {
    aggregate: AggregateKind,
    /// Its first cell among those of a parent.
    cell: usize,
    kind: Kind,
    /// The parents whose rows have to be asked; absent: none.
    open: Option<Vec<bool>>,
    /// In the place of its cells.
    wide: Option<Wide>,
}

/// Numbers that are too large for cells.
struct Wide {
    values: Vec<i64>,
    /// Whether some row counts.
    some: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// None came yet.
    Nothing,
    Number(u8),
    Day,
    Year,
    Code,
}

const fn is_best(aggregate: AggregateKind) -> bool {
    matches!(aggregate, AggregateKind::Highest | AggregateKind::Lowest)
}

/// As a code of which the greatest is kept; above zero, where the number is well within `i32`.
const fn code_of(value: i32, aggregate: AggregateKind) -> u32 {
    let code = value.cast_unsigned() ^ (1 << 31);
    if matches!(aggregate, AggregateKind::Lowest) { !code } else { code }
}

/// The number of a code.
const fn value_of(code: u32, aggregate: AggregateKind) -> i32 {
    let code = if matches!(aggregate, AggregateKind::Lowest) { !code } else { code };
    (code ^ (1 << 31)).cast_signed()
}

/// The lowest bits of a number.
#[expect(clippy::cast_possible_truncation, reason = "whoever asks compares the whole number")]
const fn lowest(value: i64) -> i32 {
    value as i32
}

/// Cells of a column, by parent.
struct Cells<'t> {
    /// Those of all columns, from that of the first parent on.
    all: &'t mut [u32],
    width: usize,
    parents: usize,
}

impl Cells<'_> {
    #[inline]
    fn of(&mut self, parent: u32) -> Option<&mut u32> {
        // The product of two such numbers has room in 64 bits.
        let place = u64::from(parent).wrapping_mul(self.width as u64);
        self.all.get_mut(usize::try_from(place).ok()?)
    }

    /// The cell of each parent.
    fn each(&self) -> impl Iterator<Item = u32> {
        self.all.iter().step_by(self.width.max(1)).copied()
    }

    /// Adds numbers; `false`, with nothing changed, where some sum does not fit.
    fn add(&mut self, parents: &[u32], values: impl Iterator<Item = i64> + Clone) -> bool {
        let mut is_over = false;
        for (parent, value) in parents.iter().zip(values.clone()) {
            let Some(cell) = self.of(*parent) else { continue };
            let total = i64::from(cell.cast_signed()).wrapping_add(value);
            is_over |= i64::from(lowest(total)) != total;
            *cell = lowest(total).cast_unsigned();
        }
        if is_over {
            // The lowest bits of a sum tell what it was before.
            for (parent, value) in parents.iter().zip(values) {
                let Some(cell) = self.of(*parent) else { continue };
                *cell = cell.wrapping_sub(lowest(value).cast_unsigned());
            }
        }
        !is_over
    }

    /// Keeps the greatest codes of some rows.
    fn most(&mut self, kept: &[u32], parents: &[u32], code: impl Fn(usize) -> u32) {
        for at in kept {
            let at = *at as usize;
            let Some(cell) = parents.get(at).and_then(|parent| self.of(*parent)) else { continue };
            *cell = code(at).max(*cell);
        }
    }

    /// The same of two codes each, which share a cell.
    fn most_of_both(&mut self, kept: &[u32], parents: &[u32], codes: impl Fn(usize) -> [u32; 2]) {
        for at in kept {
            let at = *at as usize;
            let Some(cell) = parents.get(at).and_then(|parent| self.of(*parent)) else { continue };
            let ([first, second], [own, other]) = (both(*cell), codes(at));
            *cell = first.max(own) | (second.max(other) * SHARE);
        }
    }
}

/// Two codes of a cell, of which each is below its share.
const fn both(cell: u32) -> [u32; 2] {
    [cell % SHARE, cell / SHARE]
}

/// So many codes are one of two in a cell.
const SHARE: u32 = 1 << 8;

/// The places that are wanted, with nothing to branch on.
fn keep(kept: &mut Vec<u32>, wanted: impl ExactSizeIterator<Item = bool>) {
    kept.clear();
    kept.resize(wanted.len(), 0);
    let mut length = 0_usize;
    for (at, is_wanted) in (0_u32..).zip(wanted) {
        if let Some(place) = kept.get_mut(length) {
            *place = at;
        }
        length = length.wrapping_add(usize::from(is_wanted));
    }
    kept.truncate(length);
}

impl Totals {
    /// Of so many parents, which have no rows yet.
    pub(super) fn new(aggregates: impl Iterator<Item = AggregateKind>, parents: usize) -> Self {
        let (mut columns, mut width) = (Vec::new(), 0);
        for aggregate in aggregates {
            let kind = if aggregate == AggregateKind::Count { Kind::Number(0) } else { Kind::Nothing };
            columns.push(Column { aggregate, cell: width, kind, open: None, wide: None });
            width += 1;
        }
        #[expect(
            clippy::slow_vector_initialization,
            reason = "memory that nobody has written to yet is fetched twice: when it is read, and when it is written"
        )]
        let mut cells = Vec::new();
        cells.resize(parents.saturating_mul(width), 0);
        Self { columns, width, cells, scratch: Scratch::default() }
    }

    /// Adds some rows to a column: whether each counts, and what is read of it, from a lane on.
    pub(super) fn add(
        &mut self,
        column: usize,
        parents: &[u32],
        presence: &[u8],
        read: Option<(&Vector, usize)>,
    ) {
        let Self { columns, width, cells, scratch } = self;
        let kept = &mut scratch.kept;
        let Some(column) = columns.get_mut(column) else { return };
        let count = cells.len() / (*width).max(1);
        let all = cells.get_mut(column.cell..).unwrap_or_default();
        let mut cells = Cells { all, width: *width, parents: count };
        match (column.aggregate, read) {
            (AggregateKind::Any | AggregateKind::None, _) => {
                keep(kept, presence.iter().map(|there| *there != NO));
                cells.most(kept, parents, |at| some_code(presence, at));
            }
            (AggregateKind::All | AggregateKind::SomeAndAll, Some((read, first))) => {
                // What does not count holds.
                keep(kept, presence.iter().map(|there| *there != NO));
                let satisfied = match &read.data {
                    Data::Flag | Data::Void => Cow::Borrowed(read.state.as_slice()),
                    _ => read.truths(),
                };
                let satisfied = satisfied.get(first..).unwrap_or_default();
                let all = |at: usize| {
                    let there = presence.get(at).copied().unwrap_or(NO);
                    let satisfied = match satisfied.get(at) {
                        Some(&MISSING) => UNKNOWN,
                        satisfied => satisfied.copied().unwrap_or(KNOWN),
                    };
                    u32::from(KNOWN - or(opposite_of_truth(there), satisfied))
                };
                if column.aggregate == AggregateKind::All {
                    cells.most(kept, parents, all);
                } else {
                    cells.most_of_both(kept, parents, |at| [all(at), some_code(presence, at)]);
                }
            }
            (AggregateKind::Count, _) => {
                // Whatever is neither yes nor no is told by two bits that differ.
                if presence.iter().fold(0, |any, there| any | (there ^ (there >> 1))) & 1 != 0 {
                    let is_open = presence.iter().map(|there| *there != NO && *there != KNOWN);
                    column.open_some(&cells, parents, is_open);
                }
                let ones = presence.iter().map(|there| i64::from(*there == KNOWN));
                column.sum(&mut cells, parents, ones);
            }
            (_, Some((read, first))) => {
                let counts = counting(presence, read.state.get(first..).unwrap_or_default());
                column.put(&mut cells, scratch, parents, counts, (read, first));
            }
            _ => {}
        }
    }

    /// The cells of some parents; zero where there is no such parent.
    fn read(&self, cell: usize, parents: &[u32]) -> Vec<u32> {
        if let Rows::Range(rows) = Rows::of(parents)
            && let start = rows.start.saturating_mul(self.width)
            && let Some(own) = self.cells.get(start..).and_then(|rest| rest.get(..parents.len() * self.width))
        {
            return own
                .chunks_exact(self.width.max(1))
                .map(|own| own.get(cell).copied().unwrap_or(0))
                .collect();
        }
        let of = |parent: &u32| {
            let place = (*parent as usize).checked_mul(self.width)?.checked_add(cell)?;
            self.cells.get(place).copied()
        };
        parents.iter().map(|parent| of(parent).unwrap_or(0)).collect()
    }

    /// What a column comes to for some parents: of conditions their codes, of numbers whether they are known, missing or,
    /// where the rows have to be asked, not known.
    pub(super) fn found(&self, column: usize, parents: &[u32]) -> Option<Vector> {
        let column = self.columns.get(column)?;
        let aggregate = column.aggregate;
        let told = |code: u32| u8::try_from(code & 3).unwrap_or(UNKNOWN);
        let cells = self.read(column.cell, parents);
        let codes = cells.iter().copied();
        Some(match aggregate {
            AggregateKind::Any => Vector::flags(codes.map(|code| exchanged(told(code))).collect()),
            AggregateKind::None => {
                Vector::flags(codes.map(|code| opposite_of_truth(exchanged(told(code)))).collect())
            }
            AggregateKind::All => Vector::flags(codes.map(|code| KNOWN - told(code)).collect()),
            AggregateKind::SomeAndAll => {
                let join = |[all, some]: [u32; 2]| and(KNOWN - told(all), exchanged(told(some)));
                Vector::flags(codes.map(|cell| join(both(cell))).collect())
            }
            _ => column.found(parents, &cells),
        })
    }
}

/// The code of which the greatest tells whether there is some.
#[inline]
fn some_code(presence: &[u8], at: usize) -> u32 {
    u32::from(exchanged(presence.get(at).copied().unwrap_or(NO)))
}

impl Column {
    /// The rows of some parents have to be asked.
    fn open_some(&mut self, cells: &Cells<'_>, parents: &[u32], is_open: impl Iterator<Item = bool>) {
        let open = self.open.get_or_insert_with(|| vec![false; cells.parents]);
        for (parent, _) in parents.iter().zip(is_open).filter(|(_, is_open)| *is_open) {
            if let Some(place) = open.get_mut(*parent as usize) {
                *place = true;
            }
        }
    }

    fn open_all(&mut self, cells: &Cells<'_>, parents: &[u32], counts: &[u8]) {
        self.open_some(cells, parents, counts.iter().map(|count| *count > 0));
    }

    /// Lets the numbers have room.
    fn widen(&mut self, cells: &Cells<'_>) -> &mut Wide {
        self.wide.get_or_insert_with(|| {
            let of = cells.each();
            if is_best(self.aggregate) {
                let number = |code| (i64::from(value_of(code, self.aggregate)), code > 0);
                let (values, some) = of.map(number).unzip();
                Wide { values, some }
            } else {
                Wide { values: of.map(|cell| i64::from(cell.cast_signed())).collect(), some: Vec::new() }
            }
        })
    }

    /// Lets the numbers have that many places; where one is too large for that, its parent is open.
    fn scale_to(&mut self, cells: &Cells<'_>, scale: u8) {
        let Kind::Number(own) = self.kind else {
            self.kind = Kind::Number(scale);
            return;
        };
        if own >= scale {
            return;
        }
        self.kind = Kind::Number(scale);
        let by = power(scale - own);
        let mut over = Vec::new();
        for (parent, value) in (0_u32..).zip(&mut self.widen(cells).values) {
            match by.and_then(|by| value.checked_mul(by)) {
                Some(larger) => *value = larger,
                None => {
                    *value = 0;
                    over.push(parent);
                }
            }
        }
        if !over.is_empty() {
            self.open_some(cells, &over, over.iter().map(|_| true));
        }
    }

    /// Adds numbers to sums.
    fn sum(&mut self, cells: &mut Cells<'_>, parents: &[u32], values: impl Iterator<Item = i64> + Clone) {
        if self.wide.is_none() && cells.add(parents, values.clone()) {
            return;
        }
        let sums = &mut self.widen(cells).values;
        let mut over = Vec::new();
        for (parent, value) in parents.iter().zip(values) {
            let Some(sum) = sums.get_mut(*parent as usize) else { continue };
            let (total, is_over) = sum.overflowing_add(value);
            *sum = total;
            if is_over {
                over.push(*parent);
            }
        }
        if !over.is_empty() {
            self.open_some(cells, &over, over.iter().map(|_| true));
        }
    }

    /// Keeps the best of the values of the rows that count.
    fn best(&mut self, cells: &mut Cells<'_>, kept: &[u32], parents: &[u32], value: impl Fn(usize) -> i64) {
        let aggregate = self.aggregate;
        if self.wide.is_none() {
            let room = i64::from(i32::MIN + 1)..=i64::from(i32::MAX - 1);
            let fits = kept.iter().fold(true, |all, at| all & room.contains(&value(*at as usize)));
            if fits {
                return cells.most(kept, parents, |at| code_of(lowest(value(at)), aggregate));
            }
        }
        let side = if aggregate == AggregateKind::Lowest { Ordering::Less } else { Ordering::Greater };
        let Wide { values, some } = self.widen(cells);
        for at in kept {
            let at = *at as usize;
            let Some(place) = parents.get(at).map(|parent| *parent as usize) else { continue };
            let (Some(best), Some(some), value) = (values.get_mut(place), some.get_mut(place), value(at))
            else {
                continue;
            };
            if !*some || value.cmp(best) == side {
                *best = value;
            }
            *some = true;
        }
    }

    /// Adds the values of the rows that count, as [`counting`] says.
    fn put(
        &mut self,
        cells: &mut Cells<'_>,
        Scratch { kept, masked }: &mut Scratch,
        parents: &[u32],
        mut counts: Vec<u8>,
        (read, first): (&Vector, usize),
    ) {
        let lanes = first..first.saturating_add(counts.len());
        let is_sum = self.aggregate == AggregateKind::Sum;
        // What leaves a column of numbers is told by the rows.
        if let (Data::Num(values, scale), Kind::Number(_) | Kind::Nothing) = (&read.data, self.kind) {
            self.scale_to(cells, *scale);
            let Kind::Number(own) = self.kind else { return };
            let values = values.get(lanes.clone()).unwrap_or_default();
            let scaled: Option<Cow<'_, [i64]>> = match power(own.saturating_sub(*scale)) {
                Some(1) => Some(Cow::Borrowed(values)),
                Some(by) => {
                    let scaled = values.iter().map(|value| value.checked_mul(by));
                    scaled.collect::<Option<Vec<_>>>().map(Cow::Owned)
                }
                None => None,
            };
            let Some(values) = scaled else { return self.open_all(cells, parents, &counts) };
            self.open_unknown(cells, parents, &counts);
            if is_sum {
                // What does not count is masked before anything is added: nothing is branched on while sums are fetched.
                masked.clear();
                let counted = values.iter().zip(&counts);
                masked.extend(counted.map(|(value, count)| value & -i64::from(*count == 1)));
                return self.sum(cells, parents, masked.iter().copied());
            }
            keep(kept, counts.iter().map(|count| *count == 1));
            return self.best(cells, kept, parents, |at| values.get(at).copied().unwrap_or(0));
        }
        let own = match &read.data {
            _ if is_sum => None,
            Data::Date(_) => Some(Kind::Day),
            Data::Year(_) => Some(Kind::Year),
            Data::Code(_) => Some(Kind::Code),
            _ => None,
        };
        if self.kind == Kind::Nothing
            && let Some(own) = own
        {
            self.kind = own;
        }
        if own != Some(self.kind) {
            return self.open_all(cells, parents, &counts);
        }
        let mut ask = |is_none: &dyn Fn(usize) -> bool| {
            for (at, count) in counts.iter_mut().enumerate().filter(|(_, count)| **count == 1) {
                if is_none(at) {
                    *count = 2;
                }
            }
        };
        match &read.data {
            Data::Date(days) | Data::Year(days) => {
                let days = days.get(lanes.clone()).unwrap_or_default();
                ask(&|at| days.get(at).is_none_or(|day| *day == NO_DAY));
            }
            Data::Code(codes) => {
                let codes = codes.get(lanes.clone()).unwrap_or_default();
                ask(&|at| codes.get(at).is_none_or(|code| *code >= NOT_APPLICABLE));
            }
            _ => return self.open_all(cells, parents, &counts),
        }
        self.open_unknown(cells, parents, &counts);
        keep(kept, counts.iter().map(|count| *count == 1));
        match &read.data {
            Data::Date(days) | Data::Year(days) => {
                let days = days.get(lanes).unwrap_or_default();
                self.best(cells, kept, parents, |at| days.get(at).map_or(0, |day| i64::from(*day)));
            }
            Data::Code(codes) => {
                let codes = codes.get(lanes).unwrap_or_default();
                self.best(cells, kept, parents, |at| codes.get(at).map_or(0, |code| i64::from(*code)));
            }
            _ => {}
        }
    }

    fn open_unknown(&mut self, cells: &Cells<'_>, parents: &[u32], counts: &[u8]) {
        if counts.iter().fold(0, |all, count| all | count) > 1 {
            self.open_some(cells, parents, counts.iter().map(|count| *count > 1));
        }
    }

    /// What numbers come to for some parents.
    fn found(&self, parents: &[u32], cells: &[u32]) -> Vector {
        let is_best = is_best(self.aggregate);
        let (mut states, mut values): (Vec<u8>, Vec<i64>) = match &self.wide {
            None if is_best => {
                let state = |code: &u32| if *code > 0 { KNOWN } else { MISSING };
                let value = |code: &u32| i64::from(value_of(*code, self.aggregate)) & -i64::from(*code > 0);
                (cells.iter().map(state).collect(), cells.iter().map(value).collect())
            }
            None => {
                let values = cells.iter().map(|cell| i64::from(cell.cast_signed()));
                (vec![KNOWN; parents.len()], values.collect())
            }
            Some(Wide { values, some }) => {
                let is_there = |parent: &u32| !is_best || some.get(*parent as usize) == Some(&true);
                let value = |parent: &u32| values.get(*parent as usize).copied().filter(|_| is_there(parent));
                let state = |parent: &u32| if is_there(parent) { KNOWN } else { MISSING };
                (
                    parents.iter().map(state).collect(),
                    parents.iter().map(|parent| value(parent).unwrap_or(0)).collect(),
                )
            }
        };
        if let Some(open) = &self.open {
            for (parent, (state, value)) in parents.iter().zip(states.iter_mut().zip(&mut values)) {
                if open.get(*parent as usize) == Some(&true) {
                    (*state, *value) = (UNKNOWN, 0);
                }
            }
        }
        Vector::of(states, self.data(values))
    }

    fn data(&self, values: Vec<i64>) -> Data {
        let narrow = |value: &i64| i32::try_from(*value).unwrap_or(NO_DAY);
        match self.kind {
            Kind::Nothing if is_best(self.aggregate) => Data::Void,
            Kind::Nothing => Data::Num(values, 0),
            Kind::Number(scale) => Data::Num(values, scale),
            Kind::Day => Data::Date(values.iter().map(narrow).collect()),
            Kind::Year => Data::Year(values.iter().map(narrow).collect()),
            Kind::Code => {
                let code = |value: &i64| u32::try_from(*value).unwrap_or(u32::MAX);
                Data::Code(values.iter().map(code).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::vector::ERROR;

    fn numbers(values: Vec<i64>, scale: u8) -> Vector {
        Vector::of(vec![KNOWN; values.len()], Data::Num(values, scale))
    }

    fn of(totals: &Totals, column: usize, parents: u32) -> (Vec<(u8, i64)>, Kind) {
        let found = totals.found(column, &(0..parents).collect::<Vec<_>>()).unwrap();
        let values = match found.data {
            Data::Num(values, _) => values,
            Data::Date(days) => days.into_iter().map(i64::from).collect(),
            _ => vec![0; found.state.len()],
        };
        (found.state.into_iter().zip(values).collect(), totals.columns[column].kind)
    }

    #[test]
    fn sums_grow_out_of_their_columns_and_change_their_scale() {
        // Another column stands beside it, and stays as it is.
        let kinds = [AggregateKind::Count, AggregateKind::Sum];
        let mut totals = Totals::new(kinds.into_iter(), 3);
        let mut add = |parents: &[u32], presence: &[u8], read: Vector| {
            totals.add(0, &[0], &[KNOWN], None);
            totals.add(1, parents, presence, Some((&read, 0)));
        };
        let all = [KNOWN; 3];
        add(&[0, 1, 0], &all, numbers(vec![5, 7, 6], 0));
        // Tenths; what names no parent is nobody's.
        add(&[0, 9, 1], &all, numbers(vec![5, 1000, 25], 1));
        // Whole numbers among tenths, of which one does not count.
        add(&[2, 2, 0], &[KNOWN, NO, NO], numbers(vec![3, 100, 100], 0));
        add(&[1, 2, 2], &all, numbers(vec![i64::from(i32::MAX), 1, 2], 1));
        // A sum that leaves its column, and a row of which nothing is known.
        add(&[0, 0, 1], &[KNOWN, KNOWN, UNKNOWN], numbers(vec![i64::MAX, i64::MAX, 1], 1));
        let (found, kind) = of(&totals, 1, 3);
        assert_eq!(kind, Kind::Number(1));
        assert_eq!(found, [(UNKNOWN, 0), (UNKNOWN, 0), (KNOWN, 33)]);
        assert_eq!(of(&totals, 0, 3).0, [(KNOWN, 5), (KNOWN, 0), (KNOWN, 0)]);
    }

    #[test]
    fn sums_that_do_not_fit_in_cells_are_those_that_they_were_before() {
        let mut totals = Totals::new([AggregateKind::Sum].into_iter(), 2);
        let large = i64::from(i32::MAX);
        for values in [vec![1, -7, 1], vec![large - 1, -large, 0], vec![5, 1 << 40, -3]] {
            totals.add(0, &[0, 1, 0], &[KNOWN; 3], Some((&numbers(values, 0), 0)));
        }
        assert_eq!(of(&totals, 0, 2).0, [(KNOWN, large + 3), (KNOWN, (1 << 40) - large - 7)]);
    }

    #[test]
    fn the_best_is_that_of_the_rows_that_count() {
        for (kind, expected) in [(AggregateKind::Highest, 9_000_000_000), (AggregateKind::Lowest, -4)] {
            let mut totals = Totals::new([kind].into_iter(), 3);
            totals.add(0, &[0, 0], &[KNOWN, NO], Some((&numbers(vec![-4, 100], 0), 0)));
            assert_eq!(of(&totals, 0, 3).0, [(KNOWN, -4), (MISSING, 0), (MISSING, 0)], "{kind:?}");
            totals.add(0, &[0, 1], &[KNOWN, ERROR], Some((&numbers(vec![9_000_000_000, 1], 0), 0)));
            assert_eq!(of(&totals, 0, 3).0, [(KNOWN, expected), (UNKNOWN, 0), (MISSING, 0)], "{kind:?}");
        }
    }

    #[test]
    fn the_best_is_the_same_in_cells_and_outside_of_them() {
        let ends = [i64::from(i32::MIN), i64::from(i32::MAX)];
        let values = [0, 1, -1, 5, -5, ends[0] + 1, ends[1] - 1, ends[0], ends[1], ends[1] + 1, ends[0] - 1];
        for kind in [AggregateKind::Highest, AggregateKind::Lowest] {
            for first in values {
                for second in values {
                    let mut totals = Totals::new([kind].into_iter(), 1);
                    totals.add(0, &[0], &[KNOWN], Some((&numbers(vec![first], 0), 0)));
                    totals.add(0, &[0], &[KNOWN], Some((&numbers(vec![second], 0), 0)));
                    let best =
                        if kind == AggregateKind::Highest { first.max(second) } else { first.min(second) };
                    assert_eq!(of(&totals, 0, 1).0, [(KNOWN, best)], "{kind:?} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn conditions_are_put_together_as_one_after_the_other() {
        let codes = [NO, UNKNOWN, ERROR, KNOWN, MISSING];
        let kinds = [AggregateKind::Any, AggregateKind::None, AggregateKind::All, AggregateKind::SomeAndAll];
        for rows in 0..4_u32 {
            for choice in 0..20_usize.pow(rows) {
                let row = |at: u32| choice / 20_usize.pow(at) % 20;
                let presence: Vec<u8> = (0..rows).map(|at| codes[row(at) % 4]).collect();
                let satisfied: Vec<u8> = (0..rows).map(|at| codes[row(at) / 4]).collect();
                let mut totals = Totals::new(kinds.into_iter(), 2);
                for column in 0..4 {
                    let read = Vector::flags(satisfied.clone());
                    totals.add(column, &vec![1; rows as usize], &presence, Some((&read, 0)));
                }
                let some = presence.iter().fold(NO, |any, there| or(any, *there));
                let truths = Vector::flags(satisfied.clone()).truths().into_owned();
                let holds = presence.iter().zip(truths).map(|(there, it)| or(opposite_of_truth(*there), it));
                let all = holds.fold(KNOWN, and);
                let expected = [some, opposite_of_truth(some), all, and(all, some)];
                for (column, expected) in expected.into_iter().enumerate() {
                    assert_eq!(
                        totals.found(column, &[1]).unwrap().state,
                        [expected],
                        "{presence:?} {satisfied:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn parents_are_found_in_any_order() {
        let mut totals = Totals::new([AggregateKind::Count, AggregateKind::Any].into_iter(), 4);
        for parent in [1, 1, 3] {
            totals.add(0, &[parent], &[KNOWN], None);
            totals.add(1, &[parent], &[KNOWN], None);
        }
        for (parents, counts) in [
            (&[0, 1, 2, 3][..], &[0, 2, 0, 1][..]),
            (&[1, 2], &[2, 0]),
            (&[3, 1, 1, 0], &[1, 2, 2, 0]),
            (&[3, 4, 5], &[1, 0, 0]),
            (&[u32::MAX, 3], &[0, 1]),
            (&[], &[]),
        ] {
            let found = totals.found(0, parents).unwrap();
            assert!(matches!(found.data, Data::Num(values, 0) if values == counts));
            let truths = counts.iter().map(|count| if *count > 0 { KNOWN } else { NO });
            assert_eq!(totals.found(1, parents).unwrap().state, truths.collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_are_read_from_a_lane_on() {
        use AggregateKind::{All, Highest, SomeAndAll, Sum};
        let mut totals = Totals::new([Sum, Highest, Highest, All, SomeAndAll].into_iter(), 2);
        let (presence, parents) = ([KNOWN, NO, KNOWN, KNOWN, KNOWN], [0, 0, 1, 0, 1]);
        let read = [
            numbers(vec![1, 20, 300, 4_000, 50_000], 0),
            numbers(vec![9, 8, 7, 6, 5], 0),
            Vector::of(vec![KNOWN; 5], Data::Date(vec![9, 8, NO_DAY, 6, 5])),
            Vector::flags(vec![KNOWN, NO, NO, KNOWN, KNOWN]),
            Vector::flags(vec![KNOWN, NO, KNOWN, NO, MISSING]),
        ];
        for rows in [0..2, 2..3, 3..5] {
            for (column, read) in read.iter().enumerate() {
                let (parents, presence) = (&parents[rows.clone()], &presence[rows.clone()]);
                totals.add(column, parents, presence, Some((read, rows.start)));
            }
        }
        assert_eq!(of(&totals, 0, 2).0, [(KNOWN, 4_001), (KNOWN, 50_300)]);
        assert_eq!(of(&totals, 1, 2).0, [(KNOWN, 9), (KNOWN, 7)]);
        assert_eq!(of(&totals, 2, 2).0, [(KNOWN, 9), (UNKNOWN, 0)]);
        assert_eq!(totals.found(3, &[0, 1]).unwrap().state, [KNOWN, NO]);
        assert_eq!(totals.found(4, &[0, 1]).unwrap().state, [NO, UNKNOWN]);
    }

    #[test]
    fn days_and_numbers_do_not_mix() {
        let mut totals = Totals::new([AggregateKind::Highest].into_iter(), 2);
        let days = Vector::of(vec![KNOWN; 2], Data::Date(vec![20, NO_DAY]));
        totals.add(0, &[0, 1], &[KNOWN; 2], Some((&days, 0)));
        let (found, day) = of(&totals, 0, 2);
        assert!(day == Kind::Day && found == [(KNOWN, 20), (UNKNOWN, 0)]);
        totals.add(0, &[0], &[KNOWN], Some((&numbers(vec![30], 0), 0)));
        assert_eq!(of(&totals, 0, 2).0[0].0, UNKNOWN);
    }
}
