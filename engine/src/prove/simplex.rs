//! Exact simplex over bounds with reasons, and branch and bound for whole numbers.
//!
//! The general form: every row of coefficients has a variable of its own, bounds stand on variables only. A conflict is
//! explained by the reasons of the bounds that make it. Strict bounds are bounds by an infinitesimal.

use std::collections::{BTreeMap, BTreeSet};

use super::cnf::Lit;
use super::form::{Bound, Num, Q};

/// A rational and a multiple of an infinitesimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Near(Q, Q);

impl Near {
    fn plus(&self, other: &Self, by: &Q) -> Self {
        Self(&self.0 + &other.0 * by, &self.1 + &other.1 * by)
    }
}

/// Why a bound holds: literals, and the levels of branching that set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    literals: BTreeSet<Lit>,
    branches: BTreeSet<u32>,
}

impl Reason {
    pub(super) fn of(literal: Lit) -> Self {
        Self { literals: BTreeSet::from([literal]), branches: BTreeSet::new() }
    }

    pub(super) fn into_literals(self) -> BTreeSet<Lit> {
        self.literals
    }

    fn join(&mut self, other: &Self) {
        self.literals.extend(&other.literals);
        self.branches.extend(&other.branches);
    }
}

#[derive(Clone, Debug, Default)]
struct Column {
    low: Option<(Near, Reason)>,
    high: Option<(Near, Reason)>,
    value: Near,
    whole: bool,
}

/// Bounds on variables and rows of them.
#[derive(Debug, Default)]
pub(super) struct Simplex {
    columns: Vec<Column>,
    by_num: BTreeMap<Num, usize>,
    /// By what the caller calls a row.
    by_row: BTreeMap<usize, usize>,
    /// By basic variable: the others it is made of.
    rows: BTreeMap<usize, BTreeMap<usize, Q>>,
    /// Basic variables that are out of their bounds.
    out: BTreeSet<usize>,
}

/// How it went.
pub(super) enum Outcome {
    /// These values satisfy all bounds.
    Values(BTreeMap<Num, Q>),
    /// These literals cannot hold together.
    Conflict(BTreeSet<Lit>),
    /// The steps ran out.
    Exhausted,
}

