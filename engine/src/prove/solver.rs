//! Conditions with numbers in them: a SAT solver proposes, exact simplex and the calendar check, and what they find wrong
//! becomes a clause.
//!
//! Only the atoms that a model's goals hang on are checked, so that what does not matter costs nothing. All work is
//! counted in steps, never in time.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rubric_grammar::ast::MonthEnd;

use super::calendar::{Function, Kind};
use super::cnf::{Cnf, Lit, Said};
use super::form::{Atom, Bound, Form, Num, Q, atom, whole};
use super::known::Known;
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
pub(super) struct Row {
    pub(super) row: Vec<(Num, Q)>,
    bounds: BTreeMap<Bound, Lit>,
}

/// What satisfies the goals.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) holds: Vec<bool>,
    pub(super) values: BTreeMap<Num, Q>,
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

/// A day, how often it counts once moved, whether what would be past the end of a month is in the next, and the rest of the row.
type Moved = (Form, Q, bool, Vec<(Num, Q)>);

/// So many rows with the same day are related to each other.
const MOST_MOVED: usize = 64;

/// Variables of which a proposal costs a step more: each of them has to be given a value.
const PROPOSED: u64 = 512;

/// Conflicts, numbers, or pivots and branches, that make a step.
const CHEAP: u64 = 8;

thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// The steps that proofs have taken in this thread: proposals, more where they are large, and of conflicts, numbers told of, pivots and
/// branches every eighth. They depend
/// on the question alone, so that tests can hold a bound and benchmarks can say what a time is of.
#[must_use]
pub fn steps() -> u64 {
    SPENT.with(Cell::get)
}

/// The solver.
pub(super) struct Solver {
    pub(super) cnf: Cnf,
    variables: Vec<Variable>,
    pub(super) rows: Vec<Row>,
    by_row: HashMap<Vec<(Num, Q)>, usize>,
    /// By variable: of which row it is a bound.
    atoms: Vec<Option<(usize, Bound)>>,
    axioms: Vec<Vec<Lit>>,
    /// By the number that they are about.
    axioms_of: BTreeMap<Num, Vec<usize>>,
    pub(super) functions: Vec<Function>,
    /// By the number that is its value.
    pub(super) function_of: BTreeMap<Num, usize>,
    pub(super) definitions: BTreeMap<Num, Form>,
    /// How many times something was defined.
    pub(super) defined: u32,
    pub(super) known: Known,
    /// Rows with a day that is moved by months, by how many.
    moved: HashMap<Moved, BTreeMap<i64, usize>>,
    /// Steps that are left for all questions.
    fuel: u64,
}

impl Solver {
    /// Steps that are left.
    pub(super) fn fuel(&self) -> u64 {
        self.fuel
    }

