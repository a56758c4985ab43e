//! Results in the words of files.

use std::sync::Arc;

use super::outcome::{By, DecisionResult, MustOutcome, RequirementResult, Verdict};
use crate::plan::{DecisionId, Instance, Plan, ResultStatus};
use crate::value::Need;

/// Facts that are missing.
type Needs = Arc<[Need]>;

/// How a decision came out, the labels that decided, and what is missing.
#[must_use]
pub fn decision_words(plan: &Plan, id: DecisionId, result: DecisionResult) -> (String, Vec<String>, Needs) {
    let word = match result.verdict {
        Verdict::Outcome(position) => outcome(plan, id, position),
        Verdict::Status(status) => status.word().to_owned(),
    };
    let label = |by: &By| match by {
        By::Default(_) => Some("default".to_owned()),
        By::Rule(position) => {
            Some(plan.decisions.get(&id.0)?.rules.get(*position as usize)?.label.to_string())
        }
    };
    let rules = plan.decisions.get(&id.0).map_or(&[][..], |body| &body.rules);
    let waiving = result.waived.iter().filter_map(|(rule, _)| rules.get(*rule as usize));
    let waiving = waiving.map(|rule| format!("waiving {}", rule.label));
    (word, result.by.iter().filter_map(label).chain(waiving).collect(), result.needs)
}

/// The name of an outcome.
fn outcome(plan: &Plan, id: DecisionId, position: u32) -> String {
    let category = plan.symbols.decision(id).and_then(|decision| plan.symbols.category(decision.outcomes));
    let value = category.and_then(|category| category.values.get(position as usize));
    value.map(|value| value.name.clone()).unwrap_or_default()
}

/// How a requirement came out, what failed, excused or waived, and what is missing.
#[must_use]
pub fn requirement_words(
    plan: &Plan,
    instance: Instance,
    result: RequirementResult,
) -> (String, Vec<String>, Needs) {
    let body = plan.requirements.get(&instance.requirement.0);
    let by = match (result.status, body) {
        (ResultStatus::Waived, _) => {
            result.waiver.iter().map(|used| used.waiver.authority.to_string()).collect()
        }
        (ResultStatus::Met, _) if result.waiver.is_some() => vec!["waiver not needed".to_owned()],
        (ResultStatus::Violated, Some(body)) => body
            .musts
            .iter()
            .zip(&result.musts)
            .enumerate()
            .filter(|(_, (_, outcome))| **outcome == MustOutcome::Fails)
            .map(|(position, (must, _))| match &must.label {
                Some(label) => label.to_string(),
                None if body.musts.len() == 1 => "must".to_owned(),
                None => format!("must {}", position + 1),
            })
            .collect(),
        (ResultStatus::Excepted, Some(body)) => result
            .excepts
            .iter()
            .filter_map(|position| Some(body.excepts.get(*position as usize)?.label.to_string()))
            .chain(result.waiver.iter().map(|_| "waiver not needed".to_owned()))
            .collect(),
        _ => Vec::new(),
    };
    (result.status.word().to_owned(), by, result.needs)
}
