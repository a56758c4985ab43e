//! The texts that say why, with values filled in.

use super::evaluator::{Evaluator, Frame};
use super::found::Truth;
use super::outcome::{By, DecisionResult, RequirementResult};
use crate::plan::{AmountId, DecisionId, Instance, LineBody, LineLayer, ResultStatus, TemplatePart};
use crate::value::Reference;

impl Evaluator<'_> {
    /// The texts of what decided, none twice.
    pub(super) fn decision_because(
        &self,
        decision: DecisionId,
        subject: &Reference,
        result: &DecisionResult,
    ) -> Vec<String> {
        let Some(body) = self.plan.decisions.get(&decision.0) else { return Vec::new() };
        let parts = |by: &By| match by {
            By::Rule(rule) => body.rules.get(*rule as usize).map(|rule| &rule.because),
            By::Default(default) => body.defaults.get(*default as usize).map(|default| &default.because),
        };
        let mut written = result.by.iter().filter_map(parts).filter(|parts| !parts.is_empty()).peekable();
        // Most decide without a word.
        if written.peek().is_none() {
            return Vec::new();
        }
        let law = self.hearing(decision, subject).law.unwrap_or(self.as_of);
        let mut frame = Frame::of(&body.code, subject, law);
        let mut texts = Vec::new();
        for parts in written {
            let text = self.fill_in(&mut frame, parts);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// The texts of an amount and of its lines that apply, none twice.
    pub(super) fn amount_because(&self, amount: AmountId, subject: &Reference) -> Vec<String> {
        let Some(body) = self.plan.amounts.get(&amount.0) else { return Vec::new() };
        let setting = self.setting(amount, body, subject);
        if setting.instead.is_some() {
            return Vec::new();
        }
        let mut frame = Frame::of(&body.code, subject, setting.law.unwrap_or(self.as_of));
        let applies = |position: usize| {
            self.entry(amount, body, position, subject)
                .is_some_and(|entry| entry.applies.truth() == Truth::True)
        };
        let lines = body.lines.iter().enumerate().filter(|(position, _)| applies(*position));
        let mut texts = Vec::new();
        let lines: Vec<&LineBody> = lines.map(|(_, line)| line).collect();
        let mut all: Vec<&[TemplatePart]> = vec![&body.because];
        for line in lines {
            let holds = |layer: &&LineLayer| self.eval(&mut frame, layer.guard).truth() == Truth::True;
            all.push(line.layers.iter().find(holds).map_or(&line.because, |layer| &layer.because));
        }
        for parts in all {
            if parts.is_empty() {
                continue;
            }
            let text = self.fill_in(&mut frame, parts);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// The text of a violated requirement.
    pub(super) fn requirement_because(
        &self,
        requirement: Instance,
        subject: &Reference,
        result: &RequirementResult,
    ) -> Option<String> {
        let body = self.plan.requirements.get(&requirement.requirement.0)?;
        if result.status != ResultStatus::Violated || body.because.is_empty() {
            return None;
        }
        let law = self.inquiry(requirement, subject).law.unwrap_or(self.as_of);
        let mut frame = Frame::of_requirement(body, requirement, subject, law);
        Some(self.fill_in(&mut frame, &body.because))
    }
}