impl Simplex {
    /// The column of a variable.
    pub(super) fn variable(&mut self, num: Num, whole: bool) -> usize {
        if let Some(known) = self.by_num.get(&num) {
            return *known;
        }
        self.columns.push(Column { whole, ..Column::default() });
        self.by_num.insert(num, self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// The column of a row of coefficients; one that has a name has one column.
    pub(super) fn row(
        &mut self,
        name: Option<usize>,
        row: &[(Num, Q)],
        whole: impl Fn(Num) -> bool,
    ) -> usize {
        if let [(num, one)] = row
            && one.is_one()
        {
            return self.variable(*num, whole(*num));
        }
        if let Some(known) = name.and_then(|name| self.by_row.get(&name)) {
            return *known;
        }
        let mut made: BTreeMap<usize, Q> = BTreeMap::new();
        for (num, c) in row {
            let column = self.variable(*num, whole(*num));
            match self.rows.get(&column) {
                None => add(&mut made, column, c),
                Some(basic) => {
                    for (other, by) in basic.clone() {
                        add(&mut made, other, &(by * c));
                    }
                }
            }
        }
        let value = self.worth(&made);
        self.columns.push(Column { value, ..Column::default() });
        let column = self.columns.len() - 1;
        self.rows.insert(column, made);
        if let Some(name) = name {
            self.by_row.insert(name, column);
        }
        column
    }

    /// Notes whether a basic variable is out of its bounds.
    fn note(&mut self, at: usize) {
        let Some(column) = self.columns.get(at) else { return };
        let is_out = column.low.as_ref().is_some_and(|(low, _)| column.value < *low)
            || column.high.as_ref().is_some_and(|(high, _)| column.value > *high);
        if is_out {
            self.out.insert(at);
        } else {
            self.out.remove(&at);
        }
    }

    fn worth(&self, row: &BTreeMap<usize, Q>) -> Near {
        row.iter().fold(Near::default(), |sum, (column, by)| {
            self.columns.get(*column).map_or(sum.clone(), |column| sum.plus(&column.value, by))
        })
    }

    /// The column lies below the bound.
    pub(super) fn below(&mut self, column: usize, bound: &Bound, reason: Reason) -> Result<(), Reason> {
        let limit = Near(bound.at.clone(), if bound.closed { Q::zero() } else { -Q::one() });
        self.limit(column, limit, reason, true)
    }

    /// The column does not lie below the bound.
    pub(super) fn not_below(&mut self, column: usize, bound: &Bound, reason: Reason) -> Result<(), Reason> {
        let limit = Near(bound.at.clone(), if bound.closed { Q::one() } else { Q::zero() });
        self.limit(column, limit, reason, false)
    }

    fn limit(&mut self, at: usize, limit: Near, reason: Reason, above: bool) -> Result<(), Reason> {
        let Some(column) = self.columns.get_mut(at) else { return Ok(()) };
        let (own, other) =
            if above { (&mut column.high, &column.low) } else { (&mut column.low, &column.high) };
        let tighter = |a: &Near, b: &Near| if above { a < b } else { a > b };
        if own.as_ref().is_some_and(|(known, _)| !tighter(&limit, known)) {
            return Ok(());
        }
        if let Some((end, why)) = other
            && tighter(&limit, end)
        {
            let mut all = reason;
            all.join(why);
            return Err(all);
        }
        *own = Some((limit.clone(), reason));
        let moves = if above { column.value > limit } else { column.value < limit };
        if self.rows.contains_key(&at) {
            self.note(at);
        } else if moves {
            self.set(at, limit);
        }
        Ok(())
    }

    fn set(&mut self, at: usize, value: Near) {
        let Some(column) = self.columns.get_mut(at) else { return };
        let change = value.plus(&column.value, &-Q::one());
        column.value = value;
        let mut moved = Vec::new();
        for (basic, row) in &self.rows {
            if let (Some(by), Some(column)) = (row.get(&at), self.columns.get_mut(*basic)) {
                column.value = column.value.plus(&change, by);
                moved.push(*basic);
            }
        }
        for basic in moved {
            self.note(basic);
        }
    }

    /// Bland's rule: the first variable out of its bounds, the first that can mend it.
    fn settle(&mut self, steps: &mut u64) -> Result<bool, Reason> {
        loop {
            let broken = self.out.first().copied().and_then(|at| {
                let column = self.columns.get(at)?;
                match (&column.low, &column.high) {
                    (Some((low, _)), _) if column.value < *low => Some((at, low.clone(), true)),
                    (_, Some((high, _))) if column.value > *high => Some((at, high.clone(), false)),
                    _ => None,
                }
            });
            let Some((at, target, rise)) = broken else { return Ok(true) };
            if *steps == 0 {
                return Ok(false);
            }
            *steps -= 1;
            let row = self.rows.get(&at).cloned().unwrap_or_default();
            let mut why = Reason::default();
            let mut entering = None;
            for (other, by) in &row {
                let Some(column) = self.columns.get(*other) else { continue };
                let up = by.is_positive() == rise;
                let end = if up { &column.high } else { &column.low };
                match end {
                    Some((end, reason)) if (up && column.value >= *end) || (!up && column.value <= *end) => {
                        why.join(reason);
                    }
                    _ => {
                        entering = Some(*other);
                        break;
                    }
                }
            }
            let Some(entering) = entering else {
                let end = self
                    .columns
                    .get(at)
                    .and_then(|column| if rise { column.low.as_ref() } else { column.high.as_ref() });
                if let Some((_, reason)) = end {
                    why.join(reason);
                }
                return Err(why);
            };
            self.pivot(at, entering, target);
        }
    }

    /// The basic variable takes the value, and the other takes its place.
    fn pivot(&mut self, leaving: usize, entering: usize, target: Near) {
        let Some(mut row) = self.rows.remove(&leaving) else { return };
        let Some(by) = row.remove(&entering) else { return };
        let inverse = Q::one() / &by;
        let value = self.columns.get(leaving).map(|column| column.value.clone()).unwrap_or_default();
        let change = target.plus(&value, &-Q::one());
        let change = Near(&change.0 * &inverse, &change.1 * &inverse);
        if let Some(column) = self.columns.get_mut(leaving) {
            column.value = target;
        }
        if let Some(column) = self.columns.get_mut(entering) {
            column.value = column.value.plus(&change, &Q::one());
        }
        let mut made: BTreeMap<usize, Q> = row.iter().map(|(other, c)| (*other, -(c * &inverse))).collect();
        made.insert(leaving, inverse);
        let mut moved = vec![entering];
        for (basic, row) in &mut self.rows {
            let Some(by) = row.remove(&entering) else { continue };
            moved.push(*basic);
            if let Some(column) = self.columns.get_mut(*basic) {
                column.value = column.value.plus(&change, &by);
            }
            for (other, c) in &made {
                add(row, *other, &(c * &by));
            }
        }
        self.rows.insert(entering, made);
        self.out.remove(&leaving);
        for basic in moved {
            self.note(basic);
        }
    }

    /// Values for all variables, whole where they must be.
    pub(super) fn solve(mut self, steps: &mut u64) -> Outcome {
        match self.branch(steps, 0) {
            Ok(Some(values)) => Outcome::Values(values),
            Ok(None) => Outcome::Exhausted,
            Err(reason) => Outcome::Conflict(reason.literals),
        }
    }

    fn branch(&mut self, steps: &mut u64, depth: u32) -> Result<Option<BTreeMap<Num, Q>>, Reason> {
        if !self.settle(steps)? {
            return Ok(None);
        }
        let broken = self.by_num.values().copied().find_map(|at| {
            let column = self.columns.get(at)?;
            (column.whole && !(column.value.0.is_integer() && column.value.1.is_zero()))
                .then(|| (at, column.value.clone()))
        });
        let Some((at, value)) = broken else { return Ok(Some(self.values())) };
        if *steps == 0 || depth > 60 {
            *steps = 0;
            return Ok(None);
        }
        let floor =
            if value.0.is_integer() && value.1.is_negative() { &value.0 - Q::one() } else { value.0.floor() };
        let bound = Bound { at: floor, closed: true };
        let mark = Reason { literals: BTreeSet::new(), branches: BTreeSet::from([depth]) };
        let mut why = Reason::default();
        for below in [true, false] {
            let ends = self.columns.get(at).map(|column| (column.low.clone(), column.high.clone()));
            let limited = if below {
                self.below(at, &bound, mark.clone())
            } else {
                let next = Bound { at: &bound.at + Q::one(), closed: false };
                self.not_below(at, &next, mark.clone())
            };
            let found = limited.and_then(|()| self.branch(steps, depth + 1));
            // What lies within the narrower bounds lies within the wider, so the rest can stay as it is.
            if let (Some((low, high)), Some(column)) = (ends, self.columns.get_mut(at)) {
                (column.low, column.high) = (low, high);
            }
            if self.rows.contains_key(&at) {
                self.note(at);
            }
            match found {
                Ok(found) => return Ok(found),
                // What does not hang on this branching is a conflict without it.
                Err(reason) if !reason.branches.contains(&depth) => return Err(reason),
                Err(reason) => why.join(&reason),
            }
        }
        why.branches.remove(&depth);
        Err(why)
    }

    /// The values, with the infinitesimal made so small that every bound still holds.
    fn values(&self) -> BTreeMap<Num, Q> {
        let mut tiny = Q::one();
        for column in &self.columns {
            let ends = column.low.iter().map(|(low, _)| (low, &column.value));
            let ends = ends.chain(column.high.iter().map(|(high, _)| (&column.value, high)));
            for (less, more) in ends {
                if less.0 < more.0 && less.1 > more.1 {
                    let most = (&more.0 - &less.0) / (&less.1 - &more.1);
                    if most < tiny {
                        tiny = most;
                    }
                }
            }
        }
        let worth = |at: &usize| {
            self.columns.get(*at).map(|column| &column.value.0 + &column.value.1 * &tiny).unwrap_or_default()
        };
        self.by_num.iter().map(|(num, at)| (*num, worth(at))).collect()
    }
}

fn add(row: &mut BTreeMap<usize, Q>, column: usize, c: &Q) {
    let now = row.entry(column).or_default();
    *now += c;
    if now.is_zero() {
        row.remove(&column);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::form::whole;
    use super::*;

    /// `Σ cᵢ xᵢ <= at`, or `>=` where it is not `below`; the literal is its number.
    #[derive(Clone, Debug)]
    struct Said {
        coefficients: Vec<i64>,
        at: i64,
        below: bool,
    }

    const MOST: i64 = 3;

    impl Said {
        fn holds(&self, values: &[i64]) -> bool {
            let sum: i64 = self.coefficients.iter().zip(values).map(|(c, value)| c * value).sum();
            if self.below { sum <= self.at } else { sum >= self.at }
        }
    }

    fn any_said() -> impl Strategy<Value = Said> {
        (prop::collection::vec(-3_i64..=3, 3), -8_i64..=8, any::<bool>())
            .prop_map(|(coefficients, at, below)| Said { coefficients, at, below })
    }

    fn outcome(said: &[Said]) -> Outcome {
        let mut simplex = Simplex::default();
        let literals: Vec<Lit> = (1..=said.len()).map(Lit::of).collect();
        let numbers = || (0..3_u32).map(Num);
        let mut all = || -> Result<(), Reason> {
            for num in numbers() {
                let column = simplex.variable(num, true);
                simplex.below(column, &Bound { at: whole(MOST), closed: true }, Reason::default())?;
                simplex.not_below(column, &Bound { at: whole(-MOST), closed: false }, Reason::default())?;
            }
            for (one, literal) in said.iter().zip(&literals) {
                let row: Vec<(Num, Q)> = numbers()
                    .zip(&one.coefficients)
                    .filter(|(_, c)| **c != 0)
                    .map(|(num, c)| (num, whole(*c)))
                    .collect();
                let column = simplex.row(None, &row, |_| true);
                if one.below {
                    let bound = Bound { at: whole(one.at), closed: true };
                    simplex.below(column, &bound, Reason::of(*literal))?;
                } else {
                    let bound = Bound { at: whole(one.at), closed: false };
                    simplex.not_below(column, &bound, Reason::of(*literal))?;
                }
            }
            Ok(())
        };
        match all() {
            Ok(()) => simplex.solve(&mut 10_000),
            Err(reason) => Outcome::Conflict(reason.into_literals()),
        }
    }

    fn some_values(said: &[&Said]) -> bool {
        let all = -MOST..=MOST;
        all.clone()
            .any(|x| all.clone().any(|y| all.clone().any(|z| said.iter().all(|said| said.holds(&[x, y, z])))))
    }

    proptest! {
        /// Whole numbers are found where there are some, and else what is blamed cannot hold together.
        #[test]
        fn it_finds_what_looking_at_all_numbers_finds(said in prop::collection::vec(any_said(), 1..9)) {
            let all: Vec<&Said> = said.iter().collect();
            match outcome(&said) {
                Outcome::Values(values) => {
                    let values: Vec<i64> = values.values().filter_map(|value| Some(value.small()?.0)).collect();
                    prop_assert!(said.iter().all(|said| said.holds(&values)), "{values:?}");
                }
                Outcome::Conflict(blamed) => {
                    let blamed: Vec<&Said> =
                        blamed.iter().filter_map(|lit| said.get(lit.var().checked_sub(1)?)).collect();
                    prop_assert!(!some_values(&blamed));
                    prop_assert!(!some_values(&all));
                }
                Outcome::Exhausted => prop_assert!(false, "so few steps are enough"),
            }
        }
    }
}
