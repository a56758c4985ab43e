//! Gates over a SAT solver: equal gates are one, and every gate is its definition in clauses.

use std::cell::Cell;
use std::collections::HashMap;

use batsat::{Callbacks, ClauseKind, SolverInterface as _, SolverOpts, Var, lbool};

/// A literal; its lowest bit says that it is negated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Lit(u32);

impl Lit {
    /// Always.
    pub(super) const YES: Self = Self(0);
    /// Never.
    pub(super) const NO: Self = Self(1);

    pub(super) fn of(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX >> 1) << 1)
    }

    pub(super) const fn var(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(super) const fn negated(self) -> bool {
        self.0 & 1 == 1
    }
}

impl std::ops::Not for Lit {
    type Output = Self;
    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// Stops the solver after so many learnt clauses: a count of steps, so that every machine gives the same answer.
#[derive(Default)]
struct Budget {
    learnt: Cell<u64>,
    most: Cell<u64>,
}

impl Callbacks for Budget {
    fn on_new_clause(&mut self, _: &[batsat::Lit], kind: ClauseKind) {
        if kind == ClauseKind::Learnt {
            self.learnt.set(self.learnt.get() + 1);
        }
    }

    fn stop(&self) -> bool {
        self.learnt.get() > self.most.get()
    }
}

/// So many variables are enough for any policy that a person writes; without a bound, a few definitions that read each other
/// fill the memory.
const LARGE: usize = 60_000;

/// What the solver says.
pub(super) enum Said {
    /// By variable.
    Model(Vec<bool>),
    /// No; of the assumptions these are to blame.
    Never(Vec<Lit>),
    /// The steps ran out.
    Exhausted,
}

/// Variables, gates and clauses.
pub(super) struct Cnf {
    sat: batsat::Solver<Budget>,
    vars: Vec<Var>,
    /// By variable: what it is the conjunction of; nothing for a free one.
    gates: Vec<Option<Vec<Lit>>>,
    known: HashMap<Vec<Lit>, Lit>,
    /// What was said of literals, other than what gates are and what follows from numbers.
    said: Vec<Vec<Lit>>,
    consistent: bool,
}

impl Cnf {
    pub(super) fn new() -> Self {
        let sat = batsat::Solver::new(SolverOpts::default(), Budget::default());
        let mut cnf = Self {
            sat,
            vars: Vec::new(),
            gates: Vec::new(),
            known: HashMap::new(),
            said: Vec::new(),
            consistent: true,
        };
        let yes = cnf.free();
        cnf.clause(&[yes]);
        cnf
    }

    /// Whether it is so large that nothing more should be followed.
    pub(super) fn is_large(&self) -> bool {
        self.vars.len() > LARGE
    }

    /// A new variable.
    pub(super) fn free(&mut self) -> Lit {
        self.vars.push(self.sat.new_var_default());
        self.gates.push(None);
        Lit::of(self.vars.len() - 1)
    }

    /// What a variable is the conjunction of.
    pub(super) fn gate(&self, lit: Lit) -> Option<&[Lit]> {
        self.gates.get(lit.var())?.as_deref()
    }

    fn raw(&self, lit: Lit) -> Option<batsat::Lit> {
        Some(batsat::Lit::new(*self.vars.get(lit.var())?, !lit.negated()))
    }

    /// How many variables there are.
    pub(super) fn variables(&self) -> usize {
        self.vars.len()
    }

    /// What was said of literals, other than what gates are and what follows from numbers.
    pub(super) fn said(&self) -> &[Vec<Lit>] {
        &self.said
    }

    /// At least one of these holds.
    pub(super) fn clause(&mut self, lits: &[Lit]) {
        self.said.push(lits.to_vec());
        self.follows(lits);
    }

    /// At least one of these holds, whatever the free ones are: that is how gates are made, or numbers compare.
    pub(super) fn follows(&mut self, lits: &[Lit]) {
        let mut raw: Vec<batsat::Lit> = lits.iter().filter_map(|lit| self.raw(*lit)).collect();
        self.consistent &= self.sat.add_clause_reuse(&mut raw);
    }

    /// All of these hold.
    pub(super) fn all(&mut self, lits: impl IntoIterator<Item = Lit>) -> Lit {
        let mut parts: Vec<Lit> = Vec::new();
        for lit in lits {
            match lit {
                Lit::YES => {}
                Lit::NO => return Lit::NO,
                lit => parts.push(lit),
            }
        }
        parts.sort_unstable();
        parts.dedup();
        if parts.iter().zip(parts.iter().skip(1)).any(|(a, b)| a.var() == b.var()) {
            return Lit::NO;
        }
        match parts.as_slice() {
            [] => return Lit::YES,
            [one] => return *one,
            _ => {}
        }
        if let Some(known) = self.known.get(&parts) {
            return *known;
        }
        let gate = self.free();
        for part in &parts {
            self.follows(&[!gate, *part]);
        }
        let whole: Vec<Lit> = parts.iter().map(|part| !*part).chain([gate]).collect();
        self.follows(&whole);
        if let Some(place) = self.gates.get_mut(gate.var()) {
            *place = Some(parts.clone());
        }
        self.known.insert(parts, gate);
        gate
    }

    /// Some of these holds.
    pub(super) fn any(&mut self, lits: impl IntoIterator<Item = Lit>) -> Lit {
        let negated: Vec<Lit> = lits.into_iter().map(|lit| !lit).collect();
        !self.all(negated)
    }

    /// How many conflicts the last question took.
    pub(super) fn conflicts(&self) -> u64 {
        self.sat.cb().learnt.get()
    }

    /// Solves under assumptions, with at most so many conflicts.
    pub(super) fn solve(&mut self, assumptions: &[Lit], conflicts: u64) -> Said {
        if !self.consistent {
            return Said::Never(Vec::new());
        }
        let raw: Vec<batsat::Lit> = assumptions.iter().filter_map(|lit| self.raw(*lit)).collect();
        let budget = self.sat.cb_mut();
        budget.learnt.set(0);
        budget.most.set(conflicts);
        let said = self.sat.solve_limited(&raw);
        if said == lbool::TRUE {
            let model = self.vars.iter().map(|var| self.sat.value_var(*var) == lbool::TRUE).collect();
            return Said::Model(model);
        }
        if said == lbool::FALSE {
            let core = self.sat.unsat_core();
            // The solver gives the negations of the assumptions to blame, or these themselves.
            let blamed =
                |lit: &Lit| self.raw(*lit).is_some_and(|raw| core.contains(&raw) || core.contains(&!raw));
            return Said::Never(assumptions.iter().copied().filter(blamed).collect());
        }
        Said::Exhausted
    }
}
