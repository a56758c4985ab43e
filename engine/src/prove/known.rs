//! Cases that were found and break nothing: most questions whether something can be have their answer in one of them.
//!
//! A model minds only what its goals hang on. Where the rest can be filled in without breaking a clause, it is a whole case:
//! any goals that hold in it can hold.

use super::cnf::Lit;
use super::form::{Bound, Num, Q};
use super::solver::{Model, Solver};

/// What every number is worth, and what follows for every literal.
#[derive(Debug, Default)]
pub(super) struct Case {
    values: Vec<Q>,
    /// By row of coefficients.
    rows: Vec<Q>,
    holds: Vec<bool>,
    /// How many clauses, functions and definitions were looked at.
    seen: (usize, usize, u32),
}

/// So many are kept at most.
const MOST: usize = 256;
/// Models in a row that could not be filled in, before no more are tried.
const MOST_FAILED: u32 = 12;

/// The cases of a solver.
#[derive(Debug, Default)]
pub(super) struct Known {
    cases: Vec<Case>,
    failed: u32,
}

impl Solver {
    /// Whether some case that was found satisfies the goals.
    pub(super) fn is_known_to_hold(&mut self, goals: &[Lit]) -> bool {
        let mut known = std::mem::take(&mut self.known);
        known.cases.retain_mut(|case| self.fill_in(case, None));
        let found = known.cases.iter().any(|case| goals.iter().all(|goal| case.holds(*goal)));
        self.known = known;
        found
    }

    /// Keeps what a model is of, where that is a whole case, and gives it where the goals hold in it. The calendar is minded
    /// there, also where the model has it wrong.
    pub(super) fn keep(&mut self, model: &Model, goals: &[Lit]) -> Option<Model> {
        if self.known.failed >= MOST_FAILED {
            return None;
        }
        let mut case = Case::default();
        if !self.fill_in(&mut case, Some(model)) {
            self.known.failed += 1;
            return None;
        }
        self.known.failed = 0;
        let satisfies = goals.iter().all(|goal| case.holds(*goal));
        let found = satisfies.then(|| Model {
            holds: case.holds.clone(),
            values: (0..).map(Num).zip(case.values.iter().cloned()).collect(),
            leaves: Vec::new(),
        });
        if self.known.cases.len() < MOST {
            self.known.cases.push(case);
        }
        found
    }

    /// Brings a case up to what the solver knows by now; no, where that breaks something.
    fn fill_in(&self, case: &mut Case, model: Option<&Model>) -> bool {
        if case.holds.len() == self.cnf.variables() && case.seen == self.all_there_is() {
            return true;
        }
        let before = case.values.len();
        let mut worth: Vec<Option<Q>> = case.values.drain(..).map(Some).collect();
        for num in (before..self.numbers_known()).filter_map(|num| u32::try_from(num).ok()) {
            self.find_worth(Num(num), model, &mut worth);
        }
        case.values.extend(worth.into_iter().map(Option::unwrap_or_default));
        let values = &case.values;
        let value = |num: Num| values.get(num.0 as usize).cloned().unwrap_or_default();
        let mut numbers = (before..values.len()).filter_map(|num| u32::try_from(num).ok()).map(Num);
        if !numbers.all(|num| !self.is_whole(num) || value(num).is_integer())
            || !self.functions.iter().skip(case.seen.1).all(|function| function.agrees(value))
            || (case.seen.2 != self.defined
                && !self.definitions.iter().all(|(num, form)| form.at(value) == value(*num)))
        {
            return false;
        }
        for row in self.rows.iter().skip(case.rows.len()) {
            case.rows.push(row.row.iter().fold(Q::zero(), |sum, (num, c)| sum + c * value(*num)));
        }
        for var in case.holds.len()..self.cnf.variables() {
            let holds = match (self.cnf.gate(Lit::of(var)), self.atom(var)) {
                (Some(parts), _) => parts.iter().all(|part| case.holds(*part)),
                (None, Some((row, bound))) => case.rows.get(*row).is_some_and(|row| lies_below(row, bound)),
                (None, None) => model.is_some_and(|model| model.holds(Lit::of(var))),
            };
            case.holds.push(holds);
        }
        let kept =
            self.cnf.said().iter().skip(case.seen.0).all(|clause| clause.iter().any(|lit| case.holds(*lit)));
        case.seen = self.all_there_is();
        kept
    }

    /// What a number is: what it is defined as or a function of, what a model says, or what comes first in its range.
    fn find_worth(&self, num: Num, model: Option<&Model>, worth: &mut Vec<Option<Q>>) -> Q {
        let at = num.0 as usize;
        if let Some(Some(known)) = worth.get(at) {
            return known.clone();
        }
        if worth.len() <= at {
            worth.resize(at + 1, None);
        }
        // What leads back to itself is looked at again when all is filled in.
        let first = self.first_of_range(num);
        if let Some(place) = worth.get_mut(at) {
            *place = Some(first.clone());
        }
        let mut follows = || {
            let mut sum = |form: &super::form::Form| {
                let mut sum = form.constant.clone();
                for (num, c) in &form.terms {
                    sum += &(c * self.find_worth(*num, model, worth));
                }
                sum
            };
            if let Some(form) = self.definitions.get(&num) {
                return Some(sum(form));
            }
            let function = self.function_of.get(&num).and_then(|at| self.functions.get(*at))?;
            let (of, to) = (sum(&function.of), sum(&function.to));
            function.worth(&of, &to)
        };
        let said = |model: &Model| model.values().get(&num).cloned();
        let found = follows().or_else(|| model.and_then(said)).unwrap_or(first);
        if let Some(place) = worth.get_mut(at) {
            *place = Some(found.clone());
        }
        found
    }
}

impl Case {
    fn holds(&self, lit: Lit) -> bool {
        self.holds.get(lit.var()).copied().unwrap_or(false) != lit.negated()
    }
}

fn lies_below(value: &Q, bound: &Bound) -> bool {
    *value < bound.at || (bound.closed && *value == bound.at)
}
