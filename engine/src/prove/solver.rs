//! Conditions with numbers in them: a SAT solver proposes, exact simplex and the calendar check, and what they find wrong
//! becomes a clause.
//!
//! Only the atoms that a model's goals hang on are checked, so that what does not matter costs nothing. All work is
//! counted in steps, never in time.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_traits::Zero as _;

use super::calendar::Function;
use super::cnf::{Cnf, Lit, Said};
use super::form::{Atom, Bound, Form, Num, Q, atom, whole};
use super::simplex::{Outcome, Reason, Simplex};

/// A numeric unknown: whole or not, and between what.
#[derive(Clone, Debug)]
struct Variable {
    whole: bool,
    low: Option<Q>,
    high: Option<Q>,
}

/// A row of coefficients and the literals of its bounds.
#[derive(Debug)]
struct Row {
    row: Vec<(Num, Q)>,
    bounds: BTreeMap<Bound, Lit>,
}

/// A clause that says something of a number, and counts only where the number does.
#[derive(Debug)]
struct Axiom {
    about: Num,
    lits: Vec<Lit>,
}

/// What satisfies the goals.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    holds: Vec<bool>,
    values: BTreeMap<Num, Q>,
    /// The literals, other than gates, that the goals hang on.
    pub(super) leaves: Vec<Lit>,
}

impl Model {
    pub(super) fn holds(&self, lit: Lit) -> bool {
        self.holds.get(lit.var()).copied().unwrap_or(false) != lit.negated()
    }

    /// The numbers that matter.
    pub(super) fn values(&self) -> &BTreeMap<Num, Q> {
        &self.values
    }
}

/// The answer to a question.
pub(super) enum Answer {
    /// Something satisfies the goals.
    Model(Model),
    /// Nothing does; these goals are to blame.
    Never(Vec<Lit>),
    /// The steps ran out.
    Exhausted,
}

/// Conflicts of the SAT solver for one question.
const CONFLICTS: u64 = 20_000;
/// Proposals for one question.
const ROUNDS: u32 = 3_000;
/// Pivots and branches for one proposal.
const PIVOTS: u64 = 4_000;

/// Conflicts, numbers, or pivots and branches, that make a step.
const CHEAP: u64 = 8;

thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// The steps that proofs have taken in this thread: proposals, and of conflicts, numbers told of, pivots and branches every eighth. They depend
/// on the question alone, so that tests can hold a bound and benchmarks can say what a time is of.
#[must_use]
pub fn steps() -> u64 {
    SPENT.with(Cell::get)
}

/// The solver.
pub(super) struct Solver {
    pub(super) cnf: Cnf,
    variables: Vec<Variable>,
    rows: Vec<Row>,
    by_row: HashMap<Vec<(Num, Q)>, usize>,
    atoms: HashMap<usize, (usize, Bound)>,
    axioms: Vec<Axiom>,
    functions: Vec<Function>,
    definitions: BTreeMap<Num, Form>,
    /// Steps that are left for all questions.
    fuel: u64,
}

impl Solver {
    pub(super) fn new(fuel: u64) -> Self {
        Self {
            cnf: Cnf::new(),
            variables: Vec::new(),
            rows: Vec::new(),
            by_row: HashMap::new(),
            atoms: HashMap::new(),
            axioms: Vec::new(),
            functions: Vec::new(),
            definitions: BTreeMap::new(),
            fuel,
        }
    }

    /// A numeric unknown.
    pub(super) fn number(&mut self, whole: bool, low: Option<Q>, high: Option<Q>) -> Num {
        let num = Num(u32::try_from(self.variables.len()).unwrap_or(u32::MAX));
        self.variables.push(Variable { whole, low: low.clone(), high: high.clone() });
        if let Some(low) = low {
            let bound = Form::constant(low).minus(&Form::of(num));
            let lit = self.at_most_zero(&bound, true);
            self.cnf.clause(&[lit]);
        }
        if let Some(high) = high {
            let bound = Form::of(num).minus(&Form::constant(high));
            let lit = self.at_most_zero(&bound, true);
            self.cnf.clause(&[lit]);
        }
        num
    }