    pub(super) fn new(fuel: u64) -> Self {
        Self {
            cnf: Cnf::new(),
            variables: Vec::new(),
            rows: Vec::new(),
            by_row: HashMap::new(),
            atoms: Vec::new(),
            axioms: Vec::new(),
            axioms_of: BTreeMap::new(),
            functions: Vec::new(),
            function_of: BTreeMap::new(),
            definitions: BTreeMap::new(),
            defined: 0,
            known: Known::default(),
            moved: HashMap::new(),
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
        self.atoms.resize(lit.var(), None);
        self.atoms.push(Some((at, bound)));
        if let Some(less) = less {
            self.cnf.follows(&[!less, lit]);
        }
        if let Some(more) = more {
            self.cnf.follows(&[!lit, more]);
        }
        self.relate(at, lit);
        lit
    }

    /// Of which row, by position, a variable is a bound, and which.
    pub(super) fn atom(&self, var: usize) -> Option<&(usize, Bound)> {
        self.atoms.get(var)?.as_ref()
    }

    /// What follows from one row for another that is the same but for how many months a day is moved.
    fn relate(&mut self, at: usize, lit: Lit) {
        let Some((place, months)) = self.rows.get(at).and_then(|row| self.moved_in(&row.row)) else { return };
        let Some((_, bound)) = self.atoms.get(lit.var()).and_then(Option::as_ref) else { return };
        let rises = place.1.is_positive();
        let others = self.moved.entry(place).or_default();
        others.insert(months, at);
        let mut found = Vec::new();
        for (theirs, other) in others.iter().filter(|(_, other)| **other != at).take(MOST_MOVED) {
            let Some(other) = self.rows.get(*other) else { continue };
            // Of days that are moved by more months none is earlier.
            if (*theirs < months) == rises {
                found.extend(other.bounds.range(bound..).next().map(|(_, more)| [!lit, *more]));
            } else {
                found.extend(other.bounds.range(..=bound).next_back().map(|(_, less)| [!*less, lit]));
            }
        }
        for clause in found {
            self.cnf.follows(&clause);
        }
    }

    /// Where a row has a day that is moved by months, and by how many.
    fn moved_in(&self, row: &[(Num, Q)]) -> Option<(Moved, i64)> {
        let (at, function) = row.iter().enumerate().find_map(|(at, (num, _))| {
            Some((at, self.function_of.get(num).and_then(|at| self.functions.get(*at))?))
        })?;
        // Far from the calendar nothing is known.
        let Kind::Months(months @ -100_000..=100_000, end) = function.kind else { return None };
        let mut rest = row.to_vec();
        let (_, c) = rest.remove(at);
        Some(((function.of.clone(), c, end == MonthEnd::Up, rest), months))
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

    /// A clause that says something of a number, and must be minded wherever the number matters.
    pub(super) fn axiom(&mut self, about: Num, lits: Vec<Lit>) {
        self.cnf.clause(&lits);
        self.axioms_of.entry(about).or_default().push(self.axioms.len());
        self.axioms.push(lits);
    }

    /// The number is worth the form, always.
    pub(super) fn define(&mut self, num: Num, form: Form) {
        self.definitions.insert(num, form);
        self.defined += 1;
    }

    /// A function of the calendar whose value is a number.
    pub(super) fn function(&mut self, function: Function) {
        self.function_of.insert(function.out, self.functions.len());
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
        self.first_of_range(num)
    }

    /// Nothing, or the end of its range that is nearest.
    pub(super) fn first_of_range(&self, num: Num) -> Q {
        let Some(variable) = self.variables.get(num.0 as usize) else { return Q::zero() };
        let zero = Q::zero();
        match (&variable.low, &variable.high) {
            (Some(low), _) if *low > zero => low.clone(),
            (_, Some(high)) if *high < zero => high.clone(),
            _ => zero,
        }
    }

    /// How many numbers there are.
    pub(super) fn numbers_known(&self) -> usize {
        self.variables.len()
    }

    /// How many clauses, functions and definitions there are.
    pub(super) fn all_there_is(&self) -> (usize, usize, u32) {
        (self.cnf.said().len(), self.functions.len(), self.defined)
    }

    /// Looks for what satisfies the goals. The model minds these and what `shown` come to in it. What it gets wrong of the
    /// calendar is mended so many times, then it is given as it is.
    pub(super) fn solve(&mut self, goals: &[Lit], shown: &[Lit], mends: &mut u32) -> Answer {
        if goals.contains(&Lit::NO) {
            return Answer::Never(vec![Lit::NO]);
        }
        for _ in 0..ROUNDS {
            if self.fuel == 0 {
                return Answer::Exhausted;
            }
            self.spend(1 + self.cnf.variables() as u64 / PROPOSED);
            let said = self.cnf.solve(goals, CONFLICTS.min(self.fuel.saturating_mul(CHEAP)));
            self.spend(self.cnf.conflicts() / CHEAP);
            let holds = match said {
                Said::Never(blamed) => return Answer::Never(blamed),
                Said::Exhausted => return Answer::Exhausted,
                Said::Model(holds) => holds,
            };
            let mut model = Model { holds, ..Model::default() };
            let (leaves, numbers) = self.justify(&model, goals, shown);
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
                    self.cnf.follows(&clause);
                }
                Outcome::Exhausted => return Answer::Exhausted,
                Outcome::Values(values) => {
                    model.values = values;
                    if let Some(mut case) = self.keep(&model, goals) {
                        let (leaves, numbers) = self.justify(&case, goals, shown);
                        case.leaves = leaves;
                        case.values.retain(|num, _| numbers.contains(num));
                        return Answer::Model(case);
                    }
                    if *mends > 0 && self.mend(&model) {
                        *mends -= 1;
                        continue;
                    }
                    return Answer::Model(model);
                }
            }
        }
        Answer::Exhausted
    }

