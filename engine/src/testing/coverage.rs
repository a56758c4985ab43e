//! Which rules a set of tests exercised.

use std::collections::BTreeMap;

use super::Stage;
use crate::diagnostic::Place;
use crate::evaluate::{By, Evaluator};
use crate::plan::{AmountId, DecisionId, Plan, RequirementId, ResultId};

/// What the tests seen so far exercised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    seen: BTreeMap<Part, Seen>,
}

/// A part of a decision, requirement or amount, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Default(DecisionId, usize),
    Rule(DecisionId, usize),
    Must(RequirementId, usize),
    Except(RequirementId, usize),
    Line(AmountId, usize),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    yes: bool,
    no: bool,
}

/// A rule, default, `must`, `except` or line, and how the tests met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The decision, requirement or amount.
    pub result: ResultId,
    /// What it is.
    pub kind: CoveredKind,
    /// Its label; of a default its outcome.
    pub label: String,
    /// Where.
    pub place: Place,
    /// It held for some row (a default: it decided).
    pub yes: bool,
    /// It did not hold for some row. True of a rule without a condition.
    pub no: bool,
}

/// What a [`Covered`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum CoveredKind {
    Default,
    Rule,
    Must,
    Except,
    Line,
}

impl CoveredKind {
    /// The word, as in policies.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Rule => "rule",
            Self::Must => "must",
            Self::Except => "except",
            Self::Line => "line",
        }
    }
}

impl Coverage {
    /// Evaluates these decisions, requirements and amounts for every row of the test.
    pub(super) fn add(&mut self, stage: &Stage<'_>, results: &[ResultId]) {
        let evaluator = stage.evaluator();
        for result in results {
            match result {
                ResultId::Decision(id) => self.decision(stage.plan, &evaluator, *id),
                ResultId::Requirement(id) => self.requirement(stage.plan, &evaluator, *id),
                ResultId::Amount(id) => self.amount(stage.plan, &evaluator, *id),
            }
        }
    }

    fn decision(&mut self, plan: &Plan, evaluator: &Evaluator<'_>, id: DecisionId) {
        let (Some(symbol), Some(body)) = (plan.symbols.decision(id), plan.decisions.get(&id.0)) else {
            return;
        };
        for row in 0..evaluator.rows_of(symbol.of).unwrap_or(0) {
            let held = evaluator.rules_held(id, row);
            for (position, held) in held.iter().enumerate() {
                self.note(Part::Rule(id, position), *held);
            }
            if held.is_empty() && !body.rules.is_empty() {
                // Outside its `where`, or not in force: nothing was asked.
                continue;
            }
            let result = evaluator.decision(id, row);
            for position in 0..body.defaults.len() {
                let decided =
                    result.by.iter().any(|by| matches!(by, By::Default(by) if *by as usize == position));
                self.note(Part::Default(id, position), Some(decided));
            }
        }
    }

    fn requirement(&mut self, plan: &Plan, evaluator: &Evaluator<'_>, id: RequirementId) {
        let Some(symbol) = plan.symbols.requirement(id) else { return };
        for row in 0..evaluator.rows_of(symbol.of).unwrap_or(0) {
            for instance in plan.symbols.instances(id) {
                let (musts, excepts) = evaluator.parts_held(instance, row);
                for (position, held) in musts.into_iter().enumerate() {
                    self.note(Part::Must(id, position), held);
                }
                for (position, held) in excepts.into_iter().enumerate() {
                    self.note(Part::Except(id, position), held);
                }
            }
        }
    }

    fn amount(&mut self, plan: &Plan, evaluator: &Evaluator<'_>, id: AmountId) {
        let Some(symbol) = plan.symbols.amount(id) else { return };
        for row in 0..evaluator.rows_of(symbol.of).unwrap_or(0) {
            for (position, held) in evaluator.lines_held(id, row).into_iter().enumerate() {
                self.note(Part::Line(id, position), held);
            }
        }
    }

    fn note(&mut self, part: Part, held: Option<bool>) {
        let seen = self.seen.entry(part).or_default();
        seen.yes |= held == Some(true);
        seen.no |= held == Some(false);
    }

    fn seen(&self, part: Part) -> Seen {
        self.seen.get(&part).copied().unwrap_or_default()
    }

    /// Every rule, default, `must`, `except` and line of the plan, in the order of files and text.
    #[must_use]
    pub fn report(&self, plan: &Plan) -> Vec<Covered> {
        let mut found = Vec::new();
        for result in &plan.symbols.results {
            let mut add = |kind, label: &str, place, seen: Seen| {
                found.push(Covered {
                    result: *result,
                    kind,
                    label: label.to_owned(),
                    place,
                    yes: seen.yes,
                    no: seen.no,
                });
            };
            match result {
                ResultId::Decision(id) => {
                    let Some(body) = plan.decisions.get(&id.0) else { continue };
                    let outcomes =
                        plan.symbols.decision(*id).and_then(|symbol| plan.symbols.category(symbol.outcomes));
                    for (position, default) in body.defaults.iter().enumerate() {
                        let outcome =
                            outcomes.and_then(|outcomes| outcomes.values.get(default.outcome as usize));
                        let label = outcome.map_or("", |outcome| outcome.name.as_str());
                        add(
                            CoveredKind::Default,
                            label,
                            default.place,
                            self.seen(Part::Default(*id, position)),
                        );
                    }
                    for (position, rule) in body.rules.iter().enumerate() {
                        let mut seen = self.seen(Part::Rule(*id, position));
                        seen.no |= rule.when.is_none() && seen.yes;
                        add(CoveredKind::Rule, &rule.label, rule.place, seen);
                    }
                }
                ResultId::Amount(id) => {
                    let Some(body) = plan.amounts.get(&id.0) else { continue };
                    for (position, line) in body.lines.iter().enumerate() {
                        let mut seen = self.seen(Part::Line(*id, position));
                        seen.no |= line.when.is_none() && line.subject_to.is_empty() && seen.yes;
                        add(CoveredKind::Line, &line.label, line.place, seen);
                    }
                }
                ResultId::Requirement(id) => {
                    let Some(body) = plan.requirements.get(&id.0) else { continue };
                    for (position, must) in body.musts.iter().enumerate() {
                        let label = must
                            .label
                            .as_ref()
                            .map_or_else(|| (position + 1).to_string(), ToString::to_string);
                        add(CoveredKind::Must, &label, must.place, self.seen(Part::Must(*id, position)));
                    }
                    for (position, except) in body.excepts.iter().enumerate() {
                        add(
                            CoveredKind::Except,
                            &except.label,
                            except.place,
                            self.seen(Part::Except(*id, position)),
                        );
                    }
                }
            }
        }
        found
    }

    /// Those of the report that no test met both ways: never yes, or never no.
    #[must_use]
    pub fn never_exercised(&self, plan: &Plan) -> Vec<Covered> {
        self.report(plan).into_iter().filter(|covered| !covered.yes || !covered.no).collect()
    }
}
