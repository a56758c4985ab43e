//! Which mutants the tests kill, and what is known of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::expectation::{expectations, uses};
use super::{Mutant, Mutated};
use crate::plan::{
    AmountId, Code, DecisionId, DefineId, ExpectKind, Op, ParameterId, Plan, RequirementId, ResultId,
    TestBody,
};
use crate::prove::{Equivalence, Subject, compare};
use crate::testing::run;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This test fails on it, by position among those that were run.
    Killed(usize),
    /// No test fails on it.
    Survived {
        /// A `test` block that would: a record for which the mutant is another, with what the policy gives.
        test: Option<String>,
        /// Why there is none.
        why: Option<String>,
    },
    /// It is the same for every complete record, which is proved.
    Equivalent,
}

/// The fates of mutants, in their order, worked out by so many threads. All tests pass on the plan itself. `done` is
/// called after each.
#[must_use]
pub fn judge(
    plan: &Plan,
    tests: &[Arc<TestBody>],
    mutants: &[Mutant],
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Vec<Fate> {
    let reach = Reach::new(plan);
    let reached: Vec<BTreeSet<Mutated>> = tests.iter().map(|test| reach.of_test(test)).collect();
    let results: Vec<(ResultId, BTreeSet<Mutated>)> = plan
        .symbols
        .results
        .iter()
        .map(|result| (*result, reach.closure(BTreeSet::from([Mutated::Result(*result)]))))
        .collect();
    let next = AtomicUsize::new(0);
    let fates: Mutex<BTreeMap<usize, Fate>> = Mutex::default();
    let work = || {
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(position) else { return };
            let changed = mutant.apply(plan);
            let killer = tests
                .iter()
                .zip(&reached)
                .position(|(test, reached)| reached.contains(&mutant.of) && !run(&changed, test).passed);
            let fate = killer.map_or_else(|| survivor(plan, &changed, mutant, &results), Fate::Killed);
            fates.lock().unwrap_or_else(PoisonError::into_inner).insert(position, fate);
            done();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    fates.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// What is known of a mutant that no test kills.
fn survivor(plan: &Plan, changed: &Plan, mutant: &Mutant, results: &[(ResultId, BTreeSet<Mutated>)]) -> Fate {
    let readers: Vec<ResultId> =
        results.iter().filter(|(_, reads)| reads.contains(&mutant.of)).map(|(result, _)| *result).collect();
    let mut open = None;
    let asked: Vec<Subject> =
        readers.iter().flat_map(|result| Subject::all(&plan.symbols, *result)).collect();
    for subject in asked {
        match compare(plan, subject, changed, subject) {
            Equivalence::Same => {}
            Equivalence::Differs(difference) => {
                let expected = expectations(plan, subject, &difference.witness);
                let title = format!("{}, not {}", mutant.before, mutant.after);
                let used = subject
                    .policy(&plan.symbols)
                    .map(|policy| uses(&plan.symbols, policy, &difference.witness))
                    .unwrap_or_default();
                let mut test: String = used.iter().map(|policy| format!("use {policy}\n")).collect();
                test.push_str(&difference.witness.test(&plan.symbols, &title, &expected));
                return Fate::Survived { test: Some(test), why: None };
            }
            Equivalence::NotDecided(why) => open = open.or(Some(why)),
        }
    }
    if readers.is_empty() {
        let why = "no decision, requirement or amount reads it".to_owned();
        return Fate::Survived { test: None, why: Some(why) };
    }
    match open {
        Some(why) => {
            Fate::Survived { test: None, why: Some(format!("not decided whether it matters: {why}")) }
        }
        None => Fate::Equivalent,
    }
}

/// What declarations read, in the end.
pub(in crate::testing) struct Reach<'p> {
    plan: &'p Plan,
    /// What the keys of groups read: whoever reads rows may read a group.
    groups: BTreeSet<Mutated>,
}

impl<'p> Reach<'p> {
    pub(in crate::testing) fn new(plan: &'p Plan) -> Self {
        let mut groups = BTreeSet::new();
        for body in plan.groups.values() {
            read(&body.code, &mut groups);
        }
        Self { plan, groups }
    }

    pub(in crate::testing) fn of_test(&self, test: &TestBody) -> BTreeSet<Mutated> {
        let mut found = BTreeSet::new();
        read(&test.code, &mut found);
        for expect in &test.expects {
            let result = match &expect.kind {
                ExpectKind::Decision { decision, .. } => ResultId::Decision(*decision),
                ExpectKind::Requirement { requirement, .. } => ResultId::Requirement(*requirement),
                ExpectKind::Amount { amount, .. } => ResultId::Amount(*amount),
                ExpectKind::State(..) | ExpectKind::Condition(..) => continue,
            };
            found.insert(Mutated::Result(result));
        }
        self.closure(found)
    }

    /// These and everything that they read.
    pub(in crate::testing) fn closure(&self, from: BTreeSet<Mutated>) -> BTreeSet<Mutated> {
        let mut open: Vec<Mutated> = from.into_iter().chain(self.groups.iter().copied()).collect();
        let mut found = BTreeSet::new();
        while let Some(next) = open.pop() {
            if found.insert(next) {
                let mut direct = BTreeSet::new();
                self.direct(next, &mut direct);
                open.extend(direct);
            }
        }
        found
    }

    fn direct(&self, of: Mutated, found: &mut BTreeSet<Mutated>) {
        let (plan, symbols) = (self.plan, &self.plan.symbols);
        let code = match of {
            Mutated::Policy(_) | Mutated::Parameter(_) => return,
            Mutated::Define(id) => plan.defines.get(&id.0).map(|body| &body.code),
            Mutated::Result(ResultId::Decision(id)) => {
                found.extend(symbols.decision(id).map(|symbol| Mutated::Policy(symbol.policy)));
                plan.decisions.get(&id.0).map(|body| &body.code)
            }
            Mutated::Result(ResultId::Requirement(id)) => {
                found.extend(symbols.requirement(id).map(|symbol| Mutated::Policy(symbol.policy)));
                plan.requirements.get(&id.0).map(|body| &body.code)
            }
            Mutated::Result(ResultId::Amount(id)) => {
                found.extend(symbols.amount(id).map(|symbol| Mutated::Policy(symbol.policy)));
                plan.amounts.get(&id.0).map(|body| &body.code)
            }
        };
        if let Some(code) = code {
            read(code, found);
        }
    }
}

fn read(code: &Code, found: &mut BTreeSet<Mutated>) {
    for expr in &code.exprs {
        found.extend(match &expr.op {
            Op::Define { define: DefineId(id), .. } => Some(Mutated::Define(DefineId(*id))),
            Op::Decision { decision: DecisionId(id), .. } => {
                Some(Mutated::Result(ResultId::Decision(DecisionId(*id))))
            }
            Op::IsMet { requirement: RequirementId(id), .. } => {
                Some(Mutated::Result(ResultId::Requirement(RequirementId(*id))))
            }
            Op::Amount { amount: AmountId(id), .. } => Some(Mutated::Result(ResultId::Amount(AmountId(*id)))),
            Op::Parameter { parameter: ParameterId(id), .. } => Some(Mutated::Parameter(ParameterId(*id))),
            _ => None,
        });
    }
}