    /// What it is never less than, and never more than.
    pub(super) fn limits_of(&self, num: Num) -> (Option<Q>, Option<Q>) {
        let variable = self.variables.get(num.0 as usize);
        variable.map_or((None, None), |variable| (variable.low.clone(), variable.high.clone()))
    }

    pub(super) fn is_whole(&self, num: Num) -> bool {
        self.variables.get(num.0 as usize).is_some_and(|variable| variable.whole)
    }

    /// Whether a form of whole unknowns is always whole.
    pub(super) fn is_whole_form(&self, form: &Form) -> bool {
        form.constant.is_integer() && form.terms.iter().all(|(num, c)| c.is_integer() && self.is_whole(*num))
    }

    /// `form <= 0`, or `form < 0` where not closed.
    pub(super) fn at_most_zero(&mut self, form: &Form, closed: bool) -> Lit {
        match atom(form, closed, |num| self.is_whole(num)) {
            Atom::Settled(true) => Lit::YES,
            Atom::Settled(false) => Lit::NO,
            Atom::Below { row, bound, negated } => {
                let lit = self.below(row, bound);
                if negated { !lit } else { lit }
            }
        }
    }

    fn below(&mut self, row: Vec<(Num, Q)>, bound: Bound) -> Lit {
        let at = match self.by_row.get(&row) {
            Some(at) => *at,
            None => {
                self.rows.push(Row { row: row.clone(), bounds: BTreeMap::new() });
                self.by_row.insert(row, self.rows.len() - 1);
                self.rows.len() - 1
            }
        };
        let Some(known) = self.rows.get_mut(at) else { return Lit::NO };
        if let Some(lit) = known.bounds.get(&bound) {
            return *lit;
        }
        let lit = self.cnf.free();
        let less = known.bounds.range(..&bound).next_back().map(|(_, lit)| *lit);
        let more = known.bounds.range(&bound..).next().map(|(_, lit)| *lit);
        known.bounds.insert(bound.clone(), lit);
        self.atoms.insert(lit.var(), (at, bound));
        if let Some(less) = less {
            self.cnf.clause(&[!less, lit]);
        }
        if let Some(more) = more {
            self.cnf.clause(&[!lit, more]);
        }
        lit
    }

    /// `a <= b`, or `a < b` where not closed.
    pub(super) fn less(&mut self, a: &Form, b: &Form, closed: bool) -> Lit {
        self.at_most_zero(&a.minus(b), closed)
    }

    /// `a = b`.
    pub(super) fn equal(&mut self, a: &Form, b: &Form) -> Lit {
        let (up, down) = (self.less(a, b, true), self.less(b, a, true));
        self.cnf.all([up, down])
    }

    /// A clause that must be minded wherever the number matters.
    pub(super) fn axiom(&mut self, about: Num, lits: Vec<Lit>) {
        self.cnf.clause(&lits);
        self.axioms.push(Axiom { about, lits });
    }

    /// The number is worth the form, always.
    pub(super) fn define(&mut self, num: Num, form: Form) {
        self.definitions.insert(num, form);
    }

    /// A function of the calendar whose value is a number.
    pub(super) fn function(&mut self, function: Function) {
        self.functions.push(function);
    }

    /// The number of a known function of these arguments.
    pub(super) fn known_function(&self, like: &Function) -> Option<Num> {
        self.functions.iter().find(|known| known.is_like(like)).map(|known| known.out)
    }

    /// What a number is in a model: one that does not matter is nothing, or the end of its range.
    pub(super) fn value(&self, model: &Model, num: Num) -> Q {
        if let Some(value) = model.values.get(&num) {
            return value.clone();
        }
        if let Some(form) = self.definitions.get(&num) {
            return form.at(|num| self.value(model, num));
        }
        let Some(variable) = self.variables.get(num.0 as usize) else { return Q::zero() };
        let zero = Q::zero();
        match (&variable.low, &variable.high) {
            (Some(low), _) if *low > zero => low.clone(),
            (_, Some(high)) if *high < zero => high.clone(),
            _ => zero,
        }
    }

