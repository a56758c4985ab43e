//! Questions about a declaration: the solver proposes a record, the evaluator confirms it.

use super::cnf::Lit;
use super::solver::{Answer, Model};
use super::witness::Witness;
use super::world::World;

/// The answer to a question about all records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for all of them.
    Proved,
    /// It does not hold for this one, as the evaluator has confirmed.
    Refuted(Witness),
    /// Neither could be shown; why.
    NotDecided(String),
}

/// Records that the evaluator did not confirm, before a question is given up.
const TRIES: u32 = 6;

/// Models that are mended by the calendar, before a question is given up.
const MENDS: u32 = 400;
/// The same for a question that a proof alone answers.
const FEW_MENDS: u32 = 6;

/// Why a question is open whose steps ran out.
pub(super) const RAN_OUT: &str = "steps that ran out";

/// Whether some record satisfies the goals and is confirmed.
pub(super) enum Search<T = Witness> {
    /// None does.
    None,
    /// This one does.
    Found(T),
    /// It is not known.
    Open(String),
}

impl World<'_> {
    /// Looks for a record, the row being its first.
    pub(super) fn search(
        &mut self,
        goals: &[Lit],
        row: usize,
        confirms: impl Fn(&Witness) -> bool,
    ) -> Search {
        let symbols = &self.plan.symbols;
        match self.search_for(goals, |world, model| world.decode(model, row), &confirms) {
            Search::Found(witness) => Search::Found(witness.minimized(symbols, confirms)),
            other => other,
        }
    }

    /// Looks for what `made` makes of a model.
    pub(super) fn search_for<T>(
        &mut self,
        goals: &[Lit],
        made: impl Fn(&mut Self, &Model) -> Option<T>,
        confirms: impl Fn(&T) -> bool,
    ) -> Search<T> {
        self.sort_rows();
        let mut goals: Vec<Lit> = goals.to_vec();
        // Holds in this search alone: what it leaves out is no answer to other questions of the same solver.
        let mut blocked = None;
        let (mut tries, mut mends) = (0, MENDS);
        while tries < TRIES {
            match self.solver.solve(&goals, &[], &mut mends) {
                Answer::Never(_) if blocked.is_none() => return Search::None,
                Answer::Never(_) => break,
                Answer::Exhausted => return Search::Open(RAN_OUT.to_owned()),
                Answer::Model(model) => {
                    if let Some(found) = made(self, &model)
                        && confirms(&found)
                    {
                        return Search::Found(found);
                    }
                    if mends == 0 {
                        break;
                    }
                    // It is left out.
                    tries += 1;
                    let here = *blocked.get_or_insert_with(|| self.solver.cnf.free());
                    if goals.last() != Some(&here) {
                        goals.push(here);
                    }
                    self.solver.block(&model, here);
                }
            }
        }
        Search::Open(self.why_open())
    }

    /// Whether nothing satisfies the goals; the steps running out is no proof.
    pub(super) fn never(&mut self, goals: &[Lit]) -> Option<Vec<Lit>> {
        self.sort_rows();
        if self.solver.is_known_to_hold(goals) {
            return None;
        }
        match self.solver.solve(goals, &[], &mut { FEW_MENDS }) {
            Answer::Never(blamed) => Some(blamed),
            Answer::Model(_) => None,
            Answer::Exhausted => {
                self.ran_out = true;
                None
            }
        }
    }

    fn why_open(&self) -> String {
        let reasons: Vec<&str> = self.vague.iter().map(String::as_str).take(2).collect();
        if reasons.is_empty() {
            "records that were tried, none of which shows it".to_owned()
        } else {
            reasons.join(", ")
        }
    }
}
