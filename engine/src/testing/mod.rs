//! Running the `test` blocks of policies: their rows become records, and what comes out is compared with what they expect.

mod compare;
mod coverage;
mod expectation;
mod generate;
mod mutate;
mod records;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use coverage::{Coverage, Covered, CoveredKind};
pub use generate::{CONFIRM, Compile, Generated, Side, Written, generate, sides};
pub use mutate::{Fate, Mutant, MutantKind, Mutated, Score, judge, mutants};

use crate::data::Dataset;
use crate::diagnostic::Place;
use crate::evaluate::{
    Evaluator, Explanation, Givens, Options, SourceText, Waivers, may_waive, waiver_of, waiver_target,
};
use crate::plan::{
    Code, ExpectKind, ExprId, GivenTarget, GivenValue, Instance, Op, Plan, Privacy, ResultId, TestBody,
    WaiverSubject, operands,
};
use crate::value::{Base, Date, RecordId, Reference, State, Type, Value};

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestReport {
    /// Its title.
    pub title: Arc<str>,
    /// Its title in the text.
    pub place: Place,
    /// Nothing failed.
    pub passed: bool,
    /// What failed, in the order of the text.
    pub failures: Vec<Failure>,
}

/// One expectation that did not come true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The statement.
    pub place: Place,
    /// What came out instead: "`maria.promotion` is `retained`, not `promoted`".
    pub message: String,
    /// Why: what decided, what is missing, the `because` texts.
    pub notes: Vec<String>,
}

impl Failure {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), notes: Vec::new() }
    }
}

/// Runs a test.
#[must_use]
pub fn run(plan: &Plan, test: &TestBody) -> TestReport {
    report(test, Stage::new(plan, test).map(|stage| compare::failures(&stage)))
}

/// Runs a test, and notes which rules it exercised.
#[must_use]
pub fn run_covered(plan: &Plan, test: &TestBody, coverage: &mut Coverage) -> TestReport {
    let stage = Stage::new(plan, test);
    if let Ok(stage) = &stage {
        coverage.add(stage, &plan.symbols.results);
    }
    report(test, stage.map(|stage| compare::failures(&stage)))
}

/// Notes which rules of some results a test exercises; what it expects is not looked at.
pub fn cover(plan: &Plan, test: &TestBody, results: &[ResultId], coverage: &mut Coverage) {
    if let Ok(stage) = Stage::new(plan, test) {
        coverage.add(&stage, results);
    }
}

fn report(test: &TestBody, outcome: Result<Vec<Failure>, Failure>) -> TestReport {
    let failures = outcome.unwrap_or_else(|failure| vec![failure]);
    TestReport { title: Arc::clone(&test.title), place: test.place, passed: failures.is_empty(), failures }
}

/// Why the decisions, requirements and amounts that a test expects come out as they do, in the order of its expectations,
/// each once. Of a test that cannot be made ready, why it cannot.
///
/// # Errors
/// The test says no day, or not a day.
pub fn explain(plan: &Plan, test: &TestBody, text: &SourceText<'_>) -> Result<Vec<Explanation>, Failure> {
    let stage = Stage::new(plan, test)?;
    let evaluator = stage.evaluator();
    let row = |of: ExprId| match stage.value(of) {
        State::Known(Value::Reference(Reference { row, .. })) => row,
        _ => None,
    };
    let mut found: Vec<Explanation> = Vec::new();
    for expect in &test.expects {
        let explanation = match &expect.kind {
            ExpectKind::Decision { decision, of, .. } => {
                row(*of).map(|row| evaluator.explain_decision(*decision, row, text))
            }
            ExpectKind::Requirement { requirement, value, of, .. } => {
                let value = value.and_then(|id| match stage.value(id) {
                    State::Known(Value::Category(value)) => Some(value),
                    _ => None,
                });
                let instance = Instance { requirement: *requirement, value };
                row(*of).map(|row| evaluator.explain_requirement(instance, row, text))
            }
            ExpectKind::Amount { amount, of, .. } => {
                row(*of).map(|row| evaluator.explain_amount(*amount, row, text))
            }
            ExpectKind::Condition(id, _) | ExpectKind::State(id, _) => {
                asked(&test.code, *id).and_then(|(result, of)| {
                    let row = row(of)?;
                    Some(match result {
                        ResultId::Decision(id) => evaluator.explain_decision(id, row, text),
                        ResultId::Requirement(id) => evaluator.explain_requirement(id, row, text),
                        ResultId::Amount(id) => evaluator.explain_amount(id, row, text),
                    })
                })
            }
        };
        found.extend(explanation.filter(|new| !found.contains(new)));
    }
    Ok(found)
}

/// The first result that a condition of a test asks for, and of which row.
fn asked(code: &Code, id: ExprId) -> Option<(ResultId, ExprId)> {
    let expr = code.get(id)?;
    match &expr.op {
        Op::Decision { decision, of } => Some((ResultId::Decision(*decision), *of)),
        Op::Amount { amount, of, .. } => Some((ResultId::Amount(*amount), *of)),
        Op::IsMet { requirement, value: None, of } => Some((ResultId::Requirement(*requirement), *of)),
        op => operands(op).into_iter().find_map(|operand| asked(code, operand)),
    }
}