    /// Looks for what satisfies the goals. The model minds these and what `shown` come to in it. What it gets wrong of the
    /// calendar is mended so many times, then it is given as it is.
    pub(super) fn solve(&mut self, goals: &[Lit], shown: &[Lit], mut mends: u32) -> Answer {
        if goals.contains(&Lit::NO) {
            return Answer::Never(vec![Lit::NO]);
        }
        for _ in 0..ROUNDS {
            if self.fuel == 0 {
                return Answer::Exhausted;
            }
            self.spend(1);
            let said = self.cnf.solve(goals, CONFLICTS.min(self.fuel.saturating_mul(CHEAP)));
            self.spend(self.cnf.conflicts() / CHEAP);
            let holds = match said {
                Said::Never(blamed) => return Answer::Never(blamed),
                Said::Exhausted => return Answer::Exhausted,
                Said::Model(holds) => holds,
            };
            let mut model = Model { holds, ..Model::default() };
            let mut wanted: Vec<Lit> = goals.to_vec();
            wanted.extend(shown.iter().map(|lit| if model.holds(*lit) { *lit } else { !*lit }));
            let (leaves, numbers) = self.justify(&model, &wanted);
            model.leaves = leaves;
            // Each of them is told of anew in every proposal.
            self.spend(numbers.len() as u64 / CHEAP);
            let mut steps = PIVOTS.min(self.fuel);
            let given = steps;
            let outcome = self.numbers(&model, &numbers, &mut steps);
            self.spend((given - steps) / CHEAP);
            match outcome {
                Outcome::Conflict(lits) => {
                    let clause: Vec<Lit> = lits.iter().map(|lit| !*lit).collect();
                    self.cnf.clause(&clause);
                }
                Outcome::Exhausted => return Answer::Exhausted,
                Outcome::Values(values) => {
                    model.values = values;
                    if mends == 0 || !self.mend(&model) {
                        return Answer::Model(model);
                    }
                    mends -= 1;
                }
            }
        }
        Answer::Exhausted
    }

    fn spend(&mut self, steps: u64) {
        self.fuel = self.fuel.saturating_sub(steps);
        SPENT.with(|spent| spent.set(spent.get().saturating_add(steps)));
    }

    /// No model like this one again, where `here` holds.
    pub(super) fn block(&mut self, model: &Model, here: Lit) {
        let clause: Vec<Lit> = model.leaves.iter().map(|lit| !*lit).chain([!here]).collect();
        self.cnf.clause(&clause);
    }

    /// Tells what a model gets wrong of the calendar; nothing, where it says no.
    pub(super) fn mend(&mut self, model: &Model) -> bool {
        let wrong: Vec<Function> = self
            .functions
            .iter()
            .filter(|function| model.values.contains_key(&function.out))
            .filter(|function| !function.agrees(|num| self.value(model, num)))
            .cloned()
            .collect();
        for function in &wrong {
            let values: BTreeMap<Num, Q> =
                function.numbers().into_iter().map(|num| (num, self.value(model, num))).collect();
            function.mend(self, &values);
        }
        !wrong.is_empty()
    }

