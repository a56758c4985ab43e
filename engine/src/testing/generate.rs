//! Tests at the sides of thresholds and days that no test stands on.
//!
//! A side is exercised when a test would notice that the threshold had moved over it ([`borders`]). For a side that is not, the
//! prover looks for a record that tells the policy from the one whose threshold has moved: it lies on that side, and the
//! rule matters to it. What the policy gives for it today is written as a `test` block, which is compiled and run, and
//! kept only if it passes, and fails where the threshold has moved. So the same question asked again with these tests
//! added finds nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expectation::{expectations, uses};
use super::mutate::{Mutant, Mutated, Reach, borders};
use super::run;
use crate::diagnostic::{FileId, Place};
use crate::evaluate::SourceText;
use crate::plan::{Plan, PolicyId, ResultId, TestBody};
use crate::prove::{Equivalence, Subject, compare};
use rubric_grammar::format::{DEFAULT_WIDTH, format};
use rubric_grammar::parse;

/// What is said above each test.
pub const CONFIRM: &str = "// generated from what the policy gives today: a person must confirm it against the law, and remove this line";

/// A side of a threshold or of a day that no test stood on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Where the threshold or the day stands.
    pub place: Place,
    /// What stands there: `level >= 2`.
    pub border: String,
    /// What came of it.
    pub found: Generated,
}

/// What came of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generated {
    /// This test stands on it.
    Test(Written),
    /// None was found, and why.
    Nothing(String),
}

/// A test that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Into which policy it goes.
    pub policy: PolicyId,
    /// Policies that this one has to use beside those it uses, since the test names their records.
    pub uses: Vec<String>,
    /// The `test` block, with what a person must do above it.
    pub block: String,
}

/// Gives the test that a block with what it uses is at the end of a policy's file, or what is wrong with it.
pub type Compile<'c> = dyn FnMut(PolicyId, &str) -> Result<Arc<TestBody>, String> + 'c;

/// Every side of the thresholds and days of some files that no test stands on and that makes a difference to some record,
/// in the order of files and text. `compile` gives the test that a block is, without errors. `done` is called after each.
#[must_use]
pub fn generate(
    plan: &Plan,
    tests: &[Arc<TestBody>],
    files: &BTreeSet<FileId>,
    text: &SourceText<'_>,
    compile: &mut Compile<'_>,
    done: &dyn Fn(),
) -> Vec<Side> {
    let reach = Reach::new(plan);
    let mut known: Vec<(Arc<TestBody>, BTreeSet<Mutated>)> =
        tests.iter().map(|test| (Arc::clone(test), reach.of_test(test))).collect();
    let results: Vec<(ResultId, BTreeSet<Mutated>)> = plan
        .symbols
        .results
        .iter()
        .filter(|result| file_of(plan, **result).is_some_and(|file| files.contains(&file)))
        .map(|result| (*result, reach.closure(BTreeSet::from([Mutated::Result(*result)]))))
        .collect();
    let mut found = Vec::new();
    for mutant in borders(plan, text).into_iter().filter(|mutant| files.contains(&mutant.place.file)) {
        let changed = mutant.apply(plan);
        let stands = |(test, reached): &(Arc<TestBody>, BTreeSet<Mutated>)| {
            reached.contains(&mutant.of) && !run(&changed, test).passed
        };
        if !known.iter().any(stands) {
            let readers =
                results.iter().filter(|(_, reads)| reads.contains(&mutant.of)).map(|(result, _)| *result);
            let side = test_for(plan, (&mutant, &changed), readers, compile);
            let side = side.map(|(written, test)| {
                let reached = reach.of_test(&test);
                known.push((test, reached));
                Generated::Test(written)
            });
            let generated = match side {
                Ok(generated) => Some(generated),
                Err(why) => why.map(Generated::Nothing),
            };
            found.extend(generated.map(|found| Side {
                place: mutant.place,
                border: mutant.before.clone(),
                found,
            }));
        }
        done();
    }
    found
}

/// How many sides [`generate`] looks at.
#[must_use]
pub fn sides(plan: &Plan, files: &BTreeSet<FileId>, text: &SourceText<'_>) -> usize {
    borders(plan, text).iter().filter(|mutant| files.contains(&mutant.place.file)).count()
}

/// A test that tells a plan from the changed one; else why there is none, if that has to be said.
fn test_for(
    plan: &Plan,
    (mutant, changed): (&Mutant, &Plan),
    readers: impl Iterator<Item = ResultId>,
    compile: &mut Compile<'_>,
) -> Result<(Written, Arc<TestBody>), Option<String>> {
    let mut open = None;
    let mut any = false;
    let asked: Vec<Subject> = readers.flat_map(|result| Subject::all(&plan.symbols, result)).collect();
    for subject in asked {
        any = true;
        match compare(plan, subject, changed, subject) {
            Equivalence::Same => {}
            Equivalence::NotDecided(why) => open = open.or(Some(why)),
            Equivalence::Differs(difference) => {
                let Some(policy) = subject.policy(&plan.symbols) else { continue };
                let expected = expectations(plan, subject, &difference.witness);
                let title = format!("{}, not {}", mutant.before, mutant.after);
                let block = difference.witness.test(&plan.symbols, &title, &expected);
                let block = format(&block, &parse(&block), DEFAULT_WIDTH).text;
                let uses = uses(&plan.symbols, policy, &difference.witness);
                let used: String = uses.iter().map(|policy| format!("use {policy}\n")).collect();
                let why = match compile(policy, &format!("{used}\n{block}")) {
                    Ok(test) => match run(plan, &test).failures.into_iter().next() {
                        Some(failure) => failure.message,
                        None if run(changed, &test).passed => "its test does not notice".to_owned(),
                        None => {
                            let block = [CONFIRM, "\n", &block].concat();
                            return Ok((Written { policy, uses, block }, test));
                        }
                    },
                    Err(why) => why,
                };
                open = open
                    .or_else(|| Some(format!("a record was found, but no test of it can be written: {why}")));
            }
        }
    }
    if any { Err(open) } else { Err(Some("no decision, requirement or amount reads it".to_owned())) }
}

fn file_of(plan: &Plan, result: ResultId) -> Option<FileId> {
    let policy = Subject::all(&plan.symbols, result).first()?.policy(&plan.symbols)?;
    plan.symbols.policy(policy).map(|policy| policy.place.file)
}

#[cfg(test)]
mod tests;