    fn spend(&mut self, steps: u64) {
        self.fuel = self.fuel.saturating_sub(steps);
        SPENT.with(|spent| spent.set(spent.get().saturating_add(steps)));
        super::given_up::look();
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

    /// The leaves that make the goals hold in a model, and `shown` what they are in it, and the numbers that these are about.
    fn justify(&self, model: &Model, goals: &[Lit], shown: &[Lit]) -> (Vec<Lit>, BTreeSet<Num>) {
        let mut seen = Seen(vec![false; self.cnf.variables()]);
        let mut leaves = Vec::new();
        let mut numbers: BTreeSet<Num> = BTreeSet::new();
        let shown = shown.iter().map(|lit| if model.holds(*lit) { *lit } else { !*lit });
        let mut open: Vec<Lit> = goals.iter().copied().chain(shown).collect();
        open.reverse();
        let mut minded: BTreeSet<Num> = BTreeSet::new();
        loop {
            while let Some(lit) = open.pop() {
                if !seen.insert(lit.var()) {
                    continue;
                }
                match self.cnf.gate(lit) {
                    Some(parts) if !lit.negated() => open.extend(parts.iter().rev()),
                    Some(parts) => {
                        let mut failing = parts.iter().filter(|part| !model.holds(**part));
                        let chosen = failing.clone().find(|part| seen.contains(part.var()));
                        let chosen = chosen.or_else(|| {
                            let plain = |part: &&Lit| self.atom(part.var()).is_none();
                            failing.clone().find(plain).or_else(|| failing.next())
                        });
                        open.extend(chosen.map(|part| !*part));
                    }
                    None => {
                        leaves.push(lit);
                        if let Some(row) = self.atom(lit.var()).and_then(|(row, _)| self.rows.get(*row)) {
                            for (num, _) in &row.row {
                                self.matters(*num, &mut numbers);
                            }
                        }
                    }
                }
            }
            let mut new: Vec<usize> = Vec::new();
            for num in numbers.iter().filter(|num| minded.insert(**num)) {
                new.extend(self.axioms_of.get(num).into_iter().flatten());
            }
            new.sort_unstable();
            for axiom in new.iter().filter_map(|axiom| self.axioms.get(*axiom)) {
                let held = |lit: &&Lit| model.holds(**lit);
                let mut holding = axiom.iter().filter(held);
                if !holding.clone().any(|lit| seen.contains(lit.var())) {
                    let plain = |lit: &&Lit| self.atom(lit.var()).is_none();
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
        if let Some(function) = self.function_of.get(&num).and_then(|at| self.functions.get(*at)) {
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
            let column = simplex.row(None, &row, integer);
            let at = -difference.constant;
            simplex.below(column, &Bound { at: at.clone(), closed: true }, Reason::default())?;
            simplex.not_below(column, &Bound { at, closed: false }, Reason::default())?;
        }
        for leaf in &model.leaves {
            let Some((name, bound)) = self.atom(leaf.var()) else { continue };
            let Some(row) = self.rows.get(*name) else { continue };
            let column = simplex.row(Some(*name), &row.row, integer);
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

/// Variables that were come by.
struct Seen(Vec<bool>);

impl Seen {
    fn contains(&self, var: usize) -> bool {
        self.0.get(var).copied().unwrap_or(false)
    }

    /// Whether it is the first time.
    fn insert(&mut self, var: usize) -> bool {
        self.0.get_mut(var).is_some_and(|seen| !std::mem::replace(seen, true))
    }
}