    /// The leaves that make the goals hold in a model, and the numbers that these are about.
    fn justify(&self, model: &Model, goals: &[Lit]) -> (Vec<Lit>, BTreeSet<Num>) {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut leaves = Vec::new();
        let mut numbers: BTreeSet<Num> = BTreeSet::new();
        let mut open: Vec<Lit> = goals.iter().rev().copied().collect();
        let mut minded = vec![false; self.axioms.len()];
        loop {
            while let Some(lit) = open.pop() {
                if !seen.insert(lit.var()) {
                    continue;
                }
                match self.cnf.gate(lit) {
                    Some(parts) if !lit.negated() => open.extend(parts.iter().rev()),
                    Some(parts) => {
                        let mut failing = parts.iter().filter(|part| !model.holds(**part));
                        let chosen = failing.clone().find(|part| seen.contains(&part.var()));
                        let chosen = chosen.or_else(|| {
                            let plain = |part: &&Lit| !self.atoms.contains_key(&part.var());
                            failing.clone().find(plain).or_else(|| failing.next())
                        });
                        open.extend(chosen.map(|part| !*part));
                    }
                    None => {
                        leaves.push(lit);
                        if let Some(row) = self.atoms.get(&lit.var()).and_then(|(row, _)| self.rows.get(*row))
                        {
                            for (num, _) in &row.row {
                                self.matters(*num, &mut numbers);
                            }
                        }
                    }
                }
            }
            for (axiom, minded) in self.axioms.iter().zip(&mut minded) {
                if *minded || !numbers.contains(&axiom.about) {
                    continue;
                }
                *minded = true;
                let held = |lit: &&Lit| model.holds(**lit);
                let mut holding = axiom.lits.iter().filter(held);
                if !holding.clone().any(|lit| seen.contains(&lit.var())) {
                    let plain = |lit: &&Lit| !self.atoms.contains_key(&lit.var());
                    open.extend(holding.clone().find(plain).or_else(|| holding.next()));
                }
            }
            if open.is_empty() {
                return (leaves, numbers);
            }
        }
    }

    /// A number matters, and with it what it is worth and what it is a function of.
    fn matters(&self, num: Num, numbers: &mut BTreeSet<Num>) {
        if !numbers.insert(num) {
            return;
        }
        for inner in self.definitions.get(&num).into_iter().flat_map(|form| form.terms.keys()) {
            self.matters(*inner, numbers);
        }
        if let Some(function) = self.functions.iter().find(|function| function.out == num) {
            for inner in function.numbers() {
                self.matters(inner, numbers);
            }
        }
    }

    /// Values for the numbers that matter.
    fn numbers(&self, model: &Model, numbers: &BTreeSet<Num>, steps: &mut u64) -> Outcome {
        let mut simplex = Simplex::default();
        match self.bounds(&mut simplex, model, numbers) {
            Err(reason) => Outcome::Conflict(reason.into_literals()),
            Ok(()) => simplex.solve(steps),
        }
    }

    fn bounds(&self, simplex: &mut Simplex, model: &Model, numbers: &BTreeSet<Num>) -> Result<(), Reason> {
        let integer = |num: Num| self.is_whole(num);
        for num in numbers {
            let Some(variable) = self.variables.get(num.0 as usize) else { continue };
            let column = simplex.variable(*num, variable.whole);
            if let Some(low) = &variable.low {
                let bound = Bound { at: low.clone(), closed: false };
                simplex.not_below(column, &bound, Reason::default())?;
            }
            if let Some(high) = &variable.high {
                let bound = Bound { at: high.clone(), closed: true };
                simplex.below(column, &bound, Reason::default())?;
            }
        }
        for num in numbers {
            let Some(form) = self.definitions.get(num) else { continue };
            let difference = Form::of(*num).minus(form);
            let row: Vec<(Num, Q)> = difference.terms.iter().map(|(num, c)| (*num, c.clone())).collect();
            let column = simplex.row(&row, integer);
            let at = -difference.constant;
            simplex.below(column, &Bound { at: at.clone(), closed: true }, Reason::default())?;
            simplex.not_below(column, &Bound { at, closed: false }, Reason::default())?;
        }
        for leaf in &model.leaves {
            let Some((row, bound)) = self.atoms.get(&leaf.var()) else { continue };
            let Some(row) = self.rows.get(*row) else { continue };
            let column = simplex.row(&row.row, integer);
            if leaf.negated() {
                let (at, strict) = (bound.at.clone(), bound.closed);
                if bound.closed && row.row.iter().all(|(num, _)| self.is_whole(*num)) {
                    let next = Bound { at: at + whole(1), closed: false };
                    simplex.not_below(column, &next, Reason::of(*leaf))?;
                } else {
                    simplex.not_below(column, &Bound { at, closed: strict }, Reason::of(*leaf))?;
                }
            } else {
                simplex.below(column, bound, Reason::of(*leaf))?;
            }
        }
        Ok(())
    }
}