/// A test made ready: its rows as records, its day, and what it fixes.
struct Stage<'a> {
    plan: &'a Plan,
    test: &'a TestBody,
    as_of: Date,
    data: Dataset,
    options: Options,
    /// By position in the test: the row as a value.
    rows: Vec<Value>,
    /// By record and row of the data: the name of the row.
    names: BTreeMap<(RecordId, u32), Arc<str>>,
}

impl<'a> Stage<'a> {
    fn new(plan: &'a Plan, test: &'a TestBody) -> Result<Self, Failure> {
        let as_of = match test.as_of.map(|id| constant(plan, &test.code, id)) {
            Some(State::Known(Value::Date(day))) => day,
            Some(_) => return Err(Failure::new(test.place, "the day after `as of` is not a day")),
            None => {
                return Err(Failure::new(
                    test.place,
                    "the test does not say on which day: add `as of 2024-06-01`",
                ));
            }
        };
        let records::Built { data, positions } = records::build(plan, test);
        let mut names = BTreeMap::new();
        for (row, position) in test.rows.iter().zip(&positions) {
            names.insert((row.record, *position), Arc::clone(&row.name));
        }
        let mut stage =
            Self { plan, test, as_of, data, options: Options::default(), rows: Vec::new(), names };
        let evaluator = stage.evaluator();
        let rows: Vec<Value> = test
            .rows
            .iter()
            .zip(&positions)
            .map(|(row, position)| evaluator.row(row.record, *position))
            .collect();
        drop(evaluator);
        stage.rows = rows;
        stage.options = stage.fixed(&positions);
        stage.options.waivers = Arc::new(stage.waivers());
        Ok(stage)
    }

    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator::new(self.plan, &self.data, self.as_of, self.options.clone())
    }

    /// What `given` fixes. `positions`: by position in the test, the row in its table.
    fn fixed(&self, positions: &[u32]) -> Options {
        // The rows of a test are made up, so that nothing in it has to be masked.
        let mut options = Options { privacy: Privacy::Reveal, ..Options::default() };
        let code = &self.test.code;
        let Givens { defines, fields, parameters } = &mut options.givens;
        for given in &self.test.givens {
            let state = match &given.value {
                GivenValue::Value(id) => self.value(*id),
                GivenValue::Missing => State::Missing,
                GivenValue::Unknown => State::Unknown(Arc::from([])),
            };
            match &given.target {
                GivenTarget::Define(define, row) => {
                    let row = row.and_then(|row| positions.get(row as usize).copied());
                    defines.insert((*define, row), state);
                }
                GivenTarget::Field { row, field } => {
                    let Some(record) = self.test.rows.get(*row as usize).map(|row| row.record) else {
                        continue;
                    };
                    let Some(position) = positions.get(*row as usize) else { continue };
                    fields.insert((record, *position, *field), state);
                }
                GivenTarget::Parameter(parameter, keys) => {
                    let keys: Option<Vec<i64>> =
                        keys.iter().map(|key| table_key(constant(self.plan, code, *key))).collect();
                    if let Some(keys) = keys {
                        parameters.insert((*parameter, keys), state);
                    }
                }
                GivenTarget::Input(input) => {
                    options.inputs.insert(*input, state);
                }
            }
        }
        options
    }

    /// The waivers that count; that they can was checked with the test.
    fn waivers(&self) -> Waivers {
        let mut waivers = Waivers::default();
        for body in &self.test.waivers {
            let WaiverSubject::Row(of) = &body.subject else { continue };
            let State::Known(Value::Reference(Reference { row: Some(row), .. })) = self.value(*of) else {
                continue;
            };
            let Ok(target) = waiver_target(self.plan, &body.target) else { continue };
            if body.interval.contains(self.as_of) && may_waive(&target, &body.authority) {
                for waived in target.waived {
                    waivers.add(waived, row, waiver_of(body));
                }
            }
        }
        waivers
    }

    /// The value of a `given`: a constant, or a row.
    fn value(&self, id: ExprId) -> State {
        let env = crate::evaluate::Env { code: &self.test.code, rows: &self.rows, index: None };
        self.evaluator().expr(&env, id)
    }

    /// The type of an expression of the test.
    fn ty(&self, id: ExprId) -> Type {
        self.test.code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty)
    }
}

/// The records that a test describes.
#[cfg(test)]
pub(crate) fn records_of(plan: &Plan, test: &TestBody) -> Dataset {
    records::build(plan, test).data
}

/// The value of an expression that reads no record.
fn constant(plan: &Plan, code: &Code, id: ExprId) -> State {
    constant_with_index(plan, code, id, None)
}

fn constant_with_index(plan: &Plan, code: &Code, id: ExprId, index: Option<i64>) -> State {
    let nothing = Dataset::new(&plan.symbols);
    let evaluator = Evaluator::new(plan, &nothing, Date::default(), Options::default());
    evaluator.expr(&crate::evaluate::Env { code, rows: &[], index }, id)
}

/// A value as a key of a table.
fn table_key(state: State) -> Option<i64> {
    match state {
        State::Known(Value::Category(position)) => Some(i64::from(position)),
        State::Known(Value::SchoolYear(year)) => Some(i64::from(year)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
